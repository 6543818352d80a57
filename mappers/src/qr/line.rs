//! Cuts a record set into its records and items, on raw bytes. Nothing is decoded here.
//!
//! Neither comma nor line end is ever the second byte of a Shift_JIS character, and the standards know no quotation
//! marks (formats.md §6), so a record is a line and an item ends at a comma.

use compact_str::{CompactString, ToCompactString};
use memchr::memchr2;

use crate::RecordCounts;
use crate::text::UTF8_MARK;

/// The number of a record; [`Kind::HEADER`] for the header line, [`Kind::NONE`] for a line without a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind(pub u16);

impl Kind {
    pub(super) const HEADER: Self = Self(0);
    pub(super) const NONE: Self = Self(u16::MAX);

    /// Under which name it is counted and shown.
    pub(super) fn label(self) -> CompactString {
        match self {
            Self::HEADER => CompactString::const_new("JAHIS"),
            Self::NONE => CompactString::const_new("不明"),
            Self(n) => n.to_compact_string(),
        }
    }

    /// Sorts as the labels do: numbers by their digits from the left, then the words.
    fn order(self) -> (u16, u16) {
        let digits = self.0.checked_ilog10().map_or(0, |n| n + 1);
        match self {
            Self::HEADER => (10_000, 0),
            Self::NONE => (10_000, 1),
            Self(n) => (n.saturating_mul(10u16.saturating_pow(4u32.saturating_sub(digits))), n),
        }
    }

    fn of(line: &[u8]) -> Self {
        if Header::read(line).is_some() {
            return Self::HEADER;
        }
        let end = line.iter().position(|b| *b == b',').unwrap_or(line.len());
        let digits = unquoted(line.get(..end).unwrap_or_default()).0;
        number(digits)
            .filter(|n| (1..=9999).contains(n))
            .and_then(|n| u16::try_from(n).ok())
            .map_or(Self::NONE, Self)
    }
}

/// The header line: which standard, which version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// 電子版お薬手帳 (`JAHISTC08`); otherwise 処方箋 (`JAHIS10`).
    pub notebook: bool,
    /// The version, 1 or 2 digits.
    pub version: u8,
}

impl Header {
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"\"").unwrap_or(line).strip_prefix(b"JAHIS")?;
        let (notebook, rest) = match rest.strip_prefix(b"TC") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let ends = matches!(rest.get(digits), None | Some(b',' | b' ' | b'"'));
        let version = rest.get(..digits).filter(|d| (1..=2).contains(&d.len())).and_then(number)?;
        ends.then_some(Self { notebook, version: u8::try_from(version).ok()? })
    }
}

/// A number of at most nine digits.
pub(super) fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0u32, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))
}

/// Without ASCII spaces and one pair of quotation marks around it; the second value: were there quotation marks.
pub(super) fn unquoted(item: &[u8]) -> (&[u8], bool) {
    let trimmed = item.trim_ascii();
    match trimmed.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")) {
        Some(inner) => (inner.trim_ascii(), true),
        None => (trimmed, false),
    }
}

/// One line that is not blank.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// Its bytes without the line end.
    pub bytes: &'a [u8],
    /// Where it begins.
    pub start: usize,
    /// Counted from 1, blank lines too.
    pub number: u32,
    pub kind: Kind,
}

/// The lines of a text, from an offset on. Blank lines, and a 1A at the end, are passed over.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u32,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let at = if bytes.starts_with(UTF8_MARK) { UTF8_MARK.len() } else { 0 };
        Self { bytes, at, number: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        loop {
            let start = self.at;
            let rest = self.bytes.get(start..).filter(|r| !r.is_empty())?;
            let length = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            let end = match rest.get(length..) {
                Some([b'\r', b'\n', ..]) => 2,
                Some([_, ..]) => 1,
                _ => 0,
            };
            self.at = start + length + end;
            self.number = self.number.saturating_add(1);
            if line.trim_ascii().is_empty() || (line == b"\x1a" && self.at >= self.bytes.len()) {
                continue;
            }
            return Some(Line { bytes: line, start, number: self.number, kind: Kind::of(line) });
        }
    }
}

/// Counts records by kind; gives the same counts for the same lines, however they are walked.
#[derive(Debug, Default)]
pub(super) struct Counter(Vec<(Kind, u64)>);

impl Counter {
    pub(super) fn add(&mut self, kind: Kind) {
        // The same kind often comes again soon.
        match self.0.iter_mut().rev().find(|(k, _)| *k == kind) {
            Some((_, n)) => *n += 1,
            None => self.0.push((kind, 1)),
        }
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        for (kind, n) in &other.0 {
            match self.0.iter_mut().find(|(k, _)| k == kind) {
                Some((_, count)) => *count += n,
                None => self.0.push((*kind, *n)),
            }
        }
    }

    pub(super) fn take(&mut self) -> RecordCounts {
        let mut counts = RecordCounts::default();
        // In the order of the labels the counts need no search.
        self.0.sort_unstable_by_key(|(kind, _)| kind.order());
        for (kind, n) in self.0.drain(..) {
            counts.add(&kind.label(), n);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let read = |text: &str| Header::read(text.as_bytes()).map(|h| (h.notebook, h.version));
        assert_eq!(read("JAHISTC07,1"), Some((true, 7)));
        assert_eq!(read("JAHISTC12"), Some((true, 12)));
        assert_eq!(read("JAHIS10"), Some((false, 10)));
        assert_eq!(read("JAHIS5 "), Some((false, 5)));
        for none in ["NOT_JAHIS", "JAHIS", "JAHISTC", "JAHIS123", "JAHIS1a", "JAHISX1", ""] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn kinds_sort_as_their_labels() {
        let mut kinds: Vec<_> = (0..=9_999).map(Kind).chain([Kind::NONE]).collect();
        kinds.sort_by_key(|kind| kind.order());
        assert!(kinds.is_sorted_by_key(|kind| kind.label()));
    }

    #[test]
    fn lines_know_their_kind() {
        let lines: Vec<_> =
            Lines::new(b"\xEF\xBB\xBFJAHIS5\r\n\r\n11,x\n 201 ,1\rzz\n0,1\n12345,1\n\x1a").collect();
        let kinds: Vec<_> = lines.iter().map(|l| (l.kind, l.number, l.start)).collect();
        assert_eq!(
            kinds,
            [
                (Kind::HEADER, 1, 3),
                (Kind(11), 3, 13),
                (Kind(201), 4, 18),
                (Kind::NONE, 5, 26),
                (Kind::NONE, 6, 29),
                (Kind::NONE, 7, 33)
            ]
        );
    }
}
