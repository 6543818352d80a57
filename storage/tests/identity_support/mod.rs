//! What the identity tests share: rows made of small numbers, and an engine of a few lines that links equal tokens
//! under equal guards. (The real engine is tested in its room and, with this store, in `etl`.)
#![allow(dead_code)] // every test binary uses its own part
#![allow(clippy::indexing_slicing, clippy::expect_used)] // test data, not input

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi_model::matching::{
    Conflict, ConflictKind, Decision, DecisionKind, Described, Engine, Guard, Merge, Neighbourhood,
    Resolution, Token, TokenKind,
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
        sealed: vec![n; 40],
    }
}

pub fn at_b(mut row: IdentityRow) -> IdentityRow {
    row.provider = ProviderId::new(CLINIC_B).expect("a provider");
    row
}

pub fn commit(db: &mut IdentityDb, n: u8, rows: &[IdentityRow]) -> Committed {
    let mut ids = random_research_ids(rows.len()).expect("randomness").into_iter();
    db.commit_identities(submission(n), at(i64::from(n)), rows, &Naive, &mut || ids.next().expect("enough"))
        .expect("committed")
}

/// Links one identity after the other.
pub struct Naive;

impl Naive {
    fn persons(known: &Neighbourhood, d: &Described) -> BTreeSet<ResearchId> {
        let near =
            known.postings.iter().filter(|(t, _)| d.tokens.contains(t)).map(|(_, id)| &known.identities[id]);
        near.filter(|n| n.complete && d.complete && n.guard == d.guard).map(|n| n.research_id).collect()
    }
}

impl Engine for Naive {
    fn name(&self) -> &'static str {
        "naive/1"
    }

    fn contested(&self, known: &Neighbourhood, new: &[Described]) -> BTreeSet<ResearchId> {
        new.iter().map(|d| Self::persons(known, d)).filter(|p| p.len() > 1).flatten().collect()
    }

    fn resolve(
        &self,
        known: &Neighbourhood,
        new: &[Described],
        fresh: &mut dyn FnMut() -> ResearchId,
    ) -> Resolution {
        let mut out = Resolution::default();
        let mut moved: BTreeMap<ResearchId, ResearchId> = BTreeMap::new();
        for d in new {
            let persons: BTreeSet<ResearchId> =
                Self::persons(known, d).into_iter().map(|p| *moved.get(&p).unwrap_or(&p)).collect();
            let rank = |p: &ResearchId| known.ranks.get(p).map_or((true, 0), |r| (!r.released, r.born));
            let survivor = persons.iter().copied().min_by_key(rank);
            let person = survivor.unwrap_or_else(|| {
                let person = fresh();
                out.persons_new.push(person);
                person
            });
            let decision = |kind, other| Decision {
                kind,
                identity_id: d.identity_id,
                research_id: person,
                other,
                rule: "insured".into(),
            };
            out.members.push((d.identity_id, person));
            let kind = if survivor.is_none() { DecisionKind::New } else { DecisionKind::Join };
            out.decisions.push(decision(kind, None));
            for alias in persons.into_iter().filter(|p| *p != person) {
                moved.insert(alias, person);
                out.merges.push(Merge { survivor: person, alias });
                out.decisions.push(decision(DecisionKind::Merge, Some(alias.0)));
            }
            for (t, other) in known.postings.iter().filter(|(t, _)| d.tokens.contains(t)) {
                if known.identities[other].guard != d.guard {
                    out.conflicts.extend(Conflict::between(
                        d.identity_id,
                        *other,
                        ConflictKind::Guard(t.kind),
                    ));
                }
            }
        }
        out
    }
}
