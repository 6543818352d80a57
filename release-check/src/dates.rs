//! Days of the calendar, as texts that sort by time.
//!
//! It must never read a clock: the day that counts is the day of sealing.

/// A day, `2026-05-14`: exists in the calendar; texts of this form sort by time.
pub fn is_day(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |len: usize| {
        let part = parts.next().filter(|p| p.len() == len && p.bytes().all(|b| b.is_ascii_digit()))?;
        part.parse::<u32>().ok()
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else { return false };
    parts.next().is_none() && (1..=12).contains(&month) && day >= 1 && day <= month_days(year, month)
}

fn month_days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day in Japan (UTC+9, without summer time) of a moment written `2026-05-14T18:03:02.5Z`.
pub fn japan_day(moment: &str) -> Option<String> {
    let (day, time) = moment.split_once('T').filter(|(day, _)| is_day(day))?;
    let hour: u32 = time.strip_suffix('Z')?.get(..2)?.parse().ok().filter(|h| *h < 24)?;
    if hour < 15 {
        return Some(day.to_owned());
    }
    let mut parts = day.split('-').map(str::parse::<u32>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let (year, month, day) = match (month, day) {
        (12, 31) => (year + 1, 1, 1),
        (month, day) if day == month_days(year, month) => (year, month + 1, 1),
        (month, day) => (year, month, day + 1),
    };
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_exist_and_begin_in_japan() {
        assert!(
            is_day("2024-02-29") && !is_day("2026-02-29") && !is_day("2026-2-1") && !is_day("2026-02-01-")
        );
        assert_eq!(japan_day("2026-12-31T15:00:00Z").as_deref(), Some("2027-01-01"));
        assert_eq!(japan_day("2026-05-14T14:59:59.999Z").as_deref(), Some("2026-05-14"));
        assert_eq!(japan_day("2026-02-28T23:00:00Z").as_deref(), Some("2026-03-01"));
        assert_eq!(japan_day("2026-02-28 23:00"), None);
    }
}
