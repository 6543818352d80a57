//! What is kept of releases besides their files, in a real PostgreSQL: the book of keys, the vault that opens to two people
//! only, marks that are counted and never read, and what earlier releases said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // helpers of tests stop on what cannot be

mod support;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::date;
use musubi_model::ReleasePid;
use musubi_storage::act::operation::{DecisionRow, NewOperation};
use musubi_storage::registry::Registry;
use musubi_storage::release::{Entered, LedgerRow};
use musubi_storage::release_ledger::{
    Beside, CellSaid, ColumnSaid, KEY_PART, KeyEnd, KeyRecord, Mark, RowsSaid, SealedPart, TableSaid,
};
use musubi_storage::server::DbRole;
use support::house;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("a time")
}

fn row(id: &str) -> LedgerRow {
    LedgerRow {
        release_id: id.to_owned(),
        approval_id: "A-1".to_owned(),
        request_id: "Q-1".to_owned(),
        scope_hash: "0".repeat(64),
        commit: 1,
        sealed_at: at(10),
        manifest: format!("{{\"release\":\"{id}\"}}"),
        signature: "00".to_owned(),
    }
}

fn key(name: char, end: KeyEnd) -> KeyRecord {
    KeyRecord {
        name: name.to_string().repeat(64),
        created_at: at(1),
        ended_at: at(2),
        made_by: "release-job".to_owned(),
        ordered_by: "officer-01".to_owned(),
        end,
    }
}

fn part(number: i32, first: Option<u8>) -> SealedPart {
    SealedPart {
        part: number,
        first: first.map(pid),
        sealed: vec![u8::try_from(number + 1).expect("small"); 3],
    }
}

fn pid(first: u8) -> ReleasePid {
    ReleasePid([first, 0, 0, 0, 0, 0, 0, 0])
}

fn enter(registry: &Registry, id: &str, beside: &Beside<'_>) -> Option<Entered> {
    let mut db = registry.release().expect("a handle");
    db.enter_release_beside(&row(id), &[], &[], 0, beside).expect("entered")
}

/// Two people agree to look at a release, as far as `agreed` goes; used, when all did.
fn operation(registry: &Registry, kind: &str, release: &str, persons: u64, agreed: bool) -> i64 {
    let mut db = registry.act().expect("a handle");
    let content = format!("{{\"release\":\"{release}\",\"persons\":{persons}}}");
    let new = NewOperation {
        kind,
        hash: "h",
        content: &content,
        reason: "試験",
        by: "officer-01",
        role: Some("officer"),
        at: at(20),
        expires_at: at(1_000),
    };
    let id = db.propose_operation(&new).expect("proposed");
    let decision = DecisionRow {
        by: "keys-01".to_owned(),
        role: "key-custodian".to_owned(),
        approved: agreed,
        reason: "試験".to_owned(),
        at: at(30),
    };
    assert!(db.decide_operation(id, &decision).expect("decided"));
    assert!(db.use_operation(id, "officer-01", at(40)).expect("used"));
    id
}

#[test]
fn a_release_has_one_key_and_one_end_of_it_by_two() {
    let house = house();
    let registry = Registry::open(house.database()).expect("migrated");
    let destroyed = key('a', KeyEnd::Destroyed);
    let beside = Beside { key: Some(&destroyed), ..Beside::default() };
    assert_eq!(enter(&registry, "R-1", &beside), Some(Entered::New));
    // The same release again, with whatever key: it keeps the one it has.
    let other = key('b', KeyEnd::Destroyed);
    let again = Beside { key: Some(&other), ..Beside::default() };
    assert_eq!(enter(&registry, "R-1", &again), Some(Entered::Known));
    let mut db = registry.release().expect("a handle");
    let events = db.key_events(Some("R-1")).expect("read");
    let told: Vec<(&str, &str)> = events.iter().map(|e| (e.event.as_str(), e.made_by.as_str())).collect();
    assert_eq!(told, [("created", "release-job"), ("destroyed", "release-job")]);
    assert!(
        events.iter().all(|e| e.key_name == "a".repeat(64) && e.ordered_by.as_deref() == Some("officer-01"))
    );
    // One hand, or a key that another release had: nothing is entered at all.
    let alone = KeyRecord { ordered_by: "release-job".to_owned(), ..key('c', KeyEnd::Destroyed) };
    for wrong in [&alone, &destroyed] {
        let beside = Beside { key: Some(wrong), ..Beside::default() };
        assert!(db.enter_release_beside(&row("R-2"), &[], &[], 0, &beside).is_err());
        assert!(db.ledger_entry("R-2").expect("read").is_none());
    }
    // What is noted stays.
    let mut owner = registry.server().connect_owner().expect("owner");
    for change in ["DELETE FROM release.key_event", "UPDATE release.key_event SET made_by = 'x'"] {
        assert!(owner.batch_execute(change).is_err(), "{change}");
    }
}

