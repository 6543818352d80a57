//! Records of 電子版お薬手帳 (JAHIS 電子版お薬手帳データフォーマット仕様書, Ver.2.x).
//!
//! Names of doctors, pharmacists, pharmacies and contacts are never read; texts become sealed notes.

use compact_str::{CompactString, format_compact};
use musubi_model::{CodeSystem, Coded, FactTable, PartialDate, prefecture};
use rust_decimal::Decimal;

use super::line::Kind;
use super::reader::{Reader, qualify};
use super::rp::{DrugItems, NOTEBOOK_FORMS, times_a_day};
use super::rules;

/// Where drugs of a notebook have their items.
const DRUG: DrugItems = DrugItems { name: 2, dose: 3, unit: 4, kind: 5, code: 6 };

/// 作成者.
const AUTHORS: &[&str] = &["1", "2", "8", "9"];

/// Blocks, sections and over-the-counter drugs while a notebook is read.
#[derive(Debug, Default)]
pub(super) struct Notebook {
    block: u32,
    section: u32,
    /// Fact of the block's visit.
    visit: Option<usize>,
    /// Fact of the section's prescribing institution.
    prescribing: Option<usize>,
    /// Over-the-counter drugs: 通番 and period.
    otc: Vec<(CompactString, Option<PartialDate>, Option<PartialDate>)>,
}

/// How many items each record has, its number included; `None`: not of this standard.
pub(super) fn columns(kind: Kind) -> Option<usize> {
    Some(match kind.0 {
        0 => 2,
        1 | 201 => 11,
        2 | 4 | 281 | 291 | 311 | 391 | 411 | 911 => 4,
        3 => 7,
        31 | 11 => {
            if kind.0 == 11 {
                9
            } else {
                6
            }
        }
        5 | 401 | 421 | 501 | 601 => 3,
        15 | 55 => 4,
        51 => 6,
        301 => 9,
        701 => 7,
        _ => return None,
    })
}

impl Notebook {
    /// Reads the record at hand.
    pub(super) fn record(&mut self, reader: &mut Reader<'_, '_>) {
        match reader.place.kind.0 {
            1 => person(reader),
            2 => trait_of_person(reader),
            3 => self.otc(reader),
            31 => self.otc_component(reader),
            4 => memo(reader, 2, 3),
            5 => self.begin_block(reader),
            11 => self.dispensed_at(reader),
            51 => self.prescribed_at(reader),
            55 => self.prescriber(reader),
            201 => drug(reader),
            301 => usage(reader),
            281 | 291 | 311 | 391 => note_of_rp(reader),
            401 | 501 => {
                let author = author(reader, 2);
                sealed_note(reader, 1, "", author);
            }
            411 => {
                let kind = reader.choice(2, &["30", "31", "99"]).unwrap_or_default();
                let author = author(reader, 3);
                sealed_note(reader, 1, kind, author);
            }
            421 => remaining(reader),
            601 => memo(reader, 2, 0),
            701 => family_pharmacist(reader),
            // 15: names only. 911: read when the parts were put in order.
            _ => {}
        }
    }

    /// Record 3: an over-the-counter drug.
    fn otc(&mut self, reader: &mut Reader<'_, '_>) {
        let (start, end) = reader.period(2, 3);
        let author = author(reader, 4);
        let jan = reader.code(6);
        let name = reader.text(1);
        self.otc.push((CompactString::from(reader.code(5)), start, end));
        if name.is_empty() && jan.is_empty() {
            reader.say_shape(&rules::DRUG_CODE, 1, "薬品名または JAN コード");
            return;
        }
        let sound = matches!(jan.len(), 8 | 13) && jan.bytes().all(|b| b.is_ascii_digit());
        if !reader.item(6).is_empty() && !sound {
            reader.say_shape(&rules::CODE_SHAPE, 6, "8・13 桁の JAN コード");
        }
        let mut fact = reader.fact(FactTable::DrugExposure, "");
        let system =
            if sound { CodeSystem::Jan } else { CodeSystem::Other(CompactString::const_new("JAHIS")) };
        fact.source = Some(Coded::new(system, if sound { jan } else { "" }).with_text(&name));
        (fact.start, fact.end) = (start, end);
        fact.group = format_compact!("otc-{}", self.otc.len());
        qualify(&mut fact.qualifiers, "kind", "otc");
        qualify(&mut fact.qualifiers, "author", author);
        reader.facts.push(fact);
    }

