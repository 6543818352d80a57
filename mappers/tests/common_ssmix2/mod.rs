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
use musubi_model::{Coded, Fact, FactTable, Finding, ProviderId};

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

pub fn said(coded: Option<&Coded>) -> String {
    coded.map_or(String::new(), |c| {
        let text = c.text.as_deref().map_or(String::new(), |t| format!(" {t}"));
        format!("{}:{}{text}", c.system, c.code)
    })
}

/// One fact in a line: only what is there.
pub fn line(fact: &Fact) -> String {
    let mut parts = vec![fact.table.as_str().to_owned()];
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            parts.push(format!("{name}={value}"));
        }
    };
    add("start", fact.start.map_or(String::new(), |d| d.to_string()));
    add("second", fact.start_second.map_or(String::new(), |s| s.to_string()));
    add("end", fact.end.map_or(String::new(), |d| d.to_string()));
    add("source", said(fact.source.as_ref()));
    add("standard", said(fact.standard.as_ref()));
    add("qualifiers", fact.qualifiers.to_string());
    add("status", fact.status.to_string());
    add("text", fact.value.text.to_string());
    add("comparator", fact.value.comparator.to_string());
    add("number", fact.value.number.map_or(String::new(), |n| n.to_string()));
    add("unit", fact.value.unit.to_string());
    add("range", fact.value.range.to_string());
    add("flag", fact.value.flag.to_string());
    add("quantity", fact.quantity.map_or(String::new(), |n| n.to_string()));
    add("times", fact.times.map_or(String::new(), |n| n.to_string()));
    add("group", fact.group.to_string());
    add("department", fact.department.to_string());
    parts.join(" ")
}

/// Maps segments under a header and a PID; every fact after the person's, a line each.
pub fn check(
    kind: &str,
    header: &str,
    date: &str,
    segments: &[&str],
    expect: &[&str],
    findings: &[&str],
) -> MappedUnit {
    let header = msh(header);
    let mut all = vec![header.as_str()];
    if kind.starts_with("ADT") {
        all.push("EVN||202404010900");
    }
    all.push(PID);
    all.extend(segments);
    let bytes = message(&all);
    let (unit, found) = map(&path(date, kind, "77", 1), &bytes);
    assert_eq!(ids(&found), findings, "{found:?}");
    let lines: Vec<String> = unit.facts.iter().map(line).collect();
    assert_eq!(lines.first().map(String::as_str), Some("person start=1980-02 source=JISX0401:13 status=2"));
    let rest: Vec<&str> = lines.iter().skip(1).map(String::as_str).collect();
    assert_eq!(rest, expect);
    // Each fact points at the segment it was read from.
    for fact in &unit.facts {
        let shown = musubi_mappers::ssmix2::SsMix2.show(fact.range.slice(&bytes).expect("inside"));
        let names: &[&str] = match fact.table {
            FactTable::Person | FactTable::Death => &["PID|"],
            FactTable::ConditionOccurrence => &["PRB|", "DG1|"],
            FactTable::DrugExposure => &["RXE|", "RXA|", "RXC|", "OBX|", "ZE1|"],
            FactTable::PayerPlanPeriod => &["IN1|", "ZI1|"],
            FactTable::VisitOccurrence => &["PV1|"],
            FactTable::ProcedureOccurrence => &["OBR|", "ZE1|", "PR1|"],
            _ => &["OBX|", "AL1|", "IAM|", "PV1|", "ODS|", "ODT|", "DB1|", "ZE1|", "ZE2|", "IPC|"],
        };
        assert!(names.iter().any(|n| shown.starts_with(n)) && !shown.contains('\n'), "{shown}");
    }
    unit
}

/// What a document is taken for when nobody says what it is.
pub fn recognised(bytes: &[u8], path: &str) -> Option<(musubi_model::manifest::FeedKind, String)> {
    let provider: ProviderId = "test-hospital".parse().expect("a provider id");
    let document = Document { bytes, path, provider: &provider, limits: &Limits::default() };
    musubi_mappers::recognise(&document, &musubi_mappers::table::Interfaces::builtin())
}
