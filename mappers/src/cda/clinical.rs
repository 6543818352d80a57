//! A clinical document: header, sections and their narrative. What stands in the entries: [`super::entries`].

use compact_str::{CompactString, format_compact};
use musubi_model::{ByteRange, CodeSystem, Coded, Demographics, Fact, FactTable, Finding, Identifying};

use super::checkup::Said;
use super::entries::{self, Section};
use super::package::Kind;
use super::work::{Work, add_named, code_of};
use super::xml::El;
use super::{Frame, oid, patient, rules};
use crate::{Document, RecordCounts, Split, UnitContext, UnitSlice, UnitVersion, VersionState};

/// A clinical document is one unit.
pub(super) fn split(document: &Document<'_>) -> Split {
    let mut split = Split::default();
    let size = u64::try_from(document.bytes.len()).unwrap_or(u64::MAX);
    if document.bytes.is_empty() {
        split.findings.push(Finding::new(&rules::EMPTY));
        return split;
    }
    if size > document.limits.document_bytes_max {
        let max = format!("{} バイト以下", document.limits.document_bytes_max);
        split.findings.push(Finding::new(&rules::LIMIT).found(format!("{size} バイト")).expected(max));
        return split;
    }
    let kind = Kind::Clinical.name();
    let mut records = RecordCounts::default();
    records.add(kind, 1);
    let range = ByteRange::within(0, 0, document.bytes.len());
    split.units.push(UnitSlice { range, records, context: 0 });
    split.contexts.push(UnitContext::Cda(Frame { kind: Kind::Clinical, ..Frame::default() }));
    split.totals = [(CompactString::const_new(kind), 1)].into();
    split
}

/// Maps a clinical document.
pub(super) fn map(root: El<'_>, work: &mut Work<'_>) -> Said {
    let mut d = Demographics::default();
    let made = root.child("effectiveTime").and_then(|t| work.stamp(t, &rules::DATE));
    work.made = made.map(|m| m.0);
    work.day = work.made;
    let Some(role) = patient::patient(root, &mut d, work) else {
        return Said { demographics: d, version: None };
    };
    work.check_birth(root.child("effectiveTime").unwrap_or(root), *d.birth.expose(), work.made);
    document_note(root, work);
    encounter(root, work);
    if let Some(body) = root.down(&["component", "structuredBody"]) {
        let mut count = 0;
        for section in body.all("component").filter_map(|c| c.child("section")) {
            sections(section, &mut count, 0, &mut d, work);
        }
    } else if let Some(body) = root.down(&["component", "nonXMLBody"]) {
        work.say(&rules::BODY, body, "", "nonXMLBody".to_owned(), "structuredBody");
        note(body, Coded::new(CodeSystem::DocumentKind, "cda-body"), "", work);
    } else {
        work.say(&rules::NO_RESULTS, root, "component", "(なし)".to_owned(), "structuredBody");
    }
    work.person(role, &d);
    let version = version(root, work, made.map(|m| m.1.unwrap_or(0)).unwrap_or(0));
    Said { demographics: d, version }
}

/// The document itself, as a sealed note with its kind.
fn document_note(root: El<'_>, work: &mut Work<'_>) {
    let Some(code) = root.child("code") else {
        work.say(&rules::DOCUMENT_CODE, root, "code", "(なし)".to_owned(), "LOINC 等の文書コード");
        return;
    };
    let system = code.attr("codeSystem");
    let coded = match (oid::coded(code), &*system) {
        (Some(coded), oid::LOINC) => Some(coded),
        (Some(coded), oid::PRESCRIPTION) => {
            Some(Coded::new(CodeSystem::DocumentKind, &format_compact!("jp-prescription-{}", coded.code)))
        }
        _ => None,
    };
    match coded {
        Some(coded) => note(code, Coded { text: None, ..coded }, "", work),
        None => {
            let sent = code.attr("code");
            work.say_shape(&rules::DOCUMENT_CODE, code, "code", &sent, "LOINC 等の文書コード");
            note(code, Coded::new(CodeSystem::DocumentKind, "cda"), "", work);
        }
    }
}

/// A sealed note: kind and place.
pub(super) fn note(el: El<'_>, source: Coded, group: &str, work: &mut Work<'_>) {
    let mut fact = Fact::new(FactTable::Note, el.range());
    fact.start = work.day;
    fact.source = Some(source);
    fact.group = CompactString::from(group);
    work.facts.push(fact);
}

