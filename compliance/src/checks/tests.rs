//! The catalogue, the runner and every judgement: a sound case passes, each broken one fails by itself, none is no case.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // test code: a failure here is a failed test

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use musubi_model::sign::SecretKey;
use musubi_storage::act::check::ProgramRunRow;
use musubi_storage::act::check_conduct::LoginSeen;
use musubi_storage::act::check_reads::{AccessRow, Lineage, MyNumberHits};
use proptest::prelude::*;
use serde::Serialize;

use super::conduct::*;
use super::evidence::*;
use super::notice::*;
use super::records::*;
use super::sealed::*;
use super::*;
use crate::audit::Name;
use crate::notice::NoticeRules;

const DAY: Date = Date::constant(2026, 12, 1);

fn at(hour: i64) -> Timestamp {
    Timestamp::new(1_790_000_000 + hour * 3600, 0).unwrap()
}

type Changes<'a, T> = &'a [&'a dyn Fn(&mut T)];

/// A sound case passes alone; each change alone makes it fail and is named; nothing at all is no case.
fn tells<T: Serialize + Clone>(
    judge: impl Fn(&[T]) -> Result<Judgement, Unreadable>,
    good: T,
    bad: Changes<'_, T>,
) {
    let none = judge(&[]).unwrap();
    assert_eq!(none.verdict, Verdict::NoCase);
    let passed = judge(std::slice::from_ref(&good)).unwrap();
    assert_eq!((passed.verdict, passed.counts["failed"]), (Verdict::Pass, 0));
    for (nth, change) in bad.iter().enumerate() {
        let mut case = good.clone();
        change(&mut case);
        let judged = judge(&[good.clone(), case]).unwrap();
        assert_eq!((judged.verdict, judged.counts["failed"]), (Verdict::Fail, 1), "change {nth}");
        assert_eq!(judged.evidence.len(), 1);
        assert_ne!(judged.input_hash, passed.input_hash);
    }
}

#[test]
fn the_catalogue_stands_and_refuses_what_cannot() {
    let catalogue = Catalogue::shipped().unwrap();
    assert_eq!(catalogue.checks().len(), 92);
    let shipped = include_str!("../../checks/checks.toml");
    for (from, to) in [
        ("id = \"C-050\"", "id = \"C-051\""),
        ("id = \"C-092\"", "id = \"C-093\""),
        ("stages = [\"L\"]", "stages = []"),
        ("tags = \"V/M/D\"", "tags = \"X\""),
        ("override = \"never\"", "override = \"two\""),
        ("override = \"two\"", "override = \"never\""),
        ("reads = [\"evidence:clock\"]", "reads = [\"host.clock\"]"),
        ("version = 1", "version = 0"),
        ("[[check]]\nid = \"C-092\"", "[[check]]\nid = \"C-001\""),
    ] {
        assert!(shipped.contains(from), "{from}");
        assert!(Catalogue::parse(&shipped.replacen(from, to, 1)).is_err(), "{from} → {to}");
    }
}

#[test]
fn gates_that_nobody_overrides() {
    let catalogue = Catalogue::shipped().unwrap();
    let never: Vec<u8> = catalogue
        .checks()
        .iter()
        .filter(|c| c.override_by == Override::Never)
        .map(|c| c.id.number())
        .collect();
    assert_eq!(never, (1..=12).chain(30..=36).collect::<Vec<u8>>());
}

struct Silent;
impl Room for Silent {
    fn answer(&mut self, _: CheckId) -> Option<Result<Judgement, Unreadable>> {
        None
    }
}

#[test]
fn no_answer_is_a_failure_of_every_check() {
    let catalogue = Catalogue::shipped().unwrap();
    let outcomes = run(&catalogue, |_| true, &mut [&mut Silent]);
    assert_eq!(outcomes.len(), 92);
    for outcome in outcomes {
        assert_eq!(outcome.judgement.verdict, Verdict::Unreadable, "{}", outcome.check.id);
        assert!(outcome.blocks() || outcome.warns());
    }
}

#[test]
fn a_reader_stands_once_and_for_a_check() {
    let zones = ZONE_READERS.iter().map(|(n, _)| *n);
    let numbers: Vec<u8> =
        READERS.iter().chain(CONDUCT).chain(INTAKE_READERS).map(|(n, _)| *n).chain(zones).collect();
    let once: BTreeSet<u8> = numbers.iter().copied().collect();
    assert_eq!(numbers.len(), once.len());
    assert!(once.iter().all(|n| (1..=92).contains(n)));
}

#[test]
fn c001_nobody_without_a_notice() {
    let good = Notified {
        delivery: "d".into(),
        persons: 10_000,
        without: 5,
        without_loaded: 0,
        too_many: false,
        stopped: false,
    };
    tells(notified, good.clone(), &[&|c| c.without_loaded = 1, &|c| c.too_many = true]);
    let stopped = Notified { persons: 95_195, without: 95_195, too_many: true, stopped: true, ..good };
    assert_eq!(notified(&[stopped],).unwrap().verdict, Verdict::Pass);
}

#[test]
fn g3_the_thirtieth_day_must_have_ended() {
    let of = |provided_on| Waited {
        notice: "n".into(),
        notified_on: date(2026, 4, 1),
        provided_on,
        wait_days: 30,
    };
    assert_eq!(waited(&[of(date(2026, 5, 1))]).unwrap().verdict, Verdict::Fail);
    assert_eq!(waited(&[of(date(2026, 5, 2))]).unwrap().verdict, Verdict::Pass);
}

#[test]
fn c003_to_c005_filings_and_items() {
    let good = Filed {
        provider: "p".into(),
        first_notified_on: date(2026, 4, 1),
        provided_on: DAY,
        in_force: Some((date(2026, 3, 1), None)),
    };
    tells(
        filed,
        good,
        &[&|c| c.in_force = None, &|c| c.in_force = Some((date(2026, 4, 2), None)), &|c| {
            c.in_force = Some((date(2026, 3, 1), Some(date(2026, 11, 30))));
        }],
    );
    let set = |items: &[&str]| items.iter().map(|i| (*i).to_owned()).collect::<BTreeSet<_>>();
    let good = Items { of: "d".into(), delivered: set(&["a"]), allowed: set(&["a", "b"]) };
    tells(
        items,
        good,
        &[&|c| {
            c.delivered.insert("c".into());
        }],
    );
}

#[test]
fn c006_c007_stops_and_fresh_ledgers() {
    tells(stopped, Stopped { of: "o".into(), looked: 3, rows: 0 }, &[&|c| c.rows = 1]);
    let good = Ledger { provider: "p".into(), exported_at: Some(at(0)), cut_off: at(24), chain: true };
    tells(
        |c| fresh(c, 24),
        good,
        &[&|c| c.exported_at = None, &|c| c.cut_off = at(25), &|c| c.chain = false],
    );
}

#[test]
fn c008_to_c010_minors_and_the_start_of_the_programme() {
    let good = Minor {
        notice: "n".into(),
        below_age: true,
        guardian: true,
        own: false,
        of_age_now: false,
        task: false,
    };
    tells(guardian_told, good.clone(), &[&|c| c.guardian = false]);
    tells(came_of_age, good, &[&|c| c.of_age_now = true]);
    // G-4: seen the day before the programme began, never again.
    let good = Programme {
        notice: "n".into(),
        began_on: date(2020, 12, 1),
        notified_on: date(2021, 1, 4),
        by_post: false,
        last_visit: Some(date(2021, 1, 4)),
    };
    tells(
        since_programme,
        good,
        &[&|c| c.last_visit = Some(date(2020, 11, 30)), &|c| c.last_visit = None, &|c| {
            (c.notified_on, c.by_post) = (date(2020, 11, 30), true);
        }],
    );
}

#[test]
fn c011_to_c016_linkage_receipts_and_counts() {
    tells(own_notice, OwnNotice { of: "f".into(), rows: 9, without: 0 }, &[&|c| c.without = 1]);
    let good = ReceiptRecord { receipt: "r".into(), complete: true, confirmed: true, hashes: true };
    tells(receipt, good, &[&|c| c.complete = false, &|c| c.confirmed = false, &|c| c.hashes = false]);
    tells(mirrored, Mirror { of: "m".into(), theirs: 3, ours: 3 }, &[&|c| c.ours = 2]);
    let good = Night {
        of: "p".into(),
        notified: 10,
        opted_out: 2,
        feed: 9,
        admitted: 8,
        admitted_ineligible: 0,
        quarantined: 1,
    };
    tells(
        reconciled,
        good,
        &[
            &|c| c.admitted_ineligible = 1,
            &|c| c.quarantined = 0,
            &|c| (c.admitted, c.feed) = (9, 10),
            &|c| c.opted_out = 11,
        ],
    );
    let good = Growth { of: "p".into(), today: 150, most: Some(100), abnormal: false, opened: false };
    tells(growth, good.clone(), &[&|c| c.abnormal = true]);
    // G-1: 95,195 persons too many, by the rules as shipped; unless people opened it.
    let rules = NoticeRules::of(&crate::parameters::parameters(None).unwrap(), DAY).unwrap();
    let abnormal = rules.grows(95_195, Some(100));
    let jump = |opened| Growth { today: 95_195, abnormal, opened, ..good.clone() };
    assert_eq!(growth(&[jump(true)]).unwrap().verdict, Verdict::Pass);
    assert_eq!(growth(&[jump(false)]).unwrap().verdict, Verdict::Fail);
}

#[test]
fn c017_to_c020_opt_outs_and_my_numbers() {
    let friday = date(2026, 11, 27);
    assert_eq!(business_days_after(friday, 1), date(2026, 11, 30));
    let good = OptOutWay {
        opt_out: "o".into(),
        received_on: friday,
        blocked_on: Some(date(2026, 11, 30)),
        erased_on: None,
        erasable: true,
        receipt_on: Some(date(2026, 12, 2)),
        copy: true,
    };
    tells(
        |c| propagated(c, 1, 30, DAY),
        good.clone(),
        &[&|c| c.blocked_on = Some(DAY), &|c| c.blocked_on = None, &|c| c.received_on = date(2026, 10, 30)],
    );
    tells(
        |c| receipt_issued(c, 3, DAY),
        good,
        &[&|c| c.receipt_on = Some(date(2026, 12, 3)), &|c| c.copy = false],
    );
    // G-7: a spouse after death, and a cousin.
    let good =
        Requester { opt_out: "o".into(), role: RequesterRole::Family, relation_listed: true, dead: true };
    tells(eligible, good, &[&|c| c.relation_listed = false, &|c| c.dead = false]);
    let hit = MyNumberHits { submission: "s".into(), hits: 2, loaded: 0 };
    let judged = my_numbers(std::slice::from_ref(&hit), 5).unwrap();
    assert_eq!((judged.verdict, judged.counts["stopped"], judged.counts["looked"]), (Verdict::Pass, 2, 5));
    assert_eq!(my_numbers(&[MyNumberHits { loaded: 1, ..hit }], 5).unwrap().verdict, Verdict::Fail);
    assert_eq!(my_numbers(&[], 0).unwrap().verdict, Verdict::NoCase);
}

#[test]
fn c021_to_c029_records() {
    let good = Lineage {
        release_id: "r".into(),
        approval: true,
        request: true,
        cohort: true,
        snapshot: true,
        parameters: true,
        inputs: 2,
        inputs_lost: 0,
        submissions: 3,
        submissions_lost: 0,
    };
    tells(
        lineage,
        good,
        &[
            &|c| c.approval = false,
            &|c| c.request = false,
            &|c| c.cohort = false,
            &|c| c.snapshot = false,
            &|c| c.parameters = false,
            &|c| c.inputs = 0,
            &|c| c.inputs_lost = 1,
            &|c| c.submissions_lost = 1,
        ],
    );
    let good = Chain { book: "b", verified: 4, broken_at: None };
    tells(chains, good, &[&|c| c.broken_at = Some(3)]);
    let good = Book { book: "b".into(), gap: None, months_missing: Vec::new() };
    tells(books, good, &[&|c| c.gap = Some(2), &|c| c.months_missing.push("2026-10".into())]);
    let good = Kept { object: "t".into(), scheduled: true, deleted_early: 0, overdue: 0 };
    tells(kept_long_enough, good.clone(), &[&|c| c.deleted_early = 1]);
    tells(kept_with_reason, good, &[&|c| c.scheduled = false, &|c| c.overdue = 1]);
    tells(
        erased,
        ErasedPlace { of: "lake".into(), left: Some(0) },
        &[&|c| c.left = Some(1), &|c| c.left = None],
    );
    let good = ErasureRecord {
        erasure: "e".into(),
        executors: vec!["a".into(), "b".into()],
        verifier: Some("c".into()),
        ground: true,
        personal: false,
    };
    tells(
        erasure_record,
        good,
        &[
            &|c| c.executors = vec!["a".into(), "a".into()],
            &|c| c.verifier = Some("b".into()),
            &|c| c.verifier = None,
            &|c| c.ground = false,
            &|c| c.personal = true,
        ],
    );
    let good = Wrongly {
        incident: "i".into(),
        found_at: at(0),
        frozen_at: Some(at(1)),
        deleted: false,
        instruction: None,
    };
    tells(
        |c| frozen(c, 60),
        good,
        &[&|c| c.frozen_at = Some(at(2)), &|c| c.frozen_at = None, &|c| c.deleted = true],
    );
    let drill = Drill { drill: "d".into(), on: date(2026, 9, 10), forbidden: 0 };
    let verdict = |drill: Drill, backups| drills(&[drill], backups, 90, DAY).unwrap().verdict;
    assert_eq!(verdict(drill.clone(), 1), Verdict::Pass);
    assert_eq!(verdict(Drill { forbidden: 1, ..drill.clone() }, 1), Verdict::Fail);
    assert_eq!(verdict(Drill { on: date(2026, 8, 1), ..drill }, 1), Verdict::Fail);
    assert_eq!(drills(&[], 1, 90, DAY).unwrap().verdict, Verdict::Fail);
    assert_eq!(drills(&[], 0, 90, DAY).unwrap().verdict, Verdict::NoCase);
}

#[test]
fn c030_to_c058_products() {
    let good = Flaws { release: "r".into(), file: "f".into(), looked: 9, wrong: 0 };
    tells(flawless, good, &[&|c| c.wrong = 1]);
    tells(new_pids, Pids { release: "r".into(), shared: 0 }, &[&|c| c.shared = 1]);
    let two: BTreeSet<String> = ["a", "b"].map(str::to_owned).into();
    let good =
        ReleaseKey { release: "r".into(), pseudonymised: false, fate: KeyFate::Destroyed, signers: two };
    tells(
        release_keys,
        good,
        &[&|c| c.fate = KeyFate::Loose, &|c| c.pseudonymised = true, &|c| {
            c.signers = BTreeSet::from(["a".to_owned()]);
        }],
    );
    // G-10: one unique row.
    let good = Smallest { release: "r".into(), smallest: 5, least: 5 };
    tells(|c| at_least(c, 3), good, &[&|c| c.smallest = 1, &|c| (c.smallest, c.least) = (2, 2)]);
    let good = Dates {
        release: "r".into(),
        pseudonymised: false,
        coarse: true,
        shifted: false,
        shifts: 0,
        shift_outside: false,
    };
    tells(
        dates,
        good,
        &[
            &|c| c.coarse = false,
            &|c| (c.coarse, c.shifted, c.shifts) = (false, true, 9),
            &|c| (c.shifted, c.shifts) = (true, 1),
            &|c| c.shift_outside = true,
            &|c| c.pseudonymised = true,
        ],
    );
    // G-15.
    tells(scope, Scope { release: "r".into(), outside: 0 }, &[&|c| c.outside = 1]);
    let good = Difference { release: "r".into(), earlier: "q".into(), cells: 4, few: 0 };
    tells(
        |c| differences(c, 0).map(|j| j.looked_over(0).with("looked", number(c.len()))),
        good,
        &[&|c| c.few = 1],
    );
    tells(statistics, Statistic { release: "r".into(), allowed: true }, &[&|c| c.allowed = false]);
    let hand = |actor: &str, run: &str, listed| Hand { actor: actor.into(), run: run.into(), listed };
    let good = Apart {
        release: "r".into(),
        built: Some(hand("a", "J-1", true)),
        verified: vec![hand("b", "J-2", true)],
    };
    tells(
        apart,
        good,
        &[
            &|c| c.built = None,
            &|c| c.built = Some(hand("a", "J-1", false)),
            &|c| c.verified.clear(),
            &|c| c.verified = vec![hand("a", "J-2", true)],
            &|c| c.verified = vec![hand("b", "J-1", true)],
            &|c| c.verified = vec![hand("b", "", true)],
            &|c| c.verified = vec![hand("b", "J-2", false)],
        ],
    );
}

fn member(code: &str, view: View, sex: Sex, outside: bool) -> Member {
    Member {
        code: code.into(),
        view,
        sex,
        outside,
        declared: true,
        conflict: false,
        recused: false,
        voted: true,
    }
}

fn session() -> Sat {
    let member = vec![
        member("m1", View::NaturalScience, Sex::Female, true),
        member("m2", View::NaturalScience, Sex::Male, false),
        member("m3", View::Humanities, Sex::Male, true),
        member("m4", View::Public, Sex::Female, false),
        member("m5", View::Public, Sex::Male, false),
    ];
    Sat { approval: "A-1".into(), session: Some(Session { member, item: Vec::new() }), expedited: false }
}

fn with_members(sat: &mut Sat, change: impl Fn(&mut Vec<Member>)) {
    change(&mut sat.session.as_mut().unwrap().member);
}

#[test]
fn c060_c061_g13_the_board() {
    let rule = Quorum { members: 5, outside: 2, expedited: 2 };
    tells(
        |c| quorum(c, rule),
        session(),
        &[
            &|c| c.session = None,
            &|c| with_members(c, |m| m[1].recused = true), // G-13: one of the applicant's university
            &|c| with_members(c, |m| m[0].outside = false),
            &|c| with_members(c, |m| m[2].view = View::Public),
            &|c| with_members(c, |m| m.iter_mut().for_each(|m| m.sex = Sex::Male)),
            &|c| with_members(c, |m| m[4].code = "m4".into()),
        ],
    );
    tells(
        interests,
        session(),
        &[
            &|c| c.session = None,
            &|c| with_members(c, Vec::clear),
            &|c| with_members(c, |m| m[0].declared = false),
            &|c| with_members(c, |m| m[0].conflict = true),
            &|c| with_members(c, |m| (m[0].conflict, m[0].recused) = (true, true)),
        ],
    );
}

#[test]
fn c059_to_c073_review_contracts_and_partners() {
    let good =
        Approved { release: "r".into(), genuine: true, in_term: true, scope: true, open_conditions: 0 };
    tells(
        approved,
        good,
        &[&|c| c.genuine = false, &|c| c.in_term = false, &|c| c.scope = false, &|c| c.open_conditions = 1],
    );
    let set = |items: &[&str]| items.iter().map(|i| (*i).to_owned()).collect::<BTreeSet<_>>();
    let good = Minimal { approval: "a".into(), asked: set(&["sex"]), needed: set(&["sex", "age"]) };
    tells(minimal, good, &[&|c| c.needed.clear(), &|c| c.asked.clear()]); // G-12: six asked, five approved
    let good = InForce { of: "c".into(), on: DAY, term: Some((date(2026, 1, 1), DAY)), complete: true };
    tells(
        in_force,
        good.clone(),
        &[&|c| c.term = None, &|c| c.term = Some((date(2026, 1, 1), date(2026, 11, 30))), &|c| {
            c.complete = false;
        }],
    );
    assert_eq!(certificates(std::slice::from_ref(&good), &[90], DAY).unwrap().counts["ending"], 1);
    assert_eq!(certificates(&[], &[90], DAY).unwrap().verdict, Verdict::Fail);
    let allowed = BTreeSet::from(["research", "release"]);
    let good = Purposed { of: "j".into(), purpose: "research".into(), as_approved: true };
    tells(
        |c| purposes(c, &allowed),
        good,
        &[&|c| c.purpose = "marketing".into(), &|c| c.as_approved = false],
    );
    let good = Handed { release: "r".into(), to: Recipient::Regulator, application: "PX-1".into() };
    tells(recipients, good, &[&|c| c.application.clear(), &|c| c.to = Recipient::Other]);
    let good = Found { of: "contract:K-1".into(), wrong: Vec::new() };
    tells(sound, good, &[&|c| c.wrong.push("without clause-audit".into())]);
}

#[test]
fn c074_to_c092_conduct() {
    let row = |persons, action: Option<&str>| AccessRow {
        seq: 1,
        opened: 3,
        persons,
        action: action.map(str::to_owned),
    };
    let judge = |row: AccessRow| accesses_booked(&[row], 9, 0).unwrap().verdict;
    assert_eq!(judge(row(1, Some("view-person"))), Verdict::Pass);
    for wrong in [row(0, Some("view-person")), row(1, Some("load")), row(1, None)] {
        assert_eq!(judge(wrong), Verdict::Fail);
    }
    assert_eq!(accesses_booked(&[], 9, 1).unwrap().verdict, Verdict::Fail);
    tells(
        logs,
        Log { log: "l", oldest: Some(1), guard_off: false },
        &[&|c| c.guard_off = true, &|c| c.oldest = Some(2)],
    );
    let good = Reviews { began_on: date(2026, 1, 1), newest_on: Some(date(2026, 10, 27)) };
    tells(
        |c| reviewed(c, 35, DAY),
        good,
        &[&|c| c.newest_on = Some(date(2026, 10, 26)), &|c| c.newest_on = None],
    );
    assert_eq!(desk(&[7], 9).unwrap().verdict, Verdict::Fail);
    assert_eq!(desk(&[], 9).unwrap().verdict, Verdict::Pass);
}

fn given_as<T>(subject: &str, says: T) -> Given<T> {
    Given { subject: subject.into(), valid_until: DAY, says }
}

#[test]
fn evidence_that_is_missing_or_old_fails() {
    let logins = |two_factors| Authentication { from: DAY, to: DAY, sessions: 4, two_factors };
    let verdict = |judged: Result<Judgement, Unreadable>| judged.unwrap().verdict;
    assert_eq!(verdict(two_factors(&[given_as("2026-11", logins(4))], &[], DAY)), Verdict::Pass);
    assert_eq!(verdict(two_factors(&[given_as("2026-11", logins(3))], &[], DAY)), Verdict::Fail);
    assert_eq!(
        verdict(two_factors(&[given_as("2026-11", logins(4))], &[], date(2026, 12, 2))),
        Verdict::Fail
    );
    assert_eq!(verdict(two_factors(&[], &[], DAY)), Verdict::Fail);
    let seen = |both| [LoginSeen { of: "session:1".into(), both }];
    assert_eq!(verdict(two_factors(&[], &seen(true), DAY)), Verdict::Pass);
    assert_eq!(verdict(two_factors(&[], &seen(false), DAY)), Verdict::Fail);
    assert_eq!(verdict(two_factors(&[given_as("2026-11", logins(3))], &seen(true), DAY)), Verdict::Fail);
    let clock = |offset_ms, sampled_at| [given_as("host-1", Clock { offset_ms, sampled_at })];
    assert_eq!(verdict(clocks(&clock(-1000, at(0)), 1000, 1, at(1))), Verdict::Pass);
    for wrong in [clock(-1001, at(0)), clock(0, at(-1)), clock(0, at(2))] {
        assert_eq!(verdict(clocks(&wrong, 1000, 1, at(1))), Verdict::Fail);
    }
    assert_eq!(verdict(clocks(&[], 1000, 1, at(1))), Verdict::Fail);
    let probe = |zone: &str, reached| {
        given_as(zone, EgressProbe { probed_at: at(0), unlisted_peers: 0, probes: 3, reached })
    };
    let both = ["Z1", "Z2"];
    assert_eq!(verdict(egress(&[probe("Z1", 0), probe("Z2", 0)], &both, DAY)), Verdict::Pass);
    assert_eq!(verdict(egress(&[probe("Z1", 0), probe("Z2", 1)], &both, DAY)), Verdict::Fail);
    assert_eq!(verdict(egress(&[probe("Z1", 0)], &both, DAY)), Verdict::Fail);
    let key = |rotated_on| [given_as("kek", KeyRotation { rotated_on })];
    assert_eq!(verdict(rotations(&key(date(2026, 1, 1)), 365, DAY)), Verdict::Pass);
    assert_eq!(verdict(rotations(&key(date(2025, 1, 1)), 365, DAY)), Verdict::Fail);
    assert_eq!(verdict(rotations(&[], 365, DAY)), Verdict::Fail);
}

#[test]
fn evidence_is_entered_strictly_and_damage_is_seen() {
    let by = Name::new("secretary-1").unwrap();
    let probe = "probed_at='2026-11-30T00:00:00Z'\nunlisted_peers=0\nprobes=3\nreached=0\n";
    let row = enter("egress-probe", "Z1", probe, DAY, &by, at(0)).unwrap();
    let read: Vec<Given<EgressProbe>> = given(std::slice::from_ref(&row)).unwrap();
    assert_eq!((read[0].subject.as_str(), read[0].says.probes), ("Z1", 3));
    let mut changed = row;
    changed.content = changed.content.replace('3', "4");
    assert!(given::<EgressProbe>(&[changed]).is_err());
    let extra = format!("{probe}note='x'\n");
    for (kind, subject, text) in
        [("probe", "Z1", probe), ("egress-probe", "a name", probe), ("egress-probe", "Z1", extra.as_str())]
    {
        assert!(enter(kind, subject, text, DAY, &by, at(0)).is_err(), "{kind} {subject}");
    }
}

#[test]
fn c092_only_listed_programs_run() {
    let key = SecretKey::from_seed(&[7; 32]);
    let by = Name::new("security-1").unwrap();
    let listed = programs::list(&key, "aa", "musubi 1", false, &by, at(1)).unwrap();
    let withdrawn = programs::list(&key, "aa", "musubi 1", true, &by, at(5)).unwrap();
    let run = |program: &str, hour| ProgramRunRow {
        run_id: "J-1".into(),
        verb: "nightly".into(),
        subject: String::new(),
        actor: "operator".into(),
        program_hash: program.into(),
        code_version: "musubi".into(),
        param_hash: "p".into(),
        at: at(hour),
    };
    let verdict = |runs: &[ProgramRunRow], list: &[_]| {
        programs::on_the_list(runs, list.to_vec(), &key.public()).unwrap().verdict
    };
    let list = [listed.clone(), withdrawn];
    assert_eq!(verdict(&[run("aa", 2)], &list), Verdict::Pass);
    assert_eq!(verdict(&[run("aa", 6)], &list), Verdict::Fail);
    assert_eq!(verdict(&[run("bb", 2)], &list), Verdict::Fail);
    assert_eq!(verdict(&[run("aa", 0)], &list[..1]), Verdict::Pass);
    let mut forged = listed;
    forged.program_hash = "bb".into();
    assert!(programs::on_the_list(&[run("bb", 2)], vec![forged], &key.public()).is_err());
}

proptest! {
    /// Adding a broken case never turns a failure into anything else, and the count of failures is exact.
    #[test]
    fn each_counts_exactly(cases in proptest::collection::vec(any::<bool>(), 0..60)) {
        let judged = each(&cases, ToString::to_string, |c| *c).unwrap();
        let wrong = cases.iter().filter(|c| !**c).count();
        prop_assert_eq!(judged.counts["failed"], number(wrong));
        prop_assert_eq!(judged.counts["looked"], number(cases.len()));
        let expected = if cases.is_empty() { Verdict::NoCase } else if wrong == 0 { Verdict::Pass } else { Verdict::Fail };
        prop_assert_eq!(judged.verdict, expected);
        prop_assert!(judged.evidence.len() <= 20);
    }
}
