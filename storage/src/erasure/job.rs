//! Jobs: who planned, confirmed, ran and verified them; their steps.

use std::collections::BTreeSet;

use jiff::Timestamp;
use musubi_model::IdentityId;
use postgres::{GenericClient, Row};

use crate::error::StorageError;
use crate::identity::commit::IDENTITY_LOCK;
use crate::ingest::LOAD_LOCK;
use crate::registry::ErasureDb;

/// Key of the advisory lock under which jobs are numbered.
const NUMBER_LOCK: i64 = 0x6d75_7375_6572_6173;

/// A job to be planned.
#[allow(missing_debug_implementations)] // it borrows a function
pub struct NewErasureJob<'a> {
    /// Legal ground.
    pub ground: &'a str,
    /// What kind of scope.
    pub scope: &'a str,
    /// The number of the instruction or request; may be empty.
    pub instruction: &'a str,
    /// Keyed hash of the scope.
    pub scope_hash: &'a str,
    /// The scope, sealed to the job's number.
    pub seal: &'a dyn Fn(&str) -> Result<Vec<u8>, StorageError>,
    /// Counts, JSON.
    pub before: &'a str,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: &'a str,
}

/// A job as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureJobRow {
    /// Its number, `E-2026-0001`.
    pub id: String,
    /// Legal ground.
    pub ground: String,
    /// What kind of scope.
    pub scope: String,
    /// The number of the instruction or request.
    pub instruction: String,
    /// Keyed hash of the scope.
    pub scope_hash: String,
    /// The scope, sealed.
    pub scope_sealed: Vec<u8>,
    /// Counts before, JSON.
    pub before: String,
    /// When it was planned, and by whom.
    pub planned: (Timestamp, String),
    /// Its state.
    pub state: String,
    /// First executor.
    pub confirmed: Option<(Timestamp, String)>,
    /// Second executor.
    pub run: Option<(Timestamp, String)>,
    /// When the last step ended.
    pub erased_at: Option<Timestamp>,
    /// What was done, JSON.
    pub after: Option<String>,
    /// Who verified it.
    pub verified: Option<(Timestamp, String)>,
    /// Hits of the scan at the verification.
    pub left_over: Option<i64>,
}

/// A step that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRow {
    /// Its name.
    pub step: String,
    /// When.
    pub at: Timestamp,
    /// Counts, JSON.
    pub detail: String,
    /// Done once more, after a restore.
    pub again: bool,
}

const COLUMNS: &str = "erasure_id, ground, scope, instruction, scope_hash, scope_sealed, before::text, planned_at,
    planned_by, state, confirmed_at, confirmed_by, run_at, run_by, erased_at, after::text, verified_at, verified_by,
    left_over";

fn job_row(row: &Row) -> Result<ErasureJobRow, StorageError> {
    let get = |e| StorageError::db("reading an erasure")(e);
    let who = |at: usize, by: usize| -> Result<Option<(Timestamp, String)>, StorageError> {
        let at: Option<Timestamp> = row.try_get(at).map_err(get)?;
        Ok(at.zip(row.try_get(by).map_err(get)?))
    };
    Ok(ErasureJobRow {
        id: row.try_get(0).map_err(get)?,
        ground: row.try_get(1).map_err(get)?,
        scope: row.try_get(2).map_err(get)?,
        instruction: row.try_get(3).map_err(get)?,
        scope_hash: row.try_get(4).map_err(get)?,
        scope_sealed: row.try_get(5).map_err(get)?,
        before: row.try_get(6).map_err(get)?,
        planned: (row.try_get(7).map_err(get)?, row.try_get(8).map_err(get)?),
        state: row.try_get(9).map_err(get)?,
        confirmed: who(10, 11)?,
        run: who(12, 13)?,
        erased_at: row.try_get(14).map_err(get)?,
        after: row.try_get(15).map_err(get)?,
        verified: who(16, 17)?,
        left_over: row.try_get(18).map_err(get)?,
    })
}

pub(super) fn names(ids: &BTreeSet<IdentityId>) -> Vec<&[u8]> {
    ids.iter().map(IdentityId::as_bytes).collect()
}

impl ErasureDb {
    /// Keeps loads and other erasures out until this handle is dropped or [`Self::let_loads`] is called.
    pub fn lock_loads(&mut self) -> Result<(), StorageError> {
        let doing = "waiting for loads to end";
        self.client.execute("SELECT pg_advisory_lock($1)", &[&LOAD_LOCK]).map_err(StorageError::db(doing))?;
        Ok(())
    }

    /// Lets loads in again.
    pub fn let_loads(&mut self) -> Result<(), StorageError> {
        let doing = "letting loads in";
        self.client
            .execute("SELECT pg_advisory_unlock($1)", &[&LOAD_LOCK])
            .map_err(StorageError::db(doing))?;
        Ok(())
    }

