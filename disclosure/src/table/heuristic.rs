//! Complementary suppression of great tables, good but not proven least: for each need the cheapest way to satisfy it
//! near by, then every complementary cell once more, the most expensive first: can what leans on it do with less?
//!
//! Each need keeps a witness: the cells that move together in a table that the attacker cannot exclude. A cell that no
//! witness leans on need not be hidden; taking a cell away only asks again for the witnesses that lean on it.
//!
//! It must never leave a need without a witness.

#![allow(clippy::indexing_slicing)] // cells are numbered within the component; all vectors have its length

use std::collections::{BTreeSet, VecDeque};

use super::TableError;
use super::exact::Problem;
use super::lp::{Lp, TOLERANCE, to_f64};
use super::primary::Mask;
use super::suppress::{Component, Need, Rule, Way};
use super::system::System;

/// Equations walked from the cell in need: a cell, its row, the rows of those cells, the corner of the box.
const NEAR: usize = 3;

/// Walks further out when nothing is found near by.
const FAR: [usize; 3] = [NEAR, 5, usize::MAX];

/// Times that every complementary cell is looked at again.
const PASSES: usize = 3;

/// The cells of a component to be hidden besides those hidden already.
pub(super) fn solve(
    system: &System,
    mask: &Mask,
    rule: Rule,
    part: &Component,
) -> Result<Vec<usize>, TableError> {
    let problem = Problem::new(system, mask, rule, part);
    let hidden = Repair::new(&problem, &problem.fixed).run(system)?;
    let hide = hidden.iter().enumerate().filter(|(at, x)| **x && !problem.fixed[*at]);
    Ok(hide.map(|(at, _)| problem.cells[at]).collect())
}

/// A choice of hidden cells under repair.
pub(super) struct Repair<'a> {
    problem: &'a Problem,
    rows_of: Vec<Vec<usize>>,
    hidden: Vec<bool>,
    /// The cells each need leans on.
    witness: Vec<Option<Vec<usize>>>,
    /// The needs that lean on each cell.
    leaning: Vec<BTreeSet<usize>>,
    /// The needs of each cell.
    needs_of: Vec<Vec<usize>>,
    /// Marks of the last walk, so that walks need not clear.
    walk: Vec<usize>,
    row_walk: Vec<usize>,
    walks: usize,
}

