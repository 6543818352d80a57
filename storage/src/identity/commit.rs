//! Writing identities: neighbourhood, decision and rows in one transaction under one lock, so that two processes never
//! decide past each other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use musubi_model::matching::{
    Conflict, ConflictKind, Described, Guard, Neighbour, Neighbourhood, Rank, Resolution, Token, TokenKind,
};
use musubi_model::{IdentityId, ResearchId, SubmissionId};
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::{ToSql, Type};
use postgres::{GenericClient, Transaction};

use super::{
    Committed, DynEngine, Fresh, IdentityRow, Placement, bucket, damaged, home_bucket, identity_id,
    research_id,
};
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// Key of the advisory lock under which persons change, one process at a time.
const IDENTITY_LOCK: i64 = 0x6d75_7375_6d70_6921;

impl IdentityDb {
    /// Gives every identity of `rows` a person and writes what is new, all or nothing. Identities that are known keep
    /// what they have; a second call with the same rows changes nothing.
    ///
    /// `engine` decides, `fresh` gives research ids, `at` is written into the decision log.
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
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&IDENTITY_LOCK]).map_err(StorageError::db(doing))?;
        // Every question below asks for few rows of large tables by key. Right after a bulk load the server's statistics
        // still say that the tables are small, and it would read them whole, again for each batch.
        tx.batch_execute("SET LOCAL enable_seqscan = off").map_err(StorageError::db(doing))?;

        let mut done = Committed { placements: placements(&mut tx, &ids)?, ..Committed::default() };
        let new: Vec<&IdentityRow> =
            by_id.iter().filter(|(id, _)| !done.placements.contains_key(*id)).map(|(_, row)| *row).collect();
        if !new.is_empty() {
            let described: Vec<Described> = new.iter().map(|r| r.described.clone()).collect();
            let mut known = read_neighbourhood(&mut tx, described.iter().flat_map(|d| &d.tokens))?;
            known.ranks = ranks(&mut tx, &engine.contested(&known, &described))?;
            let resolution = engine.resolve(&known, &described, fresh);
            write(&mut tx, submission, at, engine.name(), &new, &resolution)?;
            let new_ids: Vec<IdentityId> = described.iter().map(|d| d.identity_id).collect();
            // read back, so that what is told is what is stored
            let written = placements(&mut tx, &new_ids)?;
            if written.len() != new.len() {
                return Err(damaged("the engine left an identity without a person"));
            }
            if !resolution.merges.is_empty() {
                done.placements = placements(&mut tx, &ids)?;
            }
            done.placements.extend(written);
            done.identities_new = new.len() as u64;
            done.persons_new = resolution.persons_new.len() as u64;
            done.persons_merged = resolution.merges.len() as u64;
            done.conflicts_left_out = resolution.conflicts_left_out;
            done.conflicts = insert_conflicts(&mut tx, submission, &resolution.conflicts)?;
        }
        if new.len() < ids.len() {
            let told: BTreeSet<Conflict> = std::mem::take(&mut done.conflicts).into_iter().collect();
            done.conflicts = told.union(&told_before(&mut tx, submission, &ids)?).copied().collect();
        }
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(done)
    }

    /// Every stored identity that shares one of `tokens`. Ranks are not filled in.
    pub fn neighbourhood(&mut self, tokens: &[Token]) -> Result<Neighbourhood, StorageError> {
        read_neighbourhood(&mut self.client, tokens)
    }

    /// Those of `ids` that are known, with their person and bucket.
    pub fn known(&mut self, ids: &[IdentityId]) -> Result<BTreeMap<IdentityId, Placement>, StorageError> {
        placements(&mut self.client, ids)
    }
}

fn names(ids: &[IdentityId]) -> Vec<&[u8]> {
    ids.iter().map(IdentityId::as_bytes).collect()
}

fn placements(
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

fn read_neighbourhood<'t>(
    client: &mut impl GenericClient,
    tokens: impl IntoIterator<Item = &'t Token>,
) -> Result<Neighbourhood, StorageError> {
    let doing = "reading the neighbourhood";
    let tokens: Vec<&Token> = tokens.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let mut known = Neighbourhood::default();
    // one kind at a time: equal tokens of different kinds cannot be, and the index begins with the token
    for kind in TokenKind::ALL {
        let asked: Vec<&Token> = tokens.iter().copied().filter(|t| t.kind == kind).collect();
        if asked.is_empty() {
            continue;
        }
        let values: Vec<&[u8]> = asked.iter().map(|t| t.value.as_slice()).collect();
        let rows = client
            .query(
                // OFFSET 0 keeps each step a look-up by key, whatever the server believes of the tables' sizes.
                "SELECT q.place, t.identity_id, t.guard, s.complete, m.research_id
                 FROM unnest($1::bytea[]) WITH ORDINALITY AS q(token, place)
                 CROSS JOIN LATERAL (SELECT t.identity_id, t.guard FROM identity.token t
                                     WHERE t.token = q.token AND t.kind = $2 OFFSET 0) t
                 CROSS JOIN LATERAL (SELECT s.complete FROM identity.source_identity s
                                     WHERE s.identity_id = t.identity_id OFFSET 0) s
                 CROSS JOIN LATERAL (SELECT m.research_id FROM identity.member m
                                     WHERE m.identity_id = t.identity_id OFFSET 0) m",
                &[&values, &kind.as_str()],
            )
            .map_err(StorageError::db(doing))?;
        for row in rows {
            let get = |e| StorageError::db(doing)(e);
            let place: i64 = row.try_get(0).map_err(get)?;
            let token = usize::try_from(place - 1).ok().and_then(|p| asked.get(p));
            let token = token.ok_or_else(|| damaged("an answer to another token"))?;
            let id = identity_id(row.try_get(1).map_err(get)?)?;
            let guard: &[u8] = row.try_get(2).map_err(get)?;
            let guard = Guard(guard.try_into().map_err(|_| damaged("a guard of the wrong length"))?);
            let complete: bool = row.try_get(3).map_err(get)?;
            let research_id = research_id(row.try_get(4).map_err(get)?)?;
            known.identities.insert(id, Neighbour { complete, guard, research_id });
            known.postings.push(((*token).clone(), id));
        }
    }
    known.postings.sort_unstable();
    Ok(known)
}

