//! Opening a document of rows, and a row as cells. Cutting is on raw bytes; a cell is decoded when asked for.
//!
//! Blank rows and a lone end-of-file mark are no records. Cutting and mapping walk the same way, so what was counted
//! while cutting is what a unit holds.

use std::borrow::Cow;
use std::collections::HashMap;

use compact_str::CompactString;
use encoding_rs::SHIFT_JIS;
use musubi_model::{ByteRange, Finding};

use super::rules;
use crate::text::rows::{Row, Rows};
use crate::text::{Encoding, NoEncoding, detect};
use crate::{Document, RecordCounts, Split, UnitContext, UnitSlice};

/// The document's encoding, or `None` with a finding that quarantines it.
pub(super) fn open(document: &Document<'_>, split: &mut Split, any_encoding: bool) -> Option<Encoding> {
    let size = u64::try_from(document.bytes.len()).unwrap_or(u64::MAX);
    if size > document.limits.document_bytes_max {
        split.findings.push(
            Finding::new(&rules::LIMIT)
                .found(format!("{size} バイト"))
                .expected(format!("{} バイト以下", document.limits.document_bytes_max)),
        );
        return None;
    }
    let Some(encoding) = encoding_of(document.bytes) else {
        split.findings.push(Finding::new(&rules::ENCODING).expected("Shift_JIS または UTF-8"));
        return None;
    };
    if !any_encoding && matches!(encoding, Encoding::Utf8 | Encoding::EucJp) {
        split
            .findings
            .push(Finding::new(&rules::ENCODING_OTHER).found(encoding.name()).expected("Shift_JIS"));
    }
    Some(encoding)
}

/// The encoding of a text whose rows can be cut on bytes. A text of Shift_JIS with some damaged lines is one still:
/// half a character at the end of a field is common, and costs that field only.
pub(super) fn encoding_of(bytes: &[u8]) -> Option<Encoding> {
    match detect(bytes) {
        Ok(Encoding::Iso2022Jp) | Err(NoEncoding::Utf16) => None,
        Ok(encoding) => Some(encoding),
        Err(NoEncoding::Unknown) => {
            let (mut lines, mut damaged) = (0u64, 0u64);
            for line in bytes.split(|b| *b == b'\n') {
                lines += 1;
                let sound = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(line).is_some();
                damaged += u64::from(!sound);
            }
            (damaged <= (lines / 10).max(1) && lines > damaged).then_some(Encoding::ShiftJis)
        }
    }
}

/// Walks over the rows of a part of a document that are records.
pub(super) fn each_row(
    bytes: &[u8],
    from: usize,
    separator: u8,
    row_bytes_max: u32,
    mut visit: impl FnMut(&Row),
) {
    let mut rows = Rows::new(bytes, from, separator, row_bytes_max);
    // Enough for the widest rows but some.
    let mut row = Row { fields: Vec::with_capacity(128), ..Row::default() };
    while rows.read(&mut row) {
        let content = bytes.get(row.start..row.end).unwrap_or_default();
        if content.iter().any(|b| *b != 0x1A) {
            visit(&row);
        }
    }
}

/// The part of a document up to the end of a unit, and where the unit begins: rows are cut from it exactly as they
/// were while cutting the whole.
pub(super) fn unit_bytes<'a>(document: &Document<'a>, unit: &UnitSlice) -> (&'a [u8], usize) {
    let start = usize::try_from(unit.range.start).unwrap_or(usize::MAX);
    let end = usize::try_from(unit.range.end()).unwrap_or(usize::MAX);
    let bytes = document.bytes.get(..end).unwrap_or(document.bytes);
    (bytes, start.min(bytes.len()))
}

/// A row with its text.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a, 'r> {
    pub bytes: &'a [u8],
    pub row: &'r Row,
    pub encoding: Encoding,
    /// Column 0 of the record is this column of the row.
    pub shift: usize,
}

