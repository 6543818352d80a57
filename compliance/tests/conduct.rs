//! The checks of conduct over real books: each holds in a house in order, fails on the one thing that is wrong, and holds
//! again when it is mended where it can be.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name, append};
use musubi_compliance::checks::{Books, CONDUCT, Catalogue, Desk, Verdict, programs, run};
use musubi_compliance::disclosure;
use musubi_compliance::incident::{self, IncidentKind, Step};
use musubi_compliance::parameters::{parameters, record_parameters};
use musubi_compliance::register;
use musubi_compliance::yearly;
use musubi_model::parameter::ParameterValue;
use musubi_model::sign::SecretKey;
use musubi_storage::act::instruction::{NewInstruction, NewRun};
use musubi_storage::act::organisation::{HeldRoleRow, OrganisationRow, PrincipalRow};
use musubi_storage::act::published::PublishedRow;
use musubi_storage::act::transfer::TransferRow;
use musubi_storage::registry::{ActDb, Registry};
use musubi_storage::server::{DatabaseChoice, Server};

const DAY: Date = Date::constant(2026, 12, 1);

/// Noon of that day in Japan, and so many minutes.
fn at(minute: i64) -> Timestamp {
    Timestamp::from_second(1_796_094_000 + minute * 60).unwrap()
}

struct House {
    registry: Registry,
    // Declared last, dropped last: the server stops before its folder goes.
    _folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::open(folder.path(), &DatabaseChoice::Embedded).unwrap();
        Self { registry: Registry::open(server).unwrap(), _folder: folder }
    }

    fn act(&self) -> ActDb {
        self.registry.act().unwrap()
    }

    fn verdict(&self, id: &str) -> Verdict {
        let catalogue = Catalogue::shipped().unwrap();
        let store = Books {
            db: self.act(),
            parameters: parameters(None).unwrap(),
            today: DAY,
            now: at(0),
            house: key().public(),
        };
        let mut desk = Desk { store, readers: CONDUCT };
        let found = run(&catalogue, |c| c.id.to_string() == id, &mut [&mut desk]);
        found[0].judgement.verdict
    }

    fn enter(&self, class: &str, entry: &str, fields: &[(&str, &str)]) {
        let class = register::class(class).unwrap();
        let fields: BTreeMap<String, String> =
            fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        class.check(entry, &fields).unwrap();
        register::enter(&mut self.act(), &class, entry, fields, at(0), "officer-01").unwrap();
    }

    /// An operator with an officer, a contractor with the account of the night.
    fn founded(&self, trained_on: Date) {
        let organisation = |id: &str, kind: &str| OrganisationRow {
            id: id.to_owned(),
            name: format!("見本 {id}"),
            kind: kind.to_owned(),
            parent: None,
            certificate: format!("見本-{id}"),
            valid_from: Date::constant(2026, 1, 1),
            valid_to: Date::constant(2027, 12, 31),
            zones: ["Z1", "Z2", "Z3", "Z4", "Z5", "Z6"].map(str::to_owned).to_vec(),
            work: "試験".to_owned(),
            retired: false,
        };
        let account = |id: &str, organisation: &str, role: &str, human: bool| PrincipalRow {
            id: id.to_owned(),
            organisation: organisation.to_owned(),
            kind: if human { "human" } else { "service" }.to_owned(),
            staff_number: human.then(|| format!("M-{id}")),
            default: false,
            trained_on: human.then_some(trained_on),
            pledged_on: human.then_some(trained_on),
            left_on: None,
            retired: false,
            roles: vec![HeldRoleRow { role: role.to_owned(), from: Date::constant(2026, 1, 1), to: None }],
        };
        let accounts =
            [account("officer-01", "op", "officer", true), account("night-job", "con", "intake", false)];
        let organisations = [organisation("op", "operator"), organisation("con", "contractor")];
        self.act().enter_organisations(&organisations, &accounts, "founding", at(-600)).unwrap();
        let given = NewInstruction {
            given_by: "officer-01".to_owned(),
            organisation: "con".to_owned(),
            role: None,
            jobs: vec!["intake".to_owned()],
            scope: Vec::new(),
            valid_from: DAY,
            valid_to: DAY,
            reason: "試験".to_owned(),
        };
        self.act().give_instructions(&[given], at(-500)).unwrap();
    }

    fn ran(&self, job: &str, hash: &str, minute: i64) {
        let mut db = self.act();
        let run = NewRun {
            job,
            verb: "nightly",
            scope: None,
            instruction: "I-0001",
            principal: "night-job",
            role: "intake",
            parameter_hash: hash,
            code_version: "musubi test",
            binary_hash: "aa",
            started_at: at(minute),
        };
        let id = db.begin_run(&run).unwrap();
        db.end_run(id, "done", at(minute + 5)).unwrap();
    }

    fn acted(&self, who: &str, role: AuditRole, minute: i64) {
        let entry = AuditEntry {
            at: at(minute),
            actor: Name::new(who).unwrap(),
            role,
            action: AuditAction::Check,
            object: AuditObject::House,
            persons: 0,
            result: AuditResult::Done,
        };
        append(&mut self.act(), &entry).unwrap();
    }
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

