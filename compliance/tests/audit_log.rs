//! The audit log in a real PostgreSQL: what root can do to a row is named (G-17), checkpoints are signed only while the log
//! continues, proofs lead up to them, and the export is what the independent verifier reads.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

use jiff::Timestamp;
use musubi_audit_log::export::verify_export;
use musubi_audit_log::inclusion;
use musubi_audit_log::note::{Keys, Note, Signature};
use musubi_audit_log::verify::Report;
use musubi_compliance::audit::tree::{self, LogError};
use musubi_compliance::audit::{
    AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Damage, Finding, Name, append, append_many,
};
use musubi_model::sign::SecretKey;
use musubi_storage::act::audit_log::AuditFilter;
use musubi_storage::registry::{ActDb, Registry};
use musubi_storage::server::{DatabaseChoice, Server};

struct House {
    registry: Registry,
    key: SecretKey,
    // Declared last, dropped last: the server stops before its folder goes.
    _folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::open(folder.path(), &DatabaseChoice::Embedded).unwrap();
        let key = SecretKey::from_seed(&[5; 32]);
        Self { registry: Registry::open(server).unwrap(), key, _folder: folder }
    }

    fn keys(&self) -> Keys {
        Keys { house: tree::house_key(&self.key), witnesses: Vec::new() }
    }

    fn write(&self, db: &mut ActDb, n: u64) {
        let entries: Vec<AuditEntry> = (0..n).map(entry).collect();
        append_many(db, &entries).unwrap();
    }

    fn sign(&self, db: &mut ActDb) -> Result<Note, LogError> {
        tree::sign(db, &self.key, at(0))
    }

    fn verify(&self, db: &mut ActDb, kept: &[Note]) -> Result<Report, LogError> {
        tree::verify(db, &self.keys(), kept.to_vec(), |_| {})
    }

    /// What only root could do: as the owner, with the triggers out of the way.
    fn tamper(&self, table: &str, sql: &str) {
        let mut owner = self.registry.server().connect_owner().unwrap();
        let sql = format!(
            "ALTER TABLE compliance.{table} DISABLE TRIGGER ALL; {sql}; ALTER TABLE compliance.{table} ENABLE TRIGGER ALL"
        );
        owner.batch_execute(&sql).unwrap();
    }
}

fn at(n: i64) -> Timestamp {
    Timestamp::new(1_790_000_000 + n, 123_456_789).unwrap()
}

fn entry(n: u64) -> AuditEntry {
    AuditEntry {
        at: at(i64::try_from(n).unwrap()),
        actor: Name::new("night-job").unwrap(),
        role: AuditRole::Intake,
        action: AuditAction::Load,
        object: AuditObject::Snapshot(n),
        persons: n % 7,
        result: AuditResult::Done,
    }
}

#[test]
fn g17_one_changed_byte_is_named() {
    let house = House::new();
    let mut db = house.registry.act().unwrap();
    house.write(&mut db, 700);
    let kept = house.sign(&mut db).unwrap();
    assert_eq!(house.verify(&mut db, std::slice::from_ref(&kept)).unwrap().first, None);

    // One byte of each column of one row; the verification names the row and calls it changed.
    let flip = |column: &str| format!("overlay({column} placing 'X' from 1)");
    for (column, bad) in [
        ("at", "at + interval '1 microsecond'".to_owned()),
        ("actor", flip("actor")),
        ("role", flip("role")),
        ("action", flip("action")),
        ("object", flip("object")),
        ("persons", "persons + 1".to_owned()),
        ("result", flip("result")),
        ("purpose", flip("purpose")),
        ("object_class", flip("object_class")),
        ("previous", flip("previous")),
        ("hash", flip("hash")),
        ("format", "1".to_owned()),
    ] {
        house.tamper(
            "audit",
            &format!(
                "CREATE TABLE compliance.before AS SELECT * FROM compliance.audit WHERE seq = 301;
             UPDATE compliance.audit SET {column} = {bad} WHERE seq = 301"
            ),
        );
        let found = house.verify(&mut db, &[]).unwrap().first;
        assert_eq!(found, Some(Finding::at(Damage::Changed, 301)), "{column}");
        house.tamper(
            "audit",
            &format!(
            "UPDATE compliance.audit SET {column} = (SELECT {column} FROM compliance.before) WHERE seq = 301;
             DROP TABLE compliance.before"
        ),
        );
        assert_eq!(house.verify(&mut db, &[]).unwrap().first, None, "{column}");
    }
}

