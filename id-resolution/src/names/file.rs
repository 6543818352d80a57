//! The book as text: part of a signed model file, so every book has exactly one writing (sorted, no floats).

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Half, NameBook, Words, words};
use crate::normalise::kana;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    family: HalfFile,
    given: HalfFile,
    words_kana: words::File,
    words_kanji: words::File,
}

/// `kana`: name → count. `kanji`: name → count and readings, each with its count.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HalfFile {
    kana: BTreeMap<String, u32>,
    kanji: BTreeMap<String, (u32, BTreeMap<String, u32>)>,
}

impl HalfFile {
    fn of(half: &Half) -> Self {
        let readings = |k: &super::Kanji| k.readings.iter().map(|(r, n)| (kana::text(r), *n)).collect();
        Self {
            kana: half.kana.iter().map(|(k, n)| (kana::text(k), *n)).collect(),
            kanji: half.kanji.iter().map(|(k, e)| (k.to_string(), (e.count, readings(e)))).collect(),
        }
    }

    fn half(&self) -> Option<Half> {
        let mut half = Half::default();
        for (text, count) in &self.kana {
            half.add_kana(&kana::bytes(text)?, *count);
        }
        for (text, (count, readings)) in &self.kanji {
            let entry = half.add_kanji(text, *count)?;
            for (reading, count) in readings {
                entry.read(&kana::bytes(reading)?, *count);
            }
        }
        Some(half)
    }
}

impl Serialize for NameBook {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let plain = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        File {
            family: HalfFile::of(&self.family),
            given: HalfFile::of(&self.given),
            words_kana: self.words_kana.to_file(kana::text),
            words_kanji: self.words_kanji.to_file(plain),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for NameBook {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let file = File::deserialize(from)?;
        let book = || -> Option<Self> {
            Some(Self {
                family: file.family.half()?,
                given: file.given.half()?,
                words_kana: Words::from_file(&file.words_kana, kana::bytes)?,
                words_kanji: Words::from_file(&file.words_kanji, |t| Some(t.as_bytes().to_vec()))?,
            })
        };
        // the value may be a person's name: it is not repeated
        book().ok_or_else(|| D::Error::custom("a reading in the book of names is not folded kana"))
    }
}
