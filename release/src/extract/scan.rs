//! Looking through the facts of a unit (事実の走査): what is decided on a code once holds for all rows that carry it.
//!
//! Hot loops over columns: no allocation for a row, no text compared twice in a row group. Never keeps a fact that no
//! rule asks for.

// Rows are counted from 0 to the chunk's number of rows, which all its columns have; keys of texts are below the number
// of texts, or NO_TEXT, which is replaced; persons are below the unit's number of persons.
#![allow(clippy::indexing_slicing)]

use std::collections::{BTreeSet, HashSet};
use std::ops::RangeInclusive;

use musubi_model::{DocumentHash, FactTable, IdentityId, PartialDate};
use musubi_storage::StorageError;
use musubi_storage::lake::{Chunk, Column, ColumnSet, NO_TEXT, Texts};
use rust_decimal::Decimal;

use super::Snapshot;
use super::people::{NOBODY, Unit};
use super::rules::{Coded, Rules, days_of};
use super::steps::Hit;
use crate::error::ReleaseError;
use crate::person::{Person, SUSPECTED, latest};

/// Days of a fact that has none; no calendar day comes near.
pub(super) const NO_DAY: i32 = i32::MIN;

/// What is decided on the codes of a fact, kept for the rows of a row group.
pub(super) struct CodeMemo<T> {
    texts: Option<[Texts; 4]>,
    known: Vec<Option<([u32; 3], T)>>,
}

/// The columns that a [`CodeMemo`] looks at.
pub(super) const CODE_COLUMNS: [Column; 4] =
    [Column::StandardSystem, Column::StandardCode, Column::SourceSystem, Column::SourceCode];

impl<T: Copy> CodeMemo<T> {
    pub(super) fn new() -> Self {
        Self { texts: None, known: Vec::new() }
    }

    /// Turns to another chunk.
    pub(super) fn load(&mut self, chunk: &Chunk) -> Result<(), StorageError> {
        let [a, b, c, d] = CODE_COLUMNS;
        let now = [chunk.texts(a)?, chunk.texts(b)?, chunk.texts(c)?, chunk.texts(d)?];
        let same = self.texts.as_ref().is_some_and(|old| old.iter().zip(&now).all(|(a, b)| a.same_keys(b)));
        if !same {
            self.known.clear();
            self.known.resize(now[3].distinct() + 1, None);
        }
        self.texts = Some(now);
        Ok(())
    }

    /// What `decide` says of the row's standard and source code. `None` before a chunk was loaded.
    pub(super) fn get(&mut self, row: usize, decide: impl FnOnce(Coded<'_>, Coded<'_>) -> T) -> Option<T> {
        let [std_system, std_code, system, code] = self.texts.as_ref()?;
        let keys = [std_system.keys()[row], std_code.keys()[row], system.keys()[row]];
        let key = code.keys()[row];
        // A source code mostly has one standard code: the last place is for rows without a code.
        let place = if key == NO_TEXT { code.distinct() } else { key as usize };
        if let Some((of, known)) = self.known[place]
            && of == keys
        {
            return Some(known);
        }
        let decided = decide(
            (std_system.text(keys[0]), std_code.text(keys[1])),
            (system.text(keys[2]), code.text(key)),
        );
        self.known[place] = Some((keys, decided));
        Some(decided)
    }
}

/// Whose rows these are: asks once for each run of rows of one identity.
pub(super) struct Whose<'a> {
    unit: &'a Unit,
    last: Option<([u8; 16], u32)>,
}

impl<'a> Whose<'a> {
    pub(super) fn new(unit: &'a Unit) -> Self {
        Self { unit, last: None }
    }

    pub(super) fn person(&mut self, identity: &[u8; 16]) -> u32 {
        match self.last {
            Some((of, person)) if of == *identity => person,
            _ => {
                let person = self.unit.person(identity);
                self.last = Some((*identity, person));
                person
            }
        }
    }
}

