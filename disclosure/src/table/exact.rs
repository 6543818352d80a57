//! Least-cost complementary suppression, proven (Benders): a master program chooses cells under the cuts found so far,
//! the attacker's programs of [`super::separate`] look for a cut it violates, until there is none.
//!
//! It must never return a choice that some need is not satisfied by: the last round asks for every need.

#![allow(clippy::indexing_slicing)] // cells are numbered within the component; all vectors have its length

use std::collections::BTreeMap;

use super::TableError;
use super::lp::{self, Lp, Net, TOLERANCE, to_f64};
use super::primary::Mask;
use super::separate::{Cut, Room, Separator};
use super::suppress::{Component, Need, Rule};
use super::system::System;

/// One component with its own numbering.
pub(super) struct Problem {
    /// Cells of the system, by number here.
    pub cells: Vec<usize>,
    /// The equations.
    pub net: Net,
    /// True values of all columns.
    pub counts: Vec<f64>,
    /// What hiding costs.
    pub costs: Vec<f64>,
    /// Hidden in any case.
    pub fixed: Vec<bool>,
    /// Never hidden: grand totals.
    pub open: Vec<bool>,
    /// What must remain possible; cells numbered here.
    pub needs: Vec<Need>,
}

impl Problem {
    /// Of a component.
    pub fn new(system: &System, mask: &Mask, rule: Rule, part: &Component) -> Self {
        let local: BTreeMap<usize, usize> = part.cells.iter().enumerate().map(|(at, c)| (*c, at)).collect();
        let here = |cell: &usize| local.get(cell).copied().unwrap_or(0);
        let relations: Vec<_> = part
            .relations
            .iter()
            .filter_map(|at| system.relations().get(*at))
            .map(|r| super::system::Relation {
                total: here(&r.total),
                parts: r.parts.iter().map(here).collect(),
                law: r.law,
            })
            .collect();
        let net = Net::new(part.cells.len(), &relations);
        let counts: Vec<u64> =
            part.cells.iter().map(|c| system.cells().get(*c).map_or(0, |c| c.count)).collect();
        let needs = part.cells.iter().enumerate().flat_map(|(at, cell)| {
            rule.needs(system, mask, *cell).into_iter().map(move |n| Need { cell: at, ..n })
        });
        let top = |c: &usize| system.cells().get(*c).is_some_and(|c| c.top);
        let open: Vec<bool> = part.cells.iter().map(|c| top(c) && !mask.hidden(*c)).collect();
        Self {
            counts: net.complete(&counts),
            costs: part.cells.iter().map(|c| to_f64(system.cost(*c))).collect(),
            fixed: part.cells.iter().map(|c| mask.hidden(*c)).collect(),
            // A grand total is shown whatever happens: it needs nothing.
            needs: needs.filter(|n| !open[n.cell]).collect(),
            open,
            cells: part.cells.clone(),
            net,
        }
    }

    fn name(&self, system: &System, cell: usize) -> String {
        self.cells.get(cell).and_then(|c| system.cells().get(*c)).map_or(String::new(), |c| c.name.clone())
    }
}

/// The cells of a component to be hidden besides those hidden already.
pub(super) fn solve(
    system: &System,
    mask: &Mask,
    rule: Rule,
    part: &Component,
) -> Result<Vec<usize>, TableError> {
    let problem = Problem::new(system, mask, rule, part);
    let chosen = Search::new(&problem)?.run(system)?;
    let hide = chosen.iter().enumerate().filter(|(at, x)| **x && !problem.fixed[*at]);
    Ok(hide.map(|(at, _)| problem.cells[at]).collect())
}

struct Search<'a> {
    problem: &'a Problem,
    separator: Separator,
    cuts: Vec<Cut>,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem) -> Result<Self, TableError> {
        let separator = Separator::new(&problem.net, problem.counts.clone(), problem.fixed.clone())?;
        Ok(Self { problem, separator, cuts: Vec::new() })
    }

    fn columns(&self) -> Vec<lp::Column> {
        let p = self.problem;
        let bounds = |at: usize| match (p.fixed[at], p.open[at]) {
            (true, _) => (p.costs[at], 1.0, 1.0),
            (_, true) => (p.costs[at], 0.0, 0.0),
            _ => (p.costs[at], 0.0, 1.0),
        };
        (0..p.cells.len()).map(bounds).collect()
    }

    fn run(mut self, system: &System) -> Result<Vec<bool>, TableError> {
        let bound = self.relax()?;
        let debug = false;
        if debug {
            eprintln!("root {bound} cuts {} lps {}", self.cuts.len(), self.separator.solved());
        }
        loop {
            let rows: Vec<_> =
                self.cuts.iter().map(|c| (c.least, f64::INFINITY, c.terms.as_slice())).collect();
            let answer = lp::choose(self.columns(), rows, None)?.ok_or(TableError::Solver("no choice"))?;
            let x: Vec<f64> = answer.columns.iter().map(|x| x.round()).collect();
            let found = self.violated(system, &x)?;
            if debug {
                eprintln!("mip {} new {} lps {}", answer.value, found.len(), self.separator.solved());
            }
            if found.is_empty() {
                return Ok(x.iter().map(|x| *x > 0.5).collect());
            }
            self.cuts.extend(found);
        }
    }

    /// Cuts that a choice of whole numbers violates: none exactly when it is safe.
    fn violated(&mut self, system: &System, x: &[f64]) -> Result<Vec<Cut>, TableError> {
        let problem = self.problem;
        let mut found: Vec<Cut> = Vec::new();
        for need in &problem.needs {
            if need.conditional && x[need.cell] < 0.5 {
                continue;
            }
            if found.iter().any(|c| false && c.slack(x) < 0.0) {
                continue;
            }
            let Ok(plain) = self.separator.cut(need, Room::Exact(x))? else { continue };
            if plain.terms.is_empty() {
                return Err(TableError::Unprotectable { cell: problem.name(system, need.cell) });
            }
            let better = self.separator.cut(need, Room::Nudged(x, 1e-3))?.ok();
            let cut = better.filter(|c| c.slack(x) < -TOLERANCE).unwrap_or(plain);
            if !found.contains(&cut) {
                found.push(cut);
            }
        }
        Ok(found)
    }

    /// Cuts of the program in which cells may be hidden in part: a bound, and most of the cuts that matter.
    fn relax(&mut self) -> Result<f64, TableError> {
        let problem = self.problem;
        let mut master = Lp::new(self.columns(), [], false)?;
        let mut value = 0.0;
        for round in 0..200 {
            let answer = master.solve()?.ok_or(TableError::Solver("no choice"))?;
            value = answer.value;
            let x = answer.columns;
            let mut added = 0;
            for need in &problem.needs {
                if need.conditional && x[need.cell] < TOLERANCE {
                    continue;
                }
                let Ok(cut) = self.separator.cut(need, Room::Share(&x, 1.0))? else { continue };
                if !cut.terms.is_empty() && cut.slack(&x) < -1e-4 && !self.cuts.contains(&cut) {
                    master.at_least(cut.least, &cut.terms)?;
                    self.cuts.push(cut);
                    added += 1;
                }
            }
            if false {
                eprintln!("round {round} value {value} added {added} lps {}", self.separator.solved());
            }
            if added == 0 {
                break;
            }
        }
        Ok(value)
    }
}
