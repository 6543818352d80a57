//! Silver pairs (銀の正解): pairs that a strong number and a second field show to be one person, independently of what
//! is learned from them.
//!
//! No number is trusted alone (about 10⁻³ of the official ones point to somebody else), so every pair needs a guard: an
//! equal birth date or an agreeing given name. What identifies the pair or guards it teaches nothing about itself: birth
//! dates are learned from pairs that the given name guards, names from pairs that the birth date guards.

use std::collections::BTreeMap;

use super::sample::Sample;
use super::tally::{Look, Looks, Tally};
use crate::mpi::model::{Model, Scorer};
use crate::mpi::row::{Lexicon, Row, flag};
use crate::mpi::score::{Time, score};
use crate::mpi::weights::{Comparison, level};

/// Of one number at most so many descriptions are paired, so that people with thick files do not outvote all others.
const OF_ONE_NUMBER: usize = 6;

/// What shows that two records are one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Chart number at one facility (患者番号).
    Chart,
    /// Number of long-term care (介護被保険者番号).
    Care,
    /// Personal insured number (個人単位の被保険者番号), at two facilities.
    Insured,
    /// Key of the history inquiry (履歴照会).
    Inquiry,
}

impl Proof {
    /// All, in order.
    pub const ALL: [Self; 4] = [Self::Chart, Self::Care, Self::Insured, Self::Inquiry];

    /// The proof behind a key, by the number in its lowest bits (see [`crate::mpi::keys`]).
    #[must_use]
    pub fn of_key(key: u64) -> Option<Self> {
        match key & 31 {
            5 | 7 => Some(Self::Insured),
            16 => Some(Self::Chart),
            17 => Some(Self::Care),
            18 => Some(Self::Inquiry),
            _ => None,
        }
    }

    fn comparison(self) -> Comparison {
        match self {
            Self::Chart => Comparison::Local,
            Self::Care => Comparison::Care,
            Self::Insured => Comparison::Insured,
            Self::Inquiry => Comparison::Inquiry,
        }
    }
}

/// What silver pairs taught.
#[derive(Debug, Default)]
pub struct Silver {
    /// Pairs by proof.
    pub pairs: BTreeMap<Proof, u64>,
    /// Levels shown, all proofs together.
    pub tally: Tally,
}

/// What a silver pair may teach: the comparisons other than its number and than every guard that holds alone.
fn teaches(proof: Proof, key: u64, look: Look, a: &Row, b: &Row) -> impl Fn(Comparison) -> bool {
    let birth = level(look.levels, Comparison::Birth) == 1;
    let given = matches!(level(look.levels, Comparison::Given), 1..=3);
    // numbers of one household are no proof, and one facility copies its own files
    let sound = match proof {
        Proof::Insured => {
            let personal = a.is(flag::PERSONAL) || a.branch != 255 && a.branch == b.branch;
            personal && a.facility != b.facility
        }
        Proof::Chart | Proof::Care | Proof::Inquiry => true,
    };
    // the two keys of an insured number each contain one guard: birth dates are learned from the one, the rest from the other
    let (by_birth, by_given) = match (proof, key & 31) {
        (Proof::Insured, 5) => (birth, false),
        (Proof::Insured, _) => (false, given),
        _ => (birth, given),
    };
    move |comparison| {
        sound
            && comparison != proof.comparison()
            && if comparison == Comparison::Birth { by_given } else { by_birth }
    }
}

/// Counts the silver pairs of a sample of strong keys.
#[must_use]
pub fn learn(model: &Model, lexicon: &Lexicon, sample: &Sample) -> Silver {
    let scorer = Scorer::new(model);
    let mut counts: BTreeMap<(Proof, bool), Looks> = BTreeMap::new();
    let mut out = Silver::default();
    for block in sample.blocks().filter(|b| !b.full) {
        let Some(proof) = Proof::of_key(block.key) else { continue };
        let rows: Vec<&Row> = block.rows.values().take(OF_ONE_NUMBER).collect();
        for (i, a) in rows.iter().enumerate() {
            for b in rows.iter().skip(i + 1) {
                let look = Look::of(a, b, score(&scorer, lexicon, a, b, Time::Counts).levels);
                let may = teaches(proof, block.key, look, a, b);
                // only counts are kept of the pair
                for birth in [false, true] {
                    let any = Comparison::ALL.iter().any(|c| (*c == Comparison::Birth) == birth && may(*c));
                    if any {
                        *counts.entry((proof, birth)).or_default().entry(look).or_default() += 1;
                    }
                }
            }
        }
    }
    for ((proof, birth), looks) in &counts {
        for (look, n) in looks {
            if !birth {
                *out.pairs.entry(*proof).or_default() += n;
            }
            for comparison in Comparison::ALL {
                if (*comparison == Comparison::Birth) == *birth && *comparison != proof.comparison() {
                    out.tally.add(*look, *comparison, *n as f64);
                }
            }
        }
    }
    out
}

/// Levels of pairs of strangers, from pairs drawn at random of which all but the comparison itself says that they have
/// nothing to do with each other: in a small population a random pair is one person or one family too often.
#[must_use]
pub fn strangers(model: &Model, lexicon: &Lexicon, sample: &Sample, each: usize) -> (u64, Tally) {
    let scorer = Scorer::new(model);
    let rows: Vec<&Row> = sample.blocks().flat_map(|b| b.rows.values()).collect();
    let mut looks = Looks::new();
    for (i, a) in rows.iter().enumerate() {
        for b in rows.iter().skip(i + 1).take(each) {
            let look = Look::of(a, b, score(&scorer, lexicon, a, b, Time::Counts).levels);
            *looks.entry(look).or_default() += 1;
        }
    }
    let (mut pairs, mut tally) = (0, Tally::default());
    for (look, n) in &looks {
        pairs += n;
        for comparison in Comparison::ALL.iter().filter(|c| strange(look.levels, **c)) {
            tally.add(*look, *comparison, *n as f64);
        }
    }
    (pairs, tally)
}

/// Do all comparisons but one say "strangers"?
fn strange(levels: u64, but: Comparison) -> bool {
    Comparison::ALL.iter().filter(|c| **c != but).all(|c| {
        let l = level(levels, *c);
        match c {
            Comparison::Family => matches!(l, 9 | 10 | 13),
            Comparison::Given => matches!(l, 9 | 10),
            Comparison::Birth => l == 7,
            Comparison::Sex => true,
            Comparison::Insured => !matches!(l, 1..=3),
            Comparison::Address => !matches!(l, 1 | 2),
            Comparison::Phone | Comparison::Local | Comparison::Care | Comparison::Inquiry => l != 1,
        }
    })
}
