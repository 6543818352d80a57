//! The records of the Act in a real PostgreSQL: a book without gaps under many writers, dying writers and tampering;
//! receipts and their confirmation; retention of every table; reports that compute to the same bytes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

use std::collections::BTreeMap;

use jiff::Timestamp;
use musubi_compliance::book::{self, BookBroken, BookEntry, BookEvent};
use musubi_compliance::incident::{self, IncidentKind, IncidentRefused, Step};
use musubi_compliance::parameters::parameters;
use musubi_compliance::receipt::{self, NotConfirmed, ProvisionRecord, ReceiptDraft};
use musubi_compliance::{register, retention, yearly};
use musubi_model::manifest::{Agreements, Provider, Standing};
use musubi_model::{DocumentHash, ProviderId, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::act::published::PublishedRow;
use musubi_storage::act::receipt::StoredCount;
use musubi_storage::ingest::Arrival;
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};

struct House {
    registry: Registry,
    // Declared last, dropped last: the server stops before its folder goes.
    _folder: tempfile::TempDir,
}

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::open(folder.path(), &DatabaseChoice::Embedded).unwrap();
    House { registry: Registry::open(server).unwrap(), _folder: folder }
}

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_790_000_000 + second, 123_456_789).unwrap()
}

fn entry(reference: &str) -> BookEntry {
    BookEntry {
        at: at(1),
        event: BookEvent::Provide,
        counterparty: "見本大学".to_owned(),
        items: "statistics".to_owned(),
        persons: 3,
        records: 9,
        reference: reference.to_owned(),
    }
}

/// Runs statements as the owner with the triggers out of the way: what only an insider could do.
fn tamper(house: &House, sql: &str) {
    house
        .registry
        .server()
        .connect_owner()
        .unwrap()
        .batch_execute(&format!(
            "ALTER TABLE compliance.ledger_book DISABLE TRIGGER ALL; {sql};
             ALTER TABLE compliance.ledger_book ENABLE TRIGGER ALL"
        ))
        .unwrap();
}

#[test]
fn the_book_has_no_gap_under_many_writers_of_whom_some_die() {
    let house = house();
    std::thread::scope(|scope| {
        for writer in 0..4u64 {
            let registry = &house.registry;
            scope.spawn(move || {
                let mut act = registry.act().unwrap();
                let mut ingest = registry.ingest().unwrap();
                for n in 0..12u64 {
                    if (n + writer).is_multiple_of(3) {
                        // A load that is dropped after its entry: as if the process had died before the commit.
                        let mut load = ingest.begin_load(SubmissionId([9; 16])).unwrap();
                        book::append(&mut load, &entry(&format!("lost:{writer}:{n}"))).unwrap();
                        drop(load);
                    }
                    assert!(book::append(&mut act, &entry(&format!("r:{writer}:{n}"))).unwrap().is_some());
                    // The same thing again is the same entry.
                    assert!(book::append(&mut act, &entry(&format!("r:{writer}:{n}"))).unwrap().is_none());
                }
            });
        }
    });
    let mut db = house.registry.act().unwrap();
    assert_eq!(book::verify(&mut db).unwrap(), Ok(48));
    let rows = db.book_after(0, 100).unwrap();
    let numbers: Vec<u64> = rows.iter().map(|r| r.seq).collect();
    assert_eq!(numbers, (1..=48).collect::<Vec<u64>>());
    assert!(rows.iter().all(|r| !r.reference.starts_with("lost")));

    // What an insider does to it is named.
    tamper(&house, "UPDATE compliance.ledger_book SET persons = 4 WHERE seq = 20");
    assert_eq!(book::verify(&mut db).unwrap(), Err(BookBroken::Changed(20)));
    tamper(&house, "UPDATE compliance.ledger_book SET persons = 3 WHERE seq = 20");
    assert_eq!(book::verify(&mut db).unwrap(), Ok(48));
    tamper(&house, "DELETE FROM compliance.ledger_book WHERE seq = 48");
    assert_eq!(book::verify(&mut db).unwrap(), Err(BookBroken::End { found: 47, expected: 48 }));
    tamper(&house, "DELETE FROM compliance.ledger_book WHERE seq = 7");
    assert_eq!(book::verify(&mut db).unwrap(), Err(BookBroken::Gap(8)));
    // And with the triggers in place not even the owner changes a row or leaves a number out.
    let mut owner = house.registry.server().connect_owner().unwrap();
    for sql in [
        "UPDATE compliance.ledger_book SET persons = 0",
        "DELETE FROM compliance.ledger_book",
        "TRUNCATE compliance.ledger_book",
        "INSERT INTO compliance.ledger_book SELECT seq + 100, event, on_day, at, counterparty, items, persons, records,
           'x', previous, hash FROM compliance.ledger_book WHERE seq = 1",
    ] {
        assert!(owner.batch_execute(sql).is_err(), "{sql}");
    }
}

