//! Taking identities in: what is new is written, what is known grows its days, and whoever that touches is decided, in
//! one transaction under one lock, so that two processes never decide past each other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::matching::{Conflict, Described, Membership, Neighbourhood, SealedRecord, Token};
use musubi_model::{IdentityId, ResearchId, SubmissionId};
use postgres::types::Type;
use postgres::{GenericClient, Transaction};

use super::conflicts::{insert_conflicts, read_neighbourhood, told_before};
use super::settle::{Entering, Occasion, settle};
use super::write::copy;
use super::{Committed, DynEngine, Fresh, IdentityRow, Placement, bucket, damaged, identity_id, research_id};
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// Key of the advisory lock under which persons change, one process at a time.
pub(crate) const IDENTITY_LOCK: i64 = 0x6d75_7375_6d70_6921;

impl IdentityDb {
    /// Gives every identity of `rows` a person and writes what is new, all or nothing. A second call with the same rows
    /// changes nothing.
    ///
    /// `engine` decides, `fresh` gives research ids, `at` is written into the decision log. The data keys of new rows
    /// must have been made (see [`IdentityDb::data_keys`]).
    ///
    /// # Errors
    /// [`StorageError::Database`] when the database refuses or is lost; then nothing was written.
    pub fn commit_identities(
        &mut self,
        submission: SubmissionId,
        at: Timestamp,
        rows: &[IdentityRow],
        engine: DynEngine<'_>,
        fresh: &mut Fresh<'_>,
    ) -> Result<Committed, StorageError> {
        let doing = "committing identities";
        let by_id: BTreeMap<IdentityId, &IdentityRow> =
            rows.iter().map(|r| (r.described.identity_id, r)).collect();
        let ids: Vec<IdentityId> = by_id.keys().copied().collect();
        let mut tx = self.locked(doing)?;
        let known = placements(&mut tx, &ids)?;
        let new: Vec<&IdentityRow> =
            by_id.iter().filter(|(id, _)| !known.contains_key(*id)).map(|(_, row)| *row).collect();
        let grown = grow(&mut tx, by_id.values().filter(|r| known.contains_key(&r.described.identity_id)))?;
        let described: Vec<Described> = new.iter().map(|r| r.described.clone()).collect();
        // asked before the tokens of the batch are there
        let holders = read_neighbourhood(&mut tx, described.iter().flat_map(|d| &d.tokens))?;
        insert(&mut tx, submission, &new)?;
        let entering = entering(&mut tx, &new)?;
        let occasion = Occasion { at, submission: Some(submission), engine, undoing: None };
        let mut done = settle(&mut tx, &occasion, entering, grown, fresh)?;

        done.placements = placements(&mut tx, &ids)?;
        if done.placements.len() != ids.len() {
            return Err(damaged("the engine left an identity without a person"));
        }
        if !new.is_empty() {
            let found = engine.contradictions(&holders, &described);
            done.conflicts_left_out = found.left_out;
            let apart = apart(&mut tx, found.pairs)?;
            done.conflicts = insert_conflicts(&mut tx, submission, &apart)?;
        }
        if new.len() < ids.len() {
            let told: BTreeSet<Conflict> = std::mem::take(&mut done.conflicts).into_iter().collect();
            done.conflicts = told.union(&told_before(&mut tx, submission, &ids)?).copied().collect();
        }
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(done)
    }

    /// Decides components again, after a ruling or a repair.
    ///
    /// # Errors
    /// As [`Self::commit_identities`].
    pub fn redecide(
        &mut self,
        at: Timestamp,
        components: &BTreeSet<i64>,
        engine: DynEngine<'_>,
        fresh: &mut Fresh<'_>,
    ) -> Result<Committed, StorageError> {
        let doing = "deciding again";
        let mut tx = self.locked(doing)?;
        let occasion = Occasion { at, submission: None, engine, undoing: None };
        let done = settle(&mut tx, &occasion, Vec::new(), components.clone(), fresh)?;
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(done)
    }

    /// Brings up to `limit` known identities into the index that are not in it (an upgrade from a store of before),
    /// and decides them. `None`: there are none left.
    ///
    /// # Errors
    /// As [`Self::commit_identities`].
    pub fn index_unindexed(
        &mut self,
        at: Timestamp,
        limit: u32,
        engine: DynEngine<'_>,
        fresh: &mut Fresh<'_>,
    ) -> Result<Option<Committed>, StorageError> {
        let doing = "indexing identities";
        let mut tx = self.locked(doing)?;
        let rows = tx
            .query(
                "SELECT identity_id FROM identity.member WHERE component IS NULL ORDER BY identity_id LIMIT $1",
                &[&i64::from(limit)],
            )
            .map_err(StorageError::db(doing))?;
        let ids = rows
            .iter()
            .map(|row| identity_id(row.try_get(0).map_err(StorageError::db(doing))?))
            .collect::<Result<Vec<_>, _>>()?;
        if ids.is_empty() {
            return Ok(None);
        }
        let entering = stored(&mut tx, "m.identity_id = ANY($1)", &names(&ids))?;
        let occasion = Occasion { at, submission: None, engine, undoing: None };
        let done = settle(&mut tx, &occasion, entering, BTreeSet::new(), fresh)?;
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(Some(done))
    }