/// Released: an identity of the person stands in a cohort. Born: the number of the decision that began the person.
fn ranks(
    tx: &mut Transaction<'_>,
    persons: &BTreeSet<ResearchId>,
) -> Result<BTreeMap<ResearchId, Rank>, StorageError> {
    let doing = "ranking persons";
    if persons.is_empty() {
        return Ok(BTreeMap::new());
    }
    let asked: Vec<&[u8]> = persons.iter().map(ResearchId::as_bytes).collect();
    let rows = tx
        .query(
            "SELECT p.id,
                    EXISTS (SELECT 1 FROM identity.member m CROSS JOIN release.cohort c
                            JOIN release.cohort_member cm
                              ON cm.cohort_id = c.cohort_id AND cm.identity_id = m.identity_id
                            WHERE m.research_id = p.id),
                    (SELECT min(d.decision_id) FROM identity.member m
                     JOIN identity.decision d ON d.identity_id = m.identity_id
                     WHERE m.research_id = p.id AND d.kind = 'new' AND d.research_id = p.id)
             FROM unnest($1::bytea[]) AS p(id)",
            &[&asked],
        )
        .map_err(StorageError::db(doing))?;
    rows.iter()
        .map(|row| {
            let get = |e| StorageError::db(doing)(e);
            let person = research_id(row.try_get(0).map_err(get)?)?;
            let born: Option<i64> = row.try_get(2).map_err(get)?;
            let rank = Rank { released: row.try_get(1).map_err(get)?, born: born.unwrap_or(i64::MAX) };
            Ok((person, rank))
        })
        .collect()
}

/// Opens a binary COPY, lets `fill` write rows, and ends it.
fn copy(
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

fn write(
    tx: &mut Transaction<'_>,
    submission: SubmissionId,
    at: Timestamp,
    engine: &str,
    new: &[&IdentityRow],
    resolution: &Resolution,
) -> Result<(), StorageError> {
    let submission = submission.as_bytes();
    copy(
        tx,
        "writing persons",
        "identity.person (research_id, state, bucket, born_in)",
        &[Type::BYTEA, Type::TEXT, Type::INT2, Type::BYTEA],
        |w| {
            for person in &resolution.persons_new {
                w.write(&[&person.as_bytes(), &"active", &stored_bucket(home_bucket(person)), &submission])?;
            }
            Ok(())
        },
    )?;
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
    )?;
    let buckets = buckets(tx, resolution)?;
    copy(
        tx,
        "writing members",
        "identity.member (identity_id, research_id, bucket)",
        &[Type::BYTEA, Type::BYTEA, Type::INT2],
        |w| {
            for (identity, person) in &resolution.members {
                let home = buckets.get(person).copied().unwrap_or_else(|| stored_bucket(home_bucket(person)));
                w.write(&[&identity.as_bytes(), &person.as_bytes(), &home])?;
            }
            Ok(())
        },
    )?;
    merge(tx, resolution)?;
    copy(
        tx,
        "writing decisions",
        "identity.decision (at, submission_id, kind, identity_id, research_id, other, rule, engine)",
        &[
            Type::TIMESTAMPTZ,
            Type::BYTEA,
            Type::TEXT,
            Type::BYTEA,
            Type::BYTEA,
            Type::BYTEA,
            Type::TEXT,
            Type::TEXT,
        ],
        |w| {
            for d in &resolution.decisions {
                let other: Option<&[u8]> = d.other.as_ref().map(<[u8; 16]>::as_slice);
                let (identity, person) = (d.identity_id.as_bytes(), d.research_id.as_bytes());
                let row: [&(dyn ToSql + Sync); 8] =
                    [&at, &submission, &d.kind.as_str(), &identity, &person, &other, &d.rule, &engine];
                w.write(&row)?;
            }
            Ok(())
        },
    )
}

fn stored_bucket(bucket: u16) -> i16 {
    i16::try_from(bucket).unwrap_or_default()
}

