//! From the words of a policy to a hierarchy: which leaves a column has, and which leaf a cell is (階層の組み立て).
//!
//! It must never guess a value: a cell that is not a leaf is said to be none, and never stands in an error.

use std::collections::BTreeSet;
use std::sync::Arc;

use musubi_model::policy::HierarchySpec;
use musubi_model::prefecture::PREFECTURES;

use super::hierarchy::{Band, Hierarchy, HierarchyError};

/// What an empty cell is told as, and the leaf it needs.
pub const BLANK: &str = "(blank)";

/// The regions (地方) with the number of their prefectures, in the order of JIS X 0401.
const REGIONS: [(&str, usize); 8] = [
    ("北海道", 1),
    ("東北", 6),
    ("関東", 7),
    ("中部", 9),
    ("近畿", 7),
    ("中国", 5),
    ("四国", 4),
    ("九州・沖縄", 8),
];

/// A hierarchy, and how cells become its leaves.
#[derive(Debug, Clone)]
pub struct Ladder {
    /// The hierarchy.
    pub hierarchy: Arc<Hierarchy>,
    reading: Reading,
}

#[derive(Debug, Clone)]
enum Reading {
    /// The cell is the leaf.
    Plain,
    /// A whole number.
    Number(Band),
    /// A day, a month or a quarter.
    Quarter,
}

impl Ladder {
    /// The ladder of a policy's column. What the leaves are stands in the policy or, for `flat`, `prefix`, `bands` without
    /// bounds and `quarter`, comes from the cells.
    ///
    /// # Errors
    /// [`HierarchyError`] when the words of the policy make no hierarchy.
    pub fn of<'a>(
        spec: &HierarchySpec,
        cells: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, HierarchyError> {
        let cells: BTreeSet<&str> = cells.into_iter().map(plain).collect();
        let (hierarchy, reading) = match spec {
            HierarchySpec::Flat => (Hierarchy::flat(&cells)?, Reading::Plain),
            HierarchySpec::Prefix { keep } => {
                let keep: Vec<usize> = keep.iter().map(|n| *n as usize).collect();
                (Hierarchy::prefixes(&cells, &keep, |_| Vec::new())?, Reading::Plain)
            }
            HierarchySpec::Bands { widths, top, bottom } => {
                let band = band(widths, *top, *bottom, &cells);
                (Hierarchy::bands(&band)?, Reading::Number(band))
            }
            HierarchySpec::Prefecture => (prefectures(&cells)?, Reading::Plain),
            HierarchySpec::Quarter => (quarters(&cells)?, Reading::Quarter),
            HierarchySpec::Rows { rows } => {
                let lines: Vec<String> = rows.iter().map(|r| r.join(";")).collect();
                (Hierarchy::from_rows(&lines.join("\n"))?, Reading::Plain)
            }
        };
        Ok(Self { hierarchy: Arc::new(hierarchy), reading })
    }

    /// The ladder of a file of lines `leaf;level1;…;*`.
    ///
    /// # Errors
    /// [`HierarchyError`] with the line.
    pub fn from_rows(text: &str) -> Result<Self, HierarchyError> {
        Ok(Self { hierarchy: Arc::new(Hierarchy::from_rows(text)?), reading: Reading::Plain })
    }

    /// The label of the leaf that a cell is; it may be none of the hierarchy.
    #[must_use]
    pub fn leaf(&self, cell: &str) -> String {
        let cell = plain(cell);
        let read = match &self.reading {
            Reading::Plain => None,
            Reading::Number(band) => number(cell).map(|n| band.label(n)),
            Reading::Quarter => quarter(cell).map(told),
        };
        read.unwrap_or_else(|| cell.to_owned())
    }
}

/// A cell without the space around it.
fn plain(cell: &str) -> &str {
    let cell = cell.trim();
    if cell.is_empty() { BLANK } else { cell }
}

fn number(cell: &str) -> Option<i64> {
    cell.parse().ok()
}

/// Bands over the numbers that the cells hold, where the policy sets no bounds: they begin and end at a multiple of the
/// greatest width, so that they are the same for similar data.
fn band(widths: &[u32], top: Option<i64>, bottom: Option<i64>, cells: &BTreeSet<&str>) -> Band {
    let widths: Vec<i64> =
        std::iter::once(1).chain(widths.iter().map(|w| i64::from(*w)).filter(|w| *w != 1)).collect();
    let step = widths.last().copied().unwrap_or(1).max(1);
    let numbers = || cells.iter().filter_map(|c| number(c));
    let least = numbers().min().unwrap_or(0);
    let most = numbers().max().unwrap_or(0);
    let bottom = bottom.unwrap_or_else(|| least.div_euclid(step).saturating_mul(step));
    let top = top.unwrap_or_else(|| {
        most.saturating_sub(bottom)
            .div_euclid(step)
            .saturating_add(1)
            .saturating_mul(step)
            .saturating_add(bottom)
    });
    Band { bottom, top, widths }
}

