//! The yearly report to the ministers (事業報告): counts computed from the books alone, the same every time they are
//! computed (law: R-REP-01, check C-088).
//!
//! Everything is counted up to a cutoff that stands in the report: what is booked later does not change it. No person, no
//! account and no free text gets into a report.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::parameter::{ParameterError, ParameterSet};
use musubi_storage::StorageError;
use musubi_storage::registry::ActDb;
use serde::{Deserialize, Serialize};

use crate::book::{BookEvent, day_begins};
use crate::incident::{self, AlarmHours, IncidentClass};
use crate::inquiry::{InquiryKind, Promises};
use crate::register::date;
use crate::{inquiry, register};

/// One count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its name for programs.
    pub key: String,
    /// Its name for people.
    pub ja: String,
    /// The count; none: nothing in this installation counts it.
    pub count: Option<u64>,
}

/// Counts that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Name for programs.
    pub key: String,
    /// Name for people.
    pub ja: String,
    /// Its counts.
    pub lines: Vec<Line>,
}

impl Section {
    fn new(key: &str, ja: &str) -> Self {
        Self { key: key.to_owned(), ja: ja.to_owned(), lines: Vec::new() }
    }

    fn add(&mut self, key: &str, ja: &str, count: u64) {
        self.lines.push(Line { key: key.to_owned(), ja: ja.to_owned(), count: Some(count) });
    }
}

/// A year's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct YearlyReport {
    /// Version of this layout; 1.
    pub version: u32,
    /// The business year.
    pub year: i16,
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub until: Date,
    /// What came at this moment or later is not counted.
    pub cutoff: Timestamp,
    /// The counts.
    pub sections: Vec<Section>,
}

