//! Reads fields of the row at hand, and says what is wrong with them.

use std::borrow::Cow;

use compact_str::CompactString;
use musubi_model::checkdigit::is_my_number;
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::{ByteRange, CodeSystem, Coded, Demographics, Fact, FactTable, Finding, PartialDate, Rule};

use super::file::Form;
use super::{Frame, file, rules};
use crate::lookup::{Answer, Lookup, unknown};
use crate::notes::Notes;
use crate::text;

/// The row at hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Inside the stay, from 1.
    pub row: u32,
    pub range: ByteRange,
}

/// A stay while it is read.
pub(super) struct Reader<'a, 'm> {
    pub notes: Notes,
    pub frame: &'m Frame,
    form: Form,
    pub place: Place,
    fields: Vec<&'a [u8]>,
    pub facts: Vec<Fact>,
    pub person: Demographics,
    pub lookup: Lookup<'m>,
    /// The days of the stay.
    pub admission: Option<PartialDate>,
    pub discharge: Option<PartialDate>,
    /// Day of care, for the masters.
    pub on: Option<PartialDate>,
    last_date: (Vec<u8>, Option<PartialDate>),
    outside_told: bool,
}

/// Days of "none" and "not known".
fn is_no_day(field: &[u8]) -> bool {
    matches!(field, b"" | b"00000000" | b"99999999")
}

impl<'a, 'm> Reader<'a, 'm> {
    pub(super) fn new(
        frame: &'m Frame,
        form: Form,
        range: ByteRange,
        findings_max: u32,
        masters: &'m dyn Masters,
    ) -> Self {
        Self {
            notes: Notes::new(findings_max),
            frame,
            form,
            place: Place { row: 1, range },
            fields: Vec::with_capacity(32),
            facts: Vec::new(),
            person: Demographics::default(),
            lookup: Lookup::new(masters),
            admission: None,
            discharge: None,
            on: None,
            last_date: (Vec::new(), None),
            outside_told: false,
        }
    }

    /// Takes a line as the row at hand.
    pub(super) fn take(&mut self, line: &'a [u8], place: Place) {
        self.place = place;
        file::cut(line, self.frame.separator, &mut self.fields);
    }

    /// How many columns the row has.
    pub(super) fn width(&self) -> usize {
        self.fields.len()
    }

