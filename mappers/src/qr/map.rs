//! One record set into facts: puts divided parts in order, walks the records, closes what needs all of them.

use musubi_model::ByteRange;
use musubi_model::code::Masters;

use super::line::{Counter, Header, Kind, Line};
use super::notebook::{self, Notebook};
use super::prescription::{self, Prescription};
use super::reader::{Place, Reader};
use super::split::{Piece, pieces};
use super::{Frame, rules};
use crate::text::Encoding;
use crate::{Document, MappedUnit, Split, UnitContext, UnitSlice};

/// The newest published versions: 電子版お薬手帳 Ver.2.6 writes 08, the prescription convention 10.
const NOTEBOOK_VERSION_MAX: u8 = 8;
const PRESCRIPTION_VERSION_MAX: u8 = 10;

/// Which standard a set is read by, and what it has said so far.
pub(super) enum Standard {
    Notebook(Notebook),
    Prescription(Prescription),
}

impl Standard {
    fn is_notebook(&self) -> bool {
        matches!(self, Self::Notebook(_))
    }

    fn columns(&self, kind: Kind) -> Option<usize> {
        match self {
            Self::Notebook(_) => notebook::columns(kind),
            Self::Prescription(_) => prescription::columns(kind),
        }
    }
}

pub(super) fn map(
    document: &Document<'_>,
    split: &Split,
    unit: &UnitSlice,
    masters: &dyn Masters,
    mut standard: Standard,
) -> MappedUnit {
    let context = usize::try_from(unit.context).ok().and_then(|at| split.contexts.get(at));
    let encoding = match context {
        Some(UnitContext::Qr(Frame { encoding })) => *encoding,
        _ => Encoding::ShiftJis,
    };
    let bytes = unit.range.slice(document.bytes).unwrap_or_default();
    let limits = document.limits;
    let mut reader = Reader::new(encoding, unit.range, limits.findings_per_unit_max, masters);
    let records = usize::try_from(unit.records.total()).unwrap_or(0).min(bytes.len());
    reader.facts.reserve(records / 2 + 2);
    let pieces = ordered(pieces(bytes, records), &mut reader);
    let mut counter = Counter::default();
    let too_many = unit.records.total() > u64::from(limits.records_per_unit_max);
    if too_many {
        let finding =
            reader.place.finding(&rules::LIMIT, 0).found(format!("{} レコード", unit.records.total()));
        reader.notes.push(finding.expected(format!("{} レコード以下", limits.records_per_unit_max)));
    }
    let record_max = usize::try_from(limits.record_bytes_max).unwrap_or(usize::MAX);
    // Records passed over for their size would only make the closing checks speak of what is not so.
    let (mut known, mut whole) = (true, !too_many);
    for (n, piece) in pieces.iter().enumerate() {
        for (at, line) in piece.lines.iter().enumerate() {
            counter.add(line.kind);
            let range = ByteRange::within(unit.range.start, line.start, line.start + line.bytes.len());
            reader.place = Place { row: line.number, kind: line.kind, range };
            if line.bytes.len() > record_max {
                whole = false;
                let finding = reader.place.finding(&rules::LIMIT, 0);
                let found = finding.found(format!("{} バイトのレコード", line.bytes.len()));
                reader.notes.push(found.expected(format!("{record_max} バイト以下")));
                continue;
            }
            if at == 0 {
                known &= header(&mut reader, line, n, &standard);
            }
            if !too_many && known && line.kind != Kind::HEADER {
                record(&mut reader, &mut standard, line);
            }
        }
    }
    let version = if known && whole { close(&mut reader, standard) } else { None };
    if reader.notes.has_error() {
        reader.facts.clear();
    }
    // Parts may stand in any order, and some facts are made late.
    reader.facts.sort_by_key(|f| f.range.start);
    MappedUnit {
        demographics: reader.person,
        facts: reader.facts,
        findings: reader.notes.finish(),
        records: counter.take(),
        version,
        master_version: reader.lookup.editions(),
    }
}

fn close(reader: &mut Reader<'_, '_>, standard: Standard) -> Option<crate::UnitVersion> {
    reader.close_rps();
    if !reader.has_person {
        reader.notes.push(reader.place.finding(&rules::PERSON_MISSING, 0).expected("患者のレコード"));
    }
    match standard {
        Standard::Notebook(_) => None,
        Standard::Prescription(prescription) => prescription.close(reader),
    }
}

/// The parts in their order; told, when they are not all there or their numbers are wrong.
fn ordered<'a>(mut pieces: Vec<Piece<'a>>, reader: &mut Reader<'_, '_>) -> Vec<Piece<'a>> {
    let any = pieces.iter().any(|p| p.part.is_some());
    if !any {
        return pieces;
    }
    let parts: Vec<_> = pieces.iter().filter_map(|p| p.part.clone().flatten()).collect();
    let total = parts.first().map_or(0, |p| p.total);
    let alike = parts.len() == pieces.len() && parts.iter().all(|p| p.total == total);
    if !alike {
        let finding = reader.place.finding(&rules::PART_NUMBER, 0).found("レコード 911");
        reader.notes.push(finding.expected("同じデータ ID と総数、1 から総数までの番号"));
    } else if u32::try_from(parts.len()).unwrap_or(u32::MAX) != total {
        let finding = reader.place.finding(&rules::PART_MISSING, 0).found(format!("{} 個", parts.len()));
        reader.notes.push(finding.expected(format!("{total} 個")));
    }
    pieces.sort_by_key(|p| p.part.as_ref().and_then(|p| p.as_ref()).map_or(0, |p| p.number));
    pieces
}

/// Checks the first line of a set. `false`: not a set of this standard.
fn header(reader: &mut Reader<'_, '_>, line: &Line<'_>, piece: usize, standard: &Standard) -> bool {
    let Some(header) = Header::read(line.bytes) else {
        reader.notes.push(reader.place.finding(&rules::HEADER_MISSING, 0).expected("JAHIS で始まる行"));
        return false;
    };
    if header.notebook != standard.is_notebook() {
        let found = if header.notebook { "お薬手帳のヘッダ" } else { "処方箋のヘッダ" };
        reader.notes.push(reader.place.finding(&rules::KIND, 0).found(found));
        return false;
    }
    if piece > 0 {
        return true;
    }
    let newest = if header.notebook { NOTEBOOK_VERSION_MAX } else { PRESCRIPTION_VERSION_MAX };
    if header.version > newest {
        let finding = reader.place.finding(&rules::VERSION_NEW, 0).found(header.version.to_string());
        reader.notes.push(finding.expected(format!("{newest} 以下")));
    }
    if header.notebook {
        let output = line.bytes.split(|b| *b == b',').nth(1).unwrap_or_default();
        if !matches!(super::line::unquoted(output).0, b"1" | b"2") {
            reader.notes.push(reader.place.finding(&rules::OUTPUT, 1).expected("1・2"));
        }
    }
    true
}

fn record<'a>(reader: &mut Reader<'a, '_>, standard: &mut Standard, line: &Line<'a>) {
    let Some(columns) = standard.columns(line.kind) else {
        let finding = reader.place.finding(&rules::RECORD_UNKNOWN, 0).found(line.kind.label());
        reader.notes.push(finding.expected("規格のレコード番号"));
        return;
    };
    reader.take(line.bytes, columns);
    match standard {
        Standard::Notebook(notebook) => notebook.record(reader),
        Standard::Prescription(prescription) => prescription.record(reader),
    }
}