#[test]
fn contracts_users_and_money_are_held_against_the_registers() {
    let house = House::new();
    for id in ["C-063", "C-066", "C-068", "C-069", "C-072", "C-073"] {
        assert_eq!(house.verdict(id), Verdict::NoCase, "{id}");
    }
    let class = register::class("contract").unwrap();
    let flags: Vec<String> =
        class.fields.iter().map(|f| f.name.clone()).filter(|n| n.starts_with("clause-")).collect();
    let mut fields = vec![
        ("user", "見本大学"),
        ("user-kind", "anon-user"),
        ("signed", "2026-01-10"),
        ("from", "2026-02-01"),
        ("until", "2027-01-31"),
    ];
    fields.extend(flags.iter().map(|f| (f.as_str(), "yes")));
    house.enter("contract", "K-1", &fields);
    assert_eq!(house.verdict("C-063"), Verdict::Pass);
    fields.pop();
    fields.push((flags.last().unwrap().as_str(), "no"));
    house.enter("contract", "K-1", &fields);
    assert_eq!(house.verdict("C-063"), Verdict::Fail, "the newest version counts");

    let duty = [("user", "見本大学"), ("contract", "K-1"), ("what", "report"), ("due", "2026-11-30")];
    house.enter("obligation", "O-1", &duty);
    assert_eq!(house.verdict("C-069"), Verdict::Fail);
    house.enter("obligation", "O-1", &[&duty[..], &[("done", "2026-11-30")]].concat());
    assert_eq!(house.verdict("C-069"), Verdict::Pass);

    let paid = |yen| {
        [
            ("provider", "1310500001"),
            ("year", "2026"),
            ("paid-yen", yen),
            ("cost-yen", "5"),
            ("basis", "実費"),
        ]
    };
    house.enter("consideration", "P-1", &paid("5"));
    assert_eq!(house.verdict("C-073"), Verdict::Pass);
    house.enter("consideration", "P-1", &paid("6"));
    assert_eq!(house.verdict("C-073"), Verdict::Fail);

    let sent = [
        ("release", "R-1"),
        ("user", "見本大学"),
        ("line", "L-1"),
        ("sent", "2026-12-01"),
        ("manifest-hash", "aa"),
    ];
    house.enter("handover", "H-1", &sent);
    assert_eq!(house.verdict("C-068"), Verdict::Fail, "no such release, no such line");

    let transfer = |gate: &str, minute| TransferRow {
        id: "T-1".to_owned(),
        side: "sent".to_owned(),
        at: at(minute),
        actor: "officer-01".to_owned(),
        operator: "見本第二事業者".to_owned(),
        request: "第1号".to_owned(),
        scope: "全件".to_owned(),
        persons: 12,
        documents: 3,
        package_hash: "p".to_owned(),
        gate_hash: gate.to_owned(),
    };
    house.act().keep_transfer(&transfer("", 0)).unwrap();
    assert_eq!(house.verdict("C-072"), Verdict::Fail);
    house.act().keep_transfer(&transfer("g", 1)).unwrap();
    assert_eq!(house.verdict("C-072"), Verdict::Pass);
}

#[test]
fn accounts_are_certified_trained_apart_and_changed_by_two() {
    let house = House::new();
    assert_eq!(house.verdict("C-083"), Verdict::NoCase);
    house.founded(Date::constant(2025, 11, 30));
    assert_eq!(house.verdict("C-083"), Verdict::Fail, "trained more than twelve months ago");
    let training = [("account", "officer-01"), ("on", "2026-11-30"), ("pledge", "yes")];
    house.enter("training", "T-1", &training);
    assert_eq!(house.verdict("C-083"), Verdict::Pass);

    house.acted("night-job", AuditRole::Intake, -90);
    for id in ["C-070", "C-074", "C-084"] {
        assert_eq!(house.verdict(id), Verdict::Pass, "{id}");
    }
    house.acted("night-job", AuditRole::Auditor, -30);
    assert_eq!(house.verdict("C-074"), Verdict::Fail, "an auditor does nothing else within a day");
    house.acted("stranger", AuditRole::Operator, -20);
    assert_eq!(house.verdict("C-070"), Verdict::Fail);

    assert_eq!(house.verdict("C-075"), Verdict::NoCase);
    let mut db = house.act();
    let (organisations, accounts) = (db.organisations().unwrap(), db.principals().unwrap());
    let mut left = accounts[0].clone();
    left.left_on = Some(DAY);
    db.enter_organisations(&[], &[left], "officer-01", at(-10)).unwrap();
    assert!(!organisations.is_empty());
    assert_eq!(house.verdict("C-075"), Verdict::Fail, "changed without a second person");
    house.acted(&accounts[0].id, AuditRole::Officer, -5);
    assert_eq!(house.verdict("C-084"), Verdict::Fail, "acted on the day of leaving");
}

