//! The labels that a column may hold (列の書式): what fits no label of the policy's hierarchies and of the layout is a
//! finding, whatever it is.
//!
//! It must never accept a label because it looks harmless; it must be one that the policy or the layout writes.

use crate::dates::is_day;
use crate::decimal::Decimal;
use crate::policy::{DateRule, EventPolicy, Hierarchy};
use crate::rules::{self, Rule};

/// What a column holds.
#[derive(Debug, Clone)]
pub enum Grammar<'a> {
    /// Pseudonyms.
    Pid,
    /// `1`, `2`, `9`.
    Sex,
    /// Labels of a hierarchy, or `*`.
    Hierarchy(&'a Hierarchy),
    /// As [`Grammar::Hierarchy`], ages: what is not one is an exact age beyond its top.
    Age(Option<&'a Hierarchy>),
    /// Prefectures or regions.
    Area,
    /// Short words without numbers that could be anybody's.
    Word,
    /// Codes of a table.
    Code { table: &'a str, dummy: Option<&'a str> },
    /// When it happened.
    When(&'a DateRule),
    /// How many days.
    Days { anonymous: bool },
    /// A measured value with at most so many digits; 0: any.
    Value { digits: u32 },
    /// A unit of measurement.
    Unit,
}

/// Whole numbers as they are.
static WHOLE: Hierarchy = Hierarchy::Bands { widths: Vec::new(), top: None, bottom: None };

impl<'a> Grammar<'a> {
    /// The grammar of a column of the person table.
    pub fn of_person(name: &str, hierarchy: Option<&'a Hierarchy>, anonymous: bool) -> Self {
        match (name, hierarchy) {
            // Rare values need not go from pseudonymised products (law.md R-PSE-01).
            ("age", _) if !anonymous => Self::Hierarchy(&WHOLE),
            ("sex", None | Some(Hierarchy::Flat)) => Self::Sex,
            ("age", hierarchy) => Self::Age(hierarchy),
            ("area", Some(Hierarchy::Prefecture | Hierarchy::Flat) | None) => Self::Area,
            (_, Some(Hierarchy::Flat) | None) => Self::Word,
            (_, Some(hierarchy)) => Self::Hierarchy(hierarchy),
        }
    }

    /// The grammar of a column of a file of events. `None`: the layout has no such column.
    pub fn of_event(table: &'a str, name: &str, policy: &'a EventPolicy, anonymous: bool) -> Option<Self> {
        let dummy = policy.ladders.iter().find(|l| l.table == table).map(|l| l.dummy.as_str());
        Some(match name {
            "pid" => Self::Pid,
            "code" => Self::Code { table, dummy },
            "when" => Self::When(&policy.dates.value),
            "days" => Self::Days { anonymous },
            "value" => Self::Value { digits: if anonymous { policy.values.value.digits } else { 0 } },
            "unit" => Self::Unit,
            _ => return None,
        })
    }

    /// Does a label fit? An empty one (not told) fits every column but the pseudonym.
    ///
    /// # Errors
    /// The rule it breaks.
    pub fn fits(&self, label: &str) -> Result<(), &'static Rule> {
        if label.is_empty() && !matches!(self, Self::Pid) {
            return Ok(());
        }
        let else_rule = |fits: bool, rule: &'static Rule| if fits { Ok(()) } else { Err(rule) };
        match self {
            Self::Pid => else_rule(is_pid(label), &rules::PID_FORM),
            Self::Sex => else_rule(matches!(label, "1" | "2" | "9" | "*"), text_or_label(label)),
            Self::Hierarchy(hierarchy) => else_rule(of_hierarchy(hierarchy, label), text_or_label(label)),
            Self::Age(None) => else_rule(label == "*", &rules::AGE_TOP),
            Self::Age(Some(hierarchy)) => else_rule(
                of_hierarchy(hierarchy, label),
                if label.starts_with(|c: char| c.is_ascii_digit()) {
                    &rules::AGE_TOP
                } else {
                    text_or_label(label)
                },
            ),
            Self::Area => else_rule(is_area(label), &rules::AREA_LEVEL),
            Self::Word => else_rule(is_word(label), text_or_label(label)),
            Self::Code { table, dummy } => else_rule(
                label == "*" || Some(label) == *dummy || is_code(table, label),
                text_or_label(label),
            ),
            Self::When(rule) => else_rule(is_when(rule, label), &rules::DATE_GRID),
            Self::Days { anonymous } => {
                let band = matches!(label, "*" | "1" | "2-7" | "8-30" | "31-90" | "91+");
                let number = label.parse::<u32>().is_ok_and(|n| n.to_string() == label);
                else_rule(band || (!anonymous && number), text_or_label(label))
            }
            Self::Value { digits } => match Decimal::parse(label) {
                None => Err(text_or_label(label)),
                Some(n) => else_rule(*digits == 0 || n.significant() <= *digits, &rules::VALUE_CLIP),
            },
            Self::Unit => else_rule(is_unit(label), &rules::FREE_TEXT),
        }
    }
}

/// What is long, has spaces, or is not written in ASCII where it should be, was written by a person.
fn text_or_label(label: &str) -> &'static Rule {
    let written = label.chars().count() > 20 || label.chars().any(|c| c.is_whitespace() || !c.is_ascii());
    if written { &rules::FREE_TEXT } else { &rules::LABEL }
}

