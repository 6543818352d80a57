//! What rows of 様式1 and EF files become.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod dpc_common;
mod harness;

use dpc_common::{
    EF, EF_PATH, FORM1, FORM1_PATH, ef, ef_row, ef_with, form1, read_ef, row, show, sjis, stay, with,
};
use harness::{Done, mapper, run, run_with};
use musubi_mappers::VersionState;
use musubi_model::code::{MasterEntry, Masters, PartialDateOrToday};
use musubi_model::limits::Limits;
use musubi_model::{CodeSystem, Coded, FactTable, PartialDate, Sex};

#[track_caller]
fn shows(done: &Done, rules: &[&str], expected: &[&str]) {
    assert_eq!(done.rules(), rules, "{:?}", done.findings().map(ToString::to_string).collect::<Vec<_>>());
    let facts: Vec<String> = done.units[0].facts.iter().map(show).collect();
    assert_eq!(facts, expected, "{facts:#?}");
}

#[test]
fn every_kind_of_item_of_form1() {
    shows(
        &form1(&stay()),
        &[],
        &[
            "person 1944-03 status=1",
            "observation 2024-04-10 DPC-FF1:AGE value=80 =80歳",
            "visit_occurrence 2024-04-10 –2024-04-25 MHLW-INSTITUTION:131234567 [kind=inpatient admission=333] status=1 group=0 dept=050",
            "observation 2024-04-10 DPC-FF1:A000020.2 value=1",
            "observation 2024-04-10 DPC-FF1:A000020.3 value=1",
            "observation 2024-04-10 DPC-FF1:A000020.4 value=0",
            "observation 2024-04-10 DPC-FF1:A000020.5 value=333",
            "observation 2024-04-10 DPC-FF1:A000020.6 value=1",
            "observation 2024-04-10 DPC-FF1:A000020.7 value=0",
            "observation 2024-04-25 DPC-FF1:A000030.2 value=1",
            "observation 2024-04-25 DPC-FF1:A000030.4 value=0",
            "observation 2024-04-25 DPC-FF1:A000030.5 value=0",
            "observation 2024-04-10 DPC-FF1:A000040.3 value=0",
            "observation 2024-04-10 DPC-FF1:A000050.2 value=1",
            "observation 2024-04-10 DPC-FF1:A000050.3 value=0",
            "observation 2024-04-10 DPC-FF1:A000050.4 value=0",
            "observation 2024-04-10 DPC-FF1:A000070.1 value=2023-11",
            "observation 2024-04-10 DPC-FF1:A000070.2 value=99999999",
            "observation 2024-04-10 DPC-FF1:A000080.2 value=2",
            "observation 2024-04-10 DPC-FF1:A000080.3 value=7",
            "note 2024-04-10 DPC-FF1:A000080.9",
            "measurement 2024-04-10 DPC-FF1:A001010.2 →LN:8302-2 value=165 =165cm",
            "measurement 2024-04-10 DPC-FF1:A001010.3 →LN:29463-7 value=58.5 =58.5kg",
            "measurement 2024-04-25 DPC-FF1:A001010.4 value=000",
            "measurement 2024-04-10 DPC-FF1:A003010.2 →LN:8339-4 value=3010 =3010g",
            "observation 2024-04-10 DPC-FF1:A003010.3 value=39 =39週",
            "condition_occurrence 2024-04-10 RECE-B:4860030 →ICD10:J189 group=main",
            "condition_occurrence 2024-04-10 RECE-B:4860030 →ICD10:J189 [8002] group=admission",
            "condition_occurrence 2024-04-10 RECE-B:0000999(見本心不全) →ICD10:I509 group=resource",
            "observation 2024-04-10 DPC-FF1:A006030.3 value=30102",
            "condition_occurrence 2024-04-10 ICD10:E11 →ICD10:E11 group=comorbidity-1",
            "condition_occurrence 2024-04-10 RECE-B:8833421 →ICD10:I10 group=comorbidity-2",
            "procedure_occurrence 2024-04-12 TENSU-KUBUN:K4073ｲ [stem7=AB12-34 operation=1 side=1 anaesthesia=6] group=1",
            "note 2024-04-10 DPC-FF1:A007010.9 group=1",
            "observation 2024-04-10 DPC-FF1:ADL0010.2 value=2312321222",
            "observation 2024-04-25 DPC-FF1:ADL0020.2 value=2313321222",
            "observation 2024-04-10 DPC-FF1:CAN0020.3 value=T1a",
            "observation 2024-04-10 DPC-FF1:CAN0020.4 value=N0",
            "observation 2024-04-10 DPC-FF1:CAN0020.5 value=M0",
            "observation 2024-04-10 DPC-FF1:CAN0020.6 value=8",
            "observation 2024-04-20 DPC-FF1:FIM0020.2 group=1 value=777777777777777777",
            "observation 2024-04-10 DPC-FF1:JCS0010.2 value=30RI",
            "observation 2024-04-10 DPC-FF1:M040010.2 value=3",
            "observation 2024-04-10 DPC-FF1:M040020.2 value=1100005",
            "observation 2024-04-10 DPC-FF1:M040020.3 value=0",
            "measurement 2024-04-10 DPC-FF1:M160010.2 value=37 =37",
        ],
    );
}

