//! What the console sees: states, counts, findings, catalogue and ledgers, read with the role `musubi_console`.
//!
//! It must never read an identity, a key or a token, and the role's grants refuse it: this module has no query on the
//! schemas `identity` and `keys`, nor on units or documents.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::ids::{DocumentHash, SubmissionId};
use musubi_model::source::ByteRange;
use musubi_model::submission::{Balance, BalanceLine, SubmissionState};
use postgres::Row;

use crate::error::StorageError;
use crate::registry::ConsoleDb;

/// A delivery as the console shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmissionView {
    /// Its id.
    pub id: SubmissionId,
    /// Feed, as the manifest says.
    pub feed: Option<String>,
    /// Submitter, as the manifest says.
    pub submitter: Option<String>,
    /// Kind of the feed.
    pub kind: Option<String>,
    /// The day it is about.
    pub business_date: Option<Date>,
    /// When it came.
    pub received_at: Timestamp,
    /// Where it stands.
    pub state: SubmissionState,
    /// Files.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Hash of the parameter set of the run.
    pub parameter_hash: String,
    /// Version of the program.
    pub code_version: String,
    /// Its history, in order.
    pub events: Vec<EventView>,
    /// The balance equation; empty until it was drawn up.
    pub balance: Balance,
    /// Findings by rule, most frequent first.
    pub findings: Vec<FindingCount>,
}

/// One step of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventView {
    /// When.
    pub at: Timestamp,
    /// The state after it; a word this version does not know is kept as it is.
    pub state: String,
    /// What else is to say.
    pub detail: String,
}

/// How often a rule was broken in a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingCount {
    /// Rule.
    pub rule: String,
    /// Severity word: `note`, `warning`, `error`.
    pub severity: String,
    /// How often.
    pub count: u64,
    /// The first of them.
    pub example: FindingView,
}

/// One finding as kept. `found` is a shape or a code.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FindingView {
    /// Rule.
    pub rule: String,
    /// Severity word.
    pub severity: String,
    /// Document.
    pub document: Option<DocumentHash>,
    /// Unit inside the document, from 0.
    pub unit: Option<u32>,
    /// Bytes.
    pub range: Option<ByteRange>,
    /// Record, as a person counts it.
    pub record: String,
    /// Field.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

/// One table of the lake as of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCount {
    /// Name of the table.
    pub table: String,
    /// Rows in its current files; versions that a later one replaced are among them.
    pub rows: u64,
    /// Bytes of its current files.
    pub bytes: u64,
    /// Number of its current files.
    pub files: u64,
}

/// The lake as of now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LakeView {
    /// The last commit; 0 when nothing was loaded.
    pub commit: u64,
    /// Its tables, by name.
    pub tables: Vec<TableCount>,
    /// Units replaced by later versions.
    pub dead_units: u64,
}

/// A release in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseView {
    /// Its id.
    pub release_id: String,
    /// Its approval.
    pub approval_id: String,
    /// Its request.
    pub request_id: String,
    /// What was approved.
    pub scope_hash: String,
    /// The snapshot it was built from.
    pub commit: u64,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// The manifest as signed.
    pub manifest: String,
    /// The signature.
    pub signature: String,
}

pub(crate) const SUBMISSION: &str =
    "submission_id, feed_id, submitter_id, kind, business_date, received_at, state, files, bytes,
    parameter_hash, code_version";
pub(crate) const FINDING: &str =
    "rule, severity, document, unit, byte_start, byte_len, record, field, found, expected";

pub(crate) fn count(row: &Row, column: usize) -> Result<u64, StorageError> {
    let value: i64 = row.try_get(column).map_err(StorageError::db("reading a count"))?;
    u64::try_from(value).map_err(|_| StorageError::Damaged("a negative count".into()))
}

fn submission_id(row: &Row, column: usize) -> Result<SubmissionId, StorageError> {
    let bytes: &[u8] = row.try_get(column).map_err(StorageError::db("reading a submission id"))?;
    SubmissionId::from_slice(bytes).ok_or_else(|| StorageError::Damaged("a submission id".into()))
}

