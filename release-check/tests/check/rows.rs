//! A sound package of rows, and what each change to it is stopped by.

use std::collections::BTreeMap;

use musubi_release_check::Outcome;
use serde_json::json;

use crate::kit::{Data, Pack, words};

const POLICY: &str = r#"
layout = "musubi-policy/1"
name = "anonymized"
version = 1
title = "見本"
product = "anonymized"
from = "2026-01-01"
until = "2026-12-31"
[person]
k = { value = 5, basis = "b", verified = "D" }
k_floor = { value = 3, basis = "b", verified = "D" }
k_with_events = { value = 8, basis = "b", verified = "D" }
l = { value = 2, basis = "b", verified = "D" }
t = { value = 0.2, basis = "b", verified = "D" }
suppression_limit = { value = 0.05, basis = "b", verified = "D" }
recoding = { value = "global", basis = "b", verified = "D" }
[[person.column]]
name = "sex"
class = "quasi"
known_by = "public"
hierarchy = { kind = "flat" }
basis = "b"
verified = "D"
[[person.column]]
name = "age"
class = "quasi"
known_by = "public"
hierarchy = { kind = "bands", widths = [5, 10], top = 90 }
basis = "b"
verified = "D"
[[person.column]]
name = "area"
class = "quasi"
known_by = "public"
hierarchy = { kind = "prefecture" }
basis = "b"
verified = "D"
[[person.column]]
name = "death"
class = "sensitive"
known_by = "acquaintance"
hierarchy = { kind = "rows", rows = [["alive", "*"], ["dead", "*"]] }
basis = "b"
verified = "D"
[events]
known_events = { value = 2, basis = "b", verified = "D" }
dates_known = { value = true, basis = "b", verified = "D" }
k = { value = 3, basis = "b", verified = "D" }
dates = { value = { kind = "relative", bin_days = 30, coarser_days = [90, 360] }, basis = "b", verified = "D" }
rare_min_persons = { value = 10, basis = "b", verified = "D" }
values = { value = { clip = 0.001, digits = 2 }, basis = "b", verified = "D" }
watch_list = { value = ["G35"], basis = "b", verified = "D" }
[[events.ladder]]
table = "condition_occurrence"
keep = [3]
chapter = true
dummy = "R69"
basis = "b"
verified = "D"
[[events.sensitive]]
name = "見本群"
table = "condition_occurrence"
prefixes = ["F20"]
basis = "b"
verified = "D"
"#;

const SPEC: &str = r#"
version = 2
name = "sample"
title = "見本"
purpose = "見本"
recipient = "見本"
product = "anonymized"
policy = { name = "anonymized", version = 1 }
[[recipients]]
id = "mihon"
name = "見本"
[cohort]
from = "2026-01-01"
to = "2026-12-31"
[rows]
person = ["sex", "age", "area", "death"]
[[rows.events]]
table = "condition_occurrence"
[[rows.events]]
table = "measurement"
values = true
"#;

/// The pseudonym of person `n` of a series.
fn pid(series: &str, n: usize) -> String {
    blake3::hash(format!("{series} {n}").as_bytes()).to_hex()[..16].to_owned()
}

