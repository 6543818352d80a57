//! Names (氏名): family and given name in both scripts, each of which helps to read the other.

use super::shape::{Script, Shape, first_token, tokens};
use super::{kana, kanji};
use crate::names::NameBook;
use crate::sent::{NamePart, Normal, Sent};

/// Reads both names of a record into `out`. The folded whole stands in the family name until it is cut.
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
    if all_kana && out.family.kana.is_empty() {
        // the reading stands in the other field
        kana::fold(sent.name_kanji, &mut out.family.kana);
    }
    let token_count = tokens(&out.family.kana, kana::BLANK).max(tokens(out.family.kanji.as_bytes(), b' '));
    out.foreign = !seen.kanji
        && (seen.latin > 1
            || ((seen.dot || heard.dot || all_kana || token_count > 2)
                && !japanese(&out.family.kana, names)));
    if token_count > 2 && !out.foreign {
        close(&mut out.family);
    }
    let mut said = kanji_shape(&out.family.kanji, out.foreign, names);
    let mut spoken = kana_shape(&out.family.kana, out.foreign, names);
    if !out.foreign {
        reconcile(&out.family, &mut said, &mut spoken, names);
    }
    cut_kanji(sent.name_kanji, seen.variant, said, out);
    cut_kana(spoken, out);
    out.split_kana = spoken.split;
    out.parted_kana = spoken.parted;
    out.split_kanji = said.split;
    out.parted_kanji = said.parted;
    out.newborn = (said.newborn || spoken.newborn) && out.given.kana.is_empty() && out.given.kanji.is_empty();
    out.test_patient = said.test || spoken.test;
    if seen.kana && !out.foreign {
        for part in [&mut out.family, &mut out.given] {
            read_kana_part(part);
        }
    }
}

/// Is it a Japanese name, by its family name?
fn japanese(kana: &[u8], names: &NameBook) -> bool {
    let first = kana.get(..first_token(kana, kana::BLANK)).unwrap_or_default();
    tokens(kana, kana::BLANK) <= 2 && kana::Short::of(first).is_some_and(|f| names.family_kana_count(&f) > 0)
}

/// 山 田 太 郎: blanks between all signs only fill a field; they part nothing.
fn close(part: &mut NamePart) {
    let kanji_tokens = part.kanji.split(' ');
    if kanji_tokens.clone().count() > 2 && kanji_tokens.clone().all(|t| t.chars().count() == 1) {
        part.kanji.retain(|c| c != ' ');
    }
    let kana_tokens = part.kana.split(|b| *b == kana::BLANK);
    if kana_tokens.clone().count() > 2 && kana_tokens.clone().all(|t| t.len() == 1) {
        part.kana.retain(|b| *b != kana::BLANK);
    }
}

fn kana_shape(whole: &[u8], foreign: bool, names: &NameBook) -> Shape {
    let script = Script {
        blank: kana::BLANK,
        words: &names.words_kana,
        cut: |text: &[u8]| names.split_kana(text),
        family: |text: &[u8]| kana::Short::of(text).map_or(0, |t| names.family_kana_count(&t)),
        given: |text: &[u8]| kana::Short::of(text).map_or(0, |t| names.given_kana_count(&t)),
    };
    script.shape(whole, foreign)
}

fn kanji_shape(whole: &str, foreign: bool, names: &NameBook) -> Shape {
    fn text(b: &[u8]) -> &str {
        std::str::from_utf8(b).unwrap_or_default()
    }
    let script = Script {
        blank: b' ',
        words: &names.words_kanji,
        cut: |b: &[u8]| names.split_kanji(text(b)),
        family: |b: &[u8]| names.family_kanji_count(text(b)),
        given: |b: &[u8]| names.given_kanji_count(text(b)),
    };
    script.shape(whole.as_bytes(), foreign)
}

