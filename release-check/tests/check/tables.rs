//! A sound package of tables, and what each change to it is stopped by.

use std::collections::BTreeMap;

use musubi_release_check::Outcome;
use serde_json::json;

use crate::kit::{Data, Pack, words};

const POLICY: &str = r#"
layout = "musubi-policy/1"
name = "statistics"
version = 3
title = "見本"
product = "statistics"
from = "2026-01-01"
[tables]
cell_min = { value = 10, basis = "b", verified = "D" }
facility_min = { value = 3, basis = "b", verified = "D" }
measure_min = { value = 10, basis = "b", verified = "D" }
dominance_share = { value = 0.8, basis = "b", verified = "D" }
protection = { value = "suppress", basis = "b", verified = "D" }
"#;

const SPEC: &str = r#"
version = 2
name = "sample"
title = "見本"
purpose = "見本"
recipient = "見本"
product = "statistics"
policy = { name = "statistics", version = 3 }
[[recipients]]
id = "mihon"
name = "見本"
[cohort]
from = "2026-01-01"
to = "2026-12-31"
[[tables]]
name = "sex-age"
title = "見本"
dimensions = ["sex", "age_band10"]
measures = ["mean"]
[[tables]]
name = "area-sex"
title = "見本"
dimensions = ["prefecture", "sex"]
"#;

const SEX_AGE: [&str; 12] = [
    "計,計,130,5.1",
    "計,40-49,15,5.2",
    "計,50-59,100,5.3",
    "計,60-69,15,5.4",
    "1,計,55,5.5",
    "1,40-49,*,*",
    "1,50-59,40,5.6",
    "1,60-69,*,*",
    "2,計,75,5.7",
    "2,40-49,*,*",
    "2,50-59,60,5.8",
    "2,60-69,*,*",
];
const AREA_SEX: [&str; 12] = [
    "計,計,130",
    "計,1,55",
    "計,2,75",
    "関東,計,130",
    "関東,1,55",
    "関東,2,75",
    "13,計,70",
    "13,1,30",
    "13,2,40",
    "14,計,60",
    "14,1,25",
    "14,2,35",
];

fn table(header: &str, lines: &[&str]) -> Data {
    let mut data = Data::new(header);
    for line in lines {
        data.push(&line.split(',').collect::<Vec<_>>());
    }
    data
}

fn sound() -> Pack {
    let claim = |name: &str, shown: u64| json!({ "name": name, "cells": 12, "shown": shown, "primary": 2, "complementary": 2, "rule": "suppress", "cell_min": 10 });
    Pack {
        data: BTreeMap::from([
            ("sex-age".to_owned(), table("sex,age_band10,persons,mean", &SEX_AGE)),
            ("area-sex".to_owned(), table("prefecture,sex,persons", &AREA_SEX)),
        ]),
        product: "statistics",
        spec: SPEC.to_owned(),
        policy: POLICY.to_owned(),
        risk: json!({ "layout": "musubi-risk/1", "product": "statistics",
            "policy": { "name": "statistics", "version": 3, "hash": "" },
            "tables": [claim("sex-age", 8), claim("area-sex", 12)], "formulas": {} }),
        classes: BTreeMap::new(),
        left_out_of_dictionary: None,
        sealed_at: "2026-05-14T01:02:03Z",
        expires_on: "2026-06-30",
        release_id: "R-0011223344556677",
        touch: None,
        touch_sealed: None,
    }
}

/// Writes a field of the row that begins with `start`.
fn set(pack: &mut Pack, name: &str, start: [&str; 2], column: usize, value: &str) {
    let row = pack.data(name).rows.iter_mut().find(|r| r[0] == start[0] && r[1] == start[1]).unwrap();
    row[column] = value.to_owned();
}

fn stopped_by(change: impl Fn(&mut Pack)) -> Vec<&'static str> {
    let mut pack = sound();
    change(&mut pack);
    let report = pack.check(&[]);
    assert!(!report.sound(), "{}", report.text(true));
    words(&report)
}

