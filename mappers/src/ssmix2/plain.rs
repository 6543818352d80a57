//! Plain HL7 v2.5 messages as JAHIS specifies them, without the storage around them: one message a file, or several one
//! after the other, also in a batch (FHS, BHS … BTS, FTS) and in MLLP frames. A unit is a message.
//!
//! There is no path, so the patient is PID-3, and the logical key is the patient, the data type that the message would
//! have in standard storage, and its order (or, for messages without orders, its day); the newest MSH-7 stands.

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::{ByteRange, Finding, Identifying};

use super::types::DataType;
use super::witness::{Outside, Said};
use super::{
    UNNAMED, begins_with_header, blank, check_size, finish, message, order, person, rules, show, witness,
};
use crate::hl7::{self, Element, Message, Notes};
use crate::text;
use crate::{
    Document, MappedUnit, Mapper, RecordCounts, Split, UnitContext, UnitSlice, UnitVersion, VersionState,
};

/// The mapper of plain HL7 v2.5 messages (JAHIS).
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainHl7;

/// Under which name lines of a batch frame are counted.
const BATCH: &str = "バッチ";

/// What a line of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// MSH: a message begins.
    Header,
    /// FHS, BHS, FTS, BTS: around messages.
    Batch,
    /// Nothing but transport.
    Blank,
    /// Anything else.
    Other,
}

impl Mapper for PlainHl7 {
    fn version(&self) -> &str {
        "hl7-v2/1"
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        let batch = lines(document.bytes).find(|(_, _, line)| *line != Line::Blank);
        match batch {
            Some((start, end, Line::Batch)) => {
                let first = document.bytes.get(start..end).unwrap_or_default();
                (first.starts_with(b"FHS|") || first.starts_with(b"BHS|"))
                    && lines(document.bytes).any(|(_, _, line)| line == Line::Header)
            }
            _ => begins_with_header(document.bytes),
        }
    }

    fn split(&self, document: &Document<'_>) -> Split {
        let mut notes = Notes::new(document.limits.findings_per_unit_max);
        check_size(document, &mut notes);
        let mut cut =
            Cut { split: Split { contexts: vec![UnitContext::Message], ..Split::default() }, open: None };
        let mut in_batch = 0u64;
        let mut stray = None;
        for (start, end, line) in lines(document.bytes) {
            match line {
                Line::Blank => {}
                Line::Header => {
                    cut.close(start, document);
                    cut.open = Some(start);
                    in_batch += 1;
                }
                Line::Batch => {
                    cut.close(start, document);
                    let bytes = document.bytes.get(start..end).unwrap_or_default();
                    cut.split.envelope.add(BATCH, 1);
                    *cut.split.totals.entry(CompactString::const_new(BATCH)).or_insert(0) += 1;
                    in_batch = check_batch(bytes, ByteRange::within(0, start, end), in_batch, &mut notes);
                }
                Line::Other if cut.open.is_none() => {
                    stray.get_or_insert((start, end));
                }
                Line::Other => {}
            }
        }
        cut.close(document.bytes.len(), document);
        let mut split = cut.split;
        if let Some((start, end)) = stray {
            let rule =
                if split.units.is_empty() { &hl7::rules::NO_MESSAGE } else { &hl7::rules::BEFORE_MESSAGES };
            notes.push(Finding::new(rule).at(ByteRange::within(0, start, end)).expected("MSH|^~\\&|"));
        } else if split.units.is_empty() && !document.bytes.is_empty() {
            notes.push(Finding::new(&hl7::rules::NO_MESSAGE).expected("MSH|^~\\&|"));
        }
        let max = usize::try_from(document.limits.units_per_document_max).unwrap_or(usize::MAX);
        if split.units.len() > max {
            let found = split.units.len().to_string();
            notes.push(Finding::new(&rules::TOO_LARGE).found(found).expected(max.to_string()));
        }
        split.findings = notes.finish();
        split
    }

    fn map(&self, document: &Document<'_>, _: &Split, unit: &UnitSlice, masters: &dyn Masters) -> MappedUnit {
        let mut notes = Notes::new(document.limits.findings_per_unit_max);
        let mut mapped = blank(unit);
        let bytes = unit.range.slice(document.bytes).unwrap_or_default();
        if let Some(message) = Message::read(bytes, unit.range.start, document.limits, &mut notes) {
            let said =
                message::map(&message, document.bytes, &Outside::Nothing, masters, &mut notes, &mut mapped);
            mapped.version = version(&message, &said, &mut notes);
        }
        finish(mapped, notes)
    }

    fn show(&self, bytes: &[u8]) -> String {
        show(bytes)
    }
}

/// Units as they are cut.
struct Cut {
    split: Split,
    open: Option<usize>,
}

impl Cut {
    fn close(&mut self, end: usize, document: &Document<'_>) {
        let Some(start) = self.open.take() else { return };
        let kind = kind_of(document, start, end);
        let mut records = RecordCounts::default();
        records.add(&kind, 1);
        let range = ByteRange::within(0, start, end);
        self.split.units.push(UnitSlice { range, records, context: 0 });
        *self.split.totals.entry(kind).or_insert(0) += 1;
    }
}

