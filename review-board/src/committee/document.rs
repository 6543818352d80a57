//! What an application says (申出書): fields, the specification, and for each of its items why it is needed. Checked,
//! written canonically, and held against an earlier version field by field.
//!
//! A draft may be full of holes; what is handed in may not. This module must never mend what somebody wrote.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use musubi_compliance::checks::items_of;
use musubi_model::spec::ExtractSpec;
use serde::{Deserialize, Serialize};

use super::fields::{Field, FieldsUnreadable, Kind, sections};
use crate::templates::{Filling, Template};

/// An item that is asked for, with its necessity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The item, as the specification names it.
    pub item: String,
    /// Why it is needed.
    pub necessity: String,
}

/// A document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Values by field.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// The items.
    #[serde(default)]
    pub items: Vec<Item>,
    /// The specification (TOML), byte for byte; empty: none yet.
    #[serde(default)]
    pub spec: String,
}

/// A template to take the specification from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// Its name.
    pub name: String,
    /// First day of the period.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(default)]
    fields: BTreeMap<String, String>,
    #[serde(default, alias = "item")]
    items: Vec<Item>,
    #[serde(default)]
    spec: String,
    #[serde(default)]
    template: Option<Chosen>,
}

/// Why a text is no document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentRefused {
    /// Neither JSON nor TOML of a document.
    #[error("REV_DOCUMENT: not a document of an application: {0} (申出書の書式ではありません)")]
    Form(String),
    /// No such field.
    #[error("REV_FIELD: there is no field {0} (その項目はありません)")]
    NoField(String),
    /// A value is not of its field's kind.
    #[error("REV_VALUE: {field} must be {expected} (項目の値の形が違います)")]
    Value {
        /// The field.
        field: String,
        /// What was expected.
        expected: String,
    },
    /// The template cannot be filled in.
    #[error("REV_TEMPLATE: {0} (ひな型から仕様を作れません)")]
    Template(String),
    /// The list of fields.
    #[error(transparent)]
    Fields(#[from] FieldsUnreadable),
}

/// Something that stands against handing an application in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flaw {
    /// A code.
    pub code: &'static str,
    /// In which section.
    pub section: String,
    /// Which field or item.
    pub of: String,
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `field`, `item` or `spec`.
    pub kind: &'static str,
    /// Which.
    pub of: String,
    /// Its Japanese label.
    pub ja: String,
    /// Its English label.
    pub en: String,
    /// As it was.
    pub before: Option<String>,
    /// As it is.
    pub after: Option<String>,
}

