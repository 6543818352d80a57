//! Receipts (受領の確認と記録) and the provider's provision record (提供記録): law R-RCV-01, R-RCV-02; checks C-013, C-014.
//!
//! The load counts and writes; a person other than the load's account confirms. Persons are named in the sealed list
//! only, never in what this module says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use musubi_model::manifest::Provider;
use musubi_model::{DocumentHash, ProviderId, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::act::receipt::{ConfirmationRow, ProvisionRow, ReceiptRow, StoredCount};
use musubi_storage::ingest::{Load, read_records};
use musubi_storage::registry::ActDb;

use crate::book::{self, BookEntry, BookEvent, japanese_day};

/// What a load counted of one provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptDraft {
    /// Records by kind.
    pub items: BTreeMap<String, u64>,
    /// Persons taken in.
    pub persons: u64,
    /// Units in quarantine.
    pub quarantined: u64,
    /// Hashes of the files.
    pub files: Vec<DocumentHash>,
}

impl ReceiptDraft {
    /// The kinds with their counts, as kept: `SI:12 SY:3`.
    #[must_use]
    pub fn items_text(&self) -> String {
        items_text(&self.items)
    }
}

fn items_text(items: &BTreeMap<String, u64>) -> String {
    let words: Vec<String> =
        items.iter().filter(|(_, n)| **n > 0).map(|(kind, n)| format!("{kind}:{n}")).collect();
    words.join(" ")
}

