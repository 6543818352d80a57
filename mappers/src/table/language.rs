//! The words of an interface file as written, before they are checked: one struct for each table of the TOML. An
//! unknown key is an error, so that a slip of the pen cannot lose a column. See `docs/interfaces.md`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A whole interface file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileText {
    pub(super) name: Spanned<String>,
    pub(super) version: u32,
    pub(super) title: String,
    #[serde(default)]
    pub(super) items: Vec<String>,
    /// Headings (or, in XML, element names) that only files of this interface have.
    #[serde(default)]
    pub(super) recognise: Vec<String>,
    #[serde(default)]
    pub(super) csv: Option<CsvText>,
    #[serde(default)]
    pub(super) xml: Option<XmlText>,
    #[serde(default)]
    pub(super) record: Option<Spanned<RecordText>>,
    #[serde(default)]
    pub(super) versions: Option<Spanned<VersionsText>>,
    #[serde(default)]
    pub(super) column: Vec<Spanned<ColumnText>>,
    #[serde(default)]
    pub(super) fact: Vec<Spanned<FactText>>,
    #[serde(default)]
    pub(super) check: Vec<Spanned<CheckText>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CsvText {
    /// `auto`, `comma`, `tab` or `semicolon`.
    #[serde(default)]
    pub(super) separator: Option<String>,
    /// `auto`, `utf-8`, `shift_jis` or `euc-jp`.
    #[serde(default)]
    pub(super) encoding: Option<String>,
    /// Rows of titles above the headings.
    #[serde(default)]
    pub(super) skip: u32,
    /// How many rows of headings there are; 0: none, columns go by position.
    #[serde(default)]
    pub(super) headings: Option<u32>,
    /// Which of them names the columns, from 1.
    #[serde(default)]
    pub(super) heading: Option<u32>,
    /// Rows that begin so are comments; rows of headings may begin so, too.
    #[serde(default)]
    pub(super) comment: Option<String>,
    /// Number of columns, when it is fixed.
    #[serde(default)]
    pub(super) columns: Option<u32>,
    #[serde(default)]
    pub(super) trailer: Option<TrailerText>,
    /// Consecutive rows with equal values in these columns are one unit.
    #[serde(default)]
    pub(super) key: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrailerText {
    /// What the first field of the trailer says.
    pub(super) mark: String,
    /// Which field, from 1, holds the number of rows.
    #[serde(default)]
    pub(super) rows: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct XmlText {
    /// Name of the element that is a record, without prefix.
    pub(super) record: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordText {
    #[serde(default)]
    pub(super) day: Option<String>,
    #[serde(default)]
    pub(super) time: Option<String>,
    /// Youngest and oldest age on that day, in months.
    #[serde(default)]
    pub(super) age_months: Option<[u16; 2]>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VersionsText {
    pub(super) key: Vec<String>,
    #[serde(default)]
    pub(super) time: Vec<String>,
    #[serde(default)]
    pub(super) deleted: Option<BTreeMap<String, Vec<String>>>,
}

/// A text, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    pub(super) fn list(&self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text.clone()],
            Self::Many(texts) => texts.clone(),
        }
    }
}

/// What a column or fact is repeated for: a text each, or several that `{0}`, `{1}` … stand for.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Each {
    One(String),
    Row(Vec<String>),
}