#[test]
fn every_kind_of_line_of_an_ef_file() {
    shows(
        &read_ef(&ef()),
        &[],
        &[
            "visit_occurrence 2024-04-10 –2024-04-25 MHLW-INSTITUTION:131234567 [kind=inpatient] dept=050",
            "cost 2024-04-11 POINTS:21 14点 ×7 [drug=14] group=21-1 dept=050",
            "observation 2024-04-11 –2024-04-16 DPC-FF1:EF-28 status=0 value=1906244444",
            "drug_exposure 2024-04-11 RECE-Y:620003887 2.5016 ×7 [flags=1000000 yen=13.6] group=21-1 dept=050",
            "cost 2024-04-11 POINTS:60 21点 ×1 group=60-1 dept=050",
            "procedure_occurrence 2024-04-11 RECE-S:160008010 ×1 [points=21] group=60-1 dept=050",
            "note 2024-04-11 RECE-C:810000001 group=60-2",
            "procedure_occurrence 2024-04-12 RECE-S:150253010 ×1 group=50-1 dept=050",
            "observation 2024-04-12 –2024-04-15 DPC-FF1:EF-28 status=1 value=1906255555",
            "device_exposure 2024-04-15 RECE-T:710010093 1001 ×1 group=50-1 dept=050",
            "drug_exposure 2024-04-16 DPC-EF:HOSP001(院内製剤) 10 ×1 group=31-1 dept=050",
        ],
    );
}

/// Outpatient files have the birth date where the discharge stands, and diagnoses.
#[test]
fn outpatient_files() {
    let day = |columns: &[(usize, &str)]| {
        let mut all = vec![(3, "19800205"), (4, "20240411"), (30, "1"), (28, "9999999999"), (29, "9")];
        all.extend_from_slice(columns);
        ef_row(&all)
    };
    let lines = [
        day(&[(5, "SY"), (7, "000"), (9, "8833421"), (11, "高血圧症"), (17, "NULL"), (24, "20200301")]),
        day(&[(5, "SY"), (9, "8833421"), (11, "高血圧症"), (17, "0003100"), (24, "20200301")]),
        day(&[(5, "SY"), (6, "0002"), (9, "0000999"), (11, "見本病"), (24, "20240401")]),
        day(&[(5, "12"), (9, "112007410")]),
    ];
    let expected = [
        "person 1980-02 status=0",
        "visit_occurrence 2024-04-11 MHLW-INSTITUTION:131234567 [kind=outpatient] dept=050",
        "condition_occurrence 2020-03-01 RECE-B:8833421 status=3 group=main",
        "condition_occurrence 2024-04-01 RECE-B:0000999(見本病)",
        "procedure_occurrence 2024-04-11 RECE-S:112007410 ×1 group=12-1 dept=050",
    ];
    let done = read_ef(&lines);
    shows(&done, &[], &expected);
    assert_eq!(*done.units[0].demographics.birth.expose(), PartialDate::new(1980, 2, 5));
    // The file name says it, too.
    let blank: Vec<String> = lines.iter().map(|l| l.replace("\t9\t1\t", "\t9\t\t")).collect();
    let done = run(mapper(EF, "").as_ref(), &sjis(&blank), "EFg_131234567_2404.txt");
    shows(&done, &[], &expected);
}

/// A birth date in an inpatient file's discharge column never becomes a fact.
#[test]
fn no_birth_date_as_discharge() {
    let lines: Vec<String> = ef().iter().map(|l| l.replace("\t20240425\t", "\t19800205\t")).collect();
    let done = read_ef(&lines);
    assert_eq!(done.rules(), ["DPC-PERIOD"]);
    assert!(!format!("{:?}", done.units[0].facts).contains("1980"));
}

