//! 要介護認定 data of the certification software: one row for each application, with or without headings.
//!
//! Columns are found by their headings, or by the interface code (厚労省IF識別コード) in the second column; both are
//! data (`certification_items.tsv`, `certification_layouts.tsv`). No layout could be checked against a specification,
//! so a row without headings is believed only when its number of columns and its keys fit. Names, numbers, surveyors
//! and doctors never enter a fact. Source: formats.md §4.2.

use std::collections::HashMap;
use std::sync::OnceLock;

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::{CodeSystem, Coded, Fact, FactTable, Finding, Identifying, PartialDate};
use rust_decimal::Decimal;

use super::sheet::{self, Cells, Cutter, each_row, encoding_of, frame, open, unit_bytes};
use super::work::{At, Work, key};
use super::{Frame, Shape, rules};
use crate::text::Encoding;
use crate::text::rows::{Row, Rows, separator_of};
use crate::{Document, MappedUnit, Split, UnitContext, UnitSlice, UnitVersion, VersionState};

/// An item of the export.
#[derive(Debug)]
pub(super) struct Item {
    /// Our sign of it; of survey items `group-number`.
    pub sign: &'static str,
    /// How it is treated.
    pub kind: &'static str,
    /// The highest choice of an answer.
    pub max: u32,
    /// Headings it is known by; the first is shown in findings.
    pub headings: Vec<&'static str>,
}

/// All items, in the order of the table.
pub(super) fn items() -> &'static [Item] {
    static ALL: OnceLock<Vec<Item>> = OnceLock::new();
    ALL.get_or_init(|| {
        let read = |line: &'static str| {
            let mut columns = line.split('\t');
            Some(Item {
                sign: columns.next()?,
                kind: columns.next()?,
                max: columns.next()?.parse().ok()?,
                headings: columns.next()?.split('|').collect(),
            })
        };
        let lines = include_str!("certification_items.tsv").lines();
        lines.filter(|l| !l.starts_with('#')).filter_map(read).collect()
    })
}

fn index(sign: &str) -> Option<usize> {
    static SIGNS: OnceLock<HashMap<&'static str, usize>> = OnceLock::new();
    let signs = SIGNS.get_or_init(|| items().iter().enumerate().map(|(at, i)| (i.sign, at)).collect());
    signs.get(sign).copied()
}

/// The layout of an interface code: items in order, and whether they are all.
fn layout(code: &str) -> Option<(Vec<usize>, bool)> {
    let line = include_str!("certification_layouts.tsv")
        .lines()
        .filter(|l| !l.starts_with('#'))
        .find(|l| l.split('\t').next().is_some_and(|codes| codes.split(',').any(|c| c == code)))?;
    let mut columns = line.split('\t').skip(1);
    let whole = columns.next()? == "whole";
    let mut order = Vec::new();
    for part in columns.next()?.split(' ') {
        match part.split_once("..") {
            Some((from, to)) => order.extend(index(from)?..=index(to)?),
            None => order.push(index(part)?),
        }
    }
    Some((order, whole))
}

/// A heading without blanks and brackets' width, as it is compared.
fn plain(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '・' | '_'))
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5D}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '−' | '‐' | '―' => '-',
            c => c,
        })
        .collect()
}

/// The item a heading names: by its words, or by the number in front of them (`1-3 寝返り`).
fn item_of(heading: &str) -> Option<usize> {
    static WORDS: OnceLock<HashMap<String, usize>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let all = items().iter().enumerate();
        all.flat_map(|(at, item)| item.headings.iter().map(move |h| (plain(h), at))).collect()
    });
    let heading = plain(heading);
    words.get(&heading).copied().or_else(|| {
        let end = heading.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(heading.len());
        let (number, _) = heading.split_at_checked(end)?;
        index(number.trim_end_matches('-')).filter(|_| !number.is_empty())
    })
}

/// The headings of a row: for each column its item. `None`: it is no row of headings.
fn headings(cells: &Cells<'_, '_>) -> Option<Vec<Option<usize>>> {
    let columns: Vec<_> = (0..cells.len()).map(|at| item_of(&cells.text(at))).collect();
    let known = columns.iter().flatten().count();
    (known >= 3).then_some(columns)
}

