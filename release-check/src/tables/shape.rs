//! The form of a table (表の形): columns, labels, totals, and each cell by itself.
//!
//! It must never look at more than one cell at a time; what cells say together is `system`'s.

use std::collections::HashSet;

use super::cube::{Cube, HIDDEN, Parts, Rounding, TOTAL, parts_of};
use crate::columns::Dictionary;
use crate::identifiers;
use crate::policy::{CubeSpec, TablePolicy};
use crate::report::{Place, Report};
use crate::rules;
use crate::sheet::{Sheet, file_row};

/// The columns that a measure may have.
fn columns_of(measure: &str) -> &[&str] {
    match measure {
        "quantity" => &["quantity", "quantity_sum"],
        "points" => &["points", "points_sum"],
        "units" => &["units"],
        "mean" => &["mean"],
        "quartiles" => &["p25", "p50", "p75", "q1", "q2", "q3", "median"],
        _ => &[],
    }
}

/// Columns and labels (law.md C-030 to C-032, C-037, C-039, C-057).
pub fn check(sheet: &Sheet, asked: &CubeSpec, dictionary: &mut Dictionary, report: &mut Report) {
    let mut known: Vec<&str> = asked.dimensions.iter().map(String::as_str).chain(["persons"]).collect();
    let fixed = known.len();
    known.extend(asked.measures.iter().flat_map(|m| columns_of(m)));
    let begins = sheet.header.iter().map(String::as_str).take(fixed).eq(known.iter().copied().take(fixed));
    let other = sheet.header.iter().skip(fixed).position(|h| !known.iter().skip(fixed).any(|k| k == h));
    if !begins || other.is_some() {
        let at = if begins { fixed + other.unwrap_or(0) } else { 0 };
        let place = Place::file(&sheet.csv()).row(1).column(&format!("#{}", at + 1));
        report.find(&rules::COLUMN_NOT_ALLOWED, place, "", known.join(" "));
    }
    dictionary.check(sheet, &known, report);
    for (name, column) in asked.dimensions.iter().zip(&sheet.columns) {
        for (number, label) in column.labels.iter().enumerate() {
            let place = || Place::file(&sheet.csv()).row(file_row(column.first_row(number))).column(name);
            if let Some((rule, kind)) = identifiers::look(label) {
                report.find(rule, place(), kind, "");
            }
            if label.is_empty() || label.chars().count() > 60 || label.chars().any(char::is_control) {
                report.find(&rules::FREE_TEXT, place(), "", "");
            }
            // Bands of five years or wider (law.md R-STA-01).
            let exact = label.trim_end_matches('歳').parse::<u32>().is_ok();
            if exact && name.starts_with("age_band") {
                report.find(&rules::AGE_TOP, place(), "", "0-4 … 90+");
            }
        }
    }
}

/// Each cell by itself (law.md C-052, C-057) and the totals that must be there.
pub fn cells(cube: &Cube, sheet: &Sheet, policy: &TablePolicy, rounding: Rounding, report: &mut Report) {
    let (min, measure_min) = (policy.cell_min.value, policy.measure_min.value);
    let width = cube.dimensions.len();
    let mut missing: HashSet<Vec<Option<String>>> = HashSet::new();
    for (at, row) in cube.rows.iter().enumerate() {
        let place = || Place::file(&cube.file).row(row.row);
        let total = row.at.contains(&None);
        match row.persons {
            Some(shown) if rounding.rounds(total) && !shown.is_multiple_of(10) => {
                report.find(&rules::CELL_ROUNDED, place().column("persons"), "", "tens");
            }
            Some(shown) if shown > 0 && shown < min && !rounding.rounds(total) => {
                report.find(&rules::CELL_SMALL, place().column("persons"), "", format!("0, >= {min}"));
            }
            _ => {}
        }
        for (column, name) in sheet.columns.iter().zip(&sheet.header).skip(width + 1) {
            let told = column.label(at);
            let enough = row.persons.is_some_and(|persons| persons == 0 || persons >= measure_min);
            if !enough && told != HIDDEN {
                report.find(&rules::MEASURE_SHOWN, place().column(name), "", HIDDEN);
            }
            if told != HIDDEN && !told.is_empty() && crate::decimal::Decimal::parse(told).is_none() {
                report.find(&rules::TABLE_SHAPE, place().column(name), "", "a number or *");
            }
        }
        for (d, _) in row.at.iter().enumerate().filter(|(_, label)| label.is_some()) {
            // Over values of which a person may have several, there need not be a total.
            if cube.dimensions.get(d).is_some_and(|name| parts_of(name) == Parts::Overlap) {
                continue;
            }
            let mut above = row.at.clone();
            if let Some(slot) = above.get_mut(d) {
                *slot = None;
            }
            if !cube.index.contains_key(&above) && missing.insert(above) {
                report.find(&rules::TABLE_SHAPE, place(), "", TOTAL);
            }
        }
    }
}
