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

macro_rules! feed_kinds {
    ($($(#[$doc:meta])* $variant:ident $name:literal $ja:literal,)*) => {
        /// What the documents of a submission are (書式).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FeedKind {
            $($(#[$doc])* $variant,)*
        }

        impl FeedKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stored word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The Japanese word.
            #[must_use]
            pub fn ja(self) -> &'static str {
                match self {
                    $(Self::$variant => $ja,)*
                }
            }
        }
    };
}

feed_kinds! {
    /// 医科レセプト (RECEIPTC.UKE).
    ReceiptMedical "receipt-medical" "医科レセプト",
    /// SS-MIX2 標準化ストレージ.
    SsMix2Standard "ss-mix2-standard" "SS-MIX2 標準化ストレージ",
    /// DPC レセプト (RECEIPTD.UKE).
    ReceiptDpc "receipt-dpc" "DPC レセプト",
    /// 歯科レセプト (RECEIPTS.UKE).
    ReceiptDental "receipt-dental" "歯科レセプト",
    /// 調剤レセプト (RECEIPTY.UKE).
    ReceiptDispensing "receipt-dispensing" "調剤レセプト",
    /// 訪問看護レセプト (RECEIPTH.UKE).
    ReceiptNursing "receipt-nursing" "訪問看護レセプト",
    /// DPC 様式1 (FF1): one row for each item of a stay.
    DpcForm1 "dpc-form1" "DPC 様式1",
    /// DPC EF 統合ファイル: what was done, line by line.
    DpcEf "dpc-ef" "DPC EF ファイル",
    /// SS-MIX2 拡張ストレージ: documents and vital signs.
    SsMix2Extended "ss-mix2-extended" "SS-MIX2 拡張ストレージ",
    /// SS-MIX2 トランザクションストレージ (TR_*.DAT).
    SsMix2Transaction "ss-mix2-transaction" "SS-MIX2 トランザクションストレージ",
    /// Plain HL7 v2.5 messages as JAHIS specifies them, without the storage around them.
    Hl7V2 "hl7-v2" "HL7 v2.5 電文(JAHIS)",
    /// 特定健診 (hc08), 特定保健指導 (hg08), 後期高齢者 and other check-ups as CDA R2, single or as a zip package.
    CheckupCda "checkup-cda" "特定健診・特定保健指導等(CDA)",
    /// 診療情報提供書, 退院時サマリー, 電子処方箋 and 調剤結果 as CDA R2.
    ClinicalCda "clinical-cda" "診療情報提供書・電子処方箋等(CDA)",
    /// 介護給付費請求 CSV (事業所 → 国保連).
    CareClaim "care-claim" "介護給付費請求",
    /// 要介護認定 data of the certification software.
    CareCertification "care-certification" "要介護認定",
    /// LIFE (科学的介護情報システム) CSV, one interface a file.
    CareLife "care-life" "LIFE",
    /// ケアプラン標準仕様 CSV.
    CarePlan "care-plan" "ケアプラン標準",
    /// 電子版お薬手帳 (JAHISTC).
    MedicationNotebook "medication-notebook" "電子版お薬手帳",
    /// 処方箋 QR (JAHIS5 …).
    PrescriptionQr "prescription-qr" "処方箋 QR",
    /// Any table (CSV, TSV, XML rows) by a configured interface: municipal check-ups, death certificates, programmes, ….
    Table "table" "表形式(CSV・XML)",
}

impl FeedKind {
    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|k| k.as_str() == name)
    }
}

impl Serialize for FeedKind {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FeedKind {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let name = String::deserialize(d)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom("unknown kind of feed"))
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
    /// What a receipt record has to say of it; may come later than the first delivery, never later than its confirmation.
    #[serde(default, skip_serializing_if = "Standing::is_empty")]
    pub standing: Standing,
}

/// What the Act asks a receipt record to say of a provider (law: R-RCV-01). Empty: not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Standing {
    /// Kind: `hospital`, `clinic`, `pharmacy`, `municipality`, …
    pub kind: String,
    /// Address (住所).
    pub address: String,
    /// Who represents it (代表者).
    pub representative: String,
    /// How it came by the data (取得の経緯).
    pub acquisition: String,
    /// Number of the filing with the ministers (届出番号).
    pub filing: String,
    /// How data come: `line` (dedicated line), `media`, `api`.
    pub method: String,
    /// Beds (病床数); 0 for a clinic without any, none when not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beds: Option<u32>,
}

impl Standing {
    /// Nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
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

/// A municipality (市区町村): where providers stand, and what it is to tables by place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Municipality {
    /// Five digits (全国地方公共団体コード without its check digit).
    pub code: String,
    /// The name in tables; with its prefecture where two have the same.
    pub name: String,
    /// Prefecture, JIS X 0401.
    pub prefecture: String,
    /// Code of its secondary medical area (二次医療圏).
    pub area: String,
    /// That area's name.
    pub area_name: String,
    /// People who live there, by the register of the year (人口).
    pub population: u64,
    /// The organisation that stands for it in the house, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// Column and row of its tile on the map (タイルの位置).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile: Option<[u8; 2]>,
    /// The providers that stand there, its own offices among them.
    #[serde(default)]
    pub providers: Vec<ProviderId>,
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
    /// Municipalities.
    #[serde(default, rename = "municipality", skip_serializing_if = "Vec::is_empty")]
    pub municipalities: Vec<Municipality>,
}
