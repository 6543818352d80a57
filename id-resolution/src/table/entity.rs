//! From pairs to persons (統合): groups are joined best first, and every join is judged on all rows of both sides.
//!
//! Joining connected pairs would let one weak bridge chain two people. Here a bridge between two groups must outweigh
//! everything in them that disagrees. The order of joins depends on what they gain and, when that is equal, on the rows'
//! content, never on their order in the file.

// Indices are rows, groups and comparisons made here.
#![allow(clippy::indexing_slicing)]

use std::collections::{BTreeMap, BinaryHeap};

use super::levels::Levels;
use super::score::{BIT, Field, Scorer, Seen};

/// Joins that gain less than this many bits are not even tried.
pub const FLOOR: i32 = -8 * BIT;

/// One join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Join {
    /// A row of one side: its smallest.
    pub a: u32,
    /// The smallest row of the other side.
    pub b: u32,
    /// Bits gained, in 1/256.
    pub gain: i32,
    /// Pairs of rows it puts together.
    pub pairs: u64,
}

#[derive(Debug, Clone, Default)]
struct Group {
    rows: Vec<u32>,
    sources: Vec<u32>,
    fields: Vec<Field>,
    /// Rows whose names are exchanged.
    crossed: u32,
    /// Bits of each comparison.
    bits: Vec<i32>,
    /// Groups to join with, and how often this group has changed when that was reckoned.
    near: BTreeMap<u32, i32>,
    version: u32,
}

/// What a join would make.
struct Plan {
    gain: i32,
    flip_a: bool,
    flip_b: bool,
}

/// Joins groups.
pub struct Joiner<'a> {
    levels: &'a Levels<'a>,
    scorer: Scorer<'a>,
    groups: Vec<Group>,
}

impl<'a> Joiner<'a> {
    /// Every row alone.
    #[must_use]
    pub fn new(levels: &'a Levels<'a>, mut scorer: Scorer<'a>) -> Self {
        let compare = levels.plan.compare.len();
        let groups = (0..levels.frame.len() as u32)
            .map(|row| {
                let fields: Vec<Field> = (0..compare)
                    .map(|c| match levels.value(c, row, false) {
                        0 => Vec::new(),
                        value => vec![Seen { value, crossed: false, times: 1 }],
                    })
                    .collect();
                let source = levels.frame.source[row as usize];
                let mut group = Group {
                    rows: vec![row],
                    sources: vec![source],
                    bits: vec![0; compare],
                    fields,
                    ..Group::default()
                };
                orient(levels, &mut scorer, &mut group);
                group
            })
            .collect();
        Self { levels, scorer, groups }
    }

    /// Joins along edges while there is something to gain, down to [`FLOOR`]; the joins in the order they were made.
    pub fn run(&mut self, edges: impl Iterator<Item = (u32, u32)>) -> Vec<Join> {
        let mut heap = BinaryHeap::new();
        for (a, b) in edges {
            self.offer(a, b, &mut heap);
        }
        let mut joins = Vec::new();
        while let Some((gain, key, a, b, va, vb)) = heap.pop() {
            let _: std::cmp::Reverse<(u32, u32)> = key;
            if self.groups[a as usize].version != va || self.groups[b as usize].version != vb {
                continue;
            }
            let (x, y) = (&self.groups[a as usize], &self.groups[b as usize]);
            let pairs = x.rows.len() as u64 * y.rows.len() as u64;
            joins.push(Join { a: x.rows[0].min(y.rows[0]), b: x.rows[0].max(y.rows[0]), gain, pairs });
            self.merge(a, b, &mut heap);
        }
        joins
    }

    /// Reckons a join and, if it is worth anything, puts it on the heap.
    fn offer(&mut self, a: u32, b: u32, heap: &mut Heap) {
        if let Some(plan) = self.reckon(a, b) {
            let (x, y) = (&self.groups[a as usize], &self.groups[b as usize]);
            let key = (x.rows[0].min(y.rows[0]), x.rows[0].max(y.rows[0]));
            let (va, vb) = (x.version, y.version);
            self.groups[a as usize].near.insert(b, plan.gain);
            self.groups[b as usize].near.insert(a, plan.gain);
            if plan.gain >= FLOOR {
                heap.push((plan.gain, std::cmp::Reverse(key), a, b, va, vb));
            }
        }
    }

    fn reckon(&mut self, a: u32, b: u32) -> Option<Plan> {
        let Self { levels, scorer, groups } = self;
        let (x, y) = (&groups[a as usize], &groups[b as usize]);
        if levels.plan.source.is_some() {
            let shared = x.sources.iter().any(|s| y.sources.contains(s));
            if shared && (levels.plan.once_per_source || (x.rows.len() == 1 && y.rows.len() == 1)) {
                return None;
            }
        }
        let mut base = scorer.prior;
        let pair = levels.plan.swap;
        let is_name = |c: usize| pair.is_some_and(|(p, q)| p == c || q == c);
        for c in (0..x.fields.len()).filter(|c| !is_name(*c)) {
            base += if levels.plan.compare[c].changing {
                scorer.changing(c, &x.fields[c], &y.fields[c])
            } else {
                both(scorer, c, x, y, false, false)
            };
        }
        let Some((p, q)) = pair else { return Some(Plan { gain: base, flip_a: false, flip_b: false }) };
        let mut best: Option<Plan> = None;
        for (flip_a, flip_b) in [(false, false), (false, true), (true, false)] {
            let mut gain = base;
            for c in [p, q] {
                gain += both(scorer, c, x, y, flip_a, flip_b);
            }
            let turned = |g: &Group, flip: bool| {
                if flip { g.rows.len() as u32 - g.crossed } else { g.crossed }
            };
            gain += scorer.exchanged(turned(x, flip_a)) + scorer.exchanged(turned(y, flip_b))
                - scorer.exchanged(x.crossed)
                - scorer.exchanged(y.crossed);
            if best.as_ref().is_none_or(|b| gain > b.gain) {
                best = Some(Plan { gain, flip_a, flip_b });
            }
            // Names that agree as they stand need not be turned.
            if x.fields[p] == y.fields[p] && x.fields[q] == y.fields[q] {
                break;
            }
        }
        best
    }

