//! Numbers and dates as receipts write them, read without allocation. A blank field is not an error.

use compact_str::CompactString;
use musubi_model::PartialDate;
use rust_decimal::Decimal;

/// A field that is not the number it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotANumber;

/// A whole number of at most nine digits; blank is `None`.
pub(crate) fn count(field: &[u8]) -> Result<Option<u32>, NotANumber> {
    match field {
        [] => Ok(None),
        [b'0'..=b'9', ..] if field.len() <= 9 => field
            .iter()
            .try_fold(0u32, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
            .map(Some)
            .ok_or(NotANumber),
        _ => Err(NotANumber),
    }
}

/// Points or yen: a whole number of at most twelve digits, a minus sign allowed (減点); blank is `None`.
pub(crate) fn points(field: &[u8]) -> Result<Option<i64>, NotANumber> {
    let (sign, digits) = match field {
        [] => return Ok(None),
        [b'-', rest @ ..] => (-1, rest),
        _ => (1, field),
    };
    if digits.is_empty() || digits.len() > 12 {
        return Err(NotANumber);
    }
    digits
        .iter()
        .try_fold(0i64, |sum, b| b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0')))
        .map(|n| Some(sign * n))
        .ok_or(NotANumber)
}

/// An amount (数量・使用量): at most eighteen digits and one point; blank is `None`. Keeps the scale as written.
pub(crate) fn amount(field: &[u8]) -> Result<Option<Decimal>, NotANumber> {
    if field.is_empty() {
        return Ok(None);
    }
    let (mut mantissa, mut scale, mut digits, mut point) = (0i64, 0u32, 0u32, false);
    for b in field {
        match b {
            b'0'..=b'9' if digits < 18 => {
                mantissa = mantissa * 10 + i64::from(b - b'0');
                digits += 1;
                scale += u32::from(point);
            }
            b'.' if !point && digits > 0 => point = true,
            _ => return Err(NotANumber),
        }
    }
    Ok(Some(Decimal::new(mantissa, scale)))
}

/// The month of care with its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Month {
    /// The month.
    pub date: PartialDate,
    /// Its number of days.
    pub days: u8,
}

impl Month {
    /// From a date known at least to the month.
    pub(crate) fn of(date: PartialDate) -> Option<Self> {
        let month = PartialDate::new(date.year(), date.month()?, 0)?;
        Some(Self { date: month, days: u8::try_from(month.earliest().days_in_month()).ok()? })
    }

    /// From a field `YYYYMM` or `GYYMM`.
    pub(crate) fn read(field: &[u8]) -> Option<Self> {
        matches!(field.len(), 5 | 6)
            .then(|| PartialDate::read(field).ok())
            .flatten()
            .and_then(|r| Self::of(r.date))
    }

    /// The month before.
    pub(crate) fn before(self) -> Option<Self> {
        let (year, month) = match self.date.month()? {
            1 => (self.date.year() - 1, 12),
            month => (self.date.year(), month - 1),
        };
        Self::of(PartialDate::new(year, month, 0)?)
    }

    /// Does the day lie in it? A day that is not wholly known does.
    pub(crate) fn has(self, day: PartialDate) -> bool {
        day.year() == self.date.year() && day.month().is_none_or(|m| Some(m) == self.date.month())
    }

    /// A day of it.
    pub(crate) fn day(self, day: u8) -> Option<PartialDate> {
        PartialDate::new(self.date.year(), self.date.month()?, day)
    }

    /// `YYYYMM`.
    pub(crate) fn compact(self) -> CompactString {
        let month =
            u32::from(self.date.year().unsigned_abs()) * 100 + u32::from(self.date.month().unwrap_or(0));
        let mut out = CompactString::default();
        for divisor in [100_000, 10_000, 1_000, 100, 10, 1] {
            out.push(char::from_digit(month / divisor % 10, 10).unwrap_or('0'));
        }
        out
    }
}

/// A full-width or half-width digit as a half-width one.
pub(crate) fn digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: &str, expect: [&str; 3]) {
        let bytes = field.as_bytes();
        assert_eq!(
            [
                format!("{:?}", count(bytes).ok()),
                format!("{:?}", points(bytes).ok()),
                format!("{:?}", amount(bytes).map(|a| a.map(|d| d.to_string())).ok()),
            ],
            expect,
            "{field}"
        );
    }

    #[test]
    fn numbers_are_read_or_refused() {
        check("", ["Some(None)", "Some(None)", "Some(None)"]);
        check("12", ["Some(Some(12))", "Some(Some(12))", "Some(Some(\"12\"))"]);
        check("-5", ["None", "Some(Some(-5))", "None"]);
        check("1.50", ["None", "None", "Some(Some(\"1.50\"))"]);
        check("１", ["None", "None", "None"]);
        check("1.2.3", ["None", "None", "None"]);
        check(".5", ["None", "None", "None"]);
        check("-", ["None", "None", "None"]);
        check("1234567890123456789", ["None", "None", "None"]);
    }

    #[test]
    fn a_month_knows_its_length() {
        let of = |y, m| Month::of(PartialDate::new(y, m, 0).unwrap()).unwrap();
        assert_eq!((of(2024, 2).days, of(2023, 2).days, of(2023, 12).days), (29, 28, 31));
        assert_eq!(of(2023, 2).day(29), None);
        assert_eq!(of(2023, 2).compact(), "202302");
        assert_eq!(Month::of(PartialDate::new(2023, 0, 0).unwrap()), None);
    }
}
