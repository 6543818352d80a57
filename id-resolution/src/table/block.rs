//! Candidates (候補): pairs of rows that agree on all parts of at least one blocking rule.

// Indices are rows and rules of the frame at hand.
#![allow(clippy::indexing_slicing)]

use super::config::Plan;
use super::frame::Frame;
use super::transform::apply_all;

/// What blocking found.
#[derive(Debug, Default)]
pub struct Candidates {
    /// Pairs of rows, the smaller first, ascending, each once.
    pub pairs: Vec<(u32, u32)>,
    /// For each pair, a bit for each rule that holds.
    pub rules: Vec<u32>,
    /// Pairs that each rule gives.
    pub by_rule: Vec<u64>,
    /// Blocks that each rule left out because they were too large.
    pub crowded: Vec<u64>,
}

/// Keys of every rule: key of rule and row, 0 when a part is empty.
fn keys(frame: &Frame, plan: &Plan) -> Vec<Vec<u64>> {
    plan.block
        .iter()
        .map(|rule| {
            let mut key = vec![0xcbf2_9ce4_8422_2325_u64; frame.len()];
            for (column, steps) in &rule.parts {
                // One hash for each distinct value; rows look theirs up.
                let hash: Vec<u64> = frame
                    .values
                    .iter()
                    .map(|v| if steps.is_empty() { fnv(&v.text) } else { fnv(&apply_all(steps, &v.text)) })
                    .collect();
                for (k, cell) in key.iter_mut().zip(&frame.cells[*column]) {
                    let h = hash[*cell as usize];
                    *k = if h == 0 || *k == 0 { 0 } else { mix(*k ^ h) | 1 };
                }
            }
            key
        })
        .collect()
}

/// 0 for the empty text only.
fn fnv(text: &str) -> u64 {
    if text.is_empty() {
        return 0;
    }
    let h = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    mix(h) | 1
}

/// A fixed scrambling of 64 bits (the finaliser of splitmix64).
#[must_use]
pub fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// All candidates. Two keys that collide only give a pair more, which the comparison then judges.
#[must_use]
pub fn candidates(frame: &Frame, plan: &Plan) -> Candidates {
    let keys = keys(frame, plan);
    let mut found =
        Candidates { by_rule: vec![0; keys.len()], crowded: vec![0; keys.len()], ..Candidates::default() };
    let mut tagged: Vec<(u32, u32, u8)> = Vec::new();
    for (rule, key) in keys.iter().enumerate() {
        let mut order: Vec<(u64, u32)> =
            key.iter().zip(0u32..).filter(|(k, _)| **k != 0).map(|(k, row)| (*k, row)).collect();
        order.sort_unstable();
        for block in order.chunk_by(|a, b| a.0 == b.0) {
            if block.len() > plan.block_max {
                found.crowded[rule] += 1;
                continue;
            }
            for (i, a) in block.iter().enumerate() {
                for b in &block[i + 1..] {
                    if plan.source.is_none() || frame.source[a.1 as usize] != frame.source[b.1 as usize] {
                        tagged.push((a.1, b.1, rule as u8));
                        found.by_rule[rule] += 1;
                    }
                }
            }
        }
    }
    tagged.sort_unstable();
    for same in tagged.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        found.pairs.push((same[0].0, same[0].1));
        found.rules.push(same.iter().fold(0, |bits, t| bits | 1 << t.2));
    }
    found
}
