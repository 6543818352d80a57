//! Incidents (漏えい等): opened on suspicion, reported first, counted later (law: R-SEC-13, check C-085).
//!
//! The clocks run from the first suspicion, never from the moment when counting was done. One un-notified person makes an
//! incident serious by itself, and nobody can close one that was not reported. Nothing here names a person.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use musubi_model::parameter::{ParameterError, ParameterSet};
use musubi_storage::StorageError;
use musubi_storage::act::incident::{IncidentEventRow, IncidentRow};
use musubi_storage::registry::ActDb;

use crate::book::{self, BookEntry, BookEvent, japanese_day};
use crate::parameters;

word_list! {
    /// Kind of an incident.
    IncidentKind {
        /// Data of persons without a notice were taken in.
        Unnotified = "unnotified", "未通知データの受領";
        /// Data leaked, or may have.
        Leak = "leak", "漏えい";
        /// Data were lost.
        Loss = "loss", "滅失";
        /// Data were damaged.
        Damage = "damage", "毀損";
        /// Somebody was identified, or tried to identify.
        Identified = "identified", "識別行為";
        /// Something else.
        Other = "other", "その他";
    }
}

word_list! {
    /// How grave it is.
    IncidentClass {
        /// To be reported.
        Serious = "serious", "重大";
        /// Not serious, as far as is known.
        Minor = "minor", "軽微";
    }
}

/// The alarms, in hours from the suspicion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmHours(Vec<i64>);

impl AlarmHours {
    /// No clocks: for counting only.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// Those in force on a day: a rising list, the first of them the hour by which the first report is due.
    pub fn in_force(set: &ParameterSet, on: Date) -> Result<Self, ParameterError> {
        let text = parameters::word(set, "incident.alarm_hours", on)?;
        let hours: Vec<i64> =
            text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map_err(|_| {
                ParameterError::Unreadable("incident.alarm_hours is no list of hours".to_owned())
            })?;
        let rising = hours.iter().zip(hours.iter().skip(1)).all(|(a, b)| a < b);
        if hours.is_empty() || !rising || hours.iter().any(|h| *h <= 0) {
            return Err(ParameterError::Unreadable("incident.alarm_hours does not rise".to_owned()));
        }
        Ok(Self(hours))
    }
}

/// One clock of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Its length.
    pub hours: i64,
    /// When it runs out.
    pub due: Timestamp,
    /// Minutes left; below zero: run out.
    pub minutes_left: i64,
    /// A report that was due by it went out in time.
    pub met: bool,
}

/// An incident as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentState {
    /// Its class: what people gave it, or serious by rule.
    pub class: IncidentClass,
    /// Most un-notified persons that were counted.
    pub unnotified: u64,
    /// Reports to the ministers: when, by version.
    pub reports: Vec<Timestamp>,
    /// Sets that are frozen until the report.
    pub frozen: Vec<String>,
    /// When it was closed.
    pub closed: Option<Timestamp>,
    /// The clocks.
    pub clocks: Vec<Clock>,
}

impl IncidentState {
    /// A clock ran out without the report that was due, or the class is below what the rule says (check C-085).
    #[must_use]
    pub fn fails(&self) -> bool {
        self.class == IncidentClass::Serious && self.clocks.iter().any(|c| !c.met && c.minutes_left < 0)
    }
}

