//! The items of 様式1 as data: `items.tsv`, one row for each code and payload. What stands there is a default of the
//! survey's manual (editions 2014 to 2026); a value outside it is told, never refused.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rust_decimal::Decimal;

/// What a payload becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Becomes {
    /// Read by code of its own: person, demographics, visit, diagnosis, surgery, dates of other payloads.
    Own,
    Observation,
    Measurement,
    /// Free text: a sealed note.
    Note,
}

/// What values a payload can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A day, or one of these words for "none".
    Date(Vec<&'static str>),
    /// A day of which the month is kept, or one of these words.
    Month(Vec<&'static str>),
    /// One of these.
    Code(Vec<&'static str>),
    /// A number between two others, or one of these words.
    Number(Decimal, Decimal, Vec<&'static str>),
    /// Signs of a set, so many of them.
    Signs(usize, usize, &'static str),
    /// Japan Coma Scale, or one of these words.
    Jcs(Vec<&'static str>),
    /// T, N or M of UICC.
    Stage(&'static str),
    /// ICD-10.
    Icd,
    /// Section of the fee table (K…).
    Section,
    /// Free text.
    Free,
}

/// When a value was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Admission,
    Discharge,
    /// On the day in this payload of the same row.
    Payload(usize),
}

/// One payload of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub payload: usize,
    pub name: &'static str,
    pub becomes: Becomes,
    pub kind: Kind,
    pub when: When,
    pub unit: &'static str,
    /// LOINC.
    pub standard: &'static str,
    /// Items of the operator's plan.
    pub serves: &'static str,
}

/// The payloads of a code; `None`: a code the table does not have.
pub(super) fn of(code: &str) -> Option<&'static [Item]> {
    table().get(code).map(Vec::as_slice)
}

pub(super) fn table() -> &'static BTreeMap<&'static str, Vec<Item>> {
    static TABLE: OnceLock<BTreeMap<&'static str, Vec<Item>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: BTreeMap<&'static str, Vec<Item>> = BTreeMap::new();
        for (code, item) in include_str!("items.tsv").lines().filter_map(read) {
            table.entry(code).or_default().push(item);
        }
        table
    })
}

fn read(line: &'static str) -> Option<(&'static str, Item)> {
    if line.starts_with('#') {
        return None;
    }
    let mut cells = line.split('\t');
    let mut cell = || cells.next().unwrap_or_default();
    let (code, payload, name) = (cell(), cell().parse().ok()?, cell());
    let becomes = match cell() {
        "observation" => Becomes::Observation,
        "measurement" => Becomes::Measurement,
        "note" => Becomes::Note,
        _ => Becomes::Own,
    };
    let kind = kind(cell(), cell())?;
    let when = match cell() {
        "out" => When::Discharge,
        "in" | "" => When::Admission,
        row => When::Payload(row.strip_prefix("row")?.parse().ok()?),
    };
    let (unit, standard, serves) = (cell(), cell(), cell());
    Some((code, Item { payload, name, becomes, kind, when, unit, standard, serves }))
}

fn kind(kind: &'static str, values: &'static str) -> Option<Kind> {
    let words = |list: &'static str| list.split(',').filter(|w| !w.is_empty()).collect::<Vec<_>>();
    Some(match kind {
        "date" => Kind::Date(words(values)),
        "month" => Kind::Month(words(values)),
        "code" => Kind::Code(words(values)),
        "number" => {
            let (range, special) = values.split_once(';').unwrap_or((values, ""));
            let (low, high) = range.split_once("..")?;
            Kind::Number(low.parse().ok()?, high.parse().ok()?, words(special))
        }
        "digits" => {
            let n = values.parse().ok()?;
            Kind::Signs(n, n, "0-9")
        }
        "string" => {
            let (length, signs) = values.split_once(':')?;
            let (low, high) = length.split_once('-').unwrap_or((length, length));
            Kind::Signs(low.parse().ok()?, high.parse().ok()?, signs)
        }
        "jcs" => Kind::Jcs(words(values)),
        "stage" => Kind::Stage(values),
        "icd" => Kind::Icd,
        "kcode" => Kind::Section,
        "text" => Kind::Free,
        _ => return None,
    })
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Not one of the values, or not of the shape.
    Value,
    /// A number, but too small or too large.
    Range,
}

impl Kind {
    /// Is `text` a value of this kind?
    pub(super) fn check(&self, text: &str) -> Result<(), Wrong> {
        let sound = match self {
            Self::Code(values) => values.contains(&text),
            Self::Number(low, high, special) => {
                if special.contains(&text) {
                    return Ok(());
                }
                match number(text) {
                    None => false,
                    Some(n) if n < *low || n > *high => return Err(Wrong::Range),
                    Some(_) => true,
                }
            }
            Self::Signs(low, high, signs) => {
                (*low..=*high).contains(&text.len()) && text.bytes().all(|b| among(signs, b))
            }
            Self::Jcs(words) => is_jcs(text) || words.contains(&text),
            Self::Stage(letter) => is_stage(letter, text),
            Self::Icd => is_icd10(text),
            Self::Section => is_section(text),
            Self::Date(_) | Self::Month(_) | Self::Free => true,
        };
        if sound { Ok(()) } else { Err(Wrong::Value) }
    }

    /// Is `text` a word for "none" or "not known" here?
    pub(super) fn is_special(&self, text: &str) -> bool {
        match self {
            Self::Date(words) | Self::Month(words) | Self::Number(_, _, words) | Self::Jcs(words) => {
                words.contains(&text)
            }
            _ => false,
        }
    }
}

/// A plain number.
pub(super) fn number(text: &str) -> Option<Decimal> {
    let sound = !text.is_empty()
        && text.len() <= 14
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.bytes().filter(|b| *b == b'.').count() <= 1
        && text.starts_with(|c: char| c.is_ascii_digit());
    if sound { text.trim_end_matches('.').parse().ok() } else { None }
}

/// Is `sign` among `0-9a`: single signs and ranges of them?
fn among(signs: &str, sign: u8) -> bool {
    let mut rest = signs.as_bytes();
    loop {
        match rest {
            [from, b'-', to, more @ ..] => {
                if (*from..=*to).contains(&sign) {
                    return true;
                }
                rest = more;
            }
            [one, more @ ..] => {
                if *one == sign {
                    return true;
                }
                rest = more;
            }
            [] => return false,
        }
    }
}

/// `0`, or a level of 1 to 300 with R (不穏), I (失禁), A (無欲) behind it.
fn is_jcs(text: &str) -> bool {
    let level = text.trim_end_matches('A').trim_end_matches('I').trim_end_matches('R');
    let levels = ["1", "2", "3", "10", "20", "30", "100", "200", "300"];
    text == "0" || (levels.contains(&level) && text.len() <= level.len() + 3)
}

fn is_stage(letter: &str, text: &str) -> bool {
    let sign = |c: char| c.is_ascii_alphanumeric() || " ()（）".contains(c) || ('Ａ'..='ｚ').contains(&c);
    // Ta, Tis and the like: the letter, then at most a dozen signs.
    text.starts_with(letter) && text.chars().count() <= 12 && text.chars().all(sign)
}

/// A letter and two to four digits, without a dot.
pub(super) fn is_icd10(text: &str) -> bool {
    let mut bytes = text.bytes();
    (3..=5).contains(&text.len())
        && bytes.next().is_some_and(|b| b.is_ascii_uppercase())
        && bytes.all(|b| b.is_ascii_digit())
}

/// `K0821`, `K082-21`, `K4073ｲ`: a letter, three digits, a branch and its details.
fn is_section(text: &str) -> bool {
    let head = text.get(..4).unwrap_or_default();
    let mut bytes = head.bytes();
    let begins = bytes.next().is_some_and(|b| b.is_ascii_uppercase()) && bytes.all(|b| b.is_ascii_digit());
    let detail =
        |c: char| c.is_ascii_digit() || c == '-' || ('ｦ'..='ﾟ').contains(&c) || ('ァ'..='ヶ').contains(&c);
    begins && head.len() == 4 && text.chars().count() <= 14 && text.chars().skip(4).all(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read() {
        let rows = include_str!("items.tsv").lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(table().values().map(Vec::len).sum::<usize>(), rows);
        for (code, items) in table() {
            assert_eq!(code.len(), 7, "{code}");
            assert!(items.iter().all(|i| (1..=9).contains(&i.payload) && !i.name.is_empty()), "{code}");
            assert!(items.windows(2).all(|w| w[0].payload < w[1].payload), "{code} twice");
            assert!(items.iter().all(|i| i.serves.split(' ').all(|s| s.is_empty() || s.starts_with("DI-"))));
        }
    }

    #[test]
    fn values_are_known_or_told() {
        let check = |code: &str, payload: usize, text: &str| {
            let items = of(code).unwrap();
            items.iter().find(|i| i.payload == payload).unwrap().kind.check(text)
        };
        for (code, payload, text) in [
            ("A000020", 5, "334"),
            ("A001010", 2, "165"),
            ("A001010", 3, "000"),
            ("ADL0010", 2, "2312321222"),
            ("JCS0010", 2, "30RIA"),
            ("JCS0010", 3, "999"),
            ("JCS0020", 2, "0"),
            ("CAN0020", 3, "Tis（DCIS）"),
            ("A007010", 2, "K4073ｲ"),
            ("A007010", 2, "K082-21"),
            ("A006010", 2, "K297"),
            ("M060010", 2, "12311"),
            ("M160010", 2, "37"),
        ] {
            assert_eq!(check(code, payload, text), Ok(()), "{code}.{payload} {text}");
        }
        for (code, payload, text, wrong) in [
            ("A000020", 5, "400", Wrong::Value),
            ("A001010", 2, "1650", Wrong::Range),
            ("A001010", 2, "-5", Wrong::Value),
            ("ADL0010", 2, "231232122", Wrong::Value),
            ("ADL0010", 2, "2412321222", Wrong::Value),
            ("JCS0010", 2, "40", Wrong::Value),
            ("JCS0010", 2, "30ARR", Wrong::Value),
            ("CAN0020", 3, "N1", Wrong::Value),
            ("A007010", 2, "0821", Wrong::Value),
            ("A006010", 2, "K29.7", Wrong::Value),
            ("M060010", 2, "12341", Wrong::Value),
            ("M160010", 2, "101", Wrong::Range),
        ] {
            assert_eq!(check(code, payload, text), Err(wrong), "{code}.{payload} {text}");
        }
    }
}
