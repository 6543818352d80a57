//! How much it speaks for some rows being one person, against each being a person of its own.
//!
//! Each column of a person has one true value, and rows show it well or badly. The likelihood of a group is the sum,
//! over each value seen in it as the possible truth, of that value's frequency times the chance of every row's value
//! given it. For two rows this is the Fellegi-Sunter ratio m/u; for more, the rows are weighed together: a sixth
//! misspelling of an address costs as much as the first, and a stranger who agrees with one row's slip gains little.
//! Everything is counted in integers of 1/256 bit.

// Indices are value ids, comparisons and levels of the frame and plan at hand.
#![allow(clippy::indexing_slicing)]

use std::collections::HashMap;

use super::levels::{Levels, Pattern, SWAPPED, level};
use super::train::Model;

/// Weights are bits in this many parts.
pub const BIT: i32 = 256;

/// Distinct values that reach for fuzzy neighbours are compared with this many of the most frequent ones at most.
const NEIGHBOURS: usize = 1500;

/// Values rarer than one row in this many are no neighbours to reckon with.
const NEGLIGIBLE: f64 = 5000.0;

/// Bits as an integer.
#[must_use]
pub fn fixed(bits: f64) -> i32 {
    // Clamped, so the cast keeps its value.
    #[allow(clippy::cast_possible_truncation)]
    let whole = (bits.clamp(-1e6, 1e6) * f64::from(BIT)).round() as i32;
    whole
}

/// A value in a group: which, in which column it was seen, how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The value.
    pub value: u32,
    /// In the partner's column.
    pub crossed: bool,
    /// Rows.
    pub times: u32,
}

/// Values of a comparison in a group, ascending.
pub type Field = Vec<Seen>;

/// Scores groups.
pub struct Scorer<'a> {
    levels: &'a Levels<'a>,
    /// log2 of the chance that a row shows level l of the truth, comparison by level.
    shows: Vec<Vec<i32>>,
    /// log2 m of two rows, for values that change.
    pair: Vec<Vec<i32>>,
    /// log2 u, comparison by level.
    u: Vec<Vec<i32>>,
    /// log2 of the share of rows that have a value, by comparison and value.
    often: Vec<Vec<i32>>,
    /// log2 u around a value, where it is known: comparison, level, value.
    around: Vec<Vec<Option<Vec<i32>>>>,
    /// log2 odds that a row's names are exchanged.
    swap: i32,
    /// log2(1 + 2^-x) for x in 1/256 bits.
    plus: Vec<i32>,
    /// log2 of the prior odds.
    pub prior: i32,
    known: HashMap<(u8, u32, u32), u8>,
}

impl<'a> Scorer<'a> {
    /// From what was learned.
    #[must_use]
    pub fn new(levels: &'a Levels<'a>, model: &Model, near: &[Near]) -> Self {
        let rows = levels.frame.len().max(2) as f64;
        let log = |x: f64| fixed(x.max(1e-12).log2());
        let shows = model
            .m
            .iter()
            .map(|m| {
                // Two rows are both right with m1 = s1², one right and one at level l with m_l = 2 s1 s_l.
                let right = m[1].max(1e-6).sqrt();
                m.iter()
                    .enumerate()
                    .map(|(l, x)| if l < 2 { log(right) } else { log(x / (2.0 * right)) })
                    .collect()
            })
            .collect();
        let all = |t: &Vec<Vec<f64>>| t.iter().map(|x| x.iter().map(|p| log(*p)).collect()).collect();
        let often: Vec<Vec<i32>> = levels
            .plan
            .compare
            .iter()
            .enumerate()
            .map(|(c, compare)| {
                let flat = log(model.u[c][1]);
                levels.frame.counts[compare.on]
                    .iter()
                    .map(|n| if compare.frequency { log(f64::from((*n).max(1)) / rows) } else { flat })
                    .collect()
            })
            .collect();
        let around = near
            .iter()
            .enumerate()
            .map(|(c, near)| {
                let log = |l: usize, n: f32| {
                    fixed(((f64::from(n) + model.u[c][l]) / (rows + 1.0)).max(1e-12).log2())
                };
                (0..=levels.count(c))
                    .map(|l| {
                        let near = near.as_ref().and_then(|n| n.get(l)).filter(|_| l > 1)?;
                        Some(near.iter().map(|n| log(l, *n)).collect())
                    })
                    .collect()
            })
            .collect();
        let (m, _) = model.swap;
        Self {
            levels,
            shows,
            pair: all(&model.m),
            u: all(&model.u),
            often,
            around,
            swap: fixed((m / 2.0 / (1.0 - m / 2.0)).max(1e-9).log2()),
            plus: (0..20 * BIT)
                .map(|x| fixed((1.0 + (-f64::from(x) / f64::from(BIT)).exp2()).log2()))
                .collect(),
            prior: fixed((model.prior / (1.0 - model.prior)).log2()),
            known: HashMap::new(),
        }
    }

