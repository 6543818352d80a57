//! The smallest change of a valid DPC file that breaks each rule, and only that rule.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod dpc_common;
mod harness;

use std::collections::BTreeSet;

use dpc_common::{
    EF, EF_PATH, FORM1, FORM1_PATH, ef, ef_row, ef_with, form1, read_ef, row, sjis, stay, with,
};
use harness::{Done, mapper, run, run_with};
use musubi_mappers::{MappedUnit, dpc};
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use proptest::prelude::*;

/// The first line of a stay changed as a whole.
fn first(change: impl Fn(&str) -> String) -> Done {
    let mut lines = stay();
    for line in &mut lines {
        *line = change(line);
    }
    form1(&lines)
}

fn item(code: &str, serial: &str, payloads: &[(usize, &str)]) -> Done {
    form1(&with(code, serial, payloads))
}

fn added(code: &str, payloads: &[(usize, &str)]) -> Done {
    form1(&[stay(), vec![row(code, "0", payloads)]].concat())
}

fn limited(limits: Limits) -> Done {
    let other: Vec<String> = stay().iter().map(|l| l.replace("0000001234", "0000005678")).collect();
    let bytes = sjis(&[stay(), other].concat());
    run_with(mapper(FORM1, "").as_ref(), &bytes, FORM1_PATH, &limits, &NoMasters)
}

