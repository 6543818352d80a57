//! What is kept of a release besides its files: what became of its key, the sealed map of its pseudonyms, who was in it
//! (as keyed marks), and what it said as constraints on later ones.
//!
//! Maps and marks go in and are never read back as they lie: the database hands out parts of a map to an operation of two
//! people only, and of marks nothing but counts. This module must never hold a key of a release, and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::ReleasePid;
use postgres::Transaction;
use serde::Serialize;

use crate::error::StorageError;
use crate::registry::{ActDb, IngestDb, ReleaseDb};

/// Rows written in one statement.
const AT_ONCE: usize = 20_000;

/// Fewer marks than this are not asked about: `release.overlaps` refuses.
pub const MARKS_MIN: usize = 10;

/// Somebody in a release, as a keyed hash of an identity under a key of the identity zone.
pub type Mark = [u8; 8];

/// The number of the part that holds the wrapped data key.
pub const KEY_PART: i32 = -1;

/// A sealed part of the map of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPart {
    /// Its number; [`KEY_PART`] or, from 0 on, in the order of the pseudonyms.
    pub part: i32,
    /// The first pseudonym in it; `None` for the key.
    pub first: Option<ReleasePid>,
    /// The bytes.
    pub sealed: Vec<u8>,
}

/// What became of a key (鍵の行方).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyEnd {
    /// Destroyed when the release was sealed (anonymised).
    Destroyed,
    /// The map it made lies in the vault (pseudonymised).
    Vaulted(Vec<SealedPart>),
}

/// The life of the key of a release, to be noted when it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key's one-way name, 64 hexadecimal digits.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// The account that made the release.
    pub made_by: String,
    /// The person on whose instruction it did; another one.
    pub ordered_by: String,
    /// How it ended.
    pub end: KeyEnd,
}

/// One line of the book of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyEventRow {
    /// The release.
    pub release_id: String,
    /// `created`, `destroyed` or `vaulted`.
    pub event: String,
    /// The key's one-way name.
    pub key_name: String,
    /// When.
    pub at: Timestamp,
    /// The account that made the release.
    pub made_by: String,
    /// The person on whose instruction it did.
    pub ordered_by: Option<String>,
}

/// How fine a column was told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ColumnSaid {
    /// The file, without ending: `person`, `condition_occurrence`.
    pub file: String,
    /// The column.
    pub column: String,
    /// Its class in the policy: `quasi`, `sensitive`, `neutral`.
    pub class: String,
    /// Hash of its hierarchy, ladder or bins.
    pub hierarchy: String,
    /// The finest level told; 0 is the value itself.
    pub finest: u32,
    /// Do levels differ from class to class (local recoding)?
    pub local: bool,
}

/// What a release of rows said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowsSaid {
    /// The release.
    pub release_id: String,
    /// The product's word.
    pub product: String,
    /// Hash of the cohort as it was asked for.
    pub cohort_hash: String,
    /// First day of the period.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Hash of the policy.
    pub policy_hash: String,
    /// To whom, by id; empty: unknown.
    pub recipients: BTreeSet<String>,
    /// The operation by which two people allowed it to refine earlier ones.
    pub allowed_by: Option<i64>,
    /// The columns.
    pub columns: Vec<ColumnSaid>,
}

/// What a table of a release said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSaid {
    /// The release; whatever it holds is ignored on entering.
    pub release_id: String,
    /// The table's name in the release.
    pub name: String,
    /// What it counts: tables of one universe constrain each other. Opaque here.
    pub universe: String,
    /// To whom, by id; empty: unknown.
    pub recipients: BTreeSet<String>,
    /// The cells, each under a key that is opaque here.
    pub cells: Vec<CellSaid>,
}

/// A cell as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellSaid {
    /// Its key.
    pub key: String,
    /// What was shown; `None`: hidden.
    pub shown: Option<u64>,
}

