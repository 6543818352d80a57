//! Operations that two people decide (二人制の操作): proposed word for word, decided, used once.
//!
//! Whether the right people agreed is decided in `compliance`; here a decision is written once for each account and an
//! operation is used once, whoever asks at the same moment.

use jiff::Timestamp;
use serde::Serialize;

use crate::error::StorageError;
use crate::registry::ActDb;

/// An operation to be proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOperation<'a> {
    /// What kind.
    pub kind: &'a str,
    /// Canonical JSON of what exactly.
    pub content: &'a str,
    /// BLAKE3 of kind and content.
    pub hash: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Who proposes.
    pub by: &'a str,
    /// The role in which the proposal counts as an approval; `None`: it does not.
    pub role: Option<&'a str>,
    /// When.
    pub at: Timestamp,
    /// Until when it may be used.
    pub expires_at: Timestamp,
}

/// A decision on an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionRow {
    /// Who.
    pub by: String,
    /// In which role.
    pub role: String,
    /// Approved, or rejected.
    pub approved: bool,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// An operation with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationRow {
    /// Its number.
    pub id: i64,
    /// What kind.
    pub kind: String,
    /// What exactly.
    pub content: String,
    /// Hash of kind and content.
    pub hash: String,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// The role in which the proposal counts.
    pub proposed_role: Option<String>,
    /// When.
    pub proposed_at: Timestamp,
    /// Until when it may be used.
    pub expires_at: Timestamp,
    /// What was decided.
    pub decisions: Vec<DecisionRow>,
    /// Who used it, and when.
    pub used: Option<(String, Timestamp)>,
}

const READING: &str = "reading the operations";

impl ActDb {
    /// Proposes an operation and returns its number.
    pub fn propose_operation(&mut self, new: &NewOperation<'_>) -> Result<i64, StorageError> {
        let doing = "proposing an operation";
        let row = self
            .client
            .query_one(
                "INSERT INTO compliance.operation
                   (kind, content, hash, reason, proposed_by, proposed_role, proposed_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING operation_id",
                &[
                    &new.kind,
                    &new.content,
                    &new.hash,
                    &new.reason,
                    &new.by,
                    &new.role,
                    &new.at,
                    &new.expires_at,
                ],
            )
            .map_err(StorageError::db(doing))?;
        row.try_get(0).map_err(StorageError::db(doing))
    }

    /// Writes a decision; `false` when this account has decided before.
    pub fn decide_operation(&mut self, id: i64, decision: &DecisionRow) -> Result<bool, StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO compliance.operation_decision (operation_id, decided_by, role, approved, reason, decided_at)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (operation_id, decided_by) DO NOTHING",
                &[&id, &decision.by, &decision.role, &decision.approved, &decision.reason, &decision.at],
            )
            .map_err(StorageError::db("deciding on an operation"))?;
        Ok(done == 1)
    }

    /// Marks an operation as used; `false` when it was used before.
    pub fn use_operation(&mut self, id: i64, by: &str, at: Timestamp) -> Result<bool, StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO compliance.operation_use (operation_id, used_by, used_at) VALUES ($1, $2, $3)
                 ON CONFLICT (operation_id) DO NOTHING",
                &[&id, &by, &at],
            )
            .map_err(StorageError::db("using an operation"))?;
        Ok(done == 1)
    }

    /// Operations with what was decided, the oldest first; of one hash, or all.
    pub fn operations(&mut self, hash: Option<&str>) -> Result<Vec<OperationRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT o.operation_id, o.kind, o.content, o.hash, o.reason, o.proposed_by, o.proposed_role, o.proposed_at,
                        o.expires_at, u.used_by, u.used_at, d.decided_by, d.role, d.approved, d.reason, d.decided_at
                 FROM compliance.operation o
                 LEFT JOIN compliance.operation_use u USING (operation_id)
                 LEFT JOIN compliance.operation_decision d USING (operation_id)
                 WHERE $1::text IS NULL OR o.hash = $1
                 ORDER BY o.operation_id, d.decided_at, d.decided_by",
                &[&hash],
            )
            .map_err(StorageError::db(READING))?;
        let mut found: Vec<OperationRow> = Vec::new();
        for row in &rows {
            take(&mut found, row).map_err(StorageError::db(READING))?;
        }
        Ok(found)
    }

    /// One operation by its number.
    pub fn operation(&mut self, id: i64) -> Result<Option<OperationRow>, StorageError> {
        Ok(self.operations(None)?.into_iter().find(|o| o.id == id))
    }
}

/// One row for each decision: joins those of an operation together.
fn take(found: &mut Vec<OperationRow>, row: &postgres::Row) -> Result<(), postgres::Error> {
    let id: i64 = row.try_get(0)?;
    if found.last().is_none_or(|o| o.id != id) {
        found.push(OperationRow {
            id,
            kind: row.try_get(1)?,
            content: row.try_get(2)?,
            hash: row.try_get(3)?,
            reason: row.try_get(4)?,
            proposed_by: row.try_get(5)?,
            proposed_role: row.try_get(6)?,
            proposed_at: row.try_get(7)?,
            expires_at: row.try_get(8)?,
            decisions: Vec::new(),
            used: row.try_get::<_, Option<String>>(9)?.zip(row.try_get::<_, Option<Timestamp>>(10)?),
        });
    }
    if let (Some(by), Some(last)) = (row.try_get::<_, Option<String>>(11)?, found.last_mut()) {
        last.decisions.push(DecisionRow {
            by,
            role: row.try_get(12)?,
            approved: row.try_get(13)?,
            reason: row.try_get(14)?,
            at: row.try_get(15)?,
        });
    }
    Ok(())
}
