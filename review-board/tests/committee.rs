//! The committee's rules against small models written separately, and the golden scenario G-13.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)] // a failure is a failed test

use std::collections::BTreeMap;

use jiff::civil::Date;
use musubi_compliance::audit::AuditRole;
use musubi_compliance::checks::evidence::{Sex, View};
use musubi_review_board::committee::ballot::{Outcome, Procedure, Vote, Voter, tally};
use musubi_review_board::committee::condition::{Facts, Gate, PutList, VERIFIERS, close};
use musubi_review_board::committee::document::{Document, Receiver, minor};
use musubi_review_board::committee::member::{Ground, Looked, Parties, grounds};
use musubi_review_board::committee::minutes::{CaseLine, Minutes};
use musubi_review_board::committee::quorum::{Lack, Rule, Seat, count};
use musubi_review_board::committee::similar::likeness;
use musubi_review_board::committee::stage::{State, Step, follow, possible};
use musubi_storage::board_committee::{InterestRow, MemberRow};
use proptest::prelude::*;

const RULE: Rule = Rule { members: 5, outside: 2 };
const DAY: Date = Date::constant(2026, 11, 10);

/// The reference: the way on paper, as a table of words. Written from RB-09, not from the code.
fn paper(state: &str, step: &str) -> Option<&'static str> {
    Some(match (state, step) {
        ("draft" | "returned", "submit") => "submitted",
        ("draft" | "returned" | "submitted" | "pre-check" | "in-review", "withdraw") => "withdrawn",
        ("submitted", "take") => "pre-check",
        ("pre-check", "return") => "returned",
        ("pre-check", "accept") => "in-review",
        ("in-review", "approve") => "approved",
        ("in-review", "conditional") => "conditional",
        ("in-review", "revise") => "returned",
        ("in-review", "reject") => "rejected",
        ("conditional", "fulfil") => "approved",
        ("approved", "suspend") => "suspended",
        ("suspended", "resume") => "approved",
        ("approved" | "suspended", "complete") => "completed",
        ("approved" | "suspended" | "conditional", "expire") => "expired",
        ("rejected", "appeal") => "submitted",
        _ => return None,
    })
}

