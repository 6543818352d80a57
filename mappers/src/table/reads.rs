//! How a column's cells are read, from the words of the interface: numbers with unit and range, codes with their list,
//! dates, times, words, texts.

use compact_str::CompactString;
use rust_decimal::Decimal;

use super::error::{At, InterfaceError};
use super::language::ColumnText;
use super::plan::{CheckDigit, Codes, Numbers, Part, Reads};

/// Words of yes and no in columns of kind `flag`, with the code they stand for.
const FLAGS: [(&str, &str); 24] = [
    ("1", "1"),
    ("0", "0"),
    ("有", "1"),
    ("無", "0"),
    ("あり", "1"),
    ("なし", "0"),
    ("有り", "1"),
    ("無し", "0"),
    ("はい", "1"),
    ("いいえ", "0"),
    ("○", "1"),
    ("〇", "1"),
    ("◯", "1"),
    ("●", "1"),
    ("×", "0"),
    ("レ", "1"),
    ("✓", "1"),
    ("該当", "1"),
    ("非該当", "0"),
    ("TRUE", "1"),
    ("FALSE", "0"),
    ("Y", "1"),
    ("N", "0"),
    ("-", "0"),
];

/// Longest code that is taken without saying so; longer ones may be numbers of persons.
const CODE_MAX: usize = 9;

/// The reading of a column.
pub(super) fn of(text: &ColumnText, part: Option<Part>, at: &At<'_>) -> Result<Reads, InterfaceError> {
    let date = || Reads::Date { serial: text.serial, midnight_unknown: text.midnight_unknown };
    let reads = match (text.kind.as_deref(), part) {
        (None | Some("date"), Some(Part::Birth)) | (Some("date"), _) => date(),
        (None | Some("code"), Some(Part::Sex)) | (Some("code"), _) => Reads::Code(Box::new(codes(text, at)?)),
        (Some("number"), _) => Reads::Number(Box::new(numbers(text, at)?)),
        (Some("flag"), _) => Reads::Code(Box::new(flags(text))),
        (Some("time"), _) => Reads::Time { midnight_unknown: text.midnight_unknown },
        (Some("duration"), _) => Reads::Duration,
        (Some("word"), _) => Reads::Word,
        (None | Some("text"), _) => Reads::Text,
        (Some(other), _) => {
            return Err(at.error(
                format!("kind = \"{other}\" は知られていません。"),
                "number・code・flag・date・time・duration・word・textのどれかにしてください。",
            ));
        }
    };
    let is_number = matches!(reads, Reads::Number(_));
    let asks_number = text.unit.is_some()
        || !text.range.is_empty()
        || text.trap.is_some()
        || text.convert.is_some()
        || !text.absent.is_empty()
        || text.beyond;
    if asks_number && !is_number {
        return Err(at.error(
            "unit・range・trap・convert・absent・beyondはkind = \"number\"だけのものです。",
            "kindを確認してください。",
        ));
    }
    let is_code = matches!(reads, Reads::Code(_));
    if (!text.values.is_empty() || !text.also.is_empty() || text.length.is_some() || text.digit.is_some())
        && !is_code
    {
        return Err(at.error(
            "values・also・length・digitはkind = \"code\"だけのものです。",
            "kindを確認してください。",
        ));
    }
    if matches!(reads, Reads::Text) && text.fact.is_some() {
        return Err(at.error(
            "文章は事実の値になりません。",
            "封印した文書としてnote = \"種類\" と書くか、結果の語だけを取るkind = \"word\" にしてください。",
        ));
    }
    Ok(reads)
}

