//! Gates of a night (夜間の関門): what there is to judge, what was judged, and whether a cohort may be written.
//!
//! The store counts and remembers; what is too much is said by `etl`. The gate is shut unless the newest run passed, or
//! was opened by two people, and no decision is younger than it.

use jiff::Timestamp;
use postgres::{GenericClient, IsolationLevel};

use crate::error::StorageError;
use crate::registry::IdentityDb;

/// What a run of the gates looks at: everything that was decided since a run that settled the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GateWindow {
    /// After this decision …
    pub from_decision: i64,
    /// … up to this one.
    pub upto_decision: i64,
    /// After this entry of `identity.match_run` …
    pub from_run: i64,
    /// … up to this one.
    pub upto_run: i64,
}

/// Counts in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GateCounts {
    /// Which window.
    pub window: GateWindow,
    /// Identities that were not known before.
    pub identities_new: u64,
    /// Of those: did not begin a person.
    pub joined: u64,
    /// Identities of earlier nights that were judged and let through.
    pub earlier_new: u64,
    /// Of those: did not begin a person.
    pub earlier_joined: u64,
    /// How many such nights there are.
    pub earlier_nights: u64,
    /// Persons that the window touched.
    pub touched: u64,
    /// Of those: have more identities than was asked for.
    pub large: u64,
    /// Identities of the largest of them.
    pub largest: u64,
    /// Persons that deliveries made aliases.
    pub merged: u64,
    /// Persons that came out of others by deliveries.
    pub split: u64,
    /// Known identities whose research id deliveries changed otherwise than with their whole person.
    pub moved: u64,
    /// Identities that deliveries made be decided, new and again.
    pub decided: u64,
    /// Of those: nothing to match on.
    pub unlinkable: u64,
}

/// A run to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGateRun<'a> {
    /// When.
    pub at: Timestamp,
    /// Model in force.
    pub model: &'a str,
    /// What was looked at.
    pub window: GateWindow,
    /// There was enough to judge shares by.
    pub judged: bool,
    /// See [`GateCounts::identities_new`].
    pub identities_new: u64,
    /// See [`GateCounts::joined`].
    pub joined: u64,
    /// JSON object of numbers.
    pub measured: &'a str,
    /// JSON array of verdicts.
    pub verdicts: &'a str,
    /// No gate failed.
    pub passed: bool,
}

/// A run as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateRunRow {
    /// Its number.
    pub gate_run_id: i64,
    /// When.
    pub at: Timestamp,
    /// Model in force.
    pub model: String,
    /// JSON object of numbers.
    pub measured: String,
    /// JSON array of verdicts.
    pub verdicts: String,
    /// No gate failed.
    pub passed: bool,
    /// Who proposed to open it all the same, and why.
    pub proposed: Option<(String, String)>,
    /// Who confirmed that, and when.
    pub opened: Option<(String, Timestamp)>,
}

/// Why no cohort may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateShut {
    /// There are decisions, and the gates never ran.
    Never,
    /// The newest run failed and nobody opened it.
    Failed(i64),
    /// Decisions are younger than the newest run.
    Older(i64),
}

impl std::fmt::Display for GateShut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Never => f.write_str("the gates of matching have never run"),
            Self::Failed(id) => write!(f, "run {id} of the gates of matching failed"),
            Self::Older(id) => write!(f, "persons changed after run {id} of the gates of matching"),
        }
    }
}

const COLUMNS: &str =
    "gate_run_id, at, model, measured::text, verdicts::text, passed, proposed_by, reason, opened_by,
    opened_at";

