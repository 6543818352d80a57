//! Writing facts: sort, cut into row groups, encode on all cores, appear whole.
//!
//! The same units give the same bytes, whatever the order in which they come and the number of threads.

use std::collections::BTreeSet;
use std::path::Path;

use arrow_array::RecordBatch;
use musubi_model::fact::UnitFacts;
use musubi_model::{FactTable, SubmissionId};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves,
};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

use super::columns::Columns;
use super::files::{LakeFile, PARQUET, hold};
use super::row::{Row, Scratch, day_key};
use super::schema::{GROUP_ROWS_MAX, GROUP_ROWS_MIN, WRITE_SCHEMA, properties};
use crate::error::StorageError;
use crate::vault::part::{PartFile, WholePart};

/// A unit's facts and the bucket they are placed in.
#[derive(Debug, Clone, Copy)]
pub struct PlacedUnit<'a> {
    /// The bucket of the person.
    pub bucket: u16,
    /// The facts.
    pub unit: &'a UnitFacts,
}

/// Writes the facts of a part of a load: one file for each table that occurs, all of them or none.
///
/// Keep a [`hold`] on the folder from before this call until the files are catalogued. No units, no files.
pub fn write_part(folder: &Path, units: &[PlacedUnit<'_>]) -> Result<Vec<LakeFile>, StorageError> {
    let _hold = hold(folder)?;
    let sorted = Sorted::new(units)?;
    let tables: Vec<(FactTable, &Vec<u128>)> =
        FactTable::ALL.into_iter().zip(&sorted.tables).filter(|(_, keys)| !keys.is_empty()).collect();
    let written: Vec<(WholePart, LakeFile)> = tables
        .into_par_iter()
        .map(|(table, keys)| write_table(folder, table, &sorted, keys))
        .collect::<Result<_, _>>()?;
    // Only when every table is whole on the disk does the first one get its name.
    written.into_iter().map(|(part, file)| publish(part, file)).collect()
}

pub(super) fn publish(part: WholePart, file: LakeFile) -> Result<LakeFile, StorageError> {
    part.publish(PARQUET)?;
    Ok(file)
}

/// Where each fact goes. A key is, from the highest bits: rank of (bucket, identity), first day, place of the unit in
/// `units`, ordinal of the fact; 32 bits each. Its order is the order of the file, and it leads back to the fact.
struct Sorted<'a> {
    units: Vec<PlacedUnit<'a>>,
    tables: Vec<Vec<u128>>,
}

impl<'a> Sorted<'a> {
    fn new(units: &[PlacedUnit<'a>]) -> Result<Self, StorageError> {
        let too_many = || {
            StorageError::lake("sorting a part")(ParquetError::General(
                "more units or facts than can be numbered".to_owned(),
            ))
        };
        let mut units = units.to_vec();
        units.par_sort_unstable_by_key(|u| {
            let p = &u.unit.provenance;
            (u.bucket, p.identity, p.document, p.unit, p.submission)
        });
        let mut tables = vec![Vec::new(); FactTable::ALL.len()];
        let mut rank = 0u32;
        let mut before = None;
        for (place, placed) in units.iter().enumerate() {
            let place = u32::try_from(place).map_err(|_| too_many())?;
            let this = (placed.bucket, placed.unit.provenance.identity);
            if before.is_some_and(|b| b != this) {
                rank += 1;
            }
            before = Some(this);
            for (ordinal, fact) in placed.unit.facts.iter().enumerate() {
                let ordinal = u32::try_from(ordinal).map_err(|_| too_many())?;
                let day = day_key(fact.start.map(|d| d.to_days().0));
                let key = u128::from(rank) << 96
                    | u128::from(day) << 64
                    | u128::from(place) << 32
                    | u128::from(ordinal);
                if let Some(keys) = tables.get_mut(fact.table as usize) {
                    keys.push(key);
                }
            }
        }
        tables.par_iter_mut().for_each(|keys| keys.par_sort_unstable());
        Ok(Self { units, tables })
    }

    fn unit_of(&self, key: u128) -> Option<&PlacedUnit<'a>> {
        self.units.get(usize::try_from((key >> 32) & 0xffff_ffff).ok()?)
    }

