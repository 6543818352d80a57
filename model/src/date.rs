//! Dates as sources write them: Western or era (和暦), whole or partial. Never padded: `2024-04` stays a month.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A date known to the year, the month or the day.
///
/// Ordered by year, then month, then day; an unknown part sorts before a known one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialDate {
    year: i16,
    month: u8,
    day: u8,
}

/// Why a text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Neither one of the known lengths nor all digits.
    #[error("not a date: expected YYYYMMDD, YYYYMM, GYYMMDD or GYYMM")]
    Shape,
    /// The era digit or letter is not one of 明治 … 令和.
    #[error("unknown era: expected 1 to 5, or M T S H R")]
    Era,
    /// Month 13, 31 April, 29 February of a common year.
    #[error("no such day in the calendar")]
    Calendar,
}

/// An era (元号) with the first day on which it was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Era {
    /// Digit in receipts and prescription codes, 1 to 5.
    pub digit: u8,
    /// Letter in medication-notebook codes.
    pub letter: char,
    /// Japanese name.
    pub name: &'static str,
    /// Western year of year zero: Western = `base` + era year.
    pub base: i16,
    /// First day, as (year, month, day).
    pub first: (i16, u8, u8),
}

/// The five eras since the Meiji restoration, in order. Source: formats.md §0.2.
pub const ERAS: [Era; 5] = [
    Era { digit: 1, letter: 'M', name: "明治", base: 1867, first: (1868, 1, 25) },
    Era { digit: 2, letter: 'T', name: "大正", base: 1911, first: (1912, 7, 30) },
    Era { digit: 3, letter: 'S', name: "昭和", base: 1925, first: (1926, 12, 25) },
    Era { digit: 4, letter: 'H', name: "平成", base: 1988, first: (1989, 1, 8) },
    Era { digit: 5, letter: 'R', name: "令和", base: 2018, first: (2019, 5, 1) },
];

/// A date read from a text, with what was unusual about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadDate {
    /// The date.
    pub date: PartialDate,
    /// The era's name does not reach that day (平成31年5月, 昭和64年2月): tolerated, with a warning.
    pub outside_era: bool,
    /// Month or day was written `00`: the rest is unknown.
    pub zero_part: bool,
}

impl PartialDate {
    /// A whole day.
    #[must_use]
    pub fn day(date: Date) -> Self {
        Self { year: date.year(), month: date.month().unsigned_abs(), day: date.day().unsigned_abs() }
    }

    /// From parts; `month` and `day` 0 mean unknown. `None` when the calendar has no such day.
    #[must_use]
    pub fn new(year: i16, month: u8, day: u8) -> Option<Self> {
        let known_day = if day == 0 { 1 } else { day };
        let known_month = if month == 0 { 1 } else { month };
        if (month == 0 && day != 0) || !(1..=9999).contains(&year) {
            return None;
        }
        let (m, d) = (i8::try_from(known_month).ok()?, i8::try_from(known_day).ok()?);
        Date::new(year, m, d).ok()?;
        Some(Self { year, month, day })
    }

    /// The year.
    #[must_use]
    pub fn year(&self) -> i16 {
        self.year
    }

    /// The month, when known.
    #[must_use]
    pub fn month(&self) -> Option<u8> {
        (self.month != 0).then_some(self.month)
    }

    /// The day of the month, when known.
    #[must_use]
    pub fn day_of_month(&self) -> Option<u8> {
        (self.day != 0).then_some(self.day)
    }

    /// The calendar day, when the whole date is known.
    #[must_use]
    pub fn to_date(&self) -> Option<Date> {
        if self.day == 0 {
            return None;
        }
        Date::new(self.year, i8::try_from(self.month).ok()?, i8::try_from(self.day).ok()?).ok()
    }

    /// The first day the date can mean; for ordering and windows, never for display.
    #[must_use]
    pub fn earliest(&self) -> Date {
        let (m, d) = (self.month.max(1), self.day.max(1));
        Date::new(self.year, i8::try_from(m).unwrap_or(1), i8::try_from(d).unwrap_or(1)).unwrap_or(Date::MIN)
    }

    /// Full years from `self` (a birth date) to `on`, when `self` is at least a month.
    /// A birth date known to the month counts from the first of that month.
    #[must_use]
    pub fn age_on(&self, on: Date) -> Option<u16> {
        let birth = if self.month == 0 { return None } else { self.earliest() };
        let before_birthday = (on.month(), on.day()) < (birth.month(), birth.day());
        u16::try_from(on.year() - birth.year() - i16::from(before_birthday)).ok()
    }

    /// Days since 1970-01-01 of [`Self::earliest`], and a precision code: 1 year, 2 month, 3 day.
    #[must_use]
    pub fn to_days(&self) -> (i32, u8) {
        let precision = match (self.month, self.day) {
            (0, _) => 1,
            (_, 0) => 2,
            _ => 3,
        };
        let epoch = Date::constant(1970, 1, 1);
        let days = epoch.until(self.earliest()).map(|span| span.get_days()).unwrap_or(0);
        (days, precision)
    }