/// What events make of an incident at a time. The `n`-th clock is met by the `n`-th report (preliminary, follow-up, final)
/// when it went out in time; a closed incident's clocks stand still. Pure.
#[must_use]
pub fn state(
    incident: &IncidentRow,
    events: &[IncidentEventRow],
    alarms: &AlarmHours,
    now: Timestamp,
) -> IncidentState {
    let unnotified = events.iter().map(|e| e.persons).max().unwrap_or(0);
    let given = events.iter().rev().find_map(|e| IncidentClass::from_name(&e.class));
    let by_rule = unnotified > 0 || incident.kind == IncidentKind::Unnotified.as_str();
    let class = if by_rule { IncidentClass::Serious } else { given.unwrap_or(IncidentClass::Serious) };
    let reports: Vec<Timestamp> = events.iter().filter(|e| e.action == "report").map(|e| e.at).collect();
    let closed = events.iter().find(|e| e.action == "close").map(|e| e.at);
    let at = closed.unwrap_or(now);
    let clocks = alarms
        .0
        .iter()
        .enumerate()
        .map(|(place, hours)| {
            let due = incident.suspected_at.saturating_add(SignedDuration::from_hours(*hours));
            let due = due.unwrap_or(Timestamp::MAX);
            Clock {
                hours: *hours,
                due,
                minutes_left: at.duration_until(due).as_mins(),
                met: reports.get(place).is_some_and(|reported| *reported <= due),
            }
        })
        .collect();
    let frozen = events.iter().filter(|e| e.action == "freeze").map(|e| e.reference.clone()).collect();
    IncidentState { class, unnotified, reports, frozen, closed, clocks }
}

/// Why something about an incident is refused.
#[derive(Debug, thiserror::Error)]
pub enum IncidentRefused {
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It is closed.
    #[error("the incident is closed")]
    Closed,
    /// It was never reported.
    #[error("an incident is not closed before it was reported to the ministers")]
    NotReported,
    /// A count of un-notified persons, and the class minor.
    #[error("un-notified persons make it serious")]
    AlwaysSerious,
}

/// An incident to be opened.
#[derive(Debug, Clone)]
pub struct Opening<'a> {
    /// When it was first suspected.
    pub suspected_at: Timestamp,
    /// Now.
    pub at: Timestamp,
    /// Who opens it.
    pub by: &'a str,
    /// Its kind.
    pub kind: IncidentKind,
    /// A job opens it.
    pub automatic: bool,
    /// One line; nothing of a person.
    pub title: &'a str,
    /// Un-notified persons known already; 0: not counted yet.
    pub unnotified: u64,
    /// What is frozen at once, e.g. `submission:…`.
    pub frozen: &'a [String],
}

/// Opens an incident and books it. Returns its number.
pub fn open(db: &mut ActDb, new: &Opening<'_>) -> Result<String, StorageError> {
    let event = |action: &str| IncidentEventRow {
        at: new.at,
        actor: new.by.to_owned(),
        action: action.to_owned(),
        ..IncidentEventRow::default()
    };
    let mut events = Vec::new();
    if new.unnotified > 0 {
        events.push(IncidentEventRow { persons: new.unnotified, ..event("count") });
    }
    for set in new.frozen {
        events.push(IncidentEventRow { reference: set.clone(), ..event("freeze") });
    }
    let row = IncidentRow {
        id: String::new(),
        suspected_at: new.suspected_at.min(new.at),
        opened_at: new.at,
        opened_by: new.by.to_owned(),
        kind: new.kind.as_str().to_owned(),
        automatic: new.automatic,
        title: new.title.to_owned(),
    };
    let id = db.open_incident(japanese_day(new.at).year(), &row, &events)?;
    book::append(
        db,
        &BookEntry {
            at: new.at,
            event: BookEvent::Incident,
            counterparty: String::new(),
            items: format!("{} {}", new.kind.as_str(), "opened"),
            persons: new.unnotified,
            records: 0,
            reference: format!("incident:{id}"),
        },
    )?;
    Ok(id)
}

/// For jobs: opens an incident about something they found and freeze, unless one about the same is open. Data of
/// un-notified persons are serious from the first of them on. Returns its number and whether it is new.
pub fn open_automatic(
    db: &mut ActDb,
    at: Timestamp,
    job: &str,
    kind: IncidentKind,
    title: &str,
    unnotified: u64,
    frozen: &[String],
) -> Result<(String, bool), StorageError> {
    for (incident, events) in db.incidents()? {
        let closed = events.iter().any(|e| e.action == "close");
        let same = events.iter().any(|e| e.action == "freeze" && frozen.contains(&e.reference));
        if !closed && same && incident.kind == kind.as_str() {
            return Ok((incident.id, false));
        }
    }
    let new = Opening { suspected_at: at, at, by: job, kind, automatic: true, title, unnotified, frozen };
    Ok((open(db, &new)?, true))
}

