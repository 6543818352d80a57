//! The package writer of version 2 (提供物の書き出し): rows and tables as CSV and Parquet, their dictionary, read-me,
//! claims and manifest; encryption to the recipients. The layout is docs/release-package.md.
//!
//! * [`stage`] writes and signs a package in a hidden folder; [`Staged::place`] gives it its name.
//! * [`encrypt`] makes one file of it that only its recipients can open; [`open`] opens it.
//!
//! It must never decide what may be told: it writes the labels it is given, refuses what would not come back as
//! written, and leaves no half package behind.

mod archive;
pub mod csv;
mod dictionary;
mod encrypt;
mod error;
mod html;
mod omop;
mod parquet;
mod plain;
mod readme;
mod risk;
mod seal;
mod sheet;
mod verify;

pub use dictionary::{COLUMNS as DICTIONARY_COLUMNS, class_word};
pub use encrypt::{encrypt, key_pair, open, recipients};
pub use error::PackError;
pub(crate) use plain::write as plain;
pub use risk::{
    Clip, ColumnLevel, EventClaims, EventLevel, Persons, Probabilities, RISK_LAYOUT, Risk, RiskColumn,
    RiskPolicy, RowClaims, TableClaims,
};
pub use seal::{Parts, Progress, Staged, stage};
pub use sheet::{Cell, Column, Kind, NOT_TOLD, Sheet, Values};
pub use verify::POLICY_DOMAIN;
pub(crate) use verify::{is_version_2, verify};

#[cfg(test)]
#[path = "../tests/pack.rs"]
mod tests;
