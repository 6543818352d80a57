//! Reading persons, decisions, conflicts: for the trace, the desk and the second opt-out gate.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::matching::Conflict;
use musubi_model::{IdentityId, ProviderId, ResearchId, SubmissionId};

use super::conflicts::conflict;
use super::{Placement, bucket, damaged, identity_id, research_id};
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// One line of the decision log, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Place in the log.
    pub decision_id: i64,
    /// When.
    pub at: Timestamp,
    /// The submission that brought it about. `None`: a ruling or a repair did.
    pub submission: Option<SubmissionId>,
    /// See [`musubi_model::matching::DecisionKind`].
    pub kind: String,
    /// The identity on which it turned.
    pub identity_id: IdentityId,
    /// The person after it.
    pub research_id: ResearchId,
    /// Merge: the research id that became an alias. Split, move, revive: the person left.
    pub former: Option<ResearchId>,
    /// The other identity of the strongest evidence.
    pub record: Option<IdentityId>,
    /// Its weight, in the engine's unit.
    pub weight: Option<i32>,
    /// Its level vector.
    pub levels: Option<u64>,
    /// What spoke.
    pub rule: String,
    /// Engine name and version.
    pub engine: String,
    /// Model that weighed.
    pub model: Option<String>,
    /// What was decided together.
    pub component: Option<i64>,
}

/// One identity of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// Which.
    pub identity_id: IdentityId,
    /// Who described it.
    pub provider: ProviderId,
    /// Where its facts lie.
    pub bucket: u16,
}

/// One pair in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictRow {
    /// The pair.
    pub conflict: Conflict,
    /// The submission that brought it.
    pub submission: SubmissionId,
    /// `open` until a person decided.
    pub state: String,
}

/// Whom opt-outs reach on day `$1`. The rule is that of the gate at intake: a local number is enough; insured numbers and
/// names need an equal guard; an incomplete identity with an equal insured number is stopped, since nothing shows that it
/// is somebody else.
macro_rules! stopping {
    () => {
        "FROM compliance.opt_out o
         JOIN identity.token t ON t.token = o.token AND t.kind = o.kind
         JOIN identity.source_identity s ON s.identity_id = t.identity_id
         JOIN identity.member m ON m.identity_id = t.identity_id
         WHERE o.effective_from <= $1
           AND (o.withdrawn_at IS NULL OR (o.withdrawn_at AT TIME ZONE 'Asia/Tokyo')::date > $1)
           AND (o.kind = 'local' OR o.guard = t.guard OR (o.kind IN ('insured', 'care') AND NOT s.complete))"
    };
}

/// The rule itself: opt-outs `o`, what they match `t`, `s`, whose that is `m`.
pub(crate) const STOPPING: &str = stopping!();

/// Rows `(research_id, provider_id)`: of which persons which providers' identities (null: all) are stopped on day `$1`.
pub(crate) const STOPPED: &str = concat!("SELECT DISTINCT m.research_id, o.provider_id ", stopping!());

impl IdentityDb {
    /// The person of an identity. `None`: the identity is not known.
    pub fn person_of(&mut self, identity: &IdentityId) -> Result<Option<Placement>, StorageError> {
        Ok(self.known(std::slice::from_ref(identity))?.remove(identity))
    }

