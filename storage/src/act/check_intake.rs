//! What the checks of notices, opt-outs, receipts, books, erasures and backups read (C-001 to C-029): days, states,
//! counts, hashes. Never a value of a person; identities are asked about by the role of matching alone.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::{DocumentHash, IdentityId, ProviderId, SubmissionId};
use postgres::Row;

use super::{column, count};
use crate::error::StorageError;
use crate::lake::LakeFile;
use crate::registry::{ActDb, IdentityDb};

/// Rows asked for in one statement.
const AT_ONCE: usize = 20_000;

/// A provider in a delivery, as the gates left it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct GateNight {
    /// The delivery, hexadecimal.
    pub submission: String,
    /// The provider.
    pub provider: String,
    /// When it was loaded first.
    pub at: Timestamp,
    /// The day up to which the delivery speaks.
    pub business_date: Option<Date>,
    /// N, as it was counted then.
    pub notified: u64,
    /// N now: who waited is admitted by notices that came later.
    pub notified_now: u64,
    /// O.
    pub opted_out: u64,
    /// F.
    pub in_feed: u64,
    /// A, with those who waited and came in since.
    pub admitted: u64,
    /// Q.
    pub set_aside: u64,
    /// Of Q, without any notice, as it was counted then.
    pub unnotified: u64,
    /// The most admitted in deliveries before.
    pub growth_base: Option<u64>,
    /// Is the delivery held as a whole, or was it before people or notices opened it?
    pub stopped: bool,
    /// Units that waited and were loaded since.
    pub settled: u64,
    /// Units that wait by the book and are loaded all the same.
    pub torn: u64,
    /// Was its growth looked at and opened by two people?
    pub allowed: bool,
}

/// What a notice says, without whose it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NoticeFact {
    /// Its number.
    pub notice: i64,
    /// Who notified.
    pub provider: String,
    /// When.
    pub notified_on: Date,
    /// How.
    pub method: String,
    /// With which text.
    pub template: String,
    /// Whom.
    pub party: String,
    /// Last visit known.
    pub last_visit: Option<Date>,
    /// Under age then.
    pub minor: bool,
    /// It takes something back, or was taken back.
    pub void: bool,
}

/// The day on which a unit came in that had waited.
pub type SettledDays = HashMap<(SubmissionId, DocumentHash, u32), Date>;

/// An erasure as its record stands.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ErasureFact {
    /// Its number.
    pub erasure: String,
    /// Ground.
    pub ground: String,
    /// The number of the instruction; may be empty.
    pub instruction: String,
    /// Its state.
    pub state: String,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When it was run.
    pub run_at: Option<Timestamp>,
    /// Who confirmed and who ran it.
    pub executors: Vec<String>,
    /// Who verified it.
    pub verifier: Option<String>,
    /// Counts before and after, JSON.
    pub counts: Vec<String>,
}

/// An opt-out of the desk on its way.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OptOutCase {
    /// Its number.
    pub entry: String,
    /// Who asked: `self`, `family`, `guardian`, `agent`.
    pub requester: String,
    /// In which relation; may be empty.
    pub relation: String,
    /// Is the person known to have died?
    pub dead: bool,
    /// When the request came.
    pub received_on: Date,
    /// When it took effect.
    pub blocked_on: Option<Date>,
    /// Was there anything to erase?
    pub erasable: bool,
    /// When that was erased.
    pub erased_on: Option<Date>,
    /// When the paper was handed over.
    pub receipt_on: Option<Date>,
    /// Is the hash of its copy kept?
    pub copy: bool,
    /// Was the request taken back?
    pub withdrawn: bool,
}

/// An opt-out in force, and how many descriptions of persons it still reaches.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OptOutReach {
    /// Its number.
    pub entry: String,
    /// The day on which it was registered.
    pub received_on: Date,
    /// Descriptions of persons it reaches.
    pub reached: u64,
}

fn submission(row: &Row, at: usize) -> Result<SubmissionId, StorageError> {
    SubmissionId::from_slice(column(row, at)?)
        .ok_or_else(|| StorageError::Damaged("the id of a submission".to_owned()))
}

fn document(row: &Row, at: usize) -> Result<DocumentHash, StorageError> {
    DocumentHash::from_slice(column(row, at)?)
        .ok_or_else(|| StorageError::Damaged("the hash of a document".to_owned()))
}

/// Slices of at most [`AT_ONCE`]; an empty one when there is nothing, so that the table is asked all the same.
fn slices<T>(all: &[T]) -> impl Iterator<Item = &[T]> {
    all.chunks(AT_ONCE).chain(all.is_empty().then_some(all))
}

