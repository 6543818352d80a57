//! Groups made better: the dearest group and its nearest neighbours give their rows into one pool, the pool is grouped
//! anew, and the cheaper of the two stays. Only ever cheaper, never a group that does not hold, never a row lost.
// Groups are below the length of their table, nodes come from the tree of their column: all made here.
#![allow(clippy::indexing_slicing)]

use std::collections::HashSet;

use rayon::prelude::*;

use super::cluster::regroup;
use super::problem::{Group, Problem, whole};

/// Neighbours whose rows are grouped anew together.
const NEIGHBOURS: usize = 4;
/// Pools of more rows are left as they are.
const POOL: usize = 512;

/// How much is tried. Counts, not clocks: the result depends on nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// Passes over all groups, each in another order.
    pub passes: usize,
    /// Groups tried in each pass, of every hundred; the dearest.
    pub percent: usize,
    /// Groups among which neighbours are looked for. What is compared grows with its square.
    pub block: usize,
}

/// Makes groups cheaper.
pub(super) fn refine(problem: &Problem<'_>, groups: Vec<Group>, effort: Effort) -> Vec<Group> {
    let mut groups = groups;
    let mut settled = Settled::default();
    for pass in 0..effort.passes {
        let before = whole(&groups);
        arrange(problem, &mut groups, pass);
        let size = groups.len().div_ceil(groups.len().div_ceil(effort.block.max(1)).max(1)).max(1);
        let blocks: Vec<Vec<Group>> = groups.chunks(size).map(<[Group]>::to_vec).collect();
        let done: Vec<(Vec<Group>, Vec<u64>)> =
            blocks.into_par_iter().map(|block| Block::new(problem, block, &settled).run(effort)).collect();
        groups = Vec::new();
        for (block, tried) in done {
            groups.extend(block);
            settled.0.extend(tried);
        }
        groups = problem.merge_equal(groups);
        // Less than a thousandth: more passes find little.
        if before - whole(&groups) <= before / 1_000 {
            break;
        }
    }
    groups
}

/// Pools that were tried and are as good as they get.
#[derive(Debug, Default)]
struct Settled(HashSet<u64>);

/// Puts groups that are alike near each other; in each pass another column counts most.
fn arrange(problem: &Problem<'_>, groups: &mut [Group], pass: usize) {
    let width = problem.width();
    // The columns with most nodes tell most apart.
    let mut order: Vec<usize> = (0..width).collect();
    order.sort_by_key(|&c| (std::cmp::Reverse(problem.trees[c].len()), c));
    order.rotate_left(pass % width.max(1));
    let key = |g: &Group| order.iter().map(|&c| g.nodes[c]).collect::<Vec<u32>>();
    groups.sort_by_cached_key(key);
}

/// A group that gave rows into a pool, and the rows that stay in it.
type Lender = (usize, Vec<u32>);

/// Some groups and their nodes column by column.
struct Block<'a> {
    problem: &'a Problem<'a>,
    groups: Vec<Group>,
    nodes: Vec<Vec<u32>>,
    alive: Vec<bool>,
    settled: &'a Settled,
    tried: Vec<u64>,
    reach: Vec<u32>,
    apart: Vec<u64>,
}

impl<'a> Block<'a> {
    fn new(problem: &'a Problem<'a>, groups: Vec<Group>, settled: &'a Settled) -> Self {
        let nodes = (0..problem.width()).map(|c| groups.iter().map(|g| g.nodes[c]).collect()).collect();
        let alive = vec![true; groups.len()];
        let (tried, reach, apart) = (Vec::new(), Vec::new(), Vec::new());
        Self { problem, groups, nodes, alive, settled, tried, reach, apart }
    }

