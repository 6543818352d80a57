//! Who may do what: certificates, closed accounts, forbidden pairs, instructions; what two people decide, tried against a
//! model in a real PostgreSQL; and books that keep every version.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

use std::cell::Cell;
use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use musubi_compliance::audit::{AuditRole, Name};
use musubi_compliance::authority::{ForbiddenPairs, Granted, Need, Office, Refused, decide};
use musubi_compliance::instruction::{self, Job, Lacking, NotGiven};
use musubi_compliance::operation::{
    self, Capability, OperationKind, OperationRefused, PEOPLE, Signatory, State, propose, take,
};
use musubi_compliance::organisation::{Book, Rules};
use musubi_compliance::parameters::{self, parameters, word};
use musubi_model::parameter::{Parameter, ParameterValue, Verified};
use musubi_storage::act::instruction::{InstructionRow, NewInstruction};
use musubi_storage::act::operation::{DecisionRow, OperationRow};
use musubi_storage::act::organisation::{HeldRoleRow, OrganisationRow, PrincipalRow, RoleUse};
use musubi_storage::login::BreakGlassRow;
use musubi_storage::registry::{ActDb, Registry};
use musubi_storage::server::{DatabaseChoice, Server};
use proptest::prelude::*;
use serde_json::json;

const DAY: Date = Date::constant(2026, 4, 10);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_775_800_000 + second).unwrap()
}

fn house() -> (Registry, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::open(folder.path(), &DatabaseChoice::Embedded).unwrap();
    (Registry::open(server).unwrap(), folder)
}

fn organisation(id: &str, kind: &str, parent: Option<&str>) -> OrganisationRow {
    OrganisationRow {
        id: id.to_owned(),
        name: format!("見本 {id}"),
        kind: kind.to_owned(),
        parent: parent.map(str::to_owned),
        certificate: format!("見本-{id}"),
        valid_from: Date::constant(2026, 1, 1),
        valid_to: Date::constant(2026, 12, 31),
        zones: ["Z1", "Z2", "Z3", "Z4", "Z5", "Z6"].map(str::to_owned).to_vec(),
        work: "試験".to_owned(),
        retired: false,
    }
}

fn account(id: &str, organisation: &str, roles: &[&str]) -> PrincipalRow {
    let mut roles: Vec<HeldRoleRow> = roles
        .iter()
        .map(|r| HeldRoleRow { role: (*r).to_owned(), from: Date::constant(2026, 1, 1), to: None })
        .collect();
    roles.sort();
    PrincipalRow {
        id: id.to_owned(),
        organisation: organisation.to_owned(),
        kind: "human".to_owned(),
        staff_number: Some(format!("M-{id}")),
        default: false,
        trained_on: Some(DAY),
        pledged_on: Some(DAY),
        left_on: None,
        retired: false,
        roles,
    }
}

fn organisations() -> Vec<OrganisationRow> {
    vec![
        organisation("op", "operator", None),
        organisation("con", "contractor", None),
        organisation("sub", "sub-contractor", Some("con")),
    ]
}

fn accounts() -> Vec<PrincipalRow> {
    vec![
        account("officer-01", "op", &["officer"]),
        account("officer-02", "op", &["officer"]),
        account("desk-01", "op", &["help-desk"]),
        account("linker-01", "sub", &["identity"]),
    ]
}

fn said() -> NewInstruction {
    NewInstruction {
        given_by: "officer-01".to_owned(),
        organisation: "sub".to_owned(),
        role: Some("identity".to_owned()),
        jobs: vec!["relink".to_owned()],
        scope: Vec::new(),
        valid_from: DAY,
        valid_to: DAY,
        reason: "試験".to_owned(),
    }
}

fn pairs() -> ForbiddenPairs {
    let set = parameters(None).unwrap();
    ForbiddenPairs::parse(word(&set, "authority.forbidden_pairs", DAY).unwrap()).unwrap()
}

