//! A proof that one entry is in the log (包含証明): the entry, the way up the tree, and the signed checkpoint at its top. Who
//! has it needs neither the log nor the house's machines.

use std::fmt::Write as _;

use crate::damage::Damage;
use crate::entry::Entry;
use crate::hash::Hash;
use crate::note::{Note, PublicKey};
use crate::tree::is_included;

const HEADER: &str = "musubi-audit-inclusion/1";

/// The text of a proof. `None`: a text of the entry holds a sign that separates.
#[must_use]
pub fn text(entry: &Entry<'_>, path: &[Hash], note: &Note) -> Option<String> {
    let mut text = format!("{HEADER}\n{}\n", entry.line()?);
    for hash in path {
        let _infallible = writeln!(text, "{hash}");
    }
    let _infallible = write!(text, "\n{}", note.text());
    Some(text)
}

/// Checks a proof's text; the place of the proven entry and the size of the log it is in.
pub fn check(text: &str, house: &PublicKey) -> Result<(u64, u64), Damage> {
    let (head, rest) = text.split_once("\n\n").ok_or(Damage::Unreadable)?;
    let note = Note::from_text(rest).ok_or(Damage::Unreadable)?;
    let mut lines = head.split('\n');
    if lines.next() != Some(HEADER) {
        return Err(Damage::Unreadable);
    }
    let entry = lines.next().and_then(Entry::from_line).ok_or(Damage::Unreadable)?;
    let path: Option<Vec<Hash>> = lines.map(Hash::from_hex).collect();
    let path = path.ok_or(Damage::Unreadable)?;
    note.check(house)?;
    let hashes = entry.hashes(&mut Vec::new());
    if !entry.fits(&hashes) {
        return Err(Damage::Changed);
    }
    let (size, index) = (note.checkpoint.size, entry.seq.checked_sub(1).ok_or(Damage::Unreadable)?);
    if is_included(hashes.leaf, index, size, &note.checkpoint.root, &path) {
        Ok((entry.seq, size))
    } else {
        Err(Damage::BadProof)
    }
}
