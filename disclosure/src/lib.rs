//! Disclosure control (開示制御) as pure functions: what may be told of persons so that nobody can be found in it.
//!
//! * [`micro`]: one row per person: hierarchies, models of privacy, recoding.
//! * [`events`]: what happened to the persons: codes, dates, values.
//! * [`report`]: the risk report of a recoded table.
//! * [`table`]: tables of counts and sums: which cells are hidden, and what an attacker can still find out.
//!
//! It must never read a file, a clock or a database, and must never be used by `release-check`, which comes to its
//! own conclusions.

pub mod events;
pub mod micro;
pub mod report;
pub mod table;
