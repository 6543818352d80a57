//! Counting persons into tables with all their totals (集計), and linking the tables of a release.
//!
//! A table that lacks an axis shows that axis's total, so tables of one universe share cells. Persons are counted, not
//! records: whoever has three diagnoses of a chapter is one person of that chapter, and one of the total.
//!
//! It must never keep who was counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::TableError;
use super::system::{Cell, Law, Relation, System};

/// Most cells of all tables together.
const CELLS_MAX: u128 = 4_000_000;

/// A node of an axis; 0 is its total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    /// All values of the axis together.
    pub const TOTAL: Self = Self(0);

    fn at(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A table of a cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(usize);

#[derive(Debug, Clone)]
struct Node {
    label: String,
    parent: NodeId,
    population: Option<u64>,
}

/// A dimension (集計軸): a tree of values under their total.
#[derive(Debug, Clone)]
pub struct Axis {
    name: String,
    nodes: Vec<Node>,
    overlapping: bool,
}

impl Axis {
    /// An axis without values yet. Its name and labels must not hold `=` or `|`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let total = Node { label: "Total".to_owned(), parent: NodeId::TOTAL, population: None };
        Self { name: name.to_owned(), nodes: vec![total], overlapping: false }
    }

    /// An axis of values without order above them.
    #[must_use]
    pub fn flat<S: AsRef<str>>(name: &str, labels: &[S]) -> Self {
        let mut axis = Self::new(name);
        for label in labels {
            axis.add(NodeId::TOTAL, label.as_ref());
        }
        axis
    }

    /// A person may have several values of this axis (diagnoses, drugs, months of care).
    #[must_use]
    pub fn overlapping(mut self) -> Self {
        self.overlapping = true;
        self
    }

    /// Adds a value below another. What is put below an unknown node stands below the total.
    pub fn add(&mut self, parent: NodeId, label: &str) -> NodeId {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let parent = if parent.at() < self.nodes.len() { parent } else { NodeId::TOTAL };
        self.nodes.push(Node { label: label.to_owned(), parent, population: None });
        id
    }

    /// Says that a value is a municipality (市区町村) of so many people.
    pub fn set_population(&mut self, node: NodeId, people: u64) {
        if let Some(node) = self.nodes.get_mut(node.at()) {
            node.population = Some(people);
        }
    }

    /// The value with this label.
    #[must_use]
    pub fn node(&self, label: &str) -> Option<NodeId> {
        self.nodes.iter().position(|n| n.label == label).and_then(|at| u32::try_from(at).ok()).map(NodeId)
    }

    /// The label of a value; empty for one that does not exist.
    #[must_use]
    pub fn label(&self, node: NodeId) -> &str {
        self.nodes.get(node.at()).map_or("", |n| n.label.as_str())
    }

    fn parent(&self, node: NodeId) -> Option<NodeId> {
        if node == NodeId::TOTAL { None } else { self.nodes.get(node.at()).map(|n| n.parent) }
    }

    /// The value and all above it, the total last.
    fn upward(&self, node: NodeId) -> Vec<NodeId> {
        let mut path = vec![node];
        let mut here = node;
        while let Some(parent) = self.parent(here) {
            path.push(parent);
            here = parent;
        }
        path
    }

    fn bits(&self) -> u32 {
        usize::BITS - self.nodes.len().saturating_sub(1).leading_zeros()
    }

    fn problem(&self) -> Option<&'static str> {
        let bad = |s: &str| s.is_empty() || s.contains(['=', '|']);
        let labels: BTreeSet<&str> = self.nodes.iter().map(|n| n.label.as_str()).collect();
        match () {
            () if bad(&self.name) || self.nodes.iter().any(|n| bad(&n.label)) => {
                Some("a name or label is empty or holds '=' or '|'")
            }
            () if labels.len() != self.nodes.len() => Some("a label twice, or one called Total"),
            () => None,
        }
    }
}

#[derive(Debug, Clone)]
struct Table {
    universe: usize,
    axes: Vec<usize>,
    counts: HashMap<u128, u64>,
}

/// The tables of a release while they are being counted.
#[derive(Debug, Clone)]
pub struct Cube {
    axes: Vec<Axis>,
    shifts: Vec<u32>,
    universes: Vec<String>,
    tables: Vec<Table>,
}

impl Cube {
    /// A cube over these axes.
    ///
    /// # Errors
    /// [`TableError::Axes`]: names or labels doubled or with forbidden characters, more than 128 bits of codes.
    pub fn new(axes: Vec<Axis>) -> Result<Self, TableError> {
        let names: BTreeSet<&str> = axes.iter().map(|a| a.name.as_str()).collect();
        if names.len() != axes.len() {
            return Err(TableError::Axes("an axis twice".to_owned()));
        }
        if let Some((axis, problem)) = axes.iter().find_map(|a| a.problem().map(|p| (a, p))) {
            return Err(TableError::Axes(format!("axis {}: {problem}", axis.name)));
        }
        let mut shifts = Vec::with_capacity(axes.len());
        let mut bits = 0u32;
        for axis in &axes {
            shifts.push(bits);
            bits += axis.bits();
        }
        if bits > 128 {
            return Err(TableError::Axes(format!("the codes need {bits} bits, 128 are the most")));
        }
        Ok(Self { axes, shifts, universes: Vec::new(), tables: Vec::new() })
    }

