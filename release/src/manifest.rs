//! The manifest of a package (目録): what it is, what it was made from, and the hashes of its files.
//!
//! It goes out with the package, so it must never hold a count that the table hides, nor anything of the machine.

use std::collections::BTreeMap;

use jiff::Timestamp;
use musubi_model::ids::to_hex;
use musubi_model::spec::Product;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What a signature of the release key is for.
pub const RELEASE_DOMAIN: &str = "release/1";
/// The layout of packages with one nested table (version 1).
pub const LAYOUT: &str = "musubi release/1";
/// The layout of packages with rows or tables under a disclosure policy (version 2).
pub const LAYOUT_2: &str = "musubi-release/2";

/// The table.
pub const TABLE: &str = "table.csv";
/// What was approved, as filed.
pub const SPEC: &str = "spec.toml";
/// The board's decision: the signed bytes.
pub const APPROVAL: &str = "approval.json";
/// The board's signature over [`APPROVAL`].
pub const APPROVAL_SIGNATURE: &str = "approval.sig";
/// For people.
pub const README: &str = "README.txt";
/// For people who do not read Japanese (version 2).
pub const README_EN: &str = "README.en.txt";
/// The disclosure policy (version 2).
pub const POLICY: &str = "policy.toml";
/// The board's signature over [`POLICY`] (version 2).
pub const POLICY_SIGNATURE: &str = "policy.sig";
/// Every column of every file (version 2).
pub const DICTIONARY: &str = "dictionary.csv";
/// What is claimed, for programs (version 2).
pub const RISK: &str = "risk.json";
/// What is claimed, for people (version 2).
pub const RISK_PAGE: &str = "risk.html";
/// The manifest.
pub const MANIFEST: &str = "manifest.json";
/// The release key's signature over [`MANIFEST`].
pub const MANIFEST_SIGNATURE: &str = "manifest.sig";

/// The files that a manifest lists, in its order.
pub const LISTED: [&str; 5] = [README, APPROVAL, APPROVAL_SIGNATURE, SPEC, TABLE];

/// Name of the parameter: the smallest number of persons that may be shown.
pub const CELL_MIN: &str = "statistics.cell_min_persons";
/// Name of the parameter: the age in years from which on ages are not told apart.
pub const AGE_TOP: &str = "statistics.age_top_years";

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3, 64 hexadecimal digits.
    pub blake3: String,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

impl FileEntry {
    /// The entry of a file with this content.
    #[must_use]
    pub fn of(name: &str, content: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
            blake3: to_hex(blake3::hash(content).as_bytes()),
            sha256: to_hex(&Sha256::digest(content)),
        }
    }
}

/// A step of the cohort and how many persons were left after it (組入れ・除外の経過).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attrition {
    /// The step's wording.
    pub title: String,
    /// A band, as [`band`] writes it: exact counts of steps could be subtracted from one another.
    pub persons: String,
}

/// The band of a count: its first digit is told, `1,000-1,999`; below ten, `0-9`.
#[must_use]
pub fn band(count: u64) -> String {
    let step = 10u64.saturating_pow(count.checked_ilog10().unwrap_or(0).max(1));
    let low = if count < 10 { 0 } else { count - count % step };
    format!("{}-{}", thousands(low), thousands(low.saturating_add(step - 1)))
}

/// A number with a comma before every three digits.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`LAYOUT`] or [`LAYOUT_2`].
    pub layout: String,
    /// The release.
    pub release_id: String,
    /// The product.
    pub product: Product,
    /// The approval it was made under.
    pub approval_id: String,
    /// The request it answers.
    pub request_id: String,
    /// The hash of what was approved.
    pub scope_hash: String,
    /// The commit of the lake it was made from.
    pub snapshot_commit: i64,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// The parameters that were in force.
    pub parameters: BTreeMap<String, u64>,
    /// The hash of the whole parameter set.
    pub parameter_set_hash: String,
    /// The program that made it.
    pub code_version: String,
    /// BLAKE3 of the policy's canonical form (version 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_hash: Option<String>,
    /// To whom it goes, by id (version 2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
    /// How many persons each step of the cohort left, in bands (version 2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attrition: Vec<Attrition>,
    /// BLAKE3 of the sorted pids, a line feed after each (version 2, rows).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pids: Option<String>,
    /// Rows of the table with a count.
    pub cells_shown: u64,
    /// Rows of the table with the sign.
    pub cells_hidden: u64,
    /// All files but the manifest and its signature, by name.
    pub files: Vec<FileEntry>,
}

impl Manifest {
    /// The bytes of the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The name of the release of a snapshot under an approval.
#[must_use]
pub fn release_id(approval_id: &str, snapshot_commit: i64) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("musubi release id/1");
    hasher.update(approval_id.as_bytes()).update(b"\0").update(&snapshot_commit.to_be_bytes());
    format!("R-{}", to_hex(hasher.finalize().as_bytes().get(..8).unwrap_or_default()))
}