fn provider(standing: Standing) -> Provider {
    Provider {
        id: ProviderId::new("P-1").unwrap(),
        name: "見本病院".to_owned(),
        prefecture: "13".to_owned(),
        standing,
    }
}

fn standing() -> Standing {
    Standing {
        kind: "hospital".to_owned(),
        address: "見本県見本市1".to_owned(),
        representative: "管理者(見本)".to_owned(),
        acquisition: "診療に伴い取得".to_owned(),
        filing: "F-1".to_owned(),
        method: "line".to_owned(),
        beds: Some(100),
    }
}

#[test]
fn a_receipt_is_written_with_its_load_and_confirmed_by_somebody_else_and_only_whole() {
    let house = house();
    let mut ingest = house.registry.ingest().unwrap();
    let bare = Standing { address: String::new(), ..standing() };
    let agreements = |standing| Agreements { providers: vec![provider(standing)], ..Agreements::default() };
    ingest.load_agreements(&agreements(bare)).unwrap();
    let id = SubmissionId([1; 16]);
    ingest.record_arrival(&id, at(0), &Arrival::default()).unwrap();
    let files = vec![DocumentHash::of(b"one"), DocumentHash::of(b"two")];
    let draft = ReceiptDraft {
        items: BTreeMap::from([("SY".to_owned(), 3), ("SI".to_owned(), 12)]),
        persons: 2,
        quarantined: 1,
        files: files.clone(),
    };
    let drafts = BTreeMap::from([(ProviderId::new("P-1").unwrap(), draft)]);
    // A load that does not commit leaves neither record nor entry.
    let mut load = ingest.begin_load(id).unwrap();
    receipt::write(&mut load, id, "night", &drafts).unwrap();
    drop(load);
    let mut db = house.registry.act().unwrap();
    assert!(db.receipts(None).unwrap().is_empty() && book::verify(&mut db).unwrap() == Ok(0));
    let mut load = ingest.begin_load(id).unwrap();
    receipt::write(&mut load, id, "night", &drafts).unwrap();
    load.commit().unwrap();
    let (row, confirmed) = db.receipts(Some(&id)).unwrap().remove(0);
    assert!(confirmed.is_none());
    assert_eq!((row.items.as_str(), row.persons, row.records), ("SI:12 SY:3", 2, 15));
    assert_eq!(book::verify(&mut db).unwrap(), Ok(1));

    let agreed = db.provider(&row.provider.id).unwrap().unwrap();
    let confirm = |agreed: &Provider, files: &[DocumentHash], by: &str| {
        receipt::confirmation(&row, agreed, files, by, "", at(5))
    };
    assert_eq!(confirm(&agreed, &files, "Night"), Err(NotConfirmed::OwnWork("night".to_owned())));
    assert_eq!(confirm(&agreed, &files, "sato"), Err(NotConfirmed::Incomplete(vec!["address"])));
    assert_eq!(confirm(&agreed, &files[..1], "sato"), Err(NotConfirmed::OtherFiles));
    // The address is learned later; the record stays as written, the confirmation says all.
    ingest.load_agreements(&agreements(standing())).unwrap();
    let agreed = db.provider(&row.provider.id).unwrap().unwrap();
    let reversed: Vec<DocumentHash> = files.iter().rev().copied().collect();
    let c = confirm(&agreed, &reversed, "sato").unwrap();
    assert!(db.confirm_receipt(&id, &c).unwrap() && !db.confirm_receipt(&id, &c).unwrap());
    let (row, confirmed) = db.receipts(Some(&id)).unwrap().remove(0);
    assert_eq!(row.provider.standing.address, "");
    assert_eq!(confirmed.unwrap().provider.standing.address, "見本県見本市1");
    assert!(receipt::problems(&mut db).unwrap().is_empty());

    // The provider's record: equal counts agree, any other count is named.
    let stored = |persons, items: &str| StoredCount {
        provider: "P-1".to_owned(),
        persons,
        items: vec![items.to_owned(), "SI:2".to_owned()],
        quarantined: 1,
    };
    let record = ProvisionRecord::new(row.clone(), "見本認定事業者", &stored(2, "SY:3 SI:10"));
    assert!(record.differences().is_empty());
    assert_eq!(receipt::compare(&record.csv(), &row), Ok(Vec::new()));
    db.keep_provision(&record.mirror(at(6))).unwrap();
    let off = ProvisionRecord::new(row.clone(), "見本認定事業者", &stored(3, "SY:3 SI:9"));
    assert_eq!(off.differences(), [("SI".to_owned(), 11, 12), ("persons".to_owned(), 3, 2)]);
    assert_eq!(receipt::compare(&off.csv(), &row).unwrap().len(), 2);
    db.keep_provision(&off.mirror(at(7))).unwrap();
    assert_eq!(receipt::problems(&mut db).unwrap().len(), 1);

    // Nobody alone reads the list of persons.
    let mut keys = house.registry.identity().unwrap();
    let wish = db.ask_reading(&id, "P-1", at(8), "sato", "監査").unwrap();
    assert!(matches!(keys.receipt_persons(wish), Err(StorageError::Refused(_))));
    db.step_reading(wish, "agreed", at(9), "Sato").unwrap();
    assert!(matches!(keys.receipt_persons(wish), Err(StorageError::Refused(_))));
    let wish = db.ask_reading(&id, "P-1", at(8), "sato", "監査").unwrap();
    db.step_reading(wish, "agreed", at(9), "suzuki").unwrap();
    assert_eq!(keys.receipt_persons(wish).unwrap().1.len(), 0);
}

