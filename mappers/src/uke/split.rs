//! One pass over a receipt file: lines into receipts, records counted, control totals held against GO.
//!
//! Nothing of a person is read here but the points of HO and KO, which GO must sum up (formats.md §2.3 rules 4, 5).

use compact_str::{CompactString, format_compact};
use musubi_model::finding::shape_of;
use musubi_model::{ByteRange, Finding, PartialDate, Rule};

use super::encoding::{self, Detected, Flaw, TextEncoding};
use super::line::{Counter, Fields, Kind, Line, Lines, classify, is_prefixed};
use super::number::{self, Month};
use super::{Institution, rules};
use crate::{Document, Split, UnitContext, UnitSlice};

pub(super) fn split(document: &Document<'_>) -> Split {
    let bytes = document.bytes;
    let mut split = Split::default();
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > document.limits.document_bytes_max {
        split.findings.push(
            Finding::new(&rules::LIMIT)
                .found(format!("{size} バイト"))
                .expected(format!("{} バイト以下", document.limits.document_bytes_max)),
        );
        return split;
    }
    let encoding = match encoding::detect(bytes) {
        Detected::Text(encoding) => encoding,
        Detected::Other(name) => {
            split.findings.push(Finding::new(&rules::ENCODING).found(name).expected("Shift_JIS"));
            TextEncoding::ShiftJis
        }
    };
    let body = if bytes.starts_with(encoding::BOM) { encoding::BOM.len() } else { 0 };
    if body > 0 {
        split.findings.push(Finding::new(&rules::BOM).at(ByteRange::within(0, 0, body)));
    } else if encoding == TextEncoding::Utf8 {
        split.findings.push(Finding::new(&rules::UTF8));
    }
    let Some(first) = Lines::new(bytes, body).next() else {
        split.findings.push(Finding::new(&rules::EMPTY).found(format!("{size} バイト")));
        return split;
    };
    let prefixed = is_prefixed(first.bytes);
    let context = Institution { encoding, prefixed, ..Institution::default() };
    split.contexts.push(UnitContext::Receipt(context));
    let mut cutter = Cutter {
        document,
        split,
        encoding,
        prefixed,
        first: true,
        foreign: None,
        unit: None,
        unit_records: Counter::default(),
        envelope: Counter::default(),
        all: Counter::default(),
        block: Block::default(),
        points: 0,
        fields: Fields::new(),
    };
    let mut lines = Lines::new(bytes, body);
    for line in lines.by_ref() {
        cutter.line(line);
    }
    cutter.finish(&lines)
}

/// What GO must sum up: one IR…GO block.
#[derive(Debug, Default)]
struct Block {
    open: bool,
    /// IR gives a volume number other than 00.
    volume: bool,
    payers: u64,
    points: i64,
    /// The receipt at hand has an HO; has a KO.
    has_ho: bool,
    has_ko: bool,
    /// Points of the receipt's first KO, counted only while no HO came.
    ko_points: i64,
}

impl Block {
    /// Closes the receipt at hand.
    fn end_receipt(&mut self) {
        if !self.has_ho {
            self.points += self.ko_points;
        }
        (self.has_ho, self.has_ko, self.ko_points) = (false, false, 0);
    }
}

struct Cutter<'d, 'a> {
    document: &'d Document<'a>,
    split: Split,
    encoding: TextEncoding,
    prefixed: bool,
    first: bool,
    /// The first record that no medical file has, with the kind of file that has it.
    foreign: Option<(Finding, &'static str)>,
    /// Start and context of the unit at hand.
    unit: Option<(usize, u32)>,
    unit_records: Counter,
    envelope: Counter,
    all: Counter,
    block: Block,
    points: i64,
    fields: Fields<'a>,
}

impl<'a> Cutter<'_, 'a> {
    fn line(&mut self, line: Line<'a>) {
        let (kind, shift) = classify(line.bytes, self.prefixed);
        self.all.add(kind);
        if let Some(name) = kind_of_file(kind, self.first) {
            if self.foreign.is_none() {
                let finding = Self::finding(&rules::KIND, &line, kind);
                self.foreign = Some((finding, name));
            }
        } else if self.first && kind != Kind(*b"IR") {
            self.split.findings.push(Self::finding(&rules::IR_MISSING, &line, kind));
        }
        self.first = false;
        match &kind.0 {
            b"IR" => {
                self.close_unit(line.start);
                self.close_block();
                self.envelope.add(kind);
                self.institution(line, shift);
            }
            b"GO" => {
                self.close_unit(line.start);
                self.envelope.add(kind);
                self.totals(line, shift);
            }
            b"RE" => {
                self.close_unit(line.start);
                self.open_unit(line.start);
                self.unit_records.add(kind);
            }
            b"HO" | b"KO" => {
                self.open_unit(line.start);
                self.unit_records.add(kind);
                self.payer(line, kind, shift);
            }
            _ => {
                self.open_unit(line.start);
                self.unit_records.add(kind);
            }
        }
    }

