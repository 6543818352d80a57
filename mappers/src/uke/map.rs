//! One receipt into facts and findings: the walk over its records and the checks that need all of them.

use compact_str::{CompactString, format_compact};
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::{
    ByteRange, CodeSystem, Coded, Demographics, Fact, FactTable, Finding, Identifying, PartialDate, Rule,
};

use super::book::Books;
use super::claim::Claim;
use super::encoding::{self, Flaw, TextEncoding};
use super::line::{Counter, Fields, Kind, Lines, classify};
use super::payer::{Head, Payers};
use super::sink::{Place, Sink};
use super::{Institution, number, rules};
use crate::{Document, MappedUnit, Split, UnitContext, UnitSlice, UnitVersion, VersionState};

/// A receipt while it is read.
pub(super) struct Reader<'a, 'm> {
    pub sink: Sink,
    pub fields: Fields<'a>,
    pub encoding: TextEncoding,
    /// The record at hand.
    pub place: Place,
    pub facts: Vec<Fact>,
    pub person: Demographics,
    pub head: Option<Head>,
    pub payers: Payers,
    pub claim: Claim,
    pub books: Books<'m>,
}

pub(super) fn map(
    document: &Document<'_>,
    split: &Split,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    let fallback = Institution::default();
    let context = usize::try_from(unit.context).ok().and_then(|at| split.contexts.get(at));
    let institution = match context {
        Some(UnitContext::Receipt(institution)) => institution,
        _ => &fallback,
    };
    let bytes = unit.range.slice(document.bytes).unwrap_or_default();
    let mut counter = Counter::default();
    let lines = usize::try_from(unit.records.total()).unwrap_or(0).min(bytes.len());
    let mut reader = Reader {
        sink: Sink::new(document.limits.findings_per_unit_max),
        fields: Fields::new(),
        encoding: institution.encoding,
        place: Place { row: 1, kind: Kind::UNREADABLE, range: unit.range },
        facts: Vec::with_capacity(lines + lines / 2 + 8),
        person: Demographics::default(),
        head: None,
        payers: Payers::default(),
        claim: Claim::default(),
        books: Books::new(masters),
    };
    let too_many = unit.records.total() > u64::from(document.limits.records_per_unit_max);
    if too_many {
        let finding = reader.place.finding(&rules::LIMIT, 0);
        reader.sink.push(
            finding
                .found(format!("{} レコード", unit.records.total()))
                .expected(format!("{} レコード以下", document.limits.records_per_unit_max)),
        );
    }
    let record_max = usize::try_from(document.limits.record_bytes_max).unwrap_or(usize::MAX);
    let mut whole = !too_many;
    let mut foreign_kinds: Vec<Kind> = Vec::new();
    for line in Lines::new(bytes, 0) {
        let (kind, shift) = classify(line.bytes, institution.prefixed);
        counter.add(kind);
        let range = ByteRange::within(unit.range.start, line.start, line.start + line.bytes.len());
        reader.place = Place { row: line.number, kind, range };
        if line.bytes.len() > record_max {
            whole = false;
            let finding = reader.place.finding(&rules::LIMIT, 0);
            reader.sink.push(
                finding
                    .found(format!("{} バイトのレコード", line.bytes.len()))
                    .expected(format!("{record_max} バイト以下")),
            );
        } else if !too_many && kind != Kind::HISTORY {
            reader.fields.read(line.bytes, shift);
            if !reader.record(kind) && !foreign_kinds.contains(&kind) {
                foreign_kinds.push(kind);
                let finding = reader.place.finding(&rules::RECORD_UNKNOWN, 0);
                reader.sink.push(finding.found(kind.label()));
            }
        }
    }
    // Parts passed over for their size would only make the closing checks speak of what is not so.
    let version = if whole { reader.close(institution, unit) } else { None };
    if reader.sink.has_error() {
        reader.facts.clear();
    }
    MappedUnit {
        demographics: reader.person,
        facts: reader.facts,
        findings: reader.sink.into_findings(),
        records: counter.take(),
        version,
        master_version: reader.books.used(),
    }
}

