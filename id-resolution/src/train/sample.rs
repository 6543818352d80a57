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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mpi::row::Lexicon;
    use crate::names::NameBook;
    use crate::sent::Normal;

    type Kept = Vec<(u64, bool, Vec<(u64, u16, u16)>)>;

    fn kept(offers: &[(u64, u64, u16)], most: usize, block_most: usize) -> (Kept, u64) {
        let row = Lexicon::default().row(&Normal::default(), "", None, &NameBook::empty(), 256);
        let mut sample = Sample::new(most, block_most);
        for (key, content, day) in offers {
            sample.offer(*key, *content, &Row { first: *day, last: *day, ..row });
        }
        let rows = |b: &Block| b.rows.iter().map(|(c, r)| (*c, r.first, r.last)).collect();
        let blocks = sample.blocks().map(|b| (b.key, b.full, rows(b))).collect();
        (blocks, sample.limit)
    }

    proptest! {
        #[test]
        fn order_changes_nothing(
            offers in proptest::collection::vec((0u64..12, 0u64..9, 1u16..50), 0..120),
            shuffle in any::<u64>(), most in 1usize..40, block_most in 1usize..6,
        ) {
            let mut other = offers.clone();
            other.sort_by_key(|(k, c, d)| mix(shuffle ^ k << 32 ^ c << 16 ^ u64::from(*d)));
            let (one, limit) = kept(&offers, most, block_most);
            prop_assert_eq!(&(one.clone(), limit), &kept(&other, most, block_most));
            let held: usize = one.iter().map(|b| b.2.len()).sum();
            prop_assert!(held <= most && one.iter().all(|b| b.2.len() <= block_most));
            // a kept block that is not full holds every description that was offered under its key
            for (key, full, rows) in &one {
                let mut all: Vec<u64> = offers.iter().filter(|o| o.0 == *key).map(|o| o.1).collect();
                all.sort_unstable();
                all.dedup();
                prop_assert_eq!(all.len() > block_most, *full);
                all.truncate(block_most);
                prop_assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), all);
            }
        }
    }
}
