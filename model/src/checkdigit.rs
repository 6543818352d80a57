//! Check digits (検証番号) of the numbers that Japanese health care writes. Source: formats.md §0.3.
//! A number of the right length with a wrong digit is a warning, never a reason to drop a record.

/// Modulus 10 with weights 2, 1 from the right, digits of products summed. Used by insurer numbers (保険者番号, 8 or 6
/// digits), public-expense payers (公費負担者番号, 8) and recipients (公費受給者番号, 7). The last digit is the check
/// digit. `None` when `number` holds anything but ASCII digits or fewer than two of them.
#[must_use]
pub fn modulus10_weight21(number: &str) -> Option<bool> {
    let (check, body) = number.as_bytes().split_last()?;
    if body.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let sum: u32 = body
        .iter()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let product = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    Some((10 - sum % 10) % 10 == u32::from(check - b'0'))
}

/// The check digit that makes `body` pass [`modulus10_weight21`]. `None` when `body` is not all digits.
#[must_use]
pub fn modulus10_weight21_digit(body: &str) -> Option<char> {
    ('0'..='9').find(|d| modulus10_weight21(&format!("{body}{d}")) == Some(true))
}

/// Is this a My Number (個人番号): twelve digits with its own check digit? Such a number must never be taken in.
#[must_use]
pub fn is_my_number(number: &str) -> bool {
    let bytes = number.as_bytes();
    if bytes.len() != 12 || !bytes.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let Some((check, body)) = bytes.split_last() else { return false };
    let sum: u32 = body
        .iter()
        .rev()
        .zip(1u32..)
        .map(|(b, n)| u32::from(b - b'0') * if n <= 6 { n + 1 } else { n - 5 })
        .sum();
    let remainder = sum % 11;
    let expected = if remainder <= 1 { 0 } else { 11 - remainder };
    expected == u32::from(check - b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insurer_numbers() {
        for good in ["01130012", "01010016", "435073", "141002"] {
            assert_eq!(modulus10_weight21(good), Some(true), "{good}");
        }
        assert_eq!(modulus10_weight21("83136019"), Some(false));
        assert_eq!(modulus10_weight21("0113001X"), None);
        assert_eq!(modulus10_weight21("0"), None);
        assert_eq!(modulus10_weight21_digit("0113001"), Some('2'));
    }

    #[test]
    fn my_number_needs_its_digit() {
        assert!(is_my_number("123456789018"));
        assert!(!is_my_number("123456789012"));
        assert!(!is_my_number("12345678901"));
    }
}
