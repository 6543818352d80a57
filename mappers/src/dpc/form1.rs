//! One stay of 様式1 into facts: a row is a code with up to nine payloads, and the item table says what they are.

use compact_str::{CompactString, format_compact};
use musubi_model::code::Masters;
use musubi_model::{ByteRange, CodeSystem, Coded, Fact, FactTable, Identifying, PartialDate, Sex};
use rust_decimal::Decimal;

use super::file::{Form, Lines};
use super::items::{self, Becomes, Item, Kind, When, Wrong};
use super::reader::{Place, Reader, qualify};
use super::{Frame, rules};
use crate::{Document, MappedUnit, RecordCounts, UnitSlice, UnitVersion, VersionState};

/// The columns in front of the payloads: facility, patient, admission, 回数管理番号, 統括診療情報番号, code, version,
/// serial number.
const CODE: usize = 5;
const SERIAL: usize = 7;

/// The column of a payload.
const fn payload(n: usize) -> usize {
    7 + n
}

/// What is gathered over the rows of a stay.
#[derive(Default)]
struct Stay {
    /// Sub-form (統括診療情報番号), code and serial number of each row.
    seen: Vec<(CompactString, CompactString, CompactString)>,
    /// Facts that were so on the day of discharge.
    at_discharge: Vec<usize>,
    visits: Vec<(CompactString, usize)>,
    age: Option<Fact>,
    newest: Option<PartialDate>,
    has_person: bool,
    death: Option<Fact>,
    unknown_told: bool,
}

pub(super) fn map(
    document: &Document<'_>,
    frame: &Frame,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    let bytes = unit.range.slice(document.bytes).unwrap_or_default();
    let limits = document.limits;
    let mut reader = Reader::new(frame, Form::Form1, unit.range, limits.findings_per_unit_max, masters);
    let mut stay = Stay::default();
    let (mut rows, mut sound) = (0u32, true);
    let mut version = None;
    for (start, line) in Lines::new(bytes) {
        rows += 1;
        let range = ByteRange::within(unit.range.start, start, start + line.len());
        reader.take(line, Place { row: rows, range });
        if u32::try_from(line.len()).unwrap_or(u32::MAX) > limits.record_bytes_max
            || rows > limits.records_per_unit_max
        {
            if sound {
                let finding =
                    reader.finding(&rules::LIMIT, None).found(format!("{} バイト、{rows} 行目", line.len()));
                reader.notes.push(finding);
            }
            sound = false;
        } else if reader.width() < 9 {
            if sound {
                let finding = reader.finding(&rules::COLUMNS, None).found(format!("{} 列", reader.width()));
                reader.notes.push(finding.expected("17 列"));
            }
            sound = false;
        } else if sound {
            if rows == 1 {
                sound = reader.key(2);
                reader.person.local_number = Identifying::new(CompactString::from(reader.code(1)));
                reader.on = reader.admission;
                version = Some((CompactString::from(reader.code(0)), CompactString::from(reader.code(3))));
            }
            if sound {
                row(&mut reader, &mut stay);
            }
        }
    }
    if sound {
        close(&mut reader, &mut stay);
    }
    let version =
        version.filter(|_| sound).and_then(|(facility, count)| versioned(&reader, &stay, &facility, &count));
    if reader.notes.has_error() {
        reader.facts.clear();
    }
    reader.facts.sort_by_key(|f| f.range.start);
    let mut records = RecordCounts::default();
    records.add(Form::Form1.kind(), u64::from(rows));
    MappedUnit {
        demographics: reader.person,
        facts: reader.facts,
        findings: reader.notes.finish(),
        records,
        version,
        master_version: reader.lookup.editions(),
    }
}