    /// Record 31: a component of an over-the-counter drug, joined by the drug's 通番.
    fn otc_component(&mut self, reader: &mut Reader<'_, '_>) {
        let number = reader.code(1);
        let parent = self.otc.iter().position(|(n, ..)| n == number && !n.is_empty());
        if parent.is_none() {
            reader.say_shape(&rules::NUMBER, 1, "レコード 3 の通番");
        }
        let author = author(reader, 5);
        let items = DrugItems { name: 2, dose: 0, unit: 0, kind: 3, code: 4 };
        let Some(source) = reader.drug_code(items) else { return };
        let mut fact = reader.fact(FactTable::DrugExposure, "");
        fact.source = Some(source);
        if let Some((at, (_, start, end))) = parent.and_then(|p| self.otc.get(p).map(|otc| (p, otc))) {
            (fact.start, fact.end) = (*start, *end);
            fact.group = format_compact!("otc-{}", at + 1);
        }
        qualify(&mut fact.qualifiers, "kind", "otc-component");
        qualify(&mut fact.qualifiers, "author", author);
        reader.facts.push(fact);
    }

    /// Record 5: a block begins, one day of dispensing.
    fn begin_block(&mut self, reader: &mut Reader<'_, '_>) {
        reader.close_rps();
        self.block += 1;
        self.section = 0;
        self.prescribing = None;
        if reader.item(1).is_empty() {
            reader.say(&rules::DATE, 1, || "(空)".to_owned(), "YYYYMMDD または GYYMMDD");
        }
        reader.on = reader.date(1);
        reader.rps.date_told = true;
        reader.rps.department = CompactString::default();
        let mut visit = reader.fact(FactTable::VisitOccurrence, "");
        visit.source = None;
        visit.start = reader.on;
        visit.status = CompactString::const_new("dispensing");
        visit.group = format_compact!("{}", self.block);
        let author = author(reader, 2);
        qualify(&mut visit.qualifiers, "author", author);
        reader.facts.push(visit);
        self.visit = Some(reader.facts.len() - 1);
        self.prefix(reader);
    }

    fn prefix(&self, reader: &mut Reader<'_, '_>) {
        reader.rps.prefix = format_compact!("{}.{}-", self.block, self.section);
    }

    /// Record 11: where it was dispensed.
    fn dispensed_at(&mut self, reader: &mut Reader<'_, '_>) {
        reader.choice(3, &["1", "3", "4", "6"]);
        let institution = reader.institution(2, 3, 4);
        if let Some(visit) = self.visit.and_then(|at| reader.facts.get_mut(at)) {
            visit.source = institution;
        }
    }

    /// Record 51: where it was prescribed; the RPs below belong to it.
    fn prescribed_at(&mut self, reader: &mut Reader<'_, '_>) {
        self.next_section(reader);
        reader.choice(3, &["1", "3", "6"]);
        let mut visit = reader.fact(FactTable::VisitOccurrence, "");
        visit.source = reader.institution(2, 3, 4);
        visit.status = CompactString::const_new("prescribing");
        visit.group = format_compact!("{}.{}", self.block, self.section);
        reader.facts.push(visit);
        self.prescribing = Some(reader.facts.len() - 1);
    }

    /// Record 55: of the prescriber only the department is read.
    fn prescriber(&mut self, reader: &mut Reader<'_, '_>) {
        if !reader.rps.is_empty() {
            self.next_section(reader);
        }
        let department = department(&reader.text(2));
        if let Some(visit) = self.prescribing.and_then(|at| reader.facts.get_mut(at)) {
            visit.department.clone_from(&department);
        }
        reader.rps.department = department;
    }