pub(super) fn split(document: &Document<'_>) -> Split {
    let mut split = Split::default();
    let Some(encoding) = open(document, &mut split, true) else { return split };
    let separator = separator_of(document.bytes);
    let mut cutter = Cutter::default();
    let mut named: Option<u32> = None;
    let (mut rows, mut first) = (0u32, true);
    each_row(document.bytes, 0, separator, document.limits.record_bytes_max, |row| {
        let cells = Cells { bytes: document.bytes, row, encoding, shift: 0 };
        if std::mem::take(&mut first) {
            if let Some(columns) = headings(&cells) {
                split.envelope.add("heading", 1);
                check_headings(&columns, &cells, &mut split);
                let columns = columns.into_iter().map(|c| c.and_then(|c| u16::try_from(c).ok())).collect();
                split.contexts.push(context(encoding, separator, columns, true, true));
                named = Some(0);
                return;
            }
            if cells.code(1, 3).is_none_or(|c| !is_interface(&c)) {
                split.findings.push(
                    Finding::new(&rules::CERT_KIND)
                        .at(cells.range())
                        .expected("見出し、または2列目のIF識別コード"),
                );
            }
        }
        rows += 1;
        let code = interface_code(&cells, named.and_then(|_| split.contexts.first()));
        let at = named.unwrap_or_else(|| positional(&mut split, encoding, separator, &code));
        let label = if is_interface(&code) { code } else { CompactString::const_new("row") };
        cutter.begin(document, &mut split, row, &label, at);
    });
    cutter.close(document, &mut split);
    if rows == 0 {
        split.findings.push(Finding::new(&rules::EMPTY));
    }
    sheet::totals(&mut split);
    split
}

fn is_interface(code: &str) -> bool {
    matches!(code.as_bytes(), [b'0'..=b'9', b'0'..=b'9', b'A'..=b'Z'])
}

/// The interface code of a row: in its own column by the headings, else the second.
fn interface_code(cells: &Cells<'_, '_>, named: Option<&UnitContext>) -> CompactString {
    let wanted = index("if").and_then(|i| u16::try_from(i).ok());
    let at = match named {
        Some(UnitContext::Care(Frame { shape: Shape::Survey { columns, .. }, .. })) => {
            columns.iter().position(|c| c.is_some() && *c == wanted)
        }
        _ => Some(1),
    };
    at.and_then(|at| cells.code(at, 3)).unwrap_or_default()
}

fn context(
    encoding: Encoding,
    separator: u8,
    columns: Vec<Option<u16>>,
    named: bool,
    whole: bool,
) -> UnitContext {
    let places = places(&columns);
    UnitContext::Care(Frame { encoding, shape: Shape::Survey { separator, columns, places, named, whole } })
}

