//! Stable research ids: the rules one by one, and their invariants on random histories of merges and splits.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // test data, not input

use std::collections::{BTreeMap, BTreeSet};

use musubi_id_resolution::assign::assign;
use musubi_id_resolution::{Before, Cluster, DecisionKind, Evidence, Membership, Resolution};
use musubi_model::ids::{IdentityId, ResearchId};
use proptest::prelude::*;

fn id(n: u8) -> IdentityId {
    IdentityId([n; 16])
}

fn person(n: u64) -> ResearchId {
    ResearchId(u128::from(n).to_be_bytes())
}

/// Everybody's person, as the registry would keep it.
#[derive(Clone, Default)]
struct State {
    before: Before,
    /// From the decision log alone.
    replayed: BTreeMap<IdentityId, ResearchId>,
    next: u64,
}

fn cluster(members: &[u8]) -> Cluster {
    let mut members: Vec<IdentityId> = members.iter().map(|n| id(*n)).collect();
    members.sort();
    let links = members
        .windows(2)
        .map(|w| Evidence { a: w[0], b: w[1], weight: 7, levels: 1, rule: "score" })
        .collect();
    Cluster { members, links, component: 0, timed: false }
}

impl State {
    /// Decides again and holds what comes out against every invariant.
    fn decide(&mut self, partition: &[Vec<u8>]) -> Resolution {
        let mut clusters: Vec<Cluster> = partition.iter().map(|p| cluster(p)).collect();
        let fresh: Vec<ResearchId> =
            (0..clusters.len() as u64).map(|n| person(1000 + self.next + n)).collect();
        let out = assign(&clusters, &self.before, &fresh);
        clusters.reverse();
        assert_eq!(assign(&clusters, &self.before, &fresh), out, "the order of clusters is nothing");

        let old = self.before.members.clone();
        for new in &out.persons_new {
            self.before.born.insert(*new, self.next as i64);
            self.next += 1;
        }
        for back in &out.revived {
            assert!(self.before.leads.remove(back).is_some(), "only an alias comes back");
        }
        self.before.members.extend(out.members.iter().copied());
        for r in &out.replaced {
            for was in self.before.members.values_mut().filter(|was| was.person == r.alias) {
                was.person = r.by;
            }
            self.before.leads.insert(r.alias, r.by);
        }
        for d in &out.decisions {
            if d.kind == DecisionKind::Merge {
                let all = self.replayed.values_mut().filter(|p| Some(**p) == d.former);
                all.for_each(|p| *p = d.research_id);
            } else {
                self.replayed.insert(d.identity_id, d.research_id);
            }
        }
        self.check(&old, &clusters);
        out
    }

    fn check(&self, old: &BTreeMap<IdentityId, Membership>, clusters: &[Cluster]) {
        let now = &self.before.members;
        let mut ids = BTreeSet::new();
        for cluster in clusters {
            let persons: BTreeSet<ResearchId> = cluster.members.iter().map(|i| now[i].person).collect();
            assert_eq!(persons.len(), 1, "a cluster is one person");
            let person = *persons.first().unwrap();
            assert!(ids.insert(person), "a person is one cluster");
            assert!(!self.before.leads.contains_key(&person), "a person of a cluster is active");
            let were: BTreeSet<ResearchId> =
                cluster.members.iter().filter_map(|i| Some(old.get(i)?.person)).collect();
            let of = |was: &&Membership| were.contains(&was.person);
            let whole = old.values().filter(of).count();
            let here = cluster.members.iter().filter(|i| old.contains_key(i)).count();
            // What is recalled of a ruling's time comes before what is.
            if were.len() == 1 && whole == here && self.before.recalled.is_empty() {
                assert_eq!(were.first(), Some(&person), "nothing changes without need");
            }
        }
        for alias in self.before.leads.keys() {
            let mut at = *alias;
            for _ in 0..=self.before.leads.len() {
                let Some(next) = self.before.leads.get(&at) else { break };
                at = *next;
            }
            assert!(!self.before.leads.contains_key(&at), "leads end");
        }
        for (who, was) in now {
            if was.origin != was.person {
                let mut at = was.origin;
                while let Some(next) = self.before.leads.get(&at) {
                    at = *next;
                }
                assert_eq!(at, was.person, "{who}: the origin leads to the person");
            }
        }
        let members: BTreeMap<IdentityId, ResearchId> = now.iter().map(|(i, m)| (*i, m.person)).collect();
        assert_eq!(self.replayed, members, "the log tells everything");
    }

    fn persons(&self) -> BTreeMap<IdentityId, ResearchId> {
        self.before.members.iter().map(|(i, m)| (*i, m.person)).collect()
    }

    fn of(&self, n: u8) -> ResearchId {
        self.before.members[&id(n)].person
    }
}

#[test]
fn the_older_id_survives_a_merge_and_an_undo_gives_both_back() {
    let mut state = State::default();
    state.decide(&[vec![2]]);
    state.decide(&[vec![1]]);
    let (older, younger) = (state.of(2), state.of(1));
    let out = state.decide(&[vec![1, 2]]);
    assert_eq!((state.of(1), state.of(2)), (older, older));
    assert_eq!(state.before.leads[&younger], older);
    let [merge] = &out.decisions[..] else { panic!("{:?}", out.decisions) };
    assert_eq!((merge.kind, merge.identity_id, merge.former), (DecisionKind::Merge, id(1), Some(younger)));
    assert_eq!(merge.evidence.map(|e| e.weight), Some(7));
    let out = state.decide(&[vec![1], vec![2]]);
    assert_eq!((state.of(1), state.of(2)), (younger, older));
    assert_eq!(out.persons_new, []);
    assert_eq!(out.decisions[0].kind, DecisionKind::Revive);
}