impl IdentityDb {
    /// Counts what the gates judge, in one snapshot. `large`: persons with more identities than this are counted;
    /// `nights`: how many earlier nights the mean is taken over.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn gate_counts(&mut self, large: u64, nights: u64) -> Result<GateCounts, StorageError> {
        let doing = "counting for the gates";
        let mut tx = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .map_err(StorageError::db(doing))?;
        let get = |e| StorageError::db(doing)(e);
        // A run that did not judge, or failed and stayed so, leaves what it saw to the next one.
        let row = tx
            .query_one(
                "SELECT coalesce(g.d, 0), coalesce((SELECT max(decision_id) FROM identity.decision), 0),
                        coalesce(g.r, 0), coalesce((SELECT max(run_id) FROM identity.match_run), 0)
                 FROM (SELECT max(upto_decision) AS d, max(upto_run) AS r FROM identity.gate_run
                       WHERE opened_at IS NOT NULL OR (passed AND judged)) g",
                &[],
            )
            .map_err(get)?;
        let window = GateWindow {
            from_decision: row.try_get(0).map_err(get)?,
            upto_decision: row.try_get(1).map_err(get)?,
            from_run: row.try_get(2).map_err(get)?,
            upto_run: row.try_get(3).map_err(get)?,
        };
        let (from, upto) = (window.from_decision, window.upto_decision);
        let row = tx
            .query_one(
                "SELECT count(*) FILTER (WHERE kind IN ('new', 'join')), count(*) FILTER (WHERE kind = 'join')
                 FROM identity.decision WHERE decision_id > $1 AND decision_id <= $2",
                &[&from, &upto],
            )
            .map_err(get)?;
        let n = |row: &postgres::Row, place: usize| -> Result<u64, StorageError> {
            Ok(row.try_get::<_, i64>(place).map_err(get)?.unsigned_abs())
        };
        let mut counts =
            GateCounts { window, identities_new: n(&row, 0)?, joined: n(&row, 1)?, ..GateCounts::default() };
        let nights = i64::try_from(nights).unwrap_or(i64::MAX);
        let row = tx
            .query_one(
                "SELECT count(*), coalesce(sum(identities_new), 0)::bigint, coalesce(sum(joined), 0)::bigint
                 FROM (SELECT identities_new, joined FROM identity.gate_run
                       WHERE judged AND (passed OR opened_at IS NOT NULL) ORDER BY gate_run_id DESC LIMIT $1) e",
                &[&nights],
            )
            .map_err(get)?;
        (counts.earlier_nights, counts.earlier_new, counts.earlier_joined) =
            (n(&row, 0)?, n(&row, 1)?, n(&row, 2)?);
        // who was touched, and not everybody: a night costs what the night brought
        let large = i64::try_from(large).unwrap_or(i64::MAX);
        let row = tx
            .query_one(
                "SELECT count(*), count(*) FILTER (WHERE n > $3), coalesce(max(n), 0) FROM (
                   SELECT m.research_id, count(*) AS n FROM identity.member m
                   WHERE m.research_id IN (SELECT research_id FROM identity.decision
                                           WHERE decision_id > $1 AND decision_id <= $2)
                   GROUP BY m.research_id) t",
                &[&from, &upto, &large],
            )
            .map_err(get)?;
        (counts.touched, counts.large, counts.largest) = (n(&row, 0)?, n(&row, 1)?, n(&row, 2)?);
        // what people ruled is not what a night did
        let row = tx
            .query_one(
                "SELECT coalesce(sum(persons_merged), 0)::bigint, coalesce(sum(persons_split), 0)::bigint,
                        coalesce(sum(moved), 0)::bigint, coalesce(sum(decided), 0)::bigint,
                        coalesce(sum(unlinkable), 0)::bigint
                 FROM identity.match_run WHERE run_id > $1 AND run_id <= $2 AND submission_id IS NOT NULL",
                &[&window.from_run, &window.upto_run],
            )
            .map_err(get)?;
        (counts.merged, counts.split, counts.moved) = (n(&row, 0)?, n(&row, 1)?, n(&row, 2)?);
        (counts.decided, counts.unlinkable) = (n(&row, 3)?, n(&row, 4)?);
        Ok(counts)
    }

    /// Keeps a run; gives its number.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn record_gate_run(&mut self, run: &NewGateRun<'_>) -> Result<i64, StorageError> {
        let doing = "writing a run of the gates";
        let n = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let w = &run.window;
        let row = self
            .client
            .query_one(
                "INSERT INTO identity.gate_run (at, model, from_decision, upto_decision, from_run, upto_run, judged,
                   identities_new, joined, measured, verdicts, passed)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb, $11::text::jsonb, $12)
                 RETURNING gate_run_id",
                &[
                    &run.at,
                    &run.model,
                    &w.from_decision,
                    &w.upto_decision,
                    &w.from_run,
                    &w.upto_run,
                    &run.judged,
                    &n(run.identities_new),
                    &n(run.joined),
                    &run.measured,
                    &run.verdicts,
                    &run.passed,
                ],
            )
            .map_err(StorageError::db(doing))?;
        row.try_get(0).map_err(StorageError::db(doing))
    }

    /// The newest runs, newest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn gate_runs(&mut self, limit: u32) -> Result<Vec<GateRunRow>, StorageError> {
        let doing = "reading runs of the gates";
        let statement = format!("SELECT {COLUMNS} FROM identity.gate_run ORDER BY gate_run_id DESC LIMIT $1");
        let rows =
            self.client.query(statement.as_str(), &[&i64::from(limit)]).map_err(StorageError::db(doing))?;
        rows.iter().map(row_of).collect()
    }

    /// Proposes to let releases be made although the newest run failed. Another person has to confirm.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when the run is not the newest, passed, or is open already.
    pub fn propose_opening(
        &mut self,
        gate_run_id: i64,
        by: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        let rows = self
            .client
            .execute(
                "UPDATE identity.gate_run SET proposed_by = $2, reason = $3, proposed_at = $4
                 WHERE gate_run_id = $1 AND NOT passed AND opened_at IS NULL
                   AND gate_run_id = (SELECT max(gate_run_id) FROM identity.gate_run)",
                &[&gate_run_id, &by, &reason, &at],
            )
            .map_err(StorageError::db("proposing to open a gate"))?;
        if rows == 1 {
            Ok(())
        } else {
            Err(StorageError::Refused(
                "the newest run of the gates has another number, or is open".to_owned(),
            ))
        }
    }

    /// Opens a run that another person proposed to open.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when nobody else proposed it, or a newer run is there.
    pub fn confirm_opening(&mut self, gate_run_id: i64, by: &str, at: Timestamp) -> Result<(), StorageError> {
        let rows = self
            .client
            .execute(
                "UPDATE identity.gate_run SET opened_by = $2, opened_at = $3
                 WHERE gate_run_id = $1 AND NOT passed AND opened_at IS NULL AND proposed_by <> $2
                   AND gate_run_id = (SELECT max(gate_run_id) FROM identity.gate_run)",
                &[&gate_run_id, &by, &at],
            )
            .map_err(StorageError::db("opening a gate"))?;
        if rows == 1 {
            Ok(())
        } else {
            let why = "no other person has proposed to open the newest run of the gates";
            Err(StorageError::Refused(why.to_owned()))
        }
    }

    /// Why no cohort may be written now. `None`: it may.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn gate_shut(&mut self) -> Result<Option<GateShut>, StorageError> {
        shut(&mut *self.client)
    }
}

