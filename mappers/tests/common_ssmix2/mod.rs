//! What the SS-MIX2 tests share: mapping bytes under a path, and saying the outcome in short.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]
#![allow(dead_code, reason = "each test binary uses a part of it")]

use musubi_mappers::ssmix2::SsMix2;
use musubi_mappers::{Document, MappedUnit, Mapper};
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::{Finding, ProviderId};

/// Maps a file; findings of the document and of the unit together.
pub fn map(path: &str, bytes: &[u8]) -> (MappedUnit, Vec<Finding>) {
    map_with(path, bytes, &Limits::default())
}

pub fn map_with(path: &str, bytes: &[u8], limits: &Limits) -> (MappedUnit, Vec<Finding>) {
    let provider: ProviderId = "test-hospital".parse().expect("a provider id");
    let document = Document { bytes, path, provider: &provider, limits };
    let split = SsMix2.split(&document);
    assert_eq!(split.units.len(), 1, "one file is one unit");
    assert_eq!(split.totals.values().sum::<u64>(), 1);
    let unit = SsMix2.map(&document, &split, &split.units[0], &NoMasters);
    assert_eq!(unit.records, split.units[0].records, "every record is accounted for");
    for fact in &unit.facts {
        assert!(fact.range.slice(bytes).is_some(), "a range inside the document");
        assert!(fact.range.len > 0);
    }
    assert!(unit.facts.is_empty() || !unit.is_unsound(), "no facts of a quarantined unit");
    let mut findings = unit.findings.clone();
    findings.extend(split.findings.into_iter().filter(|f| !unit.findings.contains(f)));
    (unit, findings)
}

/// Ids of findings, sorted, each once: `E:ID`, `W:ID`, `N:ID`.
pub fn ids(findings: &[Finding]) -> Vec<String> {
    let mut ids: Vec<String> = findings
        .iter()
        .map(|f| format!("{}:{}", f.rule.severity.as_str()[..1].to_uppercase(), f.rule.id))
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Facts counted by table: `person 1, measurement 3`.
pub fn counts(unit: &MappedUnit) -> String {
    let mut out: Vec<String> = Vec::new();
    for table in musubi_model::FactTable::ALL {
        let n = unit.facts.iter().filter(|f| f.table == table).count();
        if n > 0 {
            out.push(format!("{} {n}", table.as_str()));
        }
    }
    out.join(", ")
}

/// UTF-8 text as ISO-2022-JP bytes.
pub fn jis(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding_rs::ISO_2022_JP.encode(text);
    assert!(!unmappable, "test text must be JIS");
    // The encoder closes a run only at its end; a message closes it before each CR.
    bytes.into_owned()
}

/// A whole message in ISO-2022-JP, each segment closed before its CR.
pub fn message(segments: &[&str]) -> Vec<u8> {
    segments.iter().flat_map(|s| [jis(s), b"\r".to_vec()].concat()).collect()
}

pub const PID: &str = "PID|0001||0000123^^^^PI||テスト^花子^^^^^L^I~テスト^ハナコ^^^^^L^P||19800203|F|||\
^^^^100-0001^JPN^H^東京都千代田区見本町１－２||^PRN^PH^^^^^^^^^03-0000-0000";

/// A header for a message kind.
pub fn msh(kind: &str) -> String {
    format!("MSH|^~\\&|HIS|SEND|GW|RCV|20240401120000||{kind}|1|P|2.5||||||~ISO IR87||ISO 2022-1994")
}

/// A path of the test patient.
pub fn path(date: &str, kind: &str, order: &str, flag: u8) -> String {
    format!("root/000/012/0000123/{date}/{kind}/0000123_{date}_{kind}_{order}_20240401120000000_01_{flag}")
}
