//! What is asked for (抽出仕様): the TOML that a committee approves by its hash.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::to_hex;

/// The product asked for (提供区分).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// 統計情報.
    Statistics,
}

/// A request for a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtractSpec {
    /// Version of this layout; 1.
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
    /// Who is counted.
    pub cohort: Cohort,
    /// The table.
    pub table: TableSpec,
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
        let name_ok = (1..=64).contains(&spec.name.len())
            && spec.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let mut seen = spec.table.axes.clone();
        seen.sort_unstable();
        seen.dedup();
        let chapter_inside = spec.table.axes.iter().skip(1).any(|a| *a == Axis::DiagnosisChapter);
        match () {
            () if spec.version != 1 => Err(SpecError::Impossible("version must be 1")),
            () if !name_ok => Err(SpecError::Impossible("name: 1 to 64 of a-z, 0-9 and '-'")),
            () if spec.cohort.from > spec.cohort.to => {
                Err(SpecError::Impossible("cohort.from is after cohort.to"))
            }
            () if spec.table.axes.is_empty() => Err(SpecError::Impossible("table.axes is empty")),
            () if seen.len() != spec.table.axes.len() => {
                Err(SpecError::Impossible("table.axes repeats an axis"))
            }
            () if chapter_inside => Err(SpecError::Impossible("diagnosis_chapter must be the first axis")),
            () => Ok(spec),
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
