//! Deliveries in short, as the calendar of feeds, the list of what is set aside and the page of a night show them: states,
//! days and counts. No document, unit or identity is read here, and nothing is judged.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::ids::SubmissionId;
use musubi_model::submission::SubmissionState;
use postgres::Row;
use serde::Serialize;

use crate::act::check::CheckResultRow;
use crate::console::count;
use crate::error::StorageError;
use crate::registry::{ActDb, ConsoleDb, IngestDb};

/// Which deliveries are wanted. Days are business days, or the day of receipt in Japan where the manifest says none.
#[derive(Debug, Clone, Copy)]
pub struct DeliveriesWanted<'a> {
    /// Only of this submitter.
    pub submitter: Option<&'a str>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// Only what was set aside: refused, quarantined as a whole or in part, or held.
    pub set_aside: bool,
}

/// A delivery in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeliveryRow {
    /// Its id.
    pub submission: SubmissionId,
    /// Feed, as the manifest says.
    pub feed: Option<String>,
    /// Submitter, as the manifest says.
    pub submitter: Option<String>,
    /// Kind of the feed.
    pub kind: Option<String>,
    /// The day it counts for.
    pub day: Date,
    /// When it came.
    pub received_at: Timestamp,
    /// When its state was reached.
    pub settled_at: Timestamp,
    /// Where it stands.
    pub state: SubmissionState,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
    /// Records received.
    pub records: u64,
    /// Records set aside because they cannot be used.
    pub quarantined: u64,
    /// Records that wait for their notice.
    pub held: u64,
    /// How often each rule was broken that is an error, most frequent first.
    pub errors: Vec<(String, u64)>,
}

const DAY: &str = "coalesce(s.business_date, (s.received_at AT TIME ZONE 'Asia/Tokyo')::date)";

fn delivery(row: &Row) -> Result<DeliveryRow, StorageError> {
    let id: &[u8] = row.try_get(0).map_err(StorageError::db("reading a delivery"))?;
    let state: String = row.get(7);
    Ok(DeliveryRow {
        submission: SubmissionId::from_slice(id)
            .ok_or_else(|| StorageError::Damaged("a submission id".into()))?,
        feed: row.get(1),
        submitter: row.get(2),
        kind: row.get(3),
        day: row.get(4),
        received_at: row.get(5),
        settled_at: row.get(6),
        state: SubmissionState::from_name(&state)
            .ok_or_else(|| StorageError::Damaged(format!("unknown state {state}")))?,
        files: count(row, 8)?,
        bytes: count(row, 9)?,
        records: count(row, 10)?,
        quarantined: count(row, 11)?,
        held: count(row, 12)?,
        errors: Vec::new(),
    })
}

impl ConsoleDb {
    /// Deliveries in short, in the order of their days and arrival.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn deliveries(&mut self, wanted: DeliveriesWanted<'_>) -> Result<Vec<DeliveryRow>, StorageError> {
        let doing = "reading deliveries";
        let rows = self
            .client
            .query(
                &format!(
                    "SELECT s.submission_id, s.feed_id, s.submitter_id, s.kind, {DAY}, s.received_at,
                            coalesce(e.at, s.received_at), s.state, s.files, s.bytes, b.received, b.quarantined, b.held
                     FROM intake.submission s
                     CROSS JOIN LATERAL (
                       SELECT coalesce(sum(received), 0)::bigint AS received,
                              coalesce(sum(quarantined), 0)::bigint AS quarantined, coalesce(sum(held), 0)::bigint AS held
                       FROM intake.balance WHERE submission_id = s.submission_id) b
                     LEFT JOIN LATERAL (
                       SELECT min(at) AS at FROM intake.submission_event
                       WHERE submission_id = s.submission_id AND state = s.state) e ON true
                     WHERE ($1::text IS NULL OR s.submitter_id = $1) AND {DAY} BETWEEN $2 AND $3
                       AND (NOT $4 OR s.state IN ('rejected', 'quarantined') OR b.quarantined > 0 OR b.held > 0)
                     ORDER BY {DAY}, s.received_at, s.submission_id"
                ),
                &[&wanted.submitter, &wanted.from, &wanted.until, &wanted.set_aside],
            )
            .map_err(StorageError::db(doing))?;
        let mut all: Vec<DeliveryRow> = rows.iter().map(delivery).collect::<Result<_, _>>()?;
        let ids: Vec<&[u8]> = all.iter().map(|d| d.submission.as_bytes()).collect();
        let rows = self
            .client
            .query(
                "SELECT submission_id, rule, count(*) FROM intake.finding
                 WHERE submission_id = ANY($1) AND severity = 'error' GROUP BY submission_id, rule ORDER BY 3 DESC, 2",
                &[&ids],
            )
            .map_err(StorageError::db(doing))?;
        let mut errors: BTreeMap<Vec<u8>, Vec<(String, u64)>> = BTreeMap::new();
        for row in &rows {
            errors.entry(row.get(0)).or_default().push((row.get(1), count(row, 2)?));
        }
        for one in &mut all {
            one.errors = errors.remove(one.submission.as_bytes()).unwrap_or_default();
        }
        Ok(all)
    }

    /// The newest day before `day` for which each feed has brought something that was taken in.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn days_before(&mut self, day: Date) -> Result<BTreeMap<String, Date>, StorageError> {
        let rows = self
            .client
            .query(
                &format!(
                    "SELECT s.feed_id, max({DAY}) FROM intake.submission s
                     WHERE s.feed_id IS NOT NULL AND {DAY} < $1 AND s.state = 'acknowledged' GROUP BY s.feed_id"
                ),
                &[&day],
            )
            .map_err(StorageError::db("reading the days of feeds"))?;
        rows.iter()
            .map(|r| Ok((r.try_get(0)?, r.try_get(1)?)))
            .collect::<Result<_, postgres::Error>>()
            .map_err(StorageError::db("reading the days of feeds"))
    }
}

