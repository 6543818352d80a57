//! Which combinations of items are had by too few (記録の組合せ): exact, by walking the persons that have what has been
//! chosen so far and counting what else they have.
//!
//! It must never sample and never hash: every combination that a person has is counted.

// Hot loops: items are numbered 0..items by the caller, positions come from the lists themselves.
#![allow(clippy::indexing_slicing)]

/// The combinations that too few persons have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Few {
    /// How many there are.
    pub combinations: u64,
    /// The fewest persons that one of all combinations has.
    pub smallest: Option<u64>,
    /// A person (place in the list) that has one of them.
    pub person: Option<usize>,
}

impl Few {
    fn count(&mut self, persons: u64, k: u64, person: usize) {
        self.smallest = Some(self.smallest.map_or(persons, |s| s.min(persons)));
        if persons < k {
            self.combinations += 1;
            self.person = self.person.or(Some(person));
        }
    }
}

/// Counts the combinations of 1 to `most` items that at least one and fewer than `k` persons have. Every person's items
/// are ascending, distinct and below `items`. What is had by too few is not combined further: it is found already.
pub fn few(persons: &[&[u32]], items: usize, most: u32, k: u64) -> Few {
    let mut result = Few::default();
    let begin: Vec<(u32, u32)> = (0u32..).take(persons.len()).map(|p| (p, 0)).collect();
    let mut room: Vec<Vec<u64>> = (0..most).map(|_| vec![0u64; items]).collect();
    walk(persons, &begin, k, &mut room, &mut result);
    result
}

/// What a person has from a place on.
fn rest<'a>(persons: &[&'a [u32]], person: u32, from: u32) -> &'a [u32] {
    &persons[person as usize][from as usize..]
}

/// `at`: who has what was chosen, and where the items behind the last chosen one begin.
fn walk(persons: &[&[u32]], at: &[(u32, u32)], k: u64, room: &mut [Vec<u64>], result: &mut Few) {
    let Some((counts, deeper)) = room.split_first_mut() else { return };
    // Lists of places by item, in one array: counted, then filled.
    let mut seen: Vec<u32> = Vec::new();
    for (person, from) in at {
        for item in rest(persons, *person, *from) {
            if counts[*item as usize] == 0 {
                seen.push(*item);
            }
            counts[*item as usize] += 1;
        }
    }
    seen.sort_unstable();
    if deeper.is_empty() {
        for item in &seen {
            let count = counts[*item as usize];
            let holder = || {
                let has = |(p, from): &&(u32, u32)| rest(persons, *p, *from).binary_search(item).is_ok();
                at.iter().find(has).map_or(0, |(p, _)| *p as usize)
            };
            result.count(count, k, if count < k && result.person.is_none() { holder() } else { 0 });
            counts[*item as usize] = 0;
        }
        return;
    }
    // Where each item's list begins; the counts become the ends while filling.
    let mut lists: Vec<(u32, u32)> =
        vec![(0, 0); at.iter().map(|(p, from)| rest(persons, *p, *from).len()).sum()];
    let (mut begin, mut bounds) = (0usize, Vec::with_capacity(seen.len()));
    for item in &seen {
        let count = counts[*item as usize];
        bounds.push((begin, count));
        counts[*item as usize] = begin as u64;
        begin += usize::try_from(count).unwrap_or(usize::MAX);
    }
    for (person, from) in at {
        for (place, item) in (*from..).zip(rest(persons, *person, *from)) {
            let slot = &mut counts[*item as usize];
            lists[usize::try_from(*slot).unwrap_or(usize::MAX)] = (*person, place + 1);
            *slot += 1;
        }
    }
    for item in &seen {
        counts[*item as usize] = 0;
    }
    for (begin, count) in bounds {
        let list = &lists[begin..begin + usize::try_from(count).unwrap_or(usize::MAX)];
        result.count(count, k, list.first().map_or(0, |(p, _)| *p as usize));
        if count >= k {
            walk(persons, list, k, deeper, result);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    fn naive(persons: &[Vec<u32>], most: u32, k: u64) -> bool {
        let mut counts: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
        for items in persons {
            for mask in 1u32..1 << items.len() {
                if mask.count_ones() <= most {
                    let set = (0..items.len()).filter(|i| mask >> i & 1 == 1).map(|i| items[i]).collect();
                    *counts.entry(set).or_insert(0) += 1;
                }
            }
        }
        counts.values().all(|c| *c >= k)
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_is_there(
            sets in prop::collection::vec(prop::collection::btree_set(0u32..6, 0..5), 1..12),
            most in 1u32..4,
            k in 1u64..4,
        ) {
            let persons: Vec<Vec<u32>> = sets.iter().map(|s: &BTreeSet<u32>| s.iter().copied().collect()).collect();
            let lists: Vec<&[u32]> = persons.iter().map(Vec::as_slice).collect();
            let found = few(&lists, 6, most, k);
            prop_assert_eq!(found.combinations == 0, naive(&persons, most, k));
            prop_assert_eq!(found.person.is_none(), found.combinations == 0);
        }
    }
}
