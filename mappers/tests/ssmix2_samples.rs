//! Every sample file goes through; what each gives is written down here.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test stops where it fails; outside #[test] functions the workspace's leave does not reach"
)]

mod common_ssmix2;
mod harness;

use std::path::{Path, PathBuf};

use common_ssmix2::{counts, ids, map};
use musubi_mappers::Mapper as _;
use musubi_mappers::ssmix2::SsMix2;
use musubi_model::manifest::FeedKind;

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
    ("999/901/9999013/-/ADT-00", "person 1, measurement 2, observation 3, payer_plan_period 1", &[]),
    ("999/901/9999013/-/PPR-01", "", &["E:SSMIX2-PATH-PID"]),
    ("999/901/9999013/20110630/OMP-11", "person 1, drug_exposure 2", &["W:SSMIX2-PATH-DATE"]),
    ("999/901/9999013/20110701/OMP-01", "person 1, drug_exposure 3", &[]),
    ("999/901/9999013/20111013/OMD", "", &["E:SSMIX2-PATH-PID"]),
    ("999/901/9999013/20111220/ADT-42", "person 1, observation 1", &[]),
    ("999/901/9999013/20111220/OMG-01", "", &["E:SSMIX2-PATH-PID"]),
    ("999/901/9999013/20111220/OMG-03", "", &["E:SSMIX2-PATH-PID"]),
    ("999/901/9999013/20111220/OMG-12", "", &["E:SSMIX2-PATH-PID"]),
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
        ("999/901/9999013/-/PPR-01", "1234567890", "person 1, condition_occurrence 1, payer_plan_period 1"),
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

