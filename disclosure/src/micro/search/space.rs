//! The lattice of recodings: what each level of each column costs, in whole numbers.
//!
//! A person whose value is told at a node costs unit·(leaves covered − 1), where unit·(D − 1) is the same whole number
//! for every column; so sums over columns and persons order recodings exactly as Loss does. It must never use floating point.

use crate::micro::dataset::Dataset;
use crate::micro::hierarchy::Hierarchy;

/// A recoding: a level for every column.
pub type Levels = Vec<u8>;

/// Persons by node, column after column: rows that a node does not tell.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// For every column the persons by node, at the levels of the table the counts were made from.
    pub by_node: Vec<Vec<u32>>,
    /// Persons in all.
    pub persons: u64,
}

/// One column of the lattice.
#[derive(Debug)]
pub struct Axis {
    /// For every level the cost of each node for one person.
    pub cost: Vec<Vec<u64>>,
    /// The cost of telling nothing for one person.
    pub full: u64,
    /// For every level the cost of all persons.
    base: Vec<u128>,
    /// For every level the dearest node.
    dearest: Vec<u64>,
    /// `up[fine][coarse - fine][node]`: the node at `coarse` that holds a node at `fine`.
    up: Vec<Vec<Vec<u32>>>,
}

/// The lattice.
#[derive(Debug)]
pub struct Space {
    axes: Vec<Axis>,
}

/// Units beyond this are rounded to whole numbers: sums over 2³¹ persons and many columns must fit.
const MOST: u64 = 1 << 40;

impl Space {
    pub(super) fn new(data: &Dataset) -> Self {
        let mut spans = data.columns().iter().map(|c| (c.hierarchy.leaves() as u64 - 1).max(1));
        let multiple = |all: u64, span| (all / gcd(all, span)).checked_mul(span).filter(|all| *all <= MOST);
        let common = spans.try_fold(1, multiple);
        let axes = data.columns().iter().map(|c| {
            let mut persons = vec![0_u32; c.hierarchy.leaves()];
            c.ids.each(|_, leaf| {
                if let Some(n) = persons.get_mut(leaf as usize) {
                    *n += 1;
                }
            });
            Axis::new(&c.hierarchy, &persons, common.unwrap_or(MOST))
        });
        Self { axes: axes.collect() }
    }

    /// The columns.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The finest recoding.
    pub fn bottom(&self) -> Levels {
        vec![0; self.axes.len()]
    }

    /// The coarsest recoding.
    pub fn top(&self) -> Levels {
        self.axes.iter().map(|a| u8::try_from(a.cost.len() - 1).unwrap_or(u8::MAX)).collect()
    }

    /// Cost of a recoding of all persons of whom `lost`, counted at the levels `counted`, are suppressed.
    pub fn cost(&self, levels: &[u8], lost: &Counts, counted: &[u8]) -> u128 {
        let mut sum = 0;
        for (d, axis) in self.axes.iter().enumerate() {
            let (Some(level), Some(from)) = (levels.get(d), counted.get(d)) else { continue };
            sum += axis.base.get(*level as usize).copied().unwrap_or_default();
            sum += lost.by_node.get(d).map_or(0, |by_node| axis.penalty(*from, *level, by_node));
        }
        sum
    }

    /// What suppressing a person costs at least beyond telling that person at `levels`, whoever it is.
    pub fn least_penalty(&self, levels: &[u8]) -> u64 {
        let one =
            |(a, level): (&Axis, &u8)| a.full - a.dearest.get(*level as usize).copied().unwrap_or(a.full);
        self.axes.iter().zip(levels).map(one).sum()
    }

    /// Cost of telling nothing of `persons`.
    pub fn everything(&self, persons: u64) -> u128 {
        u128::from(persons) * self.axes.iter().map(|a| u128::from(a.full)).sum::<u128>()
    }
}

impl Axis {
    fn new(h: &Hierarchy, persons: &[u32], common: u64) -> Self {
        let span = h.leaves() as u64 - 1;
        let unit = common.checked_div(span).unwrap_or(0);
        let nodes = |level: usize| 0..u32::try_from(h.nodes(level)).unwrap_or(u32::MAX);
        let cost: Vec<Vec<u64>> = (0..h.levels())
            .map(|level| nodes(level).map(|n| unit * u64::from(h.covered(level, n) - 1)).collect())
            .collect();
        let sum = |(level, cost): (usize, &Vec<u64>)| {
            let each = h.map(level).iter().zip(persons);
            each.map(|(node, n)| u128::from(*n) * u128::from(cost.get(*node as usize).copied().unwrap_or(0)))
                .sum()
        };
        let base = cost.iter().enumerate().map(sum).collect();
        let dearest = cost.iter().map(|c| c.iter().copied().max().unwrap_or_default()).collect();
        let up = (0..h.levels())
            .map(|fine| {
                let mut maps: Vec<Vec<u32>> = vec![nodes(fine).collect()];
                for coarse in fine..h.top() {
                    let last = maps.last().map_or(&[][..], |m| m);
                    maps.push(last.iter().map(|n| h.parent(coarse, *n)).collect());
                }
                maps
            })
            .collect();
        Self { cost, full: unit * span, base, dearest, up }
    }

    /// From nodes at `fine` to nodes at `coarse`.
    pub fn up(&self, fine: u8, coarse: u8) -> &[u32] {
        let map = self.up.get(fine as usize).and_then(|m| m.get(coarse.checked_sub(fine)? as usize));
        map.map_or(&[], |m| m)
    }

    /// How many nodes a level has.
    pub fn nodes(&self, level: u8) -> usize {
        self.cost.get(level as usize).map_or(1, Vec::len)
    }

    /// What suppressing persons, counted by node at `from`, costs beyond telling them at `level`.
    fn penalty(&self, from: u8, level: u8, by_node: &[u32]) -> u128 {
        let cost = self.cost.get(level as usize).map_or(&[][..], |c| c);
        let one = |(n, node): (&u32, &u32)| {
            u128::from(*n) * u128::from(self.full - cost.get(*node as usize).copied().unwrap_or_default())
        };
        by_node.iter().zip(self.up(from, level)).map(one).sum()
    }

    /// Counts at a coarser level.
    pub fn coarsen(&self, from: u8, to: u8, by_node: &[u32]) -> Vec<u32> {
        let mut out = vec![0; self.nodes(to)];
        for (n, node) in by_node.iter().zip(self.up(from, to)) {
            if let Some(sum) = out.get_mut(*node as usize) {
                *sum += n;
            }
        }
        out
    }
}

impl Counts {
    /// Nobody, at the levels of a table.
    pub fn none(space: &Space, levels: &[u8]) -> Self {
        let by_node = space.axes.iter().zip(levels).map(|(a, l)| vec![0; a.nodes(*l)]).collect();
        Self { by_node, persons: 0 }
    }

    /// Both, counted at the same levels.
    pub fn plus(mut self, other: &Self) -> Self {
        for (mine, theirs) in self.by_node.iter_mut().zip(&other.by_node) {
            mine.iter_mut().zip(theirs).for_each(|(a, b)| *a += b);
        }
        self.persons += other.persons;
        self
    }

    /// The same persons at coarser levels.
    pub fn coarsen(&self, space: &Space, from: &[u8], to: &[u8]) -> Self {
        let axes = space.axes.iter().zip(from.iter().zip(to)).zip(&self.by_node);
        let by_node = axes.map(|((a, (from, to)), n)| a.coarsen(*from, *to, n)).collect();
        Self { by_node, persons: self.persons }
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
