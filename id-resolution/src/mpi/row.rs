//! A record as a fixed row of numbers, and the strings behind its names.
//!
//! Numbers of a person (cards, charts, telephones) are kept as 32-bit hashes: they are only ever asked whether they are
//! equal, and two different ones collide once in four thousand million pairs. Names are interned, for they are measured.
//! No decision depends on the number a string was given, only on what it says.

use crate::names::NameBook;
use crate::normalise::kana;
use crate::sent::{Birth, NamePart, Normal, WILDCARD};

use super::Day;

/// No string, no number.
pub const NONE: u32 = 0;

/// Flags of a [`Row`].
pub mod flag {
    /// The kana name is parted into family and given name.
    pub const SPLIT_KANA: u8 = 1;
    /// The kanji name is parted.
    pub const SPLIT_KANJI: u8 = 2;
    /// A foreign name: its parts may come in any order.
    pub const FOREIGN: u8 = 4;
    /// A newborn without a given name.
    pub const NEWBORN: u8 = 8;
    /// The insured number is one person's own (late elders, 後期高齢者).
    pub const PERSONAL: u8 = 16;
    /// Takes no part in matching (test patients; nothing to match on).
    pub const ASIDE: u8 = 32;
}

/// One record in comparable form. 0 means "not known" everywhere but in `branch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Family name in kana.
    pub family_kana: u32,
    /// Given name in kana.
    pub given_kana: u32,
    /// Family name in kanji.
    pub family_kanji: u32,
    /// Given name in kanji.
    pub given_kanji: u32,
    /// `YYYYMMDD` as a number; parts not known are 0.
    pub birth: u32,
    /// Hash of insurer, symbol and number.
    pub insured: u32,
    /// Insurer number.
    pub insurer: u32,
    /// Hash of the address.
    pub address: u32,
    /// Hash of its city.
    pub city: u32,
    /// Postal code.
    pub postal: u32,
    /// Hash of the telephone number.
    pub phone: u32,
    /// Hash of facility and chart number.
    pub local: u32,
    /// Hash of the facility.
    pub facility: u32,
    /// Prefecture of the facility, from the first two digits of its code; 0: not known.
    pub area: u8,
    /// Hash of insurer and number of long-term care.
    pub care: u32,
    /// Hash of the history inquiry's key.
    pub inquiry: u32,
    /// Hash of the kanji as written, before variants were folded.
    pub written: u32,
    /// First day seen, counted from [`EPOCH`]; 0: not known.
    pub first: u16,
    /// Last day seen.
    pub last: u16,
    /// 1 male, 2 female.
    pub sex: u8,
    /// Branch number; 255: not known.
    pub branch: u8,
    /// See [`flag`].
    pub flags: u8,
}

/// 1950-01-01 in days since 1970: dates of records are counted from the day before.
const EPOCH: Day = -7306;

/// A day as rows hold it.
#[must_use]
pub fn day16(day: Day) -> u16 {
    u16::try_from((day - EPOCH).max(1)).unwrap_or(u16::MAX)
}

impl Row {
    /// The birth date in parts.
    #[must_use]
    pub fn birth_parts(&self) -> Birth {
        Birth {
            year: u16::try_from(self.birth / 10_000).unwrap_or(0),
            month: u8::try_from(self.birth / 100 % 100).unwrap_or(0),
            day: u8::try_from(self.birth % 100).unwrap_or(0),
        }
    }

    /// Year, month and day are known.
    #[must_use]
    pub fn has_birth(&self) -> bool {
        !self.birth.is_multiple_of(100) && !(self.birth / 100).is_multiple_of(100) && self.birth >= 10_000
    }

    /// Is one of the flags set?
    #[must_use]
    pub fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The same in everything but the days on which it was seen.
    #[must_use]
    pub fn same_tuple(&self, other: &Self) -> bool {
        Self { first: 0, last: 0, ..*self } == Self { first: 0, last: 0, ..*other }
    }
}

