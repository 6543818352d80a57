//! The resolve step (名寄せ): identities of a delivery → persons and lake buckets, and what contradicts itself.
//!
//! It seals demographics, lets the engine decide inside the registry's lock, and says what the sender has to look at.
//! It holds no rule of matching (see `musubi-id-resolution`) and tells no value of a person, in no finding and no error.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi_id_resolution::rules::{CROWDED_KEY, ERASED, rule_of};
use musubi_id_resolution::{Conflict, ConflictKind, Described, Exact, TokenKind};
use musubi_model::{Finding, IdentityId, ResearchId, SourceIdentity, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::identity::{IdentityRow, Placement, random_research_ids, seal_demographics};
use musubi_storage::keys::{KeyRing, SealKey};
use musubi_storage::registry::IdentityDb;

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
}

/// Gives every identity its person. Known identities keep theirs; running it twice changes nothing.
///
/// # Errors
/// What the store says when it refuses or is lost; then nothing was written but data keys.
pub fn resolve_identities(
    db: &mut IdentityDb,
    ring: &KeyRing,
    submission: SubmissionId,
    now: Timestamp,
    identities: &BTreeMap<IdentityId, (SourceIdentity, Described)>,
) -> Result<ResolveReport, StorageError> {
    let ids: Vec<IdentityId> = identities.keys().copied().collect();
    let keys = db.data_keys(&ring.kek, &ids)?;
    let mut rows = Vec::with_capacity(keys.len());
    let mut erased = BTreeSet::new();
    for (id, (identity, described)) in identities {
        let Some(key) = keys.get(id) else {
            erased.insert(*id);
            continue;
        };
        rows.push(IdentityRow {
            described: described.clone(),
            provider: identity.provider.clone(),
            sealed: seal_demographics(key, id, &identity.demographics)?,
        });
    }
    // one for each identity is enough for any decision; those not used are forgotten
    let mut ids = random_research_ids(rows.len())?.into_iter();
    let mut fresh = || ids.next().unwrap_or(ResearchId([0; 16]));
    let done = db.commit_identities(submission, now, &rows, &Exact::default(), &mut fresh)?;

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
    })
}

/// Says which key contradicts itself and at whose records; no id, no value.
fn conflict_finding(
    conflict: &Conflict,
    identities: &BTreeMap<IdentityId, (SourceIdentity, Described)>,
) -> Finding {
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
fn providers(ids: &[IdentityId], identities: &BTreeMap<IdentityId, (SourceIdentity, Described)>) -> String {
    let named: BTreeSet<&str> =
        ids.iter().filter_map(|id| identities.get(id)).map(|(i, _)| i.provider.as_str()).collect();
    format!("提供元 {}", named.into_iter().collect::<Vec<_>>().join("、"))
}
