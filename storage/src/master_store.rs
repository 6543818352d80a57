//! Code masters in the registry: loading an edition, listing the editions, reading them into memory.
//!
//! An edition is never changed once it is loaded: what was mapped with it must be mappable again with the same result.
//! A corrected file of the same day becomes a new revision beside it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use compact_str::CompactString;
use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::{CodeSystem, Coded};
use postgres::Transaction;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::types::{ToSql, Type};

use crate::agreement::column;
use crate::error::StorageError;
use crate::master::{CodeTable, CodeTableBuilder, Edition, LoadedMasters};
use crate::master_file::{MasterList, MasterRow};
use crate::registry::IngestDb;

/// Key of the advisory lock under which masters are loaded one after another.
const MASTER_LOCK: i64 = 0x6d75_7375_6d61_7374;

/// Columns of `agreement.master_entry`, in the order and with the types in which they are copied.
const ENTRY_COPY: &str = "COPY agreement.master_entry (system, edition, code, period, name, standard_system, \
    standard_code, also, unit, valid_from, valid_until) FROM STDIN (FORMAT binary)";
const ENTRY_TYPES: [Type; 11] = [
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::INT4,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::TEXT,
    Type::DATE,
    Type::DATE,
];

/// A file of codes to load.
#[derive(Debug, Clone, Copy)]
pub struct MasterSource<'a> {
    /// First day on which it holds.
    pub effective_on: Date,
    /// Hash of the file.
    pub blake3: &'a str,
    /// Its name, without folder.
    pub file_name: &'a str,
    /// Lines that were left out.
    pub bad_lines: u64,
    /// When it is loaded.
    pub at: Timestamp,
    /// By whom.
    pub by: &'a str,
    /// Where an edition of that day stands with other content: load this one as its next revision.
    pub replace: bool,
}

/// What loading one list did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterLoad {
    /// The edition of this name is new; so many entries were loaded.
    Loaded {
        /// Its name.
        edition: String,
        /// Which revision of that day.
        revision: u32,
        /// Entries.
        entries: u64,
    },
    /// The same file was loaded for that day before, as this edition.
    AlreadyThere {
        /// Its name.
        edition: String,
    },
}

/// An edition as listed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EditionRow {
    /// Code system.
    pub system: String,
    /// Part of the system's codes.
    pub part: String,
    /// Name.
    pub edition: String,
    /// First day on which it holds.
    pub valid_from: Date,
    /// Revision.
    pub revision: u32,
    /// A later revision of that day stands in its place.
    pub replaced: bool,
    /// Entries.
    pub entries: u64,
    /// Lines of the file that were left out.
    pub bad_lines: u64,
    /// The file it was read from.
    pub file_name: String,
    /// The file's hash.
    pub blake3: String,
    /// When it was loaded.
    pub loaded_at: Timestamp,
    /// By whom.
    pub loaded_by: String,
}

/// What an edition says of a code, in full.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EntryRow {
    /// The edition.
    pub edition: String,
    /// Of that code in that time.
    #[serde(flatten)]
    pub row: MasterRow,
}

impl IngestDb {
    /// Loads the lists of one file in one transaction. The same file for the same day is not loaded again.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when an edition of that day is there with other content and `replace` is not said;
    /// then no list of the file is loaded.
    pub fn load_masters(
        &mut self,
        source: &MasterSource<'_>,
        lists: &[MasterList],
    ) -> Result<Vec<MasterLoad>, StorageError> {
        let fail = StorageError::db;
        let mut work = self.client.transaction().map_err(fail("loading a master"))?;
        work.execute("SELECT pg_advisory_xact_lock($1)", &[&MASTER_LOCK])
            .map_err(fail("waiting for other masters"))?;
        let loads = lists.iter().map(|list| load_list(&mut work, source, list)).collect::<Result<_, _>>()?;
        work.commit().map_err(fail("loading a master"))?;
        Ok(loads)
    }

