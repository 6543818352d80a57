//! The audit log beside its entries: the stored nodes of its tree, signed checkpoints, witnesses' signatures, and looking
//! entries up. What a node, a root or a signature is worth is decided in `compliance`; nothing here may be changed or
//! removed once written.

use std::collections::BTreeMap;

use musubi_model::ids::SubmissionId;
use musubi_model::submission::SubmissionState;

use crate::compliance::{AUDIT_COLUMNS, AuditRow, audit_row, count};
use crate::error::StorageError;
use crate::registry::{ActDb, IngestDb};

/// A signed checkpoint (控え), texts exactly as signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// How many entries.
    pub size: u64,
    /// Whose log.
    pub origin: String,
    /// Root of the tree.
    pub root: String,
    /// When.
    pub at: String,
    /// The house's key.
    pub key: String,
    /// Its signature.
    pub signature: String,
    /// Witnesses' signatures, by name.
    pub witnesses: BTreeMap<String, WitnessRow>,
}

/// What one witness signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessRow {
    /// With which key.
    pub key: String,
    /// The signature.
    pub signature: String,
}

/// Which entries are asked for. Everything empty: the last ones.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// From this time on, as a text that PostgreSQL reads.
    pub since: Option<String>,
    /// Before this time, as a text that PostgreSQL reads.
    pub until: Option<String>,
    /// Before this entry: for turning pages.
    pub before: Option<u64>,
    /// By this account.
    pub actor: Option<String>,
    /// This action.
    pub action: Option<String>,
    /// This object, whole or its beginning.
    pub object: Option<String>,
    /// At most so many, the newest.
    pub last: u32,
}

/// What was done in a role, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSum {
    /// What.
    pub action: String,
    /// In which role.
    pub role: String,
    /// How often.
    pub entries: u64,
    /// How many of them were refused.
    pub refused: u64,
    /// How many failed.
    pub failed: u64,
    /// Persons touched, each as often as it was.
    pub persons: u64,
    /// By how many accounts.
    pub actors: u64,
}

fn whole(n: u64) -> Result<i64, StorageError> {
    i64::try_from(n).map_err(|_| StorageError::Damaged("an audit number too large".into()))
}

impl ActDb {
    /// How many nodes of a level are kept, from the first on without gap.
    pub fn audit_nodes_kept(&mut self, level: i16) -> Result<u64, StorageError> {
        let doing = "counting the nodes of the audit log";
        let row = self
            .client
            .query_one(
                "SELECT count(*), coalesce(max(place) + 1, 0) FROM compliance.audit_node WHERE level = $1",
                &[&level],
            )
            .map_err(StorageError::db(doing))?;
        let (found, end): (i64, i64) = (row.get(0), row.get(1));
        if found != end {
            return Err(StorageError::Damaged("nodes of the audit log are missing".into()));
        }
        count(found, "nodes")
    }

