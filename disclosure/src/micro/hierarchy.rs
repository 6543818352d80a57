//! Hierarchies of generalisation (一般化階層): how each value of a column may be told more and more coarsely.
//!
//! Level 0 holds the leaves, the last level holds one node that covers them all. Every node of a level lies within one
//! node of the next (the levels are nested), so whoever knows the coarse value knows nothing that the fine one
//! does not say.
//!
//! It must never take a hierarchy that is not nested: searches and models rely on it. Its errors name lines and levels
//! of the hierarchy, which the operator wrote, never a person's value.

use std::collections::HashMap;

mod build;
#[cfg(test)]
mod tests;

pub use build::Band;

/// A hierarchy that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HierarchyError {
    /// No leaf at all.
    #[error("ANON_HIER_EMPTY: the hierarchy has no leaf; write one line per leaf (階層に葉がありません)")]
    Empty,
    /// A line with more or fewer levels than the first.
    #[error(
        "ANON_HIER_WIDTH: line {line} has {found} levels, line 1 has {expected}; give every leaf a label at every level (階層の列数が揃っていません)"
    )]
    Width {
        /// Line, from 1.
        line: usize,
        /// Levels on this line, the leaf included.
        found: usize,
        /// Levels on the first line.
        expected: usize,
    },
    /// An empty label.
    #[error(
        "ANON_HIER_BLANK: line {line}, level {level} is empty; write the label of this level, or repeat the one before (階層に空欄があります)"
    )]
    Blank {
        /// Line, from 1.
        line: usize,
        /// Level, from 0.
        level: usize,
    },
    /// The same leaf on two lines.
    #[error(
        "ANON_HIER_TWICE: line {line} repeats the leaf of line {first}; keep one of the two (同じ葉が二度あります)"
    )]
    Twice {
        /// Line, from 1.
        line: usize,
        /// The line that has the leaf already.
        first: usize,
    },
    /// Two lines agree at a level but not at the next.
    #[error(
        "ANON_HIER_NESTED: lines {first} and {line} have the same label at level {level} but not at level {}; one node has one parent (階層が入れ子になっていません)", level + 1
    )]
    Nested {
        /// Line, from 1.
        line: usize,
        /// The earlier line.
        first: usize,
        /// The level where they agree.
        level: usize,
    },
    /// The last level has more than one node.
    #[error(
        "ANON_HIER_TOP: the last level has {found} nodes, expected one; add a last level '*' to every line (最上位は一つでなければなりません)"
    )]
    Top {
        /// Nodes at the last level.
        found: usize,
    },
    /// More levels than the engine counts.
    #[error("ANON_HIER_DEEP: {found} levels, at most 255; leave some out (階層の段が多すぎます)")]
    Deep {
        /// Levels, the leaves included.
        found: usize,
    },
    /// A list of band widths that does not nest, or bounds the wrong way round.
    #[error("ANON_HIER_BANDS: {0} (階級の幅が正しくありません)")]
    Bands(&'static str),
}

/// One level: for every leaf its node, for every node its label, size and place in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Level {
    node: Vec<u32>,
    labels: Vec<Box<str>>,
    leaves: Vec<u32>,
    parent: Vec<u32>,
    children: Vec<Vec<u32>>,
}

/// A hierarchy: leaves, and at each level the node each leaf lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hierarchy {
    levels: Vec<Level>,
    index: HashMap<Box<str>, u32>,
}

impl Hierarchy {
    /// How many leaves the hierarchy has, whether or not a person has them (the `D` of the Loss formula).
    #[must_use]
    pub fn leaves(&self) -> usize {
        self.index.len()
    }

    /// How many levels, the leaves included: 2 for a flat hierarchy.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// The last level, whose one node covers everything.
    #[must_use]
    pub fn top(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }

    /// The leaf of this label.
    #[must_use]
    pub fn leaf(&self, label: &str) -> Option<u32> {
        self.index.get(label).copied()
    }

    /// `map[leaf] -> node` of one level; empty beyond the last level.
    #[must_use]
    pub fn map(&self, level: usize) -> &[u32] {
        self.levels.get(level).map_or(&[], |l| &l.node)
    }

    /// The node of `leaf` at `level`; 0 for what does not exist.
    #[must_use]
    pub fn node(&self, level: usize, leaf: u32) -> u32 {
        self.map(level).get(leaf as usize).copied().unwrap_or_default()
    }

    /// How many nodes a level has.
    #[must_use]
    pub fn nodes(&self, level: usize) -> usize {
        self.levels.get(level).map_or(0, |l| l.labels.len())
    }

