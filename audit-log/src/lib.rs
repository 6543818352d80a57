//! The audit log (監査証跡) as a thing of its own: canonical entries, a chain and a tree over them, signed checkpoints,
//! proofs, an export, and a verification that names what was done to a log.
//!
//! This room uses none of the others, so that the verifier `musubi-audit-verify` can be read, built and trusted without
//! them. It must never read a clock, a database or a key that it was not given.
//!
//! * [`entry`]: an entry and its bytes. [`hash`]: hashes. [`tree`]: root and proofs.
//! * [`note`]: checkpoints and their signatures. [`witness`]: who signs with the house, and when not.
//! * [`export`]: the log as a file. [`inclusion`]: one entry of it. [`verify`]: everything from entry one.
//! * [`damage`]: what can be wrong.

pub mod damage;
pub mod entry;
pub mod export;
pub mod hash;
pub mod inclusion;
pub mod note;
pub mod tree;
pub mod verify;
pub mod witness;
