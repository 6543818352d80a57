//! Every sample file goes through; what each gives is written down here.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

mod common_ssmix2;

use std::path::{Path, PathBuf};

use common_ssmix2::{counts, ids, map};
use musubi_mappers::Mapper as _;
use musubi_mappers::ssmix2::SsMix2;

fn samples(folder: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples").join(folder);
    if root.is_dir() {
        return Some(root);
    }
    println!("skipped: ../shared/samples is not here");
    None
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, out);
        } else {
            out.push(path);
        }
    }
}

/// Facts and findings by data type, of the standard tree.
const EXPECT: &[(&str, &str, &[&str])] = &[
    (
        "000/000/0000001/20000401/OMP-11",
        "",
        &["E:SSMIX2-PATH-PID", "W:HL7-SEGMENT-MISSING", "W:HL7-SEGMENT-PLACE", "W:SSMIX2-PATH-DATE"],
    ),
    ("999/901/9999013/-/ADT-00", "person 1, measurement 2, observation 2, payer_plan_period 1", &[]),
    ("999/901/9999013/-/PPR-01", "", &["E:SSMIX2-PATH-PID"]),
    ("999/901/9999013/20110630/OMP-11", "person 1, drug_exposure 2", &["W:SSMIX2-PATH-DATE"]),
    ("999/901/9999013/20110701/OMP-01", "person 1, drug_exposure 3", &[]),
    ("999/901/9999013/20111013/OMD", "", &["E:SSMIX2-PATH-PID", "N:SSMIX2-TYPE-UNMAPPED"]),
    ("999/901/9999013/20111220/ADT-42", "person 1", &["N:SSMIX2-TYPE-UNMAPPED"]),
    ("999/901/9999013/20111220/OMG-01", "", &["E:SSMIX2-PATH-PID", "N:SSMIX2-TYPE-UNMAPPED"]),
    ("999/901/9999013/20111220/OMG-03", "", &["E:SSMIX2-PATH-PID", "N:SSMIX2-TYPE-UNMAPPED"]),
    ("999/901/9999013/20111220/OMG-12", "", &["E:SSMIX2-PATH-PID", "N:SSMIX2-TYPE-UNMAPPED"]),
    ("999/901/9999013/20111220/OML-11", "", &["E:SSMIX2-PATH-PID", "W:SSMIX2-PATH-DATE"]),
];

#[test]
fn the_standard_tree() {
    let Some(root) = samples("ssmix2-nhohq-standard") else { return };
    let mut all = Vec::new();
    files(&root, &mut all);
    let mut seen = 0;
    for file in all {
        let relative = file.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        let bytes = std::fs::read(&file).expect("a readable file");
        let (unit, findings) = map(&relative, &bytes);
        assert!(SsMix2.show(&bytes).len() >= bytes.len() / 2);
        let Some((_, facts, expected)) = EXPECT.iter().find(|(folder, ..)| relative.starts_with(folder))
        else {
            assert_eq!(ids(&findings), ["E:SSMIX2-PATH"], "{relative}");
            continue;
        };
        assert_eq!(counts(&unit), *facts, "{relative}");
        assert_eq!(ids(&findings), *expected, "{relative}");
        seen += 1;
    }
    assert_eq!(seen, EXPECT.len());
}

