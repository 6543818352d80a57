//! The catalogue of the lake when files are rewritten: an old row goes, its successor keeps the commits, so that every
//! snapshot stays readable without the erased.

use jiff::Timestamp;
use musubi_model::{FactTable, SubmissionId};

use crate::error::StorageError;
use crate::ingest::lake_file;
use crate::lake::{LakeFile, Rewritten};
use crate::registry::ErasureDb;

/// A file that was rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedFile {
    /// The job.
    pub erasure: String,
    /// Its table.
    pub table: FactTable,
    /// The file that is gone.
    pub old: String,
    /// What took its place; `None`: nothing was left.
    pub new: Option<String>,
    /// Facts that are gone.
    pub rows_removed: u64,
    /// Bytes before.
    pub bytes_before: u64,
    /// Bytes after.
    pub bytes_after: u64,
}

impl ErasureDb {
    /// Every file of the catalogue: those of today's snapshot and those that only old snapshots name.
    pub fn every_lake_file(&mut self) -> Result<Vec<LakeFile>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT file_id, fact_table, bucket_min, bucket_max, rows, bytes, first_day, last_day, submissions
                 FROM repository.lake_file ORDER BY fact_table, bucket_min, file_id",
                &[],
            )
            .map_err(StorageError::db("reading the catalogue"))?;
        rows.iter().map(lake_file).collect()
    }

    /// Puts a rewritten file in the place of the old one, in every snapshot that names it, and notes which took the
    /// place of which.
    pub fn replace_erased_file(
        &mut self,
        id: &str,
        old: &LakeFile,
        rewritten: &Rewritten,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let doing = "replacing a lake file";
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        if let Some(new) = &rewritten.new {
            // Left of a merged file may be just what one of its parts was: then one file serves the snapshots of both.
            tx.execute(
                "INSERT INTO repository.lake_file AS f (file_id, fact_table, bucket_min, bucket_max, rows, bytes,
                   first_day, last_day, submissions, added, removed)
                 SELECT $2, fact_table, bucket_min, bucket_max, $3, $4, first_day, last_day, submissions, added, removed
                 FROM repository.lake_file WHERE file_id = $1
                 ON CONFLICT (file_id) DO UPDATE SET added = least(f.added, EXCLUDED.added),
                   removed = CASE WHEN f.removed IS NULL OR EXCLUDED.removed IS NULL THEN NULL
                                  ELSE greatest(f.removed, EXCLUDED.removed) END",
                &[&old.file_id, &new.file_id, &signed(new.rows), &signed(new.bytes)],
            )
            .map_err(StorageError::db(doing))?;
        }
        let gone = tx
            .execute("DELETE FROM repository.lake_file WHERE file_id = $1", &[&old.file_id])
            .map_err(StorageError::db(doing))?;
        if gone != 1 {
            return Err(StorageError::Refused(
                "the catalogue changed under an erasure; run it again".to_owned(),
            ));
        }
        tx.execute(
            "INSERT INTO compliance.erased_file
               (erasure_id, old_file, new_file, fact_table, rows_removed, bytes_before, bytes_after, at,
                submissions)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (erasure_id, old_file) DO NOTHING",
            &[
                &id,
                &old.file_id,
                &rewritten.new.as_ref().map(|n| n.file_id.as_str()),
                &old.table.as_str(),
                &signed(rewritten.rows_removed),
                &signed(old.bytes),
                &signed(rewritten.new.as_ref().map_or(0, |n| n.bytes)),
                &at,
                &old.submissions.iter().map(SubmissionId::as_bytes).collect::<Vec<&[u8]>>(),
            ],
        )
        .map_err(StorageError::db(doing))?;
        tx.commit().map_err(StorageError::db(doing))
    }

    /// The files that a job rewrote.
    pub fn erased_files(&mut self, id: &str) -> Result<Vec<ErasedFile>, StorageError> {
        let doing = "reading which files were rewritten";
        let rows = self
            .client
            .query(
                "SELECT erasure_id, fact_table, old_file, new_file, rows_removed, bytes_before, bytes_after
                 FROM compliance.erased_file WHERE erasure_id = $1 ORDER BY at, old_file",
                &[&id],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                let table: &str = row.try_get(1).map_err(get)?;
                let count = |place: usize| row.try_get::<_, i64>(place).map(i64::unsigned_abs).map_err(get);
                Ok(ErasedFile {
                    erasure: row.try_get(0).map_err(get)?,
                    table: FactTable::from_name(table)
                        .ok_or_else(|| StorageError::Damaged(format!("unknown fact table {table}")))?,
                    old: row.try_get(2).map_err(get)?,
                    new: row.try_get(3).map_err(get)?,
                    rows_removed: count(4)?,
                    bytes_before: count(5)?,
                    bytes_after: count(6)?,
                })
            })
            .collect()
    }
}
