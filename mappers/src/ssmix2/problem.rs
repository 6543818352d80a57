//! PPR-01, problems (病名): PRB gives a condition, the ZPR behind it its modifiers.

use compact_str::CompactString;
use musubi_model::finding::shape_of;
use musubi_model::{CodeSystem, Coded, Fact, FactTable};

use super::work::Work;
use super::{codes, rules};
use crate::hl7::{Element, Message, Segment};

/// The modifier for a suspected disease (疑い), under which every source's suspicion is kept.
const SUSPECTED: &str = "8002";

pub(super) fn map(message: &Message<'_>, work: &mut Work<'_>) {
    let mut open: Option<Fact> = None;
    let mut department = CompactString::default();
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"PRB" => {
                finish(&mut open, &mut department, work);
                open = problem(&segment, work);
            }
            b"ZPR" => {
                if let Some(fact) = &mut open {
                    modifiers(&segment, fact);
                }
            }
            // The teeth of a dental disease.
            b"ZPD" => {
                if let Some(fact) = &mut open {
                    for tooth in segment.field(2).repetitions() {
                        codes::add_named(&mut fact.qualifiers, "tooth", tooth.component(1).code());
                    }
                }
            }
            b"ORC" if department.is_empty() => department = segment.field(17).component(1).compact(),
            _ => {}
        }
    }
    finish(&mut open, &mut department, work);
}

/// Closes the condition that is open; the ORC of its department comes last of all.
fn finish(open: &mut Option<Fact>, department: &mut CompactString, work: &mut Work<'_>) {
    let department = std::mem::take(department);
    if let Some(mut fact) = open.take() {
        fact.department = department;
        work.facts.push(fact);
    }
}

fn problem(prb: &Segment<'_>, work: &mut Work<'_>) -> Option<Fact> {
    if prb.field(1).component(1).code() == "DE" {
        work.notes.push(prb.finding(&rules::PROBLEM_DELETED, 1).found("DE"));
        return None;
    }
    let source = work.coded(prb, 3)?;
    let mut fact = Fact::new(FactTable::ConditionOccurrence, prb.range());
    let when = work.stamp(prb, 7).or_else(|| work.stamp(prb, 2));
    if let Some(stamp) = when {
        (fact.start, fact.start_second) = (Some(stamp.date), stamp.second);
    }
    fact.end = work.day(prb, 9);
    fact.status = prb.field(14).component(1).compact();
    fact.standard = standard(prb, &source, &mut fact.qualifiers, work);
    if fact.standard.is_none() {
        work.notes.push(prb.finding(&rules::NO_ICD10, 10));
    }
    let suspected =
        source.text.as_deref().is_some_and(is_suspicion) || is_suspicion(&prb.field(13).component(2).text());
    if suspected {
        codes::add_word(&mut fact.qualifiers, SUSPECTED);
    }
    codes::add_named(&mut fact.qualifiers, "priority", prb.field(18).component(1).code());
    codes::add_named(&mut fact.qualifiers, "security", prb.field(25).component(1).code());
    fact.source = Some(source);
    Some(fact)
}

/// ICD-10 of PRB-10 without dot, edition and text of the edition; a second code (dagger and asterisk) as a qualifier.
/// Where none was sent, the disease master's.
fn standard(
    prb: &Segment<'_>,
    source: &Coded,
    qualifiers: &mut CompactString,
    work: &mut Work<'_>,
) -> Option<Coded> {
    let mut standard = None;
    for sent in prb.field(10).repetitions().map(|r| r.component(1)).filter(Element::has_value) {
        match codes::icd10(&sent.text()) {
            Some(code) if standard.is_none() => standard = Some(Coded::new(CodeSystem::Icd10, &code)),
            Some(code) => codes::add_named(qualifiers, "icd10", &code),
            None => {
                let found = shape_of(&sent.text());
                work.notes.push(prb.finding(&rules::ICD10, 10).found(found).expected("K297"));
            }
        }
    }
    let known = work.look_up(prb, 3, source, work_day(prb));
    standard.or(known)
}

fn work_day(prb: &Segment<'_>) -> Option<musubi_model::PartialDate> {
    crate::hl7::time::read(prb.field(2).component(1).code()).ok().map(|s| s.date)
}

/// ZPR-1 and ZPR-3: modifiers before and behind the disease.
fn modifiers(zpr: &Segment<'_>, fact: &mut Fact) {
    for modifier in [1, 3].into_iter().flat_map(|n| zpr.field(n).repetitions()) {
        let (code, text) = (modifier.component(1).code(), modifier.component(2).text());
        codes::add_word(&mut fact.qualifiers, code);
        let already = fact.qualifiers.split(' ').any(|w| w == SUSPECTED);
        if is_suspicion(&text) && !already {
            codes::add_word(&mut fact.qualifiers, SUSPECTED);
        }
    }
}

fn is_suspicion(text: &str) -> bool {
    text.trim_end().ends_with("疑い") || text.trim_end().ends_with("疑")
}
