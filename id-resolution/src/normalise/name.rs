//! The shape of a name (氏名): family and given name, newborns, foreigners, test patients.
//!
//! Both scripts are bytes here with one byte between tokens (zero in kana, a blank in kanji), so that one piece of code
//! reads them. A cut never falls into a sign: tokens and the book's cuts begin where signs begin.

use super::{kana, kanji};
use crate::names::{NameBook, Words};
use crate::sent::{Normal, Sent};

/// Where the parts of a name lie in its folded text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Shape {
    family: (usize, usize),
    given: (usize, usize),
    split: bool,
    parted: bool,
    newborn: bool,
    test: bool,
}

/// One script of a name.
struct Script<'a, F, G, C> {
    blank: u8,
    words: &'a Words,
    /// Splits a name without a blank.
    cut: C,
    /// How often a family name was seen.
    family: F,
    /// How often a given name was seen.
    given: G,
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
    fn shape(&self, whole: &[u8], foreign: bool) -> Shape {
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

fn first_token(text: &[u8], blank: u8) -> usize {
    text.iter().position(|b| *b == blank).unwrap_or(text.len())
}

fn tokens(text: &[u8], blank: u8) -> usize {
    if text.is_empty() { 0 } else { text.iter().filter(|b| **b == blank).count() + 1 }
}

/// Reads both names of a record into `out`.
pub(super) fn read(sent: &Sent<'_>, names: &NameBook, out: &mut Normal) {
    let seen = kanji::fold(sent.name_kanji, true, |c| out.family.kanji.push(c));
    let heard = kana::fold(sent.name_kana, &mut out.family.kana);
    if heard.kanji {
        // no reading: the fields were exchanged or filled alike
        out.family.kana.clear();
        if out.family.kanji.is_empty() {
            let other = Sent { name_kanji: sent.name_kana, name_kana: "", ..*sent };
            return read(&other, names, out);
        }
    }
    let all_kana = seen.kana && !seen.kanji && seen.latin == 0;
    let japanese = |kana: &[u8]| {
        let first = kana.get(..first_token(kana, kana::BLANK)).unwrap_or_default();
        tokens(kana, kana::BLANK) <= 2
            && kana::Short::of(first).is_some_and(|f| names.family_kana_count(&f) > 0)
    };
    if all_kana && out.family.kana.is_empty() {
        // the reading stands in the other field
        kana::fold(sent.name_kanji, &mut out.family.kana);
    }
    let (kana_tokens, kanji_tokens) =
        (tokens(&out.family.kana, kana::BLANK), tokens(out.family.kanji.as_bytes(), b' '));
    out.foreign = !seen.kanji
        && (seen.latin > 1
            || kana_tokens > 2
            || ((seen.dot || heard.dot || all_kana || kanji_tokens > 2) && !japanese(&out.family.kana)));
    read_kana(names, out);
    read_kanji(sent.name_kanji, seen, names, out);
    out.newborn &= out.given.kana.is_empty() && out.given.kanji.is_empty();
    if all_kana {
        // one writing for names in kana: キヨー is キヨウ
        for part in [&mut out.family, &mut out.given] {
            if kana::bytes(&part.kanji).is_some() && !part.kanji.is_empty() {
                let mut bytes = kana::bytes(&part.kanji).unwrap_or_default();
                kana::long_vowels(&mut bytes);
                part.kanji.clear();
                part.kanji.push_str(&kana::text(&bytes));
            }
        }
    }
}

fn read_kana(names: &NameBook, out: &mut Normal) {
    let script = Script {
        blank: kana::BLANK,
        words: &names.words_kana,
        cut: |text: &[u8]| names.split_kana(text),
        family: |text: &[u8]| kana::Short::of(text).map_or(0, |t| names.family_kana_count(&t)),
        given: |text: &[u8]| kana::Short::of(text).map_or(0, |t| names.given_kana_count(&t)),
    };
    let shape = script.shape(&out.family.kana, out.foreign);
    let whole = &out.family.kana;
    let given = whole.get(shape.given.0..shape.given.1).unwrap_or_default();
    out.given.kana.extend(given.iter().filter(|b| out.foreign || **b != kana::BLANK));
    out.family.kana.truncate(shape.family.1);
    out.family.kana.drain(..shape.family.0.min(shape.family.1));
    kana::long_vowels(&mut out.family.kana);
    kana::long_vowels(&mut out.given.kana);
    out.split_kana = shape.split;
    out.parted_kana = shape.parted;
    out.newborn |= shape.newborn;
    out.test_patient |= shape.test;
}

fn read_kanji(sent: &str, seen: kanji::Seen, names: &NameBook, out: &mut Normal) {
    let script = Script {
        blank: b' ',
        words: &names.words_kanji,
        cut: |text: &[u8]| names.split_kanji(std::str::from_utf8(text).unwrap_or_default()),
        family: |text: &[u8]| names.family_kanji_count(std::str::from_utf8(text).unwrap_or_default()),
        given: |text: &[u8]| names.given_kanji_count(std::str::from_utf8(text).unwrap_or_default()),
    };
    let whole = &mut out.family.kanji;
    let shape = script.shape(whole.as_bytes(), out.foreign);
    let part = |range: (usize, usize)| whole.get(range.0..range.1).unwrap_or_default();
    let given = part(shape.given);
    out.given.kanji.extend(given.chars().filter(|c| out.foreign || *c != ' '));
    // hashes of what was written before variants were folded
    let marks = [shape.family, shape.given].map(|range| {
        let mut hash = kanji::Hash::default();
        if !seen.variant {
            part(range).chars().filter(|c| *c != ' ').for_each(|c| hash.sign(c));
            return hash.finish();
        }
        let from = whole.get(..range.0).map_or(0, |t| t.chars().count());
        let to = from + part(range).chars().count();
        let mut at = 0;
        kanji::fold(sent, false, |c| {
            if (from..to).contains(&at) && c != ' ' {
                hash.sign(c);
            }
            at += 1;
        });
        hash.finish()
    });
    whole.truncate(shape.family.1);
    whole.drain(..shape.family.0.min(shape.family.1));
    for (part, mark) in [&mut out.family, &mut out.given].into_iter().zip(marks) {
        part.written = if part.kanji.is_empty() { 0 } else { mark };
    }
    out.split_kanji = shape.split;
    out.parted_kanji = shape.parted;
    out.newborn |= shape.newborn;
    out.test_patient |= shape.test;
}
