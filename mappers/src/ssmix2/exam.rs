//! Tests and examinations: ordered (OML-01, OMG-01/02/03), performed (OMG-11/12), reported (OMG-13), vital signs.
//!
//! An OBR is a `procedure_occurrence`; where techniques were performed under it (ZE1), these take its place. What stands
//! beside it (OBX) is a `measurement` or an `observation`; drugs and materials used (ZRD) are what they are. Reports,
//! findings in words, pictures and image studies are a `note` without any text: kind and place only. Persons who took
//! part are not read.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded, Fact, FactTable};
use rust_decimal::Decimal;

use super::order::{Orders, Timing};
use super::work::{Work, begin_at};
use super::{codes, lab, rules};
use crate::hl7::time::Stamp;
use crate::hl7::{Element, Message, Segment};

/// What a message says of its examinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// To be done.
    Ordered,
    /// Done.
    Performed,
    /// Vital signs: the values are all there is.
    Values,
}

/// The examination that is open.
#[derive(Default)]
struct Exam {
    /// Its OBR, until something finer takes its place.
    pending: Option<Fact>,
    performed: Option<Stamp>,
    specimen: CompactString,
    timing: Timing,
}

pub(super) fn map(message: &Message<'_>, mode: Mode, work: &mut Work<'_>) {
    let mut orders = Orders::default();
    let mut exam = Exam::default();
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"SPM" => {
                work.facts.extend(exam.pending.take());
                exam.specimen = CompactString::from(segment.field(4).component(1).code());
            }
            b"ORC" => {
                work.facts.extend(exam.pending.take());
                exam = Exam { specimen: std::mem::take(&mut exam.specimen), ..Exam::default() };
                orders.begin(&segment, work);
            }
            _ if orders.cancelled => {}
            b"TQ1" => exam.timing = Timing::read(&segment, work),
            b"OBR" => {
                work.facts.extend(exam.pending.take());
                examination(&segment, mode, &orders, &mut exam, work);
            }
            b"ZE1" => technique(&segment, &orders, &mut exam, work),
            b"ZE2" => exposure(&segment, &at(&orders, &exam, &segment), work),
            b"IPC" => images(&segment, at(&orders, &exam, &segment), work),
            b"OBX" => attached(&segment, &at(&orders, &exam, &segment), work),
            _ => {}
        }
    }
    work.facts.extend(exam.pending.take());
}

/// What all facts beside an examination share: its day, its order, its department.
fn at(orders: &Orders, exam: &Exam, segment: &Segment<'_>) -> Fact {
    let mut fact = orders.fact(FactTable::Measurement, segment);
    begin_at(&mut fact, exam.performed);
    fact
}

fn examination(obr: &Segment<'_>, mode: Mode, orders: &Orders, exam: &mut Exam, work: &mut Work<'_>) {
    exam.performed = work.stamp(obr, 7);
    if mode == Mode::Ordered {
        exam.performed = exam.timing.start.or(exam.performed);
    }
    exam.performed = exam.performed.or(orders.written);
    if mode == Mode::Values {
        return;
    }
    let Some(source) = work.coded(obr, 4) else { return };
    let mut fact = orders.fact(FactTable::ProcedureOccurrence, obr);
    fact.source = Some(source);
    begin_at(&mut fact, exam.performed);
    fact.status = orders.control.clone();
    if mode == Mode::Ordered {
        codes::add_named(&mut fact.qualifiers, "basis", "order");
    }
    codes::add_named(&mut fact.qualifiers, "specimen", &exam.specimen);
    codes::add_named(&mut fact.qualifiers, "result", obr.field(25).component(1).code());
    work.ask(obr, 4, &mut fact);
    exam.pending = Some(fact);
}

/// ZE1: 2 control, 3 technique, 4 times, 5 addition, 8 and 9 material used.
fn technique(ze1: &Segment<'_>, orders: &Orders, exam: &mut Exam, work: &mut Work<'_>) {
    // The technique says what the OBR said, and more.
    exam.pending = None;
    let place = at(orders, exam, ze1);
    if let Some(source) = work.coded(ze1, 3) {
        let mut fact = Fact { table: FactTable::ProcedureOccurrence, source: Some(source), ..place.clone() };
        fact.quantity = work.amount(ze1, 4);
        fact.status = CompactString::from(ze1.field(2).component(1).code());
        for addition in ze1.field(5).repetitions() {
            codes::add_named(&mut fact.qualifiers, "addition", addition.component(1).code());
        }
        work.keep(ze1, 3, fact);
    }
    let kinds: Vec<&str> = ze1.field(8).repetitions().map(|k| k.component(1).code()).collect();
    for (i, used) in ze1.field(9).repetitions().enumerate() {
        supply(ze1, 9, used, kinds.get(i).copied().unwrap_or_default(), &place, work);
    }
}

/// ZE2, exposure: 2 voltage, 3 current, 4 distance, 5 time (quantity and unit each), 6 number of exposures.
fn exposure(ze2: &Segment<'_>, place: &Fact, work: &mut Work<'_>) {
    const ITEMS: [(usize, &str); 5] =
        [(2, "管電圧"), (3, "管電流"), (4, "距離"), (5, "撮影時間"), (6, "撮影回数")];
    for (field, name) in ITEMS {
        let Some(number) = work.amount(ze2, field) else { continue };
        let mut fact = place.clone();
        let item = format!("ZE2-{field}");
        fact.source = Some(Coded::new(CodeSystem::Other("SSMIX2".into()), &item).with_text(name));
        fact.value.text = CompactString::from(ze2.field(field).component(1).code());
        fact.value.number = Some(number);
        fact.value.unit = ze2.field(field).component(2).subcomponent(1).compact();
        work.facts.push(fact);
    }
}

