//! Cohorts and what is known of them (対象集団と抽出): from a snapshot of the lake to counts, rows in memory, and cells.
//!
//! * [`find`]: who satisfies the steps of a cohort, and how many are left after each (組入れの流れ).
//! * [`linked`]: the persons of a cohort with the events asked for, as compact columns.
//! * [`cube`]: the cells of a table, with persons, sums and the greatest contribution.
//!
//! A map over home buckets, person by person, on all cores; results do not depend on the number of threads or the order
//! of the files. No id of a person or identity leaves this module but the [`PersonKey`], which is made for one cohort and
//! stands in a vector of its own. It must never decide what may be published.

mod band;
mod cells;

mod cohort;
mod cubing;
mod dims;
mod linked;
mod lives;
mod people;
mod place;
mod reading;
mod rules;
mod scan;
mod steps;
mod visit;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use musubi_model::{DocumentHash, FactTable};
use musubi_storage::lake::{LakeFile, Reader};

use crate::error::ReleaseError;

pub use band::Band;
pub use cells::{Cell, CubeCells, Sum, cube};

pub use cohort::{Attrition, find};
pub use dims::Label;
pub use linked::{Code, EventRow, InsurerKind, Linked, NO_UNIT, PersonRow, linked};
pub use lives::{Life, LifeFact, of_lives};
pub use people::{Given, PersonKey, Source, Stored};
pub use place::Places;
pub use rules::Rules;

/// The facts of a snapshot, opened for extraction.
#[derive(Debug)]
pub struct Snapshot {
    reader: Reader,
    /// Units that are no longer current.
    dead: HashSet<(DocumentHash, u32)>,
    /// Beds of the providers, and the first numbers of the classes above none.
    beds: (BTreeMap<String, u32>, Vec<u32>),
    /// Where the providers stand.
    places: Places,
}

impl Snapshot {
    /// Opens `files` (those of tables that an extraction can read).
    ///
    /// # Errors
    /// A file that is missing or damaged.
    pub fn open(
        folder: &Path,
        files: &[LakeFile],
        dead: HashSet<(DocumentHash, u32)>,
    ) -> Result<Self, ReleaseError> {
        let reader = Reader::open(folder, files, &TABLES)?;
        Ok(Self { reader, dead, beds: (BTreeMap::new(), Vec::new()), places: Places::default() })
    }

    /// With the beds of the providers, for tables by classes of beds; `classes` are the first numbers of beds of the classes
    /// above none, ascending.
    #[must_use]
    pub fn with_beds(self, beds: BTreeMap<String, u32>, classes: Vec<u32>) -> Self {
        Self { beds: (beds, classes), ..self }
    }

    /// With the municipalities in which providers stand, for tables by place.
    #[must_use]
    pub fn with_places(self, places: Places) -> Self {
        Self { places, ..self }
    }

    /// Where the providers stand.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    fn beds_of(&self, provider: &str) -> Option<u32> {
        self.beds.0.get(provider).copied()
    }

    fn bed_classes(&self) -> &[u32] {
        &self.beds.1
    }
}

/// The tables an extraction may read: no free text (law.md R-ANO-08).
pub const TABLES: [FactTable; 15] = [
    FactTable::Person,
    FactTable::VisitOccurrence,
    FactTable::ConditionOccurrence,
    FactTable::DrugExposure,
    FactTable::ProcedureOccurrence,
    FactTable::DeviceExposure,
    FactTable::Measurement,
    FactTable::Observation,
    FactTable::Death,
    FactTable::Cost,
    FactTable::PayerPlanPeriod,
    FactTable::CareService,
    FactTable::CareNeed,
    FactTable::HealthGuidance,
    FactTable::ProgrammeEvent,
];
