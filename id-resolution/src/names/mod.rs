//! The book of names (姓名の辞書): how often family and given names are met, and how their kanji are read.
//!
//! Learned from records whose source parts the names; it parts the names of the other records. Part of the model: the
//! same records in any order give the same book, written in one way.

mod builtin;
mod file;
mod split;
mod words;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

pub use words::Words;

use crate::mpi::row::hash64;
use crate::sent::Normal;

/// Without a random seed; nothing that comes out depends on the order of a map.
type Map<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// Names are short and looked up many times for each record: the hash of rows, not the one of the standard library.
#[derive(Debug, Clone, Copy, Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash64(self.0, bytes);
    }

    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(8) ^ u64::from(byte);
    }

    fn write_usize(&mut self, number: usize) {
        self.0 = self.0.rotate_left(32) ^ number as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A name in kanji: how often it was met, and in which readings.
#[derive(Clone, Default, PartialEq, Eq)]
struct Kanji {
    count: u32,
    /// Ascending by kana.
    readings: Vec<(Box<[u8]>, u32)>,
}

/// Family names or given names.
#[derive(Clone, Default, PartialEq, Eq)]
struct Half {
    kana: Map<Box<[u8]>, u32>,
    kanji: Map<Box<str>, Kanji>,
    kana_total: u64,
    kanji_total: u64,
}

impl Half {
    fn add_kana(&mut self, kana: &[u8], count: u32) {
        self.kana_total += u64::from(count);
        match self.kana.get_mut(kana) {
            Some(n) => *n = n.saturating_add(count),
            None => drop(self.kana.insert(kana.into(), count)),
        }
    }

    fn add_kanji(&mut self, kanji: &str, count: u32) -> Option<&mut Kanji> {
        self.kanji_total += u64::from(count);
        // the usual case, a name that is known, must not allocate
        if !self.kanji.contains_key(kanji) {
            self.kanji.insert(kanji.into(), Kanji::default());
        }
        let entry = self.kanji.get_mut(kanji)?;
        entry.count = entry.count.saturating_add(count);
        Some(entry)
    }

    fn kana_count(&self, kana: &[u8]) -> u32 {
        self.kana.get(kana).copied().unwrap_or(0)
    }

    fn kanji_count(&self, kanji: &str) -> u32 {
        self.kanji.get(kanji).map_or(0, |k| k.count)
    }

    fn reading_count(&self, kanji: &str, kana: &[u8]) -> u32 {
        let Some(entry) = self.kanji.get(kanji) else { return 0 };
        let at = entry.readings.binary_search_by(|(k, _)| (**k).cmp(kana)).ok();
        at.and_then(|at| entry.readings.get(at)).map_or(0, |(_, n)| *n)
    }

    fn readings<'a>(&'a self, kanji: &str) -> impl Iterator<Item = (&'a [u8], u32)> + use<'a> {
        let readings = self.kanji.get(kanji).map_or(&[][..], |k| &k.readings);
        readings.iter().map(|(kana, count)| (&**kana, *count))
    }

    fn prune(&mut self, min: u32) {
        self.kana.retain(|_, count| *count >= min);
        self.kanji.retain(|_, kanji| {
            kanji.readings.retain(|(_, count)| *count >= min);
            kanji.count >= min
        });
        self.kana_total = self.kana.values().map(|n| u64::from(*n)).sum();
        self.kanji_total = self.kanji.values().map(|k| u64::from(k.count)).sum();
    }

    fn merge(&mut self, other: &Self) {
        for (kana, count) in &other.kana {
            self.add_kana(kana, *count);
        }
        for (kanji, entry) in &other.kanji {
            let Some(mine) = self.add_kanji(kanji, entry.count) else { continue };
            for (kana, count) in &entry.readings {
                mine.read(kana, *count);
            }
        }
    }
}

impl Kanji {
    fn read(&mut self, kana: &[u8], count: u32) {
        match self.readings.binary_search_by(|(k, _)| (**k).cmp(kana)) {
            Ok(at) => {
                if let Some((_, n)) = self.readings.get_mut(at) {
                    *n = n.saturating_add(count);
                }
            }
            Err(at) => self.readings.insert(at, (kana.into(), count)),
        }
    }
}

/// Names that were seen, and the words that stand where a name should.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NameBook {
    family: Half,
    given: Half,
    /// Words in kana fields.
    pub words_kana: Words,
    /// Words in kanji fields.
    pub words_kanji: Words,
}

