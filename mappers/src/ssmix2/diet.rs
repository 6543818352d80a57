//! OMD, meals (食事オーダ, OMD^O03): diet and preferences of ODS, trays of ODT, as ordered. Instructions in words stay in
//! the original: they may say anything.

use musubi_model::{Fact, FactTable};

use super::order::{Orders, Timing};
use super::work::{Work, begin_at};
use super::{codes, exam};
use crate::hl7::{Message, Segment};

pub(super) fn map(message: &Message<'_>, work: &mut Work<'_>) {
    let mut orders = Orders::default();
    let mut timing = Timing::default();
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"ORC" => {
                orders.begin(&segment, work);
                timing = Timing::default();
            }
            _ if orders.cancelled => {}
            b"TQ1" => timing = Timing::read(&segment, work),
            // 1 type, 2 period, 3 code, 4 text; a tray: 1 type, 2 period, 3 text.
            b"ODS" => meal(&segment, (3, "diet", 4), &orders, &timing, work),
            b"ODT" => meal(&segment, (1, "tray", 3), &orders, &timing, work),
            b"OBX" => exam::attached(&segment, &orders.fact(FactTable::Measurement, &segment), work),
            _ => {}
        }
    }
}

fn meal(
    segment: &Segment<'_>,
    (code, word, text): (usize, &str, usize),
    orders: &Orders,
    timing: &Timing,
    work: &mut Work<'_>,
) {
    let Some(source) = work.coded(segment, code) else { return };
    let mut fact: Fact = orders.fact(FactTable::Observation, segment);
    fact.source = Some(source);
    fact.status = orders.control.clone();
    codes::add_named(&mut fact.qualifiers, "basis", "order");
    codes::add_named(&mut fact.qualifiers, word, segment.field(1).component(1).code());
    for period in segment.field(2).repetitions() {
        codes::add_named(&mut fact.qualifiers, "period", period.component(1).code());
    }
    timing.apply(&mut fact);
    begin_at(&mut fact, orders.written);
    work.seal(segment, text, &mut fact);
    work.facts.push(fact);
}
