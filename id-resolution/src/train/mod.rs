//! Training (学習): records → a model, in two passes over them.
//!
//! 1. Names: how often each is met and how its kanji are read ([`NameBook`]), each person counted about once.
//! 2. Probabilities of the levels: for the same person from silver pairs ([`silver`]), for strangers from pairs drawn at
//!    random; checked against EM over the candidates ([`em`]). Households and twins keep what is built in: no number
//!    shows such pairs without saying what is to be learned from them.
//!
//! Only counts leave this module, never a pair or a person. The same records give the same model in any order.

pub mod em;
pub mod measure;
mod report;
pub mod sample;
pub mod silver;
pub mod tally;

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, DefaultHasher};

pub use report::{Cell, Names, Parted, TrainingReport};

use crate::mpi::entity::canonical;
use crate::mpi::keys::keys;
use crate::mpi::model::{Model, Scorer};
use crate::mpi::row::{Lexicon, Row, flag, hash64};
use crate::mpi::score::{Time, score};
use crate::mpi::weights::{Class, Comparison, Weights, bits};
use crate::mpi::{BIT, Record};
use crate::names::NameBook;
use crate::normalise::normalise;
use crate::sent::{Normal, Sent};
use em::Em;
use sample::Sample;
use silver::Proof;
use tally::{Look, Looks, Tally};

/// How to train. The defaults fit from ten thousand records to a hundred million.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name and number of the model: `name/number`.
    pub version: String,
    /// What stands where the records teach nothing; its rules are kept.
    pub base: Model,
    /// A name that fewer persons (by name and birth date) bear does not enter the model: a rarer one could point to a
    /// person. Five stands above what one person's slips of the birth date make of one bearer; a higher number costs
    /// recall while the records are few (docs/matching-model.md has the figures), and nothing at the size of a country.
    pub name_min: u32,
    /// With fewer parted names than this the built-in book stays beside the learned one.
    pub names_enough: u64,
    /// Persons in the population; `None`: estimated.
    pub population: Option<u64>,
    /// A level moves when it was met, or should have been met, at least so often …
    pub seen_min: u64,
    /// … among at least so many pairs that could have shown it.
    pub pairs_min: u64,
    /// Pairs' worth of belief in the base table.
    pub smoothing: u64,
    /// Descriptions sampled for silver pairs.
    pub silver_rows: usize,
    /// Descriptions sampled for candidates (EM).
    pub candidate_rows: usize,
    /// Descriptions sampled for pairs of strangers, and with how many others each is paired.
    pub random_rows: (usize, usize),
    /// Descriptions sampled for the number of persons.
    pub birth_rows: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: "trained/1".to_owned(),
            base: Model::default(),
            name_min: 5,
            names_enough: 20_000,
            population: None,
            seen_min: 20,
            pairs_min: 500,
            smoothing: 200,
            silver_rows: 600_000,
            candidate_rows: 400_000,
            random_rows: (60_000, 64),
            birth_rows: 60_000,
        }
    }
}