    /// All editions, by system, part, day and revision.
    pub fn master_editions(&mut self) -> Result<Vec<EditionRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT system, part, edition, effective_on, revision,
                   revision < max(revision) OVER (PARTITION BY system, part, effective_on),
                   entries, bad_lines, file_name, blake3, loaded_at, loaded_by
                 FROM agreement.master_edition ORDER BY system, part, effective_on, revision, edition",
                &[],
            )
            .map_err(StorageError::db("reading editions"))?;
        rows.iter()
            .map(|row| {
                let number = |at| column::<i64>(row, at).map(i64::unsigned_abs);
                Ok(EditionRow {
                    system: column(row, 0)?,
                    part: column(row, 1)?,
                    edition: column(row, 2)?,
                    valid_from: column(row, 3)?,
                    revision: column::<i32>(row, 4)?.unsigned_abs(),
                    replaced: column(row, 5)?,
                    entries: number(6)?,
                    bad_lines: number(7)?,
                    file_name: column(row, 8)?,
                    blake3: column(row, 9)?,
                    loaded_at: column(row, 10)?,
                    loaded_by: column(row, 11)?,
                })
            })
            .collect()
    }

    /// What every edition says of a code, oldest first.
    pub fn master_entries(&mut self, system: &str, code: &str) -> Result<Vec<EntryRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT edition, code, name, standard_system, standard_code, also, unit, valid_from, valid_until
                 FROM agreement.master_entry JOIN agreement.master_edition USING (system, edition)
                 WHERE system = $1 AND code = $2 ORDER BY effective_on, revision, period",
                &[&system, &code],
            )
            .map_err(StorageError::db("looking up a code"))?;
        rows.iter()
            .map(|row| {
                Ok(EntryRow {
                    edition: column(row, 0)?,
                    row: MasterRow {
                        code: column(row, 1)?,
                        name: column(row, 2)?,
                        standard_system: column(row, 3)?,
                        standard_code: column(row, 4)?,
                        also: column(row, 5)?,
                        unit: column(row, 6)?,
                        valid_from: column(row, 7)?,
                        valid_until: column(row, 8)?,
                    },
                })
            })
            .collect()
    }

    /// All loaded masters, read into memory at one moment.
    pub fn masters(&mut self) -> Result<LoadedMasters, StorageError> {
        self.masters_since(&LoadedMasters::default())
    }

    /// The same, keeping the editions that `before` has.
    fn masters_since(&mut self, before: &LoadedMasters) -> Result<LoadedMasters, StorageError> {
        let fail = StorageError::db;
        let mut work = self
            .client
            .build_transaction()
            .read_only(true)
            .isolation_level(postgres::IsolationLevel::RepeatableRead)
            .start()
            .map_err(fail("reading masters"))?;
        let mut masters = LoadedMasters::default();
        let editions = work
            .query(
                "SELECT system, edition, part, effective_on, revision, blake3 FROM agreement.master_edition",
                &[],
            )
            .map_err(fail("reading editions"))?;
        for row in &editions {
            let (system, name): (&str, &str) = (column(row, 0)?, column(row, 1)?);
            let blake3: &str = column(row, 5)?;
            let known = CodeSystem::from_name(system);
            let codes = match before.kept(&known, name, blake3) {
                Some(codes) => codes,
                None => Arc::new(read_codes(&mut work, system, name)?),
            };
            let edition = Edition {
                effective_on: column(row, 3)?,
                revision: column::<i32>(row, 4)?.unsigned_abs(),
                name: CompactString::from(name),
                blake3: CompactString::from(blake3),
                codes,
            };
            masters.add(known, column(row, 2)?, edition);
        }
        Ok(masters)
    }
}

/// Masters kept in memory from load to load; only editions that are new are read.
#[derive(Debug, Default)]
pub(crate) struct MasterCache(Mutex<Arc<LoadedMasters>>);

impl MasterCache {
    /// The masters as they are now.
    pub(crate) fn read(&self, db: &mut IngestDb) -> Result<Arc<LoadedMasters>, StorageError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Arc::new(db.masters_since(&kept)?);
        *kept = Arc::clone(&now);
        Ok(now)
    }
}