/// A house in which `linker-01` may relink; `spoil` changes one thing.
fn tried(asked: &str, spoil: impl FnOnce(&mut Rows)) -> Result<Granted, Refused> {
    let mut rows = Rows {
        organisations: organisations(),
        accounts: accounts(),
        instructions: vec![InstructionRow {
            id: "I-0001".into(),
            given_at: at(-10),
            said: said(),
            revoked: None,
        }],
        uses: Vec::new(),
        lent: Vec::new(),
        scope: None,
        job: Some(Job::Relink),
        human: true,
    };
    spoil(&mut rows);
    let office = Office {
        book: Book::new(rows.organisations, rows.accounts).unwrap().into(),
        pairs: pairs(),
        hours: 24,
        instructions: rows.instructions,
        uses: rows.uses,
        lent: rows.lent,
    };
    let need = Need { roles: &[AuditRole::Identity, AuditRole::Officer], job: rows.job, human: rows.human };
    decide(&office, &need, Some(asked), rows.scope.as_deref(), at(0), DAY)
}

struct Rows {
    organisations: Vec<OrganisationRow>,
    accounts: Vec<PrincipalRow>,
    instructions: Vec<InstructionRow>,
    uses: Vec<RoleUse>,
    lent: Vec<BreakGlassRow>,
    scope: Option<String>,
    job: Option<Job>,
    human: bool,
}

impl Rows {
    fn linker(&mut self) -> &mut PrincipalRow {
        self.accounts.iter_mut().find(|a| a.id == "linker-01").unwrap()
    }

    fn said(&mut self) -> &mut NewInstruction {
        &mut self.instructions[0].said
    }

    /// Lends linker-01 a role from some minutes ago until some minutes from now.
    fn lent(&mut self, role: &str, from: i64, until: i64) {
        self.lent.push(BreakGlassRow {
            id: 1,
            account: "linker-01".into(),
            role: role.into(),
            reason: "試験".into(),
            asked_at: at(from * 60),
            until: at(until * 60),
            review: None,
        });
    }

    fn used(&mut self, role: &str, minutes_ago: i64) {
        let when = at(0) - SignedDuration::from_mins(minutes_ago);
        self.uses.push(RoleUse { principal: "linker-01".into(), role: role.into(), at: when });
    }
}

/// What is refused, by its code in the audit chain.
#[track_caller]
fn check(code: &str, spoil: impl FnOnce(&mut Rows)) {
    let told = tried("linker-01", spoil);
    let found = told.as_ref().map_or_else(Refused::code, |_| "");
    assert_eq!(found, code, "{told:?}");
    if let Err(refused) = told {
        assert!(!refused.ja().is_empty() && !refused.en().is_empty());
    }
}

#[test]
fn accounts_and_certificates() {
    check("", |_| {});
    check("NOT-FOUNDED", |r| {
        r.organisations.clear();
        r.accounts.clear();
    });
    check("CLOSED-ACCOUNT", |r| r.linker().retired = true);
    check("CLOSED-ACCOUNT", |r| r.linker().left_on = Some(DAY));
    check("", |r| r.linker().left_on = Some(DAY.tomorrow().unwrap()));
    check("NOT-TRAINED", |r| r.linker().trained_on = None);
    check("NOT-TRAINED", |r| r.linker().pledged_on = None);
    check("ROLE", |r| r.linker().roles[0].to = Some(DAY.yesterday().unwrap()));
    check("ROLE", |r| r.linker().roles[0].from = DAY.tomorrow().unwrap());
    check("SERVICE-ACCOUNT", |r| {
        r.linker().kind = "service".into();
        r.linker().staff_number = None;
    });
    // the organisation's own certificate, and that of whoever entrusted it
    for place in [1, 2] {
        check("CERTIFICATE", |r| r.organisations[place].valid_to = DAY.yesterday().unwrap());
        check("CERTIFICATE", |r| r.organisations[place].valid_from = DAY.tomorrow().unwrap());
        check("CERTIFICATE", |r| r.organisations[place].retired = true);
        check("ZONE", |r| r.organisations[place].zones.retain(|z| z != "Z2"));
        check("", |r| r.organisations[place].valid_to = DAY);
    }
    assert_eq!(tried("nobody", |_| {}), Err(Refused::Unknown));
}

