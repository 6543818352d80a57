//! 要介護認定: golden facts with and without headings, and what stays sealed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value,
    reason = "helpers of tests; a panic is a failed test"
)]

mod care_common;
mod harness;

use care_common::{sjis, survey_named, survey_row, survey_signs};
use harness::{Done, mapper, run};
use musubi_model::FactTable;
use musubi_model::manifest::FeedKind;
use musubi_testdata::formats;

fn map(lines: &[String]) -> Done {
    run(mapper(FeedKind::CareCertification, "").as_ref(), &sjis(lines), "NCI242.CSV")
}

fn needs(done: &Done) -> Vec<String> {
    let day = |d: Option<musubi_model::PartialDate>| d.map(|d| d.to_string()).unwrap_or_default();
    done.facts(FactTable::CareNeed)
        .into_iter()
        .map(|f| {
            let level = f.source.as_ref().map(|c| c.code.as_str()).unwrap_or_default();
            format!("{} {level} {}..{} {}", f.status, day(f.start), day(f.end), f.qualifiers)
        })
        .collect()
}

#[test]
fn an_application_becomes_facts() {
    let done = map(&[survey_row().join(",")]);
    assert_eq!(done.rules(), ["CARE-UNVERIFIED"]);
    assert_eq!(
        needs(&done),
        [
            "applied  2026-03-01.. class=2",
            "previous 21 2025-04-01..2026-03-31 ",
            "first 22 2026-03-06.. ",
            "certified 22 2026-04-01..2027-03-31 disease=07 decided=2026-03-25",
        ]
    );
    let person = &done.units[0].demographics;
    assert_eq!(person.care_number.expose(), "0001000001");
    assert_eq!(person.birth.expose().unwrap().to_string(), "1940-03-15");
    let facts = done.facts(FactTable::Person);
    assert_eq!((facts[0].start.unwrap().to_string(), facts[0].status.as_str()), ("1940-03".to_owned(), "2"));

    // 74 items of the survey, two degrees, six of the opinion: each with its value as sent.
    let answers = done.facts(FactTable::Observation);
    let found: Vec<(String, u32)> = answers
        .iter()
        .map(|f| (f.source.as_ref().unwrap().code.to_string(), f.value.text.parse().unwrap()))
        .collect();
    assert_eq!(found, survey_signs());
    assert_eq!(found.len(), 74 + 2 + 6);
    assert_eq!(answers[9].source.as_ref().unwrap().code, "1-3");
    assert_eq!(answers[9].source.as_ref().unwrap().text.as_deref(), Some("寝返り"));
    assert_eq!(answers[0].start.unwrap().to_string(), "2026-03-06");
    assert_eq!(answers.last().unwrap().start.unwrap().to_string(), "2026-03-10");
    let minutes: Vec<String> = done
        .facts(FactTable::Measurement)
        .into_iter()
        .map(|f| format!("{} {}{}", f.source.as_ref().unwrap().code, f.value.text, f.value.unit))
        .collect();
    assert_eq!(
        minutes,
        [
            "T-0 45.5分",
            "T-1 5.5分",
            "T-2 8.0分",
            "T-3 7.0分",
            "T-4 5.0分",
            "T-5 6.0分",
            "T-6 4.0分",
            "T-7 5.0分",
            "T-8 5.0分"
        ]
    );
}

#[test]
fn rows_without_headings_are_read_by_their_code() {
    let row = survey_row();
    let mut other = row.clone();
    other[1] = "02A".to_owned();
    let done = map(&[row.join(","), other.join(",")]);
    assert_eq!(done.rules(), ["CARE-UNVERIFIED", "CERT-PARTIAL"]);
    let totals: Vec<_> = done.split.totals.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    assert_eq!(totals, [("02A", 1), ("09A", 1)]);
    // Of the older layout only the application is read.
    let tables: Vec<_> = done.units[1].facts.iter().map(|f| f.table).collect();
    assert_eq!(tables, [FactTable::Person, FactTable::CareNeed]);
    // A column too many: nothing is believed.
    let done = map(&[format!("{},1", row.join(","))]);
    assert!(done.units[0].is_unsound());
}

#[test]
fn numbers_and_names_stay_out_of_facts() {
    let done = map(&survey_named());
    assert_eq!(done.rules(), ["CERT-COLUMN"]);
    let unit = &done.units[0];
    assert_eq!(unit.demographics.name_kanji.expose(), "見本 花子");
    let shown = format!("{:?}{:?}", unit.facts, unit.findings);
    for value in ["見本", "花子", "調査員", "0001000001", "00010001", "139998", "自由な記述"] {
        assert!(!shown.contains(value), "{value}");
    }
    let notes = done.facts(FactTable::Note);
    assert_eq!(notes[0].source.as_ref().unwrap().code, "CARE-CERT-COMMENT");
    assert_eq!(needs(&done)[2], "certified 23 2026-03-25.. decided=2026-03-25");
    // A numbered heading is known by its number.
    assert_eq!(done.facts(FactTable::Observation)[0].source.as_ref().unwrap().code, "1-3");
}

#[test]
fn an_application_is_one_thing_through_its_versions() {
    let before = map(&[survey_row().join(",")]).units.remove(0).version.unwrap();
    let mut row = survey_row();
    row[23] = "20260402".to_owned();
    let after = map(&[row.join(",")]).units.remove(0).version.unwrap();
    assert_eq!(before.key.expose(), after.key.expose());
    assert!(after.time > before.time);
}

#[test]
fn what_was_written_comes_back() {
    let format = formats::all().into_iter().find(|f| f.kind == FeedKind::CareCertification).unwrap();
    let mapper = mapper(FeedKind::CareCertification, "");
    let (mut units, mut named) = (0, 0);
    for file in formats::sample(&format, 400, 11).unwrap() {
        let done = run(mapper.as_ref(), &file.bytes, &file.path);
        let text = encoding_rs::SHIFT_JIS.decode(&file.bytes).0.into_owned();
        let rows = text.lines().filter(|l| !l.starts_with("申請書"));
        for (row, unit) in rows.zip(&done.units) {
            let cells: Vec<&str> = row.split(',').collect();
            assert_eq!(unit.demographics.care_insurer.expose(), cells[2]);
            assert_eq!(unit.demographics.care_number.expose(), cells[3]);
            assert_eq!(unit.demographics.birth.expose().unwrap().to_string().replace('-', ""), cells[6]);
            let answers: Vec<&str> = unit
                .facts
                .iter()
                .filter(|f| f.table == FactTable::Observation)
                .map(|f| f.value.text.as_str())
                .collect();
            assert_eq!(answers, cells[29..29 + 82]);
            if let Some(name) = cells.get(29 + 82) {
                assert_eq!(unit.demographics.name_kanji.expose(), name);
                named += 1;
            }
            units += 1;
        }
    }
    assert!(units > named && named > 0, "{units} {named}");
}