/// Home buckets of the stored persons that are joined.
fn buckets(
    tx: &mut Transaction<'_>,
    resolution: &Resolution,
) -> Result<BTreeMap<ResearchId, i16>, StorageError> {
    let doing = "reading home buckets";
    let born: BTreeSet<ResearchId> = resolution.persons_new.iter().copied().collect();
    let joined: BTreeSet<ResearchId> =
        resolution.members.iter().map(|(_, person)| *person).filter(|p| !born.contains(p)).collect();
    let asked: Vec<&[u8]> = joined.iter().map(ResearchId::as_bytes).collect();
    let rows = tx
        .query("SELECT research_id, bucket FROM identity.person WHERE research_id = ANY($1)", &[&asked])
        .map_err(StorageError::db(doing))?;
    rows.iter()
        .map(|row| {
            let get = |e| StorageError::db(doing)(e);
            Ok((research_id(row.try_get(0).map_err(get)?)?, row.try_get(1).map_err(get)?))
        })
        .collect()
}

/// All members of an alias move to the survivor; the alias stays for ever and says where it went.
fn merge(tx: &mut Transaction<'_>, resolution: &Resolution) -> Result<(), StorageError> {
    if resolution.merges.is_empty() {
        return Ok(());
    }
    let aliases: Vec<&[u8]> = resolution.merges.iter().map(|m| m.alias.as_bytes()).collect();
    let survivors: Vec<&[u8]> = resolution.merges.iter().map(|m| m.survivor.as_bytes()).collect();
    for (doing, statement) in [
        (
            "moving members",
            "UPDATE identity.member m SET research_id = q.survivor
             FROM unnest($1::bytea[], $2::bytea[]) AS q(alias, survivor) WHERE m.research_id = q.alias",
        ),
        (
            "merging persons",
            "UPDATE identity.person p SET state = 'merged', merged_into = q.survivor
             FROM unnest($1::bytea[], $2::bytea[]) AS q(alias, survivor) WHERE p.research_id = q.alias",
        ),
    ] {
        tx.execute(statement, &[&aliases, &survivors]).map_err(StorageError::db(doing))?;
    }
    Ok(())
}

/// Queues conflicts; returns those that were not queued before.
fn insert_conflicts(
    tx: &mut Transaction<'_>,
    submission: SubmissionId,
    conflicts: &BTreeSet<Conflict>,
) -> Result<Vec<Conflict>, StorageError> {
    let doing = "queuing conflicts";
    if conflicts.is_empty() {
        return Ok(Vec::new());
    }
    let a: Vec<&[u8]> = conflicts.iter().map(|c| c.a.as_bytes()).collect();
    let b: Vec<&[u8]> = conflicts.iter().map(|c| c.b.as_bytes()).collect();
    let kinds: Vec<&str> = conflicts.iter().map(|c| c.kind.as_str()).collect();
    let rows = tx
        .query(
            "INSERT INTO identity.conflict (identity_a, identity_b, kind, submission_id)
             SELECT q.a, q.b, q.kind, $4 FROM unnest($1::bytea[], $2::bytea[], $3::text[]) AS q(a, b, kind)
             ON CONFLICT DO NOTHING RETURNING identity_a, identity_b, kind",
            &[&a, &b, &kinds, &submission.as_bytes()],
        )
        .map_err(StorageError::db(doing))?;
    let mut queued = rows.iter().map(conflict).collect::<Result<Vec<_>, _>>()?;
    queued.sort_unstable();
    Ok(queued)
}

pub(super) fn conflict(row: &postgres::Row) -> Result<Conflict, StorageError> {
    let get = |e| StorageError::db("reading conflicts")(e);
    let kind: &str = row.try_get(2).map_err(get)?;
    let kind = ConflictKind::read(kind).ok_or_else(|| damaged("a conflict of unknown kind"))?;
    let (a, b) = (identity_id(row.try_get(0).map_err(get)?)?, identity_id(row.try_get(1).map_err(get)?)?);
    Conflict::between(a, b, kind).ok_or_else(|| damaged("a conflict of an identity with itself"))
}

/// Conflicts that an interrupted run of this submission queued: for the identities that it brought.
fn told_before(
    tx: &mut Transaction<'_>,
    submission: SubmissionId,
    ids: &[IdentityId],
) -> Result<BTreeSet<Conflict>, StorageError> {
    let doing = "reading conflicts";
    let rows = tx
        .query(
            "SELECT identity_id FROM identity.source_identity
             WHERE identity_id = ANY($1) AND first_submission = $2",
            &[&names(ids), &submission.as_bytes()],
        )
        .map_err(StorageError::db(doing))?;
    let ours = rows
        .iter()
        .map(|row| identity_id(row.try_get(0).map_err(StorageError::db(doing))?))
        .collect::<Result<Vec<_>, _>>()?;
    if ours.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = tx
        .query(
            "SELECT identity_a, identity_b, kind FROM identity.conflict
             WHERE submission_id = $2 AND (identity_a = ANY($1) OR identity_b = ANY($1))",
            &[&names(&ours), &submission.as_bytes()],
        )
        .map_err(StorageError::db(doing))?;
    rows.iter().map(conflict).collect()
}
