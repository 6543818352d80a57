//! The committee (審査委員会): seats, interests, declarations, meetings. Rows are written once; whether somebody has to stand
//! aside, or enough are there, is judged by `review-board`, never here.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::board_application::once;
use crate::error::StorageError;
use crate::registry::BoardDb;

/// A member's seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// The account.
    pub member: String,
    /// The view it brings, a stored word.
    pub view: String,
    /// Sex, a stored word.
    pub sex: String,
    /// From outside the operator?
    pub outside: bool,
    /// Where it belongs.
    pub organisation: String,
    /// First day of its term.
    pub from: Date,
    /// Last day.
    pub until: Date,
}

/// An interest of a member, until it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterestRow {
    /// Its number; 0 before it is kept.
    pub id: i64,
    /// Whose.
    pub member: String,
    /// Its kind, a stored word.
    pub kind: String,
    /// With which organisation or funder.
    pub with: String,
    /// Since when.
    pub since: Date,
    /// The day on which it ended.
    pub ended: Option<Date>,
}

/// What a member declared for a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationRow {
    /// The case.
    pub application_id: String,
    /// The member.
    pub member: String,
    /// A conflict?
    pub conflict: bool,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A meeting with its agenda and who was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingRow {
    /// Its number; empty before it is called.
    pub meeting_id: String,
    /// The day.
    pub held_on: Date,
    /// How, a stored word.
    pub mode: String,
    /// Where.
    pub place: String,
    /// The cases.
    pub items: Vec<String>,
    /// The members present.
    pub present: Vec<String>,
}