/// What is added to an incident.
#[derive(Debug, Clone)]
pub enum Step {
    /// A note.
    Update(String),
    /// Un-notified persons counted so far.
    Count(u64),
    /// A set that must not be deleted before the report.
    Freeze(String),
    /// A class.
    Class(IncidentClass, String),
    /// A report went to the ministers: hash of its text, and a note.
    Report(String, String),
    /// It is closed: what was learned.
    Close(String),
}

/// Adds a step; reports get the next version. Books reports.
///
/// # Errors
/// [`IncidentRefused`]; then nothing was added.
pub fn step(
    db: &mut ActDb,
    id: &str,
    at: Timestamp,
    by: &str,
    step: &Step,
) -> Result<IncidentEventRow, IncidentRefused> {
    let event = db.add_incident_event(id, |incident, events| next(incident, events, at, by, step))?;
    if event.action == "report" {
        book::append(
            db,
            &BookEntry {
                at,
                event: BookEvent::Incident,
                counterparty: "主務大臣".to_owned(),
                items: format!("report version {}", event.version),
                persons: 0,
                records: 0,
                reference: format!("incident:{id}:report:{}", event.version),
            },
        )?;
    }
    Ok(event)
}

/// The event a step becomes after all events so far. Pure.
fn next(
    incident: &IncidentRow,
    events: &[IncidentEventRow],
    at: Timestamp,
    by: &str,
    step: &Step,
) -> Result<IncidentEventRow, IncidentRefused> {
    if events.iter().any(|e| e.action == "close") {
        return Err(IncidentRefused::Closed);
    }
    let reports = events.iter().filter(|e| e.action == "report").count();
    let mut e = IncidentEventRow { at, actor: by.to_owned(), ..IncidentEventRow::default() };
    match step {
        Step::Update(note) => (e.action, e.note) = ("update".to_owned(), note.clone()),
        Step::Count(persons) => (e.action, e.persons) = ("count".to_owned(), *persons),
        Step::Freeze(set) => (e.action, e.reference) = ("freeze".to_owned(), set.clone()),
        Step::Class(class, note) => {
            let counted = events.iter().any(|e| e.persons > 0);
            let by_rule = counted || incident.kind == IncidentKind::Unnotified.as_str();
            if by_rule && *class == IncidentClass::Minor {
                return Err(IncidentRefused::AlwaysSerious);
            }
            (e.action, e.class, e.note) = ("class".to_owned(), class.as_str().to_owned(), note.clone());
        }
        Step::Report(hash, note) => {
            (e.action, e.reference, e.note) = ("report".to_owned(), hash.clone(), note.clone());
            e.version = u32::try_from(reports + 1).unwrap_or(u32::MAX);
        }
        Step::Close(note) => {
            let minor = events.iter().rev().find_map(|e| IncidentClass::from_name(&e.class))
                == Some(IncidentClass::Minor)
                && events.iter().all(|e| e.persons == 0);
            if reports == 0 && !minor {
                return Err(IncidentRefused::NotReported);
            }
            (e.action, e.note) = ("close".to_owned(), note.clone());
        }
    }
    Ok(e)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_790_000_000;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(START + hours * 3600).unwrap()
    }

    fn incident(kind: IncidentKind) -> IncidentRow {
        IncidentRow {
            id: "I-2026-0001".to_owned(),
            suspected_at: at(0),
            opened_at: at(1),
            opened_by: "night".to_owned(),
            kind: kind.as_str().to_owned(),
            automatic: false,
            title: "試験".to_owned(),
        }
    }

    fn alarms() -> AlarmHours {
        AlarmHours(vec![24, 72, 720])
    }

    #[test]
    fn the_clock_runs_from_suspicion_and_counting_does_not_stop_it() {
        let row = incident(IncidentKind::Leak);
        let mut events = Vec::new();
        // Ten days of counting without a report, as it once happened.
        for day in 0..10 {
            events.push(next(&row, &events, at(day * 24), "s", &Step::Count(0)).unwrap());
        }
        let state = state(&row, &events, &alarms(), at(240));
        assert!(state.fails());
        assert_eq!(state.clocks[0].minutes_left, (24 - 240) * 60);
        assert_eq!(state.class, IncidentClass::Serious, "not classed is not minor");
    }

    #[test]
    fn one_unnotified_person_is_serious_whatever_was_said_before() {
        let row = incident(IncidentKind::Other);
        let mut events =
            vec![next(&row, &[], at(1), "s", &Step::Class(IncidentClass::Minor, String::new())).unwrap()];
        assert_eq!(state(&row, &events, &alarms(), at(2)).class, IncidentClass::Minor);
        events.push(next(&row, &events, at(2), "s", &Step::Count(1)).unwrap());
        assert_eq!(state(&row, &events, &alarms(), at(2)).class, IncidentClass::Serious);
        let minor = Step::Class(IncidentClass::Minor, String::new());
        assert!(matches!(next(&row, &events, at(3), "s", &minor), Err(IncidentRefused::AlwaysSerious)));
        assert!(matches!(
            next(&row, &events, at(3), "s", &Step::Close(String::new())),
            Err(IncidentRefused::NotReported)
        ));
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Update("x".to_owned())),
            (0u64..3).prop_map(Step::Count),
            Just(Step::Freeze("submission:1".to_owned())),
            Just(Step::Class(IncidentClass::Minor, String::new())),
            Just(Step::Class(IncidentClass::Serious, String::new())),
            Just(Step::Report("h".to_owned(), String::new())),
            Just(Step::Close("done".to_owned())),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_done_nothing_serious_is_closed_unreported_and_nothing_follows_a_close(
            steps in prop::collection::vec(any_step(), 0..30), unnotified in any::<bool>()
        ) {
            let row = incident(if unnotified { IncidentKind::Unnotified } else { IncidentKind::Other });
            let mut events: Vec<IncidentEventRow> = Vec::new();
            for (hour, step) in steps.iter().enumerate() {
                if let Ok(e) = next(&row, &events, at(i64::try_from(hour).unwrap()), "s", step) {
                    events.push(e);
                }
            }
            let now = state(&row, &events, &alarms(), at(100));
            if now.closed.is_some() {
                prop_assert!(now.class == IncidentClass::Minor || !now.reports.is_empty());
                prop_assert_eq!(events.last().map(|e| e.action.as_str()), Some("close"));
            }
            if unnotified || events.iter().any(|e| e.persons > 0) {
                prop_assert_eq!(now.class, IncidentClass::Serious);
            }
            let versions: Vec<u32> = events.iter().filter(|e| e.version > 0).map(|e| e.version).collect();
            let expect: Vec<u32> = (1..).take(versions.len()).collect();
            prop_assert_eq!(versions, expect);
        }

        #[test]
        fn a_clock_is_met_exactly_by_a_report_in_time(hours in 0i64..1000) {
            let row = incident(IncidentKind::Leak);
            let events =
                [next(&row, &[], at(hours), "s", &Step::Report("h".to_owned(), String::new())).unwrap()];
            let now = state(&row, &events, &alarms(), at(1000));
            prop_assert_eq!(now.clocks[0].met, hours <= 24);
            prop_assert!(!now.clocks[1].met, "one report does not meet the second clock");
        }
    }

    #[test]
    fn alarms_that_do_not_rise_are_no_alarms() {
        let on = Date::constant(2026, 4, 1);
        assert_eq!(AlarmHours::in_force(&parameters::parameters(None).unwrap(), on), Ok(alarms()));
        for wrong in ["", "24 24", "72 24", "-1 5", "soon"] {
            let row = format!(
                "[[parameter]]\nname='incident.alarm_hours'\nvalue='{wrong}'\nfrom='2026-03-01'\nbasis='試験'\nverified='D'\n"
            );
            let set = ParameterSet::parse(&row).unwrap();
            assert!(AlarmHours::in_force(&set, on).is_err(), "{wrong}");
        }
    }
}
