//! The shard plan: any number of shards gives exactly the persons of one engine.
#![allow(clippy::indexing_slicing)] // test data, not input

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::people::{Card, population};
use musubi_id_resolution::mpi::Model;
use musubi_id_resolution::mpi::engine::Mpi;
use musubi_id_resolution::mpi::keys::keys;
use musubi_id_resolution::mpi::model::Scorer;
use musubi_id_resolution::mpi::shard::{Counts, Table, home, rounds, run, shard_of};
use proptest::prelude::*;

/// Rows by what stands for their person.
fn groups(person: impl IntoIterator<Item = u32>) -> BTreeSet<Vec<u32>> {
    let mut out: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (row, stands) in (0u32..).zip(person) {
        out.entry(stands).or_default().push(row);
    }
    out.into_values().collect()
}

fn sharded(model: &Model, cards: &[Card], shards: u32) -> (BTreeSet<Vec<u32>>, Counts) {
    let mut mpi = Mpi::new(model);
    mpi.read(cards.iter().map(Card::record));
    let scorer = Scorer::new(model);
    let table = Table { model, scorer: &scorer, lexicon: mpi.lexicon(), rows: mpi.rows() };
    let (person, counts) = run(table, shards);
    (groups(person), counts)
}

fn whole(model: &Model, cards: &[Card]) -> BTreeSet<Vec<u32>> {
    let mut mpi = Mpi::new(model);
    mpi.add(cards.iter().map(Card::record));
    groups((0..mpi.rows().len() as u32).map(|row| mpi.person(row)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shards_do_not_matter(seed: u64, families in 2usize..24, crowded in 2usize..12, cut in 2usize..12) {
        let cards = population(seed, families);
        let mut tight = Model::default();
        (tight.rules.crowded, tight.rules.component_max) = (crowded, cut);
        for model in [Model::default(), tight] {
            let one = whole(&model, &cards);
            for shards in [1, 2, 3, 8] {
                let (found, counts) = sharded(&model, &cards, shards);
                prop_assert!(one == found, "{} persons, {} in {} shards", one.len(), found.len(), shards);
                prop_assert_eq!(shards == 1, counts.postings_sent == 0);
                if shards == 1 {
                    prop_assert_eq!((counts.pairs_away, counts.rows_sent), (0, 0));
                }
            }
        }
    }

    /// Every key is seen whole by one shard; a key with the birth date by the home of all its records.
    #[test]
    fn a_key_lives_in_one_shard(seed: u64, shards in 1u32..9) {
        let model = Model::default();
        let cards = population(seed, 12);
        let mut mpi = Mpi::new(&model);
        mpi.read(cards.iter().map(Card::record));
        let mut lives: BTreeMap<u64, u32> = BTreeMap::new();
        let mut own = Vec::new();
        for row in mpi.rows() {
            keys(row, mpi.lexicon(), &mut own);
            for key in &own {
                let shard = shard_of(*key, row.birth, shards);
                prop_assert!(shard < shards);
                prop_assert_eq!(*lives.entry(*key).or_insert(shard), shard);
                if key & 31 <= 6 {
                    prop_assert_eq!(shard, home(row, mpi.lexicon(), shards));
                }
            }
        }
    }

    /// The rounds find what hangs together, in few rounds.
    #[test]
    fn rounds_are_components(edges in prop::collection::vec((0u32..60, 0u32..60), 0..80)) {
        let (names, _) = rounds(&edges);
        let mut expect: BTreeMap<u32, u32> = names.keys().map(|n| (*n, *n)).collect();
        for _ in 0..60 {
            for (a, b) in &edges {
                let least = expect[a].min(expect[b]);
                expect.extend([(*a, least), (*b, least)]);
            }
        }
        prop_assert_eq!(names, expect);
    }
}

/// A long chain takes a number of rounds that grows as its logarithm.
#[test]
fn a_chain_takes_few_rounds() {
    let chain: Vec<(u32, u32)> = (0..4_096).map(|i| (i, i + 1)).collect();
    let (names, count) = rounds(&chain);
    assert!(names.values().all(|n| *n == 0));
    assert!(count <= 26, "{count} rounds for 4,097 nodes");
}

/// More candidates are met where they live than elsewhere: the birth date is in seven of the keys, and what these have
/// joined is not compared again. (Few names and few towns here: a real feed shares less by chance.)
#[test]
fn most_candidates_stay_at_home() {
    let cards = population(20_260_401, 400);
    let (_, counts) = sharded(&Model::default(), &cards, 8);
    assert!(counts.pairs_home > counts.pairs_away, "{counts:?}");
    assert!(counts.edges_across < 8 * cards.len() as u64, "a forest a shard, not an edge a pair: {counts:?}");
    assert!(counts.rounds <= 8, "{counts:?}");
}
