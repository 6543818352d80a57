//! A handful of rows, grouped anew in several ways: from the loneliest row outwards, from the densest, and by joining
//! the pair that costs least. Never loses a row; gives `None` where a way finds no groups that hold.
// Rows come from the pool given, distances from a table of its size squared: all made here.
#![allow(clippy::indexing_slicing)]

use super::problem::{Group, Problem, whole};

/// Above so many rows the ways whose work grows with the cube are not tried.
const JOINABLE: usize = 96;

/// The cheapest groups of these rows that all hold, if cheaper than `below`.
pub(super) fn regroup(problem: &Problem<'_>, pool: &[u32], below: u64) -> Option<Vec<Group>> {
    let lonely = by_loneliness(problem, pool);
    let dense: Vec<u32> = lonely.iter().rev().copied().collect();
    let ways = [
        gather(problem, lonely),
        gather(problem, dense),
        if pool.len() <= JOINABLE { join(problem, pool) } else { None },
    ];
    let mut best: Option<(u64, Vec<Group>)> = None;
    for groups in ways.into_iter().flatten() {
        let cost = whole(&groups);
        if cost < best.as_ref().map_or(below, |(least, _)| *least) {
            best = Some((cost, groups));
        }
    }
    best.map(|(_, groups)| groups)
}

/// The rows, those first that are farthest from their k − 1 nearest.
fn by_loneliness(problem: &Problem<'_>, pool: &[u32]) -> Vec<u32> {
    let n = pool.len();
    let near = problem.k.min(n).saturating_sub(1);
    let mut distance = vec![0_u64; n * n];
    for (i, &a) in pool.iter().enumerate() {
        for (j, &b) in pool.iter().enumerate().take(i) {
            let apart = problem.joint(problem.item(a), problem.item(b));
            distance[i * n + j] = apart;
            distance[j * n + i] = apart;
        }
    }
    let mut order: Vec<(u64, u32)> = Vec::with_capacity(n);
    for (row, &id) in distance.chunks_exact_mut(n.max(1)).zip(pool) {
        // The row itself is among them, at 0.
        row.select_nth_unstable(near);
        order.push((row.iter().take(near + 1).sum(), id));
    }
    order.sort_by_key(|&(apart, id)| (std::cmp::Reverse(apart), id));
    order.into_iter().map(|(_, id)| id).collect()
}

/// Takes the first row and the nearest to what it has, until it holds; again with those left. The last few go where
/// they cost least.
fn gather(problem: &Problem<'_>, mut left: Vec<u32>) -> Option<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut over = Vec::new();
    while !left.is_empty() {
        let seed = left.remove(0);
        let mut nodes = problem.item(seed).to_vec();
        let mut rows = vec![seed];
        while !problem.holds(&rows) && !left.is_empty() {
            let at = nearest(problem, &nodes, &left);
            let row = left.remove(at);
            problem.widen(&mut nodes, problem.item(row));
            rows.push(row);
        }
        if problem.holds(&rows) {
            groups.push(Group { cost: problem.cost(&nodes), nodes, rows });
        } else {
            over = rows;
        }
    }
    for row in over {
        let dearer = |g: &Group| {
            let (cost, rows) = (problem.joint(&g.nodes, problem.item(row)), g.rows.len() as u64);
            cost * (rows + 1) - g.whole()
        };
        let group = groups.iter_mut().min_by_key(|g| dearer(g))?;
        problem.widen(&mut group.nodes, problem.item(row));
        group.cost = problem.cost(&group.nodes);
        group.rows.push(row);
    }
    // More rows can break what held before, unless size alone decides.
    groups.iter().all(|g| problem.holds(&g.rows)).then_some(groups)
}

/// Where the row is that costs least beside these nodes; the first of equals.
fn nearest(problem: &Problem<'_>, nodes: &[u32], left: &[u32]) -> usize {
    let mut best = (u64::MAX, 0);
    for (at, &row) in left.iter().enumerate() {
        best = best.min((problem.joint(nodes, problem.item(row)), at));
    }
    best.1
}

/// Joins the two groups that get dearer by least, as long as one of them cannot stand alone.
fn join(problem: &Problem<'_>, pool: &[u32]) -> Option<Vec<Group>> {
    let singles = pool.iter().filter_map(|&row| problem.group(vec![row])).collect();
    let mut groups: Vec<Option<Group>> = problem.merge_equal(singles).into_iter().map(Some).collect();
    let mut holds: Vec<bool> = groups.iter().flatten().map(|g| problem.holds(&g.rows)).collect();
    let n = groups.len();
    let mut dearer = vec![u64::MAX; n * n];
    for i in 0..n {
        price(problem, &groups, &mut dearer, i, i + 1..n);
    }
    loop {
        let mut best = (u64::MAX, 0, 0);
        for i in (0..n).filter(|&i| groups[i].is_some()) {
            for j in (i + 1..n).filter(|&j| groups[j].is_some() && !(holds[i] && holds[j])) {
                best = best.min((dearer[i * n + j], i, j));
            }
        }
        let (least, i, j) = best;
        if least == u64::MAX {
            break;
        }
        let (Some(mut one), Some(other)) = (groups[i].take(), groups[j].take()) else { break };
        problem.widen(&mut one.nodes, &other.nodes);
        one.cost = problem.cost(&one.nodes);
        one.rows.extend(other.rows);
        holds[i] = problem.holds(&one.rows);
        groups[i] = Some(one);
        price(problem, &groups, &mut dearer, i, 0..n);
    }
    let groups: Vec<Group> = groups.into_iter().flatten().collect();
    groups.iter().all(|g| problem.holds(&g.rows)).then_some(groups)
}

/// Notes how much dearer group `i` and each other become together.
fn price(
    problem: &Problem<'_>,
    groups: &[Option<Group>],
    dearer: &mut [u64],
    i: usize,
    others: std::ops::Range<usize>,
) {
    let n = groups.len();
    let Some(one) = &groups[i] else { return };
    for j in others.filter(|&j| j != i) {
        let Some(other) = &groups[j] else { continue };
        let rows = (one.rows.len() + other.rows.len()) as u64;
        let together = problem.joint(&one.nodes, &other.nodes) * rows;
        dearer[i.min(j) * n + i.max(j)] = together - one.whole() - other.whole();
    }
}