#[test]
fn the_released_id_survives_even_when_it_is_younger() {
    let mut state = State::default();
    state.decide(&[vec![1]]);
    state.decide(&[vec![2]]);
    state.before.released.insert(id(2), 1);
    let released = state.of(2);
    state.decide(&[vec![1, 2]]);
    assert_eq!(state.of(1), released);
}

#[test]
fn the_part_with_most_released_records_keeps_the_id() {
    for (released, stays) in [(None, 1), (Some(3), 3)] {
        let mut state = State::default();
        state.decide(&[vec![1, 2, 3]]);
        state.before.released.extend(released.map(|n| (id(n), 1)));
        let before = state.of(1);
        let out = state.decide(&[vec![1, 2], vec![3]]);
        assert_eq!(state.of(stays), before);
        assert_eq!(out.persons_new.len(), 1);
        assert!(out.decisions.iter().all(|d| d.kind == DecisionKind::Split && d.former == Some(before)));
    }
    let mut state = State::default();
    state.decide(&[vec![1, 2]]);
    let before = state.of(1);
    state.decide(&[vec![2], vec![1]]);
    assert_eq!(state.of(1), before, "of equal parts the one with the smallest identity");
}

#[test]
fn a_record_that_goes_over_moves_alone() {
    let mut state = State::default();
    state.decide(&[vec![1, 2, 3], vec![4, 5]]);
    let (first, second) = (state.of(1), state.of(4));
    let out = state.decide(&[vec![1, 2], vec![3, 4, 5]]);
    assert_eq!((state.of(1), state.of(3), state.of(4)), (first, second, second));
    assert_eq!((out.persons_new.len(), out.replaced.len(), out.members.len()), (0, 0, 1));
    assert_eq!(out.decisions[0].kind, DecisionKind::Move);
}

#[test]
fn an_alias_is_led_to_where_its_records_went() {
    let mut state = State::default();
    for n in 1..=4 {
        state.decide(&[vec![n]]);
    }
    let [_, b, c, d] = [1, 2, 3, 4].map(|n| state.of(n));
    state.decide(&[vec![1, 2, 3], vec![4]]);
    // 2 and 3 leave together: one of their old ids comes back, the other leads there
    state.decide(&[vec![1], vec![2, 3], vec![4]]);
    assert_eq!((state.of(2), state.before.leads[&c]), (b, b));
    // and with 4 they are the older of the two
    state.decide(&[vec![1], vec![2, 3, 4]]);
    assert_eq!(state.of(4), b);
    assert_eq!(state.before.leads[&d], b);
}

/// A partition of twelve identities into at most `kinds` groups; 0 leaves an identity where it has not come yet.
fn partition(labels: &[u8]) -> Vec<Vec<u8>> {
    let mut groups: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    for (n, label) in (1..).zip(labels) {
        groups.entry(*label).or_default().push(n);
    }
    groups.into_values().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// [`State::decide`] holds the invariants at every step.
    #[test]
    fn any_history_keeps_every_promise(
        steps in prop::collection::vec((prop::collection::vec(0u8..6, 12), prop::collection::btree_set(1u8..12, 0..3)), 1..8),
    ) {
        let mut state = State::default();
        for (labels, released) in steps {
            state.decide(&partition(&labels));
            state.before.released.extend(released.into_iter().map(|n| (id(n), 1)));
        }
    }

    /// Whatever a ruling moved: when the same clusters come out again, everybody has the id from before it.
    #[test]
    fn what_is_undone_is_as_it_was(
        past in prop::collection::vec(prop::collection::vec(0u8..6, 12), 1..4),
        ruled in prop::collection::vec(prop::collection::vec(0u8..6, 12), 1..4),
        released in prop::collection::btree_set(1u8..12, 0..4),
    ) {
        let mut state = State::default();
        for labels in &past {
            state.decide(&partition(labels));
        }
        state.before.released.extend(released.into_iter().map(|n| (id(n), 1)));
        let persons = state.persons();
        for labels in &ruled {
            state.decide(&partition(labels));
        }
        state.before.recalled = persons.clone();
        state.decide(&partition(past.last().unwrap()));
        prop_assert_eq!(state.persons(), persons);
    }

    /// What is recalled of a time when things were otherwise breaks no promise either.
    #[test]
    fn any_past_may_be_recalled(
        steps in prop::collection::vec(prop::collection::vec(0u8..6, 12), 2..6),
        since in prop::collection::btree_set(1u8..12, 0..4),
    ) {
        let mut state = State::default();
        for labels in &steps {
            let mut past = state.persons();
            past.retain(|who, _| !since.contains(&who.0[0]));
            state.decide(&partition(labels));
            state.before.recalled = past;
        }
    }

    #[test]
    fn merge_and_split_are_inverse(
        first in prop::collection::vec(0u8..6, 12),
        merges in prop::collection::vec(0u8..3, 6),
        again in prop::collection::vec(0u8..2, 3),
        released in prop::collection::btree_set(1u8..12, 0..4),
    ) {
        let mut state = State::default();
        let fine = partition(&first);
        state.decide(&fine);
        state.before.released.extend(released.into_iter().map(|n| (id(n), 1)));
        let persons = state.persons();
        let coarse: Vec<u8> = first.iter().map(|label| merges[usize::from(*label)]).collect();
        let coarser: Vec<u8> = coarse.iter().map(|label| again[usize::from(*label)]).collect();
        state.decide(&partition(&coarse));
        let half = state.persons();
        state.decide(&partition(&coarser));
        state.decide(&partition(&coarse));
        prop_assert_eq!(state.persons(), half);
        state.decide(&fine);
        prop_assert_eq!(state.persons(), persons);
    }
}