/// A 64-bit hash that is the same on every machine (FNV-1a with a final mix).
#[must_use]
pub fn hash64(seed: u64, bytes: &[u8]) -> u64 {
    let mut h = seed ^ 0xcbf2_9ce4_8422_2325;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.first_chunk::<8>().copied().map_or(0, u64::from_le_bytes);
        h = (h ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        h ^= h >> 29;
    }
    for byte in chunks.remainder() {
        h = (h ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mix(h ^ (bytes.len() as u64).wrapping_mul(0xff51_afd7_ed55_8ccd))
}

/// Spreads the bits of a number (splitmix64).
#[must_use]
pub fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A hash of 32 bits that is never 0.
#[must_use]
pub fn hash32(seed: u64, bytes: &[u8]) -> u32 {
    u32::try_from(hash64(seed, bytes) >> 32).unwrap_or(0).max(1)
}

fn is_kana(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fc}'))
}

/// The prefecture that a medical institution code (医療機関コード, ten digits) begins with.
fn area(facility: &str) -> u8 {
    let number = facility.get(..2).filter(|_| facility.len() == 10).and_then(|two| two.parse().ok());
    number.filter(|n| (1..=47).contains(n)).unwrap_or(0)
}

/// What is known of one interned string.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    start: u32,
    len: u16,
    /// −log2 of its frequency as a family name, as a given name; 1/256 bits. 0: not counted.
    rarity: [u16; 2],
    /// Kana: the same without voice marks. Kanji: not used.
    plain: u32,
    /// Kanji: place and number of its readings as family name and as given name.
    readings: [(u32, u8); 2],
    hash: u64,
}

/// Strings by number; number 0 is the empty string.
#[derive(Debug, Clone)]
pub struct Strings {
    arena: Vec<u8>,
    known: Vec<Known>,
    table: Vec<u32>,
    readings: Vec<(u64, u16)>,
}

impl Default for Strings {
    fn default() -> Self {
        Self { arena: Vec::new(), known: vec![Known::default()], table: vec![0; 1024], readings: Vec::new() }
    }
}

impl Strings {
    fn of(&self, id: u32) -> Known {
        self.known.get(id as usize).copied().unwrap_or_default()
    }

    /// The bytes of a string.
    #[must_use]
    pub fn get(&self, id: u32) -> &[u8] {
        let k = self.of(id);
        self.arena.get(k.start as usize..k.start as usize + usize::from(k.len)).unwrap_or_default()
    }

    /// The hash of its content.
    #[must_use]
    pub fn hash(&self, id: u32) -> u64 {
        self.of(id).hash
    }

    /// −log2 of the frequency as a family name (`part` 0) or given name (1).
    #[must_use]
    pub fn rarity(&self, id: u32, part: usize) -> u16 {
        self.of(id).rarity.get(part).copied().unwrap_or(0)
    }

    /// Kana: number of the form without voice marks.
    #[must_use]
    pub fn plain(&self, id: u32) -> u32 {
        self.of(id).plain
    }

    /// Kanji: readings as (hash of the kana, −log2 of the share).
    #[must_use]
    pub fn readings(&self, id: u32, part: usize) -> &[(u64, u16)] {
        let (at, n) = self.of(id).readings.get(part).copied().unwrap_or((0, 0));
        self.readings.get(at as usize..at as usize + usize::from(n)).unwrap_or_default()
    }

