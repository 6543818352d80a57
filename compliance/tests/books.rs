//! The books in a real PostgreSQL: appending from many sides, tampering by the owner, the gate's ledger, parameters,
//! and what the console reads.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::audit::{
    AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Damage, Name, append, checkpoint,
    verify_chain,
};
use musubi_compliance::optout::{OptOutGate, Verdict};
use musubi_compliance::parameters::{parameters, record_parameters};
use musubi_model::ids::{ProviderId, SubmissionId};
use musubi_model::matching::{Guard, Token, TokenKind};
use musubi_model::submission::SubmissionState;
use musubi_storage::compliance::{OptOutLedger as _, OptOutRow, ParameterStore as _};
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};

const DAY: Date = Date::constant(2026, 4, 10);

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

fn entry(n: u64) -> AuditEntry {
    AuditEntry {
        at: at(i64::try_from(n).unwrap()),
        actor: Name::new("night-job").unwrap(),
        role: AuditRole::Intake,
        action: AuditAction::Load,
        object: AuditObject::Snapshot(n),
        persons: n,
        result: if n.is_multiple_of(2) { AuditResult::Done } else { AuditResult::Refused("SCOPE-HASH") },
    }
}

/// Runs statements as the owner with the append-only trigger out of the way: what only an insider could do.
fn tamper(house: &House, sql: &str) {
    house
        .registry
        .server()
        .connect_owner()
        .unwrap()
        .batch_execute(&format!(
            "ALTER TABLE compliance.audit DISABLE TRIGGER ALL; {sql}; ALTER TABLE compliance.audit ENABLE TRIGGER ALL"
        ))
        .unwrap();
}

#[test]
fn the_chain_holds_under_many_writers_and_names_what_was_done_to_it() {
    let house = house();
    let mut console = house.registry.console().unwrap();
    assert_eq!(checkpoint(&mut console).unwrap(), None);
    std::thread::scope(|scope| {
        for writer in 0..4u64 {
            let registry = &house.registry;
            scope.spawn(move || {
                let mut ingest = registry.ingest().unwrap();
                let mut board = registry.board().unwrap();
                for n in 0..10 {
                    append(&mut ingest, &entry(writer * 100 + n)).unwrap();
                    append(&mut board, &entry(writer * 100 + 50 + n)).unwrap();
                }
            });
        }
    });
    let kept = checkpoint(&mut console).unwrap().unwrap();
    assert_eq!(kept.seq, 80);
    let report = verify_chain(&mut console, Some(&kept)).unwrap();
    assert_eq!((report.verified, report.broken), (80, None));

    // The daily roles cannot change it at all.
    let mut release = house.registry.server().connect(musubi_storage::server::DbRole::Release).unwrap();
    assert!(release.batch_execute("UPDATE compliance.audit SET actor = 'x' WHERE seq = 3").is_err());
    let mut owner = house.registry.server().connect_owner().unwrap();
    assert!(owner.batch_execute("DELETE FROM compliance.audit WHERE seq = 3").is_err());

    let mut check = |sql: &str, undo: &str, expect: (u64, Damage)| {
        tamper(&house, sql);
        assert_eq!(verify_chain(&mut console, Some(&kept)).unwrap().broken, Some(expect), "{sql}");
        tamper(&house, undo);
        assert_eq!(verify_chain(&mut console, Some(&kept)).unwrap().broken, None, "{undo}");
    };
    check(
        "UPDATE compliance.audit SET persons = persons + 1 WHERE seq = 17",
        "UPDATE compliance.audit SET persons = persons - 1 WHERE seq = 17",
        (17, Damage::Changed),
    );
    check(
        "UPDATE compliance.audit SET at = at + interval '1 microsecond' WHERE seq = 5",
        "UPDATE compliance.audit SET at = at - interval '1 microsecond' WHERE seq = 5",
        (5, Damage::Changed),
    );
    check(
        "UPDATE compliance.audit SET seq = seq + 1000 WHERE seq = 40",
        "UPDATE compliance.audit SET seq = seq - 1000 WHERE seq = 1040",
        (40, Damage::Dropped),
    );
    check(
        "UPDATE compliance.audit SET seq = 0 WHERE seq = 1",
        "UPDATE compliance.audit SET seq = 1 WHERE seq = 0",
        (1, Damage::Changed),
    );
    tamper(&house, "DELETE FROM compliance.audit WHERE seq > 70");
    assert_eq!(verify_chain(&mut console, None).unwrap().broken, None);
    assert_eq!(verify_chain(&mut console, Some(&kept)).unwrap().broken, Some((71, Damage::Truncated)));
}

