//! Home-nursing receipts (RECEIPTH.UKE, online since 2024): who is visited, on whose order, for what, and each fee.
//!
//! Source: the published 記録条件仕様 訪問看護用 (令和6年) as others wrote it out; every position is `[M]` and stands
//! here or in [`SPEC`]. Amounts are yen, not points. The doctor who orders, nurses and other stations are third persons:
//! their names and places stay in the original.

use musubi_model::{CodeSystem, Coded, Fact, FactTable};
use rust_decimal::Decimal;

use super::rules;
use crate::uke::book::Book;
use crate::uke::line::Kind;
use crate::uke::map::Reader;
use crate::uke::person::add_word;
use crate::uke::rules as common;
use crate::uke::spec::{PayerColumns, ReColumns, ReceiptKind, Spec};

/// Home-nursing receipts.
pub(crate) static SPEC: Spec = Spec {
    kind: ReceiptKind::Nursing,
    version: "receipt-nursing/1",
    name: "訪問看護 (HM)",
    head: Kind(*b"HM"),
    fee_table: b'6',
    digit: b'6',
    months: &[6],
    volume: 0,
    yen: true,
    re: ReColumns {
        columns: 15,
        sex: 6,
        birth: 7,
        ratio: 10,
        admission: 0,
        ward: 0,
        income: 12,
        special: 11,
        local: 13,
        search: 14,
        course: (0, 0),
        part: 0,
        department: 0,
        kana_and_state: &[(5, 0)],
        apart: &[],
    },
    ho: PayerColumns {
        columns: 12,
        certificate: 7,
        duty: 6,
        meals: (0, 0),
        reduction: (9, 10, 11),
        yen: &[(8, "burden")],
    },
    ko: PayerColumns {
        columns: 8,
        certificate: 0,
        duty: 0,
        meals: (0, 0),
        reduction: (0, 0, 0),
        yen: &[(6, "burden"), (7, "covered-burden")],
    },
    record,
};

/// 指示区分.
const ORDERS: &[&str] = &["01", "02", "03", "04", "05", "06"];

fn record(reader: &mut Reader<'_, '_>, kind: Kind) -> bool {
    let (columns, texts): (usize, &[(usize, usize)]) = match &kind.0 {
        b"IH" => (7, &[]),
        b"HJ" => (4, &[]),
        b"JS" => (6, &[(1, 2400)]),
        b"SY" => (5, &[(3, 40), (4, 40)]),
        b"RJ" => (29, &[]),
        b"TJ" => (usize::MAX, &[]),
        b"TZ" => (4, &[(3, 400)]),
        b"KS" => (5, &[]),
        b"CO" => (4, &[(2, 400)]),
        b"KA" => (9, &[]),
        _ => return false,
    };
    reader.common_checks(columns, texts);
    match &kind.0 {
        b"IH" => reader.ordered_by(),
        b"HJ" => reader.order(),
        b"JS" => reader.state(),
        b"SY" => reader.ordered_for(),
        b"RJ" => reader.visited(),
        b"TJ" => reader.information_given(),
        b"TZ" => reader.special_note(),
        b"KS" => reader.item_code("nursing.training", 1, ""),
        b"CO" => reader.comment_code(1),
        _ => reader.fee_of_visit(),
    }
    true
}

impl Reader<'_, '_> {
    /// IH: 医療機関・保険医情報レコード: only the day of the last report is no third person's.
    fn ordered_by(&mut self) {
        if let Some(day) = self.date(6, &common::DATE) {
            let mut fact = self.item("nursing.report", "");
            fact.start = Some(day);
            self.facts.push(fact);
        }
    }

    /// HJ: 訪問看護指示レコード.
    fn order(&mut self) {
        let mut fact = self.item("nursing.order", "");
        let (from, to) = (self.date(2, &common::DATE), self.date(3, &common::DATE));
        self.in_order(3, from, to);
        fact.start = from.or(fact.start);
        fact.end = to;
        fact.status = self.listed(1, ORDERS).unwrap_or_default();
        self.facts.push(fact);
    }

