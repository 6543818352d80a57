//! The independent checker (独立検査): from the published CSV alone, what could an attacker find out?
//!
//! It shares no code with the generator: it does not use [`crate::anonymize`], [`crate::grid`] or [`crate::csv`], and
//! must never be given anything but the bytes that leave the house and the smallest count that may be shown.
//!
//! The attacker knows every shown count, that parts add up to their total, and how the sign is used: a hidden cell
//! whose total is shown (or that has no total) is at least 1; beneath a hidden total anything may be. From this the
//! bounds of every hidden cell follow by interval propagation: up (a total lies between the sums of its parts'
//! bounds) and down (a part is its total less what the others can be), again and again until nothing changes. The
//! equations form a tree, in which neighbouring equations share one cell only; for such a system the fixpoint is exact:
//! every value between the bounds is taken by some table that agrees with the publication.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// What is wrong with a published table. Places are row numbers of the file (1 is the header).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Not the CSV it should be.
    Shape {
        /// The row.
        row: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A row that should be there is not: left-out rows are hidden cells that nobody protected.
    Missing {
        /// Rows there should be.
        expected: usize,
        /// Rows there are.
        found: usize,
    },
    /// A shown count below the smallest that may be shown (law.md C-052).
    Small {
        /// The row.
        row: usize,
    },
    /// The parts of a total do not add up to it.
    Sum {
        /// The row of the total.
        row: usize,
    },
    /// A hidden cell can be narrowed down too far (law.md C-055).
    Narrow {
        /// The row.
        row: usize,
        /// The least it can be.
        low: u64,
        /// The most it can be; `None`: without bound.
        high: Option<u64>,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { row, what } => write!(f, "row {row}: {what} ({row}行目: 形式が正しくありません)"),
            Self::Missing { expected, found } => {
                write!(f, "{found} rows instead of {expected} (行が{expected}行ではなく{found}行です)")
            }
            Self::Small { row } => {
                write!(
                    f,
                    "row {row} shows a count that is too small ({row}行目: 少数の人数が表示されています)"
                )
            }
            Self::Sum { row } => {
                write!(f, "row {row} is not the sum of its parts ({row}行目: 計が内訳の和と一致しません)")
            }
            // The bounds themselves would disclose; they stay in the value for the operator's eyes.
            Self::Narrow { row, .. } => {
                write!(
                    f,
                    "row {row} is hidden but can be computed too closely ({row}行目: 秘匿が差し引きで破れます)"
                )
            }
        }
    }
}

/// What the checker found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// Rows with a count.
    pub shown: u64,
    /// Rows with the sign.
    pub hidden: u64,
    /// What is wrong, the first [`PROBLEMS_MAX`]; empty: the table may be published.
    pub problems: Vec<Problem>,
}

/// No more problems than this are listed.
pub const PROBLEMS_MAX: usize = 100;

/// Column of chapters, which overlap and have no total.
const APART: &str = "傷病大分類";
/// Column of counts.
const COUNT: &str = "人数";
/// Label of totals.
const SUM: &str = "計";

/// An interval; no upper end is `None`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Bounds {
    low: u64,
    high: Option<u64>,
}

struct Cell {
    row: usize,
    shown: Option<u64>,
    parent: Option<usize>,
    parts: Vec<usize>,
}

/// Checks a published table against the smallest count that may be shown.
#[must_use]
pub fn check(csv: &str, min: u64) -> Checked {
    let mut checked = Checked::default();
    match read(csv) {
        Err(problem) => checked.problems.push(problem),
        Ok(cells) => {
            for cell in &cells {
                match cell.shown {
                    Some(count) => {
                        checked.shown += 1;
                        if count > 0 && count < min {
                            checked.problems.push(Problem::Small { row: cell.row });
                        }
                    }
                    None => checked.hidden += 1,
                }
            }
            attack(&cells, min, &mut checked.problems);
        }
    }
    checked.problems.truncate(PROBLEMS_MAX);
    checked
}

/// Reads the file into cells that know their total and their parts.
fn read(csv: &str) -> Result<Vec<Cell>, Problem> {
    let shape = |row, what| Problem::Shape { row, what };
    let text = csv.strip_prefix('\u{feff}').ok_or(shape(1, "no byte order mark"))?;
    let text = text.strip_suffix("\r\n").ok_or(shape(1, "the last line is not ended"))?;
    if text.contains('"') {
        return Err(shape(1, "quotes"));
    }
    let mut lines = text.split("\r\n");
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let axes = match header.split_last() {
        Some((&COUNT, axes)) if !axes.is_empty() => axes,
        _ => return Err(shape(1, "the header does not end with the counts")),
    };
    let apart = usize::from(axes.first() == Some(&APART));

    let mut cells: Vec<Cell> = Vec::new();
    let mut places: HashMap<Vec<&str>, usize> = HashMap::new();
    let mut labels: Vec<BTreeMap<&str, ()>> = vec![BTreeMap::new(); axes.len()];
    for (nth, line) in lines.enumerate() {
        let row = nth + 2;
        let fields: Vec<&str> = line.split(',').collect();
        let Some((count, key)) = fields.split_last().filter(|(_, key)| key.len() == axes.len()) else {
            return Err(shape(row, "another number of columns than the header"));
        };
        let named = key.iter().position(|label| *label == SUM).unwrap_or(key.len());
        let (path, rest) = key.split_at(named);
        if rest.iter().any(|label| *label != SUM) || named < apart {
            return Err(shape(row, "a total where none belongs"));
        }
        if path.iter().any(|label| label.is_empty()) {
            return Err(shape(row, "an empty label"));
        }
        for (seen, label) in labels.iter_mut().zip(path) {
            seen.insert(label, ());
        }
        let shown = match *count {
            "*" => None,
            digits => {
                let plain =
                    digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
                let number = digits.parse().ok().filter(|_| plain);
                Some(number.ok_or(shape(row, "neither a count nor the sign of a hidden one"))?)
            }
        };
        let here = cells.len();
        if places.insert(path.to_vec(), here).is_some() {
            return Err(shape(row, "a row twice"));
        }
        let parent = match path.split_last() {
            Some((_, above)) if above.len() >= apart => {
                // Totals stand before their parts.
                Some(*places.get(above).ok_or(shape(row, "a part before its total"))?)
            }
            _ => None,
        };
        if let Some(total) = parent.and_then(|at| cells.get_mut(at)) {
            total.parts.push(here);
        }
        cells.push(Cell { row, shown, parent, parts: Vec::new() });
    }
    // Every combination of the labels must be there, or some hidden cells would not be looked at.
    let (mut expected, mut level) = (0usize, 1usize);
    if apart == 0 {
        expected = 1;
    }
    for seen in &labels {
        level = level.saturating_mul(seen.len());
        expected = expected.saturating_add(level);
    }
    if expected != cells.len() || cells.is_empty() {
        return Err(Problem::Missing { expected, found: cells.len() });
    }
    Ok(cells)
}

