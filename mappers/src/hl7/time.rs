//! HL7 time stamps (TS): 4, 6, 8, 10, 12 or 14 digits, then perhaps a fraction and an offset.

use musubi_model::PartialDate;
use musubi_model::date::DateError;

/// A time stamp, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The day, the month or the year.
    pub date: PartialDate,
    /// Seconds since midnight, local time, when at least the hour was sent.
    pub second: Option<u32>,
}

/// Reads a time stamp. The fraction and the offset are passed over: times are local, as Japan writes them.
pub fn read(text: &str) -> Result<Stamp, DateError> {
    let bytes = text.as_bytes();
    let len = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, tail) = bytes.split_at_checked(len).ok_or(DateError::Shape)?;
    if !tail_is_sound(tail, len) || !matches!(len, 4 | 6 | 8 | 10 | 12 | 14 | 16 | 17) {
        return Err(DateError::Shape);
    }
    let date = PartialDate::read(digits.get(..len.min(8)).unwrap_or(digits))?.date;
    let part = |from: usize, below: u32| -> Result<u32, DateError> {
        match digits.get(from..from + 2) {
            Some([a @ b'0'..=b'9', b @ b'0'..=b'9']) => {
                let n = u32::from(a - b'0') * 10 + u32::from(b - b'0');
                if n < below { Ok(n) } else { Err(DateError::Calendar) }
            }
            _ => Ok(0),
        }
    };
    let second = if len > 8 { Some(part(8, 24)? * 3600 + part(10, 60)? * 60 + part(12, 60)?) } else { None };
    Ok(Stamp { date, second })
}

/// `.0` to `.9999`, then `+0900`; the fraction only after whole seconds. Seventeen digits are seconds with
/// milliseconds written without the point.
fn tail_is_sound(tail: &[u8], digits: usize) -> bool {
    let digits_then = |bytes: &[u8]| bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let (fraction, rest) = match tail.split_first() {
        Some((b'.', rest)) => {
            let n = digits_then(rest);
            (Some(n), rest.get(n..).unwrap_or_default())
        }
        _ => (None, tail),
    };
    let offset_sound = match rest.split_first() {
        None => true,
        Some((b'+' | b'-', zone)) => zone.len() == 4 && digits_then(zone) == 4,
        Some(_) => false,
    };
    offset_sound && fraction.is_none_or(|n| digits >= 14 && n >= 1)
}
