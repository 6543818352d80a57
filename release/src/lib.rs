//! From an approved spec and a snapshot to a sealed package (提供物の作成): cohort, table, disclosure control, checks.
//!
//! * [`build`] makes a package; it needs an [`musubi_review_board::Approval`], which only the review board makes.
//! * [`verify`] checks a package offline, with the public keys alone.
//! * [`checks`] reads the sealed releases for the checks of the Act.
//! * [`pseudonym`] names persons anew for every release; [`vault`] keeps the way back of pseudonymised ones, sealed;
//!   [`source_check`] holds their cells against the sources.
//! * [`kept`] gives back what was released; [`ledger`] holds rows against what earlier releases said.
//! * [`anonymize`] hides what may not be shown; [`checker`] finds out on its own way whether that suffices.
//!
//! It must never see names or numbers of persons, never publish what the checker refuses, and never read a clock.

pub mod anonymize;
pub mod checker;
pub mod checks;
mod cohort;
mod csv;
mod error;
pub mod grid;
pub mod kept;
pub mod ledger;
mod manifest;
mod package;
mod person;
pub mod pseudonym;
mod readme;
pub mod scan;
pub mod source_check;
pub mod vault;
mod verify;

pub use cohort::{Facts, Question, Tally, count};
pub use csv::{HIDDEN, write as write_table};
pub use error::ReleaseError;
pub use manifest::{FileEntry, Manifest, RELEASE_DOMAIN, release_id};
pub use package::{Order, ReleaseOutput, build};
pub use person::{CohortRules, Diagnosis, Person};
pub use verify::{VerifyProblem, VerifyReport, verify};
