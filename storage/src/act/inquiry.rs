//! Inquiries (問い合わせ) as rows: times, kinds and sealed words. Nothing here may open what is sealed.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{column, count};
use crate::error::StorageError;
use crate::registry::ActDb;

/// An inquiry as it was taken up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InquiryRow {
    /// `Q-2026-0001`.
    pub id: String,
    /// When it came.
    pub at: Timestamp,
    /// Who took it up.
    pub taken_by: String,
    /// By which way.
    pub channel: String,
    /// Word of its kind.
    pub kind: String,
    /// Day by which a first answer is due.
    pub answer_due: Date,
    /// The opt-out it led to; empty when none.
    pub opt_out: String,
    /// Who asked and what, sealed.
    pub sealed: Vec<u8>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InquiryEventRow {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// `answer`, `escalate`, `close`.
    pub action: String,
    /// To whom it was passed on, or to what it led.
    pub reference: String,
    /// The answer, sealed.
    pub sealed: Option<Vec<u8>>,
}

impl ActDb {
    /// The number the next inquiry of a year gets.
    pub fn next_inquiry(&mut self, year: i16) -> Result<String, StorageError> {
        let like = format!("Q-{year}-");
        let row = self
            .client
            .query_one("SELECT count(*) FROM compliance.inquiry WHERE starts_with(inquiry_id, $1)", &[&like])
            .map_err(StorageError::db("numbering an inquiry"))?;
        Ok(format!("{like}{:04}", count(&row, 0)? + 1))
    }

    /// Takes an inquiry up; `false` when its number was given in the meantime.
    pub fn add_inquiry(&mut self, q: &InquiryRow) -> Result<bool, StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO compliance.inquiry (inquiry_id, at, taken_by, channel, kind, answer_due, opt_out, sealed)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
                &[&q.id, &q.at, &q.taken_by, &q.channel, &q.kind, &q.answer_due, &q.opt_out, &q.sealed],
            )
            .map_err(StorageError::db("taking up an inquiry"))?;
        Ok(done == 1)
    }

    /// Adds what became of an inquiry.
    pub fn add_inquiry_event(&mut self, id: &str, e: &InquiryEventRow) -> Result<(), StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO compliance.inquiry_event (inquiry_id, ordinal, at, actor, action, reference, sealed)
                 SELECT $1, (SELECT COALESCE(max(ordinal), 0) + 1 FROM compliance.inquiry_event WHERE inquiry_id = $1),
                   $2, $3, $4, $5, $6
                 WHERE NOT EXISTS (SELECT FROM compliance.inquiry_event WHERE inquiry_id = $1 AND action = 'close')
                   AND EXISTS (SELECT FROM compliance.inquiry WHERE inquiry_id = $1)",
                &[&id, &e.at, &e.actor, &e.action, &e.reference, &e.sealed],
            )
            .map_err(StorageError::db("writing about an inquiry"))?;
        if done == 1 { Ok(()) } else { Err(StorageError::Refused(format!("there is no open inquiry {id}"))) }
    }

    /// All inquiries with what became of them, oldest first.
    pub fn inquiries(&mut self) -> Result<Vec<(InquiryRow, Vec<InquiryEventRow>)>, StorageError> {
        let doing = "reading inquiries";
        let rows = self
            .client
            .query(
                "SELECT inquiry_id, at, taken_by, channel, kind, answer_due, opt_out, sealed FROM compliance.inquiry
                 ORDER BY at, inquiry_id",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        let mut all = Vec::with_capacity(rows.len());
        for r in &rows {
            let inquiry = InquiryRow {
                id: column(r, 0)?,
                at: column(r, 1)?,
                taken_by: column(r, 2)?,
                channel: column(r, 3)?,
                kind: column(r, 4)?,
                answer_due: column(r, 5)?,
                opt_out: column(r, 6)?,
                sealed: column(r, 7)?,
            };
            let events = self
                .client
                .query(
                    "SELECT at, actor, action, reference, sealed FROM compliance.inquiry_event WHERE inquiry_id = $1
                     ORDER BY ordinal",
                    &[&inquiry.id],
                )
                .map_err(StorageError::db(doing))?;
            let events = events
                .iter()
                .map(|e| {
                    Ok(InquiryEventRow {
                        at: column(e, 0)?,
                        actor: column(e, 1)?,
                        action: column(e, 2)?,
                        reference: column(e, 3)?,
                        sealed: column(e, 4)?,
                    })
                })
                .collect::<Result<_, StorageError>>()?;
            all.push((inquiry, events));
        }
        Ok(all)
    }
}