    fn run(mut self, effort: Effort) -> (Vec<Group>, Vec<u64>) {
        let mut order: Vec<usize> = (0..self.groups.len()).filter(|&i| self.groups[i].cost > 0).collect();
        order.sort_by_key(|&i| (std::cmp::Reverse(self.groups[i].whole()), i));
        order.truncate(self.groups.len() * effort.percent / 100);
        for i in order {
            if self.alive[i] {
                self.improve(i);
            }
        }
        let alive = self.alive;
        let kept = self.groups.into_iter().zip(alive).filter_map(|(g, alive)| alive.then_some(g)).collect();
        (kept, self.tried)
    }

    /// Groups one group's rows anew with its neighbours'.
    fn improve(&mut self, i: usize) {
        let near = self.neighbours(i);
        let (pool, taken, old) = self.pool(i, &near);
        if pool.len() > POOL {
            return;
        }
        let mark = fingerprint(&pool);
        if self.settled.0.contains(&mark) {
            return;
        }
        let Some(better) = regroup(self.problem, &pool, old) else {
            self.tried.push(mark);
            return;
        };
        for (j, left) in taken {
            if left.is_empty() {
                self.alive[j] = false;
            } else {
                self.groups[j].rows = left;
            }
        }
        for group in better {
            for (column, &node) in self.nodes.iter_mut().zip(&group.nodes) {
                column.push(node);
            }
            self.groups.push(group);
            self.alive.push(true);
        }
    }

    /// The groups that cost least beside one, nearest first.
    fn neighbours(&mut self, i: usize) -> Vec<usize> {
        self.apart.clear();
        self.apart.resize(self.groups.len(), 0);
        for (tree, column) in self.problem.trees.iter().zip(&self.nodes) {
            tree.reach(column[i], &mut self.reach);
            for (apart, &node) in self.apart.iter_mut().zip(column) {
                *apart += u64::from(self.reach[node as usize]);
            }
        }
        let mut near: Vec<(u64, usize)> = Vec::with_capacity(NEIGHBOURS + 1);
        for (j, &apart) in self.apart.iter().enumerate() {
            if j == i || !self.alive[j] {
                continue;
            }
            // Dear both together, and dearer than the other one is alone.
            let apart = 2 * apart - self.groups[j].cost.min(apart);
            if near.len() < NEIGHBOURS || near.last().is_some_and(|&(most, _)| apart < most) {
                let at = near.partition_point(|&n| n <= (apart, j));
                near.insert(at, (apart, j));
                near.truncate(NEIGHBOURS);
            }
        }
        near.into_iter().map(|(_, j)| j).collect()
    }

    /// The rows of a group and its neighbours, what stays in each of them, and what the rows cost now. A large group
    /// lends the rows nearest to the first group that it can spare.
    fn pool(&self, i: usize, near: &[usize]) -> (Vec<u32>, Vec<Lender>, u64) {
        let problem = self.problem;
        let (mut pool, mut taken, mut old) = (Vec::new(), Vec::<Lender>::new(), 0);
        for &j in std::iter::once(&i).chain(near) {
            let group = &self.groups[j];
            let mut rows = group.rows.clone();
            if problem.judge.is_none() && rows.len() > 2 * problem.k {
                let lent = (rows.len() - problem.k).min(problem.k);
                if group.cost > 0 {
                    let nodes = &self.groups[i].nodes;
                    rows.sort_by_cached_key(|&r| (problem.joint(nodes, problem.item(r)), r));
                    rows.rotate_left(lent);
                }
                let left = rows.len() - lent;
                pool.extend(rows.drain(left..));
                old += group.cost * lent as u64;
                taken.push((j, rows));
            } else {
                old += group.whole();
                pool.append(&mut rows);
                taken.push((j, rows));
            }
        }
        (pool, taken, old)
    }
}

/// A number for a pool, in whatever order its rows stand.
fn fingerprint(pool: &[u32]) -> u64 {
    let mix = |row: &u32| {
        let mut x = u64::from(*row).wrapping_add(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    };
    pool.iter().map(mix).fold(0, u64::wrapping_add)
}
