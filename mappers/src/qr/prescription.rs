//! Records of 処方箋 QR (JAHIS 院外処方箋2次元シンボル記録条件規約, versions 5 to 10).
//!
//! Doctors, licence numbers of narcotics, names and addresses of institutions are never read; texts become sealed notes.

use compact_str::{CompactString, format_compact};
use musubi_model::{CodeSystem, Coded, FactTable, Identifying, prefecture};
use rust_decimal::Decimal;

use super::line::{Kind, number};
use super::notebook::department;
use super::reader::{Place, Reader, qualify};
use super::rp::{DrugItems, PRESCRIPTION_FORMS};
use super::rules;
use crate::{UnitVersion, VersionState};

/// Where drugs of a prescription have their items.
const DRUG: DrugItems = DrugItems { name: 6, dose: 7, unit: 9, kind: 4, code: 5 };

/// A prescription while it is read.
#[derive(Debug, Default)]
pub(super) struct Prescription {
    patient: Option<Place>,
    visit: Option<usize>,
    /// Fact of the insurance.
    plan: Option<usize>,
    /// 保険種別.
    insurance: &'static str,
    prefecture: Option<CompactString>,
    /// 処方箋番号 and which part of a split prescription.
    number: CompactString,
    nth: u32,
}

/// How many items each record has, its number included; `None`: not of this standard.
pub(super) fn columns(kind: Kind) -> Option<usize> {
    Some(match kind.0 {
        0 | 12 | 13 | 14 | 21 | 22 | 25 | 31 | 51 | 52 | 62 | 64 => 2,
        1 | 23 | 101 | 241 => 5,
        2 | 24 | 27 | 28 | 29 | 30 | 63 | 82 => 3,
        3 | 4 | 5 | 11 | 61 | 81 | 102 | 211 | 911 => 4,
        111 => 6,
        181 | 231 | 281 => 7,
        201 => 10,
        221 => 13,
        _ => return None,
    })
}

impl Prescription {
    /// Reads the record at hand.
    pub(super) fn record(&mut self, reader: &mut Reader<'_, '_>) {
        match reader.place.kind.0 {
            1 => {
                reader.choice(1, &["1", "3", "6"]);
                let institution = self.sender(reader);
                self.visit(reader).source = institution;
            }
            4 => self.department(reader),
            11 => self.patient(reader),
            12 => reader.read_sex(1),
            13 => reader.read_birth(1),
            14 => self.plan_word(reader, "burden-class", &["1", "2", "3", "4", "5"]),
            21 => self.insurance(reader),
            22 => self.insurer(reader),
            23 => self.insured(reader),
            24 => self.burden(reader),
            25 => self.plan_word(reader, "on-duty", &["1", "2", "3"]),
            27..=29 => self.public_payer(reader),
            31 => self.receipt_kind(reader),
            51 => self.issued(reader),
            52 => self.expires(reader),
            62 => remaining(reader),
            63 => self.split(reader),
            64 => refill(reader),
            81 => {
                let kind = reader.choice(2, &["1", "2", "3"]).unwrap_or_default();
                reader.note(3, kind);
            }
            82 => self.numbered(reader),
            _ => self.drug_record(reader),
        }
    }

    fn drug_record(&mut self, reader: &mut Reader<'_, '_>) {
        match reader.place.kind.0 {
            101 => form(reader),
            102 => split_amount(reader),
            111 => usage(reader),
            181 => supplement_of_usage(reader),
            201 => drug(reader),
            211 => of_drug(reader, &[("factor", 3..=3)]),
            221 => of_drug(reader, &[("uneven", 3..=7), ("uneven-codes", 8..=12)]),
            231 => of_drug(reader, &[("public", 3..=6)]),
            241 => of_drug(reader, &[("once", 3..=3), ("once-times", 4..=4)]),
            281 => supplement_of_drug(reader),
            // 2, 3, 5, 30, 61: addresses, telephones, doctors and numbers; sealed in the original.
            _ => {}
        }
    }

