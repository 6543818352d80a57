//! What the review board keeps (提供審査): requests as filed, and decisions as signed.
//!
//! Rows are written once and never changed; this module must never judge them. Whether a decision is genuine is
//! found out by `review-board`, which alone turns one into an approval.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::error::StorageError;
use crate::registry::{BoardDb, ReleaseDb};

/// A request (申出) as it was filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRow {
    /// Its name.
    pub request_id: String,
    /// The TOML, byte for byte.
    pub spec: String,
    /// The hash of what is asked for.
    pub scope_hash: String,
    /// When it came.
    pub filed_at: Timestamp,
    /// Who filed it.
    pub filed_by: String,
}

/// A decision (承認) as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Its name.
    pub approval_id: String,
    /// The request decided on.
    pub request_id: String,
    /// The hash of what was approved.
    pub scope_hash: String,
    /// Who approved.
    pub approver: String,
    /// When.
    pub approved_at: Timestamp,
    /// The last day on which it holds.
    pub expires_on: Date,
    /// The signed bytes, canonical JSON.
    pub decision: String,
    /// The signature over them, hexadecimal.
    pub signature: String,
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for crate::registry::BoardDb {}
    impl Sealed for crate::registry::ReleaseDb {}
}

/// Reading decisions: for the roles that may look at what the board decided, and nobody else.
pub trait BoardRead: sealed::Sealed {
    /// The request of that name.
    fn request(&mut self, request_id: &str) -> Result<Option<RequestRow>, StorageError>;
    /// The decision of that name.
    fn approval(&mut self, approval_id: &str) -> Result<Option<ApprovalRow>, StorageError>;
}

fn request(client: &mut postgres::Client, request_id: &str) -> Result<Option<RequestRow>, StorageError> {
    let row = client
        .query_opt(
            "SELECT request_id, spec, scope_hash, filed_at, filed_by FROM board.request WHERE request_id = $1",
            &[&request_id],
        )
        .map_err(StorageError::db("reading a request"))?;
    Ok(row.map(|r| read_request(&r)))
}

fn read_request(r: &postgres::Row) -> RequestRow {
    RequestRow {
        request_id: r.get(0),
        spec: r.get(1),
        scope_hash: r.get(2),
        filed_at: r.get(3),
        filed_by: r.get(4),
    }
}

fn approval(client: &mut postgres::Client, approval_id: &str) -> Result<Option<ApprovalRow>, StorageError> {
    let row = client
        .query_opt(
            "SELECT approval_id, request_id, scope_hash, approver, approved_at, expires_on, decision, signature
             FROM board.approval WHERE approval_id = $1",
            &[&approval_id],
        )
        .map_err(StorageError::db("reading an approval"))?;
    Ok(row.map(|r| read_approval(&r)))
}

fn read_approval(r: &postgres::Row) -> ApprovalRow {
    ApprovalRow {
        approval_id: r.get(0),
        request_id: r.get(1),
        scope_hash: r.get(2),
        approver: r.get(3),
        approved_at: r.get(4),
        expires_on: r.get(5),
        decision: r.get(6),
        signature: r.get(7),
    }
}

impl BoardRead for BoardDb {
    fn request(&mut self, request_id: &str) -> Result<Option<RequestRow>, StorageError> {
        request(&mut self.client, request_id)
    }

    fn approval(&mut self, approval_id: &str) -> Result<Option<ApprovalRow>, StorageError> {
        approval(&mut self.client, approval_id)
    }
}

impl BoardRead for ReleaseDb {
    fn request(&mut self, request_id: &str) -> Result<Option<RequestRow>, StorageError> {
        request(&mut self.client, request_id)
    }

    fn approval(&mut self, approval_id: &str) -> Result<Option<ApprovalRow>, StorageError> {
        approval(&mut self.client, approval_id)
    }
}

impl BoardDb {
    /// Keeps a request. `false`: one of that name is there already, and stays as it is.
    pub fn insert_request(&mut self, row: &RequestRow) -> Result<bool, StorageError> {
        let rows = self
            .client
            .execute(
                "INSERT INTO board.request (request_id, spec, scope_hash, filed_at, filed_by)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (request_id) DO NOTHING",
                &[&row.request_id, &row.spec, &row.scope_hash, &row.filed_at, &row.filed_by],
            )
            .map_err(StorageError::db("keeping a request"))?;
        Ok(rows == 1)
    }

    /// Keeps a decision. `false`: one of that name is there already, and stays as it is.
    pub fn insert_approval(&mut self, row: &ApprovalRow) -> Result<bool, StorageError> {
        let rows = self
            .client
            .execute(
                "INSERT INTO board.approval (approval_id, request_id, scope_hash, approver, approved_at, expires_on,
                   decision, signature)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (approval_id) DO NOTHING",
                &[
                    &row.approval_id,
                    &row.request_id,
                    &row.scope_hash,
                    &row.approver,
                    &row.approved_at,
                    &row.expires_on,
                    &row.decision,
                    &row.signature,
                ],
            )
            .map_err(StorageError::db("keeping an approval"))?;
        Ok(rows == 1)
    }

    /// All requests, newest first.
    pub fn requests(&mut self) -> Result<Vec<RequestRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT request_id, spec, scope_hash, filed_at, filed_by FROM board.request
                 ORDER BY filed_at DESC, request_id",
                &[],
            )
            .map_err(StorageError::db("reading the requests"))?;
        Ok(rows.iter().map(read_request).collect())
    }

    /// All decisions on a request, newest first.
    pub fn approvals_of(&mut self, request_id: &str) -> Result<Vec<ApprovalRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT approval_id, request_id, scope_hash, approver, approved_at, expires_on, decision, signature
                 FROM board.approval WHERE request_id = $1 ORDER BY approved_at DESC, approval_id",
                &[&request_id],
            )
            .map_err(StorageError::db("reading the approvals"))?;
        Ok(rows.iter().map(read_approval).collect())
    }
}
