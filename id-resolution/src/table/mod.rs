//! Matching of any table (表の突合): a Fellegi-Sunter model learned from the table itself, and persons from it.
//!
//! [`config`] says what is compared; [`csv`] and [`frame`] read; [`block`] finds candidates; [`levels`] compares them;
//! [`train`] learns; [`score`] weighs groups of rows; [`entity`] joins them. [`link`] does all of it. The same rows
//! in any order give the same persons.

// Numbers of rows, pairs and levels become floats and small integers all over; sizes are checked in `frame`.
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
// Indices are rows and comparisons made here.
#![allow(clippy::indexing_slicing)]

pub mod block;
pub mod config;
pub mod csv;
pub mod entity;
pub mod frame;
pub mod level;
pub mod levels;
pub mod score;
pub mod text;
pub mod train;
pub mod transform;

use std::collections::BTreeMap;

use block::Candidates;
use config::Plan;
use csv::Sheet;
use entity::{FLOOR, Join, Joiner};
use frame::{Frame, Unfit};
use level::Test;
use levels::{Levels, Pattern};
use score::{BIT, Near, Scorer};
use train::Model;

/// A step of the work, for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Laying out the table.
    Read,
    /// Finding candidates.
    Block,
    /// Comparing them.
    Compare,
    /// Learning.
    Train,
    /// Joining.
    Join,
}

/// A pair with its weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Row of the table.
    pub a: usize,
    /// Row of the table.
    pub b: usize,
    /// Bits of the pair alone, prior included, in 1/[`BIT`].
    pub weight: i32,
}

/// What matching found.
#[derive(Debug)]
pub struct Linked {
    /// For each row of the table, the row whose record id names its person: the smallest id.
    pub person: Vec<usize>,
    /// Candidate pairs that are worth something.
    pub edges: Vec<Edge>,
    /// Joins made, and those that were not worth it: rows of the table.
    pub joins: Vec<(usize, usize, i32)>,
    /// Joins below this were not made, in 1/[`BIT`] bits.
    pub threshold: i32,
    /// F1 that the model expects of itself.
    pub expected_f1: f64,
    /// What was learned.
    pub model: Model,
    /// Candidate pairs.
    pub candidates: usize,
    /// Candidate pairs of each rule, and blocks left out as too large.
    pub rules: Vec<(String, u64, u64)>,
    /// Rows with nothing to match on: kept, unlinked.
    pub blank: usize,
}

/// A model as it is written down: every weight with the words it stands for.
#[derive(Debug, serde::Serialize)]
pub struct Written<'a> {
    /// Version of this form.
    pub version: u32,
    /// Title of the configuration.
    pub title: &'a str,
    /// Chance that two rows drawn at random are one person.
    pub prior: f64,
    /// Bits above which groups were joined.
    pub threshold_bits: f64,
    /// m and u of names exchanged.
    pub swap: (f64, f64),
    /// Comparisons.
    pub compare: Vec<WrittenCompare<'a>>,
}

/// One comparison of a [`Written`] model.
#[derive(Debug, serde::Serialize)]
pub struct WrittenCompare<'a> {
    /// Its column.
    pub on: &'a str,
    /// Level, m, u, weight in 1/[`BIT`] bits without term frequency.
    pub levels: Vec<(String, f64, f64, i32)>,
}

impl Linked {
    /// Persons found.
    #[must_use]
    pub fn persons(&self) -> usize {
        self.person.iter().enumerate().filter(|(row, person)| row == *person).count()
    }

    /// What was learned, to be written down.
    #[must_use]
    pub fn model_of<'a>(&self, plan: &'a Plan) -> Written<'a> {
        let compare = plan.compare.iter().zip(self.model.m.iter().zip(&self.model.u)).map(|(c, (m, u))| {
            let names = std::iter::once("equal".to_owned())
                .chain(c.tests.iter().map(|t| format!("{t:?}")))
                .chain(std::iter::once("different".to_owned()));
            let levels = names
                .zip(m.iter().zip(u).skip(1))
                .map(|(name, (m, u))| (name, *m, *u, score::fixed((m / u).log2())))
                .collect();
            WrittenCompare { on: &plan.columns[c.on].name, levels }
        });
        Written {
            version: 1,
            title: &plan.title,
            prior: self.model.prior,
            threshold_bits: bits(self.threshold),
            swap: self.model.swap,
            compare: compare.collect(),
        }
    }
}

/// Matches a table.
///
/// # Errors
/// When the table does not fit the plan.
pub fn link(sheet: &Sheet, plan: &Plan, step: &mut dyn FnMut(Step)) -> Result<Linked, Unfit> {
    step(Step::Read);
    let frame = Frame::new(sheet, plan)?;
    let mut levels = Levels::new(plan, &frame);
    step(Step::Block);
    let candidates = block::candidates(&frame, plan);
    let mut seen = Compared::new(&levels, &candidates, None, step);
    let mut round = Round::new(&levels, &candidates, &seen, &[], step);
    // The persons of the first round teach the second: which values stand for one another, and what one person's
    // records look like without the blocking rules that found them.
    let found = groups(&persons(&frame, &round.joins, round.threshold.0));
    if !found.is_empty() {
        if levels.learn(&found) {
            seen = Compared::new(&levels, &candidates, Some(seen.near), step);
        }
        round = Round::new(&levels, &candidates, &seen, &found, step);
    }
    let Round { model, edges, joins, threshold: (threshold, expected_f1) } = round;
    let origin = |row: u32| frame.origin[row as usize];
    Ok(Linked {
        person: rows_of(&frame, &persons(&frame, &joins, threshold)),
        edges: edges.iter().map(|(a, b, w)| Edge { a: origin(*a), b: origin(*b), weight: *w }).collect(),
        joins: monotone(&joins).iter().map(|(a, b, g)| (origin(*a), origin(*b), *g)).collect(),
        threshold,
        expected_f1,
        model,
        candidates: candidates.pairs.len(),
        rules: plan
            .block
            .iter()
            .zip(candidates.by_rule.iter().zip(&candidates.crowded))
            .map(|(r, (n, c))| (r.name.clone(), *n, *c))
            .collect(),
        blank: frame.blank,
    })
}

