//! Real sample files, when they are at hand: nothing panics, the control totals hold, and so do the structural rules
//! that formats.md §2.3 measured.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "helpers of tests; a panic is a failed test"
)]

mod uke_common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use musubi_model::FactTable;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use uke_common::{run, run_with};

fn samples() -> Option<Vec<(PathBuf, Vec<u8>)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    if !root.is_dir() {
        println!("skipped: ../shared/samples is not here");
        return None;
    }
    let mut files = Vec::new();
    for folder in ["rece-receiptisan", "rece-uke-parser"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if matches!(path.extension().and_then(|e| e.to_str()), Some("UKE" | "csv"))
                && let Ok(bytes) = std::fs::read(&path)
            {
                files.push((path, bytes));
            }
        }
    }
    files.sort();
    Some(files)
}

#[test]
fn medical_samples_balance() {
    let Some(files) = samples() else { return };
    let mut medical = 0;
    let (mut receipts, mut check_digits) = (0, 0);
    for (path, bytes) in files {
        let mapped =
            run_with(&bytes, &Limits { findings_per_unit_max: 10_000, ..Limits::default() }, &NoMasters);
        let ids = mapped.ids();
        if ids.contains(&"UKE-KIND") {
            continue;
        }
        medical += 1;
        let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
        ids.iter().for_each(|id| *tally.entry(id).or_default() += 1);
        println!("{}: {tally:?}", path.display());
        for finding in mapped.findings().filter(|f| f.rule.severity != musubi_model::Severity::Note) {
            println!("  {finding}");
        }
        for broken in [
            "UKE-GO-MISSING",
            "UKE-GO-COUNT",
            "UKE-GO-POINTS",
            "UKE-POINTS-SUM",
            "UKE-DAYS-SUM",
            "UKE-DAY-BEYOND",
            "UKE-POINTS-PLACE",
            "UKE-CODE-SHAPE",
            "UKE-RECORD-UNKNOWN",
            "UKE-MODIFIER",
            "UKE-INSURER-PADDING",
            "UKE-COLUMNS",
        ] {
            assert!(!ids.contains(&broken), "{broken} in {}", path.display());
        }
        for finding in mapped.findings().filter(|f| f.rule.id == "UKE-CHECK-DIGIT") {
            // The one test number of the samples that fails.
            let record = finding.position.range.and_then(|r| r.slice(&bytes)).unwrap();
            assert!(record.starts_with(b"KO,83136019,"), "{finding}");
            check_digits += 1;
        }
        for finding in mapped.findings().filter(|f| f.rule.id == "UKE-ZERO-DROPPED") {
            // The one recipient number of the samples with six digits.
            let record = finding.position.range.and_then(|r| r.slice(&bytes)).unwrap();
            assert!(record.starts_with(b"KO,83122077,000000,"), "{finding}");
        }
        for (slice, unit) in mapped.split.units.iter().zip(&mapped.units) {
            assert_eq!(slice.records, unit.records);
            assert!(!unit.is_unsound(), "{:?}", unit.findings);
            assert_eq!(unit.facts.iter().filter(|f| f.table == FactTable::Person).count(), 1);
            let count = |kind: &str| slice.records.iter().find(|(k, _)| *k == kind).map_or(0, |(_, n)| n);
            let of = |table| unit.facts.iter().filter(|f| f.table == table).count();
            assert_eq!(count("SY"), u64::try_from(of(FactTable::ConditionOccurrence)).unwrap());
            assert_eq!(count("SI"), u64::try_from(of(FactTable::ProcedureOccurrence)).unwrap());
            assert_eq!(count("IY"), u64::try_from(of(FactTable::DrugExposure)).unwrap());
            assert!(unit.version.is_some());
            receipts += 1;
        }
    }
    println!("{medical} medical files, {receipts} receipts");
    assert!(medical > 0 && receipts > 100 && check_digits > 0);
}

#[test]
fn cut_samples_never_panic() {
    let Some(files) = samples() else { return };
    for (_, bytes) in files {
        for end in (0..bytes.len()).step_by(977) {
            let mapped = run(&bytes[..end]);
            let whole = mapped.split.units.iter().zip(&mapped.units).all(|(s, u)| s.records == u.records);
            assert!(whole && (end == 0 || !mapped.ids().is_empty()), "a cut file is noticed");
        }
    }
}
