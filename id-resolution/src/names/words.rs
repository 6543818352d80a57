//! Words that stand where a name should: parameters, part of the model file.

use serde::{Deserialize, Serialize};

use crate::normalise::kana;

/// Words of one script, folded as names are. What they are based on: mpi.md §4.1.4 and common hospital practice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// A newborn's stopgap name, wherever it ends a name (ベビー, 新生児).
    pub newborn: Vec<Vec<u8>>,
    /// A newborn's stopgap name only where it stands alone or right behind a family name (児).
    pub newborn_alone: Vec<Vec<u8>>,
    /// Signs behind such a word that tell twins apart.
    pub twin_marks: Vec<u8>,
    /// Words before a maiden name (旧姓).
    pub maiden: Vec<Vec<u8>>,
    /// Words with which a test patient's name begins (テスト). Alone they are a family name.
    pub test: Vec<Vec<u8>>,
    /// What has to follow: one of these words, or a number or letter, or both.
    pub test_given: Vec<Vec<u8>>,
}

/// The same as text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    newborn: Vec<String>,
    newborn_alone: Vec<String>,
    twin_marks: String,
    maiden: Vec<String>,
    test: Vec<String>,
    test_given: Vec<String>,
}

impl Words {
    /// The usual words of kanji fields.
    #[must_use]
    pub fn kanji() -> Self {
        let list = |words: &str| words.split(' ').map(|w| w.as_bytes().to_vec()).collect();
        Self {
            newborn: list("ベビイ ベイビイ ベビ 赤チヤン 新生児 乳児 ノ児 BABY BABYBOY BABYGIRL"),
            newborn_alone: list("児 男児 女児 ノ子"),
            twin_marks: b" 0123456789ABCD".to_vec(),
            maiden: list("旧姓 旧氏"),
            test: list("テスト TEST ダミイ DUMMY サンプル SAMPLE 練習 検証 試験 患者"),
            test_given: list("患者 テスト TEST PATIENT カンジヤ ダミイ サンプル 検証用 練習用"),
        }
    }

    /// The usual words of kana fields.
    #[must_use]
    pub fn kana() -> Self {
        let list = |words: &str| words.split(' ').filter_map(kana::bytes).collect();
        Self {
            newborn: list("ベビイ ベイビイ アカチヤン シンセイジ ニユウジ BABY"),
            newborn_alone: list("ジ ベビ ダンジ ジヨジ ノジ"),
            twin_marks: kana::bytes(" 0123456789ABCD").unwrap_or_default(),
            maiden: list("キユウセイ"),
            test: list("テスト TEST ダミイ DUMMY サンプル SAMPLE カンジヤ"),
            test_given: list("カンジヤ テスト TEST PATIENT ダミイ サンプル"),
        }
    }

    /// Is it the name of a test patient? `blank` parts tokens.
    pub(crate) fn is_test(&self, name: &[u8], blank: u8) -> bool {
        self.test.iter().any(|word| {
            let Some(rest) = name.strip_prefix(word.as_slice()) else { return false };
            let rest = rest.strip_prefix(&[blank]).unwrap_or(rest);
            let said = self.test_given.iter().find_map(|w| rest.strip_prefix(w.as_slice()));
            let after = said.unwrap_or(rest);
            let number = after.iter().all(|b| *b == blank || (b & 0x7f).is_ascii_digit());
            let letter = matches!(after, [b] if (b & 0x7f).is_ascii_uppercase());
            !rest.is_empty() && (number || letter)
        })
    }

    pub(super) fn to_file(&self, text: impl Fn(&[u8]) -> String) -> File {
        let list = |words: &[Vec<u8>]| words.iter().map(|w| text(w)).collect();
        File {
            newborn: list(&self.newborn),
            newborn_alone: list(&self.newborn_alone),
            twin_marks: text(&self.twin_marks),
            maiden: list(&self.maiden),
            test: list(&self.test),
            test_given: list(&self.test_given),
        }
    }

    pub(super) fn from_file(file: &File, bytes: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Self> {
        let list = |words: &[String]| -> Option<Vec<Vec<u8>>> {
            words.iter().map(|w| bytes(w).filter(|w| !w.is_empty())).collect()
        };
        Some(Self {
            newborn: list(&file.newborn)?,
            newborn_alone: list(&file.newborn_alone)?,
            twin_marks: bytes(&file.twin_marks)?,
            maiden: list(&file.maiden)?,
            test: list(&file.test)?,
            test_given: list(&file.test_given)?,
        })
    }
}
