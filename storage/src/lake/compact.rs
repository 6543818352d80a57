//! Compaction: many small files of one table become few large ones, and rows move to the bucket where their identity
//! now has its home.
//!
//! A streaming merge: memory is bounded by [`Compaction`], not by the files. Inputs are held against their names
//! first, so that damage is never copied under a new name. Never drops, changes or doubles a fact.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};
use std::path::{Path, PathBuf};

use musubi_model::{FactTable, IdentityId};
use parquet::errors::ParquetError;
use rayon::prelude::*;

use super::columns::Columns;
use super::files::{LakeFile, hold, verify};
use super::read::{FactRow, Want, read};
use super::row::{Row, RowKey, Scratch, StoredFact};
use super::scan::{Batch, Opened, Rows, Scan};
use super::schema::{Column, ColumnSet, GROUP_ROWS_MAX};
use super::write::{Bounds, TableFile, closes, encode, publish};
use crate::error::StorageError;
use crate::vault::part::WholePart;

/// Rows decoded at a time from each input.
const BATCH_ROWS: usize = 2 << 10;

/// How large things may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compaction {
    /// A file is closed at the first bucket border after so many bytes, and at the latest at twice as many.
    pub target_bytes: u64,
    /// Files merged at once; more are merged in rounds. Each takes memory for a page of every column (by estimate 5 MB).
    pub files_at_once: usize,
    /// Moving rows sorted in memory at once; more are spilled. Each takes a whole fact (by estimate 1 KB).
    pub moving_rows: usize,
}

impl Default for Compaction {
    fn default() -> Self {
        Self { target_bytes: 256 << 20, files_at_once: 64, moving_rows: 200_000 }
    }
}

/// Where an identity's facts belong, given the bucket in which they lie.
type Home<'a> = &'a dyn Fn(&IdentityId, u16) -> u16;

/// Rewrites `files`, all of one table, into few sorted ones. `home` says in which bucket an identity's facts belong,
/// given the bucket in which they lie. The old files stay; the catalogue decides what is current.
///
/// Keep a [`hold`] on the folder until the new files are catalogued. Errors: files of several tables, damage.
pub fn compact(
    folder: &Path,
    files: &[LakeFile],
    limits: &Compaction,
    home: Home<'_>,
) -> Result<Vec<LakeFile>, StorageError> {
    let Some(table) = files.first().map(|f| f.table) else { return Ok(Vec::new()) };
    if files.iter().any(|f| f.table != table) {
        return Err(general("files of several tables cannot be compacted into one"));
    }
    let _hold = hold(folder)?;
    files.par_iter().try_for_each(|file| verify(folder, file))?;
    let job = Job { folder, table, limits, home };

    let mut runs: Vec<Run> = Vec::new();
    for file in files {
        runs.extend(job.moving(file)?);
    }
    for file in files {
        runs.push(Run::File(file.path(folder)?));
    }
    let at_once = limits.files_at_once.max(2);
    while runs.len() > at_once {
        let rest = runs.split_off(at_once);
        let merged = job.merge(&runs, u64::MAX)?;
        runs = rest;
        runs.extend(merged.into_iter().map(|(part, _)| Run::Spilled(Box::new(part))));
    }
    let merged = job.merge(&runs, limits.target_bytes)?;
    let rows = |f: &mut dyn Iterator<Item = &LakeFile>| f.map(|f| f.rows).sum::<u64>();
    if rows(&mut merged.iter().map(|(_, f)| f)) != rows(&mut files.iter()) {
        return Err(StorageError::Damaged(format!("compacting {} lost or doubled rows", table.as_str())));
    }
    merged.into_iter().map(|(part, file)| publish(part, file)).collect()
}

/// A sorted run of rows.
enum Run {
    /// A file of the lake; rows that move are in a spilled run and are passed over here.
    File(PathBuf),
    /// Rows already where they belong, in a file without a name that goes when this does.
    Spilled(Box<WholePart>),
}