/// How many, never which.
impl std::fmt::Debug for NameBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NameBook")
            .field("family_kana", &self.family.kana.len())
            .field("family_kanji", &self.family.kanji.len())
            .field("given_kana", &self.given.kana.len())
            .field("given_kanji", &self.given.kanji.len())
            .finish()
    }
}

impl NameBook {
    /// An empty book with the usual [`Words`].
    #[must_use]
    pub fn empty() -> Self {
        Self { words_kana: Words::kana(), words_kanji: Words::kanji(), ..Self::default() }
    }

    /// Learns from a description whose source parts the names; any other teaches nothing.
    pub fn learn(&mut self, normal: &Normal) {
        if normal.test_patient {
            return;
        }
        let halves = [(&mut self.family, &normal.family), (&mut self.given, &normal.given)];
        for (half, part) in halves {
            let kana = normal.parted_kana && teaches(&part.kana);
            let kanji =
                normal.parted_kanji && !part.kanji.is_empty() && !part.kanji.contains(crate::sent::WILDCARD);
            if kana {
                half.add_kana(&part.kana, 1);
            }
            let known = if kanji { half.add_kanji(&part.kanji, 1) } else { None };
            if let Some(entry) = known.filter(|_| kana) {
                entry.read(&part.kana, 1);
            }
        }
    }

    /// Adds all that another book knows (parts of the records may be read apart).
    pub fn merge(&mut self, other: &Self) {
        self.family.merge(&other.family);
        self.given.merge(&other.given);
    }

    /// Drops what was seen fewer than `min` times: slips, and names so rare that they would point to a person.
    pub fn prune(&mut self, min: u32) {
        self.family.prune(min);
        self.given.prune(min);
    }

    /// How often a folded family name in kana was seen.
    #[must_use]
    pub fn family_kana_count(&self, kana: &[u8]) -> u32 {
        self.family.kana_count(kana)
    }

    /// How often a folded given name in kana was seen.
    #[must_use]
    pub fn given_kana_count(&self, kana: &[u8]) -> u32 {
        self.given.kana_count(kana)
    }

    /// How often a folded family name in kanji was seen.
    #[must_use]
    pub fn family_kanji_count(&self, kanji: &str) -> u32 {
        self.family.kanji_count(kanji)
    }

    /// How often a folded given name in kanji was seen.
    #[must_use]
    pub fn given_kanji_count(&self, kanji: &str) -> u32 {
        self.given.kanji_count(kanji)
    }

    /// Sum of all counts of family names in kana.
    #[must_use]
    pub const fn family_kana_total(&self) -> u64 {
        self.family.kana_total
    }

    /// Sum of all counts of given names in kana.
    #[must_use]
    pub const fn given_kana_total(&self) -> u64 {
        self.given.kana_total
    }

    /// Sum of all counts of family names in kanji.
    #[must_use]
    pub const fn family_kanji_total(&self) -> u64 {
        self.family.kanji_total
    }

    /// Sum of all counts of given names in kanji.
    #[must_use]
    pub const fn given_kanji_total(&self) -> u64 {
        self.given.kanji_total
    }

    /// The readings of a family name with their counts, ascending by kana.
    pub fn readings_family<'a>(&'a self, kanji: &str) -> impl Iterator<Item = (&'a [u8], u32)> + use<'a> {
        self.family.readings(kanji)
    }

    /// How often a family name in kanji was read so.
    #[must_use]
    pub fn family_reading_count(&self, kanji: &str, kana: &[u8]) -> u32 {
        self.family.reading_count(kanji, kana)
    }

    /// How often a given name in kanji was read so.
    #[must_use]
    pub fn given_reading_count(&self, kanji: &str, kana: &[u8]) -> u32 {
        self.given.reading_count(kanji, kana)
    }

    /// The readings of a given name with their counts, ascending by kana.
    pub fn readings_given<'a>(&'a self, kanji: &str) -> impl Iterator<Item = (&'a [u8], u32)> + use<'a> {
        self.given.readings(kanji)
    }
}

/// A name that is known in full.
fn teaches(kana: &[u8]) -> bool {
    !kana.is_empty() && kana.iter().all(|b| (1..0x80).contains(b))
}