impl ActDb {
    /// Every provider of every delivery as the gates left it, oldest first.
    pub fn gate_nights(&mut self) -> Result<Vec<GateNight>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT encode(r.submission_id, 'hex'), r.provider_id, r.at, s.business_date, r.notified,
                   coalesce((SELECT l.persons FROM compliance.notice_ledger l WHERE l.provider_id = r.provider_id
                             ORDER BY l.ledger_id DESC LIMIT 1), 0),
                   r.opted_out, r.in_feed, r.admitted, r.set_aside, r.unnotified, r.growth_base,
                   r.stopped IS NOT NULL OR coalesce(h.stops, 0) > 0, coalesce(h.settled, 0), coalesce(h.torn, 0),
                   EXISTS (SELECT FROM compliance.growth_allowance g
                           WHERE g.submission_id = r.submission_id AND g.allowed_at IS NOT NULL)
                 FROM compliance.reconciliation r LEFT JOIN intake.submission s USING (submission_id)
                 LEFT JOIN (
                   SELECT w.submission_id, w.provider_id,
                     count(*) FILTER (WHERE w.reason IN ('blocked', 'growth', 'balance', 'items')) AS stops,
                     count(*) FILTER (WHERE w.state = 'loaded') AS settled,
                     count(*) FILTER (WHERE w.state = 'held' AND u.disposition = 'loaded') AS torn
                   FROM intake.held w LEFT JOIN intake.unit u ON u.submission_id = w.submission_id
                     AND u.document = w.document AND u.ordinal = w.unit AND u.file = w.file
                   GROUP BY 1, 2) h USING (submission_id, provider_id)
                 ORDER BY r.at, 1, 2",
                &[],
            )
            .map_err(StorageError::db("reading what the gates left"))?;
        rows.iter()
            .map(|r| {
                let base: Option<i64> = column(r, 11)?;
                Ok(GateNight {
                    submission: column(r, 0)?,
                    provider: column(r, 1)?,
                    at: column(r, 2)?,
                    business_date: column(r, 3)?,
                    notified: count(r, 4)?,
                    notified_now: count(r, 5)?,
                    opted_out: count(r, 6)?,
                    in_feed: count(r, 7)?,
                    admitted: count(r, 8)?,
                    set_aside: count(r, 9)?,
                    unnotified: count(r, 10)?,
                    growth_base: base.and_then(|n| u64::try_from(n).ok()),
                    stopped: column(r, 12)?,
                    settled: count(r, 13)?,
                    torn: count(r, 14)?,
                    allowed: column(r, 15)?,
                })
            })
            .collect()
    }

    /// Deliveries of which records were loaded although no gate counted their persons.
    pub fn unreconciled(&mut self) -> Result<Vec<String>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT encode(b.submission_id, 'hex') FROM intake.balance b
                 WHERE b.loaded > 0 AND b.kind <> 'file' AND NOT EXISTS (
                   SELECT FROM compliance.reconciliation r WHERE r.submission_id = b.submission_id) ORDER BY 1",
                &[],
            )
            .map_err(StorageError::db("looking for deliveries without a reconciliation"))?;
        rows.iter().map(|r| column(r, 0)).collect()
    }

    /// Of these notices, those that are in the book.
    pub fn notice_facts(&mut self, notices: &[i64]) -> Result<BTreeMap<i64, NoticeFact>, StorageError> {
        let mut found = BTreeMap::new();
        for some in slices(notices) {
            let rows = self
                .client
                .query(
                    "SELECT n.notice_id, n.provider_id, n.notified_on, n.method, n.template, n.party, n.last_visit,
                       n.minor, n.void OR EXISTS (
                         SELECT FROM compliance.notice v WHERE v.void AND v.subject = n.subject
                           AND v.notified_on = n.notified_on AND v.template = n.template)
                     FROM compliance.notice n WHERE n.notice_id = ANY($1)",
                    &[&some],
                )
                .map_err(StorageError::db("reading notices"))?;
            for r in &rows {
                let fact = NoticeFact {
                    notice: column(r, 0)?,
                    provider: column(r, 1)?,
                    notified_on: column(r, 2)?,
                    method: column(r, 3)?,
                    template: column(r, 4)?,
                    party: column(r, 5)?,
                    last_visit: column(r, 6)?,
                    minor: column(r, 7)?,
                    void: column(r, 8)?,
                };
                found.insert(fact.notice, fact);
            }
        }
        Ok(found)
    }

    /// Notices of guardians of which a task was made.
    pub fn renotice_tasks(&mut self) -> Result<Vec<i64>, StorageError> {
        let rows = self
            .client
            .query("SELECT notice_id FROM compliance.renotice_task ORDER BY 1", &[])
            .map_err(StorageError::db("reading tasks to notify anew"))?;
        rows.iter().map(|r| column(r, 0)).collect()
    }

    /// The current files of the lake.
    pub fn lake_files(&mut self) -> Result<Vec<LakeFile>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT file_id, fact_table, bucket_min, bucket_max, rows, bytes, first_day, last_day, submissions
                 FROM repository.lake_file WHERE removed IS NULL ORDER BY fact_table, bucket_min, file_id",
                &[],
            )
            .map_err(StorageError::db("reading the catalogue"))?;
        rows.iter().map(crate::ingest::lake_file).collect()
    }

    /// The day in Japan on which each delivery was loaded first, by provider.
    pub fn load_days(&mut self) -> Result<HashMap<(SubmissionId, String), Date>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT submission_id, provider_id, (at AT TIME ZONE 'Asia/Tokyo')::date FROM compliance.reconciliation",
                &[],
            )
            .map_err(StorageError::db("reading the days of loads"))?;
        rows.iter().map(|r| Ok(((submission(r, 0)?, column(r, 1)?), column(r, 2)?))).collect()
    }

    /// The day in Japan on which each unit came in that had waited.
    pub fn settled_days(&mut self) -> Result<SettledDays, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT submission_id, document, unit, (settled_at AT TIME ZONE 'Asia/Tokyo')::date FROM intake.held
                 WHERE state = 'loaded' AND settled_at IS NOT NULL",
                &[],
            )
            .map_err(StorageError::db("reading the days of settled units"))?;
        rows.iter()
            .map(|r| {
                let unit = u32::try_from(column::<i32>(r, 2)?)
                    .map_err(|_| StorageError::Damaged("the number of a unit".to_owned()))?;
                Ok(((submission(r, 0)?, document(r, 1)?, unit), column(r, 3)?))
            })
            .collect()
    }

    /// The hashes of the files of every delivery, by provider.
    pub fn received_files(
        &mut self,
    ) -> Result<HashMap<(SubmissionId, ProviderId), Vec<DocumentHash>>, StorageError> {
        let rows = self
            .client
            .query("SELECT submission_id, provider_id, document FROM intake.document WHERE ordinal >= 0", &[])
            .map_err(StorageError::db("reading the hashes of files"))?;
        let mut files: HashMap<_, Vec<DocumentHash>> = HashMap::new();
        for r in &rows {
            let provider = ProviderId::new(column::<&str>(r, 1)?)
                .map_err(|_| StorageError::Damaged("the number of a provider".to_owned()))?;
            files.entry((submission(r, 0)?, provider)).or_default().push(document(r, 2)?);
        }
        Ok(files)
    }

    /// Records that are numbered one after the other and lack a number: table, and how many of its things do.
    pub fn numbers_missing(&mut self) -> Result<Vec<(String, u64)>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT 'compliance.incident_event', count(*) FROM (SELECT FROM compliance.incident_event
                   GROUP BY incident_id HAVING max(ordinal) <> count(*)) t
                 UNION ALL SELECT 'compliance.incident', count(*) FROM compliance.incident i
                   WHERE NOT EXISTS (SELECT FROM compliance.ledger_book b WHERE b.reference = 'incident:' || i.incident_id)
                 UNION ALL SELECT 'compliance.inquiry_event', count(*) FROM (SELECT FROM compliance.inquiry_event
                   GROUP BY inquiry_id HAVING max(ordinal) <> count(*)) t
                 UNION ALL SELECT 'compliance.register', count(*) FROM (SELECT FROM compliance.register
                   GROUP BY class, entry HAVING max(version) <> count(*)) t
                 UNION ALL SELECT 'compliance.receipt_record', count(*) FROM compliance.ledger_book b
                   WHERE b.event = 'receipt' AND NOT EXISTS (SELECT FROM compliance.receipt_record r
                     WHERE b.reference = 'submission:' || encode(r.submission_id, 'hex') || ':' || r.provider_id)",
                &[],
            )
            .map_err(StorageError::db("looking for numbers that are missing"))?;
        rows.iter().map(|r| Ok((column(r, 0)?, count(r, 1)?))).collect()
    }

    /// The erasures, oldest first.
    pub fn erasure_facts(&mut self) -> Result<Vec<ErasureFact>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT erasure_id, ground, instruction, state, planned_at, run_at,
                   array_remove(ARRAY[confirmed_by, run_by], NULL), verified_by,
                   array_remove(ARRAY[before::text, after::text], NULL)
                 FROM compliance.erasure_job ORDER BY planned_at, erasure_id",
                &[],
            )
            .map_err(StorageError::db("reading the erasures"))?;
        rows.iter()
            .map(|r| {
                Ok(ErasureFact {
                    erasure: column(r, 0)?,
                    ground: column(r, 1)?,
                    instruction: column(r, 2)?,
                    state: column(r, 3)?,
                    planned_at: column(r, 4)?,
                    run_at: column(r, 5)?,
                    executors: column(r, 6)?,
                    verifier: column(r, 7)?,
                    counts: column(r, 8)?,
                })
            })
            .collect()
    }

    /// How many backups there are, and every trial of restoring one: name, when, rows that must not be there.
    pub fn restore_drills(&mut self) -> Result<(u64, Vec<(String, Timestamp, u64)>), StorageError> {
        let doing = "reading trials of restoring";
        let backups = self
            .client
            .query_one("SELECT count(*) FROM compliance.backup", &[])
            .map_err(StorageError::db(doing))?;
        let rows = self
            .client
            .query("SELECT backup_id, at, forbidden_rows FROM compliance.backup_drill ORDER BY at", &[])
            .map_err(StorageError::db(doing))?;
        let drills = rows
            .iter()
            .map(|r| Ok((column(r, 0)?, column(r, 1)?, count(r, 2)?)))
            .collect::<Result<_, StorageError>>()?;
        Ok((count(&backups, 0)?, drills))
    }

    /// The accepted requests of the desk to stop, with how far each is.
    pub fn opt_out_checks(&mut self) -> Result<Vec<OptOutCase>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT entry, requester, relation, life = 'dead', received_on, blocked_on, erasable, erased_on,
                   receipt_on, copy, withdrawn
                 FROM compliance.opt_out_case ORDER BY received_on, entry",
                &[],
            )
            .map_err(StorageError::db("reading the way of opt-outs"))?;
        rows.iter()
            .map(|r| {
                Ok(OptOutCase {
                    entry: column(r, 0)?,
                    requester: column(r, 1)?,
                    relation: column(r, 2)?,
                    dead: column(r, 3)?,
                    received_on: column(r, 4)?,
                    blocked_on: column(r, 5)?,
                    erasable: column(r, 6)?,
                    erased_on: column(r, 7)?,
                    receipt_on: column(r, 8)?,
                    copy: column(r, 9)?,
                    withdrawn: column(r, 10)?,
                })
            })
            .collect()
    }

    /// The numbers of all opt-outs, however they came.
    pub fn opt_out_entries(&mut self) -> Result<Vec<String>, StorageError> {
        let rows = self
            .client
            .query("SELECT DISTINCT entry FROM compliance.opt_out ORDER BY 1", &[])
            .map_err(StorageError::db("reading the opt-outs"))?;
        rows.iter().map(|r| column(r, 0)).collect()
    }
}

