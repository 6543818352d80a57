//! Deciding everybody anew (全件再突合): as a shadow, which writes nothing, and as the switch of a model, which two people
//! make and which is one transaction: whoever kills it finds everything as it was, and runs it again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use musubi_model::IdentityId;
use musubi_model::matching::{Before, Resolution, Ruled, SealedRecord, Verdict};
use postgres::types::Type;
use postgres::{IsolationLevel, Transaction};

use super::commit::stored;
use super::settle::{Entering, Occasion, before, conclude, crowded};
use super::write::copy;
use super::{Committed, DynEngine, Fresh, identity_id};
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// Everybody, in one snapshot, some at a time.
pub struct Whole<'a, 't> {
    tx: &'a mut Transaction<'t>,
    /// Who they are in force, without what is sealed.
    set: BTreeMap<IdentityId, Entering>,
}

/// Decides over everybody; brought by the room that has the keys.
pub type DecideAll<'a> = dyn FnMut(&mut Whole<'_, '_>) -> Result<Verdict, StorageError> + 'a;

/// What a decision over everybody would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shadow {
    /// Who is who.
    pub verdict: Verdict,
    /// Who was who.
    pub before: Before,
    /// The research ids that would be given.
    pub resolution: Resolution,
}

/// A proposal to switch the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelinkRow {
    /// Its number.
    pub relink_id: i64,
    /// Name and version of the model.
    pub model: String,
    /// BLAKE3 of the model.
    pub model_hash: String,
    /// Who proposed it, when.
    pub proposed: (String, Timestamp),
    /// Who confirmed it, when.
    pub confirmed: Option<(String, Timestamp)>,
}

impl Whole<'_, '_> {
    /// Hands out everybody in the order of ids, page by page; may be called more than once.
    ///
    /// # Errors
    /// [`StorageError::Database`], and what `take` says.
    pub fn pages(
        &mut self,
        take: &mut dyn FnMut(&[SealedRecord]) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let mut last: Option<IdentityId> = None;
        loop {
            let after: &[u8] = last.as_ref().map_or(&[], |id| id.as_bytes());
            let mut page = stored(self.tx, "m.identity_id > $1 ORDER BY m.identity_id LIMIT 20000", &after)?;
            let Some(end) = page.last() else { return Ok(()) };
            last = Some(end.record.identity_id);
            let records: Vec<SealedRecord> = page.iter().map(|e| e.record.clone()).collect();
            take(&records)?;
            for entering in &mut page {
                entering.record.sealed = Vec::new();
                entering.record.wrapped = None;
            }
            self.set.extend(page.into_iter().map(|e| (e.record.identity_id, e)));
        }
    }

    /// All rulings in force.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn rulings(&mut self) -> Result<Vec<Ruled>, StorageError> {
        let doing = "reading rulings";
        let rows = self
            .tx
            .query(
                "SELECT identity_a, identity_b, same FROM identity.ruling WHERE undone_at IS NULL
                 ORDER BY identity_a, identity_b",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|row| {
                let get = |e| StorageError::db(doing)(e);
                let a = identity_id(row.try_get(0).map_err(get)?)?;
                let b = identity_id(row.try_get(1).map_err(get)?)?;
                Ok(Ruled { a, b, same: row.try_get(2).map_err(get)? })
            })
            .collect()
    }

    /// Block keys that became crowded; a key never becomes rare again.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn crowded(&mut self) -> Result<std::collections::BTreeSet<i64>, StorageError> {
        crowded(self.tx)
    }
}

impl IdentityDb {
    /// What a decision over everybody would change. Nothing is written and no lock is held: nights go on beside it.
    ///
    /// # Errors
    /// [`StorageError::Database`], and what `decide` says.
    pub fn shadow(
        &mut self,
        engine: DynEngine<'_>,
        decide: &mut DecideAll<'_>,
        fresh: &mut Fresh<'_>,
    ) -> Result<Shadow, StorageError> {
        let doing = "deciding in the shadow";
        let mut tx = self
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .map_err(StorageError::db(doing))?;
        let (verdict, set) = everybody(&mut tx, decide)?;
        let before = before(&mut tx, &verdict, &set, BTreeMap::new())?;
        let ids = fresh(verdict.clusters.len())?;
        let resolution = engine.assign(&verdict.clusters, &before, &ids);
        tx.rollback().map_err(StorageError::db(doing))?;
        Ok(Shadow { verdict, before, resolution })
    }

    /// Proposes to switch to a model. Another person has to confirm.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn propose_relink(
        &mut self,
        model: &str,
        model_hash: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<i64, StorageError> {
        let doing = "proposing a model";
        let row = self
            .client
            .query_one(
                "INSERT INTO identity.relink (model, model_hash, proposed_by, proposed_at)
                 VALUES ($1, $2, $3, $4) RETURNING relink_id",
                &[&model, &model_hash, &by, &at],
            )
            .map_err(StorageError::db(doing))?;
        row.try_get(0).map_err(StorageError::db(doing))
    }