#[test]
fn who_it_is_goes_to_the_identity_zone_only() {
    let done = form1(&stay());
    let d = &done.units[0].demographics;
    assert_eq!(d.local_number.expose().as_str(), "0000001234");
    assert_eq!((*d.birth.expose(), d.sex), (PartialDate::new(1944, 3, 3), Sex::Male));
    assert_eq!(d.postal_code.expose().as_str(), "1050004");
    let ef = read_ef(&ef());
    let e = &ef.units[0].demographics;
    assert_eq!(e.local_number.expose().as_str(), "0000001234");
    assert_eq!(e.insurer_number.expose().as_str(), "06130017");
    for done in [done, ef] {
        let shown = format!("{:?} {:?}", done.units[0].facts, done.units[0].findings);
        for secret in ["0000001234", "19440303", "1050004", "06130017", "HIMITSU", "秘密", "1944-03-03"] {
            assert!(!shown.contains(secret), "{secret}");
        }
    }
}

#[test]
fn death_is_a_fact() {
    for (outcome, within, expected) in [
        ("6", "0", vec!["death 2024-04-25 DPC-FF1:A000030.3 status=6"]),
        ("7", "1", vec!["death 2024-04-25 DPC-FF1:A000030.3 [within-24h=1] status=7"]),
        ("1", "0", vec![]),
    ] {
        let done = form1(&with("A000030", "0", &[(3, outcome), (4, within)]));
        let deaths: Vec<_> = done.facts(FactTable::Death).iter().map(|f| show(f)).collect();
        assert_eq!(deaths, expected);
    }
}

#[test]
fn a_stay_is_a_unit_and_a_sub_form_a_visit() {
    let other: Vec<String> = stay().iter().map(|l| l.replace("0000001234", "0000005678")).collect();
    let child: Vec<String> = stay().iter().map(|l| l.replacen("\t0\t0\t", "\t0\t1\t", 1)).collect();
    let done = form1(&[stay(), child, other].concat());
    assert_eq!((done.units.len(), done.complaints()), (2, vec![]));
    assert_eq!(done.split.totals.get("FF1"), Some(&72));
    let visits = done.units[0].facts.iter().filter(|f| f.table == FactTable::VisitOccurrence);
    assert_eq!(visits.map(|f| f.group.as_str()).collect::<Vec<_>>(), ["0", "1"]);
    assert_eq!(done.units[0].facts.iter().filter(|f| f.table == FactTable::Person).count(), 1);
}

#[test]
fn a_stay_sent_again_is_a_later_version() {
    let read = |lines: &[String], path: &str| {
        run(mapper(FORM1, "").as_ref(), &sjis(lines), path).units.remove(0).version.unwrap()
    };
    let first = read(&stay(), FORM1_PATH);
    assert_eq!((first.time.as_str(), first.state), ("202404.20240722.2024-04-25", VersionState::Current));
    let again = read(&stay(), "2024-10-22/FF1_131234567_2404.txt");
    assert!(again.key == first.key && again.time > first.time);
    let later = read(&stay(), "2024-10-22/FF1_131234567_2405.txt");
    assert!(later.key == first.key && later.time > again.time);
    let unnamed = read(&stay(), "form1.txt");
    assert_eq!(unnamed.time, "202404.00000000.2024-04-25");
    let other: Vec<String> =
        stay().iter().map(|l| l.replacen("\t20240410\t0\t", "\t20240410\t1\t", 1)).collect();
    assert!(read(&other, FORM1_PATH).key != first.key);
    // Months of one stay do not supersede each other in EF files; the same month does.
    let ef_version = |lines: &[String], path: &str| {
        run(mapper(EF, "").as_ref(), &sjis(lines), path).units.remove(0).version.unwrap()
    };
    let april = ef_version(&ef(), EF_PATH);
    assert!(ef_version(&ef(), "2024-07-22/EFn_131234567_2405.txt").key != april.key);
    let open: Vec<String> = ef().iter().map(|l| l.replace("\t20240425\t", "\t00000000\t")).collect();
    let open = ef_version(&open, EF_PATH);
    assert!(open.key == april.key && open.time < april.time);
}