proptest! {
    /// Any sequence of steps leads where the paper says, and stops where the paper stops.
    #[test]
    fn steps_follow_the_paper(steps in prop::collection::vec(0..Step::ALL.len(), 0..24)) {
        let (mut taken, mut state) = (Vec::new(), "draft");
        for step in steps.into_iter().map(|i| Step::ALL[i]) {
            let next = follow(taken.iter().copied().chain([step]));
            match paper(state, step.as_str()) {
                Some(to) => {
                    prop_assert_eq!(next.unwrap().state().as_str(), to);
                    taken.push(step);
                    state = to;
                }
                None => prop_assert!(next.is_err(), "{} after {}", step.as_str(), state),
            }
            let may: Vec<&str> = possible(&taken).iter().map(|s| s.as_str()).collect();
            let on_paper: Vec<&str> =
                Step::ALL.iter().map(|s| s.as_str()).filter(|s| paper(state, s).is_some()).collect();
            prop_assert_eq!(may, on_paper);
        }
    }

    /// Nobody is approved whom the committee did not see.
    #[test]
    fn no_way_to_an_approval_around_the_committee(steps in prop::collection::vec(0..Step::ALL.len(), 0..12)) {
        let steps: Vec<Step> = steps.into_iter().map(|i| Step::ALL[i]).collect();
        if let Ok(case) = follow(steps.iter().copied())
            && case.state() == State::Approved
        {
            prop_assert!(steps.contains(&Step::Accept));
            prop_assert!(steps.iter().any(|s| matches!(s, Step::Approve | Step::Attach)));
        }
    }

    /// Taking anybody away never makes a quorum, and a quorum is what the law says, counted by hand.
    #[test]
    fn a_quorum_is_counted_by_hand(seats in prop::collection::vec((0..9u8, 0..3u8, any::<bool>(), any::<bool>()), 0..10)) {
        let mut once: BTreeMap<u8, Seat> = BTreeMap::new();
        for (id, view, woman, outside) in seats {
            once.insert(id, seat(id, view, woman, outside));
        }
        let seats: Vec<Seat> = once.into_values().collect();
        let has = |view: View| seats.iter().any(|s| s.view == view);
        let by_hand = seats.len() >= 5
            && has(View::NaturalScience) && has(View::Humanities) && has(View::Public)
            && seats.iter().any(|s| s.sex == Sex::Female) && seats.iter().any(|s| s.sex == Sex::Male)
            && seats.iter().filter(|s| s.outside).count() >= 2;
        prop_assert_eq!(count(&seats, RULE).holds(), by_hand);
        for left_out in 0..seats.len() {
            let mut fewer = seats.clone();
            fewer.remove(left_out);
            prop_assert!(by_hand || !count(&fewer, RULE).holds());
        }
        // The same member twice is one member.
        let twice: Vec<Seat> = seats.iter().chain(&seats).cloned().collect();
        prop_assert_eq!(count(&twice, RULE), count(&seats, RULE));
    }

    /// Votes of those who stand aside change nothing, and an approval has a majority of all who count.
    #[test]
    fn a_majority_is_of_those_who_count(
        votes in prop::collection::vec((prop::option::of(0..5usize), any::<bool>()), 5..12),
        others in prop::collection::vec(prop::option::of(0..5usize), 12),
    ) {
        let voter = |(i, (vote, free)): (usize, &(Option<usize>, bool))| Voter {
            seat: seat(u8::try_from(i).unwrap(), u8::try_from(i % 3).unwrap(), i % 2 == 0, true),
            free: *free,
            vote: vote.map(|v| Vote::ALL[v]),
        };
        let voters: Vec<Voter> = votes.iter().enumerate().map(voter).collect();
        let said = tally(&voters, Procedure::Meeting(RULE), 50);
        let changed: Vec<Voter> = voters
            .iter()
            .zip(&others)
            .map(|(v, other)| if v.free { v.clone() } else { Voter { vote: other.map(|o| Vote::ALL[o]), ..v.clone() } })
            .collect();
        prop_assert_eq!(&tally(&changed, Procedure::Meeting(RULE), 50), &said);
        let free: Vec<&Voter> = voters.iter().filter(|v| v.free).collect();
        let of = |kinds: &[Vote]| free.iter().filter(|v| v.vote.is_some_and(|v| kinds.contains(&v))).count();
        let majority = |n: usize| n * 2 > free.len();
        match said.outcome {
            Outcome::Approved => prop_assert!(majority(of(&[Vote::Approve]))),
            Outcome::Conditional => {
                prop_assert!(majority(of(&[Vote::Approve, Vote::Conditional])));
                prop_assert!(!majority(of(&[Vote::Approve])));
            }
            Outcome::Rejected => prop_assert!(majority(of(&[Vote::Reject]))),
            Outcome::Revise => prop_assert!(majority(of(&[Vote::Reject, Vote::Revise]))),
            Outcome::Continued => {
                prop_assert!(!majority(of(&[Vote::Approve, Vote::Conditional])));
                prop_assert!(!majority(of(&[Vote::Reject, Vote::Revise])));
            }
            Outcome::Void => {
                let seats: Vec<Seat> = free.iter().map(|v| v.seat.clone()).collect();
                prop_assert!(!count(&seats, RULE).holds());
            }
        }
    }

    /// What changed from a to b, put the other way round, changed from b to a.
    #[test]
    fn a_difference_is_the_same_from_both_sides(a in "[a-c]{0,3}", b in "[a-c]{0,3}", x in "[a-c]{1,2}", y in "[a-c]{1,2}") {
        let (one, two) = (written(&a, &x), written(&b, &y));
        let there = two.changes(&one).unwrap();
        let back = one.changes(&two).unwrap();
        prop_assert_eq!(there.len(), back.len());
        for (t, b) in there.iter().zip(&back) {
            prop_assert_eq!((&t.of, &t.before, &t.after), (&b.of, &b.after, &b.before));
        }
        prop_assert_eq!(there.is_empty(), one == two);
    }
}

