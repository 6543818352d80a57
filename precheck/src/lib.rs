//! The check before sending (送信前点検): the findings of intake at the sender's own desk, offline.
//!
//! Files, folders, packages and zips are cut and mapped by the very code that intake uses, one document for each core
//! at a time; large receipt files go through in parts. What comes out are counts, shapes, codes and positions. A
//! person's value must never be said, nor a path, which may hold a chart number: [`place::mask`] shows its form.
//!
//! Nothing is stored, nothing is sent, no key is needed. What only the operator's books can tell is not checked here:
//! registration of the feed, opt-outs, matching of persons, repeated and superseded documents.

pub mod args;
mod check;
mod csv;
mod html;
mod large;
mod lot;
pub mod place;
mod report;
pub mod rules;
mod run;
mod say;
mod vendor;

pub use args::Order;
pub use run::{Ending, Speech, run};
