//! Parting a name that stands without a blank: the cut whose two parts are together the most frequent.

use super::NameBook;
use crate::normalise::kana::Short;

/// How usual a length is, in parts of a hundred, from one sign on: of family and given names in kanji (山田 太郎) and in
/// kana (ヤマダ タロウ). Rough shares among names of Japan; they decide only where the book does not know both parts.
const FAMILY_KANJI: [u64; 4] = [5, 80, 15, 1];
const GIVEN_KANJI: [u64; 4] = [15, 70, 15, 1];
const FAMILY_KANA: [u64; 6] = [2, 15, 35, 36, 10, 2];
const GIVEN_KANA: [u64; 6] = [1, 24, 45, 26, 3, 1];

/// A part that was seen weighs this much more its count; one that was never seen weighs 1.
const SEEN: u64 = 16;

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
        let alone = Short::of(name).map_or(0, |whole| self.family_kana_count(&whole)) > 0;
        best(
            alone,
            true,
            (1..name.len()).map(|cut| {
                let (family, given) =
                    (name.get(..cut).unwrap_or_default(), name.get(cut..).unwrap_or_default());
                let count =
                    |part: &[u8], of: fn(&Self, &[u8]) -> u32| Short::of(part).map_or(0, |p| of(self, &p));
                let short = 2;
                Cut {
                    at: cut,
                    family: Part::new(
                        count(family, Self::family_kana_count),
                        &FAMILY_KANA,
                        family.len(),
                        short,
                    ),
                    given: Part::new(count(given, Self::given_kana_count), &GIVEN_KANA, given.len(), short),
                }
            }),
        )
    }

    /// Where the given name begins, in bytes, in a folded name in kanji without a blank; `None` when that is not clear.
    #[must_use]
    pub fn split_kanji(&self, name: &str) -> Option<usize> {
        if name.len() > LONGEST * 4 {
            return None;
        }
        let signs = name.chars().count();
        let alone = self.family_kanji_count(name) > 0;
        best(
            alone,
            signs < 4,
            name.char_indices().enumerate().skip(1).filter_map(|(n, (cut, _))| {
                let (family, given) = name.split_at_checked(cut)?;
                Some(Cut {
                    at: cut,
                    family: Part::new(self.family_kanji_count(family), &FAMILY_KANJI, n, 1),
                    given: Part::new(self.given_kanji_count(given), &GIVEN_KANJI, signs - n, 1),
                })
            }),
        )
    }

    /// Where the given name begins in an unparted name in kana whose kanji are known: readings that were seen decide,
    /// of the family name first. `None` when no reading fits.
    #[must_use]
    pub fn split_kana_as(&self, name: &[u8], family: &str, given: &str) -> Option<usize> {
        if name.len() > LONGEST {
            return None;
        }
        most((1..=name.len()).map(|cut| {
            let (head, tail) = (name.get(..cut).unwrap_or_default(), name.get(cut..).unwrap_or_default());
            let family = Short::of(head).map_or(0, |kana| self.family_reading_count(family, &kana));
            // nothing is left over only where no given name is written
            let given = Short::of(tail).map_or(0, |kana| self.given_reading_count(given, &kana));
            (cut, family, given)
        }))
        .filter(|cut| *cut < name.len())
    }

    /// Where the given name begins, in bytes, in an unparted name in kanji whose kana are known. `None` when no reading
    /// fits.
    #[must_use]
    pub fn split_kanji_as(&self, name: &str, family: &[u8], given: &[u8]) -> Option<usize> {
        if name.len() > LONGEST * 4 {
            return None;
        }
        most(name.char_indices().skip(1).filter_map(|(cut, _)| {
            let (head, tail) = name.split_at_checked(cut)?;
            let family = self.family_reading_count(head, family);
            let given = self.given_reading_count(tail, given);
            Some((cut, family, given))
        }))
    }
}

struct Part {
    count: u32,
    usual: u64,
    /// So short that it is found by chance within other names.
    short: bool,
}

impl Part {
    fn new(count: u32, usual: &[u64], len: usize, short: usize) -> Self {
        let usual = usual.get(len.wrapping_sub(1)).copied().unwrap_or(0);
        Self { count, usual, short: len <= short }
    }

    /// Alone, a short part says little: 恵 and 子 end many given names, 林 begins many family names.
    const fn weight(&self, other: &Self) -> u64 {
        match self.count {
            0 => 1,
            n if self.short && other.count == 0 => 1 + n as u64 / SEEN,
            n => SEEN + n as u64,
        }
    }
}

struct Cut {
    at: usize,
    family: Part,
    given: Part,
}

/// `alone`: the whole is a family name, of a record that holds no more; only a cut that is known in full parts it.
/// `known`: a cut of which nothing was seen does not count (four kanji are parted in the middle all the same).
fn best(alone: bool, known: bool, cuts: impl Iterator<Item = Cut>) -> Option<usize> {
    let (mut first, mut second) = ((0, 0, 0), 0);
    for Cut { at, family, given } in cuts {
        let seen = u8::from(family.count > 0) + u8::from(given.count > 0);
        // what is known in full may be of any length
        let usual = (family.usual * given.usual).max(u64::from(seen == 2));
        let score = usual.saturating_mul(family.weight(&given)).saturating_mul(given.weight(&family));
        if score > first.0 {
            second = first.0;
            first = (score, at, seen);
        } else {
            second = second.max(score);
        }
    }
    let (score, at, seen) = first;
    let enough = seen >= if alone { 2 } else { u8::from(known) };
    (enough && score > 0 && score >= CLEAR.saturating_mul(second)).then_some(at)
}

/// The cut whose readings were seen most; both parts outweigh one.
fn most(cuts: impl Iterator<Item = (usize, u32, u32)>) -> Option<usize> {
    let score = |family: u32, given: u32| {
        (u8::from(family > 0) + u8::from(given > 0), u64::from(family) + u64::from(given))
    };
    cuts.filter(|(_, f, g)| *f > 0 || *g > 0)
        .max_by_key(|(at, f, g)| (score(*f, *g), std::cmp::Reverse(*at)))
        .map(|c| c.0)
}