impl<'a> Reader<'a, '_> {
    /// Reads the record at hand. `false`: its kind is not interpreted.
    fn record(&mut self, kind: Kind) -> bool {
        let (columns, texts): (usize, &[(usize, usize)]) = match &kind.0 {
            b"RE" => (38, &[(4, 40)]),
            b"HO" => (15, &[]),
            b"KO" => (12, &[]),
            b"SN" => (9, &[]),
            b"JD" | b"MF" => (33, &[]),
            b"SY" => (8, &[(5, 40)]),
            b"SI" | b"IY" => (44, &[]),
            b"TO" => (48, &[]),
            b"CO" => (5, &[(4, 76)]),
            b"SJ" => (3, &[(2, 2400)]),
            _ => return false,
        };
        self.common_checks(columns, texts);
        match &kind.0 {
            b"RE" => self.receipt(),
            b"HO" => self.insurer(),
            b"KO" => self.public_payer(),
            b"SN" => self.entitlement(),
            b"JD" => self.day_columns(2),
            b"MF" => {}
            b"SY" => self.disease(),
            b"SI" => self.claim_line(&super::claim::PROCEDURE),
            b"IY" => self.claim_line(&super::claim::DRUG),
            b"TO" => self.claim_line(&super::claim::MATERIAL),
            b"CO" => self.comment(),
            _ => self.statement(),
        }
        true
    }

    /// What holds for every record: number of columns, quotation marks, whole characters, lengths of texts.
    fn common_checks(&mut self, columns: usize, texts: &[(usize, usize)]) {
        let surplus = (columns..self.fields.len()).find(|c| !self.fields.get(*c).is_empty());
        if let Some(column) = surplus {
            self.say(&rules::COLUMNS, column, || format!("{} 列", column + 1), &format!("{columns} 列"));
        }
        if self.fields.is_quoted() {
            self.say(&rules::QUOTES, 0, || "引用符".to_owned(), "引用符なし");
        }
        if !self.fields.has_text() {
            return;
        }
        for column in 1..self.fields.len() {
            let field = self.fields.get(column);
            if field.is_ascii() {
                continue;
            }
            match encoding::flaw(field, self.encoding) {
                Some(Flaw::Cut) => {
                    self.say(&rules::TEXT_CUT, column, || "末尾に半分の文字".to_owned(), "文字単位");
                }
                Some(Flaw::Bad) => {
                    self.say(&rules::TEXT_BAD, column, || "読めないバイト".to_owned(), "文字コードの文字");
                }
                None => {}
            }
        }
        for (column, max) in texts {
            let field = self.fields.get(*column);
            if field.len() > *max && encoding::prescribed_bytes(field, self.encoding) > *max {
                let length = encoding::prescribed_bytes(field, self.encoding);
                self.say(
                    &rules::TEXT_LONG,
                    *column,
                    || format!("{length} バイト"),
                    &format!("{max} バイト以下"),
                );
            }
        }
    }

    /// A finding at a column of the record at hand.
    pub(super) fn say(
        &mut self,
        rule: &'static Rule,
        column: usize,
        found: impl FnOnce() -> String,
        expected: &str,
    ) {
        self.sink.push(self.place.finding(rule, column).found(found()).expected(expected));
    }

    /// A finding that shows the shape of the column.
    pub(super) fn say_shape(&mut self, rule: &'static Rule, column: usize, expected: &str) {
        let shape = shape_of(&encoding::decode(self.fields.get(column), self.encoding));
        self.say(rule, column, || shape, expected);
    }

    /// Column as text, decoded and nothing else.
    pub(super) fn text(&mut self, column: usize) -> CompactString {
        let field: &'a [u8] = self.fields.get(column);
        let text = encoding::decode(field, self.encoding);
        if !field.is_ascii() {
            if text.chars().any(|c| ('\u{E000}'..='\u{F8FF}').contains(&c)) {
                self.say(&rules::GAIJI, column, || "外字".to_owned(), "標準の文字");
            }
            if text.contains('\u{FFFD}') && encoding::flaw(field, self.encoding).is_none() {
                self.say(&rules::TEXT_BAD, column, || "割り当てのない文字".to_owned(), "文字コードの文字");
            }
        }
        text
    }

    /// Column as a date; blank is `None` without a finding, what cannot be read is `None` with one.
    pub(super) fn date(&mut self, column: usize, unreadable: &'static Rule) -> Option<PartialDate> {
        let field = self.fields.get(column);
        if field.is_empty() {
            return None;
        }
        match PartialDate::read(field) {
            Err(_) => {
                self.say_shape(unreadable, column, "YYYYMMDD または GYYMMDD");
                None
            }
            Ok(read) => {
                if read.outside_era {
                    self.say_shape(&rules::DATE_ERA, column, "元号の範囲内");
                }
                if read.date.day_of_month().is_none() {
                    self.say_shape(&rules::DATE_PART, column, "年月日");
                }
                Some(read.date)
            }
        }
    }

    /// The checks and facts that need the whole receipt, and its version.
    fn close(&mut self, institution: &Institution, unit: &UnitSlice) -> Option<UnitVersion> {
        self.end_of_lines();
        let Some(head) = self.head.take() else {
            let place = Place { row: 1, kind: self.place.kind, range: unit.range };
            self.sink.push(place.finding(&rules::RE_MISSING, 0).expected("RE レコード"));
            return None;
        };
        if !self.payers.any() {
            self.sink.push(head.place.finding(&rules::PAYER_MISSING, 0).expected("HO または KO レコード"));
        }
        self.check_sum();
        if let Some(person) = self.facts.first_mut().filter(|f| f.table == FactTable::Person) {
            let code = self.payers.prefecture.as_deref();
            person.source = code.map(|code| Coded::new(CodeSystem::Prefecture, code));
        }
        if let Some(visit) = self.facts.get_mut(1).filter(|f| f.table == FactTable::VisitOccurrence) {
            visit.times = self.payers.days;
        }
        let time = institution.billing_month.and_then(number::Month::of)?.compact();
        let key = version_key(&head, &self.person, &self.payers)?;
        Some(UnitVersion { key: Identifying::new(key), time, state: VersionState::Current })
    }

    /// Σ(points × times) of the lines that the insurer pays = HO's total (formats.md §2.3 rule 3).
    fn check_sum(&mut self) {
        let Some((place, total)) = self.payers.insurer_points else { return };
        let difference = self.claim.insurer_points - total;
        if difference != 0 {
            let finding: Finding = place.finding(&rules::POINTS_SUM, 5);
            self.sink.push(finding.found(format!("差 {difference:+}")).expected("差 0"));
        }
    }
}

