//! The persons as small numbers: one row per person, quasi-identifiers (準識別子) as leaves of their hierarchies,
//! sensitive values (機微な値) beside them.
//!
//! It must never hold a value that its hierarchy does not know, and never say a value in an error: column and row only.

use std::collections::HashMap;
use std::sync::Arc;

use super::hierarchy::Hierarchy;

mod ids;
mod tuples;

pub use ids::Ids;
pub use tuples::Tuples;

/// A row that cannot be taken, or columns that do not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatasetError {
    /// A value that the hierarchy of its column does not have.
    #[error(
        "ANON_LEAF: row {row}, column '{column}': the value is not a leaf of the column's hierarchy; add it to the hierarchy or mend the row (階層にない値です)"
    )]
    Leaf {
        /// The column's name.
        column: String,
        /// Row, from 1.
        row: usize,
    },
    /// A row with more or fewer cells than there are columns.
    #[error("ANON_WIDTH: row {row} has {found} cells, expected {expected} (行の列数が違います)")]
    Width {
        /// Row, from 1.
        row: usize,
        /// Cells of the row.
        found: usize,
        /// Columns declared.
        expected: usize,
    },
    /// Nothing to work on.
    #[error("ANON_EMPTY: no {0}; give at least one ({0}がありません)")]
    Empty(&'static str),
    /// More rows or values than the engine counts.
    #[error(
        "ANON_SIZE: more than 2,147,483,647 rows or distinct values; split the data (行数が上限を超えました)"
    )]
    Size,
    /// Columns given as numbers that do not fit each other.
    #[error("ANON_COLUMN: column '{column}' {problem} (列が正しくありません)")]
    Column {
        /// The column's name.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// A quasi-identifier: for every row the leaf of its hierarchy.
#[derive(Debug, Clone)]
pub struct Column {
    /// The column's name, as in the release.
    pub name: String,
    /// What the leaves are.
    pub hierarchy: Arc<Hierarchy>,
    /// For every row its leaf.
    pub ids: Ids,
}

/// A sensitive column: for every row the number of its value.
#[derive(Debug, Clone)]
pub struct Sensitive {
    /// The column's name, as in the release.
    pub name: String,
    /// For every row the number of its value, below `domain`.
    pub ids: Ids,
    /// How many different values there are.
    pub domain: u32,
    /// Set when the values were declared: their order, and which lie close to each other.
    pub hierarchy: Option<Arc<Hierarchy>>,
}

/// The rows.
#[derive(Debug, Clone)]
pub struct Dataset {
    columns: Vec<Column>,
    sensitive: Vec<Sensitive>,
    rows: usize,
}

/// A quasi-identifier or sensitive column before there are rows.
#[derive(Debug, Clone)]
struct Declared {
    name: String,
    hierarchy: Option<Arc<Hierarchy>>,
    found: HashMap<Box<str>, u32>,
    ids: Ids,
}

/// Takes rows one by one.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    quasi: Vec<Declared>,
    sensitive: Vec<Declared>,
    rows: usize,
}

impl Builder {
    /// Declares a quasi-identifier.
    #[must_use]
    pub fn quasi(mut self, name: &str, hierarchy: Arc<Hierarchy>) -> Self {
        self.quasi.push(Declared::new(name, Some(hierarchy)));
        self
    }

    /// Declares a sensitive column. With a hierarchy, values must be its leaves, ordered distances use the order of
    /// its leaves and hierarchical ones its levels; without, any value is taken.
    #[must_use]
    pub fn sensitive(mut self, name: &str, hierarchy: Option<Arc<Hierarchy>>) -> Self {
        self.sensitive.push(Declared::new(name, hierarchy));
        self
    }

    /// Takes one row: quasi-identifiers and sensitive values in the order they were declared.
    ///
    /// # Errors
    /// [`DatasetError::Width`], [`DatasetError::Leaf`], [`DatasetError::Size`]; the row is then unusable and so is
    /// the builder's last row: start again with a mended input.
    pub fn push<S: AsRef<str>>(&mut self, quasi: &[S], sensitive: &[S]) -> Result<(), DatasetError> {
        let row = self.rows + 1;
        let (found, expected) = (quasi.len() + sensitive.len(), self.quasi.len() + self.sensitive.len());
        if quasi.len() != self.quasi.len() || found != expected {
            return Err(DatasetError::Width { row, found, expected });
        }
        let cells = quasi.iter().chain(sensitive);
        for (column, cell) in self.quasi.iter_mut().chain(&mut self.sensitive).zip(cells) {
            column.push(cell.as_ref(), row)?;
        }
        self.rows = row;
        Ok(())
    }

