//! Reading the events of one unit (一単位の読み出し) into compact rows. See [`super::linked`].

// As in `scan`; places of codes and units are places in the unit's own lists, persons places in the unit.
#![allow(clippy::indexing_slicing)]

use std::collections::HashMap;
use std::hash::Hash;

use compact_str::CompactString;
use musubi_model::spec::{EventTable, PersonColumn};
use musubi_model::{FactId, FactTable};
use musubi_storage::StorageError;
use musubi_storage::lake::{Chunk, Column, NO_TEXT, Texts};

use super::cohort::{Chosen, choose};
use super::cubing::insurers;
use super::linked::{Ask, Code, EventRow, InsurerKind, Linked, PersonRow};
use super::people::{NOBODY, Unit};
use super::rules::{CodeTest, date_of, usual};
use super::scan::{CODE_COLUMNS, CodeMemo, NO_DAY, Numbers};
use super::visit::{Seen, Visit, visit};
use crate::error::ReleaseError;

/// The place of what the request does not ask for.
pub(super) const UNASKED: u32 = u32::MAX;

/// A list in which everything stands once.
pub(super) struct Interned<T> {
    place: HashMap<T, u32>,
    pub(super) list: Vec<T>,
}

impl<T: Clone + Eq + Hash> Interned<T> {
    pub(super) fn new() -> Self {
        Self { place: HashMap::new(), list: Vec::new() }
    }

    pub(super) fn put(&mut self, value: T) -> u32 {
        if let Some(place) = self.place.get(&value) {
            return *place;
        }
        // A unit holds fewer facts than there are places.
        let next = u32::try_from(self.list.len()).unwrap_or(UNASKED);
        self.list.push(value.clone());
        self.place.insert(value, next);
        next
    }
}

/// What is read of a unit.
struct Read {
    codes: Interned<Code>,
    units: Interned<CompactString>,
    events: Vec<EventRow>,
    facts: Vec<FactId>,
    about: Vec<About>,
}

/// What is read of a person.
#[derive(Clone, Copy)]
struct About {
    death: i32,
    last: i32,
    insurer: Option<InsurerKind>,
}

/// The persons of a unit that are in the cohort, with their events; codes and units by their places in the part's lists.
pub(super) fn of_unit(ask: &Ask<'_>, unit: &Unit) -> Result<Linked, ReleaseError> {
    let describe = [PersonColumn::Sex, PersonColumn::Age, PersonColumn::Area].into_iter().any(|c| ask.has(c));
    let chosen = choose(ask.snapshot, ask.rules, unit, describe)?;
    let nothing = About { death: NO_DAY, last: NO_DAY, insurer: None };
    let mut read = Read {
        codes: Interned::new(),
        units: Interned::new(),
        events: Vec::new(),
        facts: Vec::new(),
        about: vec![nothing; unit.persons()],
    };
    if chosen.count() > 0 {
        all(ask, unit, &chosen, &mut read)?;
    }
    let mut linked = Linked { attrition: chosen.attrition.clone(), ..Linked::default() };
    let mut place = vec![NOBODY; unit.persons()];
    for person in (0..unit.persons()).filter(|p| chosen.index[*p] != NO_DAY) {
        place[person] = u32::try_from(linked.persons.len()).unwrap_or(NOBODY);
        linked.persons.push(describe_one(ask, &chosen, person, &read.about[person]));
        linked.keys.push(unit.keys[person]);
        linked.index_days.extend(ask.facts.then_some(chosen.index[person]));
    }
    read.events.iter_mut().for_each(|e| e.person = place[e.person as usize]);
    (linked.events, linked.facts) = (read.events, read.facts);
    (linked.codes, linked.units) = (read.codes.list, read.units.list);
    Ok(linked)
}

fn all(ask: &Ask<'_>, unit: &Unit, chosen: &Chosen, read: &mut Read) -> Result<(), ReleaseError> {
    let look =
        |table, visitor: &mut Looking<'_>| visit(ask.snapshot, ask.rules, unit, chosen, table, visitor);
    for asked in &ask.rows.events {
        let mut events = Events::new(asked, ask.facts, &chosen.index, read);
        visit(ask.snapshot, ask.rules, unit, chosen, asked.table, &mut events)?;
    }
    if ask.has(PersonColumn::Observed) {
        // Visits and diagnoses show that somebody was there, also when they are not asked for.
        let whole = |t: FactTable| ask.rows.events.iter().any(|e| e.table == t && e.prefixes.is_empty());
        let shown = [FactTable::VisitOccurrence, FactTable::ConditionOccurrence];
        for table in shown.into_iter().filter(|t| !whole(*t)) {
            look(table, &mut Looking { what: Look::Last, about: &mut read.about })?;
        }
    }
    if ask.has(PersonColumn::Death) {
        look(FactTable::Death, &mut Looking { what: Look::Death, about: &mut read.about })?;
    }
    if ask.has(PersonColumn::Insurer) {
        let kinds = insurers(ask.snapshot, ask.rules, unit, chosen)?;
        read.about.iter_mut().zip(kinds).for_each(|(about, kind)| about.insurer = kind);
    }
    Ok(())
}