/// A stay sent again supersedes: its key is facility, patient, admission and 回数管理番号; the greater is the one of the
/// later survey month, then of the later delivery, then the one that knows the later day.
fn versioned(reader: &Reader<'_, '_>, stay: &Stay, facility: &str, count: &str) -> Option<UnitVersion> {
    let admission = reader.admission?;
    let patient = reader.person.local_number.expose();
    let key = format!("{facility}|{patient}|{admission}|{count}|{}", reader.frame.piece);
    let newest = stay.newest.or(reader.discharge).unwrap_or(admission);
    let month = if reader.frame.month.is_empty() {
        format_compact!("{:04}{:02}", newest.year(), newest.month().unwrap_or(0))
    } else {
        reader.frame.month.clone()
    };
    let time = format_compact!("{month}.{:0>8}.{newest}", reader.frame.delivered);
    Some(UnitVersion { key: Identifying::new(key), time, state: VersionState::Current })
}

fn row(reader: &mut Reader<'_, '_>, stay: &mut Stay) {
    let (child, code, serial) = (reader.code(4), reader.code(CODE), reader.code(SERIAL));
    let place = (CompactString::from(child), CompactString::from(code), CompactString::from(serial));
    if code.is_empty() {
        return reader.say_shape(&rules::VALUE, CODE, "7 桁のコード");
    }
    if stay.seen.contains(&place) {
        reader.say(&rules::ITEM_TWICE, CODE, || format!("{code} 連番 {serial}"), "一つの行");
    }
    stay.seen.push(place);
    let Some(items) = items::of(code) else { return unknown(reader, stay, code) };
    // What payloads the table does not have may be new ones.
    for n in 1..=9 {
        if !reader.field(payload(n)).is_empty() && items.iter().all(|i| i.payload != n) {
            reader.say_shape(&rules::VALUE, payload(n), "空欄");
        }
    }
    match code {
        "A000010" => person(reader, stay),
        "A000020" => admitted(reader, stay, child),
        "A000030" => discharged(reader, stay, child),
        "A000031" => {
            visit(reader, stay, child);
            for n in [1, 2] {
                let day = reader.date_of_stay(payload(n));
                stay.newest = stay.newest.max(day);
            }
        }
        "A000040" => {
            let department = checked(reader, items, 2);
            if let Some(fact) = visit(reader, stay, child) {
                fact.department = department;
            }
        }
        "A006010" | "A006020" | "A006030" | "A006031" | "A006040" | "A006050" => {
            diagnosis(reader, items, code, serial);
        }
        "A007010" => surgery(reader, items, serial),
        _ => {}
    }
    for item in items {
        match item.becomes {
            Becomes::Own => {}
            Becomes::Note => note(reader, code, item.payload, serial),
            Becomes::Observation => value(reader, stay, FactTable::Observation, code, item, serial),
            Becomes::Measurement => value(reader, stay, FactTable::Measurement, code, item, serial),
        }
    }
}

/// The value of a payload that is a code, when it is one of its values.
fn checked(reader: &mut Reader<'_, '_>, items: &[Item], n: usize) -> CompactString {
    let text = reader.code(payload(n));
    if let Some(item) = items.iter().find(|i| i.payload == n)
        && !reader.field(payload(n)).is_empty()
    {
        tell(reader, item, text);
    }
    CompactString::from(text)
}

fn tell(reader: &mut Reader<'_, '_>, item: &Item, text: &str) {
    match item.kind.check(text) {
        Ok(()) => {}
        Err(Wrong::Range) => reader.say_shape(&rules::RANGE, payload(item.payload), "項目の範囲の数"),
        Err(Wrong::Value) => reader.say_shape(&rules::VALUE, payload(item.payload), "項目の値"),
    }
}

/// A text that stays in the original.
fn note(reader: &mut Reader<'_, '_>, code: &str, n: usize, serial: &str) {
    if reader.text(payload(n)).is_empty() {
        return;
    }
    let mut fact = reader.fact(FactTable::Note, &format_compact!("{code}.{n}"));
    fact.start = reader.admission;
    fact.group = joined(serial);
    reader.facts.push(fact);
}

