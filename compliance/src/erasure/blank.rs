//! Paths in manifests: a manifest lists every document of a delivery, and a path may hold a chart number. The paths of
//! documents that told of the erased alone are blanked, in a manifest written anew into a pack of its own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi_model::{ByteRange, DocumentHash, IdentityId, SubmissionId};
use musubi_storage::erasure::HeldDocument;
use musubi_storage::keys::SealKey;
use musubi_storage::registry::ErasureDb;
use musubi_storage::vault::{PackWriter, Segment, read_document, seal_document};

use super::{ErasureError, Stores};
use crate::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name};

/// What stands where a path stood, before the document's place in the manifest.
const BLANK: &str = "erased/";
/// The path under which a manifest is kept.
const MANIFEST: &[u8] = b"manifest.toml";

/// Blanks the paths of the listed identities' documents; says how many. `by` opens them, `at` this moment.
pub(super) fn manifests(
    stores: &Stores<'_>,
    db: &mut ErasureDb,
    id: &str,
    by: &str,
    at: Timestamp,
) -> Result<u64, ErasureError> {
    let paths = db.paths_of_erasing(id)?;
    if paths.is_empty() {
        return Ok(0);
    }
    let keys: Vec<IdentityId> = paths.iter().map(|p| p.key).collect();
    announce(db, id, by, at, keys.iter().collect::<BTreeSet<_>>().len())?;
    let keys = db.existing_data_keys(&stores.ring.kek, &keys)?;
    let mut of: BTreeMap<SubmissionId, Vec<(i32, Vec<u8>)>> = BTreeMap::new();
    for path in &paths {
        // A key that is gone was destroyed by a run that died after this step: the path was blanked then.
        let Some(key) = keys.get(&path.key) else { continue };
        let plain = key.open(&[b"path/1", path.document.as_bytes()], &path.sealed)?;
        of.entry(path.submission).or_default().push((path.ordinal, plain));
    }
    let mut blanked = 0;
    for (submission, paths) in &of {
        blanked += manifest(stores, db, submission, paths)?;
    }
    Ok(blanked)
}

/// Books that sealed names of so many identities are going to be opened, in the session that opens them (C-077).
fn announce(
    db: &mut ErasureDb,
    id: &str,
    by: &str,
    at: Timestamp,
    identities: usize,
) -> Result<(), ErasureError> {
    let entry = AuditEntry {
        at,
        actor: Name::new(by).map_err(|_| ErasureError::Damaged("the name of who erases"))?,
        role: AuditRole::Eraser,
        action: AuditAction::BlankPaths,
        object: AuditObject::Erasure(
            Name::new(id).map_err(|_| ErasureError::Damaged("the number of an erasure"))?,
        ),
        persons: u64::try_from(identities).unwrap_or(u64::MAX),
        result: AuditResult::Done,
    };
    audit::append(db, &entry)?;
    Ok(())
}

fn manifest(
    stores: &Stores<'_>,
    db: &mut ErasureDb,
    submission: &SubmissionId,
    paths: &[(i32, Vec<u8>)],
) -> Result<u64, ErasureError> {
    let Some(old) = db.manifest_of(submission)? else { return Ok(0) };
    let envelope = IdentityId(submission.0);
    let keys = db.existing_data_keys(&stores.ring.kek, &[envelope])?;
    // Without the envelope's key nobody reads the manifest, nor anything of it.
    let Some(key) = keys.get(&envelope) else { return Ok(0) };
    let key_of = |_: &[u8; 16]| Ok(Some(key.clone()));
    let Some(bytes) = read_document(stores.vault, &old.pack, old.entry, key_of)? else { return Ok(0) };
    let (bytes, blanked) = without(&bytes, paths);
    if blanked == 0 {
        return Ok(0);
    }
    let new = store(stores, submission, key, &bytes)?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let path = key.seal(&[b"path/1", new.document.as_bytes()], MANIFEST)?;
    db.replace_manifest(&old, &new, length, &path)?;
    Ok(blanked)
}

/// The manifest with blanks where these paths stood between quotes.
fn without(manifest: &[u8], paths: &[(i32, Vec<u8>)]) -> (Vec<u8>, u64) {
    let mut blanks: BTreeMap<&[u8], i32> =
        paths.iter().map(|(place, path)| (path.as_slice(), *place)).collect();
    blanks.remove([].as_slice());
    let mut out = Vec::with_capacity(manifest.len());
    let mut blanked = 0;
    for (place, part) in manifest.split(|b| *b == b'"').enumerate() {
        if place > 0 {
            out.push(b'"');
        }
        match blanks.get(part) {
            Some(ordinal) => {
                out.extend_from_slice(format!("{BLANK}{ordinal}").as_bytes());
                blanked += 1;
            }
            None => out.extend_from_slice(part),
        }
    }
    (out, blanked)
}

fn store(
    stores: &Stores<'_>,
    submission: &SubmissionId,
    key: &SealKey,
    bytes: &[u8],
) -> Result<HeldDocument, ErasureError> {
    let document = DocumentHash::of(bytes);
    let segments = [Segment { range: ByteRange::within(0, 0, bytes.len()), key_id: submission.0 }];
    let mut pack = PackWriter::create(stores.vault)?;
    let entry = pack.append(&seal_document(&document, bytes, &segments, |_| Ok(key.clone()))?)?;
    Ok(HeldDocument { submission: *submission, document, pack: pack.finish()?, entry })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_between_quotes_are_blanked() {
        let manifest =
            b"[[files]]\npath = \"a/000123/x\"\n[[files]]\npath = \"a/000123/x2\"\nblake3 = \"ab\"\n";
        let (out, n) = without(manifest, &[(0, b"a/000123/x".to_vec())]);
        let expected = "[[files]]\npath = \"erased/0\"\n[[files]]\npath = \"a/000123/x2\"\nblake3 = \"ab\"\n";
        assert_eq!((String::from_utf8_lossy(&out).as_ref(), n), (expected, 1));
        assert_eq!(without(manifest, &[(0, b"a/000123".to_vec())]), (manifest.to_vec(), 0));
    }
}