    /// The nodes of a level from `place` on, at most `limit`.
    pub fn audit_nodes(&mut self, level: i16, place: u64, limit: u32) -> Result<Vec<Vec<u8>>, StorageError> {
        let doing = "reading the nodes of the audit log";
        let from = whole(place)?;
        let rows = self
            .client
            .query(
                "SELECT hash FROM compliance.audit_node WHERE level = $1 AND place >= $2 AND place < $2 + $3
                 ORDER BY place",
                &[&level, &from, &i64::from(limit)],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter().map(|r| r.try_get(0).map_err(StorageError::db(doing))).collect()
    }

    /// Keeps nodes of a level from `place` on. What stands there is left.
    pub fn keep_audit_nodes(
        &mut self,
        level: i16,
        place: u64,
        hashes: &[Vec<u8>],
    ) -> Result<(), StorageError> {
        let from = whole(place)?;
        self.client
            .execute(
                "INSERT INTO compliance.audit_node (level, place, hash)
                 SELECT $1, $2 + n - 1, hash FROM unnest($3::bytea[]) WITH ORDINALITY AS t (hash, n)
                 ON CONFLICT DO NOTHING",
                &[&level, &from, &hashes],
            )
            .map_err(StorageError::db("keeping nodes of the audit log"))?;
        Ok(())
    }

    /// Keeps a checkpoint; `false` when one of this size stands already.
    pub fn keep_checkpoint(&mut self, row: &CheckpointRow) -> Result<bool, StorageError> {
        let size = whole(row.size)?;
        let added = self
            .client
            .execute(
                "INSERT INTO compliance.checkpoint (size, origin, root, at, key, signature)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                &[&size, &row.origin, &row.root, &row.at, &row.key, &row.signature],
            )
            .map_err(StorageError::db("keeping a checkpoint"))?;
        Ok(added == 1)
    }

    /// Adds a witness's signature; `false` when this witness has signed this checkpoint already.
    pub fn keep_witness(
        &mut self,
        size: u64,
        witness: &str,
        row: &WitnessRow,
        at: jiff::Timestamp,
    ) -> Result<bool, StorageError> {
        let size = whole(size)?;
        let added = self
            .client
            .execute(
                "INSERT INTO compliance.checkpoint_witness (size, witness, key, signature, at)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                &[&size, &witness, &row.key, &row.signature, &at],
            )
            .map_err(StorageError::db("keeping a witness's signature"))?;
        Ok(added == 1)
    }

    /// All checkpoints with their witnesses, smallest first.
    pub fn checkpoints(&mut self) -> Result<Vec<CheckpointRow>, StorageError> {
        let doing = "reading the checkpoints";
        let rows = self
            .client
            .query(
                "SELECT c.size, c.origin, c.root, c.at, c.key, c.signature, w.witness, w.key, w.signature
                 FROM compliance.checkpoint c LEFT JOIN compliance.checkpoint_witness w USING (size)
                 ORDER BY c.size, w.witness",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        let mut all: Vec<CheckpointRow> = Vec::new();
        for row in &rows {
            let size = count(row.try_get(0).map_err(StorageError::db(doing))?, "size")?;
            if all.last().is_none_or(|c| c.size != size) {
                all.push(CheckpointRow {
                    size,
                    origin: row.get(1),
                    root: row.get(2),
                    at: row.get(3),
                    key: row.get(4),
                    signature: row.get(5),
                    witnesses: BTreeMap::new(),
                });
            }
            if let (Some(name), Some(last)) = (row.get::<_, Option<String>>(6), all.last_mut()) {
                last.witnesses.insert(name, WitnessRow { key: row.get(7), signature: row.get(8) });
            }
        }
        Ok(all)
    }

    /// Looks entries up; oldest first.
    pub fn audit_entries(&mut self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StorageError> {
        let sql = format!(
            "SELECT * FROM (SELECT {AUDIT_COLUMNS} FROM compliance.audit
               WHERE ($1::text IS NULL OR at >= $1::text::timestamptz) AND ($2::text IS NULL OR actor = $2)
                 AND ($3::text IS NULL OR action = $3) AND ($4::text IS NULL OR starts_with(object, $4))
                 AND ($6::text IS NULL OR at < $6::text::timestamptz) AND ($7::bigint IS NULL OR seq < $7)
               ORDER BY seq DESC LIMIT $5) newest ORDER BY seq"
        );
        let before = filter.before.map(whole).transpose()?;
        let rows = self
            .client
            .query(
                &sql,
                &[
                    &filter.since,
                    &filter.actor,
                    &filter.action,
                    &filter.object,
                    &i64::from(filter.last),
                    &filter.until,
                    &before,
                ],
            )
            .map_err(StorageError::db("looking audit entries up"))?;
        rows.iter().map(audit_row).collect()
    }

    /// How often what was done in which role, from one time to another, and by how many accounts.
    pub fn audit_summary(
        &mut self,
        since: jiff::Timestamp,
        until: jiff::Timestamp,
    ) -> Result<Vec<AuditSum>, StorageError> {
        let doing = "counting audit entries";
        let rows = self
            .client
            .query(
                "SELECT action, role, count(*), count(*) FILTER (WHERE result LIKE 'refused:%'),
                        count(*) FILTER (WHERE result LIKE 'failed:%'), sum(persons)::bigint, count(DISTINCT actor)
                 FROM compliance.audit WHERE at >= $1 AND at < $2 GROUP BY action, role ORDER BY action, role",
                &[&since, &until],
            )
            .map_err(StorageError::db(doing))?;
        let number = |row: &postgres::Row, at: usize| count(row.get(at), "count");
        rows.iter()
            .map(|r| {
                Ok(AuditSum {
                    action: r.get(0),
                    role: r.get(1),
                    entries: number(r, 2)?,
                    refused: number(r, 3)?,
                    failed: number(r, 4)?,
                    persons: number(r, 5)?,
                    actors: number(r, 6)?,
                })
            })
            .collect()
    }
}

/// The states in which a submission ends.
const ENDS: [SubmissionState; 3] =
    [SubmissionState::Acknowledged, SubmissionState::Quarantined, SubmissionState::Rejected];

/// A submission that came to its end and stands in no audit entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbooked {
    /// Which.
    pub submission: SubmissionId,
    /// How it ended.
    pub state: SubmissionState,
    /// Identities its units belong to.
    pub persons: u64,
}

impl IngestDb {
    /// Submissions that came to their end without an entry: their process died between the two.
    pub fn unbooked_submissions(&mut self) -> Result<Vec<Unbooked>, StorageError> {
        let doing = "looking for submissions without an audit entry";
        let ends = ENDS.map(SubmissionState::as_str).to_vec();
        let rows = self
            .client
            .query(
                "SELECT s.submission_id, s.state,
                        (SELECT count(DISTINCT u.identity_id) FROM intake.unit u WHERE u.submission_id = s.submission_id)
                 FROM intake.submission s
                 WHERE s.state = ANY($1) AND NOT EXISTS (SELECT 1 FROM compliance.audit a
                   WHERE a.object = 'submission:' || encode(s.submission_id, 'hex') AND a.action IN ('load', 'receive'))
                 ORDER BY s.received_at, s.submission_id",
                &[&ends],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| {
                let state: String = r.try_get(1).map_err(StorageError::db(doing))?;
                Ok(Unbooked {
                    submission: SubmissionId::from_slice(r.get(0))
                        .ok_or_else(|| StorageError::Damaged("a submission id of the wrong length".into()))?,
                    state: SubmissionState::from_name(&state)
                        .ok_or_else(|| StorageError::Damaged("a state of a submission".into()))?,
                    persons: count(r.get(2), "persons")?,
                })
            })
            .collect()
    }
}
