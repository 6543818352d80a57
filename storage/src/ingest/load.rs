//! One load's transaction: rows by binary COPY, superseded versions, balance, catalogue, commit.

use std::collections::BTreeSet;

use jiff::Timestamp;
use musubi_model::submission::{Balance, SubmissionState};
use musubi_model::{DocumentHash, IdentityId, SubmissionId};
use postgres::Transaction;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};

use super::{DocumentRow, FindingRow, UnitRow, enter_state, signed};
use crate::error::StorageError;
use crate::lake::LakeFile;

/// One load: everything in it becomes visible with [`Load::commit`], or nothing does.
pub struct Load<'a> {
    pub(crate) transaction: Transaction<'a>,
    pub(crate) submission: SubmissionId,
}

impl Load<'_> {
    /// The units of these documents that a committed submission has already brought into the repository. Units that
    /// were left out then (an opt-out that has since been withdrawn) are not among them.
    pub fn known_units(
        &mut self,
        documents: &[DocumentHash],
    ) -> Result<BTreeSet<(DocumentHash, u32)>, StorageError> {
        let wanted: Vec<&[u8]> = documents.iter().map(DocumentHash::as_bytes).collect();
        let rows = self
            .transaction
            .query(
                "SELECT document, ordinal FROM intake.unit WHERE document = ANY($1)
                    AND disposition IN ('loaded', 'superseded')",
                &[&wanted],
            )
            .map_err(StorageError::db("looking for documents that came before"))?;
        Ok(rows
            .iter()
            .filter_map(|r| {
                Some((DocumentHash::from_slice(r.get(0))?, u32::try_from(r.get::<_, i32>(1)).ok()?))
            })
            .collect())
    }

    /// How far the book of opt-outs has come.
    pub fn opt_out_mark(&mut self) -> Result<i64, StorageError> {
        let row = self
            .transaction
            .query_one("SELECT coalesce(max(opt_out_id), 0) FROM compliance.opt_out", &[])
            .map_err(StorageError::db("reading the opt-outs"))?;
        Ok(row.get(0))
    }

    /// The same, and nobody enters an opt-out before this load has ended: what is entered later finds the load committed.
    pub fn hold_opt_outs(&mut self) -> Result<i64, StorageError> {
        self.transaction
            .execute("SELECT pg_advisory_xact_lock($1)", &[&crate::compliance::OPT_OUT_LOCK])
            .map_err(StorageError::db("waiting for opt-outs under way"))?;
        self.opt_out_mark()
    }

    /// Adds documents.
    pub fn documents(&mut self, rows: &[DocumentRow]) -> Result<(), StorageError> {
        const COLUMNS: [Type; 11] = [
            Type::BYTEA,
            Type::BYTEA,
            Type::INT4,
            Type::TEXT,
            Type::INT8,
            Type::BYTEA,
            Type::BYTEA,
            Type::TEXT,
            Type::TEXT,
            Type::INT8,
            Type::INT8,
        ];
        let sink = self
            .transaction
            .copy_in(
                "COPY intake.document (document, submission_id, ordinal, provider_id, bytes, path_key, path_sealed,
                   mapper_version, pack, pack_offset, pack_len) FROM STDIN BINARY",
            )
            .map_err(StorageError::db("adding documents"))?;
        let mut writer = BinaryCopyInWriter::new(sink, &COLUMNS);
        for d in rows {
            let row: [&(dyn ToSql + Sync); 11] = [
                &d.document.as_bytes(),
                &self.submission.as_bytes(),
                &d.ordinal,
                &d.provider.as_str(),
                &signed(d.bytes),
                &d.path_key.as_slice(),
                &d.path_sealed,
                &d.mapper_version,
                &d.pack,
                &signed(d.pack_offset),
                &signed(d.pack_len),
            ];
            writer.write(&row).map_err(StorageError::db("adding documents"))?;
        }
        writer.finish().map_err(StorageError::db("adding documents"))?;
        Ok(())
    }

    /// Adds units.
    pub fn units(&mut self, rows: &[UnitRow]) -> Result<(), StorageError> {
        const COLUMNS: [Type; 13] = [
            Type::BYTEA,
            Type::INT4,
            Type::BYTEA,
            Type::INT4,
            Type::TEXT,
            Type::INT8,
            Type::INT8,
            Type::BYTEA,
            Type::TEXT,
            Type::BYTEA,
            Type::TEXT,
            Type::INT2,
            Type::TEXT,
        ];
        let sink = self
            .transaction
            .copy_in(
                "COPY intake.unit (document, ordinal, submission_id, file, provider_id, byte_start, byte_len,
                   identity_id, disposition, version_key, version_time, version_flag, records) FROM STDIN BINARY",
            )
            .map_err(StorageError::db("adding units"))?;
        let mut writer = BinaryCopyInWriter::new(sink, &COLUMNS);
        for u in rows {
            let row: [&(dyn ToSql + Sync); 13] = [
                &u.document.as_bytes(),
                &i32::try_from(u.ordinal).unwrap_or(i32::MAX),
                &self.submission.as_bytes(),
                &u.file,
                &u.provider.as_str(),
                &signed(u.byte_start),
                &i64::from(u.byte_len),
                &u.identity.as_ref().map(IdentityId::as_bytes),
                &u.disposition.as_str(),
                &u.version_key.as_ref().map(<[u8; 16]>::as_slice),
                &u.version_time,
                &u.version_flag,
                &u.records,
            ];
            writer.write(&row).map_err(StorageError::db("adding units"))?;
        }
        writer.finish().map_err(StorageError::db("adding units"))?;
        Ok(())
    }

    /// Adds findings.
    pub fn findings(&mut self, rows: &[FindingRow]) -> Result<(), StorageError> {
        copy_findings(&mut self.transaction, &self.submission.clone(), rows)
    }

    /// Catalogues the lake files of this load, and returns the commit they belong to.
    pub fn files(&mut self, files: &[LakeFile], at: Timestamp) -> Result<i64, StorageError> {
        let commit = new_commit(&mut self.transaction, at, "load", Some(&self.submission))?;
        insert_files(&mut self.transaction, files, commit)?;
        Ok(commit)
    }

    /// Finds the units that are no longer current, now that this load's versions are known.
    ///
    /// Of all versions of one thing (same provider and logical key) the newest by (time, document, ordinal) is current,
    /// if no delivery of it carries another flag than 1; all others are dead, and dead for ever. The rule looks only at
    /// the set of versions, so the order in which deliveries came does not matter. Returns the `records` texts of this
    /// submission's units that turned out to be superseded.
    pub fn supersede(&mut self, commit: i64) -> Result<Vec<String>, StorageError> {
        let id = self.submission;
        self.transaction
            .execute(
                "WITH touched AS (
                   SELECT DISTINCT version_key FROM intake.unit
                   WHERE submission_id = $1 AND version_key IS NOT NULL AND disposition IN ('loaded', 'duplicate')
                 ), version AS (
                   SELECT u.version_key, u.document, u.ordinal,
                          max(u.version_time) AS time, bool_and(u.version_flag = 1) AS current
                   FROM intake.unit u JOIN touched USING (version_key)
                   WHERE u.disposition IN ('loaded', 'superseded', 'duplicate')
                   GROUP BY u.version_key, u.document, u.ordinal
                 ), ranked AS (
                   SELECT document, ordinal, current,
                          row_number() OVER (PARTITION BY version_key
                                             ORDER BY time DESC, document DESC, ordinal DESC) AS rank
                   FROM version
                 )
                 INSERT INTO repository.dead_unit (document, unit, since)
                 SELECT DISTINCT document, ordinal, $2::bigint FROM ranked WHERE rank > 1 OR NOT current
                 ON CONFLICT DO NOTHING",
                &[&id.as_bytes(), &commit],
            )
            .map_err(StorageError::db("finding superseded units"))?;
        let rows = self
            .transaction
            .query(
                "UPDATE intake.unit u SET disposition = 'superseded'
                 FROM repository.dead_unit d
                 WHERE u.submission_id = $1 AND u.disposition = 'loaded'
                   AND d.document = u.document AND d.unit = u.ordinal
                 RETURNING u.records",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("marking superseded units"))?;
        Ok(rows.iter().map(|r| r.get(0)).collect())
    }

    /// Stores the balance, on top of what an earlier delivery under the same manifest left in quarantine. The table
    /// itself refuses one that does not close.
    pub fn balance(&mut self, balance: &Balance) -> Result<(), StorageError> {
        for (kind, l) in &balance.lines {
            self.transaction
                .execute(
                    "INSERT INTO intake.balance AS b VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                     ON CONFLICT (submission_id, kind) DO UPDATE SET
                       received = b.received + EXCLUDED.received, loaded = b.loaded + EXCLUDED.loaded,
                       superseded = b.superseded + EXCLUDED.superseded, duplicate = b.duplicate + EXCLUDED.duplicate,
                       quarantined = b.quarantined + EXCLUDED.quarantined, excluded = b.excluded + EXCLUDED.excluded,
                       held = b.held + EXCLUDED.held",
                    &[
                        &self.submission.as_bytes(),
                        kind,
                        &signed(l.received),
                        &signed(l.loaded),
                        &signed(l.superseded),
                        &signed(l.duplicate),
                        &signed(l.quarantined),
                        &signed(l.excluded),
                        &signed(l.held),
                    ],
                )
                .map_err(StorageError::db("storing the balance"))?;
        }
        Ok(())
    }

    /// Moves the submission to a state inside this load.
    pub fn enter_state(
        &mut self,
        at: Timestamp,
        state: SubmissionState,
        detail: &str,
    ) -> Result<(), StorageError> {
        let id = self.submission;
        enter_state(&mut self.transaction, &id, at, state, detail)
    }

    /// Makes everything visible.
    pub fn commit(self) -> Result<(), StorageError> {
        self.transaction.commit().map_err(StorageError::db("committing a load"))
    }
}

