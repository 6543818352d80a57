//! Each rule of long-term care broken by the smallest change of a clean file; no rule without its mutant.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value,
    reason = "helpers of tests; a panic is a failed test"
)]

mod care_common;
mod harness;

use std::collections::BTreeSet;

use care_common::*;
use harness::{Done, mapper, run, run_with};
use musubi_mappers::MappedUnit;
use musubi_model::Severity;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::manifest::FeedKind::{CareCertification, CareClaim, CareLife, CarePlan};

/// A file of a kind that breaks exactly these rules.
struct Mutant {
    kind: FeedKind,
    path: &'static str,
    bytes: Vec<u8>,
    rules: &'static [&'static str],
}

fn of(kind: FeedKind, path: &'static str, bytes: Vec<u8>, rules: &'static [&'static str]) -> Mutant {
    Mutant { kind, path, bytes, rules }
}

fn claim_of(lines: Vec<String>, rules: &'static [&'static str]) -> Mutant {
    of(CareClaim, "d.csv", sjis(&lines), rules)
}

/// The claim with a field of its data record changed.
fn field(n: usize, at: usize, value: &str, rules: &'static [&'static str]) -> Mutant {
    claim_of(claim_with(n, at, value), rules)
}

fn survey(lines: &[String], rules: &'static [&'static str]) -> Mutant {
    of(CareCertification, "NCI242.CSV", sjis(lines), rules)
}

/// The row of certification without headings, one column changed.
fn survey_with(at: usize, value: &str, rules: &'static [&'static str]) -> Mutant {
    let mut row = survey_row();
    row[at] = value.to_owned();
    survey(&[row.join(",")], rules)
}

fn life(lines: &[String], rules: &'static [&'static str]) -> Mutant {
    of(CareLife, "life.csv", sjis(lines), rules)
}

/// A file of LIFE with a text replaced in its line of data.
fn life_with(mut lines: Vec<String>, from: &str, to: &str, rules: &'static [&'static str]) -> Mutant {
    assert!(lines[2].contains(from), "{from}");
    lines[2] = lines[2].replacen(from, to, 1);
    life(&lines, rules)
}

const PLAN: &str = "UPPLAN_202609_1390000013_43_1390000005_11_20261001093000.CSV";
const SECOND: &str = "UP2KYO_1390000013_43_1390000005_11_20261001093000.CSV";

fn plan(lines: &[String], path: &'static str, rules: &'static [&'static str]) -> Mutant {
    of(CarePlan, path, sjis(lines), rules)
}

fn plan_with(at: usize, value: &str, rules: &'static [&'static str]) -> Mutant {
    plan(&with(sixth(), 0, at - 1, value), PLAN, rules)
}

