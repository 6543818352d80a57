//! From an approved spec and a snapshot to a sealed package (提供物の作成): cohort, table, disclosure control, checks.
//!
//! * [`build`] makes a package; it needs an [`musubi_review_board::Approval`], which only the review board makes.
//! * [`verify`] checks a package offline, with the public keys alone.
//! * [`pack`] writes packages of rows and tables (version 2), and encrypts them.
//! * [`checks`] reads the sealed releases for the checks of the Act.
//! * [`pseudonym`] names persons anew for every release; [`vault`] keeps the way back of pseudonymised ones, sealed;
//!   [`source_check`] holds their cells against the sources.
//! * [`kept`] gives back what was released; [`ledger`] holds rows against what earlier releases said.
//! * [`simulate`] tries out what protection leaves of a request, for whoever decides on it.
//! * [`review`] shows a release to its output checkers.
//! * [`view`] shows released tables to their recipient: slices, why a cell is hidden, comparison.
//! * [`twin`] writes what a release of rows would look like, from lives of nobody.
//! * [`ledger`] holds rows against what earlier releases said.
//! * [`anonymize`] hides what may not be shown; [`checker`] finds out on its own way whether that suffices.
//!
//! It must never see names or numbers of persons, never publish what the checker refuses, and never read a clock.

pub mod anonymize;
pub mod checker;
pub mod checks;
mod cohort;
mod csv;
mod cubes;
mod dry_run;
mod error;
pub mod extract;
pub mod grid;
pub mod kept;
pub mod ledger;
mod manifest;
pub mod pack;
mod package;
mod person;
mod proof;
pub mod pseudonym;
mod readme;
pub mod review;
pub mod rows;
pub mod scan;
mod sealing;
pub mod simulate;
pub mod source_check;
mod twin;
pub mod vault;
mod verify;
pub mod view;

pub use cohort::{Facts, Question, Tally, count};
pub use csv::{HIDDEN, write as write_table};
pub use dry_run::{Feasibility, StepLeft, dry_run};
pub use error::ReleaseError;
pub use manifest::{Attrition, FileEntry, LAYOUT_2, Manifest, RELEASE_DOMAIN, band, release_id};
pub use package::{Order, ReleaseOutput, Tell, build};
pub use person::{CohortRules, Diagnosis, Person};
pub use twin::{Twin, twin};
pub use verify::{VerifyProblem, VerifyReport, verify};
