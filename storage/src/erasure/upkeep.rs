//! After rows are deleted their bytes lie on in the tables' files until they are rewritten: as the owner, for upkeep.

use crate::error::StorageError;
use crate::registry::Registry;

/// The tables from which an erasure takes rows or values.
const TABLES: [&str; 18] = [
    "identity.source_identity",
    "identity.token",
    "identity.member",
    "identity.member_history",
    "identity.match_key",
    "identity.decision",
    "identity.conflict",
    "identity.review",
    "identity.ruling",
    "identity.erasing",
    "keys.data_key",
    "intake.unit",
    "intake.document",
    "intake.finding",
    "intake.quality_answer",
    "release.cohort_member",
    "repository.lake_file",
    "identity.crowded_key",
];

/// Writes the tables anew without their dead rows, and ends the current segment of the write-ahead log. Says how many
/// tables were written. A server named by URL may not let its database's owner end the segment: that is left to it.
pub fn rewrite_tables(registry: &Registry) -> Result<u64, StorageError> {
    let doing = "rewriting tables";
    let mut owner = registry.server().connect_owner()?;
    for table in TABLES {
        owner.batch_execute(&format!("VACUUM (FULL, ANALYZE) {table}")).map_err(StorageError::db(doing))?;
    }
    let superuser: bool = owner
        .query_one("SELECT rolsuper FROM pg_roles WHERE rolname = current_user", &[])
        .and_then(|row| row.try_get(0))
        .map_err(StorageError::db(doing))?;
    if superuser {
        owner.batch_execute("SELECT pg_switch_wal(); CHECKPOINT").map_err(StorageError::db(doing))?;
    }
    Ok(u64::try_from(TABLES.len()).unwrap_or(0))
}
