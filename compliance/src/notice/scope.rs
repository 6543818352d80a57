//! For which use persons were told (通知の範囲): a pseudonymised product leaves out whoever was told of anonymised use only
//! (R-PSE-07, C-050).
//!
//! Asked by the notices that facts carry: of records of two providers each needs a notice of its own. It fails closed: a
//! notice that is not in the book, or was taken back, covers nothing.

use std::collections::BTreeSet;

use jiff::civil::Date;
use musubi_model::ledger::NoticeScope;
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
