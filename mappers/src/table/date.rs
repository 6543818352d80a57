//! Dates and times of day as tables write them: `20261009`, `2026/10/9`, `令和8年10月9日`, `R8.10.9`, `5081009`, a
//! spreadsheet's day count; `13:05`, `午後1時5分頃`, `時刻不詳`. Nothing is guessed: what is not understood is told.

use musubi_model::PartialDate;
use musubi_model::date::{DateError, ERAS, ReadDate};

/// What a writer says of how sure a time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mark {
    /// Nothing.
    #[default]
    None,
    /// 頃, 約.
    About,
    /// 推定.
    Estimated,
    /// 不詳, 不明.
    Unknown,
}

impl Mark {
    /// The qualifier of a fact.
    pub(super) fn qualifier(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::About => Some("time=about"),
            Self::Estimated => Some("time=estimated"),
            Self::Unknown => Some("time=unknown"),
        }
    }
}

/// A date, perhaps with a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) read: ReadDate,
    pub(super) second: Option<u32>,
    pub(super) mark: Mark,
}

/// Years in which something of a living person's record can happen; `9999` and `0001` are no years.
const YEARS: std::ops::RangeInclusive<i16> = 1868..=2199;

/// Day counts of spreadsheets that are taken for dates: 1927 to 2173.
const SERIALS: std::ops::RangeInclusive<i32> = 10_000..=99_999;

/// Day 0 of a spreadsheet's count, in days since 1970.
const SERIAL_ZERO: i32 = -25_569;

/// Reads a date. `serial`: five digits are a spreadsheet's day count.
pub(super) fn read(text: &str, serial: bool) -> Result<Stamp, DateError> {
    if text.len() == 8
        && let Ok(read) = PartialDate::read(text.as_bytes())
    {
        return sensible(Stamp { read, second: None, mark: Mark::None });
    }
    let halved = halve(text);
    let (plain, mark) = marked(&halved);
    let mut rest = Rest(plain.trim());
    let read = date_part(&mut rest, serial)?;
    let time = rest.0.trim_start_matches([' ', 'T', '(']).trim_end_matches(')').trim();
    let (second, mark) = match time {
        "" => (None, mark),
        time => {
            let (second, own) = time_of(time).ok_or(DateError::Shape)?;
            (second, if own == Mark::None { mark } else { own })
        }
    };
    sensible(Stamp { read, second, mark })
}

fn sensible(stamp: Stamp) -> Result<Stamp, DateError> {
    if YEARS.contains(&stamp.read.date.year()) { Ok(stamp) } else { Err(DateError::Calendar) }
}

fn date_part(rest: &mut Rest<'_>, serial: bool) -> Result<ReadDate, DateError> {
    let era = rest.era();
    let digits = rest.digits();
    let next = rest.0.chars().next();
    let has_parts = matches!(next, Some('年' | '/' | '-' | '.')) || (era.is_some() && digits.is_empty());
    if !has_parts {
        // Digits in one run, an era letter before them or not.
        let era_letter = era.map(|e| e.letter);
        return match (era_letter, digits.len()) {
            (None, 5) if serial => {
                let days: i32 = digits.parse().map_err(|_| DateError::Shape)?;
                let date = PartialDate::from_days(days + SERIAL_ZERO, 3).filter(|_| SERIALS.contains(&days));
                let date = date.ok_or(DateError::Calendar)?;
                Ok(ReadDate { date, outside_era: false, zero_part: false })
            }
            (None, 12 | 14) => {
                let (date, time) = digits.split_at_checked(8).ok_or(DateError::Shape)?;
                rest.0 = time;
                PartialDate::read(date.as_bytes())
            }
            (None, _) => PartialDate::read(digits.as_bytes()),
            (Some(letter), _) => PartialDate::read(format!("{letter}{digits}").as_bytes()),
        };
    }
    let year: u32 = if digits.is_empty() && rest.take("元") { 1 } else { small(digits)? };
    let separator = rest.0.chars().next().ok_or(DateError::Shape)?;
    rest.skip(separator);
    let month = rest.digits();
    let (mut m, mut d) = (0, 0);
    let mut zero = false;
    if !month.is_empty() {
        m = small(month)?;
        zero = m == 0;
        let after = if separator == '年' { '月' } else { separator };
        if rest.skip(after) {
            let day = rest.digits();
            if !day.is_empty() {
                d = small(day)?;
                zero |= d == 0;
                if separator == '年' && !rest.skip('日') {
                    return Err(DateError::Shape);
                }
            }
        }
    }
    let text = match era {
        Some(_) if year > 99 => return Err(DateError::Shape),
        Some(era) => format!("{}{year:02}{m:02}{d:02}", era.letter),
        None if digits.len() == 4 => format!("{year:04}{m:02}{d:02}"),
        None => return Err(DateError::Shape),
    };
    let mut read = PartialDate::read(text.as_bytes())?;
    // `2026年10月` leaves the day out; `2026/10/00` writes it as zero.
    read.zero_part = zero;
    Ok(read)
}