    /// Adds a table over some of the axes. `universe` says who is counted: tables with the same word share their cells.
    ///
    /// # Errors
    /// [`TableError::Axes`] for an unknown axis or one named twice.
    pub fn table(&mut self, universe: &str, axes: &[&str]) -> Result<TableId, TableError> {
        let mut chosen = Vec::with_capacity(axes.len());
        for name in axes {
            let at = self.axes.iter().position(|a| a.name == *name);
            let at = at.ok_or_else(|| TableError::Axes(format!("axis {name} was not declared")))?;
            if chosen.contains(&at) {
                return Err(TableError::Axes(format!("axis {name} twice in a table")));
            }
            chosen.push(at);
        }
        let universe = match self.universes.iter().position(|u| u == universe) {
            Some(at) => at,
            None => {
                self.universes.push(universe.to_owned());
                self.universes.len() - 1
            }
        };
        self.tables.push(Table { universe, axes: chosen, counts: HashMap::new() });
        Ok(TableId(self.tables.len() - 1))
    }

    /// Counts one person: `facts` holds one row of values per fact, in the order of the table's axes. The person counts
    /// once in every cell that any of the facts falls into.
    ///
    /// # Errors
    /// [`TableError::Axes`] for an unknown table, a row of another length or an unknown value; a person with facts of
    /// different values on an axis that was not declared overlapping.
    pub fn person(&mut self, table: TableId, facts: &[&[NodeId]]) -> Result<(), TableError> {
        let at = self.known(table)?;
        if let [first, rest @ ..] = facts {
            let axes = self.tables.get(at).map(|t| t.axes.as_slice()).unwrap_or_default();
            for (nth, axis) in axes.iter().enumerate() {
                let overlapping = self.axes.get(*axis).is_some_and(|a| a.overlapping);
                if !overlapping && rest.iter().any(|fact| fact.get(nth) != first.get(nth)) {
                    return Err(TableError::Axes(
                        "a person with two values on an axis that allows one".to_owned(),
                    ));
                }
            }
        }
        let mut cells = BTreeSet::new();
        for fact in facts {
            cells.extend(self.covered(at, fact)?);
        }
        self.add(at, cells, 1)
    }

    /// Adds persons known only as a count of one finest cell; its totals grow with it. For tables without overlapping
    /// axes.
    ///
    /// # Errors
    /// [`TableError::Axes`] as [`Cube::person`], and when an axis of the table is overlapping.
    pub fn count(&mut self, table: TableId, values: &[NodeId], persons: u64) -> Result<(), TableError> {
        let at = self.known(table)?;
        let axes = self.tables.get(at).map(|t| t.axes.as_slice()).unwrap_or_default();
        if axes.iter().any(|a| self.axes.get(*a).is_some_and(|a| a.overlapping)) {
            return Err(TableError::Axes(
                "counts of parts cannot be added on an overlapping axis".to_owned(),
            ));
        }
        let cells = self.covered(at, values)?;
        self.add(at, cells, persons)
    }

    fn add(
        &mut self,
        at: usize,
        cells: impl IntoIterator<Item = u128>,
        persons: u64,
    ) -> Result<(), TableError> {
        let Some(table) = self.tables.get_mut(at) else { return Ok(()) };
        for cell in cells {
            let count = table.counts.entry(cell).or_insert(0);
            *count = count.checked_add(persons).ok_or(TableError::Rule("a count is too great"))?;
        }
        Ok(())
    }

    fn known(&self, table: TableId) -> Result<usize, TableError> {
        let unknown = || TableError::Axes("a table that was not declared".to_owned());
        if table.0 < self.tables.len() { Ok(table.0) } else { Err(unknown()) }
    }

    /// The packed codes of a cell and of all cells above it.
    fn covered(&self, at: usize, values: &[NodeId]) -> Result<Vec<u128>, TableError> {
        let axes = self.tables.get(at).map(|t| t.axes.as_slice()).unwrap_or_default();
        if axes.len() != values.len() {
            let (found, expected) = (values.len(), axes.len());
            return Err(TableError::Axes(format!("{found} values for a table of {expected} axes")));
        }
        let mut keys = vec![0u128];
        for (axis, value) in axes.iter().zip(values) {
            let (Some(tree), Some(shift)) = (self.axes.get(*axis), self.shifts.get(*axis)) else { continue };
            if value.at() >= tree.nodes.len() {
                return Err(TableError::Axes(format!("a value that axis {} does not have", tree.name)));
            }
            let path = tree.upward(*value);
            let step = |key: &u128| -> Vec<u128> {
                path.iter().map(|node| key | (u128::from(node.0) << shift)).collect()
            };
            keys = keys.iter().flat_map(step).collect();
        }
        Ok(keys)
    }

