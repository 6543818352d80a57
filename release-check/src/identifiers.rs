//! Finding identifiers in values (識別子の検出): numbers with check digits, phone numbers, addresses, cards.
//!
//! It must never say what it found, only of which kind; and it is the second net: the grammars of the columns are the
//! first.

use crate::dates::is_day;
use crate::rules::{self, Rule};

/// What a value looks like, if it looks like an identifier (law.md C-031, C-032, C-051).
pub fn look(value: &str) -> Option<(&'static Rule, &'static str)> {
    if value.contains('@') || value.contains('＠') {
        return Some((&rules::DIRECT_IDENTIFIER, "e-mail"));
    }
    if value.contains('〒') || hyphenated(value, &[3, 4]) {
        return Some((&rules::DIRECT_IDENTIFIER, "postal code"));
    }
    if [[2, 4, 4], [3, 3, 4], [3, 4, 4], [4, 2, 4], [5, 1, 4]]
        .iter()
        .any(|shape| hyphenated(value, shape) && first_digit(value) == Some('0'))
    {
        return Some((&rules::DIRECT_IDENTIFIER, "telephone"));
    }
    let runs = runs(value);
    for digits in &runs {
        let kind = match digits.len() {
            8 if day_of(digits) => Some((&rules::DIRECT_IDENTIFIER, "date of birth")),
            8 if insurer(digits) => Some((&rules::IDENTIFICATION_CODE, "insurer number")),
            10 | 11 if digits.first() == Some(&0) => Some((&rules::DIRECT_IDENTIFIER, "telephone")),
            12 if my_number(digits) => Some((&rules::IDENTIFICATION_CODE, "individual number")),
            14..=16 if luhn(digits) => Some((&rules::PROPERTY_NUMBER, "card number")),
            _ => None,
        };
        if kind.is_some() {
            return kind;
        }
    }
    // A card's number in groups.
    let joined: Vec<u8> = runs.concat();
    let grouped = runs.len() == 4 && runs.iter().all(|r| r.len() == 4);
    (grouped && luhn(&joined)).then_some((&rules::PROPERTY_NUMBER, "card number"))
}

/// The digit of a character, full width too.
fn digit(c: char) -> Option<u8> {
    let c = match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0'))?,
        other => other,
    };
    c.to_digit(10).and_then(|d| u8::try_from(d).ok())
}

fn first_digit(value: &str) -> Option<char> {
    value.chars().find_map(digit).and_then(|d| char::from_digit(u32::from(d), 10))
}

/// All runs of digits. A letter or a decimal point beside a run makes it part of a code or a number, not of an
/// identifier.
fn runs(value: &str) -> Vec<Vec<u8>> {
    let mut runs = Vec::new();
    for word in value.split(|c: char| !(c.is_alphanumeric() || c == '.')) {
        let digits: Option<Vec<u8>> = word.chars().map(digit).collect();
        runs.extend(digits.filter(|d| !d.is_empty()));
    }
    runs
}

/// Is it digits in groups of these lengths with hyphens between, and nothing else?
fn hyphenated(value: &str, shape: &[usize]) -> bool {
    let groups = value.split(['-', '‐', '－', 'ー', '−']);
    let lengths: Vec<Option<usize>> =
        groups.map(|g| g.chars().all(|c| digit(c).is_some()).then(|| g.chars().count())).collect();
    lengths.iter().copied().eq(shape.iter().map(|len| Some(*len)))
}

fn day_of(digits: &[u8]) -> bool {
    let text: String = digits.iter().map(|d| char::from(b'0' + d)).collect();
    let [y1, y2, y3, y4, m1, m2, d1, d2] = text.as_bytes() else { return false };
    let plain = [*y1, *y2, *y3, *y4, b'-', *m1, *m2, b'-', *d1, *d2];
    matches!([*y1, *y2], [b'1', b'8' | b'9'] | [b'2', b'0']) && std::str::from_utf8(&plain).is_ok_and(is_day)
}

/// 保険者番号: eight digits, weights 2 1 2 1 …, sums of the products' digits, the last makes it a multiple of ten.
fn insurer(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let sum: u32 = body
        .iter()
        .enumerate()
        .map(|(i, d)| {
            let product = u32::from(*d) * if i % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    digits.iter().any(|d| *d != 0) && (10 - sum % 10) % 10 == u32::from(*check)
}

/// 個人番号: twelve digits, weights 6 5 4 3 2 7 6 5 4 3 2, modulo 11.
fn my_number(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let weights = [6u32, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2];
    let rest = body.iter().zip(weights).map(|(d, w)| u32::from(*d) * w).sum::<u32>() % 11;
    let expected = if rest <= 1 { 0 } else { 11 - rest };
    digits.iter().any(|d| *d != 0) && expected == u32::from(*check)
}

/// The check digit of cards (Luhn).
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, d)| match (i % 2, u32::from(*d)) {
            (1, d) if d > 4 => d * 2 - 9,
            (1, d) => d * 2,
            (_, d) => d,
        })
        .sum();
    digits.iter().any(|d| *d != 0) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_known_by_their_digits() {
        let kind = |v| look(v).map(|(_, kind)| kind);
        assert_eq!(kind("someone@example.jp"), Some("e-mail"));
        assert_eq!(kind("100-0000"), Some("postal code"));
        assert_eq!(kind("03-0000-0000"), Some("telephone"));
        assert_eq!(kind("09000000000"), Some("telephone"));
        assert_eq!(kind("19650229"), None);
        assert_eq!(kind("19640229"), Some("date of birth"));
        // Made up: 06 = health insurance societies, check digit by the rule.
        assert_eq!(kind("06139992"), Some("insurer number"));
        assert_eq!((0..10).filter(|d| insurer(&[0, 6, 1, 3, 9, 9, 9, *d])).count(), 1);
        assert_eq!((0..10).filter(|d| my_number(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, *d])).count(), 1);
        assert_eq!(kind("123456789018"), Some("individual number"));
        assert_eq!(kind("４１１１ １１１１ １１１１ １１１１"), Some("card number"));
        for harmless in
            ["40-49", "-30..-1", "2149032F1021", "160000310", "E11.9", "0.00000123", "2026-Q3", "90+"]
        {
            assert_eq!(kind(harmless), None, "{harmless}");
        }
    }
}
