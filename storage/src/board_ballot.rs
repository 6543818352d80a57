//! Ballots (投票) that nobody reads before they are closed, conditions, and what became of approvals. The database refuses
//! to show an open ballot and to take a late one; what a result means is judged by `review-board`, never here.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::board_application::{EventRow, insert_event, int, once, small};
use crate::error::StorageError;
use crate::registry::{ActDb, BoardDb, ReleaseDb};

/// A vote being taken, or taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxRow {
    /// Its number.
    pub ballot_id: String,
    /// On which application.
    pub application_id: String,
    /// On which version.
    pub version: u32,
    /// The hash of that version.
    pub document_hash: String,
    /// The hash of what the members were given; empty: nothing.
    pub dossier_hash: String,
    /// The request that would be approved.
    pub request_id: String,
    /// Its scope.
    pub scope_hash: String,
    /// In which meeting; none: an expedited review.
    pub meeting_id: Option<String>,
    /// Who opened it.
    pub opened_by: String,
    /// When.
    pub opened_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// What came out, a stored word, with the count (JSON).
    pub result: Option<(String, String)>,
}

/// Somebody who was there when a vote was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SittingRow {
    /// The member.
    pub member: String,
    /// The view it brings.
    pub view: String,
    /// Sex.
    pub sex: String,
    /// From outside?
    pub outside: bool,
    /// Reasons to stand aside, JSON list.
    pub grounds: String,
}

/// A condition that was put with a vote, and its closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionRow {
    /// Of which ballot.
    pub ballot_id: String,
    /// Its place, from 1.
    pub nth: u32,
    /// The gate, JSON.
    pub gate: String,
    /// Its words.
    pub words: String,
    /// The role that closes it.
    pub verifier: String,
    /// Until when.
    pub due: Date,
    /// Who closed it, when, by which evidence.
    pub closed: Option<(String, Timestamp, String)>,
}

/// A vote, after the closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteRow {
    /// Whose.
    pub member: String,
    /// Which, a stored word.
    pub vote: String,
    /// Why.
    pub reason: String,
}

/// What became of an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalEventRow {
    /// Of which.
    pub approval_id: String,
    /// `suspend`, `resume` or `end`.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub account: String,
    /// When.
    pub at: Timestamp,
}

/// Somebody at a decided ballot, as the tables say (C-060, C-061).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SatRow {
    /// The ballot.
    pub ballot_id: String,
    /// Without a meeting?
    pub expedited: bool,
    /// What came out.
    pub outcome: String,
    /// The member.
    pub sitting: SittingRow,
    /// Did it declare for the case?
    pub declared: bool,
    /// Did it declare a conflict?
    pub conflict: bool,
    /// Did it vote?
    pub voted: bool,
}

const BOXES: &str =
    "SELECT b.ballot_id, b.application_id, b.version, b.document_hash, b.dossier_hash, b.request_id,
    b.scope_hash, b.meeting_id, b.opened_by, b.opened_at, c.closed_at, r.outcome, r.tally
  FROM board.ballot_box b LEFT JOIN board.ballot_closing c USING (ballot_id)
  LEFT JOIN board.ballot_result r USING (ballot_id)";

fn read_box(r: &postgres::Row) -> Result<BoxRow, StorageError> {
    let (outcome, tally): (Option<String>, Option<String>) = (r.get(11), r.get(12));
    Ok(BoxRow {
        ballot_id: r.get(0),
        application_id: r.get(1),
        version: small(r, 2)?,
        document_hash: r.get(3),
        dossier_hash: r.get(4),
        request_id: r.get(5),
        scope_hash: r.get(6),
        meeting_id: r.get(7),
        opened_by: r.get(8),
        opened_at: r.get(9),
        closed_at: r.get(10),
        result: outcome.zip(tally),
    })
}

