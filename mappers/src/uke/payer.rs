//! Who the receipt is about and who pays: RE, HO, KO, SN, JD.
//!
//! Numbers that identify go into [`musubi_model::Demographics`] only; facts get the law number (法別番号) of a payer and
//! the prefecture, never the rest.

use compact_str::{CompactString, format_compact};
use musubi_model::checkdigit::{is_my_number, modulus10_weight21};
use musubi_model::{CodeSystem, Coded, Fact, FactTable, Identifying, PartialDate, Sex, prefecture};
use rust_decimal::Decimal;

use super::map::Reader;
use super::number::{self, Month};
use super::rules;
use super::sink::Place;

/// What the rest of the receipt needs of RE.
#[derive(Debug)]
pub(super) struct Head {
    pub place: Place,
    /// レセプト種別.
    pub kind: CompactString,
    pub care: Option<Month>,
}

/// What was seen of HO and KO.
#[derive(Debug, Default)]
pub(super) struct Payers {
    pub has_insurer: bool,
    public: u32,
    pub prefecture: Option<CompactString>,
    /// Days of care (実日数): of HO, or of the first KO when there is no HO.
    pub days: Option<u32>,
    pub insurer_points: Option<(Place, i64)>,
    /// Payer and recipient number of the first KO.
    pub first_public: (CompactString, CompactString),
}

impl Payers {
    pub(super) fn any(&self) -> bool {
        self.has_insurer || self.public > 0
    }
}

impl Reader<'_, '_> {
    /// RE: レセプト共通レコード.
    pub(super) fn receipt(&mut self) {
        if self.fields.get(1).is_empty() {
            self.say(&rules::RE_NUMBER, 1, || "(空)".to_owned(), "1 からの番号");
        }
        let care = self.care_month();
        self.books.on = care.map(|m| m.date);
        let name = self.text(4);
        let kana = self.text(36);
        for (column, text) in [(4, &name), (36, &kana)] {
            if text.chars().any(is_half_width) {
                self.say_shape(&rules::NAME_HALFWIDTH, column, "全角");
            }
        }
        let sex = match self.fields.get(5) {
            b"1" => Sex::Male,
            b"2" => Sex::Female,
            _ => {
                self.say_shape(&rules::SEX, 5, "1 または 2");
                Sex::Unknown
            }
        };
        let birth = self.birth(care);
        let admission = self.date(8, &rules::DATE);
        self.radar(&[13, 18]);
        self.person.local_number = Identifying::new(self.text(13));
        self.person.name_kanji = Identifying::new(name);
        self.person.name_kana = Identifying::new(kana);
        self.person.birth = Identifying::new(birth);
        self.person.sex = sex;
        let kind = self.fields.code(2);

        let mut person = Fact::new(FactTable::Person, self.place.range);
        person.start = birth.and_then(|b| PartialDate::new(b.year(), b.month().unwrap_or(0), 0));
        person.status = CompactString::const_new(sex.code());
        let mut visit = Fact::new(FactTable::VisitOccurrence, self.place.range);
        let month = care.map(|m| m.date);
        (visit.start, visit.end) = if admission.is_some() { (admission, month) } else { (month, None) };
        visit.status = kind.clone();
        visit.department = self.fields.code(21);
        self.facts.push(person);
        self.facts.push(visit);
        self.head = Some(Head { place: self.place, kind, care });
        self.claim.begin(care, birth);
    }

    fn care_month(&mut self) -> Option<Month> {
        let field = self.fields.get(3);
        let read = matches!(field.len(), 5 | 6).then(|| PartialDate::read(field).ok()).flatten();
        let month = read.and_then(|r| Month::of(r.date));
        if month.is_none() {
            self.say_shape(&rules::CARE_MONTH, 3, "YYYYMM または GYYMM");
        } else if read.is_some_and(|r| r.outside_era) {
            self.say_shape(&rules::DATE_ERA, 3, "元号の範囲内");
        }
        month
    }

