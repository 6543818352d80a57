//! Rows of separated values on raw bytes (CSV, TSV): where each row and each field stands, before anything is decoded.
//!
//! In UTF-8, Shift_JIS and EUC-JP neither separator, quote nor line end is ever the second byte of a character, so rows
//! can be cut on bytes (formats.md §0.1). Backslash escapes nothing. A quote that is not closed ends with the row limit
//! and is told, so that one stray quote cannot swallow a file.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};

use crate::text::{self, Encoding};

/// One row: its bytes without the line end, and its fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// First byte, within the text that was cut.
    pub start: usize,
    /// One past the last byte, line end not counted.
    pub end: usize,
    /// One past the line end: where the next row begins.
    pub next: usize,
    /// Number of the row's first line, from 1.
    pub line: u32,
    /// Start and end of each field, quotes and all. A row has at least one field, perhaps empty.
    pub fields: Vec<(usize, usize)>,
    /// A quote was not closed before the limit or the end; the row then ends at its first line end.
    pub open_quote: bool,
}

impl Row {
    /// The bytes of a field (from 0) as they stand, quotes and all; empty when the row has no such field.
    #[must_use]
    pub fn raw<'a>(&self, bytes: &'a [u8], index: usize) -> &'a [u8] {
        self.fields.get(index).and_then(|(a, b)| bytes.get(*a..*b)).unwrap_or_default()
    }

    /// A field decoded, without its quotes; doubled quotes inside are single. Not trimmed.
    #[must_use]
    pub fn text<'a>(&self, bytes: &'a [u8], index: usize, encoding: Encoding) -> Cow<'a, str> {
        let raw = self.raw(bytes, index);
        match raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")) {
            Some(inner) if memchr(b'"', inner).is_some() => {
                Cow::Owned(text::decode(encoding, inner).replace("\"\"", "\""))
            }
            Some(inner) => text::decode(encoding, inner),
            None => text::decode(encoding, raw),
        }
    }

    /// Does the row hold nothing at all?
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.start == self.end
    }
}

/// Cuts a text into rows.
#[derive(Debug, Clone)]
pub struct Rows<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
    separator: u8,
    row_bytes_max: usize,
}

impl<'a> Rows<'a> {
    /// Rows of `bytes` from offset `from` on; a UTF-8 mark at the very front is skipped. A quoted field may hold line
    /// ends, up to `row_bytes_max` bytes for a row.
    #[must_use]
    pub fn new(bytes: &'a [u8], from: usize, separator: u8, row_bytes_max: u32) -> Self {
        let mark = if from == 0 && bytes.starts_with(text::UTF8_MARK) { text::UTF8_MARK.len() } else { 0 };
        let row_bytes_max = usize::try_from(row_bytes_max).unwrap_or(usize::MAX);
        Self { bytes, at: from.max(mark), line: 1, separator, row_bytes_max }
    }

    /// Cuts the next row into `row`, whose memory is used again. `false` at the end. A lone 1A at the end is no row.
    pub fn read(&mut self, row: &mut Row) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.is_empty() || rest == b"\x1a" || rest == b"\x1a\r\n" || rest == b"\x1a\n" {
            return false;
        }
        let quoted = self.cut(row, true);
        if row.open_quote {
            // Read again without quotes, so that the next row is found where a person would see it.
            self.cut(row, false);
            row.open_quote = true;
        }
        let line_ends = if quoted && !row.open_quote {
            let row_bytes = self.bytes.get(row.start..row.next).unwrap_or_default();
            u32::try_from(memchr::memchr_iter(b'\n', row_bytes).count()).unwrap_or(u32::MAX).max(1)
        } else {
            1
        };
        self.at = row.next;
        self.line = self.line.saturating_add(line_ends);
        true
    }

    /// Cuts one row. `true`: a field of it stood in quotes, and may hold line ends.
    fn cut(&self, row: &mut Row, quotes: bool) -> bool {
        let bytes = self.bytes;
        let mut quoted = false;
        row.fields.clear();
        (row.start, row.line, row.open_quote) = (self.at, self.line, false);
        let limit = bytes.len().min(self.at.saturating_add(self.row_bytes_max));
        let mut field = self.at;
        let mut at = self.at;
        loop {
            if quotes && bytes.get(at) == Some(&b'"') && at == field {
                quoted = true;
                match close_quote(bytes.get(..limit).unwrap_or_default(), at + 1) {
                    Some(after) => at = after,
                    None => {
                        row.open_quote = true;
                        (row.end, row.next) = (limit, limit);
                        return quoted;
                    }
                }
            }
            let end = self.field_end(at);
            row.fields.push((field, end));
            match bytes.get(end) {
                Some(b) if *b == self.separator => {
                    field = end + 1;
                    at = field;
                }
                Some(b'\r') if bytes.get(end + 1) == Some(&b'\n') => {
                    (row.end, row.next) = (end, end + 2);
                    return quoted;
                }
                Some(_) => {
                    (row.end, row.next) = (end, end + 1);
                    return quoted;
                }
                None => {
                    (row.end, row.next) = (end, end);
                    return quoted;
                }
            }
        }
    }

    /// Where the field ends that is being read at `at`. Most fields are so short that looking at each byte is faster
    /// than the start of a vector search.
    fn field_end(&self, at: usize) -> usize {
        const SHORT: usize = 12;
        let rest = self.bytes.get(at..).unwrap_or_default();
        let (near, far) = rest.split_at_checked(SHORT).unwrap_or((rest, &[]));
        let ends = |b: &u8| *b == self.separator || *b == b'\n' || *b == b'\r';
        match near.iter().position(ends) {
            Some(n) => at + n,
            None => {
                memchr3(self.separator, b'\n', b'\r', far).map_or(self.bytes.len(), |n| at + near.len() + n)
            }
        }
    }
}

