//! Sample files of other implementations, where they are at hand: what they give, and every value that becomes a fact
//! against the values their own readers expect.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)]

mod harness;

use std::collections::BTreeMap;
use std::path::PathBuf;

use harness::{Done, mapper, run};
use musubi_model::manifest::FeedKind;
use musubi_model::{Fact, FactTable, PartialDate};
use serde_json::Value;

/// A sample's bytes; `None` when the samples are not there.
fn sample(path: &str) -> Option<Vec<u8>> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples").join(path);
    let bytes = std::fs::read(file).ok();
    if bytes.is_none() {
        println!("passed over: no sample {path}");
    }
    bytes
}

fn read(bytes: &[u8]) -> Done {
    let notebook = bytes.starts_with(b"JAHISTC");
    let kind = if notebook { FeedKind::MedicationNotebook } else { FeedKind::PrescriptionQr };
    run(mapper(kind, "").as_ref(), bytes, "sample")
}

#[track_caller]
fn check(path: &str, rules: &[&str], counts: &[(&str, usize)]) {
    let Some(bytes) = sample(path) else { return };
    let done = read(&bytes);
    let shown: Vec<String> = done.findings().map(ToString::to_string).collect();
    assert_eq!(done.rules(), rules, "{path}: {shown:#?}");
    assert_eq!(done.counts(), BTreeMap::from_iter(counts.iter().copied()), "{path}");
}

#[test]
fn prescriptions() {
    let fhirp =
        [("drug_exposure", 8), ("note", 4), ("payer_plan_period", 2), ("person", 1), ("visit_occurrence", 1)];
    check("qr-fhirp/example_sjis.csv", &[], &fhirp);
    check("qr-fhirp/example_utf8.csv", &["QR-NOT-SJIS"], &fhirp);
    let external =
        [("drug_exposure", 1), ("note", 1), ("payer_plan_period", 1), ("person", 1), ("visit_occurrence", 1)];
    check("qr-jahisrx/external-sample.txt", &["QR-NOT-SJIS", "QR-NUMBER-SHAPE"], &external);
    check("qr-jahisrx/empty-input.txt", &["QR-EMPTY"], &[]);
    check("qr-jahisrx/invalid-header.txt", &["QR-HEADER-MISSING"], &[]);
    check("qr-jahisrx/minimal-valid.txt", &["QR-CODE-SHAPE", "QR-CODE-VALUE", "QR-PERSON-MISSING"], &[]);
    check(
        "qr-jahisrx/normalization-extended-201-spec-full.txt",
        &["QR-DATE-MISSING", "QR-NOT-SJIS", "QR-PERSON-MISSING"],
        &[],
    );
    check(
        "qr-jahisrx/normalization-unknown-record.txt",
        &["QR-NOT-SJIS", "QR-PERSON-MISSING", "QR-RECORD-UNKNOWN", "QR-RP-EMPTY"],
        &[],
    );
}

/// Drug records with items left out in the middle: the set is not sound, and says so.
#[test]
fn shifted_items_are_refused() {
    for name in ["full", "extended-101-111-201", "extended-221", "extended-241"] {
        let Some(bytes) = sample(&format!("qr-jahisrx/normalization-{name}.txt")) else { return };
        let done = read(&bytes);
        assert!(done.complaints().contains(&"QR-DRUG-KIND") && done.units[0].is_unsound(), "{name}");
    }
    let Some(bytes) = sample("qr-jahisrx/qr-decoded-anonymized.txt") else { return };
    assert!(read(&bytes).complaints().contains(&"QR-DRUG-KIND"));
}

