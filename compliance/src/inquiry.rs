//! Inquiries and complaints (問い合わせ・苦情): kinds, ways, and by when they are answered (law: R-INQ-01, check C-087).
//!
//! Who asked and what was said lies sealed with the store; this module sees kinds and days only.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::parameter::{ParameterError, ParameterSet};
use musubi_storage::StorageError;
use musubi_storage::act::inquiry::{InquiryEventRow, InquiryRow};
use musubi_storage::registry::ActDb;

use crate::book::{self, BookEntry, BookEvent, japanese_day};
use crate::calendar::{Calendar, CalendarError};

word_list! {
    /// By which way it came.
    Channel {
        /// Telephone.
        Phone = "phone", "電話";
        /// Letter.
        Letter = "letter", "書面";
        /// E-mail.
        Mail = "mail", "電子メール";
        /// A form on the web.
        Web = "web", "ウェブ";
        /// In person.
        Visit = "visit", "来訪";
        /// Through a provider.
        Provider = "provider", "医療機関等経由";
    }
}

word_list! {
    /// What it is.
    InquiryKind {
        /// Somebody asks to stop.
        OptOut = "opt-out", "停止の求め";
        /// A question.
        Question = "question", "質問";
        /// A complaint.
        Complaint = "complaint", "苦情";
        /// What is held of me?
        Disclosure = "disclosure", "開示の求め";
        /// Something seems to have gone wrong.
        Incident = "incident", "事故の連絡";
    }
}

/// By when inquiries are answered and closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promises {
    /// Business days until a first answer.
    pub answer_days: u64,
    /// Business days until the answer to a complaint.
    pub complaint_days: u64,
    /// Days after which none may be open.
    pub open_days_max: u64,
}

impl Promises {
    /// Those in force on a day.
    pub fn in_force(set: &ParameterSet, on: Date) -> Result<Self, ParameterError> {
        Ok(Self {
            answer_days: set.number("inquiry.first_answer_business_days", on)?,
            complaint_days: set.number("inquiry.complaint_business_days", on)?,
            open_days_max: set.number("inquiry.open_days_max", on)?,
        })
    }

    /// The day by which an inquiry that came on a day is answered.
    pub fn due(&self, kind: InquiryKind, on: Date, calendar: &Calendar) -> Result<Date, CalendarError> {
        let days = if kind == InquiryKind::Complaint { self.complaint_days } else { self.answer_days };
        calendar.after(on, days)
    }
}

/// An inquiry as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InquiryState {
    /// Day of the first answer.
    pub answered: Option<Date>,
    /// Day on which it was closed.
    pub closed: Option<Date>,
    /// It was answered too late, or is not answered although it was due.
    pub late: bool,
    /// It is open for longer than any may be.
    pub too_long: bool,
}

/// What became of an inquiry, on a day. Pure.
#[must_use]
pub fn state(q: &InquiryRow, events: &[InquiryEventRow], promises: &Promises, today: Date) -> InquiryState {
    let first = |actions: &[&str]| {
        events.iter().find(|e| actions.contains(&e.action.as_str())).map(|e| japanese_day(e.at))
    };
    let (answered, closed) = (first(&["answer"]), first(&["close"]));
    let open_days = i64::from((today - japanese_day(q.at)).get_days());
    InquiryState {
        answered,
        closed,
        late: answered.or(closed).unwrap_or(today) > q.answer_due,
        too_long: closed.is_none()
            && u64::try_from(open_days).is_ok_and(|days| days > promises.open_days_max),
    }
}

/// The desk's numbers of a month: counts only.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Month {
    /// The month, 1 to 12.
    pub month: i8,
    /// Taken up, by the word of the kind.
    pub taken: BTreeMap<String, u64>,
    /// Of them: answered (or closed) in time.
    pub in_time: u64,
    /// Of them: answered too late, or due and not answered.
    pub late: u64,
    /// Of them: passed on.
    pub escalated: u64,
    /// Of them: closed by today.
    pub closed: u64,
}

/// The numbers of a year, a row for each month, by the day on which inquiries came. Pure.
#[must_use]
pub fn months(
    all: &[(InquiryRow, Vec<InquiryEventRow>)],
    promises: &Promises,
    year: i16,
    today: Date,
) -> Vec<Month> {
    let mut months: Vec<Month> = (1..=12).map(|month| Month { month, ..Month::default() }).collect();
    for (q, events) in all {
        let day = japanese_day(q.at);
        if day.year() != year {
            continue;
        }
        let Some(m) = months.iter_mut().find(|m| m.month == day.month()) else { continue };
        let state = state(q, events, promises, today);
        *m.taken.entry(q.kind.clone()).or_default() += 1;
        m.late += u64::from(state.late);
        m.in_time += u64::from(!state.late && state.answered.or(state.closed).is_some());
        m.escalated += u64::from(events.iter().any(|e| e.action == "escalate"));
        m.closed += u64::from(state.closed.is_some());
    }
    months
}

