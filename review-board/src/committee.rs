//! The review committee (提供審査委員会) as pure rules: what an application says, which step may follow which, who has to
//! stand aside, whether enough are there, what a vote comes to, what a condition asks.
//!
//! Nothing here reads a store or a clock, and nothing here can be talked into a result: it is counted, never typed.

pub mod ballot;
pub mod basis;
pub mod condition;
pub mod document;
pub mod fields;
pub mod member;
pub mod minutes;
pub mod quorum;
pub mod risk;
pub mod similar;
pub mod stage;
