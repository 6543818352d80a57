//! The rows as numbers, groups of them, and what may be called a group. Pure: no labels, no choice of its own.
// Rows are below `rows`, columns below `trees.len()`, nodes come from the tree of their column: all made here.
#![allow(clippy::indexing_slicing)]

use std::collections::HashMap;

use super::tree::Tree;

/// Says whether rows may stand together (every declared model holds of them).
pub(super) type Judge<'a> = dyn Fn(&[u32]) -> bool + Sync + 'a;

/// Rows and what to do with them.
pub(super) struct Problem<'a> {
    /// One tree for each quasi-identifier.
    pub(super) trees: Vec<Tree>,
    /// Leaf nodes, row by row.
    pub(super) leaves: Vec<u32>,
    /// Rows.
    pub(super) rows: usize,
    /// Smallest group that the models let through.
    pub(super) k: usize,
    /// The models beyond size; none: size decides alone.
    pub(super) judge: Option<&'a Judge<'a>>,
}

/// Rows that are told the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// One node for each column.
    pub(super) nodes: Vec<u32>,
    /// What the nodes of one row cost together.
    pub(super) cost: u64,
    /// The rows.
    pub(super) rows: Vec<u32>,
}

impl Group {
    /// What all rows cost.
    pub(super) fn whole(&self) -> u64 {
        self.cost * self.rows.len() as u64
    }
}

/// What groups cost together.
pub(super) fn whole(groups: &[Group]) -> u64 {
    groups.iter().map(Group::whole).sum()
}

impl Problem<'_> {
    /// Quasi-identifiers.
    pub(super) fn width(&self) -> usize {
        self.trees.len()
    }

    /// The leaves of a row.
    pub(super) fn item(&self, row: u32) -> &[u32] {
        let at = row as usize * self.width();
        &self.leaves[at..at + self.width()]
    }

    /// May these rows be a group?
    pub(super) fn holds(&self, rows: &[u32]) -> bool {
        rows.len() >= self.k && self.judge.is_none_or(|judge| judge(rows))
    }

    /// What nodes cost for one row.
    pub(super) fn cost(&self, nodes: &[u32]) -> u64 {
        nodes.iter().zip(&self.trees).map(|(&n, t)| u64::from(t.cost[n as usize])).sum()
    }

    /// What the nodes that cover both cost for one row.
    pub(super) fn joint(&self, a: &[u32], b: &[u32]) -> u64 {
        let pairs = self.trees.iter().zip(a.iter().zip(b));
        pairs.map(|(t, (&a, &b))| u64::from(t.cost[t.join(a, b) as usize])).sum()
    }

    /// Widens nodes until they cover others too.
    pub(super) fn widen(&self, nodes: &mut [u32], by: &[u32]) {
        for (t, (n, &b)) in self.trees.iter().zip(nodes.iter_mut().zip(by)) {
            *n = t.join(*n, b);
        }
    }

    /// The finest group of these rows. None of no rows.
    pub(super) fn group(&self, rows: Vec<u32>) -> Option<Group> {
        let mut nodes = self.item(*rows.first()?).to_vec();
        for &row in rows.iter().skip(1) {
            self.widen(&mut nodes, self.item(row));
        }
        Some(Group { cost: self.cost(&nodes), nodes, rows })
    }

    /// Groups told the same become one, in the order of the first of them.
    pub(super) fn merge_equal(&self, groups: Vec<Group>) -> Vec<Group> {
        let mut index: HashMap<Vec<u32>, usize> = HashMap::with_capacity(groups.len());
        let mut merged: Vec<Group> = Vec::with_capacity(groups.len());
        for group in groups {
            if let Some(&at) = index.get(&group.nodes) {
                merged[at].rows.extend(group.rows);
            } else {
                index.insert(group.nodes.clone(), merged.len());
                merged.push(group);
            }
        }
        merged
    }
}
