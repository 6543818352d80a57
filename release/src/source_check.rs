//! Holding cells of a pseudonymised release against their sources (原資料確認; R-PSE-06, G-20): was it released so, and do
//! the source's bytes say so today? Pure; the bytes are read by whoever may.
//!
//! It answers with a word for each cell, never with the source's value, and its errors name lines, never what stands there.

use std::collections::BTreeMap;

use jiff::Span;
use musubi_compliance::csv;
use musubi_model::ids::to_hex;
use musubi_model::{Fact, FactId, ReleasePid};
use rust_decimal::Decimal;

use crate::error::ReleaseError;
use crate::vault::PseudonymMap;

/// Header of a list of cells.
pub const HEADER: [&str; 5] = ["pid", "file", "row", "column", "value"];
/// Cells that one request may ask for.
pub const CELLS_MAX: usize = 10_000;

/// A cell as the user submitted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Whose row.
    pub pid: ReleasePid,
    /// The file, without ending.
    pub file: String,
    /// The row: 1 is the first after the header.
    pub row: u32,
    /// The column.
    pub column: String,
    /// What is said to stand there.
    pub value: String,
}

/// Cells with the hash by which two people agree to exactly these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    /// In the order of the list.
    pub cells: Vec<Cell>,
    /// BLAKE3 of what they say, 64 hexadecimal digits.
    pub hash: String,
}

/// What became of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Released so, and the source says so.
    Match,
    /// The release does not hold this value in this cell of this person.
    NotReleased,
    /// The source says otherwise.
    SourceDiffers,
    /// The source is no longer there: it was erased.
    Erased,
    /// Released so; made from several facts by a rule, so that no single place of a source says it.
    Derived,
}

impl Answer {
    /// The word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NotReleased => "not-released",
            Self::SourceDiffers => "source-differs",
            Self::Erased => "erased",
            Self::Derived => "derived",
        }
    }

    /// The word for people.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::Match => "一致",
            Self::NotReleased => "相違(提供していない値)",
            Self::SourceDiffers => "相違(原資料と異なる)",
            Self::Erased => "確認不能(原資料は削除済み)",
            Self::Derived => "提供値と一致(複数の記録から算出した値)",
        }
    }
}

/// Reads a list of cells: CSV with the columns of [`HEADER`].
///
/// # Errors
/// [`ReleaseError::Cells`] with the line that cannot be read; also for no cells, and for more than [`CELLS_MAX`].
pub fn cells(text: &str) -> Result<Cells, ReleaseError> {
    let mut rows = csv::rows(text.trim_start_matches('\u{feff}'));
    let header = rows.next().and_then(|r| r.fields.ok());
    if header.is_none_or(|h| h != HEADER) {
        return Err(ReleaseError::Cells { line: 1, expected: "the header pid,file,row,column,value" });
    }
    let mut cells = Vec::new();
    let mut hasher = blake3::Hasher::new();
    for row in rows {
        let wrong = |expected| ReleaseError::Cells { line: row.line, expected };
        let fields = row.fields.as_ref().map_err(|_| wrong("fields quoted as CSV has it"))?;
        let [pid, file, number, column, value] = fields.as_slice() else {
            return Err(wrong("five fields"));
        };
        let cell = Cell {
            pid: pid.parse().map_err(|_| wrong("a pid of 16 hexadecimal digits"))?,
            file: file.clone(),
            row: number.parse().ok().filter(|n| *n > 0).ok_or(wrong("a row from 1 on"))?,
            column: column.clone(),
            value: value.clone(),
        };
        for field in fields {
            hasher
                .update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes())
                .update(field.as_bytes());
        }
        cells.push(cell);
        if cells.len() > CELLS_MAX {
            return Err(wrong("at most 10,000 cells at a time"));
        }
    }
    if cells.is_empty() {
        return Err(ReleaseError::Cells { line: 2, expected: "at least one cell" });
    }
    Ok(Cells { cells, hash: to_hex(hasher.finalize().as_bytes()) })
}

/// Files of a release as they went out, cut into rows.
#[derive(Debug, Default)]
pub struct Released {
    files: BTreeMap<String, Vec<Vec<String>>>,
}

