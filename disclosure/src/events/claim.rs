//! What is claimed of released events, counted again from the rows alone.
//!
//! It must never use what the engine knows: only rows and classes. (The independent checker has its own code besides.)

use std::collections::HashMap;

use rayon::prelude::*;

use super::grid::When;
use super::rows::Released;

/// The smallest number of persons of a class that share any `known_events` items one of them has; none when there is no
/// row. `dates_known`: an item is a code and a bin, otherwise a code. Exact for 1 to 3.
#[must_use]
pub fn least_shared(
    released: &Released,
    classes: &[u32],
    known_events: u32,
    dates_known: bool,
) -> Option<u64> {
    let mut index: HashMap<(u32, When), u32> = HashMap::new();
    let mut persons: Vec<(u32, Vec<u32>)> = Vec::new();
    for of in released.rows.chunk_by(|a, b| a.person == b.person) {
        let mut items: Vec<u32> = of
            .iter()
            .map(|row| {
                let next = u32::try_from(index.len()).unwrap_or(u32::MAX);
                *index.entry((row.label, if dates_known { row.when } else { When::Any })).or_insert(next)
            })
            .collect();
        items.sort_unstable();
        items.dedup();
        let class = of.first().and_then(|row| classes.get(row.person as usize)).copied().unwrap_or(u32::MAX);
        persons.push((class, items));
    }
    persons.sort_unstable();
    let classes: Vec<&[(u32, Vec<u32>)]> = persons.chunk_by(|a, b| a.0 == b.0).collect();
    classes.into_par_iter().filter_map(|class| least_in_class(class, known_events)).min()
}

fn least_in_class(class: &[(u32, Vec<u32>)], m: u32) -> Option<u64> {
    let mut counts: HashMap<[u32; 3], u64> = HashMap::new();
    for (_, items) in class {
        for (i, &a) in items.iter().enumerate() {
            *counts.entry([a, u32::MAX, u32::MAX]).or_insert(0) += 1;
            for (j, &b) in items.iter().enumerate().skip(i + 1).filter(|_| m > 1) {
                *counts.entry([a, b, u32::MAX]).or_insert(0) += 1;
                for &c in items.iter().skip(j + 1).filter(|_| m > 2) {
                    *counts.entry([a, b, c]).or_insert(0) += 1;
                }
            }
        }
    }
    counts.into_values().min()
}
