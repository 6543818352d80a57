//! One receipt into facts and findings: the walk over its records and the checks that need all of them.

use compact_str::{CompactString, format_compact};
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::{
    ByteRange, CodeSystem, Coded, Demographics, Fact, FactTable, Finding, Identifying, PartialDate, Rule,
};

use super::book::Books;
use super::claim::{self, Claim};
use super::encoding::{self, Flaw, TextEncoding};
use super::line::{Counter, Fields, Kind, Lines, classify};
use super::payer::Payers;
use super::person::{Head, add_word};
use super::sink::{Place, Sink};
use super::spec::{ReceiptKind, Spec};
use super::{Institution, number, rules};
use crate::receipt::{dispensing, dpc};
use crate::{Document, MappedUnit, Split, UnitContext, UnitSlice, UnitVersion, VersionState};

/// A receipt while it is read.
pub(crate) struct Reader<'a, 'm> {
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
    pub spec: &'static Spec,
    /// 審査支払機関: 1 or 2; empty when it is neither.
    pub reviewer: CompactString,
    /// The record at hand belongs to a receipt below the total one (総括対象), whose points are in the total.
    pub below_total: bool,
    /// What the payer's side said before (履歴): seen, and the billing month of the first claim.
    pub history: bool,
    pub first_billing: Option<number::Month>,
    pub stay: dpc::Stay,
    pub prescription: dispensing::Prescription,
}

