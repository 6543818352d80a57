//! Pure functions from the bytes of one source document to canonical records and findings, each with its byte range.
//!
//! This room never does I/O, never sees a database, a clock or a random number, never panics on input and never stops
//! at the first defect. Bad data is a [`Finding`], not an `Err`.
//!
//! A document is handled in two steps. [`Mapper::split`] cuts it into units (the parts about one person) in one fast
//! pass and counts its records; [`Mapper::map`] turns one unit into facts. Units are independent of each other, so the
//! second step runs on as many cores as there are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use musubi_model::code::Masters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_model::{ByteRange, Demographics, Fact, Finding, Identifying, ProviderId};

pub mod care;
pub mod cda;
pub mod coverage;
pub mod dpc;
pub mod hl7;
pub mod leak;
pub mod lookup;
pub mod notes;
pub mod qr;
pub mod receipt;
pub mod ssmix2;
pub mod table;
pub mod text;
pub mod uke;
pub mod vendor;

/// One document as it came.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// All its bytes.
    pub bytes: &'a [u8],
    /// Its path inside the submission. May hold a patient number: never print it.
    pub path: &'a str,
    /// The provider the manifest names for it.
    pub provider: &'a ProviderId,
    /// Limits in force.
    pub limits: &'a Limits,
}

/// How many records of each kind (`RE`, `SY`, `ADT-00`, …). Small and ordered by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordCounts(Vec<(CompactString, u64)>);

impl RecordCounts {
    /// None yet, with room for so many kinds.
    #[must_use]
    pub fn with_capacity(kinds: usize) -> Self {
        Self(Vec::with_capacity(kinds))
    }

    /// Counts `n` more of `kind`.
    pub fn add(&mut self, kind: &str, n: u64) {
        // Kinds that come in order, as mappers give them, need no search.
        if self.0.last().is_none_or(|(last, _)| last.as_str() < kind) {
            self.0.push((CompactString::from(kind), n));
            return;
        }
        match self.0.iter_mut().find(|(k, _)| k == kind) {
            Some((_, count)) => *count += n,
            None => {
                let at = self.0.partition_point(|(k, _)| k.as_str() < kind);
                self.0.insert(at, (CompactString::from(kind), n));
            }
        }
    }

    /// Kinds and counts, by kind.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(k, n)| (k.as_str(), *n))
    }

    /// All records.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, n)| n).sum()
    }
}

/// A unit as cut out of its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitSlice {
    /// Its bytes.
    pub range: ByteRange,
    /// Its records, counted while cutting.
    pub records: RecordCounts,
    /// Which entry of [`Split::contexts`] it stands under.
    pub context: u32,
}

/// What a unit must know of the document around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitContext {
    /// A receipt: the institution record (IR) above it.
    Receipt(uke::Institution),
    /// A message: the path is all there is.
    Message,
    /// Nothing but the unit itself.
    Nothing,
    /// A receipt of another kind than medical: what stands above it.
    Claim(receipt::Frame),
    /// A row of a DPC file: what its file says.
    Dpc(dpc::Frame),
    /// A document of a CDA file or package.
    Cda(cda::Frame),
    /// A row of a configured table: its columns.
    Table(table::Frame),
    /// A record of long-term care: its frame.
    Care(care::Frame),
    /// A QR record set.
    Qr(qr::Frame),
}

/// A document cut into units.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Split {
    /// Units in order; ranges ascend and do not overlap.
    pub units: Vec<UnitSlice>,
    /// What units stand under.
    pub contexts: Vec<UnitContext>,
    /// Records outside units (IR, GO).
    pub envelope: RecordCounts,
    /// What was wrong with the document as a whole. An error here quarantines the whole document.
    pub findings: Vec<Finding>,
    /// Control totals of the document, to hold against the manifest's: record counts by kind, `points` for receipts.
    pub totals: BTreeMap<CompactString, u64>,
}

impl Split {
    /// Must the whole document be quarantined?
    #[must_use]
    pub fn is_unsound(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }
}

/// What the source says of this version of a unit (SS-MIX2 condition flag; claims are always current).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionState {
    /// `0`: deleted, or by older practice superseded.
    Deleted,
    /// `1`: current.
    Current,
    /// `2`: superseded.
    Superseded,
}

impl VersionState {
    /// The SS-MIX2 flag.
    #[must_use]
    pub fn flag(self) -> i16 {
        match self {
            Self::Deleted => 0,
            Self::Current => 1,
            Self::Superseded => 2,
        }
    }
}

/// Which version of which thing a unit is. Two units of one provider with the same `key` are versions of one thing; the
/// one with the greatest `time` is the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitVersion {
    /// The logical key; holds patient numbers, so it is hashed with a key before it is stored.
    pub key: Identifying<String>,
    /// Sorts as text.
    pub time: CompactString,
    /// What the source says.
    pub state: VersionState,
}

