//! Where a value stands in what was sent.

use serde::{Deserialize, Serialize};

use crate::ids::DocumentHash;

/// A run of bytes inside one document: `start` from its first byte, `len` bytes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
pub struct ByteRange {
    /// First byte, counted from 0.
    pub start: u64,
    /// Number of bytes.
    pub len: u32,
}

impl ByteRange {
    /// A range between two offsets of a slice that begins at `base` in its document.
    #[must_use]
    pub fn within(base: u64, from: usize, to: usize) -> Self {
        Self {
            start: base + u64::try_from(from).unwrap_or(u64::MAX),
            len: u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX),
        }
    }

    /// One past the last byte.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start + u64::from(self.len)
    }

    /// The bytes of the range, when `document` has them all.
    #[must_use]
    pub fn slice<'a>(&self, document: &'a [u8]) -> Option<&'a [u8]> {
        document.get(usize::try_from(self.start).ok()?..usize::try_from(self.end()).ok()?)
    }
}

/// A unit of a document: the part about one person at one provider (a receipt, a patient's HL7 file).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnitRef {
    /// The document.
    pub document: DocumentHash,
    /// Counted from 0 in the order of the document.
    pub ordinal: u32,
}
