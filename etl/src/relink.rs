//! Deciding everybody anew (全件再突合): the shadow says what a model would change; the switch, made by two people,
//! changes it. The nights and this are the same engine, so that under the model in force the shadow finds nothing.

use jiff::Timestamp;
use musubi_id_resolution::churn::{Churn, churn};
use musubi_id_resolution::mpi::Model;
use musubi_storage::StorageError;
use musubi_storage::identity::{AffectedRelease, Committed, random_research_ids};
use musubi_storage::keys::KeyRing;
use musubi_storage::registry::IdentityDb;

use crate::matching::{Matching, Mpi};

/// What a model would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowReport {
    /// Name and version of the model.
    pub model: String,
    /// The hash under which it can be proposed.
    pub model_hash: String,
    /// Differences.
    pub churn: Churn,
    /// Pairs that would be put before people.
    pub doubtful: u64,
    /// Identities with nothing to match on.
    pub unlinkable: u64,
    /// Releases in whose cohorts persons concerned stand.
    pub releases: Vec<AffectedRelease>,
}

/// BLAKE3 of a model as JSON: what is confirmed is what was proposed.
///
/// # Errors
/// When the model cannot be written as JSON.
pub fn model_hash(model: &Model) -> Result<String, StorageError> {
    let text =
        serde_json::to_vec(model).map_err(|_| StorageError::Damaged("a model that is no JSON".to_owned()))?;
    Ok(blake3::hash(&text).to_hex().to_string())
}

/// Decides everybody in the shadow. Nothing is written.
///
/// # Errors
/// What the store says.
pub fn shadow(
    db: &mut IdentityDb,
    ring: &KeyRing,
    matching: &Matching,
) -> Result<ShadowReport, StorageError> {
    let engine = Mpi::new(matching, ring);
    let shadow = db.shadow(&engine, &mut |whole| engine.decide_all(whole), &mut random_research_ids)?;
    let churn = churn(&shadow.verdict.clusters, &shadow.before, &shadow.resolution);
    Ok(ShadowReport {
        model: matching.model.version.clone(),
        model_hash: model_hash(&matching.model)?,
        doubtful: shadow.verdict.doubtful.len() as u64,
        unlinkable: shadow.verdict.unlinkable,
        releases: db.affected_releases(&churn.persons)?,
        churn,
    })
}

/// Proposes to switch to a model; gives the number of the proposal.
///
/// # Errors
/// What the store says.
pub fn propose(
    db: &mut IdentityDb,
    matching: &Matching,
    by: &str,
    at: Timestamp,
) -> Result<i64, StorageError> {
    db.propose_relink(&matching.model.version, &model_hash(&matching.model)?, by, at)
}

/// Switches to the model that another person proposed last. All or nothing: killed, it is simply run again.
///
/// # Errors
/// [`StorageError::Refused`] when nobody else proposed this model last, and what the store says.
pub fn confirm(
    db: &mut IdentityDb,
    ring: &KeyRing,
    matching: &Matching,
    by: &str,
    at: Timestamp,
) -> Result<(i64, Committed), StorageError> {
    let engine = Mpi::new(matching, ring);
    let hash = model_hash(&matching.model)?;
    db.confirm_relink(&hash, by, at, &engine, &mut |whole| engine.decide_all(whole), &mut random_research_ids)
}