/// Which facts are still current.
pub(super) struct Alive<'a> {
    dead: &'a HashSet<(DocumentHash, u32)>,
    last: Option<((DocumentHash, u32), bool)>,
}

impl<'a> Alive<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self { dead: &snapshot.dead, last: None }
    }

    /// The columns to look at, when any unit is dead.
    pub(super) fn columns(&self, set: ColumnSet) -> ColumnSet {
        if self.dead.is_empty() { set } else { set.with(Column::Document).with(Column::Unit) }
    }

    /// The units of a chunk.
    pub(super) fn load<'c>(&self, chunk: &'c Chunk) -> Result<Units<'c>, StorageError> {
        if self.dead.is_empty() {
            return Ok(Units { documents: &[], units: Vec::new() });
        }
        Ok(Units { documents: chunk.bytes(Column::Document)?, units: chunk.u32s(Column::Unit, 0)? })
    }

    pub(super) fn is(&mut self, units: &Units<'_>, row: usize) -> bool {
        if self.dead.is_empty() {
            return true;
        }
        let unit = (DocumentHash(units.documents[row]), units.units[row]);
        match self.last {
            Some((of, alive)) if of == unit => alive,
            _ => {
                let alive = !self.dead.contains(&unit);
                self.last = Some((unit, alive));
                alive
            }
        }
    }
}

/// The units of the facts of a chunk.
pub(super) struct Units<'c> {
    documents: &'c [[u8; 32]],
    units: Vec<u32>,
}

/// The last day that days with a precision can mean.
pub(super) fn last_day(days: i32, precision: u8) -> i32 {
    if precision == 3 || days == NO_DAY {
        return days;
    }
    PartialDate::from_days(days, precision).map_or(days, |d| days_of(latest(&d)))
}

/// The days of the facts of a chunk.
pub(super) struct Days {
    pub(super) start: Vec<i32>,
    pub(super) start_precision: Vec<u8>,
    end: Vec<i32>,
    end_precision: Vec<u8>,
    goes_on: bool,
}

/// The columns that [`Days`] looks at.
pub(super) const DAY_COLUMNS: [Column; 4] =
    [Column::StartDays, Column::StartPrecision, Column::EndDays, Column::EndPrecision];

impl Days {
    pub(super) fn load(chunk: &Chunk, table: FactTable) -> Result<Self, StorageError> {
        Ok(Self {
            start: chunk.i32s(Column::StartDays, NO_DAY)?,
            start_precision: chunk.u8s(Column::StartPrecision)?,
            end: chunk.i32s(Column::EndDays, NO_DAY)?,
            end_precision: chunk.u8s(Column::EndPrecision)?,
            // A diagnosis without a last day goes on.
            goes_on: table == FactTable::ConditionOccurrence,
        })
    }

    /// The days that the first day can mean.
    pub(super) fn first(&self, row: usize) -> Option<(i32, i32)> {
        let start = self.start[row];
        (start != NO_DAY).then(|| (start, last_day(start, self.start_precision[row])))
    }

    /// The days from the first to the last.
    pub(super) fn whole(&self, row: usize) -> Option<(i32, i32)> {
        let (low, high) = self.first(row)?;
        let end = self.end[row];
        Some(match (end == NO_DAY, self.goes_on) {
            (true, true) => (low, i32::MAX),
            (true, false) => (low, high),
            (false, _) => (low, last_day(end, self.end_precision[row])),
        })
    }
}

/// Which modifiers say that a diagnosis is only suspected.
pub(super) struct Suspected(Option<(Texts, Vec<bool>)>);

impl Suspected {
    pub(super) fn load(chunk: &Chunk, asked: bool) -> Result<Self, StorageError> {
        if !asked {
            return Ok(Self(None));
        }
        let texts = chunk.texts(Column::Qualifiers)?;
        let is = |key: usize| {
            let text = texts.text(u32::try_from(key).unwrap_or(NO_TEXT));
            text.split_whitespace().any(|q| q == SUSPECTED)
        };
        let known = (0..texts.distinct()).map(is).collect();
        Ok(Self(Some((texts, known))))
    }

