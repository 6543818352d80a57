//! The control chart of stops (停止の割合の管理図): which provider lies outside of what chance gives, around the rate of all.
//! Pure; counts in, limits out.

use serde::Serialize;

/// The limits at a provider, in stops for each thousand persons told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Limits {
    /// Its own rate.
    pub rate: f64,
    /// Three standard deviations below the rate of all; never below 0.
    pub lower: f64,
    /// Three above.
    pub upper: f64,
    /// Its rate lies outside.
    pub outside: bool,
}

/// The rate of all, and the limits of each. `rows`: persons told, stops among them. Where nobody was told there is no rate.
#[must_use]
pub fn limits(rows: &[(u64, u64)]) -> (f64, Vec<Limits>) {
    let (told, stopped) = rows.iter().fold((0u64, 0u64), |sum, r| (sum.0 + r.0, sum.1 + r.1));
    let share = if told == 0 { 0.0 } else { stopped as f64 / told as f64 };
    let each = rows.iter().map(|(told, stopped)| {
        if *told == 0 {
            return Limits { rate: 0.0, lower: 0.0, upper: 1000.0, outside: false };
        }
        let n = *told as f64;
        let (rate, wide) = (*stopped as f64 / n, 3.0 * (share * (1.0 - share) / n).max(0.0).sqrt());
        let (lower, upper) = ((share - wide).max(0.0), (share + wide).min(1.0));
        Limits {
            rate: rate * 1000.0,
            lower: lower * 1000.0,
            upper: upper * 1000.0,
            outside: rate < lower || rate > upper,
        }
    });
    (share * 1000.0, each.collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::limits;

    proptest! {
        #[test]
        fn the_rate_of_all_lies_within_everybodys_limits(rows in prop::collection::vec((0u64..10_000, 0u64..100), 0..20)) {
            let rows: Vec<(u64, u64)> = rows.into_iter().map(|(told, s)| (told, s.min(told))).collect();
            let (centre, each) = limits(&rows);
            prop_assert_eq!(each.len(), rows.len());
            for l in each {
                prop_assert!(l.lower <= centre && centre <= l.upper + 1e-9);
                prop_assert!((0.0..=1000.0).contains(&l.lower) && (0.0..=1000.0).contains(&l.upper));
                prop_assert_eq!(l.outside, l.rate < l.lower || l.rate > l.upper);
            }
        }
    }

    #[test]
    fn a_provider_far_from_all_others_is_outside() {
        let (_, each) = limits(&[(10_000, 10), (10_000, 12), (1_000, 60)]);
        assert!(each.last().is_some_and(|l| l.outside));
        assert!(limits(&[(10_000, 10), (10_000, 12), (10_000, 9)]).1.iter().all(|l| !l.outside));
    }
}
