//! Logging in, in a real PostgreSQL: no session without both factors, whatever is tried in whatever order; what is told
//! outside and what stands in the audit log; invitations, locks, certificates of machines.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

use std::cell::{Cell, RefCell};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use musubi_compliance::audit::{AuditRole, Name};
use musubi_compliance::authority::ForbiddenPairs;
use musubi_compliance::login::break_glass::{self, NotLent, Office, Waits, Wish, waits};
use musubi_compliance::login::{
    Door, Invitation, Issued, Keeper, NotKept, PasswordRefused, PendingToken, Refused, SessionToken, Visitor,
    code_now,
};
use musubi_compliance::organisation::Book;
use musubi_compliance::parameters::parameters;
use musubi_model::parameter::{Parameter, ParameterSet, ParameterValue, Verified};
use musubi_storage::act::organisation::{HeldRoleRow, OrganisationRow, PrincipalRow};
use musubi_storage::compliance::Audited as _;
use musubi_storage::keys::{KekSource, KeyRing};
use musubi_storage::login::BreakGlassRow;
use musubi_storage::registry::{LoginDb, Registry};
use musubi_storage::server::{DatabaseChoice, Server};
use proptest::prelude::*;

const FIRST: Date = Date::constant(2026, 1, 1);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_775_800_000 + second).unwrap()
}

struct House {
    registry: Registry,
    ring: KeyRing,
    set: ParameterSet,
    by: Name,
    _folder: tempfile::TempDir,
}

fn number(name: &str, value: u64) -> Parameter {
    Parameter {
        name: name.to_owned(),
        value: ParameterValue::Number(value),
        from: FIRST,
        basis: "試験".to_owned(),
        verified: Verified::Design,
        min: None,
        max: None,
    }
}

fn account(id: &str, organisation: &str, human: bool, role: &str) -> PrincipalRow {
    PrincipalRow {
        id: id.to_owned(),
        organisation: organisation.to_owned(),
        kind: if human { "human" } else { "service" }.to_owned(),
        staff_number: human.then(|| format!("M-{id}")),
        default: false,
        trained_on: Some(FIRST),
        pledged_on: Some(FIRST),
        left_on: None,
        retired: false,
        roles: vec![HeldRoleRow { role: role.to_owned(), from: FIRST, to: None }],
    }
}

fn organisation(id: &str, kind: &str) -> OrganisationRow {
    OrganisationRow {
        id: id.to_owned(),
        name: format!("見本 {id}"),
        kind: kind.to_owned(),
        parent: None,
        certificate: format!("見本-{id}"),
        valid_from: FIRST,
        valid_to: Date::constant(2026, 12, 31),
        zones: Vec::new(),
        work: "試験".to_owned(),
        retired: false,
    }
}

impl House {
    /// A house of demonstration with a cheap argon2, so that many attempts can be tried.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::open(folder.path(), &DatabaseChoice::Embedded).unwrap();
        let registry = Registry::open(server).unwrap();
        let keys = folder.path().join("keys");
        let ring = KeyRing::open_or_create(&keys, &KekSource::File(keys.join("kek.key"))).unwrap();
        let changes = [
            number("login.argon2_memory_kib", 8_192),
            number("login.argon2_passes", 1),
            number("login.issue_allowed", 1),
        ];
        let organisations = [organisation("op", "operator"), organisation("sender", "submitter")];
        let principals = [
            account("security-01", "op", true, "security-admin"),
            account("officer-01", "op", true, "officer"),
            account("linker-01", "op", true, "identity"),
            account("night-job", "op", false, "intake"),
            account("sender-machine", "sender", false, "submitter"),
        ];
        registry.act().unwrap().enter_organisations(&organisations, &principals, "founding", at(0)).unwrap();
        Self {
            registry,
            ring,
            set: parameters(Some(&changes)).unwrap(),
            by: Name::new("security-01").unwrap(),
            _folder: folder,
        }
    }

    fn db(&self) -> LoginDb {
        self.registry.login().unwrap()
    }

    fn door<'a>(&self, db: &'a mut LoginDb, now: Timestamp) -> Door<'a> {
        Door::new(db, &self.ring, &self.set, now).unwrap()
    }

    fn keeper<'a>(&'a self, db: &'a mut LoginDb, now: Timestamp) -> Keeper<'a> {
        Keeper::new(db, &self.ring, &self.set, &self.by, now).unwrap()
    }

    fn issue(&self, id: &str) -> Issued {
        self.keeper(&mut self.db(), at(0)).issue(&Name::new(id).unwrap(), true).unwrap()
    }

    fn who(&self, token: &SessionToken, now: Timestamp) -> Option<Visitor> {
        self.door(&mut self.db(), now).who(token).unwrap()
    }

    /// Both halves of an invitation: the first as shown to whoever invited, the second as told to an officer.
    fn whole(&self, invitation: &Invitation, now: Timestamp) -> String {
        let officer = Name::new("officer-01").unwrap();
        let mut db = self.db();
        let mut keeper = Keeper::new(&mut db, &self.ring, &self.set, &officer, now).unwrap();
        let account = Name::new(&invitation.account).unwrap();
        format!("{} {}", invitation.code, keeper.second_half(&account, &self.by).unwrap().second_half)
    }

    /// Both factors, at a moment.
    fn enter(&self, one: &Issued, now: Timestamp) -> Result<SessionToken, Refused> {
        let mut db = self.db();
        let pending = self.door(&mut db, now).first(&one.account, &one.password)?;
        let code = code_now(&one.totp_secret, now).unwrap();
        self.door(&mut db, now).second(&pending, &code)
    }

    /// What the log says of the door: actor, action, result.
    fn log(&self) -> Vec<(String, String, String)> {
        let rows = self.db().audit_after(0, 10_000).unwrap();
        rows.into_iter().map(|r| (r.actor, r.action, r.result)).collect()
    }
}

