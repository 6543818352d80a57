//! Interfaces of tables (連携仕様) as registered: their text, unchanged. What the text means is the mappers' to know.

use crate::StorageError;
use crate::registry::IngestDb;

/// A registered version of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInterface {
    /// Its name, as feeds refer to it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its text, TOML.
    pub toml: String,
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterfaceLoad {
    /// It is new.
    Registered,
    /// The same text was there.
    AlreadyThere,
}

impl IngestDb {
    /// Registers a version of an interface.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when this version is there with another text.
    pub fn register_interface(
        &mut self,
        name: &str,
        version: &str,
        toml: &str,
    ) -> Result<InterfaceLoad, StorageError> {
        let hash = blake3::hash(toml.as_bytes()).to_hex().to_string();
        let new = self
            .client
            .execute(
                "INSERT INTO agreement.interface (name, version, toml, blake3) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT DO NOTHING",
                &[&name, &version, &toml, &hash],
            )
            .map_err(StorageError::db("registering an interface"))?;
        if new == 1 {
            return Ok(InterfaceLoad::Registered);
        }
        let same = self
            .client
            .query_opt(
                "SELECT 1 FROM agreement.interface WHERE name = $1 AND version = $2 AND blake3 = $3",
                &[&name, &version, &hash],
            )
            .map_err(StorageError::db("comparing an interface"))?;
        match same {
            Some(_) => Ok(InterfaceLoad::AlreadyThere),
            None => Err(StorageError::Refused(format!(
                "version {version} of interface {name} was registered before with another text; raise the version"
            ))),
        }
    }

    /// The newest version of every registered interface, by name.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn interfaces(&mut self) -> Result<Vec<StoredInterface>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT ON (name) name, version, toml FROM agreement.interface \
                 ORDER BY name, loaded_at DESC, version DESC",
                &[],
            )
            .map_err(StorageError::db("reading interfaces"))?;
        Ok(rows
            .iter()
            .map(|r| StoredInterface { name: r.get(0), version: r.get(1), toml: r.get(2) })
            .collect())
    }
}
