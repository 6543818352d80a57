//! One width for all signs: the part of NFKC that records need, sign by sign and without buffers.
//!
//! Full-width Latin becomes ASCII, half-width kana and hiragana become katakana, voice marks are bound to their kana,
//! controls and selectors of variants (IVS) vanish, private use (外字) becomes [`WILDCARD`]. Only rare signs ask the
//! NFKC tables.

use unicode_normalization::UnicodeNormalization as _;

use crate::sent::WILDCARD;

/// Full-width katakana of the half-width ones, from U+FF61 to U+FF9D.
const HALF: [char; 61] = [
    '。', '「', '」', '、', '・', 'ヲ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ャ', 'ュ', 'ョ', 'ッ', 'ー', 'ア',
    'イ', 'ウ', 'エ', 'オ', 'カ', 'キ', 'ク', 'ケ', 'コ', 'サ', 'シ', 'ス', 'セ', 'ソ', 'タ', 'チ', 'ツ',
    'テ', 'ト', 'ナ', 'ニ', 'ヌ', 'ネ', 'ノ', 'ハ', 'ヒ', 'フ', 'ヘ', 'ホ', 'マ', 'ミ', 'ム', 'メ', 'モ',
    'ヤ', 'ユ', 'ヨ', 'ラ', 'リ', 'ル', 'レ', 'ロ', 'ワ', 'ン',
];

/// Gives the signs of a text in one width to `each`.
#[inline]
pub(super) fn plain(text: &str, mut each: impl FnMut(char)) {
    // a voice mark may follow: every sign waits for the next
    let mut held = '\0';
    for c in text.chars() {
        let c = match c {
            '\u{20}'..='\u{7e}'
            | '\u{30a1}'..='\u{30fe}'
            | '\u{3005}'..='\u{3007}'
            | '\u{4e00}'..='\u{9fff}' => c,
            '\u{3041}'..='\u{3096}' => shift(c, 0x60),
            '\u{ff01}'..='\u{ff5e}' => shift(c, -0xfee0),
            '\u{ff61}'..='\u{ff9d}' => half(c),
            '\u{3000}' => ' ',
            '\u{3099}' | '\u{309b}' | '\u{ff9e}' => {
                held = voiced(held);
                continue;
            }
            '\u{309a}' | '\u{309c}' | '\u{ff9f}' => {
                held = half_voiced(held);
                continue;
            }
            c => {
                if held != '\0' {
                    each(held);
                    held = '\0';
                }
                rare(c, &mut each);
                continue;
            }
        };
        if held != '\0' {
            each(held);
        }
        held = c;
    }
    if held != '\0' {
        each(held);
    }
}

fn shift(c: char, by: i32) -> char {
    u32::from(c).checked_add_signed(by).and_then(char::from_u32).unwrap_or(c)
}

fn half(c: char) -> char {
    HALF.get(u32::from(c).wrapping_sub(0xff61) as usize).copied().unwrap_or(c)
}

/// The kana with ゛; any other sign as it is.
pub(super) fn voiced(c: char) -> char {
    match c {
        'カ' | 'キ' | 'ク' | 'ケ' | 'コ' | 'サ' | 'シ' | 'ス' | 'セ' | 'ソ' | 'タ' | 'チ' | 'ツ' | 'テ'
        | 'ト' | 'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' | 'ヽ' => shift(c, 1),
        'ウ' => 'ヴ',
        c => c,
    }
}

/// The kana with ゜; any other sign as it is.
fn half_voiced(c: char) -> char {
    match c {
        'ハ' | 'ヒ' | 'フ' | 'ヘ' | 'ホ' => shift(c, 2),
        c => c,
    }
}

/// Signs that few records hold.
#[cold]
fn rare(c: char, each: &mut impl FnMut(char)) {
    match c {
        '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => {}
        // selectors of variants
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {}
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | WILDCARD => each(WILDCARD),
        '\u{309d}' => each('ヽ'),
        '\u{309e}' => each('ヾ'),
        c if c.is_whitespace() => each(' '),
        c if c.is_control() => {}
        c => {
            for d in std::iter::once(c).nfkc() {
                match d {
                    // the parts of a composed sign are of one width already, but for hiragana and blanks
                    '\u{3041}'..='\u{3096}' => each(shift(d, 0x60)),
                    d if d.is_whitespace() => each(' '),
                    d if d.is_control() => {}
                    d => latin(d, each),
                }
            }
        }
    }
}

/// A Latin letter without its accents (é as e: systems drop them); any other sign as it is.
fn latin(c: char, each: &mut impl FnMut(char)) {
    match c {
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => {
            let base = match c {
                'Đ' | 'đ' | 'Ð' | 'ð' => 'D',
                'Ø' | 'ø' => 'O',
                'Ł' | 'ł' => 'L',
                c => std::iter::once(c).nfd().next().unwrap_or(c),
            };
            each(base);
        }
        // an accent that stands free
        '\u{300}'..='\u{36f}' => {}
        c => each(c),
    }
}

/// Hyphens, dashes, minus signs and the long-vowel mark, which systems exchange for each other.
pub(super) const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | 'ー' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{2501}' | '\u{fe58}' | '\u{fe63}'
    )
}

/// Signs that systems write for what they cannot encode.
pub(super) const fn is_wildcard(c: char) -> bool {
    matches!(c, WILDCARD | '〓' | '●' | '■' | '◆' | '?' | '*')
}

/// Signs that open a remark: 旧姓 and the like stand in brackets.
pub(super) const fn opens(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '<' | '〔' | '【' | '〈' | '《' | '「')
}

/// Signs that close a remark.
pub(super) const fn closes(c: char) -> bool {
    matches!(c, ')' | ']' | '}' | '>' | '〕' | '】' | '〉' | '》' | '」')
}

/// Signs between the parts of a name.
pub(super) const fn parts_name(c: char) -> bool {
    matches!(c, ' ' | '・' | '·' | '.' | ',' | '、' | '=' | '\u{30a0}' | '/')
}