/// BLAKE3 over the sorted hashes of all files: the order in which they were listed does not matter.
#[must_use]
pub fn files_root(files: &[DocumentHash]) -> String {
    let mut sorted: Vec<&DocumentHash> = files.iter().collect();
    sorted.sort();
    let mut hasher = blake3::Hasher::new_derive_key("musubi 2026 files of a receipt/1");
    for file in sorted {
        hasher.update(file.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The id of the key under which the list of persons of a receipt is sealed.
#[must_use]
pub fn persons_key(submission: &SubmissionId, provider: &ProviderId) -> [u8; 16] {
    let mut id = [0u8; 16];
    blake3::Hasher::new_derive_key("musubi 2026 persons of a receipt/1")
        .update(submission.as_bytes())
        .update(provider.as_str().as_bytes())
        .finalize_xof()
        .fill(&mut id);
    id
}

/// The context under which a part of the list is sealed.
#[must_use]
pub fn persons_context(key: &[u8; 16], part: u32) -> Vec<u8> {
    [b"receipt-persons/1".as_slice(), key, &part.to_be_bytes()].concat()
}

/// Writes the receipt records of a delivery and books them, inside the load. To be called last before the commit.
///
/// # Errors
/// [`StorageError::Refused`] when a provider has no agreement: then nothing is loaded.
pub fn write(
    load: &mut Load<'_>,
    submission: SubmissionId,
    job: &str,
    drafts: &BTreeMap<ProviderId, ReceiptDraft>,
) -> Result<(), StorageError> {
    let received_at = load.received_at()?;
    let known: BTreeMap<ProviderId, Provider> =
        load.providers()?.into_iter().map(|p| (p.id.clone(), p)).collect();
    for (id, draft) in drafts {
        let provider =
            known.get(id).ok_or_else(|| StorageError::Refused(format!("provider {id} has no agreement")))?;
        let records = draft.items.values().sum();
        load.receipt(&ReceiptRow {
            submission,
            provider: provider.clone(),
            received_at,
            items: draft.items_text(),
            persons: draft.persons,
            records,
            files: u64::try_from(draft.files.len()).unwrap_or(u64::MAX),
            quarantined: draft.quarantined,
            files_root: files_root(&draft.files),
            key_id: persons_key(&submission, id),
            job: job.to_owned(),
        })?;
        book::append(
            load,
            &BookEntry {
                at: received_at,
                event: BookEvent::Receipt,
                counterparty: id.to_string(),
                items: draft.items_text(),
                persons: draft.persons,
                records,
                reference: format!("submission:{submission}:{id}"),
            },
        )?;
    }
    Ok(())
}

/// Why a receipt cannot be confirmed (check C-013).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotConfirmed {
    /// The account that ran the load confirms its own work.
    #[error("whoever ran the load ({0}) does not confirm its receipt")]
    OwnWork(String),
    /// Something the Act asks for is not known of the provider.
    #[error("not known of the provider: {}", .0.join(", "))]
    Incomplete(Vec<&'static str>),
    /// The hashes of the files are not those of the delivery.
    #[error("the files are not those that were received")]
    OtherFiles,
}

/// The fields the Act asks for that are empty.
#[must_use]
pub fn missing(provider: &Provider, media_serial: &str) -> Vec<&'static str> {
    let s = &provider.standing;
    let mut missing: Vec<&'static str> = [
        ("name", provider.name.as_str()),
        ("address", &s.address),
        ("representative", &s.representative),
        ("acquisition", &s.acquisition),
        ("filing", &s.filing),
    ]
    .into_iter()
    .filter(|(_, value)| value.trim().is_empty())
    .map(|(name, _)| name)
    .collect();
    if !matches!(s.method.as_str(), "line" | "media" | "api") {
        missing.push("method");
    }
    if s.method == "media" && media_serial.trim().is_empty() {
        missing.push("media-serial");
    }
    missing
}

/// What a confirmation says: of every field what the record holds, or, where it holds nothing, what is agreed by now.
///
/// # Errors
/// [`NotConfirmed`] says why not.
pub fn confirmation(
    receipt: &ReceiptRow,
    agreed: &Provider,
    files: &[DocumentHash],
    by: &str,
    media_serial: &str,
    at: Timestamp,
) -> Result<ConfirmationRow, NotConfirmed> {
    if by.trim().eq_ignore_ascii_case(receipt.job.trim()) {
        return Err(NotConfirmed::OwnWork(receipt.job.clone()));
    }
    if files_root(files) != receipt.files_root {
        return Err(NotConfirmed::OtherFiles);
    }
    let mut provider = receipt.provider.clone();
    let later = &agreed.standing;
    let s = &mut provider.standing;
    for (field, value) in [
        (&mut s.address, &later.address),
        (&mut s.representative, &later.representative),
        (&mut s.acquisition, &later.acquisition),
        (&mut s.filing, &later.filing),
        (&mut s.method, &later.method),
    ] {
        if field.trim().is_empty() {
            field.clone_from(value);
        }
    }
    let missing = missing(&provider, media_serial);
    if !missing.is_empty() {
        return Err(NotConfirmed::Incomplete(missing));
    }
    Ok(ConfirmationRow { at, by: by.to_owned(), provider, media_serial: media_serial.to_owned() })
}

/// The provider's record of one delivery, as it is handed to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvisionRecord {
    /// The receipt it mirrors.
    pub receipt: ReceiptRow,
    /// Who received: the certified operator.
    pub operator: String,
    /// Persons, counted anew from what was stored.
    pub persons: u64,
    /// Records by kind, counted anew.
    pub items: BTreeMap<String, u64>,
}

impl ProvisionRecord {
    /// Made from a second count of the stored units, which shares nothing with the load's own counting.
    #[must_use]
    pub fn new(receipt: ReceiptRow, operator: &str, stored: &StoredCount) -> Self {
        let mut items: BTreeMap<String, u64> = BTreeMap::new();
        for text in &stored.items {
            for (kind, n) in read_records(text) {
                *items.entry(kind.to_owned()).or_default() += n;
            }
        }
        Self { receipt, operator: operator.to_owned(), persons: stored.persons, items }
    }

    /// Where it differs from our receipt record (check C-014): what, theirs, ours. Empty: the records agree.
    #[must_use]
    pub fn differences(&self) -> Vec<(String, u64, u64)> {
        differences(
            (self.persons, &self.items),
            (self.receipt.persons, &owned(read_records(&self.receipt.items))),
        )
    }

