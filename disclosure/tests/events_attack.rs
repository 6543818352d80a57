//! Attackers who know true events of 200 targets: what they find when dates are only shifted, and what in an anonymised
//! product. The first shows that the second can fail.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)] // a failure here is a failed test

use musubi_disclosure::events::attack::{Knowledge, Outcome, attack};
use musubi_disclosure::events::claim::least_shared;
use musubi_disclosure::events::{Released, Search, ShiftKey, anonymise, pseudonymise};
use musubi_model::fact::FactTable;
use musubi_model::policy::DateRule;

mod support;

use support::World;

const K: u64 = 5;

fn attacked(world: &World, released: &Released, m: usize, knowledge: Knowledge) -> Outcome {
    let diagnoses = (knowledge == Knowledge::Gaps).then_some(FactTable::ConditionOccurrence);
    let targets = support::targets(world, 11, 200, m, diagnoses);
    let outcome = attack(
        released,
        &world.codes,
        &support::ladders(),
        &world.classes,
        &world.index_days,
        &targets,
        knowledge,
    );
    println!("{knowledge:?}, {m} known: {outcome:?}");
    outcome
}

fn shifted(world: &World) -> Released {
    let mut policy = support::policy(2, K, 10);
    policy.dates.value = DateRule::Shifted { max_weeks: 4 };
    let key = ShiftKey([5; 32]);
    let events = world.events.clone();
    pseudonymise(events, &world.codes, &world.classes, &world.index_days, &policy, &key).unwrap()
}

#[test]
fn a_constant_shift_gives_most_targets_away() {
    let world = support::world(2, 3_000, 40, 300);
    let outcome = attacked(&world, &shifted(&world), 2, Knowledge::Gaps);
    assert_eq!(outcome.targets, 200);
    assert_eq!(outcome.covered, 200);
    assert!(outcome.certain > 150, "{outcome:?}");
    // The dates themselves are useless, as they should be.
    assert!(attacked(&world, &shifted(&world), 2, Knowledge::Days).certain < 20);
    assert!(attacked(&world, &shifted(&world), 2, Knowledge::Codes).certain > 20);
}

#[test]
fn an_anonymised_product_gives_nobody_away() {
    let world = support::world(2, 3_000, 40, 300);
    for m in [1, 2, 3] {
        let policy = support::policy(m, K, 10);
        let events = world.events.clone();
        let released = anonymise(events, &world.codes, &world.classes, &policy, Search::default()).unwrap();
        assert!(least_shared(&released, &world.classes, m, true) >= Some(K));
        // It is worth having: most events are told, and in more than name.
        assert!(released.utility > 0.3, "{}", released.utility);
        for knowledge in [Knowledge::Codes, Knowledge::Days, Knowledge::Gaps] {
            let outcome = attacked(&world, &released, m as usize, knowledge);
            assert_eq!(outcome.targets, 200);
            assert_eq!(outcome.certain, 0);
            assert!(outcome.greatest <= 0.2 && outcome.expected <= 0.2, "{outcome:?}");
            assert_eq!(outcome.covered + outcome.suppressed, 200);
            assert!(outcome.covered >= 195, "{outcome:?}");
        }
    }
}

#[test]
fn more_known_events_than_promised_are_not_covered_by_the_claim() {
    // m = 1 is kept, m = 2 on the same rows is not: the count can fail.
    let world = support::world(2, 1_000, 40, 200);
    let policy = support::policy(1, K, 10);
    let released =
        anonymise(world.events.clone(), &world.codes, &world.classes, &policy, Search::default()).unwrap();
    assert!(least_shared(&released, &world.classes, 1, true) >= Some(K));
    assert!(least_shared(&released, &world.classes, 2, true) < Some(K));
}
