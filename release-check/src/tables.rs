//! Packages of tables (集計表の提供): what is shown is large enough, adds up, and gives no hidden count away, neither
//! alone nor together with the other tables of the package and the tables handed out before.
//!
//! It must never use the meaning of the sign of a hidden value: an attacker might not believe it, and the bounds that
//! are checked must hold without it.

mod cube;
mod differences;
mod interval;
mod shape;
mod solve;
mod system;
#[cfg(test)]
mod tests;

use crate::columns::Dictionary;
use crate::csv::Encoding;
use crate::earlier::Earlier;
use crate::folder::Folder;
use crate::manifest::Risk;
use crate::policy::{CubeSpec, Spec, TablePolicy};
use crate::report::{Place, Report};
use crate::rows;
use crate::rules;
use crate::sheet::Sheet;

use cube::{Cube, Rounding};
use system::System;

/// All checks of a package of tables.
pub fn check(
    folder: &Folder,
    spec: &Spec,
    policy: &TablePolicy,
    risk: &Risk,
    earlier: &[Earlier],
    report: &mut Report,
) {
    let min = policy.cell_min.value;
    let Some(rounding) = Rounding::of(&policy.protection.value) else {
        report.find(&rules::POLICY_WEAK, Place::file("policy.toml"), "protection", "");
        return;
    };
    if min < 2 {
        report.find(&rules::POLICY_WEAK, Place::file("policy.toml"), min, ">= 2");
    }
    let mut dictionary = Dictionary::read(folder, Encoding::Utf8, report).unwrap_or_default();
    let (mut cubes, mut columns) = (Vec::new(), 0);
    for asked in &spec.tables {
        let Some(sheet) = rows::read(folder, &asked.name, Encoding::Utf8, report) else { continue };
        columns += sheet.header.len();
        shape::check(&sheet, asked, &mut dictionary, report);
        if let Some(cube) = Cube::read(&sheet, asked, report) {
            claims(&cube, policy, risk, report);
            shape::cells(&cube, &sheet, policy, rounding, report);
            cubes.push(cube);
        }
    }
    dictionary.finish(columns, report);
    if cubes.len() != spec.tables.len() {
        // Something could not be read and stands in the report; what is left would be checked for too little.
        return;
    }

    // Earlier tables of the same persons share their cells; of others, only differences tell something.
    let mut together: Vec<Cube> = Vec::new();
    for before in earlier {
        let same = spec.cohort == before.spec.cohort;
        for asked in &before.spec.tables {
            let name = format!("{}: {}.csv", before.name, asked.name);
            let old = Sheet::read(&before.folder, &asked.name, Encoding::Utf8).ok();
            let Some(old) = old.and_then(|sheet| Cube::read(&sheet, asked, report)).map(|c| c.called(&name))
            else {
                report.find(&rules::PKG_READ, Place::file(&name), "", "");
                continue;
            };
            if !differences::check(&cubes, &old, min, rounding, report) && same {
                together.push(old);
            }
        }
    }
    if !earlier.is_empty() {
        report.ran(
            "C-056",
            "過去の表を加えて調べた表",
            "earlier tables taken into the bounds",
            together.len(),
        );
    }
    together.splice(0..0, cubes);
    bounds(&System::of(&together, rounding, report), rounding, min, report);
}

/// A hidden cell, and between which numbers a reader can place it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// The file.
    pub file: String,
    /// Row of the file; 1 is the header.
    pub row: usize,
    /// At least.
    pub low: u64,
    /// At most; `None`: no bound.
    pub high: Option<u64>,
}

