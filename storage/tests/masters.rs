//! Masters and maps of local codes in the registry: loaded once, never changed, decided by two persons.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing)] // test code

mod support;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use musubi_model::code::Masters as _;
use musubi_model::{CodeSystem, PartialDate, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::code_map::{CodeMapping, MapState};
use musubi_storage::master_file::{MasterList, MasterRow};
use musubi_storage::master_store::{MasterLoad, MasterSource};
use musubi_storage::registry::{IngestDb, Registry};
use musubi_storage::server::DbRole;
use musubi_storage::unmapped::{UnmappedReason, UnmappedRow, UnmappedWanted};
use support::house;

fn at() -> Timestamp {
    "2026-11-20T03:00:00Z".parse().unwrap()
}

fn row(code: &str, name: &str, icd: &str) -> MasterRow {
    let system = if icd.is_empty() { "" } else { "ICD10" };
    MasterRow {
        code: code.to_owned(),
        name: name.to_owned(),
        standard_system: system.to_owned(),
        standard_code: icd.to_owned(),
        ..MasterRow::default()
    }
}

fn list(part: &str, rows: Vec<MasterRow>) -> Vec<MasterList> {
    vec![MasterList { system: CodeSystem::ReceiptDisease, part: part.to_owned(), rows }]
}

fn source(effective_on: Date, blake3: &str, replace: bool) -> MasterSource<'_> {
    MasterSource { effective_on, blake3, file_name: "b.csv", bad_lines: 1, at: at(), by: "operator", replace }
}

fn load(
    db: &mut IngestDb,
    source: MasterSource<'_>,
    lists: &[MasterList],
) -> Result<MasterLoad, StorageError> {
    db.load_masters(&source, lists).map(|mut loads| loads.remove(0))
}

fn loaded(edition: &str, revision: u32, entries: u64) -> MasterLoad {
    MasterLoad::Loaded { edition: edition.to_owned(), revision, entries }
}

#[test]
fn masters_are_loaded_once_and_never_changed() {
    let house = house();
    let registry = Registry::open(house.database()).unwrap();
    let mut db = registry.ingest().unwrap();
    let system = CodeSystem::ReceiptDisease;
    let begin = date(2024, 6, 1);
    let first = list("", vec![row("0000001", "見本病", "A000"), row("0000002", "無病", "")]);
    let again = || MasterLoad::AlreadyThere { edition: "20240601".to_owned() };
    assert_eq!(load(&mut db, source(begin, "h1", false), &first).unwrap(), loaded("20240601", 1, 2));
    assert_eq!(load(&mut db, source(begin, "h1", false), &first).unwrap(), again());
    assert_eq!(load(&mut db, source(begin, "h1", true), &first).unwrap(), again());
    match load(&mut db, source(begin, "h2", false), &first) {
        Err(StorageError::Refused(said)) => assert!(said.contains("20240601") && said.contains("--replace")),
        other => panic!("{other:?}"),
    }
    let twice = list("", [first[0].rows.clone(), vec![row("0000001", "x".repeat(9).as_str(), "")]].concat());
    // The same code in several periods: the first two rows of it are open, and both are kept.
    assert_eq!(
        load(&mut db, source(date(2025, 6, 1), "h3", false), &twice).unwrap(),
        loaded("20250601", 1, 3)
    );
    let newer = list("", vec![row("0000001", "見本病（新）", "B000")]);
    load(&mut db, source(date(2026, 6, 1), "h4", false), &newer).unwrap();

    let before = registry.masters(&mut db).unwrap();
    let on = PartialDate::new(2024, 7, 1);
    assert_eq!(before.edition(&system, on).as_deref(), Some("20240601"));
    let entry = before.look_up(&system, "0000001", on).unwrap();
    assert_eq!(entry.name, "見本病");
    let standard = entry.standard.unwrap();
    assert_eq!((standard.system, standard.code.as_str()), (CodeSystem::Icd10, "A000"));
    assert_eq!(before.look_up(&system, "0000002", on).unwrap().standard, None);
    assert_eq!(before.look_up(&system, "0000001", None).unwrap().name, "見本病（新）");
    assert_eq!(before.look_up(&system, "0000002", None), None);

    // A corrected file of the same day: both stay, the later counts; the earlier file is known again.
    let mended = list("", vec![row("0000001", "見本病（訂正）", "C000")]);
    assert_eq!(load(&mut db, source(begin, "h2", true), &mended).unwrap(), loaded("20240601.2", 2, 1));
    assert_eq!(load(&mut db, source(begin, "h1", false), &first).unwrap(), again());
    assert_eq!(load(&mut db, source(begin, "h1", true), &first).unwrap(), loaded("20240601.3", 3, 2));
    load(&mut db, source(begin, "h2", true), &mended).unwrap();
    let after = registry.masters(&mut db).unwrap();
    assert_eq!(after.edition(&system, on).as_deref(), Some("20240601.4"));
    assert_eq!(after.look_up(&system, "0000001", on).unwrap().name, "見本病（訂正）");
    assert_eq!(before.look_up(&system, "0000001", on).unwrap().name, "見本病", "what was read stays");

    let rows = db.master_editions().unwrap();
    let seen: Vec<_> =
        rows.iter().map(|r| (r.edition.as_str(), r.replaced, r.entries, r.bad_lines)).collect();
    assert_eq!(
        seen,
        [
            ("20240601", true, 2, 1),
            ("20240601.2", true, 1, 1),
            ("20240601.3", true, 2, 1),
            ("20240601.4", false, 1, 1),
            ("20250601", false, 3, 1),
            ("20260601", false, 1, 1)
        ]
    );
    assert_eq!((rows[0].file_name.as_str(), rows[0].loaded_by.as_str()), ("b.csv", "operator"));
    let found = db.master_entries(system.as_str(), "0000002").unwrap();
    assert_eq!(
        found.iter().map(|e| e.edition.as_str()).collect::<Vec<_>>(),
        ["20240601", "20240601.3", "20250601"]
    );
}

