//! The patient's basics (患者基本, ADT-00) and what other messages say of the patient: insurance, allergies (ADT-61),
//! disability, death; height, weight, blood group, diagnoses of ADT messages. Next of kin (NK1) and guarantors are other
//! persons and are not read.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded, Fact, FactTable};

use super::work::Work;
use super::{codes, lab};
use crate::hl7::{Message, Segment};

/// What any message may say of its patient beside the matter it is about: death, insurance, allergies, disability.
pub(super) fn patient(message: &Message<'_>, work: &mut Work<'_>) {
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"PID" => death(&segment, work),
            b"AL1" => {
                allergy(&segment, &Allergy { kind: 2, allergen: 3, severity: 4, since: 6, action: 0 }, work);
            }
            b"IAM" => {
                allergy(&segment, &Allergy { kind: 2, allergen: 3, severity: 4, since: 11, action: 6 }, work);
            }
            // ZI1 is the insurance of a problem (PPR), in the positions of IN1.
            b"IN1" | b"ZI1" => insurance(&segment, work),
            b"DB1" => disability(&segment, work),
            _ => {}
        }
    }
}

/// ADT messages: measurements, diagnoses and procedures that come with the person.
pub(super) fn map(message: &Message<'_>, work: &mut Work<'_>) {
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"OBX" => lab::observe(&segment, work),
            b"DG1" => diagnosis(&segment, work),
            b"PR1" => procedure(&segment, work),
            _ => {}
        }
    }
}

/// DB1: 2 whose, 4 whether, 5 and 6 from and until. The number of the certificate (3) stays; so does whatever speaks of
/// another person than the patient.
fn disability(db1: &Segment<'_>, work: &mut Work<'_>) {
    let whose = db1.field(2).component(1).code();
    if !matches!(whose, "PT" | "") || !db1.field(4).has_value() {
        return;
    }
    let mut fact = Fact::new(FactTable::Observation, db1.range());
    fact.source = Some(Coded::new(CodeSystem::Other("HL70334".into()), "PT"));
    fact.status = CompactString::from(db1.field(4).component(1).code());
    fact.start = work.day(db1, 5);
    fact.end = work.day(db1, 6);
    work.facts.push(fact);
}

/// DG1: 3 code, 5 when, 6 type (A admitting, W working, F final).
fn diagnosis(dg1: &Segment<'_>, work: &mut Work<'_>) {
    let Some(source) = work.coded(dg1, 3) else { return };
    let mut fact = Fact::new(FactTable::ConditionOccurrence, dg1.range());
    if source.system == CodeSystem::Icd10 {
        fact.standard = codes::icd10(&source.code).map(|code| Coded::new(CodeSystem::Icd10, &code));
    }
    fact.source = Some(source);
    super::work::begin_at(&mut fact, work.stamp(dg1, 5));
    codes::add_named(&mut fact.qualifiers, "type", dg1.field(6).component(1).code());
    work.keep(dg1, 3, fact);
}

/// PR1: 3 code, 5 when.
fn procedure(pr1: &Segment<'_>, work: &mut Work<'_>) {
    let Some(source) = work.coded(pr1, 3) else { return };
    let mut fact = Fact::new(FactTable::ProcedureOccurrence, pr1.range());
    fact.source = Some(source);
    super::work::begin_at(&mut fact, work.stamp(pr1, 5));
    work.keep(pr1, 3, fact);
}

/// PID-29 when, PID-30 whether.
fn death(pid: &Segment<'_>, work: &mut Work<'_>) {
    let said = pid.field(30).component(1).code();
    if said == "N" || (said != "Y" && !pid.field(29).has_value()) {
        return;
    }
    let mut fact = Fact::new(FactTable::Death, pid.range());
    if let Some(stamp) = work.stamp(pid, 29) {
        (fact.start, fact.start_second) = (Some(stamp.date), stamp.second);
    }
    fact.status = CompactString::from(said);
    work.facts.push(fact);
}

/// Where AL1 and IAM keep the same things.
struct Allergy {
    kind: usize,
    allergen: usize,
    severity: usize,
    since: usize,
    /// 0: the segment has none.
    action: usize,
}

fn allergy(segment: &Segment<'_>, at: &Allergy, work: &mut Work<'_>) {
    if at.action > 0 && segment.field(at.action).component(1).code() == "D" {
        return;
    }
    if segment.field_count() == 0 {
        return;
    }
    let Some(source) = work.coded(segment, at.allergen) else { return };
    let mut fact = Fact::new(FactTable::Observation, segment.range());
    fact.source = Some(source);
    codes::add_named(&mut fact.qualifiers, "allergy", segment.field(at.kind).component(1).code());
    fact.status = CompactString::from(segment.field(at.severity).component(1).code());
    fact.start = work.day(segment, at.since);
    work.keep(segment, at.allergen, fact);
}

/// The kind of insurance and its term. The insurer's number and the card stay with the identity.
fn insurance(in1: &Segment<'_>, work: &mut Work<'_>) {
    let Some(mut plan) = codes::coded(in1.field(2)) else { return };
    plan.system = CodeSystem::Payer;
    let mut fact = Fact::new(FactTable::PayerPlanPeriod, in1.range());
    fact.source = Some(plan);
    fact.start = work.day(in1, 12);
    fact.end = work.day(in1, 13);
    // The insured person's relation (本人・家族).
    fact.status = CompactString::from(in1.field(17).component(1).code());
    work.facts.push(fact);
}