    /// A column, counted from 0 as the manual orders them.
    pub(super) fn field(&self, column: usize) -> &'a [u8] {
        let at = match self.frame.columns.get(column) {
            Some(at) => usize::from(*at),
            None => column,
        };
        self.fields.get(at).copied().unwrap_or_default()
    }

    /// A column as a short ASCII code; empty when it is none.
    pub(super) fn code(&self, column: usize) -> &'a str {
        let field = self.field(column);
        let sound = field.len() <= 20 && field.iter().all(u8::is_ascii_graphic);
        std::str::from_utf8(field).ok().filter(|_| sound).unwrap_or_default()
    }

    /// A column decoded.
    pub(super) fn text(&mut self, column: usize) -> Cow<'a, str> {
        let text = text::decode(self.frame.encoding, self.field(column));
        if text.contains('\u{FFFD}') {
            self.say(&rules::TEXT_BAD, column, || "読めないバイト".to_owned(), "文字コードの文字");
        }
        text
    }

    pub(super) fn finding(&self, rule: &'static Rule, column: Option<usize>) -> Finding {
        let record = match self.form {
            Form::Form1 => format!("入院内 行 {} ({})", self.place.row, self.label()),
            Form::Ef => format!("入院内 行 {}", self.place.row),
        };
        let field = match (self.form, column) {
            (_, None) => String::new(),
            (Form::Form1, Some(column)) if column >= 8 => format!("ペイロード {}", column - 7),
            (Form::Form1, Some(column)) => format!("列 {}", column + 1),
            (Form::Ef, Some(column)) => format!("EF-{}", column + 1),
        };
        Finding::new(rule).at(self.place.range).in_field(record, field)
    }

    /// The code of the row, when it has the shape of one.
    fn label(&self) -> &str {
        let code = self.code(5);
        if code.len() == 7 && code.bytes().all(|b| b.is_ascii_alphanumeric()) { code } else { "?" }
    }

    pub(super) fn say(
        &mut self,
        rule: &'static Rule,
        column: usize,
        found: impl FnOnce() -> String,
        expected: &str,
    ) {
        let finding = self.finding(rule, Some(column)).found(found()).expected(expected);
        self.notes.push(finding);
    }

    /// A finding that shows the shape of a column.
    pub(super) fn say_shape(&mut self, rule: &'static Rule, column: usize, expected: &str) {
        let shape = shape_of(&text::decode(self.frame.encoding, self.field(column)));
        self.say(rule, column, || shape, expected);
    }

    /// A day; "none" and "not known" are none.
    pub(super) fn date(&mut self, column: usize, unreadable: &'static Rule) -> Option<PartialDate> {
        let field = self.field(column);
        if is_no_day(field) {
            return None;
        }
        if self.last_date.0 == field {
            return self.last_date.1;
        }
        let read = PartialDate::read(field).ok().filter(|r| (1868..=2200).contains(&r.date.year()));
        match read {
            None => self.say_shape(unreadable, column, "YYYYMMDD"),
            Some(read) if read.outside_era => self.say_shape(&rules::DATE_ERA, column, "元号の期間内"),
            Some(_) => {}
        }
        let date = read.map(|r| r.date);
        if date.is_some() {
            self.last_date = (field.to_vec(), date);
        }
        date
    }

    /// A day that must lie within the stay; told once when it does not.
    pub(super) fn date_of_stay(&mut self, column: usize) -> Option<PartialDate> {
        let date = self.date(column, &rules::DATE)?;
        let day = date.earliest();
        let before = self.admission.is_some_and(|a| day < a.earliest() && date < a);
        let after = self.discharge.is_some_and(|d| day > d.earliest());
        if (before || after) && !self.outside_told {
            self.outside_told = true;
            let found = if before { "入院日より前" } else { "退院日より後" };
            self.say(&rules::OUTSIDE, column, || found.to_owned(), "入院期間内");
        }
        Some(date)
    }

    /// Refuses a My Number in a column for another number.
    pub(super) fn radar(&mut self, column: usize) {
        let field = self.field(column);
        if field.len() == 12 && is_my_number(self.code(column)) {
            self.say(&rules::MYNUMBER, column, || "12 桁の番号".to_owned(), "個人番号ではない番号");
        }
    }

    /// The columns that say whose row it is: facility, patient, admission. `false`: they do not.
    pub(super) fn key(&mut self, admission: usize) -> bool {
        self.radar(1);
        let digits =
            |field: &[u8], length: usize| field.len() == length && field.iter().all(u8::is_ascii_digit);
        let mut sound = true;
        for (column, length) in [(0, 9), (1, 10)] {
            if !digits(self.field(column), length) {
                self.say_shape(&rules::KEY, column, &format!("{length} 桁の数字"));
                sound = false;
            }
        }
        let days_optional = self.form == Form::Ef && self.field(admission) == b"00000000";
        self.admission = self.date(admission, &rules::KEY);
        if self.admission.is_none() && !days_optional {
            if is_no_day(self.field(admission)) {
                self.say_shape(&rules::KEY, admission, "入院年月日");
            }
            sound = false;
        }
        sound
    }

    /// Keeps a discharge that does not lie before the admission.
    pub(super) fn discharged(&mut self, column: usize) {
        let day = self.date(column, &rules::DATE);
        if day.zip(self.admission).is_some_and(|(d, a)| d.earliest() < a.earliest()) {
            self.say(&rules::PERIOD, column, || "入院日より前の退院日".to_owned(), "入院日以後");
        } else if day.is_some() {
            self.discharge = day;
        }
    }

    /// The code of the facility.
    pub(super) fn facility(&self) -> Coded {
        Coded::new(CodeSystem::Institution, self.code(0))
    }

    /// A fact of the row at hand with a code of the survey.
    pub(super) fn fact(&self, table: FactTable, code: &str) -> Fact {
        let mut fact = Fact::new(table, self.place.range);
        if !code.is_empty() {
            fact.source = Some(Coded::new(CodeSystem::DpcItem, code));
        }
        fact
    }

    /// Asks the masters for a code; one they do not have is told.
    pub(super) fn ask(&mut self, source: &Coded, column: usize) -> Option<musubi_model::code::MasterEntry> {
        match self.lookup.ask(&source.system, &source.code, self.on) {
            Answer::Known(entry) => Some(entry),
            Answer::Unknown(edition) => {
                let position = self.finding(&rules::CODE_SHAPE, Some(column)).position;
                let mut finding = unknown(&source.system, &source.code, &edition);
                finding.position = position;
                self.notes.push(finding);
                None
            }
            Answer::NoMaster => None,
        }
    }
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
