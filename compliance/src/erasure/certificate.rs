//! The certificate (削除証明書): what was removed, when, on what ground and by whose hands, by which method in each store;
//! and what cannot be recalled, and why. Signed by the house. It holds counts and numbers of books, no personal data.

use jiff::Timestamp;
use musubi_model::sign::{ERASURE, PublicKey, Signature};
use serde::{Deserialize, Serialize};

use super::{Before, Done, ErasureError, Ground, Stores, job};

/// How each store was emptied, for people.
const METHODS: [(&str, &str); 5] = [
    ("lake", "該当するファイルを本人の行なしで書き直し、旧ファイルの該当箇所を上書きして削除"),
    ("vault", "本人の区間を封じたデータ鍵を破棄(暗号学的消去)。目録の経路名は空白に置換"),
    ("registry", "本人の行を削除し、表を書き直して残骸を除去"),
    ("matching", "残る人の名寄せを本人なしで判定し直し"),
    ("backups", "復元時に削除を再適用するまで、復元した環境は他の処理を受け付けない"),
];

/// What is not undone, for people.
const NOT_RECALLED: [&str; 3] = [
    "提供済みの匿名加工医療情報: どの行が本人かを調べることは法により禁じられ、できない(第19条等)。対象の提供番号と日付のみ示す",
    "受領・提供の法定記録: 保存期間中は封緘して保管する(業務に用いない)",
    "停止の求めの照合鍵: 再び受け取らないために、氏名等を復元できない形で保持する",
];

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The erasure.
    pub erasure: String,
    /// Legal ground, as stored.
    pub ground: String,
    /// The number of the instruction or request.
    pub instruction: String,
    /// Keyed hash of the list.
    pub scope_hash: String,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When the last step ended.
    pub erased_at: Timestamp,
    /// When it was verified.
    pub verified_at: Timestamp,
    /// The executors.
    pub executors: (String, String),
    /// Who verified it.
    pub verifier: String,
    /// Counts before.
    pub before: Before,
    /// What was done.
    pub done: Done,
    /// What the scan found: 0.
    pub left_over: u64,
    /// Method for each store.
    pub methods: Vec<(String, String)>,
    /// What cannot be recalled, and why.
    pub not_recalled: Vec<String>,
    /// When the certificate was issued.
    pub issued_at: Timestamp,
}

/// A certificate with the house's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedCertificate {
    /// What is certified.
    pub certificate: Certificate,
    /// The key that signed it.
    pub key: PublicKey,
    /// Its signature.
    pub signature: Signature,
}

impl Certificate {
    /// The ground in Japanese.
    #[must_use]
    pub fn ground_ja(&self) -> &'static str {
        Ground::read(&self.ground).map_or("", Ground::ja)
    }

    fn bytes(&self) -> Result<Vec<u8>, ErasureError> {
        serde_json::to_vec(self).map_err(|_| ErasureError::Damaged("a certificate"))
    }
}

impl SignedCertificate {
    /// Is it what the holder of `key` signed?
    ///
    /// # Errors
    /// [`ErasureError::NotSigned`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), ErasureError> {
        let holds = self.key == *key && key.verifies(ERASURE, &self.certificate.bytes()?, &self.signature);
        if holds { Ok(()) } else { Err(ErasureError::NotSigned("the certificate")) }
    }
}

/// Certifies a verified erasure.
///
/// # Errors
/// [`ErasureError::Refused`] when it is not verified.
pub fn certify(stores: &Stores<'_>, id: &str, at: Timestamp) -> Result<SignedCertificate, ErasureError> {
    let job = job(stores, id)?;
    let not_yet = ErasureError::Refused("the erasure is not verified yet");
    let (Some(confirmed), Some(run), Some(verified), Some(erased_at), Some(after)) =
        (job.confirmed, job.run, job.verified, job.erased_at, job.after)
    else {
        return Err(not_yet);
    };
    let damaged = |_| ErasureError::Damaged("counts");
    let text = |rows: &[(&str, &str)]| rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    let certificate = Certificate {
        erasure: job.id,
        ground: job.ground,
        instruction: job.instruction,
        scope_hash: job.scope_hash,
        planned_at: job.planned.0,
        erased_at,
        verified_at: verified.0,
        executors: (confirmed.1, run.1),
        verifier: verified.1,
        before: serde_json::from_str(&job.before).map_err(damaged)?,
        done: serde_json::from_str(&after).map_err(damaged)?,
        left_over: job.left_over.unwrap_or_default().unsigned_abs(),
        methods: text(&METHODS),
        not_recalled: NOT_RECALLED.map(str::to_owned).to_vec(),
        issued_at: at,
    };
    let house = &stores.ring.house;
    let signature = house.sign(ERASURE, &certificate.bytes()?);
    Ok(SignedCertificate { certificate, key: house.public(), signature })
}
