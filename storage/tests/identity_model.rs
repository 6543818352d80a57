//! The ledger of models: kept once, adopted by two different people, never changed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

mod support;

use jiff::Timestamp;
use musubi_storage::identity::{Adoption, StoredModel};
use musubi_storage::registry::Registry;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn stored(n: u8) -> StoredModel {
    StoredModel {
        hash: format!("{n:02x}").repeat(32),
        version: format!("ja/{n}+00000000"),
        file: vec![n; 1_000],
        signature: "ab".repeat(64),
        trained_on: format!("{{\"records\":{n}}}"),
    }
}

#[test]
fn a_model_decides_after_two_people_said_so() {
    let house = support::house();
    let registry = Registry::open(house.database()).unwrap();
    let mut db = registry.identity().unwrap();
    assert_eq!(db.current_model().unwrap(), None);
    let (one, two) = (stored(1), stored(2));
    assert!(db.put_model(&one, "sato", at(0)).unwrap());
    assert!(!db.put_model(&one, "suzuki", at(1)).unwrap(), "it is there already");
    assert!(db.put_model(&two, "sato", at(2)).unwrap());
    let twice = StoredModel { hash: "ee".repeat(32), ..one.clone() };
    assert!(db.put_model(&twice, "sato", at(2)).is_err(), "another file of the same version");

    assert_eq!(db.adopt_model(&"ff".repeat(32), "sato", "x", at(3)).unwrap(), Adoption::Unknown);
    assert_eq!(db.adopt_model(&one.hash, "sato", "first", at(3)).unwrap(), Adoption::Proposed);
    assert_eq!(db.adopt_model(&one.hash, "sato", "again", at(4)).unwrap(), Adoption::SamePerson);
    assert_eq!(db.current_model().unwrap(), None, "one person is not enough");
    assert_eq!(db.adopt_model(&two.hash, "sato", "both", at(5)).unwrap(), Adoption::Proposed);
    assert_eq!(db.adopt_model(&one.hash, "suzuki", "agreed", at(6)).unwrap(), Adoption::Adopted);
    assert_eq!(db.current_model().unwrap(), Some(one.clone()), "bytes and signature as they were put in");
    assert_eq!(db.adopt_model(&one.hash, "tanaka", "late", at(7)).unwrap(), Adoption::Current);
    // an adoption ends what was proposed before: the second person has to know what is replaced
    assert_eq!(db.adopt_model(&two.hash, "suzuki", "b", at(8)).unwrap(), Adoption::Proposed);
    assert_eq!(db.adopt_model(&two.hash, "sato", "b", at(9)).unwrap(), Adoption::Adopted);
    assert_eq!(db.current_model().unwrap(), Some(two.clone()));

    let rows = db.models().unwrap();
    let shown: Vec<_> = rows.iter().map(|m| (m.version.as_str(), m.adopted.clone(), m.retired_at)).collect();
    let adopted = |second: i64, a: &str, b: &str| Some((at(second), a.to_owned(), b.to_owned()));
    assert_eq!(
        shown,
        [
            (two.version.as_str(), adopted(9, "suzuki", "sato"), None),
            (one.version.as_str(), adopted(6, "sato", "suzuki"), Some(at(9))),
        ]
    );
    // an earlier model can come back, by two people again
    assert_eq!(db.adopt_model(&one.hash, "sato", "back", at(10)).unwrap(), Adoption::Proposed);
    assert_eq!(db.models().unwrap()[1].proposed, Some((at(10), "sato".to_owned())));
    assert_eq!(db.adopt_model(&one.hash, "suzuki", "back", at(11)).unwrap(), Adoption::Adopted);
    assert_eq!(db.current_model().unwrap().unwrap().hash, one.hash);
}

#[test]
fn the_ledger_is_append_only_and_knows_two_names() {
    let house = support::house();
    let registry = Registry::open(house.database()).unwrap();
    registry.identity().unwrap().put_model(&stored(1), "sato", at(0)).unwrap();
    let mut owner = registry.server().connect_owner().unwrap();
    for statement in ["UPDATE identity.model SET version = 'x'", "DELETE FROM identity.model_adoption"] {
        assert!(owner.batch_execute(statement).is_err(), "{statement}");
    }
    let alone = "INSERT INTO identity.model_adoption (hash, at, adopted_by, approved_by, reason)
                 SELECT hash, now(), 'sato', 'sato', 'x' FROM identity.model";
    assert!(owner.batch_execute(alone).is_err(), "one person cannot be both");
}

#[test]
fn identities_come_in_steps_and_each_once() {
    let house = support::house();
    let registry = Registry::open(house.database()).unwrap();
    let mut owner = registry.server().connect_owner().unwrap();
    for n in [3u8, 1, 5, 2, 4] {
        owner
            .execute(
                "INSERT INTO identity.source_identity VALUES ($1, '1310000001', $2, true, $3)",
                &[&vec![n; 16], &vec![n; 8], &vec![0u8; 16]],
            )
            .unwrap();
    }
    let mut db = registry.identity().unwrap();
    assert_eq!(db.identity_count().unwrap(), 5);
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let rows = db.sealed_after(after.as_ref(), 2).unwrap();
        let Some(last) = rows.last() else { break };
        after = Some(last.identity_id);
        seen.extend(rows.iter().map(|r| r.sealed[0]));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}
