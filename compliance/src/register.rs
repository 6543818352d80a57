//! Registers (契約・義務・委託・証跡・訓練・教育・対価・媒体 …): one form for all, typed by the file `registers/registers.toml`.
//!
//! An entry that does not fit its class is refused; an entry that stands is never changed, a later version follows it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_storage::StorageError;
use musubi_storage::act::register::RegisterRow;
use musubi_storage::registry::ActDb;
use serde::Deserialize;

use crate::book::{self, BookEntry, BookEvent};

/// As shipped.
const SHIPPED: &str = include_str!("../registers/registers.toml");
/// Longest text of a field.
const TEXT_MAX: usize = 500;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// Words; nothing of a patient.
    Text,
    /// A day, YYYY-MM-DD.
    Date,
    /// 0 or more.
    Number,
    /// `yes` or `no`.
    Flag,
    /// One of the field's words.
    Word,
}

/// A field of a class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Its Japanese name.
    pub ja: String,
    /// It has to be given.
    #[serde(default = "yes")]
    pub required: bool,
    /// The words of a [`FieldKind::Word`].
    #[serde(default)]
    pub words: Vec<String>,
}

fn yes() -> bool {
    true
}

/// A class of entries.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Its Japanese name.
    pub ja: String,
    /// Which section of the law's reading asks for it.
    pub basis: String,
    /// The event of the book that a new entry also is.
    #[serde(default)]
    pub books: Option<String>,
    /// Its fields.
    pub fields: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    class: Vec<Class>,
}

/// Why an entry is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefused {
    /// The shipped file is damaged.
    #[error("the file of registers cannot be read: {0}")]
    Unreadable(String),
    /// No such class.
    #[error("no register {0}; there are: {1}")]
    NoClass(String, String),
    /// The class has no such field.
    #[error("{class} has no field {field}")]
    NoField {
        /// Class.
        class: String,
        /// Field.
        field: String,
    },
    /// A field that is required is not given.
    #[error("{class} needs {field}")]
    Missing {
        /// Class.
        class: String,
        /// Field.
        field: String,
    },
    /// A field does not hold what its kind says.
    #[error("{field} is {expected}")]
    Wrong {
        /// Field.
        field: String,
        /// What it has to be.
        expected: String,
    },
    /// The entry's number.
    #[error("the number of an entry is 1 to 64 letters, digits, '-', '.' or '_'")]
    Number,
}

/// All classes.
pub fn classes() -> Result<Vec<Class>, EntryRefused> {
    let file: File = toml::from_str(SHIPPED).map_err(|e| EntryRefused::Unreadable(e.to_string()))?;
    Ok(file.class)
}

/// The class of a name.
pub fn class(name: &str) -> Result<Class, EntryRefused> {
    let all = classes()?;
    let names: Vec<&str> = all.iter().map(|c| c.name.as_str()).collect();
    let names = names.join(", ");
    all.into_iter().find(|c| c.name == name).ok_or_else(|| EntryRefused::NoClass(name.to_owned(), names))
}

impl Field {
    fn check(&self, value: &str) -> Result<(), EntryRefused> {
        let (good, expected) = match self.kind {
            FieldKind::Text => (
                !value.trim().is_empty()
                    && value.chars().count() <= TEXT_MAX
                    && !value.chars().any(char::is_control),
                format!("a line of 1 to {TEXT_MAX} characters"),
            ),
            FieldKind::Date => (value.parse::<Date>().is_ok(), "a day, YYYY-MM-DD".to_owned()),
            FieldKind::Number => (value.parse::<u64>().is_ok(), "a number, 0 or more".to_owned()),
            FieldKind::Flag => (matches!(value, "yes" | "no"), "yes or no".to_owned()),
            FieldKind::Word => {
                (self.words.iter().any(|w| w == value), format!("one of: {}", self.words.join(", ")))
            }
        };
        if good { Ok(()) } else { Err(EntryRefused::Wrong { field: self.name.clone(), expected }) }
    }
}

