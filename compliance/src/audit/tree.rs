//! The tree over the stored entries: signed checkpoints, proofs, the export, and the verification of everything.
//!
//! Roots of 256, 65 536, … entries are kept as nodes, so that a checkpoint costs what was written since the last one and
//! a proof a few pages. They are a convenience and never believed: a verification makes the root from the entries. A
//! checkpoint is signed only when the log still continues the one before.

use std::io;

use jiff::Timestamp;
use musubi_audit_log::entry::Format;
use musubi_audit_log::export::ExportWriter;
use musubi_audit_log::hash::{Hash, bytes_from_hex, to_hex};
use musubi_audit_log::inclusion;
use musubi_audit_log::note::{
    Bundle, Checkpoint, Consistency, HOUSE, Keys, Note, PublicKey, Signature, origin_of,
};
use musubi_audit_log::tree::{self, Frontier, Nodes};
use musubi_audit_log::verify::{Report, Verifier};
use musubi_model::sign::{CHECKPOINT, SecretKey};
use musubi_storage::StorageError;
use musubi_storage::act::audit_log::{CheckpointRow, WitnessRow};
use musubi_storage::compliance::{AuditRow, Audited as _};
use musubi_storage::registry::ActDb;

use super::{Damage, Finding, all_rows, entry_of, feed};

/// Levels of the tree from one kept level to the next: 2⁸ = 256 nodes make one.
const STEP: u32 = 8;
/// Nodes of a kept level that make one of the next.
const FAN: u32 = 1 << STEP;

/// Why the log could not be signed, proven or written out.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Nothing has been written yet.
    #[error("the audit log is empty")]
    Empty,
    /// The log no longer continues its last checkpoint: it must not be signed.
    #[error("the audit log does not continue its checkpoint of {0} entries")]
    Discontinued(u64),
    /// The kept nodes of the tree are not those of the entries.
    #[error("the kept nodes of the tree are not those of the entries")]
    Nodes,
    /// A stored checkpoint or signature is not this house's, or does not hold.
    #[error("a stored checkpoint does not hold: {0}")]
    Checkpoint(Damage),
    /// There is no such entry, or no checkpoint over it yet.
    #[error("entry {0} is not under a checkpoint")]
    NotCovered(u64),
    /// The export cannot be written.
    #[error("the export cannot be written")]
    Write(#[from] io::Error),
}

impl LogError {
    /// What it means, for people.
    #[must_use]
    pub fn ja(&self) -> String {
        match self {
            Self::Storage(e) => format!("台帳を読めません: {e}"),
            Self::Empty => "証跡にはまだ記録がありません".to_owned(),
            Self::Discontinued(size) => format!("証跡が {size} 件目までの控えの続きになっていません"),
            Self::Nodes => "保存された木の節が記録と一致しません".to_owned(),
            Self::Checkpoint(damage) => format!("控えが成り立ちません: {}({damage})", damage.ja()),
            Self::NotCovered(seq) => format!("{seq} 番目の記録を含む控えがありません"),
            Self::Write(e) => format!("書き出せません: {e}"),
        }
    }

    /// Is something wrong with the log itself, and not with the store or the question?
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Discontinued(_) | Self::Nodes | Self::Checkpoint(_))
    }
}

/// The public half of the house's key, as the log writes it.
#[must_use]
pub fn house_key(key: &SecretKey) -> PublicKey {
    public_key(&key.public())
}

/// A public key as the log writes it.
#[must_use]
pub fn public_key(key: &musubi_model::sign::PublicKey) -> PublicKey {
    // A public key is written as 64 digits; the bytes are the same.
    PublicKey(bytes_from_hex(&key.to_string()).unwrap_or_default())
}

/// The stored nodes; reads a run of 256 at a time.
struct Stored<'a> {
    db: &'a mut ActDb,
    page: Option<(u32, u64, Vec<Hash>)>,
}

impl<'a> Stored<'a> {
    fn new(db: &'a mut ActDb) -> Self {
        Self { db, page: None }
    }

    /// Nodes `place * 256` to `place * 256 + 256` of a kept level, or of the leaves; at the right edge fewer.
    fn run(&mut self, level: u32, place: u64) -> Result<&[Hash], StorageError> {
        if !matches!(&self.page, Some((l, p, _)) if (*l, *p) == (level, place)) {
            let from = place * u64::from(FAN);
            let hashes = if level == 0 {
                leaves(&self.db.audit_after(from, FAN)?, from)?
            } else {
                let nodes = self.db.audit_nodes(stored_level(level), from, FAN)?;
                nodes.iter().map(|n| Hash::from_slice(n).ok_or_else(missing)).collect::<Result<_, _>>()?
            };
            self.page = Some((level, place, hashes));
        }
        Ok(self.page.as_ref().map_or(&[], |(_, _, hashes)| hashes))
    }
}

