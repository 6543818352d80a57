//! One step downwards: the items of a cell become finer for the persons for whom that is safe.
//!
//! First everybody goes down; then, round by round, whoever would have items shared by too few comes back, until all
//! counts hold. Coming back is final within a step, so it ends, at worst with everybody where they were. It must never
//! commit a step whose counts were not all checked after the last change.

#![allow(clippy::indexing_slicing)] // hot loops over numbers made here: slots, groups, cells and persons of one class

use std::cmp::Reverse;
use std::collections::HashMap;

use super::specialise::{Aim, Axis, CellKey, Class, NOWHERE, add, take};
use super::support::{Support, packed};

/// After so many rounds a group with anybody unsafe in it comes back as a whole.
const PATIENCE: u32 = 12;

/// Memory that one step leaves to the next.
pub(super) struct Scratch {
    support: Support,
    /// By person: its slot in the step.
    slot: Vec<u32>,
    /// By slot: the person's items as the step would leave them.
    sets: Vec<Vec<u32>>,
    /// Items of persons outside the step.
    outside: Vec<Vec<u32>>,
}

impl Scratch {
    pub(super) fn new(aim: Aim, persons: usize) -> Self {
        Self {
            support: Support::new(aim.m, aim.k),
            slot: vec![NOWHERE; persons],
            sets: Vec::new(),
            outside: Vec::new(),
        }
    }
}

/// A person's leaves that would go to one finer cell.
struct Candidate {
    slot: u32,
    group: u32,
    /// Its leaves: a part of `moves`.
    from: u32,
    to: u32,
    down: bool,
}

/// A finer cell and who would go there.
struct Group {
    target: u32,
    from: usize,
    to: usize,
}

/// The persons that have the cell, one slot each.
struct Slot {
    person: u32,
    /// Leaves that cannot go down, or came back.
    staying: u32,
}

/// One step of one cell.
pub(super) struct Groups {
    cell: u32,
    moves: Vec<(CellKey, u32)>,
    candidates: Vec<Candidate>,
    groups: Vec<Group>,
    slots: Vec<Slot>,
    /// By slot: its candidates.
    of_slot: Vec<Vec<u32>>,
    /// By target: its group.
    group_of: HashMap<u32, u32>,
}

impl Groups {
    /// Everybody who could go down from `cell` along `axis`; `None` when nobody could, or too few.
    pub(super) fn of(class: &mut Class<'_>, cell: u32, axis: Axis) -> Option<Self> {
        let key = class.cells[cell as usize];
        let finer = |&leaf: &u32| Some((class.finer(&class.leaves[leaf as usize], key, axis)?, leaf));
        let mut moves: Vec<(CellKey, u32)> = class.members[cell as usize].iter().filter_map(finer).collect();
        moves.sort_unstable();
        let k = class.aim.k as usize;
        let mut kept = Vec::with_capacity(moves.len());
        for group in moves.chunk_by(|a, b| a.0 == b.0) {
            // Too few even with those already there: not worth a count.
            let there = class.index_of(group[0].0).map_or(0, |c| class.members[c as usize].len());
            if group.len() + there >= k {
                kept.extend_from_slice(group);
            }
        }
        if kept.is_empty() {
            return None;
        }
        let mut step = Self {
            cell,
            moves: kept,
            candidates: Vec::new(),
            groups: Vec::new(),
            slots: Vec::new(),
            of_slot: Vec::new(),
            group_of: HashMap::new(),
        };
        for &leaf in &class.members[cell as usize] {
            let person = class.leaves[leaf as usize].person;
            match step.slots.last_mut() {
                Some(slot) if slot.person == person => slot.staying += 1,
                _ => step.slots.push(Slot { person, staying: 1 }),
            }
        }
        step.of_slot = vec![Vec::new(); step.slots.len()];
        Some(step)
    }

