//! Where people live and where they are treated: synthetic towns in real prefectures, clinics and hospitals.
//!
//! Everything is a function of the seed and a district; nothing here knows a person.

use musubi_model::checkdigit::modulus10_weight21_digit;
use musubi_model::manifest::Standing;

use crate::rng::{Rng, Use};

/// Prefectures of the region: code, name, first digits of the postal code, area code of telephones.
pub(crate) static PREFECTURES: [(&str, &str, &str, &str); 3] =
    [("13", "東京都", "19", "042"), ("12", "千葉県", "26", "043"), ("14", "神奈川県", "24", "045")];

const CITIES: [&str; 6] = ["見本市", "試験市", "例示市", "仮名市", "模範市", "架空市"];
const TOWNS: [&str; 10] =
    ["雛形町", "例題町", "試作町", "標本町", "想定町", "見取町", "写本町", "下書町", "練習町", "仮想町"];

/// A home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    /// JIS X 0401 code.
    pub(crate) prefecture: &'static str,
    /// One line, beginning with the prefecture's name.
    pub(crate) address: String,
    /// `NNN-NNNN`.
    pub(crate) postal: String,
    /// Telephone, with an exchange (000) that is not in use.
    pub(crate) phone: String,
}

/// ASCII digits, letters and blank in full width.
pub(crate) fn full_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '-' => '－',
            ' ' => '　',
            '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
            other => other,
        })
        .collect()
}

impl Home {
    /// Draws a home near the district's own prefecture.
    pub(crate) fn draw(rng: &mut Rng, district: u64) -> Self {
        let own = district % 3;
        let at = match rng.below(10) {
            0..=5 => own,
            6 | 7 => (own + 1) % 3,
            _ => (own + 2) % 3,
        };
        let (code, name, zip, area) =
            PREFECTURES.get(usize::try_from(at).unwrap_or(0)).unwrap_or(&PREFECTURES[0]);
        let city = rng.pick(&CITIES);
        let town = rng.pick(&TOWNS);
        let lot = format!("{}-{}-{}", rng.between(1, 6), rng.between(1, 30), rng.between(1, 25));
        let flat = rng.between(101, 909);
        let flat = if rng.chance(0.35) { full_width(&format!(" {flat}")) } else { String::new() };
        Self {
            prefecture: code,
            address: format!("{name}{city}{town}{}{flat}", full_width(&lot)),
            postal: format!("{zip}{}-{:04}", rng.below(10), rng.below(10_000)),
            phone: format!("{area}-000-{:04}", rng.below(10_000)),
        }
    }
}

/// Persons of a district. Its providers are open together, so this bounds the files that are open at a time.
pub(crate) const DISTRICT_PERSONS: u64 = 20_000;

/// How many clinics and hospitals a district of so many persons has.
pub(crate) fn site_counts(persons: u64) -> (u64, u64) {
    ((persons / 1_500).max(2), persons.div_ceil(10_000).max(1))
}

/// A provider (医療機関).
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    /// Ten digits: prefecture 2, fee table 1, institution 7.
    pub(crate) id: String,
    /// Index into [`PREFECTURES`].
    pub(crate) prefecture: usize,
    /// Seven digits.
    pub(crate) institution: String,
    /// Name.
    pub(crate) name: String,
    pub(crate) district: u64,
    pub(crate) slot: u64,
    /// Hospital or clinic.
    pub(crate) hospital: bool,
    /// Sends its SS-MIX2 storage too.
    pub(crate) ssmix2: bool,
    /// Gives drugs itself (院内処方).
    pub(crate) dispenses: bool,
    /// Digits of a chart number.
    pub(crate) width: u32,
    /// Writes a blank between family and given name in receipts.
    pub(crate) name_blank: bool,
    /// Ends its SS-MIX2 files with the byte 1C, as many systems do.
    pub(crate) trailing_fs: bool,
    /// Telephone.
    pub(crate) phone: String,
    spread: u64,
}

