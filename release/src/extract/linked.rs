//! The persons of a cohort with their events, in memory (個人に結び付く記録): the columns that disclosure control works on.
//!
//! An event takes 24 bytes; codes and units are interned. Days are counted from the index day, so that no calendar date
//! stands in it but the quarter of the index day. Which person is whose stands only in the vector of keys.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use compact_str::CompactString;
use musubi_model::spec::{Cohort, PersonColumn, RowSpec, SpecError};
use musubi_model::{FactId, FactTable};
use rayon::prelude::*;
use rust_decimal::Decimal;

use super::Snapshot;
use super::cohort::Attrition;
use super::people::{PersonKey, Source, for_units};
use super::reading::{UNASKED, of_unit};
use super::rules::Rules;
use crate::error::ReleaseError;

/// An event without a unit.
pub const NO_UNIT: u16 = u16::MAX;
/// Days between the first and the last event at most: they are kept in 16 bits.
const DAYS_MAX: i32 = 32_000;

/// Kind of insurance (保険者種別).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InsurerKind {
    /// 国民健康保険.
    National,
    /// 被用者保険: 協会けんぽ, 組合, 船員, 共済.
    Employees,
    /// 後期高齢者医療.
    Elderly,
    /// 公費のみ: only public programmes are known.
    Public,
}

impl InsurerKind {
    /// All.
    pub const ALL: [Self; 4] = [Self::National, Self::Employees, Self::Elderly, Self::Public];

    /// From a code of the system PAYER: a law number (法別番号), JHSD0001 or 国保. `None`: says nothing of it.
    #[must_use]
    pub fn read(code: &str) -> Option<Self> {
        Some(match code {
            "国保" | "C0" | "67" => Self::National,
            "39" => Self::Elderly,
            "01" | "02" | "03" | "04" | "06" | "07" | "31" | "32" | "33" | "34" | "63" | "72" | "73"
            | "74" | "75" => Self::Employees,
            "" | "CARE" => return None,
            _ => Self::Public,
        })
    }

    /// The kind most often said of somebody; of equals the first in the list; public programmes only when nothing else
    /// is known, because they come beside an insurance.
    pub(super) fn most(votes: &[u32; Self::ALL.len()]) -> Option<Self> {
        let said = |kind: &Self| votes.get(*kind as usize).copied().unwrap_or(0);
        let insured = Self::ALL.into_iter().filter(|k| *k != Self::Public && said(k) > 0);
        let most = insured.rev().max_by_key(said);
        most.or_else(|| Some(Self::Public).filter(|k| said(k) > 0))
    }

    /// The word in products.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::National => "国民健康保険",
            Self::Employees => "被用者保険",
            Self::Elderly => "後期高齢者医療",
            Self::Public => "公費のみ",
        }
    }
}

/// A person of the cohort. Columns that were not asked for, and what is not known, are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PersonRow {
    /// 1 男, 2 女, 9 その他.
    pub sex: Option<u8>,
    /// Full years on the index day.
    pub age: Option<u16>,
    /// Prefecture, JIS X 0401, 1 to 47.
    pub area: Option<u8>,
    /// Year and quarter (1 to 4) of the index day.
    pub index: Option<(i16, u8)>,
    /// Kind of insurance in the period.
    pub insurer: Option<InsurerKind>,
    /// Day of death, counted from the index day, when it lies before the end of the period.
    pub death: Option<i32>,
    /// Last day on which anything is known in the period, counted from the index day.
    pub last: Option<i32>,
    /// Place of the first event among [`Linked::events`]; they follow each other.
    pub events_from: usize,
    /// Number of events.
    pub events: usize,
}

/// An event, 24 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventRow {
    /// Place of the person among [`Linked::persons`].
    pub person: u32,
    /// First day, counted from the index day; the earliest it can mean, not before the period.
    pub day: i16,
    /// Times or days; 0: not said. More than 65,535 are 65,535.
    pub times: u16,
    /// Place of the code among [`Linked::codes`].
    pub code: u32,
    mantissa: i64,
    /// Place of the unit among [`Linked::units`], or [`NO_UNIT`].
    pub unit: u16,
    scale: u8,
    /// Bits 0–1 precision of the day, 2 has a value, 3–5 comparator.
    flags: u8,
}

