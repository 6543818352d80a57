//! The clean file's facts, one line each, against a golden table; identity, version, masters.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "helpers of tests; a panic is a failed test"
)]

mod uke_common;

use compact_str::CompactString;
use musubi_model::code::{Coded, MasterEntry, Masters, PartialDateOrToday};
use musubi_model::{CodeSystem, Fact, PartialDate, Sex};
use uke_common::{clean, position, record, run, run_with, sjis, with};

fn code(coded: Option<&Coded>) -> String {
    coded.map_or_else(
        || "-".to_owned(),
        |c| format!("{}:{}{}", c.system, c.code, c.text.as_ref().map_or(String::new(), |t| format!("({t})"))),
    )
}

/// `table start..end source>standard q=quantity unit ×times s=status m=qualifiers g=group d=department`, empty parts
/// left out.
fn line(fact: &Fact) -> String {
    let mut out = fact.table.as_str().to_owned();
    let part = |out: &mut String, mark: &str, value: &str| {
        if !value.is_empty() {
            out.push(' ');
            out.push_str(mark);
            out.push_str(value);
        }
    };
    part(&mut out, "", &fact.start.map_or(String::new(), |d| d.to_string()));
    part(&mut out, "..", &fact.end.map_or(String::new(), |d| d.to_string()));
    part(&mut out, "", &code(fact.source.as_ref()));
    part(&mut out, ">", &fact.standard.as_ref().map_or(String::new(), |c| code(Some(c))));
    part(&mut out, "v=", &fact.value.text);
    part(&mut out, "q=", &fact.quantity.map_or(String::new(), |q| q.to_string()));
    part(&mut out, "", &fact.value.unit);
    part(&mut out, "×", &fact.times.map_or(String::new(), |t| t.to_string()));
    part(&mut out, "s=", &fact.status);
    part(&mut out, "m=", &fact.qualifiers);
    part(&mut out, "g=", &fact.group);
    part(&mut out, "d=", &fact.department);
    out
}

#[track_caller]
fn check(lines: &[String], unit: usize, expect: &[&str]) {
    let mapped = run(&sjis(lines));
    let got: Vec<String> = mapped.units[unit].facts.iter().map(line).collect();
    assert_eq!(got.join("\n"), expect.join("\n"));
}

#[test]
fn facts_of_the_clean_file() {
    check(
        &clean(),
        0,
        &[
            "person 1960-04 JISX0401:13 s=1",
            "visit_occurrence 2024-03 - ×2 s=1122 m=review=1 d=01",
            "payer_plan_period 2024-03 PAYER:01 ×2 g=HO",
            "cost 2024-03 POINTS:HO q=510 点 ×2 g=HO",
            "payer_plan_period 2024-03 PAYER:12 ×2 g=KO1",
            "cost 2024-03 POINTS:KO1 q=100 点 ×2 g=KO1",
            "observation 2024-03 RECE-ITEM:eligibility s=01 g=HO",
            "observation 2024-03-05 ..2024-03-15 RECE-ITEM:attendance ×2 m=5 15 g=HO",
            "observation 2024-03 RECE-ITEM:window-burden s=00",
            "condition_occurrence 2024-03-05 RECE-B:8830052 s=1 g=main",
            "condition_occurrence 2024-03-05 RECE-B:4659007 s=2 m=8002 2056",
            "condition_occurrence 2024-03-06 RECE-B:0000999(見本病) s=1",
            "procedure_occurrence 2024-03-05 ..2024-03-15 RECE-S:112007410 ×2 g=12-1",
            "cost 2024-03-05 ..2024-03-15 POINTS:12 q=75 点 ×2 s=2 g=12-1",
            "note 2024-03 RECE-C:810000001 g=21-2",
            "drug_exposure 2024-03-05 ..2024-03-05 RECE-Y:620098801 q=1.5 ×3 g=21-2",
            "drug_exposure 2024-03-05 ..2024-03-05 RECE-Y:620160501 q=3 ×3 g=21-2",
            "cost 2024-03-05 ..2024-03-05 POINTS:21 q=20 点 ×3 s=2 g=21-2",
            "device_exposure 2024-03-05 ..2024-03-05 RECE-T:710010001 q=2 001 ×1 g=40-3",
            "cost 2024-03-05 ..2024-03-05 POINTS:40 q=300 点 ×1 s=2 g=40-3",
            "note 2024-03 RECE-SJ:01",
        ],
    );
    check(
        &clean(),
        1,
        &[
            "person 1970-02 JISX0401:13 s=2",
            "visit_occurrence 2024-03 - ×1 s=1112 m=review=1",
            "payer_plan_period 2024-03 PAYER:国保 ×1 g=HO",
            "cost 2024-03 POINTS:HO q=291 点 ×1 g=HO",
            "condition_occurrence 2024-03-10 RECE-B:8830052 s=1 g=main",
            "procedure_occurrence 2024-03-10 ..2024-03-10 RECE-S:111000110 ×1 g=11-1",
            "cost 2024-03-10 ..2024-03-10 POINTS:11 q=291 点 ×1 s=1 g=11-1",
        ],
    );
}

