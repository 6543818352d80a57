//! Measures: what a recoding lost (情報損失), and what chance an attacker has (再識別リスク).
//!
//! Every figure comes with its formula as a sentence for reports, and is computed from whole numbers up to the last
//! division. It must never be used to decide whether a release may go out: models decide, measures describe.

use super::dataset::Tuples;
use super::hierarchy::Hierarchy;

mod lost;
#[cfg(test)]
mod tests;

pub use lost::{AttributeSum, loss_from_sums};

/// A node of a hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    /// Level, 0 for a leaf.
    pub level: u32,
    /// Number of the node in its level.
    pub node: u32,
}

/// A class of the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Persons.
    pub size: u64,
    /// Persons of the population who look the same, when it is known.
    pub population: Option<u64>,
    /// What is told of each quasi-identifier.
    pub nodes: Box<[Node]>,
}

/// A recoding to be measured, by whichever method it was made.
#[derive(Debug, Clone, Copy)]
pub struct Recoding<'a> {
    /// The hierarchies of the quasi-identifiers.
    pub hierarchies: &'a [&'a Hierarchy],
    /// The persons before.
    pub tuples: &'a Tuples,
    /// For every tuple the number of its class; `None` for suppressed ones.
    pub class_of: &'a [Option<u32>],
    /// The classes.
    pub classes: &'a [Class],
}

/// A figure and how it was computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Its formula.
    pub formula: &'static str,
}

/// Formula of [`Recoding::loss`].
pub const LOSS: &str = "arithmetic mean over QIs of ((1/N) sum_i s_d(i) - 1/D_d)/(1 - 1/D_d); s_d = leaves covered / D_d; suppressed record: s=1";
/// Formula of [`Recoding::ncp`].
pub const NCP: &str = "(1/(N m)) sum over records and QIs of (0 if told exactly, else leaves covered / D_d); suppressed record: 1";
/// Formula of [`Recoding::discernibility`].
pub const DISCERNIBILITY: &str = "sum over classes of size^2 + suppressed * N";
/// Formula of [`Recoding::average_class`].
pub const AVERAGE_CLASS: &str = "kept records / classes (AECS)";
/// Formula of [`Recoding::entropy`].
pub const ENTROPY: &str = "non-uniform entropy, bits: sum over records and QIs of log2(records told the same value / records having the same value); suppressed records count as one told value";
/// Formula of [`Recoding::prosecutor`].
pub const PROSECUTOR: &str = "1 / smallest class";
/// Formula of [`Recoding::journalist`].
pub const JOURNALIST: &str = "1 / smallest number in the population who look like a class";
/// Formula of [`Recoding::marketer`].
pub const MARKETER: &str = "(1/kept records) sum over classes of size / number in the population who look like it (without a population: classes / kept records)";

impl Recoding<'_> {
    /// Records before.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.tuples.weight.iter().copied().map(u64::from).sum()
    }

    /// Records kept.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.classes.iter().map(|c| c.size).sum()
    }

    /// Records suppressed.
    #[must_use]
    pub fn suppressed(&self) -> u64 {
        self.records().saturating_sub(self.kept())
    }

    /// Loss (損失): 0 when everything is told, 1 when nothing is.
    #[must_use]
    pub fn loss(&self) -> Measure {
        let value = loss_from_sums(&self.attribute_sums(), self.records());
        Measure { name: "loss", value, formula: LOSS }
    }

    /// Normalised certainty penalty.
    #[must_use]
    pub fn ncp(&self) -> Measure {
        Measure { name: "ncp", value: self.certainty_penalty(), formula: NCP }
    }

    /// Discernibility: how many records each record cannot be told from, summed.
    #[must_use]
    pub fn discernibility(&self) -> Measure {
        let squares: u128 = self.classes.iter().map(|c| u128::from(c.size).pow(2)).sum();
        let value = squares + u128::from(self.suppressed()) * u128::from(self.records());
        Measure { name: "discernibility", value: value as f64, formula: DISCERNIBILITY }
    }

    /// Average class size; 0 without a class.
    #[must_use]
    pub fn average_class(&self) -> Measure {
        let value = ratio(self.kept() as f64, self.classes.len() as f64);
        Measure { name: "average class size", value, formula: AVERAGE_CLASS }
    }

    /// Non-uniform entropy: the bits an attacker lacks to guess each value from what is told.
    #[must_use]
    pub fn entropy(&self) -> Measure {
        Measure { name: "non-uniform entropy", value: self.lacking_bits(), formula: ENTROPY }
    }

    /// The greatest chance to be found of somebody known to be in the release; 0 without a class.
    #[must_use]
    pub fn prosecutor(&self) -> Measure {
        let smallest = self.classes.iter().map(|c| c.size).min().unwrap_or_default();
        Measure { name: "prosecutor risk", value: ratio(1.0, smallest as f64), formula: PROSECUTOR }
    }

    /// The greatest chance to be found of somebody known to be in the population; `None` without a population.
    #[must_use]
    pub fn journalist(&self) -> Option<Measure> {
        let populations: Option<Vec<u64>> = self.classes.iter().map(|c| c.population).collect();
        let smallest = populations?.into_iter().min().unwrap_or_default();
        Some(Measure { name: "journalist risk", value: ratio(1.0, smallest as f64), formula: JOURNALIST })
    }

    /// The share of the release that an attacker finds on average who links everybody.
    #[must_use]
    pub fn marketer(&self) -> Measure {
        let found = |c: &Class| ratio(c.size as f64, c.population.unwrap_or(c.size) as f64);
        let value = ratio(self.classes.iter().map(found).sum(), self.kept() as f64);
        Measure { name: "marketer risk", value, formula: MARKETER }
    }

    /// All that can be computed, in a fixed order.
    #[must_use]
    pub fn all(&self) -> Vec<Measure> {
        let always = [self.loss(), self.ncp(), self.discernibility(), self.average_class(), self.entropy()];
        always
            .into_iter()
            .chain([self.prosecutor()])
            .chain(self.journalist())
            .chain([self.marketer()])
            .collect()
    }
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
