//! The persons of a cohort, a few at a time (処理の単位): whose facts lie where, and in which order they are looked at.
//!
//! A unit holds all identities of its persons, so that whoever works on it needs no other. Persons with an identity in
//! another bucket than their home come last, together. This module reads no fact.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::RangeInclusive;

use musubi_model::IdentityId;
use musubi_storage::identity::LAKE_BUCKETS;
use musubi_storage::registry::ReleaseDb;
use musubi_storage::release::CohortMember;
use rayon::prelude::*;

use super::Snapshot;
use crate::error::ReleaseError;

/// Facts of a unit, about: enough that row groups at its borders, which are read twice, weigh little.
const UNIT_FACTS: u64 = 1 << 19;
/// Nobody of this unit.
pub(super) const NOBODY: u32 = u32::MAX;

/// The key of a person in one cohort (対象集団内の鍵). It names nobody outside the cohort; the vault of pseudonyms and the
/// way back to the source ask for it, a product never shows it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey(pub [u8; 16]);

impl std::fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonKey(…)")
    }
}

/// Where the members of a cohort come from.
pub trait Source {
    /// The home buckets in order.
    ///
    /// # Errors
    /// The store's.
    fn homes(&mut self) -> Result<Vec<u16>, ReleaseError>;
    /// The members whose home is this bucket, in any order.
    ///
    /// # Errors
    /// The store's.
    fn members(&mut self, home: u16) -> Result<Vec<CohortMember>, ReleaseError>;
}

/// A cohort as the store keeps it.
#[derive(Debug)]
pub struct Stored<'a> {
    /// The store.
    pub db: &'a mut ReleaseDb,
    /// The cohort's name.
    pub cohort_id: &'a str,
}

impl Source for Stored<'_> {
    fn homes(&mut self) -> Result<Vec<u16>, ReleaseError> {
        Ok(self.db.cohort_homes(self.cohort_id)?)
    }

    fn members(&mut self, home: u16) -> Result<Vec<CohortMember>, ReleaseError> {
        Ok(self.db.cohort_members(self.cohort_id, home)?)
    }
}

/// A cohort in memory: the members by home bucket.
#[derive(Debug, Clone, Default)]
pub struct Given(pub Vec<(u16, Vec<CohortMember>)>);

impl Source for Given {
    fn homes(&mut self) -> Result<Vec<u16>, ReleaseError> {
        let homes: BTreeSet<u16> = self.0.iter().map(|(home, _)| *home).collect();
        Ok(homes.into_iter().collect())
    }

    fn members(&mut self, home: u16) -> Result<Vec<CohortMember>, ReleaseError> {
        Ok(self.0.iter().filter(|(h, _)| *h == home).flat_map(|(_, members)| members.clone()).collect())
    }
}

/// Identities are themselves hashes: no other is made of them.
#[derive(Default)]
pub(super) struct OfId(u64);