#[test]
fn what_is_dropped_cut_off_or_unsigned_is_named() {
    let house = House::new();
    let mut db = house.registry.act().unwrap();
    assert!(matches!(house.sign(&mut db), Err(LogError::Empty)));
    house.write(&mut db, 600);
    let early = house.sign(&mut db).unwrap();
    house.write(&mut db, 5);
    let late = house.sign(&mut db).unwrap();
    assert_eq!((early.checkpoint.size, late.checkpoint.size), (600, 605));
    assert_eq!(house.sign(&mut db).unwrap(), late, "nothing came: nothing is signed again");

    house.tamper("audit", "DELETE FROM compliance.audit WHERE seq BETWEEN 40 AND 44");
    let found = house.verify(&mut db, &[]).unwrap().first;
    assert_eq!(found, Some(Finding { what: Damage::Dropped, place: 40, until: 44 }));

    // The tail and its checkpoints removed: whoever kept one finds out; what is left is not signed again over it.
    let house = House::new();
    let mut db = house.registry.act().unwrap();
    house.write(&mut db, 605);
    let kept = house.sign(&mut db).unwrap();
    house.tamper("audit", "DELETE FROM compliance.audit WHERE seq > 599");
    assert!(matches!(house.sign(&mut db), Err(LogError::Discontinued(605))));
    let cut = Some(Finding { what: Damage::Truncated, place: 600, until: 605 });
    assert_eq!(house.verify(&mut db, &[]).unwrap().first, cut);
    house.tamper("checkpoint", "DELETE FROM compliance.checkpoint");
    assert_eq!(
        house.verify(&mut db, &[]).unwrap().first,
        None,
        "without any checkpoint a cut is not to be seen"
    );
    assert_eq!(house.verify(&mut db, std::slice::from_ref(&kept)).unwrap().first, cut);

    // Filled up again with other entries, and signed: two histories.
    house.write(&mut db, 6);
    let other = house.sign(&mut db).unwrap();
    assert_eq!(other.checkpoint.size, kept.checkpoint.size);
    let found = house.verify(&mut db, std::slice::from_ref(&kept)).unwrap().first.unwrap();
    assert_eq!(found.what, Damage::Forked);
}

#[test]
fn kept_nodes_and_checkpoints_are_not_believed() {
    let house = House::new();
    let mut db = house.registry.act().unwrap();
    house.write(&mut db, 1_000);
    house.sign(&mut db).unwrap();
    house.tamper(
        "audit_node",
        "UPDATE compliance.audit_node SET hash = decode(repeat('07', 32), 'hex') WHERE place = 1",
    );
    assert!(matches!(house.verify(&mut db, &[]), Err(LogError::Nodes)));
    house.write(&mut db, 1);
    assert!(matches!(house.sign(&mut db), Err(LogError::Discontinued(1_000))));

    let house = House::new();
    let mut db = house.registry.act().unwrap();
    house.write(&mut db, 10);
    house.sign(&mut db).unwrap();
    house.tamper("checkpoint", "UPDATE compliance.checkpoint SET at = '2020-01-01T00:00:00Z'");
    let found = house.verify(&mut db, &[]).unwrap().first;
    assert_eq!(found, Some(Finding::at(Damage::BadSignature, 10)));
    assert!(matches!(house.sign(&mut db), Err(LogError::Checkpoint(Damage::BadSignature))));
}

#[test]
fn entries_of_before_stay_verifiable_and_are_in_the_tree() {
    let house = House::new();
    let mut db = house.registry.act().unwrap();
    // Written by the program as it was before the log had a tree.
    let mut previous = "musubi-audit/1".to_owned();
    let mut rows = Vec::new();
    for seq in 1..=300 {
        let json = format!(
            r#"[{seq},"2026-09-21T14:13:20.000000Z","night-job","intake","load","snapshot:{seq}",1,"done","{previous}"]"#
        );
        let hash = blake3::hash(json.as_bytes()).to_hex().to_string();
        let texts = "'2026-09-21T14:13:20Z', 'night-job', 'intake', 'load'";
        rows.push(format!("({seq}, {texts}, 'snapshot:{seq}', 1, 'done', '{previous}', '{hash}')"));
        previous = hash;
    }
    let columns = "(seq, at, actor, role, action, object, persons, result, previous, hash)";
    house.tamper("audit", &format!("INSERT INTO compliance.audit {columns} VALUES {}", rows.join(",")));
    house.write(&mut db, 300);
    let note = house.sign(&mut db).unwrap();
    let report = house.verify(&mut db, &[]).unwrap();
    assert_eq!((report.entries, report.root, report.first), (600, note.checkpoint.root, None));
    for seq in [1, 256, 257, 300, 301, 600] {
        let proof = tree::prove(&mut db, seq).unwrap();
        assert_eq!(inclusion::check(&proof, &house.keys().house), Ok((seq, 600)), "{seq}");
    }
}