/// See [`IdentityDb::gate_shut`]; inside the snapshot that is about to be frozen.
pub(super) fn shut(client: &mut impl GenericClient) -> Result<Option<GateShut>, StorageError> {
    let doing = "asking the gates of matching";
    let row = client
        .query_one(
            "SELECT g.gate_run_id, g.passed OR g.opened_at IS NOT NULL, g.upto_decision, d.last
             FROM (SELECT coalesce(max(decision_id), 0) AS last FROM identity.decision) d
             LEFT JOIN LATERAL (SELECT * FROM identity.gate_run ORDER BY gate_run_id DESC LIMIT 1) g ON true",
            &[],
        )
        .map_err(StorageError::db(doing))?;
    let get = |e| StorageError::db(doing)(e);
    let run: Option<i64> = row.try_get(0).map_err(get)?;
    let open: Option<bool> = row.try_get(1).map_err(get)?;
    let upto: Option<i64> = row.try_get(2).map_err(get)?;
    let last: i64 = row.try_get(3).map_err(get)?;
    Ok(match (run, open, upto) {
        (Some(run), Some(false), _) => Some(GateShut::Failed(run)),
        (Some(run), _, Some(upto)) if upto < last => Some(GateShut::Older(run)),
        (Some(_), Some(true), Some(_)) => None,
        // nobody was ever decided on: there is nothing that could have gone wrong
        (None, ..) if last == 0 => None,
        _ => Some(GateShut::Never),
    })
}

fn row_of(row: &postgres::Row) -> Result<GateRunRow, StorageError> {
    let get = |e| StorageError::db("reading runs of the gates")(e);
    let text = |place: usize| -> Result<Option<String>, StorageError> { row.try_get(place).map_err(get) };
    let opened_at: Option<Timestamp> = row.try_get(9).map_err(get)?;
    Ok(GateRunRow {
        gate_run_id: row.try_get(0).map_err(get)?,
        at: row.try_get(1).map_err(get)?,
        model: row.try_get(2).map_err(get)?,
        measured: row.try_get(3).map_err(get)?,
        verdicts: row.try_get(4).map_err(get)?,
        passed: row.try_get(5).map_err(get)?,
        proposed: text(6)?.zip(text(7)?),
        opened: text(8)?.zip(opened_at),
    })
}
