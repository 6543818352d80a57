//! What the erasure role does (削除): jobs and their proof, the catalogue of rewritten files, keys, rows; and looking for
//! what must not be there any more.
//!
//! Who goes, on what ground and on whose word is decided in `compliance`. This module removes nobody who is not on the
//! list of a running job: the database's own functions see to it (`migrations/V23__erasure.sql`).

mod books;
mod catalogue;
mod job;
mod paths;
mod reach;
mod scan;
mod upkeep;

pub use books::BackupRow;
pub use catalogue::ErasedFile;
pub use job::{ErasureJobRow, NewErasureJob, StepRow};
pub use paths::{HeldDocument, PathOfDocument};
pub use reach::Scoped;
pub use scan::{Looked, Sought, scan_files, scan_lake, scan_registry, scan_vault};
pub use upkeep::rewrite_tables;
