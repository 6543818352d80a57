//! The parameters in force (パラメータ; law.md §16, C-091): the shipped set, and the changes two people agreed to (invariant 11).
//!
//! A change adds a later row of a known name. It must never invent a name, change a shipped row, turn a number into a word
//! or pass the shipped bounds: a gate that reads a parameter has to find what it expects or stop the data.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::limits::Limits;
use musubi_model::matching::TokenKind;
use musubi_model::parameter::{Parameter, ParameterError, ParameterSet, ParameterValue};
use musubi_storage::StorageError;
use musubi_storage::compliance::ParameterStore;
use musubi_storage::registry::ActDb;

use crate::authority::ForbiddenPairs;
use crate::operation::{Capability, OperationKind};
use crate::organisation::role_of;

/// The set as shipped.
const SHIPPED: &str = include_str!("../parameters/parameters.toml");

/// Why a change of a parameter is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParametersRefused {
    /// The shipped set is not rows of parameters.
    #[error(transparent)]
    Unreadable(#[from] ParameterError),
    /// No parameter has this name.
    #[error("parameter {0}: no such name")]
    UnknownName(String),
    /// From a day that has passed: what ran then is judged by what held then.
    #[error("parameter {name}: from {from} is before {today}")]
    Past {
        /// Which.
        name: String,
        /// From when it was to hold.
        from: Date,
        /// The day in Japan.
        today: Date,
    },
    /// A number where a word stands, or the reverse, or a word that its reader does not understand.
    #[error("parameter {0}: not of the kind of the shipped value")]
    OtherKind(String),
    /// Outside of what the shipped row allows.
    #[error("parameter {name}: {value} is not between {min} and {max}")]
    Bounds {
        /// Which.
        name: String,
        /// The number.
        value: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// Nothing says why.
    #[error("parameter {0}: no basis given")]
    NoBasis(String),
}

/// The parameters of this installation: the shipped set and, after it, the approved changes in the order of approval.
///
/// # Errors
/// [`ParametersRefused`] names the first row that cannot stand; nothing may run then.
pub fn parameters(changes: Option<&[Parameter]>) -> Result<ParameterSet, ParametersRefused> {
    let mut set = ParameterSet::parse(SHIPPED)?;
    for row in changes.unwrap_or_default() {
        fits(&set, row)?;
        set.parameters.push(row.clone());
    }
    Ok(set)
}

/// Holds a change against the shipped row of its name.
fn fits(set: &ParameterSet, row: &Parameter) -> Result<(), ParametersRefused> {
    // Changes are rows of shipped names only, so the first of a name is a shipped one.
    let Some(shipped) = set.parameters.iter().find(|p| p.name == row.name) else {
        return Err(ParametersRefused::UnknownName(row.name.clone()));
    };
    match (&row.value, &shipped.value) {
        (ParameterValue::Number(value), ParameterValue::Number(_)) => {
            let (min, max) = (shipped.min.unwrap_or(0), shipped.max.unwrap_or(i64::MAX.unsigned_abs()));
            if !(min..=max).contains(value) {
                return Err(ParametersRefused::Bounds { name: row.name.clone(), value: *value, min, max });
            }
        }
        (ParameterValue::Text(text), ParameterValue::Text(_)) if understood(&row.name, text) => {}
        _ => return Err(ParametersRefused::OtherKind(row.name.clone())),
    }
    if row.basis.trim().is_empty() {
        return Err(ParametersRefused::NoBasis(row.name.clone()));
    }
    Ok(())
}

/// Whether whoever reads a word understands it: one that is not understood would stop everybody, its mender too.
fn understood(name: &str, text: &str) -> bool {
    match name {
        "authority.forbidden_pairs" => ForbiddenPairs::parse(text).is_some(),
        "optout.match_kinds" => {
            let mut kinds = text.split_whitespace().peekable();
            kinds.peek().is_some() && kinds.all(|kind| TokenKind::read(kind).is_some())
        }
        "board.committee_required" => matches!(text, "yes" | "no"),
        "login.break_glass_roles" => text.split_whitespace().all(|word| role_of(word).is_some()),
        "optout.identity_checker" => matches!(text, "other" | "any"),
        _ => !text.trim().is_empty(),
    }
}

/// Whether a change may be proposed today.
pub fn check_change(set: &ParameterSet, row: &Parameter, today: Date) -> Result<(), ParametersRefused> {
    fits(set, row)?;
    if row.from < today {
        return Err(ParametersRefused::Past { name: row.name.clone(), from: row.from, today });
    }
    Ok(())
}

/// Writes a change that two people approved. The capability is used up; it must have been taken for this row.
pub fn change(db: &mut ActDb, row: &Parameter, by: Capability, at: Timestamp) -> Result<(), StorageError> {
    db.change_parameter(by.spend(OperationKind::ParameterChange)?, row, at)
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
    use musubi_model::parameter::Verified;

    use super::*;

    const DAY: Date = Date::constant(2026, 4, 1);

    fn row(name: &str, value: ParameterValue, from: Date, basis: &str) -> Parameter {
        Parameter {
            name: name.to_owned(),
            value,
            from,
            basis: basis.to_owned(),
            verified: Verified::Design,
            min: None,
            max: None,
        }
    }

    fn number(value: u64, from: Date) -> Parameter {
        row("statistics.cell_min_persons", ParameterValue::Number(value), from, "審査委員会決定")
    }

    #[test]
    fn the_shipped_limits_are_the_model_s() {
        let set = parameters(None).unwrap();
        assert_eq!(limits(&set, DAY).unwrap(), Limits::default());
        assert_eq!(set.number("statistics.cell_min_persons", DAY), Ok(10));
        assert_eq!(word(&set, "optout.match_kinds", DAY), Ok("local insured name care"));
        assert!(ForbiddenPairs::parse(word(&set, "authority.forbidden_pairs", DAY).unwrap()).is_some());
    }

    #[test]
    fn every_shipped_row_says_why_stands_once_and_keeps_its_own_bounds() {
        let set = parameters(None).unwrap();
        let mut keys: Vec<_> = set.parameters.iter().map(|p| (&p.name, p.from)).collect();
        keys.sort();
        let before = keys.len();
        keys.dedup();
        assert_eq!(before, keys.len());
        for p in &set.parameters {
            assert_eq!(fits(&set, p), Ok(()), "{}", p.name);
        }
    }

    #[test]
    fn a_limit_that_is_missing_or_too_large_stops() {
        let mut set = parameters(None).unwrap();
        set.parameters.retain(|p| p.name != "limits.zip_ratio_max");
        assert!(matches!(limits(&set, DAY), Err(ParameterError::Missing { .. })));
        // The bounds keep everybody, whoever mends it too, from being stopped by a limit that is no limit.
        let large = row("limits.zip_entries_max", ParameterValue::Number(5_000_000_000), DAY, "試験");
        assert!(matches!(
            parameters(Some(std::slice::from_ref(&large))),
            Err(ParametersRefused::Bounds { .. })
        ));
        let mut set = parameters(None).unwrap();
        set.parameters.push(large);
        assert!(limits(&set, DAY).is_err());
        assert!(limits(&parameters(None).unwrap(), Date::constant(2000, 1, 1)).is_err());
    }

    #[test]
    fn a_change_holds_from_its_day_on() {
        let (spring, later) = (Date::constant(2027, 4, 1), Date::constant(2027, 4, 2));
        let set = parameters(Some(&[number(20, spring), number(30, later)])).unwrap();
        let at = |day| set.number("statistics.cell_min_persons", day);
        assert_eq!((at(DAY), at(spring), at(later)), (Ok(10), Ok(20), Ok(30)));
        // Of two approved for one day the later approval holds.
        let set = parameters(Some(&[number(20, spring), number(25, spring)])).unwrap();
        assert_eq!(set.number("statistics.cell_min_persons", spring), Ok(25));
    }

    #[test]
    fn what_may_be_changed_is_bounded() {
        let set = parameters(None).unwrap();
        let tell = |row: &Parameter| check_change(&set, row, DAY).map_err(|e| e.to_string());
        let text = |t: &str| ParameterValue::Text(t.to_owned());
        assert_eq!(tell(&number(20, DAY)), Ok(()));
        for (bad, why) in [
            (number(9, DAY), "not between 10 and 1000"),
            (number(20, DAY.yesterday().unwrap()), "is before"),
            (row("statistics.cell_min_persons", text("ten"), DAY, "試験"), "kind"),
            (row("statistics.cell_minimum", text("ten"), DAY, "試験"), "no such name"),
            (row("statistics.cell_min_persons", ParameterValue::Number(20), DAY, " "), "no basis"),
            (row("authority.forbidden_pairs", text("officer:nobody"), DAY, "試験"), "kind"),
        ] {
            let told = tell(&bad).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn the_hash_names_the_set() {
        let added = number(20, Date::constant(2027, 4, 1));
        assert_ne!(parameters(None).unwrap().hash(), parameters(Some(&[added])).unwrap().hash());
    }
}
