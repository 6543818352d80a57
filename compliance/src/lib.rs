//! The Act as code (次世代医療基盤法): parameters, the opt-out gate, the audit chain.
//!
//! * [`parameters`]: what law or operator may change, as effective-dated rows with their basis.
//! * [`optout`]: who may not be taken in (提供停止), before and after linkage; it fails closed.
//! * [`optout_list`]: the help desk's list of those who asked to stop, read row by row.
//! * [`checks`]: what must hold (C-001 to C-092), as data, and who finds out whether it does.
//! * [`audit`]: the hash-chained book of who did what.
//!
//! This room knows neither formats nor pages, makes no token and never writes a person's value into a book.

pub mod audit;
pub mod checks;
mod csv;
pub mod optout;
pub mod optout_list;
pub mod parameters;
