//! What the ingest role keeps: submissions, documents, units, findings, balances, and the commit that makes a load
//! visible (zones Z1 and Z3's catalogue).
//!
//! Everything a load writes goes through one transaction, [`Load`]: rows, catalogue of lake files, superseded units,
//! balance and state become visible together or not at all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::finding::Finding;
use musubi_model::submission::{Balance, Disposition, SubmissionState};
use musubi_model::{DocumentHash, IdentityId, ProviderId, SubmissionId};

use crate::error::StorageError;
use crate::lake::LakeFile;
use crate::registry::{IngestDb, Registry};

mod load;

pub use load::Load;
pub(crate) use load::insert_files;
use load::{copy_findings, new_commit};

/// Key of the session lock under which loads run one after another.
pub(crate) const LOAD_LOCK: i64 = 0x6d75_7375_6c6f_6164;
/// First key of the advisory locks of single submissions; the second is of the submission.
const SUBMISSION_LOCKS: i32 = 0x6d73_7562;

/// What is known of a submission when it arrives. Parts that an unreadable manifest does not give are empty.
#[derive(Debug, Clone, Default)]
pub struct Arrival {
    /// Feed, as the manifest says.
    pub feed: Option<String>,
    /// Submitter, as the manifest says.
    pub submitter: Option<String>,
    /// Kind, as the manifest says.
    pub kind: Option<String>,
    /// Business date.
    pub business_date: Option<Date>,
    /// Files listed.
    pub files: u64,
    /// Bytes listed.
    pub bytes: u64,
    /// Signature, hexadecimal.
    pub signature: Option<String>,
    /// Hash of the parameter set of this run.
    pub parameter_hash: String,
    /// Version of the program.
    pub code_version: String,
}

/// One document of a load.
#[derive(Debug, Clone)]
pub struct DocumentRow {
    /// Its name.
    pub document: DocumentHash,
    /// Place in the manifest; −1 is the manifest itself, below are files of a package that was quarantined whole.
    pub ordinal: i32,
    /// Where it came into being.
    pub provider: ProviderId,
    /// Bytes.
    pub bytes: u64,
    /// Key under which the path is sealed.
    pub path_key: [u8; 16],
    /// The sealed path.
    pub path_sealed: Vec<u8>,
    /// Name and version of the mapper.
    pub mapper_version: String,
    /// Vault pack.
    pub pack: String,
    /// Where its entry begins.
    pub pack_offset: u64,
    /// Bytes of its entry.
    pub pack_len: u64,
}

/// One unit of a load.
#[derive(Debug, Clone)]
pub struct UnitRow {
    /// Its document.
    pub document: DocumentHash,
    /// Its ordinal.
    pub ordinal: u32,
    /// Place of the document in the manifest: one document may come under two paths.
    pub file: i32,
    /// Where it came into being.
    pub provider: ProviderId,
    /// First byte.
    pub byte_start: u64,
    /// Bytes.
    pub byte_len: u32,
    /// Whose; none when quarantined or excluded.
    pub identity: Option<IdentityId>,
    /// What became of it.
    pub disposition: Disposition,
    /// Keyed hash of the logical key.
    pub version_key: Option<[u8; 16]>,
    /// Time of the version, sortable text.
    pub version_time: String,
    /// Flag: 0 deleted, 1 current, 2 superseded.
    pub version_flag: i16,
    /// Records by kind, `SY:3 SI:12`.
    pub records: String,
}

/// A finding with the place it belongs to.
#[derive(Debug, Clone)]
pub struct FindingRow {
    /// The document.
    pub document: Option<DocumentHash>,
    /// The unit.
    pub unit: Option<u32>,
    /// The finding.
    pub finding: Finding,
}

/// Where a unit lies, for a trace or a rebuild.
#[derive(Debug, Clone)]
pub struct StoredDocument {
    /// Its name.
    pub document: DocumentHash,
    /// The delivery that brought it.
    pub submission: SubmissionId,
    /// Place in the manifest.
    pub ordinal: i32,
    /// Provider.
    pub provider: String,
    /// Bytes.
    pub bytes: u64,
    /// Key under which the path is sealed.
    pub path_key: [u8; 16],
    /// The sealed path.
    pub path_sealed: Vec<u8>,
    /// Mapper.
    pub mapper_version: String,
    /// Vault pack.
    pub pack: String,
    /// Entry offset.
    pub pack_offset: u64,
    /// Entry length.
    pub pack_len: u64,
}

