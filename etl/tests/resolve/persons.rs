//! Persons over time: rulings, undo, the past, the log, opt-outs, crowds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use musubi_etl::matching::Mpi;
use musubi_id_resolution::{TokenKey, TokenKind, describe};
use musubi_model::matching::{
    Before, Closed, Cluster, Contradictions, Described, Engine, Evidence, Neighbourhood, Resolution,
    SealedRecord, Unreadable, Verdict,
};
use musubi_model::{IdentityId, ProviderId, ResearchId, SourceIdentity};
use musubi_storage::StorageError;
use musubi_storage::compliance::OptOutRow;
use musubi_storage::identity::{CohortOrder, CohortUse, NewRuling, random_research_ids};

use crate::support::{BORN, House, at, people, sample};

/// The members that the log alone tells are those that are stored.
fn replayed(house: &House) {
    let mut db = house.db();
    let stored: BTreeMap<IdentityId, ResearchId> = db.person_map().expect("read").into_iter().collect();
    assert_eq!(db.replay_decisions().expect("replayed"), stored);
}

fn ruling(a: IdentityId, b: IdentityId, same: bool, second: u8) -> NewRuling<'static> {
    NewRuling { a, b, same, by: "desk-1", reason: "the clinic was asked", at: at(second) }
}

/// Two people who share nothing.
fn strangers() -> [SourceIdentity; 2] {
    [
        sample("1310000001", "101", "555", "テスト ハナコ", BORN),
        sample("1310000002", "9", "777", "ミホン ツキコ", (1950, 1, 1)),
    ]
}

#[test]
fn a_ruling_joins_strangers_and_two_people_undo_it() {
    let house = House::new();
    let both = strangers();
    house.resolve(1, &both);
    let [a, b] = [0, 1].map(|n| house.id(&both[n]));
    let before = [0, 1].map(|n| house.person(&both[n]));
    assert_ne!(before[0], before[1]);
    let mut db = house.db();
    let engine = house.engine();

    let tried = db.preview_ruling(&ruling(a, b, true, 10), &engine, &mut random_research_ids).expect("tried");
    assert_eq!((tried.persons_merged, tried.changed), (1, BTreeSet::from(before)));
    assert_eq!([0, 1].map(|n| house.person(&both[n])), before, "a trial changes nothing");
    assert_eq!(db.rulings_for(&[a]).expect("read"), []);

    let (number, done) = db.rule(&ruling(b, a, true, 10), &engine, &mut random_research_ids).expect("ruled");
    assert_eq!(done.persons_merged, 1);
    assert_eq!(house.person(&both[0]), house.person(&both[1]));
    replayed(&house);
    assert_eq!(db.person_as_of(&a, at(9)).expect("read"), Some(before[0]));
    assert_eq!(db.person_as_of(&b, at(9)).expect("read"), Some(before[1]));
    assert_eq!(db.person_as_of(&b, at(10)).expect("read"), Some(house.person(&both[0])));
    assert_eq!(db.person_as_of(&b, at(0)).expect("read"), None, "not known yet");
    assert_eq!(db.members_as_of(&before[1], at(9)).expect("read"), [b]);
    let kinds = |db: &mut musubi_storage::registry::IdentityDb, id: &IdentityId| -> Vec<String> {
        db.history(id).expect("read").into_iter().map(|d| d.kind).collect()
    };
    let moved = if house.person(&both[0]) == before[0] { b } else { a };
    assert_eq!(kinds(&mut db, &moved), ["new", "ruling", "merge"]);

    // it holds against whatever comes
    house.resolve(2, &both);
    house.resolve(3, &[sample("1310000003", "3", "555", "テスト ハナコ", BORN)]);
    assert_eq!(house.person(&both[0]), house.person(&both[1]));

    let why = "it was her sister";
    let alone = db.confirm_undo(number, "desk-1", at(20), &engine, &mut random_research_ids);
    assert!(matches!(alone, Err(StorageError::Refused(_))), "nobody proposed it");
    db.propose_undo(number, "desk-1", why, at(20)).expect("proposed");
    let alone = db.confirm_undo(number, "desk-1", at(20), &engine, &mut random_research_ids);
    assert!(matches!(alone, Err(StorageError::Refused(_))), "one person is not two");
    assert_eq!(db.undo_proposals().expect("read").len(), 1);
    let undone =
        db.confirm_undo(number, "desk-2", at(21), &engine, &mut random_research_ids).expect("undone");
    assert_eq!((undone.persons_split, undone.persons_new), (1, 0));
    assert_eq!([0, 1].map(|n| house.person(&both[n])), before, "everybody has the old id again");
    assert_eq!(kinds(&mut db, &moved), ["new", "ruling", "merge", "ruling", "revive"]);
    let kept = db.rulings_for(&[a, b]).expect("read");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].undone.as_ref().map(|u| u.0.as_str()), Some("desk-2"));
    assert_eq!(db.person_as_of(&moved, at(15)).expect("read"), db.person_as_of(&a, at(15)).expect("read"));
    replayed(&house);
}

