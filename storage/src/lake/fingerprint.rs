//! The fingerprint of the repository's content: equal for equal sets of facts, however they lie in files.
//!
//! Each fact is hashed by its canonical form and the hashes are added up modulo 2^256, with the count beside. Left out
//! are the bucket and the file, which are placement, and the delivery: of two equal deliveries, which came first must
//! not matter. It shows that two repositories agree; it is no signature against somebody who can choose facts.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use musubi_model::ids::to_hex;
use musubi_model::{DocumentHash, FactTable};
use rayon::prelude::*;

use super::files::{LakeFile, verify};
use super::read::FactRow;
use super::row::{CodedRow, DayRow, Row};
use super::scan::Opened;
use super::schema::ColumnSet;
use crate::error::StorageError;

/// What the first bytes of every canonical form say; a new form is a new word.
const FORM: &[u8] = b"musubi-fact/1";
/// Rows decoded at a time.
const BATCH_ROWS: usize = 8 << 10;

/// The content of a repository in short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RepositoryFingerprint {
    /// Facts, dead ones included.
    pub rows: u64,
    /// Facts of units that are no longer current.
    pub dead: u64,
    /// The sum, least significant word first.
    sum: [u64; 4],
}

impl RepositoryFingerprint {
    /// The fingerprint of both together; the order does not matter.
    #[must_use]
    pub fn plus(mut self, other: Self) -> Self {
        self.rows += other.rows;
        self.dead += other.dead;
        let mut carry = false;
        for (a, b) in self.sum.iter_mut().zip(other.sum) {
            let (sum, first) = a.overflowing_add(b);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*a, carry) = (sum, first || second);
        }
        self
    }

    fn of_one(canonical: &[u8], dead: bool) -> Self {
        let hash = blake3::hash(canonical);
        let mut sum = [0u64; 4];
        for (word, bytes) in sum.iter_mut().zip(hash.as_bytes().as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Self { rows: 1, dead: u64::from(dead), sum }
    }
}

impl fmt::Display for RepositoryFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-", self.rows, self.dead)?;
        self.sum.iter().rev().try_for_each(|word| f.write_str(&to_hex(&word.to_be_bytes())))
    }
}

/// The fingerprint of the facts in `files`, which are first held against their names. `dead`: units (document,
/// ordinal) whose facts are no longer current; it is part of the content whether a fact is current.
pub fn fingerprint(
    folder: &Path,
    files: &[LakeFile],
    dead: &BTreeSet<(DocumentHash, u32)>,
) -> Result<RepositoryFingerprint, StorageError> {
    files.par_iter().try_for_each(|file| verify(folder, file))?;
    let mut groups = Vec::new();
    for file in files {
        let opened = Opened::new(&file.path(folder)?, file.table, false)?;
        groups.extend((0..opened.groups()).map(|group| (file, group)));
    }
    groups
        .into_par_iter()
        .map(|(file, group)| of_group(folder, file, group, dead))
        .try_reduce(RepositoryFingerprint::default, |a, b| Ok(a.plus(b)))
}

fn of_group(
    folder: &Path,
    file: &LakeFile,
    group: usize,
    dead: &BTreeSet<(DocumentHash, u32)>,
) -> Result<RepositoryFingerprint, StorageError> {
    let opened = Opened::new(&file.path(folder)?, file.table, false)?;
    let plan = opened.plan_group(group);
    let mut scan = opened.read(&plan, ColumnSet::ALL, BATCH_ROWS)?;
    let mut total = RepositoryFingerprint::default();
    let mut canonical = Vec::with_capacity(512);
    while let Some(batch) = scan.next()? {
        for index in 0..batch.rows() {
            let row = FactRow::new(&batch, index, file.table).row();
            let is_dead = dead.contains(&(row.document, row.unit));
            canonical.clear();
            write_canonical(&mut canonical, file.table, &row, is_dead);
            total = total.plus(RepositoryFingerprint::of_one(&canonical, is_dead));
        }
        batch.check_asked()?;
    }
    Ok(total)
}

/// The canonical form: every field in a fixed order, texts with their lengths, what is absent told from what is empty.
fn write_canonical(out: &mut Vec<u8>, table: FactTable, row: &Row<'_>, dead: bool) {
    // Named field by field: a new column must be decided on here, or this does not compile.
    let Row {
        fact_id,
        bucket: _,
        identity,
        provider,
        document,
        unit,
        range,
        start,
        start_second,
        end,
        source,
        standard,
        qualifiers,
        status,
        value_text,
        value_number,
        value_comparator,
        value_unit,
        value_range,
        value_flag,
        quantity,
        times,
        group,
        department,
        mapper_version,
        master_version,
        submission: _,
        notice,
    } = *row;
    out.extend_from_slice(FORM);
    text(out, Some(table.as_str()));
    out.push(u8::from(dead));
    out.extend_from_slice(fact_id.as_bytes());
    out.extend_from_slice(identity.as_bytes());
    out.extend_from_slice(document.as_bytes());
    out.extend_from_slice(&unit.to_be_bytes());
    out.extend_from_slice(&range.start.to_be_bytes());
    out.extend_from_slice(&range.len.to_be_bytes());
    out.extend_from_slice(&notice.to_be_bytes());
    day(out, start);
    number(out, start_second);
    day(out, end);
    coded(out, source);
    coded(out, standard);
    for value in [qualifiers, status, value_text, value_comparator, value_unit, value_range, value_flag] {
        text(out, Some(value));
    }
    text(out, value_number);
    text(out, quantity);
    number(out, times);
    for value in [group, department, provider, mapper_version, master_version] {
        text(out, Some(value));
    }
}

fn text(out: &mut Vec<u8>, value: Option<&str>) {
    // No text is as long as the mark of an absent one.
    let len = value.map_or(u32::MAX, |v| u32::try_from(v.len()).unwrap_or(u32::MAX - 1));
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(value.unwrap_or_default().as_bytes());
}

fn number(out: &mut Vec<u8>, value: Option<u32>) {
    out.push(u8::from(value.is_some()));
    out.extend_from_slice(&value.unwrap_or_default().to_be_bytes());
}

fn day(out: &mut Vec<u8>, value: Option<DayRow>) {
    out.push(value.map_or(0, |d| d.precision));
    out.extend_from_slice(&value.map_or(0, |d| d.days).to_be_bytes());
}

fn coded(out: &mut Vec<u8>, value: Option<CodedRow<'_>>) {
    text(out, value.map(|c| c.system));
    text(out, value.map(|c| c.code));
    text(out, value.and_then(|c| c.text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_carry_and_commute() {
        let one = RepositoryFingerprint { rows: 1, dead: 0, sum: [u64::MAX, u64::MAX, 0, 0] };
        let two = RepositoryFingerprint { rows: 1, dead: 1, sum: [1, 0, 0, 0] };
        assert_eq!(one.plus(two), RepositoryFingerprint { rows: 2, dead: 1, sum: [0, 0, 1, 0] });
        assert_eq!(one.plus(two), two.plus(one));
        let hex = one.plus(two).to_string();
        assert_eq!(hex, format!("2-1-{}1{}", "0".repeat(31), "0".repeat(32)));
    }
}
