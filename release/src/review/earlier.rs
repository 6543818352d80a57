//! What earlier releases told of the same (過去の提供との差): tables cell against cell, rows column against column, and how
//! many persons are in both, as counts. It must never name a person, and never tell a count of few.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use musubi_model::spec::Product;
use musubi_storage::registry::ReleaseDb;
use musubi_storage::release::LedgerRow;
use musubi_storage::release_ledger::{ColumnSaid, RowsSaid};

use super::table::{self, TableLook};
use super::{FileLook, voted_files};
use crate::error::ReleaseError;
use crate::manifest::Manifest;

/// A table of this release beside one of an earlier release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableBeside {
    /// The earlier release.
    pub release: String,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// To whom it went, by id; empty: unknown.
    pub recipients: Vec<String>,
    /// The file here.
    pub file: String,
    /// The file there.
    pub earlier_file: String,
    /// Cells with the same labels that both show.
    pub both: u64,
    /// Of them, cells that differ.
    pub differ: u64,
    /// Of them, cells whose difference is of few persons.
    pub few: u64,
    /// Shown here, hidden there.
    pub opened: u64,
    /// Hidden here, shown there.
    pub closed: u64,
}

/// A column of rows beside an earlier release's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnBeside {
    /// The file, without ending.
    pub file: String,
    /// The column.
    pub column: String,
    /// The finest level told here and there; 0 is the value itself.
    pub levels: (u32, u32),
}

/// Rows of this release beside those of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsBeside {
    /// The earlier release.
    pub release: String,
    /// Its product.
    pub product: String,
    /// To whom it went, by id; empty: unknown.
    pub recipients: Vec<String>,
    /// Was the same cohort asked for?
    pub same_cohort: bool,
    /// Does a recipient get both, or may one?
    pub same_recipient: bool,
    /// Do the periods overlap?
    pub same_time: bool,
    /// Identities in both; `None`: fewer than are told.
    pub shared: Option<u64>,
    /// Columns that both tell.
    pub columns: Vec<ColumnBeside>,
    /// Columns that are told here only.
    pub new_columns: Vec<String>,
}

/// What earlier releases told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Of tables.
    pub tables: Vec<TableBeside>,
    /// Of rows.
    pub rows: Vec<RowsBeside>,
}

/// Looks at everything that left before.
pub(super) fn look(
    db: &mut ReleaseDb,
    row: &LedgerRow,
    manifest: &Manifest,
    files: &[FileLook],
    least: u64,
) -> Result<Earlier, ReleaseError> {
    if manifest.product == Product::Statistics {
        Ok(Earlier { tables: tables(db, row, files, least)?, rows: Vec::new() })
    } else {
        Ok(Earlier { tables: Vec::new(), rows: rows(db, row)? })
    }
}

fn before(a: &LedgerRow, b: &LedgerRow) -> bool {
    (a.sealed_at, &a.release_id) < (b.sealed_at, &b.release_id)
}

fn tables(
    db: &mut ReleaseDb,
    row: &LedgerRow,
    files: &[FileLook],
    least: u64,
) -> Result<Vec<TableBeside>, ReleaseError> {
    let mut found = Vec::new();
    for old in db.ledger()?.into_iter().filter(|old| before(old, row)) {
        let manifest: Manifest = serde_json::from_str(&old.manifest)
            .map_err(|_| ReleaseError::Internal("a manifest of the ledger cannot be read"))?;
        if manifest.product != Product::Statistics {
            continue;
        }
        let voted = voted_files(manifest.files.iter().map(|f| f.name.as_str()));
        for (name, content) in db.published_files(&old.release_id)? {
            if !voted.contains(&name) || !name.ends_with(".csv") {
                continue;
            }
            let there = table::read(&content)?;
            for (file, here) in files.iter().filter_map(|f| Some((f, f.table.as_ref()?))) {
                if here.labels == there.labels && here.count == there.count {
                    found.push(TableBeside {
                        release: old.release_id.clone(),
                        sealed_at: old.sealed_at,
                        recipients: manifest.recipients.clone(),
                        file: file.name.clone(),
                        earlier_file: name.clone(),
                        ..compared(here, &there, least)
                    });
                }
            }
        }
    }
    Ok(found)
}

/// Cell against cell.
fn compared(here: &TableLook, there: &TableLook, least: u64) -> TableBeside {
    let old: HashMap<&[String], Option<u64>> =
        there.cells.iter().map(|c| (c.labels.as_slice(), c.shown)).collect();
    let mut beside = TableBeside {
        release: String::new(),
        sealed_at: Timestamp::UNIX_EPOCH,
        recipients: Vec::new(),
        file: String::new(),
        earlier_file: String::new(),
        both: 0,
        differ: 0,
        few: 0,
        opened: 0,
        closed: 0,
    };
    for cell in &here.cells {
        match (cell.shown, old.get(cell.labels.as_slice())) {
            (Some(a), Some(Some(b))) => {
                let difference = a.abs_diff(*b);
                beside.both += 1;
                beside.differ += u64::from(difference > 0);
                beside.few += u64::from((1..least).contains(&difference));
            }
            (Some(_), Some(None)) => beside.opened += 1,
            (None, Some(Some(_))) => beside.closed += 1,
            (None, Some(None)) | (_, None) => {}
        }
    }
    beside
}

fn rows(db: &mut ReleaseDb, row: &LedgerRow) -> Result<Vec<RowsBeside>, ReleaseError> {
    let all = db.earlier_rows(&BTreeSet::new())?;
    let shared: BTreeMap<String, u64> = db.shared_persons(&row.release_id)?;
    let Some(at) = all.iter().position(|r| r.release_id == row.release_id) else { return Ok(Vec::new()) };
    let Some(own) = all.get(at) else { return Ok(Vec::new()) };
    Ok(all.iter().take(at).map(|old| rows_beside(own, old, shared.get(&old.release_id).copied())).collect())
}

fn rows_beside(own: &RowsSaid, old: &RowsSaid, shared: Option<u64>) -> RowsBeside {
    let key = |c: &ColumnSaid| (c.file.clone(), c.column.clone());
    let there: BTreeMap<(String, String), u32> = old.columns.iter().map(|c| (key(c), c.finest)).collect();
    let (mut columns, mut new_columns) = (Vec::new(), Vec::new());
    for c in &own.columns {
        match there.get(&key(c)) {
            Some(level) => columns.push(ColumnBeside {
                file: c.file.clone(),
                column: c.column.clone(),
                levels: (c.finest, *level),
            }),
            None => new_columns.push(format!("{}.{}", c.file, c.column)),
        }
    }
    let unknown = own.recipients.is_empty() || old.recipients.is_empty();
    RowsBeside {
        release: old.release_id.clone(),
        product: old.product.clone(),
        recipients: old.recipients.iter().cloned().collect(),
        same_cohort: own.cohort_hash == old.cohort_hash,
        same_recipient: unknown || !own.recipients.is_disjoint(&old.recipients),
        same_time: own.from <= old.to && old.from <= own.to,
        shared,
        columns,
        new_columns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_of_few_persons_is_found() {
        let table = |cells: &str| table::read(format!("\u{feff}性別,人数\r\n{cells}").as_bytes()).unwrap();
        let here = table("計,120\r\n男,*\r\n女,100\r\n不明,20\r\n");
        let there = table("計,117\r\n男,60\r\n女,100\r\n不明,*\r\n");
        let found = compared(&here, &there, 10);
        assert_eq!((found.both, found.differ, found.few, found.opened, found.closed), (2, 1, 1, 1, 1));
        assert_eq!(compared(&here, &here, 10).differ, 0);
    }
}
