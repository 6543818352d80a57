//! The catalogue of checks, read from `checks/checks.toml` and held against its own rules. It must never be used in part:
//! a row that cannot stand refuses the whole.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The catalogue as shipped.
const SHIPPED: &str = include_str!("../../checks/checks.toml");
/// How many checks there are.
const CHECKS: u8 = 92;
/// Gates that nobody can override (law.md §19): from, to.
const NEVER: [(u8, u8); 2] = [(1, 12), (30, 36)];

/// The number of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct CheckId(u8);

impl CheckId {
    /// The number.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "C-{:03}", self.0)
    }
}

impl FromStr for CheckId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits =
            text.strip_prefix("C-").filter(|d| d.len() == 3 && d.bytes().all(|b| b.is_ascii_digit()));
        let number: Option<u8> = digits.and_then(|d| d.parse().ok()).filter(|n| (1..=CHECKS).contains(n));
        number.map(Self).ok_or_else(|| format!("C-001 … C-{CHECKS:03}: {text}"))
    }
}

impl TryFrom<String> for CheckId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<CheckId> for String {
    fn from(id: CheckId) -> Self {
        id.to_string()
    }
}

/// When a check is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub enum Stage {
    /// Before something is taken in.
    I,
    /// After linkage.
    L,
    /// Every night, of what is stored.
    S,
    /// When something is processed for a release.
    A,
    /// Before something is released.
    R,
    /// From time to time.
    P,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::I, Self::L, Self::S, Self::A, Self::R, Self::P];

    /// The letter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::I => "I",
            Self::L => "L",
            Self::S => "S",
            Self::A => "A",
            Self::R => "R",
            Self::P => "P",
        }
    }
}

/// What a failure does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub enum Severity {
    /// Work stops.
    #[serde(rename = "B")]
    Block,
    /// The case is held.
    #[serde(rename = "Q")]
    Quarantine,
    /// Somebody gets a task.
    #[serde(rename = "W")]
    Warn,
}

impl Severity {
    /// The letter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Block => "B",
            Self::Quarantine => "Q",
            Self::Warn => "W",
        }
    }
}

/// Who may override a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Override {
    /// Nobody.
    Never,
    /// Two people, with a reason and an expiry.
    Two,
}

/// A sentence in both languages.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Japanese.
    pub ja: &'a str,
    /// English.
    pub en: &'a str,
}

/// One check.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its number.
    pub id: CheckId,
    /// Its version; grows when criterion or sources change.
    pub version: u32,
    /// When it is asked.
    pub stages: Vec<Stage>,
    /// What a failure does, the mildest first.
    pub severity: Vec<Severity>,
    /// What a blocking failure stops, when less than everything.
    #[serde(default)]
    pub stops: Option<String>,
    /// Who may override it.
    #[serde(rename = "override")]
    pub override_by: Override,
    /// The requirements behind it.
    pub basis: Vec<String>,
    /// How well they are known: letters of V, M, D, between slashes.
    pub tags: String,
    /// What is read: `schema.table`, or a source outside the registry.
    pub reads: Vec<String>,
    /// Why people have to say it, when no program can read it.
    #[serde(default)]
    pub evidence: Option<String>,
    rule_ja: String,
    rule_en: String,
    pass_ja: String,
    pass_en: String,
    mend_ja: String,
    mend_en: String,
}

impl Check {
    /// What must hold.
    #[must_use]
    pub fn rule(&self) -> Words<'_> {
        Words { ja: &self.rule_ja, en: &self.rule_en }
    }

    /// When it holds.
    #[must_use]
    pub fn pass(&self) -> Words<'_> {
        Words { ja: &self.pass_ja, en: &self.pass_en }
    }

    /// What to do when it does not.
    #[must_use]
    pub fn mend(&self) -> Words<'_> {
        Words { ja: &self.mend_ja, en: &self.mend_en }
    }

    /// The tables of the registry that it reads. All evidence lies in one.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        let table = |source: &'_ String| source.starts_with("evidence:");
        self.reads
            .iter()
            .map(move |source| if table(source) { "compliance.check_evidence" } else { source.as_str() })
            .filter(|source| source.contains('.'))
    }

    fn stands(&self) -> bool {
        let words =
            [&self.rule_ja, &self.rule_en, &self.pass_ja, &self.pass_en, &self.mend_ja, &self.mend_en];
        let never = NEVER.iter().any(|(from, to)| (*from..=*to).contains(&self.id.0));
        let given = self.reads.iter().any(|source| source.starts_with("evidence:"));
        words.iter().all(|w| !w.trim().is_empty())
            && self.version > 0
            && [self.stages.is_empty(), self.severity.is_empty(), self.basis.is_empty(), self.reads.is_empty()]
                == [false; 4]
            && self.basis.iter().all(|b| b.starts_with("R-"))
            && self.tags.split('/').all(|t| matches!(t, "V" | "M" | "D"))
            && never == (self.override_by == Override::Never)
            // Evidence of people is read where, and only where, the data say why.
            && (self.evidence.is_none() || given)
    }
}

/// Why a catalogue is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueRefused {
    /// Not TOML, or not checks.
    #[error("checks.toml: {0}")]
    Unreadable(String),
    /// Not all of them, or not in order.
    #[error("checks.toml: place {place} holds {found}, C-001 to C-092 are expected in order")]
    Order {
        /// Counted from 1.
        place: usize,
        /// What stands there.
        found: String,
    },
    /// A row that says too little or contradicts the law's list.
    #[error("checks.toml: {0} is incomplete or contradicts itself")]
    Row(CheckId),
}

/// All checks.
#[derive(Debug, Clone)]
pub struct Catalogue(Vec<Check>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    check: Vec<Check>,
}

impl Catalogue {
    /// The catalogue of this program.
    ///
    /// # Errors
    /// See [`Self::parse`].
    pub fn shipped() -> Result<Self, CatalogueRefused> {
        Self::parse(SHIPPED)
    }

    /// Reads a catalogue and holds it against its rules.
    ///
    /// # Errors
    /// [`CatalogueRefused`] names the first row that cannot stand.
    pub fn parse(text: &str) -> Result<Self, CatalogueRefused> {
        let file: File = toml::from_str(text).map_err(|e| CatalogueRefused::Unreadable(e.to_string()))?;
        for (place, number) in (1..=CHECKS).enumerate() {
            let found = file.check.get(place).map(|c| c.id);
            if found != Some(CheckId(number)) {
                let found = found.map_or_else(|| "nothing".to_owned(), |id| id.to_string());
                return Err(CatalogueRefused::Order { place: place + 1, found });
            }
        }
        if let Some(extra) = file.check.get(usize::from(CHECKS)) {
            return Err(CatalogueRefused::Order {
                place: usize::from(CHECKS) + 1,
                found: extra.id.to_string(),
            });
        }
        match file.check.iter().find(|check| !check.stands()) {
            Some(check) => Err(CatalogueRefused::Row(check.id)),
            None => Ok(Self(file.check)),
        }
    }

    /// The checks, in order.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.0
    }

    /// The check of that number.
    #[must_use]
    pub fn get(&self, id: CheckId) -> Option<&Check> {
        self.0.iter().find(|check| check.id == id)
    }
}
