//! Notice, opt-out, receipt (C-001 to C-020): what a case is, and when it is sound. Pure: who reads the stores hands the
//! cases in, with references (ids, hashes) in place of persons.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use jiff::{Span, Timestamp};
use musubi_storage::act::check_reads::MyNumberHits;
use serde::Serialize;

use super::{Judgement, Unreadable, each};

/// What every judgement here returns.
type Judged = Result<Judgement, Unreadable>;

/// The day `days` after another; the last day there is when it lies beyond.
#[must_use]
pub fn days_after(day: Date, days: u64) -> Date {
    let span = i64::try_from(days).ok().and_then(|d| Span::new().try_days(d).ok());
    span.and_then(|span| day.checked_add(span).ok()).unwrap_or(Date::MAX)
}

/// The day `days` business days after another. Weekends are not counted; holidays are, which is the stricter reading.
#[must_use]
pub fn business_days_after(day: Date, days: u64) -> Date {
    let working = |d: &Date| !matches!(d.weekday(), Weekday::Saturday | Weekday::Sunday);
    let nth = usize::try_from(days).unwrap_or(usize::MAX);
    day.series(Span::new().days(1)).skip(1).filter(working).nth(nth.saturating_sub(1)).unwrap_or(Date::MAX)
}

/// The day on which somebody reaches an age. Born on 29 February, it is 1 March in other years.
#[must_use]
pub fn birthday(born: Date, age: i16) -> Date {
    let year = born.year().saturating_add(age);
    Date::new(year, born.month(), born.day()).or_else(|_| Date::new(year, 3, 1)).unwrap_or(Date::MAX)
}

/// C-001: a delivery and its persons.
#[derive(Debug, Clone, Serialize)]
pub struct Notified {
    /// The delivery.
    pub delivery: String,
    /// Persons in it.
    pub persons: u64,
    /// Of them, those without a notice of this provider.
    pub without: u64,
    /// Of these, those whose records were loaded.
    pub without_loaded: u64,
    /// Are they so many that the delivery must be stopped whole, by the rules of its day?
    pub too_many: bool,
    /// Was the delivery stopped whole?
    pub stopped: bool,
}

/// C-001: nobody without a notice is loaded; a delivery with too many of them is stopped.
pub fn notified(cases: &[Notified]) -> Judged {
    each(cases, |c| c.delivery.clone(), |c| c.without_loaded == 0 && (!c.too_many || c.stopped))
}

/// C-002: a notice and when its data came.
#[derive(Debug, Clone, Serialize)]
pub struct Waited {
    /// The notice.
    pub notice: String,
    /// Day of notice.
    pub notified_on: Date,
    /// Day of provision.
    pub provided_on: Date,
    /// The days that had to pass, by the rules of that day.
    pub wait_days: u64,
}

/// C-002: the waiting days are over; the day of notice does not count, the last day must have ended.
pub fn waited(cases: &[Waited]) -> Judged {
    each(cases, |c| c.notice.clone(), |c| c.provided_on > days_after(c.notified_on, c.wait_days))
}

/// C-003: a provider's filing.
#[derive(Debug, Clone, Serialize)]
pub struct Filed {
    /// The provider.
    pub provider: String,
    /// First day of notice.
    pub first_notified_on: Date,
    /// Day of provision.
    pub provided_on: Date,
    /// First and last day of the filing with a receipt number; `None`: there is none.
    pub in_force: Option<(Date, Option<Date>)>,
}

/// C-003: in force from before the first notice to the day of provision.
pub fn filed(cases: &[Filed]) -> Judged {
    let holds = |c: &Filed| {
        c.in_force.is_some_and(|(from, to)| {
            from <= c.first_notified_on && from <= c.provided_on && to.is_none_or(|to| c.provided_on <= to)
        })
    };
    each(cases, |c| c.provider.clone(), holds)
}

/// C-004 and C-005: items delivered, and items allowed.
#[derive(Debug, Clone, Serialize)]
pub struct Items {
    /// The delivery, or a notice in it.
    pub of: String,
    /// Delivered and not masked.
    pub delivered: BTreeSet<String>,
    /// Filed, or in the notice's version.
    pub allowed: BTreeSet<String>,
}

/// C-004, C-005: nothing beyond what is allowed.
pub fn items(cases: &[Items]) -> Judged {
    each(cases, |c| c.of.clone(), |c| c.delivered.is_subset(&c.allowed))
}

