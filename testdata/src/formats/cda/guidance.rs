//! A course of health guidance (hg08): goals, support given, final evaluation, points.

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};

use super::checkup::{Header, day, head, section, voucher};
use super::claims::{self, Sums};
use super::xml::Xml;
use crate::formats::{Job, Subject};
use crate::rng::Rng;

const ITEM: &str = "1.2.392.200119.6.1006";

/// One of three codes.
fn pick(rng: &mut Rng, codes: [&'static str; 3]) -> &'static str {
    let code: &&'static str = rng.pick(&codes);
    code
}

fn later(date: Date, span: Span, not_after: Date) -> Date {
    date.checked_add(span).unwrap_or(date).min(not_after)
}

fn quantity(xml: &mut Xml, code: &str, value: &str, unit: &str) {
    xml.nest(&["entry"]);
    xml.open("observation", &[("classCode", "OBS"), ("moodCode", "EVN")]);
    xml.empty("code", &[("code", code), ("codeSystem", ITEM)]);
    if unit.is_empty() {
        xml.empty("value", &[("xsi:type", "PQ"), ("value", value)]);
    } else {
        xml.empty("value", &[("xsi:type", "PQ"), ("value", value), ("unit", unit)]);
    }
    xml.close(2);
}

fn coded(xml: &mut Xml, code: &str, value: &str, list: &str) {
    xml.nest(&["entry"]);
    xml.open("observation", &[("classCode", "OBS"), ("moodCode", "EVN")]);
    xml.empty("code", &[("code", code), ("codeSystem", ITEM)]);
    xml.empty("value", &[("xsi:type", "CD"), ("code", value), ("codeSystem", list)]);
    xml.close(2);
}

/// An interview or message: its form (支援形態), its day, the profession of who gave it.
fn support(xml: &mut Xml, list: &str, form: &str, on: Date, staff: &str) {
    xml.nest(&["entry"]);
    xml.open("act", &[("classCode", "ACT"), ("moodCode", "EVN")]);
    xml.empty("code", &[("code", form), ("codeSystem", list)]);
    xml.empty("effectiveTime", &[("value", &day(on))]);
    xml.nest(&["performer", "assignedEntity"]);
    xml.empty("id", &[("nullFlavor", "NI")]);
    xml.empty("code", &[("code", staff), ("codeSystem", "1.2.392.200119.6.3020")]);
    xml.close(4);
}

/// The document and its settlement.
pub(super) fn write(job: &Job<'_>, subject: &Subject, exam: Date) -> (Vec<u8>, (Vec<u8>, Sums)) {
    let mut rng = job.rng(subject, 40);
    let level = if subject.age < 65 && rng.chance(0.5) { "1" } else { "2" };
    let number = voucher(job, subject, 2);
    let last = job.business_date;
    let first = later(exam, 5i64.days(), last);
    let finished = later(first, 20i64.days(), last);
    let header = Header { report: "22", programme: "900", day: first, voucher: Some(("2", &number)) };
    let mut xml = head(job, subject, &header);
    section(&mut xml, "90010", "指導共通情報");
    coded(&mut xml, "1020000001", level, "1.2.392.200119.6.3001");
    coded(&mut xml, "1020000002", &rng.between(1, 5).to_string(), "1.2.392.200119.6.2007");
    xml.close(2);
    let waist = rng.between(850, 1_050);
    let weight = rng.between(600, 950);
    let tenths = |n: i64| format!("{}.{}", n / 10, n % 10);
    section(&mut xml, "90030", "指導初回情報");
    support(
        &mut xml,
        "1.2.392.200119.6.3003",
        pick(&mut rng, ["1", "2", "3"]),
        first,
        pick(&mut rng, ["1", "2", "3"]),
    );
    quantity(&mut xml, "1021001031", &tenths(waist - 24), "cm");
    quantity(&mut xml, "1021001032", &tenths(weight - 20), "kg");
    quantity(&mut xml, "1021001050", &rng.between(150, 400).to_string(), "kcal");
    xml.close(2);
    section(&mut xml, "90060", "最終評価情報");
    support(&mut xml, "1.2.392.200119.6.3005", pick(&mut rng, ["1", "3", "4"]), finished, "2");
    quantity(&mut xml, "1042001031", &tenths(waist - rng.between(-5, 40)), "cm");
    quantity(&mut xml, "1042001032", &tenths(weight - rng.between(-5, 40)), "kg");
    let upper = rng.between(110, 150);
    quantity(&mut xml, "1042001033", &upper.to_string(), "mm[Hg]");
    quantity(&mut xml, "1042001034", &(upper - 45).to_string(), "mm[Hg]");
    coded(&mut xml, "1042001041", &rng.between(0, 2).to_string(), "1.2.392.200119.6.3010");
    coded(&mut xml, "1042001042", &rng.between(0, 2).to_string(), "1.2.392.200119.6.3010");
    xml.close(2);
    let points =
        if level == "1" { (u64::try_from(rng.between(9, 12)).unwrap_or(9) * 20, 180) } else { (0, 0) };
    section(&mut xml, "90070", "指導集計情報");
    quantity(&mut xml, "1041800114", &points.1.to_string(), "");
    quantity(&mut xml, "1042800114", &points.0.to_string(), "");
    quantity(&mut xml, "1042800117", &rng.between(1, 8).to_string(), "");
    xml.close(2);
    let claim = claims::guidance(job, subject, &number, level, points);
    (xml.finish(), claim)
}
