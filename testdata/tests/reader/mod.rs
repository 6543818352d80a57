//! A small reader of the written formats, of the tests' own: it shares no code with the writer.

// Helpers of tests stand outside #[test] functions, where clippy.toml does not reach.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use musubi_model::checkdigit::modulus10_weight21;
use musubi_model::manifest::{Agreements, MANIFEST_FILE, Manifest};
use musubi_testdata::SURNAME_MARKERS;

pub fn files_below(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Hash over all names and bytes.
pub fn tree_hash(root: &Path) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for file in files_below(root) {
        hasher.update(file.strip_prefix(root).unwrap().to_str().unwrap().as_bytes());
        hasher.update(blake3::hash(&fs::read(&file).unwrap()).as_bytes());
    }
    hasher.finalize()
}

pub fn submissions(root: &Path) -> Vec<PathBuf> {
    files_below(&root.join("inbox"))
        .into_iter()
        .filter(|f| f.ends_with(MANIFEST_FILE))
        .map(|f| f.parent().unwrap().to_owned())
        .collect()
}

pub fn manifest(folder: &Path) -> Manifest {
    toml::from_str(&fs::read_to_string(folder.join(MANIFEST_FILE)).unwrap()).unwrap()
}

pub fn agreements(root: &Path) -> Agreements {
    toml::from_str(&fs::read_to_string(root.join("feeds.toml")).unwrap()).unwrap()
}

/// Shift_JIS, without errors.
pub fn sjis(bytes: &[u8]) -> String {
    let (text, _, bad) = encoding_rs::SHIFT_JIS.decode(bytes);
    assert!(!bad, "not Shift_JIS");
    text.into_owned()
}

pub fn number(text: &str) -> u64 {
    if text.is_empty() { 0 } else { text.parse().unwrap() }
}

/// The rules of a claim file that hold for any sound one. Returns counts by record, and GO's points.
pub fn check_uke(text: &str, sound: bool) -> BTreeMap<String, u64> {
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    let (mut claims, mut points, mut lines_points) = (0, 0, 0);
    let mut receipt: Option<(bool, u64)> = None;
    assert!(text.ends_with("\r\n") && !text.trim_end().contains("\n\n"));
    let records: Vec<Vec<&str>> = text.trim_end().split("\r\n").map(|l| l.split(',').collect()).collect();
    let mut receipts = 0;
    let mut in_unit = false;
    let mut close = |receipt: &mut Option<(bool, u64)>, lines: &mut u64| {
        if let Some((_, p)) = receipt.take() {
            assert_eq!(p, *lines, "points of a receipt and of its lines");
            points += p;
        }
        *lines = 0;
    };
    for r in &records {
        *totals.entry(r[0].to_owned()).or_default() += 1;
        let columns = match r[0] {
            "IR" => 10,
            "RE" => 38,
            "HO" => 15,
            "KO" => 12,
            "SN" => 9,
            "JD" => 33,
            "SY" => 8,
            "SI" | "IY" => 44,
            "TO" => 48,
            "CO" => 5,
            "SJ" => 3,
            "GO" => 4,
            other => panic!("record {other}"),
        };
        assert_eq!(r.len(), columns, "{}", r[0]);
        match r[0] {
            "RE" => {
                close(&mut receipt, &mut lines_points);
                receipts += 1;
                assert_eq!(number(r[1]), receipts);
                assert!(SURNAME_MARKERS.iter().any(|m| r[4].contains(m)), "surname not marked");
                assert!(r[6] < "20261009");
                in_unit = false;
            }
            "HO" => {
                claims += 1;
                receipt = Some((true, number(r[5])));
                assert_eq!(r[1].len(), 8);
                assert!(!r[1].starts_with(' ') || (r[1].starts_with("  ") && r[1].trim().len() == 6));
                assert!(r[3].chars().all(|c| ('０'..='９').contains(&c)));
            }
            "KO" => {
                claims += 1;
                assert_eq!(modulus10_weight21(r[1]), Some(true));
                assert_eq!(modulus10_weight21(r[2]), Some(true));
                receipt = Some(receipt.unwrap_or((false, number(r[5]))));
            }
            "SI" | "IY" | "TO" => {
                let days = if r[0] == "TO" { 17 } else { 13 };
                let sum: u64 = r[days..].iter().map(|d| number(d)).sum();
                assert_eq!(number(r[6]), sum, "times and days");
                assert_eq!(r[1].is_empty(), in_unit, "section stands on the first line of a unit only");
                lines_points += number(r[5]) * sum;
                in_unit = r[5].is_empty();
            }
            "CO" => {
                assert_eq!(r[1].is_empty(), in_unit);
                in_unit = true;
            }
            "GO" => {
                close(&mut receipt, &mut lines_points);
                totals.insert("points".to_owned(), number(r[2]));
                if sound {
                    assert_eq!(number(r[1]), claims, "GO counts payers");
                }
            }
            _ => {}
        }
    }
    assert_eq!(records[0][0], "IR");
    assert_eq!(records[records.len() - 1][0], "GO");
    if sound {
        assert_eq!(totals["points"], points, "GO sums points");
    }
    totals
}

