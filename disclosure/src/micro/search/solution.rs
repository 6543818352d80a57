//! The answer of a search: levels, who is suppressed, and what the rows then look like.
//!
//! It must never show a suppressed person's value.

use std::collections::HashMap;

use super::{Fate, Key, Levels, Population, Problem, Verdict};
use crate::micro::dataset::{Dataset, Tuples};
use crate::micro::hierarchy::Hierarchy;
use crate::micro::measure::{AttributeSum, Class, Node, Recoding, loss_from_sums};

/// What becomes of suppressed rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suppressed {
    /// They are left out.
    Removed,
    /// They stay, every quasi-identifier told as `*`.
    Starred,
}

/// A recoding.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// For every column its level.
    pub levels: Vec<u8>,
    /// Rows suppressed, one bit each, row 0 lowest.
    bitmap: Vec<u64>,
    /// How many rows are suppressed.
    pub suppressed: u64,
    /// Loss, by the formula [`crate::micro::measure::LOSS`].
    pub loss: f64,
    /// No recoding has a loss smaller than `loss - gap`; 0 is proven best.
    pub gap: f64,
    /// Recodings evaluated.
    pub evaluated: u64,
    /// Classes of the rows that are kept.
    pub classes: u64,
    /// Persons in the smallest class; 0 without a class.
    pub smallest_class: u64,
}

/// A solution ready for [`Recoding`]'s measures.
#[derive(Debug, Clone)]
pub struct Measured<'a> {
    hierarchies: Vec<&'a Hierarchy>,
    tuples: Tuples,
    class_of: Vec<Option<u32>>,
    classes: Vec<Class>,
}

impl Solution {
    pub(super) fn new<K: Key>(
        problem: &Problem<'_, K>,
        population: Option<Population<'_>>,
        levels: Levels,
        gap: f64,
        evaluated: u64,
    ) -> Self {
        let table = problem.root_table(population);
        let verdict = Verdict::of(problem, &table, &levels, |_| false);
        let lost = |at: &usize| verdict.fate(*at) != Fate::Kept;
        let gone: Vec<K> =
            (0..table.keys.len()).filter(lost).filter_map(|at| table.keys.get(at)).copied().collect();
        let counts = table.count(&problem.space, &problem.layout, |at| lost(&at));
        let rows = problem.data.rows();
        let mut bitmap = vec![0_u64; rows.div_ceil(64)];
        if !gone.is_empty() {
            for (row, key) in problem.layout.keys::<K>(problem.data).into_iter().enumerate() {
                // The table's keys are in ascending order.
                if gone.binary_search(&key).is_ok()
                    && let Some(word) = bitmap.get_mut(row / 64)
                {
                    *word |= 1 << (row % 64);
                }
            }
        }
        let sums: Vec<AttributeSum> = problem
            .data
            .columns()
            .iter()
            .zip(&levels)
            .zip(&counts.by_node)
            .map(|((column, level), lost)| sum(column, usize::from(*level), lost, counts.persons))
            .collect();
        Self {
            loss: loss_from_sums(&sums, problem.records),
            suppressed: counts.persons,
            bitmap,
            gap,
            evaluated,
            classes: verdict.kept,
            smallest_class: verdict.kept_sizes().min().unwrap_or_default(),
            levels,
        }
    }

    /// Whether a row is suppressed.
    #[must_use]
    pub fn is_suppressed(&self, row: usize) -> bool {
        self.bitmap.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Whether nothing better exists.
    #[must_use]
    pub fn proven(&self) -> bool {
        self.gap == 0.0
    }

    /// What the rows are told as: the number of each row of `data` (the data searched) and its labels.
    pub fn apply<'a>(
        &'a self,
        data: &'a Dataset,
        show: Suppressed,
    ) -> impl Iterator<Item = (usize, Vec<&'a str>)> + 'a {
        let label = move |row: usize| {
            let lost = self.is_suppressed(row);
            let told = data.columns().iter().zip(&self.levels).map(move |(column, level)| {
                let level = usize::from(*level);
                let h = &column.hierarchy;
                if lost { "*" } else { h.label(level, h.node(level, column.ids.get(row))) }
            });
            (row, told.collect())
        };
        let shown = move |row: &usize| show == Suppressed::Starred || !self.is_suppressed(*row);
        (0..data.rows()).filter(shown).map(label)
    }

    /// The solution with everything that measures need. `data` is the data searched.
    #[must_use]
    pub fn measured<'a>(&self, data: &'a Dataset) -> Measured<'a> {
        let tuples = data.tuples();
        let mut lost = vec![false; tuples.len()];
        for (row, tuple) in tuples.of_row.iter().enumerate() {
            if let Some(lost) = lost.get_mut(*tuple as usize) {
                *lost = self.is_suppressed(row);
            }
        }
        let mut numbers = HashMap::<Box<[Node]>, u32>::new();
        let mut classes: Vec<Class> = Vec::new();
        let mut class_of = Vec::with_capacity(tuples.len());
        for ((tuple, weight), lost) in tuples.weight.iter().enumerate().zip(lost) {
            if lost {
                class_of.push(None);
                continue;
            }
            let nodes =
                data.columns().iter().zip(&tuples.quasi).zip(&self.levels).map(|((column, ids), level)| {
                    let node = column.hierarchy.node(usize::from(*level), ids.get(tuple));
                    Node { level: u32::from(*level), node }
                });
            let nodes: Box<[Node]> = nodes.collect();
            let fresh = u32::try_from(classes.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(nodes.clone()).or_insert(fresh);
            if number == fresh {
                classes.push(Class { size: 0, population: None, nodes });
            }
            if let Some(class) = classes.get_mut(number as usize) {
                class.size += u64::from(*weight);
            }
            class_of.push(Some(number));
        }
        let hierarchies = data.columns().iter().map(|c| c.hierarchy.as_ref()).collect();
        Measured { hierarchies, tuples, class_of, classes }
    }
}

impl Measured<'_> {
    /// For measures.
    #[must_use]
    pub fn recoding(&self) -> Recoding<'_> {
        Recoding {
            hierarchies: &self.hierarchies,
            tuples: &self.tuples,
            class_of: &self.class_of,
            classes: &self.classes,
        }
    }
}

/// Leaves covered by all rows of a column, those of `lost` (by leaf) covering all.
fn sum(column: &crate::micro::dataset::Column, level: usize, lost: &[u32], persons: u64) -> AttributeSum {
    let h = &column.hierarchy;
    let mut covered = 0_u128;
    column.ids.each(|_, leaf| covered += u128::from(h.covered(level, h.node(level, leaf))));
    for (leaf, n) in (0..).zip(lost) {
        covered -= u128::from(*n) * u128::from(h.covered(level, h.node(level, leaf)));
    }
    let leaves = h.leaves() as u64;
    AttributeSum { covered: covered + u128::from(persons) * u128::from(leaves), leaves }
}
