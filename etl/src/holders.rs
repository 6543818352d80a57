//! Which block keys more records hold than may (混み合う鍵), in memory that does not grow with the number of keys: counters
//! that keys share first, then exact ones for the keys whose shared counter is too high.

use std::collections::{BTreeMap, BTreeSet};

/// Shared counters, 32 MiB: at a hundred million identities each is shared by some eighty keys.
const COUNTERS: usize = 1 << 24;

/// Counts of keys.
pub struct Holders {
    max: u32,
    shared: Vec<u16>,
    exact: BTreeMap<u64, u32>,
}

impl Holders {
    /// A key with more than `max` holders is crowded.
    pub fn new(max: u32) -> Self {
        Self { max, shared: vec![0; COUNTERS], exact: BTreeMap::new() }
    }

    fn slot(key: u64) -> usize {
        usize::try_from(key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).unwrap_or_default() % COUNTERS
    }

    /// Counts one holder: of all keys in the first pass, exactly in the second.
    pub fn count(&mut self, key: u64, exact: bool) {
        let Some(slot) = self.shared.get_mut(Self::slot(key)) else { return };
        if !exact {
            *slot = slot.saturating_add(1);
        } else if u32::from(*slot) > self.max {
            *self.exact.entry(key).or_default() += 1;
        }
    }

    /// After the first pass: no key can be crowded.
    pub fn none(&self) -> bool {
        self.shared.iter().all(|n| u32::from(*n) <= self.max)
    }

    /// The keys that are.
    pub fn crowded(self) -> BTreeSet<u64> {
        self.exact.into_iter().filter(|(_, n)| *n > self.max).map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_keys_with_more_holders_are_crowded() {
        let keys: Vec<u64> = (0..2_000u64).flat_map(|k| vec![k; usize::try_from(k % 7).unwrap()]).collect();
        let mut holders = Holders::new(4);
        for exact in [false, true] {
            keys.iter().for_each(|k| holders.count(*k, exact));
            assert!(!holders.none());
        }
        let expected: BTreeSet<u64> = (0..2_000u64).filter(|k| k % 7 > 4).collect();
        assert_eq!(holders.crowded(), expected);
        let mut few = Holders::new(4);
        few.count(1, false);
        assert!(few.none());
    }
}
