//! Reads items of the record at hand: text, numbers, dates, codes; says what is wrong with them.

use std::borrow::Cow;

use compact_str::CompactString;
use memchr::memchr_iter;
use musubi_model::checkdigit::{is_my_number, modulus10_weight21};
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::{
    ByteRange, CodeSystem, Coded, Demographics, Fact, FactTable, Finding, Identifying, PartialDate, Rule, Sex,
};
use rust_decimal::Decimal;

use super::line::{self, Kind};
use super::rp::Rps;
use super::rules;
use crate::lookup::Lookup;
use crate::notes::Notes;
use crate::text::{self, Encoding};

/// The record at hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Line inside the record set, from 1.
    pub row: u32,
    pub kind: Kind,
    pub range: ByteRange,
}

impl Place {
    /// A finding at an item of it; item 0 is the whole record.
    pub(super) fn finding(self, rule: &'static Rule, item: usize) -> Finding {
        let field = if item == 0 { String::new() } else { format!("項目 {item}") };
        Finding::new(rule).at(self.range).in_field(format!("行 {} ({})", self.row, self.kind.label()), field)
    }
}

/// A record set while it is read.
pub(super) struct Reader<'a, 'm> {
    pub notes: Notes,
    pub encoding: Encoding,
    pub place: Place,
    items: Vec<&'a [u8]>,
    pub facts: Vec<Fact>,
    pub person: Demographics,
    /// The patient record was met.
    pub has_person: bool,
    pub lookup: Lookup<'m>,
    pub rps: Rps,
    /// Date of dispensing or issue in force.
    pub on: Option<PartialDate>,
    spaces_told: bool,
}

impl<'a, 'm> Reader<'a, 'm> {
    pub(super) fn new(
        encoding: Encoding,
        range: ByteRange,
        findings_max: u32,
        masters: &'m dyn Masters,
    ) -> Self {
        Self {
            notes: Notes::new(findings_max),
            encoding,
            place: Place { row: 1, kind: Kind::NONE, range },
            items: Vec::new(),
            facts: Vec::new(),
            person: Demographics::default(),
            has_person: false,
            lookup: Lookup::new(masters),
            rps: Rps::default(),
            on: None,
            spaces_told: false,
        }
    }

    /// Takes a line as the record at hand. `columns`: how many items the standard gives it, its number included.
    pub(super) fn take(&mut self, line: &'a [u8], columns: usize) {
        self.items.clear();
        let (mut from, mut quotes, mut spaces) = (0, 0usize, 0usize);
        let ends = memchr_iter(b',', line).chain(std::iter::once(line.len()));
        for (index, end) in ends.enumerate() {
            let raw = line.get(from..end).unwrap_or_default();
            let (item, quoted) = line::unquoted(raw);
            if quoted {
                quotes = index.max(1);
            } else if item.len() != raw.len() {
                spaces = index.max(1);
            }
            self.items.push(item);
            from = end + 1;
        }
        if quotes > 0 {
            self.say(&rules::QUOTES, quotes, || "引用符".to_owned(), "引用符なし");
        }
        if spaces > 0 && !self.spaces_told {
            self.spaces_told = true;
            self.say(&rules::SPACES, spaces, || "前後の空白".to_owned(), "空白なし");
        }
        if let Some(surplus) = (columns..self.items.len()).find(|i| !self.item(*i).is_empty()) {
            self.say(
                &rules::COLUMNS,
                surplus,
                || format!("{surplus} 項目"),
                &format!("{} 項目", columns - 1),
            );
        }
        if !line.is_ascii() {
            self.check_text(line);
        }
    }

    fn check_text(&mut self, line: &[u8]) {
        let (bad, private) = if self.encoding == Encoding::ShiftJis {
            shift_jis_faults(line)
        } else {
            let decoded = text::decode(self.encoding, line);
            (decoded.contains('\u{FFFD}'), decoded.chars().any(text::is_private_use))
        };
        if bad {
            self.say(&rules::TEXT_BAD, 0, || "読めないバイト".to_owned(), "文字コードの文字");
        }
        if private {
            self.say(&rules::GAIJI, 0, || "外字".to_owned(), "標準の文字または ■");
        }
    }

