//! From one unit (a row, rows of one key, a record element) to its person, facts and findings.

use std::borrow::Cow;

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::finding::shape_of;
use musubi_model::{ByteRange, Coded, Demographics, Fact, Finding, Identifying, PartialDate, Rule};
use rust_decimal::prelude::ToPrimitive;

use super::cell::{self, Cell, Cells, Seen, add};
use super::heading::Frame;
use super::plan::{FactPlan, Interface, Layout, Need, Slot};
use super::split::is_hollow;
use super::{check, person, rules, xml};
use crate::lookup::{Answer, Lookup, unknown};
use crate::notes::Notes;
use crate::text::rows::{Row, Rows};
use crate::{Document, MappedUnit, RecordCounts, UnitSlice, UnitVersion, VersionState};

/// Collects the findings of a unit; knows the row that is being read.
pub(super) struct Teller<'d> {
    notes: Notes,
    document: &'d [u8],
    frame: &'d Frame,
    range: ByteRange,
}

impl Teller<'_> {
    /// Tells that a rule is broken in the row being read.
    pub(super) fn tell(&mut self, rule: &'static Rule, field: &str, found: &str, expected: &str) {
        let line = self.frame.line(self.document, self.range.start);
        let finding = Finding::new(rule).at(self.range).in_field(format!("行 {line}"), field);
        self.notes.push(finding.found(found).expected(expected));
    }
}

/// Maps one unit.
pub(super) fn unit(
    interface: &Interface,
    document: &Document<'_>,
    frame: &Frame,
    unit: &UnitSlice,
    masters: &dyn Masters,
) -> MappedUnit {
    let teller = Teller {
        notes: Notes::new(document.limits.findings_per_unit_max),
        document: document.bytes,
        frame,
        range: unit.range,
    };
    let mut work = Work {
        interface,
        frame,
        tell: teller,
        lookup: Lookup::new(masters),
        facts: Vec::new(),
        first: None,
        version: None,
        count: 0,
    };
    let bytes = unit.range.slice(document.bytes).unwrap_or_default();
    match &interface.layout {
        Layout::Xml { .. } => {
            let texts = xml::cells(bytes, &interface.columns);
            work.count = 1;
            work.row(unit.range, |column, _| Cow::Borrowed(texts.get(column).map_or("", String::as_str)));
        }
        Layout::Csv(_) => work.rows(bytes, unit, document),
    }
    let mut records = RecordCounts::default();
    if work.count > 0 {
        records.add("row", work.count);
    }
    let failed = work.tell.notes.has_error();
    MappedUnit {
        demographics: work.first.unwrap_or_default(),
        facts: if failed { Vec::new() } else { work.facts },
        findings: work.tell.notes.finish(),
        records,
        version: work.version,
        master_version: work.lookup.editions(),
    }
}

struct Work<'w> {
    interface: &'w Interface,
    frame: &'w Frame,
    tell: Teller<'w>,
    lookup: Lookup<'w>,
    facts: Vec<Fact>,
    /// The person of the first row.
    first: Option<Demographics>,
    version: Option<UnitVersion>,
    count: u64,
}