/// Between which numbers a reader can place each hidden cell: row of the file, the least and the most (`None`: without
/// bound). For the eyes of an output checker; the bounds themselves disclose. Empty: the table is not one.
#[must_use]
pub fn bounds(csv: &str) -> Vec<(usize, (u64, Option<u64>))> {
    let Ok(cells) = read(csv) else { return Vec::new() };
    let bounds = propagate(&cells).unwrap_or_default();
    let hidden = cells.iter().zip(bounds).filter(|(cell, _)| cell.shown.is_none());
    hidden.map(|(cell, b)| (cell.row, (b.low, b.high))).collect()
}

/// Tells what the bounds of all cells give away.
fn attack(cells: &[Cell], min: u64, problems: &mut Vec<Problem>) {
    let bounds = match propagate(cells) {
        Ok(bounds) => bounds,
        Err(row) => {
            problems.push(Problem::Sum { row });
            return;
        }
    };
    for (cell, b) in cells.iter().zip(&bounds) {
        let wide = b.low <= 1 && b.high.is_none_or(|high| high >= min.saturating_sub(1));
        if cell.shown.is_none() && !wide {
            problems.push(Problem::Narrow { row: cell.row, low: b.low, high: b.high });
        }
    }
}

/// Narrows all bounds until nothing changes. The row of a total that no values satisfy is an error.
fn propagate(cells: &[Cell]) -> Result<Vec<Bounds>, usize> {
    let shown = |at: usize| cells.get(at).and_then(|c| c.shown);
    let start = |cell: &Cell| match cell.shown {
        Some(count) => Bounds { low: count, high: Some(count) },
        // Beneath a hidden total anything may be; elsewhere a zero would have been shown.
        None if cell.parent.is_some_and(|total| shown(total).is_none()) => Bounds { low: 0, high: None },
        None => Bounds { low: 1, high: None },
    };
    let mut bounds: Vec<Bounds> = cells.iter().map(start).collect();
    loop {
        let mut changed = false;
        // Totals stand before their parts: backwards is upwards, forwards is downwards.
        for (total, cell) in cells.iter().enumerate().rev().chain(cells.iter().enumerate()) {
            if cell.parts.is_empty() {
                continue;
            }
            match narrow(&mut bounds, total, &cell.parts) {
                Some(more) => changed |= more,
                None => return Err(cell.row),
            }
        }
        if !changed {
            return Ok(bounds);
        }
    }
}

/// One equation: narrows the total by its parts and the parts by the total. `None`: no values satisfy it.
fn narrow(bounds: &mut [Bounds], total: usize, parts: &[usize]) -> Option<bool> {
    let mut changed = false;
    let (mut low, mut high, mut open) = (0u64, 0u64, 0usize);
    for part in parts {
        let b = bounds.get(*part)?;
        low = low.checked_add(b.low)?;
        match b.high {
            Some(most) => high = high.checked_add(most)?,
            None => open += 1,
        }
    }
    let whole = bounds.get_mut(total)?;
    let most = if open == 0 { Some(high) } else { None };
    changed |= tighten(whole, low, most)?;
    let whole = *whole;
    for part in parts {
        let b = bounds.get_mut(*part)?;
        // The others together: at least `low` less this one's low, at most `high` less this one's high, if bounded.
        let others_low = low - b.low;
        let others_high = match b.high {
            Some(most) if open == 0 => Some(high - most),
            None if open == 1 => Some(high),
            _ => None,
        };
        let least = others_high.map_or(0, |others| whole.low.saturating_sub(others));
        let most = match whole.high {
            Some(all) => Some(all.checked_sub(others_low)?),
            None => None,
        };
        let before = *b;
        if tighten(b, least, most)? {
            changed = true;
            // Keep the sums of the group true for the parts that follow.
            low = low - before.low + b.low;
            match (before.high, b.high) {
                (Some(old), Some(new)) => high = high - old + new,
                (None, Some(new)) => (open, high) = (open - 1, high.checked_add(new)?),
                _ => {}
            }
        }
    }
    Some(changed)
}

/// Cuts an interval. `None`: nothing is left of it.
fn tighten(b: &mut Bounds, low: u64, high: Option<u64>) -> Option<bool> {
    let before = *b;
    b.low = b.low.max(low);
    b.high = match (b.high, high) {
        (Some(a), Some(c)) => Some(a.min(c)),
        (a, c) => a.or(c),
    };
    if b.high.is_some_and(|h| h < b.low) { None } else { Some(*b != before) }
}
