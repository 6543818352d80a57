//! Bounds by linear programs (線形計画): how far a hidden cell can be narrowed by all laws at once.
//!
//! It must never call a cell safe because a solver failed. Every solution found is kept as a witness: a table that
//! agrees with the publication and in which a cell is as small or as great as it must be able to be.

// Cells and columns are numbered here; all lists are as long as what they number.
#![allow(clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use highs::{Col, HighsModelStatus, Model, RowProblem, Sense};

use super::interval::{Bounds, OPEN};
use super::system::System;

/// What a solver's answer may be off by; it is far from the halves and thirds that corners of these systems have.
const SLACK: f64 = 1e-6;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// No values satisfy all laws.
    Impossible,
    /// The solver gave up.
    Solver,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Cells that cannot be as small and as great as they must be able to be.
    pub narrow: Vec<usize>,
    /// Linear programs solved.
    pub programs: usize,
}

/// Which of the `open` cells cannot be as small as `needed.0` and as great as `needed.1`.
///
/// # Errors
/// [`Stopped`].
pub fn narrow(
    system: &System,
    bounds: &[Bounds],
    open: &[usize],
    needed: (u64, u64),
) -> Result<Found, Stopped> {
    let mut found = Found::default();
    let wanted: BTreeSet<usize> = open.iter().copied().collect();
    for component in components(system, bounds) {
        let targets: Vec<usize> = component.cells.iter().copied().filter(|c| wanted.contains(c)).collect();
        if !targets.is_empty() {
            component.solve(system, bounds, &targets, needed, &mut found)?;
        }
    }
    Ok(found)
}

/// Cells that hang together by laws, and the laws.
#[derive(Default)]
struct Component {
    cells: Vec<usize>,
    laws: Vec<usize>,
}

/// The cells that are not fixed, in components.
fn components(system: &System, bounds: &[Bounds]) -> Vec<Component> {
    let mut root: Vec<usize> = (0..system.cells.len()).collect();
    fn find(root: &mut [usize], mut at: usize) -> usize {
        while root[at] != at {
            root[at] = root[root[at]];
            at = root[at];
        }
        at
    }
    let free = |cell: usize| bounds[cell].low < bounds[cell].high;
    for law in &system.laws {
        let mut first = None;
        for (cell, _) in law.terms.iter().filter(|(c, _)| free(*c)) {
            let here = find(&mut root, *cell);
            let one = *first.get_or_insert(here);
            let one = find(&mut root, one);
            // The smaller number is the root, whatever the order: the same system gives the same components.
            root[here.max(one)] = here.min(one);
        }
    }
    let mut components: BTreeMap<usize, Component> = BTreeMap::new();
    for cell in (0..system.cells.len()).filter(|c| free(*c)) {
        components.entry(find(&mut root, cell)).or_default().cells.push(cell);
    }
    for (nth, law) in system.laws.iter().enumerate() {
        if let Some((cell, _)) = law.terms.iter().find(|(c, _)| free(*c)) {
            components.entry(find(&mut root, *cell)).or_default().laws.push(nth);
        }
    }
    components.into_values().collect()
}

/// A linear program that is asked again and again.
struct Program {
    model: Option<Model>,
    columns: Vec<Col>,
}

enum Answer {
    Values(Vec<f64>),
    Unbounded,
}

impl Program {
    /// Asks for the greatest (or least) value of the sum of some columns.
    fn ask(&mut self, of: &[usize], sense: Sense) -> Result<Answer, Stopped> {
        let mut model = self.model.take().ok_or(Stopped::Solver)?;
        for at in of {
            model.change_column_cost(self.columns[*at], 1.0);
        }
        model.set_sense(sense);
        let solved = model.try_solve().map_err(|_| Stopped::Solver)?;
        let answer = match solved.status() {
            HighsModelStatus::Optimal => Ok(Answer::Values(solved.get_solution().columns().to_vec())),
            HighsModelStatus::Unbounded | HighsModelStatus::UnboundedOrInfeasible => Ok(Answer::Unbounded),
            HighsModelStatus::Infeasible => Err(Stopped::Impossible),
            _ => Err(Stopped::Solver),
        };
        let mut model = Model::from(solved);
        for at in of {
            model.change_column_cost(self.columns[*at], 0.0);
        }
        self.model = Some(model);
        answer
    }
}