fn common() -> Vec<Mutant> {
    let utf8: String = claim().iter().map(|l| format!("{l}\r\n")).collect();
    let mut utf16 = vec![0xFF, 0xFE];
    utf16.extend(utf8.encode_utf16().flat_map(u16::to_le_bytes));
    let mut cut = sjis(&survey_named());
    let name = cut.windows(2).rposition(|w| w == [0x8E, 0x71]).unwrap();
    // Half of the last character of the name.
    cut.remove(name + 1);
    let plans = plan_records();
    let mut other = plan_records();
    for row in &mut other {
        *row = row.replace("0001000001", "0001000002");
    }
    let scattered = [&plans[..1], &other[..1], &plans[1..2]].concat();
    let unclosed = claim_with(5, 38, "\"");
    vec![
        of(CareClaim, "d.csv", Vec::new(), &["CARE-EMPTY"]),
        of(CareLife, "l.csv", sjis(&life_form()[..2]), &["CARE-EMPTY"]),
        of(CareCertification, "c.csv", sjis(&survey_named()[..1]), &["CARE-EMPTY", "CERT-COLUMN"]),
        of(CarePlan, PLAN, Vec::new(), &["CARE-EMPTY"]),
        of(CareClaim, "d.csv", utf16, &["CARE-ENCODING"]),
        of(CareClaim, "d.csv", utf8.into_bytes(), &["CARE-ENCODING-OTHER"]),
        claim_of(unclosed, &["CARE-QUOTE"]),
        of(CareCertification, "c.csv", cut, &["CARE-TEXT", "CERT-COLUMN"]),
        claim_of(claim().iter().map(|l| l.replace(",\"見本 太郎様希望\"", "")).collect(), &["CARE-COLUMNS"]),
        field(1, 17, "20260231", &["CARE-DATE"]),
        field(1, 17, "99999999", &["CARE-DATE"]),
        field(1, 17, "4360401", &["CARE-DATE-PART"]),
        field(1, 13, "", &["CARE-BIRTH"]),
        field(1, 13, "19401315", &["CARE-BIRTH"]),
        field(1, 13, "20260801", &["CARE-BEFORE-BIRTH"]),
        field(1, 14, "\"3\"", &["CARE-SEX"]),
        field(4, 9, "千", &["CARE-NUMBER"]),
        field(1, 29, "190", &["CARE-RANGE", "CLAIM-YEN"]),
        life_with(life_form(), "152.5", "1525", &["CARE-RANGE"]),
        field(2, 7, "\"111\"", &["CARE-CODE"]),
        field(1, 15, "\"26\"", &["CARE-LEVEL"]),
        field(1, 18, "20260331", &["CARE-PERIOD"]),
        claim_of(every("139998", "39998"), &["CARE-INSURER"]),
        claim_of(every("0001000001", "1000001"), &["CARE-INSURED"]),
        claim_of(every("139998", "139997"), &["CARE-CHECK-DIGIT"]),
        claim_of(every("0001000001", "123456789018"), &["CARE-INSURED", "CARE-MYNUMBER"]),
        claim_of(every("\"0001000001\"", ""), &["CARE-NOBODY"]),
        claim_of(framed(&scattered), &["CARE-SCATTERED"]),
        claim_of(
            {
                let head = "\"1112\",\"7131\",\"H1\",\"9\",\"139998\",\"0001000001\",202607,\"1\",\"1390000005\",\"1\"";
                framed(&[format!("{head},,,,,,,19400315,\"2\",\"22\",,20260401,20270331")])
            },
            &["CARE-LAYOUT"],
        ),
    ]
}

/// The clean claim with a text replaced everywhere.
fn every(from: &str, to: &str) -> Vec<String> {
    claim().iter().map(|l| l.replace(from, to)).collect()
}

fn claims() -> Vec<Mutant> {
    let without = |n: usize| {
        let mut records = claim_records();
        records.remove(n);
        records
    };
    let renumbered = with(claim(), 4, 1, "9");
    let mut lost = claim();
    lost.remove(6);
    let mut stray = claim();
    stray.insert(4, "見本".to_owned());
    let twice = framed(&[claim_records(), claim_records()[1..].to_vec()].concat());
    let mut over = plan_records();
    over[0] = over[0].replace(",1000,", ",900,");
    over[2] = over[2].replace("1800", "1700");
    let mut unsummed = plan_records();
    unsummed[2] = unsummed[2].replace("1800", "1700");
    let cancelled: Vec<String> =
        plan_records().iter().map(|r| r.replacen("\"1\",20261005", "\"3\",20261005", 1)).collect();
    vec![
        claim_of(claim()[1..].to_vec(), &["CLAIM-KIND"]),
        claim_of(claim()[..7].to_vec(), &["CLAIM-END"]),
        claim_of(lost, &["CLAIM-COUNT", "CLAIM-SEQUENCE", "CLAIM-TOTAL"]),
        claim_of(renumbered, &["CLAIM-SEQUENCE"]),
        claim_of(stray, &["CLAIM-BASIC", "CLAIM-ROW", "CLAIM-SEQUENCE"]),
        claim_of(framed(&["\"8124\",\"1390000013\"".to_owned()]), &["CARE-COLUMNS", "CLAIM-SHORT"]),
        claim_of(framed(&without(1)[1..]), &["CLAIM-BASIC"]),
        claim_of(every("202609", "202613"), &["CLAIM-MONTH"]),
        claim_of(with(claim(), 0, 10, "202608"), &["CLAIM-FUTURE"]),
        claim_of(framed(&[claim_records(), vec![claim_record("08", 20, &[])]].concat()), &["CLAIM-RECORD"]),
        field(0, 7, "2", &["CLAIM-BILL"]),
        field(2, 9, "240", &["CLAIM-LINE"]),
        claim_of(with(claim_with(2, 14, "900"), 3, 11, "3"), &["CLAIM-LINE", "CLAIM-SERVICE-SUM"]),
        claim_of(with(with(claim(), 2, 34, "1900"), 1, 9, "1900"), &["CLAIM-TOTAL"]),
        field(4, 16, "9001", &["CLAIM-BURDEN", "CLAIM-YEN"]),
        field(4, 17, "999", &["CLAIM-BURDEN"]),
        field(4, 8, "31", &["CLAIM-DAYS"]),
        claim_of(framed(&[claim_records(), over].concat()), &["CLAIM-OVER-PLAN"]),
        claim_of(framed(&unsummed), &["CLAIM-PLAN-SUM"]),
        claim_of(framed(&cancelled), &["CLAIM-CANCELLED"]),
        claim_of(twice, &["CLAIM-BILL", "CLAIM-TWICE"]),
    ]
}

