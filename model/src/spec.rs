//! What is asked for (抽出仕様): the TOML that a committee approves by its hash.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::fact::FactTable;
use crate::ids::to_hex;

/// The product asked for (提供区分).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// 統計情報.
    Statistics,
    /// 匿名加工医療情報.
    Anonymized,
    /// 仮名加工医療情報.
    Pseudonymized,
    /// 連結可能匿名加工医療情報: anonymised, with keys of the public databases.
    Linkable,
}

impl Product {
    /// The word in files and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statistics => "statistics",
            Self::Anonymized => "anonymized",
            Self::Pseudonymized => "pseudonymized",
            Self::Linkable => "linkable",
        }
    }

    /// The Act's word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Statistics => "統計情報",
            Self::Anonymized => "匿名加工医療情報",
            Self::Pseudonymized => "仮名加工医療情報",
            Self::Linkable => "連結可能匿名加工医療情報",
        }
    }
}

/// A request for a release. Version 1 asks for one nested table; version 2 names a policy and its recipients, and asks
/// for rows ([`RowSpec`]) or for tables with all their totals ([`CubeSpec`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtractSpec {
    /// Version of this layout; 1 or 2.
    pub version: u32,
    /// Short name, letters, digits and `-`; becomes part of file names.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// What the result is for (利用目的).
    pub purpose: String,
    /// Who receives it (提供先).
    pub recipient: String,
    /// The product.
    pub product: Product,
    /// The disclosure policy (version 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// To whom it goes (version 2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Recipient>,
    /// Who is counted.
    pub cohort: Cohort,
    /// One nested table (version 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableSpec>,
    /// Rows (version 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<RowSpec>,
    /// Tables with all their totals (version 2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<CubeSpec>,
}

/// A disclosure policy by name and version (開示制御方針).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRef {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
}

/// Who receives a product (提供先).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// A name for the ledger: letters, digits and `-`.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// Public key for encryption, `age1…`; none: handed over in the operator's own environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age: Option<String>,
}

/// What rows are asked for (個票の項目). All tables have a column `pid`, new for every release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowSpec {
    /// Columns of the person table.
    pub person: Vec<PersonColumn>,
    /// Tables of events.
    #[serde(default)]
    pub events: Vec<EventTable>,
    /// Also the layout of OMOP CDM v5.4.
    #[serde(default)]
    pub omop: bool,
    /// CSV in Shift_JIS instead of UTF-8 with BOM.
    #[serde(default)]
    pub shift_jis: bool,
}

/// A column of the person table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonColumn {
    /// Sex (性別).
    Sex,
    /// Age in years on the index day (基準日の年齢).
    Age,
    /// Prefecture of residence (都道府県).
    Area,
    /// Quarter of the index day (基準日の四半期).
    Index,
    /// Kind of insurance (保険者種別).
    Insurer,
    /// Death: whether, and how long after the index day (死亡).
    Death,
    /// How long the person was observed after the index day (観察期間).
    Observed,
}

impl PersonColumn {
    /// All.
    pub const ALL: [Self; 7] =
        [Self::Sex, Self::Age, Self::Area, Self::Index, Self::Insurer, Self::Death, Self::Observed];

    /// Its name in the product and in policies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sex => "sex",
            Self::Age => "age",
            Self::Area => "area",
            Self::Index => "index",
            Self::Insurer => "insurer",
            Self::Death => "death",
            Self::Observed => "observed",
        }
    }

    /// The Japanese name.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Sex => "性別",
            Self::Age => "基準日の年齢",
            Self::Area => "都道府県",
            Self::Index => "基準日の時期",
            Self::Insurer => "保険者種別",
            Self::Death => "死亡",
            Self::Observed => "観察期間",
        }
    }
}

/// A table of events that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTable {
    /// Which: conditions, drugs, procedures, measurements or visits.
    pub table: FactTable,
    /// Only codes that begin with one of these; empty: all.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// With values and units (measurements).
    #[serde(default)]
    pub values: bool,
}

