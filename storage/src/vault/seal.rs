//! Sealing a document: pure, on any thread.
//!
//! An entry of a pack: magic 8 bytes; document 32; plain length 8; number of segments 4; for each segment its length 4
//! and its key id 16; 16 bytes of the BLAKE3 of all before; then the sealed segments one after another, each
//! [`SEAL_BYTES`] longer than its plain bytes. Numbers are big-endian. Starts and offsets follow from the lengths,
//! because segments cover the document without gap: what is not written cannot be wrong.

use musubi_model::DocumentHash;

use super::{KeyId, Segment, context};
use crate::error::StorageError;
use crate::keys::{SEAL_BYTES, SealKey};

/// First bytes of an entry; the last is the version of the layout.
pub(super) const MAGIC: [u8; 8] = *b"MSBVLT\0\x01";
/// Bytes before the segment table.
pub(super) const HEAD_BYTES: usize = 8 + 32 + 8 + 4;
/// Bytes of a segment in the table.
pub(super) const ROW_BYTES: usize = 4 + 16;
/// Bytes of the check after the table.
pub(super) const CHECK_BYTES: usize = 16;

/// A document, sealed and ready for a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedDocument {
    document: DocumentHash,
    entry: Vec<u8>,
}

impl SealedDocument {
    /// Which document.
    #[must_use]
    pub fn document(&self) -> &DocumentHash {
        &self.document
    }

    /// The bytes as they stand in a pack.
    #[must_use]
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }
}

/// Seals a document whose `segments` cover it completely and in order. An empty document has no segments.
///
/// The same bytes, segments and keys give the same entry. Errors: the bytes do not hash to `document`, the segments
/// leave a gap or overlap, or a key is missing.
pub fn seal_document(
    document: &DocumentHash,
    bytes: &[u8],
    segments: &[Segment],
    keys: impl Fn(&KeyId) -> Result<SealKey, StorageError>,
) -> Result<SealedDocument, StorageError> {
    if DocumentHash::of(bytes) != *document {
        return Err(StorageError::Damaged(format!("document {document}: the bytes do not hash to it")));
    }
    let total = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let count = u32::try_from(segments.len()).map_err(|_| {
        StorageError::Damaged(format!("document {document}: more segments than can be counted"))
    })?;
    let overhead = HEAD_BYTES + CHECK_BYTES + segments.len() * (ROW_BYTES + SEAL_BYTES);
    let mut entry = Vec::with_capacity(bytes.len() + overhead);
    entry.extend_from_slice(&MAGIC);
    entry.extend_from_slice(document.as_bytes());
    entry.extend_from_slice(&total.to_be_bytes());
    entry.extend_from_slice(&count.to_be_bytes());
    let mut at = 0u64;
    for segment in segments {
        if segment.range.start != at || segment.range.len == 0 {
            return Err(uncovered(document, at));
        }
        at = segment.range.end();
        entry.extend_from_slice(&segment.range.len.to_be_bytes());
        entry.extend_from_slice(&segment.key_id);
    }
    if at != total {
        return Err(uncovered(document, at));
    }
    let check = blake3::hash(&entry);
    entry.extend(check.as_bytes().iter().take(CHECK_BYTES));
    for segment in segments {
        let plain = segment.range.slice(bytes).ok_or_else(|| uncovered(document, segment.range.start))?;
        let (start, len) = (segment.range.start.to_be_bytes(), segment.range.len.to_be_bytes());
        let sealed = keys(&segment.key_id)?.seal(&context(document, &start, &len), plain)?;
        entry.extend_from_slice(&sealed);
    }
    Ok(SealedDocument { document: *document, entry })
}

fn uncovered(document: &DocumentHash, at: u64) -> StorageError {
    StorageError::Damaged(format!("document {document}: segments do not cover it from byte {at}"))
}