/// Who receives what a template makes.
#[derive(Debug, Clone, Copy)]
pub struct Receiver<'a> {
    /// The organisation's id.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl Document {
    /// Reads what an applicant wrote: JSON when it begins with a brace, TOML otherwise.
    ///
    /// # Errors
    /// [`DocumentRefused`] names the first thing that does not fit.
    pub fn read(text: &str, receiver: Receiver<'_>) -> Result<Self, DocumentRefused> {
        let given: Given = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|e| DocumentRefused::Form(e.to_string()))?
        } else {
            toml::from_str(text).map_err(|e| DocumentRefused::Form(e.message().to_owned()))?
        };
        let mut document = Self { fields: given.fields, items: given.items, spec: given.spec };
        // A form sends empty boxes: what is empty was not given.
        document.fields.retain(|_, value| !value.trim().is_empty());
        document.items.retain(|i| !i.item.trim().is_empty());
        if let Some(chosen) = given.template {
            let template = Template::named(&chosen.name)
                .ok_or_else(|| DocumentRefused::Template(format!("no template {}", chosen.name)))?;
            let with = Filling {
                from: chosen.from,
                to: chosen.to,
                recipient: receiver.name,
                recipient_id: receiver.id,
                age: None,
            };
            document.spec = template.fill(&with).map_err(|e| DocumentRefused::Template(e.to_string()))?;
        }
        let sections = sections()?;
        let known: BTreeMap<&str, &Field> =
            sections.iter().flat_map(|s| &s.fields).map(|f| (f.id.as_str(), f)).collect();
        for (name, value) in &document.fields {
            let field = known.get(name.as_str()).ok_or_else(|| DocumentRefused::NoField(name.clone()))?;
            field
                .check(value)
                .map_err(|expected| DocumentRefused::Value { field: name.clone(), expected })?;
        }
        Ok(document)
    }

    /// This document over an earlier one (`--keep`): what it does not name stays as it was. An item is taken over by its
    /// name, so that saving one necessity does not lose the others.
    #[must_use]
    pub fn over(self, before: Self) -> Self {
        let mut fields = before.fields;
        fields.extend(self.fields);
        let named: BTreeSet<&str> = self.items.iter().map(|i| i.item.as_str()).collect();
        let mut items = before.items;
        items.retain(|i| !named.contains(i.item.as_str()));
        items.extend(self.items);
        let spec = if self.spec.trim().is_empty() { before.spec } else { self.spec };
        Self { fields, items, spec }
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// [`DocumentRefused::Form`]: the store was tampered with.
    pub fn kept(text: &str) -> Result<Self, DocumentRefused> {
        serde_json::from_str(text).map_err(|e| DocumentRefused::Form(e.to_string()))
    }

    /// The bytes that are kept.
    #[must_use]
    pub fn canonical(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// BLAKE3 of the canonical form.
    #[must_use]
    pub fn hash(&self) -> String {
        blake3::hash(self.canonical().as_bytes()).to_hex().to_string()
    }

    /// A field's value; empty when it was not given.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// The lines of a list.
    pub fn lines(&self, name: &str) -> impl Iterator<Item = &str> {
        self.field(name).lines().map(str::trim).filter(|l| !l.is_empty())
    }

    /// The specification, when it is one.
    #[must_use]
    pub fn extract(&self) -> Option<ExtractSpec> {
        ExtractSpec::parse(&self.spec).ok()
    }

    /// What stands against handing it in: missing fields, items without necessity (C-062), a product that is not the
    /// specification's, a purpose that is not on the list.
    ///
    /// # Errors
    /// [`FieldsUnreadable`].
    pub fn flaws(&self, purposes: &[&str]) -> Result<Vec<Flaw>, FieldsUnreadable> {
        let mut found = Vec::new();
        let mut flaw = |code, section: &str, of: &str, ja: String, en: String| {
            found.push(Flaw { code, section: section.to_owned(), of: of.to_owned(), ja, en });
        };
        for section in sections()? {
            for field in &section.fields {
                if field.required(&self.fields) && self.field(&field.id).is_empty() {
                    let (ja, en) =
                        (format!("「{}」がありません", field.ja), format!("{} is missing", field.en));
                    flaw("REV_MISSING", &section.id, &field.id, ja, en);
                }
            }
        }
        let code = self.field("purpose-code");
        if !code.is_empty() && !purposes.contains(&code) {
            let ja = "この目的の符号は現在認められていません".to_owned();
            flaw("REV_PURPOSE", "purpose", "purpose-code", ja, "this purpose is not admitted now".to_owned());
        }
        let spec = match ExtractSpec::parse(&self.spec) {
            Ok(spec) => spec,
            Err(e) => {
                flaw(
                    "REV_SPEC",
                    "spec",
                    "spec",
                    format!("抽出仕様を読めません: {e}"),
                    format!("no usable specification: {e}"),
                );
                return Ok(found);
            }
        };
        if !self.field("data-class").is_empty() && self.field("data-class") != spec.product.as_str() {
            let ja = format!("提供区分が仕様({})と違います", spec.product.ja());
            flaw("REV_PRODUCT", "data", "data-class", ja, "not the product of the specification".to_owned());
        }
        let needed: BTreeSet<&str> =
            self.items.iter().filter(|i| !i.necessity.trim().is_empty()).map(|i| i.item.as_str()).collect();
        let asked = items_of(&spec);
        for item in asked.iter().filter(|i| !needed.contains(i.as_str())) {
            let (ja, en) =
                (format!("項目 {item} の必要性がありません"), format!("no necessity given for {item}"));
            flaw("REV_NECESSITY", "spec", item, ja, en);
        }
        for item in self.items.iter().filter(|i| !asked.contains(&i.item)) {
            let ja = format!("項目 {} は仕様にありません", item.item);
            flaw("REV_EXTRA_ITEM", "spec", &item.item, ja, "not an item of the specification".to_owned());
        }
        Ok(found)
    }

    /// What differs from an earlier version, field by field, item by item, and the specification line by line.
    ///
    /// # Errors
    /// [`FieldsUnreadable`].
    pub fn changes(&self, before: &Self) -> Result<Vec<Change>, FieldsUnreadable> {
        let mut found = Vec::new();
        for field in sections()?.iter().flat_map(|s| &s.fields) {
            let (old, new) = (before.fields.get(&field.id), self.fields.get(&field.id));
            if old != new {
                found.push(Change {
                    kind: "field",
                    of: field.id.clone(),
                    ja: field.ja.clone(),
                    en: field.en.clone(),
                    before: old.cloned(),
                    after: new.cloned(),
                });
            }
        }
        let of = |d: &Self| -> BTreeMap<String, String> {
            d.items.iter().map(|i| (i.item.clone(), i.necessity.clone())).collect()
        };
        let (old, new) = (of(before), of(self));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            if old.get(name) != new.get(name) {
                found.push(Change {
                    kind: "item",
                    of: name.clone(),
                    ja: format!("項目 {name} の必要性"),
                    en: format!("necessity of {name}"),
                    before: old.get(name).cloned(),
                    after: new.get(name).cloned(),
                });
            }
        }
        if before.spec != self.spec {
            found.push(Change {
                kind: "spec",
                of: "spec".to_owned(),
                ja: "抽出仕様".to_owned(),
                en: "specification".to_owned(),
                before: Some(lines_not_in(&before.spec, &self.spec)),
                after: Some(lines_not_in(&self.spec, &before.spec)),
            });
        }
        Ok(found)
    }
}

