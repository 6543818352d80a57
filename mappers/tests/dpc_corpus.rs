//! What the synthetic writers write comes back, read from the text by other means; and every item of the table of
//! 様式1 becomes what the table says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod dpc_common;
mod harness;

use std::collections::{BTreeMap, BTreeSet};

use dpc_common::{form1, row, stay};
use encoding_rs::SHIFT_JIS;
use harness::{mapper, run};
use musubi_model::manifest::FeedKind;
use musubi_model::{FactTable, PartialDate};
use musubi_testdata::formats;

fn files(kind: FeedKind) -> Vec<formats::SynthFile> {
    let format = formats::all().into_iter().find(|f| f.kind == kind).unwrap();
    formats::sample(&format, 900, 5).unwrap()
}

fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = SHIFT_JIS.decode_without_bom_handling(bytes).0;
    text.lines().map(|l| l.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn form1_comes_back() {
    let (mut stays, mut codes, mut deaths) = (0, BTreeSet::new(), 0);
    for file in files(FeedKind::DpcForm1) {
        let done = run(mapper(FeedKind::DpcForm1, "").as_ref(), &file.bytes, &file.path);
        // Expected by stay: code and payload to value, in the order of the file.
        let mut expected: BTreeMap<(String, String), Vec<Vec<String>>> = BTreeMap::new();
        for row in rows(&file.bytes) {
            codes.insert(row[5].clone());
            expected.entry((row[1].clone(), row[2].clone())).or_default().push(row);
        }
        assert_eq!(done.units.len(), expected.len());
        for unit in &done.units {
            let d = &unit.demographics;
            let start =
                unit.facts.iter().find(|f| f.table == FactTable::VisitOccurrence).unwrap().start.unwrap();
            let day = start.to_string().replace('-', "");
            let rows = &expected[&(d.local_number.expose().to_string(), day)];
            let value = |code: &str, n: usize| {
                rows.iter().find(|r| r[5] == code).map(|r| r[7 + n].clone()).unwrap_or_default()
            };
            assert_eq!(
                *d.birth.expose(),
                Some(PartialDate::read(value("A000010", 1).as_bytes()).unwrap().date)
            );
            assert_eq!(d.sex.code(), value("A000010", 2));
            assert_eq!(d.postal_code.expose().as_str(), value("A000010", 3));
            let found: Vec<String> = unit
                .facts
                .iter()
                .filter(|f| f.table == FactTable::ConditionOccurrence)
                .map(|f| format!("{} {}", f.standard.as_ref().unwrap().code, f.source.as_ref().unwrap().code))
                .collect();
            let written: Vec<String> = rows
                .iter()
                .filter(|r| r[5].starts_with("A0060"))
                .map(|r| format!("{} {}", r[9], r[11]))
                .collect();
            assert_eq!(found, written);
            let surgeries: Vec<String> = unit
                .facts
                .iter()
                .filter(|f| f.table == FactTable::ProcedureOccurrence)
                .map(|f| {
                    format!(
                        "{} {}",
                        f.source.as_ref().unwrap().code,
                        f.start.unwrap().to_string().replace('-', "")
                    )
                })
                .collect();
            let written: Vec<String> =
                rows.iter().filter(|r| r[5] == "A007010").map(|r| format!("{} {}", r[9], r[8])).collect();
            assert_eq!(surgeries, written);
            for fact in unit
                .facts
                .iter()
                .filter(|f| matches!(f.table, FactTable::Observation | FactTable::Measurement))
            {
                let code = &fact.source.as_ref().unwrap().code;
                let Some((code, n)) = code.split_once('.') else { continue };
                let sent = value(code, n.parse().unwrap());
                let month =
                    format!("{}-{}", sent.get(..4).unwrap_or_default(), sent.get(4..6).unwrap_or_default());
                assert!(fact.value.text == sent || fact.value.text == month, "{code}.{n}");
            }
            deaths += unit.facts.iter().filter(|f| f.table == FactTable::Death).count();
            stays += 1;
        }
    }
    assert!(
        stays > 80 && deaths > 0 && codes.len() >= 28,
        "{stays} stays, {deaths} deaths, {} codes",
        codes.len()
    );
}

#[test]
fn ef_comes_back() {
    let (mut lines, mut wards) = (0, 0);
    for file in files(FeedKind::DpcEf) {
        let done = run(mapper(FeedKind::DpcEf, "").as_ref(), &file.bytes, &file.path);
        let rows = rows(&file.bytes);
        let details: Vec<String> = rows
            .iter()
            .filter(|r| r[6] != "000")
            .map(|r| format!("{} {} {}", r[8], r[23], r[11].parse::<f64>().unwrap()))
            .collect();
        let found: Vec<String> = done
            .units
            .iter()
            .flat_map(|u| &u.facts)
            .filter(|f| {
                matches!(
                    f.table,
                    FactTable::ProcedureOccurrence | FactTable::DrugExposure | FactTable::DeviceExposure
                )
            })
            .map(|f| {
                let day = f.start.unwrap().to_string().replace('-', "");
                let amount = f.quantity.unwrap_or_default();
                format!("{} {day} {amount}", f.source.as_ref().unwrap().code)
            })
            .collect();
        assert_eq!(found, details);
        let points: i64 = rows.iter().filter(|r| r[6] == "000").map(|r| r[17].parse::<i64>().unwrap()).sum();
        let costs =
            done.facts(FactTable::Cost).iter().map(|f| f.quantity.unwrap()).sum::<rust_decimal::Decimal>();
        assert_eq!(costs, points.into());
        wards += done.facts(FactTable::Observation).len();
        assert!(done.facts(FactTable::Observation).len() >= done.units.len());
        lines += rows.len();
    }
    assert!(lines > 1500 && wards > 80, "{lines} lines, {wards} wards");
}

/// A value that an item can have, by the words of the table.
fn a_value(kind: &str, values: &str) -> String {
    match kind {
        "code" => values.split(',').next_back().unwrap().to_owned(),
        "number" => values.split("..").nth(1).unwrap().split(';').next().unwrap().to_owned(),
        "digits" => "1".repeat(values.parse().unwrap()),
        "string" => {
            let (length, signs) = values.split_once(':').unwrap();
            let length = length.split('-').next_back().unwrap().parse().unwrap();
            signs.get(..1).unwrap().repeat(length)
        }
        "jcs" => "100RIA".to_owned(),
        "stage" => format!("{values}1"),
        "month" => "20240210".to_owned(),
        _ => "見本".to_owned(),
    }
}

#[test]
fn every_item_of_the_table_comes_back() {
    let table = include_str!("../src/dpc/items.tsv");
    let mut checked = 0;
    let used: BTreeSet<String> = stay().iter().map(|l| l.split('\t').nth(5).unwrap().to_owned()).collect();
    for line in table.lines().filter(|l| !l.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (code, n, becomes, kind) = (cells[0], cells[1].parse::<usize>().unwrap(), cells[3], cells[4]);
        let expected = match becomes {
            "observation" => FactTable::Observation,
            "measurement" => FactTable::Measurement,
            "note" => FactTable::Note,
            _ => continue,
        };
        let value = a_value(kind, cells[5]);
        // Codes of the stay come once more under a serial number of their own.
        let mut payloads = vec![(n, value.as_str())];
        let needed: &[(usize, &str)] = match code {
            "A000010" => &[(1, "19440303"), (2, "1")],
            "A006030" => &[(2, "J189")],
            "A007010" => &[(1, "20240412"), (2, "K0821")],
            _ => &[],
        };
        payloads.extend(needed.iter().filter(|(m, _)| *m != n));
        if code == "A000030" {
            payloads.extend([(1, "20240425"), (3, "1")].iter().filter(|(m, _)| *m != n));
        }
        let mut lines = stay();
        lines.retain(|l| !used.contains(code) || !l.contains(&format!("\t{code}\t")));
        lines.push(row(code, "3", &payloads));
        if code == "A000020" {
            lines.push(row(code, "4", &[(1, "20240410")]));
        }
        let done = form1(&lines);
        let name = format!("{code}.{n}");
        let facts: Vec<_> = done.units[0]
            .facts
            .iter()
            .filter(|f| f.source.as_ref().is_some_and(|s| s.code == name))
            .collect();
        assert_eq!(
            facts.len(),
            1,
            "{name}: {:?}",
            done.findings().map(ToString::to_string).collect::<Vec<_>>()
        );
        assert_eq!((facts[0].table, facts[0].group.as_str()), (expected, "3"), "{name}");
        assert_eq!(done.complaints(), [""; 0], "{name} {value}");
        if expected != FactTable::Note && kind != "month" {
            assert_eq!(facts[0].value.text, value, "{name}");
        }
        if kind == "number" {
            assert_eq!(facts[0].value.number.unwrap().to_string(), value, "{name}");
            assert_eq!(facts[0].value.unit, cells[7], "{name}");
        }
        checked += 1;
    }
    assert!(checked > 150, "{checked}");
}
