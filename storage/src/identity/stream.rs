//! All sealed descriptions, some at a time: for training, which reads every identity and keeps counts.

use musubi_model::{IdentityId, ProviderId};

use super::{damaged, identity_id};
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// A description as it lies in the store.
#[derive(Debug, Clone)]
pub struct SealedRow {
    /// Which identity.
    pub identity_id: IdentityId,
    /// Who described it.
    pub provider: ProviderId,
    /// For [`super::open_demographics`].
    pub sealed: Vec<u8>,
}

impl IdentityDb {
    /// How many identities there are.
    ///
    /// # Errors
    /// When the store is lost.
    pub fn identity_count(&mut self) -> Result<u64, StorageError> {
        let doing = "counting identities";
        let row = self
            .client
            .query_one("SELECT count(*) FROM identity.source_identity", &[])
            .map_err(StorageError::db(doing))?;
        let count: i64 = row.try_get(0).map_err(StorageError::db(doing))?;
        Ok(count.unsigned_abs())
    }

    /// Identities in order of their ids, at most `limit`, after `after`.
    ///
    /// # Errors
    /// When the store is lost or holds what is no identity.
    pub fn sealed_after(
        &mut self,
        after: Option<&IdentityId>,
        limit: u32,
    ) -> Result<Vec<SealedRow>, StorageError> {
        let doing = "reading sealed demographics";
        let none: &[u8] = &[];
        let rows = self
            .client
            .query(
                "SELECT identity_id, provider_id, sealed FROM identity.source_identity
                 WHERE identity_id > $1 ORDER BY identity_id LIMIT $2",
                &[&after.map_or(none, IdentityId::as_bytes), &i64::from(limit)],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                let provider: &str = row.try_get(1).map_err(get)?;
                Ok(SealedRow {
                    identity_id: identity_id(row.try_get(0).map_err(get)?)?,
                    provider: ProviderId::new(provider).map_err(|_| damaged("a provider's number"))?,
                    sealed: row.try_get(2).map_err(get)?,
                })
            })
            .collect()
    }
}
