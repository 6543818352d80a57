//! The registry written out and read back (バックアップ), table by table, in one snapshot.
//!
//! Needs no other program than this one. It knows rows, not what they mean: what a restored registry may be used for is
//! decided by whoever restores it.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use postgres::{GenericClient, IsolationLevel};
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::registry::Registry;

/// File of sequences and migrations beside the tables.
const FRAME: &str = "frame.json";

/// What tables alone do not say.
#[derive(Debug, Serialize, Deserialize)]
struct Frame {
    /// Applied migrations: number and checksum.
    migrations: Vec<(i32, String)>,
    /// Sequences: name, last value, whether it was given out.
    sequences: Vec<(String, i64, bool)>,
}

/// A table and its columns, quoted.
struct Table {
    name: String,
    columns: String,
    file: PathBuf,
}

fn db(doing: &'static str) -> impl Fn(postgres::Error) -> StorageError {
    move |e| StorageError::db(doing)(e)
}

fn migrations(client: &mut impl GenericClient) -> Result<Vec<(i32, String)>, StorageError> {
    let doing = "reading the migrations";
    let rows = client
        .query("SELECT version, checksum FROM public.refinery_schema_history ORDER BY version", &[])
        .map_err(db(doing))?;
    rows.iter().map(|r| Ok((r.try_get(0).map_err(db(doing))?, r.try_get(1).map_err(db(doing))?))).collect()
}

/// Every table of ours, partitions included, with the columns that are written.
fn tables(client: &mut impl GenericClient, folder: &Path) -> Result<Vec<Table>, StorageError> {
    let doing = "listing the tables";
    let rows = client
        .query(
            "SELECT n.nspname || '.' || c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
                    string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
             WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'public')
               AND n.nspname NOT LIKE 'pg\\_%'
             GROUP BY 1, 2 ORDER BY 1",
            &[],
        )
        .map_err(db(doing))?;
    rows.iter()
        .map(|row| {
            let text = |place: usize| row.try_get::<_, String>(place).map_err(db(doing));
            Ok(Table { name: text(1)?, columns: text(2)?, file: folder.join(format!("{}.copy", text(0)?)) })
        })
        .collect()
}

/// Writes the whole registry into a folder, as of one moment.
///
/// # Errors
/// [`StorageError::Database`], [`StorageError::Io`].
pub fn dump(registry: &Registry, folder: &Path) -> Result<(), StorageError> {
    let doing = "writing the registry out";
    fs::create_dir_all(folder).map_err(StorageError::io("making the folder", folder))?;
    let mut owner = registry.server().connect_owner()?;
    let mut tx = owner
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .map_err(db(doing))?;
    for table in tables(&mut tx, folder)? {
        let statement = format!("COPY {} ({}) TO STDOUT BINARY", table.name, table.columns);
        let mut rows = tx.copy_out(statement.as_str()).map_err(db(doing))?;
        let mut file =
            BufWriter::new(File::create(&table.file).map_err(StorageError::io("writing", &table.file))?);
        std::io::copy(&mut rows, &mut file)
            .and_then(|_| file.flush())
            .and_then(|()| file.get_ref().sync_all())
            .map_err(StorageError::io("writing", &table.file))?;
    }
    let rows = tx
        .query(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), coalesce(last_value, start_value),
                    last_value IS NOT NULL FROM pg_sequences ORDER BY 1",
            &[],
        )
        .map_err(db(doing))?;
    let sequences = rows
        .iter()
        .map(|r| {
            let name = r.try_get(0).map_err(db(doing))?;
            Ok((name, r.try_get(1).map_err(db(doing))?, r.try_get(2).map_err(db(doing))?))
        })
        .collect::<Result<_, StorageError>>()?;
    let frame = Frame { migrations: migrations(&mut tx)?, sequences };
    let file = folder.join(FRAME);
    let text =
        serde_json::to_vec(&frame).map_err(|_| StorageError::Damaged("the frame of a backup".to_owned()))?;
    fs::write(&file, text).map_err(StorageError::io("writing", &file))
}

/// Fills a registry, new and empty, with what was written out. All or nothing.
///
/// # Errors
/// [`StorageError::Refused`] when it was written by another version, or the registry holds something; it needs a server
/// of its own (triggers and references are suspended while rows are read, which only its superuser may do).
pub fn restore(registry: &Registry, folder: &Path) -> Result<(), StorageError> {
    let doing = "reading the registry back";
    let damaged = || StorageError::Damaged("the frame of a backup".to_owned());
    let file = folder.join(FRAME);
    let text = fs::read(&file).map_err(StorageError::io("reading", &file))?;
    let frame: Frame = serde_json::from_slice(&text).map_err(|_| damaged())?;
    let mut owner = registry.server().connect_owner()?;
    let mut tx = owner.transaction().map_err(db(doing))?;
    if migrations(&mut tx)? != frame.migrations {
        return Err(StorageError::Refused(
            "the backup was made by another version of the registry".to_owned(),
        ));
    }
    let held: i64 = tx
        .query_one("SELECT count(*) FROM compliance.audit", &[])
        .and_then(|row| row.try_get(0))
        .map_err(db(doing))?;
    if held > 0 {
        return Err(StorageError::Refused("a registry that holds something is not overwritten".to_owned()));
    }
    let tables = tables(&mut tx, folder)?;
    tx.batch_execute("SET LOCAL session_replication_role = replica").map_err(db(doing))?;
    let names: Vec<&str> = tables.iter().map(|t| t.name.as_str()).collect();
    tx.batch_execute(&format!("TRUNCATE {}", names.join(", "))).map_err(db(doing))?;
    for table in &tables {
        let statement = format!("COPY {} ({}) FROM STDIN BINARY", table.name, table.columns);
        let file = File::open(&table.file).map_err(StorageError::io("reading", &table.file))?;
        let mut sink = tx.copy_in(statement.as_str()).map_err(db(doing))?;
        std::io::copy(&mut BufReader::new(file), &mut sink)
            .map_err(StorageError::io("reading", &table.file))?;
        sink.finish().map_err(db(doing))?;
    }
    for (name, value, given) in &frame.sequences {
        tx.execute("SELECT setval($1::text::regclass, $2, $3)", &[name, value, given]).map_err(db(doing))?;
    }
    tx.commit().map_err(db(doing))?;
    owner.batch_execute("ANALYZE").map_err(db(doing))
}
