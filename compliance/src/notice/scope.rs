//! For which use persons were told (通知の範囲): a pseudonymised product leaves out whoever was told of anonymised use only
//! (R-PSE-07, C-050).
//!
//! Asked by the notices that facts carry: of records of two providers each needs a notice of its own. It fails closed: a
//! notice that is not in the book, or was taken back, covers nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use musubi_model::IdentityId;
use musubi_model::ledger::NoticeScope;
use musubi_storage::lake::{self, Column, ColumnSet, LakeFile, Want};
use musubi_storage::registry::ActDb;

use super::{NoticeGateError, NoticeRules};

/// Of these notices, those under which facts must not go into a pseudonymised product on day `on`: their persons had no
/// notice of that use from that provider, or its waiting days are not over.
///
/// # Errors
/// Any [`NoticeGateError`] means that nothing is known, and nothing may go in.
pub fn outside_pseudonymized(
    db: &mut ActDb,
    rules: &NoticeRules,
    on: Date,
    notices: &BTreeSet<u64>,
) -> Result<BTreeSet<u64>, NoticeGateError> {
    let asked: Vec<i64> = notices.iter().filter_map(|n| i64::try_from(*n).ok()).collect();
    let mut outside = notices.clone();
    for row in db.notice_scopes(&asked)? {
        let scope = NoticeScope::read(&row.scope)
            .ok_or_else(|| NoticeGateError::Broken("the scope of a notice is not known".to_owned()))?;
        let ripe = rules.ripe_on(row.notified_on).is_some_and(|ripe| on >= ripe);
        if scope.covers_pseudonymized() && ripe {
            outside.remove(&u64::try_from(row.asked).unwrap_or(0));
        }
    }
    Ok(outside)
}

/// Of a snapshot, the identities that stay out of a pseudonymised product on day `on`: those with any fact under a notice
/// that does not cover it. What a cohort of such a product leaves out (`CohortUse::Pseudonymised`).
///
/// # Errors
/// As [`outside_pseudonymized`]; also when a lake file cannot be read.
pub fn untold(
    db: &mut ActDb,
    rules: &NoticeRules,
    on: Date,
    folder: &Path,
    snapshot: &[LakeFile],
) -> Result<BTreeSet<IdentityId>, NoticeGateError> {
    let columns = ColumnSet::of(&[Column::IdentityId, Column::NoticeId]);
    let mut held: BTreeMap<u64, BTreeSet<IdentityId>> = BTreeMap::new();
    for file in snapshot {
        lake::read(folder, file, &Want::all(columns), &mut |row| {
            held.entry(row.notice()).or_default().insert(row.identity());
            Ok(())
        })?;
    }
    let outside = outside_pseudonymized(db, rules, on, &held.keys().copied().collect())?;
    Ok(outside.iter().filter_map(|notice| held.remove(notice)).flatten().collect())
}
