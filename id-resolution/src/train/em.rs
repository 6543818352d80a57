//! The check by expectation–maximisation: what the candidates themselves say of the four classes, without silver pairs.
//!
//! It runs over counts of level vectors, so its cost does not grow with the number of pairs. Its answer never enters the
//! model: where it differs from what silver pairs say, a person is told.

use super::tally::{Looks, Tally};
use crate::mpi::BIT;
use crate::mpi::weights::{COMPARISONS, Comparison, LEVELS, Weights, bits};

/// How often it turns.
const ROUNDS: usize = 40;
/// Pairs' worth of belief in where it starts, so that a class of few pairs does not run away.
const BELIEF: f64 = 50.0;

/// Probabilities by comparison, level and class, and shares of the classes.
#[derive(Debug, Clone)]
pub struct Em {
    table: Vec<[[f64; 4]; LEVELS]>,
    /// Shares of the classes among the candidates.
    pub shares: [f64; 4],
    /// Expected pairs of the same person that show what can be learned from, by comparison and level.
    pub same: Tally,
}

impl Em {
    /// Of one level, log2 in 1/256 bits.
    #[must_use]
    pub fn bits(&self, comparison: Comparison, level: usize, class: usize) -> i32 {
        bits(self.p(comparison, level, class))
    }

    fn p(&self, comparison: Comparison, level: usize, class: usize) -> f64 {
        let row = self.table.get(comparison as usize).and_then(|t| t.get(level));
        row.and_then(|r| r.get(class)).copied().unwrap_or(1.0)
    }
}

/// Turns until it stands. `strangers` gives what the table leaves to the frequency of the very name.
#[must_use]
pub fn fit(weights: &Weights, strangers: &Tally, looks: &Looks) -> Em {
    let start = start(weights, strangers);
    let mut em = Em { table: start.clone(), shares: [0.4, 0.1, 0.02, 0.48], same: Tally::default() };
    let total: u64 = looks.values().sum();
    for _ in 0..ROUNDS {
        let mut tallies: [Tally; 4] = Default::default();
        let mut shares = [0.0; 4];
        for (look, n) in looks {
            let mut odds = em.shares;
            for comparison in Comparison::ALL {
                if let Some((shown, _)) = look.at(*comparison) {
                    for (class, slot) in odds.iter_mut().enumerate() {
                        *slot *= em.p(*comparison, shown, class).max(1e-9);
                    }
                }
            }
            let sum: f64 = odds.iter().sum();
            for ((odd, share), tally) in odds.iter().zip(&mut shares).zip(&mut tallies) {
                let weight = odd / sum * (*n as f64);
                *share += weight;
                for comparison in Comparison::ALL {
                    tally.add(*look, *comparison, weight);
                }
            }
        }
        em.shares = shares.map(|s| (s + 1.0) / (total as f64 + 4.0));
        for comparison in Comparison::ALL {
            for level in 1..LEVELS {
                for (class, tally) in tallies.iter().enumerate() {
                    let (shown, could) = tally.get(*comparison, level);
                    let at = |t: &[[[f64; 4]; LEVELS]]| {
                        let row = t.get(*comparison as usize).and_then(|t| t.get(level));
                        row.and_then(|r| r.get(class)).copied().unwrap_or(1.0)
                    };
                    let fresh = (shown + BELIEF * at(&start)) / (could + BELIEF);
                    let row = em.table.get_mut(*comparison as usize).and_then(|t| t.get_mut(level));
                    if let Some(slot) = row.and_then(|r| r.get_mut(class)) {
                        *slot = fresh;
                    }
                }
            }
        }
        let [same, ..] = tallies;
        em.same = same;
    }
    em
}

/// Where it starts: the table, and for names of strangers how often names agree by chance.
fn start(weights: &Weights, strangers: &Tally) -> Vec<[[f64; 4]; LEVELS]> {
    (0..COMPARISONS)
        .zip(Comparison::ALL)
        .map(|(at, comparison)| {
            std::array::from_fn(|level| {
                let mut row = weights.of(at, level).map(|b| (f64::from(b) / f64::from(BIT)).exp2());
                let name = matches!(comparison, Comparison::Family | Comparison::Given);
                if let ([.., last], true) =
                    (&mut row, name && level != 0 && *weights.of(at, level).last().unwrap_or(&1) == 0)
                {
                    let (shown, could) = strangers.get(*comparison, level);
                    *last = (shown + 0.5) / (could + 500.0);
                }
                row
            })
        })
        .collect()
}
