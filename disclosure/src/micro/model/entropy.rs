//! Entropy ℓ-diversity: whether the entropy of counts is at least ln ℓ.
//!
//! It must never let rounding decide an equality: near the edge both sides are compared as products of primes.

use std::collections::BTreeMap;

/// Nearer than this the floating-point comparison is not trusted.
const NEAR: f64 = 1e-9;

/// Whether Σ −p ln p ≥ ln `l` for the shares p of `counts` in `size`.
pub(super) fn at_least(counts: &[u32], size: u64, l: u32) -> bool {
    if size == 0 {
        return false;
    }
    let n = size as f64;
    let inner: f64 = counts.iter().filter(|c| **c > 0).map(|c| f64::from(*c) * f64::from(*c).ln()).sum();
    let above = n.ln() - inner / n - f64::from(l).ln();
    // Two different products of this size differ by more than rounding unless they are equal.
    if above.abs() > NEAR { above > 0.0 } else { equal(counts, size, l) || above > 0.0 }
}

/// Whether nⁿ = lⁿ · Π cᶜ exactly.
fn equal(counts: &[u32], size: u64, l: u32) -> bool {
    let mut balance = BTreeMap::<u64, i128>::new();
    let mut put = |number: u64, times: i128| {
        for (prime, power) in factors(number) {
            *balance.entry(prime).or_default() += times * i128::from(power);
        }
    };
    put(size, i128::from(size));
    put(u64::from(l), -i128::from(size));
    counts.iter().filter(|c| **c > 0).for_each(|c| put(u64::from(*c), -i128::from(*c)));
    balance.values().all(|power| *power == 0)
}

fn factors(mut number: u64) -> Vec<(u64, u32)> {
    let mut found = Vec::new();
    let mut prime = 2;
    while prime * prime <= number {
        let mut power = 0;
        while number.is_multiple_of(prime) {
            number /= prime;
            power += 1;
        }
        if power > 0 {
            found.push((prime, power));
        }
        prime += 1;
    }
    if number > 1 {
        found.push((number, 1));
    }
    found
}