/// The types that need their number mended: every fact after the person's, and the findings.
#[rustfmt::skip] // one fact a line
const OTHERS: &[(&str, &str, &[&str], &[&str])] = &[
    (
        "999/901/9999013/20111013/OMD",
        "1234567890",
        &[
    "observation start=2011-10-16 second=25200 source=99XY3:001 qualifiers=basis=order diet=D usage=TID text=sealed status=NW group=1 department=01",
],
        &["N:SSMIX2-TEXT-SEALED"],
    ),
    (
        "999/901/9999013/20111220/ADT-42",
        "9999013",
        &[
    "observation start=2011-12-20 second=72000 source=HL70003:A02 qualifiers=class=I ward=32 from=32 department=10",
],
        &[],
    ),
    (
        "999/901/9999013/20111220/OMG-01",
        "12345678",
        &[
    "procedure_occurrence start=2011-12-20 second=36059 source=JJ1017:1000000000000000 Ｘ線単純撮影 qualifiers=basis=order status=NW group=1",
    "procedure_occurrence start=2011-12-20 second=36059 source=JJ1017:1000000000000000 Ｘ線単純撮影 qualifiers=basis=order status=PA group=1",
    "measurement start=2011-12-20 second=36059 source=JSHR001:01-02 体重 status=F text=62 number=62 unit=kg group=1",
    "procedure_occurrence start=2011-12-20 second=36059 source=JJ1017:10000002000102000000010000000000 胸部.Ｘ線単純撮影.立位正面(A→P) qualifiers=basis=order status=CH group=1-2",
    "procedure_occurrence start=2011-12-20 second=36059 source=JJ1017:10000002000106000000010000000000 胸部.Ｘ線単純撮影.立位側面(L→R) qualifiers=basis=order status=CH group=1-3",
    "procedure_occurrence start=2011-12-20 second=36059 source=JJ1017:10000002500102000000010000000000 腹部.Ｘ線単純撮影.立位正面(A→P) qualifiers=basis=order status=CH group=1-4",
    "procedure_occurrence start=2011-12-20 second=36059 source=JJ1017:10000002500602000000010000000000 腹部.Ｘ線単純撮影.左側臥位正面(A→P) qualifiers=basis=order status=CH group=1-5",
],
        &[],
    ),
    (
        "999/901/9999013/20111220/OMG-03",
        "12345678",
        &[
    "procedure_occurrence start=2011-12-20 second=36900 source=JC10:9A110 標準１２誘導心電図 qualifiers=basis=order status=NW group=1 department=01",
    "note start=2011-12-20 second=36900 source=JC10:9A100 心電図所見 qualifiers=part=IMP form=TX status=F group=1 department=01",
],
        &["N:SSMIX2-TEXT-SEALED"],
    ),
    (
        "999/901/9999013/20111220/OMG-12",
        "10345678",
        &[
    "procedure_occurrence start=2011-12-20 source=LENDO:11000000000 検査.上部.-.-.-.- status=NW group=1 department=01",
    "note start=2011-12-20 source=MUSUBI-DOCUMENT:image-study qualifiers=modality=ES group=1 department=01",
    "procedure_occurrence start=2011-12-20 source=LENDO:11000000000 検査.上部.-.-.-.- status=PA group=2 department=01",
    "observation start=2011-12-20 source=JSHR:04-03 視覚障害 qualifiers=valueset=JSHR status=F text=SV group=2 department=01",
    "note start=2011-12-20 source=JSHR:MS3-24 外来所見 qualifiers=form=TX status=F group=2 department=01",
    "note start=2011-12-20 source=JSHR:MS3-34 臨床病名 qualifiers=form=TX status=F group=2 department=01",
    "note start=2011-12-20 source=JSHR:MS3-04 内視鏡検査理由 qualifiers=form=TX status=F group=2 department=01",
    "note start=2011-12-20 source=MUSUBI-DOCUMENT:image-study qualifiers=modality=ES group=2 department=01",
    "procedure_occurrence start=2011-12-20 source=LENDO:11000001000 検査.上部.-.-.上部通常内視鏡.- status=RS group=1-3 department=01",
    "observation start=2011-11-20 second=53112 source=JSHR:TM-P1 開始時間 group=1-3 department=01",
    "observation start=2011-11-20 second=54656 source=JSHR:TM-P2 終了時間 group=1-3 department=01",
    "observation start=2011-12-20 source=JSHR:PF-01 実施加算項目 qualifiers=valueset=LENDO status=F text=11000000327 group=1-3 department=01",
    "drug_exposure start=2011-12-20 source=HOT:100555401 セルシン5mg qualifiers=supply=DE-02 unit=AMP quantity=1 group=1-3 department=01",
    "drug_exposure start=2011-12-20 source=HOT:101682602 キシロカインスプレー qualifiers=supply=DE-02 unit=KAI quantity=1 group=1-3 department=01",
    "drug_exposure start=2011-12-20 source=HOT:111963301 インジゴカルミン qualifiers=supply=DE-02 unit=KAI quantity=1 group=1-3 department=01",
    "device_exposure start=2011-12-20 source=JAN:4953170067938 GIF-XQ240 qualifiers=supply=DE-06 group=1-3 department=01",
    "note start=2011-12-20 source=MUSUBI-DOCUMENT:image-study qualifiers=modality=ES group=1-3 department=01",
    "procedure_occurrence start=2011-12-20 source=LENDO:11010001401 検査.上部.食道.-.上部通常内視鏡.生検採取 status=RS group=1-4 department=01",
    "observation start=2011-12-20 second=53310 source=JSHR:TM-B1 生検時間 group=1-4 department=01",
    "device_exposure start=2011-12-20 source=JAN:4953170029578 FB-19C-1 qualifiers=supply=DE-03 group=1-4 department=01",
    "procedure_occurrence start=2011-12-20 source=LENDO:11020001401 検査.上部.胃.-.上部通常内視鏡.生検採取 status=RS group=1-4 department=01",
    "observation start=2011-12-20 second=53948 source=JSHR:TM-B1 生検時間 group=1-4 department=01",
    "device_exposure start=2011-12-20 source=JAN:4953170029578 FB-19C-1 qualifiers=supply=DE-03 group=1-4 department=01",
    "note start=2011-12-20 source=MUSUBI-DOCUMENT:image-study qualifiers=modality=ES group=1-4 department=01",
],
        &["N:SSMIX2-TEXT-SEALED"],
    ),
];