#[test]
fn opt_outs_stand_once_and_are_withdrawn_by_day() {
    let house = house();
    let mut identity = house.registry.identity().unwrap();
    let mut ingest = house.registry.ingest().unwrap();
    let row = OptOutRow {
        entry: "T-1".into(),
        token: b"token".to_vec(),
        kind: "insured".into(),
        guard: vec![7; 16],
        provider: None,
        effective_from: DAY,
        withdrawn_on: None,
    };
    let set = parameters(None).unwrap();
    let who = [Token { kind: TokenKind::Insured, value: b"token".to_vec() }];
    let provider = ProviderId::new("9910000001").unwrap();
    let mut verdict = |on: Date| {
        let gate = OptOutGate::load(&mut ingest, &set, DAY).unwrap();
        gate.verdict(&provider, &who, Some(Guard([7; 16])), on)
    };
    assert_eq!(verdict(DAY), Verdict::Admit);
    let done = identity.enter_opt_outs(std::slice::from_ref(&row), at(0)).unwrap();
    assert_eq!((done.added, done.present, done.differing.len()), (1, 0, 0));
    assert_eq!(identity.opt_outs().unwrap(), vec![row.clone()]);
    assert_eq!(verdict(DAY), Verdict::Exclude);

    let mut other = row.clone();
    other.effective_from = Date::constant(2030, 1, 1);
    let done = identity.enter_opt_outs(&[row.clone(), other], at(1)).unwrap();
    assert_eq!((done.added, done.present, done.differing), (0, 1, vec!["T-1".to_owned()]));
    assert_eq!(verdict(DAY), Verdict::Exclude, "a later list changes nothing that stands");

    // 15:30 UTC is the next day in Japan.
    assert_eq!(identity.withdraw_opt_out("T-1", "2026-05-01T15:30:00Z".parse().unwrap()).unwrap(), 1);
    assert_eq!(identity.withdraw_opt_out("T-1", at(9)).unwrap(), 0);
    assert_eq!(verdict(Date::constant(2026, 5, 1)), Verdict::Exclude);
    assert_eq!(verdict(Date::constant(2026, 5, 2)), Verdict::Admit);
}

#[test]
fn a_ledger_that_cannot_be_read_gives_no_gate() {
    let house = house();
    let mut ingest = house.registry.ingest().unwrap();
    let set = parameters(None).unwrap();
    assert!(OptOutGate::load(&mut ingest, &set, DAY).is_ok());
    assert!(
        OptOutGate::load(&mut ingest, &set, Date::constant(2001, 1, 1)).is_err(),
        "no parameter, no gate"
    );
    let mut owner = house.registry.server().connect_owner().unwrap();
    owner.batch_execute("REVOKE SELECT ON compliance.opt_out FROM musubi_ingest").unwrap();
    assert!(OptOutGate::load(&mut ingest, &set, DAY).is_err());
    owner.batch_execute("DROP TABLE compliance.opt_out").unwrap();
    assert!(OptOutGate::load(&mut ingest, &set, DAY).is_err());
}

#[test]
fn a_parameter_set_is_kept_under_its_hash() {
    let house = house();
    let mut ingest = house.registry.ingest().unwrap();
    let set = parameters(None).unwrap();
    let hash = record_parameters(&mut ingest, &set, at(0)).unwrap();
    assert_eq!(hash, set.hash());
    record_parameters(&mut house.registry.release().unwrap(), &set, at(5)).unwrap();
    assert!(ingest.record_parameter_set(&hash, "[]", &at(0).to_string()).is_err());
}

