//! One cell, read as its column says: number, code, date, time, word. What may not stand in a fact is sealed here; what
//! is wrong is told with a shape, never with the value.

use std::borrow::Cow;

use compact_str::CompactString;
use musubi_model::checkdigit::modulus10_weight21;
use musubi_model::date::DateError;
use musubi_model::fact::Measured;
use musubi_model::{PartialDate, Rule};
use rust_decimal::Decimal;

use super::date::{self, Mark, halve};
use super::plan::{CheckDigit, Codes, Numbers, Reads};
use super::rules;
use crate::ssmix2::value::{self, Kind};

/// What a cell turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    Empty,
    /// A number; or a grade, two numbers, a mark, with no number.
    Number {
        number: Option<Decimal>,
        comparator: &'static str,
    },
    /// A declared word in place of a number, and the status it gives.
    Absent(CompactString),
    /// H or L.
    Beyond,
    /// A code, in the spelling of the list.
    Code(CompactString),
    Date {
        date: PartialDate,
        second: Option<u32>,
        mark: Mark,
    },
    Time {
        second: Option<u32>,
        mark: Mark,
    },
    /// A span of time: number and unit.
    Duration(Option<Decimal>, &'static str),
    /// Known to be harmless, but no code of the list.
    Word,
    /// Text: stays in the original.
    Sealed,
    /// Could not be read at all.
    Broken,
}

/// A cell, read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cell<'c> {
    /// As sent, blanks around it cut.
    pub(super) text: Cow<'c, str>,
    pub(super) seen: Seen,
}

/// A cell that the file does not have.
static EMPTY: Cell<'static> = Cell { text: Cow::Borrowed(""), seen: Seen::Empty };

/// The cells of a row, by the columns of the interface.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells<'c> {
    pub(super) place: &'c [u32],
    pub(super) cells: &'c [Cell<'c>],
}

impl<'c> Cells<'c> {
    /// The cell of a column; an empty one when the file has no such column.
    pub(super) fn at(&self, column: usize) -> &'c Cell<'c> {
        let place = self.place.get(column).copied().unwrap_or(u32::MAX);
        self.cells.get(usize::try_from(place).unwrap_or(usize::MAX)).unwrap_or(&EMPTY)
    }
}

