//! The books beside the jobs: backups, trials of restoring, and opt-outs that come back with the erasures.

use jiff::Timestamp;

use crate::error::StorageError;
use crate::registry::ErasureDb;

/// A backup in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupRow {
    /// Its name.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
    /// BLAKE3 of its list of files.
    pub manifest_hash: String,
}

/// The desk's books, each after those it refers to.
const DESK: [&str; 4] = ["opt_out_request", "opt_out_receipt", "recall_request", "opt_out_block"];

impl ErasureDb {
    /// Enters a backup.
    pub fn enter_backup(&mut self, backup: &BackupRow) -> Result<(), StorageError> {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.client
            .execute(
                "INSERT INTO compliance.backup (backup_id, made_at, made_by, files, bytes, manifest_hash)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    &backup.id,
                    &backup.at,
                    &backup.by,
                    &signed(backup.files),
                    &signed(backup.bytes),
                    &backup.manifest_hash,
                ],
            )
            .map_err(StorageError::db("entering a backup"))?;
        Ok(())
    }

    /// Backups with the time they were made, oldest first.
    pub fn backups(&mut self) -> Result<Vec<(String, Timestamp)>, StorageError> {
        let doing = "reading the backups";
        let rows = self
            .client
            .query("SELECT backup_id, made_at FROM compliance.backup ORDER BY made_at, backup_id", &[])
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                Ok((row.try_get(0).map_err(get)?, row.try_get(1).map_err(get)?))
            })
            .collect()
    }

    /// Enters a trial of restoring (C-028): how many erasures were applied again, and what was found that must not be.
    pub fn enter_drill(
        &mut self,
        backup: &str,
        at: Timestamp,
        by: &str,
        reapplied: u64,
        forbidden: u64,
    ) -> Result<(), StorageError> {
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.client
            .execute(
                "INSERT INTO compliance.backup_drill (backup_id, at, by, reapplied, forbidden_rows)
                 VALUES ($1, $2, $3, $4, $5)",
                &[&backup, &at, &by, &signed(reapplied), &signed(forbidden)],
            )
            .map_err(StorageError::db("entering a trial of restoring"))?;
        Ok(())
    }

    /// All opt-outs as JSON, tokens only.
    pub fn export_opt_outs(&mut self) -> Result<String, StorageError> {
        let doing = "writing the opt-outs out";
        self.client
            .query_one(
                "SELECT coalesce(jsonb_agg(to_jsonb(o) - 'opt_out_id' ORDER BY o.opt_out_id), '[]')::text
                 FROM compliance.opt_out o",
                &[],
            )
            .and_then(|row| row.try_get(0))
            .map_err(StorageError::db(doing))
    }

    /// The desk's books as JSON by table: requests, receipts, recalls, block keys. Who they are about is sealed in them.
    pub fn export_desk(&mut self) -> Result<String, StorageError> {
        let doing = "writing the desk's books out";
        let columns: Vec<String> = DESK
            .iter()
            .map(|t| {
                format!(
                    "'{t}', (SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x), '[]') FROM compliance.{t} x)"
                )
            })
            .collect();
        let statement = format!("SELECT jsonb_build_object({})::text", columns.join(", "));
        self.client
            .query_one(statement.as_str(), &[])
            .and_then(|row| row.try_get(0))
            .map_err(StorageError::db(doing))
    }

    /// Adds what is missing in the desk's books. Says how many rows.
    pub fn import_desk(&mut self, json: &str) -> Result<u64, StorageError> {
        let doing = "taking the desk's books back";
        let mut added = 0;
        for table in DESK {
            let statement = format!(
                "INSERT INTO compliance.{table}
                 SELECT * FROM jsonb_populate_recordset(null::compliance.{table}, $1::text::jsonb -> '{table}')
                 ON CONFLICT DO NOTHING"
            );
            added += self.client.execute(statement.as_str(), &[&json]).map_err(StorageError::db(doing))?;
        }
        Ok(added)
    }

    /// Adds the opt-outs that are missing, and the withdrawals. Says how many rows changed.
    pub fn import_opt_outs(&mut self, json: &str) -> Result<u64, StorageError> {
        let doing = "taking the opt-outs back";
        // The columns as they are today: whatever an opt-out is said to have, it comes back with.
        let columns: Option<String> = self
            .client
            .query_one(
                "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
                 WHERE attrelid = 'compliance.opt_out'::regclass AND attnum > 0 AND NOT attisdropped
                   AND attname <> 'opt_out_id'",
                &[],
            )
            .and_then(|row| row.try_get(0))
            .map_err(StorageError::db(doing))?;
        let columns = columns.unwrap_or_default();
        let statement = format!(
            "INSERT INTO compliance.opt_out AS o ({columns})
             SELECT {columns} FROM jsonb_populate_recordset(null::compliance.opt_out, $1::text::jsonb)
             ON CONFLICT (entry, token, kind) DO UPDATE SET withdrawn_at = EXCLUDED.withdrawn_at
             WHERE o.withdrawn_at IS DISTINCT FROM EXCLUDED.withdrawn_at"
        );
        self.client.execute(statement.as_str(), &[&json]).map_err(StorageError::db(doing))
    }
}
