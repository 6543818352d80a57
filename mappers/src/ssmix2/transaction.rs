//! SS-MIX2 transaction storage (トランザクションストレージ): files `TR_*.DAT`, a header line `#SSMIX,…` and the message it
//! speaks of. The header says what the path says in standard storage, and the version of a unit is the same in both, so
//! that they supersede each other. `DEL` deletes; a deletion may come without a message.
//!
//! A file may hold several transactions, one after the other: a unit each. Sources: formats.md §1.3.

use compact_str::CompactString;
use memchr::memmem;
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::{ByteRange, Finding, Identifying};

use super::path::FilePath;
use super::witness::Outside;
use super::{UNNAMED, blank, check_size, finish, message, rules, show};
use crate::hl7::{Message, Notes};
use crate::text;
use crate::{
    Document, MappedUnit, Mapper, RecordCounts, Split, UnitContext, UnitSlice, UnitVersion, VersionState,
};

/// How a header line begins.
const MARK: &[u8] = b"#SSMIX";

/// The mapper of SS-MIX2 transaction storage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Transaction;

impl Mapper for Transaction {
    fn version(&self) -> &str {
        "ss-mix2-transaction/1"
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        let bytes = document.bytes.strip_prefix(text::UTF8_MARK).unwrap_or(document.bytes);
        bytes.strip_prefix(MARK).is_some_and(|rest| rest.first() == Some(&b','))
    }

    fn split(&self, document: &Document<'_>) -> Split {
        let mut notes = Notes::new(document.limits.findings_per_unit_max);
        check_size(document, &mut notes);
        let mut split = Split { contexts: vec![UnitContext::Message], ..Split::default() };
        let starts = starts(document.bytes);
        let before = document.bytes.get(..starts.first().copied().unwrap_or(document.bytes.len()));
        let before = before.unwrap_or_default();
        let blank =
            before.strip_prefix(text::UTF8_MARK).unwrap_or(before).iter().all(u8::is_ascii_whitespace);
        if !document.bytes.is_empty() && (starts.is_empty() || !blank) {
            let range = ByteRange::within(0, 0, before.len());
            notes.push(Finding::new(&rules::TR_NO_HEADER).at(range).expected("#SSMIX,2.00,…"));
        }
        let max = usize::try_from(document.limits.units_per_document_max).unwrap_or(usize::MAX);
        if starts.len() > max {
            let found = starts.len().to_string();
            notes.push(Finding::new(&rules::TOO_LARGE).found(found).expected(max.to_string()));
        }
        for (i, start) in starts.iter().copied().enumerate() {
            let end = starts.get(i + 1).copied().unwrap_or(document.bytes.len());
            let unit = document.bytes.get(start..end).unwrap_or_default();
            let (line, _) = header_line(unit);
            let kind = std::str::from_utf8(line).ok().and_then(|l| l.split(',').nth(5)).map(count_as);
            let kind = kind.unwrap_or(UNNAMED);
            let mut records = RecordCounts::default();
            records.add(kind, 1);
            split.units.push(UnitSlice { range: ByteRange::within(0, start, end), records, context: 0 });
            *split.totals.entry(CompactString::from(kind)).or_insert(0) += 1;
        }
        split.findings = notes.finish();
        split
    }

    fn map(&self, document: &Document<'_>, _: &Split, unit: &UnitSlice, masters: &dyn Masters) -> MappedUnit {
        let mut notes = Notes::new(document.limits.findings_per_unit_max);
        let mut mapped = blank(unit);
        let bytes = unit.range.slice(document.bytes).unwrap_or_default();
        let (line, body_at) = header_line(bytes);
        let range = ByteRange::within(unit.range.start, 0, line.len());
        let line = std::str::from_utf8(line).unwrap_or_default();
        if let Some(header) = Header::read(line, range, document, &mut notes) {
            let path = &header.path;
            path.check_name(&mut notes);
            mapped.version =
                Some(UnitVersion { key: path.key(), time: path.sortable_time(), state: path.state });
            let body = bytes.get(body_at..).unwrap_or_default();
            let base = unit.range.start + u64::try_from(body_at).unwrap_or_default();
            let is_blank =
                body.iter().all(|b| b.is_ascii_whitespace() || matches!(b, 0x1C | 0x1A | 0x0B | 0));
            if is_blank && path.state == VersionState::Deleted {
                mapped.demographics.local_number =
                    Identifying::new(CompactString::from(*path.patient.expose()));
            } else if is_blank {
                notes.push(Finding::new(&rules::EMPTY).at(range));
            } else if let Some(message) = Message::read(body, base, document.limits, &mut notes) {
                let outside = Outside::File(path);
                message::map(&message, document.bytes, &outside, masters, &mut notes, &mut mapped);
            }
        }
        finish(mapped, notes)
    }

