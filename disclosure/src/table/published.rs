//! What an earlier release showed of tables (公表済みの表): cells by name, with their counts or without.
//!
//! It must never hold a hidden count.

use super::primary::Mask;
use super::system::{Relation, System};

/// A cell as it was published.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedCell {
    /// Who was counted; index into [`Published::universes`].
    pub universe: usize,
    /// What was counted of them, see [`super::Cell::name`].
    pub name: String,
    /// The count, if it was shown.
    pub count: Option<u64>,
}

/// The tables of an earlier release, for the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Words for who was counted. The same word must mean the same persons.
    pub universes: Vec<String>,
    /// The cells.
    pub cells: Vec<PublishedCell>,
    /// What holds between them.
    pub relations: Vec<Relation>,
}

impl Published {
    /// What a mask lets through of a system.
    #[must_use]
    pub fn new(system: &System, mask: &Mask) -> Self {
        let cells = system.cells().iter().enumerate().map(|(at, cell)| PublishedCell {
            universe: cell.universe,
            name: cell.name.clone(),
            count: (!mask.hidden(at)).then_some(cell.count),
        });
        Self {
            universes: system.universes().to_vec(),
            cells: cells.collect(),
            relations: system.relations().to_vec(),
        }
    }

    /// Who was counted in a cell; empty when the record is damaged.
    #[must_use]
    pub fn universe(&self, cell: &PublishedCell) -> &str {
        self.universes.get(cell.universe).map_or("", String::as_str)
    }
}
