//! What the synthetic writer writes comes back: every drug, date and person of the files, read from the text by other
//! means than the mapper's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod harness;

use std::collections::BTreeSet;

use encoding_rs::SHIFT_JIS;
use harness::{mapper, run};
use musubi_model::manifest::FeedKind;
use musubi_model::{Fact, FactTable};
use musubi_testdata::formats;

fn items(line: &str, n: usize) -> Vec<&str> {
    let mut items: Vec<&str> = line.split(',').collect();
    items.resize(n.max(items.len()), "");
    items
}

fn drug(fact: &Fact) -> String {
    let source = fact.source.as_ref().unwrap();
    let system = source.system.as_str();
    let name = source.text.as_deref().unwrap_or_default();
    format!("{system} {} {name} {} {}", source.code, fact.quantity.unwrap(), fact.value.unit)
}

fn system(kind: &str) -> &'static str {
    match kind {
        "2" => "RECE-Y",
        "7" => "IPPANMEI",
        _ => "YJ",
    }
}

#[test]
fn what_is_written_comes_back() {
    let (mut drugs, mut persons, mut parts, mut kinds) = (0, 0, 0, BTreeSet::new());
    for format in formats::all() {
        let notebook = format.kind == FeedKind::MedicationNotebook;
        if !notebook && format.kind != FeedKind::PrescriptionQr {
            continue;
        }
        for file in formats::sample(&format, 600, 11).unwrap() {
            let text = SHIFT_JIS.decode_without_bom_handling(&file.bytes).0;
            let done = run(mapper(format.kind, "").as_ref(), &file.bytes, &file.path);
            let (mut written, mut names, mut births) = (Vec::new(), Vec::new(), Vec::new());
            for line in text.lines() {
                let f = items(line, 12);
                kinds.insert((notebook, f[0].to_owned()));
                match (f[0], notebook) {
                    ("201", true) => {
                        written.push(format!("{} {} {} {} {}", system(f[5]), f[6], f[2], f[3], f[4]));
                    }
                    ("201", false) => {
                        written.push(format!("{} {} {} {} {}", system(f[4]), f[5], f[6], f[7], f[9]));
                    }
                    ("1", true) => {
                        names.push((f[1].to_owned(), f[10].to_owned()));
                        births.push(f[3].to_owned());
                    }
                    ("11", false) => names.push((f[2].to_owned(), f[3].to_owned())),
                    ("13", false) => births.push(f[1].to_owned()),
                    ("911", true) => parts += 1,
                    _ => {}
                }
            }
            let given: Vec<String> = done
                .facts(FactTable::DrugExposure)
                .into_iter()
                .filter(|f| !f.qualifiers.contains("kind=otc"))
                .map(drug)
                .collect();
            assert_eq!(given, written);
            let found: Vec<_> = done
                .units
                .iter()
                .map(|u| {
                    let d = &u.demographics;
                    (d.name_kanji.expose().to_string(), d.name_kana.expose().to_string())
                })
                .collect();
            assert_eq!(found, names);
            for (unit, birth) in done.units.iter().zip(&births) {
                let read = musubi_model::PartialDate::read(birth.as_bytes()).unwrap().date;
                assert_eq!(*unit.demographics.birth.expose(), Some(read));
            }
            drugs += written.len();
            persons += names.len();
        }
    }
    assert!(drugs > 800 && persons > 300 && parts > 10, "{drugs} drugs, {persons} persons, {parts} parts");
    let of = |notebook: bool| kinds.iter().filter(|(n, _)| *n == notebook).count();
    assert!(of(true) >= 19 && of(false) >= 20, "{} and {} kinds of records", of(true), of(false));
}
