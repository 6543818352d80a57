//! Files of events (記録のファイル): from extracted events to the engine's, and from its rows to columns.
//!
//! It must never write a text of the source: labels come from the engine, numbers from what it rounded.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use compact_str::CompactString;
use jiff::civil::Date;
use musubi_disclosure::events::{Clip, Codes, Event, Released, Row, When};
use musubi_model::policy::{ColumnClass, Policy};
use musubi_model::spec::{Product, RowSpec};
use musubi_model::{CodeSystem, FactTable};
use rust_decimal::Decimal;

use crate::error::ReleaseError;
use crate::extract::{Linked, NO_UNIT};
use crate::pack::{self, Column, NOT_TOLD, Sheet, Values};

/// The events that have a code, as the engine takes them.
#[derive(Debug)]
pub(super) struct Own {
    /// Codes and units.
    pub(super) codes: Codes,
    /// The events.
    pub(super) events: Vec<Event>,
    /// For each of them its place in the extract.
    pub(super) origin: Vec<usize>,
}

/// Is it a code of a public list? A sender's own codes are free text to everybody else, and could say anything.
fn public(table: FactTable, system: &CodeSystem, code: &str) -> bool {
    let listed = match table {
        FactTable::ConditionOccurrence => matches!(system, CodeSystem::Icd10 | CodeSystem::ReceiptDisease),
        FactTable::DrugExposure => matches!(system, CodeSystem::Yj | CodeSystem::ReceiptDrug),
        FactTable::ProcedureOccurrence => {
            matches!(
                system,
                CodeSystem::ReceiptProcedure | CodeSystem::ReceiptDental | CodeSystem::ReceiptDispensing
            )
        }
        FactTable::Measurement => {
            matches!(system, CodeSystem::Jlac10 | CodeSystem::Jlac11 | CodeSystem::CheckupItem)
        }
        FactTable::VisitOccurrence => code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
        _ => false,
    };
    listed && (1..=17).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A unit as it is told: full-width letters as plain ones; `None` for what is no unit but somebody's words.
fn unit_of(text: &str) -> Option<CompactString> {
    const SIGNS: &str = "%/.*^-+[]{}()_,'# µμΩ℃°²³⁶⁹×個回分時日年歳歩点拍秒";
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let unit: CompactString = text.trim().chars().map(plain).collect();
    let digits = unit.chars().filter(char::is_ascii_digit).count();
    let known = unit.chars().all(|c| c.is_ascii_alphanumeric() || SIGNS.contains(c));
    (unit.chars().count() <= 24 && digits <= 6 && known).then_some(unit)
}

/// Events without a public code cannot be told.
pub(super) fn of_engine(linked: &Linked, asked: &RowSpec) -> Own {
    let mut codes = Codes::new();
    let numbers: Vec<Option<u32>> = linked
        .codes
        .iter()
        .map(|code| {
            let system = CodeSystem::from_name(&code.system);
            public(code.table, &system, &code.code).then(|| codes.code(code.table, &system, &code.code))
        })
        .collect();
    let with_values: Vec<bool> = linked
        .codes
        .iter()
        .map(|code| {
            code.table == FactTable::Measurement
                && asked.events.iter().any(|e| e.table == code.table && e.values)
        })
        .collect();
    let units: Vec<Option<u32>> =
        linked.units.iter().map(|unit| unit_of(unit).map(|unit| codes.unit(&unit))).collect();
    let counted = |table: FactTable| matches!(table, FactTable::DrugExposure | FactTable::VisitOccurrence);
    let mut events = Vec::with_capacity(linked.events.len());
    let mut origin = Vec::with_capacity(linked.events.len());
    for (place, event) in linked.events.iter().enumerate() {
        let at = event.code as usize;
        let Some(code) = numbers.get(at).copied().flatten() else { continue };
        let valued = with_values.get(at).copied().unwrap_or(false) && event.comparator().is_empty();
        // A value whose unit cannot be told is not told either: it would be read in another.
        let unit = if event.unit == NO_UNIT {
            Some(0)
        } else {
            units.get(usize::from(event.unit)).copied().flatten()
        };
        let value = event.value().filter(|_| valued && unit.is_some());
        let days = linked.codes.get(at).is_some_and(|c| counted(c.table));
        origin.push(place);
        events.push(Event {
            person: event.person,
            code,
            day: Some(i32::from(event.day)),
            days: if days { event.times } else { 0 },
            value,
            unit: unit.filter(|_| value.is_some()).unwrap_or(0),
        });
    }
    Own { codes, events, origin }
}

/// The index days of the persons.
pub(super) fn index_days(linked: &Linked) -> Result<Vec<Date>, ReleaseError> {
    const EPOCH: Date = Date::constant(1970, 1, 1);
    let day = |days: &i32| {
        let span = jiff::Span::new().try_days(i64::from(*days)).ok()?;
        EPOCH.checked_add(span).ok()
    };
    let days: Option<Vec<Date>> = linked.index_days.iter().map(day).collect();
    days.filter(|d| d.len() == linked.persons.len())
        .ok_or(ReleaseError::Internal("a person without an index day"))
}

/// Texts of one column, each once.
#[derive(Default)]
struct Labels {
    ids: Vec<u32>,
    labels: Vec<CompactString>,
    places: HashMap<CompactString, u32>,
}

impl Labels {
    fn push(&mut self, text: &str) {
        if text.is_empty() {
            self.ids.push(NOT_TOLD);
            return;
        }
        let next = u32::try_from(self.labels.len()).unwrap_or(NOT_TOLD);
        let id = match self.places.get(text) {
            Some(id) => *id,
            None => {
                self.labels.push(text.into());
                self.places.insert(text.into(), next);
                next
            }
        };
        self.ids.push(id);
    }

    fn values(self) -> Values {
        Values::Text { ids: self.ids.into(), labels: self.labels.into() }
    }
}

/// One file for each table asked for, also when it is empty.
pub(super) fn sheets(
    released: &Released,
    asked: &RowSpec,
    policy: &Policy,
    pids: &[String],
) -> Result<Vec<Sheet>, ReleaseError> {
    let pid_labels: Arc<[CompactString]> = pids.iter().map(|pid| CompactString::from(pid.as_str())).collect();
    let mut rows_of: BTreeMap<FactTable, Vec<&Row>> = BTreeMap::new();
    for row in &released.rows {
        let table = released.table(row).ok_or(ReleaseError::Internal("a row of no table"))?;
        rows_of.entry(table).or_default().push(row);
    }
    let sheets = asked.events.iter().map(|table| {
        let rows = rows_of.remove(&table.table).unwrap_or_default();
        sheet(released, table.table, &rows, policy, &pid_labels)
    });
    Ok(sheets.collect())
}

fn sheet(
    released: &Released,
    table: FactTable,
    rows: &[&Row],
    policy: &Policy,
    pids: &Arc<[CompactString]>,
) -> Sheet {
    let anonymous = policy.product != Product::Pseudonymized;
    let ids: Vec<u32> = rows.iter().map(|row| row.person).collect();
    let pid = Values::Text { ids: ids.into(), labels: Arc::clone(pids) };
    let text = |of: &dyn Fn(&Row) -> String| {
        let mut labels = Labels::default();
        rows.iter().for_each(|row| labels.push(&of(row)));
        labels.values()
    };
    let quasi = if anonymous { ColumnClass::Quasi } else { ColumnClass::Neutral };
    let mut columns = vec![
        Column::new("pid", "提供用ID", "Pseudonym of this release", ColumnClass::Neutral, pid)
            .meaning("この提供だけの仮の番号", "a number of this release only")
            .grammar("16 hexadecimal digits"),
        Column::new("code", "コード", "Code", quasi, text(&|row| released.code(row).to_owned()))
            .meaning(meaning(table).0, meaning(table).1)
            .grammar("code, or its beginning where it was made coarser"),
    ];
    let when = if anonymous {
        ("基準日からの日数の幅", "band of days since the index day")
    } else {
        ("日付(個人ごとに週単位でずらしたもの)", "date, moved by whole weeks, another number for each person")
    };
    columns.push(
        Column::new("when", "時期", "When", quasi, text(&|row| row.when.to_string()))
            .meaning(when.0, when.1)
            .grammar(if anonymous { "FROM..TO in days, or *" } else { "YYYY-MM-DD" }),
    );
    if matches!(table, FactTable::DrugExposure | FactTable::VisitOccurrence) {
        columns.push(
            Column::new(
                "days",
                "日数・回数",
                "Days or times",
                ColumnClass::Neutral,
                text(&|row| row.days.to_string()),
            )
            .meaning("日数または回数", "days or times")
            .grammar(if anonymous { "1, 2-7, 8-30, 31-90, 91+" } else { "whole number" }),
        );
    }
    if table == FactTable::Measurement {
        let values: Arc<[Option<Decimal>]> = rows.iter().map(|row| row.value).collect();
        columns.push(
            Column::new("value", "値", "Value", ColumnClass::Neutral, Values::Decimal(values))
                .meaning("測定値", "the value measured"),
        );
        columns.push(
            Column::new(
                "unit",
                "単位",
                "Unit",
                ColumnClass::Neutral,
                text(&|row| released.unit(row).to_owned()),
            )
            .meaning("単位", "its unit"),
        );
    }
    Sheet {
        name: table.as_str().to_owned(),
        title_ja: table.ja().to_owned(),
        title_en: table.as_str().replace('_', " "),
        columns,
    }
}

fn meaning(table: FactTable) -> (&'static str, &'static str) {
    match table {
        FactTable::ConditionOccurrence => {
            ("ICD-10、対応のないものは送付時のコード", "ICD-10, or as sent where it does not map")
        }
        FactTable::DrugExposure => {
            ("YJコード、対応のないものは送付時のコード", "YJ, or as sent where it does not map")
        }
        FactTable::Measurement => {
            ("JLAC10、対応のないものは送付時のコード", "JLAC10, or as sent where it does not map")
        }
        FactTable::VisitOccurrence => ("受診の種別", "kind of visit"),
        _ => ("診療行為コード", "code of the procedure"),
    }
}

/// The bounds of the values, as the report lists them.
pub(super) fn clips(released: &Released) -> Vec<pack::Clip> {
    let clip = |c: &Clip| pack::Clip {
        code: c.code.clone(),
        unit: c.unit.clone(),
        low: c.low.clone(),
        high: c.high.clone(),
    };
    released.clips.iter().map(clip).collect()
}

/// What equal rows of a person have in common, but for the date.
type Alike = (u32, u32, u16, Option<Decimal>, u32);

/// For each row of each file the place of its event in the extract (law.md G-20). Rows that are equal in all columns stand
/// for events that are; which is which makes no difference.
pub(super) fn sources(released: &Released, own: &[Event], origin: &[usize]) -> Vec<(String, Vec<usize>)> {
    // Dates of a person are all moved by the same number of weeks, so their order is that of the days.
    let mut waiting: HashMap<Alike, Vec<(Option<i32>, usize)>> = HashMap::new();
    for (event, at) in own.iter().zip(origin) {
        let key = (event.person, event.code, event.days, event.value, event.unit);
        waiting.entry(key).or_default().push((event.day, *at));
    }
    waiting.values_mut().for_each(|events| events.sort_unstable_by(|a, b| b.cmp(a)));
    let mut rows: Vec<(usize, &Row)> = released.rows.iter().enumerate().collect();
    rows.sort_by_key(|(_, row)| row.when);
    let mut of_row = vec![usize::MAX; released.rows.len()];
    for (place, row) in rows {
        let days = match row.days {
            musubi_disclosure::events::Days::Exactly(n) => n,
            _ => 0,
        };
        let key = (row.person, row.label, days, row.value, row.unit);
        if let (Some((_, at)), Some(slot)) = (waiting.get_mut(&key).and_then(Vec::pop), of_row.get_mut(place))
        {
            *slot = at;
        }
    }
    let mut files: BTreeMap<FactTable, Vec<usize>> = BTreeMap::new();
    for (row, at) in released.rows.iter().zip(of_row) {
        if let Some(table) = released.table(row) {
            files.entry(table).or_default().push(at);
        }
    }
    files.into_iter().map(|(table, rows)| (table.as_str().to_owned(), rows)).collect()
}

/// By how many days the dates of each person were moved, as the rows show it; 0 for somebody without a dated row.
pub(super) fn shifts(
    released: &Released,
    sources: &[(String, Vec<usize>)],
    linked: &Linked,
) -> Result<Vec<i32>, ReleaseError> {
    let index = index_days(linked)?;
    let mut shifts = vec![0; linked.persons.len()];
    let mut by_table: HashMap<&str, std::slice::Iter<'_, usize>> =
        sources.iter().map(|(name, rows)| (name.as_str(), rows.iter())).collect();
    for row in &released.rows {
        let table = released.table(row).map_or("", FactTable::as_str);
        let place = by_table.get_mut(table).and_then(Iterator::next);
        let event = place.and_then(|at| linked.events.get(*at));
        let (Some(event), When::Day(told)) = (event, row.when) else { continue };
        let person = row.person as usize;
        let (Some(from), Some(slot)) = (index.get(person), shifts.get_mut(person)) else { continue };
        let days = told.since(*from).ok().map_or(0, |span| span.get_days());
        *slot = days - i32::from(event.day);
    }
    Ok(shifts)
}
