//! Least-cost complementary suppression (Benders): a master program chooses cells under the cuts found so far, the
//! attacker's programs of [`super::separate`] look for a cut it violates, until there is none or the bound meets the
//! best safe choice. That choice is then proven least, unless the rounds ran out before.
//!
//! It must never return a choice that some need is not satisfied by: either every need was asked for, or every need
//! has a witness of [`super::heuristic`].

#![allow(clippy::indexing_slicing)] // cells are numbered within the component; all vectors have its length

use std::collections::BTreeMap;

use super::TableError;
use super::heuristic::Repair;
use super::lp::{self, Answer, Lp, Net, TOLERANCE, to_f64};
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

    fn cost(&self, hidden: &[bool]) -> f64 {
        self.costs.iter().zip(hidden).filter(|(_, h)| **h).map(|(c, _)| c).sum()
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
    rounds: u32,
) -> Result<Vec<usize>, TableError> {
    let problem = Problem::new(system, mask, rule, part);
    let chosen = Search::new(&problem)?.run(system, rounds)?;
    let hide = chosen.iter().enumerate().filter(|(at, x)| **x && !problem.fixed[*at]);
    Ok(hide.map(|(at, _)| problem.cells[at]).collect())
}

/// Share of what is not known yet by which a master program's choice may miss its least.
const GAP: f64 = 0.2;

/// Costs are whole numbers: a choice less than 1 above the bound is the least.
const PROOF: f64 = 0.99;

/// Rounds whose unsafe choice is repaired into a safe one, to know from above what the least may cost.
const REPAIRED: [u32; 3] = [0, 8, 24];

