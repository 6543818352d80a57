//! Complementary suppression (二次秘匿): which further cells must be hidden so that nobody finds the small ones out.
//!
//! Least cost = sum over hidden cells of their persons, at least 1 each; a grand total is never hidden for another's
//! sake. Tables of up to [`Limits::exact_cells`] cells are solved to proven optimality, greater ones by a heuristic
//! whose result passes the same audit.
//!
//! It must never give back a mask that does not satisfy the rule.

use super::primary::{Mask, State};
use super::system::System;
use super::{TableError, exact, heuristic};

/// What must remain possible for an attacker (保護の条件).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protect {
    /// Every small hidden count may be anything from 0 to the threshold.
    Bounds,
    /// Every small hidden count lies in an interval at least as wide as the threshold.
    Width,
    /// Every hidden count, complementary ones too, may be anything from 1 to the threshold less 1 (law.md C-055).
    EveryCell,
}

/// The rule of protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What must remain possible.
    pub protect: Protect,
}

/// How far the search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Up to so many connected cells the least cost is proven.
    pub exact_cells: usize,
    /// So many choices of the master program are tried for it; then the best safe one so far is taken.
    pub rounds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { exact_cells: 1_000, rounds: 400 }
    }
}

/// One thing an attacker must believe possible of a cell, counted from its true value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Need {
    /// The cell.
    pub cell: usize,
    /// In which direction.
    pub way: Way,
    /// How far.
    pub far: u64,
    /// Only when the cell is hidden, which is not settled (rule [`Protect::EveryCell`]).
    pub conditional: bool,
}

/// A direction from the true value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Less.
    Down,
    /// More.
    Up,
    /// Less and more together.
    Both,
}

impl Rule {
    /// What the cell needs once it is hidden.
    pub(super) fn needs(self, system: &System, mask: &Mask, cell: usize) -> Vec<Need> {
        let count = system.cells().get(cell).map_or(0, |c| c.count);
        let min = mask.minimum(cell);
        let state = mask.state(cell);
        let conditional = matches!(state, State::Shown | State::Secondary);
        let need = |way, far| Need { cell, way, far, conditional };
        let all = match (self.protect, state) {
            (Protect::EveryCell, _) => {
                vec![
                    need(Way::Down, count.saturating_sub(1)),
                    need(Way::Up, min.saturating_sub(1).saturating_sub(count)),
                ]
            }
            (_, State::Shown | State::Secondary) => Vec::new(),
            (Protect::Bounds, State::Primary) => {
                vec![need(Way::Down, count), need(Way::Up, min.saturating_sub(count))]
            }
            (Protect::Width, State::Primary) | (_, State::Never) => vec![need(Way::Both, min)],
        };
        all.into_iter().filter(|n| n.far > 0).collect()
    }
}

/// Hides what must be hidden besides what the mask hides already.
///
/// # Errors
/// [`TableError::Unprotectable`] when even hiding everything but the grand totals is not enough for a cell,
/// [`TableError::Mask`] for a mask of another system, [`TableError::Solver`].
pub fn suppress(system: &System, mask: &Mask, rule: &Rule, limits: &Limits) -> Result<Mask, TableError> {
    mask.fits(system)?;
    let mut result = mask.clone();
    for part in components(system, mask) {
        let hide = if part.cells.len() <= limits.exact_cells {
            exact::solve(system, mask, *rule, &part, limits.rounds)?
        } else {
            heuristic::solve(system, mask, *rule, &part)?
        };
        result = result.with_secondary(hide);
    }
    Ok(result)
}

/// Cells that hang together by relations, with something hidden among them.
pub(super) struct Component {
    /// The cells, ascending.
    pub cells: Vec<usize>,
    /// The relations among them.
    pub relations: Vec<usize>,
}

/// The components of a system that hold a hidden cell. Universes that are hidden as a whole need no search.
pub(super) fn components(system: &System, mask: &Mask) -> Vec<Component> {
    let groups = super::local::groups(
        system.cells().len(),
        system.relations().iter().map(|r| r.parts.iter().copied().chain([r.total])),
    );
    let mut found: Vec<Component> =
        groups.members.into_iter().map(|cells| Component { cells, relations: Vec::new() }).collect();
    for (at, relation) in system.relations().iter().enumerate() {
        let group = groups.of.get(relation.total).copied();
        if let Some(component) = group.and_then(|g| found.get_mut(g)) {
            component.relations.push(at);
        }
    }
    found.retain(|c| {
        c.cells.iter().any(|cell| mask.hidden(*cell)) && !c.cells.iter().all(|cell| mask.hidden(*cell))
    });
    found
}
