//! The checker against packages that a tiny writer of this test makes: sound ones are sound, and every change is named by
//! the check it is for, with all hashes and signatures made anew, so that nothing else can find it.

// Test code: a failure here is a failed test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

mod binary;
mod files;
mod kit;
mod rows;
mod tables;

use std::collections::BTreeMap;

use proptest::prelude::*;

proptest! {
    /// k by sorting is k by counting.
    #[test]
    fn k_is_what_a_naive_count_says(rows in prop::collection::vec((0u32..4, 0u32..3, 0u32..3), 0..80)) {
        let mut naive: BTreeMap<(u32, u32, u32), u64> = BTreeMap::new();
        for row in &rows {
            *naive.entry(*row).or_insert(0) += 1;
        }
        let columns = [
            rows.iter().map(|r| r.0).collect(),
            rows.iter().map(|r| r.1).collect(),
            rows.iter().map(|r| r.2).collect(),
        ];
        let counted = musubi_release_check::smallest_class(&columns, rows.len());
        prop_assert_eq!(counted, naive.values().copied().min().unwrap_or(0));
        prop_assert_eq!(musubi_release_check::smallest_class(&[], rows.len()), rows.len() as u64);
    }
}
