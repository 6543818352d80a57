//! Disclosure policies (開示制御方針): what a product must satisfy before it may leave, as signed data.
//!
//! A policy never holds code: it names thresholds, hierarchies, who may know a column, and the reason for each value.
//! The engine makes a product that satisfies it; the independent checker reads the same file by its own code.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::fact::FactTable;
use crate::ids::to_hex;
use crate::parameter::Verified;
use crate::spec::Product;

/// The layout of the text, its first line.
pub const POLICY_LAYOUT: &str = "musubi-policy/1";

/// A value with the reason for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given<T> {
    /// The value.
    pub value: T,
    /// Why: law, guideline section, measurement or decision.
    pub basis: String,
    /// How sure it is that the basis says so.
    pub verified: Verified,
}

/// A disclosure policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// [`POLICY_LAYOUT`].
    pub layout: String,
    /// Name: letters, digits and `-`.
    pub name: String,
    /// Version, from 1 on; a changed policy is another version.
    pub version: u32,
    /// Title for people.
    pub title: String,
    /// The product it is for.
    pub product: Product,
    /// First day on which it may be used.
    pub from: Date,
    /// Last day; none: until replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// One row per person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonPolicy>,
    /// What happened to the persons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<EventPolicy>,
    /// Tables of statistics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<TablePolicy>,
}

/// What the person table must satisfy (個票).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonPolicy {
    /// Smallest class of persons with equal quasi-identifiers (k-匿名性).
    pub k: Given<u64>,
    /// Least k the operator ever allows for a product of this kind.
    pub k_floor: Given<u64>,
    /// Smallest class when events of the persons are in the product: large enough for events to be protected inside
    /// their class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub k_with_events: Option<Given<u64>>,
    /// Distinct values of every sensitive column in a class (ℓ-多様性).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub l: Option<Given<u64>>,
    /// Greatest distance of a class's distribution from the table's, 0 to 1 (t-近接性).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t: Option<Given<f64>>,
    /// Share of persons that may be left out for the sake of the others, 0 to 1.
    pub suppression_limit: Given<f64>,
    /// How it is recoded.
    pub recoding: Given<Recoding>,
    /// The columns. A column of a request that is not among them cannot be released.
    #[serde(rename = "column")]
    pub columns: Vec<ColumnPolicy>,
}

/// How rows are recoded (一般化の方法).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recoding {
    /// One level per column for all rows: comparable, proven optimal.
    Global,
    /// Levels chosen class by class: more detail, not comparable between classes.
    Local,
    /// None: values as they are (pseudonymised products).
    None,
}

/// What a column tells of a person (項目の区分).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnClass {
    /// Identifies by itself: never released.
    Direct,
    /// Known to others and identifying together with more (準識別子).
    Quasi,
    /// What must not be learnt (機微).
    Sensitive,
    /// Neither.
    Neutral,
}

/// Who may know a column of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KnownBy {
    /// Anybody.
    Public,
    /// Neighbours, colleagues, family.
    Acquaintance,
    /// The provider or the insurer.
    Provider,
    /// Nobody but the person.
    Nobody,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnPolicy {
    /// Its name in the product.
    pub name: String,
    /// Its class.
    pub class: ColumnClass,
    /// Who may know it.
    pub known_by: KnownBy,
    /// How it may be made coarser. Needed for quasi-identifiers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hierarchy: Option<HierarchySpec>,
    /// Why.
    pub basis: String,
    /// How sure.
    pub verified: Verified,
}

/// How values become coarser (階層).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum HierarchySpec {
    /// The value or nothing.
    Flat,
    /// Whole numbers in bands, each width a multiple of the one before; values from `top` on, and below `bottom`, are
    /// not told apart at any level, the first one too.
    Bands {
        /// Widths of the levels above the value itself.
        widths: Vec<u32>,
        /// From here on one value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        top: Option<i64>,
        /// Below this one value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bottom: Option<i64>,
    },
    /// The first `keep` characters, one level for each entry, longest first.
    Prefix {
        /// Characters kept.
        keep: Vec<u32>,
    },
    /// Prefectures (JIS X 0401), regions (地方), the country.
    Prefecture,
    /// `2026-Q3`, `2026`, nothing.
    Quarter,
    /// A table of its own: each row a leaf and its ancestors, the last the same for all.
    Rows {
        /// The rows.
        rows: Vec<Vec<String>>,
    },
}

