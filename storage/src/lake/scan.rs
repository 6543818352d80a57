//! Opening a file for reading: which row groups and pages are wanted, and batches with typed columns.
//!
//! Skips by what the file says of its own parts; what is skipped this way is never needed, what is left is looked at
//! row by row by the caller.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::File;
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array as _, ArrayRef, FixedSizeBinaryArray, Int32Array, RecordBatch, StringViewArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::SchemaRef;
use musubi_model::{FactTable, IdentityId};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::reader::ChunkReader as _;
use parquet::file::statistics::Statistics;

use super::schema::{Column, ColumnSet, Kind, LAYOUT, LAYOUT_KEY, READ_SCHEMA, TABLE_KEY};
use crate::error::StorageError;

/// How the header of a page begins that is a dictionary (2) of no bytes (0), in Thrift's compact form.
const EMPTY_DICTIONARY: [u8; 4] = [0x15, 0x04, 0x15, 0x00];
/// A column of nothing takes a few bytes for each page; larger ones are not looked at.
const EMPTY_TEXTS_BYTES: i64 = 4096;

/// Which rows a scan is about.
#[derive(Debug, Clone)]
pub(super) struct Rows<'a> {
    pub(super) buckets: RangeInclusive<u16>,
    pub(super) identities: Option<&'a BTreeSet<IdentityId>>,
}

impl Rows<'_> {
    /// All rows.
    pub(super) fn all() -> Self {
        Self { buckets: 0..=u16::MAX, identities: None }
    }

    /// Is there nothing to leave out?
    pub(super) fn is_all(&self) -> bool {
        self.identities.is_none() && self.buckets == (0..=u16::MAX)
    }

    fn may_hold_buckets(&self, low: i32, high: i32) -> bool {
        low <= i32::from(*self.buckets.end()) && high >= i32::from(*self.buckets.start())
    }

    fn may_hold_identities(&self, low: &[u8], high: &[u8]) -> bool {
        let Some(wanted) = self.identities else { return true };
        match (IdentityId::from_slice(low), IdentityId::from_slice(high)) {
            (Some(low), Some(high)) if low <= high => wanted.range(low..=high).next().is_some(),
            // Bounds that cannot be understood exclude nothing.
            _ => true,
        }
    }
}

/// A file opened for reading.
pub(super) struct Opened {
    file: File,
    metadata: ArrowReaderMetadata,
}

/// What of a file is left to read.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Row groups.
    pub(super) groups: Vec<usize>,
    /// Runs of rows, counted from the first row of the first of `groups`.
    ranges: Vec<Range<usize>>,
    /// Rows of all `groups`.
    total: usize,
}

impl Plan {
    /// Rows that will be decoded.
    pub(super) fn rows(&self) -> usize {
        self.ranges.iter().map(Range::len).sum()
    }
}

impl Opened {
    /// Opens a file and checks that it is one of ours, of this table.
    pub(super) fn new(path: &Path, table: FactTable, pages: bool) -> Result<Self, StorageError> {
        Self::as_schema(path, table, pages, &READ_SCHEMA)
    }

