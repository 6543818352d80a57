//! The parameters in force (パラメータ): the shipped set, and what the operator added to it (invariant 11).
//!
//! An operator's file can add later rows of known names. It must never invent a name, change a shipped row, or turn a
//! number into a word: a gate that reads a parameter has to find what it expects or stop the data.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::limits::Limits;
use musubi_model::parameter::{Parameter, ParameterError, ParameterSet, ParameterValue};
use musubi_storage::StorageError;
use musubi_storage::compliance::ParameterStore;

/// The set as shipped.
const SHIPPED: &str = include_str!("../parameters/parameters.toml");

/// Why an operator's parameters are refused. The whole file is refused, never a part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParametersRefused {
    /// Not TOML, or not rows of parameters.
    #[error(transparent)]
    Unreadable(#[from] ParameterError),
    /// No parameter has this name.
    #[error("parameter {0}: no such name")]
    UnknownName(String),
    /// Not later than the row that stands.
    #[error("parameter {name}: from {from} is not later than {standing}, the last row that stands")]
    NotLater {
        /// Which.
        name: String,
        /// From when it was to hold.
        from: Date,
        /// From when the last standing row holds.
        standing: Date,
    },
    /// A number where a word stands, or the reverse.
    #[error("parameter {0}: not of the kind of the shipped value")]
    OtherKind(String),
    /// Nothing says why.
    #[error("parameter {0}: no basis given")]
    NoBasis(String),
}

/// The parameters of this installation: the shipped set and, after it, the rows of the operator's file (TOML text).
///
/// # Errors
/// [`ParametersRefused`] names the first row that cannot stand; nothing may run then.
pub fn parameters(operator_file: Option<&str>) -> Result<ParameterSet, ParametersRefused> {
    let mut set = ParameterSet::parse(SHIPPED)?;
    let mut last: BTreeMap<String, (Date, bool)> = BTreeMap::new();
    for row in &set.parameters {
        let slot = last.entry(row.name.clone()).or_insert((row.from, is_number(row)));
        slot.0 = slot.0.max(row.from);
    }
    let mut added = operator_file.map(ParameterSet::parse).transpose()?.unwrap_or_default().parameters;
    added.sort_by(|a, b| (&a.name, a.from).cmp(&(&b.name, b.from)));
    for row in added {
        let Some((standing, number)) = last.get_mut(&row.name) else {
            return Err(ParametersRefused::UnknownName(row.name));
        };
        if is_number(&row) != *number {
            return Err(ParametersRefused::OtherKind(row.name));
        }
        if row.basis.trim().is_empty() {
            return Err(ParametersRefused::NoBasis(row.name));
        }
        if row.from <= *standing {
            return Err(ParametersRefused::NotLater { standing: *standing, from: row.from, name: row.name });
        }
        *standing = row.from;
        set.parameters.push(row);
    }
    Ok(set)
}

fn is_number(row: &Parameter) -> bool {
    matches!(row.value, ParameterValue::Number(_))
}

/// A word in force on a day.
pub fn word<'a>(set: &'a ParameterSet, name: &str, on: Date) -> Result<&'a str, ParameterError> {
    match set.in_force(name, on).map(|p| &p.value) {
        Some(ParameterValue::Text(text)) => Ok(text),
        Some(ParameterValue::Number(_)) => {
            Err(ParameterError::Unreadable(format!("{name} is a number, a word was expected")))
        }
        None => Err(ParameterError::Missing { name: name.to_owned(), on }),
    }
}

/// The limits in force on a day: every one of them from the set, none from a default in code.
pub fn limits(set: &ParameterSet, on: Date) -> Result<Limits, ParameterError> {
    let long = |field: &str| set.number(&format!("limits.{field}"), on);
    let short = |field: &str| {
        long(field)?
            .try_into()
            .map_err(|_| ParameterError::Unreadable(format!("limits.{field} is larger than {}", u32::MAX)))
    };
    Ok(Limits {
        document_bytes_max: long("document_bytes_max")?,
        record_bytes_max: short("record_bytes_max")?,
        units_per_document_max: short("units_per_document_max")?,
        records_per_unit_max: short("records_per_unit_max")?,
        files_per_submission_max: short("files_per_submission_max")?,
        manifest_bytes_max: long("manifest_bytes_max")?,
        zip_entries_max: short("zip_entries_max")?,
        zip_ratio_max: long("zip_ratio_max")?,
        zip_bytes_max: long("zip_bytes_max")?,
        findings_per_unit_max: short("findings_per_unit_max")?,
    })
}

