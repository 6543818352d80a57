//! What the synthetic writers write comes back: persons, codes, amounts, points, held against the text itself.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is a failed test")]

mod harness;

use std::collections::BTreeMap;

use harness::{mapper, run};
use musubi_model::manifest::FeedKind;
use musubi_model::{Fact, FactTable, PartialDate};
use musubi_testdata::formats::{self, Format};

const KINDS: [FeedKind; 4] =
    [FeedKind::ReceiptDpc, FeedKind::ReceiptDental, FeedKind::ReceiptDispensing, FeedKind::ReceiptNursing];

fn writers() -> Vec<Format> {
    let found: Vec<Format> = formats::all().into_iter().filter(|f| KINDS.contains(&f.kind)).collect();
    assert_eq!(found.len(), KINDS.len());
    found
}

/// Records of a receipt as columns, without the code under test.
fn receipts(bytes: &[u8]) -> Vec<Vec<Vec<String>>> {
    let text = encoding_rs::SHIFT_JIS.decode_without_bom_handling(bytes).0.into_owned();
    let mut out: Vec<Vec<Vec<String>>> = Vec::new();
    let mut total = false;
    for line in text.split("\r\n").filter(|l| !l.is_empty()) {
        let fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        match fields[0].as_str() {
            "IR" | "UK" | "YK" | "HM" | "GO" => continue,
            "RE" => {
                let below = total && matches!(fields.get(16).map(String::as_str), Some("2" | "3"));
                if !below {
                    total = fields.get(16).map(String::as_str) == Some("1");
                    out.push(Vec::new());
                }
            }
            _ => {}
        }
        out.last_mut().unwrap().push(fields);
    }
    out
}

/// Code, amount and start of the facts of a table, in order.
fn told(facts: &[Fact], table: FactTable, system: &str) -> Vec<(String, Option<String>)> {
    facts
        .iter()
        .filter(|f| f.table == table)
        .filter_map(|f| f.source.as_ref().map(|s| (s, f)))
        .filter(|(s, _)| s.system.as_str() == system)
        .map(|(s, f)| (s.code.to_string(), f.quantity.map(|q| q.to_string())))
        .collect()
}

/// The same of the records, `code` and `amount` being columns.
fn written(
    receipt: &[Vec<String>],
    id: &str,
    code: usize,
    amount: usize,
    first: char,
) -> Vec<(String, Option<String>)> {
    receipt
        .iter()
        .filter(|r| r[0] == id && r[code].starts_with(first))
        .map(|r| (r[code].clone(), Some(r[amount].clone()).filter(|a| !a.is_empty())))
        .collect()
}