/// C-006, C-012: rows of whoever had asked to stop by a day.
#[derive(Debug, Clone, Serialize)]
pub struct Stopped {
    /// Which rows: those that came on a day, or all of today.
    pub of: String,
    /// Descriptions of persons that were looked at.
    pub looked: u64,
    /// Their rows that lie in the repository.
    pub rows: u64,
}

/// C-006, C-012: none.
pub fn stopped(cases: &[Stopped]) -> Judged {
    let looked = cases.iter().map(|c| c.looked).sum();
    Ok(each(cases, |c| c.of.clone(), |c| c.rows == 0)?.with("descriptions", looked))
}

/// C-007: a provider's ledger.
#[derive(Debug, Clone, Serialize)]
pub struct Ledger {
    /// The provider.
    pub provider: String,
    /// When it was written out; `None`: there is none.
    pub exported_at: Option<Timestamp>,
    /// The batch's cut-off.
    pub cut_off: Timestamp,
    /// Does its chain hold?
    pub chain: bool,
}

/// C-007: written out at most `hours` before the cut-off, and sound.
pub fn fresh(cases: &[Ledger], hours: u64) -> Judged {
    let seconds = i64::try_from(hours.saturating_mul(3600)).unwrap_or(i64::MAX);
    let young = |c: &Ledger| {
        c.exported_at.is_some_and(|at| c.cut_off.as_second().saturating_sub(at.as_second()) <= seconds)
    };
    each(cases, |c| c.provider.clone(), |c| c.chain && young(c))
}

/// C-008, C-009: somebody young.
#[derive(Debug, Clone, Serialize)]
pub struct Minor {
    /// The notice.
    pub notice: String,
    /// Were they below the age when notified?
    pub below_age: bool,
    /// Was a guardian told?
    pub guardian: bool,
    /// Were they told themselves?
    pub own: bool,
    /// Are they of age now?
    pub of_age_now: bool,
    /// Is there a task or a hold?
    pub task: bool,
}

/// C-008: of whoever was below the age, a guardian was told.
pub fn guardian_told(cases: &[Minor]) -> Judged {
    each(cases, |c| c.notice.clone(), |c| !c.below_age || c.guardian)
}

/// C-009: who came of age and was never told is looked at.
pub fn came_of_age(cases: &[Minor]) -> Judged {
    each(cases, |c| c.notice.clone(), |c| !c.of_age_now || c.own || c.task)
}

/// C-010: how somebody was notified, and when they came.
#[derive(Debug, Clone, Serialize)]
pub struct Programme {
    /// The notice.
    pub notice: String,
    /// When the provider's programme began.
    pub began_on: Date,
    /// Day of notice.
    pub notified_on: Date,
    /// By mail or e-mail?
    pub by_post: bool,
    /// The last visit.
    pub last_visit: Option<Date>,
}

/// C-010: after the programme began, and by post or with a visit since.
pub fn since_programme(cases: &[Programme]) -> Judged {
    let reached = |c: &Programme| c.by_post || c.last_visit.is_some_and(|day| day >= c.began_on);
    each(cases, |c| c.notice.clone(), |c| c.notified_on >= c.began_on && reached(c))
}

/// C-011: rows of a provider in the repository.
#[derive(Debug, Clone, Serialize)]
pub struct OwnNotice {
    /// The provider, or a file of the lake.
    pub of: String,
    /// Rows.
    pub rows: u64,
    /// Of them, those without a valid notice of their own.
    pub without: u64,
}

/// C-011: none without.
pub fn own_notice(cases: &[OwnNotice]) -> Judged {
    let rows = cases.iter().map(|c| c.rows).sum();
    Ok(each(cases, |c| c.of.clone(), |c| c.without == 0)?.with("rows", rows))
}

/// C-013: a record of receipt.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiptRecord {
    /// The record.
    pub receipt: String,
    /// Are all mandatory fields there?
    pub complete: bool,
    /// Confirmed by a person, not by the job's account?
    pub confirmed: bool,
    /// Do the file hashes equal those recomputed?
    pub hashes: bool,
}

/// C-013: complete, confirmed, hashes equal.
pub fn receipt(cases: &[ReceiptRecord]) -> Judged {
    each(cases, |c| c.receipt.clone(), |c| c.complete && c.confirmed && c.hashes)
}

/// C-014: counts of both sides.
#[derive(Debug, Clone, Serialize)]
pub struct Mirror {
    /// The delivery and the class of items.
    pub of: String,
    /// The provider's count.
    pub theirs: u64,
    /// Our count.
    pub ours: u64,
}

/// C-014: equal.
pub fn mirrored(cases: &[Mirror]) -> Judged {
    each(cases, |c| c.of.clone(), |c| c.theirs == c.ours)
}

