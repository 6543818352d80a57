//! Dispensing receipts (RECEIPTY.UKE): what was prescribed where, dispensed when, in what amount and how to be taken.
//!
//! The layout before 2022 and the one since (調剤管理料, 外来服薬支援料) differ only in columns added behind
//! (formats.md §2.7; CZ from 54 and KI by the 記録条件仕様 調剤用 of June 2026 as others wrote it out `[M]`).
//! Names of doctors (RE 14–33), the narcotics licence (RE 34) and the prescribing institution are never read into a
//! fact.

use compact_str::CompactString;
use musubi_model::{Fact, FactTable, PartialDate};
use rust_decimal::Decimal;

use super::rules;
use crate::uke::book::Book;
use crate::uke::claim::push_number;
use crate::uke::line::Kind;
use crate::uke::map::Reader;
use crate::uke::person::add_word;
use crate::uke::rules as common;
use crate::uke::spec::{PayerColumns, ReColumns, ReceiptKind, Spec};

/// The prescription (SH) and the dispensing (CZ) at hand.
#[derive(Debug, Default)]
pub(crate) struct Prescription {
    /// SH seen.
    open: bool,
    /// 処方 No. as counted by us.
    number: u32,
    /// CZ below this SH.
    dispensed: u32,
    /// 剤形 and 用法 as `form=1 usage=127`.
    words: CompactString,
    day: Option<PartialDate>,
    /// 調剤数量.
    times: Option<u32>,
}

impl Prescription {
    fn group(&self) -> CompactString {
        let mut group = CompactString::const_new("RP");
        push_number(&mut group, self.number);
        group.push('-');
        push_number(&mut group, self.dispensed);
        group
    }
}

/// Dispensing receipts.
pub(crate) static SPEC: Spec = Spec {
    kind: ReceiptKind::Dispensing,
    version: "receipt-dispensing/1",
    name: "調剤 (YK)",
    head: Kind(*b"YK"),
    fee_table: b'4',
    digit: b'4',
    months: &[6],
    volume: 7,
    yen: false,
    re: ReColumns {
        columns: 42,
        sex: 5,
        birth: 6,
        ratio: 7,
        admission: 0,
        ward: 0,
        income: 40,
        special: 8,
        local: 35,
        search: 37,
        course: (0, 0),
        part: 0,
        department: 0,
        kana_and_state: &[(41, 0)],
        apart: &[9, 10, 11],
    },
    ho: PayerColumns {
        columns: 14,
        certificate: 8,
        duty: 7,
        meals: (0, 0),
        reduction: (11, 12, 13),
        yen: &[(9, "burden")],
    },
    ko: PayerColumns {
        columns: 10,
        certificate: 0,
        duty: 0,
        meals: (0, 0),
        reduction: (0, 0, 0),
        yen: &[(7, "burden"), (9, "covered-burden")],
    },
    record,
};

/// First column of CZ's ten additions: burden, code, points.
const ADDITIONS: std::ops::Range<usize> = 15..45;
/// 剤形.
const FORMS: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "9"];

fn record(reader: &mut Reader<'_, '_>, kind: Kind) -> bool {
    // Columns that a later edition adds are tolerated: these records grew twice within four years.
    let (columns, texts): (usize, &[(usize, usize)]) = match &kind.0 {
        b"SH" => (10, &[(4, 80)]),
        b"CZ" | b"KI" | b"ST" => (usize::MAX, &[]),
        b"IY" => (10, &[]),
        b"TO" => (7, &[(6, 40)]),
        b"CO" | b"TK" => (3, &[(2, 400)]),
        _ => return false,
    };
    reader.common_checks(columns, texts);
    match &kind.0 {
        b"SH" => reader.prescription(),
        b"CZ" => reader.dispensing(),
        b"IY" => reader.dispensed_drug(),
        b"TO" => reader.dispensed_material(),
        b"KI" => reader.pharmacy_fees(),
        b"ST" => reader.split_dispensing(),
        _ => reader.dispensing_comment(),
    }
    true
}

