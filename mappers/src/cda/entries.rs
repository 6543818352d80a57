//! The structured statements of a clinical document: drugs, problems, allergies, results, procedures, insurance.
//!
//! Only what is coded (or a number, or a known word of result) becomes a fact. A statement's text is sealed.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded, Demographics, Fact, FactTable, Identifying};
use rust_decimal::Decimal;

use super::clinical::{attachment, mood, note};
use super::work::{Work, add_named, code_of};
use super::xml::El;
use super::{oid, rules};
use crate::lookup::{self, Answer};
use crate::ssmix2::value;

/// What a section's statements are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Diseases.
    Problem,
    /// Allergies.
    Allergy,
    /// Anything else.
    Other,
}

impl Section {
    /// By the section's LOINC.
    pub(super) fn of(code: Option<&Coded>) -> Self {
        match code.filter(|c| c.system == CodeSystem::Loinc).map(|c| c.code.as_str()) {
            // Problem list, past history, diagnoses on admission, at discharge, assessed.
            Some("11450-4" | "11348-0" | "46241-6" | "42347-5" | "11535-2" | "29548-5" | "51848-0") => {
                Self::Problem
            }
            Some("48765-2") => Self::Allergy,
            _ => Self::Other,
        }
    }
}

/// One statement, and those inside it.
pub(super) fn walk(el: El<'_>, section: &Section, group: &str, d: &mut Demographics, work: &mut Work<'_>) {
    match el.name() {
        "substanceAdministration" => return drug(el, group, work),
        "supply" => return drug(el, group, work),
        "observation" => observation(el, *section, group, work),
        "procedure" => procedure(el, group, work),
        "observationMedia" | "externalDocument" | "externalObservation" => attachment(el, group, work),
        "act" if insurance(el, d, work) => return,
        _ => {}
    }
    for inner in el.children() {
        if matches!(inner.name(), "entryRelationship" | "component" | "reference") {
            for statement in inner.children() {
                walk(statement, section, group, d, work);
            }
        }
    }
}

fn base(table: FactTable, el: El<'_>, group: &str, work: &mut Work<'_>) -> Fact {
    let mut fact = Fact::new(table, el.range());
    fact.start = work.day;
    fact.group = CompactString::from(group);
    mood(el, &mut fact);
    fact
}

/// effectiveTime as first and last day.
fn period(el: El<'_>, fact: &mut Fact, work: &mut Work<'_>) {
    for time in el.all("effectiveTime").filter(|t| t.kind() != "EIVL_TS" && t.kind() != "PIVL_TS") {
        if let Some((day, second)) = work.first_day(time) {
            (fact.start, fact.start_second) = (Some(day), second);
        }
        if let Some(day) = work.last_day(time) {
            fact.end = Some(day);
        }
    }
}

/// Source and standard from the codes of an element; a code of our own is never made.
fn name(el: El<'_>, fact: &mut Fact, work: &mut Work<'_>) -> bool {
    let mut codes = oid::codes(el).into_iter();
    let Some(source) = codes.next() else { return false };
    let icd = |c: &Coded| c.system == CodeSystem::Icd10;
    fact.standard = if icd(&source) { Some(source.clone()) } else { codes.find(icd) };
    if let Some(standard) = &mut fact.standard {
        let plain: CompactString =
            standard.code.chars().filter(|c| *c != '.').map(|c| c.to_ascii_uppercase()).collect();
        if musubi_model::icd10::chapter_of(&plain).is_some() {
            standard.code = plain;
            standard.text = None;
        } else {
            work.say_shape(&rules::ICD10, el, "code", &standard.code.clone(), "K297 の形");
            fact.standard = None;
        }
    }
    if fact.standard.is_none() {
        match work.lookup.ask(&source.system, &source.code, fact.start) {
            Answer::Known(entry) => fact.standard = entry.standard,
            Answer::Unknown(edition) => {
                let finding = lookup::unknown(&source.system, &source.code, &edition);
                work.notes.push(finding.at(el.range()).in_field(el.name(), "code"));
            }
            Answer::NoMaster => {}
        }
    }
    fact.source = Some(source);
    true
}

fn decimal(el: El<'_>, work: &mut Work<'_>) -> Option<Decimal> {
    let sent = el.attr("value");
    if sent.is_empty() {
        return None;
    }
    let number = sent.parse::<Decimal>().ok().filter(|n| !n.is_sign_negative());
    if number.is_none() {
        work.say_shape(&rules::NUMBER, el, "value", &sent, "数値");
    }
    number
}