#[test]
fn every_table_has_a_schedule_and_a_new_one_without_a_row_fails() {
    let house = house();
    let mut db = house.registry.act().unwrap();
    let schedule = retention::shipped().unwrap();
    let set = parameters(None).unwrap();
    let none = |_: &str, _: Timestamp| Ok(0);
    let report = retention::check(&mut db, &schedule, &[], &set, at(0), &none).unwrap();
    assert_eq!(report.without, Vec::<String>::new());
    assert!(report.ok(), "{report:?}");
    assert!(report.idle.iter().all(|p| p.starts_with("folder")), "rows for no table: {:?}", report.idle);

    // Whoever makes a table, even one that our role may not read, has to say what it is.
    let mut owner = house.registry.server().connect_owner().unwrap();
    owner.batch_execute("CREATE TABLE identity.forgotten (n bigint)").unwrap();
    let folders = ["vault".to_owned(), "copy-of-vault".to_owned()];
    let report = retention::check(&mut db, &schedule, &folders, &set, at(0), &none).unwrap();
    assert_eq!(report.without, ["table identity.forgotten", "folder copy-of-vault"]);
    owner.batch_execute("DROP TABLE identity.forgotten").unwrap();

    // What is older than its years is overdue; what is not is not.
    book::append(&mut db, &entry("old")).unwrap();
    let years = |n: i64| at(n * 366 * 86_400);
    for (after, overdue) in [(9, false), (11, true)] {
        let report = retention::check(&mut db, &schedule, &[], &set, years(after), &none).unwrap();
        assert_eq!(
            report.overdue.iter().any(|(p, n, _)| p == "table compliance.ledger_book" && *n == 1),
            overdue
        );
    }
}