fn surveys() -> Vec<Mutant> {
    let named = survey_named();
    let rename = |from: &str, to: &str| vec![named[0].replace(from, to), named[1].clone()];
    vec![
        survey(&["a,b,c".to_owned(), "1,2,3".to_owned()], &["CERT-IF", "CERT-KIND"]),
        survey(&rename("被保険者番号", "番号"), &["CARE-NOBODY", "CERT-COLUMN", "CERT-HEADINGS"]),
        survey(&named, &["CERT-COLUMN"]),
        survey_with(1, "99Z", &["CERT-IF"]),
        survey(&[survey_row()[..40].join(",")], &["CARE-LAYOUT"]),
        survey_with(1, "06A", &["CERT-PARTIAL"]),
        survey_with(38, "7", &["CARE-UNVERIFIED", "CERT-ITEM"]),
        survey_with(23, "20260215", &["CARE-UNVERIFIED", "CERT-ORDER"]),
        survey_with(14, "60.0", &["CARE-UNVERIFIED", "CERT-MINUTES"]),
        survey_with(4, "", &["CARE-UNVERIFIED", "CERT-APPLIED"]),
    ]
}

fn forms() -> Vec<Mutant> {
    let (user, form) = (life_user(), life_form());
    let mut labels = user.clone();
    labels.insert(2, "事業所番号,サービス種類コード,外部システム管理番号".to_owned());
    let heading =
        |from: &str, to: &str| vec![form[0].clone(), form[1].replacen(from, to, 1), form[2].clone()];
    let unknown = heading("diagnosis_of_dementia_other_name", "no_such_field");
    vec![
        life(&["利用者一覧".to_owned(), "a,b".to_owned()], &["LIFE-KIND"]),
        life(&heading("care_facility_id", "facility"), &["LIFE-FIELD", "LIFE-HEADINGS", "LIFE-KEY"]),
        life(&heading("weight", "height"), &["LIFE-HEADING-TWICE"]),
        life(&unknown, &["LIFE-FIELD"]),
        life(&labels, &["LIFE-LABELS"]),
        life_with(form.clone(), "F-1", "", &["LIFE-KEY"]),
        life_with(user.clone(), "\"ﾊﾅｺ\",2,", "\"ﾊﾅｺ\",,", &["LIFE-REQUIRED"]),
        life_with(form.clone(), "職員\",2,", "職員\",7,", &["LIFE-CODE"]),
        life_with(form, "見本 職員", "見本の職員の長い長い長い長い長い名前の人", &["LIFE-LONG"]),
    ]
}

fn plans() -> Vec<Mutant> {
    let heading = "CSVバージョン,保険者番号,被保険者番号,作成年月日".to_owned();
    let delete =
        |fields| vec![record(fields, &[(1, "202410"), (2, "139998"), (3, "0001000001"), (4, "202609")])];
    let first = vec![record(4, &[(1, "202410"), (2, "139998"), (3, "0001000001"), (4, "20260402")])];
    let short = vec![second()[0].rsplitn(5, ',').last().unwrap().to_owned()];
    vec![
        plan(&sixth(), "data.csv", &["PLAN-KIND"]),
        plan(&short, SECOND, &["PLAN-SHORT"]),
        plan(&[heading, sixth().remove(0)], PLAN, &["PLAN-HEADING"]),
        plan(&sixth(), "UPPLAN.CSV", &["PLAN-FILE-NAME"]),
        plan_with(10, "20261001", &["PLAN-DAY"]),
        plan_with(12, "2561", &["PLAN-TIME"]),
        plan_with(5, "202613", &["CARE-DATE"]),
        plan(&delete(4), "DLTPLAN_202609_1390000013_1390000005_20261001093000.CSV", &["PLAN-DELETED"]),
        plan(
            &first,
            "DLT1KYO_1390000013_1390000005_20261001093000.CSV",
            &["PLAN-DELETE-SECOND", "PLAN-DELETED"],
        ),
    ]
}