    /// Finds who can go down, moves them, and returns the cells they went to.
    pub(super) fn settle(mut self, class: &mut Class<'_>, scratch: &mut Scratch) -> Vec<u32> {
        for (n, slot) in (0u32..).zip(&self.slots) {
            scratch.slot[slot.person as usize] = n;
        }
        self.gather(class, &scratch.slot);
        if scratch.sets.len() < self.slots.len() {
            scratch.sets.resize_with(self.slots.len(), Vec::new);
        }
        for slot in 0..self.slots.len() {
            self.rebuild(class, slot, &mut scratch.sets[slot]);
        }
        let mut dirty: Vec<bool> = vec![true; self.groups.len()];
        for round in 0.. {
            let mut back: Vec<u32> = Vec::new();
            for (group, dirty) in dirty.iter_mut().enumerate() {
                if std::mem::take(dirty) {
                    self.check_group(class, scratch, group, round >= PATIENCE, &mut back);
                }
            }
            if back.is_empty() {
                // Nobody came back from above: are those who stay many enough?
                self.check_staying(class, scratch, &mut back);
            }
            if back.is_empty() {
                break;
            }
            if !class.aim.local {
                // As fine for all or for none.
                let groups = back.iter().map(|&c| &self.groups[self.candidates[c as usize].group as usize]);
                back =
                    groups.flat_map(|g| g.from..g.to).map(|c| u32::try_from(c).unwrap_or(NOWHERE)).collect();
            }
            back.sort_unstable();
            back.dedup();
            for candidate in back {
                self.come_back(class, candidate, &mut dirty);
                let slot = self.candidates[candidate as usize].slot as usize;
                self.rebuild(class, slot, &mut scratch.sets[slot]);
            }
        }
        for slot in &self.slots {
            scratch.slot[slot.person as usize] = NOWHERE;
        }
        self.commit(class)
    }

    fn gather(&mut self, class: &mut Class<'_>, slot_of: &[u32]) {
        let mut at = 0;
        while at < self.moves.len() {
            let key = self.moves[at].0;
            let group = u32::try_from(self.groups.len()).unwrap_or(NOWHERE);
            let from = self.candidates.len();
            while let Some(&(_, leaf)) = self.moves.get(at).filter(|m| m.0 == key) {
                let slot = slot_of[class.leaves[leaf as usize].person as usize];
                let here = u32::try_from(at).unwrap_or(NOWHERE);
                self.slots[slot as usize].staying -= 1;
                match self.candidates.get_mut(from..).and_then(<[_]>::last_mut).filter(|c| c.slot == slot) {
                    Some(candidate) => candidate.to = here + 1,
                    None => {
                        let number = u32::try_from(self.candidates.len()).unwrap_or(NOWHERE);
                        self.of_slot[slot as usize].push(number);
                        self.candidates.push(Candidate { slot, group, from: here, to: here + 1, down: true });
                    }
                }
                at += 1;
            }
            let target = class.cell(key);
            self.group_of.insert(target, group);
            self.groups.push(Group { target, from, to: self.candidates.len() });
        }
    }

    /// The items of a slot as the step would leave them now.
    fn rebuild(&self, class: &Class<'_>, slot: usize, set: &mut Vec<u32>) {
        let person = self.slots[slot].person as usize;
        set.clear();
        set.extend(class.items[person].iter().map(|&(cell, _)| cell).filter(|&cell| cell != self.cell));
        let before = set.len();
        for &candidate in &self.of_slot[slot] {
            let candidate = &self.candidates[candidate as usize];
            let target = self.groups[candidate.group as usize].target;
            if candidate.down && !set[..before].contains(&target) {
                set.push(target);
            }
        }
        if self.slots[slot].staying > 0 {
            set.push(self.cell);
        }
    }

    /// Takes a candidate back. All finer items of the person, new or there before, have lost a neighbour: their groups
    /// are to be counted again.
    fn come_back(&mut self, class: &Class<'_>, candidate: u32, dirty: &mut [bool]) {
        let candidate = &mut self.candidates[candidate as usize];
        if !std::mem::replace(&mut candidate.down, false) {
            return;
        }
        let slot = &mut self.slots[candidate.slot as usize];
        slot.staying += candidate.to - candidate.from;
        let new = self.of_slot[candidate.slot as usize].iter().map(|&c| self.candidates[c as usize].group);
        let there =
            class.items[slot.person as usize].iter().filter_map(|(cell, _)| self.group_of.get(cell).copied());
        for group in new.chain(there) {
            dirty[group as usize] = true;
        }
    }