#[test]
fn a_file_is_loaded_whole_or_not_at_all_and_parts_stand_apart() {
    let house = house();
    let mut db = Registry::open(house.database()).unwrap().ingest().unwrap();
    let day = date(2024, 6, 1);
    load(&mut db, source(day, "h1", false), &list("old", vec![row("0000009", "旧病", "")])).unwrap();
    let both =
        [list("", vec![row("0000001", "病", "")]), list("old", vec![row("0000008", "旧", "")])].concat();
    assert!(matches!(db.load_masters(&source(day, "h2", false), &both), Err(StorageError::Refused(_))));
    assert_eq!(db.master_editions().unwrap().len(), 1, "a refused file leaves nothing");
    db.load_masters(&source(day, "h2", true), &both).unwrap();
    let masters = db.masters().unwrap();
    assert_eq!(
        masters.edition(&CodeSystem::ReceiptDisease, None).as_deref(),
        Some("20240601+old-20240601.2")
    );

    // A dropped code: the day is kept, and the code is unknown after it.
    let mut dropped = row("0000007", "廃止病", "A00");
    dropped.valid_until = Some(date(2025, 3, 31));
    load(&mut db, source(date(2025, 1, 1), "h5", false), &list("", vec![dropped])).unwrap();
    let masters = db.masters().unwrap();
    let known = |y, m, d| masters.has(&CodeSystem::ReceiptDisease, "0000007", PartialDate::new(y, m, d));
    assert_eq!((known(2025, 3, 31), known(2025, 4, 1)), (Some(true), Some(false)));
}

fn mapping(code: &str, standard: &str) -> (CodeMapping, String) {
    let mapping = CodeMapping {
        provider: "h1".to_owned(),
        system: "99LAB".to_owned(),
        code: code.to_owned(),
        name: "見本検査".to_owned(),
        standard_system: "JC10".to_owned(),
        standard_code: standard.to_owned(),
        valid_from: None,
    };
    (mapping, "検査室に確認".to_owned())
}