/// What the events must satisfy (個人に結び付く記録).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventPolicy {
    /// How many events of a person an attacker may know (m).
    pub known_events: Given<u32>,
    /// Does the attacker know when they happened?
    pub dates_known: Given<bool>,
    /// Persons that must share any `known_events` events within a class of quasi-identifiers (k^m-匿名性).
    pub k: Given<u64>,
    /// How dates are told.
    pub dates: Given<DateRule>,
    /// Persons in the product that must have a code for it to be told (希少コード).
    pub rare_min_persons: Given<u64>,
    /// How codes become coarser, by table and system.
    #[serde(default, rename = "ladder")]
    pub ladders: Vec<CodeLadder>,
    /// Measured values.
    pub values: Given<ValueRule>,
    /// Groups of codes that must not be inferable: where all of a class have one, it is taken out of the class.
    #[serde(default, rename = "sensitive")]
    pub sensitive: Vec<SensitiveGroup>,
    /// Codes that also take the prefecture away, and that a committee must have seen (指定難病など).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch_list: Option<Given<Vec<String>>>,
    /// Receipts of more points are left out: inpatient, others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_cost_points: Option<Given<HighCost>>,
}

/// Points from which on a receipt is left out (高額レセプト).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HighCost {
    /// Inpatient.
    pub inpatient: u64,
    /// Outpatient, pharmacy.
    pub other: u64,
}

/// How dates are told (日付の扱い).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum DateRule {
    /// Whole bins since the index day, e.g. 30-day months: bin 0 begins on it. The finest; the engine may take
    /// multiples.
    Relative {
        /// Days in the finest bin.
        bin_days: u32,
        /// Coarser bins, each a multiple of the one before; beyond the last only "some time".
        coarser_days: [u32; 2],
    },
    /// Every date of a person moved by the same whole weeks, another number for each person. For pseudonymised
    /// products only: gaps between dates re-identify.
    Shifted {
        /// At most so many weeks in either direction.
        max_weeks: u32,
    },
    /// As they are (pseudonymised products whose approval says so).
    Exact,
}

/// The steps by which codes of one system become coarser (コードの一般化).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeLadder {
    /// The table.
    pub table: FactTable,
    /// Lengths kept, longest first; the code itself is the step before the first.
    pub keep: Vec<u32>,
    /// ICD-10: the chapter is the step after the last.
    #[serde(default)]
    pub chapter: bool,
    /// What stands for a code that is not told at all.
    pub dummy: String,
    /// Why.
    pub basis: String,
    /// How sure.
    pub verified: Verified,
}

/// Measured values (検査値).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueRule {
    /// Share of values cut off at either end, e.g. 0.001.
    pub clip: f64,
    /// Significant digits kept.
    pub digits: u32,
}

/// A group of codes that must not be inferable (機微な傷病).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SensitiveGroup {
    /// Name for people.
    pub name: String,
    /// The table.
    pub table: FactTable,
    /// Beginnings of codes.
    pub prefixes: Vec<String>,
    /// Why.
    pub basis: String,
    /// How sure.
    pub verified: Verified,
}

/// What tables must satisfy (集計表).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablePolicy {
    /// Smallest number of persons that may be shown.
    pub cell_min: Given<u64>,
    /// Smallest number of facilities or insurers that may be shown.
    pub facility_min: Given<u64>,
    /// Persons that must stand behind a mean, a percentile, a sum.
    pub measure_min: Given<u64>,
    /// A cell's greatest contributor may hold at most this share of a sum (dominance).
    pub dominance_share: Given<f64>,
    /// Smallest count by population of the municipality; the tier with the greatest `from` not above it holds.
    #[serde(default, rename = "tier")]
    pub tiers: Vec<PopulationTier>,
    /// Amounts of drugs when persons are unknown: smallest shown, by dosage form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drug_units: Option<Given<BTreeMap<String, u64>>>,
    /// First numbers of beds of the classes above none (病床規模), ascending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bed_classes: Option<Given<Vec<u32>>>,
    /// How small counts are kept from view.
    pub protection: Given<Protection>,
}

/// A tier of population (市区町村の人口区分).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PopulationTier {
    /// Population from which on it holds.
    pub from: u64,
    /// Smallest count shown; none: counts of persons are not shown at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell_min: Option<u64>,
    /// Why.
    pub basis: String,
    /// How sure.
    pub verified: Verified,
}

/// How small counts are kept from view (秘匿の方法).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Cells are hidden until no hidden one can be narrowed down.
    Suppress,
    /// 介護DB option 1: every cell up to tens, small ones hidden.
    RoundUpTens,
    /// 介護DB option 2: every cell to the nearest ten.
    RoundNearestTen,
    /// 介護DB option 3: totals only are rounded.
    RoundTotals,
}

