//! Incremental is full: what nights have decided one after another, a decision over everybody finds as well; and a model
//! is switched there and back without a needless change.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::collections::BTreeMap;

use musubi_etl::matching::Matching;
use musubi_etl::{gates, relink};
use musubi_id_resolution::mpi::{BIT, Model};
use musubi_model::{IdentityId, ResearchId};
use musubi_storage::StorageError;
use musubi_storage::registry::IdentityDb;

use crate::support::{Room, now, packages_of};

fn persons(db: &mut IdentityDb) -> BTreeMap<IdentityId, ResearchId> {
    db.person_map().expect("read").into_iter().collect()
}

/// A model under which far less is one person.
fn strict() -> Matching {
    let mut model = Model { version: "strict/1".to_owned(), ..Model::default() };
    model.rules.threshold = 25 * BIT;
    Matching { model, ..Matching::default() }
}

fn switch(room: &Room, db: &mut IdentityDb, matching: &Matching) -> musubi_storage::identity::Committed {
    let ring = &room.shared.ring;
    relink::propose(db, matching, "keeper-1", now()).expect("proposed");
    relink::confirm(db, ring, matching, "keeper-2", now()).expect("switched").1
}

#[test]
fn the_shadow_of_the_model_in_force_finds_nothing_and_a_switch_leads_there_and_back() {
    let room = Room::new();
    for path in packages_of(&room.shared.region) {
        room.take(&path);
    }
    let mut db = room.registry.identity().expect("a handle");
    let ring = &room.shared.ring;
    let (mine, strict) = (Matching::default(), strict());
    let before = persons(&mut db);
    assert!(before.len() > 100, "the region is of use: {}", before.len());

    let same = relink::shadow(&mut db, ring, &mine).expect("read");
    assert_eq!(same.churn.identities, before.len() as u64);
    assert_eq!((same.churn.differences(), same.churn.changed), (0, 0), "{:?}", same.churn);
    let other = relink::shadow(&mut db, ring, &strict).expect("read");
    assert!(other.churn.split > 0 && other.churn.changed > 0, "{:?}", other.churn);
    assert_eq!((other.churn.needless, other.churn.merged), (0, 0));
    assert_eq!(persons(&mut db), before, "a shadow changes nothing");

    // Notices are never inherited (C-011): linkage, whatever it joins or parts, touches no fact, and with it no notice
    // under which one came. (There are no notices yet: all are 0.)
    let facts = room.fingerprint();

    // under the model in force the switch changes nobody
    let done = switch(&room, &mut db, &mine);
    assert_eq!((done.moved, done.persons_new, done.persons_merged), (0, 0, 0));
    assert_eq!(persons(&mut db), before);

    let done = switch(&room, &mut db, &strict);
    assert_eq!(done.moved, other.churn.changed, "the shadow told what the switch does");
    let there = persons(&mut db);
    let changed = before.iter().filter(|(id, person)| there[*id] != **person).count();
    assert_eq!(changed as u64, other.churn.changed);
    assert_eq!(relink::shadow(&mut db, ring, &strict).expect("read").churn.differences(), 0);
    assert_eq!(db.replay_decisions().expect("replayed"), there);

    switch(&room, &mut db, &mine);
    assert_eq!(persons(&mut db), before, "everybody has the old research id again");
    assert_eq!(relink::shadow(&mut db, ring, &mine).expect("read").churn.differences(), 0);
    assert_eq!(db.replay_decisions().expect("replayed"), before);
    assert_eq!(room.fingerprint(), facts);
}

#[test]
fn one_person_switches_no_model_and_none_but_the_proposed_one() {
    let room = Room::new();
    room.take(&room.shared.package("night-01/receipts-13"));
    let mut db = room.registry.identity().expect("a handle");
    let ring = &room.shared.ring;
    let (mine, strict) = (Matching::default(), strict());
    let refused = |r: Result<_, StorageError>| assert!(matches!(r, Err(StorageError::Refused(_))));
    refused(relink::confirm(&mut db, ring, &mine, "keeper-2", now()).map(|_| ()));
    relink::propose(&mut db, &strict, "keeper-1", now()).expect("proposed");
    refused(relink::confirm(&mut db, ring, &strict, "keeper-1", now()).map(|_| ()));
    refused(relink::confirm(&mut db, ring, &mine, "keeper-2", now()).map(|_| ()));
    let before = persons(&mut db);
    relink::confirm(&mut db, ring, &strict, "keeper-2", now()).expect("switched");
    refused(relink::confirm(&mut db, ring, &strict, "keeper-3", now()).map(|_| ()));
    assert_eq!(before.len(), persons(&mut db).len());
}

#[test]
fn gates_that_cannot_read_their_input_are_shut() {
    let room = Room::new();
    room.take(&room.shared.package("night-01/receipts-13"));
    let mut db = room.registry.identity().expect("a handle");
    let report = gates::run(&mut db, &Matching::default(), now()).expect("kept");
    assert!(report.passed, "{report:?}");
    assert_eq!(db.gate_shut().expect("asked"), None);
    room.execute("REVOKE SELECT ON identity.match_run FROM musubi_identity");
    let report = gates::run(&mut db, &Matching::default(), now()).expect("kept");
    assert!(!report.passed);
    assert!(db.gate_shut().expect("asked").is_some());
    room.execute("GRANT SELECT ON identity.match_run TO musubi_identity");
    assert!(gates::run(&mut db, &Matching::default(), now()).expect("kept").passed);
    assert_eq!(db.gate_shut().expect("asked"), None);
}
