//! A unit of long-term care while it is mapped: its facts, findings, person, and how cells are read into them.
//!
//! Whatever cannot be read is said once and left out; nothing is guessed. Findings show shapes, counts and codes only.

use compact_str::{CompactString, format_compact};
use musubi_model::checkdigit::{is_my_number, modulus10_weight21};
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::{
    ByteRange, CodeSystem, Coded, Demographics, Fact, FactTable, Finding, Identifying, PartialDate, Rule,
    Sex, prefecture,
};
use rust_decimal::Decimal;

use super::rules;
use super::sheet::Cells;
use crate::lookup::{self, Answer, Lookup};
use crate::notes::Notes;
use crate::{Document, MappedUnit, RecordCounts, UnitSlice, UnitVersion};

/// Levels of need for care (要介護状態区分).
pub(super) const LEVELS: [&str; 10] = ["01", "06", "11", "12", "13", "21", "22", "23", "24", "25"];

/// A cell: which column, and what the standard calls it.
#[derive(Debug, Clone, Copy)]
pub(super) struct At(pub usize, pub &'static str);

pub(super) struct Work<'m> {
    pub facts: Vec<Fact>,
    pub notes: Notes,
    pub person: Demographics,
    pub lookup: Lookup<'m>,
    pub records: RecordCounts,
    /// The record at hand: its kind, its row within the unit, its bytes.
    pub kind: CompactString,
    pub row: u32,
    pub range: ByteRange,
}

impl<'m> Work<'m> {
    pub(super) fn new(document: &Document<'_>, unit: &UnitSlice, masters: &'m dyn Masters) -> Self {
        Self {
            facts: Vec::new(),
            notes: Notes::new(document.limits.findings_per_unit_max),
            person: Demographics::default(),
            lookup: Lookup::new(masters),
            records: RecordCounts::default(),
            kind: CompactString::default(),
            row: 0,
            range: unit.range,
        }
    }

    /// Makes room for some facts a row; of a large unit for its first ones only.
    pub(super) fn expect_facts(&mut self, unit: &UnitSlice, per_row: usize) {
        let rows = usize::try_from(unit.records.total()).unwrap_or(usize::MAX);
        self.facts.reserve(rows.saturating_mul(per_row).saturating_add(4).min(256));
    }

    /// Takes up a row. `false`: it is not to be read (its size is said).
    pub(super) fn take_up(&mut self, document: &Document<'_>, cells: &Cells<'_, '_>, kind: &str) -> bool {
        self.records.add(kind, 1);
        self.kind = CompactString::from(kind);
        self.row += 1;
        self.range = cells.range();
        if self.range.len > document.limits.record_bytes_max {
            let found = format!("{} バイトの行", self.range.len);
            self.say(&rules::LIMIT, "", found, &format!("{} バイト以下", document.limits.record_bytes_max));
            return false;
        }
        if self.row > document.limits.records_per_unit_max {
            if self.row - 1 == document.limits.records_per_unit_max {
                let expected = format!("{} 行以下", document.limits.records_per_unit_max);
                self.say(&rules::LIMIT, "", "利用者の行の数".to_owned(), &expected);
            }
            return false;
        }
        if cells.row.open_quote {
            self.say(&rules::QUOTE, "", "引用符".to_owned(), "対になった引用符");
        }
        true
    }

    /// The unit, mapped.
    pub(super) fn finish(mut self, version: Option<UnitVersion>) -> MappedUnit {
        let unsound = self.notes.has_error();
        if unsound {
            self.facts.clear();
        }
        MappedUnit {
            demographics: self.person,
            facts: self.facts,
            findings: self.notes.finish(),
            records: self.records,
            version: if unsound { None } else { version },
            master_version: self.lookup.editions(),
        }
    }

    pub(super) fn say(&mut self, rule: &'static Rule, field: &str, found: String, expected: &str) {
        let record = format!("行 {} ({})", self.row, self.kind);
        self.notes
            .push(Finding::new(rule).at(self.range).in_field(record, field).found(found).expected(expected));
    }

    /// A finding that shows the shape of a cell.
    pub(super) fn say_shape(&mut self, rule: &'static Rule, cells: &Cells<'_, '_>, at: At, expected: &str) {
        let shape = shape_of(&cells.text(at.0));
        self.say(rule, at.1, shape, expected);
    }

    /// Adds a fact of the record at hand, to be filled in where it stands.
    pub(super) fn add(&mut self, table: FactTable, start: Option<PartialDate>) -> &mut Fact {
        let fact = self.facts.push_mut(Fact::new(table, self.range));
        fact.start = start;
        fact
    }

