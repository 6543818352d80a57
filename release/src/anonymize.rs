//! Disclosure control of one nested table of counts (秘匿処理): which cells must not be shown. Pure functions.
//!
//! It must never look at anything but counts, never draw random numbers, and never be used by [`crate::checker`],
//! which has to come to the same conclusion on its own way.
//!
//! # What is protected
//!
//! The table is a tree: a total, its parts by the first axis, their parts by the second, … The publication shows for
//! each node its count or one and the same sign. With `min` = the smallest count that may be shown:
//!
//! 1. A count of `1..min` is hidden (primary, 一次秘匿). A zero may be shown.
//! 2. Beneath a hidden node everything is hidden, zeros too. Were a part shown, the hidden total would be known to be
//!    at least that part; were the zeros shown, it would be known to be at least the number of the others.
//! 3. Under a shown node the hidden children, `n` in number and `S` in sum, are none, or satisfy
//!    `n ≥ 2` and `S ≥ (n − 1) + (min − 1)`. To reach this one more child is hidden (complementary, 二次秘匿),
//!    or, when there is none left, the node itself, which then is a hidden child one level up. A zero is never hidden
//!    for this: whoever knows the rule would subtract it again.
//!
//! # Why this suffices
//!
//! Claim: an attacker who knows the publication, the nesting and these three rules' form (so that a hidden node whose
//! total is shown, or that has no total, is at least 1) can exclude none of the values `1..min` for any hidden node.
//!
//! *All relations.* What is published are the equations `node = sum of children` and nothing else. Call a hidden
//! node *topmost* if its parent is shown or absent. By rule 2 an equation is of one of three kinds: (a) parent shown,
//! some children topmost hidden; (b) parent and all children hidden; (c) all shown. A topmost hidden node stands in
//! exactly one equation of kind (a) as a child (none, if it is the root) and one of kind (b) as the parent.
//!
//! *Topmost.* Let v be topmost and x in `1..min`. In the group of kind (a) set v = x, and give the other `n − 1 ≥ 1`
//! hidden children 1 each, one of them the rest `S − x − (n − 2) ≥ S − (min − 1) − (n − 2) ≥ 1`. So the group's
//! equation holds and each child is at least 1. No other group sees the change, since the parent is shown, and the
//! trees beneath are bound by kind (b) only: put the whole count in the first child each time, zero in the rest.
//! A hidden root has no group and takes any x.
//!
//! *Deeper.* Let v lie beneath a topmost t, and x in `1..min`. Give t the value x as above, and lead the whole of x
//! down the path to v: every other node beneath t gets 0, which rule 2 makes possible, as nothing there is shown. ∎
//!
//! # Why it is the least
//!
//! Under a shown node the forced children (small, or not showable) must be hidden. If they do not suffice, any child
//! that may be shown has at least `min`, and one such child always suffices (`S + c ≥ n + min`, `n + 1 ≥ 2`). So the
//! least choice is none or one child, and the costs of the children are independent: choosing the cheapest child,
//! from the leaves upward, gives the fewest hidden cells of all choices that keep the rules, and among those the
//! fewest hidden persons; the first in order decides what is still equal.

use crate::error::ReleaseError;

/// A nested table of counts (入れ子の集計表): a root and under each node of level `k` as many children as
/// `widths[k]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    widths: Vec<usize>,
    levels: Vec<Vec<u64>>,
}

/// Which nodes are hidden: the same shape as [`Tree`], root first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    levels: Vec<Vec<bool>>,
}

impl Tree {
    /// Adds up the leaves, which are given in order (the last axis running fastest).
    ///
    /// # Errors
    /// When the number of leaves is not the product of the widths, or a sum is too great.
    pub fn from_leaves(widths: &[usize], leaves: Vec<u64>) -> Result<Self, ReleaseError> {
        let size = widths.iter().try_fold(1usize, |size, w| size.checked_mul(*w));
        if size != Some(leaves.len()) || leaves.is_empty() {
            return Err(ReleaseError::Internal("the leaves do not fill the table"));
        }
        let mut levels = vec![leaves];
        for width in widths.iter().rev() {
            let below = levels.last().map(Vec::as_slice).unwrap_or_default();
            let sums: Option<Vec<u64>> = below
                .chunks(*width)
                .map(|parts| parts.iter().try_fold(0u64, |sum, part| sum.checked_add(*part)))
                .collect();
            levels.push(sums.ok_or(ReleaseError::Internal("a sum of the table is too great"))?);
        }
        levels.reverse();
        Ok(Self { widths: widths.to_vec(), levels })
    }

    /// Number of levels: 1 for a root alone.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    /// The counts of a level; 0 is the root's.
    #[must_use]
    pub fn level(&self, level: usize) -> &[u64] {
        self.levels.get(level).map(Vec::as_slice).unwrap_or_default()
    }