fn conditions(client: &mut postgres::Client, ballot: &str) -> Result<Vec<ConditionRow>, StorageError> {
    let rows = client
        .query(
            "SELECT ballot_id, nth, gate, words, verifier, due, closed_by, closed_at, evidence
             FROM board.ballot_condition LEFT JOIN board.condition_closing USING (ballot_id, nth)
             WHERE $1 IN ('', ballot_id) ORDER BY ballot_id, nth",
            &[&ballot],
        )
        .map_err(StorageError::db("reading conditions"))?;
    rows.iter()
        .map(|r| {
            let closed: Option<String> = r.get(6);
            Ok(ConditionRow {
                ballot_id: r.get(0),
                nth: small(r, 1)?,
                gate: r.get(2),
                words: r.get(3),
                verifier: r.get(4),
                due: r.get(5),
                closed: closed.map(|by| (by, r.get(7), r.get(8))),
            })
        })
        .collect()
}

fn approval_events(
    client: &mut postgres::Client,
    approval: &str,
) -> Result<Vec<ApprovalEventRow>, StorageError> {
    let rows = client
        .query(
            "SELECT approval_id, kind, reason, account, at FROM board.approval_event
             WHERE $1 IN ('', approval_id) ORDER BY approval_id, nth",
            &[&approval],
        )
        .map_err(StorageError::db("reading what became of an approval"))?;
    Ok(rows
        .iter()
        .map(|r| ApprovalEventRow {
            approval_id: r.get(0),
            kind: r.get(1),
            reason: r.get(2),
            account: r.get(3),
            at: r.get(4),
        })
        .collect())
}

fn ballot_box(client: &mut postgres::Client, ballot: &str) -> Result<Option<BoxRow>, StorageError> {
    let row = client
        .query_opt(&format!("{BOXES} WHERE b.ballot_id = $1"), &[&ballot])
        .map_err(StorageError::db("reading a ballot"))?;
    row.as_ref().map(read_box).transpose()
}

/// What an approval depends on besides its signature: for the roles that use approvals.
pub trait StandingRead {
    /// The outcome of a ballot and its scope; `None`: no such ballot, or not decided.
    fn outcome(&mut self, ballot: &str) -> Result<Option<(String, String)>, StorageError>;
    /// The conditions of a ballot.
    fn conditions_of(&mut self, ballot: &str) -> Result<Vec<ConditionRow>, StorageError>;
    /// What became of an approval, in order.
    fn events_of(&mut self, approval: &str) -> Result<Vec<ApprovalEventRow>, StorageError>;
}

macro_rules! reads_standing {
    ($($name:ident)*) => {
        $(impl StandingRead for $name {
            fn outcome(&mut self, ballot: &str) -> Result<Option<(String, String)>, StorageError> {
                let row = self
                    .client
                    .query_opt(
                        "SELECT r.outcome, b.scope_hash FROM board.ballot_result r
                         JOIN board.ballot_box b USING (ballot_id) WHERE r.ballot_id = $1",
                        &[&ballot],
                    )
                    .map_err(StorageError::db("reading the outcome of a ballot"))?;
                Ok(row.map(|r| (r.get(0), r.get(1))))
            }

            fn conditions_of(&mut self, ballot: &str) -> Result<Vec<ConditionRow>, StorageError> {
                conditions(&mut self.client, ballot)
            }

            fn events_of(&mut self, approval: &str) -> Result<Vec<ApprovalEventRow>, StorageError> {
                approval_events(&mut self.client, approval)
            }
        })*
    };
}
reads_standing! { BoardDb ReleaseDb }

impl BoardDb {
    /// Opens a vote with whoever is there and the conditions put. Its number follows from the application.
    pub fn open_ballot(
        &mut self,
        row: &BoxRow,
        sitting: &[SittingRow],
        put: &[ConditionRow],
    ) -> Result<(), StorageError> {
        const DOING: &str = "opening a ballot";
        let mut tx = self.client.transaction().map_err(StorageError::db(DOING))?;
        tx.execute(
            "INSERT INTO board.ballot_box (ballot_id, application_id, version, document_hash, dossier_hash, request_id,
               scope_hash, meeting_id, opened_by, opened_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            &[
                &row.ballot_id,
                &row.application_id,
                &int(row.version)?,
                &row.document_hash,
                &row.dossier_hash,
                &row.request_id,
                &row.scope_hash,
                &row.meeting_id,
                &row.opened_by,
                &row.opened_at,
            ],
        )
        .map_err(once(DOING, "a ballot was opened meanwhile; look again"))?;
        for s in sitting {
            tx.execute(
                "INSERT INTO board.sitting (ballot_id, member, view, sex, outside, grounds)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[&row.ballot_id, &s.member, &s.view, &s.sex, &s.outside, &s.grounds],
            )
            .map_err(StorageError::db(DOING))?;
        }
        for c in put {
            tx.execute(
                "INSERT INTO board.ballot_condition (ballot_id, nth, gate, words, verifier, due)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[&row.ballot_id, &int(c.nth)?, &c.gate, &c.words, &c.verifier, &c.due],
            )
            .map_err(StorageError::db(DOING))?;
        }
        tx.commit().map_err(StorageError::db(DOING))
    }