/// 40 persons in four classes of ten.
pub fn sound(series: &str) -> Pack {
    let mut person = Data::new("pid,sex,age,area,death");
    let mut condition = Data::new("pid,code,when");
    let mut measurement = Data::new("pid,code,when,value,unit");
    for n in 0..40 {
        let pid = pid(series, n);
        let half = n % 2 == 0;
        let (sex, age, area) =
            [("1", "40-49", "13"), ("1", "90+", "13"), ("2", "40-49", ""), ("2", "90+", "14")][n / 10];
        person.push(&[&pid, sex, age, area, if half { "alive" } else { "dead" }]);
        condition.push(&[&pid, "E11", "0..29"]);
        if half {
            condition.push(&[&pid, "F20", "-360..-1"]);
        }
        if area.is_empty() {
            condition.push(&[&pid, "G35", "*"]);
        }
        if half {
            condition.push(&[&pid, "I10", "30..59"]);
        }
        measurement.push(&[&pid, "3D010", "0..29", if half { "5.1" } else { "7.2" }, "mg/dL"]);
    }
    for data in [&mut person, &mut condition, &mut measurement] {
        data.rows.sort();
    }
    let data: BTreeMap<String, Data> = [
        ("person".to_owned(), person),
        ("condition_occurrence".to_owned(), condition),
        ("measurement".to_owned(), measurement),
    ]
    .into();
    let class = |column: &str, class| (("person".to_owned(), column.to_owned()), class);
    Pack {
        data,
        product: "anonymized",
        spec: SPEC.to_owned(),
        policy: POLICY.to_owned(),
        risk: json!({
            "layout": "musubi-risk/1", "product": "anonymized",
            "policy": { "name": "anonymized", "version": 1, "hash": "" },
            "persons": { "cohort": 41, "released": 40, "suppressed": 1 },
            "k": 10, "l": 2, "t": 0.0, "classes": 4, "loss": 0.3,
            "events": { "known_events": 2, "k": 3, "items": 5, "released": 130, "coarsened": 0, "removed": 0 },
            "columns": [{ "file": "person", "name": "age", "class": "quasi", "level": 2 }],
            "clip": [{ "code": "3D010", "unit": "mg/dL", "low": "5.1", "high": "7.2" }],
            "risk": { "prosecutor_max": 0.1, "marketer": 0.1 }, "formulas": {}
        }),
        classes: [
            class("sex", "quasi"),
            class("age", "quasi"),
            class("area", "quasi"),
            class("death", "sensitive"),
        ]
        .into(),
        left_out_of_dictionary: None,
        sealed_at: "2026-05-14T01:02:03Z",
        expires_on: "2026-06-30",
        release_id: "R-0011223344556677",
        touch: None,
        touch_sealed: None,
    }
}

/// Changes a package, seals it anew and tells which rules the checker names.
fn stopped_by(change: impl Fn(&mut Pack)) -> Vec<&'static str> {
    let mut pack = sound("a");
    change(&mut pack);
    let report = pack.check(&[]);
    assert!(!report.sound(), "{}", report.text(true));
    words(&report)
}

/// The rows of a file that satisfy a condition.
fn rows_of<'a>(
    pack: &'a mut Pack,
    file: &str,
    wanted: impl Fn(&[String]) -> bool + 'a,
) -> impl Iterator<Item = &'a mut Vec<String>> {
    pack.data(file).rows.iter_mut().filter(move |r| wanted(r))
}