    /// Counts the finer item of a group with all others; who would be among too few comes back.
    fn check_group(
        &self,
        class: &Class<'_>,
        scratch: &mut Scratch,
        group: usize,
        whole: bool,
        back: &mut Vec<u32>,
    ) {
        let Group { target, from, to } = self.groups[group];
        let down: Vec<u32> = (from..to)
            .filter(|&c| self.candidates[c].down)
            .map(|c| u32::try_from(c).unwrap_or(NOWHERE))
            .collect();
        if down.is_empty() {
            return;
        }
        let mut persons: Vec<u32> =
            class.members[target as usize].iter().map(|&l| class.leaves[l as usize].person).collect();
        let slot = |&c: &u32| self.candidates[c as usize].slot as usize;
        persons.extend(down.iter().map(|c| self.slots[slot(c)].person));
        persons.sort_unstable();
        persons.dedup();
        if persons.len() < class.aim.k as usize {
            back.extend(down);
            return;
        }
        if class.aim.m < 2 {
            return;
        }
        let Scratch { support, slot: slot_of, sets, outside } = scratch;
        let elsewhere = persons.iter().filter(|&&p| slot_of[p as usize] == NOWHERE);
        fill(outside, elsewhere.map(|&p| &class.items[p as usize]));
        let inside: Vec<usize> = persons
            .iter()
            .map(|&p| slot_of[p as usize])
            .filter(|&s| s != NOWHERE)
            .map(|s| s as usize)
            .collect();
        let sets_inside = inside.iter().map(|&s| sets[s].as_slice());
        let all: Vec<&[u32]> = outside.iter().map(Vec::as_slice).chain(sets_inside).collect();
        support.count(target, class.cells.len(), all.iter().copied());
        let before = back.len();
        for c in &down {
            self.rare_beside(class, *c, support, &sets[slot(c)], back);
        }
        if back.len() == before {
            let pairs = support.bad_pairs(target, &all);
            let bad = inside.iter().zip(pairs.get(outside.len()..).unwrap_or_default());
            let bad: Vec<usize> = bad.filter(|(_, pair)| pair.is_some()).map(|(&slot, _)| slot).collect();
            back.extend(down.iter().filter(|c| bad.binary_search(&slot(c)).is_ok()));
        }
        if whole && back.len() > before {
            back.truncate(before);
            back.extend(down);
        }
    }

    /// Who of a person comes back when a candidate stands beside items that too few have with it: of two that would
    /// both go down now, the one of the smaller group; beside an item that is there anyway, the candidate.
    fn rare_beside(
        &self,
        class: &Class<'_>,
        candidate: u32,
        support: &Support,
        set: &[u32],
        back: &mut Vec<u32>,
    ) {
        let Candidate { slot, group, .. } = self.candidates[candidate as usize];
        let target = self.groups[group as usize].target;
        let size =
            |group: u32| (self.groups[group as usize].to - self.groups[group as usize].from, Reverse(group));
        let before = back.len();
        for &item in set.iter().filter(|&&item| item != target && !support.enough(item)) {
            let smaller = self.of_slot[slot as usize].iter().find(|&&other| {
                let other = &self.candidates[other as usize];
                other.down
                    && self.groups[other.group as usize].target == item
                    && size(other.group) < size(group)
            });
            let held = &class.items[self.slots[slot as usize].person as usize];
            match smaller.filter(|_| held.iter().all(|&(cell, _)| cell != item)) {
                Some(&other) => back.push(other),
                None => {
                    back.truncate(before);
                    back.push(candidate);
                    return;
                }
            }
        }
    }