/// The lines of a text that another has not.
fn lines_not_in(text: &str, other: &str) -> String {
    let there: BTreeSet<&str> = other.lines().collect();
    text.lines().filter(|l| !there.contains(l)).collect::<Vec<_>>().join("\n")
}

/// Whether changes are all of the kinds that may be reviewed without a meeting: fields of the list, never the
/// specification or an item.
#[must_use]
pub fn minor(changes: &[Change], listed: &[&str]) -> bool {
    !changes.is_empty() && changes.iter().all(|c| c.kind == "field" && listed.contains(&c.of.as_str()))
}

/// Is a field of several lines?
#[must_use]
pub fn is_long(field: &Field) -> bool {
    matches!(field.kind, Kind::Long | Kind::List)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    proptest! {
        /// Saving with `--keep` takes everything that is named and loses nothing else.
        #[test]
        fn over_takes_what_is_named_and_keeps_the_rest(
            old in proptest::collection::btree_map("[a-d]", "[x-z]{1,3}", 0..4),
            new in proptest::collection::btree_map("[a-d]", "[x-z]{1,3}", 0..4),
            spec in "[s-t]{0,2}",
        ) {
            let items = |of: &BTreeMap<String, String>| -> Vec<Item> {
                of.iter().map(|(i, n)| Item { item: i.clone(), necessity: n.clone() }).collect()
            };
            let of = |map: &BTreeMap<String, String>, spec: &str| Document {
                fields: map.clone(), items: items(map), spec: spec.to_owned(),
            };
            let mut expected = old.clone();
            expected.extend(new.clone());
            let both = of(&new, &spec).over(of(&old, "before"));
            prop_assert_eq!(&both.fields, &expected);
            let mut found = both.items;
            found.sort_by(|a, b| a.item.cmp(&b.item));
            prop_assert_eq!(found, items(&expected));
            let expected = if spec.is_empty() { "before" } else { spec.as_str() };
            prop_assert_eq!(both.spec.as_str(), expected);
        }
    }
}
