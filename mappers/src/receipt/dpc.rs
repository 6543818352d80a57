//! DPC receipts (RECEIPTD.UKE): the stay, its classification, its diagnoses, what was paid in a bundle and what was
//! done inside it. The records of medical receipts stand beside them. Sources: formats.md §2.5; positions of KK, SK, GA,
//! HH, GT and CD by the column order of the national database's tables of these records `[M]`.
//!
//! A total receipt (総括) and the receipts below it are one unit; points are those of the total one.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded, Fact, FactTable, PartialDate};
use rust_decimal::Decimal;

use super::rules;
use crate::ssmix2::value::{self, Kind as ValueKind};
use crate::uke::book::Book;
use crate::uke::claim::push_number;
use crate::uke::line::Kind;
use crate::uke::map::{Reader, medical_record};
use crate::uke::person::add_word;
use crate::uke::rules as common;
use crate::uke::spec::{MEDICAL_HO, MEDICAL_KO, MEDICAL_RE, PayerColumns, ReColumns, ReceiptKind, Spec};

/// What BU says of the stay, for the records after it.
#[derive(Debug, Default)]
pub(crate) struct Stay {
    admission: Option<PartialDate>,
    pub(crate) discharge: Option<PartialDate>,
}

/// DPC receipts.
pub(crate) static SPEC: Spec = Spec {
    kind: ReceiptKind::Dpc,
    version: "receipt-dpc/1",
    name: "DPC (IR)",
    head: Kind(*b"IR"),
    fee_table: b'1',
    digit: b'1',
    months: &[7],
    volume: 8,
    yen: false,
    re: ReColumns {
        part: 16,
        // One department only, so that the name in kana stands earlier than in medical receipts [M].
        kana_and_state: &[(36, 37), (26, 27)],
        ..MEDICAL_RE
    },
    ho: PayerColumns { columns: 16, yen: &[(11, "burden"), (15, "meal-standard")], ..MEDICAL_HO },
    ko: PayerColumns { columns: 13, ..MEDICAL_KO },
    record,
};

/// JCS (意識障害), coded by its two digits.
const JCS: &[&str] = &["0", "1", "2", "3", "10", "20", "30", "100", "200", "300"];
/// DPC転帰区分.
const OUTCOMES: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "9"];
/// Outcomes that are a death: 6 of the disease that took most, 7 of another one.
const DEATHS: &[&str] = &["6", "7"];
/// 傷病名区分.
const DIAGNOSES: &[&str] = &["01", "02", "11", "21", "31", "41", "42", "43", "44", "51", "52", "53", "54"];
/// 請求調整区分: 1 billed before, 2 this month, 3 adjusting what was billed before.
const ADJUSTMENTS: &[&str] = &["1", "2", "3"];

fn record(reader: &mut Reader<'_, '_>, kind: Kind) -> bool {
    let (columns, texts): (usize, &[(usize, usize)]) = match &kind.0 {
        b"BU" => (6, &[(5, 100)]),
        b"SB" => (8, &[(3, 40), (7, 40)]),
        b"KK" => (14, &[(11, 100)]),
        b"SK" => (7, &[(6, 200)]),
        b"GA" => (37, &[]),
        b"HH" => (9, &[]),
        b"GT" => (13, &[]),
        b"CD" => (12, &[]),
        _ => return medical_record(reader, kind),
    };
    reader.common_checks(columns, texts);
    match &kind.0 {
        b"BU" => reader.classification(),
        b"SB" => reader.stay_diagnosis(),
        b"KK" => reader.patient_basics(),
        b"SK" => reader.related_care(),
        b"GA" => reader.leave(),
        b"HH" => reader.bundled(),
        b"GT" => reader.bundle_total(),
        _ => reader.inside_bundle(),
    }
    true
}