/// A message: decodes, has CR ends, and its PID agrees with its path unless it was broken on purpose.
pub fn check_message(path: &str, bytes: &[u8], sound: bool) -> String {
    let name = path.rsplit('/').next().unwrap();
    let parts: Vec<&str> = name.split('_').collect();
    assert_eq!(parts.len(), 7, "{name}");
    assert_eq!(parts[4].len(), 17);
    let folders: Vec<&str> = path.split('/').collect();
    let [_, a, b, id, day, kind, _] = folders.as_slice() else { panic!("{path}") };
    assert!(parts[0] == *id && parts[1] == *day && parts[2] == *kind && id.starts_with(&format!("{a}{b}")));
    let body = bytes.strip_suffix(b"\x1c").unwrap_or(bytes);
    assert!(body.ends_with(b"\r") && !bytes.contains(&b'\n'));
    if sound {
        let (text, _, bad) = encoding_rs::ISO_2022_JP.decode(body);
        assert!(!bad, "not ISO-2022-JP");
        let pid: Vec<&str> = text.split('\r').find(|s| s.starts_with("PID")).unwrap().split('|').collect();
        assert_eq!(pid[3].split('^').next(), Some(*id));
        assert!(SURNAME_MARKERS.iter().any(|m| pid[5].split('^').next().unwrap().contains(m)));
        let at = |segment: &str, field: usize| {
            let line =
                text.split('\r').find(|s| s.starts_with(segment)).unwrap_or_else(|| panic!("{segment}"));
            line.split('|').nth(field).unwrap_or_default().to_owned()
        };
        // Where each kind has what the standard wants; a shifted field shows here.
        match *kind {
            "ADT-00" => {
                assert!(pid[11].contains("JPN") && pid[13].contains("PRN") && ["Y", "N"].contains(&pid[30]));
                assert!(
                    pid[33].len() == 14 && at("IN1", 17).contains("HL70063") && !at("IN1", 11).is_empty()
                );
            }
            "PPR-01" => {
                assert!(at("PRB", 10).contains("I10") && at("PRB", 14).contains("HL70241"));
                assert!(at("PRB", 16) == at("PRB", 7) && at("PRB", 18).contains("JHSD0007"));
            }
            "OMP-01" => {
                assert!(at("RXE", 21).contains("OHP") && at("ORC", 29).contains("HL70482"));
                assert!(
                    at("ORC", 2) == parts[3]
                        && at("ORC", 9).starts_with(day)
                        && at("ORC", 17).contains("内科")
                );
            }
            "OMP-11" => {
                assert!(at("RXA", 20) == "CP" && at("RXA", 3).starts_with(day) && at("RXA", 22).len() == 12);
            }
            _ => {
                assert!(
                    at("SPM", 17).starts_with(day) && at("OBX", 11).len() == 1 && at("OBX", 14).len() == 12
                );
                assert!(
                    at("OBR", 16).contains("見本") && at("OBR", 22).len() == 14 && at("ORC", 2) == parts[3]
                );
            }
        }
    }
    (*kind).to_owned()
}
