//! Looking for what must not be there any more (残存確認), on a way of its own: whole folders and whole tables, whatever a
//! catalogue or an index says of them.
//!
//! Shows counts and places, never what was found.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use musubi_model::ids::to_hex;
use musubi_model::{IdentityId, ResearchId};
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::lake::{Column, ColumnSet, LakeFile, Want, on_disk, read};
use crate::registry::Registry;
use crate::vault;

/// Ids asked for in one statement.
const IDS_AT_ONCE: usize = 500;

/// What must not be found.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    /// Identities that were erased.
    pub identities: BTreeSet<IdentityId>,
    /// Research ids of persons of whom nobody is left.
    pub persons: BTreeSet<ResearchId>,
}

/// What was found in a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// Which.
    pub place: String,
    /// How much was looked at: rows, segments, files.
    pub looked: u64,
    /// What must not be there.
    pub hits: u64,
    /// What is kept on purpose.
    pub kept: u64,
    /// Why it is kept; empty when nothing is.
    pub why: String,
}

impl Looked {
    fn new(place: impl Into<String>) -> Self {
        Self { place: place.into(), looked: 0, hits: 0, kept: 0, why: String::new() }
    }
}

impl Sought {
    fn ids(&self) -> Vec<[u8; 16]> {
        self.identities.iter().map(|i| i.0).chain(self.persons.iter().map(|p| p.0)).collect()
    }
}

/// Columns in which an id stays, and why.
fn kept_for(column: &str) -> Option<&'static str> {
    Some(match column {
        "keys.data_key.key_id" => "鍵のない行: 破棄の証明であり、再受領を防ぐ",
        "identity.person.research_id" | "identity.person.merged_into" => "廃止した研究用ID: 再び使わない",
        "identity.member.origin"
        | "identity.member_history.research_id"
        | "identity.decision.research_id"
        | "identity.decision.other" => "他の人の所属の経過",
        "compliance.audit.object" => "監査証跡: 変更しない記録",
        _ => return None,
    })
}

/// Every table of every schema of ours: each column that could hold an id is compared with all ids, whole.
pub fn scan_registry(registry: &Registry, sought: &Sought) -> Result<Vec<Looked>, StorageError> {
    let doing = "looking through the registry";
    let db = || StorageError::db(doing);
    let mut owner = registry.server().connect_owner()?;
    let columns = owner
        .query(
            "SELECT c.table_schema, c.table_name, c.column_name, c.udt_name FROM information_schema.columns c
             JOIN information_schema.tables t USING (table_schema, table_name)
             WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ('pg_catalog', 'information_schema')
               AND c.udt_name IN ('bytea', '_bytea', 'text', '_text', 'jsonb', 'json', 'varchar')
             ORDER BY 1, 2, c.ordinal_position",
            &[],
        )
        .map_err(db())?;
    let mut found = Vec::new();
    for row in &columns {
        let name = |place: usize| row.try_get::<_, String>(place).map_err(db());
        let (schema, table, column, kind) = (name(0)?, name(1)?, name(2)?, name(3)?);
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let (from, of) = (format!("{}.{}", quoted(&schema), quoted(&table)), quoted(&column));
        let full = format!("{schema}.{table}.{column}");
        let mut looked = Looked::new(full.clone());
        let mut hits = 0u64;
        for some in sought.ids().chunks(IDS_AT_ONCE) {
            let bytes: Vec<&[u8]> = some.iter().map(<[u8; 16]>::as_slice).collect();
            let like: Vec<String> = some.iter().map(|id| format!("%{}%", to_hex(id))).collect();
            let answer = match kind.as_str() {
                "bytea" => {
                    owner.query_one(&format!("SELECT count(*) FROM {from} WHERE {of} = ANY($1)"), &[&bytes])
                }
                "_bytea" => {
                    owner.query_one(&format!("SELECT count(*) FROM {from} WHERE {of} && $1"), &[&bytes])
                }
                _ => owner.query_one(
                    &format!("SELECT count(*) FROM {from} WHERE {of}::text ILIKE ANY($1)"),
                    &[&like],
                ),
            };
            let count: i64 = answer.and_then(|row| row.try_get(0)).map_err(db())?;
            hits += count.unsigned_abs();
        }
        let rows: i64 = owner
            .query_one(&format!("SELECT count(*) FROM {from}"), &[])
            .and_then(|row| row.try_get(0))
            .map_err(db())?;
        looked.looked = rows.unsigned_abs();
        match kept_for(&full) {
            Some(why) if hits > 0 => (looked.kept, looked.why) = (hits, why.to_owned()),
            _ => looked.hits = hits,
        }
        found.push(looked);
    }
    // A row of the keys stays, its key does not.
    let mut keys = Looked::new("keys.data_key.wrapped");
    for some in sought.identities.iter().collect::<Vec<_>>().chunks(IDS_AT_ONCE) {
        let ids: Vec<&[u8]> = some.iter().map(|id| id.as_bytes()).collect();
        let statement = "SELECT count(*) FROM keys.data_key WHERE key_id = ANY($1) AND wrapped IS NOT NULL";
        let open: i64 = owner.query_one(statement, &[&ids]).and_then(|r| r.try_get(0)).map_err(db())?;
        keys.looked += u64::try_from(some.len()).unwrap_or(0);
        keys.hits += open.unsigned_abs();
    }
    found.push(keys);
    Ok(found)
}

