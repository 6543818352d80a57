//! Prescriptions and injections: ordered (OMP-01, OMP-02, RDE^O11) and given (OMP-11, OMP-12, RAS^O17).
//!
//! `quantity` of an ordered drug is the whole amount dispensed (RXE-10) in its unit; where none was sent, the amount
//! of one dose, marked `basis=dose`. Dose, daily dose, rate, usage and route stand in the qualifiers. An injection whose
//! RXE names only its kind (JHSI0002) is its components (RXC): each is a drug of its own, and kind, volume and rate of
//! the whole stand with it. Who ordered, entered or gave a drug is never part of a fact.

use compact_str::CompactString;
use musubi_model::{Coded, Fact, FactTable};

use super::order::{Orders, Timing};
use super::work::{Work, begin_at};
use super::{codes, exam, rules};
use crate::hl7::time::Stamp;
use crate::hl7::{Message, Segment};

/// The table of kinds of injection: its codes stand where a drug would, and are none.
fn is_kind_of_injection(source: Option<&Coded>) -> bool {
    source.is_some_and(|s| s.system.as_str() == "JHSI0002")
}

/// One RXE with what belongs to it.
#[derive(Default)]
struct Mixture {
    /// The drug of the RXE, or the kind of injection; then the components.
    facts: Vec<Fact>,
    /// Kind, volume and rate of an injection, for its components.
    words: CompactString,
    timing: Option<Timing>,
    /// When the order was written, for drugs without a start of their own.
    written: Option<Stamp>,
    route: CompactString,
}

impl Mixture {
    /// Hands over its facts. The first is left out when it only named the kind of injection.
    fn close(&mut self, work: &mut Work<'_>) {
        let mixture = std::mem::take(self);
        let named_only = mixture.facts.len() > 1
            && is_kind_of_injection(mixture.facts.first().and_then(|f| f.source.as_ref()));
        for (i, mut fact) in mixture.facts.into_iter().enumerate() {
            if i == 0 && named_only {
                continue;
            }
            if i > 0 {
                codes::add_word(&mut fact.qualifiers, &mixture.words);
            }
            if let Some(timing) = &mixture.timing {
                timing.apply(&mut fact);
            }
            begin_at(&mut fact, mixture.written);
            codes::add_word(&mut fact.qualifiers, &mixture.route);
            work.facts.push(fact);
        }
    }
}

/// RDE^O11: ORC, RXE, then its TQ1, RXR, RXC and OBX.
pub(super) fn map_orders(message: &Message<'_>, work: &mut Work<'_>) {
    let mut orders = Orders::default();
    let mut open = Mixture::default();
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"ORC" => {
                open.close(work);
                orders.begin(&segment, work);
            }
            _ if orders.cancelled => {}
            b"RXE" => {
                open.close(work);
                (open.words, open.written) = (kind_and_rate(&segment), orders.written);
                open.facts.extend(ordered(&segment, &orders, work));
            }
            b"TQ1" if !open.facts.is_empty() && open.timing.is_none() => {
                open.timing = Some(Timing::read(&segment, work));
            }
            b"RXR" => route(&segment, &mut open.route),
            b"RXC" => open.facts.extend(component_of(&segment, &orders, work)),
            b"OBX" => exam::attached(&segment, &orders.fact(FactTable::Measurement, &segment), work),
            _ => {}
        }
    }
    open.close(work);
}

fn ordered(rxe: &Segment<'_>, orders: &Orders, work: &mut Work<'_>) -> Option<Fact> {
    let source = work.coded(rxe, 2)?;
    let mut fact = orders.fact(FactTable::DrugExposure, rxe);
    fact.source = Some(source);
    fact.status = orders.control.clone();
    let dispensed = work.amount(rxe, 10);
    let dose = work.amount(rxe, 3);
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
    codes::add_named(&mut fact.qualifiers, "form", rxe.field(6).component(1).code());
    for class in rxe.field(21).repetitions() {
        codes::add_named(&mut fact.qualifiers, "class", class.component(1).code());
    }
    codes::add_named(&mut fact.qualifiers, "indication", rxe.field(27).component(1).code());
    codes::add_named(&mut fact.qualifiers, "rate", &rate_of(rxe));
    work.ask(rxe, 2, &mut fact);
    Some(fact)
}

/// RXE-23 and 24: how fast (`250ml/hr`).
fn rate_of(rxe: &Segment<'_>) -> CompactString {
    let mut rate = CompactString::from(rxe.field(23).component(1).code());
    if !rate.is_empty() {
        rate.push_str(rxe.field(24).component(1).code());
    }
    rate
}

