//! Review, contracts, principals, security, desk, reports (C-059 to C-091): what a case is, and when it is sound. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_storage::act::check_conduct::{ActiveHour, TwoHands};
use musubi_storage::act::check_reads::AccessRow;
use musubi_storage::act::operation::OperationRow;
use musubi_storage::compliance::AuditRow;
use serde::Serialize;

use super::notice::days_after;
use super::{Judgement, Unreadable, each, number};
use crate::authority::ForbiddenPairs;
use crate::operation;
use crate::organisation::role_of;

/// What every judgement here returns.
type Judged = Result<Judgement, Unreadable>;

/// C-059: the approval behind a release.
#[derive(Debug, Clone, Serialize)]
pub struct Approved {
    /// The release.
    pub release: String,
    /// Is the decision genuine?
    pub genuine: bool,
    /// Was it in term when the release was sealed?
    pub in_term: bool,
    /// Are scope of approval and spec equal?
    pub scope: bool,
    /// Conditions still open.
    pub open_conditions: u64,
}

/// C-059: genuine, in term, same scope, nothing open.
pub fn approved(cases: &[Approved]) -> Judged {
    each(cases, |c| c.release.clone(), |c| c.genuine && c.in_term && c.scope && c.open_conditions == 0)
}

/// C-062: items of a spec.
#[derive(Debug, Clone, Serialize)]
pub struct Minimal {
    /// The approval.
    pub approval: String,
    /// What the spec asks for.
    pub asked: BTreeSet<String>,
    /// What was approved with a necessity.
    pub needed: BTreeSet<String>,
}

/// C-062: nothing asked for that is not needed.
pub fn minimal(cases: &[Minimal]) -> Judged {
    each(cases, |c| c.approval.clone(), |c| !c.asked.is_empty() && c.asked.is_subset(&c.needed))
}

/// C-090: something that must be in force on a day.
#[derive(Debug, Clone, Serialize)]
pub struct InForce {
    /// What.
    pub of: String,
    /// The day.
    pub on: Date,
    /// First and last day; `None`: there is none.
    pub term: Option<(Date, Date)>,
    /// Does it say and cover all that it must?
    pub complete: bool,
}

/// There, complete, and in force on the day.
pub fn in_force(cases: &[InForce]) -> Judged {
    let holds = |c: &InForce| c.complete && c.term.is_some_and(|(from, to)| (from..=to).contains(&c.on));
    each(cases, |c| c.of.clone(), holds)
}

/// C-090: in force, with counts of what ends within the alarm days.
pub fn certificates(cases: &[InForce], alarms: &[u64], today: Date) -> Judged {
    let ends = |days: u64| {
        number(cases.iter().filter(|c| c.term.is_some_and(|(_, to)| to <= days_after(today, days))).count())
    };
    let soonest = alarms.iter().max().map_or(0, |days| ends(*days));
    Ok(in_force(cases)?.required("no certificate entered").with("ending", soonest))
}

/// What the books judge themselves (C-063, C-068 to C-071, C-073, C-083 to C-085, C-087 to C-089): a thing with what is
/// wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Which thing.
    pub of: String,
    /// What is wrong with it, in words of the books; nothing of a person.
    pub wrong: Vec<String>,
}

/// Nothing is wrong with any of them.
pub fn sound(cases: &[Found]) -> Judged {
    each(cases, |c| format!("{}: {}", c.of, c.wrong.join("; ")), |c| c.wrong.is_empty())
}

/// C-064: something done, and for what.
#[derive(Debug, Clone, Serialize)]
pub struct Purposed {
    /// What was done.
    pub of: String,
    /// The code of its purpose.
    pub purpose: String,
    /// Is it the purpose that was approved, where somebody had to approve it?
    pub as_approved: bool,
}

/// C-064: the purpose is on the list and the one approved.
pub fn purposes(cases: &[Purposed], allowed: &BTreeSet<&str>) -> Judged {
    each(cases, |c| c.of.clone(), |c| allowed.contains(c.purpose.as_str()) && c.as_approved)
}

/// To whom something is handed (C-066).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Recipient {
    /// A user of anonymised data.
    User,
    /// A certified user.
    CertifiedUser,
    /// A certified contractor.
    Contractor,
    /// Another certified operator.
    Operator,
    /// A regulator; good only with an application number.
    Regulator,
    /// Anybody else.
    Other,
}

/// C-066: a release and who gets it.
#[derive(Debug, Clone, Serialize)]
pub struct Handed {
    /// The release.
    pub release: String,
    /// To whom.
    pub to: Recipient,
    /// The regulator's application number.
    pub application: String,
}

/// C-066: to a permitted kind of recipient.
pub fn recipients(cases: &[Handed]) -> Judged {
    let permitted = |c: &Handed| match c.to {
        Recipient::Other => false,
        Recipient::Regulator => !c.application.trim().is_empty(),
        _ => true,
    };
    each(cases, |c| c.release.clone(), permitted)
}