/// The context of rows of an interface code without headings; empty columns: no layout is known.
fn positional(split: &mut Split, encoding: Encoding, separator: u8, code: &str) -> u32 {
    let (columns, whole) = layout(code).unwrap_or_default();
    let columns = columns.into_iter().map(|c| u16::try_from(c).ok()).collect();
    let wanted = context(encoding, separator, columns, false, whole);
    let at = split.contexts.iter().position(|c| *c == wanted).unwrap_or_else(|| {
        split.contexts.push(wanted);
        split.contexts.len() - 1
    });
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn check_headings(columns: &[Option<usize>], cells: &Cells<'_, '_>, split: &mut Split) {
    for sign in ["insurer", "insured", "applied"] {
        let at = index(sign);
        let count = columns.iter().filter(|c| c.is_some() && **c == at).count();
        let name = at.and_then(|at| items().get(at)).and_then(|i| i.headings.first()).copied();
        if count != 1 {
            split.findings.push(
                Finding::new(&rules::CERT_HEADINGS)
                    .at(cells.range())
                    .in_field("見出し", name.unwrap_or_default())
                    .found(format!("{count} 列"))
                    .expected("1 列"),
            );
        }
    }
    let unknown = columns.iter().filter(|c| c.is_none()).count();
    if unknown > 0 {
        split
            .findings
            .push(Finding::new(&rules::CERT_COLUMN).at(cells.range()).found(format!("{unknown} 列")));
    }
}

/// A row of the export with its columns by sign.
struct Sheet<'a, 'r> {
    cells: Cells<'a, 'r>,
    columns: &'r [Option<u16>],
    /// The column of each item, where it has one.
    places: &'r [Option<u16>],
}

/// The column of each item.
fn places(columns: &[Option<u16>]) -> Vec<Option<u16>> {
    let mut places = vec![None; items().len()];
    for (column, item) in columns.iter().enumerate().rev() {
        if let Some(place) = item.and_then(|i| places.get_mut(usize::from(i))) {
            *place = u16::try_from(column).ok();
        }
    }
    places
}

impl Sheet<'_, '_> {
    fn at(&self, sign: &str) -> Option<At> {
        let item = index(sign)?;
        let column = self.places.get(item).copied().flatten()?;
        Some(At(usize::from(column), items().get(item)?.headings.first()?))
    }
}

pub(super) fn map(
    document: &Document<'_>,
    split: &Split,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    let (encoding, separator, columns, places, named, whole) =
        match frame(split, unit).map(|f| (f.encoding, &f.shape)) {
            Some((encoding, Shape::Survey { separator, columns, places, named, whole })) => {
                (encoding, *separator, columns.as_slice(), places.as_slice(), *named, *whole)
            }
            _ => (Encoding::ShiftJis, b',', &[][..], &[][..], false, false),
        };
    let mut work = Work::new(document, unit, masters);
    let mut version = None;
    let (bytes, start) = unit_bytes(document, unit);
    each_row(bytes, start, separator, document.limits.record_bytes_max, |row| {
        let cells = Cells { bytes, row, encoding, shift: 0 };
        let label = unit.records.iter().next().map_or("row", |(kind, _)| kind);
        if !work.take_up(document, &cells, label) {
            return;
        }
        if !named {
            believe(&mut work, &cells, columns, whole);
        } else if cells.len() != columns.len() {
            let expected = format!("{} 項目", columns.len());
            work.say(&rules::COLUMNS, "", format!("{} 項目", cells.len()), &expected);
        }
        if !columns.is_empty() {
            work.facts.reserve(columns.len());
            version = one(&mut work, &Sheet { cells, columns, places });
        }
    });
    work.finish(version)
}

/// A row without headings must look like its layout.
fn believe(work: &mut Work<'_>, cells: &Cells<'_, '_>, columns: &[Option<u16>], whole: bool) {
    if columns.is_empty() {
        let code = cells.code(1, 3).unwrap_or_default();
        let found = if is_interface(&code) { code.to_string() } else { "コードなし".to_owned() };
        work.say(&rules::CERT_IF, "厚労省IF識別コード", found, "09A などの並びの分かるコード");
        return;
    }
    let digits =
        |at: usize, len: usize| cells.raw(at).len() == len && cells.raw(at).iter().all(u8::is_ascii_digit);
    let fits = digits(2, 6) && (digits(3, 10) || cells.raw(3).first() == Some(&b'H'));
    if (whole && cells.len() != columns.len()) || cells.len() < columns.len() || !fits {
        let expected = format!("{} 項目、6桁の保険者番号、10桁の被保険者番号", columns.len());
        work.say(&rules::LAYOUT, "", format!("{} 項目", cells.len()), &expected);
    } else if whole {
        work.say(&rules::UNVERIFIED, "", "IF識別コードによる並び".to_owned(), "");
    } else {
        work.say(
            &rules::CERT_PARTIAL,
            "",
            format!("{} 項目", cells.len()),
            &format!("先頭 {} 項目", columns.len()),
        );
    }
}

/// One application into facts.
fn one(work: &mut Work<'_>, sheet: &Sheet<'_, '_>) -> Option<UnitVersion> {
    let cells = &sheet.cells;
    person(work, sheet);
    let date = |work: &mut Work<'_>, sign| sheet.at(sign).and_then(|at| work.date(cells, at));
    let applied = date(work, "applied");
    if applied.is_none() && sheet.at("applied").is_some_and(|at| cells.is_blank(at.0)) {
        work.say(&rules::CERT_APPLIED, "認定申請年月日", "空欄".to_owned(), "YYYYMMDD");
    }
    work.not_before_birth(applied, "認定申請年月日");
    let surveyed = date(work, "surveyed").or(applied);
    let opinion = date(work, "opinion").or(surveyed);
    let first_day = date(work, "first-date").or(surveyed);
    let board = date(work, "board");
    let second_day = date(work, "second-date").or(board);
    if applied.zip(second_day).is_some_and(|(a, d)| d < a) {
        work.say(&rules::CERT_ORDER, "二次判定日", "申請日より前".to_owned(), "申請日以後");
    }
    let class = code_of(work, sheet, "class", 2);
    if let Some(applied) = applied {
        let mut fact = need(work, "applied", Some(applied), None);
        if !class.is_empty() {
            fact.qualifiers = CompactString::from(format!("class={class}"));
        }
        work.facts.push(fact);
    }
    let previous = level_of(work, sheet, "previous");
    let term = term_of(work, sheet, "previous-from", "previous-to");
    decision(work, "previous", previous, term, "");
    let first = level_of(work, sheet, "first");
    decision(work, "first", first, (first_day, None), "");
    let second = level_of(work, sheet, "second");
    let (from, to) = term_of(work, sheet, "from", "to");
    let disease = code_of(work, sheet, "disease", 2);
    let state = code_of(work, sheet, "state", 2);
    let mut words = Vec::new();
    for (name, code) in [("disease", &disease), ("state", &state)] {
        if !code.is_empty() {
            words.push(format!("{name}={code}"));
        }
    }
    if let Some(day) = second_day {
        words.push(format!("decided={day}"));
    }
    decision(work, "certified", second, (from.or(second_day), to), &words.join(" "));
    answers(work, sheet, surveyed, opinion);
    for sign in ["comment", "opinion-text", "board-text"] {
        if let Some(at) = sheet.at(sign) {
            work.note(cells, at, &format!("CARE-CERT-{}", sign.to_ascii_uppercase()), surveyed);
        }
    }
    version(sheet, applied, second_day.or(first_day).or(applied))
}

fn person(work: &mut Work<'_>, sheet: &Sheet<'_, '_>) {
    let cells = &sheet.cells;
    if let (Some(insurer), Some(insured)) = (sheet.at("insurer"), sheet.at("insured")) {
        work.insured(cells, insurer, insured);
    }
    work.is_somebody();
    if let Some(at) = sheet.at("birth") {
        work.birth(cells, at);
    }
    if let Some(at) = sheet.at("sex") {
        work.sex(cells, at);
    }
    let words = |work: &mut Work<'_>, sign| {
        let at = sheet.at(sign)?;
        work.radar(cells, at);
        Some(Identifying::new(work.words(cells, at)))
    };
    work.person.name_kanji = words(work, "name").unwrap_or_default();
    work.person.name_kana = words(work, "kana").unwrap_or_default();
    work.person.postal_code = words(work, "postal").unwrap_or_default();
    work.person.address = words(work, "address").unwrap_or_default();
    work.person.phone = words(work, "phone").unwrap_or_default();
    for sign in ["application", "surveyor", "doctor"] {
        if let Some(at) = sheet.at(sign) {
            work.radar(cells, at);
        }
    }
    work.person_fact();
}