    /// A fact of the record at hand.
    pub(super) fn fact(&self, table: FactTable, start: Option<PartialDate>) -> Fact {
        let mut fact = Fact::new(table, self.range);
        fact.start = start;
        fact
    }

    /// A sealed note, when the cell holds anything.
    pub(super) fn note(&mut self, cells: &Cells<'_, '_>, at: At, kind: &str, start: Option<PartialDate>) {
        if cells.is_blank(at.0) {
            return;
        }
        self.check_text(cells, at);
        self.add(FactTable::Note, start).source = Some(Coded::new(CodeSystem::DocumentKind, kind));
    }

    /// Says when a text cannot be decoded.
    pub(super) fn check_text(&mut self, cells: &Cells<'_, '_>, at: At) {
        if !cells.raw(at.0).is_ascii() && cells.text(at.0).contains('\u{FFFD}') {
            self.say(&rules::TEXT, at.1, "読めない文字".to_owned(), "文字コードの文字");
        }
    }

    /// A text of the person, as written.
    pub(super) fn words(&mut self, cells: &Cells<'_, '_>, at: At) -> CompactString {
        self.check_text(cells, at);
        if cells.is_blank(at.0) { CompactString::default() } else { CompactString::from(cells.text(at.0)) }
    }

    /// A date. Blank: `None` in silence.
    pub(super) fn date(&mut self, cells: &Cells<'_, '_>, at: At) -> Option<PartialDate> {
        let raw = cells.raw(at.0);
        if raw.is_empty() {
            return None;
        }
        let read = if matches!(raw.len(), 7 | 8) { PartialDate::read(raw).ok() } else { None };
        let Some(read) = read.filter(|r| (1868..=2199).contains(&r.date.year())) else {
            self.say_shape(&rules::DATE, cells, at, "暦にある日付 YYYYMMDD");
            return None;
        };
        if read.outside_era || read.zero_part {
            self.say_shape(&rules::DATE_PART, cells, at, "西暦8桁の日付");
        }
        Some(read.date)
    }

    /// The end of a term: `99999999` means without end.
    pub(super) fn end_date(&mut self, cells: &Cells<'_, '_>, at: At) -> Option<PartialDate> {
        if cells.raw(at.0) == b"99999999" { None } else { self.date(cells, at) }
    }

    /// Start and end; an end before its start is said, and kept as sent.
    pub(super) fn term(
        &mut self,
        cells: &Cells<'_, '_>,
        from: At,
        to: At,
    ) -> (Option<PartialDate>, Option<PartialDate>) {
        let (start, end) = (self.date(cells, from), self.end_date(cells, to));
        if start.zip(end).is_some_and(|(a, b)| b < a) {
            self.say(&rules::PERIOD, to.1, "始まりより前".to_owned(), "始まり以後の日付");
        }
        (start, end)
    }

    /// A number with at most twelve digits. Blank: `None` in silence.
    pub(super) fn number(&mut self, cells: &Cells<'_, '_>, at: At) -> Option<Decimal> {
        let raw = cells.raw(at.0);
        if raw.is_empty() {
            return None;
        }
        let number = plain_number(raw);
        if number.is_none() {
            self.say_shape(&rules::NUMBER, cells, at, "半角の数字");
        }
        number
    }

    /// A whole number that is not negative.
    pub(super) fn count(&mut self, cells: &Cells<'_, '_>, at: At) -> Option<u32> {
        let raw = cells.raw(at.0);
        if raw.is_empty() {
            return None;
        }
        let number = std::str::from_utf8(raw).ok().filter(|t| t.len() <= 9).and_then(|t| t.parse().ok());
        if number.is_none() {
            self.say_shape(&rules::NUMBER, cells, at, "0以上の整数");
        }
        number
    }

    /// A code of letters and digits; blank is empty in silence, any other text is said.
    pub(super) fn code(&mut self, cells: &Cells<'_, '_>, at: At, max: usize) -> CompactString {
        match cells.code(at.0, max) {
            Some(code) => code,
            None => {
                if !cells.is_blank(at.0) {
                    self.say_shape(&rules::CODE, cells, at, &format!("{max}文字以内の英数字"));
                }
                CompactString::default()
            }
        }
    }

    /// A level of need for care, as a code; a code that is not in the list is said and not taken.
    pub(super) fn level(&mut self, cells: &Cells<'_, '_>, at: At) -> Option<Coded> {
        let raw = cells.raw(at.0);
        if raw.is_empty() {
            return None;
        }
        let known = std::str::from_utf8(raw).ok().filter(|code| LEVELS.contains(code));
        if known.is_none() {
            self.say_shape(&rules::LEVEL, cells, at, "01・06・11〜13・21〜25");
        }
        known.map(|code| Coded::new(CodeSystem::CareLevel, code))
    }

