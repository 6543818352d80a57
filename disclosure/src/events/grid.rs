//! Days since the index day, in bins (日付の一般化), and what the `when` column says.
//!
//! It must never tell a day of an anonymised product, only the bin that holds it.

use std::fmt;

use jiff::civil::Date;
use musubi_model::policy::DateRule;

/// Days are told apart within this many from the index day, nearly 3,000 years.
pub(super) const DAY_MAX: i32 = 1_000_000;

/// Stands for "no day known".
pub(super) const UNDATED: i32 = i32::MIN;

/// What a row says of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// Nothing is known: an empty field.
    Untold,
    /// Some time: `*`.
    Any,
    /// Between two days since the index day, both in it: `0..29`, `-30..-1`.
    Days {
        /// First day.
        from: i32,
        /// Last day.
        to: i32,
    },
    /// A date (pseudonymised products): `2026-05-14`.
    Day(Date),
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untold => Ok(()),
            Self::Any => f.write_str("*"),
            Self::Days { from, to } => write!(f, "{from}..{to}"),
            Self::Day(date) => write!(f, "{date}"),
        }
    }
}

/// The widths of the bins in days, widest first; level 0 is "some time", level 1 the widest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid {
    widths: Vec<i32>,
}

impl Grid {
    /// The grid of a rule; `None` when the rule is not relative or its bins do not lie in each other.
    pub(crate) fn new(rule: DateRule) -> Option<Self> {
        let DateRule::Relative { bin_days, coarser_days: [middle, wide] } = rule else { return None };
        let mut widths = Vec::new();
        for width in [wide, middle, bin_days] {
            let width = i32::try_from(width).ok().filter(|w| (1..=DAY_MAX).contains(w))?;
            match widths.last() {
                Some(&last) if last == width => {}
                Some(&last) if last % width != 0 => return None,
                _ => widths.push(width),
            }
        }
        Some(Self { widths })
    }

    /// The widths for the log.
    pub(crate) fn parameters(&self) -> String {
        let widths: Vec<String> = self.widths.iter().map(ToString::to_string).collect();
        format!("relative bin_days={}", widths.join(">"))
    }

    /// The number of the finest level.
    pub(crate) fn finest(&self) -> u8 {
        u8::try_from(self.widths.len()).unwrap_or(u8::MAX)
    }

    /// First day of the bin of a level that holds `day`; [`UNDATED`] at level 0 and for no day.
    pub(crate) fn start(&self, level: u8, day: i32) -> i32 {
        match usize::from(level).checked_sub(1).and_then(|i| self.widths.get(i)) {
            Some(&width) if day != UNDATED => day.div_euclid(width) * width,
            _ => UNDATED,
        }
    }

    /// The bin as it is written.
    pub(crate) fn when(&self, level: u8, start: i32) -> When {
        match usize::from(level).checked_sub(1).and_then(|i| self.widths.get(i)) {
            Some(&width) if start != UNDATED => When::Days { from: start, to: start + width - 1 },
            _ => When::Any,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_lie_in_each_other() {
        let grid = Grid::new(DateRule::Relative { bin_days: 30, coarser_days: [90, 360] }).unwrap();
        let text = |level, day| grid.when(level, grid.start(level, day)).to_string();
        assert_eq!([text(3, 0), text(3, 29), text(3, -1)], ["0..29", "0..29", "-30..-1"]);
        assert_eq!([text(2, 95), text(1, -1), text(0, 5)], ["90..179", "-360..-1", "*"]);
        assert_eq!(text(3, UNDATED), "*");
        assert_eq!(Grid::new(DateRule::Relative { bin_days: 30, coarser_days: [45, 360] }), None);
        assert_eq!(Grid::new(DateRule::Exact), None);
    }
}
