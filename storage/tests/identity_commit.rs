//! Identities in a real PostgreSQL: written once, joined, merged with aliases, told in conflicts, safe from races.

mod identity_support;
mod support;

use std::collections::BTreeSet;

use identity_support::{Naive, at, commit, id, registry, row, submission, token};
use musubi_model::matching::{Conflict, ConflictKind, TokenKind};
use musubi_model::{IdentityId, ResearchId};
use musubi_storage::identity::{LAKE_BUCKETS, home_bucket, random_research_ids};
use musubi_storage::keys::SealKey;
use support::house;

#[test]
fn what_is_committed_twice_is_there_once() {
    let house = house();
    let mut db = registry(&house).identity().expect("a handle");
    let rows = [row(1, 1, 1, 1), row(2, 2, 2, 2)];
    let first = commit(&mut db, 1, &rows);
    assert_eq!((first.identities_new, first.persons_new), (2, 2));
    assert_eq!(db.person_of(&id(1)).unwrap(), first.placements.get(&id(1)).copied());
    assert_eq!(db.sealed(&id(1)).unwrap(), Some(rows[0].sealed.clone()));
    assert_eq!(db.person_of(&id(9)).unwrap(), None);

    let again = commit(&mut db, 1, &rows);
    assert_eq!(again.placements, first.placements);
    assert_eq!((again.identities_new, again.persons_new, again.persons_merged), (0, 0, 0));
    assert_eq!(db.history(&id(1)).unwrap().len(), 1);
}

#[test]
fn joining_keeps_person_and_bucket() {
    let house = house();
    let mut db = registry(&house).identity().expect("a handle");
    let first = commit(&mut db, 1, &[row(1, 1, 1, 1)]).placements[&id(1)];
    assert_eq!(first.bucket, home_bucket(&first.research_id));
    assert!(first.bucket < LAKE_BUCKETS);
    let second = commit(&mut db, 2, &[row(2, 1, 1, 7)]).placements[&id(2)];
    assert_eq!(second, first);
    let members = db.members_of(&first.research_id).unwrap();
    assert_eq!(members.iter().map(|m| m.identity_id).collect::<Vec<_>>(), [id(1), id(2)]);
    let around = db.neighbourhood(&[token(TokenKind::Insured, 1), token(TokenKind::Local, 9)]).unwrap();
    assert_eq!(around.identities.keys().copied().collect::<Vec<_>>(), [id(1), id(2)]);
    assert_eq!(around.postings.len(), 2);
    let wrong_kind = db.neighbourhood(&[token(TokenKind::Name, 1)]).unwrap();
    assert!(wrong_kind.identities.is_empty(), "a token counts for its own kind only");
}

#[test]
fn a_merge_leaves_an_alias_and_moves_no_bucket() {
    let house = house();
    let mut db = registry(&house).identity().expect("a handle");
    let older = commit(&mut db, 1, &[row(1, 1, 1, 1)]).placements[&id(1)];
    let younger = commit(&mut db, 2, &[row(2, 1, 2, 2)]).placements[&id(2)];
    assert_ne!(older.research_id, younger.research_id);
    let done = commit(&mut db, 3, &[row(3, 1, 1, 2), row(2, 1, 2, 2)]);
    assert_eq!(done.persons_merged, 1);
    assert_eq!(done.placements[&id(3)], older);

    let moved = db.person_of(&id(2)).unwrap().unwrap();
    assert_eq!(done.placements[&id(2)], moved, "a known identity is answered as it is after the merge");
    assert_eq!(moved.research_id, older.research_id);
    assert_eq!(moved.bucket, younger.bucket, "facts stay where they were written");
    assert_eq!(db.current_person(&younger.research_id).unwrap(), Some(older.research_id));
    assert_eq!(db.current_person(&older.research_id).unwrap(), Some(older.research_id));
    assert_eq!(db.current_person(&ResearchId([0; 16])).unwrap(), None);

    // the trace of the moved identity says how it came to its person
    let history = db.history(&id(2)).unwrap();
    let told: Vec<_> = history.iter().map(|d| (d.kind.as_str(), d.identity_id)).collect();
    assert_eq!(told, [("new", id(2)), ("merge", id(2))]);
    assert_eq!(history[1].former, Some(younger.research_id));
    assert_eq!((history[1].weight, history[1].levels), (Some(9), Some(5)));
    assert_eq!((history[1].at, history[1].submission), (at(3), Some(submission(3))));
    assert_eq!(history[1].engine, "naive/1");
    // an identity of the survivor has not moved, and its trace does not speak of the merge
    assert_eq!(db.history(&id(1)).unwrap().len(), 1);
}

#[test]
fn an_alias_of_an_alias_leads_to_the_person() {
    let house = house();
    let mut db = registry(&house).identity().expect("a handle");
    let persons: Vec<ResearchId> =
        (1..=3).map(|n| commit(&mut db, n, &[row(n, 1, n, n)]).placements[&id(n)].research_id).collect();
    commit(&mut db, 4, &[row(4, 1, 2, 3)]);
    assert_eq!(db.current_person(&persons[2]).unwrap(), Some(persons[1]));
    commit(&mut db, 5, &[row(5, 1, 1, 2)]);
    assert_eq!(db.current_person(&persons[2]).unwrap(), Some(persons[0]));
    assert_eq!(db.members_of(&persons[0]).unwrap().len(), 5);
    let kinds: Vec<String> = db.history(&id(3)).unwrap().into_iter().map(|d| d.kind).collect();
    assert_eq!(kinds, ["new", "merge", "merge"]);
}