#[test]
fn a_job_runs_under_its_instruction_and_by_approved_parameters() {
    let house = House::new();
    house.founded(DAY);
    let set = parameters(None).unwrap();
    let hash = record_parameters(&mut house.act(), &set, at(-400)).unwrap();
    house.ran("intake", &hash, -60);
    for id in ["C-064", "C-071", "C-091"] {
        assert_eq!(house.verdict(id), Verdict::Pass, "{id}");
    }
    // Before the instruction was given; another job; no job at all.
    let trial = |job: &str, minute| {
        let house = House::new();
        house.founded(DAY);
        record_parameters(&mut house.act(), &set, at(-400)).unwrap();
        house.ran(job, &hash, minute);
        (house.verdict("C-071"), house.verdict("C-064"))
    };
    assert_eq!(trial("intake", -550), (Verdict::Fail, Verdict::Pass));
    assert_eq!(trial("relink", -60), (Verdict::Fail, Verdict::Pass));
    assert_eq!(trial("marketing", -60), (Verdict::Fail, Verdict::Fail));

    // A number that nobody approved: fails, unless somebody vouched for the program that ships it.
    let mut other = set.clone();
    other.parameters[0].value = ParameterValue::Number(31);
    let hash = record_parameters(&mut house.act(), &other, at(-50)).unwrap();
    house.ran("intake", &hash, -40);
    assert_eq!(house.verdict("C-091"), Verdict::Fail);
    let by = Name::new("security-01").unwrap();
    let listed = programs::list(&key(), "aa", "musubi test", false, &by, at(-30)).unwrap();
    house.act().enter_program(&listed).unwrap();
    assert_eq!(house.verdict("C-091"), Verdict::Pass);
    house.ran("intake", "no such set", -20);
    assert_eq!(house.verdict("C-091"), Verdict::Fail);
}

#[test]
fn an_incident_fails_while_its_clock_runs_out_and_not_when_it_is_reported_and_closed() {
    let house = House::new();
    let mut db = house.act();
    assert_eq!(house.verdict("C-085"), Verdict::NoCase);
    let open = |db: &mut ActDb, minute, what: &str| {
        let frozen = [what.to_owned()];
        incident::open_automatic(db, at(minute), "night", IncidentKind::Unnotified, "試験", 1, &frozen)
            .unwrap()
            .0
    };
    open(&mut db, -60, "submission:01");
    assert_eq!(house.verdict("C-085"), Verdict::Pass, "within the first day");
    let late = open(&mut db, -60 * 25, "submission:02");
    assert_eq!(house.verdict("C-085"), Verdict::Fail);
    incident::step(&mut db, &late, at(-5), "officer-01", &Step::Report("h".to_owned(), String::new()))
        .unwrap();
    assert_eq!(house.verdict("C-085"), Verdict::Fail, "reported after 25 hours");
    incident::step(&mut db, &late, at(-4), "officer-01", &Step::Close("済".to_owned())).unwrap();
    assert_eq!(house.verdict("C-085"), Verdict::Pass);
}

#[test]
fn what_was_published_is_computed_again() {
    let house = House::new();
    let mut db = house.act();
    let set = parameters(None).unwrap();
    assert_eq!((house.verdict("C-088"), house.verdict("C-089")), (Verdict::NoCase, Verdict::NoCase));
    let report = yearly::compute(&mut db, &set, 2026, at(-10), &mut yearly::notices).unwrap();
    let page = disclosure::compute(&mut db, &set, 2026, at(-10)).unwrap();
    let mut keep = |kind: &str, hash: String, minute| {
        let made_at = at(minute);
        let (kind, actor) = (kind.to_owned(), "officer-01".to_owned());
        db.keep_published(&PublishedRow { kind, year: 2026, cutoff: at(-10), made_at, actor, hash }).unwrap();
    };
    keep("yearly", yearly::hash(&report.json().unwrap()), -9);
    keep("disclosure", yearly::hash(&page.json().unwrap()), -9);
    assert_eq!((house.verdict("C-088"), house.verdict("C-089")), (Verdict::Pass, Verdict::Pass));
    keep("disclosure", "other".to_owned(), -8);
    assert_eq!((house.verdict("C-088"), house.verdict("C-089")), (Verdict::Fail, Verdict::Fail));
}
