//! Local recoding (局所一般化): levels chosen group by group, so that a common person is told finely and only a rare one
//! coarsely. No row is left out.
//!
//! Method: one group of all rows is split from above as far as the models allow (`split`), by several rules of
//! which the best is kept; then dear groups and their neighbours are grouped anew as long as that is cheaper
//! (`refine`). Not proven optimal: finding the optimum is NP-hard. The result depends on data, models and
//! [`Effort`] only, never on threads or clocks.
//!
//! It must never make a group that a model does not hold of, and never leave a row out.

use rayon::prelude::*;

use super::dataset::Dataset;
use super::model::{ClassStats, Model, ModelError, Rules};

mod cluster;
mod problem;
mod refine;
mod split;
#[cfg(test)]
mod tests;
mod tree;

use problem::{Group, Problem, whole};
pub use refine::Effort;
use split::{RULES, split};
use tree::{Tree, narrow};

/// From so many rows on only one rule of splitting is tried.
const MANY: usize = 200_000;

/// Why there is no recoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// A model that does not fit the data.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Even all rows told as `*` do not satisfy the models.
    #[error(
        "ANON_NONE: even all {rows} rows as one group do not satisfy the models; give more rows or a smaller k or l, or a greater t (全件を一群にしても基準を満たしません)"
    )]
    Nothing {
        /// Rows of the data set.
        rows: usize,
    },
}

/// Rows that are told the same (同じに見える人の群).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// For each quasi-identifier: level, and node of that level.
    pub nodes: Vec<(u32, u32)>,
    /// How many rows.
    pub rows: u64,
}

/// A local recoding of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    /// The groups, in the order of their nodes; no two are told the same.
    pub groups: Vec<Told>,
    /// For each row its group.
    pub of_row: Vec<u32>,
    /// Loss, 0 (as it was) to 1 (nothing told): the mean over the columns of (mean share of leaves − 1/D)/(1 − 1/D).
    pub loss: f64,
}

impl Local {
    /// What is told of a row, column by column; nothing for a row that does not exist.
    pub fn labels<'a>(&'a self, data: &'a Dataset, row: usize) -> impl Iterator<Item = &'a str> {
        let group = self.of_row.get(row).and_then(|&g| self.groups.get(g as usize));
        let nodes = group.map_or(&[][..], |g| &g.nodes);
        data.columns()
            .iter()
            .zip(nodes)
            .map(|(column, &(level, node))| column.hierarchy.label(level as usize, node))
    }
}

impl Effort {
    /// What suits so many rows: a second of one core for some ten thousand, a few for a million.
    #[must_use]
    pub const fn for_rows(rows: usize) -> Self {
        if rows < MANY {
            Self { passes: 3, percent: 100, block: 8_192 }
        } else {
            Self { passes: 1, percent: 30, block: 2_048 }
        }
    }
}

/// Recodes a data set so that every model holds of every group.
///
/// # Errors
/// [`LocalError`].
pub fn recode(data: &Dataset, models: &[Model], effort: Effort) -> Result<Local, LocalError> {
    let rules = Rules::bind(models, data)?;
    if rules.population() {
        return Err(ModelError::Population.into());
    }
    let (_, length) = data.histogram_layout();
    let judge = |rows: &[u32]| {
        let mut histogram = vec![0; length];
        let mut start = 0;
        for column in data.sensitive() {
            for &row in rows {
                if let Some(n) = histogram.get_mut(start + column.ids.get(row as usize) as usize) {
                    *n += 1;
                }
            }
            start += column.domain as usize;
        }
        rules.ok(&ClassStats { size: rows.len() as u64, population: None, histogram: &histogram })
    };
    let all: Vec<u32> = (0..narrow(data.rows())).collect();
    let nothing = LocalError::Nothing { rows: data.rows() };
    if !judge(&all) {
        return Err(nothing);
    }
    let problem = Problem {
        trees: data.columns().iter().map(|c| Tree::of(&c.hierarchy)).collect(),
        leaves: Vec::new(),
        rows: data.rows(),
        k: least(&rules, data.rows()),
        judge: if rules.sensitive() { Some(&judge) } else { None },
    };
    let problem = Problem { leaves: leaves(data, &problem.trees), ..problem };
    let rules: &[_] = if data.rows() < MANY { &RULES } else { RULES.get(..1).unwrap_or(&RULES) };
    let starts: Vec<Vec<Group>> = rules.par_iter().map(|rule| split(&problem, *rule)).collect();
    let start = starts.into_iter().min_by_key(|groups| whole(groups)).ok_or(nothing)?;
    Ok(told(data, &problem, refine::refine(&problem, start, effort)))
}

/// The smallest size of a group that the models of size alone let through.
fn least(rules: &Rules, rows: usize) -> usize {
    let from = usize::try_from(rules.smallest()).unwrap_or(rows);
    if rules.sensitive() {
        return from;
    }
    let fits = |n: &usize| rules.ok(&ClassStats { size: *n as u64, population: None, histogram: &[] });
    (from..rows).find(fits).unwrap_or(rows)
}

fn leaves(data: &Dataset, trees: &[Tree]) -> Vec<u32> {
    let mut leaves = Vec::with_capacity(data.rows() * trees.len());
    for row in 0..data.rows() {
        for (column, tree) in data.columns().iter().zip(trees) {
            leaves.push(tree.leaf.get(column.ids.get(row) as usize).copied().unwrap_or(0));
        }
    }
    leaves
}

fn told(data: &Dataset, problem: &Problem<'_>, mut groups: Vec<Group>) -> Local {
    groups.sort_unstable_by(|a, b| a.nodes.cmp(&b.nodes));
    let mut of_row = vec![0; data.rows()];
    // Sums of (leaves − 1) over the rows, column by column: exact until the last division.
    let mut beyond = vec![0_u64; problem.width()];
    let mut found = Vec::with_capacity(groups.len());
    for (number, group) in groups.iter().enumerate() {
        for &row in &group.rows {
            if let Some(slot) = of_row.get_mut(row as usize) {
                *slot = narrow(number);
            }
        }
        let rows = group.rows.len() as u64;
        let mut nodes = Vec::with_capacity(problem.width());
        for (column, ((tree, &node), sum)) in
            data.columns().iter().zip(problem.trees.iter().zip(&group.nodes).zip(&mut beyond))
        {
            let (level, own) = tree.origin.get(node as usize).copied().unwrap_or_default();
            *sum += u64::from(column.hierarchy.covered(level as usize, own).saturating_sub(1)) * rows;
            nodes.push((level, own));
        }
        found.push(Told { nodes, rows });
    }
    let part = |(column, sum): (&super::dataset::Column, &u64)| {
        let most = (column.hierarchy.leaves() as u64).saturating_sub(1) * data.rows() as u64;
        if most == 0 { 0.0 } else { *sum as f64 / most as f64 }
    };
    let loss = data.columns().iter().zip(&beyond).map(part).sum::<f64>() / problem.width().max(1) as f64;
    Local { groups: found, of_row, loss }
}