    /// As [`Self::new`], with the columns held as `schema` says.
    pub(super) fn as_schema(
        path: &Path,
        table: FactTable,
        pages: bool,
        schema: &SchemaRef,
    ) -> Result<Self, StorageError> {
        let file = File::open(path).map_err(StorageError::io("opening a lake file", path))?;
        let policy = if pages { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
        let options =
            ArrowReaderOptions::new().with_schema(Arc::clone(schema)).with_page_index_policy(policy);
        let metadata =
            ArrowReaderMetadata::load(&file, options).map_err(StorageError::lake("opening a lake file"))?;
        let said = |key: &str| {
            let pairs = metadata.metadata().file_metadata().key_value_metadata();
            pairs.into_iter().flatten().find(|kv| kv.key == key).and_then(|kv| kv.value.as_deref())
        };
        if said(LAYOUT_KEY) != Some(LAYOUT) || said(TABLE_KEY) != Some(table.as_str()) {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            return Err(StorageError::Damaged(format!("lake file {name}: another table or layout")));
        }
        Ok(Self { file, metadata })
    }

    /// The same file opened again, without reading its metadata again: for another task.
    pub(super) fn again(&self, path: &Path) -> Result<Self, StorageError> {
        let file = File::open(path).map_err(StorageError::io("opening a lake file", path))?;
        Ok(Self { file, metadata: self.metadata.clone() })
    }

    fn parquet(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }

    /// All of one row group.
    pub(super) fn plan_group(&self, group: usize) -> Plan {
        let count = self.parquet().row_groups().get(group).map_or(0, RowGroupMetaData::num_rows);
        let total = usize::try_from(count).unwrap_or(0);
        Plan { groups: vec![group], ranges: whole(total), total }
    }

    /// What of one row group must be read for these rows.
    pub(super) fn plan_of(&self, group: usize, rows: &Rows<'_>) -> Plan {
        let Some(metadata) = self.parquet().row_groups().get(group) else { return Plan::default() };
        let total = usize::try_from(metadata.num_rows()).unwrap_or(0);
        let ranges = if rows.is_all() { whole(total) } else { self.pages(group, total, rows) };
        Plan { groups: vec![group], ranges, total }
    }

    /// What the file says of a row group.
    pub(super) fn group(&self, group: usize) -> Option<&RowGroupMetaData> {
        self.parquet().row_groups().get(group)
    }

    /// Those of `columns` that are texts and certainly hold none in a row group: their dictionary is empty. To decode
    /// them would cost more than those that hold something.
    pub(super) fn empty_texts(&self, group: usize, columns: ColumnSet) -> ColumnSet {
        let chunk = |c: Column| self.group(group)?.columns().get(c.index());
        let is_empty = |c: &Column| {
            let small = chunk(*c).filter(|m| m.uncompressed_size() < EMPTY_TEXTS_BYTES);
            let at = small.and_then(|m| u64::try_from(m.dictionary_page_offset()?).ok());
            let head = at.and_then(|at| self.file.get_bytes(at, EMPTY_DICTIONARY.len()).ok());
            head.is_some_and(|head| *head == EMPTY_DICTIONARY)
        };
        let texts = columns.iter().filter(|c| c.kind() == Kind::Text);
        texts.filter(is_empty).fold(ColumnSet::default(), ColumnSet::with)
    }

    /// The page indexes of a column of a row group, when the file was opened with pages.
    pub(super) fn page_index(
        &self,
        group: usize,
        column: usize,
    ) -> (Option<ColumnIndexMetaData>, Option<OffsetIndexMetaData>) {
        let index = self.parquet().page_index_for_row_group(group);
        (index.column_index(column).cloned(), index.offset_index(column).cloned())
    }

    /// The file itself, to copy from.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Row groups of the file.
    pub(super) fn groups(&self) -> usize {
        self.parquet().num_row_groups()
    }

    /// What must be read for these rows, by the statistics of row groups and, when opened with pages, of pages.
    pub(super) fn plan(&self, rows: &Rows<'_>) -> Plan {
        let mut plan = Plan::default();
        for (index, group) in self.parquet().row_groups().iter().enumerate() {
            let count = usize::try_from(group.num_rows()).unwrap_or(0);
            let bounds = |c: Column| group.columns().get(c.index()).and_then(|c| c.statistics());
            let bucket = match bounds(Column::Bucket) {
                Some(Statistics::Int32(s)) => s.min_opt().zip(s.max_opt()),
                _ => None,
            };
            let identity = bounds(Column::IdentityId).and_then(|s| s.min_bytes_opt().zip(s.max_bytes_opt()));
            let wanted = bucket.is_none_or(|(low, high)| rows.may_hold_buckets(*low, *high))
                && identity.is_none_or(|(low, high)| rows.may_hold_identities(low, high));
            if !wanted {
                continue;
            }
            let base = plan.total;
            plan.groups.push(index);
            plan.total += count;
            let runs = if rows.is_all() { whole(count) } else { self.pages(index, count, rows) };
            plan.ranges.extend(runs.into_iter().map(|r| r.start + base..r.end + base));
        }
        plan
    }

    /// The rows of a row group that its pages do not rule out.
    fn pages(&self, group: usize, count: usize, rows: &Rows<'_>) -> Vec<Range<usize>> {
        let index = self.parquet().page_index_for_row_group(group);
        let of = |column: Column, may_hold: &dyn Fn(&ColumnIndexMetaData, usize) -> bool| {
            let (Some(values), Some(places)) =
                (index.column_index(column.index()), index.offset_index(column.index()))
            else {
                return whole(count);
            };
            let starts =
                places.page_locations().iter().map(|p| usize::try_from(p.first_row_index).unwrap_or(0));
            let ends = starts.clone().skip(1).chain([count]);
            starts
                .zip(ends)
                .enumerate()
                .filter(|(i, _)| may_hold(values, *i))
                .map(|(_, (s, e))| s..e)
                .collect()
        };
        let by_bucket = of(Column::Bucket, &|values, i| match values {
            ColumnIndexMetaData::INT32(v) => v
                .min_value(i)
                .zip(v.max_value(i))
                .is_none_or(|(low, high)| rows.may_hold_buckets(*low, *high)),
            _ => true,
        });
        let by_identity = of(Column::IdentityId, &|values, i| match values {
            ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(v) => v
                .min_value(i)
                .zip(v.max_value(i))
                .is_none_or(|(low, high)| rows.may_hold_identities(low, high)),
            _ => true,
        });
        overlap(&by_bucket, &by_identity)
    }

    /// Reads what is planned. `batch_rows`: rows decoded at a time.
    pub(super) fn read(
        self,
        plan: &Plan,
        columns: ColumnSet,
        batch_rows: usize,
    ) -> Result<Scan, StorageError> {
        self.batches(plan, columns, batch_rows).map(|reader| Scan { reader, columns })
    }

    /// As [`Self::read`], as Arrow holds it.
    pub(super) fn batches(
        self,
        plan: &Plan,
        columns: ColumnSet,
        batch_rows: usize,
    ) -> Result<ParquetRecordBatchReader, StorageError> {
        let mask = ProjectionMask::leaves(
            self.parquet().file_metadata().schema_descr(),
            columns.iter().map(Column::index),
        );
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.file, self.metadata)
            .with_batch_size(batch_rows)
            .with_projection(mask)
            .with_row_groups(plan.groups.clone());
        let builder = if plan.rows() == plan.total {
            builder
        } else {
            let runs = plan.ranges.iter().cloned();
            builder.with_row_selection(RowSelection::from_consecutive_ranges(runs, plan.total))
        };
        builder.build().map_err(StorageError::lake("reading a lake file"))
    }

