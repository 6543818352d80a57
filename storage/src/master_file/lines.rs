//! From bytes to fields: lines, encodings, quotation marks, dates. Never guesses and never panics.

use encoding_rs::SHIFT_JIS;
use jiff::civil::Date;
use musubi_model::PartialDate;

/// How a file's text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Shift_JIS as Windows means it.
    ShiftJis,
    /// UTF-8.
    Utf8,
}

/// What separates fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// A tab.
    Tab,
}

/// The fields of a line, as text.
pub(super) type Fields = Vec<String>;

/// UTF-8 when it says so with a byte order mark, or when the whole text is UTF-8 and holds Japanese (no Shift_JIS text
/// of some length is); Shift_JIS otherwise. The bytes come back without the mark.
pub(super) fn encoding_of(bytes: &[u8]) -> (&[u8], Encoding) {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        return (rest, Encoding::Utf8);
    }
    let japanese = |text: &str| text.chars().any(|c| ('\u{3000}'..='\u{9fff}').contains(&c));
    match std::str::from_utf8(bytes) {
        Ok(text) if japanese(text) => (bytes, Encoding::Utf8),
        _ => (bytes, Encoding::ShiftJis),
    }
}

/// Hands each line that is not empty to `each`, with its number from 1; `None` when it cannot be decoded or cut.
///
/// No second byte of Shift_JIS is a line feed, a quotation mark or a comma, so lines are cut before decoding, and one
/// undecodable character spoils its own line only. A quoted field that goes over several lines is not read.
pub(super) fn each_line(
    bytes: &[u8],
    encoding: Encoding,
    delimiter: Delimiter,
    each: &mut dyn FnMut(usize, Option<Fields>),
) {
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // The old end-of-file sign stands alone on the last line of some files.
        if line.is_empty() || line == b"\x1a" {
            continue;
        }
        let fields = match encoding {
            Encoding::Utf8 => std::str::from_utf8(line).ok().and_then(|text| split(text, delimiter)),
            Encoding::ShiftJis => SHIFT_JIS
                .decode_without_bom_handling_and_without_replacement(line)
                .and_then(|text| split(&text, delimiter)),
        };
        each(index + 1, fields);
    }
}

/// Splits a line; a field may stand in quotation marks, and one inside is doubled. No backslash escapes: `ソ` ends in
/// that byte. `None` when a quotation mark is not closed or something follows a closing one.
pub(super) fn split(line: &str, delimiter: Delimiter) -> Option<Fields> {
    let mark = match delimiter {
        Delimiter::Comma => ',',
        Delimiter::Tab => '\t',
    };
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let mut field = String::new();
        if let Some(mut inside) = rest.strip_prefix('"') {
            loop {
                let (before, after) = inside.split_once('"')?;
                field.push_str(before);
                match after.strip_prefix('"') {
                    Some(more) => {
                        field.push('"');
                        inside = more;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
        } else {
            let (before, _) = rest.split_once(mark).unwrap_or((rest, ""));
            field.push_str(before);
            rest = rest.strip_prefix(before)?;
        }
        fields.push(field);
        if rest.is_empty() {
            return Some(fields);
        }
        rest = rest.strip_prefix(mark)?;
    }
}

/// A day as masters write it: `20240601`, `2024-06-01`, `2024/6/1`, `R6.5.31まで`, or a month, which begins on its first
/// day and ends on its last. Blank, zeros and nines mean "open" (`None`). `Err`: something else.
pub(super) fn day(text: &str, ends: bool) -> Result<Option<Date>, ()> {
    let text = text.trim();
    if text.is_empty() || text.bytes().all(|b| b == b'0') || text.bytes().all(|b| b == b'9') {
        return Ok(None);
    }
    let plain = text.trim_end_matches("まで");
    let parts: Vec<&str> = plain.split(['-', '/', '.']).collect();
    let date = match parts.as_slice() {
        [digits] if digits.len() == 8 || digits.len() == 6 => {
            PartialDate::read(digits.as_bytes()).map_err(drop)?.date
        }
        [year, month, day] => {
            let (base, year) = match year.strip_prefix(['R', 'H']) {
                Some(year) => (if plain.starts_with('R') { 2018 } else { 1988 }, year),
                None if year.len() == 4 => (0, *year),
                None => return Err(()),
            };
            let year: i16 = year.parse().map_err(drop)?;
            let (month, day) = (month.parse().map_err(drop)?, day.parse().map_err(drop)?);
            PartialDate::new(year.checked_add(base).ok_or(())?, month, day).ok_or(())?
        }
        _ => return Err(()),
    };
    let whole = date.to_date().unwrap_or_else(|| date.earliest());
    Ok(Some(if ends && date.day_of_month().is_none() { whole.last_of_month() } else { whole }))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_split() {
        let check = |text: &str, expect: Option<&[&str]>| {
            let found = split(text, Delimiter::Comma);
            let found = found.as_ref().map(|f| f.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(found.as_deref(), expect, "{text}");
        };
        check("a,b", Some(&["a", "b"]));
        check("\"a,b\",\"\"", Some(&["a,b", ""]));
        check("\"a\"\"b\"", Some(&["a\"b"]));
        check(",", Some(&["", ""]));
        check("", Some(&[""]));
        check("\"a\\\",b", Some(&["a\\", "b"]));
        check("\"a", None);
        check("\"a\"b,c", None);
        assert_eq!(split("a,b\tc", Delimiter::Tab), Some(vec!["a,b".to_owned(), "c".to_owned()]));
    }

    #[test]
    fn days_are_read() {
        let check = |text: &str, ends: bool, expect: Result<Option<Date>, ()>| {
            assert_eq!(day(text, ends), expect, "{text}");
        };
        check("20240601", false, Ok(Some(date(2024, 6, 1))));
        check("2024-06-01", false, Ok(Some(date(2024, 6, 1))));
        check("2024/6/1", false, Ok(Some(date(2024, 6, 1))));
        check("R8.3.31まで", true, Ok(Some(date(2026, 3, 31))));
        check("H31.3.31", true, Ok(Some(date(2019, 3, 31))));
        check("202402", true, Ok(Some(date(2024, 2, 29))));
        check("202402", false, Ok(Some(date(2024, 2, 1))));
        for open in ["", " ", "0", "00000000", "99999999", "9999"] {
            check(open, true, Ok(None));
        }
        for wrong in ["20241301", "2024", "R8.3", "X8.3.31", "24/6/1", "2024/6/31", "あ"] {
            check(wrong, true, Err(()));
        }
    }

    #[test]
    fn the_encoding_is_seen() {
        assert_eq!(encoding_of(b"\xef\xbb\xbfa"), (&b"a"[..], Encoding::Utf8));
        assert_eq!(encoding_of("見本".as_bytes()).1, Encoding::Utf8);
        assert_eq!(encoding_of(&SHIFT_JIS.encode("見本").0).1, Encoding::ShiftJis);
        assert_eq!(encoding_of(b"plain").1, Encoding::ShiftJis);
    }

    proptest! {
        #[test]
        fn quoted_fields_come_back(fields in proptest::collection::vec("[^\r\n]{0,8}", 1..6)) {
            let line =
                fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect::<Vec<_>>().join(",");
            prop_assert_eq!(split(&line, Delimiter::Comma), Some(fields));
        }

        #[test]
        fn any_day_is_read_without_panic(text in "\\PC{0,12}") {
            let _ = day(&text, true);
        }
    }
}
