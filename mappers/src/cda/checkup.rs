//! Results of check-ups (hc08) and of health guidance (hg08): one document about one person.
//!
//! Third persons (authors, judging doctors, guidance staff), vouchers and free text never become part of a fact.

use compact_str::{CompactString, format_compact};
use musubi_model::finding::shape_of;
use musubi_model::{
    CodeSystem, Coded, Demographics, Fact, FactTable, Finding, Identifying, PartialDate, Sex,
};

use super::observed::{check_together, is_same, observed};
use super::package::Kind;
use super::rules;
use super::work::{PLACEHOLDER, Work, add_named, code_of};
use super::xml::El;
use crate::{UnitVersion, VersionState};

/// 報告区分.
const REPORTS: [&str; 10] = ["10", "19", "21", "22", "23", "24", "25", "30", "40", "90"];
const OID: &str = "1.2.392.200119.6.";

/// What the document says besides its facts.
pub(super) struct Said {
    pub(super) demographics: Demographics,
    pub(super) version: Option<UnitVersion>,
}

/// The number of `el`'s `id` with this last arc below the check-up root.
pub(super) fn id_of<'t>(el: El<'t>, arc: &str) -> Option<El<'t>> {
    el.all("id").find(|id| id.attr("root").strip_prefix(OID) == Some(arc))
}

/// Maps a document that is a check-up result or guidance. `frame` says when the package was made.
pub(super) fn map(root: El<'_>, kind: Kind, frame: &super::Frame, work: &mut Work<'_>) -> Said {
    let report = root.child("code").map(|c| c.attr("code").into_owned()).unwrap_or_default();
    if !REPORTS.contains(&report.as_str()) {
        let at = root.child("code").unwrap_or(root);
        work.say_shape(&rules::REPORT, at, "code", &report, "10・19・21–25・30・40・90");
    }
    work.made = root.child("effectiveTime").and_then(|t| work.date(t, &rules::DATE));
    let (person, demographics) = person(root, work);
    let event = root.down(&["documentationOf", "serviceEvent"]);
    work.day = exam_day(root, event, &demographics, work);
    let programme =
        event.and_then(|e| e.child("code")).map(|c| c.attr("code").into_owned()).unwrap_or_default();
    if programme.len() != 3 || !programme.bytes().all(|b| b.is_ascii_digit()) {
        let at = event.unwrap_or(root);
        work.say_shape(&rules::PROGRAMME, at, "code", &programme, "数字 3 桁");
    }
    let voucher = voucher(root, work);
    let performer = event
        .and_then(|e| e.down(&["performer", "assignedEntity", "representedOrganization"]))
        .and_then(|o| id_of(o, "102"))
        .map(|id| id.attr("extension").into_owned())
        .unwrap_or_default();
    work.person(person.unwrap_or(root), &demographics);
    let deletes = report == "19";
    if deletes {
        work.notes.push(Finding::new(&rules::DELETION).at(root.range()));
    } else {
        visit(event.unwrap_or(root), &report, &programme, &performer, work);
        sections(root, kind, work);
    }
    let class = match kind {
        // The reports of a course (start, end, …) stand beside each other; each may be sent again.
        Kind::Guidance => report.as_str(),
        _ => "健診",
    };
    let day = work.day.map(|d| d.to_string()).unwrap_or_default();
    let thing = if kind == Kind::Guidance && !voucher.is_empty() { voucher } else { day };
    let key = [class, &person_key(&demographics), &thing, &programme, &performer].join("|");
    let version = work.day.is_some().then(|| UnitVersion {
        key: Identifying::new(key),
        time: frame.time(work.made),
        state: if deletes { VersionState::Deleted } else { VersionState::Current },
    });
    Said { demographics, version }
}

/// Who it is, for versions: insurer, symbol, number, birth, sex and the name without blanks. The branch number tells
/// twins apart, but older files lack it; their names differ.
pub(super) fn person_key(d: &Demographics) -> String {
    let name: String = d.name_kana.expose().chars().filter(|c| !c.is_whitespace()).collect();
    let birth = d.birth.expose().map(|b| b.to_string()).unwrap_or_default();
    let parts = [
        d.insurer_number.expose().as_str(),
        d.insured_symbol.expose().as_str(),
        d.insured_number.expose().as_str(),
        &birth,
        d.sex.code(),
        &name,
    ];
    parts.join("|")
}