    fn next_section(&mut self, reader: &mut Reader<'_, '_>) {
        reader.close_rps();
        self.section += 1;
        reader.rps.department = CompactString::default();
        self.prefix(reader);
    }
}

/// The name of a department, when it is one: other texts may name somebody.
pub(super) fn department(text: &str) -> CompactString {
    let short = text.chars().count() <= 16;
    let ends = ["科", "部", "センター", "外来"].iter().any(|e| text.ends_with(e));
    if short && ends && !text.contains([' ', '\u{3000}']) {
        CompactString::from(text)
    } else {
        CompactString::default()
    }
}

fn author(reader: &mut Reader<'_, '_>, item: usize) -> &'static str {
    reader.choice(item, AUTHORS).unwrap_or_default()
}

fn sealed_note(reader: &mut Reader<'_, '_>, text: usize, kind: &str, author: &'static str) {
    if let Some(note) = reader.note(text, kind) {
        qualify(&mut note.qualifiers, "author", author);
    }
}

/// Record 1: the patient.
fn person(reader: &mut Reader<'_, '_>) {
    reader.radar(&[1, 6, 7, 10]);
    let before = reader.has_person.then(|| reader.person.clone());
    let kanji = reader.sealed(1);
    reader.person.name_kanji = kanji;
    reader.person.name_kana = reader.sealed(10);
    if reader.person.name_kanji.expose().is_empty() && reader.person.name_kana.expose().is_empty() {
        reader.say(&rules::NAME_MISSING, 1, || "(空)".to_owned(), "氏名");
    }
    reader.read_sex(2);
    reader.read_birth(3);
    reader.person.postal_code = reader.sealed(4);
    reader.person.address = reader.sealed(5);
    reader.person.phone = reader.sealed(6);
    reader.has_person = true;
    if let Some(before) = before {
        // Parts of a divided set may repeat the patient.
        if before != reader.person {
            reader.say(&rules::PERSON_TWICE, 0, || "二つ目の患者".to_owned(), "1 人の患者");
        }
        return;
    }
    let prefecture = prefecture::of_address(reader.person.address.expose());
    reader.person_fact(prefecture);
    blood_type(reader);
    weight(reader);
}

fn blood_type(reader: &mut Reader<'_, '_>) {
    let text = reader.text(8);
    if text.is_empty() {
        return;
    }
    let plain: String = text
        .chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '−' | 'ー' => '-',
            c => c,
        })
        .filter(|c| !matches!(c, '(' | ')' | '型' | ' ' | '\u{3000}'))
        .collect::<String>()
        .to_ascii_uppercase()
        .replace("RH", "");
    let abo = plain.trim_end_matches(['+', '-']);
    if !matches!(abo, "A" | "B" | "O" | "AB") || plain.len() > abo.len() + 1 {
        reader.say_shape(&rules::CODE_VALUE, 8, "血液型");
        return;
    }
    let mut fact = reader.fact(FactTable::Observation, "8");
    fact.standard = Some(Coded::new(CodeSystem::Loinc, if plain == abo { "883-9" } else { "882-1" }));
    fact.value.text = CompactString::from(text);
    reader.facts.push(fact);
}

fn weight(reader: &mut Reader<'_, '_>) {
    let Some(kilograms) = reader.amount(9, false) else { return };
    if kilograms > Decimal::from(400) {
        reader.say_shape(&rules::RANGE, 9, "0 より大きく 400 以下");
    }
    let mut fact = reader.fact(FactTable::Measurement, "9");
    fact.standard = Some(Coded::new(CodeSystem::Loinc, "29463-7"));
    fact.value.text = CompactString::from(reader.code(9));
    fact.value.number = Some(kilograms);
    fact.value.unit = CompactString::const_new("kg");
    reader.facts.push(fact);
}

