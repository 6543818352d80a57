//! Traceability, records, deletion (C-021 to C-029): what a case is, and when it is sound. Pure.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_storage::act::check_reads::Lineage;
use serde::Serialize;

use super::notice::days_after;
use super::{Judgement, Unreadable, each, number};

/// What every judgement here returns.
type Judged = Result<Judgement, Unreadable>;

/// C-021: nothing a release refers to is missing, and it refers to something.
pub fn lineage(cases: &[Lineage]) -> Judged {
    let whole = |l: &Lineage| {
        [l.approval, l.request, l.cohort, l.snapshot, l.parameters] == [true; 5]
            && l.inputs > 0
            && l.submissions > 0
            && (l.inputs_lost, l.submissions_lost) == (0, 0)
    };
    let deliveries = cases.iter().map(|l| l.submissions).sum();
    Ok(each(cases, |l| l.release_id.clone(), whole)?.with("deliveries", deliveries))
}

/// A chain, verified.
#[derive(Debug, Clone, Serialize)]
pub struct Chain {
    /// Which book.
    pub book: &'static str,
    /// Entries that hold.
    pub verified: u64,
    /// The first place that does not hold.
    pub broken_at: Option<u64>,
}

/// C-022: every chain holds.
pub fn chains(cases: &[Chain]) -> Judged {
    let name = |c: &Chain| format!("{}:{}", c.book, c.broken_at.unwrap_or_default());
    let entries = cases.iter().map(|c| c.verified).sum();
    Ok(each(cases, name, |c| c.broken_at.is_none())?.with("entries", entries))
}

/// C-023: a book.
#[derive(Debug, Clone, Serialize)]
pub struct Book {
    /// Which.
    pub book: String,
    /// The first number that is missing.
    pub gap: Option<u64>,
    /// Past months without an export.
    pub months_missing: Vec<String>,
}

/// C-023: no gap, every past month exported.
pub fn books(cases: &[Book]) -> Judged {
    each(cases, |c| c.book.clone(), |c| c.gap.is_none() && c.months_missing.is_empty())
}

/// C-024, C-025: a class of records, or a table or object of the store.
#[derive(Debug, Clone, Serialize)]
pub struct Kept {
    /// Which.
    pub object: String,
    /// Has it class, owner and schedule?
    pub scheduled: bool,
    /// Rows deleted before their time.
    pub deleted_early: u64,
    /// Rows kept beyond their time.
    pub overdue: u64,
}

/// C-024: nothing was deleted before its time.
pub fn kept_long_enough(cases: &[Kept]) -> Judged {
    each(cases, |c| c.object.clone(), |c| c.deleted_early == 0)
}

/// C-025: everything has a schedule, and nothing is overdue.
pub fn kept_with_reason(cases: &[Kept]) -> Judged {
    each(cases, |c| c.object.clone(), |c| c.scheduled && c.overdue == 0)
}

/// C-026: a place where an erased person must not be.
#[derive(Debug, Clone, Serialize)]
pub struct ErasedPlace {
    /// The erasure and the place.
    pub of: String,
    /// What is left; `None`: nobody looked.
    pub left: Option<u64>,
}

/// C-026: looked at, and nothing left.
pub fn erased(cases: &[ErasedPlace]) -> Judged {
    each(cases, |c| c.of.clone(), |c| c.left == Some(0))
}

/// C-027: the record of an erasure.
#[derive(Debug, Clone, Serialize)]
pub struct ErasureRecord {
    /// The erasure.
    pub erasure: String,
    /// Who carried it out.
    pub executors: Vec<String>,
    /// Who verified.
    pub verifier: Option<String>,
    /// Is a legal ground given?
    pub ground: bool,
    /// Is anything personal inside?
    pub personal: bool,
}

/// C-027: two executors, a verifier apart, a ground, nothing personal.
pub fn erasure_record(cases: &[ErasureRecord]) -> Judged {
    let sound = |c: &ErasureRecord| {
        let mut hands = c.executors.clone();
        hands.sort();
        hands.dedup();
        hands.len() >= 2 && c.verifier.as_ref().is_some_and(|v| !hands.contains(v)) && c.ground && !c.personal
    };
    each(cases, |c| c.erasure.clone(), sound)
}

/// C-028: a restore drill.
#[derive(Debug, Clone, Serialize)]
pub struct Drill {
    /// The drill.
    pub drill: String,
    /// When.
    pub on: Date,
    /// Forbidden rows after erasing again.
    pub forbidden: u64,
}

/// C-028: the newest drill is at most `days` old and left nothing forbidden.
pub fn drills(cases: &[Drill], backups: u64, days: u64, today: Date) -> Judged {
    let newest = cases.iter().max_by_key(|d| d.on).into_iter().cloned().collect::<Vec<_>>();
    let judged = each(&newest, |d| d.drill.clone(), |d| d.forbidden == 0 && today <= days_after(d.on, days))?;
    let judged = if backups > 0 { judged.required("no restore drill") } else { judged };
    Ok(judged.with("backups", backups).with("drills", number(cases.len())))
}

/// C-029: data that should not have come.
#[derive(Debug, Clone, Serialize)]
pub struct Wrongly {
    /// The incident.
    pub incident: String,
    /// When it was found.
    pub found_at: Timestamp,
    /// When it was frozen.
    pub frozen_at: Option<Timestamp>,
    /// Was it deleted?
    pub deleted: bool,
    /// Under which instruction.
    pub instruction: Option<String>,
}

/// C-029: frozen within `minutes`, deleted only under an instruction.
pub fn frozen(cases: &[Wrongly], minutes: u64) -> Judged {
    let seconds = i64::try_from(minutes.saturating_mul(60)).unwrap_or(i64::MAX);
    let sound = |c: &Wrongly| {
        c.frozen_at.is_some_and(|at| at.as_second().saturating_sub(c.found_at.as_second()) <= seconds)
            && (!c.deleted || c.instruction.is_some())
    };
    each(cases, |c| c.incident.clone(), sound)
}
