//! A table of statistics cell by cell (集計表の欄): what is shown, how near the least it is, and between which numbers a
//! reader can place what is hidden. The table is what will go out; it must never hold more than that and its bounds.

use std::collections::HashMap;
use std::path::Path;

use musubi_release_check::{Interval, hidden_bounds};

use super::columns::records;
use crate::checker;
use crate::csv::HIDDEN;
use crate::error::ReleaseError;
use crate::grid::PERSONS;
use crate::manifest::{LAYOUT_2, Manifest};

/// Why a cell is looked at twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Risk {
    /// Shown, and below the least: it must not go out.
    BelowMinimum,
    /// Shown, and close above the least.
    NearThreshold,
    /// Hidden.
    Hidden,
    /// Hidden, and a reader can place it more closely than the least asks.
    Narrow,
}

/// All of them, the worst first.
pub const RISKS: [Risk; 4] = [Risk::BelowMinimum, Risk::Narrow, Risk::NearThreshold, Risk::Hidden];

impl Risk {
    /// The word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BelowMinimum => "below-minimum",
            Self::NearThreshold => "near-threshold",
            Self::Hidden => "hidden",
            Self::Narrow => "narrow",
        }
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::BelowMinimum => "下限未満",
            Self::NearThreshold => "下限に近い",
            Self::Hidden => "秘匿",
            Self::Narrow => "範囲が狭い",
        }
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellLook {
    /// Row of the file; 1 is the header.
    pub row: usize,
    /// Its labels.
    pub labels: Vec<String>,
    /// What is shown; `None`: hidden.
    pub shown: Option<u64>,
    /// What stands in the columns after the count.
    pub more: Vec<String>,
    /// The least it can be, of a hidden cell.
    pub low: Option<u64>,
    /// The most it can be, of a hidden cell; `None`: without bound.
    pub high: Option<u64>,
    /// Why to look at it.
    pub risks: Vec<Risk>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLook {
    /// The columns of labels.
    pub labels: Vec<String>,
    /// The column of the count.
    pub count: String,
    /// The columns after it.
    pub more: Vec<String>,
    /// The cells, in the order of the file.
    pub cells: Vec<CellLook>,
}

impl TableLook {
    /// How many cells have a risk.
    #[must_use]
    pub fn with(&self, risk: Risk) -> usize {
        self.cells.iter().filter(|c| c.risks.contains(&risk)).count()
    }
}

/// The bounds of hidden cells of a package of version 2, as its independent checker computes them; of version 1 nothing,
/// whose cells are placed by [`checker::bounds`].
pub(super) fn second_bounds(manifest: &Manifest, folder: &Path) -> Vec<Interval> {
    if manifest.layout == LAYOUT_2 { hidden_bounds(folder) } else { Vec::new() }
}

/// Columns that hold the count: of version 1 and of version 2.
const COUNTS: [&str; 2] = [PERSONS, "persons"];

/// Reads a table.
pub(super) fn look(
    name: &str,
    content: &[u8],
    manifest: &Manifest,
    second: &[Interval],
    least: u64,
    near: u64,
) -> Result<TableLook, ReleaseError> {
    let bounds: HashMap<usize, (u64, Option<u64>)> = if manifest.layout == LAYOUT_2 {
        second.iter().filter(|i| i.file == name).map(|i| (i.row, (i.low, i.high))).collect()
    } else {
        let text = std::str::from_utf8(content).map_err(|_| ReleaseError::Kept("a table is no text"))?;
        checker::bounds(text).into_iter().collect()
    };
    let mut table = read(content)?;
    for cell in &mut table.cells {
        match cell.shown {
            Some(n) if n > 0 && n < least => cell.risks.push(Risk::BelowMinimum),
            Some(n) if n >= least && n <= least.saturating_add(near) => cell.risks.push(Risk::NearThreshold),
            Some(_) => {}
            None => {
                cell.risks.push(Risk::Hidden);
                if let Some((low, high)) = bounds.get(&cell.row) {
                    (cell.low, cell.high) = (Some(*low), *high);
                    if *low > 1 || high.is_some_and(|high| high < least.saturating_sub(1)) {
                        cell.risks.push(Risk::Narrow);
                    }
                }
            }
        }
    }
    Ok(table)
}

/// Reads the cells of a table without judging them.
pub(super) fn read(content: &[u8]) -> Result<TableLook, ReleaseError> {
    let text = |field: &Vec<u8>| {
        String::from_utf8(field.clone()).map_err(|_| ReleaseError::Kept("a table is no text"))
    };
    let mut lines = records(content)?.into_iter();
    let header = lines.next().unwrap_or_default().iter().map(text).collect::<Result<Vec<_>, _>>()?;
    let place = header.iter().position(|h| COUNTS.contains(&h.as_str()));
    let place = place.ok_or(ReleaseError::Kept("a table without a column of counts"))?;
    let mut cells = Vec::new();
    for (nth, line) in lines.enumerate() {
        let mut fields = line.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        if fields.len() != header.len() {
            return Err(ReleaseError::Kept("a row has another number of columns than the header"));
        }
        let more = fields.split_off(place + 1);
        let count = fields.pop().unwrap_or_default();
        let shown = match count.as_str() {
            HIDDEN => None,
            digits => Some(digits.parse().map_err(|_| ReleaseError::Kept("a count that is none"))?),
        };
        cells.push(CellLook {
            row: nth + 2,
            labels: fields,
            shown,
            more,
            low: None,
            high: None,
            risks: Vec::new(),
        });
    }
    let more = header.iter().skip(place + 1).cloned().collect();
    let count = header.get(place).cloned().unwrap_or_default();
    Ok(TableLook { labels: header.into_iter().take(place).collect(), count, more, cells })
}
