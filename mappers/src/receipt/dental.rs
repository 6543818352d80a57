//! Dental receipts (RECEIPTS.UKE): diseases with the teeth they are of, dental procedures with their additions.
//! Source: formats.md §2.6; KO by the medical layout `[M]`.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded, Fact, FactTable};

use super::rules;
use crate::uke::book::Book;
use crate::uke::claim::{DRUG, Layout, MATERIAL, PROCEDURE};
use crate::uke::line::Kind;
use crate::uke::map::Reader;
use crate::uke::person::add_word;
use crate::uke::rules as common;
use crate::uke::spec::{MEDICAL_KO, PayerColumns, ReColumns, ReceiptKind, Spec};

/// Dental receipts.
pub(crate) static SPEC: Spec = Spec {
    kind: ReceiptKind::Dental,
    version: "receipt-dental/1",
    name: "歯科 (UK)",
    head: Kind(*b"UK"),
    fee_table: b'3',
    digit: b'3',
    // UK has the month in column 7, IR in 6 or 7: whichever looks like one.
    months: &[7, 6],
    volume: 9,
    yen: false,
    re: ReColumns {
        columns: 27,
        sex: 5,
        birth: 6,
        ratio: 7,
        admission: 8,
        ward: 11,
        income: 12,
        special: 13,
        local: 15,
        search: 19,
        course: (9, 10),
        part: 0,
        department: 0,
        kana_and_state: &[(25, 26)],
        apart: &[],
    },
    ho: PayerColumns {
        columns: 14,
        certificate: 9,
        duty: 8,
        meals: (6, 7),
        reduction: (11, 12, 13),
        yen: &[(10, "burden")],
    },
    ko: PayerColumns { columns: 12, ..MEDICAL_KO },
    record,
};

/// SS: 歯科診療行為レコード.
const DENTAL: Layout = Layout {
    book: Book::Dental,
    first_digit: b'3',
    points: 76,
    times: 77,
    comments: 0,
    additions: (6, 35),
    day_one: 78,
    ..PROCEDURE
};
/// SI: 医科診療行為レコード in a dental receipt.
const MEDICAL: Layout = Layout { comments: 0, day_one: 8, ..PROCEDURE };
/// IY of a dental receipt.
const DENTAL_DRUG: Layout = Layout { comments: 0, day_one: 8, ..DRUG };
/// TO of a dental receipt.
const DENTAL_MATERIAL: Layout = Layout {
    points: 12,
    times: 13,
    comments: 0,
    additions: (7, 2),
    unit: 5,
    name: 11,
    day_one: 14,
    ..MATERIAL
};

fn record(reader: &mut Reader<'_, '_>, kind: Kind) -> bool {
    let (columns, texts): (usize, &[(usize, usize)]) = match &kind.0 {
        b"HS" => (13, &[(6, 40), (11, 100)]),
        b"SS" => (109, &[]),
        b"SI" | b"IY" => (39, &[]),
        b"TO" => (45, &[]),
        b"CO" => (11, &[(4, 400)]),
        b"SJ" => (3, &[(2, 2400)]),
        _ => return false,
    };
    reader.common_checks(columns, texts);
    match &kind.0 {
        b"HS" => reader.disease_of_teeth(),
        b"SS" => reader.claim_line(&DENTAL),
        b"SI" => reader.claim_line(&MEDICAL),
        b"IY" => reader.claim_line(&DENTAL_DRUG),
        b"TO" => reader.claim_line(&DENTAL_MATERIAL),
        b"CO" => {
            reader.comment();
            reader.teeth_of_comment();
        }
        _ => reader.statement(),
    }
    true
}

impl Reader<'_, '_> {
    /// HS: 傷病名部位レコード.
    fn disease_of_teeth(&mut self) {
        let mut fact = self.condition(4, 5, 6);
        fact.start = self.start_of_care(1);
        fact.status = self.short_code(2, 1).unwrap_or_default();
        if let Some(teeth) = self.teeth(3) {
            fact.value.text = teeth;
            fact.value.unit = CompactString::from(CodeSystem::ToothFormula.as_str());
        }
        match self.fields.get(9) {
            b"01" => fact.group = CompactString::const_new("main"),
            b"1" => self.say_shape(&common::ZERO_DROPPED, 9, "01"),
            _ => {}
        }
        let course = self.short_code(8, 1);
        self.facts.push(fact);
        if let Some(course) = course {
            let mut item = self.item("disease-course", "");
            item.status = course;
            self.facts.push(item);
        }
        self.item_number("coexisting-diseases", 7, (0, 99), "");
        self.comment_code(10);
        self.remark(11, "RECE.disease");
    }

    /// 歯式: six digits for each tooth (kind 4, state 1, part 1); `None` and said when it cannot be cut.
    fn teeth(&mut self, column: usize) -> Option<CompactString> {
        let field = self.fields.get(column);
        if field.is_empty() {
            return None;
        }
        let sound = field.len().is_multiple_of(6)
            && field.iter().all(u8::is_ascii_digit)
            && field.chunks_exact(6).all(|tooth| tooth.starts_with(b"10"));
        if !sound {
            self.say_shape(&rules::TOOTH, column, "1 歯 6 桁、歯種は 10 で始まる 4 桁");
            return None;
        }
        let mut teeth = CompactString::with_capacity(field.len() + field.len() / 6);
        for tooth in field.chunks_exact(6) {
            if !teeth.is_empty() {
                teeth.push(' ');
            }
            teeth.push_str(std::str::from_utf8(tooth).unwrap_or_default());
        }
        Some(teeth)
    }

    /// The teeth a comment is of: not text, so they stand in a fact.
    fn teeth_of_comment(&mut self) {
        let Some(teeth) = self.teeth(5) else { return };
        let mut fact = Fact::new(FactTable::Observation, self.place.range);
        fact.start = self.care_date();
        fact.source = Some(Coded::new(CodeSystem::ToothFormula, ""));
        fact.value.text = teeth;
        fact.group = self.claim.group();
        add_word(&mut fact.qualifiers, "basis", "comment");
        self.facts.push(fact);
    }
}
