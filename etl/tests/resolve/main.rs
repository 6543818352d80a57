//! The resolve step with the real engine, real keys and a real PostgreSQL.
#![allow(clippy::indexing_slicing, clippy::expect_used)] // test data, not input

mod deliveries;
mod persons;
mod support;