/// A stored unit.
#[derive(Debug, Clone)]
pub struct StoredUnit {
    /// Range start.
    pub byte_start: u64,
    /// Range length.
    pub byte_len: u32,
    /// Whose.
    pub identity: Option<IdentityId>,
    /// What became of it.
    pub disposition: String,
    /// The delivery.
    pub submission: SubmissionId,
}

/// A submission as stored.
#[derive(Debug, Clone)]
pub struct StoredSubmission {
    /// Its id.
    pub id: SubmissionId,
    /// State.
    pub state: SubmissionState,
    /// Feed.
    pub feed: Option<String>,
    /// Submitter.
    pub submitter: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// Business date.
    pub business_date: Option<Date>,
    /// When it came.
    pub received_at: Timestamp,
}

impl IngestDb {
    /// The stored submission, when there is one.
    pub fn submission(&mut self, id: &SubmissionId) -> Result<Option<StoredSubmission>, StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT state, feed_id, submitter_id, kind, business_date, received_at
                 FROM intake.submission WHERE submission_id = $1",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("reading a submission"))?;
        let Some(row) = row else { return Ok(None) };
        let state: String = row.get(0);
        Ok(Some(StoredSubmission {
            id: *id,
            state: SubmissionState::from_name(&state)
                .ok_or_else(|| StorageError::Damaged(format!("unknown state {state}")))?,
            feed: row.get(1),
            submitter: row.get(2),
            kind: row.get(3),
            business_date: row.get(4),
            received_at: row.get(5),
        }))
    }

    /// Ids of submissions that begin with the given hexadecimal prefix, at most `limit`.
    pub fn submissions_like(&mut self, prefix: &str, limit: i64) -> Result<Vec<SubmissionId>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT submission_id FROM intake.submission
                 WHERE encode(submission_id, 'hex') LIKE $1 || '%' ORDER BY received_at, submission_id LIMIT $2",
                &[&prefix, &limit],
            )
            .map_err(StorageError::db("looking up submissions"))?;
        Ok(rows.iter().filter_map(|r| SubmissionId::from_slice(r.get(0))).collect())
    }

    /// Waits until nobody else takes in this submission, and makes others wait while this connection lives: of two
    /// processes that are given the same package, the second then finds what the first has done. When a process dies,
    /// its connection and this hold end with it.
    pub fn hold_submission(&mut self, id: &SubmissionId) -> Result<(), StorageError> {
        // Four bytes of the id will do: should two submissions share them, one only waits for the other.
        let key = id.as_bytes().first_chunk::<4>().map_or(0, |head| i32::from_be_bytes(*head));
        self.client
            .execute("SELECT pg_advisory_lock($1, $2)", &[&SUBMISSION_LOCKS, &key])
            .map_err(StorageError::db("waiting for the same submission"))?;
        Ok(())
    }

    /// Writes down that a package came. A package that came before keeps its row; signature, parameters and program
    /// are of the run that decides.
    pub fn record_arrival(
        &mut self,
        id: &SubmissionId,
        at: Timestamp,
        a: &Arrival,
    ) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO intake.submission (submission_id, feed_id, submitter_id, kind, business_date, received_at,
                   state, files, bytes, signature, parameter_hash, code_version)
                 VALUES ($1, $2, $3, $4, $5, $6, 'received', $7, $8, $9, $10, $11)
                 ON CONFLICT (submission_id) DO UPDATE SET signature = EXCLUDED.signature,
                   parameter_hash = EXCLUDED.parameter_hash, code_version = EXCLUDED.code_version",
                &[
                    &id.as_bytes(),
                    &a.feed,
                    &a.submitter,
                    &a.kind,
                    &a.business_date,
                    &at,
                    &signed(a.files),
                    &signed(a.bytes),
                    &a.signature,
                    &a.parameter_hash,
                    &a.code_version,
                ],
            )
            .map_err(StorageError::db("recording an arrival"))?;
        self.enter_state(id, at, SubmissionState::Received, "")
    }

    /// Adds an event without changing the state (a repeated delivery).
    pub fn note_event(&mut self, id: &SubmissionId, at: Timestamp, what: &str) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO intake.submission_event (submission_id, at, state, detail)
                 SELECT submission_id, $2, state, $3 FROM intake.submission WHERE submission_id = $1",
                &[&id.as_bytes(), &at, &what],
            )
            .map_err(StorageError::db("recording an event"))?;
        Ok(())
    }

    /// Moves a submission to a state, and says so in its history.
    pub fn enter_state(
        &mut self,
        id: &SubmissionId,
        at: Timestamp,
        state: SubmissionState,
        detail: &str,
    ) -> Result<(), StorageError> {
        enter_state(&mut *self.client, id, at, state, detail)
    }

    /// Ends a submission outside a load (a package that was rejected): state and findings in one step. A reason that an
    /// earlier run has already kept is not kept twice; a new reason is added.
    pub fn conclude(
        &mut self,
        id: &SubmissionId,
        at: Timestamp,
        state: SubmissionState,
        rows: &[FindingRow],
    ) -> Result<(), StorageError> {
        let mut transaction = self.client.transaction().map_err(StorageError::db("beginning"))?;
        let kept: BTreeSet<String> = transaction
            .query("SELECT DISTINCT rule FROM intake.finding WHERE submission_id = $1", &[&id.as_bytes()])
            .map_err(StorageError::db("reading findings"))?
            .iter()
            .map(|r| r.get(0))
            .collect();
        let fresh: Vec<FindingRow> =
            rows.iter().filter(|r| !kept.contains(r.finding.rule.id)).cloned().collect();
        copy_findings(&mut transaction, id, &fresh)?;
        enter_state(&mut transaction, id, at, state, "")?;
        transaction.commit().map_err(StorageError::db("keeping findings"))
    }

    /// Begins a load. Loads run one after another, whichever process they are in; the lock ends with the [`Load`].
    pub fn begin_load(&mut self, submission: SubmissionId) -> Result<Load<'_>, StorageError> {
        let mut transaction = self.client.transaction().map_err(StorageError::db("beginning a load"))?;
        transaction
            .execute("SELECT pg_advisory_xact_lock($1)", &[&LOAD_LOCK])
            .map_err(StorageError::db("waiting for other loads"))?;
        Ok(Load { transaction, submission })
    }

    /// The documents of that name, oldest delivery first; a prefix of the hash (in bytes) is enough.
    pub fn documents_like(&mut self, prefix: &[u8]) -> Result<Vec<StoredDocument>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT d.document, d.submission_id, d.ordinal, d.provider_id, d.bytes, d.path_key, d.path_sealed,
                        d.mapper_version, d.pack, d.pack_offset, d.pack_len
                 FROM intake.document d JOIN intake.submission s USING (submission_id)
                 WHERE d.document >= $1 AND substring(d.document FROM 1 FOR $2) = $1
                 ORDER BY s.received_at, d.submission_id, d.ordinal",
                &[&prefix, &i32::try_from(prefix.len()).unwrap_or(0)],
            )
            .map_err(StorageError::db("looking up a document"))?;
        rows.iter().map(stored_document).collect()
    }

    /// All documents of a submission, in the order of the manifest.
    pub fn documents_of(&mut self, id: &SubmissionId) -> Result<Vec<StoredDocument>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT document, submission_id, ordinal, provider_id, bytes, path_key, path_sealed,
                        mapper_version, pack, pack_offset, pack_len
                 FROM intake.document WHERE submission_id = $1 ORDER BY ordinal",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("looking up documents"))?;
        rows.iter().map(stored_document).collect()
    }

    /// The units of a delivery that were set aside: place of their document in the manifest, ordinal.
    pub fn units_set_aside(&mut self, id: &SubmissionId) -> Result<Vec<(i32, u32)>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT file, ordinal FROM intake.unit WHERE submission_id = $1 AND disposition = 'quarantined'
                 ORDER BY file, ordinal",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("looking up what was set aside"))?;
        rows.iter()
            .map(|r| {
                let ordinal = u32::try_from(r.get::<_, i32>(1));
                Ok((r.get(0), ordinal.map_err(|_| StorageError::Damaged("a unit's place".to_owned()))?))
            })
            .collect()
    }

    /// Quarantined deliveries whose newest event begins with a word, the oldest first.
    pub fn ordered_again(&mut self, word: &str) -> Result<Vec<SubmissionId>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT s.submission_id FROM intake.submission s WHERE s.state = 'quarantined' AND (
                   SELECT starts_with(e.detail, $1 || ' ') FROM intake.submission_event e
                   WHERE e.submission_id = s.submission_id ORDER BY e.event_id DESC LIMIT 1)
                 ORDER BY s.received_at, s.submission_id",
                &[&word],
            )
            .map_err(StorageError::db("looking for what shall be taken in again"))?;
        rows.iter()
            .map(|r| {
                let id: Option<[u8; 16]> = r.get::<_, &[u8]>(0).try_into().ok();
                id.map(SubmissionId).ok_or_else(|| StorageError::Damaged("a delivery's id".to_owned()))
            })
            .collect()
    }

    /// A unit, as the first delivery that brought it stored it.
    pub fn unit(
        &mut self,
        document: &DocumentHash,
        ordinal: u32,
    ) -> Result<Option<StoredUnit>, StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT u.byte_start, u.byte_len, u.identity_id, u.disposition, u.submission_id
                 FROM intake.unit u JOIN intake.submission s USING (submission_id)
                 WHERE u.document = $1 AND u.ordinal = $2
                 ORDER BY (u.disposition = 'duplicate'), s.received_at LIMIT 1",
                &[&document.as_bytes(), &i32::try_from(ordinal).unwrap_or(i32::MAX)],
            )
            .map_err(StorageError::db("looking up a unit"))?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(StoredUnit {
            byte_start: unsigned(row.get(0)),
            byte_len: u32::try_from(row.get::<_, i64>(1)).unwrap_or(0),
            identity: row.get::<_, Option<&[u8]>>(2).and_then(IdentityId::from_slice),
            disposition: row.get(3),
            submission: SubmissionId::from_slice(row.get(4))
                .ok_or_else(|| StorageError::Damaged("a submission id of the wrong length".to_owned()))?,
        }))
    }

    /// The balance of a submission.
    pub fn balance(&mut self, id: &SubmissionId) -> Result<Balance, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT kind, received, loaded, superseded, duplicate, quarantined, excluded, held
                 FROM intake.balance WHERE submission_id = $1 ORDER BY kind",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("reading a balance"))?;
        let mut balance = Balance::default();
        for row in &rows {
            let line = balance.line(row.get(0));
            line.received = unsigned(row.get(1));
            line.loaded = unsigned(row.get(2));
            line.superseded = unsigned(row.get(3));
            line.duplicate = unsigned(row.get(4));
            line.quarantined = unsigned(row.get(5));
            line.excluded = unsigned(row.get(6));
            line.held = unsigned(row.get(7));
        }
        Ok(balance)
    }

    /// The lake files of the current snapshot, by table and bucket.
    pub fn lake_files(&mut self) -> Result<Vec<LakeFile>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT file_id, fact_table, bucket_min, bucket_max, rows, bytes, first_day, last_day, submissions
                 FROM repository.lake_file WHERE removed IS NULL ORDER BY fact_table, bucket_min, file_id",
                &[],
            )
            .map_err(StorageError::db("reading the catalogue"))?;
        rows.iter().map(lake_file).collect()
    }

    /// The names of all lake files the catalogue knows, current or not.
    pub fn known_lake_files(&mut self) -> Result<BTreeSet<String>, StorageError> {
        let rows = self
            .client
            .query("SELECT file_id FROM repository.lake_file", &[])
            .map_err(StorageError::db("reading the catalogue"))?;
        Ok(rows.iter().map(|r| r.get(0)).collect())
    }

    /// The names of all vault packs the registry knows.
    pub fn known_packs(&mut self) -> Result<BTreeSet<String>, StorageError> {
        let rows = self
            .client
            .query("SELECT DISTINCT pack FROM intake.document", &[])
            .map_err(StorageError::db("reading the packs"))?;
        Ok(rows.iter().map(|r| r.get(0)).collect())
    }

    /// The newest business date that each feed has delivered in full.
    pub fn latest_business_dates(&mut self) -> Result<BTreeMap<String, Date>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT feed_id, max(business_date) FROM intake.submission
                 WHERE state = 'acknowledged' AND feed_id IS NOT NULL AND business_date IS NOT NULL GROUP BY feed_id",
                &[],
            )
            .map_err(StorageError::db("reading the calendar"))?;
        Ok(rows.iter().map(|r| (r.get(0), r.get(1))).collect())
    }

    /// Units that are no longer current.
    pub fn dead_units(&mut self) -> Result<BTreeSet<(DocumentHash, u32)>, StorageError> {
        let rows = self
            .client
            .query("SELECT document, unit FROM repository.dead_unit", &[])
            .map_err(StorageError::db("reading superseded units"))?;
        Ok(rows
            .iter()
            .filter_map(|r| {
                Some((DocumentHash::from_slice(r.get(0))?, u32::try_from(r.get::<_, i32>(1)).ok()?))
            })
            .collect())
    }

    /// Replaces lake files by others that hold the same facts (compaction).
    pub fn replace_lake_files(
        &mut self,
        old: &[LakeFile],
        new: &[LakeFile],
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let mut transaction =
            self.client.transaction().map_err(StorageError::db("beginning a compaction"))?;
        let commit = new_commit(&mut transaction, at, "compact", None)?;
        let kept: BTreeSet<&str> = new.iter().map(|f| f.file_id.as_str()).collect();
        for file in old.iter().filter(|f| !kept.contains(f.file_id.as_str())) {
            transaction
                .execute(
                    "UPDATE repository.lake_file SET removed = $2 WHERE file_id = $1 AND removed IS NULL",
                    &[&file.file_id, &commit],
                )
                .map_err(StorageError::db("retiring lake files"))?;
        }
        insert_files(&mut transaction, new, commit)?;
        transaction.commit().map_err(StorageError::db("committing a compaction"))
    }
}