    /// Bytes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.arena.capacity() + self.known.capacity() * size_of::<Known>() + self.table.capacity() * 4
    }

    fn slot(&self, hash: u64, bytes: &[u8]) -> Result<u32, usize> {
        let mask = self.table.len() - 1;
        let mut at = usize::try_from(hash).unwrap_or(usize::MAX) & mask;
        loop {
            match self.table.get(at).copied() {
                Some(0) | None => return Err(at),
                Some(id) if self.of(id).hash == hash && self.get(id) == bytes => return Ok(id),
                Some(_) => at = (at + 1) & mask,
            }
        }
    }

    /// The number of a string; `None` the second time means it is new and was added.
    fn intern(&mut self, bytes: &[u8]) -> (u32, bool) {
        if bytes.is_empty() {
            return (NONE, false);
        }
        let bytes = bytes.get(..bytes.len().min(usize::from(u16::MAX))).unwrap_or(bytes);
        let hash = hash64(7, bytes);
        match self.slot(hash, bytes) {
            Ok(id) => (id, false),
            Err(at) => {
                let id = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
                let start = u32::try_from(self.arena.len()).unwrap_or(u32::MAX);
                self.arena.extend_from_slice(bytes);
                let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
                self.known.push(Known { start, len, hash, ..Known::default() });
                if let Some(slot) = self.table.get_mut(at) {
                    *slot = id;
                }
                if self.known.len() * 2 > self.table.len() {
                    self.grow();
                }
                (id, true)
            }
        }
    }

    fn grow(&mut self) {
        let size = self.table.len() * 2;
        self.table = vec![0; size];
        for (id, known) in (0u32..).zip(&self.known).skip(1) {
            let mut at = usize::try_from(known.hash).unwrap_or(usize::MAX) & (size - 1);
            while self.table.get(at).is_some_and(|x| *x != 0) {
                at = (at + 1) & (size - 1);
            }
            if let Some(slot) = self.table.get_mut(at) {
                *slot = id;
            }
        }
    }
}

/// −log2(count / total) in 1/256 bits, smoothed so that a name never counted is rarer than one counted once.
fn rarity(count: u32, total: u64, unseen: u16) -> u16 {
    if count == 0 || total == 0 {
        return unseen;
    }
    let bits = -((f64::from(count)) / (total as f64)).log2() * 256.0;
    bits.round().clamp(1.0, f64::from(unseen)) as u16
}

/// The names of all rows.
#[derive(Debug, Clone, Default)]
pub struct Lexicon {
    /// Kana.
    pub kana: Strings,
    /// Kanji.
    pub kanji: Strings,
}

impl Lexicon {
    fn kana(&mut self, bytes: &[u8], book: &NameBook, unseen: u16) -> u32 {
        let (id, new) = self.kana.intern(bytes);
        if new {
            let plain: Vec<u8> = kana::unvoiced(bytes).collect();
            let plain = if plain == bytes { id } else { self.kana(&plain, book, unseen) };
            let rare = [
                rarity(book.family_kana_count(bytes), book.family_kana_total(), unseen),
                rarity(book.given_kana_count(bytes), book.given_kana_total(), unseen),
            ];
            if let Some(known) = self.kana.known.get_mut(id as usize) {
                known.plain = plain;
                known.rarity = rare;
            }
        }
        id
    }

    fn kanji(&mut self, text: &str, book: &NameBook, unseen: u16) -> u32 {
        let (id, new) = self.kanji.intern(text.as_bytes());
        if new {
            let rare = [
                rarity(book.family_kanji_count(text), book.family_kanji_total(), unseen),
                rarity(book.given_kanji_count(text), book.given_kanji_total(), unseen),
            ];
            let strings = &mut self.kanji;
            let mut places = [(0, 0); 2];
            let all: [Vec<(u64, u32)>; 2] = [
                book.readings_family(text).map(|(k, n)| (hash64(7, k), n)).collect(),
                book.readings_given(text).map(|(k, n)| (hash64(7, k), n)).collect(),
            ]
            .map(|mut all: Vec<(u64, u32)>| {
                all.sort_unstable_by_key(|(hash, n)| (std::cmp::Reverse(*n), *hash));
                all
            });
            for (place, readings) in places.iter_mut().zip(all) {
                let total: u64 = readings.iter().map(|(_, n)| u64::from(*n)).sum();
                let at = u32::try_from(strings.readings.len()).unwrap_or(u32::MAX);
                let before = strings.readings.len();
                strings
                    .readings
                    .extend(readings.into_iter().take(200).map(|(hash, n)| (hash, rarity(n, total, unseen))));
                *place = (at, u8::try_from(strings.readings.len() - before).unwrap_or(u8::MAX));
            }
            if let Some(known) = strings.known.get_mut(id as usize) {
                known.rarity = rare;
                known.readings = places;
            }
        }
        id
    }

