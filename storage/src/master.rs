//! The loaded masters in memory (マスタ), edition by edition: what a mapper asks for every record.
//!
//! A code is found by one hash and one comparison; names lie in one text per edition. Editions are shared: a program
//! that reads the masters again keeps those it has. Never changed once built.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use compact_str::CompactString;
use jiff::civil::Date;
use musubi_model::code::{MasterEntry, Masters, PartialDateOrToday};
use musubi_model::{CodeSystem, Coded, PartialDate};

/// Stands for "none" among the numbers of a table.
const NONE: u32 = u32::MAX;

/// The loaded masters.
#[derive(Debug, Clone, Default)]
pub struct LoadedMasters {
    systems: BTreeMap<CodeSystem, Vec<Part>>,
}

/// A list of codes of one system; most systems have one.
#[derive(Debug, Clone)]
struct Part {
    name: CompactString,
    /// In the order in which they came into force.
    editions: Vec<Edition>,
}

/// An edition of a master.
#[derive(Debug, Clone)]
pub struct Edition {
    /// First day on which it holds.
    pub effective_on: Date,
    /// Of several that begin on one day, the last counts.
    pub revision: u32,
    /// Its name, as facts carry it.
    pub name: CompactString,
    /// Hash of the file.
    pub blake3: CompactString,
    /// Its codes.
    pub codes: Arc<CodeTable>,
}

impl LoadedMasters {
    /// Adds an edition.
    pub fn add(&mut self, system: CodeSystem, part: &str, edition: Edition) {
        let parts = self.systems.entry(system).or_default();
        let at = match parts.iter().position(|p| p.name == part) {
            Some(at) => at,
            None => {
                parts.push(Part { name: CompactString::from(part), editions: Vec::new() });
                // The order of loading must not show.
                parts.sort_by(|a, b| a.name.cmp(&b.name));
                parts.iter().position(|p| p.name == part).unwrap_or_default()
            }
        };
        if let Some(part) = parts.get_mut(at) {
            part.editions.push(edition);
            part.editions.sort_by(|a, b| {
                (a.effective_on, a.revision, &a.name).cmp(&(b.effective_on, b.revision, &b.name))
            });
        }
    }

    /// The codes of an edition that was read before.
    #[must_use]
    pub fn kept(&self, system: &CodeSystem, name: &str, blake3: &str) -> Option<Arc<CodeTable>> {
        let editions = self.systems.get(system)?.iter().flat_map(|p| &p.editions);
        editions.into_iter().find(|e| e.name == name && e.blake3 == blake3).map(|e| Arc::clone(&e.codes))
    }

    /// Is there a master of this system that maps codes to standard ones?
    #[must_use]
    pub fn gives_standards(&self, system: &CodeSystem) -> bool {
        let mut parts = self.systems.get(system).into_iter().flatten();
        parts.any(|p| p.editions.iter().any(|e| !e.codes.standards.is_empty()))
    }

    /// Is the code in the edition in force? `None`: no master of that system is loaded.
    #[must_use]
    pub fn has(&self, system: &CodeSystem, code: &str, on: PartialDateOrToday) -> Option<bool> {
        let parts = self.systems.get(system)?;
        Some(parts.iter().any(|part| part.in_force(on).is_some_and(|e| e.codes.row(code, on).is_some())))
    }

    /// Bytes of memory of all codes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let parts = self.systems.values().flatten();
        parts.flat_map(|p| &p.editions).map(|e| e.codes.bytes()).sum()
    }
}

impl Part {
    /// The edition in force: the last that began on or before the date; before the first, the first; without a date,
    /// the newest. A date known to the month or year counts as its first day.
    fn in_force(&self, on: PartialDateOrToday) -> Option<&Edition> {
        let Some(on) = on.map(|date| date.earliest()) else { return self.editions.last() };
        let begun = self.editions.partition_point(|edition| edition.effective_on <= on);
        match begun.checked_sub(1) {
            Some(last) => self.editions.get(last),
            // Of several revisions of the first day, the last.
            None => {
                let first = self.editions.first()?.effective_on;
                let same = self.editions.partition_point(|edition| edition.effective_on <= first);
                self.editions.get(same.saturating_sub(1))
            }
        }
    }
}

