//! Tables of persons who look alike so far, and how they are put into the classes of a recoding.
//!
//! It must never lose or count a person twice: what a table leaves out is in its `removed` counts, or kept in every recoding
//! that the table is used for.

// Hot loops over all persons. Slots come from the same loop that sized the vectors they index.
#![allow(clippy::indexing_slicing)]

use super::key::{Key, Layout, Moves, Recoder, joined};
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
/// Among more classes than this, one in eight is looked at first: often that is enough to know that too many persons
/// would be suppressed.
const SAMPLED: usize = 1 << 15;

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

    /// The classes at `to`, in no column finer than the table; or, when `enough` says so of some of the classes, only
    /// how many persons of theirs lie in classes smaller than `least`.
    pub fn classes(
        &self,
        space: &Space,
        layout: &Layout,
        to: &[u8],
        least: u64,
        enough: impl Fn(u64) -> bool,
    ) -> Result<Groups, u64> {
        let mut groups = Groups::default();
        match self.strides(space, layout, to) {
            Some((moves, room)) => {
                groups.slot = self.by_index(&moves);
                if room > SAMPLED {
                    let small = self.small_by_index(&groups.slot, room, least);
                    if enough(small) {
                        return Err(small);
                    }
                }
                groups.size = vec![0; room];
            }
            None => {
                if self.keys.len() > SAMPLED / 8 {
                    let (small, _) = self.sample(space, layout, to, least, false);
                    if enough(small) {
                        return Err(small);
                    }
                }
                let (slot, keys) = self.by_hash(space, layout, to);
                groups.slot = slot;
                groups.size = vec![0; keys.len()];
            }
        }
        for (slot, weight) in groups.slot.iter().zip(&self.weight) {
            groups.size[*slot as usize] += weight;
        }
        let small = small(&groups.size, least);
        if enough(small) {
            return Err(small);
        }
        if !self.population.is_empty() {
            groups.population = vec![0; groups.size.len()];
            for (slot, others) in groups.slot.iter().zip(&self.population) {
                let sum = &mut groups.population[*slot as usize];
                *sum = sum.saturating_add(*others);
            }
        }
        Ok(groups)
    }

    /// Persons in classes smaller than `least`, of one class in eight.
    fn small_by_index(&self, slot: &[u32], room: usize, least: u64) -> u64 {
        let mut size = vec![0_u32; room / 8 + 1];
        for (slot, weight) in slot.iter().zip(&self.weight) {
            if slot % 8 == 0 {
                size[*slot as usize / 8] += weight;
            }
        }
        small(&size, least)
    }

    /// Of one class in eight: persons in classes smaller than `least`, and how many classes there are (times eight).
    fn sample(&self, space: &Space, layout: &Layout, to: &[u8], least: u64, sensitive: bool) -> (u64, usize) {
        let recoder = Recoder::new(space, layout, &self.levels, to, sensitive);
        let mut size: Vec<u32> = Vec::new();
        let mut places = Places::for_keys(self.keys.len() / 6);
        let mut recoded = [K::default(); BLOCK];
        for (keys, weights) in self.keys.chunks(BLOCK).zip(self.weight.chunks(BLOCK)) {
            recoder.block(keys, &mut recoded);
            for (key, weight) in recoded.iter().zip(weights) {
                let hash = key.mix();
                if hash >> 61 == 0 {
                    let class = places.find(*key, hash) as usize;
                    if class == size.len() {
                        size.push(0);
                    }
                    size[class] += weight;
                }
            }
        }
        (small(&size, least), size.len() * 8)
    }

    /// About how many keys the table would have at `to`.
    pub fn estimate(&self, space: &Space, layout: &Layout, to: &[u8]) -> usize {
        self.sample(space, layout, to, 0, true).1
    }

    /// When all classes that could exist are few: for every column what each node adds to the number of the class.
    fn strides(&self, space: &Space, layout: &Layout, to: &[u8]) -> Option<(Moves<u32>, usize)> {
        let most = (self.keys.len() * 2).clamp(1 << 10, 1 << 22);
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
        // Joining costs as much as looking up some thousand keys.
        let few = self.keys.len() < 4 * BLOCK;
        Some((if few { moves } else { joined(moves, |low, high| low + high) }, room))
    }

    fn by_index(&self, moves: &Moves<u32>) -> Vec<u32> {
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
    fn by_hash(&self, space: &Space, layout: &Layout, to: &[u8]) -> (Vec<u32>, Vec<K>) {
        let recoder = Recoder::new(space, layout, &self.levels, to, false);
        let mut places = Places::for_keys(self.keys.len() / 2);
        let mut slot = Vec::with_capacity(self.keys.len());
        let mut recoded = [K::default(); BLOCK];
        for keys in self.keys.chunks(BLOCK) {
            recoder.block(keys, &mut recoded);
            slot.extend(recoded.iter().take(keys.len()).map(|key| places.find(*key, key.mix())));
        }
        (slot, places.found)
    }

    /// The table at coarser levels with the keys that `keep` says; `removed` counts the rest that is
    /// suppressed, at this table's levels.
    pub fn coarsen(
        &self,
        space: &Space,
        layout: &Layout,
        to: &[u8],
        removed: &Counts,
        keep: &[bool],
    ) -> Self {
        let recoder = Recoder::new(space, layout, &self.levels, to, true);
        let mut places = Places::for_keys(self.keys.len() / 2);
        let (mut weight, mut population) = (Vec::new(), Vec::new());
        let mut recoded = [K::default(); BLOCK];
        for (block, keys) in self.keys.chunks(BLOCK).enumerate() {
            recoder.block(keys, &mut recoded);
            for (at, key) in (block * BLOCK..).zip(recoded.iter().take(keys.len())) {
                if keep[at] {
                    let number = places.find(*key, key.mix()) as usize;
                    add(&mut weight, number, self.weight[at]);
                    if !self.population.is_empty() {
                        add(&mut population, number, self.population[at]);
                    }
                }
            }
        }
        let removed = removed.coarsen(space, &self.levels, to);
        Self { levels: to.to_vec(), keys: places.found, weight, population, removed }
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

/// Open addressing: keys to numbers in the order they first appear.
struct Places<K> {
    /// The number of a key plus one; 0 is empty. At least half of the places are empty, or more are made.
    numbers: Vec<u32>,
    found: Vec<K>,
}

impl<K: Key> Places<K> {
    fn for_keys(keys: usize) -> Self {
        Self { numbers: vec![0; (keys * 2).next_power_of_two().max(16)], found: Vec::new() }
    }

    fn find(&mut self, key: K, hash: u64) -> u32 {
        let mask = self.numbers.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.numbers[at] {
                0 => break,
                taken if self.found[taken as usize - 1] == key => return taken - 1,
                _ => at = (at + 1) & mask,
            }
        }
        self.found.push(key);
        // Never more classes than rows, which are fewer than 2³¹.
        self.numbers[at] = self.found.len() as u32;
        if self.found.len() * 2 > self.numbers.len() {
            self.grow();
        }
        self.found.len() as u32 - 1
    }

    fn grow(&mut self) {
        let mask = self.numbers.len() * 2 - 1;
        self.numbers = vec![0; mask + 1];
        for (number, key) in (1..).zip(&self.found) {
            let mut at = key.mix() as usize & mask;
            while self.numbers[at] != 0 {
                at = (at + 1) & mask;
            }
            self.numbers[at] = number;
        }
    }
}

/// Adds to the sum of a number, which is known or the next.
fn add(sums: &mut Vec<u32>, number: usize, amount: u32) {
    if number == sums.len() {
        sums.push(0);
    }
    // The population may exceed what u32 holds; more than that is as good as that.
    sums[number] = sums[number].saturating_add(amount);
}

fn small(sizes: &[u32], least: u64) -> u64 {
    sizes.iter().map(|n| u64::from(*n)).filter(|n| *n < least).sum()
}