    /// Insurer and insured number of long-term care.
    pub(super) fn insured(&mut self, cells: &Cells<'_, '_>, insurer: At, insured: At) {
        let raw = cells.raw(insurer.0);
        if !raw.is_empty() {
            self.radar(cells, insurer);
            let number = self.words(cells, insurer);
            let digits = raw.strip_prefix(b"00").filter(|r| r.len() == 6).unwrap_or(raw);
            if digits.len() != 6 || !digits.iter().all(u8::is_ascii_digit) {
                self.say_shape(&rules::INSURER, cells, insurer, "6桁の数字");
            } else if std::str::from_utf8(digits).ok().and_then(modulus10_weight21) == Some(false) {
                self.say_shape(&rules::CHECK_DIGIT, cells, insurer, "検証数字の一致");
            }
            self.person.care_insurer = Identifying::new(CompactString::from(number.trim()));
        }
        let raw = cells.raw(insured.0);
        if !raw.is_empty() {
            self.radar(cells, insured);
            let number = self.words(cells, insured);
            let digits = raw.strip_prefix(b"H").unwrap_or(raw);
            if raw.len() != 10 || !digits.iter().all(u8::is_ascii_digit) {
                self.say_shape(&rules::INSURED, cells, insured, "10桁の数字");
            }
            self.person.care_number = Identifying::new(CompactString::from(number.trim()));
        }
    }

    /// A public payer's number or a recipient's, sealed; only length and check digit are looked at. Gives the law.
    pub(super) fn public_number(
        &mut self,
        cells: &Cells<'_, '_>,
        at: At,
        length: usize,
    ) -> Option<CompactString> {
        let raw = cells.raw(at.0);
        if raw.is_empty() {
            return None;
        }
        self.radar(cells, at);
        if raw.len() != length || !raw.iter().all(u8::is_ascii_digit) {
            self.say_shape(&rules::CODE, cells, at, &format!("{length}桁の数字"));
            return None;
        }
        if std::str::from_utf8(raw).ok().and_then(modulus10_weight21) == Some(false) {
            self.say_shape(&rules::CHECK_DIGIT, cells, at, "検証数字の一致");
        }
        raw.get(..2).and_then(|law| CompactString::from_utf8(law).ok())
    }

    /// Refuses a My Number (個人番号) in a field for another number.
    pub(super) fn radar(&mut self, cells: &Cells<'_, '_>, at: At) {
        if cells.raw(at.0).len() < 12 {
            return;
        }
        let text = cells.text(at.0);
        let parts: Vec<&str> = text.trim().split([' ', '\u{3000}', '-', '－', '‐', '−']).collect();
        // In one, or four by four as the card prints it; numbers of the sender's own are parted elsewhere.
        let written = parts.len() == 1 || (parts.len() == 3 && parts.iter().all(|p| p.chars().count() == 4));
        let digits: String = parts
            .concat()
            .chars()
            .map(|c| match c {
                '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
                c => c,
            })
            .collect();
        if written && is_my_number(&digits) {
            self.say(&rules::MYNUMBER, at.1, "12桁の番号".to_owned(), "個人番号ではない番号");
        }
    }

    pub(super) fn birth(&mut self, cells: &Cells<'_, '_>, at: At) {
        let before = self.person.birth.expose().is_some();
        let raw = cells.raw(at.0);
        let read = PartialDate::read(raw)
            .ok()
            .filter(|r| matches!(raw.len(), 7 | 8) && (1868..=2199).contains(&r.date.year()));
        match read {
            Some(read) => {
                if read.outside_era || read.zero_part {
                    self.say_shape(&rules::DATE_PART, cells, at, "西暦8桁の日付");
                }
                self.person.birth = Identifying::new(Some(read.date));
            }
            None if before => {}
            None => self.say_shape(&rules::BIRTH, cells, at, "YYYYMMDD"),
        }
    }

    pub(super) fn sex(&mut self, cells: &Cells<'_, '_>, at: At) {
        match cells.raw(at.0) {
            b"1" => self.person.sex = Sex::Male,
            b"2" => self.person.sex = Sex::Female,
            b"" => {}
            _ => self.say_shape(&rules::SEX, cells, at, "1・2"),
        }
    }

