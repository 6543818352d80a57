//! The past of persons (経緯): who belonged to whom at a time, and the members rebuilt from the decision log alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi_model::{IdentityId, ResearchId};
use postgres::fallible_iterator::FallibleIterator as _;

use super::{identity_id, research_id};
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// A release's cohort in which persons stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedRelease {
    /// The cohort.
    pub cohort_id: String,
    /// The approval it serves.
    pub approval_id: String,
    /// The snapshot it reads.
    pub commit_id: i64,
    /// When it was written.
    pub at: Timestamp,
    /// How many of the persons' identities stand in it.
    pub identities: u64,
    /// Releases in the ledger under the same approval and snapshot.
    pub releases: Vec<String>,
}

impl IdentityDb {
    /// The person of an identity as it was known at a time. `None`: the identity was not known then.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn person_as_of(
        &mut self,
        identity: &IdentityId,
        at: Timestamp,
    ) -> Result<Option<ResearchId>, StorageError> {
        let doing = "reading a past person";
        let row = self
            .client
            .query_opt(
                "SELECT research_id FROM identity.member WHERE identity_id = $1 AND known_from <= $2
                 UNION ALL
                 SELECT research_id FROM identity.member_history
                 WHERE identity_id = $1 AND known_from <= $2 AND $2 < known_to
                 LIMIT 1",
                &[&identity.as_bytes(), &at],
            )
            .map_err(StorageError::db(doing))?;
        row.map(|row| research_id(row.try_get(0).map_err(StorageError::db(doing))?)).transpose()
    }

    /// The identities of a research id as they were known at a time, in order.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn members_as_of(
        &mut self,
        person: &ResearchId,
        at: Timestamp,
    ) -> Result<Vec<IdentityId>, StorageError> {
        let doing = "reading past members";
        let rows = self
            .client
            .query(
                "SELECT identity_id FROM identity.member WHERE research_id = $1 AND known_from <= $2
                 UNION
                 SELECT identity_id FROM identity.member_history
                 WHERE research_id = $1 AND known_from <= $2 AND $2 < known_to
                 ORDER BY identity_id",
                &[&person.as_bytes(), &at],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter().map(|row| identity_id(row.try_get(0).map_err(StorageError::db(doing))?)).collect()
    }

    /// The person of every identity, rebuilt from the decision log and nothing else. Equals
    /// [`IdentityDb::person_map`]; where it does not, one of the two was tampered with. 48 bytes for each identity.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn replay_decisions(&mut self) -> Result<BTreeMap<IdentityId, ResearchId>, StorageError> {
        let doing = "replaying decisions";
        let mut rows = self
            .client
            .query_raw(
                "SELECT kind, identity_id, research_id, other FROM identity.decision ORDER BY decision_id",
                std::iter::empty::<&(dyn postgres::types::ToSql + Sync)>(),
            )
            .map_err(StorageError::db(doing))?;
        let mut of: BTreeMap<IdentityId, ResearchId> = BTreeMap::new();
        let mut members: BTreeMap<ResearchId, BTreeSet<IdentityId>> = BTreeMap::new();
        while let Some(row) = rows.next().map_err(StorageError::db(doing))? {
            let get = |e| StorageError::db(doing)(e);
            let kind: &str = row.try_get(0).map_err(get)?;
            let person = research_id(row.try_get(2).map_err(get)?)?;
            match kind {
                "ruling" => {}
                "merge" => {
                    let alias = research_id(row.try_get(3).map_err(get)?)?;
                    let left = members.remove(&alias).unwrap_or_default();
                    of.extend(left.iter().map(|id| (*id, person)));
                    members.entry(person).or_default().extend(left);
                }
                _ => {
                    let id = identity_id(row.try_get(1).map_err(get)?)?;
                    if let Some(left) = of.insert(id, person).and_then(|p| members.get_mut(&p)) {
                        left.remove(&id);
                    }
                    members.entry(person).or_default().insert(id);
                }
            }
        }
        Ok(of)
    }

    /// The cohorts in which identities of these persons stand, and what was released from them: to be shown before a
    /// merge or a split is confirmed. Newest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn affected_releases(
        &mut self,
        persons: &BTreeSet<ResearchId>,
    ) -> Result<Vec<AffectedRelease>, StorageError> {
        let doing = "reading touched releases";
        let asked: Vec<&[u8]> = persons.iter().map(ResearchId::as_bytes).collect();
        let rows = self
            .client
            .query(
                "WITH touched AS MATERIALIZED (
                   SELECT identity_id FROM identity.member WHERE research_id = ANY($1)
                   UNION SELECT identity_id FROM identity.member_history WHERE research_id = ANY($1))
                 SELECT c.cohort_id, c.approval_id, c.commit_id, c.at, count(*),
                        (SELECT coalesce(array_agg(l.release_id ORDER BY l.release_id), '{}')
                         FROM release.ledger l
                         WHERE l.approval_id = c.approval_id AND l.commit_id = c.commit_id AND c.at <= l.sealed_at)
                 FROM touched t CROSS JOIN release.cohort c
                 JOIN release.cohort_member m ON m.cohort_id = c.cohort_id AND m.identity_id = t.identity_id
                 GROUP BY c.cohort_id ORDER BY c.at DESC, c.cohort_id",
                &[&asked],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                let identities: i64 = row.try_get(4).map_err(get)?;
                Ok(AffectedRelease {
                    cohort_id: row.try_get(0).map_err(get)?,
                    approval_id: row.try_get(1).map_err(get)?,
                    commit_id: row.try_get(2).map_err(get)?,
                    at: row.try_get(3).map_err(get)?,
                    identities: identities.unsigned_abs(),
                    releases: row.try_get(5).map_err(get)?,
                })
            })
            .collect()
    }
}
