//! Output check and keys as rows (出力確認・提供の鍵): who said what of which file of which manifest, which exceptions were
//! asked for, and whose keys are set.
//!
//! Everything of one release is read together and judged in `compliance`; nothing here decides, and nothing is changed.

use jiff::Timestamp;

use super::{column, one_writer};
use crate::error::StorageError;
use crate::registry::ActDb;

/// What a checker says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteRow {
    /// `blind` or `consolidation`.
    pub phase: String,
    /// BLAKE3 of the manifest that was looked at.
    pub manifest_hash: String,
    /// Who.
    pub checker: String,
    /// Of which file.
    pub file: String,
    /// `approve`, `change` or `reject`.
    pub verdict: String,
    /// Why.
    pub comment: String,
    /// When.
    pub at: Timestamp,
}

/// A decision of an officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficerWord {
    /// Granted or accepted.
    pub yes: bool,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// An exception that a checker asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionRow {
    /// Its number; 0 on entering.
    pub id: i64,
    /// BLAKE3 of the manifest.
    pub manifest_hash: String,
    /// Of which file.
    pub file: String,
    /// From which rule.
    pub ground: String,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// What an officer decided.
    pub decision: Option<OfficerWord>,
}

/// A release officer's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandKeyRow {
    /// BLAKE3 of the manifest it is set on.
    pub manifest_hash: String,
    /// Whose.
    pub holder: String,
    /// In which role.
    pub role: String,
    /// When.
    pub at: Timestamp,
}

/// All that was said of a release before it is handed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputRows {
    /// Votes, oldest first.
    pub votes: Vec<VoteRow>,
    /// Exceptions.
    pub exceptions: Vec<ExceptionRow>,
    /// An officer's word where checkers differed, with the manifest it is about.
    pub decision: Option<(String, OfficerWord)>,
    /// Keys.
    pub keys: Vec<HandKeyRow>,
}

const READING: &str = "reading an output check";
const WRITING: &str = "writing an output check";

