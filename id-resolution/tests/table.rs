//! Matching of any table: the same persons in any order of rows, bad input told plainly, and the public sets.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use musubi_id_resolution::eval::{Persons, judge};
use musubi_id_resolution::table::config::{Config, Plan, SHIPPED};
use musubi_id_resolution::table::csv::{self, Sheet};
use musubi_id_resolution::table::{Linked, link};
use proptest::prelude::*;

fn plan(name: &str) -> Plan {
    let (_, text) = SHIPPED.iter().find(|(n, _)| *n == name).unwrap();
    match Config::read(text).unwrap() {
        Config::Table(plan) => *plan,
        Config::PersonJa(_) => panic!("{name} is no table"),
    }
}

fn persons(sheet: &Sheet, linked: &Linked) -> Persons {
    let id = |row: usize| sheet.rows[row][0].clone();
    linked.person.iter().enumerate().map(|(row, person)| (id(row), id(*person))).collect()
}

/// Plainly synthetic persons, each written down one to three times, sometimes badly.
fn sample(seed: u32, count: u32) -> Sheet {
    let mut state = u64::from(seed) + 1;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut text = "record_id,first_name,surname,dob,city,email\n".to_owned();
    for person in 0..count {
        let (first, last) = (format!("first{}x", next(40)), format!("family{}z", next(60)));
        let dob = format!("{}-{:02}-{:02}", 1940 + next(70), 1 + next(12), 1 + next(28));
        for copy in 0..=next(3) {
            let first = if next(6) == 0 { first.replace('r', "rr") } else { first.clone() };
            let (a, b) = if next(8) == 0 { (&last, &first) } else { (&first, &last) };
            let b = if next(6) == 0 { "" } else { b.as_str() };
            let email = if next(3) == 0 { String::new() } else { format!("{person}@example.org") };
            let _ = writeln!(text, "p{person}c{copy},{a},{b},{dob},town{},{email}", person % 9);
        }
    }
    csv::read(text.as_bytes()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn rows_in_any_order_give_the_same_persons(seed in any::<u32>(), keys in proptest::collection::vec(any::<u32>(), 120)) {
        let sheet = sample(seed, 30);
        let plan = plan("fake");
        let linked = link(&sheet, &plan, &mut |_| {}).unwrap();
        let mut order: Vec<usize> = (0..sheet.rows.len()).collect();
        order.sort_by_key(|r| (keys[*r], *r));
        let shuffled = Sheet { rows: order.iter().map(|r| sheet.rows[*r].clone()).collect(), ..sheet.clone() };
        let again = link(&shuffled, &plan, &mut |_| {}).unwrap();
        prop_assert_eq!(persons(&sheet, &linked), persons(&shuffled, &again));
        prop_assert_eq!(linked.threshold, again.threshold);
        let edges = |l: &Linked, s: &Sheet| {
            let id = |r: usize| s.rows[r][0].clone();
            l.edges.iter().map(|e| ((id(e.a).min(id(e.b)), id(e.a).max(id(e.b))), e.weight)).collect::<BTreeMap<_, _>>()
        };
        prop_assert_eq!(edges(&linked, &sheet), edges(&again, &shuffled));
    }
}

#[test]
fn persons_written_badly_are_found() {
    let sheet = sample(7, 200);
    let linked = link(&sheet, &plan("fake"), &mut |_| {}).unwrap();
    let found = persons(&sheet, &linked);
    let truth: Persons = found.keys().map(|r| (r.clone(), r.split('c').next().unwrap().to_owned())).collect();
    let verdict = judge(&truth, &found);
    assert!(verdict.pairwise.f1 > 0.97, "{verdict:?}");
}

#[test]
fn a_row_with_nothing_to_match_on_is_kept_alone_and_counted() {
    let mut sheet = sample(3, 20);
    sheet.rows.push(vec![
        "blank1".into(),
        String::new(),
        String::new(),
        String::new(),
        " ".into(),
        String::new(),
    ]);
    sheet.rows.push(vec![
        "blank2".into(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    ]);
    let linked = link(&sheet, &plan("fake"), &mut |_| {}).unwrap();
    assert_eq!(linked.blank, 2);
    let found = persons(&sheet, &linked);
    assert_eq!((found["blank1"].as_str(), found["blank2"].as_str()), ("blank1", "blank2"));
}

#[test]
fn tables_of_nothing_and_of_one_row() {
    for rows in ["", "a,Ann,Bee,1990-01-01,,\n", ",Ann,,,,\n"] {
        let sheet =
            csv::read(format!("record_id,first_name,surname,dob,city,email\n{rows}").as_bytes()).unwrap();
        let linked = link(&sheet, &plan("fake"), &mut |_| {});
        if rows.starts_with(',') {
            assert!(linked.unwrap_err().to_string().contains("1 件目"));
        } else {
            assert_eq!(linked.unwrap().person, (0..sheet.rows.len()).collect::<Vec<_>>());
        }
    }
}

#[test]
fn what_does_not_fit_is_said() {
    let sheet = csv::read(b"record_id,first_name,dob,city,email\n1,a,b,c,d\n").unwrap();
    let why = link(&sheet, &plan("fake"), &mut |_| {}).unwrap_err().to_string();
    assert!(why.contains("surname") && why.contains("first_name, dob"), "{why}");
    let sheet = csv::read(b"record_id,first_name,surname,dob,city,email\n1,,,,,\n2,,,,,\n1,,,,,\n").unwrap();
    let why = link(&sheet, &plan("fake"), &mut |_| {}).unwrap_err().to_string();
    assert!(why.contains("1 件目と 3 件目"), "{why}");
    for (text, part) in [
        ("kind = \"nonsense\"", "nonsense"),
        ("id = \"a\"\nblock = [[\"b\"]]\n[[column]]\nname = \"a\"\n[[compare]]\non = \"a\"", "`b`"),
        (
            "id = \"a\"\nblock = [[\"a\"]]\n[[column]]\nname = \"a\"\n[[compare]]\non = \"a\"\nlevels = [\"osa x\"]",
            "osa x",
        ),
        ("id = \"a\"\nblock = []\n[[column]]\nname = \"a\"\n[[compare]]\non = \"a\"", "block"),
        (
            "id = \"a\"\nnonsense = 1\nblock = [[\"a\"]]\n[[column]]\nname = \"a\"\n[[compare]]\non = \"a\"",
            "nonsense",
        ),
        (
            "id = \"a\"\nswap = [\"a\"]\nblock = [[\"a\"]]\n[[column]]\nname = \"a\"\n[[compare]]\non = \"a\"",
            "swap",
        ),
    ] {
        let why = Config::read(text).unwrap_err();
        assert!(why.contains(part), "{part}: {why}");
    }
}

/// A block of everybody (a placeholder as a value) costs nothing and is counted.
#[test]
fn a_value_that_everybody_has_is_left_out_of_blocking() {
    let mut sheet = sample(5, 100);
    for row in &mut sheet.rows {
        row[5] = "none@example.org".into();
    }
    let mut plan = plan("fake");
    plan.block_max = 50;
    let linked = link(&sheet, &plan, &mut |_| {}).unwrap();
    assert!(linked.rules[0].2 == 1 && linked.rules[0].1 == 0, "{:?}", linked.rules);
    assert!(linked.persons() > 60, "{} persons", linked.persons());
}

/// Link-only: records of one source are never joined directly, and with `once_per_source` not by way of others.
#[test]
fn sources_hold_a_person_once() {
    let mut text = "record_id,source,given_name,surname,street_number,address_1,address_2,suburb,postcode,state,date_of_birth,soc_sec_id\n".to_owned();
    for i in 0..60 {
        for source in ["A", "B", "B2"] {
            let source_name = source.trim_end_matches(char::is_numeric);
            let _ = writeln!(
                text,
                "{i}{source},{source_name},given{i},family{},1,road,house,town{},{},nsw,19{:02}0{}1{},{}",
                i % 7,
                i % 5,
                2000 + i,
                i,
                1 + i % 9,
                i % 9,
                5_000_000 + i * 37
            );
        }
    }
    let sheet = csv::read(text.as_bytes()).unwrap();
    let linked = link(&sheet, &plan("febrl4"), &mut |_| {}).unwrap();
    let found = persons(&sheet, &linked);
    let mut seen = BTreeMap::new();
    for row in &sheet.rows {
        *seen.entry((found[&row[0]].clone(), row[1].clone())).or_insert(0) += 1;
    }
    assert!(seen.values().all(|n| *n == 1), "a source holds somebody twice");
    assert_eq!(linked.persons(), 120);
}

/// The public sets, when they lie beside the repository: set, configuration, least F1 over pairs, least B³. Each floor
/// is what was measured, less a tolerance of half of what was left to be wrong, and above the best figure of the
/// public tools.
#[test]
fn the_public_sets() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples/mpi");
    if !folder.is_dir() {
        eprintln!("skipped: the public sets are not at {}", folder.display());
        return;
    }
    for (set, config, f1, b3) in [
        ("febrl1", "febrl", 0.9995, 0.9995),
        ("febrl2", "febrl", 0.9995, 0.9995),
        ("febrl3", "febrl", 0.9995, 0.9995),
        ("fake_1000", "fake", 0.97, 0.97),
        ("RLdata500", "rldata", 0.97, 0.99),
        ("pseudopeople", "pseudopeople", 0.993, 0.995),
    ] {
        let read = |name: &str| csv::read(&std::fs::read(folder.join(set).join(name)).unwrap()).unwrap();
        let sheet = read("records.csv");
        let truth: Persons =
            read("truth.csv").rows.into_iter().map(|r| (r[0].clone(), r[1].clone())).collect();
        let linked = link(&sheet, &plan(config), &mut |_| {}).unwrap();
        let verdict = judge(&truth, &persons(&sheet, &linked));
        assert!(verdict.pairwise.f1 >= f1, "{set}: F1 {:?}", verdict.pairwise);
        assert!(verdict.bcubed.f1 >= b3, "{set}: B3 {:?}", verdict.bcubed);
    }
}