#[test]
fn a_lent_role_holds_for_its_time_and_makes_no_forbidden_pair() {
    // Without its own role the account relinks under a lent one, exactly as long as it lasts.
    let none = |r: &mut Rows| {
        r.linker().roles.clear();
        r.job = None;
    };
    let with = |role: &'static str, from, until| {
        move |r: &mut Rows| {
            none(r);
            r.lent(role, from, until);
        }
    };
    check("ROLE", none);
    check("", with("identity", -1, 1));
    check("", with("identity", 0, 1));
    check("ROLE", with("identity", -5, 0));
    check("ROLE", with("identity", 1, 5));
    check("ROLE", with("curator", -1, 1));
    check("ROLE", with("a-role-of-long-ago", -1, 1));
    let granted = tried("linker-01", with("identity", -1, 1)).unwrap();
    assert_eq!(granted.role, AuditRole::Identity);
    // Its own role goes first; and what is lent may not stand beside what is held, in either direction.
    check("", |r| r.lent("officer-of-nothing", -1, 1));
    check("FORBIDDEN-PAIR", |r| r.lent("release", -1, 1));
    check("FORBIDDEN-PAIR", |r| r.lent("officer", -1, 1));
    check("", |r| r.lent("release", -5, 0));
    // A service is lent nothing.
    check("ROLE", |r| {
        with("identity", -1, 1)(r);
        r.linker().kind = "service".into();
        r.linker().staff_number = None;
        r.human = false;
    });
}

#[test]
fn roles_that_do_not_go_together() {
    let second = |role: &str| HeldRoleRow { role: role.into(), from: DAY, to: None };
    check("FORBIDDEN-PAIR", |r| r.linker().roles.push(second("release")));
    check("", |r| r.linker().roles.push(second("help-desk")));
    // used within 24 hours, though no longer held
    check("FORBIDDEN-PAIR", |r| r.used("release", 23 * 60));
    // A note stands for a minute, so the last use may be a minute later than it.
    check("FORBIDDEN-PAIR", |r| r.used("release", 24 * 60));
    check("", |r| r.used("release", 24 * 60 + 1));
    check("", |r| r.used("help-desk", 60));
    check("FORBIDDEN-PAIR", |r| r.used("a-role-of-long-ago", 60));
    // what law.md names
    let pairs = pairs();
    for (a, b) in [
        (AuditRole::Identity, AuditRole::Release),
        (AuditRole::Release, AuditRole::Checker),
        (AuditRole::KeyCustodian, AuditRole::Curator),
        (AuditRole::ReleaseApprover, AuditRole::Release),
        (AuditRole::HelpDesk, AuditRole::Curator),
    ] {
        assert!(pairs.forbid(a, b) && pairs.forbid(b, a), "{a:?} {b:?}");
    }
    for role in AuditRole::ALL.iter().filter(|r| **r != AuditRole::Auditor) {
        assert!(pairs.forbid(AuditRole::Auditor, *role));
    }
    assert!(ForbiddenPairs::parse("officer:nobody").is_none());
    assert!(ForbiddenPairs::parse("officer").is_none());
    assert!(ForbiddenPairs::parse("officer:officer").is_none());
}

