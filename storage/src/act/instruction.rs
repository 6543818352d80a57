//! Instructions (指示) and the runs under them (実行): given, revoked, begun, ended. Nothing is changed afterwards.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::error::StorageError;
use crate::registry::ActDb;

/// Key of the advisory lock under which instructions get their numbers.
const NUMBER_LOCK: i64 = 0x4d55_5355_4249_0021;

/// An instruction to be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewInstruction {
    /// Who gives it.
    pub given_by: String,
    /// To which organisation.
    pub organisation: String,
    /// To which of its roles; `None`: any.
    pub role: Option<String>,
    /// For which jobs.
    pub jobs: Vec<String>,
    /// For what: feeds, approvals, requests; empty for everything.
    pub scope: Vec<String>,
    /// First day.
    pub valid_from: Date,
    /// Last day.
    pub valid_to: Date,
    /// Why.
    pub reason: String,
}

/// An instruction that stands in the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InstructionRow {
    /// Its number, `I-0001`.
    pub id: String,
    /// When it was given.
    pub given_at: Timestamp,
    /// What was said.
    #[serde(flatten)]
    pub said: NewInstruction,
    /// When it was revoked, and by whom.
    pub revoked: Option<(Timestamp, String)>,
}

/// A job that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun<'a> {
    /// Which job.
    pub job: &'a str,
    /// The words of the command.
    pub verb: &'a str,
    /// For what, where the command names it.
    pub scope: Option<&'a str>,
    /// Under which instruction.
    pub instruction: &'a str,
    /// Which account.
    pub principal: &'a str,
    /// In which role.
    pub role: &'a str,
    /// Hash of the parameters.
    pub parameter_hash: &'a str,
    /// Name and version of the program.
    pub code_version: &'a str,
    /// BLAKE3 of its file.
    pub binary_hash: &'a str,
    /// When.
    pub started_at: Timestamp,
}

/// A job that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRow {
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
    /// Hash of the parameters.
    pub parameter_hash: String,
    /// BLAKE3 of the program.
    pub binary_hash: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When and how it ended; `None`: it goes on or was killed.
    pub ended: Option<(Timestamp, String)>,
}

/// A run as the page of a night shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunSeen {
    /// Its number.
    pub id: i64,
    /// Job.
    pub job: String,
    /// The verb.
    pub verb: String,
    /// For what it ran.
    pub scope: Option<String>,
    /// Under which instruction.
    pub instruction: String,
    /// Whose account.
    pub principal: String,
    /// Parameters in force.
    pub parameter_hash: String,
    /// Version of the program.
    pub code_version: String,
    /// BLAKE3 of the program.
    pub binary_hash: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When and how it ended; `None`: it runs, or died.
    pub ended: Option<(Timestamp, String)>,
}

