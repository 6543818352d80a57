//! Rare codes (希少コード): a code that few persons of the product have is told as a coarser one, or not at all.
//!
//! Persons are counted, never events. It must never count a label without those whose own code it is.

use super::codes::Ladders;
use super::{Event, LEFT_OUT};

/// How many labels of each code's chain may be told, by code; 0: the code is out. `events` are sorted by person.
///
/// From the finest labels upwards, so that what comes up from below is counted together with what is there.
pub(super) fn depths(events: &[Event], ladders: &Ladders, codes: usize, least: u64) -> Vec<u8> {
    let number = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
    let all = || 0..u32::try_from(codes).unwrap_or(u32::MAX);
    let mut depths: Vec<u8> = all().map(|code| number(ladders.chain(code).len())).collect();
    let deepest = depths.iter().copied().max().unwrap_or(0);
    for depth in (1..=deepest).rev() {
        let persons = persons_of_labels(
            events.iter().filter_map(|e| Some((e.person, label(ladders, &depths, e.code)?))),
            ladders.labels(),
        );
        for (code, told) in all().zip(&mut depths) {
            let label = ladders.chain(code).get(usize::from(depth - 1)).copied();
            let enough = |label: u32| persons.get(label as usize).is_some_and(|&n| n >= least);
            if *told == depth && !label.is_some_and(enough) {
                *told -= 1;
            }
        }
    }
    depths
}

/// Labels of a code that may be told.
pub(super) fn told(depths: &[u8], code: u32) -> u8 {
    depths.get(code as usize).copied().unwrap_or(0)
}

fn label(ladders: &Ladders, depths: &[u8], code: u32) -> Option<u32> {
    let at = usize::from(told(depths, code)).checked_sub(1)?;
    ladders.chain(code).get(at).copied()
}

/// Distinct persons of each label. Persons come in runs; a person may come in no more than one run.
pub(super) fn persons_of_labels(pairs: impl Iterator<Item = (u32, u32)>, labels: usize) -> Vec<u64> {
    let mut seen: Vec<(u32, u64)> = vec![(LEFT_OUT, 0); labels];
    for (person, label) in pairs {
        if let Some((last, n)) = seen.get_mut(label as usize).filter(|(last, _)| *last != person) {
            *last = person;
            *n += 1;
        }
    }
    seen.into_iter().map(|(_, n)| n).collect()
}