    /// The identities of a person, in order.
    pub fn members_of(&mut self, person: &ResearchId) -> Result<Vec<MemberRow>, StorageError> {
        let doing = "reading a person's identities";
        let rows = self
            .client
            .query(
                "SELECT m.identity_id, s.provider_id, m.bucket FROM identity.member m
                 JOIN identity.source_identity s ON s.identity_id = m.identity_id
                 WHERE m.research_id = $1 ORDER BY m.identity_id",
                &[&person.as_bytes()],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                let provider: &str = row.try_get(1).map_err(get)?;
                Ok(MemberRow {
                    identity_id: identity_id(row.try_get(0).map_err(get)?)?,
                    provider: ProviderId::new(provider).map_err(|_| damaged("a provider's number"))?,
                    bucket: bucket(row.try_get(2).map_err(get)?)?,
                })
            })
            .collect()
    }

    /// The research id that stands for `person` today: itself, or what it was merged into. `None`: there never was one.
    pub fn current_person(&mut self, person: &ResearchId) -> Result<Option<ResearchId>, StorageError> {
        let doing = "following an alias";
        let row = self
            .client
            .query_opt(
                "WITH RECURSIVE chain AS (
                   SELECT research_id, merged_into FROM identity.person WHERE research_id = $1
                   UNION
                   SELECT p.research_id, p.merged_into FROM identity.person p
                   JOIN chain c ON p.research_id = c.merged_into)
                 SELECT research_id FROM chain WHERE merged_into IS NULL",
                &[&person.as_bytes()],
            )
            .map_err(StorageError::db(doing))?;
        row.map(|row| research_id(row.try_get(0).map_err(StorageError::db(doing))?)).transpose()
    }

    /// Every decision that gave an identity its person, and the rulings on it: its own, and the merges of the persons it
    /// belonged to.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn history(&mut self, identity: &IdentityId) -> Result<Vec<DecisionRow>, StorageError> {
        let doing = "reading decisions";
        let rows = self
            .client
            .query(
                "WITH mine AS (SELECT DISTINCT research_id FROM identity.member_history WHERE identity_id = $1),
                 found AS (
                   SELECT decision_id FROM identity.decision
                   WHERE identity_id = $1 AND (kind <> 'merge' OR other IN (SELECT research_id FROM mine))
                   UNION
                   SELECT d.decision_id FROM mine JOIN identity.decision d ON d.other = mine.research_id
                   WHERE d.kind = 'merge'
                     AND EXISTS (SELECT 1 FROM identity.member_history h
                                 WHERE h.identity_id = $1 AND h.research_id = d.other AND h.known_to = d.at)
                   UNION
                   SELECT d.decision_id FROM identity.ruling r
                   JOIN identity.decision d ON d.identity_id = r.identity_a AND d.record = r.identity_b
                   WHERE r.identity_b = $1 AND d.kind = 'ruling')
                 SELECT decision_id, at, submission_id, kind, identity_id, research_id, other, record, weight, levels,
                        rule, engine, model, component
                 FROM identity.decision WHERE decision_id IN (SELECT decision_id FROM found) ORDER BY decision_id",
                &[&identity.as_bytes()],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                let submission: Option<&[u8]> = row.try_get(2).map_err(get)?;
                let kind: String = row.try_get(3).map_err(get)?;
                let other: Option<&[u8]> = row.try_get(6).map_err(get)?;
                // before there was a column for it, a join named the other identity where others name a person
                let (former, joined) = if kind == "join" { (None, other) } else { (other, None) };
                let former = former.map(research_id).transpose()?;
                let record: Option<&[u8]> = row.try_get(7).map_err(get)?;
                let record = record.or(joined);
                let levels: Option<i64> = row.try_get(9).map_err(get)?;
                Ok(DecisionRow {
                    decision_id: row.try_get(0).map_err(get)?,
                    at: row.try_get(1).map_err(get)?,
                    submission: submission
                        .map(|s| SubmissionId::from_slice(s).ok_or_else(|| damaged("a submission id")))
                        .transpose()?,
                    kind,
                    identity_id: identity_id(row.try_get(4).map_err(get)?)?,
                    research_id: research_id(row.try_get(5).map_err(get)?)?,
                    former,
                    record: record.map(identity_id).transpose()?,
                    weight: row.try_get(8).map_err(get)?,
                    levels: levels.map(i64::cast_unsigned),
                    rule: row.try_get(10).map_err(get)?,
                    engine: row.try_get(11).map_err(get)?,
                    model: row.try_get(12).map_err(get)?,
                    component: row.try_get(13).map_err(get)?,
                })
            })
            .collect()
    }

    /// The sealed demographics of an identity, for [`super::open_demographics`].
    pub fn sealed(&mut self, identity: &IdentityId) -> Result<Option<Vec<u8>>, StorageError> {
        let doing = "reading sealed demographics";
        let row = self
            .client
            .query_opt(
                "SELECT sealed FROM identity.source_identity WHERE identity_id = $1",
                &[&identity.as_bytes()],
            )
            .map_err(StorageError::db(doing))?;
        row.map(|row| row.try_get(0).map_err(StorageError::db(doing))).transpose()
    }

    /// How many conflicts there are of each kind in each state.
    pub fn conflict_counts(&mut self) -> Result<BTreeMap<(String, String), u64>, StorageError> {
        let doing = "counting conflicts";
        let rows = self
            .client
            .query("SELECT kind, state, count(*) FROM identity.conflict GROUP BY kind, state", &[])
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                let count: i64 = row.try_get(2).map_err(get)?;
                Ok(((row.try_get(0).map_err(get)?, row.try_get(1).map_err(get)?), count.unsigned_abs()))
            })
            .collect()
    }

    /// Conflicts in a state, in order of the pair, at most `limit`, after the pair `after`.
    pub fn conflicts(
        &mut self,
        state: &str,
        after: Option<&Conflict>,
        limit: u32,
    ) -> Result<Vec<ConflictRow>, StorageError> {
        let doing = "reading conflicts";
        let none: &[u8] = &[];
        let (a, b, kind) =
            after.map_or((none, none, ""), |c| (c.a.as_bytes(), c.b.as_bytes(), c.kind.as_str()));
        let rows = self
            .client
            .query(
                "SELECT identity_a, identity_b, kind, submission_id, state FROM identity.conflict
                 WHERE state = $1 AND (identity_a, identity_b, kind) > ($2, $3, $4)
                 ORDER BY identity_a, identity_b, kind LIMIT $5",
                &[&state, &a, &b, &kind, &i64::from(limit)],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                let submission: &[u8] = row.try_get(3).map_err(get)?;
                Ok(ConflictRow {
                    conflict: conflict(row)?,
                    submission: SubmissionId::from_slice(submission)
                        .ok_or_else(|| damaged("a submission id"))?,
                    state: row.try_get(4).map_err(get)?,
                })
            })
            .collect()
    }

    /// Those of `ids` whose person asked to stop, as far as the opt-out reaches, on day `on` (the second gate, after
    /// linkage): an opt-out that any identity of the person matches stops all identities at the providers it covers.
    pub fn opted_out(&mut self, ids: &[IdentityId], on: Date) -> Result<BTreeSet<IdentityId>, StorageError> {
        let doing = "asking for opt-outs";
        let asked: Vec<&[u8]> = ids.iter().map(IdentityId::as_bytes).collect();
        let statement = format!(
            "SELECT DISTINCT m.identity_id FROM unnest($2::bytea[]) AS q(id)
             JOIN identity.member m ON m.identity_id = q.id
             JOIN identity.source_identity s ON s.identity_id = m.identity_id
             JOIN ({STOPPED}) AS stopped ON stopped.research_id = m.research_id
             WHERE stopped.provider_id IS NULL OR stopped.provider_id = s.provider_id"
        );
        let rows = self.client.query(statement.as_str(), &[&on, &asked]).map_err(StorageError::db(doing))?;
        rows.iter().map(|row| identity_id(row.try_get(0).map_err(StorageError::db(doing))?)).collect()
    }
}