/// The engine of the house, but for one thing: a ruling tears people apart and mixes them.
struct Mixing<'a> {
    plain: Mpi<'a>,
    mixed: Vec<BTreeSet<IdentityId>>,
}

impl Engine for Mixing<'_> {
    fn name(&self) -> &str {
        self.plain.name()
    }
    fn model(&self) -> &str {
        self.plain.model()
    }
    fn crowd_max(&self) -> u32 {
        self.plain.crowd_max()
    }
    fn review_per_million(&self) -> u32 {
        self.plain.review_per_million()
    }
    fn keys(&self, records: &[SealedRecord]) -> Result<Vec<Vec<i64>>, Unreadable> {
        self.plain.keys(records)
    }
    fn decide(&self, closed: &Closed) -> Result<Verdict, Unreadable> {
        let mut verdict = self.plain.decide(closed)?;
        if !closed.rulings.is_empty() {
            let cluster = |ids: &BTreeSet<IdentityId>| {
                let members: Vec<IdentityId> = ids.iter().copied().collect();
                let link =
                    |w: &[IdentityId]| Evidence { a: w[0], b: w[1], weight: 7, levels: 1, rule: "score" };
                let links = members.windows(2).map(link).collect();
                Cluster { members, links, component: 0, timed: false }
            };
            verdict.clusters = self.mixed.iter().map(cluster).collect();
        }
        Ok(verdict)
    }
    fn assign(&self, clusters: &[Cluster], before: &Before, fresh: &[ResearchId]) -> Resolution {
        self.plain.assign(clusters, before, fresh)
    }
    fn contradictions(&self, known: &Neighbourhood, new: &[Described]) -> Contradictions {
        self.plain.contradictions(known, new)
    }
}

#[test]
fn what_a_ruling_mixed_is_as_it_was_when_it_is_undone() {
    let house = House::new();
    let [few, many] = strangers();
    // Two records of the older person, four of the younger: most of the younger go over to the older.
    let at_each = |who: &SourceIdentity, clinics: std::ops::Range<u8>| -> Vec<SourceIdentity> {
        let provider = |n| ProviderId::new(&format!("131000000{n}")).expect("a provider");
        clinics.map(|n| SourceIdentity { provider: provider(n), ..who.clone() }).collect()
    };
    let (few, many) = (at_each(&few, 1..3), at_each(&many, 3..7));
    house.resolve(1, &few);
    house.resolve(2, &many);
    let all: Vec<&SourceIdentity> = few.iter().chain(&many).collect();
    let ids: Vec<IdentityId> = all.iter().map(|who| house.id(who)).collect();
    let persons = || -> Vec<ResearchId> { all.iter().map(|who| house.person(who)).collect() };
    let before = persons();
    assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), 2);

    // Two of the younger stay with one of the older, and the other way round: each side keeps an id.
    let mut young: Vec<IdentityId> = ids[2..].to_vec();
    young.sort();
    let [one, other] =
        [BTreeSet::from([ids[0], young[0], young[1]]), BTreeSet::from([ids[1], young[2], young[3]])];
    let engine = Mixing { plain: house.engine(), mixed: vec![one, other] };
    let mut db = house.db();
    let (number, _) =
        db.rule(&ruling(ids[0], young[0], true, 10), &engine, &mut random_research_ids).expect("ruled");
    assert_ne!(persons(), before);
    db.propose_undo(number, "desk-1", "they were mixed up", at(20)).expect("proposed");
    db.confirm_undo(number, "desk-2", at(21), &engine, &mut random_research_ids).expect("undone");
    assert_eq!(persons(), before, "nobody bears another's id");
    replayed(&house);
}