/// What is entered with a release, in one transaction with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The key, of a release of rows.
    pub key: Option<&'a KeyRecord>,
    /// What its rows say.
    pub rows: Option<&'a RowsSaid>,
    /// Who is in it.
    pub marks: &'a [Mark],
    /// What its tables say.
    pub tables: &'a [TableSaid],
}

fn damaged(what: &str) -> StorageError {
    StorageError::Damaged(what.to_owned())
}

impl Beside<'_> {
    /// Writes everything under the release of that name.
    pub(crate) fn write(&self, tx: &mut Transaction<'_>, release: &str) -> Result<(), StorageError> {
        if let Some(key) = self.key {
            write_key(tx, release, key)?;
        }
        if let Some(rows) = self.rows {
            write_rows(tx, release, rows)?;
        }
        for some in self.marks.chunks(AT_ONCE) {
            let marks: Vec<&[u8]> = some.iter().map(Mark::as_slice).collect();
            tx.execute(
                "INSERT INTO release.released_mark (mark, release_id) SELECT m, $2 FROM unnest($1::bytea[]) m
                 ON CONFLICT DO NOTHING",
                &[&marks, &release],
            )
            .map_err(StorageError::db("noting who is in a release"))?;
        }
        for table in self.tables {
            let recipients: Vec<&str> = table.recipients.iter().map(String::as_str).collect();
            tx.execute(
                "INSERT INTO release.ledger_table (release_id, name, universe, recipients, cells)
                 VALUES ($1, $2, $3, $4, $5)",
                &[&release, &table.name, &table.universe, &recipients, &pack(&table.cells)],
            )
            .map_err(StorageError::db("noting what a table said"))?;
        }
        Ok(())
    }
}

fn write_key(tx: &mut Transaction<'_>, release: &str, key: &KeyRecord) -> Result<(), StorageError> {
    let doing = "noting what became of a key";
    let (event, parts) = match &key.end {
        KeyEnd::Destroyed => ("destroyed", &[][..]),
        KeyEnd::Vaulted(parts) => ("vaulted", parts.as_slice()),
    };
    for (event, at) in [("created", key.created_at), (event, key.ended_at)] {
        tx.execute(
            "INSERT INTO release.key_event (release_id, event, key_name, at, made_by, ordered_by)
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[&release, &event, &key.name, &at, &key.made_by, &key.ordered_by],
        )
        .map_err(StorageError::db(doing))?;
    }
    for part in parts {
        let first: &[u8] = part.first.as_ref().map_or(&[], ReleasePid::as_bytes);
        tx.execute(
            "INSERT INTO release.pseudonym_vault (release_id, part, first, sealed) VALUES ($1, $2, $3, $4)",
            &[&release, &part.part, &first, &part.sealed],
        )
        .map_err(StorageError::db("putting a map into the vault"))?;
    }
    Ok(())
}

fn write_rows(tx: &mut Transaction<'_>, release: &str, rows: &RowsSaid) -> Result<(), StorageError> {
    let doing = "noting what rows said";
    let recipients: Vec<&str> = rows.recipients.iter().map(String::as_str).collect();
    tx.execute(
        "INSERT INTO release.ledger_rows
           (release_id, product, cohort_hash, from_day, to_day, policy_hash, recipients, allowed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            &release,
            &rows.product,
            &rows.cohort_hash,
            &rows.from,
            &rows.to,
            &rows.policy_hash,
            &recipients,
            &rows.allowed_by,
        ],
    )
    .map_err(StorageError::db(doing))?;
    for column in &rows.columns {
        let finest = i32::try_from(column.finest).map_err(|_| damaged("a level that cannot be"))?;
        tx.execute(
            "INSERT INTO release.ledger_level (release_id, file, column_name, class, hierarchy, finest, local)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[
                &release,
                &column.file,
                &column.column,
                &column.class,
                &column.hierarchy,
                &finest,
                &column.local,
            ],
        )
        .map_err(StorageError::db(doing))?;
    }
    Ok(())
}

