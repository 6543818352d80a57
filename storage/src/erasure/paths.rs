//! Documents that tell of the erased alone: where their paths stand (a path may hold a chart number), and the manifests
//! that list them.

use std::collections::BTreeMap;

use musubi_model::{DocumentHash, IdentityId, SubmissionId};

use crate::data_keys::existing_data_keys;
use crate::error::StorageError;
use crate::keys::SealKey;
use crate::registry::ErasureDb;
use crate::vault::{PackEntry, PackName};

/// Where the manifest of a delivery stands among its documents.
const MANIFEST_ORDINAL: i32 = -1;

/// The sealed path of a document whose units are all on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathOfDocument {
    /// Its delivery.
    pub submission: SubmissionId,
    /// The document.
    pub document: DocumentHash,
    /// Its place in the manifest.
    pub ordinal: i32,
    /// The key of the path.
    pub key: IdentityId,
    /// The path, sealed.
    pub sealed: Vec<u8>,
}

/// Where a document lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldDocument {
    /// Its delivery.
    pub submission: SubmissionId,
    /// The document.
    pub document: DocumentHash,
    /// Its pack.
    pub pack: PackName,
    /// The place in the pack.
    pub entry: PackEntry,
}

fn damaged(what: &str) -> StorageError {
    StorageError::Damaged(what.to_owned())
}

impl ErasureDb {
    /// Paths of documents all of whose units are on the list, and that are not blank yet.
    pub fn paths_of_erasing(&mut self, id: &str) -> Result<Vec<PathOfDocument>, StorageError> {
        let doing = "reading the paths of an erasure";
        let rows = self
            .client
            .query(
                "SELECT DISTINCT d.submission_id, d.document, d.ordinal, d.path_key, d.path_sealed
                 FROM intake.unit u
                 JOIN identity.erasing e ON e.identity_id = u.identity_id AND e.erasure_id = $1
                 JOIN intake.document d ON d.submission_id = u.submission_id AND d.ordinal = u.file
                 WHERE d.path_sealed <> '' AND NOT EXISTS (
                   SELECT FROM intake.unit o LEFT JOIN identity.erasing l ON l.identity_id = o.identity_id
                   WHERE o.document = u.document AND o.submission_id = u.submission_id AND o.file = u.file
                     AND l.identity_id IS NULL)
                 ORDER BY d.submission_id, d.ordinal",
                &[&id],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                Ok(PathOfDocument {
                    submission: SubmissionId::from_slice(row.try_get(0).map_err(get)?)
                        .ok_or_else(|| damaged("a submission id"))?,
                    document: DocumentHash::from_slice(row.try_get(1).map_err(get)?)
                        .ok_or_else(|| damaged("a document hash"))?,
                    ordinal: row.try_get(2).map_err(get)?,
                    key: IdentityId::from_slice(row.try_get(3).map_err(get)?)
                        .ok_or_else(|| damaged("a key id"))?,
                    sealed: row.try_get(4).map_err(get)?,
                })
            })
            .collect()
    }

    /// The manifest of a delivery.
    pub fn manifest_of(&mut self, submission: &SubmissionId) -> Result<Option<HeldDocument>, StorageError> {
        let doing = "reading where a manifest lies";
        let row = self
            .client
            .query_opt(
                "SELECT document, pack, pack_offset, pack_len FROM intake.document
                 WHERE submission_id = $1 AND ordinal = $2",
                &[&submission.as_bytes(), &MANIFEST_ORDINAL],
            )
            .map_err(StorageError::db(doing))?;
        row.map(|row| {
            let get = |e| StorageError::db(doing)(e);
            let pack: &str = row.try_get(1).map_err(get)?;
            let (offset, len): (i64, i64) = (row.try_get(2).map_err(get)?, row.try_get(3).map_err(get)?);
            Ok(HeldDocument {
                submission: *submission,
                document: DocumentHash::from_slice(row.try_get(0).map_err(get)?)
                    .ok_or_else(|| damaged("a document hash"))?,
                pack: pack.parse()?,
                entry: PackEntry { offset: offset.unsigned_abs(), len: len.unsigned_abs() },
            })
        })
        .transpose()
    }

    /// The manifest now lies elsewhere, with blanks in it. Refused unless it lies in a pack of its own.
    pub fn replace_manifest(
        &mut self,
        old: &HeldDocument,
        new: &HeldDocument,
        bytes: u64,
        path_sealed: &[u8],
    ) -> Result<(), StorageError> {
        let doing = "replacing a manifest";
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        let others: i64 = tx
            .query_one(
                "SELECT count(*) FROM intake.document WHERE pack = $1 AND (submission_id, ordinal) <> ($2, $3)",
                &[&old.pack.as_str(), &old.submission.as_bytes(), &MANIFEST_ORDINAL],
            )
            .and_then(|row| row.try_get(0))
            .map_err(StorageError::db(doing))?;
        if others > 0 {
            return Err(damaged("a manifest shares its pack with other documents"));
        }
        tx.execute(
            "UPDATE intake.document SET document = $3, bytes = $4, pack = $5, pack_offset = $6, pack_len = $7,
               path_sealed = $8
             WHERE submission_id = $1 AND ordinal = $2",
            &[
                &old.submission.as_bytes(),
                &MANIFEST_ORDINAL,
                &new.document.as_bytes(),
                &signed(bytes),
                &new.pack.as_str(),
                &signed(new.entry.offset),
                &signed(new.entry.len),
                &path_sealed,
            ],
        )
        .map_err(StorageError::db(doing))?;
        tx.commit().map_err(StorageError::db(doing))
    }

    /// The names of all packs the registry knows.
    pub fn every_pack(&mut self) -> Result<std::collections::BTreeSet<String>, StorageError> {
        let doing = "reading the packs";
        let rows = self
            .client
            .query("SELECT DISTINCT pack FROM intake.document", &[])
            .map_err(StorageError::db(doing))?;
        rows.iter().map(|row| row.try_get(0).map_err(StorageError::db(doing))).collect()
    }

    /// See [`existing_data_keys`].
    pub fn existing_data_keys(
        &mut self,
        kek: &SealKey,
        ids: &[IdentityId],
    ) -> Result<BTreeMap<IdentityId, SealKey>, StorageError> {
        existing_data_keys(&mut *self.client, kek, ids)
    }
}