    /// Enters a planned job under the next number of its year.
    pub fn plan_erasure(&mut self, job: &NewErasureJob<'_>, year: i16) -> Result<String, StorageError> {
        let doing = "planning an erasure";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&NUMBER_LOCK]).map_err(StorageError::db(doing))?;
        let like = format!("E-{year:04}-%");
        let next: i64 = tx
            .query_one(
                "SELECT coalesce(max(substring(erasure_id FROM 8)::bigint), 0) + 1
                 FROM compliance.erasure_job WHERE erasure_id LIKE $1",
                &[&like],
            )
            .and_then(|row| row.try_get(0))
            .map_err(StorageError::db(doing))?;
        let id = format!("E-{year:04}-{next:04}");
        let sealed = (job.seal)(&id)?;
        tx.execute(
            "INSERT INTO compliance.erasure_job
               (erasure_id, ground, scope, instruction, scope_hash, scope_sealed, before, planned_at, planned_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9)",
            &[
                &id,
                &job.ground,
                &job.scope,
                &job.instruction,
                &job.scope_hash,
                &sealed,
                &job.before,
                &job.at,
                &job.by,
            ],
        )
        .map_err(StorageError::db(doing))?;
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(id)
    }

    /// Brings a job back that a restored registry does not know (or knows in an earlier state): as confirmed, to be run.
    pub fn bring_back_erasure(&mut self, job: &ErasureJobRow) -> Result<(), StorageError> {
        let doing = "bringing an erasure back";
        let (confirmed, run) = (job.confirmed.as_ref(), job.run.as_ref());
        self.client
            .execute(
                "INSERT INTO compliance.erasure_job
                   (erasure_id, ground, scope, instruction, scope_hash, scope_sealed, before, planned_at, planned_by,
                    state, confirmed_at, confirmed_by, run_at, run_by)
                 VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9, 'running', $10, $11, $12, $13)
                 ON CONFLICT (erasure_id) DO NOTHING",
                &[
                    &job.id,
                    &job.ground,
                    &job.scope,
                    &job.instruction,
                    &job.scope_hash,
                    &job.scope_sealed,
                    &job.before,
                    &job.planned.0,
                    &job.planned.1,
                    &confirmed.map(|c| c.0),
                    &confirmed.map(|c| c.1.as_str()),
                    &run.map(|r| r.0),
                    &run.map(|r| r.1.as_str()),
                ],
            )
            .map_err(StorageError::db(doing))?;
        Ok(())
    }

    /// A job by its number.
    pub fn erasure(&mut self, id: &str) -> Result<Option<ErasureJobRow>, StorageError> {
        let statement = format!("SELECT {COLUMNS} FROM compliance.erasure_job WHERE erasure_id = $1");
        let row = self.client.query_opt(statement.as_str(), &[&id]);
        row.map_err(StorageError::db("reading an erasure"))?.as_ref().map(job_row).transpose()
    }

    /// All jobs, oldest first.
    pub fn erasures(&mut self) -> Result<Vec<ErasureJobRow>, StorageError> {
        let statement =
            format!("SELECT {COLUMNS} FROM compliance.erasure_job ORDER BY planned_at, erasure_id");
        let rows =
            self.client.query(statement.as_str(), &[]).map_err(StorageError::db("reading erasures"))?;
        rows.iter().map(job_row).collect()
    }

    /// The first executor confirms a planned job. `false`: it is not in that state.
    pub fn confirm_erasure(&mut self, id: &str, by: &str, at: Timestamp) -> Result<bool, StorageError> {
        self.moved(
            "UPDATE compliance.erasure_job SET state = 'confirmed', confirmed_by = $2, confirmed_at = $3
             WHERE erasure_id = $1 AND state = 'planned'",
            &[&id, &by, &at],
        )
    }

    /// The second executor begins a confirmed job, or goes on with one that was begun. `false`: it cannot be run, or
    /// the same person confirmed it.
    pub fn begin_erasure(&mut self, id: &str, by: &str, at: Timestamp) -> Result<bool, StorageError> {
        self.moved(
            "UPDATE compliance.erasure_job SET state = 'running',
               run_by = coalesce(run_by, $2), run_at = coalesce(run_at, $3)
             WHERE erasure_id = $1 AND state IN ('confirmed', 'running') AND confirmed_by <> $2",
            &[&id, &by, &at],
        )
    }

    /// Every step is done.
    pub fn end_erasure(&mut self, id: &str, after: &str, at: Timestamp) -> Result<bool, StorageError> {
        self.moved(
            "UPDATE compliance.erasure_job SET state = 'erased', after = $2::text::jsonb, erased_at = $3
             WHERE erasure_id = $1 AND state = 'running'",
            &[&id, &after, &at],
        )
    }

    /// Somebody who is neither of the executors verified it and found nothing left. `false`: not in that state, or an
    /// executor.
    pub fn verify_erasure(&mut self, id: &str, by: &str, at: Timestamp) -> Result<bool, StorageError> {
        self.moved(
            "UPDATE compliance.erasure_job SET state = 'verified', verified_by = $2, verified_at = $3, left_over = 0
             WHERE erasure_id = $1 AND state = 'erased' AND $2 NOT IN (run_by, confirmed_by)",
            &[&id, &by, &at],
        )
    }

    fn moved(
        &mut self,
        statement: &str,
        values: &[&(dyn postgres::types::ToSql + Sync)],
    ) -> Result<bool, StorageError> {
        let rows =
            self.client.execute(statement, values).map_err(StorageError::db("moving an erasure on"))?;
        Ok(rows == 1)
    }

    /// The steps that are done, in order.
    pub fn erasure_steps(&mut self, id: &str) -> Result<Vec<StepRow>, StorageError> {
        let doing = "reading the steps of an erasure";
        let rows = self
            .client
            .query(
                "SELECT step, at, detail::text, again FROM compliance.erasure_step WHERE erasure_id = $1 ORDER BY at",
                &[&id],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                Ok(StepRow {
                    step: row.try_get(0).map_err(get)?,
                    at: row.try_get(1).map_err(get)?,
                    detail: row.try_get(2).map_err(get)?,
                    again: row.try_get(3).map_err(get)?,
                })
            })
            .collect()
    }

    /// Notes that a step is done.
    pub fn note_erasure_step(&mut self, id: &str, step: &StepRow) -> Result<(), StorageError> {
        note_step(&mut *self.client, id, step)
    }

    /// Puts the identities of a running job before the database's own functions. They lie there while it runs.
    pub fn list_erasing(&mut self, id: &str, ids: &BTreeSet<IdentityId>) -> Result<(), StorageError> {
        let doing = "listing whom an erasure is about";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        tx.execute("DELETE FROM identity.erasing", &[]).map_err(StorageError::db(doing))?;
        tx.execute("INSERT INTO identity.erasing SELECT $1, unnest($2::bytea[])", &[&id, &names(ids)])
            .map_err(StorageError::db(doing))?;
        tx.commit().map_err(StorageError::db(doing))
    }

    /// Empties the list.
    pub fn unlist_erasing(&mut self) -> Result<(), StorageError> {
        self.client
            .execute("DELETE FROM identity.erasing", &[])
            .map_err(StorageError::db("emptying the list of an erasure"))?;
        Ok(())
    }

    /// Destroys the data keys of the listed identities. Says how many were there.
    pub fn destroy_keys(&mut self, id: &str, at: Timestamp) -> Result<u64, StorageError> {
        let doing = "destroying keys";
        let row = self
            .client
            .query_one("SELECT identity.destroy_keys($1, $2)", &[&id, &at])
            .map_err(StorageError::db(doing))?;
        row.try_get::<_, i64>(0).map(i64::unsigned_abs).map_err(StorageError::db(doing))
    }

    /// Takes every row of the listed identities out of the registry, under the lock of matching, and notes the step in
    /// the same transaction: `note` makes its detail from what the database says (JSON: rows by table; `components` to be
    /// decided again; `retired`, the research ids of persons of whom nobody is left).
    pub fn erase_rows(
        &mut self,
        id: &str,
        crowd_max: u32,
        note: &dyn Fn(&str) -> Result<StepRow, StorageError>,
    ) -> Result<StepRow, StorageError> {
        let doing = "taking rows out of the registry";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&IDENTITY_LOCK]).map_err(StorageError::db(doing))?;
        let max = i32::try_from(crowd_max).unwrap_or(i32::MAX);
        let said: String = tx
            .query_one("SELECT identity.erase_rows($1, $2)::text", &[&id, &max])
            .and_then(|row| row.try_get(0))
            .map_err(StorageError::db(doing))?;
        let step = note(&said)?;
        note_step(&mut tx, id, &step)?;
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(step)
    }
}

fn note_step(client: &mut impl GenericClient, id: &str, step: &StepRow) -> Result<(), StorageError> {
    client
        .execute(
            "INSERT INTO compliance.erasure_step (erasure_id, step, at, detail, again)
             VALUES ($1, $2, $3, $4::text::jsonb, $5)",
            &[&id, &step.step, &step.at, &step.detail, &step.again],
        )
        .map_err(StorageError::db("noting a step of an erasure"))?;
    Ok(())
}
