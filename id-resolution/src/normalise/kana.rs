//! Kana (カナ) as bytes: one byte a kana, what sounds or looks alike in one writing.
//!
//! A byte is the code point − U+30A0; a Latin letter or digit is its ASCII code with the highest bit, 0 parts names and
//! 0xFF stands for a sign that could not be encoded. So every measure of likeness works on bytes.

use super::width::{closes, is_dash, is_wildcard, opens, parts_name, plain};

/// Parts the tokens of a name.
pub const BLANK: u8 = 0;

/// Stands for a sign that a source could not encode.
pub const WILDCARD: u8 = 0xff;

const fn byte(c: char) -> u8 {
    let code = (c as u32).wrapping_sub(0x30a0);
    if code < 0x60 { code as u8 } else { 0 }
}

pub(super) const fn char_of(byte: u8) -> char {
    match char::from_u32(0x30a0 + byte as u32) {
        Some(c) => c,
        None => ' ',
    }
}

/// One kana as large katakana of today's spelling.
const fn large(c: char) -> char {
    match c {
        'ァ' => 'ア',
        'ィ' | 'ヰ' => 'イ',
        'ゥ' => 'ウ',
        'ェ' | 'ヱ' => 'エ',
        'ォ' | 'ヲ' => 'オ',
        'ッ' => 'ツ',
        'ャ' => 'ヤ',
        'ュ' => 'ユ',
        'ョ' => 'ヨ',
        'ヮ' => 'ワ',
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        'ヅ' => 'ズ',
        'ヂ' => 'ジ',
        'ヴ' => 'ブ',
        'ヷ' => 'バ',
        'ヸ' => 'ビ',
        'ヹ' => 'ベ',
        'ヺ' => 'ボ',
        c => c,
    }
}

/// The vowel on which a large katakana ends.
const fn vowel_of(c: char) -> u8 {
    byte(match c {
        'ア' | 'カ' | 'サ' | 'タ' | 'ナ' | 'ハ' | 'マ' | 'ヤ' | 'ラ' | 'ワ' | 'ガ' | 'ザ' | 'ダ' | 'バ'
        | 'パ' => 'ア',
        'イ' | 'キ' | 'シ' | 'チ' | 'ニ' | 'ヒ' | 'ミ' | 'リ' | 'ギ' | 'ジ' | 'ビ' | 'ピ' => 'イ',
        'ウ' | 'ク' | 'ス' | 'ツ' | 'ヌ' | 'フ' | 'ム' | 'ユ' | 'ル' | 'グ' | 'ズ' | 'ブ' | 'プ' => {
            'ウ'
        }
        'エ' | 'ケ' | 'セ' | 'テ' | 'ネ' | 'ヘ' | 'メ' | 'レ' | 'ゲ' | 'ゼ' | 'デ' | 'ベ' | 'ペ' => {
            'エ'
        }
        'オ' | 'コ' | 'ソ' | 'ト' | 'ノ' | 'ホ' | 'モ' | 'ヨ' | 'ロ' | 'ゴ' | 'ゾ' | 'ド' | 'ボ' | 'ポ' => {
            'オ'
        }
        _ => '\0',
    })
}

/// The kana without its voice marks (濁点, 半濁点).
const fn unvoiced_of(c: char) -> char {
    let base = match c {
        'ガ' | 'ギ' | 'グ' | 'ゲ' | 'ゴ' | 'ザ' | 'ジ' | 'ズ' | 'ゼ' | 'ゾ' | 'ダ' | 'ヂ' | 'ヅ' | 'デ'
        | 'ド' | 'バ' | 'ビ' | 'ブ' | 'ベ' | 'ボ' => 1,
        'パ' | 'ピ' | 'プ' | 'ペ' | 'ポ' => 2,
        _ => 0,
    };
    match char::from_u32(c as u32 - base) {
        Some(c) => c,
        None => c,
    }
}

const fn table(what: u8) -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let b = at as u8;
        let kana = at > 0 && at < 0x5b;
        #[allow(clippy::indexing_slicing)] // constant: the compiler checks it
        {
            table[at] = match what {
                0 if kana => byte(large(char_of(b))),
                1 if kana => vowel_of(char_of(b)),
                2 if kana => byte(unvoiced_of(char_of(b))),
                1 => 0,
                _ => b,
            };
        }
        at += 1;
    }
    table
}

static LARGE: [u8; 256] = table(0);
static VOWEL: [u8; 256] = table(1);
static UNVOICED: [u8; 256] = table(2);

fn of(table: &[u8; 256], b: u8) -> u8 {
    table.get(usize::from(b)).copied().unwrap_or(b)
}

