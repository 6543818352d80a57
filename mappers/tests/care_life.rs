//! LIFE: the user, every class of field, headings of 2021 and 2024, and what stays sealed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::needless_pass_by_value,
    reason = "helpers of tests; a panic is a failed test"
)]

mod care_common;
mod harness;

use std::collections::{BTreeMap, BTreeSet};

use care_common::{life_form, life_user, sjis};
use harness::{Done, mapper, run};
use musubi_mappers::coverage::{self, Becomes};
use musubi_model::manifest::FeedKind;
use musubi_model::{Fact, FactTable, Sex};
use musubi_testdata::formats;

fn map(lines: &[String], path: &str) -> Done {
    run(mapper(FeedKind::CareLife, "").as_ref(), &sjis(lines), path)
}

fn line(f: &Fact) -> String {
    let day = |d: Option<musubi_model::PartialDate>| d.map(|d| d.to_string()).unwrap_or_default();
    let code = |c: &Option<musubi_model::Coded>| c.as_ref().map(|c| c.code.to_string()).unwrap_or_default();
    format!(
        "{} {}..{} {} {} {}{} {}",
        f.table.as_str(),
        day(f.start),
        day(f.end),
        code(&f.source),
        f.status,
        f.value.text,
        f.value.unit,
        f.department
    )
}

#[test]
fn a_user_becomes_a_person_and_a_certificate() {
    let done = map(&life_user(), "life/users.csv");
    assert_eq!(done.rules(), [""; 0]);
    let facts: Vec<_> = done.units[0].facts.iter().map(line).collect();
    assert_eq!(
        facts,
        [
            "person 1940-03.. 13 2  ",
            "observation 2026-03-25.. SERVICE_USER_INFO.certified_date   15",
            "observation 2026-03-25.. SERVICE_USER_INFO.impaired_elderly_independence_degree  4 15",
            "note 2026-03-25.. LIFE.SERVICE_USER_INFO.remarks   ",
            "care_need 2026-04-01..2027-03-31 22 certified  15",
            "visit_occurrence 2026-04-10..2026-08-01    15",
            "death 2026-08-02..    ",
        ]
    );
    let person = &done.units[0].demographics;
    assert_eq!(person.local_number.expose(), "U-001");
    assert_eq!(person.name_kanji.expose(), "見本 花子");
    assert_eq!(person.name_kana.expose(), "ﾐﾎﾝ ﾊﾅｺ");
    assert_eq!((person.care_insurer.expose().as_str(), person.sex), ("139998", Sex::Female));
    let shown = format!("{:?}{:?}", done.units[0].facts, done.units[0].findings);
    for value in ["U-001", "花子", "ﾊﾅｺ", "0001000001", "139998", "自由な記述", "1390000005"] {
        assert!(!shown.contains(value), "{value}");
    }
}

#[test]
fn a_form_becomes_what_its_fields_are() {
    let done = map(&life_form(), "life/form.csv");
    assert_eq!(done.rules(), [""; 0]);
    let facts: Vec<_> = done.units[0].facts.iter().map(line).collect();
    assert_eq!(
        facts,
        [
            "person .. 13 0  ",
            "observation 2026-09-10.. FORM_0000_2021.facility_outpatient_category  2 15",
            "observation 2026-09-10.. FORM_0000_2021.evaluate_date   15",
            "observation 2026-06-10.. FORM_0000_2021.last_evaluate_date   15",
            "observation 2026-09-10.. FORM_0000_2021.barthel_index_meal  2 15",
            "measurement 2026-09-10.. FORM_0000_2021.height  152.5cm 15",
            "measurement 2026-09-10.. FORM_0000_2021.weight  48.2kg 15",
            "note 2026-09-10.. LIFE.FORM_0000_2021.diagnosis_of_dementia_other_name   ",
        ]
    );
    // The number of a form is not the user's.
    assert_eq!(done.units[0].demographics.local_number.expose(), "");
    assert!(!format!("{:?}", done.units[0].facts).contains("職員"));
}

/// The synthetic corpus holds every interface with every field; each gives what the coverage says of it.
#[test]
fn every_class_of_field_becomes_what_the_table_says() {
    let format = formats::all().into_iter().find(|f| f.kind == FeedKind::CareLife).unwrap();
    let mapper = mapper(FeedKind::CareLife, "");
    let mut given: BTreeMap<String, BTreeSet<FactTable>> = BTreeMap::new();
    for file in formats::sample(&format, 900, 5).unwrap() {
        let done = run(mapper.as_ref(), &file.bytes, &file.path);
        for fact in done.units.iter().flat_map(|u| &u.facts) {
            let by_group = matches!(fact.table, FactTable::ConditionOccurrence | FactTable::DrugExposure);
            let code = if by_group { &fact.group } else { &fact.source.as_ref().unwrap_or(&EMPTY).code };
            let code = code.strip_prefix("LIFE.").unwrap_or(code);
            given.entry(code.to_owned()).or_default().insert(fact.table);
        }
    }
    let rows: Vec<_> = coverage::all().into_iter().filter(|r| r.kind == FeedKind::CareLife).collect();
    assert_eq!(rows.len(), 1_855);
    for row in rows {
        let user = row.field.starts_with("SERVICE_USER_INFO.");
        let expected = match row.becomes {
            // Level, terms and death of the user are facts with codes of their own.
            Becomes::Fact(FactTable::Observation, "department") => None,
            Becomes::Fact(table, _) if !user || table == FactTable::Observation => Some(table),
            Becomes::Note => Some(FactTable::Note),
            _ => None,
        };
        let found = given.get(row.field).cloned().unwrap_or_default();
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            expected.into_iter().collect::<Vec<_>>(),
            "{}",
            row.field
        );
    }
}