    /// Ends the counting: every cell of every table, zeros too, and every relation between them, cells shared by
    /// tables of one universe standing once.
    ///
    /// # Errors
    /// [`TableError::Size`]; [`TableError::Sum`] when two tables of one universe disagree on a cell.
    pub fn build(&self) -> Result<System, TableError> {
        let found: u128 = self.tables.iter().map(|t| self.size(t)).sum();
        if found > CELLS_MAX {
            return Err(TableError::Size { found, max: CELLS_MAX });
        }
        // Cells in the order of (universe, packed code): the same for any order of tables and persons.
        let mut counts: BTreeMap<(usize, u128), u64> = BTreeMap::new();
        for table in &self.tables {
            for key in self.all_keys(table) {
                let count = table.counts.get(&key).copied().unwrap_or(0);
                let earlier = *counts.entry((table.universe, key)).or_insert(count);
                if earlier != count {
                    return Err(TableError::Sum { cell: self.describe(key).0 });
                }
            }
        }
        let index: HashMap<(usize, u128), usize> =
            counts.keys().enumerate().map(|(at, key)| (*key, at)).collect();
        let cells = counts.iter().map(|((universe, key), count)| {
            let (name, population) = self.describe(*key);
            Cell { universe: *universe, name, count: *count, top: *key == 0, population }
        });
        let relations = self.relations(&index);
        System::new(self.universes.clone(), cells.collect(), relations)
    }

    fn size(&self, table: &Table) -> u128 {
        let nodes = table.axes.iter().map(|a| self.axes.get(*a).map_or(1, |a| a.nodes.len()));
        nodes.fold(1u128, |size, n| size.saturating_mul(u128::try_from(n).unwrap_or(u128::MAX)))
    }

    fn all_keys(&self, table: &Table) -> Vec<u128> {
        let mut keys = vec![0u128];
        for axis in &table.axes {
            let (Some(tree), Some(shift)) = (self.axes.get(*axis), self.shifts.get(*axis)) else { continue };
            let nodes = u128::try_from(tree.nodes.len()).unwrap_or(0);
            let step = |key: u128| (0..nodes).map(move |node| key | (node << shift));
            keys = keys.into_iter().flat_map(step).collect();
        }
        keys
    }

    fn node_of(&self, key: u128, axis: usize) -> NodeId {
        let (Some(tree), Some(shift)) = (self.axes.get(axis), self.shifts.get(axis)) else {
            return NodeId::TOTAL;
        };
        let mask = (1u128 << tree.bits()) - 1;
        NodeId(u32::try_from((key.checked_shr(*shift).unwrap_or(0)) & mask).unwrap_or(0))
    }

    /// The name of a cell, and the people of the smallest municipality it speaks of.
    fn describe(&self, key: u128) -> (String, Option<u64>) {
        let mut parts = Vec::new();
        let mut population: Option<u64> = None;
        for (at, axis) in self.axes.iter().enumerate() {
            let node = self.node_of(key, at);
            if node == NodeId::TOTAL {
                continue;
            }
            parts.push(format!("{}={}", axis.name, axis.label(node)));
            // A part of a municipality lives in it too.
            let people = axis.upward(node).iter().filter_map(|n| axis.nodes.get(n.at())?.population).min();
            population = [population, people].into_iter().flatten().min();
        }
        parts.sort_unstable();
        let name = if parts.is_empty() { "Total".to_owned() } else { parts.join("|") };
        (name, population)
    }

    fn relations(&self, index: &HashMap<(usize, u128), usize>) -> Vec<Relation> {
        let mut found: BTreeMap<(usize, usize), Relation> = BTreeMap::new();
        for table in &self.tables {
            for axis in &table.axes {
                let (Some(tree), Some(shift)) = (self.axes.get(*axis), self.shifts.get(*axis)) else {
                    continue;
                };
                let mut children: BTreeMap<NodeId, Vec<u32>> = BTreeMap::new();
                for node in 1..u32::try_from(tree.nodes.len()).unwrap_or(0) {
                    if let Some(parent) = tree.parent(NodeId(node)) {
                        children.entry(parent).or_default().push(node);
                    }
                }
                let law = if tree.overlapping { Law::Overlap } else { Law::Sum };
                for key in self.all_keys(table) {
                    let Some(below) = children.get(&self.node_of(key, *axis)) else { continue };
                    let base = key & !(((1u128 << tree.bits()) - 1) << shift);
                    let cell = |node: &u32| {
                        index.get(&(table.universe, base | (u128::from(*node) << shift))).copied()
                    };
                    let parts: Vec<usize> = below.iter().filter_map(cell).collect();
                    if let Some(total) = index.get(&(table.universe, key)) {
                        found.entry((*total, *axis)).or_insert(Relation { total: *total, parts, law });
                    }
                }
            }
        }
        found.into_values().collect()
    }
}