    /// The newest proposal, confirmed or not.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn last_relink(&mut self) -> Result<Option<RelinkRow>, StorageError> {
        let doing = "reading proposals of models";
        let row = self
            .client
            .query_opt(
                "SELECT relink_id, model, model_hash, proposed_by, proposed_at, confirmed_by, confirmed_at
                 FROM identity.relink ORDER BY relink_id DESC LIMIT 1",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        let get = |e| StorageError::db(doing)(e);
        row.map(|row| {
            let by: Option<String> = row.try_get(5).map_err(get)?;
            let at: Option<Timestamp> = row.try_get(6).map_err(get)?;
            Ok(RelinkRow {
                relink_id: row.try_get(0).map_err(get)?,
                model: row.try_get(1).map_err(get)?,
                model_hash: row.try_get(2).map_err(get)?,
                proposed: (row.try_get(3).map_err(get)?, row.try_get(4).map_err(get)?),
                confirmed: by.zip(at),
            })
        })
        .transpose()
    }

    /// Version of the model to which everybody was switched last; `None`: never, the built-in model decides.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn switched_model(&mut self) -> Result<Option<String>, StorageError> {
        let doing = "reading the model in force";
        let row = self
            .client
            .query_opt(
                "SELECT model FROM identity.relink WHERE confirmed_at IS NOT NULL
                 ORDER BY confirmed_at DESC, relink_id DESC LIMIT 1",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        row.map(|row| row.try_get(0).map_err(StorageError::db(doing))).transpose()
    }

    /// Switches to the model that another person proposed: block keys are made anew, everybody is decided, research ids
    /// are given by the rule of every night. All or nothing, under the identity lock.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when nobody else proposed this model last; otherwise as
    /// [`IdentityDb::commit_identities`].
    pub fn confirm_relink(
        &mut self,
        model_hash: &str,
        by: &str,
        at: Timestamp,
        engine: DynEngine<'_>,
        decide: &mut DecideAll<'_>,
        fresh: &mut Fresh<'_>,
    ) -> Result<(i64, Committed), StorageError> {
        let doing = "switching the model";
        let mut tx = self.locked(doing)?;
        let row = tx
            .query_opt(
                "UPDATE identity.relink SET confirmed_by = $2, confirmed_at = $3
                 WHERE relink_id = (SELECT max(relink_id) FROM identity.relink)
                   AND confirmed_at IS NULL AND proposed_by <> $2 AND model_hash = $1 RETURNING relink_id",
                &[&model_hash, &by, &at],
            )
            .map_err(StorageError::db(doing))?
            .ok_or_else(|| {
                StorageError::Refused("no other person has proposed this model last".to_owned())
            })?;
        let relink_id: i64 = row.try_get(0).map_err(StorageError::db(doing))?;
        let (verdict, set) = everybody(&mut tx, decide)?;
        rekey(&mut tx, engine)?;
        let occasion = Occasion { at, submission: None, engine, undoing: None };
        let mut done = Committed::default();
        conclude(&mut tx, &occasion, &verdict, &set, fresh, &mut done)?;
        tx.execute(
            "UPDATE identity.relink SET upto_decision = (SELECT max(decision_id) FROM identity.decision)
             WHERE relink_id = $1",
            &[&relink_id],
        )
        .map_err(StorageError::db(doing))?;
        tx.commit().map_err(StorageError::db(doing))?;
        Ok((relink_id, done))
    }
}

#[allow(clippy::type_complexity)] // two parts of one answer, taken apart at once
fn everybody(
    tx: &mut Transaction<'_>,
    decide: &mut DecideAll<'_>,
) -> Result<(Verdict, BTreeMap<IdentityId, Entering>), StorageError> {
    let mut whole = Whole { tx, set: BTreeMap::new() };
    let mut verdict = decide(&mut whole)?;
    verdict.clusters.sort_by(|a, b| a.members.cmp(&b.members));
    Ok((verdict, whole.set))
}

/// Writes the block keys of everybody anew, and which of them are crowded.
fn rekey(tx: &mut Transaction<'_>, engine: DynEngine<'_>) -> Result<(), StorageError> {
    let doing = "writing block keys anew";
    tx.batch_execute("TRUNCATE identity.match_key").map_err(StorageError::db(doing))?;
    let mut last: Option<IdentityId> = None;
    loop {
        let after: &[u8] = last.as_ref().map_or(&[], |id| id.as_bytes());
        let page = stored(tx, "m.identity_id > $1 ORDER BY m.identity_id LIMIT 20000", &after)?;
        let Some(end) = page.last() else { break };
        last = Some(end.record.identity_id);
        let records: Vec<SealedRecord> = page.into_iter().map(|e| e.record).collect();
        let keys = engine.keys(&records)?;
        copy(tx, doing, "identity.match_key (key, identity_id)", &[Type::INT8, Type::BYTEA], |w| {
            for (record, keys) in records.iter().zip(&keys) {
                for key in keys {
                    w.write(&[key, &record.identity_id.as_bytes()])?;
                }
            }
            Ok(())
        })?;
    }
    tx.execute(
        "INSERT INTO identity.crowded_key
         SELECT key FROM identity.match_key GROUP BY key HAVING count(*) > $1 ON CONFLICT DO NOTHING",
        &[&i64::from(engine.crowd_max())],
    )
    .map_err(StorageError::db("marking crowded keys"))?;
    Ok(())
}
