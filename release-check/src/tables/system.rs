//! All tables as one system (連立方程式): cells that are equal in all coordinates are one, a dimension that a table does
//! not have is a total, and every total is held against its parts.
//!
//! It must never leave out an equation that a reader could write down.

use std::collections::{BTreeMap, HashMap};

use super::cube::{Cube, Parts, Rounding, parts_of};
use crate::report::{Place, Report};
use crate::rules;

/// A cell of the system.
#[derive(Debug, Clone)]
pub struct Cell {
    /// What a reader knows of it: at least.
    pub low: u64,
    /// At most; `None`: nothing.
    pub high: Option<u64>,
    /// Is it hidden somewhere?
    pub hidden: bool,
    /// A file and row in which it stands: hidden, if it is hidden somewhere.
    pub file: usize,
    /// The row.
    pub row: usize,
}

/// What holds between cells: the sum of some less the sum of others lies between two numbers.
#[derive(Debug, Clone)]
pub struct Law {
    /// Cells and whether they are added.
    pub terms: Vec<(usize, bool)>,
    /// Is it exactly 0? Otherwise at least 0.
    pub exact: bool,
}

/// Cells and laws.
#[derive(Debug, Default)]
pub struct System {
    /// The cells.
    pub cells: Vec<Cell>,
    /// The laws.
    pub laws: Vec<Law>,
    files: Vec<String>,
}

/// Coordinates of a cell: who is counted, and the labels by axis, without totals.
type Key = (String, BTreeMap<String, String>);

/// Bands of five and of ten years are one axis.
fn axis(dimension: &str) -> String {
    if dimension.starts_with("age_band") { "age".to_owned() } else { dimension.to_owned() }
}

impl System {
    /// The system of these tables.
    pub fn of(cubes: &[Cube], rounding: Rounding, report: &mut Report) -> Self {
        let mut system = Self::default();
        let mut places: HashMap<Key, usize> = HashMap::new();
        for (file, cube) in cubes.iter().enumerate() {
            system.files.push(cube.file.clone());
            let mut own = Vec::with_capacity(cube.rows.len());
            for row in &cube.rows {
                let labels = cube.dimensions.iter().zip(&row.at);
                let at = labels.filter_map(|(d, l)| Some((axis(d), l.clone()?))).collect();
                let total = row.at.contains(&None);
                let range = row.persons.map(|shown| rounding.range(shown, total));
                let cell = *places.entry((cube.universe.clone(), at)).or_insert_with(|| {
                    system.cells.push(Cell { low: 0, high: None, hidden: false, file, row: row.row });
                    system.cells.len() - 1
                });
                own.push(cell);
                system.tell(cell, range, (file, row.row), report);
            }
            system.laws_of(cube, &own);
        }
        system.bands(&places);
        system
    }

    /// Takes in what a table tells of a cell.
    fn tell(&mut self, cell: usize, range: Option<(u64, u64)>, at: (usize, usize), report: &mut Report) {
        let place = Place::file(self.files.get(at.0).map_or("", |f| f)).row(at.1);
        let Some(cell) = self.cells.get_mut(cell) else { return };
        match range {
            None if !cell.hidden => (cell.hidden, cell.file, cell.row) = (true, at.0, at.1),
            None => {}
            Some((low, high)) => {
                cell.low = cell.low.max(low);
                cell.high = Some(cell.high.map_or(high, |h| h.min(high)));
                if cell.high.is_some_and(|h| h < cell.low) {
                    report.find(&rules::TABLE_SUM, place, "", "as in the other table");
                    // One fault is one finding: the later word counts.
                    (cell.low, cell.high) = (low, Some(high));
                }
            }
        }
    }

    /// Totals and parts of a table.
    fn laws_of(&mut self, cube: &Cube, own: &[usize]) {
        let above = cube.above();
        for (d, (dimension, above)) in cube.dimensions.iter().zip(&above).enumerate() {
            let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for (row, cell) in cube.rows.iter().zip(own) {
                let Some(Some(label)) = row.at.get(d) else { continue };
                let mut whole = row.at.clone();
                if let Some(slot) = whole.get_mut(d) {
                    *slot = above.get(label.as_str()).map(|l| (*l).to_owned());
                }
                let whole = cube.index.get(&whole).and_then(|at| own.get(*at));
                if let Some(whole) = whole {
                    parts.entry(*whole).or_default().push(*cell);
                }
            }
            for (whole, parts) in parts {
                self.law(whole, &parts, parts_of(dimension));
            }
        }
    }

    fn law(&mut self, whole: usize, parts: &[usize], how: Parts) {
        let sum = || parts.iter().map(|p| (*p, true)).chain([(whole, false)]).collect();
        self.laws.push(Law { terms: sum(), exact: how == Parts::Apart });
        if how == Parts::Overlap {
            self.laws
                .extend(parts.iter().map(|p| Law { terms: vec![(whole, true), (*p, false)], exact: false }));
        }
    }

    /// A band of ten years is two of five, wherever the two stand.
    fn bands(&mut self, places: &HashMap<Key, usize>) {
        let mut found: Vec<(usize, [usize; 2])> = Vec::new();
        for ((universe, at), whole) in places {
            // `40-49`, or `40-49歳`.
            let Some(label) = at.get("age") else { continue };
            let (band, sign) = label.strip_suffix('歳').map_or((label.as_str(), ""), |band| (band, "歳"));
            let Some((from, to)) = band.split_once('-') else { continue };
            let (Ok(from), Ok(to)) = (from.parse::<u32>(), to.parse::<u32>()) else { continue };
            if to.checked_sub(from) != Some(9) {
                continue;
            }
            let half = |label: String| {
                let mut at = at.clone();
                at.insert("age".to_owned(), label);
                places.get(&(universe.clone(), at)).copied()
            };
            let halves =
                (half(format!("{from}-{}{sign}", from + 4)), half(format!("{}-{to}{sign}", from + 5)));
            if let (Some(a), Some(b)) = halves {
                found.push((*whole, [a, b]));
            }
        }
        found.sort_unstable();
        for (whole, halves) in found {
            self.law(whole, &halves, Parts::Apart);
        }
    }

    /// The cells that are hidden somewhere.
    pub fn hidden(&self) -> Vec<usize> {
        self.cells.iter().enumerate().filter(|(_, c)| c.hidden).map(|(at, _)| at).collect()
    }

    /// Where a cell stands.
    pub fn place(&self, cell: usize) -> Place {
        self.cells.get(cell).map_or_else(Place::package, |c| {
            Place::file(self.files.get(c.file).map_or("", |f| f)).row(c.row).column("persons")
        })
    }

    /// Where the total of a law stands.
    pub fn place_of(&self, law: usize) -> Place {
        let total = self.laws.get(law).and_then(|l| l.terms.last()).map_or(usize::MAX, |t| t.0);
        self.place(total)
    }
}