impl Hasher for OfId {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.0 = self.0.rotate_left(8) ^ u64::from(*b));
    }

    fn write_u128(&mut self, n: u128) {
        // Every bit reaches every other: ids of tests and keys of cells differ in few.
        let (high, low) = ((n >> 64) as u64, n as u64);
        let product = u128::from(high ^ 0x9e37_79b9_7f4a_7c15) * u128::from(low ^ 0xbf58_476d_1ce4_e5b9);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

/// Persons that are worked on together.
#[derive(Debug)]
pub(super) struct Unit {
    /// The person of an identity: its place in `keys`.
    of: HashMap<u128, u32, BuildHasherDefault<OfId>>,
    /// The persons.
    pub(super) keys: Vec<PersonKey>,
    /// The buckets in which their facts lie.
    pub(super) buckets: RangeInclusive<u16>,
    /// Their identities, when these are few among those of the buckets.
    pub(super) few: Option<BTreeSet<IdentityId>>,
    /// For each identity its person, in order of identity.
    members: Vec<(IdentityId, u32)>,
}

impl Unit {
    fn new(mut members: Vec<CohortMember>, sparse: bool) -> Self {
        if !members.is_sorted_by_key(|m| m.identity) {
            members.sort_unstable_by_key(|m| m.identity);
        }
        let mut place: HashMap<u128, u32, BuildHasherDefault<OfId>> =
            HashMap::with_capacity_and_hasher(members.len(), BuildHasherDefault::default());
        let mut unit = Self {
            of: HashMap::with_capacity_and_hasher(members.len(), BuildHasherDefault::default()),
            keys: Vec::new(),
            buckets: members.iter().map(|m| m.bucket).min().unwrap_or(0)
                ..=members.iter().map(|m| m.bucket).max().unwrap_or(0),
            few: sparse.then(|| members.iter().map(|m| m.identity).collect()),
            members: Vec::with_capacity(members.len()),
        };
        for member in members {
            let mut key = [0u8; 16];
            key.iter_mut().zip(&member.person).for_each(|(to, from)| *to = *from);
            let next = u32::try_from(unit.keys.len()).unwrap_or(NOBODY);
            let person = *place.entry(number(&key)).or_insert(next);
            if person == next {
                unit.keys.push(PersonKey(key));
            }
            unit.of.insert(number(&member.identity.0), person);
            unit.members.push((member.identity, person));
        }
        unit
    }

    /// How many persons.
    pub(super) fn persons(&self) -> usize {
        self.keys.len()
    }

    /// The person of an identity; [`NOBODY`] when it is not of this unit.
    pub(super) fn person(&self, identity: &[u8; 16]) -> u32 {
        self.of.get(&number(identity)).copied().unwrap_or(NOBODY)
    }

    /// The identities of the persons for which `wanted`, when they are so few that skipping pages pays.
    pub(super) fn identities_of(&self, wanted: &dyn Fn(u32) -> bool) -> Option<BTreeSet<IdentityId>> {
        let those = || self.members.iter().filter(|(_, person)| wanted(*person)).map(|(id, _)| *id);
        (self.few.is_some() || those().count() * SPARSE < self.members.len()).then(|| those().collect())
    }
}

/// Pages hold some thousand facts, of about as many identities: looking for fewer than one of so many skips pages.
const SPARSE: usize = 400;

/// An identity as a number.
pub(super) fn number(identity: &[u8; 16]) -> u128 {
    u128::from_be_bytes(*identity)
}

/// Works on all persons of a cohort, a few units at a time on all cores; `gather` gets the results in a fixed order.
pub(super) fn for_units<T: Send>(
    source: &mut dyn Source,
    snapshot: &Snapshot,
    work: &(dyn Fn(&Unit) -> Result<T, ReleaseError> + Sync),
    gather: &mut dyn FnMut(T),
) -> Result<(), ReleaseError> {
    let facts = snapshot.reader.rows_by_bucket(LAKE_BUCKETS);
    let mut units: Vec<Vec<CohortMember>> = Vec::new();
    let mut strays: Vec<CohortMember> = Vec::new();
    let (mut members, mut weight) = (Vec::new(), 0);
    let mut run = |units: &mut Vec<Vec<CohortMember>>, sparse: bool| -> Result<(), ReleaseError> {
        let done: Vec<T> = std::mem::take(units)
            .into_par_iter()
            .map(|members| work(&Unit::new(members, sparse)))
            .collect::<Result<_, _>>()?;
        done.into_iter().for_each(&mut *gather);
        Ok(())
    };
    for home in source.homes()? {
        let (at_home, astray) = apart(source.members(home)?, home);
        members.extend(at_home);
        strays.extend(astray);
        weight += facts.get(usize::from(home)).copied().unwrap_or(0);
        if weight >= UNIT_FACTS {
            units.push(std::mem::take(&mut members));
            weight = 0;
        }
        if units.len() >= rayon::current_num_threads() * 4 {
            run(&mut units, false)?;
        }
    }
    units.extend((!members.is_empty()).then_some(members));
    run(&mut units, false)?;
    units.extend((!strays.is_empty()).then_some(strays));
    run(&mut units, true)
}

/// The members of persons all of whose facts lie at home, and the others.
fn apart(members: Vec<CohortMember>, home: u16) -> (Vec<CohortMember>, Vec<CohortMember>) {
    if members.iter().all(|m| m.bucket == home) {
        return (members, Vec::new());
    }
    let astray: BTreeSet<Vec<u8>> =
        members.iter().filter(|m| m.bucket != home).map(|m| m.person.clone()).collect();
    members.into_iter().partition(|m| !astray.contains(&m.person))
}
