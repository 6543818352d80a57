//! Files that appear under their final name whole or not at all.
//!
//! A part is written under a temporary name, locked while its writer lives, hashed on the way, flushed to the disk and
//! only then renamed. Dropped before that, it is removed; after a crash [`sweep_parts`] removes it. Never leaves
//! half-written bytes under a final name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use musubi_model::ids::to_hex;

use crate::error::StorageError;

/// Ending of the name of a file that is still being written.
pub(crate) const PART: &str = "part";

/// Bytes gathered before a write to the disk.
const BUFFER: usize = 1 << 18;

/// A file being written.
#[derive(Debug)]
pub(crate) struct PartFile {
    file: BufWriter<File>,
    path: PathBuf,
    hasher: blake3::Hasher,
    len: u64,
    published: bool,
}

/// A file that is whole and on the disk, but not yet under its final name.
#[derive(Debug)]
pub(crate) struct WholePart {
    part: PartFile,
    /// BLAKE3 of the content, hexadecimal.
    pub(crate) name: String,
    /// Bytes.
    pub(crate) len: u64,
}

impl PartFile {
    /// Begins a file in `folder`, which is made when missing.
    pub(crate) fn create(folder: &Path) -> Result<Self, StorageError> {
        fs::create_dir_all(folder).map_err(StorageError::io("making the folder", folder))?;
        loop {
            let mut random = [0u8; 16];
            getrandom::fill(&mut random).map_err(|_| StorageError::Key("no randomness from the system"))?;
            let path = folder.join(format!("{}.{PART}", to_hex(&random)));
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .map_err(StorageError::io("beginning a file", &path))?;
            file.lock().map_err(StorageError::io("locking a new file", &path))?;
            // A sweep may have taken the file between its making and its locking: then it has no name any more.
            let links = file.metadata().map_err(StorageError::io("looking at a new file", &path))?.nlink();
            if links > 0 {
                return Ok(Self {
                    file: BufWriter::with_capacity(BUFFER, file),
                    path,
                    hasher: blake3::Hasher::new(),
                    len: 0,
                    published: false,
                });
            }
        }
    }

    /// Where the next byte goes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Where it is written, for errors.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts everything on the disk. Only from here is there a way to a final name.
    pub(crate) fn complete(mut self) -> Result<WholePart, StorageError> {
        self.file.flush().map_err(StorageError::io("writing", &self.path))?;
        self.file.get_ref().sync_all().map_err(StorageError::io("writing to the disk", &self.path))?;
        let name = self.hasher.finalize().to_hex().to_string();
        Ok(WholePart { name, len: self.len, part: self })
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.len += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl WholePart {
    /// Where it lies as long as it has no name.
    pub(crate) fn path(&self) -> &Path {
        &self.part.path
    }

    /// Gives it its final name, `<name>.<ending>` in the same folder, and makes that last. Replaces a file of that
    /// name: by its name it holds the same bytes, unless it was damaged, and then this mends it.
    pub(crate) fn publish(mut self, ending: &str) -> Result<String, StorageError> {
        let to = self.part.path.with_file_name(format!("{}.{ending}", self.name));
        fs::rename(&self.part.path, &to).map_err(StorageError::io("naming", &to))?;
        self.part.published = true;
        if let Some(folder) = to.parent() {
            sync_folder(folder)?;
        }
        Ok(std::mem::take(&mut self.name))
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.published {
            // Nothing can be done about a failure here; a sweep removes what is left.
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Makes the names in a folder last.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), StorageError> {
    File::open(folder).and_then(|f| f.sync_all()).map_err(StorageError::io("writing to the disk", folder))
}

/// Removes parts in `folder` whose writer is gone; says how many. A folder that is not there has none.
pub(crate) fn sweep_parts(folder: &Path) -> Result<usize, StorageError> {
    let mut removed = 0;
    for path in files_in(folder)? {
        if path.extension().is_none_or(|e| e != PART) {
            continue;
        }
        let file = match OpenOptions::new().write(true).open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => return Err(StorageError::io("opening a part", &path)(e)),
        };
        match file.try_lock() {
            Ok(()) => {
                fs::remove_file(&path).map_err(StorageError::io("removing a part", &path))?;
                removed += 1;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) => return Err(StorageError::io("locking a part", &path)(e)),
        }
    }
    Ok(removed)
}

/// The files of a folder in the order of their names; none when the folder is missing.
pub(crate) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(StorageError::io("reading the folder", folder)(e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StorageError::io("reading the folder", folder))?;
        if entry.file_type().map_err(StorageError::io("reading the folder", folder))?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// What a file is overwritten with, a piece at a time.
const ZEROS: &[u8] = &[0; 64 << 10];

/// Overwrites a file, or some places of it, and unlinks it; says how many bytes. A file that is gone already is none.
pub(crate) fn scrub_file(path: &Path, places: Option<&[Range<u64>]>) -> Result<u64, StorageError> {
    let mut handle = match OpenOptions::new().write(true).open(path) {
        Ok(handle) => handle,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(StorageError::io("overwriting", path)(e)),
    };
    let size = handle.metadata().map_err(StorageError::io("looking at", path))?.len();
    let whole = std::iter::once(0..size).collect::<Vec<_>>();
    let done = overwrite(&mut handle, places.unwrap_or(&whole), size)
        .map_err(StorageError::io("overwriting", path))?;
    fs::remove_file(path).map_err(StorageError::io("removing", path))?;
    if let Some(folder) = path.parent() {
        sync_folder(folder)?;
    }
    Ok(done)
}

fn overwrite(file: &mut File, places: &[Range<u64>], size: u64) -> io::Result<u64> {
    let mut done = 0;
    for place in places {
        file.seek(SeekFrom::Start(place.start))?;
        let mut left = place.end.min(size).saturating_sub(place.start);
        while left > 0 {
            let piece = usize::try_from(left).unwrap_or(usize::MAX).min(ZEROS.len());
            file.write_all(ZEROS.get(..piece).unwrap_or(ZEROS))?;
            let piece = u64::try_from(piece).unwrap_or(left);
            left -= piece;
            done += piece;
        }
    }
    file.sync_all()?;
    Ok(done)
}
