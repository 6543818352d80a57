//! A decision into the tables: persons, members and their past, components, the log.

use std::collections::{BTreeMap, BTreeSet};

use musubi_model::matching::{Cluster, Decision, Membership, Resolution, Verdict};
use musubi_model::{IdentityId, ResearchId, SubmissionId};
use postgres::Transaction;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};

use super::settle::{Entering, Occasion};
use super::{Committed, damaged, home_bucket};
use crate::error::StorageError;

/// Number of its component and whether the decision hangs on days, by identity.
pub(super) type Placed = BTreeMap<IdentityId, (i64, bool)>;

/// Opens a binary COPY, lets `fill` write rows, and ends it.
pub(super) fn copy(
    tx: &mut Transaction<'_>,
    doing: &'static str,
    target: &str,
    types: &[Type],
    fill: impl FnOnce(&mut BinaryCopyInWriter<'_>) -> Result<(), postgres::Error>,
) -> Result<(), StorageError> {
    let target = format!("COPY {target} FROM STDIN BINARY");
    let sink = tx.copy_in(target.as_str()).map_err(StorageError::db(doing))?;
    let mut writer = BinaryCopyInWriter::new(sink, types);
    fill(&mut writer).map_err(StorageError::db(doing))?;
    writer.finish().map_err(StorageError::db(doing))?;
    Ok(())
}

/// Numbers the components of a verdict. A component that was there keeps its number where it can, so that few rows
/// change. Identities that nobody can read any more keep the number that they have.
pub(super) fn components(
    tx: &mut Transaction<'_>,
    verdict: &Verdict,
    set: &BTreeMap<IdentityId, Entering>,
) -> Result<Placed, StorageError> {
    let doing = "numbering components";
    let mut old: BTreeMap<u32, BTreeSet<i64>> = BTreeMap::new();
    for cluster in &verdict.clusters {
        let numbers = cluster.members.iter().filter_map(|id| set.get(id)?.component);
        old.entry(cluster.component).or_default().extend(numbers);
    }
    let mut taken = BTreeSet::new();
    let mut numbers: BTreeMap<u32, i64> = BTreeMap::new();
    for (component, old) in &old {
        if let Some(number) = old.iter().find(|n| !taken.contains(*n)) {
            taken.insert(*number);
            numbers.insert(*component, *number);
        }
    }
    let placed: BTreeSet<IdentityId> =
        verdict.clusters.iter().flat_map(|c| c.members.iter().copied()).collect();
    let outside = set.values().filter(|e| e.component.is_none() && !placed.contains(&e.record.identity_id));
    let outside: Vec<IdentityId> = outside.map(|e| e.record.identity_id).collect();
    let missing: Vec<u32> = old.keys().copied().filter(|c| !numbers.contains_key(c)).collect();
    let count = i64::try_from(missing.len() + outside.len()).unwrap_or(i64::MAX);
    let rows = tx
        .query("SELECT nextval('identity.component_number') FROM generate_series(1, $1::bigint)", &[&count])
        .map_err(StorageError::db(doing))?;
    let mut fresh = Vec::with_capacity(rows.len());
    for row in rows {
        fresh.push(row.try_get(0).map_err(StorageError::db(doing))?);
    }
    let mut fresh = fresh.into_iter();
    for component in missing {
        numbers.insert(component, fresh.next().ok_or_else(|| damaged("a sequence that ended"))?);
    }
    let mut out: Placed = outside.into_iter().zip(fresh.map(|number| (number, false))).collect();
    for Cluster { members, component, timed, .. } in &verdict.clusters {
        let number = numbers.get(component).copied().ok_or_else(|| damaged("a component without number"))?;
        out.extend(members.iter().map(|id| (*id, (number, *timed))));
    }
    Ok(out)
}

/// Writes a resolution. Returns the persons whose known members changed.
pub(super) fn resolution(
    tx: &mut Transaction<'_>,
    occasion: &Occasion<'_>,
    resolution: &Resolution,
    set: &BTreeMap<IdentityId, Entering>,
    placed: &Placed,
) -> Result<BTreeSet<ResearchId>, StorageError> {
    let submission: Option<&[u8]> = occasion.submission.as_ref().map(SubmissionId::as_bytes);
    copy(
        tx,
        "writing persons",
        "identity.person (research_id, state, bucket, born_in)",
        &[Type::BYTEA, Type::TEXT, Type::INT2, Type::BYTEA],
        |w| {
            for person in &resolution.persons_new {
                w.write(&[&person.as_bytes(), &"active", &stored_bucket(person), &submission])?;
            }
            Ok(())
        },
    )?;
    let revived: Vec<&[u8]> = resolution.revived.iter().map(ResearchId::as_bytes).collect();
    if !revived.is_empty() {
        let statement = "UPDATE identity.person SET state = 'active', merged_into = NULL
                         WHERE research_id = ANY($1)";
        tx.execute(statement, &[&revived]).map_err(StorageError::db("reviving persons"))?;
    }
    type Side<'a> = Vec<&'a (IdentityId, Membership)>;
    let (known, new): (Side<'_>, Side<'_>) =
        resolution.members.iter().partition(|(id, _)| set.get(id).is_some_and(|e| e.was.is_some()));
    copy(
        tx,
        "writing members",
        "identity.member (identity_id, research_id, bucket, origin, known_from, component, timed, seen_first, seen_last)",
        &[
            Type::BYTEA,
            Type::BYTEA,
            Type::INT2,
            Type::BYTEA,
            Type::TIMESTAMPTZ,
            Type::INT8,
            Type::BOOL,
            Type::DATE,
            Type::DATE,
        ],
        |w| {
            for (id, Membership { person, origin }) in new {
                let seen = set.get(id).and_then(|e| e.record.seen);
                let (component, timed) = placed.get(id).map_or((None, false), |(c, t)| (Some(*c), *t));
                let bucket = stored_bucket(person);
                let row: [&(dyn ToSql + Sync); 9] = [
                    &id.as_bytes(),
                    &person.as_bytes(),
                    &bucket,
                    &origin.as_bytes(),
                    &occasion.at,
                    &component,
                    &timed,
                    &seen.map(|s| s.0),
                    &seen.map(|s| s.1),
                ];
                w.write(&row)?;
            }
            Ok(())
        },
    )?;
    let mut changed = moved(tx, occasion, &known, set)?;
    changed.extend(replaced(tx, occasion, resolution)?);
    place(tx, set, placed)?;
    log(tx, occasion, &resolution.decisions, placed)?;
    Ok(changed)
}

fn stored_bucket(person: &ResearchId) -> i16 {
    i16::try_from(home_bucket(person)).unwrap_or_default()
}

/// Single identities that change their person. What ended goes to the history; the bucket stays: facts stay where they
/// were written.
fn moved(
    tx: &mut Transaction<'_>,
    occasion: &Occasion<'_>,
    known: &[&(IdentityId, Membership)],
    set: &BTreeMap<IdentityId, Entering>,
) -> Result<BTreeSet<ResearchId>, StorageError> {
    let doing = "moving identities";
    if known.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ids: Vec<&[u8]> = known.iter().map(|(id, _)| id.as_bytes()).collect();
    let persons: Vec<&[u8]> = known.iter().map(|(_, to)| to.person.as_bytes()).collect();
    let origins: Vec<&[u8]> = known.iter().map(|(_, to)| to.origin.as_bytes()).collect();
    tx.execute(
        "INSERT INTO identity.member_history (identity_id, research_id, known_from, known_to)
         SELECT identity_id, research_id, known_from, $2 FROM identity.member WHERE identity_id = ANY($1)",
        &[&ids, &occasion.at],
    )
    .map_err(StorageError::db(doing))?;
    tx.execute(
        "UPDATE identity.member m SET research_id = q.person, origin = q.origin, known_from = $4
         FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) AS q(id, person, origin) WHERE m.identity_id = q.id",
        &[&ids, &persons, &origins, &occasion.at],
    )
    .map_err(StorageError::db(doing))?;
    let left = known.iter().filter_map(|(id, _)| set.get(id)?.was.map(|was| was.person));
    Ok(left.chain(known.iter().map(|(_, to)| to.person)).collect())
}

