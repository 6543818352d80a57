//! ADT-00, the patient's basics (患者基本): insurance, allergies, height, weight, blood group, death.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Fact, FactTable};

use super::{Work, codes, lab, rules};
use crate::hl7::{Message, Segment};

pub(super) fn map(message: &Message<'_>, work: &mut Work<'_>) {
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"PID" => death(&segment, work),
            b"OBX" => {
                let fact = lab::observed(&segment, work);
                work.facts.extend(fact);
            }
            b"AL1" => {
                allergy(&segment, &Allergy { kind: 2, allergen: 3, severity: 4, since: 6, action: 0 }, work);
            }
            b"IAM" => {
                allergy(&segment, &Allergy { kind: 2, allergen: 3, severity: 4, since: 11, action: 6 }, work);
            }
            b"IN1" => insurance(&segment, work),
            _ => {}
        }
    }
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
    let Some(source) = codes::coded(segment.field(at.allergen)) else {
        if segment.field_count() > 0 {
            work.notes.push(segment.finding(&rules::NO_CODE, at.allergen));
        }
        return;
    };
    let mut fact = Fact::new(FactTable::Observation, segment.range());
    fact.source = Some(source);
    codes::add_named(&mut fact.qualifiers, "allergy", segment.field(at.kind).component(1).code());
    fact.status = CompactString::from(segment.field(at.severity).component(1).code());
    fact.start = work.day(segment, at.since);
    work.facts.push(fact);
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
