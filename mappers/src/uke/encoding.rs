//! Which encoding a receipt file is written in, and its text decoded.
//!
//! Receipts are Shift_JIS (windows-31J in practice); copies re-encoded as UTF-8 occur. Bytes are cut at commas and line
//! ends *before* they are decoded: neither 2C nor 0D, 0A, 1A or 22 is ever the second byte of a Shift_JIS character,
//! while 5C and 7C are (formats.md §0.1). This module never normalises a text.

use compact_str::CompactString;
use encoding_rs::SHIFT_JIS;

/// The encoding of a whole receipt file (文字コード).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextEncoding {
    /// Shift_JIS as Microsoft writes it (windows-31J), the prescribed encoding.
    #[default]
    ShiftJis,
    /// UTF-8, as some tools re-encode.
    Utf8,
}

/// What [`detect`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detected {
    /// One of the two we read.
    Text(TextEncoding),
    /// Something else, by its name.
    Other(&'static str),
}

/// What is wrong with the bytes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The last character lacks its second half.
    Cut,
    /// Bytes that are no character of the encoding.
    Bad,
}

/// Bytes looked at, from the first one that is not ASCII.
const SAMPLE: usize = 1 << 16;

/// The UTF-8 byte order mark.
pub(crate) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Finds the encoding of a document. Pure ASCII counts as Shift_JIS.
pub(crate) fn detect(document: &[u8]) -> Detected {
    if document.starts_with(b"\xFF\xFE") || document.starts_with(b"\xFE\xFF") {
        return Detected::Other("UTF-16");
    }
    if document.starts_with(BOM) {
        return Detected::Text(TextEncoding::Utf8);
    }
    let head = document.get(..SAMPLE).unwrap_or(document);
    if memchr::memmem::find(head, b"\x1B$").is_some() || memchr::memmem::find(head, b"\x1B(").is_some() {
        return Detected::Other("ISO-2022-JP");
    }
    let Some(first) = document.iter().position(|b| !b.is_ascii()) else {
        return Detected::Text(TextEncoding::ShiftJis);
    };
    let sample = sample_from(document.get(first..).unwrap_or_default());
    let (mut wide, mut invalid) = (0usize, 0usize);
    for chunk in text_lines(sample).flat_map(<[u8]>::utf8_chunks) {
        // Two-byte sequences prove nothing: pairs of half-width kana in Shift_JIS look like them.
        wide += chunk.valid().bytes().filter(|b| *b >= 0xE0).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    if wide > invalid {
        return Detected::Text(TextEncoding::Utf8);
    }
    if is_euc_jp(sample) {
        return Detected::Other("EUC-JP");
    }
    let (good, bad) = text_lines(sample)
        .map(shift_jis_counts)
        .fold((0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1));
    if bad > good { Detected::Other("不明") } else { Detected::Text(TextEncoding::ShiftJis) }
}

/// The lines that hold more than ASCII, from where they do. No character of any encoding goes over a line end, so they
/// can be judged one by one.
fn text_lines(sample: &[u8]) -> impl Iterator<Item = &[u8]> {
    sample
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_ascii())
        .filter_map(|line| line.get(line.iter().position(|b| !b.is_ascii())?..))
}

/// At most [`SAMPLE`] bytes, ending with a line so that no character is cut by us.
fn sample_from(bytes: &[u8]) -> &[u8] {
    match bytes.get(..SAMPLE) {
        None => bytes,
        Some(part) => {
            let end = memchr::memrchr2(b'\n', b'\r', part).unwrap_or(part.len());
            part.get(..end).unwrap_or(part)
        }
    }
}

/// Length of the Shift_JIS character at the head of `bytes`: 1 or 2; 0 for no character; `None` for half of one.
fn shift_jis_step(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [0x00..=0x7F | 0xA1..=0xDF, ..] => Some(1),
        [0x81..=0x9F | 0xE0..=0xFC, 0x40..=0x7E | 0x80..=0xFC, ..] => Some(2),
        [0x81..=0x9F | 0xE0..=0xFC] => None,
        _ => Some(0),
    }
}

/// Characters and broken bytes, ASCII not counted.
fn shift_jis_counts(mut bytes: &[u8]) -> (usize, usize) {
    let (mut good, mut bad) = (0, 0);
    while let Some(first) = bytes.first() {
        let step = shift_jis_step(bytes).unwrap_or(0);
        match step {
            0 => bad += 1,
            _ if first.is_ascii() => {}
            _ => good += 1,
        }
        bytes = bytes.get(step.max(1)..).unwrap_or_default();
    }
    (good, bad)
}

/// Is every character that is not ASCII one of EUC-JP, and at least one of them impossible as half-width kana?
fn is_euc_jp(mut bytes: &[u8]) -> bool {
    let mut beyond_kana = false;
    while let Some(first) = bytes.first() {
        let step = match bytes {
            _ if first.is_ascii() => 1,
            [0x8E, 0xA1..=0xDF, ..] => 2,
            [0x8F, 0xA1..=0xFE, 0xA1..=0xFE, ..] => 3,
            [a @ 0xA1..=0xFE, b @ 0xA1..=0xFE, ..] => {
                beyond_kana |= *a >= 0xE0 || *b >= 0xE0;
                2
            }
            _ => return false,
        };
        bytes = bytes.get(step..).unwrap_or_default();
    }
    beyond_kana
}