/// All who are left of an alias move to where it leads; the alias stays for ever and says where it went.
fn replaced(
    tx: &mut Transaction<'_>,
    occasion: &Occasion<'_>,
    resolution: &Resolution,
) -> Result<BTreeSet<ResearchId>, StorageError> {
    if resolution.replaced.is_empty() {
        return Ok(BTreeSet::new());
    }
    let aliases: Vec<&[u8]> = resolution.replaced.iter().map(|r| r.alias.as_bytes()).collect();
    let by: Vec<&[u8]> = resolution.replaced.iter().map(|r| r.by.as_bytes()).collect();
    let states: Vec<&str> =
        resolution.replaced.iter().map(|r| if r.split { "split" } else { "merged" }).collect();
    tx.execute(
        "INSERT INTO identity.member_history (identity_id, research_id, known_from, known_to)
         SELECT identity_id, research_id, known_from, $2 FROM identity.member WHERE research_id = ANY($1)",
        &[&aliases, &occasion.at],
    )
    .map_err(StorageError::db("keeping what was"))?;
    tx.execute(
        "UPDATE identity.member m SET research_id = q.by, known_from = $3
         FROM unnest($1::bytea[], $2::bytea[]) AS q(alias, by) WHERE m.research_id = q.alias",
        &[&aliases, &by, &occasion.at],
    )
    .map_err(StorageError::db("moving members"))?;
    // an alias that is led elsewhere says so; how it first became one stays
    tx.execute(
        "UPDATE identity.person p SET merged_into = q.by,
                state = CASE WHEN p.state = 'active' THEN q.state ELSE p.state END
         FROM unnest($1::bytea[], $2::bytea[], $3::text[]) AS q(alias, by, state)
         WHERE p.research_id = q.alias",
        &[&aliases, &by, &states],
    )
    .map_err(StorageError::db("merging persons"))?;
    Ok(resolution.replaced.iter().flat_map(|r| [r.alias, r.by]).collect())
}

