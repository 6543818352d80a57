//! From placed items to rows: one row per person and item, labels only, sorted by what stands in them.
//!
//! It must never write two rows of one person for the same item (how often something happened identifies), nor a value
//! beside a code that was made coarser.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use musubi_model::fact::FactTable;
use musubi_model::policy::EventPolicy;
use rayon::prelude::*;
use rust_decimal::Decimal;

use super::codes::{Codes, Ladders};
use super::grid::{Grid, UNDATED, When};
use super::specialise::{Aim, CellKey, Leaf, NOWHERE, Placed, leaves};
use super::values::Clip;
use super::{ClassPart, Counts, Detail, Event, Log};

/// How long an event lasted, as told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Days {
    /// Not told: an empty field.
    Untold,
    /// A band: `1`, `2-7`, `8-30`, `31-90`, `91+`; the number is its position.
    Band(u8),
    /// The number itself (pseudonymised products).
    Exactly(u16),
}

const BANDS: [(u16, &str); 5] = [(1, "1"), (7, "2-7"), (30, "8-30"), (90, "31-90"), (u16::MAX, "91+")];

impl Days {
    fn band(days: u16) -> Self {
        match BANDS.iter().position(|&(to, _)| days <= to) {
            Some(at) if days > 0 => Self::Band(u8::try_from(at).unwrap_or(0)),
            _ => Self::Untold,
        }
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untold => Ok(()),
            Self::Band(at) => f.write_str(BANDS.get(usize::from(*at)).map_or("", |(_, text)| text)),
            Self::Exactly(days) => write!(f, "{days}"),
        }
    }
}

/// A row of a file of events. Its texts come from [`Released`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Position of the person in the product.
    pub person: u32,
    /// Number of its label, for [`Released::table`] and [`Released::code`].
    pub label: u32,
    /// When.
    pub when: When,
    /// How long.
    pub days: Days,
    /// Rounded value, of codes told as in the source only.
    pub value: Option<Decimal>,
    /// Number of its unit, for [`Released::unit`].
    pub unit: u32,
}

/// The events of a product, ready to be written.
#[derive(Debug, Clone)]
pub struct Released {
    /// Sorted by person, then by the texts of their columns.
    pub rows: Vec<Row>,
    /// The steps in their order.
    pub log: Vec<Log>,
    /// For `risk.json`.
    pub counts: Counts,
    /// For `risk.json`; empty for pseudonymised products.
    pub clips: Vec<Clip>,
    /// How far events were made coarser.
    pub detail: Detail,
    /// Share of the detail of all events given that is left, 0 to 1: a quarter for being told at all, half for the
    /// code, a quarter for the bin.
    pub utility: f64,
    /// Persons with a code of the watch list in their rows, by number. Their area must be blank (C-045).
    pub watch_hits: Vec<u32>,
    pub(super) labels: Vec<(FactTable, String)>,
    pub(super) units: Vec<String>,
}

impl Released {
    /// The table, and so the file, of a row.
    #[must_use]
    pub fn table(&self, row: &Row) -> Option<FactTable> {
        self.labels.get(row.label as usize).map(|(table, _)| *table)
    }

    /// What stands in the column `code`.
    #[must_use]
    pub fn code(&self, row: &Row) -> &str {
        self.labels.get(row.label as usize).map_or("", |(_, text)| text)
    }

    /// What stands in the column `unit`.
    #[must_use]
    pub fn unit(&self, row: &Row) -> &str {
        (row.unit as usize).checked_sub(1).and_then(|i| self.units.get(i)).map_or("", String::as_str)
    }

    /// What stands in the column `value`.
    #[must_use]
    pub fn value(&self, row: &Row) -> String {
        row.value.map_or_else(String::new, |v| v.to_string())
    }