/// One past the quote that closes a field whose content begins at `at`.
fn close_quote(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr(b'"', bytes.get(at..)?)? + 1;
        if bytes.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

/// The separator of a text: tab when the first line has one outside quotes and no comma, else comma.
#[must_use]
pub fn separator_of(bytes: &[u8]) -> u8 {
    let line = bytes.split(|b| matches!(b, b'\n' | b'\r')).next().unwrap_or_default();
    match memchr2(b'\t', b',', line).and_then(|at| line.get(at)) {
        Some(b'\t') => b'\t',
        _ => b',',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &[u8]) -> Vec<(u32, Vec<String>, bool)> {
        let mut rows = Rows::new(text, 0, b',', 1 << 20);
        let mut row = Row::default();
        let mut out = Vec::new();
        while rows.read(&mut row) {
            let fields = (0..row.fields.len()).map(|i| row.text(text, i, Encoding::Utf8).into_owned());
            out.push((row.line, fields.collect(), row.open_quote));
        }
        out
    }

    fn row(line: u32, fields: &[&str]) -> (u32, Vec<String>, bool) {
        (line, fields.iter().map(|f| (*f).to_owned()).collect(), false)
    }

    #[test]
    fn rows_and_fields() {
        assert_eq!(rows(b"a,b\r\nc,\r\n"), [row(1, &["a", "b"]), row(2, &["c", ""])]);
        assert_eq!(
            rows(b"\xEF\xBB\xBF\"x,\"\"1\"\"\ny\",b\n\nz"),
            [row(1, &["x,\"1\"\ny", "b"]), row(3, &[""]), row(4, &["z"])]
        );
        assert_eq!(rows(b""), []);
        assert_eq!(rows(b"a\r\n\x1a"), [row(1, &["a"])]);
        assert_eq!(rows(b"a\rb"), [row(1, &["a"]), row(2, &["b"])]);
        assert_eq!(rows(b"\"a\\\",b"), [row(1, &["a\\", "b"])]);
    }

    #[test]
    fn an_open_quote_costs_one_row() {
        let found = rows(b"a,\"b\r\nc,d\r\n");
        assert_eq!(found.len(), 2);
        assert!(found[0].2 && !found[1].2);
        assert_eq!(found[1].1, ["c", "d"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_cut_without_gaps(bytes in proptest::collection::vec(any::<u8>(), 0..300), max in 1u32..64) {
            let mut rows = Rows::new(&bytes, 0, b',', max);
            let mut row = Row::default();
            let mut at = if bytes.starts_with(text::UTF8_MARK) { 3 } else { 0 };
            while rows.read(&mut row) {
                prop_assert_eq!(row.start, at);
                prop_assert!(row.end <= row.next && row.next <= bytes.len() && row.next > row.start);
                prop_assert!(!row.fields.is_empty());
                prop_assert!(row.fields.iter().all(|(a, b)| row.start <= *a && a <= b && *b <= row.end));
                at = row.next;
            }
            prop_assert!(bytes.len() - at <= 3);
        }

        #[test]
        fn what_is_written_is_read(fields in proptest::collection::vec("[a-z,\"\n\r あ]{0,6}", 1..6)) {
            let line = fields.iter().map(|f| format!("\"{}\"", f.replace('"', "\"\""))).collect::<Vec<_>>().join(",");
            let mut rows = Rows::new(line.as_bytes(), 0, b',', 1 << 20);
            let mut row = Row::default();
            prop_assert!(rows.read(&mut row));
            let got: Vec<_> = (0..row.fields.len()).map(|i| row.text(line.as_bytes(), i, Encoding::Utf8).into_owned()).collect();
            prop_assert_eq!(got, fields);
            prop_assert!(!rows.read(&mut row));
        }
    }
}
