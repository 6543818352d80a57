//! The vault (原本保管庫): the raw bytes of every document, encrypted unit by unit, rebuilt bit for bit.
//!
//! A document is covered, completely and in order, by segments: units under the data key of the identity they speak
//! of, and the gaps between under an envelope key. Sealed documents are appended to packs; a pack's name is the
//! BLAKE3 hash of its content, so a repeated load makes the same file. Destroying a data key makes that person's
//! bytes unreadable wherever a copy of the pack lies; the other segments stay readable.
//!
//! Never holds a key, never writes a byte in clear, never hands out bytes that do not hash to their name.

pub(crate) mod part;
mod read;
mod seal;

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use musubi_model::ids::from_hex;
use musubi_model::{ByteRange, DocumentHash};

use crate::error::StorageError;
use part::PartFile;

pub use read::{read_document, read_range, read_table, read_with_blanks, walk};
pub use seal::{SealedDocument, seal_document};

/// The name of a data key in the registry.
pub type KeyId = [u8; 16];

/// Ending of a pack's file name.
const PACK: &str = "pack";

/// A run of a document's bytes under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// Its bytes.
    pub range: ByteRange,
    /// The key it is sealed under.
    pub key_id: KeyId,
}

/// Where a document lies in its pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackEntry {
    /// First byte of the entry in the pack.
    pub offset: u64,
    /// Bytes of the entry, table and seals included.
    pub len: u64,
}

/// The name of a pack: 64 hexadecimal digits, the BLAKE3 hash of its content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackName(String);

impl PackName {
    /// The name as the registry keeps it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file of the pack under the vault's folder.
    #[must_use]
    pub fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.{PACK}", self.0))
    }
}

impl fmt::Display for PackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PackName {
    type Err = StorageError;

    fn from_str(text: &str) -> Result<Self, StorageError> {
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        match from_hex::<32>(text) {
            Some(_) if lower => Ok(Self(text.to_owned())),
            _ => Err(StorageError::Damaged("a pack's name is 64 hexadecimal digits".to_owned())),
        }
    }
}

/// Writes one pack. Dropped before [`PackWriter::finish`], it leaves nothing.
#[derive(Debug)]
pub struct PackWriter(PartFile);

impl PackWriter {
    /// Begins a pack in the vault's folder.
    pub fn create(folder: &Path) -> Result<Self, StorageError> {
        PartFile::create(folder).map(Self)
    }

    /// Appends a sealed document and says where it lies. After an error the pack is of no use; drop it.
    pub fn append(&mut self, document: &SealedDocument) -> Result<PackEntry, StorageError> {
        let offset = self.0.len();
        let path = self.0.path().to_owned();
        self.0.write_all(document.entry()).map_err(StorageError::io("writing the pack", path))?;
        Ok(PackEntry { offset, len: self.0.len() - offset })
    }

    /// Bytes so far; a loader closes a pack when it is large enough.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.len()
    }

    /// Puts the pack on the disk and gives it its name. When a pack of this name was there, it held the same bytes.
    pub fn finish(self) -> Result<PackName, StorageError> {
        self.0.complete()?.publish(PACK).map(PackName)
    }
}

/// Removes what crashed writers left; says how many files. Parts of living writers are locked and stay.
pub fn sweep(folder: &Path) -> Result<usize, StorageError> {
    part::sweep_parts(folder)
}

/// Removes whole packs that `known` does not name: what a load left that died before its commit. The caller makes sure
/// that no load is under way. Returns how many.
pub fn sweep_unknown(folder: &Path, known: &BTreeSet<String>) -> Result<usize, StorageError> {
    let mut removed = 0;
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(StorageError::io("looking through the vault", folder)(e)),
    };
    for entry in entries {
        let path = entry.map_err(StorageError::io("looking through the vault", folder))?.path();
        let is_pack = path.extension().is_some_and(|e| e == PACK);
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if is_pack && !known.contains(&name) {
            std::fs::remove_file(&path).map_err(StorageError::io("removing a pack nobody knows", &path))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Overwrites and removes a pack that nothing names any more. Says how many bytes were overwritten.
pub fn scrub(folder: &Path, pack: &PackName) -> Result<u64, StorageError> {
    part::scrub_file(&pack.path(folder), None)
}

/// The packs in the vault's folder.
pub fn packs(folder: &Path) -> Result<BTreeSet<String>, StorageError> {
    let files = part::files_in(folder)?;
    let packs = files.iter().filter(|p| p.extension().is_some_and(|e| e == PACK));
    Ok(packs.map(|p| p.file_stem().unwrap_or_default().to_string_lossy().into_owned()).collect())
}

/// Holds a whole pack against its name, reading it once.
pub fn verify(folder: &Path, pack: &PackName) -> Result<(), StorageError> {
    let path = pack.path(folder);
    let mut hasher = blake3::Hasher::new();
    std::fs::File::open(&path)
        .and_then(|file| hasher.update_reader(file).map(|_| ()))
        .map_err(StorageError::io("reading the pack", &path))?;
    if hasher.finalize().to_hex().as_str() == pack.as_str() {
        Ok(())
    } else {
        Err(StorageError::Damaged(format!("pack {pack} does not hash to its name")))
    }
}

/// What a segment is sealed to besides its key: the vault's layout, the document and the place in it.
fn context<'a>(document: &'a DocumentHash, start: &'a [u8; 8], len: &'a [u8; 4]) -> [&'a [u8]; 4] {
    [b"vault/1", document.as_bytes(), start, len]
}
