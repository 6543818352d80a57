//! The lake gives back every fact exactly, skips what is not wanted, and its content does not depend on placement.

mod compact;
mod files;
mod prune;
mod round_trip;
mod support;
