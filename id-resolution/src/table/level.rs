//! The tests between "equal" and "different".

use super::text;
use super::transform::{Transform, apply_all};

/// A test that two unequal values may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// At most n edits.
    Osa(usize),
    /// Jaro-Winkler at least this, in thousandths.
    Jw(u32),
    /// At most n letters differ when order is ignored.
    Bag(usize),
    /// Seen together in the persons of a first round, again and again: a nickname, a common slip.
    Alias,
    /// Equal and not empty after these steps.
    Same(Vec<Transform>),
    /// One begins with the other.
    Begins,
    /// Numbers at most n apart.
    Near(u64),
    /// `YYYYMMDD` with month and day exchanged.
    DaySwap,
    /// `YYYYMMDD` whose parts are each close: the year equal or 1 or about 10 apart, the month at
    /// most 1, the day at most n.
    DateNear(u64),
}

impl Test {
    /// Reads a level as a configuration writes it.
    ///
    /// # Errors
    /// When there is no such level.
    pub fn read(level: &str) -> Result<Self, String> {
        let (name, rest) = level.trim().split_once(' ').unwrap_or((level.trim(), ""));
        let no = || format!("段階「{level}」は読めません / cannot read the level `{level}`");
        Ok(match name {
            "osa" => Self::Osa(rest.trim().parse().map_err(|_| no())?),
            "bag" => Self::Bag(rest.trim().parse().map_err(|_| no())?),
            "jw" => match rest.trim().parse::<f64>() {
                // 0..=1000 after the check, so the cast is exact.
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                Ok(x) if (0.0..=1.0).contains(&x) => Self::Jw((x * 1000.0).round() as u32),
                _ => return Err(no()),
            },
            "same" => Self::Same(rest.split('|').map(Transform::read).collect::<Result<_, _>>()?),
            "alias" => Self::Alias,
            "begins" => Self::Begins,
            "near" => Self::Near(rest.trim().parse().map_err(|_| no())?),
            "day-swap" => Self::DaySwap,
            "date-near" => Self::DateNear(rest.trim().parse().map_err(|_| no())?),
            _ => return Err(no()),
        })
    }

    /// Whether two unequal, filled values pass.
    #[must_use]
    pub fn passes(&self, a: &Value, b: &Value) -> bool {
        match self {
            // An edit changes at most two letters of the bag, so different letters refute without measuring.
            Self::Osa(n) => {
                a.chars.len().abs_diff(b.chars.len()) <= *n
                    && (a.letters ^ b.letters).count_ones() as usize <= 2 * n
                    && text::osa(&a.chars, &b.chars, *n) <= *n
            }
            Self::Jw(least) => {
                text::jaro_winkler_most(a.lone(b), &a.chars, b.lone(a), &b.chars) >= *least
                    && text::jaro_winkler(&a.chars, &b.chars) >= *least
            }
            Self::Bag(n) => {
                a.chars.len().abs_diff(b.chars.len()) <= *n
                    && a.lone(b).max(b.lone(a)) <= *n
                    && text::bag(&a.sorted, &b.sorted) <= *n
            }
            Self::Same(steps) => {
                let x = apply_all(steps, &a.text);
                !x.is_empty() && x == apply_all(steps, &b.text)
            }
            // Known to `Levels` only, which asks before it comes here.
            Self::Alias => false,
            Self::Begins => a.text.starts_with(&b.text) || b.text.starts_with(&a.text),
            Self::Near(n) => match (a.text.parse::<u64>(), b.text.parse::<u64>()) {
                (Ok(x), Ok(y)) => x.abs_diff(y) <= *n,
                _ => false,
            },
            Self::DaySwap => match (a.date, b.date) {
                (Some((y, m, d)), Some(other)) => (y, d, m) == other,
                _ => false,
            },
            Self::DateNear(n) => match (a.date, b.date) {
                (Some(x), Some(y)) => {
                    let (months, days) = (x.1.abs_diff(y.1), x.2.abs_diff(y.2));
                    // Around the turn of a year or month the numbers are far apart, the days are not.
                    let days = if months == 0 { days } else { days.min(31 - days.min(31)) };
                    matches!(x.0.abs_diff(y.0), 0 | 1 | 9 | 10 | 11)
                        && (months <= 1 || months == 11)
                        && u64::from(days) <= *n
                }
                _ => false,
            },
        }
    }
}

/// A distinct value, ready to be compared.
#[derive(Debug, Clone)]
pub struct Value {
    /// As it is.
    pub text: String,
    /// Its characters.
    pub chars: Vec<char>,
    /// Its characters in order.
    pub sorted: Vec<char>,
    /// A bit for each character that occurs (characters may share one).
    pub letters: u64,
    /// Year, month, day, when it is eight digits.
    pub date: Option<(u32, u32, u32)>,
}

impl Value {
    /// Of a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        let n = if text.len() == 8 { text.parse::<u32>().ok() } else { None };
        let date = n.map(|n| (n / 10_000, n / 100 % 100, n % 100));
        let chars: Vec<char> = text.chars().collect();
        let letters = chars.iter().fold(0, |bits, c| bits | 1 << (*c as u32 % 64));
        let mut sorted = chars.clone();
        sorted.sort_unstable();
        Self { chars, sorted, letters, date, text }
    }

    /// Characters of this text that the other certainly lacks, at least.
    fn lone(&self, other: &Self) -> usize {
        (self.letters & !other.letters).count_ones() as usize
    }
}