/// Of an injection: its kind, its volume and its rate.
fn kind_and_rate(rxe: &Segment<'_>) -> CompactString {
    let mut words = CompactString::default();
    if is_kind_of_injection(codes::coded(rxe.field(2)).as_ref()) {
        codes::add_named(&mut words, "injection", rxe.field(2).component(1).code());
        let (volume, unit) = (rxe.field(3).component(1).code(), rxe.field(5).component(1).code());
        codes::add_named(
            &mut words,
            "volume",
            &if volume.is_empty() { String::new() } else { format!("{volume}{unit}") },
        );
        codes::add_named(&mut words, "rate", &rate_of(rxe));
    }
    words
}

/// One part of a mixture: a drug of its own, under the timing of the whole.
fn component_of(rxc: &Segment<'_>, orders: &Orders, work: &mut Work<'_>) -> Option<Fact> {
    let source = work.coded(rxc, 2)?;
    let mut fact = orders.fact(FactTable::DrugExposure, rxc);
    fact.source = Some(source);
    fact.status = orders.control.clone();
    fact.quantity = work.amount(rxc, 3);
    fact.value.unit = rxc.field(4).component(1).compact();
    codes::add_named(&mut fact.qualifiers, "component", rxc.field(1).component(1).code());
    let (strength, unit) = (rxc.field(5).component(1).code(), rxc.field(6).component(1).code());
    if !strength.is_empty() {
        codes::add_named(&mut fact.qualifiers, "strength", &format!("{strength}{unit}"));
    }
    work.ask(rxc, 2, &mut fact);
    Some(fact)
}

/// The route of RXR, as a word; a second RXR of the same drug adds none.
fn route(rxr: &Segment<'_>, words: &mut CompactString) {
    if words.is_empty() {
        codes::add_named(words, "route", rxr.field(1).component(1).code());
        codes::add_named(words, "site", rxr.field(2).component(1).code());
    }
}

/// What was given in one order: ORC, perhaps the order again (RXE, RXR, RXC), then RXA and RXR.
#[derive(Default)]
struct Given {
    /// The components of the order (RXC), to which an RXA may refer as a whole.
    parts: Vec<Fact>,
    ordered_route: CompactString,
    /// Administrations whose route has not come yet.
    open: Vec<Fact>,
}

impl Given {
    fn close(&mut self, route: &CompactString, work: &mut Work<'_>) {
        let route = if route.is_empty() { &self.ordered_route } else { route };
        for mut fact in self.open.drain(..) {
            codes::add_word(&mut fact.qualifiers, route);
            work.facts.push(fact);
        }
    }
}

/// RAS^O17.
pub(super) fn map_given(message: &Message<'_>, work: &mut Work<'_>) {
    let mut orders = Orders::default();
    let mut given = Given::default();
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"ORC" => {
                given.close(&CompactString::default(), work);
                given = Given::default();
                orders.begin(&segment, work);
            }
            _ if orders.cancelled => {}
            b"RXC" => given.parts.extend(component_of(&segment, &orders, work)),
            b"RXA" => administration(&segment, &orders, &mut given, work),
            // The route closes the administrations before it; before them it is the order's.
            b"RXR" if given.open.is_empty() => route(&segment, &mut given.ordered_route),
            b"RXR" => {
                let mut words = CompactString::default();
                route(&segment, &mut words);
                given.close(&words, work);
            }
            b"OBX" => exam::attached(&segment, &orders.fact(FactTable::Measurement, &segment), work),
            _ => {}
        }
    }
    given.close(&CompactString::default(), work);
}

fn administration(rxa: &Segment<'_>, orders: &Orders, given: &mut Given, work: &mut Work<'_>) {
    if rxa.field(21).component(1).code() == "D" {
        work.notes.push(rxa.finding(&rules::RESULT_WITHDRAWN, 21).found("D"));
        return;
    }
    let Some(source) = work.coded(rxa, 5) else { return };
    let mut fact = orders.fact(FactTable::DrugExposure, rxa);
    begin_at(&mut fact, work.stamp(rxa, 3));
    fact.end = work.day(rxa, 4);
    fact.status = CompactString::from(rxa.field(20).component(1).code());
    let amount = work.amount(rxa, 6);
    let unit = rxa.field(7).component(1).compact();
    if is_kind_of_injection(Some(&source)) && !given.parts.is_empty() {
        // The whole mixture was given: its parts are the drugs.
        let mut words = CompactString::default();
        codes::add_named(&mut words, "injection", &source.code);
        if let Some(volume) = amount {
            codes::add_named(&mut words, "volume", &format!("{volume}{unit}"));
        }
        for part in &given.parts {
            let mut part = Fact {
                start: fact.start,
                start_second: fact.start_second,
                end: fact.end,
                status: fact.status.clone(),
                ..part.clone()
            };
            codes::add_word(&mut part.qualifiers, &words);
            given.open.push(part);
        }
        return;
    }
    fact.source = Some(source);
    fact.quantity = amount;
    fact.value.unit = unit;
    work.ask(rxa, 5, &mut fact);
    given.open.push(fact);
}
