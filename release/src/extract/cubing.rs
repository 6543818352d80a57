//! Reading the facts behind the cells of one unit (集計の読み出し). See [`super::cube`].

// As in `scan`: rows below the chunk's number of rows, persons below the unit's.
#![allow(clippy::indexing_slicing)]

use std::collections::HashMap;

use musubi_model::icd10::chapter_of;
use musubi_model::spec::Dimension;
use musubi_model::{CodeSystem, FactTable};
use musubi_storage::StorageError;
use musubi_storage::lake::{Chunk, Column, Texts};
use rust_decimal::Decimal;

use super::Snapshot;
use super::cells::Ask;
use super::cohort::Chosen;
use super::dims;
use super::linked::InsurerKind;
use super::people::Unit;
use super::rules::{CodeTest, Coded, Rules, date_of, usual};
use super::scan::{CODE_COLUMNS, CodeMemo, NO_DAY, Numbers};
use super::visit::{Seen, Visit, visit};
use crate::error::ReleaseError;
use crate::grid::CHAPTER_CATEGORIES;
use crate::person::ICD10;

/// A code that the request does not ask for.
const UNASKED: u16 = u16::MAX;

/// Facts of a unit's persons, or the persons themselves.
#[derive(Default)]
pub(super) struct Facts {
    /// In any order.
    pub(super) rows: Vec<FactIn>,
    /// What they measure, when anything is.
    pub(super) measured: Vec<Measured>,
    /// The codes that occur.
    pub(super) codes: Vec<String>,
    /// The dimensions of facts: their places among the dimensions of the request.
    places: Vec<usize>,
}

/// A fact in its cell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FactIn {
    pub(super) person: u32,
    /// Categories of the dimensions of facts (four at most), 16 bits each.
    pub(super) key: u64,
    /// Place of what it measures; [`NOT_MEASURED`].
    measure: u32,
}

/// A fact that only counts.
const NOT_MEASURED: u32 = u32::MAX;

/// What a fact measures.
#[derive(Clone, Copy, Default)]
pub(super) struct Measured {
    pub(super) amount: Option<Decimal>,
    pub(super) value: Option<Decimal>,
}

impl Facts {
    /// Of a table that counts persons as such.
    pub(super) fn of_nothing(chosen: &Chosen) -> Self {
        let row = |person| FactIn { person, key: 0, measure: NOT_MEASURED };
        let rows = (0u32..).zip(&chosen.index).filter(|(_, day)| **day != NO_DAY).map(|(p, _)| row(p));
        Self { rows: rows.collect(), ..Self::default() }
    }

    /// The categories of a fact at their places among those of its cell.
    pub(super) fn spread(&self, key: u64) -> u128 {
        let places = self.places.iter().enumerate();
        places.fold(0, |spread, (nth, place)| spread | u128::from(key >> (16 * nth) & 0xffff) << (16 * place))
    }

    /// What a fact measures.
    pub(super) fn measured(&self, fact: &FactIn) -> Measured {
        self.measured.get(fact.measure as usize).copied().unwrap_or_default()
    }
}

/// The facts in the period that a cube counts.
pub(super) fn facts_of(ask: &Ask<'_>, unit: &Unit, chosen: &Chosen) -> Result<Facts, ReleaseError> {
    let Some(table) = ask.table else { return Ok(Facts::default()) };
    if chosen.count() == 0 {
        return Ok(Facts::default());
    }
    let (places, dimensions) =
        ask.cube.dimensions.iter().enumerate().filter(|(_, d)| !dims::of_person(**d)).unzip();
    let prefixes = ask.cube.of.as_ref().map(|of| of.prefixes.as_slice()).unwrap_or_default();
    let mut reading = Cubing {
        ask,
        table,
        dimensions,
        test: CodeTest::new(None, prefixes),
        first: date_of(ask.rules.period.from),
        by_day: HashMap::new(),
        memo: CodeMemo::new(),
        code_place: HashMap::new(),
        loaded: Loaded::default(),
        run: (u32::MAX, Vec::new()),
        facts: Facts { places, ..Facts::default() },
    };
    visit(ask.snapshot, ask.rules, unit, chosen, table, &mut reading)?;
    Ok(reading.facts)
}

