//! Synthetic people for the tests of this room.
#![allow(dead_code)] // every test binary uses a part of it
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // test data, not input

pub mod cases;
pub mod people;

use musubi_id_resolution::{Described, TokenKey, describe};
use musubi_model::PartialDate;
use musubi_model::identity::{Demographics, Identifying, Sex, SourceIdentity};
use musubi_model::ids::ProviderId;

pub fn key() -> TokenKey {
    TokenKey::new(&[7; 64])
}

/// A person as a provider writes one; every part as text, birth as year, month, day.
#[derive(Clone, Debug)]
pub struct Sample {
    pub provider: &'static str,
    pub local: String,
    pub insurer: String,
    pub number: String,
    pub branch: String,
    pub kana: String,
    pub birth: Option<(i16, u8, u8)>,
    pub sex: Sex,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            provider: "1310000001",
            local: "101".into(),
            insurer: "01130012".into(),
            number: "555".into(),
            branch: "01".into(),
            kana: "テスト ハナコ".into(),
            birth: Some((1980, 4, 1)),
            sex: Sex::Female,
        }
    }
}

impl Sample {
    pub fn identity(&self) -> SourceIdentity {
        let text = |t: &str| Identifying::new(t.into());
        SourceIdentity {
            provider: ProviderId::new(self.provider).unwrap(),
            demographics: Demographics {
                local_number: text(&self.local),
                insurer_number: text(&self.insurer),
                insured_symbol: text("12"),
                insured_number: text(&self.number),
                insured_branch: text(&self.branch),
                name_kana: text(&self.kana),
                birth: Identifying::new(self.birth.and_then(|(y, m, d)| PartialDate::new(y, m, d))),
                sex: self.sex,
                ..Demographics::default()
            },
        }
    }

    pub fn described(&self) -> Described {
        describe(&key(), &self.identity())
    }
}
