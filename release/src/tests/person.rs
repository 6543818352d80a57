//! Golden tables of the counting rules.

use musubi_model::spec::Axis;

use super::*;
use crate::grid::{Grid, category};

fn date(text: &str) -> Option<PartialDate> {
    let digits: Vec<u8> = text.bytes().filter(|b| *b != b'-').collect();
    (!text.is_empty()).then(|| PartialDate::read(&digits).unwrap().date)
}

fn cohort(prefixes: &[&str], without_suspected: bool) -> CohortRules {
    CohortRules::of(&Cohort {
        from: Date::constant(2026, 4, 1),
        to: Date::constant(2027, 3, 31),
        icd10_prefixes: prefixes.iter().map(|p| (*p).to_owned()).collect(),
        without_suspected,
        everybody: false,
        steps: Vec::new(),
    })
}

#[test]
fn which_diagnoses_count() {
    let check = |start: &str, end: &str, code: &str, qualifiers: &str, expect: Option<usize>| {
        let d = Diagnosis {
            start: date(start),
            end: date(end),
            standard: ("ICD10", code),
            qualifiers,
            ..Diagnosis::default()
        };
        assert_eq!(cohort(&[], true).chapter(&d), expect, "{start} {end} {code} {qualifiers}");
    };
    check("2026-05-01", "", "K297", "", Some(10));
    check("2026-05-01", "", "A000", "", Some(0));
    check("2026-05-01", "", "U071", "", Some(21));
    check("2026-05-01", "", "", "", Some(22));
    check("2026-05-01", "", "漢", "", Some(22));
    // The period, to the day, and with less than a day.
    check("2027-03-31", "", "K297", "", Some(10));
    check("2027-04-01", "", "K297", "", None);
    check("2027-03", "", "K297", "", Some(10));
    check("2027-04", "", "K297", "", None);
    check("2027", "", "K297", "", Some(10));
    check("1995-01-01", "", "K297", "", Some(10));
    check("1995-01-01", "2026-04-01", "K297", "", Some(10));
    check("1995-01-01", "2026-03-31", "K297", "", None);
    check("1995-01-01", "2026-04", "K297", "", Some(10));
    check("1995-01-01", "2026-03", "K297", "", None);
    check("1995-01-01", "2026", "K297", "", Some(10));
    check("1995-01-01", "2025", "K297", "", None);
    check("", "2026-05-01", "K297", "", None);
    // Suspected.
    check("2026-05-01", "", "K297", "8002", None);
    check("2026-05-01", "", "K297", "4012 8002", None);
    check("2026-05-01", "", "K297", "18002 80020", Some(10));
}

#[test]
fn suspected_and_prefixes_follow_the_spec() {
    let d = |code: &'static str| Diagnosis {
        start: date("2026-05-01"),
        standard: ("ICD10", code),
        ..Diagnosis::default()
    };
    let suspected = Diagnosis { qualifiers: "8002", ..d("E119") };
    assert_eq!(cohort(&[], false).chapter(&suspected), Some(3));
    let diabetes = cohort(&["E10", "e11.9"], true);
    assert_eq!(diabetes.chapter(&d("E119")), Some(3));
    assert_eq!(diabetes.chapter(&d("e11.9")), Some(3));
    assert_eq!(diabetes.chapter(&d("E118")), None);
    assert_eq!(diabetes.chapter(&d("")), None);
    // The sender's own ICD-10 counts when there is no standard concept; another system's code does not.
    let own = Diagnosis { standard: ("", ""), source: ("ICD10", "E10.1"), ..d("") };
    assert_eq!(diabetes.chapter(&own), Some(3));
    assert_eq!(diabetes.chapter(&Diagnosis { source: ("RECE-B", "E101"), ..own }), None);
}

#[test]
fn the_majority_decides_whatever_the_order() {
    let facts = [
        ("1960-10", "1", "13"),
        ("1960-11", "2", "12"),
        ("1960-10", "2", "12"),
        ("", "0", ""),
        ("1960", "x", "48"),
    ];
    let mut orders = vec![facts.to_vec(), facts.iter().rev().copied().collect()];
    orders.push([facts[2], facts[4], facts[0], facts[3], facts[1]].to_vec());
    for order in orders {
        let mut person = Person::default();
        for (birth, sex, prefecture) in order {
            person.attributes(date(birth), sex, ("JISX0401", prefecture));
        }
        let known = person.on(Date::constant(2026, 10, 1));
        assert_eq!((known.sex, known.prefecture, known.age), (Some(2), Some(12), Some(66)));
        assert_eq!(person.disagreement(), Disagreement { sex: true, birth: true, prefecture: true });
    }
    let mut tie = Person::default();
    tie.attributes(date("1961-01-20"), "2", ("JISX0401", "27"));
    tie.attributes(date("1960-12-02"), "1", ("JISX0401", "26"));
    let known = tie.on(Date::constant(2026, 11, 30));
    assert_eq!((known.sex, known.prefecture, known.age), (Some(1), Some(26), Some(65)));
}

#[test]
fn categories() {
    let check = |age: Option<u16>, label: &str| {
        let at = category(Axis::AgeBand5, &Attributes { age, ..Attributes::default() }, 90).unwrap();
        assert_eq!(Grid::of(&[Axis::AgeBand5], 90).inner[0].labels[at], label);
    };
    check(Some(0), "0-4歳");
    check(Some(4), "0-4歳");
    check(Some(5), "5-9歳");
    check(Some(89), "85-89歳");
    check(Some(90), "90歳以上");
    check(Some(117), "90歳以上");
    check(None, "不明");
    let check = |sex, prefecture, labels: [&str; 2]| {
        let person = Attributes { sex, prefecture, age: None };
        let grid = Grid::of(&[Axis::Sex, Axis::Prefecture], 90);
        let got = [Axis::Sex, Axis::Prefecture].map(|a| category(a, &person, 90).unwrap());
        assert_eq!([&grid.inner[0].labels[got[0]], &grid.inner[1].labels[got[1]]], labels);
    };
    check(Some(1), Some(1), ["男", "北海道"]);
    check(Some(2), Some(47), ["女", "沖縄県"]);
    check(Some(9), Some(13), ["その他", "東京都"]);
    check(None, None, ["不明", "不明"]);
    check(Some(7), Some(48), ["不明", "不明"]);
}