#[test]
fn every_fact_points_at_its_record() {
    let bytes = sjis(&clean());
    let mapped = run(&bytes);
    let ids: Vec<String> = mapped.units[0]
        .facts
        .iter()
        .map(|f| String::from_utf8_lossy(&f.range.slice(&bytes).unwrap()[..2]).into_owned())
        .collect();
    assert_eq!(ids.join(" "), "RE RE HO HO KO KO SN JD MF SY SY SY SI SI CO IY IY IY TO TO SJ");
    let name = encoding_rs::SHIFT_JIS.encode("見本　太郎").0.into_owned();
    let shown = musubi_mappers::Mapper::show(
        &musubi_mappers::uke::UkeMedical,
        mapped.units[0].facts[0].range.slice(&bytes).unwrap(),
    );
    assert!(shown.starts_with("RE,1,1122,202403,見本　太郎,1,"), "{name:?}");
}

#[test]
fn a_stay_begins_with_the_admission() {
    let lines = with("RE", 1, 8, "20240225");
    let mapped = run(&sjis(&lines));
    assert_eq!(
        line(&mapped.units[1].facts[1]),
        "visit_occurrence 2024-02-25 ..2024-03 - ×1 s=1112 m=review=1"
    );
}

#[test]
fn identity_is_kept_as_written() {
    let d = run(&sjis(&clean())).units.remove(0).demographics;
    assert_eq!(d.local_number.expose(), "00012");
    assert_eq!(d.name_kanji.expose(), "見本　太郎");
    assert_eq!(d.name_kana.expose(), "ミホンタロウ");
    assert_eq!((d.insurer_number.expose().as_str(), d.insured_branch.expose().as_str()), ("01130012", "01"));
    assert_eq!((d.insured_symbol.expose().as_str(), d.insured_number.expose().as_str()), ("１２", "３４５"));
    assert_eq!((*d.birth.expose(), d.sex), (PartialDate::new(1960, 4, 10), Sex::Male));
    let padded = run(&sjis(&clean())).units.remove(1).demographics;
    assert_eq!(padded.insurer_number.expose(), "  138057");
    assert_eq!(*padded.birth.expose(), PartialDate::new(1970, 2, 28));
}