#[test]
fn headings_tell_the_columns() {
    let names = "施設コード\tデータ識別番号\t退院年月日(西暦)\t入院年月日(西暦)\tデータ区分\t順序番号\t行為明細番号\t病院点数マスタコード\tレセプト電算コード\t解釈番号\t診療明細名称\t使用量\t基準単位\t明細点数・金額\t円・点区分\t出来高実績点数\t行為明細区分情報\t行為点数\t行為薬剤料\t行為材料料\t行為回数\t保険者番号\tレセプト種別コード\t実施年月日\tレセプト科区分\t診療科区分\t医師コード\t病棟コード\t病棟区分\t入外区分\t施設タイプ";
    let plain: Vec<String> = read_ef(&ef()).units[0].facts.iter().map(show).collect();
    let headed = read_ef(&[vec![names.to_owned()], ef()].concat());
    assert_eq!(headed.rules(), ["DPC-HEADING"]);
    assert_eq!(headed.units[0].facts.iter().map(show).collect::<Vec<_>>(), plain);
    // Without レセプト科区分, as some tools write it: the names say where the rest stands.
    let without = |line: &String| {
        let mut fields: Vec<&str> = line.split('\t').collect();
        fields.remove(24);
        fields.join("\t")
    };
    let lines: Vec<String> = std::iter::once(&names.to_owned()).chain(&ef()).map(without).collect();
    assert_eq!(read_ef(&lines).units[0].facts.iter().map(show).collect::<Vec<_>>(), plain);
    let form = form1(&[vec!["施設コード\tデータ識別番号\t入院年月日".to_owned()], stay()].concat());
    assert_eq!(form.rules(), ["DPC-HEADING"]);
    assert_eq!(form.split.envelope.total(), 1);
}

#[test]
fn codes_the_table_does_not_have_are_kept() {
    let lines = [stay(), vec![row("A009010", "1", &[(2, "12"), (3, "秘密"), (9, "AB-1")])]].concat();
    let done = form1(&lines);
    assert_eq!(done.rules(), ["DPC-ITEM-UNKNOWN"]);
    let facts: Vec<_> = done.units[0].facts.iter().map(show).filter(|f| f.contains("A009010")).collect();
    assert_eq!(
        facts,
        [
            "observation 2024-04-10 DPC-FF1:A009010.2 group=1 value=12",
            "note 2024-04-10 DPC-FF1:A009010.3 group=1",
            "observation 2024-04-10 DPC-FF1:A009010.9 group=1 value=AB-1",
        ]
    );
}

/// Words where a code belongs are told, and sealed.
#[test]
fn words_where_codes_belong_stay_in_the_original() {
    for (code, n) in [("M040010", 2), ("A001010", 2), ("A007010", 2), ("JCS0010", 2)] {
        let serial = if code == "A007010" { "1" } else { "0" };
        let done = form1(&with(code, serial, &[(n, "秘密太郎")]));
        assert!(!format!("{:?}", done.units[0].facts).contains("秘密"), "{code}");
        assert_eq!(done.complaints().len(), 1, "{code}");
        let note = format!("{code}.{n}");
        let sealed = done.facts(FactTable::Note).iter().any(|f| f.source.as_ref().unwrap().code == note);
        assert!(sealed, "{code}");
    }
}

struct Books;

impl Masters for Books {
    fn edition(&self, system: &CodeSystem, _: PartialDateOrToday) -> Option<compact_str::CompactString> {
        matches!(system, CodeSystem::ReceiptDisease | CodeSystem::ReceiptDrug).then(|| "20240601".into())
    }

    fn look_up(&self, _: &CodeSystem, code: &str, _: PartialDateOrToday) -> Option<MasterEntry> {
        let known = ["4860030", "8833421", "620003887"].contains(&code);
        let standard = Some(Coded::new(CodeSystem::Yj, "2171022F4028"));
        known.then(|| MasterEntry { name: "名".into(), standard })
    }
}

#[test]
fn codes_are_asked_of_the_masters() {
    let run = |kind, lines: &[String]| {
        run_with(mapper(kind, "").as_ref(), &sjis(lines), FORM1_PATH, &Limits::default(), &Books)
    };
    let done = run(FORM1, &stay());
    assert_eq!(done.units[0].master_version, "RECE-B 20240601");
    let first = done.facts(FactTable::ConditionOccurrence)[0];
    assert_eq!(first.source.as_ref().unwrap().text.as_deref(), Some("名"));
    let done = run(EF, &ef());
    let drug = done.facts(FactTable::DrugExposure)[0];
    assert_eq!(drug.standard.as_ref().unwrap().code, "2171022F4028");
    let done = run(EF, &ef_with(1, &[(9, "620000001")]));
    assert_eq!(done.rules(), ["CODE-NOT-IN-MASTER"]);
}