impl Nodes for Stored<'_> {
    type Error = StorageError;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, StorageError> {
        let kept = level - level % STEP;
        let width = 1u64 << (level - kept);
        let from = index * width;
        let run = self.run(kept, from / u64::from(FAN))?;
        let at = usize::try_from(from % u64::from(FAN)).map_err(|_| missing())?;
        let width = usize::try_from(width).map_err(|_| missing())?;
        Ok(over(run.get(at..at + width).ok_or_else(missing)?))
    }
}

fn missing() -> StorageError {
    StorageError::Damaged("nodes or entries of the audit log are missing".into())
}

fn stored_level(level: u32) -> i16 {
    i16::try_from(level).unwrap_or(i16::MAX)
}

fn over(hashes: &[Hash]) -> Hash {
    let mut edge = Frontier::new();
    hashes.iter().for_each(|h| edge.push(*h));
    edge.root()
}

/// The leaves of rows that must follow place `from` without gap. An entry of the new format carries its leaf as its hash.
fn leaves(rows: &[AuditRow], from: u64) -> Result<Vec<Hash>, StorageError> {
    let mut scratch = Vec::new();
    (from + 1..)
        .zip(rows)
        .map(|(seq, row)| {
            let entry = entry_of(row).filter(|e| e.seq == seq).ok_or_else(missing)?;
            match entry.format {
                Format::Two => Hash::from_hex(entry.hash).ok_or_else(missing),
                Format::One => Ok(entry.hashes(&mut scratch).leaf),
            }
        })
        .collect()
}

/// Makes the nodes that are complete by now and not kept yet.
fn grow(db: &mut ActDb, size: u64) -> Result<(), StorageError> {
    let mut level = 0;
    let mut complete = size / u64::from(FAN);
    while complete > 0 {
        let above = level + STEP;
        let mut place = db.audit_nodes_kept(stored_level(above))?;
        while place < complete {
            let until = complete.min(place + u64::from(FAN));
            let mut stored = Stored::new(db);
            let made = (place..until)
                .map(|p| match stored.run(level, p)? {
                    run if run.len() == FAN as usize => Ok(over(run).as_bytes().to_vec()),
                    _ => Err(missing()),
                })
                .collect::<Result<Vec<_>, StorageError>>()?;
            db.keep_audit_nodes(stored_level(above), place, &made)?;
            place = until;
        }
        (level, complete) = (above, complete / u64::from(FAN));
    }
    Ok(())
}

fn note_of(row: &CheckpointRow) -> Option<Note> {
    let read = |signer: &str, key: &str, bytes: &str| {
        Some(Signature {
            signer: signer.to_owned(),
            key: PublicKey::from_hex(key)?,
            bytes: bytes_from_hex(bytes)?,
        })
    };
    let checkpoint = Checkpoint {
        origin: row.origin.clone(),
        size: row.size,
        root: Hash::from_hex(&row.root)?,
        at: row.at.clone(),
    };
    let witnesses = row.witnesses.iter().map(|(name, w)| read(name, &w.key, &w.signature));
    let signatures = std::iter::once(read(HOUSE, &row.key, &row.signature)).chain(witnesses);
    Some(Note { checkpoint, signatures: signatures.collect::<Option<_>>()? })
}

/// All stored checkpoints, smallest first. One that cannot be read is damage.
pub fn checkpoints(db: &mut ActDb) -> Result<Vec<Note>, LogError> {
    let rows = db.checkpoints()?;
    rows.iter().map(|row| note_of(row).ok_or(LogError::Checkpoint(Damage::Unreadable))).collect()
}

/// Signs the log as it is now. When nothing came since the newest checkpoint, that one is given back.
pub fn sign(db: &mut ActDb, key: &SecretKey, at: Timestamp) -> Result<Note, LogError> {
    let house = house_key(key);
    // The checkpoint before the end: whoever signs in between must not make the log look shorter than its checkpoint.
    let newest = checkpoints(db)?.pop();
    let size = db.audit_tail()?.map_or(0, |t| t.seq);
    if let Some(note) = &newest {
        note.check(&house).map_err(LogError::Checkpoint)?;
        let before = &note.checkpoint;
        if before.size > size {
            return Err(LogError::Discontinued(before.size));
        }
    }
    if size == 0 {
        return Err(LogError::Empty);
    }
    grow(db, size)?;
    let mut stored = Stored::new(db);
    if let Some(note) = newest {
        let before = &note.checkpoint;
        if tree::root(&mut stored, before.size)? != before.root {
            return Err(LogError::Discontinued(before.size));
        }
        if before.size == size {
            return Ok(note);
        }
    }
    let root = tree::root(&mut stored, size)?;
    let checkpoint = Checkpoint { origin: origin_of(&house), size, root, at: format!("{at:.0}") };
    let signature = key.sign(CHECKPOINT, checkpoint.body().as_bytes());
    let bytes = bytes_from_hex(&signature.to_string()).ok_or(LogError::Checkpoint(Damage::BadSignature))?;
    let signatures = vec![Signature { signer: HOUSE.to_owned(), key: house, bytes }];
    let note = Note { checkpoint, signatures };
    note.check(&house).map_err(LogError::Checkpoint)?;
    let c = &note.checkpoint;
    let row = CheckpointRow {
        size,
        origin: c.origin.clone(),
        root: c.root.to_string(),
        at: c.at.clone(),
        key: house.to_hex(),
        signature: to_hex(&bytes),
        witnesses: std::collections::BTreeMap::new(),
    };
    if db.keep_checkpoint(&row)? {
        return Ok(note);
    }
    // Somebody signed the same size in the same moment: that one counts.
    checkpoints(db)?
        .into_iter()
        .find(|n| n.checkpoint.size == size && n.checkpoint.root == root)
        .ok_or(LogError::Discontinued(size))
}

