//! The list of a job, sealed to its number: whoever reads the registry without the house's key learns nothing of it.

use std::collections::BTreeSet;

use musubi_model::ids::to_hex;
use musubi_model::{IdentityId, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::keys::{KeyRing, SealKey};
use musubi_storage::lake::Gone;
use serde::{Deserialize, Serialize};

use super::{ErasureError, set_of};

/// Purpose of the key under which lists are sealed and hashed.
const PURPOSE: &str = "musubi erasure scope/1";
/// First part of the context of a sealed list.
const LIST: &[u8] = b"erasure-scope/1";

/// Who goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) identities: BTreeSet<IdentityId>,
    /// And all facts of this delivery.
    pub(super) submission: Option<SubmissionId>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    identities: Vec<String>,
    submission: Option<String>,
}

/// The key of lists.
pub(super) fn key(ring: &KeyRing) -> SealKey {
    ring.token.derive(PURPOSE)
}

impl Scope {
    fn bytes(&self) -> Result<Vec<u8>, StorageError> {
        let written = Written {
            identities: self.identities.iter().map(ToString::to_string).collect(),
            submission: self.submission.as_ref().map(ToString::to_string),
        };
        serde_json::to_vec(&written).map_err(|_| StorageError::Damaged("a list of an erasure".to_owned()))
    }

    /// Which facts go.
    pub(super) fn gone(&self) -> Gone<'_> {
        Gone { identities: &self.identities, submission: self.submission }
    }

    /// A hash that only the holder of the key can make from a list.
    pub(super) fn hash(&self, ring: &KeyRing) -> String {
        let mut hasher = blake3::Hasher::new_derive_key(PURPOSE);
        hasher.update(key(ring).expose());
        hasher.update(&self.bytes().unwrap_or_default());
        to_hex(hasher.finalize().as_bytes())
    }

    pub(super) fn seal(&self, ring: &KeyRing, id: &str) -> Result<Vec<u8>, StorageError> {
        key(ring).seal(&[LIST, id.as_bytes()], &self.bytes()?)
    }

    pub(super) fn open(ring: &KeyRing, id: &str, sealed: &[u8]) -> Result<Self, ErasureError> {
        let plain = key(ring).open(&[LIST, id.as_bytes()], sealed)?;
        let written: Written =
            serde_json::from_slice(&plain).map_err(|_| ErasureError::Damaged("a list of an erasure"))?;
        let submission = written.submission.map(|s| s.parse::<SubmissionId>());
        Ok(Self {
            identities: set_of(&written.identities)?,
            submission: submission.transpose().map_err(|_| ErasureError::Damaged("a submission id"))?,
        })
    }
}
