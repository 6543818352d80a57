//! What a check found, added up: by format, table, rule, maker and package. Bounded whatever the size of the delivery.

use std::collections::BTreeMap;

use compact_str::CompactString;
use musubi_model::finding::{Finding, Rule, Severity};
use musubi_model::manifest::FeedKind;
use musubi_model::{DocumentHash, FactTable};
use serde::Serialize;

use crate::check::Sums;

/// Positions kept of each rule; all of them stand in the CSV.
pub const EXAMPLES_MAX: usize = 5;
/// Makers counted of each rule; the rest are one line.
const VENDORS_MAX: usize = 100;

/// A document as it is spoken of.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    /// Counted from 1, in the order in which documents are met.
    pub number: u64,
    /// Its path, masked.
    pub place: String,
    pub hash: DocumentHash,
    pub bytes: u64,
    pub kind: Option<FeedKind>,
    pub interface: String,
    pub vendor: Option<String>,
}

/// One document, for machines.
#[derive(Debug, Serialize)]
pub(crate) struct DocumentLine<'a> {
    number: u64,
    path_shape: &'a str,
    document: DocumentHash,
    bytes: u64,
    kind: Option<&'static str>,
    interface: &'a str,
    vendor: Option<&'a str>,
    units: u64,
    units_quarantined: u64,
    quarantined_whole: bool,
    records: &'a BTreeMap<CompactString, u64>,
    facts: BTreeMap<&'static str, u64>,
    findings: &'a BTreeMap<&'static str, u64>,
}

/// One finding where it stands.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Example {
    pub number: u64,
    pub place: String,
    pub unit: Option<u64>,
    pub record: String,
    pub field: String,
    pub byte_start: Option<u64>,
    pub byte_len: Option<u32>,
    pub found: String,
    pub expected: String,
}

/// How often a rule was broken.
#[derive(Debug, Clone)]
pub(crate) struct Broken {
    pub rule: &'static Rule,
    pub count: u64,
    pub documents: u64,
    last_document: u64,
    pub vendors: BTreeMap<String, u64>,
    pub examples: Vec<Example>,
}

/// The documents of one format.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct OfKind {
    pub documents: u64,
    pub bytes: u64,
    pub units: u64,
    pub units_quarantined: u64,
    pub records: BTreeMap<CompactString, u64>,
}

/// One package and its control totals.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Parcel {
    /// Which of the given paths, or how it is masked.
    pub place: String,
    /// The feed its manifest names.
    pub feed: Option<String>,
    pub kind: Option<&'static str>,
    pub files: u64,
    pub signed: bool,
    /// Verified with the key that was given; `None`: no key was given.
    pub signature_holds: Option<bool>,
    /// Is it what its manifest says?
    pub holds: bool,
    /// What the manifest promises and what was counted, by kind of record.
    pub totals: BTreeMap<String, (u64, u64)>,
}

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub documents: u64,
    pub bytes: u64,
    pub unrecognised: u64,
    pub units: u64,
    pub units_quarantined: u64,
    pub documents_quarantined: u64,
    pub kinds: BTreeMap<(FeedKind, String), OfKind>,
    pub facts: BTreeMap<FactTable, u64>,
    pub rules: BTreeMap<&'static str, Broken>,
    pub parcels: Vec<Parcel>,
    /// Rules broken by the document at hand.
    current: BTreeMap<&'static str, u64>,
}

impl Report {
    /// Adds one finding; `named` is missing for findings about a package.
    pub(crate) fn finding(&mut self, named: Option<&Named>, place: &str, unit: Option<u64>, f: &Finding) {
        let number = named.map_or(0, |n| n.number);
        let broken = self.rules.entry(f.rule.id).or_insert_with(|| Broken {
            rule: f.rule,
            count: 0,
            documents: 0,
            last_document: u64::MAX,
            vendors: BTreeMap::new(),
            examples: Vec::new(),
        });
        broken.count += 1;
        if broken.last_document != number {
            broken.documents += 1;
            broken.last_document = number;
        }
        let vendor = named.and_then(|n| n.vendor.as_deref()).unwrap_or_default();
        if broken.vendors.len() < VENDORS_MAX || broken.vendors.contains_key(vendor) {
            *broken.vendors.entry(vendor.to_owned()).or_default() += 1;
        } else {
            *broken.vendors.entry("…".to_owned()).or_default() += 1;
        }
        if broken.examples.len() < EXAMPLES_MAX {
            broken.examples.push(Example {
                number,
                place: place.to_owned(),
                unit,
                record: f.position.record.clone(),
                field: f.position.field.clone(),
                byte_start: f.position.range.map(|r| r.start),
                byte_len: f.position.range.map(|r| r.len),
                found: f.found.clone(),
                expected: f.expected.clone(),
            });
        }
        if named.is_some() {
            *self.current.entry(f.rule.id).or_default() += 1;
        }
    }