#[test]
fn a_job_without_a_valid_instruction_does_not_start() {
    check("NO-INSTRUCTION", |r| r.instructions.clear());
    check("NO-INSTRUCTION", |r| r.said().jobs = vec!["erasure".into()]);
    check("NO-INSTRUCTION", |r| r.said().organisation = "op".into());
    check("NO-INSTRUCTION", |r| r.said().role = Some("intake".into()));
    check("NO-INSTRUCTION", |r| r.said().given_by = "nobody".into());
    check("INSTRUCTION-DATE", |r| r.said().valid_to = DAY.yesterday().unwrap());
    check("INSTRUCTION-DATE", |r| r.said().valid_from = DAY.tomorrow().unwrap());
    check("INSTRUCTION-DATE", |r| r.instructions[0].given_at = at(1));
    check("INSTRUCTION-REVOKED", |r| r.instructions[0].revoked = Some((at(0), "officer-01".into())));
    check("INSTRUCTION-SCOPE", |r| r.said().scope = vec!["A-1".into()]);
    check("INSTRUCTION-SCOPE", |r| {
        r.said().scope = vec!["A-1".into()];
        r.scope = Some("A-2".into());
    });
    check("", |r| {
        r.said().scope = vec!["A-1".into()];
        r.scope = Some("A-1".into());
    });
    // of two, the one that holds
    check("", |r| {
        let sound = r.instructions[0].clone();
        r.said().valid_to = DAY.yesterday().unwrap();
        r.instructions.push(InstructionRow { id: "I-0002".into(), ..sound });
    });
    // nobody carries out what they said themselves
    let own = tried("officer-01", |r| {
        r.said().organisation = "op".into();
        r.said().role = None;
    });
    assert_eq!(own, Err(Refused::Instruction(Job::Relink, Lacking::OwnHand)));
}

#[test]
fn only_an_officer_of_the_operator_instructs() {
    let give = |change: &dyn Fn(&mut NewInstruction), accounts: Vec<PrincipalRow>| {
        let mut new = said();
        change(&mut new);
        instruction::check(&Book::new(organisations(), accounts).unwrap(), &new, DAY)
    };
    assert_eq!(give(&|_| {}, accounts()), Ok(()));
    assert_eq!(give(&|n| n.given_by = "desk-01".into(), accounts()), Err(NotGiven::NotAnOfficer));
    assert_eq!(give(&|n| n.organisation = "other".into(), accounts()), Err(NotGiven::Organisation));
    assert_eq!(give(&|n| n.role = Some("king".into()), accounts()), Err(NotGiven::Role));
    assert_eq!(give(&|n| n.jobs = vec!["reign".into()], accounts()), Err(NotGiven::Job));
    assert_eq!(give(&|n| n.jobs.clear(), accounts()), Err(NotGiven::Job));
    assert_eq!(give(&|n| n.valid_to = DAY.yesterday().unwrap(), accounts()), Err(NotGiven::Dates));
    assert_eq!(give(&|n| n.reason = " ".into(), accounts()), Err(NotGiven::Reason));
    let mut hired = accounts();
    hired[0].organisation = "con".into();
    assert_eq!(give(&|_| {}, hired), Err(NotGiven::NotAnOfficer));
}

#[test]
fn a_book_that_does_not_hold_together_is_no_book() {
    type Spoil = fn(&mut Vec<OrganisationRow>, &mut Vec<PrincipalRow>);
    let spoilt: [(Spoil, &str); 14] = [
        (|o, _| o[0].id = "a b".into(), "id"),
        (|o, _| o[0].kind = "owner".into(), "operator, contractor"),
        (|o, _| o[0].certificate = " ".into(), "number"),
        (|o, _| o[0].valid_to = Date::constant(2025, 1, 1), "ends before"),
        (|o, _| o[0].zones = vec!["Z7".into()], "Z1 to Z6"),
        (|o, _| o[2].parent = None, "names who entrusted"),
        (|o, _| o[2].parent = Some("nobody".into()), "not registered"),
        (|o, _| o[2].parent = Some("sub".into()), "does not end"),
        (|o, _| o[2].parent = Some("op".into()), "is a contractor"),
        (|o, _| o[0].kind = "contractor".into(), "no operator"),
        (|_, p| p[0].staff_number = None, "staff number"),
        (|_, p| p[1].staff_number = p[0].staff_number.clone(), "one human, one account"),
        (|_, p| p[0].roles[0].role = "king".into(), "does not exist"),
        (
            |_, p| {
                p[0].default = true;
                p[1].default = true;
            },
            "by default",
        ),
    ];
    for (spoil, why) in spoilt {
        let (mut o, mut p) = (organisations(), accounts());
        spoil(&mut o, &mut p);
        let told = Book::new(o, p).unwrap_err().to_string();
        assert!(told.contains(why), "{told} / {why}");
    }
}

