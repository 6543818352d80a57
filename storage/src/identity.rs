//! What the identity role keeps (zone Z2): sealed demographics, tokens, block keys, persons and their past, decisions,
//! rulings, the review queue, conflicts; and the cohorts it writes for releases.
//!
//! How rows are read, locked and written. Who is the same person is decided by the [`Engine`] that the caller brings;
//! no rule of matching lives here, and no name or number passes through here in the clear.

mod cohort;
pub(crate) mod commit;
mod conflicts;
mod desk;
mod gate;
mod model;
mod past;
pub(crate) mod read;
mod relink;
mod review;
mod ruling;
mod sealed;
mod second_look;
mod settle;
mod stream;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use musubi_model::matching::{Conflict, Described, Engine};
use musubi_model::{IdentityId, ProviderId, ResearchId};

use crate::error::StorageError;

pub use cohort::{CohortOrder, CohortUse, CohortWritten};
pub use desk::{Candidates, MemberSince, PersonRow, PersonState};
pub use gate::{GateCounts, GateRunRow, GateShut, GateWindow, NewGateRun};
pub use model::{Adoption, ModelRow, StoredModel};
pub use past::AffectedRelease;
pub use read::{ConflictRow, DecisionRow, MemberRow};
pub use relink::{DecideAll, RelinkRow, Shadow, Whole};
pub use review::{ReviewRow, ReviewState};
pub use ruling::{CONTRARY, NewRuling, RulingRow};
pub use sealed::{OpenedPart, PersonList, open_demographics, seal_demographics};
pub use second_look::{SecondLookRow, SecondWord};
pub use stream::SealedRow;

/// Into how many buckets the lake spreads persons (バケット).
pub const LAKE_BUCKETS: u16 = 256;

/// The home bucket of a person: the first byte of the BLAKE3 hash of the research id.
#[must_use]
pub fn home_bucket(person: &ResearchId) -> u16 {
    let hash = blake3::hash(person.as_bytes());
    u16::from(hash.as_bytes().first().copied().unwrap_or_default()) % LAKE_BUCKETS
}

/// Where an identity belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Placement {
    /// Its person now.
    pub research_id: ResearchId,
    /// The lake bucket in which its facts lie: its person's home when it was first loaded.
    pub bucket: u16,
}

/// An identity for the registry.
#[derive(Debug, Clone)]
pub struct IdentityRow {
    /// As matching sees it.
    pub described: Described,
    /// Who described it.
    pub provider: ProviderId,
    /// Its demographics, from [`seal_demographics`].
    pub sealed: Vec<u8>,
    /// First and last day on which the source was seen to write it so, as far as this delivery shows.
    pub seen: Option<(Date, Date)>,
}

/// What a commit of identities did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Every identity that was asked for, old or new.
    pub placements: BTreeMap<IdentityId, Placement>,
    /// Identities written now.
    pub identities_new: u64,
    /// Persons begun now.
    pub persons_new: u64,
    /// Persons that became aliases now.
    pub persons_merged: u64,
    /// Persons that came out of others: new ones and those that an undone merge gave back.
    pub persons_split: u64,
    /// Known identities whose research id changed otherwise than with their whole person.
    pub moved: u64,
    /// Persons whose known members changed, for [`IdentityDb::affected_releases`](crate::registry::IdentityDb).
    pub changed: BTreeSet<ResearchId>,
    /// Identities that were decided, new and again.
    pub decided: u64,
    /// Of those: nothing to match on.
    pub unlinkable: u64,
    /// Block keys that became crowded.
    pub crowded_new: u64,
    /// Pairs put before people.
    pub reviews_new: u64,
    /// Pairs that did not fit into the queue.
    pub reviews_left_out: u64,
    /// Conflicts that this submission brought with these identities; also when an earlier, interrupted run of the same
    /// submission wrote them.
    pub conflicts: Vec<Conflict>,
    /// Contradicting pairs that were not queued (crowded keys).
    pub conflicts_left_out: u64,
}

/// A seam for randomness: so many research ids that nothing can be learned from; see [`random_research_ids`].
pub type Fresh<'a> = dyn FnMut(usize) -> Result<Vec<ResearchId>, StorageError> + 'a;

/// Random research ids from the system.
///
/// # Errors
/// [`StorageError::Key`] when the system has no randomness.
pub fn random_research_ids(count: usize) -> Result<Vec<ResearchId>, StorageError> {
    let mut bytes = vec![0u8; count * 16];
    getrandom::fill(&mut bytes).map_err(|_| StorageError::Key("no randomness from the system"))?;
    Ok(bytes.chunks_exact(16).filter_map(ResearchId::from_slice).collect())
}

fn damaged(what: &'static str) -> StorageError {
    StorageError::Damaged(what.to_owned())
}

fn identity_id(bytes: &[u8]) -> Result<IdentityId, StorageError> {
    IdentityId::from_slice(bytes).ok_or_else(|| damaged("an identity id of the wrong length"))
}

fn research_id(bytes: &[u8]) -> Result<ResearchId, StorageError> {
    ResearchId::from_slice(bytes).ok_or_else(|| damaged("a research id of the wrong length"))
}

fn bucket(stored: i16) -> Result<u16, StorageError> {
    u16::try_from(stored).map_err(|_| damaged("a bucket below zero"))
}

/// The engine as the store uses it.
type DynEngine<'a> = &'a dyn Engine;
