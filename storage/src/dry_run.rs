//! The book of dry runs (試算の記録): how often an applicant asked on a day, and cohorts that served only to count.
//!
//! Append-only; never holds what the answer was.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::StorageError;
use crate::registry::ReleaseDb;

/// What stands as approval of a cohort that was written to count only.
pub const DRY_RUN: &str = "dry-run";
/// Two that ask at once are counted one after the other.
const LOCK: i64 = 0x6d75_7375_6472_7972;

/// A dry run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DryRunRow<'a> {
    /// Who applies.
    pub applicant: &'a str,
    /// The day in Japan.
    pub on: Date,
    /// When.
    pub at: Timestamp,
    /// The account that asks.
    pub actor: &'a str,
    /// The hash of what is asked.
    pub scope_hash: &'a str,
    /// The snapshot.
    pub commit: i64,
}

impl ReleaseDb {
    /// Enters a dry run unless the applicant had `allowed` of that day already. The number of those before it; `Err` in
    /// the inner result: none was entered.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn enter_dry_run(
        &mut self,
        row: &DryRunRow<'_>,
        allowed: u64,
    ) -> Result<Result<u64, u64>, StorageError> {
        let doing = "entering a dry run";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).map_err(StorageError::db(doing))?;
        let asked: i64 = tx
            .query_one(
                "SELECT count(*) FROM release.dry_run WHERE applicant = $1 AND asked_on = $2",
                &[&row.applicant, &row.on],
            )
            .map_err(StorageError::db(doing))?
            .get(0);
        let asked = asked.unsigned_abs();
        if asked >= allowed {
            return Ok(Err(asked));
        }
        tx.execute(
            "INSERT INTO release.dry_run (applicant, asked_on, at, actor, scope_hash, commit_id)
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[&row.applicant, &row.on, &row.at, &row.actor, &row.scope_hash, &row.commit],
        )
        .map_err(StorageError::db(doing))?;
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(Ok(asked))
    }

    /// Takes the members out of cohorts that dry runs left behind when they were stopped before this point in time.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn drop_dry_runs(&mut self, before: Timestamp) -> Result<(), StorageError> {
        self.client
            .execute(
                "DELETE FROM release.cohort_member m USING release.cohort c
                 WHERE c.cohort_id = m.cohort_id AND c.approval_id = $1 AND c.at < $2",
                &[&DRY_RUN, &before],
            )
            .map_err(StorageError::db("dropping cohorts of dry runs"))?;
        Ok(())
    }
}