#[test]
fn what_was_paid_and_why_stands_in_facts() {
    let mut lines = clean();
    let at = position(&lines, "RE", 1);
    let columns = [
        (1, "2"),
        (2, "1117"),
        (3, "202403"),
        (4, "見本　花子"),
        (5, "2"),
        (6, "19450228"),
        (7, "090"),
        (8, "20240302"),
        (9, "0107"),
        (10, "3"),
        (11, "2902"),
        (13, "00013"),
        (36, "ミホンハナコ"),
        (37, "001"),
    ];
    lines[at] = record("RE", 38, &columns);
    let at = position(&lines, "HO", 1);
    let columns = [
        (1, "  138057"),
        (3, "６７８"),
        (4, "1"),
        (5, "291"),
        (7, "12"),
        (8, "7680"),
        (9, "1"),
        (11, "15000"),
        (12, "1"),
        (13, "30"),
        (14, "4500"),
    ];
    lines[at] = record("HO", 15, &columns);
    let at = position(&lines, "KO", 0);
    lines[at] = record(
        "KO",
        12,
        &[
            (1, "12143210"),
            (2, "0000000"),
            (3, "1"),
            (4, "2"),
            (5, "100"),
            (6, "2500"),
            (7, "500"),
            (8, "300"),
            (10, "3"),
            (11, "1920"),
        ],
    );
    let at = position(&lines, "SY", 3);
    lines[at] = record("SY", 8, &[(1, "8830052"), (2, "20240310"), (3, "1"), (6, "01"), (7, "見本の補足")]);
    lines.insert(at, record("GR", 3, &[(1, "05"), (2, "040080x099x0xx")]));
    let mapped = run(&sjis(&lines));
    let ids = mapped.ids();
    assert_eq!(ids, [""; 0], "{ids:?}");
    let of = |unit: usize, mark: &str| -> Vec<String> {
        mapped.units[unit].facts.iter().map(line).filter(|l| l.contains(mark)).collect()
    };
    assert_eq!(of(1, "visit"), ["visit_occurrence 2024-03-02 ..2024-03 - ×1 s=1117 m=review=1 ward=01,07"]);
    assert_eq!(of(1, "patient-state"), ["observation 2024-03 RECE-ITEM:patient-state s=001"]);
    assert_eq!(
        of(1, "g=HO"),
        [
            "payer_plan_period 2024-03 PAYER:国保 v=90 % ×1 s=3 m=29 02 g=HO",
            "cost 2024-03 POINTS:HO q=291 点 ×1 g=HO",
            "cost 2024-03 POINTS:HO.meal q=7680 円 ×12 g=HO",
            "cost 2024-03 POINTS:HO.burden q=15000 円 g=HO",
            "observation 2024-03 RECE-ITEM:duty-reason s=1 g=HO",
            "observation 2024-03 RECE-ITEM:reduction q=4500 s=1 g=HO",
        ]
    );
    assert_eq!(
        of(0, "g=KO1"),
        [
            "payer_plan_period 2024-03 PAYER:12 ×2 g=KO1",
            "cost 2024-03 POINTS:KO1 q=100 点 ×2 g=KO1",
            "cost 2024-03 POINTS:KO1.meal q=1920 円 ×3 g=KO1",
            "cost 2024-03 POINTS:KO1.burden q=2500 円 g=KO1",
            "cost 2024-03 POINTS:KO1.outpatient q=500 円 g=KO1",
            "cost 2024-03 POINTS:KO1.inpatient q=300 円 g=KO1",
            "observation 2024-03 RECE-ITEM:optional-benefit s=1 g=KO1",
        ]
    );
    assert_eq!(
        of(1, "not-bundled"),
        ["observation 2024-03 RECE-ITEM:dpc.not-bundled >DPC:040080x099x0xx s=05"]
    );
    assert_eq!(of(1, "note"), ["note 2024-03 MUSUBI-DOCUMENT:RECE.disease"]);
}

fn version(lines: &[String], unit: usize) -> Option<(String, String)> {
    let unit = run(&sjis(lines)).units.remove(unit);
    unit.version.map(|v| (v.key.expose().clone(), v.time.to_string()))
}

#[test]
fn versions_of_one_receipt_share_a_key() {
    let (key, time) = version(&clean(), 0).unwrap();
    assert_eq!((key.as_str(), time.as_str()), ("202403|1122|00012|01130012|１２|３４５", "202404"));
    // The same month written in the era, billed again a month later.
    let mut again = with("RE", 0, 3, "50603");
    again[0] = again[0].replace("202404", "50605");
    assert_eq!(version(&again, 0), Some((key.clone(), "202405".to_owned())));
    assert_ne!(version(&with("RE", 0, 2, "1121"), 0).unwrap().0, key);
    // The payer adds a search number when it returns a claim: the resubmission is still a version of the first.
    assert_eq!(version(&with("RE", 0, 18, "123456789012345678"), 0).unwrap().0, key);
    // Public payer only: its numbers tell receipts apart.
    let mut public = clean();
    public.remove(position(&public, "HO", 0));
    assert_eq!(version(&public, 0).unwrap().0, "202403|1122|00012|12143210||0000000");
    // A family shares its number: without a chart number the person tells receipts apart.
    let family = with("RE", 0, 13, "");
    let ours = "202403|1122||01130012|１２|３４５|1960-04-10|ミホンタロウ|見本　太郎|1";
    assert_eq!(version(&family, 0).unwrap().0, ours);
    // Neither chart nor insured number: the person does.
    let mut bare = with("HO", 1, 3, "");
    let at = position(&bare, "RE", 1);
    bare[at] = bare[at].replace("00013", "");
    assert_eq!(version(&bare, 1).unwrap().0, "202403|1112||  138057|||1970-02-28|ミホンハナコ|見本　花子|2");
}

/// A master of one edition that knows two codes.
struct Small;

impl Masters for Small {
    fn edition(&self, system: &CodeSystem, _: PartialDateOrToday) -> Option<CompactString> {
        matches!(system, CodeSystem::ReceiptDisease | CodeSystem::ReceiptProcedure).then(|| "20240301".into())
    }