    /// The ballots, the oldest first.
    pub fn ballots(&mut self) -> Result<Vec<BoxRow>, StorageError> {
        let rows = self
            .client
            .query(&format!("{BOXES} ORDER BY b.opened_at, b.ballot_id"), &[])
            .map_err(StorageError::db("reading ballots"))?;
        rows.iter().map(read_box).collect()
    }

    /// A ballot.
    pub fn ballot(&mut self, ballot: &str) -> Result<Option<BoxRow>, StorageError> {
        ballot_box(&mut self.client, ballot)
    }

    /// Who was there.
    pub fn sitting(&mut self, ballot: &str) -> Result<Vec<SittingRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT member, view, sex, outside, grounds FROM board.sitting WHERE ballot_id = $1 ORDER BY member",
                &[&ballot],
            )
            .map_err(StorageError::db("reading who was there"))?;
        Ok(rows.iter().map(|r| read_sitting(r, 0)).collect())
    }

    /// Casts a vote. The database refuses a second one, and one after the closing.
    pub fn cast(&mut self, ballot: &str, vote: &VoteRow, at: Timestamp) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO board.ballot (ballot_id, member, vote, reason, at) VALUES ($1, $2, $3, $4, $5)",
                &[&ballot, &vote.member, &vote.vote, &vote.reason, &at],
            )
            .map_err(once("casting a vote", "this member has voted already"))?;
        Ok(())
    }

    /// Who has voted, not how.
    pub fn voted(&mut self, ballot: &str) -> Result<Vec<String>, StorageError> {
        let rows = self
            .client
            .query("SELECT member FROM board.cast_ballot WHERE ballot_id = $1 ORDER BY member", &[&ballot])
            .map_err(StorageError::db("reading who has voted"))?;
        Ok(rows.iter().map(|r| r.get(0)).collect())
    }

    /// Shuts the box, counts by `count`, and enters what came out with the step of the application, all or nothing.
    pub fn close_ballot(
        &mut self,
        ballot: &str,
        by: &str,
        at: Timestamp,
        count: impl FnOnce(&[VoteRow]) -> (String, String, Option<EventRow>),
    ) -> Result<(), StorageError> {
        const DOING: &str = "closing a ballot";
        let mut tx = self.client.transaction().map_err(StorageError::db(DOING))?;
        tx.execute(
            "INSERT INTO board.ballot_closing (ballot_id, closed_by, closed_at) VALUES ($1, $2, $3)",
            &[&ballot, &by, &at],
        )
        .map_err(once(DOING, "this ballot is closed already"))?;
        let rows = tx
            .query(
                "SELECT member, vote, reason FROM board.closed_ballot WHERE ballot_id = $1 ORDER BY member",
                &[&ballot],
            )
            .map_err(StorageError::db(DOING))?;
        let votes: Vec<VoteRow> = rows.iter().map(read_vote).collect();
        let (outcome, tally, step) = count(&votes);
        tx.execute(
            "INSERT INTO board.ballot_result (ballot_id, outcome, tally, at) VALUES ($1, $2, $3, $4)",
            &[&ballot, &outcome, &tally, &at],
        )
        .map_err(StorageError::db(DOING))?;
        if let Some(step) = step {
            insert_event(&mut tx, &step)?;
        }
        tx.commit().map_err(StorageError::db(DOING))
    }

    /// The votes of a closed ballot; of an open one, none.
    pub fn votes(&mut self, ballot: &str) -> Result<Vec<VoteRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT member, vote, reason FROM board.closed_ballot WHERE ballot_id = $1 ORDER BY member",
                &[&ballot],
            )
            .map_err(StorageError::db("reading votes"))?;
        Ok(rows.iter().map(read_vote).collect())
    }

    /// Closes a condition.
    pub fn close_condition(
        &mut self,
        (ballot, nth): (&str, u32),
        evidence: &str,
        (by, role): (&str, &str),
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO board.condition_closing (ballot_id, nth, evidence, closed_by, role, closed_at)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[&ballot, &int(nth)?, &evidence, &by, &role, &at],
            )
            .map_err(once("closing a condition", "this condition is closed already"))?;
        Ok(())
    }

    /// Enters what became of an approval, with the step of its application when it has one.
    pub fn enter_approval_event(
        &mut self,
        row: &ApprovalEventRow,
        step: Option<&EventRow>,
    ) -> Result<(), StorageError> {
        const DOING: &str = "entering what became of an approval";
        let mut tx = self.client.transaction().map_err(StorageError::db(DOING))?;
        tx.execute(
            "INSERT INTO board.approval_event (approval_id, nth, kind, reason, account, at)
             SELECT $1, count(*)::integer + 1, $2, $3, $4, $5::timestamptz FROM board.approval_event WHERE approval_id = $1",
            &[&row.approval_id, &row.kind, &row.reason, &row.account, &row.at],
        )
        .map_err(once(DOING, "somebody else has just acted on this approval; look again"))?;
        if let Some(step) = step {
            insert_event(&mut tx, step)?;
        }
        tx.commit().map_err(StorageError::db(DOING))
    }
}

