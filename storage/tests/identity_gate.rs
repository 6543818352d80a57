//! The gates of matching in a real PostgreSQL: what is counted, and when a cohort may be written.
#![allow(clippy::indexing_slicing, clippy::expect_used)] // test data, not input

mod identity_support;
mod support;

use identity_support::{at, commit, gate_run, pass_gates, registry, row};
use jiff::civil::date;
use musubi_storage::StorageError;
use musubi_storage::identity::{CohortOrder, CohortUse, GateShut};
use musubi_storage::registry::IdentityDb;
use support::house;

fn writes(db: &mut IdentityDb, cohort_id: &str) -> Result<u64, StorageError> {
    let on = date(2026, 6, 1);
    let order = CohortOrder {
        cohort_id,
        approval_id: "approval-1",
        commit_id: 1,
        usage: CohortUse::Anonymised,
        on,
        at: at(0),
    };
    db.write_cohort(&order).map(|w| w.persons)
}

fn refuses(db: &mut IdentityDb, why: GateShut) {
    assert_eq!(db.gate_shut().expect("asked"), Some(why));
    let refused = writes(db, "none");
    assert!(
        matches!(&refused, Err(StorageError::Refused(words)) if *words == why.to_string()),
        "{refused:?}"
    );
}

#[test]
fn a_cohort_is_written_only_behind_open_gates() {
    let house = house();
    let registry = registry(&house);
    let mut db = registry.identity().expect("a handle");
    assert_eq!(writes(&mut db, "c0").expect("nobody was decided on"), 0);

    commit(&mut db, 1, &[row(1, 1, 1, 1), row(2, 2, 2, 2)]);
    refuses(&mut db, GateShut::Never);
    let counts = db.gate_counts(50, 30).expect("counted");
    let first = db.record_gate_run(&gate_run(&counts, true)).expect("kept");
    assert_eq!(writes(&mut db, "c1").expect("open"), 2);

    commit(&mut db, 2, &[row(3, 3, 3, 3)]);
    refuses(&mut db, GateShut::Older(first));
    let counts = db.gate_counts(50, 30).expect("counted");
    let second = db.record_gate_run(&gate_run(&counts, false)).expect("kept");
    refuses(&mut db, GateShut::Failed(second));

    // a later run that passes opens it again
    pass_gates(&mut db);
    assert_eq!(writes(&mut db, "c2").expect("open"), 3);
}

#[test]
fn two_people_open_a_gate_that_failed_and_no_more_than_that_run() {
    let house = house();
    let registry = registry(&house);
    let mut db = registry.identity().expect("a handle");
    commit(&mut db, 1, &[row(1, 1, 1, 1)]);
    let counts = db.gate_counts(50, 30).expect("counted");
    let run = db.record_gate_run(&gate_run(&counts, false)).expect("kept");
    let refused = |r: Result<(), StorageError>| assert!(matches!(r, Err(StorageError::Refused(_))), "{r:?}");

    refused(db.confirm_opening(run, "keeper-2", at(1)));
    refused(db.propose_opening(run + 1, "keeper-1", "a new feed", at(1)));
    db.propose_opening(run, "keeper-1", "a new feed", at(1)).expect("proposed");
    refuses(&mut db, GateShut::Failed(run));
    refused(db.confirm_opening(run, "keeper-1", at(2)));
    db.confirm_opening(run, "keeper-2", at(2)).expect("opened");
    assert_eq!(writes(&mut db, "c1").expect("open"), 1);
    refused(db.propose_opening(run, "keeper-1", "again", at(3)));
    let kept = db.gate_runs(5).expect("read");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].proposed, Some(("keeper-1".to_owned(), "a new feed".to_owned())));
    assert_eq!(kept[0].opened.as_ref().map(|o| o.0.as_str()), Some("keeper-2"));

    commit(&mut db, 2, &[row(2, 2, 2, 2)]);
    refuses(&mut db, GateShut::Older(run));
    let counts = db.gate_counts(50, 30).expect("counted");
    let next = db.record_gate_run(&gate_run(&counts, false)).expect("kept");
    refuses(&mut db, GateShut::Failed(next));
    refused(db.propose_opening(run, "keeper-1", "an old run", at(4)));
}

#[test]
fn what_was_not_let_through_is_counted_again() {
    let house = house();
    let registry = registry(&house);
    let mut db = registry.identity().expect("a handle");
    commit(&mut db, 1, &[row(1, 1, 1, 1), row(2, 1, 1, 2), row(3, 2, 2, 3)]);
    let counts = db.gate_counts(1, 30).expect("counted");
    assert_eq!((counts.identities_new, counts.touched, counts.large, counts.largest), (3, 2, 1, 2));
    assert_eq!((counts.earlier_nights, counts.decided, counts.unlinkable), (0, 3, 0));
    db.record_gate_run(&gate_run(&counts, true)).expect("kept");

    // two persons turn out to be one
    commit(&mut db, 2, &[row(4, 3, 3, 4)]);
    commit(&mut db, 3, &[row(5, 3, 5, 5)]);
    commit(&mut db, 4, &[row(6, 3, 3, 5)]);
    let second = db.gate_counts(1, 30).expect("counted");
    assert_eq!((second.identities_new, second.joined, second.merged), (3, 1, 1));
    assert_eq!((second.earlier_nights, second.earlier_new), (1, 3));
    assert_eq!((second.touched, second.largest), (1, 3), "only who was touched is looked at");
    db.record_gate_run(&gate_run(&second, false)).expect("kept");

    commit(&mut db, 5, &[row(7, 7, 7, 7)]);
    let third = db.gate_counts(1, 30).expect("counted");
    assert_eq!(third.identities_new, 4, "a night that failed is not forgotten by the next");
    assert_eq!(third.earlier_nights, 1, "and is no measure for others");
    pass_gates(&mut db);
    let none = db.gate_counts(1, 30).expect("counted");
    assert_eq!((none.identities_new, none.touched, none.merged), (0, 0, 0));
}
