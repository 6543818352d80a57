//! Judging the classes of a recoding: which satisfy all models, which fail here, which can never be kept again.
//!
//! It must never call a person lost for all finer recodings unless no part of the class could satisfy the models.

// Hot loops over all persons; slots come from the same grouping that sized the vectors they index.
#![allow(clippy::indexing_slicing)]

use super::Problem;
use super::key::Key;
use super::space::Counts;
use super::table::{Groups, Table};
use crate::micro::model::{ClassStats, Millionths};

/// What becomes of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It satisfies every model.
    Kept,
    /// It fails, but a part of it might satisfy.
    Fails,
    /// It fails, and so does every part of it.
    Gone,
}

/// A recoding's classes, judged.
#[derive(Debug)]
pub struct Verdict {
    groups: Groups,
    fate: Vec<Fate>,
    /// Persons of failing classes who can never be kept.
    pub gone: u64,
    /// Persons of failing classes of which a part might be.
    pub fails: u64,
    /// Of these, how many must be suppressed at least in every finer recoding.
    pub forced: u64,
    /// Classes that satisfy.
    pub kept: u64,
}

impl Verdict {
    /// Puts a table into the classes of `levels` and judges them, or stops as soon as so many persons are gone that it
    /// is `enough`; `gone` then says how many at least, and there are no classes.
    pub fn of<K: Key>(
        problem: &Problem<'_, K>,
        table: &Table<K>,
        levels: &[u8],
        enough: impl Fn(u64) -> bool,
    ) -> Self {
        let least = problem.rules.smallest();
        let groups = match table.classes(&problem.space, &problem.layout, levels, least, enough) {
            Ok(groups) => groups,
            Err(gone) => {
                return Self {
                    groups: Groups::default(),
                    fate: Vec::new(),
                    gone,
                    fails: 0,
                    forced: 0,
                    kept: 0,
                };
            }
        };
        let mut out =
            Self { fate: vec![Fate::Gone; groups.size.len()], groups, gone: 0, fails: 0, forced: 0, kept: 0 };
        if problem.size_only {
            out.judge_sizes(least);
        } else if problem.histogram == 0 {
            for slot in 0..out.fate.len() {
                out.judge(problem, slot, least, &[]);
            }
        } else {
            out.judge_sensitive(problem, table, least);
        }
        if let Some(max) = problem.average {
            out.hold_average(max);
        }
        out
    }

    /// When the size decides alone.
    fn judge_sizes(&mut self, least: u64) {
        for (fate, size) in self.fate.iter_mut().zip(&self.groups.size) {
            let kept = u64::from(*size) >= least;
            *fate = if kept { Fate::Kept } else { Fate::Gone };
            self.kept += u64::from(kept);
            self.gone += if kept { 0 } else { u64::from(*size) };
        }
    }

    /// With the sensitive values of each class that is large enough to be kept.
    fn judge_sensitive<K: Key>(&mut self, problem: &Problem<'_, K>, table: &Table<K>, least: u64) {
        let mut rank = vec![u32::MAX; self.fate.len()];
        let mut large = 0;
        for (rank, size) in rank.iter_mut().zip(&self.groups.size) {
            if u64::from(*size) >= least {
                *rank = large;
                large += 1;
            }
        }
        let mut histograms = vec![0_u32; large as usize * problem.histogram];
        for (field, start) in &problem.layout.sensitive {
            for ((key, weight), slot) in table.keys.iter().zip(&table.weight).zip(&self.groups.slot) {
                let rank = rank[*slot as usize];
                if rank != u32::MAX {
                    histograms[rank as usize * problem.histogram + start + field.of(*key)] += weight;
                }
            }
        }
        for (slot, rank) in rank.into_iter().enumerate() {
            let from = rank as usize * problem.histogram;
            let histogram =
                if rank == u32::MAX { &[][..] } else { &histograms[from..from + problem.histogram] };
            self.judge(problem, slot, least, histogram);
        }
    }

    fn judge<K: Key>(&mut self, problem: &Problem<'_, K>, slot: usize, least: u64, histogram: &[u32]) {
        let size = u64::from(self.groups.size[slot]);
        if size == 0 {
            return;
        }
        let population = self.groups.population.get(slot).copied().map(u64::from);
        let class = ClassStats { size, population, histogram };
        if size < least {
            self.gone += size;
        } else if problem.rules.ok(&class) {
            self.fate[slot] = Fate::Kept;
            self.kept += 1;
        } else {
            match problem.rules.keepable(&class) {
                0 => self.gone += size,
                keepable => {
                    self.fate[slot] = Fate::Fails;
                    self.fails += size;
                    self.forced += size - keepable;
                }
            }
        }
    }

    /// Suppresses the smallest classes until the average risk holds. Finer recodings may need other classes to go, so
    /// nobody is forced.
    fn hold_average(&mut self, max: Millionths) {
        let is_kept = |(slot, _): &(usize, &u32)| self.fate[*slot] == Fate::Kept;
        let mut sizes: Vec<u32> =
            self.groups.size.iter().enumerate().filter(is_kept).map(|(_, n)| *n).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let mut persons: u128 = sizes.iter().map(|n| u128::from(*n)).sum();
        let too_much =
            |classes: usize, persons: u128| classes as u128 * 1_000_000 > u128::from(max.0) * persons;
        let mut least = 0;
        while let Some(smallest) = sizes.last().copied().filter(|_| too_much(sizes.len(), persons)) {
            least = smallest + 1;
            while sizes.pop_if(|n| *n == smallest).is_some() {
                persons -= u128::from(smallest);
            }
        }
        for (fate, size) in self.fate.iter_mut().zip(&self.groups.size) {
            if *fate == Fate::Kept && *size < least {
                *fate = Fate::Fails;
                self.fails += u64::from(*size);
                self.kept -= 1;
            }
        }
    }

    /// The fate of the class of a key, by the key's position in the table.
    pub fn fate(&self, at: usize) -> Fate {
        self.fate[self.groups.slot[at] as usize]
    }

    /// The class of a key, by the key's position in the table.
    pub fn class(&self, at: usize) -> usize {
        self.groups.slot[at] as usize
    }

    /// How many classes there may be.
    pub fn classes(&self) -> usize {
        self.fate.len()
    }

    /// Sizes of the classes that satisfy.
    pub fn kept_sizes(&self) -> impl Iterator<Item = u64> + '_ {
        let kept = self.fate.iter().zip(&self.groups.size).filter(|(fate, _)| **fate == Fate::Kept);
        kept.map(|(_, size)| u64::from(*size))
    }

    /// Persons of one fate by node, at the levels of the table.
    pub fn count<K: Key>(&self, problem: &Problem<'_, K>, table: &Table<K>, which: Fate) -> Counts {
        let any = match which {
            Fate::Gone => self.gone > 0,
            Fate::Fails => self.fails > 0,
            Fate::Kept => true,
        };
        if any {
            table.count(&problem.space, &problem.layout, |at| self.fate(at) == which)
        } else {
            Counts::none(&problem.space, &table.levels)
        }
    }
}
