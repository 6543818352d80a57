//! Tables of persons who look alike so far, and how they are put into the classes of a recoding.
//!
//! It must never lose or count a person twice: what a table leaves out is in its `removed` counts, or kept in every recoding
//! that the table is used for.

// Hot loops over all persons. Slots come from the same loop that sized the vectors they index.
#![allow(clippy::indexing_slicing)]

use super::key::{Field, Key, Layout, Recoder};
use super::space::{Counts, Levels, Space};

/// Persons by packed key, at some levels.
#[derive(Debug)]
pub struct Table<K> {
    /// The levels of the keys.
    pub levels: Levels,
    /// Distinct keys.
    pub keys: Vec<K>,
    /// Persons by key.
    pub weight: Vec<u32>,
    /// Persons of the population by key; empty without a population.
    pub population: Vec<u32>,
    /// Persons left out because every recoding this table is used for suppresses them, at `levels`.
    pub removed: Counts,
}

/// The classes of a recoding.
#[derive(Debug, Default)]
pub struct Groups {
    /// For every key its class.
    pub slot: Vec<u32>,
    /// Persons by class; a class without persons does not exist.
    pub size: Vec<u32>,
    /// Persons of the population by class; empty without a population.
    pub population: Vec<u32>,
}

/// Keys are recoded in blocks of this many.
const BLOCK: usize = 1024;

impl<K: Key> Table<K> {
    /// From keys in any order, one per person, and the population's with the persons of each.
    pub fn new(space: &Space, mut keys: Vec<K>, population: &[(K, u32)]) -> Self {
        let levels = space.bottom();
        let removed = Counts::none(space, &levels);
        let mut out = Self { levels, keys: Vec::new(), weight: Vec::new(), population: Vec::new(), removed };
        if population.is_empty() {
            keys.sort_unstable();
            let distinct = keys.windows(2).filter(|w| w[0] != w[1]).count() + 1;
            out.keys.reserve_exact(distinct);
            out.weight.reserve_exact(distinct);
            keys.into_iter().for_each(|key| out.add(key, 1));
        } else {
            let persons = keys.into_iter().map(|key| (key, 1, 0));
            let mut all: Vec<(K, u32, u32)> =
                persons.chain(population.iter().map(|(k, n)| (*k, 0, *n))).collect();
            all.sort_unstable();
            for (key, persons, others) in all {
                out.add(key, persons);
                out.population.resize(out.keys.len(), 0);
                if let Some(last) = out.population.last_mut() {
                    *last = last.saturating_add(others);
                }
            }
        }
        out
    }

    /// Adds persons to the last key, or a new one: keys come in order.
    fn add(&mut self, key: K, persons: u32) {
        match self.weight.last_mut() {
            Some(weight) if self.keys.last() == Some(&key) => *weight += persons,
            _ => {
                self.keys.push(key);
                self.weight.push(persons);
            }
        }
    }

    /// The classes at `to`, which is coarser than the table in no column finer.
    pub fn classes(&self, space: &Space, layout: &Layout, to: &[u8]) -> Groups {
        let mut groups = Groups::default();
        match self.strides(space, layout, to) {
            Some((moves, room)) => {
                groups.slot = self.by_index(&moves);
                groups.size = vec![0; room];
            }
            None => {
                let (slot, keys) = self.by_hash(space, layout, to, false);
                groups.slot = slot;
                groups.size = vec![0; keys.len()];
            }
        }
        for (slot, weight) in groups.slot.iter().zip(&self.weight) {
            groups.size[*slot as usize] += weight;
        }
        if !self.population.is_empty() {
            groups.population = vec![0; groups.size.len()];
            for (slot, others) in groups.slot.iter().zip(&self.population) {
                let sum = &mut groups.population[*slot as usize];
                *sum = sum.saturating_add(*others);
            }
        }
        groups
    }

    /// When all classes that could exist are few: for every column what each node adds to the number of the class.
    fn strides(&self, space: &Space, layout: &Layout, to: &[u8]) -> Option<(Vec<(Field, Vec<u32>)>, usize)> {
        let most = (self.keys.len() * 4).clamp(1 << 10, 1 << 22);
        let mut room = 1_usize;
        let mut moves = Vec::new();
        for ((axis, field), (from, to)) in
            space.axes().iter().zip(&layout.quasi).zip(self.levels.iter().zip(to))
        {
            let nodes = axis.nodes(*to);
            if nodes > 1 {
                // `room` stays below 2²², so the product fits.
                let stride = u32::try_from(room).unwrap_or(u32::MAX);
                moves.push((*field, axis.up(*from, *to).iter().map(|node| node * stride).collect()));
                room = room.checked_mul(nodes).filter(|room| *room <= most)?;
            }
        }
        Some((moves, room))
    }