pub(super) fn copy_findings(
    transaction: &mut Transaction<'_>,
    submission: &SubmissionId,
    rows: &[FindingRow],
) -> Result<(), StorageError> {
    const COLUMNS: [Type; 11] = [
        Type::BYTEA,
        Type::BYTEA,
        Type::INT4,
        Type::TEXT,
        Type::TEXT,
        Type::INT8,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT,
    ];
    if rows.is_empty() {
        return Ok(());
    }
    let sink = transaction
        .copy_in(
            "COPY intake.finding (submission_id, document, unit, rule, severity, byte_start, byte_len, record, field,
               found, expected) FROM STDIN BINARY",
        )
        .map_err(StorageError::db("adding findings"))?;
    let mut writer = BinaryCopyInWriter::new(sink, &COLUMNS);
    for r in rows {
        let f = &r.finding;
        let row: [&(dyn ToSql + Sync); 11] = [
            &submission.as_bytes(),
            &r.document.as_ref().map(DocumentHash::as_bytes),
            &r.unit.and_then(|u| i32::try_from(u).ok()),
            &f.rule.id,
            &f.rule.severity.as_str(),
            &f.position.range.map(|p| signed(p.start)),
            &f.position.range.map(|p| i64::from(p.len)),
            &f.position.record,
            &f.position.field,
            &f.found,
            &f.expected,
        ];
        writer.write(&row).map_err(StorageError::db("adding findings"))?;
    }
    writer.finish().map_err(StorageError::db("adding findings"))?;
    Ok(())
}