    /// The label of a node; `*` for what does not exist.
    #[must_use]
    pub fn label(&self, level: usize, node: u32) -> &str {
        self.levels.get(level).and_then(|l| l.labels.get(node as usize)).map_or("*", |l| l)
    }

    /// How many leaves a node covers; all of them for what does not exist.
    #[must_use]
    pub fn covered(&self, level: usize, node: u32) -> u32 {
        let known = self.levels.get(level).and_then(|l| l.leaves.get(node as usize));
        known.copied().unwrap_or(u32::try_from(self.leaves()).unwrap_or(u32::MAX))
    }

    /// (leaves covered by the node of `leaf` at `level`) / (all leaves): the share `s` of the Loss formula.
    #[must_use]
    pub fn share(&self, level: usize, leaf: u32) -> f64 {
        f64::from(self.covered(level, self.node(level, leaf))) / self.leaves() as f64
    }

    /// The node one level up that holds this one; 0 at the top.
    #[must_use]
    pub fn parent(&self, level: usize, node: u32) -> u32 {
        self.levels.get(level).and_then(|l| l.parent.get(node as usize)).copied().unwrap_or_default()
    }

    /// The nodes one level down that this one holds, in ascending order; none below the leaves.
    #[must_use]
    pub fn children(&self, level: usize, node: u32) -> &[u32] {
        self.levels.get(level).and_then(|l| l.children.get(node as usize)).map_or(&[], |c| c)
    }

    /// From every leaf's labels, level by level, the leaf itself first. Nodes are numbered as they first appear.
    fn from_labels(rows: &[Vec<String>]) -> Result<Self, HierarchyError> {
        let width = rows.first().ok_or(HierarchyError::Empty)?.len();
        if width > usize::from(u8::MAX) {
            return Err(HierarchyError::Deep { found: width });
        }
        let mut maps = vec![HashMap::<&str, u32>::new(); width];
        let mut levels: Vec<Level> = (0..width).map(|_| Level::new(rows.len())).collect();
        let mut first_line = vec![Vec::<usize>::new(); width];
        for (at, row) in rows.iter().enumerate() {
            let line = at + 1;
            if row.len() != width {
                return Err(HierarchyError::Width { line, found: row.len(), expected: width });
            }
            let mut below: Option<(u32, bool, usize)> = None;
            for (level, label) in row.iter().enumerate() {
                let (Some(map), Some(here), Some(firsts)) =
                    (maps.get_mut(level), levels.get_mut(level), first_line.get_mut(level))
                else {
                    continue;
                };
                if label.is_empty() {
                    return Err(HierarchyError::Blank { line, level });
                }
                let fresh = u32::try_from(here.labels.len()).unwrap_or(u32::MAX);
                let node = *map.entry(label).or_insert(fresh);
                let first = firsts.get(node as usize).copied().unwrap_or(line);
                if node == fresh {
                    here.add(label);
                    firsts.push(line);
                } else if level == 0 {
                    return Err(HierarchyError::Twice { line, first });
                }
                here.take(node);
                if let Some((child, is_new, child_first)) = below {
                    if is_new && let Some(held) = here.children.get_mut(node as usize) {
                        held.push(child);
                    }
                    let Some(lower) = levels.get_mut(level - 1) else { continue };
                    if is_new {
                        lower.parent.push(node);
                    } else if lower.parent.get(child as usize) != Some(&node) {
                        return Err(HierarchyError::Nested { line, first: child_first, level: level - 1 });
                    }
                }
                below = Some((node, node == fresh, first));
            }
        }
        let found = levels.last().map_or(0, |l| l.labels.len());
        if found != 1 {
            return Err(HierarchyError::Top { found });
        }
        let index = maps.swap_remove(0).into_iter().map(|(label, leaf)| (label.into(), leaf)).collect();
        Ok(Self { levels, index })
    }
}

impl Level {
    fn new(leaves: usize) -> Self {
        Self {
            node: Vec::with_capacity(leaves),
            labels: Vec::new(),
            leaves: Vec::new(),
            parent: Vec::new(),
            children: Vec::new(),
        }
    }

    fn add(&mut self, label: &str) {
        self.labels.push(label.into());
        self.leaves.push(0);
        self.children.push(Vec::new());
    }

    fn take(&mut self, node: u32) {
        self.node.push(node);
        if let Some(leaves) = self.leaves.get_mut(node as usize) {
            *leaves += 1;
        }
    }
}
