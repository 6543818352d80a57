//! SS-MIX2 extended storage (拡張ストレージ): vital signs as messages, documents (CDA) and what is attached to them.
//!
//! A file is a unit. A message is mapped like any other. Of a document or an attachment there is one `note`: that it is
//! there, of which kind, of which day; nothing of its content is read but the header of a CDA document, whose patient
//! numbers and kind are held against the path. Source: formats.md §1.2.

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::{ByteRange, CodeSystem, Coded, Fact, FactTable, Finding, Identifying};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::folder::{ContentFolder, NotExtended};
use super::witness::Outside;
use super::{begins_with_header, blank, check_size, codes, finish, message, one_unit, rules, show};
use crate::hl7::{Message, Notes};
use crate::text;
use crate::{Document, MappedUnit, Mapper, Split, UnitSlice, UnitVersion};

/// The mapper of SS-MIX2 extended storage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extended;

impl Mapper for Extended {
    fn version(&self) -> &str {
        "ss-mix2-extended/1"
    }

    fn recognises(&self, document: &Document<'_>) -> bool {
        ContentFolder::read(document.path).is_ok()
    }

    fn split(&self, document: &Document<'_>) -> Split {
        let mut notes = Notes::new(document.limits.findings_per_unit_max);
        let folder = ContentFolder::read(document.path);
        if let Err(NotExtended(what)) = &folder {
            notes.push(Finding::new(&rules::EXT_PATH).in_field("パス", *what));
        }
        check_size(document, &mut notes);
        let kind = folder.as_ref().map_or(super::UNNAMED, ContentFolder::count_as);
        one_unit(document, kind, notes)
    }

    fn map(&self, document: &Document<'_>, _: &Split, unit: &UnitSlice, masters: &dyn Masters) -> MappedUnit {
        let mut notes = Notes::new(document.limits.findings_per_unit_max);
        let mut mapped = blank(unit);
        let folder = match ContentFolder::read(document.path) {
            Ok(folder) => folder,
            Err(NotExtended(what)) => {
                notes.push(Finding::new(&rules::EXT_PATH).in_field("パス", what));
                return finish(mapped, notes);
            }
        };
        check_size(document, &mut notes);
        folder.check(&mut notes);
        mapped.version = Some(UnitVersion {
            key: folder.version_key(),
            time: folder.sortable_time(),
            state: folder.state,
        });
        let patient = folder.patient.expose();
        let bytes = unit.range.slice(document.bytes).unwrap_or_default();
        if begins_with_header(bytes) {
            if let Some(message) = Message::read(bytes, unit.range.start, document.limits, &mut notes) {
                let outside = Outside::Folder(patient, folder.state);
                message::map(&message, document.bytes, &outside, masters, &mut notes, &mut mapped);
            }
        } else if !bytes.is_empty() {
            mapped.demographics.local_number = Identifying::new(CompactString::from(patient.as_str()));
            mapped.facts.push(note(bytes, unit.range, &folder, &mut notes));
        }
        finish(mapped, notes)
    }

    fn show(&self, bytes: &[u8]) -> String {
        match format_of(bytes) {
            "hl7" | "cda" | "xml" | "text" => show(bytes),
            // What is no text is not shown as one.
            other => format!("({other}, {} bytes)", bytes.len()),
        }
    }
}

/// Kinds of documents: LOINC, our own code, and words of a local name that say the same.
#[rustfmt::skip] // one row a line: it is a table
const KINDS: [(&str, &str, &[&str]); 13] = [
    ("18842-5", "discharge-summary", &["退院時サマリ", "退院サマリ"]),
    ("57133-1", "referral", &["紹介状", "診療情報提供書"]),
    ("34745-0", "nursing-summary", &["看護サマリ", "看護要約"]),
    ("11526-1", "pathology-report", &["病理"]),
    ("18748-4", "imaging-report", &["読影", "画像診断", "放射線レポート", "画像レポート"]),
    ("11506-3", "progress-note", &["経過記録"]),
    ("34108-1", "outpatient-record", &["外来診療録"]),
    ("34112-3", "inpatient-record", &["入院診療録"]),
    ("11504-8", "surgery-record", &["手術記録", "手術レポート"]),
    ("18746-8", "endoscopy-report", &["内視鏡"]),
    ("11524-6", "physiology-report", &["心電図", "生理検査", "超音波", "エコー"]),
    ("74465-6", "disaster-record", &["J-SPEED", "災害"]),
    ("55113-5", "image-study", &["画像"]),
];

/// One note for a file.
fn note(bytes: &[u8], range: ByteRange, folder: &ContentFolder, notes: &mut Notes) -> Fact {
    let format = format_of(bytes);
    let header = if format == "cda" { cda_header(bytes) } else { Header::default() };
    if header.broken {
        notes.push(Finding::new(&rules::EXT_XML).at(range));
    }
    check_patient(&header, range, folder, notes);
    let (code, _, system) = folder.standard();
    let by_path = (system == "LN" && !code.is_empty()).then(|| CompactString::from(code));
    if let (Some(path), Some(said)) = (&by_path, &header.loinc)
        && path != said
    {
        notes.push(Finding::new(&rules::EXT_KIND).at(range).found(said.as_str()).expected(path.as_str()));
    }
    let loinc = by_path.or(header.loinc);
    let (local, name, local_system) = folder.local();
    let known = KINDS.iter().find(|(l, _, words)| match &loinc {
        Some(loinc) => loinc == l,
        None => words.iter().any(|w| name.contains(w) || folder.standard().1.contains(w)),
    });
    let mut fact = Fact::new(FactTable::Note, range);
    fact.start = folder.date;
    fact.source = Some(match &loinc {
        Some(loinc) => Coded::new(CodeSystem::Loinc, loinc),
        None => {
            let rule = Finding::new(&rules::EXT_KIND_UNKNOWN).in_field("パス", "データ種別");
            notes.push(rule.found(shape_of(local)));
            Coded::new(codes::system_of(local_system), local)
        }
    });
    fact.standard = known.map(|(_, code, _)| Coded::new(CodeSystem::DocumentKind, code));
    fact.department = folder.department.clone();
    codes::add_named(&mut fact.qualifiers, "format", format);
    let part = if format == "cda" || folder.is_main() { "main" } else { "attachment" };
    codes::add_named(&mut fact.qualifiers, "part", part);
    fact
}