struct Cubing<'a> {
    ask: &'a Ask<'a>,
    table: FactTable,
    dimensions: Vec<Dimension>,
    test: CodeTest,
    first: jiff::civil::Date,
    /// Categories of a day, as part of a key.
    by_day: HashMap<i32, u64>,
    /// Category of a code.
    memo: CodeMemo<u16>,
    code_place: HashMap<String, u16>,
    loaded: Loaded,
    /// Where only persons are counted: the cells of the person whose rows these are.
    run: (u32, Vec<u64>),
    facts: Facts,
}

/// The columns of a chunk.
#[derive(Default)]
struct Loaded {
    quantities: Option<Numbers>,
    times: Vec<u32>,
    units: Option<Texts>,
    values: Option<Numbers>,
    providers: Option<Texts>,
}

impl Cubing<'_> {
    fn by_code(&self) -> bool {
        use Dimension::{CareLevel, DiagnosisChapter, DrugIngredient, Examination};
        let asked = |d: &Dimension| matches!(d, CareLevel | DiagnosisChapter | DrugIngredient | Examination);
        !self.test.is_any() || self.dimensions.iter().any(asked)
    }

    fn amount(&mut self, row: usize) -> Option<Decimal> {
        let loaded = &mut self.loaded;
        let quantity = loaded.quantities.as_mut()?.get(row)?;
        // Points, units and yen stand beside each other in one table, and never add up.
        let points = self.table != FactTable::Cost
            || loaded.units.as_ref().is_some_and(|u| u.text(u.keys()[row]) == self.ask.unit());
        let times = Decimal::from(loaded.times[row].max(1));
        points.then(|| quantity.saturating_mul(times))
    }

    fn day_key(&mut self, day: i32) -> u64 {
        let (dimensions, first) = (&self.dimensions, self.first);
        *self.by_day.entry(day).or_insert_with(|| {
            let date = date_of(day);
            let calendar = |d: &Dimension| matches!(d, Dimension::Year | Dimension::Month);
            dimensions
                .iter()
                .enumerate()
                .filter(|(_, d)| calendar(d))
                .fold(0, |key, (nth, d)| key | (dims::of_day(*d, date, first) as u64 & 0xffff) << (16 * nth))
        })
    }

    fn code(&mut self, row: usize) -> u16 {
        let Self { test, dimensions, code_place, facts, memo, .. } = self;
        let decide = |standard: Coded<'_>, source: Coded<'_>| {
            if !test.holds(standard, source) {
                return UNASKED;
            }
            if dimensions.contains(&Dimension::DiagnosisChapter) {
                return chapter(standard, source);
            }
            let by_code = dimensions.iter().find(|d| {
                matches!(d, Dimension::DrugIngredient | Dimension::Examination | Dimension::CareLevel)
            });
            let Some(dimension) = by_code else { return 0 };
            let (system, code) = usual(standard, source);
            let code = dims::of_code(*dimension, system, code);
            let next = u16::try_from(facts.codes.len()).unwrap_or(UNASKED);
            *code_place.entry(code.to_owned()).or_insert_with(|| {
                facts.codes.push(code.to_owned());
                next
            })
        };
        memo.get(row, decide).unwrap_or(UNASKED)
    }
}

/// The chapter of a diagnosis, as version 1 counts it.
fn chapter(standard: Coded<'_>, source: Coded<'_>) -> u16 {
    let found = [standard, source].into_iter().find(|(system, code)| *system == ICD10 && !code.is_empty());
    let number = found.and_then(|(_, code)| chapter_of(code)).map(|c| u16::from(c.number) - 1);
    number.unwrap_or(u16::try_from(CHAPTER_CATEGORIES - 1).unwrap_or(0))
}