    /// A transaction that alone may change persons.
    pub(super) fn locked(&mut self, doing: &'static str) -> Result<Transaction<'_>, StorageError> {
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&IDENTITY_LOCK]).map_err(StorageError::db(doing))?;
        // Every question below asks for few rows of large tables by key. Right after a bulk load the server's statistics
        // still say that the tables are small, and it would read them whole, again for each batch.
        tx.batch_execute("SET LOCAL enable_seqscan = off").map_err(StorageError::db(doing))?;
        Ok(tx)
    }

    /// Every stored identity that shares one of `tokens`.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn neighbourhood(&mut self, tokens: &[Token]) -> Result<Neighbourhood, StorageError> {
        read_neighbourhood(&mut *self.client, tokens)
    }

    /// Those of `ids` that are known, with their person and bucket.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn known(&mut self, ids: &[IdentityId]) -> Result<BTreeMap<IdentityId, Placement>, StorageError> {
        placements(&mut *self.client, ids)
    }
}

pub(super) fn names(ids: &[IdentityId]) -> Vec<&[u8]> {
    ids.iter().map(IdentityId::as_bytes).collect()
}

pub(super) fn placements(
    client: &mut impl GenericClient,
    ids: &[IdentityId],
) -> Result<BTreeMap<IdentityId, Placement>, StorageError> {
    let doing = "reading members";
    let rows = client
        .query(
            "SELECT identity_id, research_id, bucket FROM identity.member WHERE identity_id = ANY($1)",
            &[&names(ids)],
        )
        .map_err(StorageError::db(doing))?;
    rows.iter()
        .map(|row| {
            let get = |e| StorageError::db(doing)(e);
            let id = identity_id(row.try_get(0).map_err(get)?)?;
            let research_id = research_id(row.try_get(1).map_err(get)?)?;
            Ok((id, Placement { research_id, bucket: bucket(row.try_get(2).map_err(get)?)? }))
        })
        .collect()
}

/// Widens the days on which known identities were seen. Returns the components that must be decided again for it: those
/// whose last decision hung on days.
fn grow<'r>(
    tx: &mut Transaction<'_>,
    rows: impl Iterator<Item = &'r &'r IdentityRow>,
) -> Result<BTreeSet<i64>, StorageError> {
    let doing = "widening days";
    let seen: Vec<(&IdentityRow, (Date, Date))> = rows.filter_map(|r| Some((*r, r.seen?))).collect();
    if seen.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ids: Vec<&[u8]> = seen.iter().map(|(r, _)| r.described.identity_id.as_bytes()).collect();
    let first: Vec<Date> = seen.iter().map(|(_, (first, _))| *first).collect();
    let last: Vec<Date> = seen.iter().map(|(_, (_, last))| *last).collect();
    // least and greatest pass over nulls
    let rows = tx
        .query(
            "UPDATE identity.member m
             SET seen_first = least(m.seen_first, q.first), seen_last = greatest(m.seen_last, q.last)
             FROM unnest($1::bytea[], $2::date[], $3::date[]) AS q(id, first, last)
             WHERE m.identity_id = q.id
               AND (m.seen_first IS NULL OR m.seen_first > q.first OR m.seen_last < q.last)
             RETURNING m.component, m.timed",
            &[&ids, &first, &last],
        )
        .map_err(StorageError::db(doing))?;
    let mut touched = BTreeSet::new();
    for row in rows {
        let component: Option<i64> = row.try_get(0).map_err(StorageError::db(doing))?;
        if row.try_get(1).map_err(StorageError::db(doing))? {
            touched.extend(component);
        }
    }
    Ok(touched)
}

