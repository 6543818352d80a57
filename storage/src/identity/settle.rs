//! One decision (決定): from what enters and what it touches to who is who, and back into the tables.
//!
//! The set that is decided is closed: whole components, never parts. A component is what was decided together because
//! evidence or doubt tied it; a newcomer ties itself only to those with whom it shares a key that is not crowded. When a
//! key becomes crowded, what it tied is decided again without it. So any batching ends in the same persons.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi_model::matching::{
    Before, Closed, DecisionKind, Membership, Ruled, SealedRecord, Unreadable, Verdict,
};
use musubi_model::{IdentityId, ResearchId, SubmissionId};
use postgres::Transaction;
use postgres::types::Type;

use super::commit::{names, stored};
use super::write::{self, copy};
use super::{Committed, DynEngine, Fresh, damaged, identity_id, research_id, review};
use crate::error::StorageError;

/// When, by what and with which engine it is decided.
pub(super) struct Occasion<'a> {
    pub(super) at: Timestamp,
    pub(super) submission: Option<SubmissionId>,
    pub(super) engine: DynEngine<'a>,
    /// When the ruling was made that is being undone.
    pub(super) undoing: Option<Timestamp>,
}

/// An identity of the set to decide.
#[derive(Debug, Clone)]
pub(super) struct Entering {
    pub(super) record: SealedRecord,
    /// `None`: new.
    pub(super) was: Option<Membership>,
    pub(super) component: Option<i64>,
}

/// An engine that cannot read what it is given stops the transaction.
impl From<Unreadable> for StorageError {
    fn from(e: Unreadable) -> Self {
        Self::Key(e.0)
    }
}

/// Brings `entering` into the index, and decides it together with whatever it touches and with `touched`.
pub(super) fn settle(
    tx: &mut Transaction<'_>,
    occasion: &Occasion<'_>,
    entering: Vec<Entering>,
    touched: BTreeSet<i64>,
    fresh: &mut Fresh<'_>,
) -> Result<Committed, StorageError> {
    let mut done = Committed::default();
    if entering.is_empty() && touched.is_empty() {
        return Ok(done);
    }
    done.identities_new = entering.iter().filter(|e| e.was.is_none()).count() as u64;
    let mut components = touched;
    done.crowded_new = index(tx, occasion.engine, &entering, &mut components)?;
    let (set, rulings) = close(tx, entering, components)?;
    let crowded = crowded(tx)?;
    let records = set.values().map(|e| e.record.clone()).collect();
    let closed = Closed { records, rulings, crowded };
    let mut verdict = occasion.engine.decide(&closed)?;
    drop(closed);
    verdict.clusters.sort_by(|a, b| a.members.cmp(&b.members));
    conclude(tx, occasion, &verdict, &set, fresh, &mut done)?;
    Ok(done)
}

/// From who is who to research ids, and all of it into the tables.
pub(super) fn conclude(
    tx: &mut Transaction<'_>,
    occasion: &Occasion<'_>,
    verdict: &Verdict,
    set: &BTreeMap<IdentityId, Entering>,
    fresh: &mut Fresh<'_>,
    done: &mut Committed,
) -> Result<(), StorageError> {
    let recalled = occasion.undoing.map(|at| recalled(tx, set, at)).transpose()?.unwrap_or_default();
    let before = before(tx, verdict, set, recalled)?;
    let ids = fresh(verdict.clusters.len())?;
    let resolution = occasion.engine.assign(&verdict.clusters, &before, &ids);
    let placed = write::components(tx, verdict, set)?;
    done.changed = write::resolution(tx, occasion, &resolution, set, &placed)?;

    let of_kind = |kinds: &[DecisionKind]| -> u64 {
        let rows = resolution.decisions.iter().filter(|d| kinds.contains(&d.kind));
        rows.map(|d| d.research_id).collect::<BTreeSet<_>>().len() as u64
    };
    done.persons_new = resolution.persons_new.len() as u64;
    done.persons_merged =
        resolution.replaced.iter().filter(|r| before.members.values().any(|m| m.person == r.alias)).count()
            as u64;
    done.persons_split = of_kind(&[DecisionKind::Split, DecisionKind::Revive]);
    done.moved = resolution.members.iter().filter(|(id, _)| before.members.contains_key(id)).count() as u64;
    done.decided = set.len() as u64;
    done.unlinkable = verdict.unlinkable;
    review::queue(tx, occasion, verdict, set, done)?;
    write::run(tx, occasion, done)
}