#[test]
fn the_other_types_of_the_tree() {
    let Some(root) = samples("ssmix2-nhohq-standard") else { return };
    for (folder, number, expected, findings) in OTHERS {
        let mut all = Vec::new();
        files(&root.join(folder), &mut all);
        let file = all.first().expect("the sample");
        let relative = file.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        let bytes = std::fs::read(file).expect("a readable file");
        let at = bytes.windows(number.len()).position(|w| w == number.as_bytes()).expect("PID-3");
        let mended = [&bytes[..at], b"9999013", &bytes[at + number.len()..]].concat();
        let (unit, found) = map(&relative, &mended);
        let lines: Vec<String> = unit.facts.iter().skip(1).map(common_ssmix2::line).collect();
        assert_eq!(lines, *expected, "{folder}");
        assert_eq!(ids(&found), *findings, "{folder}");
        // Doctors, nurses, findings and study numbers of the sample are in no fact.
        let facts = format!("{:?} {:?}", unit.facts, unit.findings);
        for secret in ["医師", "江戸", "名古屋", "上腹部痛", "胃潰瘍", "心筋梗塞", "1.2.392.1114", "塩分"]
        {
            assert!(!facts.contains(secret), "{folder} shows {secret}");
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
            "person 1, drug_exposure 4, payer_plan_period 1",
            &other[..],
        ),
        (
            "hl7v2-acedia",
            "prescription_example-05_1.hl7",
            "OMP-01",
            "20160825",
            "1000000001",
            "person 1, drug_exposure 1, payer_plan_period 1",
            &["N:HL7-CHARSET-DECLARED", "W:SSMIX2-FOLDER", "W:SSMIX2-PATH-DATE"],
        ),
        (
            "hl7v2-fhirp",
            "example_utf8.txt",
            "OMP-01",
            "20160825",
            "1000000001",
            "person 1, drug_exposure 4, payer_plan_period 1",
            &other[..],
        ),
        (
            "hl7v2-fhirp",
            "example_iso2022jp.txt",
            "OMP-01",
            "20160825",
            "1000000001",
            "person 1, drug_exposure 4, payer_plan_period 1",
            &["W:SSMIX2-FOLDER"],
        ),
        (
            "hl7v2-acedia",
            "inspection_result_example-01_1.hl7",
            "OML-11",
            "20151011",
            "PID001",
            "person 1, measurement 11",
            &["N:HL7-CHARSET-DECLARED", "W:HL7-NOT-PRODUCTION", "W:SSMIX2-FOLDER"],
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

/// The same messages as what they are: plain, without a path.
#[test]
fn plain_messages() {
    let mapper = harness::mapper(FeedKind::Hl7V2, "");
    let mut seen = 0;
    for folder in ["hl7v2-acedia", "hl7v2-fhirp"] {
        let Some(root) = samples(folder) else { return };
        let mut all = Vec::new();
        files(&root, &mut all);
        all.sort();
        for file in all {
            let name = file.file_name().expect("a name").to_string_lossy().into_owned();
            let bytes = std::fs::read(&file).expect("a readable file");
            let done = harness::run(mapper.as_ref(), &bytes, &name);
            let (_, facts, rules) =
                PLAIN.iter().find(|(n, ..)| *n == format!("{folder}/{name}")).expect("a file that is listed");
            let counts: Vec<String> = done.counts().iter().map(|(t, n)| format!("{t} {n}")).collect();
            assert_eq!(counts.join(", "), *facts, "{name}");
            assert_eq!(done.rules(), *rules, "{name}");
            let is_message = name.ends_with(".hl7") || name.ends_with(".txt");
            assert_eq!(done.units.len(), usize::from(is_message));
            let recognised = common_ssmix2::recognised(&bytes, &name);
            assert_eq!(recognised, is_message.then(|| (FeedKind::Hl7V2, String::new())), "{name}");
            seen += 1;
        }
    }
    assert_eq!(seen, PLAIN.len());
}

/// A file: facts by table, and the rules it breaks.
#[rustfmt::skip] // one file a line
const PLAIN: &[(&str, &str, &[&str])] = &[
    ("hl7v2-acedia/README.md", "", &["HL7-NO-MESSAGE"]),
    ("hl7v2-acedia/debug_example_prescription.hl7", "drug_exposure 4, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED"]),
    ("hl7v2-acedia/injection_example-01.hl7", "drug_exposure 3, observation 8, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED", "SSMIX2-TEXT-SEALED"]),
    ("hl7v2-acedia/injection_example-03.hl7", "drug_exposure 9, observation 2, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED"]),
    ("hl7v2-acedia/injection_example-05.hl7", "drug_exposure 3, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED"]),
    ("hl7v2-acedia/inspection_result_example-01_1.hl7", "measurement 11, person 1", &["HL7-CHARSET-DECLARED", "HL7-NOT-PRODUCTION"]),
    ("hl7v2-acedia/prescription_example-01_1.hl7", "drug_exposure 4, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED"]),
    ("hl7v2-acedia/prescription_example-03_1.hl7", "drug_exposure 1, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED"]),
    ("hl7v2-acedia/prescription_example-05_1.hl7", "drug_exposure 1, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED"]),
    ("hl7v2-acedia/prescription_example-07_1.hl7", "drug_exposure 1, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED"]),
    ("hl7v2-acedia/prescription_example-09_1.hl7", "drug_exposure 1, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED"]),
    ("hl7v2-acedia/prescription_example-11_1.hl7", "drug_exposure 1, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED"]),
    ("hl7v2-fhirp/JAHIS_TABLES.json", "", &["HL7-NO-MESSAGE"]),
    ("hl7v2-fhirp/README.md", "", &["HL7-NO-MESSAGE"]),
    ("hl7v2-fhirp/example_iso2022jp.txt", "drug_exposure 4, payer_plan_period 1, person 1", &[]),
    ("hl7v2-fhirp/example_utf8.txt", "drug_exposure 4, payer_plan_period 1, person 1", &["HL7-CHARSET-DECLARED"]),
];

