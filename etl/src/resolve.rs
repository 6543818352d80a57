//! The resolve step (名寄せ): identities of a delivery → persons and lake buckets, and what contradicts itself.
//!
//! It seals demographics, lets the engine decide inside the registry's lock, and says what the sender has to look at.
//! It holds no rule of matching (see `musubi-id-resolution`) and tells no value of a person, in no finding and no error.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_id_resolution::rules::{CROWDED_KEY, ERASED, rule_of};
use musubi_id_resolution::{Conflict, ConflictKind, Described, TokenKind};
use musubi_model::{Finding, IdentityId, SourceIdentity, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::identity::{IdentityRow, Placement, random_research_ids, seal_demographics};
use musubi_storage::keys::{KeyRing, SealKey};
use musubi_storage::registry::IdentityDb;

use crate::matching::{Matching, Mpi};

/// Identities of a store of before that are indexed in one transaction.
const INDEXED_AT_ONCE: u32 = 20_000;

/// A person as one delivery describes them.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// As sent.
    pub identity: SourceIdentity,
    /// The same as tokens.
    pub described: Described,
    /// First and last day of what the delivery says of them.
    pub seen: Option<(Date, Date)>,
}

/// Data keys by identity. Two of them are equal when they hold keys of the same identities; the keys themselves are
/// never compared, nor printed.
#[derive(Debug, Clone, Default)]
pub struct DataKeys(pub BTreeMap<IdentityId, SealKey>);

impl PartialEq for DataKeys {
    fn eq(&self, other: &Self) -> bool {
        self.0.keys().eq(other.0.keys())
    }
}

/// What the resolve step did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResolveReport {
    /// Person and bucket of every identity asked for, except the erased.
    pub placements: BTreeMap<IdentityId, Placement>,
    /// Identities whose data key was destroyed: nothing of them may be taken in.
    pub erased: BTreeSet<IdentityId>,
    /// The data keys of all others.
    pub keys: DataKeys,
    /// Contradictions that this submission brought.
    pub conflicts: Vec<Conflict>,
    /// One for each of `conflicts`, in that order; then one for each erased identity; then, if pairs of crowded keys
    /// were left out, one that says how many.
    pub findings: Vec<Finding>,
    /// Identities that were not known before.
    pub identities_new: u64,
    /// Persons that were not known before.
    pub persons_new: u64,
    /// Persons that turned out to be one with another, and became aliases.
    pub persons_merged: u64,
    /// Persons that came out of others.
    pub persons_split: u64,
    /// Pairs put before people.
    pub reviews_new: u64,
    /// Pairs that did not fit into the queue.
    pub reviews_left_out: u64,
    /// Identities with nothing to match on.
    pub unlinkable: u64,
}

/// Gives every identity its person. Running it twice changes nothing.
///
/// # Errors
/// What the store says when it refuses or is lost; then nothing was written but data keys.
pub fn resolve_identities(
    db: &mut IdentityDb,
    ring: &KeyRing,
    submission: SubmissionId,
    now: Timestamp,
    identities: &BTreeMap<IdentityId, Arrival>,
    matching: &Matching,
) -> Result<ResolveReport, StorageError> {
    let ids: Vec<IdentityId> = identities.keys().copied().collect();
    let keys = db.data_keys(&ring.kek, &ids)?;
    let mut rows = Vec::with_capacity(keys.len());
    let mut erased = BTreeSet::new();
    for (id, Arrival { identity, described, seen }) in identities {
        let Some(key) = keys.get(id) else {
            erased.insert(*id);
            continue;
        };
        rows.push(IdentityRow {
            described: described.clone(),
            provider: identity.provider.clone(),
            sealed: seal_demographics(key, id, &identity.demographics)?,
            seen: *seen,
        });
    }
    let engine = Mpi::new(matching, ring);
    while db.index_unindexed(now, INDEXED_AT_ONCE, &engine, &mut random_research_ids)?.is_some() {}
    let done = db.commit_identities(submission, now, &rows, &engine, &mut random_research_ids)?;

    let mut findings: Vec<Finding> = done.conflicts.iter().map(|c| conflict_finding(c, identities)).collect();
    findings
        .extend(erased.iter().map(|id| Finding::new(&ERASED).in_field(providers(&[*id], identities), "")));
    if done.conflicts_left_out > 0 {
        findings.push(Finding::new(&CROWDED_KEY).found(format!("{} 組", done.conflicts_left_out)));
    }
    Ok(ResolveReport {
        placements: done.placements,
        erased,
        keys: DataKeys(keys),
        conflicts: done.conflicts,
        findings,
        identities_new: done.identities_new,
        persons_new: done.persons_new,
        persons_merged: done.persons_merged,
        persons_split: done.persons_split,
        reviews_new: done.reviews_new,
        reviews_left_out: done.reviews_left_out,
        unlinkable: done.unlinkable,
    })
}

/// Says which key contradicts itself and at whose records; no id, no value.
fn conflict_finding(conflict: &Conflict, identities: &BTreeMap<IdentityId, Arrival>) -> Finding {
    let key = match conflict.kind {
        ConflictKind::Guard(TokenKind::Local) => "患者番号",
        ConflictKind::Guard(TokenKind::Insured) => "被保険者番号",
        ConflictKind::Guard(TokenKind::Name) => "氏名",
        ConflictKind::Guard(TokenKind::Care) => "介護被保険者番号",
        ConflictKind::Incomplete => "生年月日・性別",
    };
    Finding::new(rule_of(conflict.kind))
        .in_field(providers(&[conflict.a, conflict.b], identities), key)
        .expected("番号が同じなら、生年月日(年月日)と性別も同じ")
}

/// The providers, of this delivery only: another provider's part in a contradiction is not the sender's to know.
fn providers(ids: &[IdentityId], identities: &BTreeMap<IdentityId, Arrival>) -> String {
    let named: BTreeSet<&str> =
        ids.iter().filter_map(|id| identities.get(id)).map(|a| a.identity.provider.as_str()).collect();
    format!("提供元 {}", named.into_iter().collect::<Vec<_>>().join("、"))
}