    /// Closes a document; gives back its line for machines.
    pub(crate) fn document(&mut self, named: &Named, sums: &Sums) -> serde_json::Result<String> {
        let current = std::mem::take(&mut self.current);
        self.documents += 1;
        self.bytes += named.bytes;
        self.units += sums.units;
        self.units_quarantined += sums.quarantined;
        self.documents_quarantined += u64::from(sums.unsound);
        match named.kind {
            Some(kind) => {
                let of = self.kinds.entry((kind, named.interface.clone())).or_default();
                of.documents += 1;
                of.bytes += named.bytes;
                of.units += sums.units;
                of.units_quarantined += sums.quarantined;
                for (record, n) in &sums.records {
                    *of.records.entry(record.clone()).or_default() += n;
                }
            }
            None => self.unrecognised += 1,
        }
        for (table, n) in &sums.facts {
            *self.facts.entry(*table).or_default() += n;
        }
        serde_json::to_string(&DocumentLine {
            number: named.number,
            path_shape: &named.place,
            document: named.hash,
            bytes: named.bytes,
            kind: named.kind.map(FeedKind::as_str),
            interface: &named.interface,
            vendor: named.vendor.as_deref(),
            units: sums.units,
            units_quarantined: sums.quarantined,
            quarantined_whole: sums.unsound,
            records: &sums.records,
            facts: sums.facts.iter().map(|(t, n)| (t.as_str(), *n)).collect(),
            findings: &current,
        })
    }

    /// Findings of a severity.
    pub(crate) fn count(&self, severity: Severity) -> u64 {
        self.rules.values().filter(|b| b.rule.severity == severity).map(|b| b.count).sum()
    }

    /// Errors and warnings of the document at hand.
    pub(crate) fn of_current(&self) -> (u64, u64) {
        let of = |severity: Severity| {
            let broken = |id: &str| self.rules.get(id).is_some_and(|b| b.rule.severity == severity);
            self.current.iter().filter(|(id, _)| broken(id)).map(|(_, n)| n).sum()
        };
        (of(Severity::Error), of(Severity::Warning))
    }

    /// Does a package not hold?
    pub(crate) fn broken_parcel(&self) -> bool {
        self.parcels.iter().any(|p| !p.holds)
    }

    /// Rules, worst first, then most frequent.
    pub(crate) fn worst_first(&self) -> Vec<&Broken> {
        let mut all: Vec<&Broken> = self.rules.values().collect();
        all.sort_by_key(|b| (std::cmp::Reverse(b.rule.severity), std::cmp::Reverse(b.count), b.rule.id));
        all
    }

    /// All but the documents, for machines.
    pub(crate) fn summary(&self, exit_code: u8) -> serde_json::Value {
        let kinds: Vec<_> = self
            .kinds
            .iter()
            .map(|((kind, interface), of)| {
                serde_json::json!({ "kind": kind, "interface": interface, "documents": of.documents,
                    "bytes": of.bytes, "units": of.units, "units_quarantined": of.units_quarantined,
                    "records": of.records })
            })
            .collect();
        let rules: Vec<_> = self
            .worst_first()
            .into_iter()
            .map(|b| {
                serde_json::json!({ "rule": b.rule.id, "severity": b.rule.severity, "count": b.count,
                    "documents": b.documents, "ja": b.rule.ja, "en": b.rule.en, "mend_ja": b.rule.mend_ja,
                    "mend_en": b.rule.mend_en, "example": b.rule.example, "vendors": b.vendors,
                    "positions": b.examples })
            })
            .collect();
        serde_json::json!({
            "document_count": self.documents, "bytes": self.bytes, "unrecognised": self.unrecognised,
            "documents_quarantined": self.documents_quarantined, "units": self.units,
            "units_quarantined": self.units_quarantined,
            "errors": self.count(Severity::Error), "warnings": self.count(Severity::Warning),
            "notes": self.count(Severity::Note),
            "facts": self.facts.iter().map(|(t, n)| (t.as_str(), *n)).collect::<BTreeMap<_, _>>(),
            "kinds": kinds, "packages": self.parcels, "rules": rules,
            "not_checked": ["registration", "opt_outs", "matching", "duplicates", "versions", "masters"],
            "exit_code": exit_code,
        })
    }
}