    fn by_index(&self, moves: &[(Field, Vec<u32>)]) -> Vec<u32> {
        let mut slot = vec![0; self.keys.len()];
        for (slots, keys) in slot.chunks_mut(BLOCK).zip(self.keys.chunks(BLOCK)) {
            for (field, adds) in moves {
                for (slot, key) in slots.iter_mut().zip(keys) {
                    *slot += adds[field.of(*key)];
                }
            }
        }
        slot
    }

    /// By open addressing: for every key its class, and the classes' keys in the order they first appear.
    fn by_hash(&self, space: &Space, layout: &Layout, to: &[u8], sensitive: bool) -> (Vec<u32>, Vec<K>) {
        let recoder = Recoder::new(space, layout, &self.levels, to, sensitive);
        let mask = (self.keys.len() * 2).next_power_of_two() - 1;
        // A place holds the number of a class plus one; 0 is empty. At most half of the places are taken.
        let mut places = vec![0_u32; mask + 1];
        let mut found: Vec<K> = Vec::new();
        let mut slot = Vec::with_capacity(self.keys.len());
        let mut recoded = [K::default(); BLOCK];
        for keys in self.keys.chunks(BLOCK) {
            recoder.block(keys, &mut recoded);
            for key in recoded.iter().take(keys.len()) {
                let mut at = key.mix() as usize & mask;
                let class = loop {
                    match places[at] {
                        0 => {
                            found.push(*key);
                            // Never more classes than keys, which are fewer than 2³².
                            places[at] = found.len() as u32;
                            break found.len() as u32 - 1;
                        }
                        taken if found[taken as usize - 1] == *key => break taken - 1,
                        _ => at = (at + 1) & mask,
                    }
                };
                slot.push(class);
            }
        }
        (slot, found)
    }

    /// The table at coarser levels with the keys that `keep` says (by position); `removed` counts the rest that is
    /// suppressed, at this table's levels.
    pub fn coarsen(
        &self,
        space: &Space,
        layout: &Layout,
        to: &[u8],
        removed: &Counts,
        keep: impl Fn(usize) -> bool,
    ) -> Self {
        let chosen = || (0..self.keys.len()).filter(|at| keep(*at));
        let part = |values: &[u32]| -> Vec<u32> {
            if values.is_empty() { Vec::new() } else { chosen().map(|at| values[at]).collect() }
        };
        let open = Self {
            levels: self.levels.clone(),
            keys: chosen().map(|at| self.keys[at]).collect(),
            weight: part(&self.weight),
            population: part(&self.population),
            removed: Counts::default(),
        };
        let (slot, keys) = open.by_hash(space, layout, to, true);
        let sum = |values: &[u32]| {
            let mut sums = vec![0_u32; if values.is_empty() { 0 } else { keys.len() }];
            slot.iter()
                .zip(values)
                .for_each(|(s, n)| sums[*s as usize] = sums[*s as usize].saturating_add(*n));
            sums
        };
        let (weight, population) = (sum(&open.weight), sum(&open.population));
        let removed = removed.coarsen(space, &self.levels, to);
        Self { levels: to.to_vec(), keys, weight, population, removed }
    }

    /// Counts by node of the keys that `which` says.
    pub fn count(&self, space: &Space, layout: &Layout, which: impl Fn(usize) -> bool) -> Counts {
        let mut counts = Counts::none(space, &self.levels);
        let chosen: Vec<u32> = (0..self.keys.len()).filter(|at| which(*at)).map(|at| at as u32).collect();
        for (field, by_node) in layout.quasi.iter().zip(&mut counts.by_node) {
            for at in &chosen {
                by_node[field.of(self.keys[*at as usize])] += self.weight[*at as usize];
            }
        }
        counts.persons = chosen.iter().map(|at| u64::from(self.weight[*at as usize])).sum();
        counts
    }
}
