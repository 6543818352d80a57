//! A cohort's words made ready for many facts (組入れ条件): which facts a step looks at, and in which span of days.
//!
//! How days are counted: a fact spans the days its first day can mean; in the period of the cohort it spans them up to its
//! last day (a diagnosis without one goes on). It lies in a window when it shares a day with it, and its day is the first
//! one shared. This module never sees a fact.

use jiff::civil::Date;
use musubi_model::prefecture::PREFECTURES;
use musubi_model::spec::{Cohort, EventRule, Rule, SpecError};
use musubi_model::{FactTable, PartialDate};
use rust_decimal::Decimal;

use crate::person::{ICD10, plain};

/// Event rules of a cohort at most: one bit each, and one for the diagnosis that everyone must have.
const RULES_MAX: usize = 63;

/// The cohort, ready.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// The period, as days since 1970-01-01.
    pub(super) period: Window,
    /// What facts are looked for; the first is the diagnosis that everyone must have.
    pub(super) atoms: Vec<Atom>,
    /// The steps.
    pub(super) steps: Vec<Check>,
    /// Named events.
    pub(super) names: usize,
    /// Which of them is the index day.
    pub(super) index: Option<usize>,
    /// Diagnoses marked as suspected do not count.
    pub(super) without_suspected: bool,
    /// Persons without a diagnosis count too.
    pub(super) everybody: bool,
    /// The wording of each step.
    pub(super) titles: Vec<String>,
}

/// Days from and to, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: i32,
    pub(super) to: i32,
}

impl Window {
    /// The first day that a span of days shares with it.
    pub(super) fn meets(self, low: i32, high: i32) -> Option<i32> {
        (low <= self.to && high >= self.from).then(|| low.max(self.from))
    }

    /// So many days after each of its days.
    fn after(self, from: i32, to: i32) -> Self {
        Self { from: self.from.saturating_add(from), to: self.to.saturating_add(to) }
    }
}

/// Facts a rule looks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Atom {
    pub(super) table: FactTable,
    pub(super) codes: CodeTest,
    pub(super) values: Option<Bounds>,
    /// In the period up to the last day; else only the first day counts.
    pub(super) in_period: bool,
    /// No fact outside can count.
    pub(super) window: Window,
}

/// Which codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeTest {
    system: Option<String>,
    prefixes: Vec<String>,
}

/// Values from and to, both included.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bounds {
    min: Option<Decimal>,
    max: Option<Decimal>,
}

/// A step.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Check {
    pub(super) asks: Asks,
    pub(super) exclude: bool,
}

/// What a step asks.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asks {
    /// Facts on at least so many days, in a window around a named event when there is one.
    Event { atom: usize, days: usize, around: Option<(usize, i32, i32)>, name: Option<usize> },
    /// Age on the day of a named event, or on the first day of the period.
    Age { min: u16, max: u16, on: Option<usize> },
    /// Sex.
    Sex(u8),
    /// Prefectures, one bit each from 1.
    Area(u64),
}

/// System and code.
pub(super) type Coded<'a> = (&'a str, &'a str);

impl CodeTest {
    pub(super) fn new(system: Option<&str>, prefixes: &[String]) -> Self {
        Self { system: system.map(str::to_owned), prefixes: prefixes.to_vec() }
    }

    /// Every fact satisfies it.
    pub(super) fn is_any(&self) -> bool {
        self.system.is_none() && self.prefixes.is_empty()
    }

    pub(super) fn holds(&self, standard: Coded<'_>, source: Coded<'_>) -> bool {
        let (system, code) = match &self.system {
            Some(wanted) => {
                let found = [standard, source].into_iter().find(|(s, c)| s == wanted && !c.is_empty());
                let Some(found) = found else { return false };
                found
            }
            None => usual(standard, source),
        };
        let begins = |code: &str, tidy: fn(&str) -> String| {
            self.prefixes.iter().any(|p| code.starts_with(tidy(p).as_str()))
        };
        match () {
            () if self.prefixes.is_empty() => true,
            // E11.9 and e119 are one code.
            () if system == ICD10 => begins(&plain(code), plain),
            () => begins(code, str::to_owned),
        }
    }
}

/// The standard concept, or what the sender wrote.
pub(super) fn usual<'a>(standard: Coded<'a>, source: Coded<'a>) -> Coded<'a> {
    if standard.1.is_empty() { source } else { standard }
}

impl Bounds {
    /// A value with `<` can only be known to be small, one with `>` only to be large.
    pub(super) fn hold(&self, number: Decimal, comparator: &str) -> bool {
        let (small, large) = (comparator.starts_with('<'), comparator.starts_with('>'));
        self.min.is_none_or(|min| number >= min && !small)
            && self.max.is_none_or(|max| number <= max && !large)
    }
}