    pub(super) fn is(&self, row: usize) -> bool {
        self.0.as_ref().is_some_and(|(texts, known)| {
            let key = texts.keys()[row];
            key != NO_TEXT && known[key as usize]
        })
    }
}

/// Decimal numbers of a chunk, each text read once.
pub(super) struct Numbers {
    texts: Texts,
    known: Vec<Option<Option<Decimal>>>,
}

impl Numbers {
    pub(super) fn load(chunk: &Chunk, column: Column) -> Result<Self, StorageError> {
        let texts = chunk.texts(column)?;
        let known = vec![None; texts.distinct()];
        Ok(Self { texts, known })
    }

    pub(super) fn get(&mut self, row: usize) -> Option<Decimal> {
        let key = self.texts.keys()[row];
        if key == NO_TEXT {
            return None;
        }
        let texts = &self.texts;
        *self.known[key as usize].get_or_insert_with(|| Decimal::from_str_exact(texts.text(key)).ok())
    }
}

/// What the rules found among the facts of a unit.
pub(super) struct Found {
    /// For each person the first day of a diagnosis that counts; [`NO_DAY`]: none.
    pub(super) first: Vec<i32>,
    /// Facts of the steps, by person.
    pub(super) hits: Vec<Hit>,
}

/// Looks for the facts that the rules ask for.
pub(super) fn find(snapshot: &Snapshot, rules: &Rules, unit: &Unit) -> Result<Found, ReleaseError> {
    let mut found = Found { first: vec![NO_DAY; unit.persons()], hits: Vec::new() };
    for table in FactTable::ALL {
        let bits = rules
            .atoms
            .iter()
            .enumerate()
            .filter(|(_, a)| a.table == table)
            .fold(0u64, |b, (i, _)| b | 1 << i);
        if bits != 0 {
            of_table(snapshot, rules, unit, table, bits, &mut found)?;
        }
    }
    found.hits.sort_unstable();
    found.hits.dedup();
    Ok(found)
}

/// The days on which a fact must begin so that a rule of the table can look at it: later ones never do; earlier ones may
/// still last, or be known to the year only.
fn day_bounds(rules: &Rules, bits: u64) -> RangeInclusive<i32> {
    let asked = || rules.atoms.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, a)| a);
    let to = asked().map(|a| a.window.to).max().unwrap_or(i32::MAX);
    // A year is the least precise that a day can be known.
    let from = asked().map(|a| if a.in_period { i32::MIN } else { a.window.from.saturating_sub(366) }).min();
    from.unwrap_or(i32::MIN)..=to
}

