//! Who the receipt is about: RE.
//!
//! Names and numbers go into [`musubi_model::Demographics`] only. Names of doctors and their licences (RE of dispensing
//! receipts) are not read at all: they stay in the original.

use compact_str::CompactString;
use musubi_model::{CodeSystem, Coded, Fact, FactTable, Identifying, PartialDate, Sex};

use super::map::Reader;
use super::number::Month;
use super::rules;
use super::sink::Place;
use crate::receipt::rules as receipt_rules;

/// What the rest of the receipt needs of RE.
#[derive(Debug)]
pub(crate) struct Head {
    pub place: Place,
    /// レセプト種別.
    pub kind: CompactString,
    pub care: Option<Month>,
    pub admission: Option<PartialDate>,
    /// For the first payer; taken by it.
    pub burden: Option<Burden>,
    /// What tells receipts of one person, month and kind apart. May hold the code of another institution.
    pub apart: String,
    /// It has a search number (検索番号): it has been at the payer's before.
    pub searched: bool,
}

/// What RE says of the burden (DI-08, DI-09).
#[derive(Debug, Default)]
pub(crate) struct Burden {
    pub ratio: Option<u32>,
    pub income: CompactString,
    pub special: CompactString,
}

impl Reader<'_, '_> {
    /// RE: レセプト共通レコード.
    pub(crate) fn receipt(&mut self) {
        let columns = &self.spec.re;
        let part = self.part();
        if self.head.is_some() {
            self.below_total = true;
            self.part_of_total(&part);
            return;
        }
        if matches!(part.as_str(), "2" | "3") {
            self.say(&receipt_rules::PART, columns.part, || part.to_string(), "総括区分 1 のレセプトの後");
        }
        if self.fields.get(1).is_empty() {
            self.say(&rules::RE_NUMBER, 1, || "(空)".to_owned(), "1 からの番号");
        }
        let care = self.care_month();
        self.books.on = care.map(|m| m.date);
        let name = self.text(4);
        let (kana_column, state_column) = self.kana_and_state();
        let kana = self.text(kana_column);
        for (column, text) in [(4, &name), (kana_column, &kana)] {
            if text.chars().any(is_half_width) {
                self.say_shape(&rules::NAME_HALFWIDTH, column, "全角");
            }
        }
        let sex = match self.fields.get(columns.sex) {
            b"1" => Sex::Male,
            b"2" => Sex::Female,
            _ => {
                self.say_shape(&rules::SEX, columns.sex, "1 または 2");
                Sex::Unknown
            }
        };
        let birth = self.birth(columns.birth, care);
        let admission = if columns.admission > 0 { self.date(columns.admission, &rules::DATE) } else { None };
        if let (Some(day), Some(birth)) = (admission, birth)
            && before(day, birth)
        {
            self.say(
                &rules::DATE_BEFORE_BIRTH,
                columns.admission,
                || "生年月日より前".to_owned(),
                "生年月日以後",
            );
        }
        self.radar(&[columns.local, columns.search]);
        self.person.local_number = Identifying::new(self.text(columns.local));
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
        if columns.department > 0 {
            visit.department = self.fields.code(columns.department);
        }
        if !self.reviewer.is_empty() {
            add_word(&mut visit.qualifiers, "review", &self.reviewer);
        }
        let ward = self.list_code(columns.ward);
        for (word, value) in [("ward", &ward), ("part", &part)] {
            if !value.is_empty() {
                add_word(&mut visit.qualifiers, word, &value.replace(' ', ","));
            }
        }
        let burden = Burden {
            ratio: self.percentage(columns.ratio),
            income: self.short_code(columns.income, 2).unwrap_or_default(),
            special: self.list_code(columns.special),
        };
        let apart = columns.apart.iter().map(|c| self.fields.code(*c)).collect::<Vec<_>>().join("-");
        let searched = columns.search > 0 && !self.fields.get(columns.search).is_empty();
        self.facts.push(person);
        self.facts.push(visit);
        self.head =
            Some(Head { place: self.place, kind, care, admission, burden: Some(burden), apart, searched });
        self.claim.begin(care, birth);
        if state_column > 0 {
            self.item_code("patient-state", state_column, "");
        }
        let (begin, outcome) = columns.course;
        if begin > 0 && !self.fields.get(begin).is_empty() {
            let mut course = self.item("course", "");
            course.start = self.date(begin, &rules::DATE);
            course.status = self.short_code(outcome, 1).unwrap_or_default();
            self.facts.push(course);
        }
    }

    /// レセプト総括区分, where the kind has it.
    fn part(&self) -> CompactString {
        if self.spec.re.part > 0 { self.fields.code(self.spec.re.part) } else { CompactString::default() }
    }