    fn show(&self, bytes: &[u8]) -> String {
        show(bytes)
    }
}

/// Where transactions begin: a mark at the start of a line.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let front = if bytes.starts_with(text::UTF8_MARK) { text::UTF8_MARK.len() } else { 0 };
    memmem::find_iter(bytes, MARK)
        .filter(|at| {
            let before = at.checked_sub(1).and_then(|b| bytes.get(b));
            *at <= front || matches!(before, Some(b'\r' | b'\n' | 0x1C | 0x0B))
        })
        .collect()
}

/// The header line of a transaction, and where what follows it begins.
fn header_line(unit: &[u8]) -> (&[u8], usize) {
    let end = memchr::memchr2(b'\r', b'\n', unit).unwrap_or(unit.len());
    let after = match unit.get(end..) {
        Some([b'\r', b'\n', ..]) => end + 2,
        Some([_, ..]) => end + 1,
        _ => end,
    };
    (unit.get(..end).unwrap_or_default(), after)
}

/// Under which name a data type is counted: that of the standard, or as written when it is short and plain.
fn count_as(kind: &str) -> &str {
    match super::types::by_name(kind) {
        Some(known) => known.name,
        None if !kind.is_empty() && kind.len() <= 20 && kind.bytes().all(|b| b.is_ascii_graphic()) => kind,
        None => UNNAMED,
    }
}

/// A header line, read.
struct Header<'h> {
    path: FilePath<'h>,
}

impl<'h> Header<'h> {
    fn read(line: &'h str, at: ByteRange, document: &Document<'_>, notes: &mut Notes) -> Option<Self> {
        let tell = |rule, field: usize, name: &str| {
            Finding::new(rule).at(at).in_field("#SSMIX", format!("{field} {name}"))
        };
        let mut fields = line.split(',').map(str::trim);
        let mut next = || fields.next();
        let (_, version, facility) = (next(), next().unwrap_or_default(), next().unwrap_or_default());
        let patient = next().unwrap_or_default();
        let date = next().unwrap_or_default();
        let kind = next().unwrap_or_default();
        let order = next().unwrap_or_default();
        let action = next().unwrap_or_default();
        let (_department, Some(time)) = (next(), next()) else {
            let found = format!("{} 項目", line.split(',').count());
            notes.push(tell(&rules::TR_HEADER, 0, "").found(found).expected("10 項目"));
            return None;
        };
        let state = match action {
            "INS" => VersionState::Current,
            "DEL" => VersionState::Deleted,
            other => {
                notes
                    .push(tell(&rules::TR_HEADER, 8, "処理区分").found(shape_of(other)).expected("INS・DEL"));
                return None;
            }
        };
        if version != "2.00" {
            notes.push(tell(&rules::TR_VERSION, 2, "版").found(shape_of(version)).expected("2.00"));
        }
        let provider = document.provider.as_str();
        let is_code = |id: &str| id.len() == 10 && id.bytes().all(|b| b.is_ascii_digit());
        if is_code(facility) && is_code(provider) && facility != provider {
            notes.push(tell(&rules::TR_FACILITY, 3, "医療機関ID").found("別の医療機関"));
        }
        match FilePath::of_header([patient, date, kind, order, time], state) {
            Ok(path) => Some(Self { path }),
            Err(super::NotStandard(what)) => {
                notes.push(tell(&rules::TR_HEADER, 0, what));
                None
            }
        }
    }
}
