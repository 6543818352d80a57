//! What registers have to say for the law: contracts in force, obligations of users, hand-overs, consideration, evidence,
//! reviews of logs (checks C-063, C-068, C-069, C-073, C-079, C-090). Pure functions of entries and a day.

use jiff::civil::Date;
use musubi_model::parameter::{ParameterError, ParameterSet};
use musubi_storage::StorageError;
use musubi_storage::act::register::RegisterRow;
use musubi_storage::registry::ActDb;

use crate::calendar::{Calendar, CalendarError};
use crate::handover;
use crate::parameters;
use crate::register::{date, number, text};

/// The parameter: business days within which a hand-over is acknowledged (law: C-068).
pub const ACKNOWLEDGED_WITHIN: &str = "handover.acknowledged_business_days";

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The check that fails.
    pub check: &'static str,
    /// It blocks what the check guards; otherwise it warns.
    pub blocks: bool,
    /// Entry and what is wrong, for people.
    pub what: String,
}

impl Problem {
    fn new(check: &'static str, blocks: bool, what: String) -> Self {
        Self { check, blocks, what }
    }
}

/// Why a contract does not allow a hand-over on a day (C-063). Empty: it does.
#[must_use]
pub fn contract_problems(contract: &RegisterRow, handover: Date) -> Vec<String> {
    let mut found = Vec::new();
    let (signed, from, until) = (date(contract, "signed"), date(contract, "from"), date(contract, "until"));
    if signed.is_none_or(|d| d > handover) {
        found.push("not signed by then".to_owned());
    }
    if from.is_none_or(|d| d > handover) || until.is_none_or(|d| d < handover) {
        found.push("not in force that day".to_owned());
    }
    for (name, value) in &contract.fields {
        if name.starts_with("clause-") && value != "yes" {
            found.push(format!("without {name}"));
        }
    }
    found
}

/// A user of a contract in force on a day, and nothing of that user overdue (C-063, C-069): what a release asks before it
/// is handed over.
///
/// # Errors
/// The reasons why not.
pub fn may_receive(
    contracts: &[RegisterRow],
    obligations: &[RegisterRow],
    user: &str,
    on: Date,
) -> Result<String, Vec<String>> {
    let mut reasons: Vec<String> = overdue(obligations, on)
        .into_iter()
        .filter(|o| text(o, "user") == user)
        .map(|o| format!("{} {} was due", o.entry, text(o, "what")))
        .collect();
    let of_user: Vec<&RegisterRow> = contracts.iter().filter(|c| text(c, "user") == user).collect();
    match of_user.iter().find(|c| contract_problems(c, on).is_empty()) {
        Some(contract) if reasons.is_empty() => return Ok(contract.entry.clone()),
        Some(_) => {}
        None if of_user.is_empty() => reasons.push(format!("no contract with {user}")),
        None => reasons.extend(
            of_user
                .iter()
                .flat_map(|c| contract_problems(c, on).into_iter().map(move |p| format!("{} {p}", c.entry))),
        ),
    }
    Err(reasons)
}

/// Is an obligation overdue on a day (C-069)?
#[must_use]
pub fn is_overdue(obligation: &RegisterRow, on: Date) -> bool {
    date(obligation, "done").is_none() && date(obligation, "due").is_none_or(|due| due < on)
}

fn overdue(obligations: &[RegisterRow], on: Date) -> Vec<&RegisterRow> {
    obligations.iter().filter(|o| is_overdue(o, on)).collect()
}

/// What is wrong with a hand-over on a day (C-068): a hash that is not the one sent blocks (`true`), silence warns.
///
/// # Errors
/// Days that the calendar does not know.
pub fn handover_problems(
    handover: &RegisterRow,
    within: u64,
    calendar: &Calendar,
    on: Date,
) -> Result<Vec<(bool, &'static str)>, CalendarError> {
    let mut found = Vec::new();
    let back = text(handover, "acknowledged-hash");
    if !back.is_empty() && back != text(handover, "manifest-hash") {
        found.push((true, "acknowledged with another hash"));
    }
    let due = date(handover, "sent").map(|d| calendar.after(d, within)).transpose()?;
    if due.is_none_or(|due| date(handover, "acknowledged").unwrap_or(on) > due) {
        found.push((false, "not acknowledged in time"));
    }
    Ok(found)
}

/// Was a provider paid more than its cost (C-073)?
#[must_use]
pub fn above_cost(consideration: &RegisterRow) -> bool {
    number(consideration, "paid-yen") > number(consideration, "cost-yen")
}

