//! The tree over all entries, in the shape of RFC 6962: its growing edge, its root, and proofs that an entry is in it or
//! that one tree is the beginning of another. Making a proof needs complete subtrees; checking one needs nothing.

use crate::hash::Hash;

/// The right edge of a growing tree: the roots of its complete subtrees, largest first. At most 64 hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            // As many peaks stand there as the size has ones.
            if let Some(left) = self.peaks.pop() {
                hash = Hash::node(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root now.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Hash::empty() };
        peaks.fold(*last, |right, left| Hash::node(left, &right))
    }
}

/// Whoever knows the complete subtrees of a tree.
pub trait Nodes {
    /// Why a subtree could not be told.
    type Error;

    /// The root of the complete subtree over the leaves `index << level` to `(index + 1) << level`.
    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// Where a tree of `n > 1` leaves divides: the largest power of two below `n`.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// The root over the leaves from `low` on, `n` of them.
fn subtree<N: Nodes>(nodes: &mut N, low: u64, n: u64) -> Result<Hash, N::Error> {
    if n.is_power_of_two() {
        let level = n.trailing_zeros();
        return nodes.node(level, low >> level);
    }
    let k = split(n);
    Ok(Hash::node(&subtree(nodes, low, k)?, &subtree(nodes, low + k, n - k)?))
}

/// The root of the first `size` leaves.
pub fn root<N: Nodes>(nodes: &mut N, size: u64) -> Result<Hash, N::Error> {
    if size == 0 { Ok(Hash::empty()) } else { subtree(nodes, 0, size) }
}

/// The proof that leaf `index` is in the tree of `size` leaves; `None` when it is not.
pub fn inclusion<N: Nodes>(nodes: &mut N, index: u64, size: u64) -> Result<Option<Vec<Hash>>, N::Error> {
    if index >= size {
        return Ok(None);
    }
    let (mut low, mut n, mut path) = (0, size, Vec::new());
    while n > 1 {
        let k = split(n);
        if index - low < k {
            path.push(subtree(nodes, low + k, n - k)?);
            n = k;
        } else {
            path.push(subtree(nodes, low, k)?);
            (low, n) = (low + k, n - k);
        }
    }
    path.reverse();
    Ok(Some(path))
}

/// The proof that the tree of `old` leaves is the beginning of the tree of `size`; `None` when it is larger.
pub fn consistency<N: Nodes>(nodes: &mut N, old: u64, size: u64) -> Result<Option<Vec<Hash>>, N::Error> {
    if old > size {
        return Ok(None);
    }
    let (mut low, mut n, mut m, mut path) = (0, size, old, Vec::new());
    // The old tree's own root is known to whoever checks while nothing was left out on the left.
    let mut known = true;
    while old > 0 && m != n {
        let k = split(n);
        if m <= k {
            path.push(subtree(nodes, low + k, n - k)?);
            n = k;
        } else {
            path.push(subtree(nodes, low, k)?);
            (low, n, m, known) = (low + k, n - k, m - k, false);
        }
    }
    if old > 0 && !known {
        path.push(subtree(nodes, low, n)?);
    }
    path.reverse();
    Ok(Some(path))
}

/// Is `leaf` entry `index` (from 0) of the tree with this size and root?
#[must_use]
pub fn is_included(leaf: Hash, index: u64, size: u64, root: &Hash, path: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for step in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = Hash::node(step, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = Hash::node(&hash, step);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Is the tree of `old` leaves the beginning of the tree of `size` leaves?
#[must_use]
pub fn is_consistent(old: u64, old_root: &Hash, size: u64, root: &Hash, path: &[Hash]) -> bool {
    if old > size || (old == 0 && *old_root != Hash::empty()) {
        return false;
    }
    if old == 0 || old == size {
        return path.is_empty() && (old == 0 || old_root == root);
    }
    let (mut at, mut last) = (old - 1, size - 1);
    while at & 1 == 1 {
        (at, last) = (at >> 1, last >> 1);
    }
    let mut steps = path.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { steps.next() };
    let Some(first) = first else { return false };
    let (mut before, mut now) = (*first, *first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            before = Hash::node(step, &before);
            now = Hash::node(step, &now);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            now = Hash::node(&now, step);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    last == 0 && before == *old_root && now == *root
}

/// All leaves in memory: for tests, small logs, and as the plainest way of saying what a tree is.
impl Nodes for &[Hash] {
    type Error = MissingLeaf;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, MissingLeaf> {
        let from = usize::try_from(index << level).map_err(|_| MissingLeaf)?;
        let leaves = self.get(from..from + (1usize << level)).ok_or(MissingLeaf)?;
        let mut edge = Frontier::new();
        leaves.iter().for_each(|l| edge.push(*l));
        Ok(edge.root())
    }
}

/// A leaf was asked for that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingLeaf;