/// Prefectures by code or by name, whichever the cells are.
fn prefectures(cells: &BTreeSet<&str>) -> Result<Hierarchy, HierarchyError> {
    let codes = cells.iter().any(|c| PREFECTURES.iter().any(|(code, _)| code == c));
    let regions = REGIONS.iter().flat_map(|(name, n)| std::iter::repeat_n(*name, *n));
    let rows = PREFECTURES.iter().zip(regions).map(|((code, name), region)| {
        let leaf = if codes { code } else { name };
        // A prefecture that is its own region must not be one node at two levels.
        format!("{leaf};{region}地方;*")
    });
    Hierarchy::from_rows(&rows.collect::<Vec<_>>().join("\n"))
}

/// Year and quarter (0 to 3) of `2026-Q3`, `2026-08`, `2026-08-15`, also with `/` or without a sign.
fn quarter(cell: &str) -> Option<(i64, i64)> {
    if let Some((year, q)) = cell.split_once("-Q") {
        return Some((number(year)?, number(q)?.checked_sub(1).filter(|q| (0..4).contains(q))?));
    }
    let digits: String = cell.chars().filter(char::is_ascii_digit).collect();
    let signs = cell.chars().all(|c| c.is_ascii_digit() || c == '-' || c == '/');
    let (year, month) = (digits.get(..4)?, digits.get(4..6)?);
    let month = number(month)?.checked_sub(1).filter(|m| (0..12).contains(m) && signs)?;
    Some((number(year)?, month / 3))
}

fn told((year, quarter): (i64, i64)) -> String {
    format!("{year}-Q{}", quarter + 1)
}

/// All quarters from the first to the last.
fn quarters(cells: &BTreeSet<&str>) -> Result<Hierarchy, HierarchyError> {
    let at = |cell: &&str| quarter(cell).map(|(year, q)| year * 4 + q);
    let (first, last) = (cells.iter().filter_map(at).min(), cells.iter().filter_map(at).max());
    let (Some(first), Some(last)) = (first, last) else { return Err(HierarchyError::Empty) };
    let row = |n: i64| format!("{};{};*", told((n.div_euclid(4), n.rem_euclid(4))), n.div_euclid(4));
    Hierarchy::from_rows(&(first..=last).map(row).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_at(ladder: &Ladder, cell: &str, level: usize) -> Option<String> {
        let leaf = ladder.hierarchy.leaf(&ladder.leaf(cell))?;
        Some(ladder.hierarchy.label(level, ladder.hierarchy.node(level, leaf)).to_owned())
    }

    #[test]
    fn every_kind_of_the_policy_makes_a_hierarchy() {
        let bands = HierarchySpec::Bands { widths: vec![5, 10], top: Some(90), bottom: None };
        let ladder = Ladder::of(&bands, ["17", " 43", "95"]).unwrap();
        assert_eq!(told_at(&ladder, "43", 0).as_deref(), Some("43"));
        assert_eq!(told_at(&ladder, "43", 1).as_deref(), Some("40-44"));
        assert_eq!(told_at(&ladder, "99", 0).as_deref(), Some("90+"));
        assert_eq!(told_at(&ladder, "old", 0), None);
        let ladder = Ladder::of(&HierarchySpec::Prefecture, ["01", "47"]).unwrap();
        assert_eq!(told_at(&ladder, "13", 1).as_deref(), Some("関東地方"));
        let ladder = Ladder::of(&HierarchySpec::Prefecture, ["沖縄県"]).unwrap();
        assert_eq!(told_at(&ladder, "沖縄県", 1).as_deref(), Some("九州・沖縄地方"));
        let ladder = Ladder::of(&HierarchySpec::Quarter, ["2025-11-30", "2026/08", "20260101"]).unwrap();
        assert_eq!(ladder.hierarchy.leaves(), 4);
        assert_eq!(told_at(&ladder, "2026-04-01", 0).as_deref(), Some("2026-Q2"));
        assert_eq!(told_at(&ladder, "2026-Q3", 1).as_deref(), Some("2026"));
        assert_eq!(told_at(&ladder, "2026-13", 0), None);
        let ladder = Ladder::of(&HierarchySpec::Prefix { keep: vec![3, 1] }, ["E119", "E10", ""]).unwrap();
        assert_eq!(told_at(&ladder, "E119", 2).as_deref(), Some("E"));
        assert_eq!(told_at(&ladder, "", 0).as_deref(), Some(BLANK));
    }
}