impl ActDb {
    /// Gives instructions, all or none, and returns their numbers.
    pub fn give_instructions(
        &mut self,
        new: &[NewInstruction],
        at: Timestamp,
    ) -> Result<Vec<String>, StorageError> {
        let doing = "giving an instruction";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&NUMBER_LOCK]).map_err(StorageError::db(doing))?;
        let mut given = Vec::new();
        for one in new {
            let row = tx
                .query_one(
                    "INSERT INTO compliance.instruction
                       (instruction_id, given_by, given_at, organisation_id, role, jobs, scope, valid_from, valid_to, reason)
                     SELECT 'I-' || lpad((1 + count(*))::text, 4, '0'), $1, $2, $3, $4, $5, $6, $7, $8, $9
                     FROM compliance.instruction RETURNING instruction_id",
                    &[
                        &one.given_by,
                        &at,
                        &one.organisation,
                        &one.role,
                        &one.jobs,
                        &one.scope,
                        &one.valid_from,
                        &one.valid_to,
                        &one.reason,
                    ],
                )
                .map_err(StorageError::db(doing))?;
            given.push(row.try_get(0).map_err(StorageError::db(doing))?);
        }
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(given)
    }

    /// Revokes an instruction; `false` when there is none of this number, or it was revoked before.
    pub fn revoke_instruction(
        &mut self,
        id: &str,
        by: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO compliance.instruction_revocation (instruction_id, revoked_by, revoked_at, reason)
                 SELECT instruction_id, $2, $3, $4 FROM compliance.instruction WHERE instruction_id = $1
                 ON CONFLICT (instruction_id) DO NOTHING",
                &[&id, &by, &at, &reason],
            )
            .map_err(StorageError::db("revoking an instruction"))?;
        Ok(done == 1)
    }

    /// All instructions, in the order in which they were given.
    pub fn instructions(&mut self) -> Result<Vec<InstructionRow>, StorageError> {
        let doing = "reading the instructions";
        let rows = self
            .client
            .query(
                "SELECT i.instruction_id, i.given_at, i.given_by, i.organisation_id, i.role, i.jobs, i.scope, i.valid_from,
                        i.valid_to, i.reason, r.revoked_at, r.revoked_by
                 FROM compliance.instruction i LEFT JOIN compliance.instruction_revocation r USING (instruction_id)
                 ORDER BY i.given_at, i.instruction_id",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| {
                Ok(InstructionRow {
                    id: r.try_get(0)?,
                    given_at: r.try_get(1)?,
                    said: NewInstruction {
                        given_by: r.try_get(2)?,
                        organisation: r.try_get(3)?,
                        role: r.try_get(4)?,
                        jobs: r.try_get(5)?,
                        scope: r.try_get(6)?,
                        valid_from: r.try_get(7)?,
                        valid_to: r.try_get(8)?,
                        reason: r.try_get(9)?,
                    },
                    revoked: r.try_get::<_, Option<Timestamp>>(10)?.zip(r.try_get::<_, Option<String>>(11)?),
                })
            })
            .collect::<Result<_, postgres::Error>>()
            .map_err(StorageError::db(doing))
    }

    /// Notes that a job begins and returns the run's number.
    pub fn begin_run(&mut self, run: &NewRun<'_>) -> Result<i64, StorageError> {
        let doing = "beginning a run";
        let row = self
            .client
            .query_one(
                "INSERT INTO compliance.run
                   (job, verb, scope, instruction_id, principal_id, role, parameter_hash, code_version, binary_hash, started_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING run_id",
                &[
                    &run.job,
                    &run.verb,
                    &run.scope,
                    &run.instruction,
                    &run.principal,
                    &run.role,
                    &run.parameter_hash,
                    &run.code_version,
                    &run.binary_hash,
                    &run.started_at,
                ],
            )
            .map_err(StorageError::db(doing))?;
        row.try_get(0).map_err(StorageError::db(doing))
    }

    /// Notes how a run ended.
    pub fn end_run(&mut self, run: i64, result: &str, at: Timestamp) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.run_end (run_id, ended_at, result) VALUES ($1, $2, $3)",
                &[&run, &at, &result],
            )
            .map_err(StorageError::db("ending a run"))?;
        Ok(())
    }

    /// The newest runs, at most `limit`.
    pub fn runs(&mut self, limit: u32) -> Result<Vec<RunRow>, StorageError> {
        let doing = "reading the runs";
        let rows = self
            .client
            .query(
                "SELECT r.run_id, r.job, r.scope, r.instruction_id, r.principal_id, r.parameter_hash, r.binary_hash,
                        r.started_at, e.ended_at, e.result
                 FROM compliance.run r LEFT JOIN compliance.run_end e USING (run_id) ORDER BY r.run_id DESC LIMIT $1",
                &[&i64::from(limit)],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| {
                Ok(RunRow {
                    id: r.try_get(0)?,
                    job: r.try_get(1)?,
                    scope: r.try_get(2)?,
                    instruction: r.try_get(3)?,
                    principal: r.try_get(4)?,
                    parameter_hash: r.try_get(5)?,
                    binary_hash: r.try_get(6)?,
                    started_at: r.try_get(7)?,
                    ended: r.try_get::<_, Option<Timestamp>>(8)?.zip(r.try_get::<_, Option<String>>(9)?),
                })
            })
            .collect::<Result<_, postgres::Error>>()
            .map_err(StorageError::db(doing))
    }

    /// Runs that began since a time, oldest first, with the verb that each was.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn runs_since(&mut self, since: Timestamp) -> Result<Vec<RunSeen>, StorageError> {
        let doing = "reading the runs";
        let rows = self
            .client
            .query(
                "SELECT r.run_id, r.job, r.verb, r.scope, r.instruction_id, r.principal_id, r.parameter_hash,
                        r.code_version, r.binary_hash, r.started_at, e.ended_at, e.result
                 FROM compliance.run r LEFT JOIN compliance.run_end e USING (run_id)
                 WHERE r.started_at >= $1 ORDER BY r.run_id",
                &[&since],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| {
                Ok(RunSeen {
                    id: r.try_get(0)?,
                    job: r.try_get(1)?,
                    verb: r.try_get(2)?,
                    scope: r.try_get(3)?,
                    instruction: r.try_get(4)?,
                    principal: r.try_get(5)?,
                    parameter_hash: r.try_get(6)?,
                    code_version: r.try_get(7)?,
                    binary_hash: r.try_get(8)?,
                    started_at: r.try_get(9)?,
                    ended: r.try_get::<_, Option<Timestamp>>(10)?.zip(r.try_get::<_, Option<String>>(11)?),
                })
            })
            .collect::<Result<_, postgres::Error>>()
            .map_err(StorageError::db(doing))
    }
}
