//! OMP-01 prescriptions (処方オーダ, RDE^O11) and OMP-11 administrations (処方実施, RAS^O17).
//!
//! `quantity` of an ordered drug is the whole amount dispensed (RXE-10) in its unit; where none was sent, the amount
//! of one dose, marked `basis=dose`. Dose, daily dose, usage and route stand in the qualifiers. Who ordered, entered
//! or gave a drug is never part of a fact, nor is the order's own number.

use compact_str::CompactString;
use musubi_model::finding::shape_of;
use musubi_model::{Fact, FactTable};
use rust_decimal::Decimal;

use super::{Work, codes, rules};
use crate::hl7::{self, Element, Message, Segment};

/// Orders met so far: their numbers only serve to count them.
#[derive(Default)]
struct Orders {
    numbers: Vec<CompactString>,
    group: CompactString,
    department: CompactString,
    control: CompactString,
    cancelled: bool,
}

impl Orders {
    fn begin(&mut self, orc: &Segment<'_>, work: &mut Work<'_>) {
        let number = orc.field(2).component(1).compact();
        let ordinal = match self.numbers.iter().position(|n| *n == number) {
            Some(at) => at + 1,
            None => {
                self.numbers.push(number.clone());
                self.numbers.len()
            }
        };
        self.group = CompactString::from(ordinal.to_string());
        let rp = orc.field(4).component(1).text();
        // ORC-4 is `RP`, or `order_RP_n`: what follows the order's own number. Anything else might be a number itself.
        let rp = match rp.strip_prefix(number.as_str()).and_then(|r| r.strip_prefix('_')) {
            Some(rest) if !number.is_empty() => rest,
            _ => rp.as_ref(),
        };
        if !rp.is_empty() && rp.len() <= 8 && rp.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
            self.group.push('-');
            self.group.push_str(rp);
        }
        self.department = orc.field(17).component(1).compact();
        self.control = CompactString::from(orc.field(1).component(1).code());
        self.cancelled = matches!(self.control.as_str(), "CA" | "CR" | "OC" | "DC" | "DR" | "OD");
        if self.cancelled {
            work.notes.push(orc.finding(&rules::ORDER_CANCELLED, 1).found(self.control.as_str()));
        }
    }

    fn fact(&self, segment: &Segment<'_>) -> Fact {
        let mut fact = Fact::new(FactTable::DrugExposure, segment.range());
        fact.group = self.group.clone();
        fact.department = self.department.clone();
        fact
    }
}

/// RDE^O11: ORC, RXE, then its TQ1, RXR and RXC.
pub(super) fn map_orders(message: &Message<'_>, work: &mut Work<'_>) {
    let mut orders = Orders::default();
    let mut open: Vec<Fact> = Vec::new();
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"ORC" => {
                work.facts.append(&mut open);
                orders.begin(&segment, work);
            }
            _ if orders.cancelled => {}
            b"RXE" => {
                work.facts.append(&mut open);
                open.extend(ordered(&segment, &orders, work));
            }
            b"TQ1" => timing(&segment, &mut open, work),
            b"RXR" => route(&segment, &mut open),
            b"RXC" => {
                let component = component_of(&segment, open.first(), &orders, work);
                open.extend(component);
            }
            _ => {}
        }
    }
    work.facts.append(&mut open);
}

fn ordered(rxe: &Segment<'_>, orders: &Orders, work: &mut Work<'_>) -> Option<Fact> {
    let drug = rxe.field(2);
    let Some(source) = codes::coded(drug) else {
        work.notes.push(rxe.finding(&rules::NO_CODE, 2));
        return None;
    };
    let mut fact = orders.fact(rxe);
    fact.source = Some(source);
    fact.status = orders.control.clone();
    let dispensed = amount(rxe, 10, work);
    let dose = amount(rxe, 3, work);
    let dose_unit = rxe.field(5).component(1).text();
    if dispensed.is_some() {
        fact.quantity = dispensed;
        fact.value.unit = rxe.field(11).component(1).compact();
    } else if dose.is_some() {
        fact.quantity = dose;
        fact.value.unit = CompactString::from(dose_unit.as_ref());
        codes::add_named(&mut fact.qualifiers, "basis", "dose");
    }
    if let Some(dose) = dose {
        codes::add_named(&mut fact.qualifiers, "dose", &format!("{dose}{dose_unit}"));
    }
    let daily = rxe.field(19);
    let (per_day, unit) = (daily.component(1).code(), daily.component(2).subcomponent(1).code());
    codes::add_named(&mut fact.qualifiers, "daily", &format!("{per_day}{unit}"));
    Some(fact)
}