/// A payload that is a code, a score or a number.
fn value(
    reader: &mut Reader<'_, '_>,
    stay: &mut Stay,
    table: FactTable,
    code: &str,
    item: &Item,
    serial: &str,
) {
    let column = payload(item.payload);
    if reader.field(column).is_empty() {
        return;
    }
    let source = format_compact!("{code}.{}", item.payload);
    let text = match &item.kind {
        // Stages are written with brackets in full width, too.
        Kind::Stage(_) => CompactString::from(reader.text(column)),
        _ => CompactString::from(reader.code(column)),
    };
    let mut fact = reader.fact(table, &source);
    fact.start = reader.admission;
    fact.group = joined(serial);
    if let Kind::Month(_) = item.kind {
        if !item.kind.is_special(&text) {
            let Some(day) = reader.date(column, &rules::DATE) else { return };
            // Only the month is kept of the discharge before (前回退院年月).
            fact.value.text = format_compact!("{:04}-{:02}", day.year(), day.month().unwrap_or(0));
            reader.facts.push(fact);
            return;
        }
    } else if let Err(wrong) = item.kind.check(&text) {
        tell(reader, item, &text);
        // A value that is no code at all may say anything, and stays in the original.
        if wrong == Wrong::Value && !is_code(&text) {
            return note(reader, code, item.payload, serial);
        }
    }
    if !item.kind.is_special(&text) {
        if let Kind::Number(..) = item.kind {
            fact.value.number = items::number(&text);
            fact.value.unit = CompactString::const_new(item.unit);
        }
        if !item.standard.is_empty() {
            fact.standard = Some(Coded::new(CodeSystem::Loinc, item.standard));
        }
    }
    fact.value.text = text;
    match item.when {
        When::Admission => {}
        When::Discharge => stay.at_discharge.push(reader.facts.len()),
        When::Payload(n) => fact.start = reader.date_of_stay(payload(n)).or(fact.start),
    }
    reader.facts.push(fact);
}

/// What joins the facts of a row: its serial number, where the item can come more than once.
fn joined(serial: &str) -> CompactString {
    if serial == "0" { CompactString::default() } else { CompactString::from(serial) }
}

/// A short run of ASCII letters and digits.
fn is_code(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+/".contains(&b))
}

/// A code the table does not have: codes and numbers are kept under it, anything else is sealed.
fn unknown(reader: &mut Reader<'_, '_>, stay: &mut Stay, code: &str) {
    if !stay.unknown_told {
        stay.unknown_told = true;
        let shown = if is_code(code) && code.len() <= 7 { code } else { "?" };
        reader.say(&rules::ITEM_UNKNOWN, CODE, || shown.to_owned(), "一覧のコード");
    }
    if !is_code(code) || code.len() > 7 {
        return;
    }
    let serial = reader.code(SERIAL);
    for n in 1..=9 {
        let text = reader.code(payload(n));
        reader.radar(payload(n));
        if is_code(text) {
            let mut fact = reader.fact(FactTable::Observation, &format_compact!("{code}.{n}"));
            fact.start = reader.admission;
            fact.group = joined(serial);
            fact.value.text = CompactString::from(text);
            reader.facts.push(fact);
        } else {
            note(reader, code, n, serial);
        }
    }
}

/// The visit of a sub-form; made by its first row that speaks of it.
fn visit<'r>(reader: &'r mut Reader<'_, '_>, stay: &mut Stay, child: &str) -> Option<&'r mut Fact> {
    let at = match stay.visits.iter().find(|(c, _)| c == child) {
        Some((_, at)) => *at,
        None => {
            let mut fact = reader.fact(FactTable::VisitOccurrence, "");
            fact.source = Some(reader.facility());
            fact.start = reader.admission;
            fact.group = CompactString::from(child);
            qualify(&mut fact.qualifiers, "kind", "inpatient");
            reader.facts.push(fact);
            stay.visits.push((CompactString::from(child), reader.facts.len() - 1));
            reader.facts.len() - 1
        }
    };
    reader.facts.get_mut(at)
}