const U: u8 = byte('ウ');
const O: u8 = byte('オ');

/// What a name field in kana held besides kana.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// A dot (・) between parts.
    pub dot: bool,
    /// Kanji: the field holds no reading.
    pub kanji: bool,
}

/// Folds a name in kana and appends it to `out`, its tokens parted by one [`BLANK`]. Remarks in brackets are left out.
/// オウ stays as it is until the name is split: see [`long_vowels`].
pub fn fold(text: &str, out: &mut Vec<u8>) -> Seen {
    let mut seen = Seen::default();
    let start = out.len();
    let (mut blank, mut depth, mut last) = (false, 0_u32, 0_u8);
    plain(text, |c| {
        let b = match c {
            _ if depth > 0 && !closes(c) && !opens(c) => return,
            'ァ'..='ヺ' => of(&LARGE, byte(c)),
            'ヽ' => last,
            'ヾ' => of(&LARGE, byte(super::width::voiced(char_of(last)))),
            'A'..='Z' | 'a'..='z' | '0'..='9' => c.to_ascii_uppercase() as u8 | 0x80,
            // a long-vowel mark, or what systems write for it, after a kana is its vowel; any other dash parts words
            c if is_dash(c) => match of(&VOWEL, last) {
                0 if last >= 0x80 => {
                    blank = true;
                    return;
                }
                0 => return,
                vowel => vowel,
            },
            c if parts_name(c) => {
                seen.dot |= matches!(c, '・' | '·' | '=' | '\u{30a0}');
                blank = true;
                last = 0;
                return;
            }
            c if opens(c) => {
                depth += 1;
                blank = true;
                last = 0;
                return;
            }
            c if closes(c) => {
                depth = depth.saturating_sub(1);
                return;
            }
            c if is_wildcard(c) => WILDCARD,
            '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
                seen.kanji = true;
                return;
            }
            _ => return,
        };
        if b == 0 {
            return;
        }
        if blank && out.len() > start {
            out.push(BLANK);
        }
        blank = false;
        out.push(b);
        last = b;
    });
    seen
}

/// オウ and オオ are one sound in two writings: ウ after a kana that ends on オ becomes オ. Within one part of a name
/// only (サノ ウメ is not サノオメ).
pub fn long_vowels(part: &mut [u8]) {
    let mut last = 0;
    for b in part {
        if *b == U && of(&VOWEL, last) == O {
            *b = O;
        }
        last = *b;
    }
}

/// A part of a name with [`long_vowels`] folded, on the stack: for questions to the book of names.
pub struct Short {
    bytes: [u8; Self::MAX],
    len: usize,
}

impl Short {
    /// Longer parts are in no book.
    const MAX: usize = 24;

    /// `None` when the part is too long.
    pub fn of(part: &[u8]) -> Option<Self> {
        let mut short = Self { bytes: [0; Self::MAX], len: part.len() };
        let head = short.bytes.get_mut(..part.len())?;
        head.copy_from_slice(part);
        long_vowels(head);
        Some(short)
    }
}

impl std::ops::Deref for Short {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The name without voice marks, for a second key: voice marks are the most frequent slip.
pub fn unvoiced(part: &[u8]) -> impl Iterator<Item = u8> + '_ {
    part.iter().map(|b| of(&UNVOICED, *b))
}

/// The byte of a katakana; `None` for any other sign.
pub(super) const fn byte_of(c: char) -> Option<u8> {
    match c {
        'ァ'..='ヺ' => Some(byte(c)),
        _ => None,
    }
}

/// The large katakana of today's spelling.
pub(super) const fn large_of(c: char) -> char {
    large(c)
}

/// The vowel on which a folded katakana ends, as katakana.
pub(super) fn vowel(c: char) -> Option<char> {
    match byte_of(c).map_or(0, |b| of(&VOWEL, b)) {
        0 => None,
        b => Some(char_of(b)),
    }
}

/// The katakana text of folded bytes (for model files and for people).
pub fn text(part: &[u8]) -> String {
    part.iter()
        .map(|b| match b {
            0 => ' ',
            &WILDCARD => crate::sent::WILDCARD,
            b if *b >= 0x80 => char::from(b & 0x7f),
            b => char_of(*b),
        })
        .collect()
}

/// The bytes of a text made by [`text`]; `None` when it holds another sign.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|c| match c {
            ' ' => Some(0),
            crate::sent::WILDCARD => Some(WILDCARD),
            'A'..='Z' | '0'..='9' => u8::try_from(c).ok().map(|b| b | 0x80),
            c => byte_of(c).filter(|b| *b == of(&LARGE, *b)),
        })
        .collect()
}
