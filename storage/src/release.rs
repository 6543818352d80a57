//! What the release role may see and keep: cohorts, the catalogue of a snapshot, superseded units, the ledger.
//!
//! Ids that come from here are keys made for one cohort; there is no way from this role to an identity. This module
//! must never decide what may be published.

use std::collections::HashSet;

use jiff::Timestamp;
use musubi_model::{DocumentHash, IdentityId, SubmissionId};

use crate::error::StorageError;
use crate::ingest::lake_file;
use crate::lake::LakeFile;
use crate::registry::ReleaseDb;
use crate::release_ledger::Beside;

/// A cohort (対象集団) as `id-resolution` wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortRow {
    /// Its name.
    pub cohort_id: String,
    /// The approval it was made for.
    pub approval_id: String,
    /// The snapshot it was made on.
    pub commit: i64,
    /// Number of persons.
    pub persons: u64,
    /// When it was made.
    pub at: Timestamp,
}

/// One source identity of a cohort's person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CohortMember {
    /// Under which its facts are kept.
    pub identity: IdentityId,
    /// The person it belongs to: a key made for this cohort.
    pub person: Vec<u8>,
    /// The bucket in which its facts lie.
    pub bucket: u16,
}

/// A release in the ledger (提供台帳).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Its name.
    pub release_id: String,
    /// The approval it was made under.
    pub approval_id: String,
    /// The request it answers.
    pub request_id: String,
    /// The hash of what was approved.
    pub scope_hash: String,
    /// The snapshot.
    pub commit: i64,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// The manifest, byte for byte.
    pub manifest: String,
    /// The signature over it, hexadecimal.
    pub signature: String,
}

/// How a release came into the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// Now.
    New,
    /// Before, with the same manifest.
    Known,
}

const OPT_OUT_MARK: &str = "SELECT coalesce(max(opt_out_id), 0) FROM compliance.opt_out";

const LEDGER: &str =
    "SELECT release_id, approval_id, request_id, scope_hash, commit_id, sealed_at, manifest, signature
                      FROM release.ledger";

fn damaged(what: &str) -> StorageError {
    StorageError::Damaged(what.to_owned())
}

fn bucket(n: i16) -> Result<u16, StorageError> {
    u16::try_from(n).map_err(|_| damaged("a cohort names a bucket that cannot be"))
}

fn ledger_row(r: &postgres::Row) -> LedgerRow {
    LedgerRow {
        release_id: r.get(0),
        approval_id: r.get(1),
        request_id: r.get(2),
        scope_hash: r.get(3),
        commit: r.get(4),
        sealed_at: r.get(5),
        manifest: r.get(6),
        signature: r.get(7),
    }
}

impl ReleaseDb {
    /// The newest commit of the lake; `None` when nothing was ever loaded.
    pub fn current_commit(&mut self) -> Result<Option<i64>, StorageError> {
        let row = self
            .client
            .query_one("SELECT max(commit_id) FROM repository.lake_commit", &[])
            .map_err(StorageError::db("reading the newest commit"))?;
        Ok(row.get(0))
    }

