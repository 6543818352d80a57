//! What every format must hold, whatever the bytes: nothing panics, units and facts stand where they say, every record
//! is accounted for. Tests of all formats use [`run`]; what else they check is theirs.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // each test binary uses its part of it

use std::collections::BTreeMap;

use musubi_mappers::table::Interfaces;
use musubi_mappers::{Document, MappedUnit, Mapper, Split, mapper_for};
use musubi_model::code::{Masters, NoMasters};
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::{Fact, FactTable, Finding, ProviderId, Severity};

/// One document, cut and mapped.
pub struct Done {
    pub split: Split,
    pub units: Vec<MappedUnit>,
}

impl Done {
    /// All findings, of the document and its units.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.split.findings.iter().chain(self.units.iter().flat_map(|u| &u.findings))
    }

    /// Rule ids of warnings and errors, sorted, each once.
    pub fn complaints(&self) -> Vec<&'static str> {
        let mut ids: Vec<_> =
            self.findings().filter(|f| f.rule.severity != Severity::Note).map(|f| f.rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Rule ids of all findings, sorted, each once.
    pub fn rules(&self) -> Vec<&'static str> {
        let mut ids: Vec<_> = self.findings().map(|f| f.rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// All facts of a table.
    pub fn facts(&self, table: FactTable) -> Vec<&Fact> {
        self.units.iter().flat_map(|u| &u.facts).filter(|f| f.table == table).collect()
    }

    /// How many facts each table has.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for fact in self.units.iter().flat_map(|u| &u.facts) {
            *counts.entry(fact.table.as_str()).or_default() += 1;
        }
        counts
    }
}

/// The mapper of a kind; of a table, of a shipped interface.
pub fn mapper(kind: FeedKind, interface: &str) -> std::sync::Arc<dyn Mapper> {
    mapper_for(kind, interface, &Interfaces::builtin()).unwrap_or_else(|| panic!("no mapper {interface}"))
}

/// Cuts and maps a document without masters, and checks what must always hold.
pub fn run(mapper: &dyn Mapper, bytes: &[u8], path: &str) -> Done {
    run_with(mapper, bytes, path, &Limits::default(), &NoMasters)
}

/// As [`run`], with limits and masters.
pub fn run_with(
    mapper: &dyn Mapper,
    bytes: &[u8],
    path: &str,
    limits: &Limits,
    masters: &dyn Masters,
) -> Done {
    // No institution's number: files of every sender are mapped under it.
    run_from("sample-provider", mapper, bytes, path, limits, masters)
}

/// As [`run_with`], sent by a provider of the test's choice.
pub fn run_from(
    provider: &str,
    mapper: &dyn Mapper,
    bytes: &[u8],
    path: &str,
    limits: &Limits,
    masters: &dyn Masters,
) -> Done {
    let provider = ProviderId::new(provider).unwrap();
    let document = Document { bytes, path, provider: &provider, limits };
    let split = mapper.split(&document);
    let length = u64::try_from(bytes.len()).unwrap();
    for finding in &split.findings {
        check_finding(finding, length);
    }
    let mut at = 0;
    let mut units = Vec::new();
    for slice in &split.units {
        assert!(slice.range.start >= at, "units overlap");
        at = slice.range.end();
        let raw = slice.range.slice(bytes).expect("the unit stands outside its document");
        assert!(split.contexts.get(slice.context as usize).is_some(), "a unit without its context");
        let opened = mapper.open(raw);
        let end = slice.range.start + u64::try_from(opened.len()).unwrap();
        let unit = mapper.map(&document, &split, slice, masters);
        assert_eq!(unit.records, slice.records, "records were lost");
        assert!(!unit.is_unsound() || unit.facts.is_empty(), "facts of a unit that is quarantined");
        assert!(unit.findings.len() <= limits.findings_per_unit_max as usize + 1);
        for finding in &unit.findings {
            check_finding(finding, length.max(end));
        }
        for fact in &unit.facts {
            assert!(
                fact.range.start >= slice.range.start && fact.range.end() <= end,
                "a fact outside its unit"
            );
            let from = usize::try_from(fact.range.start - slice.range.start).unwrap();
            let record = &opened[from..from + fact.range.len as usize];
            let _shown = mapper.show(record);
        }
        units.push(unit);
    }
    Done { split, units }
}

fn check_finding(finding: &Finding, length: u64) {
    if let Some(range) = finding.position.range {
        assert!(range.end() <= length, "{} points outside the document", finding.rule.id);
    }
    // Whoever reads it must not learn a person from it: a shape, a count or a code is short.
    assert!(finding.found.chars().count() <= 120, "{} shows too much", finding.rule.id);
}