#[test]
fn the_nightly_findings() {
    let pairs = pairs();
    let rules = Rules { pairs: &pairs, training_months: 12, unused_days: 45, alarm_days: 90 };
    let seen: Vec<(String, Date)> = accounts().into_iter().map(|a| (a.id, DAY)).collect();
    let found = |o: Vec<OrganisationRow>, a: Vec<PrincipalRow>, on: Date| {
        let found = Book::new(o, a).unwrap().findings(&rules, &seen, on);
        found
            .into_iter()
            .map(|f| format!("{} {} {}", f.check, f.severity.as_str(), f.subject))
            .collect::<Vec<_>>()
    };
    assert!(found(organisations(), accounts(), DAY).is_empty());
    let mut both = accounts();
    both[3].roles.push(HeldRoleRow { role: "release".into(), from: DAY, to: None });
    assert_eq!(found(organisations(), both, DAY), ["C-074 blocking linker-01"]);
    let mut old = accounts();
    old[0].trained_on = Some(DAY - 13.months());
    old[1].pledged_on = None;
    assert_eq!(found(organisations(), old, DAY), ["C-083 blocking officer-01", "C-083 blocking officer-02"]);
    let mut ended = organisations();
    ended[1].valid_to = DAY.yesterday().unwrap();
    ended[0].valid_to = DAY + 30.days();
    let told = ["C-090 blocking con", "C-090 warning op", "C-070 blocking linker-01"];
    assert_eq!(found(ended, accounts(), DAY), told);
    assert_eq!(found(organisations(), accounts(), DAY + 45.days()), [""; 0]);
    assert_eq!(found(organisations(), accounts(), DAY + 46.days()).len(), 4, "not used for long");
}

// --- what two people decide ---------------------------------------------------------------------------------------------

fn signatory<'a>(name: &'a Name, roles: &'a [AuditRole]) -> Signatory<'a> {
    Signatory { name, roles }
}

fn person(id: &str) -> Name {
    Name::new(id).unwrap()
}

const OFFICER: &[AuditRole] = &[AuditRole::Officer];
const DESK: &[AuditRole] = &[AuditRole::HelpDesk];

fn taken(db: &mut ActDb, kind: OperationKind, what: &str, who: &Name, second: i64) -> Option<Capability> {
    take(db, kind, &json!({ "what": what }), who, at(second)).unwrap().ok()
}

#[test]
fn the_same_person_twice_is_one_person() {
    let (registry, _folder) = house();
    let mut db = registry.act().unwrap();
    let (one, two, desk) = (person("officer-01"), person("officer-02"), person("desk-01"));
    let kind = OperationKind::ParameterChange;
    let content = json!({ "what": "x" });
    let id = propose(&mut db, kind, &content, signatory(&one, OFFICER), "r", at(0), at(1_000)).unwrap();
    let decide = |who: &Name, roles: &[AuditRole], yes: bool, second: i64| {
        operation::decide(&mut registry.act().unwrap(), id, signatory(who, roles), yes, "r", at(second))
    };
    assert!(matches!(decide(&one, OFFICER, true, 1), Err(OperationRefused::SamePerson)));
    assert!(matches!(decide(&desk, DESK, true, 1), Err(OperationRefused::Role)));
    assert!(taken(&mut db, kind, "x", &one, 2).is_none(), "one person is not two");
    assert!(matches!(decide(&two, OFFICER, true, 3), Ok(State::Approved)));
    assert!(matches!(decide(&two, OFFICER, true, 4), Err(OperationRefused::SamePerson)));
    // only what was proposed, only of its kind, only in its time, only once
    assert!(taken(&mut db, kind, "y", &one, 5).is_none());
    assert!(taken(&mut db, OperationKind::OrganisationChange, "x", &one, 5).is_none());
    assert!(taken(&mut db, kind, "x", &one, 1_001).is_none());
    let capability = taken(&mut db, kind, "x", &one, 6).unwrap();
    assert_eq!((capability.operation(), capability.kind()), (id, kind));
    assert!(taken(&mut db, kind, "x", &one, 7).is_none());
    assert!(matches!(decide(&desk, OFFICER, true, 8), Err(OperationRefused::Closed)));
}

