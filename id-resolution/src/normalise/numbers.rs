//! Numbers of persons, insurers and places: what systems pad, part and write in two widths becomes one.

use super::width::{is_dash, plain};

/// The digits of a text as a number with their count; `None` when there are other signs than digits and blanks, or more
/// than eighteen digits.
fn digits(text: &str) -> Option<(u64, u32)> {
    let (mut value, mut count, mut sound) = (0_u64, 0_u32, true);
    plain(text, |c| match c {
        '0'..='9' if count < 18 => {
            value = value * 10 + u64::from(c as u8 - b'0');
            count += 1;
        }
        ' ' => {}
        _ => sound = false,
    });
    (sound && count > 0).then_some((value, count))
}

/// Insurer number (保険者番号): law, prefecture, insurer and check digit, or the six digits of 国保 with or without zeros
/// before them. The second value: the check digit holds (modulus 10, weights 2 and 1 from the right).
/// 0 when it is none.
pub fn insurer(text: &str) -> (u32, bool) {
    match digits(text) {
        Some((number @ 1..=99_999_999, _)) => (number as u32, check_digit_holds(number as u32)),
        _ => (0, false),
    }
}

/// Does the last digit check the others (モジュラス10 ウェイト2・1分割)?
#[must_use]
pub const fn check_digit_holds(number: u32) -> bool {
    let (mut rest, mut double, mut sum) = (number / 10, true, 0);
    while rest > 0 {
        let d = rest % 10 * if double { 2 } else { 1 };
        sum += d / 10 + d % 10;
        double = !double;
        rest /= 10;
    }
    (10 - sum % 10) % 10 == number % 10
}

/// Branch number (枝番); 255 when it is none.
pub fn branch(text: &str) -> u8 {
    match digits(text) {
        Some((number, 1..=2)) => number as u8,
        _ => 255,
    }
}

/// Postal code (郵便番号) as a number; 0 when it is none. A leading zero may have been lost on the way.
pub fn postal_code(text: &str) -> u32 {
    let (mut value, mut count) = (0_u32, 0);
    plain(text, |c| {
        if let Some(d) = c.to_digit(10) {
            if count < 7 {
                value = value * 10 + d;
            }
            count += 1;
        }
    });
    // 0000000 and 9999999 are stopgaps
    if matches!(count, 6 | 7) && value < 9_999_999 { value } else { 0 }
}

/// Telephone number (電話番号) without the leading zero or country code; 0 when it is none.
pub fn phone(text: &str) -> u64 {
    let (mut value, mut count, mut plus, mut ended) = (0_u64, 0_u32, false, false);
    plain(text, |c| match c {
        _ if ended => {}
        '0'..='9' => {
            value = value.saturating_mul(10).saturating_add(u64::from(c as u8 - b'0'));
            count += 1;
        }
        '+' if count == 0 => plus = true,
        ' ' | '(' | ')' | '.' | 'T' | 'E' | 'L' | ':' | '〒' => {}
        c if is_dash(c) => {}
        // an extension, a second number, a remark
        _ => ended = count > 0,
    });
    let len = value.checked_ilog10().map_or(0, |n| n + 1);
    let zeros = count - len.min(count);
    let after = |code: u64, digits: u32| {
        let unit = 10_u64.checked_pow(len.checked_sub(digits)?)?;
        (value / unit == code).then(|| value % unit)
    };
    // +81, 0081 and 010-81 stand for the leading zero; some write (0) after it
    let national = if plus || zeros >= 2 { after(81, 2) } else { None }
        .or_else(|| if zeros == 1 && len >= 13 { after(1081, 4) } else { None })
        .unwrap_or(value);
    let sound = (10_000_000..10_000_000_000).contains(&national) && !one_digit(national);
    if sound { national } else { 0 }
}

/// 000-0000-0000, 9999999999: stopgaps.
const fn one_digit(mut number: u64) -> bool {
    let last = number % 10;
    while number > 0 {
        if number % 10 != last {
            return false;
        }
        number /= 10;
    }
    true
}

/// Is it a sign that parts symbol and number of a card?
fn parts_card(c: char) -> bool {
    is_dash(c) || matches!(c, ' ' | '・' | '·' | '.' | ',' | '/' | '、' | '。' | '(' | ')' | '「' | '」')
}

/// Symbol and number of the card (記号・番号) as one text: as `normalise::symbol_and_number`, into a buffer. Nothing
/// without a number.
pub fn card(symbol: &str, number: &str, out: &mut String) {
    join(symbol, out);
    let symbol_len = out.len();
    join(number, out);
    if out.len() == symbol_len {
        out.clear();
    }
}

fn join(text: &str, out: &mut String) {
    let mut leading = true;
    plain(text, |c| {
        if parts_card(c) {
            leading = true;
        } else if !(leading && c == '0') {
            leading = false;
            out.push(c.to_ascii_uppercase());
        }
    });
}

/// Chart number (患者番号): one width, no leading zeros, no blanks around it.
pub fn local(text: &str, out: &mut String) {
    let mut leading = true;
    plain(text, |c| {
        if !(leading && (c == '0' || c == ' ')) {
            leading = false;
            out.push(c);
        }
    });
    out.truncate(out.trim_end().len());
}

/// Any other key (履歴照会): one width, no blanks.
pub fn key(text: &str, out: &mut String) {
    plain(text, |c| {
        if c != ' ' {
            out.push(c);
        }
    });
}

/// Insurer (six digits) and number (ten digits) of long-term care as one text; nothing when one of them is not sound.
pub fn care(insurer: &str, number: &str, out: &mut String) {
    let (Some((i @ 1.., 6)), Some((n @ 1.., 10))) = (digits(insurer), digits(number)) else { return };
    use std::fmt::Write as _;
    // writing to a string cannot fail
    let _ = write!(out, "{i:06}{n:010}");
}

/// Sex (性別): 1 male, 2 female, 9 other, 0 not known.
pub fn sex(text: &str) -> u8 {
    let mut first = '\0';
    plain(text, |c| {
        if first == '\0' && c != ' ' {
            first = c;
        }
    });
    match first {
        '1' | 'M' | 'm' | '男' => 1,
        '2' | 'F' | 'f' | '女' => 2,
        '9' | 'O' | 'o' | '他' => 9,
        _ => 0,
    }
}