    /// Sorts the rows and finds the hits of the watch list, once labels and units are there.
    pub(super) fn finish(mut self, watch: &[String]) -> Self {
        let mut rows = std::mem::take(&mut self.rows);
        rows.par_sort_unstable_by(|a, b| {
            let file = |row: &Row| (row.person, self.table(row).map(FactTable::as_str));
            file(a).cmp(&file(b)).then_with(|| self.code(a).cmp(self.code(b))).then_with(|| {
                let same = (a.when, a.days, a.value, a.unit) == (b.when, b.days, b.value, b.unit);
                let texts = |r: &Row| {
                    (r.when.to_string(), r.days.to_string(), self.value(r), self.unit(r).to_owned())
                };
                if same { Ordering::Equal } else { texts(a).cmp(&texts(b)) }
            })
        });
        self.rows = rows;
        let watched =
            |row: &&Row| watch.iter().any(|w| !w.is_empty() && self.code(row).starts_with(w.as_str()));
        self.watch_hits = self.rows.iter().filter(watched).map(|r| r.person).collect();
        self.watch_hits.dedup();
        self
    }
}

/// Everything of a product but where its events were placed.
pub(super) struct Product<'a> {
    pub events: &'a [Event],
    pub parts: &'a [ClassPart],
    pub ladders: &'a Ladders,
    pub grid: &'a Grid,
    pub aim: Aim,
}

/// Points of an event's detail: 60 for being told, 120 for the code, 60 for the bin.
const POINTS: u64 = 240;

/// The points of all events of a class.
pub(super) fn utility(leaves: &[Leaf], placed: &Placed, ladders: &Ladders, grid: &Grid) -> u64 {
    told(leaves, placed).map(|(leaf, key)| u64::from(leaf.weight) * points(leaf, key, ladders, grid)).sum()
}

fn points(leaf: &Leaf, (label, level, _): CellKey, ladders: &Ladders, grid: &Grid) -> u64 {
    let chain = ladders.chain(leaf.code);
    let at = chain.iter().position(|&l| l == label).unwrap_or(0) as u64;
    let steps = (chain.len() as u64).saturating_sub(1).max(1);
    let bin = if leaf.day == UNDATED { 60 } else { 60 * u64::from(level) / u64::from(grid.finest()) };
    60 + 120 * at / steps + bin
}

/// The leaves that are told, with their items.
fn told<'a>(leaves: &'a [Leaf], placed: &'a Placed) -> impl Iterator<Item = (&'a Leaf, CellKey)> {
    leaves
        .iter()
        .zip(&placed.cell_of)
        .filter_map(|(leaf, &cell)| Some((leaf, *placed.cells.get(cell as usize)?)))
}

