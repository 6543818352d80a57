//! The schedule of retention (保存期間表): every table and every folder has a class, an owner, a time and a ground, each by
//! its own name (law: R-DEL-01, checks C-024, C-025).
//!
//! What is not in the schedule fails the nightly check; there is no wildcard that could take in what nobody thought of.
//! Years are parameters. This module deletes nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::parameter::{ParameterError, ParameterSet};
use musubi_storage::StorageError;
use musubi_storage::registry::ActDb;
use serde::Deserialize;

use crate::book::{day_begins, japanese_day};

/// As shipped.
const SHIPPED: &str = include_str!("../retention/retention.toml");

/// Where something is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A table, `schema.table`.
    Table(String),
    /// A folder or file directly in the data folder.
    Folder(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Table(name) => write!(f, "table {name}"),
            Self::Folder(name) => write!(f, "folder {name}"),
        }
    }
}

/// For how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// For as many years as this parameter says.
    Years(String),
    /// As long as the installation.
    Permanent,
    /// As long as the data it belongs to; goes with them.
    WithData,
}

/// One row of the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// What.
    pub place: Place,
    /// Class of the data.
    pub class: String,
    /// Who answers for it.
    pub owner: String,
    /// For how long.
    pub keep: Keep,
    /// The column from which its rows' time is counted.
    pub day: Option<String>,
    /// Why.
    pub ground: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    place: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    table: Option<String>,
    folder: Option<String>,
    class: String,
    owner: String,
    keep: String,
    day: Option<String>,
    ground: String,
}

/// Why there is no schedule.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The file is not what it should be.
    #[error("the schedule of retention cannot be used: {0}")]
    Unusable(String),
    /// A parameter.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The shipped schedule.
pub fn shipped() -> Result<Vec<Schedule>, RetentionError> {
    parse(SHIPPED)
}

fn parse(text: &str) -> Result<Vec<Schedule>, RetentionError> {
    let file: File = toml::from_str(text).map_err(|e| RetentionError::Unusable(e.to_string()))?;
    let mut seen = BTreeSet::new();
    file.place
        .into_iter()
        .map(|row| {
            let place = match (row.table, row.folder) {
                (Some(table), None) if table.contains('.') => Place::Table(table),
                (None, Some(folder)) if !folder.contains('/') => Place::Folder(folder),
                _ => return Err(RetentionError::Unusable("a row names one table or one folder".to_owned())),
            };
            let name = place.to_string();
            // Nothing that could stand for more than one place.
            if name.contains(['*', '?', '%', '[']) || name.ends_with('.') {
                return Err(RetentionError::Unusable(format!("{name} is a pattern")));
            }
            if row.class.is_empty() || row.owner.is_empty() || row.ground.is_empty() {
                return Err(RetentionError::Unusable(format!("{name}: class, owner and ground")));
            }
            if !seen.insert(place.clone()) {
                return Err(RetentionError::Unusable(format!("{name} stands twice")));
            }
            let keep = match row.keep.as_str() {
                "permanent" => Keep::Permanent,
                "with-data" => Keep::WithData,
                name => Keep::Years(name.to_owned()),
            };
            Ok(Schedule { place, class: row.class, owner: row.owner, keep, day: row.day, ground: row.ground })
        })
        .collect()
}

/// What the check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionReport {
    /// Places looked at.
    pub places: u64,
    /// Places without a schedule: the check fails.
    pub without: Vec<String>,
    /// Schedules of places that are not there (a table that was renamed, a folder not made yet).
    pub idle: Vec<String>,
    /// What is older than its time: place, rows or files, and since when it is overdue.
    pub overdue: Vec<(String, u64, Date)>,
}

impl RetentionReport {
    /// Everything has a schedule and nothing is overdue.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.without.is_empty() && self.overdue.is_empty()
    }
}

/// Holds what is there against the schedule. `folders` are the names directly in the data folder; `older` counts the files
/// of one of them that are older than a time.
///
/// # Errors
/// [`RetentionError`]: what cannot be read is not in order.
pub fn check(
    db: &mut ActDb,
    schedule: &[Schedule],
    folders: &[String],
    set: &ParameterSet,
    now: Timestamp,
    older: &dyn Fn(&str, Timestamp) -> Result<u64, StorageError>,
) -> Result<RetentionReport, RetentionError> {
    let today = japanese_day(now);
    let known: BTreeMap<&Place, &Schedule> = schedule.iter().map(|s| (&s.place, s)).collect();
    let tables = db.all_tables()?.into_iter().map(Place::Table);
    let there: BTreeSet<Place> = tables.chain(folders.iter().cloned().map(Place::Folder)).collect();
    let mut report = RetentionReport {
        places: u64::try_from(there.len()).unwrap_or(u64::MAX),
        ..RetentionReport::default()
    };
    report.idle =
        known.keys().filter(|p| !there.contains(**p)).map(std::string::ToString::to_string).collect();
    for place in &there {
        let Some(row) = known.get(place) else {
            report.without.push(place.to_string());
            continue;
        };
        let Keep::Years(parameter) = &row.keep else { continue };
        let years = i64::try_from(set.number(parameter, today)?)
            .ok()
            .and_then(|y| jiff::Span::new().try_years(y).ok())
            .ok_or_else(|| RetentionError::Unusable(format!("{parameter} is too many years")))?;
        let limit = today
            .checked_sub(years)
            .map_err(|_| RetentionError::Unusable(format!("{parameter} is too many years")))?;
        let before = day_begins(limit)?;
        let n = match (place, &row.day) {
            (Place::Table(table), Some(day)) => db.older_than(table, day, before)?,
            (Place::Folder(folder), _) => older(folder, before)?,
            (Place::Table(_), None) => 0,
        };
        if n > 0 {
            report.overdue.push((place.to_string(), n, limit));
        }
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_schedule_is_usable_and_its_years_are_parameters() {
        let set = crate::parameters::parameters(None).unwrap();
        for row in shipped().unwrap() {
            if let Keep::Years(name) = &row.keep {
                assert!(set.number(name, Date::constant(2026, 4, 1)).is_ok(), "{}: {name}", row.place);
            }
        }
    }

    #[test]
    fn a_schedule_names_one_place_in_each_row_and_no_pattern() {
        let row =
            |place: &str| format!("[[place]]\n{place}\nclass='c'\nowner='o'\nkeep='permanent'\nground='g'\n");
        assert_eq!(parse(&row("table='a.b'")).unwrap().len(), 1);
        for wrong in [
            "table='a.*'",
            "table='a'",
            "table='a.'",
            "folder='v/*'",
            "folder='v?'",
            "",
            "table='a.b'\nfolder='c'",
        ] {
            assert!(parse(&row(wrong)).is_err(), "{wrong}");
        }
        assert!(parse(&(row("table='a.b'") + &row("table='a.b'"))).is_err());
    }
}
