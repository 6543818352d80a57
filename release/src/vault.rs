//! The map of a pseudonymised release (対応表): which person and which facts stand behind a pseudonym and its rows, sealed
//! under a data key of its own (R-PSE-06).
//!
//! It is made while a release is sealed and opened only for a source verification that two people agreed to; the store
//! holds it and decides when. This module must never write it anywhere, and anonymised releases never have one.

use std::collections::{BTreeMap, BTreeSet};

use musubi_model::{FactId, ReleasePid};
use musubi_storage::keys::SealKey;
use musubi_storage::release_ledger::{KEY_PART, SealedPart};
use zeroize::Zeroizing;

use crate::error::ReleaseError;
use crate::pseudonym::{PERSON_KEY_BYTES, PersonKey};

/// Rows in one sealed part, about; a person's rows are never parted.
const ROWS_PER_PART: usize = 4_096;
/// The layout, first byte of every part.
const LAYOUT: u8 = 1;

/// The facts behind one row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowSource {
    /// The file, as its place in the map's list of files.
    pub file: u8,
    /// The row: 1 is the first after the header.
    pub row: u32,
    /// A fact it was made from; a row made from several has several of these.
    pub fact: FactId,
}

/// What stands behind one pseudonym.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// The person's key in the cohort.
    pub person: PersonKey,
    /// By how many days the dates were moved.
    pub shift_days: i32,
    /// The facts behind the rows.
    pub rows: Vec<RowSource>,
}

/// A part of the map, or all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PseudonymMap {
    /// Names of files, without ending.
    pub files: Vec<String>,
    /// By pseudonym.
    pub persons: BTreeMap<ReleasePid, Behind>,
}

/// What the wrapping of a map's data key is bound to.
fn key_id(release: &str) -> Vec<u8> {
    [b"musubi pseudonym map/1\0", release.as_bytes()].concat()
}

impl PseudonymMap {
    /// Seals the map for the store: the wrapped data key, then parts in the order of the pseudonyms.
    ///
    /// # Errors
    /// [`ReleaseError::Vault`] for a map that names too many files; the store's for keys.
    pub fn seal(&self, release: &str, kek: &SealKey) -> Result<Vec<SealedPart>, ReleaseError> {
        let key = SealKey::random()?;
        let wrapped = kek.wrap(&key_id(release), &key)?;
        let mut parts = vec![SealedPart { part: KEY_PART, first: None, sealed: wrapped }];
        let mut open: Vec<(&ReleasePid, &Behind)> = Vec::new();
        let mut rows = 0;
        for person in &self.persons {
            rows += person.1.rows.len() + 1;
            open.push(person);
            if rows >= ROWS_PER_PART {
                parts.push(self.seal_part(release, &key, parts.len(), &open)?);
                open.clear();
                rows = 0;
            }
        }
        if !open.is_empty() {
            parts.push(self.seal_part(release, &key, parts.len(), &open)?);
        }
        Ok(parts)
    }

    fn seal_part(
        &self,
        release: &str,
        key: &SealKey,
        place: usize,
        persons: &[(&ReleasePid, &Behind)],
    ) -> Result<SealedPart, ReleaseError> {
        let part = i32::try_from(place).map_err(|_| ReleaseError::Vault("too many persons for one map"))? - 1;
        let plain = self.encode(persons)?;
        let sealed = key.seal(&[release.as_bytes(), &part.to_be_bytes()], &plain)?;
        Ok(SealedPart { part, first: persons.first().map(|(pid, _)| **pid), sealed })
    }

