//! Cuts a document into record sets, one for each patient, and joins the parts of divided sets that stand together.

use compact_str::CompactString;
use musubi_model::{ByteRange, Finding};

use super::line::{Counter, Kind, Line, Lines, unquoted};
use super::{Frame, rules};
use crate::text::{self, Encoding, NoEncoding};
use crate::{Document, RecordCounts, Split, UnitContext, UnitSlice};

/// What record 911 says of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// データ ID, 14 digits.
    pub id: CompactString,
    /// 分割総数.
    pub total: u32,
    /// 分割番号.
    pub number: u32,
}

impl Part {
    /// From the line of record 911; `None` when its numbers are none.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let mut items = line.split(|b| *b == b',').skip(1).map(|i| unquoted(i).0);
        let id = items.next().filter(|i| i.len() == 14 && i.iter().all(u8::is_ascii_digit))?;
        let total = items.next().and_then(super::line::number)?;
        let number = items.next().and_then(super::line::number)?;
        let sound = (1..=999).contains(&total) && (1..=total).contains(&number);
        sound.then(|| Self { id: CompactString::from_utf8_lossy(id), total, number })
    }
}

/// A record set, from its header to the next.
struct Set {
    start: usize,
    end: usize,
    part: Option<Part>,
    records: Counter,
}

/// Finds the encoding: an undecodable character does not change it, it is told where it stands.
fn encoding(document: &Document<'_>, findings: &mut Vec<Finding>) -> Option<Encoding> {
    match text::detect(document.bytes) {
        Ok(found @ (Encoding::ShiftJis | Encoding::Ascii)) => Some(found),
        Ok(other) => {
            findings.push(Finding::new(&rules::NOT_SJIS).found(other.name()));
            Some(other)
        }
        Err(NoEncoding::Unknown) => {
            // Bytes that are valid in none: the one with fewer broken characters.
            let broken = |e: Encoding| text::decode(e, document.bytes).matches('\u{FFFD}').count();
            let utf8 = broken(Encoding::Utf8) < broken(Encoding::ShiftJis);
            Some(if utf8 { Encoding::Utf8 } else { Encoding::ShiftJis })
        }
        Err(NoEncoding::Utf16) => {
            findings.push(Finding::new(&rules::ENCODING).found("UTF-16").expected("シフト JIS"));
            None
        }
    }
}

pub(super) fn split(document: &Document<'_>) -> Split {
    let limits = document.limits;
    let mut split = Split::default();
    let size = u64::try_from(document.bytes.len()).unwrap_or(u64::MAX);
    if size > limits.document_bytes_max {
        let finding = Finding::new(&rules::LIMIT).found(format!("{size} バイト"));
        split.findings.push(finding.expected(format!("{} バイト以下", limits.document_bytes_max)));
    }
    let encoding = encoding(document, &mut split.findings);
    split.contexts.push(UnitContext::Qr(Frame { encoding: encoding.unwrap_or(Encoding::ShiftJis) }));
    if encoding.is_none() {
        return split;
    }
    let (sets, headers) = sets(document.bytes);
    if sets.is_empty() {
        split.findings.push(Finding::new(&rules::EMPTY));
    } else if headers == 0 {
        split.findings.push(Finding::new(&rules::HEADER_MISSING).expected("JAHIS で始まる行"));
    }
    let mut total = Counter::default();
    let units_max = usize::try_from(limits.units_per_document_max).unwrap_or(usize::MAX);
    let mut envelope = Counter::default();
    let mut more = 0u64;
    for mut set in join(sets) {
        total.add_all(&set.records);
        if split.units.len() >= units_max {
            more += 1;
            envelope.add_all(&set.records);
        } else {
            let range = ByteRange::within(0, set.start, set.end);
            split.units.push(UnitSlice { range, records: set.records.take(), context: 0 });
        }
    }
    if more > 0 {
        let found = format!("{} 人分", u64::from(limits.units_per_document_max) + more);
        let finding = Finding::new(&rules::LIMIT).found(found);
        split.findings.push(finding.expected(format!("{} 人分以下", limits.units_per_document_max)));
    }
    split.envelope = envelope.take();
    let total: RecordCounts = total.take();
    split.totals = total.iter().map(|(kind, n)| (CompactString::from(kind), n)).collect();
    split
}

