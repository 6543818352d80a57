//! `receipt.json`: what the house signs. Field names are English for programs; words for people stand in the page.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::submission::{Balance, BalanceLine};
use musubi_model::{DocumentHash, SubmissionId};
use serde::{Deserialize, Serialize};

use super::Acknowledgement;

/// The receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Version of this layout; 1.
    pub version: u32,
    /// The delivery; the first 16 bytes of the manifest's BLAKE3.
    pub submission: SubmissionId,
    /// BLAKE3 of the manifest, when it was kept.
    pub manifest_blake3: Option<DocumentHash>,
    /// Feed, as the manifest says.
    pub feed: Option<String>,
    /// Submitter, as the manifest says.
    pub submitter: Option<String>,
    /// Kind of documents.
    pub kind: Option<String>,
    /// The day the delivery is for.
    pub business_date: Option<Date>,
    /// When it came.
    pub received_at: Timestamp,
    /// The state it ended in.
    pub state: String,
    /// When it entered that state.
    pub concluded_at: Timestamp,
    /// Files of the manifest.
    pub files: u64,
    /// Bytes of the manifest's files.
    pub bytes: u64,
    /// What became of every record, by kind.
    pub balance: BTreeMap<String, BalanceLine>,
    /// Does every line close?
    pub balance_closes: bool,
    /// Control totals side by side.
    pub control_totals: Vec<Total>,
    /// How often each rule was broken.
    pub findings: BTreeMap<String, Count>,
    /// The sample to be compared, and what was answered so far.
    pub quality: Quality,
    /// Version of the program.
    pub code_version: String,
    /// Hash of the parameters in force.
    pub parameter_hash: String,
    /// The other files of the package.
    pub package: Vec<PackedFile>,
}

/// A control total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// Kind of record, or `points`.
    pub kind: String,
    /// What the manifest promised.
    pub promised: Option<u64>,
    /// What was counted.
    pub counted: Option<u64>,
}

/// How often a rule was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// Severity.
    pub severity: String,
    /// How often.
    pub count: u64,
}

/// The sample.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// Units drawn.
    pub units: u64,
    /// Facts of these units in the form.
    pub facts: u64,
    /// Answers so far, by word.
    pub answers: BTreeMap<String, u64>,
}

/// A file of the package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// Their BLAKE3.
    pub blake3: DocumentHash,
}

impl Receipt {
    /// The receipt of an acknowledgement.
    pub(super) fn new(ack: &Acknowledgement, facts: u64, package: Vec<PackedFile>) -> Self {
        let v = &ack.view;
        let balance: &Balance = &v.balance;
        Self {
            version: 1,
            submission: v.id,
            manifest_blake3: ack.manifest,
            feed: v.feed.clone(),
            submitter: v.submitter.clone(),
            kind: v.kind.clone(),
            business_date: v.business_date,
            received_at: v.received_at,
            state: v.state.as_str().to_owned(),
            concluded_at: ack.concluded_at,
            files: v.files,
            bytes: v.bytes,
            balance: balance.lines.clone(),
            balance_closes: balance.closes(),
            control_totals: ack
                .totals
                .iter()
                .map(|t| Total { kind: t.kind.clone(), promised: t.promised, counted: t.counted })
                .collect(),
            findings: v
                .findings
                .iter()
                .map(|f| (f.rule.clone(), Count { severity: f.severity.clone(), count: f.count }))
                .collect(),
            quality: Quality {
                units: u64::try_from(ack.sampled_units()).unwrap_or(u64::MAX),
                facts,
                answers: ack.answers.iter().map(|(a, n)| (a.as_str().to_owned(), *n)).collect(),
            },
            code_version: v.code_version.clone(),
            parameter_hash: v.parameter_hash.clone(),
            package,
        }
    }
}