#[test]
fn a_ruling_parts_one_person_and_outlasts_every_night() {
    let house = House::new();
    let twice = [
        sample("1310000001", "101", "555", "テスト ハナコ", BORN),
        sample("1310000002", "9", "555", "テスト ハナコ", BORN),
    ];
    house.resolve(1, &twice);
    let [a, b] = [0, 1].map(|n| house.id(&twice[n]));
    let one = house.person(&twice[0]);
    assert_eq!(house.person(&twice[1]), one);
    let order = CohortOrder {
        cohort_id: "c1",
        approval_id: "a1",
        commit_id: 1,
        usage: CohortUse::Anonymised,
        on: date(2026, 6, 1),
        at: at(5),
    };
    house.pass_gates();
    house.db().write_cohort(&order).expect("written");

    let mut db = house.db();
    let engine = house.engine();
    let tried =
        db.preview_ruling(&ruling(a, b, false, 10), &engine, &mut random_research_ids).expect("tried");
    let touched = db.affected_releases(&tried.changed).expect("read");
    assert_eq!(touched.len(), 1);
    assert_eq!((touched[0].cohort_id.as_str(), touched[0].identities), ("c1", 2));
    assert_eq!(db.affected_releases(&BTreeSet::from([ResearchId([9; 16])])).expect("read"), []);

    let (_, done) = db.rule(&ruling(a, b, false, 10), &engine, &mut random_research_ids).expect("ruled");
    assert_eq!((done.persons_split, done.moved), (1, 1));
    let parted = [0, 1].map(|n| house.person(&twice[n]));
    assert_ne!(parted[0], parted[1]);
    assert!(parted.contains(&one), "one part keeps the id");
    replayed(&house);
    house.resolve(2, &twice);
    assert_eq!([0, 1].map(|n| house.person(&twice[n])), parted);

    let contrary = db.rule(&ruling(a, b, true, 11), &engine, &mut random_research_ids);
    assert!(matches!(contrary, Err(StorageError::Refused(_))), "{contrary:?}");
    let unknown = db.rule(&ruling(a, IdentityId([7; 16]), true, 11), &engine, &mut random_research_ids);
    assert!(matches!(unknown, Err(StorageError::Refused(_))), "{unknown:?}");
}

#[test]
fn rulings_that_would_contradict_each_other_over_others_are_refused() {
    let house = House::new();
    let three = [
        strangers()[0].clone(),
        strangers()[1].clone(),
        sample("1310000003", "3", "888", "レイ ユキコ", (1970, 2, 3)),
    ];
    house.resolve(1, &three);
    let [a, b, c] = [0, 1, 2].map(|n| house.id(&three[n]));
    let mut db = house.db();
    let engine = house.engine();
    db.rule(&ruling(a, b, true, 2), &engine, &mut random_research_ids).expect("ruled");
    db.rule(&ruling(b, c, true, 3), &engine, &mut random_research_ids).expect("ruled");
    let contrary = db.rule(&ruling(a, c, false, 4), &engine, &mut random_research_ids);
    assert!(matches!(contrary, Err(StorageError::Refused(_))), "{contrary:?}");
    assert_eq!(house.partition(&three).len(), 1);
}

/// G-8: the list names her as she was called; the delivery calls her otherwise, with another card.
#[test]
fn an_opted_out_person_is_caught_under_a_changed_name() {
    let house = House::new();
    let day = date(2026, 6, 1);
    let before = sample("1310000001", "101", "555", "テスト ハナコ", BORN);
    let married = sample("1310000001", "101", "888", "ミホン ハナコ", BORN);
    let other = sample("1310000001", "102", "999", "ミホン ツキコ", BORN);
    house.resolve(1, std::slice::from_ref(&before));
    let key = TokenKey::new(house.ring.token.expose());
    let listed = describe(&key, &before);
    let rows: Vec<OptOutRow> = listed
        .tokens
        .iter()
        .filter(|t| t.kind != TokenKind::Local)
        .map(|t| OptOutRow {
            entry: "T-1".into(),
            token: t.value.clone(),
            kind: t.kind.as_str().into(),
            guard: listed.guard.0.to_vec(),
            provider: None,
            effective_from: date(2026, 1, 1),
            withdrawn_on: None,
        })
        .collect();
    let mut db = house.db();
    db.enter_opt_outs(&rows, at(2)).expect("entered");
    let stopped: BTreeSet<&[u8]> = rows.iter().map(|r| r.token.as_slice()).collect();
    let tokens = describe(&key, &married).tokens;
    assert!(tokens.iter().all(|t| !stopped.contains(t.value.as_slice())), "the first gate cannot know her");

    house.resolve(3, &[married.clone(), other.clone()]);
    let (she, another) = (house.id(&married), house.id(&other));
    assert_eq!(db.opted_out(&[she, another], day).expect("asked"), BTreeSet::from([she]));
}

