//! A delivered package (提出物): a folder or zip is opened without unpacking it to disk, and held against its own
//! manifest: what can be known of it without the operator's books.
//!
//! Intake (`etl`) and the sender's own check (`precheck`) use the same code, so that what one finds the other finds.
//! This room never sees a database, a clock or a network, writes nothing, and never shows a path: it may hold a patient
//! number.

pub mod open;
pub mod promise;
pub mod rules;

pub use open::{Package, PackageError, is_damage, is_inside, read_file};
pub use promise::{Listed, cap_findings, read_manifest, wrong_totals};
