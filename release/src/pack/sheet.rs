//! A table on its way out (提供ファイル): columns of released labels and numbers, cheap for 30 million rows.
//!
//! It must never hold what is not released: labels that no row uses are not written anywhere.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use compact_str::CompactString;
use jiff::civil::Date;
use musubi_model::policy::ColumnClass;
use rust_decimal::Decimal;

use super::error::PackError;

/// The label id of "not told": an empty field.
pub const NOT_TOLD: u32 = u32::MAX;

/// One table of a package; becomes `NAME.csv` and `NAME.parquet`.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Its name: a-z, 0-9, `_` and `-`.
    pub name: String,
    /// Title in Japanese.
    pub title_ja: String,
    /// Title in English.
    pub title_en: String,
    /// The columns, in the order of the file.
    pub columns: Vec<Column>,
}

/// One column with its line in the dictionary.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name in the header.
    pub name: String,
    /// Japanese name.
    pub ja: String,
    /// English name.
    pub en: String,
    /// What it tells of a person (項目の区分).
    pub class: ColumnClass,
    /// Meaning in Japanese.
    pub describe_ja: String,
    /// Meaning in English.
    pub describe_en: String,
    /// Unit of the numbers; empty: none.
    pub unit: String,
    /// How its labels are built, e.g. `16 hexadecimal digits`; empty: the dictionary lists them, when they are few.
    pub grammar: String,
    /// What stands in the rows.
    pub values: Values,
}

/// What kind of value a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A label.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// A day.
    Date,
}

impl Kind {
    /// The word in the dictionary.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Date => "date",
        }
    }
}

/// The values of a column. What several files share (`pid`, codes) is shared in memory as well.
#[derive(Debug, Clone)]
pub enum Values {
    /// Labels by number: row → id → label. [`NOT_TOLD`] and an empty label are an empty field.
    Text {
        /// One for each row.
        ids: Arc<[u32]>,
        /// The labels.
        labels: Arc<[CompactString]>,
    },
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Decimal numbers.
    Decimal(Arc<[Option<Decimal>]>),
    /// Days.
    Date(Arc<[Option<Date>]>),
    /// A whole number for each label of another column (OMOP's `person_id` for `pid`).
    Numbered {
        /// One for each row.
        ids: Arc<[u32]>,
        /// One for each label.
        numbers: Arc<[i64]>,
    },
    /// 1, 2, 3, … in all rows (OMOP's row numbers).
    Sequence(usize),
    /// The same whole number in all rows.
    Constant(i64, usize),
    /// Nothing in any row.
    Empty(Kind, usize),
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Not told.
    Empty,
    /// A label.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A decimal number, without zeros at its end.
    Decimal(Decimal),
    /// A day.
    Date(Date),
}

impl Cell<'_> {
    /// As it stands in the CSV.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(label) => Cow::Borrowed(label),
            Self::Integer(n) => Cow::Owned(n.to_string()),
            Self::Decimal(n) => Cow::Owned(n.to_string()),
            Self::Date(day) => Cow::Owned(day.to_string()),
        }
    }
}

impl Values {
    /// Encodes labels; `None` is "not told". Labels are numbered as they come.
    pub fn text<S: AsRef<str>>(rows: impl IntoIterator<Item = Option<S>>) -> Self {
        let mut known: HashMap<CompactString, u32> = HashMap::new();
        let mut labels: Vec<CompactString> = Vec::new();
        let ids = rows
            .into_iter()
            .map(|row| {
                let Some(label) = row else { return NOT_TOLD };
                let label = label.as_ref();
                if let Some(id) = known.get(label) {
                    return *id;
                }
                let id = u32::try_from(labels.len()).unwrap_or(NOT_TOLD);
                labels.push(label.into());
                known.insert(label.into(), id);
                id
            })
            .collect();
        Self::Text { ids, labels: labels.into() }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Text { ids, .. } | Self::Numbered { ids, .. } => ids.len(),
            Self::Integer(rows) => rows.len(),
            Self::Decimal(rows) => rows.len(),
            Self::Date(rows) => rows.len(),
            Self::Sequence(rows) | Self::Constant(_, rows) | Self::Empty(_, rows) => *rows,
        }
    }

    /// What kind of value they are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Text { .. } => Kind::Text,
            Self::Integer(_) | Self::Numbered { .. } | Self::Sequence(_) | Self::Constant(..) => {
                Kind::Integer
            }
            Self::Decimal(_) => Kind::Decimal,
            Self::Date(_) => Kind::Date,
            Self::Empty(kind, _) => *kind,
        }
    }

    /// The field of a row; what is not there is not told.
    #[must_use]
    pub fn cell(&self, row: usize) -> Cell<'_> {
        let integer = |n: Option<i64>| n.map_or(Cell::Empty, Cell::Integer);
        match self {
            Self::Text { ids, labels } => {
                let label = ids.get(row).and_then(|id| labels.get(*id as usize));
                label.filter(|l| !l.is_empty()).map_or(Cell::Empty, |l| Cell::Text(l))
            }
            Self::Integer(rows) => integer(rows.get(row).copied().flatten()),
            Self::Numbered { ids, numbers } => {
                integer(ids.get(row).and_then(|id| numbers.get(*id as usize)).copied())
            }
            Self::Sequence(rows) => {
                integer((row < *rows).then(|| i64::try_from(row).ok()).flatten().map(|n| n + 1))
            }
            Self::Constant(n, rows) => integer((row < *rows).then_some(*n)),
            Self::Decimal(rows) => {
                rows.get(row).copied().flatten().map_or(Cell::Empty, |n| Cell::Decimal(n.normalize()))
            }
            Self::Date(rows) => rows.get(row).copied().flatten().map_or(Cell::Empty, Cell::Date),
            Self::Empty(..) => Cell::Empty,
        }
    }

    /// The labels that rows use, in order; none for numbers and days.
    #[must_use]
    pub fn used_labels(&self) -> BTreeSet<&str> {
        let Self::Text { ids, labels } = self else { return BTreeSet::new() };
        used(ids, labels.len())
            .iter()
            .zip(labels.iter())
            .filter(|(used, label)| **used && !label.is_empty())
            .map(|(_, label)| label.as_str())
            .collect()
    }

    /// A number for each row, the same for equal fields.
    fn numbered(&self) -> Vec<u32> {
        let number = |known: usize| u32::try_from(known).unwrap_or(NOT_TOLD);
        if let Self::Text { ids, labels } = self {
            // By label, not by id: a label may stand there twice, and an empty one is not told.
            let mut same: HashMap<&str, u32> = HashMap::from([("", NOT_TOLD)]);
            let own: Vec<u32> =
                labels.iter().enumerate().map(|(id, l)| *same.entry(l).or_insert(number(id))).collect();
            return ids.iter().map(|id| own.get(*id as usize).copied().unwrap_or(NOT_TOLD)).collect();
        }
        let mut same: HashMap<String, u32> = HashMap::new();
        let mut field = |row| {
            let fresh = number(same.len());
            *same.entry(self.cell(row).text().into_owned()).or_insert(fresh)
        };
        (0..self.rows()).map(&mut field).collect()
    }

    /// Does every id have its label?
    fn whole(&self) -> bool {
        let known = match self {
            Self::Text { labels, .. } => labels.len(),
            Self::Numbered { numbers, .. } => numbers.len(),
            _ => return true,
        };
        match self {
            Self::Text { ids, .. } | Self::Numbered { ids, .. } => {
                ids.iter().all(|id| (*id as usize) < known || *id == NOT_TOLD)
            }
            _ => true,
        }
    }
}

