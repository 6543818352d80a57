//! One row of LIFE into facts, field by field, as the table says.

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::{CodeSystem, Coded, Fact, FactTable, Identifying, PartialDate};
use rust_decimal::Decimal;

use super::table::{Class, Field};
use super::{Column, Places};
use crate::care::sheet::{Cells, each_row, frame, unit_bytes};
use crate::care::work::{At, Work, key};
use crate::care::{Shape, rules};
use crate::lookup::{Answer, unknown};
use crate::ssmix2::value::{Kind as ValueKind, read as read_value};
use crate::text::Encoding;
use crate::{Document, MappedUnit, Split, UnitSlice, UnitVersion, VersionState};

/// A row with its columns.
struct Form<'a, 'r> {
    cells: Cells<'a, 'r>,
    columns: &'r [Column],
    interface: &'r str,
    /// サービス種類コード.
    service: CompactString,
    /// The day the form speaks of.
    day: Option<PartialDate>,
    /// The first column of each class.
    places: &'r Places,
}

pub(super) fn map(
    document: &Document<'_>,
    split: &Split,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    let none = [None; Class::COUNT];
    let (encoding, interface, columns, places, time) =
        match frame(split, unit).map(|f| (f.encoding, &f.shape)) {
            Some((encoding, Shape::Life { interface, columns, places, time })) => {
                (encoding, interface.as_str(), columns.as_slice(), places, time.as_str())
            }
            _ => (Encoding::ShiftJis, "", &[][..], &none, ""),
        };
    let mut work = Work::new(document, unit, masters);
    let mut version = None;
    let (bytes, start) = unit_bytes(document, unit);
    each_row(bytes, start, b',', document.limits.record_bytes_max, |row| {
        let cells = Cells { bytes, row, encoding, shift: 0 };
        if !work.take_up(document, &cells, interface) {
            return;
        }
        if cells.filled() > columns.len() {
            let expected = format!("{} 項目", columns.len());
            work.say(&rules::COLUMNS, "", format!("{} 項目", cells.len()), &expected);
        }
        work.facts.reserve(columns.len());
        let mut form =
            Form { cells, columns, interface, service: CompactString::default(), day: None, places };
        version = form.read(&mut work, time);
    });
    work.finish(version)
}