impl ActDb {
    /// What was said of a release.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn output_rows(&mut self, release: &str) -> Result<OutputRows, StorageError> {
        let votes = self
            .client
            .query(
                "SELECT phase, manifest_hash, checker, file, verdict, comment, voted_at FROM release.output_vote
                 WHERE release_id = $1 ORDER BY voted_at, checker, file",
                &[&release],
            )
            .map_err(StorageError::db(READING))?;
        let exceptions = self
            .client
            .query(
                "SELECT e.exception_id, e.manifest_hash, e.file, e.ground, e.reason, e.asked_by, e.asked_at,
                        d.granted, d.reason, d.decided_by, d.decided_at
                 FROM release.output_exception e LEFT JOIN release.output_exception_decision d USING (exception_id)
                 WHERE e.release_id = $1 ORDER BY e.exception_id",
                &[&release],
            )
            .map_err(StorageError::db(READING))?;
        let decision = self
            .client
            .query_opt(
                "SELECT manifest_hash, accepted, reason, decided_by, decided_at FROM release.output_decision
                 WHERE release_id = $1",
                &[&release],
            )
            .map_err(StorageError::db(READING))?;
        let keys = self
            .client
            .query(
                "SELECT manifest_hash, holder, role, set_at FROM release.hand_key WHERE release_id = $1
                 ORDER BY set_at, holder",
                &[&release],
            )
            .map_err(StorageError::db(READING))?;
        Ok(OutputRows {
            votes: votes.iter().map(vote).collect::<Result<_, _>>()?,
            exceptions: exceptions.iter().map(exception).collect::<Result<_, _>>()?,
            decision: decision.map(|r| Ok::<_, StorageError>((column(&r, 0)?, word(&r, 1)?))).transpose()?,
            keys: keys
                .iter()
                .map(|r| {
                    Ok(HandKeyRow {
                        manifest_hash: column(r, 0)?,
                        holder: column(r, 1)?,
                        role: column(r, 2)?,
                        at: column(r, 3)?,
                    })
                })
                .collect::<Result<_, StorageError>>()?,
        })
    }

    /// Enters a ballot as a whole. `false`: this checker has voted in this phase.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn enter_ballot(&mut self, release: &str, ballot: &[VoteRow]) -> Result<bool, StorageError> {
        let mut work = self.client.transaction().map_err(StorageError::db(WRITING))?;
        one_writer(&mut work, "output")?;
        for v in ballot {
            let entered = work
                .execute(
                    "INSERT INTO release.output_vote
                       (release_id, manifest_hash, phase, checker, file, verdict, comment, voted_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
                    &[
                        &release,
                        &v.manifest_hash,
                        &v.phase,
                        &v.checker,
                        &v.file,
                        &v.verdict,
                        &v.comment,
                        &v.at,
                    ],
                )
                .map_err(StorageError::db(WRITING))?;
            if entered == 0 {
                return Ok(false);
            }
        }
        work.commit().map_err(StorageError::db(WRITING))?;
        Ok(true)
    }

    /// Asks for an exception and returns its number.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn ask_exception(&mut self, release: &str, asked: &ExceptionRow) -> Result<i64, StorageError> {
        let row = self
            .client
            .query_one(
                "INSERT INTO release.output_exception
                   (release_id, manifest_hash, file, ground, reason, asked_by, asked_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING exception_id",
                &[
                    &release,
                    &asked.manifest_hash,
                    &asked.file,
                    &asked.ground,
                    &asked.reason,
                    &asked.asked_by,
                    &asked.asked_at,
                ],
            )
            .map_err(StorageError::db(WRITING))?;
        column(&row, 0)
    }

    /// The release and the asker of an exception.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn exception_of(&mut self, id: i64) -> Result<Option<(String, String)>, StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT release_id, asked_by FROM release.output_exception WHERE exception_id = $1",
                &[&id],
            )
            .map_err(StorageError::db(READING))?;
        row.map(|r| Ok((column(&r, 0)?, column(&r, 1)?))).transpose()
    }

    /// Decides on an exception. `false`: it is decided.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn decide_exception(&mut self, id: i64, word: &OfficerWord) -> Result<bool, StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO release.output_exception_decision (exception_id, granted, reason, decided_by, decided_at)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                &[&id, &word.yes, &word.reason, &word.by, &word.at],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(done == 1)
    }

    /// Enters an officer's word on a release whose checkers differ. `false`: there is one.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn decide_output(
        &mut self,
        release: &str,
        manifest_hash: &str,
        word: &OfficerWord,
    ) -> Result<bool, StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO release.output_decision
                   (release_id, manifest_hash, accepted, reason, decided_by, decided_at)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                &[&release, &manifest_hash, &word.yes, &word.reason, &word.by, &word.at],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(done == 1)
    }

    /// Sets a key. `false`: this holder has set one.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn set_hand_key(&mut self, release: &str, key: &HandKeyRow) -> Result<bool, StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO release.hand_key (release_id, manifest_hash, holder, role, set_at)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                &[&release, &key.manifest_hash, &key.holder, &key.role, &key.at],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(done == 1)
    }
}

fn vote(r: &postgres::Row) -> Result<VoteRow, StorageError> {
    Ok(VoteRow {
        phase: column(r, 0)?,
        manifest_hash: column(r, 1)?,
        checker: column(r, 2)?,
        file: column(r, 3)?,
        verdict: column(r, 4)?,
        comment: column(r, 5)?,
        at: column(r, 6)?,
    })
}

/// An officer's word in four columns from `at` on.
fn word(r: &postgres::Row, at: usize) -> Result<OfficerWord, StorageError> {
    Ok(OfficerWord {
        yes: column(r, at)?,
        reason: column(r, at + 1)?,
        by: column(r, at + 2)?,
        at: column(r, at + 3)?,
    })
}

fn exception(r: &postgres::Row) -> Result<ExceptionRow, StorageError> {
    let decided: Option<bool> = column(r, 7)?;
    Ok(ExceptionRow {
        id: column(r, 0)?,
        manifest_hash: column(r, 1)?,
        file: column(r, 2)?,
        ground: column(r, 3)?,
        reason: column(r, 4)?,
        asked_by: column(r, 5)?,
        asked_at: column(r, 6)?,
        decision: decided.map(|_| word(r, 7)).transpose()?,
    })
}