/// A table with all its totals (集計表).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CubeSpec {
    /// Name: letters, digits and `-`; becomes a file's name.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// The dimensions.
    pub dimensions: Vec<Dimension>,
    /// What stands in the cells besides the number of persons, which is always counted.
    #[serde(default)]
    pub measures: Vec<CubeMeasure>,
    /// Only facts of this table whose codes begin with one of `prefixes` count; the table of the dimension when it has
    /// one. None: persons of the cohort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<EventTable>,
}

/// A dimension of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Sex.
    Sex,
    /// Five-year age band on the index day, or on the first day of the period.
    AgeBand5,
    /// Ten-year age band.
    AgeBand10,
    /// Prefecture of residence, with regions above.
    Prefecture,
    /// Class of the facility's beds (病床規模).
    BedClass,
    /// Municipality in which the facility that recorded the fact stands, or which recorded it itself (市区町村). Persons
    /// count once in each; small ones are shown by the tiers of the policy.
    Municipality,
    /// Secondary medical area of that municipality (二次医療圏).
    MedicalArea,
    /// Kind of insurance (保険者種別).
    Insurer,
    /// ICD-10 chapter of a diagnosis. Persons count once in each.
    DiagnosisChapter,
    /// Ingredient of a drug (YJ, first seven digits).
    DrugIngredient,
    /// Level of the need for care (要介護度), the latest in the period.
    CareLevel,
    /// Kind of examination (JLAC10 or the sender's code, as mapped).
    Examination,
    /// Band of a measured value: the quarters of all values.
    ValueBand,
    /// Year of the fact (calendar).
    Year,
    /// Month of the fact (calendar).
    Month,
}

/// What stands in the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CubeMeasure {
    /// Sum of quantities (drugs).
    Quantity,
    /// Sum of points of medical receipts (点数).
    Points,
    /// Sum of units of long-term care (単位数).
    Units,
    /// Mean of values.
    Mean,
    /// 25th, 50th and 75th percentile of values.
    Quartiles,
}

/// Who is counted (対象集団): persons with a diagnosis in the period that satisfies all that is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// First day of care counted.
    pub from: Date,
    /// Last day of care counted.
    pub to: Date,
    /// Only diagnoses whose ICD-10 code begins with one of these; empty means all.
    #[serde(default)]
    pub icd10_prefixes: Vec<String>,
    /// Leave out diagnoses marked as suspected (疑い, modifier 8002). Default: yes.
    #[serde(default = "yes")]
    pub without_suspected: bool,
    /// Also persons without any diagnosis (傷病を問わない): whoever is left by the steps (version 2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub everybody: bool,
    /// Steps in their order; each leaves persons out, and how many stands in the table of attrition (version 2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// A step of a cohort (組入れ・除外の条件).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its wording for people.
    pub title: String,
    /// What must be, or must not be: `[cohort.steps.rule.event]`, `rule.age`, `rule.sex`, `rule.area`.
    pub rule: Rule,
    /// Persons that satisfy it are left out instead.
    #[serde(default)]
    pub exclude: bool,
}

/// What a step asks of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Rule {
    /// Facts of a table.
    Event(EventRule),
    /// Age in full years on the day of `on`, or on the first day of the period.
    Age {
        /// At least.
        #[serde(default)]
        min: Option<u16>,
        /// At most.
        #[serde(default)]
        max: Option<u16>,
        /// Name of an event of an earlier step.
        #[serde(default)]
        on: Option<String>,
    },
    /// Sex: 1 男, 2 女.
    Sex {
        /// The code.
        code: u8,
    },
    /// Prefecture of residence, JIS X 0401.
    Area {
        /// The codes.
        prefectures: Vec<String>,
    },
}