/// The bounds of hidden cells of these tables by the sums alone. `None`: something cannot be read.
pub(crate) fn hidden_bounds(folder: &Folder, spec: &Spec, policy: &TablePolicy) -> Option<Vec<Interval>> {
    let rounding = Rounding::of(&policy.protection.value)?;
    let mut report = Report::default();
    let read = |asked: &CubeSpec, report: &mut Report| {
        Cube::read(&Sheet::read(folder, &asked.name, Encoding::Utf8).ok()?, asked, report)
    };
    let cubes = spec.tables.iter().map(|asked| read(asked, &mut report)).collect::<Option<Vec<Cube>>>()?;
    let system = System::of(&cubes, rounding, &mut report);
    let bounds = interval::propagate(&system).ok()?;
    let told = |cell: usize| {
        let (place, b) = (system.place(cell), bounds.get(cell)?);
        Some(Interval {
            file: place.file,
            row: usize::try_from(place.row?).ok()?,
            low: u64::try_from(b.low).ok()?,
            high: if b.high >= interval::OPEN { None } else { u64::try_from(b.high).ok() },
        })
    };
    Some(system.hidden().into_iter().filter_map(told).collect())
}

/// What `risk.json` says of a table (law.md C-058).
fn claims(cube: &Cube, policy: &TablePolicy, risk: &Risk, report: &mut Report) {
    let shown = cube.rows.iter().filter(|r| r.persons.is_some()).count() as u64;
    let place = || Place::file("risk.json").column(&cube.name);
    let Some(claimed) = risk.tables.iter().find(|t| t.name == cube.name) else {
        report.find(&rules::CLAIM, place(), "nothing", "");
        return;
    };
    for (found, counted) in [
        (claimed.cells, cube.rows.len() as u64),
        (claimed.shown, shown),
        (claimed.cell_min, policy.cell_min.value),
    ] {
        if found != counted {
            report.find(&rules::CLAIM, place(), found, counted);
        }
    }
    report.ran(
        "C-052",
        "示された欄／全欄",
        "cells shown of all",
        format!("{}: {shown} / {}", cube.name, cube.rows.len()),
    );
}

/// The attacker's bounds of every hidden cell (law.md C-055). The bounds that presets state are those of single sums;
/// what is hidden without rounding is also held against all sums at once.
fn bounds(system: &System, rounding: Rounding, min: u64, report: &mut Report) {
    let needed = rounding.needed(min);
    let bounds = match interval::propagate(system) {
        Ok(bounds) => bounds,
        Err(law) => {
            report.find(&rules::TABLE_SUM, system.place_of(law), "", "");
            return;
        }
    };
    // Where a total is shown and one of several parts is all of it, whoever is in the total is known to be in the part.
    for (nth, law) in system.laws.iter().enumerate().filter(|(_, law)| law.exact && law.terms.len() > 2) {
        let sides = law.terms.iter().filter_map(|(cell, part)| Some((bounds.get(*cell)?, *part)));
        let known = sides.clone().all(|(b, _)| b.low == b.high);
        let told = sides.filter(|(b, part)| *part && b.low > 0).count();
        if known && told == 1 {
            report.find(&rules::CELL_CONCENTRATED, system.place_of(nth), "", "");
        }
    }
    let hidden = system.hidden();
    let wide = |b: &interval::Bounds| b.low <= i128::from(needed.0) && b.high >= i128::from(needed.1);
    let (open, mut narrow): (Vec<usize>, Vec<usize>) =
        hidden.iter().partition(|cell| bounds.get(**cell).is_some_and(wide));
    let mut programs = 0;
    if rounding == Rounding::Suppress {
        match solve::narrow(system, &bounds, &open, needed) {
            Err(solve::Stopped::Impossible) => report.find(&rules::TABLE_SUM, Place::package(), "", ""),
            Err(solve::Stopped::Solver) => report.find(&rules::CELL_EXACT_SOLVER, Place::package(), "", ""),
            Ok(found) => {
                programs = found.programs;
                narrow.extend(found.narrow);
            }
        }
    }
    let figure = format!(
        "{} hidden, {} too narrow, {} laws, {programs} linear programs",
        hidden.len(),
        narrow.len(),
        system.laws.len()
    );
    report.ran("C-055", "秘匿した欄の範囲", "bounds of hidden cells", figure);
    narrow.sort_unstable();
    for cell in narrow {
        // How narrow it is must not be told either.
        report.find(&rules::CELL_NARROW, system.place(cell), "", format!("{}..{}", needed.0, needed.1));
    }
}
