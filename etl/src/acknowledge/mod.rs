//! The acknowledgement package (受領通知一式): what a sender gets back for a delivery, signed by the house.
//!
//! Three checks in one place: syntax (every finding, by rule and maker), quantity (the sender's control totals beside
//! ours, and the balance), quality (a drawn sample of facts for the sender to hold against the original). It leaves the
//! house: it says shapes, codes, counts and places in documents by their hash, never a path, an identity or a value of
//! a person, and nothing of other senders. The same delivery gives the same bytes until the sender has answered.

mod receipt;
mod sample;
mod verify;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use musubi_model::finding::Rule;
use musubi_model::{DocumentHash, SubmissionId};
use musubi_storage::acknowledge::{Answer, ControlTotal, SampledUnit};
use musubi_storage::console::SubmissionView;
use musubi_storage::keys::KeyRing;
use musubi_storage::registry::Registry;
use musubi_storage::unmapped::{UnmappedRow, UnmappedWanted};

use crate::house::EtlError;
use crate::load::MANIFEST_ORDINAL;

pub use sample::{ANSWER_COLUMN, AnswersError, read_answers};
pub use verify::{NotVerified, Verified, verify};
pub use write::{Written, write};

/// Domain of the house's signature.
pub const SIGNATURE_DOMAIN: &str = "acknowledgement/1";
/// The signed file: everything that counts, and the hashes of the other files.
pub const RECEIPT_FILE: &str = "receipt.json";
/// Its signature, 128 hexadecimal digits.
pub const RECEIPT_SIGNATURE_FILE: &str = "receipt.json.sig";
/// Every finding, for a spreadsheet.
pub const FINDINGS_CSV: &str = "findings.csv";
/// Every finding, for a program.
pub const FINDINGS_JSON: &str = "findings.json";
/// The page for people.
pub const PAGE_FILE: &str = "report.html";
/// The sample to be compared, a form.
pub const QUALITY_FILE: &str = "quality.csv";

/// Codes without a standard that the page lists.
const UNMAPPED_MAX: usize = 50;

/// What acknowledging needs.
pub struct Desk<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// Keys; the house's signs.
    pub ring: &'a KeyRing,
    /// Where the lake lies.
    pub lake: &'a Path,
    /// Units of a sample, `quality.sample_units`.
    pub sample_units: u64,
    /// Words of a rule.
    pub rule: &'a dyn Fn(&str) -> Option<&'static Rule>,
}

/// What is said of one delivery.
#[derive(Debug, Clone)]
pub struct Acknowledgement {
    /// The delivery: states, balance, findings by rule.
    pub view: SubmissionView,
    /// The delivery of the same feed before it.
    pub before: Option<SubmissionView>,
    /// Control totals.
    pub totals: Vec<ControlTotal>,
    /// Findings by rule and by the product that made the documents.
    pub makers: BTreeMap<String, BTreeMap<String, u64>>,
    /// Codes of the delivery that found no standard, most frequent first.
    pub unmapped: Vec<UnmappedRow>,
    /// The sender's answers so far.
    pub answers: BTreeMap<Answer, u64>,
    /// BLAKE3 of the manifest; none when it was not kept.
    pub manifest: Option<DocumentHash>,
    /// When the delivery entered the state it is in.
    pub concluded_at: Timestamp,
    sample: Vec<SampledUnit>,
}

impl Acknowledgement {
    /// Reads what is to be said of a delivery; `None`: there is none of that id.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn read(desk: &Desk<'_>, id: &SubmissionId) -> Result<Option<Self>, EtlError> {
        let mut console = desk.registry.console()?;
        let Some(mut view) = console.submission(id)? else { return Ok(None) };
        let state = view.state.as_str();
        // Later deliveries of the same package are noted under the state it has: they say nothing new of it.
        let entered = view.events.iter().position(|e| e.state == state && e.detail.is_empty());
        view.events.truncate(entered.map_or(view.events.len(), |at| at + 1));
        let concluded_at = view.events.last().map_or(view.received_at, |e| e.at);
        let before = match console.delivery_before(id)? {
            Some(before) => console.submission(&before)?,
            None => None,
        };
        let mut db = desk.registry.ingest()?;
        let manifest = db.documents_of(id)?.into_iter().find(|d| d.ordinal == MANIFEST_ORDINAL);
        Ok(Some(Self {
            before,
            totals: console.control_totals(id)?,
            makers: console.makers(id)?,
            answers: console.answers(id)?,
            unmapped: db
                .unmapped_codes(UnmappedWanted { provider: None, submissions: &[*id] })?
                .into_iter()
                .take(UNMAPPED_MAX)
                .collect(),
            manifest: manifest.map(|d| d.document),
            concluded_at,
            sample: db.sample_units(id, desk.sample_units)?,
            view,
        }))
    }

    /// Units of the sample.
    #[must_use]
    pub fn sampled_units(&self) -> usize {
        self.sample.len()
    }

    /// The sender's name in paths of the outbox.
    #[must_use]
    pub fn sender(&self) -> &str {
        self.view.submitter.as_deref().unwrap_or("unknown")
    }
}