    /// Cuts the keys of a table into row groups at bucket borders.
    fn groups<'k>(&self, keys: &'k [u128]) -> Vec<&'k [u128]> {
        let mut groups = Vec::new();
        let (mut from, mut bucket) = (0, None);
        for (at, key) in keys.iter().enumerate() {
            let this = self.unit_of(*key).map(|u| u.bucket);
            if closes(at - from, bucket != this) {
                groups.extend(keys.get(from..at));
                from = at;
            }
            bucket = this;
        }
        groups.extend(keys.get(from..).filter(|g| !g.is_empty()));
        groups
    }

    fn batch(&self, group: &[u128]) -> Result<RecordBatch, StorageError> {
        let mut columns = Columns::with_capacity(group.len());
        let mut scratch = Scratch::default();
        for key in group {
            let ordinal = u32::try_from(key & 0xffff_ffff).unwrap_or(u32::MAX);
            let row = self.unit_of(*key).and_then(|placed| {
                let fact = placed.unit.facts.get(usize::try_from(ordinal).ok()?)?;
                Row::of(placed.bucket, &placed.unit.provenance, ordinal, fact, &mut scratch)
            });
            let too_many = "a unit holds more facts than a fact's name can count";
            columns.push(&row.ok_or_else(|| {
                StorageError::lake("building a row group")(ParquetError::General(too_many.to_owned()))
            })?)?;
        }
        columns.take()
    }
}

/// Does a row group of `rows` end here?
pub(super) fn closes(rows: usize, at_border: bool) -> bool {
    rows >= GROUP_ROWS_MAX || (at_border && rows >= GROUP_ROWS_MIN)
}

fn write_table(
    folder: &Path,
    table: FactTable,
    sorted: &Sorted<'_>,
    keys: &[u128],
) -> Result<(WholePart, LakeFile), StorageError> {
    let mut file = TableFile::create(folder, table)?;
    let groups = sorted.groups(keys);
    // As many row groups at once as there are cores: enough to keep them busy, and memory stays bounded.
    for window in groups.chunks(rayon::current_num_threads().max(1)) {
        let first = file.groups;
        let encoded: Vec<_> = window
            .par_iter()
            .enumerate()
            .map(|(i, group)| encode(&file.factory, first + i, &sorted.batch(group)?))
            .collect::<Result<_, _>>()?;
        for chunks in encoded {
            file.append(chunks)?;
        }
    }
    let mut bounds = Bounds::default();
    for key in keys {
        let placed = sorted.unit_of(*key);
        let fact = placed.and_then(|p| p.unit.facts.get(usize::try_from(key & 0xffff_ffff).ok()?));
        if let Some((placed, fact)) = placed.zip(fact) {
            bounds.add(placed.bucket, fact.start.map(|d| d.to_days().0), placed.unit.provenance.submission);
        }
    }
    file.finish(bounds)
}

/// What the catalogue says of a file's rows.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    rows: u64,
    buckets: Option<(u16, u16)>,
    days: Option<(i32, i32)>,
    submissions: BTreeSet<SubmissionId>,
    last: Option<SubmissionId>,
}

impl Bounds {
    pub(super) fn add(&mut self, bucket: u16, day: Option<i32>, submission: SubmissionId) {
        self.rows += 1;
        let (low, high) = self.buckets.unwrap_or((bucket, bucket));
        self.buckets = Some((low.min(bucket), high.max(bucket)));
        if let Some(day) = day {
            let (low, high) = self.days.unwrap_or((day, day));
            self.days = Some((low.min(day), high.max(day)));
        }
        // Neighbours mostly come from one delivery.
        if self.last != Some(submission) {
            self.last = Some(submission);
            self.submissions.insert(submission);
        }
    }
}

/// A file of one table being written.
pub(super) struct TableFile {
    table: FactTable,
    writer: SerializedFileWriter<PartFile>,
    pub(super) factory: ArrowRowGroupWriterFactory,
    pub(super) groups: usize,
}

