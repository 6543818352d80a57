//! Branch and bound over boxes of recodings.
//!
//! A box holds all recodings between `lo` and `hi`. Whoever must be suppressed at `hi` in every finer recoding is so in the
//! whole box, and everybody else is told at `lo` at best: that is the box's bound. A box whose bound is not better
//! than the best recoding found is dropped. It must never drop a box for any other reason: on that rests the proof.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::judge::{Fate, Verdict};
use super::key::Key;
use super::solution::Solution;
use super::space::{Counts, Levels};
use super::table::Table;
use super::{Population, Problem, SearchError};

/// A recoding found, by cost, then lexicographically: the smallest is the answer.
pub type Found = (u128, Levels);

/// A box not yet done with.
pub struct Open<K> {
    lo: Levels,
    hi: Levels,
    table: Arc<Table<K>>,
    /// Persons suppressed in the whole box, at the table's levels.
    gone: Counts,
    /// Persons beyond these who must be suppressed, though not known who.
    forced: u64,
    bound: u128,
    /// Evaluations on the present table.
    uses: u32,
}

/// What looking at a box brought.
pub struct Done<K> {
    children: Vec<Open<K>>,
    best: Option<Found>,
    evaluated: u64,
}

/// All open boxes.
pub struct Search<'p, 'a, K> {
    problem: &'p Problem<'a, K>,
    open: BTreeMap<(u128, Levels, Levels), Open<K>>,
    /// The best recoding so far.
    pub best: Option<Found>,
    /// Recodings evaluated.
    pub evaluated: u64,
    least_suppressed: u64,
}

impl<'p, 'a, K: Key> Search<'p, 'a, K> {
    /// The whole lattice as one box.
    pub fn start(problem: &'p Problem<'a, K>, table: Table<K>) -> Self {
        let mut best = None;
        let (lo, hi) = (problem.space.bottom(), problem.space.top());
        let mut evaluated = 0;
        let mut search =
            Self { problem, open: BTreeMap::new(), best: None, evaluated: 0, least_suppressed: 0 };
        let root = Open::new(problem, lo, hi, Arc::new(table), 0, &mut best, &mut evaluated);
        search.least_suppressed = root.gone.persons + root.forced;
        search.take(Done { children: vec![root], best, evaluated });
        search
    }

    /// The most promising boxes, at most `count`.
    pub fn next(&mut self, count: usize) -> Vec<Open<K>> {
        let mut round = Vec::new();
        while round.len() < count {
            let Some((_, region)) = self.open.pop_first() else { break };
            if region.hopeful(self.best.as_ref()) {
                round.push(region);
            } else {
                // Boxes come by bound: no later one is better.
                self.open.clear();
            }
        }
        round
    }

    /// Takes what looking at a box brought.
    pub fn take(&mut self, done: Done<K>) {
        self.evaluated += done.evaluated;
        better(&mut self.best, done.best);
        for region in done.children {
            if region.hopeful(self.best.as_ref()) {
                self.open.insert((region.bound, region.lo.clone(), region.hi.clone()), region);
            }
        }
    }

    /// The answer.
    pub fn finish(self, population: Option<Population<'_>>) -> Result<Solution, SearchError> {
        let limit = self.problem.limit;
        let nothing = match self.open.is_empty() {
            true => SearchError::Impossible { suppressed: self.least_suppressed.max(limit + 1), limit },
            false => SearchError::Budget,
        };
        let (cost, levels) = self.best.ok_or(nothing)?;
        let bound = self.open.values().map(|region| region.bound).min().unwrap_or(cost).min(cost);
        // Their tables are large, and no longer needed.
        drop(self.open);
        let whole = self.problem.space.everything(self.problem.records);
        let gap = if cost == bound { 0.0 } else { (cost - bound) as f64 / whole as f64 };
        Ok(Solution::new(self.problem, population, levels, gap, self.evaluated))
    }
}

fn better(best: &mut Option<Found>, other: Option<Found>) {
    if let Some(other) = other
        && best.as_ref().is_none_or(|best| other < *best)
    {
        *best = Some(other);
    }
}