fn unit(el: El<'_>) -> CompactString {
    let unit = el.attr("unit");
    if unit.chars().count() <= 24 { CompactString::from(&*unit) } else { CompactString::default() }
}

/// A drug ordered, dispensed or given: consumable (or the product of a supply).
fn drug(el: El<'_>, group: &str, work: &mut Work<'_>) {
    let product = ["consumable", "product"].iter().find_map(|n| el.down(&[n, "manufacturedProduct"]));
    let code = product.and_then(|p| {
        let inner = ["manufacturedLabeledDrug", "manufacturedMaterial"].iter().find_map(|n| p.child(n));
        inner.and_then(|i| i.child("code"))
    });
    let mut fact = base(FactTable::DrugExposure, el, group, work);
    period(el, &mut fact, work);
    if !code.is_some_and(|c| name(c, &mut fact, work)) {
        work.say(&rules::NO_CODE, code.unwrap_or(el), "code", "(空)".to_owned(), "医薬品コード");
        return;
    }
    // The number of the prescription group (RP); any longer number is somebody's.
    let rp = el
        .all("id")
        .find(|id| id.attr("root").ends_with(".3.81"))
        .map(|id| id.attr("extension").into_owned());
    if let Some(rp) = rp.filter(|r| r.len() <= 3 && r.bytes().all(|b| b.is_ascii_digit())) {
        fact.group = CompactString::from(format!("{group}-RP{rp}"));
    }
    timing(el, &mut fact, work);
    let form = el.child("code").map(|c| c.attr("code").into_owned()).unwrap_or_default();
    add_named(&mut fact.qualifiers, "form", code_of(&form).unwrap_or_default());
    let route = el.child("routeCode").map(|c| c.attr("code").into_owned()).unwrap_or_default();
    add_named(&mut fact.qualifiers, "route", code_of(&route).unwrap_or_default());
    amounts(el, &mut fact, work);
    let supplies = el.all("entryRelationship").filter_map(|r| r.child("supply"));
    let words: Vec<El<'_>> = std::iter::once(el).chain(supplies).filter_map(|e| e.child("text")).collect();
    work.facts.push(fact);
    for text in words.into_iter().filter(|t| t.has_words()) {
        note(text, Coded::new(CodeSystem::DocumentKind, "medication-instruction"), group, work);
        work.seal();
    }
}

/// Days and usage.
fn timing(el: El<'_>, fact: &mut Fact, work: &mut Work<'_>) {
    for time in el.all("effectiveTime") {
        if let Some(width) = time.child("width") {
            let days = decimal(width, work).and_then(|n| u32::try_from(n.trunc()).ok());
            fact.times = match (&*width.attr("unit"), days) {
                ("d" | "", Some(n)) => Some(n),
                ("wk", Some(n)) => n.checked_mul(7),
                _ => fact.times,
            };
        }
        if let Some(event) = time.child("event") {
            add_named(&mut fact.qualifiers, "usage", code_of(&event.attr("code")).unwrap_or_default());
        }
    }
    if let Some(repeat) = el.child("repeatNumber") {
        let times = decimal(repeat, work).map(|n| n.normalize().to_string()).unwrap_or_default();
        add_named(&mut fact.qualifiers, "repeat", &times);
    }
}

/// Quantity supplied; or one dose. The daily amount stands in the qualifiers.
fn amounts(el: El<'_>, fact: &mut Fact, work: &mut Work<'_>) {
    let supplied = el
        .all("entryRelationship")
        .filter_map(|r| r.down(&["supply", "quantity"]))
        .next()
        .or_else(|| el.child("quantity"));
    let dose = el.child("doseQuantity");
    let dose = dose.map(|q| q.child("center").or_else(|| q.child("low")).unwrap_or(q));
    let sent = supplied.and_then(|q| Some((decimal(q, work)?, unit(q))));
    let given = dose.and_then(|q| Some((decimal(q, work)?, unit(q))));
    if let Some((amount, unit)) = sent {
        (fact.quantity, fact.value.unit) = (Some(amount), unit);
    } else if let Some((amount, unit)) = &given {
        (fact.quantity, fact.value.unit) = (Some(*amount), unit.clone());
        add_named(&mut fact.qualifiers, "basis", "dose");
    }
    if let Some((amount, unit)) = given {
        add_named(&mut fact.qualifiers, "dose", &format!("{}{unit}", amount.normalize()));
    }
    let daily = ["doseCheckQuantity", "maxDoseQuantity"].iter().find_map(|n| el.down(&[n, "numerator"]));
    if let Some((amount, unit)) = daily.and_then(|q| Some((decimal(q, work)?, unit(q)))) {
        add_named(&mut fact.qualifiers, "daily", &format!("{}{unit}", amount.normalize()));
    }
}

