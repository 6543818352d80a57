//! Registers (台帳): entries of a class with fields, version by version. Which classes there are, which fields they have
//! and what makes an entry good stands in `compliance`; a version is never changed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{column, one_writer};
use crate::error::StorageError;
use crate::registry::ActDb;

/// One version of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRow {
    /// Class, e.g. `contract`.
    pub class: String,
    /// The entry's own number.
    pub entry: String,
    /// From 1.
    pub version: u32,
    /// When it was entered.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
    /// Fields, as text.
    pub fields: BTreeMap<String, String>,
}

impl ActDb {
    /// Enters a version after those that stand; an entry equal to the newest is left alone (`None`).
    pub fn enter(&mut self, row: &RegisterRow) -> Result<Option<u32>, StorageError> {
        let doing = "writing a register";
        let fields = serde_json::to_string(&row.fields)
            .map_err(|e| StorageError::Damaged(format!("fields of a register: {e}")))?;
        let mut work = self.client.transaction().map_err(StorageError::db(doing))?;
        one_writer(&mut work, "register")?;
        let newest = work
            .query_opt(
                "SELECT version, fields = $3::text::jsonb FROM compliance.register WHERE class = $1 AND entry = $2
                 ORDER BY version DESC LIMIT 1",
                &[&row.class, &row.entry, &fields],
            )
            .map_err(StorageError::db(doing))?;
        let version = match newest {
            Some(r) if column::<bool>(&r, 1)? => return Ok(None),
            Some(r) => column::<i32>(&r, 0)? + 1,
            None => 1,
        };
        work.execute(
            "INSERT INTO compliance.register (class, entry, version, at, actor, fields)
             VALUES ($1, $2, $3, $4, $5, $6::text::jsonb)",
            &[&row.class, &row.entry, &version, &row.at, &row.actor, &fields],
        )
        .map_err(StorageError::db(doing))?;
        work.commit().map_err(StorageError::db(doing))?;
        Ok(Some(version.unsigned_abs()))
    }

    /// The newest version of every entry of a class that was entered before `until` (all, without).
    pub fn register(
        &mut self,
        class: &str,
        until: Option<Timestamp>,
    ) -> Result<Vec<RegisterRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT ON (entry) class, entry, version, at, actor, fields::text FROM compliance.register
                 WHERE class = $1 AND ($2::timestamptz IS NULL OR at < $2) ORDER BY entry, version DESC",
                &[&class, &until],
            )
            .map_err(StorageError::db("reading a register"))?;
        rows.iter()
            .map(|r| {
                Ok(RegisterRow {
                    class: column(r, 0)?,
                    entry: column(r, 1)?,
                    version: column::<i32>(r, 2)?.unsigned_abs(),
                    at: column(r, 3)?,
                    actor: column(r, 4)?,
                    fields: serde_json::from_str(column(r, 5)?)
                        .map_err(|e| StorageError::Damaged(format!("fields of a register: {e}")))?,
                })
            })
            .collect()
    }
}
