//! Reading facts many at a time: columns instead of rows, texts as keys of a dictionary, files opened once.
//!
//! For work over a whole snapshot, which decides on a code once for a row group and then only looks at numbers. Row by
//! row: [`super::read`]. Never says which files are current, never changes one.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, UInt8Type, UInt32Type};
use arrow_array::{Array as _, ArrayRef, RecordBatch, StringArray};
use musubi_model::{FactTable, IdentityId};
use parquet::errors::ParquetError;
use parquet::file::statistics::Statistics;

use super::files::LakeFile;
use super::scan::{Opened, Rows};
use super::schema::{CHUNK_SCHEMA, Column, ColumnSet};
use crate::error::StorageError;

/// Rows decoded at a time: some columns of it fit into the cache.
const CHUNK_ROWS: usize = 32 << 10;
/// The key of a row without a text.
pub const NO_TEXT: u32 = u32::MAX;

/// Files of a snapshot, opened once; many tasks may read from it.
pub struct Reader {
    files: Vec<OpenFile>,
}

struct OpenFile {
    path: PathBuf,
    table: FactTable,
    opened: Opened,
    groups: Vec<Group>,
}

/// What a row group says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    rows: u64,
    buckets: RangeInclusive<u16>,
    /// First days; `None`: not told.
    days: Option<RangeInclusive<i32>>,
}

/// A row group of a [`Reader`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupRef {
    file: usize,
    group: usize,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader of {} files", self.files.len())
    }
}

impl Reader {
    /// Opens the files of these tables.
    ///
    /// # Errors
    /// A file is missing, damaged or of another layout.
    pub fn open(folder: &Path, files: &[LakeFile], tables: &[FactTable]) -> Result<Self, StorageError> {
        let open = |file: &LakeFile| {
            let path = file.path(folder)?;
            let opened = Opened::as_schema(&path, file.table, true, &CHUNK_SCHEMA)?;
            let groups = (0..opened.groups()).map(|group| Group::of(&opened, group)).collect();
            Ok(OpenFile { path, table: file.table, opened, groups })
        };
        let files = files.iter().filter(|f| tables.contains(&f.table)).map(open);
        Ok(Self { files: files.collect::<Result<_, StorageError>>()? })
    }

    /// Facts that lie in each bucket, by estimate: a row group's facts are spread evenly over its buckets.
    #[must_use]
    pub fn rows_by_bucket(&self, buckets: u16) -> Vec<u64> {
        let mut rows = vec![0u64; usize::from(buckets)];
        for group in self.files.iter().flat_map(|f| &f.groups) {
            let (first, last) = (usize::from(*group.buckets.start()), usize::from(*group.buckets.end()));
            let share = group.rows.div_ceil(u64::try_from(last.abs_diff(first) + 1).unwrap_or(1));
            rows.iter_mut().take(last + 1).skip(first).for_each(|n| *n += share);
        }
        rows
    }

    /// The row groups of a table that may hold facts of these buckets that begin on these days.
    #[must_use]
    pub fn groups(
        &self,
        table: FactTable,
        buckets: &RangeInclusive<u16>,
        days: &RangeInclusive<i32>,
    ) -> Vec<GroupRef> {
        let mut found = Vec::new();
        for (file, open) in self.files.iter().enumerate().filter(|(_, f)| f.table == table) {
            for (group, told) in open.groups.iter().enumerate() {
                let near = told.buckets.start() <= buckets.end() && told.buckets.end() >= buckets.start();
                let then =
                    told.days.as_ref().is_none_or(|d| d.start() <= days.end() && d.end() >= days.start());
                if near && then {
                    found.push(GroupRef { file, group });
                }
            }
        }
        found
    }

    /// Hands the facts of a row group to `each`, in the order of the file. With `identities`, pages that cannot hold one
    /// of these are not read; facts of others are handed out all the same.
    ///
    /// # Errors
    /// The file is gone or damaged, or `each` fails.
    pub fn read(
        &self,
        group: GroupRef,
        columns: ColumnSet,
        identities: Option<&BTreeSet<IdentityId>>,
        each: &mut dyn FnMut(&Chunk) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let Some(file) = self.files.get(group.file) else { return Ok(()) };
        let rows = Rows { buckets: 0..=u16::MAX, identities };
        let plan = file.opened.plan_of(group.group, &rows);
        if plan.rows() == 0 {
            return Ok(());
        }
        let opened = file.opened.again(&file.path)?;
        let empty = opened.empty_texts(group.group, columns);
        let columns = empty.iter().fold(columns, ColumnSet::without);
        for batch in opened.batches(&plan, columns, CHUNK_ROWS)? {
            let batch =
                batch.map_err(|e| StorageError::lake("reading a lake file")(ParquetError::from(e)))?;
            each(&Chunk { batch, columns, empty })?;
        }
        Ok(())
    }
}

impl Group {
    fn of(opened: &Opened, group: usize) -> Self {
        let told = opened.group(group);
        let bounds = |c: Column| -> Option<(i32, i32)> {
            match told?.columns().get(c.index())?.statistics()? {
                Statistics::Int32(s) => s.min_opt().copied().zip(s.max_opt().copied()),
                _ => None,
            }
        };
        let bucket = |n: i32, other: u16| u16::try_from(n).unwrap_or(other);
        Self {
            rows: told.map_or(0, |g| g.num_rows().unsigned_abs()),
            buckets: bounds(Column::Bucket)
                .map_or(0..=u16::MAX, |(low, high)| bucket(low, 0)..=bucket(high, u16::MAX)),
            days: bounds(Column::StartDays).map(|(low, high)| low..=high),
        }
    }
}

