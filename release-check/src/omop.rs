//! The OMOP layout of a package (OMOP CDM v5.4), when it was asked for: the same facts in another form, nothing more.
//!
//! It must never take these files for checked because the others are: whatever stands in them must stand in the others.

use std::collections::{BTreeSet, HashMap};

use crate::classes::Classes;
use crate::columns::Dictionary;
use crate::csv::Encoding;
use crate::dates::is_day;
use crate::events::Events;
use crate::folder::Folder;
use crate::identifiers;
use crate::person::Persons;
use crate::report::{Place, Report};
use crate::rows;
use crate::rules;
use crate::sheet::{Sheet, file_row};

/// The file of persons.
pub const PERSON: &str = "omop_person";

/// The name of a table's file.
pub fn named(table: &str) -> String {
    format!("omop_{table}")
}

/// Columns that number rows or say which concept of the vocabulary. Others that end so would name a provider or join rows
/// that the main files do not join.
fn is_number(file: &str, column: &str) -> bool {
    column == "person_id" || Some(column) == row_number(file).as_deref() || column.ends_with("_concept_id")
}

/// The column of a file that numbers its rows.
fn row_number(file: &str) -> Option<String> {
    file.strip_prefix("omop_").map(|table| format!("{table}_id"))
}

/// Checks all files; gives the number of their columns.
pub fn check(
    folder: &Folder,
    encoding: Encoding,
    (persons, events): (&Persons, &[Events]),
    anonymous: bool,
    dictionary: &mut Dictionary,
    report: &mut Report,
) -> usize {
    let mut told: BTreeSet<&str> = BTreeSet::from(["", "0"]);
    let sheets = || std::iter::once(&persons.sheet).chain(events.iter().map(|e| &e.sheet));
    told.extend(sheets().flat_map(|s| &s.columns).flat_map(|c| &c.labels).map(AsRef::as_ref));

    let Some(person) = rows::read(folder, PERSON, encoding, report) else {
        return 0;
    };
    let mut columns = person.header.len();
    labels(&person, &told, anonymous, dictionary, report);
    // The place of each number of a person, and whether it tells persons apart that `person` does not.
    let mut places: HashMap<&str, u32> = HashMap::new();
    let (Some(id), Some(pid)) = (person.column("person_id"), person.column("person_source_value")) else {
        report.find(&rules::COLUMN_NOT_ALLOWED, Place::file(&person.csv()).row(1), "", "person_source_value");
        return columns;
    };
    let mut owners = Vec::with_capacity(person.rows);
    for row in 0..person.rows {
        let place = persons.place(pid.label(row));
        // The number is the rank of the random pseudonym, so that it tells nothing of the order in the house.
        let first = place.is_none_or(|p| {
            id.label(row) == (p + 1).to_string() && places.insert(id.label(row), p).is_none()
        });
        if place.is_none() || !first {
            let place = Place::file(&person.csv()).row(file_row(row)).column("person_source_value");
            report.find(&rules::PID_FORM, place, "", "");
        }
        owners.push(place.unwrap_or(u32::MAX));
    }
    if person.rows != persons.sheet.rows {
        report.find(&rules::PAIR_DIFFERS, Place::file(&person.csv()), person.rows, persons.sheet.rows);
    }
    finer(&person, &owners, persons, report);

    for main in events {
        let Some(sheet) = rows::read(folder, &named(&main.sheet.name), encoding, report) else {
            continue;
        };
        columns += sheet.header.len();
        labels(&sheet, &told, anonymous, dictionary, report);
        same_rows(&sheet, main, &places, report);
    }
    columns
}

/// Every label stands in the other files too, or is a number of the vocabulary.
fn labels(
    sheet: &Sheet,
    told: &BTreeSet<&str>,
    anonymous: bool,
    dictionary: &mut Dictionary,
    report: &mut Report,
) {
    let names: Vec<&str> = sheet.header.iter().map(String::as_str).collect();
    let plain = |n: &&&str| n.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let known: Vec<&str> = names.iter().filter(plain).copied().collect();
    dictionary.check(sheet, &known, report);
    for (column, name) in sheet.columns.iter().zip(&names) {
        for (number, label) in column.labels.iter().enumerate() {
            let numbers = is_number(&sheet.name, name)
                && label.len() <= 10
                && label.bytes().all(|b| b.is_ascii_digit());
            let place = || {
                let row = file_row(column.first_row(number));
                Place::file(&sheet.csv()).row(row).column(name)
            };
            // The end of a stay follows from its first day and its length.
            let day = !anonymous && name.ends_with("_date") && is_day(label);
            if !numbers && !day && !told.contains(label.as_ref()) {
                report.find(&rules::LABEL, place(), "", "as in the other files");
            }
            if let Some((rule, kind)) = identifiers::look(label)
                .filter(|_| !is_number(&sheet.name, name) && *name != "person_source_value")
            {
                report.find(rule, place(), kind, "");
            }
        }
    }
}

