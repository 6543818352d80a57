//! Numbers of persons as they are shown before a release (人数帯): in bands, so that asking again and again tells little.
//!
//! Never holds the number itself.

use serde::Serialize;

/// A band of numbers of persons: 0, 1–9, 10–99, 100–499, 500–999, and from 1,000 on the thousand below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Band {
    /// The least of the band.
    pub from: u64,
    /// The most of the band.
    pub to: u64,
}

impl Band {
    /// The band of a number.
    #[must_use]
    pub fn of(persons: u64) -> Self {
        let (from, to) = match persons {
            0 => (0, 0),
            1..=9 => (1, 9),
            10..=99 => (10, 99),
            100..=499 => (100, 499),
            500..=999 => (500, 999),
            // The first digit and the thousands: 12,345 lies in 12,000 to 12,999.
            n => (n / 1000 * 1000, n / 1000 * 1000 + 999),
        };
        Self { from, to }
    }

    /// The band of a number where nothing below `least` may be told: 1 to `least` less one is one band, zero its own.
    #[must_use]
    pub fn from_least(n: u64, least: u64) -> Self {
        let plain = Self::of(n);
        match n {
            0 => plain,
            n if n < least => Self { from: 1, to: least.saturating_sub(1).max(9) },
            _ => Self { from: plain.from.max(least), ..plain },
        }
    }
}

impl std::fmt::Display for Band {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.from, self.to) {
            (0, _) => f.write_str("0"),
            (1, to) => write!(f, "<{}", grouped(to.saturating_add(1))),
            (from, to) => write!(f, "{}–{}", grouped(from), grouped(to)),
        }
    }
}

/// 12345 as 12,345.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_below_the_least_is_told_apart(a in 1u64..500, b in 1u64..500, least in 10u64..300) {
            let (x, y) = (Band::from_least(a, least), Band::from_least(b, least));
            prop_assert!((x.from..=x.to).contains(&a) && x.to >= 9);
            // Two small numbers look the same; a small one never lies in the band of one that may be told.
            prop_assert!(a >= least || b >= least || x == y);
            prop_assert!(a >= least || b < least || x != y);
            prop_assert!(a < least || x.from >= least);
        }
    }

    #[test]
    fn a_higher_least_is_written_as_it_is() {
        assert_eq!(Band::from_least(7, 20).to_string(), "<20");
        assert_eq!(Band::from_least(25, 20).to_string(), "20–99");
        assert_eq!(Band::from_least(0, 20).to_string(), "0");
    }

    #[test]
    fn bands_hold_their_numbers_and_do_not_overlap() {
        for (n, text) in [
            (0, "0"),
            (1, "<10"),
            (9, "<10"),
            (10, "10–99"),
            (100, "100–499"),
            (999, "500–999"),
            (1000, "1,000–1,999"),
            (1_234_567, "1,234,000–1,234,999"),
        ] {
            assert_eq!(Band::of(n).to_string(), text);
        }
        for n in 0..20_000 {
            let band = Band::of(n);
            assert!((band.from..=band.to).contains(&n));
            assert!(band == Band::of(n + 1) || band.to == n);
        }
    }
}