    fn sender(&self, reader: &mut Reader<'_, '_>) -> Option<Coded> {
        // The fee table is blank for medical institutions.
        let source = reader.institution(3, 1, 2)?;
        let (prefecture, table) = (reader.code(3), reader.code(1));
        if table.is_empty() && prefecture.len() == 2 && source.code.len() == 7 {
            return Some(Coded::new(
                CodeSystem::Institution,
                &format_compact!("{prefecture}1{}", source.code),
            ));
        }
        Some(source)
    }

    /// The visit at which the prescription was written; made by the first record that speaks of it.
    fn visit<'r>(&mut self, reader: &'r mut Reader<'_, '_>) -> &'r mut musubi_model::Fact {
        let at = *self.visit.get_or_insert_with(|| {
            let mut visit = reader.fact(FactTable::VisitOccurrence, "");
            visit.source = None;
            visit.status = CompactString::const_new("prescribing");
            reader.facts.push(visit);
            reader.facts.len() - 1
        });
        fact_at(reader, at)
    }

    /// The insurance; likewise.
    fn plan<'r>(&mut self, reader: &'r mut Reader<'_, '_>) -> &'r mut musubi_model::Fact {
        let at = *self.plan.get_or_insert_with(|| {
            let mut plan = reader.fact(FactTable::PayerPlanPeriod, "");
            plan.source = None;
            plan.group = CompactString::const_new("HO");
            reader.facts.push(plan);
            reader.facts.len() - 1
        });
        fact_at(reader, at)
    }

    fn plan_word(&mut self, reader: &mut Reader<'_, '_>, name: &str, values: &[&'static str]) {
        if let Some(value) = reader.choice(1, values) {
            qualify(&mut self.plan(reader).qualifiers, name, value);
        }
    }

    fn department(&mut self, reader: &mut Reader<'_, '_>) {
        reader.choice(1, &["1", "2"]);
        let code = reader.code(2);
        let found = if code.is_empty() { department(&reader.text(3)) } else { CompactString::from(code) };
        self.visit(reader).department.clone_from(&found);
        reader.rps.department = found;
    }

    /// Record 11.
    fn patient(&mut self, reader: &mut Reader<'_, '_>) {
        reader.radar(&[1]);
        let local = Identifying::new(CompactString::from(reader.text(1)));
        let (kanji, kana) = (reader.sealed(2), reader.sealed(3));
        if kanji.expose().is_empty() && kana.expose().is_empty() {
            reader.say(&rules::NAME_MISSING, 2, || "(空)".to_owned(), "氏名");
        }
        let p = &mut reader.person;
        let differs = (&p.local_number, &p.name_kanji, &p.name_kana) != (&local, &kanji, &kana);
        if reader.has_person && differs {
            reader.say(&rules::PERSON_TWICE, 0, || "二つ目の患者".to_owned(), "1 人の患者");
        }
        let p = &mut reader.person;
        (p.local_number, p.name_kanji, p.name_kana) = (local, kanji, kana);
        reader.has_person = true;
        self.patient.get_or_insert(reader.place);
    }

    fn insurance(&mut self, reader: &mut Reader<'_, '_>) {
        let kinds = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
        self.insurance = reader.choice(1, &kinds).unwrap_or_default();
        let kind = self.insurance;
        self.plan(reader).status = CompactString::const_new(kind);
    }

    /// Record 22: the law number and, where the insurer is that of the residence, the prefecture.
    fn insurer(&mut self, reader: &mut Reader<'_, '_>) {
        reader.radar(&[1]);
        if reader.item(1).is_empty() {
            return;
        }
        reader.person.insurer_number = Identifying::new(CompactString::from(reader.text(1)));
        // 労災・自賠責・公害・自費 have numbers of other kinds.
        let other = matches!(self.insurance, "3" | "4" | "5" | "6");
        let range = reader.place.range;
        let law = if !other && reader.checked_number(1, &[8, 6]) {
            let digits = reader.code(1);
            let (law, prefecture) = match digits.len() {
                6 => ("国保", digits.get(..2)),
                _ => (
                    digits.get(..2).unwrap_or_default(),
                    digits.get(2..4).filter(|_| digits.starts_with("39")),
                ),
            };
            self.prefecture =
                prefecture.filter(|p| prefecture::name_of(p).is_some()).map(CompactString::from);
            Some(Coded::new(CodeSystem::Payer, law))
        } else {
            None
        };
        let plan = self.plan(reader);
        (plan.range, plan.source) = (range, law);
    }

    /// Record 23.
    fn insured(&mut self, reader: &mut Reader<'_, '_>) {
        reader.radar(&[1, 2]);
        let text = |reader: &Reader<'_, '_>, i| Identifying::new(CompactString::from(reader.text(i)));
        reader.person.insured_symbol = text(reader, 1);
        reader.person.insured_number = text(reader, 2);
        reader.person.insured_branch = text(reader, 4);
        let own = reader.choice(3, &["1", "2"]).unwrap_or_default();
        qualify(&mut self.plan(reader).qualifiers, "own", own);
    }

    /// Record 24: what the patient pays and what the insurance gives, in percent.
    fn burden(&mut self, reader: &mut Reader<'_, '_>) {
        for (item, name) in [(1, "share"), (2, "benefit")] {
            if reader.item(item) == b"0" || reader.item(item) == b"000" {
                qualify(&mut self.plan(reader).qualifiers, name, "0");
            } else if let Some(percent) = reader.count(item, 100) {
                qualify(&mut self.plan(reader).qualifiers, name, &percent.to_string());
            }
        }
    }

    /// Records 27, 28, 29.
    fn public_payer(&mut self, reader: &mut Reader<'_, '_>) {
        reader.radar(&[1, 2]);
        let law = reader.checked_number(1, &[8]).then(|| reader.code(1).get(..2)).flatten();
        reader.checked_number(2, &[7]);
        if reader.item(1).is_empty() {
            return;
        }
        let mut plan = reader.fact(FactTable::PayerPlanPeriod, "");
        plan.source = law.map(|law| Coded::new(CodeSystem::Payer, law));
        plan.group = format_compact!("KO{}", reader.place.kind.0 - 26);
        reader.facts.push(plan);
    }

    fn receipt_kind(&mut self, reader: &mut Reader<'_, '_>) {
        let code = reader.code(1);
        if code.len() == 4 && code.bytes().all(|b| b.is_ascii_digit()) {
            qualify(&mut self.plan(reader).qualifiers, "receipt", code);
        } else if !reader.item(1).is_empty() {
            reader.say_shape(&rules::CODE_SHAPE, 1, "4 桁");
        }
    }

    /// Record 51.
    fn issued(&mut self, reader: &mut Reader<'_, '_>) {
        reader.on = reader.date(1);
        reader.rps.date_told = reader.on.is_none() && !reader.item(1).is_empty();
        let on = reader.on;
        self.visit(reader).start = on;
    }

    /// Record 52.
    fn expires(&mut self, reader: &mut Reader<'_, '_>) {
        let Some(day) = reader.date(1) else { return };
        if reader.on.is_some_and(|on| day.earliest() < on.earliest()) {
            reader.say(&rules::PERIOD, 1, || "交付日より前の使用期限".to_owned(), "交付日以後");
        }
        qualify(&mut self.visit(reader).qualifiers, "expires", &day.to_string());
    }

    /// Record 63: how many times in all, which time this is.
    fn split(&mut self, reader: &mut Reader<'_, '_>) {
        let (total, nth) = (reader.count(1, 9), reader.count(2, 9));
        if total.zip(nth).is_some_and(|(total, nth)| nth > total) {
            reader.say(&rules::SPLIT, 2, || "総回数より後の回".to_owned(), "総回数以下");
        }
        self.nth = nth.unwrap_or(0);
        let mut fact = reader.fact(FactTable::Observation, "");
        fact.quantity = total.map(Decimal::from);
        fact.times = nth;
        reader.facts.push(fact);
    }

    fn numbered(&mut self, reader: &mut Reader<'_, '_>) {
        reader.radar(&[2]);
        reader.choice(1, &["1"]);
        self.number = CompactString::from(reader.code(2));
    }

    /// What needs the whole prescription; its version, when it has a number.
    pub(super) fn close(self, reader: &mut Reader<'_, '_>) -> Option<UnitVersion> {
        if let Some(place) = self.patient {
            reader.place = place;
            reader.person_fact(self.prefecture.as_deref());
        }
        if reader.has_person && reader.rps.drugs == 0 {
            reader.notes.push(reader.place.finding(&rules::DRUG_MISSING, 0).expected("レコード 201"));
        }
        for fact in &mut reader.facts {
            if matches!(fact.table, FactTable::PayerPlanPeriod | FactTable::Observation | FactTable::Note) {
                fact.start = reader.on;
            }
        }
        let on = reader.on.filter(|_| !self.number.is_empty())?;
        let key = format!("{}|{}", self.number, self.nth);
        let time = format_compact!("{on}");
        Some(UnitVersion { key: Identifying::new(key), time, state: VersionState::Current })
    }
}