/// Persons that are equal in `person` are equal here: else the layout tells more.
fn finer(sheet: &Sheet, owners: &[u32], persons: &Persons, report: &mut Report) {
    let mut by_place: Vec<u32> = vec![0; persons.sheet.rows];
    for (row, owner) in (0u32..).zip(owners) {
        if let Some(slot) = by_place.get_mut(*owner as usize) {
            *slot = row;
        }
    }
    let told: Vec<&[u32]> = persons.sheet.columns.iter().skip(1).map(|c| c.cells.as_slice()).collect();
    let here: Vec<Vec<u32>> = sheet
        .header
        .iter()
        .zip(&sheet.columns)
        .filter(|(name, _)| !matches!(name.as_str(), "person_id" | "person_source_value"))
        .map(|(_, c)| by_place.iter().map(|row| c.cells.get(*row as usize).copied().unwrap_or(0)).collect())
        .collect();
    let both: Vec<&[u32]> = told.iter().copied().chain(here.iter().map(Vec::as_slice)).collect();
    let (before, after) =
        (Classes::of(&told, persons.sheet.rows).count(), Classes::of(&both, persons.sheet.rows).count());
    if before != after {
        report.find(&rules::COLUMN_NOT_ALLOWED, Place::file(&sheet.csv()), after, before);
    }
    report.ran(
        "C-030",
        "OMOP形式の人の区分数",
        "kinds of persons in the OMOP layout",
        format!("{after} = {before}"),
    );
}

/// The same codes of the same persons, as often.
fn same_rows(sheet: &Sheet, main: &Events, places: &HashMap<&str, u32>, report: &mut Report) {
    let code = sheet
        .header
        .iter()
        .zip(&sheet.columns)
        .find(|(name, _)| {
            let start = main.sheet.name.split('_').next().unwrap_or_default();
            **name == format!("{start}_source_value")
        })
        .map(|(_, column)| column);
    let (Some(person), Some(code), Some(original)) =
        (sheet.column("person_id"), code, main.sheet.column("code"))
    else {
        report.find(
            &rules::COLUMN_NOT_ALLOWED,
            Place::file(&sheet.csv()).row(1),
            "",
            "person_id, *_source_value",
        );
        return;
    };
    let number = row_number(&sheet.name).and_then(|name| sheet.column(&name));
    if let Some(row) = number.and_then(|n| (0..sheet.rows).find(|row| n.label(*row) != (row + 1).to_string()))
    {
        report.find(&rules::ROW_ORDER, Place::file(&sheet.csv()).row(file_row(row)), "", row + 1);
    }
    // A concept follows from the code, or it tells more than the code.
    for (name, column) in sheet.header.iter().zip(&sheet.columns).filter(|(h, _)| h.ends_with("_concept_id"))
    {
        let mut concepts: HashMap<u32, u32> = HashMap::new();
        let mut pairs = code.cells.iter().zip(&column.cells);
        if let Some(row) = pairs.position(|(code, cell)| *concepts.entry(*code).or_insert(*cell) != *cell) {
            let place = Place::file(&sheet.csv()).row(file_row(row)).column(name);
            report.find(&rules::COLUMN_NOT_ALLOWED, place, "", "");
        }
    }
    let mut here: Vec<(u32, &str)> = (0..sheet.rows)
        .map(|row| (places.get(person.label(row)).copied().unwrap_or(u32::MAX), code.label(row)))
        .collect();
    let mut there: Vec<(u32, &str)> =
        main.owners.iter().enumerate().map(|(row, owner)| (*owner, original.label(row))).collect();
    here.sort_unstable();
    there.sort_unstable();
    if here != there {
        report.find(&rules::PAIR_DIFFERS, Place::file(&sheet.csv()), here.len(), there.len());
    }
}