    /// Says when a day lies before birth.
    pub(super) fn not_before_birth(&mut self, day: Option<PartialDate>, field: &str) {
        let Some((birth, day)) = self.person.birth.expose().zip(day) else { return };
        // A month or year alone may begin before a birth within it.
        let known = PartialDate::new(
            birth.year(),
            birth.month().filter(|_| day.month().is_some()).unwrap_or(0),
            birth.day_of_month().filter(|_| day.day_of_month().is_some()).unwrap_or(0),
        );
        if known.is_some_and(|known| day < known) {
            self.say(&rules::BEFORE_BIRTH, field, "生年月日より前".to_owned(), "生年月日以後");
        }
    }

    /// The person's attributes for research: birth month, sex, prefecture of the insurer.
    pub(super) fn person_fact(&mut self) {
        let birth = *self.person.birth.expose();
        let sex = self.person.sex;
        let insurer = self.person.care_insurer.expose();
        let digits = insurer.strip_prefix("00").filter(|d| d.len() == 6).unwrap_or(insurer);
        let code = digits.get(..2).filter(|c| digits.len() == 6 && prefecture::name_of(c).is_some());
        let source = code.map(|code| Coded::new(CodeSystem::Prefecture, code));
        if birth.is_none() && sex == Sex::Unknown && source.is_none() {
            return;
        }
        let mut fact = self.fact(
            FactTable::Person,
            birth.and_then(|b| PartialDate::new(b.year(), b.month().unwrap_or(0), 0)),
        );
        fact.status = CompactString::from(sex.code());
        fact.source = source;
        self.facts.push(fact);
    }

    /// Is there a number that tells the person? Says so when not.
    pub(super) fn is_somebody(&mut self) -> bool {
        let known = !self.person.care_number.expose().is_empty()
            && !self.person.care_insurer.expose().is_empty()
            || !self.person.local_number.expose().is_empty();
        if !known {
            self.say(&rules::NOBODY, "", "番号なし".to_owned(), "保険者番号と被保険者番号");
        }
        known
    }

    /// A service code with the name the master has for it, if any.
    pub(super) fn service(&mut self, code: &str, on: Option<PartialDate>, field: &str) -> Coded {
        let coded = Coded::new(CodeSystem::CareService, code);
        match self.lookup.ask(&CodeSystem::CareService, code, on) {
            Answer::Known(entry) => coded.with_text(&entry.name),
            Answer::NoMaster => coded,
            Answer::Unknown(edition) => {
                let record = format!("行 {} ({})", self.row, self.kind);
                let finding = lookup::unknown(&CodeSystem::CareService, code, &edition);
                self.notes.push(finding.at(self.range).in_field(record, field));
                coded
            }
        }
    }

    /// Units or yen.
    pub(super) fn cost(
        &mut self,
        source: Coded,
        (status, unit): (&'static str, &'static str),
        group: &str,
        start: Option<PartialDate>,
        amount: Option<Decimal>,
    ) {
        let Some(amount) = amount else { return };
        let fact = self.add(FactTable::Cost, start);
        fact.source = Some(source);
        fact.quantity = Some(amount);
        fact.status = CompactString::const_new(status);
        fact.value.unit = CompactString::const_new(unit);
        fact.group = CompactString::from(group);
    }
}

/// A number of at most twelve digits: sign, digits, point.
pub(super) fn plain_number(raw: &[u8]) -> Option<Decimal> {
    // Most numbers are small and whole.
    if matches!(raw.len(), 1..=9) && raw.iter().all(u8::is_ascii_digit) {
        return Some(Decimal::from(raw.iter().fold(0u32, |n, b| n * 10 + u32::from(b - b'0'))));
    }
    let digits = raw.strip_prefix(b"-").unwrap_or(raw);
    let sound = digits.iter().filter(|b| b.is_ascii_digit()).count() <= 12
        && digits.first().is_some_and(u8::is_ascii_digit)
        && digits.last().is_some_and(u8::is_ascii_digit)
        && digits.iter().filter(|b| **b == b'.').count() <= 1
        && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    if !sound {
        return None;
    }
    std::str::from_utf8(raw).ok()?.parse().ok()
}

/// A month, `YYYYMM` or `GYYMM`.
pub(super) fn month(raw: &[u8]) -> Option<PartialDate> {
    if !matches!(raw.len(), 5 | 6) {
        return None;
    }
    let date = PartialDate::read(raw).ok()?.date;
    (date.month().is_some() && (1990..=2199).contains(&date.year())).then_some(date)
}

/// A month as it sorts.
pub(super) fn sortable(month: PartialDate) -> CompactString {
    format_compact!("{:04}{:02}", month.year(), month.month().unwrap_or(0))
}

/// The parts of a logical key, joined.
pub(super) fn key(parts: &[&str]) -> Identifying<String> {
    Identifying::new(parts.join("|"))
}
