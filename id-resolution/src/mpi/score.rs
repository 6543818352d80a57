//! Two rows → level vector and weight.

use super::model::Scorer;
use super::row::{Lexicon, NONE, Row, Strings, flag};
use super::weights::Comparison;
use crate::sent::WILDCARD;

/// What comparing two rows gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scored {
    /// Level vector, 4 bits a comparison.
    pub levels: u64,
    /// log2 of the odds that both are one person, 1/256 bits.
    pub weight: i32,
}

// Levels of the two name comparisons, by number.
const BOTH: u64 = 1;
const KANJI: u64 = 2;
const KANA: u64 = 3;
const KANA_OTHER_KANJI: u64 = 4;
const KANJI_OTHER_KANA: u64 = 5;
const KANA_NEAR: u64 = 6;
const KANJI_NEAR: u64 = 7;
const READING: u64 = 8;
const NO_READING: u64 = 9;
const DIFFER: u64 = 10;
const SWAPPED: u64 = 11;
const WILD: u64 = 12;
const DIFFER_MAN: u64 = 13;

/// Level of a name part and −log2 of the chance that two strangers agree so (0: the table's value holds).
type Part = (u64, i32);

/// One insertion, deletion, substitution or exchange of neighbours apart, or equal.
#[must_use]
pub fn within_one(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let head = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let tail = short.iter().rev().zip(long.iter().rev()).take_while(|(x, y)| x == y).count();
    match long.len() - short.len() {
        0 => {
            let rest = short.len().saturating_sub(head + tail);
            rest <= 1
                || rest == 2 && short.get(head) == long.get(head + 1) && short.get(head + 1) == long.get(head)
        }
        1 => head + tail >= short.len(),
        _ => false,
    }
}

/// Two kanji texts of equal length that differ in one sign (of at least two); the second value: they agree but for signs
/// that a source could not write.
fn kanji_near(a: &[u8], b: &[u8]) -> (bool, bool) {
    let (Ok(a), Ok(b)) = (std::str::from_utf8(a), std::str::from_utf8(b)) else { return (false, false) };
    let (mut signs, mut other, mut wild) = (0, 0, 0);
    let (mut left, mut right) = (a.chars(), b.chars());
    loop {
        match (left.next(), right.next()) {
            (None, None) => break,
            (Some(x), Some(y)) => {
                signs += 1;
                if x != y {
                    if x == WILDCARD || y == WILDCARD { wild += 1 } else { other += 1 }
                }
            }
            _ => return (false, false),
        }
    }
    (signs >= 2 && other == 1 && wild == 0, other == 0 && wild > 0 && wild < signs)
}

/// Compares one part of the name; `part` is 0 for the family name, 1 for the given name.
fn name_part(lexicon: &Lexicon, part: usize, a: (u32, u32), b: (u32, u32)) -> Part {
    let ((ka, ja), (kb, jb)) = (a, b);
    let kana = ka != NONE && kb != NONE;
    let kanji = ja != NONE && jb != NONE;
    let rare = |strings: &Strings, id: u32| i32::from(strings.rarity(id, part));
    if kana && kanji {
        return match (ka == kb, ja == jb) {
            (true, true) => (BOTH, rare(&lexicon.kanji, ja).max(rare(&lexicon.kana, ka))),
            (true, false) => match kanji_near(lexicon.kanji.get(ja), lexicon.kanji.get(jb)) {
                (_, true) => (BOTH, rare(&lexicon.kana, ka)),
                // the same sound in other signs: two people more often than a slip
                _ => (KANA_OTHER_KANJI, rare(&lexicon.kana, ka)),
            },
            (false, true) => {
                if near_kana(&lexicon.kana, ka, kb) {
                    (KANJI, rare(&lexicon.kanji, ja))
                } else {
                    (KANJI_OTHER_KANA, 0)
                }
            }
            (false, false) => {
                if near_kana(&lexicon.kana, ka, kb) {
                    (KANA_NEAR, 0)
                } else if kanji_near(lexicon.kanji.get(ja), lexicon.kanji.get(jb)).0 {
                    (KANJI_NEAR, 0)
                } else {
                    (DIFFER, 0)
                }
            }
        };
    }
    if kanji {
        if ja == jb {
            return (KANJI, rare(&lexicon.kanji, ja));
        }
        return match kanji_near(lexicon.kanji.get(ja), lexicon.kanji.get(jb)) {
            (_, true) => (WILD, 0),
            (true, _) => (KANJI_NEAR, 0),
            _ => (DIFFER, 0),
        };
    }
    if kana {
        if ka == kb {
            return (KANA, rare(&lexicon.kana, ka));
        }
        return if near_kana(&lexicon.kana, ka, kb) { (KANA_NEAR, 0) } else { (DIFFER, 0) };
    }
    let (kanji_id, kana_id) = if ja != NONE { (ja, kb) } else { (jb, ka) };
    if kanji_id == NONE || kana_id == NONE {
        return (0, 0);
    }
    let readings = lexicon.kanji.readings(kanji_id, part);
    if readings.is_empty() {
        return (0, 0);
    }
    let wanted = lexicon.kana.hash(kana_id);
    if readings.iter().any(|(hash, _)| *hash == wanted) {
        (READING, rare(&lexicon.kana, kana_id))
    } else {
        (NO_READING, 0)
    }
}

