//! Packages of rows (個票の提供): person table, files of events, and how they hang together.
//!
//! It must never skip a file because another one is wrong.

use crate::columns::{self, Dictionary};
use crate::csv::Encoding;
use crate::earlier::{self, Earlier};
use crate::events::{self, Events};
use crate::folder::Folder;
use crate::grammar::Grammar;
use crate::omop;
use crate::pair::{self, Differs};
use crate::person::{self, Against};
use crate::policy::{DateRule, EventPolicy, EventTable};
use crate::report::{Place, Report};
use crate::rules;
use crate::sheet::{Sheet, file_row};

/// Reads `NAME.csv` and holds `NAME.parquet` against it.
pub fn read(folder: &Folder, name: &str, encoding: Encoding, report: &mut Report) -> Option<Sheet> {
    let csv = format!("{name}.csv");
    let sheet = match Sheet::read(folder, name, encoding) {
        Ok(sheet) => sheet,
        Err(wrong) => {
            report.find(&rules::CSV_FORM, Place::file(&csv).row(wrong.row), wrong.what, "");
            return None;
        }
    };
    let place = Place::file(&format!("{name}.parquet"));
    match pair::compare(folder, &sheet) {
        Ok(()) => {
            report.ran("C-068", "CSVとParquetの一致（行）", "rows equal in CSV and Parquet", sheet.rows);
        }
        Err(Differs::Unreadable) => report.find(&rules::PAIR_DIFFERS, place, "cannot be read", ""),
        Err(Differs::Metadata) => report.find(&rules::PAIR_DIFFERS, place, "metadata", "none"),
        Err(Differs::Columns) => report.find(&rules::PAIR_DIFFERS, place, "columns", ""),
        Err(Differs::Rows(found)) => report.find(&rules::PAIR_DIFFERS, place, found, sheet.rows),
        Err(Differs::Cell(row, column)) => {
            let place = place.row(file_row(row)).column(&format!("#{}", column + 1));
            report.find(&rules::PAIR_DIFFERS, place, "", "");
        }
    }
    Some(sheet)
}

/// All checks of a package of rows.
pub fn check(folder: &Folder, against: &Against<'_>, earlier: &[Earlier], report: &mut Report) {
    let Against { policy, rows, .. } = against;
    let anonymous = policy.anonymous();
    let encoding = if rows.shift_jis { Encoding::ShiftJis } else { Encoding::Utf8 };
    let mut dictionary = Dictionary::read(folder, Encoding::Utf8, report).unwrap_or_default();
    let Some(sheet) = read(folder, "person", encoding, report) else { return };
    let mut all_columns = sheet.header.len();
    let persons = person::check(sheet, against, &mut dictionary, report);

    let mut all = Vec::new();
    for table in &rows.events {
        let Some(policy) = &policy.events else {
            report.find(&rules::POLICY_WEAK, Place::file("policy.toml"), "no [events]", "[events]");
            break;
        };
        let Some(sheet) = read(folder, &table.table, encoding, report) else { continue };
        all_columns += sheet.header.len();
        of_table(&sheet, table, policy, anonymous, &mut dictionary, report);
        all.push(Events::of(sheet, &persons, report));
    }
    if let Some(policy) = policy.events.as_ref().filter(|_| !rows.events.is_empty()) {
        let relative = matches!(policy.dates.value, DateRule::Relative { .. });
        let word = if relative { "relative" } else { "dates" };
        report.ran("C-043", "日付の示し方", "dates are told", word);
        if anonymous {
            if !relative {
                report.find(&rules::DATE_GRID, Place::file("policy.toml"), word, "relative");
            }
            events::check(&persons, &all, policy, against.risk, report);
        }
    }
    if rows.omop {
        all_columns += omop::check(folder, encoding, (&persons, &all), anonymous, &mut dictionary, report);
    }
    dictionary.finish(all_columns, report);
    report.ran(
        "C-031",
        "識別子の検出（C-031, C-032, C-051）",
        "scanned for identifiers (C-031, C-032, C-051)",
        {
            let labels = |s: &Sheet| s.columns.iter().map(|c| c.labels.len()).sum::<usize>();
            labels(&persons.sheet) + all.iter().map(|e| labels(&e.sheet)).sum::<usize>()
        },
    );
    for before in earlier {
        earlier::compare_rows(&persons, &all, before, report);
    }
}

/// Columns and labels of a file of events.
fn of_table(
    sheet: &Sheet,
    table: &EventTable,
    policy: &EventPolicy,
    anonymous: bool,
    dictionary: &mut Dictionary,
    report: &mut Report,
) {
    let mut expected = columns::of_events(table);
    // Without values asked for, their columns may be left out.
    if !table.values && !sheet.header.iter().any(|h| h == "value") {
        expected.retain(|c| !matches!(*c, "value" | "unit"));
    }
    columns::allowed(sheet, &expected, report);
    if let Some(value) = sheet.column("value").filter(|_| !table.values)
        && let Some(row) = (0..sheet.rows).find(|row| !value.label(*row).is_empty())
    {
        let place = Place::file(&sheet.csv()).row(file_row(row)).column("value");
        report.find(&rules::COLUMN_NOT_ALLOWED, place, "", "");
    }
    dictionary.check(sheet, &expected, report);
    let grammars: Vec<Grammar<'_>> = sheet
        .header
        .iter()
        .map_while(|name| Grammar::of_event(&table.table, name, policy, anonymous))
        .collect();
    columns::labels(sheet, &expected, &grammars, report);
}
