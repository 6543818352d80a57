//! ケアプラン標準仕様: golden facts of each table, versions by the file's name, and what stays sealed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value,
    reason = "helpers of tests; a panic is a failed test"
)]

mod care_common;
mod harness;

use care_common::{plan_path, record, second, sixth, sjis};
use harness::{Done, mapper, run};
use musubi_mappers::VersionState;
use musubi_model::manifest::FeedKind;
use musubi_model::{Fact, FactTable};
use musubi_testdata::formats;

fn map(lines: &[String], prefix: &str) -> Done {
    run(mapper(FeedKind::CarePlan, "").as_ref(), &sjis(lines), &plan_path(prefix))
}

fn line(f: &Fact) -> String {
    let day = |d: Option<musubi_model::PartialDate>| d.map(|d| d.to_string()).unwrap_or_default();
    format!(
        "{} {}..{} {} [{}] {} {} x{} ={} {}{}",
        f.table.as_str(),
        day(f.start),
        day(f.end),
        f.source.as_ref().map(|c| c.code.to_string()).unwrap_or_default(),
        f.group,
        f.status,
        f.qualifiers,
        f.times.map(|n| n.to_string()).unwrap_or_default(),
        f.quantity.map(|n| n.to_string()).unwrap_or_default(),
        f.value.text,
        f.value.unit,
    )
}

fn lines(done: &Done) -> Vec<String> {
    done.units.iter().flat_map(|u| &u.facts).map(line).collect()
}

const HEAD: [(usize, &str); 3] = [(1, "202410"), (2, "139998"), (3, "0001000001")];

fn row(fields: usize, more: &[(usize, &str)]) -> Vec<String> {
    vec![record(fields, &[&HEAD, more].concat())]
}

#[test]
fn the_supplement_says_who_it_is() {
    let done = map(
        &row(
            16,
            &[
                (4, "20260402"),
                (5, "\"ミホン ハナコ\""),
                (6, "\"見本 花子\""),
                (7, "2"),
                (8, "19400315"),
                (9, "190-0001"),
                (10, "\"東京都見本市\""),
                (11, "\"１－１\""),
                (12, "042-000-0001"),
                (13, "20260325"),
                (14, "20260401"),
                (16, "\"見本\""),
            ],
        ),
        "UPHOSOKU",
    );
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(
        lines(&done),
        ["person 1940-03.. 13 [] 2  x = ", "care_need 2026-04-01..  [] limit decided=2026-03-25 x = "]
    );
    let person = &done.units[0].demographics;
    assert_eq!(person.name_kanji.expose(), "見本 花子");
    assert_eq!(person.name_kana.expose(), "ミホン ハナコ");
    assert_eq!(person.address.expose(), "東京都見本市１－１");
    assert_eq!(
        (person.postal_code.expose().as_str(), person.phone.expose().as_str()),
        ("190-0001", "042-000-0001")
    );
    assert_eq!(person.birth.expose().unwrap().to_string(), "1940-03-15");
}

#[test]
fn the_first_table_becomes_a_certificate_and_notes() {
    let done = map(
        &row(
            28,
            &[
                (4, "20260401"),
                (5, "190-0001"),
                (6, "\"東京都見本市\""),
                (8, "\"見本 専門員\""),
                (13, "1390000013"),
                (14, "20260402"),
                (15, "20250402"),
                (16, "21"),
                (17, "1"),
                (18, "20260325"),
                (19, "20260401"),
                (20, "20270331"),
                (21, "22"),
                (22, "\"見本 太郎と暮らしたい。\r\n歩きたい。\""),
                (23, "\"意見\""),
                (24, "\"方針\""),
                (25, "1"),
            ],
        ),
        "UP1KYO",
    );
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(
        lines(&done),
        [
            "person .. 13 [] 0  x = ",
            "care_need 2026-04-01..2027-03-31 22 [] certified decided=2026-03-25 class=1 x = ",
            "observation 2026-04-02.. CARE-PLAN-1 [] 21 reason=1 x = ",
            "note 2026-04-02.. CARE-PLAN-1-ASSESSMENT []   x = ",
            "note 2026-04-02.. CARE-PLAN-1-BOARD []   x = ",
            "note 2026-04-02.. CARE-PLAN-1-POLICY []   x = ",
        ]
    );
    let shown = format!("{:?}", done.units[0].facts);
    assert!(!shown.contains("見本") && !shown.contains("1390000013"), "{shown}");
    assert_eq!(done.units[0].demographics.address.expose(), "東京都見本市");
}

