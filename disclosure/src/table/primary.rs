//! Which cells are too small to be shown (一次秘匿): thresholds by tier, as data (law.md R-STA-01).
//!
//! It must never look at anything but a cell's own count and the population it speaks of.

use super::TableError;
use super::system::System;

/// The smallest count from a population on (市区町村の人口区分).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tier {
    /// People of the municipality from which on it holds.
    pub from: u64,
    /// Smallest count shown; none: counts are not shown at all.
    pub cell_min: Option<u64>,
}

/// The thresholds of a table (最小集計単位).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tiers {
    /// Smallest count shown where no municipality is spoken of; zero may be shown.
    pub cell_min: u64,
    /// For cells of a municipality; that with the greatest `from` not above its population holds.
    pub municipalities: Vec<Tier>,
}

impl Tiers {
    /// One threshold for all cells.
    #[must_use]
    pub fn flat(cell_min: u64) -> Self {
        Self { cell_min, municipalities: Vec::new() }
    }

    /// Persons by R-STA-01: 10; in municipalities of fewer than 2,000 people never, of fewer than 25,000 people 20.
    #[must_use]
    pub fn persons() -> Self {
        let tier = |from, cell_min| Tier { from, cell_min };
        Self {
            cell_min: 10,
            municipalities: vec![tier(0, None), tier(2_000, Some(20)), tier(25_000, Some(10))],
        }
    }

    /// Facilities or insurers by C-053: 3.
    #[must_use]
    pub fn facilities() -> Self {
        Self::flat(3)
    }

    /// The smallest count that may be shown where so many people live; none: no count may be.
    #[must_use]
    pub fn minimum(&self, population: Option<u64>) -> Option<u64> {
        let Some(people) = population else { return Some(self.cell_min) };
        let tier = self.municipalities.iter().filter(|t| t.from <= people).max_by_key(|t| t.from);
        tier.map_or(Some(self.cell_min), |t| t.cell_min)
    }
}

/// What becomes of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Its count is shown.
    Shown,
    /// Hidden because it is small.
    Primary,
    /// Hidden because no count of its municipality may be shown.
    Never,
    /// Hidden because another would be found out otherwise (二次秘匿).
    Secondary,
}

/// What is shown and what is hidden of a system. The reader sees one and the same sign for all that is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    states: Vec<State>,
    minima: Vec<u64>,
}

impl Mask {
    /// The state of a cell; one that does not exist counts as hidden.
    #[must_use]
    pub fn state(&self, cell: usize) -> State {
        self.states.get(cell).copied().unwrap_or(State::Never)
    }

    /// Is the cell hidden?
    #[must_use]
    pub fn hidden(&self, cell: usize) -> bool {
        self.state(cell) != State::Shown
    }

    /// The smallest count that could be shown in a cell's place, for cells never shown that of the others.
    #[must_use]
    pub fn minimum(&self, cell: usize) -> u64 {
        self.minima.get(cell).copied().unwrap_or(u64::MAX)
    }

    /// Cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// No cells?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// The hidden cells in order.
    pub fn hidden_cells(&self) -> impl Iterator<Item = usize> + '_ {
        self.states.iter().enumerate().filter(|(_, s)| **s != State::Shown).map(|(at, _)| at)
    }

    /// What the hidden cells cost: the sum of their persons, at least 1 each.
    #[must_use]
    pub fn cost(&self, system: &System) -> u64 {
        self.hidden_cells().map(|cell| system.cost(cell)).sum()
    }

    /// The same with more cells hidden; what is hidden already keeps its state.
    #[must_use]
    pub fn with_secondary(&self, cells: impl IntoIterator<Item = usize>) -> Self {
        let mut mask = self.clone();
        for cell in cells {
            if let Some(state @ State::Shown) = mask.states.get_mut(cell) {
                *state = State::Secondary;
            }
        }
        mask
    }

    /// # Errors
    /// [`TableError::Mask`] when it was made for another system.
    pub(super) fn fits(&self, system: &System) -> Result<(), TableError> {
        let (found, expected) = (self.states.len(), system.cells().len());
        if found == expected { Ok(()) } else { Err(TableError::Mask { found, expected }) }
    }
}

/// Marks every cell whose own count may not be shown. Where a grand total may not be shown, nothing of its universe is.
#[must_use]
pub fn primary(system: &System, tiers: &Tiers) -> Mask {
    let mut states = Vec::with_capacity(system.cells().len());
    let mut minima = Vec::with_capacity(system.cells().len());
    let mut closed = vec![false; system.universes().len()];
    for cell in system.cells() {
        let minimum = tiers.minimum(cell.population);
        let state = match minimum {
            None => State::Never,
            Some(min) if (1..min).contains(&cell.count) => State::Primary,
            Some(_) => State::Shown,
        };
        if let (true, Some(closed)) = (cell.top && state != State::Shown, closed.get_mut(cell.universe)) {
            *closed = true;
        }
        states.push(state);
        minima.push(minimum.unwrap_or(tiers.cell_min));
    }
    for (cell, state) in system.cells().iter().zip(&mut states) {
        if *state == State::Shown && closed.get(cell.universe) == Some(&true) {
            *state = State::Secondary;
        }
    }
    Mask { states, minima }
}

/// What is offered in place of a cell that cannot be shown (G-19): the nearest cell above it, itself not hidden and on
/// the axis that is first in the order of relations, e.g. the 二次医療圏 of a municipality.
#[must_use]
pub fn offered(system: &System, mask: &Mask, cell: usize) -> Option<usize> {
    let mut here = vec![cell];
    for _ in 0..system.relations().len() {
        let people = |c: usize| system.cells().get(c).and_then(|c| c.population);
        let above: Vec<usize> = system
            .relations()
            .iter()
            .filter(|r| r.parts.iter().any(|p| here.contains(p)))
            .map(|r| r.total)
            .collect();
        // A total over other axes still speaks of the same municipality.
        let wider = above.iter().copied().filter(|c| !mask.hidden(*c));
        let best = wider.min_by_key(|c| (people(*c).is_some(), *c));
        if best.is_some() || above.is_empty() {
            return best;
        }
        here = above;
    }
    None
}
