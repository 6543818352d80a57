//! Cutting a separated file into units in one pass: headings are held against the interface once, rows are counted,
//! rows of one key are put together. Nothing of a cell is read here but keys and the trailer's count.

use compact_str::CompactString;
use musubi_model::finding::shape_of;
use musubi_model::{ByteRange, Finding, Rule};

use super::heading::{Fit, Frame, line_ends};
use super::plan::{Csv, Interface};
use super::rules;
use crate::notes::Notes;
use crate::text::rows::{Row, Rows, separator_of};
use crate::text::{self, Encoding, NoEncoding};
use crate::{Document, RecordCounts, Split, UnitContext, UnitSlice};

/// Bytes between two signposts for line numbers.
const SIGNPOST: u64 = 1 << 16;
/// Bytes looked at to find the encoding, from the first one that is not ASCII.
const SAMPLE: usize = 1 << 16;
/// Comment rows at the head that may be headings.
const HEADINGS_MAX: usize = 20;

pub(super) fn split(interface: &Interface, csv: &Csv, document: &Document<'_>) -> Split {
    let mut notes = Notes::new(document.limits.findings_per_unit_max);
    let mut split = Split::default();
    if let Some((frame, from, headings)) = head(interface, csv, document, &mut notes) {
        let mut cut = Cut { csv, document, frame, split: &mut split, units: Units::default() };
        if headings > 0 {
            cut.split.envelope.add("heading", headings);
        }
        cut.rows(from, &mut notes);
    }
    split.findings = notes.finish();
    split
}

/// Does the document begin like a file of this interface?
pub(super) fn is_sure(interface: &Interface, csv: &Csv, document: &Document<'_>) -> bool {
    let head = document.bytes.get(..SAMPLE.min(document.bytes.len())).unwrap_or_default();
    let Ok(encoding) = encoding_of(csv, head) else { return false };
    let separator = csv.separator.unwrap_or_else(|| separator_below(csv, head));
    let (headings, _) = heading_rows(csv, head, separator, encoding, document.limits.record_bytes_max);
    headings.iter().any(|h| Fit::of(interface, h).is_sure(interface))
}

/// Encoding, separator and columns, and where the data begins. `None`: rows cannot be cut.
fn head(
    interface: &Interface,
    csv: &Csv,
    document: &Document<'_>,
    notes: &mut Notes,
) -> Option<(Frame, usize, u64)> {
    let bytes = document.bytes;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > document.limits.document_bytes_max {
        let max = document.limits.document_bytes_max.to_string();
        notes.push(Finding::new(&rules::LIMIT).found(format!("{size}バイト")).expected(max));
        return None;
    }
    let encoding = match encoding_of(csv, bytes) {
        Ok(encoding) => encoding,
        Err(found) => {
            notes.push(Finding::new(&rules::ENCODING).found(found).expected("UTF-8・Shift_JIS・EUC-JP"));
            return None;
        }
    };
    let separator = csv.separator.unwrap_or_else(|| separator_below(csv, bytes));
    let mut frame = Frame::whole(interface, encoding);
    frame.separator = separator;
    let (headings, from) = heading_rows(csv, bytes, separator, encoding, document.limits.record_bytes_max);
    let by_heading = interface.columns.iter().any(|c| c.at.is_none());
    // The declared row, or the one that fits best when the file has other rows on top than agreed.
    let declared = usize::try_from(csv.heading.saturating_sub(1)).unwrap_or(0);
    let fits: Vec<Fit> = headings.iter().map(|h| Fit::of(interface, h)).collect();
    let best = fits.iter().enumerate().max_by_key(|(i, f)| (f.cells.len(), *i == declared));
    let mut cells: Vec<(u32, u32)> = Vec::new();
    for (column, n) in interface.columns.iter().zip(0u32..) {
        if let Some(at) = column.at {
            cells.push((n, u32::try_from(at).unwrap_or(u32::MAX)));
        }
    }
    if let (true, Some((row, fit))) = (by_heading, best) {
        cells.extend(fit.cells.iter().copied());
        let written = headings.get(row).map(Vec::as_slice).unwrap_or_default();
        frame.width = written.len();
        tell_headings(interface, fit, written, notes);
        let secret = |n: &u32| {
            let head = fit.heads.get(usize::try_from(*n).unwrap_or(usize::MAX));
            head.is_some_and(|h| h.contains("個人番号") || h.contains("マイナンバー"))
        };
        frame.my_numbers = fit.unknown.iter().copied().filter(secret).collect();
    } else if by_heading {
        notes.push(Finding::new(&rules::EMPTY).found("見出し行なし"));
    }
    if !by_heading {
        let declared = headings.get(declared).map(Vec::len);
        frame.width = declared.or(csv.columns.and_then(|n| usize::try_from(n).ok())).unwrap_or(0);
    }
    if let Some(columns) = csv.columns
        && frame.width != 0
        && frame.width != usize::try_from(columns).unwrap_or(0)
    {
        let found = format!("{}列", frame.width);
        notes.push(Finding::new(&rules::COLUMN_COUNT).found(found).expected(format!("{columns}列")));
    }
    cells.sort_by_key(|(_, field)| *field);
    frame.cells = cells;
    frame.place_all(interface);
    Some((frame, from, u64::try_from(headings.len()).unwrap_or(0)))
}

