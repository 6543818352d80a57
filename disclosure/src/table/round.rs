//! Rounding instead of hiding (丸めによる秘匿): the options the 介護DB committee compared (law.md R-STA-02), and rounding
//! to a base with a threshold.
//!
//! Every cell is treated by itself, totals too: no search, the same result in every table, and no cell is told exactly.
//! What remains possible of a count behind what is shown is stated by [`Preset::reading`].
//!
//! It must never add up what is shown: totals are rounded from their own counts.

use super::TableError;

/// How cells are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// 介護DB option 1: every cell up to tens; below the threshold hidden.
    UpToTens,
    /// 介護DB option 2: every cell to the nearest ten, halves up; below the threshold hidden.
    NearestTen,
    /// 介護DB option 3: totals only, to the nearest ten; cells as they are, below the threshold hidden.
    TotalsOnly,
    /// Every cell to the nearest multiple of a base; below the threshold hidden.
    Nearest {
        /// The base, e.g. 5.
        base: u64,
    },
}

/// What stands in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// A number.
    Number(u64),
    /// The mark `―`.
    Hidden,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Hidden => f.write_str("―"),
        }
    }
}

impl Preset {
    fn base(self) -> u64 {
        if let Self::Nearest { base } = self { base.max(1) } else { 10 }
    }

    /// What is shown of a count; `total` when it is a total of the table, `cell_min` the smallest count shown. A zero
    /// is shown.
    #[must_use]
    pub fn show(self, count: u64, total: bool, cell_min: u64) -> Shown {
        if (1..cell_min).contains(&count) {
            return Shown::Hidden;
        }
        let base = self.base();
        Shown::Number(match self {
            Self::UpToTens => count.div_ceil(base).saturating_mul(base),
            Self::TotalsOnly if !total => count,
            Self::NearestTen | Self::TotalsOnly | Self::Nearest { .. } => {
                count.saturating_add(base / 2) / base * base
            }
        })
    }

    /// The counts that could stand behind what is shown, for a reader of these rules: least and greatest.
    #[must_use]
    pub fn reading(self, shown: Shown, total: bool, cell_min: u64) -> (u64, u64) {
        let base = self.base();
        let Shown::Number(number) = shown else { return (1, cell_min.saturating_sub(1).max(1)) };
        if number == 0 && cell_min > base / 2 {
            return (0, 0);
        }
        let (low, high) = match self {
            Self::UpToTens => (number.saturating_sub(base - 1), number),
            Self::TotalsOnly if !total => (number, number),
            Self::NearestTen | Self::TotalsOnly | Self::Nearest { .. } => {
                let low = number.saturating_sub(base / 2);
                (low, number.saturating_add(base - base / 2 - 1))
            }
        };
        // A shown count that is not zero is no small one.
        (low.max(cell_min.min(number)), high)
    }

    /// What a reader of one row can know of its one hidden part: the total less the other parts, as wide as the rounding
    /// leaves it, and within what the mark says.
    #[must_use]
    pub fn hidden_part(self, total: Shown, others: &[Shown], cell_min: u64) -> (u64, u64) {
        let (total_low, total_high) = self.reading(total, true, cell_min);
        let (mut low, mut high) = (0u64, 0u64);
        for other in others {
            let (from, to) = self.reading(*other, false, cell_min);
            low = low.saturating_add(from);
            high = high.saturating_add(to);
        }
        let mark = self.reading(Shown::Hidden, false, cell_min);
        (total_low.saturating_sub(high).max(mark.0), total_high.saturating_sub(low).min(mark.1))
    }

    /// Checks the base against the threshold.
    ///
    /// # Errors
    /// [`TableError::Rule`] for a base below 2, or a threshold below half the base, where a small count would be shown
    /// as zero.
    pub fn check(self, cell_min: u64) -> Result<(), TableError> {
        match self.base() {
            0 | 1 => Err(TableError::Rule("rounding: the base must be at least 2")),
            base if cell_min < base.div_ceil(2) => {
                Err(TableError::Rule("rounding: the threshold must be at least half the base"))
            }
            _ => Ok(()),
        }
    }
}
