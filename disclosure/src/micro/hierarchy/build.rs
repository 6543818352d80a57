//! The ways to make a hierarchy: a file of rows, bands of numbers, prefixes of codes, all or nothing.
//!
//! It must never invent a level that the caller did not ask for, except the last one, `*`.

use super::{Hierarchy, HierarchyError};

/// Whole numbers in bands (階級): what is below or above is one leaf each (bottom and top code).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// The smallest number told as such; smaller ones are the leaf `<bottom`.
    pub bottom: i64,
    /// Numbers from here on are the leaf `top+` (for ages 90: `90+`).
    pub top: i64,
    /// Widths of the bands from the leaves upwards, each a multiple of the one before: `[1, 5, 10]`.
    pub widths: Vec<i64>,
}

/// More leaves than this in one column is a mistake in the bounds.
const MOST_LEAVES: i64 = 1 << 20;

impl Band {
    /// The leaf label of a number.
    #[must_use]
    pub fn label(&self, number: i64) -> String {
        self.at(number, self.widths.first().copied().unwrap_or(1))
    }

    fn at(&self, number: i64, width: i64) -> String {
        if number < self.bottom {
            return format!("<{}", self.bottom);
        }
        if number >= self.top {
            return format!("{}+", self.top);
        }
        let from = self.bottom + (number - self.bottom) / width * width;
        let to = (from + width - 1).min(self.top - 1);
        if from == to { from.to_string() } else { format!("{from}-{to}") }
    }

    fn check(&self) -> Result<(), HierarchyError> {
        let nested = self
            .widths
            .windows(2)
            .all(|w| matches!(w, [fine, coarse] if coarse > fine && coarse.checked_rem(*fine) == Some(0)));
        // Half the range, so that stepping past the top cannot overflow.
        let span = self.top.checked_sub(self.bottom).filter(|_| self.top < i64::MAX / 2);
        match (self.widths.first(), span) {
            (None, _) => Err(HierarchyError::Bands("no width; give at least one, such as [1, 5, 10]")),
            (Some(width), _) if *width < 1 => {
                Err(HierarchyError::Bands("a width below 1; give whole numbers from 1"))
            }
            (_, None | Some(..1)) => Err(HierarchyError::Bands("the top code is not above the bottom code")),
            (Some(width), _) if *width > i64::MAX / 4 => {
                Err(HierarchyError::Bands("a width beyond all numbers"))
            }
            (Some(width), Some(span)) if span / width > MOST_LEAVES => {
                Err(HierarchyError::Bands("more than a million leaves; make the first width larger"))
            }
            _ if !nested => Err(HierarchyError::Bands("widths must grow, each a multiple of the one before")),
            _ => Ok(()),
        }
    }
}

impl Hierarchy {
    /// From a file of lines `leaf;level1;…;*`, one per leaf, in the order that ordered distances use.
    ///
    /// # Errors
    /// [`HierarchyError`] with the first line that is not right.
    pub fn from_rows(text: &str) -> Result<Self, HierarchyError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let rows: Vec<Vec<String>> =
            text.lines().map(|line| line.split(';').map(|label| label.trim().to_owned()).collect()).collect();
        Self::from_labels(&rows)
    }

    /// Every leaf and then `*`: told or not told.
    ///
    /// # Errors
    /// No leaf, an empty one, or the same one twice.
    pub fn flat<S: AsRef<str>>(leaves: impl IntoIterator<Item = S>) -> Result<Self, HierarchyError> {
        let rows: Vec<_> = leaves.into_iter().map(|l| vec![l.as_ref().to_owned(), "*".to_owned()]).collect();
        Self::from_labels(&rows)
    }

    /// Bands of whole numbers, finest first, then `*`. The leaves are the bands of the first width.
    ///
    /// # Errors
    /// [`HierarchyError::Bands`] when the widths do not nest.
    pub fn bands(band: &Band) -> Result<Self, HierarchyError> {
        band.check()?;
        let step = band.widths.first().copied().unwrap_or(1);
        let inside = (0..).map(|i| band.bottom + i * step).take_while(|from| *from < band.top);
        let numbers = std::iter::once(band.bottom.saturating_sub(1)).chain(inside).chain([band.top]);
        let row = |number: i64| {
            let labels = band.widths.iter().map(|width| band.at(number, *width));
            labels.chain(["*".to_owned()]).collect::<Vec<_>>()
        };
        Self::from_labels(&numbers.map(row).collect::<Vec<_>>())
    }

    /// Codes told by ever shorter prefixes, then by the labels that `above` gives for a code, then `*`.
    ///
    /// For ICD-10: `keep = [3]`, `above` = block and chapter of the code: 4 characters → 3 → block → chapter → `*`.
    /// `above` must give the same number of labels for every code.
    ///
    /// # Errors
    /// A code twice, or levels that do not nest.
    pub fn prefixes<S: AsRef<str>>(
        codes: impl IntoIterator<Item = S>,
        keep: &[usize],
        above: impl Fn(&str) -> Vec<String>,
    ) -> Result<Self, HierarchyError> {
        let row = |code: S| {
            let code = code.as_ref();
            let prefixes = keep.iter().map(|n| code.chars().take(*n).collect::<String>());
            let labels = std::iter::once(code.to_owned()).chain(prefixes);
            labels.chain(above(code)).chain(["*".to_owned()]).collect::<Vec<_>>()
        };
        Self::from_labels(&codes.into_iter().map(row).collect::<Vec<_>>())
    }
}
