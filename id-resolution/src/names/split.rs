//! Parting a name that stands without a blank: the cut whose two parts are together the most frequent.

use super::NameBook;
use crate::normalise::kana::Short;

/// A part that was never seen counts for this much, a part that was seen for [`SEEN`] times its count: a name that was
/// seen once is worth eight guesses.
const SEEN: u64 = 8;

/// The best cut has to be this many times as likely as the next, else the name stays whole.
const CLEAR: u64 = 4;

/// The longest names that are looked at, in signs: a longer one is no Japanese name.
const LONGEST: usize = 16;

impl NameBook {
    /// Where the given name begins in a folded name in kana without a blank; `None` when that is not clear.
    #[must_use]
    pub fn split_kana(&self, name: &[u8]) -> Option<usize> {
        if name.len() > LONGEST {
            return None;
        }
        // Usual lengths of what was never seen: 佐藤 サトウ, 花子 ハナコ
        best((1..name.len()).map(|cut| {
            let (family, given) = (name.get(..cut).unwrap_or_default(), name.get(cut..).unwrap_or_default());
            let count =
                |part: &[u8], of: fn(&Self, &[u8]) -> u32| Short::of(part).map_or(0, |p| of(self, &p));
            let f = count(family, Self::family_kana_count);
            let g = if f == 0 && !(2..=5).contains(&family.len()) {
                0
            } else {
                count(given, Self::given_kana_count)
            };
            Cut {
                at: cut,
                family: f,
                given: g,
                usual: (2..=5).contains(&family.len()) && (2..=4).contains(&given.len()),
            }
        }))
    }

    /// Where the given name begins, in bytes, in a folded name in kanji without a blank; `None` when that is not clear.
    #[must_use]
    pub fn split_kanji(&self, name: &str) -> Option<usize> {
        if name.len() > LONGEST * 4 {
            return None;
        }
        let signs = name.chars().count();
        best(name.char_indices().enumerate().skip(1).filter_map(|(n, (cut, _))| {
            let (family, given) = name.split_at_checked(cut)?;
            Some(Cut {
                at: cut,
                family: self.family_kanji_count(family),
                given: self.given_kanji_count(given),
                usual: (1..=3).contains(&n) && (1..=3).contains(&(signs - n)),
            })
        }))
    }
}

struct Cut {
    at: usize,
    family: u32,
    given: u32,
    /// Both parts are of a usual length.
    usual: bool,
}

fn best(cuts: impl Iterator<Item = Cut>) -> Option<usize> {
    let (mut first, mut second) = ((0, 0), 0);
    for cut in cuts {
        let weight = |count: u32| if count > 0 { SEEN * u64::from(count) } else { u64::from(cut.usual) };
        // a given name alone says little: 一 and 子 end many names
        let score =
            if cut.family == 0 && cut.given == 0 { 0 } else { weight(cut.family) * weight(cut.given) };
        if score > first.0 {
            second = first.0;
            first = (score, cut.at);
        } else {
            second = second.max(score);
        }
    }
    (first.0 > 0 && first.0 >= CLEAR.saturating_mul(second)).then_some(first.1)
}