/// The fact at a position that [`Reader`] gave.
fn fact_at<'r>(reader: &'r mut Reader<'_, '_>, at: usize) -> &'r mut musubi_model::Fact {
    if at >= reader.facts.len() {
        let spare = reader.fact(FactTable::VisitOccurrence, "");
        reader.facts.push(spare);
    }
    let last = reader.facts.len() - 1;
    #[allow(
        clippy::indexing_slicing,
        reason = "there is at least one fact, and the position is at most the last"
    )]
    &mut reader.facts[at.min(last)]
}

/// Record 62: what the pharmacy does about remaining drugs: 1 asks first, 2 reports.
fn remaining(reader: &mut Reader<'_, '_>) {
    if let Some(value) = reader.choice(1, &["1", "2"]) {
        let mut fact = reader.fact(FactTable::Observation, "");
        fact.value.text = CompactString::const_new(value);
        reader.facts.push(fact);
    }
}

/// Record 64: how often the prescription may be used; at most three times by the rules of 2022.
fn refill(reader: &mut Reader<'_, '_>) {
    let Some(total) = reader.count(1, 9) else { return };
    if total > 3 {
        reader.say(&rules::SPLIT, 1, || total.to_string(), "3 回以下");
    }
    let mut fact = reader.fact(FactTable::Observation, "");
    fact.quantity = Some(Decimal::from(total));
    reader.facts.push(fact);
}

