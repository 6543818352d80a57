//! The independent checker (独立検査) of sealed releases: from the bytes that leave the house and two public keys alone,
//! does the package keep what its policy promises, and what could an attacker find out?
//!
//! It shares no code with the makers: its own reading of TOML, CSV, Parquet, JSON and signatures, its own counting
//! (sorting and exact integers; no floating point where equality decides). It must never use another room of the
//! workspace, never write, never stop at the first thing it finds, and never say a value of a person.
//!
//! * [`check_folder`] is the whole of it: a folder, the keys, the folders of earlier packages → a [`Report`].
//! * What lies in a package is told by `docs/release-package.md`; what is proven, by `docs/release-check.md`.

mod classes;
mod columns;
mod csv;
mod dates;
mod decimal;
mod earlier;
mod events;
mod folder;
mod grammar;
mod identifiers;
mod itemsets;
mod manifest;
mod omop;
mod package;
mod pair;
mod person;
mod policy;
mod report;
mod rows;
mod rules;
mod sheet;
mod sign;
mod tables;

pub use package::check_folder;
pub use report::{Finding, Outcome, Place, Ran, Report};
pub use rules::{Rule, Severity};
pub use sign::{Key, Keys};
pub use tables::Interval;

/// Between which numbers a reader of a package of tables can place each hidden cell. For the eyes of an output checker
/// inside the house: the bounds themselves disclose. Empty: no tables, or not to be read.
#[must_use]
pub fn hidden_bounds(folder: &std::path::Path) -> Vec<Interval> {
    let Some(folder) = folder::Folder::open(folder) else { return Vec::new() };
    let spec = folder.text("spec.toml").and_then(|text| toml::from_str::<policy::Spec>(&text).ok());
    let policy = folder.text("policy.toml").and_then(|text| toml::from_str::<policy::Policy>(&text).ok());
    match (spec, policy.and_then(|p| p.tables)) {
        (Some(spec), Some(tables)) => tables::hidden_bounds(&folder, &spec, &tables).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The smallest class of persons equal in all columns given, by sorting: what the checker counts as k. Columns hold one
/// number per person, equal for equal labels; no person: 0. For those who want to hold it against their own count.
#[must_use]
pub fn smallest_class(columns: &[Vec<u32>], persons: usize) -> u64 {
    let columns: Vec<&[u32]> = columns.iter().map(Vec::as_slice).collect();
    classes::Classes::of(&columns, persons).smallest()
}
