//! What the identity tests share: rows made of small numbers, and an engine of a few lines that links equal tokens
//! under equal guards. (The real engine is tested in its room and, with this store, in `etl`.)
#![allow(dead_code)] // every test binary uses its own part
#![allow(clippy::indexing_slicing, clippy::expect_used)] // test data, not input

use std::collections::BTreeSet;

use jiff::Timestamp;
use musubi_model::matching::{
    Before, Closed, Cluster, Conflict, ConflictKind, Contradictions, Decision, DecisionKind, Described,
    Engine, Evidence, Guard, Membership, Neighbourhood, Replaced, Resolution, SealedRecord, Token, TokenKind,
    Unreadable, Verdict,
};
use musubi_model::{IdentityId, ProviderId, ResearchId, SubmissionId};
use musubi_storage::identity::{Committed, IdentityRow, random_research_ids};
use musubi_storage::registry::{IdentityDb, Registry};

pub const CLINIC_A: &str = "1310000001";
pub const CLINIC_B: &str = "1310000002";

pub fn registry(house: &super::support::House) -> Registry {
    Registry::open(house.database()).expect("migrated")
}

pub fn submission(n: u8) -> SubmissionId {
    SubmissionId([n; 16])
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).expect("a time")
}

pub fn id(n: u8) -> IdentityId {
    IdentityId([n; 16])
}

pub fn token(kind: TokenKind, n: u8) -> Token {
    Token { kind, value: vec![n; 24] }
}

/// Identity `n` at clinic A with a guard, an insured token and a local token; 0 leaves a token out.
pub fn row(n: u8, guard: u8, insured: u8, local: u8) -> IdentityRow {
    let kinds = [(TokenKind::Local, local), (TokenKind::Insured, insured)];
    IdentityRow {
        described: Described {
            identity_id: id(n),
            complete: true,
            guard: Guard([guard; 16]),
            tokens: kinds.into_iter().filter(|(_, t)| *t != 0).map(|(k, t)| token(k, t)).collect(),
        },
        provider: ProviderId::new(CLINIC_A).expect("a provider"),
        sealed: [[n, guard, insured, local].as_slice(), &[n; 36]].concat(),
        seen: None,
    }
}

pub fn at_b(mut row: IdentityRow) -> IdentityRow {
    row.provider = ProviderId::new(CLINIC_B).expect("a provider");
    row
}

pub fn commit(db: &mut IdentityDb, n: u8, rows: &[IdentityRow]) -> Committed {
    db.commit_identities(submission(n), at(i64::from(n)), rows, &Naive, &mut random_research_ids)
        .expect("committed")
}

/// Links equal tokens under equal guards. It reads rows of [`row`], whose "sealed" bytes are their numbers, and never
/// splits a person: what becomes of ids then is tested in `id-resolution` and `etl`.
pub struct Naive;

/// Block keys of a record: its numbers, each with the guard.
fn numbers(record: &SealedRecord) -> Vec<i64> {
    let [_, guard, insured, local, ..] = record.sealed[..] else { return Vec::new() };
    let numbers = [(1, insured), (2, local)].into_iter().filter(|(_, n)| *n != 0);
    numbers.map(|(kind, n)| kind << 16 | i64::from(n) << 8 | i64::from(guard)).collect()
}

impl Engine for Naive {
    fn name(&self) -> &'static str {
        "naive/1"
    }

    fn model(&self) -> &'static str {
        "none/1"
    }

    fn crowd_max(&self) -> u32 {
        5
    }

    fn review_per_million(&self) -> u32 {
        1000
    }

    fn keys(&self, records: &[SealedRecord]) -> Result<Vec<Vec<i64>>, Unreadable> {
        Ok(records.iter().map(numbers).collect())
    }

    fn decide(&self, closed: &Closed) -> Result<Verdict, Unreadable> {
        let mut clusters: Vec<Cluster> = Vec::new();
        let mut seen: Vec<BTreeSet<i64>> = Vec::new();
        for record in &closed.records {
            let id = record.identity_id;
            let keys: BTreeSet<i64> =
                numbers(record).into_iter().filter(|k| !closed.crowded.contains(k)).collect();
            let mut whole = Cluster { members: vec![id], links: Vec::new(), component: 0, timed: false };
            let mut all = keys.clone();
            for place in (0..clusters.len()).rev() {
                if seen[place].is_disjoint(&keys) {
                    continue;
                }
                let near = clusters.remove(place);
                all.extend(seen.remove(place));
                whole.links.push(Evidence {
                    a: near.members[0],
                    b: id,
                    weight: 9,
                    levels: 5,
                    rule: "insured",
                });
                whole.members.extend(near.members);
                whole.links.extend(near.links);
            }
            whole.members.sort();
            clusters.push(whole);
            seen.push(all);
        }
        for (place, cluster) in (0..).zip(&mut clusters) {
            cluster.component = place;
        }
        Ok(Verdict { clusters, ..Verdict::default() })
    }

    fn assign(&self, clusters: &[Cluster], before: &Before, fresh: &[ResearchId]) -> Resolution {
        let mut out = Resolution::default();
        let mut fresh = fresh.iter().copied();
        for cluster in clusters {
            let known = cluster.members.iter().filter_map(|id| before.members.get(id));
            let persons: BTreeSet<ResearchId> = known.map(|was| was.person).collect();
            let released = |p: &ResearchId| {
                before.released.keys().any(|id| before.members.get(id).is_some_and(|was| was.person == *p))
            };
            let rank = |p: &ResearchId| (!released(p), before.born.get(p).copied());
            let survivor = persons.iter().copied().min_by_key(rank);
            let person = survivor.unwrap_or_else(|| {
                let person = fresh.next().expect("enough");
                out.persons_new.push(person);
                person
            });
            let (kind, evidence) = (
                if survivor.is_none() { DecisionKind::New } else { DecisionKind::Join },
                cluster.links.first().copied(),
            );
            for id in cluster.members.iter().filter(|id| !before.members.contains_key(id)) {
                let (identity_id, research_id) = (*id, person);
                out.members.push((identity_id, Membership { person, origin: person }));
                let rule = "insured";
                out.decisions.push(Decision { kind, identity_id, research_id, former: None, evidence, rule });
            }
            for alias in persons.into_iter().filter(|p| *p != person) {
                out.replaced.push(Replaced { alias, by: person, split: false });
                let of = |(_, was): &(&IdentityId, &Membership)| was.person == alias;
                out.decisions.push(Decision {
                    kind: DecisionKind::Merge,
                    identity_id: *before.members.iter().find(of).expect("a member").0,
                    research_id: person,
                    former: Some(alias),
                    evidence,
                    rule: "insured",
                });
            }
        }
        out
    }

    fn contradictions(&self, known: &Neighbourhood, new: &[Described]) -> Contradictions {
        let mut out = Contradictions::default();
        for d in new {
            for (t, other) in known.postings.iter().filter(|(t, _)| d.tokens.contains(t)) {
                if known.identities[other].guard != d.guard {
                    let kind = ConflictKind::Guard(t.kind);
                    out.pairs.extend(Conflict::between(d.identity_id, *other, kind));
                }
            }
        }
        out
    }
}
