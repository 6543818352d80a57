//! A cohort made of given lives (与えられた経過から): the same steps, periods and columns as an extract of the lake, from
//! persons that stand in memory. For synthetic twins and tests; it must never be given a person of the store.

use compact_str::CompactString;
use jiff::civil::Date;
use musubi_model::spec::{Cohort, PersonColumn, RowSpec};
use musubi_model::{FactTable, PartialDate};
use rust_decimal::Decimal;

use super::cohort::Attrition;
use super::linked::{Code, EventRow, InsurerKind, Linked, PersonRow, join};
use super::people::PersonKey;
use super::reading::Interned;
use super::rules::{Atom, CodeTest, Rules, date_of, days_of};
use super::steps::{Hit, Scratch, walk};
use crate::error::ReleaseError;
use crate::grid::Attributes;

/// A fact of a life, its code in the standard system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeFact {
    /// The table.
    pub table: FactTable,
    /// System, as [`musubi_model::CodeSystem::as_str`].
    pub system: CompactString,
    /// The code.
    pub code: CompactString,
    /// First day. A diagnosis goes on from it, everything else is over on it.
    pub day: Date,
    /// A diagnosis marked as suspected.
    pub suspected: bool,
    /// Times or days; 0: not said.
    pub times: u16,
    /// What was measured: digits, and how many of them stand after the point.
    pub value: Option<(i64, u32)>,
    /// Unit of the value; empty: none.
    pub unit: CompactString,
}

/// A life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// 1 男, 2 女, 9 その他.
    pub sex: u8,
    /// Day of birth.
    pub birth: Date,
    /// Prefecture, 1 to 47.
    pub prefecture: Option<u8>,
    /// Kind of insurance.
    pub insurer: Option<InsurerKind>,
    /// Day of death.
    pub death: Option<Date>,
    /// What happened.
    pub facts: Vec<LifeFact>,
}

impl LifeFact {
    /// The days it spans; of what does not go on only the first.
    fn days(&self) -> (i32, i32) {
        let low = days_of(self.day);
        (low, if self.table == FactTable::ConditionOccurrence { i32::MAX } else { low })
    }

    fn coded(&self) -> (&str, &str) {
        (&self.system, &self.code)
    }

    fn number(&self) -> Option<Decimal> {
        self.value.and_then(|(digits, scale)| Decimal::try_new(digits, scale).ok())
    }

    /// The days on which a rule sees it.
    fn seen_by(&self, atom: &Atom) -> Option<(i32, i32)> {
        let value = || match (&atom.values, self.number()) {
            (None, _) => true,
            (Some(bounds), Some(value)) => bounds.hold(value, ""),
            (Some(_), None) => false,
        };
        let holds = self.table == atom.table && atom.codes.holds(self.coded(), self.coded()) && value();
        let (low, high) = self.days();
        holds.then_some((low, if atom.in_period { high } else { low }))
    }
}

impl Life {
    fn on(&self, day: i32) -> Attributes {
        let age = PartialDate::day(self.birth).age_on(date_of(day));
        Attributes { sex: Some(self.sex), prefecture: self.prefecture, age }
    }
}

/// The lives that are in the cohort, as an extract of them would be. Their keys are their numbers, from 0.
///
/// # Errors
/// [`ReleaseError::Spec`]: a cohort that cannot be.
pub fn of_lives(
    lives: impl Iterator<Item = Life>,
    cohort: &Cohort,
    asked: &RowSpec,
) -> Result<Linked, ReleaseError> {
    let rules = Rules::of(cohort)?;
    let mut attrition = Attrition::empty(&rules);
    let mut part = Linked::default();
    let (mut codes, mut units) = (Interned::new(), Interned::new());
    let mut scratch = Scratch::default();
    let tests: Vec<(FactTable, CodeTest, bool)> =
        asked.events.iter().map(|e| (e.table, CodeTest::new(None, &e.prefixes), e.values)).collect();
    for (number, mut life) in (0u128..).zip(lives) {
        life.facts.retain(|f| !(f.suspected && rules.without_suspected));
        attrition.persons += 1;
        let hits = hits(&life, &rules);
        let first =
            hits.iter().filter(|h| h.atom == 0).filter_map(|h| rules.period.meets(h.low, h.high)).min();
        let Some(first) = first else { continue };
        attrition.diagnosed += 1;
        let outcome = walk(&rules, first, &hits, &|day| life.on(day), &mut scratch);
        attrition.steps.iter_mut().take(outcome.passed).for_each(|n| *n += 1);
        let Some(index) = outcome.index else { continue };
        let person = u32::try_from(part.persons.len())
            .map_err(|_| ReleaseError::Internal("more persons than can be numbered"))?;
        let mut last = None;
        for fact in &life.facts {
            let (low, high) = fact.days();
            let Some(day) = rules.period.meets(low, high) else { continue };
            let test = tests.iter().find(|(table, ..)| *table == fact.table);
            let shows = matches!(fact.table, FactTable::VisitOccurrence | FactTable::ConditionOccurrence);
            let wanted = test.filter(|(_, test, _)| test.holds(fact.coded(), fact.coded()));
            if shows || wanted.is_some() {
                last = last.max(Some(day));
            }
            let Some((.., values)) = wanted else { continue };
            let code = Code { table: fact.table, system: fact.system.clone(), code: fact.code.clone() };
            let mut event = EventRow::new(person, day.saturating_sub(index), 3, codes.put(code));
            event.times = fact.times;
            if *values && let Some(value) = fact.number() {
                event.set_value(Some(value), "");
                if !fact.unit.is_empty() {
                    event.unit = u16::try_from(units.put(fact.unit.clone())).unwrap_or(u16::MAX);
                }
            }
            part.events.push(event);
        }
        part.persons.push(described(&life, &rules, asked, index, last));
        part.keys.push(PersonKey(number.to_be_bytes()));
        part.index_days.push(index);
    }
    (part.codes, part.units) = (codes.list, units.list);
    let mut whole = join(vec![part])?;
    whole.attrition = attrition;
    Ok(whole)
}

/// Which facts which rules see.
fn hits(life: &Life, rules: &Rules) -> Vec<Hit> {
    let mut hits = Vec::new();
    for fact in &life.facts {
        for (atom, rule) in (0u32..).zip(&rules.atoms) {
            if let Some((low, high)) = fact.seen_by(rule) {
                hits.push(Hit { person: 0, atom, low, high });
            }
        }
    }
    hits
}

fn described(life: &Life, rules: &Rules, asked: &RowSpec, index: i32, last: Option<i32>) -> PersonRow {
    let has = |column: PersonColumn| asked.person.contains(&column);
    let (date, about) = (date_of(index), life.on(index));
    let death = life.death.map(days_of).filter(|day| *day <= rules.period.to);
    PersonRow {
        sex: about.sex.filter(|_| has(PersonColumn::Sex)),
        age: about.age.filter(|_| has(PersonColumn::Age)),
        area: about.prefecture.filter(|_| has(PersonColumn::Area)),
        index: has(PersonColumn::Index).then(|| (date.year(), date.month().unsigned_abs().div_ceil(3))),
        insurer: life.insurer.filter(|_| has(PersonColumn::Insurer)),
        death: death.filter(|_| has(PersonColumn::Death)).map(|day| day.saturating_sub(index)),
        last: last.filter(|_| has(PersonColumn::Observed)).map(|day| day.saturating_sub(index)),
        events_from: 0,
        events: 0,
    }
}
