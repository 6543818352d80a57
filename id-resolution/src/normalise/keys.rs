//! Match keys (照合鍵) for opt-out tokens and exact matching: one writing for what means the same. Source: mpi.md §4.1.
//!
//! `None` means there is no key, because the text is empty or cannot be told apart from others. The result is only
//! ever sealed into a token; it must never be stored or shown in the clear.

use unicode_normalization::UnicodeNormalization as _;

/// Separates the parts of a key; no part can hold it.
pub const SEPARATOR: char = '\u{1f}';

/// Signs that systems write for what they cannot encode: such a name is not known for certain.
const WILDCARDS: [char; 6] = ['〓', '●', '?', '�', '＊', '*'];

/// Folded beginnings of names that newborn children carry before they have one: twins share them.
const NEWBORN: [&str; 4] = ["ベビイ", "アカチヤン", "シンセイジ", "ニユウジ"];

/// NFKC with the free-standing voice marks (゛゜) bound to the kana before them, without control characters.
fn nfkc(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{309b}' => '\u{3099}',
            '\u{309c}' => '\u{309a}',
            c => c,
        })
        .nfkc()
        .filter(|c| !c.is_control())
        .collect()
}

/// Chart number: NFKC, trimmed, leading zeros stripped.
#[must_use]
pub fn local_number(text: &str) -> Option<String> {
    let folded = nfkc(text);
    let key = folded.trim().trim_start_matches('0');
    (!key.is_empty()).then(|| key.to_owned())
}

/// Insurer number: its digits, padded to eight (国保 has six and is sent with blanks or zeros before it).
/// `None` unless one to eight digits are left.
#[must_use]
pub fn insurer_number(text: &str) -> Option<String> {
    let folded = nfkc(text);
    let bare = folded.trim();
    let digits = bare.trim_start_matches('0');
    let sound = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    sound.then(|| format!("{digits:0>8}"))
}

/// Is it a sign that parts symbol and number of a card: hyphens of all kinds, dots, blanks?
fn parts_card(c: char) -> bool {
    c.is_whitespace()
        || is_dash(c)
        || matches!(c, '・' | '·' | '.' | ',' | '/' | '、' | '。' | '(' | ')' | '「' | '」')
}

/// Hyphens, dashes, minus signs and the long-vowel mark, which systems exchange for each other.
fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{ad}' | '\u{fe63}' | '\u{30fc}')
}

/// Symbol and number of the card (記号・番号) as one text: separators dropped, leading zeros of each part stripped, so
/// that it does not matter whether a system writes the symbol into the number. `None` without a number.
#[must_use]
pub fn symbol_and_number(symbol: &str, number: &str) -> Option<String> {
    let join = |text: &str| -> String {
        nfkc(text)
            .split(parts_card)
            .map(|part| part.trim_start_matches('0'))
            .collect::<String>()
            .to_uppercase()
    };
    let number = join(number);
    (!number.is_empty()).then(|| join(symbol) + &number)
}

/// Branch number (枝番): two digits. `00` is one (the insured person of an employees' scheme).
#[must_use]
pub fn branch(text: &str) -> Option<String> {
    let folded = nfkc(text);
    let digits = folded.trim();
    let sound = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    sound.then(|| format!("{digits:0>2}"))
}

/// Insurer, symbol, number and branch as one personal key. Without a branch the number is a household's and gives no
/// key, except at the late-elderly scheme (後期高齢者医療, law code 39), whose number is personal and has no branch.
#[must_use]
pub fn insured(insurer: &str, symbol: &str, number: &str, branch_text: &str) -> Option<String> {
    let insurer = insurer_number(insurer)?;
    let number = symbol_and_number(symbol, number)?;
    let branch = if insurer.starts_with("39") { String::new() } else { branch(branch_text)? };
    Some([insurer, number, branch].join("\u{1f}"))
}

/// Insurer and number of long-term care: six and ten digits. The insurer's number space is not that of health
/// insurance, so this is a key of its own. `None` when either is not what it should be.
#[must_use]
pub fn care(insurer: &str, number: &str) -> Option<String> {
    let digits = |text: &str, len: usize| -> Option<String> {
        let plain: String = nfkc(text).chars().filter(|c| !c.is_whitespace()).collect();
        let sound = plain.len() == len
            && plain.bytes().all(|b| b.is_ascii_digit())
            && plain.bytes().any(|b| b != b'0');
        sound.then_some(plain)
    };
    Some([digits(insurer, 6)?, digits(number, 10)?].join("\u{1f}"))
}

/// Name in kana: full-width large katakana without blanks and dots; long vowels as vowels, and sounds that are written
/// in two ways in one. `None` when it is empty, a single sign, holds a wildcard or is a newborn's stopgap name.
#[must_use]
pub fn kana(text: &str) -> Option<String> {
    let mut key = String::with_capacity(text.len());
    let mut last = None;
    for c in nfkc(text).chars() {
        if WILDCARDS.contains(&c) {
            return None;
        }
        if c.is_whitespace() || matches!(c, '・' | '·' | '.' | ',' | '、' | '\u{fe00}'..='\u{fe0f}') {
            continue;
        }
        let c = if is_dash(c) {
            // a long-vowel mark after a kana is that vowel; any other dash only parts
            match last.and_then(vowel) {
                Some(vowel) => vowel,
                None => continue,
            }
        } else {
            fold_kana(c)
        };
        // オウ and オオ are one sound in two writings
        let c = if c == 'ウ' && last.and_then(vowel) == Some('オ') { 'オ' } else { c };
        key.extend(c.to_uppercase());
        last = Some(c);
    }
    let stopgap = NEWBORN.iter().any(|word| key.contains(word));
    (key.chars().count() > 1 && !stopgap).then_some(key)
}

/// One kana as large katakana of today's spelling; everything else as it is.
fn fold_kana(c: char) -> char {
    let katakana = match c {
        'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
        c => c,
    };
    match katakana {
        'ァ' => 'ア',
        'ィ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' => 'エ',
        'ォ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        'ヅ' => 'ズ',
        'ヂ' => 'ジ',
        'ヲ' => 'オ',
        'ヴ' => 'ブ',
        'ヰ' => 'イ',
        'ヱ' => 'エ',
        c => c,
    }
}

/// The vowel on which a folded katakana ends.
fn vowel(c: char) -> Option<char> {
    const COLUMNS: [(char, &str); 5] = [
        ('ア', "アカサタナハマヤラワガザダバパ"),
        ('イ', "イキシチニヒミリギジビピ"),
        ('ウ', "ウクスツヌフムユルグズブプ"),
        ('エ', "エケセテネヘメレゲゼデベペ"),
        ('オ', "オコソトノホモヨロゴゾドボポ"),
    ];
    COLUMNS.iter().find(|(_, column)| column.contains(c)).map(|(vowel, _)| *vowel)
}
