//! One stay (or outpatient day) of an EF file into facts: lines of acts with their codes, points, wards.
//!
//! A row with detail number 000 is an act with its points; the rows behind it are its details. The doctor's code is
//! never read; in outpatient files the birth date stands where the discharge does.

use compact_str::{CompactString, format_compact};
use musubi_model::checkdigit::modulus10_weight21;
use musubi_model::code::Masters;
use musubi_model::{ByteRange, CodeSystem, Coded, Fact, FactTable, Identifying, PartialDate, Sex};
use rust_decimal::Decimal;

use super::file::{Form, Lines};
use super::items::number;
use super::reader::{Place, Reader, qualify};
use super::{Frame, rules};
use crate::{Document, MappedUnit, RecordCounts, UnitSlice, UnitVersion, VersionState};

/// Columns as the manual numbers them, less one.
mod col {
    pub const BIRTH_OR_DISCHARGE: usize = 2;
    pub const DAY: usize = 3;
    pub const SECTION: usize = 4;
    pub const ORDER: usize = 5;
    pub const DETAIL: usize = 6;
    pub const LOCAL: usize = 7;
    pub const CODE: usize = 8;
    pub const NAME: usize = 10;
    pub const AMOUNT: usize = 11;
    pub const UNIT: usize = 12;
    pub const DETAIL_POINTS: usize = 13;
    pub const YEN: usize = 14;
    pub const FLAGS: usize = 16;
    pub const POINTS: usize = 17;
    pub const DRUG: usize = 18;
    pub const MATERIAL: usize = 19;
    pub const TIMES: usize = 20;
    pub const INSURER: usize = 21;
    pub const DONE: usize = 23;
    pub const DEPARTMENT: usize = 25;
    pub const WARD: usize = 27;
    pub const WARD_KIND: usize = 28;
    pub const OUTPATIENT: usize = 29;
}

/// A ward with the days on which something was done there.
struct Ward {
    code: CompactString,
    kind: CompactString,
    first: PartialDate,
    last: PartialDate,
    range: ByteRange,
}

/// What is gathered over the rows of a stay.
#[derive(Default)]
struct Stay {
    outpatient: bool,
    wards: Vec<Ward>,
    newest: Option<PartialDate>,
    /// The diagnosis of the row before: its order number and fact (EFg, SY).
    diagnosis: Option<(CompactString, usize)>,
    insurer_told: bool,
}

pub(super) fn map(
    document: &Document<'_>,
    frame: &Frame,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    let bytes = unit.range.slice(document.bytes).unwrap_or_default();
    let limits = document.limits;
    let mut reader = Reader::new(frame, Form::Ef, unit.range, limits.findings_per_unit_max, masters);
    let mut stay = Stay { outpatient: frame.outpatient, ..Stay::default() };
    let (mut rows, mut sound) = (0u32, true);
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
        } else if reader.width() < 24 {
            if sound {
                let finding = reader.finding(&rules::COLUMNS, None).found(format!("{} 列", reader.width()));
                reader.notes.push(finding.expected("31 列"));
            }
            sound = false;
        } else if sound {
            if rows == 1 {
                sound = begin(&mut reader, &mut stay);
            }
            if sound {
                row(&mut reader, &mut stay);
            }
        }
    }
    let version = if sound { versioned(&reader, &stay) } else { None };
    wards(&mut reader, &mut stay);
    if reader.notes.has_error() {
        reader.facts.clear();
    }
    reader.facts.sort_by_key(|f| f.range.start);
    let mut records = RecordCounts::default();
    records.add(Form::Ef.kind(), u64::from(rows));
    MappedUnit {
        demographics: reader.person,
        facts: reader.facts,
        findings: reader.notes.finish(),
        records,
        version,
        master_version: reader.lookup.editions(),
    }
}

