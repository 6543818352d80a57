//! The least and greatest of every unknown count.
//!
//! Simple reasoning first (a total less its known parts, a total of 0), then linear programs over what still hangs
//! together. Every whole point the solver visits is a table that could have been: where one of them already stands at
//! a bound of the simple reasoning, nothing is left to ask.
//!
//! It must never be given a count that was not published.

#![allow(clippy::indexing_slicing)] // columns are numbered within the net; all vectors have its length

use super::super::local;
use super::super::lp::{self, Lp, Net, TOLERANCE, to_f64};
use super::super::system::Relation;
use super::{Interval, TableError};

/// Greatest component whose fractional answers are asked again over whole numbers.
const WHOLE_MAX: usize = 4_000;

/// The answers to the attacker's questions.
pub(super) struct Attack {
    pub intervals: Vec<Interval>,
    pub programs: u64,
    pub whole: u64,
}

/// Bounds of a column; `f64::INFINITY` when nothing limits it.
#[derive(Clone, Copy)]
struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    fn open(self) -> bool {
        self.high - self.low > 0.5
    }
}

/// The intervals of the cells asked for.
pub(super) fn run(
    counts: &[Option<u64>],
    relations: &[Relation],
    asked: &[bool],
) -> Result<Attack, TableError> {
    let net = Net::new(counts.len(), relations);
    let mut bounds = vec![Bounds { low: 0.0, high: f64::INFINITY }; net.columns];
    for (bound, count) in bounds.iter_mut().zip(counts) {
        if let Some(count) = count {
            *bound = Bounds { low: to_f64(*count), high: to_f64(*count) };
        }
    }
    propagate(&net, &mut bounds)?;
    let mut attack = Attack { intervals: Vec::new(), programs: 0, whole: 0 };
    let links = net.rows.iter().map(|row| {
        let open = row.iter().map(|(c, _)| *c).filter(|c| bounds[*c].open());
        open.collect::<Vec<usize>>()
    });
    let groups = local::groups(net.columns, links.collect::<Vec<_>>());
    let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); groups.members.len()];
    for (at, row) in net.rows.iter().enumerate() {
        if let Some((column, _)) = row.iter().find(|(c, _)| bounds[*c].open()) {
            rows_of[groups.of[*column]].push(at);
        }
    }
    let mut ends = bounds.clone();
    for (members, rows) in groups.members.iter().zip(&rows_of) {
        if members.iter().any(|c| *c < counts.len() && asked[*c] && bounds[*c].open()) {
            let mut part = Part::new(&net, &bounds, members, rows)?;
            part.ask(|c| c < counts.len() && asked[c], &mut ends)?;
            attack.programs += part.lp.solved;
            attack.whole += part.whole;
        }
    }
    let interval = |cell: usize| {
        let end = ends[cell];
        let high = end.high.is_finite().then(|| floor(end.high));
        Interval { cell, low: ceil(end.low), high }
    };
    attack.intervals = (0..counts.len()).filter(|c| asked[*c]).map(interval).collect();
    Ok(attack)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates, and counts are far below 2^53
fn floor(value: f64) -> u64 {
    (value + TOLERANCE).floor() as u64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // as above
fn ceil(value: f64) -> u64 {
    (value - TOLERANCE).ceil() as u64
}

/// What follows from one equation at a time, until nothing more does.
fn propagate(net: &Net, bounds: &mut [Bounds]) -> Result<(), TableError> {
    let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); net.columns];
    for (at, row) in net.rows.iter().enumerate() {
        for (column, _) in row {
            rows_of[*column].push(at);
        }
    }
    let mut queue: Vec<usize> = (0..net.rows.len()).rev().collect();
    let mut waiting = vec![true; net.rows.len()];
    // Bounds are whole numbers and can creep; a fixed number of steps is enough for what is simple.
    let mut steps = 40 * net.rows.len();
    while let (Some(at), true) = (queue.pop(), steps > 0) {
        waiting[at] = false;
        steps -= 1;
        let row = &net.rows[at];
        // Least and greatest of Σ sign·x, without the endless ones, which are counted.
        let (mut least, mut greatest, mut down, mut up) = (0.0, 0.0, 0usize, 0usize);
        for (column, sign) in row {
            let (a, b) = ends(bounds[*column], *sign);
            if a.is_finite() {
                least += a;
            } else {
                down += 1;
            }
            if b.is_finite() {
                greatest += b;
            } else {
                up += 1;
            }
        }
        for (column, sign) in row {
            let (a, b) = ends(bounds[*column], *sign);
            // sign·x = -(the others): at most -(their least), at least -(their greatest).
            let others_least = match down {
                0 => least - a,
                1 if !a.is_finite() => least,
                _ => f64::NEG_INFINITY,
            };
            let others_greatest = match up {
                0 => greatest - b,
                1 if !b.is_finite() => greatest,
                _ => f64::INFINITY,
            };
            let (from, to) =
                if *sign > 0.0 { (-others_greatest, -others_least) } else { (others_least, others_greatest) };
            let old = bounds[*column];
            let new = Bounds { low: old.low.max(from), high: old.high.min(to) };
            if new.low > new.high + 0.5 {
                return Err(TableError::Contradiction);
            }
            if new.low > old.low + 0.5 || new.high < old.high - 0.5 {
                bounds[*column] = new;
                for row in &rows_of[*column] {
                    if !waiting[*row] {
                        waiting[*row] = true;
                        queue.push(*row);
                    }
                }
                // The sums above are no longer right; the row stands in the queue again.
                break;
            }
        }
    }
    Ok(())
}