#[test]
fn what_is_written_comes_back() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for format in writers() {
        let mapper = mapper(format.kind, format.interface);
        let (birth, kana, sex, chart) = match format.kind {
            FeedKind::ReceiptDpc => (6, 36, 5, 13),
            FeedKind::ReceiptDental => (6, 25, 5, 15),
            FeedKind::ReceiptDispensing => (6, 41, 5, 35),
            _ => (7, 5, 6, 13),
        };
        for file in formats::sample(&format, 600, 3).unwrap() {
            let done = run(mapper.as_ref(), &file.bytes, &file.path);
            let receipts = receipts(&file.bytes);
            assert_eq!(done.units.len(), receipts.len());
            assert!(receipts.len() > 3, "{format:?}: too few to prove anything");
            for (unit, receipt) in done.units.iter().zip(&receipts) {
                let (re, d) = (&receipt[0], &unit.demographics);
                assert_eq!(d.name_kanji.expose().as_str(), re[4]);
                assert_eq!(d.name_kana.expose().as_str(), re[kana]);
                assert_eq!(d.local_number.expose().as_str(), re[chart]);
                assert_eq!(d.sex.code(), re[sex]);
                let day = PartialDate::read(re[birth].as_bytes()).unwrap().date;
                assert_eq!(*d.birth.expose(), Some(day));
                if let Some(ho) = receipt.iter().find(|r| r[0] == "HO") {
                    let got = [&d.insurer_number, &d.insured_symbol, &d.insured_number]
                        .map(|n| n.expose().to_string());
                    assert_eq!(got.as_slice(), &ho[1..4]);
                    let total = told(&unit.facts, FactTable::Cost, "POINTS");
                    assert!(total.contains(&("HO".to_owned(), Some(ho[5].clone()))));
                }
                let f = &unit.facts;
                match format.kind {
                    FeedKind::ReceiptDpc => {
                        let coded = told(f, FactTable::DrugExposure, "RECE-Y");
                        assert_eq!(coded, written(receipt, "CD", 5, 6, '6'));
                        assert_eq!(
                            told(f, FactTable::DeviceExposure, "RECE-T"),
                            written(receipt, "CD", 5, 6, '7')
                        );
                        let bundle: Vec<_> = told(f, FactTable::Cost, "POINTS")
                            .into_iter()
                            .filter(|(code, _)| code == "DPC.total")
                            .map(|(_, q)| q.unwrap())
                            .collect();
                        let gt: Vec<_> =
                            receipt.iter().filter(|r| r[0] == "GT").map(|r| r[8].clone()).collect();
                        assert_eq!(bundle, gt);
                        let diagnoses = receipt.iter().filter(|r| r[0] == "SB" || r[0] == "SY").count();
                        let conditions =
                            f.iter().filter(|x| x.table == FactTable::ConditionOccurrence).count();
                        assert_eq!(diagnoses, conditions);
                        *seen.entry("SB").or_default() += conditions;
                        *seen.entry("CD").or_default() += coded.len();
                    }
                    FeedKind::ReceiptDental => {
                        let lines = told(f, FactTable::ProcedureOccurrence, "RECE-H");
                        assert_eq!(lines, written(receipt, "SS", 3, 4, '3'));
                        let teeth: Vec<String> = f
                            .iter()
                            .filter(|x| x.table == FactTable::ConditionOccurrence)
                            .map(|x| x.value.text.replace(' ', ""))
                            .collect();
                        let hs: Vec<String> =
                            receipt.iter().filter(|r| r[0] == "HS").map(|r| r[3].clone()).collect();
                        assert_eq!(teeth, hs);
                        let additions: Vec<(String, Option<String>)> = receipt
                            .iter()
                            .filter(|r| r[0] == "SS")
                            .flat_map(|r| (0..35).map(|p| (r[6 + 2 * p].clone(), Some(r[7 + 2 * p].clone()))))
                            .filter(|(code, _)| !code.is_empty())
                            .collect();
                        assert_eq!(told(f, FactTable::ProcedureOccurrence, "RECE-HA"), additions);
                        *seen.entry("SS").or_default() += lines.len();
                    }
                    FeedKind::ReceiptDispensing => {
                        let drugs = told(f, FactTable::DrugExposure, "RECE-Y");
                        assert_eq!(drugs, written(receipt, "IY", 2, 3, '6'));
                        let times: Vec<String> = f
                            .iter()
                            .filter(|x| x.table == FactTable::DrugExposure)
                            .map(|x| x.times.unwrap().to_string())
                            .collect();
                        let cz: Vec<String> =
                            receipt.iter().filter(|r| r[0] == "CZ").map(|r| r[5].clone()).collect();
                        assert_eq!(times, cz);
                        *seen.entry("IY").or_default() += drugs.len();
                    }
                    _ => {
                        let fees = told(f, FactTable::ProcedureOccurrence, "RECE-N");
                        let codes: Vec<String> = fees.into_iter().map(|(code, _)| code).collect();
                        let ka: Vec<String> =
                            receipt.iter().filter(|r| r[0] == "KA").map(|r| r[3].clone()).collect();
                        assert_eq!(codes, ka);
                        *seen.entry("KA").or_default() += ka.len();
                    }
                }
            }
        }
    }
    assert!(seen.values().all(|n| *n > 20), "{seen:?}");
}

#[test]
fn the_corpus_has_variety() {
    for format in writers() {
        let files = formats::sample(&format, 600, 5).unwrap();
        assert_eq!(files.len(), 2, "one file for each review organisation: {format:?}");
        let mut totals = std::collections::BTreeSet::new();
        let mut publics = 0;
        for file in &files {
            for receipt in receipts(&file.bytes) {
                publics += receipt.iter().filter(|r| r[0] == "KO").count();
                totals.extend(receipt.iter().filter(|r| r[0] == "HO").map(|r| r[5].clone()));
            }
        }
        assert!(totals.len() > 5, "{format:?}");
        assert!(publics > 0 || format.kind == FeedKind::ReceiptNursing, "{format:?}");
    }
    let dpc = writers().into_iter().find(|f| f.kind == FeedKind::ReceiptDpc).unwrap();
    let total = formats::sample(&dpc, 600, 5)
        .unwrap()
        .iter()
        .any(|f| receipts(&f.bytes).iter().any(|r| r.iter().filter(|x| x[0] == "RE").count() == 3));
    assert!(total, "some total receipt with two below it");
}
