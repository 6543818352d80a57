//! What a model does with a set of records, in figures: for the report on a model. Counts only.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::mpi::engine::Mpi;
use crate::mpi::entity::{Room, Ruled, refine};
use crate::mpi::keys::{NAMES, keys};
use crate::mpi::model::{Model, Rules, Scorer};
use crate::mpi::{BIT, Day, Record};
use crate::names::NameBook;
use crate::sent::Sent;

/// The curve ends this many bits above the threshold of the model.
const ABOVE: i32 = 14;

/// Records taken in at a time.
const BATCH: usize = 200_000;

/// A record that was handed over, until its batch is taken in.
struct Kept {
    texts: [String; 16],
    seen: Option<(Day, Day)>,
}

impl Kept {
    fn of(record: &Record<'_>) -> Self {
        let s = &record.sent;
        let texts = [
            s.facility,
            s.local_number,
            s.name_kanji,
            s.name_kana,
            s.birth,
            s.sex,
            s.postal_code,
            s.address,
            s.phone,
            s.insurer,
            s.symbol,
            s.number,
            s.branch,
            s.care_insurer,
            s.care_number,
            s.inquiry_key,
        ];
        Self { texts: texts.map(str::to_owned), seen: record.seen }
    }

    fn record(&self) -> Record<'_> {
        let [
            facility,
            local_number,
            name_kanji,
            name_kana,
            birth,
            sex,
            postal_code,
            address,
            phone,
            insurer,
            symbol,
            number,
            branch,
            care_insurer,
            care_number,
            inquiry_key,
        ] = self.texts.each_ref().map(String::as_str);
        let sent = Sent {
            facility,
            local_number,
            name_kanji,
            name_kana,
            birth,
            sex,
            postal_code,
            address,
            phone,
            insurer,
            symbol,
            number,
            branch,
            care_insurer,
            care_number,
            inquiry_key,
        };
        Record { id: [0; 16], sent, seen: self.seen }
    }
}

/// Candidates by one key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct KeyFigures {
    /// Descriptions that carry it.
    pub postings: u64,
    /// Different values.
    pub values: u64,
    /// Pairs that share a value; crowded ones left out.
    pub pairs: u64,
    /// Values held by too many to say anything.
    pub crowded: u64,
}

/// The result at one threshold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Point {
    /// Threshold, 1/256 bits.
    pub threshold: i32,
    /// Persons.
    pub persons: u64,
    /// Joins of groups.
    pub joins: u64,
    /// Mean probability of the joins by the model itself.
    pub expected: f64,
    /// Precision and recall over pairs of records, where a truth is known.
    pub rates: Option<(f64, f64)>,
}

/// All figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Records.
    pub records: u64,
    /// Different descriptions among them.
    pub descriptions: u64,
    /// Records with nothing to match on, or of test patients.
    pub unlinkable: u64,
    /// Records that are a person of their own, beside the unlinkable.
    pub alone: u64,
    /// Pairs that were compared.
    pub compared: u64,
    /// Candidates by number of key.
    pub keys: Vec<KeyFigures>,
    /// How many persons have so many records.
    pub sizes: BTreeMap<u64, u64>,
    /// The threshold of the model.
    pub threshold: i32,
    /// The result at other thresholds.
    pub curve: Vec<Point>,
}