/// Holds all registers against the law on a day.
///
/// # Errors
/// A register, a parameter or the calendar that cannot be read: then nothing is said to be in order.
pub fn problems(db: &mut ActDb, set: &ParameterSet, on: Date) -> Result<Vec<Problem>, RegistersUnread> {
    let mut found = Vec::new();
    for c in db.register("contract", None)? {
        if date(&c, "until").is_some_and(|until| until >= on) {
            for p in contract_problems(&c, on.max(date(&c, "from").unwrap_or(on))) {
                found.push(Problem::new("C-063", true, format!("contract {}: {p}", c.entry)));
            }
        }
    }
    let calendar = Calendar::shipped()?;
    let within = set.number(ACKNOWLEDGED_WITHIN, on)?;
    for h in handover::all(db)? {
        for (blocks, what) in handover_problems(&h, within, &calendar, on)? {
            found.push(Problem::new("C-068", blocks, format!("handover {}: {what}", h.entry)));
        }
    }
    let recall_days = set.number(handover::RECALL_DAYS, on)?;
    for o in overdue(&handover::obligations(db, recall_days)?, on) {
        found.push(Problem::new(
            "C-069",
            true,
            format!("obligation {}: {} overdue", o.entry, text(o, "what")),
        ));
    }
    for c in db.register("consideration", None)? {
        if above_cost(&c) {
            found.push(Problem::new("C-073", false, format!("consideration {}: above the cost", c.entry)));
        }
    }
    let review_days = days(set.number("register.log_review_days", on)?)?;
    let newest = db.register("log-review", None)?.iter().filter_map(|r| date(r, "on")).max();
    if newest.is_none_or(|d| d > on || (on - d).get_days() > review_days) {
        found.push(Problem::new("C-079", false, "no review of the logs in time".to_owned()));
    }
    let alarms: Vec<i32> = parameters::word(set, "register.evidence_alarm_days", on)?
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| ParameterError::Unreadable("register.evidence_alarm_days".to_owned()))?;
    let evidence = db.register("evidence", None)?;
    for what in ["certificate", "isms"] {
        if !evidence.iter().any(|e| text(e, "what") == what) {
            found.push(Problem::new("C-090", false, format!("no {what} in the register of evidence")));
        }
    }
    for e in &evidence {
        let left = date(e, "until").map_or(-1, |until| (until - on).get_days());
        if left < 0 {
            found.push(Problem::new("C-090", false, format!("evidence {}: expired", e.entry)));
        } else if let Some(alarm) = alarms.iter().filter(|a| left <= **a).min() {
            let what = format!("evidence {}: expires in {left} days (alarm at {alarm})", e.entry);
            found.push(Problem::new("C-090", false, what));
        }
    }
    Ok(found)
}

fn days(n: u64) -> Result<i32, ParameterError> {
    i32::try_from(n).map_err(|_| ParameterError::Unreadable("a number of days too large".to_owned()))
}

/// What could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RegistersUnread {
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A parameter.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The calendar.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::register::{FieldKind, class};

    const DAY: Date = Date::constant(2026, 11, 20);

    fn row(class: &str, fields: &[(&str, &str)]) -> RegisterRow {
        RegisterRow {
            class: class.to_owned(),
            entry: format!("{class}-1"),
            version: 1,
            at: Timestamp::UNIX_EPOCH,
            actor: "t".to_owned(),
            fields: fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        }
    }

    fn contract() -> RegisterRow {
        let mut c = row(
            "contract",
            &[
                ("user", "見本製薬"),
                ("signed", "2026-01-10"),
                ("from", "2026-02-01"),
                ("until", "2027-01-31"),
            ],
        );
        for f in class("contract").unwrap().fields.iter().filter(|f| f.kind == FieldKind::Flag) {
            c.fields.insert(f.name.clone(), "yes".to_owned());
        }
        c
    }

    #[test]
    fn a_contract_allows_only_with_every_clause_and_inside_its_days() {
        assert!(contract_problems(&contract(), DAY).is_empty());
        for day in ["2026-01-31", "2027-02-01"] {
            assert!(!contract_problems(&contract(), day.parse().unwrap()).is_empty(), "{day}");
        }
        let clauses: BTreeMap<String, String> =
            contract().fields.into_iter().filter(|(k, _)| k.starts_with("clause-")).collect();
        assert_eq!(clauses.len(), 15);
        for clause in clauses.keys() {
            let mut c = contract();
            c.fields.insert(clause.clone(), "no".to_owned());
            assert_eq!(contract_problems(&c, DAY).len(), 1, "{clause}");
        }
    }

    #[test]
    fn an_overdue_duty_stops_the_next_release_of_that_user_only() {
        let duty = |user, due, done: Option<&str>| {
            let mut o = row("obligation", &[("user", user), ("what", "questionnaire"), ("due", due)]);
            if let Some(done) = done {
                o.fields.insert("done".to_owned(), done.to_owned());
            }
            o
        };
        let may = |duties: &[RegisterRow], user| may_receive(&[contract()], duties, user, DAY).is_ok();
        assert!(may(&[], "見本製薬"));
        assert!(!may(&[], "別の利用者"));
        assert!(!may(&[duty("見本製薬", "2026-11-19", None)], "見本製薬"));
        assert!(may(&[duty("見本製薬", "2026-11-20", None)], "見本製薬"));
        assert!(may(&[duty("見本製薬", "2026-11-19", Some("2026-11-19"))], "見本製薬"));
        assert!(may(&[duty("別の利用者", "2026-11-19", None)], "見本製薬"));
    }
}