pub(crate) fn submission(row: &Row) -> Result<SubmissionView, StorageError> {
    let state: String = row.get(6);
    Ok(SubmissionView {
        id: submission_id(row, 0)?,
        feed: row.get(1),
        submitter: row.get(2),
        kind: row.get(3),
        business_date: row.get(4),
        received_at: row.get(5),
        state: SubmissionState::from_name(&state)
            .ok_or_else(|| StorageError::Damaged(format!("unknown state {state}")))?,
        files: count(row, 7)?,
        bytes: count(row, 8)?,
        parameter_hash: row.get(9),
        code_version: row.get(10),
        events: Vec::new(),
        balance: Balance::default(),
        findings: Vec::new(),
    })
}

/// A finding that begins at column `at` of a row.
pub(crate) fn finding(row: &Row, at: usize) -> FindingView {
    let unsigned = |column: usize| row.get::<_, Option<i64>>(column).and_then(|v| u64::try_from(v).ok());
    FindingView {
        rule: row.get(at),
        severity: row.get(at + 1),
        document: row.get::<_, Option<&[u8]>>(at + 2).and_then(DocumentHash::from_slice),
        unit: row.get::<_, Option<i32>>(at + 3).and_then(|v| u32::try_from(v).ok()),
        range: unsigned(at + 4)
            .zip(unsigned(at + 5))
            .map(|(start, len)| ByteRange { start, len: u32::try_from(len).unwrap_or(u32::MAX) }),
        record: row.get(at + 6),
        field: row.get(at + 7),
        found: row.get(at + 8),
        expected: row.get(at + 9),
    }
}

impl ConsoleDb {
    /// All deliveries received in `[from, until)`, whole, in the order in which they came.
    pub fn submissions(
        &mut self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<SubmissionView>, StorageError> {
        let rows = self
            .client
            .query(
                &format!(
                    "SELECT {SUBMISSION} FROM intake.submission
                     WHERE received_at >= $1 AND received_at < $2 ORDER BY received_at, submission_id"
                ),
                &[&from, &until],
            )
            .map_err(StorageError::db("reading submissions"))?;
        self.fill(rows.iter().map(submission).collect::<Result<_, _>>()?)
    }

    /// One delivery, whole.
    pub fn submission(&mut self, id: &SubmissionId) -> Result<Option<SubmissionView>, StorageError> {
        let row = self
            .client
            .query_opt(
                &format!("SELECT {SUBMISSION} FROM intake.submission WHERE submission_id = $1"),
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("reading a submission"))?;
        let views = row.as_ref().map(submission).transpose()?.into_iter().collect();
        Ok(self.fill(views)?.pop())
    }

    /// Adds history, balance and findings: three queries for however many deliveries.
    fn fill(&mut self, mut views: Vec<SubmissionView>) -> Result<Vec<SubmissionView>, StorageError> {
        let ids: Vec<&[u8]> = views.iter().map(|v| v.id.as_bytes()).collect();
        let events = self
            .client
            .query(
                "SELECT submission_id, at, state, detail FROM intake.submission_event
                 WHERE submission_id = ANY($1) ORDER BY event_id",
                &[&ids],
            )
            .map_err(StorageError::db("reading events"))?;
        let balances = self
            .client
            .query(
                "SELECT submission_id, kind, received, loaded, superseded, duplicate, quarantined, excluded, held
                 FROM intake.balance WHERE submission_id = ANY($1) ORDER BY kind",
                &[&ids],
            )
            .map_err(StorageError::db("reading balances"))?;
        let findings = self
            .client
            .query(
                &format!(
                    "SELECT g.submission_id, g.n, f.rule, f.severity, f.document, f.unit, f.byte_start, f.byte_len,
                            f.record, f.field, f.found, f.expected
                     FROM (SELECT submission_id, rule, severity, count(*) AS n, min(finding_id) AS first
                           FROM intake.finding WHERE submission_id = ANY($1)
                           GROUP BY submission_id, rule, severity) g
                     JOIN (SELECT finding_id, {FINDING} FROM intake.finding) f ON f.finding_id = g.first
                     ORDER BY g.n DESC, f.rule"
                ),
                &[&ids],
            )
            .map_err(StorageError::db("counting findings"))?;
        drop(ids);
        let mut place: HashMap<SubmissionId, usize> = HashMap::new();
        place.extend(views.iter().enumerate().map(|(i, v)| (v.id, i)));
        let of = |row: &Row| -> Result<usize, StorageError> {
            place
                .get(&submission_id(row, 0)?)
                .copied()
                .ok_or_else(|| StorageError::Damaged("a row of a submission that was not asked for".into()))
        };
        for row in &events {
            let event = EventView { at: row.get(1), state: row.get(2), detail: row.get(3) };
            if let Some(view) = views.get_mut(of(row)?) {
                view.events.push(event);
            }
        }
        for row in &balances {
            let line = BalanceLine {
                received: count(row, 2)?,
                loaded: count(row, 3)?,
                superseded: count(row, 4)?,
                duplicate: count(row, 5)?,
                quarantined: count(row, 6)?,
                excluded: count(row, 7)?,
                held: count(row, 8)?,
            };
            if let Some(view) = views.get_mut(of(row)?) {
                view.balance.lines.insert(row.get(1), line);
            }
        }
        for row in &findings {
            let example = finding(row, 2);
            let counted = FindingCount {
                rule: example.rule.clone(),
                severity: example.severity.clone(),
                count: count(row, 1)?,
                example,
            };
            if let Some(view) = views.get_mut(of(row)?) {
                view.findings.push(counted);
            }
        }
        Ok(views)
    }

    /// The first findings of each rule of a delivery, at most `each` of a rule, for the sender's report.
    pub fn findings(
        &mut self,
        id: &SubmissionId,
        each: u32,
    ) -> Result<BTreeMap<String, Vec<FindingView>>, StorageError> {
        let rows = self
            .client
            .query(
                &format!(
                    "SELECT {FINDING} FROM (
                       SELECT *, row_number() OVER (PARTITION BY rule ORDER BY finding_id) AS place
                       FROM intake.finding WHERE submission_id = $1) f
                     WHERE place <= $2 ORDER BY rule, place"
                ),
                &[&id.as_bytes(), &i64::from(each)],
            )
            .map_err(StorageError::db("reading findings"))?;
        let mut out: BTreeMap<String, Vec<FindingView>> = BTreeMap::new();
        for row in &rows {
            let view = finding(row, 0);
            out.entry(view.rule.clone()).or_default().push(view);
        }
        Ok(out)
    }