fn describe_one(ask: &Ask<'_>, chosen: &Chosen, person: usize, read: &About) -> PersonRow {
    let index = chosen.index[person];
    let date = date_of(index);
    let about = chosen.persons.as_ref().map(|p| p[person].on(date)).unwrap_or_default();
    let after = |day: i32| (day != NO_DAY).then(|| day.saturating_sub(index));
    let quarter = date.month().unsigned_abs().div_ceil(3);
    PersonRow {
        sex: about.sex.filter(|_| ask.has(PersonColumn::Sex)),
        age: about.age.filter(|_| ask.has(PersonColumn::Age)),
        area: about.prefecture.filter(|_| ask.has(PersonColumn::Area)),
        index: ask.has(PersonColumn::Index).then(|| (date.year(), quarter)),
        insurer: read.insurer,
        death: after(read.death),
        last: after(read.last).filter(|_| ask.has(PersonColumn::Observed)),
        events_from: 0,
        events: 0,
    }
}

/// Makes events of rows.
struct Events<'a> {
    table: FactTable,
    test: CodeTest,
    /// The column of values, when they are asked for.
    value: Option<Column>,
    facts: bool,
    index: &'a [i32],
    read: &'a mut Read,
    memo: CodeMemo<u32>,
    chunk: Option<Loaded>,
}

/// The columns of a chunk.
struct Loaded {
    times: Vec<u32>,
    ids: Vec<[u8; 16]>,
    values: Option<Values>,
}

struct Values {
    numbers: Numbers,
    comparators: Texts,
    units: Texts,
    /// For each key of a unit its place in the list.
    places: Vec<u16>,
}

impl<'a> Events<'a> {
    fn new(asked: &EventTable, facts: bool, index: &'a [i32], read: &'a mut Read) -> Self {
        let value = match asked.table {
            FactTable::Measurement => asked.values.then_some(Column::ValueNumber),
            FactTable::DrugExposure => Some(Column::Quantity),
            _ => None,
        };
        let test = CodeTest::new(None, &asked.prefixes);
        Self { table: asked.table, test, value, facts, index, read, memo: CodeMemo::new(), chunk: None }
    }
}

impl Visit for Events<'_> {
    fn columns(&self) -> Vec<Column> {
        let mut columns = CODE_COLUMNS.to_vec();
        columns.push(Column::Times);
        columns.extend(self.facts.then_some(Column::FactId));
        if let Some(value) = self.value {
            columns.extend([value, Column::ValueComparator, Column::ValueUnit]);
        }
        columns
    }

    fn load(&mut self, chunk: &Chunk) -> Result<(), StorageError> {
        self.memo.load(chunk)?;
        let values = match self.value {
            None => None,
            Some(column) => {
                let units = chunk.texts(Column::ValueUnit)?;
                let keys = (0..units.distinct()).map(|k| u32::try_from(k).unwrap_or(NO_TEXT));
                let places = keys
                    .map(|k| self.read.units.put(CompactString::from(units.text(k))))
                    .map(|p| u16::try_from(p).unwrap_or(u16::MAX));
                let places = places.collect();
                let comparators = chunk.texts(Column::ValueComparator)?;
                Some(Values { numbers: Numbers::load(chunk, column)?, comparators, units, places })
            }
        };
        let ids = if self.facts { chunk.bytes::<16>(Column::FactId)?.to_vec() } else { Vec::new() };
        self.chunk = Some(Loaded { times: chunk.u32s(Column::Times, 0)?, ids, values });
        Ok(())
    }

    fn row(&mut self, row: usize, seen: Seen) {
        let (table, test, codes) = (self.table, &self.test, &mut self.read.codes);
        let code = self.memo.get(row, |standard, source| {
            if !test.holds(standard, source) {
                return UNASKED;
            }
            let (system, code) = usual(standard, source);
            // A text without a code has no system either: nothing written by hand gets further.
            let system = if code.is_empty() { "" } else { system };
            codes.put(Code { table, system: system.into(), code: code.into() })
        });
        let (Some(code), Some(chunk)) = (code.filter(|c| *c != UNASKED), &mut self.chunk) else { return };
        let person = seen.person as usize;
        let last = &mut self.read.about[person].last;
        *last = seen.day.max(*last);
        let day = seen.day.saturating_sub(self.index[person]);
        let mut event = EventRow::new(seen.person, day, seen.precision, code);
        event.times = u16::try_from(chunk.times[row]).unwrap_or(u16::MAX);
        if let Some(values) = &mut chunk.values
            && let Some(number) = values.numbers.get(row)
        {
            event.set_value(Some(number), values.comparators.text(values.comparators.keys()[row]));
            let unit = values.units.keys()[row];
            if unit != NO_TEXT {
                event.unit = values.places[unit as usize];
            }
        }
        self.read.events.push(event);
        if self.facts {
            self.read.facts.push(FactId(chunk.ids[row]));
        }
    }
}

/// What else is looked for.
enum Look {
    /// The last day on which something is known.
    Last,
    /// The day of death.
    Death,
}

/// Looks for one thing of each person.
struct Looking<'a> {
    what: Look,
    about: &'a mut [About],
}

impl Visit for Looking<'_> {
    fn columns(&self) -> Vec<Column> {
        Vec::new()
    }

    fn load(&mut self, _: &Chunk) -> Result<(), StorageError> {
        Ok(())
    }

    fn row(&mut self, _: usize, seen: Seen) {
        let about = &mut self.about[seen.person as usize];
        match self.what {
            Look::Last => about.last = seen.day.max(about.last),
            Look::Death if about.death == NO_DAY => about.death = seen.day,
            Look::Death => about.death = seen.day.min(about.death),
        }
    }
}
