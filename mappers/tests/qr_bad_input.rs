//! The smallest change of a valid record set that breaks each rule, and only that rule.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod harness;
mod qr_common;

use std::collections::BTreeSet;

use harness::{Done, mapper, run, run_with};
use musubi_mappers::{MappedUnit, qr};
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use proptest::prelude::*;
use qr_common::{NOTEBOOK, PRESCRIPTION, line, sjis};

const KINDS: [FeedKind; 2] = [FeedKind::MedicationNotebook, FeedKind::PrescriptionQr];

fn read(kind: FeedKind, bytes: &[u8]) -> Done {
    run(mapper(kind, "").as_ref(), bytes, "x.csv")
}

fn notebook(start: &str, with: &str) -> Done {
    read(KINDS[0], &sjis(&line(NOTEBOOK, start, with)))
}

fn prescription(start: &str, with: &str) -> Done {
    read(KINDS[1], &sjis(&line(PRESCRIPTION, start, with)))
}

fn limited(limits: Limits) -> Done {
    let twice = sjis(&format!("{NOTEBOOK}{NOTEBOOK}"));
    run_with(mapper(KINDS[0], "").as_ref(), &twice, "x.csv", &limits, &NoMasters)
}

/// Rule, what is made, and whether the unit is lost.
fn mutants() -> Vec<(&'static str, Done)> {
    let base = Limits::default();
    let part = |numbers: &str| read(KINDS[0], &sjis(&format!("{NOTEBOOK}911,{numbers}\n")));
    let raw = |from: &[u8], to: &[u8]| {
        let bytes = sjis(NOTEBOOK);
        let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
        read(KINDS[0], &[&bytes[..at], to, &bytes[at + from.len()..]].concat())
    };
    vec![
        ("QR-EMPTY", read(KINDS[0], b"")),
        ("QR-EMPTY", read(KINDS[1], b"\r\n\r\n\x1a")),
        ("QR-LIMIT", limited(Limits { document_bytes_max: 100, ..base })),
        ("QR-LIMIT", limited(Limits { units_per_document_max: 1, ..base })),
        ("QR-LIMIT", limited(Limits { records_per_unit_max: 10, ..base })),
        ("QR-LIMIT", limited(Limits { record_bytes_max: 90, ..base })),
        ("QR-ENCODING", read(KINDS[0], b"\xFF\xFEJ\0A\0")),
        ("QR-HEADER-MISSING", read(KINDS[0], &sjis(NOTEBOOK.trim_start_matches("JAHISTC08,1\n")))),
        ("QR-KIND", read(KINDS[0], &sjis(PRESCRIPTION))),
        ("QR-KIND", read(KINDS[1], &sjis(NOTEBOOK))),
        ("QR-OUTPUT", notebook("JAHIS", "JAHISTC08")),
        ("QR-OUTPUT", notebook("JAHIS", "JAHISTC08,3")),
        ("QR-VERSION-NEW", notebook("JAHIS", "JAHISTC12,1")),
        ("QR-VERSION-NEW", prescription("JAHIS", "JAHIS11")),
        ("QR-NOT-SJIS", read(KINDS[0], NOTEBOOK.as_bytes())),
        ("QR-QUOTES", notebook("501,", "501,\"備考あり\",1")),
        ("QR-SPACES", notebook("501,", "501, 備考あり,1 ")),
        ("QR-COLUMNS", notebook("501,", "501,備考,1,あり")),
        ("QR-RECORD-UNKNOWN", notebook("501,", "999,備考")),
        ("QR-RECORD-UNKNOWN", notebook("501,", "備考")),
        ("QR-TEXT-BAD", raw(b"501,", b"501,\xFF")),
        ("QR-GAIJI", raw(b"501,", b"501,\xF0\x40")),
        ("QR-TEXT-LOST", notebook("1,", "1,見本 太郎,1,S330303,105-0004,東京都港区見本２?２８")),
        ("QR-PART-MISSING", part("20240410123456,2,1")),
        ("QR-PART-NUMBER", part("20240410123456,2,3")),
        ("QR-PART-NUMBER", part("2024,1,1")),
        ("QR-PERSON-MISSING", notebook("1,", "")),
        ("QR-PERSON-MISSING", prescription("11,", "")),
        ("QR-PERSON-TWICE", notebook("501,", "1,例示 花子,1,S330303")),
        ("QR-PERSON-TWICE", prescription("62,", "11,0000124,例示 花子")),
        ("QR-NAME-MISSING", notebook("1,", "1,,1,S330303")),
        ("QR-NAME-MISSING", prescription("11,", "11,0000123")),
        ("QR-SEX", notebook("1,", "1,見本 太郎,男,S330303")),
        ("QR-SEX", prescription("12,", "12,3")),
        ("QR-BIRTH", notebook("1,", "1,見本 太郎,1,19580231")),
        ("QR-BIRTH", prescription("13,", "13,")),
        ("QR-MYNUMBER", notebook("1,", "1,見本 太郎,1,S330303,,,123456789018")),
        ("QR-MYNUMBER", prescription("11,", "11,1234-5678-9018,見本 花子")),
        ("QR-MYNUMBER", prescription("23,", "23,12,１２３４５６７８９０１８,2,01")),
        ("QR-DATE", notebook("3,", "3,見本散,99999999,,2,1")),
        ("QR-DATE", notebook("5,R", "5,20240231,1")),
        ("QR-DATE", prescription("52,", "52,三月")),
        ("QR-DATE-ERA", notebook("5,R", "5,H360410,1")),
        ("QR-DATE-MISSING", prescription("51,", "")),
        ("QR-DATE-MISSING", notebook("4,", "201,9,見本錠,1,錠,2,620000001,1\n301,9,,1,日分,1,1,,1")),
        ("QR-BEFORE-BIRTH", notebook("5,20240301", "5,19500301,1")),
        ("QR-PERIOD", notebook("3,", "3,見本散,20240405,20240401,2,1")),
        ("QR-PERIOD", prescription("52,", "52,20240318")),
        ("QR-PERIOD", notebook("701,", "701,,,,20240101,20230101,1")),
        ("QR-NUMBER", notebook("201,1,見本軟膏", "201,1,見本軟膏,五,g,6,123456789,1")),
        ("QR-NUMBER", notebook("31,", "31,2,見本成分,7,1149019F1ZZZ,2")),
        ("QR-NUMBER", prescription("211,", "211,1,2,500")),
        ("QR-NUMBER", prescription("111,2", "111,2,1,,１日１回塗布,一")),
        ("QR-RANGE", notebook("301,1,【患部", "301,1,,0,調剤,5,1,,1")),
        ("QR-RANGE", notebook("1,", "1,見本 太郎,1,S330303,,,,,,637")),
        ("QR-RANGE", prescription("201,2", "201,2,1,3,1,,見本軟膏,0,2,g")),
        ("QR-DRUG-KIND", notebook("201,1,見本軟膏", "201,1,見本軟膏,5,g,123456789,1")),
        ("QR-DRUG-KIND", prescription("201,1", "201,1,1,1,1149019F1ZZZ,【般】見本錠,3,1,錠")),
        ("QR-DRUG-CODE", notebook("201,1,見本軟膏", "201,1,見本軟膏,5,g,2,,1")),
        ("QR-DRUG-CODE", notebook("201,1,見本軟膏", "201,1,見本軟膏,5,g,1,123456789,1")),
        ("QR-DRUG-CODE", notebook("201,1,見本軟膏", "201,1,,5,g,1,,1")),
        ("QR-DRUG-CODE", notebook("3,", "3,,20240401,20240405,2,1")),
        ("QR-CODE-SHAPE", notebook("201,1,見本軟膏", "201,1,見本軟膏,5,g,2,62000001,1")),
        ("QR-CODE-SHAPE", notebook("201,1,見本軟膏", "201,1,見本軟膏,5,g,4,217101G1020,1")),
        ("QR-CODE-SHAPE", notebook("201,1,見本軟膏", "201,1,見本軟膏,5,g,6,12345,1")),
        (
            "QR-CODE-SHAPE",
            notebook("201,1,見本軟膏", "201,1,見本軟膏,5,とてもとてもとても長い単位,6,123456789,1"),
        ),
        ("QR-CODE-SHAPE", notebook("201,1,見本錠", "201,1,見本錠5mg,2,錠,2,620000001,1,見本,2,114901")),
        ("QR-CODE-SHAPE", notebook("3,", "3,見本散,20240401,20240405,2,1,123")),
        ("QR-CODE-SHAPE", notebook("301,1,【分２", "301,1,,14,日分,1,2,10120404,1")),
        ("QR-CODE-SHAPE", notebook("11,見本薬局,13,4,1234567,1", "11,見本薬局,13,4,12345,,,,1")),
        ("QR-CODE-SHAPE", prescription("31,", "31,11")),
        ("QR-CODE-VALUE", notebook("301,1,【患部", "301,1,,1,調剤,12,1,,1")),
        ("QR-CODE-VALUE", notebook("2,9", "2,4,嚥下困難,2")),
        ("QR-CODE-VALUE", notebook("501,", "501,備考,3")),
        ("QR-CODE-VALUE", notebook("1,", "1,見本 太郎,1,S330303,,,,,C型")),
        ("QR-CODE-VALUE", prescription("14,", "14,6")),
        ("QR-CODE-VALUE", prescription("101,2", "101,2,7,,1")),
        ("QR-DRUG-MISSING", read(KINDS[1], &sjis(PRESCRIPTION.split("101,1").next().unwrap()))),
        ("QR-USAGE-MISSING", notebook("301,1,【患部", "")),
        ("QR-USAGE-MISSING", prescription("111,2", "")),
        ("QR-RP-EMPTY", notebook("201,1,見本軟膏", "")),
        ("QR-RP-EMPTY", prescription("201,2", "")),
        ("QR-CHECK-DIGIT", prescription("22,", "22,39131231")),
        ("QR-CHECK-DIGIT", prescription("27,", "27,21136792,6247373")),
        ("QR-CHECK-DIGIT", prescription("27,", "27,21136791,6247374")),
        ("QR-NUMBER-SHAPE", prescription("22,", "22,3913123")),
        ("QR-NUMBER-SHAPE", prescription("27,", "27,2113679,6247373")),
        ("QR-SPLIT", prescription("63,", "63,2,3")),
        ("QR-SPLIT", prescription("64,", "64,4")),
    ]
}