impl Each {
    pub(super) fn words(&self) -> Vec<String> {
        match self {
            Self::One(word) => vec![word.clone()],
            Self::Row(words) => words.clone(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnText {
    /// Heading and its other spellings.
    #[serde(default)]
    pub(super) head: Option<Texts>,
    /// Position from 1, when there is no heading.
    #[serde(default)]
    pub(super) at: Option<u32>,
    /// XML: path below the record, `a/b/@c`, `a[2]/b`.
    #[serde(default)]
    pub(super) path: Option<String>,
    /// What facts and checks call it; the first heading when not given.
    #[serde(default)]
    pub(super) id: Option<String>,
    /// `column`, `expected` or `value`.
    #[serde(default)]
    pub(super) need: Option<String>,
    #[serde(default)]
    pub(super) items: Vec<String>,
    #[serde(default)]
    pub(super) each: Vec<Each>,
    /// Part of the person's description.
    #[serde(default)]
    pub(super) person: Option<String>,
    /// Why nothing becomes of it.
    #[serde(default)]
    pub(super) seal: Option<String>,
    /// Kind of document: the cell is a sealed note.
    #[serde(default)]
    pub(super) note: Option<String>,
    /// The table of the fact that the cell is the value of.
    #[serde(default)]
    pub(super) fact: Option<String>,
    /// `SYSTEM:code` of that fact.
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) standard: Option<String>,
    #[serde(default)]
    pub(super) group: Option<String>,
    #[serde(default)]
    pub(super) qualifiers: Option<String>,
    #[serde(default)]
    pub(super) when: BTreeMap<String, Texts>,
    /// How the cell is read: `number`, `code`, `flag`, `date`, `time`, `duration`, `word`, `text`.
    #[serde(default)]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) unit: Option<String>,
    #[serde(default)]
    pub(super) range: Vec<toml::Value>,
    #[serde(default)]
    pub(super) trap: Option<TrapText>,
    #[serde(default)]
    pub(super) convert: Option<ConvertText>,
    /// Words that say why there is no number: word and status.
    #[serde(default)]
    pub(super) absent: BTreeMap<String, String>,
    /// `H`, `L` in place of a number.
    #[serde(default)]
    pub(super) beyond: bool,
    /// Codes and what they mean.
    #[serde(default)]
    pub(super) values: BTreeMap<String, String>,
    /// Other spellings of a code.
    #[serde(default)]
    pub(super) also: BTreeMap<String, String>,
    /// Shortest and longest code, for codes that are not listed.
    #[serde(default)]
    pub(super) length: Option<[usize; 2]>,
    /// Check digit of the code: `jan` or `modulus10`.
    #[serde(default)]
    pub(super) digit: Option<String>,
    /// Days may be written as a spreadsheet counts them.
    #[serde(default)]
    pub(super) serial: bool,
    /// 00:00 means that nobody knows the time.
    #[serde(default)]
    pub(super) midnight_unknown: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrapText {
    pub(super) unit: String,
    pub(super) range: [toml::Value; 2],
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConvertText {
    pub(super) unit: String,
    pub(super) times: toml::Value,
}

/// A fact put together from several columns. `@column` is a column's value, anything else stands as it is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactText {
    pub(super) table: String,
    #[serde(default)]
    pub(super) items: Vec<String>,
    #[serde(default)]
    pub(super) each: Vec<Each>,
    /// Columns that must be filled; without them there is no fact.
    #[serde(default)]
    pub(super) needs: Vec<String>,
    #[serde(default)]
    pub(super) when: BTreeMap<String, Texts>,
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) standard: Option<String>,
    #[serde(default)]
    pub(super) start: Option<String>,
    #[serde(default)]
    pub(super) second: Option<String>,
    #[serde(default)]
    pub(super) end: Option<String>,
    #[serde(default)]
    pub(super) value: Option<String>,
    #[serde(default)]
    pub(super) unit: Option<String>,
    #[serde(default)]
    pub(super) range: Option<String>,
    #[serde(default)]
    pub(super) flag: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) quantity: Option<String>,
    #[serde(default)]
    pub(super) times: Option<String>,
    #[serde(default)]
    pub(super) department: Option<String>,
    #[serde(default)]
    pub(super) group: Option<String>,
    /// `word` or `name=@column`.
    #[serde(default)]
    pub(super) qualifiers: Vec<String>,
    /// A qualifier that is added when none of `mark_unless` is filled.
    #[serde(default)]
    pub(super) mark: Option<String>,
    #[serde(default)]
    pub(super) mark_unless: Vec<String>,
}

/// What must hold between columns; exactly one of the kinds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckText {
    /// Dates in ascending order.
    #[serde(default)]
    pub(super) order: Vec<String>,
    /// These add up …
    #[serde(default)]
    pub(super) sum: Vec<String>,
    /// … to this.
    #[serde(default)]
    pub(super) is: Option<String>,
    /// The first is not above the second.
    #[serde(default)]
    pub(super) below: Vec<String>,
    /// Height (cm), weight (kg), BMI.
    #[serde(default)]
    pub(super) bmi: Vec<String>,
    /// Filled when `when` holds.
    #[serde(default)]
    pub(super) filled: Option<String>,
    /// Empty when `when` holds.
    #[serde(default)]
    pub(super) empty: Option<String>,
    #[serde(default)]
    pub(super) when: BTreeMap<String, Texts>,
}
