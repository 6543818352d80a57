//! Reading the files of a package (読取り): plain files only, hashed as they lie there.
//!
//! It must never follow a link, never write, and never trust a name or a length before the bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::manifest::FileEntry;
use crate::sign::to_hex;

/// Texts of a package (all but the data) are not longer than this.
const TEXT_BYTES_MAX: u64 = 64 << 20;

/// A folder with plain files.
pub struct Folder {
    path: PathBuf,
    /// Names of the plain files, with their lengths.
    pub names: BTreeMap<String, u64>,
    /// Is there something else: a folder, a link, a name that is not text?
    pub strange: bool,
}

impl Folder {
    /// Lists a folder. `None`: it cannot be read.
    pub fn open(path: &Path) -> Option<Self> {
        let mut folder = Self { path: path.to_owned(), names: BTreeMap::new(), strange: false };
        for entry in std::fs::read_dir(path).ok()? {
            let entry = entry.ok()?;
            let about = std::fs::symlink_metadata(entry.path()).ok()?;
            match entry.file_name().into_string() {
                // A link could show other bytes tomorrow.
                Ok(name) if about.is_file() => {
                    folder.names.insert(name, about.len());
                }
                _ => folder.strange = true,
            }
        }
        Some(folder)
    }

    /// Opens a file of it.
    pub fn file(&self, name: &str) -> Option<File> {
        self.names.contains_key(name).then(|| File::open(self.path.join(name)).ok()).flatten()
    }

    /// The bytes of a text.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = self.file(name)?.take(TEXT_BYTES_MAX + 1).read_to_end(&mut bytes).ok()?;
        (read as u64 <= TEXT_BYTES_MAX).then_some(bytes)
    }

    /// A text in UTF-8.
    pub fn text(&self, name: &str) -> Option<String> {
        String::from_utf8(self.bytes(name)?).ok()
    }

    /// Length and hashes of a file. `None`: it cannot be read.
    pub fn entry(&self, name: &str) -> Option<FileEntry> {
        let mut file = self.file(name)?;
        let (mut blake, mut sha, mut bytes) = (blake3::Hasher::new(), Sha256::new(), 0u64);
        let mut buffer = vec![0u8; 1 << 18];
        loop {
            let read = file.read(&mut buffer).ok()?;
            if read == 0 {
                break;
            }
            let piece = buffer.get(..read)?;
            blake.update(piece);
            sha.update(piece);
            bytes += read as u64;
        }
        Some(FileEntry {
            name: name.to_owned(),
            bytes,
            blake3: to_hex(blake.finalize().as_bytes()),
            sha256: to_hex(&sha.finalize()),
        })
    }
}