/// The patient of a CDA document must be that of the folder: one of its numbers, leading zeros aside.
fn check_patient(header: &Header, range: ByteRange, folder: &ContentFolder, notes: &mut Notes) {
    let plain = |number: &str| number.trim().trim_start_matches('0').to_owned();
    let said = plain(folder.patient.expose());
    let agrees = header.patients.is_empty() || header.patients.iter().any(|p| plain(p.expose()) == said);
    if !agrees {
        let found = format!("{} 個の番号", header.patients.len());
        notes.push(Finding::new(&rules::EXT_PATIENT).at(range).in_field("recordTarget", "id").found(found));
    }
}

/// What is in a file, by its first bytes.
fn format_of(bytes: &[u8]) -> &'static str {
    let starts = |mark: &[u8]| bytes.starts_with(mark);
    if starts(b"%PDF") {
        return "pdf";
    }
    if starts(b"\xFF\xD8\xFF") {
        return "jpeg";
    }
    if starts(b"\x89PNG") {
        return "png";
    }
    if bytes.get(128..132) == Some(b"DICM") {
        return "dicom";
    }
    if starts(b"II*\0") || starts(b"MM\0*") {
        return "tiff";
    }
    if starts(b"PK\x03\x04") {
        return "zip";
    }
    let front = bytes.strip_prefix(text::UTF8_MARK).unwrap_or(bytes).trim_ascii_start();
    if front.starts_with(b"<") {
        let head = front.get(..4096).unwrap_or(front);
        let is_cda = memchr::memmem::find(head, b"ClinicalDocument").is_some();
        return if is_cda { "cda" } else { "xml" };
    }
    if begins_with_header(bytes) {
        return "hl7";
    }
    let is_text = !bytes.contains(&0) && text::detect(bytes).is_ok();
    if is_text { "text" } else { "other" }
}

/// What the header of a CDA document says, as far as it is held against the path.
#[derive(Debug, Default)]
struct Header {
    loinc: Option<CompactString>,
    patients: Vec<Identifying<String>>,
    broken: bool,
}

/// The header stands at the front: no more bytes than these are looked at.
const HEADER_BYTES_MAX: usize = 1 << 18;

/// Numbers of a patient, at most: a header with more is not read on.
const NUMBERS_MAX: usize = 64;

/// Reads the header of a CDA document up to its patient.
fn cda_header(bytes: &[u8]) -> Header {
    let mut header = Header::default();
    let front = bytes.get(..HEADER_BYTES_MAX).unwrap_or(bytes);
    let text = text::decode(text::detect(front).unwrap_or(text::Encoding::Utf8), front);
    let mut reader = Reader::from_str(&text);
    let mut depth = 0u32;
    let mut in_patient = false;
    loop {
        let (element, is_open) = match reader.read_event() {
            Ok(Event::Start(element)) => (element, true),
            Ok(Event::Empty(element)) => (element, false),
            Ok(Event::End(element)) => {
                depth = depth.saturating_sub(1);
                match element.local_name().as_ref() {
                    "patientRole" => in_patient = false,
                    "recordTarget" => return header,
                    _ => {}
                }
                continue;
            }
            Ok(Event::Eof) => {
                header.broken = depth > 0 && front.len() == bytes.len();
                return header;
            }
            Ok(_) => continue,
            Err(_) => {
                header.broken = true;
                return header;
            }
        };
        match element.local_name().as_ref() {
            "code" if depth == 1 && header.loinc.is_none() => {
                let is_loinc = attribute(&element, "codeSystem").is_none_or(|s| s == "2.16.840.1.113883.6.1");
                let code = attribute(&element, "code").filter(|c| is_loinc && is_loinc_code(c));
                header.loinc = code.map(CompactString::from);
            }
            "patientRole" => in_patient = is_open,
            // Those of the patient alone: guardians and organisations stand deeper.
            "id" if in_patient && depth == 3 => {
                let number = attribute(&element, "extension").filter(|n| !n.trim().is_empty());
                header.patients.extend(number.map(Identifying::new));
                if header.patients.len() > NUMBERS_MAX {
                    return header;
                }
            }
            _ => {}
        }
        depth += u32::from(is_open);
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.attributes().flatten().find(|a| a.key.local_name().as_ref() == name)?;
    Some(attribute.value.into_owned())
}

/// `18842-5`: digits, a hyphen, a digit.
fn is_loinc_code(code: &str) -> bool {
    code.split_once('-').is_some_and(|(number, check)| {
        !number.is_empty()
            && code.len() <= 10
            && check.len() == 1
            && code.bytes().all(|b| b.is_ascii_digit() || b == b'-')
    })
}