impl Work<'_> {
    fn rows(&mut self, bytes: &[u8], unit: &UnitSlice, document: &Document<'_>) {
        let separator = self.frame.separator;
        let mut rows = Rows::new(bytes, 0, separator, document.limits.record_bytes_max);
        let mut row = Row::default();
        let max = u64::from(document.limits.records_per_unit_max);
        while rows.read(&mut row) {
            if is_hollow(bytes.get(row.start..row.end).unwrap_or_default(), separator) {
                continue;
            }
            self.count += 1;
            if self.count > max {
                continue;
            }
            let range = ByteRange::within(unit.range.start, row.start, row.end);
            self.tell.range = range;
            self.shape(&row, bytes);
            let encoding = self.frame.encoding;
            self.row(range, |_, field| row.text(bytes, field, encoding));
        }
        if self.count > max {
            self.tell.range = unit.range;
            self.tell.tell(&rules::LIMIT, "", &format!("{}行", self.count), &format!("{max}行まで"));
        }
    }

    /// Quotes, and the number of fields.
    fn shape(&mut self, row: &Row, bytes: &[u8]) {
        if row.open_quote {
            self.tell.tell(&rules::OPEN_QUOTE, "", "閉じない引用符", "閉じた引用符");
        }
        let width = self.frame.width;
        if width > 0 && row.fields.len() > width {
            let more = (width..row.fields.len()).any(|i| !row.raw(bytes, i).trim_ascii().is_empty());
            if more {
                let found = format!("{}項目", row.fields.len());
                self.tell.tell(&rules::ROW_LONG, "", &found, &format!("{width}項目"));
            }
        } else if row.fields.len() < width {
            let found = format!("{}項目", row.fields.len());
            self.tell.tell(&rules::ROW_SHORT, "", &found, &format!("{width}項目"));
        }
        for field in &self.frame.my_numbers {
            let at = usize::try_from(*field).unwrap_or(usize::MAX);
            let text = row.text(bytes, at, self.frame.encoding);
            person::check_my_number(&text, &format!("列 {}", at + 1), &mut self.tell);
        }
    }

    /// One row. `text` gives the text of a column, by its number and its field.
    fn row<'r>(&mut self, range: ByteRange, text: impl Fn(usize, usize) -> Cow<'r, str>) {
        let interface = self.interface;
        let mut cells: Vec<Cell<'r>> = Vec::with_capacity(self.frame.cells.len());
        for (column, field) in &self.frame.cells {
            let index = usize::try_from(*column).unwrap_or(usize::MAX);
            let raw = text(index, usize::try_from(*field).unwrap_or(usize::MAX));
            let Some(column) = interface.column(index) else { continue };
            if raw.is_empty() && column.need <= Need::Column {
                cells.push(Cell::empty());
                continue;
            }
            let is_day = interface.day == Some(index);
            let tell = &mut self.tell;
            let read = cell::read(&column.reads, raw, is_day, |found, (rule, expected)| {
                let shape = if *rule == rules::CODE { shown(found) } else { shape_of(found) };
                // A birth date that cannot be read has a rule of its own.
                let rule = if column.part == Some(super::plan::Part::Birth) && *rule == rules::DATE {
                    &rules::BIRTH
                } else {
                    rule
                };
                let is_sex = column.part == Some(super::plan::Part::Sex) && *rule == rules::CODE;
                if !is_sex {
                    tell.tell(rule, &column.title, &shape, &expected);
                }
            });
            if read.is_empty() {
                match column.need {
                    Need::Value => self.tell.tell(&rules::VALUE_MISSING, &column.title, "(空)", "値"),
                    Need::Expected => self.tell.tell(&rules::VALUE_EXPECTED, &column.title, "(空)", "値"),
                    Need::Column | Need::No => {}
                }
            }
            cells.push(read);
        }
        let frame = self.frame;
        let cell = Cells { place: &frame.place, cells: &cells };
        let described = person::demographics(interface, cell, &mut self.tell);
        let birth = *described.birth.expose();
        check::run(interface, cell, birth, &mut self.tell);
        // Most filled cells become a fact; room for all of them is asked for at once.
        self.facts.reserve(cells.iter().filter(|c| !c.is_empty()).count() + 1);
        let deleted = self.head(described, range, cell);
        if deleted || self.tell.notes.has_error() {
            return;
        }
        self.all_facts(range, cell);
    }

    /// Person and version, from the first row; later rows must speak of the same person. Is the record deleted?
    fn head(&mut self, described: Demographics, range: ByteRange, cell: Cells<'_>) -> bool {
        let versions = self.interface.versions.as_ref();
        let deleted =
            versions.and_then(|v| v.deleted.as_ref()).is_some_and(|(n, texts)| cell.at(*n).is_one_of(texts));
        if let Some(first) = &self.first {
            if *first != described {
                self.tell.tell(&rules::PERSON_DIFFERS, "", "違う本人", "同じ本人");
            }
            return deleted;
        }
        self.facts.extend(person::fact(&described, range));
        self.first = Some(described);
        self.version = versions.map(|v| {
            let mut key = self.interface.name.clone();
            for column in &v.key {
                key.push('\u{1F}');
                match cell.at(*column).date() {
                    Some(date) => key.push_str(&date.to_string()),
                    None => key.push_str(&cell.at(*column).text),
                }
            }
            let time: Vec<String> = v.time.iter().map(|n| sortable(cell.at(*n))).collect();
            UnitVersion {
                key: Identifying::new(key),
                time: CompactString::from(time.join(" ")),
                state: if deleted { VersionState::Deleted } else { VersionState::Current },
            }
        });
        deleted
    }

    fn all_facts(&mut self, range: ByteRange, cell: Cells<'_>) {
        let interface = self.interface;
        let day = interface.day.and_then(|n| cell.at(n).date());
        let clock = interface.time.or(interface.day).map(|n| cell.at(n));
        let (second, mark) = clock.map_or((None, None), |c| (c.second(), c.mark().qualifier()));
        let mut turned_away: Vec<usize> = Vec::new();
        let mut taken: Vec<usize> = Vec::new();
        for number in &self.frame.facts {
            let Some(plan) = interface.facts.get(usize::try_from(*number).unwrap_or(usize::MAX)) else {
                continue;
            };
            if plan.needs.iter().any(|n| cell.at(*n).is_empty()) {
                continue;
            }
            if !plan.when.is_empty() {
                if plan.when.iter().any(|(n, texts)| !cell.at(*n).is_one_of(texts)) {
                    turned_away.extend(&plan.needs);
                    continue;
                }
                taken.extend(&plan.needs);
            }
            // A fact is large: it is made in its place.
            self.facts.push(plan.template.clone());
            let Some(fact) = self.facts.last_mut() else { continue };
            fact.range = range;
            if plan.on_day {
                fact.start = day;
                fact.start_second = second;
                if let Some(mark) = mark {
                    add(&mut fact.qualifiers, mark);
                }
            }
            if !fill(interface, plan, fact, cell) {
                self.facts.pop();
            } else if plan.asks {
                self.ask();
            }
        }
        turned_away.retain(|n| !taken.contains(n));
        turned_away.sort_unstable();
        turned_away.dedup();
        for column in turned_away {
            let title = interface.column(column).map_or("", |c| c.title.as_str());
            self.tell.tell(&rules::VALUE_UNUSED, title, "値あり", "条件に合う行");
        }
    }

    /// Asks the masters for a code that a cell gave.
    fn ask(&mut self) {
        let Some(fact) = self.facts.last_mut() else { return };
        let on: Option<PartialDate> = fact.start;
        let Some(source) = &mut fact.source else { return };
        match self.lookup.ask(&source.system, &source.code, on) {
            Answer::Known(entry) => {
                source.text = Some(entry.name);
                fact.standard = fact.standard.take().or(entry.standard);
            }
            Answer::Unknown(edition) => {
                let line = self.tell.frame.line(self.tell.document, self.tell.range.start);
                let finding = unknown(&source.system, &source.code, &edition).at(self.tell.range);
                self.tell.notes.push(finding.in_field(format!("行 {line}"), ""));
            }
            Answer::NoMaster => {}
        }
    }
}