fn procedure(el: El<'_>, group: &str, work: &mut Work<'_>) {
    let mut fact = base(FactTable::ProcedureOccurrence, el, group, work);
    period(el, &mut fact, work);
    match el.child("code") {
        Some(code) if name(code, &mut fact, work) => work.facts.push(fact),
        code => work.say(&rules::NO_CODE, code.unwrap_or(el), "code", "(空)".to_owned(), "診療行為コード"),
    }
}

fn observation(el: El<'_>, section: Section, group: &str, work: &mut Work<'_>) {
    let sent = el.child("value");
    let disease = |s: &CodeSystem| {
        matches!(s, CodeSystem::Icd10 | CodeSystem::MedisDisease | CodeSystem::ReceiptDisease)
    };
    let is_disease = sent.is_some_and(|v| oid::codes(v).iter().any(|c| disease(&c.system)));
    match section {
        Section::Allergy => allergy(el, group, work),
        _ if is_disease => condition(el, group, work),
        Section::Problem if sent.is_none_or(|v| v.attr("code").is_empty()) => {
            // A disease in words only: the words may name somebody.
            work.say(&rules::NO_CODE, sent.unwrap_or(el), "code", "(空)".to_owned(), "病名コード");
        }
        Section::Problem => condition(el, group, work),
        Section::Other => result(el, group, work),
    }
}

fn condition(el: El<'_>, group: &str, work: &mut Work<'_>) {
    let mut fact = base(FactTable::ConditionOccurrence, el, group, work);
    period(el, &mut fact, work);
    if el.attr("negationInd") == "true" {
        fact.status = CompactString::const_new("absent");
    }
    if let Some(value) = el.child("value")
        && name(value, &mut fact, work)
    {
        for qualifier in value.all("qualifier").filter_map(|q| q.child("value")) {
            add_named(&mut fact.qualifiers, "modifier", code_of(&qualifier.attr("code")).unwrap_or_default());
        }
        work.facts.push(fact);
    }
}

/// The allergen is the participant's (or the value's) code; what kind of allergy, the value's (or the code).
fn allergy(el: El<'_>, group: &str, work: &mut Work<'_>) {
    let mut fact = base(FactTable::Observation, el, group, work);
    period(el, &mut fact, work);
    let playing = el.down(&["participant", "participantRole", "playingEntity", "code"]);
    let value = el.child("value").filter(|v| !v.attr("code").is_empty());
    let kind = if playing.is_some() { value } else { None };
    let named = match playing.or(value) {
        Some(code) => name(code, &mut fact, work),
        None => false,
    };
    if !named {
        work.say(&rules::NO_CODE, el, "code", "(空)".to_owned(), "アレルゲンのコード");
        return;
    }
    let kind = kind.map(|k| k.attr("code").into_owned()).unwrap_or_default();
    add_named(&mut fact.qualifiers, "kind", code_of(&kind).unwrap_or_default());
    if el.attr("negationInd") == "true" {
        fact.status = CompactString::const_new("absent");
    }
    work.facts.push(fact);
}

