//! Reading code masters (マスタ) as their publishers distribute them. Pure: bytes in, rows out.
//!
//! * [`pattern`]: which master a file is, by its name, and the day in the name.
//! * `receipt`: the masters of 社会保険診療報酬支払基金 (`b_`, `s_`, `y_`, `t_`, `c_`, `z_`, `h_`, `m_`).
//! * `lists`: lists with a header or a fixed order (drug prices, HOT, JLAC10, check-up items, care, insurers, DPC).
//! * [`declared`]: any other CSV, described by a `master.toml`.
//!
//! Never guesses: a line that is not what the layout says is left out, and its number and the reason are told. A code
//! that maps to two standard codes maps to none.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;
use musubi_model::CodeSystem;

pub mod declared;
mod lines;
mod lists;
pub mod pattern;
mod receipt;

pub use pattern::{Kind, Pattern, recognise};

/// Longest code that is read; longer is not a code.
pub const CODE_BYTES_MAX: usize = 64;
/// Longest name that is kept; a longer one spoils its line.
pub const NAME_BYTES_MAX: usize = 1_000;

/// One row of a master, as it is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct MasterRow {
    /// The code.
    pub code: String,
    /// Its name; may be empty for comment codes that have none.
    pub name: String,
    /// The system of the standard code, as [`CodeSystem::as_str`]; empty when there is none.
    pub standard_system: String,
    /// The standard code; empty when there is none.
    pub standard_code: String,
    /// Other codes for the same thing, `SYSTEM=CODE` joined by spaces.
    pub also: String,
    /// The unit, where the master gives one.
    pub unit: String,
    /// First day on which the code may be used; `None`: as long as anybody knows.
    pub valid_from: Option<Date>,
    /// Last day on which it may be used; `None`: still in use.
    pub valid_until: Option<Date>,
}

impl MasterRow {
    fn with_standard(mut self, system: &CodeSystem, code: &str) -> Self {
        if !code.is_empty() {
            system.as_str().clone_into(&mut self.standard_system);
            code.clone_into(&mut self.standard_code);
        }
        self
    }

    fn add_also(&mut self, system: &CodeSystem, code: &str) {
        if code.is_empty() || code.contains(' ') {
            return;
        }
        if !self.also.is_empty() {
            self.also.push(' ');
        }
        self.also.push_str(system.as_str());
        self.also.push('=');
        self.also.push_str(code);
    }
}

/// A line that could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct BadLine {
    /// Its number, from 1.
    pub line: usize,
    /// What does not fit.
    pub why: Misfit,
}

/// Why a line does not fit the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Misfit {
    /// Not decodable, or quotation marks that do not close.
    Text,
    /// Too few columns, or another kind of master.
    Layout,
    /// The code is not shaped as the system's codes are.
    Code,
    /// No name.
    Name,
    /// A date that is none.
    Date,
    /// The code stood on an earlier line (for the same time).
    Repeated,
}

impl Misfit {
    /// In Japanese.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Text => "文字コードまたは引用符",
            Self::Layout => "列の数または種別",
            Self::Code => "コードの形",
            Self::Name => "名称なし",
            Self::Date => "日付",
            Self::Repeated => "コードの重複",
        }
    }

    /// In English.
    #[must_use]
    pub fn en(self) -> &'static str {
        match self {
            Self::Text => "encoding or quotation marks",
            Self::Layout => "columns or kind",
            Self::Code => "shape of the code",
            Self::Name => "no name",
            Self::Date => "date",
            Self::Repeated => "repeated code",
        }
    }
}

/// The rows of one system in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterList {
    /// The system.
    pub system: CodeSystem,
    /// Which part of the system's codes, where publishers keep them in several lists; empty: all.
    pub part: String,
    /// In the order of the file; derived lists by code.
    pub rows: Vec<MasterRow>,
}

/// A file, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// One for each system the file tells of; the first is the file's own.
    pub lists: Vec<MasterList>,
    /// Lines that were left out.
    pub bad: Vec<BadLine>,
}

impl Parsed {
    /// Rows of all lists.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.lists.iter().map(|l| l.rows.len()).sum()
    }
}

/// Reads a file of this kind.
#[must_use]
pub fn parse(kind: Kind, bytes: &[u8]) -> Parsed {
    match kind {
        Kind::Receipt { master, reduced } => receipt::parse(master, reduced, bytes),
        Kind::List(list) => lists::parse(list, bytes),
    }
}

/// Reads the disease master (file `b_`): the good rows and the numbers of lines that could not be read.
#[must_use]
pub fn parse_disease_master(bytes: &[u8]) -> (Vec<MasterRow>, Vec<usize>) {
    let mut parsed = receipt::parse(pattern::Receipt::Disease, false, bytes);
    let rows = if parsed.lists.is_empty() { Vec::new() } else { parsed.lists.swap_remove(0).rows };
    (rows, parsed.bad.iter().map(|b| b.line).collect())
}

/// Hands each line of a CSV that is not empty to `each`, with its number from 1: its fields, or `None` when it cannot be
/// decoded or cut. Shift_JIS or UTF-8; no field goes over several lines.
pub fn read_csv(bytes: &[u8], each: &mut dyn FnMut(usize, Option<Vec<String>>)) {
    let (bytes, encoding) = lines::encoding_of(bytes);
    lines::each_line(bytes, encoding, lines::Delimiter::Comma, each);
}

/// Collects rows and misfits of one list.
#[derive(Debug, Default)]
struct Sink {
    rows: Vec<MasterRow>,
    bad: Vec<BadLine>,
    seen: HashSet<(String, Option<Date>)>,
}

impl Sink {
    fn take(&mut self, line: usize, row: Result<MasterRow, Misfit>) {
        let kept = row.and_then(|row| {
            let code = row.code.as_str();
            if code.is_empty() || code.len() > CODE_BYTES_MAX || code.chars().any(char::is_control) {
                return Err(Misfit::Code);
            }
            if row.name.len() > NAME_BYTES_MAX {
                return Err(Misfit::Name);
            }
            if row.valid_from.zip(row.valid_until).is_some_and(|(from, until)| from > until) {
                return Err(Misfit::Date);
            }
            if !self.seen.insert((row.code.clone(), row.valid_from)) {
                return Err(Misfit::Repeated);
            }
            Ok(row)
        });
        match kept {
            Ok(row) => self.rows.push(row),
            Err(why) => self.bad.push(BadLine { line, why }),
        }
    }
}

/// A list that is derived from the rows of another: a shorter code, a management number. Several rows may speak of one
/// code; it keeps the first one's name, and a standard code only when all agree.
#[derive(Debug, Default)]
struct Derived(BTreeMap<String, MasterRow>);

impl Derived {
    fn add(&mut self, code: &str, name: &str, standard: (&str, &str)) {
        if code.is_empty() {
            return;
        }
        let row = MasterRow {
            code: code.to_owned(),
            name: name.to_owned(),
            standard_system: standard.0.to_owned(),
            standard_code: standard.1.to_owned(),
            ..MasterRow::default()
        };
        self.0
            .entry(code.to_owned())
            .and_modify(|kept| {
                if kept.standard_system != row.standard_system || kept.standard_code != row.standard_code {
                    kept.standard_system.clear();
                    kept.standard_code.clear();
                }
            })
            .or_insert(row);
    }

    fn into_rows(self) -> Vec<MasterRow> {
        self.0.into_values().collect()
    }
}

/// Is it `digits` digits?
fn is_digits(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())
}

/// Is it so many letters and digits?
fn is_alphanumeric(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|b| b.is_ascii_alphanumeric())
}