/// Every file in the lake's folder, catalogued or not: every row's identity, without the statistics by which readers
/// skip.
pub fn scan_lake(folder: &Path, sought: &Sought) -> Result<Looked, StorageError> {
    let mut looked = Looked::new("lake");
    let columns = ColumnSet::of(&[Column::IdentityId]);
    for (table, file_id, bytes) in on_disk(folder)? {
        let file = LakeFile {
            file_id,
            table,
            bucket_min: 0,
            bucket_max: 0,
            rows: 0,
            bytes,
            first_day: None,
            last_day: None,
            submissions: Vec::new(),
        };
        read(folder, &file, &Want::all(columns), &mut |row| {
            looked.looked += 1;
            looked.hits += u64::from(sought.identities.contains(&row.identity()));
            Ok(())
        })?;
    }
    Ok(looked)
}

/// Every pack in the vault's folder: a segment under a key of theirs must be one that nothing opens. Their sealed
/// bytes stay where they are: without the key they are noise.
pub fn scan_vault(registry: &Registry, folder: &Path, sought: &Sought) -> Result<Looked, StorageError> {
    let doing = "looking for keys";
    let mut looked = Looked::new("vault");
    let mut sealed: BTreeMap<[u8; 16], u64> = BTreeMap::new();
    vault::walk(folder, &mut |segment| {
        looked.looked += 1;
        if sought.identities.contains(&IdentityId(segment.key_id)) {
            *sealed.entry(segment.key_id).or_default() += 1;
        }
    })?;
    let mut owner = registry.server().connect_owner()?;
    for (key, segments) in &sealed {
        let open: i64 = owner
            .query_one(
                "SELECT count(*) FROM keys.data_key WHERE key_id = $1 AND wrapped IS NOT NULL",
                &[&key.as_slice()],
            )
            .and_then(|row| row.try_get(0))
            .map_err(StorageError::db(doing))?;
        if open > 0 { looked.hits += segments } else { looked.kept += segments }
    }
    if looked.kept > 0 {
        "鍵を破棄した区間: 復号できない".clone_into(&mut looked.why);
    }
    Ok(looked)
}

/// All files below a folder, by name and by content, as bytes and as hexadecimal digits. `leave`: names directly below
/// the folder that are looked at otherwise, or that hold keys.
pub fn scan_files(
    place: &str,
    folder: &Path,
    leave: &[&str],
    sought: &Sought,
) -> Result<Looked, StorageError> {
    let mut looked = Looked::new(place);
    let mut needles: BTreeMap<[u8; 4], Vec<Vec<u8>>> = BTreeMap::new();
    for id in sought.ids() {
        for needle in [id.to_vec(), to_hex(&id).into_bytes()] {
            if let Some(head) = needle.first_chunk::<4>() {
                needles.entry(*head).or_default().push(needle);
            }
        }
    }
    let mut heads = vec![false; 1 << 16];
    for [a, b, ..] in needles.keys() {
        if let Some(mark) = heads.get_mut(usize::from(u16::from_be_bytes([*a, *b]))) {
            *mark = true;
        }
    }
    let in_hay = |hay: &[u8]| -> u64 {
        let hits = hay.windows(4).enumerate().filter(|(at, window)| {
            let Some(head) = window.first_chunk::<4>() else { return false };
            let [a, b, ..] = *head;
            heads.get(usize::from(u16::from_be_bytes([a, b]))).is_some_and(|m| *m)
                && needles
                    .get(head)
                    .is_some_and(|some| some.iter().any(|n| hay.get(*at..).is_some_and(|h| h.starts_with(n))))
        });
        u64::try_from(hits.count()).unwrap_or(u64::MAX)
    };
    let mut open = vec![(folder.to_path_buf(), true)];
    while let Some((folder, top)) = open.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            Err(e) => return Err(StorageError::io("looking through", &folder)(e)),
        };
        for entry in entries {
            let entry = entry.map_err(StorageError::io("looking through", &folder))?;
            let name = entry.file_name();
            if top && leave.iter().any(|l| name == *l) {
                continue;
            }
            let kind = entry.file_type().map_err(StorageError::io("looking at", entry.path()))?;
            looked.hits += in_hay(name.as_encoded_bytes());
            if kind.is_dir() {
                open.push((entry.path(), false));
            } else if kind.is_file() {
                looked.looked += 1;
                let bytes = fs::read(entry.path()).map_err(StorageError::io("reading", entry.path()))?;
                looked.hits += in_hay(&bytes);
            }
        }
    }
    Ok(looked)
}