#[test]
fn any_batching_gives_the_same_persons() {
    let mut all = people().to_vec();
    for n in 0..30u8 {
        // ten persons, three times each under changing clinics, some of them namesakes
        let who = n % 10;
        let clinic = format!("13100000{:02}", 10 + n / 10);
        let kana = if who < 5 { "レイ タロウ" } else { "レイ ジロウ" };
        all.push(sample(&clinic, &n.to_string(), &format!("7{who}"), kana, (1960, 1, 1 + who)));
    }
    let run = |chunk: usize, turn: usize| {
        let house = House::new();
        let mut order = all.clone();
        order.rotate_left(turn);
        for (n, some) in (1..).zip(order.chunks(chunk)) {
            house.resolve(n, some);
        }
        replayed(&house);
        house.partition(&all)
    };
    let whole = run(all.len(), 0);
    assert!(whole.len() > 5 && whole.len() < all.len());
    assert_eq!(run(1, 7), whole);
    assert_eq!(run(4, 19), whole);
}

#[test]
fn a_key_that_becomes_crowded_says_nothing_any_more_in_whatever_order_it_did() {
    // five people under a placeholder card, and one twice under a card of her own
    let mut all: Vec<SourceIdentity> = Vec::new();
    for n in 0..5u8 {
        all.push(sample(&format!("13100000{:02}", 10 + n), &n.to_string(), "999", "", BORN));
    }
    all.push(sample("1310000020", "1", "555", "テスト ハナコ", BORN));
    all.push(sample("1310000021", "2", "555", "テスト ハナコ", BORN));
    let run = |chunk: usize, turn: usize, crowd_max: u32| {
        let mut house = House::new();
        house.matching.crowd_max = crowd_max;
        let mut order = all.clone();
        order.rotate_left(turn);
        for (n, some) in (1..).zip(order.chunks(chunk)) {
            house.resolve(n, some);
        }
        replayed(&house);
        house.partition(&all)
    };
    let free = run(7, 0, 100);
    let crowded = run(7, 0, 3);
    assert!(crowded.len() > free.len(), "the placeholder ties nobody: {crowded:?}");
    assert_eq!(run(1, 0, 3), crowded);
    assert_eq!(run(2, 3, 3), crowded);
}

#[test]
fn days_only_grow_and_in_any_order_to_the_same() {
    let days = [
        (date(2026, 3, 1), date(2026, 3, 9)),
        (date(2026, 1, 5), date(2026, 2, 1)),
        (date(2026, 2, 2), date(2026, 2, 3)),
    ];
    let run = |order: [usize; 3]| {
        let house = House::new();
        let person = strangers()[0].clone();
        for (n, place) in (1..).zip(order) {
            house.resolve_seen(n, std::slice::from_ref(&person), Some(days[place]));
        }
        let mut owner = house.registry.server().connect_owner().expect("connected");
        let row = owner.query_one("SELECT seen_first::text, seen_last::text FROM identity.member", &[]);
        let row = row.expect("one");
        (row.get::<_, String>(0), row.get::<_, String>(1))
    };
    let expect = ("2026-01-05".to_owned(), "2026-03-09".to_owned());
    assert_eq!(run([0, 1, 2]), expect);
    assert_eq!(run([2, 1, 0]), expect);
}

#[test]
fn identities_of_a_store_of_before_are_brought_into_the_index() {
    let house = House::new();
    let people = people();
    house.resolve(1, &people[..2]);
    let person = house.person(&people[0]);
    let mut owner = house.registry.server().connect_owner().expect("connected");
    owner
        .batch_execute("DELETE FROM identity.match_key; UPDATE identity.member SET component = NULL")
        .expect("as before the upgrade");
    house.resolve(2, &people[2..]);
    assert_eq!(house.partition(&people).len(), 2);
    assert_eq!(house.person(&people[0]), person, "ids stay");
    let left = owner.query_one("SELECT count(*) FROM identity.member WHERE component IS NULL", &[]);
    assert_eq!(left.expect("counted").get::<_, i64>(0), 0);
    replayed(&house);
}