const HAS_VALUE: u8 = 1 << 2;
const COMPARATORS: [&str; 5] = ["", "<", "<=", ">", ">="];

impl EventRow {
    /// The value: of measurements what was measured, of drugs the quantity. Exact.
    #[must_use]
    pub fn value(&self) -> Option<Decimal> {
        (self.flags & HAS_VALUE != 0).then(|| Decimal::new(self.mantissa, self.scale.into()))
    }

    /// `<`, `<=`, `>`, `>=` before the value, or nothing.
    #[must_use]
    pub fn comparator(&self) -> &'static str {
        COMPARATORS.get(usize::from(self.flags >> 3)).copied().unwrap_or_default()
    }

    /// How precise the day is: 1 year, 2 month, 3 day.
    #[must_use]
    pub fn precision(&self) -> u8 {
        self.flags & 3
    }

    /// An event of a person of a unit, with codes and units by their places in the unit's own lists.
    pub(super) fn new(person: u32, day: i32, precision: u8, code: u32) -> Self {
        let day = i16::try_from(day).unwrap_or(if day < 0 { i16::MIN } else { i16::MAX });
        Self { person, day, times: 0, code, mantissa: 0, unit: NO_UNIT, scale: 0, flags: precision & 3 }
    }

    pub(super) fn set_value(&mut self, value: Option<Decimal>, comparator: &str) {
        let Some(value) = value else { return };
        // Eighteen digits are enough for every measuring device; more are no value here.
        let (Ok(mantissa), Ok(scale)) = (i64::try_from(value.mantissa()), u8::try_from(value.scale())) else {
            return;
        };
        let sign = COMPARATORS.iter().position(|c| *c == comparator).and_then(|p| u8::try_from(p).ok());
        (self.mantissa, self.scale) = (mantissa, scale);
        self.flags |= HAS_VALUE | sign.unwrap_or(0) << 3;
    }
}

/// A code that occurs: the standard concept's (ICD-10, YJ, JLAC10) when it is mapped, else the sender's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// Of facts of this table.
    pub table: FactTable,
    /// System, as [`CodeSystem::as_str`]; empty: no code.
    pub system: CompactString,
    /// The code; empty: none.
    pub code: CompactString,
}

/// Persons and their events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Linked {
    /// The persons.
    pub persons: Vec<PersonRow>,
    /// Their keys, in the same order. For the vault of pseudonyms and the way back only; never part of a product.
    pub keys: Vec<PersonKey>,
    /// Events by person, day, code.
    pub events: Vec<EventRow>,
    /// The facts behind the events in the same order, when they were asked for (law.md G-20).
    pub facts: Vec<FactId>,
    /// The index days of the persons, in days since 1970-01-01, when facts were asked for: pseudonymised products tell
    /// dates (moved), anonymised ones never do.
    pub index_days: Vec<i32>,
    /// The codes that occur, in order.
    pub codes: Vec<Code>,
    /// The units that occur, in order.
    pub units: Vec<CompactString>,
    /// How the cohort came about.
    pub attrition: Attrition,
}

/// What is asked for, ready.
pub(super) struct Ask<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) rules: &'a Rules,
    pub(super) rows: &'a RowSpec,
    pub(super) facts: bool,
}

impl Ask<'_> {
    pub(super) fn has(&self, column: PersonColumn) -> bool {
        self.rows.person.contains(&column)
    }
}

/// Reads the persons of a cohort with the events asked for. `facts`: also which facts they are.
///
/// # Errors
/// [`ReleaseError::Spec`]: the period is longer than days can be counted. The store's.
pub fn linked(
    source: &mut dyn Source,
    snapshot: &Snapshot,
    cohort: &Cohort,
    rows: &RowSpec,
    facts: bool,
) -> Result<Linked, ReleaseError> {
    let rules = Rules::of(cohort)?;
    let from = rules.atoms.iter().map(|a| a.window.from).min().unwrap_or(0);
    let to = rules.atoms.iter().map(|a| a.window.to).max().unwrap_or(0);
    if to.saturating_sub(from) > DAYS_MAX {
        return Err(SpecError::Impossible("the period and its windows are longer than 32,000 days").into());
    }
    let ask = Ask { snapshot, rules: &rules, rows, facts };
    let mut parts: Vec<Linked> = Vec::new();
    for_units(source, snapshot, &|unit| of_unit(&ask, unit), &mut |part| parts.push(part))?;
    let mut attrition = Attrition::empty(&rules);
    parts.iter().for_each(|part| attrition.add(&part.attrition));
    let mut whole = join(parts)?;
    whole.attrition = attrition;
    Ok(whole)
}