#[test]
fn notebooks() {
    let minimal =
        [("drug_exposure", 1), ("note", 8), ("observation", 1), ("person", 1), ("visit_occurrence", 2)];
    check("qr-jahisrx/tc-minimal-valid.txt", &["QR-NOT-SJIS"], &minimal);
    let uncoded = [("drug_exposure", 1), ("person", 1), ("visit_occurrence", 1)];
    check("qr-jahisrx/tc-invalid-missing-drug-code.txt", &["QR-DRUG-CODE", "QR-NOT-SJIS"], &uncoded);
    let full = [
        ("drug_exposure", 3),
        ("measurement", 1),
        ("note", 6),
        ("observation", 4),
        ("person", 1),
        ("visit_occurrence", 2),
    ];
    let rules = ["QR-CODE-SHAPE", "QR-NOT-SJIS", "QR-VERSION-NEW"];
    check("qr-jahisrx/tc-output-category-2-full.txt", &rules, &full);
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn day(value: &Value) -> Option<PartialDate> {
    value.as_str().map(|d| PartialDate::read(d.as_bytes()).unwrap().date)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The facts of the specification's own examples against the values written beside them.
#[test]
fn the_examples_of_the_standard_give_their_values() {
    let mut drugs = 0;
    for n in [1, 3, 5, 7, 9, 11] {
        let Some(bytes) = sample(&format!("qr-tsuchi84/{n}.csv")) else { return };
        let Some(json) = sample(&format!("qr-tsuchi84/{n}.expected.json")) else { return };
        let expected: Value = serde_json::from_slice(&json).unwrap();
        let done = read(&bytes);
        // 3.csv names a material with code kind 1 (none) and a code all the same.
        let complaints: &[&str] = if n == 3 { &["QR-DRUG-CODE"] } else { &[] };
        assert_eq!(done.complaints(), complaints, "{n}");
        assert_eq!(done.units.len(), 1);
        patient(&done, &expected["patient_info"]);
        remarks(&done, &expected);
        let mut visits = done.facts(FactTable::VisitOccurrence).into_iter();
        let facts = &done.units[0].facts;
        let mut given = facts
            .iter()
            .filter(|f| matches!(f.table, FactTable::DrugExposure | FactTable::DeviceExposure))
            .filter(|f| !f.qualifiers.contains("kind=otc"));
        for block in list(&expected["dispensing_info"]) {
            let on = day(&block["dispensed_on"]["date"]);
            let visit = visits.next().unwrap();
            assert_eq!((visit.start, visit.status.as_str()), (on, "dispensing"));
            institution(visit, &block["dispensing_facility"]);
            if !block["prescription_facility"].is_null() {
                let visit = visits.next().unwrap();
                assert_eq!(visit.status, "prescribing");
                institution(visit, &block["prescription_facility"]);
            }
            for recipe in list(&block["prescription"]).iter().flat_map(|p| list(&p["recipe"])) {
                let usage = &recipe["dosage_administration"];
                for medicine in list(&recipe["medicine"]) {
                    let fact = given.next().unwrap();
                    drug(fact, medicine);
                    assert_eq!(fact.start, on);
                    assert_eq!(fact.times.map(u64::from), usage["dispensing_quantity"].as_u64());
                    assert!(fact.group.ends_with(&format!("-{}", recipe["number"])), "{}", fact.group);
                    drugs += 1;
                }
            }
        }
        assert!(given.next().is_none() && visits.next().is_none(), "{n}: more facts than expected");
    }
    assert_eq!(drugs, 30);
}

fn patient(done: &Done, info: &Value) {
    let unit = &done.units[0];
    let d = &unit.demographics;
    assert_eq!(d.name_kanji.expose().as_str(), text(&info["name"]));
    assert_eq!(d.name_kana.expose().as_str(), text(&info["name_kana"]));
    assert_eq!(d.sex.code(), text(&info["gender"]));
    assert_eq!(*d.birth.expose(), day(&info["birthday"]));
    assert_eq!(d.postal_code.expose().as_str(), text(&info["zip_code"]));
    assert_eq!(d.address.expose().as_str(), text(&info["address"]));
    assert_eq!(d.phone.expose().as_str(), text(&info["phone_number"]));
    let source = |code: &str| {
        unit.facts.iter().find(|f| f.source.as_ref().is_some_and(|s| s.code == code)).map(|f| &f.value)
    };
    assert_eq!(source("1-8").map(|v| v.text.to_string()).unwrap_or_default(), text(&info["blood_type"]));
    let weight = source("1-9").and_then(|v| v.number).map(|n| n.to_string());
    assert_eq!(weight.unwrap_or_default(), text(&info["body_weight"]));
    let person = &unit.facts[0];
    assert_eq!(person.table, FactTable::Person);
    assert_eq!(person.start.map(|s| (s.month(), s.day_of_month())), Some((Some(3), None)));
}

fn remarks(done: &Done, expected: &Value) {
    let facts = &done.units[0].facts;
    let codes = |prefix: &str, table: FactTable| -> Vec<&Fact> {
        let of = |f: &&Fact| f.source.as_ref().is_some_and(|s| s.code.starts_with(prefix));
        facts.iter().filter(|f| f.table == table).filter(of).collect()
    };
    let kinds: Vec<String> =
        list(&expected["patient_note"]).iter().map(|n| format!("2-{}", n["type"])).collect();
    let notes = codes("2-", FactTable::Note);
    assert_eq!(notes.iter().map(|f| f.source.as_ref().unwrap().code.to_string()).collect::<Vec<_>>(), kinds);
    let observed = kinds.iter().filter(|k| *k != "2-9").count();
    assert_eq!(codes("2-", FactTable::Observation).len(), observed);
    let memos: Vec<_> = list(&expected["memo"]).iter().map(|m| day(&m["entried_on"])).collect();
    let found: Vec<_> =
        facts.iter().filter(|f| f.source.as_ref().is_some_and(|s| s.code == "4")).map(|f| f.start).collect();
    assert_eq!(found, memos);
    let otc: Vec<_> = list(&expected["otc_drug"])
        .iter()
        .map(|o| (text(&o["name"]), day(&o["started_on"]), day(&o["ended_on"])))
        .collect();
    let found: Vec<_> = facts
        .iter()
        .filter(|f| f.qualifiers.starts_with("kind=otc"))
        .map(|f| (f.source.as_ref().unwrap().text.clone().unwrap_or_default().to_string(), f.start, f.end))
        .collect();
    assert_eq!(found, otc);
}

fn institution(visit: &Fact, expected: &Value) {
    let part = |name: &str| text(&expected[name]);
    let whole = format!("{}{}{}", part("prefecture"), part("score_table"), part("code"));
    assert_eq!(visit.source.as_ref().map(|s| s.code.to_string()).unwrap_or_default(), whole);
}

fn drug(fact: &Fact, medicine: &Value) {
    let source = fact.source.as_ref().unwrap();
    assert_eq!(source.text.as_deref().unwrap_or_default(), text(&medicine["name"]));
    assert_eq!(source.code.as_str(), text(&medicine["code"]).trim());
    let system = match (text(&medicine["code_type"]).as_str(), source.code.starts_with('7')) {
        ("2", true) => "RECE-T",
        ("2", false) => "RECE-Y",
        ("3" | "4", _) => "YJ",
        ("6", _) => "HOT",
        _ => "JAHIS",
    };
    assert_eq!(source.system.as_str(), system);
    let dose = medicine["dose"].as_f64().map(|d| format!("{d}"));
    assert_eq!(fact.quantity.map(|q| q.normalize().to_string()), dose);
    assert_eq!(fact.value.unit.as_str(), text(&medicine["unit"]));
}
