//! Whom a scope reaches, and how much of theirs there is.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::{IdentityId, ResearchId, SubmissionId};
use postgres::Row;

use super::job::names;
use crate::error::StorageError;
use crate::identity::read::STOPPED;
use crate::registry::ErasureDb;

/// How much a scope reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scoped {
    /// Persons with an identity in it.
    pub persons: u64,
    /// Units of deliveries.
    pub units: u64,
    /// Raw bytes of those units.
    pub unit_bytes: u64,
    /// Documents with such a unit.
    pub documents: u64,
    /// Releases whose cohort held one of them, with the time of sealing: what cannot be recalled.
    pub releases: Vec<(String, Timestamp)>,
    /// Deliveries that were quarantined whole: sealed unread, so that nobody can say who is in them.
    pub unread: u64,
}

fn identities(rows: &[Row], doing: &'static str) -> Result<BTreeSet<IdentityId>, StorageError> {
    rows.iter()
        .map(|row| {
            let bytes: &[u8] = row.try_get(0).map_err(StorageError::db(doing))?;
            IdentityId::from_slice(bytes).ok_or_else(|| StorageError::Damaged("an identity id".to_owned()))
        })
        .collect()
}

impl ErasureDb {
    /// Identities that the opt-outs in force on `on` reach and that are not erased: what the second gate would stop.
    pub fn reached_by_opt_outs(&mut self, on: Date) -> Result<BTreeSet<IdentityId>, StorageError> {
        let doing = "asking whom opt-outs reach";
        let statement = format!(
            "SELECT DISTINCT m.identity_id FROM ({STOPPED}) AS stopped
             JOIN identity.member m ON m.research_id = stopped.research_id
             JOIN identity.source_identity s ON s.identity_id = m.identity_id
             WHERE stopped.provider_id IS NULL OR stopped.provider_id = s.provider_id"
        );
        let rows = self.client.query(statement.as_str(), &[&on]).map_err(StorageError::db(doing))?;
        identities(&rows, doing)
    }

    /// The identities of a person, by its research id of today or of before.
    pub fn identities_of(&mut self, person: &ResearchId) -> Result<BTreeSet<IdentityId>, StorageError> {
        let doing = "reading a person's identities";
        let rows = self
            .client
            .query(
                "WITH RECURSIVE chain AS (
                   SELECT research_id, merged_into FROM identity.person WHERE research_id = $1
                   UNION SELECT p.research_id, p.merged_into FROM identity.person p
                   JOIN chain c ON p.research_id = c.merged_into)
                 SELECT m.identity_id FROM identity.member m JOIN chain c ON c.research_id = m.research_id",
                &[&person.as_bytes()],
            )
            .map_err(StorageError::db(doing))?;
        identities(&rows, doing)
    }

    /// Identities that came with a delivery and with no other.
    pub fn only_in(&mut self, submission: &SubmissionId) -> Result<BTreeSet<IdentityId>, StorageError> {
        let doing = "reading a delivery's identities";
        let rows = self
            .client
            .query(
                "SELECT DISTINCT u.identity_id FROM intake.unit u
                 WHERE u.submission_id = $1 AND u.identity_id IS NOT NULL AND NOT EXISTS (
                   SELECT FROM intake.unit o WHERE o.identity_id = u.identity_id AND o.submission_id <> $1)",
                &[&submission.as_bytes()],
            )
            .map_err(StorageError::db(doing))?;
        identities(&rows, doing)
    }

    /// How much a scope reaches.
    pub fn reach(&mut self, ids: &BTreeSet<IdentityId>) -> Result<Scoped, StorageError> {
        let doing = "counting what an erasure reaches";
        let asked = names(ids);
        let get = |e| StorageError::db(doing)(e);
        let row = self
            .client
            .query_one(
                "SELECT (SELECT count(DISTINCT research_id) FROM identity.member WHERE identity_id = ANY($1)),
                        count(*), coalesce(sum(byte_len), 0)::bigint, count(DISTINCT document),
                        (SELECT count(*) FROM intake.submission WHERE state = 'quarantined')
                 FROM intake.unit WHERE identity_id = ANY($1)",
                &[&asked],
            )
            .map_err(get)?;
        let count = |place: usize| row.try_get::<_, i64>(place).map(i64::unsigned_abs).map_err(get);
        let releases = self
            .client
            .query(
                "SELECT l.release_id, l.sealed_at FROM release.ledger l
                 JOIN release.cohort c ON c.approval_id = l.approval_id AND c.commit_id = l.commit_id
                 WHERE EXISTS (SELECT FROM release.cohort_member m
                               WHERE m.cohort_id = c.cohort_id AND m.identity_id = ANY($1))
                 GROUP BY 1, 2 ORDER BY 2, 1",
                &[&asked],
            )
            .map_err(get)?;
        let releases = releases
            .iter()
            .map(|r| Ok((r.try_get(0).map_err(get)?, r.try_get(1).map_err(get)?)))
            .collect::<Result<_, StorageError>>()?;
        Ok(Scoped {
            persons: count(0)?,
            units: count(1)?,
            unit_bytes: count(2)?,
            documents: count(3)?,
            unread: count(4)?,
            releases,
        })
    }
}