impl Released {
    /// From the kept files: every `.csv` among them, in UTF-8 or Shift_JIS.
    #[must_use]
    pub fn of(kept: &[(String, Vec<u8>)]) -> Self {
        let cut = |content: &[u8]| -> Vec<Vec<String>> {
            let text = match std::str::from_utf8(content) {
                Ok(text) => text.into(),
                Err(_) => encoding_rs::SHIFT_JIS.decode(content).0,
            };
            csv::rows(text.trim_start_matches('\u{feff}')).map(|r| r.fields.unwrap_or_default()).collect()
        };
        let named = kept.iter().filter_map(|(name, content)| Some((name.strip_suffix(".csv")?, content)));
        Self { files: named.map(|(name, content)| (name.to_owned(), cut(content))).collect() }
    }

    /// Does the release hold this value in this cell of this person?
    #[must_use]
    pub fn holds(&self, cell: &Cell) -> bool {
        let Some([header, rows @ ..]) = self.files.get(&cell.file).map(Vec::as_slice) else { return false };
        let row = usize::try_from(cell.row).ok().and_then(|n| rows.get(n.checked_sub(1)?));
        let place = header.iter().position(|h| *h == cell.column);
        row.zip(place).is_some_and(|(row, place)| {
            row.first().is_some_and(|pid| *pid == cell.pid.to_string()) && row.get(place) == Some(&cell.value)
        })
    }
}

/// A cell on its way to the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It ends here.
    Ends(Answer),
    /// These facts have to say it, their dates moved by so many days.
    Facts(i32, Vec<FactId>),
}

/// Where a cell leads: nowhere when it was not released so.
#[must_use]
pub fn way(cell: &Cell, released: &Released, map: &PseudonymMap) -> Way {
    if !released.holds(cell) {
        return Way::Ends(Answer::NotReleased);
    }
    match map.behind(&cell.pid, &cell.file, cell.row) {
        Some((shift, facts)) => Way::Facts(shift, facts),
        None => Way::Ends(Answer::Derived),
    }
}

/// Does one of the facts, as the source's bytes give them today, say what the cell says? `None` in the list: erased.
#[must_use]
pub fn answer(cell: &Cell, shift_days: i32, facts: &[Option<Fact>]) -> Answer {
    let there: Vec<&Fact> = facts.iter().flatten().collect();
    let said: Vec<bool> = there.iter().filter_map(|fact| says(fact, cell, shift_days)).collect();
    match () {
        () if said.contains(&true) => Answer::Match,
        () if there.is_empty() => Answer::Erased,
        () if said.is_empty() => Answer::Derived,
        () => Answer::SourceDiffers,
    }
}

/// `None`: a single fact does not say such a thing.
fn says(fact: &Fact, cell: &Cell, shift_days: i32) -> Option<bool> {
    let value = cell.value.as_str();
    let plain = |code: &str| code.replace('.', "").to_ascii_uppercase();
    match cell.column.as_str() {
        "code" => {
            let codes = [&fact.standard, &fact.source];
            Some(codes.into_iter().flatten().any(|c| plain(&c.code) == plain(value)))
        }
        "when" => {
            let start = fact.start?;
            let moved = start.earliest().checked_add(Span::new().days(shift_days)).ok()?;
            Some(moved.to_string() == value || shift_days == 0 && start.to_string() == value)
        }
        "days" => {
            let stay = fact.start.zip(fact.end).map(|(from, to)| {
                i64::from(to.earliest().since(from.earliest()).map_or(0, |s| s.get_days())) + 1
            });
            let times = fact.times.map(i64::from);
            let said: i64 = value.parse().ok()?;
            Some(times == Some(said) || stay == Some(said))
        }
        "value" => {
            let number = value.parse::<Decimal>().ok();
            Some(fact.value.text == value || number.is_some() && fact.value.number == number)
        }
        "unit" => Some(fact.value.unit == value),
        _ => None,
    }
}

#[cfg(test)]
#[path = "tests/source_check.rs"]
mod tests;