impl IdentityDb {
    /// Of these descriptions of persons and the notices their facts came under, the notices that are not found by any
    /// key of their own person.
    pub fn inherited_notices(&mut self, pairs: &[(IdentityId, i64)]) -> Result<Vec<i64>, StorageError> {
        let mut found = Vec::new();
        for some in slices(pairs) {
            let ids: Vec<&[u8]> = some.iter().map(|(id, _)| id.as_bytes()).collect();
            let notices: Vec<i64> = some.iter().map(|(_, notice)| *notice).collect();
            let rows = self
                .client
                .query(
                    "SELECT q.notice FROM unnest($1::bytea[], $2::bigint[]) AS q (id, notice)
                     WHERE NOT EXISTS (SELECT FROM identity.token t JOIN compliance.notice_key k USING (token)
                       WHERE t.identity_id = q.id AND k.notice_id = q.notice) ORDER BY 1",
                    &[&ids, &notices],
                )
                .map_err(StorageError::db("holding notices against their persons"))?;
            for r in &rows {
                found.push(column(r, 0)?);
            }
        }
        Ok(found)
    }

    /// The opt-outs in force on a day, each with how many descriptions of persons it reaches.
    pub fn opt_out_reach(&mut self, on: Date) -> Result<Vec<OptOutReach>, StorageError> {
        let matched = crate::identity::read::STOPPING;
        let rows = self
            .client
            .query(
                &format!(
                    "SELECT e.entry, (min(e.received_at) AT TIME ZONE 'Asia/Tokyo')::date, coalesce(max(r.reached), 0)
                     FROM compliance.opt_out e LEFT JOIN (
                       SELECT o.entry, count(DISTINCT m.identity_id) AS reached {matched} GROUP BY 1) r USING (entry)
                     WHERE e.effective_from <= $1
                       AND (e.withdrawn_at IS NULL OR (e.withdrawn_at AT TIME ZONE 'Asia/Tokyo')::date > $1)
                     GROUP BY 1 ORDER BY 1"
                ),
                &[&on],
            )
            .map_err(StorageError::db("asking whom opt-outs reach"))?;
        rows.iter()
            .map(|r| {
                Ok(OptOutReach { entry: column(r, 0)?, received_on: column(r, 1)?, reached: count(r, 2)? })
            })
            .collect()
    }
}