/// Writes what never changes of new identities: the sealed description and its tokens.
fn insert(
    tx: &mut Transaction<'_>,
    submission: SubmissionId,
    new: &[&IdentityRow],
) -> Result<(), StorageError> {
    let submission = submission.as_bytes();
    copy(
        tx,
        "writing identities",
        "identity.source_identity (identity_id, provider_id, sealed, complete, first_submission)",
        &[Type::BYTEA, Type::TEXT, Type::BYTEA, Type::BOOL, Type::BYTEA],
        |w| {
            for row in new {
                let d = &row.described;
                let provider = row.provider.as_str();
                w.write(&[&d.identity_id.as_bytes(), &provider, &row.sealed, &d.complete, &submission])?;
            }
            Ok(())
        },
    )?;
    copy(
        tx,
        "writing tokens",
        "identity.token (token, kind, guard, identity_id)",
        &[Type::BYTEA, Type::TEXT, Type::BYTEA, Type::BYTEA],
        |w| {
            for d in new.iter().map(|row| &row.described) {
                for token in &d.tokens {
                    let guard = d.guard.0.as_slice();
                    w.write(&[&token.value, &token.kind.as_str(), &guard, &d.identity_id.as_bytes()])?;
                }
            }
            Ok(())
        },
    )
}

/// New identities as the engine gets them.
fn entering(tx: &mut Transaction<'_>, new: &[&IdentityRow]) -> Result<Vec<Entering>, StorageError> {
    let doing = "reading data keys";
    let ids: Vec<&[u8]> = new.iter().map(|r| r.described.identity_id.as_bytes()).collect();
    let rows = tx
        .query("SELECT key_id, wrapped FROM keys.data_key WHERE key_id = ANY($1)", &[&ids])
        .map_err(StorageError::db(doing))?;
    let mut keys: BTreeMap<IdentityId, Option<Vec<u8>>> = BTreeMap::new();
    for row in rows {
        let get = |e| StorageError::db(doing)(e);
        keys.insert(identity_id(row.try_get(0).map_err(get)?)?, row.try_get(1).map_err(get)?);
    }
    let record = |row: &&IdentityRow| SealedRecord {
        identity_id: row.described.identity_id,
        provider: row.provider.clone(),
        sealed: row.sealed.clone(),
        wrapped: keys.remove(&row.described.identity_id).flatten(),
        seen: row.seen,
    };
    Ok(new.iter().map(record).map(|record| Entering { record, was: None, component: None }).collect())
}

/// Stored identities as the engine gets them; `which` is a condition on `m` with one array as `$1`.
pub(super) fn stored(
    tx: &mut Transaction<'_>,
    which: &'static str,
    values: &(dyn postgres::types::ToSql + Sync),
) -> Result<Vec<Entering>, StorageError> {
    let doing = "reading identities around";
    // OFFSET 0 keeps each step a look-up by key, whatever the server believes of the tables' sizes
    let statement = format!(
        "SELECT m.identity_id, m.research_id, m.origin, m.component, m.seen_first, m.seen_last,
                s.provider_id, s.sealed, k.wrapped
         FROM identity.member m
         CROSS JOIN LATERAL (SELECT provider_id, sealed FROM identity.source_identity s
                             WHERE s.identity_id = m.identity_id OFFSET 0) s
         LEFT JOIN LATERAL (SELECT wrapped FROM keys.data_key k WHERE k.key_id = m.identity_id OFFSET 0) k ON true
         WHERE {which}"
    );
    let rows = tx.query(statement.as_str(), &[values]).map_err(StorageError::db(doing))?;
    rows.iter()
        .map(|row| {
            let get = |e| StorageError::db(doing)(e);
            let person: ResearchId = research_id(row.try_get(1).map_err(get)?)?;
            let origin = research_id(row.try_get(2).map_err(get)?)?;
            let first: Option<Date> = row.try_get(4).map_err(get)?;
            let last: Option<Date> = row.try_get(5).map_err(get)?;
            let provider: &str = row.try_get(6).map_err(get)?;
            Ok(Entering {
                record: SealedRecord {
                    identity_id: identity_id(row.try_get(0).map_err(get)?)?,
                    provider: musubi_model::ProviderId::new(provider)
                        .map_err(|_| damaged("a provider's number"))?,
                    sealed: row.try_get(7).map_err(get)?,
                    wrapped: row.try_get(8).map_err(get)?,
                    seen: first.zip(last),
                },
                was: Some(Membership { person, origin }),
                component: row.try_get(3).map_err(get)?,
            })
        })
        .collect()
}

/// Those pairs whose identities are different persons: what was joined all the same contradicts nothing.
fn apart(tx: &mut Transaction<'_>, pairs: BTreeSet<Conflict>) -> Result<BTreeSet<Conflict>, StorageError> {
    let ids: BTreeSet<IdentityId> = pairs.iter().flat_map(|c| [c.a, c.b]).collect();
    let ids: Vec<IdentityId> = ids.into_iter().collect();
    let at = placements(tx, &ids)?;
    let person = |id: &IdentityId| at.get(id).map(|p| p.research_id);
    Ok(pairs.into_iter().filter(|c| person(&c.a) != person(&c.b)).collect())
}
