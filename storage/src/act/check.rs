//! What the checks of the Act write: results, evidence given by people, runs of programs, the list of programs,
//! verifications of releases. Rows are added and never changed; nothing here judges.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::StorageError;
use crate::registry::ActDb;

/// One result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResultRow {
    /// The run it belongs to.
    pub run_id: String,
    /// The check, e.g. `C-036`.
    pub check_id: String,
    /// Version of the check.
    pub version: u32,
    /// Parameters in force.
    pub param_hash: String,
    /// BLAKE3 of what was looked at; empty when it could not be read.
    pub input_hash: String,
    /// `pass`, `fail`, `no-case` or `unreadable`.
    pub verdict: String,
    /// Did it block?
    pub blocking: bool,
    /// JSON object of numbers.
    pub counts: String,
    /// Tables, ids, hashes.
    pub evidence_ref: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// Evidence that people gave.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EvidenceRow {
    /// What kind.
    pub kind: String,
    /// Of what: an approval, a zone, a host, a certificate.
    pub subject: String,
    /// Canonical JSON.
    pub content: String,
    /// BLAKE3 of it.
    pub content_hash: String,
    /// The last day on which it counts.
    pub valid_until: Date,
    /// Who entered it.
    pub entered_by: String,
    /// When.
    pub entered_at: Timestamp,
}

/// One run of a program.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ProgramRunRow {
    /// The run.
    pub run_id: String,
    /// What it did.
    pub verb: String,
    /// To what; may be empty.
    pub subject: String,
    /// Who started it.
    pub actor: String,
    /// BLAKE3 of the binary.
    pub program_hash: String,
    /// Its name and version.
    pub code_version: String,
    /// Its parameters.
    pub param_hash: String,
    /// When.
    pub at: Timestamp,
}

/// A program on the signed list, or its withdrawal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ProgramRow {
    /// BLAKE3 of the binary.
    pub program_hash: String,
    /// Its name and version.
    pub name: String,
    /// Taken off the list?
    pub withdrawn: bool,
    /// Who entered it.
    pub listed_by: String,
    /// When.
    pub listed_at: Timestamp,
    /// The signature, hexadecimal.
    pub signature: String,
}

/// A verification of a release.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ReleaseCheckRow {
    /// The release.
    pub release_id: String,
    /// BLAKE3 of the manifest that was looked at.
    pub manifest_hash: String,
    /// Sound?
    pub ok: bool,
    /// The run in which it was verified; empty: from before runs were named.
    pub run_id: String,
    /// Who verified.
    pub actor: String,
    /// BLAKE3 of the binary that did.
    pub program_hash: String,
    /// When.
    pub at: Timestamp,
}

/// A check's version as the database keeps it.
fn version(n: u32) -> Result<i32, StorageError> {
    i32::try_from(n).map_err(|_| StorageError::Damaged("a version of a check that cannot be".into()))
}

impl ActDb {
    /// Keeps the results of a run, all or none.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn enter_check_results(&mut self, rows: &[CheckResultRow]) -> Result<(), StorageError> {
        let doing = "keeping results of checks";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        let insert = tx
            .prepare(
                "INSERT INTO compliance.check_result
                   (run_id, check_id, version, param_hash, input_hash, verdict, blocking, counts, evidence_ref, at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .map_err(StorageError::db(doing))?;
        for row in rows {
            tx.execute(
                &insert,
                &[
                    &row.run_id,
                    &row.check_id,
                    &version(row.version)?,
                    &row.param_hash,
                    &row.input_hash,
                    &row.verdict,
                    &row.blocking,
                    &row.counts,
                    &row.evidence_ref,
                    &row.at,
                ],
            )
            .map_err(StorageError::db(doing))?;
        }
        tx.commit().map_err(StorageError::db(doing))
    }

    /// The newest results of a check, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::Database`], [`StorageError::Damaged`].
    pub fn check_results(&mut self, check_id: &str, limit: u32) -> Result<Vec<CheckResultRow>, StorageError> {
        let doing = "reading results of checks";
        let rows = self
            .client
            .query(
                "SELECT run_id, check_id, version, param_hash, input_hash, verdict, blocking, counts, evidence_ref, at
                 FROM compliance.check_result WHERE check_id = $1 ORDER BY result_id DESC LIMIT $2",
                &[&check_id, &i64::from(limit)],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| {
                Ok(CheckResultRow {
                    run_id: r.get(0),
                    check_id: r.get(1),
                    version: u32::try_from(r.get::<_, i32>(2))
                        .map_err(|_| StorageError::Damaged("a negative version of a check".into()))?,
                    param_hash: r.get(3),
                    input_hash: r.get(4),
                    verdict: r.get(5),
                    blocking: r.get(6),
                    counts: r.get(7),
                    evidence_ref: r.get(8),
                    at: r.get(9),
                })
            })
            .collect()
    }

    /// Keeps evidence.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn enter_evidence(&mut self, row: &EvidenceRow) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.check_evidence
                   (kind, subject, content, content_hash, valid_until, entered_by, entered_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &[
                    &row.kind,
                    &row.subject,
                    &row.content,
                    &row.content_hash,
                    &row.valid_until,
                    &row.entered_by,
                    &row.entered_at,
                ],
            )
            .map_err(StorageError::db("keeping evidence"))?;
        Ok(())
    }

