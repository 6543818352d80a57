//! The other way round, to compare with: from the finest items upwards until any two are shared by enough.
//!
//! Greedy as well: of a person's items the one in most bad pairs gives way first, by a bin, then by a step of its code,
//! then it goes. It must never be used for a release; the engine keeps more detail and is quicker.

#![allow(clippy::indexing_slicing, clippy::cast_precision_loss)] // positions are made here

use std::collections::HashMap;

use musubi_disclosure::events::{Codes, Event, Ladders};
use musubi_model::policy::EventPolicy;

const WIDTHS: [i32; 3] = [360, 90, 30];

#[derive(Clone, Copy)]
struct Leaf {
    person: u32,
    code: u32,
    day: i32,
    weight: u64,
    /// Labels of its chain that are told, bins that are told; no labels: out.
    depth: usize,
    level: usize,
}

type Item = (u32, usize, i32);

fn item(leaf: &Leaf, ladders: &Ladders) -> Option<Item> {
    let label = ladders.chain(leaf.code).get(leaf.depth.checked_sub(1)?)?;
    let width = leaf.level.checked_sub(1).map_or(i32::MAX, |l| WIDTHS[l]);
    Some((*label, leaf.level, if leaf.level == 0 { 0 } else { leaf.day.div_euclid(width) * width }))
}

/// The share of detail left (as `Released::utility`) and the share of events told, for m = 2 and codes that are common
/// already.
pub fn bottom_up(events: &[Event], codes: &Codes, classes: &[u32], policy: &EventPolicy) -> (f64, f64) {
    let ladders = Ladders::new(codes, &policy.ladders);
    let mut by_class: HashMap<u32, Vec<Event>> = HashMap::new();
    for event in events {
        by_class.entry(classes[event.person as usize]).or_default().push(*event);
    }
    let (mut points, mut told) = (0, 0);
    for own in by_class.values_mut() {
        own.sort_by_key(|e| (e.person, e.code, e.day));
        let mut leaves: Vec<Leaf> = Vec::new();
        for e in own.iter() {
            let day = e.day.unwrap_or(0).div_euclid(WIDTHS[2]) * WIDTHS[2];
            match leaves.last_mut().filter(|l| (l.person, l.code, l.day) == (e.person, e.code, day)) {
                Some(leaf) => leaf.weight += 1,
                None => {
                    let depth = ladders.chain(e.code).len();
                    leaves.push(Leaf { person: e.person, code: e.code, day, weight: 1, depth, level: 3 });
                }
            }
        }
        while round(&mut leaves, &ladders, policy.k.value) {}
        for leaf in leaves.iter().filter(|l| l.depth > 0) {
            let steps = (ladders.chain(leaf.code).len() - 1).max(1) as u64;
            points += leaf.weight * (60 + 120 * (leaf.depth as u64 - 1) / steps + 20 * leaf.level as u64);
            told += leaf.weight;
        }
    }
    let all = events.len() as f64;
    (points as f64 / (240.0 * all), told as f64 / all)
}

fn round(leaves: &mut [Leaf], ladders: &Ladders, k: u64) -> bool {
    let sets: Vec<Vec<Item>> = leaves
        .chunk_by(|a, b| a.person == b.person)
        .map(|own| {
            let mut set: Vec<Item> = own.iter().filter_map(|l| item(l, ladders)).collect();
            set.sort_unstable();
            set.dedup();
            set
        })
        .collect();
    let pairs = |set: &[Item]| -> Vec<(Item, Item)> {
        set.iter().enumerate().flat_map(|(i, &a)| set[i..].iter().map(move |&b| (a, b))).collect()
    };
    let mut counts: HashMap<(Item, Item), u64> = HashMap::new();
    for pair in sets.iter().flat_map(|set| pairs(set)) {
        *counts.entry(pair).or_insert(0) += 1;
    }
    let mut changed = false;
    for (own, set) in leaves.chunk_by_mut(|a, b| a.person == b.person).zip(&sets) {
        let mut bad: Vec<(Item, Item)> = pairs(set).into_iter().filter(|pair| counts[pair] < k).collect();
        while !bad.is_empty() {
            let worst = set
                .iter()
                .copied()
                .max_by_key(|i| (bad.iter().filter(|(a, b)| a == i || b == i).count(), *i));
            let Some(worst) = worst else { break };
            bad.retain(|(a, b)| *a != worst && *b != worst);
            for leaf in own.iter_mut().filter(|l| item(l, ladders) == Some(worst)) {
                if leaf.level > 0 {
                    leaf.level -= 1;
                } else {
                    leaf.depth -= 1;
                }
            }
            changed = true;
        }
    }
    changed
}
