//! What a reader may see of released tables (公表された表の閲覧): slices, why a cell is hidden, change, comparison.
//!
//! Everything is taken from cells that went out; nothing is counted, added up or divided that was not shown. So the
//! suppression of the release holds for every slice, and this module can tell nothing that the package does not. It must
//! never read a fact, a cohort, or the ledger of what tables said.

mod compare;
mod hidden;
mod table;

pub use compare::{Comparison, Peer, compare, per_thousand};
pub use hidden::{Hidden, Reason, Total};
pub use table::{Cut, Row, Seen, Table};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::policy::{Policy, PopulationTier};
use musubi_model::sign::PublicKey;
use musubi_model::spec::{Dimension, ExtractSpec, Product};
use musubi_storage::registry::ReleaseDb;

use crate::cubes;
use crate::error::ReleaseError;
use crate::kept::kept;

/// The label of persons of whom it is not known.
pub use crate::grid::UNKNOWN;

/// Why nothing can be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// A published table is not as tables are published.
    #[error("DSK_TABLE: a released table cannot be read: {0} (公表された表を読めません)")]
    Unreadable(&'static str),
    /// The table does not have that dimension.
    #[error("DSK_DIMENSION: found {found}, expected one of: {expected} (この表にない軸です)")]
    Dimension {
        /// What was asked for.
        found: String,
        /// What there is.
        expected: String,
    },
    /// The table has no such label.
    #[error("DSK_LABEL: {dimension} has no such value, expected one of: {expected} (この軸にない値です)")]
    Label {
        /// Of which dimension.
        dimension: &'static str,
        /// What there is.
        expected: String,
    },
    /// There is no total over a dimension of which persons have several values.
    #[error(
        "DSK_NO_TOTAL: there is no total over {0}, as one person may be in several; show it or choose one value \
         (一人が複数に入る軸には合計がありません。表示する軸に加えるか、値を一つ選んでください)"
    )]
    NoTotal(&'static str),
}

/// A release of tables, as its recipient has it.
#[derive(Debug, Clone)]
pub struct Released {
    /// Its id.
    pub release: String,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// What was asked for.
    pub spec: ExtractSpec,
    /// The smallest count shown.
    pub cell_min: u64,
    /// Persons behind a sum, mean or percentile.
    pub measure_min: u64,
    /// The greatest share of one person in a sum.
    pub dominance: f64,
    /// The smallest counts by people of the place.
    pub tiers: Vec<PopulationTier>,
    /// Its tables.
    pub tables: Vec<Table>,
}

impl Released {
    /// The period.
    #[must_use]
    pub fn period(&self) -> (Date, Date) {
        (self.spec.cohort.from, self.spec.cohort.to)
    }

    /// The table of that name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|t| t.name == name)
    }

    /// The smallest count shown of a place of so many people; `None`: none is.
    #[must_use]
    pub fn minimum(&self, people: Option<u64>) -> Option<u64> {
        let Some(people) = people else { return Some(self.cell_min) };
        let tier = self.tiers.iter().filter(|t| t.from <= people).max_by_key(|t| t.from);
        tier.map_or(Some(self.cell_min), |t| t.cell_min)
    }

    fn read(
        db: &mut ReleaseDb,
        key: &PublicKey,
        release: &str,
        spec: ExtractSpec,
    ) -> Result<Option<Self>, ReleaseError> {
        let (Some(entry), Some(files)) = (db.ledger_entry(release)?, kept(db, release, key)?) else {
            return Ok(None);
        };
        let text = |name: &str| {
            let found = files.iter().find(|(n, _)| n == name).map(|(_, content)| content.as_slice());
            let found = found.ok_or(ReleaseError::Kept("a file is missing"))?;
            std::str::from_utf8(found).map_err(|_| ReleaseError::Kept("a table is not UTF-8"))
        };
        let policy = Policy::parse(text("policy.toml")?)
            .map_err(|_| ReleaseError::Kept("its policy cannot be read"))?;
        let rules = policy.tables.ok_or(ReleaseError::Kept("its policy has no [tables]"))?;
        let mut tables = Vec::with_capacity(spec.tables.len());
        for asked in &spec.tables {
            let csv = text(&format!("{}.csv", asked.name))?;
            let table = Table::parse(asked, csv).map_err(|_| ReleaseError::Kept("a table cannot be read"))?;
            tables.push(table);
        }
        Ok(Some(Self {
            release: release.to_owned(),
            sealed_at: entry.sealed_at,
            spec,
            cell_min: rules.cell_min.value,
            measure_min: rules.measure_min.value,
            dominance: rules.dominance_share.value,
            tiers: rules.tiers,
            tables,
        }))
    }
}

/// The releases of tables whose request is `wanted`, oldest first, each held against its signed manifest.
///
/// # Errors
/// The store's; [`ReleaseError::Kept`] when what was kept is not what went out.
pub fn released(
    db: &mut ReleaseDb,
    key: &PublicKey,
    wanted: &dyn Fn(&ExtractSpec) -> bool,
) -> Result<Vec<Released>, ReleaseError> {
    let mut all = Vec::new();
    for (release, content) in db.published_as("spec.toml")? {
        let spec = std::str::from_utf8(&content).ok().and_then(|text| ExtractSpec::parse(text).ok());
        let Some(spec) = spec.filter(|s| s.product == Product::Statistics && s.version == 2 && wanted(s))
        else {
            continue;
        };
        all.extend(Released::read(db, key, &release, spec)?);
    }
    all.sort_by(|a, b| (a.sealed_at, &a.release).cmp(&(b.sealed_at, &b.release)));
    Ok(all)
}

/// The name of a dimension in files and on the command line.
#[must_use]
pub fn name(dimension: Dimension) -> &'static str {
    cubes::grid::name(dimension)
}

/// The names of a dimension for people: Japanese, English.
#[must_use]
pub fn names(dimension: Dimension) -> (&'static str, &'static str) {
    cubes::described(dimension)
}

/// The dimension that tells places, when a table has one.
#[must_use]
pub fn place_of(table: &Table) -> Option<Dimension> {
    let place = |d: &&Dimension| matches!(d, Dimension::Municipality | Dimension::MedicalArea);
    table.dimensions.iter().find(place).copied()
}

#[cfg(test)]
mod tests;