/// 16 small hexadecimal digits.
pub fn is_pid(label: &str) -> bool {
    label.len() == 16 && label.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn number(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|n| n.to_string() == text)
}

/// Is it a label of some level of a hierarchy?
pub fn of_hierarchy(hierarchy: &Hierarchy, label: &str) -> bool {
    label == "*"
        || match hierarchy {
            Hierarchy::Flat => is_word(label),
            Hierarchy::Bands { widths, top, bottom } => is_band(widths, *top, *bottom, label),
            Hierarchy::Prefix { keep } => {
                let length = label.chars().count();
                let longest = keep.iter().max().map_or(0, |k| *k as usize);
                is_code("", label) && (length >= longest || keep.iter().any(|k| *k as usize == length))
            }
            Hierarchy::Prefecture => is_area(label),
            Hierarchy::Quarter => is_quarter(label),
            Hierarchy::Rows { rows } => rows.iter().flatten().any(|l| l == label),
        }
}

/// `42`, `40-44`, `90+`, `<20`: on the grid that begins at the bottom code, or at 0; the last band may end at the top.
fn is_band(widths: &[u32], top: Option<i64>, bottom: Option<i64>, label: &str) -> bool {
    if let Some(from) = label.strip_suffix('+') {
        // Without a top in the policy the last band begins at some multiple of the widest.
        let widest = i64::from(widths.iter().max().copied().unwrap_or(1).max(1));
        return number(from).is_some_and(|n| top.map_or(n > 0 && n % widest == 0, |top| n == top));
    }
    if let Some(below) = label.strip_prefix('<') {
        return number(below).is_some_and(|n| n == bottom.unwrap_or(0));
    }
    let (from, to) = match label.split_once('-') {
        Some((from, to)) if !from.is_empty() => (number(from), number(to)),
        _ => (number(label), number(label)),
    };
    let (Some(from), Some(to)) = (from, to) else { return false };
    let inside = top.is_none_or(|top| to < top) && bottom.is_none_or(|bottom| from >= bottom);
    let start = from - bottom.unwrap_or(0);
    let on_grid = |width: i64| {
        let whole = to - from == width - 1;
        let cut = top.is_some_and(|top| to == top - 1) && to - from < width;
        width > 0 && start % width == 0 && (whole || cut)
    };
    inside && from <= to && (on_grid(1) || widths.iter().any(|w| on_grid(i64::from(*w))))
}

/// `2026-Q3`, `2026`.
fn is_quarter(label: &str) -> bool {
    let (year, quarter) = label.split_once('-').unwrap_or((label, "Q1"));
    let year_ok = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
    year_ok && matches!(quarter, "Q1" | "Q2" | "Q3" | "Q4")
}

/// 地方.
pub const REGIONS: [(&str, &str); 8] = [
    ("北海道", "01"),
    ("東北", "02 03 04 05 06 07"),
    ("関東", "08 09 10 11 12 13 14"),
    ("中部", "15 16 17 18 19 20 21 22 23"),
    ("近畿", "24 25 26 27 28 29 30"),
    ("中国", "31 32 33 34 35"),
    ("四国", "36 37 38 39"),
    ("九州・沖縄", "40 41 42 43 44 45 46 47"),
];

/// Names of prefectures, in the order of JIS X 0401.
pub const PREFECTURES: &str = "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 \
    新潟県 富山県 石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 \
    岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県";

/// A prefecture by code or name, a region, or nothing.
fn is_area(label: &str) -> bool {
    let code = label.len() == 2 && label.parse::<u8>().is_ok_and(|n| (1..=47).contains(&n));
    let region = |l: &str| REGIONS.iter().any(|(name, _)| *name == l);
    let plain = label.strip_suffix("地方").unwrap_or(label);
    code || label == "*"
        || PREFECTURES.split_whitespace().any(|name| name == label)
        || region(plain)
        || matches!(plain, "九州" | "沖縄")
}

/// A short word: letters, `_`, `-`, `+`, `.`, few digits.
fn is_word(label: &str) -> bool {
    let digits = label.bytes().filter(u8::is_ascii_digit).count();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'.' | b'*' | b'<');
    label.len() <= 24 && digits <= 6 && label.bytes().all(plain)
}