impl Product<'_> {
    fn part(&self, part: &ClassPart) -> (&[Event], Vec<Leaf>) {
        let own = self.events.get(part.events.clone()).unwrap_or_default();
        (own, leaves(own, self.grid, self.aim.dates_known))
    }

    /// A sum over the told leaves of all classes.
    fn sum(&self, placed: &[Placed], of: impl Fn(&Leaf, CellKey) -> u64 + Sync) -> u64 {
        let one = |(part, placed): (&ClassPart, &Placed)| -> u64 {
            told(&self.part(part).1, placed).map(|(leaf, key)| of(leaf, key)).sum()
        };
        self.parts.par_iter().zip(placed).map(one).sum()
    }

    /// Events that are told.
    pub(super) fn told(&self, placed: &[Placed]) -> usize {
        usize::try_from(self.sum(placed, |leaf, _| u64::from(leaf.weight))).unwrap_or(usize::MAX)
    }

    /// Events told with a coarser code than `depth` allows, or in a coarser bin than the finest.
    pub(super) fn coarsened(&self, placed: &[Placed], depth: &[u8]) -> usize {
        let coarser = |leaf: &Leaf, (label, level, _): CellKey| {
            let finest = usize::from(super::rare::told(depth, leaf.code)).saturating_sub(1);
            let code = self.ladders.chain(leaf.code).get(finest) != Some(&label);
            u64::from(code || self.coarser_bin(leaf, level)) * u64::from(leaf.weight)
        };
        usize::try_from(self.sum(placed, coarser)).unwrap_or(usize::MAX)
    }

    fn coarser_bin(&self, leaf: &Leaf, level: u8) -> bool {
        leaf.day != UNDATED && level < self.grid.finest()
    }

    /// Takes labels of fewer than `least` persons off all rows of the product. Their events go to the finest coarser
    /// item the person has anyway, or out: no other item gains or loses a person.
    pub(super) fn drop_rare_labels(&self, placed: &mut [Placed], least: u64) {
        let one = |(part, placed): (&ClassPart, &Placed)| {
            let leaves = self.part(part).1;
            let mut pairs: Vec<(u32, u32)> =
                told(&leaves, placed).map(|(l, key)| (key.0, l.person)).collect();
            pairs.sort_unstable();
            pairs.dedup();
            pairs
                .chunk_by(|a, b| a.0 == b.0)
                .map(|c| (c.first().map_or(0, |p| p.0), c.len() as u64))
                .collect()
        };
        let counts: Vec<Vec<(u32, u64)>> = self.parts.par_iter().zip(&*placed).map(one).collect();
        let mut persons: BTreeMap<u32, u64> = BTreeMap::new();
        for (label, n) in counts.into_iter().flatten() {
            *persons.entry(label).or_insert(0) += n;
        }
        persons.retain(|_, n| *n < least);
        if persons.is_empty() {
            return;
        }
        let rare = |label: u32| persons.contains_key(&label);
        self.parts.par_iter().zip(placed).for_each(|(part, placed)| {
            let leaves = self.part(part).1;
            let mut at = 0;
            for own in leaves.chunk_by(|a, b| a.person == b.person) {
                let Some(cells) = placed.cell_of.get_mut(at..at + own.len()) else { return };
                at += own.len();
                let key = |cell: u32| placed.cells.get(cell as usize).copied();
                let kept: Vec<(u32, CellKey)> =
                    cells.iter().filter_map(|&c| Some((c, key(c)?))).filter(|(_, k)| !rare(k.0)).collect();
                for (leaf, cell) in own.iter().zip(cells) {
                    if key(*cell).is_some_and(|(label, ..)| rare(label)) {
                        let holding = kept.iter().filter(|(_, key)| self.holds(*key, leaf));
                        let finest = holding.max_by_key(|(c, key)| {
                            (points(leaf, *key, self.ladders, self.grid), std::cmp::Reverse(*c))
                        });
                        *cell = finest.map_or(NOWHERE, |(c, _)| *c);
                    }
                }
            }
        });
    }

    /// Does an item hold a leaf?
    fn holds(&self, (label, level, start): CellKey, leaf: &Leaf) -> bool {
        self.ladders.chain(leaf.code).contains(&label) && self.grid.start(level, leaf.day) == start
    }

    /// The rows.
    pub(super) fn release(&self, placed: &[Placed], codes: &Codes, policy: &EventPolicy) -> Released {
        let rows: Vec<Vec<Row>> = self.parts.par_iter().zip(placed).map(|(p, at)| self.rows(p, at)).collect();
        let rows: Vec<Row> = rows.into_iter().flatten().collect();
        let mut items: Vec<(u32, When)> = rows.iter().map(|r| (r.label, r.when)).collect();
        items.par_sort_unstable();
        items.dedup();
        let coarsened = self.sum(placed, |leaf, (label, level, _)| {
            let code = self.ladders.chain(leaf.code).last() != Some(&label);
            u64::from(code || self.coarser_bin(leaf, level)) * u64::from(leaf.weight)
        });
        let points = self.sum(placed, |l, key| u64::from(l.weight) * points(l, key, self.ladders, self.grid));
        let labels = (0u32..).map_while(|l| self.ladders.label(l)).map(|(t, text)| (t, text.to_owned()));
        let counts = Counts {
            known_events: self.aim.m,
            k: policy.k.value,
            items: items.len() as u64,
            released: rows.len() as u64,
            coarsened,
            removed: 0,
        };
        let units = (1u32..).take(codes.units()).map(|u| codes.unit_text(u).to_owned());
        #[allow(clippy::cast_precision_loss)] // a share for people
        Released {
            counts,
            log: Vec::new(),
            clips: Vec::new(),
            detail: self.detail(placed),
            utility: points as f64 / (POINTS * (self.events.len() as u64).max(1)) as f64,
            watch_hits: Vec::new(),
            labels: labels.collect(),
            units: units.collect(),
            rows,
        }
        .finish(policy.watch_list.as_ref().map_or(&[], |w| w.value.as_slice()))
    }

    fn detail(&self, placed: &[Placed]) -> Detail {
        let one = |(part, placed): (&ClassPart, &Placed)| {
            let mut detail = Detail::new();
            for (leaf, (label, level, _)) in told(&self.part(part).1, placed) {
                let chain = self.ladders.chain(leaf.code);
                let climbed = chain.iter().rev().position(|&l| l == label).unwrap_or(0);
                let bins = if leaf.day == UNDATED { 0 } else { self.grid.finest() - level };
                let Some((table, _)) = self.ladders.label(label) else { continue };
                let key = (table, u8::try_from(climbed).unwrap_or(u8::MAX), bins);
                *detail.entry(key).or_insert(0) += u64::from(leaf.weight);
            }
            detail
        };
        let all: Vec<Detail> = self.parts.par_iter().zip(placed).map(one).collect();
        let mut detail = Detail::new();
        for (key, n) in all.into_iter().flatten() {
            *detail.entry(key).or_insert(0) += n;
        }
        detail
    }

    /// The rows of one class.
    fn rows(&self, part: &ClassPart, placed: &Placed) -> Vec<Row> {
        let (events, leaves) = self.part(part);
        // What is told, by person and item.
        let mut told: Vec<(u32, u32, When, usize)> = Vec::new();
        let mut at = 0;
        for (leaf, &cell) in leaves.iter().zip(&placed.cell_of) {
            let run = at..at + leaf.weight as usize;
            at = run.end;
            let Some(&(_, level, start)) = placed.cells.get(cell as usize) else { continue };
            for (event, of) in run.clone().zip(events.get(run).unwrap_or_default()) {
                let when = match of.day {
                    // Days the attacker does not know: the finest bin.
                    Some(day) if !self.aim.dates_known => {
                        self.grid.when(self.grid.finest(), self.grid.start(self.grid.finest(), day))
                    }
                    _ => self.grid.when(level, start),
                };
                told.push((of.person, cell, when, event));
            }
        }
        told.sort_unstable();
        let mut rows: Vec<(u32, Row)> = Vec::new();
        for item in told.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
            let Some(&(person, cell, when, _)) = item.first() else { continue };
            let Some(&(label, ..)) = placed.cells.get(cell as usize) else { continue };
            let of: Vec<&Event> = item.iter().filter_map(|&(.., event)| events.get(event)).collect();
            let days = Days::band(of.iter().map(|e| e.days).max().unwrap_or(0));
            let as_in_source = |e: &&&Event| self.ladders.chain(e.code).last() == Some(&label);
            let measured = of.iter().filter(as_in_source).filter_map(|e| Some((e.unit, e.value?)));
            let (unit, value) = middle(measured.collect());
            rows.push((cell, Row { person, label, when, days, value, unit }));
        }
        self.blank_rare_attributes(&mut rows);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// Blanks bands of days and units that fewer than k persons of the class have with the item.
    fn blank_rare_attributes(&self, rows: &mut [(u32, Row)]) {
        let mut persons: HashMap<(u32, Days, u32), (u32, u32)> = HashMap::new();
        for (cell, row) in rows.iter() {
            for key in [(*cell, row.days, 0), (*cell, Days::Untold, row.unit)] {
                let (n, last) = persons.entry(key).or_insert((0, u32::MAX));
                *n += u32::from(*last != row.person);
                *last = row.person;
            }
        }
        let enough = |key: &(u32, Days, u32)| persons.get(key).is_some_and(|(n, _)| *n >= self.aim.k);
        for (cell, row) in rows {
            if !enough(&(*cell, row.days, 0)) {
                row.days = Days::Untold;
            }
            if !enough(&(*cell, Days::Untold, row.unit)) {
                row.unit = 0;
                row.value = None;
            }
        }
    }
}

/// Of several values the lower median in the unit most of them have; the unit counts from 1, so 0 is none.
fn middle(mut measured: Vec<(u32, Decimal)>) -> (u32, Option<Decimal>) {
    measured.sort_unstable();
    let units = measured.chunk_by(|a, b| a.0 == b.0);
    let most = units.max_by_key(|of| (of.len(), std::cmp::Reverse(of.first().map_or(0, |m| m.0))));
    let middle = most.and_then(|of| of.get((of.len() - 1) / 2));
    middle.map_or((0, None), |&(unit, value)| (unit, Some(value)))
}