#[test]
fn the_second_table_becomes_planned_services() {
    let done = map(&second(), "UP2KYO");
    assert_eq!(done.rules(), [""; 0]);
    let all = lines(&done);
    assert_eq!(all.last().unwrap(), "care_service 2026-04-02.. 11 [1-2-3] plan insured=Y x = 週2回");
    assert_eq!(all.iter().filter(|l| l.starts_with("note")).count(), 7);
    // The text of two lines is one field of one row.
    assert_eq!(done.split.totals.get("UP2KYO"), Some(&1));
    assert!(!format!("{:?}", done.units[0].facts).contains("太郎"));
    // A frequency in free words stays sealed.
    let done = map(&[second()[0].replace("週2回", "見本 次郎が来る日")], "UP2KYO");
    assert!(!format!("{:?}", done.units[0].facts).contains("次郎"));
    // Twenty-two columns are those of this table whatever the name.
    let done = run(mapper(FeedKind::CarePlan, "").as_ref(), &sjis(&second()), "plan.csv");
    assert_eq!(done.facts(FactTable::CareService).len(), 1);
}

#[test]
fn the_week_becomes_planned_services() {
    let done = map(
        &row(
            13,
            &[
                (4, "20260401"),
                (5, "20260402"),
                (6, "\"訪問介護\""),
                (7, "3"),
                (8, "0930"),
                (9, "1030"),
                (10, "\"散歩\""),
            ],
        ),
        "UP3KYO",
    );
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(
        lines(&done)[1..],
        [
            "care_service 2026-04-02..  [week] plan weekday=3 x = 0930-1030",
            "note 2026-04-02.. CARE-PLAN-3-CONTENT []   x = ",
            "note 2026-04-02.. CARE-PLAN-3-ACTIVITY []   x = ",
        ]
    );
}

#[test]
fn the_sixth_table_becomes_services_day_by_day() {
    for (prefix, status) in [("UPPLAN", "plan"), ("UPJSK", "actual")] {
        let done = map(&sixth(), prefix);
        assert_eq!(done.rules(), [""; 0]);
        assert_eq!(
            lines(&done)[1],
            format!(
                "care_service 2026-09-03.. 111111 [6] {status} until=1030 tais=00000000001 over30=0 x2 =500 250単位"
            )
        );
        assert_eq!(done.facts(FactTable::CareService)[0].start_second, Some(9 * 3_600 + 30 * 60));
        assert_eq!(done.facts(FactTable::Note)[0].source.as_ref().unwrap().code, "CARE-PLAN-6-DEVICE");
        assert!(!format!("{:?}", done.units[0].facts).contains("見本"));
    }
    let done = map(&[sixth()[0].replace("0930,1030", "9999,9999")], "UPPLAN");
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(done.facts(FactTable::CareService)[0].start_second, None);
}

#[test]
fn the_seventh_table_becomes_planned_units() {
    let of = |code| {
        record(
            37,
            &[&HEAD[..], &[(4, "20260901"), (5, "202609"), (9, code), (16, "4"), (22, "1000")]].concat(),
        )
    };
    let done = map(&[of("111111"), of("11AAAA"), of("999999")], "UPSIKYU");
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(lines(&done)[1..], ["care_service 2026-09.. 111111 [7] plan  x4 =1000 単位"]);
}