/// A code of a table.
fn is_code(table: &str, label: &str) -> bool {
    let bytes = label.as_bytes();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/');
    match table {
        "visit_occurrence" => bytes.len() <= 24 && bytes.iter().all(|b| b.is_ascii_lowercase() || *b == b'_'),
        // ICD-10 and its beginnings, a chapter, or the number of a receipt's disease.
        "condition_occurrence" => match bytes {
            [a, b, c, b'-', d, e, f] => {
                let block = |x: &u8, y: &u8, z: &u8| {
                    x.is_ascii_uppercase() && y.is_ascii_digit() && z.is_ascii_alphanumeric()
                };
                block(a, b, c) && block(d, e, f)
            }
            [first, rest @ ..] if first.is_ascii_uppercase() => {
                rest.len() <= 6
                    && rest.first().is_none_or(u8::is_ascii_digit)
                    && rest.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || *b == b'.')
            }
            _ => (1..=7).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit),
        },
        _ => (1..=17).contains(&bytes.len()) && bytes.iter().all(plain),
    }
}

/// `0..29`, `*`, or a date where dates are told.
fn is_when(rule: &DateRule, label: &str) -> bool {
    match rule {
        DateRule::Relative { bin_days, coarser_days } => {
            let bin = || {
                let (from, to) = label.split_once("..")?;
                let (from, to) = (number(from)?, number(to)?);
                let on_grid = |width: i64| width > 0 && to - from == width - 1 && from.rem_euclid(width) == 0;
                let within = |n: i64| n.abs() <= 100_000;
                let widths = [*bin_days, coarser_days[0], coarser_days[1]];
                (within(from) && within(to) && widths.iter().any(|w| on_grid(i64::from(*w)))).then_some(())
            };
            label == "*" || bin().is_some()
        }
        DateRule::Shifted | DateRule::Exact => is_day(label),
    }
}

/// A unit: short, and only of the characters that units are written with.
fn is_unit(label: &str) -> bool {
    const SIGNS: &str = "%/.*^-+[]{}()_,'# µμΩ℃°²³⁶⁹×個回分時日年歳歩点拍秒";
    let digits = label.chars().filter(char::is_ascii_digit).count();
    label.chars().count() <= 24
        && digits <= 6
        && label.chars().all(|c| c.is_ascii_alphanumeric() || SIGNS.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_lie_on_their_grid() {
        let fits = |l| is_band(&[5, 10, 30], Some(90), None, l);
        assert!(["42", "40-44", "40-49", "60-89", "90+"].into_iter().all(fits));
        assert!(!["90", "41-45", "90-94", "85+", "<20", "100+", "91+", "044", "40-48"].into_iter().any(fits));
        assert!(is_band(&[5], Some(90), Some(18), "<18") && is_band(&[5], Some(90), Some(18), "88-89"));
        assert!(!is_band(&[5], Some(90), Some(18), "17") && !is_band(&[5], Some(90), Some(18), "20-24"));
    }

    #[test]
    fn bins_of_days_lie_on_their_grid() {
        let rule = DateRule::Relative { bin_days: 30, coarser_days: [90, 360] };
        let fits = |l| is_when(&rule, l);
        assert!(["0..29", "-30..-1", "90..179", "-360..-1", "*"].into_iter().all(fits));
        assert!(!["0..28", "1..30", "0..59", "30..119", "2026-05-14", "5", "0..-1"].into_iter().any(fits));
        assert!(is_when(&DateRule::Shifted, "2026-05-14") && !is_when(&DateRule::Shifted, "0..29"));
    }

    #[test]
    fn codes_and_words_are_not_texts() {
        for (table, good, bad) in [
            ("condition_occurrence", "E119", "糖尿病"),
            ("condition_occurrence", "E00-E90", "e119"),
            ("condition_occurrence", "8830417", "E119 with words"),
            ("drug_exposure", "2149032F1021", "アムロジピン錠"),
            ("visit_occurrence", "inpatient", "Ward 3"),
            ("measurement", "3D0100000019", "01234567890123456789"),
        ] {
            let code = Grammar::Code { table, dummy: None };
            assert!(code.fits(good).is_ok() && code.fits(bad).is_err(), "{good} {bad}");
        }
        assert!(
            is_area("13") && is_area("東京都") && is_area("関東") && !is_area("千代田区") && !is_area("48")
        );
        assert!(is_quarter("2026-Q3") && is_quarter("2026") && !is_quarter("2026-05"));
        assert!(is_unit("mg/dL") && is_unit("10*3/uL") && !is_unit("山田太郎"));
    }
}