/// What is wrong with a field that is not pure ASCII.
pub(crate) fn flaw(field: &[u8], encoding: TextEncoding) -> Option<Flaw> {
    match encoding {
        TextEncoding::Utf8 => match std::str::from_utf8(field) {
            Ok(_) => None,
            Err(e) if e.error_len().is_none() => Some(Flaw::Cut),
            Err(_) => Some(Flaw::Bad),
        },
        TextEncoding::ShiftJis => {
            let mut rest = field;
            while !rest.is_empty() {
                match shift_jis_step(rest) {
                    None => return Some(Flaw::Cut),
                    Some(0) => return Some(Flaw::Bad),
                    Some(step) => rest = rest.get(step..).unwrap_or_default(),
                }
            }
            None
        }
    }
}

/// Decodes a field. What cannot be decoded becomes U+FFFD; [`flaw`] tells of it beforehand.
#[must_use]
pub fn decode(field: &[u8], encoding: TextEncoding) -> CompactString {
    if field.is_ascii() || encoding == TextEncoding::Utf8 {
        return CompactString::from_utf8(field).unwrap_or_else(|_| CompactString::from_utf8_lossy(field));
    }
    CompactString::from(SHIFT_JIS.decode_without_bom_handling(field).0)
}

/// Bytes the field takes in Shift_JIS, in which the standard's lengths are given: two for each full-width character.
pub(crate) fn prescribed_bytes(field: &[u8], encoding: TextEncoding) -> usize {
    match encoding {
        TextEncoding::ShiftJis => field.len(),
        TextEncoding::Utf8 => String::from_utf8_lossy(field)
            .chars()
            .map(|c| if c.is_ascii() || ('\u{FF61}'..='\u{FF9F}').contains(&c) { 1 } else { 2 })
            .sum(),
    }
}

/// Decodes one record for people to read, finding its encoding by itself.
#[must_use]
pub fn show(record: &[u8]) -> String {
    let body = record.strip_prefix(BOM).unwrap_or(record);
    match std::str::from_utf8(body) {
        Ok(text) if text.bytes().any(|b| b >= 0xE0) || text.is_ascii() => text.to_owned(),
        _ => decode(body, TextEncoding::ShiftJis).into_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expect: Detected) {
        assert_eq!(detect(bytes), expect, "{bytes:02X?}");
    }

    #[test]
    fn detects_what_receipts_come_in() {
        const SJIS: Detected = Detected::Text(TextEncoding::ShiftJis);
        const UTF8: Detected = Detected::Text(TextEncoding::Utf8);
        check(b"", SJIS);
        check(b"IR,1,13,1\r\n", SJIS);
        check(&SHIFT_JIS.encode("IR,1,13,1,,,見本医院").0, SJIS);
        check(&SHIFT_JIS.encode("RE,1,,,ﾃｽﾄ ﾀﾛｳ").0, SJIS);
        check("IR,1,13,1,,,見本医院".as_bytes(), UTF8);
        check("\u{FEFF}IR,1".as_bytes(), UTF8);
        check(&encoding_rs::EUC_JP.encode("IR,1,13,1,,,見本医院").0, Detected::Other("EUC-JP"));
        check(b"IR,\x1B$B8+K\\\x1B(B", Detected::Other("ISO-2022-JP"));
        check(b"\xFF\xFEI\0R\0", Detected::Other("UTF-16"));
        check(b"IR,\xFD\xFE\xFF\xFD\xA0", Detected::Other("不明"));
    }

    #[test]
    fn one_broken_character_does_not_change_the_encoding() {
        let mut bytes = "IR,見本医院,".as_bytes().to_vec();
        bytes.push(0xE3);
        check(&bytes, Detected::Text(TextEncoding::Utf8));
    }

    #[test]
    fn finds_half_characters_and_broken_ones() {
        let whole = SHIFT_JIS.encode("テスト表ソ").0;
        assert_eq!(flaw(&whole, TextEncoding::ShiftJis), None);
        assert_eq!(flaw(&whole[..whole.len() - 1], TextEncoding::ShiftJis), Some(Flaw::Cut));
        assert_eq!(flaw(b"\x83\x20", TextEncoding::ShiftJis), Some(Flaw::Bad));
        let text = "テスト".as_bytes();
        assert_eq!(flaw(text, TextEncoding::Utf8), None);
        assert_eq!(flaw(&text[..8], TextEncoding::Utf8), Some(Flaw::Cut));
        assert_eq!(flaw(&whole, TextEncoding::Utf8), Some(Flaw::Bad));
    }

    #[test]
    fn decoding_keeps_what_was_written() {
        for text in ["テスト表ソ", "髙﨑①", "ﾃｽﾄ ﾀﾛｳ", "A-1~\\"] {
            let bytes = SHIFT_JIS.encode(text).0;
            assert_eq!(decode(&bytes, TextEncoding::ShiftJis), text);
            assert_eq!(decode(text.as_bytes(), TextEncoding::Utf8), text);
            assert_eq!(show(&bytes), text);
        }
        assert_eq!(prescribed_bytes("テストｱA".as_bytes(), TextEncoding::Utf8), 8);
    }
}