/// A000010: birth date, sex, postal code; the age at admission is worked out.
fn person(reader: &mut Reader<'_, '_>, stay: &mut Stay) {
    reader.radar(payload(3));
    let birth = reader.date(payload(1), &rules::BIRTH);
    if birth.zip(reader.admission).is_some_and(|(b, a)| a.earliest() < b.earliest()) {
        reader.say(&rules::BEFORE_BIRTH, payload(1), || "入院日より後の生年月日".to_owned(), "入院日以前");
    }
    let sex = match reader.field(payload(2)) {
        b"1" => Sex::Male,
        b"2" => Sex::Female,
        _ => {
            reader.say_shape(&rules::SEX, payload(2), "1・2");
            Sex::Unknown
        }
    };
    let postal = reader.field(payload(3));
    let no_postal = matches!(postal, b"" | b"0000000" | b"9999999");
    if !no_postal && (postal.len() != 7 || !postal.iter().all(u8::is_ascii_digit)) {
        reader.say_shape(&rules::VALUE, payload(3), "7 桁の郵便番号");
    }
    if stay.has_person {
        return;
    }
    stay.has_person = true;
    reader.person.birth = Identifying::new(birth);
    reader.person.sex = sex;
    if !no_postal {
        let text = CompactString::from(reader.code(payload(3)));
        reader.person.postal_code = Identifying::new(text);
    }
    let mut fact = reader.fact(FactTable::Person, "");
    fact.start = birth.and_then(|b| PartialDate::new(b.year(), b.month().unwrap_or(0), 0));
    fact.status = CompactString::const_new(sex.code());
    reader.facts.push(fact);
    let age = birth.zip(reader.admission.and_then(|a| a.to_date())).and_then(|(b, on)| b.age_on(on));
    if let Some(age) = age {
        let mut fact = reader.fact(FactTable::Observation, "AGE");
        fact.start = reader.admission;
        fact.value.text = format_compact!("{age}");
        fact.value.number = Some(Decimal::from(age));
        fact.value.unit = CompactString::const_new("歳");
        stay.age = Some(fact);
    }
}

/// A000020.
fn admitted(reader: &mut Reader<'_, '_>, stay: &mut Stay, child: &str) {
    let day = reader.date(payload(1), &rules::DATE);
    if day.is_some() && day != reader.admission {
        reader.say(&rules::ADMISSION, payload(1), || "行の入院年月日と違う日".to_owned(), "行の入院年月日");
    }
    let kind = CompactString::from(reader.code(payload(5)));
    let range = reader.place.range;
    if let Some(fact) = visit(reader, stay, child) {
        fact.range = range;
        qualify(&mut fact.qualifiers, "admission", &kind);
    }
}

/// A000030. Outcome 6 is death of the disease most treated, 7 of another; 24 hours: 1 died within, 2 before admission.
fn discharged(reader: &mut Reader<'_, '_>, stay: &mut Stay, child: &str) {
    reader.discharged(payload(1));
    let items = items::of("A000030").unwrap_or_default();
    let outcome = checked(reader, items, 3);
    let end = reader.discharge;
    stay.newest = stay.newest.max(end);
    let within = matches!(reader.field(payload(4)), b"1" | b"2");
    if matches!(outcome.as_str(), "6" | "7") || within {
        let mut death = reader.fact(FactTable::Death, "A000030.3");
        death.start = end;
        death.status.clone_from(&outcome);
        if within {
            qualify(&mut death.qualifiers, "within-24h", reader.code(payload(4)));
        }
        stay.death = Some(death);
    }
    if let Some(fact) = visit(reader, stay, child) {
        fact.end = end;
        fact.status = outcome;
    }
}