/// componentOf/encompassingEncounter: the stay or visit the document speaks of.
fn encounter(root: El<'_>, work: &mut Work<'_>) {
    let Some(el) = root.down(&["componentOf", "encompassingEncounter"]) else { return };
    let mut fact = Fact::new(FactTable::VisitOccurrence, el.range());
    if let Some(time) = el.child("effectiveTime") {
        if let Some((day, second)) = work.first_day(time) {
            (fact.start, fact.start_second) = (Some(day), second);
        }
        fact.end = work.last_day(time);
    }
    fact.source = el.child("code").and_then(oid::coded).map(|c| Coded { text: None, ..c });
    let outcome =
        el.child("dischargeDispositionCode").map(|c| c.attr("code").into_owned()).unwrap_or_default();
    fact.status = code_of(&outcome).filter(|c| c.len() <= 20).map(CompactString::from).unwrap_or_default();
    let place = ["location", "healthCareFacility", "code"];
    let department = el.down(&place).map(|c| c.attr("code").into_owned()).unwrap_or_default();
    fact.department =
        code_of(&department).filter(|c| c.len() <= 20).map(CompactString::from).unwrap_or_default();
    work.facts.push(fact);
}

/// One section and those inside it.
fn sections(el: El<'_>, count: &mut u32, depth: u32, d: &mut Demographics, work: &mut Work<'_>) {
    *count += 1;
    let code = el.child("code").and_then(oid::coded).map(|c| Coded { text: None, ..c });
    let group = format_compact!("s{count}");
    if let Some(text) = el.child("text") {
        if text.has_words() {
            let kind = code.clone().unwrap_or_else(|| Coded::new(CodeSystem::DocumentKind, "cda-section"));
            note(text, kind, &group, work);
            work.seal();
        }
        attached(text, &group, work);
    }
    let section = Section::of(code.as_ref());
    for (n, entry) in (1u32..).zip(el.all("entry")) {
        let group = format_compact!("{group}-{n}");
        for statement in entry.children() {
            entries::walk(statement, &section, &group, d, work);
        }
    }
    // The tree is not deeper than the reader allows; sections are not deeper than people write them.
    if depth < 16 {
        for inner in el.all("component").filter_map(|c| c.child("section")) {
            sections(inner, count, depth + 1, d, work);
        }
    }
}

/// Pictures and links of a narrative.
fn attached(text: El<'_>, group: &str, work: &mut Work<'_>) {
    for el in text.children() {
        match el.name() {
            "renderMultiMedia" | "linkHtml" => attachment(el, group, work),
            _ => attached(el, group, work),
        }
    }
}

/// An attached file: its being there, never its name.
pub(super) fn attachment(el: El<'_>, group: &str, work: &mut Work<'_>) {
    work.say(&rules::ATTACHED, el, "", "添付".to_owned(), "");
    note(el, Coded::new(CodeSystem::DocumentKind, "attachment"), group, work);
}

/// setId and versionNumber, or the id of the document (or of the one it replaces).
fn version(root: El<'_>, work: &Work<'_>, second: u32) -> Option<UnitVersion> {
    let id = |el: El<'_>| {
        let (root, extension) = (el.attr("root"), el.attr("extension"));
        (!(root.is_empty() && extension.is_empty())).then(|| format!("{root}|{extension}"))
    };
    let replaced = root.all("relatedDocument").find(|r| r.attr("typeCode") == "RPLC");
    let parent = replaced.and_then(|r| r.child("parentDocument"));
    let set = |el: El<'_>| el.child("setId").and_then(id);
    let key = set(root)
        .or_else(|| parent.and_then(set))
        .or_else(|| parent.and_then(|p| p.child("id")).and_then(id))
        .or_else(|| root.child("id").and_then(id))?;
    let number: u32 =
        root.child("versionNumber").and_then(|v| v.attr("value").parse().ok()).unwrap_or(0).min(999_999);
    let made = work.made.map(|m| m.to_string()).unwrap_or_default();
    Some(UnitVersion {
        key: Identifying::new(key),
        time: format_compact!("{number:06} {made} {second:05}"),
        state: VersionState::Current,
    })
}

/// Words that say how a statement is meant, for qualifiers.
pub(super) fn mood(el: El<'_>, fact: &mut Fact) {
    let mood = el.attr("moodCode");
    match &*mood {
        "RQO" | "INT" | "PRMS" => fact.status = CompactString::const_new("ordered"),
        "EVN" => fact.status = CompactString::const_new("done"),
        _ => {}
    }
    let state = el.child("statusCode").map(|s| s.attr("code").into_owned()).unwrap_or_default();
    add_named(&mut fact.qualifiers, "state", code_of(&state).unwrap_or_default());
}