    /// A plan of one single row, counted from the beginning of what another plan selects.
    pub(super) fn only(plan: &Plan, nth: usize) -> Option<Plan> {
        let mut left = nth;
        for range in &plan.ranges {
            if left < range.len() {
                let at = range.start + left;
                return Some(Plan {
                    groups: plan.groups.clone(),
                    ranges: std::iter::once(at..at + 1).collect(),
                    total: plan.total,
                });
            }
            left -= range.len();
        }
        None
    }
}

/// All of `count` rows, as one run.
fn whole(count: usize) -> Vec<Range<usize>> {
    std::iter::once(0..count).collect()
}

/// The rows that are in both lists of ascending runs.
fn overlap(a: &[Range<usize>], b: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for left in a {
        let from = b.partition_point(|r| r.end <= left.start);
        for right in b.iter().skip(from).take_while(|r| r.start < left.end) {
            let run = left.start.max(right.start)..left.end.min(right.end);
            match out.last_mut() {
                Some(last) if last.end == run.start => last.end = run.end,
                _ => out.push(run),
            }
        }
    }
    out
}

/// Batches of a file.
pub(super) struct Scan {
    reader: ParquetRecordBatchReader,
    columns: ColumnSet,
}

impl Scan {
    /// The next batch, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Batch>, StorageError> {
        let Some(batch) = self.reader.next() else { return Ok(None) };
        let batch = batch.map_err(|e| StorageError::lake("reading a lake file")(ParquetError::from(e)))?;
        Batch::new(&batch, self.columns).map(Some)
    }
}