#[test]
fn g1_a_job_opens_one_incident_that_is_serious_and_not_closed_before_its_report() {
    let house = house();
    let mut db = house.registry.act().unwrap();
    let frozen = ["submission:01".to_owned()];
    let open = |db: &mut _, n| {
        incident::open_automatic(db, at(0), "night", IncidentKind::Unnotified, "通知のない本人", n, &frozen)
            .unwrap()
    };
    let (id, new) = open(&mut db, 95_195);
    assert!(new);
    assert_eq!(
        open(&mut db, 95_195),
        (id.clone(), false),
        "the next night finds the same and opens no second"
    );
    let mut step = |s: &Step| incident::step(&mut db, &id, at(60), "officer", s);
    assert!(matches!(step(&Step::Close(String::new())), Err(IncidentRefused::NotReported)));
    let minor = Step::Class(incident::IncidentClass::Minor, String::new());
    assert!(matches!(step(&minor), Err(IncidentRefused::AlwaysSerious)));
    assert_eq!(step(&Step::Report("h1".to_owned(), String::new())).unwrap().version, 1);
    assert_eq!(step(&Step::Report("h2".to_owned(), String::new())).unwrap().version, 2);
    step(&Step::Close("done".to_owned())).unwrap();
    assert!(matches!(step(&Step::Count(0)), Err(IncidentRefused::Closed)));
    assert_eq!(book::verify(&mut db).unwrap(), Ok(3), "opened, and two reports");
}

#[test]
fn a_yearly_report_computes_to_the_same_bytes_whatever_came_later() {
    let house = house();
    let mut db = house.registry.act().unwrap();
    let set = parameters(None).unwrap();
    let mut nothing = |_: &mut _, _, _| Ok(Vec::new());
    book::append(&mut db, &entry("first")).unwrap();
    let class = register::class("drill").unwrap();
    let fields = |passed: &str| {
        BTreeMap::from([("what", "restore"), ("on", "2026-09-20"), ("passed", passed)])
            .into_iter()
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect()
    };
    register::enter(&mut db, &class, "D-1", fields("no"), at(5), "o").unwrap();
    let report = yearly::compute(&mut db, &set, 2026, at(100), &mut nothing).unwrap();
    let json = report.json().unwrap();
    let count = |report: &yearly::YearlyReport, key: &str| {
        report.sections.iter().flat_map(|s| &s.lines).find(|l| l.key == key).unwrap().count
    };
    assert_eq!((count(&report, "provide"), count(&report, "drill")), (Some(1), Some(1)));
    let kept = PublishedRow {
        kind: "yearly".to_owned(),
        year: 2026,
        cutoff: report.cutoff,
        made_at: at(100),
        actor: "o".to_owned(),
        hash: yearly::hash(&json),
    };
    db.keep_published(&kept).unwrap();
    assert_eq!(db.published().unwrap()[0].hash, kept.hash);
    // Later entries, later versions, later incidents: the old numbers stand.
    let late = BookEntry { at: at(200), ..entry("second") };
    book::append(&mut db, &late).unwrap();
    register::enter(&mut db, &class, "D-1", fields("yes"), at(205), "o").unwrap();
    register::enter(&mut db, &class, "D-2", fields("yes"), at(205), "o").unwrap();
    incident::open_automatic(&mut db, at(300), "n", IncidentKind::Leak, "x", 0, &[]).unwrap();
    let again = yearly::compute(&mut db, &set, 2026, report.cutoff, &mut nothing).unwrap();
    assert_eq!(again.json().unwrap(), json);
    let newer = yearly::compute(&mut db, &set, 2026, at(400), &mut nothing).unwrap();
    assert_eq!((count(&newer, "provide"), count(&newer, "drill")), (Some(2), Some(2)));
    assert!(yearly::compute(&mut db, &set, 2030, at(400), &mut nothing).is_err());
}
