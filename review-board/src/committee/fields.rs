//! The fields of an application (申出の項目; R-REV-01): which is asked, in what words, and when it has to be there, is data
//! (`fields/fields.toml`). This module must never know a field by its name.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// As shipped.
const SHIPPED: &str = include_str!("../../fields/fields.toml");
/// Longest value of a field, in characters.
const LONGEST: usize = 8_000;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One line.
    Text,
    /// Several lines.
    Long,
    /// One entry a line.
    List,
    /// 0 or more.
    Number,
    /// A day.
    Date,
    /// One of the field's words.
    Word,
}

/// A field.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name.
    pub id: String,
    /// What it holds.
    pub kind: Kind,
    /// `always`, `never` or FIELD=WORD.
    pub required: String,
    /// Its Japanese label.
    pub ja: String,
    /// Its English label.
    pub en: String,
    /// Japanese help.
    pub help_ja: String,
    /// English help.
    pub help_en: String,
    /// Stored and Japanese words.
    #[serde(default)]
    pub words: Vec<(String, String)>,
}

/// A section of fields.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Its name.
    pub id: String,
    /// Its Japanese title.
    pub ja: String,
    /// Its English title.
    pub en: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// The section of the specification and the items, which are no fields.
pub const SPEC_SECTION: &str = "spec";
/// The section of what concerns all of it.
pub const GENERAL_SECTION: &str = "general";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    section: Vec<Section>,
}

/// The shipped list cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("REV_FIELDS: the list of fields cannot be read: {0} (申出項目の一覧を読めません)")]
pub struct FieldsUnreadable(String);

/// All sections.
///
/// # Errors
/// [`FieldsUnreadable`].
pub fn sections() -> Result<Vec<Section>, FieldsUnreadable> {
    let file: File = toml::from_str(SHIPPED).map_err(|e| FieldsUnreadable(e.to_string()))?;
    Ok(file.section)
}

/// Does a section of that name take messages?
///
/// # Errors
/// [`FieldsUnreadable`].
pub fn is_section(name: &str) -> Result<bool, FieldsUnreadable> {
    Ok(name == SPEC_SECTION || name == GENERAL_SECTION || sections()?.iter().any(|s| s.id == name))
}

impl Field {
    /// Whether it has to be there, given the others.
    #[must_use]
    pub fn required(&self, fields: &BTreeMap<String, String>) -> bool {
        match self.required.split_once('=') {
            Some((name, word)) => fields.get(name).is_some_and(|v| v == word),
            None => self.required == "always",
        }
    }

    /// Whether a value is of its kind; the words say what it should be.
    ///
    /// # Errors
    /// What was expected.
    pub fn check(&self, value: &str) -> Result<(), String> {
        if value.chars().count() > LONGEST {
            return Err(format!("at most {LONGEST} characters"));
        }
        let control = |c: char| c.is_control() && c != '\n' && c != '\t';
        if value.chars().any(control) {
            return Err("no control characters".to_owned());
        }
        match self.kind {
            Kind::Text if value.contains('\n') => Err("one line".to_owned()),
            Kind::Number if value.parse::<u64>().is_err() => Err("a number, 0 or more".to_owned()),
            Kind::Date if value.parse::<Date>().is_err() => Err("a day, YYYY-MM-DD".to_owned()),
            Kind::Word if !self.words.iter().any(|(word, _)| word == value) => {
                let all: Vec<&str> = self.words.iter().map(|(word, _)| word.as_str()).collect();
                Err(format!("one of: {}", all.join(", ")))
            }
            _ => Ok(()),
        }
    }

    /// What a value means to people.
    #[must_use]
    pub fn shown<'a>(&'a self, value: &'a str) -> &'a str {
        self.words.iter().find(|(word, _)| word == value).map_or(value, |(_, ja)| ja)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_field_is_well_made_and_named_once() {
        let all = sections().unwrap();
        let ids: Vec<&str> = all.iter().flat_map(|s| &s.fields).map(|f| f.id.as_str()).collect();
        assert!(ids.len() > 30);
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        for field in all.iter().flat_map(|s| &s.fields) {
            assert_eq!(field.kind == Kind::Word, !field.words.is_empty(), "{}", field.id);
            let when = field.required.split_once('=').map(|(name, word)| {
                let asked = all.iter().flat_map(|s| &s.fields).find(|f| f.id == name).unwrap();
                asked.words.iter().any(|(w, _)| w == word)
            });
            let plain = ["always", "never"].contains(&field.required.as_str());
            assert!(when.unwrap_or(plain), "{}", field.id);
        }
    }
}