fn tell_headings(interface: &Interface, fit: &Fit, written: &[String], notes: &mut Notes) {
    let missing = fit.missing(interface);
    // Names of headings may be shown when it is sure that they are headings: most are known.
    let are_headings = fit.cells.len() >= fit.unknown.len() && !fit.cells.is_empty();
    let name = |field: &u32| {
        let text = written.get(usize::try_from(*field).unwrap_or(usize::MAX)).map_or("", String::as_str);
        if are_headings { text.trim().chars().take(24).collect() } else { shape_of(text) }
    };
    if !missing.is_empty() {
        let found = format!("見出し{}個のうち既知{}個", written.len(), fit.cells.len());
        let expected = listed(missing.iter().map(|m| (*m).to_owned()));
        notes.push(Finding::new(&rules::HEADING_MISSING).found(found).expected(expected));
    }
    for (column, field) in &fit.twice {
        let title = interface.column(usize::try_from(*column).unwrap_or(usize::MAX)).map_or("", |c| &c.title);
        let found = name(field);
        notes.push(Finding::new(&rules::HEADING_TWICE).in_field("見出し", title).found(found));
    }
    if !fit.unknown.is_empty() || fit.blank > 0 {
        let mut names: Vec<String> = fit.unknown.iter().map(name).collect();
        if fit.blank > 0 {
            names.push(format!("見出しのない列{}", fit.blank));
        }
        notes.push(Finding::new(&rules::HEADING_UNKNOWN).found(listed(names.into_iter())));
    }
}

/// Names with their number, at most 100 characters.
fn listed(names: impl Iterator<Item = String>) -> String {
    let (mut out, mut count, mut cut) = (String::new(), 0, false);
    for name in names {
        count += 1;
        if out.chars().count() + name.chars().count() > 90 {
            cut = true;
        } else if !cut {
            if !out.is_empty() {
                out.push('、');
            }
            out.push_str(&name);
        }
    }
    if cut { format!("{out}ほか 計{count}列") } else { out }
}

/// The encoding, or what was found instead.
fn encoding_of(csv: &Csv, bytes: &[u8]) -> Result<Encoding, &'static str> {
    if let Some(encoding) = csv.encoding {
        return if matches!(text::detect(bytes.get(..3).unwrap_or(bytes)), Err(NoEncoding::Utf16)) {
            Err("UTF-16")
        } else {
            Ok(encoding)
        };
    }
    if bytes.starts_with(text::UTF8_MARK) {
        return Ok(Encoding::Utf8);
    }
    let Some(first) = bytes.iter().position(|b| !b.is_ascii() || *b == 0x1B) else {
        return Ok(Encoding::Utf8);
    };
    let rest = if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        bytes
    } else {
        bytes.get(first..).unwrap_or_default()
    };
    let sample = match rest.get(..SAMPLE) {
        None => rest,
        Some(part) => part.get(..memchr::memrchr2(b'\n', b'\r', part).unwrap_or(part.len())).unwrap_or(part),
    };
    match text::detect(sample) {
        Ok(Encoding::Ascii) => Ok(Encoding::Utf8),
        Ok(Encoding::Iso2022Jp) => Err("ISO-2022-JP"),
        Ok(encoding) => Ok(encoding),
        Err(NoEncoding::Utf16) => Err("UTF-16"),
        Err(NoEncoding::Unknown) => {
            // A few broken bytes do not make a file unreadable; each is told where it stands.
            let lost = |e: Encoding| text::decode(e, sample).chars().filter(|c| *c == '\u{FFFD}').count();
            let (count, encoding) = [Encoding::Utf8, Encoding::ShiftJis]
                .map(|e| (lost(e), e))
                .into_iter()
                .min_by_key(|p| p.0)
                .unwrap_or((0, Encoding::Utf8));
            if count.saturating_mul(20) <= sample.len() { Ok(encoding) } else { Err("不明") }
        }
    }
}