fn near_kana(kana: &Strings, a: u32, b: u32) -> bool {
    if kana.plain(a) == kana.plain(b) {
        return true;
    }
    let (x, y) = (kana.get(a), kana.get(b));
    x.len() + y.len() >= 4 && within_one(x, y)
}

/// The whole name when one of the two does not part it: equal or not.
fn whole(lexicon: &Lexicon, a: &Row, b: &Row) -> Option<(Part, Part)> {
    let join = |strings: &Strings, f: u32, g: u32| [strings.get(f), strings.get(g)].concat();
    let apart = |row: &Row, kana: bool| {
        if kana { row.is(flag::SPLIT_KANA) } else { row.is(flag::SPLIT_KANJI) }
    };
    for (kana, strings) in [(true, &lexicon.kana), (false, &lexicon.kanji)] {
        let ids =
            |r: &Row| if kana { (r.family_kana, r.given_kana) } else { (r.family_kanji, r.given_kanji) };
        let ((fa, ga), (fb, gb)) = (ids(a), ids(b));
        if fa == NONE || fb == NONE || apart(a, kana) == apart(b, kana) {
            continue;
        }
        let (x, y) = (join(strings, fa, ga), join(strings, fb, gb));
        let (f, g) = if apart(a, kana) { (fa, ga) } else { (fb, gb) };
        let level = if kana { KANA } else { KANJI };
        if x == y {
            return Some((
                (level, i32::from(strings.rarity(f, 0))),
                (level, i32::from(strings.rarity(g, 1))),
            ));
        }
        if kana && within_one(&x, &y) {
            return Some(((KANA, i32::from(strings.rarity(f, 0))), (KANA_NEAR, 0)));
        }
        return Some(((DIFFER, 0), (0, 0)));
    }
    None
}

fn names(lexicon: &Lexicon, a: &Row, b: &Row) -> (Part, Part) {
    if (a.flags ^ b.flags) & (flag::SPLIT_KANA | flag::SPLIT_KANJI) != 0
        && let Some(found) = whole(lexicon, a, b)
    {
        return found;
    }
    let pair = |r: &Row| ((r.family_kana, r.family_kanji), (r.given_kana, r.given_kanji));
    let ((fa, ga), (fb, gb)) = (pair(a), pair(b));
    let family = name_part(lexicon, 0, fa, fb);
    let given = if (a.flags | b.flags) & flag::NEWBORN != 0 { (0, 0) } else { name_part(lexicon, 1, ga, gb) };
    if family.0 == DIFFER && matches!(given.0, DIFFER | 0) {
        let agree = |level: u64| matches!(level, BOTH | KANJI | KANA);
        let (x, y) = (name_part(lexicon, 0, fa, gb), name_part(lexicon, 1, ga, fb));
        if agree(x.0) && agree(y.0) {
            return ((SWAPPED, 0), (SWAPPED, 0));
        }
    }
    (family, given)
}

