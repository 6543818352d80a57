//! Hand-overs as rows (提供の引渡し): to whom a release went, by which way, until when, and what became of it.
//!
//! Whether a release may be handed over is judged in `compliance`, and once more by the database: without two checkers and
//! two keys the row is refused. Nothing here is changed; what happens later is an event.

use jiff::Timestamp;
use jiff::civil::Date;

use super::column;
use crate::error::StorageError;
use crate::registry::ActDb;

/// A hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverRow {
    /// The release.
    pub release: String,
    /// The recipient's id.
    pub organisation: String,
    /// The recipient's name in request and contract.
    pub recipient: String,
    /// BLAKE3 of the manifest.
    pub manifest_hash: String,
    /// What the recipient is, by the contract.
    pub target: String,
    /// `download`, `media` or `visiting`.
    pub channel: String,
    /// Number of the line; empty: visiting.
    pub line: String,
    /// Number of the contract.
    pub contract: String,
    /// Certificate of a certified user; empty: none needed.
    pub certificate: String,
    /// `I` or `II` of a certified user; empty: none.
    pub user_type: String,
    /// Who handed it over.
    pub handed_by: String,
    /// When.
    pub handed_at: Timestamp,
    /// Last day of access.
    pub expires_on: Date,
    /// When the certificate of destruction is due.
    pub destroy_by: Date,
}

/// What became of a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverEventRow {
    /// The release.
    pub release: String,
    /// The recipient's id.
    pub organisation: String,
    /// `fetched`, `acknowledged`, `recalled` or `destroyed`.
    pub event: String,
    /// Of a recall; empty otherwise.
    pub cause: String,
    /// Of the manifest acknowledged, or of the certificate; may be empty.
    pub hash: String,
    /// A note; may be empty.
    pub note: String,
    /// Who.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

const READING: &str = "reading the hand-overs";
const WRITING: &str = "writing a hand-over";

impl ActDb {
    /// All hand-overs, or those of a release, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn handovers(&mut self, release: Option<&str>) -> Result<Vec<HandoverRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT release_id, organisation, recipient, manifest_hash, target, channel, line, contract, certificate,
                        user_type, handed_by, handed_at, expires_on, destroy_by
                 FROM release.handover WHERE $1::text IS NULL OR release_id = $1 ORDER BY handed_at, release_id",
                &[&release],
            )
            .map_err(StorageError::db(READING))?;
        rows.iter()
            .map(|r| {
                Ok(HandoverRow {
                    release: column(r, 0)?,
                    organisation: column(r, 1)?,
                    recipient: column(r, 2)?,
                    manifest_hash: column(r, 3)?,
                    target: column(r, 4)?,
                    channel: column(r, 5)?,
                    line: column(r, 6)?,
                    contract: column(r, 7)?,
                    certificate: column(r, 8)?,
                    user_type: column(r, 9)?,
                    handed_by: column(r, 10)?,
                    handed_at: column(r, 11)?,
                    expires_on: column(r, 12)?,
                    destroy_by: column(r, 13)?,
                })
            })
            .collect()
    }

    /// What became of hand-overs: of all, or of those of a release, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn handover_events(&mut self, release: Option<&str>) -> Result<Vec<HandoverEventRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT release_id, organisation, event, cause, hash, note, actor, at FROM release.handover_event
                 WHERE $1::text IS NULL OR release_id = $1 ORDER BY event_id",
                &[&release],
            )
            .map_err(StorageError::db(READING))?;
        rows.iter()
            .map(|r| {
                Ok(HandoverEventRow {
                    release: column(r, 0)?,
                    organisation: column(r, 1)?,
                    event: column(r, 2)?,
                    cause: column(r, 3)?,
                    hash: column(r, 4)?,
                    note: column(r, 5)?,
                    actor: column(r, 6)?,
                    at: column(r, 7)?,
                })
            })
            .collect()
    }

    /// Enters a hand-over. `false`: this release was handed to this recipient before.
    ///
    /// # Errors
    /// [`StorageError::Database`]; also without two checkers and two keys.
    pub fn enter_handover(&mut self, h: &HandoverRow) -> Result<bool, StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO release.handover
                   (release_id, organisation, recipient, manifest_hash, target, channel, line, contract, certificate,
                    user_type, handed_by, handed_at, expires_on, destroy_by)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING",
                &[
                    &h.release,
                    &h.organisation,
                    &h.recipient,
                    &h.manifest_hash,
                    &h.target,
                    &h.channel,
                    &h.line,
                    &h.contract,
                    &h.certificate,
                    &h.user_type,
                    &h.handed_by,
                    &h.handed_at,
                    &h.expires_on,
                    &h.destroy_by,
                ],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(done == 1)
    }

    /// Enters what became of a hand-over, with the certificate where there is one.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn enter_handover_event(
        &mut self,
        e: &HandoverEventRow,
        content: Option<&[u8]>,
    ) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO release.handover_event
                   (release_id, organisation, event, cause, hash, note, content, actor, at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                &[
                    &e.release,
                    &e.organisation,
                    &e.event,
                    &e.cause,
                    &e.hash,
                    &e.note,
                    &content,
                    &e.actor,
                    &e.at,
                ],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(())
    }
}
