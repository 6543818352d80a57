//! The person a request is about, from the desk's file to tokens and block keys. It must never show a value, not in an
//! error either.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use jiff::civil::Date;
use musubi_compliance::optout_list::{self, OptOutList};
use musubi_etl::matching::{Matching, Mpi};
use musubi_id_resolution::{Described, TokenKey, describe};
use musubi_model::identity::Identifying;
use musubi_model::{IdentityId, ProviderId, SourceIdentity};
use musubi_storage::registry::IdentityDb;
use serde::{Deserialize, Serialize};

use crate::home::Home;

/// The desk's file: names of columns as in the list, and the name in kanji, which helps to find a changed name.
#[derive(Deserialize, Serialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct Written {
    provider_id: String,
    local_number: String,
    insurer_number: String,
    symbol: String,
    number: String,
    branch: String,
    name_kana: String,
    name_kanji: String,
    birth: String,
    sex: String,
    care_insurer: String,
    care_number: String,
}

/// Names nobody.
impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Written(‹非表示›)")
    }
}

/// A person as the books may know them.
pub struct Person {
    /// Tokens, guard.
    pub described: Described,
    /// Kinds of tokens that mean nothing: a chart number without its provider.
    pub without: &'static [&'static str],
    /// Sealed block keys.
    pub block: Vec<i64>,
    /// Birth date.
    pub born: Option<Date>,
}

impl Written {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("読めません: {}", path.display()))?;
        Self::parse(&text)
    }

    /// Of the text of a file.
    pub fn parse(text: &str) -> Result<Self> {
        // The words of the error would show the line.
        toml::from_str(text)
            .map_err(|_| anyhow!("本人の記入用ファイルの書式が違います(欄の名前は提供停止の一覧と同じ)"))
    }

    /// Of what was sealed.
    pub fn of_sealed(plain: &[u8]) -> Result<Self> {
        Self::parse(std::str::from_utf8(plain).map_err(|_| anyhow!("封をした記録を読めません"))?)
    }

    /// To be sealed.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        Ok(toml::to_string(self).map_err(|_| anyhow!("本人の記入を書き出せません"))?.into_bytes())
    }

    /// The same person as an entry of the list would be, with what is wrong.
    pub fn as_list(&self, on: Date) -> OptOutList {
        let day = on.to_string();
        optout_list::read_one(&BTreeMap::from([
            ("entry", "O-0000-0000"),
            ("effective_from", day.as_str()),
            ("provider_id", self.provider_id.as_str()),
            ("local_number", &self.local_number),
            ("insurer_number", &self.insurer_number),
            ("symbol", &self.symbol),
            ("number", &self.number),
            ("branch", &self.branch),
            ("name_kana", &self.name_kana),
            ("birth", &self.birth),
            ("sex", &self.sex),
            ("care_insurer", &self.care_insurer),
            ("care_number", &self.care_number),
        ]))
    }

    /// Birth date, where it can be read.
    pub fn born(&self, on: Date) -> Option<Date> {
        self.as_list(on).entries.first()?.demographics.birth.expose().and_then(|b| b.to_date())
    }

    /// Tokens and keys of the person; `None`: the findings of [`Self::as_list`] say what is wrong.
    pub fn person(&self, home: &Home, matching: &Matching, list: &OptOutList) -> Result<Option<Person>> {
        let Some(entry) = list.entries.first() else { return Ok(None) };
        let mut demographics = entry.demographics.clone();
        demographics.name_kanji = Identifying::new(self.name_kanji.as_str().into());
        let born = self.born(entry.effective_from);
        let whose = SourceIdentity { provider: provider_or_nobody(entry.provider.as_ref())?, demographics };
        Ok(Some(Person::new(home, matching, &whose, entry.provider.is_some(), born)))
    }
}

/// A chart number counts at its provider; without one it stands under nobody's.
pub fn provider_or_nobody(provider: Option<&ProviderId>) -> Result<ProviderId> {
    Ok(match provider {
        Some(provider) => provider.clone(),
        None => ProviderId::new("-")?,
    })
}

impl Person {
    /// Of a description.
    pub fn new(
        home: &Home,
        matching: &Matching,
        of: &SourceIdentity,
        chart: bool,
        born: Option<Date>,
    ) -> Self {
        const LOCAL: &[&str] = &["local"];
        Self {
            described: describe(&TokenKey::new(home.ring.token.expose()), of),
            without: if chart { &[] } else { LOCAL },
            block: Mpi::new(matching, &home.ring).keys_of_description(of),
            born,
        }
    }

    /// The descriptions held of the person today, those of one provider only when the request is limited to it.
    pub fn reached(&self, db: &mut IdentityDb, provider: Option<&ProviderId>) -> Result<Vec<IdentityId>> {
        let all = db.reached_by(&self.described, self.without).context("本人の記録を照会できません")?;
        let Some(only) = provider else { return Ok(all) };
        let members = db.members_since(&all).context("本人の記録を照会できません")?;
        Ok(members.into_iter().filter(|m| m.provider == *only).map(|m| m.identity_id).collect())
    }
}
