//! Counter-based randomness: every number is a pure function of the seed and of what it is for.
//!
//! Nothing here keeps state between persons, so any person can be made again on any night without remembering one.
//! It must never be used for secrets of a real system; it only draws synthetic data.

/// A stream of pseudo-random numbers (splitmix64), named by a seed and a list of words.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

/// The finaliser of splitmix64: a bijection on 64 bits that mixes well.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What a stream is for. The number keeps streams of one person apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Use {
    Household = 1,
    Person,
    Event,
    Chronic,
    Attendance,
    Care,
    Seen,
    Provider,
    Late,
    Increment,
    Correction,
    Lab,
    Key,
}

impl Rng {
    /// The stream for this purpose and these words.
    pub(crate) fn new(seed: u64, purpose: Use, words: &[u64]) -> Self {
        let start = mix(seed ^ 0x9E37_79B9_7F4A_7C15).wrapping_add(purpose as u64);
        Self(words.iter().fold(mix(start), |state, word| mix(state.wrapping_add(mix(*word ^ 0xA5A5)))))
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `n`; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        // The high half of the product is uniform enough for synthetic data and needs no division.
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.below(width)).unwrap_or(0)
    }

    /// True with probability `p`. Draws a number in any case, so that one decision does not shift the next.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        // 53 bits are all that an f64 holds.
        ((self.next() >> 11) as f64) < p * (1u64 << 53) as f64
    }

    /// One of `items`.
    pub(crate) fn pick<'a, T, const N: usize>(&mut self, items: &'a [T; N]) -> &'a T {
        const { assert!(N > 0) };
        let at = usize::try_from(self.below(N as u64)).unwrap_or(0);
        // The index is below N, and N is not zero.
        #[allow(clippy::indexing_slicing)]
        &items[at]
    }

    /// An index of `weights`, drawn by weight.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().map(|w| u64::from(*w)).sum();
        let mut left = self.below(total);
        for (i, w) in weights.iter().enumerate() {
            let w = u64::from(*w);
            if left < w {
                return i;
            }
            left -= w;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, purpose, word| Rng::new(seed, purpose, &[word]).next();
        assert_eq!(draw(1, Use::Person, 5), draw(1, Use::Person, 5));
        for other in [draw(2, Use::Person, 5), draw(1, Use::Care, 5), draw(1, Use::Person, 6)] {
            assert_ne!(draw(1, Use::Person, 5), other);
        }
    }

    #[test]
    fn chances_are_near_their_probability() {
        let mut rng = Rng::new(7, Use::Person, &[]);
        let hits = (0..100_000).filter(|_| rng.chance(0.3)).count();
        assert!((29_000..31_000).contains(&hits), "{hits}");
        assert!(!(0..1000).any(|_| rng.chance(0.0)));
        assert!((0..1000).all(|_| rng.chance(1.0)));
        assert!((0..1000).all(|_| (3..=5).contains(&rng.between(3, 5))));
        assert!((0..1000).all(|_| [0, 2].contains(&rng.weighted(&[1, 0, 1]))));
    }
}