/// recordTarget/patientRole.
fn person<'t>(root: El<'t>, work: &mut Work<'_>) -> (Option<El<'t>>, Demographics) {
    let mut d = Demographics::default();
    if root.all("recordTarget").count() > 1 {
        work.say(&rules::TWO_PATIENTS, root, "recordTarget", "二人以上".to_owned(), "一人");
    }
    let Some(role) = root.down(&["recordTarget", "patientRole"]) else {
        work.say(&rules::NO_PATIENT, root, "recordTarget", "(なし)".to_owned(), "受診者情報");
        return (None, d);
    };
    let id = |arc: &str| id_of(role, arc).map(|id| id.attr("extension").into_owned()).unwrap_or_default();
    insured(role, [&id("101"), &id("204"), &id("205"), &id("211")], &mut d, work);
    address(role, &mut d, work);
    let patient = role.child("patient").unwrap_or(role);
    attributes(patient, "administrativeGenderCode", &mut d, work);
    (role.into(), d)
}

/// Insurer, symbol, number and branch.
pub(super) fn insured(
    el: El<'_>,
    sent: [&str; 4],
    d: &mut Demographics,
    work: &mut Work<'_>,
) -> Option<CompactString> {
    let [insurer, symbol, number, branch] = sent.map(|t| if t == PLACEHOLDER { "" } else { t });
    let law = work.insurer(el, insurer);
    let odd = |t: &str| t.chars().count() > 20;
    if number.is_empty() || odd(number) || odd(symbol) {
        work.say_shape(&rules::INSURED, el, "番号", number, "20 文字以内");
    } else if !branch.is_empty() && (branch.len() != 2 || !branch.bytes().all(|b| b.is_ascii_digit())) {
        work.say_shape(&rules::INSURED, el, "枝番", branch, "数字 2 桁");
    }
    for text in [symbol, number, branch] {
        work.refuse_my_number(el, text);
    }
    d.insurer_number = Identifying::new(insurer.into());
    d.insured_symbol = Identifying::new(symbol.into());
    d.insured_number = Identifying::new(number.into());
    d.insured_branch = Identifying::new(branch.into());
    law
}

/// addr: the postal code is an element, the address the text around it.
pub(super) fn address(el: El<'_>, d: &mut Demographics, work: &mut Work<'_>) {
    let Some(addr) = el.child("addr") else { return };
    if let Some(postal) = addr.child("postalCode") {
        let code = postal.text();
        let sound = code.split_once('-').is_some_and(|(a, b)| {
            a.len() == 3 && b.len() == 4 && [a, b].iter().all(|p| p.bytes().all(|b| b.is_ascii_digit()))
        });
        if !sound {
            work.say_shape(&rules::POSTAL, postal, "", &code, "999-9999");
        }
        if code != PLACEHOLDER {
            d.postal_code = Identifying::new(code.into());
        }
    }
    let line = addr.text();
    if line != PLACEHOLDER {
        let one: String = line.split(['\n', '\r', '\t']).map(str::trim).collect();
        d.address = Identifying::new(one.into());
    }
}

/// name (in kana), sex, birthTime.
pub(super) fn attributes(el: El<'_>, sex: &str, d: &mut Demographics, work: &mut Work<'_>) {
    let name = el.child("name").map(El::text).filter(|n| n != PLACEHOLDER).unwrap_or_default();
    if name.is_empty() {
        work.say(&rules::NAME, el, "name", "(空)".to_owned(), "氏名（カナ）");
    }
    d.name_kana = Identifying::new(name.into());
    let code = el.child(sex).map(|s| s.attr("code").into_owned()).unwrap_or_default();
    d.sex = match code.as_str() {
        "1" => Sex::Male,
        "2" => Sex::Female,
        _ => {
            work.say_shape(&rules::SEX, el, sex, &code, "1 または 2");
            Sex::Unknown
        }
    };
    d.birth = Identifying::new(birth(el, work));
}

