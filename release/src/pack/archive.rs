//! One file of a folder (アーカイブ): a ustar archive that holds names, lengths and bytes, and nothing of the machine.
//!
//! Reading must never write outside the folder it was given: only one folder of plain files is taken, by plain names.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::error::PackError;
use super::seal::Hidden;

const BLOCK: usize = 512;
/// More files are not in a package.
const FILES_MAX: usize = 10_000;

/// May it be the name of a file or folder of a package?
fn plain(name: &str) -> bool {
    let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=80).contains(&name.len()) && name.bytes().all(ok) && !name.starts_with(['.', '-'])
}

/// Writes the files of a folder in the order of their names.
pub(crate) fn write(folder: &Path, out: &mut impl Write, to: &Path) -> Result<(), PackError> {
    let name = |path: &Path| path.file_name().and_then(|n| n.to_str()).map(str::to_owned);
    let root = name(folder).filter(|n| plain(n)).ok_or(PackError::Archive("the folder has no plain name"))?;
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(PackError::file("reading", folder))? {
        let path = entry.map_err(PackError::file("reading", folder))?.path();
        // Neither links nor folders belong to a package.
        let about = fs::symlink_metadata(&path).map_err(PackError::file("reading", &path))?;
        let name = name(&path).filter(|n| plain(n) && about.is_file());
        files.insert(name.ok_or(PackError::Archive("the folder holds something that is no plain file"))?);
    }
    for name in files {
        let path = folder.join(&name);
        let file = File::open(&path).map_err(PackError::file("reading", &path))?;
        let bytes = file.metadata().map_err(PackError::file("reading", &path))?.len();
        let header =
            header(&format!("{root}/{name}"), bytes).ok_or(PackError::Archive("a name is too long"))?;
        out.write_all(&header).map_err(PackError::file("writing", to))?;
        let copied = io::copy(&mut file.take(bytes), out).map_err(PackError::file("writing", to))?;
        if copied != bytes {
            return Err(PackError::Archive("a file grew shorter while it was read"));
        }
        out.write_all(padding(bytes)).map_err(PackError::file("writing", to))?;
    }
    out.write_all(&[0; 2 * BLOCK]).map_err(PackError::file("writing", to))
}

/// What fills up the last block of a file.
fn padding(bytes: u64) -> &'static [u8] {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    let over = usize::try_from(bytes % BLOCK as u64).unwrap_or(0);
    ZEROS.get(..(BLOCK - over) % BLOCK).unwrap_or_default()
}

/// A header: name, length, and the same mode, owner and time (none) for all.
fn header(name: &str, bytes: u64) -> Option<[u8; BLOCK]> {
    let mut block = [0u8; BLOCK];
    let mut put = |at: usize, field: &[u8]| {
        block.get_mut(at..at + field.len()).map(|place| place.copy_from_slice(field))
    };
    if name.len() > 100 {
        return None;
    }
    put(0, name.as_bytes())?;
    put(100, b"0000644\0")?;
    put(108, b"0000000\0")?;
    put(116, b"0000000\0")?;
    if bytes < 1 << 33 {
        put(124, format!("{bytes:011o}\0").as_bytes())?;
    } else {
        // Beyond 8 GiB: the top bit of the field, then the number itself, as GNU tar and POSIX readers have it.
        put(124, &[0x80, 0, 0, 0])?;
        put(128, &bytes.to_be_bytes())?;
    }
    put(136, b"00000000000\0")?;
    put(156, b"0")?;
    put(257, b"ustar\x0000")?;
    let sum = checksum(&block);
    block.get_mut(148..156)?.copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Some(block)
}

/// The sum of all bytes, those of the sum itself taken for spaces.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    let byte = |(at, b): (usize, &u8)| if (148..156).contains(&at) { 32 } else { u32::from(*b) };
    block.iter().enumerate().map(byte).sum()
}

/// Name and length of a header; `None`: not one that [`write`] makes.
fn parse(block: &[u8; BLOCK]) -> Option<(&str, u64)> {
    let name = block.get(..100)?;
    let end = name.iter().position(|b| *b == 0).unwrap_or(100);
    let name = std::str::from_utf8(name.get(..end)?).ok()?;
    let bytes = match block.get(124..136)? {
        [0x80, 0, 0, 0, rest @ ..] => u64::from_be_bytes(rest.try_into().ok()?),
        octal => u64::from_str_radix(std::str::from_utf8(octal.get(..11)?).ok()?, 8).ok()?,
    };
    // What it would be written as again: nothing hides in owner, links, prefix or type.
    (header(name, bytes)? == *block).then_some((name, bytes))
}

/// Unpacks an archive of one folder into `out`, and tells where. Nothing is left when it fails.
pub(crate) fn read(from: impl Read, out: &Path) -> Result<PathBuf, PackError> {
    let mut from = BufReader::new(from);
    let mut hidden: Option<(Hidden, String)> = None;
    let mut count = 0;
    loop {
        let mut block = [0u8; BLOCK];
        from.read_exact(&mut block).map_err(|_| PackError::Archive("it ends too early or was changed"))?;
        if block == [0; BLOCK] {
            break;
        }
        let (name, bytes) = parse(&block).ok_or(PackError::Archive("a header is not one of ours"))?;
        let (root, file) = name.split_once('/').ok_or(PackError::Archive("a file lies in no folder"))?;
        if !plain(root) || !plain(file) {
            return Err(PackError::Archive("a name leads elsewhere"));
        }
        let (folder, known) = match &mut hidden {
            Some(known) => known,
            none => none.insert((Hidden::make(out, root)?, root.to_owned())),
        };
        count += 1;
        if known != root || count > FILES_MAX {
            return Err(PackError::Archive("more than one folder, or too many files"));
        }
        let path = folder.path().join(file);
        // create_new: a name that comes twice is refused.
        let target = File::create_new(&path).map_err(PackError::file("making", &path))?;
        copy(&mut from, target, bytes, &path)?;
        let mut rest = vec![0; padding(bytes).len()];
        from.read_exact(&mut rest).map_err(|_| PackError::Archive("it ends too early or was changed"))?;
    }
    // To the very end: only then has the encryption vouched for all of it.
    let mut rest = Vec::new();
    from.take(1 << 20)
        .read_to_end(&mut rest)
        .map_err(|_| PackError::Archive("it ends too early or was changed"))?;
    if rest.len() != BLOCK || rest.iter().any(|b| *b != 0) {
        return Err(PackError::Archive("it ends too early or goes on after its end"));
    }
    let (hidden, root) = hidden.ok_or(PackError::Archive("it is empty"))?;
    let folder = out.join(root);
    if folder.exists() {
        return Err(PackError::Exists(folder));
    }
    hidden.name(&folder)?;
    Ok(folder)
}

/// Copies so many bytes; errors of reading and of writing are told apart.
fn copy(from: &mut impl Read, to: File, bytes: u64, path: &Path) -> Result<(), PackError> {
    let mut out = BufWriter::new(to);
    let mut left = bytes;
    let mut buffer = vec![0; 1 << 16];
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let part = buffer.get_mut(..most).unwrap_or_default();
        from.read_exact(part).map_err(|_| PackError::Archive("it ends too early or was changed"))?;
        out.write_all(part).map_err(PackError::file("writing", path))?;
        left -= part.len() as u64;
    }
    let file = out.into_inner().map_err(|e| PackError::file("writing", path)(e.into_error()))?;
    file.sync_all().map_err(PackError::file("syncing", path))
}