#[test]
fn a_sound_package_is_sound_and_its_figures_are_told() {
    let report = sound("a").check(&[]);
    assert_eq!(report.outcome(), Outcome::Sound, "{}", report.text(true));
    let text = report.text(false);
    assert!(text.contains("C-036  最小の同値類の人数: 10 >= 8") && text.contains("適合"), "{text}");
    assert!(text.contains("5 >= 3 (m = 2, 5 items, 0 combinations too few)"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
    assert_eq!(json["outcome"], "sound");
}

#[test]
fn g10_one_unique_row_is_found() {
    let words = stopped_by(|p| {
        p.data("person")
            .rows
            .push(["ffffffffffffffff", "9", "40-49", "13", "alive"].map(str::to_owned).to_vec());
        p.risk["persons"] = json!({ "cohort": 42, "released": 41, "suppressed": 1 });
        (p.risk["k"], p.risk["l"], p.risk["classes"]) = (json!(1), json!(1), json!(5));
    });
    assert_eq!(words, ["K_CLASS", "L_DIVERSITY", "T_CLOSENESS"]);
}

#[test]
fn a_class_that_is_large_enough_without_events_only_is_found() {
    let words = stopped_by(|p| {
        p.policy = p.policy.replace("k_with_events = { value = 8", "k_with_events = { value = 11");
    });
    assert_eq!(words, ["K_CLASS"]);
}

#[test]
fn columns_and_labels_are_those_of_the_layout() {
    let extra_column = |p: &mut Pack| {
        let data = p.data("person");
        data.header.push("weight".into());
        data.rows.iter_mut().for_each(|r| r.push("60".into()));
    };
    assert_eq!(stopped_by(extra_column), ["COLUMN_NOT_ALLOWED"]);
    // One label for all who have it, so that nothing else but the label is wrong.
    let label = |file: &'static str, column: usize, from: &'static str, to: &'static str| {
        stopped_by(move |p: &mut Pack| {
            for row in rows_of(p, file, move |r| r[column] == from) {
                row[column] = to.into();
            }
            p.data(file).rows.sort();
        })
    };
    assert_eq!(label("person", 1, "1", "12345678901234"), ["LABEL"]);
    assert_eq!(label("person", 3, "13", "千代田区"), ["AREA_LEVEL"]);
    assert_eq!(label("person", 2, "90+", "97"), ["AGE_TOP"]);
    assert_eq!(label("person", 2, "90+", "41-48"), ["AGE_TOP"]);
    assert_eq!(label("person", 4, "alive", "見本 花子"), ["FREE_TEXT"]);
    assert_eq!(label("condition_occurrence", 2, "0..29", "0..28"), ["DATE_GRID"]);
    assert_eq!(label("condition_occurrence", 2, "0..29", "2026-05-14"), ["DATE_GRID"]);
    assert_eq!(label("measurement", 4, "mg/dL", "見本太郎"), ["FREE_TEXT", "VALUE_CLIP"]);
    assert_eq!(label("measurement", 1, "3D010", "123456789018"), ["IDENTIFICATION_CODE", "VALUE_CLIP"]);
    assert_eq!(label("measurement", 1, "3D010", "09000000000"), ["DIRECT_IDENTIFIER", "VALUE_CLIP"]);
    assert_eq!(label("measurement", 1, "3D010", "4111111111111111"), ["PROPERTY_NUMBER", "VALUE_CLIP"]);
}

#[test]
fn every_column_is_classified() {
    let death = ("person".to_owned(), "death".to_owned());
    assert_eq!(stopped_by(|p| p.left_out_of_dictionary = Some(death.clone())), ["COLUMN_UNCLASSIFIED"]);
    let class = |class: &'static str| {
        let death = death.clone();
        stopped_by(move |p| {
            p.classes.insert(death.clone(), class);
        })
    };
    assert_eq!(class("neutral"), ["COLUMN_CLASS_DIFFERS"]);
    assert_eq!(class(""), ["COLUMN_CLASS_DIFFERS", "COLUMN_UNCLASSIFIED"]);
    let direct = |p: &mut Pack| {
        p.policy = p.policy.replace("class = \"sensitive\"", "class = \"direct\"");
        p.classes.insert(death.clone(), "direct");
    };
    assert!(stopped_by(direct).contains(&"COLUMN_DIRECT"));
}

#[test]
fn codes_values_and_items_are_counted() {
    // One person alone has a code.
    let rare = |p: &mut Pack| {
        rows_of(p, "condition_occurrence", |r| r[1] == "I10").next().unwrap()[1] = "I11".into();
        p.risk["events"]["items"] = json!(6);
        p.risk["events"]["k"] = json!(1);
    };
    assert_eq!(stopped_by(rare), ["CLAIM", "EVENT_ITEMS", "RARE_CODE"]);
    // Every code and every item stands often enough; two of them together do not: in one class I10 moves from three
    // who have F20 too to three who have not.
    let pair = |p: &mut Pack| {
        for n in [0, 2, 4] {
            let (from, to) = (pid("a", n), pid("a", n + 1));
            rows_of(p, "condition_occurrence", |r| r[0] == from && r[1] == "I10").next().unwrap()[0] = to;
        }
        p.data("condition_occurrence").rows.sort();
    };
    assert_eq!(stopped_by(pair), ["CLAIM", "EVENT_ITEMS"]);
    let claim_of_one = |p: &mut Pack| p.risk["events"]["k"] = json!(6);
    assert_eq!(stopped_by(claim_of_one), ["CLAIM"]);
    // A value beyond the bounds, one too precise.
    let value = |text: &'static str| {
        move |p: &mut Pack| {
            for row in rows_of(p, "measurement", |r| r[3] == "7.2") {
                row[3] = text.into();
            }
        }
    };
    assert_eq!(stopped_by(value("7.9")), ["VALUE_CLIP"]);
    assert_eq!(stopped_by(value("7.11")), ["VALUE_CLIP"]);
    // All of a class have a sensitive code.
    let certain = |p: &mut Pack| {
        let class: Vec<String> = (0..10).map(|n| pid("a", n)).collect();
        for row in rows_of(p, "condition_occurrence", |r| r[1] == "E11" && class.contains(&r[0])) {
            row[1] = "F20".into();
        }
        p.data("condition_occurrence").rows.sort();
        p.risk["events"]["items"] = json!(6);
    };
    assert_eq!(stopped_by(certain), ["SENSITIVE_CERTAIN"]);
    // A code of the watch list and a prefecture.
    let watch = |p: &mut Pack| {
        for row in rows_of(p, "person", |r| r[3].is_empty()) {
            row[3] = "13".into();
        }
    };
    assert_eq!(stopped_by(watch), ["WATCH_AREA"]);
}

