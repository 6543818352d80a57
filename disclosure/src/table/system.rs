//! All tables of a release as one system of linear relations between cells.
//!
//! It must never know what a cell means: an attacker does not need it either.

use super::TableError;

/// How a total and its parts are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// The total is the sum of the parts (each person is in one part).
    Sum,
    /// Each part is at most the total, and the total at most their sum (a person may be in several parts: diagnoses).
    Overlap,
    /// Each part is at most the total, nothing else is known (one universe within another).
    Within,
}

/// One cell: a number of persons, or of facilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Who is counted: the same word for the same persons, another for others. Index into [`System::universes`].
    pub universe: usize,
    /// What is counted of them, e.g. `area=P01|sex=F`; `Total` for all. Opaque to the engine.
    pub name: String,
    /// The count.
    pub count: u64,
    /// The grand total of its universe.
    pub top: bool,
    /// People living in the smallest municipality the cell speaks of, where it speaks of one.
    pub population: Option<u64>,
}

/// A total and its parts, as indices of cells.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Relation {
    /// The total.
    pub total: usize,
    /// Its parts.
    pub parts: Vec<usize>,
    /// How they are related.
    pub law: Law,
}

/// The tables of a release (公表する集計表の全体): cells and everything that holds between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct System {
    universes: Vec<String>,
    cells: Vec<Cell>,
    relations: Vec<Relation>,
}

impl System {
    /// Puts cells and relations together and checks that the counts satisfy the relations.
    ///
    /// # Errors
    /// [`TableError::Axes`] when an index leads nowhere, [`TableError::Sum`] when the counts contradict a relation.
    pub fn new(
        universes: Vec<String>,
        cells: Vec<Cell>,
        relations: Vec<Relation>,
    ) -> Result<Self, TableError> {
        let system = Self { universes, cells, relations };
        if system.cells.iter().any(|c| c.universe >= system.universes.len()) {
            return Err(TableError::Axes("a cell of a universe that was not named".to_owned()));
        }
        for relation in &system.relations {
            system.check(relation)?;
        }
        Ok(system)
    }

    fn check(&self, relation: &Relation) -> Result<(), TableError> {
        let unknown = || TableError::Axes("a relation between cells that do not exist".to_owned());
        let total = self.cells.get(relation.total).ok_or_else(unknown)?;
        let mut sum = 0u128;
        let mut greatest = 0;
        for part in &relation.parts {
            let part = self.cells.get(*part).ok_or_else(unknown)?;
            sum += u128::from(part.count);
            greatest = greatest.max(part.count);
        }
        let whole = u128::from(total.count);
        let holds = match relation.law {
            Law::Sum => sum == whole,
            Law::Overlap => greatest <= total.count && whole <= sum,
            Law::Within => greatest <= total.count,
        };
        if holds { Ok(()) } else { Err(TableError::Sum { cell: total.name.clone() }) }
    }

    /// Words for who is counted.
    #[must_use]
    pub fn universes(&self) -> &[String] {
        &self.universes
    }

    /// All cells.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// All relations.
    #[must_use]
    pub fn relations(&self) -> &[Relation] {
        &self.relations
    }

    /// The cell of a universe by its name; a walk over all cells.
    #[must_use]
    pub fn find(&self, universe: &str, name: &str) -> Option<usize> {
        let at = self.universes.iter().position(|u| u == universe)?;
        self.cells.iter().position(|c| c.universe == at && c.name == name)
    }

    /// What hiding a cell costs: its persons, at least 1.
    #[must_use]
    pub fn cost(&self, cell: usize) -> u64 {
        self.cells.get(cell).map_or(0, |c| c.count.max(1))
    }
}
