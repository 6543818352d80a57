//! Cuts a DPC file into stays: runs of rows of one patient and one admission. Rows are cut on raw bytes.

use std::collections::HashMap;

use compact_str::{CompactString, format_compact};
use memchr::{memchr_iter, memchr2};
use musubi_model::{ByteRange, Finding, PartialDate};

use super::{Frame, items, rules};
use crate::text::{self, Encoding, NoEncoding, UTF8_MARK};
use crate::{Document, RecordCounts, Split, UnitContext, UnitSlice};

/// Columns of an EF row (DE number − 1).
pub(super) const EF_COLUMNS: usize = 31;

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Form1,
    Ef,
}

impl Form {
    /// Under which kind its rows are counted.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Form1 => "FF1",
            Self::Ef => "EF",
        }
    }

    /// The fewest columns a row can have.
    fn columns_min(self) -> usize {
        match self {
            Self::Form1 => 9,
            Self::Ef => 24,
        }
    }
}

/// The names of the EF columns, in order, shortened to what tells them apart.
const EF_NAMES: [&str; EF_COLUMNS] = [
    "施設コード",
    "データ識別番号",
    "退院年月日",
    "入院年月日",
    "データ区分",
    "順序番号",
    "行為明細番号",
    "病院点数マスタ",
    "レセプト電算",
    "解釈番号",
    "診療明細名称",
    "使用量",
    "基準単位",
    "明細点数",
    "円点区分",
    "出来高実績点数",
    "行為明細区分情報",
    "行為点数",
    "行為薬剤料",
    "行為材料料",
    "行為回数",
    "保険者番号",
    "レセプト種別コード",
    "実施年月日",
    "レセプト科区分",
    "診療科区分",
    "医師コード",
    "病棟コード",
    "病棟区分",
    "入外区分",
    "施設タイプ",
];

/// Lines that are not blank, with their offsets.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: if bytes.starts_with(UTF8_MARK) { UTF8_MARK.len() } else { 0 } }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.at;
            let rest = self.bytes.get(start..).filter(|r| !r.is_empty())?;
            let length = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            self.at = start + length + 1;
            let line = rest.get(..length).unwrap_or_default();
            if !line.trim_ascii().is_empty() && line != b"\x1a" {
                return Some((start, line));
            }
        }
    }
}

/// A field without spaces and quotation marks around it.
pub(super) fn bare(field: &[u8]) -> &[u8] {
    let field = field.trim_ascii();
    match field.strip_prefix(b"\"").and_then(|f| f.strip_suffix(b"\"")) {
        Some(inner) => inner.trim_ascii(),
        None => field,
    }
}

/// Cuts a line at its separators.
pub(super) fn cut<'a>(line: &'a [u8], separator: u8, fields: &mut Vec<&'a [u8]>) {
    fields.clear();
    let mut from = 0;
    for end in memchr_iter(separator, line) {
        fields.push(bare(line.get(from..end).unwrap_or_default()));
        from = end + 1;
    }
    fields.push(bare(line.get(from..).unwrap_or_default()));
}

fn digits(field: Option<&&[u8]>, length: usize) -> bool {
    field.is_some_and(|f| f.len() == length && f.iter().all(u8::is_ascii_digit))
}

/// Tab, unless the first line has none and a comma instead.
fn separator(bytes: &[u8]) -> u8 {
    let first = Lines::new(bytes).next().map(|(_, line)| line).unwrap_or_default();
    if !first.contains(&b'\t') && first.contains(&b',') { b',' } else { b'\t' }
}

/// Is it a heading line: the name of the facility column in front?
fn is_heading(line: &[u8], encoding: Encoding) -> bool {
    if line.first().is_none_or(u8::is_ascii_digit) {
        return false;
    }
    let head = line.get(..line.len().min(64)).unwrap_or(line);
    text::decode(encoding, head).trim_start_matches('"').starts_with("施設")
}

/// Which columns the names of a heading stand for; those that are not named keep their place.
fn columns_of(heading: &[u8], separator: u8, encoding: Encoding) -> Vec<u16> {
    let mut fields = Vec::new();
    cut(heading, separator, &mut fields);
    let names: Vec<String> = fields
        .iter()
        .map(|f| text::decode(encoding, f).chars().filter(|c| !"・･ 　".contains(*c)).collect())
        .collect();
    let named = |wanted: &str| names.iter().position(|n| n.starts_with(wanted));
    if names.len() < 24 || named("データ識別番号").is_none() {
        return Vec::new();
    }
    let beyond = names.len();
    EF_NAMES.iter().map(|wanted| u16::try_from(named(wanted).unwrap_or(beyond)).unwrap_or(u16::MAX)).collect()
}