pub(crate) fn map(
    spec: &'static Spec,
    document: &Document<'_>,
    split: &Split,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    let fallback = Institution::default();
    let context = usize::try_from(unit.context).ok().and_then(|at| split.contexts.get(at));
    let institution = match context {
        Some(UnitContext::Receipt(institution) | UnitContext::Claim(institution)) => institution,
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
        spec,
        reviewer: match institution.payer_organisation.as_str() {
            "1" | "2" => institution.payer_organisation.clone(),
            _ => CompactString::default(),
        },
        below_total: false,
        history: false,
        first_billing: None,
        stay: dpc::Stay::default(),
        prescription: dispensing::Prescription::default(),
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
        } else if kind == Kind::HISTORY {
            reader.past(line.bytes);
        } else if !too_many {
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
        let spec = self.spec;
        let (columns, texts): (usize, &[(usize, usize)]) = match &kind.0 {
            b"RE" => (spec.re.columns, &[(4, 40)]),
            b"HO" => (spec.ho.columns, &[]),
            b"KO" => (spec.ko.columns, &[]),
            b"SN" => (9, &[]),
            b"JD" | b"MF" => (33, &[]),
            b"HR" => (8, &[]),
            _ => return (spec.record)(self, kind),
        };
        self.common_checks(columns, texts);
        match &kind.0 {
            b"RE" => self.receipt(),
            b"HO" => self.insurer(),
            b"KO" => self.public_payer(),
            b"SN" => self.entitlement(),
            b"JD" => self.attendance(),
            b"HR" => self.returned(),
            _ => self.window_burden(),
        }
        true
    }

    /// HR: 返戻理由レコード. The code of the reason; its words stay in the original.
    fn returned(&mut self) {
        let mut fact = self.item("returned", "");
        let month = number::Month::read(self.fields.get(1)).map(|m| m.date);
        fact.start = month.or_else(|| self.date(1, &rules::DATE)).or(fact.start);
        fact.status = self.short_code(4, 4).unwrap_or_default();
        self.facts.push(fact);
        self.remark(5, "RECE.returned");
    }

    /// A line of an earlier stage of the receipt (履歴): no facts, but the month in which it was first billed.
    fn past(&mut self, line: &'a [u8]) {
        self.history = true;
        let (kind, shift) = classify(line, true);
        if kind == self.spec.head || kind == Kind(*b"IR") {
            self.fields.read(line, shift);
            let month = self.spec.months.iter().find_map(|c| number::Month::read(self.fields.get(*c)));
            self.first_billing = self.first_billing.or(month);
        }
    }

    /// What holds for every record: number of columns, quotation marks, whole characters, lengths of texts.
    pub(crate) fn common_checks(&mut self, columns: usize, texts: &[(usize, usize)]) {
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
    pub(crate) fn say(
        &mut self,
        rule: &'static Rule,
        column: usize,
        found: impl FnOnce() -> String,
        expected: &str,
    ) {
        self.sink.push(self.place.finding(rule, column).found(found()).expected(expected));
    }

    /// A finding that shows the shape of the column.
    pub(crate) fn say_shape(&mut self, rule: &'static Rule, column: usize, expected: &str) {
        let shape = shape_of(&encoding::decode(self.fields.get(column), self.encoding));
        self.say(rule, column, || shape, expected);
    }

    /// Column as text, decoded and nothing else.
    pub(crate) fn text(&mut self, column: usize) -> CompactString {
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
    pub(crate) fn date(&mut self, column: usize, unreadable: &'static Rule) -> Option<PartialDate> {
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
            if self.stay.discharge.is_some() {
                visit.end = self.stay.discharge;
            }
            let stage = match institution.returned {
                true => "returned",
                false if self.history || head.searched => "resubmitted",
                false => "",
            };
            if !stage.is_empty() {
                add_word(&mut visit.qualifiers, "stage", stage);
            }
        }
        let time = self.version_time(institution)?;
        let key = version_key(self.spec, &head, &self.person, &self.payers)?;
        Some(UnitVersion { key: Identifying::new(key), time, state: VersionState::Current })
    }

    /// Versions follow each other by the month of billing. A returned receipt comes right after the claim it returns:
    /// `202404r` sorts behind `202404` and before `202405`. Where that claim's month is not told, it is taken to be the
    /// month before the return, so that a resubmission is never taken for older than what it answers.
    fn version_time(&self, institution: &Institution) -> Option<CompactString> {
        let billed = institution.billing_month.and_then(number::Month::of);
        if !institution.returned {
            return Some(billed?.compact());
        }
        let month = self.first_billing.or_else(|| billed?.before())?;
        Some(format_compact!("{}r", month.compact()))
    }

    /// Σ(points × times) of the lines that the insurer pays = HO's total (formats.md §2.3 rule 3).
    fn check_sum(&mut self) {
        let Some((place, total)) = self.payers.insurer_points else { return };
        if self.claim.adjusted {
            return;
        }
        let difference = self.claim.insurer_points - total;
        if difference != 0 {
            let finding: Finding = place.finding(&rules::POINTS_SUM, 5);
            self.sink.push(finding.found(format!("差 {difference:+}")).expected("差 0"));
        }
    }
}

/// What makes two receipts versions of one: month, kind, chart and insured number, and where the chart is blank, the
/// person (a family shares symbol and number). The search number (検索番号) is left out on purpose: the payer adds it
/// when it returns a claim, so the claim's first version has none and the resubmission would not be known as its
/// successor.
fn version_key(spec: &Spec, head: &Head, person: &Demographics, payers: &Payers) -> Option<String> {
    let care = head.care?.compact();
    let chart = person.local_number.expose();
    let (insurer, symbol, number) = if payers.has_insurer {
        let numbers = (&person.insurer_number, &person.insured_symbol, &person.insured_number);
        (numbers.0.expose().clone(), numbers.1.expose().clone(), numbers.2.expose().clone())
    } else {
        (payers.first_public.0.clone(), CompactString::default(), payers.first_public.1.clone())
    };
    let mut key = String::with_capacity(96);
    // Medical and DPC receipts share their kinds.
    if spec.kind == ReceiptKind::Dpc {
        key.push_str("DPC|");
    }
    if !head.apart.is_empty() {
        key.push_str(&head.apart);
        key.push('|');
    }
    for part in [&care, &head.kind, chart, &insurer, &symbol] {
        key.push_str(part);
        key.push('|');
    }
    key.push_str(&number);
    if chart.is_empty() {
        let birth = person.birth.expose().map(|b| format_compact!("{b}")).unwrap_or_default();
        let names = [person.name_kana.expose().as_str(), person.name_kanji.expose().as_str()];
        if number.is_empty() && birth.is_empty() && names.iter().all(|n| n.is_empty()) {
            return None;
        }
        key.push_str(&format!("|{birth}|{}|{}", names.join("|"), person.sex.code()));
    }
    Some(key)
}

/// The records of medical receipts, which DPC receipts have, too.
pub(crate) fn medical_record(reader: &mut Reader<'_, '_>, kind: Kind) -> bool {
    let (columns, texts): (usize, &[(usize, usize)]) = match &kind.0 {
        b"SY" => (8, &[(5, 40)]),
        b"SI" | b"IY" => (44, &[]),
        b"TO" => (48, &[]),
        b"CO" => (5, &[(4, 76)]),
        b"SJ" => (3, &[(2, 2400)]),
        b"GR" => (3, &[]),
        _ => return false,
    };
    reader.common_checks(columns, texts);
    match &kind.0 {
        b"SY" => reader.disease(),
        b"SI" => reader.claim_line(&claim::PROCEDURE),
        b"IY" => reader.claim_line(&claim::DRUG),
        b"TO" => reader.claim_line(&claim::MATERIAL),
        b"CO" => reader.comment(),
        b"GR" => reader.not_bundled(),
        _ => reader.statement(),
    }
    true
}
