//! The books of the Act in the registry, read and written by the role `musubi_act`.
//!
//! How rows are kept; what they mean is decided in `compliance`. Nothing here may reach an identity, a key or a raw byte.

pub mod check;
pub mod check_reads;