struct Job<'a> {
    folder: &'a Path,
    table: FactTable,
    limits: &'a Compaction,
    home: Home<'a>,
}

impl Job<'_> {
    /// Collects the rows of a file that move, sorted by where they go.
    fn moving(&self, file: &LakeFile) -> Result<Vec<Run>, StorageError> {
        let mut identities = BTreeSet::new();
        let look = Want::all(ColumnSet::of(&[Column::Bucket, Column::IdentityId]));
        let mut last = None;
        read(self.folder, file, &look, &mut |row| {
            let this = (row.identity(), row.bucket());
            if last != Some(this) {
                last = Some(this);
                if (self.home)(&this.0, this.1) != this.1 {
                    identities.insert(this.0);
                }
            }
            Ok(())
        })?;
        let mut runs = Vec::new();
        if identities.is_empty() {
            return Ok(runs);
        }
        let mut rows: Vec<StoredFact> = Vec::new();
        let want = Want { buckets: 0..=u16::MAX, identities: Some(&identities), columns: ColumnSet::ALL };
        read(self.folder, file, &want, &mut |row| {
            let to = (self.home)(&row.identity(), row.bucket());
            if to != row.bucket() {
                rows.push(StoredFact { bucket: to, ..row.to_fact()? });
                if rows.len() >= self.limits.moving_rows.max(1) {
                    runs.push(self.spill(&mut rows)?);
                }
            }
            Ok(())
        })?;
        if !rows.is_empty() {
            runs.push(self.spill(&mut rows)?);
        }
        Ok(runs)
    }

    fn spill(&self, rows: &mut Vec<StoredFact>) -> Result<Run, StorageError> {
        let mut scratch = Scratch::default();
        let mut keyed = Vec::with_capacity(rows.len());
        for (index, stored) in rows.iter().enumerate() {
            keyed.push((row_of(stored, &mut scratch)?.key(), index));
        }
        keyed.sort_unstable();
        let mut out = Output::new(self, u64::MAX);
        for (_, index) in keyed {
            if let Some(stored) = rows.get(index) {
                out.push(&row_of(stored, &mut scratch)?)?;
            }
        }
        rows.clear();
        let mut done = out.finish()?;
        done.pop().map(|(part, _)| Run::Spilled(Box::new(part))).ok_or_else(|| general("an empty run"))
    }

    fn merge(&self, runs: &[Run], target: u64) -> Result<Vec<(WholePart, LakeFile)>, StorageError> {
        let mut inputs = Vec::with_capacity(runs.len());
        let mut heap = BinaryHeap::with_capacity(runs.len());
        for run in runs {
            let mut input = Input::open(run, self)?;
            if let Some(key) = input.advance(self)? {
                heap.push(Reverse((key, inputs.len())));
            }
            inputs.push(input);
        }
        let mut out = Output::new(self, target);
        while let Some(Reverse((_, from))) = heap.pop() {
            let Some(input) = inputs.get_mut(from) else { break };
            // Stay with this input as long as its rows come first.
            loop {
                if let Some(row) = input.row(self.table) {
                    out.push(&row)?;
                }
                let Some(next) = input.advance(self)? else { break };
                if heap.peek().is_some_and(|Reverse(other)| *other < (next, from)) {
                    heap.push(Reverse((next, from)));
                    break;
                }
            }
        }
        out.finish()
    }
}

/// One run being read.
struct Input {
    scan: Scan,
    batch: Option<Batch>,
    /// The row after the current one.
    next: usize,
    /// Must rows that move be passed over?
    passes_over: bool,
    homes: HashMap<(IdentityId, u16), bool>,
}

