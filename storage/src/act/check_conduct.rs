//! What the checks of conduct (C-063 to C-091) read across the books: releases with what was asked, runs, who acted when,
//! what two people decided. Accounts, ids, hours and counts; never a value of a person.

use jiff::Timestamp;
use serde::Serialize;

use super::{column, count};
use crate::error::StorageError;
use crate::registry::ActDb;

const READING: &str = "reading for the checks of conduct";

/// A release of the ledger with the request behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRelease {
    /// Its name.
    pub release: String,
    /// Its approval.
    pub approval: String,
    /// The manifest, byte for byte.
    pub manifest: String,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// What was asked for; `None`: the request is gone.
    pub spec: Option<String>,
    /// Do ledger, approval and request name one scope?
    pub same_scope: bool,
}

/// A job that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    /// Its number.
    pub id: i64,
    /// Which job.
    pub job: String,
    /// For what.
    pub scope: Option<String>,
    /// Under which instruction.
    pub instruction: String,
    /// Which account.
    pub principal: String,
    /// In which role.
    pub role: String,
    /// Hash of the parameters.
    pub parameter_hash: String,
    /// BLAKE3 of the program.
    pub binary_hash: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None`: it goes on or was killed.
    pub ended_at: Option<Timestamp>,
}

/// A login or a session, and whether both factors stand behind it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LoginSeen {
    /// Which entry or session.
    pub of: String,
    /// Both factors, and booked.
    pub both: bool,
}

/// An hour in which an account acted in a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveHour {
    /// The account.
    pub actor: String,
    /// The role.
    pub role: String,
    /// Its first act in that hour.
    pub first: Timestamp,
    /// Its last.
    pub last: Timestamp,
}

/// Something that takes two people and was carried out: who agreed, and who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TwoHands {
    /// What.
    pub what: String,
    /// The first, and when.
    pub first: Option<(String, Timestamp)>,
    /// The second, and when.
    pub second: Option<(String, Timestamp)>,
    /// When it was done.
    pub done_at: Timestamp,
}

impl ActDb {
    /// Fails when this role cannot read a table. For what a check reads only when there is a case.
    ///
    /// # Errors
    /// [`StorageError::Database`]; [`StorageError::Refused`] when the name is none of a table.
    pub fn readable(&mut self, table: &str) -> Result<(), StorageError> {
        if !table.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'.' | b'_')) {
            return Err(StorageError::Refused(format!("{table} is no table")));
        }
        self.client
            .batch_execute(&format!("SELECT FROM {table} LIMIT 0"))
            .map_err(StorageError::db("looking whether a table can be read"))
    }

    /// The ledger of releases, oldest first, each with the request behind it.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn asked_releases(&mut self) -> Result<Vec<AskedRelease>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT l.release_id, l.approval_id, l.manifest, l.sealed_at, q.spec,
                        coalesce(l.scope_hash = a.scope_hash AND a.scope_hash = q.scope_hash
                                 AND a.request_id = l.request_id, false)
                 FROM release.ledger l LEFT JOIN board.approval a USING (approval_id)
                 LEFT JOIN board.request q ON q.request_id = l.request_id
                 ORDER BY l.sealed_at, l.release_id",
                &[],
            )
            .map_err(StorageError::db(READING))?;
        rows.iter()
            .map(|r| {
                Ok(AskedRelease {
                    release: column(r, 0)?,
                    approval: column(r, 1)?,
                    manifest: column(r, 2)?,
                    sealed_at: column(r, 3)?,
                    spec: column(r, 4)?,
                    same_scope: column(r, 5)?,
                })
            })
            .collect()
    }

    /// All jobs that ran, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn job_runs(&mut self) -> Result<Vec<JobRun>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT r.run_id, r.job, r.scope, r.instruction_id, r.principal_id, r.role, r.parameter_hash,
                        r.binary_hash, r.started_at, e.ended_at
                 FROM compliance.run r LEFT JOIN compliance.run_end e USING (run_id) ORDER BY r.run_id",
                &[],
            )
            .map_err(StorageError::db(READING))?;
        rows.iter()
            .map(|r| {
                Ok(JobRun {
                    id: column(r, 0)?,
                    job: column(r, 1)?,
                    scope: column(r, 2)?,
                    instruction: column(r, 3)?,
                    principal: column(r, 4)?,
                    role: column(r, 5)?,
                    parameter_hash: column(r, 6)?,
                    binary_hash: column(r, 7)?,
                    started_at: column(r, 8)?,
                    ended_at: column(r, 9)?,
                })
            })
            .collect()
    }

    /// Every hour in which an account acted in a role, by the log; refusals are no acts.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn active_hours(&mut self) -> Result<Vec<ActiveHour>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT actor, role, min(at::timestamptz), max(at::timestamptz) FROM compliance.audit
                 WHERE action NOT IN ('refuse', 'refuse-login') GROUP BY actor, role, date_trunc('hour', at::timestamptz) ORDER BY 3, 1, 2",
                &[],
            )
            .map_err(StorageError::db(READING))?;
        rows.iter()
            .map(|r| {
                Ok(ActiveHour {
                    actor: column(r, 0)?,
                    role: column(r, 1)?,
                    first: column(r, 2)?,
                    last: column(r, 3)?,
                })
            })
            .collect()
    }

    /// Every login of a human by the log, and every session: whether both factors stand behind it, each in the other's book.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn logins_seen(&mut self) -> Result<Vec<LoginSeen>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT 'audit:' || a.seq, EXISTS (
                     SELECT FROM login.session s WHERE s.principal_id = a.actor
                       AND s.code_at BETWEEN a.at - interval '1 ms' AND a.at + interval '1 ms')
                 FROM compliance.audit a
                 WHERE a.action = 'login' AND a.result = 'done' AND EXISTS (
                     SELECT FROM compliance.principal p WHERE p.principal_id = a.actor AND p.kind = 'human')
                 UNION ALL
                 SELECT 'session:' || s.session_id, s.password_at <= s.code_at AND EXISTS (
                     SELECT FROM compliance.audit a WHERE a.object = 'principal:' || s.principal_id
                       AND a.action = 'login' AND a.result = 'done'
                       AND a.at BETWEEN s.code_at - interval '1 ms' AND s.code_at + interval '1 ms')
                 FROM login.session s ORDER BY 1",
                &[],
            )
            .map_err(StorageError::db(READING))?;
        rows.iter().map(|r| Ok(LoginSeen { of: column(r, 0)?, both: column(r, 1)? })).collect()
    }

    /// The purposes that stand in the log, with the number of entries.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn logged_purposes(&mut self) -> Result<Vec<(String, u64)>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT purpose, count(*) FROM compliance.audit WHERE format > 1 GROUP BY purpose ORDER BY purpose",
                &[],
            )
            .map_err(StorageError::db(READING))?;
        rows.iter().map(|r| Ok((column(r, 0)?, count(r, 1)?))).collect()
    }

    /// Changes of organisations and accounts after the founding: when and by whom, each entering once.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn organisation_changes(&mut self) -> Result<Vec<(Timestamp, String)>, StorageError> {
        let rows = self
            .client
            .query(
                "WITH entered AS (
                   SELECT recorded_at, recorded_by FROM compliance.organisation
                   UNION SELECT recorded_at, recorded_by FROM compliance.principal)
                 SELECT recorded_at, recorded_by FROM entered
                 WHERE recorded_at > (SELECT min(recorded_at) FROM entered) ORDER BY 1, 2",
                &[],
            )
            .map_err(StorageError::db(READING))?;
        rows.iter().map(|r| Ok((column(r, 0)?, column(r, 1)?))).collect()
    }

    /// Lists of persons that were read, erasures that ran, growth that was let in: each with the two who have to stand
    /// behind it.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn two_handed(&mut self) -> Result<Vec<TwoHands>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT 'reading:' || r.reading_id, a.actor, a.at, g.actor, g.at, r.at
                 FROM compliance.receipt_reading r
                 LEFT JOIN compliance.receipt_reading a ON a.reading_id = r.reading_id AND a.step = 'asked'
                 LEFT JOIN compliance.receipt_reading g ON g.reading_id = r.reading_id AND g.step = 'agreed'
                 WHERE r.step = 'read'
                 UNION ALL
                 SELECT 'erasure:' || erasure_id, confirmed_by, confirmed_at, run_by, run_at, run_at
                 FROM compliance.erasure_job WHERE run_at IS NOT NULL
                 UNION ALL
                 SELECT 'growth:' || encode(submission_id, 'hex'), proposed_by, proposed_at, allowed_by, allowed_at, allowed_at
                 FROM compliance.growth_allowance WHERE allowed_at IS NOT NULL
                 ORDER BY 6, 1",
                &[],
            )
            .map_err(StorageError::db(READING))?;
        let hand = |who: Option<String>, at: Option<Timestamp>| who.zip(at);
        rows.iter()
            .map(|r| {
                Ok(TwoHands {
                    what: column(r, 0)?,
                    first: hand(column(r, 1)?, column(r, 2)?),
                    second: hand(column(r, 3)?, column(r, 4)?),
                    done_at: column(r, 5)?,
                })
            })
            .collect()
    }

    /// Every set of parameters that a run used: its hash and its rows as they were kept.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn parameter_sets(&mut self) -> Result<Vec<(String, String)>, StorageError> {
        let rows = self
            .client
            .query("SELECT hash, content FROM compliance.parameter_set ORDER BY hash", &[])
            .map_err(StorageError::db(READING))?;
        rows.iter().map(|r| Ok((column(r, 0)?, column(r, 1)?))).collect()
    }
}
