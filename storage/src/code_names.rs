//! The names of all codes of the published masters, each as its newest edition gives it: for the word index.
//!
//! Local codes of providers are in other tables and are never given out here.

use musubi_model::CodeSystem;
use postgres::fallible_iterator::FallibleIterator as _;

use crate::agreement::column;
use crate::error::StorageError;
use crate::registry::IngestDb;

/// What the newest edition says of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeName {
    /// Code system.
    pub system: CodeSystem,
    /// The code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The standard code that stands for it; empty when it is one.
    pub standard: String,
    /// What else it is called.
    pub also: String,
}

impl IngestDb {
    /// Gives every code of every master to `each`, by system and code, as its newest edition names it.
    pub fn each_code_name(&mut self, mut each: impl FnMut(CodeName)) -> Result<(), StorageError> {
        let fail = StorageError::db("reading the names of codes");
        let nothing: [&str; 0] = [];
        let mut rows = self
            .client
            .query_raw(
                "SELECT DISTINCT ON (system, code) system, code, name, standard_code, also
                 FROM agreement.master_entry JOIN agreement.master_edition USING (system, edition)
                 ORDER BY system, code, effective_on DESC, revision DESC, period DESC",
                nothing,
            )
            .map_err(fail)?;
        while let Some(row) = rows.next().map_err(StorageError::db("reading a name of a code"))? {
            each(CodeName {
                system: CodeSystem::from_name(column(&row, 0)?),
                code: column(&row, 1)?,
                name: column(&row, 2)?,
                standard: column(&row, 3)?,
                also: column(&row, 4)?,
            });
        }
        Ok(())
    }
}
