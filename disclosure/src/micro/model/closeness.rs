//! t-closeness: how far the sensitive values of a class lie from those of all persons (earth mover's distance).
//!
//! With n persons in the class, N in all, p = nᵥ/n and q = Nᵥ/N, everything is multiplied by n·N·10⁶, so that distances
//! and the threshold are whole numbers. It must never use a distance for which classes that satisfy could fail together.

use super::{Distance, Millionths, ModelError};
use crate::micro::dataset::{Dataset, Sensitive};
use crate::micro::hierarchy::Hierarchy;

/// t-closeness bound to a column.
#[derive(Debug, Clone)]
pub(super) struct Closeness {
    t: Millionths,
    total: u64,
    all: Vec<u64>,
    shape: Shape,
}

#[derive(Debug, Clone)]
enum Shape {
    Equal,
    Ordered,
    /// For every level from 1: how many nodes it has, and for every node below its node.
    Tree(Vec<(usize, Vec<u32>)>),
}

impl Closeness {
    pub(super) fn bind(
        data: &Dataset,
        column: usize,
        t: Millionths,
        distance: Distance,
    ) -> Result<Self, ModelError> {
        let sensitive = data.sensitive().get(column).ok_or(ModelError::Column(column))?;
        if t.0 > 1_000_000 {
            return Err(ModelError::Range("t must be at most 1"));
        }
        let hierarchy = || sensitive.hierarchy.as_deref().ok_or(ModelError::Order(column));
        let shape = match distance {
            Distance::Equal => Shape::Equal,
            Distance::Ordered => hierarchy().map(|_| Shape::Ordered)?,
            Distance::Hierarchical => Shape::Tree(steps(hierarchy()?)),
        };
        let all = counts(sensitive);
        Ok(Self { t, total: all.iter().sum(), all, shape })
    }

    /// Whether the distance is at most t.
    pub(super) fn ok(&self, counts: &[u32], size: u64) -> bool {
        if size == 0 {
            return false;
        }
        let (distance, unit) = self.distance(counts, size);
        // distance / (unit · n · N) ≤ t / 10⁶
        distance * 1_000_000 <= u128::from(self.t.0) * unit * u128::from(size) * u128::from(self.total)
    }

    /// The distance times unit · n · N, and the unit. Amounts are at most n·N < 2⁶², as a data set has fewer than 2³¹
    /// rows; only sums over steps or levels need more bits.
    fn distance(&self, counts: &[u32], size: u64) -> (u128, u128) {
        let extra = counts.iter().zip(&self.all).map(|(n, all)| self.extra(*n, *all, size));
        match &self.shape {
            Shape::Equal => (u128::from(extra.map(|e| e.max(0).unsigned_abs()).sum::<u64>()), 1),
            Shape::Ordered => {
                let mut carried = 0_i64;
                let moved = extra.map(|e| {
                    carried += e;
                    u128::from(carried.unsigned_abs())
                });
                (moved.sum(), self.all.len().saturating_sub(1).max(1) as u128)
            }
            Shape::Tree(levels) => {
                let mut below: Vec<i64> = extra.collect();
                let mut cost = 0;
                for (level, (nodes, node)) in (1_u128..).zip(levels) {
                    let mut sums = vec![(0_i64, 0_i64); *nodes];
                    for (extra, node) in below.iter().zip(node) {
                        if let Some((more, less)) = sums.get_mut(*node as usize) {
                            *(if *extra > 0 { more } else { less }) += extra.abs();
                        }
                    }
                    let met = |(more, less): &(i64, i64)| u128::from(more.min(less).unsigned_abs());
                    cost += level * sums.iter().map(met).sum::<u128>();
                    below = sums.iter().map(|(more, less)| more - less).collect();
                }
                (cost, levels.len().max(1) as u128)
            }
        }
    }

    /// (nᵥ/n − Nᵥ/N) · n · N.
    fn extra(&self, count: u32, all: u64, size: u64) -> i64 {
        (u64::from(count) * self.total) as i64 - (all * size) as i64
    }

    /// The most persons that can stay of a class that fails. With any two values 1 apart, T persons can be chosen
    /// exactly when Σ min(nᵥ, T·qᵥ) ≥ (1 − t)·T; the left side over T falls, so halving finds the greatest T. For the
    /// other distances at least one person must go.
    pub(super) fn keepable(&self, counts: &[u32], size: u64) -> u64 {
        if !matches!(self.shape, Shape::Equal) {
            return size.saturating_sub(1);
        }
        let can = |kept: u64| {
            let common: u64 = counts
                .iter()
                .zip(&self.all)
                .map(|(n, all)| (u64::from(*n) * self.total).min(kept * all))
                .sum();
            let need = u128::from(1_000_000 - self.t.0) * u128::from(kept) * u128::from(self.total);
            u128::from(common) * 1_000_000 >= need
        };
        let (mut yes, mut no) = (0, size);
        while yes + 1 < no {
            let half = yes + (no - yes) / 2;
            *(if can(half) { &mut yes } else { &mut no }) = half;
        }
        yes
    }
}

fn counts(sensitive: &Sensitive) -> Vec<u64> {
    let mut all = vec![0; sensitive.domain as usize];
    sensitive.ids.each(|_, value| {
        if let Some(n) = all.get_mut(value as usize) {
            *n += 1;
        }
    });
    all
}

/// For every level from 1, from the node below to its node.
fn steps(hierarchy: &Hierarchy) -> Vec<(usize, Vec<u32>)> {
    let below = |level: usize| 0..u32::try_from(hierarchy.nodes(level)).unwrap_or(u32::MAX);
    (1..hierarchy.levels())
        .map(|level| {
            (hierarchy.nodes(level), below(level - 1).map(|node| hierarchy.parent(level - 1, node)).collect())
        })
        .collect()
}