impl Input {
    fn open(run: &Run, job: &Job<'_>) -> Result<Self, StorageError> {
        let (path, passes_over) = match run {
            Run::File(path) => (path.as_path(), true),
            Run::Spilled(part) => (part.path(), false),
        };
        let opened = Opened::new(path, job.table, false)?;
        let plan = opened.plan(&Rows::all());
        let scan = opened.read(&plan, ColumnSet::ALL, BATCH_ROWS)?;
        Ok(Self { scan, batch: None, next: 0, passes_over, homes: HashMap::new() })
    }

    /// Goes to the next row that stays in this run and says its place.
    fn advance(&mut self, job: &Job<'_>) -> Result<Option<RowKey>, StorageError> {
        loop {
            if self.batch.as_ref().is_none_or(|b| self.next >= b.rows()) {
                if let Some(done) = &self.batch {
                    done.check_asked()?;
                }
                self.next = 0;
                self.homes.clear();
                self.batch = self.scan.next()?;
            }
            let Some(batch) = &self.batch else { return Ok(None) };
            if batch.rows() == 0 {
                continue;
            }
            let row = FactRow::new(batch, self.next, job.table);
            self.next += 1;
            let place = (row.identity(), row.bucket());
            let stays = !self.passes_over
                || *self.homes.entry(place).or_insert_with(|| (job.home)(&place.0, place.1) == place.1);
            if stays {
                return Ok(Some(row.row().key()));
            }
        }
    }

    /// The current row.
    fn row(&self, table: FactTable) -> Option<Row<'_>> {
        let batch = self.batch.as_ref()?;
        self.next.checked_sub(1).map(|at| FactRow::new(batch, at, table).row())
    }
}

/// Sorted rows into files.
struct Output<'a> {
    job: &'a Job<'a>,
    target: u64,
    columns: Columns,
    file: Option<TableFile>,
    bounds: Bounds,
    bucket: Option<u16>,
    done: Vec<(WholePart, LakeFile)>,
}

impl<'a> Output<'a> {
    fn new(job: &'a Job<'a>, target: u64) -> Self {
        Self {
            job,
            target,
            columns: Columns::with_capacity(GROUP_ROWS_MAX),
            file: None,
            bounds: Bounds::default(),
            bucket: None,
            done: Vec::new(),
        }
    }

    fn push(&mut self, row: &Row<'_>) -> Result<(), StorageError> {
        let at_border = self.bucket.is_some_and(|b| b != row.bucket);
        if closes(self.columns.rows(), at_border) {
            self.close_group()?;
        }
        let bytes = self.file.as_ref().map_or(0, TableFile::bytes);
        // A file may only end where a row group ended.
        let full = bytes >= self.target.saturating_mul(2) || (at_border && bytes >= self.target);
        if full && self.columns.rows() == 0 {
            self.close_file()?;
        }
        self.bucket = Some(row.bucket);
        self.bounds.add(row.bucket, row.start.map(|d| d.days), row.submission);
        self.columns.push(row)
    }

    fn close_group(&mut self) -> Result<(), StorageError> {
        if self.columns.rows() == 0 {
            return Ok(());
        }
        let batch = self.columns.take()?;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(TableFile::create(self.job.folder, self.job.table)?),
        };
        let chunks = encode(&file.factory, file.groups, &batch)?;
        file.append(chunks)
    }

    fn close_file(&mut self) -> Result<(), StorageError> {
        self.close_group()?;
        if let Some(file) = self.file.take() {
            self.done.push(file.finish(std::mem::take(&mut self.bounds))?);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<(WholePart, LakeFile)>, StorageError> {
        self.close_file()?;
        Ok(self.done)
    }
}

fn row_of<'a>(stored: &'a StoredFact, scratch: &'a mut Scratch) -> Result<Row<'a>, StorageError> {
    Row::of(stored.bucket, &stored.provenance, stored.fact_id.ordinal(), &stored.fact, scratch)
        .ok_or_else(|| general("a fact that cannot be named"))
}

fn general(what: &str) -> StorageError {
    StorageError::lake("compacting")(ParquetError::General(what.to_owned()))
}
