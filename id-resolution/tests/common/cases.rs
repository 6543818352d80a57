//! One plain person, and what a test of planted truth asks.
#![allow(dead_code)] // every test binary uses a part of it
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // test data, not input

use musubi_id_resolution::mpi::Model;

use super::people::{Card, decided, engine, persons};

pub const TOKYO: &str = "1311234567";
pub const TOKYO_2: &str = "1312345678";
pub const KANAGAWA: &str = "1410000011";
pub const OSAKA: &str = "2711111111";

/// A woman of the most usual kind, as a hospital writes her.
pub fn hanako() -> Card {
    Card {
        facility: TOKYO.into(),
        kanji: "佐藤 陽子".into(),
        kana: "サトウ ヨウコ".into(),
        birth: "19800410".into(),
        sex: "2".into(),
        postal: "1000001".into(),
        address: "東京都千代田区見本町1-2-3".into(),
        phone: "0312345678".into(),
        insurer: "06130017".into(),
        symbol: "12".into(),
        number: "3456".into(),
        branch: "01".into(),
        day: 18_000,
        ..Card::default()
    }
}

/// The engine's persons as the labels of the cards, by `Card::person`: the planted truth has to come out, from the
/// decision over a closed set and from the engine in memory.
pub fn expect(cards: &[Card]) {
    expect_under(&Model::default(), cards);
}

pub fn expect_under(model: &Model, cards: &[Card]) {
    let found = persons(&decided(model, cards, &[]));
    let show = || -> Vec<Vec<String>> {
        let name = |id: &[u8; 16]| {
            let card = cards.iter().find(|c| c.id() == *id).unwrap();
            format!("{} {} {} {}", card.person, card.kanji, card.kana, card.day)
        };
        found.iter().map(|p| p.iter().map(name).collect()).collect()
    };
    for (i, a) in cards.iter().enumerate() {
        for b in &cards[i + 1..] {
            let one = found.iter().any(|p| p.contains(&a.id()) && p.contains(&b.id()));
            assert_eq!(one, a.person == b.person, "{:#?}", show());
        }
    }
    assert_eq!(found, engine(model, [cards]));
}
