//! Two values side by side, sign by sign (字ごとの差): what both have, what is another form of the same kanji or another way to
//! write the same kana, and what only one has. Pure; draws with `mark`, `ins` and `del`.

use maud::{Markup, html};
use musubi_model::variants::common;

use crate::words::Lang;

/// How a sign stands to the other value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// In both.
    Same,
    /// Another form of the sign that stands there.
    Variant,
    /// In this one alone.
    Alone,
}

/// Signs in a row that stand the same way.
type Piece = (How, String);

/// Values longer than this are not compared sign by sign.
const LONG: usize = 200;

/// Hiragana as katakana, full-width letters and digits as plain ones, kanji in their common form.
fn plain(c: char) -> char {
    let shifted =
        |by: i64| u32::try_from(i64::from(u32::from(c)) + by).ok().and_then(char::from_u32).unwrap_or(c);
    match c {
        'ぁ'..='ゖ' => shifted(0x60),
        '！'..='～' => shifted(-0xfee0).to_ascii_uppercase(),
        '\u{3000}' => ' ',
        'a'..='z' => c.to_ascii_uppercase(),
        c => common(c),
    }
}

/// Both values, cut into pieces.
fn pieces(left: &str, right: &str) -> (Vec<Piece>, Vec<Piece>) {
    let (a, b): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    if a.len() > LONG || b.len() > LONG {
        let how = if left == right { How::Same } else { How::Alone };
        return (vec![(how, left.to_owned())], vec![(how, right.to_owned())]);
    }
    // The longest way that both have in common, in plain forms; at(i, j) is its length from i and j on.
    let width = b.len() + 1;
    let mut table = vec![0u16; (a.len() + 1) * width];
    let at = |table: &[u16], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or_default();
    for (i, x) in a.iter().enumerate().rev() {
        for (j, y) in b.iter().enumerate().rev() {
            let longest = if plain(*x) == plain(*y) {
                at(&table, i + 1, j + 1) + 1
            } else {
                at(&table, i + 1, j).max(at(&table, i, j + 1))
            };
            if let Some(cell) = table.get_mut(i * width + j) {
                *cell = longest;
            }
        }
    }
    let (mut l, mut r) = (Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    loop {
        match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) if plain(*x) == plain(*y) => {
                let how = if x == y { How::Same } else { How::Variant };
                push(&mut l, how, *x);
                push(&mut r, how, *y);
                i += 1;
                j += 1;
            }
            (Some(x), y) if y.is_none() || at(&table, i + 1, j) >= at(&table, i, j + 1) => {
                push(&mut l, How::Alone, *x);
                i += 1;
            }
            (_, Some(y)) => {
                push(&mut r, How::Alone, *y);
                j += 1;
            }
            _ => return (l, r),
        }
    }
}

fn push(pieces: &mut Vec<Piece>, how: How, c: char) {
    match pieces.last_mut() {
        Some((last, text)) if *last == how => text.push(c),
        _ => pieces.push((how, c.to_string())),
    }
}

/// Both values as they are shown: what only the left has is struck, what only the right has is underlined, other forms are
/// marked; each with a word for readers of screens.
pub(super) fn side_by_side(lang: Lang, left: &str, right: &str) -> (Markup, Markup) {
    let (l, r) = pieces(left, right);
    (drawn(lang, &l, true), drawn(lang, &r, false))
}

fn drawn(lang: Lang, pieces: &[Piece], left: bool) -> Markup {
    html! {
        @if pieces.is_empty() { span.soft { (lang.pick("(記載なし)", "(not given)")) } }
        @for (how, text) in pieces {
            @match (how, left) {
                (How::Same, _) => { (text) },
                (How::Variant, _) => { mark { (text) span.hidden { (lang.pick("(別の字形)", " (another form)")) } } },
                (How::Alone, true) => { del { (text) span.hidden { (lang.pick("(左だけ)", " (left only)")) } } },
                (How::Alone, false) => { ins { (text) span.hidden { (lang.pick("(右だけ)", " (right only)")) } } },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(pieces: &[Piece]) -> String {
        pieces.iter().map(|(_, t)| t.as_str()).collect()
    }

    fn alone(pieces: &[Piece]) -> usize {
        pieces.iter().filter(|(how, _)| *how == How::Alone).map(|(_, t)| t.chars().count()).sum()
    }

    #[test]
    fn old_forms_are_marked_and_what_differs_is_struck_or_underlined() {
        let (l, r) = side_by_side(Lang::Ja, "渡邊", "渡辺");
        assert!(l.into_string().starts_with("渡<mark>邊"), "another form of the same kanji");
        assert!(r.into_string().starts_with("渡<mark>辺"));
        let (l, r) = side_by_side(Lang::En, "ハナコ", "ハルコ");
        assert!(l.into_string().contains("<del>ナ") && r.into_string().contains("<ins>ル"));
        let (l, _) = side_by_side(Lang::En, "はなこ", "ハナコ");
        assert!(l.into_string().starts_with("<mark>はなこ"));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_same_is_the_same(a in "[あ-んア-ン一-龠0-9 ]{0,12}", b in "[あ-んア-ン一-龠0-9 ]{0,12}") {
            let (l, r) = pieces(&a, &b);
            prop_assert_eq!(text(&l), a.as_str());
            prop_assert_eq!(text(&r), b.as_str());
            // What both have is equally long on both sides.
            prop_assert_eq!(a.chars().count() - alone(&l), b.chars().count() - alone(&r));
            let (l, r) = pieces(&a, &a);
            prop_assert!(l.iter().chain(&r).all(|(how, _)| *how == How::Same));
        }
    }
}