impl IngestDb {
    /// Earlier deliveries that brought the units which are duplicates in this one, with how many each, most first.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn first_copies(&mut self, id: &SubmissionId) -> Result<Vec<(SubmissionId, u64)>, StorageError> {
        let doing = "looking for first copies";
        let rows = self
            .client
            .query(
                "SELECT o.submission_id, count(*) FROM intake.unit u
                 JOIN LATERAL (
                   SELECT f.submission_id FROM intake.unit f
                   WHERE f.document = u.document AND f.ordinal = u.ordinal AND f.submission_id <> u.submission_id
                     AND f.disposition IN ('loaded', 'superseded') LIMIT 1) o ON true
                 WHERE u.submission_id = $1 AND u.disposition = 'duplicate'
                 GROUP BY o.submission_id ORDER BY 2 DESC, 1 LIMIT 20",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| {
                let id: &[u8] = r.try_get(0).map_err(StorageError::db(doing))?;
                let id = SubmissionId::from_slice(id)
                    .ok_or_else(|| StorageError::Damaged("a submission id".into()))?;
                Ok((id, count(r, 1)?))
            })
            .collect()
    }
}

/// The newest trial of restoring a backup, and the newest backup.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct BackupsSeen {
    /// When the newest backup was made.
    pub backup: Option<(String, Timestamp)>,
    /// The newest trial: of which backup, when, and rows found that must not be there.
    pub drill: Option<(String, Timestamp, u64)>,
}

impl ActDb {
    /// The newest result of every check that has one.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn newest_check_results(&mut self) -> Result<Vec<CheckResultRow>, StorageError> {
        let doing = "reading the newest results of checks";
        let rows = self
            .client
            .query(
                "SELECT DISTINCT ON (check_id) run_id, check_id, version, param_hash, input_hash, verdict, blocking,
                        counts, evidence_ref, at
                 FROM compliance.check_result ORDER BY check_id, result_id DESC",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| {
                let version: i32 = r.try_get(2)?;
                Ok(CheckResultRow {
                    run_id: r.try_get(0)?,
                    check_id: r.try_get(1)?,
                    version: version.unsigned_abs(),
                    param_hash: r.try_get(3)?,
                    input_hash: r.try_get(4)?,
                    verdict: r.try_get(5)?,
                    blocking: r.try_get(6)?,
                    counts: r.try_get(7)?,
                    evidence_ref: r.try_get(8)?,
                    at: r.try_get(9)?,
                })
            })
            .collect::<Result<_, postgres::Error>>()
            .map_err(StorageError::db(doing))
    }

    /// When an action was booked last, and how it ended: `None` when never.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn last_booked(&mut self, action: &str) -> Result<Option<(Timestamp, String)>, StorageError> {
        let doing = "looking for the last entry of an action";
        let row = self
            .client
            .query_opt(
                "SELECT at, result FROM compliance.audit WHERE action = $1 ORDER BY seq DESC LIMIT 1",
                &[&action],
            )
            .map_err(StorageError::db(doing))?;
        row.map(|r| Ok((r.try_get(0)?, r.try_get(1)?))).transpose().map_err(StorageError::db(doing))
    }

    /// The newest backup and the newest trial of restoring one.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn backups_seen(&mut self) -> Result<BackupsSeen, StorageError> {
        let doing = "reading the newest backup";
        let backup = self
            .client
            .query_opt(
                "SELECT backup_id, made_at FROM compliance.backup ORDER BY made_at DESC, backup_id DESC LIMIT 1",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        let drill = self
            .client
            .query_opt(
                "SELECT backup_id, at, forbidden_rows FROM compliance.backup_drill ORDER BY at DESC LIMIT 1",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        Ok(BackupsSeen {
            backup: backup.map(|r| (r.get(0), r.get(1))),
            drill: drill.map(|r| Ok::<_, StorageError>((r.get(0), r.get(1), count(&r, 2)?))).transpose()?,
        })
    }
}