/// Facts that must be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRule {
    /// The name by which later steps speak of the day of the first fact found. `index` is the index day (基準日).
    #[serde(default, rename = "as", skip_serializing_if = "Option::is_none")]
    pub named: Option<String>,
    /// The table.
    pub table: FactTable,
    /// Code system; none: the standard concept's, or the sender's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Beginnings of codes; empty: all.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// On at least so many different days. Default 1.
    #[serde(default = "one")]
    pub days: u32,
    /// Only facts whose day lies between these days after the named event (negative: before), both included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Within>,
    /// Only values of at least this (a decimal number).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_min: Option<String>,
    /// Only values of at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_max: Option<String>,
}

/// A window of days around an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// The event's name.
    pub of: String,
    /// First day.
    pub from: i32,
    /// Last day.
    pub to: i32,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// An axis of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// ICD-10 chapter of the diagnosis. A person counts once in each chapter, so chapters do not add up.
    DiagnosisChapter,
    /// Prefecture of residence.
    Prefecture,
    /// Sex.
    Sex,
    /// Five-year age band on the reference day.
    AgeBand5,
}

impl Axis {
    /// Column name in the CSV.
    #[must_use]
    pub fn column(self) -> &'static str {
        match self {
            Self::DiagnosisChapter => "diagnosis_chapter",
            Self::Prefecture => "prefecture",
            Self::Sex => "sex",
            Self::AgeBand5 => "age_band_5",
        }
    }

    /// Japanese column name.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::DiagnosisChapter => "傷病大分類",
            Self::Prefecture => "都道府県",
            Self::Sex => "性別",
            Self::AgeBand5 => "年齢階級",
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Persons, each once in a cell.
    Persons,
}

/// A table (集計表).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// Axes from the outermost to the innermost. Totals are published along this nesting: each inner axis summed
    /// away in turn. [`Axis::DiagnosisChapter`], when used, comes first, because chapters overlap.
    pub axes: Vec<Axis>,
    /// What is counted.
    pub measure: Measure,
    /// The day on which ages are taken.
    pub age_on: Date,
}

/// Why a text is not a usable spec.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Not TOML, unknown or missing fields.
    #[error("the request cannot be read: {0}")]
    Unreadable(String),
    /// Readable, but not something that can be done.
    #[error("the request cannot be carried out: {0}")]
    Impossible(&'static str),
}