#[test]
fn whoever_carries_out_a_deletion_is_a_third_person() {
    let (registry, _folder) = house();
    let mut db = registry.act().unwrap();
    let (one, two, third) = (person("officer-01"), person("officer-02"), person("eraser-01"));
    let kind = OperationKind::MassDeletion;
    let content = json!({ "what": "E-1" });
    let id = propose(&mut db, kind, &content, signatory(&one, OFFICER), "r", at(0), at(100)).unwrap();
    operation::decide(&mut db, id, signatory(&two, OFFICER), true, "r", at(1)).unwrap();
    for own in [&one, &two] {
        assert!(taken(&mut db, kind, "E-1", own, 2).is_none(), "{own} approved it");
    }
    // who may use it once: of many at the same moment, one
    let won: usize = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut db = registry.act().unwrap();
                    usize::from(taken(&mut db, kind, "E-1", &third, 3).is_some())
                })
            })
            .collect();
        tries.into_iter().map(|t| t.join().unwrap()).sum()
    });
    assert_eq!(won, 1);
}

#[test]
fn an_approval_for_something_else_changes_no_parameter() {
    let (registry, _folder) = house();
    let mut db = registry.act().unwrap();
    let (one, two) = (person("officer-01"), person("officer-02"));
    let row = Parameter {
        name: "notice.wait_days".into(),
        value: ParameterValue::Number(45),
        from: DAY,
        basis: "試験".into(),
        verified: Verified::Design,
        min: None,
        max: None,
    };
    for (kind, fits) in [(OperationKind::GateOpening, false), (OperationKind::ParameterChange, true)] {
        let id = propose(&mut db, kind, &json!({ "what": "p" }), signatory(&one, OFFICER), "r", at(0), at(9))
            .unwrap();
        operation::decide(&mut db, id, signatory(&two, OFFICER), true, "r", at(1)).unwrap();
        let capability = taken(&mut db, kind, "p", &one, 2).unwrap();
        assert_eq!(parameters::change(&mut db, &row, capability, at(3)).is_ok(), fits);
    }
    let changes = db.parameter_changes().unwrap();
    assert_eq!(changes, [row]);
    let set = parameters(Some(&changes)).unwrap();
    assert_eq!(set.number("notice.wait_days", DAY.yesterday().unwrap()), Ok(30));
    assert_eq!(set.number("notice.wait_days", DAY), Ok(45));
}

#[derive(Debug, Clone)]
enum Step {
    Propose(usize),
    Decide { proposal: usize, who: usize, approved: bool },
    Take(usize),
}

/// Four people: two officers, one of the desk (whose approval counts to reveal a map), one whose approval never counts.
const PEOPLE_OF_THE_MODEL: [(&str, &[AuditRole]); 4] = [
    ("officer-01", OFFICER),
    ("officer-02", OFFICER),
    ("desk-01", DESK),
    ("linker-01", &[AuditRole::Identity]),
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0usize..4).prop_map(Step::Propose),
        (0usize..3, 0usize..4, proptest::bool::weighted(0.9))
            .prop_map(|(proposal, who, approved)| Step::Decide { proposal, who, approved }),
        (0usize..4).prop_map(Step::Take),
    ]
}

/// What a proposal is in the model: who agreed, whether somebody said no, whether it was used.
#[derive(Default)]
struct Proposal {
    id: i64,
    by: usize,
    signed: BTreeSet<usize>,
    voted: BTreeSet<usize>,
    rejected: bool,
    used: bool,
}