#[test]
fn sensitive_columns_are_diverse_and_close() {
    let one_value = |p: &mut Pack| {
        for row in rows_of(p, "person", |r| r[3] == "14") {
            row[4] = "alive".into();
        }
        p.risk["l"] = json!(1);
    };
    assert_eq!(stopped_by(one_value), ["L_DIVERSITY", "T_CLOSENESS"]);
    // 9 of 10 in one class, 24 of 40 in all: the distance is 0.3.
    let far = |p: &mut Pack| {
        for row in rows_of(p, "person", |r| r[3] == "14" && r[4] == "dead").take(4) {
            row[4] = "alive".into();
        }
    };
    assert_eq!(stopped_by(far), ["T_CLOSENESS"]);
}

#[test]
fn claims_are_recounted() {
    for (path, value) in [
        ("/k", json!(11)),
        ("/k", json!(null)),
        ("/classes", json!(5)),
        ("/l", json!(3)),
        ("/persons/released", json!(39)),
        ("/events/items", json!(7)),
        ("/events/released", json!(131)),
        ("/events/known_events", json!(3)),
        ("/policy/version", json!(2)),
        ("/columns/0/class", json!("neutral")),
    ] {
        let words = stopped_by(|p| *p.risk.pointer_mut(path).unwrap() = value.clone());
        assert_eq!(words, ["CLAIM"], "{path}");
    }
    let many = |p: &mut Pack| p.risk["persons"] = json!({ "cohort": 44, "released": 40, "suppressed": 4 });
    assert_eq!(stopped_by(many), ["SUPPRESSED_TOO_MANY"]);
}

#[test]
fn pseudonyms_are_new_and_order_tells_nothing() {
    let mut before = sound("b");
    before.release_id = "R-8899aabbccddeeff";
    let report = sound("a").check(&[&before]);
    assert!(report.sound(), "{}", report.text(true));
    let mut again = sound("a");
    let reused = before.data["person"].rows[7][0].clone();
    let old = again.data["person"].rows[3][0].clone();
    for data in again.data.values_mut() {
        data.rows.iter_mut().filter(|r| r[0] == old).for_each(|r| r[0].clone_from(&reused));
        data.rows.sort();
    }
    let report = again.check(&[&before]);
    assert_eq!(words(&report), ["PID_REUSED"]);
    assert!(report.names("C-034"));

    let unsorted = |p: &mut Pack| p.data("person").rows.swap(3, 9);
    assert!(stopped_by(unsorted).contains(&"ROW_ORDER"));
    let unsorted = |p: &mut Pack| {
        let rows = &mut p.data("condition_occurrence").rows;
        let at = (1..rows.len()).find(|i| rows[i - 1][0] == rows[*i][0]).unwrap();
        rows.swap(at - 1, at);
    };
    assert_eq!(stopped_by(unsorted), ["ROW_ORDER"]);
    let nobody = |p: &mut Pack| p.data("measurement").rows.last_mut().unwrap()[0] = "fffffffffffffff0".into();
    assert!(stopped_by(nobody).contains(&"PID_FORM"));
}

/// Persons who are unique by their measured values, in the order of their numbers.
fn recognisable(series: impl Fn(usize) -> String) -> Pack {
    let mut pack = sound("a");
    let mut person = Data::new("pid,sex,age,area,death");
    let mut measurement = Data::new("pid,code,when,value,unit");
    for n in 0..200 {
        let value = format!("{}.{}", 1 + n / 10, n % 10);
        person.push(&[&series(n), "1", "40-49", "13", if n % 2 == 0 { "alive" } else { "dead" }]);
        measurement.push(&[&series(n), "3D010", "0..29", &value, "mg/dL"]);
    }
    person.rows.sort();
    measurement.rows.sort();
    pack.data = [("person".to_owned(), person), ("measurement".to_owned(), measurement)].into();
    pack.spec = pack.spec.replace("[[rows.events]]\ntable = \"condition_occurrence\"\n", "");
    pack.policy = pack.policy.replace("digits = 2", "digits = 4");
    pack.risk["persons"] = json!({ "cohort": 200, "released": 200, "suppressed": 0 });
    (pack.risk["k"], pack.risk["classes"]) = (json!(200), json!(1));
    pack.risk["events"] = json!({ "known_events": 2, "k": 3, "items": 1, "released": 200 });
    pack.risk["clip"][0]["low"] = json!("1");
    pack.risk["clip"][0]["high"] = json!("21");
    pack
}

