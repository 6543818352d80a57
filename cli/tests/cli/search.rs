//! The word index and the box for any id: what is found by whom, that a damaged index says so, and that nobody whose
//! records are kept can be found.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::house::{House, Region, files, string, text};

fn as_account(house: &House, account: &str, words: &[&str]) -> Value {
    house.json(0, &[&["--actor", account, "search"], words].concat())
}

fn hits(house: &House, account: &str, words: &[&str]) -> BTreeSet<String> {
    let answer = as_account(house, account, &[&["find"], words, &["--limit", "200"]].concat());
    answer["hits"].as_array().unwrap().iter().map(|h| string(h, "id")).collect()
}

fn kinds(answer: &Value) -> Vec<String> {
    answer["found"].as_array().unwrap().iter().map(|f| string(f, "kind")).collect()
}

#[test]
fn a_night_makes_the_index_and_everybody_finds_what_they_may_see() {
    let house = Region::get().house();
    let region = &house.region;
    // Before the first night there is none, and that is said.
    let said = house.run(2, &["search", "find", "高血圧"]);
    assert!(said.err.contains("musubi search rebuild"), "{}", said.err);
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    house.run(3, &["nightly", "--inbox", text(&region.path("inbox/night-02"))]);

    // Everybody with an account: codes and rules.
    for account in ["submitter-01", "applicant-01", "member-01", "operator-01", "keys-01"] {
        let answer = as_account(&house, account, &["find", "UKE-GO-COUNT", "--kind", "rule"]);
        assert_eq!(string(&answer["hits"][0], "id"), "UKE-GO-COUNT", "{account}");
        assert!(!hits(&house, account, &["高血圧", "--kind", "code"]).is_empty(), "{account}");
    }
    // Checks and parameters: for those who may look at them.
    assert_eq!(string(&as_account(&house, "officer-01", &["find", "C-036"])["hits"][0], "id"), "C-036");
    assert!(hits(&house, "officer-01", &["operation.valid_days"]).contains("operation.valid_days"));
    assert!(hits(&house, "submitter-01", &["C-036", "--kind", "check"]).is_empty());
    assert!(hits(&house, "applicant-01", &["operation.valid_days"]).is_empty());

    // Findings: the house's people see all, a submitter those of its own deliveries, others none, and counts tell no more.
    let of = |account| hits(&house, account, &["-", "--kind", "finding"]);
    let (all, one, two) = (of("operator-01"), of("submitter-01"), of("submitter-02"));
    assert!(!all.is_empty() && one.is_disjoint(&two), "{one:?} {two:?} of {all:?}");
    assert!(one.union(&two).all(|id| all.contains(id)));
    assert!(of("applicant-01").is_empty());
    let counted = as_account(&house, "applicant-01", &["find", "-"]);
    let none = |k: &Value| k["kind"] != "finding";
    assert!(counted["kinds"].as_array().unwrap().iter().all(none), "{counted}");

    ids_are_known_to_whoever_may_see_them(&house);
    nobody_is_found(&house);
    a_damaged_index_says_so(&house);
    // What was asked stands nowhere; that somebody asked does.
    let log = house.json(0, &["audit", "log", "--last", "5000"]).to_string();
    assert!(log.contains("search") && !log.contains("高血圧"));
}

fn ids_are_known_to_whoever_may_see_them(house: &House) {
    let deliveries = house.json(0, &["submission"]);
    let mine = as_account(house, "submitter-01", &["find", "-", "--kind", "finding", "--limit", "200"]);
    let mine = string(&mine["hits"][0], "id").split(':').next().unwrap().to_owned();
    assert!(deliveries.to_string().contains(&mine));
    let known = |account: &str, id: &str| as_account(house, account, &["id", id]);
    assert_eq!(kinds(&known("operator-01", &mine)), ["submission"]);
    assert_eq!(kinds(&known("submitter-01", &mine.to_uppercase())), ["submission"]);
    let other = known("submitter-02", &mine);
    assert_eq!((kinds(&other), &other["help_desk"]), (vec![], &Value::Bool(true)), "not there for others");
    let fact = string(&house.json(0, &["trace", "any"]), "fact_id");
    assert_eq!(kinds(&known("curator-01", &fact)), ["fact"]);
    assert_eq!(kinds(&known("applicant-01", &fact)), [""; 0]);
    for (id, kind, account) in [
        ("c-36", "check", "auditor-01"),
        ("uke-go-count", "rule", "applicant-01"),
        ("desk-01", "account", "officer-01"),
        ("mihon-city", "organisation", "city-01"),
        ("operation.valid_days", "parameter", "officer-01"),
    ] {
        assert_eq!(kinds(&known(account, id)), [kind], "{id}");
    }
    assert_eq!(kinds(&known("applicant-01", "desk-01")), [""; 0]);
    // A number that is no code may be a person's.
    for number in ["98765432", "1234-5678-9018", &"5a".repeat(16)] {
        let answer = known("operator-01", number);
        assert_eq!((kinds(&answer), &answer["help_desk"]), (vec![], &Value::Bool(true)), "{number}");
    }
    let answer = known("operator-01", "O-2026-0001");
    assert_eq!(
        (kinds(&answer), &answer["help_desk"]),
        (vec![], &Value::Bool(false)),
        "an entry that is not there"
    );
}

fn nobody_is_found(house: &House) {
    let persons = fs::read_to_string(house.region.path("truth/persons.csv")).unwrap();
    let mut asked = 0;
    for line in persons.lines().skip(1).step_by(60) {
        let fields: Vec<&str> = line.split(',').collect();
        let whole = fields[6].replace(' ', "");
        for needle in [whole.as_str(), fields[15]].into_iter().filter(|n| n.chars().count() >= 4) {
            assert!(hits(house, "officer-01", &[needle]).is_empty(), "somebody can be found");
            asked += 1;
        }
    }
    assert!(asked >= 4, "{asked} needles");
}

fn a_damaged_index_says_so(house: &House) {
    let folder = house.data().join("search/index");
    let largest = files(&folder).into_iter().max_by_key(|f| fs::metadata(f).unwrap().len()).unwrap();
    let mut bytes = fs::read(&largest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&largest, bytes).unwrap();
    let said = house.run(2, &["--lang", "en", "search", "find", "UKE-GO-COUNT"]);
    assert!(said.err.contains("musubi search rebuild"), "{}", said.err);
    house.run(2, &["--actor", "submitter-01", "search", "rebuild"]);
    let made = house.json(0, &["search", "rebuild"]);
    assert!(made["kinds"]["rule"].as_u64().unwrap() > 400 && made["kinds"]["check"] == 92, "{made}");
    house.run(0, &["search", "find", "UKE-GO-COUNT"]);
}