    fn birth(&mut self, care: Option<Month>) -> Option<PartialDate> {
        if self.fields.get(6).is_empty() {
            self.say(&rules::BIRTH_DATE, 6, || "(空)".to_owned(), "YYYYMMDD または GYYMMDD");
        }
        let birth = self.date(6, &rules::BIRTH_DATE)?;
        if care.is_some_and(|c| c.date.earliest() < birth.earliest() && Month::of(birth) != Some(c)) {
            self.say(&rules::DATE_BEFORE_BIRTH, 6, || "診療年月より後の生年月日".to_owned(), "診療年月以前");
        }
        Some(birth)
    }

    /// HO: 保険者レコード.
    pub(super) fn insurer(&mut self) {
        self.radar(&[1, 2, 3, 10]);
        let number = self.text(1);
        let (symbol, insured) = (self.text(2), self.text(3));
        for (column, text) in [(2, &symbol), (3, &insured)] {
            if text.chars().any(is_half_width) {
                self.say_shape(&rules::SYMBOL_HALFWIDTH, column, "全角");
            }
        }
        let law = self.insurer_number(&number);
        self.person.insurer_number = Identifying::new(number);
        self.person.insured_symbol = Identifying::new(symbol);
        self.person.insured_number = Identifying::new(insured);
        self.payers.has_insurer = true;
        let days = self.count(4);
        self.payers.days = days;
        let points = self.points(5);
        if let Some(points) = points {
            self.payers.insurer_points = Some((self.place, points));
        }
        self.payer_facts("HO", law, days, points);
    }

