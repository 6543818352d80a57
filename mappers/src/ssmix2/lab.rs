//! OML-11, laboratory results (検体検査結果, OUL^R22), and the OBX of other messages.
//!
//! A result's text enters a fact only when it is a number, a grade, a code or a known word of result. Anything else
//! may name somebody and stays in the original, at the position the fact gives.

use compact_str::CompactString;
use musubi_model::finding::shape_of;
use musubi_model::{Coded, Fact, FactTable};

use super::order::is_cancelled;
use super::value::{self, Kind};
use super::work::Work;
use super::{codes, rules};
use crate::hl7::time::Stamp;
use crate::hl7::{self, Element, Message, Segment};

#[derive(Default)]
struct Specimen {
    ordinal: u32,
    kind: CompactString,
    collected: Option<Stamp>,
}

#[derive(Default)]
struct Test {
    ordinal: u32,
    /// Specimen and test, counted.
    group: CompactString,
    performed: Option<Stamp>,
    department: CompactString,
    cancelled: bool,
}

pub(super) fn map(message: &Message<'_>, work: &mut Work<'_>) {
    let mut specimen = Specimen::default();
    let mut test = Test { group: CompactString::const_new("0-0"), ..Test::default() };
    for segment in message.segments() {
        match &segment.name_bytes() {
            b"SPM" => {
                specimen.ordinal += 1;
                specimen.kind = CompactString::from(segment.field(4).component(1).code());
                specimen.collected = work.stamp(&segment, 17);
                test = Test::default();
                test.group = group_of(&specimen, &test);
            }
            b"OBR" => {
                test.ordinal += 1;
                test.group = group_of(&specimen, &test);
                test.performed = work.stamp(&segment, 7);
                (test.department, test.cancelled) = (CompactString::default(), false);
            }
            b"ORC" => {
                test.department = segment.field(17).component(1).compact();
                let control = segment.field(1).component(1).code();
                test.cancelled = is_cancelled(control);
                if test.cancelled {
                    work.notes.push(segment.finding(&rules::ORDER_CANCELLED, 1).found(control));
                }
            }
            b"OBX" if test.cancelled => {}
            b"OBX" => {
                let from = work.facts.len();
                observe(&segment, work);
                for fact in work.facts.iter_mut().skip(from) {
                    // The day of care of a result is the day the specimen was taken.
                    if let Some(stamp) = specimen.collected.or(test.performed)
                        && (specimen.collected.is_some() || fact.start.is_none())
                    {
                        (fact.start, fact.start_second) = (Some(stamp.date), stamp.second);
                    }
                    codes::add_named(&mut fact.qualifiers, "specimen", &specimen.kind);
                    fact.group = with_set(&test.group, &segment);
                    fact.department = test.department.clone();
                }
            }
            _ => {}
        }
    }
}

fn group_of(specimen: &Specimen, test: &Test) -> CompactString {
    CompactString::from(format!("{}-{}", specimen.ordinal, test.ordinal))
}

/// The group with OBX-4, which joins rows: an organism with its amount and what it is susceptible to (`2`, `1.2`).
pub(super) fn with_set(group: &CompactString, obx: &Segment<'_>) -> CompactString {
    let set = obx.field(4).component(1).code();
    let mut group = group.clone();
    if !set.is_empty() && set.len() <= 8 && set.bytes().all(|b| b.is_ascii_digit() || b".-".contains(&b)) {
        group.push('-');
        group.push_str(set);
    }
    group
}

/// One OBX as facts: its first value, and a fact for each further coded value of OBX-5.
pub(super) fn observe(obx: &Segment<'_>, work: &mut Work<'_>) {
    let Some(mut fact) = observed(obx, work) else { return };
    work.ask(obx, 3, &mut fact);
    let is_coded = matches!(obx.field(2).code(), "CWE" | "CE" | "CNE");
    let first = work.facts.len();
    work.facts.push(fact);
    if !is_coded {
        return;
    }
    for value in obx.field(5).repetitions().skip(1).filter(Element::has_value) {
        let Some(mut further) = work.facts.get(first).cloned() else { return };
        further.qualifiers.clear();
        further.value.text.clear();
        coded_value(obx, value, &mut further, work);
        work.facts.push(further);
    }
}