/// A column with its type known.
#[derive(Debug)]
enum Typed {
    Bytes(FixedSizeBinaryArray),
    Text(StringViewArray),
    U8(UInt8Array),
    U16(UInt16Array),
    U32(UInt32Array),
    U64(UInt64Array),
    I32(Int32Array),
}

impl Typed {
    fn new(kind: Kind, array: &ArrayRef) -> Option<Self> {
        Some(match kind {
            Kind::Bytes(n) => {
                let bytes = array.as_fixed_size_binary_opt()?;
                (bytes.value_length() == n).then(|| Self::Bytes(bytes.clone()))?
            }
            Kind::Text => Self::Text(array.as_string_view_opt()?.clone()),
            Kind::U8 => Self::U8(array.as_primitive_opt::<UInt8Type>()?.clone()),
            Kind::U16 => Self::U16(array.as_primitive_opt::<UInt16Type>()?.clone()),
            Kind::U32 => Self::U32(array.as_primitive_opt::<UInt32Type>()?.clone()),
            Kind::U64 => Self::U64(array.as_primitive_opt::<UInt64Type>()?.clone()),
            Kind::I32 => Self::I32(array.as_primitive_opt::<Int32Type>()?.clone()),
        })
    }
}

/// Rows decoded together.
#[derive(Debug)]
pub(super) struct Batch {
    columns: Vec<Option<Typed>>,
    rows: usize,
    /// A column somebody asked a row for without having asked the file for it.
    missing: Cell<Option<Column>>,
}

macro_rules! getter {
    ($name:ident, $variant:ident, $type:ty, $doc:literal) => {
        #[doc = $doc]
        pub(super) fn $name(&self, column: Column, row: usize) -> Option<$type> {
            match self.columns.get(column.index()) {
                Some(Some(Typed::$variant(array))) => {
                    (row < array.len() && array.is_valid(row)).then(|| array.value(row))
                }
                _ => {
                    self.missing.set(Some(column));
                    None
                }
            }
        }
    };
}

impl Batch {
    fn new(batch: &RecordBatch, wanted: ColumnSet) -> Result<Self, StorageError> {
        let mut columns: Vec<Option<Typed>> = Column::ALL.iter().map(|_| None).collect();
        for (column, array) in wanted.iter().zip(batch.columns()) {
            let typed = Typed::new(column.kind(), array).ok_or_else(|| {
                StorageError::Damaged(format!("lake column {} has another type", column.as_str()))
            })?;
            if let Some(place) = columns.get_mut(column.index()) {
                *place = Some(typed);
            }
        }
        Ok(Self { columns, rows: batch.num_rows(), missing: Cell::new(None) })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    getter!(bytes, Bytes, &[u8], "Bytes of a fixed length.");
    getter!(text, Text, &str, "A text.");
    getter!(u8, U8, u8, "A number.");
    getter!(u16, U16, u16, "A number.");
    getter!(u32, U32, u32, "A number.");
    getter!(u64, U64, u64, "A number.");
    getter!(i32, I32, i32, "A number.");

    /// An error when a row was asked for a column that was not read: silence would look like an empty value.
    pub(super) fn check_asked(&self) -> Result<(), StorageError> {
        match self.missing.get() {
            None => Ok(()),
            Some(column) => Err(StorageError::lake("reading a lake file")(ParquetError::General(format!(
                "column {} is used but not in the set of columns to read, or is null where it never is",
                column.as_str()
            )))),
        }
    }

    /// Notes a null where the layout has none.
    pub(super) fn note_missing(&self, column: Column) {
        self.missing.set(Some(column));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::single_range_in_vec_init)] // one run is a run, not a mistaken vector of numbers
    fn runs_overlap() {
        let check = |a: &[Range<usize>], b: &[Range<usize>], expect: &[Range<usize>]| {
            assert_eq!(overlap(a, b), expect, "{a:?} {b:?}");
            assert_eq!(overlap(b, a), expect, "{b:?} {a:?}");
        };
        check(&[0..10], &[0..10], &[0..10]);
        check(&[0..4, 8..12], &[2..10], &[2..4, 8..10]);
        check(&[0..4, 4..8], &[1..2, 3..6], &[1..2, 3..6]);
        check(&[0..4], &[4..8], &[]);
        check(&[], &[0..8], &[]);
    }
}
