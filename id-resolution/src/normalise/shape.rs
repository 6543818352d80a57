//! The shape of a name in one script: where its parts lie, stopgaps of newborns, test patients.
//!
//! Both scripts are bytes here with one byte between tokens (zero in kana, a blank in kanji), so that one piece of code
//! reads them. A cut never falls into a sign: tokens and the book's cuts begin where signs begin.

use crate::names::Words;

/// Where the parts of a name lie in its folded text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) family: (usize, usize),
    pub(super) given: (usize, usize),
    pub(super) split: bool,
    pub(super) parted: bool,
    pub(super) newborn: bool,
    pub(super) test: bool,
}

/// One script of a name.
pub(super) struct Script<'a, F, G, C> {
    pub(super) blank: u8,
    pub(super) words: &'a Words,
    /// Splits a name without a blank.
    pub(super) cut: C,
    /// How often a family name was seen.
    pub(super) family: F,
    /// How often a given name was seen.
    pub(super) given: G,
}

/// A name is taken to stand in swapped order when the book finds the other order this many times more frequent. In our
/// sources about two names in a thousand are swapped, so the evidence has to outweigh 500 to 1.
const SWAP: u64 = 500;

impl<F, G, C> Script<'_, F, G, C>
where
    F: Fn(&[u8]) -> u32,
    G: Fn(&[u8]) -> u32,
    C: Fn(&[u8]) -> Option<usize>,
{
    /// Reads a folded name. The parts of a foreign one are parted only where its source does so.
    pub(super) fn shape(&self, whole: &[u8], foreign: bool) -> Shape {
        if whole.is_empty() {
            return Shape::default();
        }
        let part = |from: usize, to: usize| whole.get(from..to).unwrap_or_default();
        let mut end = whole.len();
        // a maiden name (旧姓) that stands without brackets
        if let Some(at) = self.words.maiden.iter().find_map(|w| find(whole, w).filter(|at| *at > 0)) {
            end = trim(part(0, at), self.blank);
        }
        let test = self.words.is_test(part(0, end), self.blank);
        if let Some(at) = self.newborn(part(0, end)) {
            let rest = trim(part(0, at), self.blank);
            let parted = rest < at;
            let first = first_token(part(0, rest), self.blank);
            let known = first < rest || (self.family)(part(0, first)) > 0;
            return match (self.cut)(part(0, first)) {
                // the mother's whole name stands before
                Some(cut) if !known => {
                    Shape { family: (0, cut), split: true, newborn: true, ..Shape::default() }
                }
                _ => Shape {
                    family: (0, first),
                    split: known || parted,
                    parted: parted && first == rest,
                    newborn: true,
                    ..Shape::default()
                },
            };
        }
        let first = first_token(part(0, end), self.blank);
        if first == end {
            return match if foreign { None } else { (self.cut)(part(0, end)) } {
                Some(cut) => {
                    Shape { family: (0, cut), given: (cut, end), split: true, test, ..Shape::default() }
                }
                None => Shape { family: (0, end), test, ..Shape::default() },
            };
        }
        let straight = Shape {
            family: (0, first),
            given: (first + 1, end),
            split: true,
            parted: true,
            test,
            ..Shape::default()
        };
        let (a, b) = (part(0, first), part(first + 1, end));
        let given_first = (self.given)(a);
        if foreign || given_first == 0 || b.contains(&self.blank) {
            return straight;
        }
        // twice the count and one: what was never seen is not impossible
        let odds =
            |family: u32, given: u32| (2 * u64::from(family) + 1).saturating_mul(2 * u64::from(given) + 1);
        let swapped = odds((self.family)(b), given_first);
        if swapped > SWAP.saturating_mul(odds((self.family)(a), (self.given)(b))) {
            return Shape { family: straight.given, given: straight.family, ..straight };
        }
        straight
    }

    /// Where a newborn's stopgap name begins.
    fn newborn(&self, whole: &[u8]) -> Option<usize> {
        // ベビーＡ, ベビー 1, 第二子: signs that tell twins apart
        let end = whole.iter().rposition(|b| !self.words.twin_marks.contains(b)).map_or(0, |at| at + 1);
        let bare = whole.get(..end)?;
        let ends = |text: &[u8], words: &[Vec<u8>]| {
            words
                .iter()
                .filter(|w| text.ends_with(w))
                .map(Vec::len)
                .max()
                .and_then(|len| text.len().checked_sub(len))
        };
        if let Some(at) = ends(bare, &self.words.newborn).filter(|at| *at > 0) {
            return Some(at);
        }
        // 児 is the end of given names too (健児): it has to stand alone or behind a known family name
        let at = ends(whole, &self.words.newborn_alone).filter(|at| *at > 0)?;
        let before = whole.get(..at)?;
        let alone = before.last() == Some(&self.blank);
        (alone || (!before.contains(&self.blank) && (self.family)(before) > 0)).then_some(at)
    }
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len().max(1)).position(|w| w == word)
}

/// The length without blanks at the end.
fn trim(text: &[u8], blank: u8) -> usize {
    text.iter().rposition(|b| *b != blank).map_or(0, |at| at + 1)
}

/// The length of the first token.
pub(super) fn first_token(text: &[u8], blank: u8) -> usize {
    text.iter().position(|b| *b == blank).unwrap_or(text.len())
}

pub(super) fn tokens(text: &[u8], blank: u8) -> usize {
    if text.is_empty() { 0 } else { text.iter().filter(|b| **b == blank).count() + 1 }
}