    /// The row of a record.
    #[must_use]
    pub fn row(
        &mut self,
        normal: &Normal,
        facility: &str,
        seen: Option<(Day, Day)>,
        book: &NameBook,
        unseen: u16,
    ) -> Row {
        let set = |on: bool, flag: u8| if on { flag } else { 0 };
        let late = normal.insurer / 1_000_000 == 39;
        let b = normal.birth;
        let facility_hash = if facility.is_empty() { NONE } else { hash32(1, facility.as_bytes()) };
        let numbered =
            |seed: u64, text: &str| if text.is_empty() { NONE } else { hash32(seed, text.as_bytes()) };
        let insured = if normal.insured.is_empty() || normal.insurer == 0 {
            NONE
        } else {
            hash32(u64::from(normal.insurer) << 8 | 2, normal.insured.as_bytes())
        };
        let local = if normal.local.is_empty() {
            NONE
        } else {
            hash32(u64::from(facility_hash) << 8 | 3, normal.local.as_bytes())
        };
        let city = normal.address.get(..normal.city_len).unwrap_or("");
        let nothing = normal.family.kana.is_empty()
            && normal.family.kanji.is_empty()
            && local == NONE
            && insured == NONE
            && normal.care.is_empty()
            && normal.inquiry.is_empty();
        let has = |part: &str| part.chars().any(|c| c != WILDCARD);
        let mut kanji = |text: &str| if has(text) { self.kanji(text, book, unseen) } else { NONE };
        let (family_kanji, given_kanji) = (kanji(&normal.family.kanji), kanji(&normal.given.kanji));
        // a name that is written in kana where kanji are expected is a name in kana
        let spoken = |part: &NamePart| -> Vec<u8> {
            let mut kana = part.kana.clone();
            if kana.is_empty() && is_kana(&part.kanji) {
                kana::fold(&part.kanji, &mut kana);
            }
            kana
        };
        let (first, last) = seen.map_or((0, 0), |(a, z)| (day16(a.min(z)), day16(a.max(z))));
        Row {
            family_kana: self.kana(&spoken(&normal.family), book, unseen),
            given_kana: self.kana(&spoken(&normal.given), book, unseen),
            family_kanji,
            given_kanji,
            birth: u32::from(b.year) * 10_000 + u32::from(b.month) * 100 + u32::from(b.day),
            insured,
            insurer: normal.insurer,
            address: numbered(4, &normal.address),
            city: numbered(5, city),
            postal: normal.postal_code,
            phone: if normal.phone == 0 { NONE } else { hash32(6, &normal.phone.to_le_bytes()) },
            local,
            facility: facility_hash,
            area: area(facility),
            care: numbered(8, &normal.care),
            inquiry: numbered(9, &normal.inquiry),
            written: normal.family.written ^ normal.given.written.rotate_left(16),
            first,
            last,
            sex: if normal.sex <= 2 { normal.sex } else { 0 },
            branch: normal.branch,
            flags: set(normal.split_kana, flag::SPLIT_KANA)
                | set(normal.split_kanji, flag::SPLIT_KANJI)
                | set(normal.foreign, flag::FOREIGN)
                | set(normal.newborn, flag::NEWBORN)
                | set(late, flag::PERSONAL)
                | set(normal.test_patient || nothing, flag::ASIDE),
        }
    }
}
