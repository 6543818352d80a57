//! End to end: the binary `musubi` itself, on a small synthetic region, each test in a data folder of its own.
//!
//! Nothing here looks into the program: only at what it is given, prints, leaves on disk, and its exit codes.

// Test code: a failure here is a failed test, and what a test skips it says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::disallowed_methods
)]
#![allow(clippy::print_stderr)]

mod ack;
mod anonymize;
mod audit;
mod authority;
mod codes;
mod committee;
mod concurrent;
mod desk;
mod dossier;
mod dry_run;
mod erasure;
mod help;
mod house;
mod kill;
mod matching;
mod model;
mod others;
mod output;
mod person;
mod precheck;
mod preview;
mod privacy;
mod products;
mod records;
mod refused;
mod search;
mod sent;
mod set_aside;
mod source;
mod table_desk;
mod twin;
mod user;
mod web;
mod web_accounts;
mod web_desk;
mod web_forms;
mod web_hostile;
mod web_kept;
mod web_output;
mod web_review;
mod web_rights;
mod web_submit;
mod whole;
mod zip;