/// Why no report was made.
#[derive(Debug, thiserror::Error)]
pub enum YearlyError {
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A parameter.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The year is no year, or has not begun.
    #[error("business year {0} cannot be reported")]
    Year(i16),
    /// It cannot be written as JSON.
    #[error("writing the report")]
    Json(#[from] serde_json::Error),
}

/// What the books of notices count at the end of a year.
pub fn notices(db: &mut ActDb, _: Timestamp, to: Timestamp) -> Result<Vec<Line>, StorageError> {
    let (notified, held) = db.notified_and_held(to)?;
    let line =
        |key: &str, ja: &str, count| Line { key: key.to_owned(), ja: ja.to_owned(), count: Some(count) };
    Ok(vec![line("notified", "通知した本人(医療機関等ごと)", notified), line("held", "通知待ちの単位", held)])
}

/// First and last day of a business year.
pub fn days(set: &ParameterSet, year: i16, on: Date) -> Result<(Date, Date), YearlyError> {
    let month = i8::try_from(set.number("yearly.first_month", on)?).map_err(|_| YearlyError::Year(year))?;
    let wrong = |_| YearlyError::Year(year);
    let from = Date::new(year, month, 1).map_err(wrong)?;
    let next = year.checked_add(1).ok_or(YearlyError::Year(year))?;
    let until = Date::new(next, month, 1).and_then(Date::yesterday).map_err(wrong)?;
    Ok((from, until))
}

/// Computes the report of a year as of `now`: the cutoff is `now`, or the end of the year when it is over. What other
/// books count (`notices`: persons notified, held, …) is given by whoever keeps them, up to the same cutoff.
pub fn compute(
    db: &mut ActDb,
    set: &ParameterSet,
    year: i16,
    now: Timestamp,
    notices: &mut dyn FnMut(&mut ActDb, Timestamp, Timestamp) -> Result<Vec<Line>, StorageError>,
) -> Result<YearlyReport, YearlyError> {
    let (from, until) = days(set, year, crate::book::japanese_day(now))?;
    let begins = day_begins(from)?;
    let ends = day_begins(until.tomorrow().map_err(|_| YearlyError::Year(year))?)?;
    if now <= begins {
        return Err(YearlyError::Year(year));
    }
    let cutoff = now.min(ends);
    let last = if cutoff == ends { until } else { crate::book::japanese_day(cutoff) };
    let mut persons = Section::new("persons", "本人");
    persons.lines = notices(db, begins, cutoff)?;
    let stops: u64 = db.opt_out_counts(begins, cutoff)?.iter().map(|(_, n)| n).sum();
    persons.add("opt-outs", "停止の求め", stops);
    let sections = vec![
        providers(db, begins, cutoff)?,
        persons,
        book_of_year(db, from, until, cutoff)?,
        decisions(db, begins, cutoff)?,
        incidents(db, begins, cutoff)?,
        inquiries(db, set, begins, cutoff, last)?,
        registers(db, begins, cutoff, last)?,
    ];
    Ok(YearlyReport { version: 1, year, from, until, cutoff, sections })
}

fn providers(db: &mut ActDb, from: Timestamp, until: Timestamp) -> Result<Section, StorageError> {
    let mut section = Section::new("providers", "医療情報取扱事業者");
    let received = db.received_counts(from, until)?;
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for r in &received {
        *kinds.entry(if r.kind.is_empty() { "unknown" } else { &r.kind }).or_default() += 1;
    }
    for (kind, n) in kinds {
        section.add(&format!("kind-{kind}"), &format!("種別 {kind}"), n);
    }
    section.add("receipts", "受領の記録", received.iter().map(|r| r.receipts).sum());
    section.add("records", "受領した記録の件数", received.iter().map(|r| r.records).sum());
    Ok(section)
}

fn book_of_year(db: &mut ActDb, from: Date, until: Date, cutoff: Timestamp) -> Result<Section, StorageError> {
    let mut section = Section::new("book", "帳簿の記載");
    let rows = db.book_of_days(from, until)?;
    for event in BookEvent::ALL {
        let n = rows
            .iter()
            .filter(|r| r.event == event.as_str() && r.at.parse::<Timestamp>().is_ok_and(|at| at < cutoff))
            .count();
        section.add(event.as_str(), event.ja(), u64::try_from(n).unwrap_or(u64::MAX));
    }
    Ok(section)
}

fn decisions(db: &mut ActDb, from: Timestamp, until: Timestamp) -> Result<Section, StorageError> {
    let mut section = Section::new("decisions", "審査と提供");
    let before = |at: Timestamp| at >= from && at < until;
    let all = db.decided_requests(until)?;
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let earlier = db.decided_requests(from)?.len();
    section.add("requests", "申出", count(all.len() - earlier.min(all.len())));
    section.add("approved", "承認", count(all.iter().filter(|r| r.approved_at.is_some_and(before)).count()));
    section.add("released", "提供", count(all.iter().filter(|r| r.sealed_at.is_some_and(before)).count()));
    Ok(section)
}

fn incidents(db: &mut ActDb, from: Timestamp, until: Timestamp) -> Result<Section, StorageError> {
    let mut section = Section::new("incidents", "事故");
    let (mut serious, mut minor, mut reported, mut unnotified) = (0, 0, 0, 0);
    for (incident, mut events) in db.incidents()? {
        if incident.opened_at < from || incident.opened_at >= until {
            continue;
        }
        events.retain(|e| e.at < until);
        let state = incident::state(&incident, &events, &AlarmHours::none(), until);
        match state.class {
            IncidentClass::Serious => serious += 1,
            IncidentClass::Minor => minor += 1,
        }
        reported += u64::from(!state.reports.is_empty());
        unnotified += state.unnotified;
    }
    section.add("serious", "重大", serious);
    section.add("minor", "軽微", minor);
    section.add("reported", "主務大臣に報告したもの", reported);
    section.add("unnotified-persons", "未通知であった本人の数", unnotified);
    Ok(section)
}

fn inquiries(
    db: &mut ActDb,
    set: &ParameterSet,
    from: Timestamp,
    until: Timestamp,
    last: Date,
) -> Result<Section, YearlyError> {
    let mut section = Section::new("inquiries", "問い合わせ・苦情");
    let promises = Promises::in_force(set, last)?;
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    let mut late = 0;
    for (q, mut events) in db.inquiries()? {
        if q.at < from || q.at >= until {
            continue;
        }
        events.retain(|e| e.at < until);
        let kind = InquiryKind::from_name(&q.kind).map_or("unknown", InquiryKind::as_str);
        *kinds.entry(kind).or_default() += 1;
        late += u64::from(inquiry::state(&q, &events, &promises, last).late);
    }
    for kind in InquiryKind::ALL {
        section.add(kind.as_str(), kind.ja(), kinds.get(kind.as_str()).copied().unwrap_or(0));
    }
    section.add("late", "期限を過ぎた回答", late);
    Ok(section)
}

fn registers(db: &mut ActDb, from: Timestamp, until: Timestamp, last: Date) -> Result<Section, StorageError> {
    let mut section = Section::new("registers", "契約・委託・教育・訓練");
    let first = crate::book::japanese_day(from);
    let rows = |db: &mut ActDb, class: &str| db.register(class, Some(until));
    let in_force = |r: &musubi_storage::act::register::RegisterRow| {
        date(r, "from").is_some_and(|d| d <= last) && date(r, "until").is_some_and(|d| d >= last)
    };
    let within = |day: Option<Date>| day.is_some_and(|d| d >= first && d <= last);
    for (class, ja) in [("contract", "有効な契約"), ("outsourcing", "有効な委託")] {
        let n = rows(db, class)?.iter().filter(|r| in_force(r)).count();
        section.add(class, ja, u64::try_from(n).unwrap_or(u64::MAX));
    }
    for (class, ja) in [("training", "教育を受けたアカウント"), ("drill", "訓練"), ("log-review", "ログ点検")]
    {
        let entries = rows(db, class)?;
        let n = match class {
            "training" => {
                let mut accounts: Vec<&str> = entries
                    .iter()
                    .filter(|r| within(date(r, "on")))
                    .map(|r| register::text(r, "account"))
                    .collect();
                accounts.sort_unstable();
                accounts.dedup();
                accounts.len()
            }
            _ => entries.iter().filter(|r| within(date(r, "on"))).count(),
        };
        section.add(class, ja, u64::try_from(n).unwrap_or(u64::MAX));
    }
    Ok(section)
}

impl YearlyReport {
    /// As JSON: the bytes that are hashed. The same report gives the same bytes.
    pub fn json(&self) -> Result<String, YearlyError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// As CSV: UTF-8 with a byte order mark.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out = String::from("\u{feff}");
        out.push_str(&crate::csv::line(&["区分", "項目", "名称", "数"]));
        for section in &self.sections {
            for line in &section.lines {
                let count = line.count.map_or_else(String::new, |n| n.to_string());
                out.push_str(&crate::csv::line(&[&section.ja, &line.key, &line.ja, &count]));
            }
        }
        out
    }
}

/// The hash by which a report or page is kept.
#[must_use]
pub fn hash(json: &str) -> String {
    blake3::hash(json.as_bytes()).to_hex().to_string()
}