fn small(digits: &str) -> Result<u32, DateError> {
    if digits.is_empty() || digits.len() > 4 {
        Err(DateError::Shape)
    } else {
        digits.parse().map_err(|_| DateError::Shape)
    }
}

/// Reads a time of day: seconds since midnight, and how sure. `None`: not a time.
pub(super) fn read_time(text: &str) -> Option<(Option<u32>, Mark)> {
    time_of(halve(text).trim())
}

fn time_of(text: &str) -> Option<(Option<u32>, Mark)> {
    let (plain, mark) = marked(text);
    let plain = plain.trim();
    if plain.is_empty() || plain == "時刻" || plain == "時" {
        return (mark == Mark::Unknown).then_some((None, mark));
    }
    let (plain, noon) = match (plain.strip_prefix("午前"), plain.strip_prefix("午後")) {
        (Some(rest), _) => (rest, Some(0)),
        (_, Some(rest)) => (rest, Some(12)),
        _ => (plain, None),
    };
    let mut rest = Rest(plain.trim());
    let digits = rest.digits();
    let (mut hour, minute, second): (u32, u32, u32) = match (digits.len(), rest.0) {
        (4, "") => (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?, 0),
        (6, "") => {
            (digits.get(..2)?.parse().ok()?, digits.get(2..4)?.parse().ok()?, digits.get(4..)?.parse().ok()?)
        }
        (1 | 2, _) => {
            let hour = digits.parse().ok()?;
            let colon = rest.0.starts_with(':');
            if !rest.skip(':') && !rest.skip('時') {
                return None;
            }
            let minute = rest.digits();
            let minute = if minute.is_empty() {
                if rest.take("半") { 30 } else { 0 }
            } else {
                minute.parse().ok()?
            };
            let mut second = 0;
            if (colon && rest.skip(':')) || (!colon && rest.skip('分') && !rest.0.is_empty()) {
                second = rest.digits().parse().ok()?;
                rest.skip('秒');
            }
            if !rest.0.trim().is_empty() {
                return None;
            }
            (hour, minute, second)
        }
        _ => return None,
    };
    if let Some(noon) = noon {
        if hour > 12 {
            return None;
        }
        hour = hour % 12 + noon;
    }
    let sound = hour < 24 && minute < 60 && second < 60;
    sound.then_some((Some(hour * 3600 + minute * 60 + second), mark))
}

/// Takes off what says how sure a time is.
fn marked(text: &str) -> (String, Mark) {
    for (words, mark) in [
        (&["不詳", "不明"][..], Mark::Unknown),
        (&["推定"], Mark::Estimated),
        (&["頃", "ころ", "ごろ", "約"], Mark::About),
    ] {
        if words.iter().any(|w| text.contains(w)) {
            let plain = words.iter().fold(text.to_owned(), |t, w| t.replace(w, ""));
            return (plain.replace("()", ""), mark);
        }
    }
    (text.to_owned(), Mark::None)
}

