//! Numbers, sizes and times as people read them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use musubi_model::date::{ERAS, Era};

/// Thousands separated: `1,234,567`.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A signed number, the minus as a minus sign.
pub(crate) fn signed(n: i128) -> String {
    let absolute = u64::try_from(n.unsigned_abs()).unwrap_or(u64::MAX);
    if n < 0 { format!("−{}", number(absolute)) } else { number(absolute) }
}

/// Bytes in the unit that fits.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = n as f64; // display only: the loss beyond 2^53 is below one digit shown
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 { format!("{n} B") } else { format!("{value:.1} {name}") }
}

/// A moment in Japan's time, to the minute.
pub(crate) fn moment(at: Timestamp) -> String {
    // Japan has had no summer time since 1951; a fixed offset needs no time-zone data on the machine.
    let zone = TimeZone::fixed(Offset::constant(9));
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The beginning of a hash, enough to recognise it.
pub(crate) fn short(hash: &str) -> String {
    if hash.chars().count() <= 14 {
        hash.to_owned()
    } else {
        hash.chars().take(12).chain(std::iter::once('…')).collect()
    }
}

/// `part` of `whole` on a length, in SVG units with one decimal.
pub(crate) fn scale(part: u64, whole: u64, length: f64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * length }
}

/// An SVG coordinate.
pub(crate) fn c(v: f64) -> String {
    format!("{v:.1}")
}

/// A day with its Japanese era: `令和8年11月21日`; before Meiji as it is.
pub(crate) fn era(day: Date) -> String {
    let first = |e: &&Era| {
        (day.year(), day.month().cast_unsigned(), day.day().cast_unsigned())
            >= (e.first.0, e.first.1, e.first.2)
    };
    let Some(era) = ERAS.iter().rev().find(first) else { return day.to_string() };
    let year = day.year() - era.base;
    let year = if year == 1 { "元".to_owned() } else { year.to_string() };
    format!("{}{year}年{}月{}日", era.name, day.month(), day.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(signed(-1000), "−1,000");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1 << 30), "1.0 GiB");
        assert_eq!(short("0123456789abcdef"), "0123456789ab…");
        assert_eq!(moment("2026-04-10T15:30:00Z".parse().unwrap()), "2026-04-11 00:30");
        assert_eq!(c(scale(1, 3, 100.0)), "33.3");
        assert_eq!(c(scale(1, 0, 100.0)), "0.0");
    }
}