impl Reader<'_, '_> {
    /// SH: 処方基本レコード.
    fn prescription(&mut self) {
        let form = self.listed(2, FORMS);
        let usage = self.short_code(3, 3);
        let p = &mut self.prescription;
        p.open = true;
        p.number += 1;
        p.dispensed = 0;
        p.words.clear();
        for (word, value) in [("form", form), ("usage", usage)] {
            if let Some(value) = value {
                add_word(&mut p.words, word, &value);
            }
        }
        (p.day, p.times) = (None, None);
        // 特別指示 is written in words.
        self.remark(4, "RECE.instruction");
    }

    /// CZ: 調剤情報レコード.
    fn dispensing(&mut self) {
        if !self.prescription.open {
            self.say(&rules::NO_PRESCRIPTION, 0, || "SH のない CZ".to_owned(), "SH レコード");
        }
        let prescribed = self.start_of_care(2);
        let day = self.day_of_service(3);
        self.in_order(3, prescribed, day);
        let times = self.count(5);
        let p = &mut self.prescription;
        p.dispensed += 1;
        p.day = day;
        p.times = times;
        let start = day.or(self.care_date());
        let group = self.prescription.group();
        let words = self.prescription.words.clone();
        self.fee(6, 9, 10, start, &group);
        if let Some(points) = self.points(13) {
            let mut cost = self.cost("drug", points, Some(1));
            (cost.start, cost.group) = (start, group.clone());
            cost.status = self.fields.code(6);
            self.claim.add(self.fields.get(6), points);
            self.facts.push(cost);
        }
        for burden in ADDITIONS.step_by(3) {
            self.fee(burden, burden + 1, burden + 2, start, &group);
        }
        // 外来服薬支援料2, 調剤管理料, 時間外等加算 of the latter: since April 2022.
        self.fee(54, 55, 56, start, &group);
        self.fee(57, 60, 61, start, &group);
        self.fee(62, 63, 64, start, &group);
        let split = (46..=51).chain(65..=70).any(|c| !self.fields.get(c).is_empty());
        self.claim.adjusted |= split;
        // When it was prescribed and received, beside when it was dispensed.
        let mut item = self.item("dispensing", &group);
        item.start = prescribed.or(start);
        item.end = day;
        item.times = self.count(4);
        item.quantity = times.map(Decimal::from);
        item.qualifiers = words;
        self.facts.push(item);
    }

    /// A fee with its burden, code and points: a procedure and a cost.
    fn fee(&mut self, burden: usize, code: usize, points: usize, start: Option<PartialDate>, group: &str) {
        self.fee_times(burden, code, points, start, group, Some(1));
    }

    fn fee_times(
        &mut self,
        burden: usize,
        code: usize,
        points: usize,
        start: Option<PartialDate>,
        group: &str,
        times: Option<u32>,
    ) {
        let (has_code, has_points) = (!self.fields.get(code).is_empty(), !self.fields.get(points).is_empty());
        if !has_code && !has_points {
            return;
        }
        if !has_code || !has_points {
            self.say(&rules::FEE, code, || "片方だけ".to_owned(), "コードと点数");
        }
        if has_code {
            let mut fact = Fact::new(FactTable::ProcedureOccurrence, self.place.range);
            let (source, standard) = self.coded(Book::Dispensing, code, b'4');
            (fact.source, fact.standard) = (Some(source), standard);
            (fact.start, fact.times) = (start, times);
            fact.group = CompactString::from(group);
            self.facts.push(fact);
        }
        if let Some(points) = self.points(points) {
            let mut cost = self.cost("fee", points, times);
            cost.start = start;
            cost.group = CompactString::from(group);
            cost.status = self.fields.code(burden);
            let sum = points.saturating_mul(i64::from(times.unwrap_or(0)));
            self.claim.add(self.fields.get(burden), sum);
            self.facts.push(cost);
        }
    }