#[test]
fn any_history_of_proposals_gives_a_capability_to_a_third_person_for_two_and_once() {
    let (registry, _folder) = house();
    let kind = OperationKind::RevealMap;
    let mut run = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(96));
    let (case, given) = (Cell::new(0u32), Cell::new(0u32));
    run.run(&proptest::collection::vec(step(), 1..20), |steps| {
        case.set(case.get() + 1);
        let content = json!({ "case": case.get() });
        let mut db = registry.act().unwrap();
        let mut model: Vec<Proposal> = Vec::new();
        for step in steps {
            match step {
                Step::Propose(who) => {
                    let (id, roles) = PEOPLE_OF_THE_MODEL[who];
                    let name = person(id);
                    let id =
                        propose(&mut db, kind, &content, signatory(&name, roles), "r", at(0), at(9)).unwrap();
                    let signed = kind.counts(roles).map(|_| who).into_iter().collect();
                    model.push(Proposal { id, by: who, signed, ..Proposal::default() });
                }
                Step::Decide { proposal, who, approved } => {
                    let Some(p) = model.get_mut(proposal) else { continue };
                    let (id, roles) = PEOPLE_OF_THE_MODEL[who];
                    let name = person(id);
                    let told =
                        operation::decide(&mut db, p.id, signatory(&name, roles), approved, "r", at(1));
                    let closed = p.used || p.rejected;
                    let again = p.voted.contains(&who) || (approved && p.by == who);
                    let may = kind.counts(roles).is_some() && !closed && !again;
                    prop_assert_eq!(told.is_ok(), may, "{:?}", told);
                    if may {
                        p.voted.insert(who);
                        p.rejected |= !approved;
                        p.signed.insert(who);
                    }
                }
                Step::Take(who) => {
                    let ready = |p: &&mut Proposal| {
                        let others = p.signed.iter().filter(|s| **s != who).count();
                        !p.used && !p.rejected && others >= PEOPLE
                    };
                    let name = person(PEOPLE_OF_THE_MODEL[who].0);
                    let told = take(&mut db, kind, &content, &name, at(2)).unwrap();
                    let expected = model.iter_mut().find(ready);
                    prop_assert_eq!(
                        told.as_ref().ok().map(Capability::operation),
                        expected.as_ref().map(|p| p.id)
                    );
                    if let Some(p) = expected {
                        p.used = true;
                        given.set(given.get() + 1);
                    }
                }
            }
        }
        Ok(())
    })
    .unwrap();
    assert!(given.get() > 0, "no history led to a capability");
}

fn operation_row(decisions: Vec<DecisionRow>) -> OperationRow {
    let content = json!({ "what": 1 }).to_string();
    let kind = OperationKind::KeyUse;
    OperationRow {
        id: 1,
        kind: kind.as_str().into(),
        hash: operation::hash(kind, &content),
        content,
        reason: "r".into(),
        proposed_by: "keys-01".into(),
        proposed_role: Some("key-custodian".into()),
        proposed_at: at(0),
        expires_at: at(10),
        decisions,
        used: None,
    }
}

#[test]
fn an_operation_whose_words_were_changed_is_nobody_s() {
    let yes = DecisionRow {
        by: "officer-01".into(),
        role: "officer".into(),
        approved: true,
        reason: "r".into(),
        at: at(1),
    };
    let sound = operation_row(vec![yes]);
    let state = |row: &OperationRow| operation::state(row, None, at(2));
    assert_eq!(state(&sound), State::Approved);
    assert_eq!(operation::state(&sound, Some("keys-01"), at(2)), State::Wants(1));
    assert_eq!(
        state(&OperationRow { content: json!({ "what": 2 }).to_string(), ..sound.clone() }),
        State::Wants(2)
    );
    assert_eq!(state(&OperationRow { kind: "gate-opening".into(), ..sound.clone() }), State::Wants(2));
    assert_eq!(state(&OperationRow { expires_at: at(1), ..sound }), State::Expired);
}

// --- books --------------------------------------------------------------------------------------------------------------

