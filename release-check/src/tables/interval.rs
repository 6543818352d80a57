//! Bounds by propagation (区間伝播): each law narrows its cells by the others, again and again. Cheap; never too narrow,
//! but not always as narrow as a linear program.
//!
//! It must never use floating point.

// A hot loop over laws: cells are numbered by the system itself, bounds are as many as cells.
#![allow(clippy::indexing_slicing)]

use super::system::System;

/// Stands for "no upper bound".
pub const OPEN: i128 = 1_000_000_000_000_000_000;

/// Rounds after which what is left is left to the linear programs.
const ROUNDS_MAX: usize = 200;

/// What a cell can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// At least.
    pub low: i128,
    /// At most; [`OPEN`] or more: no bound.
    pub high: i128,
}

/// The bounds of all cells.
///
/// # Errors
/// The law that no values satisfy.
pub fn propagate(system: &System) -> Result<Vec<Bounds>, usize> {
    let mut bounds: Vec<Bounds> = system
        .cells
        .iter()
        .map(|c| Bounds { low: i128::from(c.low), high: c.high.map_or(OPEN, i128::from) })
        .collect();
    for _ in 0..ROUNDS_MAX {
        let mut changed = false;
        for (nth, law) in system.laws.iter().enumerate() {
            // The least and the most that the signed sum can be.
            let ends = |(cell, added): (usize, bool), b: &[Bounds]| {
                let Bounds { low, high } = b[cell];
                if added { (low, high) } else { (-high, -low) }
            };
            let (mut least, mut most) = (0i128, 0i128);
            for term in &law.terms {
                let (low, high) = ends(*term, &bounds);
                (least, most) = (least + low, most + high);
            }
            if most < 0 || (law.exact && least > 0) {
                return Err(nth);
            }
            for term in &law.terms {
                let (low, high) = ends(*term, &bounds);
                let (others_least, others_most) = (least - low, most - high);
                // The sum is at least 0, and at most 0 when it is exact.
                let new_low = low.max(-others_most);
                let new_high = if law.exact { high.min(-others_least) } else { high };
                if new_low > new_high {
                    return Err(nth);
                }
                if (new_low, new_high) != (low, high) {
                    let (cell, added) = *term;
                    bounds[cell] = if added {
                        Bounds { low: new_low, high: new_high }
                    } else {
                        Bounds { low: -new_high, high: -new_low }
                    };
                    (least, most) = (others_least + new_low, others_most + new_high);
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    Ok(bounds)
}
