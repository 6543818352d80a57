//! Files of the lake: their names, the hold a writer keeps on the folder, and sweeping.
//!
//! Never removes a file while any writer that may still catalogue it is alive.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use musubi_model::ids::from_hex;
use musubi_model::{FactTable, SubmissionId};

use crate::error::StorageError;
use crate::vault::part::{files_in, sweep_parts};

/// Ending of a file's name.
pub(super) const PARQUET: &str = "parquet";
/// The file whose lock says that writers are alive.
const HOLD: &str = ".writers";

/// A file of the lake, as the catalogue keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeFile {
    /// BLAKE3 of its content, 64 hexadecimal digits; also its name.
    pub file_id: String,
    /// Its table.
    pub table: FactTable,
    /// First bucket that occurs in it.
    pub bucket_min: u16,
    /// Last bucket that occurs in it.
    pub bucket_max: u16,
    /// Facts.
    pub rows: u64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Earliest first day of its facts, in days since 1970-01-01; `None` when no fact has one.
    pub first_day: Option<i32>,
    /// Latest first day.
    pub last_day: Option<i32>,
    /// Deliveries whose facts are in it, ascending.
    pub submissions: Vec<SubmissionId>,
}

impl LakeFile {
    /// Where it lies under the lake's folder.
    pub fn path(&self, folder: &Path) -> Result<PathBuf, StorageError> {
        // The id comes from a database: it must not be able to name another place.
        match from_hex::<32>(&self.file_id) {
            Some(_) => Ok(folder.join(self.table.as_str()).join(format!("{}.{PARQUET}", self.file_id))),
            None => Err(StorageError::Damaged("a lake file's id is not 64 hexadecimal digits".to_owned())),
        }
    }
}

/// Keeps a lake's folder from being swept while it lives. Taken before the first file is written and kept until the
/// catalogue has committed, so that no sweep takes a file that is about to be catalogued.
#[derive(Debug)]
pub struct WriteGuard {
    _lock: File,
}

/// Takes a [`WriteGuard`]; many can be held at once. Waits while a sweep runs.
pub fn hold(folder: &Path) -> Result<WriteGuard, StorageError> {
    let (file, path) = hold_file(folder)?;
    file.lock_shared().map_err(StorageError::io("holding the lake", path))?;
    Ok(WriteGuard { _lock: file })
}

fn hold_file(folder: &Path) -> Result<(File, PathBuf), StorageError> {
    fs::create_dir_all(folder).map_err(StorageError::io("making the folder", folder))?;
    let path = folder.join(HOLD);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(StorageError::io("holding the lake", &path))?;
    Ok((file, path))
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Parts of dead writers that were removed.
    pub parts: usize,
    /// Whole files in no catalogue that were removed.
    pub files: usize,
    /// A writer was alive, so whole files were left alone; sweep again later.
    pub busy: bool,
}

/// Removes what crashed writers left: parts nobody writes any more, and whole files that `known` does not name.
///
/// `known` gives the ids of all files of the catalogue, removed ones included as long as a reader may open them. It is
/// asked only after writers have been locked out, so that a file catalogued a moment ago is never missed.
pub fn sweep(
    folder: &Path,
    known: impl FnOnce() -> Result<BTreeSet<String>, StorageError>,
) -> Result<Swept, StorageError> {
    let mut swept = Swept::default();
    let (lock, path) = hold_file(folder)?;
    let folders = || FactTable::ALL.iter().map(|t| folder.join(t.as_str()));
    for table in folders() {
        swept.parts += sweep_parts(&table)?;
    }
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            swept.busy = true;
            return Ok(swept);
        }
        Err(TryLockError::Error(e)) => return Err(StorageError::io("holding the lake", path)(e)),
    }
    let known = known()?;
    for file in folders().map(|t| files_in(&t)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let ours = file.extension().is_some_and(|e| e == PARQUET);
        let id = file.file_stem().unwrap_or_default().to_string_lossy();
        if ours && !known.contains(id.as_ref()) {
            fs::remove_file(&file).map_err(StorageError::io("removing a file in no catalogue", &file))?;
            swept.files += 1;
        }
    }
    Ok(swept)
}

/// Holds a file against its name and size, reading it once. Readers that count or copy do this first.
pub fn verify(folder: &Path, file: &LakeFile) -> Result<(), StorageError> {
    let path = file.path(folder)?;
    let mut hasher = blake3::Hasher::new();
    File::open(&path)
        .and_then(|f| hasher.update_reader(f).map(|_| ()))
        .map_err(StorageError::io("reading a lake file", &path))?;
    if hasher.count() == file.bytes && hasher.finalize().to_hex().as_str() == file.file_id {
        Ok(())
    } else {
        Err(StorageError::Damaged(format!("lake file {} does not hash to its name", file.file_id)))
    }
}