fn result(el: El<'_>, group: &str, work: &mut Work<'_>) {
    let value = el.child("value");
    let kind = value.map(El::kind).unwrap_or_default();
    let laboratory = el.child("code").is_some_and(|c| {
        oid::codes(c).iter().any(|c| matches!(c.system, CodeSystem::Jlac10 | CodeSystem::Jlac11))
    });
    let measured = laboratory || matches!(&*kind, "PQ" | "INT" | "REAL");
    let table = if measured { FactTable::Measurement } else { FactTable::Observation };
    let mut fact = base(table, el, group, work);
    period(el, &mut fact, work);
    match el.child("code") {
        Some(code) if name(code, &mut fact, work) => {}
        code => {
            work.say(&rules::NO_CODE, code.unwrap_or(el), "code", "(空)".to_owned(), "項目コード");
            return;
        }
    }
    if let Some(value) = value {
        match &*kind {
            "PQ" | "INT" | "REAL" | "MO" => {
                let sent = value.attr("value");
                if !sent.is_empty() && value::read(&sent).kind != value::Kind::Number {
                    work.say_shape(&rules::NUMBER, value, "value", &sent, "数値");
                }
                fact.value.unit = unit(value);
                work.word(&sent, &mut fact);
            }
            "CD" | "CO" | "CE" | "CS" | "CV" => {
                let sent = value.attr("code");
                fact.value.text = code_of(&sent).map(CompactString::from).unwrap_or_default();
                add_named(
                    &mut fact.qualifiers,
                    "valueset",
                    code_of(&value.attr("codeSystem")).unwrap_or_default(),
                );
            }
            "TS" => {
                let day = work.date(value, &rules::DATE);
                fact.value.text = day.map(|d| CompactString::from(d.to_string())).unwrap_or_default();
            }
            _ => work.word(&value.text(), &mut fact),
        }
    }
    let flag = el.child("interpretationCode").map(|c| c.attr("code").into_owned()).unwrap_or_default();
    fact.value.flag = code_of(&flag).filter(|f| f.len() <= 8).map(CompactString::from).unwrap_or_default();
    let range = el.down(&["referenceRange", "observationRange", "value"]);
    let bound = |n: &str| -> String {
        let sent = range.and_then(|r| r.child(n)).map(|b| b.attr("value").into_owned()).unwrap_or_default();
        if sent.parse::<Decimal>().is_ok() { sent } else { String::new() }
    };
    let (low, high) = (bound("low"), bound("high"));
    if !(low.is_empty() && high.is_empty()) {
        fact.value.range = CompactString::from(format!("{low}-{high}"));
    }
    work.facts.push(fact);
}

/// Insurance of an electronic prescription (保険・公費情報). `true`: it was one.
fn insurance(el: El<'_>, d: &mut Demographics, work: &mut Work<'_>) -> bool {
    let Some(code) = el.child("code").filter(|c| c.attr("codeSystem") == "1.2.392.100495.20.2.61") else {
        return false;
    };
    let ids = |el: Option<El<'_>>, arc: &str| -> CompactString {
        let id = el.and_then(|e| e.all("id").find(|i| i.attr("root").ends_with(arc)));
        id.map(|i| CompactString::from(&*i.attr("extension"))).unwrap_or_default()
    };
    let payer = el.down(&["performer", "assignedEntity"]);
    let role = el.down(&["participant", "participantRole"]);
    let public = code.attr("code") == "8";
    let number = ids(payer, if public { ".3.71" } else { ".3.61" });
    let mut fact = Fact::new(FactTable::PayerPlanPeriod, el.range());
    fact.start = work.day;
    let padded = if number.len() == 6 { format!("00{number}") } else { number.to_string() };
    fact.source = work.insurer(payer.unwrap_or(el), &padded).map(|law| Coded::new(CodeSystem::Payer, &law));
    let before = work.facts.iter().filter(|f| f.group.starts_with("KO")).count();
    fact.group = if public { CompactString::from(format!("KO{}", before + 1)) } else { "HO".into() };
    let relation =
        role.and_then(|r| r.child("code")).map(|c| c.attr("code").into_owned()).unwrap_or_default();
    fact.status = code_of(&relation).filter(|r| r.len() <= 2).map(CompactString::from).unwrap_or_default();
    work.facts.push(fact);
    let fields = [ids(role, ".3.62"), ids(role, ".3.63"), ids(role, ".3.64"), ids(role, ".3.72")];
    for field in &fields {
        work.refuse_my_number(el, field);
    }
    let [symbol, insured, branch, recipient] = fields;
    if !public {
        d.insurer_number = Identifying::new(number);
        d.insured_symbol = Identifying::new(symbol);
        d.insured_number = Identifying::new(insured);
        d.insured_branch = Identifying::new(branch);
    } else if d.insurer_number.expose().is_empty() && number.starts_with("12") {
        // 生活保護 without insurance: the public payer is all there is.
        d.insurer_number = Identifying::new(number);
        d.insured_number = Identifying::new(recipient);
    }
    true
}
