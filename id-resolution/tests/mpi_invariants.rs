//! The invariants of the probabilistic engine (design.md, 3–5), over small synthetic populations.
#![allow(clippy::indexing_slicing)] // test data, not input

mod common;

use std::collections::BTreeSet;

use common::people::{Card, Dice, Persons, decided, engine, persons, population, ruling, together};
use musubi_id_resolution::mpi::Model;
use musubi_id_resolution::mpi::engine::Mpi;
use proptest::prelude::*;

/// Splits at places that the seed chooses: batches of any size, of one record too.
fn batches(cards: &[Card], seed: u64) -> Vec<&[Card]> {
    let mut dice = Dice(seed);
    let mut rest = cards;
    let mut out = Vec::new();
    while !rest.is_empty() {
        let most = [1, 3, 20, 200][dice.roll(4)];
        let (head, tail) = rest.split_at(rest.len().min(1 + dice.roll(most)));
        out.push(head);
        rest = tail;
    }
    out
}

/// Nothing but the records that differ, so that a failure can be read.
fn same(a: &Persons, b: &Persons) -> Result<(), TestCaseError> {
    let (more, less): (Vec<_>, Vec<_>) = (a.difference(b).collect(), b.difference(a).collect());
    prop_assert!(more.is_empty() && less.is_empty(), "{} against {} persons", more.len(), less.len());
    Ok(())
}

/// With few records a key is crowded at once, so that taking apart and linking anew happens all the time.
fn crowded(most: usize) -> Model {
    let mut model = Model::default();
    model.rules.crowded = most;
    model
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Shuffled arrival in any batches: 0 persons differ; a night after a night equals a rebuild.
    #[test]
    fn the_order_and_the_batches_do_not_matter(seed: u64, families in 2usize..30) {
        let model = Model::default();
        let mut cards = population(seed, families);
        let whole = engine(&model, [cards.as_slice()]);
        Dice(seed ^ 5).shuffle(&mut cards);
        same(&whole, &engine(&model, [cards.as_slice()]))?;
        same(&whole, &engine(&model, batches(&cards, seed)))?;
    }

    /// The same where keys become crowded in the course of it.
    #[test]
    fn nor_where_keys_are_crowded(seed: u64, most in 2usize..9) {
        let model = crowded(most);
        let mut cards = population(seed, 16);
        let whole = engine(&model, [cards.as_slice()]);
        same(&whole, &persons(&decided(&model, &cards, &[])))?;
        Dice(seed ^ 5).shuffle(&mut cards);
        same(&whole, &engine(&model, batches(&cards, seed)))?;
    }

    /// The same where components are too large and are cut.
    #[test]
    fn nor_where_components_are_cut(seed: u64, most in 2usize..9) {
        let mut model = Model::default();
        model.rules.component_max = most;
        model.rules.edge = -20 * 256;
        let mut cards = population(seed, 16);
        let whole = engine(&model, [cards.as_slice()]);
        same(&whole, &persons(&decided(&model, &cards, &[])))?;
        Dice(seed ^ 5).shuffle(&mut cards);
        same(&whole, &engine(&model, batches(&cards, seed)))?;
    }

    /// What the night decides over a closed set is what the engine in memory decides.
    #[test]
    fn the_decision_over_a_closed_set_is_that_of_the_engine(seed: u64, families in 2usize..20) {
        let model = Model::default();
        let mut cards = population(seed, families);
        let once = decided(&model, &cards, &[]);
        same(&engine(&model, [cards.as_slice()]), &persons(&once))?;
        Dice(seed).shuffle(&mut cards);
        prop_assert_eq!(&once, &decided(&model, &cards, &[]), "links, doubts and numbers too");
        // a component alone is a closed set too
        let first = once.components.first().copied().unwrap_or(0);
        let inside: BTreeSet<[u8; 16]> = once.groups.iter().zip(&once.components)
            .filter(|(_, c)| **c == first).flat_map(|(g, _)| g.members.iter().copied()).collect();
        let few: Vec<Card> = cards.iter().filter(|c| inside.contains(&c.id())).cloned().collect();
        let part = persons(&decided(&model, &few, &[]));
        prop_assert!(part.is_subset(&persons(&once)), "a touched component is decided as in a full run");
    }

    /// Every record is in exactly one person, and its links span it.
    #[test]
    fn every_record_is_in_one_person(seed: u64) {
        let cards = population(seed, 10);
        let decided = decided(&Model::default(), &cards, &[]);
        let mut all: Vec<[u8; 16]> = decided.groups.iter().flat_map(|g| g.members.clone()).collect();
        all.sort_unstable();
        let mut ids: Vec<[u8; 16]> = cards.iter().map(Card::id).collect();
        ids.sort_unstable();
        prop_assert_eq!(all, ids);
        for group in &decided.groups {
            prop_assert_eq!(group.links.len() + 1, group.members.len());
        }
    }

    /// The same records again change nothing. (Only the ids of records tell apart what says too little to be one person
    /// each time, so that the engine without ids is asked about the others.)
    #[test]
    fn records_that_come_again_change_nothing(seed: u64) {
        let model = Model::default();
        let mut cards = population(seed, 12);
        let twice: Vec<Card> = cards.iter().chain(&cards).cloned().collect();
        prop_assert_eq!(decided(&model, &cards, &[]), decided(&model, &twice, &[]));
        let mut trial = Mpi::new(&model);
        trial.add(cards.iter().map(Card::record));
        let held = trial.rows().len() as u32;
        let rows = trial.add(cards.iter().map(Card::record)).rows;
        let mut known = rows.iter().map(|row| *row < held);
        cards.retain(|_| known.next() == Some(true));
        let mut mpi = Mpi::new(&model);
        mpi.add(cards.iter().map(Card::record));
        let before: Vec<u32> = (0..mpi.rows().len() as u32).map(|r| mpi.person(r)).collect();
        let scored = mpi.scored();
        let again = mpi.add(cards.iter().map(Card::record));
        let after: Vec<u32> = (0..mpi.rows().len() as u32).map(|r| mpi.person(r)).collect();
        prop_assert_eq!(before, after);
        prop_assert_eq!(again.repeated, cards.len() as u64);
        prop_assert!(again.touched.is_empty(), "nothing is decided again");
        prop_assert_eq!(scored, mpi.scored(), "nothing is compared again");
    }

    /// A description that is sent on other days: only the span counts, in whatever order the days come.
    #[test]
    fn the_order_of_days_does_not_matter(seed: u64) {
        let model = Model::default();
        let mut cards = population(seed, 10);
        let mut dice = Dice(seed);
        for at in 0..cards.len() {
            if cards[at].day != 0 && dice.one_in(2) {
                let day = cards[at].day + dice.roll(800) as i32 - 400;
                let later = Card { day, ..cards[at].clone() };
                cards.push(later);
            }
        }
        let forwards = engine(&model, [cards.as_slice()]);
        cards.sort_by_key(|c| std::cmp::Reverse(c.day));
        same(&forwards, &engine(&model, batches(&cards, seed)))?;
        same(&forwards, &persons(&decided(&model, &cards, &[])))?;
    }

    /// A cannot-link holds within every component, a must-link across any two; sure rules give way.
    #[test]
    fn rulings_always_hold(seed: u64, pairs in 1usize..6) {
        let model = Model::default();
        let cards = population(seed, 10);
        let free = persons(&decided(&model, &cards, &[]));
        let mut dice = Dice(seed);
        let mut rulings = Vec::new();
        for _ in 0..pairs {
            let (a, b) = (&cards[dice.roll(cards.len())], &cards[dice.roll(cards.len())]);
            // the opposite of what the engine thinks, so that each has something to hold against; disjoint, so that
            // they do not contradict each other
            let used = |c: &Card| rulings.iter().any(|r: &musubi_id_resolution::mpi::Ruling| {
                r.a == c.id() || r.b == c.id()
            });
            if a != b && !used(a) && !used(b) {
                rulings.push(ruling(a, b, !together(&free, a, b)));
            }
        }
        let held = persons(&decided(&model, &cards, &rulings));
        for r in &rulings {
            let one = held.iter().any(|p| p.contains(&r.a) && p.contains(&r.b));
            prop_assert_eq!(one, r.same);
        }
        // taking them back gives what was before
        same(&free, &persons(&decided(&model, &cards, &[])))?;
    }

    /// A merge by a person and its undo, one after the other, are nothing; so are a split and its undo.
    #[test]
    fn merge_and_split_undo_each_other(seed: u64) {
        let model = Model::default();
        let cards = population(seed, 8);
        let free = persons(&decided(&model, &cards, &[]));
        let mut dice = Dice(seed);
        let (a, b) = (&cards[dice.roll(cards.len())], &cards[dice.roll(cards.len())]);
        prop_assume!(a != b);
        let flipped = persons(&decided(&model, &cards, &[ruling(a, b, !together(&free, a, b))]));
        prop_assert!(flipped != free);
        // what the ruling does not touch stays as it was
        let near: BTreeSet<[u8; 16]> = free.iter()
            .filter(|p| p.contains(&a.id()) || p.contains(&b.id()))
            .flat_map(|p| p.iter().copied()).collect();
        let d = decided(&model, &cards, &[]);
        let component = |id: &[u8; 16]| d.groups.iter().zip(&d.components)
            .find(|(g, _)| g.members.contains(id)).map(|(_, c)| *c);
        let touched: BTreeSet<_> = near.iter().map(component).collect();
        for person in free.iter().filter(|p| p.iter().all(|id| !touched.contains(&component(id)))) {
            prop_assert!(flipped.contains(person), "a ruling reaches no further than its components");
        }
    }
}

