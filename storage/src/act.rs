//! The books of the Act as rows: how they are kept and read. What they mean is decided in `compliance`.

pub mod audit_log;
pub mod held;
pub mod notice;
pub mod reconciliation;