/// What makes two receipts versions of one: month, kind, chart and insured number, and where chart and number are
/// blank, the person. The search number (検索番号) is left out on purpose: the payer adds it when it returns a claim, so
/// the claim's first version has none and the resubmission would not be known as its successor.
fn version_key(head: &Head, person: &Demographics, payers: &Payers) -> Option<String> {
    let care = head.care?.compact();
    let chart = person.local_number.expose();
    let (insurer, symbol, number) = if payers.has_insurer {
        let numbers = (&person.insurer_number, &person.insured_symbol, &person.insured_number);
        (numbers.0.expose().clone(), numbers.1.expose().clone(), numbers.2.expose().clone())
    } else {
        (payers.first_public.0.clone(), CompactString::default(), payers.first_public.1.clone())
    };
    let mut key = String::with_capacity(96);
    for part in [&care, &head.kind, chart, &insurer, &symbol] {
        key.push_str(part);
        key.push('|');
    }
    key.push_str(&number);
    if chart.is_empty() && number.is_empty() {
        let birth = person.birth.expose().map(|b| format_compact!("{b}")).unwrap_or_default();
        let names = [person.name_kana.expose().as_str(), person.name_kanji.expose().as_str()];
        if birth.is_empty() && names.iter().all(|n| n.is_empty()) {
            return None;
        }
        key.push_str(&format!("|{birth}|{}|{}", names.join("|"), person.sex.code()));
    }
    Some(key)
}
