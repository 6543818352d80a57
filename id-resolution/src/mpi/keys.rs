//! The keys under which a record finds others (照合候補の鍵, blocking): hashes of value combinations that records of
//! one person are likely to share and records of two are not.

use super::row::hash64;
use super::row::{Lexicon, NONE, Row, flag, mix};

/// How many keys a record can have at most.
pub const MOST: usize = 24;

/// Under how many readings a name in kanji only is looked for.
const READINGS: usize = 2;

/// Names of the keys, in order of their numbers: for reports.
pub const NAMES: [&str; 19] = [
    "family kana + birth",
    "given kana + birth",
    "family kanji + birth",
    "given kanji + birth",
    "start of kana + sex + birth",
    "insured + birth",
    "address + birth",
    "insured + given kana",
    "insured + given kanji",
    "telephone + given kana",
    "telephone + birth year",
    "kana + month and day",
    "kana + birth year",
    "kana + postal code",
    "kanji + month and day",
    "kanji + birth year",
    "chart number",
    "care number",
    "history inquiry",
];

/// The keys of a row, ascending, without repeats, each with its number in the lowest five bits.
pub fn keys(row: &Row, lexicon: &Lexicon, out: &mut Vec<u64>) {
    out.clear();
    if row.is(flag::ASIDE) {
        return;
    }
    let mut put = |number: u64, a: u64, b: u64| {
        out.push(mix(a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ mix(b ^ (number << 56))) & !31 | number);
    };
    let kana = |id: u32| if id == NONE { 0 } else { lexicon.kana.hash(id) };
    let kanji = |id: u32| if id == NONE { 0 } else { lexicon.kanji.hash(id) };
    let (fk, gk) = (kana(row.family_kana), kana(row.given_kana));
    let (fj, gj) = (kanji(row.family_kanji), kanji(row.given_kanji));
    // the whole name without regard to the order of its parts, which foreign names and clerks exchange
    let whole = |f: u64, g: u64| if f != 0 && g != 0 { f.wrapping_add(g) } else { 0 };
    let (wk, wj) = (whole(fk, gk), whole(fj, gj));
    let birth = u64::from(row.birth);
    if row.has_birth() {
        let parts = [(0, fk), (1, gk), (2, fj), (3, gj)];
        for (number, part) in parts {
            if part != 0 {
                put(number, part, birth);
            }
        }
        // an exchanged order finds the other under the other part's number
        if row.is(flag::FOREIGN) {
            for (number, part) in [(1, fk), (0, gk), (3, fj), (2, gj)] {
                if part != 0 {
                    put(number, part, birth);
                }
            }
        }
        let start = lexicon.kana.get(lexicon.kana.plain(row.family_kana)).get(..2);
        if let (Some(start), 1 | 2) = (start, row.sex) {
            put(4, hash64(u64::from(row.sex), start), birth);
        }
        if row.insured != NONE {
            put(5, u64::from(row.insured), birth);
        }
        if row.address != NONE {
            put(6, u64::from(row.address), birth);
        }
        if wk != 0 {
            put(11, wk, birth % 10_000);
            put(12, wk, birth / 10_000);
        }
        if wj != 0 {
            put(14, wj, birth % 10_000);
            put(15, wj, birth / 10_000);
        }
        // a name in kanji only is also looked for under the kana it is likely to be read as
        if wk == 0 && wj != 0 {
            let read = |id: u32, part: usize| lexicon.kanji.readings(id, part).iter().take(READINGS);
            for (given, _) in read(row.given_kanji, 1) {
                put(1, *given, birth);
                if row.insured != NONE {
                    put(7, u64::from(row.insured), *given);
                }
            }
            for (family, _) in read(row.family_kanji, 0) {
                put(0, *family, birth);
                for (given, _) in read(row.given_kanji, 1).take(1) {
                    put(11, family.wrapping_add(*given), birth % 10_000);
                    put(12, family.wrapping_add(*given), birth / 10_000);
                }
            }
        }
    }
    if row.insured != NONE {
        if gk != 0 {
            put(7, u64::from(row.insured), gk);
        }
        if gj != 0 {
            put(8, u64::from(row.insured), gj);
        }
    }
    if row.phone != NONE {
        if gk != 0 {
            put(9, u64::from(row.phone), gk);
        }
        if row.birth >= 10_000 {
            put(10, u64::from(row.phone), birth / 10_000);
        }
    }
    if wk != 0 && row.postal != 0 {
        put(13, wk, u64::from(row.postal));
    }
    if row.local != NONE {
        put(16, u64::from(row.local), u64::from(row.facility));
    }
    if row.care != NONE {
        put(17, u64::from(row.care), 0);
    }
    if row.inquiry != NONE {
        put(18, u64::from(row.inquiry), 0);
    }
    out.sort_unstable();
    out.dedup();
}