/// Days since 1970-01-01.
pub(super) fn days_of(date: Date) -> i32 {
    PartialDate::day(date).to_days().0
}

/// The inverse of [`days_of`]; the calendar's ends for what lies outside.
pub(super) fn date_of(days: i32) -> Date {
    let date = PartialDate::from_days(days, 3).and_then(|d| d.to_date());
    date.unwrap_or(if days < 0 { Date::MIN } else { Date::MAX })
}

impl Rules {
    /// From what was approved.
    ///
    /// # Errors
    /// [`SpecError::Impossible`]: a bound that is no decimal number, a prefecture that is none, a name that no step
    /// gives, or more rules than can be told apart.
    pub fn of(cohort: &Cohort) -> Result<Self, SpecError> {
        let period = Window { from: days_of(cohort.from), to: days_of(cohort.to) };
        let system = if cohort.icd10_prefixes.is_empty() { None } else { Some(ICD10) };
        let base = Atom {
            table: FactTable::ConditionOccurrence,
            codes: CodeTest::new(system, &cohort.icd10_prefixes),
            values: None,
            in_period: true,
            window: period,
        };
        let mut rules = Self {
            period,
            atoms: vec![base],
            steps: Vec::new(),
            names: 0,
            index: None,
            without_suspected: cohort.without_suspected,
            everybody: cohort.everybody,
            titles: Vec::new(),
        };
        let mut named: Vec<(&str, Window)> = Vec::new();
        for step in &cohort.steps {
            let asks = match &step.rule {
                Rule::Event(event) => rules.event(event, &mut named)?,
                Rule::Age { min, max, on } => Asks::Age {
                    min: min.unwrap_or(0),
                    max: max.unwrap_or(u16::MAX),
                    on: on.as_deref().map(|name| place(&named, name)).transpose()?,
                },
                Rule::Sex { code } => Asks::Sex(*code),
                Rule::Area { prefectures } => Asks::Area(area(prefectures)?),
            };
            rules.steps.push(Check { asks, exclude: step.exclude });
            rules.titles.push(step.title.clone());
        }
        rules.names = named.len();
        rules.index = named.iter().rposition(|(name, _)| *name == "index");
        if rules.atoms.len() > RULES_MAX + 1 {
            return Err(SpecError::Impossible("cohort.steps: at most 63 rules about events"));
        }
        Ok(rules)
    }

    fn event<'c>(
        &mut self,
        event: &'c EventRule,
        named: &mut Vec<(&'c str, Window)>,
    ) -> Result<Asks, SpecError> {
        let around = match &event.within {
            Some(w) => Some((place(named, &w.of)?, w.from, w.to)),
            None => None,
        };
        let window = match around {
            Some((at, from, to)) => named.get(at).map_or(self.period, |(_, w)| w.after(from, to)),
            None => self.period,
        };
        let bound = |text: &Option<String>| {
            let read = |t: &String| Decimal::from_str_exact(t);
            text.as_ref().map(read).transpose().map_err(|_| {
                SpecError::Impossible("value_min, value_max: a decimal number as text, e.g. \"6.5\"")
            })
        };
        let (min, max) = (bound(&event.value_min)?, bound(&event.value_max)?);
        self.atoms.push(Atom {
            table: event.table,
            codes: CodeTest::new(event.system.as_deref(), &event.prefixes),
            values: (min.is_some() || max.is_some()).then_some(Bounds { min, max }),
            in_period: around.is_none(),
            window,
        });
        let name = event.named.as_deref().map(|name| {
            named.push((name, window));
            named.len() - 1
        });
        let days = usize::try_from(event.days).unwrap_or(usize::MAX);
        Ok(Asks::Event { atom: self.atoms.len() - 1, days, around, name })
    }

    /// Does a step look at what persons are, beside their events?
    pub(super) fn looks_at_persons(&self) -> bool {
        self.steps.iter().any(|s| !matches!(s.asks, Asks::Event { .. }))
    }
}

/// The place of the event that was named so last.
fn place(named: &[(&str, Window)], name: &str) -> Result<usize, SpecError> {
    let found = named.iter().rposition(|(n, _)| *n == name);
    found.ok_or(SpecError::Impossible("a step speaks of an event that no earlier step names"))
}

fn area(codes: &[String]) -> Result<u64, SpecError> {
    codes.iter().try_fold(0u64, |bits, code| {
        let at = PREFECTURES.iter().position(|(c, _)| c == code);
        let at = at.ok_or(SpecError::Impossible("rule.area: prefectures by JIS X 0401, \"01\" to \"47\""))?;
        Ok(bits | 1 << (at + 1))
    })
}