/// Links records and measures. `records` hands over every record once; `truth` tells the person of each, in that order,
/// where it is known. Gives the figures and for each record the number of its person.
///
/// # Errors
/// What `records` says.
pub fn measure<E>(
    model: &Model,
    truth: &dyn Fn(usize) -> Option<u32>,
    records: impl FnOnce(&mut dyn FnMut(&Record<'_>)) -> Result<(), E>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(Figures, Vec<u32>), E> {
    let mut mpi = Mpi::new(model);
    let mut of: Vec<u32> = Vec::new();
    // the engine takes whole batches; what the reader hands over is gone with the next record
    let mut batch: Vec<Kept> = Vec::new();
    records(&mut |record| {
        batch.push(Kept::of(record));
        if batch.len() == BATCH {
            of.extend(mpi.add(batch.iter().map(Kept::record)).rows);
            batch.clear();
        }
    })?;
    of.extend(mpi.add(batch.iter().map(Kept::record)).rows);
    drop(batch);
    let mut out = Figures {
        records: of.len() as u64,
        descriptions: mpi.rows().len() as u64,
        compared: mpi.scored(),
        threshold: model.rules.threshold,
        keys: blocking(model, &mpi),
        ..Figures::default()
    };
    let person: Vec<u32> = of.iter().map(|row| mpi.person(*row)).collect();
    let mut size: BTreeMap<u32, u64> = BTreeMap::new();
    for p in &person {
        *size.entry(*p).or_default() += 1;
    }
    for (row, p) in of.iter().zip(&person) {
        if !mpi.linkable(*row) {
            out.unlinkable += 1;
        } else if size.get(p) == Some(&1) {
            out.alone += 1;
        }
    }
    size.values().for_each(|n| *out.sizes.entry(*n).or_default() += 1);

    let known: Vec<(usize, u32)> = (0..of.len()).filter_map(|i| Some((i, truth(i)?))).collect();
    let steps: Vec<i32> =
        (model.rules.edge / BIT..=model.rules.threshold / BIT + ABOVE).map(|b| b * BIT).collect();
    let mut components: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in (0u32..).take(mpi.rows().len()) {
        components.entry(mpi.links().root(row)).or_default().push(row);
    }
    let mut room = Room::default();
    for (step, threshold) in steps.iter().enumerate() {
        progress(step, steps.len());
        // names decide nothing once rows stand
        let shifted = Model {
            version: String::new(),
            rules: Rules { threshold: *threshold, ..model.rules.clone() },
            weights: model.weights.clone(),
            names: NameBook::default(),
        };
        let scorer = Scorer::new(&shifted);
        let mut group: Vec<u32> = (0u32..).take(mpi.rows().len()).collect();
        let (mut joins, mut chance, mut persons) = (0u64, 0.0, 0u64);
        for members in components.values() {
            if members.len() == 1 {
                persons += 1;
                continue;
            }
            let refined =
                refine(&shifted, &scorer, mpi.lexicon(), mpi.rows(), members, Ruled::default(), &mut room);
            for (member, g) in members.iter().zip(&refined.group) {
                let stands = members.get(*g as usize).copied().unwrap_or(*member);
                if let Some(slot) = group.get_mut(*member as usize) {
                    *slot = stands;
                }
            }
            let mut groups = refined.group;
            groups.sort_unstable();
            groups.dedup();
            persons += groups.len() as u64;
            joins += refined.links.len() as u64;
            chance += refined.links.iter().map(|e| probability(e.weight)).sum::<f64>();
        }
        let expected = if joins == 0 { 1.0 } else { chance / joins as f64 };
        let cluster = |i: usize| of.get(i).and_then(|row| group.get(*row as usize)).copied().unwrap_or(0);
        let rates =
            (!known.is_empty()).then(|| rates(known.iter().map(|(i, t)| (cluster(*i), *t)).collect()));
        out.curve.push(Point { threshold: *threshold, persons, joins, expected, rates });
    }
    Ok((out, person))
}

/// Of log odds in 1/256 bits.
fn probability(weight: i32) -> f64 {
    1.0 / (1.0 + (-f64::from(weight) / f64::from(BIT)).exp2())
}

/// Precision and recall over pairs of (cluster, person).
fn rates(mut cells: Vec<(u32, u32)>) -> (f64, f64) {
    let pairs = |n: usize| (n * n.saturating_sub(1) / 2) as f64;
    cells.sort_unstable();
    let hit: f64 = cells.chunk_by(|a, b| a == b).map(|c| pairs(c.len())).sum();
    let put: f64 = cells.chunk_by(|a, b| a.0 == b.0).map(|c| pairs(c.len())).sum();
    cells.sort_unstable_by_key(|c| c.1);
    let belong: f64 = cells.chunk_by(|a, b| a.1 == b.1).map(|c| pairs(c.len())).sum();
    let share = |of: f64| if of == 0.0 { 1.0 } else { hit / of };
    (share(put), share(belong))
}

/// Candidates by key.
fn blocking(model: &Model, mpi: &Mpi<'_>) -> Vec<KeyFigures> {
    let (mut all, mut own) = (Vec::new(), Vec::new());
    for row in mpi.rows() {
        keys(row, mpi.lexicon(), &mut own);
        all.extend_from_slice(&own);
    }
    all.sort_unstable();
    let mut out = vec![KeyFigures::default(); NAMES.len()];
    for block in all.chunk_by(|a, b| a == b) {
        let number = block.first().and_then(|k| usize::try_from(k & 31).ok());
        let Some(figures) = number.and_then(|n| out.get_mut(n)) else { continue };
        let n = block.len() as u64;
        figures.postings += n;
        figures.values += 1;
        if block.len() > model.rules.crowded {
            figures.crowded += 1;
        } else {
            figures.pairs += n * (n - 1) / 2;
        }
    }
    out
}