fn other_code(code: &str) -> String {
    code.chars().map(|c| char::from(b'0' + (c as u8 - b'0' + 1) % 10)).collect()
}

#[test]
fn c076_an_invitation_leads_through_both_factors_into_a_session() {
    let house = House::new();
    let mut db = house.db();
    let linker = Name::new("linker-01").unwrap();
    let invitation = house.keeper(&mut db, at(0)).invite(&linker).unwrap();
    let whole = house.whole(&invitation, at(0));
    // Nobody logs in with an invitation that was not used.
    assert!(matches!(
        house.door(&mut db, at(1)).first("linker-01", "a long new password"),
        Err(Refused::Credentials)
    ));
    let accept =
        |db: &mut LoginDb, now, password: &str| house.door(db, now).accept_invitation(&whole, password);
    assert!(matches!(
        accept(&mut db, at(2), "linker-01 is my name"),
        Err(Refused::Password(PasswordRefused::Account))
    ));
    assert!(matches!(
        house.door(&mut db, at(2)).accept_invitation("AAAA-BBBB", "a long new password"),
        Err(Refused::Invitation)
    ));
    let enrolment = accept(&mut db, at(3), "a long new password").unwrap();
    let code = code_now(&enrolment.secret_base32, at(4)).unwrap();
    // The first factor alone is no way in: not as an ordinary second step, not with other digits.
    assert!(matches!(house.door(&mut db, at(4)).second(&enrolment.token, &code), Err(Refused::Over)));
    let wrong = house.door(&mut db, at(4)).confirm_enrolment(&enrolment.token, &other_code(&code));
    assert!(matches!(wrong, Err(Refused::Code)));
    let session = house.door(&mut db, at(5)).confirm_enrolment(&enrolment.token, &code).unwrap();
    let visitor = house.who(&session, at(6)).unwrap();
    assert_eq!((visitor.account.to_string().as_str(), visitor.organisation.as_str()), ("linker-01", "op"));
    assert_eq!((visitor.roles.as_slice(), visitor.must_change), ([AuditRole::Identity].as_slice(), false));
    // Used up: the invitation, the pending token and the code.
    assert!(matches!(accept(&mut db, at(7), "a long new password"), Err(Refused::Invitation)));
    assert!(house.door(&mut db, at(7)).confirm_enrolment(&enrolment.token, &code).is_err());
    let pending = house.door(&mut db, at(8)).first("linker-01", "a long new password").unwrap();
    assert!(matches!(house.door(&mut db, at(9)).second(&pending, &code), Err(Refused::Code)));
    house.door(&mut db, at(10)).leave(&session).unwrap();
    assert_eq!(house.who(&session, at(11)), None);
    let last = house.log().pop().unwrap();
    assert_eq!(last, ("linker-01".to_owned(), "logout".to_owned(), "done".to_owned()));
}

