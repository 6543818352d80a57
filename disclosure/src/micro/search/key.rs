//! Packed keys: a person's nodes and sensitive values in one number of 64 or 128 bits.
//!
//! Every column has a field wide enough for its leaves; sensitive values lie above. Coarser nodes use the same fields.
//! It must never let two fields overlap: more than 128 bits are refused before.

use std::ops::{BitAnd, BitOr, Not, Shl, Shr};

use super::space::Space;
use crate::micro::dataset::Dataset;

/// A packed key.
pub trait Key:
    Copy
    + Ord
    + Default
    + Send
    + Sync
    + From<u32>
    + BitOr<Output = Self>
    + BitAnd<Output = Self>
    + Not<Output = Self>
    + Shl<u32, Output = Self>
    + Shr<u32, Output = Self>
{
    /// The lowest bits, for a field that has been shifted down.
    fn low(self) -> usize;
    /// Well mixed bits, for a hash.
    fn mix(self) -> u64;
}

impl Key for u64 {
    fn low(self) -> usize {
        self as usize
    }
    fn mix(self) -> u64 {
        let h = (self ^ (self >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        h ^ (h >> 29)
    }
}

impl Key for u128 {
    fn low(self) -> usize {
        self as usize
    }
    fn mix(self) -> u64 {
        (self as u64 ^ ((self >> 64) as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93)).mix()
    }
}

/// Where a value lies in the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Lowest bit.
    pub shift: u32,
    /// Number of bits.
    pub width: u32,
}

/// The fields of a key.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Quasi-identifiers.
    pub quasi: Vec<Field>,
    /// Sensitive columns with the place of their counts in a class's histogram.
    pub sensitive: Vec<(Field, usize)>,
    /// Bits in all.
    pub bits: u32,
}

impl Field {
    /// The value in this field.
    pub fn of<K: Key>(self, key: K) -> usize {
        (key >> self.shift).low() & ((1_usize << self.width) - 1)
    }

    /// The key with this value only.
    pub fn put<K: Key>(self, value: u32) -> K {
        // A field of no bits may stand at the very end of the key.
        if self.width == 0 { K::default() } else { K::from(value) << self.shift }
    }

    /// All bits of the field.
    pub fn mask<K: Key>(self) -> K {
        self.put(u32::try_from((1_u64 << self.width) - 1).unwrap_or(u32::MAX))
    }
}

impl Layout {
    pub(super) fn new(data: &Dataset, sensitive: bool) -> Self {
        let mut bits = 0;
        let mut place = |values: usize| {
            let width = usize::BITS - values.saturating_sub(1).leading_zeros();
            let shift = if width == 0 { 0 } else { bits };
            bits += width;
            Field { shift, width }
        };
        let quasi: Vec<Field> = data.columns().iter().map(|c| place(c.hierarchy.leaves())).collect();
        let (ranges, _) = data.histogram_layout();
        let columns = data.sensitive().iter().zip(ranges).filter(|_| sensitive);
        let sensitive = columns.map(|(s, range)| (place(s.domain as usize), range.start)).collect();
        Self { quasi, sensitive, bits }
    }

    /// The key of every row, at the leaves.
    pub(super) fn keys<K: Key>(&self, data: &Dataset) -> Vec<K> {
        let mut keys = vec![K::default(); data.rows()];
        let quasi = data.columns().iter().map(|c| &c.ids).zip(self.quasi.iter());
        let sensitive = data.sensitive().iter().map(|s| &s.ids).zip(self.sensitive.iter().map(|(f, _)| f));
        for (ids, field) in quasi.chain(sensitive) {
            ids.each(|row, id| {
                if let Some(key) = keys.get_mut(row) {
                    *key = *key | field.put(id);
                }
            });
        }
        keys
    }
}

/// Takes keys from the levels of one table to coarser ones, in blocks, column by column.
pub struct Recoder<K> {
    keep: K,
    moves: Vec<(Field, Vec<K>)>,
}

impl<K: Key> Recoder<K> {
    /// From `from` to `to`; sensitive values stay when `sensitive`, else they are cleared.
    pub fn new(space: &Space, layout: &Layout, from: &[u8], to: &[u8], sensitive: bool) -> Self {
        let mut keep = K::default();
        let mut moves = Vec::new();
        for ((axis, field), (from, to)) in space.axes().iter().zip(&layout.quasi).zip(from.iter().zip(to)) {
            if from == to {
                keep = keep | field.mask();
            } else if axis.nodes(*to) > 1 {
                moves.push((*field, axis.up(*from, *to).iter().map(|node| field.put(*node)).collect()));
            }
        }
        for (field, _) in layout.sensitive.iter().filter(|_| sensitive) {
            keep = keep | field.mask();
        }
        Self { keep, moves }
    }

    /// Recodes a block of keys.
    pub fn block(&self, keys: &[K], out: &mut [K]) {
        out.iter_mut().zip(keys).for_each(|(out, key)| *out = *key & self.keep);
        for (field, nodes) in &self.moves {
            for (out, key) in out.iter_mut().zip(keys) {
                *out = *out | nodes.get(field.of(*key)).copied().unwrap_or_default();
            }
        }
    }
}
