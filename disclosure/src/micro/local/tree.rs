//! A hierarchy as the local recoding reads it: nodes in preorder, so that "lies below" is a comparison of numbers and the
//! node that covers a set of values is that of its least and greatest. Pure numbers: never a label.
// Every node id here comes from `Tree::of` or a row that it has checked: each is below `parent.len()`.
#![allow(clippy::indexing_slicing)]

use crate::micro::hierarchy::Hierarchy;

/// What a value that is not told at all costs; a leaf costs 0. Whole numbers, so that sums do not depend on order.
pub(super) const WHOLE: u32 = 1 << 20;

/// Trees of at most so many nodes keep the common ancestor of every pair in a table (512 KiB).
const TABLE_NODES: usize = 512;

/// The tree of one column (階層の木).
#[derive(Debug)]
pub(super) struct Tree {
    /// Parent of each node; the root's is itself.
    parent: Vec<u32>,
    /// One past the last node below each node.
    end: Vec<u32>,
    /// What each node costs: (leaves − 1) / (all leaves − 1) in parts of [`WHOLE`].
    pub(super) cost: Vec<u32>,
    /// Level of each node, and its number on that level.
    pub(super) origin: Vec<(u32, u32)>,
    /// Node of each leaf of the hierarchy.
    pub(super) leaf: Vec<u32>,
    /// `above[depth][node]`: the ancestor at that depth (the node itself where it is not deeper).
    above: Vec<Vec<u32>>,
    /// Depth of each node; the root's is 0.
    pub(super) depth: Vec<u32>,
    /// Least common ancestors, row by row, of small trees.
    table: Vec<u16>,
}

impl Tree {
    /// The tree of a hierarchy.
    pub(super) fn of(hierarchy: &Hierarchy) -> Self {
        let (levels, leaves) = (hierarchy.levels(), hierarchy.leaves());
        // Leaves in the order of their ancestors, topmost first: the order of a walk through the tree.
        let path = |leaf: usize| (0..levels).rev().map(move |level| hierarchy.node(level, narrow(leaf)));
        let mut walk: Vec<usize> = (0..leaves).collect();
        walk.sort_by(|&a, &b| path(a).cmp(path(b)));
        let mut tree = Self {
            parent: Vec::new(),
            end: Vec::new(),
            cost: Vec::new(),
            origin: Vec::new(),
            leaf: vec![0; leaves],
            above: Vec::new(),
            depth: Vec::new(),
            table: Vec::new(),
        };
        let mut open: Vec<(u32, u32)> = Vec::new();
        let mut counts: Vec<u64> = Vec::new();
        for leaf in walk {
            let same = path(leaf).zip(&open).take_while(|(node, (have, _))| node == have).count();
            open.truncate(same);
            for (depth, node) in path(leaf).enumerate().skip(same) {
                let id = narrow(tree.parent.len());
                tree.parent.push(open.last().map_or(id, |(_, parent)| *parent));
                tree.origin.push((narrow(levels - 1 - depth), node));
                tree.depth.push(narrow(depth));
                counts.push(0);
                open.push((node, id));
            }
            for (_, id) in &open {
                counts[*id as usize] += 1;
            }
            tree.leaf[leaf] = open.last().map_or(0, |(_, id)| *id);
        }
        let rest = (leaves as u64).saturating_sub(1).max(1);
        tree.cost = counts.iter().map(|c| part(c.saturating_sub(1), rest)).collect();
        tree.ends();
        tree.ancestors(levels);
        if tree.len() <= TABLE_NODES {
            tree.table = tree.pairs();
        }
        tree
    }

    /// How many nodes.
    pub(super) fn len(&self) -> usize {
        self.parent.len()
    }

    fn ends(&mut self) {
        self.end = (1..=narrow(self.len())).collect();
        for id in (1..self.len()).rev() {
            let parent = self.parent[id] as usize;
            self.end[parent] = self.end[parent].max(self.end[id]);
        }
    }

    fn ancestors(&mut self, levels: usize) {
        self.above = (0..levels)
            .map(|depth| {
                let mut row: Vec<u32> = (0..narrow(self.len())).collect();
                for id in 0..self.len() {
                    if self.depth[id] as usize > depth {
                        row[id] = row[self.parent[id] as usize];
                    }
                }
                row
            })
            .collect();
    }

    fn pairs(&self) -> Vec<u16> {
        let all = 0..narrow(self.len());
        all.clone()
            .flat_map(|a| all.clone().map(move |b| u16::try_from(self.climb(a, b)).unwrap_or(u16::MAX)))
            .collect()
    }

    fn climb(&self, mut a: u32, b: u32) -> u32 {
        while b < a || b >= self.end[a as usize] {
            a = self.parent[a as usize];
        }
        a
    }

    /// The finest node that covers both.
    pub(super) fn join(&self, a: u32, b: u32) -> u32 {
        if self.table.is_empty() {
            self.climb(a, b)
        } else {
            u32::from(self.table[a as usize * self.len() + b as usize])
        }
    }

    /// The ancestor of a node one step below `top`, which must be above it.
    pub(super) fn child(&self, top: u32, node: u32) -> u32 {
        self.above.get(self.depth[top as usize] as usize + 1).map_or(node, |row| row[node as usize])
    }

    /// For one node: what its common ancestor with each node costs.
    pub(super) fn reach(&self, node: u32, row: &mut Vec<u32>) {
        row.clear();
        for id in 0..self.len() {
            // A node above ours covers both; any other shares its parent's common ancestor with ours.
            let above = id as u32 <= node && node < self.end[id];
            let cost = if above { self.cost[id] } else { row[self.parent[id] as usize] };
            row.push(cost);
        }
    }
}

/// `n / of` in parts of [`WHOLE`], rounded.
fn part(n: u64, of: u64) -> u32 {
    u32::try_from((n * u64::from(WHOLE) + of / 2) / of).unwrap_or(WHOLE)
}

/// Node counts fit: a hierarchy of 2³² nodes cannot be held.
pub(super) fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