fn mutants() -> Vec<(&'static str, Done)> {
    let base = Limits::default();
    let whole = |kind, bytes: &[u8]| run(mapper(kind, "").as_ref(), bytes, FORM1_PATH);
    let bad_text = || {
        let mut bytes = sjis(&with("A006030", "0", &[(9, "見本*")]));
        let at = bytes.iter().position(|b| *b == b'*').unwrap();
        bytes[at] = 0xFF;
        whole(FORM1, &bytes)
    };
    let utf8 = stay().iter().map(|l| format!("{l}\n")).collect::<String>();
    vec![
        ("DPC-EMPTY", whole(FORM1, b"")),
        ("DPC-EMPTY", whole(EF, b"\r\n\x1a")),
        ("DPC-LIMIT", limited(Limits { document_bytes_max: 100, ..base })),
        ("DPC-LIMIT", limited(Limits { units_per_document_max: 1, ..base })),
        ("DPC-LIMIT", limited(Limits { records_per_unit_max: 5, ..base })),
        ("DPC-LIMIT", limited(Limits { record_bytes_max: 70, ..base })),
        ("DPC-ENCODING", whole(FORM1, b"\xFF\xFE1\x003\x00")),
        ("DPC-KIND", whole(FORM1, &sjis(&ef()[..1]))),
        ("DPC-NOT-SJIS", whole(FORM1, utf8.as_bytes())),
        ("DPC-HEADING", form1(&[vec!["施設コード\tデータ識別番号".to_owned()], stay()].concat())),
        ("DPC-ORDER", read_ef(&[ef(), ef_with(0, &[(2, "0000005678")])[..1].to_vec(), ef()].concat())),
        ("DPC-COLUMNS", form1(&[stay(), vec!["131234567\t0000001234\t20240410\t0".to_owned()]].concat())),
        ("DPC-COLUMNS", read_ef(&[ef(), vec!["131234567".to_owned()]].concat())),
        ("DPC-KEY", first(|l| l.replacen("131234567", "13123456", 1))),
        ("DPC-KEY", first(|l| l.replacen("0000001234", "1234", 1))),
        ("DPC-KEY", first(|l| l.replacen("20240410", "20240231", 1))),
        ("DPC-KEY", first(|l| l.replacen("20240410", "", 1))),
        ("DPC-MYNUMBER", added("A009010", &[(2, "123456789018")])),
        ("DPC-TEXT-BAD", bad_text()),
        ("DPC-ITEM-UNKNOWN", added("A009010", &[(2, "1")])),
        ("DPC-ITEM-TWICE", added("M160010", &[(2, "40")])),
        ("DPC-ITEM-MISSING", item("A000010", "0", &[])),
        ("DPC-ITEM-MISSING", item("A006030", "0", &[])),
        ("DPC-VALUE", item("A000020", "0", &[(5, "400")])),
        ("DPC-VALUE", item("A000030", "0", &[(3, "8")])),
        ("DPC-VALUE", item("A000040", "0", &[(2, "内科")])),
        ("DPC-VALUE", item("A000010", "0", &[(3, "105-0004")])),
        ("DPC-VALUE", item("ADL0010", "0", &[(2, "231232122")])),
        ("DPC-VALUE", item("JCS0010", "0", &[(2, "40")])),
        ("DPC-VALUE", item("CAN0020", "0", &[(3, "N1")])),
        ("DPC-VALUE", item("A006010", "0", &[(2, "J18.9")])),
        ("DPC-VALUE", item("A006010", "0", &[(5, "80")])),
        ("DPC-VALUE", item("A007010", "1", &[(6, "0")])),
        ("DPC-VALUE", item("M160010", "0", &[(3, "1")])),
        ("DPC-VALUE", first(|l| l.replacen("A000050", "", 1))),
        ("DPC-RANGE", item("A001010", "0", &[(2, "1650")])),
        ("DPC-RANGE", item("A003010", "0", &[(2, "30")])),
        ("DPC-RANGE", item("M160010", "0", &[(2, "101")])),
        ("DPC-NUMBER", read_ef(&ef_with(1, &[(12, "三")]))),
        ("DPC-NUMBER", read_ef(&ef_with(2, &[(18, "2.1.0")]))),
        ("DPC-RANGE", read_ef(&ef_with(1, &[(21, "0")]))),
        ("DPC-DATE", item("A007010", "1", &[(1, "20240231")])),
        ("DPC-DATE", read_ef(&ef_with(3, &[(24, "20241301")]))),
        ("DPC-DATE-ERA", item("A000010", "0", &[(1, "4010101")])),
        ("DPC-PERIOD", item("A000030", "0", &[(1, "20240401")])),
        ("DPC-OUTSIDE-STAY", item("A007010", "1", &[(1, "20240312")])),
        ("DPC-OUTSIDE-STAY", read_ef(&ef_with(3, &[(24, "20240501")]))),
        ("DPC-BEFORE-BIRTH", item("A000010", "0", &[(1, "20250101")])),
        ("DPC-BIRTH", item("A000010", "0", &[(1, "19440231")])),
        ("DPC-SEX", item("A000010", "0", &[(2, "M")])),
        ("DPC-ADMISSION", item("A000020", "0", &[(1, "20240401")])),
        ("DPC-CODE-MISSING", item("A006030", "0", &[(2, ""), (4, "")])),
        ("DPC-CODE-MISSING", item("A007010", "1", &[(2, "")])),
        ("DPC-CODE-MISSING", read_ef(&ef_with(7, &[(8, ""), (11, "")]))),
        ("DPC-CODE-SHAPE", item("A007010", "1", &[(2, "0821")])),
        ("DPC-CODE-SHAPE", read_ef(&ef_with(1, &[(9, "62000388")]))),
        ("DPC-CODE-SHAPE", read_ef(&[ef(), vec![ef_row(&[(5, "SY"), (9, "883342")])]].concat())),
        ("DPC-CODE-SHAPE", read_ef(&ef_with(3, &[(28, "三階東")]))),
        ("DPC-CHECK-DIGIT", read_ef(&ef_with(0, &[(22, "06130018")]))),
    ]
}

#[test]
fn the_clean_files_raise_nothing() {
    assert_eq!(form1(&stay()).rules(), [""; 0]);
    assert_eq!(read_ef(&ef()).rules(), [""; 0]);
}

