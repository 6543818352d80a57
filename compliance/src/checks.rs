//! The checks of the Act (遵守点検): what must hold, as data ([`Catalogue`]), and who found out whether it does.
//!
//! A check is a pure judgement over what somebody read from the stores. Rooms give readers ([`Room`]); [`run`] asks them
//! and never takes silence for consent: a check without an answer, or whose source cannot be read, fails. A [`Judgement`]
//! holds counts, ids and hashes, and must never hold a value of a person.

mod books;
mod catalogue;
mod committee;
pub mod conduct;
pub mod evidence;
mod loaded;
pub mod notice;
pub mod programs;
mod read_conduct;
mod read_intake;
mod read_office;
pub mod records;
pub mod sealed;
mod zones;

use std::collections::BTreeMap;

use musubi_storage::StorageError;
use serde::Serialize;

pub use books::{BUILD, Books, READERS, items_of};
pub use catalogue::{Catalogue, CatalogueRefused, Check, CheckId, Override, Severity, Stage, Words};
pub use read_conduct::CONDUCT;
pub use read_intake::INTAKE_READERS;
pub use zones::{OlderFiles, ZONE_READERS, Zones};

/// References that a judgement keeps of what is wrong; more are counted only.
const REFERENCES_MAX: usize = 20;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds (合格).
    Pass,
    /// The sources were read and hold no case (該当なし).
    NoCase,
    /// It does not hold (不合格).
    Fail,
    /// It could not be read, which is a failure (読めない).
    Unreadable,
}

impl Verdict {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NoCase => "no-case",
            Self::Fail => "fail",
            Self::Unreadable => "unreadable",
        }
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Pass => "合格",
            Self::NoCase => "該当なし",
            Self::Fail => "不合格",
            Self::Unreadable => "読めない",
        }
    }

    /// Does it hold?
    #[must_use]
    pub fn holds(self) -> bool {
        matches!(self, Self::Pass | Self::NoCase)
    }
}

/// Why a check could not be read. Names tables and steps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    /// With words that name no person.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl From<StorageError> for Unreadable {
    fn from(error: StorageError) -> Self {
        // The chain of causes names tables, files and steps; the outermost alone would hide the reason.
        let mut words = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            words = format!("{words}: {next}");
            cause = next.source();
        }
        Self(words)
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// How it ended.
    pub verdict: Verdict,
    /// Numbers by name; `looked` and `failed` are always there.
    pub counts: BTreeMap<&'static str, u64>,
    /// Ids and hashes of what is wrong, at most twenty.
    pub evidence: Vec<String>,
    /// BLAKE3 of all that was looked at.
    pub input_hash: String,
}

/// A number of things.
#[must_use]
pub fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// BLAKE3 of something's canonical JSON.
fn hash_of(input: &impl Serialize) -> Result<String, Unreadable> {
    let text = serde_json::to_vec(input).map_err(|_| Unreadable::new("the input cannot be written down"))?;
    Ok(blake3::hash(&text).to_hex().to_string())
}

/// Judges cases one by one: each must be sound. Without any it is no case.
///
/// # Errors
/// When the input has no canonical form.
pub fn each<T: Serialize>(
    cases: &[T],
    name: impl Fn(&T) -> String,
    sound: impl Fn(&T) -> bool,
) -> Result<Judgement, Unreadable> {
    let wrong: Vec<String> = cases.iter().filter(|case| !sound(case)).map(name).collect();
    let verdict = match (cases.is_empty(), wrong.is_empty()) {
        (true, _) => Verdict::NoCase,
        (false, true) => Verdict::Pass,
        (false, false) => Verdict::Fail,
    };
    let counts = BTreeMap::from([("looked", number(cases.len())), ("failed", number(wrong.len()))]);
    let evidence = wrong.into_iter().take(REFERENCES_MAX).collect();
    Ok(Judgement { verdict, counts, evidence, input_hash: hash_of(&cases)? })
}

impl Judgement {
    /// The same with another number.
    #[must_use]
    pub fn with(mut self, name: &'static str, n: u64) -> Self {
        self.counts.insert(name, n);
        self
    }

