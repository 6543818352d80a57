//! Parameters (学習): how often each level is seen between records of one person (m) and of two (u).
//!
//! u comes from pairs of rows drawn by a fixed hash. m comes from expectation maximisation over counts of level
//! vectors, so that a round costs the same for a thousand pairs and for a billion. Candidates of a blocking rule all
//! agree on the rule's columns, strangers too; so each rule is learned from alone, its own columns left out, and the
//! results are averaged by how many matches each rule saw.

// Indices are comparisons and levels of the plan at hand.
#![allow(clippy::indexing_slicing)]

use std::collections::BTreeMap;

use super::block::{Candidates, mix};
use super::config::Plan;
use super::levels::{Levels, Pattern, SWAPPED, level};

/// Rows drawn for u: pairs at most. Basis: a level that one pair in ten thousand shows is then seen 60 times.
const RANDOM_PAIRS: u64 = 600_000;
/// Rounds of expectation maximisation; it stops earlier when nothing moves by more than [`STILL`].
const ROUNDS: usize = 200;
const STILL: f64 = 1e-6;

/// What was learned.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Model {
    /// Chance that two rows drawn at random are one person.
    pub prior: f64,
    /// m of comparison and level; index 0 (missing) is unused.
    pub m: Vec<Vec<f64>>,
    /// u of comparison and level.
    pub u: Vec<Vec<f64>>,
    /// m and u of "names exchanged".
    pub swap: (f64, f64),
}

/// Level vectors and how many pairs show them, by the rules that hold.
pub type Counts = BTreeMap<(Pattern, u32), u64>;

/// Level vectors of all candidates.
#[must_use]
pub fn patterns(levels: &Levels<'_>, candidates: &Candidates) -> Vec<Pattern> {
    candidates.pairs.iter().map(|(a, b)| levels.pattern(*a, *b)).collect()
}

/// Counts the vectors.
#[must_use]
pub fn tally(patterns: &[Pattern], candidates: &Candidates) -> Counts {
    let mut counts = Counts::new();
    for (p, rules) in patterns.iter().zip(&candidates.rules) {
        *counts.entry((*p, *rules)).or_default() += 1;
    }
    counts
}

/// Vectors of pairs drawn at random (all pairs, of a small table).
#[must_use]
pub fn random(levels: &Levels<'_>) -> BTreeMap<Pattern, u64> {
    let n = levels.frame.len() as u64;
    let mut counts = BTreeMap::new();
    let linkable = |a: u64, b: u64| {
        let source = &levels.frame.source;
        a != b && (levels.plan.source.is_none() || source[a as usize] != source[b as usize])
    };
    let mut add = |a: u64, b: u64| {
        if linkable(a, b) {
            *counts.entry(levels.pattern(a as u32, b as u32)).or_default() += 1;
        }
    };
    if n * n.saturating_sub(1) / 2 <= RANDOM_PAIRS {
        (0..n).for_each(|a| (a + 1..n).for_each(|b| add(a, b)));
    } else {
        (0..RANDOM_PAIRS).for_each(|i| add(mix(2 * i + 1) % n, mix(2 * i + 2) % n));
    }
    counts
}

/// Pairs that could be linked at all.
#[must_use]
pub fn all_pairs(levels: &Levels<'_>) -> f64 {
    let n = levels.frame.len() as f64;
    let mut within: BTreeMap<u32, f64> = BTreeMap::new();
    for s in &levels.frame.source {
        *within.entry(*s).or_default() += 1.0;
    }
    let same: f64 =
        if levels.plan.source.is_none() { 0.0 } else { within.values().map(|k| k * (k - 1.0) / 2.0).sum() };
    (n * (n - 1.0) / 2.0 - same).max(1.0)
}

impl Model {
    /// A first guess: equal is likely for one person; u as counted.
    fn start(levels: &Levels<'_>, random: &BTreeMap<Pattern, u64>) -> Self {
        let kinds: Vec<usize> = (0..levels.plan.compare.len()).map(|c| levels.count(c)).collect();
        let m = kinds
            .iter()
            .map(|k| {
                (0..=*k)
                    .map(|l| match l {
                        0 => 0.0,
                        1 => 0.7,
                        _ => 0.3 / (*k as f64 - 1.0),
                    })
                    .collect()
            })
            .collect();
        let mut model = Self { prior: 1e-4, m, u: Vec::new(), swap: (0.02, 0.001) };
        model.estimate_u(levels, random, 0.0);
        model
    }

