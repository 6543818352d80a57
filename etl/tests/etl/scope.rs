//! A pseudonymised product leaves out whoever was told of anonymised use only, on facts as they lie in the lake.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use musubi_compliance::checks::Verdict;
use musubi_compliance::checks::sealed::{Scope, scope};
use musubi_compliance::notice::NoticeRules;
use musubi_compliance::notice::scope::{outside_pseudonymized, untold};
use musubi_compliance::parameters::parameters;
use musubi_id_resolution::{TokenKey, describe};
use musubi_model::{IdentityId, SourceIdentity};
use musubi_storage::lake;

use crate::notices::{crowd, room, some, written};
use crate::notify::{self, Told};
use crate::support::Room;

const TODAY: Date = date(2026, 11, 20);

/// Who lies in the lake, each with the notices of their facts.
fn notices_in_lake(room: &Room) -> BTreeMap<IdentityId, BTreeSet<u64>> {
    let mut found: BTreeMap<IdentityId, BTreeSet<u64>> = BTreeMap::new();
    for file in &room.files() {
        lake::read(&room.folders.lake, file, &lake::Want::all(lake::ColumnSet::ALL), &mut |row| {
            found.entry(row.identity()).or_default().insert(row.notice());
            Ok(())
        })
        .expect("read");
    }
    found
}

/// Persons of the lake whose facts stay out of a pseudonymised product on a day.
fn outside(room: &Room, on: Date) -> BTreeSet<IdentityId> {
    let rules = NoticeRules::of(&parameters(None).expect("parameters"), on).expect("rules");
    let by_person = notices_in_lake(room);
    let all = by_person.values().flatten().copied().collect();
    let mut db = room.registry.act().expect("a handle");
    let outside = outside_pseudonymized(&mut db, &rules, on, &all).expect("read");
    let outside: BTreeSet<IdentityId> =
        by_person.into_iter().filter(|(_, own)| !own.is_disjoint(&outside)).map(|(who, _)| who).collect();
    let cohort = untold(&mut db, &rules, on, &room.folders.lake, &room.files()).expect("read");
    assert_eq!(cohort, outside, "a cohort leaves out the same");
    outside
}

fn id_of(room: &Room, who: &SourceIdentity) -> IdentityId {
    describe(&TokenKey::new(room.shared.ring.token.expose()), who).identity_id
}

/// The judgement of C-050 over a product with these persons.
fn judged(persons: &BTreeSet<IdentityId>, outside: &BTreeSet<IdentityId>) -> Verdict {
    let outside = persons.intersection(outside).count() as u64;
    scope(&[Scope { release: "R-1".to_owned(), outside }]).expect("judged").verdict
}

#[test]
fn g15_a_pseudonymised_product_leaves_out_whoever_was_told_of_anonymised_use_only() {
    let room = room();
    let parcel = crowd(&room, 3, 0);
    let (provider, all) = some(&room, &parcel, |_| true);
    let of = |text, scope, day| Told { text, scope, ..Told::on(day) };
    let old = of("2023", "anonymized", date(2023, 11, 1));
    notify::enter(&room, &provider, &all[..2], &old);
    notify::enter(&room, &provider, &all[2..], &of("2024", "both", date(2024, 5, 1)));
    let outcome = room.take(&written(&room, &parcel));
    assert_eq!(outcome.balance.lines["RE"].loaded, 3, "anonymised use is open to all three");

    let persons: BTreeSet<IdentityId> = notices_in_lake(&room).into_keys().collect();
    let [first, second, third] = [0, 1, 2].map(|n| id_of(&room, &all[n]));
    assert_eq!(persons, BTreeSet::from([first, second, third]));
    assert_eq!(outside(&room, TODAY), BTreeSet::from([first, second]));
    assert_eq!(judged(&persons, &outside(&room, TODAY)), Verdict::Fail);
    let left: BTreeSet<IdentityId> = persons.difference(&outside(&room, TODAY)).copied().collect();
    assert_eq!(judged(&left, &outside(&room, TODAY)), Verdict::Pass);

    // Told again of both uses: covered once the thirtieth day has ended, and no longer when it is taken back.
    let again = of("2026", "both", date(2026, 10, 1));
    notify::enter(&room, &provider, &all[..1], &again);
    assert_eq!(outside(&room, date(2026, 10, 31)), BTreeSet::from([first, second]));
    assert_eq!(outside(&room, date(2026, 11, 1)), BTreeSet::from([second]));
    notify::enter(&room, &provider, &all[..1], &Told { void: true, ..again });
    assert_eq!(outside(&room, TODAY), BTreeSet::from([first, second]));
}

#[test]
fn a_notice_that_is_not_in_the_book_covers_nothing() {
    let room = room();
    let rules = NoticeRules::of(&parameters(None).expect("parameters"), TODAY).expect("rules");
    let asked = BTreeSet::from([0, 7, u64::MAX]);
    let mut db = room.registry.act().expect("a handle");
    assert_eq!(outside_pseudonymized(&mut db, &rules, TODAY, &asked).expect("read"), asked);
    room.execute("REVOKE SELECT ON compliance.notice_template FROM musubi_act");
    assert!(outside_pseudonymized(&mut db, &rules, TODAY, &asked).is_err(), "unread books open nothing");
}
