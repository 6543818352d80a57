//! A published table, read back from its file, and slices of it. A slice picks published cells; it never adds any up.

use std::collections::{BTreeMap, BTreeSet};

use musubi_model::spec::{CubeSpec, Dimension};

use super::{ViewError, name};
use crate::cubes::grid::apart;
use crate::grid::TOTAL;

/// The sign of what is hidden.
const HIDDEN: &str = "*";

/// The coordinates of a cell: a label for each dimension, or none for all.
pub(super) type At = Vec<Option<String>>;

/// A row as it went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Persons; `None`: hidden.
    pub persons: Option<u64>,
    /// The measures as they are written; `None`: hidden.
    pub measures: Vec<Option<String>>,
}

/// A published table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Its dimensions.
    pub dimensions: Vec<Dimension>,
    /// The names of its measures.
    pub measures: Vec<String>,
    /// The labels of each dimension, in the order of the file.
    labels: Vec<Vec<String>>,
    rows: BTreeMap<At, Row>,
}

/// What is wanted of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cut {
    /// The dimensions whose labels are shown.
    pub by: Vec<Dimension>,
    /// One label of a dimension.
    pub at: Vec<(Dimension, String)>,
}

/// A cell of a slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its coordinates in the table: one for each of the table's dimensions.
    pub at: Vec<Option<String>>,
    /// What went out.
    pub row: Row,
}

/// The fields of a line of CSV as it is published (RFC 4180).
fn fields(line: &str) -> Vec<String> {
    let (mut all, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut signs = line.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => {
                field.push('"');
                signs.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    all.push(field);
    all
}

impl Table {
    /// Reads the file of a table that was asked for.
    ///
    /// # Errors
    /// [`ViewError::Unreadable`].
    pub fn parse(asked: &CubeSpec, csv: &str) -> Result<Self, ViewError> {
        let width = asked.dimensions.len();
        let mut lines = csv.trim_start_matches('\u{feff}').lines();
        let header = fields(lines.next().ok_or(ViewError::Unreadable("no header"))?);
        let (expected, rest) =
            header.split_at_checked(width).ok_or(ViewError::Unreadable("too few columns"))?;
        let known = asked.dimensions.iter().zip(expected).all(|(d, h)| name(*d) == h);
        let (persons, measures) = rest.split_first().ok_or(ViewError::Unreadable("no column of persons"))?;
        if !known || persons != "persons" {
            return Err(ViewError::Unreadable("other columns than asked for"));
        }
        let mut labels: Vec<Vec<String>> = vec![Vec::new(); width];
        let mut seen: Vec<BTreeSet<String>> = vec![BTreeSet::new(); width];
        let mut rows = BTreeMap::new();
        for line in lines.filter(|l| !l.is_empty()) {
            let mut cells = fields(line).into_iter();
            let at: At = cells.by_ref().take(width).map(|l| (l != TOTAL).then_some(l)).collect();
            for ((label, list), seen) in at.iter().zip(&mut labels).zip(&mut seen) {
                if let Some(label) = label
                    && seen.insert(label.clone())
                {
                    list.push(label.clone());
                }
            }
            let persons = cells.next().ok_or(ViewError::Unreadable("a short row"))?;
            let persons = match persons.as_str() {
                HIDDEN => None,
                told => Some(told.parse().map_err(|_| ViewError::Unreadable("a count that is none"))?),
            };
            let told: Vec<Option<String>> = cells.map(|m| (m != HIDDEN).then_some(m)).collect();
            if told.len() != measures.len() || at.len() != width {
                return Err(ViewError::Unreadable("a row of another width"));
            }
            if rows.insert(at, Row { persons, measures: told }).is_some() {
                return Err(ViewError::Unreadable("a cell twice"));
            }
        }
        Ok(Self {
            name: asked.name.clone(),
            title: asked.title.clone(),
            dimensions: asked.dimensions.clone(),
            measures: measures.to_vec(),
            labels,
            rows,
        })
    }

    /// The labels of a dimension in their order.
    #[must_use]
    pub fn labels(&self, dimension: Dimension) -> &[String] {
        let at = self.dimensions.iter().position(|d| *d == dimension);
        at.and_then(|at| self.labels.get(at)).map_or(&[], Vec::as_slice)
    }

    /// A cell.
    #[must_use]
    pub fn row(&self, at: &[Option<String>]) -> Option<&Row> {
        self.rows.get(at)
    }

    /// How many cells there are, and how many of them are hidden.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.rows.len(), self.rows.values().filter(|r| r.persons.is_none()).count())
    }

    /// Is every person in one part of this dimension at most, so that it has totals?
    #[must_use]
    pub fn has_total(dimension: Dimension) -> bool {
        apart(dimension)
    }

    /// The cells of a cut, in the order of the labels. What is neither shown nor chosen is told as its total.
    ///
    /// # Errors
    /// [`ViewError::Dimension`], [`ViewError::Label`], [`ViewError::NoTotal`].
    pub fn slice(&self, cut: &Cut) -> Result<Vec<Seen>, ViewError> {
        let stranger =
            cut.by.iter().chain(cut.at.iter().map(|(d, _)| d)).find(|d| !self.dimensions.contains(d));
        if let Some(stranger) = stranger {
            let all: Vec<&str> = self.dimensions.iter().map(|d| name(*d)).collect();
            return Err(ViewError::Dimension { found: name(*stranger).to_owned(), expected: all.join(", ") });
        }
        let mut cells: Vec<At> = vec![Vec::new()];
        for (dimension, labels) in self.dimensions.iter().zip(&self.labels) {
            let chosen = cut.at.iter().find(|(d, _)| d == dimension).map(|(_, label)| label);
            let told: Vec<Option<String>> = match chosen {
                Some(label) if labels.contains(label) => vec![Some(label.clone())],
                Some(_) => {
                    return Err(ViewError::Label {
                        dimension: name(*dimension),
                        expected: labels.join(", "),
                    });
                }
                None if cut.by.contains(dimension) => labels.iter().cloned().map(Some).collect(),
                None if apart(*dimension) => vec![None],
                None => match labels.as_slice() {
                    [only] => vec![Some(only.clone())],
                    _ => return Err(ViewError::NoTotal(name(*dimension))),
                },
            };
            cells = cells
                .iter()
                .flat_map(|at| told.iter().map(|label| at.iter().cloned().chain([label.clone()]).collect()))
                .collect();
        }
        let seen = |at: At| self.rows.get(&at).cloned().map(|row| Seen { at, row });
        Ok(cells.into_iter().filter_map(seen).collect())
    }
}
