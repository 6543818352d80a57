//! Measures that look at each record: Loss, NCP and non-uniform entropy.
//!
//! It must never sum floating-point numbers in an order that depends on the order of the records.

use std::collections::BTreeMap;

use super::{Node, Recoding};

/// What Loss needs of one quasi-identifier: whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeSum {
    /// Leaves covered, summed over all records; a suppressed record covers all leaves.
    pub covered: u128,
    /// Leaves of the hierarchy.
    pub leaves: u64,
}

/// Loss from whole numbers: ((S/(N·D)) − 1/D)/(1 − 1/D) = (S − N)/(N·(D − 1)), averaged over the quasi-identifiers.
/// A hierarchy of one leaf loses nothing.
#[must_use]
pub fn loss_from_sums(sums: &[AttributeSum], records: u64) -> f64 {
    let one = |sum: &AttributeSum| {
        let whole = u128::from(records) * u128::from(sum.leaves.saturating_sub(1));
        super::ratio(sum.covered.saturating_sub(u128::from(records)) as f64, whole as f64)
    };
    super::ratio(sums.iter().map(one).sum(), sums.len() as f64)
}

impl Recoding<'_> {
    pub(super) fn attribute_sums(&self) -> Vec<AttributeSum> {
        let suppressed = u128::from(self.suppressed());
        let of = |(d, h): (usize, &&crate::micro::hierarchy::Hierarchy)| {
            let told = self.classes.iter().filter_map(|c| {
                c.nodes.get(d).map(|n| u128::from(c.size) * u128::from(h.covered(n.level as usize, n.node)))
            });
            let leaves = h.leaves() as u64;
            AttributeSum { covered: told.sum::<u128>() + suppressed * u128::from(leaves), leaves }
        };
        self.hierarchies.iter().enumerate().map(of).collect()
    }

    pub(super) fn certainty_penalty(&self) -> f64 {
        let suppressed = self.suppressed() as f64;
        let mut sum = 0.0;
        for (d, h) in self.hierarchies.iter().enumerate() {
            let vague = self.classes.iter().filter_map(|c| {
                let node = c.nodes.get(d)?;
                let covered = h.covered(node.level as usize, node.node);
                (covered > 1).then(|| u128::from(c.size) * u128::from(covered))
            });
            sum += super::ratio(vague.sum::<u128>() as f64, h.leaves() as f64) + suppressed;
        }
        super::ratio(sum, self.records() as f64 * self.hierarchies.len() as f64)
    }

    pub(super) fn lacking_bits(&self) -> f64 {
        let mut bits = 0.0;
        for (d, leaves) in self.tuples.quasi.iter().enumerate() {
            let mut having = BTreeMap::<u32, u64>::new();
            let mut told = BTreeMap::<Option<Node>, u64>::new();
            let mut both = BTreeMap::<(u32, Option<Node>), u64>::new();
            for ((leaf, weight), class) in leaves.iter().zip(&self.tuples.weight).zip(self.class_of) {
                let class = class.and_then(|c| self.classes.get(c as usize));
                let node = class.and_then(|c| c.nodes.get(d)).copied();
                let weight = u64::from(*weight);
                *having.entry(leaf).or_default() += weight;
                *told.entry(node).or_default() += weight;
                *both.entry((leaf, node)).or_default() += weight;
            }
            for ((leaf, node), records) in both {
                let (Some(having), Some(told)) = (having.get(&leaf), told.get(&node)) else { continue };
                bits += records as f64 * (*told as f64 / *having as f64).log2();
            }
        }
        bits
    }
}
