//! The converter CSV that NIPH gives as an example, with its faults on purpose (read in place; skipped when absent).

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod harness;

use std::collections::BTreeMap;
use std::path::Path;

use harness::{mapper, run};
use musubi_mappers::table::Interfaces;
use musubi_mappers::table::Table;
use musubi_mappers::{Document, Mapper as _};
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::{FactTable, ProviderId};

fn sample(path: &str) -> Option<Vec<u8>> {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples").join(path);
    let found = std::fs::read(&full).ok();
    if found.is_none() {
        println!("skipped: {path} is not there");
    }
    found
}

#[test]
fn the_converters_example_is_read_with_its_faults() {
    let Some(bytes) = sample("kenshin-niph-csv/sample001-1-2024.csv") else { return };
    let (provider, limits) = (ProviderId::new("1310000001").unwrap(), Limits::default());
    let document = Document { bytes: &bytes, path: "x.csv", provider: &provider, limits: &limits };
    let known = recognised(&document);
    assert_eq!(known.as_deref(), Some("niph-checkup"));
    let done = run(mapper(FeedKind::Table, "niph-checkup").as_ref(), &bytes, "x.csv");
    assert_eq!(done.units.len(), 10);
    assert_eq!(done.split.totals.get("row"), Some(&10));
    assert!(done.split.findings.is_empty(), "{:?}", done.split.findings);
    assert!(done.units.iter().all(|u| !u.is_unsound()));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in done.findings() {
        *counts.entry(finding.rule.id).or_default() += 1;
    }
    // 収縮期 9000 and other values out of range, H and L in place of numbers, made-up insurers and codes.
    let expected = [("TABLE-BEYOND", 2), ("TABLE-CHECK-DIGIT", 10), ("TABLE-CODE", 3), ("TABLE-RANGE", 4)];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(done.facts(FactTable::Person).len(), 10);
    // Nobody's number or name is shown by a finding.
    let shown: String = done.findings().map(ToString::to_string).collect();
    for secret in ["8172839417", "ヤマダ", "東京都", "田中", "12000001"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    // 1003: weight 未実施, systolic (other) H.
    let third = &done.units[2].facts;
    let of = |code: &str| third.iter().find(|f| f.source.as_ref().is_some_and(|s| s.code == code)).unwrap();
    let weight = of("9N006000000000001");
    assert_eq!((weight.value.text.as_str(), weight.status.as_str()), ("未実施", "not-done"));
    assert_eq!(weight.value.number, None);
    assert_eq!(of("9A755000000000001").value.flag, "H");
    assert_eq!(of("9N001000000000001").value.number, Some(160.into()));
}

fn recognised(document: &Document<'_>) -> Option<String> {
    let interfaces = Interfaces::builtin();
    let mut sure = interfaces.iter().filter(|i| Table::new(i).recognises(document));
    let first = sure.next().map(|i| i.name().to_owned());
    assert!(sure.next().is_none());
    first
}