/// Fills the slots of a fact. `false`: its code is none that may stand in a fact.
fn fill(interface: &Interface, plan: &FactPlan, fact: &mut Fact, cell: Cells<'_>) -> bool {
    for (slot, column) in &plan.slots {
        let one = cell.at(*column);
        if one.is_empty() {
            continue;
        }
        match slot {
            Slot::Value => {
                let Some(column) = interface.column(*column) else { continue };
                one.measure(&column.reads, &mut fact.value, &mut fact.qualifiers, &mut fact.status);
            }
            Slot::Code(system) => match one.word() {
                Some(code) => fact.source = Some(Coded { system: system.clone(), code, text: None }),
                None => return false,
            },
            Slot::Standard(system) => {
                fact.standard = one.word().map(|code| Coded { system: system.clone(), code, text: None });
            }
            Slot::Start => {
                fact.start = one.date();
                fact.start_second = fact.start_second.or(one.second());
                if let Some(mark) = one.mark().qualifier() {
                    add(&mut fact.qualifiers, mark);
                }
            }
            Slot::Second => {
                fact.start_second = one.second();
                if let Some(mark) = one.mark().qualifier() {
                    add(&mut fact.qualifiers, mark);
                }
            }
            Slot::End => fact.end = one.date(),
            Slot::Unit => fact.value.unit = one.word().unwrap_or_default(),
            Slot::Range => fact.value.range = one.word().unwrap_or_default(),
            Slot::Flag => fact.value.flag = one.word().unwrap_or_default(),
            Slot::Status => fact.status = one.word().unwrap_or_default(),
            Slot::Quantity => fact.quantity = one.number(),
            Slot::Times => fact.times = one.number().and_then(|n| n.to_u32()),
            Slot::Department => fact.department = one.word().unwrap_or_default(),
            Slot::Group => fact.group = one.word().unwrap_or_default(),
            Slot::Qualifier(name) => {
                if let Some(word) = one.word() {
                    add(&mut fact.qualifiers, name);
                    if !name.is_empty() {
                        fact.qualifiers.push('=');
                    }
                    fact.qualifiers.push_str(&word);
                }
            }
        }
    }
    if let Some((mark, unless)) = &plan.mark
        && unless.iter().all(|n| cell.at(*n).is_empty())
    {
        add(&mut fact.qualifiers, mark);
    }
    true
}

/// A code of at most three signs shows nobody; anything else is shown as a shape.
fn shown(text: &str) -> String {
    let is_code = text.len() <= 3 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_code { text.to_owned() } else { shape_of(text) }
}

/// A cell so that later sorts after earlier: dates as ISO with their time, numbers padded.
fn sortable(cell: &Cell<'_>) -> String {
    match (&cell.seen, cell.date()) {
        (_, Some(date)) => format!("{date}T{:05}", cell.second().unwrap_or(0)),
        (Seen::Time { second, .. }, _) => format!("{:05}", second.unwrap_or(0)),
        _ => {
            let text: String = cell.text.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
            format!("{text:0>20}")
        }
    }
}