pub(super) fn new_commit(
    transaction: &mut Transaction<'_>,
    at: Timestamp,
    kind: &str,
    submission: Option<&SubmissionId>,
) -> Result<i64, StorageError> {
    let row = transaction
        .query_one(
            "INSERT INTO repository.lake_commit (at, kind, submission_id) VALUES ($1, $2, $3) RETURNING commit_id",
            &[&at, &kind, &submission.map(SubmissionId::as_bytes)],
        )
        .map_err(StorageError::db("beginning a lake commit"))?;
    Ok(row.get(0))
}

pub(crate) fn insert_files(
    transaction: &mut Transaction<'_>,
    files: &[LakeFile],
    commit: i64,
) -> Result<(), StorageError> {
    for f in files {
        let submissions: Vec<&[u8]> = f.submissions.iter().map(SubmissionId::as_bytes).collect();
        transaction
            .execute(
                "INSERT INTO repository.lake_file (file_id, fact_table, bucket_min, bucket_max, rows, bytes, first_day,
                   last_day, submissions, added) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 ON CONFLICT (file_id) DO NOTHING",
                &[
                    &f.file_id,
                    &f.table.as_str(),
                    &i16::try_from(f.bucket_min).unwrap_or(i16::MAX),
                    &i16::try_from(f.bucket_max).unwrap_or(i16::MAX),
                    &signed(f.rows),
                    &signed(f.bytes),
                    &f.first_day,
                    &f.last_day,
                    &submissions,
                    &commit,
                ],
            )
            .map_err(StorageError::db("cataloguing lake files"))?;
    }
    Ok(())
}