    /// Children of each node of a level; 0 for the leaves.
    #[must_use]
    pub fn width(&self, level: usize) -> usize {
        self.widths.get(level).copied().unwrap_or(0)
    }
}

impl Mask {
    /// Is the node hidden? What does not exist counts as hidden.
    #[must_use]
    pub fn hidden(&self, level: usize, node: usize) -> bool {
        self.levels.get(level).and_then(|l| l.get(node)).copied().unwrap_or(true)
    }

    /// Number of (shown, hidden) nodes.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        self.levels
            .iter()
            .flatten()
            .fold((0, 0), |(s, h), hidden| if *hidden { (s, h + 1) } else { (s + 1, h) })
    }
}

/// A count that may not be shown by itself.
fn small(count: u64, min: u64) -> bool {
    (1..min).contains(&count)
}

/// The first step alone: hides the counts of `1..min` and nothing else. Not sufficient; kept as a step of its own so
/// that a test can show that it is not.
#[must_use]
pub fn small_cells(tree: &Tree, min: u64) -> Mask {
    Mask { levels: tree.levels.iter().map(|l| l.iter().map(|c| small(*c, min)).collect()).collect() }
}

/// What is known of a node once its subtree has been decided.
#[derive(Clone, Copy)]
struct Choice {
    /// It cannot be shown.
    forced: bool,
    /// Hidden cells and hidden persons beneath it when it is shown.
    cost: (u64, u64),
    /// The child hidden as complement when it is shown.
    complement: Option<usize>,
}

/// Are `n` hidden children with the sum `sum` safe under a shown node?
fn safe(n: u64, sum: u64, min: u64) -> bool {
    n == 0 || (n >= 2 && sum >= (n - 1).saturating_add(min.saturating_sub(1)))
}

/// Decides one node from its children. `cells` is the size of one child's subtree.
fn choose(count: u64, children: &[(u64, Choice)], cells: u64, min: u64) -> Choice {
    let (mut n, mut sum, mut cost) = (0u64, 0u64, (0u64, 0u64));
    for (value, child) in children {
        if child.forced {
            (n, sum) = (n + 1, sum + value);
            cost = (cost.0 + cells, cost.1 + value);
        } else {
            cost = (cost.0 + child.cost.0, cost.1 + child.cost.1);
        }
    }
    let mut choice = Choice { forced: small(count, min), cost, complement: None };
    if safe(n, sum, min) {
        return choice;
    }
    // What hiding a child adds: the cells and persons that its own protection has not hidden yet.
    let added = |value: u64, child: &Choice| (cells - child.cost.0, value.saturating_sub(child.cost.1));
    let candidates = children.iter().enumerate().filter(|(_, (value, child))| !child.forced && *value > 0);
    let best = candidates.map(|(at, (value, child))| (added(*value, child), at)).min();
    match best {
        Some((more, at)) => {
            choice.cost = (cost.0 + more.0, cost.1 + more.1);
            choice.complement = Some(at);
        }
        None => choice.forced = true,
    }
    choice
}

/// Hides what the rules of this module demand, with `min` the smallest count that may be shown.
#[must_use]
pub fn protect(tree: &Tree, min: u64) -> Mask {
    let leaf = |count: &u64| Choice { forced: small(*count, min), cost: (0, 0), complement: None };
    let depth = tree.depth();
    // From the leaves upward: the choice of each node, level by level.
    let mut choices: Vec<Vec<Choice>> = vec![tree.level(depth - 1).iter().map(leaf).collect()];
    let mut cells = 1u64;
    for level in (0..depth - 1).rev() {
        let width = tree.width(level);
        let below: Vec<(u64, Choice)> = tree
            .level(level + 1)
            .iter()
            .copied()
            .zip(choices.last().map(Vec::as_slice).unwrap_or_default().iter().copied())
            .collect();
        let decided = tree.level(level).iter().zip(below.chunks(width));
        choices.push(decided.map(|(count, children)| choose(*count, children, cells, min)).collect());
        cells = 1 + cells * u64::try_from(width).unwrap_or(u64::MAX);
    }
    choices.reverse();
    // From the root downward: forced, chosen as complement, or beneath what is hidden.
    let mut levels: Vec<Vec<bool>> = Vec::with_capacity(depth);
    for (level, here) in choices.iter().enumerate() {
        let width = level.checked_sub(1).map_or(1, |above| tree.width(above).max(1));
        let hidden = here.iter().enumerate().map(|(at, choice)| {
            let Some(above) = level.checked_sub(1) else { return choice.forced };
            let (parent, nth) = (at / width, at % width);
            let parent_hidden = levels.get(above).and_then(|l| l.get(parent)).copied().unwrap_or(true);
            let complement = choices.get(above).and_then(|l| l.get(parent)).and_then(|c| c.complement);
            choice.forced || parent_hidden || complement == Some(nth)
        });
        let hidden: Vec<bool> = hidden.collect();
        levels.push(hidden);
    }
    Mask { levels }
}