fn read_codes(work: &mut Transaction<'_>, system: &str, edition: &str) -> Result<CodeTable, StorageError> {
    let fail = StorageError::db;
    let wanted: [&(dyn ToSql + Sync); 2] = [&system, &edition];
    let mut rows = work
        .query_raw(
            "SELECT code, name, standard_system, standard_code, valid_from, valid_until
             FROM agreement.master_entry WHERE system = $1 AND edition = $2",
            wanted,
        )
        .map_err(fail("reading entries"))?;
    let mut codes = CodeTableBuilder::default();
    while let Some(row) = rows.next().map_err(fail("reading entries"))? {
        let (standard_system, standard_code): (&str, &str) = (column(&row, 2)?, column(&row, 3)?);
        let standard = (!standard_code.is_empty())
            .then(|| Coded::new(CodeSystem::from_name(standard_system), standard_code));
        codes.push(column(&row, 0)?, column(&row, 1)?, standard, (column(&row, 4)?, column(&row, 5)?));
    }
    Ok(codes.finish())
}

fn load_list(
    work: &mut Transaction<'_>,
    source: &MasterSource<'_>,
    list: &MasterList,
) -> Result<MasterLoad, StorageError> {
    let fail = StorageError::db;
    let system = list.system.as_str();
    // The newest first: only it can be replaced, and the same file over it changes nothing.
    let standing = work
        .query(
            "SELECT edition, revision, blake3, file_name FROM agreement.master_edition
             WHERE system = $1 AND part = $2 AND effective_on = $3 ORDER BY revision DESC",
            &[&system, &list.part, &source.effective_on],
        )
        .map_err(fail("looking for the edition"))?;
    let mut revision = 1u32;
    for (place, row) in standing.iter().enumerate() {
        let (edition, blake3): (String, &str) = (column(row, 0)?, column(row, 2)?);
        let same = blake3 == source.blake3;
        if same && (place == 0 || !source.replace) {
            return Ok(MasterLoad::AlreadyThere { edition });
        }
        if place == 0 {
            revision = column::<i32>(row, 1)?.unsigned_abs().saturating_add(1);
        }
    }
    if let Some(row) = standing.first().filter(|_| !source.replace) {
        let (edition, file): (&str, &str) = (column(row, 0)?, column(row, 3)?);
        return Err(StorageError::Refused(format!(
            "edition {edition} of master {system} was loaded before with other content (file {file}); \
             a corrected file of the same day is loaded beside it with --replace"
        )));
    }
    let edition = edition_name(&list.part, source.effective_on, revision);
    work.execute(
        "INSERT INTO agreement.master_edition
           (system, edition, effective_on, entries, blake3, part, revision, file_name, bad_lines, loaded_at, loaded_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            &system,
            &edition,
            &source.effective_on,
            &i64::try_from(list.rows.len()).unwrap_or(i64::MAX),
            &source.blake3,
            &list.part,
            &i32::try_from(revision).unwrap_or(i32::MAX),
            &source.file_name,
            &i64::try_from(source.bad_lines).unwrap_or(i64::MAX),
            &source.at,
            &source.by,
        ],
    )
    .map_err(fail("naming the edition"))?;
    let sink = work.copy_in(ENTRY_COPY).map_err(fail("loading entries"))?;
    let mut writer = BinaryCopyInWriter::new(sink, &ENTRY_TYPES);
    let mut periods: BTreeMap<&str, i32> = BTreeMap::new();
    for row in &list.rows {
        let period = periods.entry(&row.code).or_insert(-1);
        *period += 1;
        let cells: [&(dyn ToSql + Sync); 11] = [
            &system,
            &edition,
            &row.code,
            &*period,
            &row.name,
            &row.standard_system,
            &row.standard_code,
            &row.also,
            &row.unit,
            &row.valid_from,
            &row.valid_until,
        ];
        writer.write(&cells).map_err(fail("loading an entry"))?;
    }
    let entries = writer.finish().map_err(fail("loading entries"))?;
    Ok(MasterLoad::Loaded { edition, revision, entries })
}

/// `20240601`, `ext-20240601`, `20240601.2`.
fn edition_name(part: &str, effective_on: Date, revision: u32) -> String {
    let mut name = String::new();
    if !part.is_empty() {
        name.push_str(part);
        name.push('-');
    }
    name.push_str(&effective_on.strftime("%Y%m%d").to_string());
    if revision > 1 {
        name.push('.');
        name.push_str(&revision.to_string());
    }
    name
}
