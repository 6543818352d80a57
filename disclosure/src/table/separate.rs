//! Cuts (カット): what every safe choice of hidden cells must satisfy, found by playing the attacker on an unsafe one.
//!
//! The attacker's question is a linear program over deviations `y` from the true table: `y` keeps every equation,
//! a shown cell's is 0, a hidden cell's at least minus its count. If the cell in need cannot move far enough, the dual
//! prices name the cells whose hiding could help: `Σ price·room·x ≥ far`. As `x` is 0 or 1, a coefficient beyond the
//! right side says no more than the right side itself.
//!
//! It must never give a cut that a safe choice violates.

#![allow(clippy::indexing_slicing)] // columns are those of the net this was built from; all vectors have its length

use super::TableError;
use super::lp::{Answer, Lp, Net, TOLERANCE};
use super::suppress::{Need, Way};

/// `Σ coefficient·x ≥ least` over cells that may be hidden.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cut {
    /// Cells and coefficients.
    pub terms: Vec<(usize, f64)>,
    /// The right side.
    pub least: f64,
}

impl Cut {
    /// The left side less the right side; negative when violated.
    pub fn slack(&self, x: &[f64]) -> f64 {
        self.terms.iter().map(|(c, f)| f * x[*c]).sum::<f64>() - self.least
    }
}

/// The little room of cells that are shown.
const LITTLE: f64 = 1e-3;

/// Prices of a direction, in multiples of the objective.
struct Prices {
    /// How far the cell can move.
    reach: f64,
    answer: Answer,
}

/// Plays the attacker against choices of hidden cells.
pub(super) struct Separator {
    lp: Lp,
    cells: usize,
    counts: Vec<f64>,
    /// Cells hidden in any case.
    fixed: Vec<bool>,
    /// Bounds in force, to change only what changes.
    bounds: Vec<(f64, f64)>,
}

/// The room that a choice leaves each cell.
#[derive(Clone, Copy)]
pub(super) enum Room<'a> {
    /// Hidden cells move freely, shown ones not at all.
    Exact(&'a [f64]),
    /// Cells move as far as the need asks, in proportion to the choice.
    Share(&'a [f64]),
    /// As exact, but a shown cell has a little room, which makes the prices favour cuts of few cells.
    Few(&'a [f64]),
    /// As exact, but a shown cell has a little room, less the more it costs, which makes the prices favour cuts of
    /// costly cells.
    Costly(&'a [f64]),
}

impl Separator {
    /// Over a net, with the true counts of its columns.
    pub fn new(net: &Net, counts: Vec<f64>, fixed: Vec<bool>) -> Result<Self, TableError> {
        let lp = Lp::new(
            (0..net.columns).map(|_| (0.0, 0.0, 0.0)),
            net.rows.iter().map(|row| (0.0, 0.0, row.as_slice())),
            false,
        )?;
        let bounds = vec![(0.0, 0.0); net.columns];
        Ok(Self { lp, cells: net.cells, counts, fixed, bounds })
    }

    fn set(&mut self, column: usize, least: f64, greatest: f64) {
        if self.bounds[column] != (least, greatest) {
            self.bounds[column] = (least, greatest);
            self.lp.bound(column, least, greatest);
        }
    }

    fn open(&mut self, room: Room, far: f64) {
        for column in 0..self.counts.len() {
            let count = self.counts[column];
            let always = column >= self.cells || self.fixed[column];
            let (least, greatest) = match room {
                _ if always => (-count, f64::INFINITY),
                Room::Exact(x) if x[column] > 0.5 => (-count, f64::INFINITY),
                Room::Exact(_) => (0.0, 0.0),
                Room::Share(x) if x[column] < TOLERANCE => (0.0, 0.0),
                Room::Share(x) => (-count.min(far) * x[column], far * x[column]),
                Room::Few(x) | Room::Costly(x) if x[column] > 0.5 => (-count, f64::INFINITY),
                Room::Few(_) => (-count.min(far) * LITTLE, far * LITTLE),
                Room::Costly(_) => {
                    let little = LITTLE * far / count.max(far);
                    (-count.min(far) * little, far * little)
                }
            };
            self.set(column, least, greatest);
        }
    }

    /// How far the cell can move in a direction (`sign` 1: up), at most `far`.
    fn reach(&mut self, cell: usize, sign: f64, far: f64) -> Result<Prices, TableError> {
        let before = self.bounds[cell];
        let own = if sign > 0.0 { (0.0, far) } else { (-far.min(self.counts[cell]), 0.0) };
        self.set(cell, own.0, own.1);
        self.lp.cost(cell, -sign);
        let answer = self.lp.solve()?;
        self.lp.cost(cell, 0.0);
        self.set(cell, before.0, before.1);
        // The true table itself is always possible.
        let answer = answer.ok_or(TableError::Solver("the true table was found impossible"))?;
        Ok(Prices { reach: -answer.value, answer })
    }

    /// The cut that a choice violates for a need; none when it satisfies the need.
    pub fn cut(&mut self, need: &Need, room: Room) -> Result<Option<Cut>, TableError> {
        let far = super::lp::to_f64(need.far);
        let x = match room {
            Room::Exact(x) | Room::Share(x) | Room::Few(x) | Room::Costly(x) => x,
        };
        let wanted = if need.conditional { far * x[need.cell] } else { far };
        self.open(room, far);
        let mut reach = 0.0;
        let mut price = vec![0.0; self.counts.len()];
        let signs: &[f64] = match need.way {
            Way::Down => &[-1.0],
            Way::Up => &[1.0],
            Way::Both => &[1.0, -1.0],
        };
        for sign in signs {
            let prices = self.reach(need.cell, *sign, far)?;
            reach += prices.reach;
            if reach >= wanted - TOLERANCE {
                return Ok(None);
            }
            for (column, reduced) in prices.answer.reduced.iter().enumerate() {
                if column != need.cell && reduced.abs() > TOLERANCE {
                    // Below 0: it would have to grow, for which a hidden cell has room without end.
                    price[column] +=
                        if *reduced < 0.0 { f64::INFINITY } else { reduced * self.counts[column] };
                }
            }
        }
        let mut least = far;
        for (column, price) in price.iter().enumerate() {
            if column >= self.cells || self.fixed[column] {
                least -= price;
            }
        }
        let mut terms: Vec<(usize, f64)> = Vec::new();
        if least > TOLERANCE {
            for (cell, price) in price.iter().enumerate().take(self.cells) {
                if !self.fixed[cell] && *price > TOLERANCE {
                    terms.push((cell, price.min(least)));
                }
            }
        }
        if need.conditional && least > TOLERANCE {
            terms.push((need.cell, -least));
            least = 0.0;
        }
        Ok(Some(Cut { terms, least }))
    }
}