static EMPTY: musubi_model::Coded = musubi_model::Coded {
    system: musubi_model::CodeSystem::Life,
    code: compact_str::CompactString::const_new(""),
    text: None,
};

#[test]
fn empty_says_nothing_and_a_blank_says_there_is_nothing() {
    let mut lines = life_form();
    lines[2] = lines[2].replace("152.5", " ").replace("48.2", "");
    let done = map(&lines, "life/form.csv");
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(done.facts(FactTable::Measurement).len(), 0);
}

#[test]
fn headings_alone_are_the_form_of_2024() {
    let mut lines = life_form();
    lines.remove(0);
    // All headings are those of one interface of 2021.
    let done = map(&lines, "life/data.csv");
    assert_eq!(done.rules(), [""; 0]);
    assert_eq!(done.split.totals.iter().next_back().map(|(k, n)| (k.as_str(), *n)), Some(("heading", 1)));
    assert_eq!(done.facts(FactTable::Measurement)[0].source.as_ref().unwrap().code, "FORM_0000_2021.height");

    // Of a newer interface, named by the file, known names keep their meaning; others give numbers and codes only.
    let lines = [
        "version,care_facility_id,service_code,insurer_no,insured_no,external_system_management_number,evaluate_date,weight,new_score,new_text,new_name,filing_staff".to_owned(),
        "\"0310\",\"1390000005\",\"15\",\"139998\",\"0001000001\",\"F-1\",\"20260910\",\"48.2\",\"7\",\"見本 太郎のこと\",\"見本 次郎\",\"見本 職員\"".to_owned(),
    ];
    let done = map(&lines, "17_INDIVIDUAL_FUNCTION_TRAINING_PLAN_2024_20261001093000.csv");
    assert_eq!(done.rules(), ["LIFE-FIELD"]);
    let codes: Vec<_> =
        done.units[0].facts.iter().filter_map(|f| f.source.as_ref()).map(|c| c.code.to_string()).collect();
    let name = "INDIVIDUAL_FUNCTION_TRAINING_PLAN_2024";
    for field in ["weight", "new_score", "version"] {
        assert!(codes.contains(&format!("{name}.{field}")), "{field} {codes:?}");
    }
    let shown = format!("{:?}", done.units[0].facts);
    assert!(!shown.contains("太郎") && !shown.contains("次郎") && !shown.contains("職員"), "{shown}");
    assert_eq!(done.units[0].version.as_ref().unwrap().time, "20261001093000");
}

#[test]
fn one_form_sent_again_is_a_version_and_another_day_is_not() {
    let version = |lines: &[String], path| map(lines, path).units.remove(0).version.unwrap();
    let first = version(&life_form(), "FORM_0000_2021_20261001.csv");
    let mut changed = life_form();
    changed[2] = changed[2].replace("48.2", "47.9");
    let again = version(&changed, "FORM_0000_2021_20261101.csv");
    assert_eq!(first.key.expose(), again.key.expose());
    assert!(again.time > first.time);
    changed[2] = changed[2].replace("20260910", "20261010");
    assert_ne!(version(&changed, "FORM_0000_2021_20261101.csv").key.expose(), first.key.expose());
}

#[test]
fn what_was_written_comes_back() {
    let format = formats::all().into_iter().find(|f| f.kind == FeedKind::CareLife).unwrap();
    let mapper = mapper(FeedKind::CareLife, "");
    let files = formats::sample(&format, 300, 3).unwrap();
    assert_eq!(files.len(), 21);
    for file in files {
        let done = run(mapper.as_ref(), &file.bytes, &file.path);
        let text = match std::str::from_utf8(&file.bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
            Err(_) => encoding_rs::SHIFT_JIS.decode(&file.bytes).0.into_owned(),
        };
        let mut lines = text.lines();
        let interface = lines.next().unwrap();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        for (row, unit) in lines.zip(&done.units) {
            let cells: Vec<&str> = row.split(',').map(|c| c.trim_matches('"')).collect();
            for (name, cell) in names.iter().zip(cells) {
                let code = format!("{interface}.{name}");
                let fact = unit
                    .facts
                    .iter()
                    .find(|f| f.source.as_ref().is_some_and(|c| c.code == code) && !f.value.text.is_empty());
                if let Some(fact) = fact {
                    assert_eq!(fact.value.text, cell, "{code}");
                }
                if *name == "insured_no" {
                    assert_eq!(unit.demographics.care_number.expose(), cell);
                }
            }
        }
    }
}

/// The only public sample: a heading row and a row of Japanese names.
#[test]
fn the_sample_of_the_ministry_ends_with_its_findings() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/life-2021");
    let Ok(folder) = std::fs::read_dir(path) else {
        println!("no samples beside the workspace: skipped");
        return;
    };
    let mut read = 0;
    for file in folder.flatten().filter(|f| f.path().extension().is_some_and(|e| e == "csv")) {
        let bytes = std::fs::read(file.path()).unwrap();
        let name = file.file_name().into_string().unwrap();
        let done = run(mapper(FeedKind::CareLife, "").as_ref(), &bytes, &name);
        assert_eq!(done.rules(), ["CARE-EMPTY", "LIFE-LABELS"], "{name}");
        let totals: Vec<_> = done.split.totals.iter().map(|(k, n)| (k.as_str(), *n)).collect();
        assert_eq!(totals, [("heading", 2), ("label", 1)]);
        read += 1;
    }
    assert!(read > 0);
}
