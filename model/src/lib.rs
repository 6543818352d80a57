//! The words of Musubi: what every room says to the others.
//!
//! Canonical records, identities, codes, dates with eras, source coordinates, findings, manifests and specs.
//! This room never does I/O, never reads a clock, never speaks SQL; everything here is a value.

pub mod checkdigit;
pub mod code;
pub mod csv;
pub mod date;
pub mod fact;
pub mod finding;
pub mod icd10;
pub mod identity;
pub mod ids;
pub mod ledger;
pub mod limits;
pub mod manifest;
pub mod matching;
pub mod parameter;
pub mod policy;
pub mod prefecture;
pub mod sign;
pub mod source;
pub mod spec;
pub mod submission;
pub mod variants;

pub use code::{CodeSystem, Coded};
pub use date::PartialDate;
pub use fact::{Fact, FactTable};
pub use finding::{Finding, Position, Rule, Severity};
pub use identity::{Demographics, Identifying, Sex, SourceIdentity};
pub use ids::{
    DocumentHash, FactId, FeedId, IdentityId, ProviderId, ReleasePid, ResearchId, SubmissionId, SubmitterId,
};
pub use source::{ByteRange, UnitRef};