fn numbers(text: &ColumnText, at: &At<'_>) -> Result<Numbers, InterfaceError> {
    let range = match text.range.as_slice() {
        [] => None,
        [low, high] => Some((decimal(low, at)?, decimal(high, at)?)),
        _ => return Err(at.error("rangeは二つの数です。", "range = [下限, 上限] としてください。")),
    };
    if range.is_some_and(|(low, high)| low > high) {
        return Err(at.error("rangeの順が逆です。", "range = [下限, 上限] としてください。"));
    }
    let trap = match &text.trap {
        None => None,
        Some(trap) => {
            let [low, high] = &trap.range;
            Some((CompactString::from(trap.unit.as_str()), decimal(low, at)?, decimal(high, at)?))
        }
    };
    if trap.is_some() && range.is_none() {
        return Err(at.error("trapにはrangeが要ります。", "正しい単位での範囲をrangeに書いてください。"));
    }
    let convert = match &text.convert {
        None => None,
        Some(c) => Some((CompactString::from(c.unit.as_str()), decimal(&c.times, at)?)),
    };
    if convert.is_some() && text.unit.is_none() {
        return Err(at.error("convertにはunitが要ります。", "送られる単位をunitに書いてください。"));
    }
    Ok(Numbers {
        unit: text.unit.as_deref().unwrap_or_default().into(),
        range,
        trap,
        convert,
        absent: text.absent.iter().map(|(k, v)| (k.clone(), CompactString::from(v.as_str()))).collect(),
        beyond: text.beyond,
    })
}

fn decimal(value: &toml::Value, at: &At<'_>) -> Result<Decimal, InterfaceError> {
    let text = match value {
        toml::Value::Integer(n) => n.to_string(),
        toml::Value::Float(n) => n.to_string(),
        toml::Value::String(s) => s.clone(),
        _ => String::new(),
    };
    text.parse()
        .map_err(|_| at.error(format!("「{value}」は数ではありません。"), "0.5 のように書いてください。"))
}

fn codes(text: &ColumnText, at: &At<'_>) -> Result<Codes, InterfaceError> {
    let values: Vec<CompactString> = text.values.keys().map(|k| CompactString::from(k.as_str())).collect();
    let mut also = Vec::new();
    for (spelling, code) in &text.also {
        if !text.values.is_empty() && !text.values.contains_key(code) {
            let what = format!("also「{spelling}」のコード「{code}」がvaluesにありません。");
            return Err(at.error(what, "valuesにあるコードにしてください。"));
        }
        also.push((CompactString::from(spelling.as_str()), CompactString::from(code.as_str())));
    }
    let digit = match text.digit.as_deref() {
        None => None,
        Some("jan") => Some(CheckDigit::Jan),
        Some("modulus10") => Some(CheckDigit::Modulus10),
        Some(other) => {
            let what = format!("digit = \"{other}\" は知られていません。");
            return Err(at.error(what, "janかmodulus10にしてください。"));
        }
    };
    let length = text.length.map_or((1, CODE_MAX), |[low, high]| (low, high));
    if length.0 > length.1 || length.0 == 0 {
        return Err(at.error("lengthの順が逆か、0です。", "length = [最短, 最長] としてください。"));
    }
    let mut expected =
        text.values.iter().map(|(code, meaning)| format!("{code}:{meaning}")).collect::<Vec<_>>().join(" ");
    if expected.is_empty() {
        expected = format!("英数字{}～{}桁のコード", length.0, length.1);
    }
    Ok(Codes { values, also, length, digit, expected: shortened(&expected) })
}

fn flags(text: &ColumnText) -> Codes {
    let mut also: Vec<(CompactString, CompactString)> =
        FLAGS.iter().filter(|(w, c)| w != c).map(|(w, c)| ((*w).into(), (*c).into())).collect();
    also.extend(text.also.iter().map(|(w, c)| (w.as_str().into(), c.as_str().into())));
    Codes {
        values: vec!["0".into(), "1".into()],
        also,
        length: (1, 1),
        digit: None,
        expected: "1(有・はい・○)か0(無・いいえ)".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= 120 {
        text.to_owned()
    } else {
        text.chars().take(118).chain(['…']).collect()
    }
}
