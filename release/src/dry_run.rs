//! Counting a cohort without releasing anything (試算): how many are left after each step, in bands.
//!
//! Never tells a number of persons, never writes a file.

use std::path::Path;

use musubi_model::spec::ExtractSpec;
use musubi_storage::registry::ReleaseDb;
use serde::Serialize;

use crate::error::ReleaseError;
use crate::extract::{Attrition, Band, Rules, Snapshot, Stored, find};

/// What a dry run tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feasibility {
    /// Persons after opt-outs.
    pub persons: Band,
    /// Of these: with a diagnosis that counts.
    pub diagnosed: Band,
    /// Of these: left after each step.
    pub steps: Vec<StepLeft>,
    /// In the cohort.
    pub cohort: Band,
    /// Persons that a cohort must have.
    pub floor: u64,
    /// Does it?
    pub feasible: bool,
}

/// How many are left after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepLeft {
    /// Its wording.
    pub title: String,
    /// Those left.
    pub left: Band,
}

impl Feasibility {
    fn of(attrition: &Attrition, spec: &ExtractSpec, floor: u64) -> Self {
        let steps = spec.cohort.steps.iter().zip(&attrition.steps);
        Self {
            persons: Band::of(attrition.persons),
            diagnosed: Band::of(attrition.diagnosed),
            steps: steps.map(|(s, n)| StepLeft { title: s.title.clone(), left: Band::of(*n) }).collect(),
            cohort: Band::of(attrition.last()),
            floor,
            feasible: attrition.last() >= floor && attrition.last() > 0,
        }
    }

    /// Why it cannot be released, when it cannot.
    ///
    /// # Errors
    /// [`ReleaseError::Empty`] with the first step that left nobody; [`ReleaseError::Floor`].
    pub fn verdict(&self) -> Result<(), ReleaseError> {
        if self.feasible {
            return Ok(());
        }
        if self.cohort != Band::of(0) {
            return Err(ReleaseError::Floor { floor: self.floor });
        }
        let emptied = self.steps.iter().find(|s| s.left == Band::of(0)).map(|s| s.title.clone());
        let by_diagnosis = || "cohort.from, to, icd10_prefixes".to_owned();
        Err(ReleaseError::Empty(
            emptied.filter(|_| self.diagnosed != Band::of(0)).unwrap_or_else(by_diagnosis),
        ))
    }
}

/// Counts the cohort of a request. `cohort_id`: written for this dry run, dropped by the caller; `floor`: persons that a
/// cohort must have.
///
/// # Errors
/// [`ReleaseError::Spec`]; [`ReleaseError::Cohort`]: not there; the store's.
pub fn dry_run(
    db: &mut ReleaseDb,
    lake: &Path,
    spec: &ExtractSpec,
    cohort_id: &str,
    floor: u64,
) -> Result<Feasibility, ReleaseError> {
    let rules = Rules::of(&spec.cohort)?;
    let written = db.cohort(cohort_id)?.ok_or(ReleaseError::Cohort("unknown"))?;
    let files = db.snapshot_files(written.commit)?;
    let dead = db.dead_units_at(written.commit)?;
    let snapshot = Snapshot::open(lake, &files, dead)?;
    let attrition = find(&mut Stored { db, cohort_id }, &snapshot, &rules)?;
    Ok(Feasibility::of(&attrition, spec, floor))
}