fn seat(id: u8, view: u8, woman: bool, outside: bool) -> Seat {
    Seat {
        member: format!("member-{id:02}"),
        view: [View::NaturalScience, View::Humanities, View::Public][usize::from(view)],
        sex: if woman { Sex::Female } else { Sex::Male },
        outside,
    }
}

fn written(unit: &str, necessity: &str) -> Document {
    let text = serde_json::json!({
        "fields": { "unit": unit }, "items": [{ "item": "sex", "necessity": necessity }],
    });
    Document::read(&text.to_string(), Receiver { id: "mihon-university", name: "見本大学" }).unwrap()
}

fn member(n: u8, view: &str, sex: &str, outside: bool, organisation: &str) -> MemberRow {
    MemberRow {
        member: format!("member-{n:02}"),
        view: view.to_owned(),
        sex: sex.to_owned(),
        outside,
        organisation: organisation.to_owned(),
        from: Date::constant(2026, 4, 1),
        until: Date::constant(2028, 3, 31),
    }
}

fn five() -> Vec<MemberRow> {
    vec![
        member(1, "natural-science", "female", true, "見本大学"),
        member(2, "natural-science", "male", false, "見本病院"),
        member(3, "humanities", "male", true, "見本法律事務所"),
        member(4, "public", "female", false, "見本市民の会"),
        member(5, "public", "male", true, "見本患者会"),
    ]
}

const LOOKED: Looked = Looked { on: DAY, back_to: Date::constant(2023, 11, 10) };

#[test]
fn g13_a_committee_of_five_with_one_of_the_applicants_university_has_no_quorum() {
    let parties = Parties::new(["mihon-university", "国立大学法人　見本大学"], []);
    let left = |parties: &Parties| -> Vec<Seat> {
        let free = |m: &&MemberRow| grounds(m, &[], parties, false, LOOKED).is_empty();
        five().iter().filter(free).map(|m| musubi_review_board::committee::member::seat(m).unwrap()).collect()
    };
    assert!(count(&left(&Parties::default()), RULE).holds(), "before recusal they are five");
    let seats = left(&parties);
    assert_eq!(count(&seats, RULE).lacks, [Lack::Members]);
    // All who are left vote for it: it is worth nothing.
    let voters: Vec<Voter> =
        seats.into_iter().map(|seat| Voter { seat, free: true, vote: Some(Vote::Approve) }).collect();
    assert_eq!(tally(&voters, Procedure::Meeting(RULE), 50).outcome, Outcome::Void);
}

#[test]
fn recusal_is_computed_from_belonging_interests_team_declaration_and_term() {
    let parties = Parties::new(["見本製薬株式会社", "mihon-pharma"], ["member-04"]);
    let interest = |id, member: &str, with: &str, ended| InterestRow {
        id,
        member: member.to_owned(),
        kind: "funding".to_owned(),
        with: with.to_owned(),
        since: Date::constant(2020, 4, 1),
        ended,
    };
    let interests = [
        interest(1, "member-02", "(株)見本製薬", None),
        interest(2, "member-03", "見本製薬", Some(Date::constant(2023, 11, 9))),
        interest(3, "member-05", "ＭＩＨＯＮ－ｐｈａｒｍａ", Some(Date::constant(2024, 1, 1))),
    ];
    let of = |n: usize, declared| grounds(&five()[n], &interests, &parties, declared, LOOKED);
    assert_eq!(of(0, false), []);
    assert_eq!(of(0, true), [Ground::Declared]);
    assert!(matches!(of(1, false)[..], [Ground::Interest { id: 1, .. }]));
    assert_eq!(of(2, false), [], "it ended before the years that are looked at");
    assert_eq!(of(3, false), [Ground::Team]);
    assert!(matches!(of(4, false)[..], [Ground::Interest { id: 3, .. }]), "written in wide letters");
    let late = Looked { on: Date::constant(2028, 4, 1), ..LOOKED };
    assert_eq!(grounds(&five()[0], &[], &Parties::default(), false, late), [Ground::Term]);
}