impl Cell<'_> {
    /// A cell with nothing in it.
    pub(super) const fn empty() -> Self {
        Cell { text: Cow::Borrowed(""), seen: Seen::Empty }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seen == Seen::Empty
    }

    /// The whole number or decimal in it.
    pub(super) fn number(&self) -> Option<Decimal> {
        match &self.seen {
            Seen::Number { number, .. } => *number,
            Seen::Code(code) => code.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn date(&self) -> Option<PartialDate> {
        match self.seen {
            Seen::Date { date, .. } => Some(date),
            _ => None,
        }
    }

    pub(super) fn second(&self) -> Option<u32> {
        match self.seen {
            Seen::Date { second, .. } | Seen::Time { second, .. } => second,
            _ => None,
        }
    }

    pub(super) fn mark(&self) -> Mark {
        match self.seen {
            Seen::Date { mark, .. } | Seen::Time { mark, .. } => mark,
            _ => Mark::None,
        }
    }

    /// Does it equal one of these texts, as sent or in the spelling of the list?
    pub(super) fn is_one_of(&self, texts: &[String]) -> bool {
        let code = match &self.seen {
            Seen::Code(code) => Some(code.as_str()),
            _ => None,
        };
        texts.iter().any(|t| *t == self.text || Some(t.as_str()) == code)
    }

    /// What may stand in a fact as a code, a status, a group: nothing of a text that is sealed.
    pub(super) fn word(&self) -> Option<CompactString> {
        match &self.seen {
            Seen::Code(code) => Some(code.clone()),
            Seen::Number { .. } | Seen::Word | Seen::Beyond | Seen::Absent(_) | Seen::Duration(..) => {
                Some(CompactString::from(self.text.as_ref()))
            }
            Seen::Date { date, .. } => Some(CompactString::from(date.to_string())),
            Seen::Time { second, .. } => second.map(clock),
            Seen::Empty | Seen::Sealed | Seen::Broken => None,
        }
    }

    /// Writes the value of a fact; what is left for qualifiers and status goes there.
    pub(super) fn measure(
        &self,
        reads: &Reads,
        value: &mut Measured,
        qualifiers: &mut CompactString,
        status: &mut CompactString,
    ) {
        if matches!(self.seen, Seen::Sealed | Seen::Broken) {
            add(qualifiers, "text=sealed");
            return;
        }
        value.text = match (&self.seen, &self.seen) {
            (Seen::Code(_), _) => CompactString::from(self.text.as_ref()),
            _ => self.word().unwrap_or_default(),
        };
        match (&self.seen, reads) {
            (Seen::Number { number, comparator }, Reads::Number(spec)) => {
                value.number = *number;
                value.comparator = CompactString::const_new(comparator);
                value.unit = spec.unit.clone();
                if let (Some(inside), true) = (value::unit_inside(&self.text), number.is_some()) {
                    value.unit = CompactString::from(inside);
                }
                if let (Some((unit, times)), Some(n)) = (&spec.convert, *number) {
                    value.number = n.checked_mul(*times).map(|n| n.normalize());
                    value.unit.clone_from(unit);
                    add(qualifiers, "converted=");
                    qualifiers.push_str(&spec.unit);
                }
            }
            (Seen::Absent(word), _) => status.clone_from(word),
            (Seen::Beyond, Reads::Number(spec)) => {
                value.flag = value.text.clone();
                value.unit = spec.unit.clone();
            }
            (Seen::Code(code), _) if code != self.text.as_ref() => {
                add(qualifiers, "value=");
                qualifiers.push_str(code);
            }
            (Seen::Duration(number, unit), _) => {
                value.number = *number;
                value.unit = CompactString::const_new(unit);
            }
            (Seen::Number { number, comparator }, _) => {
                value.number = *number;
                value.comparator = CompactString::const_new(comparator);
            }
            _ => {}
        }
    }
}

fn clock(second: u32) -> CompactString {
    CompactString::from(format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60))
}

/// Adds a word to words that are joined by blanks.
pub(super) fn add(words: &mut CompactString, word: &str) {
    if !words.is_empty() {
        words.push(' ');
    }
    words.push_str(word);
}

/// What is wrong with a cell, and what was expected.
pub(super) type Complaint = (&'static Rule, String);

/// Reads a cell. `is_day`: it is the record's own day, without which the record cannot stand.
pub(super) fn read<'c>(
    reads: &Reads,
    text: Cow<'c, str>,
    is_day: bool,
    mut tell: impl FnMut(&Cow<'c, str>, Complaint),
) -> Cell<'c> {
    let text = trimmed(text);
    if text.is_empty() {
        return Cell { text, seen: Seen::Empty };
    }
    if text.contains('\u{FFFD}') {
        tell(&text, (&rules::TEXT, "読める文字".to_owned()));
    }
    let seen = match reads {
        Reads::Number(spec) => number(spec, &text, |c| tell(&text, c)),
        Reads::Code(spec) => code(spec, &text, |c| tell(&text, c)),
        Reads::Date { serial, midnight_unknown } => {
            let rule = if is_day { &rules::RECORD_DATE } else { &rules::DATE };
            day(rule, *serial, *midnight_unknown, &text, |c| tell(&text, c))
        }
        Reads::Time { midnight_unknown } => match date::read_time(&text) {
            Some((Some(0), _)) if *midnight_unknown => Seen::Time { second: None, mark: Mark::Unknown },
            Some((second, mark)) => Seen::Time { second, mark },
            None => {
                tell(&text, (&rules::TIME, "13:05".to_owned()));
                Seen::Broken
            }
        },
        Reads::Duration => duration(&text).unwrap_or_else(|| {
            tell(&text, (&rules::TEXT_SEALED, "約3時間・10年のような期間".to_owned()));
            Seen::Sealed
        }),
        Reads::Word => word(&text).unwrap_or_else(|| {
            tell(&text, (&rules::TEXT_SEALED, "数値または結果の語".to_owned()));
            Seen::Sealed
        }),
        Reads::Text => Seen::Sealed,
    };
    Cell { text, seen }
}