fn ends(bounds: Bounds, sign: f64) -> (f64, f64) {
    if sign > 0.0 { (bounds.low, bounds.high) } else { (-bounds.high, -bounds.low) }
}

/// Columns that hang together.
struct Part<'a> {
    members: &'a [usize],
    bounds: Vec<Bounds>,
    columns: Vec<lp::Column>,
    rows: Vec<(f64, Vec<(usize, f64)>)>,
    lp: Lp,
    /// Least and greatest of each column over all whole points seen.
    seen: Vec<Bounds>,
    cap: f64,
    whole: u64,
}

impl<'a> Part<'a> {
    fn new(net: &Net, bounds: &[Bounds], members: &'a [usize], rows: &[usize]) -> Result<Self, TableError> {
        let mut local = std::collections::HashMap::with_capacity(members.len());
        for (at, column) in members.iter().enumerate() {
            local.insert(*column, at);
        }
        let mut greatest: f64 = 0.0;
        let rows: Vec<(f64, Vec<(usize, f64)>)> = rows
            .iter()
            .map(|at| {
                let (mut known, mut open) = (0.0, Vec::new());
                for (column, sign) in &net.rows[*at] {
                    match local.get(column).filter(|_| bounds[*column].open()) {
                        Some(at) => open.push((*at, *sign)),
                        None => known += sign * bounds[*column].low,
                    }
                }
                greatest = greatest.max(known.abs());
                (-known, open)
            })
            .collect();
        let own: Vec<Bounds> = members.iter().map(|c| bounds[*c]).collect();
        for bound in &own {
            greatest = greatest.max(bound.low);
        }
        // What nothing limits is limited here, far beyond all that is known, so that every question has an answer.
        let cap = 4.0 * greatest + 1_000.0;
        let columns: Vec<lp::Column> = own.iter().map(|b| (0.0, b.low, b.high.min(cap))).collect();
        let lp = Lp::new(columns.iter().copied(), rows.iter().map(|(r, t)| (*r, *r, t.as_slice())), true)?;
        let seen = vec![Bounds { low: f64::INFINITY, high: f64::NEG_INFINITY }; members.len()];
        Ok(Self { members, bounds: own, columns, rows, lp, seen, cap, whole: 0 })
    }

    fn ask(&mut self, asked: impl Fn(usize) -> bool, result: &mut [Bounds]) -> Result<(), TableError> {
        for at in 0..self.members.len() {
            if !asked(self.members[at]) || !self.bounds[at].open() {
                continue;
            }
            let low = if self.seen[at].low <= self.bounds[at].low {
                self.bounds[at].low
            } else {
                self.end(at, 1.0)?
            };
            let high = if self.seen[at].high >= self.bounds[at].high {
                self.bounds[at].high
            } else {
                self.end(at, -1.0)?
            };
            let high = if high >= self.cap - 0.5 { f64::INFINITY } else { high };
            result[self.members[at]] = Bounds { low, high };
        }
        Ok(())
    }

    /// The least (`sign` 1) or greatest (-1) of a column.
    fn end(&mut self, at: usize, sign: f64) -> Result<f64, TableError> {
        self.lp.cost(at, sign);
        let answer = self.lp.solve()?;
        self.lp.cost(at, 0.0);
        let answer = answer.ok_or(TableError::Contradiction)?;
        let is_whole = answer.columns.iter().all(|x| (x - x.round()).abs() < TOLERANCE);
        if is_whole || self.members.len() > WHOLE_MAX {
            if is_whole {
                self.visit(&answer.columns);
            }
            return Ok(answer.columns[at]);
        }
        self.whole += 1;
        let mut columns = self.columns.clone();
        columns[at].0 = sign;
        let rows = self.rows.iter().map(|(r, t)| (*r, *r, t.as_slice()));
        let answer = lp::choose(columns, rows, 0.0)?.ok_or(TableError::Contradiction)?;
        self.visit(&answer.columns);
        Ok(answer.columns[at].round())
    }

    fn visit(&mut self, point: &[f64]) {
        for (seen, x) in self.seen.iter_mut().zip(point) {
            seen.low = seen.low.min(x.round());
            seen.high = seen.high.max(x.round());
        }
    }
}
