//! Verifying a package offline, with the house's public key alone: for senders.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use musubi_model::limits::Limits;
use musubi_model::sign::{PublicKey, Signature};
use musubi_model::{DocumentHash, SubmissionId};
use musubi_package::{Package, PackageError};

use super::receipt::Receipt;
use super::{RECEIPT_FILE, RECEIPT_SIGNATURE_FILE, SIGNATURE_DOMAIN};

/// A package that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The delivery it acknowledges.
    pub submission: SubmissionId,
    /// The state it says.
    pub state: String,
    /// Files that were held against the receipt.
    pub files: usize,
}

/// Why a package does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotVerified {
    /// It cannot be opened or a file of it cannot be read.
    Unreadable(String),
    /// The signature does not hold.
    Signature,
    /// A file is missing, changed, or not in the receipt.
    File(String),
}

impl fmt::Display for NotVerified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(what) => write!(f, "読めません: {what}"),
            Self::Signature => f.write_str("署名を検証できません"),
            Self::File(name) => write!(f, "受領通知に書かれたとおりではありません: {name}"),
        }
    }
}

/// Verifies the package at `path`, a folder or a zip.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(path: &Path, key: &PublicKey) -> Result<Verified, NotVerified> {
    let limits = Limits::default();
    let mut package = Package::open(path, &limits).map_err(|e| match e {
        PackageError::Bad(finding) => NotVerified::Unreadable(finding.rule.ja.to_owned()),
        PackageError::Io(e) => NotVerified::Unreadable(e.to_string()),
    })?;
    let mut read = |name: &str| {
        package
            .read(name, limits.document_bytes_max)
            .map_err(|e| NotVerified::Unreadable(format!("{name}: {e}")))
    };
    let bytes = read(RECEIPT_FILE)?;
    let signature = read(RECEIPT_SIGNATURE_FILE)?;
    let signed = std::str::from_utf8(&signature)
        .ok()
        .and_then(|t| Signature::from_hex(t.trim()))
        .is_some_and(|s| key.verifies(SIGNATURE_DOMAIN, &bytes, &s));
    if !signed {
        return Err(NotVerified::Signature);
    }
    let receipt: Receipt =
        serde_json::from_slice(&bytes).map_err(|_| NotVerified::Unreadable(RECEIPT_FILE.to_owned()))?;
    let mut listed: BTreeSet<&str> = BTreeSet::from([RECEIPT_FILE, RECEIPT_SIGNATURE_FILE]);
    for file in &receipt.package {
        listed.insert(&file.name);
        let bytes = read(&file.name)?;
        let same = u64::try_from(bytes.len()) == Ok(file.bytes) && DocumentHash::of(&bytes) == file.blake3;
        if !same {
            return Err(NotVerified::File(file.name.clone()));
        }
    }
    if let Some(stranger) = package.paths().find(|p| !listed.contains(p)) {
        return Err(NotVerified::File(stranger.to_owned()));
    }
    Ok(Verified { submission: receipt.submission, state: receipt.state, files: receipt.package.len() })
}
