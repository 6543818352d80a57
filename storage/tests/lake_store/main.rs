//! The lake gives back every fact exactly, skips what is not wanted, and its content does not depend on placement.

// Helpers of tests stop at the first surprise, as the tests do; Clippy knows that only of the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod compact;
mod erase;
mod files;
mod prune;
mod round_trip;
mod support;