/// The separator by the first row below titles.
fn separator_below(csv: &Csv, bytes: &[u8]) -> u8 {
    let mut rest = bytes;
    for _ in 0..csv.skip {
        let end = memchr::memchr2(b'\n', b'\r', rest).map_or(rest.len(), |n| n + 1);
        rest = rest.get(end..).unwrap_or_default();
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    separator_of(rest)
}

/// Rows of headings, decoded, and where the data begins.
fn heading_rows(
    csv: &Csv,
    bytes: &[u8],
    separator: u8,
    encoding: Encoding,
    row_bytes_max: u32,
) -> (Vec<Vec<String>>, usize) {
    let mut rows = Rows::new(bytes, 0, separator, row_bytes_max);
    let mut row = Row::default();
    let mut headings: Vec<Vec<String>> = Vec::new();
    let mut from = 0;
    let wanted = usize::try_from(csv.headings).unwrap_or(0);
    let mut skip = csv.skip;
    while rows.read(&mut row) {
        let is_comment = is_comment(csv, bytes, &row);
        if skip > 0 {
            skip -= 1;
            from = row.next;
            continue;
        }
        if row.is_blank() && headings.is_empty() && wanted > 0 {
            from = row.next;
            continue;
        }
        let commented = headings.first().is_some_and(|_| is_comment) && headings.len() < HEADINGS_MAX;
        if headings.len() >= wanted && !commented || wanted == 0 && !is_comment {
            break;
        }
        // Rows of headings that are comments end with the comments, however many were agreed.
        if !is_comment && !headings.is_empty() && csv.comment.is_some() {
            break;
        }
        let mut fields: Vec<String> =
            (0..row.fields.len()).map(|i| row.text(bytes, i, encoding).into_owned()).collect();
        if let (Some(mark), Some(first), true) = (&csv.comment, fields.first_mut(), is_comment) {
            *first = first.strip_prefix(mark.as_str()).unwrap_or(first).to_owned();
        }
        headings.push(fields);
        from = row.next;
    }
    (headings, from)
}

fn is_comment(csv: &Csv, bytes: &[u8], row: &Row) -> bool {
    let Some(mark) = &csv.comment else { return false };
    let line = bytes.get(row.start..row.end).unwrap_or_default();
    line.starts_with(mark.as_bytes())
        || line.strip_prefix(b"\"").is_some_and(|l| l.starts_with(mark.as_bytes()))
}

/// Nothing but separators, blanks and quotes?
pub(super) fn is_hollow(bytes: &[u8], separator: u8) -> bool {
    bytes.iter().all(|b| *b == separator || matches!(b, b' ' | b'"' | b'\t' | 0x1A))
}

/// The unit that is being put together.
#[derive(Default)]
struct Units {
    start: usize,
    end: usize,
    rows: u64,
    key: Vec<u8>,
}

struct Cut<'c, 'd> {
    csv: &'c Csv,
    document: &'c Document<'d>,
    frame: Frame,
    split: &'c mut Split,
    units: Units,
}

impl Cut<'_, '_> {
    fn rows(&mut self, from: usize, notes: &mut Notes) {
        let bytes = self.document.bytes;
        let separator = self.frame.separator;
        let above = line_ends(bytes.get(..from).unwrap_or_default());
        let mut line = u32::try_from(above).unwrap_or(u32::MAX).saturating_add(1);
        self.frame.lines = vec![(0, 1), (u64::try_from(from).unwrap_or(u64::MAX), line)];
        let first_line = line;
        let mut rows = Rows::new(bytes, from, separator, self.document.limits.record_bytes_max);
        let mut row = Row::default();
        let (mut data, mut beyond, mut signpost, mut promised) = (0u64, 0u64, 0u64, None);
        let key_fields = self.key_fields();
        let mut key = Vec::new();
        let max = u64::from(self.document.limits.units_per_document_max);
        while rows.read(&mut row) {
            line = first_line.saturating_add(row.line.saturating_sub(1));
            let start = u64::try_from(row.start).unwrap_or(u64::MAX);
            if start.saturating_sub(signpost) >= SIGNPOST {
                signpost = start;
                self.frame.lines.push((start, line));
            }
            let kind = self.envelope_kind(&row, &mut promised);
            if let Some(kind) = kind {
                self.close();
                self.split.envelope.add(kind, 1);
                continue;
            }
            data += 1;
            key.clear();
            for field in &key_fields {
                key.extend_from_slice(row.raw(bytes, *field));
                key.push(b'\n');
            }
            let joins = self.units.rows > 0 && !key_fields.is_empty() && key == self.units.key;
            if !joins {
                self.close();
                if u64::try_from(self.split.units.len()).unwrap_or(u64::MAX) >= max {
                    // The rest is counted, not cut: the document is quarantined as a whole.
                    beyond += 1;
                    continue;
                }
                self.units.start = row.start;
                self.units.key.clone_from(&key);
            }
            self.units.end = row.end;
            self.units.rows += 1;
        }
        self.close();
        if beyond > 0 {
            self.split.envelope.add("row", beyond);
            notes.push(plain(&rules::LIMIT, &format!("{max}件を{beyond}行超える"), &format!("{max}件まで")));
        }
        if data == 0 && !notes.has_error() {
            notes.push(Finding::new(&rules::EMPTY).found("0行"));
        }
        if let Some(promised) = promised.filter(|p| *p != Some(data)) {
            let expected = promised.map_or_else(|| "件数".to_owned(), |n| n.to_string());
            notes.push(Finding::new(&rules::TRAILER_COUNT).found(data.to_string()).expected(expected));
        }
        self.split.totals.insert(CompactString::const_new("row"), data);
        self.split.contexts.push(UnitContext::Table(self.frame.clone()));
    }

    /// Fields of the key columns that the file has.
    fn key_fields(&self) -> Vec<usize> {
        let place = |n: &usize| {
            let place = usize::try_from(*self.frame.place.get(*n)?).ok()?;
            usize::try_from(self.frame.cells.get(place)?.1).ok()
        };
        self.csv.key.iter().filter_map(place).collect()
    }

    /// Is the row no data? Then as what it is counted. `promised`: the count of a trailer.
    fn envelope_kind(&self, row: &Row, promised: &mut Option<Option<u64>>) -> Option<&'static str> {
        let bytes = self.document.bytes;
        let line = bytes.get(row.start..row.end).unwrap_or_default();
        if is_hollow(line, self.frame.separator) {
            return Some("blank");
        }
        if is_comment(self.csv, bytes, row) {
            return Some("comment");
        }
        let (mark, rows) = self.csv.trailer.as_ref()?;
        if row.text(bytes, 0, self.frame.encoding).trim() != mark {
            return None;
        }
        if let Some(at) = rows {
            let field = usize::try_from(at.saturating_sub(1)).unwrap_or(usize::MAX);
            *promised = Some(row.text(bytes, field, self.frame.encoding).trim().parse().ok());
        }
        Some("trailer")
    }

    fn close(&mut self) {
        if self.units.rows == 0 {
            return;
        }
        let mut records = RecordCounts::default();
        records.add("row", self.units.rows);
        let range = ByteRange::within(0, self.units.start, self.units.end);
        self.split.units.push(UnitSlice { range, records, context: 0 });
        self.units.rows = 0;
    }
}

/// A finding of a rule with found and expected, at the head of the document.
pub(super) fn plain(rule: &'static Rule, found: &str, expected: &str) -> Finding {
    Finding::new(rule).found(found).expected(expected)
}