impl Component {
    #[allow(clippy::cast_precision_loss)] // counts of persons are far below 2^53
    fn program(&self, system: &System, bounds: &[Bounds]) -> Result<Program, Stopped> {
        let mut problem = RowProblem::default();
        let mut place: BTreeMap<usize, usize> = BTreeMap::new();
        let mut columns = Vec::with_capacity(self.cells.len());
        for (nth, cell) in self.cells.iter().enumerate() {
            let Bounds { low, high } = bounds[*cell];
            columns.push(if high >= OPEN {
                problem.add_column(0.0, low as f64..)
            } else {
                problem.add_column(0.0, low as f64..=high as f64)
            });
            place.insert(*cell, nth);
        }
        for law in &self.laws {
            let law = &system.laws[*law];
            let (mut factors, mut known) = (Vec::new(), 0i128);
            for (cell, added) in &law.terms {
                match place.get(cell) {
                    Some(nth) => factors.push((columns[*nth], if *added { 1.0 } else { -1.0 })),
                    None if *added => known += bounds[*cell].low,
                    None => known -= bounds[*cell].low,
                }
            }
            let rest = -known as f64;
            if law.exact {
                problem.add_row(rest..=rest, &factors);
            } else {
                problem.add_row(rest.., &factors);
            }
        }
        let mut model = problem.try_optimise(Sense::Minimise).map_err(|_| Stopped::Solver)?;
        model.make_quiet();
        for (option, value) in [("presolve", "off"), ("parallel", "off"), ("solver", "simplex")] {
            model.try_set_option(option, value).map_err(|_| Stopped::Solver)?;
        }
        model.try_set_option("threads", 1).map_err(|_| Stopped::Solver)?;
        model.try_set_option("random_seed", 0).map_err(|_| Stopped::Solver)?;
        Ok(Program { model: Some(model), columns })
    }

    /// Asks for the ends of every target that no witness settles.
    fn solve(
        &self,
        system: &System,
        bounds: &[Bounds],
        targets: &[usize],
        needed: (u64, u64),
        found: &mut Found,
    ) -> Result<(), Stopped> {
        #[allow(clippy::cast_precision_loss)] // a threshold
        let (least, most) = (needed.0 as f64 + SLACK, needed.1 as f64 - SLACK);
        let mut program = self.program(system, bounds)?;
        let targets: Vec<usize> =
            (0..self.cells.len()).filter(|at| targets.binary_search(&self.cells[*at]).is_ok()).collect();
        let mut seen = vec![(f64::INFINITY, f64::NEG_INFINITY); self.cells.len()];
        let note = |values: &[f64], seen: &mut [(f64, f64)]| {
            for (s, value) in seen.iter_mut().zip(values) {
                *s = (s.0.min(*value), s.1.max(*value));
            }
        };
        // All at once first: most cells are settled by a few tables.
        found.programs += 1;
        match program.ask(&[], Sense::Minimise)? {
            Answer::Values(values) => note(&values, &mut seen),
            Answer::Unbounded => return Err(Stopped::Impossible),
        }
        for sense in [Sense::Minimise, Sense::Maximise] {
            found.programs += 1;
            if let Answer::Values(values) = program.ask(&targets, sense)? {
                note(&values, &mut seen);
            }
        }
        for at in &targets {
            if seen[*at].0 > least {
                found.programs += 1;
                if let Answer::Values(values) = program.ask(&[*at], Sense::Minimise)? {
                    note(&values, &mut seen);
                }
            }
            if seen[*at].1 < most {
                found.programs += 1;
                match program.ask(&[*at], Sense::Maximise)? {
                    Answer::Values(values) => note(&values, &mut seen),
                    Answer::Unbounded => seen[*at].1 = f64::INFINITY,
                }
            }
            if seen[*at].0 > least || seen[*at].1 < most {
                found.narrow.push(self.cells[*at]);
            }
        }
        Ok(())
    }
}
