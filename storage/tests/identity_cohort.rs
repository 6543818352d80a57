//! Cohorts for releases and the second opt-out gate, in a real PostgreSQL.
#![allow(clippy::indexing_slicing, clippy::expect_used)] // test data, not input

mod identity_support;
mod support;

use std::collections::{BTreeMap, BTreeSet};

use identity_support::{CLINIC_A, CLINIC_B, at, at_b, commit, id, pass_gates, registry, row, token};
use jiff::civil::{Date, date};
use musubi_model::IdentityId;
use musubi_model::matching::{Guard, TokenKind};
use musubi_storage::compliance::OptOutRow;
use musubi_storage::identity::{CohortOrder, CohortUse, CohortWritten};
use musubi_storage::keys::SealKey;
use musubi_storage::registry::{IdentityDb, Registry};
use support::house;

const TODAY: Date = date(2026, 6, 1);

fn order(cohort_id: &str) -> CohortOrder<'_> {
    CohortOrder {
        cohort_id,
        approval_id: "approval-1",
        commit_id: 1,
        usage: CohortUse::Anonymised,
        on: TODAY,
        at: at(0),
    }
}

fn opt_out(kind: TokenKind, number: u8, guard: u8, provider: Option<&str>, from: Date) -> OptOutRow {
    OptOutRow {
        entry: format!("{}-{number}", kind.as_str()),
        token: token(kind, number).value,
        kind: kind.as_str().into(),
        guard: Guard([guard; 16]).0.to_vec(),
        provider: provider.map(str::to_owned),
        effective_from: from,
        withdrawn_on: None,
    }
}

/// Three persons: 1 with identities 1 (clinic A) and 2 (clinic B); 2 with identity 3; 3 with identity 4, incomplete.
fn people(registry: &Registry) -> IdentityDb {
    let mut db = registry.identity().expect("a handle");
    commit(&mut db, 1, &[row(1, 1, 1, 1)]);
    commit(&mut db, 2, &[at_b(row(2, 1, 1, 2)), row(3, 2, 2, 3)]);
    let mut vague = row(4, 4, 5, 4);
    vague.described.complete = false;
    commit(&mut db, 3, &[vague]);
    pass_gates(&mut db);
    db
}

/// Who is in the cohort after the opt-outs, and that the second gate says the same.
fn check(opt_outs: &[OptOutRow], expect: &[u8]) {
    let house = house();
    let registry = registry(&house);
    let mut db = people(&registry);
    db.enter_opt_outs(opt_outs, at(0)).expect("entered");
    let written = db.write_cohort(&order("c1")).expect("written");
    let left = expect.len() as u64;
    assert_eq!((written.identities, written.left_out), (left, 4 - left));
    let members: Vec<IdentityId> = members(&registry, "c1").into_keys().collect();
    assert_eq!(members, expect.iter().map(|n| id(*n)).collect::<Vec<_>>());
    let all: Vec<IdentityId> = (1..=4).map(id).collect();
    let stopped = db.opted_out(&all, TODAY).expect("asked");
    let admitted: Vec<IdentityId> = all.into_iter().filter(|i| !stopped.contains(i)).collect();
    assert_eq!(admitted, members, "the second gate and the cohort agree");
}

/// Identity → person key, bucket, home; read with the release role.
fn members(registry: &Registry, cohort: &str) -> BTreeMap<IdentityId, (Vec<u8>, i16, i16)> {
    let mut client = registry.server().connect(musubi_storage::server::DbRole::Release).expect("connected");
    let rows = client
        .query(
            "SELECT identity_id, person_key, bucket, home FROM release.cohort_member WHERE cohort_id = $1",
            &[&cohort],
        )
        .expect("readable");
    rows.iter()
        .map(|r| (IdentityId::from_slice(r.get(0)).expect("an id"), (r.get(1), r.get(2), r.get(3))))
        .collect()
}

#[test]
fn nobody_opted_out() {
    check(&[], &[1, 2, 3, 4]);
}

#[test]
fn an_opt_out_everywhere_stops_every_identity_of_the_person() {
    check(&[opt_out(TokenKind::Local, 1, 1, None, TODAY)], &[3, 4]);
    check(&[opt_out(TokenKind::Insured, 1, 1, None, TODAY)], &[3, 4]);
}

#[test]
fn an_opt_out_from_one_provider_stops_that_provider_only() {
    check(&[opt_out(TokenKind::Insured, 1, 1, Some(CLINIC_A), TODAY)], &[2, 3, 4]);
    check(&[opt_out(TokenKind::Insured, 1, 1, Some(CLINIC_B), TODAY)], &[1, 3, 4]);
}

#[test]
fn another_birth_date_under_the_same_card_is_somebody_else() {
    check(&[opt_out(TokenKind::Insured, 1, 9, None, TODAY)], &[1, 2, 3, 4]);
}

#[test]
fn a_card_without_birth_date_is_stopped_with_the_card() {
    check(&[opt_out(TokenKind::Insured, 5, 9, None, TODAY)], &[1, 2, 3]);
}

#[test]
fn an_opt_out_counts_from_its_day_on() {
    check(&[opt_out(TokenKind::Local, 1, 1, None, TODAY.tomorrow().expect("a day"))], &[1, 2, 3, 4]);
}