impl Visit for Cubing<'_> {
    fn columns(&self) -> Vec<Column> {
        let mut columns = Vec::new();
        if self.by_code() {
            columns.extend(CODE_COLUMNS);
        }
        if self.ask.amounts() {
            columns.extend([Column::Quantity, Column::Times]);
            columns.extend((self.table == FactTable::Cost).then_some(Column::ValueUnit));
        }
        columns.extend(self.ask.values().then_some(Column::ValueNumber));
        columns.extend(self.asks_providers().then_some(Column::ProviderId));
        columns
    }

    fn load(&mut self, chunk: &Chunk) -> Result<(), StorageError> {
        if self.by_code() {
            self.memo.load(chunk)?;
        }
        self.loaded = Loaded::default();
        if self.ask.amounts() {
            self.loaded.quantities = Some(Numbers::load(chunk, Column::Quantity)?);
            self.loaded.times = chunk.u32s(Column::Times, 1)?;
            if self.table == FactTable::Cost {
                self.loaded.units = Some(chunk.texts(Column::ValueUnit)?);
            }
        }
        if self.asks_providers() {
            self.loaded.providers = Some(chunk.texts(Column::ProviderId)?);
        }
        if self.ask.values() {
            self.loaded.values = Some(Numbers::load(chunk, Column::ValueNumber)?);
        }
        Ok(())
    }

    fn row(&mut self, row: usize, seen: Seen) {
        let code = if self.by_code() { self.code(row) } else { 0 };
        if code == UNASKED {
            return;
        }
        let value = self.loaded.values.as_mut().and_then(|v| v.get(row));
        let mut key = self.day_key_of(seen.day);
        for (nth, dimension) in self.dimensions.iter().enumerate() {
            let place = match dimension {
                Dimension::DiagnosisChapter
                | Dimension::DrugIngredient
                | Dimension::Examination
                | Dimension::CareLevel => usize::from(code),
                Dimension::BedClass | Dimension::Municipality | Dimension::MedicalArea => {
                    self.by_provider(*dimension, row)
                }
                Dimension::ValueBand => dims::of_value(self.ask.cuts, value),
                _ => continue,
            };
            key |= (place as u64 & 0xffff) << (16 * nth);
        }
        let amount = self.amount(row);
        let mut measure = NOT_MEASURED;
        if amount.is_some() || value.is_some() {
            measure = u32::try_from(self.facts.measured.len()).unwrap_or(NOT_MEASURED);
            self.facts.measured.push(Measured { amount, value });
        } else {
            // Only the person counts: once in each cell.
            if self.run.0 != seen.person {
                self.run.0 = seen.person;
                self.run.1.clear();
            }
            if self.run.1.contains(&key) {
                return;
            }
            self.run.1.push(key);
        }
        self.facts.rows.push(FactIn { person: seen.person, key, measure });
    }
}

impl Cubing<'_> {
    fn asks_providers(&self) -> bool {
        let asked = |d: &Dimension| {
            matches!(d, Dimension::BedClass | Dimension::Municipality | Dimension::MedicalArea)
        };
        self.dimensions.iter().any(asked)
    }

    /// The category of the provider of a fact: its class of beds, or where it stands.
    fn by_provider(&self, dimension: Dimension, row: usize) -> usize {
        let snapshot = self.ask.snapshot;
        let provider = self.loaded.providers.as_ref().map(|p| p.text(p.keys()[row]));
        match dimension {
            Dimension::BedClass => {
                dims::of_beds(snapshot.bed_classes(), provider.and_then(|id| snapshot.beds_of(id)))
            }
            place => snapshot.places().category(place, provider),
        }
    }

    fn day_key_of(&mut self, day: i32) -> u64 {
        let calendar = self.dimensions.iter().any(|d| matches!(d, Dimension::Year | Dimension::Month));
        if calendar { self.day_key(day) } else { 0 }
    }
}

/// The kind of insurance of each person of a unit.
pub(super) fn insurers(
    snapshot: &Snapshot,
    rules: &Rules,
    unit: &Unit,
    chosen: &Chosen,
) -> Result<Vec<Option<InsurerKind>>, ReleaseError> {
    let mut votes =
        Payers { memo: CodeMemo::new(), votes: vec![[0; InsurerKind::ALL.len()]; unit.persons()] };
    visit(snapshot, rules, unit, chosen, FactTable::PayerPlanPeriod, &mut votes)?;
    Ok(votes.votes.iter().map(InsurerKind::most).collect())
}

/// Who says what of a person's insurance.
struct Payers {
    memo: CodeMemo<Option<InsurerKind>>,
    votes: Vec<[u32; InsurerKind::ALL.len()]>,
}

impl Visit for Payers {
    fn columns(&self) -> Vec<Column> {
        CODE_COLUMNS.to_vec()
    }

    fn load(&mut self, chunk: &Chunk) -> Result<(), StorageError> {
        self.memo.load(chunk)
    }

    fn row(&mut self, row: usize, seen: Seen) {
        let kind = self.memo.get(row, |_, (system, code)| {
            if system == CodeSystem::Payer.as_str() { InsurerKind::read(code) } else { None }
        });
        if let Some(kind) = kind.flatten() {
            self.votes[seen.person as usize][kind as usize] += 1;
        }
    }
}