fn map(mutant: &Mutant) -> Done {
    run(mapper(mutant.kind, "").as_ref(), &mutant.bytes, mutant.path)
}

#[test]
fn clean_files_raise_nothing() {
    for (kind, path, lines) in [
        (CareClaim, "d.csv", claim()),
        (CareClaim, "d.csv", framed(&plan_records())),
        (CareClaim, "d.csv", framed(&[fee_record()])),
        (CareLife, "life.csv", life_user()),
        (CareLife, "life.csv", life_form()),
        (CarePlan, PLAN, sixth()),
        (CarePlan, SECOND, second()),
    ] {
        let done = run(mapper(kind, "").as_ref(), &sjis(&lines), path);
        assert_eq!(done.rules(), [""; 0], "{path} {:?}", done.findings().next().map(ToString::to_string));
        assert!(done.units.iter().all(|u| u.version.is_some()), "{path}");
    }
}

#[test]
fn every_rule_has_its_mutant() {
    let mut broken: BTreeSet<&str> = BTreeSet::new();
    let mut wrong = Vec::new();
    for mutant in [common(), claims(), surveys(), forms(), plans()].concat_all() {
        let done = map(&mutant);
        if done.rules() != mutant.rules {
            let told: Vec<String> = done.findings().map(ToString::to_string).collect();
            wrong.push(format!("{:?} instead of {:?}: {told:#?}", done.rules(), mutant.rules));
        }
        broken.extend(mutant.rules);
        for finding in done.findings() {
            // What is told of a file shows nobody.
            let text = finding.to_string();
            for value in ["太郎", "花子", "0001000001", "139998", "1390000005", "U-001", "職員"] {
                assert!(!text.contains(value), "{text}");
            }
            if finding.rule.severity == Severity::Error {
                let gone = done.split.is_unsound() || done.units.iter().any(MappedUnit::is_unsound);
                assert!(gone, "{text}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Limits are broken by small limits, not by large files.
    broken.insert("CARE-LIMIT");
    let all: BTreeSet<&str> = musubi_mappers::care::rules().iter().map(|r| r.id).collect();
    assert_eq!(all.difference(&broken).collect::<Vec<_>>(), [&""; 0], "rules without a mutant");
    assert!(musubi_mappers::care::rules().iter().all(|r| !r.example.is_empty()));
}

trait ConcatAll {
    fn concat_all(self) -> Vec<Mutant>;
}

impl<const N: usize> ConcatAll for [Vec<Mutant>; N] {
    fn concat_all(self) -> Vec<Mutant> {
        self.into_iter().flatten().collect()
    }
}

#[test]
fn limits() {
    let of = |limits: Limits| {
        let mapper = mapper(CareClaim, "");
        run_with(
            mapper.as_ref(),
            &sjis(&framed(&[claim_records(), vec![fee_record()]].concat())),
            "d.csv",
            &limits,
            &NoMasters,
        )
        .rules()
    };
    let usual = Limits::default();
    assert_eq!(of(usual), [""; 0]);
    assert_eq!(of(Limits { document_bytes_max: 100, ..usual }), ["CARE-LIMIT"]);
    assert!(of(Limits { record_bytes_max: 60, ..usual }).contains(&"CARE-LIMIT"));
    assert_eq!(of(Limits { records_per_unit_max: 4, ..usual }), ["CARE-LIMIT", "CLAIM-TOTAL"]);
    assert_eq!(of(Limits { units_per_document_max: 1, ..usual }), ["CARE-LIMIT"]);
}

#[test]
fn an_error_costs_one_person_only() {
    let records: Vec<String> =
        claim_records()[1..].iter().map(|r| r.replace("0001000001", "0001000002")).collect();
    let broken: Vec<String> = records.iter().map(|r| r.replace("0001000002", "123456789018")).collect();
    let done = map(&claim_of(framed(&[claim_records()[1..].to_vec(), broken].concat()), &[]));
    assert_eq!(done.units.iter().map(MappedUnit::is_unsound).collect::<Vec<_>>(), [false, true]);
    assert!(!done.units[0].facts.is_empty() && done.units[1].facts.is_empty());
    assert!(done.units[1].version.is_none());
}
