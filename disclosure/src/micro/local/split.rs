//! Groups from above: one group of all rows is split by the children of one node, again and again, as long as every
//! part may stand alone. Fast, and the start for what `refine` does. Never leaves a row out.
// Leaves and nodes come from `Problem`, whose tables cover them; columns are below its width.
#![allow(clippy::indexing_slicing)]

use rayon::prelude::*;

use super::problem::{Group, Problem};

/// From so many rows on the parts of a group are split on several threads.
const PARALLEL: usize = 20_000;

/// How the column to split by is chosen. Each is best on some data; which one is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// The column that saves most at once.
    Saving,
    /// The column that saves the greatest part of what it costs.
    Share,
    /// The column that leaves the fewest rows behind at the parent's level, then the one that saves most.
    Rest,
    /// The column that costs most now.
    Widest,
}

/// All rules.
pub(super) const RULES: [Rule; 4] = [Rule::Saving, Rule::Share, Rule::Rest, Rule::Widest];

/// Rows with their leaves beside them, so that a group is read in one go.
struct Part {
    rows: Vec<u32>,
    leaves: Vec<u32>,
}

impl Part {
    fn push(&mut self, row: u32, item: &[u32]) {
        self.rows.push(row);
        self.leaves.extend_from_slice(item);
    }

    fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.leaves.extend(other.leaves);
    }

    const fn new() -> Self {
        Self { rows: Vec::new(), leaves: Vec::new() }
    }
}

/// Splits all rows.
pub(super) fn split(problem: &Problem<'_>, rule: Rule) -> Vec<Group> {
    let rows: Vec<u32> = (0..super::tree::narrow(problem.rows)).collect();
    let groups = descend(problem, rule, Part { rows, leaves: problem.leaves.clone() });
    problem.merge_equal(groups)
}

fn descend(problem: &Problem<'_>, rule: Rule, part: Part) -> Vec<Group> {
    let Some(nodes) = cover(problem, &part) else { return Vec::new() };
    let cost = problem.cost(&nodes);
    if part.rows.len() >= 2 * problem.k && cost > 0 {
        let mut columns = scores(problem, rule, &part, &nodes);
        // Best first; equal ones by column.
        columns.sort_by_key(|&(score, column)| (std::cmp::Reverse(score), column));
        for (_, column) in columns {
            if let Some(parts) = divide(problem, &part, column, nodes[column]) {
                let parallel = part.rows.len() >= PARALLEL;
                drop(part);
                return if parallel {
                    let deeper: Vec<Vec<Group>> =
                        parts.into_par_iter().map(|p| descend(problem, rule, p)).collect();
                    deeper.into_iter().flatten().collect()
                } else {
                    parts.into_iter().flat_map(|p| descend(problem, rule, p)).collect()
                };
            }
        }
    }
    vec![Group { nodes, cost, rows: part.rows }]
}

/// The nodes that cover the rows: of each column, the one above its least and its greatest leaf.
fn cover(problem: &Problem<'_>, part: &Part) -> Option<Vec<u32>> {
    let width = problem.width();
    let mut least = part.leaves.get(..width)?.to_vec();
    let mut greatest = least.clone();
    for item in part.leaves.chunks_exact(width) {
        for ((low, high), &leaf) in least.iter_mut().zip(&mut greatest).zip(item) {
            *low = leaf.min(*low);
            *high = leaf.max(*high);
        }
    }
    Some(problem.trees.iter().zip(least.iter().zip(greatest)).map(|(t, (&a, b))| t.join(a, b)).collect())
}

/// What a split by each column promises; columns that promise nothing are left out.
fn scores(problem: &Problem<'_>, rule: Rule, part: &Part, nodes: &[u32]) -> Vec<(u64, usize)> {
    let rows = part.rows.len() as u64;
    let mut found = Vec::with_capacity(problem.width());
    let mut counts: Vec<usize> = Vec::new();
    for (column, tree) in problem.trees.iter().enumerate() {
        let top = nodes[column];
        let cost = u64::from(tree.cost[top as usize]);
        if cost == 0 {
            continue;
        }
        counts.clear();
        counts.resize(tree.len(), 0);
        for item in part.leaves.chunks_exact(problem.width()) {
            counts[tree.child(top, item[column]) as usize] += 1;
        }
        let (mut after, mut rest, mut alone, mut spare) = (0_u64, 0_usize, 0_usize, 0_usize);
        for (&count, &own) in counts.iter().zip(&tree.cost) {
            if count >= problem.k {
                after += count as u64 * u64::from(own);
                alone += 1;
                spare += count - problem.k;
            } else {
                rest += count;
            }
        }
        let short = if rest == 0 { 0 } else { problem.k.saturating_sub(rest) };
        if alone == 0 || short > spare || (alone == 1 && rest == 0) {
            continue;
        }
        let saving = (rows * cost).saturating_sub(after + (rest + short) as u64 * cost);
        let score = match rule {
            Rule::Saving => saving,
            Rule::Share => saving / cost,
            Rule::Rest => (rows - (rest + short) as u64) << 20 | (saving / rows).min(0xF_FFFF),
            Rule::Widest => cost,
        };
        found.push((score, column));
    }
    found
}

/// The parts of a group below each child of a node, those too small pooled. None: not possible.
fn divide(problem: &Problem<'_>, part: &Part, column: usize, top: u32) -> Option<Vec<Part>> {
    let (tree, width) = (&problem.trees[column], problem.width());
    let mut index: Vec<usize> = vec![usize::MAX; tree.len()];
    let mut parts: Vec<(u32, Part)> = Vec::new();
    for (&row, item) in part.rows.iter().zip(part.leaves.chunks_exact(width)) {
        let child = tree.child(top, item[column]);
        let at = &mut index[child as usize];
        if *at == usize::MAX {
            *at = parts.len();
            parts.push((child, Part::new()));
        }
        parts[*at].1.push(row, item);
    }
    parts.sort_by_key(|(child, _)| *child);
    let mut rest = Part::new();
    let mut alone: Vec<Part> = Vec::new();
    for (_, p) in parts {
        if problem.holds(&p.rows) { alone.push(p) } else { rest.append(p) }
    }
    if !rest.rows.is_empty() {
        fill(problem, &mut rest, &mut alone)?;
        alone.push(rest);
    }
    (alone.len() > 1).then_some(alone)
}

/// Tops the pooled rows up until they may stand alone: with rows that the greatest part can spare, where size alone
/// decides; else with whole parts, least first.
fn fill(problem: &Problem<'_>, rest: &mut Part, alone: &mut Vec<Part>) -> Option<()> {
    let width = problem.width();
    while !problem.holds(&rest.rows) {
        if problem.judge.is_none() {
            let from =
                alone.iter_mut().rev().max_by_key(|p| p.rows.len()).filter(|p| p.rows.len() > problem.k)?;
            let row = from.rows.pop()?;
            let item = from.leaves.split_off(from.leaves.len() - width);
            rest.push(row, &item);
        } else {
            let (at, _) = alone.iter().enumerate().min_by_key(|(_, p)| p.rows.len())?;
            rest.append(alone.remove(at));
        }
    }
    Some(())
}
