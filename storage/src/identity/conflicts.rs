//! Key contradictions (鍵の食い違い): who holds a token, and what was told to senders.

use std::collections::BTreeSet;

use musubi_model::matching::{Conflict, ConflictKind, Guard, Neighbour, Neighbourhood, Token, TokenKind};
use musubi_model::{IdentityId, SubmissionId};
use postgres::{GenericClient, Transaction};

use super::commit::names;
use super::{damaged, identity_id};
use crate::error::StorageError;

pub(super) fn read_neighbourhood<'t>(
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
                "SELECT q.place, t.identity_id, t.guard, s.complete
                 FROM unnest($1::bytea[]) WITH ORDINALITY AS q(token, place)
                 CROSS JOIN LATERAL (SELECT t.identity_id, t.guard FROM identity.token t
                                     WHERE t.token = q.token AND t.kind = $2 OFFSET 0) t
                 CROSS JOIN LATERAL (SELECT s.complete FROM identity.source_identity s
                                     WHERE s.identity_id = t.identity_id OFFSET 0) s",
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
            known.identities.insert(id, Neighbour { complete, guard });
            known.postings.push(((*token).clone(), id));
        }
    }
    known.postings.sort_unstable();
    Ok(known)
}

/// Queues conflicts; returns those that were not queued before.
pub(super) fn insert_conflicts(
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
pub(super) fn told_before(
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