/// C-074: who used two roles that do not come together within so many hours. `hours` in the order of time.
#[must_use]
pub fn used_together(hours: &[ActiveHour], pairs: &ForbiddenPairs, within: u64) -> Vec<Found> {
    let within = i64::try_from(within.saturating_mul(3600)).unwrap_or(i64::MAX);
    let mut last: BTreeMap<(&str, &str), Timestamp> = BTreeMap::new();
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for hour in hours {
        let wrong = found.entry(&hour.actor).or_default();
        let near = last.iter().filter(|((actor, _), then)| {
            *actor == hour.actor && hour.first.as_second().saturating_sub(then.as_second()) <= within
        });
        for ((_, other), _) in near {
            let forbidden = match (role_of(&hour.role), role_of(other)) {
                (Some(a), Some(b)) => pairs.forbid(a, b),
                // A role that is no longer a word cannot be cleared of the suspicion.
                _ => hour.role != *other,
            };
            if forbidden {
                wrong.insert(format!("acted as {other} and {}", hour.role));
            }
        }
        let until = last.entry((&hour.actor, &hour.role)).or_insert(hour.last);
        *until = hour.last.max(*until);
    }
    let found = found.into_iter();
    found.map(|(of, wrong)| Found { of: of.to_owned(), wrong: wrong.into_iter().collect() }).collect()
}

/// C-075: an operation that was used was approved before, by two, as it was proposed; one that was not used is no case.
#[must_use]
pub fn operation_used(row: &OperationRow) -> Option<Found> {
    let (by, at) = row.used.clone()?;
    let mut before = OperationRow { used: None, ..row.clone() };
    before.decisions.retain(|d| d.at <= at);
    let wrong = match operation::state(&before, Some(&by), at) {
        operation::State::Approved => Vec::new(),
        _ => vec!["used without two approvals".to_owned()],
    };
    Some(Found { of: format!("operation:{}", row.id), wrong })
}

/// C-075: changes of organisations and accounts (when, by whom), each with an operation of its own that was used for it.
/// `uses`: who used operations of this kind, and when.
#[must_use]
pub fn changes_backed(changes: &[(Timestamp, String)], uses: &[(String, Timestamp)]) -> Vec<Found> {
    let mut left: Vec<&(String, Timestamp)> = uses.iter().collect();
    let mut backed = |at: &Timestamp, by: &str| {
        let place = left.iter().position(|(who, used)| who == by && used <= at);
        place.map(|place| left.remove(place)).is_some()
    };
    changes
        .iter()
        .map(|(at, by)| Found {
            of: format!("organisation-change:{at}"),
            wrong: if backed(at, by) { Vec::new() } else { vec!["by one account alone".to_owned()] },
        })
        .collect()
}

/// C-075: two different people stand behind it, and both came before it was done.
#[must_use]
pub fn by_two(done: &TwoHands) -> Found {
    let before = |hand: &Option<(String, Timestamp)>| {
        hand.as_ref().filter(|(_, at)| *at <= done.done_at).map(|(who, _)| who.clone())
    };
    let two = before(&done.first).zip(before(&done.second)).is_some_and(|(a, b)| a != b);
    let wrong = if two { Vec::new() } else { vec!["not two people".to_owned()] };
    Found { of: done.what.clone(), wrong }
}

/// Actions of the audit chain that announce an opening of sealed values.
const OPENINGS: [&str; 6] =
    ["view-person", "query-person", "trace", "train-model", "load-held", "blank-paths"];

/// C-077: every opening that the store counted was announced by an entry of the chain that says so and of how many; every
/// entry has what it must.
pub fn accesses_booked(openings: &[AccessRow], entries: u64, incomplete: u64) -> Judged {
    let announced = |row: &AccessRow| {
        row.persons > 0 && row.action.as_deref().is_some_and(|action| OPENINGS.contains(&action))
    };
    let opened = openings.iter().map(|row| row.opened.unsigned_abs()).sum();
    let mut judged = each(openings, |row| format!("audit:{}", row.seq), announced)?.looked_over(entries);
    if incomplete > 0 {
        judged.verdict = super::Verdict::Fail;
    }
    Ok(judged.with("opened", opened).with("incomplete", incomplete))
}

/// Does an entry of the chain have all that it must?
#[must_use]
pub fn complete(row: &AuditRow) -> bool {
    [&row.at, &row.actor, &row.role, &row.action, &row.object, &row.result]
        .iter()
        .all(|field| !field.is_empty())
}

/// C-078: a log.
#[derive(Debug, Clone, Serialize)]
pub struct Log {
    /// Which table.
    pub log: &'static str,
    /// Place of the oldest entry; `None`: it is empty.
    pub oldest: Option<u64>,
    /// Is the guard against change off?
    pub guard_off: bool,
}

/// C-078: from its first entry, guarded.
pub fn logs(cases: &[Log]) -> Judged {
    each(cases, |c| c.log.to_owned(), |c| !c.guard_off && c.oldest.is_none_or(|seq| seq == 1))
}

/// C-079: reviews of the log.
#[derive(Debug, Clone, Serialize)]
pub struct Reviews {
    /// When the log began.
    pub began_on: Date,
    /// The newest review.
    pub newest_on: Option<Date>,
}

/// C-079: the newest review, or the beginning, is at most `days` ago.
pub fn reviewed(cases: &[Reviews], days: u64, today: Date) -> Judged {
    let since = |c: &Reviews| c.newest_on.unwrap_or(c.began_on);
    each(cases, |c| format!("since:{}", since(c)), |c| today <= days_after(since(c), days))
}

/// C-086: does an entry show the desk reading clinical data? Opt-out lists are documents, too, but are entered, not read.
#[must_use]
pub fn desk_reads_clinical(row: &AuditRow) -> bool {
    let clinical = ["document:", "submission:", "snapshot:"].iter().any(|kind| row.object.starts_with(kind));
    row.role == "help-desk" && clinical && matches!(row.action.as_str(), "trace" | "verify-release")
}

/// C-086: entries of the desk, and those that read clinical data.
pub fn desk(reads: &[u64], entries: u64) -> Judged {
    Ok(each(reads, |seq| format!("audit:{seq}"), |_| false)?.looked_over(entries))
}