/// C-015: persons of a provider in a night.
#[derive(Debug, Clone, Serialize)]
pub struct Night {
    /// The provider and the night.
    pub of: String,
    /// Notified (N).
    pub notified: u64,
    /// Opted out (O).
    pub opted_out: u64,
    /// In the feed (F).
    pub feed: u64,
    /// Admitted (A).
    pub admitted: u64,
    /// Of them, not eligible (A minus E).
    pub admitted_ineligible: u64,
    /// Quarantined (Q).
    pub quarantined: u64,
}

/// C-015: A within E, A + Q = F, A at most N − O.
pub fn reconciled(cases: &[Night]) -> Judged {
    let closes = |c: &Night| {
        c.admitted_ineligible == 0
            && c.admitted.checked_add(c.quarantined) == Some(c.feed)
            && c.notified.checked_sub(c.opted_out).is_some_and(|most| c.admitted <= most)
    };
    each(cases, |c| c.of.clone(), closes)
}

/// C-016: how many came.
#[derive(Debug, Clone, Serialize)]
pub struct Growth {
    /// The provider and the night.
    pub of: String,
    /// Admitted.
    pub today: u64,
    /// The most in the deliveries before; `None`: nothing to compare with.
    pub most: Option<u64>,
    /// Is that abnormal, by the rules of the day?
    pub abnormal: bool,
    /// Opened by people?
    pub opened: bool,
}

/// C-016: no abnormal growth, or opened.
pub fn growth(cases: &[Growth]) -> Judged {
    each(cases, |c| c.of.clone(), |c| !c.abnormal || c.opened)
}

/// C-017, C-018: an opt-out on its way.
#[derive(Debug, Clone, Serialize)]
pub struct OptOutWay {
    /// The opt-out.
    pub opt_out: String,
    /// Day of receipt.
    pub received_on: Date,
    /// Day it was blocked.
    pub blocked_on: Option<Date>,
    /// Day the erasure was done; `None` while it is not.
    pub erased_on: Option<Date>,
    /// Is there anything to erase?
    pub erasable: bool,
    /// Day the receipt was issued.
    pub receipt_on: Option<Date>,
    /// Is the hash of the receipt's copy kept?
    pub copy: bool,
}

/// Done by a day, or not yet due.
fn in_time(done: Option<Date>, due: Date, today: Date) -> bool {
    done.unwrap_or(today) <= due
}

/// C-017: blocked within `block` business days, erased within `erase` days.
pub fn propagated(cases: &[OptOutWay], block: u64, erase: u64, today: Date) -> Judged {
    let sound = |c: &OptOutWay| {
        in_time(c.blocked_on, business_days_after(c.received_on, block), today)
            && (!c.erasable || in_time(c.erased_on, days_after(c.received_on, erase), today))
    };
    each(cases, |c| c.opt_out.clone(), sound)
}

/// C-018: receipt issued within `days` business days, its copy kept.
pub fn receipt_issued(cases: &[OptOutWay], days: u64, today: Date) -> Judged {
    let sound = |c: &OptOutWay| {
        in_time(c.receipt_on, business_days_after(c.received_on, days), today)
            && (c.receipt_on.is_none() || c.copy)
    };
    each(cases, |c| c.opt_out.clone(), sound)
}

/// C-019: who asked.
#[derive(Debug, Clone, Serialize)]
pub struct Requester {
    /// The opt-out.
    pub opt_out: String,
    /// In which role.
    pub role: RequesterRole,
    /// Is the relation one of the law's list?
    pub relation_listed: bool,
    /// Is the person known to have died?
    pub dead: bool,
}

/// In which role somebody asks to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum RequesterRole {
    /// The person.
    Own,
    /// Family.
    Family,
    /// Guardian of a minor or of somebody who cannot decide.
    Guardian,
    /// Agent with a mandate.
    Agent,
}

/// C-019: family only after death, of the law's list.
pub fn eligible(cases: &[Requester]) -> Judged {
    each(cases, |c| c.opt_out.clone(), |c| c.role != RequesterRole::Family || (c.dead && c.relation_listed))
}

/// C-020: hits of the My Number scan; those that were loaded are wrong, those that were stopped are counted.
pub fn my_numbers(cases: &[MyNumberHits], deliveries: u64) -> Judged {
    let stopped = cases.iter().map(|c| c.hits - c.loaded.min(c.hits)).sum();
    let judged = each(cases, |c| format!("submission:{}", c.submission), |c| c.loaded == 0)?;
    Ok(judged.looked_over(deliveries).with("stopped", stopped))
}
