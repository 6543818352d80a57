//! k^m within one class (k^m-匿名性): from the coarsest items downwards, as far as it is safe.
//!
//! Everything begins as "something, some time"; what even so cannot be told is taken out. Then items are made finer,
//! code by code and bin by bin, for all persons for whom it is safe; the others stay where they are. So at every moment
//! any `m` items that one person has are had by at least `k` persons of the class. It must never make an item finer
//! without having counted, and never look at another class.

#![allow(clippy::indexing_slicing)] // hot loops over numbers made here: leaves, cells and persons of one class

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use super::codes::Ladders;
use super::grid::{Grid, UNDATED};
use super::split::{Groups, Scratch};
use super::{Event, Order};

/// Stands for the cell of a leaf that was taken out.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Passes over all items of a class. A second one finds a little more, a third hardly anything.
const PASSES: usize = 2;

/// What the engine aims at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aim {
    /// Known events, 1 to 3.
    pub m: u32,
    /// Persons that must share them.
    pub k: u32,
    /// Are days known to the attacker?
    pub dates_known: bool,
    /// What becomes finer first.
    pub order: Order,
    /// May single persons stay behind? Otherwise a code is as fine for all persons of the class or for none.
    pub local: bool,
}

/// A code of a person in a finest bin, with all its events: what is moved as one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    /// Position of the person within the class.
    pub person: u32,
    pub code: u32,
    /// First day of the finest bin, or [`UNDATED`].
    pub day: i32,
    /// Events in it.
    pub weight: u32,
}

/// The leaves of a class. `events` are sorted by person, code and day; each leaf is a run of `weight` events.
pub(super) fn leaves(events: &[Event], grid: &Grid, dates_known: bool) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = Vec::new();
    let (mut person, mut last) = (0, None);
    for event in events {
        if last.is_some_and(|id| id != event.person) {
            person += 1;
        }
        last = Some(event.person);
        let day = match event.day {
            Some(day) if dates_known => grid.start(grid.finest(), day),
            _ => UNDATED,
        };
        match leaves.last_mut() {
            Some(leaf) if (leaf.person, leaf.code, leaf.day) == (person, event.code, day) => leaf.weight += 1,
            _ => leaves.push(Leaf { person, code: event.code, day, weight: 1 }),
        }
    }
    leaves
}

/// A label and a bin: an item as it is written.
pub(super) type CellKey = (u32, u8, i32);

/// The outcome for a class.
#[derive(Debug, Clone, Default)]
pub(super) struct Placed {
    /// Cells by number.
    pub cells: Vec<CellKey>,
    /// By leaf: the cell, or [`NOWHERE`].
    pub cell_of: Vec<u32>,
}

/// How an item becomes finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Axis {
    Code,
    Time,
}

pub(super) struct Class<'a> {
    pub ladders: &'a Ladders,
    /// By code: labels of its chain that may be told.
    pub depth: &'a [u8],
    pub grid: &'a Grid,
    pub aim: Aim,
    pub leaves: Vec<Leaf>,
    pub cell_of: Vec<u32>,
    pub cells: Vec<CellKey>,
    /// By cell: its leaves, in order.
    pub members: Vec<Vec<u32>>,
    index: HashMap<CellKey, u32>,
    /// By person: cells with the number of leaves in each.
    pub items: Vec<Vec<(u32, u32)>>,
}

/// Places the leaves of a class.
pub(super) fn specialise(
    leaves: Vec<Leaf>,
    ladders: &Ladders,
    depth: &[u8],
    grid: &Grid,
    aim: Aim,
) -> Placed {
    let persons = leaves.last().map_or(0, |leaf| leaf.person as usize + 1);
    let mut class = Class {
        ladders,
        depth,
        grid,
        aim,
        cell_of: vec![NOWHERE; leaves.len()],
        leaves,
        cells: Vec::new(),
        members: Vec::new(),
        index: HashMap::new(),
        items: vec![Vec::new(); persons],
    };
    class.begin();
    class.descend();
    Placed { cells: class.cells, cell_of: class.cell_of }
}

