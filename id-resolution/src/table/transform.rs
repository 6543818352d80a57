//! What is done to a cell before it is compared: small named steps, each a pure function from text to text.

use unicode_normalization::UnicodeNormalization as _;

/// One step (変換).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transform {
    /// Compatibility forms, so that full-width letters equal half-width ones.
    Nfkc,
    /// Small letters.
    Lower,
    /// Letters without their marks: é becomes e.
    Fold,
    /// Digits only.
    Digits,
    /// Letters only.
    Letters,
    /// Letters and digits only.
    Alnum,
    /// The first n characters; shorter texts stay.
    Prefix(usize),
    /// The last n characters; shorter texts stay.
    Suffix(usize),
    /// What stands before the first given text, or everything.
    Before(String),
    /// What stands after the first given text, or nothing.
    After(String),
    /// The characters in order: what is left of a word after its letters were shuffled.
    Sorted,
    /// The words in order.
    Words,
    /// The first word.
    FirstWord,
    /// The first letter of each word.
    Initials,
    /// Soundex, of Latin letters.
    Soundex,
    /// Zeros before it, up to n characters.
    Pad(usize),
    /// A date as `YYYYMMDD`, read in the first of the orders that is plausible.
    Date(Vec<Order>),
    /// Characters from (first is 0) up to, but not including.
    Slice(usize, usize),
    /// Nothing when it is one of these.
    NullIf(Vec<String>),
}

/// The order of the parts of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Year, month, day.
    Ymd,
    /// Month, day, year.
    Mdy,
    /// Day, month, year.
    Dmy,
}

impl Transform {
    /// Reads one step as a configuration writes it: a word, then what it needs.
    ///
    /// # Errors
    /// When there is no such step, in words for the person who wrote the configuration.
    pub fn read(text: &str) -> Result<Self, String> {
        let (name, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let rest = rest.trim();
        let number =
            || rest.parse::<usize>().map_err(|_| format!("「{text}」: 数が必要です / needs a number"));
        Ok(match name {
            "nfkc" => Self::Nfkc,
            "lower" => Self::Lower,
            "fold" => Self::Fold,
            "digits" => Self::Digits,
            "letters" => Self::Letters,
            "alnum" => Self::Alnum,
            "prefix" => Self::Prefix(number()?),
            "suffix" => Self::Suffix(number()?),
            "before" if !rest.is_empty() => Self::Before(rest.to_owned()),
            "after" if !rest.is_empty() => Self::After(rest.to_owned()),
            "sorted" => Self::Sorted,
            "words" => Self::Words,
            "first-word" => Self::FirstWord,
            "initials" => Self::Initials,
            "soundex" => Self::Soundex,
            "pad" => Self::Pad(number()?),
            "year" => Self::Slice(0, 4),
            "year-month" => Self::Slice(0, 6),
            "month-day" => Self::Slice(4, 8),
            "null-if" => Self::NullIf(rest.split('|').map(|s| s.trim().to_owned()).collect()),
            "date" => Self::Date(
                rest.split_whitespace()
                    .map(|o| match o {
                        "ymd" => Ok(Order::Ymd),
                        "mdy" => Ok(Order::Mdy),
                        "dmy" => Ok(Order::Dmy),
                        _ => Err(format!("「{text}」: ymd, mdy, dmy のいずれか / one of ymd, mdy, dmy")),
                    })
                    .collect::<Result<_, _>>()?,
            ),
            _ => return Err(format!("変換「{text}」はありません / there is no transform `{text}`")),
        })
    }

    /// Does it.
    #[must_use]
    pub fn apply(&self, s: &str) -> String {
        match self {
            Self::Nfkc => s.nfkc().collect(),
            Self::Lower => s.to_lowercase(),
            Self::Fold => {
                s.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).nfc().collect()
            }
            Self::Digits => s.chars().filter(char::is_ascii_digit).collect(),
            Self::Letters => s.chars().filter(|c| c.is_alphabetic()).collect(),
            Self::Alnum => s.chars().filter(|c| c.is_alphanumeric()).collect(),
            Self::Prefix(n) => s.chars().take(*n).collect(),
            Self::Suffix(n) => s.chars().skip(s.chars().count().saturating_sub(*n)).collect(),
            Self::Before(at) => s.split_once(at.as_str()).map_or(s, |(a, _)| a).to_owned(),
            Self::After(at) => s.split_once(at.as_str()).map_or("", |(_, b)| b).to_owned(),
            Self::Sorted => {
                let mut letters: Vec<char> = s.chars().collect();
                letters.sort_unstable();
                letters.into_iter().collect()
            }
            Self::Words => {
                let mut words: Vec<&str> = s.split_whitespace().collect();
                words.sort_unstable();
                words.join(" ")
            }
            Self::FirstWord => s.split_whitespace().next().unwrap_or_default().to_owned(),
            Self::Initials => s.split_whitespace().filter_map(|w| w.chars().next()).collect(),
            Self::Soundex => soundex(s),
            Self::Pad(n) if s.is_empty() || s.chars().count() >= *n => s.to_owned(),
            Self::Pad(n) => "0".repeat(n - s.chars().count()) + s,
            Self::Date(orders) => date(s, orders),
            Self::Slice(from, to) => s.chars().skip(*from).take(to - from).collect(),
            Self::NullIf(list) => {
                if list.iter().any(|l| l == s) {
                    String::new()
                } else {
                    s.to_owned()
                }
            }
        }
    }
}