/// Takes an inquiry up; a complaint is booked. `seal` seals who asked and what, for the number it is given.
///
/// # Errors
/// [`StorageError::Refused`] when numbers were given away too often in the meantime.
pub fn take_up(
    db: &mut ActDb,
    at: Timestamp,
    mut row: InquiryRow,
    seal: &mut dyn FnMut(&str) -> Result<Vec<u8>, StorageError>,
) -> Result<String, StorageError> {
    for _ in 0..16 {
        row.id = db.next_inquiry(japanese_day(at).year())?;
        row.sealed = seal(&row.id)?;
        if !db.add_inquiry(&row)? {
            continue;
        }
        if row.kind == InquiryKind::Complaint.as_str() {
            book::append(
                db,
                &BookEntry {
                    at,
                    event: BookEvent::Complaint,
                    counterparty: String::new(),
                    items: row.channel.clone(),
                    persons: 1,
                    records: 0,
                    reference: format!("inquiry:{}", row.id),
                },
            )?;
        }
        return Ok(row.id);
    }
    Err(StorageError::Refused("the desk is too busy for a number".to_owned()))
}

/// The id of the key under which the words of an inquiry are sealed.
#[must_use]
pub fn key_id(inquiry: &str) -> [u8; 16] {
    let mut id = [0u8; 16];
    blake3::Hasher::new_derive_key("musubi 2026 words of an inquiry/1")
        .update(inquiry.as_bytes())
        .finalize_xof()
        .fill(&mut id);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMISES: Promises = Promises { answer_days: 3, complaint_days: 10, open_days_max: 30 };

    fn row(at: &str) -> InquiryRow {
        let at: Timestamp = at.parse().unwrap();
        InquiryRow {
            id: "Q-2026-0001".to_owned(),
            at,
            taken_by: "desk".to_owned(),
            channel: "phone".to_owned(),
            kind: "question".to_owned(),
            answer_due: PROMISES
                .due(InquiryKind::Question, japanese_day(at), &Calendar::shipped().unwrap())
                .unwrap(),
            opt_out: String::new(),
            sealed: Vec::new(),
        }
    }

    fn event(action: &str, at: &str) -> InquiryEventRow {
        InquiryEventRow {
            at: at.parse().unwrap(),
            actor: "desk".to_owned(),
            action: action.to_owned(),
            reference: String::new(),
            sealed: None,
        }
    }

    #[test]
    fn answers_are_due_in_business_days_and_may_come_on_the_last_of_them() {
        // Late in the evening of a Thursday in UTC: Friday 20 November in Japan. 23 November is a holiday.
        let q = row("2026-11-19T20:00:00Z");
        assert_eq!(q.answer_due, Date::constant(2026, 11, 26));
        for (at, late) in [("2026-11-26T10:00:00Z", false), ("2026-11-26T15:00:00Z", true)] {
            let state = state(&q, &[event("answer", at)], &PROMISES, Date::constant(2026, 11, 30));
            assert_eq!(state.late, late, "{at}");
        }
        assert!(!state(&q, &[], &PROMISES, Date::constant(2026, 11, 26)).late);
        assert!(state(&q, &[], &PROMISES, Date::constant(2026, 11, 27)).late);
        assert!(!state(&q, &[], &PROMISES, Date::constant(2026, 12, 20)).too_long);
        assert!(state(&q, &[], &PROMISES, Date::constant(2026, 12, 21)).too_long);
        let closed = [event("close", "2026-11-25T00:00:00Z")];
        let closed = state(&q, &closed, &PROMISES, Date::constant(2027, 1, 1));
        assert!(!closed.late && !closed.too_long);
    }

    #[test]
    fn a_complaint_has_its_own_time() {
        let calendar = Calendar::shipped().unwrap();
        let on = Date::constant(2026, 11, 9);
        assert_eq!(PROMISES.due(InquiryKind::Complaint, on, &calendar), Ok(Date::constant(2026, 11, 24)));
        assert_eq!(PROMISES.due(InquiryKind::OptOut, on, &calendar), Ok(Date::constant(2026, 11, 12)));
    }

    #[test]
    fn months_count_everything_of_the_year_once() {
        let all: Vec<_> =
            ["2026-01-31T14:00:00Z", "2026-01-31T16:00:00Z", "2025-12-31T16:00:00Z", "2027-01-01T00:00:00Z"]
                .map(|at| (row(at), vec![event("close", at)]))
                .into();
        let months = months(&all, &PROMISES, 2026, Date::constant(2027, 2, 1));
        let taken: Vec<u64> = months.iter().map(|m| m.taken.values().sum()).collect();
        // Midnight in Japan parts the months and the years.
        assert_eq!((taken.iter().sum::<u64>(), taken.first(), taken.get(1)), (3, Some(&2), Some(&1)));
        assert!(months.iter().all(|m| m.closed == m.taken.values().sum::<u64>() && m.late == 0));
    }
}
