//! A check that cannot read its input fails: for every reader over the books, each table that the catalogue says it reads is
//! closed to its role, then taken away, and the check must notice. And what is kept of a run, of evidence and programs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name, append};
use musubi_compliance::checks::{
    Books, CONDUCT, Catalogue, Check, Desk, INTAKE_READERS, Judgement, READERS, Verdict, ZONE_READERS, Zones,
    evidence, programs, run,
};
use musubi_compliance::erasure::Stores;
use musubi_compliance::parameters::parameters;
use musubi_model::sign::SecretKey;
use musubi_storage::act::check::CheckResultRow;
use musubi_storage::keys::{KekSource, KeyRing};
use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};

const DAY: Date = Date::constant(2026, 12, 1);

/// Roles that a check may read with.
const ROLES: &str = "musubi_act, musubi_identity, musubi_erasure, musubi_ingest";

struct House {
    registry: Registry,
    ring: KeyRing,
    // Declared last, dropped last: the server stops before its folder goes.
    folder: tempfile::TempDir,
}

impl House {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::open(folder.path(), &DatabaseChoice::Embedded).unwrap();
    let kek = KekSource::File(folder.path().join("kek.key"));
    let ring = KeyRing::open_or_create(&folder.path().join("keys"), &kek).unwrap();
    for name in ["lake", "vault"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    House { registry: Registry::open(server).unwrap(), ring, folder }
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

fn now() -> Timestamp {
    Timestamp::new(1_796_083_200, 0).unwrap()
}

fn books(house: &House) -> Books {
    Books {
        db: house.registry.act().unwrap(),
        parameters: parameters(None).unwrap(),
        today: DAY,
        now: now(),
        house: key().public(),
    }
}

fn desk(house: &House) -> Desk<Books> {
    Desk { store: books(house), readers: READERS }
}

fn judgement(house: &House, check: &Check) -> Judgement {
    let catalogue = Catalogue::shipped().unwrap();
    let mut desk = desk(house);
    let mut intake = Desk { store: books(house), readers: INTAKE_READERS };
    let mut conduct = Desk { store: books(house), readers: CONDUCT };
    let (lake, vault) = (house.path("lake"), house.path("vault"));
    let mut zones = Zones {
        stores: Stores { registry: &house.registry, ring: &house.ring, lake: &lake, vault: &vault },
        data: house.folder.path(),
        older: &|_, _| Ok(0),
        books: books(house),
        loaded: None,
    };
    let outcomes =
        run(&catalogue, |c| c.id == check.id, &mut [&mut desk, &mut intake, &mut conduct, &mut zones]);
    outcomes[0].judgement.clone()
}

fn verdict(house: &House, check: &Check) -> Verdict {
    judgement(house, check).verdict
}

/// Does somebody here read for it?
fn is_read(check: &Check) -> bool {
    let books = READERS.iter().chain(INTAKE_READERS).chain(CONDUCT).map(|(n, _)| *n);
    books.chain(ZONE_READERS.iter().map(|(n, _)| *n)).any(|n| n == check.id.number())
}

#[test]
fn a_check_that_cannot_read_its_input_fails() {
    let house = house();
    let mut owner = house.registry.server().connect_owner().unwrap();
    let catalogue = Catalogue::shipped().unwrap();
    let mut closed = 0;
    for check in catalogue.checks().iter().filter(|c| is_read(c)) {
        let whole = judgement(&house, check);
        assert_ne!(
            whole.verdict,
            Verdict::Unreadable,
            "{} in an empty house: {:?}",
            check.id,
            whole.evidence
        );
        for table in check.tables() {
            owner.batch_execute(&format!("ALTER TABLE {table} RENAME TO gone")).unwrap();
            assert_eq!(verdict(&house, check), Verdict::Unreadable, "{} without {table}", check.id);
            let (schema, name) = table.split_once('.').unwrap();
            owner.batch_execute(&format!("ALTER TABLE {schema}.gone RENAME TO {name}")).unwrap();
            closed += 1;
        }
        assert_ne!(verdict(&house, check), Verdict::Unreadable, "{} after all", check.id);
    }
    assert!(closed >= READERS.len() + 60, "{closed} tables were taken away");
    // The other way to close a table: the grant.
    for check in catalogue.checks().iter().filter(|c| is_read(c)) {
        for table in check.tables() {
            owner.batch_execute(&format!("REVOKE SELECT ON {table} FROM {ROLES}")).unwrap();
            assert_eq!(verdict(&house, check), Verdict::Unreadable, "{} may not read {table}", check.id);
            owner.batch_execute(&format!("GRANT SELECT ON {table} TO {ROLES}")).unwrap();
        }
    }
}

fn entry(action: AuditAction, role: AuditRole, object: AuditObject) -> AuditEntry {
    AuditEntry {
        at: now(),
        actor: Name::new("desk-1").unwrap(),
        role,
        action,
        object,
        persons: 1,
        result: AuditResult::Done,
    }
}

fn of(catalogue: &Catalogue, id: &str) -> Check {
    catalogue.get(id.parse().unwrap()).unwrap().clone()
}

#[test]
fn g17_a_changed_entry_of_the_log_fails_the_chain() {
    let house = house();
    let catalogue = Catalogue::shipped().unwrap();
    let mut act = house.registry.act().unwrap();
    for _ in 0..3 {
        append(&mut act, &entry(AuditAction::Check, AuditRole::Auditor, AuditObject::House)).unwrap();
    }
    let (chain, guard) = (of(&catalogue, "C-022"), of(&catalogue, "C-078"));
    assert_eq!((verdict(&house, &chain), verdict(&house, &guard)), (Verdict::Pass, Verdict::Pass));
    let mut owner = house.registry.server().connect_owner().unwrap();
    owner.batch_execute("ALTER TABLE compliance.audit DISABLE TRIGGER ALL").unwrap();
    assert_eq!(verdict(&house, &guard), Verdict::Fail);
    owner.batch_execute("UPDATE compliance.audit SET actor = 'desk-2' WHERE seq = 2").unwrap();
    let mut desk = desk(&house);
    let outcomes = run(&catalogue, |c| c.id == chain.id, &mut [&mut desk]);
    assert_eq!(outcomes[0].judgement.verdict, Verdict::Fail);
    assert_eq!(outcomes[0].judgement.evidence, ["compliance.audit:2"]);
}

#[test]
fn the_desk_that_looks_at_clinical_data_is_found() {
    let house = house();
    let catalogue = Catalogue::shipped().unwrap();
    let check = of(&catalogue, "C-086");
    let mut act = house.registry.act().unwrap();
    let document = AuditObject::Document("ab".repeat(32).parse().unwrap());
    append(&mut act, &entry(AuditAction::EnterOptOut, AuditRole::HelpDesk, document.clone())).unwrap();
    append(&mut act, &entry(AuditAction::Trace, AuditRole::Operator, document.clone())).unwrap();
    assert_eq!(verdict(&house, &check), Verdict::Pass);
    append(&mut act, &entry(AuditAction::Trace, AuditRole::HelpDesk, document)).unwrap();
    assert_eq!(verdict(&house, &check), Verdict::Fail);
}

#[test]
fn evidence_and_programs_come_back_as_entered_and_results_stay() {
    let house = house();
    let catalogue = Catalogue::shipped().unwrap();
    let mut act = house.registry.act().unwrap();
    let by = Name::new("security-1").unwrap();
    let egress = of(&catalogue, "C-081");
    assert_eq!(verdict(&house, &egress), Verdict::Fail, "no evidence is no pass");
    let probe = "probed_at='2026-11-30T00:00:00Z'\nunlisted_peers=0\nprobes=3\nreached=0\n";
    for zone in ["Z1", "Z2", "Z3", "Z4", "Z5"] {
        act.enter_evidence(&evidence::enter("egress-probe", zone, probe, DAY, &by, now()).unwrap()).unwrap();
    }
    assert_eq!(verdict(&house, &egress), Verdict::Pass);
    // The newest of a zone counts.
    let reached = probe.replace("reached=0", "reached=1");
    act.enter_evidence(&evidence::enter("egress-probe", "Z3", &reached, DAY, &by, now()).unwrap()).unwrap();
    assert_eq!(verdict(&house, &egress), Verdict::Fail);

    let stays = programs::list(&key(), &"ab".repeat(32), "musubi 1", false, &by, now()).unwrap();
    act.enter_program(&stays).unwrap();
    let back = act.programs().unwrap();
    assert!(back == [stays] && programs::genuine(&back[0], &key().public()));

    let result = CheckResultRow {
        run_id: "J-1".into(),
        check_id: "C-081".into(),
        version: 1,
        param_hash: "p".into(),
        input_hash: "h".into(),
        verdict: "fail".into(),
        blocking: true,
        counts: "{}".into(),
        evidence_ref: vec!["Z3".into()],
        at: now(),
    };
    act.enter_check_results(std::slice::from_ref(&result)).unwrap();
    assert_eq!(act.check_results("C-081", 9).unwrap(), [result]);
    let mut owner = house.registry.server().connect_owner().unwrap();
    for table in ["check_result", "check_evidence", "program", "program_run", "release_check"] {
        let refused = owner.batch_execute(&format!("TRUNCATE compliance.{table}"));
        assert!(refused.is_err(), "{table} can be emptied");
    }
}
