//! One document, cut and mapped: counts, and findings as they come. Pure; what is mapped is counted and dropped.

use std::collections::BTreeMap;

use compact_str::CompactString;
use musubi_mappers::{Document, MappedUnit, Mapper, RecordCounts, Split, UnitSlice, leak};
use musubi_model::code::Masters;
use musubi_model::finding::Finding;
use musubi_model::limits::Limits;
use musubi_model::{FactTable, ProviderId};
use musubi_package::{cap_findings, rules};
use rayon::prelude::*;

/// Units that are mapped before their findings are handed on: bounds the memory of a large document.
const WINDOW: usize = 2048;

/// What a document is read with.
#[derive(Clone, Copy)]
pub(crate) struct Tools<'a> {
    pub mapper: &'a dyn Mapper,
    pub masters: &'a dyn Masters,
    pub limits: &'a Limits,
    pub provider: &'a ProviderId,
    pub path: &'a str,
}

/// What a document counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub units: u64,
    /// Units that intake would quarantine, all of them when the document as a whole is unsound.
    pub quarantined: u64,
    pub records: BTreeMap<CompactString, u64>,
    /// Facts of sound units.
    pub facts: BTreeMap<FactTable, u64>,
    /// Control totals, to hold against the manifest's.
    pub totals: BTreeMap<CompactString, u64>,
    /// Is the document as a whole unsound?
    pub unsound: bool,
}

impl Sums {
    pub(crate) fn records(&mut self, counts: &RecordCounts) {
        for (kind, n) in counts.iter() {
            *self.records.entry(CompactString::from(kind)).or_default() += n;
        }
    }
}

/// A finding and the unit it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub unit: Option<u64>,
    pub finding: Finding,
}

/// Where findings go.
pub(crate) type Sink<'s> = dyn FnMut(Found) -> anyhow::Result<()> + 's;

/// Cuts and maps a document.
pub(crate) fn whole(tools: &Tools<'_>, bytes: &[u8], sink: &mut Sink<'_>) -> anyhow::Result<Sums> {
    let document = Document { bytes, path: tools.path, provider: tools.provider, limits: tools.limits };
    let split = tools.mapper.split(&document);
    let mut sums = Sums { unsound: split.is_unsound(), totals: split.totals.clone(), ..Sums::default() };
    for finding in &split.findings {
        sink(Found { unit: None, finding: finding.clone() })?;
    }
    sums.records(&split.envelope);
    units(tools, &document, &split, &mut sums, &mut |found| sink(found))?;
    if sums.unsound {
        sums.quarantined = sums.units;
        sums.facts.clear();
    }
    Ok(sums)
}

/// Maps the units of a document that was cut, window by window.
pub(crate) fn units(
    tools: &Tools<'_>,
    document: &Document<'_>,
    split: &Split,
    sums: &mut Sums,
    sink: &mut Sink<'_>,
) -> anyhow::Result<()> {
    for window in split.units.chunks(WINDOW) {
        let mapped: Vec<Counted> =
            window.par_iter().with_min_len(16).map(|slice| count(tools, document, split, slice)).collect();
        for (slice, unit) in window.iter().zip(mapped) {
            sums.records(&slice.records);
            sums.quarantined += u64::from(unit.unsound);
            for (table, n) in unit.facts {
                *sums.facts.entry(table).or_default() += n;
            }
            for finding in unit.findings {
                sink(Found { unit: Some(sums.units), finding })?;
            }
            sums.units += 1;
        }
    }
    Ok(())
}

/// What is kept of a mapped unit.
struct Counted {
    unsound: bool,
    facts: BTreeMap<FactTable, u64>,
    findings: Vec<Finding>,
}

fn count(tools: &Tools<'_>, document: &Document<'_>, split: &Split, slice: &UnitSlice) -> Counted {
    let mut unit = tools.mapper.map(document, split, slice, tools.masters);
    leak::guard(&mut unit, tools.limits);
    let MappedUnit { facts, mut findings, records, .. } = unit;
    if records != slice.records {
        findings.push(
            Finding::new(&rules::MAPPER_COUNT)
                .at(slice.range)
                .found(records.total().to_string())
                .expected(slice.records.total().to_string()),
        );
    }
    cap_findings(&mut findings, tools.limits.findings_per_unit_max);
    let unsound = findings.iter().any(Finding::is_error);
    let mut tables = BTreeMap::new();
    if !unsound {
        for fact in &facts {
            *tables.entry(fact.table).or_default() += 1;
        }
    }
    Counted { unsound, facts: tables, findings }
}