    /// Counts the coarse item of those who stay; where they are too few, others come back to them.
    fn check_staying(&self, class: &Class<'_>, scratch: &mut Scratch, back: &mut Vec<u32>) {
        let staying: Vec<usize> = (0..self.slots.len()).filter(|&s| self.slots[s].staying > 0).collect();
        if staying.is_empty() {
            return;
        }
        let Scratch { support, sets, .. } = scratch;
        let is_down = |&&c: &&u32| self.candidates[c as usize].down;
        let all: Vec<&[u32]> = staying.iter().map(|&s| sets[s].as_slice()).collect();
        support.count(self.cell, class.cells.len(), all.iter().copied());
        let pairs = support.bad_pairs(self.cell, &all);
        let mut wanted: HashMap<u32, u32> = HashMap::new();
        let mut wanted_pairs: HashMap<u64, (u32, u32, u32)> = HashMap::new();
        let mut wanted_any = (class.aim.k as usize).saturating_sub(staying.len());
        for ((&slot, set), pair) in staying.iter().zip(&all).zip(pairs) {
            if support.safe(self.cell, set) && pair.is_none() {
                continue;
            }
            let down = self.of_slot[slot].iter().filter(is_down);
            let before = back.len();
            back.extend(down);
            if back.len() > before {
                continue;
            }
            if class.aim.m > 1 {
                let rare = set.iter().filter(|&&item| item != self.cell && !support.enough(item));
                wanted.extend(rare.map(|&item| (item, support.missing(item))));
            }
            if let Some((x, y)) = pair {
                wanted_pairs.insert(packed(x, y), (x, y, support.missing_pair(x, y)));
            }
        }
        if wanted.is_empty() && wanted_pairs.is_empty() && wanted_any == 0 {
            return;
        }
        for slot in (0..self.slots.len()).filter(|&s| self.slots[s].staying == 0) {
            let mut needed = wanted_any > 0;
            wanted_any = wanted_any.saturating_sub(1);
            for item in &sets[slot] {
                if let Some(missing) = wanted.get_mut(item).filter(|missing| **missing > 0) {
                    *missing -= 1;
                    needed = true;
                }
            }
            for (x, y, missing) in wanted_pairs.values_mut().filter(|(_, _, missing)| *missing > 0) {
                if sets[slot].contains(x) && sets[slot].contains(y) {
                    *missing -= 1;
                    needed = true;
                }
            }
            if needed {
                back.extend(self.of_slot[slot].iter().filter(is_down));
            }
        }
    }

    fn commit(self, class: &mut Class<'_>) -> Vec<u32> {
        let mut reached = Vec::new();
        let mut moved = false;
        for group in &self.groups {
            let before = class.members[group.target as usize].len();
            for candidate in self.candidates[group.from..group.to].iter().filter(|c| c.down) {
                let person = self.slots[candidate.slot as usize].person as usize;
                let leaves = &self.moves[candidate.from as usize..candidate.to as usize];
                add(&mut class.items[person], group.target, candidate.to - candidate.from);
                take(&mut class.items[person], self.cell, candidate.to - candidate.from);
                for &(_, leaf) in leaves {
                    class.cell_of[leaf as usize] = group.target;
                    class.members[group.target as usize].push(leaf);
                }
            }
            if class.members[group.target as usize].len() > before {
                class.members[group.target as usize].sort_unstable();
                reached.push(group.target);
                moved = true;
            }
        }
        if moved {
            let (cell, cell_of) = (self.cell, &class.cell_of);
            class.members[cell as usize].retain(|&leaf| cell_of[leaf as usize] == cell);
        }
        reached
    }
}

/// Copies the items of persons into memory that is kept.
fn fill<'a>(outside: &mut Vec<Vec<u32>>, items: impl Iterator<Item = &'a Vec<(u32, u32)>>) {
    let mut used = 0;
    for set in items {
        if outside.len() == used {
            outside.push(Vec::new());
        }
        outside[used].clear();
        outside[used].extend(set.iter().map(|&(cell, _)| cell));
        used += 1;
    }
    outside.truncate(used);
}
