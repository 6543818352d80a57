//! For which use persons were told (通知の範囲), asked by the notices under which their facts came in. Numbers of notices
//! in and out, no token. What a scope allows is decided in `compliance`.

use jiff::civil::Date;

use crate::error::StorageError;
use crate::registry::ActDb;

/// Notices in one statement.
const NOTICES: usize = 20_000;

/// A notice that was given to a person and not taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeRow {
    /// The notice that was asked about; this one is to the same person by the same provider.
    pub asked: i64,
    /// The day of this one.
    pub notified_on: Date,
    /// `anonymized`, `pseudonymized` or `both`.
    pub scope: String,
}

impl ActDb {
    /// All notices, themselves among them, that the persons of these notices had of the same provider and that were not
    /// taken back. A notice that is not in the book has none.
    pub fn notice_scopes(&mut self, notices: &[i64]) -> Result<Vec<ScopeRow>, StorageError> {
        let doing = "reading the scopes of notices";
        let mut found = Vec::new();
        for some in notices.chunks(NOTICES) {
            let rows = self
                .client
                .query(
                    "SELECT a.notice_id, n.notified_on, t.scope FROM compliance.notice a
                     JOIN compliance.notice n ON n.provider_id = a.provider_id AND n.subject = a.subject
                     JOIN compliance.notice_template t ON t.provider_id = n.provider_id AND t.version = n.template
                     WHERE a.notice_id = ANY($1) AND NOT n.void AND NOT EXISTS (
                       SELECT FROM compliance.notice v WHERE v.void AND v.subject = n.subject
                         AND v.notified_on = n.notified_on AND v.template = n.template)",
                    &[&some],
                )
                .map_err(StorageError::db(doing))?;
            for row in &rows {
                found.push(ScopeRow {
                    asked: row.try_get(0).map_err(StorageError::db(doing))?,
                    notified_on: row.try_get(1).map_err(StorageError::db(doing))?,
                    scope: row.try_get(2).map_err(StorageError::db(doing))?,
                });
            }
        }
        Ok(found)
    }
}