/// Cuts blanks around a text, without copying it when it was borrowed.
pub(super) fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(t) => Cow::Borrowed(t.trim()),
        Cow::Owned(t) => {
            let inner = t.trim();
            if inner.len() == t.len() { Cow::Owned(t) } else { Cow::Owned(inner.to_owned()) }
        }
    }
}

fn word(text: &str) -> Option<Seen> {
    let reading = value::read(text);
    match reading.kind {
        Kind::Number => Some(Seen::Number { number: reading.number, comparator: reading.comparator }),
        Kind::Qualitative | Kind::Several => Some(Seen::Word),
        Kind::Empty | Kind::Text => None,
    }
}

fn number(spec: &Numbers, text: &str, mut tell: impl FnMut(Complaint)) -> Seen {
    if let Some((_, status)) = spec.absent.iter().find(|(w, _)| w == text) {
        return Seen::Absent(status.clone());
    }
    if spec.beyond && matches!(text, "H" | "L" | "Ｈ" | "Ｌ") {
        tell((&rules::BEYOND, "数値".to_owned()));
        return Seen::Beyond;
    }
    let (seen, n) = match quick(text) {
        Some(n) => (Seen::Number { number: Some(n), comparator: "" }, Some(n)),
        None => match word(text) {
            Some(seen @ Seen::Number { number, .. }) => (seen, number),
            other => {
                tell((&rules::NUMBER, format!("数値 {}", spec.unit)));
                return match other {
                    Some(_) => Seen::Number { number: None, comparator: "" },
                    None => Seen::Sealed,
                };
            }
        },
    };
    if let (Some(n), Some((low, high))) = (n, spec.range)
        && !(low..=high).contains(&n)
    {
        match &spec.trap {
            Some((unit, from, to)) if (*from..=*to).contains(&n) => {
                tell((&rules::UNIT_TRAP, format!("{low}～{high} {} ({unit}ではなく)", spec.unit)));
            }
            _ => tell((&rules::RANGE, format!("{low}～{high} {}", spec.unit))),
        }
    }
    seen
}

