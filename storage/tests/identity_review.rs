//! The review queue in a real PostgreSQL: ranked, bounded, counted, settled, put off, paged.
#![allow(clippy::indexing_slicing, clippy::expect_used)] // test data, not input

mod identity_support;
mod support;

use std::collections::{BTreeMap, BTreeSet};

use identity_support::{Naive, at, id, registry, row, submission};
use musubi_model::matching::{
    Before, Closed, Cluster, Contradictions, Described, DoubtKind, Doubtful, Engine, Evidence, Neighbourhood,
    Resolution, SealedRecord, Unreadable, Verdict,
};
use musubi_model::{IdentityId, ResearchId};
use musubi_storage::identity::{Committed, IdentityRow, NewRuling, ReviewState, random_research_ids};
use musubi_storage::registry::IdentityDb;
use support::house;

/// Doubts pairs that it is told to doubt, with a harm each, and keeps everybody in one component.
struct Doubting {
    per_million: u32,
    pairs: Vec<(u8, u8, u64)>,
}

impl Engine for Doubting {
    fn name(&self) -> &'static str {
        "doubting/1"
    }

    fn model(&self) -> &'static str {
        "model/7"
    }

    fn crowd_max(&self) -> u32 {
        100
    }

    fn review_per_million(&self) -> u32 {
        self.per_million
    }

    fn keys(&self, records: &[SealedRecord]) -> Result<Vec<Vec<i64>>, Unreadable> {
        Ok(vec![vec![1]; records.len()])
    }

    fn decide(&self, closed: &Closed) -> Result<Verdict, Unreadable> {
        let mut verdict = Naive.decide(closed)?;
        verdict.clusters.iter_mut().for_each(|c| c.component = 0);
        let here: BTreeSet<IdentityId> = closed.records.iter().map(|r| r.identity_id).collect();
        for (a, b, harm) in &self.pairs {
            let (a, b, harm) = (id(*a), id(*b), *harm);
            if here.contains(&a) && here.contains(&b) {
                let evidence = Evidence { a, b, weight: -300, levels: u64::MAX - 1, rule: "score" };
                verdict.doubtful.push(Doubtful { evidence, doubt: DoubtKind::Below, harm });
            }
        }
        Ok(verdict)
    }

    fn assign(&self, clusters: &[Cluster], before: &Before, fresh: &[ResearchId]) -> Resolution {
        Naive.assign(clusters, before, fresh)
    }

    fn contradictions(&self, known: &Neighbourhood, new: &[Described]) -> Contradictions {
        Naive.contradictions(known, new)
    }
}

fn commit(db: &mut IdentityDb, n: u8, rows: &[IdentityRow], engine: &Doubting) -> Committed {
    db.commit_identities(submission(n), at(n.into()), rows, engine, &mut random_research_ids)
        .expect("committed")
}

fn people(ids: std::ops::RangeInclusive<u8>) -> Vec<IdentityRow> {
    ids.map(|n| row(n, n, n, n)).collect()
}

#[test]
fn the_most_harmful_come_first_and_what_does_not_fit_is_counted() {
    let house = house();
    let registry = registry(&house);
    let mut db = registry.identity().expect("a handle");
    // one of five: two of ten
    let engine =
        Doubting { per_million: 200_000, pairs: vec![(1, 2, 10), (4, 3, 30), (5, 6, 20), (7, 8, 20)] };
    let done = commit(&mut db, 1, &people(1..=10), &engine);
    assert_eq!((done.reviews_new, done.reviews_left_out), (2, 2));
    let open = db.reviews(ReviewState::Open, None, 10).expect("read");
    assert_eq!(
        open.iter().map(|r| (r.a, r.b, r.harm)).collect::<Vec<_>>(),
        [(id(3), id(4), 30), (id(5), id(6), 20)]
    );
    let first = &open[0];
    assert_eq!((first.weight, first.levels, first.doubt), (-300, u64::MAX - 1, DoubtKind::Below));
    assert_eq!((first.model.as_str(), first.submission, first.at), ("model/7", Some(submission(1)), at(1)));
    // page by page
    assert_eq!(db.reviews(ReviewState::Open, None, 1).expect("read"), open[..1]);
    assert_eq!(db.reviews(ReviewState::Open, Some(&open[0]), 1).expect("read"), open[1..]);
    assert_eq!(db.reviews(ReviewState::Open, Some(&open[1]), 1).expect("read"), []);
    // five more people make room for one more pair, whatever the batch
    let done = commit(&mut db, 2, &people(11..=15), &engine);
    assert_eq!((done.reviews_new, done.reviews_left_out), (1, 1));
    assert_eq!(db.reviews(ReviewState::Open, None, 10).expect("read").len(), 3);
    let counted: i64 = registry
        .server()
        .connect_owner()
        .expect("connected")
        .query_one("SELECT sum(reviews_left_out)::bigint FROM identity.match_run", &[])
        .expect("counted")
        .get(0);
    assert_eq!(counted, 3);
}

#[test]
fn a_pair_is_settled_by_evidence_put_off_by_people_and_closed_by_a_ruling() {
    let house = house();
    let mut db = registry(&house).identity().expect("a handle");
    let mut engine = Doubting { per_million: 1_000_000, pairs: vec![(1, 2, 10), (3, 4, 30), (5, 6, 20)] };
    commit(&mut db, 1, &people(1..=6), &engine);
    assert!(db.postpone((id(4), id(3)), "desk-1", "the clinic does not answer", at(2)).expect("put off"));
    assert!(!db.postpone((id(1), id(9)), "desk-1", "no such pair", at(2)).expect("nothing"));
    let ruling = NewRuling { a: id(5), b: id(6), same: false, by: "desk-1", reason: "two charts", at: at(3) };
    engine.pairs.remove(0);
    db.rule(&ruling, &engine, &mut random_research_ids).expect("ruled");
    let counts = |db: &mut IdentityDb| db.review_counts().expect("counted");
    let expect =
        BTreeMap::from([(ReviewState::Settled, 1), (ReviewState::Postponed, 1), (ReviewState::Different, 1)]);
    assert_eq!(counts(&mut db), expect);
    // decided again, nobody is asked again; a doubt that comes back is
    commit(&mut db, 4, &people(7..=7), &engine);
    assert_eq!(counts(&mut db), expect);
    engine.pairs.push((1, 2, 11));
    commit(&mut db, 5, &people(8..=8), &engine);
    let open = db.reviews(ReviewState::Open, None, 10).expect("read");
    assert_eq!(open.iter().map(|r| (r.a, r.harm)).collect::<Vec<_>>(), [(id(1), 11)]);
    let off = db.reviews(ReviewState::Postponed, None, 10).expect("read");
    assert_eq!(off[0].reason.as_deref(), Some("the clinic does not answer"));
}