impl Class {
    /// Holds the fields of an entry against the class.
    ///
    /// # Errors
    /// [`EntryRefused`] names the first field that does not fit.
    pub fn check(&self, entry: &str, fields: &BTreeMap<String, String>) -> Result<(), EntryRefused> {
        crate::audit::Name::new(entry).map_err(|_| EntryRefused::Number)?;
        let known: BTreeSet<&str> = self.fields.iter().map(|f| f.name.as_str()).collect();
        if let Some(field) = fields.keys().find(|f| !known.contains(f.as_str())) {
            return Err(EntryRefused::NoField { class: self.name.clone(), field: field.clone() });
        }
        for field in &self.fields {
            match fields.get(&field.name) {
                Some(value) => field.check(value)?,
                None if field.required => {
                    return Err(EntryRefused::Missing {
                        class: self.name.clone(),
                        field: field.name.clone(),
                    });
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// Enters an entry that was checked; books it when its class says so. `None`: it stands there as it is.
pub fn enter(
    db: &mut ActDb,
    class: &Class,
    entry: &str,
    fields: BTreeMap<String, String>,
    at: Timestamp,
    actor: &str,
) -> Result<Option<u32>, StorageError> {
    let row = RegisterRow {
        class: class.name.clone(),
        entry: entry.to_owned(),
        version: 0,
        at,
        actor: actor.to_owned(),
        fields,
    };
    let version = db.enter(&row)?;
    if let (Some(version), Some(event)) = (version, class.books.as_deref().and_then(BookEvent::from_name)) {
        let text = |name: &str| row.fields.get(name).cloned().unwrap_or_default();
        book::append(
            db,
            &BookEntry {
                at,
                event,
                counterparty: text("to-party"),
                items: text("work"),
                persons: 0,
                records: 0,
                reference: format!("{}:{entry}:{version}", class.name),
            },
        )?;
    }
    Ok(version)
}

/// A day of an entry that was checked when it was entered.
pub(crate) fn date(row: &RegisterRow, field: &str) -> Option<Date> {
    row.fields.get(field).and_then(|v| v.parse().ok())
}

/// A number of an entry.
pub(crate) fn number(row: &RegisterRow, field: &str) -> u64 {
    row.fields.get(field).and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// A word or text of an entry; empty when it was not given.
pub(crate) fn text<'a>(row: &'a RegisterRow, field: &str) -> &'a str {
    row.fields.get(field).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drill(change: &[(&str, Option<&str>)]) -> Result<(), EntryRefused> {
        let mut fields: BTreeMap<String, String> =
            [("what", "restore"), ("on", "2026-11-01"), ("passed", "yes")]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into();
        for (name, value) in change {
            match value {
                Some(value) => fields.insert((*name).to_owned(), (*value).to_owned()),
                None => fields.remove(*name),
            };
        }
        class("drill").unwrap().check("D-1", &fields)
    }

    #[test]
    fn an_entry_has_to_fit_its_class() {
        assert_eq!(drill(&[]), Ok(()));
        for wrong in [
            ("what", Some("party")),
            ("on", Some("2026-02-30")),
            ("on", None),
            ("passed", Some("true")),
            ("weather", Some("fine")),
            ("findings", Some("")),
            ("findings", Some("a\nb")),
        ] {
            assert!(drill(&[wrong]).is_err(), "{wrong:?}");
        }
        assert!(class("party").is_err());
        assert!(class("drill").unwrap().check("a b", &BTreeMap::new()).is_err());
    }

    #[test]
    fn every_class_is_well_made() {
        let all = classes().unwrap();
        let names: BTreeSet<&str> = all.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names.len(), all.len());
        for class in &all {
            let fields: BTreeSet<&str> = class.fields.iter().map(|f| f.name.as_str()).collect();
            assert_eq!(fields.len(), class.fields.len(), "{}", class.name);
            assert!(!class.basis.is_empty());
            for f in &class.fields {
                assert_eq!(f.kind == FieldKind::Word, !f.words.is_empty(), "{} {}", class.name, f.name);
            }
            let known = class.books.as_deref().is_none_or(|b| BookEvent::from_name(b).is_some());
            assert!(known, "{}", class.name);
        }
    }
}