/// Vital signs of the extended storage.
#[test]
fn the_extended_sample() {
    let Some(root) = samples("ssmix2-nhohq-extended") else { return };
    let mapper = harness::mapper(FeedKind::SsMix2Extended, "");
    let mut all = Vec::new();
    files(&root, &mut all);
    for file in all {
        let relative = file.strip_prefix(&root).expect("below the root").to_string_lossy().into_owned();
        let bytes = std::fs::read(&file).expect("a readable file");
        let done = harness::run(mapper.as_ref(), &bytes, &relative);
        let recognised = common_ssmix2::recognised(&bytes, &relative);
        if relative == "README.md" {
            assert_eq!(done.rules(), ["SSMIX2-EXT-PATH"]);
            assert_eq!(recognised, None);
            continue;
        }
        assert_eq!(recognised, Some((FeedKind::SsMix2Extended, String::new())));
        // The time of the folder's name has 15 digits.
        assert_eq!(done.rules(), ["SSMIX2-PATH-TIME"]);
        let lines: Vec<String> = done.units[0].facts.iter().map(common_ssmix2::line).collect();
        assert_eq!(lines.len(), 16);
        assert_eq!(lines[0], "person start=2004-04 source=JISX0401:13 status=1");
        assert_eq!(
            lines[1],
            "measurement start=2016-01-01 second=28800 source=JC10:9A761000000000001 拡張期血圧（1回目） \
             status=F text=58 number=58 unit=mm(hg) range=<85 group=1 department=01"
        );
        assert_eq!(
            lines[15],
            "measurement start=2016-01-01 second=72000 source=JC10:9P10000000000001 \
             体温（体温計による腋窩（記載なしを含む）） status=F text=36.9 number=36.9 unit=cel \
             range=35.5-37.5 group=1 department=01"
        );
        assert_eq!(done.units[0].demographics.local_number.expose(), "0123456789");
    }
}