/// birthTime; what cannot be read, or is not there, is told.
pub(super) fn birth(el: El<'_>, work: &mut Work<'_>) -> Option<PartialDate> {
    let time = el.child("birthTime");
    let birth = time.and_then(|t| work.date(t, &rules::BIRTH));
    if time.is_none_or(|t| t.attr("value").is_empty()) {
        work.say(&rules::BIRTH, el, "birthTime", "(空)".to_owned(), "YYYYMMDD");
    }
    birth
}

/// The day of the examination: without it nothing can be placed in a life.
fn exam_day(
    root: El<'_>,
    event: Option<El<'_>>,
    d: &Demographics,
    work: &mut Work<'_>,
) -> Option<PartialDate> {
    let time = event.and_then(|e| e.child("effectiveTime"));
    let sent = time.map(|t| {
        let own = t.attr("value").into_owned();
        let low = t.child("low").map(|l| l.attr("value").into_owned());
        if own.is_empty() { low.unwrap_or_default() } else { own }
    });
    let sent = sent.unwrap_or_default();
    let day = super::work::stamp(&sent).map(|s| s.0);
    let at = time.or(event).unwrap_or(root);
    match day {
        None => work.say(&rules::EXAM_DATE, at, "effectiveTime", shape_of(&sent), "YYYYMMDD"),
        Some(day) => {
            work.check_birth(at, *d.birth.expose(), Some(day));
            work.check_future(at, day);
        }
    }
    day
}

/// participant[@typeCode='HLD']: the voucher's number stays sealed; its term is held against the day. Gives the number,
/// for the version key only.
fn voucher(root: El<'_>, work: &mut Work<'_>) -> String {
    let mut number = String::new();
    for holder in root.all("participant").filter(|p| p.attr("typeCode") == "HLD") {
        if let Some(high) = holder.down(&["time", "high"])
            && let Some(until) = work.date(high, &rules::DATE)
            && work.day.is_some_and(|day| day.earliest() > until.earliest())
        {
            work.say(&rules::VOUCHER, high, "", "期限切れ".to_owned(), "実施日以後の期限");
        }
        if let Some(id) = holder.down(&["associatedEntity", "id"]) {
            number = id.attr("extension").into_owned();
        }
    }
    number
}

/// The examination or guidance as a visit.
fn visit(event: El<'_>, report: &str, programme: &str, performer: &str, work: &mut Work<'_>) {
    let mut fact = Fact::new(FactTable::VisitOccurrence, event.range());
    fact.start = work.day;
    fact.end = event.child("effectiveTime").and_then(|t| work.last_day(t));
    if let Some(code) = code_of(programme).filter(|c| c.len() == 3) {
        fact.source = Some(Coded::new(CodeSystem::Other(CompactString::const_new("MHLW-PROGRAMME")), code));
    }
    if REPORTS.contains(&report) {
        fact.status = CompactString::from(report);
    }
    if performer.len() == 10 && performer.bytes().all(|b| b.is_ascii_digit()) {
        add_named(&mut fact.qualifiers, "performer", performer);
    }
    work.facts.push(fact);
}

/// All sections of the body. Their narrative is a copy of the entries for human eyes and stays sealed.
fn sections(root: El<'_>, kind: Kind, work: &mut Work<'_>) {
    let before = work.facts.len();
    let Some(body) = root.down(&["component", "structuredBody"]) else {
        work.say(&rules::NO_RESULTS, root, "component", "(なし)".to_owned(), "structuredBody");
        return;
    };
    for (n, component) in (1u32..).zip(body.all("component")) {
        let Some(section) = component.child("section") else { continue };
        let sent = section.child("code").map(|c| c.attr("code").into_owned()).unwrap_or_default();
        let sound = sent.len() == 5 && sent.bytes().all(|b| b.is_ascii_digit());
        let code = if sound { CompactString::from(sent) } else { format_compact!("s{n}") };
        let guidance = kind == Kind::Guidance || code.starts_with('9');
        let forced = guidance.then_some(FactTable::HealthGuidance);
        let first = work.facts.len();
        for (n, entry) in (1u32..).zip(section.all("entry")) {
            let group = format_compact!("{code}-{n}");
            for el in entry.children() {
                walk(el, forced, &group, "", work);
            }
        }
        if forced.is_none() {
            twice(first, section, work);
        }
    }
    if work.facts.len() == before {
        work.say(&rules::NO_RESULTS, body, "entry", "0 件".to_owned(), "1 件以上");
    } else if kind != Kind::Guidance {
        check_together(root, work);
    }
}

