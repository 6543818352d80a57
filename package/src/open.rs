//! A delivered package: a folder or a zip. Nothing is unpacked to disk; nothing outside the package is ever opened.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use musubi_model::finding::Finding;
use musubi_model::limits::Limits;
use zip::ZipArchive;

use crate::rules;

/// Reads a file of a kept package.
pub type Reader = Box<dyn FnMut(&str) -> io::Result<Vec<u8>> + Send>;

/// An open package.
pub enum Package {
    /// A folder.
    Folder {
        /// Where it lies.
        root: PathBuf,
        /// Bytes of each file by its path inside the package.
        files: BTreeMap<String, u64>,
    },
    /// A zip, read entry by entry.
    Zip {
        /// The archive.
        archive: Box<ZipArchive<File>>,
        /// Entry number and unpacked bytes of each file by its path inside the package.
        files: BTreeMap<String, (usize, u64)>,
    },
    /// A package that was kept sealed, read file by file from where it lies.
    Kept {
        /// Bytes of each file by its path inside the package.
        files: BTreeMap<String, u64>,
        /// Reads one of them.
        read: Reader,
    },
}

/// Why a package cannot be opened.
#[derive(Debug)]
pub enum PackageError {
    /// Something is wrong with what was sent.
    Bad(Box<Finding>),
    /// The operating system refused.
    Io(io::Error),
}

impl From<io::Error> for PackageError {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl Package {
    /// Opens a folder or zip and lists it. Links, paths that lead out, too many or too large entries are refused.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, PackageError> {
        if path.is_dir() {
            let mut files = BTreeMap::new();
            list_folder(path, "", limits, &mut files)?;
            return Ok(Self::Folder { root: path.to_owned(), files });
        }
        let archive = ZipArchive::new(File::open(path)?)
            .map_err(|e| bad(Finding::new(&rules::ZIP).found(zip_trouble(&e))))?;
        Self::list_zip(archive, limits)
    }

    fn list_zip(mut archive: ZipArchive<File>, limits: &Limits) -> Result<Self, PackageError> {
        let entries = u32::try_from(archive.len()).unwrap_or(u32::MAX);
        if entries > limits.zip_entries_max {
            return Err(over("zip_entries_max", u64::from(entries), u64::from(limits.zip_entries_max)));
        }
        let mut files = BTreeMap::new();
        let mut total = 0u64;
        for index in 0..archive.len() {
            let entry = archive
                .by_index_raw(index)
                .map_err(|e| bad(Finding::new(&rules::ZIP).found(zip_trouble(&e))))?;
            if entry.is_dir() {
                continue;
            }
            let name =
                entry.name().map_err(|e| bad(Finding::new(&rules::ZIP).found(zip_trouble(&e))))?.into_owned();
            if entry.is_symlink() || !is_inside(&name) {
                return Err(bad(Finding::new(&rules::PATH).found(format!("ZIP エントリ {index}"))));
            }
            let (packed, unpacked) = (entry.compressed_size().max(1), entry.size());
            total = total.saturating_add(unpacked);
            if unpacked / packed > limits.zip_ratio_max {
                return Err(over("zip_ratio_max", unpacked / packed, limits.zip_ratio_max));
            }
            if total > limits.zip_bytes_max {
                return Err(over("zip_bytes_max", total, limits.zip_bytes_max));
            }
            files.insert(name, (index, unpacked));
        }
        // A zip of one folder is as good as the folder's content.
        let prefix = files
            .keys()
            .find(|n| n.ends_with("/manifest.toml") && n.matches('/').count() == 1)
            .and_then(|n| n.split_once('/'))
            .map(|(folder, _)| format!("{folder}/"))
            .filter(|prefix| {
                !files.contains_key("manifest.toml") && files.keys().all(|n| n.starts_with(prefix))
            });
        if let Some(prefix) = prefix {
            files = files
                .into_iter()
                .filter_map(|(n, v)| Some((n.strip_prefix(&prefix)?.to_owned(), v)))
                .collect();
        }
        Ok(Self::Zip { archive: Box::new(archive), files })
    }

    /// Bytes of a file, when the package has it.
    #[must_use]
    pub fn size_of(&self, path: &str) -> Option<u64> {
        match self {
            Self::Folder { files, .. } | Self::Kept { files, .. } => files.get(path).copied(),
            Self::Zip { files, .. } => files.get(path).map(|(_, size)| *size),
        }
    }

