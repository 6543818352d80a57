//! A table as it is published (公表された表): rows with their coordinates, counts and signs.
//!
//! It must never take a missing row for a hidden one: all combinations that occur are there, so a missing one is 0.

use std::collections::HashMap;

use crate::grammar::{PREFECTURES, REGIONS};
use crate::policy::CubeSpec;
use crate::report::{Place, Report};
use crate::rules;
use crate::sheet::{Sheet, file_row};

/// Label of totals.
pub const TOTAL: &str = "計";
/// The sign of a hidden value.
pub const HIDDEN: &str = "*";

/// How counts are kept from view, by the policy's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Exact or hidden.
    Suppress,
    /// Up to tens, small ones hidden (介護DB 1).
    UpTens,
    /// To the nearest ten (介護DB 2).
    NearestTen,
    /// Totals to the nearest ten (介護DB 3).
    Totals,
}

impl Rounding {
    /// By the policy's word.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "suppress" => Self::Suppress,
            "round_up_tens" => Self::UpTens,
            "round_nearest_ten" => Self::NearestTen,
            "round_totals" => Self::Totals,
            _ => return None,
        })
    }

    /// Is a count rounded?
    pub fn rounds(self, total: bool) -> bool {
        match self {
            Self::Suppress => false,
            Self::UpTens | Self::NearestTen => true,
            Self::Totals => total,
        }
    }

    /// What a shown count can have been. A zero is shown as a zero: small counts are hidden, not rounded away.
    pub fn range(self, shown: u64, total: bool) -> (u64, u64) {
        match self {
            _ if shown == 0 || !self.rounds(total) => (shown, shown),
            Self::UpTens => (shown.saturating_sub(9), shown),
            // Up at a half, or down: both kinds of rounding are allowed for.
            _ => (shown.saturating_sub(5), shown.saturating_add(5)),
        }
    }

    /// What a hidden cell must be able to be: at most the first, at least the second. Presets that round have bounds of
    /// their own: 介護DB 1 and 2 leave `[1, 8]`; 3 rounds totals only and leaves no more than that one of ten counts is true.
    pub fn needed(self, min: u64) -> (u64, u64) {
        let strict = min.saturating_sub(1);
        match self {
            Self::Suppress => (1, strict),
            Self::UpTens | Self::NearestTen => (1, strict.min(8)),
            Self::Totals => (5, 4),
        }
    }
}

/// What a dimension's parts are to their total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    /// Every person is in one part.
    Apart,
    /// A person may be in several: diagnoses, drugs, months.
    Overlap,
}

/// What is known of a dimension's parts by its name.
pub fn parts_of(dimension: &str) -> Parts {
    match dimension {
        "sex" | "age_band5" | "age_band10" | "prefecture" | "insurer" => Parts::Apart,
        _ => Parts::Overlap,
    }
}

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// Labels in the order of the dimensions; `None`: the total.
    pub at: Vec<Option<String>>,
    /// Persons; `None`: hidden.
    pub persons: Option<u64>,
    /// Row of the file.
    pub row: usize,
}

/// A table.
#[derive(Debug, Clone)]
pub struct Cube {
    /// Its name.
    pub name: String,
    /// Its file, as findings call it.
    pub file: String,
    /// Who is counted: tables with the same word count the same persons.
    pub universe: String,
    /// The dimensions.
    pub dimensions: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Rows by their labels.
    pub index: HashMap<Vec<Option<String>>, usize>,
}

/// Who is counted in a table: persons with facts of a table with these beginnings of codes, or the cohort.
fn universe(asked: &CubeSpec) -> String {
    let of_dimension = |d: &String| match d.as_str() {
        "diagnosis_chapter" => Some("condition_occurrence"),
        "drug_ingredient" => Some("drug_exposure"),
        "examination" | "value_band" => Some("measurement"),
        "care_level" => Some("care_need"),
        _ => None,
    };
    let (table, mut prefixes) = match &asked.of {
        Some(of) => (of.table.as_str(), of.prefixes.clone()),
        None => (asked.dimensions.iter().find_map(of_dimension).unwrap_or("cohort"), Vec::new()),
    };
    prefixes.sort_unstable();
    format!("{table} {}", prefixes.join(" "))
}

/// More persons than this is no count.
const COUNT_MAX: u64 = 1_000_000_000_000;

/// A count as it is written: digits without leading zeros.
pub fn count(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().filter(|n| *n <= COUNT_MAX && n.to_string() == text)
}

impl Cube {
    /// Reads the rows; what is malformed is found, and then there is no cube.
    pub fn read(sheet: &Sheet, asked: &CubeSpec, report: &mut Report) -> Option<Self> {
        let width = asked.dimensions.len();
        let persons =
            sheet.columns.get(width).filter(|_| sheet.header.get(width).is_some_and(|h| h == "persons"))?;
        let mut cube = Self {
            name: asked.name.clone(),
            file: sheet.csv(),
            universe: universe(asked),
            dimensions: asked.dimensions.clone(),
            rows: Vec::with_capacity(sheet.rows),
            index: HashMap::with_capacity(sheet.rows),
        };
        let mut whole = true;
        for row in 0..sheet.rows {
            let place = || Place::file(&sheet.csv()).row(file_row(row));
            let labels = sheet.columns.iter().take(width).map(|c| c.label(row));
            let at: Vec<Option<String>> = labels.map(|l| (l != TOTAL).then(|| l.to_owned())).collect();
            let told = persons.label(row);
            let number = count(told);
            if number.is_none() && told != HIDDEN {
                report.find(&rules::TABLE_SHAPE, place().column("persons"), "", "a count or *");
                whole = false;
            }
            if cube.index.insert(at.clone(), cube.rows.len()).is_some() {
                report.find(&rules::TABLE_SHAPE, place(), "twice", "once");
                whole = false;
            }
            cube.rows.push(Row { at, persons: number, row: file_row(row) });
        }
        whole.then_some(cube)
    }

    /// The same table under another name in findings.
    pub fn called(mut self, name: &str) -> Self {
        self.file = name.to_owned();
        self
    }

    /// For every dimension, each label's label above it, when it is not the total.
    pub fn above(&self) -> Vec<HashMap<&str, &str>> {
        (0..self.dimensions.len())
            .map(|d| {
                if self.dimensions.get(d).is_none_or(|name| name != "prefecture") {
                    return HashMap::new();
                }
                let mut labels: Vec<&str> =
                    self.rows.iter().filter_map(|r| r.at.get(d)?.as_deref()).collect();
                labels.sort_unstable();
                labels.dedup();
                labels.iter().filter_map(|l| Some((*l, region_of(l, &labels)?))).collect()
            })
            .collect()
    }
}

/// The region of a prefecture among the labels of a column.
fn region_of<'a>(label: &str, labels: &[&'a str]) -> Option<&'a str> {
    let code = match PREFECTURES.split_whitespace().position(|name| name == label) {
        Some(at) => format!("{:02}", at + 1),
        None => label.to_owned(),
    };
    let (region, _) = REGIONS.iter().find(|(_, codes)| codes.split(' ').any(|c| c == code))?;
    let is_it = |l: &&&str| {
        let plain = l.strip_suffix("地方").unwrap_or(l);
        **l != label
            && (plain == *region
                || (region.starts_with("九州") && matches!(plain, "九州" | "九州沖縄") && code != "47")
                || (plain == "沖縄" && code == "47"))
    };
    labels.iter().find(is_it).copied()
}