#[test]
fn sound_tables_are_sound() {
    let report = sound().check(&[]);
    assert_eq!(report.outcome(), Outcome::Sound, "{}", report.text(true));
    assert!(report.text(true).contains("4 hidden, 0 too narrow"), "{}", report.text(true));
}

#[test]
fn a_cell_that_is_not_hidden_gives_others_away() {
    // 12 persons may be shown; but then the 3 beside them are what is missing from 15.
    let unhidden = |p: &mut Pack| {
        set(p, "sex-age", ["1", "60-69"], 2, "12");
        set(p, "sex-age", ["1", "60-69"], 3, "5.9");
        p.risk["tables"][0]["shown"] = json!(9);
    };
    assert_eq!(stopped_by(unhidden), ["CELL_NARROW"]);
    let mut small = sound();
    set(&mut small, "sex-age", ["1", "40-49"], 2, "3");
    small.risk["tables"][0]["shown"] = json!(9);
    let report = small.check(&[]);
    assert_eq!(words(&report), ["CELL_NARROW", "CELL_SMALL"]);
    assert!(report.names("C-052") && report.names("C-055"));
    let mut told = report.findings.iter().filter(|f| f.rule.word == "CELL_NARROW").map(|f| &f.found);
    assert!(told.all(String::is_empty), "no bounds are told");
}

#[test]
fn another_table_gives_a_hidden_cell_away() {
    // The same persons by five years: 40-44 and 45-49 are shown, and so 40-49 is known.
    let words = stopped_by(|p| {
        p.spec += "[[tables]]\nname = \"fine\"\ntitle = \"t\"\ndimensions = [\"sex\", \"age_band5\"]\n";
        p.data.insert(
            "fine".into(),
            table(
                "sex,age_band5,persons",
                &[
                    "計,計,130",
                    "計,40-44,*",
                    "計,45-49,*",
                    "計,50-54,100",
                    "計,60-64,15",
                    "1,計,55",
                    "1,40-44,0",
                    "1,45-49,*",
                    "1,50-54,40",
                    "1,60-64,*",
                    "2,計,75",
                    "2,40-44,12",
                    "2,45-49,0",
                    "2,50-54,60",
                    "2,60-64,*",
                ],
            ),
        );
        let claims = p.risk["tables"].as_array_mut().unwrap();
        claims.push(json!({ "name": "fine", "cells": 15, "shown": 10, "cell_min": 10 }));
    });
    assert_eq!(words, ["CELL_CONCENTRATED", "CELL_NARROW"]);
}

#[test]
fn totals_are_there_and_add_up() {
    assert!(stopped_by(|p| set(p, "area-sex", ["13", "1"], 2, "31")).contains(&"TABLE_SUM"));
    let missing = |p: &mut Pack| {
        p.data("area-sex").rows.retain(|r| r[..2] != ["13", "計"]);
        p.risk["tables"][1]["cells"] = json!(11);
        p.risk["tables"][1]["shown"] = json!(11);
    };
    assert!(stopped_by(missing).contains(&"TABLE_SHAPE"));
    let twice = |p: &mut Pack| {
        let row = p.data("area-sex").rows[4].clone();
        p.data("area-sex").rows.push(row);
    };
    assert!(stopped_by(twice).contains(&"TABLE_SHAPE"));
    assert!(stopped_by(|p| set(p, "area-sex", ["13", "1"], 2, "<10")).contains(&"TABLE_SHAPE"));
    // The same cell in two tables: 男 are 55 here and 54 there.
    let other = |p: &mut Pack| {
        set(p, "area-sex", ["計", "1"], 2, "54");
        set(p, "area-sex", ["関東", "1"], 2, "54");
        set(p, "area-sex", ["13", "1"], 2, "29");
    };
    assert!(stopped_by(other).contains(&"TABLE_SUM"));
}