/// Which labels does some row use?
pub(crate) fn used(ids: &[u32], labels: usize) -> Vec<bool> {
    let mut used = vec![false; labels];
    for id in ids {
        if let Some(mark) = used.get_mut(*id as usize) {
            *mark = true;
        }
    }
    used
}

impl Column {
    /// A column with its names; descriptions, unit and grammar are empty.
    #[must_use]
    pub fn new(name: &str, ja: &str, en: &str, class: ColumnClass, values: Values) -> Self {
        Self {
            name: name.to_owned(),
            ja: ja.to_owned(),
            en: en.to_owned(),
            class,
            describe_ja: String::new(),
            describe_en: String::new(),
            unit: String::new(),
            grammar: String::new(),
            values,
        }
    }

    /// With its meaning.
    #[must_use]
    pub fn meaning(mut self, ja: &str, en: &str) -> Self {
        ja.clone_into(&mut self.describe_ja);
        en.clone_into(&mut self.describe_en);
        self
    }

    /// With the way its labels are built.
    #[must_use]
    pub fn grammar(mut self, grammar: &str) -> Self {
        grammar.clone_into(&mut self.grammar);
        self
    }
}

impl Sheet {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |c| c.values.rows())
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// How many rows each class of rows equal in all quasi-identifiers has (同値類の大きさ), in no order.
    #[must_use]
    pub fn class_sizes(&self) -> Vec<u64> {
        let mut class = vec![0u32; self.rows()];
        for column in self.columns.iter().filter(|c| c.class == ColumnClass::Quasi) {
            let mut next: HashMap<(u32, u32), u32> = HashMap::new();
            for (own, value) in class.iter_mut().zip(column.values.numbered()) {
                let fresh = u32::try_from(next.len()).unwrap_or(u32::MAX);
                *own = *next.entry((*own, value)).or_insert(fresh);
            }
        }
        let mut sizes: HashMap<u32, u64> = HashMap::new();
        for own in class {
            *sizes.entry(own).or_default() += 1;
        }
        sizes.into_values().collect()
    }

    /// Can it be written?
    ///
    /// # Errors
    /// [`PackError::Name`], [`PackError::Shape`], [`PackError::Label`].
    pub fn check(&self) -> Result<(), PackError> {
        if !word(&self.name) || self.columns.is_empty() {
            return Err(PackError::Name(self.name.clone()));
        }
        let rows = self.rows();
        let mut names = BTreeSet::new();
        for column in &self.columns {
            let place = || (self.name.clone(), column.name.clone());
            if !names.insert(&column.name) || column.name.is_empty() || !safe(&column.name) {
                return Err(PackError::Name(format!("{}.{}", self.name, column.name)));
            }
            if column.values.rows() != rows || !column.values.whole() {
                let (file, column) = place();
                return Err(PackError::Shape { file, column });
            }
            if !column.values.used_labels().into_iter().all(safe) {
                let (file, column) = place();
                return Err(PackError::Label { file, column });
            }
        }
        Ok(())
    }
}

/// May it be part of a file's name?
pub(crate) fn word(name: &str) -> bool {
    let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(ok) && !name.starts_with('-')
}

/// No control character, and nothing that a spreadsheet would run. Bins of days (`-30..-1`) are neither.
fn safe(label: &str) -> bool {
    let mut chars = label.chars();
    let formula = match (chars.next(), chars.next()) {
        (Some('=' | '@'), _) => true,
        (Some('+' | '-'), Some(next)) => !next.is_ascii_digit() && next != '.',
        _ => false,
    };
    !formula && !label.chars().any(char::is_control)
}
