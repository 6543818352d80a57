//! How many persons share what: counts of the items, and pairs of items, that stand beside a given one.
//!
//! Memory: four bytes for every item of a class, and for known events of three a table of pairs that is filled in parts
//! of bounded size. It must never say "safe" of a set it has not counted.

#![allow(clippy::indexing_slicing)] // hot loops: an item's number is below `single.len()`, which `begin` makes so

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Pairs counted at a time; about 32 bytes each.
const PAIRS_AT_ONCE: usize = 4 << 20;

/// Spreads a packed pair of small numbers; the order of the table is never looked at.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }
    fn write_u64(&mut self, n: u64) {
        let mixed = (self.0 ^ n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 29);
    }
}

type Pairs = HashMap<u64, u32, BuildHasherDefault<Spread>>;

/// Persons that have a given item, by what else they have.
pub(super) struct Support {
    k: u32,
    m: u32,
    single: Vec<u32>,
    touched: Vec<u32>,
    pairs: Pairs,
    at_once: usize,
}

impl Support {
    /// For sets of at most `m` items (1 to 3), shared by at least `k` persons.
    pub(super) fn new(m: u32, k: u32) -> Self {
        Self {
            k,
            m,
            single: Vec::new(),
            touched: Vec::new(),
            pairs: Pairs::default(),
            at_once: PAIRS_AT_ONCE,
        }
    }

    /// Counts anew: `sets` are the items of all persons that have `beside`; items are below `items`.
    pub(super) fn count<'a>(
        &mut self,
        beside: u32,
        items: usize,
        sets: impl Iterator<Item = &'a [u32]>,
    ) -> &mut Self {
        for &item in &self.touched {
            self.single[item as usize] = 0;
        }
        self.touched.clear();
        if self.single.len() < items {
            self.single.resize(items, 0);
        }
        if self.m < 2 {
            return self;
        }
        for set in sets {
            for &item in set.iter().filter(|&&item| item != beside) {
                let seen = &mut self.single[item as usize];
                if *seen == 0 {
                    self.touched.push(item);
                }
                *seen += 1;
            }
        }
        self
    }

    /// Have at least `k` of the persons counted this item as well?
    pub(super) fn enough(&self, item: u32) -> bool {
        self.single[item as usize] >= self.k
    }

    /// Persons missing for an item.
    pub(super) fn missing(&self, item: u32) -> u32 {
        self.k.saturating_sub(self.single[item as usize])
    }

    /// Are all items of `set` shared often enough with `beside`?
    pub(super) fn safe(&self, beside: u32, set: &[u32]) -> bool {
        self.m < 2 || set.iter().all(|&item| item == beside || self.enough(item))
    }

    /// Known events of three: for each of `sets` the first pair beside `beside` that fewer than `k` of them have.
    /// Pairs of items that are not often enough there by themselves are passed over: [`Self::safe`] finds those.
    pub(super) fn bad_pairs(&mut self, beside: u32, sets: &[&[u32]]) -> Vec<Option<(u32, u32)>> {
        let mut bad = vec![None; sets.len()];
        if self.m < 3 {
            return bad;
        }
        let all: usize = sets.iter().map(|s| s.len() * s.len() / 2).sum();
        let parts = u32::try_from(all / self.at_once + 1).unwrap_or(u32::MAX);
        for part in 0..parts {
            self.pairs.clear();
            for set in sets {
                for (x, y) in pairs(beside, set, part, parts) {
                    if self.enough(x) && self.enough(y) {
                        *self.pairs.entry(packed(x, y)).or_insert(0) += 1;
                    }
                }
            }
            for (set, bad) in sets.iter().zip(&mut bad).filter(|(_, bad)| bad.is_none()) {
                *bad = pairs(beside, set, part, parts)
                    .find(|&(x, y)| self.pairs.get(&packed(x, y)).is_some_and(|&n| n < self.k));
            }
        }
        bad
    }

    /// Persons missing for a pair counted by the last [`Self::bad_pairs`] in one part; an upper bound otherwise.
    pub(super) fn missing_pair(&self, x: u32, y: u32) -> u32 {
        self.k.saturating_sub(self.pairs.get(&packed(x, y)).copied().unwrap_or(0))
    }
}

/// A pair as one number, whatever its order.
pub(super) fn packed(x: u32, y: u32) -> u64 {
    (u64::from(x.min(y)) << 32) | u64::from(x.max(y))
}

fn pairs(beside: u32, set: &[u32], part: u32, parts: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
    let others = move |from: usize| set[from..].iter().copied().filter(move |&item| item != beside);
    set.iter()
        .enumerate()
        .filter(move |&(_, &x)| x != beside)
        .flat_map(move |(i, &x)| others(i + 1).map(move |y| (x.min(y), x.max(y))))
        .filter(move |&(x, _)| x % parts == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_counted_in_parts_are_the_pairs_counted_at_once() {
        // Beside item 0: 1 and 2 are had by three, but together by two only; 3, 4 and 5 always together.
        let sets: [&[u32]; 5] = [&[0, 1, 2], &[2, 1, 0], &[0, 1, 3, 4, 5], &[0, 2, 3, 4, 5], &[5, 4, 3, 0]];
        let mut found = Vec::new();
        for at_once in [PAIRS_AT_ONCE, 5, 1] {
            let mut support = Support::new(3, 3);
            support.at_once = at_once;
            support.count(0, 6, sets.into_iter());
            assert!(support.safe(0, sets[0]));
            let bad = support.bad_pairs(0, &sets);
            assert_eq!(bad.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, true, true, false]);
            assert_eq!(bad[0], Some((1, 2)));
            found.push(bad.iter().flatten().count());
        }
        assert_eq!(found, [4, 4, 4]);
    }
}