impl<K: Key> Open<K> {
    /// A box whose coarsest recoding is evaluated now.
    fn new(
        problem: &Problem<'_, K>,
        lo: Levels,
        hi: Levels,
        table: Arc<Table<K>>,
        uses: u32,
        best: &mut Option<Found>,
        evaluated: &mut u64,
    ) -> Self {
        let removed = table.removed.persons;
        let finest = problem.space.cost(&lo, &table.removed, &table.levels);
        let each = u128::from(problem.space.least_penalty(&lo));
        let hopeless = |gone: u64| {
            removed + gone > problem.limit
                || best.as_ref().is_some_and(|(cost, _)| finest + u128::from(gone) * each > *cost)
        };
        let verdict = Verdict::of(problem, &table, &hi, hopeless);
        *evaluated += 1;
        let feasible = !hopeless(verdict.gone + verdict.forced);
        let gone = if feasible {
            verdict.count(problem, &table, Fate::Gone).plus(&table.removed)
        } else {
            // Nobody asks who, only how many.
            Counts { persons: removed + verdict.gone, ..Counts::none(&problem.space, &table.levels) }
        };
        let at_least = |best: &Found| {
            let fails = u128::from(verdict.fails) * u128::from(problem.space.least_penalty(&hi));
            problem.space.cost(&hi, &gone, &table.levels) + fails > best.0
        };
        if feasible && gone.persons + verdict.fails <= problem.limit && !best.as_ref().is_some_and(at_least) {
            let lost = verdict.count(problem, &table, Fate::Fails).plus(&gone);
            better(best, Some((problem.space.cost(&hi, &lost, &table.levels), hi.clone())));
        }
        let mut out = Self { lo, hi, table, gone, forced: verdict.forced, bound: 0, uses: uses + 1 };
        out.bound = if feasible { out.bound_from(problem, &out.lo) } else { u128::MAX };
        out
    }

    /// What the part of the box from `lo` on costs at least.
    fn bound_from(&self, problem: &Problem<'_, K>, lo: &[u8]) -> u128 {
        problem.space.cost(lo, &self.gone, &self.table.levels)
            + u128::from(self.forced) * u128::from(problem.space.least_penalty(lo))
    }

    /// Whether the box may hold something better than the best found.
    fn hopeful(&self, best: Option<&Found>) -> bool {
        self.bound != u128::MAX && best.is_none_or(|(cost, levels)| (self.bound, &self.lo) < (*cost, levels))
    }

    /// Narrows the box and splits it.
    pub fn work(mut self, problem: &Problem<'_, K>, best: Option<&Found>) -> Done<K> {
        let mut best = best.cloned();
        let mut evaluated = 0;
        let done = |children, best, evaluated| Done { children, best, evaluated };
        loop {
            if self.lo == self.hi || !self.hopeful(best.as_ref()) {
                return done(Vec::new(), best, evaluated);
            }
            let Some(hi) = self.narrowed(problem, best.as_ref()) else { break };
            self = Self::new(problem, self.lo, hi, self.table, self.uses, &mut best, &mut evaluated);
        }
        if self.uses > 4 && self.worth_refining(problem) {
            self = self.refined(problem, &mut best, &mut evaluated);
            if !self.hopeful(best.as_ref()) {
                return done(Vec::new(), best, evaluated);
            }
        }
        let (d, level) = self.split(problem);
        let mut left_hi = self.hi.clone();
        let mut right_lo = self.lo.clone();
        if let (Some(hi), Some(lo)) = (left_hi.get_mut(d), right_lo.get_mut(d)) {
            (*hi, *lo) = (level, level + 1);
        }
        let left = Self::new(
            problem,
            self.lo.clone(),
            left_hi,
            self.table.clone(),
            self.uses,
            &mut best,
            &mut evaluated,
        );
        self.bound = self.bound_from(problem, &right_lo);
        self.lo = right_lo;
        self.uses += 1;
        done(vec![left, self], best, evaluated)
    }