fn code_of(work: &mut Work<'_>, sheet: &Sheet<'_, '_>, sign: &str, max: usize) -> CompactString {
    sheet.at(sign).map(|at| work.code(&sheet.cells, at, max)).unwrap_or_default()
}

fn level_of(work: &mut Work<'_>, sheet: &Sheet<'_, '_>, sign: &str) -> Option<Coded> {
    work.level(&sheet.cells, sheet.at(sign)?)
}

type Term = (Option<PartialDate>, Option<PartialDate>);

fn term_of(work: &mut Work<'_>, sheet: &Sheet<'_, '_>, from: &str, to: &str) -> Term {
    let missing = At(usize::MAX / 2, "");
    work.term(&sheet.cells, sheet.at(from).unwrap_or(missing), sheet.at(to).unwrap_or(missing))
}

fn need(work: &Work<'_>, status: &'static str, start: Option<PartialDate>, level: Option<Coded>) -> Fact {
    let mut fact = work.fact(FactTable::CareNeed, start);
    fact.source = level;
    fact.status = CompactString::const_new(status);
    fact
}

fn decision(work: &mut Work<'_>, status: &'static str, level: Option<Coded>, term: Term, words: &str) {
    if level.is_none() && words.is_empty() {
        return;
    }
    let mut fact = need(work, status, term.0, level);
    fact.end = term.1;
    fact.qualifiers = CompactString::from(words);
    work.facts.push(fact);
}