#[test]
fn the_vault_opens_once_to_two_people_and_shows_what_they_asked_for() {
    let house = house();
    let registry = Registry::open(house.database()).expect("migrated");
    let parts = vec![part(KEY_PART, None), part(0, Some(0x10)), part(1, Some(0x40)), part(2, Some(0x80))];
    let vaulted = key('d', KeyEnd::Vaulted(parts));
    enter(&registry, "R-9", &Beside { key: Some(&vaulted), ..Beside::default() });
    let mut db = registry.ingest().expect("a handle");
    let mut open = |operation: i64, release: &str, pids: &[u8]| {
        let pids: BTreeSet<ReleasePid> = pids.iter().map(|p| pid(*p)).collect();
        let parts = db.open_pseudonyms(operation, release, &pids);
        parts.map(|parts| parts.iter().map(|p| p.part).collect::<Vec<_>>()).ok()
    };
    assert_eq!(open(1, "R-9", &[0x11]), None, "nobody agreed");
    let rejected = operation(&registry, "verify-source", "R-9", 9, false);
    assert_eq!(open(rejected, "R-9", &[0x11]), None);
    let other_kind = operation(&registry, "key-use", "R-9", 9, true);
    assert_eq!(open(other_kind, "R-9", &[0x11]), None);
    let agreed = operation(&registry, "verify-source", "R-9", 2, true);
    assert_eq!(open(agreed, "R-8", &[0x11]), None, "another release");
    assert_eq!(open(agreed, "R-9", &[0x11, 0x12, 0x13]), None, "more persons than agreed to");
    assert_eq!(open(agreed, "R-9", &[0x11, 0x95]), Some(vec![-1, 0, 2]), "the parts between stay shut");
    assert_eq!(open(agreed, "R-9", &[0x11]), None, "once");
    let nobody = operation(&registry, "verify-source", "R-9", 1, true);
    assert_eq!(open(nobody, "R-9", &[0x01]), Some(vec![-1]), "before the first pseudonym there is nothing");
    let mut owner = registry.server().connect_owner().expect("owner");
    let said = owner
        .query("SELECT operation_id, persons, parts FROM release.vault_opening ORDER BY 1", &[])
        .expect("read");
    let said: Vec<(i64, i64, i64)> = said.iter().map(|r| (r.get(0), r.get(1), r.get(2))).collect();
    assert_eq!(said, [(agreed, 2, 2), (nobody, 1, 0)]);
}

#[test]
fn no_role_reads_the_map_or_the_marks() {
    let house = house();
    let registry = Registry::open(house.database()).expect("migrated");
    for role in DbRole::ALL {
        let mut client = registry.server().connect(role).expect("connected");
        for table in ["release.pseudonym_vault", "release.released_mark"] {
            assert!(client.query(&format!("SELECT * FROM {table}"), &[]).is_err(), "{role:?} reads {table}");
        }
        let opens = client.query("SELECT * FROM release.open_vault(1, 'R', '{}')", &[]);
        assert!(opens.is_err(), "{role:?} opens the vault without an operation");
    }
}

#[test]
fn marks_are_counted_and_few_are_not() {
    let house = house();
    let registry = Registry::open(house.database()).expect("migrated");
    let marks = |from: u8, to: u8| (from..to).map(|n| [n; 8]).collect::<Vec<Mark>>();
    enter(&registry, "R-1", &Beside { marks: &marks(0, 40), ..Beside::default() });
    enter(&registry, "R-2", &Beside { marks: &marks(30, 60), ..Beside::default() });
    let mut db = registry.release().expect("a handle");
    let counted = db.overlaps(&marks(25, 45)).expect("asked");
    assert_eq!(counted, Some(BTreeMap::from([("R-1".to_owned(), 15), ("R-2".to_owned(), 15)])));
    assert_eq!(db.overlaps(&marks(100, 120)).expect("asked"), Some(BTreeMap::new()));
    assert_eq!(db.overlaps(&marks(0, 9)).expect("asked"), None);
    // The database refuses by itself, too.
    let mut client = registry.server().connect(DbRole::Release).expect("connected");
    assert!(
        client.query("SELECT * FROM release.overlaps(ARRAY['\\x0000000000000000'::bytea])", &[]).is_err()
    );
}

#[test]
fn what_was_said_comes_back_to_the_same_and_to_unknown_recipients() {
    let house = house();
    let registry = Registry::open(house.database()).expect("migrated");
    let said = |id: &str, recipients: &[&str]| RowsSaid {
        release_id: id.to_owned(),
        product: "anonymized".to_owned(),
        cohort_hash: "c".repeat(64),
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        policy_hash: "p".repeat(64),
        recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
        allowed_by: None,
        columns: vec![ColumnSaid {
            file: "person".to_owned(),
            column: "age".to_owned(),
            class: "quasi".to_owned(),
            hierarchy: "h".repeat(64),
            finest: 2,
            local: false,
        }],
    };
    let table = TableSaid {
        release_id: "R-3".to_owned(),
        name: "kensu".to_owned(),
        universe: "u".to_owned(),
        recipients: BTreeSet::from(["a".to_owned()]),
        cells: vec![
            CellSaid { key: "男".to_owned(), shown: Some(12) },
            CellSaid { key: "女".to_owned(), shown: None },
        ],
    };
    let (one, two, three) = (said("R-1", &["a", "b"]), said("R-2", &["c"]), said("R-3", &[]));
    for rows in [&one, &two] {
        enter(&registry, &rows.release_id, &Beside { rows: Some(rows), ..Beside::default() });
    }
    let tables = std::slice::from_ref(&table);
    enter(&registry, "R-3", &Beside { rows: Some(&three), tables, ..Beside::default() });
    let mut db = registry.release().expect("a handle");
    let mut earlier = |recipients: &[&str]| {
        db.earlier_rows(&recipients.iter().map(|r| (*r).to_owned()).collect()).expect("read")
    };
    assert_eq!(earlier(&["b"]), [one.clone(), three.clone()]);
    assert_eq!(earlier(&["z"]), std::slice::from_ref(&three));
    assert_eq!(earlier(&[]), [one, two, three]);
    assert_eq!(db.earlier_tables("u").expect("read"), [table]);
    assert_eq!(db.earlier_tables("other").expect("read"), []);
}
