//! Requests and approvals (提供審査): the only room that makes an [`Approval`], the capability without which nothing
//! is extracted.
//!
//! It must never see clinical rows or identities, never read a clock, and never make an [`Approval`] from anything
//! but a stored decision whose signature, scope and term it has just checked.

mod approval;
pub mod committee;
mod decision;
mod error;
mod mandate;
mod policy;
pub mod questions;
mod request;
pub mod templates;

pub use approval::Approval;
pub use decision::{DECISION_DOMAIN, Decision, approve};
pub use error::ApprovalError;
pub use mandate::Mandate;
pub use policy::{POLICY_DOMAIN, SignedPolicy, adopt};
pub use request::{Request, file_request};
