//! What training saw and did, in counts: for the page, for the file's `trained_on`, for whoever approves the model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::silver::Proof;
use crate::mpi::BIT;
use crate::mpi::keys::NAMES;
use crate::mpi::weights::{Class, Comparison};
use crate::names::NameBook;

/// Different names of one half, by script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parted {
    /// In kana.
    pub kana: u64,
    /// In kanji.
    pub kanji: u64,
    /// Readings of kanji.
    pub readings: u64,
}

/// Different names of a book.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Family names (姓).
    pub family: Parted,
    /// Given names (名).
    pub given: Parted,
}

impl Names {
    /// Counts the names of a book by its written form.
    #[must_use]
    pub fn of(book: &NameBook) -> Self {
        let file = serde_json::to_value(book).unwrap_or_default();
        let half = |name: &str| {
            let many = |script: &str| file.pointer(&format!("/{name}/{script}")).and_then(|v| v.as_object());
            let readings = many("kanji").into_iter().flat_map(|m| m.values());
            Parted {
                kana: many("kana").map_or(0, |m| m.len() as u64),
                kanji: many("kanji").map_or(0, |m| m.len() as u64),
                readings: readings.filter_map(|e| Some(e.get(1)?.as_object()?.len() as u64)).sum(),
            }
        };
        Self { family: half("family"), given: half("given") }
    }
}

/// How rare a name is that the book does not know, as −log2 of its frequency in 1/256 bits: that of the names that were
/// left out, each weighing as much as it has bearers. Of the four lists the commonest, so that no agreement is overrated.
/// `None`: nothing was left out.
pub(super) fn unseen(before: &NameBook, min: u32) -> Option<u16> {
    let file = serde_json::to_value(before).unwrap_or_default();
    let lists = ["family/kana", "given/kana", "family/kanji", "given/kanji"].map(|list| {
        let entries = file.pointer(&format!("/{list}"))?.as_object()?.values();
        let counts = entries.filter_map(|e| e.as_u64().or_else(|| e.get(0)?.as_u64()));
        let (mut all, mut left, mut squares) = (0, 0, 0);
        for n in counts {
            all += n;
            if n < u64::from(min) {
                left += n;
                squares += n * n;
            }
        }
        // the chance that a second bearer of some left-out name bears this one
        (left > 0).then(|| squares as f64 / left as f64 / all as f64)
    });
    let most = lists.into_iter().flatten().fold(0.0, f64::max);
    (most > 0.0).then(|| (-most.log2() * f64::from(BIT)).round().clamp(256.0, 24.0 * 256.0) as u16)
}

/// One probability of the table: log2 in 1/256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// What is compared.
    pub comparison: Comparison,
    /// Level, by its number.
    pub level: usize,
    /// Kind of pair.
    #[serde(with = "class")]
    pub class: Class,
    /// Before training.
    pub base: i32,
    /// After it.
    pub learned: i32,
    /// Pairs that showed the level.
    pub shown: u64,
    /// Pairs that could have shown it.
    pub could: u64,
    /// The chance is that of the very name, from the book of names.
    pub by_name: bool,
    /// There was enough to move it.
    pub moved: bool,
    /// What EM says, where the candidates hold enough to say it (class `Same`).
    pub em: Option<i32>,
}

/// A class by its name.
mod class {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    use super::Class;

    pub(super) fn serialize<S: Serializer>(class: &Class, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{class:?}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Class, D::Error> {
        let name = String::deserialize(from)?;
        let found = Class::ALL.into_iter().find(|c| format!("{c:?}") == name);
        found.ok_or_else(|| de::Error::custom("not a class of pairs"))
    }
}

impl Cell {
    /// How far EM stands from what was learned.
    #[must_use]
    pub fn difference(&self) -> Option<i32> {
        self.em.filter(|_| self.moved).map(|em| em - self.learned)
    }

    /// EM and silver pairs differ by a bit or more: a factor of two.
    #[must_use]
    pub fn disputed(&self) -> bool {
        self.difference().is_some_and(|d| d.abs() >= BIT)
    }
}

/// The whole report. Counts only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingReport {
    /// Records read.
    pub records: u64,
    /// Of them, those that take no part in matching.
    pub aside: u64,
    /// Different (name, birth date) that taught names.
    pub persons_named: u64,
    /// Names before rare ones were dropped.
    pub names_before: Names,
    /// Names that entered the model.
    pub names_kept: Names,
    /// The built-in book stays beside them.
    pub builtin_names: bool,
    /// Persons, estimated or given.
    pub population: u64,
    /// Silver pairs by proof.
    pub silver: BTreeMap<Proof, u64>,
    /// Share of strong numbers that were looked at, in thousandths.
    pub silver_share: u64,
    /// Pairs drawn at random.
    pub random_pairs: u64,
    /// Candidate pairs that EM saw.
    pub candidate_pairs: u64,
    /// Different level vectors among them.
    pub candidate_looks: u64,
    /// Share of keys they were drawn from, in thousandths.
    pub candidate_share: u64,
    /// Shares of the classes among candidates by EM, in thousandths.
    pub em_shares: [u64; 4],
    /// Postings by number of key (see [`NAMES`]).
    pub keys: [u64; NAMES.len()],
    /// All probabilities.
    pub cells: Vec<Cell>,
}

impl TrainingReport {
    /// Probabilities over which EM and silver pairs differ.
    pub fn disputed(&self) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(|c| c.disputed())
    }

    /// Probabilities that moved.
    #[must_use]
    pub fn moved(&self) -> u64 {
        self.cells.iter().filter(|c| c.moved).count() as u64
    }
}

/// A share in thousandths.
pub(super) fn thousandths(share: f64) -> u64 {
    (share * 1000.0).round() as u64
}