impl Reader<'_, '_> {
    /// A DPC code (診断群分類番号): six digits, then eight digits, capital letters or `x`.
    fn dpc_code(&mut self, column: usize) -> Option<Coded> {
        let field = self.fields.get(column);
        if field.is_empty() {
            return None;
        }
        let (disease, rest) = field.split_at(field.len().min(6));
        let sound = disease.len() == 6
            && disease.iter().all(u8::is_ascii_digit)
            && rest.len() == 8
            && rest.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || *b == b'x');
        if !sound {
            self.say_shape(&rules::DPC_CODE, column, "14 桁");
            return None;
        }
        Some(Coded::new(CodeSystem::Dpc, &self.fields.code(column)))
    }

    /// GR: 包括評価対象外理由レコード: why a stay in a DPC hospital is paid by fees.
    pub(crate) fn not_bundled(&mut self) {
        let mut fact = self.item("dpc.not-bundled", "");
        fact.status = self.short_code(1, 2).unwrap_or_default();
        fact.standard = self.dpc_code(2);
        self.facts.push(fact);
    }

    /// BU: 診断群分類レコード.
    fn classification(&mut self) {
        let mut fact = Fact::new(FactTable::Observation, self.place.range);
        fact.source = self.dpc_code(1);
        let stated = self.head.as_ref().and_then(|h| h.admission);
        let admission = self.start_of_care(2).or(stated);
        let discharge = self.date(3, &common::DATE);
        self.in_order(3, admission, discharge);
        fact.start = admission.or(self.care_date());
        fact.end = discharge;
        let outcome = self.listed(4, OUTCOMES);
        fact.group = CompactString::const_new("dpc");
        fact.status = outcome.clone().unwrap_or_default();
        if fact.source.is_none() {
            fact.source = Some(Coded::new(CodeSystem::Dpc, ""));
        }
        self.facts.push(fact);
        if outcome.as_deref().is_some_and(|o| DEATHS.contains(&o)) {
            let mut death = Fact::new(FactTable::Death, self.place.range);
            death.start = discharge.or(self.care_date());
            death.status = outcome.unwrap_or_default();
            self.facts.push(death);
        }
        self.remark(5, "RECE.cause-of-death");
        self.stay.admission = admission;
        self.stay.discharge = discharge.or(self.stay.discharge);
    }

    /// SB: 傷病レコード.
    fn stay_diagnosis(&mut self) {
        let mut fact = self.condition(1, 2, 3);
        fact.start = self.care_date();
        let sent = self.fields.code(4);
        if !sent.is_empty() {
            if is_icd10(&sent) {
                // What the hospital coded goes before what the master would make of the name.
                fact.standard = Some(Coded::new(CodeSystem::Icd10, &sent));
            } else {
                self.say_shape(&rules::VALUE, 4, "ICD-10");
            }
        }
        let kind = self.listed(5, DIAGNOSES).unwrap_or_default();
        fact.group = match kind.as_str() {
            "" => CompactString::default(),
            "11" => CompactString::const_new("main"),
            kind => CompactString::const_new("SB-") + kind,
        };
        if !self.fields.get(6).is_empty() {
            fact.status = self.short_code(6, 1).unwrap_or_default();
        }
        self.facts.push(fact);
        self.remark(7, "RECE.disease");
    }

    /// KK: 患者基礎レコード.
    fn patient_basics(&mut self) {
        self.item_of("dpc.department-transfer", 1, &["0", "1", "2"]);
        self.item_of("dpc.ward-transfer", 2, &["0", "1", "2"]);
        self.item_of("dpc.admission-kind", 3, &["1", "2", "3"]);
        if let Some(day) = self.date(4, &common::DATE) {
            let mut fact = self.item("dpc.previous-discharge", "");
            fact.start = Some(day);
            self.facts.push(fact);
            self.in_order(4, Some(day), self.stay.admission);
        }
        self.item_of("dpc.previous-same-disease", 5, &["0", "1", "2"]);
        let age = self.item_number("dpc.age", 6, (0, 130), "歳");
        self.check_age(age);
        self.item_number("dpc.birth-weight", 7, (200, 9_999), "g");
        self.consciousness();
        self.item_number("dpc.burn-index", 10, (0, 100), "");
        self.severity();
        self.item_number("dpc.gaf", 12, (0, 100), "");
        self.item_number("dpc.age-months", 13, (0, 11), "月");
    }

    fn check_age(&mut self, age: Option<Decimal>) {
        let admission = self.stay.admission.or(self.head.as_ref().and_then(|h| h.admission));
        let birth = self.claim.birth();
        let (Some(age), Some(day), Some(birth)) = (age, admission.and_then(|d| d.to_date()), birth) else {
            return;
        };
        let Some(counted) = birth.age_on(day) else { return };
        if (age - Decimal::from(counted)).abs() > Decimal::ONE {
            self.say(&rules::AGE, 6, || "数えた年齢と 2 歳以上の差".to_owned(), "数えた年齢");
        }
    }

    /// JCS, leading zeros allowed. What is no grade of the scale is not taken.
    fn consciousness(&mut self) {
        let field = self.fields.code(8);
        if field.is_empty() {
            if !self.fields.get(8).is_empty() {
                self.say_shape(&rules::VALUE, 8, &JCS.join("、"));
            }
            return;
        }
        let grade = match field.trim_start_matches('0') {
            "" => "0",
            grade => grade,
        };
        if field.len() > 3 || !JCS.contains(&grade) {
            self.say_shape(&rules::VALUE, 8, &JCS.join("、"));
            return;
        }
        let mut fact = self.item("dpc.jcs", "");
        fact.status = CompactString::from(grade);
        fact.value.text = field.clone();
        fact.value.number = grade.parse().ok();
        self.facts.push(fact);
    }

    /// 重症度: a number, a grade or a known word; other words stay sealed.
    fn severity(&mut self) {
        if self.fields.get(11).is_empty() {
            return;
        }
        let text = self.text(11);
        let reading = value::read(&text);
        let mut fact = self.item("dpc.severity", "");
        match reading.kind {
            ValueKind::Text | ValueKind::Empty => {
                fact.qualifiers = CompactString::const_new("text=sealed");
                self.say_shape(&rules::TEXT_SEALED, 11, "数値・区分");
            }
            _ => {
                fact.value.text = text;
                fact.value.number = reading.number;
                fact.value.comparator = CompactString::const_new(reading.comparator);
            }
        }
        self.facts.push(fact);
    }

    /// SK: 診療関連レコード: operations and what else decides the classification.
    fn related_care(&mut self) {
        let mut fact = Fact::new(FactTable::ProcedureOccurrence, self.place.range);
        let code = self.fields.get(1);
        if code.is_empty() {
            let name = self.text(6);
            fact.source = Some(Coded::new(CodeSystem::ReceiptProcedure, "").with_text(&name));
        } else {
            let (source, standard) = self.coded(Book::Procedure, 1, b'1');
            (fact.source, fact.standard) = (Some(source), standard);
        }
        let number = self.text(2);
        if fact.standard.is_none() && is_section_number(&number) {
            // 区分番号 of the fee table, e.g. K549.
            fact.standard = Some(Coded::new(CodeSystem::FeeSection, &number));
        }
        fact.start = self.start_of_care(3).or(self.care_date());
        if let Some(class) = self.short_code(5, 4) {
            add_word(&mut fact.qualifiers, "class", &class);
        }
        fact.group = CompactString::const_new("SK");
        self.facts.push(fact);
    }

    /// GA: 外泊レコード. The codes of the days stand in one column, or in one each.
    fn leave(&mut self) {
        let one_each = self.fields.len() > 12;
        let (code, coefficient, again) = if one_each { (34, 35, 36) } else { (4, 5, 6) };
        let mut fact = self.item("dpc.leave", "");
        let month = crate::uke::number::Month::read(self.fields.get(1)).or(self.claim.care());
        if let Some(adjustment) = self.listed(2, ADJUSTMENTS) {
            add_word(&mut fact.qualifiers, "adjust", &adjustment);
        }
        let days: Vec<Option<u8>> = if one_each {
            (3..34).map(|c| self.fields.get(c).first().copied()).collect()
        } else {
            self.fields.get(3).iter().copied().map(Some).collect()
        };
        let known = |b: &Option<u8>| matches!(b, None | Some(b' ' | b'0' | b'3'..=b'9'));
        if !days.is_empty() && (days.len() != 31 || !days.iter().all(known)) {
            self.say(&rules::LEAVE, 3, || format!("{} 日分", days.len()), "0、3〜9 が 31 日分");
        } else {
            let mut count = 0u32;
            for (mark, day) in days.iter().zip(1u8..) {
                let Some(mark @ b'3'..=b'9') = mark else { continue };
                count += 1;
                fact.end = month.and_then(|m| m.day(day));
                if count == 1 {
                    fact.start = fact.end;
                }
                // `3=4`: the day and its mark.
                if !fact.qualifiers.is_empty() {
                    fact.qualifiers.push(' ');
                }
                push_number(&mut fact.qualifiers, u32::from(day));
                fact.qualifiers.push('=');
                fact.qualifiers.push(char::from(*mark));
            }
            fact.times = Some(count);
        }
        fact.standard = self.dpc_code(code);
        fact.value.number = self.amount(coefficient);
        self.facts.push(fact);
        self.item_of("dpc.readmission-planned", again, &["0", "1", "2"]);
    }

    /// HH: 包括評価レコード: points of one period of the stay.
    fn bundled(&mut self) {
        let period = self.listed(5, &["1", "2", "3"]).unwrap_or_default();
        let (daily, days, points) = (self.points(6), self.count(7), self.points(8));
        // Points × times, as of every other cost; the subtotal beside them.
        let (amount, times) = match (daily, points) {
            (Some(daily), _) => (daily, days),
            (None, Some(points)) => (points, Some(1)),
            (None, None) => return,
        };
        let mut part = CompactString::const_new("DPC.period");
        part.push_str(&period);
        let mut cost = self.cost(&part, amount, times);
        cost.value.number = points.map(Decimal::from);
        if let (Some(daily), Some(days), Some(points)) = (daily, days, points)
            && daily.saturating_mul(i64::from(days)) != points
        {
            self.say(&rules::SUBTOTAL, 8, || "点数×日数との差".to_owned(), "点数×日数");
        }
        self.bundle_words(&mut cost);
        cost.group = CompactString::const_new("HH");
        self.facts.push(cost);
    }

    /// Month, adjustment, insurer and burden of HH and GT.
    fn bundle_words(&mut self, cost: &mut Fact) {
        let month = crate::uke::number::Month::read(self.fields.get(1));
        cost.start = month.map(|m| m.date).or(cost.start);
        if let Some(adjustment) = self.listed(2, ADJUSTMENTS) {
            add_word(&mut cost.qualifiers, "adjust", &adjustment);
        }
        if let Some(insurer) = self.short_code(3, 1) {
            add_word(&mut cost.qualifiers, "insurer", &insurer);
        }
        cost.status = self.fields.code(4);
    }

    /// GT: 合計調整レコード: what the bundle comes to this month.
    fn bundle_total(&mut self) {
        for (column, part) in
            [(5, "DPC.subtotal"), (6, "DPC.evaluated"), (7, "DPC.adjustment"), (8, "DPC.total")]
        {
            let Some(points) = self.points(column) else { continue };
            let mut cost = self.cost(part, points, None);
            self.bundle_words(&mut cost);
            cost.group = CompactString::const_new("GT");
            self.facts.push(cost);
            if part == "DPC.total" {
                self.claim.add(self.fields.get(4), points);
            }
        }
        if let Some(day) = self.date(10, &common::DATE) {
            let mut fact = self.item("dpc.insurance-change", "GT");
            fact.start = Some(day);
            self.facts.push(fact);
        }
        self.remark(11, "RECE.bundle");
    }

    /// CD: コーディングデータ: what was done inside the bundle, without points.
    fn inside_bundle(&mut self) {
        let (table, book, first_digit) = match self.fields.get(5).first() {
            Some(b'6') => (FactTable::DrugExposure, Book::Drug, b'6'),
            Some(b'7') => (FactTable::DeviceExposure, Book::Material, b'7'),
            Some(b'8') => (FactTable::Note, Book::Comment, b'8'),
            _ => (FactTable::ProcedureOccurrence, Book::Procedure, b'1'),
        };
        let mut fact = Fact::new(table, self.place.range);
        let (source, standard) = self.coded(book, 5, first_digit);
        (fact.source, fact.standard) = (Some(source), standard);
        fact.start = self.start_of_care(1).or(self.care_date());
        fact.quantity = self.amount(6).or_else(|| self.amount(7));
        fact.value.unit = self.short_code(8, 3).unwrap_or_default();
        fact.times = self.count(9);
        let section = self.fields.code(2);
        let order = self.count(3).unwrap_or(0);
        fact.group = CompactString::const_new("CD");
        fact.group.push_str(&section);
        fact.group.push('-');
        push_number(&mut fact.group, order);
        fact.qualifiers = CompactString::const_new("basis=coding");
        self.facts.push(fact);
    }
}

/// `K549`, `K0461`, `J045-2`: a number of the fee table, and nothing that could be a name.
fn is_section_number(text: &str) -> bool {
    let mut chars = text.chars();
    text.len() <= 10
        && chars.next().is_some_and(|c| c.is_ascii_uppercase())
        && text.chars().any(|c| c.is_ascii_digit())
        && chars.all(|c| c.is_ascii_digit() || c == '-' || c == '_')
}

/// `K297`, `C187`, `S7200`: a letter, two digits, up to two more letters or digits.
fn is_icd10(code: &str) -> bool {
    matches!(code.as_bytes(), [b'A'..=b'Z', a, b, rest @ ..]
        if a.is_ascii_digit() && b.is_ascii_digit() && rest.len() <= 2 && rest.iter().all(u8::is_ascii_alphanumeric))
}