    /// A receipt below the total one (総括対象): a visit of its own, the person is known, its points are in the total.
    fn part_of_total(&mut self, part: &str) {
        self.end_of_lines();
        let mut visit = Fact::new(FactTable::VisitOccurrence, self.place.range);
        let month = self.head.as_ref().and_then(|h| h.care).map(|m| m.date);
        let admission = self.date(self.spec.re.admission, &rules::DATE);
        (visit.start, visit.end) = if admission.is_some() { (admission, month) } else { (month, None) };
        visit.status = self.fields.code(2);
        visit.department = self.fields.code(self.spec.re.department);
        add_word(&mut visit.qualifiers, "part", part);
        self.facts.push(visit);
        self.claim.next_part();
    }

    fn kana_and_state(&self) -> (usize, usize) {
        let pairs = self.spec.re.kana_and_state;
        let found = pairs.iter().find(|(kana, _)| !self.fields.get(*kana).is_ascii());
        found.or(pairs.first()).copied().unwrap_or((0, 0))
    }

    /// Two-digit codes written one behind the other, joined by spaces; none when they cannot be cut.
    pub(crate) fn list_code(&mut self, column: usize) -> CompactString {
        self.list_code_of(column, 2)
    }

    /// Codes of `width` digits written one behind the other.
    pub(crate) fn list_code_of(&mut self, column: usize, width: usize) -> CompactString {
        let field = if column == 0 { &[] } else { self.fields.get(column) };
        if field.is_empty() {
            return CompactString::default();
        }
        if !field.len().is_multiple_of(width) || !field.iter().all(u8::is_ascii_alphanumeric) {
            // Cutting codes out of it would make up codes.
            self.say_shape(&rules::CODE_LIST, column, &format!("{width} 桁のコードの並び"));
            return CompactString::default();
        }
        let mut joined = CompactString::default();
        for part in field.chunks_exact(width) {
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(std::str::from_utf8(part).unwrap_or_default());
        }
        joined
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

    fn birth(&mut self, column: usize, care: Option<Month>) -> Option<PartialDate> {
        if self.fields.get(column).is_empty() {
            self.say(&rules::BIRTH_DATE, column, || "(空)".to_owned(), "YYYYMMDD または GYYMMDD");
        }
        let birth = self.date(column, &rules::BIRTH_DATE)?;
        if care.is_some_and(|c| c.date.earliest() < birth.earliest() && Month::of(birth) != Some(c)) {
            self.say(
                &rules::DATE_BEFORE_BIRTH,
                column,
                || "診療年月より後の生年月日".to_owned(),
                "診療年月以前",
            );
        }
        Some(birth)
    }
}

/// Is `date` before `birth`, as far as both are known?
pub(crate) fn before(date: PartialDate, birth: PartialDate) -> bool {
    match (date.to_date(), birth.to_date()) {
        (Some(date), Some(birth)) => date < birth,
        _ => date.year() < birth.year(),
    }
}

/// Adds `word=value` to qualifiers.
pub(crate) fn add_word(qualifiers: &mut CompactString, word: &str, value: &str) {
    if !qualifiers.is_empty() {
        qualifiers.push(' ');
    }
    qualifiers.push_str(word);
    qualifiers.push('=');
    qualifiers.push_str(value);
}

/// Items without a code of their own: our own list ([`CodeSystem::ReceiptItem`]).
impl Reader<'_, '_> {
    /// An observation under a name of our list, in the month of care.
    pub(crate) fn item(&self, name: &'static str, group: &str) -> Fact {
        let mut fact = Fact::new(FactTable::Observation, self.place.range);
        fact.start = self.care_date();
        let code = CompactString::const_new(name);
        fact.source = Some(Coded { system: CodeSystem::ReceiptItem, code, text: None });
        fact.group = CompactString::from(group);
        fact
    }

    /// The same, told by the code in a column; nothing when the column is blank.
    pub(crate) fn item_code(&mut self, name: &'static str, column: usize, group: &str) {
        if self.fields.get(column).is_empty() {
            return;
        }
        let Some(status) = self.short_code(column, 4) else { return };
        let mut fact = self.item(name, group);
        fact.status = status;
        self.facts.push(fact);
    }

    /// A code of at most `max` letters and digits; anything longer may be somebody's number and is said, not taken.
    pub(crate) fn short_code(&mut self, column: usize, max: usize) -> Option<CompactString> {
        let field = if column == 0 { &[] } else { self.fields.get(column) };
        if field.is_empty() {
            return None;
        }
        if field.len() > max || !field.iter().all(u8::is_ascii_alphanumeric) {
            self.say_shape(&rules::CODE_SHAPE, column, &format!("{max} 桁以内のコード"));
            return None;
        }
        Some(self.fields.code(column))
    }

    /// The same for a column that not every kind has (0).
    pub(crate) fn item_code_at(&mut self, name: &'static str, column: usize, group: &str) {
        if column > 0 {
            self.item_code(name, column, group);
        }
    }

    /// The month of care.
    pub(crate) fn care_date(&self) -> Option<PartialDate> {
        self.head.as_ref().and_then(|h| h.care).map(|m| m.date)
    }
}

/// A printable ASCII character or half-width kana.
pub(crate) fn is_half_width(c: char) -> bool {
    c.is_ascii_graphic() || c == ' ' || ('\u{FF61}'..='\u{FF9F}').contains(&c)
}