/// A month of a stay that is sent again supersedes: the key is patient, admission and survey month; the greater is the
/// one of the later delivery, then the one that knows the discharge or the later day.
fn versioned(reader: &Reader<'_, '_>, stay: &Stay) -> Option<UnitVersion> {
    let patient = reader.person.local_number.expose();
    let newest = stay.newest.or(reader.admission)?;
    let month = if reader.frame.month.is_empty() {
        format_compact!("{:04}{:02}", newest.year(), newest.month().unwrap_or(0))
    } else {
        reader.frame.month.clone()
    };
    let day = reader.admission.map(|a| format_compact!("{a}")).unwrap_or_default();
    let kind = if stay.outpatient { "out" } else { "in" };
    let key = format!("{}|{patient}|{day}|{month}|{kind}|{}", reader.code(0), reader.frame.piece);
    let end = reader.discharge.map(|d| format_compact!("{d}")).unwrap_or_default();
    let time = format_compact!("{month}.{:0>8}.{end:0>10}.{newest}", reader.frame.delivered);
    Some(UnitVersion { key: Identifying::new(key), time, state: VersionState::Current })
}

/// The first row: whose stay it is. `false`: not known.
fn begin(reader: &mut Reader<'_, '_>, stay: &mut Stay) -> bool {
    if !reader.key(col::DAY) {
        return false;
    }
    reader.on = reader.admission;
    reader.person.local_number = Identifying::new(CompactString::from(reader.code(1)));
    stay.outpatient |= reader.field(col::OUTPATIENT) == b"1";
    if stay.outpatient {
        // Older outpatient files write zeros for both days.
        let birth = reader.date(col::BIRTH_OR_DISCHARGE, &rules::BIRTH);
        if birth.zip(reader.admission).is_some_and(|(b, a)| a.earliest() < b.earliest()) {
            reader.say(
                &rules::BEFORE_BIRTH,
                col::BIRTH_OR_DISCHARGE,
                || "受診日より後の生年月日".to_owned(),
                "受診日以前",
            );
        } else if let Some(birth) = birth {
            reader.person.birth = Identifying::new(Some(birth));
            let mut fact = reader.fact(FactTable::Person, "");
            fact.start = PartialDate::new(birth.year(), birth.month().unwrap_or(0), 0);
            fact.status = CompactString::const_new(Sex::Unknown.code());
            reader.facts.push(fact);
        }
    } else {
        reader.discharged(col::BIRTH_OR_DISCHARGE);
    }
    let mut visit = reader.fact(FactTable::VisitOccurrence, "");
    visit.source = Some(reader.facility());
    (visit.start, visit.end) = (reader.admission, reader.discharge);
    visit.department = CompactString::from(reader.code(col::DEPARTMENT));
    qualify(&mut visit.qualifiers, "kind", if stay.outpatient { "outpatient" } else { "inpatient" });
    reader.facts.push(visit);
    true
}

fn row(reader: &mut Reader<'_, '_>, stay: &mut Stay) {
    let done =
        if stay.outpatient { reader.date(col::DONE, &rules::DATE) } else { reader.date_of_stay(col::DONE) };
    stay.newest = stay.newest.max(done);
    insurer(reader, stay);
    if reader.field(col::SECTION).eq_ignore_ascii_case(b"SY") {
        return diagnosis(reader, stay, done);
    }
    if !stay.outpatient {
        ward(reader, stay, done);
    }
    if is_act(reader) {
        act(reader, done);
    } else {
        detail(reader, done);
    }
}

/// The row of an act, not of one of its details.
fn is_act(reader: &Reader<'_, '_>) -> bool {
    matches!(reader.field(col::DETAIL), b"" | b"000" | b"00" | b"0")
}

/// Section and order number join the rows of an act.
fn group(reader: &Reader<'_, '_>) -> CompactString {
    format_compact!("{}-{}", reader.code(col::SECTION), reader.code(col::ORDER).trim_start_matches('0'))
}

/// A number of a column; what is none is told.
fn amount(reader: &mut Reader<'_, '_>, column: usize) -> Option<Decimal> {
    let field = reader.field(column);
    if field.is_empty() {
        return None;
    }
    let text = reader.code(column);
    let read = match text.strip_prefix('-') {
        // Points taken back.
        Some(rest) => number(rest).map(|n| -n),
        None => number(text),
    };
    if read.is_none() {
        reader.say_shape(&rules::NUMBER, column, "数");
    }
    read.map(|n| n.normalize())
}

fn times(reader: &mut Reader<'_, '_>) -> Option<u32> {
    let n = amount(reader, col::TIMES)?;
    let whole = u32::try_from(n).ok().filter(|n| (1..=9999).contains(n));
    if whole.is_none() {
        reader.say_shape(&rules::RANGE, col::TIMES, "1 から 9999");
    }
    whole
}

