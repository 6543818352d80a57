//! The last look at the table (出力走査; law.md C-030 to C-032): only the columns and labels of the product, and
//! nothing that looks like a number of a person. It must never repair, only refuse.

use std::collections::HashSet;
use std::fmt;

use crate::grid::{Grid, TOTAL};

/// Something that may not be in a table. Row numbers of the file, 1 is the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leak {
    /// Other columns than the product has (C-030).
    Column,
    /// A label that is none of the column's (C-031).
    Label {
        /// The row.
        row: usize,
    },
    /// A count that is no count of persons (C-032).
    Count {
        /// The row.
        row: usize,
    },
    /// Digits as long as an insurer number outside the counts (C-032).
    Digits {
        /// The row.
        row: usize,
    },
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column => write!(f, "columns that are not on the list (許可されていない列)"),
            Self::Label { row } => {
                write!(f, "row {row}: a label that is not on the list (許可されていない区分名)")
            }
            Self::Count { row } => write!(f, "row {row}: not a count of persons (人数ではない値)"),
            Self::Digits { row } => write!(f, "row {row}: a long number (長い数字列)"),
        }
    }
}

/// Digits of the shortest number that identifies: insurer numbers have 8.
const NUMBER_DIGITS: usize = 8;
/// Digits of the greatest count of persons: everybody in Japan has 9.
const COUNT_DIGITS: usize = 9;

fn long_number(text: &str) -> bool {
    text.split(|c: char| !c.is_numeric()).any(|run| run.chars().count() >= NUMBER_DIGITS)
}

/// Looks at every value of a table of this grid.
///
/// # Errors
/// The first thing that may not be there.
pub fn scan(csv: &str, grid: &Grid) -> Result<(), Leak> {
    let mut lines = csv.trim_start_matches('\u{feff}').split("\r\n");
    if lines.next().unwrap_or_default().split(',').ne(grid.columns()) {
        return Err(Leak::Column);
    }
    let with_total = |labels: &[String], total: bool| -> HashSet<String> {
        labels.iter().cloned().chain(total.then(|| TOTAL.to_owned())).collect()
    };
    let allowed: Vec<HashSet<String>> = grid
        .outer
        .iter()
        .map(|a| with_total(&a.labels, false))
        .chain(grid.inner.iter().map(|a| with_total(&a.labels, true)))
        .collect();
    for (nth, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
        let row = nth + 2;
        let fields: Vec<&str> = line.split(',').collect();
        let Some((count, labels)) = fields.split_last() else { return Err(Leak::Column) };
        if labels.len() != allowed.len() {
            return Err(Leak::Column);
        }
        if labels.iter().any(|label| long_number(label)) {
            return Err(Leak::Digits { row });
        }
        if labels.iter().zip(&allowed).any(|(label, of)| !of.contains(*label)) {
            return Err(Leak::Label { row });
        }
        let digits =
            count.len() <= COUNT_DIGITS && !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
        if !digits && *count != crate::csv::HIDDEN {
            return Err(Leak::Count { row });
        }
    }
    Ok(())
}
