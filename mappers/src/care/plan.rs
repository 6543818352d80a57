//! ケアプラン標準仕様 CSV: tables 1, 2, 3 of a care plan, 6 (planned and done, day by day) and 7, the supplement that
//! says who the person is, and deletions. One table a file, told by the file's name.
//!
//! A unit is the consecutive rows of one insured person and period. Issues, goals and contents are sealed notes; the
//! planner and the offices stay in the original. Source: formats.md §4.4, ケアプランデータ連携標準仕様.

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::{Finding, Rule};

use super::sheet::{self, Cells, Cutter, Seen, each_row, encoding_of, open};
use super::{Frame, Shape, rules};
use crate::text::Encoding;
use crate::text::rows::{Row, Rows};
use crate::{Document, MappedUnit, Split, UnitContext, UnitSlice};

mod map;

/// A table of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// 利用者補足情報.
    Supplement,
    /// 第1表.
    First,
    /// 第2表.
    Second,
    /// 第3表.
    Third,
    /// 第6表 予定.
    Planned,
    /// 第6表 実績.
    Done,
    /// 第7表.
    Seventh,
    /// 第6表 予定 削除.
    DeletePlanned,
    /// 第6表 実績 削除.
    DeleteDone,
    /// 第1表 削除.
    DeleteFirst,
}

/// How a table is written.
#[derive(Debug)]
pub(super) struct Table {
    pub kind: Kind,
    /// What the file's name begins with; the record's name in counts.
    pub prefix: &'static str,
    /// Columns of the standard (V4).
    pub columns: usize,
    /// Columns without which it cannot be read.
    pub least: usize,
    /// Column of the day of the plan or the month, from 0.
    pub period: usize,
    /// The name of its versions; a deletion has that of what it deletes.
    pub family: &'static str,
}

const fn table(
    kind: Kind,
    prefix: &'static str,
    (columns, least, period): (usize, usize, usize),
    family: &'static str,
) -> Table {
    Table { kind, prefix, columns, least, period, family }
}

pub(super) static TABLES: [Table; 10] = [
    // Of the supplement the first 14 columns are known; it is longer.
    table(Kind::Supplement, "UPHOSOKU", (0, 8, 3), "supplement"),
    table(Kind::First, "UP1KYO", (28, 24, 13), "first"),
    table(Kind::Second, "UP2KYO", (22, 20, 4), "second"),
    table(Kind::Third, "UP3KYO", (13, 9, 4), "third"),
    table(Kind::Planned, "UPPLAN", (25, 15, 4), "planned"),
    table(Kind::Done, "UPJSK", (25, 15, 4), "done"),
    table(Kind::Seventh, "UPSIKYU", (37, 22, 4), "seventh"),
    table(Kind::DeletePlanned, "DLTPLAN", (4, 4, 3), "planned"),
    table(Kind::DeleteDone, "DLTJSK", (6, 4, 3), "done"),
    table(Kind::DeleteFirst, "DLT1KYO", (4, 4, 3), "first"),
];

impl Kind {
    fn is_delete(self) -> bool {
        matches!(self, Self::DeletePlanned | Self::DeleteDone | Self::DeleteFirst)
    }

    /// Tables that are sent alike to every office: the receiver does not make another version.
    fn is_for_all(self) -> bool {
        matches!(
            self,
            Self::Supplement | Self::First | Self::Second | Self::Third | Self::DeleteFirst | Self::Seventh
        )
    }
}

fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_uppercase()
}

/// The table a file's name tells.
fn by_name(path: &str) -> Option<usize> {
    let name = file_name(path);
    TABLES.iter().position(|t| name.strip_prefix(t.prefix).is_some_and(|rest| rest.starts_with(['_', '.'])))
}

/// The table that alone has so many columns.
fn by_columns(columns: usize) -> Option<usize> {
    let kind = match columns {
        22 => Kind::Second,
        28 => Kind::First,
        _ => return None,
    };
    TABLES.iter().position(|t| t.kind == kind)
}

/// From whom to whom, and when, by the name: `UPPLAN_YYYYMM_sender_[kind_]receiver_[kind_]YYYYMMDDHHMMSS.CSV`.
fn route(path: &str, kind: Kind) -> (CompactString, CompactString) {
    let name = file_name(path);
    let stem = name.split('.').next().unwrap_or_default();
    let numbers =
        |len: usize| stem.split('_').filter(move |p| p.len() == len && p.bytes().all(|b| b.is_ascii_digit()));
    let offices: Vec<&str> = numbers(10).take(if kind.is_for_all() { 1 } else { 2 }).collect();
    (
        CompactString::from(offices.join(">")),
        numbers(14).next_back().map(CompactString::from).unwrap_or_default(),
    )
}

