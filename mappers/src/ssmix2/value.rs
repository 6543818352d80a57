//! Measured values as laboratories write them: `<0.5`, `１．２`, `3+(300)`, `50×10^2`, `陰性`.
//!
//! The text is kept as sent; beside it stands the number, when there is exactly one, and its comparator. Nothing is
//! guessed: what is not understood gives no number. Source of the forms: formats.md §1.6.

use rust_decimal::Decimal;

/// What kind of value a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Empty,
    /// One number, perhaps with a comparator, a grade or a unit.
    Number,
    /// A grade or a word of result: `2+`, `±`, `陰性`. No number.
    Qualitative,
    /// Two numbers: a range, a titre or a ratio. No number.
    Several,
    /// Anything else: free text.
    Text,
}

/// A value, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// What kind.
    pub kind: Kind,
    /// The number, for [`Kind::Number`].
    pub number: Option<Decimal>,
    /// `<`, `>`, `<=`, `>=` or nothing.
    pub comparator: &'static str,
}

impl Reading {
    const fn of(kind: Kind) -> Self {
        Self { kind, number: None, comparator: "" }
    }
}

/// No result has more digits; telephones, insurance cards and My Numbers have.
const DIGITS_MAX: usize = 10;

const LESS: &[&str] = &["<", "〈"];
const MORE: &[&str] = &[">", "〉"];
const AT_MOST: &[&str] = &["<=", "=<", "< =", "≦", "≤", "↓"];
const AT_LEAST: &[&str] = &[">=", "=>", "≧", "≥", "↑"];

/// Words of result. Only these may stand in a fact; any other text may name somebody.
const WORDS: &[&str] = &[
    "陰性",
    "陽性",
    "弱陽性",
    "強陽性",
    "疑陽性",
    "偽陽性",
    "判定保留",
    "インセイ",
    "ヨウセイ",
    "検出",
    "検出せず",
    "検出セズ",
    "検出されず",
    "不検出",
    "未検出",
    "フケンシュツ",
    "ミケンシュツ",
    "ケンシュツセズ",
    "認めず",
    "認めない",
    "認める",
    "なし",
    "無し",
    "無",
    "有",
    "あり",
    "有り",
    "正常",
    "異常",
    "異常なし",
    "少量",
    "少数",
    "多量",
    "多数",
    "中等量",
    "微量",
    "測定不能",
    "測定不可",
    "検体不足",
    "検体不良",
    "検体凝固",
    "検査中",
    "至急",
    "溶血",
    "乳び",
    "乳糜",
    "黄疸",
    "強溶血",
    "弱溶血",
    "淡黄色",
    "黄色",
    "黄褐色",
    "褐色",
    "赤褐色",
    "赤色",
    "無色",
    "清",
    "混濁",
    "透明",
    "微濁",
    "型",
    "Ａ型",
    "Ｂ型",
    "Ｏ型",
    "ＡＢ型",
    "NEGATIVE",
    "POSITIVE",
    "NORMAL",
    "ABNORMAL",
    "TRACE",
    "REACTIVE",
    "NONREACTIVE",
    "DETECTED",
];

/// Reads a value.
#[must_use]
pub fn read(text: &str) -> Reading {
    // The common case first: a plain number.
    if text.len() <= DIGITS_MAX
        && let Some(number) = plain(text)
    {
        return Reading { kind: Kind::Number, number: Some(number), comparator: "" };
    }
    let halved = halve(text);
    let value = unwrap(halved.trim().trim_start_matches(':').trim());
    if value.is_empty() {
        return Reading::of(Kind::Empty);
    }
    if digit_run(value) > DIGITS_MAX {
        return Reading::of(Kind::Text);
    }
    if let Some(number) = plain(value) {
        return Reading { kind: Kind::Number, number: Some(number), comparator: "" };
    }
    if let Some(reading) = compared(value) {
        return reading;
    }
    if is_grade(value) {
        return Reading::of(Kind::Qualitative);
    }
    if is_several(value) {
        return Reading::of(Kind::Several);
    }
    if is_word(value) {
        return Reading::of(Kind::Qualitative);
    }
    if let Some(number) =
        scaled(value).or_else(|| graded_number(value)).or_else(|| with_unit(value).map(|v| v.0))
    {
        return Reading { kind: Kind::Number, number: Some(number), comparator: "" };
    }
    Reading::of(Kind::Text)
}

/// The unit written behind the number (`12.5mg/dL`), when there is one.
#[must_use]
pub fn unit_inside(text: &str) -> Option<&str> {
    let (_, unit) = with_unit(text.trim())?;
    Some(unit)
}

/// A number: sign, digits, point, digits; nothing else.
fn plain(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let sound = !digits.is_empty()
        && digits.len() <= 20
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
        && digits.bytes().any(|b| b.is_ascii_digit());
    if !sound {
        return None;
    }
    let trimmed = text.strip_suffix('.').unwrap_or(text);
    trimmed.parse().ok()
}

/// Full-width signs of ASCII in half width, `～` kept.
fn halve(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5D}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '\u{3000}' => ' ',
            '−' | '―' | '‐' => '-',
            c => c,
        })
        .collect()
}

/// Takes off one pair of brackets around the whole.
fn unwrap(value: &str) -> &str {
    for (open, close) in [('(', ')'), ('[', ']'), ('「', '」')] {
        if let Some(inner) = value.strip_prefix(open).and_then(|v| v.strip_suffix(close))
            && !inner.contains([open, close])
        {
            return inner.trim();
        }
    }
    value
}

