//! How often the books that admit a command were written to. Their tables refuse change, so a count of rows that stands still
//! says that what was read from them before is what is in them now.

use crate::error::StorageError;
use crate::registry::ActDb;

/// Rows of changes of parameters, organisations, accounts, instructions and their revocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing([i64; 5]);

impl ActDb {
    /// How the books of authority stand now.
    pub fn standing(&mut self) -> Result<Standing, StorageError> {
        let doing = "looking whether the books of authority changed";
        let row = self
            .client
            .query_one(
                "SELECT (SELECT count(*) FROM compliance.parameter_change),
                        (SELECT count(*) FROM compliance.organisation),
                        (SELECT count(*) FROM compliance.principal),
                        (SELECT count(*) FROM compliance.instruction),
                        (SELECT count(*) FROM compliance.instruction_revocation)",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        let mut counts = [0; 5];
        for (at, count) in counts.iter_mut().enumerate() {
            *count = row.try_get(at).map_err(StorageError::db(doing))?;
        }
        Ok(Standing(counts))
    }
}
