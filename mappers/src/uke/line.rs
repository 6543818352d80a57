//! Bytes into lines, lines into record kinds and columns. Nothing here decodes, allocates per line or judges.

use compact_str::CompactString;

use crate::RecordCounts;

/// One record without its line end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Physical line, counted from 1.
    pub number: u64,
    /// Offset of its first byte in the slice given to [`Lines::new`].
    pub start: usize,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// The records of a slice: lines that end with CRLF, LF or CR. Empty lines and the end-of-file mark 1A are passed over.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u64,
    /// Lines that ended with a lone LF.
    pub lf: u64,
    /// Lines that ended with a lone CR.
    pub cr: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(bytes: &'a [u8], from: usize) -> Self {
        Self { bytes, at: from, number: 0, lf: 0, cr: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        loop {
            let start = self.at;
            let rest = self.bytes.get(start..).filter(|r| !r.is_empty())?;
            let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            let (mut content, tail) = rest.split_at(end);
            let ending = match tail {
                [b'\r', b'\n', ..] => 2,
                [b'\n', ..] => {
                    self.lf += 1;
                    1
                }
                [_, ..] => {
                    self.cr += 1;
                    1
                }
                [] => 0,
            };
            self.at += end + ending;
            self.number += 1;
            while let [head @ .., 0x1A] = content {
                content = head;
            }
            if !content.is_empty() {
                return Some(Line { number: self.number, start, bytes: content });
            }
        }
    }
}

/// A record id (レコード識別情報): two capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind(pub [u8; 2]);

impl Kind {
    /// A line of an older stage of the same receipt (履歴), with three columns before its id.
    pub(crate) const HISTORY: Self = Self(*b"\0h");
    /// A line without a record id.
    pub(crate) const UNREADABLE: Self = Self(*b"??");

    /// The name under which records are counted.
    pub(crate) fn label(&self) -> &str {
        if *self == Self::HISTORY { "history" } else { std::str::from_utf8(&self.0).unwrap_or("??") }
    }

    /// Sorts as [`Self::label`] does.
    fn order(self) -> [u8; 2] {
        if self == Self::HISTORY { *b"hi" } else { self.0 }
    }
}

/// Kind and number of leading columns of a line. `prefixed`: the document's own form has three leading columns
/// (データ識別, 行番号, 枝番号), so a line with them is not history.
pub(crate) fn classify(line: &[u8], prefixed: bool) -> (Kind, usize) {
    if let [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] | [a @ b'A'..=b'Z', b @ b'A'..=b'Z', b',', ..] = line {
        return (Kind([*a, *b]), 0);
    }
    let mut columns = line.split(|b| *b == b',');
    if let Some(kind) = columns.next().and_then(kind_of) {
        return (kind, 0);
    }
    match columns.nth(2).and_then(kind_of) {
        Some(kind) if prefixed => (kind, 3),
        Some(_) => (Kind::HISTORY, 3),
        None => (Kind::UNREADABLE, 0),
    }
}

/// Does the line have three leading columns before its record id?
pub(crate) fn is_prefixed(line: &[u8]) -> bool {
    classify(line, true).1 == 3
}

fn kind_of(column: &[u8]) -> Option<Kind> {
    match unquoted(column) {
        [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] => Some(Kind([*a, *b])),
        _ => None,
    }
}

/// A column without the quotation marks around it, when there are.
fn unquoted(column: &[u8]) -> &[u8] {
    match column {
        [b'"', inner @ .., b'"'] => inner,
        _ => column,
    }
}

/// Counts records by kind; a unit has few kinds.
#[derive(Debug, Default)]
pub(crate) struct Counter(Vec<(Kind, u64)>);

impl Counter {
    pub(crate) fn add(&mut self, kind: Kind) {
        match self.0.iter_mut().find(|(k, _)| *k == kind) {
            Some((_, n)) => *n += 1,
            None => self.0.push((kind, 1)),
        }
    }

    /// Gives what was counted and begins anew.
    pub(crate) fn take(&mut self) -> RecordCounts {
        let mut counts = RecordCounts::with_capacity(self.0.len());
        self.0.sort_unstable_by_key(|(kind, _)| kind.order());
        for (kind, n) in self.0.drain(..) {
            counts.add(kind.label(), n);
        }
        counts
    }
}

/// More columns than any record of the standards has (KI of dispensing receipts has 114).
const COLUMNS_MAX: usize = 128;

/// Longest code: twenty modifiers of four digits.
const CODE_MAX: usize = 80;

/// The columns of one line. Kept and filled again for the next line, so nothing is allocated.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    line: &'a [u8],
    /// `starts[i]` is where column `i` begins; one past the end of the line plus one closes the last.
    starts: [u32; COLUMNS_MAX + 1],
    columns: usize,
    shift: usize,
    quoted: bool,
    text: bool,
}

impl<'a> Fields<'a> {
    pub(crate) fn new() -> Self {
        Self { line: &[], starts: [0; COLUMNS_MAX + 1], columns: 0, shift: 0, quoted: false, text: false }
    }

