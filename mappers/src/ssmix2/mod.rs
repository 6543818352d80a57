//! SS-MIX2 standard storage (標準化ストレージ): one file is one HL7 message about one patient, and one unit.
//!
//! Path, message header and patient segment are three witnesses of what a file is; where they contradict each other the
//! file is quarantined, never guessed at. Names of people other than the patient, free text and numbers that identify
//! somebody never become part of a fact: they stay in the original, which every fact points into.

mod adt;
mod codes;
mod drug;
mod lab;
mod path;
mod person;
mod problem;
pub mod rules;
pub mod types;
pub mod value;
mod witness;

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::{ByteRange, CodeSystem, Demographics, Fact, Finding, PartialDate};

use crate::hl7::{self, Element, Message, Notes, Segment};
use crate::text;
use crate::{
    Document, MappedUnit, Mapper, RecordCounts, Split, UnitContext, UnitSlice, UnitVersion, VersionState,
};
pub use path::{FilePath, NotStandard};

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
        "ss-mix2-standard/1"
    }

    fn split(&self, document: &Document<'_>) -> Split {
        let read = FilePath::read(document.path);
        let kind = read.as_ref().map_or(UNNAMED, FilePath::count_as);
        let mut records = RecordCounts::default();
        records.add(kind, 1);
        let mut notes = Notes::new(document.limits.findings_per_unit_max);
        check_document(document, &read, &mut notes);
        Split {
            units: vec![UnitSlice {
                range: ByteRange::within(0, 0, document.bytes.len()),
                records,
                context: 0,
            }],
            contexts: vec![UnitContext::Message],
            envelope: RecordCounts::default(),
            findings: notes.finish(),
            totals: [(CompactString::from(kind), 1)].into(),
        }
    }

    fn map(&self, document: &Document<'_>, _: &Split, unit: &UnitSlice, masters: &dyn Masters) -> MappedUnit {
        let mut notes = Notes::new(document.limits.findings_per_unit_max);
        let read = FilePath::read(document.path);
        let mut mapped = MappedUnit {
            demographics: Demographics::default(),
            facts: Vec::new(),
            findings: Vec::new(),
            records: unit.records.clone(),
            version: None,
            master_version: CompactString::default(),
        };
        // Split has told what is wrong here, and quarantined the document; say it again rather than map it.
        check_document(document, &read, &mut notes);
        if let (Ok(path), false) = (&read, notes.has_error()) {
            path.check_folders(&mut notes);
            mapped.version =
                Some(UnitVersion { key: path.key(), time: path.sortable_time(), state: path.state });
            let bytes = unit.range.slice(document.bytes).unwrap_or_default();
            if let Some(message) = Message::read(bytes, unit.range.start, document.limits, &mut notes) {
                map_message(&message, path, masters, &mut notes, &mut mapped);
            }
        }
        if notes.has_error() {
            mapped.facts.clear();
        }
        mapped.findings = notes.finish();
        mapped
    }

    fn show(&self, bytes: &[u8]) -> String {
        let encoding = text::detect(bytes).unwrap_or(text::Encoding::ShiftJis);
        text::decode(encoding, bytes).replace('\r', "\n")
    }
}

fn check_document(document: &Document<'_>, path: &Result<FilePath<'_>, NotStandard>, notes: &mut Notes) {
    let size = u64::try_from(document.bytes.len()).unwrap_or(u64::MAX);
    if let Err(NotStandard(what)) = path {
        notes.push(Finding::new(&rules::PATH).in_field("パス", *what));
    }
    if document.bytes.is_empty() {
        notes.push(Finding::new(&rules::EMPTY));
    }
    if size > document.limits.document_bytes_max {
        let max = document.limits.document_bytes_max.to_string();
        notes.push(Finding::new(&rules::TOO_LARGE).found(size.to_string()).expected(max));
    }
}