    fn look_up(&self, system: &CodeSystem, code: &str, on: PartialDateOrToday) -> Option<MasterEntry> {
        assert_eq!(on, PartialDate::new(2024, 3, 0), "asked for the month of care");
        let (name, standard) = match (system, code) {
            (CodeSystem::ReceiptDisease, "8830052") => ("見本症", Some(Coded::new(CodeSystem::Icd10, "R51"))),
            (CodeSystem::ReceiptDisease, "0000999") => ("未コード化", None),
            (CodeSystem::ReceiptProcedure, "112007410") => ("見本再診", None),
            _ => return None,
        };
        Some(MasterEntry { name: name.into(), standard })
    }
}

#[test]
fn masters_add_names_and_standard_codes() {
    let mapped = run_with(&sjis(&clean()), &musubi_model::limits::Limits::default(), &Small);
    let unit = &mapped.units[0];
    assert_eq!(unit.master_version, "RECE-B 20240301, RECE-S 20240301");
    assert_eq!(
        line(&unit.facts[9]),
        "condition_occurrence 2024-03-05 RECE-B:8830052(見本症) >ICD10:R51 s=1 g=main"
    );
    assert_eq!(line(&unit.facts[11]), "condition_occurrence 2024-03-06 RECE-B:0000999(見本病) s=1");
    let unknown: Vec<_> =
        mapped.findings().map(|f| (f.rule.id, f.found.as_str(), f.expected.as_str())).collect();
    assert_eq!(
        unknown,
        [
            ("UKE-CODE-UNKNOWN", "RECE-B 4659007", "RECE-B 20240301 版にあるコード"),
            ("UKE-CODE-UNKNOWN", "RECE-S 111000110", "RECE-S 20240301 版にあるコード"),
        ]
    );
    assert_eq!(run(&sjis(&clean())).units[0].master_version, "");
}

#[test]
fn history_lines_are_counted_and_make_no_facts() {
    let mut lines = clean();
    let at = position(&lines, "GO", 0);
    for old in ["8,1,0,IR,1,13,1,1234567", "8,2,0,RE,1,1112,202303,古い　見本,1", "8,3,0,RC,Ver0000"] {
        lines.insert(at, old.to_owned());
    }
    let mapped = run(&sjis(&lines));
    assert_eq!(mapped.ids(), Vec::<&str>::new());
    assert_eq!(mapped.units.len(), 2);
    assert_eq!(mapped.split.totals.get("history"), Some(&3));
    assert_eq!(mapped.units[1].facts.len(), run(&sjis(&clean())).units[1].facts.len());
}

#[test]
fn the_form_with_three_leading_columns_reads_the_same() {
    let prefixed: Vec<String> =
        clean().iter().enumerate().map(|(n, l)| format!("1,{},0,{l}", n + 1)).collect();
    let (plain, mapped) = (run(&sjis(&clean())), run(&sjis(&prefixed)));
    assert_eq!(mapped.ids(), Vec::<&str>::new());
    assert_eq!(mapped.split.totals, plain.split.totals);
    for (a, b) in plain.units.iter().zip(&mapped.units) {
        assert_eq!(a.demographics, b.demographics);
        let lines = |facts: &[Fact]| facts.iter().map(line).collect::<Vec<_>>();
        assert_eq!(lines(&a.facts), lines(&b.facts));
    }
}

#[test]
fn the_institution_is_read_without_its_name() {
    let split = run(&sjis(&clean())).split;
    let shown = format!("{:?}", split.contexts);
    assert!(shown.contains("1234567") && shown.contains("2024-04") && !shown.contains("見本"), "{shown}");
    assert_eq!(split.totals.get("points"), Some(&801));
    assert_eq!(split.envelope.iter().collect::<Vec<_>>(), [("GO", 1), ("IR", 1)]);
}

#[test]
fn comments_inside_a_line_are_sealed_references() {
    let mut lines = clean();
    let at = position(&lines, "SI", 1);
    lines[at] = record(
        "SI",
        44,
        &[
            (1, "11"),
            (2, "1"),
            (3, "111000110"),
            (5, "291"),
            (6, "1"),
            (7, "840000099"),
            (8, "９９"),
            (22, "1"),
        ],
    );
    let mapped = run(&sjis(&lines));
    let facts: Vec<String> = mapped.units[1].facts.iter().map(line).collect();
    assert!(facts.contains(&"note 2024-03 RECE-C:840000099 g=11-1".to_owned()), "{facts:?}");
    assert!(!format!("{:?}", mapped.units[1].facts).contains("９９"));
}