impl Masters for LoadedMasters {
    fn edition(&self, system: &CodeSystem, on: PartialDateOrToday) -> Option<CompactString> {
        let mut name = CompactString::default();
        for edition in self.systems.get(system)?.iter().filter_map(|part| part.in_force(on)) {
            if !name.is_empty() {
                name.push('+');
            }
            name.push_str(&edition.name);
        }
        Some(name)
    }

    fn look_up(&self, system: &CodeSystem, code: &str, on: PartialDateOrToday) -> Option<MasterEntry> {
        self.systems.get(system)?.iter().find_map(|part| part.in_force(on)?.codes.find(code, on))
    }
}

/// The codes of one edition: rows by code and period, found through a table of hashes.
#[derive(Clone)]
pub struct CodeTable {
    text: Box<str>,
    rows: Box<[Row]>,
    standards: Box<[Coded]>,
    /// First row of a code by the hash of the code; a power of two of them, at least half of them free.
    slots: Box<[u32]>,
}

/// One code in one period. Texts are places in the table's text.
#[derive(Debug, Clone, Copy)]
struct Row {
    code: Span,
    name: Span,
    standard: u32,
    /// `YYYYMMDD`; 0 when open.
    from: i32,
    /// `YYYYMMDD`; `i32::MAX` when open.
    until: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    len: u32,
}

impl fmt::Debug for CodeTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CodeTable").field("rows", &self.rows.len()).finish_non_exhaustive()
    }
}

impl CodeTable {
    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Has it none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.rows) + size_of_val(&*self.slots) + size_of_val(&*self.standards)
    }

    fn str(&self, span: Span) -> &str {
        let start = span.start as usize;
        self.text.get(start..start + span.len as usize).unwrap_or_default()
    }

    /// What the edition says of a code as of a date. A date known to the month fits every period that has a day of it;
    /// without a date the last period counts.
    fn find(&self, code: &str, on: PartialDateOrToday) -> Option<MasterEntry> {
        let row = self.row(code, on)?;
        Some(MasterEntry {
            name: CompactString::from(self.str(row.name)),
            standard: self.standards.get(row.standard as usize).cloned(),
        })
    }

    fn row(&self, code: &str, on: PartialDateOrToday) -> Option<&Row> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash(code.as_bytes()) as usize & mask;
        let first = loop {
            let row = *self.slots.get(at)?;
            if row == NONE {
                return None;
            }
            if self.str(self.rows.get(row as usize)?.code) == code {
                break row as usize;
            }
            at = (at + 1) & mask;
        };
        let periods = self.rows.get(first..)?.iter().take_while(|row| self.str(row.code) == code);
        match on.map(days_of) {
            Some((earliest, latest)) => periods.filter(|r| r.from <= latest && r.until >= earliest).last(),
            None => periods.last(),
        }
    }
}

/// First and last day a date can mean, as `YYYYMMDD`.
fn days_of(date: PartialDate) -> (i32, i32) {
    let at = |month: u8, day: u8| i32::from(date.year()) * 10_000 + i32::from(month) * 100 + i32::from(day);
    let month = date.month();
    let day = date.day_of_month();
    (at(month.unwrap_or(1), day.unwrap_or(1)), at(month.unwrap_or(12), day.unwrap_or(31)))
}

fn number_of(date: Date) -> i32 {
    days_of(PartialDate::day(date)).0
}

/// Codes are short and come from files we chose: a plain multiplicative hash, eight bytes at a time.
fn hash(bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = FACTOR ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0u8; 8];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(FACTOR);
        hash ^= hash >> 32;
    }
    hash
}

/// Builds a table.
#[derive(Debug, Default)]
pub struct CodeTableBuilder {
    text: String,
    known: HashMap<String, Span>,
    rows: Vec<Row>,
    standards: Vec<Coded>,
    numbers: HashMap<Coded, u32>,
}

