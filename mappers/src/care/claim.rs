//! 介護給付費請求 CSV (事業所 → 国保連): bills and claims (7111, 71xx), fees for care management (812x), plans of
//! benefits (給付管理票, 82xx). 給付実績 (111x, 112x), as insurers get them back, are quarantined until their layout is known.
//!
//! A unit is one insured person's claim: the consecutive rows from one basic record (01) to the next, the rows of one
//! fee, of one plan. Source: formats.md §4.1. Numbers of insured persons, public payers and care managers never enter
//! a fact; remarks stay sealed.

use compact_str::CompactString;
use musubi_model::code::Masters;

use super::sheet::Cells;
use crate::{Document, MappedUnit, Split, UnitSlice};

mod basic;
mod check;
mod layout;
mod map;
mod plan_check;
mod split;

use layout::Layout;

/// What a data row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Record {
    /// 請求書.
    Bill,
    /// 基本情報 (01).
    Basic,
    /// Any other record of a claim.
    Line,
    /// 計画費.
    Fee,
    /// 給付管理票.
    Plan,
    /// 給付実績: of its layout nothing public could be found, so it is kept and not read.
    Result,
    /// An identification number that is not known.
    Unknown,
}

impl Record {
    /// The name under which the row is counted: the record of a claim or result, else the identification number.
    fn label(self, cells: &Cells<'_, '_>) -> CompactString {
        let label = match self {
            Self::Basic | Self::Line => cells.code(3, 2),
            Self::Result => cells.code(4, 2),
            Self::Bill | Self::Fee | Self::Plan | Self::Unknown => cells.code(2, 4),
        };
        label.unwrap_or_else(|| CompactString::const_new("??"))
    }
}

/// What a data row is, and where its fields stand.
fn record_of(cells: &Cells<'_, '_>) -> (Record, Option<&'static Layout>) {
    let (id, second, third) = (cells.raw(2), cells.raw(3), cells.raw(4));
    if id.starts_with(b"71") && id.len() == 4 && second.len() == 2 {
        let record = if second == b"01" { Record::Basic } else { Record::Line };
        return (record, split::layout(id, second, third).or_else(|| split::layout(b"7131", b"03", third)));
    }
    if (id.starts_with(b"111") || id.starts_with(b"112")) && id.len() == 4 && third.len() == 2 {
        return (Record::Result, None);
    }
    let layout = split::layout(id, b"", b"200004");
    let record = match layout.map(|l| l.record) {
        Some("bill") => Record::Bill,
        Some("fee") => Record::Fee,
        Some("plan") => Record::Plan,
        _ => Record::Unknown,
    };
    (record, layout)
}

pub(super) fn split(document: &Document<'_>) -> Split {
    split::split(document)
}

pub(super) fn map(
    document: &Document<'_>,
    split: &Split,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    map::map(document, split, unit, masters)
}

/// A control record in front, with as many columns as it has and a kind of data that is one of ours.
pub(super) fn recognises(document: &Document<'_>) -> bool {
    let line = document.bytes.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    let columns: Vec<&[u8]> = line
        .split(|b| *b == b',')
        .map(|c| c.strip_prefix(b"\"").and_then(|c| c.strip_suffix(b"\"")).unwrap_or(c))
        .collect();
    let column = |at: usize| columns.get(at).copied().unwrap_or_default();
    let digits = |at: usize, len: usize| column(at).len() == len && column(at).iter().all(u8::is_ascii_digit);
    columns.len() == 12
        && column(0) == b"1"
        && column(4).len() == 3
        && matches!(column(4), [b'7', b'1', _] | [b'8', b'1' | b'2', _] | [b'1', b'1', _])
        && digits(6, 6)
        && digits(10, 6)
}