fn enter_state(
    client: &mut impl postgres::GenericClient,
    id: &SubmissionId,
    at: Timestamp,
    state: SubmissionState,
    detail: &str,
) -> Result<(), StorageError> {
    client
        .execute(
            "WITH moved AS (UPDATE intake.submission SET state = $2 WHERE submission_id = $1)
             INSERT INTO intake.submission_event (submission_id, at, state, detail) VALUES ($1, $3, $2, $4)",
            &[&id.as_bytes(), &state.as_str(), &at, &detail],
        )
        .map_err(StorageError::db("recording a state"))?;
    Ok(())
}

/// A catalogue row. Columns: file_id, fact_table, bucket_min, bucket_max, rows, bytes, first_day, last_day, submissions.
pub(crate) fn lake_file(row: &postgres::Row) -> Result<LakeFile, StorageError> {
    let table: &str = row.get(1);
    Ok(LakeFile {
        file_id: row.get(0),
        table: musubi_model::FactTable::from_name(table)
            .ok_or_else(|| StorageError::Damaged(format!("unknown fact table {table}")))?,
        bucket_min: u16::try_from(row.get::<_, i16>(2)).unwrap_or(0),
        bucket_max: u16::try_from(row.get::<_, i16>(3)).unwrap_or(0),
        rows: unsigned(row.get(4)),
        bytes: unsigned(row.get(5)),
        first_day: row.get(6),
        last_day: row.get(7),
        submissions: row.get::<_, Vec<&[u8]>>(8).into_iter().filter_map(SubmissionId::from_slice).collect(),
    })
}

