//! The jobs with the real store: real PostgreSQL, real keys, real packages in the real formats.
//!
//! One binary for all, because each would link the whole store.

mod codes;
mod faults;
mod ledgers;
mod model;
mod night;
mod notices;
mod notify;
mod optout;
mod order;
mod packages;
mod privacy;
mod relink;
mod scope;
mod support;
