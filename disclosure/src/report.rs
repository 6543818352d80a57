//! The risk report of a recoded table: figures for machines, and the same as one page for people (リスク報告書).
//!
//! It must never hold a cell of the table: names of columns, counts, shares and formulas only. Pure: the page needs
//! nothing beside itself, no script, no font, no network.

use musubi_model::policy::{ColumnClass, Recoding};
use serde::Serialize;

use crate::micro::measure::{AVERAGE_CLASS, DISCERNIBILITY, LOSS, MARKETER, PROSECUTOR};

mod page;

pub use page::html;

/// Where the bins of class sizes begin; the last has no end.
pub const BINS: [u64; 8] = [1, 2, 5, 10, 20, 50, 100, 1_000];

/// What was done, and what risk is left.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Name of the policy.
    pub policy: String,
    /// Its version.
    pub version: u32,
    /// BLAKE3 of its canonical form.
    pub policy_hash: String,
    /// How it was recoded.
    pub recoding: Recoding,
    /// Smallest class asked for.
    pub k: u64,
    /// Different sensitive values asked for.
    pub l: Option<u64>,
    /// Greatest distance asked for.
    pub t: Option<f64>,
    /// Share of rows that might be left out.
    pub suppression_limit: f64,
    /// Rows of the table.
    pub rows: u64,
    /// Rows left out.
    pub suppressed: u64,
    /// Loss over all quasi-identifiers, 0 to 1 ([`LOSS`]).
    pub loss: f64,
    /// Risk of the table as it was.
    pub before: Risk,
    /// Risk of the table as it is told.
    pub after: Risk,
    /// The columns.
    pub columns: Vec<ColumnReport>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnReport {
    /// Its name.
    pub name: String,
    /// Its class.
    pub class: ColumnClass,
    /// The levels of its hierarchy, finest first; empty where nothing was recoded.
    pub levels: Vec<LevelUse>,
    /// Its part of the loss, 0 to 1.
    pub loss: Option<f64>,
}

/// A level of a hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LevelUse {
    /// Level, 0 the finest.
    pub level: usize,
    /// Nodes of the level.
    pub nodes: u64,
    /// Rows told at this level.
    pub rows: u64,
}

/// What an attacker can do with a table. The population is not known, so each figure takes the table for all there is:
/// an upper bound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Risk {
    /// Rows told.
    pub rows: u64,
    /// Classes: combinations of quasi-identifiers.
    pub classes: u64,
    /// Smallest class.
    pub smallest: u64,
    /// Rows alone in their class.
    pub unique: u64,
    /// Chance to find a person known to be in the table, at worst: 1 / smallest class.
    pub prosecutor: f64,
    /// Chance to find some person of the population, at worst; without a population the prosecutor's.
    pub journalist: f64,
    /// Share of rows that matching all of them finds on average: classes / rows.
    pub marketer: f64,
    /// Mean size of a class.
    pub average_class: f64,
    /// Sum of the squares of the sizes.
    pub discernibility: u128,
    /// For each bin of [`BINS`]: classes, and the rows in them.
    pub histogram: Vec<(u64, u64)>,
}

impl Risk {
    /// The risk of classes of these sizes.
    #[must_use]
    pub fn of(sizes: &[u64]) -> Self {
        let rows: u64 = sizes.iter().sum();
        let classes = sizes.len() as u64;
        let smallest = sizes.iter().copied().min().unwrap_or(0);
        let over = |n: u64, of: u64| if of == 0 { 0.0 } else { n as f64 / of as f64 };
        let mut histogram = vec![(0, 0); BINS.len()];
        for &size in sizes {
            let bin = BINS.partition_point(|from| *from <= size).saturating_sub(1);
            if let Some((classes, rows)) = histogram.get_mut(bin) {
                *classes += 1;
                *rows += size;
            }
        }
        Self {
            rows,
            classes,
            smallest,
            unique: sizes.iter().filter(|s| **s == 1).count() as u64,
            prosecutor: over(1, smallest),
            journalist: over(1, smallest),
            marketer: over(classes, rows),
            average_class: over(rows, classes),
            discernibility: sizes.iter().map(|s| u128::from(*s).pow(2)).sum(),
            histogram,
        }
    }
}

impl Report {
    /// The figures as JSON with the formula of each.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "report": self,
            "bins_from": BINS,
            "formulas": {
                "loss": LOSS,
                "prosecutor": PROSECUTOR,
                "journalist": "1 / smallest class: no population given, upper bound",
                "marketer": MARKETER,
                "average_class": AVERAGE_CLASS,
                "discernibility": DISCERNIBILITY,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn risks_are_those_of_the_sizes() {
        let risk = Risk::of(&[1, 4, 5, 1000]);
        assert_eq!((risk.rows, risk.classes, risk.smallest, risk.unique), (1010, 4, 1, 1));
        assert!((risk.prosecutor - 1.0).abs() < 1e-12 && (risk.marketer - 4.0 / 1010.0).abs() < 1e-12);
        assert_eq!(risk.discernibility, 1 + 16 + 25 + 1_000_000);
        let rows: Vec<u64> = risk.histogram.iter().map(|b| b.1).collect();
        assert_eq!(rows, [1, 4, 5, 0, 0, 0, 0, 1000]);
        assert_eq!(Risk::of(&[]).prosecutor.to_bits(), 0_f64.to_bits());
    }
}
