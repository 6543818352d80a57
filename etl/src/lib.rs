//! Jobs: intake → decode → map → gate → resolve → load → report. Resumable, parallel, idempotent.
//!
//! [`intake::take_in`] brings one package all the way; [`night::run`] brings every package of an inbox. Pure work
//! (decode, map, describe, seal) runs on all cores; one thread talks to the database. What a load writes becomes
//! visible in one commit, so a job that dies anywhere is simply run again.
//!
//! This room never shows a web page, never reads a clock or the environment: everything comes in through [`House`].

pub mod acknowledge;
pub mod codes;
mod counts;
pub mod days;
pub mod fault;
pub mod gates;
pub mod held;
mod holders;
pub mod house;
pub mod intake;
pub mod interfaces;
pub mod ledger;
pub mod load;
pub mod matching;
pub mod night;
mod notices;
pub mod quarantine;
mod receipts;
pub mod relink;
pub mod reread;
pub mod resolve;
pub mod retry;
mod work;

/// Opening packages and holding them against their manifest.
pub use musubi_package as package;
/// The rules about packages.
pub use musubi_package::rules;

pub use fault::{Fault, Faults};
pub use house::{EtlError, Event, House};
pub use intake::{Outcome, take_in};