    /// The inverse of [`Self::to_days`].
    #[must_use]
    pub fn from_days(days: i32, precision: u8) -> Option<Self> {
        let epoch = Date::constant(1970, 1, 1);
        let date = epoch.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        let whole = Self::day(date);
        match precision {
            1 => Self::new(whole.year, 0, 0),
            2 => Self::new(whole.year, whole.month, 0),
            3 => Some(whole),
            _ => None,
        }
    }

    /// Reads a date as receipts, SS-MIX2 and check-ups write it: `YYYYMMDD`, `YYYYMM`, `YYYY`, `GYYMMDD`, `GYYMM`,
    /// `GYY` with `G` an era digit 1–5 or letter M T S H R. Length decides (formats.md §0.2): 8, 6, 4 Western;
    /// 7, 5, 3 era.
    pub fn read(text: &[u8]) -> Result<ReadDate, DateError> {
        let (era, digits) = match text.len() {
            8 | 6 | 4 => (None, text),
            7 | 5 | 3 => {
                let (first, rest) = text.split_first().ok_or(DateError::Shape)?;
                let era = ERAS
                    .iter()
                    .find(|e| *first == b'0' + e.digit || char::from(first.to_ascii_uppercase()) == e.letter)
                    .ok_or(DateError::Era)?;
                (Some(era), rest)
            }
            _ => return Err(DateError::Shape),
        };
        let (year_digits, rest) = digits.split_at(if era.is_some() { 2 } else { 4 });
        let year = number(year_digits)?;
        let (month, day) = match rest.len() {
            4 => (number(rest.get(..2).unwrap_or(rest))?, number(rest.get(2..).unwrap_or(rest))?),
            2 => (number(rest)?, 0),
            _ => (0, 0),
        };
        let western = era.map_or(year, |e| e.base + year);
        let (month, day) = (u8::try_from(month).unwrap_or(99), u8::try_from(day).unwrap_or(99));
        let zero_part = (rest.len() == 4 && (day == 0 || month == 0)) || (rest.len() == 2 && month == 0);
        let date = Self::new(western, month, if month == 0 { 0 } else { day }).ok_or(DateError::Calendar)?;
        let outside_era = era.is_some_and(|e| !covers(e, &date));
        Ok(ReadDate { date, outside_era, zero_part })
    }
}

fn covers(era: &Era, date: &PartialDate) -> bool {
    let parts = (date.year, date.month, date.day);
    let after_start = match (date.month, date.day) {
        (0, _) => date.year >= era.first.0,
        (_, 0) => (date.year, date.month) >= (era.first.0, era.first.1),
        _ => parts >= era.first,
    };
    let next = ERAS.iter().find(|e| e.digit == era.digit + 1);
    let before_end = next.is_none_or(|n| match (date.month, date.day) {
        (0, _) => date.year <= n.first.0,
        (_, 0) => (date.year, date.month) <= (n.first.0, n.first.1),
        _ => parts < n.first,
    });
    after_start && before_end
}

fn number(digits: &[u8]) -> Result<i16, DateError> {
    digits.iter().try_fold(0i16, |sum, b| match b {
        b'0'..=b'9' => Ok(sum * 10 + i16::from(b - b'0')),
        _ => Err(DateError::Shape),
    })
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.month, self.day) {
            (0, _) => write!(f, "{:04}", self.year),
            (m, 0) => write!(f, "{:04}-{m:02}", self.year),
            (m, d) => write!(f, "{:04}-{m:02}-{d:02}", self.year),
        }
    }
}

impl fmt::Debug for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PartialDate {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PartialDate {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let compact: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
        Self::read(&compact).map(|r| r.date).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: &str) {
        let got = match PartialDate::read(text.as_bytes()) {
            Ok(r) => format!(
                "{}{}{}",
                r.date,
                if r.outside_era { " outside" } else { "" },
                if r.zero_part { " zero" } else { "" }
            ),
            Err(e) => format!("{e:?}"),
        };
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn reads_what_sources_write() {
        check("20240229", "2024-02-29");
        check("20230229", "Calendar");
        check("202404", "2024-04");
        check("2024", "2024");
        check("3330303", "1958-03-03");
        check("43101", "2019-01");
        check("R020410", "2020-04-10");
        check("4310501", "2019-05-01 outside");
        check("3640108", "1989-01-08 outside");
        check("3640107", "1989-01-07");
        check("19500000", "1950 zero");
        check("19500400", "1950-04 zero");
        check("99999999", "Calendar");
        check("6010101", "Era");
        check("2024-1-1", "Shape");
        check("", "Shape");
    }

    #[test]
    fn age_turns_on_the_birthday() {
        let birth = PartialDate::new(1960, 4, 10).unwrap();
        assert_eq!(birth.age_on(Date::constant(2020, 4, 9)), Some(59));
        assert_eq!(birth.age_on(Date::constant(2020, 4, 10)), Some(60));
        assert_eq!(birth.age_on(Date::constant(1959, 1, 1)), None);
    }

    proptest! {
        #[test]
        fn days_round_trip(days in -40_000i32..60_000, precision in 1u8..=3) {
            let date = PartialDate::from_days(days, precision).unwrap();
            let (back, p) = date.to_days();
            prop_assert_eq!(PartialDate::from_days(back, p), Some(date));
            prop_assert_eq!(p, precision);
        }

        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            let _ = PartialDate::read(&bytes).is_ok();
        }
    }
}