    /// All paths in order.
    pub fn paths(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Folder { files, .. } | Self::Kept { files, .. } => {
                Box::new(files.keys().map(String::as_str))
            }
            Self::Zip { files, .. } => Box::new(files.keys().map(String::as_str)),
        }
    }

    /// Reads a file, of at most `max` bytes. A file that has more comes back cut after `max + 1` bytes, so that the
    /// caller's check of the length fails.
    pub fn read(&mut self, path: &str, max: u64) -> io::Result<Vec<u8>> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        match self {
            Self::Folder { root, files } => {
                let size = *files.get(path).ok_or_else(missing)?;
                read_file(&root.join(path), size, max)
            }
            Self::Zip { archive, files } => {
                let (index, size) = *files.get(path).ok_or_else(missing)?;
                let entry = archive.by_index(index).map_err(|e| io::Error::other(zip_trouble(&e)))?;
                let mut bytes = Vec::with_capacity(usize::try_from(size.min(max)).unwrap_or(0));
                // An entry that unpacks to more than its own header says is not followed any further.
                entry.take(size.min(max).saturating_add(1)).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
            Self::Kept { files, read } => {
                files.get(path).ok_or_else(missing)?;
                let mut bytes = read(path)?;
                bytes.truncate(usize::try_from(max.saturating_add(1)).unwrap_or(usize::MAX));
                Ok(bytes)
            }
        }
    }

    /// Reads a file from its beginning, piece by piece: for what is too large for memory.
    pub fn stream(&mut self, path: &str) -> io::Result<Box<dyn Read + '_>> {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        match self {
            Self::Folder { root, files } => {
                files.get(path).ok_or_else(missing)?;
                Ok(Box::new(File::open(root.join(path))?))
            }
            Self::Zip { archive, files } => {
                let (index, size) = *files.get(path).ok_or_else(missing)?;
                let entry = archive.by_index(index).map_err(|e| io::Error::other(zip_trouble(&e)))?;
                Ok(Box::new(entry.take(size.saturating_add(1))))
            }
            Self::Kept { files, read } => {
                files.get(path).ok_or_else(missing)?;
                Ok(Box::new(io::Cursor::new(read(path)?)))
            }
        }
    }

    /// The folder, when it is one: its files may be read side by side.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder { root, .. } => Some(root),
            Self::Zip { .. } | Self::Kept { .. } => None,
        }
    }
}

/// Reads a file expected to have `size` bytes, never more than `max + 1`.
pub fn read_file(path: &Path, size: u64, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(max)).unwrap_or(0) + 1);
    File::open(path)?.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn list_folder(
    folder: &Path,
    prefix: &str,
    limits: &Limits,
    files: &mut BTreeMap<String, u64>,
) -> Result<(), PackageError> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let Some(name) = entry.file_name().to_str().map(|n| format!("{prefix}{n}")) else {
            return Err(bad(Finding::new(&rules::PATH).found("UTF-8 でないファイル名").expected("UTF-8")));
        };
        if kind.is_symlink() {
            return Err(bad(Finding::new(&rules::PATH)
                .found("シンボリックリンク")
                .expected("通常のファイル")));
        }
        if !kind.is_dir() && !kind.is_file() {
            // A pipe would keep its reader waiting for ever.
            return Err(bad(Finding::new(&rules::PATH)
                .found("通常のファイルではないもの")
                .expected("通常のファイル")));
        }
        if kind.is_dir() {
            list_folder(&entry.path(), &format!("{name}/"), limits, files)?;
        } else {
            files.insert(name, entry.metadata()?.len());
            let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
            if count > limits.files_per_submission_max {
                let max = u64::from(limits.files_per_submission_max);
                return Err(over("files_per_submission_max", u64::from(count), max));
            }
        }
    }
    Ok(())
}

/// Is it the package that is damaged (a zip's packed bytes), rather than the operating system that refuses?
#[must_use]
pub fn is_damage(e: &io::Error) -> bool {
    e.raw_os_error().is_none()
}

/// Does a path stay inside the package on every system?
#[must_use]
pub fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.starts_with('/')
        && !path.contains(['\\', '\0'])
        && path.get(1..2).is_none_or(|c| c != ":")
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

fn bad(finding: Finding) -> PackageError {
    PackageError::Bad(Box::new(finding))
}

fn over(limit: &str, found: u64, max: u64) -> PackageError {
    bad(Finding::new(&rules::OVERSIZE).found(format!("{limit}: {found}")).expected(format!("{max} 以下")))
}

/// What is wrong with a zip, without names of entries (which may hold patient numbers).
fn zip_trouble(e: &zip::result::ZipError) -> &'static str {
    match e {
        zip::result::ZipError::Io(_) => "読み取りエラー",
        zip::result::ZipError::InvalidArchive(_) => "ZIP の構造が壊れています",
        zip::result::ZipError::UnsupportedArchive(_) => "対応していない ZIP 形式です",
        zip::result::ZipError::FileNotFound => "エントリがありません",
        _ => "ZIP エラー",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_package_reads_what_it_lists_and_never_more_than_asked() {
        let files = BTreeMap::from([("a".to_owned(), 4)]);
        let mut kept = Package::Kept { files, read: Box::new(|_| Ok(b"abcd".to_vec())) };
        assert_eq!((kept.size_of("a"), kept.size_of("b")), (Some(4), None));
        assert_eq!(kept.read("a", 4).unwrap(), b"abcd");
        // One byte more than allowed, so that the check of the length fails.
        assert_eq!(kept.read("a", 2).unwrap(), b"abc");
        assert_eq!(kept.read("b", 4).unwrap_err().kind(), io::ErrorKind::NotFound);
        let mut streamed = Vec::new();
        kept.stream("a").unwrap().read_to_end(&mut streamed).unwrap();
        assert_eq!(streamed, b"abcd");
        assert!(kept.folder().is_none() && kept.paths().eq(["a"]));
    }

    #[test]
    fn paths_that_lead_out_are_seen() {
        for good in ["a", "a/b.UKE", "000/000/0000001/-/ADT-00/x", "..a/b"] {
            assert!(is_inside(good), "{good}");
        }
        for bad in ["", "/a", "../a", "a/../b", "a//b", "a/./b", "a\\b", "C:/a", "a\0b", "a/.."] {
            assert!(!is_inside(bad), "{bad}");
        }
    }
}
