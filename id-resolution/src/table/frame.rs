//! The table as numbers: every distinct text once, rows in an order that their content decides.

// Indices are value ids, rows and columns handed out by this module; none comes from input.
#![allow(clippy::indexing_slicing)]

use std::collections::BTreeMap;

use super::config::Plan;
use super::csv::Sheet;
use super::level::Value;
use super::transform::apply_all;

/// Why a table does not fit its configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A column the configuration names is not in the table.
    #[error("列「{wanted}」がありません(ある列: {})/ there is no column `{wanted}` (there are: {})", found.join(", "), found.join(", "))]
    Missing {
        /// Its name.
        wanted: String,
        /// The columns there are.
        found: Vec<String>,
    },
    /// Two rows have one record id.
    #[error(
        "記録番号が重複しています({first} 件目と {second} 件目の行)/ rows {first} and {second} have the same record id"
    )]
    Twice {
        /// Row (first is 1).
        first: usize,
        /// Row.
        second: usize,
    },
    /// A row has no record id.
    #[error("{row} 件目の行に記録番号がありません / row {row} has no record id")]
    NoId {
        /// Row (first is 1).
        row: usize,
    },
    /// More rows than a number of 32 bits counts.
    #[error("行が多すぎます / too many rows")]
    TooMany,
}

/// The table, ready.
#[derive(Debug)]
pub struct Frame {
    /// Record ids, in the order of rows here.
    pub ids: Vec<String>,
    /// Row of the table for each row here.
    pub origin: Vec<usize>,
    /// Distinct texts of all columns, ascending; 0 is the empty one.
    pub values: Vec<Value>,
    /// Value of column and row.
    pub cells: Vec<Vec<u32>>,
    /// How often each value stands in each column.
    pub counts: Vec<Vec<u32>>,
    /// Source of each row (all 0 without sources).
    pub source: Vec<u32>,
    /// Rows in which nothing that is compared is filled.
    pub blank: usize,
}

impl Frame {
    /// Lays a table out.
    ///
    /// # Errors
    /// When it lacks a column, or ids are missing or twice.
    pub fn new(sheet: &Sheet, plan: &Plan) -> Result<Self, Unfit> {
        let find = |name: &str| {
            sheet
                .header
                .iter()
                .position(|h| h == name)
                .ok_or_else(|| Unfit::Missing { wanted: name.to_owned(), found: sheet.header.clone() })
        };
        let id = find(&plan.id)?;
        let source = plan.source.as_deref().map(find).transpose()?;
        let from: Vec<Vec<usize>> = plan
            .columns
            .iter()
            .map(|c| c.from.iter().map(|f| find(f)).collect())
            .collect::<Result<_, _>>()?;
        if u32::try_from(sheet.rows.len()).is_err() {
            return Err(Unfit::TooMany);
        }
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (row, cells) in sheet.rows.iter().enumerate() {
            let id = cells[id].trim();
            if id.is_empty() {
                return Err(Unfit::NoId { row: row + 1 });
            }
            if let Some(first) = seen.insert(id, row + 1) {
                return Err(Unfit::Twice { first, second: row + 1 });
            }
        }
        let texts: Vec<Vec<String>> = plan
            .columns
            .iter()
            .zip(&from)
            .map(|(column, from)| {
                let cell = |row: &Vec<String>| {
                    let mut filled = from.iter().map(|f| row[*f].trim()).filter(|t| !t.is_empty());
                    let text = if column.first {
                        filled.next().unwrap_or_default().to_owned()
                    } else {
                        filled.collect::<Vec<_>>().join(" ")
                    };
                    apply_all(&column.steps, &text)
                };
                sheet.rows.iter().map(cell).collect()
            })
            .collect();
        let values = distinct(&texts);
        let number = |text: &String| values.binary_search(text).unwrap_or(0) as u32;
        let cells: Vec<Vec<u32>> = texts.iter().map(|c| c.iter().map(number).collect()).collect();
        let sources: Vec<&str> = sheet.rows.iter().map(|r| source.map_or("", |s| r[s].trim())).collect();
        let mut names = sources.clone();
        names.sort_unstable();
        names.dedup();
        let source: Vec<u32> = sources.iter().map(|s| names.binary_search(s).unwrap_or(0) as u32).collect();

        // Rows in the order of their content, then of their ids: the order of the file says nothing.
        let mut origin: Vec<usize> = (0..sheet.rows.len()).collect();
        origin.sort_by(|a, b| {
            let key = |r: usize| cells.iter().map(move |c| c[r]);
            key(*a).cmp(key(*b)).then_with(|| sheet.rows[*a][id].trim().cmp(sheet.rows[*b][id].trim()))
        });
        let cells: Vec<Vec<u32>> = cells.iter().map(|c| origin.iter().map(|r| c[*r]).collect()).collect();
        let counts = cells.iter().map(|c| count(c, values.len())).collect();
        let compared: Vec<usize> = plan.compare.iter().map(|c| c.on).collect();
        let blank = (0..origin.len()).filter(|r| compared.iter().all(|c| cells[*c][*r] == 0)).count();
        Ok(Self {
            ids: origin.iter().map(|r| sheet.rows[*r][id].trim().to_owned()).collect(),
            source: origin.iter().map(|r| source[*r]).collect(),
            values: values.into_iter().map(Value::new).collect(),
            origin,
            cells,
            counts,
            blank,
        })
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// No rows at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

fn distinct(texts: &[Vec<String>]) -> Vec<String> {
    let mut values: Vec<String> = texts.iter().flatten().cloned().collect();
    values.push(String::new());
    values.sort_unstable();
    values.dedup();
    values
}

fn count(cells: &[u32], values: usize) -> Vec<u32> {
    let mut n = vec![0; values];
    for c in cells {
        n[*c as usize] += 1;
    }
    n
}