#[test]
fn two_persons_decide_a_code_map() {
    let house = house();
    let registry = Registry::open(house.database()).unwrap();
    let mut db = registry.ingest().unwrap();
    let both = [mapping("L1", "3B035000002327201"), mapping("L2", "3B045000002327201")];
    let ids = db.propose_mappings(&both, "hanako", at()).unwrap();
    assert_eq!(ids.len(), 2);
    assert_eq!(db.propose_mappings(&both, "jiro", at()).unwrap(), Vec::<i64>::new(), "not twice");
    let system = CodeSystem::from_name("99LAB");
    let approved =
        |db: &mut IngestDb, code: &str| db.code_maps().unwrap().look_up("h1", &system, code, None).is_some();
    assert!(!approved(&mut db, "L1"), "a proposal is not used");

    let check = |db: &mut IngestDb, ids: &[i64], decision, by: &str, expect: &str| match db.decide_mappings(
        ids,
        decision,
        by,
        at(),
        "理由",
    ) {
        Err(StorageError::Refused(said)) => assert!(said.contains(expect), "{said}"),
        other => panic!("{other:?}"),
    };
    check(&mut db, &ids, MapState::Approved, " HANAKO", "themselves");
    check(&mut db, &[ids[0], 999], MapState::Approved, "jiro", "none of this number");
    assert!(!approved(&mut db, "L1"), "all or none");
    db.decide_mappings(&ids, MapState::Approved, "jiro", at(), "確認").unwrap();
    assert!(approved(&mut db, "L1"));
    check(&mut db, &ids[..1], MapState::Approved, "saburo", "already");
    db.decide_mappings(&ids[..1], MapState::Rejected, "hanako", at(), "誤り").unwrap();
    assert!(!approved(&mut db, "L1") && approved(&mut db, "L2"));
    check(&mut db, &ids[..1], MapState::Approved, "jiro", "propose it anew");
    assert_eq!(
        db.propose_mappings(&both, "jiro", at()).unwrap().len(),
        1,
        "what was rejected may come again"
    );

    let stored = db.mappings(Some(MapState::Approved)).unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].mapping.code, "L2");
    assert_eq!(
        (stored[0].proposed.by.as_str(), stored[0].decided.as_ref().unwrap().by.as_str()),
        ("hanako", "jiro")
    );
    assert_eq!(db.mappings(None).unwrap().len(), 3);

    // The database itself holds it, should a program forget.
    let mut ingest = registry.server().connect(DbRole::Ingest).unwrap();
    let sql = "INSERT INTO agreement.code_map_decision (map_id, decision, decided_by, decided_at, reason)
               VALUES ($1, 'approved', $2, now(), '')";
    let last = db.mappings(Some(MapState::Proposed)).unwrap()[0].id;
    assert!(ingest.execute(sql, &[&last, &"Jiro "]).is_err(), "approved by whom it was proposed");
    assert!(ingest.execute(sql, &[&ids[0], &"saburo"]).is_err(), "rejected before");
    assert_eq!(ingest.execute(sql, &[&last, &"saburo"]).unwrap(), 1);
}

#[test]
fn unmapped_codes_add_up_over_submissions() {
    let house = house();
    let mut db = Registry::open(house.database()).unwrap().ingest().unwrap();
    let row = |provider: &str, code: &str, records, persons, persons_more| UnmappedRow {
        provider: provider.to_owned(),
        system: "99LAB".to_owned(),
        code: code.to_owned(),
        name: String::new(),
        code_shape: "A9".to_owned(),
        name_shape: String::new(),
        reason: UnmappedReason::Local,
        records,
        persons,
        persons_more,
    };
    let ids = [SubmissionId([1; 16]), SubmissionId([2; 16])];
    for (id, rows) in ids.iter().zip([
        vec![row("h1", "L1", 10, 5, false), row("h1", "L2", 12, 12, false)],
        vec![row("h1", "L1", 7, 6, true), row("h2", "L1", 1, 1, false)],
    ]) {
        let mut load = db.begin_load(*id).unwrap();
        load.unmapped_codes(&rows).unwrap();
        load.commit().unwrap();
    }
    // What is not committed is not there.
    let mut dead = db.begin_load(SubmissionId([3; 16])).unwrap();
    dead.unmapped_codes(&[row("h1", "L9", 1, 1, false)]).unwrap();
    drop(dead);
    let all = db.unmapped_codes(UnmappedWanted::default()).unwrap();
    assert_eq!(
        all,
        [row("h1", "L1", 17, 6, true), row("h1", "L2", 12, 12, false), row("h2", "L1", 1, 1, false)]
    );
    let of = UnmappedWanted { provider: Some("h1"), submissions: &ids[1..] };
    assert_eq!(db.unmapped_codes(of).unwrap(), [row("h1", "L1", 7, 6, true)]);
}
