//! Taking persons out of a file (削除): only the row groups that hold them are decoded and encoded anew, all others are
//! copied as they are. The old file is then overwritten where they stood, and unlinked.
//!
//! Never changes a fact of anybody else, and never copies damage under a new name.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use musubi_model::{IdentityId, SubmissionId};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use rayon::prelude::*;

use super::columns::Columns;
use super::files::{LakeFile, PARQUET, hold, verify};
use super::read::FactRow;
use super::scan::{Opened, Rows};
use super::schema::{Column, ColumnSet};
use super::write::{TableFile, encode, publish};
use crate::error::StorageError;
use crate::vault::part::scrub_file;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8 << 10;

/// Which facts go.
#[derive(Debug, Clone, Copy)]
pub struct Gone<'a> {
    /// Facts of these identities.
    pub identities: &'a BTreeSet<IdentityId>,
    /// And all facts of this delivery.
    pub submission: Option<SubmissionId>,
}

impl Gone<'_> {
    fn has(&self, row: &FactRow<'_>) -> bool {
        self.identities.contains(&row.identity()) || self.submission.is_some_and(|s| s == row.submission())
    }

    /// The columns by which it is decided.
    fn columns(&self) -> ColumnSet {
        let columns = ColumnSet::of(&[Column::Bucket, Column::IdentityId]);
        if self.submission.is_some() { columns.with(Column::SubmissionId) } else { columns }
    }
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The file that takes its place; `None`: nothing was left.
    pub new: Option<LakeFile>,
    /// Facts that are gone.
    pub rows_removed: u64,
    /// Row groups of the old file.
    pub groups: usize,
    /// Of those: decoded and encoded anew.
    pub groups_encoded: usize,
    /// Bytes of the row groups that held them.
    pub bytes_encoded: u64,
    /// Where they stood in the old file.
    pub places: Vec<Range<u64>>,
}

/// Which of these files hold such facts: bytes of the file and how many facts are to go. Writes nothing.
pub fn count_some(
    folder: &Path,
    files: &[LakeFile],
    gone: &Gone<'_>,
) -> Result<Vec<(u64, u64)>, StorageError> {
    let counted = files.par_iter().map(|file| {
        let rows: u64 = held(&file.path(folder)?, file, gone)?.iter().map(|(_, rows)| rows).sum();
        Ok((file.bytes, rows))
    });
    let counted: Vec<(u64, u64)> = counted.collect::<Result<_, StorageError>>()?;
    Ok(counted.into_iter().filter(|(_, rows)| *rows > 0).collect())
}

/// Writes the file anew without them. `None`: it holds nothing of them, and nothing was written.
///
/// Keep a [`hold`] on the folder until the catalogue names the new file; then [`scrub`] the old one.
pub fn erase(folder: &Path, file: &LakeFile, gone: &Gone<'_>) -> Result<Option<Rewritten>, StorageError> {
    let path = file.path(folder)?;
    let held = held(&path, file, gone)?;
    if held.is_empty() {
        return Ok(None);
    }
    let _hold = hold(folder)?;
    verify(folder, file)?;
    let touched: BTreeSet<usize> = held.iter().map(|(group, _)| *group).collect();
    let removed: u64 = held.iter().map(|(_, rows)| rows).sum();
    let source = Opened::new(&path, file.table, true)?;
    let mut done = Rewritten {
        new: None,
        rows_removed: removed,
        groups: source.groups(),
        groups_encoded: touched.len(),
        bytes_encoded: 0,
        places: Vec::new(),
    };
    let mut out = None;
    for index in 0..source.groups() {
        let Some(group) = source.group(index) else { continue };
        if touched.contains(&index) {
            done.places.push(place(group));
            done.bytes_encoded += u64::try_from(group.compressed_size()).unwrap_or(0);
            let columns = left_of(&path, file, index, gone)?;
            let Some(batch) = columns else { continue };
            let out = writer(&mut out, folder, file)?;
            let chunks = encode(&out.factory, out.groups, &batch)?;
            out.append(chunks)?;
        } else {
            let chunks = copied(&source, index, group)?;
            writer(&mut out, folder, file)?.append_raw(source.file(), chunks)?;
        }
    }
    if let Some(out) = out {
        let (part, new) = out.finish_as(file, file.rows.saturating_sub(removed))?;
        done.new = Some(publish(part, new)?);
    } else if file.rows != removed {
        return Err(damaged(file, "rows are missing that were to stay"));
    }
    Ok(Some(done))
}

/// [`erase`] for several files side by side, in their order; only those that held something of them.
pub fn erase_some<'f>(
    folder: &Path,
    files: &'f [LakeFile],
    gone: &Gone<'_>,
) -> Result<Vec<(&'f LakeFile, Rewritten)>, StorageError> {
    let done: Vec<_> =
        files.par_iter().map(|f| Ok((f, erase(folder, f, gone)?))).collect::<Result<_, StorageError>>()?;
    Ok(done.into_iter().filter_map(|(file, rewritten)| Some((file, rewritten?))).collect())
}