#[test]
fn proofs_and_the_export_need_nothing_of_the_house() {
    let house = House::new();
    let mut db = house.registry.act().unwrap();
    let keys = house.keys();
    // Across the borders of kept nodes: 256, and 65 536 = 256².
    let mut notes = Vec::new();
    for n in [3, 252, 1, 1, 500, 64_779, 1, 700] {
        house.write(&mut db, n);
        notes.push(house.sign(&mut db).unwrap());
    }
    let newest = notes.last().unwrap().clone();
    assert_eq!(newest.checkpoint.size, 66_237);
    assert_eq!(house.verify(&mut db, &notes).unwrap().first, None);
    let sizes: Vec<u64> = notes.iter().map(|n| n.checkpoint.size).collect();
    let bundle = tree::bundle(&mut db, newest.clone(), &sizes).unwrap();
    assert!(notes.iter().all(|old| bundle.follows(&old.checkpoint) == Some(true)));
    for seq in [1, 255, 256, 257, 758, 65_536, 65_537, 66_237] {
        let proof = tree::prove(&mut db, seq).unwrap();
        assert_eq!(inclusion::check(&proof, &keys.house), Ok((seq, 66_237)), "{seq}");
    }
    assert!(matches!(tree::prove(&mut db, 66_238), Err(LogError::NotCovered(_))));
    assert!(matches!(tree::prove(&mut db, 0), Err(LogError::NotCovered(_))));

    // A witness signs; the signature comes back once, and only with a known key.
    let seed = [8; 32];
    let mut witnessed = newest.clone();
    witnessed.signatures.push(Signature::by_witness("notary-1", &seed, &newest.checkpoint).unwrap());
    assert!(tree::accept(&mut db, &witnessed, &keys, at(9)).is_err(), "an unknown witness");
    let with = Keys { witnesses: vec![witnessed.signatures[1].key], ..keys.clone() };
    assert_eq!(tree::accept(&mut db, &witnessed, &with, at(9)).unwrap(), 1);
    assert_eq!(tree::accept(&mut db, &witnessed, &with, at(9)).unwrap(), 0);

    // Entries after the newest checkpoint stay out of the export.
    append(&mut db, &entry(1)).unwrap();
    let (file, size) = tree::export(&mut db, Vec::new()).unwrap();
    assert_eq!(size, 66_237);
    let report = verify_export(file.as_slice(), &with, notes, |_| {}).unwrap();
    assert_eq!((report.entries, report.root, report.first), (66_237, newest.checkpoint.root, None));
    assert_eq!(report.witnessed.values().copied().collect::<Vec<_>>(), [66_237]);
}

#[test]
fn many_writers_and_signers_make_one_log() {
    let house = House::new();
    let mut db = house.registry.act().unwrap();
    house.write(&mut db, 1);
    let notes: Vec<Note> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..4)
            .map(|_| {
                let house = &house;
                scope.spawn(move || {
                    let mut db = house.registry.act().unwrap();
                    (0..12)
                        .map(|n| {
                            house.write(&mut db, 1 + n % 40);
                            house.sign(&mut db).unwrap()
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        handles.into_iter().flat_map(|h| h.join().unwrap()).collect()
    });
    let report = house.verify(&mut db, &notes).unwrap();
    assert_eq!((report.entries, report.first), (1 + 4 * (1..=12u64).sum::<u64>(), None));
}

#[test]
fn entries_are_found_by_what_is_asked() {
    let house = House::new();
    let mut db = house.registry.act().unwrap();
    house.write(&mut db, 50);
    let one = AuditEntry {
        actor: Name::new("desk-1").unwrap(),
        action: AuditAction::ViewPerson,
        object: AuditObject::OptOut(Name::new("T-1").unwrap()),
        ..entry(60)
    };
    append(&mut db, &one).unwrap();
    let mut seqs = |filter: AuditFilter| -> Vec<u64> {
        db.audit_entries(&filter).unwrap().iter().map(|r| r.seq).collect()
    };
    let last = |last| AuditFilter { last, ..AuditFilter::default() };
    assert_eq!(seqs(last(2)), [50, 51]);
    assert_eq!(seqs(AuditFilter { actor: Some("desk-1".into()), ..last(9) }), [51]);
    assert_eq!(seqs(AuditFilter { action: Some("view-person".into()), ..last(9) }), [51]);
    assert_eq!(seqs(AuditFilter { object: Some("opt-out:".into()), ..last(9) }), [51]);
    assert_eq!(seqs(AuditFilter { since: Some(at(47).to_string()), ..last(9) }), [49, 50, 51]);
}