    /// No case becomes a failure: what was looked for must be there.
    #[must_use]
    pub fn required(mut self, missing: &str) -> Self {
        if self.verdict == Verdict::NoCase {
            self.verdict = Verdict::Fail;
            self.evidence.push(missing.to_owned());
            self.counts.insert("failed", 1);
        }
        self
    }

    /// A house that was looked over counts as a case, even when it holds nothing of the kind.
    #[must_use]
    pub fn looked_over(mut self, things: u64) -> Self {
        self.counts.insert("looked", things);
        if self.verdict == Verdict::NoCase && things > 0 {
            self.verdict = Verdict::Pass;
        }
        self
    }

    /// Both must hold: the worse verdict, the numbers together, the hash of both inputs.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.verdict = match (self.verdict, other.verdict) {
            (Verdict::NoCase, verdict) | (verdict, Verdict::NoCase) => verdict,
            (a, b) => a.max(b),
        };
        for (name, n) in other.counts {
            *self.counts.entry(name).or_default() += n;
        }
        self.evidence.extend(other.evidence);
        self.evidence.truncate(REFERENCES_MAX);
        let both = format!("{}{}", self.input_hash, other.input_hash);
        self.input_hash = blake3::hash(both.as_bytes()).to_hex().to_string();
        self
    }

    fn unreadable(why: Unreadable) -> Self {
        Self {
            verdict: Verdict::Unreadable,
            counts: BTreeMap::from([("looked", 0), ("failed", 0)]),
            evidence: vec![why.0],
            input_hash: String::new(),
        }
    }
}

/// A reader: reads what one check needs, by its number, and judges it.
pub type Reader<S> = (u8, fn(&mut S) -> Result<Judgement, Unreadable>);

/// Whoever can answer checks.
pub trait Room {
    /// The answer to a check; `None`: this room does not read for it.
    fn answer(&mut self, id: CheckId) -> Option<Result<Judgement, Unreadable>>;
}

/// A room of readers over one store.
#[derive(Debug)]
pub struct Desk<S: 'static> {
    /// What the readers read.
    pub store: S,
    /// The readers.
    pub readers: &'static [Reader<S>],
}

impl<S> Room for Desk<S> {
    fn answer(&mut self, id: CheckId) -> Option<Result<Judgement, Unreadable>> {
        let (_, reader) = self.readers.iter().find(|(number, _)| *number == id.number())?;
        Some(reader(&mut self.store))
    }
}

/// A check with its judgement.
#[derive(Debug, Clone)]
pub struct Outcome<'c> {
    /// The check.
    pub check: &'c Check,
    /// What it found.
    pub judgement: Judgement,
}

impl Outcome<'_> {
    /// Must work stop?
    #[must_use]
    pub fn blocks(&self) -> bool {
        !self.judgement.verdict.holds() && self.check.severity.contains(&Severity::Block)
    }

    /// Does it fail without blocking everything?
    #[must_use]
    pub fn warns(&self) -> bool {
        !self.judgement.verdict.holds() && !self.blocks()
    }
}

/// Asks the rooms about every check that is wanted, in order. Every check gets a judgement.
pub fn run<'c>(
    catalogue: &'c Catalogue,
    wanted: impl Fn(&Check) -> bool,
    rooms: &mut [&mut dyn Room],
) -> Vec<Outcome<'c>> {
    let ask = |check: &'c Check, rooms: &mut [&mut dyn Room]| {
        let answer = rooms.iter_mut().find_map(|room| room.answer(check.id));
        let judgement = match answer {
            Some(Ok(judgement)) => judgement,
            Some(Err(why)) => Judgement::unreadable(why),
            None => {
                Judgement::unreadable(Unreadable::new(format!("no reader for {}", check.reads.join(", "))))
            }
        };
        Outcome { check, judgement }
    };
    catalogue.checks().iter().filter(|check| wanted(check)).map(|check| ask(check, rooms)).collect()
}

#[cfg(test)]
#[path = "checks/conduct_tests.rs"]
mod conduct_tests;
#[cfg(test)]
#[path = "checks/tests.rs"]
mod tests;