/// Known identities whose component changed.
fn place(
    tx: &mut Transaction<'_>,
    set: &BTreeMap<IdentityId, Entering>,
    placed: &Placed,
) -> Result<(), StorageError> {
    let known: Vec<(&IdentityId, &(i64, bool))> =
        placed.iter().filter(|(id, _)| set.get(*id).is_some_and(|e| e.was.is_some())).collect();
    if known.is_empty() {
        return Ok(());
    }
    let ids: Vec<&[u8]> = known.iter().map(|(id, _)| id.as_bytes()).collect();
    let numbers: Vec<i64> = known.iter().map(|(_, (number, _))| *number).collect();
    let timed: Vec<bool> = known.iter().map(|(_, (_, timed))| *timed).collect();
    tx.execute(
        "UPDATE identity.member m SET component = q.component, timed = q.timed
         FROM unnest($1::bytea[], $2::bigint[], $3::bool[]) AS q(id, component, timed)
         WHERE m.identity_id = q.id AND (m.component, m.timed) IS DISTINCT FROM (q.component, q.timed)",
        &[&ids, &numbers, &timed],
    )
    .map_err(StorageError::db("placing components"))?;
    Ok(())
}

/// Appends to the decision log.
pub(super) fn log(
    tx: &mut Transaction<'_>,
    occasion: &Occasion<'_>,
    decisions: &[Decision],
    placed: &Placed,
) -> Result<(), StorageError> {
    let submission: Option<&[u8]> = occasion.submission.as_ref().map(SubmissionId::as_bytes);
    let (engine, model) = (occasion.engine.name(), occasion.engine.model());
    copy(
        tx,
        "writing decisions",
        "identity.decision (at, submission_id, kind, identity_id, research_id, other, record, weight, levels, rule,
           engine, model, component)",
        &[
            Type::TIMESTAMPTZ,
            Type::BYTEA,
            Type::TEXT,
            Type::BYTEA,
            Type::BYTEA,
            Type::BYTEA,
            Type::BYTEA,
            Type::INT4,
            Type::INT8,
            Type::TEXT,
            Type::TEXT,
            Type::TEXT,
            Type::INT8,
        ],
        |w| {
            for d in decisions {
                let former: Option<&[u8]> = d.former.as_ref().map(ResearchId::as_bytes);
                let record = d.evidence.map(|e| if e.a == d.identity_id { e.b } else { e.a });
                let record: Option<&[u8]> = record.as_ref().map(IdentityId::as_bytes);
                let row: [&(dyn ToSql + Sync); 13] = [
                    &occasion.at,
                    &submission,
                    &d.kind.as_str(),
                    &d.identity_id.as_bytes(),
                    &d.research_id.as_bytes(),
                    &former,
                    &record,
                    &d.evidence.map(|e| e.weight),
                    &d.evidence.map(|e| e.levels.cast_signed()),
                    &d.rule,
                    &engine,
                    &model,
                    &placed.get(&d.identity_id).map(|(number, _)| *number),
                ];
                w.write(&row)?;
            }
            Ok(())
        },
    )
}

/// Counts what was done.
pub(super) fn run(
    tx: &mut Transaction<'_>,
    occasion: &Occasion<'_>,
    done: &Committed,
) -> Result<(), StorageError> {
    let n = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let submission: Option<&[u8]> = occasion.submission.as_ref().map(SubmissionId::as_bytes);
    tx.execute(
        "INSERT INTO identity.match_run (at, submission_id, engine, model, identities_new, decided, persons_new,
           persons_merged, persons_split, moved, unlinkable, crowded_new, reviews_new, reviews_left_out)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        &[
            &occasion.at,
            &submission,
            &occasion.engine.name(),
            &occasion.engine.model(),
            &n(done.identities_new),
            &n(done.decided),
            &n(done.persons_new),
            &n(done.persons_merged),
            &n(done.persons_split),
            &n(done.moved),
            &n(done.unlinkable),
            &n(done.crowded_new),
            &n(done.reviews_new),
            &n(done.reviews_left_out),
        ],
    )
    .map_err(StorageError::db("counting decisions"))?;
    Ok(())
}
