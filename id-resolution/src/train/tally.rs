//! Level vectors, counted: which levels a pair could have shown (its context), and which it did.
//!
//! A level's probability is a share among the pairs that could have shown it: two records that carry kana only cannot
//! agree in both scripts, and cards three years apart are no test of what happens within two months.

use std::collections::BTreeMap;

use crate::mpi::row::{NONE, Row, flag};
use crate::mpi::weights::{COMPARISONS, Comparison, LEVELS, level};

/// What a pair looks like: its levels, and the context in which they were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Look {
    /// Level vector, 4 bits a comparison.
    pub levels: u64,
    /// For each comparison 4 bits: see [`possible`].
    pub context: u64,
}

/// Level vectors and how often each was met.
pub type Looks = BTreeMap<Look, u64>;

/// Both, kanji only, kana only: contexts of a name part; 4 more when both are men (family name only).
const BOTH: u64 = 1;
const KANJI: u64 = 2;
const KANA: u64 = 3;
/// One in kanji, the other in kana.
const CROSS: u64 = 4;
const MEN: u64 = 4;

/// The levels that a context can show, as a set of bits; 0: nothing can be learned.
#[must_use]
pub fn possible(comparison: Comparison, context: u64) -> u16 {
    let set = |levels: &[u32]| levels.iter().fold(0u16, |s, l| s | 1 << l);
    match comparison {
        Comparison::Family | Comparison::Given => match context {
            BOTH => set(&[1, 4, 5, 6, 7, 10, 11]),
            KANJI => set(&[2, 7, 10, 11]),
            KANA => set(&[3, 6, 10, 11]),
            CROSS => set(&[8, 9]),
            5 => set(&[1, 4, 5, 6, 7, 13, 11]),
            6 => set(&[2, 7, 13, 11]),
            7 => set(&[3, 6, 13, 11]),
            _ => 0,
        },
        // 1–4: both branches are known, by the time between; 5–8: one is not
        Comparison::Insured => match context {
            c @ 1..=4 => set(&[1, 3, 4]) | 1 << (4 + c),
            c @ 5..=8 => set(&[2, 4]) | 1 << c,
            _ => 0,
        },
        Comparison::Address => match context {
            1 => set(&[1, 2, 3, 4]),
            2 => set(&[1, 2, 3, 5]),
            _ => 0,
        },
        Comparison::Birth if context == 1 => set(&[1, 2, 3, 4, 5, 6, 7]),
        _ if context == 1 => set(&[1, 2]),
        _ => 0,
    }
}

/// The context of a name part; `other` where nothing can be learned from it.
fn name(a: &Row, b: &Row, part: fn(&Row) -> (u32, u32)) -> u64 {
    let ((ka, ja), (kb, jb)) = (part(a), part(b));
    let (kana, kanji) = (ka != NONE && kb != NONE, ja != NONE && jb != NONE);
    // a name that only one of the two parts is compared as a whole, in one script
    let apart = |f: u8| (a.flags ^ b.flags) & f != 0;
    if kana && apart(flag::SPLIT_KANA) {
        return KANA;
    }
    if kanji && apart(flag::SPLIT_KANJI) {
        return KANJI;
    }
    match (kana, kanji) {
        (true, true) => BOTH,
        (true, false) => KANA,
        (false, true) => KANJI,
        (false, false) => CROSS,
    }
}

impl Look {
    /// The look of a compared pair.
    #[must_use]
    pub fn of(a: &Row, b: &Row, levels: u64) -> Self {
        let gap = if a.first == 0 || b.first == 0 {
            None
        } else {
            Some(a.first.saturating_sub(b.last).max(b.first.saturating_sub(a.last)))
        };
        let mut context = 0;
        for comparison in Comparison::ALL {
            let shown = level(levels, *comparison);
            if shown == 0 {
                continue;
            }
            let found = match comparison {
                Comparison::Family => {
                    let c = name(a, b, |r| (r.family_kana, r.family_kanji));
                    if a.sex == 1 && b.sex == 1 && c != CROSS { c + MEN } else { c }
                }
                Comparison::Given => name(a, b, |r| (r.given_kana, r.given_kanji)),
                Comparison::Insured => {
                    let branches = a.is(flag::PERSONAL) || a.branch != 255 && b.branch != 255;
                    let time = match gap {
                        Some(days) if days <= 60 => 1,
                        Some(days) if days <= 365 => 2,
                        Some(days) if days > 1095 => 4,
                        _ => 3,
                    };
                    if branches { time } else { 4 + time }
                }
                Comparison::Address if a.address == NONE || b.address == NONE => 0,
                Comparison::Address => {
                    if gap.is_some_and(|days| days <= 180) {
                        1
                    } else {
                        2
                    }
                }
                _ => 1,
            };
            // with kana to hold against it, equal kanji and near kana are another thing than equal kanji alone
            let aside = shown == 2 && matches!(comparison, Comparison::Family | Comparison::Given);
            if possible(*comparison, found) & 1 << shown != 0 || aside && found != 0 {
                context |= found << (4 * *comparison as u32);
            }
        }
        Self { levels, context }
    }

    /// What a comparison shows and what it could have shown; `None`: nothing to learn.
    #[must_use]
    pub fn at(self, comparison: Comparison) -> Option<(usize, u16)> {
        let could = possible(comparison, self.context >> (4 * comparison as u32) & 15);
        (could != 0).then(|| (level(self.levels, comparison), could))
    }
}

/// How often each level was shown, and how often it could have been. Whole numbers, except in EM.
#[derive(Debug, Clone)]
pub struct Tally {
    /// `[comparison][level]`: shown.
    pub shown: Vec<[f64; LEVELS]>,
    /// `[comparison][level]`: could have been shown.
    pub could: Vec<[f64; LEVELS]>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { shown: vec![[0.0; LEVELS]; COMPARISONS], could: vec![[0.0; LEVELS]; COMPARISONS] }
    }
}

impl Tally {
    /// Counts what one comparison of a pair shows, `weight` times.
    pub fn add(&mut self, look: Look, comparison: Comparison, weight: f64) {
        let Some((shown, could)) = look.at(comparison) else { return };
        let at = comparison as usize;
        let counts = could & 1 << shown != 0;
        if let Some(slot) = self.shown.get_mut(at).and_then(|s| s.get_mut(shown)).filter(|_| counts) {
            *slot += weight;
        }
        if let Some(row) = self.could.get_mut(at) {
            for (l, slot) in row.iter_mut().enumerate() {
                if could & 1 << l != 0 {
                    *slot += weight;
                }
            }
        }
    }

    /// (shown, could have been shown) of one level.
    #[must_use]
    pub fn get(&self, comparison: Comparison, level: usize) -> (f64, f64) {
        let of = |t: &[[f64; LEVELS]]| {
            t.get(comparison as usize).and_then(|s| s.get(level)).copied().unwrap_or(0.0)
        };
        (of(&self.shown), of(&self.could))
    }
}