    /// JS: 心身の状態レコード. What is written in words stays in the original.
    fn state(&mut self) {
        self.remark(1, "RECE.nursing-state");
        for (name, column, width) in [("nursing.listed-disease", 2, 2), ("nursing.disease", 3, 3)] {
            let codes = self.list_code_of(column, width);
            if !codes.is_empty() {
                let mut fact = self.item(name, "");
                fact.qualifiers = codes;
                self.facts.push(fact);
            }
        }
        let day = self.date(5, &common::DATE);
        if let Some(code) = self.short_code(4, 2) {
            let mut fact = self.item("nursing.gaf", "");
            fact.start = day.or(fact.start);
            fact.status = code;
            self.facts.push(fact);
        }
    }

    /// SY of a home-nursing receipt: no day, no outcome.
    fn ordered_for(&mut self) {
        let mut fact = self.condition(1, 2, 3);
        fact.start = self.care_date();
        self.facts.push(fact);
        self.remark(4, "RECE.disease");
    }

    /// RJ: 利用者情報レコード: where and until when the person is visited, and the death.
    fn visited(&mut self) {
        let begin = self.date(1, &common::DATE);
        let mut fact = self.item("nursing.visits", "");
        fact.start = begin.or(fact.start);
        fact.end = self.date(10, &common::DATE);
        self.in_order(10, begin, fact.end);
        fact.status = self.short_code(12, 2).unwrap_or_default();
        for (word, column) in [("place", 2), ("place2", 5), ("place3", 8)] {
            if let Some(code) = self.short_code(column, 2) {
                add_word(&mut fact.qualifiers, word, &code);
            }
        }
        self.facts.push(fact);
        for column in [3, 6, 9, 13, 17] {
            self.remark(column, "RECE.nursing-place");
        }
        if let Some(day) = self.date(14, &common::DATE) {
            self.in_order(14, begin, Some(day));
            let mut death = Fact::new(FactTable::Death, self.place.range);
            death.start = Some(day);
            death.start_second = self.time_of_day(15);
            if let Some(place) = self.short_code(16, 2) {
                add_word(&mut death.qualifiers, "place", &place);
            }
            self.facts.push(death);
        }
        let words = self.list_code(18);
        if !words.is_empty() {
            let mut fact = self.item("nursing.person", "");
            fact.qualifiers = words;
            self.facts.push(fact);
        }
    }

    /// `HHMM`.
    fn time_of_day(&mut self, column: usize) -> Option<u32> {
        let time = self.count(column)?;
        let (hour, minute) = (time / 100, time % 100);
        if hour > 23 || minute > 59 {
            self.say_shape(&rules::VALUE, column, "HHMM");
            return None;
        }
        Some(hour * 3_600 + minute * 60)
    }

    /// TJ: 情報提供レコード: that it was given; to whom stays in the original.
    fn information_given(&mut self) {
        let mut note = Fact::new(FactTable::Note, self.place.range);
        note.start = self.care_date();
        note.source = Some(Coded::new(CodeSystem::DocumentKind, "RECE.nursing-information"));
        self.facts.push(note);
    }

    /// TZ: 特記事項レコード.
    fn special_note(&mut self) {
        self.item_code("nursing.special", 1, "");
        if !self.fields.get(2).is_empty() {
            self.comment_code(2);
        } else {
            self.remark(3, "RECE.nursing-special");
        }
    }

    /// KA: 訪問看護療養費レコード: one fee on one day, in yen.
    fn fee_of_visit(&mut self) {
        self.claim.enter_once("KA");
        let day = self.day_of_service(1).or(self.care_date());
        let mut fact = Fact::new(FactTable::ProcedureOccurrence, self.place.range);
        let (source, standard) = self.coded(Book::Nursing, 3, b'5');
        (fact.source, fact.standard) = (Some(source), standard);
        fact.start = day;
        fact.quantity = self.count(4).map(Decimal::from);
        let staff = self.list_code(6);
        if !staff.is_empty() {
            add_word(&mut fact.qualifiers, "staff", &staff.replace(' ', ","));
        }
        for (word, column) in [("visit", 7), ("order", 8)] {
            if let Some(code) = self.short_code(column, 2) {
                add_word(&mut fact.qualifiers, word, &code);
            }
        }
        fact.group = self.claim.group();
        self.facts.push(fact);
        if let Some(yen) = self.points(5) {
            let mut cost = self.cost("visit", yen, Some(1));
            cost.start = day;
            cost.status = self.fields.code(2);
            cost.group = self.claim.group();
            self.claim.add(self.fields.get(2), yen);
            self.facts.push(cost);
        }
        self.claim.next_unit();
    }
}