#[test]
fn headings_are_passed_over() {
    let heading = "CSVバージョン,保険者番号,被保険者番号,作成年月日".to_owned();
    let done = map(&[heading, sixth().remove(0)], "UPPLAN");
    assert_eq!(done.rules(), ["PLAN-HEADING"]);
    assert_eq!(done.units.len(), 1);
}

#[test]
fn deletions_and_later_files_are_versions() {
    let mapper = mapper(FeedKind::CarePlan, "");
    let version = |lines: &[String], path: &str| {
        run(mapper.as_ref(), &sjis(lines), path).units.remove(0).version.unwrap()
    };
    let first = version(&sixth(), &plan_path("UPPLAN"));
    assert_eq!(first.time, "20261001093000");
    let later = version(&sixth(), &plan_path("UPPLAN").replace("20261001093000", "20261002093000"));
    assert_eq!(first.key.expose(), later.key.expose());
    assert!(later.time > first.time);
    let gone = version(&row(4, &[(4, "202609")]), &plan_path("DLTPLAN").replace("1001093000", "1003093000"));
    assert_eq!((gone.key.expose(), gone.state), (first.key.expose(), VersionState::Deleted));
    // Done is not planned; another receiver's plan is another plan.
    assert_ne!(version(&sixth(), &plan_path("UPJSK")).key.expose(), first.key.expose());
    let other = plan_path("UPPLAN").replace("1390000005", "1390000099");
    assert_ne!(version(&sixth(), &other).key.expose(), first.key.expose());
    let deleted = run(mapper.as_ref(), &sjis(&row(4, &[(4, "202609")])), &plan_path("DLTPLAN"));
    assert_eq!(deleted.rules(), ["PLAN-DELETED"]);
    assert_eq!(deleted.units[0].facts.len(), 0);
    // The deletion of what was done.
    let done = version(&sixth(), &plan_path("UPJSK"));
    let gone = version(&row(6, &[(4, "202609"), (5, "1390000005"), (6, "11")]), &plan_path("DLTJSK"));
    assert_eq!((gone.key.expose(), gone.state), (done.key.expose(), VersionState::Deleted));
}

#[test]
fn what_was_written_comes_back() {
    let format = formats::all().into_iter().find(|f| f.kind == FeedKind::CarePlan).unwrap();
    let mapper = mapper(FeedKind::CarePlan, "");
    let mut seen = std::collections::BTreeSet::new();
    for file in formats::sample(&format, 400, 9).unwrap() {
        let done = run(mapper.as_ref(), &file.bytes, &file.path);
        seen.extend(file.totals.keys().cloned());
        let prefix = file.totals.keys().next().unwrap();
        if prefix != "UPPLAN" && prefix != "UPJSK" {
            continue;
        }
        let text = encoding_rs::SHIFT_JIS.decode(&file.bytes).0.into_owned();
        let written: Vec<(String, String, String)> = text
            .lines()
            .map(|l| l.split(',').map(str::to_owned).collect::<Vec<_>>())
            .map(|c| (c[2].clone(), c[9].clone(), c[14].clone()))
            .collect();
        let read: Vec<(String, String, String)> = done
            .units
            .iter()
            .flat_map(|u| u.facts.iter().map(move |f| (u, f)))
            .filter(|(_, f)| f.table == FactTable::CareService)
            .map(|(u, f)| {
                let code = f.source.as_ref().unwrap().code.to_string();
                (
                    u.demographics.care_number.expose().to_string(),
                    f.start.unwrap().to_string().replace('-', ""),
                    code,
                )
            })
            .collect();
        assert_eq!(read, written);
    }
    let expected = ["UP1KYO", "UP2KYO", "UP3KYO", "UPHOSOKU", "UPJSK", "UPPLAN", "UPSIKYU"];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
}