fn birth(a: u32, b: u32, eras: &[i32]) -> u64 {
    if a == b {
        return match a % 10_000 {
            // 1 January is what a form writes when the day is not known: that both do says little
            101 => 4,
            _ if a.is_multiple_of(100) => 6,
            _ => 1,
        };
    }
    let (ya, yb, ma, mb, da, db) = (a / 10_000, b / 10_000, a / 100 % 100, b / 100 % 100, a % 100, b % 100);
    if ya == yb && (ma, da) == (db, mb) {
        return 2;
    }
    let digits = {
        let (mut x, mut y, mut n) = (a, b, 0);
        while x > 0 || y > 0 {
            n += u32::from(x % 10 != y % 10);
            x /= 10;
            y /= 10;
        }
        n
    };
    let first = |m: u32, d: u32| d == 1 && m == 1;
    if ya == yb && (first(ma, da) || first(mb, db) || ma == mb && (da == 1 || db == 1)) {
        return 4;
    }
    if digits == 1 {
        return 2;
    }
    if (ma, da) == (mb, db) {
        let years = i32::try_from(ya).unwrap_or(0) - i32::try_from(yb).unwrap_or(0);
        if eras.contains(&years.abs()) {
            return 3;
        }
        return if years.abs() <= 2 { 2 } else { 5 };
    }
    if ya == yb {
        // the two digits of the day exchanged, or one step of ten or one beside the digit
        if ma == mb {
            return if (da / 10, da % 10) == (db % 10, db / 10) || da.abs_diff(db) == 1 { 2 } else { 6 };
        }
        if da == db {
            return 2;
        }
    }
    7
}

/// Days between two spans of time; 0 when they touch. `None`: one is not known.
fn gap(a: &Row, b: &Row) -> Option<u16> {
    if a.first == 0 || b.first == 0 {
        return None;
    }
    Some(a.first.saturating_sub(b.last).max(b.first.saturating_sub(a.last)))
}

/// Whether the time between two records counts. An edge must not depend on it: a description that is sent again grows
/// older without being linked anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// It counts.
    Counts,
    /// As if the records lay far apart.
    Ignored,
}

/// Compares two rows.
#[must_use]
pub fn score(scorer: &Scorer, lexicon: &Lexicon, a: &Row, b: &Row, time: Time) -> Scored {
    let (mut family, given) = names(lexicon, a, b);
    if family.0 == DIFFER && a.sex == 1 && b.sex == 1 {
        family.0 = DIFFER_MAN;
    }
    let apart = if time == Time::Ignored { Some(u16::MAX) } else { gap(a, b) };
    let mut levels = family.0 | given.0 << 4;
    let mut set = |comparison: Comparison, level: u64| levels |= level << (4 * comparison as u32);
    if a.birth != 0 && b.birth != 0 {
        set(Comparison::Birth, birth(a.birth, b.birth, &scorer.era_slips));
    }
    if a.sex != 0 && b.sex != 0 {
        set(Comparison::Sex, if a.sex == b.sex { 1 } else { 2 });
    }
    if a.insured != NONE && b.insured != NONE {
        let level = if a.insured == b.insured {
            if a.is(flag::PERSONAL) {
                1
            } else if a.branch == 255 || b.branch == 255 {
                2
            } else if a.branch == b.branch {
                1
            } else {
                3
            }
        } else if a.insurer == b.insurer {
            4
        } else {
            match apart {
                Some(days) if days <= 60 => 5,
                Some(days) if days <= 365 => 6,
                Some(days) if days > 1095 => 8,
                _ => 7,
            }
        };
        set(Comparison::Insured, level);
    }
    if a.address != NONE && b.address != NONE {
        let level = if a.address == b.address {
            1
        } else if a.postal != 0 && a.postal == b.postal {
            2
        } else if a.city != NONE && a.city == b.city {
            3
        } else if apart.is_some_and(|days| days <= 180) {
            4
        } else {
            5
        };
        set(Comparison::Address, level);
    } else if a.postal != 0 && a.postal == b.postal {
        set(Comparison::Address, 2);
    }
    let equal = |x: u32, y: u32| if x == NONE || y == NONE { 0 } else { 1 + u64::from(x != y) };
    set(Comparison::Phone, equal(a.phone, b.phone));
    if a.facility == b.facility {
        set(Comparison::Local, equal(a.local, b.local));
    }
    set(Comparison::Care, equal(a.care, b.care));
    set(Comparison::Inquiry, equal(a.inquiry, b.inquiry));
    Scored { levels, weight: scorer.weigh(levels, family.1, given.1) }
}
