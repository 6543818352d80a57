//! Disclosure policies (開示制御方針) as they were signed. Written once; whether a signature is good is found out by
//! `review-board`, never here.

use jiff::Timestamp;

use crate::error::StorageError;
use crate::registry::{BoardDb, ReleaseDb};

/// A policy as it was adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// The TOML, byte for byte.
    pub text: String,
    /// Who adopted it.
    pub adopted_by: String,
    /// When.
    pub adopted_at: Timestamp,
    /// The board's signature over the text, hexadecimal.
    pub signature: String,
}

const POLICIES: &str = "SELECT name, version, text, adopted_by, adopted_at, signature FROM board.policy";

fn read(row: &postgres::Row) -> Result<PolicyRow, StorageError> {
    let version: i32 = row.get(1);
    Ok(PolicyRow {
        name: row.get(0),
        version: u32::try_from(version)
            .map_err(|_| StorageError::Damaged("a policy's version that cannot be".to_owned()))?,
        text: row.get(2),
        adopted_by: row.get(3),
        adopted_at: row.get(4),
        signature: row.get(5),
    })
}

fn policy(
    client: &mut postgres::Client,
    name: &str,
    version: u32,
) -> Result<Option<PolicyRow>, StorageError> {
    let Ok(version) = i32::try_from(version) else { return Ok(None) };
    let row = client
        .query_opt(&format!("{POLICIES} WHERE name = $1 AND version = $2"), &[&name, &version])
        .map_err(StorageError::db("reading a policy"))?;
    row.as_ref().map(read).transpose()
}

impl ReleaseDb {
    /// The policy of that name and version.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn policy(&mut self, name: &str, version: u32) -> Result<Option<PolicyRow>, StorageError> {
        policy(&mut self.client, name, version)
    }
}

impl BoardDb {
    /// The policy of that name and version.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn policy(&mut self, name: &str, version: u32) -> Result<Option<PolicyRow>, StorageError> {
        policy(&mut self.client, name, version)
    }

    /// All policies, by name and version.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn policies(&mut self) -> Result<Vec<PolicyRow>, StorageError> {
        let rows = self
            .client
            .query(&format!("{POLICIES} ORDER BY name, version"), &[])
            .map_err(StorageError::db("reading the policies"))?;
        rows.iter().map(read).collect()
    }

    /// Keeps a policy. `false`: one of that name and version is there already, and stays as it is.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn insert_policy(&mut self, row: &PolicyRow) -> Result<bool, StorageError> {
        let version = i32::try_from(row.version)
            .map_err(|_| StorageError::Damaged("a policy's version that cannot be".to_owned()))?;
        let rows = self
            .client
            .execute(
                "INSERT INTO board.policy (name, version, text, adopted_by, adopted_at, signature)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name, version) DO NOTHING",
                &[&row.name, &version, &row.text, &row.adopted_by, &row.adopted_at, &row.signature],
            )
            .map_err(StorageError::db("keeping a policy"))?;
        Ok(rows == 1)
    }
}
