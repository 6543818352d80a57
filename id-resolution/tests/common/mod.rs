//! Synthetic people and a store in memory for the tests of the engine.
#![allow(dead_code)] // every test binary uses a part of it
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // test data, not input

pub mod cases;
pub mod people;

use std::collections::{BTreeMap, BTreeSet};

use musubi_id_resolution::{
    Conflict, Decision, Described, Engine, Exact, Neighbour, Neighbourhood, Rank, Resolution, Token,
    TokenKey, describe,
};
use musubi_model::PartialDate;
use musubi_model::identity::{Demographics, Identifying, Sex, SourceIdentity};
use musubi_model::ids::{IdentityId, ProviderId, ResearchId};

pub fn key() -> TokenKey {
    TokenKey::new(&[7; 64])
}

/// A person as a provider writes one; every part as text, birth as year, month, day.
#[derive(Clone, Debug)]
pub struct Sample {
    pub provider: &'static str,
    pub local: String,
    pub insurer: String,
    pub number: String,
    pub branch: String,
    pub kana: String,
    pub birth: Option<(i16, u8, u8)>,
    pub sex: Sex,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            provider: "1310000001",
            local: "101".into(),
            insurer: "01130012".into(),
            number: "555".into(),
            branch: "01".into(),
            kana: "テスト ハナコ".into(),
            birth: Some((1980, 4, 1)),
            sex: Sex::Female,
        }
    }
}

impl Sample {
    pub fn identity(&self) -> SourceIdentity {
        let text = |t: &str| Identifying::new(t.into());
        SourceIdentity {
            provider: ProviderId::new(self.provider).unwrap(),
            demographics: Demographics {
                local_number: text(&self.local),
                insurer_number: text(&self.insurer),
                insured_symbol: text("12"),
                insured_number: text(&self.number),
                insured_branch: text(&self.branch),
                name_kana: text(&self.kana),
                birth: Identifying::new(self.birth.and_then(|(y, m, d)| PartialDate::new(y, m, d))),
                sex: self.sex,
                ..Demographics::default()
            },
        }
    }

    pub fn described(&self) -> Described {
        describe(&key(), &self.identity())
    }
}

/// What the registry keeps, in memory, with the same answers.
#[derive(Default)]
pub struct Store {
    pub known: BTreeMap<IdentityId, (Described, ResearchId)>,
    pub born: BTreeMap<ResearchId, i64>,
    pub released: BTreeSet<ResearchId>,
    pub conflicts: BTreeSet<Conflict>,
    pub decisions: Vec<Decision>,
    pub last: Resolution,
    next: u128,
}

impl Store {
    pub fn load(&mut self, batch: &[Described]) {
        let engine = Exact::default();
        let new: Vec<Described> =
            batch.iter().filter(|d| !self.known.contains_key(&d.identity_id)).cloned().collect();
        let tokens: BTreeSet<&Token> = new.iter().flat_map(|d| &d.tokens).collect();
        let mut around = Neighbourhood::default();
        for (id, (described, research_id)) in &self.known {
            for token in described.tokens.iter().filter(|t| tokens.contains(t)) {
                let (complete, guard) = (described.complete, described.guard);
                around.identities.insert(*id, Neighbour { complete, guard, research_id: *research_id });
                around.postings.push((token.clone(), *id));
            }
        }
        for person in engine.contested(&around, &new) {
            let rank = Rank { released: self.released.contains(&person), born: self.born[&person] };
            around.ranks.insert(person, rank);
        }
        let mut next = self.next;
        let resolution = engine.resolve(&around, &new, &mut || {
            next += 1;
            ResearchId(next.to_be_bytes())
        });
        self.next = next;
        for person in &resolution.persons_new {
            self.born.insert(*person, self.born.len() as i64);
        }
        let described: BTreeMap<_, _> = new.into_iter().map(|d| (d.identity_id, d)).collect();
        assert_eq!(resolution.members.len(), described.len(), "every new identity gets one person");
        for (id, person) in &resolution.members {
            self.known.insert(*id, (described[id].clone(), *person));
        }
        for merge in &resolution.merges {
            for (_, person) in self.known.values_mut().filter(|(_, p)| *p == merge.alias) {
                *person = merge.survivor;
            }
        }
        self.conflicts.extend(&resolution.conflicts);
        self.decisions.extend(resolution.decisions.clone());
        self.last = resolution;
    }

    /// Persons as sets of identities.
    pub fn partition(&self) -> BTreeSet<BTreeSet<IdentityId>> {
        let mut persons: BTreeMap<ResearchId, BTreeSet<IdentityId>> = BTreeMap::new();
        for (id, (_, person)) in &self.known {
            persons.entry(*person).or_default().insert(*id);
        }
        persons.into_values().collect()
    }

    pub fn together(&self, a: &Described, b: &Described) -> bool {
        self.known[&a.identity_id].1 == self.known[&b.identity_id].1
    }
}