#[test]
fn neither_half_of_an_invitation_opens_anything_and_nobody_gets_both() {
    let house = House::new();
    let mut db = house.db();
    let (linker, officer) = (Name::new("linker-01").unwrap(), Name::new("officer-01").unwrap());
    let invitation = house.keeper(&mut db, at(0)).invite(&linker).unwrap();
    let half = |by: &Name, inviter: &Name, now| {
        let mut db = house.db();
        Keeper::new(&mut db, &house.ring, &house.set, by, now).unwrap().second_half(&linker, inviter)
    };
    // Not for whoever invited; named another, it is told and does not fit.
    assert!(matches!(half(&house.by, &house.by, at(1)), Err(NotKept::SamePerson)));
    let wrong = half(&house.by, &officer, at(1)).unwrap().second_half;
    let right = half(&officer, &house.by, at(1)).unwrap().second_half;
    assert_ne!(wrong, right);
    // Nor for the invited.
    assert!(matches!(half(&linker, &house.by, at(1)), Err(NotKept::Self_)));
    let mut open =
        |code: &str| house.door(&mut db, at(2)).accept_invitation(code, "a long new password").is_ok();
    assert!(!open(&invitation.code) && !open(&right) && !open(&format!("{}{wrong}", invitation.code)));
    assert!(open(&format!("{} {}", invitation.code, right.to_lowercase())));
    assert!(matches!(half(&officer, &house.by, invitation.until), Err(NotKept::NoInvitation)));
}

#[test]
fn an_invitation_ends_and_nobody_invites_themselves_or_resets_what_is_not_there() {
    let house = House::new();
    let mut db = house.db();
    let (linker, job) = (Name::new("linker-01").unwrap(), Name::new("night-job").unwrap());
    let invitation = house.keeper(&mut db, at(0)).invite(&linker).unwrap();
    let (late, whole) = (invitation.until, house.whole(&invitation, at(0)));
    let told = house.door(&mut db, late).accept_invitation(&whole, "a long new password");
    assert!(matches!(told, Err(Refused::Invitation)));
    // A new invitation takes the old one's place.
    let second = house.keeper(&mut db, late).invite(&linker).unwrap();
    let told = house.door(&mut db, late).accept_invitation(&whole, "a long new password");
    assert!(matches!(told, Err(Refused::Invitation)));
    let whole = house.whole(&second, late);
    house.door(&mut db, late).accept_invitation(&whole, "a long new password").unwrap();
    let mut keeper = house.keeper(&mut db, late);
    assert!(matches!(keeper.invite(&house.by), Err(NotKept::Self_)));
    assert!(matches!(keeper.invite(&job), Err(NotKept::Service)));
    assert!(matches!(keeper.reset(&Name::new("officer-01").unwrap()), Err(NotKept::NoCredential)));
    assert!(matches!(keeper.invite(&Name::new("nobody").unwrap()), Err(NotKept::Unknown)));
    assert!(matches!(keeper.issue(&linker, false), Err(NotKept::Active)));
}