#[test]
fn measures_labels_and_claims_are_checked() {
    assert_eq!(stopped_by(|p| set(p, "sex-age", ["1", "40-49"], 3, "5.0")), ["MEASURE_SHOWN"]);
    let exact_age = |p: &mut Pack| {
        for row in p.data("sex-age").rows.iter_mut().filter(|r| r[1] == "40-49") {
            row[1] = "97".into();
        }
    };
    assert_eq!(stopped_by(exact_age), ["AGE_TOP"]);
    let maximum = |p: &mut Pack| p.data("sex-age").header[3] = "max".into();
    assert_eq!(stopped_by(maximum), ["COLUMN_NOT_ALLOWED"]);
    assert_eq!(stopped_by(|p| p.risk["tables"][0]["shown"] = json!(7)), ["CLAIM"]);
    let area = ("area-sex".to_owned(), "persons".to_owned());
    assert_eq!(stopped_by(|p| p.left_out_of_dictionary = Some(area.clone())), ["COLUMN_UNCLASSIFIED"]);
}

#[test]
fn differences_to_earlier_tables_give_nothing_away() {
    let earlier = |change: &dyn Fn(&mut Pack)| {
        let mut pack = sound();
        pack.release_id = "R-8899aabbccddeeff";
        change(&mut pack);
        pack
    };
    // The same once more.
    let report = sound().check(&[&earlier(&|_| {})]);
    assert!(report.sound(), "{}", report.text(true));
    // Three persons fewer in one prefecture.
    let fewer = earlier(&|p| {
        for (at, value) in [
            (["計", "計"], "127"),
            (["計", "1"], "52"),
            (["関東", "計"], "127"),
            (["関東", "1"], "52"),
            (["13", "計"], "67"),
            (["13", "1"], "27"),
        ] {
            set(p, "area-sex", at, 2, value);
        }
    });
    let report = sound().check(&[&fewer]);
    assert!(report.names("DIFFERENCE_SMALL") && report.names("C-056"), "{}", report.text(true));
    // The same persons, but another cell was shown then.
    let shown = earlier(&|p| set(p, "sex-age", ["1", "60-69"], 2, "12"));
    let report = sound().check(&[&shown]);
    assert_eq!(words(&report), ["CELL_NARROW"], "{}", report.text(true));
}

#[test]
fn totals_that_are_one_part_are_noted() {
    let mut pack = sound();
    for (sex, all) in [("計", "130"), ("1", "55"), ("2", "75")] {
        set(&mut pack, "area-sex", ["13", sex], 2, all);
        set(&mut pack, "area-sex", ["14", sex], 2, "0");
    }
    let report = pack.check(&[]);
    assert!(report.sound() && report.names("CELL_CONCENTRATED"), "{}", report.text(true));
    assert!(!sound().check(&[]).names("CELL_CONCENTRATED"));
}

#[test]
fn rounded_tables_keep_their_own_bound() {
    let rounded = |lines: &[&str], shown: u64| {
        let mut pack = sound();
        pack.policy = pack.policy.replace("\"suppress\"", "\"round_up_tens\"");
        pack.spec = pack.spec[..pack.spec.find("[[tables]]").unwrap()].to_owned()
            + "[[tables]]\nname = \"t\"\ntitle = \"t\"\ndimensions = [\"age_band10\"]\n";
        pack.data = BTreeMap::from([("t".to_owned(), table("age_band10,persons", lines))]);
        pack.risk["tables"] = json!([{ "name": "t", "cells": lines.len(), "shown": shown, "cell_min": 10 }]);
        pack.check(&[])
    };
    // 介護DB's example: 1302 = 2 + 305 + 995.
    let report = rounded(&["計,1310", "40-49,*", "50-59,310", "60-69,1000"], 3);
    assert!(report.sound(), "{}", report.text(true));
    assert_eq!(words(&rounded(&["計,1310", "40-49,*", "50-59,305", "60-69,1000"], 3)), ["CELL_ROUNDED"]);
    // What cannot be between 0 and 9 beside it.
    assert_eq!(words(&rounded(&["計,1310", "40-49,*", "50-59,300", "60-69,910"], 3)), ["CELL_NARROW"]);
}