    /// A lower `hi` when some column's coarsest levels alone make the rest of the box too dear.
    fn narrowed(&self, problem: &Problem<'_, K>, best: Option<&Found>) -> Option<Levels> {
        let best = best?;
        let mut hi = self.hi.clone();
        for d in 0..hi.len() {
            let mut lo = self.lo.clone();
            let (Some(top), Some(at)) = (hi.get_mut(d), lo.get(d).copied()) else { continue };
            while *top > at {
                if let Some(level) = lo.get_mut(d) {
                    *level = *top;
                }
                if (self.bound_from(problem, &lo), &lo) < (best.0, &best.1) {
                    break;
                }
                *top -= 1;
            }
        }
        (hi != self.hi).then_some(hi)
    }

    /// Where to split: below the coarsest level of a column. Of the columns, the one whose coarsest level costs most,
    /// weighted by how much finer the next level is.
    fn split(&self, problem: &Problem<'_, K>) -> (usize, u8) {
        let mut choice = (0, (0, 0));
        let axes = problem.space.axes().iter().zip(self.lo.iter().zip(&self.hi)).enumerate();
        for (d, (axis, (_, hi))) in axes.filter(|(_, (_, (lo, hi)))| lo < hi) {
            let mut from = self.lo.clone();
            if let Some(level) = from.get_mut(d) {
                *level = *hi;
            }
            let finer = log(axis.nodes(*hi - 1)) - log(axis.nodes(*hi)) + 1;
            let gain = (self.bound_from(problem, &from) - self.bound + 1).saturating_mul(finer);
            if gain > choice.0 {
                choice = (gain, (d, *hi - 1));
            }
        }
        choice.1
    }

    /// Whether a table at `lo` would be at most a quarter as long: making it costs as much as many evaluations.
    fn worth_refining(&mut self, problem: &Problem<'_, K>) -> bool {
        self.uses = 0;
        let keys = self.table.keys.len();
        self.lo != self.table.levels
            && keys > 64
            && self.table.estimate(&problem.space, &problem.layout, &self.lo) * 4 <= keys
    }

    /// The box on a table of its own: persons told alike at `lo` become one key; those whose fate is the same in the
    /// whole box are left out.
    fn refined(mut self, problem: &Problem<'_, K>, best: &mut Option<Found>, evaluated: &mut u64) -> Self {
        let table = &self.table;
        let (fine, coarse) = (
            Verdict::of(problem, table, &self.lo, |_| false),
            Verdict::of(problem, table, &self.hi, |_| false),
        );
        *evaluated += 1;
        let lost = table.removed.persons + fine.gone + fine.fails;
        if lost <= problem.limit {
            let counts =
                fine.count(problem, table, Fate::Gone).plus(&fine.count(problem, table, Fate::Fails));
            let cost = problem.space.cost(&self.lo, &counts.plus(&table.removed), &table.levels);
            better(best, Some((cost, self.lo.clone())));
        }
        // A class of `hi` all of whose parts satisfy at `lo` satisfies in the whole box, unless the average of all
        // classes decides too.
        let mut undecided = vec![problem.average.is_some(); coarse.classes()];
        for at in (0..table.keys.len()).filter(|at| fine.fate(*at) != Fate::Kept) {
            if let Some(open) = undecided.get_mut(coarse.class(at)) {
                *open = true;
            }
        }
        let open = |at: usize| {
            coarse.fate(at) != Fate::Gone && undecided.get(coarse.class(at)).copied().unwrap_or(true)
        };
        let keep: Vec<bool> = (0..table.keys.len()).map(open).collect();
        // Large, and no longer needed.
        drop((fine, coarse));
        let new = table.coarsen(&problem.space, &problem.layout, &self.lo, &self.gone, &keep);
        self.gone = new.removed.clone();
        self.table = Arc::new(new);
        self.uses = 0;
        self
    }
}

/// Logarithm of a number of nodes (which is below 2³²), in eighths of a bit.
fn log(nodes: usize) -> u128 {
    // The eighth power of a number below 2³² may not fit; the fourth does.
    u128::from((nodes as u128).saturating_pow(4).max(1).ilog2()) * 2
}