#[test]
fn an_order_that_two_packages_share_is_found() {
    let mut earlier = recognisable(|n| format!("{:016x}", n * 3 + 1));
    earlier.release_id = "R-8899aabbccddeeff";
    let report = recognisable(|n| format!("{:016x}", n * 3 + 2)).check(&[&earlier]);
    assert_eq!(words(&report), ["ORDER_CORRELATES", "ROWS_LINK", "VALUE_EXTREME"], "{}", report.text(true));
    assert!(report.names("C-049"));
    let report = recognisable(|n| pid("x", n)).check(&[&earlier]);
    assert!(report.sound(), "{}", report.text(true));
}

/// The sound package with the OMOP layout beside.
fn with_omop() -> Pack {
    let mut pack = sound("a");
    pack.spec = pack.spec.replace("[rows]\n", "[rows]\nomop = true\n");
    let rank: BTreeMap<String, String> = pack.data["person"]
        .rows
        .iter()
        .zip(1..)
        .map(|(r, n): (_, usize)| (r[0].clone(), n.to_string()))
        .collect();
    let mut person =
        Data::new("person_id,gender_concept_id,location_id,person_source_value,gender_source_value");
    for row in &pack.data["person"].rows {
        let concept = if row[1] == "1" { "8507" } else { "8532" };
        person.push(&[&rank[&row[0]], concept, "", &row[0], &row[1]]);
    }
    let events = |file: &str, header: &str| {
        let mut data = Data::new(header);
        for (row, n) in pack.data[file].rows.iter().zip(1..) {
            data.push(&[&n.to_string(), &rank[&row[0]], "0", &row[1], ""]);
        }
        data
    };
    let condition = events(
        "condition_occurrence",
        "condition_occurrence_id,person_id,condition_concept_id,condition_source_value,provider_id",
    );
    let measurement = events(
        "measurement",
        "measurement_id,person_id,measurement_concept_id,measurement_source_value,provider_id",
    );
    pack.data.insert("omop_person".into(), person);
    pack.data.insert("omop_condition_occurrence".into(), condition);
    pack.data.insert("omop_measurement".into(), measurement);
    pack
}

#[test]
fn the_omop_layout_tells_nothing_more() {
    let report = with_omop().check(&[]);
    assert!(report.sound(), "{}", report.text(true));
    let stopped = |file: &str, row: usize, column: usize, value: &str| {
        let mut pack = with_omop();
        pack.data(file).rows[row][column] = value.into();
        let report = pack.check(&[]);
        assert!(!report.sound());
        words(&report)
    };
    assert_eq!(stopped("omop_person", 3, 1, "0"), ["COLUMN_NOT_ALLOWED"]);
    assert_eq!(stopped("omop_person", 3, 0, "77")[0], "PAIR_DIFFERS");
    assert_eq!(stopped("omop_person", 3, 2, "13"), ["COLUMN_NOT_ALLOWED"]);
    assert_eq!(stopped("omop_person", 3, 2, "13101"), ["COLUMN_NOT_ALLOWED", "LABEL"]);
    assert_eq!(stopped("omop_condition_occurrence", 5, 4, "4711"), ["LABEL"]);
    assert_eq!(stopped("omop_condition_occurrence", 5, 3, "E11X"), ["LABEL", "PAIR_DIFFERS"]);
    assert_eq!(stopped("omop_condition_occurrence", 5, 2, "201826"), ["COLUMN_NOT_ALLOWED"]);
    assert_eq!(stopped("omop_measurement", 5, 0, "60"), ["ROW_ORDER"]);
    let mut missing = with_omop();
    missing.data.remove("omop_measurement");
    assert!(words(&missing.check(&[])).contains(&"PKG_MISSING"));
}