    /// The rows taken so far as a data set. Sensitive values without a hierarchy are numbered in the order of their
    /// labels, so that the order of the rows changes nothing.
    ///
    /// # Errors
    /// [`DatasetError::Empty`] without a row or a quasi-identifier; [`DatasetError::Size`].
    pub fn finish(self) -> Result<Dataset, DatasetError> {
        let columns = self.quasi.into_iter().filter_map(|column| {
            Some(Column { name: column.name, hierarchy: column.hierarchy?, ids: column.ids })
        });
        Dataset::new(columns.collect(), self.sensitive.into_iter().map(Declared::sorted).collect())
    }
}

impl Declared {
    fn new(name: &str, hierarchy: Option<Arc<Hierarchy>>) -> Self {
        let leaves = hierarchy.as_ref().map_or(0, |h| h.leaves());
        Self { name: name.to_owned(), hierarchy, found: HashMap::new(), ids: Ids::for_values(leaves) }
    }

    fn push(&mut self, cell: &str, row: usize) -> Result<(), DatasetError> {
        let id = match &self.hierarchy {
            Some(hierarchy) => {
                let unknown = || DatasetError::Leaf { column: self.name.clone(), row };
                hierarchy.leaf(cell).ok_or_else(unknown)?
            }
            None => match self.found.get(cell) {
                Some(id) => *id,
                None => {
                    let fresh = u32::try_from(self.found.len()).map_err(|_| DatasetError::Size)?;
                    self.found.insert(cell.into(), fresh);
                    fresh
                }
            },
        };
        self.ids.push(id);
        Ok(())
    }

    fn sorted(self) -> Sensitive {
        let Self { name, hierarchy, found, ids } = self;
        if let Some(h) = &hierarchy {
            let domain = u32::try_from(h.leaves()).unwrap_or(u32::MAX);
            return Sensitive { name, ids, domain, hierarchy };
        }
        let domain = u32::try_from(found.len()).unwrap_or(u32::MAX);
        let mut labels: Vec<(Box<str>, u32)> = found.into_iter().collect();
        labels.sort_unstable();
        let mut number = vec![0; labels.len()];
        for ((_, old), new) in labels.iter().zip(0..) {
            if let Some(slot) = number.get_mut(*old as usize) {
                *slot = new;
            }
        }
        Sensitive { name, ids: ids.renumbered(&number), domain, hierarchy }
    }
}

impl Dataset {
    /// A data set from columns that are numbers already.
    ///
    /// # Errors
    /// Columns of different length, or numbers beyond their hierarchy or domain.
    pub fn new(columns: Vec<Column>, sensitive: Vec<Sensitive>) -> Result<Self, DatasetError> {
        let rows = columns.first().ok_or(DatasetError::Empty("column"))?.ids.len();
        if rows == 0 {
            return Err(DatasetError::Empty("row"));
        }
        i32::try_from(rows).map_err(|_| DatasetError::Size)?;
        let quasi = columns.iter().map(|c| (&c.name, &c.ids, c.hierarchy.leaves()));
        for (name, ids, domain) in quasi.chain(sensitive.iter().map(|s| (&s.name, &s.ids, s.domain as usize)))
        {
            let wrong = |problem| DatasetError::Column { column: name.clone(), problem };
            if ids.len() != rows {
                return Err(wrong("has another number of rows than the first"));
            }
            if ids.iter().max().is_some_and(|most| most as usize >= domain) {
                return Err(wrong("has a number that is not one of its values"));
            }
        }
        Ok(Self { columns, sensitive, rows })
    }

    /// How many rows (persons).
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The quasi-identifiers.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The sensitive columns.
    #[must_use]
    pub fn sensitive(&self) -> &[Sensitive] {
        &self.sensitive
    }

    /// Persons equal in every quasi-identifier and sensitive value merged, in ascending order of their numbers.
    #[must_use]
    pub fn tuples(&self) -> Tuples {
        Tuples::of(self)
    }

    /// Where each sensitive column's counts lie in the histogram of a class, all columns one after the other, and
    /// the length of that histogram.
    #[must_use]
    pub fn histogram_layout(&self) -> (Vec<std::ops::Range<usize>>, usize) {
        let mut end = 0;
        let mut place = |s: &Sensitive| {
            let start = end;
            end += s.domain as usize;
            start..end
        };
        let ranges = self.sensitive.iter().map(&mut place).collect();
        (ranges, end)
    }
}