/// A0060x0: ICD-10, disease code, modifiers. A name is kept only where the disease has no code of its own.
fn diagnosis(reader: &mut Reader<'_, '_>, items: &[Item], code: &str, serial: &str) {
    let role = match code {
        "A006010" => "main",
        "A006020" => "admission",
        "A006030" => "resource",
        "A006031" => "resource2",
        "A006040" => "comorbidity",
        _ => "complication",
    };
    let icd = checked(reader, items, 2);
    let disease = checked(reader, items, 4);
    if icd.is_empty() && disease.is_empty() {
        return reader.say(
            &rules::CODE_MISSING,
            payload(2),
            || "(空)".to_owned(),
            "ICD-10 または傷病名コード",
        );
    }
    let mut fact = reader.fact(FactTable::ConditionOccurrence, "");
    fact.start = reader.admission;
    fact.group = CompactString::from(role);
    if !joined(serial).is_empty() {
        fact.group.push('-');
        fact.group.push_str(serial);
    }
    for n in 5..=8 {
        let modifier = checked(reader, items, n);
        if !modifier.is_empty() {
            if !fact.qualifiers.is_empty() {
                fact.qualifiers.push(' ');
            }
            fact.qualifiers.push_str(&modifier);
        }
    }
    let standard = (!icd.is_empty()).then(|| Coded::new(CodeSystem::Icd10, &icd.replace('.', "")));
    let mut source = match &standard {
        Some(icd) if disease.is_empty() => icd.clone(),
        _ => Coded::new(CodeSystem::ReceiptDisease, &disease),
    };
    if source.system == CodeSystem::ReceiptDisease && source.code == "0000999" {
        source = source.with_text(&reader.text(payload(9)));
    } else if source.system == CodeSystem::ReceiptDisease
        && let Some(entry) = reader.ask(&source, payload(4))
    {
        source = source.with_text(&entry.name);
    }
    fact.standard = standard;
    fact.source = Some(source);
    reader.facts.push(fact);
}

/// A007010: K code, day, which time, side, anaesthesia; the name stays in the original.
fn surgery(reader: &mut Reader<'_, '_>, items: &[Item], serial: &str) {
    // Details of the code are written in half-width kana (`K4073ｲ`).
    let section = CompactString::from(reader.text(payload(2)));
    if section.is_empty() {
        return reader.say(&rules::CODE_MISSING, payload(2), || "(空)".to_owned(), "点数表コード");
    }
    let known = items.iter().find(|i| i.payload == 2).is_none_or(|i| i.kind.check(&section).is_ok());
    if !known {
        reader.say_shape(&rules::CODE_SHAPE, payload(2), "K と 3 桁の数字、枝番、細項目");
        if !is_code(&section) {
            return note(reader, "A007010", 2, serial);
        }
    }
    let mut fact = reader.fact(FactTable::ProcedureOccurrence, "");
    fact.source = Some(Coded::new(CodeSystem::FeeSection, &section));
    fact.start = reader.date_of_stay(payload(1));
    fact.group = joined(serial);
    for (n, name) in [(3, "stem7"), (4, "operation"), (5, "side"), (6, "anaesthesia"), (7, "antibiotic")] {
        let value = checked(reader, items, n);
        qualify(&mut fact.qualifiers, name, &value);
    }
    reader.facts.push(fact);
}

/// What needs the whole stay.
fn close(reader: &mut Reader<'_, '_>, stay: &mut Stay) {
    reader.facts.extend(stay.age.take());
    reader.facts.extend(stay.death.take());
    for at in &stay.at_discharge {
        if let Some(fact) = reader.facts.get_mut(*at) {
            fact.start = reader.discharge.or(fact.start);
        }
    }
    for code in ["A000010", "A000020", "A000030", "A006030"] {
        if !stay.seen.iter().any(|(_, seen, _)| seen == code) {
            let finding = reader.finding(&rules::ITEM_MISSING, None).expected(code);
            reader.notes.push(finding);
        }
    }
}