/// Record 101.
fn form(reader: &mut Reader<'_, '_>) {
    let rp = reader.rp();
    let sent = reader.item(2);
    let found = PRESCRIPTION_FORMS.iter().find(|(code, _)| code.as_bytes() == sent).map(|(_, form)| *form);
    if found.is_none() {
        reader.say_shape(&rules::CODE_VALUE, 2, "1～6・9");
    }
    let times = reader.count(4, 999);
    reader.with_rp(rp, |rp| {
        (rp.form, rp.times) = (found, times);
        let counts = match found.map(|f| f.word) {
            Some("oral") => "days",
            Some("as-needed") => "doses",
            _ => "",
        };
        if times.is_some() {
            qualify(&mut rp.usage, "times", counts);
        }
    });
}

/// Record 102: this time's share of a split prescription.
fn split_amount(reader: &mut Reader<'_, '_>) {
    let rp = reader.rp();
    let (now, total) = (reader.count(2, 999), reader.count(3, 999));
    reader.with_rp(rp, |rp| {
        for (name, value) in [("split-now", now), ("split-total", total)] {
            if let Some(value) = value {
                qualify(&mut rp.usage, name, &value.to_string());
            }
        }
    });
}

/// Record 111.
fn usage(reader: &mut Reader<'_, '_>) {
    let rp = reader.rp();
    let kind = reader.choice(2, &["1", "2"]).unwrap_or_default();
    reader.with_rp(rp, |rp| rp.has_usage = true);
    if kind == "2" {
        reader.usage_code(rp, 3);
    }
    // 0 is written where times a day have no meaning.
    match number(reader.item(5)) {
        Some(0) => {}
        Some(_) => {
            if let Some(n) = reader.count(5, 24) {
                reader.with_rp(rp, |rp| qualify(&mut rp.usage, "per-day", &n.to_string()));
            }
        }
        None if reader.item(5).is_empty() => {
            if let Some(n) = super::rp::times_a_day(&reader.text(4)) {
                reader.with_rp(rp, |rp| qualify(&mut rp.usage, "per-day", &n.to_string()));
            }
        }
        None => reader.say_shape(&rules::NUMBER, 5, "数字"),
    }
}