    /// IY: 医薬品レコード. The amount is that of one 調剤数量 (a day for what is taken daily).
    fn dispensed_drug(&mut self) {
        self.dispensed_below();
        let mut fact = Fact::new(FactTable::DrugExposure, self.place.range);
        let (source, standard) = self.coded(Book::Drug, 2, b'6');
        (fact.source, fact.standard) = (Some(source), standard);
        fact.quantity = self.amount(3);
        if let Some(dose) = self.amount(9) {
            fact.value.text = self.text(9);
            fact.value.number = Some(dose);
        }
        fact.qualifiers = self.prescription.words.clone();
        for (word, column) in [("mix", 6), ("branch", 7), ("apart", 8)] {
            if let Some(value) = self.short_code(column, 1) {
                add_word(&mut fact.qualifiers, word, &value);
            }
        }
        fact.status = self.fields.code(1);
        fact.times = self.prescription.times;
        fact.start = self.prescription.day.or(self.care_date());
        fact.group = self.prescription.group();
        self.facts.push(fact);
    }

    /// TO: 特定器材レコード.
    fn dispensed_material(&mut self) {
        self.dispensed_below();
        let mut fact = Fact::new(FactTable::DeviceExposure, self.place.range);
        let (source, standard) = self.coded(Book::Material, 2, b'7');
        let name = self.text(6);
        (fact.source, fact.standard) = (Some(source.with_text(&name)), standard);
        fact.quantity = self.amount(3);
        fact.value.unit = self.short_code(4, 3).unwrap_or_default();
        fact.status = self.fields.code(1);
        fact.times = self.prescription.times;
        fact.start = self.prescription.day.or(self.care_date());
        fact.group = self.prescription.group();
        self.facts.push(fact);
    }

    fn dispensed_below(&mut self) {
        if self.prescription.dispensed == 0 {
            self.say(&rules::NO_PRESCRIPTION, 0, || "CZ のない明細".to_owned(), "SH と CZ レコード");
        }
    }

    /// CO below a dispensing, TK at the end (摘要): code and place, never the text.
    fn dispensing_comment(&mut self) {
        let mut note = Fact::new(FactTable::Note, self.place.range);
        note.start = self.prescription.day.or(self.care_date());
        note.source = Some(self.coded(Book::Comment, 1, b'8').0);
        if self.prescription.dispensed > 0 && self.place.kind == Kind(*b"CO") {
            note.group = self.prescription.group();
        }
        self.facts.push(note);
    }

    /// KI: 基本料・薬学管理料レコード.
    fn pharmacy_fees(&mut self) {
        let day = self.day_of_service(1);
        let start = day.or(self.care_date());
        let visit = self.count(2).unwrap_or(0);
        let mut group = CompactString::const_new("KI-");
        push_number(&mut group, visit);
        self.fee(3, 4, 5, start, &group);
        // 薬学管理料 ×12, 摘要薬学管理料 ×3, 調剤基本料加算 ×10: burden, code, times, points.
        for burden in (7..67).step_by(4).chain((69..109).step_by(4)) {
            if self.fields.get(burden + 1).is_empty() && self.fields.get(burden + 3).is_empty() {
                continue;
            }
            let times = self.count(burden + 2).or(Some(1));
            self.fee_times(burden, burden + 1, burden + 3, start, &group, times);
        }
        if let Some(before) = self.date(67, &common::DATE) {
            let mut item = self.item("previous-dispensing", &group);
            item.start = Some(before);
            item.times = self.count(68);
            self.facts.push(item);
            self.in_order(67, Some(before), day);
        }
        self.claim.adjusted |= (111..=113).any(|c| !self.fields.get(c).is_empty());
    }

    /// ST: 分割技術料レコード: what is left of the insurer's points when a prescription is dispensed in parts.
    fn split_dispensing(&mut self) {
        self.claim.adjusted = true;
        let day = self.day_of_service(3).or(self.care_date());
        let parts = self.count(5);
        if let Some(points) = self.points(7) {
            let mut cost = self.cost("split", points, parts);
            cost.start = day;
            cost.group = CompactString::const_new("ST");
            self.facts.push(cost);
        }
    }
}