impl Class<'_> {
    /// The number of a cell, made when new.
    pub(super) fn cell(&mut self, key: CellKey) -> u32 {
        let next = u32::try_from(self.cells.len()).unwrap_or(NOWHERE);
        let cell = *self.index.entry(key).or_insert(next);
        if cell == next {
            self.cells.push(key);
            self.members.push(Vec::new());
        }
        cell
    }

    /// The number of a cell, if there is one.
    pub(super) fn index_of(&self, key: CellKey) -> Option<u32> {
        self.index.get(&key).copied()
    }

    /// Where a leaf would go from its cell when it became one step finer.
    pub(super) fn finer(&self, leaf: &Leaf, (label, level, start): CellKey, axis: Axis) -> Option<CellKey> {
        match axis {
            Axis::Code => {
                let chain = self.ladders.chain(leaf.code);
                let depth = usize::from(self.depth[leaf.code as usize]);
                let at = chain.iter().position(|&l| l == label)?;
                chain.get(at + 1).filter(|_| at + 1 < depth).map(|&finer| (finer, level, start))
            }
            Axis::Time if leaf.day == UNDATED || level >= self.grid.finest() => None,
            Axis::Time => Some((label, level + 1, self.grid.start(level + 1, leaf.day))),
        }
    }

    /// The coarsest items, without those that cannot be told.
    fn begin(&mut self) {
        let roots: Vec<CellKey> =
            self.leaves.iter().map(|l| (self.ladders.chain(l.code)[0], 0, UNDATED)).collect();
        let cells: Vec<u32> = roots.into_iter().map(|key| self.cell(key)).collect();
        let mut held: Vec<Vec<u32>> = vec![Vec::new(); self.items.len()];
        for (leaf, &cell) in self.leaves.iter().zip(&cells) {
            held[leaf.person as usize].push(cell);
        }
        for set in &mut held {
            set.sort_unstable();
            set.dedup();
        }
        thin_out(&mut held, self.aim.m as usize, self.aim.k);
        for (at, (leaf, cell)) in self.leaves.iter().zip(cells).enumerate() {
            if held[leaf.person as usize].binary_search(&cell).is_ok() {
                self.cell_of[at] = cell;
                self.members[cell as usize].push(u32::try_from(at).unwrap_or(NOWHERE));
                add(&mut self.items[leaf.person as usize], cell, 1);
            }
        }
    }

    /// Makes items finer until nothing more is safe: what failed beside items that have since become finer, or left,
    /// is tried again, a few times over.
    fn descend(&mut self) {
        let mut tasks = BinaryHeap::new();
        let mut scratch = Scratch::new(self.aim, self.items.len());
        for _ in 0..PASSES {
            for cell in 0..u32::try_from(self.cells.len()).unwrap_or(NOWHERE) {
                self.plan(&mut tasks, cell, None);
            }
            let mut moved = false;
            while let Some((_, _, Reverse(cell), Reverse(axis))) = tasks.pop() {
                let Some(groups) = Groups::of(self, cell, axis) else { continue };
                for target in groups.settle(self, &mut scratch) {
                    self.plan(&mut tasks, target, Some(axis));
                    moved = true;
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Puts a cell on the list, along the axes that make sense after it was reached along `from`.
    fn plan(&self, tasks: &mut BinaryHeap<Task>, cell: u32, from: Option<Axis>) {
        let weight = self.members[cell as usize].len();
        for axis in [Axis::Code, Axis::Time] {
            let (first, second) = match self.aim.order {
                Order::Balanced => (None, None),
                Order::CodesFirst => (Some(Axis::Code), Some(Axis::Time)),
                Order::TimeFirst => (Some(Axis::Time), Some(Axis::Code)),
            };
            // What was reached along the second axis has had its turn along the first.
            if second.is_some() && from == second && Some(axis) == first {
                continue;
            }
            tasks.push((first == Some(axis), weight, Reverse(cell), Reverse(axis)));
        }
    }
}

/// First along the preferred axis, then by leaves.
type Task = (bool, usize, Reverse<u32>, Reverse<Axis>);

/// Adds leaves to a cell of a person.
pub(super) fn add(items: &mut Vec<(u32, u32)>, cell: u32, leaves: u32) {
    match items.iter_mut().find(|(id, _)| *id == cell) {
        Some((_, n)) => *n += leaves,
        None => items.push((cell, leaves)),
    }
}

/// Takes leaves from a cell of a person.
pub(super) fn take(items: &mut Vec<(u32, u32)>, cell: u32, leaves: u32) {
    if let Some(at) = items.iter().position(|(id, _)| *id == cell) {
        let left = items[at].1.saturating_sub(leaves);
        if left == 0 {
            items.swap_remove(at);
        } else {
            items[at].1 = left;
        }
    }
}

/// Takes items out of sets until every subset of at most `m` is had by at least `k` of them: of each bad subset the item
/// that fewest have. For few different items.
fn thin_out(held: &mut [Vec<u32>], m: usize, k: u32) {
    loop {
        let mut counts: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        for set in held.iter() {
            for subset in subsets(set, m) {
                *counts.entry(subset).or_insert(0) += 1;
            }
        }
        let count = |subset: &[u32]| counts.get(subset).copied().unwrap_or(0);
        let mut changed = false;
        for set in held.iter_mut() {
            let bad = subsets(set, m).into_iter().find(|subset| count(subset) < k);
            let rarest =
                bad.and_then(|bad| bad.into_iter().min_by_key(|&item| (count(&[item]), Reverse(item))));
            if let Some(rarest) = rarest {
                set.retain(|&item| item != rarest);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// All subsets of 1 to `m` items, smallest first.
fn subsets(set: &[u32], m: usize) -> Vec<Vec<u32>> {
    let mut all: Vec<Vec<u32>> = Vec::new();
    let mut last: Vec<(usize, Vec<u32>)> = vec![(0, Vec::new())];
    for _ in 0..m {
        last = last
            .iter()
            .flat_map(|(from, subset)| {
                (*from..set.len()).map(|i| (i + 1, subset.iter().copied().chain([set[i]]).collect()))
            })
            .collect();
        all.extend(last.iter().map(|(_, subset)| subset.clone()));
    }
    all
}