/// Writes the block keys of what enters; adds the components that it touches. Returns how many keys became crowded.
fn index(
    tx: &mut Transaction<'_>,
    engine: DynEngine<'_>,
    entering: &[Entering],
    touched: &mut BTreeSet<i64>,
) -> Result<u64, StorageError> {
    let doing = "looking up block keys";
    let records: Vec<SealedRecord> = entering.iter().map(|e| e.record.clone()).collect();
    let keys = engine.keys(&records)?;
    drop(records);
    let mut holders: BTreeMap<i64, i64> = BTreeMap::new();
    for key in keys.iter().flatten() {
        *holders.entry(*key).or_default() += 1;
    }
    let asked: Vec<i64> = holders.keys().copied().collect();
    let max = i64::from(engine.crowd_max());
    // a key that is not crowded has at most `max` stored holders, so that no answer is long
    let rows = tx
        .query(
            "SELECT q.key, count(*), array_agg(DISTINCT h.component)
             FROM unnest($1::bigint[]) AS q(key)
             LEFT JOIN LATERAL (SELECT true AS yes FROM identity.crowded_key c WHERE c.key = q.key OFFSET 0) c ON true
             CROSS JOIN LATERAL (SELECT k.identity_id FROM identity.match_key k WHERE k.key = q.key OFFSET 0) k
             CROSS JOIN LATERAL (SELECT m.component FROM identity.member m
                                 WHERE m.identity_id = k.identity_id OFFSET 0) h
             WHERE c.yes IS NULL GROUP BY q.key",
            &[&asked],
        )
        .map_err(StorageError::db(doing))?;
    for row in rows {
        let get = |e| StorageError::db(doing)(e);
        let key: i64 = row.try_get(0).map_err(get)?;
        let stored: i64 = row.try_get(1).map_err(get)?;
        let components: Vec<Option<i64>> = row.try_get(2).map_err(get)?;
        *holders.entry(key).or_default() += stored;
        touched.extend(components.into_iter().flatten());
    }
    let crowded: Vec<i64> = holders.into_iter().filter(|(_, n)| *n > max).map(|(key, _)| key).collect();
    let crowded = tx
        .execute(
            "INSERT INTO identity.crowded_key SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING",
            &[&crowded],
        )
        .map_err(StorageError::db("marking crowded keys"))?;
    copy(
        tx,
        "writing block keys",
        "identity.match_key (key, identity_id)",
        &[Type::INT8, Type::BYTEA],
        |w| {
            for (e, keys) in entering.iter().zip(&keys) {
                for key in keys {
                    w.write(&[key, &e.record.identity_id.as_bytes()])?;
                }
            }
            Ok(())
        },
    )?;
    Ok(crowded)
}

/// The whole set: what enters, all of the touched components, and the components that rulings tie to them.
#[allow(clippy::type_complexity)] // two parts of one answer, taken apart at once
fn close(
    tx: &mut Transaction<'_>,
    entering: Vec<Entering>,
    components: BTreeSet<i64>,
) -> Result<(BTreeMap<IdentityId, Entering>, Vec<Ruled>), StorageError> {
    let doing = "reading rulings";
    let mut set: BTreeMap<IdentityId, Entering> =
        entering.into_iter().map(|e| (e.record.identity_id, e)).collect();
    let mut taken = BTreeSet::new();
    let mut wanted = components;
    loop {
        let numbers: Vec<i64> = wanted.difference(&taken).copied().collect();
        for e in stored(tx, "m.component = ANY($1)", &numbers)? {
            set.insert(e.record.identity_id, e);
        }
        taken.extend(numbers);
        let ids: Vec<IdentityId> = set.keys().copied().collect();
        let rows = tx
            .query(
                "SELECT r.identity_a, r.identity_b, r.same, a.component, b.component
                 FROM identity.ruling r
                 JOIN identity.member a ON a.identity_id = r.identity_a
                 JOIN identity.member b ON b.identity_id = r.identity_b
                 WHERE r.undone_at IS NULL AND (r.identity_a = ANY($1) OR r.identity_b = ANY($1))
                 ORDER BY r.identity_a, r.identity_b",
                &[&names(&ids)],
            )
            .map_err(StorageError::db(doing))?;
        let mut rulings = Vec::with_capacity(rows.len());
        wanted = BTreeSet::new();
        for row in rows {
            let get = |e| StorageError::db(doing)(e);
            let (a, b) =
                (identity_id(row.try_get(0).map_err(get)?)?, identity_id(row.try_get(1).map_err(get)?)?);
            let same: bool = row.try_get(2).map_err(get)?;
            let both: [Option<i64>; 2] = [row.try_get(3).map_err(get)?, row.try_get(4).map_err(get)?];
            if same {
                wanted.extend(both.into_iter().flatten());
            }
            if set.contains_key(&a) && set.contains_key(&b) {
                rulings.push(Ruled { a, b, same });
            }
        }
        if wanted.is_subset(&taken) {
            return Ok((set, rulings));
        }
    }
}

