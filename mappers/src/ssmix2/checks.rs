//! Values that are well formed and yet cannot be: an event before birth or after the message that tells of it, an end
//! before its beginning, a body measure no body has. Asked of all facts of a message, after it is mapped.
//!
//! Every check is a warning: the fact stays as sent, and somebody looks.

use musubi_model::{CodeSystem, Fact, FactTable, Finding, PartialDate, Rule};
use rust_decimal::Decimal;

use super::rules;
use crate::hl7::Notes;

/// What the facts of a message are held against.
pub(super) struct Against<'m> {
    /// The bytes of the document, to name the record of a fact.
    pub(super) document: &'m [u8],
    /// The patient's birth.
    pub(super) birth: Option<PartialDate>,
    /// The day the message was written (MSH-7).
    pub(super) written: Option<PartialDate>,
    /// The message tells what was done, not what is to be done.
    pub(super) tells_of_past: bool,
}

/// Body measures by the analyte part of JLAC10: lowest and highest that a person can have, in this unit.
const MEASURES: [(&str, &str, i64, i64); 8] = [
    ("9N001", "cm", 20, 260),
    ("9N006", "kg", 0, 400),
    ("9A751", "", 20, 350),
    ("9A761", "", 5, 250),
    ("9P300", "", 5, 400),
    ("9P200", "", 1, 150),
    ("9P100", "", 20, 46),
    ("9N011", "", 5, 150),
];

/// Tells what cannot be.
pub(super) fn facts(facts: &[Fact], against: &Against<'_>, notes: &mut Notes) {
    for fact in facts {
        let mut tell = |rule: &'static Rule, expected: String| {
            let record = fact.range.slice(against.document).and_then(|b| b.get(..3)).unwrap_or_default();
            let record = String::from_utf8_lossy(record).into_owned();
            notes.push(Finding::new(rule).at(fact.range).in_field(record, "").expected(expected));
        };
        if let (Some(start), Some(end)) = (fact.start, fact.end)
            && end.earliest() < start.earliest()
            && is_day(start)
            && is_day(end)
        {
            tell(&rules::END_BEFORE_START, "開始日以後の終了日".to_owned());
        }
        let Some(start) = fact.start.or(fact.end).filter(|d| is_day(*d)) else {
            out_of_range(fact, &mut tell);
            continue;
        };
        // An insurance may begin before those it covers are born.
        let of_person = !matches!(fact.table, FactTable::Person | FactTable::PayerPlanPeriod);
        if of_person && against.birth.is_some_and(|birth| start.earliest() < birth.earliest()) {
            tell(&rules::BEFORE_BIRTH, "生年月日以後の日付".to_owned());
        }
        let has_been = matches!(
            fact.table,
            FactTable::Measurement
                | FactTable::ConditionOccurrence
                | FactTable::Death
                | FactTable::VisitOccurrence
        ) || (against.tells_of_past && fact.table != FactTable::PayerPlanPeriod);
        if has_been
            && fact.table != FactTable::Person
            && against.written.is_some_and(|written| start.earliest() > written.earliest())
        {
            tell(&rules::AFTER_MESSAGE, "電文の作成日（MSH-7）以前の日付".to_owned());
        }
        out_of_range(fact, &mut tell);
    }
}

fn is_day(date: PartialDate) -> bool {
    date.day_of_month().is_some()
}

fn out_of_range(fact: &Fact, tell: &mut impl FnMut(&'static Rule, String)) {
    let (Some(source), Some(number)) = (&fact.source, fact.value.number) else { return };
    if source.system != CodeSystem::Jlac10 || !source.code.starts_with("9") {
        return;
    }
    let known = MEASURES.iter().find(|(code, unit, ..)| {
        source.code.starts_with(code) && (unit.is_empty() || fact.value.unit.eq_ignore_ascii_case(unit))
    });
    if let Some((_, unit, low, high)) = known
        && !(Decimal::from(*low)..=Decimal::from(*high)).contains(&number)
    {
        tell(&rules::VALUE_RANGE, format!("{low}〜{high} {unit}").trim_end().to_owned());
    }
}
