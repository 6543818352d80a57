//! The books of the Act as rows: how they are kept and read. What they mean is decided in `compliance`.
//!
//! Each book has a module of its own. None of them decides anything.

pub mod audit_log;
pub mod held;
pub mod instruction;
pub mod notice;
pub mod operation;
pub mod organisation;
pub mod parameter;
pub mod reconciliation;
