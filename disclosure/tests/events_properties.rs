//! Linked events on small random sets: the claim by naive enumeration, the same rows from the same events, truth.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)] // a failure here is a failed test

use std::collections::{BTreeMap, BTreeSet};

use musubi_disclosure::events::claim::least_shared;
use musubi_disclosure::events::{Codes, Event, LEFT_OUT, Order, Released, Search, anonymise};
use musubi_model::code::CodeSystem;
use musubi_model::fact::FactTable;
use musubi_model::policy::EventPolicy;
use proptest::prelude::*;
use rust_decimal::Decimal;

mod support;

/// A small world: codes with common beginnings in three tables.
fn codes() -> Codes {
    let mut codes = Codes::new();
    for text in ["E110", "E119", "E11", "E780", "I10", "I109", "F200", "Z999", "XYZ"] {
        codes.code(FactTable::ConditionOccurrence, &CodeSystem::Icd10, text);
    }
    for text in ["1141007F1063", "1141007F2060", "1141009X1010", "2149001F1011"] {
        codes.code(FactTable::DrugExposure, &CodeSystem::Yj, text);
    }
    codes.code(FactTable::VisitOccurrence, &CodeSystem::Other("VISIT".into()), "outpatient");
    codes.code(FactTable::Measurement, &CodeSystem::Jlac10, "3D045000001906202");
    codes.unit("%");
    codes
}

/// Person, code, day, days, value in tenths.
type Drawn = (u32, u32, Option<i32>, u16, Option<i64>);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let code = prop_oneof![4 => 0u32..4, 1 => 4u32..15];
    let day = prop_oneof![8 => (-1i32..3).prop_map(|b| Some(b * 30 + 3)), 1 => Just(None), 1 => (-400i32..800).prop_map(Some)];
    let days = prop_oneof![Just(0u16), Just(7), Just(28)];
    prop::collection::vec((0u32..36, code, day, days, prop::option::of(40i64..90)), 0..260)
}

fn events(drawn: &[Drawn]) -> Vec<Event> {
    let event = |&(person, code, day, days, tenths): &Drawn| {
        let value = tenths.filter(|_| code == 14).map(|t| Decimal::new(t, 1));
        Event { person, code, day, days, value, unit: u32::from(value.is_some()) }
    };
    drawn.iter().map(event).collect()
}

fn texts(released: &Released) -> Vec<[String; 7]> {
    let text = |row| {
        let released: &Released = released;
        let row: &musubi_disclosure::events::Row = row;
        [
            format!("{:03}", row.person),
            released.table(row).unwrap().as_str().to_owned(),
            released.code(row).to_owned(),
            row.when.to_string(),
            row.days.to_string(),
            released.value(row),
            released.unit(row).to_owned(),
        ]
    };
    released.rows.iter().map(text).collect()
}

/// The smallest support of any subset of 1 to `m` items of a person within its class, by trying all.
fn naive(released: &Released, classes: &[u32], m: usize, dates_known: bool) -> Option<u64> {
    let mut items: BTreeMap<u32, BTreeSet<(String, String, String)>> = BTreeMap::new();
    for (row, [_, table, code, when, ..]) in released.rows.iter().zip(texts(released)) {
        let when = if dates_known { when } else { String::new() };
        items.entry(row.person).or_default().insert((table, code, when));
    }
    let mut least = None;
    for (person, own) in &items {
        let own: Vec<_> = own.iter().collect();
        for subset in subsets(own.len(), m) {
            let others = items.iter().filter(|(other, has)| {
                classes[**other as usize] == classes[*person as usize]
                    && subset.iter().all(|&i| has.contains(own[i]))
            });
            let n = others.count() as u64;
            least = Some(least.map_or(n, |least: u64| least.min(n)));
        }
    }
    least
}

fn subsets(n: usize, m: usize) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    for a in 0..n {
        all.push(vec![a]);
        for b in (a + 1..n).filter(|_| m > 1) {
            all.push(vec![a, b]);
            all.extend((b + 1..n).filter(|_| m > 2).map(|c| vec![a, b, c]));
        }
    }
    all
}

fn policy(m: u32, k: u64, dates_known: bool) -> EventPolicy {
    let mut policy = support::policy(m, k, 3);
    policy.dates_known.value = dates_known;
    policy
}

