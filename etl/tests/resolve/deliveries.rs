//! Deliveries: resolved once, told once, in any order.

use std::collections::BTreeSet;

use musubi_model::identity::parts;
use musubi_storage::identity::open_demographics;

use crate::support::{House, people, sample};

#[test]
fn a_delivery_is_resolved_once() {
    let house = House::new();
    let people = people();
    let first = house.resolve(1, &people);
    assert_eq!((first.identities_new, first.persons_new, first.persons_merged), (5, 2, 0));
    assert!(people[..4].iter().all(|p| house.person(p) == house.person(&people[0])));
    assert_ne!(house.person(&people[4]), house.person(&people[0]));
    let again = house.resolve(1, &people);
    assert_eq!(again.placements, first.placements);
    assert_eq!((again.identities_new, again.persons_new), (0, 0));
    assert_eq!(again.findings, first.findings, "an interrupted delivery tells the same when it is run again");
    assert_eq!(house.resolve(2, &people).findings, [], "and a later one does not repeat it");
}

#[test]
fn findings_name_the_rule_and_nobody() {
    let house = House::new();
    let report = house.resolve(1, &people());
    let told: BTreeSet<&str> = report.findings.iter().map(|f| f.rule.id).collect();
    assert_eq!(told, BTreeSet::from(["MPI-LOCAL-BIRTH"]));
    assert_eq!(report.findings.len(), report.conflicts.len());
    for finding in &report.findings {
        // The rule itself may give an example, which is made up.
        let text = format!("{finding} {:?} {} {}", finding.position, finding.found, finding.expected);
        for secret in ["101 ", "555", "テスト", "ミホン", "1980", "1950", "生年月日: "] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn a_finding_does_not_name_the_other_provider() {
    let house = House::new();
    let [first, ..] = people();
    house.resolve(1, &[first]);
    let other = sample("1310000002", "9", "555", "テスト ツキコ", (1950, 1, 1));
    let report = house.resolve(2, &[other]);
    assert_eq!(report.findings[0].rule.id, "MPI-INSURED-GUARD");
    assert_eq!(report.findings[0].position.record, "提供元 1310000002");
}

#[test]
fn deliveries_in_any_order_give_the_same_persons() {
    let partition = |order: &[usize]| {
        let house = House::new();
        let people = people();
        for (n, place) in order.iter().enumerate() {
            house.resolve(u8::try_from(n).expect("small"), std::slice::from_ref(&people[*place]));
        }
        (house.partition(&people), house.db().conflict_counts().expect("counted"))
    };
    let forward = partition(&[0, 1, 2, 3, 4]);
    assert_eq!(forward.0, BTreeSet::from([BTreeSet::from([0, 1, 2, 3]), BTreeSet::from([4])]));
    assert_eq!(partition(&[4, 3, 2, 1, 0]), forward);
    // the first two share nothing until the third shows them to be one
    assert_eq!(partition(&[1, 3, 0, 4, 2]), forward);
}

#[test]
fn demographics_lie_sealed_and_open_as_sent() {
    let house = House::new();
    let [person, ..] = people();
    house.resolve(1, std::slice::from_ref(&person));
    let id = house.id(&person);
    let mut db = house.db();
    let sealed = db.sealed(&id).expect("read").expect("there");
    let keys = db.existing_data_keys(&house.ring.kek, &[id]).expect("keys");
    let opened = open_demographics(&keys[&id], &id, &sealed).expect("opens");
    let opened: Vec<_> = opened.iter().map(|(name, text)| (*name, text.expose().clone())).collect();
    assert_eq!(opened, parts(&person.demographics));
}

#[test]
fn the_erased_are_not_taken_in_again() {
    let house = House::new();
    let [person, other, ..] = people();
    let id = house.id(&person);
    let mut db = house.db();
    db.data_keys(&house.ring.kek, &[id]).expect("made");
    house
        .registry
        .server()
        .connect_owner()
        .expect("connected")
        .execute("UPDATE keys.data_key SET wrapped = NULL, destroyed_at = now()", &[])
        .expect("destroyed");
    let report = house.resolve(1, &[person, other.clone()]);
    assert_eq!(report.erased, BTreeSet::from([id]));
    assert_eq!(report.placements.keys().copied().collect::<Vec<_>>(), [house.id(&other)]);
    assert_eq!(report.findings.iter().map(|f| f.rule.id).collect::<Vec<_>>(), ["MPI-ERASED"]);
    assert_eq!(db.person_of(&id).expect("read"), None);
}