/// One part of a mixture: a drug of its own, under the timing of the whole.
fn component_of(
    rxc: &Segment<'_>,
    whole: Option<&Fact>,
    orders: &Orders,
    work: &mut Work<'_>,
) -> Option<Fact> {
    let Some(source) = codes::coded(rxc.field(2)) else {
        work.notes.push(rxc.finding(&rules::NO_CODE, 2));
        return None;
    };
    let mut fact = orders.fact(rxc);
    fact.source = Some(source);
    fact.status = orders.control.clone();
    fact.quantity = amount(rxc, 3, work);
    fact.value.unit = rxc.field(4).component(1).compact();
    if let Some(whole) = whole {
        (fact.start, fact.start_second, fact.end, fact.times) =
            (whole.start, whole.start_second, whole.end, whole.times);
    }
    codes::add_named(&mut fact.qualifiers, "component", rxc.field(1).component(1).code());
    Some(fact)
}

/// TQ1: 3 usage, 6 days, 7 start, 8 end.
fn timing(tq1: &Segment<'_>, open: &mut [Fact], work: &mut Work<'_>) {
    if open.is_empty() {
        return;
    }
    let start = work.stamp(tq1, 7);
    let end = work.day(tq1, 8);
    let days = days(tq1, work);
    for fact in open {
        if let Some(stamp) = start.filter(|_| fact.start.is_none()) {
            (fact.start, fact.start_second) = (Some(stamp.date), stamp.second);
        }
        fact.end = fact.end.or(end);
        fact.times = fact.times.or(days);
        for usage in tq1.field(3).repetitions() {
            codes::add_named(&mut fact.qualifiers, "usage", usage.component(1).subcomponent(1).code());
        }
    }
}

/// TQ1-6: `5^d`, `3^D&日&ISO+`. Weeks are turned into days; other units give none.
fn days(tq1: &Segment<'_>, work: &mut Work<'_>) -> Option<u32> {
    let field = tq1.field(6);
    let (count, unit) = (field.component(1), field.component(2).subcomponent(1));
    if !count.has_value() {
        return None;
    }
    let read: Option<u32> = count.code().parse().ok();
    let days = read.and_then(|n| match unit.code() {
        "" | "d" | "D" | "day" | "DAY" => Some(n),
        "wk" | "W" | "w" => n.checked_mul(7),
        _ => None,
    });
    if read.is_none() {
        work.notes.push(tq1.finding(&hl7::rules::NUMBER, 6).found(shape_of(&count.text())));
    }
    days
}

fn route(rxr: &Segment<'_>, open: &mut [Fact]) {
    for fact in open {
        codes::add_named(&mut fact.qualifiers, "route", rxr.field(1).component(1).code());
    }
}

/// RAS^O17: ORC, RXA (one or more), RXR.
pub(super) fn map_given(message: &Message<'_>, work: &mut Work<'_>) {
    let mut orders = Orders::default();
    let mut open: Vec<Fact> = Vec::new();
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"ORC" => {
                work.facts.append(&mut open);
                orders.begin(&segment, work);
            }
            _ if orders.cancelled => {}
            b"RXA" => open.extend(given(&segment, &orders, work)),
            // The route closes the administrations before it.
            b"RXR" => {
                route(&segment, &mut open);
                work.facts.append(&mut open);
            }
            _ => {}
        }
    }
    work.facts.append(&mut open);
}

fn given(rxa: &Segment<'_>, orders: &Orders, work: &mut Work<'_>) -> Option<Fact> {
    if rxa.field(21).component(1).code() == "D" {
        work.notes.push(rxa.finding(&rules::RESULT_WITHDRAWN, 21).found("D"));
        return None;
    }
    let Some(source) = codes::coded(rxa.field(5)) else {
        work.notes.push(rxa.finding(&rules::NO_CODE, 5));
        return None;
    };
    let mut fact = orders.fact(rxa);
    fact.source = Some(source);
    if let Some(stamp) = work.stamp(rxa, 3) {
        (fact.start, fact.start_second) = (Some(stamp.date), stamp.second);
    }
    fact.end = work.day(rxa, 4);
    fact.quantity = amount(rxa, 6, work);
    fact.value.unit = rxa.field(7).component(1).compact();
    fact.status = CompactString::from(rxa.field(20).component(1).code());
    Some(fact)
}

/// A number of a field; anything else is told. 999 in RXA-6 means "not known" (HL7 v2.5 §4.14.7.6).
fn amount(segment: &Segment<'_>, field: usize, work: &mut Work<'_>) -> Option<Decimal> {
    let sent: Element<'_> = segment.field(field).component(1);
    if !sent.has_value() || (segment.is("RXA") && sent.code() == "999") {
        return None;
    }
    let number = sent.code().parse().ok();
    if number.is_none() {
        work.notes.push(segment.finding(&hl7::rules::NUMBER, field).found(shape_of(&sent.text())));
    }
    number
}
