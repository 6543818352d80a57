//! Bad input to the probabilistic engine: bounded cost, nobody drawn together, everything counted.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // test data, not input

mod common;

use common::cases::{OSAKA, TOKYO, TOKYO_2, expect, hanako};
use common::people::{Card, decided, engine, persons};
use musubi_id_resolution::mpi::engine::Mpi;
use musubi_id_resolution::mpi::{Doubt, Model};

/// 照合できない記録: kept, alone, counted.
#[test]
fn a_record_with_nothing_to_match_on() {
    let bare = |day, sex: &str| Card {
        facility: TOKYO.into(),
        birth: "19800410".into(),
        sex: sex.into(),
        day,
        ..Card::default()
    };
    let cards = [bare(18_000, "2"), bare(18_100, "2"), bare(18_200, ""), hanako()];
    let decided = decided(&Model::default(), &cards, &[]);
    assert_eq!((decided.groups.len(), decided.unlinkable), (4, 3));
    assert_eq!(persons(&decided), engine(&Model::default(), [cards.as_slice()]));
}

/// テスト患者: each stays alone, whatever it shares.
#[test]
fn test_patients_stay_alone() {
    let test = |day| Card {
        kanji: "テスト 患者".into(),
        kana: "テスト カンジャ".into(),
        local: "9999".into(),
        day,
        ..hanako()
    };
    let cards = [test(18_000), test(18_001), hanako()];
    let decided = decided(&Model::default(), &cards, &[]);
    assert_eq!((decided.groups.len(), decided.unlinkable), (3, 2));
    assert_eq!(persons(&decided), engine(&Model::default(), [cards.as_slice()]));
}

const GIVEN: [(&str, &str); 6] = [
    ("陽子", "ヨウコ"),
    ("美咲", "ミサキ"),
    ("愛", "アイ"),
    ("裕子", "ユウコ"),
    ("恵", "メグミ"),
    ("花子", "ハナコ"),
];

/// 既定の生年月日: one date for all says nothing of who is who.
#[test]
fn stopgap_birth_dates() {
    for birth in ["19000101", "00000000", "99999999", ""] {
        let cards: Vec<Card> = (0..GIVEN.len())
            .map(|i| Card {
                person: i as u32,
                kanji: format!("佐藤 {}", GIVEN[i].0),
                kana: format!("サトウ {}", GIVEN[i].1),
                birth: birth.into(),
                address: format!("東京都千代田区見本町{}-1", i + 1),
                phone: format!("03123456{i:02}"),
                number: format!("{}", 1_000 + i),
                ..hanako()
            })
            .collect();
        expect(&cards);
    }
    // and the right date in another source is not outweighed by it
    let stopgap = Card { birth: "19800101".into(), day: 18_100, ..hanako() };
    expect(&[hanako(), stopgap]);
}

/// How many pairs are compared for `count` records that come in batches.
fn scored(model: &Model, count: usize, batch: usize, card: impl Fn(usize) -> Card) -> (u64, usize) {
    let cards: Vec<Card> = (0..count).map(card).collect();
    let mut mpi = Mpi::new(model);
    for part in cards.chunks(batch) {
        mpi.add(part.iter().map(Card::record));
    }
    let mut persons: Vec<u32> = (0..mpi.rows().len() as u32).map(|r| mpi.person(r)).collect();
    persons.sort_unstable();
    persons.dedup();
    (mpi.scored(), persons.len())
}

/// Twice the records in as many batches cost about twice the comparisons, not four times.
fn linear(model: &Model, count: usize, batches: usize, card: impl Fn(usize) -> Card) -> usize {
    let (half, _) = scored(model, count / 2, count / 2 / batches, &card);
    let (full, persons) = scored(model, count, count / batches, &card);
    assert!(full <= half.max(100_000) * 5 / 2, "{half} comparisons for half, {full} for all");
    persons
}

