//! Counts and the person map for reports (人数): ids only, never a name or number.

use std::collections::HashMap;

use musubi_model::{IdentityId, ResearchId};
use postgres::fallible_iterator::FallibleIterator as _;

use crate::error::StorageError;
use crate::registry::IdentityDb;

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeopleCounts {
    /// Source identities.
    pub identities: u64,
    /// Active persons.
    pub persons: u64,
    /// Open conflicts.
    pub conflicts_open: u64,
}

impl IdentityDb {
    /// Counts identities, active persons and open conflicts.
    pub fn people_counts(&mut self) -> Result<PeopleCounts, StorageError> {
        let row = self
            .client
            .query_one(
                "SELECT (SELECT count(*) FROM identity.source_identity),
                        (SELECT count(*) FROM identity.person WHERE state = 'active'),
                        (SELECT count(*) FROM identity.conflict WHERE state = 'open')",
                &[],
            )
            .map_err(StorageError::db("counting people"))?;
        let number = |i: usize| u64::try_from(row.get::<_, i64>(i)).unwrap_or(0);
        Ok(PeopleCounts { identities: number(0), persons: number(1), conflicts_open: number(2) })
    }

    /// The person of every identity. 32 bytes for each identity, and the map's own.
    pub fn person_map(&mut self) -> Result<HashMap<IdentityId, ResearchId>, StorageError> {
        let doing = "reading the person map";
        let mut rows = self
            .client
            .query_raw(
                "SELECT identity_id, research_id FROM identity.member",
                std::iter::empty::<&(dyn postgres::types::ToSql + Sync)>(),
            )
            .map_err(StorageError::db(doing))?;
        let mut map = HashMap::new();
        while let Some(row) = rows.next().map_err(StorageError::db(doing))? {
            if let (Some(identity), Some(person)) =
                (IdentityId::from_slice(row.get(0)), ResearchId::from_slice(row.get(1)))
            {
                map.insert(identity, person);
            }
        }
        Ok(map)
    }
}
