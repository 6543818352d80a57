//! May these rows be told, after what earlier releases said (提供台帳との照合)? Pure rules over the ledger of releases.
//!
//! Whoever holds two releases of the same persons can join them by what they share; the join is as fine as the finer of
//! both in every column, and nobody has checked it. So rows that are finer in a column than an earlier release to the same
//! or to unknown recipients are refused (reference, rule 8), unless two people allowed exactly that by name. Tables are held
//! against earlier ones in `disclosure`. This module must never look at a person.

use std::collections::{BTreeMap, BTreeSet};

use musubi_model::spec::Cohort;
use musubi_model::{IdentityId, ids::to_hex};
use musubi_storage::keys::SealKey;
use musubi_storage::release_ledger::{ColumnSaid, Mark, RowsSaid};
use serde_json::{Value, json};

use crate::error::ReleaseError;

/// What marks are derived for; the key they are made under is derived from a key of the identity zone.
const MARKS: &str = "musubi ledger of released persons/1";

/// A column in which the rows are finer than an earlier release, or cut otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refinement {
    /// The earlier release.
    pub earlier: String,
    /// `file.column`.
    pub column: String,
}

/// The hash by which cohorts are told to be the same: of what was asked for.
#[must_use]
pub fn cohort_hash(cohort: &Cohort) -> String {
    let canonical = serde_json::to_string(cohort).unwrap_or_default();
    blake3::hash(canonical.as_bytes()).to_hex().to_string()
}

/// The marks of everybody in a release, by their identities: keyed hashes that nobody can make without `token`, the key of
/// the identity zone, and that the database only counts.
#[must_use]
pub fn marks(token: &SealKey, identities: &BTreeSet<IdentityId>) -> Vec<Mark> {
    let key = token.derive(MARKS);
    let mut short = [0u8; 32];
    for (to, from) in short.iter_mut().zip(key.expose()) {
        *to = *from;
    }
    let mark = |identity: &IdentityId| {
        let mut out: Mark = [0; 8];
        blake3::Hasher::new_keyed(&short).update(identity.as_bytes()).finalize_xof().fill(&mut out);
        out
    };
    let all: BTreeSet<Mark> = identities.iter().map(mark).collect();
    all.into_iter().collect()
}

/// Can the two be in one hand? Nobody named on one side means: anybody.
fn may_meet(a: &BTreeSet<String>, b: &BTreeSet<String>) -> bool {
    a.is_empty() || b.is_empty() || !a.is_disjoint(b)
}

/// Is the new column finer than the earlier one, or cut in a way that cannot be compared?
fn finer(new: &ColumnSaid, earlier: &ColumnSaid, same_persons: bool) -> bool {
    // Levels chosen class by class follow the persons: of other persons they are other classes.
    let otherwise = new.hierarchy != earlier.hierarchy || (new.local || earlier.local) && !same_persons;
    otherwise || new.finest < earlier.finest
}

/// Every column in which `new` refines an earlier release that can be in the same hand and has persons in common with it.
///
/// `overlaps`: how many persons' marks each earlier release shares; `None`: not known, and then all overlap. A column that
/// the earlier release did not have is told for the first time: of a quasi-identifier that is finer than nothing at all;
/// of the others there is nothing to refine. An earlier release under the same name is the new one itself.
#[must_use]
pub fn refinements(
    new: &RowsSaid,
    earlier: &[RowsSaid],
    overlaps: Option<&BTreeMap<String, u64>>,
) -> Vec<Refinement> {
    let mut found = BTreeSet::new();
    for old in earlier.iter().filter(|old| old.release_id != new.release_id) {
        let shares = overlaps.is_none_or(|o| o.get(&old.release_id).is_some_and(|n| *n > 0));
        if !shares || !may_meet(&new.recipients, &old.recipients) {
            continue;
        }
        let same_persons = new.cohort_hash == old.cohort_hash && new.policy_hash == old.policy_hash;
        for column in &new.columns {
            let before = old.columns.iter().find(|c| (&c.file, &c.column) == (&column.file, &column.column));
            let refines = match before {
                Some(before) => finer(column, before, same_persons),
                None => column.class == "quasi",
            };
            if refines {
                let name = format!("{}.{}", column.file, column.column);
                found.insert(Refinement { earlier: old.release_id.clone(), column: name });
            }
        }
    }
    found.into_iter().collect()
}

/// What two people agree to, word for word: that the release of an approval may refine these earlier ones in these columns.
#[must_use]
pub fn allowance(approval: &str, refinements: &[Refinement]) -> Value {
    let earlier: BTreeSet<&str> = refinements.iter().map(|r| r.earlier.as_str()).collect();
    let columns: BTreeSet<&str> = refinements.iter().map(|r| r.column.as_str()).collect();
    json!({ "approval": approval, "columns": columns, "earlier": earlier })
}

/// Lets rows pass that refine nothing, or whose refinement two people allowed; says by which operation, for the ledger.
///
/// # Errors
/// [`ReleaseError::Refines`] without an allowance; the store's when it is for something else.
pub fn permit(refinements: &[Refinement], allowed: Option<i64>) -> Result<Option<i64>, ReleaseError> {
    match (refinements, allowed) {
        ([], _) => Ok(None),
        (_, Some(operation)) => Ok(Some(operation)),
        (some, None) => {
            let unique = |of: fn(&Refinement) -> &String| {
                some.iter().map(of).cloned().collect::<BTreeSet<_>>().into_iter().collect()
            };
            Err(ReleaseError::Refines { earlier: unique(|r| &r.earlier), columns: unique(|r| &r.column) })
        }
    }
}

/// The hash of a hierarchy, a ladder or bins, for [`ColumnSaid::hierarchy`].
///
/// # Errors
/// [`ReleaseError::Internal`] for what has no JSON form.
pub fn hierarchy_hash(of: &impl serde::Serialize) -> Result<String, ReleaseError> {
    let text = serde_json::to_vec(of).map_err(|_| ReleaseError::Internal("a hierarchy without a text"))?;
    Ok(to_hex(blake3::hash(&text).as_bytes()))
}

#[cfg(test)]
#[path = "tests/ledger.rs"]
mod tests;