impl ExtractSpec {
    /// Reads and checks the TOML form.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let spec: Self = toml::from_str(text).map_err(|e| SpecError::Unreadable(e.to_string()))?;
        spec.problem().map_or(Ok(spec), |problem| Err(SpecError::Impossible(problem)))
    }

    /// The first thing that makes it impossible.
    fn problem(&self) -> Option<&'static str> {
        let asked = [self.table.is_some(), self.rows.is_some(), !self.tables.is_empty()];
        match () {
            () if !word(&self.name) => Some("name: 1 to 64 of a-z, 0-9 and '-'"),
            () if self.cohort.from > self.cohort.to => Some("cohort.from is after cohort.to"),
            () if asked.iter().filter(|a| **a).count() != 1 => {
                Some("ask for one of [table], [rows] and [[tables]]")
            }
            () if (self.product == Product::Statistics) == self.rows.is_some() => {
                Some("statistics are tables; the other products are rows")
            }
            () => match self.version {
                1 => self.problem_of_version_1(),
                2 => self.problem_of_version_2(),
                _ => Some("version must be 1 or 2"),
            },
        }
    }

    fn problem_of_version_1(&self) -> Option<&'static str> {
        let Some(table) = &self.table else { return Some("version 1 asks for a [table]") };
        let mut seen = table.axes.clone();
        seen.sort_unstable();
        seen.dedup();
        let chapter_inside = table.axes.iter().skip(1).any(|a| *a == Axis::DiagnosisChapter);
        match () {
            () if self.policy.is_some() || !self.recipients.is_empty() || !self.cohort.steps.is_empty() => {
                Some("policy, recipients and cohort.steps need version 2")
            }
            () if self.cohort.everybody => Some("cohort.everybody needs version 2"),
            () if table.axes.is_empty() => Some("table.axes is empty"),
            () if seen.len() != table.axes.len() => Some("table.axes repeats an axis"),
            () if chapter_inside => Some("diagnosis_chapter must be the first axis"),
            () => None,
        }
    }

    fn problem_of_version_2(&self) -> Option<&'static str> {
        let mut ids: Vec<&str> = self.recipients.iter().map(|r| r.id.as_str()).collect();
        ids.sort_unstable();
        let twice = |names: &[&str]| names.windows(2).any(|pair| pair.first() == pair.last());
        match () {
            () if self.policy.is_none() => Some("version 2 names a policy"),
            () if self.recipients.is_empty() => Some("version 2 names its recipients"),
            () if !self.recipients.iter().all(|r| word(&r.id)) || twice(&ids) => {
                Some("recipients: each an id of a-z, 0-9 and '-', none twice")
            }
            () if self.table.is_some() => Some("a nested [table] needs version 1"),
            () if self.cohort.everybody && !self.cohort.icd10_prefixes.is_empty() => {
                Some("cohort.everybody asks for no diagnosis, cohort.icd10_prefixes for one")
            }
            () => self
                .steps_problem()
                .or_else(|| self.rows.as_ref().and_then(RowSpec::problem))
                .or_else(|| self.tables_problem()),
        }
    }

    /// Steps may only speak of events that were named before.
    fn steps_problem(&self) -> Option<&'static str> {
        let mut known: Vec<&str> = Vec::new();
        for step in &self.cohort.steps {
            let speaks_of = match &step.rule {
                Rule::Event(e) => e.within.as_ref().map(|w| w.of.as_str()),
                Rule::Age { on, .. } => on.as_deref(),
                Rule::Sex { .. } | Rule::Area { .. } => None,
            };
            if speaks_of.is_some_and(|name| !known.contains(&name)) {
                return Some("a step speaks of an event that no earlier step names");
            }
            if let Rule::Event(e) = &step.rule {
                if e.within.as_ref().is_some_and(|w| w.from > w.to) || e.days == 0 {
                    return Some("a step's window or number of days can hold nothing");
                }
                if step.exclude && e.named.is_some() {
                    return Some("a step that leaves out cannot name an event");
                }
                known.extend(e.named.as_deref());
            }
        }
        None
    }

    fn tables_problem(&self) -> Option<&'static str> {
        let mut names: Vec<&str> = self.tables.iter().map(|t| t.name.as_str()).collect();
        names.sort_unstable();
        let repeats = |t: &CubeSpec| {
            let mut dimensions = t.dimensions.clone();
            dimensions.sort_unstable();
            dimensions.windows(2).any(|pair| pair.first() == pair.last())
        };
        let by = |dimension: Dimension| self.tables.iter().any(|t| t.dimensions.contains(&dimension));
        match () {
            () if names.windows(2).any(|pair| pair.first() == pair.last()) => Some("a table twice"),
            // An area less its other municipalities would tell the one that is hidden.
            () if by(Dimension::Municipality) && by(Dimension::MedicalArea) => {
                Some("tables: municipality or medical_area, not both in one request")
            }
            () if !self.tables.iter().all(|t| word(&t.name)) => {
                Some("tables: each a name of a-z, 0-9 and '-'")
            }
            () if self.tables.iter().any(|t| t.dimensions.is_empty() || repeats(t)) => {
                Some("tables: at least one dimension, none twice")
            }
            () => None,
        }
    }

    /// The canonical form: JSON with the fields in the order of the type. Comments and layout of the TOML do not count.
    #[must_use]
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The hash a committee approves (scope hash): BLAKE3 of the canonical form, 64 hexadecimal digits.
    #[must_use]
    pub fn scope_hash(&self) -> String {
        to_hex(blake3::hash(self.canonical().as_bytes()).as_bytes())
    }
}