#[test]
fn a_withdrawn_opt_out_counts_no_more() {
    let house = house();
    let registry = registry(&house);
    let mut db = people(&registry);
    db.enter_opt_outs(&[opt_out(TokenKind::Local, 1, 1, None, TODAY)], at(0)).expect("entered");
    assert_eq!(db.write_cohort(&order("before")).expect("written").identities, 2);
    let when = "2026-05-31T15:00:00Z".parse().expect("midnight of that day in Japan");
    db.withdraw_opt_out("local-1", when).expect("withdrawn");
    assert_eq!(db.write_cohort(&order("after")).expect("written").identities, 4);
    assert!(db.opted_out(&[id(1)], TODAY).expect("asked").is_empty());
    assert_eq!(db.opted_out(&[id(1)], TODAY.yesterday().expect("a day")).expect("asked").len(), 0);
}

#[test]
fn person_keys_join_a_cohort_and_no_two_cohorts() {
    let house = house();
    let registry = registry(&house);
    let mut db = people(&registry);
    let first = db.write_cohort(&order("c1")).expect("written");
    assert_eq!(first, CohortWritten { persons: 3, identities: 4, left_out: 0 });
    db.write_cohort(&order("c2")).expect("written");
    let (one, two) = (members(&registry, "c1"), members(&registry, "c2"));
    assert_eq!(one[&id(1)].0, one[&id(2)].0, "one person, one key");
    let keys = |m: &BTreeMap<IdentityId, (Vec<u8>, i16, i16)>| -> BTreeSet<Vec<u8>> {
        m.values().map(|v| v.0.clone()).collect()
    };
    assert_eq!(keys(&one).len(), 3);
    assert!(keys(&one).is_disjoint(&keys(&two)));
    for n in 1..=4 {
        let place = db.person_of(&id(n)).expect("read").expect("known");
        assert!(!keys(&one).contains(place.research_id.as_bytes()));
        assert_eq!(one[&id(n)].1, i16::try_from(place.bucket).expect("small"));
    }
    assert!(db.write_cohort(&order("c1")).is_err(), "a name is used once");
}

#[test]
fn after_a_merge_home_is_the_survivors_and_a_released_person_survives() {
    let house = house();
    let registry = registry(&house);
    let mut db = registry.identity().expect("a handle");
    let older = commit(&mut db, 1, &[row(1, 1, 1, 1)]).placements[&id(1)];
    let younger = commit(&mut db, 2, &[row(2, 1, 2, 2)]).placements[&id(2)];
    pass_gates(&mut db);
    // only the younger was in a cohort: the older had opted out of it
    db.enter_opt_outs(&[opt_out(TokenKind::Local, 1, 1, None, TODAY)], at(0)).expect("entered");
    assert_eq!(db.write_cohort(&order("c1")).expect("written").persons, 1);
    db.withdraw_opt_out("local-1", at(-10_000_000)).expect("withdrawn");
    commit(&mut db, 3, &[row(3, 1, 1, 2)]);
    pass_gates(&mut db);
    assert_eq!(db.current_person(&older.research_id).unwrap(), Some(younger.research_id));

    let written = db.write_cohort(&order("c2")).expect("written");
    assert_eq!((written.persons, written.identities), (1, 3));
    let members = members(&registry, "c2");
    let home = i16::try_from(younger.bucket).expect("small");
    assert!(members.values().all(|(_, _, h)| *h == home), "counted in one bucket");
    assert_eq!(members[&id(1)].1, i16::try_from(older.bucket).expect("small"), "facts lie where they were");
}

#[test]
fn an_erased_identity_is_in_no_cohort() {
    let house = house();
    let registry = registry(&house);
    let mut db = people(&registry);
    db.data_keys(&SealKey::random().expect("a key"), &[id(1), id(3)]).expect("keys");
    let mut owner = registry.server().connect_owner().expect("connected");
    owner
        .execute(
            "UPDATE keys.data_key SET wrapped = NULL, destroyed_at = now() WHERE key_id = $1",
            &[&id(3).as_bytes()],
        )
        .expect("destroyed");
    let written = db.write_cohort(&order("c1")).expect("written");
    assert_eq!((written.persons, written.left_out), (2, 1));
    assert!(!members(&registry, "c1").contains_key(&id(3)));
}

#[test]
fn g15_a_pseudonymised_cohort_leaves_out_who_was_not_told_of_it() {
    let house = house();
    let registry = registry(&house);
    let mut db = people(&registry);
    // Person 1 was told by clinic B only, person 2 by nobody; an identity that is not there makes no difference.
    let untold = BTreeSet::from([id(1), id(3), id(200)]);
    let usage = CohortUse::Pseudonymised { untold: &untold };
    let written = db.write_cohort(&CohortOrder { usage, ..order("p1") }).expect("written");
    assert_eq!(written, CohortWritten { persons: 2, identities: 2, left_out: 2 });
    let members: Vec<IdentityId> = members(&registry, "p1").into_keys().collect();
    assert_eq!(members, [id(2), id(4)]);
    assert_eq!(
        db.write_cohort(&order("a1")).expect("written").identities,
        4,
        "anonymised use is told to all"
    );
}
