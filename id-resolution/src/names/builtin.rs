//! The book that stands before anything was learned: the most common names of Japan (`data/names.tsv`).

use super::NameBook;
use crate::normalise::name_part;

impl NameBook {
    /// The most common family and given names with their readings, so that names can be parted from the first record
    /// on.
    #[must_use]
    pub fn builtin() -> Self {
        let mut book = Self::empty();
        for line in include_str!("../../data/names.tsv").lines().filter(|l| !l.starts_with('#')) {
            let mut fields = line.split('\t');
            let (Some(half), Some(name_kanji), Some(name_kana)) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let count = fields.next().and_then(|n| n.parse().ok()).unwrap_or(1);
            let part = name_part(name_kanji, name_kana);
            let half = if half == "姓" { &mut book.family } else { &mut book.given };
            half.add_kana(&part.kana, count);
            if let Some(entry) = half.add_kanji(&part.kanji, count) {
                entry.read(&part.kana, count);
            }
        }
        book
    }
}