/// The same five files as if PID-3 were right: what the mapper makes of them.
#[test]
fn the_standard_tree_with_the_number_mended() {
    let Some(root) = samples("ssmix2-nhohq-standard") else { return };
    for (folder, number, facts) in [
        ("999/901/9999013/-/PPR-01", "1234567890", "person 1, condition_occurrence 1"),
        ("999/901/9999013/20111220/OML-11", "0001000052", "person 1, measurement 3"),
    ] {
        let mut all = Vec::new();
        files(&root.join(folder), &mut all);
        let file = all.first().expect("the sample");
        let relative = file.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        let bytes = std::fs::read(file).expect("a readable file");
        let at = bytes.windows(number.len()).position(|w| w == number.as_bytes()).expect("PID-3");
        let mended = [&bytes[..at], b"9999013", &bytes[at + number.len()..]].concat();
        let (unit, _) = map(&relative, &mended);
        assert_eq!(counts(&unit), facts, "{folder}");
        let shown = |range: musubi_model::ByteRange| SsMix2.show(range.slice(&mended).expect("inside"));
        if let Some(problem) = unit.facts.iter().find(|f| f.standard.is_some()) {
            assert_eq!(problem.standard.as_ref().map(|c| c.code.as_str()), Some("K297"));
            assert_eq!(problem.source.as_ref().and_then(|c| c.text.as_deref()), Some("胃炎"));
            assert_eq!(problem.qualifiers, "priority=1 security=V");
            assert_eq!(problem.department, "01");
            assert!(shown(problem.range).starts_with("PRB|AD|20110915|20054174^胃炎^MDCDX2"));
        } else {
            let ratio = &unit.facts[1];
            assert_eq!(ratio.source.as_ref().map(|c| c.code.as_str()), Some("3A016000002327102"));
            assert_eq!((ratio.value.text.as_str(), ratio.value.range.as_str()), ("1.7", "1.2-2.0"));
            assert_eq!((ratio.start_second, ratio.group.as_str()), (Some(15 * 3600), "1-1"));
            assert!(shown(ratio.range).starts_with("OBX|1|NM|3A016000002327102^A/G比^JC10"));
        }
    }
}

/// Messages that came without a path: put under one, with the number the message gives.
#[test]
fn messages_of_other_vendors() {
    let under = |kind: &str, date: &str, id: &str| {
        format!("{id}_{date}_{kind}_999999999999999_20160821161523000_01_1")
    };
    let other = ["N:HL7-CHARSET-DECLARED", "W:SSMIX2-FOLDER"];
    for (folder, file, kind, date, id, facts, expected) in [
        (
            "hl7v2-acedia",
            "prescription_example-01_1.hl7",
            "OMP-01",
            "20160825",
            "1000000001",
            "person 1, drug_exposure 4",
            &other[..],
        ),
        (
            "hl7v2-acedia",
            "prescription_example-05_1.hl7",
            "OMP-01",
            "20160825",
            "1000000001",
            "person 1, drug_exposure 1",
            &["N:HL7-CHARSET-DECLARED", "W:SSMIX2-FOLDER", "W:SSMIX2-PATH-DATE"],
        ),
        (
            "hl7v2-fhirp",
            "example_utf8.txt",
            "OMP-01",
            "20160825",
            "1000000001",
            "person 1, drug_exposure 4",
            &other[..],
        ),
        (
            "hl7v2-fhirp",
            "example_iso2022jp.txt",
            "OMP-01",
            "20160825",
            "1000000001",
            "person 1, drug_exposure 4",
            &["W:SSMIX2-FOLDER"],
        ),
        (
            "hl7v2-acedia",
            "inspection_result_example-01_1.hl7",
            "OML-11",
            "20151011",
            "PID001",
            "person 1, measurement 11",
            &other[..],
        ),
    ] {
        let Some(root) = samples(folder) else { return };
        let bytes = std::fs::read(root.join(file)).expect("a readable file");
        let (unit, mut findings) = map(&under(kind, date, id), &bytes);
        // Their order of dates differs from ours in places; only these are judged here.
        findings.retain(|f| !f.rule.id.starts_with("HL7-SEGMENT") && f.rule.id != "SSMIX2-PATH-ORDER");
        assert_eq!(counts(&unit), facts, "{file}");
        assert_eq!(ids(&findings), expected, "{file}");
    }
    for folder in ["hl7v2-acedia", "hl7v2-fhirp", "ssmix2-nhohq-extended", "ssmix2-nhohq-tables"] {
        let Some(root) = samples(folder) else { return };
        let mut all = Vec::new();
        files(&root, &mut all);
        assert!(!all.is_empty());
        for file in all {
            let bytes = std::fs::read(&file).expect("a readable file");
            for kind in ["ADT-00", "PPR-01", "OMP-01", "OMP-11", "OML-11", "OMG-13"] {
                let (unit, findings) = map(&under(kind, "20160825", "1000000001"), &bytes);
                assert!(!findings.is_empty() || !unit.facts.is_empty(), "{}", file.display());
            }
        }
    }
}
