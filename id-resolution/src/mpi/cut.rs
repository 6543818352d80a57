//! Components that are too large (大きすぎる集まり): they come from poisoned values that chain persons together, or
//! from a source that fills a field for everybody alike. Looking at each as a whole would cost the square of its size.
//!
//! Such a component is cut before it is looked at: its weakest edges are taken away, step by step, until every piece is
//! small enough. What a person ruled to be one is never cut. The pieces depend on the set of records only: which of
//! several equal edges is kept in the forest makes no difference to what hangs together from a weight on.

use std::collections::BTreeSet;

use super::BIT;
use super::entity::{Refined, Room, Ruled, refine};
use super::keys::keys;
use super::model::{Model, Scorer};
use super::row::{Lexicon, Row};
use super::score::{Time, score};

/// By how much the weight is raised at each step, in 1/256 bits.
const STEP: i32 = BIT;

/// An edge of the forest: weight and two places in `members`.
type Tie = (i32, u32, u32);

/// Cuts a component into persons, after taking it apart when it is too large. The second value: it was, and so many
/// pairs were compared for that.
#[allow(clippy::too_many_arguments)] // those of `refine`, and the crowded keys
pub fn bounded(
    model: &Model,
    scorer: &Scorer,
    lexicon: &Lexicon,
    rows: &[Row],
    members: &[u32],
    ruled: Ruled<'_>,
    crowded: &BTreeSet<u64>,
    room: &mut Room,
) -> (Refined, Option<u64>) {
    if members.len() <= model.rules.component_max {
        return (refine(model, scorer, lexicon, rows, members, ruled, room), None);
    }
    let most = model.rules.component_max;
    let (pieces, scored) = cut(scorer, lexicon, rows, members, ruled.same, crowded, most);
    (refine_pieces(model, scorer, lexicon, rows, members, &pieces, ruled, room), Some(scored))
}

/// The pieces of a component, as ascending places in `members`, in the order of their first place; and how many pairs
/// were compared. Pairs are compared where they share a key that is not crowded, so that the cost grows with the number
/// of members and not with its square.
fn cut(
    scorer: &Scorer,
    lexicon: &Lexicon,
    rows: &[Row],
    members: &[u32],
    same: &[(u32, u32)],
    crowded: &BTreeSet<u64>,
    most: usize,
) -> (Vec<Vec<u32>>, u64) {
    let row = |place: u32| members.get(place as usize).and_then(|m| rows.get(*m as usize));
    let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
    let mut postings: Vec<(u64, u32)> = Vec::new();
    let mut own = Vec::new();
    for place in 0..count {
        if let Some(row) = row(place) {
            keys(row, lexicon, &mut own);
            postings.extend(own.iter().filter(|k| !crowded.contains(k)).map(|k| (*k, place)));
        }
    }
    postings.sort_unstable();
    let mut scored = 0;
    let mut ties: Vec<Tie> = same.iter().map(|(a, b)| (i32::MAX, *a, *b)).collect();
    let held = members.len().saturating_mul(8).max(1 << 16);
    for block in postings.chunk_by(|a, b| a.0 == b.0) {
        for (i, (_, a)) in block.iter().enumerate() {
            for (_, b) in block.get(i + 1..).unwrap_or_default() {
                let (Some(x), Some(y)) = (row(*a), row(*b)) else { continue };
                scored += 1;
                let weight = score(scorer, lexicon, x, y, Time::Ignored).weight;
                if weight >= scorer.edge {
                    ties.push((weight, *a, *b));
                }
            }
        }
        if ties.len() > held {
            ties = forest(ties, count);
        }
    }
    let ties = forest(ties, count);
    (pieces(&ties, count, scorer.edge, most), scored)
}

/// The heaviest edges that hold together what hangs together.
fn forest(mut ties: Vec<Tie>, count: u32) -> Vec<Tie> {
    ties.sort_unstable_by_key(|(weight, a, b)| (std::cmp::Reverse(*weight), *a, *b));
    let mut sets = Sets::new(count);
    ties.retain(|(_, a, b)| sets.union(*a, *b));
    ties
}

/// Raises the weight until no piece is larger than `most`. A piece that is small enough keeps its weaker edges.
fn pieces(forest: &[Tie], count: u32, edge: i32, most: usize) -> Vec<Vec<u32>> {
    let mut done: Vec<Vec<u32>> = Vec::new();
    let mut ties = forest.to_vec();
    let mut open: Vec<u32> = (0..count).collect();
    let mut least = edge;
    loop {
        let mut sets = Sets::new(count);
        for (_, a, b) in &ties {
            sets.union(*a, *b);
        }
        let mut by_root: Vec<(u32, u32)> = open.iter().map(|p| (sets.find(*p), *p)).collect();
        by_root.sort_unstable();
        open.clear();
        let mut large = BTreeSet::new();
        for piece in by_root.chunk_by(|a, b| a.0 == b.0) {
            let places = piece.iter().map(|(_, place)| *place);
            if let Some((root, _)) = piece.first().filter(|_| piece.len() > most) {
                large.insert(*root);
                open.extend(places);
            } else {
                done.push(places.collect());
            }
        }
        ties.retain(|(_, a, _)| large.contains(&sets.find(*a)));
        // ruled ones alone are left: they stay together, however many
        if ties.iter().all(|(weight, ..)| *weight == i32::MAX) {
            done.extend(whole(&ties, &open, count));
            break;
        }
        least = least.saturating_add(STEP);
        ties.retain(|(weight, ..)| *weight >= least);
    }
    done.sort_unstable();
    done
}