/// IPC: that there are images, and of which modality. The study's number leads to them, and so to the person: it stays.
fn images(ipc: &Segment<'_>, mut fact: Fact, work: &mut Work<'_>) {
    fact.table = FactTable::Note;
    fact.source = Some(Coded::new(CodeSystem::DocumentKind, "image-study"));
    codes::add_named(&mut fact.qualifiers, "modality", ipc.field(5).component(1).code());
    work.facts.push(fact);
}

/// An OBX beside an order or an examination. `place` is a fact with all but what the OBX says.
pub(super) fn attached(obx: &Segment<'_>, place: &Fact, work: &mut Work<'_>) {
    let kind = obx.field(2).code();
    let item = codes::coded(obx.field(3));
    let is_supply = item.as_ref().is_some_and(|i| i.code.starts_with("DE-"));
    match kind {
        // People, their addresses and numbers.
        "XCN" | "XPN" | "XAD" | "XTN" | "XON" | "PPN" | "CX" | "PN" | "CN" | "AD" | "TN" => {}
        "ZRD" | "CWE" | "CE" | "CNE" if is_supply => {
            let code = item.map(|i| i.code).unwrap_or_default();
            for used in obx.field(5).repetitions() {
                supply(obx, 5, used, &code, place, work);
            }
        }
        "TX" | "FT" | "ED" | "RP" | "ZRD" => words_of(obx, kind, item, place, work),
        "TS" | "DT" | "TM" | "DTM" => {
            let Some(source) = item else { return work.notes.push(obx.finding(&rules::NO_CODE, 3)) };
            let mut fact = Fact { table: FactTable::Observation, source: Some(source), ..place.clone() };
            // The value is a moment: that of the fact.
            if let Some(stamp) = if kind == "TM" { None } else { work.stamp(obx, 5) } {
                (fact.start, fact.start_second) = (Some(stamp.date), stamp.second);
            }
            work.facts.push(fact);
        }
        _ => {
            let from = work.facts.len();
            lab::observe(obx, work);
            for fact in work.facts.iter_mut().skip(from) {
                if fact.value.number.is_none() && !is_laboratory(fact.source.as_ref()) {
                    fact.table = FactTable::Observation;
                }
                if fact.start.is_none() {
                    (fact.start, fact.start_second) = (place.start, place.start_second);
                }
                fact.department = place.department.clone();
                fact.group = lab::with_set(&place.group, obx);
            }
        }
    }
}

fn is_laboratory(source: Option<&Coded>) -> bool {
    source.is_some_and(|s| matches!(s.system, CodeSystem::Jlac10 | CodeSystem::Jlac11))
}

/// A report, a finding in words, a picture: kind and place, nothing of its content. `9A100&IMP` is the impression of
/// 9A100.
fn words_of(obx: &Segment<'_>, kind: &str, item: Option<Coded>, place: &Fact, work: &mut Work<'_>) {
    if !obx.field(5).has_value() {
        return;
    }
    let Some(mut source) = item else { return work.notes.push(obx.finding(&rules::NO_CODE, 3)) };
    let mut fact = Fact { table: FactTable::Note, ..place.clone() };
    if let Some((code, part)) = source.code.clone().split_once('&') {
        source.code = CompactString::from(code);
        codes::add_named(&mut fact.qualifiers, "part", part);
    }
    codes::add_named(&mut fact.qualifiers, "form", kind);
    fact.status = CompactString::from(obx.field(11).component(1).code());
    fact.source = Some(source);
    fact.group = lab::with_set(&place.group, obx);
    work.notes.push(obx.finding(&rules::TEXT_SEALED, 5).found(kind));
    work.facts.push(fact);
}

/// Something used (ZRD: code, text, system, amount, unit): a drug when the kind or the code system says so, else a
/// material or device.
fn supply(
    segment: &Segment<'_>,
    field: usize,
    used: Element<'_>,
    kind: &str,
    place: &Fact,
    work: &mut Work<'_>,
) {
    let [code, text, system, amount, unit, ..] = used.components::<6>();
    if !code.has_value() && !text.has_value() {
        return;
    }
    let source = Coded { system: codes::system_of(&system.text()), code: code.compact(), text: None }
        .with_text(&text.text());
    work.check_shape(segment, field, &source);
    let is_drug = kind == "DE-02" || matches!(source.system, CodeSystem::Hot | CodeSystem::Yj);
    let table = if is_drug { FactTable::DrugExposure } else { FactTable::DeviceExposure };
    let mut fact = Fact { table, source: Some(source), ..place.clone() };
    if amount.has_value() {
        let read: Option<Decimal> = amount.code().parse().ok();
        match read.filter(|n| !n.is_sign_negative()) {
            Some(number) => fact.quantity = Some(number),
            None => {
                let found = musubi_model::finding::shape_of(&amount.text());
                work.notes.push(segment.finding(&crate::hl7::rules::NUMBER, field).found(found));
            }
        }
        fact.value.unit = unit.subcomponent(1).compact();
    }
    codes::add_named(&mut fact.qualifiers, "supply", kind);
    work.keep(segment, field, fact);
}