/// Learns a model. `records` is called twice and hands over every record, in any order; the model's version is that of
/// the options until a file of it is made (see [`crate::model_file`]).
///
/// # Errors
/// What `records` says.
pub fn train<E>(
    options: &Options,
    mut records: impl FnMut(&mut dyn FnMut(&Record<'_>)) -> Result<(), E>,
) -> Result<(Model, TrainingReport), E> {
    let mut names = Learner::default();
    records(&mut |record| names.take(&record.sent))?;
    let mut report =
        TrainingReport { records: names.records, persons_named: names.taught, ..TrainingReport::default() };
    let mut model = options.base.clone();
    options.version.clone_into(&mut model.version);
    let (book, unseen) = names.finish(options, &mut report);
    model.names = book;
    model.rules.unseen_name = unseen.unwrap_or(model.rules.unseen_name);
    let mut samples = Samples::new(options);
    let mut lexicon = Lexicon::default();
    {
        let (mut normal, mut own) = (Normal::default(), Vec::new());
        let unseen = model.rules.unseen_name;
        records(&mut |record| {
            normalise(&record.sent, &model.names, &mut normal);
            let row = lexicon.row(&normal, record.sent.facility, record.seen, &model.names, unseen);
            samples.offer(&row, &lexicon, &mut own);
        })?;
    }
    report.aside = samples.aside;
    report.keys = samples.keys;
    model.rules.population = options.population.unwrap_or_else(|| persons(&model, &lexicon, &samples.births));
    report.population = model.rules.population;

    let silver = silver::learn(&model, &lexicon, &samples.silver);
    let (pairs, strange) = silver::strangers(&model, &lexicon, &samples.random, options.random_rows.1);
    let looks = candidates(&model, &lexicon, &samples.candidates);
    report.silver = silver.pairs.iter().map(|(proof, n)| (*proof, *n)).collect();
    report.silver_share = report::thousandths(samples.silver.share());
    report.random_pairs = pairs;
    report.candidate_pairs = looks.values().sum();
    report.candidate_looks = looks.len() as u64;
    report.candidate_share = report::thousandths(samples.candidates.share());

    let base = options.base.weights.clone();
    let mut weights = base.clone();
    let moved = [(Class::Same, &silver.tally), (Class::Stranger, &strange)];
    for (class, tally) in moved {
        move_levels(options, &base, class, tally, &mut weights);
    }
    let em = em::fit(&weights, &strange, &looks);
    report.cells = cells(options, &base, &weights, (&silver.tally, &strange), &em);
    report.em_shares = em.shares.map(report::thousandths);
    model.weights = weights;
    Ok((model, report))
}

type Seen = HashSet<u64, BuildHasherDefault<DefaultHasher>>;

/// The first pass.
#[derive(Default)]
struct Learner {
    book: Option<NameBook>,
    normal: Normal,
    /// Hashes of name and birth date: who taught already.
    seen: Seen,
    records: u64,
    taught: u64,
    plain: Option<NameBook>,
}

impl Learner {
    fn take(&mut self, sent: &Sent<'_>) {
        self.records += 1;
        let plain = self.plain.get_or_insert_with(NameBook::empty);
        normalise(sent, plain, &mut self.normal);
        let n = &self.normal;
        if !(n.parted_kana || n.parted_kanji) {
            return;
        }
        let birth = u64::from(n.birth.year) << 16 | u64::from(n.birth.month) << 8 | u64::from(n.birth.day);
        let parts = [
            n.family.kana.as_slice(),
            n.given.kana.as_slice(),
            n.family.kanji.as_bytes(),
            n.given.kanji.as_bytes(),
        ];
        let flags = [n.parted_kana, n.parted_kanji, n.foreign, n.test_patient];
        let birth = flags.iter().fold(birth, |seed, flag| seed << 1 | u64::from(*flag));
        let who = parts.iter().fold(birth, |seed, part| hash64(seed.rotate_left(7), part));
        if self.seen.insert(who) {
            self.taught += 1;
            self.book.get_or_insert_with(NameBook::empty).learn(n);
        }
    }

    fn finish(self, options: &Options, report: &mut TrainingReport) -> (NameBook, Option<u16>) {
        let mut book = self.book.unwrap_or_else(NameBook::empty);
        report.names_before = Names::of(&book);
        let unseen = report::unseen(&book, options.name_min);
        book.prune(options.name_min);
        report.names_kept = Names::of(&book);
        report.builtin_names = book.family_kanji_total().max(book.family_kana_total()) < options.names_enough;
        if report.builtin_names {
            book.merge(&NameBook::builtin());
        }
        (book, unseen)
    }
}

/// What the second pass keeps of the records.
struct Samples {
    silver: Sample,
    candidates: Sample,
    random: Sample,
    births: Sample,
    aside: u64,
    keys: [u64; crate::mpi::keys::NAMES.len()],
}

impl Samples {
    fn new(options: &Options) -> Self {
        let crowded = options.base.rules.crowded;
        Self {
            silver: Sample::new(options.silver_rows, 50),
            candidates: Sample::new(options.candidate_rows, crowded),
            random: Sample::new(options.random_rows.0, 1),
            births: Sample::new(options.birth_rows, 4_000),
            aside: 0,
            keys: [0; crate::mpi::keys::NAMES.len()],
        }
    }

    fn offer(&mut self, row: &Row, lexicon: &Lexicon, own: &mut Vec<u64>) {
        if row.is(flag::ASIDE) {
            self.aside += 1;
            return;
        }
        let content = canonical(row, lexicon);
        keys(row, lexicon, own);
        for key in own.iter() {
            let number = usize::try_from(key & 31).unwrap_or(usize::MAX);
            if let Some(count) = self.keys.get_mut(number) {
                *count += 1;
            }
            self.candidates.offer(*key, content, row);
            if Proof::of_key(*key).is_some() {
                self.silver.offer(*key, content, row);
            }
        }
        self.random.offer(content, content, row);
        if row.has_birth() {
            self.births.offer(u64::from(row.birth), content, row);
        }
    }
}

/// Level vectors of pairs that share a key. Each pair is counted under the first key that it shares, so that every pair
/// is as likely to be in the sample as any other.
fn candidates(model: &Model, lexicon: &Lexicon, sample: &Sample) -> Looks {
    let scorer = Scorer::new(model);
    let mut looks = Looks::new();
    let mut own: Vec<Vec<u64>> = Vec::new();
    for block in sample.blocks().filter(|b| !b.full && b.rows.len() > 1) {
        let rows: Vec<&Row> = block.rows.values().collect();
        own.clear();
        for row in &rows {
            let mut out = Vec::new();
            keys(row, lexicon, &mut out);
            out.sort_unstable_by_key(|k| Sample::rank(*k));
            own.push(out);
        }
        for (i, (a, mine)) in rows.iter().zip(&own).enumerate() {
            for (b, theirs) in rows.iter().zip(&own).skip(i + 1) {
                let first = mine.iter().find(|k| theirs.contains(k) && sample.whole(**k));
                if first == Some(&block.key) {
                    let look = Look::of(a, b, score(&scorer, lexicon, a, b, Time::Counts).levels);
                    *looks.entry(look).or_default() += 1;
                }
            }
        }
    }
    looks
}

/// How many persons there are: those of a sample of birth dates, over the share of dates in it.
fn persons(model: &Model, lexicon: &Lexicon, births: &Sample) -> u64 {
    let scorer = Scorer::new(model);
    let mut found = 0u64;
    for block in births.blocks() {
        let rows: Vec<&Row> = block.rows.values().collect();
        let mut group: Vec<usize> = (0..rows.len()).collect();
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows.iter().enumerate().skip(i + 1) {
                let (x, y) = (group.get(i).copied().unwrap_or(i), group.get(j).copied().unwrap_or(j));
                if x != y && score(&scorer, lexicon, a, b, Time::Ignored).weight >= 0 {
                    group.iter_mut().filter(|g| **g == y).for_each(|g| *g = x);
                }
            }
        }
        group.sort_unstable();
        group.dedup();
        found += group.len() as u64;
    }
    ((found as f64 / births.share()).round() as u64).max(1)
}

/// Is there enough to move a level?
fn enough(options: &Options, base: i32, (shown, could): (f64, f64)) -> bool {
    let expected = could * (f64::from(base) / f64::from(BIT)).exp2();
    could >= options.pairs_min as f64 && shown.max(expected) >= options.seen_min as f64
}

/// May training touch it? What stands for the frequency of the very name does not move, nor do absent signs, which the
/// classes share.
fn movable(base: &Weights, comparison: Comparison, level: usize, class: usize) -> bool {
    let row = base.of(comparison as usize, level);
    let name = matches!(comparison, Comparison::Family | Comparison::Given);
    row != [0; 4] && !(name && (level == 12 || row.get(class) == Some(&0)))
}

fn move_levels(options: &Options, base: &Weights, class: Class, tally: &Tally, weights: &mut Weights) {
    for comparison in Comparison::ALL {
        for level in 1..=comparison.levels().len() {
            let before = base.of(*comparison as usize, level).get(class as usize).copied().unwrap_or(0);
            let counts = tally.get(*comparison, level);
            if !movable(base, *comparison, level, class as usize) || !enough(options, before, counts) {
                continue;
            }
            let prior = (f64::from(before) / f64::from(BIT)).exp2();
            let belief = options.smoothing as f64;
            // what was never seen may still be half a pair away
            let p = ((counts.0 + belief * prior) / (counts.1 + belief)).max(0.5 / (counts.1 + belief));
            let row = weights.table.get_mut(*comparison as usize).and_then(|t| t.get_mut(level));
            if let Some(slot) = row.and_then(|r| r.get_mut(class as usize)) {
                *slot = bits(p);
            }
        }
    }
}

/// Every cell of the table with what moved it and what EM says.
fn cells(options: &Options, base: &Weights, now: &Weights, tallies: (&Tally, &Tally), em: &Em) -> Vec<Cell> {
    let mut out = Vec::new();
    for comparison in Comparison::ALL {
        for level in 1..comparison.levels().len() {
            for class in Class::ALL {
                let at =
                    |w: &Weights| w.of(*comparison as usize, level).get(class as usize).copied().unwrap_or(0);
                let tally = match class {
                    Class::Same => Some(tallies.0),
                    Class::Stranger => Some(tallies.1),
                    Class::Household | Class::Twin => None,
                };
                let counts = tally.map_or((0.0, 0.0), |t| t.get(*comparison, level));
                let movable = movable(base, *comparison, level, class as usize);
                let seen_by_em = em.same.get(*comparison, level);
                let told = class == Class::Same && movable && enough(options, at(base), seen_by_em);
                out.push(Cell {
                    comparison: *comparison,
                    level,
                    class,
                    base: at(base),
                    learned: at(now),
                    shown: counts.0.round() as u64,
                    could: counts.1.round() as u64,
                    by_name: !movable && class == Class::Stranger,
                    moved: movable && tally.is_some() && enough(options, at(base), counts),
                    em: told.then(|| em.bits(*comparison, level, class as usize)),
                });
            }
        }
    }
    out
}
