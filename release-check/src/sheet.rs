//! A file of data in memory (表): every column as numbers of its distinct labels, 4 bytes a cell.
//!
//! It must never change a label: what an attacker reads is what is checked.

use std::collections::HashMap;
use std::io::BufReader;

use crate::csv::{Encoding, Malformed, Records};
use crate::folder::Folder;

/// A column.
#[derive(Debug, Default)]
pub struct Column {
    /// The distinct labels, in the order of their first cells.
    pub labels: Vec<Box<str>>,
    /// For every row the number of its label.
    pub cells: Vec<u32>,
}

impl Column {
    /// The label of a row; empty when there is no such row.
    pub fn label(&self, row: usize) -> &str {
        self.cells.get(row).and_then(|c| self.labels.get(*c as usize)).map_or("", |l| l)
    }

    /// The first row with a label, by the label's number.
    pub fn first_row(&self, label: usize) -> usize {
        self.cells.iter().position(|c| *c as usize == label).unwrap_or(0)
    }
}

/// A file of data.
#[derive(Debug, Default)]
pub struct Sheet {
    /// Its name without ending.
    pub name: String,
    /// The names of its columns.
    pub header: Vec<String>,
    /// The columns.
    pub columns: Vec<Column>,
    /// Rows without the header.
    pub rows: usize,
}

/// The row of the file in which row `at` of a sheet stands: the first is the header.
pub fn file_row(at: usize) -> usize {
    at + 2
}

impl Sheet {
    /// The name of the CSV.
    pub fn csv(&self) -> String {
        format!("{}.csv", self.name)
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.header.iter().position(|h| h == name).and_then(|at| self.columns.get(at))
    }

    /// Reads `NAME.csv`.
    ///
    /// # Errors
    /// The first row that is malformed.
    pub fn read(folder: &Folder, name: &str, encoding: Encoding) -> Result<Self, Malformed> {
        let none = Malformed { row: 1, what: "the file cannot be read" };
        let file = folder.file(&format!("{name}.csv")).ok_or(none)?;
        let mut records = Records::new(BufReader::with_capacity(1 << 18, file), encoding)?;
        let mut fields = Vec::new();
        if !records.next(&mut fields)? {
            return Err(Malformed { row: 1, what: "no header" });
        }
        let no_text = |row| Malformed { row, what: "bytes that are no text" };
        let header: Option<Vec<String>> = fields.iter().map(|f| records.decode(f)).collect();
        let header = header.ok_or_else(|| no_text(1))?;
        let mut columns: Vec<Column> = header.iter().map(|_| Column::default()).collect();
        let mut known: Vec<HashMap<Box<[u8]>, u32>> = header.iter().map(|_| HashMap::new()).collect();
        let mut rows = 0;
        while records.next(&mut fields)? {
            if fields.len() != columns.len() {
                let what = "another number of columns than the header";
                return Err(Malformed { row: records.row, what });
            }
            rows += 1;
            for ((field, column), known) in fields.iter().zip(&mut columns).zip(&mut known) {
                let number = match known.get(field.as_slice()) {
                    Some(number) => *number,
                    None => {
                        let label = records.decode(field).ok_or_else(|| no_text(records.row))?;
                        let too_many =
                            Malformed { row: records.row, what: "more labels than can be told apart" };
                        let number = u32::try_from(column.labels.len()).map_err(|_| too_many)?;
                        column.labels.push(label.into_boxed_str());
                        known.insert(field.clone().into_boxed_slice(), number);
                        number
                    }
                };
                column.cells.push(number);
            }
        }
        Ok(Self { name: name.to_owned(), header, columns, rows })
    }
}
