//! Differences to tables handed out before (差分): a count that differs by a few from an earlier one gives the few away.
//!
//! It must never compare tables of other dimensions or other facts.

use super::cube::{Cube, Rounding};
use crate::report::{Place, Report};
use crate::rules;

/// Compares all tables with the same columns and facts (law.md C-056). `true`: some cell shown in both is not the same,
/// so the two count other persons.
pub fn check(cubes: &[Cube], old: &Cube, min: u64, rounding: Rounding, report: &mut Report) -> bool {
    let mut differ = false;
    let mut smallest: Option<u64> = None;
    for cube in cubes.iter().filter(|c| c.dimensions == old.dimensions && c.universe == old.universe) {
        for row in &cube.rows {
            let before = old.index.get(&row.at).and_then(|at| old.rows.get(*at)).map(|r| r.persons);
            // A row that was not there was a zero.
            let (Some(now), Some(then)) = (row.persons, before.unwrap_or(Some(0))) else { continue };
            let difference = now.abs_diff(then);
            differ |= difference > 0;
            if difference == 0 {
                continue;
            }
            smallest = Some(smallest.map_or(difference, |s| s.min(difference)));
            if difference < min && !rounding.rounds(row.at.contains(&None)) {
                let place = Place::file(&cube.file).row(row.row).column("persons");
                report.find(&rules::DIFFERENCE_SMALL, place, old.file.clone(), format!("0, >= {min}"));
            }
        }
    }
    let figure = smallest.map_or_else(|| "0".to_owned(), |s| format!("{s} >= {min}"));
    report.ran("C-056", "過去の表との最小の差", "smallest difference to an earlier table", figure);
    differ
}
