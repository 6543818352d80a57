//! What the database holds, for the schedule of retention (保存期間): the names of all tables, and how many rows are older
//! than a day. Names and numbers only.

use jiff::Timestamp;

use super::{column, count};
use crate::error::StorageError;
use crate::registry::ActDb;

impl ActDb {
    /// Every table of the database as `schema.table`, PostgreSQL's own left out. Read from the catalogue itself, so that
    /// a table that this role may not touch is seen as well.
    pub fn all_tables(&mut self) -> Result<Vec<String>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%'
                   AND n.nspname <> 'information_schema' ORDER BY 1",
                &[],
            )
            .map_err(StorageError::db("listing tables"))?;
        rows.iter().map(|r| column(r, 0)).collect()
    }

    /// Rows of a table whose `day_column` lies before a time.
    pub fn older_than(
        &mut self,
        table: &str,
        day_column: &str,
        before: Timestamp,
    ) -> Result<u64, StorageError> {
        let row = self
            .client
            .query_one(
                "SELECT compliance.older_than(to_regclass($1), $2::text::name, $3)",
                &[&table, &day_column, &before],
            )
            .map_err(StorageError::db("looking for what is overdue"))?;
        count(&row, 0)
    }
}