#[test]
fn the_clean_sets_raise_nothing() {
    assert_eq!(read(KINDS[0], &sjis(NOTEBOOK)).rules(), [""; 0]);
    assert_eq!(read(KINDS[1], &sjis(PRESCRIPTION)).rules(), [""; 0]);
}

#[test]
fn each_mutant_breaks_its_rule_and_no_other() {
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for (n, (rule, done)) in mutants().into_iter().enumerate() {
        if done.rules() != [rule] {
            let shown: Vec<_> = done.findings().map(ToString::to_string).collect();
            wrong.push(format!("mutant {n} of {rule}: {shown:#?}"));
        }
        for finding in done.findings() {
            let stands = finding.position.range.is_some() || finding.position.record.is_empty();
            assert!(stands, "{rule} says a record but no bytes");
        }
        seen.insert(rule);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let missing: Vec<_> = qr::rules().iter().filter(|r| !seen.contains(r.id)).map(|r| r.id).collect();
    assert!(missing.is_empty(), "no mutant: {missing:?}");
}

#[test]
fn every_rule_has_an_example() {
    assert!(qr::rules().iter().all(|r| !r.example.is_empty() && !r.mend_ja.is_empty()));
}

/// An error costs one set, not its neighbours.
#[test]
fn the_smallest_sound_part_is_lost() {
    let broken = line(NOTEBOOK, "1,", "");
    let done = read(KINDS[0], &sjis(&format!("{NOTEBOOK}{broken}{NOTEBOOK}")));
    assert_eq!(done.units.iter().map(MappedUnit::is_unsound).collect::<Vec<_>>(), [false, true, false]);
    assert!(!done.split.is_unsound());
}

/// What real senders do: LF, UTF-8 with a mark, missing trailing items, spaces at the end.
#[test]
fn what_real_senders_do_changes_no_fact() {
    let facts = |bytes: &[u8]| -> Vec<String> {
        let done = read(KINDS[0], bytes);
        assert_eq!(done.complaints(), [""; 0]);
        let blank = |f: &musubi_model::Fact| {
            let mut f = f.clone();
            f.range = musubi_model::ByteRange::default();
            format!("{f:?}")
        };
        done.units[0].facts.iter().map(blank).collect()
    };
    let clean = facts(&sjis(NOTEBOOK));
    let lf: Vec<u8> = sjis(NOTEBOOK).into_iter().filter(|b| *b != b'\r').collect();
    assert_eq!(facts(&lf), clean);
    assert_eq!(facts(&[b"\xEF\xBB\xBF", NOTEBOOK.as_bytes()].concat()), clean);
    assert_eq!(facts(&sjis(&NOTEBOOK.replace(",,,,1\n", ",,,,1 \n"))), clean);
    assert_eq!(facts(&sjis(&format!("{}\u{1a}", NOTEBOOK.replace('\n', "\n\n")))), clean);
}

#[test]
fn findings_show_no_value_of_a_person() {
    for (_, done) in mutants() {
        let shown: String =
            done.findings().map(|f| format!("{} {} {}", f.found, f.expected, f.position.field)).collect();
        for secret in ["太郎", "花子", "港区", "S330303", "123456789018", "6247374", "39131231"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), notebook: bool) {
        read(KINDS[usize::from(!notebook)], &bytes);
    }

    #[test]
    fn any_items(lines in proptest::collection::vec((prop::sample::select(vec!["1", "2", "3", "5", "11", "22", "31", "51", "55", "63", "101", "111", "181", "201", "221", "281", "301", "411", "911", "JAHISTC08", "JAHIS10"]), "[0-9A-Z漢ア,./ ]{0,24}"), 0..24), notebook: bool) {
        let header = if notebook { "JAHISTC08,1\n1,a,1,19800101" } else { "JAHIS10\n11,a" };
        let text: String = lines.iter().map(|(n, rest)| format!("\n{n},{rest}")).collect();
        read(KINDS[usize::from(!notebook)], &sjis(&format!("{header}{text}")));
    }

    #[test]
    fn any_damage(at in 0usize..2000, len in 0usize..30, with in proptest::collection::vec(any::<u8>(), 0..30), notebook: bool) {
        let mut bytes = sjis(if notebook { NOTEBOOK } else { PRESCRIPTION });
        let from = at.min(bytes.len());
        let to = (from + len).min(bytes.len());
        bytes.splice(from..to, with);
        read(KINDS[usize::from(!notebook)], &bytes);
    }
}