    fn finding(rule: &'static Rule, line: &Line<'_>, kind: Kind) -> Finding {
        Finding::new(rule)
            .at(ByteRange::within(0, line.start, line.start + line.bytes.len()))
            .in_field(format!("行 {} ({})", line.number, kind.label()), "")
    }

    fn open_unit(&mut self, start: usize) {
        self.block.open = true;
        if self.unit.is_none() {
            let context = u32::try_from(self.split.contexts.len().saturating_sub(1)).unwrap_or(u32::MAX);
            self.unit = Some((start, context));
        }
    }

    fn close_unit(&mut self, end: usize) {
        self.block.end_receipt();
        let Some((start, context)) = self.unit else { return };
        let max = usize::try_from(self.document.limits.units_per_document_max).unwrap_or(usize::MAX);
        if self.split.units.len() >= max {
            // The rest stays one unit: counted, and quarantined with the document.
            if !self.split.findings.iter().any(|f| f.rule.id == rules::LIMIT.id) {
                self.split.findings.push(
                    Finding::new(&rules::LIMIT)
                        .found(format!("{max} 件を超えるレセプト"))
                        .expected(format!("{max} 件以下")),
                );
            }
            if let Some(last) = self.split.units.last_mut() {
                let from = usize::try_from(last.range.start).unwrap_or(usize::MAX);
                last.range = ByteRange::within(0, from, end);
                for (kind, n) in self.unit_records.take().iter() {
                    last.records.add(kind, n);
                }
                self.unit = None;
                return;
            }
        }
        self.unit = None;
        let range = ByteRange::within(0, start, end);
        self.split.units.push(UnitSlice { range, records: self.unit_records.take(), context });
    }

    /// A block that ends without GO.
    fn close_block(&mut self) {
        if self.block.open && self.foreign.is_none() {
            self.split.findings.push(Finding::new(&rules::GO_MISSING).expected("GO レコード"));
        }
        self.points += std::mem::take(&mut self.block).points;
    }