/// Digits, perhaps with a point: by far the most common number.
fn quick(text: &str) -> Option<Decimal> {
    if text.is_empty() || text.len() > 9 {
        return None;
    }
    let (mut sum, mut scale, mut point) = (0i64, 0u32, false);
    for b in text.bytes() {
        match b {
            b'0'..=b'9' => {
                sum = sum * 10 + i64::from(b - b'0');
                scale += u32::from(point);
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    let edges_sound = !text.starts_with('.') && !text.ends_with('.');
    edges_sound.then(|| Decimal::new(sum, scale))
}

fn code(spec: &Codes, text: &str, mut tell: impl FnMut(Complaint)) -> Seen {
    let find = |t: &str| {
        let listed = spec.values.iter().find(|v| v.as_str() == t);
        listed.or_else(|| spec.also.iter().find(|(w, _)| w.as_str() == t).map(|(_, c)| c)).cloned()
    };
    if let Some(code) = find(text) {
        return Seen::Code(code);
    }
    let halved = halve(text);
    if let Some(code) = find(&halved) {
        return Seen::Code(code);
    }
    let shaped = (spec.length.0..=spec.length.1).contains(&halved.len())
        && halved.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    if spec.values.is_empty() && shaped {
        let digit_sound = match spec.digit {
            None => true,
            Some(CheckDigit::Jan) => jan(&halved),
            Some(CheckDigit::Modulus10) => modulus10_weight21(&halved) == Some(true),
        };
        if !digit_sound {
            tell((&rules::CHECK_DIGIT, spec.expected.clone()));
        }
        return Seen::Code(CompactString::from(halved));
    }
    // 01 for 1, as spreadsheets and old systems write.
    if let Some(code) = find(halved.trim_start_matches('0')) {
        return Seen::Code(code);
    }
    tell((&rules::CODE, spec.expected.clone()));
    match value::read(text).kind {
        Kind::Text | Kind::Empty => Seen::Sealed,
        _ => Seen::Word,
    }
}

/// The check digit of JAN and GTIN: weights 3, 1 from the right.
fn jan(code: &str) -> bool {
    let sum: u32 = code
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| u32::from(b.saturating_sub(b'0')) * if i % 2 == 0 { 1 } else { 3 })
        .sum();
    code.bytes().all(|b| b.is_ascii_digit()) && sum.is_multiple_of(10)
}

fn day(
    rule: &'static Rule,
    serial: bool,
    midnight_unknown: bool,
    text: &str,
    mut tell: impl FnMut(Complaint),
) -> Seen {
    match date::read(text, serial) {
        Ok(stamp) => {
            if stamp.read.outside_era {
                tell((&rules::DATE_ERA, "元号の期間の中の日".to_owned()));
            }
            if stamp.read.zero_part {
                tell((&rules::DATE_PART, "年月日".to_owned()));
            }
            let (second, mark) = match (stamp.second, midnight_unknown) {
                (Some(0), true) => (None, Mark::Unknown),
                (second, _) => (second, stamp.mark),
            };
            Seen::Date { date: stamp.read.date, second, mark }
        }
        Err(error) => {
            let expected = match error {
                DateError::Calendar => "暦にある日",
                DateError::Era => "元号 明治～令和",
                DateError::Shape => "20261009・2026/10/9・令和8年10月9日などの日付",
            };
            tell((rule, expected.to_owned()));
            Seen::Broken
        }
    }
}

/// Units of spans of time, longest first, and how they are called in a fact.
const SPANS: [(&str, &str); 14] = [
    ("時間半", ""),
    ("時間", "時間"),
    ("日間", "日"),
    ("週間", "週"),
    ("か月", "月"),
    ("ヶ月", "月"),
    ("カ月", "月"),
    ("ヵ月", "月"),
    ("年間", "年"),
    ("分", "分"),
    ("秒", "秒"),
    ("日", "日"),
    ("週", "週"),
    ("年", "年"),
];

/// `約3時間`, `10年`, `2か月余`, `不詳`, `短時間`, `即死`.
fn duration(text: &str) -> Option<Seen> {
    if matches!(text, "不詳" | "不明" | "短時間" | "即死" | "数日" | "数時間" | "数年" | "数か月")
    {
        return Some(Seen::Duration(None, ""));
    }
    let halved = halve(text);
    let plain = halved.trim_start_matches('約').trim();
    let end = plain.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (digits, rest) = plain.split_at_checked(end)?;
    let (_, unit) = SPANS.iter().filter(|(_, u)| !u.is_empty()).find(|(w, _)| {
        rest.strip_prefix(*w)
            .is_some_and(|r| matches!(r, "" | "前" | "余" | "余り" | "以上" | "以内" | "未満"))
    })?;
    Some(Seen::Duration(Some(quick(digits)?), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jan_codes() {
        assert!(jan("4901234567894"));
        assert!(!jan("4901234567895"));
        assert!(jan("49123456"));
    }

    #[test]
    fn spans() {
        let number = |n: i64| Some(Decimal::new(n, 0));
        assert_eq!(duration("約3時間"), Some(Seen::Duration(number(3), "時間")));
        assert_eq!(duration("１０年"), Some(Seen::Duration(number(10), "年")));
        assert_eq!(duration("2か月余"), Some(Seen::Duration(number(2), "月")));
        assert_eq!(duration("不詳"), Some(Seen::Duration(None, "")));
        assert_eq!(duration("見本医師による"), None);
        assert_eq!(duration("3時間 見本太郎"), None);
    }

    #[test]
    fn plain_numbers() {
        assert_eq!(quick("150"), Some(Decimal::new(150, 0)));
        assert_eq!(quick("36.5"), Some(Decimal::new(365, 1)));
        for text in ["", ".", "5.", ".5", "1.2.3", "-1", "1e3"] {
            assert_eq!(quick(text), None, "{text}");
        }
    }
}
