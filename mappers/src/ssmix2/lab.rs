//! OML-11, laboratory results (検体検査結果, OUL^R22), and the OBX of other messages.
//!
//! A result's text enters a fact only when it is a number, a grade, a code or a known word of result. Anything else
//! may name somebody and stays in the original, at the position the fact gives.

use compact_str::CompactString;
use musubi_model::finding::shape_of;
use musubi_model::{Fact, FactTable};

use super::value::{self, Kind};
use super::{Work, codes, rules};
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
            }
            b"ORC" => test.department = segment.field(17).component(1).compact(),
            b"OBX" => {
                let Some(mut fact) = observed(&segment, work) else { continue };
                // The day of care of a result is the day the specimen was taken.
                if let Some(stamp) = specimen.collected.or(test.performed)
                    && (specimen.collected.is_some() || fact.start.is_none())
                {
                    (fact.start, fact.start_second) = (Some(stamp.date), stamp.second);
                }
                codes::add_named(&mut fact.qualifiers, "specimen", &specimen.kind);
                fact.group = test.group.clone();
                let set = segment.field(4).component(1).code();
                if !set.is_empty() && set.len() <= 4 {
                    fact.group.push('-');
                    fact.group.push_str(set);
                }
                fact.department = test.department.clone();
                work.facts.push(fact);
            }
            _ => {}
        }
    }
}

fn group_of(specimen: &Specimen, test: &Test) -> CompactString {
    CompactString::from(format!("{}-{}", specimen.ordinal, test.ordinal))
}

/// One OBX as a fact: a measurement when it is a result, an observation when it is a coded attribute of the person.
pub(super) fn observed(obx: &Segment<'_>, work: &mut Work<'_>) -> Option<Fact> {
    let status = obx.field(11).component(1).code();
    if matches!(status, "D" | "W") {
        work.notes.push(obx.finding(&rules::RESULT_WITHDRAWN, 11).found(status));
        return None;
    }
    let Some(source) = codes::coded(obx.field(3)) else {
        work.notes.push(obx.finding(&rules::NO_CODE, 3));
        return None;
    };
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
