//! What the desk (窓口) reads: what stands for a research id, its members since when, one ruling, and who could be meant by
//! a question.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::matching::SealedRecord;
use musubi_model::{IdentityId, ProviderId, ResearchId, SubmissionId};

use super::commit::{names, stored};
use super::{damaged, identity_id, research_id};
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// What a research id is today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonState {
    /// It stands for a person (有効).
    Active,
    /// It leads to another (統合済み).
    Merged,
    /// Its members went to more than one; it leads to the one that took most (分割済み).
    Split,
    /// It stands for nobody any more (廃止).
    Retired,
}

impl PersonState {
    /// The word stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Merged => "merged",
            Self::Split => "split",
            Self::Retired => "retired",
        }
    }

    fn read(text: &str) -> Option<Self> {
        [Self::Active, Self::Merged, Self::Split, Self::Retired].into_iter().find(|s| s.as_str() == text)
    }
}

/// A research id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// The id.
    pub research_id: ResearchId,
    /// What it is today.
    pub state: PersonState,
    /// Where it leads, when it leads to another.
    pub replaced_by: Option<ResearchId>,
    /// The delivery in which it was born; `None`: a ruling or a repair gave it.
    pub born_in: Option<SubmissionId>,
}

/// A member of a person, for the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSince {
    /// Which identity.
    pub identity_id: IdentityId,
    /// Who described it.
    pub provider: ProviderId,
    /// First and last day on which the source was seen to write it so.
    pub seen: Option<(Date, Date)>,
    /// Since when it belongs to its person of today. `None`: since before that was noted.
    pub since: Option<Timestamp>,
}

/// Who could be meant by a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidates {
    /// Every identity of every person who holds one of the keys, in order.
    pub records: Vec<(ResearchId, SealedRecord)>,
    /// How many of the keys too many identities hold to say anything.
    pub crowded: u64,
}

impl IdentityDb {
    /// A research id with what it is today, and after it those to which it leads, in order. Empty: there never was one.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn person_chain(&mut self, person: &ResearchId) -> Result<Vec<PersonRow>, StorageError> {
        let doing = "reading a research id";
        let mut chain: Vec<PersonRow> = Vec::new();
        let mut next = Some(*person);
        while let Some(id) = next.filter(|id| chain.iter().all(|row| row.research_id != *id)) {
            let row = self
                .client
                .query_opt(
                    "SELECT state, merged_into, born_in FROM identity.person WHERE research_id = $1",
                    &[&id.as_bytes()],
                )
                .map_err(StorageError::db(doing))?;
            let Some(row) = row else { break };
            let get = |e| StorageError::db(doing)(e);
            let into: Option<&[u8]> = row.try_get(1).map_err(get)?;
            let born: Option<&[u8]> = row.try_get(2).map_err(get)?;
            next = into.map(research_id).transpose()?;
            chain.push(PersonRow {
                research_id: id,
                state: PersonState::read(row.try_get(0).map_err(get)?).ok_or_else(|| damaged("a state"))?,
                replaced_by: next,
                born_in: born
                    .map(|b| SubmissionId::from_slice(b).ok_or_else(|| damaged("a submission id")))
                    .transpose()?,
            });
        }
        Ok(chain)
    }

    /// Those of `ids` that are known, for the desk, in order.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn members_since(&mut self, ids: &[IdentityId]) -> Result<Vec<MemberSince>, StorageError> {
        let doing = "reading members";
        let rows = self
            .client
            .query(
                "SELECT m.identity_id, s.provider_id, m.seen_first, m.seen_last,
                        CASE WHEN isfinite(m.known_from) THEN m.known_from END
                 FROM identity.member m JOIN identity.source_identity s ON s.identity_id = m.identity_id
                 WHERE m.identity_id = ANY($1) ORDER BY m.identity_id",
                &[&names(ids)],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                let first: Option<Date> = row.try_get(2).map_err(get)?;
                let last: Option<Date> = row.try_get(3).map_err(get)?;
                let provider: &str = row.try_get(1).map_err(get)?;
                Ok(MemberSince {
                    identity_id: identity_id(row.try_get(0).map_err(get)?)?,
                    provider: ProviderId::new(provider).map_err(|_| damaged("a provider's number"))?,
                    seen: first.zip(last),
                    since: row.try_get(4).map_err(get)?,
                })
            })
            .collect()
    }

    /// Those of `ids` that are known, as the engine gets them.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn sealed_records(&mut self, ids: &[IdentityId]) -> Result<Vec<SealedRecord>, StorageError> {
        let mut tx = self.client.transaction().map_err(StorageError::db("reading identities"))?;
        let mut found = stored(&mut tx, "m.identity_id = ANY($1)", &names(ids))?;
        found.sort_by_key(|e| e.record.identity_id);
        Ok(found.into_iter().map(|e| e.record).collect())
    }

    /// Who could be meant: every person who holds one of the sealed block keys of a question. A crowded key finds nobody,
    /// so that no question reads more than `crowd_max` identities for each of its keys, and their persons.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn candidates(&mut self, keys: &[i64], crowd_max: u32) -> Result<Candidates, StorageError> {
        let doing = "looking up block keys";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        // as in every question for few rows of large tables, see `locked`
        tx.batch_execute("SET LOCAL enable_seqscan = off").map_err(StorageError::db(doing))?;
        let crowded: i64 = tx
            .query_one("SELECT count(*) FROM identity.crowded_key WHERE key = ANY($1)", &[&keys])
            .and_then(|row| row.try_get(0))
            .map_err(StorageError::db(doing))?;
        let rows = tx
            .query(
                "SELECT DISTINCT m.research_id
                 FROM (SELECT DISTINCT key FROM unnest($1::bigint[]) AS q(key)
                       WHERE NOT EXISTS (SELECT 1 FROM identity.crowded_key c WHERE c.key = q.key)) q
                 CROSS JOIN LATERAL (SELECT k.identity_id FROM identity.match_key k
                                     WHERE k.key = q.key LIMIT $2) k
                 JOIN identity.member m ON m.identity_id = k.identity_id",
                &[&keys, &i64::from(crowd_max)],
            )
            .map_err(StorageError::db(doing))?;
        let persons: Vec<&[u8]> = rows
            .iter()
            .map(|row| row.try_get(0).map_err(StorageError::db(doing)))
            .collect::<Result<_, _>>()?;
        let found = stored(&mut tx, "m.research_id = ANY($1)", &persons)?;
        let mut records: Vec<(ResearchId, SealedRecord)> =
            found.into_iter().filter_map(|e| Some((e.was?.person, e.record))).collect();
        records.sort_by_key(|(person, record)| (*person, record.identity_id));
        Ok(Candidates { records, crowded: crowded.unsigned_abs() })
    }
}
