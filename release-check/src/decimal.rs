//! Decimal numbers, exactly: compared and counted by their digits.
//!
//! It must never go through floating point.

use std::cmp::Ordering;

/// A decimal number: `digits · 10^-scale`, without trailing zeros after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    /// From a whole number and the places after its point.
    pub fn new(mut digits: i128, mut scale: u32) -> Self {
        while scale > 0 && digits % 10 == 0 {
            (digits, scale) = (digits / 10, scale - 1);
        }
        Self { digits, scale }
    }

    /// Reads `-12.50`: no exponent, no plus, no leading zeros but one before the point, at most 27 digits.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = match unsigned.split_once('.') {
            Some((_, "")) => return None,
            Some(halves) => halves,
            None => (unsigned, ""),
        };
        let plain = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        let leads = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leads || !plain(whole) || !plain(part) || whole.len() + part.len() > 27 {
            return None;
        }
        let digits: i128 = [whole, part].concat().parse().ok()?;
        let signed = if unsigned.len() < text.len() { -digits } else { digits };
        Some(Self::new(signed, u32::try_from(part.len()).ok()?))
    }

    /// Significant digits: leading zeros, and zeros at the end, do not count.
    pub fn significant(self) -> u32 {
        let mut digits = self.digits.unsigned_abs();
        while digits != 0 && digits.is_multiple_of(10) {
            digits /= 10;
        }
        digits.checked_ilog10().map_or(1, |log| log + 1)
    }

    /// As a fraction: numerator and denominator, both small enough when they came from a policy.
    pub fn fraction(self) -> Option<(i128, i128)> {
        Some((self.digits, 10i128.checked_pow(self.scale)?))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // Whole parts first, then what is left: nothing overflows, for both are brought to fewer digits only.
        let split = |d: &Self| {
            let unit = 10i128.checked_pow(d.scale).unwrap_or(i128::MAX);
            (d.digits.div_euclid(unit), d.digits.rem_euclid(unit), d.scale)
        };
        let ((a, a_part, a_scale), (b, b_part, b_scale)) = (split(self), split(other));
        let raise = |part: i128, by: u32| 10i128.checked_pow(by).and_then(|p| part.checked_mul(p));
        let scale = a_scale.max(b_scale);
        let part = |part: i128, own: u32| raise(part, scale - own).unwrap_or(i128::MAX);
        a.cmp(&b).then_with(|| part(a_part, a_scale).cmp(&part(b_part, b_scale)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_what_they_mean() {
        let d = |t| Decimal::parse(t).unwrap();
        assert_eq!(d("3.90"), d("3.9"));
        assert!(d("-0.5") < d("-0.45") && d("-0.45") < d("0") && d("9.99") < d("10"));
        assert_eq!([d("140").significant(), d("0.0031").significant(), d("0").significant()], [2, 2, 1]);
        assert_eq!(d("0.25").fraction(), Some((25, 100)));
        for bad in ["", "-", ".5", "5.", "+1", "01", "1e3", "1,0", "１"] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
    }
}