/// A must-link against everything, and a cannot-link against a sure rule.
#[test]
fn a_ruling_outranks_the_surest_rule() {
    let model = Model::default();
    let a = Card {
        facility: "1311234567".into(),
        local: "4711".into(),
        kana: "ミホン ハナコ".into(),
        kanji: "見本 花子".into(),
        birth: "19800401".into(),
        sex: "2".into(),
        insurer: "06130017".into(),
        symbol: "12".into(),
        number: "345".into(),
        branch: "02".into(),
        inquiry: "k1".into(),
        ..Card::default()
    };
    let b = Card { day: 17_000, address: "東京都千代田区見本町1-1".into(), ..a.clone() };
    let far =
        Card {
            kana: "カクウ ケンジ".into(), birth: "19440909".into(), sex: "1".into(), ..Card::default()
        };
    let cards = [a.clone(), b.clone(), far.clone()];
    let free = persons(&decided(&model, &cards, &[]));
    assert!(together(&free, &a, &b) && !together(&free, &a, &far));
    let held = persons(&decided(&model, &cards, &[ruling(&a, &b, false), ruling(&a, &far, true)]));
    assert!(!together(&held, &a, &b) && together(&held, &a, &far));
    // both hold even where a third record draws the two together
    let third = Card { day: 17_500, phone: "0312345678".into(), ..a.clone() };
    let cards = [a.clone(), b.clone(), third];
    let held = persons(&decided(&model, &cards, &[ruling(&a, &b, false)]));
    assert!(!together(&held, &a, &b));
    assert_eq!(held.len(), 2, "the third record goes to one of them");
}