#[test]
fn an_expedited_review_wants_every_answer() {
    let voters = |votes: &[Option<Vote>]| -> Vec<Voter> {
        (0u8..)
            .zip(votes)
            .map(|(i, vote)| Voter { seat: seat(i, 0, true, false), free: true, vote: *vote })
            .collect()
    };
    let of = |votes: &[Option<Vote>]| tally(&voters(votes), Procedure::Expedited { members: 2 }, 50).outcome;
    assert_eq!(of(&[Some(Vote::Approve), Some(Vote::Approve)]), Outcome::Approved);
    assert_eq!(of(&[Some(Vote::Approve), None]), Outcome::Void);
    assert_eq!(of(&[Some(Vote::Approve)]), Outcome::Void);
    assert_eq!(of(&[Some(Vote::Approve), Some(Vote::Reject)]), Outcome::Continued);
}

#[test]
fn a_gate_that_the_records_deny_is_closed_by_nobody() {
    let facts = Facts { k: Some(5), ..Facts::default() };
    let officer = |gate: &Gate, evidence: &str| close(gate, "officer", AuditRole::Officer, evidence, &facts);
    assert!(officer(&Gate::MinK { at_least: 5 }, "").is_ok());
    for shut in [
        Gate::MinK { at_least: 6 },
        Gate::MinCell { at_least: 1 },
        Gate::ContractInForce,
        Gate::RecipientCertificate,
        Gate::PeriodEnd { not_after: DAY },
        Gate::DestructionDate { not_after: DAY },
    ] {
        assert!(officer(&shut, "見ました").is_err(), "{shut:?}");
    }
    assert!(officer(&Gate::EthicsApproval, "").is_err(), "somebody has to have seen it");
    assert!(officer(&Gate::EthicsApproval, "承認通知書を確認").is_ok());
    assert!(
        close(&Gate::Other, "officer", AuditRole::Checker, "見ました", &facts).is_err(),
        "another's gate"
    );
    let list = |verifier: &str, words: &str, due: &str| -> PutList {
        let text =
            format!("[[condition]]\ngate='other'\nwords='{words}'\nverifier='{verifier}'\ndue='{due}'\n");
        toml_of(&text)
    };
    for role in AuditRole::ALL {
        let put = list(role.as_str(), "手順書を出す", "2026-12-31");
        assert_eq!(put.condition[0].check(DAY).is_ok(), VERIFIERS.contains(role), "{role:?}");
    }
    assert!(list("officer", "", "2026-12-31").condition[0].check(DAY).is_err());
    assert!(list("officer", "手順書", "2026-11-09").condition[0].check(DAY).is_err());
}

fn toml_of(text: &str) -> PutList {
    toml::from_str(text).unwrap()
}

#[test]
fn what_is_missing_is_named_and_a_full_one_has_no_flaw() {
    let purposes = ["advanced-research"];
    let codes = |d: &Document| -> Vec<&'static str> {
        d.flaws(&purposes).unwrap().into_iter().map(|f| f.code).collect()
    };
    let mut empty = Document::default();
    assert!(codes(&empty).contains(&"REV_MISSING") && codes(&empty).contains(&"REV_SPEC"));
    empty.fields.insert("purpose-code".to_owned(), "marketing".to_owned());
    assert!(codes(&empty).contains(&"REV_PURPOSE"));
    let full = full();
    assert_eq!(codes(&full), [""; 0]);
    let with = |change: &dyn Fn(&mut Document)| {
        let mut changed = full.clone();
        change(&mut changed);
        codes(&changed)
    };
    assert_eq!(with(&|d| d.items[0].necessity = " ".to_owned()), ["REV_NECESSITY"]);
    assert_eq!(with(&|d| drop(d.items.remove(0))), ["REV_NECESSITY"]);
    assert_eq!(
        with(&|d| d.items.push(musubi_review_board::committee::document::Item {
            item: "area".to_owned(),
            necessity: "地域差".to_owned()
        })),
        ["REV_EXTRA_ITEM"]
    );
    assert_eq!(
        with(&|d| drop(d.fields.insert("data-class".to_owned(), "anonymized".to_owned()))),
        ["REV_PRODUCT"]
    );
    assert_eq!(with(&|d| drop(d.fields.insert("foreign".to_owned(), "yes".to_owned()))), ["REV_MISSING"; 2]);
    assert_eq!(likeness(&full, &full), 100);
    assert_eq!(likeness(&full, &Document::default()), 0);
}