impl Provider {
    /// The provider in this place.
    pub(crate) fn at(seed: u64, district: u64, slot: u64, clinics: u64) -> Self {
        let mut rng = Rng::new(seed, Use::Provider, &[district, slot]);
        let hospital = slot >= clinics;
        let at = usize::try_from((district + slot) % 3).unwrap_or(0);
        let (prefecture, _, _, area) = PREFECTURES.get(at).unwrap_or(&PREFECTURES[0]);
        let serial = district * 64 + slot;
        // Area codes from 50 upwards, with which the serial number stays unique within the region.
        let body = format!("{:06}", 500_000 + serial % 500_000);
        let institution = format!("{body}{}", modulus10_weight21_digit(&body).unwrap_or('0'));
        let word = rng.pick(&["見本", "試験", "例示", "仮想", "模範", "標本"]);
        let kind = if hospital { "病院" } else { "診療所" };
        // Multipliers ending in 1, 3, 7 or 9 permute the numbers of any width.
        let spread = *rng.pick(&[7_654_321, 1_234_567, 3_141_593, 5_772_157, 8_675_309]);
        Self {
            id: format!("{prefecture}1{institution}"),
            prefecture: at,
            institution,
            name: full_width(&format!("{word}第{}{kind}", serial + 1)),
            district,
            slot,
            hospital,
            ssmix2: hospital || slot.is_multiple_of(5),
            dispenses: !hospital && matches!(slot % 5, 1 | 3),
            width: u32::try_from(rng.between(7, 10)).unwrap_or(8),
            name_blank: rng.chance(0.85),
            trailing_fs: rng.chance(0.6),
            phone: format!("{area}000{:04}", rng.below(10_000)),
            spread,
        }
    }

    /// What a receipt record says of it. Its representative is an office, not somebody.
    pub(crate) fn standing(&self) -> Standing {
        Standing {
            kind: if self.hospital { "hospital" } else { "clinic" }.to_owned(),
            address: format!("見本県見本市{}-{}", self.district + 1, self.slot + 1),
            representative: "管理者(見本)".to_owned(),
            acquisition: "診療等に伴い本人から取得".to_owned(),
            filing: "F-2026-0001".to_owned(),
            method: "line".to_owned(),
            // Clinics without beds or with a few; hospitals from small to large.
            beds: Some(
                u32::try_from(if self.hospital { 40 + self.district * 137 % 560 } else { self.slot % 3 * 9 })
                    .unwrap_or(0),
            ),
        }
    }

    /// A sender of another kind in a district: dental clinic, pharmacy, care office, municipality.
    pub(crate) fn other(seed: u64, district: u64, sender: &str) -> Self {
        let (table, slot, word) = match sender {
            "dental" => ('3', 48, "歯科"),
            "pharmacy" => ('4', 49, "薬局"),
            "nursing" => ('6', 50, "訪問看護ステーション"),
            "care" => ('7', 51, "介護事業所"),
            _ => ('9', 52, "市役所"),
        };
        let plain = Self::at(seed, district, slot, slot + 1);
        let prefecture = PREFECTURES.get(plain.prefecture).map_or("13", |p| p.0);
        Self {
            id: format!("{prefecture}{table}{}", plain.institution),
            name: full_width(&format!("見本第{}{word}", district + 1)),
            ssmix2: false,
            ..plain
        }
    }

    /// The chart number of the `n`-th person who can come here: a permutation, so no two persons share one.
    pub(crate) fn chart_number(&self, n: u64) -> String {
        let modulus = 10u64.pow(self.width.min(7));
        format!("{:0width$}", (n + 1) * self.spread % modulus, width = self.width as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use musubi_model::prefecture::of_address;

    #[test]
    fn addresses_begin_with_their_prefecture() {
        for i in 0..500 {
            let home = Home::draw(&mut Rng::new(1, Use::Person, &[i]), i);
            assert_eq!(of_address(&home.address), Some(home.prefecture), "{}", home.address);
        }
    }

    #[test]
    fn chart_numbers_are_unique_and_padded() {
        let provider = Provider::at(4, 0, 0, 13);
        let numbers: std::collections::BTreeSet<String> =
            (0..40_000).map(|n| provider.chart_number(n)).collect();
        assert_eq!(numbers.len(), 40_000);
        assert!(numbers.iter().all(|n| n.len() == provider.width as usize));
    }
}