/// A script that its source does not part is parted by the other one and the readings, where they are known.
fn reconcile(whole: &NamePart, said: &mut Shape, spoken: &mut Shape, names: &NameBook) {
    if said.newborn || spoken.newborn || said.parted == spoken.parted && said.parted {
        return;
    }
    let kana = |range: (usize, usize)| whole.kana.get(range.0..range.1).unwrap_or_default();
    let kanji = |range: (usize, usize)| whole.kanji.get(range.0..range.1).unwrap_or_default();
    if whole.kana.is_empty() || whole.kanji.is_empty() {
        return;
    }
    // the better known side leads
    if said.parted || (said.split && !spoken.parted) {
        if spoken.parted {
            return;
        }
        let end = spoken.family.1.max(spoken.given.1);
        let cut = names.split_kana_as(kana((0, end)), kanji(said.family), kanji(said.given));
        if let Some(cut) = cut {
            *spoken = Shape { family: (0, cut), given: (cut, end), split: true, ..*spoken };
        }
    } else if spoken.split {
        let end = said.family.1.max(said.given.1);
        let (family, given) = (kana::Short::of(kana(spoken.family)), kana::Short::of(kana(spoken.given)));
        let (Some(family), Some(given)) = (family, given) else { return };
        if let Some(cut) = names.split_kanji_as(kanji((0, end)), &family, &given) {
            *said = Shape { family: (0, cut), given: (cut, end), split: true, ..*said };
        }
    }
}

fn cut_kana(shape: Shape, out: &mut Normal) {
    let whole = &mut out.family.kana;
    let given = whole.get(shape.given.0..shape.given.1).unwrap_or_default();
    out.given.kana.extend(given.iter().filter(|b| out.foreign || **b != kana::BLANK));
    whole.truncate(shape.family.1);
    whole.drain(..shape.family.0.min(shape.family.1));
    kana::long_vowels(whole);
    kana::long_vowels(&mut out.given.kana);
}

fn cut_kanji(sent: &str, variant: bool, shape: Shape, out: &mut Normal) {
    let whole = &mut out.family.kanji;
    let part = |range: (usize, usize)| whole.get(range.0..range.1).unwrap_or_default();
    let signs = |text: &str| text.chars().filter(|c| *c != ' ').count();
    // hashes of what was written before variants were folded
    let [family, given] = [shape.family, shape.given].map(|range| {
        let mut hash = kanji::Hash::default();
        let text = part(range);
        if text.is_empty() {
            return 0;
        }
        if variant {
            let from = signs(part((0, range.0)));
            let to = from + signs(text);
            let mut at = 0;
            kanji::fold(sent, false, |c| {
                if c != ' ' {
                    if (from..to).contains(&at) {
                        hash.sign(c);
                    }
                    at += 1;
                }
            });
        } else {
            text.chars().filter(|c| *c != ' ').for_each(|c| hash.sign(c));
        }
        hash.finish()
    });
    out.given.kanji.extend(part(shape.given).chars().filter(|c| out.foreign || *c != ' '));
    whole.truncate(shape.family.1);
    whole.drain(..shape.family.0.min(shape.family.1));
    (out.family.written, out.given.written) = (family, given);
}

/// A part that is written in kana in the kanji field (キヨ): it is its own reading, in one writing (キヨー is キヨウ).
fn read_kana_part(part: &mut NamePart) {
    let mut bytes = [0; 32];
    let mut len = 0;
    for c in part.kanji.chars() {
        match (kana::byte_of(c), bytes.get_mut(len)) {
            (Some(b), Some(slot)) => *slot = b,
            _ => return,
        }
        len += 1;
    }
    let Some(bytes) = bytes.get_mut(..len).filter(|b| !b.is_empty()) else { return };
    kana::long_vowels(bytes);
    part.kanji.clear();
    part.kanji.extend(bytes.iter().map(|b| kana::char_of(*b)));
    if part.kana.is_empty() {
        part.kana.extend_from_slice(bytes);
    }
}

/// Folds one part of a name, as [`normalise`](super::normalise) folds it: for lists of names.
#[must_use]
pub fn name_part(written: &str, reading: &str) -> NamePart {
    let mut part = NamePart::default();
    let mut hash = kanji::Hash::default();
    kanji::fold(written, true, |c| part.kanji.push(c));
    kanji::fold(written, false, |c| hash.sign(c));
    part.written = if part.kanji.is_empty() { 0 } else { hash.finish() };
    kana::fold(reading, &mut part.kana);
    kana::long_vowels(&mut part.kana);
    read_kana_part(&mut part);
    part
}