    /// As CSV for the provider: UTF-8 with a byte order mark.
    #[must_use]
    pub fn csv(&self) -> String {
        let r = &self.receipt;
        let mut out = String::from("\u{feff}");
        out.push_str(&crate::csv::line(&["項目", "値"]));
        for (name, value) in [
            ("提供年月日", japanese_day(r.received_at).to_string()),
            ("提供先(認定作成事業者)", self.operator.clone()),
            ("提供元", format!("{} {}", r.provider.id, r.provider.name)),
            ("受領番号", r.submission.to_string()),
            ("本人の数", self.persons.to_string()),
            ("本人を特定する事項", "提出した文書による(ハッシュの集約を次に示す)".to_owned()),
            ("文書の集約ハッシュ", r.files_root.clone()),
        ] {
            out.push_str(&crate::csv::line(&[name, &value]));
        }
        for (kind, n) in &self.items {
            out.push_str(&crate::csv::line(&[format!("記録 {kind}"), n.to_string()]));
        }
        out
    }

    /// Our mirror of it.
    #[must_use]
    pub fn mirror(&self, made_at: Timestamp) -> ProvisionRow {
        ProvisionRow {
            submission: self.receipt.submission,
            provider: self.receipt.provider.id.clone(),
            provided_on: japanese_day(self.receipt.received_at),
            operator: self.operator.clone(),
            items: items_text(&self.items),
            persons: self.persons,
            made_at,
            content_hash: blake3::hash(self.csv().as_bytes()).to_hex().to_string(),
            agrees: self.differences().is_empty(),
        }
    }
}

fn owned(items: BTreeMap<&str, u64>) -> BTreeMap<String, u64> {
    items.into_iter().map(|(kind, n)| (kind.to_owned(), n)).collect()
}

fn differences(
    theirs: (u64, &BTreeMap<String, u64>),
    ours: (u64, &BTreeMap<String, u64>),
) -> Vec<(String, u64, u64)> {
    let mut all: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    all.insert("persons", (theirs.0, ours.0));
    for (kind, n) in theirs.1 {
        all.entry(kind).or_default().0 = *n;
    }
    for (kind, n) in ours.1 {
        all.entry(kind).or_default().1 = *n;
    }
    all.into_iter().filter(|(_, (a, b))| a != b).map(|(kind, (a, b))| (kind.to_owned(), a, b)).collect()
}

/// Compares a record that a provider keeps itself (CSV as in [`ProvisionRecord::csv`]) with our receipt.
///
/// # Errors
/// Words that say why the file is no such record: then nothing agrees.
pub fn compare(theirs: &str, ours: &ReceiptRow) -> Result<Vec<(String, u64, u64)>, String> {
    let (mut persons, mut items) = (None, BTreeMap::new());
    for row in crate::csv::rows(theirs.trim_start_matches('\u{feff}')).skip(1) {
        let fields = row.fields.map_err(|_| format!("line {} cannot be read", row.line))?;
        let [name, value] = fields.as_slice() else { return Err(format!("line {}: two columns", row.line)) };
        if name == "受領番号" && *value != ours.submission.to_string() {
            return Err("another delivery".to_owned());
        }
        let kind = if name == "本人の数" { Some("") } else { name.strip_prefix("記録 ") };
        let Some(kind) = kind else { continue };
        let n: u64 = value.parse().map_err(|_| format!("line {}: not a count", row.line))?;
        if kind.is_empty() {
            persons = Some(n);
        } else {
            items.insert(kind.to_owned(), n);
        }
    }
    let persons = persons.ok_or("it does not say how many persons")?;
    Ok(differences((persons, &items), (ours.persons, &owned(read_records(&ours.items)))))
}

/// What is wrong with receipts and provision records as they stand (checks C-013, C-014), one line each.
pub fn problems(db: &mut ActDb) -> Result<Vec<String>, StorageError> {
    let mut found: Vec<String> =
        db.deliveries_without_receipt()?.iter().map(|id| format!("C-013 {id}: no receipt record")).collect();
    for (receipt, confirmation) in db.receipts(None)? {
        let what = format!("{}:{}", receipt.submission, receipt.provider.id);
        match confirmation {
            None => found.push(format!("C-013 {what}: not confirmed")),
            Some(c) if c.by.eq_ignore_ascii_case(&receipt.job) => {
                found.push(format!("C-013 {what}: confirmed by the account that ran the load"));
            }
            Some(_) => {}
        }
    }
    for p in db.provisions()?.iter().filter(|p| !p.agrees) {
        found.push(format!("C-014 {}:{}: provision record and receipt differ", p.submission, p.provider));
    }
    Ok(found)
}
