//! ADT messages of comings and goings: reception, admission, discharge, leave, moves, the doctor in charge.
//!
//! What took place at the door is a `visit_occurrence` (reception A04, admission A01, discharge A03); what is planned, and
//! what happens inside a stay, is an `observation` under its event (HL7 table 0003), so that nobody counts it as a visit.
//! Ward and department are kept as sent. Room and bed, doctors and visit numbers stay in the original.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded, Fact, FactTable};

use super::work::{Work, begin_at};
use super::{codes, rules};
use crate::hl7::{Element, Message, Segment};

/// The classes of a patient in Japan's use of HL7 table 0004, and the others of the table.
const CLASSES: &str = "EIOPRBCNU";

/// Maps the event of MSH-9 (`A01`).
pub(super) fn map(message: &Message<'_>, event: &str, work: &mut Work<'_>) {
    let Some(pv1) = message.first("PV1") else { return };
    let evn = message.first("EVN");
    let pv2 = message.first("PV2");
    let is_visit = matches!(event, "A01" | "A03" | "A04");
    let table = if is_visit { FactTable::VisitOccurrence } else { FactTable::Observation };
    let mut fact = Fact::new(table, pv1.range());
    let class = class_of(&pv1, event, work);
    if is_visit {
        fact.source = Some(Coded::new(CodeSystem::Other("HL70004".into()), class));
    } else {
        fact.source = Some(Coded::new(CodeSystem::Other("HL70003".into()), event));
    }
    let occurred = |work: &mut Work<'_>| evn.as_ref().and_then(|evn| work.stamp(evn, 6));
    let planned = |work: &mut Work<'_>, field| pv2.as_ref().and_then(|pv2| work.stamp(pv2, field));
    match event {
        // Reception and admission; a discharge tells of its admission, too.
        "A01" | "A03" | "A04" => {
            begin_at(&mut fact, work.stamp(&pv1, 44));
            fact.end = work.day(&pv1, 45);
            if event == "A03" {
                fact.end = fact.end.or_else(|| occurred(work).map(|s| s.date));
                fact.status = CompactString::from(pv1.field(36).component(1).code());
            } else if fact.start.is_none() {
                begin_at(&mut fact, occurred(work));
            }
        }
        // Planned: admission and move, discharge.
        "A14" | "A15" => begin_at(&mut fact, planned(work, 8)),
        "A16" => begin_at(&mut fact, planned(work, 9)),
        // On leave until the day that is expected.
        "A21" => {
            begin_at(&mut fact, occurred(work));
            fact.end = planned(work, 47).map(|s| s.date);
        }
        "A22" => {
            begin_at(&mut fact, occurred(work));
            if fact.start.is_none() {
                begin_at(&mut fact, planned(work, 47));
            }
        }
        _ => begin_at(&mut fact, occurred(work)),
    }
    if fact.start.is_none() && fact.end.is_none() && event != "A54" {
        work.notes.push(pv1.finding(&rules::EVENT_DATE, 0).found(event.to_owned()));
    }
    words(&pv1, pv2.as_ref(), event, is_visit, class, &mut fact);
    fact.department = pv1.field(10).component(1).compact();
    work.facts.push(fact);
}

/// PV1-2, which must be there and must be one of an inpatient where somebody is admitted, moved or discharged.
fn class_of<'m>(pv1: &Segment<'m>, event: &str, work: &mut Work<'_>) -> &'m str {
    let class = pv1.field(2).component(1).code();
    let known = class.len() == 1 && CLASSES.contains(class);
    let of_stay = !matches!(event, "A04" | "A54" | "A14");
    if !known || (of_stay && class == "O") {
        let found = if known { class.to_owned() } else { musubi_model::finding::shape_of(class) };
        let expected = if of_stay { "I" } else { "I・O・E" };
        work.notes.push(pv1.finding(&rules::CLASS, 2).found(found).expected(expected));
    }
    if known { class } else { "" }
}

fn words(
    pv1: &Segment<'_>,
    pv2: Option<&Segment<'_>>,
    event: &str,
    is_visit: bool,
    class: &str,
    fact: &mut Fact,
) {
    let to = &mut fact.qualifiers;
    if is_visit {
        codes::add_named(to, "event", event);
    } else {
        codes::add_named(to, "class", class);
    }
    codes::add_named(to, "ward", &ward(pv1.field(3)));
    codes::add_named(to, "from", &ward(pv1.field(6)));
    if let Some(pv2) = pv2 {
        codes::add_named(to, "to", &ward(pv2.field(1)));
    }
    codes::add_named(to, "admission", pv1.field(4).component(1).code());
    codes::add_named(to, "admit-source", pv1.field(14).component(1).code());
}

/// The ward (PL.1), when it is a code or says itself that it is a place; anything else may be a name.
fn ward(location: Element<'_>) -> String {
    const PLACES: [&str; 9] = ["病棟", "科", "階", "外来", "部", "室", "センター", "東", "西"];
    let ward = location.component(1);
    let code = ward.code();
    if !code.is_empty() && code.len() <= 20 {
        return code.to_owned();
    }
    let text = ward.text();
    let is_place = text.chars().count() <= 12 && PLACES.iter().any(|p| text.ends_with(p));
    if is_place { text.into_owned() } else { String::new() }
}