    /// The law number (法別番号) or 国保; the checks of the number; the prefecture.
    fn insurer_number(&mut self, raw: &str) -> Option<CompactString> {
        let digits = raw.trim_matches(' ');
        if digits.is_empty() {
            return None;
        }
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            self.say_shape(&rules::NUMBER_SHAPE, 1, "8 桁、または空白 2 文字と 6 桁");
            return None;
        }
        let national = CompactString::const_new("国保");
        let (law, at) = match digits.len() {
            8 if raw.len() == 8 && digits.starts_with("00") => {
                self.say_shape(&rules::INSURER_PADDING, 1, "空白 2 文字と 6 桁");
                (national, 2)
            }
            8 => (digits.get(..2).map(CompactString::from).unwrap_or_default(), 2),
            6 => {
                if raw.len() != 8 || !raw.starts_with("  ") {
                    self.say_shape(&rules::INSURER_PADDING, 1, "空白 2 文字と 6 桁");
                }
                (national, 0)
            }
            5 | 7 => {
                self.say_shape(&rules::ZERO_DROPPED, 1, "8 桁、または空白 2 文字と 6 桁");
                return None;
            }
            _ => {
                self.say_shape(&rules::NUMBER_SHAPE, 1, "8 桁、または空白 2 文字と 6 桁");
                return None;
            }
        };
        self.check_digit(1, digits);
        let code = digits.get(at..at + 2).filter(|code| prefecture::name_of(code).is_some());
        self.payers.prefecture = code.map(CompactString::from);
        Some(law)
    }

    /// KO: 公費レコード.
    pub(super) fn public_payer(&mut self) {
        self.radar(&[1, 2]);
        let (payer, recipient) = (self.text(1), self.text(2));
        self.payers.public += 1;
        let law = self.fixed_number(1, &payer, 8).then(|| payer.get(..2).map(CompactString::from)).flatten();
        self.fixed_number(2, &recipient, 7);
        let days = self.count(4);
        let points = self.points(5);
        if self.payers.public == 1 {
            self.payers.first_public = (payer, recipient);
            if !self.payers.has_insurer {
                self.payers.days = days;
            }
        }
        let group = format_compact!("KO{}", self.payers.public);
        self.payer_facts(&group, law, days, points);
    }

    /// A number of a fixed length with a check digit. `true`: of that length.
    fn fixed_number(&mut self, column: usize, number: &str, length: usize) -> bool {
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        if number.is_empty() {
            return false;
        }
        if digits && number.len() == length {
            self.check_digit(column, number);
            return true;
        }
        let rule = if digits && number.len() < length { &rules::ZERO_DROPPED } else { &rules::NUMBER_SHAPE };
        self.say_shape(rule, column, &format!("{length} 桁"));
        false
    }

    fn check_digit(&mut self, column: usize, digits: &str) {
        if modulus10_weight21(digits) == Some(false) {
            self.say_shape(&rules::CHECK_DIGIT, column, "検証番号の一致");
        }
    }

    /// Cover and total of one payer.
    fn payer_facts(
        &mut self,
        group: &str,
        law: Option<CompactString>,
        days: Option<u32>,
        points: Option<i64>,
    ) {
        let start = self.head.as_ref().and_then(|h| h.care).map(|m| m.date);
        let mut plan = Fact::new(FactTable::PayerPlanPeriod, self.place.range);
        plan.start = start;
        plan.source = law.map(|law| Coded::new(CodeSystem::Payer, &law));
        plan.times = days;
        plan.group = CompactString::from(group);
        self.facts.push(plan);
        if let Some(points) = points {
            let mut cost = Fact::new(FactTable::Cost, self.place.range);
            cost.start = start;
            cost.source = Some(Coded::new(CodeSystem::Points, group));
            cost.quantity = Some(Decimal::from(points));
            cost.times = days;
            cost.value.unit = CompactString::const_new("点");
            cost.group = CompactString::from(group);
            self.facts.push(cost);
        }
    }

    /// SN: 資格確認レコード. The branch number of the insured stands only here.
    pub(super) fn entitlement(&mut self) {
        self.radar(&[3, 4, 5, 7]);
        if self.fields.get(1) == b"1" {
            self.person.insured_branch = Identifying::new(self.text(6));
        }
    }

    /// JD: days of the month with a mark, from column `first` on.
    pub(super) fn day_columns(&mut self, first: usize) {
        let Some(care) = self.claim.care() else { return };
        for day in usize::from(care.days)..31 {
            if !self.fields.get(first + day).is_empty() {
                self.say(&rules::DAY_BEYOND, first + day, || format!("{} 日", day + 1), "診療月の日");
            }
        }
    }

    /// A count; what cannot be read is said.
    pub(super) fn count(&mut self, column: usize) -> Option<u32> {
        number::count(self.fields.get(column)).unwrap_or_else(|_| {
            self.say_shape(&rules::NUMBER, column, "数字");
            None
        })
    }

    /// Points; what cannot be read is said.
    pub(super) fn points(&mut self, column: usize) -> Option<i64> {
        number::points(self.fields.get(column)).unwrap_or_else(|_| {
            self.say_shape(&rules::NUMBER, column, "数字");
            None
        })
    }

    /// Refuses a My Number (個人番号) in a field for another number.
    fn radar(&mut self, columns: &[usize]) {
        for column in columns {
            let field = self.fields.get(*column);
            if field.len() < 12 {
                continue;
            }
            let text = super::encoding::decode(field, self.encoding);
            let number: Option<CompactString> = text
                .chars()
                .filter(|c| !matches!(c, ' ' | '\u{3000}' | '-' | '－' | '‐' | '−'))
                .map(number::digit)
                .collect();
            if number.is_some_and(|n| is_my_number(&n)) {
                self.say(&rules::MYNUMBER, *column, || "12 桁の番号".to_owned(), "個人番号ではない番号");
            }
        }
    }
}

/// A printable ASCII character or half-width kana.
fn is_half_width(c: char) -> bool {
    c.is_ascii_graphic() || c == ' ' || ('\u{FF61}'..='\u{FF9F}').contains(&c)
}
