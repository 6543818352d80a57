//! Holds the witnesses of a file against each other: path, header, patient segment, order; and its segments against the
//! structure of its message. Never changes anything, never chooses between two that disagree.

use compact_str::CompactString;
use musubi_model::Finding;

use super::path::FilePath;
use super::{rules, types};
use crate::VersionState;
use crate::hl7::grammar::Verdict;
use crate::hl7::{self, Message, Notes, Segment};
use crate::text::Encoding;

/// What stands around a message.
pub(super) enum Outside<'p> {
    /// Path or header of standard or transaction storage.
    File(&'p FilePath<'p>),
    /// The content folder of extended storage: the patient and the flag.
    Folder(&'p str, VersionState),
    /// Nothing.
    Nothing,
}

impl Outside<'_> {
    /// The patient number it names.
    pub(super) fn patient(&self) -> Option<&str> {
        match self {
            Self::File(path) => Some(path.patient.expose()),
            Self::Folder(patient, _) => Some(patient),
            Self::Nothing => None,
        }
    }

    /// The condition flag it gives.
    pub(super) fn state(&self) -> Option<VersionState> {
        match self {
            Self::File(path) => Some(path.state),
            Self::Folder(_, state) => Some(*state),
            Self::Nothing => None,
        }
    }
}

/// What the witnesses agree on.
pub(super) struct Said {
    /// The message deletes what it speaks of.
    pub deletes: bool,
    /// What it speaks of; none when neither path nor header says so.
    pub data_type: Option<&'static types::DataType>,
    /// The event of MSH-9 (`A01`), or of the data type when the header has none.
    pub event: CompactString,
}

/// MSH-9 as `code^event`.
pub(super) fn message_name(message: &Message<'_>) -> CompactString {
    let Some(msh) = message.first("MSH") else { return CompactString::default() };
    let [code, event] = msh.field(9).components::<2>();
    let mut name = CompactString::from(code.code());
    name.push('^');
    name.push_str(event.code());
    name
}

pub(super) fn check(message: &Message<'_>, outside: &Outside<'_>, notes: &mut Notes) -> Said {
    let mut said = Said { deletes: false, data_type: None, event: CompactString::default() };
    let Some(msh) = message.first("MSH") else { return said };
    let name = message_name(message);
    check_encoding(message, &msh, notes);
    check_processing(&msh, notes);
    check_patient(message, outside.patient(), notes);
    said.data_type = match outside {
        Outside::File(path) => path.data_type(),
        _ => types::by_message(&name),
    };
    match said.data_type {
        Some(data_type) => match data_type.messages.iter().position(|m| *m == name.as_str()) {
            Some(at) => said.deletes = at > 0,
            None => notes.push(
                msh.finding(&rules::PATH_TYPE, 9)
                    .found(musubi_model::finding::shape_of(&name))
                    .expected(format!("{}: {}", data_type.name, data_type.messages.join(" / "))),
            ),
        },
        None if matches!(outside, Outside::File(_)) => {}
        None => notes
            .push(msh.finding(&hl7::rules::MESSAGE_UNKNOWN, 9).found(musubi_model::finding::shape_of(&name))),
    }
    if let Outside::File(path) = outside {
        if let Some(data_type) = said.data_type {
            check_date(message, path, data_type, notes);
        }
        check_order(message, path, notes);
    }
    check_structure(message, &name, notes);
    said.event = CompactString::from(name.rsplit('^').next().unwrap_or_default());
    said
}

/// MSH-11: `P` is production; a message of a test or of training must not be taken for care.
fn check_processing(msh: &Segment<'_>, notes: &mut Notes) {
    let mode = msh.field(11).component(1).code();
    if matches!(mode, "T" | "D") {
        notes.push(msh.finding(&hl7::rules::NOT_PRODUCTION, 11).found(mode).expected("P"));
    }
}

/// MSH-18 is advice; when it contradicts the bytes, that is worth a note.
fn check_encoding(message: &Message<'_>, msh: &Segment<'_>, notes: &mut Notes) {
    let field = msh.field(18);
    let declared = || field.repetitions().map(|r| r.code()).filter(|c| !c.is_empty());
    let agrees = match message.encoding() {
        Encoding::Ascii => true,
        _ if declared().next().is_none() => true,
        Encoding::Iso2022Jp => declared().any(|d| d.starts_with("ISO")),
        Encoding::Utf8 => declared().any(|d| d.starts_with("UNICODE") || d == "UTF-8"),
        Encoding::ShiftJis => declared().any(|d| d.contains("SJIS") || d.contains("Shift")),
        Encoding::EucJp => declared().any(|d| d.contains("EUC")),
    };
    if !agrees {
        notes.push(msh.finding(&hl7::rules::DECLARED, 18).found(message.encoding().name()));
    }
}

/// The number without leading zeros.
fn significant(number: &str) -> &str {
    number.trim_start_matches('0')
}