impl BoardDb {
    /// Enters a seat, or a later row of one.
    pub fn enter_member(&mut self, row: &MemberRow, by: &str, at: Timestamp) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO board.committee_member (member, revision, view, sex, outside, organisation, term_from,
                   term_until, entered_by, entered_at)
                 SELECT $1, count(*)::integer + 1, $2, $3, $4::boolean, $5, $6::date, $7::date, $8, $9::timestamptz
                 FROM board.committee_member
                 WHERE member = $1",
                &[
                    &row.member,
                    &row.view,
                    &row.sex,
                    &row.outside,
                    &row.organisation,
                    &row.from,
                    &row.until,
                    &by,
                    &at,
                ],
            )
            .map_err(once("entering a member", "this member was entered meanwhile; look again"))?;
        Ok(())
    }

    /// The members as entered last.
    pub fn members(&mut self) -> Result<Vec<MemberRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT ON (member) member, view, sex, outside, organisation, term_from, term_until
                 FROM board.committee_member ORDER BY member, revision DESC",
                &[],
            )
            .map_err(StorageError::db("reading members"))?;
        Ok(rows
            .iter()
            .map(|r| MemberRow {
                member: r.get(0),
                view: r.get(1),
                sex: r.get(2),
                outside: r.get(3),
                organisation: r.get(4),
                from: r.get(5),
                until: r.get(6),
            })
            .collect())
    }

    /// Enters an interest: its number.
    pub fn enter_interest(
        &mut self,
        row: &InterestRow,
        by: &str,
        at: Timestamp,
    ) -> Result<i64, StorageError> {
        let row = self
            .client
            .query_one(
                "INSERT INTO board.member_interest (member, kind, with_party, since, entered_by, entered_at)
                 VALUES ($1, $2, $3, $4, $5, $6) RETURNING interest_id",
                &[&row.member, &row.kind, &row.with, &row.since, &by, &at],
            )
            .map_err(StorageError::db("entering an interest"))?;
        Ok(row.get(0))
    }

    /// Enters that an interest has ended.
    pub fn end_interest(&mut self, id: i64, on: Date, by: &str, at: Timestamp) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO board.member_interest_end (interest_id, ended_on, entered_by, entered_at)
                 VALUES ($1, $2, $3, $4)",
                &[&id, &on, &by, &at],
            )
            .map_err(once("ending an interest", "this interest has ended already"))?;
        Ok(())
    }

    /// All interests.
    pub fn interests(&mut self) -> Result<Vec<InterestRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT interest_id, member, kind, with_party, since, ended_on
                 FROM board.member_interest LEFT JOIN board.member_interest_end USING (interest_id)
                 ORDER BY interest_id",
                &[],
            )
            .map_err(StorageError::db("reading interests"))?;
        Ok(rows
            .iter()
            .map(|r| InterestRow {
                id: r.get(0),
                member: r.get(1),
                kind: r.get(2),
                with: r.get(3),
                since: r.get(4),
                ended: r.get(5),
            })
            .collect())
    }

    /// Keeps a declaration.
    pub fn declare(&mut self, row: &DeclarationRow) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO board.declaration (application_id, member, nth, conflict, reason, at)
                 SELECT $1, $2, count(*)::integer + 1, $3::boolean, $4, $5::timestamptz FROM board.declaration
                 WHERE application_id = $1 AND member = $2",
                &[&row.application_id, &row.member, &row.conflict, &row.reason, &row.at],
            )
            .map_err(once("keeping a declaration", "another declaration was made meanwhile; look again"))?;
        Ok(())
    }

    /// The declarations on a case in their order.
    pub fn declarations(&mut self, application: &str) -> Result<Vec<DeclarationRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT application_id, member, conflict, reason, at FROM board.declaration
                 WHERE application_id = $1 ORDER BY member, nth",
                &[&application],
            )
            .map_err(StorageError::db("reading declarations"))?;
        Ok(rows
            .iter()
            .map(|r| DeclarationRow {
                application_id: r.get(0),
                member: r.get(1),
                conflict: r.get(2),
                reason: r.get(3),
                at: r.get(4),
            })
            .collect())
    }

    /// Calls a meeting: its number.
    pub fn call_meeting(
        &mut self,
        row: &MeetingRow,
        by: &str,
        at: Timestamp,
    ) -> Result<String, StorageError> {
        let row = self
            .client
            .query_one(
                "INSERT INTO board.meeting (meeting_id, held_on, mode, place, called_by, called_at)
                 SELECT 'MT-' || lpad((count(*) + 1)::text, 4, '0'), $1::date, $2, $3, $4, $5::timestamptz
                 FROM board.meeting
                 RETURNING meeting_id",
                &[&row.held_on, &row.mode, &row.place, &by, &at],
            )
            .map_err(once("calling a meeting", "another meeting was called meanwhile; try again"))?;
        Ok(row.get(0))
    }

    /// All meetings, the newest first.
    pub fn meetings(&mut self) -> Result<Vec<MeetingRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT m.meeting_id, m.held_on, m.mode, m.place,
                   ARRAY(SELECT i.application_id FROM board.meeting_item i WHERE i.meeting_id = m.meeting_id
                         ORDER BY i.put_at, i.application_id),
                   ARRAY(SELECT a.member FROM board.attendance a WHERE a.meeting_id = m.meeting_id ORDER BY a.member)
                 FROM board.meeting m ORDER BY m.held_on DESC, m.meeting_id DESC",
                &[],
            )
            .map_err(StorageError::db("reading meetings"))?;
        Ok(rows
            .iter()
            .map(|r| MeetingRow {
                meeting_id: r.get(0),
                held_on: r.get(1),
                mode: r.get(2),
                place: r.get(3),
                items: r.get(4),
                present: r.get(5),
            })
            .collect())
    }

    /// Puts a case on the agenda of a meeting. `false`: it stands there.
    pub fn put_on_agenda(
        &mut self,
        meeting: &str,
        application: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        self.add_to_meeting(
            "putting a case on the agenda",
            "INSERT INTO board.meeting_item (meeting_id, application_id, put_by, put_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (meeting_id, application_id) DO NOTHING",
            (meeting, application, by, at),
        )
    }

    /// Notes that a member is there. `false`: it is noted.
    pub fn attend(
        &mut self,
        meeting: &str,
        member: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        self.add_to_meeting(
            "noting attendance",
            "INSERT INTO board.attendance (meeting_id, member, entered_by, entered_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (meeting_id, member) DO NOTHING",
            (meeting, member, by, at),
        )
    }

    /// Adds a line to a meeting: which meeting, what, by whom, when. `false`: it is there.
    fn add_to_meeting(
        &mut self,
        doing: &'static str,
        sql: &str,
        (meeting, what, by, at): (&str, &str, &str, Timestamp),
    ) -> Result<bool, StorageError> {
        let rows = self.client.execute(sql, &[&meeting, &what, &by, &at]).map_err(StorageError::db(doing))?;
        Ok(rows == 1)
    }
}