/// The points of an act; drugs and materials in them stand beside.
fn act(reader: &mut Reader<'_, '_>, done: Option<PartialDate>) {
    let Some(points) = amount(reader, col::POINTS) else { return };
    if points.is_zero() {
        return;
    }
    let mut cost = reader.fact(FactTable::Cost, "");
    cost.source = Some(Coded::new(CodeSystem::Points, reader.code(col::SECTION)));
    cost.start = done;
    cost.quantity = Some(points);
    cost.times = times(reader);
    cost.value.unit = CompactString::const_new(if reader.field(col::YEN) == b"1" { "円" } else { "点" });
    cost.group = group(reader);
    cost.department = CompactString::from(reader.code(col::DEPARTMENT));
    for (column, name) in [(col::DRUG, "drug"), (col::MATERIAL, "material")] {
        if let Some(n) = amount(reader, column).filter(|n| !n.is_zero()) {
            qualify(&mut cost.qualifiers, name, &format_compact!("{n}"));
        }
    }
    reader.facts.push(cost);
}

/// A detail: procedure, drug, material or comment, by the first digit of its receipt code.
fn detail(reader: &mut Reader<'_, '_>, done: Option<PartialDate>) {
    let code = reader.code(col::CODE);
    let shaped = code.len() == 9 && code.bytes().all(|b| b.is_ascii_digit());
    if !shaped && !reader.field(col::CODE).is_empty() {
        reader.say_shape(&rules::CODE_SHAPE, col::CODE, "9 桁の数字");
    }
    let (table, system) = match code.as_bytes().first().filter(|_| shaped) {
        Some(b'6') => (FactTable::DrugExposure, CodeSystem::ReceiptDrug),
        Some(b'7') => (FactTable::DeviceExposure, CodeSystem::ReceiptMaterial),
        Some(b'3') => (FactTable::ProcedureOccurrence, CodeSystem::ReceiptDental),
        Some(b'8') => (FactTable::Note, CodeSystem::ReceiptComment),
        Some(_) => (FactTable::ProcedureOccurrence, CodeSystem::ReceiptProcedure),
        None => {
            (by_section(reader.code(col::SECTION)), CodeSystem::Other(CompactString::const_new("DPC-EF")))
        }
    };
    let mut fact = Fact::new(table, reader.place.range);
    fact.start = done;
    fact.group = group(reader);
    if table == FactTable::Note {
        // The text of a comment stays in the original.
        fact.source = Some(Coded::new(system, code));
        return reader.facts.push(fact);
    }
    let source = if shaped {
        Coded::new(system, code)
    } else {
        let name = reader.text(col::NAME);
        let local = if code.is_empty() { reader.code(col::LOCAL) } else { code };
        if local.is_empty() && name.is_empty() {
            return reader.say_shape(&rules::CODE_MISSING, col::CODE, "コードまたは名称");
        }
        Coded::new(system, local).with_text(&name)
    };
    if shaped && let Some(entry) = reader.ask(&source, col::CODE) {
        fact.standard = entry.standard;
    }
    fact.source = Some(source);
    fact.quantity = amount(reader, col::AMOUNT).filter(|n| !n.is_zero());
    fact.times = times(reader);
    let unit = reader.code(col::UNIT);
    if unit != "000" {
        fact.value.unit = CompactString::from(unit);
    }
    fact.department = CompactString::from(reader.code(col::DEPARTMENT));
    // Twelve digits, of which the survey uses the first seven (退院時処方, 包括, 持参薬, …).
    let flags = reader.code(col::FLAGS).get(..7).unwrap_or_default();
    if flags.bytes().any(|b| b != b'0') && flags.bytes().all(|b| b.is_ascii_digit()) {
        qualify(&mut fact.qualifiers, "flags", flags);
    }
    if let Some(n) = amount(reader, col::DETAIL_POINTS).filter(|n| !n.is_zero()) {
        let name = if reader.field(col::YEN) == b"1" { "yen" } else { "points" };
        qualify(&mut fact.qualifiers, name, &format_compact!("{n}"));
    }
    reader.facts.push(fact);
}

/// Lines without a receipt code: drugs in the sections of drugs (2x, 3x), procedures elsewhere.
fn by_section(section: &str) -> FactTable {
    match section.as_bytes().first() {
        Some(b'2' | b'3') => FactTable::DrugExposure,
        _ => FactTable::ProcedureOccurrence,
    }
}

