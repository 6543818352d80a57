//! Business days (営業日) in Japan: weekends, national holidays and the turn of the year, by data. A year without data is
//! no calendar: it must never be taken for a year without holidays.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use serde::Deserialize;

/// As shipped.
const SHIPPED: &str = include_str!("../calendar/holidays.toml");

/// Why a day cannot be counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The data cannot be read.
    #[error("the calendar cannot be read: {0}")]
    Unreadable(String),
    /// Nothing is known of the year.
    #[error("the calendar has no holidays of {0}")]
    NoSuchYear(i16),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    closed_every_year: Vec<String>,
    year: Vec<Year>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    year: i16,
    #[allow(dead_code)] // for whoever reads the file: every year says where its days are from
    basis: String,
    days: Vec<String>,
}

/// The days on which the desk is closed, by year.
#[derive(Debug, Clone)]
pub struct Calendar {
    closed: BTreeMap<i16, BTreeSet<Date>>,
}

impl Calendar {
    /// The shipped one.
    pub fn shipped() -> Result<Self, CalendarError> {
        let file: File = toml::from_str(SHIPPED).map_err(|e| CalendarError::Unreadable(e.to_string()))?;
        let mut closed = BTreeMap::new();
        for year in &file.year {
            let days = year
                .days
                .iter()
                .chain(&file.closed_every_year)
                .map(|day| format!("{:04}-{day}", year.year).parse())
                .collect::<Result<BTreeSet<Date>, _>>()
                .map_err(|e| CalendarError::Unreadable(e.to_string()))?;
            closed.insert(year.year, days);
        }
        Ok(Self { closed })
    }

    /// The desk is open on this day.
    pub fn is_business_day(&self, day: Date) -> Result<bool, CalendarError> {
        let closed = self.closed.get(&day.year()).ok_or(CalendarError::NoSuchYear(day.year()))?;
        Ok(!matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !closed.contains(&day))
    }

    /// The `days`-th business day after a day, which itself is not counted.
    pub fn after(&self, day: Date, days: u64) -> Result<Date, CalendarError> {
        let (mut at, mut left) = (day, days);
        while left > 0 {
            at = at.tomorrow().map_err(|_| CalendarError::NoSuchYear(at.year()))?;
            if self.is_business_day(at)? {
                left -= 1;
            }
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_holidays_and_the_turn_of_the_year_do_not_count() {
        let calendar = Calendar::shipped().unwrap();
        for (from, days, due) in [
            ("2026-11-20", 1, "2026-11-24"),
            ("2026-09-18", 1, "2026-09-24"),
            ("2026-12-28", 1, "2027-01-04"),
            ("2026-05-01", 3, "2026-05-11"),
            ("2026-11-09", 0, "2026-11-09"),
            ("2026-11-09", 10, "2026-11-24"),
        ] {
            assert_eq!(calendar.after(day(from), days), Ok(day(due)), "{from} + {days}");
        }
    }

    #[test]
    fn a_year_that_is_not_known_stops() {
        let calendar = Calendar::shipped().unwrap();
        assert_eq!(calendar.after(day("2024-12-31"), 0), Ok(day("2024-12-31")));
        assert!(calendar.is_business_day(day("2031-01-05")).is_err());
        assert!(calendar.after(day("2028-12-28"), 3).is_err());
    }

    #[test]
    fn no_holiday_falls_on_a_day_that_its_month_does_not_have() {
        let calendar = Calendar::shipped().unwrap();
        assert_eq!(calendar.closed.len(), 4);
        assert!(calendar.closed.values().all(|days| days.len() >= 20));
    }
}
