//! Names in kanji (漢字氏名), in Latin letters or in kana, in one writing.

use super::variants::common;
use super::width::{closes, is_dash, is_wildcard, opens, parts_name, plain};
use super::{kana, width};
use crate::sent::WILDCARD;

/// What a name field held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Kanji.
    pub kanji: bool,
    /// Katakana or hiragana.
    pub kana: bool,
    /// Latin letters, so many.
    pub latin: u32,
    /// A dot (・) between parts.
    pub dot: bool,
    /// A variant form that was folded.
    pub variant: bool,
}

/// Is it an ideograph?
pub(super) const fn is_kanji(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '々' | '〆' | '〇')
}

/// Folds a name and gives its signs to `each`, tokens parted by one blank. Remarks in brackets are left out. Without
/// `variants` every kanji stays in its form; the number of signs is the same.
pub fn fold(text: &str, variants: bool, mut each: impl FnMut(char)) -> Seen {
    let mut seen = Seen::default();
    let (mut any, mut blank, mut depth, mut last) = (false, false, 0_u32, '\0');
    plain(text, |c| {
        let c = match c {
            _ if depth > 0 && !closes(c) && !opens(c) => return,
            // 佐々木 and 佐佐木
            '々' | '〻' | '仝' if is_kanji(last) => last,
            'ヽ' => last,
            'ヾ' => kana::large_of(width::voiced(last)),
            c if is_kanji(c) => {
                seen.kanji = true;
                let folded = common(c);
                seen.variant |= folded != c;
                if variants { folded } else { c }
            }
            'ァ'..='ヺ' => {
                seen.kana = true;
                kana::large_of(c)
            }
            'A'..='Z' | 'a'..='z' => {
                seen.latin += 1;
                c.to_ascii_uppercase()
            }
            c if is_dash(c) => match kana::vowel(last) {
                Some(vowel) => vowel,
                // 健ー: the long-vowel mark is typed for the number one
                None if c != '-' && is_kanji(last) => '一',
                None => {
                    blank = true;
                    return;
                }
            },
            c if parts_name(c) => {
                seen.dot |= matches!(c, '・' | '·' | '=' | '\u{30a0}');
                blank = true;
                last = '\0';
                return;
            }
            c if opens(c) => {
                depth += 1;
                blank = true;
                last = '\0';
                return;
            }
            c if closes(c) => {
                depth = depth.saturating_sub(1);
                return;
            }
            c if is_wildcard(c) => WILDCARD,
            c if c.is_alphanumeric() => c.to_uppercase().next().unwrap_or(c),
            _ => return,
        };
        if c == '\0' {
            return;
        }
        if blank && any {
            each(' ');
        }
        (any, blank, last) = (true, false, c);
        each(c);
    });
    seen
}

/// Hash of a written form: FNV-1a over the signs, never 0.
pub(super) struct Hash(u32);

impl Default for Hash {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Hash {
    pub(super) fn sign(&mut self, c: char) {
        self.0 = (self.0 ^ u32::from(c)).wrapping_mul(0x0100_0193);
    }

    pub(super) fn finish(self) -> u32 {
        self.0.max(1)
    }
}