impl CodeTableBuilder {
    /// Adds a code for a period.
    pub fn push(
        &mut self,
        code: &str,
        name: &str,
        standard: Option<Coded>,
        valid: (Option<Date>, Option<Date>),
    ) {
        let standard = match standard {
            None => NONE,
            Some(coded) => *self.numbers.entry(coded).or_insert_with_key(|coded| {
                self.standards.push(coded.clone());
                u32::try_from(self.standards.len() - 1).unwrap_or(NONE)
            }),
        };
        let row = Row {
            code: self.keep(code),
            name: self.keep(name),
            standard,
            from: valid.0.map_or(0, number_of),
            until: valid.1.map_or(i32::MAX, number_of),
        };
        self.rows.push(row);
    }

    fn keep(&mut self, text: &str) -> Span {
        if let Some(span) = self.known.get(text) {
            return *span;
        }
        let cut = |n: usize| u32::try_from(n).unwrap_or(NONE);
        let span = Span { start: cut(self.text.len()), len: cut(text.len()) };
        self.text.push_str(text);
        self.known.insert(text.to_owned(), span);
        span
    }

    /// The finished table.
    #[must_use]
    pub fn finish(self) -> CodeTable {
        let mut table = CodeTable {
            text: self.text.into_boxed_str(),
            rows: Box::default(),
            standards: self.standards.into_boxed_slice(),
            slots: Box::default(),
        };
        let mut rows = self.rows;
        rows.sort_by(|a, b| (table.str(a.code), a.from, a.until).cmp(&(table.str(b.code), b.from, b.until)));
        let mut slots = vec![NONE; (rows.len() * 2).next_power_of_two().max(2)];
        let mask = slots.len() - 1;
        let mut before = None;
        for (number, row) in (0u32..).zip(&rows) {
            if before == Some(row.code) {
                continue;
            }
            before = Some(row.code);
            let mut at = hash(table.str(row.code).as_bytes()) as usize & mask;
            while slots.get(at).is_some_and(|slot| *slot != NONE) {
                at = (at + 1) & mask;
            }
            if let Some(slot) = slots.get_mut(at) {
                *slot = number;
            }
        }
        table.rows = rows.into_boxed_slice();
        table.slots = slots.into_boxed_slice();
        table
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn edition(name: &str, effective_on: Date, revision: u32, codes: &[(&str, &str)]) -> Edition {
        let mut builder = CodeTableBuilder::default();
        for (code, name) in codes {
            builder.push(code, name, None, (None, None));
        }
        let codes = Arc::new(builder.finish());
        Edition { effective_on, revision, name: name.into(), blake3: "h".into(), codes }
    }

    fn on(year: i16, month: u8, day: u8) -> PartialDateOrToday {
        Some(PartialDate::new(year, month, day).unwrap())
    }

    #[test]
    fn the_edition_in_force_is_chosen_by_date() {
        let mut masters = LoadedMasters::default();
        let system = CodeSystem::ReceiptDisease;
        masters.add(system.clone(), "", edition("2024.2", date(2024, 6, 1), 2, &[("1", "新改")]));
        masters.add(system.clone(), "", edition("2024", date(2024, 6, 1), 1, &[("1", "新")]));
        masters.add(system.clone(), "", edition("2022.10", date(2022, 4, 1), 10, &[("1", "旧改")]));
        masters.add(system.clone(), "", edition("2022", date(2022, 4, 1), 1, &[("1", "旧")]));
        let check = |on: PartialDateOrToday, expect: &str| {
            assert_eq!(masters.edition(&system, on).as_deref(), Some(expect), "{on:?}");
        };
        check(None, "2024.2");
        check(on(2024, 6, 1), "2024.2");
        check(on(2024, 5, 31), "2022.10");
        check(on(2024, 6, 0), "2024.2");
        check(on(2024, 0, 0), "2022.10");
        check(on(2022, 4, 1), "2022.10");
        check(on(1999, 1, 1), "2022.10");
        check(on(2050, 1, 1), "2024.2");
        assert_eq!(masters.look_up(&system, "1", None).unwrap().name, "新改");
        assert_eq!(masters.look_up(&system, "2", None), None);
        assert_eq!(masters.edition(&CodeSystem::Hot, None), None);
        assert_eq!(masters.has(&CodeSystem::Hot, "1", None), None);
        assert_eq!(masters.has(&system, "1", None), Some(true));
        assert_eq!(masters.has(&system, "2", None), Some(false));
        assert!(!masters.gives_standards(&system));
    }

    #[test]
    fn parts_stand_side_by_side() {
        let mut masters = LoadedMasters::default();
        let system = CodeSystem::CheckupItem;
        masters.add(system.clone(), "ext", edition("ext-2024", date(2024, 4, 1), 1, &[("2", "追加")]));
        masters.add(system.clone(), "", edition("2024", date(2024, 4, 1), 1, &[("1", "基本")]));
        masters.add(system.clone(), "", edition("2025", date(2025, 4, 1), 1, &[("1", "基本改")]));
        assert_eq!(masters.edition(&system, on(2024, 5, 1)).as_deref(), Some("2024+ext-2024"));
        assert_eq!(masters.edition(&system, None).as_deref(), Some("2025+ext-2024"));
        assert_eq!(masters.look_up(&system, "1", None).unwrap().name, "基本改");
        assert_eq!(masters.look_up(&system, "2", None).unwrap().name, "追加");
        assert!(masters.kept(&system, "ext-2024", "h").is_some());
        assert!(masters.kept(&system, "ext-2024", "other").is_none());
    }

    #[test]
    fn a_dropped_code_is_unknown_after_its_last_day() {
        let mut builder = CodeTableBuilder::default();
        let coded = |code: &str| Some(Coded::new(CodeSystem::Yj, code));
        builder.push("1", "使用中", coded("a"), (None, None));
        builder.push("2", "廃止", coded("a"), (None, Some(date(2024, 5, 31))));
        builder.push("3", "後", coded("c"), (Some(date(2024, 6, 1)), None));
        builder.push("3", "前", coded("b"), (Some(date(2020, 4, 1)), Some(date(2024, 5, 15))));
        let table = builder.finish();
        assert_eq!((table.len(), table.standards.len()), (4, 3));
        let check = |code: &str, on: PartialDateOrToday, expect: Option<&str>| {
            let found = table.find(code, on);
            assert_eq!(found.as_ref().map(|e| e.name.as_str()), expect, "{code} {on:?}");
        };
        check("1", on(1950, 1, 1), Some("使用中"));
        check("2", on(2024, 5, 31), Some("廃止"));
        check("2", on(2024, 6, 1), None);
        // In the month in which it was dropped it may have been used.
        check("2", on(2024, 5, 0), Some("廃止"));
        check("2", on(2024, 6, 0), None);
        check("2", on(2024, 0, 0), Some("廃止"));
        check("2", None, Some("廃止"));
        check("3", on(2020, 3, 31), None);
        check("3", on(2020, 4, 1), Some("前"));
        check("3", on(2024, 5, 20), None);
        check("3", on(2024, 5, 0), Some("前"));
        check("3", on(2024, 6, 1), Some("後"));
        check("3", None, Some("後"));
        assert_eq!(table.find("3", None).unwrap().standard, coded("c"));
        assert_eq!(CodeTableBuilder::default().finish().find("", None), None);
    }

    proptest! {
        #[test]
        fn every_code_is_found_and_no_other(
            codes in proptest::collection::btree_set("[0-9A-Z]{1,17}", 0..200),
            others in proptest::collection::vec("[0-9A-Z]{0,17}", 0..50),
        ) {
            let codes: BTreeSet<String> = codes;
            let mut builder = CodeTableBuilder::default();
            for code in &codes {
                builder.push(code, &format!("名{code}"), None, (None, None));
            }
            let table = builder.finish();
            for code in &codes {
                prop_assert_eq!(table.find(code, None).map(|e| e.name), Some(format!("名{code}").into()));
            }
            for code in others.iter().filter(|c| !codes.contains(*c)) {
                prop_assert_eq!(table.find(code, None), None);
            }
        }
    }
}
