//! Data keys in the database: one for each source identity and each document envelope, wrapped under the KEK.
//!
//! A destroyed key leaves an empty row as proof. It is never made anew under the same id: what was erased stays so.

use std::collections::{BTreeMap, BTreeSet};

use musubi_model::IdentityId;
use postgres::GenericClient;

use crate::error::StorageError;
use crate::keys::SealKey;
use crate::registry::{IdentityDb, IngestDb};

/// How many keys are asked for in one statement.
const KEYS_PER_STATEMENT: usize = 20_000;

/// The data keys of `ids`, making those that are missing. A destroyed key is absent from the answer.
///
/// Two processes that ask at once get the same keys.
///
/// # Errors
/// [`StorageError::Key`] when a wrapped key does not open under `kek`, or the system has no randomness.
pub fn data_keys(
    client: &mut impl GenericClient,
    kek: &SealKey,
    ids: &[IdentityId],
) -> Result<BTreeMap<IdentityId, SealKey>, StorageError> {
    let wanted: Vec<IdentityId> = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = BTreeMap::new();
    for some in wanted.chunks(KEYS_PER_STATEMENT) {
        let missing = read(client, kek, some, &mut found)?;
        if missing.is_empty() {
            continue;
        }
        let made: BTreeMap<IdentityId, SealKey> =
            missing.iter().map(|id| Ok((*id, SealKey::random()?))).collect::<Result<_, StorageError>>()?;
        let mut wrapped = Vec::with_capacity(made.len());
        for (id, key) in &made {
            wrapped.push(kek.wrap(id.as_bytes(), key)?);
        }
        let doing = "making data keys";
        let names: Vec<&[u8]> = made.keys().map(IdentityId::as_bytes).collect();
        let ours = client
            .query(
                "INSERT INTO keys.data_key (key_id, wrapped)
                 SELECT * FROM unnest($1::bytea[], $2::bytea[]) ON CONFLICT (key_id) DO NOTHING RETURNING key_id",
                &[&names, &wrapped],
            )
            .map_err(StorageError::db(doing))?;
        for row in &ours {
            let id: &[u8] = row.try_get(0).map_err(StorageError::db(doing))?;
            let id = IdentityId::from_slice(id).ok_or(StorageError::Key("a data key with a damaged id"))?;
            if let Some(key) = made.get(&id) {
                found.insert(id, key.clone());
            }
        }
        // another process may have been first with some of them: read what stands
        if ours.len() < made.len() {
            let others: Vec<IdentityId> = made.into_keys().filter(|id| !found.contains_key(id)).collect();
            let lost = read(client, kek, &others, &mut found)?;
            if !lost.is_empty() {
                return Err(StorageError::Key("a data key that was made is not there"));
            }
        }
    }
    Ok(found)
}

/// The data keys of `ids` that exist, without making any: what opens sealed values for people. A destroyed or missing key
/// is absent from the answer.
///
/// The keys handed out are counted under the entry of the audit chain that this session wrote last (C-077); a session that
/// announced nothing counts under 0, where no entry stands. Without the count there are no keys.
///
/// # Errors
/// [`StorageError::Key`] when a wrapped key does not open under `kek`.
pub fn existing_data_keys(
    client: &mut impl GenericClient,
    kek: &SealKey,
    ids: &[IdentityId],
) -> Result<BTreeMap<IdentityId, SealKey>, StorageError> {
    let mut found = BTreeMap::new();
    for some in ids.chunks(KEYS_PER_STATEMENT) {
        read(client, kek, some, &mut found)?;
    }
    if !found.is_empty() {
        let opened = i64::try_from(found.len()).unwrap_or(i64::MAX);
        client
            .execute(
                "INSERT INTO compliance.access_count AS c (audit_seq, role, opened)
                 VALUES (coalesce(nullif(current_setting('musubi.announced', true), '')::bigint, 0), session_user, $1)
                 ON CONFLICT (audit_seq, role) DO UPDATE SET opened = c.opened + excluded.opened",
                &[&opened],
            )
            .map_err(StorageError::db("counting what is opened"))?;
    }
    Ok(found)
}

/// Adds the keys that exist and are not destroyed to `found`; returns the ids that have no row.
fn read(
    client: &mut impl GenericClient,
    kek: &SealKey,
    ids: &[IdentityId],
    found: &mut BTreeMap<IdentityId, SealKey>,
) -> Result<Vec<IdentityId>, StorageError> {
    let doing = "reading data keys";
    let names: Vec<&[u8]> = ids.iter().map(IdentityId::as_bytes).collect();
    let rows = client
        .query("SELECT key_id, wrapped FROM keys.data_key WHERE key_id = ANY($1)", &[&names])
        .map_err(StorageError::db(doing))?;
    let mut missing: BTreeSet<IdentityId> = ids.iter().copied().collect();
    for row in rows {
        let id: &[u8] = row.try_get(0).map_err(StorageError::db(doing))?;
        let id = IdentityId::from_slice(id).ok_or(StorageError::Key("a data key with a damaged id"))?;
        missing.remove(&id);
        let wrapped: Option<&[u8]> = row.try_get(1).map_err(StorageError::db(doing))?;
        if let Some(wrapped) = wrapped {
            found.insert(id, kek.unwrap_key(id.as_bytes(), wrapped)?);
        }
    }
    Ok(missing.into_iter().collect())
}

macro_rules! key_holder {
    ($($handle:ty),*) => {$(
        impl $handle {
            /// See [`data_keys`].
            pub fn data_keys(
                &mut self,
                kek: &SealKey,
                ids: &[IdentityId],
            ) -> Result<BTreeMap<IdentityId, SealKey>, StorageError> {
                data_keys(&mut *self.client, kek, ids)
            }

            /// See [`existing_data_keys`].
            pub fn existing_data_keys(
                &mut self,
                kek: &SealKey,
                ids: &[IdentityId],
            ) -> Result<BTreeMap<IdentityId, SealKey>, StorageError> {
                existing_data_keys(&mut *self.client, kek, ids)
            }
        }
    )*};
}
key_holder!(IngestDb, IdentityDb);
