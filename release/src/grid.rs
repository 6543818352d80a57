//! The grid of a table (集計表の枠): the categories of each axis with their published labels, and where a person falls.
//!
//! All categories are always there, also those with nobody in them, so that the shape of a table tells nothing. This
//! module must never see counts.

use musubi_model::icd10::CHAPTERS;
use musubi_model::prefecture::PREFECTURES;
use musubi_model::spec::Axis;

/// The label of a total.
pub const TOTAL: &str = "計";
/// The label of persons of whom it is not known.
pub const UNKNOWN: &str = "不明";
/// The label of diagnoses without an ICD-10 code, or with one that lies in no chapter.
pub const UNCODED: &str = "ICD-10対応なし";
/// The name of the column of counts.
pub const PERSONS: &str = "人数";
/// Years in an age band.
const BAND_YEARS: u16 = 5;

/// Number of chapters with that of diagnoses without one, which stands last.
pub const CHAPTER_CATEGORIES: usize = CHAPTERS.len() + 1;

/// One axis with its categories in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridAxis {
    /// Column name in the CSV.
    pub column: String,
    /// Labels of the categories.
    pub labels: Vec<String>,
}

/// The axes of a table, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// The chapters, when the table is by chapter: each is a tree of its own.
    pub outer: Option<GridAxis>,
    /// The axes that are summed away along the nesting.
    pub inner: Vec<GridAxis>,
}

/// What is known of a person on the day of reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes {
    /// Sex: 1 男, 2 女, 9 その他; `None` 不明.
    pub sex: Option<u8>,
    /// Prefecture, JIS X 0401: 1 to 47; `None` 不明.
    pub prefecture: Option<u8>,
    /// Full years; `None` 不明.
    pub age: Option<u16>,
}

/// Labels of the age bands up to `top` years and above.
fn age_labels(top: u16) -> Vec<String> {
    let bands =
        (0..top / BAND_YEARS).map(|n| format!("{}-{}歳", n * BAND_YEARS, n * BAND_YEARS + BAND_YEARS - 1));
    bands.chain([format!("{top}歳以上"), UNKNOWN.to_owned()]).collect()
}

impl GridAxis {
    /// The categories of an axis; `top` is the age from which on ages are not told apart, a multiple of five.
    #[must_use]
    pub fn of(axis: Axis, top: u16) -> Self {
        let labels = match axis {
            Axis::DiagnosisChapter => CHAPTERS
                .iter()
                .map(|c| format!("第{}章 {}", c.number, c.ja))
                .chain([UNCODED.to_owned()])
                .collect(),
            Axis::Prefecture => {
                PREFECTURES.iter().map(|(_, name)| *name).chain([UNKNOWN]).map(str::to_owned).collect()
            }
            Axis::Sex => ["男", "女", "その他", UNKNOWN].map(str::to_owned).to_vec(),
            Axis::AgeBand5 => age_labels(top),
        };
        Self { column: axis.ja().to_owned(), labels }
    }
}

/// The category of a person on an inner axis; `None` for chapters, which are not a person's attribute.
#[must_use]
pub fn category(axis: Axis, person: &Attributes, top: u16) -> Option<usize> {
    Some(match axis {
        Axis::DiagnosisChapter => return None,
        Axis::Prefecture => match person.prefecture {
            Some(code @ 1..=47) => usize::from(code) - 1,
            _ => PREFECTURES.len(),
        },
        Axis::Sex => match person.sex {
            Some(1) => 0,
            Some(2) => 1,
            Some(9) => 2,
            _ => 3,
        },
        Axis::AgeBand5 => {
            let bands = usize::from(top / BAND_YEARS);
            person.age.map_or(bands + 1, |age| usize::from(age / BAND_YEARS).min(bands))
        }
    })
}

impl Grid {
    /// The grid of these axes.
    #[must_use]
    pub fn of(axes: &[Axis], top: u16) -> Self {
        let outer = axes.iter().find(|a| **a == Axis::DiagnosisChapter).map(|a| GridAxis::of(*a, top));
        let inner =
            axes.iter().filter(|a| **a != Axis::DiagnosisChapter).map(|a| GridAxis::of(*a, top)).collect();
        Self { outer, inner }
    }

    /// Numbers of categories of the inner axes.
    #[must_use]
    pub fn widths(&self) -> Vec<usize> {
        self.inner.iter().map(|a| a.labels.len()).collect()
    }

    /// Number of trees.
    #[must_use]
    pub fn trees(&self) -> usize {
        self.outer.as_ref().map_or(1, |a| a.labels.len())
    }

    /// Column names of the CSV in order.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        self.outer.iter().chain(&self.inner).map(|a| a.column.as_str()).chain([PERSONS]).collect()
    }
}

impl Grid {
    /// Number of rows of the table: all nodes of all trees.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let mut level = u64::try_from(self.trees()).unwrap_or(u64::MAX);
        let mut rows = level;
        for axis in &self.inner {
            level = level.saturating_mul(u64::try_from(axis.labels.len()).unwrap_or(u64::MAX));
            rows = rows.saturating_add(level);
        }
        rows
    }
}