    /// Cuts `line`; column 0 will be the one after `shift` leading columns.
    pub(crate) fn read(&mut self, line: &'a [u8], shift: usize) {
        self.line = line;
        self.shift = shift;
        // Claim lines are mostly commas, so one pass over the bytes is faster than searching for each comma.
        let (mut columns, mut quote, mut bits) = (1, false, 0u8);
        for (end, byte) in (1u32..).zip(line) {
            if *byte == b','
                && let Some(slot) = self.starts.get_mut(columns)
            {
                *slot = end;
                columns += 1;
            }
            quote |= *byte == b'"';
            bits |= byte;
        }
        self.columns = columns.min(COLUMNS_MAX);
        if let Some(slot) = self.starts.get_mut(columns) {
            *slot = u32::try_from(line.len() + 1).unwrap_or(u32::MAX);
        }
        self.text = !bits.is_ascii();
        self.quoted = quote && line.split(|b| *b == b',').any(|c| matches!(c, [b'"', .., b'"']));
    }

    /// Which of the 31 columns from `from` on hold something: bit 0 for the first.
    pub(crate) fn filled_days(&self, from: usize) -> u32 {
        let from = from + self.shift;
        let to = (from + 31).min(self.columns);
        let starts = self.starts.get(from..=to).unwrap_or_default();
        starts.windows(2).enumerate().fold(0, |mask, (day, pair)| match pair {
            [a, b] => mask | u32::from(b.wrapping_sub(*a) > 1) << day,
            _ => mask,
        })
    }

    /// Column `index` (0 is the record id); empty when the line ends before it.
    pub(crate) fn get(&self, index: usize) -> &'a [u8] {
        let at = index + self.shift;
        if at >= self.columns {
            return &[];
        }
        let (Some(from), Some(to)) = (self.starts.get(at), self.starts.get(at + 1)) else { return &[] };
        let raw = self.line.get(*from as usize..(*to as usize).saturating_sub(1)).unwrap_or_default();
        if self.quoted { unquoted(raw) } else { raw }
    }

    /// Number of columns, leading ones not counted.
    pub(crate) fn len(&self) -> usize {
        self.columns.saturating_sub(self.shift)
    }

    /// Was a column put in quotation marks?
    pub(crate) fn is_quoted(&self) -> bool {
        self.quoted
    }

    /// Is anything but ASCII in the line?
    pub(crate) fn has_text(&self) -> bool {
        self.text
    }

    /// Column `index` as a code. Empty unless it looks like one (ASCII letters and digits, at most [`CODE_MAX`]), so
    /// that a name that slipped into the column cannot pass for a code.
    pub(crate) fn code(&self, index: usize) -> CompactString {
        let field = self.get(index);
        let like_a_code = field.len() <= CODE_MAX && field.iter().all(u8::is_ascii_alphanumeric);
        if like_a_code {
            CompactString::from_utf8(field).unwrap_or_default()
        } else {
            CompactString::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<(usize, &[u8])> {
        Lines::new(bytes, 0).map(|l| (l.start, l.bytes)).collect()
    }

    #[test]
    fn all_line_ends_are_read() {
        assert_eq!(lines(b"A\r\nB\nC\rD\x1A"), [(0, &b"A"[..]), (3, b"B"), (5, b"C"), (7, b"D")]);
        assert_eq!(lines(b"\r\n\x1A\r\n\n").len(), 0);
        assert_eq!(lines(b"").len(), 0);
    }

    fn check(line: &[u8], prefixed: bool, expect: (&str, usize)) {
        let (kind, shift) = classify(line, prefixed);
        assert_eq!((kind.label(), shift), expect, "{line:?}");
    }

    #[test]
    fn a_line_tells_its_kind() {
        check(b"RE,1", false, ("RE", 0));
        check(b"RE", false, ("RE", 0));
        check(b"\"RE\",\"1\"", false, ("RE", 0));
        check(b"8,1,0,IR,1", false, ("history", 3));
        check(b"8,1,0,IR,1", true, ("IR", 3));
        check(b"REX,1", false, ("??", 0));
        check(b"re,1", false, ("??", 0));
        check(b"8,1,0", true, ("??", 0));
    }

    #[test]
    fn columns_are_cut_on_raw_bytes() {
        let mut f = Fields::new();
        f.read(b"SY,\x83\x5C,,x", 0);
        assert_eq!(
            (f.get(1), f.get(2), f.get(3), f.get(4), f.len()),
            (&b"\x83\x5C"[..], &b""[..], &b"x"[..], &b""[..], 4)
        );
        assert_eq!((f.filled_days(1), f.filled_days(2), f.filled_days(9)), (0b101, 0b10, 0));
        f.read(b"8,1,0,RE,7", 3);
        assert_eq!((f.get(0), f.get(1), f.len()), (&b"RE"[..], &b"7"[..], 2));
        f.read(b"\"RE\",\"1\",a\"b", 0);
        assert_eq!(
            (f.get(0), f.get(1), f.get(2), f.is_quoted()),
            (&b"RE"[..], &b"1"[..], &b"a\"b"[..], true)
        );
        let long = vec![b','; 500];
        f.read(&long, 0);
        assert_eq!(f.len(), COLUMNS_MAX);
    }
}