fn writer<'w>(
    out: &'w mut Option<TableFile>,
    folder: &Path,
    file: &LakeFile,
) -> Result<&'w mut TableFile, StorageError> {
    Ok(match out {
        Some(out) => out,
        none => none.insert(TableFile::create(folder, file.table)?),
    })
}

/// The row groups that hold something of them, and how many rows. Pages that cannot are not decoded.
fn held(path: &Path, file: &LakeFile, gone: &Gone<'_>) -> Result<Vec<(usize, u64)>, StorageError> {
    let by_identity = Rows { buckets: 0..=u16::MAX, identities: Some(gone.identities) };
    let rows = if gone.submission.is_some() { Rows::all() } else { by_identity };
    let looked = Opened::new(path, file.table, true)?;
    let mut held = Vec::new();
    for group in 0..looked.groups() {
        let plan = looked.plan_of(group, &rows);
        if plan.rows() == 0 {
            continue;
        }
        let mut scan = Opened::new(path, file.table, true)?.read(&plan, gone.columns(), BATCH_ROWS)?;
        let mut found = 0u64;
        while let Some(batch) = scan.next()? {
            let mut count = |index| gone.has(&FactRow::new(&batch, index, file.table));
            found += (0..batch.rows()).map(&mut count).map(u64::from).sum::<u64>();
            batch.check_asked()?;
        }
        if found > 0 {
            held.push((group, found));
        }
    }
    Ok(held)
}

/// What is left of a row group, decoded. `None`: nothing.
fn left_of(
    path: &Path,
    file: &LakeFile,
    group: usize,
    gone: &Gone<'_>,
) -> Result<Option<arrow_array::RecordBatch>, StorageError> {
    let opened = Opened::new(path, file.table, false)?;
    let plan = opened.plan_group(group);
    let mut columns = Columns::with_capacity(plan.rows());
    let mut scan = opened.read(&plan, ColumnSet::ALL, BATCH_ROWS)?;
    while let Some(batch) = scan.next()? {
        for index in 0..batch.rows() {
            let row = FactRow::new(&batch, index, file.table);
            if !gone.has(&row) {
                columns.push(&row.row())?;
            }
        }
        batch.check_asked()?;
    }
    if columns.rows() == 0 { Ok(None) } else { columns.take().map(Some) }
}

/// The encoded columns of a row group with their page indexes, to be written as they are.
fn copied(
    source: &Opened,
    index: usize,
    group: &RowGroupMetaData,
) -> Result<Vec<ColumnCloseResult>, StorageError> {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    group
        .columns()
        .iter()
        .enumerate()
        .map(|(place, column)| {
            // A copy without its index of pages would be another file than the writer makes, and slow to read.
            let (column_index, offset_index) = source.page_index(index, place);
            let offsets = offset_index.ok_or_else(|| no_index("a page index is missing"))?;
            Ok(ColumnCloseResult {
                bytes_written: count(column.compressed_size()),
                rows_written: count(group.num_rows()),
                metadata: column.clone(),
                bloom_filter: None,
                column_index,
                offset_index: Some(offsets),
            })
        })
        .collect()
}

/// The bytes of a row group in its file.
fn place(group: &RowGroupMetaData) -> Range<u64> {
    let ranges: Vec<(u64, u64)> = group.columns().iter().map(ColumnChunkMetaData::byte_range).collect();
    let start = ranges.iter().map(|(start, _)| *start).min().unwrap_or(0);
    start..ranges.iter().map(|(start, len)| start + len).max().unwrap_or(start)
}

/// Overwrites the old file and unlinks it. With `places`, only there: what else it holds lies in its successor anyhow.
/// A file that is gone already is none. Says how many bytes were overwritten.
///
/// What the file system or the disk itself keeps of overwritten blocks is out of reach: see `docs/erasure.md`.
pub fn scrub(folder: &Path, file: &LakeFile, places: Option<&[Range<u64>]>) -> Result<u64, StorageError> {
    scrub_file(&file.path(folder)?, places)
}

/// The ids of every file that lies in a lake's folder, catalogued or not, by table.
pub fn on_disk(folder: &Path) -> Result<Vec<(musubi_model::FactTable, String, u64)>, StorageError> {
    let mut found = Vec::new();
    for table in musubi_model::FactTable::ALL {
        for path in crate::vault::part::files_in(&folder.join(table.as_str()))? {
            if path.extension().is_some_and(|e| e == PARQUET) {
                let bytes = std::fs::metadata(&path)
                    .map_err(StorageError::io("looking at a lake file", &path))?
                    .len();
                found.push((
                    table,
                    path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                    bytes,
                ));
            }
        }
    }
    Ok(found)
}

fn no_index(what: &str) -> StorageError {
    StorageError::lake("copying a row group")(ParquetError::General(what.to_owned()))
}

fn damaged(file: &LakeFile, what: &str) -> StorageError {
    StorageError::Damaged(format!("lake file {}: {what}", file.file_id))
}
