//! Review, contracts, principals, security, desk, reports (C-059 to C-091): what a case is, and when it is sound. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_storage::act::check_reads::AccessRow;
use musubi_storage::compliance::AuditRow;
use serde::Serialize;

use super::notice::{business_days_after, days_after};
use super::{Judgement, Unreadable, each, number};

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

/// C-063, C-065, C-070, C-083, C-090: something that must be in force on a day.
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

/// C-063 and others: there, complete, and in force on the day.
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

/// C-064, C-071: a job and its instruction.
#[derive(Debug, Clone, Serialize)]
pub struct Job {
    /// The job.
    pub job: String,
    /// Its purpose.
    pub purpose: String,
    /// The purpose approved.
    pub approved_purpose: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it was instructed by the operator's staff; `None`: never.
    pub instructed_at: Option<Timestamp>,
    /// Is the scope of the instruction equal?
    pub scope: bool,
}

/// C-064: the purpose is on the list and the one approved.
pub fn purposes(cases: &[Job], allowed: &BTreeSet<String>) -> Judged {
    each(cases, |c| c.job.clone(), |c| allowed.contains(&c.purpose) && c.purpose == c.approved_purpose)
}

/// C-071: instructed before the start, with equal scope.
pub fn instructed(cases: &[Job]) -> Judged {
    each(cases, |c| c.job.clone(), |c| c.scope && c.instructed_at.is_some_and(|at| at <= c.started_at))
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

/// C-066, C-068: a handover.
#[derive(Debug, Clone, Serialize)]
pub struct Handover {
    /// The release.
    pub release: String,
    /// To whom.
    pub to: Recipient,
    /// The regulator's application number.
    pub application: Option<String>,
    /// Day of handover.
    pub on: Date,
    /// Is the line on the list, and the signature good?
    pub line: bool,
    /// Day of acknowledgement with an equal hash.
    pub acknowledged_on: Option<Date>,
}

/// C-066: to a permitted kind of recipient.
pub fn recipients(cases: &[Handover]) -> Judged {
    let permitted = |c: &Handover| match c.to {
        Recipient::Other => false,
        Recipient::Regulator => c.application.as_deref().is_some_and(|a| !a.trim().is_empty()),
        _ => true,
    };
    each(cases, |c| c.release.clone(), permitted)
}

/// C-068: over a listed line, acknowledged within `days` business days.
pub fn arrived(cases: &[Handover], days: u64, today: Date) -> Judged {
    let sound =
        |c: &Handover| c.line && c.acknowledged_on.unwrap_or(today) <= business_days_after(c.on, days);
    each(cases, |c| c.release.clone(), sound)
}

/// C-069, C-087: something due.
#[derive(Debug, Clone, Serialize)]
pub struct Due {
    /// What.
    pub of: String,
    /// By when.
    pub due_on: Date,
    /// When it was done.
    pub done_on: Option<Date>,
}

/// C-069, C-087: done by its day, or not yet due.
pub fn done_in_time(cases: &[Due], today: Date) -> Judged {
    each(cases, |c| c.of.clone(), |c| c.done_on.unwrap_or(today) <= c.due_on)
}

/// C-072: a transfer to another operator.
#[derive(Debug, Clone, Serialize)]
pub struct Transfer {
    /// The transfer.
    pub transfer: String,
    /// The request letter is there.
    pub letter: bool,
    /// The ledgers of notices and opt-outs went along.
    pub ledgers: bool,
    /// The receiver's gate report came back.
    pub report: bool,
}

/// C-072: letter, ledgers, report.
pub fn transfers(cases: &[Transfer]) -> Judged {
    each(cases, |c| c.transfer.clone(), |c| c.letter && c.ledgers && c.report)
}

/// C-073: money to a provider.
#[derive(Debug, Clone, Serialize)]
pub struct Paid {
    /// The contract.
    pub contract: String,
    /// Yen paid.
    pub paid: u64,
    /// Yen of documented cost.
    pub cost: u64,
}

/// C-073: no more than the cost.
pub fn paid(cases: &[Paid]) -> Judged {
    each(cases, |c| c.contract.clone(), |c| c.paid <= c.cost)
}

/// C-074: two roles of one account.
#[derive(Debug, Clone, Serialize)]
pub struct Acting {
    /// The account.
    pub account: String,
    /// Roles it holds.
    pub holds: BTreeSet<String>,
    /// Roles it acted in, with the time.
    pub acted: Vec<(Timestamp, String)>,
}

/// C-074: no forbidden pair held, none used within a day.
pub fn duties_apart(cases: &[Acting], forbidden: &[(String, String)]) -> Judged {
    const DAY: i64 = 24 * 3600;
    let pair = |a: &str, b: &str| forbidden.iter().any(|(x, y)| (x == a && y == b) || (x == b && y == a));
    let used = |c: &Acting| {
        let mut last: BTreeMap<&str, Timestamp> = BTreeMap::new();
        let mut acted: Vec<_> = c.acted.iter().collect();
        acted.sort();
        acted.into_iter().any(|(at, role)| {
            let near = last.iter().any(|(other, then)| {
                pair(role, other) && at.as_second().saturating_sub(then.as_second()) <= DAY
            });
            last.insert(role, *at);
            near
        })
    };
    let held = |c: &Acting| c.holds.iter().any(|a| c.holds.iter().any(|b| a != b && pair(a, b)));
    each(cases, |c| c.account.clone(), |c| !held(c) && !used(c))
}

/// C-075: a protected operation.
#[derive(Debug, Clone, Serialize)]
pub struct Operation {
    /// The operation.
    pub operation: String,
    /// When it was done.
    pub done_at: Timestamp,
    /// Who approved in the right role, and when.
    pub approvals: Vec<(String, Timestamp)>,
}

/// C-075: two different approvers before it was done.
pub fn dual_control(cases: &[Operation]) -> Judged {
    let two = |c: &Operation| {
        let before = c.approvals.iter().filter(|(_, at)| *at <= c.done_at);
        before.map(|(who, _)| who).collect::<BTreeSet<_>>().len() >= 2
    };
    each(cases, |c| c.operation.clone(), two)
}

/// Actions of the audit chain that announce an opening of sealed values.
const OPENINGS: [&str; 4] = ["view-person", "query-person", "trace", "train-model"];

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

/// C-084: an account.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// The account.
    pub account: String,
    /// Is it active?
    pub active: bool,
    /// When it was last used, or made.
    pub used_on: Date,
    /// Day on which its holder left.
    pub left_on: Option<Date>,
}