    fn merge(&mut self, a: u32, b: u32, heap: &mut Heap) {
        let Some(plan) = self.reckon(a, b) else { return };
        let mut x = std::mem::take(&mut self.groups[a as usize]);
        let mut y = std::mem::take(&mut self.groups[b as usize]);
        let version = x.version.max(y.version) + 1;
        if plan.flip_a {
            flip(self.levels, &mut x);
        }
        if plan.flip_b {
            flip(self.levels, &mut y);
        }
        x.rows.extend(&y.rows);
        x.rows.sort_unstable();
        x.sources.extend(&y.sources);
        x.sources.sort_unstable();
        x.sources.dedup();
        x.crossed += y.crossed;
        for (c, (f, g)) in x.fields.iter_mut().zip(&y.fields).enumerate() {
            *f = union(f, g);
            x.bits[c] = self.scorer.field(c, f);
        }
        x.version = version;
        let mut near: Vec<u32> =
            x.near.keys().chain(y.near.keys()).copied().filter(|n| *n != a && *n != b).collect();
        near.sort_unstable();
        near.dedup();
        x.near.clear();
        self.groups[a as usize] = x;
        // The place of `b` stays empty; its version keeps stale offers out.
        self.groups[b as usize].version = u32::MAX;
        for n in near {
            let other = &mut self.groups[n as usize].near;
            other.remove(&a);
            other.remove(&b);
            self.offer(a, n, heap);
        }
    }

    /// Level vectors within groups: for learning again. Rows of each group, ascending.
    #[must_use]
    pub fn rows(&self) -> Vec<&[u32]> {
        self.groups.iter().filter(|g| !g.rows.is_empty()).map(|g| g.rows.as_slice()).collect()
    }
}

type Heap = BinaryHeap<(i32, std::cmp::Reverse<(u32, u32)>, u32, u32, u32, u32)>;

/// Bits gained in a comparison when two groups become one.
fn both(scorer: &mut Scorer<'_>, c: usize, x: &Group, y: &Group, flip_x: bool, flip_y: bool) -> i32 {
    let (f, g) = (&x.fields[c], &y.fields[c]);
    if flip_x || flip_y {
        // The other column's values come here; found by the caller's pair of comparisons.
        let partner = scorer.partner(c);
        let f = if flip_x { turned(&x.fields[partner]) } else { f.clone() };
        let g = if flip_y { turned(&y.fields[partner]) } else { g.clone() };
        return scorer.field(c, &union(&f, &g)) - x.bits[c] - y.bits[c];
    }
    if f.is_empty() || g.is_empty() {
        return 0;
    }
    scorer.field(c, &union(f, g)) - x.bits[c] - y.bits[c]
}

fn turned(field: &Field) -> Field {
    field.iter().map(|s| Seen { crossed: !s.crossed, ..*s }).collect()
}

fn flip(levels: &Levels<'_>, group: &mut Group) {
    let Some((p, q)) = levels.plan.swap else { return };
    let (f, g) = (turned(&group.fields[q]), turned(&group.fields[p]));
    group.fields[p] = f;
    group.fields[q] = g;
    group.crossed = group.rows.len() as u32 - group.crossed;
}

/// Turns a lone row's names when the columns' frequencies speak for it.
fn orient(levels: &Levels<'_>, scorer: &mut Scorer<'_>, group: &mut Group) {
    let Some((p, q)) = levels.plan.swap else { return };
    flip(levels, group);
    let bits = [p, q].map(|c| scorer.field(c, &group.fields[c]));
    if bits[0] + bits[1] + scorer.exchanged(1) > 0 {
        group.bits[p] = bits[0];
        group.bits[q] = bits[1];
    } else {
        flip(levels, group);
    }
}

fn union(a: &Field, b: &Field) -> Field {
    let mut all: Field = a.iter().chain(b).copied().collect();
    all.sort_unstable();
    let mut out: Field = Vec::with_capacity(all.len());
    for s in all {
        match out.last_mut() {
            Some(last) if (last.value, last.crossed) == (s.value, s.crossed) => last.times += s.times,
            _ => out.push(s),
        }
    }
    out
}

/// The gain below which joins lose more than they win: the greatest expected F1 over pairs, reckoned from the joins'
/// own probabilities. Returns the threshold and that expected F1.
#[must_use]
pub fn threshold(joins: &[Join]) -> (i32, f64) {
    let mut sorted: Vec<(i32, f64, f64)> = joins
        .iter()
        .map(|j| {
            let p = 1.0 / (1.0 + (-f64::from(j.gain) / f64::from(BIT)).exp2());
            (j.gain, p, j.pairs as f64)
        })
        .collect();
    sorted.sort_by(|a, b| b.0.cmp(&a.0).then(b.2.total_cmp(&a.2)));
    let truth: f64 = sorted.iter().map(|(_, p, n)| p * n).sum();
    let (mut found, mut put, mut best) = (0.0, 0.0, (0, 0.0));
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        for (_, p, n) in equal {
            found += p * n;
            put += n;
        }
        let f1 = 2.0 * found / (put + truth);
        if f1 > best.1 {
            best = (equal[0].0, f1);
        }
    }
    best
}
