//! The one form in which texts and queries are compared: NFKC, katakana for hiragana and for small kana, common kanji
//! for variant forms, lower-case Latin, one sign for all dashes, one blank for all white space.
//!
//! Sign by sign, so that every folded sign knows the bytes it came from. It must never be stored in place of a text.

use std::ops::Range;

use musubi_model::variants::common;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A folded sign and the bytes of the text that it came from.
pub(crate) type Folded = (char, Range<usize>);

/// The folded form of a text.
#[must_use]
pub fn fold(text: &str) -> String {
    signs(text).into_iter().map(|(c, _)| c).collect()
}

/// The folded form, each sign with its origin.
pub(crate) fn signs(text: &str) -> Vec<Folded> {
    let mut out: Vec<Folded> = Vec::with_capacity(text.len());
    let mut cluster = String::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        // A voice mark or an accent belongs to the sign before it.
        if !cluster.is_empty() && !binds(c) {
            put(&cluster, start..at, &mut out);
            cluster.clear();
        }
        if cluster.is_empty() {
            start = at;
        }
        cluster.push(c);
    }
    if !cluster.is_empty() {
        put(&cluster, start..text.len(), &mut out);
    }
    out
}

/// Marks that change the sign before them.
fn binds(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{ff9e}' | '\u{ff9f}')
}

fn put(cluster: &str, from: Range<usize>, out: &mut Vec<Folded>) {
    for c in cluster.nfkc().flat_map(char::to_lowercase) {
        let c = match c {
            // selectors of variants, joiners, soft hyphens: they are not seen
            '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{200b}'..='\u{200f}' | '\u{ad}' => {
                continue;
            }
            '\u{2060}' | '\u{feff}' => continue,
            c if c.is_whitespace() || c.is_control() => ' ',
            '\u{301c}' => '~',
            'ー' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{2501}' => '-',
            '\u{3041}'..='\u{3096}' => large(shift(c, 0x60)),
            '\u{30a1}'..='\u{30f6}' => large(c),
            c => common(c),
        };
        if c != ' ' || out.last().is_some_and(|(last, _)| *last != ' ') {
            out.push((c, from.clone()));
        }
    }
}

fn shift(c: char, by: u32) -> char {
    u32::from(c).checked_add(by).and_then(char::from_u32).unwrap_or(c)
}

/// The large form of a small katakana.
fn large(c: char) -> char {
    match c {
        'ァ' | 'ィ' | 'ゥ' | 'ェ' | 'ォ' | 'ッ' | 'ャ' | 'ュ' | 'ョ' | 'ヮ' => shift(c, 1),
        'ヵ' => 'カ',
        'ヶ' => 'ケ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_that_people_exchange_are_one() {
        for (a, b) in [
            ("髙橋", "高橋"),
            ("ﾔﾏﾀﾞ", "ヤマダ"),
            ("やまだ", "ヤマダ"),
            ("キヤノン", "キャノン"),
            ("ＨｂＡ１ｃ", "hba1c"),
            ("コーヒー", "コ−ヒ‐"),
            ("辻\u{e0100}", "辻"),
            ("①", "1"),
            ("a\u{3000}\n b", "a b"),
        ] {
            assert_eq!(fold(a), fold(b), "{a} {b}");
        }
        assert_ne!(fold("ハ"), fold("バ"));
    }

    proptest! {
        #[test]
        fn every_sign_knows_where_it_came_from(text in "[a-zA-Zぁ-ゖァ-ヶｦ-ﾟ高髙①㍻ 　\\u{3099}\\u{200b}]{0,24}") {
            let signs = signs(&text);
            for (_, from) in &signs {
                prop_assert!(text.get(from.clone()).is_some_and(|t| !t.is_empty()));
            }
            prop_assert!(signs.is_sorted_by_key(|(_, from)| from.start));
        }
    }
}