/// All crowded keys: few, and the engine has to know which of a record's keys are among them.
pub(super) fn crowded(tx: &mut Transaction<'_>) -> Result<BTreeSet<i64>, StorageError> {
    let doing = "reading crowded keys";
    let rows = tx.query("SELECT key FROM identity.crowded_key", &[]).map_err(StorageError::db(doing))?;
    rows.iter().map(|row| row.try_get(0).map_err(StorageError::db(doing))).collect()
}

/// Who was whom just before a time, of those that are decided.
fn recalled(
    tx: &mut Transaction<'_>,
    set: &BTreeMap<IdentityId, Entering>,
    at: Timestamp,
) -> Result<BTreeMap<IdentityId, ResearchId>, StorageError> {
    let doing = "recalling persons";
    let ids: Vec<IdentityId> = set.keys().copied().collect();
    let rows = tx
        .query(
            "SELECT identity_id, research_id FROM identity.member
             WHERE identity_id = ANY($1) AND known_from < $2
             UNION ALL
             SELECT identity_id, research_id FROM identity.member_history
             WHERE identity_id = ANY($1) AND known_from < $2 AND $2 <= known_to",
            &[&names(&ids), &at],
        )
        .map_err(StorageError::db(doing))?;
    rows.iter()
        .map(|row| {
            let get = |e| StorageError::db(doing)(e);
            Ok((identity_id(row.try_get(0).map_err(get)?)?, research_id(row.try_get(1).map_err(get)?)?))
        })
        .collect()
}

/// Who was whom, with what is needed to choose among the research ids that are contested.
pub(super) fn before(
    tx: &mut Transaction<'_>,
    verdict: &Verdict,
    set: &BTreeMap<IdentityId, Entering>,
    recalled: BTreeMap<IdentityId, ResearchId>,
) -> Result<Before, StorageError> {
    let doing = "ranking persons";
    let mut before = Before::default();
    let mut homes: BTreeMap<ResearchId, usize> = BTreeMap::new();
    let mut contested = BTreeSet::new();
    for (place, cluster) in verdict.clusters.iter().enumerate() {
        let mut first = None;
        for id in &cluster.members {
            let Some(was) = set.get(id).and_then(|e| e.was) else { continue };
            before.members.insert(*id, was);
            let here = *homes.entry(was.person).or_insert(place);
            if here != place || *first.get_or_insert(was.person) != was.person {
                contested.extend([Some(was.person), first].into_iter().flatten());
            }
        }
    }
    if contested.is_empty() {
        return Ok(before);
    }
    let about: Vec<(IdentityId, Membership)> =
        before.members.iter().filter(|(_, w)| contested.contains(&w.person)).map(|(i, w)| (*i, *w)).collect();
    let persons: BTreeSet<ResearchId> = about.iter().flat_map(|(_, w)| [w.person, w.origin]).collect();
    let all: BTreeSet<ResearchId> = persons.iter().chain(recalled.values()).copied().collect();
    let asked: Vec<&[u8]> = all.iter().map(ResearchId::as_bytes).collect();
    let rows = tx
        .query(
            "SELECT research_id, born, merged_into FROM identity.person WHERE research_id = ANY($1)",
            &[&asked],
        )
        .map_err(StorageError::db(doing))?;
    for row in rows {
        let get = |e| StorageError::db(doing)(e);
        let person = research_id(row.try_get(0).map_err(get)?)?;
        before.born.insert(person, row.try_get(1).map_err(get)?);
        let lead: Option<&[u8]> = row.try_get(2).map_err(get)?;
        if let Some(lead) = lead {
            before.leads.insert(person, research_id(lead)?);
        }
    }
    if persons.iter().any(|p| !before.born.contains_key(p)) {
        return Err(damaged("a member of a person that is not there"));
    }
    // Somebody of that time may have been erased since.
    before.recalled = recalled;
    before.recalled.retain(|_, person| before.born.contains_key(person));
    let ids: Vec<IdentityId> = about.iter().map(|(id, _)| *id).collect();
    let rows = tx
        .query(
            "SELECT q.id, count(*) FROM unnest($1::bytea[]) AS q(id) CROSS JOIN release.cohort c
             JOIN release.cohort_member m ON m.cohort_id = c.cohort_id AND m.identity_id = q.id GROUP BY q.id",
            &[&names(&ids)],
        )
        .map_err(StorageError::db(doing))?;
    for row in rows {
        let get = |e| StorageError::db(doing)(e);
        let count: i64 = row.try_get(1).map_err(get)?;
        before.released.insert(identity_id(row.try_get(0).map_err(get)?)?, count.unsigned_abs());
    }
    Ok(before)
}