/// One of a section's statements, and those inside it. They share a group; the relation says how.
fn walk(el: El<'_>, forced: Option<FactTable>, group: &str, relation: &str, work: &mut Work<'_>) {
    let fact = match el.name() {
        "observation" => observed(el, forced, work),
        "act" | "encounter" | "procedure" | "supply" => supported(el, work),
        _ => None,
    };
    // What stands inside an interview happened on its day.
    let day = work.day;
    if let Some(mut fact) = fact {
        fact.group = CompactString::from(group);
        add_named(&mut fact.qualifiers, "relation", relation);
        work.day = fact.start.or(day);
        work.facts.push(fact);
    }
    for inner in el.children() {
        let relation = match inner.name() {
            "entryRelationship" => inner.attr("typeCode"),
            "component" => "COMP".into(),
            _ => continue,
        };
        let relation = code_of(&relation).filter(|r| r.len() <= 5).unwrap_or_default().to_owned();
        for statement in inner.children() {
            walk(statement, forced, group, &relation, work);
        }
    }
    work.day = day;
}

/// An act of guidance: form of support (支援形態) as its code, who gave it by profession only.
fn supported(el: El<'_>, work: &mut Work<'_>) -> Option<Fact> {
    let code = el.child("code")?;
    let sent = code.attr("code");
    let Some(sent) = code_of(&sent).filter(|c| *c != PLACEHOLDER && c.len() <= 20) else {
        work.say_shape(&rules::NO_CODE, code, "code", &sent, "支援形態コード");
        return None;
    };
    let mut fact = Fact::new(FactTable::HealthGuidance, el.range());
    let list = code.attr("codeSystem");
    let arc = list.strip_prefix(OID).and_then(code_of).unwrap_or_default();
    fact.source = Some(match arc {
        "1005" | "1006" => Coded::new(CodeSystem::CheckupItem, sent),
        _ => Coded::new(CodeSystem::CheckupValue, &format_compact!("{arc}:{sent}")),
    });
    fact.start = work.day;
    if let Some(time) = el.child("effectiveTime") {
        if let Some((day, second)) = work.first_day(time) {
            (fact.start, fact.start_second) = (Some(day), second);
            work.check_future(el, day);
        }
        fact.end = work.last_day(time);
    }
    if el.attr("negationInd") == "true" {
        fact.status = CompactString::const_new("not-done");
    }
    for entity in el.all("performer").filter_map(|p| p.child("assignedEntity")) {
        let profession = entity.child("code").map(|c| c.attr("code").into_owned()).unwrap_or_default();
        add_named(&mut fact.qualifiers, "staff", code_of(&profession).unwrap_or_default());
    }
    Some(fact)
}

/// The same item twice in a section; groups (一連検査) may repeat an item inside themselves.
fn twice(first: usize, section: El<'_>, work: &mut Work<'_>) {
    let facts = work.facts.get(first..).unwrap_or_default();
    let mut sorted: Vec<&Fact> = facts.iter().filter(|f| f.source.is_some()).collect();
    fn key(fact: &Fact) -> Option<&str> {
        fact.source.as_ref().map(|s| s.code.as_str())
    }
    sorted.sort_by(|a, b| key(a).cmp(&key(b)));
    let repeated = sorted.windows(2).find(|w| matches!(w, [a, b] if is_same(a, b)));
    let code = repeated.and_then(|w| w.first()).and_then(|f| f.source.as_ref()).map(|s| s.code.to_string());
    if let Some(code) = code {
        let shown = code.chars().take(20).collect();
        work.say(&rules::TWICE, section, "code", shown, "一度だけ");
    }
}