/// MSH-9 of the message between two places, as it is counted: `RDE^O11`.
fn kind_of(document: &Document<'_>, start: usize, end: usize) -> CompactString {
    let bytes = document.bytes.get(start..end).unwrap_or_default();
    let line = bytes.get(..memchr::memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len())).unwrap_or_default();
    let read = Message::read(line, 0, document.limits, &mut Notes::new(1));
    let name = read.map(|message| witness::message_name(&message)).unwrap_or_default();
    let is_part = |part: &str| part.len() == 3 && part.bytes().all(|b| b.is_ascii_alphanumeric());
    match name.split_once('^') {
        Some((code, event)) if is_part(code) && is_part(event) => name,
        _ => CompactString::const_new(UNNAMED),
    }
}

/// The lines of a file: where each begins (after what transport left) and ends, and what it is.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, usize, Line)> {
    let mut from = if bytes.starts_with(text::UTF8_MARK) { text::UTF8_MARK.len() } else { 0 };
    std::iter::from_fn(move || {
        let rest = bytes.get(from..).filter(|r| !r.is_empty())?;
        let end = from + memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        let transport = |b: &u8| matches!(b, 0x0B | 0x1C | 0x1A | 0x00 | b' ');
        let line = bytes.get(from..end).unwrap_or_default();
        let start = from + line.iter().position(|b| !transport(b)).unwrap_or(line.len());
        let content = bytes.get(start..end).unwrap_or_default();
        let what = match content {
            [] => Line::Blank,
            // A bare `MSH` without separator is a torn segment, as everywhere.
            [b'M', b'S', b'H', separator, ..] if separator.is_ascii_punctuation() => Line::Header,
            [b'F' | b'B', b'H' | b'T', b'S', b'|', ..] => Line::Batch,
            _ => Line::Other,
        };
        from = end + 1;
        Some((start, end, what))
    })
}

/// Holds a batch trailer's count against the messages since its header; the count begins anew at a header.
fn check_batch(line: &[u8], range: ByteRange, messages: u64, notes: &mut Notes) -> u64 {
    if line.starts_with(b"BTS|") {
        let said = line.get(4..).unwrap_or_default().split(|b| *b == b'|').next().unwrap_or_default();
        let said = std::str::from_utf8(said).unwrap_or_default();
        if !said.is_empty() && said.parse() != Ok(messages) {
            let found = messages.to_string();
            notes.push(
                Finding::new(&hl7::rules::BATCH_COUNT)
                    .at(range)
                    .in_field("BTS", "BTS-1")
                    .found(found)
                    .expected("電文の数"),
            );
        }
    }
    if line.starts_with(b"BHS|") || line.starts_with(b"BTS|") { 0 } else { messages }
}

/// Which version of which thing a message is.
fn version(message: &Message<'_>, said: &Said, notes: &mut Notes) -> Option<UnitVersion> {
    let pid = message.first("PID")?;
    let patient = person::patient_number(&pid);
    if patient.is_empty() {
        return None;
    }
    let msh = message.first("MSH")?;
    if !msh.field(7).component(1).has_value() {
        notes.push(msh.finding(&hl7::rules::MESSAGE_TIME, 7).expected("YYYYMMDDhhmmss"));
    }
    let kind = match said.data_type {
        Some(data_type) => CompactString::const_new(data_type.name),
        None => witness::message_name(message),
    };
    let thing = match thing(message, said.data_type) {
        Some(thing) => thing,
        None => {
            notes.push(msh.finding(&rules::NO_KEY, 9));
            format!("MSH-10 {}", msh.field(10).text())
        }
    };
    let deleted = said.deletes || is_cancelled(message);
    Some(UnitVersion {
        key: Identifying::new(["hl7 ", &patient, "_", &kind, "_", &thing].concat()),
        time: message::sortable_time(message),
        state: if deleted { VersionState::Deleted } else { VersionState::Current },
    })
}

/// What a message is about: its first order; or the moment that its data type dates it by; or, for the person's basics,
/// allergies and problems, the person.
fn thing(message: &Message<'_>, data_type: Option<&'static DataType>) -> Option<String> {
    let data_type = data_type?;
    let of_order = data_type.name.starts_with('O');
    if of_order {
        let numbers =
            message.segments().filter(|s| s.is("ORC") || s.is("OBR")).map(|s| s.field(2).component(1));
        return numbers.filter(Element::has_value).map(|n| n.text().into_owned()).next();
    }
    if data_type.care_date.is_empty() {
        return Some("-".to_owned());
    }
    data_type.care_date.iter().find_map(|(name, field)| {
        let sent = message.first(name)?.field(*field).component(1);
        sent.has_value().then(|| sent.code().to_owned())
    })
}

/// All its orders are cancelled.
fn is_cancelled(message: &Message<'_>) -> bool {
    let mut orders = message.segments().filter(|s| s.is("ORC")).peekable();
    orders.peek().is_some() && orders.all(|orc| order::is_cancelled(orc.field(1).component(1).code()))
}