fn of_table(
    snapshot: &Snapshot,
    rules: &Rules,
    unit: &Unit,
    table: FactTable,
    bits: u64,
    found: &mut Found,
) -> Result<(), ReleaseError> {
    let asked: Vec<(u32, &super::rules::Atom)> =
        (0u32..).zip(&rules.atoms).filter(|(i, _)| bits >> i & 1 == 1).collect();
    let by_code = asked.iter().any(|(_, a)| !a.codes.is_any());
    let by_value = asked.iter().any(|(_, a)| a.values.is_some());
    let doubts = table == FactTable::ConditionOccurrence && rules.without_suspected;
    let mut alive = Alive::new(snapshot);
    let mut columns = alive.columns(ColumnSet::of(&DAY_COLUMNS).with(Column::IdentityId));
    if by_code {
        columns = CODE_COLUMNS.into_iter().fold(columns, ColumnSet::with);
    }
    if by_value {
        columns = columns.with(Column::ValueNumber).with(Column::ValueComparator);
    }
    if doubts {
        columns = columns.with(Column::Qualifiers);
    }
    let decide = |standard: Coded<'_>, source: Coded<'_>| {
        asked.iter().filter(|(_, a)| a.codes.holds(standard, source)).fold(0u64, |mask, (i, _)| mask | 1 << i)
    };
    for group in snapshot.reader.groups(table, &unit.buckets, &day_bounds(rules, bits)) {
        let mut memo = CodeMemo::new();
        let mut whose = Whose::new(unit);
        let each = &mut |chunk: &Chunk| {
            let identities = chunk.bytes::<16>(Column::IdentityId)?;
            let days = Days::load(chunk, table)?;
            let suspected = Suspected::load(chunk, doubts)?;
            let units = alive.load(chunk)?;
            let mut values = match by_value {
                true => {
                    Some((Numbers::load(chunk, Column::ValueNumber)?, chunk.texts(Column::ValueComparator)?))
                }
                false => None,
            };
            if by_code {
                memo.load(chunk)?;
            }
            for (row, identity) in identities.iter().enumerate() {
                let mask = if by_code { memo.get(row, decide).unwrap_or(0) } else { bits };
                if mask == 0 || suspected.is(row) {
                    continue;
                }
                let person = whose.person(identity);
                if person == NOBODY || !alive.is(&units, row) {
                    continue;
                }
                for (nth, atom) in asked.iter().filter(|(i, _)| mask >> i & 1 == 1) {
                    let span = if atom.in_period { days.whole(row) } else { days.first(row) };
                    let Some((low, high)) = span else { continue };
                    let Some(day) = atom.window.meets(low, high) else { continue };
                    if let Some(bounds) = &atom.values {
                        let value = values.as_mut().and_then(|(numbers, comparators)| {
                            let comparator = comparators.text(comparators.keys()[row]);
                            numbers.get(row).map(|n| bounds.hold(n, comparator))
                        });
                        if value != Some(true) {
                            continue;
                        }
                    }
                    if *nth == 0 {
                        let first = &mut found.first[person as usize];
                        *first = if *first == NO_DAY { day } else { day.min(*first) };
                        continue;
                    }
                    let (low, high) = if atom.in_period { (day, day) } else { (low, high) };
                    found.hits.push(Hit { person, atom: *nth, low, high });
                }
            }
            Ok(())
        };
        snapshot.reader.read(group, columns, unit.few.as_ref(), each)?;
    }
    Ok(())
}

/// What the sources say of the persons for which `wanted`.
pub(super) fn persons(
    snapshot: &Snapshot,
    unit: &Unit,
    wanted: &dyn Fn(u32) -> bool,
) -> Result<Vec<Person>, ReleaseError> {
    let mut persons = vec![Person::default(); unit.persons()];
    let mut alive = Alive::new(snapshot);
    let columns = alive.columns(ColumnSet::of(&[
        Column::IdentityId,
        Column::StartDays,
        Column::StartPrecision,
        Column::Status,
        Column::SourceSystem,
        Column::SourceCode,
    ]));
    let few: Option<BTreeSet<IdentityId>> = unit.identities_of(wanted);
    let any = i32::MIN..=i32::MAX;
    for group in snapshot.reader.groups(FactTable::Person, &unit.buckets, &any) {
        let mut whose = Whose::new(unit);
        snapshot.reader.read(group, columns, few.as_ref(), &mut |chunk| {
            let identities = chunk.bytes::<16>(Column::IdentityId)?;
            let units = alive.load(chunk)?;
            let births = chunk.i32s(Column::StartDays, NO_DAY)?;
            let precisions = chunk.u8s(Column::StartPrecision)?;
            let sexes = chunk.texts(Column::Status)?;
            let (systems, codes) = (chunk.texts(Column::SourceSystem)?, chunk.texts(Column::SourceCode)?);
            for row in 0..chunk.rows() {
                let person = whose.person(&identities[row]);
                if person == NOBODY || !wanted(person) || !alive.is(&units, row) {
                    continue;
                }
                let birth = PartialDate::from_days(births[row], precisions[row]);
                let area = (systems.text(systems.keys()[row]), codes.text(codes.keys()[row]));
                persons[person as usize].attributes(birth, sexes.text(sexes.keys()[row]), area);
            }
            Ok(())
        })?;
    }
    Ok(persons)
}
