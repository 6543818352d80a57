//! The manifest of a submission and the agreements (feeds) it refers to.
//!
//! A submission is a folder or zip with `manifest.toml`, `manifest.toml.sig` (Ed25519 over the manifest's bytes, as
//! 128 hexadecimal digits, see [`crate::sign`]) and the files the manifest lists.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{DocumentHash, FeedId, ProviderId, SubmissionId, SubmitterId};
use crate::sign::PublicKey;

/// File name of the manifest.
pub const MANIFEST_FILE: &str = "manifest.toml";
/// File name of its signature.
pub const SIGNATURE_FILE: &str = "manifest.toml.sig";
/// Domain of the submitter's signature.
pub const SIGNATURE_DOMAIN: &str = "submission/1";

/// What the documents of a submission are (書式).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedKind {
    /// 医科レセプト (RECEIPTC.UKE).
    ReceiptMedical,
    /// SS-MIX2 標準化ストレージ.
    SsMix2Standard,
}

impl FeedKind {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReceiptMedical => "receipt-medical",
            Self::SsMix2Standard => "ss-mix2-standard",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::ReceiptMedical, Self::SsMix2Standard].into_iter().find(|k| k.as_str() == name)
    }

    /// The Japanese word.
    #[must_use]
    pub fn ja(self) -> &'static str {
        match self {
            Self::ReceiptMedical => "医科レセプト",
            Self::SsMix2Standard => "SS-MIX2 標準化ストレージ",
        }
    }
}

/// One file of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Path inside the package, `/` between parts, no `..`.
    pub path: String,
    /// The originating provider (発生元). May be left out when the manifest names exactly one provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderId>,
    /// Number of bytes.
    pub bytes: u64,
    /// BLAKE3 of the bytes.
    pub blake3: DocumentHash,
}

/// `manifest.toml`: what a submitter says it sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this layout; 1.
    pub version: u32,
    /// Under which agreement.
    pub feed: FeedId,
    /// Who sends and signs.
    pub submitter: SubmitterId,
    /// Where the data came into being.
    pub providers: Vec<ProviderId>,
    /// What the files are.
    pub kind: FeedKind,
    /// The day the delivery is for (業務日付).
    pub business_date: Date,
    /// Control totals (統制合計): records by kind (`RE`, `SY`, `ADT-00`), and `points` for receipts (sum of GO totals).
    #[serde(default)]
    pub totals: BTreeMap<String, u64>,
    /// The files.
    #[serde(default, rename = "file")]
    pub files: Vec<ManifestFile>,
}

impl Manifest {
    /// The name of the submission whose manifest has these bytes.
    #[must_use]
    pub fn submission_id(bytes: &[u8]) -> SubmissionId {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = *blake3::hash(bytes).as_bytes();
        SubmissionId([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }
}

/// A submitter we know (集約主体), with the key that checks its signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submitter {
    /// Its id.
    pub id: SubmitterId,
    /// Its name for reports.
    pub name: String,
    /// Ed25519 public key, 64 hexadecimal digits.
    pub public_key: PublicKey,
}

/// A provider we know (医療情報取扱事業者).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// Its name for reports.
    pub name: String,
    /// Prefecture, JIS X 0401.
    pub prefecture: String,
}

/// A standing agreement (フィード).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Its id.
    pub id: FeedId,
    /// Who delivers.
    pub submitter: SubmitterId,
    /// What is delivered.
    pub kind: FeedKind,
    /// For which providers.
    pub providers: Vec<ProviderId>,
    /// Interface version, e.g. `SS-MIX2 1.2g`.
    pub interface_version: String,
    /// Days between deliveries; 1 is every night.
    pub every_days: u32,
}

/// `feeds.toml`: everything agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Agreements {
    /// Submitters.
    #[serde(default, rename = "submitter")]
    pub submitters: Vec<Submitter>,
    /// Providers.
    #[serde(default, rename = "provider")]
    pub providers: Vec<Provider>,
    /// Feeds.
    #[serde(default, rename = "feed")]
    pub feeds: Vec<Feed>,
}