/// All steps one after another, blanks at the ends taken away before and after.
#[must_use]
pub fn apply_all(steps: &[Transform], cell: &str) -> String {
    let mut text = cell.trim().to_owned();
    for step in steps {
        if text.is_empty() {
            break;
        }
        text = step.apply(&text);
    }
    text.trim().to_owned()
}

fn soundex(s: &str) -> String {
    let code = |c: char| match c.to_ascii_lowercase() {
        'b' | 'f' | 'p' | 'v' => '1',
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => '2',
        'd' | 't' => '3',
        'l' => '4',
        'm' | 'n' => '5',
        'r' => '6',
        'h' | 'w' => '-',
        _ => '0',
    };
    let mut out = String::new();
    let mut last = '0';
    for c in s.chars().filter(char::is_ascii_alphabetic) {
        let k = code(c);
        if out.is_empty() {
            out.push(c.to_ascii_lowercase());
            last = k;
        } else if k != '-' {
            if k != '0' && k != last {
                out.push(k);
            }
            last = k;
        }
        if out.len() == 4 {
            return out;
        }
    }
    if out.is_empty() { out } else { format!("{out:0<4}") }
}

/// A date in whatever order is plausible; digits as they stand when none is, so that one wrong digit stays one wrong
/// digit.
fn date(s: &str, orders: &[Order]) -> String {
    let parts: Vec<&str> = s.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty()).collect();
    let digits: String = s.chars().filter(char::is_ascii_digit).collect();
    for order in orders {
        let read = match (parts.as_slice(), order) {
            ([y, m, d], Order::Ymd) | ([m, d, y], Order::Mdy) | ([d, m, y], Order::Dmy) => {
                (Some(*y), Some(*m), Some(*d))
            }
            ([_], Order::Ymd) if digits.len() == 8 => (digits.get(..4), digits.get(4..6), digits.get(6..)),
            ([_], Order::Mdy) if digits.len() == 8 => (digits.get(4..), digits.get(..2), digits.get(2..4)),
            ([_], Order::Dmy) if digits.len() == 8 => (digits.get(4..), digits.get(2..4), digits.get(..2)),
            _ => continue,
        };
        let (Some(y), Some(m), Some(d)) = read else { continue };
        let inside = |t: &str, from: u32, to: u32| t.parse::<u32>().is_ok_and(|n| (from..=to).contains(&n));
        if y.len() == 4 && inside(y, 1500, 2199) && inside(m, 1, 12) && inside(d, 1, 31) {
            return format!("{y}{m:0>2}{d:0>2}");
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_on_an_example() {
        for (step, from, to) in [
            ("nfkc", "Ａｂ１", "Ab1"),
            ("lower", "McKay", "mckay"),
            ("fold", "Zoë", "Zoe"),
            ("digits", "891-14-1031", "891141031"),
            ("letters", "o'neil 2", "oneil"),
            ("alnum", "a-1 b", "a1b"),
            ("prefix 3", "田中太郎", "田中太"),
            ("suffix 2", "abc", "bc"),
            ("before @", "a.b@c.org", "a.b"),
            ("after @", "a.b@c.org", "c.org"),
            ("after @", "a.b", ""),
            ("sorted", "sergufon", "efgnorsu"),
            ("words", "st main 12", "12 main st"),
            ("first-word", "tq13 8df", "tq13"),
            ("initials", "anna maria", "am"),
            ("soundex", "Robert", "r163"),
            ("soundex", "Tymczak", "t522"),
            ("soundex", "Lee", "l000"),
            ("pad 2", "7", "07"),
            ("date ymd mdy", "06/22/1964", "19640622"),
            ("date ymd mdy", "06221964", "19640622"),
            ("date ymd", "1964-6-2", "19640602"),
            ("date ymd", "19729518", "19729518"),
            ("date dmy", "2.6.1964", "19640602"),
            ("year", "19640622", "1964"),
            ("year-month", "19640622", "196406"),
            ("month-day", "19640622", "0622"),
            ("null-if NA|na", "NA", ""),
        ] {
            assert_eq!(apply_all(&[Transform::read(step).unwrap()], from), to, "{step}");
        }
        assert!(Transform::read("prefix").unwrap_err().contains("prefix"));
        assert!(Transform::read("lowr").unwrap_err().contains("lowr"));
        assert!(Transform::read("date xyz").is_err());
    }
}