impl ReleaseDb {
    /// What earlier releases of rows said to any of these recipients, or to unknown ones; with no recipients, all. The oldest
    /// first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn earlier_rows(&mut self, recipients: &BTreeSet<String>) -> Result<Vec<RowsSaid>, StorageError> {
        let doing = "reading what earlier rows said";
        let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
        let rows = self
            .client
            .query(
                "SELECT r.release_id, r.product, r.cohort_hash, r.from_day, r.to_day, r.policy_hash, r.recipients,
                        r.allowed_by, c.file, c.column_name, c.class, c.hierarchy, c.finest, c.local
                 FROM release.ledger_rows r JOIN release.ledger l USING (release_id)
                 LEFT JOIN release.ledger_level c USING (release_id)
                 WHERE $1::text[] = '{}' OR r.recipients = '{}' OR r.recipients && $1
                 ORDER BY l.sealed_at, r.release_id, c.file, c.column_name",
                &[&recipients],
            )
            .map_err(StorageError::db(doing))?;
        let mut found: Vec<RowsSaid> = Vec::new();
        for row in &rows {
            let id: String = row.get(0);
            if found.last().is_none_or(|r| r.release_id != id) {
                found.push(RowsSaid {
                    release_id: id,
                    product: row.get(1),
                    cohort_hash: row.get(2),
                    from: row.get(3),
                    to: row.get(4),
                    policy_hash: row.get(5),
                    recipients: row.get::<_, Vec<String>>(6).into_iter().collect(),
                    allowed_by: row.get(7),
                    columns: Vec::new(),
                });
            }
            if let (Some(file), Some(last)) = (row.get::<_, Option<String>>(8), found.last_mut()) {
                last.columns.push(ColumnSaid {
                    file,
                    column: row.get(9),
                    class: row.get(10),
                    hierarchy: row.get(11),
                    finest: u32::try_from(row.get::<_, i32>(12))
                        .map_err(|_| damaged("a level that cannot be"))?,
                    local: row.get(13),
                });
            }
        }
        Ok(found)
    }

    /// What earlier tables of a universe said, to whomever: a reader of two of them is assumed. The oldest first.
    ///
    /// # Errors
    /// [`StorageError::Database`]; [`StorageError::Damaged`] when cells cannot be read.
    pub fn earlier_tables(&mut self, universe: &str) -> Result<Vec<TableSaid>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT t.release_id, t.name, t.universe, t.recipients, t.cells
                 FROM release.ledger_table t JOIN release.ledger l USING (release_id)
                 WHERE t.universe = $1 ORDER BY l.sealed_at, t.release_id, t.name",
                &[&universe],
            )
            .map_err(StorageError::db("reading what earlier tables said"))?;
        rows.iter()
            .map(|row| {
                Ok(TableSaid {
                    release_id: row.get(0),
                    name: row.get(1),
                    universe: row.get(2),
                    recipients: row.get::<_, Vec<String>>(3).into_iter().collect(),
                    cells: unpack(row.get(4)).ok_or_else(|| damaged("cells of the ledger of tables"))?,
                })
            })
            .collect()
    }

    /// How many of these persons' marks each earlier release has. `None`: fewer than [`MARKS_MIN`], of whom nothing is said.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn overlaps(&mut self, marks: &[Mark]) -> Result<Option<BTreeMap<String, u64>>, StorageError> {
        if marks.len() < MARKS_MIN {
            return Ok(None);
        }
        let marks: Vec<&[u8]> = marks.iter().map(Mark::as_slice).collect();
        let rows = self
            .client
            .query("SELECT release_id, shared FROM release.overlaps($1)", &[&marks])
            .map_err(StorageError::db("counting overlaps of releases"))?;
        Ok(Some(rows.iter().map(|r| (r.get(0), r.get::<_, i64>(1).unsigned_abs())).collect()))
    }

    /// How many identities each other release shares with this one; releases that share few are left out.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn shared_persons(&mut self, release: &str) -> Result<BTreeMap<String, u64>, StorageError> {
        let rows = self
            .client
            .query("SELECT release_id, shared FROM release.shared_persons($1)", &[&release])
            .map_err(StorageError::db("counting what releases share"))?;
        Ok(rows.iter().map(|r| (r.get(0), r.get::<_, i64>(1).unsigned_abs())).collect())
    }

    /// The files of one name of all releases, by release: `person.csv` holds the pseudonyms that went out (C-034).
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn published_as(&mut self, name: &str) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT release_id, content FROM release.published_file WHERE name = $1 ORDER BY release_id",
                &[&name],
            )
            .map_err(StorageError::db("reading what went out"))?;
        Ok(rows.iter().map(|r| (r.get(0), r.get(1))).collect())
    }
}