impl<'r> Form<'_, 'r> {
    /// Columns with the field they hold.
    fn known(&self) -> impl Iterator<Item = (usize, &'static Field, &'r Column)> + use<'r> {
        self.columns.iter().enumerate().filter_map(|(at, column)| Some((at, column.field?, column)))
    }

    fn find(&self, class: Class) -> Option<(At, &'static Field)> {
        let at = usize::from(self.places.get(class as usize).copied().flatten()?);
        let field = self.columns.get(at)?.field?;
        Some((At(at, field.ja), field))
    }

    fn text(&self, class: Class) -> String {
        self.find(class).map(|(at, _)| self.cells.text(at.0).trim().to_owned()).unwrap_or_default()
    }

    fn read(&mut self, work: &mut Work<'_>, time: &str) -> Option<UnitVersion> {
        let facility = self.text(Class::Facility);
        let number = self.text(Class::Number);
        if facility.is_empty() || number.is_empty() {
            work.say(&rules::LIFE_KEY, "外部システム管理番号", "空欄".to_owned(), "事業所番号と管理番号");
        }
        if let Some((at, _)) = self.find(Class::Service) {
            self.service = work.code(&self.cells, at, 2);
        }
        self.person(work);
        self.day = self.find(Class::When).and_then(|(at, _)| work.date(&self.cells, at));
        work.not_before_birth(self.day, "評価日");
        self.required(work);
        for at in 0..self.columns.len() {
            self.field(work, at);
        }
        if self.interface == "SERVICE_USER_INFO" {
            self.user(work);
        }
        // The number of a form is the form's; the day keeps forms apart that share a number.
        let day = self.day.map(|d| d.to_string()).unwrap_or_default();
        let parts = [
            "life",
            self.interface,
            &facility,
            &self.service,
            &self.text(Class::Insurer),
            &self.text(Class::Insured),
            &number,
            &self.text(Class::Detail),
            if self.interface == "SERVICE_USER_INFO" { "" } else { &day },
        ];
        let time = if time.is_empty() { day.replace('-', "") } else { time.to_owned() };
        Some(UnitVersion { key: key(&parts), time: CompactString::from(time), state: VersionState::Current })
    }

    /// Who: the numbers of long-term care; the management number only where it is the user's.
    fn person(&self, work: &mut Work<'_>) {
        let cells = &self.cells;
        if let (Some((insurer, _)), Some((insured, _))) =
            (self.find(Class::Insurer), self.find(Class::Insured))
        {
            work.insured(cells, insurer, insured);
        }
        let is_user = self.interface == "SERVICE_USER_INFO";
        if let Some((at, _)) = self.find(Class::Number) {
            work.radar(cells, at);
            // A form's number is the same for two persons at times: it may stand for the person only when it is the
            // user's, or when nothing else does.
            if is_user || work.person.care_number.expose().is_empty() {
                work.person.local_number =
                    Identifying::new(CompactString::from(work.words(cells, at).trim()));
            }
        }
        work.is_somebody();
        let name = |work: &mut Work<'_>, family, given| {
            let mut name = CompactString::default();
            for (at, _) in [self.find(family), self.find(given)].into_iter().flatten() {
                work.radar(cells, at);
                let part = work.words(cells, at);
                if !name.is_empty() && !part.is_empty() {
                    name.push(' ');
                }
                name.push_str(&part);
            }
            Identifying::new(name)
        };
        work.person.name_kanji = name(work, Class::Family, Class::Given);
        work.person.name_kana = name(work, Class::FamilyKana, Class::GivenKana);
        if let Some((at, _)) = self.find(Class::Birth) {
            work.birth(cells, at);
        }
        if let Some((at, _)) = self.find(Class::Sex) {
            work.sex(cells, at);
        }
        work.person_fact();
    }

    fn required(&self, work: &mut Work<'_>) {
        for (at, field, _) in self.known() {
            let key = matches!(
                field.class,
                Class::Facility | Class::Number | Class::Insurer | Class::Insured | Class::Birth
            );
            if field.required && !key && self.cells.is_blank(at) {
                work.say(&rules::LIFE_REQUIRED, field.ja, "空欄".to_owned(), "値");
            }
        }
    }

    /// Adds a fact of a field.
    fn add<'w>(&self, work: &'w mut Work<'_>, table: FactTable, code: CompactString) -> &'w mut Fact {
        let fact = work.add(table, self.day);
        fact.source = Some(Coded { system: CodeSystem::Life, code, text: None });
        fact.department = self.service.clone();
        fact
    }

    /// One cell.
    fn field(&self, work: &mut Work<'_>, column: usize) {
        let Some(of) = self.columns.get(column) else { return };
        if self.cells.is_blank(column) {
            return;
        }
        let Some(field) = of.field else {
            self.other(work, column, &of.code);
            return;
        };
        let at = At(column, field.ja);
        // A field of another interface keeps its meaning, not its code.
        let code = if of.code.is_empty() { CompactString::const_new(field.code) } else { of.code.clone() };
        match field.class {
            Class::Code => self.code(work, at, field, code),
            Class::Amount => self.number(work, at, field, code),
            Class::Time => self.time(work, at, field, code),
            Class::Date | Class::When => {
                let day = if field.class == Class::When { self.day } else { work.date(&self.cells, at) };
                if field.class == Class::Date && self.interface == "SERVICE_USER_INFO" {
                    return;
                }
                if let Some(day) = day {
                    if field.class == Class::Date {
                        work.not_before_birth(Some(day), field.ja);
                    }
                    let fact = self.add(work, FactTable::Observation, code);
                    fact.start = Some(day);
                }
            }
            Class::Icd10 => self.icd10(work, at, code),
            Class::Icf => {
                let sent = work.code(&self.cells, at, field.size.max(8));
                if !sent.is_empty() {
                    let fact = self.add(work, FactTable::Observation, code);
                    fact.value.text = sent.clone();
                    fact.standard = Some(Coded::new(CodeSystem::Icf, &sent));
                }
            }
            Class::Drug => self.drug(work, at, code),
            Class::Text => {
                self.long(work, at, field);
                work.note(&self.cells, at, &format!("LIFE.{code}"), self.day);
            }
            Class::Staff => {
                self.long(work, at, field);
                work.radar(&self.cells, at);
            }
            Class::Family | Class::Given | Class::FamilyKana | Class::GivenKana | Class::Number => {
                self.long(work, at, field);
            }
            Class::Facility
            | Class::Service
            | Class::Detail
            | Class::Insurer
            | Class::Insured
            | Class::Sex
            | Class::Birth
            | Class::Level => {}
        }
    }

    fn long(&self, work: &mut Work<'_>, at: At, field: &Field) {
        // A character has at most four bytes, so most cells need no counting.
        if field.size > 0 && self.cells.raw(at.0).len() > field.size {
            let length = self.cells.text(at.0).chars().count();
            if length > field.size {
                work.say(
                    &rules::LIFE_LONG,
                    at.1,
                    format!("{length} 文字"),
                    &format!("{} 文字以下", field.size),
                );
            }
        }
    }

    fn code(&self, work: &mut Work<'_>, at: At, field: &Field, code: CompactString) {
        let sent = work.code(&self.cells, at, field.size.max(3));
        if sent.is_empty() {
            return;
        }
        let same = |v: &&str| v.trim_start_matches('0') == sent.trim_start_matches('0');
        let known = || field.values.contains(&sent.as_str()) || field.values.iter().any(same);
        if !field.values.is_empty() && !known() {
            work.say(
                &rules::LIFE_CODE,
                at.1,
                format!("{} 桁の値", sent.len()),
                &format!("{} 個の値のいずれか", field.values.len()),
            );
            return;
        }
        let fact = self.add(work, FactTable::Observation, code);
        fact.value.text = sent;
    }

    fn number(&self, work: &mut Work<'_>, at: At, field: &Field, code: CompactString) {
        let Some(number) = work.number(&self.cells, at) else { return };
        if let Some((low, high)) = field.range
            && (number < Decimal::from(low) || number > Decimal::from(high))
        {
            work.say(
                &rules::RANGE,
                at.1,
                format!("{} 桁の値", self.cells.raw(at.0).len()),
                &format!("{low}〜{high}"),
            );
            return;
        }
        let whole = self.cells.raw(at.0).split(|b| *b == b'.').next().unwrap_or_default();
        let digits = whole.iter().skip_while(|b| matches!(b, b'-' | b'0')).count().max(1);
        if field.size > 0 && digits > field.size {
            work.say(
                &rules::LIFE_LONG,
                at.1,
                format!("整数部 {digits} 桁"),
                &format!("{} 桁以下", field.size),
            );
        }
        let table = if field.unit.is_empty() { FactTable::Observation } else { FactTable::Measurement };
        let fact = self.add(work, table, code);
        fact.value.text = CompactString::from_utf8(self.cells.raw(at.0)).unwrap_or_default();
        fact.value.number = Some(number);
        fact.value.unit = CompactString::const_new(field.unit);
    }

    /// `HHmm`, or an hour or a minute alone.
    fn time(&self, work: &mut Work<'_>, at: At, field: &Field, code: CompactString) {
        let Some(number) = work.count(&self.cells, at) else { return };
        let sound = match field.size {
            4 => number / 100 <= 24 && number % 100 <= 59,
            _ => number <= 59,
        };
        if !sound {
            work.say_shape(&rules::RANGE, &self.cells, at, "時刻");
            return;
        }
        let fact = self.add(work, FactTable::Observation, code);
        fact.value.text = CompactString::from_utf8(self.cells.raw(at.0)).unwrap_or_default();
    }

    /// A disease: the code with its point as sent, without it as the standard.
    fn icd10(&self, work: &mut Work<'_>, at: At, code: CompactString) {
        let raw = self.cells.raw(at.0);
        let plain: Vec<u8> =
            raw.iter().copied().filter(|b| *b != b'.').map(|b| b.to_ascii_uppercase()).collect();
        let sound = matches!(plain.as_slice(), [b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9', rest @ ..]
            if rest.len() <= 3 && rest.iter().all(u8::is_ascii_alphanumeric));
        if !sound {
            work.say_shape(&rules::CODE, &self.cells, at, "ICD-10 (B15.9)");
            return;
        }
        let (sent, plain) = (
            CompactString::from_utf8(raw).unwrap_or_default(),
            CompactString::from_utf8(&plain).unwrap_or_default(),
        );
        let fact = work.add(FactTable::ConditionOccurrence, self.day);
        fact.source = Some(Coded::new(CodeSystem::Icd10, &sent));
        fact.standard = Some(Coded::new(CodeSystem::Icd10, &plain));
        fact.group = code;
        fact.department = self.service.clone();
    }

    /// A drug, with dose and times of the same row.
    fn drug(&self, work: &mut Work<'_>, at: At, code: CompactString) {
        let sent = work.code(&self.cells, at, 9);
        if sent.len() != 9 {
            if !sent.is_empty() {
                work.say_shape(&rules::CODE, &self.cells, at, "9桁のレセプト電算コード");
            }
            return;
        }
        let mut source = Coded::new(CodeSystem::ReceiptDrug, &sent);
        match work.lookup.ask(&CodeSystem::ReceiptDrug, &sent, self.day) {
            Answer::Known(entry) => source = source.with_text(&entry.name),
            Answer::Unknown(edition) => {
                let finding = unknown(&CodeSystem::ReceiptDrug, &sent, &edition);
                work.notes.push(finding.at(work.range).in_field(self.interface, at.1));
            }
            Answer::NoMaster => {}
        }
        let fact = work.add(FactTable::DrugExposure, self.day);
        fact.source = Some(source);
        let cell = |name: &str| self.known().find(|(_, f, _)| f.name == name).map(|(at, _, _)| at);
        let number = |name: &str| super::super::work::plain_number(self.cells.raw(cell(name)?));
        fact.quantity = number("dose");
        fact.times = number("dispensing_quantity").and_then(|n| u32::try_from(n).ok());
        fact.status = cell("change_status").and_then(|at| self.cells.code(at, 2)).unwrap_or_default();
        fact.group = code;
        fact.department = self.service.clone();
    }

    /// A field that no interface has: a number, a grade or a code as such, anything else stays sealed.
    fn other(&self, work: &mut Work<'_>, column: usize, code: &CompactString) {
        if code.is_empty() {
            return;
        }
        let text = self.cells.text(column);
        let reading = read_value(&text);
        if matches!(reading.kind, ValueKind::Number | ValueKind::Qualitative | ValueKind::Several)
            && text.chars().count() <= 8
        {
            let fact = self.add(work, FactTable::Observation, code.clone());
            fact.value.text = CompactString::from(text.trim());
            fact.value.number = reading.number;
        } else {
            work.note(&self.cells, At(column, "項目一覧にない列"), &format!("LIFE.{code}"), self.day);
        }
    }

    /// The user: certificate, use of the service, death.
    fn user(&self, work: &mut Work<'_>) {
        let cells = &self.cells;
        let missing = At(usize::MAX / 2, "");
        let by_name = |name: &str| {
            self.known().find(|(_, f, _)| f.name == name).map_or(missing, |(at, f, _)| At(at, f.ja))
        };
        let level = self.find(Class::Level).and_then(|(at, _)| work.level(cells, at));
        let (from, to) = work.term(cells, by_name("care_period_start"), by_name("care_period_end"));
        if level.is_some() || from.is_some() {
            let fact = work.add(FactTable::CareNeed, from.or(self.day));
            (fact.source, fact.end) = (level, to);
            fact.status = CompactString::const_new("certified");
            fact.department = self.service.clone();
        }
        let (start, end) = work.term(cells, by_name("start_date"), by_name("end_date"));
        if start.is_some() || end.is_some() {
            let fact = work.add(FactTable::VisitOccurrence, start);
            fact.end = end;
            fact.group = CompactString::const_new("service");
            fact.department = self.service.clone();
        }
        let death = by_name("death_date");
        if let Some(day) = work.date(cells, death) {
            work.not_before_birth(Some(day), death.1);
            work.add(FactTable::Death, Some(day));
        }
    }
}