fn compared(value: &str) -> Option<Reading> {
    let after = |signs: &[&str]| signs.iter().find_map(|s| value.strip_prefix(s)).map(str::trim);
    let before = |signs: &[&str]| signs.iter().find_map(|s| value.strip_suffix(s)).map(str::trim);
    // Two-sign comparators first, so that `<=5` is not read as `<` and `=5`. Behind the number the sense turns round.
    let candidates = [
        (after(AT_MOST), "<="),
        (after(AT_LEAST), ">="),
        (after(LESS), "<"),
        (after(MORE), ">"),
        (before(&["以上", "↑", "~", "～", "〜"]), ">="),
        (before(&["以下", "イカ", "↓"]), "<="),
        (before(&["未満", "ミマン"]), "<"),
        (before(&["超過", "超"]), ">"),
        (before(&["<=", "=<", "≦"]), ">="),
        (before(&[">=", "=>", "≧"]), "<="),
        (before(LESS), ">"),
        (before(MORE), "<"),
    ];
    candidates.into_iter().find_map(|(rest, comparator)| {
        let number = plain(rest?).or_else(|| scaled(rest?)).or_else(|| with_unit(rest?).map(|v| v.0))?;
        Some(Reading { kind: Kind::Number, number: Some(number), comparator })
    })
}

/// `+`, `2+`, `+2`, `++`, `±`, `-`, `+/-`, `(2+)`.
fn is_grade(value: &str) -> bool {
    let value = unwrap(value);
    let signs = |v: &str| {
        !v.is_empty() && v.chars().count() <= 5 && v.chars().all(|c| matches!(c, '+' | '-' | '±' | '/'))
    };
    let digit = |v: &str| v.len() == 1 && v.bytes().all(|b| b.is_ascii_digit());
    signs(value)
        || value.strip_suffix('+').is_some_and(digit)
        || value.strip_prefix('+').is_some_and(digit)
        || matches!(value, "-~+" | "+~-")
}

fn is_word(value: &str) -> bool {
    let upper = value.to_ascii_uppercase();
    if WORDS.contains(&upper.as_str()) {
        return true;
    }
    // A word with its sign: `陰性(-)`, `(+)陽性`.
    if let Some(rest) = value.strip_suffix(')').and_then(|v| v.split_once('(')) {
        return WORDS.contains(&rest.0.trim()) && is_grade(rest.1);
    }
    if let Some(rest) = value.strip_prefix('(').and_then(|v| v.split_once(')')) {
        return is_grade(rest.0) && (WORDS.contains(&rest.1.trim()));
    }
    // Letters of a code or a blood group: too short for a name.
    value.len() <= 3 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-".contains(&b))
}

/// `50×10^2`, `1.2E+3`, `3*10^4`.
fn scaled(value: &str) -> Option<Decimal> {
    let (mantissa, exponent) = value
        .split_once("×10^")
        .or_else(|| value.split_once("x10^"))
        .or_else(|| value.split_once("X10^"))
        .or_else(|| value.split_once("*10^"))
        .or_else(|| value.split_once(['E', 'e']))?;
    let exponent: i32 = exponent.trim().strip_prefix('+').unwrap_or(exponent.trim()).parse().ok()?;
    if !(-12..=12).contains(&exponent) {
        return None;
    }
    let mut number = plain(mantissa.trim())?;
    for _ in 0..exponent.unsigned_abs() {
        number = if exponent > 0 {
            number.checked_mul(Decimal::TEN)?
        } else {
            number.checked_div(Decimal::TEN)?
        };
    }
    Some(number.normalize())
}

/// `3+(300)`: the grade, and the number it stands for.
fn graded_number(value: &str) -> Option<Decimal> {
    let (grade, number) = value.strip_suffix(')')?.split_once('(')?;
    is_grade(grade).then(|| plain(number.trim())).flatten()
}

/// `12.5mg/dL`, `7.2 %`: a number, then a unit without digits at its front, of letters and signs.
fn with_unit(value: &str) -> Option<(Decimal, &str)> {
    let end = value.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))?;
    let (number, unit) = value.split_at_checked(end)?;
    let unit = unit.trim();
    let is_exponent =
        unit.strip_prefix(['E', 'e']).is_some_and(|e| e.starts_with(|c: char| c.is_ascii_digit()));
    let sound = unit.len() <= 12
        && !is_exponent
        && unit.starts_with(|c: char| {
            c.is_ascii_alphabetic() || matches!(c, '%' | '/' | 'μ' | '℃' | '個' | '倍' | '秒' | '分')
        })
        && unit.chars().all(|c| {
            c.is_ascii_alphanumeric()
                || matches!(c, '%' | '/' | '.' | '^' | 'μ' | '℃' | '個' | '倍' | '秒' | '分' | '*')
        });
    if !sound {
        return None;
    }
    Some((plain(number)?, unit))
}

/// Two numbers with a sign between them, or a count with its field: `8.42:4`, `1-4`, `5～9`, `120/80`, `1個～/100`.
fn is_several(value: &str) -> bool {
    let between = |c: char| matches!(c, '-' | '~' | '～' | '〜' | ':' | '/' | '<' | '×' | 'x');
    let rest_sound = value
        .chars()
        .all(|c| c.is_ascii_digit() || between(c) || matches!(c, '.' | ' ' | '個' | '≧' | '(' | ')'));
    // Telephones and postal codes look alike: more than one hyphen, or a zero that leads other digits.
    let number_of_somebody = value.matches('-').count() > 1
        || value
            .split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .any(|n| n.len() > 1 && n.starts_with('0') && !n.starts_with("0."));
    rest_sound
        && !number_of_somebody
        && value.chars().any(|c| c.is_ascii_digit())
        && value.chars().any(between)
}

/// The digits of a value; numbers of persons are long.
fn digit_run(value: &str) -> usize {
    value.bytes().filter(u8::is_ascii_digit).count()
}