fn map_message(
    message: &Message<'_>,
    path: &FilePath<'_>,
    masters: &dyn Masters,
    notes: &mut Notes,
    mapped: &mut MappedUnit,
) {
    let said = witness::check(message, path, notes);
    mapped.demographics = person::demographics(message, path, notes);
    let room = message.len().min(4096);
    let mut work =
        Work { masters, notes, facts: Vec::with_capacity(room), edition: CompactString::default() };
    person::person_fact(message, &mapped.demographics, &mut work);
    let kind = path.data_type();
    if let Some(kind) = kind.filter(|k| !k.mapped) {
        work.notes.push(Finding::new(&rules::TYPE_UNMAPPED).found(kind.name));
    }
    if said.deletes {
        if path.state != VersionState::Deleted
            && let Some(msh) = message.first("MSH")
        {
            work.notes.push(msh.finding(&rules::FLAG_EVENT, 9).found(path.state.flag().to_string()));
        }
    } else if !work.notes.has_error() {
        match kind.map(|k| k.name) {
            Some("ADT-00") => adt::map(message, &mut work),
            Some("PPR-01") => problem::map(message, &mut work),
            Some("OMP-01") => drug::map_orders(message, &mut work),
            Some("OMP-11") => drug::map_given(message, &mut work),
            Some("OML-11") => lab::map(message, &mut work),
            _ => {}
        }
    }
    mapped.facts = work.facts;
    mapped.master_version = work.edition;
}

/// What the mapping of one message works with.
struct Work<'w> {
    masters: &'w dyn Masters,
    notes: &'w mut Notes,
    facts: Vec<Fact>,
    edition: CompactString,
}

impl Work<'_> {
    /// Reads the time stamp of a component of a field; what cannot be read is told.
    fn stamp(&mut self, segment: &Segment<'_>, field: usize) -> Option<hl7::time::Stamp> {
        self.stamp_of(segment, field, segment.field(field).component(1))
    }

    fn stamp_of(
        &mut self,
        segment: &Segment<'_>,
        field: usize,
        element: Element<'_>,
    ) -> Option<hl7::time::Stamp> {
        let text = element.code();
        if text.is_empty() && !element.has_value() {
            return None;
        }
        match hl7::time::read(text) {
            Ok(stamp) => Some(stamp),
            Err(_) => {
                let found = shape_of(&element.text());
                let finding = segment.finding(&hl7::rules::TIME, field).found(found);
                self.notes.push(finding.expected("YYYYMMDD[hhmm[ss]]"));
                None
            }
        }
    }

    fn day(&mut self, segment: &Segment<'_>, field: usize) -> Option<PartialDate> {
        self.stamp(segment, field).map(|s| s.date)
    }

    /// The standard code of a source code by the loaded masters.
    fn look_up(
        &mut self,
        system: &CodeSystem,
        code: &str,
        on: Option<PartialDate>,
    ) -> Option<musubi_model::Coded> {
        let standard = self.masters.look_up(system, code, on)?.standard?;
        if let Some(edition) = self.masters.edition(system, on) {
            let used = format!("{system} {edition}");
            if !self.edition.split(", ").any(|e| e == used) {
                if !self.edition.is_empty() {
                    self.edition.push_str(", ");
                }
                self.edition.push_str(&used);
            }
        }
        Some(standard)
    }
}

/// What becomes of every field.
#[must_use]
pub fn coverage() -> Vec<&'static crate::coverage::Covered> {
    Vec::new()
}

/// The mapper of SS-MIX2 extended storage (拡張ストレージ).
#[derive(Debug, Clone, Copy, Default)]
pub struct Extended;

impl Mapper for Extended {
    fn version(&self) -> &str {
        "ss-mix2-extended/1"
    }

    fn split(&self, _: &Document<'_>) -> Split {
        todo!()
    }

    fn map(&self, _: &Document<'_>, _: &Split, _: &UnitSlice, _: &dyn Masters) -> MappedUnit {
        todo!()
    }

    fn show(&self, _: &[u8]) -> String {
        todo!()
    }
}

/// The mapper of SS-MIX2 transaction storage (トランザクションストレージ).
#[derive(Debug, Clone, Copy, Default)]
pub struct Transaction;

impl Mapper for Transaction {
    fn version(&self) -> &str {
        "ss-mix2-transaction/1"
    }

    fn split(&self, _: &Document<'_>) -> Split {
        todo!()
    }

    fn map(&self, _: &Document<'_>, _: &Split, _: &UnitSlice, _: &dyn Masters) -> MappedUnit {
        todo!()
    }

    fn show(&self, _: &[u8]) -> String {
        todo!()
    }
}

/// The mapper of plain HL7 v2.5 messages (JAHIS).
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainHl7;

impl Mapper for PlainHl7 {
    fn version(&self) -> &str {
        "hl7-v2/1"
    }

    fn split(&self, _: &Document<'_>) -> Split {
        todo!()
    }

    fn map(&self, _: &Document<'_>, _: &Split, _: &UnitSlice, _: &dyn Masters) -> MappedUnit {
        todo!()
    }

    fn show(&self, _: &[u8]) -> String {
        todo!()
    }
}