    /// The cohort of that name.
    pub fn cohort(&mut self, cohort_id: &str) -> Result<Option<CohortRow>, StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT cohort_id, approval_id, commit_id, persons, at FROM release.cohort WHERE cohort_id = $1",
                &[&cohort_id],
            )
            .map_err(StorageError::db("reading a cohort"))?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(CohortRow {
            cohort_id: row.get(0),
            approval_id: row.get(1),
            commit: row.get(2),
            persons: u64::try_from(row.get::<_, i64>(3))
                .map_err(|_| damaged("a cohort of less than nobody"))?,
            at: row.get(4),
        }))
    }

    /// The newest cohort of an approval on a snapshot that was written by a time: what was sealed then was made from it.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn cohort_sealed(
        &mut self,
        approval_id: &str,
        commit: i64,
        by: Timestamp,
    ) -> Result<Option<CohortRow>, StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT cohort_id FROM release.cohort WHERE approval_id = $1 AND commit_id = $2 AND at <= $3
                 ORDER BY at DESC LIMIT 1",
                &[&approval_id, &commit, &by],
            )
            .map_err(StorageError::db("reading the cohort of a release"))?;
        row.map_or(Ok(None), |row| self.cohort(row.get(0)))
    }

    /// The home buckets of a cohort, in order.
    pub fn cohort_homes(&mut self, cohort_id: &str) -> Result<Vec<u16>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT home FROM release.cohort_member WHERE cohort_id = $1 ORDER BY home",
                &[&cohort_id],
            )
            .map_err(StorageError::db("reading a cohort's buckets"))?;
        rows.iter().map(|r| bucket(r.get(0))).collect()
    }

    /// The members counted in one home bucket, in order of identity.
    pub fn cohort_members(&mut self, cohort_id: &str, home: u16) -> Result<Vec<CohortMember>, StorageError> {
        let home = i16::try_from(home).map_err(|_| damaged("a bucket that cannot be"))?;
        let rows = self
            .client
            .query(
                "SELECT identity_id, person_key, bucket FROM release.cohort_member
                 WHERE cohort_id = $1 AND home = $2 ORDER BY identity_id",
                &[&cohort_id, &home],
            )
            .map_err(StorageError::db("reading a cohort's members"))?;
        rows.iter()
            .map(|r| {
                Ok(CohortMember {
                    identity: IdentityId::from_slice(r.get(0))
                        .ok_or_else(|| damaged("a cohort member's id of the wrong length"))?,
                    person: r.get(1),
                    bucket: bucket(r.get(2))?,
                })
            })
            .collect()
    }

    /// The lake files that make a snapshot, in order of table, bucket and name.
    pub fn snapshot_files(&mut self, commit: i64) -> Result<Vec<LakeFile>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT file_id, fact_table, bucket_min, bucket_max, rows, bytes, first_day, last_day, submissions
                 FROM repository.lake_file WHERE added <= $1 AND (removed IS NULL OR removed > $1)
                 ORDER BY fact_table, bucket_min, file_id",
                &[&commit],
            )
            .map_err(StorageError::db("reading the catalogue of a snapshot"))?;
        rows.iter().map(lake_file).collect()
    }

    /// The units that a snapshot leaves out.
    pub fn dead_units_at(&mut self, commit: i64) -> Result<HashSet<(DocumentHash, u32)>, StorageError> {
        let rows = self
            .client
            .query("SELECT document, unit FROM repository.dead_unit WHERE since <= $1", &[&commit])
            .map_err(StorageError::db("reading superseded units"))?;
        rows.iter()
            .map(|r| {
                let document = DocumentHash::from_slice(r.get(0));
                let unit = u32::try_from(r.get::<_, i32>(1)).ok();
                document.zip(unit).ok_or_else(|| damaged("a superseded unit that cannot be"))
            })
            .collect()
    }

    /// How far the book of opt-outs has come. What a cohort was made at a mark for must not be sealed at a later one.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn opt_out_mark(&mut self) -> Result<i64, StorageError> {
        let row = self
            .client
            .query_one(OPT_OUT_MARK, &[])
            .map_err(StorageError::db("reading how far the opt-outs have come"))?;
        Ok(row.get(0))
    }

    /// Takes the members out of a cohort that nothing will be sealed from.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn drop_cohort(&mut self, cohort_id: &str) -> Result<(), StorageError> {
        self.client
            .execute("DELETE FROM release.cohort_member WHERE cohort_id = $1", &[&cohort_id])
            .map_err(StorageError::db("dropping a cohort"))?;
        Ok(())
    }

    /// Enters a release with the lake files it was made from and the files that go out. `None`: somebody asked to stop
    /// since `opt_outs`, and nothing was entered; nobody can ask between that look and the commit.
    ///
    /// # Errors
    /// [`StorageError::Damaged`] when a release of that name is there with another manifest.
    pub fn enter_release(
        &mut self,
        row: &LedgerRow,
        inputs: &[String],
        published: &[(&str, Vec<u8>)],
        opt_outs: i64,
    ) -> Result<Option<Entered>, StorageError> {
        self.enter_release_beside(row, inputs, published, opt_outs, &Beside::default())
    }

    /// The same, with what is kept besides: all in one transaction, so that no release stands without what became of its
    /// key. Of a release that is there already nothing is written: it keeps its one key.
    ///
    /// # Errors
    /// As [`Self::enter_release`]; [`StorageError::Database`] when the key was not ended by two, or is another release's.
    pub fn enter_release_beside(
        &mut self,
        row: &LedgerRow,
        inputs: &[String],
        published: &[(&str, Vec<u8>)],
        opt_outs: i64,
        beside: &Beside<'_>,
    ) -> Result<Option<Entered>, StorageError> {
        let mut transaction = self.client.transaction().map_err(StorageError::db("entering a release"))?;
        transaction
            .execute("SELECT pg_advisory_xact_lock($1)", &[&crate::compliance::OPT_OUT_LOCK])
            .map_err(StorageError::db("waiting for opt-outs under way"))?;
        let mark: i64 = transaction
            .query_one(OPT_OUT_MARK, &[])
            .map_err(StorageError::db("reading how far the opt-outs have come"))?
            .get(0);
        let entered = transaction
            .execute(
                "INSERT INTO release.ledger (release_id, approval_id, request_id, scope_hash, commit_id, sealed_at,
                   manifest, signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (release_id) DO NOTHING",
                &[
                    &row.release_id,
                    &row.approval_id,
                    &row.request_id,
                    &row.scope_hash,
                    &row.commit,
                    &row.sealed_at,
                    &row.manifest,
                    &row.signature,
                ],
            )
            .map_err(StorageError::db("entering a release"))?;
        if entered == 0 {
            let there: String = transaction
                .query_one("SELECT manifest FROM release.ledger WHERE release_id = $1", &[&row.release_id])
                .map_err(StorageError::db("reading the ledger"))?
                .get(0);
            if there != row.manifest {
                return Err(damaged("the ledger has another release of this name"));
            }
        } else if mark != opt_outs {
            return Ok(None);
        } else {
            transaction
                .execute(
                    "INSERT INTO release.input (release_id, file_id) SELECT $1, unnest($2::text[])",
                    &[&row.release_id, &inputs],
                )
                .map_err(StorageError::db("entering a release's files"))?;
            beside.write(&mut transaction, &row.release_id)?;
        }
        for (name, content) in published {
            transaction
                .execute(
                    "INSERT INTO release.published_file (release_id, name, content) VALUES ($1, $2, $3)
                     ON CONFLICT (release_id, name) DO NOTHING",
                    &[&row.release_id, name, content],
                )
                .map_err(StorageError::db("keeping what goes out"))?;
        }
        transaction.commit().map_err(StorageError::db("entering a release"))?;
        Ok(Some(if entered > 0 { Entered::New } else { Entered::Known }))
    }

    /// The files of a release as they went out, by name. Whether they are what the manifest says is not looked at here.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn published_files(&mut self, release_id: &str) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT name, content FROM release.published_file WHERE release_id = $1 ORDER BY name",
                &[&release_id],
            )
            .map_err(StorageError::db("reading what went out"))?;
        Ok(rows.iter().map(|r| (r.get(0), r.get(1))).collect())
    }

    /// The release of that name.
    pub fn ledger_entry(&mut self, release_id: &str) -> Result<Option<LedgerRow>, StorageError> {
        let row = self
            .client
            .query_opt(&format!("{LEDGER} WHERE release_id = $1"), &[&release_id])
            .map_err(StorageError::db("reading the ledger"))?;
        Ok(row.as_ref().map(ledger_row))
    }

    /// The whole ledger, oldest first.
    pub fn ledger(&mut self) -> Result<Vec<LedgerRow>, StorageError> {
        let rows = self
            .client
            .query(&format!("{LEDGER} ORDER BY sealed_at, release_id"), &[])
            .map_err(StorageError::db("reading the ledger"))?;
        Ok(rows.iter().map(ledger_row).collect())
    }

    /// The releases made from files that hold facts of a submission, or held them before an erasure, in order.
    pub fn releases_of_submission(&mut self, submission: &SubmissionId) -> Result<Vec<String>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT i.release_id FROM release.input i
                 WHERE EXISTS (SELECT FROM repository.lake_file f
                               WHERE f.file_id = i.file_id AND $1 = ANY (f.submissions))
                    OR EXISTS (SELECT FROM compliance.erased_file e
                               WHERE e.old_file = i.file_id AND $1 = ANY (e.submissions))
                 ORDER BY i.release_id",
                &[&submission.as_bytes()],
            )
            .map_err(StorageError::db("reading the releases of a submission"))?;
        Ok(rows.iter().map(|r| r.get(0)).collect())
    }
}

impl ReleaseDb {
    /// Beds of the providers of which they are known (病床数), for tables by classes of beds.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn provider_beds(&mut self) -> Result<std::collections::BTreeMap<String, u32>, StorageError> {
        let rows = self
            .client
            .query("SELECT provider_id, beds FROM agreement.provider WHERE beds IS NOT NULL", &[])
            .map_err(StorageError::db("reading the providers' beds"))?;
        Ok(rows.iter().map(|r| (r.get(0), r.get::<_, i32>(1).unsigned_abs())).collect())
    }
}