/// Answers of the survey and of the doctor's opinion, and the minutes computed from them.
fn answers(
    work: &mut Work<'_>,
    sheet: &Sheet<'_, '_>,
    surveyed: Option<PartialDate>,
    opinion: Option<PartialDate>,
) {
    let (mut total, mut parts, mut part_count) = (None, Decimal::ZERO, 0);
    for (column, index) in sheet.columns.iter().enumerate() {
        let Some(item) = index.and_then(|i| items().get(usize::from(i))) else { continue };
        let at = At(column, item.headings.first().copied().unwrap_or_default());
        let (cells, raw) = (&sheet.cells, sheet.cells.raw(column));
        if raw.is_empty() || !matches!(item.kind, "item" | "minutes") {
            continue;
        }
        let Some(number) = work.number(cells, at) else { continue };
        let day = if item.sign.starts_with('O') { opinion } else { surveyed };
        let (table, rule, low) = match item.kind {
            "item" => (FactTable::Observation, &rules::CERT_ITEM, Decimal::ONE),
            _ => (FactTable::Measurement, &rules::RANGE, Decimal::ZERO),
        };
        if number < low || number > Decimal::from(item.max) {
            let code = format!("{} 桁の値", raw.len());
            work.say(rule, at.1, code, &format!("{low}〜{}", item.max));
            // A choice of one digit is kept as sent; a longer one is not this item.
            if item.kind == "minutes" || raw.len() > 1 {
                continue;
            }
        }
        if item.sign == "T-0" {
            total = Some(number);
        } else if item.kind == "minutes" {
            parts = parts.saturating_add(number);
            part_count += 1;
        }
        let fact = work.add(table, day);
        fact.source = Some(Coded {
            system: CodeSystem::CareSurvey,
            code: CompactString::const_new(item.sign),
            text: item.headings.first().map(|heading| CompactString::const_new(heading)),
        });
        fact.value.text = CompactString::from_utf8(raw).unwrap_or_default();
        fact.value.number = Some(number);
        if item.kind == "minutes" {
            fact.value.unit = CompactString::const_new("分");
        }
    }
    if let Some(total) = total.filter(|_| part_count == 8)
        && total.saturating_sub(parts).abs() > Decimal::ONE
    {
        let found = format!("差 {}", total.saturating_sub(parts));
        work.say(&rules::CERT_MINUTES, "要介護認定等基準時間", found, "差 1 以下");
    }
}

/// An application is one thing, from its first row to its decision.
fn version(
    sheet: &Sheet<'_, '_>,
    applied: Option<PartialDate>,
    last: Option<PartialDate>,
) -> Option<UnitVersion> {
    let text = |sign| {
        let at = sheet.at(sign)?;
        Some(sheet.cells.text(at.0).trim().to_owned())
    };
    let (insurer, insured) = (text("insurer")?, text("insured")?);
    if insurer.is_empty() || insured.is_empty() {
        return None;
    }
    Some(UnitVersion {
        key: key(&["certification", &insurer, &insured, &applied?.to_string()]),
        time: CompactString::from(last?.to_string()),
        state: VersionState::Current,
    })
}

/// Headings that only this export has, or an interface code behind the first column and numbers behind it.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    let Some(encoding) = encoding_of(document.bytes) else { return false };
    let mut rows =
        Rows::new(document.bytes, 0, separator_of(document.bytes), document.limits.record_bytes_max);
    let mut row = Row::default();
    if !rows.read(&mut row) {
        return false;
    }
    let cells = Cells { bytes: document.bytes, row: &row, encoding, shift: 0 };
    if let Some(columns) = headings(&cells) {
        let has = |sign: &str| columns.iter().any(|c| c.is_some() && *c == index(sign));
        return has("insured") && has("applied") && (has("first") || has("second") || has("1-3"));
    }
    let digits =
        |at: usize, len: usize| cells.raw(at).len() == len && cells.raw(at).iter().all(u8::is_ascii_digit);
    cells.code(1, 3).is_some_and(|c| is_interface(&c)) && digits(2, 6) && digits(3, 10)
}