fn read_vote(r: &postgres::Row) -> VoteRow {
    VoteRow { member: r.get(0), vote: r.get(1), reason: r.get(2) }
}

fn read_sitting(r: &postgres::Row, from: usize) -> SittingRow {
    SittingRow {
        member: r.get(from),
        view: r.get(from + 1),
        sex: r.get(from + 2),
        outside: r.get(from + 3),
        grounds: r.get(from + 4),
    }
}

impl ActDb {
    /// Everybody who sat at a ballot that was counted.
    pub fn committee_sat(&mut self) -> Result<Vec<SatRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT b.ballot_id, b.meeting_id IS NULL, r.outcome, s.member, s.view, s.sex, s.outside, s.grounds,
                   EXISTS (SELECT 1 FROM board.declaration d
                           WHERE d.application_id = b.application_id AND d.member = s.member AND d.at <= r.at),
                   EXISTS (SELECT 1 FROM board.declaration d
                           WHERE d.application_id = b.application_id AND d.member = s.member AND d.at <= r.at
                             AND d.conflict),
                   EXISTS (SELECT 1 FROM board.closed_ballot v
                           WHERE v.ballot_id = b.ballot_id AND v.member = s.member)
                 FROM board.ballot_box b JOIN board.ballot_result r USING (ballot_id)
                 JOIN board.sitting s USING (ballot_id) ORDER BY b.ballot_id, s.member",
                &[],
            )
            .map_err(StorageError::db("reading who decided"))?;
        Ok(rows
            .iter()
            .map(|r| SatRow {
                ballot_id: r.get(0),
                expedited: r.get(1),
                outcome: r.get(2),
                sitting: read_sitting(r, 3),
                declared: r.get(8),
                conflict: r.get(9),
                voted: r.get(10),
            })
            .collect())
    }

    /// The documents that were decided on, by ballot.
    pub fn committee_documents(&mut self) -> Result<Vec<(String, String)>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT b.ballot_id, v.document FROM board.ballot_box b
                 JOIN board.application_version v ON v.application_id = b.application_id AND v.version = b.version
                 ORDER BY b.ballot_id",
                &[],
            )
            .map_err(StorageError::db("reading what was decided on"))?;
        Ok(rows.iter().map(|r| (r.get(0), r.get(1))).collect())
    }
}
