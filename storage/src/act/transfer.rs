//! Transfers between certified operators (他の認定事業者への提供), as both sides keep them.

use jiff::Timestamp;

use super::{column, count, signed};
use crate::error::StorageError;
use crate::registry::ActDb;

/// One side's row of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRow {
    /// Its number, given by the sender.
    pub id: String,
    /// `sent` or `received`.
    pub side: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// The other operator.
    pub operator: String,
    /// The letter by which it was asked for.
    pub request: String,
    /// What was asked for, in words of the scope.
    pub scope: String,
    /// Persons.
    pub persons: u64,
    /// Documents.
    pub documents: u64,
    /// BLAKE3 of the signed index of the package.
    pub package_hash: String,
    /// BLAKE3 of the receiver's gate report; empty until it is back.
    pub gate_hash: String,
}

impl ActDb {
    /// Keeps a row.
    pub fn keep_transfer(&mut self, t: &TransferRow) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.transfer (transfer_id, side, at, actor, operator, request, scope, persons,
                   documents, package_hash, gate_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                &[
                    &t.id,
                    &t.side,
                    &t.at,
                    &t.actor,
                    &t.operator,
                    &t.request,
                    &t.scope,
                    &signed(t.persons)?,
                    &signed(t.documents)?,
                    &t.package_hash,
                    &t.gate_hash,
                ],
            )
            .map_err(StorageError::db("keeping a transfer"))?;
        Ok(())
    }

    /// All rows, oldest first.
    pub fn transfers(&mut self) -> Result<Vec<TransferRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT transfer_id, side, at, actor, operator, request, scope, persons, documents, package_hash, gate_hash
                 FROM compliance.transfer ORDER BY at, transfer_id, side",
                &[],
            )
            .map_err(StorageError::db("reading transfers"))?;
        rows.iter()
            .map(|r| {
                Ok(TransferRow {
                    id: column(r, 0)?,
                    side: column(r, 1)?,
                    at: column(r, 2)?,
                    actor: column(r, 3)?,
                    operator: column(r, 4)?,
                    request: column(r, 5)?,
                    scope: column(r, 6)?,
                    persons: count(r, 7)?,
                    documents: count(r, 8)?,
                    package_hash: column(r, 9)?,
                    gate_hash: column(r, 10)?,
                })
            })
            .collect()
    }
}