/// Why a text is not a usable policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML, unknown or missing fields.
    #[error("POL_READ: the policy cannot be read: {0} (方針を読めません)")]
    Unreadable(String),
    /// Readable, but it protects nobody or contradicts itself.
    #[error("POL_RULE: {0} (方針の内容に誤りがあります)")]
    Impossible(&'static str),
}

impl Policy {
    /// Reads and checks the TOML form.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|e| PolicyError::Unreadable(e.to_string()))?;
        policy.problem().map_or(Ok(policy), |problem| Err(PolicyError::Impossible(problem)))
    }

    /// The canonical form: JSON with the fields in the order of the type.
    #[must_use]
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// BLAKE3 of the canonical form, 64 hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        to_hex(blake3::hash(self.canonical().as_bytes()).as_bytes())
    }

    /// May it be used on this day?
    #[must_use]
    pub fn in_force(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// The first thing that makes it unusable.
    fn problem(&self) -> Option<&'static str> {
        let name_ok = (1..=64).contains(&self.name.len())
            && self.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if self.layout != POLICY_LAYOUT {
            return Some("layout must be musubi-policy/1");
        }
        if !name_ok || self.version == 0 {
            return Some("name: 1 to 64 of a-z, 0-9 and '-'; version from 1 on");
        }
        let rows = matches!(self.product, Product::Anonymized | Product::Pseudonymized | Product::Linkable);
        if rows && self.person.is_none() {
            return Some("a product of rows needs [person]");
        }
        if self.product == Product::Statistics && self.tables.is_none() {
            return Some("statistics need [tables]");
        }
        self.person
            .as_ref()
            .and_then(|p| p.problem(self.product))
            .or_else(|| self.events.as_ref().and_then(|e| e.problem(self.product)))
            .or_else(|| self.tables.as_ref().and_then(TablePolicy::problem))
    }
}

impl PersonPolicy {
    fn problem(&self, product: Product) -> Option<&'static str> {
        let anonymous = product != Product::Pseudonymized;
        let mut names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        names.sort_unstable();
        let quasi = |c: &&ColumnPolicy| c.class == ColumnClass::Quasi;
        match () {
            () if !(0.0..=1.0).contains(&self.suppression_limit.value) => {
                Some("suppression_limit: a share from 0 to 1")
            }
            () if anonymous && self.k.value < self.k_floor.value.max(2) => Some("k is below its floor"),
            () if anonymous && self.recoding.value == Recoding::None => {
                Some("an anonymised product must be recoded")
            }
            () if self.t.as_ref().is_some_and(|t| !(0.0..=1.0).contains(&t.value)) => {
                Some("t: a distance from 0 to 1")
            }
            () if names.windows(2).any(|pair| pair.first() == pair.last()) => Some("a column twice"),
            () if anonymous && self.columns.iter().filter(quasi).any(|c| c.hierarchy.is_none()) => {
                Some("a quasi-identifier without hierarchy")
            }
            () => None,
        }
    }
}

impl EventPolicy {
    fn problem(&self, product: Product) -> Option<&'static str> {
        let relative = matches!(self.dates.value, DateRule::Relative { .. });
        let bins = match self.dates.value {
            DateRule::Relative { bin_days, coarser_days: [a, b] } => {
                bin_days > 0 && a.checked_rem(bin_days) == Some(0) && b.checked_rem(a) == Some(0)
            }
            _ => true,
        };
        match () {
            // law.md C-043: a shift alone is a measure of pseudonymisation.
            () if product != Product::Pseudonymized && !relative => {
                Some("dates of an anonymised product must be relative and coarsened")
            }
            () if !bins => Some("bins of dates: each a multiple of the one before, none 0"),
            () if !(0.0..0.5).contains(&self.values.value.clip) || self.values.value.digits == 0 => {
                Some("values: clip below 0.5, at least one digit")
            }
            () if product != Product::Pseudonymized
                && (self.known_events.value == 0 || self.k.value < 2 || self.rare_min_persons.value < 2) =>
            {
                Some("events of an anonymised product: known_events from 1, k and rare_min_persons from 2")
            }
            () => None,
        }
    }
}

impl TablePolicy {
    fn problem(&self) -> Option<&'static str> {
        match () {
            () if self.cell_min.value < 2 => Some("cell_min: at least 2"),
            () if !(0.0..=1.0).contains(&self.dominance_share.value) => Some("dominance_share: 0 to 1"),
            () => None,
        }
    }
}