impl<'a> Repair<'a> {
    /// Starts from a choice that hides at least what is hidden in any case.
    pub fn new(problem: &'a Problem, hidden: &[bool]) -> Self {
        let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); problem.net.columns];
        for (at, row) in problem.net.rows.iter().enumerate() {
            for (column, _) in row {
                rows_of[*column].push(at);
            }
        }
        let mut needs_of: Vec<Vec<usize>> = vec![Vec::new(); problem.net.cells];
        for (at, need) in problem.needs.iter().enumerate() {
            needs_of[need.cell].push(at);
        }
        Self {
            rows_of,
            hidden: hidden.to_vec(),
            witness: vec![None; problem.needs.len()],
            leaning: vec![BTreeSet::new(); problem.net.cells],
            needs_of,
            walk: vec![0; problem.net.columns],
            row_walk: vec![0; problem.net.rows.len()],
            walks: 0,
            problem,
        }
    }

    /// Hides until every need has a witness, then takes back what it can.
    pub fn run(mut self, system: &System) -> Result<Vec<bool>, TableError> {
        let mut queue: VecDeque<usize> = (0..self.problem.needs.len())
            .filter(|n| !self.problem.needs[*n].conditional || self.hidden[self.problem.needs[*n].cell])
            .collect();
        while let Some(at) = queue.pop_front() {
            if self.witness[at].is_some() {
                continue;
            }
            let Some(found) = self.satisfy(at, None)? else {
                let cell = self.problem.cells[self.problem.needs[at].cell];
                let name = system.cells().get(cell).map_or(String::new(), |c| c.name.clone());
                return Err(TableError::Unprotectable { cell: name });
            };
            for cell in self.adopt(at, found) {
                queue.extend(&self.needs_of[cell]);
            }
        }
        self.drop_idle();
        for _ in 0..PASSES {
            if !self.improve()? {
                break;
            }
        }
        Ok(self.hidden)
    }

    /// Takes a witness for a need and hides what it leans on; the newly hidden cells.
    fn adopt(&mut self, at: usize, found: Vec<usize>) -> Vec<usize> {
        for cell in self.witness[at].take().unwrap_or_default() {
            self.leaning[cell].remove(&at);
        }
        let mut fresh = Vec::new();
        for cell in &found {
            self.leaning[*cell].insert(at);
            if !self.hidden[*cell] {
                self.hidden[*cell] = true;
                fresh.push(*cell);
            }
        }
        self.witness[at] = Some(found);
        fresh
    }

    /// Looks at every complementary cell, the most expensive first: is it cheaper to do without it?
    fn improve(&mut self) -> Result<bool, TableError> {
        let mut order: Vec<usize> =
            (0..self.hidden.len()).filter(|c| self.hidden[*c] && !self.problem.fixed[*c]).collect();
        order.sort_by(|a, b| self.problem.costs[*b].total_cmp(&self.problem.costs[*a]).then(a.cmp(b)));
        let mut improved = false;
        for cell in order {
            if self.hidden[cell] {
                improved |= self.without(cell)?;
            }
        }
        Ok(improved)
    }

    /// Shows a complementary cell if what leaned on it finds other witnesses that cost less.
    fn without(&mut self, cell: usize) -> Result<bool, TableError> {
        let saved = (self.hidden.clone(), self.leaning[cell].clone());
        let mut undo: Vec<(usize, Vec<usize>)> = Vec::new();
        self.hidden[cell] = false;
        let mut budget = self.problem.costs[cell];
        let mut queue: VecDeque<usize> = saved.1.iter().copied().collect();
        // Needs of the cell itself fall away with it.
        queue.retain(|n| !(self.problem.needs[*n].conditional && self.problem.needs[*n].cell == cell));
        let mut fits = true;
        while let Some(at) = queue.pop_front() {
            let Some(found) = self.satisfy(at, Some(cell))? else {
                fits = false;
                break;
            };
            undo.push((at, self.witness[at].clone().unwrap_or_default()));
            for fresh in self.adopt(at, found) {
                budget -= self.problem.costs[fresh];
                queue.extend(self.needs_of[fresh].iter().filter(|n| self.witness[**n].is_none()));
            }
            if budget <= 0.0 {
                fits = false;
                break;
            }
        }
        if fits {
            for need in self.needs_of[cell].clone() {
                if self.problem.needs[need].conditional {
                    self.adopt(need, Vec::new());
                    self.witness[need] = None;
                }
            }
            self.drop_idle();
            return Ok(true);
        }
        for (at, witness) in undo.into_iter().rev() {
            self.adopt(at, witness.clone());
            if witness.is_empty() {
                self.witness[at] = None;
            }
        }
        self.hidden = saved.0;
        Ok(false)
    }

    /// Shows every complementary cell that nothing leans on.
    fn drop_idle(&mut self) {
        for cell in 0..self.hidden.len() {
            let idle = self.leaning[cell]
                .iter()
                .all(|n| self.problem.needs[*n].conditional && self.problem.needs[*n].cell == cell);
            if self.hidden[cell] && !self.problem.fixed[cell] && idle {
                self.hidden[cell] = false;
                for need in self.needs_of[cell].clone() {
                    self.adopt(need, Vec::new());
                    self.witness[need] = None;
                }
            }
        }
    }

    /// The cells of a cheap witness for a need; without `banned`, and then only near by.
    fn satisfy(&mut self, at: usize, banned: Option<usize>) -> Result<Option<Vec<usize>>, TableError> {
        let need = self.problem.needs[at];
        let ways: Vec<Vec<(f64, f64)>> = match need.way {
            Way::Up => vec![vec![(1.0, to_f64(need.far))]],
            Way::Down => vec![vec![(-1.0, to_f64(need.far))]],
            // Up alone, or all the way down and the rest up.
            Way::Both => {
                let down = to_f64(need.far).min(self.problem.counts[need.cell]);
                let both = vec![(-1.0, down), (1.0, to_f64(need.far) - down)];
                vec![both, vec![(1.0, to_f64(need.far))]]
            }
        };
        let reaches: &[usize] = if banned.is_some() { &[NEAR] } else { &FAR };
        for hops in reaches {
            for way in &ways {
                if let Some(found) = self.along(need, way, *hops, banned)? {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    fn along(
        &mut self,
        need: Need,
        way: &[(f64, f64)],
        hops: usize,
        banned: Option<usize>,
    ) -> Result<Option<Vec<usize>>, TableError> {
        let mut all = BTreeSet::new();
        for (sign, far) in way.iter().filter(|(_, far)| *far > 0.0) {
            match self.direction(need.cell, sign * far, hops, banned)? {
                Some(found) => all.extend(found),
                None => return Ok(None),
            }
        }
        Ok(Some(all.into_iter().collect()))
    }

    /// The cells that move when `cell` moves by `by`, cheapest first guess; none when the neighbourhood cannot follow.
    fn direction(
        &mut self,
        cell: usize,
        by: f64,
        hops: usize,
        banned: Option<usize>,
    ) -> Result<Option<Vec<usize>>, TableError> {
        let (columns, rows) = self.region(cell, hops, banned);
        let Ok(own) = columns.binary_search(&cell) else { return Ok(None) };
        let p = self.problem;
        let price = |c: usize| {
            let free = c >= p.net.cells || self.hidden[c];
            // A little for what is hidden already, so that witnesses stay small.
            if free { 0.01 } else { p.costs[c] / by.abs() + 0.01 }
        };
        // Two columns each: upward and downward.
        let variables = columns.iter().enumerate().flat_map(|(at, c)| {
            let cost = if at == own { 0.0 } else { price(*c) };
            let (up, down) = match at == own {
                true if by > 0.0 => ((by, by), (0.0, 0.0)),
                true => ((0.0, 0.0), (-by, -by)),
                false => ((0.0, f64::INFINITY), (0.0, p.counts[*c])),
            };
            [(cost, up.0, up.1), (cost, down.0, down.1)]
        });
        let variables: Vec<_> = variables.collect();
        let rows: Vec<Vec<(usize, f64)>> = rows
            .iter()
            .map(|row| {
                let inside = p.net.rows[*row]
                    .iter()
                    .filter_map(|(c, s)| columns.binary_search(c).ok().map(|at| (at, *s)));
                inside.flat_map(|(at, s)| [(2 * at, s), (2 * at + 1, -s)]).collect()
            })
            .collect();
        let mut lp = Lp::new(variables, rows.iter().map(|r| (0.0, 0.0, r.as_slice())), false)?;
        let Some(answer) = lp.solve()? else { return Ok(None) };
        let moved = |at: usize| (answer.columns[2 * at] - answer.columns[2 * at + 1]).abs() > TOLERANCE;
        let moved = columns.iter().enumerate().filter(|(at, c)| **c < p.net.cells && moved(*at));
        Ok(Some(moved.map(|(_, c)| *c).collect()))
    }

    /// Columns within so many equations of a cell that could move with it, ascending, and their equations.
    fn region(&mut self, cell: usize, hops: usize, banned: Option<usize>) -> (Vec<usize>, Vec<usize>) {
        let p = self.problem;
        self.walks += 1;
        let mark = self.walks;
        let may = |c: usize| c >= p.net.cells || (!p.open[c] && Some(c) != banned);
        let (mut columns, mut rows, mut edge) = (vec![cell], Vec::new(), vec![cell]);
        self.walk[cell] = mark;
        let mut hop = 0;
        while hop < hops && !edge.is_empty() {
            let mut next = Vec::new();
            for column in &edge {
                for row in &self.rows_of[*column] {
                    if self.row_walk[*row] == mark {
                        continue;
                    }
                    self.row_walk[*row] = mark;
                    rows.push(*row);
                    for (other, _) in &p.net.rows[*row] {
                        if self.walk[*other] != mark && may(*other) {
                            self.walk[*other] = mark;
                            next.push(*other);
                        }
                    }
                }
            }
            columns.extend(&next);
            edge = next;
            hop += 1;
        }
        for column in &edge {
            for row in &self.rows_of[*column] {
                if self.row_walk[*row] != mark {
                    self.row_walk[*row] = mark;
                    rows.push(*row);
                }
            }
        }
        // A column alone in an equation cannot move; taking it away may leave others alone.
        let inside = |walk: &[usize], row: usize| {
            let mut members = p.net.rows[row].iter().filter(|(c, _)| walk[*c] == mark);
            (members.next().map(|m| m.0), members.next().is_some())
        };
        let mut queue = rows.clone();
        while let Some(row) = queue.pop() {
            if let (Some(column), false) = inside(&self.walk, row) {
                self.walk[column] = 0;
                queue.extend(self.rows_of[column].iter().filter(|r| self.row_walk[**r] == mark));
            }
        }
        columns.retain(|c| self.walk[*c] == mark);
        columns.sort_unstable();
        rows.retain(|r| inside(&self.walk, *r).0.is_some());
        rows.sort_unstable();
        (columns, rows)
    }
}
