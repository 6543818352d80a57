//! Policy and request (方針・抽出仕様) as the checker reads them: only the fields it uses, tolerant of the rest.
//!
//! It must never judge by anything but the bytes that are signed.

use serde::Deserialize;

use crate::dates::is_day;
use crate::decimal::Decimal;

/// A value that is given with a reason, which does not matter here.
#[derive(Debug, Clone, Deserialize)]
pub struct Given<T> {
    pub value: T,
}

/// The policy.
#[derive(Debug, Clone, Deserialize)]
pub struct Policy {
    pub layout: String,
    pub name: String,
    pub version: u32,
    pub product: String,
    pub from: String,
    #[serde(default)]
    pub until: Option<String>,
    #[serde(default)]
    pub person: Option<PersonPolicy>,
    #[serde(default)]
    pub events: Option<EventPolicy>,
    #[serde(default)]
    pub tables: Option<TablePolicy>,
}

/// The layout of policies that are read here.
pub const LAYOUT: &str = "musubi-policy/1";

/// What the person table must satisfy.
#[derive(Debug, Clone, Deserialize)]
pub struct PersonPolicy {
    pub k: Given<u64>,
    pub k_floor: Given<u64>,
    #[serde(default)]
    pub k_with_events: Option<Given<u64>>,
    #[serde(default)]
    pub l: Option<Given<u64>>,
    #[serde(default)]
    pub t: Option<Given<f64>>,
    pub suppression_limit: Given<f64>,
    #[serde(default, rename = "column")]
    pub columns: Vec<ColumnPolicy>,
}

/// A column.
#[derive(Debug, Clone, Deserialize)]
pub struct ColumnPolicy {
    pub name: String,
    pub class: String,
    #[serde(default)]
    pub hierarchy: Option<Hierarchy>,
}

/// How a column may be made coarser.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Hierarchy {
    Flat,
    Bands {
        widths: Vec<u32>,
        #[serde(default)]
        top: Option<i64>,
        #[serde(default)]
        bottom: Option<i64>,
    },
    Prefix {
        keep: Vec<u32>,
    },
    Prefecture,
    Quarter,
    Rows {
        rows: Vec<Vec<String>>,
    },
}

/// What events must satisfy.
#[derive(Debug, Clone, Deserialize)]
pub struct EventPolicy {
    pub known_events: Given<u32>,
    pub dates_known: Given<bool>,
    pub k: Given<u64>,
    pub dates: Given<DateRule>,
    pub rare_min_persons: Given<u64>,
    #[serde(default, rename = "ladder")]
    pub ladders: Vec<Ladder>,
    pub values: Given<ValueRule>,
    #[serde(default, rename = "sensitive")]
    pub sensitive: Vec<SensitiveGroup>,
    #[serde(default)]
    pub watch_list: Option<Given<Vec<String>>>,
}

/// How dates are told.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum DateRule {
    Relative { bin_days: u32, coarser_days: [u32; 2] },
    Shifted,
    Exact,
}

/// What stands for a code that is not told.
#[derive(Debug, Clone, Deserialize)]
pub struct Ladder {
    pub table: String,
    pub dummy: String,
}

/// Measured values.
#[derive(Debug, Clone, Deserialize)]
pub struct ValueRule {
    pub digits: u32,
}

/// A group of codes that must not be inferable.
#[derive(Debug, Clone, Deserialize)]
pub struct SensitiveGroup {
    pub table: String,
    pub prefixes: Vec<String>,
}

/// What tables must satisfy.
#[derive(Debug, Clone, Deserialize)]
pub struct TablePolicy {
    pub cell_min: Given<u64>,
    pub measure_min: Given<u64>,
    pub protection: Given<String>,
}

impl Policy {
    /// Is the product one of persons that must not be found?
    pub fn anonymous(&self) -> bool {
        self.product != "pseudonymized"
    }

    /// Was it in force on this day?
    pub fn in_force(&self, day: &str) -> bool {
        is_day(&self.from)
            && self.from.as_str() <= day
            && self.until.as_deref().is_none_or(|until| is_day(until) && day <= until)
    }
}

impl PersonPolicy {
    /// The smallest class that may be released.
    pub fn k(&self, with_events: bool) -> u64 {
        let for_events = self.k_with_events.as_ref().filter(|_| with_events).map_or(0, |k| k.value);
        self.k.value.max(self.k_floor.value).max(for_events)
    }

    /// The policy of a column.
    pub fn column(&self, name: &str) -> Option<&ColumnPolicy> {
        self.columns.iter().find(|c| c.name == name)
    }
}

/// A share as it was written, exactly.
pub fn share(value: f64) -> Option<(i128, i128)> {
    Decimal::parse(&format!("{value}"))?.fraction()
}

/// The request.
#[derive(Debug, Clone, Deserialize)]
pub struct Spec {
    pub version: u32,
    pub product: String,
    #[serde(default)]
    pub policy: Option<PolicyRef>,
    pub cohort: toml::Table,
    #[serde(default)]
    pub rows: Option<RowSpec>,
    #[serde(default)]
    pub tables: Vec<CubeSpec>,
}

/// A policy by name and version.
#[derive(Debug, Clone, Deserialize)]
pub struct PolicyRef {
    pub name: String,
    pub version: u32,
}

/// Rows asked for.
#[derive(Debug, Clone, Deserialize)]
pub struct RowSpec {
    pub person: Vec<String>,
    #[serde(default)]
    pub events: Vec<EventTable>,
    #[serde(default)]
    pub omop: bool,
    #[serde(default)]
    pub shift_jis: bool,
}

/// Events asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EventTable {
    pub table: String,
    #[serde(default)]
    pub prefixes: Vec<String>,
    #[serde(default)]
    pub values: bool,
}

/// A table asked for.
#[derive(Debug, Clone, Deserialize)]
pub struct CubeSpec {
    pub name: String,
    pub dimensions: Vec<String>,
    #[serde(default)]
    pub measures: Vec<String>,
    #[serde(default)]
    pub of: Option<EventTable>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The policies that are shipped are data; reading them by these words is what a package's policy needs.
    #[test]
    fn the_policies_of_the_house_can_be_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../compliance/policies");
        let mut read = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "toml") {
                let policy: Policy = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
                assert_eq!(policy.layout, LAYOUT);
                assert!(is_day(&policy.from) && (policy.person.is_some() || policy.tables.is_some()));
                read += 1;
            }
        }
        assert!(read >= 5);
    }
}
