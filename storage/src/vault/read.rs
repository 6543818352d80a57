//! Reading back: whole documents, checked against their name, or single ranges.
//!
//! Whatever does not add up is [`StorageError::Damaged`]; nothing is guessed, and no length from a file is trusted
//! before it is held against the file.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use musubi_model::{ByteRange, DocumentHash};

use super::seal::{CHECK_BYTES, HEAD_BYTES, MAGIC, ROW_BYTES};
use super::{KeyId, PackEntry, PackName, Segment, context};
use crate::error::StorageError;
use crate::keys::{SEAL_BYTES, SealKey};

/// An opened entry: its table, read and checked.
struct Entry {
    file: File,
    path: PathBuf,
    document: DocumentHash,
    total: u64,
    segments: Vec<Segment>,
    /// Where the first sealed segment begins in the pack.
    body: u64,
}

/// The segments of a document, in order. What is known of an entry without any key.
pub fn read_table(
    folder: &Path,
    pack: &PackName,
    entry: PackEntry,
) -> Result<(DocumentHash, Vec<Segment>), StorageError> {
    let opened = Entry::open(folder, pack, entry)?;
    Ok((opened.document, opened.segments))
}

/// Hands out every segment of every entry of every pack in the vault's folder, whatever the registry knows of them.
pub fn walk(folder: &Path, each: &mut dyn FnMut(&Segment)) -> Result<(), StorageError> {
    for path in super::part::files_in(folder)? {
        if path.extension().is_none_or(|e| e != super::PACK) {
            continue;
        }
        let name: PackName = path.file_stem().unwrap_or_default().to_string_lossy().parse()?;
        let file = File::open(&path).map_err(StorageError::io("opening the pack", &path))?;
        let size = file.metadata().map_err(StorageError::io("looking at the pack", &path))?.len();
        let mut offset = 0;
        while offset < size {
            let mut head = [0u8; HEAD_BYTES];
            read_at(&file, &path, &mut head, offset)?;
            let mut words = head.get(8 + 32..).unwrap_or_default();
            let bad = || damaged(&path, "not the beginning of an entry");
            let total = u64::from_be_bytes(take(&mut words).ok_or_else(bad)?);
            let count = u64::from(u32::from_be_bytes(take(&mut words).ok_or_else(bad)?));
            let len = count
                .checked_mul(as_u64(ROW_BYTES + SEAL_BYTES))
                .and_then(|n| n.checked_add(as_u64(HEAD_BYTES + CHECK_BYTES)))
                .and_then(|n| n.checked_add(total))
                .ok_or_else(bad)?;
            let opened = Entry::open(folder, &name, PackEntry { offset, len })?;
            opened.segments.iter().for_each(&mut *each);
            offset += len;
        }
    }
    Ok(())
}

/// Rebuilds a document bit for bit and checks that it hashes to its name.
///
/// `keys` says `None` for a destroyed key; then the whole document cannot be had any more, and the answer is `None`.
/// What is left of it is read with [`read_range`].
pub fn read_document(
    folder: &Path,
    pack: &PackName,
    entry: PackEntry,
    keys: impl Fn(&KeyId) -> Result<Option<SealKey>, StorageError>,
) -> Result<Option<Vec<u8>>, StorageError> {
    let opened = Entry::open(folder, pack, entry)?;
    let Some(bytes) = opened.bytes(0, opened.total, keys)? else { return Ok(None) };
    if DocumentHash::of(&bytes) == opened.document {
        Ok(Some(bytes))
    } else {
        Err(damaged(&opened.path, "a document does not hash to its name"))
    }
}

/// Reads the bytes of `range`, opening only the segments it touches. `None`: the key of one of them is destroyed.
pub fn read_range(
    folder: &Path,
    pack: &PackName,
    entry: PackEntry,
    range: ByteRange,
    keys: impl Fn(&KeyId) -> Result<Option<SealKey>, StorageError>,
) -> Result<Option<Vec<u8>>, StorageError> {
    let opened = Entry::open(folder, pack, entry)?;
    let end = range.start.checked_add(u64::from(range.len)).filter(|end| *end <= opened.total);
    let end = end.ok_or_else(|| damaged(&opened.path, "the range ends after the document"))?;
    opened.bytes(range.start, end, keys)
}

/// A document with blanks where keys are destroyed: what is left of it, byte for byte in its place. For cutting it into
/// units anew. Blanks end like a line, so that the line after one begins where it did.
pub fn read_with_blanks(
    folder: &Path,
    pack: &PackName,
    entry: PackEntry,
    keys: impl Fn(&KeyId) -> Result<Option<SealKey>, StorageError>,
) -> Result<Vec<u8>, StorageError> {
    let opened = Entry::open(folder, pack, entry)?;
    let mut out = Vec::with_capacity(usize::try_from(opened.total).unwrap_or(0));
    for segment in &opened.segments {
        match opened.bytes(segment.range.start, segment.range.end(), &keys)? {
            Some(bytes) => out.extend(bytes),
            None => {
                let len = usize::try_from(segment.range.len).unwrap_or(usize::MAX);
                let end: &[u8] = if len >= 2 { b"\r\n" } else { b"" };
                out.resize(out.len() + len - end.len(), b' ');
                out.extend_from_slice(end);
            }
        }
    }
    Ok(out)
}

