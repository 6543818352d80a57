//! What a load counts of itself.

use serde::Serialize;

/// How much a load did, and where its time went (wall clock).
#[derive(Debug, Clone, Default, Serialize)]
pub struct LoadCounts {
    /// Documents.
    pub documents: u64,
    /// Units.
    pub units: u64,
    /// Records.
    pub records: u64,
    /// Raw bytes.
    pub bytes: u64,
    /// Facts written.
    pub facts: u64,
    /// Source identities new to us.
    pub identities_new: u64,
    /// Persons new to us.
    pub persons_new: u64,
    /// Persons that turned out to be one with another.
    pub persons_merged: u64,
    /// Persons that came out of others.
    pub persons_split: u64,
    /// Identities decided that have nothing to match on.
    pub unlinkable: u64,
    /// Pairs put before people.
    pub reviews: u64,
    /// Pairs in doubt that did not fit into the queue.
    pub reviews_left_out: u64,
    /// Conflicts queued.
    pub conflicts: u64,
    /// Codes that found no standard.
    pub unmapped_codes: u64,
    /// Facts that carry them.
    pub unmapped_facts: u64,
    /// Seconds reading and hashing.
    pub read_seconds: f64,
    /// Seconds cutting, mapping and describing.
    pub map_seconds: f64,
    /// Seconds matching.
    pub resolve_seconds: f64,
    /// Seconds writing the lake.
    pub lake_seconds: f64,
    /// Seconds sealing and writing the vault.
    pub vault_seconds: f64,
    /// Seconds writing registry rows and committing.
    pub registry_seconds: f64,
}
