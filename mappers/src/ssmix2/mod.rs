//! SS-MIX2 standard storage (標準化ストレージ): one file is one HL7 message about one patient, and one unit.
//!
//! Path, message header and patient segment are three witnesses of what a file is; where they contradict each other the
//! file is quarantined, never guessed at. Names of people other than the patient, free text and numbers that identify
//! somebody never become part of a fact: they stay in the original, which every fact points into.

mod adt;
mod checks;
mod codes;
mod coverage;
mod diet;
mod drug;
mod exam;
mod extended;
mod folder;
mod lab;
mod message;
mod order;
mod path;
mod person;
mod plain;
mod problem;
pub mod rules;
mod transaction;
pub mod types;
pub mod value;
mod visit;
mod witness;
mod work;

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::{ByteRange, Demographics, Finding};

use crate::hl7::{self, Message, Notes};
use crate::text;
use crate::{Document, MappedUnit, Mapper, RecordCounts, Split, UnitContext, UnitSlice, UnitVersion};
pub use coverage::coverage;
pub use extended::Extended;
pub use folder::{ContentFolder, NotExtended};
pub use path::{FilePath, NotStandard};
pub use plain::PlainHl7;
pub use transaction::Transaction;
use witness::Outside;

/// Under which kind a file is counted whose path names none.
const UNNAMED: &str = "不明";

/// The mapper of SS-MIX2 standard storage.
#[derive(Debug, Clone, Copy, Default)]
pub struct SsMix2;

/// All rules of this format: its own and those of HL7 messages.
#[must_use]
pub fn rules() -> &'static [&'static musubi_model::Rule] {
    static ALL: std::sync::OnceLock<Vec<&'static musubi_model::Rule>> = std::sync::OnceLock::new();
    ALL.get_or_init(|| [hl7::rules::rules(), rules::rules()].concat())
}

impl Mapper for SsMix2 {
    fn version(&self) -> &str {
        "ss-mix2-standard/2"
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        let named = FilePath::read(document.path).is_ok_and(|path| path.data_type().is_some());
        named && begins_with_header(document.bytes)
    }

    fn split(&self, document: &Document<'_>) -> Split {
        let read = FilePath::read(document.path);
        let kind = read.as_ref().map_or(UNNAMED, FilePath::count_as);
        let mut notes = Notes::new(document.limits.findings_per_unit_max);
        check_document(document, &read, &mut notes);
        one_unit(document, kind, notes)
    }

    fn map(&self, document: &Document<'_>, _: &Split, unit: &UnitSlice, masters: &dyn Masters) -> MappedUnit {
        let mut notes = Notes::new(document.limits.findings_per_unit_max);
        let read = FilePath::read(document.path);
        let mut mapped = blank(unit);
        // Split has told what is wrong here, and quarantined the document; say it again rather than map it.
        check_document(document, &read, &mut notes);
        if let (Ok(path), false) = (&read, notes.has_error()) {
            path.check_folders(&mut notes);
            mapped.version =
                Some(UnitVersion { key: path.key(), time: path.sortable_time(), state: path.state });
            let bytes = unit.range.slice(document.bytes).unwrap_or_default();
            if let Some(message) = Message::read(bytes, unit.range.start, document.limits, &mut notes) {
                message::map(
                    &message,
                    document.bytes,
                    &Outside::File(path),
                    masters,
                    &mut notes,
                    &mut mapped,
                );
            }
        }
        finish(mapped, notes)
    }

    fn show(&self, bytes: &[u8]) -> String {
        show(bytes)
    }
}

/// A record as text, for people.
fn show(bytes: &[u8]) -> String {
    let encoding = text::detect(bytes).unwrap_or(text::Encoding::ShiftJis);
    text::decode(encoding, bytes).replace('\r', "\n")
}

/// A unit of which nothing is known yet.
fn blank(unit: &UnitSlice) -> MappedUnit {
    MappedUnit {
        demographics: Demographics::default(),
        facts: Vec::new(),
        findings: Vec::new(),
        records: unit.records.clone(),
        version: None,
        master_version: CompactString::default(),
    }
}

/// A unit with its findings; one that is quarantined gives no facts.
fn finish(mut mapped: MappedUnit, notes: Notes) -> MappedUnit {
    if notes.has_error() {
        mapped.facts.clear();
    }
    mapped.findings = notes.finish();
    mapped
}

/// A document that is one unit.
fn one_unit(document: &Document<'_>, kind: &str, notes: Notes) -> Split {
    let mut records = RecordCounts::default();
    records.add(kind, 1);
    Split {
        units: vec![UnitSlice { range: ByteRange::within(0, 0, document.bytes.len()), records, context: 0 }],
        contexts: vec![UnitContext::Message],
        envelope: RecordCounts::default(),
        findings: notes.finish(),
        totals: [(CompactString::from(kind), 1)].into(),
    }
}

/// Does a message header stand at the front (after what transport leaves there)?
fn begins_with_header(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(text::UTF8_MARK).unwrap_or(bytes);
    let start = bytes.iter().position(|b| !matches!(b, 0x0B | b'\r' | b'\n' | b' ')).unwrap_or(bytes.len());
    match bytes.get(start..).unwrap_or_default() {
        [b'M', b'S', b'H', separator, rest @ ..] => {
            separator.is_ascii_punctuation() && rest.get(..24).unwrap_or(rest).contains(separator)
        }
        _ => false,
    }
}

/// What is wrong with the size of a document.
fn check_size(document: &Document<'_>, notes: &mut Notes) {
    let size = u64::try_from(document.bytes.len()).unwrap_or(u64::MAX);
    if document.bytes.is_empty() {
        notes.push(Finding::new(&rules::EMPTY));
    }
    if size > document.limits.document_bytes_max {
        let max = document.limits.document_bytes_max.to_string();
        notes.push(Finding::new(&rules::TOO_LARGE).found(size.to_string()).expected(max));
    }
}

fn check_document(document: &Document<'_>, path: &Result<FilePath<'_>, NotStandard>, notes: &mut Notes) {
    if let Err(NotStandard(what)) = path {
        notes.push(Finding::new(&rules::PATH).in_field("パス", *what));
    }
    check_size(document, notes);
}