fn search(order: usize, local: bool) -> Search {
    Search { order: Order::ALL.get(order).copied(), local }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_known_events_are_shared_by_k_of_the_class(
        drawn in drawn(), m in 1u32..4, k in 2u64..5, dates_known: bool, groups in 1u32..4, order in 0usize..4, local: bool,
    ) {
        let codes = codes();
        let classes: Vec<u32> = (0..36).map(|p| if p == 35 { LEFT_OUT } else { p % groups }).collect();
        let given = events(&drawn);
        let policy = policy(m, k, dates_known);
        let released = anonymise(given.clone(), &codes, &classes, &policy, search(order, local)).unwrap();
        let least = naive(&released, &classes, m as usize, dates_known);
        prop_assert!(least.is_none_or(|n| n >= k), "{least:?} of {k}");
        prop_assert_eq!(least_shared(&released, &classes, m, dates_known), least);

        // Every label is true of an event of the person, and no item stands twice.
        let rows = texts(&released);
        let mut seen = BTreeSet::new();
        let mut persons_of: BTreeMap<(&str, &str), BTreeSet<u32>> = BTreeMap::new();
        for (row, [_, table, code, when, ..]) in released.rows.iter().zip(&rows) {
            prop_assert!(classes[row.person as usize] != LEFT_OUT);
            prop_assert!(seen.insert((row.person, table, code, when)));
            persons_of.entry((table, code)).or_default().insert(row.person);
            let holds = |e: &&Event| {
                let (of, _, text) = codes.get(e.code).unwrap();
                let chapter = musubi_model::icd10::chapter_of(text).map(|c| format!("{}-{}", c.from, c.to));
                let above = text.starts_with(code.as_str()) || ["R69", "9999999", "*"].contains(&code.as_str())
                    || chapter.as_deref() == Some(code);
                let (from, to) = when.split_once("..").unwrap_or(("-999999", "999999"));
                let day = e.day.is_none_or(|d| from.parse::<i32>().unwrap() <= d && d <= to.parse::<i32>().unwrap());
                e.person == row.person && of.as_str() == table && above && day && (e.day.is_some() || when == "*")
            };
            prop_assert!(given.iter().any(|e| holds(&e)), "{row:?}");
        }
        // Labels of few persons are gone (C-040), and the book balances.
        prop_assert!(persons_of.values().all(|p| p.len() >= 3));
        for pair in released.log.windows(2) {
            prop_assert_eq!(pair[0].after, pair[1].before);
        }
        for log in &released.log {
            prop_assert_eq!(log.before - log.removed, log.after);
        }
        prop_assert_eq!(released.log.last().unwrap().after, released.rows.len() as u64);
        let told: u64 = released.detail.values().sum();
        prop_assert_eq!(told + released.counts.removed, given.len() as u64);
    }

    #[test]
    fn the_same_events_in_any_order_on_any_threads_give_the_same_rows(
        drawn in drawn(), m in 1u32..3, by in 0usize..260,
    ) {
        let codes = codes();
        let classes: Vec<u32> = (0..36).map(|p| p % 2).collect();
        let given = events(&drawn);
        let mut turned = given.clone();
        turned.rotate_left(by.min(given.len()));
        turned.reverse();
        let run = |events| {
            let released = anonymise(events, &codes, &classes, &policy(m, 2, true), Search::default()).unwrap();
            (texts(&released), released.log, released.clips)
        };
        let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let expected = one.install(|| run(given));
        prop_assert_eq!(&expected, &run(turned));
        let mut sorted = expected.0.clone();
        sorted.sort();
        prop_assert_eq!(expected.0, sorted);
    }
}

/// Larger sets, where an item is reached on several ways and a step finds persons who have its outcome already: by the
/// count from the rows alone.
#[test]
fn the_claim_holds_where_items_are_reached_on_several_ways() {
    for seed in [101, 103, 105] {
        let world = support::world(seed, 900, 40, 300);
        for order in Order::ALL {
            let search = Search { order: Some(order), local: true };
            let events = world.events.clone();
            let policy = support::policy(2, 5, 10);
            let released = anonymise(events, &world.codes, &world.classes, &policy, search).unwrap();
            let least = least_shared(&released, &world.classes, 2, true);
            assert!(least >= Some(5), "seed {seed}, {order:?}: {least:?}");
        }
    }
}
