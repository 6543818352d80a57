//! What yearly reports and public pages are counted from, and the hashes of those that went out. Counts only.

use jiff::Timestamp;

use super::{column, count};
use crate::error::StorageError;
use crate::registry::ActDb;

/// A report or page that went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedRow {
    /// `yearly` or `disclosure`.
    pub kind: String,
    /// The year it is about.
    pub year: i16,
    /// What came later is not counted.
    pub cutoff: Timestamp,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub actor: String,
    /// BLAKE3 of its JSON.
    pub hash: String,
}

/// A decision of the board, for a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedRequest {
    /// The request.
    pub request: String,
    /// Its specification, as filed.
    pub spec: String,
    /// When it was approved; none: not decided, or not approved.
    pub approved_at: Option<Timestamp>,
    /// When its release was sealed.
    pub sealed_at: Option<Timestamp>,
}

impl ActDb {
    /// Keeps the hash of what went out.
    pub fn keep_published(&mut self, p: &PublishedRow) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.published (kind, year, cutoff, made_at, actor, hash)
                 VALUES ($1, $2, $3, $4, $5, $6)",
                &[&p.kind, &i32::from(p.year), &p.cutoff, &p.made_at, &p.actor, &p.hash],
            )
            .map_err(StorageError::db("keeping a report"))?;
        Ok(())
    }

    /// What went out, oldest first.
    pub fn published(&mut self) -> Result<Vec<PublishedRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT kind, year, cutoff, made_at, actor, hash FROM compliance.published ORDER BY made_at, kind",
                &[],
            )
            .map_err(StorageError::db("reading reports"))?;
        rows.iter()
            .map(|r| {
                Ok(PublishedRow {
                    kind: column(r, 0)?,
                    year: i16::try_from(column::<i32>(r, 1)?)
                        .map_err(|_| StorageError::Damaged("a year".to_owned()))?,
                    cutoff: column(r, 2)?,
                    made_at: column(r, 3)?,
                    actor: column(r, 4)?,
                    hash: column(r, 5)?,
                })
            })
            .collect()
    }

    /// Entries of opt-outs by provider (empty: all providers), received in a span of time.
    pub fn opt_out_counts(
        &mut self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, u64)>, StorageError> {
        let rows = self
            .client
            .query("SELECT * FROM compliance.opt_out_counts($1, $2)", &[&from, &until])
            .map_err(StorageError::db("counting opt-outs"))?;
        rows.iter().map(|r| Ok((column(r, 0)?, count(r, 1)?))).collect()
    }

    /// Requests filed before a time, with decision and release as far as they came before it.
    pub fn decided_requests(&mut self, until: Timestamp) -> Result<Vec<DecidedRequest>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT r.request_id, r.spec,
                   (SELECT min(approved_at) FROM board.approval a WHERE a.request_id = r.request_id AND approved_at < $1),
                   (SELECT min(sealed_at) FROM release.ledger l WHERE l.request_id = r.request_id AND sealed_at < $1)
                 FROM board.request r WHERE r.filed_at < $1 ORDER BY r.request_id",
                &[&until],
            )
            .map_err(StorageError::db("reading decisions"))?;
        rows.iter()
            .map(|r| {
                Ok(DecidedRequest {
                    request: column(r, 0)?,
                    spec: column(r, 1)?,
                    approved_at: column(r, 2)?,
                    sealed_at: column(r, 3)?,
                })
            })
            .collect()
    }

    /// The accounts that stand in the books: none of them may stand on a public page.
    pub fn people_of_the_books(&mut self) -> Result<Vec<String>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT filed_by FROM board.request UNION SELECT approver FROM board.approval
                 UNION SELECT confirmed_by FROM compliance.receipt_confirmation
                 UNION SELECT taken_by FROM compliance.inquiry UNION SELECT opened_by FROM compliance.incident
                 UNION SELECT fields->>'reviewer' FROM compliance.register WHERE fields ? 'reviewer'
                 UNION SELECT fields->>'witness' FROM compliance.register WHERE fields ? 'witness'
                 UNION SELECT actor FROM compliance.audit ORDER BY 1",
                &[],
            )
            .map_err(StorageError::db("reading who stands in the books"))?;
        rows.iter().map(|r| column(r, 0)).collect()
    }

    /// Providers whose data came in
    /// a span of time, with kind, persons and records.
    pub fn received_counts(
        &mut self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ReceivedCount>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT provider_id, max(provider_name), max(kind), count(*), max(persons), sum(records)::bigint
                 FROM compliance.receipt_record WHERE received_at >= $1 AND received_at < $2 GROUP BY 1 ORDER BY 1",
                &[&from, &until],
            )
            .map_err(StorageError::db("counting receipts"))?;
        rows.iter()
            .map(|r| {
                Ok(ReceivedCount {
                    provider: column(r, 0)?,
                    name: column(r, 1)?,
                    kind: column(r, 2)?,
                    receipts: count(r, 3)?,
                    persons: count(r, 4)?,
                    records: count(r, 5)?,
                })
            })
            .collect()
    }
}

/// What receipts say of a provider in a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedCount {
    /// The provider.
    pub provider: String,
    /// Its name as received.
    pub name: String,
    /// Its kind as received.
    pub kind: String,
    /// Receipts.
    pub receipts: u64,
    /// Most persons in one receipt: the same persons come every time, so a sum would count them anew.
    pub persons: u64,
    /// Records in all.
    pub records: u64,
}