    /// u from random pairs, less the matches that must be among them.
    fn estimate_u(&mut self, levels: &Levels<'_>, random: &BTreeMap<Pattern, u64>, prior: f64) {
        let compare = levels.plan.compare.len();
        let mut seen: Vec<Vec<f64>> = (0..compare).map(|c| vec![0.0; levels.count(c) + 1]).collect();
        let (mut swapped, mut all) = (0.0, 0.0);
        for (p, n) in random {
            let n = *n as f64;
            all += n;
            swapped += if p & SWAPPED != 0 { n } else { 0.0 };
            for (c, s) in seen.iter_mut().enumerate() {
                s[level(*p, c)] += n;
            }
        }
        self.u = seen
            .iter()
            .enumerate()
            .map(|(c, s)| {
                let total: f64 = s.iter().skip(1).sum();
                let mut u: Vec<f64> = s
                    .iter()
                    .enumerate()
                    // Half a pair more than was seen: what was never seen among n pairs is rarer than 1/n.
                    .map(
                        |(l, n)| if l == 0 { 0.0 } else { (n - prior * total * self.m[c][l]).max(0.0) + 0.5 },
                    )
                    .collect();
                let sum: f64 = u.iter().sum();
                u.iter_mut().for_each(|x| *x /= sum);
                u
            })
            .collect();
        self.swap.1 = ((swapped - prior * all * self.swap.0).max(0.0) + 0.5) / (all + 1.0);
    }

    /// Bits (log2 of the likelihood ratio) of a vector over some comparisons.
    #[must_use]
    pub fn bits(&self, pattern: Pattern, over: impl Fn(usize) -> bool, swap: bool) -> f64 {
        let mut bits = 0.0;
        for c in 0..self.m.len() {
            let l = level(pattern, c);
            if l != 0 && over(c) {
                bits += (self.m[c][l] / self.u[c][l]).log2();
            }
        }
        if swap {
            let (m, u) = self.swap;
            bits += if pattern & SWAPPED != 0 { (m / u).log2() } else { ((1.0 - m) / (1.0 - u)).log2() };
        }
        bits
    }
}

/// Expectation maximisation over vectors. Returns the expected number of matches.
fn em(model: &mut Model, vectors: &[(Pattern, f64)], over: &[bool], swap: bool) -> f64 {
    let all: f64 = vectors.iter().map(|v| v.1).sum();
    let mut share = 0.1;
    for _ in 0..ROUNDS {
        let mut seen: Vec<Vec<f64>> = model.m.iter().map(|m| vec![0.0; m.len()]).collect();
        let (mut matches, mut swapped) = (0.0, 0.0);
        for (pattern, n) in vectors {
            let odds = model.bits(*pattern, |c| over[c], swap).min(300.0).exp2() * share / (1.0 - share);
            let p = n * odds / (1.0 + odds);
            matches += p;
            swapped += if pattern & SWAPPED != 0 { p } else { 0.0 };
            for (c, s) in seen.iter_mut().enumerate() {
                s[level(*pattern, c)] += p;
            }
        }
        let mut moved: f64 = 0.0;
        for (c, s) in seen.iter().enumerate().filter(|(c, _)| over[*c]) {
            let kinds = s.len() as f64 - 1.0;
            // A tenth of a match for each level, so that none becomes impossible.
            let total: f64 = s.iter().skip(1).sum::<f64>() + 0.1 * kinds;
            for (m, s) in model.m[c].iter_mut().zip(s).skip(1) {
                let new = (s + 0.1) / total;
                moved = moved.max((new - *m).abs());
                *m = new;
            }
        }
        if swap {
            model.swap.0 = (swapped + 0.1) / (matches + 1.0);
        }
        let new = (matches / all).clamp(1e-9, 1.0 - 1e-6);
        moved = moved.max((new - share).abs());
        share = new;
        if moved < STILL {
            break;
        }
    }
    share * all
}

/// Learns everything from the candidates and from random pairs.
#[must_use]
pub fn train(levels: &Levels<'_>, counts: &Counts, random: &BTreeMap<Pattern, u64>) -> Model {
    let plan = levels.plan;
    let mut model = Model::start(levels, random);
    let pairs = all_pairs(levels);
    // Twice: u is first too high by the matches among the random pairs, which m tells how to take off.
    for _ in 0..2 {
        let sessions: Vec<(Model, Vec<bool>, bool, f64)> =
            (0..plan.block.len()).filter_map(|rule| session(&model, plan, counts, rule)).collect();
        average(&mut model, &sessions, counts);
        model.prior = prior(&model, counts, pairs);
        let prior = model.prior;
        model.estimate_u(levels, random, prior);
    }
    model.prior = prior(&model, counts, pairs);
    model
}

/// Rows of a person that are compared with one another; more say nothing new.
const ROWS_OF_PERSON: usize = 12;
/// Weight of expectation maximisation against the persons it found, in pairs.
const PRIOR_PAIRS: f64 = 100.0;