fn stored_document(row: &postgres::Row) -> Result<StoredDocument, StorageError> {
    let wrong = || StorageError::Damaged("an id of the wrong length".to_owned());
    Ok(StoredDocument {
        document: DocumentHash::from_slice(row.get(0)).ok_or_else(wrong)?,
        submission: SubmissionId::from_slice(row.get(1)).ok_or_else(wrong)?,
        ordinal: row.get(2),
        provider: row.get(3),
        bytes: unsigned(row.get(4)),
        path_key: row.get::<_, &[u8]>(5).try_into().map_err(|_| wrong())?,
        path_sealed: row.get(6),
        mapper_version: row.get(7),
        pack: row.get(8),
        pack_offset: unsigned(row.get(9)),
        pack_len: unsigned(row.get(10)),
    })
}

/// Kinds and counts from a `records` text.
#[must_use]
pub fn read_records(text: &str) -> BTreeMap<&str, u64> {
    text.split_whitespace()
        .filter_map(|p| p.split_once(':'))
        .filter_map(|(k, n)| Some((k, n.parse().ok()?)))
        .collect()
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// Ends every other connection to this database from the server's side. Fault-injection tests lose the database with it,
/// for real; other databases of the same server notice nothing.
pub fn lose_connections(registry: &Registry) -> Result<(), StorageError> {
    registry
        .server()
        .connect_owner()?
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
            &[],
        )
        .map_err(StorageError::db("ending connections"))?;
    Ok(())
}