impl TableFile {
    pub(super) fn create(folder: &Path, table: FactTable) -> Result<Self, StorageError> {
        let part = PartFile::create(&folder.join(table.as_str()))?;
        // The embedded Arrow schema would only repeat what the Parquet schema says.
        let options =
            ArrowWriterOptions::new().with_properties(properties(table)?).with_skip_arrow_metadata(true);
        let (writer, factory) =
            ArrowWriter::try_new_with_options(part, std::sync::Arc::clone(&WRITE_SCHEMA), options)
                .and_then(ArrowWriter::into_serialized_writer)
                .map_err(StorageError::lake("beginning a file"))?;
        Ok(Self { table, writer, factory, groups: 0 })
    }

    /// Appends an encoded row group.
    pub(super) fn append(&mut self, chunks: Vec<ArrowColumnChunk>) -> Result<(), StorageError> {
        let doing = "writing a row group";
        let mut group = self.writer.next_row_group().map_err(StorageError::lake(doing))?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group).map_err(StorageError::lake(doing))?;
        }
        group.close().map_err(StorageError::lake(doing))?;
        self.groups += 1;
        Ok(())
    }

    /// Appends a row group of another file as it lies there.
    pub(super) fn append_raw(
        &mut self,
        from: &std::fs::File,
        columns: Vec<ColumnCloseResult>,
    ) -> Result<(), StorageError> {
        let doing = "copying a row group";
        let mut group = self.writer.next_row_group().map_err(StorageError::lake(doing))?;
        for column in columns {
            group.append_column(from, column).map_err(StorageError::lake(doing))?;
        }
        group.close().map_err(StorageError::lake(doing))?;
        self.groups += 1;
        Ok(())
    }

    /// Ends the successor of a file of which some rows were left out: what bounds the old one bounds it too.
    pub(super) fn finish_as(self, old: &LakeFile, rows: u64) -> Result<(WholePart, LakeFile), StorageError> {
        let whole = self.writer.into_inner().map_err(StorageError::lake("ending a file"))?.complete()?;
        let file = LakeFile { file_id: whole.name.clone(), bytes: whole.len, rows, ..old.clone() };
        Ok((whole, file))
    }

    /// Bytes of the row groups so far.
    pub(super) fn bytes(&self) -> u64 {
        u64::try_from(self.writer.bytes_written()).unwrap_or(u64::MAX)
    }

    /// Writes the footer and puts the file on the disk, still without its name.
    pub(super) fn finish(self, bounds: Bounds) -> Result<(WholePart, LakeFile), StorageError> {
        let whole = self.writer.into_inner().map_err(StorageError::lake("ending a file"))?.complete()?;
        let (bucket_min, bucket_max) = bounds.buckets.unwrap_or_default();
        let file = LakeFile {
            file_id: whole.name.clone(),
            table: self.table,
            bucket_min,
            bucket_max,
            rows: bounds.rows,
            bytes: whole.len,
            first_day: bounds.days.map(|d| d.0),
            last_day: bounds.days.map(|d| d.1),
            submissions: bounds.submissions.into_iter().collect(),
        };
        Ok((whole, file))
    }
}

/// Encodes and compresses a row group, its columns side by side.
pub(super) fn encode(
    factory: &ArrowRowGroupWriterFactory,
    index: usize,
    batch: &RecordBatch,
) -> Result<Vec<ArrowColumnChunk>, StorageError> {
    let doing = "encoding a row group";
    let writers = factory.create_column_writers(index).map_err(StorageError::lake(doing))?;
    let schema = batch.schema();
    writers
        .into_par_iter()
        .zip(schema.fields().par_iter().zip(batch.columns()))
        .map(|(mut writer, (field, array))| {
            for leaf in compute_leaves(field, array)? {
                writer.write(&leaf)?;
            }
            writer.close()
        })
        .collect::<Result<_, _>>()
        .map_err(StorageError::lake(doing))
}