#[test]
fn a_conflict_is_queued_once_and_told_again_to_an_interrupted_run() {
    let house = house();
    let mut db = registry(&house).identity().expect("a handle");
    commit(&mut db, 1, &[row(1, 1, 1, 1)]);
    let expected = Conflict::between(id(1), id(2), ConflictKind::Guard(TokenKind::Local)).unwrap();
    let other = [row(2, 9, 2, 1)];
    assert_eq!(commit(&mut db, 2, &other).conflicts, [expected]);
    assert_eq!(commit(&mut db, 2, &other).conflicts, [expected], "the same submission, run again");
    assert_eq!(commit(&mut db, 3, &other).conflicts, [], "another submission did not bring it");
    let queue = db.conflicts("open", None, 10).unwrap();
    assert_eq!(queue.len(), 1);
    assert_eq!((queue[0].conflict, queue[0].submission), (expected, submission(2)));
    assert_eq!(db.conflicts("open", Some(&expected), 10).unwrap(), []);
    assert_eq!(
        db.conflict_counts().unwrap().into_iter().collect::<Vec<_>>(),
        [(("local".into(), "open".into()), 1)]
    );
}

#[test]
fn two_processes_never_decide_past_each_other() {
    let house = house();
    let registry = registry(&house);
    // both bring identities of the same forty persons, in opposite orders and small batches
    let rows = |offset: u8| (1..=40u8).map(move |n| row(n + offset, n, n, 0)).collect::<Vec<_>>();
    let (mut one, mut two) = (rows(0), rows(100));
    two.reverse();
    one.rotate_left(5);
    std::thread::scope(|scope| {
        for (n, rows) in [(1, &one), (2, &two)] {
            let mut db = registry.identity().expect("a handle");
            scope.spawn(move || rows.chunks(3).for_each(|some| drop(commit(&mut db, n, some))));
        }
    });
    let mut db = registry.identity().expect("a handle");
    let mut persons = BTreeSet::new();
    for n in 1..=40 {
        let (a, b) = (db.person_of(&id(n)).unwrap().unwrap(), db.person_of(&id(n + 100)).unwrap().unwrap());
        assert_eq!(a.research_id, b.research_id, "identity {n}");
        persons.insert(a.research_id);
    }
    assert_eq!(persons.len(), 40);
}

#[test]
fn a_failed_commit_leaves_nothing() {
    let house = house();
    let mut db = registry(&house).identity().expect("a handle");
    let taken = commit(&mut db, 1, &[row(1, 1, 1, 1)]).placements[&id(1)].research_id;
    let refused = db
        .commit_identities(submission(2), at(2), &[row(2, 2, 2, 2)], &Naive, &mut |n| Ok(vec![taken; n]))
        .expect_err("taken");
    assert!(!format!("{refused}").contains("02020202"), "{refused}");
    assert_eq!(db.person_of(&id(2)).unwrap(), None);
    assert_eq!(db.sealed(&id(2)).unwrap(), None);
}

#[test]
fn data_keys_are_made_once_and_never_after_destruction() {
    let house = house();
    let registry = registry(&house);
    let mut db = registry.identity().expect("a handle");
    let kek = SealKey::random().expect("a key");
    let ids: Vec<IdentityId> = (1..=20).map(id).collect();
    assert!(db.existing_data_keys(&kek, &ids).unwrap().is_empty());
    let made = db.data_keys(&kek, &ids).unwrap();
    let twice = [ids.clone(), ids.clone()].concat();
    let read = registry.ingest().expect("a handle").data_keys(&kek, &twice).unwrap();
    assert_eq!(made.len(), 20);
    assert!(made.iter().all(|(id, key)| read[id].expose() == key.expose()));
    assert!(db.data_keys(&SealKey::random().unwrap(), &ids).is_err(), "another KEK opens nothing");

    registry
        .server()
        .connect_owner()
        .unwrap()
        .execute(
            "UPDATE keys.data_key SET wrapped = NULL, destroyed_at = now() WHERE key_id = $1",
            &[&id(7).as_bytes()],
        )
        .unwrap();
    let left = db.data_keys(&kek, &ids).unwrap();
    assert_eq!(left.len(), 19);
    assert!(!left.contains_key(&id(7)));
}

#[test]
fn racing_processes_get_the_same_data_keys() {
    let house = house();
    let registry = registry(&house);
    let kek = SealKey::random().expect("a key");
    let ids: Vec<IdentityId> = (1..=200).map(id).collect();
    let all: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                let mut db = registry.ingest().expect("a handle");
                let (kek, ids) = (&kek, &ids);
                scope.spawn(move || db.data_keys(kek, ids).expect("keys"))
            })
            .collect();
        workers.into_iter().map(|w| w.join().expect("no panic")).collect()
    });
    for keys in &all {
        assert_eq!(keys.len(), 200);
        assert!(keys.iter().all(|(id, key)| all[0][id].expose() == key.expose()));
    }
}

#[test]
fn research_ids_are_random_and_many() {
    let ids: BTreeSet<ResearchId> = random_research_ids(1000).unwrap().into_iter().collect();
    assert_eq!(ids.len(), 1000);
}
