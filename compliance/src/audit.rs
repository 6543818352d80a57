//! The audit log (監査証跡): who did what, to what, for what, with what result; each entry carries the hash of the one before,
//! all stand in one Merkle tree, and its root is signed.
//!
//! What an entry's bytes are and what is wrong with a log is decided in the room `audit-log`, which knows none of the
//! others. Here stand the words ([`AuditAction`] …), appending, and the tree over the stored entries ([`tree`]). An entry
//! must never hold a personal value: its object is typed, and only ids and hashes fit into it.

#[macro_use]
mod words;
mod purpose;
pub mod tree;

use jiff::Timestamp;
pub use musubi_audit_log::damage::{Damage, Finding};
use musubi_audit_log::entry::{BEGINNING, Entry, Format};
use musubi_audit_log::verify::Verifier;
use musubi_storage::StorageError;
use musubi_storage::compliance::{AuditRow, AuditTail, Audited};
pub use purpose::{ObjectClass, Purpose, class, purpose};
pub use words::{AuditAction, AuditObject, AuditPurpose, AuditResult, AuditRole, Name};

/// Entries read at a time.
const PAGE: u32 = 5_000;

/// One entry to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When; kept to the microsecond.
    pub at: Timestamp,
    /// Which account.
    pub actor: Name,
    /// In which role.
    pub role: AuditRole,
    /// What.
    pub action: AuditAction,
    /// To what.
    pub object: AuditObject,
    /// How many persons it touched; 0 where persons are not meant.
    pub persons: u64,
    /// How it ended.
    pub result: AuditResult,
}

impl AuditEntry {
    /// The row of this entry after the given end of the chain.
    fn after(&self, tail: Option<&AuditTail>) -> AuditRow {
        let mut row = AuditRow {
            seq: tail.map_or(0, |t| t.seq) + 1,
            at: format!("{:.6}", self.at),
            actor: self.actor.to_string(),
            role: self.role.as_str().to_owned(),
            action: self.action.as_str().to_owned(),
            object: self.object.to_string(),
            persons: self.persons,
            result: self.result.to_string(),
            format: Format::Two as i16,
            purpose: purpose(self.action, &self.object).to_owned(),
            object_class: class(&self.object).as_str().to_owned(),
            previous: tail.map_or_else(|| BEGINNING.to_owned(), |t| t.hash.clone()),
            hash: String::new(),
        };
        row.hash = with_format(&row, Format::Two).hashes(&mut Vec::with_capacity(512)).chained.to_string();
        row
    }
}

/// A stored row as an entry of the log. `None`: its format is none that ever was.
#[must_use]
pub fn entry_of(row: &AuditRow) -> Option<Entry<'_>> {
    Format::from_number(row.format.into()).map(|format| with_format(row, format))
}

fn with_format(row: &AuditRow, format: Format) -> Entry<'_> {
    Entry {
        seq: row.seq,
        format,
        at: &row.at,
        actor: &row.actor,
        role: &row.role,
        action: &row.action,
        object: &row.object,
        persons: row.persons,
        result: &row.result,
        purpose: &row.purpose,
        class: &row.object_class,
        previous: &row.previous,
        hash: &row.hash,
    }
}

/// Appends an entry and returns its place and hash.
pub fn append(db: &mut impl Audited, entry: &AuditEntry) -> Result<Checkpoint, StorageError> {
    append_many(db, std::slice::from_ref(entry))?
        .ok_or_else(|| StorageError::Damaged("an audit entry was not written".into()))
}

/// Appends entries in their order, all or none, and returns the place and hash of the last.
pub fn append_many(
    db: &mut impl Audited,
    entries: &[AuditEntry],
) -> Result<Option<Checkpoint>, StorageError> {
    let rows = db.append_audit(&mut |tail| {
        let mut rows: Vec<AuditRow> = Vec::with_capacity(entries.len());
        let mut end = tail.cloned();
        for entry in entries {
            let row = entry.after(end.as_ref());
            end = Some(AuditTail { seq: row.seq, hash: row.hash.clone() });
            rows.push(row);
        }
        rows
    })?;
    Ok(rows.into_iter().next_back().map(|row| Checkpoint { seq: row.seq, hash: row.hash }))
}

/// A place in the chain and its hash, to be kept where the operator's machines cannot reach. What is signed and witnessed
/// is the checkpoint of [`tree`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Checkpoint {
    /// Place of the entry.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

/// The end of the chain now; `None` when nothing was written yet.
pub fn checkpoint(db: &mut impl Audited) -> Result<Option<Checkpoint>, StorageError> {
    Ok(db.audit_tail()?.map(|t| Checkpoint { seq: t.seq, hash: t.hash }))
}

/// What a verification of the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// Entries that hold, from the first.
    pub verified: u64,
    /// The first place that does not hold, and why. `None`: the chain holds.
    pub broken: Option<(u64, Damage)>,
}

/// Checks a chain entry by entry. Feed it all entries in the order of their places, then [`ChainCheck::finish`].
#[derive(Debug)]
pub struct ChainCheck<'a> {
    against: Option<&'a Checkpoint>,
    verifier: Verifier<'static>,
    other: bool,
}

impl<'a> ChainCheck<'a> {
    /// A check from the beginning, against a place kept elsewhere when there is one.
    #[must_use]
    pub fn new(against: Option<&'a Checkpoint>) -> Self {
        Self { against, verifier: Verifier::new(None, Vec::new()), other: false }
    }

    /// Takes the next entry.
    pub fn take(&mut self, row: &AuditRow) {
        feed(&mut self.verifier, row);
        self.other |= self
            .against
            .is_some_and(|c| c.seq == self.verifier.size() && c.seq == row.seq && c.hash != row.hash);
    }

    /// The report, when no entry is left.
    #[must_use]
    pub fn finish(self) -> ChainReport {
        let found = self.verifier.finish(false);
        let mut broken = found.first.map(|f| (f.place, f.what));
        if let Some(kept) = self.against {
            if self.other && broken.is_none_or(|(place, _)| place > kept.seq) {
                broken = Some((kept.seq, Damage::Rewritten));
            } else if kept.seq > found.entries {
                broken.get_or_insert((found.entries + 1, Damage::Truncated));
            }
        }
        ChainReport { verified: found.entries, broken }
    }
}

/// Gives a verification the next stored row.
fn feed(verifier: &mut Verifier<'_>, row: &AuditRow) {
    match entry_of(row) {
        Some(entry) => verifier.entry(&entry),
        None => verifier.wrong(Finding::at(Damage::Changed, verifier.size() + 1)),
    }
}

/// Reads all entries from the first on, in pages.
fn all_rows(db: &mut impl Audited, mut each: impl FnMut(&AuditRow)) -> Result<(), StorageError> {
    let mut seq = 0;
    loop {
        let rows = db.audit_after(seq, PAGE)?;
        rows.iter().for_each(&mut each);
        let Some(last) = rows.last() else { return Ok(()) };
        seq = last.seq;
    }
}

/// Verifies the whole chain from entry one, against a place kept elsewhere when there is one.
///
/// # Errors
/// Only when the chain cannot be read. A broken chain is a report.
pub fn verify_chain(
    db: &mut impl Audited,
    against: Option<&Checkpoint>,
) -> Result<ChainReport, StorageError> {
    let mut check = ChainCheck::new(against);
    all_rows(db, |row| check.take(row))?;
    Ok(check.finish())
}

#[cfg(test)]
mod tests;