impl IngestDb {
    /// The sealed parts in which pseudonyms lie, with the wrapped key first: once for each operation that two people agreed
    /// to and that was used for exactly this release. The database looks after that itself.
    ///
    /// # Errors
    /// [`StorageError::Database`] when they did not, or it was opened before.
    pub fn open_pseudonyms(
        &mut self,
        operation: i64,
        release: &str,
        pids: &BTreeSet<ReleasePid>,
    ) -> Result<Vec<SealedPart>, StorageError> {
        let pids: Vec<&[u8]> = pids.iter().map(ReleasePid::as_bytes).collect();
        let rows = self
            .client
            .query("SELECT part, sealed FROM release.open_vault($1, $2, $3)", &[&operation, &release, &pids])
            .map_err(StorageError::db("opening the vault of pseudonyms"))?;
        Ok(rows.iter().map(|r| SealedPart { part: r.get(0), first: None, sealed: r.get(1) }).collect())
    }
}

macro_rules! reads_keys {
    ($($handle:ty),*) => {$(
        impl $handle {
            /// The book of keys: of one release, or all.
            ///
            /// # Errors
            /// [`StorageError::Database`].
            pub fn key_events(&mut self, release: Option<&str>) -> Result<Vec<KeyEventRow>, StorageError> {
                let rows = self
                    .client
                    .query(
                        "SELECT release_id, event, key_name, at, made_by, ordered_by FROM release.key_event
                         WHERE $1::text IS NULL OR release_id = $1 ORDER BY at, release_id, event",
                        &[&release],
                    )
                    .map_err(StorageError::db("reading the book of keys"))?;
                Ok(rows
                    .iter()
                    .map(|r| KeyEventRow {
                        release_id: r.get(0),
                        event: r.get(1),
                        key_name: r.get(2),
                        at: r.get(3),
                        made_by: r.get(4),
                        ordered_by: r.get(5),
                    })
                    .collect())
            }
        }
    )*};
}
reads_keys!(ReleaseDb, ActDb);

/// Cells as bytes: for each the length of its key (4 bytes), the key, and the count (8 bytes; all ones: hidden).
fn pack(cells: &[CellSaid]) -> Vec<u8> {
    let mut out = Vec::new();
    for cell in cells {
        let len = u32::try_from(cell.key.len()).unwrap_or(u32::MAX);
        out.extend(len.to_be_bytes());
        out.extend(cell.key.as_bytes());
        out.extend(cell.shown.unwrap_or(u64::MAX).to_be_bytes());
    }
    out
}

fn unpack(mut bytes: &[u8]) -> Option<Vec<CellSaid>> {
    let mut cells = Vec::new();
    while !bytes.is_empty() {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (key, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)?;
        let (count, rest) = rest.split_first_chunk::<8>()?;
        let count = u64::from_be_bytes(*count);
        let key = std::str::from_utf8(key).ok()?.to_owned();
        cells.push(CellSaid { key, shown: (count != u64::MAX).then_some(count) });
        bytes = rest;
    }
    Some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_were() {
        let cell = |key: &str, shown| CellSaid { key: key.to_owned(), shown };
        let cells = vec![cell("男,計", Some(0)), cell("", None), cell("女,計", Some(12_345))];
        let packed = pack(&cells);
        assert_eq!(unpack(&packed), Some(cells));
        assert_eq!(unpack(&packed[..packed.len() - 1]), None);
        assert_eq!(unpack(&[0xff; 12]), None);
    }
}
