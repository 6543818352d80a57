//! Who a record speaks of, as the provider wrote it. Zone Z2 only.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

use crate::date::PartialDate;
use crate::ids::ProviderId;

/// A value that identifies a person. `Debug` hides it; it has no `Serialize`, so it cannot slip into JSON;
/// whoever needs the inside says [`Identifying::expose`], which can be searched for.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Identifying<T>(T);

impl<T> Identifying<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. Only identity work (`id-resolution`, the identity tables of `storage`) has a reason to call this.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Identifying<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹非表示›")
    }
}

/// Administrative sex (性別) in one form for all sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Sex {
    /// 男: `1`, `M`.
    Male,
    /// 女: `2`, `F`.
    Female,
    /// その他: `9`, `O`.
    Other,
    /// Not sent, or `U`, `0`.
    #[default]
    Unknown,
}

impl Sex {
    /// The code stored: `1`, `2`, `9`, `0`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
            Self::Other => "9",
            Self::Unknown => "0",
        }
    }

    /// The inverse of [`Self::code`], also of HL7 table 0001. `None`: not a sex.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text {
            "1" | "M" => Some(Self::Male),
            "2" | "F" => Some(Self::Female),
            "9" | "O" => Some(Self::Other),
            "0" | "U" | "" => Some(Self::Unknown),
            _ => None,
        }
    }
}

/// What a source says of a person, as written; only decoded, never normalised (invariant 13).
/// An empty text means the source did not say.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Demographics {
    /// Chart number (患者番号・カルテ番号).
    pub local_number: Identifying<CompactString>,
    /// Insurer number (保険者番号) with its padding.
    pub insurer_number: Identifying<CompactString>,
    /// Symbol of the insurance card (記号).
    pub insured_symbol: Identifying<CompactString>,
    /// Number of the insurance card (番号).
    pub insured_number: Identifying<CompactString>,
    /// Branch number (枝番), which makes symbol and number personal.
    pub insured_branch: Identifying<CompactString>,
    /// Name in kanji; family and given name joined by one ASCII space where the source separates them.
    pub name_kanji: Identifying<CompactString>,
    /// Name in kana, likewise.
    pub name_kana: Identifying<CompactString>,
    /// Birth date.
    pub birth: Identifying<Option<PartialDate>>,
    /// Sex.
    pub sex: Sex,
    /// Postal code.
    pub postal_code: Identifying<CompactString>,
    /// Address in one line.
    pub address: Identifying<CompactString>,
    /// Telephone number.
    pub phone: Identifying<CompactString>,
    /// Number of the long-term care insurer (介護保険者番号, 6 digits): a number space of its own.
    pub care_insurer: Identifying<CompactString>,
    /// Insured number of long-term care (介護被保険者番号, 10 digits).
    pub care_number: Identifying<CompactString>,
}

/// One patient as one provider described them in one unit (元データ上の本人). Immutable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceIdentity {
    /// Which provider.
    pub provider: ProviderId,
    /// What it said.
    pub demographics: Demographics,
}

/// The parts of [`Demographics`] by name, for code that treats them alike (sealing, hashing, export to the person).
/// The order is part of the stored form: append, never reorder.
#[must_use]
pub fn parts(d: &Demographics) -> [(&'static str, CompactString); 14] {
    let birth = d.birth.expose().map(|b| CompactString::from(b.to_string())).unwrap_or_default();
    [
        ("local_number", d.local_number.expose().clone()),
        ("insurer_number", d.insurer_number.expose().clone()),
        ("insured_symbol", d.insured_symbol.expose().clone()),
        ("insured_number", d.insured_number.expose().clone()),
        ("insured_branch", d.insured_branch.expose().clone()),
        ("name_kanji", d.name_kanji.expose().clone()),
        ("name_kana", d.name_kana.expose().clone()),
        ("birth", birth),
        ("sex", CompactString::from(d.sex.code())),
        ("postal_code", d.postal_code.expose().clone()),
        ("address", d.address.expose().clone()),
        ("phone", d.phone.expose().clone()),
        ("care_insurer", d.care_insurer.expose().clone()),
        ("care_number", d.care_number.expose().clone()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_everything_but_the_sex() {
        let d = Demographics {
            local_number: Identifying::new("0000123".into()),
            name_kana: Identifying::new("テスト イチロウ".into()),
            ..Demographics::default()
        };
        let shown = format!("{d:?}");
        assert!(!shown.contains("0000123") && !shown.contains("テスト"), "{shown}");
    }
}