/// Full-width signs of ASCII in half width.
pub(super) fn halve(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5D}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '\u{3000}' => ' ',
            '−' | '‐' => '-',
            c => c,
        })
        .collect()
}

/// What is still to be read.
struct Rest<'t>(&'t str);

impl<'t> Rest<'t> {
    fn digits(&mut self) -> &'t str {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at_checked(end).unwrap_or(("", self.0));
        self.0 = rest;
        digits
    }

    fn take(&mut self, word: &str) -> bool {
        match self.0.strip_prefix(word) {
            Some(rest) => {
                self.0 = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn skip(&mut self, sign: char) -> bool {
        match self.0.strip_prefix(sign) {
            Some(rest) => {
                self.0 = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn era(&mut self) -> Option<&'static musubi_model::date::Era> {
        ERAS.iter()
            .find(|e| self.take(e.name) || self.skip(e.letter) || self.skip(e.letter.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: &str) {
        let got = match read(text, true) {
            Ok(s) => format!(
                "{}{}{}{}{}",
                s.read.date,
                s.second
                    .map(|n| format!(" {:02}:{:02}:{:02}", n / 3600, n / 60 % 60, n % 60))
                    .unwrap_or_default(),
                s.mark.qualifier().map(|q| format!(" {q}")).unwrap_or_default(),
                if s.read.outside_era { " outside" } else { "" },
                if s.read.zero_part { " zero" } else { "" },
            ),
            Err(e) => format!("{e:?}"),
        };
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn dates_as_tables_write_them() {
        for text in
            ["20261009", "2026/10/9", "2026-10-09", "２０２６／１０／０９", "2026年10月9日", "2026.10.9"]
        {
            check(text, "2026-10-09");
        }
        for text in
            ["令和8年10月9日", "R8.10.9", "r08/10/09", "R081009", "5081009", "令和８年１０月９日", "46304"]
        {
            check(text, "2026-10-09");
        }
        check("令和元年5月1日", "2019-05-01");
        check("昭和元年12月25日", "1926-12-25 outside");
        check("平成32年4月1日", "2020-04-01 outside");
        check("2026年10月", "2026-10");
        check("2026", "2026");
        check("19500000", "1950 zero");
        check("2026/10/00", "2026-10 zero");
        check("20261009 13:05", "2026-10-09 13:05:00");
        check("2026-10-09T03:04:05", "2026-10-09 03:04:05");
        check("20261009130507", "2026-10-09 13:05:07");
        check("令和8年10月9日 午後1時5分頃", "2026-10-09 13:05:00 time=about");
        check("令和8年10月9日(推定)", "2026-10-09 time=estimated");
        check("2026/10/9 時刻不詳", "2026-10-09 time=unknown");
        check("99999999", "Calendar");
        check("99991231", "Calendar");
        check("2026/02/30", "Calendar");
        check("令和8年13月1日", "Calendar");
        check("26/10/9", "Shape");
        check("山田", "Shape");
        check("", "Shape");
        check("令和", "Shape");
        check("2026/10/9 25:00", "Shape");
    }

    #[test]
    fn times() {
        for (text, expect) in [
            ("13:05", Some((Some(47_100), Mark::None))),
            ("1305", Some((Some(47_100), Mark::None))),
            ("午後1時5分", Some((Some(47_100), Mark::None))),
            ("午前12時", Some((Some(0), Mark::None))),
            ("午後0時半", Some((Some(45_000), Mark::None))),
            ("3時頃", Some((Some(10_800), Mark::About))),
            ("不詳", Some((None, Mark::Unknown))),
            ("25:70", None),
            ("午後13時", None),
            ("朝", None),
            ("", None),
        ] {
            assert_eq!(read_time(text), expect, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text(text in "[0-9年月日時分RHS令和昭平元午前後/.: 頃不詳推定T-]{0,16}|.{0,12}") {
            let _ = read(&text, true).is_ok();
            let _ = read_time(&text);
        }
    }
}