/// One unit, mapped.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedUnit {
    /// Who it speaks of.
    pub demographics: Demographics,
    /// Its facts, in the order of its bytes. Empty when a finding is an error.
    pub facts: Vec<Fact>,
    /// What was wrong. An error quarantines the unit.
    pub findings: Vec<Finding>,
    /// The records the mapper has accounted for; equal to [`UnitSlice::records`], or it is a defect of ours.
    pub records: RecordCounts,
    /// Its version, when the format has versions.
    pub version: Option<UnitVersion>,
    /// Editions of the masters that were used.
    pub master_version: CompactString,
}

impl MappedUnit {
    /// Must the unit be quarantined?
    #[must_use]
    pub fn is_unsound(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }
}

/// A format's mapper.
pub trait Mapper: Sync {
    /// Name and version, e.g. `uke-medical/1`. Rises whenever the same bytes would give other facts.
    fn version(&self) -> &str;

    /// Does a document look like this format? Asked with content and path, when nobody said what a file is; formats
    /// are asked in the order of [`FeedKind::ALL`], so it may only say yes when it is sure.
    fn recognises(&self, document: &Document<'_>) -> bool {
        let _ = document;
        false
    }

    /// The bytes of a unit as its facts count them. A unit of a zip package is packed: it stands in the document from
    /// its local file header on, and the range of a fact is counted in the unpacked bytes, from the unit's start.
    /// Every other unit is given back as it is.
    fn open<'u>(&self, unit: &'u [u8]) -> Cow<'u, [u8]> {
        Cow::Borrowed(unit)
    }

    /// Cuts a document into units.
    fn split(&self, document: &Document<'_>) -> Split;

    /// Maps one unit of a document that was cut by [`Mapper::split`].
    fn map(
        &self,
        document: &Document<'_>,
        split: &Split,
        unit: &UnitSlice,
        masters: &dyn Masters,
    ) -> MappedUnit;

    /// Shows the bytes of a record as text, for a trace. `bytes` is one record of this format.
    fn show(&self, bytes: &[u8]) -> String;
}

/// The mapper of a kind of feed. `interface` is the feed's interface version; only [`FeedKind::Table`] asks for it, and
/// has no mapper (`None`) when `interfaces` has no interface of that name.
#[must_use]
pub fn mapper_for(
    kind: FeedKind,
    interface: &str,
    interfaces: &table::Interfaces,
) -> Option<Arc<dyn Mapper>> {
    Some(match kind {
        FeedKind::ReceiptMedical => Arc::new(uke::UkeMedical),
        FeedKind::SsMix2Standard => Arc::new(ssmix2::SsMix2),
        FeedKind::SsMix2Extended => Arc::new(ssmix2::Extended),
        FeedKind::SsMix2Transaction => Arc::new(ssmix2::Transaction),
        FeedKind::Hl7V2 => Arc::new(ssmix2::PlainHl7),
        FeedKind::ReceiptDpc => Arc::new(receipt::Receipts::DPC),
        FeedKind::ReceiptDental => Arc::new(receipt::Receipts::DENTAL),
        FeedKind::ReceiptDispensing => Arc::new(receipt::Receipts::DISPENSING),
        FeedKind::ReceiptNursing => Arc::new(receipt::Receipts::NURSING),
        FeedKind::DpcForm1 => Arc::new(dpc::Form1),
        FeedKind::DpcEf => Arc::new(dpc::Ef),
        FeedKind::CheckupCda => Arc::new(cda::Checkup),
        FeedKind::ClinicalCda => Arc::new(cda::Clinical),
        FeedKind::CareClaim => Arc::new(care::Claim),
        FeedKind::CareCertification => Arc::new(care::Certification),
        FeedKind::CareLife => Arc::new(care::Life),
        FeedKind::CarePlan => Arc::new(care::Plan),
        FeedKind::MedicationNotebook => Arc::new(qr::Notebook),
        FeedKind::PrescriptionQr => Arc::new(qr::Prescription),
        FeedKind::Table => Arc::new(table::Table::new(interfaces.get(interface)?)),
    })
}

/// Which format a document is, by what is in it and where it stands; for a table also which interface. `None`: nobody
/// knows it.
#[must_use]
pub fn recognise(document: &Document<'_>, interfaces: &table::Interfaces) -> Option<(FeedKind, String)> {
    let plain = FeedKind::ALL.iter().copied().filter(|k| *k != FeedKind::Table).find_map(|kind| {
        let mapper = mapper_for(kind, "", interfaces)?;
        mapper.recognises(document).then(|| (kind, String::new()))
    });
    plain.or_else(|| {
        interfaces.iter().find_map(|interface| {
            let name = interface.name().to_owned();
            table::Table::new(interface).recognises(document).then_some((FeedKind::Table, name))
        })
    })
}

/// The rules of all formats.
#[must_use]
pub fn rules() -> Vec<&'static musubi_model::Rule> {
    let mut all = Vec::new();
    for rules in [
        uke::rules(),
        ssmix2::rules(),
        receipt::rules(),
        dpc::rules(),
        cda::rules(),
        table::rules(),
        care::rules(),
        qr::rules(),
        leak::rules(),
        lookup::rules(),
        notes::rules(),
    ] {
        all.extend_from_slice(rules);
    }
    all
}