/// Facts decoded together, all of one row group.
#[derive(Debug)]
pub struct Chunk {
    batch: RecordBatch,
    columns: ColumnSet,
    /// Columns of texts that were asked for and hold none.
    empty: ColumnSet,
}

/// A column of texts: for each fact the key of its text.
#[derive(Debug, Clone)]
pub struct Texts {
    keys: Vec<u32>,
    values: StringArray,
}

impl Texts {
    /// For each fact its key; [`NO_TEXT`] when it has none.
    #[must_use]
    pub fn keys(&self) -> &[u32] {
        &self.keys
    }

    /// How many keys there are.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.values.len()
    }

    /// The text of a key; empty for [`NO_TEXT`].
    #[must_use]
    pub fn text(&self, key: u32) -> &str {
        let at = usize::try_from(key).unwrap_or(usize::MAX);
        if at < self.values.len() && self.values.is_valid(at) { self.values.value(at) } else { "" }
    }

    /// Do the keys of both mean the same? What was decided on a key then still holds. Both are alive, so that the same
    /// place in memory is the same dictionary.
    #[must_use]
    pub fn same_keys(&self, other: &Self) -> bool {
        (self.values.is_empty() && other.values.is_empty())
            || self.values.len() == other.values.len()
                && std::ptr::eq(self.values.value_data(), other.values.value_data())
                && std::ptr::eq(self.values.value_offsets(), other.values.value_offsets())
    }
}

impl Chunk {
    /// Number of facts.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    fn array(&self, column: Column) -> Result<&ArrayRef, StorageError> {
        let place = self.columns.iter().position(|c| c == column).filter(|_| self.columns.has(column));
        place.and_then(|at| self.batch.columns().get(at)).ok_or_else(|| unasked(column))
    }

    /// A column of ids or hashes of `N` bytes, one for each fact.
    ///
    /// # Errors
    /// The column was not asked for, or is not of that length.
    pub fn bytes<const N: usize>(&self, column: Column) -> Result<&[[u8; N]], StorageError> {
        let array = self.array(column)?.as_fixed_size_binary_opt().ok_or_else(|| unasked(column))?;
        let (values, rest) = array.value_data().as_chunks::<N>();
        let whole = rest.is_empty() && array.value_length() == i32::try_from(N).unwrap_or(0);
        if whole && values.len() == self.rows() { Ok(values) } else { Err(unasked(column)) }
    }

    /// A column of signed numbers (days); `missing` stands where there is none.
    ///
    /// # Errors
    /// The column was not asked for, or holds something else.
    pub fn i32s(&self, column: Column, missing: i32) -> Result<Vec<i32>, StorageError> {
        let array = self.array(column)?.as_primitive_opt::<Int32Type>().ok_or_else(|| unasked(column))?;
        Ok(match array.null_count() {
            0 => array.values().to_vec(),
            _ => array.iter().map(|n| n.unwrap_or(missing)).collect(),
        })
    }

    /// A column of numbers (units, times); `missing` stands where there is none.
    ///
    /// # Errors
    /// The column was not asked for, or holds something else.
    pub fn u32s(&self, column: Column, missing: u32) -> Result<Vec<u32>, StorageError> {
        let array = self.array(column)?.as_primitive_opt::<UInt32Type>().ok_or_else(|| unasked(column))?;
        Ok(array.iter().map(|n| n.unwrap_or(missing)).collect())
    }

    /// A column of small numbers (precisions); 0 stands where there is none.
    ///
    /// # Errors
    /// The column was not asked for, or holds something else.
    pub fn u8s(&self, column: Column) -> Result<Vec<u8>, StorageError> {
        let array = self.array(column)?.as_primitive_opt::<UInt8Type>().ok_or_else(|| unasked(column))?;
        Ok(match array.null_count() {
            0 => array.values().to_vec(),
            _ => array.iter().map(Option::unwrap_or_default).collect(),
        })
    }

    /// A column of texts.
    ///
    /// # Errors
    /// The column was not asked for, or holds something else.
    pub fn texts(&self, column: Column) -> Result<Texts, StorageError> {
        if self.empty.has(column) {
            return Ok(Texts { keys: vec![NO_TEXT; self.rows()], values: StringArray::new_null(0) });
        }
        let array = self.array(column)?.as_dictionary_opt::<Int32Type>().ok_or_else(|| unasked(column))?;
        let values = array.values().as_string_opt::<i32>().ok_or_else(|| unasked(column))?.clone();
        let key = |n: i32| u32::try_from(n).unwrap_or(NO_TEXT);
        let keys = match array.keys().null_count() {
            0 => array.keys().values().iter().map(|n| key(*n)).collect(),
            _ => array.keys().iter().map(|n| n.map_or(NO_TEXT, key)).collect(),
        };
        Ok(Texts { keys, values })
    }
}

fn unasked(column: Column) -> StorageError {
    StorageError::lake("reading a lake file")(ParquetError::General(format!(
        "column {} is used but not in the set of columns to read, or holds something else",
        column.as_str()
    )))
}