    /// The lake as of now, from its catalogue.
    pub fn lake(&mut self) -> Result<LakeView, StorageError> {
        let doing = "reading the lake's catalogue";
        let rows = self
            .client
            .query(
                "SELECT fact_table, sum(rows)::bigint, sum(bytes)::bigint, count(*) FROM repository.lake_file
                 WHERE removed IS NULL GROUP BY fact_table ORDER BY fact_table",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        let tables = rows
            .iter()
            .map(|r| {
                Ok(TableCount {
                    table: r.get(0),
                    rows: count(r, 1)?,
                    bytes: count(r, 2)?,
                    files: count(r, 3)?,
                })
            })
            .collect::<Result<_, StorageError>>()?;
        let row = self
            .client
            .query_one(
                "SELECT coalesce((SELECT max(commit_id) FROM repository.lake_commit), 0),
                        (SELECT count(*) FROM repository.dead_unit)",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        Ok(LakeView { commit: count(&row, 0)?, tables, dead_units: count(&row, 1)? })
    }

    /// Releases in the ledger, newest first, at most `limit`.
    pub fn releases(&mut self, limit: u32) -> Result<Vec<ReleaseView>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT release_id, approval_id, request_id, scope_hash, commit_id, sealed_at, manifest, signature
                 FROM release.ledger ORDER BY sealed_at DESC, release_id LIMIT $1",
                &[&i64::from(limit)],
            )
            .map_err(StorageError::db("reading the release ledger"))?;
        rows.iter()
            .map(|r| {
                Ok(ReleaseView {
                    release_id: r.get(0),
                    approval_id: r.get(1),
                    request_id: r.get(2),
                    scope_hash: r.get(3),
                    commit: count(r, 4)?,
                    sealed_at: r.get(5),
                    manifest: r.get(6),
                    signature: r.get(7),
                })
            })
            .collect()
    }
}