    /// Layout, files (count, then length and name of each); per person: pseudonym, key, shift, number of rows, rows.
    fn encode(&self, persons: &[(&ReleasePid, &Behind)]) -> Result<Zeroizing<Vec<u8>>, ReleaseError> {
        let short =
            |n: usize| u8::try_from(n).map_err(|_| ReleaseError::Vault("too many or too long file names"));
        let mut out = Zeroizing::new(vec![LAYOUT, short(self.files.len())?]);
        for file in &self.files {
            out.push(short(file.len())?);
            out.extend(file.as_bytes());
        }
        for (pid, behind) in persons {
            let rows = u32::try_from(behind.rows.len())
                .map_err(|_| ReleaseError::Vault("too many rows of one person"))?;
            out.extend(pid.as_bytes());
            out.extend(behind.person);
            out.extend(behind.shift_days.to_be_bytes());
            out.extend(rows.to_be_bytes());
            for row in &behind.rows {
                out.push(row.file);
                out.extend(row.row.to_be_bytes());
                out.extend(row.fact.as_bytes());
            }
        }
        Ok(out)
    }

    /// Opens what the store handed out, and keeps of it whom was asked for: others of the same part are forgotten at once.
    ///
    /// # Errors
    /// [`ReleaseError::Vault`] when parts are missing or not what was sealed; the store's when a key does not open.
    pub fn open(
        release: &str,
        kek: &SealKey,
        parts: &[SealedPart],
        asked: &BTreeSet<ReleasePid>,
    ) -> Result<Self, ReleaseError> {
        let wrapped = parts.iter().find(|p| p.part == KEY_PART);
        let wrapped = wrapped.ok_or(ReleaseError::Vault("the key of the map is not there"))?;
        let key = kek.unwrap_key(&key_id(release), &wrapped.sealed)?;
        let mut map = Self::default();
        for part in parts.iter().filter(|p| p.part != KEY_PART) {
            let plain = key.open(&[release.as_bytes(), &part.part.to_be_bytes()], &part.sealed)?;
            let plain = Zeroizing::new(plain);
            map.take(&plain, asked).ok_or(ReleaseError::Vault("a part of the map cannot be read"))?;
        }
        Ok(map)
    }

    fn take(&mut self, plain: &[u8], asked: &BTreeSet<ReleasePid>) -> Option<()> {
        let mut rest = plain;
        let [layout, files] = head::<2>(&mut rest)?;
        if layout != LAYOUT {
            return None;
        }
        self.files.clear();
        for _ in 0..files {
            let [len] = head::<1>(&mut rest)?;
            let (name, after) = rest.split_at_checked(usize::from(len))?;
            self.files.push(std::str::from_utf8(name).ok()?.to_owned());
            rest = after;
        }
        while !rest.is_empty() {
            let pid = ReleasePid(head(&mut rest)?);
            let person = head::<PERSON_KEY_BYTES>(&mut rest)?;
            let shift_days = i32::from_be_bytes(head(&mut rest)?);
            let count = u32::from_be_bytes(head(&mut rest)?);
            let mut rows = Vec::new();
            for _ in 0..count {
                let [file] = head::<1>(&mut rest)?;
                let row = u32::from_be_bytes(head(&mut rest)?);
                rows.push(RowSource { file, row, fact: FactId(head(&mut rest)?) });
            }
            if asked.contains(&pid) {
                self.persons.insert(pid, Behind { person, shift_days, rows });
            }
        }
        Some(())
    }

    /// The facts behind a row of a file, and by how many days their dates were moved. `None`: there is no such person or row.
    #[must_use]
    pub fn behind(&self, pid: &ReleasePid, file: &str, row: u32) -> Option<(i32, Vec<FactId>)> {
        let behind = self.persons.get(pid)?;
        let place = self.files.iter().position(|f| f == file).and_then(|p| u8::try_from(p).ok())?;
        let facts: Vec<FactId> =
            behind.rows.iter().filter(|r| r.file == place && r.row == row).map(|r| r.fact).collect();
        (!facts.is_empty()).then_some((behind.shift_days, facts))
    }
}

fn head<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = from.split_first_chunk::<N>()?;
    *from = rest;
    Some(*head)
}

#[cfg(test)]
#[path = "tests/vault.rs"]
mod tests;