/// What hangs together, whatever its size.
fn whole(ties: &[Tie], open: &[u32], count: u32) -> Vec<Vec<u32>> {
    let mut sets = Sets::new(count);
    for (_, a, b) in ties {
        sets.union(*a, *b);
    }
    let mut by_root: Vec<(u32, u32)> = open.iter().map(|p| (sets.find(*p), *p)).collect();
    by_root.sort_unstable();
    by_root.chunk_by(|a, b| a.0 == b.0).map(|piece| piece.iter().map(|(_, p)| *p).collect()).collect()
}

/// Looks at each piece as a whole; the answer speaks of places in `members`, as [`refine`]'s.
#[allow(clippy::too_many_arguments)] // those of `refine`, and the pieces
fn refine_pieces(
    model: &Model,
    scorer: &Scorer,
    lexicon: &Lexicon,
    rows: &[Row],
    members: &[u32],
    pieces: &[Vec<u32>],
    ruled: Ruled<'_>,
    room: &mut Room,
) -> Refined {
    let mut out =
        Refined { group: (0..).take(members.len()).collect(), links: Vec::new(), doubtful: Vec::new() };
    let mut base = 0;
    for piece in pieces {
        let part: Vec<u32> = piece.iter().filter_map(|p| members.get(*p as usize).copied()).collect();
        let inside = |pairs: &[(u32, u32)]| -> Vec<(u32, u32)> {
            let at = |p: u32| piece.binary_search(&p).ok().and_then(|at| u32::try_from(at).ok());
            pairs.iter().filter_map(|(a, b)| Some((at(*a)?, at(*b)?))).collect()
        };
        let (same, apart) = (inside(ruled.same), inside(ruled.apart));
        let refined = refine(model, scorer, lexicon, rows, &part, Ruled { same: &same, apart: &apart }, room);
        let back = |at: u32| piece.get(at as usize).copied().unwrap_or(at);
        for (place, group) in piece.iter().zip(&refined.group) {
            if let Some(slot) = out.group.get_mut(*place as usize) {
                *slot = base + group;
            }
        }
        let edge = |e: super::entity::Edge| super::entity::Edge { a: back(e.a), b: back(e.b), ..e };
        out.links.extend(refined.links.into_iter().map(edge));
        out.doubtful.extend(
            refined.doubtful.into_iter().map(|d| super::entity::Doubtful { edge: edge(d.edge), ..d }),
        );
        base += u32::try_from(piece.len()).unwrap_or(0);
    }
    out
}

/// Disjoint sets of places.
pub(super) struct Sets(Vec<u32>);

impl Sets {
    pub(super) fn new(count: u32) -> Self {
        Self((0..count).collect())
    }

    pub(super) fn find(&mut self, mut x: u32) -> u32 {
        loop {
            let up = self.0.get(x as usize).copied().unwrap_or(x);
            if up == x {
                return x;
            }
            let above = self.0.get(up as usize).copied().unwrap_or(up);
            if let Some(slot) = self.0.get_mut(x as usize) {
                *slot = above;
            }
            x = above;
        }
    }

    /// Were they apart? The smaller root stands for both.
    pub(super) fn union(&mut self, a: u32, b: u32) -> bool {
        let (x, y) = (self.find(a), self.find(b));
        if x != y
            && let Some(slot) = self.0.get_mut(x.max(y) as usize)
        {
            *slot = x.min(y);
        }
        x != y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_edges_go_first_and_small_pieces_keep_theirs() {
        let strong = 20 * BIT;
        // 0-1-2 strong, 3-4 weak, chained by weak edges
        let ties = [(strong, 0, 1), (strong, 1, 2), (-5 * BIT, 2, 3), (-4 * BIT, 3, 4)];
        assert_eq!(pieces(&ties, 5, -6 * BIT, 4), [vec![0, 1, 2], vec![3, 4]]);
        assert_eq!(pieces(&ties, 5, -6 * BIT, 5), [vec![0, 1, 2, 3, 4]]);
        // nothing holds a piece of one weight together that is too large
        assert_eq!(pieces(&ties, 5, -6 * BIT, 2), [vec![0], vec![1], vec![2], vec![3, 4]]);
    }

    #[test]
    fn what_people_ruled_is_never_cut() {
        let ties = [(i32::MAX, 0, 1), (i32::MAX, 1, 2), (5 * BIT, 2, 3)];
        assert_eq!(pieces(&ties, 4, -6 * BIT, 1), [vec![0, 1, 2], vec![3]]);
    }

    #[test]
    fn the_forest_keeps_the_heaviest() {
        assert_eq!(forest(vec![(1, 0, 1), (9, 1, 2), (5, 0, 2), (7, 0, 2)], 3), [(9, 1, 2), (7, 0, 2)]);
    }
}