    /// The comparison whose column may be exchanged with this one's.
    #[must_use]
    pub fn partner(&self, c: usize) -> usize {
        match self.levels.plan.swap {
            Some((a, b)) if c == a => b,
            Some((a, b)) if c == b => a,
            _ => c,
        }
    }

    /// log2(2^a + 2^b).
    fn add(&self, a: i32, b: i32) -> i32 {
        a.max(b) + self.plus.get(a.abs_diff(b) as usize).copied().unwrap_or(0)
    }

    fn seen_often(&self, c: usize, seen: Seen) -> i32 {
        let at = if seen.crossed { self.partner(c) } else { c };
        self.often[at][seen.value as usize]
    }

    fn level(&mut self, c: usize, a: u32, b: u32) -> usize {
        let key = (c as u8, a.min(b), a.max(b));
        let levels = self.levels;
        usize::from(*self.known.entry(key).or_insert_with(|| levels.of(c, key.1, key.2) as u8))
    }

    fn u(&self, c: usize, l: usize, truth: u32) -> i32 {
        self.around[c][l].as_ref().map_or(self.u[c][l], |a| a[truth as usize])
    }

    /// Bits of a row's value given the truth, over its frequency.
    fn given(&self, c: usize, l: usize, seen: Seen, truth: u32) -> i32 {
        if l == 1 {
            self.shows[c][1] - self.seen_often(c, seen)
        } else {
            self.shows[c][l] - self.u(c, l, truth).max(self.seen_often(c, seen))
        }
    }

    /// Bits of a comparison's values in one group. A lone row says nothing but whether its names are exchanged.
    pub fn field(&mut self, c: usize, field: &Field) -> i32 {
        let rows: u32 = field.iter().map(|s| s.times).sum();
        match field.as_slice() {
            [] => return 0,
            [one] if rows == 1 => {
                return if one.crossed {
                    self.often[c][one.value as usize] - self.seen_often(c, *one)
                } else {
                    0
                };
            }
            _ => {}
        }
        let mut sum: Option<i32> = None;
        for (i, truth) in field.iter().enumerate() {
            if i > 0 && field[i - 1].value == truth.value {
                continue;
            }
            let mut bits = self.often[c][truth.value as usize];
            for seen in field {
                let l = if seen.value == truth.value { 1 } else { self.level(c, seen.value, truth.value) };
                bits += seen.times as i32 * self.given(c, l, *seen, truth.value);
            }
            sum = Some(sum.map_or(bits, |s| self.add(s, bits)));
        }
        sum.unwrap_or(0)
    }

