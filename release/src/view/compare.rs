//! Own value beside those of similar places (類似自治体との比較): quartiles of published cells, never one other place.
//!
//! Only cells that were shown take part. It must never tell the value of a single other place, nor compare with so few
//! that the quartiles would.

use rust_decimal::Decimal;
use serde::Serialize;

/// Another place: its people, and its persons as they were shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// People who live there.
    pub people: u64,
    /// Persons; `None`: hidden.
    pub persons: Option<u64>,
}

/// Own value among similar places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// First number of people of the band of similar places.
    pub band_from: u64,
    /// First number of people of the next band.
    pub band_to: Option<u64>,
    /// Own persons for each thousand people; `None`: hidden.
    pub own: Option<Decimal>,
    /// Similar places.
    pub peers: u64,
    /// Of these: those whose value was shown.
    pub shown: u64,
    /// 25th, 50th, 75th percentile of theirs; none where fewer than `needed` were shown.
    pub quartiles: Option<[Decimal; 3]>,
    /// How many must be shown.
    pub needed: u64,
}

/// Persons for each thousand people, to one digit.
#[must_use]
pub fn per_thousand(persons: u64, people: u64) -> Option<Decimal> {
    let thousand = Decimal::from(persons).checked_mul(Decimal::ONE_THOUSAND)?;
    Some(thousand.checked_div(Decimal::from(people))?.round_dp(1))
}

/// Compares with the places whose people are of the same band; `bands` are the first numbers of people of each, ascending.
#[must_use]
pub fn compare(own: Peer, others: &[Peer], bands: &[u64], needed: u64) -> Comparison {
    let band = |people: u64| bands.iter().filter(|from| **from <= people).count();
    let mine = band(own.people);
    let similar: Vec<&Peer> = others.iter().filter(|p| band(p.people) == mine).collect();
    let mut rates: Vec<Decimal> = similar.iter().filter_map(|p| per_thousand(p.persons?, p.people)).collect();
    rates.sort_unstable();
    let shown = rates.len() as u64;
    // Of n values in order the one at ⌈n·q/4⌉, as everywhere.
    let quarter = |q: usize| rates.get((rates.len() * q).div_ceil(4).checked_sub(1)?).copied();
    let quartiles = match shown >= needed.max(3) {
        true => quarter(1).zip(quarter(2)).zip(quarter(3)).map(|((a, b), c)| [a, b, c]),
        false => None,
    };
    Comparison {
        band_from: mine.checked_sub(1).and_then(|at| bands.get(at)).copied().unwrap_or(0),
        band_to: bands.get(mine).copied(),
        own: own.persons.and_then(|n| per_thousand(n, own.people)),
        peers: similar.len() as u64,
        shown,
        quartiles,
        needed,
    }
}