    /// An item's bytes, without spaces around it; empty when there is none.
    pub(super) fn item(&self, index: usize) -> &'a [u8] {
        self.items.get(index).copied().unwrap_or_default()
    }

    /// An item decoded.
    pub(super) fn text(&self, index: usize) -> Cow<'a, str> {
        text::decode(self.encoding, self.item(index))
    }

    /// An item decoded, for the identity zone; tells of characters that were lost.
    pub(super) fn sealed(&mut self, index: usize) -> Identifying<CompactString> {
        let text = self.text(index);
        if !text.is_ascii() && text.contains('?') {
            self.say(&rules::TEXT_LOST, index, || shape_of(&text), "元の文字");
        }
        Identifying::new(CompactString::from(text))
    }

    /// A short code of ASCII letters, digits and signs; anything else is no code and gives nothing.
    pub(super) fn code(&self, index: usize) -> &'a str {
        let item = self.item(index);
        let sound = item.len() <= 16 && item.iter().all(u8::is_ascii_graphic);
        std::str::from_utf8(item).ok().filter(|_| sound).unwrap_or_default()
    }

    pub(super) fn say(
        &mut self,
        rule: &'static Rule,
        item: usize,
        found: impl FnOnce() -> String,
        expected: &str,
    ) {
        self.notes.push(self.place.finding(rule, item).found(found()).expected(expected));
    }

    /// A finding that shows the shape of an item.
    pub(super) fn say_shape(&mut self, rule: &'static Rule, item: usize, expected: &str) {
        let shape = shape_of(&self.text(item));
        self.say(rule, item, || shape, expected);
    }

    /// One of the values the standard gives for an item; blank gives nothing, another value is told.
    pub(super) fn choice(&mut self, index: usize, values: &[&'static str]) -> Option<&'static str> {
        let item = self.item(index);
        let found = values.iter().find(|v| v.as_bytes() == item).copied();
        if found.is_none() && !item.is_empty() {
            self.say_shape(&rules::CODE_VALUE, index, &values.join("・"));
        }
        found
    }

    /// A count of 1 to `max`.
    pub(super) fn count(&mut self, index: usize, max: u32) -> Option<u32> {
        let item = self.item(index);
        if item.is_empty() {
            return None;
        }
        let Some(n) = line::number(item) else {
            self.say_shape(&rules::NUMBER, index, "数字");
            return None;
        };
        if n == 0 || n > max {
            self.say(&rules::RANGE, index, || n.to_string(), &format!("1 から {max}"));
            return None;
        }
        Some(n)
    }

    /// An amount above zero (6.5 digits); a fraction of two whole numbers is worked out where `fraction` allows it.
    pub(super) fn amount(&mut self, index: usize, fraction: bool) -> Option<Decimal> {
        let item = self.item(index);
        if item.is_empty() {
            return None;
        }
        let text = self.code(index);
        let read = match text.split_once('/').filter(|_| fraction) {
            Some((a, b)) => {
                decimal(a).zip(decimal(b)).and_then(|(a, b)| a.checked_div(b)).map(|d| d.round_dp(5))
            }
            None => decimal(text),
        };
        match read {
            None => {
                self.say_shape(&rules::NUMBER, index, "数");
                None
            }
            Some(amount) if amount.is_zero() || amount >= Decimal::from(1_000_000) => {
                self.say_shape(&rules::RANGE, index, "0 より大きく 1000000 未満");
                None
            }
            Some(amount) => Some(amount),
        }
    }

    /// A date; blank is none. Told: what cannot be read, an era that does not reach it, a date before birth.
    pub(super) fn date(&mut self, index: usize) -> Option<PartialDate> {
        let date = self.any_date(index, &rules::DATE)?;
        let birth = *self.person.birth.expose();
        if birth.is_some_and(|b| date.earliest() < b.earliest() && date < b) {
            self.say(&rules::BEFORE_BIRTH, index, || "生年月日より前の日付".to_owned(), "生年月日以後");
        }
        Some(date)
    }

    fn any_date(&mut self, index: usize, unreadable: &'static Rule) -> Option<PartialDate> {
        let item = self.item(index);
        if item.is_empty() {
            return None;
        }
        match PartialDate::read(item).ok().filter(|r| r.date.year() >= 1868) {
            None => {
                self.say_shape(unreadable, index, "YYYYMMDD または GYYMMDD");
                None
            }
            Some(read) => {
                if read.outside_era {
                    self.say_shape(&rules::DATE_ERA, index, "元号の期間内");
                }
                Some(read.date)
            }
        }
    }

    /// Start and end of a period; an end before the start is told.
    pub(super) fn period(&mut self, start: usize, end: usize) -> (Option<PartialDate>, Option<PartialDate>) {
        let (first, last) = (self.date(start), self.date(end));
        if first.zip(last).is_some_and(|(a, b)| b.earliest() < a.earliest()) {
            self.say(&rules::PERIOD, end, || "開始日より前の終了日".to_owned(), "開始日以後");
        }
        (first, last)
    }

    /// Refuses a My Number in an item for another number.
    pub(super) fn radar(&mut self, items: &[usize]) {
        for index in items {
            // Twelve digits have at least as many bytes.
            if self.item(*index).len() < 12 {
                continue;
            }
            let digits: String = self
                .text(*index)
                .chars()
                .filter(|c| !matches!(c, ' ' | '\u{3000}' | '-' | '－' | '‐' | '−'))
                .map(|c| match c {
                    '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
                    c => c,
                })
                .collect();
            if is_my_number(&digits) {
                self.say(&rules::MYNUMBER, *index, || "12 桁の番号".to_owned(), "個人番号ではない番号");
            }
        }
    }

    /// A number of one of these lengths with a check digit; the shape and the digit are told. `true`: of that shape.
    pub(super) fn checked_number(&mut self, index: usize, lengths: &[usize]) -> bool {
        let item = self.item(index);
        if item.is_empty() {
            return false;
        }
        if !lengths.contains(&item.len()) || !item.iter().all(u8::is_ascii_digit) {
            let expected = lengths.iter().map(ToString::to_string).collect::<Vec<_>>().join("・");
            self.say_shape(&rules::NUMBER_SHAPE, index, &format!("{expected} 桁の数字"));
            return false;
        }
        if modulus10_weight21(self.code(index)) == Some(false) {
            self.say_shape(&rules::CHECK_DIGIT, index, "検証番号の一致");
        }
        true
    }

    /// Name, birth and sex of the patient record at hand are read by the caller; here is what the research side learns.
    pub(super) fn person_fact(&mut self, prefecture: Option<&str>) {
        let birth = *self.person.birth.expose();
        let mut fact = Fact::new(FactTable::Person, self.place.range);
        fact.start = birth.and_then(|b| PartialDate::new(b.year(), b.month().unwrap_or(0), 0));
        fact.status = CompactString::const_new(self.person.sex.code());
        fact.source = prefecture.map(|code| Coded::new(CodeSystem::Prefecture, code));
        self.facts.push(fact);
    }

    pub(super) fn read_sex(&mut self, index: usize) {
        self.person.sex = match self.item(index) {
            b"1" => Sex::Male,
            b"2" => Sex::Female,
            _ => {
                self.say_shape(&rules::SEX, index, "1・2");
                Sex::Unknown
            }
        };
    }

    pub(super) fn read_birth(&mut self, index: usize) {
        if self.item(index).is_empty() {
            self.say(&rules::BIRTH, index, || "(空)".to_owned(), "YYYYMMDD または GYYMMDD");
        }
        let birth = self.any_date(index, &rules::BIRTH);
        self.person.birth = Identifying::new(birth);
    }

    /// A sealed note: the record (and its kind) as its place, never the text. None when the text is blank.
    pub(super) fn note(&mut self, text: usize, kind: &str) -> Option<&mut Fact> {
        if self.item(text).is_empty() {
            return None;
        }
        let mut fact = self.fact(FactTable::Note, kind);
        fact.start = self.on;
        self.facts.push(fact);
        self.facts.last_mut()
    }

    /// A fact of the record at hand; its source is the record's number with a kind behind it.
    pub(super) fn fact(&self, table: FactTable, kind: &str) -> Fact {
        let mut code = self.place.kind.label();
        if !kind.is_empty() {
            code.push('-');
            code.push_str(kind);
        }
        let mut fact = Fact::new(table, self.place.range);
        fact.source = Some(Coded::new(CodeSystem::JahisQr, &code));
        fact
    }

    /// The code of an institution: prefecture 2, fee table 1, code 7; parts that are not sent are left out.
    pub(super) fn institution(&mut self, prefecture: usize, table: usize, code: usize) -> Option<Coded> {
        let part = |index: usize, length: usize| {
            let text = self.code(index);
            text.len() == length && text.bytes().all(|b| b.is_ascii_digit())
        };
        if !part(code, 7) {
            if !self.item(code).is_empty() {
                self.say_shape(&rules::CODE_SHAPE, code, "7 桁");
            }
            return None;
        }
        let (has_prefecture, has_table) = (part(prefecture, 2), part(table, 1));
        let mut whole = CompactString::default();
        if has_prefecture && has_table {
            whole.push_str(self.code(prefecture));
            whole.push_str(self.code(table));
        }
        whole.push_str(self.code(code));
        Some(Coded::new(CodeSystem::Institution, &whole))
    }
}

/// Bytes that are no character, and characters of the private use area (lead bytes F0 to F9), without decoding.
fn shift_jis_faults(line: &[u8]) -> (bool, bool) {
    let (mut bad, mut private) = (false, false);
    let mut rest = line;
    loop {
        rest = match rest {
            [] => return (bad, private),
            [0x00..=0x7F | 0xA1..=0xDF, more @ ..] => more,
            [lead @ (0x81..=0x9F | 0xE0..=0xFC), 0x40..=0x7E | 0x80..=0xFC, more @ ..] => {
                private |= (0xF0..=0xF9).contains(lead);
                more
            }
            [_, more @ ..] => {
                bad = true;
                more
            }
        };
    }
}

/// A plain decimal number: digits and one point.
fn decimal(text: &str) -> Option<Decimal> {
    let sound = !text.is_empty()
        && text.len() <= 14
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.bytes().filter(|b| *b == b'.').count() <= 1
        && text.starts_with(|c: char| c.is_ascii_digit());
    if sound { text.trim_end_matches('.').parse().ok() } else { None }
}

/// Appends `name=value` to qualifiers; a blank value adds nothing.
pub(super) fn qualify(qualifiers: &mut CompactString, name: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    if !qualifiers.is_empty() {
        qualifiers.push(' ');
    }
    qualifiers.push_str(name);
    qualifiers.push('=');
    qualifiers.push_str(value);
}