    /// The newest evidence of a kind for each subject.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn evidence(&mut self, kind: &str) -> Result<Vec<EvidenceRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT ON (subject) kind, subject, content, content_hash, valid_until, entered_by, entered_at
                 FROM compliance.check_evidence WHERE kind = $1 ORDER BY subject, evidence_id DESC",
                &[&kind],
            )
            .map_err(StorageError::db("reading evidence"))?;
        Ok(rows
            .iter()
            .map(|r| EvidenceRow {
                kind: r.get(0),
                subject: r.get(1),
                content: r.get(2),
                content_hash: r.get(3),
                valid_until: r.get(4),
                entered_by: r.get(5),
                entered_at: r.get(6),
            })
            .collect())
    }

    /// Notes that a program runs.
    ///
    /// # Errors
    /// [`StorageError::Database`], also for a run of that name that stands there.
    pub fn enter_program_run(&mut self, row: &ProgramRunRow) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.program_run
                   (run_id, verb, subject, actor, program_hash, code_version, param_hash, at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                &[
                    &row.run_id,
                    &row.verb,
                    &row.subject,
                    &row.actor,
                    &row.program_hash,
                    &row.code_version,
                    &row.param_hash,
                    &row.at,
                ],
            )
            .map_err(StorageError::db("noting a run"))?;
        Ok(())
    }

    /// All runs, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn program_runs(&mut self) -> Result<Vec<ProgramRunRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT run_id, verb, subject, actor, program_hash, code_version, param_hash, at
                 FROM compliance.program_run ORDER BY at, run_id",
                &[],
            )
            .map_err(StorageError::db("reading the runs"))?;
        Ok(rows
            .iter()
            .map(|r| ProgramRunRow {
                run_id: r.get(0),
                verb: r.get(1),
                subject: r.get(2),
                actor: r.get(3),
                program_hash: r.get(4),
                code_version: r.get(5),
                param_hash: r.get(6),
                at: r.get(7),
            })
            .collect())
    }

    /// Adds to the list of programs.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn enter_program(&mut self, row: &ProgramRow) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.program (program_hash, name, withdrawn, listed_by, listed_at, signature)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[
                    &row.program_hash,
                    &row.name,
                    &row.withdrawn,
                    &row.listed_by,
                    &row.listed_at,
                    &row.signature,
                ],
            )
            .map_err(StorageError::db("adding a program to the list"))?;
        Ok(())
    }

    /// The whole list of programs, oldest entry first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn programs(&mut self) -> Result<Vec<ProgramRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT program_hash, name, withdrawn, listed_by, listed_at, signature
                 FROM compliance.program ORDER BY program_id",
                &[],
            )
            .map_err(StorageError::db("reading the list of programs"))?;
        Ok(rows
            .iter()
            .map(|r| ProgramRow {
                program_hash: r.get(0),
                name: r.get(1),
                withdrawn: r.get(2),
                listed_by: r.get(3),
                listed_at: r.get(4),
                signature: r.get(5),
            })
            .collect())
    }

    /// Keeps a verification of a release.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn enter_release_check(&mut self, row: &ReleaseCheckRow) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.release_check (release_id, manifest_hash, ok, run_id, actor, program_hash, at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &[
                    &row.release_id,
                    &row.manifest_hash,
                    &row.ok,
                    &row.run_id,
                    &row.actor,
                    &row.program_hash,
                    &row.at,
                ],
            )
            .map_err(StorageError::db("keeping a verification"))?;
        Ok(())
    }

    /// All verifications of releases, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn release_checks(&mut self) -> Result<Vec<ReleaseCheckRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT release_id, manifest_hash, ok, run_id, actor, program_hash, at
                 FROM compliance.release_check ORDER BY release_check_id",
                &[],
            )
            .map_err(StorageError::db("reading the verifications"))?;
        Ok(rows
            .iter()
            .map(|r| ReleaseCheckRow {
                release_id: r.get(0),
                manifest_hash: r.get(1),
                ok: r.get(2),
                run_id: r.get(3),
                actor: r.get(4),
                program_hash: r.get(5),
                at: r.get(6),
            })
            .collect())
    }
}
