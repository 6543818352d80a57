//! A bounded sample of descriptions by key: all holders of some keys, and of no others.
//!
//! Kept are the keys with the smallest hashes, as many as fit. What is kept depends on the set of records only, not on
//! their order, and a pair that shares a kept key is kept whole: shares of pairs can be read off the sample.

use std::collections::BTreeMap;

use crate::mpi::row::{Row, mix};

/// The holders of one key: different descriptions by the hash of their content.
#[derive(Debug, Default)]
pub struct Block {
    /// The key itself.
    pub key: u64,
    /// Descriptions; of more than fit, those with the smallest hashes.
    pub rows: BTreeMap<u64, Row>,
    /// There were more.
    pub full: bool,
}

/// Blocks by the hash of their key.
#[derive(Debug)]
pub struct Sample {
    blocks: BTreeMap<u64, Block>,
    held: usize,
    most: usize,
    block_most: usize,
    /// Hashes from here on are not kept.
    limit: u64,
}

impl Sample {
    /// An empty sample of at most `most` descriptions, `block_most` of one key.
    #[must_use]
    pub fn new(most: usize, block_most: usize) -> Self {
        Self { blocks: BTreeMap::new(), held: 0, most, block_most, limit: u64::MAX }
    }

    /// Offers a description under a key. The same description again only lengthens the time over which it was seen.
    pub fn offer(&mut self, key: u64, content: u64, row: &Row) {
        let hash = Self::rank(key);
        if hash >= self.limit {
            return;
        }
        let block = self.blocks.entry(hash).or_insert_with(|| Block { key, ..Block::default() });
        if let Some(known) = block.rows.get_mut(&content) {
            if row.first != 0 {
                known.first = if known.first == 0 { row.first } else { known.first.min(row.first) };
                known.last = known.last.max(row.last);
            }
            return;
        }
        if block.rows.len() == self.block_most {
            block.full = true;
            if block.rows.last_key_value().is_some_and(|(last, _)| *last > content) {
                block.rows.pop_last();
                block.rows.insert(content, *row);
            }
            return;
        }
        block.rows.insert(content, *row);
        self.held += 1;
        while self.held > self.most {
            let Some((last, block)) = self.blocks.pop_last() else { break };
            self.held -= block.rows.len();
            self.limit = last;
        }
    }

    /// The blocks in order of the hash of their keys.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.values()
    }

    /// The share of keys that is kept.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.limit == u64::MAX { 1.0 } else { self.limit as f64 / u64::MAX as f64 }
    }

    /// Is the key kept and its block whole?
    #[must_use]
    pub fn whole(&self, key: u64) -> bool {
        self.blocks.get(&Self::rank(key)).is_some_and(|b| !b.full)
    }

    /// The place of a key in the order of the sample.
    #[must_use]
    pub fn rank(key: u64) -> u64 {
        mix(key ^ 0x6d75_7375_6269)
    }
}
