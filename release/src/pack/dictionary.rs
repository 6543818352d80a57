//! `dictionary.csv` (データ辞書): one line for every column of every file. It must describe, never count.

use musubi_model::policy::ColumnClass;

use super::csv::quote;
use super::sheet::{Column, Kind, Sheet, Values};

/// The columns of the dictionary.
pub const COLUMNS: [&str; 10] =
    ["file", "column", "name_ja", "name_en", "meaning_ja", "meaning_en", "type", "class", "unit", "labels"];
/// So many labels are listed one by one; more are not, they would be a file of their own.
const LISTED_MAX: usize = 64;

/// The word of a class in the dictionary, as in policies.
#[must_use]
pub fn class_word(class: ColumnClass) -> &'static str {
    match class {
        ColumnClass::Direct => "direct",
        ColumnClass::Quasi => "quasi",
        ColumnClass::Sensitive => "sensitive",
        ColumnClass::Neutral => "neutral",
    }
}

/// The Japanese word of a class.
pub(crate) fn class_ja(class: ColumnClass) -> &'static str {
    match class {
        ColumnClass::Direct => "直接識別子",
        ColumnClass::Quasi => "準識別子",
        ColumnClass::Sensitive => "機微",
        ColumnClass::Neutral => "その他",
    }
}

/// How the labels of a column are built, or which there are.
pub(crate) fn labels(column: &Column) -> String {
    if !column.grammar.is_empty() {
        return column.grammar.clone();
    }
    match (&column.values, column.values.kind()) {
        (Values::Empty(..), _) => "(empty 空欄)".to_owned(),
        (Values::Constant(n, _), _) => n.to_string(),
        (_, Kind::Text) => {
            let used = column.values.used_labels();
            if used.len() > LISTED_MAX {
                return "label (ラベル)".to_owned();
            }
            used.into_iter().collect::<Vec<_>>().join(" | ")
        }
        (_, Kind::Integer) => "whole number (整数)".to_owned(),
        (_, Kind::Decimal) => "decimal number (小数)".to_owned(),
        (_, Kind::Date) => "YYYY-MM-DD".to_owned(),
    }
}

/// The file: UTF-8 with BOM, CRLF.
pub(crate) fn text<'a>(sheets: impl Iterator<Item = &'a Sheet>) -> String {
    let mut out = format!("\u{feff}{}\r\n", COLUMNS.join(","));
    for sheet in sheets {
        for c in &sheet.columns {
            let labels = labels(c);
            let fields = [
                sheet.name.as_str(),
                &c.name,
                &c.ja,
                &c.en,
                &c.describe_ja,
                &c.describe_en,
                c.values.kind().as_str(),
                class_word(c.class),
                &c.unit,
                &labels,
            ];
            for (at, field) in fields.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&quote(field));
            }
            out.push_str("\r\n");
        }
    }
    out
}