    fn institution(&mut self, line: Line<'a>, shift: usize) {
        self.fields.read(line.bytes, shift);
        let kind = Kind(*b"IR");
        let mut findings = Vec::new();
        let mut note = |rule: &'static Rule, column: usize, found: String, expected: &str| {
            let mut finding = Self::finding(rule, &line, kind).found(found).expected(expected);
            finding.position.field = format!("列 {column}");
            findings.push(finding);
        };
        let f = &self.fields;
        if f.is_quoted() {
            note(&rules::QUOTES, 0, "引用符".to_owned(), "引用符なし");
        }
        for column in 1..f.len() {
            match encoding::flaw(f.get(column), self.encoding) {
                Some(Flaw::Cut) => note(&rules::TEXT_CUT, column, "半分の文字".to_owned(), ""),
                Some(Flaw::Bad) => note(&rules::TEXT_BAD, column, "読めないバイト".to_owned(), ""),
                None => {}
            }
        }
        for (column, length) in [(2, 2), (4, 7)] {
            let value = f.get(column);
            if !value.is_empty() && value.len() < length && value.iter().all(u8::is_ascii_digit) {
                note(&rules::ZERO_DROPPED, column, format!("{} 桁", value.len()), &format!("{length} 桁"));
            }
        }
        if self.foreign.is_none() && matches!(f.get(3), b"3" | b"4" | b"6") {
            let name = match f.get(3) {
                b"3" => "歯科 (点数表 3)",
                b"4" => "調剤 (点数表 4)",
                _ => "訪問看護 (点数表 6)",
            };
            self.foreign = Some((Self::finding(&rules::KIND, &line, kind), name));
        }
        let month = PartialDate::read(f.get(7)).ok().and_then(|read| {
            if read.outside_era {
                note(&rules::DATE_ERA, 7, shape(f.get(7)), "元号の範囲内");
            }
            Month::of(read.date)
        });
        if month.is_none() {
            note(&rules::BILLING_MONTH, 7, shape(f.get(7)), "YYYYMM または GYYMM");
        }
        let institution = Institution {
            payer_organisation: f.code(1),
            prefecture: f.code(2),
            fee_table: f.code(3),
            code: f.code(4),
            billing_month: month.map(|m| m.date),
            encoding: self.encoding,
            prefixed: self.prefixed,
        };
        let sent = format_compact!("{}{}{}", institution.prefecture, institution.fee_table, institution.code);
        let named = self.document.provider.as_str();
        if named.len() == 10 && named.bytes().all(|b| b.is_ascii_digit()) && sent.as_str() != named {
            note(&rules::PROVIDER, 4, sent.to_string(), named);
        }
        self.block.open = true;
        self.block.volume = !matches!(f.get(8), b"" | b"00" | b"0");
        if self.foreign.is_none() {
            self.split.findings.append(&mut findings);
        }
        self.split.contexts.push(UnitContext::Receipt(institution));
    }

    fn payer(&mut self, line: Line<'a>, kind: Kind, shift: usize) {
        self.block.payers += 1;
        // Column 5 of both; only a quoted line needs the slow reader.
        let points = if memchr::memchr(b'"', line.bytes).is_none() {
            number::points(line.bytes.split(|b| *b == b',').nth(5 + shift).unwrap_or_default())
        } else {
            self.fields.read(line.bytes, shift);
            number::points(self.fields.get(5))
        };
        let points = points.ok().flatten().unwrap_or(0);
        if kind == Kind(*b"HO") {
            self.block.has_ho = true;
            self.block.points += points;
        } else if !self.block.has_ko {
            self.block.has_ko = true;
            self.block.ko_points = points;
        }
    }

    fn totals(&mut self, line: Line<'a>, shift: usize) {
        self.fields.read(line.bytes, shift);
        let f = &self.fields;
        let kind = Kind(*b"GO");
        let block = std::mem::take(&mut self.block);
        let volume = block.volume || !matches!(f.get(3), b"" | b"99");
        let count = number::points(f.get(1)).ok().flatten();
        let points = number::points(f.get(2)).ok().flatten();
        self.points += points.unwrap_or(block.points);
        if self.foreign.is_some() {
            return;
        }
        if f.is_quoted() {
            self.split.findings.push(Self::finding(&rules::QUOTES, &line, kind).expected("引用符なし"));
        }
        if volume {
            self.split.findings.push(Self::finding(&rules::GO_VOLUME, &line, kind).found("続きのボリューム"));
            return;
        }
        let payers = i64::try_from(block.payers).unwrap_or(i64::MAX);
        for (rule, column, found, expected) in
            [(&rules::GO_COUNT, 1, count, payers), (&rules::GO_POINTS, 2, points, block.points)]
        {
            if found != Some(expected) {
                let found = found.map_or_else(|| shape(f.get(column)), |n| n.to_string());
                let mut finding =
                    Self::finding(rule, &line, kind).found(found).expected(expected.to_string());
                finding.position.field = format!("列 {column}");
                self.split.findings.push(finding);
            }
        }
    }

    fn finish(mut self, lines: &Lines<'_>) -> Split {
        self.close_unit(self.document.bytes.len());
        self.close_block();
        if let Some((finding, name)) = self.foreign.take() {
            // What else is wrong follows from the file being of another kind.
            self.split.findings.retain(|f| {
                [&rules::LIMIT, &rules::ENCODING, &rules::UTF8, &rules::BOM]
                    .iter()
                    .any(|rule| rule.id == f.rule.id)
            });
            self.split.findings.push(finding.found(name).expected("医科 (IR)"));
        } else if lines.lf + lines.cr > 0 {
            let found = match (lines.lf, lines.cr) {
                (lf, 0) => format!("LF {lf} 行"),
                (0, cr) => format!("CR {cr} 行"),
                (lf, cr) => format!("LF {lf} 行, CR {cr} 行"),
            };
            self.split.findings.push(Finding::new(&rules::LINE_END).found(found).expected("CRLF"));
        }
        self.split.envelope = self.envelope.take();
        for (kind, n) in self.all.take().iter() {
            self.split.totals.insert(CompactString::from(kind), n);
        }
        let points = u64::try_from(self.points).unwrap_or(0);
        self.split.totals.insert(CompactString::const_new("points"), points);
        self.split
    }
}

/// The other kind of file a record belongs to, when it does.
fn kind_of_file(kind: Kind, first: bool) -> Option<&'static str> {
    Some(match &kind.0 {
        b"UK" => "歯科 (UK)",
        b"SS" => "歯科 (SS)",
        b"YK" => "調剤 (YK)",
        b"CZ" => "調剤 (CZ)",
        b"HI" => "返戻 (HI)",
        b"BU" => "DPC (BU)",
        b"SB" => "DPC (SB)",
        b"KK" => "DPC (KK)",
        b"HH" => "DPC (HH)",
        b"GT" => "DPC (GT)",
        b"IR" | b"GO" | b"RE" | b"HO" | b"KO" | b"SN" | b"JD" | b"MF" | b"SY" | b"SI" | b"IY" | b"TO"
        | b"CO" | b"SJ" | b"GR" | b"NI" | b"TI" | b"TR" | b"TS" | b"KH" | b"MN" => return None,
        _ if first => "レセプトではないファイル",
        _ => return None,
    })
}

fn shape(field: &[u8]) -> String {
    shape_of(&encoding::decode(field, TextEncoding::ShiftJis))
}