fn check_patient(message: &Message<'_>, said: Option<&str>, notes: &mut Notes) {
    let mut first: Option<String> = None;
    for pid in message.segments().filter(|s| s.is("PID")) {
        let numbers: Vec<_> = pid
            .field(3)
            .repetitions()
            .map(|r| r.component(1).text())
            .filter(|n| !n.trim().is_empty())
            .collect();
        let Some(number) = numbers.iter().find(|n| said == Some(n)).or(numbers.first()) else {
            if first.is_none() && pid.field_count() > 0 {
                notes.push(pid.finding(&rules::PID_NUMBER, 3));
                first = Some(String::new());
            }
            continue;
        };
        match (&first, said) {
            (None, None) => {}
            (None, Some(said)) if *number == said => {}
            (None, Some(said))
                if !significant(number).is_empty() && significant(number) == significant(said) =>
            {
                notes.push(pid.finding(&rules::PATH_PID_PADDING, 3));
            }
            (None, Some(_)) => notes.push(
                pid.finding(&rules::PATH_PID, 3)
                    .found(musubi_model::finding::shape_of(number))
                    .expected("ファイル名の患者ID"),
            ),
            (Some(before), _) if before == number.as_ref() => {}
            (Some(_), _) => notes.push(pid.finding(&rules::PID_DIFFERS, 3)),
        }
        first.get_or_insert_with(|| number.to_string());
    }
    if first.is_none() {
        notes.push(Finding::new(&rules::PID_MISSING).at(message.range()));
    }
}

fn check_date(message: &Message<'_>, path: &FilePath<'_>, data_type: &types::DataType, notes: &mut Notes) {
    let finding = |segment: Option<(Segment<'_>, usize)>| match segment {
        Some((segment, field)) => segment.finding(&rules::PATH_DATE, field),
        None => Finding::new(&rules::PATH_DATE).at(message.range()),
    };
    if path.date.is_none() || data_type.care_date.is_empty() {
        if path.date.is_none() != data_type.care_date.is_empty() {
            let expected = if data_type.care_date.is_empty() { "-" } else { "YYYYMMDD" };
            notes.push(
                finding(None).found(musubi_model::finding::shape_of(path.date_text)).expected(expected),
            );
        }
        return;
    }
    let mut seen = None;
    for (name, field) in data_type.care_date {
        for segment in message.segments().filter(|s| s.is(name)) {
            let element = segment.field(*field);
            if !element.has_value() {
                continue;
            }
            let said = element.component(1).code();
            if said.get(..8) == Some(path.date_text) {
                return;
            }
            seen.get_or_insert((segment, *field));
        }
    }
    notes.push(finding(seen).expected("ファイル名の診療日"));
}

fn check_order(message: &Message<'_>, path: &FilePath<'_>, notes: &mut Notes) {
    if !path.has_order() {
        return;
    }
    let mut first = None;
    for orc in message.segments().filter(|s| s.is("ORC")) {
        let number = orc.field(2).component(1);
        if number.has_value() {
            if number.text() == *path.order.expose() {
                return;
            }
            first.get_or_insert(orc);
        }
    }
    if let Some(orc) = first {
        notes.push(orc.finding(&rules::PATH_ORDER, 2).expected("ファイル名のオーダNo"));
    }
}

/// Sorts of segments out of place that are told once each.
const TOLD_MAX: usize = 64;

/// One finding for each name and verdict, with how often.
struct Told {
    name: [u8; 3],
    rule: &'static musubi_model::Rule,
    finding: Finding,
    count: u32,
}

fn check_structure(message: &Message<'_>, name: &str, notes: &mut Notes) {
    let Some(grammar) = types::structure_of(name) else { return };
    let mut progress = grammar.begin();
    let mut told: Vec<Told> = Vec::new();
    for segment in message.segments() {
        let name = segment.name_bytes();
        if name == *b"???" {
            continue;
        }
        if name == *b"MSH" && segment.index() > 0 && segment.field(2).has_value() {
            notes.push(segment.finding(&hl7::rules::SECOND_MESSAGE, 0));
            continue;
        }
        let (rule, expected) = match progress.take(name) {
            Verdict::Fits => continue,
            Verdict::Missing(expected) => (&hl7::rules::SEGMENT_MISSING, expected.join("・")),
            Verdict::OutOfPlace if types::is_known_segment(name) => {
                (&hl7::rules::SEGMENT_PLACE, String::new())
            }
            Verdict::OutOfPlace => (&hl7::rules::SEGMENT_UNKNOWN, String::new()),
        };
        let sorts = told.len();
        match told.iter_mut().find(|t| t.name == name && std::ptr::eq(t.rule, rule)) {
            Some(before) => before.count += 1,
            // So many sorts of them are counted by the notes alone.
            None if sorts >= TOLD_MAX => notes.push(segment.finding(rule, 0).expected(expected)),
            None => {
                let finding = segment.finding(rule, 0).expected(expected);
                told.push(Told { name, rule, finding, count: 1 });
            }
        }
    }
    for t in told {
        notes.push(t.finding.found(format!("{} 箇所", t.count)));
    }
    let missing = progress.missing_at_end();
    if !missing.is_empty() {
        notes.push(
            Finding::new(&hl7::rules::SEGMENT_MISSING)
                .at(message.range())
                .found("電文の終わり")
                .expected(missing.join("・")),
        );
    }
}