/// Shift_JIS unless the bytes say otherwise; found from the front of the file, for EF files are large.
fn encoding(bytes: &[u8], findings: &mut Vec<Finding>) -> Option<Encoding> {
    const SAMPLE: usize = 1 << 20;
    let front = match bytes.get(..SAMPLE) {
        Some(front) => front.get(..memchr::memrchr(b'\n', front).unwrap_or(SAMPLE)).unwrap_or(front),
        None => bytes,
    };
    match text::detect(front) {
        Ok(Encoding::Ascii) | Err(NoEncoding::Unknown) => Some(Encoding::ShiftJis),
        Ok(Encoding::ShiftJis) => Some(Encoding::ShiftJis),
        Ok(other) => {
            findings.push(Finding::new(&rules::NOT_SJIS).found(other.name()));
            Some(other)
        }
        Err(NoEncoding::Utf16) => {
            findings.push(Finding::new(&rules::ENCODING).found("UTF-16").expected("シフト JIS"));
            None
        }
    }
}

/// The survey month of a file name (`FF1_131234567_2404.txt`, `EFn_…_2404`), `YYYYMM`; empty when it says none.
fn survey_month(path: &str) -> CompactString {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let last = stem.rsplit('_').next().filter(|last| last.len() == 4 && *last != stem);
    let sound = |yymm: &&str| {
        PartialDate::read(format!("20{yymm}").as_bytes()).is_ok_and(|d| d.date.month().is_some())
    };
    last.filter(|l| l.bytes().all(|b| b.is_ascii_digit()))
        .filter(sound)
        .map(|l| format_compact!("20{l}"))
        .unwrap_or_default()
}

/// The last day (`YYYYMMDD` or `YYYY-MM-DD`) among the folders of a path: when it was delivered.
fn delivered(path: &str) -> CompactString {
    let mut folders: Vec<&str> = path.split(['/', '\\']).collect();
    folders.pop();
    let day = |folder: &&str| {
        let digits: String = folder.chars().filter(|c| *c != '-').collect();
        let sound = digits.len() == 8 && PartialDate::read(digits.as_bytes()).is_ok();
        sound.then(|| CompactString::from(digits))
    };
    folders.iter().rev().find_map(day).unwrap_or_default()
}

/// Does the file name say outpatients (外来 EF, `EFg_…`)?
fn is_outpatient(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    name.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("EFg"))
}

pub(super) fn split(document: &Document<'_>, form: Form) -> Split {
    let (bytes, limits) = (document.bytes, document.limits);
    let mut split = Split::default();
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > limits.document_bytes_max {
        let finding = Finding::new(&rules::LIMIT).found(format!("{size} バイト"));
        split.findings.push(finding.expected(format!("{} バイト以下", limits.document_bytes_max)));
    }
    let encoding = encoding(bytes, &mut split.findings);
    let mut frame = Frame {
        encoding: encoding.unwrap_or(Encoding::ShiftJis),
        separator: separator(bytes),
        columns: Vec::new(),
        month: survey_month(document.path),
        delivered: delivered(document.path),
        outpatient: form == Form::Ef && is_outpatient(document.path),
        piece: 0,
    };
    if encoding.is_some() {
        cut_units(document, form, &mut frame, &mut split);
    }
    if split.contexts.is_empty() {
        split.contexts.push(UnitContext::Dpc(frame));
    }
    split
}

/// A run of rows while it is open.
struct Run<'a> {
    start: usize,
    end: usize,
    rows: u64,
    key: [&'a [u8]; 3],
}