impl<'a> Cells<'a, '_> {
    /// The bytes of a cell without quotes and without blanks at its ends.
    pub(super) fn raw(&self, at: usize) -> &'a [u8] {
        let raw = self.row.raw(self.bytes, at + self.shift);
        let inner = raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")).unwrap_or(raw);
        inner.trim_ascii()
    }

    /// A cell as text, quotes taken off, nothing else changed.
    pub(super) fn text(&self, at: usize) -> Cow<'a, str> {
        self.row.text(self.bytes, at + self.shift, self.encoding)
    }

    /// A cell that holds nothing, or blanks only.
    pub(super) fn is_blank(&self, at: usize) -> bool {
        self.raw(at).is_empty()
    }

    /// The cell when it is ASCII letters and digits of at most `max`; a name that slipped in cannot pass for a code.
    pub(super) fn code(&self, at: usize, max: usize) -> Option<CompactString> {
        let raw = self.raw(at);
        let sound = !raw.is_empty() && raw.len() <= max && raw.iter().all(u8::is_ascii_alphanumeric);
        sound.then(|| CompactString::from_utf8(raw).unwrap_or_default())
    }

    /// Number of columns from column 0 of the record on.
    pub(super) fn len(&self) -> usize {
        self.row.fields.len().saturating_sub(self.shift)
    }

    /// Number of columns without empty ones at the end.
    pub(super) fn filled(&self) -> usize {
        (0..self.len()).rev().find(|at| !self.is_blank(*at)).map_or(0, |at| at + 1)
    }

    pub(super) fn range(&self) -> ByteRange {
        ByteRange::within(0, self.row.start, self.row.end)
    }
}

/// Puts consecutive rows together to units.
#[derive(Default)]
pub(super) struct Cutter {
    /// First and last byte of the unit at hand, and its context.
    open: Option<(usize, usize, u32)>,
    counts: RecordCounts,
    units: u32,
    over: bool,
}

impl Cutter {
    /// Adds a row of `kind` to the unit at hand.
    pub(super) fn add(&mut self, row: &Row, kind: &str) {
        if let Some(open) = &mut self.open {
            open.1 = row.end;
            self.counts.add(kind, 1);
        }
    }

    /// Closes the unit at hand and begins one with this row.
    pub(super) fn begin(
        &mut self,
        document: &Document<'_>,
        split: &mut Split,
        row: &Row,
        kind: &str,
        context: u32,
    ) {
        self.close(document, split);
        self.open = Some((row.start, row.end, context));
        self.counts.add(kind, 1);
    }

    /// Closes the unit at hand.
    pub(super) fn close(&mut self, document: &Document<'_>, split: &mut Split) {
        let Some((start, end, context)) = self.open.take() else { return };
        let records = std::mem::take(&mut self.counts);
        if self.units >= document.limits.units_per_document_max {
            if !self.over {
                self.over = true;
                split.findings.push(
                    Finding::new(&rules::LIMIT)
                        .found("単位の数")
                        .expected(format!("{} 以下", document.limits.units_per_document_max)),
                );
            }
            for (kind, n) in records.iter() {
                split.envelope.add(kind, n);
            }
            return;
        }
        self.units += 1;
        split.units.push(UnitSlice { range: ByteRange::within(0, start, end), records, context });
    }
}

/// Totals by kind of record: of all units and of the envelope.
pub(super) fn totals(split: &mut Split) {
    let all = split.units.iter().map(|u| &u.records).chain([&split.envelope]);
    let mut totals = std::collections::BTreeMap::new();
    for (kind, n) in all.flat_map(RecordCounts::iter) {
        *totals.entry(CompactString::from(kind)).or_insert(0) += n;
    }
    split.totals = totals;
}

/// Counts how often a key came before, so that parts of one thing that stand apart are not taken for versions.
#[derive(Default)]
pub(super) struct Seen(HashMap<Vec<u8>, u32>);

impl Seen {
    /// How often these parts came before.
    pub(super) fn before(&mut self, parts: &[&[u8]]) -> u32 {
        let mut key = Vec::with_capacity(parts.iter().map(|p| p.len() + 1).sum());
        for part in parts {
            key.extend_from_slice(part);
            key.push(0);
        }
        let count = self.0.entry(key).or_insert(0);
        *count += 1;
        *count - 1
    }
}

/// The context of a unit, when it is one of long-term care.
pub(super) fn frame<'s>(split: &'s Split, unit: &UnitSlice) -> Option<&'s super::Frame> {
    match usize::try_from(unit.context).ok().and_then(|at| split.contexts.get(at)) {
        Some(UnitContext::Care(frame)) => Some(frame),
        _ => None,
    }
}
