//! Columns (項目): only those that the layout and the request allow, each classified in the dictionary, each label one
//! of its grammar, none an identifier.
//!
//! It must never name an unknown column in a finding: a header can hold anything.

use std::collections::BTreeMap;

use crate::csv::Encoding;
use crate::folder::Folder;
use crate::grammar::Grammar;
use crate::identifiers;
use crate::policy::EventTable;
use crate::report::{Place, Report};
use crate::rules;
use crate::sheet::{Sheet, file_row};

/// The columns of a file of events, by the layout. Empty: no such file.
pub fn of_events(table: &EventTable) -> Vec<&'static str> {
    match table.table.as_str() {
        "condition_occurrence" | "procedure_occurrence" => vec!["pid", "code", "when"],
        "drug_exposure" | "visit_occurrence" => vec!["pid", "code", "when", "days"],
        "measurement" => vec!["pid", "code", "when", "value", "unit"],
        _ => Vec::new(),
    }
}

/// How a column is called in a finding: by its name when the layout has it, by its place otherwise.
pub fn called(known: &[&str], at: usize, name: &str) -> String {
    if known.contains(&name) { name.to_owned() } else { format!("#{}", at + 1) }
}

/// Are these the columns, in their order (law.md C-030)?
pub fn allowed(sheet: &Sheet, expected: &[&str], report: &mut Report) -> bool {
    let exact = sheet.header.iter().map(String::as_str).eq(expected.iter().copied());
    if !exact {
        let at = sheet.header.iter().zip(expected).position(|(a, b)| a != b).unwrap_or(expected.len());
        let place = Place::file(&sheet.csv()).row(1).column(&format!("#{}", at + 1));
        report.find(&rules::COLUMN_NOT_ALLOWED, place, sheet.header.len(), expected.len());
    }
    exact
}

/// Every label fits its column and looks like no identifier (law.md C-030 to C-032, C-043, C-044, C-047, C-051).
pub fn labels(sheet: &Sheet, known: &[&str], grammars: &[Grammar<'_>], report: &mut Report) {
    for (at, column) in sheet.columns.iter().enumerate() {
        let name = called(known, at, sheet.header.get(at).map_or("", String::as_str));
        let grammar = grammars.get(at);
        for (number, label) in column.labels.iter().enumerate() {
            let place = || Place::file(&sheet.csv()).row(file_row(column.first_row(number))).column(&name);
            if !matches!(grammar, Some(Grammar::Pid))
                && let Some((rule, kind)) = identifiers::look(label)
            {
                report.find(rule, place(), kind, "");
            }
            if let Some(Err(rule)) = grammar.map(|g| g.fits(label)) {
                report.find(rule, place(), "", "");
            }
        }
    }
}

/// The dictionary: class by file and column.
#[derive(Default)]
pub struct Dictionary(BTreeMap<(String, String), String>);

const CLASSES: [&str; 4] = ["direct", "quasi", "sensitive", "neutral"];

impl Dictionary {
    /// Reads `dictionary.csv`. `None`: it is none.
    pub fn read(folder: &Folder, encoding: Encoding, report: &mut Report) -> Option<Self> {
        let sheet = match Sheet::read(folder, "dictionary", encoding) {
            Ok(sheet) => sheet,
            Err(wrong) => {
                report.find(&rules::CSV_FORM, Place::file("dictionary.csv").row(wrong.row), wrong.what, "");
                return None;
            }
        };
        let (Some(file), Some(column), Some(class)) =
            (sheet.column("file"), sheet.column("column"), sheet.column("class"))
        else {
            let place = Place::file("dictionary.csv").row(1);
            report.find(&rules::CSV_FORM, place, "no file, column, class", "");
            return None;
        };
        let mut rows = BTreeMap::new();
        for row in 0..sheet.rows {
            let file = file.label(row).trim_end_matches(".csv").to_owned();
            let known = rows.insert((file, column.label(row).to_owned()), class.label(row).to_owned());
            if known.is_some() {
                let place = Place::file("dictionary.csv").row(file_row(row));
                report.find(&rules::DICTIONARY_EXTRA, place, "a row twice", "");
            }
        }
        Some(Self(rows))
    }

    /// Holds the dictionary against the files (law.md C-037): all columns, no other, none direct.
    pub fn check(&mut self, sheet: &Sheet, known: &[&str], report: &mut Report) {
        for (at, name) in sheet.header.iter().enumerate() {
            let place = Place::file(&sheet.csv()).row(1).column(&called(known, at, name));
            match self.0.remove(&(sheet.name.clone(), name.clone())).as_deref() {
                Some("direct") => report.find(&rules::COLUMN_DIRECT, place, "direct", ""),
                Some(class) if CLASSES.contains(&class) => {}
                _ => report.find(&rules::COLUMN_UNCLASSIFIED, place, "", CLASSES.join(" / ")),
            }
        }
    }

    /// Is the class of a column the policy's?
    pub fn class_is(&self, file: &str, column: &str, class: &str, report: &mut Report) {
        let told = self.0.get(&(file.to_owned(), column.to_owned()));
        if told.is_some_and(|told| told != class) {
            let place = Place::file("dictionary.csv").column(column);
            report.find(&rules::COLUMN_CLASS_DIFFERS, place, "", class);
        }
    }

    /// What is left is in no file.
    pub fn finish(self, columns: usize, report: &mut Report) {
        for _ in &self.0 {
            report.find(&rules::DICTIONARY_EXTRA, Place::file("dictionary.csv"), "", "");
        }
        report.ran("C-037", "区分された列", "columns classified", columns);
    }
}
