//! Invariant: the same set of submissions, in any order and with any repetition, gives the same repository and persons.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::path::PathBuf;

use musubi_model::submission::SubmissionState::Acknowledged;

use crate::notify;
use crate::support::{Room, packages_of};

/// A shuffle that is the same on every run (a linear congruential generator is random enough for it).
fn shuffled(mut all: Vec<PathBuf>, seed: u64) -> Vec<PathBuf> {
    let mut state = seed;
    for i in (1..all.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        all.swap(i, usize::try_from(state >> 33).expect("small") % (i + 1));
    }
    all
}

#[test]
fn any_order_and_any_repetition_give_the_same_facts_dead_units_and_persons() {
    let content = |order: &dyn Fn(Vec<PathBuf>) -> Vec<PathBuf>, batch_bytes: u64| {
        let mut room = Room::new();
        room.batch_bytes = batch_bytes;
        // Which of somebody's notices stand is an input of a load, like masters and opt-outs.
        packages_of(&room.shared.region).iter().for_each(|path| notify::everybody(&room, path));
        room.notify = false;
        for path in order(packages_of(&room.shared.region)) {
            assert_eq!(room.take(&path).state, Acknowledged);
        }
        (room.fingerprint(), room.ingest().dead_units().expect("dead units"), room.partition())
    };
    let forward = content(&|all| all, 64 << 20);
    assert!(forward.0.rows > 1000 && forward.0.dead > 0 && forward.2.iter().any(|p| p.len() > 1));
    assert_eq!(content(&|all| all.into_iter().rev().collect(), 64 << 20), forward, "backwards");
    for seed in [1, 2] {
        let again = content(
            &|all| {
                let mut twice = shuffled(all.clone(), seed);
                twice.extend(shuffled(all, seed + 100).into_iter().take(4));
                shuffled(twice, seed + 200)
            },
            20_000,
        );
        assert_eq!(again, forward, "shuffled with seed {seed}, in small batches");
    }
}