#[test]
fn the_console_reads_a_night_and_nothing_of_persons() {
    let house = house();
    let mut owner = house.registry.server().connect_owner().unwrap();
    owner
        .batch_execute(
            "INSERT INTO intake.submission (submission_id, feed_id, kind, received_at, state, files, bytes) VALUES
               (decode(repeat('01', 16), 'hex'), 'f-1', 'uke-medical', '2026-04-10T16:00:00Z', 'balanced', 2, 99),
               (decode(repeat('02', 16), 'hex'), 'f-2', NULL, '2026-04-11T16:00:00Z', 'rejected', 0, 0);
             INSERT INTO intake.submission_event (submission_id, at, state, detail) VALUES
               (decode(repeat('01', 16), 'hex'), '2026-04-10T16:00:00Z', 'received', ''),
               (decode(repeat('01', 16), 'hex'), '2026-04-10T16:09:00Z', 'balanced', 'x');
             INSERT INTO intake.balance VALUES
               (decode(repeat('01', 16), 'hex'), 'RE', 10, 4, 1, 1, 2, 1, 1),
               (decode(repeat('01', 16), 'hex'), 'SY', 3, 3, 0, 0, 0, 0, 0);
             INSERT INTO intake.finding
               (submission_id, document, unit, rule, severity, byte_start, byte_len, record, field, found, expected)
               SELECT decode(repeat('01', 16), 'hex'), decode(repeat('0a', 32), 'hex'), n, 'R-A', 'error',
                      n * 100, 7, 'r' || n, 'f', '9×8', 'e' FROM generate_series(1, 5) n;
             INSERT INTO intake.finding (submission_id, rule, severity, record, field, found, expected)
               VALUES (decode(repeat('01', 16), 'hex'), 'R-B', 'note', '', '', '', '');
             INSERT INTO repository.lake_commit (at, kind) VALUES (now(), 'load'), (now(), 'load');
             INSERT INTO repository.lake_file
               (file_id, fact_table, bucket_min, bucket_max, rows, bytes, submissions, added, removed) VALUES
               ('a', 'person', 0, 1, 5, 50, '{}', 1, 2), ('b', 'person', 0, 1, 7, 70, '{}', 2, NULL),
               ('c', 'cost', 0, 1, 1, 10, '{}', 2, NULL), ('d', 'person', 2, 3, 2, 20, '{}', 2, NULL)",
        )
        .unwrap();
    let mut console = house.registry.console().unwrap();
    let from: Timestamp = "2026-04-10T00:00:00Z".parse().unwrap();
    let until: Timestamp = "2026-04-11T00:00:00Z".parse().unwrap();
    let night = console.submissions(from, until).unwrap();
    assert_eq!(night.len(), 1);
    let one = &night[0];
    assert_eq!((one.id, one.state, one.files), (SubmissionId([1; 16]), SubmissionState::Balanced, 2));
    assert_eq!(one.events.iter().map(|e| e.state.as_str()).collect::<Vec<_>>(), ["received", "balanced"]);
    assert!(one.balance.closes());
    assert_eq!((one.balance.total().received, one.balance.lines.len()), (13, 2));
    let findings: Vec<_> = one.findings.iter().map(|f| (f.rule.as_str(), f.count, f.example.unit)).collect();
    assert_eq!(findings, [("R-A", 5, Some(1)), ("R-B", 1, None)]);
    assert_eq!(one.findings[0].example.range.unwrap().start, 100);

    assert_eq!(console.submission(&SubmissionId([2; 16])).unwrap().unwrap().state, SubmissionState::Rejected);
    assert_eq!(console.submission(&SubmissionId([3; 16])).unwrap(), None);
    let positions = console.findings(&SubmissionId([1; 16]), 3).unwrap();
    assert_eq!(positions["R-A"].iter().map(|p| p.unit).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert_eq!(positions["R-B"].len(), 1);

    let lake = console.lake().unwrap();
    assert_eq!((lake.commit, lake.dead_units), (2, 0));
    let tables: Vec<_> = lake.tables.iter().map(|t| (t.table.as_str(), t.rows, t.bytes, t.files)).collect();
    assert_eq!(tables, [("cost", 1, 10, 1), ("person", 9, 90, 2)]);
    assert_eq!(console.releases(10).unwrap(), vec![]);

    // What its queries never ask, its role could not read either.
    let mut raw = house.registry.server().connect(musubi_storage::server::DbRole::Console).unwrap();
    let closed: HashSet<&str> =
        ["identity.token", "identity.person", "keys.data_key", "intake.unit", "compliance.opt_out"].into();
    for table in closed {
        assert!(raw.batch_execute(&format!("SELECT 1 FROM {table}")).is_err(), "{table}");
    }
}