impl RowSpec {
    fn problem(&self) -> Option<&'static str> {
        const EVENTS: [FactTable; 5] = [
            FactTable::ConditionOccurrence,
            FactTable::DrugExposure,
            FactTable::ProcedureOccurrence,
            FactTable::Measurement,
            FactTable::VisitOccurrence,
        ];
        let mut columns = self.person.clone();
        columns.sort_unstable();
        let mut tables: Vec<FactTable> = self.events.iter().map(|e| e.table).collect();
        tables.sort_unstable();
        match () {
            () if columns.windows(2).any(|pair| pair.first() == pair.last()) => {
                Some("rows.person repeats a column")
            }
            () if tables.windows(2).any(|pair| pair.first() == pair.last()) => {
                Some("rows.events repeats a table")
            }
            // law.md R-ANO-08: free text and whatever else is not on this list stays in.
            () if !tables.iter().all(|t| EVENTS.contains(t)) => {
                Some("rows.events: this table is not released")
            }
            () => None,
        }
    }
}

/// A name that may become part of a file's name.
fn word(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = "version=1\nname='t'\ntitle='t'\npurpose='p'\nrecipient='r'\nproduct='statistics'\n\
        [cohort]\nfrom='2026-01-01'\nto='2026-12-31'\n\
        [table]\naxes=['diagnosis_chapter','sex']\nmeasure='persons'\nage_on='2026-10-01'\n";

    #[test]
    fn the_hash_follows_the_meaning_not_the_layout() {
        let a = ExtractSpec::parse(SPEC).unwrap();
        let b = ExtractSpec::parse(&format!("# a comment\n{SPEC}")).unwrap();
        let c = ExtractSpec::parse(&SPEC.replace("2026-12-31", "2026-12-30")).unwrap();
        assert_eq!(a.scope_hash(), b.scope_hash());
        assert_ne!(a.scope_hash(), c.scope_hash());
    }

    const ROWS: &str = "version=2\nname='t'\ntitle='t'\npurpose='p'\nrecipient='r'\nproduct='anonymized'\n\
        policy={name='anonymized',version=1}\n[[recipients]]\nid='mihon'\nname='見本'\n\
        [cohort]\nfrom='2026-01-01'\nto='2026-12-31'\n\
        [[cohort.steps]]\ntitle='糖尿病'\n[cohort.steps.rule.event]\nas='index'\ntable='condition_occurrence'\n\
        prefixes=['E11']\n\
        [[cohort.steps]]\ntitle='40歳以上'\nrule={age={min=40,on='index'}}\n\
        [rows]\nperson=['sex','age']\n[[rows.events]]\ntable='drug_exposure'\n";

    #[test]
    fn rows_are_asked_for_by_version_2() {
        let spec = ExtractSpec::parse(ROWS).unwrap();
        assert_eq!(spec.cohort.steps.len(), 2);
        for (from, to) in [
            ("on='index'", "on='other'"),
            ("person=['sex','age']", "person=['sex','name']"),
            ("prefixes=['E11']", "prefix=['E11']"),
            ("drug_exposure", "note"),
            ("'anonymized'\npolicy", "'statistics'\npolicy"),
            ("policy={name='anonymized',version=1}", ""),
            ("version=2", "version=1"),
        ] {
            assert!(ExtractSpec::parse(&ROWS.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn refuses_what_cannot_be_done() {
        for (from, to) in [
            ("'diagnosis_chapter','sex'", "'sex','diagnosis_chapter'"),
            ("'diagnosis_chapter','sex'", "'sex','sex'"),
            ("'diagnosis_chapter','sex'", ""),
            ("from='2026-01-01'", "from='2027-01-01'"),
            ("name='t'", "name='../t'"),
            ("measure='persons'", "measure='persons'\nextra=1"),
        ] {
            assert!(ExtractSpec::parse(&SPEC.replace(from, to)).is_err(), "{to}");
        }
    }
}
