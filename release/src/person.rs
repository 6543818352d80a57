//! One person in the count (集計上の一人): what is known of them, and which of their diagnoses count.
//!
//! Pure rules over facts; their wording for readers stands in the package's README and must say the same. This module
//! must never know who the person is.

use jiff::civil::Date;
use musubi_model::icd10::chapter_of;
use musubi_model::prefecture::PREFECTURES;
use musubi_model::spec::Cohort;
use musubi_model::{PartialDate, Sex};

use crate::grid::{Attributes, CHAPTER_CATEGORIES};

/// Modifier of a suspected diagnosis (疑い), 修飾語コード.
pub(crate) const SUSPECTED: &str = "8002";
/// Name of ICD-10 among the code systems.
pub(crate) const ICD10: &str = "ICD10";

/// What the rules look at in a diagnosis.
#[derive(Debug, Clone, Copy, Default)]
pub struct Diagnosis<'a> {
    /// First day.
    pub start: Option<PartialDate>,
    /// Last day.
    pub end: Option<PartialDate>,
    /// System and code of the standard concept.
    pub standard: (&'a str, &'a str),
    /// System and code as sent.
    pub source: (&'a str, &'a str),
    /// Modifiers, joined by spaces.
    pub qualifiers: &'a str,
}

/// The last day that a partial date can mean.
pub(crate) fn latest(date: &PartialDate) -> Date {
    let first = date.earliest();
    match (date.month(), date.day_of_month()) {
        (None, _) => first.last_of_year(),
        (_, None) => first.last_of_month(),
        _ => first,
    }
}

/// A code without its dot, in capitals.
pub(crate) fn plain(code: &str) -> String {
    code.chars().filter(|c| *c != '.').map(|c| c.to_ascii_uppercase()).collect()
}

/// The rules of a cohort, ready for many diagnoses.
#[derive(Debug, Clone)]
pub struct CohortRules {
    from: Date,
    to: Date,
    prefixes: Vec<String>,
    without_suspected: bool,
}

impl CohortRules {
    /// From what was approved.
    #[must_use]
    pub fn of(cohort: &Cohort) -> Self {
        Self {
            from: cohort.from,
            to: cohort.to,
            prefixes: cohort.icd10_prefixes.iter().map(|p| plain(p)).collect(),
            without_suspected: cohort.without_suspected,
        }
    }

    /// The chapter in which a diagnosis counts, as an index (0 to 21; 22: no chapter); `None`: it does not count.
    ///
    /// It counts when
    /// * it has a first day, and the earliest day that can mean is not after `to`; and it has no last day, or the
    ///   latest day that can mean is not before `from`;
    /// * it is not marked as suspected, when the cohort leaves those out;
    /// * its ICD-10 code (the standard concept's, or the sender's own when that is ICD-10) begins with one of the
    ///   prefixes, when there are any.
    #[must_use]
    pub fn chapter(&self, d: &Diagnosis<'_>) -> Option<usize> {
        let began = d.start.is_some_and(|start| start.earliest() <= self.to);
        let not_over = d.end.as_ref().is_none_or(|end| latest(end) >= self.from);
        if !began || !not_over {
            return None;
        }
        if self.without_suspected && d.qualifiers.split_whitespace().any(|q| q == SUSPECTED) {
            return None;
        }
        let code =
            [d.standard, d.source].into_iter().find(|(system, code)| *system == ICD10 && !code.is_empty());
        let code = code.map(|(_, code)| plain(code)).unwrap_or_default();
        if !self.prefixes.is_empty() && !self.prefixes.iter().any(|p| code.starts_with(p.as_str())) {
            return None;
        }
        Some(chapter_of(&code).map_or(CHAPTER_CATEGORIES - 1, |c| usize::from(c.number) - 1))
    }
}

/// Votes of a person's facts on one attribute.
#[derive(Debug, Clone, Default)]
struct Votes<T>(Vec<(T, u32)>);

impl<T: Ord + Copy> Votes<T> {
    fn add(&mut self, value: T) {
        match self.0.iter_mut().find(|(v, _)| *v == value) {
            Some((_, n)) => *n = n.saturating_add(1),
            None => self.0.push((value, 1)),
        }
    }

    /// The value most often given; of equals the smallest. Does not depend on the order of the votes.
    fn winner(&self) -> Option<T> {
        self.0.iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0))).map(|(v, _)| *v)
    }

    fn disagree(&self) -> bool {
        self.0.len() > 1
    }
}

/// A person while their facts are read.
#[derive(Debug, Clone, Default)]
pub struct Person {
    sex: Votes<u8>,
    birth: Votes<(i16, u8)>,
    prefecture: Votes<u8>,
    chapters: u32,
}

/// On which attributes a person's facts disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Disagreement {
    /// Sex.
    pub sex: bool,
    /// Birth month.
    pub birth: bool,
    /// Prefecture.
    pub prefecture: bool,
}

impl Person {
    /// Hears a `person` fact: birth month, sex code, prefecture. What is unknown or no valid code is no vote.
    pub fn attributes(&mut self, birth: Option<PartialDate>, sex: &str, prefecture: (&str, &str)) {
        if let Some(month) = birth.and_then(|b| Some((b.year(), b.month()?))) {
            self.birth.add(month);
        }
        match Sex::read(sex) {
            Some(Sex::Male) => self.sex.add(1),
            Some(Sex::Female) => self.sex.add(2),
            Some(Sex::Other) => self.sex.add(9),
            Some(Sex::Unknown) | None => {}
        }
        let (system, code) = prefecture;
        if system == musubi_model::CodeSystem::Prefecture.as_str()
            && let Some(at) = PREFECTURES.iter().position(|(c, _)| *c == code)
        {
            self.prefecture.add(u8::try_from(at + 1).unwrap_or(0));
        }
    }

    /// Hears a diagnosis that counts in a chapter.
    pub fn diagnosis(&mut self, chapter: usize) {
        self.chapters |= u32::try_from(chapter).ok().and_then(|c| 1u32.checked_shl(c)).unwrap_or(0);
    }

    /// Has any diagnosis that counts?
    #[must_use]
    pub fn counts(&self) -> bool {
        self.chapters != 0
    }

    /// Has a diagnosis that counts in this chapter?
    #[must_use]
    pub fn in_chapter(&self, chapter: usize) -> bool {
        u32::try_from(chapter)
            .ok()
            .and_then(|c| self.chapters.checked_shr(c))
            .is_some_and(|bits| bits & 1 == 1)
    }

    /// What is known of the person on a day. Age in full years, the birthday taken as the first of the birth month.
    #[must_use]
    pub fn on(&self, day: Date) -> Attributes {
        let birth = self.birth.winner().and_then(|(year, month)| PartialDate::new(year, month, 0));
        Attributes {
            sex: self.sex.winner(),
            prefecture: self.prefecture.winner(),
            age: birth.and_then(|b| b.age_on(day)),
        }
    }

    /// Where the sources disagree.
    #[must_use]
    pub fn disagreement(&self) -> Disagreement {
        Disagreement {
            sex: self.sex.disagree(),
            birth: self.birth.disagree(),
            prefecture: self.prefecture.disagree(),
        }
    }
}

#[cfg(test)]
#[path = "tests/person.rs"]
mod tests;