/// Record 2: allergies (1), side effects (2), history (3), others (9). That there is one is a fact, its words are not.
fn trait_of_person(reader: &mut Reader<'_, '_>) {
    let kind = reader.choice(1, &["1", "2", "3", "9"]).unwrap_or_default();
    let author = author(reader, 3);
    if kind.is_empty() || reader.item(2).is_empty() {
        return sealed_note(reader, 2, kind, author);
    }
    if kind != "9" {
        let mut fact = reader.fact(FactTable::Observation, kind);
        let loinc = match kind {
            "1" => "48765-2",
            "2" => "85585-8",
            _ => "11348-0",
        };
        fact.standard = Some(Coded::new(CodeSystem::Loinc, loinc));
        qualify(&mut fact.qualifiers, "text", "sealed");
        qualify(&mut fact.qualifiers, "author", author);
        reader.facts.push(fact);
    }
    sealed_note(reader, 2, kind, author);
}

/// Records 4 and 601: text, date, author.
fn memo(reader: &mut Reader<'_, '_>, date: usize, by: usize) {
    let day = reader.date(date);
    let author = if by == 0 { "" } else { author(reader, by) };
    if let Some(note) = reader.note(1, "") {
        note.start = day;
        qualify(&mut note.qualifiers, "author", author);
    }
}

/// Record 201.
fn drug(reader: &mut Reader<'_, '_>) {
    let before = reader.facts.len();
    reader.drug(DRUG, "");
    let by = author(reader, 7);
    let generic = reader.code(10);
    if reader.item(9) == b"2" && !(generic.len() == 12 && generic.bytes().all(|b| b.is_ascii_alphanumeric()))
    {
        reader.say_shape(&rules::CODE_SHAPE, 10, "12 桁の一般名コード");
    }
    if let Some(fact) = reader.facts.get_mut(before) {
        if generic.len() == 12 {
            qualify(&mut fact.qualifiers, "generic", generic);
        }
        qualify(&mut fact.qualifiers, "author", by);
    }
}

/// Record 301.
fn usage(reader: &mut Reader<'_, '_>) {
    let rp = reader.rp();
    let times = reader.count(3, 999);
    let unit = reader.unit(4);
    let form = reader.item(5);
    let found = NOTEBOOK_FORMS.iter().find(|(code, _)| code.as_bytes() == form).map(|(_, form)| *form);
    if found.is_none() && !form.is_empty() {
        reader.say_shape(&rules::CODE_VALUE, 5, "1～7・9・10");
    }
    let per_day = times_a_day(&reader.text(2));
    reader.with_rp(rp, |rp| {
        rp.has_usage = true;
        (rp.times, rp.form) = (times, found);
        // 日分, 回分 or 調剤: what `times` counts.
        let counts = match unit.as_str() {
            "日分" | "日" => "days",
            "回分" | "回" => "doses",
            "調剤" => "dispensings",
            _ => "",
        };
        qualify(&mut rp.usage, "times", counts);
        if let Some(n) = per_day {
            qualify(&mut rp.usage, "per-day", &n.to_string());
        }
    });
    reader.usage_code(rp, 7);
    author(reader, 8);
}

/// Records 281, 291, 311, 391: a text about an RP or its last drug.
fn note_of_rp(reader: &mut Reader<'_, '_>) {
    let rp = reader.rp();
    let group = reader.rp_group(rp);
    let author = author(reader, 3);
    if let Some(note) = reader.note(2, "") {
        note.group = group;
        qualify(&mut note.qualifiers, "author", author);
    }
}

/// Record 421: drugs that remain.
fn remaining(reader: &mut Reader<'_, '_>) {
    let author = author(reader, 2);
    if !reader.item(1).is_empty() {
        let mut fact = reader.fact(FactTable::Observation, "");
        fact.start = reader.on;
        qualify(&mut fact.qualifiers, "text", "sealed");
        qualify(&mut fact.qualifiers, "author", author);
        reader.facts.push(fact);
    }
    sealed_note(reader, 1, "", author);
}

/// Record 701: that there is a family pharmacist (かかりつけ薬剤師), and since when.
fn family_pharmacist(reader: &mut Reader<'_, '_>) {
    let (start, end) = reader.period(4, 5);
    let author = author(reader, 6);
    let mut fact = reader.fact(FactTable::Observation, "");
    (fact.start, fact.end) = (start, end);
    qualify(&mut fact.qualifiers, "author", author);
    reader.facts.push(fact);
}