/// A row of data begins with the version of the CSV, `YYYYMM`.
fn is_data(cells: &Cells<'_, '_>) -> bool {
    let version = cells.raw(0);
    version.len() == 6 && version.iter().all(u8::is_ascii_digit)
}

pub(super) fn split(document: &Document<'_>) -> Split {
    let mut split = Split::default();
    let Some(encoding) = open(document, &mut split, false) else { return split };
    let mut table = by_name(document.path);
    let (mut cutter, mut seen) = (Cutter::default(), Seen::default());
    let mut unit: Option<[&[u8]; 5]> = None;
    let (mut rows, mut told) = (0u32, false);
    each_row(document.bytes, 0, b',', document.limits.record_bytes_max, |row| {
        let cells = Cells { bytes: document.bytes, row, encoding, shift: 0 };
        if rows == 0
            && !is_data(&cells)
            && cells.len() > 3
            && cells.raw(0).first().is_some_and(|b| !b.is_ascii_digit())
        {
            split.envelope.add("heading", 1);
            split.findings.push(Finding::new(&rules::PLAN_HEADING).at(cells.range()));
            return;
        }
        rows += 1;
        table = table.or_else(|| by_columns(cells.len()));
        let Some((at, of)) = table.and_then(|at| Some((at, TABLES.get(at)?))) else {
            split.envelope.add("??", 1);
            if !std::mem::replace(&mut told, true) {
                let found = format!("{} 項目", cells.len());
                split.findings.push(Finding::new(&rules::PLAN_KIND).at(cells.range()).found(found));
            }
            return;
        };
        let (office, kind) = match of.kind {
            Kind::DeleteDone => (cells.raw(4), cells.raw(5)),
            _ => (&b""[..], &b""[..]),
        };
        let key = [cells.raw(1), cells.raw(2), cells.raw(of.period), office, kind];
        if unit == Some(key) {
            cutter.add(row, of.prefix);
            return;
        }
        unit = Some(key);
        let occurrence = seen.before(&key);
        if occurrence > 0 {
            split.findings.push(
                Finding::new(&rules::SCATTERED).at(cells.range()).found("離れた行").expected("続いた行"),
            );
        }
        let context = context(&mut split, document, encoding, (at, of.kind), occurrence);
        cutter.begin(document, &mut split, row, of.prefix, context);
    });
    cutter.close(document, &mut split);
    close(document, &mut split, table, rows);
    split
}

fn close(document: &Document<'_>, split: &mut Split, table: Option<usize>, rows: u32) {
    let mut say = |rule: &'static Rule| split.findings.push(Finding::new(rule));
    if rows == 0 {
        say(&rules::EMPTY);
    }
    if let Some(of) = table.and_then(|at| TABLES.get(at)) {
        if route(document.path, of.kind).1.is_empty() {
            say(&rules::PLAN_FILE_NAME);
        }
        if of.kind == Kind::DeleteFirst {
            say(&rules::PLAN_DELETE_SECOND);
        }
    }
    sheet::totals(split);
}

fn context(
    split: &mut Split,
    document: &Document<'_>,
    encoding: Encoding,
    (at, kind): (usize, Kind),
    occurrence: u32,
) -> u32 {
    let known = split.contexts.iter().position(|c| {
        matches!(c, UnitContext::Care(Frame { shape: Shape::Plan { occurrence: o, .. }, .. }) if *o == occurrence)
    });
    let at = known.unwrap_or_else(|| {
        let (route, time) = route(document.path, kind);
        let shape = Shape::Plan { table: u8::try_from(at).unwrap_or(u8::MAX), route, time, occurrence };
        split.contexts.push(UnitContext::Care(Frame { encoding, shape }));
        split.contexts.len() - 1
    });
    u32::try_from(at).unwrap_or(u32::MAX)
}

pub(super) fn map(
    document: &Document<'_>,
    split: &Split,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    map::map(document, split, unit, masters)
}

/// The name of a table, and a first row of data that is one: version, insurer, insured.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    if by_name(document.path).is_none() {
        return false;
    }
    let Some(encoding) = encoding_of(document.bytes) else { return false };
    let mut rows = Rows::new(document.bytes, 0, b',', document.limits.record_bytes_max);
    let mut row = Row::default();
    for _ in 0..2 {
        if !rows.read(&mut row) {
            return false;
        }
        let cells = Cells { bytes: document.bytes, row: &row, encoding, shift: 0 };
        if is_data(&cells) && cells.raw(1).len() == 6 && cells.raw(2).len() == 10 {
            return true;
        }
    }
    false
}