/// A diagnosis of an outpatient file (データ区分 SY): its code, the day it began, main and outcome of the flags.
fn diagnosis(reader: &mut Reader<'_, '_>, stay: &mut Stay, done: Option<PartialDate>) {
    let code = reader.code(col::CODE);
    let order = CompactString::from(reader.code(col::ORDER));
    let at = match &stay.diagnosis {
        Some((before, at)) if *before == order => *at,
        _ => {
            if code.len() != 7 || !code.bytes().all(|b| b.is_ascii_digit()) {
                return reader.say_shape(&rules::CODE_SHAPE, col::CODE, "7 桁の傷病名コード");
            }
            let mut source = Coded::new(CodeSystem::ReceiptDisease, code);
            let mut fact = reader.fact(FactTable::ConditionOccurrence, "");
            if code == "0000999" {
                source = source.with_text(&reader.text(col::NAME));
            } else if let Some(entry) = reader.ask(&source, col::CODE) {
                source = source.with_text(&entry.name);
                fact.standard = entry.standard;
            }
            fact.source = Some(source);
            fact.start = done;
            reader.facts.push(fact);
            stay.diagnosis = Some((order, reader.facts.len() - 1));
            reader.facts.len() - 1
        }
    };
    let flags = reader.code(col::FLAGS).as_bytes();
    if flags.len() < 5 || !flags.iter().all(u8::is_ascii_digit) {
        return;
    }
    let flag = |n: usize| flags.get(n).copied().filter(|b| *b != b'0');
    if let Some(fact) = reader.facts.get_mut(at) {
        fact.status = flag(3).map(|b| CompactString::from(char::from(b).to_string())).unwrap_or_default();
        if flag(4).is_some() {
            fact.group = CompactString::const_new("main");
        }
    }
}

fn ward(reader: &mut Reader<'_, '_>, stay: &mut Stay, done: Option<PartialDate>) {
    let Some(day) = done else { return };
    let code = reader.code(col::WARD);
    if code.is_empty() || code.len() > 10 || code.bytes().all(|b| b == b'9') {
        if !reader.field(col::WARD).is_empty() && code.is_empty() {
            reader.say_shape(&rules::CODE_SHAPE, col::WARD, "10 桁以下の病棟コード");
        }
        return;
    }
    match stay.wards.iter_mut().rev().find(|w| w.code == code) {
        Some(ward) => (ward.first, ward.last) = (ward.first.min(day), ward.last.max(day)),
        None => stay.wards.push(Ward {
            code: CompactString::from(code),
            kind: CompactString::from(reader.code(col::WARD_KIND)),
            first: day,
            last: day,
            range: reader.place.range,
        }),
    }
}

/// The wards of the stay, each with its first and last day (病棟移動).
fn wards(reader: &mut Reader<'_, '_>, stay: &mut Stay) {
    for ward in stay.wards.drain(..) {
        let mut fact = Fact::new(FactTable::Observation, ward.range);
        fact.source = Some(Coded::new(CodeSystem::DpcItem, "EF-28"));
        (fact.start, fact.end) = (Some(ward.first), Some(ward.last));
        fact.value.text = ward.code;
        fact.status = ward.kind;
        reader.facts.push(fact);
    }
}

/// The insurer number, of the first row that has one.
fn insurer(reader: &mut Reader<'_, '_>, stay: &mut Stay) {
    let field = reader.field(col::INSURER);
    if field.is_empty() || field.iter().all(|b| *b == b'0') || field == b"NULL" {
        return;
    }
    if !reader.person.insurer_number.expose().is_empty() {
        return;
    }
    reader.radar(col::INSURER);
    let number = reader.code(col::INSURER);
    // 国保 numbers have 6 digits, filled up with zeros where eight are written.
    let short = number.strip_prefix("00").unwrap_or(number);
    let sound =
        [number, short].iter().any(|n| matches!(n.len(), 6 | 8) && modulus10_weight21(n) == Some(true));
    if !sound && !stay.insurer_told {
        stay.insurer_told = true;
        reader.say_shape(&rules::CHECK_DIGIT, col::INSURER, "8・6 桁と検証番号の一致");
    }
    reader.person.insurer_number = Identifying::new(CompactString::from(number));
}