#[test]
fn each_mutant_breaks_its_rule_and_no_other() {
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for (n, (rule, done)) in mutants().into_iter().enumerate() {
        // An item the table does not have is told beside what is wrong in it.
        let rules: Vec<_> =
            done.rules().into_iter().filter(|r| *r == rule || *r != "DPC-ITEM-UNKNOWN").collect();
        if rules != [rule] {
            let shown: Vec<_> = done.findings().map(ToString::to_string).collect();
            wrong.push(format!("mutant {n} of {rule}: {shown:#?}"));
        }
        seen.insert(rule);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let missing: Vec<_> = dpc::rules().iter().filter(|r| !seen.contains(r.id)).map(|r| r.id).collect();
    assert!(missing.is_empty(), "no mutant: {missing:?}");
}

#[test]
fn every_rule_has_an_example() {
    assert!(dpc::rules().iter().all(|r| !r.example.is_empty() && !r.mend_ja.is_empty()));
}

/// An error costs one stay, not its neighbours.
#[test]
fn the_smallest_sound_part_is_lost() {
    let other = |id: &str| -> Vec<String> { stay().iter().map(|l| l.replace("0000001234", id)).collect() };
    let done = form1(&[other("0000000001"), other("12"), other("0000000003")].concat());
    assert_eq!(done.units.iter().map(MappedUnit::is_unsound).collect::<Vec<_>>(), [false, true, false]);
    assert!(!done.split.is_unsound());
}

/// LF, UTF-8 with a mark, commas and quotation marks of an export, spaces, trailing columns left out.
#[test]
fn what_real_senders_do_changes_no_fact() {
    let facts = |bytes: &[u8]| -> Vec<String> {
        let done = run(mapper(FORM1, "").as_ref(), bytes, FORM1_PATH);
        assert_eq!(done.complaints(), [""; 0]);
        done.units[0].facts.iter().map(dpc_common::show).collect()
    };
    let clean = facts(&sjis(&stay()));
    let text = stay().iter().map(|l| format!("{l}\n")).collect::<String>();
    assert_eq!(facts(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()), clean);
    let quoted: Vec<String> = stay()
        .iter()
        .map(|l| l.split('\t').map(|f| format!("\"{f}\"")).collect::<Vec<_>>().join(","))
        .collect();
    assert_eq!(facts(&sjis(&quoted)), clean);
    let padded: Vec<String> = stay().iter().map(|l| l.replace('\t', " \t ")).collect();
    assert_eq!(facts(&sjis(&padded)), clean);
    let short: Vec<String> = stay().iter().map(|l| l.trim_end_matches('\t').to_owned()).collect();
    assert_eq!(facts(&sjis(&short)), clean);
}

#[test]
fn findings_show_no_value_of_a_person() {
    for (_, done) in mutants() {
        let shown: String =
            done.findings().map(|f| format!("{} {} {}", f.found, f.expected, f.position.record)).collect();
        for secret in ["0000001234", "19440303", "1050004", "06130018", "123456789018", "秘密", "105-0004"]
        {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), which: bool, path in ".{0,30}") {
        run(mapper(if which { FORM1 } else { EF }, "").as_ref(), &bytes, &path);
    }

    #[test]
    fn any_fields(code in prop::sample::select(vec!["A000010", "A000020", "A000030", "A000070", "A001010", "A006030", "A007010", "FIM0010", "JCS0010", "CAN0020", "Z999999", "漢字"]), values in proptest::collection::vec("[0-9A-Z漢ア,./ ]{0,12}", 9), section in "[0-9S][0-9Y]", which: bool) {
        if which {
            let payloads: Vec<(usize, &str)> = values.iter().enumerate().map(|(n, v)| (n + 1, v.as_str())).collect();
            form1(&[stay(), vec![row(code, "1", &payloads)]].concat());
        } else {
            let columns: Vec<(usize, &str)> = [3, 7, 9, 11, 12, 18, 21, 24, 28].into_iter().zip(values.iter().map(String::as_str)).collect();
            let all: Vec<(usize, &str)> = std::iter::once((5, section.as_str())).chain(columns).collect();
            read_ef(&[ef(), vec![ef_row(&all)]].concat());
        }
    }

    #[test]
    fn any_damage(at in 0usize..4000, len in 0usize..30, with in proptest::collection::vec(any::<u8>(), 0..30), which: bool) {
        let mut bytes = sjis(&if which { stay() } else { ef() });
        let from = at.min(bytes.len());
        let to = (from + len).min(bytes.len());
        bytes.splice(from..to, with);
        run(mapper(if which { FORM1 } else { EF }, "").as_ref(), &bytes, EF_PATH);
    }
}