/// An application that could be handed in.
fn full() -> Document {
    use musubi_review_board::committee::fields::{Kind, sections};
    let mut fields = BTreeMap::new();
    for field in sections().unwrap().iter().flat_map(|s| &s.fields).filter(|f| f.required == "always") {
        let value = match field.kind {
            Kind::Word => field.words[0].0.clone(),
            Kind::Date => "2027-03-31".to_owned(),
            Kind::Number => "1000".to_owned(),
            Kind::Text | Kind::Long | Kind::List => "見本".to_owned(),
        };
        fields.insert(field.id.clone(), value);
    }
    let text = serde_json::json!({
        "fields": fields,
        "template": { "name": "s5-drug-recipients", "from": "2026-04-01", "to": "2027-03-31" },
    });
    let mut document =
        Document::read(&text.to_string(), Receiver { id: "mihon-university", name: "見本大学" }).unwrap();
    let asked = musubi_compliance::checks::items_of(&document.extract().unwrap());
    document.items = asked
        .into_iter()
        .map(|item| musubi_review_board::committee::document::Item { item, necessity: "必要".to_owned() })
        .collect();
    document
}

#[test]
fn only_listed_fields_are_minor() {
    let before = full();
    let change = |of: &dyn Fn(&mut Document)| {
        let mut after = before.clone();
        of(&mut after);
        minor(&after.changes(&before).unwrap(), &["contact", "spec", "sex"])
    };
    let field =
        |name: &'static str| move |d: &mut Document| drop(d.fields.insert(name.to_owned(), "別".to_owned()));
    assert!(change(&field("contact")));
    assert!(!change(&field("purpose")));
    assert!(!change(&|d| {
        field("contact")(d);
        field("purpose")(d);
    }));
    assert!(!change(&|d| d.spec.push('#')), "never the specification, whatever the list says");
    assert!(!change(&|d| d.items[0].necessity = "別".to_owned()));
    assert!(!change(&|_| ()), "no change is no minor change");
}

#[test]
fn a_document_is_read_strictly() {
    let read = |text: &str| Document::read(text, Receiver { id: "mihon-university", name: "見本大学" });
    assert!(read("[fields]\nunit = 'a'\n").is_ok());
    for wrong in [
        "[fields]\nno-such = 'a'\n",
        "[fields]\npersons = 'many'\n",
        "[fields]\nunit = \"a\\nb\"\n",
        "[fields]\nforeign = 'maybe'\n",
        "extra = 1\n",
        "[template]\nname = 'none'\nfrom = '2026-01-01'\nto = '2026-12-31'\n",
        "{",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let document = read("[fields]\nunit = ' '\n[[item]]\nitem = ''\nnecessity = ''\n").unwrap();
    assert_eq!(document, Document::default(), "an empty box is no answer");
    assert_eq!(Document::kept(&full().canonical()).unwrap(), full());
}

#[test]
fn the_public_summary_names_nobody() {
    let minutes = Minutes {
        meeting: "MT-0001".to_owned(),
        held_on: DAY,
        place: "対面 見本会議室".to_owned(),
        present: vec![("member-01".to_owned(), "医学・自然科学".to_owned(), true)],
        cases: vec![CaseLine {
            application: "AP-0001".to_owned(),
            title: "見本課題".to_owned(),
            version: 1,
            documents: BTreeMap::from([("申出書", "0f".repeat(32))]),
            aside: vec![("member-02".to_owned(), vec!["本人の申告".to_owned()])],
            counted: BTreeMap::from([("医学・自然科学".to_owned(), 5)]),
            votes: BTreeMap::from([("承認".to_owned(), 5)]),
            outcome: Some("承認".to_owned()),
            conditions: Vec::new(),
        }],
    };
    let (text, summary) = (minutes.text(), minutes.summary());
    for word in ["member-01", "member-02", "本人の申告"] {
        assert!(text.contains(word) && !summary.contains(word), "{word}");
    }
    assert!(text.contains(&"0f".repeat(32)) && text.contains("承認 5"));
    assert!(summary.contains("除斥: 1 人") && summary.contains("見本課題"));
}