#[test]
fn every_version_is_kept_and_nothing_is_changed() {
    let (registry, _folder) = house();
    let mut db = registry.act().unwrap();
    db.enter_organisations(&organisations(), &accounts(), "founding", at(0)).unwrap();
    assert_eq!(db.organisations().unwrap().len(), 3);
    let mut sorted = accounts();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(db.principals().unwrap(), sorted, "what is read is what was entered");
    let mut gone = accounts().remove(3);
    gone.retired = true;
    gone.roles.clear();
    db.enter_organisations(&[], &[gone.clone()], "officer-01", at(5)).unwrap();
    assert_eq!(db.principals().unwrap().into_iter().find(|p| p.id == "linker-01"), Some(gone.clone()));
    let history = db.principal_history("linker-01").unwrap();
    let told: Vec<_> = history.iter().map(|v| (v.version, v.by.as_str(), v.row.retired)).collect();
    assert_eq!(told, [(1, "founding", false), (2, "officer-01", true)]);

    assert_eq!(db.give_instructions(&[said(), said()], at(6)).unwrap(), ["I-0001", "I-0002"]);
    assert!(db.revoke_instruction("I-0001", "officer-02", "r", at(7)).unwrap());
    assert!(!db.revoke_instruction("I-0001", "officer-02", "r", at(8)).unwrap());
    assert!(!db.revoke_instruction("I-0009", "officer-02", "r", at(8)).unwrap());
    let revoked: Vec<bool> = db.instructions().unwrap().iter().map(|i| i.revoked.is_some()).collect();
    assert_eq!(revoked, [true, false]);

    // not even the owner changes a book without taking its guard away first
    let mut owner = registry.server().connect_owner().unwrap();
    for table in
        ["organisation", "principal", "principal_role", "instruction", "instruction_revocation", "operation"]
    {
        for sql in [format!("DELETE FROM compliance.{table}"), format!("TRUNCATE compliance.{table} CASCADE")]
        {
            let told = owner.batch_execute(&sql).unwrap_err();
            let told = told.as_db_error().map(|e| e.message().to_owned()).unwrap_or_default();
            assert!(told.contains("append-only"), "{sql}: {told}");
        }
    }
}

proptest! {
    /// Of all approved rows that began, the youngest day holds, and of one day the last approval.
    #[test]
    fn any_history_of_changes_has_one_value_on_each_day(
        changes in proptest::collection::vec((10u64..1000, 0i32..60), 0..12),
        on in 0i32..60,
    ) {
        let day = |n: i32| DAY + n.days();
        let rows: Vec<Parameter> = changes
            .iter()
            .map(|(value, from)| Parameter {
                name: "statistics.cell_min_persons".into(),
                value: ParameterValue::Number(*value),
                from: day(*from),
                basis: "試験".into(),
                verified: Verified::Design,
                min: None,
                max: None,
            })
            .collect();
        let set = parameters(Some(&rows)).unwrap();
        let mut expected = (i32::MIN, 10);
        for (value, from) in &changes {
            if *from <= on && *from >= expected.0 {
                expected = (*from, *value);
            }
        }
        prop_assert_eq!(set.number("statistics.cell_min_persons", day(on)), Ok(expected.1));
    }
}

proptest! {
    /// A use is noted once a minute; whoever acted in one role of a forbidden pair is refused in the other for as long as if
    /// every use had been noted, and hardly longer.
    #[test]
    fn a_note_a_minute_hides_no_use(gaps in proptest::collection::vec(0_i64..200, 0..10), beyond in -200_i64..200) {
        let last = at(0) - SignedDuration::from_hours(24) - SignedDuration::from_secs(beyond);
        let mut times = vec![last];
        for gap in gaps {
            times.insert(0, times[0] - SignedDuration::from_secs(gap));
        }
        let granted =
            Granted { principal: Name::new("linker-01").unwrap(), role: AuditRole::Release, instruction: None };
        let mut office = Office {
            book: Book::new(Vec::new(), Vec::new()).unwrap().into(),
            pairs: pairs(),
            hours: 24,
            instructions: Vec::new(),
            uses: Vec::new(),
            lent: Vec::new(),
        };
        for time in times {
            if !office.noted_lately(&granted, time) {
                office.uses =
                    vec![RoleUse { principal: "linker-01".into(), role: "release".into(), at: time }];
            }
        }
        let refused = tried("linker-01", |r| r.uses = office.uses).is_err();
        if beyond < 0 {
            prop_assert!(refused);
        }
        if beyond >= 120 {
            prop_assert!(!refused);
        }
    }
}