impl Entry {
    fn open(folder: &Path, pack: &PackName, entry: PackEntry) -> Result<Self, StorageError> {
        let path = pack.path(folder);
        let file = File::open(&path).map_err(StorageError::io("opening the pack", &path))?;
        let size = file.metadata().map_err(StorageError::io("looking at the pack", &path))?.len();
        if entry.offset.checked_add(entry.len).is_none_or(|end| end > size) {
            return Err(damaged(&path, "the pack ends before the entry does"));
        }
        let bad = || damaged(&path, "not the beginning of an entry");
        let mut head = [0u8; HEAD_BYTES];
        if entry.len < as_u64(HEAD_BYTES + CHECK_BYTES) {
            return Err(bad());
        }
        read_at(&file, &path, &mut head, entry.offset)?;
        let mut words = head.as_slice();
        if take::<8>(&mut words) != Some(MAGIC) {
            return Err(bad());
        }
        let document = DocumentHash(take(&mut words).ok_or_else(bad)?);
        let total = u64::from_be_bytes(take(&mut words).ok_or_else(bad)?);
        let count = u32::from_be_bytes(take(&mut words).ok_or_else(bad)?);
        // The lengths must add up to the entry before anything of that length is asked for.
        let table_len = u64::from(count) * as_u64(ROW_BYTES);
        let before_body = as_u64(HEAD_BYTES + CHECK_BYTES) + table_len;
        let expected = before_body
            .checked_add(u64::from(count) * as_u64(SEAL_BYTES))
            .and_then(|n| n.checked_add(total))
            .filter(|n| *n == entry.len)
            .and_then(|_| usize::try_from(table_len).ok());
        let table_len = expected.ok_or_else(|| damaged(&path, "the lengths of an entry do not add up"))?;
        let mut table = vec![0u8; table_len + CHECK_BYTES];
        read_at(&file, &path, &mut table, entry.offset + as_u64(HEAD_BYTES))?;
        let (rows, check) = table.split_at(table_len);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&head).update(rows);
        if !hasher.finalize().as_bytes().starts_with(check) {
            return Err(damaged(&path, "a segment table was changed"));
        }
        let mut segments = Vec::with_capacity(rows.len() / ROW_BYTES);
        let (mut start, mut rest) = (0u64, rows);
        while let (Some(len), Some(key_id)) = (take::<4>(&mut rest), take::<16>(&mut rest)) {
            let range = ByteRange { start, len: u32::from_be_bytes(len) };
            start = range.end();
            segments.push(Segment { range, key_id });
        }
        if start != total {
            return Err(damaged(&path, "the segments of an entry do not cover its document"));
        }
        Ok(Self { file, path, document, total, segments, body: entry.offset + before_body })
    }

    /// The plain bytes from `start` to `end`, which lie within the document.
    fn bytes(
        &self,
        start: u64,
        end: u64,
        keys: impl Fn(&KeyId) -> Result<Option<SealKey>, StorageError>,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let first = self.segments.partition_point(|s| s.range.end() <= start);
        let mut out = Vec::with_capacity(usize::try_from(end - start).unwrap_or(0));
        for (index, segment) in self.segments.iter().enumerate().skip(first) {
            if segment.range.start >= end {
                break;
            }
            let Some(key) = keys(&segment.key_id)? else { return Ok(None) };
            let at = self.body + segment.range.start + as_u64(index) * as_u64(SEAL_BYTES);
            let len = usize::try_from(segment.range.len).unwrap_or(usize::MAX);
            let mut sealed = vec![0u8; len.saturating_add(SEAL_BYTES)];
            read_at(&self.file, &self.path, &mut sealed, at)?;
            let (s, l) = (segment.range.start.to_be_bytes(), segment.range.len.to_be_bytes());
            let plain = key.open(&context(&self.document, &s, &l), &sealed).map_err(|_| {
                damaged(&self.path, "a segment was changed, or its key is not the one it was sealed under")
            })?;
            let from = start.saturating_sub(segment.range.start);
            let to = end.min(segment.range.end()) - segment.range.start;
            let wanted = usize::try_from(from).ok().zip(usize::try_from(to).ok());
            let wanted = wanted.and_then(|(from, to)| plain.get(from..to));
            out.extend_from_slice(wanted.ok_or_else(|| damaged(&self.path, "a segment is too short"))?);
        }
        Ok(Some(out))
    }
}

fn read_at(file: &File, path: &Path, into: &mut [u8], at: u64) -> Result<(), StorageError> {
    file.read_exact_at(into, at).map_err(StorageError::io("reading the pack", path))
}

fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*head)
}

fn as_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn damaged(path: &Path, what: &str) -> StorageError {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    StorageError::Damaged(format!("pack {name}: {what}"))
}
