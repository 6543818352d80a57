//! The calendar of feeds (提出暦): what every agreed day has brought, in one word a day, worst first; and how long a run still
//! takes, judged by earlier ones. Pure: days, states and counts come in, words go out. Nothing here is about a person.

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};
use musubi_model::submission::SubmissionState;
use musubi_storage::delivery::DeliveryRow;
use serde::Serialize;

use crate::book::japanese_day;

/// Deliveries that must be there before one can be called unusually small.
const USUAL_FROM: usize = 3;
/// Runs that must have ended before the end of another is foretold.
const FORECAST_FROM: usize = 3;

/// What a day of a feed has come to, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Nothing was agreed for it, or it has not come yet.
    NotDue,
    /// Came whole and in time.
    OnTime,
    /// Due today and not here yet.
    Awaited,
    /// Being worked on.
    UnderWay,
    /// Came whole, but late.
    Late,
    /// Part of it could not be used.
    Partial,
    /// Set aside as a whole.
    Quarantined,
    /// Refused.
    Rejected,
    /// Agreed, and not there.
    Missing,
}

impl Mark {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NotDue,
        Self::OnTime,
        Self::Awaited,
        Self::UnderWay,
        Self::Late,
        Self::Partial,
        Self::Quarantined,
        Self::Rejected,
        Self::Missing,
    ];

    /// The word in values for machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        self.words().1
    }

    /// The English word.
    #[must_use]
    pub fn en(self) -> &'static str {
        self.words().2
    }

    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::NotDue => ("not-due", "予定なし", "not due"),
            Self::OnTime => ("on-time", "期日どおり", "on time"),
            Self::Awaited => ("awaited", "本日到着予定", "awaited today"),
            Self::UnderWay => ("under-way", "処理中", "under way"),
            Self::Late => ("late", "遅れて到着", "late"),
            Self::Partial => ("partial", "一部を隔離", "partly set aside"),
            Self::Quarantined => ("quarantined", "全体を隔離", "set aside"),
            Self::Rejected => ("rejected", "受付不可", "refused"),
            Self::Missing => ("missing", "未提出", "missing"),
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.as_str() == word)
    }

    /// Somebody at the sender has to do something.
    #[must_use]
    pub fn needs_sender(self) -> bool {
        matches!(self, Self::Partial | Self::Quarantined | Self::Rejected | Self::Missing)
    }
}

/// What is agreed with a feed, and what it has brought before the days that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// Days between deliveries.
    pub every_days: u32,
    /// The last day before, for which something was taken in.
    pub before: Option<Date>,
}

/// The rules in force, from parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarRules {
    /// Days after the business day within which a delivery is in time (`deliveries.late_days`).
    pub late_days: u64,
    /// A delivery of fewer records than this share of the usual is small (`deliveries.volume_low_percent`).
    pub volume_low_percent: u64,
}

/// One day of one feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedDay {
    /// The day.
    pub day: Date,
    /// What it has come to.
    pub mark: Mark,
    /// The delivery that counts: place in the list that was given.
    pub counts: Option<usize>,
    /// How many deliveries came for it.
    pub deliveries: usize,
    /// It brought far fewer records than the feed usually does.
    pub small: bool,
}

/// What one delivery has come to.
#[must_use]
pub fn mark_of(one: &DeliveryRow, rules: &CalendarRules) -> Mark {
    match one.state {
        SubmissionState::Rejected => Mark::Rejected,
        SubmissionState::Quarantined => Mark::Quarantined,
        state if !state.is_final() => Mark::UnderWay,
        _ if one.quarantined > 0 => Mark::Partial,
        _ => {
            let last = i64::try_from(rules.late_days)
                .ok()
                .and_then(|days| one.day.checked_add(Span::new().try_days(days).ok()?).ok());
            if last.is_some_and(|last| japanese_day(one.received_at) > last) {
                Mark::Late
            } else {
                Mark::OnTime
            }
        }
    }
}

/// The number of records that a feed usually brings; `None` when too few have come to say.
#[must_use]
pub fn usual(all: &[DeliveryRow]) -> Option<u64> {
    let taken = all.iter().filter(|d| d.state == SubmissionState::Acknowledged);
    let mut records: Vec<u64> = taken.map(|d| d.records).collect();
    records.sort_unstable();
    if records.len() < USUAL_FROM { None } else { records.get(records.len() / 2).copied() }
}

/// The days of a feed from `from` to `until`. `all` are its deliveries of these days, in order.
#[must_use]
pub fn days(
    rhythm: Rhythm,
    all: &[DeliveryRow],
    (from, until): (Date, Date),
    today: Date,
    rules: &CalendarRules,
) -> Vec<FeedDay> {
    let usual = usual(all);
    let mut before = rhythm.before;
    let every = Span::new().days(i64::from(rhythm.every_days.max(1)));
    from.series(Span::new().days(1))
        .take_while(|day| *day <= until)
        .map(|day| {
            let came = || all.iter().enumerate().filter(|(_, d)| d.day == day);
            // What was taken in counts before what was refused, the newer before the older.
            let counts = came().max_by_key(|(place, d)| (d.state == SubmissionState::Acknowledged, *place));
            let due = before.and_then(|last| last.checked_add(every).ok()).is_some_and(|due| due <= day);
            let mark = match counts {
                Some((_, one)) => mark_of(one, rules),
                None if day > today || !due => Mark::NotDue,
                None if day == today => Mark::Awaited,
                None => Mark::Missing,
            };
            if counts.is_some_and(|(_, d)| d.state == SubmissionState::Acknowledged) {
                before = Some(day);
            }
            let small = counts.zip(usual).is_some_and(|((_, d), usual)| {
                d.state == SubmissionState::Acknowledged
                    && u128::from(d.records) * 100 < u128::from(usual) * u128::from(rules.volume_low_percent)
            });
            FeedDay { day, mark, counts: counts.map(|(place, _)| place), deliveries: came().count(), small }
        })
        .collect()
}

/// When a run is likely to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// Half of earlier runs were done by then.
    pub likely: Timestamp,
    /// All earlier runs were done by then.
    pub latest: Timestamp,
    /// It takes longer than any run that was looked at.
    pub overrun: bool,
    /// Runs that this is drawn from.
    pub from_runs: usize,
}

/// Foretells the end of a run from how long earlier ones took. `None`: too few have ended to say.
#[must_use]
pub fn forecast(began: Timestamp, now: Timestamp, earlier: &[SignedDuration]) -> Option<Forecast> {
    let mut took = earlier.to_vec();
    took.sort_unstable();
    let (middle, longest) = (took.get(took.len() / 2)?, took.last()?);
    if took.len() < FORECAST_FROM {
        return None;
    }
    let latest = began.checked_add(*longest).ok()?;
    Some(Forecast {
        likely: began.checked_add(*middle).ok()?,
        latest,
        overrun: now > latest,
        from_runs: took.len(),
    })
}

#[cfg(test)]
#[path = "deliveries/tests.rs"]
mod tests;