/// m again, from the persons of a first round; the prior and u follow.
pub fn refine(
    model: &mut Model,
    levels: &Levels<'_>,
    persons: &[Vec<u32>],
    counts: &Counts,
    random: &BTreeMap<Pattern, u64>,
) {
    let mut seen: Vec<Vec<f64>> = model.m.iter().map(|m| vec![0.0; m.len()]).collect();
    let (mut all, mut swapped) = (0.0, 0.0);
    for rows in persons {
        let rows = &rows[..rows.len().min(ROWS_OF_PERSON)];
        for (i, a) in rows.iter().enumerate() {
            for b in &rows[i + 1..] {
                let pattern = levels.pattern(*a, *b);
                all += 1.0;
                swapped += if pattern & SWAPPED != 0 { 1.0 } else { 0.0 };
                for (c, s) in seen.iter_mut().enumerate() {
                    s[level(pattern, c)] += 1.0;
                }
            }
        }
    }
    for (m, s) in model.m.iter_mut().zip(&seen) {
        // The first estimate counts as much as PRIOR_PAIRS pairs, so that few persons do not overrule it.
        let total: f64 = s.iter().skip(1).sum::<f64>() + PRIOR_PAIRS;
        for (m, s) in m.iter_mut().zip(s).skip(1) {
            *m = (s + PRIOR_PAIRS * *m) / total;
        }
    }
    model.swap.0 = (swapped + PRIOR_PAIRS * model.swap.0) / (all + PRIOR_PAIRS);
    model.prior = prior(model, counts, all_pairs(levels));
    let prior = model.prior;
    model.estimate_u(levels, random, prior);
}

/// What one blocking rule teaches.
fn session(
    start: &Model,
    plan: &Plan,
    counts: &Counts,
    rule: usize,
) -> Option<(Model, Vec<bool>, bool, f64)> {
    let used = |c: usize| {
        let of = &plan.columns[plan.compare[c].on].from;
        plan.block[rule].parts.iter().any(|(at, _)| plan.columns[*at].from.iter().any(|f| of.contains(f)))
    };
    let over: Vec<bool> = (0..plan.compare.len()).map(|c| !used(c)).collect();
    // Two comparisons that tell nothing about each other are the least that can be learned from.
    if over.iter().filter(|o| **o).count() < 2 {
        return None;
    }
    let swap = plan.swap.is_some_and(|(a, b)| over[a] && over[b]);
    let vectors: Vec<(Pattern, f64)> = counts
        .iter()
        .filter(|((_, rules), _)| rules >> rule & 1 == 1)
        .map(|((p, _), n)| (*p, *n as f64))
        .collect();
    if vectors.is_empty() {
        return None;
    }
    let mut model = start.clone();
    let matches = em(&mut model, &vectors, &over, swap);
    Some((model, over, swap, matches))
}

/// m averaged over the rules by the matches each has seen; what no rule could see is learned from all candidates.
fn average(model: &mut Model, sessions: &[(Model, Vec<bool>, bool, f64)], counts: &Counts) {
    let mut unseen = vec![false; model.m.len()];
    for (c, unseen) in unseen.iter_mut().enumerate() {
        let with: Vec<_> = sessions.iter().filter(|s| s.1[c]).collect();
        let weight: f64 = with.iter().map(|s| s.3).sum();
        if weight < 1.0 {
            *unseen = true;
            continue;
        }
        for l in 1..model.m[c].len() {
            model.m[c][l] = with.iter().map(|s| s.0.m[c][l] * s.3).sum::<f64>() / weight;
        }
    }
    let with: Vec<_> = sessions.iter().filter(|s| s.2).collect();
    let weight: f64 = with.iter().map(|s| s.3).sum();
    if weight >= 1.0 {
        model.swap.0 = with.iter().map(|s| s.0.swap.0 * s.3).sum::<f64>() / weight;
    }
    if unseen.iter().any(|u| *u) {
        let vectors: Vec<(Pattern, f64)> = counts.iter().map(|((p, _), n)| (*p, *n as f64)).collect();
        let mut all = model.clone();
        em(&mut all, &vectors, &vec![true; unseen.len()], true);
        for (c, _) in unseen.iter().enumerate().filter(|(_, u)| **u) {
            model.m[c].clone_from(&all.m[c]);
        }
    }
}

/// The prior at which the candidates' posteriors add up to it.
fn prior(model: &Model, counts: &Counts, pairs: f64) -> f64 {
    let mut prior = model.prior;
    let ratios: Vec<(f64, f64)> = counts
        .iter()
        .map(|((p, _), n)| (model.bits(*p, |_| true, true).min(300.0).exp2(), *n as f64))
        .collect();
    for _ in 0..ROUNDS {
        let odds = prior / (1.0 - prior);
        let sum: f64 = ratios.iter().map(|(r, n)| n * r * odds / (1.0 + r * odds)).sum();
        let new = (sum / pairs).clamp(1e-12, 0.5);
        if ((new - prior) / prior).abs() < STILL {
            return new;
        }
        prior = new;
    }
    prior
}