/// The sets of a document and how many headers were met. Lines before the first header are a set of their own.
fn sets(bytes: &[u8]) -> (Vec<Set>, usize) {
    let mut sets: Vec<Set> = Vec::new();
    let mut headers = 0;
    for line in Lines::new(bytes) {
        let end = line.start + line.bytes.len();
        if line.kind == Kind::HEADER || sets.is_empty() {
            headers += usize::from(line.kind == Kind::HEADER);
            sets.push(Set { start: line.start, end, part: None, records: Counter::default() });
        }
        if let Some(set) = sets.last_mut() {
            set.end = end;
            set.records.add(line.kind);
            if line.kind == Kind(911) {
                set.part = Part::read(line.bytes);
            }
        }
    }
    (sets, headers)
}

/// Neighbouring sets that are parts of one become one; a part number that comes again begins another.
fn join(sets: Vec<Set>) -> Vec<Set> {
    let mut joined: Vec<Set> = Vec::with_capacity(sets.len());
    let mut open: Vec<Part> = Vec::new();
    for set in sets {
        let belongs = match (&set.part, open.first()) {
            (Some(part), Some(first)) => part.id == first.id && open.iter().all(|p| p.number != part.number),
            _ => false,
        };
        if !belongs {
            open.clear();
        }
        open.extend(set.part.clone());
        match joined.last_mut().filter(|_| belongs) {
            Some(last) => {
                last.end = set.end;
                last.records.add_all(&set.records);
            }
            None => joined.push(set),
        }
    }
    joined
}

/// The lines of one set inside a unit.
pub(super) struct Piece<'a> {
    pub lines: Vec<Line<'a>>,
    /// Record 911, when there is one: its numbers, or `None` when they are wrong.
    pub part: Option<Option<Part>>,
}

/// The sets of a unit, in the order of their bytes.
pub(super) fn pieces(bytes: &[u8], records: usize) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    for line in Lines::new(bytes) {
        if line.kind == Kind::HEADER || pieces.is_empty() {
            let capacity = if pieces.is_empty() { records } else { 0 };
            pieces.push(Piece { lines: Vec::with_capacity(capacity), part: None });
        }
        let Some(piece) = pieces.last_mut() else { continue };
        if line.kind == Kind(911) {
            piece.part = Some(Part::read(line.bytes));
        }
        piece.lines.push(line);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_or_refused() {
        let read = |text: &str| Part::read(text.as_bytes()).map(|p| (p.total, p.number));
        assert_eq!(read("911,20240101123456,3,2"), Some((3, 2)));
        assert_eq!(read("911, 20240101123456 ,3,3,"), Some((3, 3)));
        for none in [
            "911,2024,3,2",
            "911,20240101123456,2,3",
            "911,20240101123456,0,0",
            "911",
            "911,20240101123456,2",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn neighbours_join_and_repeats_do_not() {
        let one = "JAHISTC08,1\n1,a\n911,20240101123456,2,1\n";
        let two = "JAHISTC08,1\n301,1\n911,20240101123456,2,2\n";
        let other = "JAHISTC08,1\n1,b\n";
        let count = |text: String| join(sets(text.as_bytes()).0).len();
        assert_eq!(count(format!("{one}{two}{other}")), 2);
        assert_eq!(count(format!("{two}{one}{one}{two}")), 2);
        assert_eq!(count(format!("{one}{other}{two}")), 3);
        assert_eq!(count(format!("x\n{other}")), 2);
    }
}
