//! Manifest, approval and claims (目録・承認・主張) as the checker reads them: only what it uses, tolerant of the rest.
//!
//! It must never take a claim for a fact: what stands here is held against what is counted.

use serde::Deserialize;

use crate::decimal::Decimal;

/// The layout of packages that are checked here.
pub const LAYOUT: &str = "musubi-release/2";
/// How the layouts of version 1 begin.
pub const LAYOUT_1: &str = "musubi release/1";

/// The manifest.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    pub layout: String,
    pub release_id: String,
    pub product: String,
    pub approval_id: String,
    pub request_id: String,
    pub scope_hash: String,
    pub sealed_at: String,
    #[serde(default)]
    pub pids: Option<String>,
    pub files: Vec<FileEntry>,
}

/// A file of the manifest.
#[derive(Debug, Clone, Deserialize)]
pub struct FileEntry {
    pub name: String,
    pub bytes: u64,
    pub blake3: String,
    pub sha256: String,
}

/// The board's decision.
#[derive(Debug, Clone, Deserialize)]
pub struct Approval {
    pub request_id: String,
    pub scope_hash: String,
    pub expires_on: String,
}

impl Approval {
    /// The name of an approval follows from its bytes.
    pub fn id(bytes: &[u8]) -> String {
        let hash = blake3::hash(bytes);
        let (head, _) = hash.as_bytes().split_at(8);
        format!("A-{}", crate::sign::to_hex(head))
    }
}

/// `risk.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Risk {
    pub layout: String,
    pub product: String,
    pub policy: RiskPolicy,
    #[serde(default)]
    pub persons: Option<RiskPersons>,
    #[serde(default)]
    pub k: Option<u64>,
    #[serde(default)]
    pub l: Option<u64>,
    #[serde(default)]
    pub classes: Option<u64>,
    #[serde(default)]
    pub events: Option<RiskEvents>,
    #[serde(default)]
    pub columns: Vec<RiskColumn>,
    #[serde(default)]
    pub clip: Vec<Clip>,
    #[serde(default)]
    pub tables: Vec<RiskTable>,
}

/// The policy that the claims speak of.
#[derive(Debug, Clone, Deserialize)]
pub struct RiskPolicy {
    pub name: String,
    pub version: u32,
}

/// Persons claimed.
#[derive(Debug, Clone, Deserialize)]
pub struct RiskPersons {
    pub cohort: u64,
    pub released: u64,
    pub suppressed: u64,
}

/// What is claimed of events.
#[derive(Debug, Clone, Deserialize)]
pub struct RiskEvents {
    pub known_events: u32,
    pub k: u64,
    pub items: u64,
    pub released: u64,
}

/// What is claimed of a column.
#[derive(Debug, Clone, Deserialize)]
pub struct RiskColumn {
    pub file: String,
    pub name: String,
    pub class: String,
}

/// Bounds of a measured value.
#[derive(Debug, Clone, Deserialize)]
pub struct Clip {
    pub code: String,
    pub unit: String,
    pub low: String,
    pub high: String,
}

impl Clip {
    /// Both bounds, when they are numbers.
    pub fn bounds(&self) -> Option<(Decimal, Decimal)> {
        Some((Decimal::parse(&self.low)?, Decimal::parse(&self.high)?))
    }
}

/// What is claimed of a table.
#[derive(Debug, Clone, Deserialize)]
pub struct RiskTable {
    pub name: String,
    pub cells: u64,
    pub shown: u64,
    pub cell_min: u64,
}
