//! A column of small numbers in as few bytes as they need.
//!
//! It must never grow wider than its values: one byte for up to 256, two for up to 65,536, else four.

/// Numbers of one column, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ids {
    /// Up to 256 values.
    U8(Vec<u8>),
    /// Up to 65,536 values.
    U16(Vec<u16>),
    /// More.
    U32(Vec<u32>),
}

impl Ids {
    /// An empty column for numbers below `values` (it widens itself when a larger one comes).
    #[must_use]
    pub fn for_values(values: usize) -> Self {
        match values {
            0..=0x100 => Self::U8(Vec::new()),
            0x101..=0x1_0000 => Self::U16(Vec::new()),
            _ => Self::U32(Vec::new()),
        }
    }

    /// Adds a number.
    pub fn push(&mut self, id: u32) {
        match self {
            Self::U8(v) => match u8::try_from(id) {
                Ok(id) => v.push(id),
                Err(_) => self.widen(id),
            },
            Self::U16(v) => match u16::try_from(id) {
                Ok(id) => v.push(id),
                Err(_) => self.widen(id),
            },
            Self::U32(v) => v.push(id),
        }
    }

    fn widen(&mut self, id: u32) {
        let mut wide = Self::for_values(id as usize + 1);
        self.iter().for_each(|old| wide.push(old));
        wide.push(id);
        *self = wide;
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::U32(v) => v.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of a row; 0 beyond the last.
    #[must_use]
    pub fn get(&self, row: usize) -> u32 {
        match self {
            Self::U8(v) => v.get(row).copied().map_or(0, u32::from),
            Self::U16(v) => v.get(row).copied().map_or(0, u32::from),
            Self::U32(v) => v.get(row).copied().unwrap_or_default(),
        }
    }

    /// All numbers, row by row.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.len()).map(|row| self.get(row))
    }

    /// Calls `each` with every row's number, the width decided once: for loops over all rows.
    pub fn each(&self, mut each: impl FnMut(usize, u32)) {
        match self {
            Self::U8(v) => v.iter().enumerate().for_each(|(row, id)| each(row, u32::from(*id))),
            Self::U16(v) => v.iter().enumerate().for_each(|(row, id)| each(row, u32::from(*id))),
            Self::U32(v) => v.iter().enumerate().for_each(|(row, id)| each(row, *id)),
        }
    }

    /// The same rows with `number[old]` for `old`.
    #[must_use]
    pub(super) fn renumbered(&self, number: &[u32]) -> Self {
        let mut out = Self::for_values(number.len());
        self.each(|_, id| out.push(number.get(id as usize).copied().unwrap_or_default()));
        out
    }
}