#[test]
fn every_first_step_costs_one_argon2_and_tells_the_same() {
    let house = House::new();
    let known = house.issue("linker-01");
    let locked = house.issue("officer-01");
    let mut db = house.db();
    house.keeper(&mut db, at(0)).lock(&Name::new("officer-01").unwrap()).unwrap();
    let asked = [
        ("linker-01", "another password"),
        ("officer-01", locked.password.as_str()),
        ("night-job", "another password"),
        ("nobody-of-this-house", "another password"),
        ("a password typed into the wrong field", "another password"),
    ];
    for (account, password) in asked {
        let mut door = house.door(&mut db, at(1));
        assert!(matches!(door.first(account, password), Err(Refused::Credentials)), "{account}");
        assert_eq!(door.argon2_runs(), 1, "{account}");
    }
    let mut door = house.door(&mut db, at(1));
    assert!(door.first(&known.account, &known.password).is_ok());
    assert_eq!(door.argon2_runs(), 1);
    // The log knows why, and never what was typed.
    let refused: Vec<(String, String)> = house
        .log()
        .into_iter()
        .filter(|(_, action, _)| action == "refuse-login")
        .map(|(actor, _, result)| (actor, result))
        .collect();
    let expected = [
        ("linker-01", "refused:PASSWORD"),
        ("officer-01", "refused:LOCKED"),
        ("night-job", "refused:ACCOUNT-KIND"),
        ("unknown", "refused:UNKNOWN-ACCOUNT"),
        ("unknown", "refused:UNKNOWN-ACCOUNT"),
    ];
    assert_eq!(refused, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[test]
fn failures_of_either_factor_lock_for_a_while() {
    let house = House::new();
    let one = house.issue("linker-01");
    let mut db = house.db();
    // A right password between wrong codes forgives nothing.
    for n in 0..5 {
        let pending = house.door(&mut db, at(n)).first(&one.account, &one.password).unwrap();
        let wrong = other_code(&code_now(&one.totp_secret, at(n)).unwrap());
        assert!(matches!(house.door(&mut db, at(n)).second(&pending, &wrong), Err(Refused::Code)));
    }
    assert!(matches!(house.enter(&one, at(10)), Err(Refused::Credentials)));
    assert!(matches!(house.enter(&one, at(4 + 15 * 60 - 1)), Err(Refused::Credentials)));
    let session = house.enter(&one, at(4 + 15 * 60)).unwrap();
    assert!(house.who(&session, at(4 + 15 * 60 + 1)).is_some());
    // Unlocked by people, at once.
    for n in 0..5 {
        assert!(house.door(&mut db, at(5_000 + n)).first(&one.account, "another password").is_err());
    }
    assert!(house.enter(&one, at(5_010)).is_err());
    house.keeper(&mut db, at(5_011)).unlock(&Name::new("linker-01").unwrap()).unwrap();
    assert!(house.enter(&one, at(5_012)).is_ok());
}

#[test]
fn a_session_dies_with_its_time_its_account_and_its_password() {
    let house = House::new();
    let one = house.issue("linker-01");
    let mut db = house.db();
    let idle = house.enter(&one, at(0)).unwrap();
    assert!(house.who(&idle, at(20 * 60 - 1)).is_some());
    assert!(house.who(&idle, at(40 * 60 - 2)).is_some(), "each use keeps it alive");
    assert!(house.who(&idle, at(60 * 60)).is_none());
    assert!(house.who(&idle, at(60 * 60 + 1)).is_none(), "what has ended stays so");
    // Used all the time, it ends after ten hours all the same.
    let start = 100_000;
    let whole = house.enter(&one, at(start)).unwrap();
    let alive = (0..60).take_while(|n| house.who(&whole, at(start + n * 900)).is_some()).count();
    assert_eq!(alive, 40);
    // A new password ends every other session; a reset ends all.
    let (first, second) = (house.enter(&one, at(200_000)).unwrap(), house.enter(&one, at(200_060)).unwrap());
    let mut door = house.door(&mut db, at(200_100));
    let same = door.change_password(&first, &one.password, &one.password);
    assert!(matches!(same, Err(Refused::Password(PasswordRefused::Same))));
    door.change_password(&first, &one.password, "quite another password").unwrap();
    assert!(house.who(&first, at(200_101)).is_some() && house.who(&second, at(200_101)).is_none());
    house.keeper(&mut db, at(200_102)).reset(&Name::new("linker-01").unwrap()).unwrap();
    assert!(house.who(&first, at(200_103)).is_none());
    assert!(house.enter(&one, at(200_104)).is_err());
    // Closed the same moment.
    let officer = house.issue("officer-01");
    let session = house.enter(&officer, at(300_000)).unwrap();
    let gone = PrincipalRow { retired: true, ..account("officer-01", "op", true, "officer") };
    house.registry.act().unwrap().enter_organisations(&[], &[gone], "security-01", at(300_001)).unwrap();
    assert!(house.who(&session, at(300_002)).is_none());
    assert!(house.enter(&officer, at(300_100)).is_err());
}

#[test]
fn what_was_issued_opens_nothing_until_its_password_is_changed() {
    let house = House::new();
    let mut db = house.db();
    let linker = Name::new("linker-01").unwrap();
    let one = house.keeper(&mut db, at(0)).issue(&linker, false).unwrap();
    assert!(matches!(house.keeper(&mut db, at(0)).issue(&linker, false), Err(NotKept::Active)));
    let session = house.enter(&one, at(1)).unwrap();
    let visitor = house.who(&session, at(2)).unwrap();
    assert!(visitor.must_change && visitor.roles.is_empty());
    house.door(&mut db, at(3)).change_password(&session, &one.password, "a long new password").unwrap();
    let visitor = house.who(&session, at(4)).unwrap();
    assert!(!visitor.must_change && visitor.roles == [AuditRole::Identity]);
    // A house that is none of demonstration issues nothing.
    let set = parameters(None).unwrap();
    let mut keeper = Keeper::new(&mut db, &house.ring, &set, &house.by, at(5)).unwrap();
    assert!(matches!(keeper.issue(&Name::new("officer-01").unwrap(), true), Err(NotKept::NoDemonstration)));
}

#[test]
fn a_certificate_is_a_machine_s_and_ends() {
    let house = House::new();
    let mut db = house.db();
    let machine = Name::new("sender-machine").unwrap();
    let day = SignedDuration::from_hours(24);
    let until = at(0).checked_add(day).unwrap();
    let mut keeper = house.keeper(&mut db, at(0));
    let human = keeper.add_certificate(&Name::new("linker-01").unwrap(), [1; 32], until);
    assert!(matches!(human, Err(NotKept::Human)));
    let long = at(0).checked_add(day * 401).unwrap();
    assert!(matches!(keeper.add_certificate(&machine, [1; 32], long), Err(NotKept::Term)));
    keeper.add_certificate(&machine, [1; 32], until).unwrap();
    assert!(matches!(keeper.add_certificate(&machine, [1; 32], until), Err(NotKept::Busy)));
    let visitor = house.door(&mut db, at(1)).by_certificate(&[1; 32]).unwrap().unwrap();
    assert_eq!((visitor.session, visitor.roles.as_slice()), (None, [AuditRole::Submitter].as_slice()));
    assert_eq!(visitor.organisation, "sender");
    assert_eq!(house.door(&mut db, at(1)).by_certificate(&[2; 32]).unwrap(), None);
    assert_eq!(house.door(&mut db, until).by_certificate(&[1; 32]).unwrap(), None);
    house.keeper(&mut db, at(2)).end_certificate(&[1; 32]).unwrap();
    assert_eq!(house.door(&mut db, at(3)).by_certificate(&[1; 32]).unwrap(), None);
}

#[test]
fn a_role_is_lent_for_a_time_and_judged_by_somebody_else() {
    let house = House::new();
    let one = house.issue("linker-01");
    let mut db = house.db();
    let mut act = house.registry.act().unwrap();
    let book = Book::new(act.organisations().unwrap(), act.principals().unwrap()).unwrap();
    let pairs = ForbiddenPairs::parse("identity:release").unwrap();
    let office = |now: Timestamp| Office {
        book: &book,
        pairs: &pairs,
        parameters: &house.set,
        now,
        today: Date::constant(2026, 4, 10),
    };
    let (linker, officer) = (Name::new("linker-01").unwrap(), Name::new("officer-01").unwrap());
    let wish = |role, minutes, reason| Wish { account: &linker, role, minutes, reason };
    let ask = |now, role, minutes, reason| {
        break_glass::ask(&mut house.db(), &office(at(now)), &wish(role, minutes, reason))
    };
    assert!(matches!(ask(0, AuditRole::Curator, 0, "試験"), Err(NotLent::Time)));
    assert!(matches!(ask(0, AuditRole::Curator, 61, "試験"), Err(NotLent::Time)));
    assert!(matches!(ask(0, AuditRole::Curator, u64::MAX, "試験"), Err(NotLent::Time)));
    assert!(matches!(ask(0, AuditRole::Curator, 30, " "), Err(NotLent::NoReason)));
    // Whoever decides, approves, keeps keys or releases is never lent to anybody.
    for role in [AuditRole::Officer, AuditRole::Board, AuditRole::KeyCustodian, AuditRole::Release] {
        assert!(matches!(ask(0, role, 30, "試験"), Err(NotLent::Role)), "{role:?}");
    }
    assert!(matches!(ask(0, AuditRole::Identity, 30, "試験"), Err(NotLent::Held)));
    let loan = ask(0, AuditRole::Curator, 30, "試験").unwrap();
    assert!(matches!(ask(1, AuditRole::Operator, 30, "試験"), Err(NotLent::Already)));
    // The visitor has it while it lasts, and no longer.
    let session = house.enter(&one, at(60)).unwrap();
    let visitor = house.who(&session, at(61)).unwrap();
    assert_eq!(visitor.break_glass.as_ref(), Some(&loan));
    assert_eq!(visitor.roles, [AuditRole::Identity, AuditRole::Curator]);
    let after = house.who(&session, at(30 * 60)).or_else(|| {
        let again = house.enter(&one, at(30 * 60)).unwrap();
        house.who(&again, at(30 * 60))
    });
    assert_eq!(after.map(|v| (v.roles, v.break_glass)), Some((vec![AuditRole::Identity], None)));
    // Judged once, afterwards, by somebody else.
    let mut judge = |by: &Name, now| break_glass::review(&mut db, loan.id, by, true, "試験", at(now));
    assert!(matches!(judge(&officer, 29 * 60), Err(NotLent::Lasts(_))));
    assert!(matches!(judge(&linker, 31 * 60), Err(NotLent::SamePerson)));
    let row = judge(&officer, 31 * 60).unwrap();
    assert!(matches!(judge(&officer, 32 * 60), Err(NotLent::Reviewed)));
    assert_eq!(waits(&row, &house.set, at(33 * 60)).unwrap(), Waits::Reviewed);
    let open = BreakGlassRow { review: None, ..row };
    let days = 3 * 24 * 3_600;
    for (now, expected) in [
        (0, Waits::Lasts),
        (30 * 60, Waits::Open),
        (30 * 60 + days, Waits::Open),
        (30 * 60 + days + 1, Waits::Overdue),
    ] {
        assert_eq!(waits(&open, &house.set, at(now)).unwrap(), expected, "{now}");
    }
}

/// What somebody tries at the door.
#[derive(Debug, Clone, Copy)]
enum Try {
    Password { right: bool },
    Code { right: bool },
    OldCode,
    Wait(i64),
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one = prop_oneof![
        3 => any::<bool>().prop_map(|right| Try::Password { right }),
        3 => any::<bool>().prop_map(|right| Try::Code { right }),
        1 => Just(Try::OldCode),
        2 => (0i64..400).prop_map(Try::Wait),
    ];
    prop::collection::vec(one, 1..40)
}

#[test]
fn c076_no_history_of_attempts_opens_a_session_without_both_factors() {
    let house = House::new();
    let one = house.issue("linker-01");
    // The runner takes a closure that may be called again: what changes lies in cells.
    let (db, start) = (RefCell::new(house.db()), Cell::new(1_000_000));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(12));
    runner
        .run(&tries(), |tries| {
            start.set(start.get() + 100_000);
            let mut db = db.borrow_mut();
            let mut now = start.get();
            let (mut pending, mut used): (Option<(PendingToken, i64)>, Vec<String>) = (None, Vec::new());
            let (mut failures, mut failed_at) = (0, i64::MIN / 2);
            for one_try in tries {
                let locked = failures >= 5 && now < failed_at + 15 * 60;
                match one_try {
                    Try::Wait(seconds) => now += seconds,
                    Try::Password { right } => {
                        let password = if right { one.password.as_str() } else { "another password" };
                        let told = house.door(&mut db, at(now)).first(&one.account, password);
                        prop_assert_eq!(told.is_ok(), right && !locked);
                        if let Ok(token) = told {
                            pending = Some((token, now));
                            // The count starts anew after a lock, and a right password is no failure.
                            failures = if failures >= 5 { 0 } else { failures };
                            failed_at = now;
                        } else if !locked {
                            failures = if failures >= 5 { 1 } else { failures + 1 };
                            failed_at = now;
                        }
                    }
                    Try::Code { right: false } | Try::OldCode | Try::Code { right: true } => {
                        let Some((token, since)) = &pending else { continue };
                        let fresh = code_now(&one.totp_secret, at(now)).unwrap();
                        let code = match (one_try, used.last()) {
                            (Try::OldCode, Some(old)) => old.clone(),
                            (Try::Code { right: true }, _) => fresh.clone(),
                            _ => other_code(&fresh),
                        };
                        let in_time = now < since + 5 * 60;
                        let told = house.door(&mut db, at(now)).second(token, &code);
                        let may = in_time && !locked && code == fresh && !used.contains(&code);
                        prop_assert_eq!(told.is_ok(), may, "{:?} at {}", one_try, now);
                        match told {
                            Ok(session) => {
                                let seen = house.door(&mut db, at(now)).who(&session).unwrap();
                                prop_assert!(seen.is_some());
                                used.push(code);
                                (failures, pending) = (0, None);
                            }
                            Err(_) if in_time && !locked => {
                                failures = if failures >= 5 { 1 } else { failures + 1 };
                                failed_at = now;
                            }
                            Err(_) => {}
                        }
                    }
                }
            }
            // The next history begins with nothing counted.
            house.keeper(&mut db, at(now)).unlock(&Name::new("linker-01").unwrap()).unwrap();
            house.keeper(&mut db, at(now)).end_sessions(&Name::new("linker-01").unwrap()).unwrap();
            Ok(())
        })
        .unwrap();
    // Every session in the book has both, and every entry of a login has its session.
    let sessions = db.borrow_mut().sessions(None, true).unwrap();
    let logins = house.log().into_iter().filter(|(_, action, _)| action == "login").count();
    assert_eq!(sessions.len(), logins);
    assert!(sessions.iter().all(|s| s.password_at <= s.code_at));
}