struct Search<'a> {
    problem: &'a Problem,
    separator: Separator,
    /// The cuts of the master program.
    cuts: Vec<Cut>,
    /// Cuts that did not matter when the bound was found; they come back when they are violated.
    pool: Vec<Cut>,
    /// The best safe choice so far and what it costs.
    best: (f64, Vec<bool>),
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem) -> Result<Self, TableError> {
        let separator = Separator::new(&problem.net, problem.counts.clone(), problem.fixed.clone())?;
        let best = (f64::INFINITY, problem.fixed.clone());
        Ok(Self { problem, separator, cuts: Vec::new(), pool: Vec::new(), best })
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

    fn run(mut self, system: &System, rounds: u32) -> Result<Vec<bool>, TableError> {
        let Some(root) = self.relax()? else { return Err(self.culprit(system)?) };
        let mut bound = root.value;
        let mut gap = GAP;
        for round in 0..rounds {
            let columns = self.settle(&root);
            if bound > self.best.0 - 1.0 + TOLERANCE {
                break;
            }
            // While cuts are missing, a near-least choice teaches as much as the least.
            let far = if self.best.0.is_finite() { self.best.0 - bound } else { bound / 10.0 };
            let slack = (far * gap).max(PROOF);
            let rows = self.cuts.iter().map(|c| (c.least, f64::INFINITY, c.terms.as_slice()));
            let Some(answer) = lp::choose(columns.iter().copied(), rows, slack)? else { break };
            bound = bound.max((answer.value - slack).ceil());
            let x: Vec<f64> = answer.columns.iter().map(|x| x.round()).collect();
            let (hit, rest): (Vec<Cut>, Vec<Cut>) =
                std::mem::take(&mut self.pool).into_iter().partition(|c| c.slack(&x) < -TOLERANCE);
            self.pool = rest;
            let mut found = hit;
            if found.is_empty() {
                found = self.violated(system, &x)?;
            }
            let hidden: Vec<bool> = x.iter().map(|x| *x > 0.5).collect();
            if found.is_empty() {
                self.offer(hidden);
                gap *= GAP;
                continue;
            }
            self.cuts.extend(found);
            if REPAIRED.contains(&round) {
                let repaired = Repair::new(self.problem, &hidden).run(system)?;
                self.offer(repaired);
            }
        }
        if self.best.0.is_finite() {
            return Ok(self.best.1);
        }
        // No safe choice, or none within the rounds: a need that nothing satisfies shows itself here.
        Repair::new(self.problem, &self.problem.fixed).run(system)
    }

    /// The need that no choice satisfies.
    fn culprit(&mut self, system: &System) -> Result<TableError, TableError> {
        let problem = self.problem;
        let all: Vec<f64> = problem.open.iter().map(|open| if *open { 0.0 } else { 1.0 }).collect();
        for need in &problem.needs {
            if self.separator.cut(need, Room::Exact(&all))?.is_some() {
                return Ok(TableError::Unprotectable { cell: problem.name(system, need.cell) });
            }
        }
        Ok(TableError::Solver("no choice of cells was found although there is one"))
    }

    /// The columns, with those settled that no choice better than the best can have otherwise.
    fn settle(&self, root: &Answer) -> Vec<lp::Column> {
        let mut columns = self.columns();
        for (column, reduced) in columns.iter_mut().zip(&root.reduced) {
            if column.1 < column.2 && root.value + reduced.abs() > self.best.0 - 1.0 + TOLERANCE {
                let to = if *reduced > 0.0 { 0.0 } else { 1.0 };
                (column.1, column.2) = (to, to);
            }
        }
        columns
    }

    fn offer(&mut self, hidden: Vec<bool>) {
        let cost = self.problem.cost(&hidden);
        if cost < self.best.0 - 0.5 {
            self.best = (cost, hidden);
        }
    }

    /// Cuts that a choice of whole numbers violates: none exactly when it is safe.
    fn violated(&mut self, system: &System, x: &[f64]) -> Result<Vec<Cut>, TableError> {
        let problem = self.problem;
        let mut unmet: Vec<(&Need, Cut)> = Vec::new();
        for need in &problem.needs {
            if need.conditional && x[need.cell] < 0.5 {
                continue;
            }
            if let Some(cut) = self.separator.cut(need, Room::Exact(x))? {
                if cut.terms.is_empty() {
                    return Err(TableError::Unprotectable { cell: problem.name(system, need.cell) });
                }
                unmet.push((need, cut));
            }
        }
        let mut found: Vec<Cut> = Vec::new();
        for room in [Room::Few(x), Room::Costly(x)] {
            for (need, plain) in &unmet {
                let better = self.separator.cut(need, room)?.filter(|c| c.slack(x) < -TOLERANCE);
                let cut = better.unwrap_or_else(|| plain.clone());
                if !found.contains(&cut) {
                    found.push(cut);
                }
            }
        }
        Ok(found)
    }

    /// Cuts of the program in which cells may be hidden in part: a bound, most of the cuts that matter, and from the
    /// prices of the cells which of them no better choice can change.
    fn relax(&mut self) -> Result<Option<Answer>, TableError> {
        let problem = self.problem;
        let mut master = Lp::new(self.columns(), [], false)?;
        // A need that was satisfied is asked again only when the others are.
        let mut asleep = vec![false; problem.needs.len()];
        loop {
            let Some(answer) = master.solve()? else { return Ok(None) };
            let x = &answer.columns;
            let last = asleep.iter().all(|a| *a);
            if last {
                asleep.fill(false);
            }
            let mut added = 0;
            for (at, need) in problem.needs.iter().enumerate() {
                if asleep[at] || (need.conditional && x[need.cell] < TOLERANCE) {
                    asleep[at] = true;
                    continue;
                }
                asleep[at] = true;
                let Some(cut) = self.separator.cut(need, Room::Share(x))? else { continue };
                if !cut.terms.is_empty() && cut.slack(x) < -1e-4 && !self.cuts.contains(&cut) {
                    master.at_least(cut.least, &cut.terms)?;
                    self.cuts.push(cut);
                    added += 1;
                    asleep[at] = false;
                }
            }
            if added == 0 && last {
                let (near, far) = std::mem::take(&mut self.cuts).into_iter().partition(|c| c.slack(x) < 0.5);
                self.cuts = near;
                self.pool = far;
                return Ok(Some(answer));
            }
        }
    }
}