/// Record 181.
fn supplement_of_usage(reader: &mut Reader<'_, '_>) {
    let rp = reader.rp();
    let kind = reader.choice(3, &["1", "2", "3", "4", "5", "6", "7", "8", "9"]).unwrap_or_default();
    let (code, site) = (reader.code(5), reader.code(6));
    reader.with_rp(rp, |rp| {
        qualify(&mut rp.usage, "supplement", kind);
        qualify(&mut rp.usage, "supplement-code", code);
        qualify(&mut rp.usage, "site", site);
    });
    let group = reader.rp_group(rp);
    if let Some(note) = reader.note(4, kind) {
        note.group = group;
    }
}

/// Record 201.
fn drug(reader: &mut Reader<'_, '_>) {
    let before = reader.facts.len();
    reader.drug(DRUG, reader.code(2));
    if reader.facts.len() == before {
        return;
    }
    let kind = reader.choice(3, &["1", "2", "3"]).unwrap_or_default();
    let strength = reader.choice(8, &["1", "2"]).unwrap_or_default();
    let Some(fact) = reader.facts.get_mut(before) else { return };
    match kind {
        "2" => fact.table = FactTable::DeviceExposure,
        "3" => qualify(&mut fact.qualifiers, "uninsured", "1"),
        _ => {}
    }
    // 力価: the dose counts the active ingredient.
    if strength == "2" {
        qualify(&mut fact.qualifiers, "dose-of", "ingredient");
    }
}

/// Records of one drug whose items are numbers and codes: laid on the drug as qualifiers, items joined by `/`.
fn of_drug(reader: &mut Reader<'_, '_>, parts: &[(&str, std::ops::RangeInclusive<usize>)]) {
    let rp = reader.rp();
    let Some(at) = reader.drug_of(rp) else { return };
    for (name, items) in parts {
        let mut joined = CompactString::default();
        for item in items.clone() {
            if item > *items.start() {
                joined.push('/');
            }
            let code = reader.code(item);
            if code.is_empty() && !reader.item(item).is_empty() {
                reader.say_shape(&rules::NUMBER, item, "数字または記号");
            }
            joined.push_str(code);
        }
        if let Some(fact) = reader.facts.get_mut(at) {
            qualify(&mut fact.qualifiers, name, joined.trim_end_matches('/'));
        }
    }
}

/// Record 281: 3, 4 and 5 forbid a change of brand, form or strength.
fn supplement_of_drug(reader: &mut Reader<'_, '_>) {
    let rp = reader.rp();
    let kind = reader.choice(4, &["1", "2", "3", "4", "5", "6", "7", "8", "9"]).unwrap_or_default();
    let code = reader.code(6);
    if let Some(fact) = reader.drug_of(rp).and_then(|at| reader.facts.get_mut(at)) {
        qualify(&mut fact.qualifiers, "supplement", kind);
        qualify(&mut fact.qualifiers, "supplement-code", code);
    }
    let group = reader.rp_group(rp);
    if let Some(note) = reader.note(5, kind) {
        note.group = group;
    }
}