    /// Bits gained when two groups share a comparison whose value may change: the mean ratio over pairs of rows.
    pub fn changing(&mut self, c: usize, a: &Field, b: &Field) -> i32 {
        let mut sum: Option<i32> = None;
        let mut pairs = 0;
        for x in a {
            for y in b {
                let l = if x.value == y.value { 1 } else { self.level(c, x.value, y.value) };
                let against = if l == 1 {
                    self.seen_often(c, *x).max(self.seen_often(c, *y))
                } else {
                    self.u(c, l, x.value).max(self.u(c, l, y.value))
                };
                let n = x.times * y.times;
                let bits = self.pair[c][l] - against + fixed(f64::from(n).log2());
                pairs += n;
                sum = Some(sum.map_or(bits, |s| self.add(s, bits)));
            }
        }
        sum.map_or(0, |s| s - fixed(f64::from(pairs).log2()))
    }

    /// Bits of rows whose names are exchanged.
    #[must_use]
    pub fn exchanged(&self, rows: u32) -> i32 {
        self.swap * rows as i32
    }

    /// Bits of two rows with a known level vector, without the prior.
    #[must_use]
    pub fn two(&self, a: u32, b: u32, pattern: Pattern) -> i32 {
        let swapped = pattern & SWAPPED != 0;
        let mut bits = if swapped { self.swap + BIT } else { 0 };
        for c in 0..self.levels.plan.compare.len() {
            let l = level(pattern, c);
            if l == 0 {
                continue;
            }
            let crossed = swapped && self.levels.plan.swap.is_some_and(|(p, q)| p == c || q == c);
            let x = Seen { value: self.levels.value(c, a, false), crossed: false, times: 1 };
            let y = Seen { value: self.levels.value(c, b, crossed), crossed, times: 1 };
            let often = |s: Seen| self.often[c][s.value as usize];
            bits += if l == 1 {
                self.pair[c][1] - self.seen_often(c, y)
            } else {
                let truth = |t: Seen, other: Seen| {
                    often(t) + self.given(c, 1, t, t.value) + self.given(c, l, other, t.value)
                };
                self.add(truth(x, y), truth(y, x))
            };
        }
        bits
    }
}

/// For one comparison: rows whose value is near each value, by level and value. What is near a frequent name is near by
/// chance more often. `None` when the comparison does not ask for it.
pub type Near = Option<Vec<Vec<f32>>>;

/// Counts the neighbours of every value of a comparison.
#[must_use]
pub fn near(levels: &Levels<'_>, c: usize) -> Near {
    let compare = &levels.plan.compare[c];
    if !compare.frequency || compare.tests.is_empty() {
        return None;
    }
    let kinds = levels.count(c);
    let counts = &levels.frame.counts[compare.on];
    let rows = levels.frame.len() as f64;
    let present: Vec<u32> = (1..counts.len() as u32).filter(|v| counts[*v as usize] > 0).collect();
    let often = |v: u32| counts[v as usize] as f32;
    // A value seen once or twice has no weight of its own in a neighbourhood.
    let mut frequent: Vec<u32> = present
        .iter()
        .copied()
        .filter(|v| counts[*v as usize] > 2 && f64::from(counts[*v as usize]) * NEGLIGIBLE >= rows)
        .collect();
    frequent.sort_by_key(|v| (std::cmp::Reverse(counts[*v as usize]), *v));
    frequent.truncate(NEIGHBOURS);
    let mut near = vec![vec![0.0; counts.len()]; kinds];
    for v in &present {
        for other in &frequent {
            let l = levels.of(c, *v, *other);
            if l > 1 && l < kinds {
                near[l][*v as usize] += often(*other);
            }
        }
    }
    for (i, _) in compare.tests.iter().enumerate() {
        let Some(groups) = levels.group_of(c, i) else { continue };
        let mut size = vec![0.0; groups.iter().max().map_or(0, |m| *m as usize) + 1];
        present.iter().for_each(|v| size[groups[*v as usize] as usize] += often(*v));
        for v in &present {
            let g = groups[*v as usize] as usize;
            near[i + 2][*v as usize] = if g == 0 { 0.0 } else { size[g] - often(*v) };
        }
    }
    Some(near)
}
