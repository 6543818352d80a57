//! One pass over a receipt file: lines into receipts, records counted, control totals held against GO (or HG).
//!
//! Nothing of a person is read here but the points of HO and KO, which GO must sum up (formats.md §2.3 rules 4, 5).
//! Receipts below a total one (総括対象) stay in its unit, and their payers are not summed up again.

use compact_str::{CompactString, format_compact};
use musubi_model::finding::shape_of;
use musubi_model::{ByteRange, Finding, PartialDate, Rule};

use super::encoding::{self, Detected, Flaw, TextEncoding};
use super::line::{Counter, Fields, Kind, Line, Lines, classify, is_prefixed};
use super::number::{self, Month};
use super::spec::{self, ReceiptKind, Spec};
use super::{Institution, rules};
use crate::{Document, Split, UnitContext, UnitSlice};

const IR: Kind = Kind(*b"IR");
const HI: Kind = Kind(*b"HI");
const MN: Kind = Kind(*b"MN");

pub(crate) fn split(spec: &'static Spec, document: &Document<'_>) -> Split {
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
    split.contexts.push(context_of(spec, context));
    let mut cutter = Cutter {
        spec,
        document,
        split,
        encoding,
        prefixed,
        first: true,
        own: spec.kind != ReceiptKind::Dpc,
        part: Part::Alone,
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
    /// It began with HI, so that HG closes it.
    returned: bool,
    /// A GO without totals stood before the receipts (訪問看護).
    opened_by_go: bool,
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

/// Where the receipt at hand stands (レセプト総括区分).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// By itself.
    Alone,
    /// It is a total one (総括).
    Total,
    /// Below the total one before it.
    Below,
}

struct Cutter<'d, 'a> {
    spec: &'static Spec,
    document: &'d Document<'a>,
    split: Split,
    encoding: TextEncoding,
    prefixed: bool,
    first: bool,
    /// A record was seen that shows the file to be of this kind (DPC files begin as medical ones do).
    own: bool,
    part: Part,
    /// The first record that no file of this kind has, with the kind of file that has it.
    foreign: Option<(Finding, String)>,
    /// Start and context of the unit at hand.
    unit: Option<(usize, u32)>,
    unit_records: Counter,
    envelope: Counter,
    all: Counter,
    block: Block,
    points: i64,
    fields: Fields<'a>,
}

fn context_of(spec: &Spec, institution: Institution) -> UnitContext {
    match spec.kind {
        ReceiptKind::Medical => UnitContext::Receipt(institution),
        _ => UnitContext::Claim(institution),
    }
}

impl<'a> Cutter<'_, 'a> {
    fn line(&mut self, line: Line<'a>) {
        let (kind, shift) = classify(line.bytes, self.prefixed);
        self.all.add(kind);
        self.check_kind(&line, kind);
        self.first = false;
        match &kind.0 {
            b"MN" => {
                self.close_unit(line.start);
                self.envelope.add(kind);
            }
            b"HI" => {
                self.close_unit(line.start);
                self.close_block();
                self.envelope.add(kind);
                self.returned_by(line, shift);
            }
            b"IR" | b"UK" | b"YK" | b"HM" => {
                self.close_unit(line.start);
                // Dental files have an IR before each receipt, files on the insurers' side one without a GO.
                let inside = self.block.returned || (self.spec.kind == ReceiptKind::Dental && kind == IR);
                if !inside {
                    self.close_block();
                }
                self.envelope.add(kind);
                self.institution(line, shift, kind);
            }
            b"GO" | b"HG" => {
                self.close_unit(line.start);
                self.envelope.add(kind);
                self.totals(line, shift, kind);
            }
            b"RE" => {
                self.part = self.part_of(line.bytes, shift);
                if self.part != Part::Below {
                    self.close_unit(line.start);
                }
                self.open_unit(line.start);
                self.unit_records.add(kind);
                if self.block.returned {
                    self.check_digit_of(&line, shift);
                }
            }
            b"HO" | b"KO" => {
                self.open_unit(line.start);
                self.unit_records.add(kind);
                if self.part != Part::Below {
                    self.payer(line, kind, shift);
                }
            }
            _ => {
                self.open_unit(line.start);
                self.unit_records.add(kind);
            }
        }
    }

    /// Is it a record that a file of this kind can have, here?
    fn check_kind(&mut self, line: &Line<'a>, kind: Kind) {
        let owner = spec::owner(kind);
        self.own |= owner.is_some_and(|(owner, _)| owner == self.spec.kind);
        let elsewhere = match owner {
            _ if spec::is_review_result(kind) => {
                if !self.split.findings.iter().any(|f| f.rule.id == rules::REVIEW_RESULT.id) {
                    self.split
                        .findings
                        .push(Self::finding(&rules::REVIEW_RESULT, line, kind).found(kind.label()));
                }
                None
            }
            Some((owner, name)) if owner != self.spec.kind => Some(format!("{name} ({})", kind.label())),
            None if self.first && !spec::is_receipt_record(kind) => {
                Some("レセプトではないファイル".to_owned())
            }
            None if kind == IR && !self.may_have_ir() => Some("医科・DPC・歯科 (IR)".to_owned()),
            _ => None,
        };
        if let Some(name) = elsewhere {
            if self.foreign.is_none() {
                self.foreign = Some((Self::finding(&rules::KIND, line, kind), name));
            }
        } else if self.first && ![self.spec.head, IR, HI, MN].contains(&kind) && !spec::is_review_result(kind)
        {
            self.split.findings.push(Self::finding(&rules::IR_MISSING, line, kind).expected(self.spec.name));
        }
    }

    fn may_have_ir(&self) -> bool {
        self.spec.head == IR || self.spec.kind == ReceiptKind::Dental
    }

    /// レセプト総括区分 of an RE: 2 and 3 stand below a 1.
    fn part_of(&mut self, line: &[u8], shift: usize) -> Part {
        let column = self.spec.re.part;
        if column == 0 {
            return Part::Alone;
        }
        let part = line.split(|b| *b == b',').nth(column + shift).unwrap_or_default();
        self.own |= matches!(part, b"0" | b"1" | b"2" | b"3");
        match part {
            b"1" => Part::Total,
            b"2" | b"3" if self.part != Part::Alone && self.unit.is_some() => Part::Below,
            _ => Part::Alone,
        }
    }

    /// A file of returned receipts does not say of which kind they are; レセプト種別 does.
    fn check_digit_of(&mut self, line: &Line<'a>, shift: usize) {
        let kind = line.bytes.split(|b| *b == b',').nth(2 + shift).unwrap_or_default();
        if let [digit @ (b'1' | b'3' | b'4' | b'6'), ..] = kind
            && *digit != self.spec.digit
            && self.foreign.is_none()
        {
            let finding = Self::finding(&rules::KIND, line, Kind(*b"RE"));
            self.foreign = Some((finding, format!("レセプト種別 {}", char::from(*digit))));
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
        if self.block.open && !self.block.opened_by_go && self.foreign.is_none() {
            // Files of the insurers' side have none.
            let rule = if self.prefixed { &rules::GO_NONE } else { &rules::GO_MISSING };
            if rule.id != rules::GO_NONE.id || !self.split.findings.iter().any(|f| f.rule.id == rule.id) {
                self.split.findings.push(Finding::new(rule).expected("GO レコード"));
            }
        }
        self.points += std::mem::take(&mut self.block).points;
    }

    /// HI: whose receipts come back, and in which month. Its columns are told by their shape.
    fn returned_by(&mut self, line: Line<'a>, shift: usize) {
        self.fields.read(line.bytes, shift);
        let f = &self.fields;
        let columns = 1..f.len().min(16);
        let month = columns.clone().find_map(|c| Month::read(f.get(c)));
        let code = columns.map(|c| f.get(c)).find(|v| v.len() == 7 && v.iter().all(u8::is_ascii_digit));
        let code = code.and_then(|c| CompactString::from_utf8(c).ok()).unwrap_or_default();
        if month.is_none() {
            self.split
                .findings
                .push(Self::finding(&rules::BILLING_MONTH, &line, HI).expected("YYYYMM または GYYMM"));
        }
        let institution = Institution {
            code,
            billing_month: month.map(|m| m.date),
            encoding: self.encoding,
            prefixed: self.prefixed,
            returned: true,
            ..Institution::default()
        };
        self.block.open = true;
        self.block.returned = true;
        self.split.contexts.push(context_of(self.spec, institution));
    }

    fn institution(&mut self, line: Line<'a>, shift: usize, kind: Kind) {
        self.fields.read(line.bytes, shift);
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
        if self.foreign.is_none()
            && matches!(f.get(3), [b'1' | b'3' | b'4' | b'6'])
            && f.get(3) != [self.spec.fee_table]
        {
            let name = match f.get(3) {
                b"1" => "医科 (点数表 1)",
                b"3" => "歯科 (点数表 3)",
                b"4" => "調剤 (点数表 4)",
                _ => "訪問看護 (点数表 6)",
            };
            self.foreign = Some((Self::finding(&rules::KIND, &line, kind), name.to_owned()));
        }
        let before = match self.split.contexts.last() {
            Some(UnitContext::Receipt(before) | UnitContext::Claim(before)) => before.clone(),
            _ => Institution::default(),
        };
        // A dental IR inside the file of a UK says the month again, or not: that of the head counts.
        let inside = kind != self.spec.head || self.block.returned;
        let column = self.spec.months.iter().copied().find(|c| Month::read(f.get(*c)).is_some());
        let month = column.and_then(|c| Month::read(f.get(c)));
        if let Some(column) = column
            && PartialDate::read(f.get(column)).is_ok_and(|read| read.outside_era)
        {
            note(&rules::DATE_ERA, column, shape(f.get(column)), "元号の範囲内");
        }
        let inherited = if inside { before.billing_month } else { None };
        let billing_month = inherited.or(month.map(|m| m.date));
        if billing_month.is_none() {
            let column = self.spec.months.first().copied().unwrap_or(0);
            note(&rules::BILLING_MONTH, column, shape(f.get(column)), "YYYYMM または GYYMM");
        }
        let institution = Institution {
            payer_organisation: f.code(1),
            prefecture: f.code(2),
            fee_table: f.code(3),
            code: f.code(4),
            billing_month,
            encoding: self.encoding,
            prefixed: self.prefixed,
            returned: self.block.returned,
        };
        let sent = format_compact!("{}{}{}", institution.prefecture, institution.fee_table, institution.code);
        let named = self.document.provider.as_str();
        // The fee table is that of the file's kind, whatever the provider is registered under.
        let same = match (named.get(..2), named.get(3..)) {
            (Some(prefecture), Some(code)) => {
                prefecture == institution.prefecture.as_str() && code == institution.code.as_str()
            }
            _ => true,
        };
        if !inside && named.len() == 10 && named.bytes().all(|b| b.is_ascii_digit()) && !same {
            note(&rules::PROVIDER, 4, sent.to_string(), named);
        }
        self.block.open = true;
        if self.spec.volume > 0 && !inside {
            self.block.volume = !matches!(f.get(self.spec.volume), b"" | b"00" | b"0");
        }
        if self.foreign.is_none() {
            self.split.findings.append(&mut findings);
        }
        if !inside || before != institution {
            self.split.contexts.push(context_of(self.spec, institution));
        }
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

    fn totals(&mut self, line: Line<'a>, shift: usize, kind: Kind) {
        self.fields.read(line.bytes, shift);
        let f = &self.fields;
        let blank = f.get(1).is_empty() && f.get(2).is_empty();
        // 訪問看護療養費請求書 need not give totals, and may open the file.
        let untold = blank && self.spec.kind == ReceiptKind::Nursing;
        if untold {
            self.split.findings.push(Self::finding(&rules::GO_BLANK, &line, kind).expected("総件数と総合計"));
            if self.block.payers == 0 && !self.block.has_ho {
                self.block.opened_by_go = true;
                return;
            }
        }
        let block = std::mem::take(&mut self.block);
        let volume = block.volume || !matches!(f.get(3), b"" | b"99");
        let count = number::points(f.get(1)).ok().flatten();
        let points = number::points(f.get(2)).ok().flatten();
        self.points += points.unwrap_or(block.points);
        if self.foreign.is_some() || untold {
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
        let returned = kind == Kind(*b"HG");
        let rules = if returned {
            [&rules::HG_TOTALS, &rules::HG_TOTALS]
        } else {
            [&rules::GO_COUNT, &rules::GO_POINTS]
        };
        let told = [(1, count, payers), (2, points, block.points)];
        for (rule, (column, found, expected)) in rules.into_iter().zip(told) {
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
        if !self.own && self.foreign.is_none() {
            self.foreign = Some((Finding::new(&rules::KIND), "医科 (診断群分類 BU がない)".to_owned()));
        }
        if let Some((finding, name)) = self.foreign.take() {
            // What else is wrong follows from the file being of another kind.
            self.split.findings.retain(|f| {
                [&rules::LIMIT, &rules::ENCODING, &rules::UTF8, &rules::BOM, &rules::REVIEW_RESULT]
                    .iter()
                    .any(|rule| rule.id == f.rule.id)
            });
            self.split.findings.push(finding.found(name).expected(self.spec.name));
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

fn shape(field: &[u8]) -> String {
    shape_of(&encoding::decode(field, TextEncoding::ShiftJis))
}