/// Keeps the set that a run uses, under its hash, which is returned for the run's own record.
pub fn record_parameters(
    db: &mut impl ParameterStore,
    set: &ParameterSet,
    at: Timestamp,
) -> Result<String, StorageError> {
    let hash = set.hash();
    let mut rows: Vec<&Parameter> = set.parameters.iter().collect();
    rows.sort_by(|a, b| (&a.name, a.from).cmp(&(&b.name, b.from)));
    let content = serde_json::to_string(&rows)
        .map_err(|e| StorageError::Damaged(format!("the parameter set cannot be written: {e}")))?;
    db.record_parameter_set(&hash, &content, &at.to_string())?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = Date::constant(2026, 4, 1);

    fn check(operator: &str, expect: &str) {
        let got = match parameters(Some(operator)) {
            Ok(set) => {
                format!(
                    "{:?} {:?}",
                    set.number("statistics.cell_min_persons", DAY),
                    set.number("statistics.cell_min_persons", Date::constant(2027, 4, 1))
                )
            }
            Err(e) => e.to_string(),
        };
        assert!(got.contains(expect), "{operator}\n{got}");
    }

    fn row(name: &str, value: &str, from: &str, basis: &str) -> String {
        format!("[[parameter]]\nname='{name}'\nvalue={value}\nfrom='{from}'\nbasis='{basis}'\n")
    }

    #[test]
    fn the_shipped_limits_are_the_model_s() {
        let set = parameters(None).unwrap();
        assert_eq!(limits(&set, DAY).unwrap(), Limits::default());
        assert_eq!(set.number("statistics.cell_min_persons", DAY), Ok(10));
        assert_eq!(word(&set, "optout.match_kinds", DAY), Ok("local insured name"));
    }

    #[test]
    fn every_shipped_row_says_why_and_stands_once() {
        let set = parameters(None).unwrap();
        let mut keys: Vec<_> = set.parameters.iter().map(|p| (&p.name, p.from)).collect();
        keys.sort();
        let before = keys.len();
        keys.dedup();
        assert_eq!(before, keys.len());
        assert!(set.parameters.iter().all(|p| !p.basis.trim().is_empty()));
    }

    #[test]
    fn a_limit_that_is_missing_or_too_large_stops() {
        let mut set = parameters(None).unwrap();
        set.parameters.retain(|p| p.name != "limits.zip_ratio_max");
        assert!(matches!(limits(&set, DAY), Err(ParameterError::Missing { .. })));
        let large =
            parameters(Some(&row("limits.zip_entries_max", "5000000000", "2026-01-01", "試験"))).unwrap();
        assert!(limits(&large, DAY).is_err());
        assert!(limits(&parameters(None).unwrap(), Date::constant(2000, 1, 1)).is_err());
    }

    #[test]
    fn an_operator_adds_later_rows_only() {
        let name = "statistics.cell_min_persons";
        check(&row(name, "20", "2027-04-01", "審査委員会決定"), "Ok(10) Ok(20)");
        check(&(row(name, "30", "2027-04-01", "b") + &row(name, "20", "2027-01-01", "a")), "Ok(10) Ok(30)");
        check(&row(name, "5", "2018-05-11", "試験"), "not later");
        check(&(row(name, "5", "2027-01-01", "a") + &row(name, "6", "2027-01-01", "b")), "not later");
        check(&row(name, "'five'", "2027-04-01", "試験"), "kind");
        check(&row(name, "20", "2027-04-01", " "), "no basis");
        check(&row("statistics.cell_minimum", "20", "2027-04-01", "試験"), "no such name");
        check("[[parameter]]\nname='x'\n", "cannot be read");
        check("", "Ok(10) Ok(10)");
    }

    #[test]
    fn the_hash_names_the_set() {
        let added = row("notice.wait_days", "45", "2027-04-01", "試験");
        assert_ne!(parameters(None).unwrap().hash(), parameters(Some(&added)).unwrap().hash());
    }
}
