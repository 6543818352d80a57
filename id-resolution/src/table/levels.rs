//! The level (段階) of two values in a comparison: 0 one is missing, 1 equal, then the tests in order, last different.

// Indices are value ids and comparisons of the frame and plan at hand.
#![allow(clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::config::Plan;
use super::frame::Frame;
use super::level::Test;
use super::transform::apply_all;

/// A level vector: 4 bits a comparison, the first lowest; bit 60: names exchanged.
pub type Pattern = u64;

/// Bit of a pattern: the two columns of `swap` were compared crosswise.
pub const SWAPPED: Pattern = 1 << 60;

/// Level of a comparison in a pattern.
#[must_use]
pub fn level(pattern: Pattern, comparison: usize) -> usize {
    (pattern >> (4 * comparison) & 15) as usize
}

/// Compares values.
#[derive(Debug)]
pub struct Levels<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The table.
    pub frame: &'a Frame,
    /// For each comparison and test `same`: the group of each value, 0 none.
    groups: Vec<Vec<Option<Vec<u32>>>>,
    /// Pairs of values, the smaller first, that pass the test `alias` of a comparison.
    aliases: Vec<HashSet<(u32, u32)>>,
}

/// An alias stands in so many persons at least. Basis: twice may be one person split in two, or one wrong join.
const ALIAS_PERSONS: u32 = 3;
/// Of the persons with the rarer of two values, one in so many has the other too.
const ALIAS_SHARE: u32 = 5;

impl<'a> Levels<'a> {
    /// For a table.
    #[must_use]
    pub fn new(plan: &'a Plan, frame: &'a Frame) -> Self {
        let groups = plan.compare.iter().map(|c| c.tests.iter().map(|t| group(frame, t)).collect()).collect();
        Self { plan, frame, groups, aliases: vec![HashSet::new(); plan.compare.len()] }
    }

    /// Learns which values stand for one another from persons found in a first round. Says whether there are any.
    pub fn learn(&mut self, persons: &[Vec<u32>]) -> bool {
        for (c, compare) in self.plan.compare.iter().enumerate() {
            if !compare.tests.contains(&Test::Alias) {
                continue;
            }
            let (mut alone, mut together) = (BTreeMap::<u32, u32>::new(), BTreeMap::<(u32, u32), u32>::new());
            for rows in persons {
                let mut values: BTreeSet<u32> = rows.iter().map(|r| self.value(c, *r, false)).collect();
                values.remove(&0);
                for a in &values {
                    *alone.entry(*a).or_default() += 1;
                    for b in values.range(a + 1..) {
                        *together.entry((*a, *b)).or_default() += 1;
                    }
                }
            }
            self.aliases[c] = together
                .into_iter()
                .filter(|((a, b), n)| *n >= ALIAS_PERSONS && n * ALIAS_SHARE >= alone[a].min(alone[b]))
                .map(|(pair, _)| pair)
                .collect();
        }
        self.aliases.iter().any(|a| !a.is_empty())
    }

    /// Levels of a comparison, "missing" not counted.
    #[must_use]
    pub fn count(&self, comparison: usize) -> usize {
        self.plan.compare[comparison].tests.len() + 2
    }

    /// Records whose value falls into the same group as this one, by a test `same`.
    #[must_use]
    pub fn group_of(&self, comparison: usize, test: usize) -> Option<&[u32]> {
        self.groups[comparison][test].as_deref()
    }

    /// The level of two values.
    #[must_use]
    pub fn of(&self, comparison: usize, a: u32, b: u32) -> usize {
        if a == 0 || b == 0 {
            return 0;
        }
        if a == b {
            return 1;
        }
        let (x, y) = (&self.frame.values[a as usize], &self.frame.values[b as usize]);
        let tests = &self.plan.compare[comparison].tests;
        for (i, test) in tests.iter().enumerate() {
            let passes = match (test, &self.groups[comparison][i]) {
                (Test::Alias, _) => self.aliases[comparison].contains(&(a.min(b), a.max(b))),
                (_, Some(g)) => g[a as usize] != 0 && g[a as usize] == g[b as usize],
                (_, None) => test.passes(x, y),
            };
            if passes {
                return i + 2;
            }
        }
        tests.len() + 2
    }

    /// Value of a comparison's column in a row; of the partner's column when names are exchanged.
    #[must_use]
    pub fn value(&self, comparison: usize, row: u32, swapped: bool) -> u32 {
        let c = match self.plan.swap {
            Some((a, b)) if swapped && comparison == a => b,
            Some((a, b)) if swapped && comparison == b => a,
            _ => comparison,
        };
        self.frame.cells[self.plan.compare[c].on][row as usize]
    }

    /// The level vector of two rows; names are taken crosswise when that fits strictly better.
    #[must_use]
    pub fn pattern(&self, a: u32, b: u32) -> Pattern {
        let mut out = 0;
        for c in 0..self.plan.compare.len() {
            out |= (self.of(c, self.value(c, a, false), self.value(c, b, false)) as u64) << (4 * c);
        }
        let Some((p, q)) = self.plan.swap else { return out };
        if level(out, p) == 1 && level(out, q) <= 1 {
            return out;
        }
        let crosswise = |c: usize| self.of(c, self.value(c, a, false), self.value(c, b, true));
        let (x, y) = (crosswise(p), crosswise(q));
        // What is missing costs as much as what differs: a name that moved leaves its place empty.
        let cost = |c: usize, level: usize| if level == 0 { self.count(c) } else { level };
        let straight = cost(p, level(out, p)) + cost(q, level(out, q));
        if cost(p, x) + cost(q, y) < straight {
            out &= !(15 << (4 * p) | 15 << (4 * q));
            out |= (x as u64) << (4 * p) | (y as u64) << (4 * q) | SWAPPED;
        }
        out
    }
}

fn group(frame: &Frame, test: &Test) -> Option<Vec<u32>> {
    let Test::Same(steps) = test else { return None };
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut groups = vec![0; frame.values.len()];
    for (value, g) in frame.values.iter().zip(&mut groups) {
        let text = apply_all(steps, &value.text);
        if !text.is_empty() {
            let next = known.len() as u32 + 1;
            *g = *known.entry(text).or_insert(next);
        }
    }
    Some(groups)
}