/// C-084: nothing active is unused for more than `days`, or its holder's who left.
pub fn accounts(cases: &[Account], days: u64, today: Date) -> Judged {
    let sound = |c: &Account| {
        !c.active || (today <= days_after(c.used_on, days) && c.left_on.is_none_or(|day| today < day))
    };
    each(cases, |c| c.account.clone(), sound)
}

/// C-085: an incident.
#[derive(Debug, Clone, Serialize)]
pub struct Reported {
    /// The incident.
    pub incident: String,
    /// When it was suspected.
    pub suspected_at: Timestamp,
    /// When the ministers were told.
    pub reported_at: Option<Timestamp>,
    /// Persons without a notice in it.
    pub unnotified: u64,
    /// Classed as serious?
    pub serious: bool,
    /// Dismissed as no incident?
    pub dismissed: bool,
}

/// C-085: told within `hours` of suspicion; one person without notice makes it serious.
pub fn incidents(cases: &[Reported], hours: u64, now: Timestamp) -> Judged {
    let limit = i64::try_from(hours.saturating_mul(3600)).unwrap_or(i64::MAX);
    let sound = |c: &Reported| {
        let told =
            c.reported_at.unwrap_or(now).as_second().saturating_sub(c.suspected_at.as_second()) <= limit;
        (c.dismissed && c.unnotified == 0) || (told && (c.unnotified == 0 || c.serious))
    };
    each(cases, |c| c.incident.clone(), sound)
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

/// C-088, C-089: a published number or page.
#[derive(Debug, Clone, Serialize)]
pub struct Published {
    /// What was published.
    pub of: String,
    /// Numbers looked at.
    pub numbers: u64,
    /// Numbers that differ when made again, or that may not be shown.
    pub wrong: u64,
}

/// C-088, C-089: none wrong.
pub fn published(cases: &[Published]) -> Judged {
    each(cases, |c| c.of.clone(), |c| c.wrong == 0)
}

/// C-091: a run and its parameters.
#[derive(Debug, Clone, Serialize)]
pub struct Governed {
    /// The run.
    pub run: String,
    /// Is the set approved and valid on the day of the run?
    pub approved: bool,
}

/// C-091: all approved.
pub fn governed(cases: &[Governed]) -> Judged {
    each(cases, |c| c.run.clone(), |c| c.approved)
}