fn cut_units<'a>(document: &Document<'a>, form: Form, frame: &mut Frame, split: &mut Split) {
    let first = Lines::new(document.bytes).find(|(_, line)| !is_heading(line, frame.encoding));
    let mut fields: Vec<&'a [u8]> = Vec::new();
    cut(first.map(|(_, line)| line).unwrap_or_default(), frame.separator, &mut fields);
    if let Some(finding) = other_kind(&fields, form) {
        split.findings.push(finding);
        let lines = u64::try_from(Lines::new(document.bytes).count()).unwrap_or(u64::MAX);
        return split.envelope.add(form.kind(), lines);
    }
    let units_max = usize::try_from(document.limits.units_per_document_max).unwrap_or(usize::MAX);
    let (mut rows, mut headings, mut beyond, mut scattered) = (0u64, 0u64, 0u64, 0u64);
    let mut seen: HashMap<[&'a [u8]; 3], u32> = HashMap::new();
    let mut runs: Vec<(Run<'a>, u32)> = Vec::new();
    let mut open: Option<Run<'a>> = None;
    let mut close = |run: Option<Run<'a>>, runs: &mut Vec<(Run<'a>, u32)>| {
        let Some(run) = run else { return };
        if runs.len() >= units_max {
            beyond += run.rows;
            return;
        }
        // Rows that are too short have no key, and are refused anyway.
        let count = seen.entry(run.key).or_default();
        let piece = if run.key == [&[] as &[u8]; 3] { 0 } else { *count };
        *count += 1;
        scattered += u64::from(piece > 0);
        runs.push((run, piece));
    };
    for (start, line) in Lines::new(document.bytes) {
        if is_heading(line, frame.encoding) {
            close(open.take(), &mut runs);
            if rows == 0 && form == Form::Ef {
                frame.columns = columns_of(line, frame.separator, frame.encoding);
            }
            headings += 1;
            continue;
        }
        rows += 1;
        let key = key_of(line, frame, form);
        let end = start + line.len();
        match &mut open {
            Some(run) if run.key == key => {
                run.end = end;
                run.rows += 1;
            }
            _ => {
                close(open.take(), &mut runs);
                open = Some(Run { start, end, rows: 1, key });
            }
        }
    }
    close(open.take(), &mut runs);
    let pieces = runs.iter().map(|(_, piece)| *piece).max().unwrap_or(0);
    split.contexts = (0..=pieces).map(|piece| UnitContext::Dpc(Frame { piece, ..frame.clone() })).collect();
    for (run, piece) in runs {
        let mut records = RecordCounts::default();
        records.add(form.kind(), run.rows);
        split.units.push(UnitSlice {
            range: ByteRange::within(0, run.start, run.end),
            records,
            context: piece,
        });
    }
    if headings > 0 {
        split.envelope.add("見出し", headings);
        split.findings.push(Finding::new(&rules::HEADING).found(format!("{headings} 行")));
    }
    if rows == 0 {
        split.findings.push(Finding::new(&rules::EMPTY));
    } else {
        split.totals.insert(CompactString::const_new(form.kind()), rows);
    }
    if scattered > 0 {
        split.findings.push(Finding::new(&rules::ORDER).found(format!("{scattered} か所")));
    }
    if beyond > 0 {
        split.envelope.add(form.kind(), beyond);
        let finding = Finding::new(&rules::LIMIT).found(format!("{units_max} 件を超える入院"));
        split.findings.push(finding.expected(format!("{units_max} 件以下")));
    }
}

/// The parts of a row that say which stay it belongs to; empty for a row with too few columns.
fn key_of<'a>(line: &'a [u8], frame: &Frame, form: Form) -> [&'a [u8]; 3] {
    let mut from = 0;
    let mut parts: [&[u8]; 4] = [&[]; 4];
    let mut count = 0;
    for end in memchr_iter(frame.separator, line).chain(std::iter::once(line.len())).take(4) {
        if let Some(part) = parts.get_mut(count) {
            *part = line.get(from..end).unwrap_or_default();
        }
        count += 1;
        from = end + 1;
    }
    let [_, id, third, fourth] = parts;
    match form {
        _ if count < 4 => [&[], &[], &[]],
        Form::Form1 => [id, third, fourth],
        Form::Ef => [id, fourth, &[]],
    }
}

/// Is the first row one of the other kind of file?
fn other_kind(fields: &[&[u8]], form: Form) -> Option<Finding> {
    let found = match form {
        Form::Form1 => fields.len() >= 24,
        Form::Ef => fields.len() < 24 && is_form1(fields),
    };
    let finding = || Finding::new(&rules::KIND).found(format!("{} 列", fields.len()));
    found.then(|| finding().expected(format!("{} 列以上の {}", form.columns_min(), form.kind())))
}

/// Does a row look like one of 様式1?
pub(super) fn is_form1(fields: &[&[u8]]) -> bool {
    let code = fields.get(5).and_then(|c| std::str::from_utf8(c).ok()).unwrap_or_default();
    digits(fields.first(), 9)
        && digits(fields.get(1), 10)
        && digits(fields.get(2), 8)
        && (9..24).contains(&fields.len())
        && items::of(code).is_some()
}

/// Does a row look like one of an EF file?
pub(super) fn is_ef(fields: &[&[u8]]) -> bool {
    digits(fields.first(), 9)
        && digits(fields.get(1), 10)
        && digits(fields.get(2), 8)
        && digits(fields.get(3), 8)
        && fields.get(4).is_some_and(|f| f.len() == 2)
        && digits(fields.get(6), 3)
        && (30..=34).contains(&fields.len())
}

/// Does the first row that is no heading look so?
pub(super) fn begins(document: &Document<'_>, looks: fn(&[&[u8]]) -> bool) -> bool {
    let separator = separator(document.bytes);
    let mut fields = Vec::new();
    let first = Lines::new(document.bytes)
        .find(|(_, line)| line.first().is_some_and(|b| b.is_ascii_digit() || *b == b'"'));
    first.is_some_and(|(_, line)| {
        cut(line, separator, &mut fields);
        looks(&fields)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        assert_eq!(survey_month("dpc/FF1_131234567_2404.txt"), "202404");
        assert_eq!(survey_month("EFn_131234567_2413.txt"), "");
        assert_eq!(survey_month("2404.txt"), "");
        assert_eq!(survey_month("FF1.txt"), "");
        assert_eq!(delivered("2026-11-09/dpc/FF1_1_2404.txt"), "20261109");
        assert_eq!(delivered("20261109/20261110/x"), "20261110");
        assert_eq!(delivered("dpc/20241301/x"), "");
        assert!(is_outpatient("a/EFg_1_2404.txt") && !is_outpatient("EFn_1_2404.txt"));
    }
}