/// 100,000件の同姓同名 (20,000 here; the counts grow in proportion): the same name with nothing, with one birth date, and
/// with birth dates of their own.
#[test]
fn very_many_records_of_one_name() {
    let model = Model::default();
    let named = |i: usize, birth: &str| Card {
        facility: TOKYO.into(),
        local: format!("{}", 10_000 + i),
        kanji: "佐藤 陽子".into(),
        kana: "サトウ ヨウコ".into(),
        birth: birth.into(),
        ..Card::default()
    };
    for batches in [1, 20] {
        assert_eq!(linear(&model, 20_000, batches, |i| named(i, "")), 20_000);
        // all alike but for the chart number: the keys are crowded, so nobody is anybody
        assert_eq!(linear(&model, 20_000, batches, |i| named(i, "19800410")), 20_000);
        // the cost of keys that are about to be crowded is bounded too; with fewer records, sooner
        let mut tight = Model::default();
        tight.rules.crowded = 20;
        linear(&tight, 20_000, batches, |i| {
            let (y, m, d) = (1930 + i % 80, 1 + i / 80 % 12, 1 + i / 960 % 28);
            named(i, &format!("{y}{m:02}{d:02}"))
        });
    }
}

/// 毒入りの値: an address and a telephone for everybody, dates a step apart, so that each record draws in the next. The
/// chain is cut, the cost stays in proportion, and nobody is drawn into a real person's records.
#[test]
fn poisoned_values_that_chain() {
    let mut model = Model::default();
    model.rules.component_max = 100;
    let link = |i: usize| Card {
        facility: TOKYO.into(),
        local: format!("{}", 10_000 + i),
        kana: "サトウ ヨウコ".into(),
        birth: format!("19{:02}{:02}{:02}", 30 + i / 336 % 60, 1 + i / 28 % 12, 1 + i % 28),
        sex: "2".into(),
        address: "東京都千代田区見本町1-2-3".into(),
        phone: format!("03{:08}", i / 3),
        ..Card::default()
    };
    for batches in [1, 8] {
        linear(&model, 4_000, batches, link);
    }
    let mut cards: Vec<Card> = (0..600).map(|i| Card { person: i as u32, ..link(i) }).collect();
    let (mut real, mut again) = (hanako(), hanako());
    (real.person, again.person) = (9_999, 9_999);
    again.day += 300;
    again.facility = TOKYO_2.into();
    cards.extend([real.clone(), again.clone()]);
    let decided = decided(&model, &cards, &[]);
    assert!(decided.cut > 0, "the chain was too large");
    let mut mpi = Mpi::new(&model);
    let batch = mpi.add(cards.iter().map(Card::record));
    assert_eq!(batch.cut, decided.cut, "and is counted in the batch");
    let people = persons(&decided);
    assert_eq!(people, engine(&model, [cards.as_slice()]));
    let largest = people.iter().map(std::collections::BTreeSet::len).max().unwrap();
    assert!(largest <= 100, "{largest} records in one person");
    let home = people.iter().find(|p| p.contains(&real.id())).unwrap();
    assert!(home.contains(&again.id()), "a real person stays whole");
}

/// The more people there are, the less two records say: linked, then shown to a person, then nothing.
#[test]
fn what_lies_just_below_is_shown() {
    let far = Card {
        facility: OSAKA.into(),
        kanji: String::new(),
        insurer: "06270012".into(),
        address: "大阪府大阪市北区例示町9-9".into(),
        postal: String::new(),
        phone: "0698765432".into(),
        ..hanako()
    };
    let cards = [hanako(), far];
    let mut model = Model::default();
    let mut seen = Vec::new();
    for bits in 10..40 {
        model.rules.population = 1 << bits;
        let decided = decided(&model, &cards, &[]);
        let below = decided.grey.iter().filter(|g| g.doubt == Doubt::Below && g.harm > 0).count();
        seen.push(match (decided.groups.len(), below) {
            (1, 0) => "linked",
            (2, 1) => "shown",
            (2, 0) => "apart",
            other => panic!("{other:?}"),
        });
    }
    seen.dedup();
    assert_eq!(seen, ["linked", "shown", "apart"]);
}