/// Joins what units gave: codes and units get their places in one list, events their order.
pub(super) fn join(mut parts: Vec<Linked>) -> Result<Linked, ReleaseError> {
    let codes = in_order(parts.iter().flat_map(|p| &p.codes));
    let units = in_order(parts.iter().flat_map(|p| &p.units));
    if units.len() >= usize::from(NO_UNIT) || codes.len() >= UNASKED as usize {
        return Err(SpecError::Impossible("rows.events: more units or codes than can be told apart").into());
    }
    let (code_at, unit_at) = (numbered(&codes), numbered(&units));
    parts.par_iter_mut().for_each(|part| {
        let code = places(&part.codes, &code_at);
        let unit = places(&part.units, &unit_at);
        for event in &mut part.events {
            let at = usize::try_from(event.code).ok().and_then(|c| code.get(c));
            event.code = at.and_then(|p| u32::try_from(*p).ok()).unwrap_or(UNASKED);
            let at = unit.get(usize::from(event.unit));
            event.unit = at.and_then(|p| u16::try_from(*p).ok()).unwrap_or(NO_UNIT);
        }
        put_in_order(part);
    });
    let mut whole = Linked { codes, units, ..Linked::default() };
    whole.persons.reserve_exact(parts.iter().map(|p| p.persons.len()).sum());
    whole.events.reserve_exact(parts.iter().map(|p| p.events.len()).sum());
    for part in parts {
        let base = u32::try_from(whole.persons.len())
            .map_err(|_| SpecError::Impossible("more persons than can be numbered"))?;
        let from = whole.events.len();
        whole
            .persons
            .extend(part.persons.into_iter().map(|p| PersonRow { events_from: p.events_from + from, ..p }));
        whole.keys.extend(part.keys);
        whole.index_days.extend(part.index_days);
        whole.events.extend(part.events.into_iter().map(|e| EventRow { person: e.person + base, ..e }));
        whole.facts.extend(part.facts);
    }
    Ok(whole)
}

/// Each once, in order.
fn in_order<'a, T: Ord + Hash + Clone + 'a>(all: impl Iterator<Item = &'a T>) -> Vec<T> {
    let once: HashSet<&T> = all.collect();
    let mut list: Vec<T> = once.into_iter().cloned().collect();
    list.sort_unstable();
    list
}

/// Where each of `list` stands in `ordered`.
fn places<T: Eq + Hash>(list: &[T], ordered: &HashMap<&T, usize>) -> Vec<usize> {
    list.iter().filter_map(|one| ordered.get(one)).copied().collect()
}

fn numbered<T: Eq + Hash>(ordered: &[T]) -> HashMap<&T, usize> {
    ordered.iter().enumerate().map(|(place, one)| (one, place)).collect()
}

/// Sorts events by person, day, code and value, with their facts, and says to each person where theirs are.
fn put_in_order(part: &mut Linked) {
    if part.facts.is_empty() {
        part.events.sort_unstable();
    } else {
        let mut both: Vec<(EventRow, FactId)> = part.events.drain(..).zip(part.facts.drain(..)).collect();
        both.sort_unstable();
        (part.events, part.facts) = both.into_iter().unzip();
    }
    let mut at = 0;
    for (nth, person) in (0u32..).zip(&mut part.persons) {
        let rest = part.events.get(at..).unwrap_or_default();
        person.events_from = at;
        person.events = rest.partition_point(|e| e.person <= nth);
        at += person.events;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_small_and_its_value_exact() {
        assert_eq!(size_of::<EventRow>(), 24);
        let mut event = EventRow::new(0, -40, 2, 0);
        assert_eq!(event.value(), None);
        event.set_value(Some("6.20".parse().unwrap()), "<=");
        assert_eq!((event.value().unwrap().to_string(), event.comparator()), ("6.20".to_owned(), "<="));
        assert_eq!((event.precision(), event.day), (2, -40));
    }
}