/// What comparing gave: level vectors of candidates and of random pairs, and the neighbours of values.
struct Compared {
    patterns: Vec<Pattern>,
    random: BTreeMap<Pattern, u64>,
    near: Vec<Near>,
}

impl Compared {
    /// Neighbours once counted are counted again only where aliases may have changed them.
    fn new(
        levels: &Levels<'_>,
        candidates: &Candidates,
        near: Option<Vec<Near>>,
        step: &mut dyn FnMut(Step),
    ) -> Self {
        step(Step::Compare);
        let compare = &levels.plan.compare;
        let mut near = near.unwrap_or_default();
        near.resize_with(compare.len(), || None);
        for (c, (near, compare)) in near.iter_mut().zip(compare).enumerate() {
            if near.is_none() || compare.tests.contains(&Test::Alias) {
                *near = score::near(levels, c);
            }
        }
        Self { patterns: train::patterns(levels, candidates), random: train::random(levels), near }
    }
}

/// One round: learn from the candidates, join.
struct Round {
    model: Model,
    edges: Vec<(u32, u32, i32)>,
    joins: Vec<Join>,
    /// Threshold and expected F1.
    threshold: (i32, f64),
}

impl Round {
    fn new(
        levels: &Levels<'_>,
        candidates: &Candidates,
        seen: &Compared,
        persons: &[Vec<u32>],
        step: &mut dyn FnMut(Step),
    ) -> Self {
        step(Step::Train);
        let counts = train::tally(&seen.patterns, candidates);
        let mut model = train::train(levels, &counts, &seen.random);
        if !persons.is_empty() {
            train::refine(&mut model, levels, persons, &counts, &seen.random);
        }
        step(Step::Join);
        let scorer = Scorer::new(levels, &model, &seen.near);
        let mut edges = Vec::new();
        for ((a, b), pattern) in candidates.pairs.iter().zip(&seen.patterns) {
            let weight = scorer.two(*a, *b, *pattern) + scorer.prior;
            if weight >= FLOOR {
                edges.push((*a, *b, weight));
            }
        }
        let joins = Joiner::new(levels, scorer).run(edges.iter().map(|(a, b, _)| (*a, *b)));
        let (best, expected) = entity::threshold(&joins);
        let threshold = (levels.plan.threshold.map_or(best, score::fixed), expected);
        Self { model, edges, joins, threshold }
    }
}

/// The joins with the weight at which they fall apart: never more than the joins they stand on.
fn monotone(joins: &[Join]) -> Vec<(u32, u32, i32)> {
    let mut least: BTreeMap<u32, i32> = BTreeMap::new();
    joins
        .iter()
        .map(|j| {
            let of = |row: u32| least.get(&row).copied().unwrap_or(i32::MAX);
            let gain = j.gain.min(of(j.a)).min(of(j.b));
            least.insert(j.a, gain);
            (j.a, j.b, gain)
        })
        .collect()
}

/// For each row of the frame the row that names its person.
fn persons(frame: &Frame, joins: &[Join], threshold: i32) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..frame.len()).collect();
    fn root(parent: &mut [usize], mut x: usize) -> usize {
        while parent[x] != x {
            parent[x] = parent[parent[x]];
            x = parent[x];
        }
        x
    }
    for (a, b, gain) in monotone(joins) {
        if gain >= threshold {
            let (x, y) = (root(&mut parent, a as usize), root(&mut parent, b as usize));
            // The smallest record id names the person.
            let (keep, go) = if frame.ids[x] <= frame.ids[y] { (x, y) } else { (y, x) };
            parent[go] = keep;
        }
    }
    (0..frame.len()).map(|row| root(&mut parent, row)).collect()
}

/// The same, in rows of the table.
fn rows_of(frame: &Frame, person: &[usize]) -> Vec<usize> {
    let mut rows = vec![0; person.len()];
    for (row, person) in person.iter().enumerate() {
        rows[frame.origin[row]] = frame.origin[*person];
    }
    rows
}

/// Rows of each person of two rows or more.
fn groups(person: &[usize]) -> Vec<Vec<u32>> {
    let mut groups: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for (row, person) in person.iter().enumerate() {
        groups.entry(*person).or_default().push(row as u32);
    }
    groups.into_values().filter(|g| g.len() > 1).collect()
}

/// Bits for people to read.
#[must_use]
pub fn bits(weight: i32) -> f64 {
    f64::from(weight) / f64::from(BIT)
}