/// A checkpoint and the proofs from these earlier sizes to it.
pub fn bundle(db: &mut ActDb, note: Note, from: &[u64]) -> Result<Bundle, LogError> {
    let to = note.checkpoint.size;
    let mut sizes: Vec<u64> = from.iter().copied().filter(|s| *s > 0 && *s < to).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut stored = Stored::new(db);
    let mut proofs = Vec::new();
    for from in sizes {
        if let Some(path) = tree::consistency(&mut stored, from, to)? {
            proofs.push(Consistency { from, to, path });
        }
    }
    Ok(Bundle { note, proofs })
}

/// Takes witnesses' signatures back in, of keys that are known; how many were new.
pub fn accept(db: &mut ActDb, note: &Note, keys: &Keys, at: Timestamp) -> Result<usize, LogError> {
    note.check(&keys.house).map_err(LogError::Checkpoint)?;
    let known = checkpoints(db)?.into_iter().any(|n| n.checkpoint == note.checkpoint);
    if !known {
        return Err(LogError::Checkpoint(Damage::Forked));
    }
    let mut new = 0;
    for s in note.signatures.iter().filter(|s| s.signer != HOUSE) {
        if !keys.witnesses.contains(&s.key) {
            return Err(LogError::Checkpoint(Damage::WrongKey));
        }
        let row = WitnessRow { key: s.key.to_hex(), signature: to_hex(&s.bytes) };
        new += usize::from(db.keep_witness(note.checkpoint.size, &s.signer, &row, at)?);
    }
    Ok(new)
}

/// The text of the proof that an entry is in the log of the newest checkpoint.
pub fn prove(db: &mut ActDb, seq: u64) -> Result<String, LogError> {
    let note = checkpoints(db)?.pop().ok_or(LogError::NotCovered(seq))?;
    let index = seq.checked_sub(1).ok_or(LogError::NotCovered(seq))?;
    let path = tree::inclusion(&mut Stored::new(db), index, note.checkpoint.size)?;
    let path = path.ok_or(LogError::NotCovered(seq))?;
    let row = db.audit_after(index, 1)?.pop().filter(|r| r.seq == seq).ok_or(LogError::NotCovered(seq))?;
    let entry = entry_of(&row).ok_or_else(missing)?;
    inclusion::text(&entry, &path, &note).ok_or_else(|| missing().into())
}

/// Writes the log up to the newest checkpoint, with all checkpoints in their places.
pub fn export<W: io::Write>(db: &mut ActDb, out: W) -> Result<(W, u64), LogError> {
    let notes = checkpoints(db)?;
    let newest = notes.last().ok_or(LogError::Empty)?.checkpoint.clone();
    let mut writer = ExportWriter::new(out, &newest.origin)?;
    let mut notes = notes.into_iter().peekable();
    let mut done = Ok(());
    all_rows(db, |row| {
        if done.is_err() || row.seq > newest.size {
            return;
        }
        done = (|| {
            let entry = entry_of(row).ok_or_else(missing)?;
            writer.entry(&entry)?;
            while let Some(note) = notes.next_if(|n| n.checkpoint.size <= row.seq) {
                writer.note(&note)?;
            }
            Ok::<_, LogError>(())
        })();
    })?;
    done?;
    Ok((writer.finish()?, newest.size))
}

/// Verifies everything from entry one: content, chain, tree, stored checkpoints with their signatures, and whatever was
/// kept elsewhere. `progress` hears the number of each entry read.
pub fn verify(
    db: &mut ActDb,
    keys: &Keys,
    kept: Vec<Note>,
    mut progress: impl FnMut(u64),
) -> Result<Report, LogError> {
    let notes = checkpoints(db)?;
    let newest = notes.last().map(|n| n.checkpoint.clone());
    let mut notes = notes.into_iter().peekable();
    let mut verifier = Verifier::new(Some(keys), kept);
    all_rows(db, |row| {
        feed(&mut verifier, row);
        while let Some(note) = notes.next_if(|n| n.checkpoint.size <= row.seq) {
            verifier.note(&note);
        }
        progress(row.seq);
    })?;
    if let Some(note) = notes.next() {
        let (place, until) = (verifier.size() + 1, note.checkpoint.size);
        verifier.wrong(Finding { what: Damage::Truncated, place, until });
    }
    let report = verifier.finish(false);
    if let (None, Some(newest)) = (&report.first, newest)
        && tree::root(&mut Stored::new(db), newest.size)? != newest.root
    {
        return Err(LogError::Nodes);
    }
    Ok(report)
}