/// One OBX as a fact: a measurement when it is a result, an observation when it is a coded attribute of the person.
fn observed(obx: &Segment<'_>, work: &mut Work<'_>) -> Option<Fact> {
    let status = obx.field(11).component(1).code();
    if matches!(status, "D" | "W") {
        work.notes.push(obx.finding(&rules::RESULT_WITHDRAWN, 11).found(status));
        return None;
    }
    let source = work.coded(obx, 3)?;
    let kind = obx.field(2).code();
    let is_blood_group = source.code.starts_with("5H010") || source.code.starts_with("5H020");
    let table = if is_blood_group { FactTable::Observation } else { FactTable::Measurement };
    let mut fact = Fact::new(table, obx.range());
    fact.source = Some(source);
    if let Some(stamp) = work.stamp(obx, 14) {
        (fact.start, fact.start_second) = (Some(stamp.date), stamp.second);
    }
    fact.value.unit = obx.field(6).component(1).compact();
    fact.value.range = range_of(obx);
    fact.value.flag = CompactString::from(obx.field(8).component(1).code());
    fact.status = CompactString::from(status);
    let sent = obx.field(5);
    match kind {
        "CWE" | "CE" | "CNE" => coded_value(obx, sent, &mut fact, work),
        "NM" | "ST" | "SN" | "" => result_value(obx, kind, sent, &mut fact, work),
        "DT" | "TM" | "TS" | "DTM" => {
            if let Some(stamp) = work.stamp(obx, 5) {
                fact.value.text = CompactString::from(stamp.date.to_string());
            }
        }
        // Long text, people, addresses, pictures: nothing of these belongs into a fact.
        _ => seal(obx, &mut fact, work),
    }
    Some(fact)
}

/// A reference range is digits and comparators, or it is not taken.
fn range_of(obx: &Segment<'_>) -> CompactString {
    let range = obx.field(7).component(1).text();
    let taken = is_number_like(&range)
        || (range.chars().count() <= RANGE_SIGNS_MAX && value::read(&range).kind != Kind::Text);
    if taken { CompactString::from(range) } else { CompactString::default() }
}

/// The longest reference range that is taken.
const RANGE_SIGNS_MAX: usize = 40;

fn is_number_like(text: &str) -> bool {
    text.len() <= RANGE_SIGNS_MAX * 3
        && text.chars().all(|c| {
            c.is_ascii_digit()
                || " .,:;/()<>=+-~%MF".contains(c)
                || (!c.is_ascii() && "～〜≦≧男女以上以下未満　".contains(c))
        })
        && text.chars().count() <= RANGE_SIGNS_MAX
}

fn coded_value(obx: &Segment<'_>, sent: Element<'_>, fact: &mut Fact, work: &mut Work<'_>) {
    let code = sent.component(1).code();
    if !code.is_empty() && code.len() <= 20 && !code.contains(' ') {
        fact.value.text = CompactString::from(code);
        codes::add_named(&mut fact.qualifiers, "valueset", sent.component(3).code());
        // An organism (JANIS) or another national code as value is held against its list like any other.
        let value = Coded::new(codes::system_of(&sent.component(3).text()), code);
        work.check_shape(obx, 5, &value);
        work.look_up(obx, 5, &value, fact.start);
        return;
    }
    let text = sent.component(2).text();
    match value::read(&text).kind {
        Kind::Empty => {}
        Kind::Text => seal(obx, fact, work),
        _ => fact.value.text = CompactString::from(text),
    }
}

fn result_value(obx: &Segment<'_>, kind: &str, sent: Element<'_>, fact: &mut Fact, work: &mut Work<'_>) {
    // SN spreads comparator and number over components.
    let text = if kind == "SN" {
        (1..=4).map(|n| sent.component(n).text()).collect::<String>().into()
    } else {
        sent.text()
    };
    let reading = value::read(&text);
    match reading.kind {
        Kind::Empty => return,
        Kind::Text => {
            if kind == "NM" {
                let finding = obx.finding(&hl7::rules::NUMBER, 5).found(shape_of(&text));
                work.notes.push(finding.expected("数値"));
            }
            seal(obx, fact, work);
            return;
        }
        _ => {}
    }
    fact.value.number = reading.number;
    fact.value.comparator = CompactString::from(reading.comparator);
    if fact.value.unit.is_empty()
        && let Some(unit) = value::unit_inside(&text)
    {
        fact.value.unit = CompactString::from(unit);
    }
    fact.value.text = CompactString::from(text);
}

fn seal(obx: &Segment<'_>, fact: &mut Fact, work: &mut Work<'_>) {
    if !obx.field(5).has_value() {
        return;
    }
    codes::add_named(&mut fact.qualifiers, "text", "sealed");
    work.notes.push(obx.finding(&rules::TEXT_SEALED, 5).found(obx.field(2).code()));
}
