//! A ledger of notices as a submitter sends it (通知台帳): who was notified of what, by which provider, and when.
//!
//! A folder or zip with `ledger.toml`, `ledger.toml.sig` (Ed25519 by the submitter, as for a submission) and one CSV for
//! each provider. The words here are what the file says; what follows from them is decided in `compliance`.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{DocumentHash, ProviderId, SubmitterId};

/// File name of the ledger's head.
pub const LEDGER_FILE: &str = "ledger.toml";
/// File name of its signature.
pub const LEDGER_SIGNATURE_FILE: &str = "ledger.toml.sig";
/// Domain of the submitter's signature.
pub const LEDGER_DOMAIN: &str = "notice-ledger/1";

/// For which use somebody was notified (通知の範囲: 匿名加工・仮名加工).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeScope {
    /// Anonymised use only (匿名加工医療情報): every notice before 2024-04-01.
    Anonymized,
    /// Pseudonymised use only (仮名加工医療情報).
    Pseudonymized,
    /// Both.
    Both,
}

impl NoticeScope {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymized => "anonymized",
            Self::Pseudonymized => "pseudonymized",
            Self::Both => "both",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        [Self::Anonymized, Self::Pseudonymized, Self::Both].into_iter().find(|s| s.as_str() == text)
    }

    /// Does it cover pseudonymised use? (C-050)
    #[must_use]
    pub fn covers_pseudonymized(self) -> bool {
        self != Self::Anonymized
    }
}

/// `ledger.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeLedger {
    /// Version of this layout; 1.
    pub version: u32,
    /// Who sends and signs.
    pub submitter: SubmitterId,
    /// When the ledgers were written out at the providers; their freshness is counted from here.
    pub exported_at: Timestamp,
    /// The providers' ledgers.
    #[serde(rename = "provider")]
    pub providers: Vec<ProviderLedger>,
}

/// One provider's ledger in a [`NoticeLedger`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderLedger {
    /// Whose.
    pub id: ProviderId,
    /// The day on which notifying began there (通知開始日).
    pub programme_start: Date,
    /// The CSV, `/` between parts.
    pub file: String,
    /// BLAKE3 of the CSV.
    pub blake3: DocumentHash,
    /// What was handed out, version by version (通知文).
    #[serde(rename = "template")]
    pub templates: Vec<NoticeTemplate>,
}

/// A version of the notice's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeTemplate {
    /// Its name at the provider.
    pub version: String,
    /// For which use.
    pub scope: NoticeScope,
    /// What it says is provided (提供する医療情報の項目): names of fact tables.
    pub items: Vec<String>,
    /// BLAKE3 of the text as handed out.
    pub blake3: DocumentHash,
}
