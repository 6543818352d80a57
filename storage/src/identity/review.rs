//! The review queue (確認待ち): pairs that a person should look at, the most harmful first.
//!
//! At most a share of all identities ever taken in is queued, so that no batching and no poisoned value makes the queue
//! longer; what does not fit is counted in `identity.match_run`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use musubi_model::matching::{DoubtKind, Doubtful, Evidence, Verdict};
use musubi_model::{IdentityId, SubmissionId};
use postgres::Transaction;

use super::commit::names;
use super::settle::{Entering, Occasion};
use super::{Committed, damaged, identity_id};
use crate::act::opt_out_doubt::note_candidates;
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// Where a pair stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReviewState {
    /// Nobody has looked.
    Open,
    /// Somebody could not tell.
    Postponed,
    /// Ruled the same person.
    Same,
    /// Ruled different persons.
    Different,
    /// Later evidence made the doubt go away.
    Settled,
}

impl ReviewState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Open, Self::Postponed, Self::Same, Self::Different, Self::Settled];

    /// The word stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Postponed => "postponed",
            Self::Same => "same",
            Self::Different => "different",
            Self::Settled => "settled",
        }
    }

    /// The inverse of [`Self::as_str`].
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// A pair in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRow {
    /// The smaller identity.
    pub a: IdentityId,
    /// The larger.
    pub b: IdentityId,
    /// Weight, in the engine's unit.
    pub weight: i32,
    /// Level vector.
    pub levels: u64,
    /// Why it is here.
    pub doubt: DoubtKind,
    /// Millionths of a misplaced record.
    pub harm: u64,
    /// The model that weighed.
    pub model: String,
    /// Where it stands.
    pub state: ReviewState,
    /// Which delivery brought it; `None`: a decision made again.
    pub submission: Option<SubmissionId>,
    /// Since when.
    pub at: Timestamp,
    /// Why it was postponed or ruled.
    pub reason: Option<String>,
}

/// Queues the doubts of a verdict, and settles those of its identities that are none any more.
pub(super) fn queue(
    tx: &mut Transaction<'_>,
    occasion: &Occasion<'_>,
    verdict: &Verdict,
    set: &BTreeMap<IdentityId, Entering>,
    done: &mut Committed,
) -> Result<(), StorageError> {
    let doing = "queuing reviews";
    let mut doubts: BTreeMap<(IdentityId, IdentityId), Doubtful> = BTreeMap::new();
    for d in &verdict.doubtful {
        let Evidence { a, b, .. } = d.evidence;
        let pair = (a.min(b), a.max(b));
        // of several doubts on one pair the most harmful
        let kept = doubts.entry(pair).or_insert(*d);
        if a != b && (kept.harm, kept.evidence.weight) < (d.harm, d.evidence.weight) {
            *kept = *d;
        }
    }
    doubts.retain(|(a, b), _| a != b);
    // All of them, before the queue's share cuts any off: somebody who asked to stop may be among them.
    if let Some(submission) = &occasion.submission {
        let pairs: Vec<(IdentityId, IdentityId)> = doubts.keys().copied().collect();
        note_candidates(tx, submission, occasion.at, &pairs)?;
    }
    let ids: Vec<IdentityId> =
        set.values().filter(|e| e.was.is_some()).map(|e| e.record.identity_id).collect();
    let rows = tx
        .query(
            "SELECT identity_a, identity_b, state FROM identity.review
             WHERE identity_a = ANY($1) OR identity_b = ANY($1)",
            &[&names(&ids)],
        )
        .map_err(StorageError::db(doing))?;
    let mut settled: (Vec<Vec<u8>>, Vec<Vec<u8>>) = Default::default();
    for row in rows {
        let get = |e| StorageError::db(doing)(e);
        let pair = (identity_id(row.try_get(0).map_err(get)?)?, identity_id(row.try_get(1).map_err(get)?)?);
        let state: &str = row.try_get(2).map_err(get)?;
        let still = doubts.contains_key(&pair);
        // a pair that was settled comes back under the quota like any other
        if state != "settled" {
            doubts.remove(&pair);
        }
        let both = set.contains_key(&pair.0) && set.contains_key(&pair.1);
        if !still && both && matches!(state, "open" | "postponed") {
            settled.0.push(pair.0.0.to_vec());
            settled.1.push(pair.1.0.to_vec());
        }
    }
    tx.execute(
        "UPDATE identity.review r SET state = 'settled', changed_at = $3
         FROM unnest($1::bytea[], $2::bytea[]) AS q(a, b) WHERE r.identity_a = q.a AND r.identity_b = q.b",
        &[&settled.0, &settled.1, &occasion.at],
    )
    .map_err(StorageError::db(doing))?;

    let row = tx
        .query_one(
            "SELECT coalesce(sum(identities_new), 0)::bigint, coalesce(sum(reviews_new), 0)::bigint
             FROM identity.match_run",
            &[],
        )
        .map_err(StorageError::db(doing))?;
    let number =
        |place: usize| -> Result<i64, StorageError> { row.try_get(place).map_err(StorageError::db(doing)) };
    let (taken_in, queued) = (number(0)?.unsigned_abs() + done.identities_new, number(1)?.unsigned_abs());
    let allowed = (taken_in * u64::from(occasion.engine.review_per_million())).div_ceil(1_000_000);
    let room = usize::try_from(allowed.saturating_sub(queued)).unwrap_or(usize::MAX);
    let mut ranked: Vec<((IdentityId, IdentityId), Doubtful)> = doubts.into_iter().collect();
    ranked.sort_by_key(|(pair, d)| (std::cmp::Reverse(d.harm), *pair));
    done.reviews_left_out = ranked.len().saturating_sub(room) as u64;
    ranked.truncate(room);
    done.reviews_new = ranked.len() as u64;
    let submission: Option<&[u8]> = occasion.submission.as_ref().map(SubmissionId::as_bytes);
    for ((a, b), d) in ranked {
        tx.execute(
            "INSERT INTO identity.review
               (identity_a, identity_b, weight, levels, doubt, harm, model, submission_id, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (identity_a, identity_b) DO UPDATE SET weight = excluded.weight,
               levels = excluded.levels, doubt = excluded.doubt, harm = excluded.harm, model = excluded.model,
               state = 'open', changed_at = excluded.at",
            &[
                &a.as_bytes(),
                &b.as_bytes(),
                &d.evidence.weight,
                &d.evidence.levels.cast_signed(),
                &d.doubt.as_str(),
                &i64::try_from(d.harm).unwrap_or(i64::MAX),
                &occasion.engine.model(),
                &submission,
                &occasion.at,
            ],
        )
        .map_err(StorageError::db(doing))?;
    }
    Ok(())
}

impl IdentityDb {
    /// Pairs in a state, the most harmful first, at most `limit`, after the row `after` of the page before.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn reviews(
        &mut self,
        state: ReviewState,
        after: Option<&ReviewRow>,
        limit: u32,
    ) -> Result<Vec<ReviewRow>, StorageError> {
        let doing = "reading reviews";
        let none: &[u8] = &[];
        let (harm, a, b) = after.map_or((i64::MAX, none, none), |r| {
            (i64::try_from(r.harm).unwrap_or(i64::MAX), r.a.as_bytes(), r.b.as_bytes())
        });
        let rows = self
            .client
            .query(
                "SELECT identity_a, identity_b, weight, levels, doubt, harm, model, state, submission_id, at, reason
                 FROM identity.review
                 WHERE state = $1 AND (harm < $2 OR (harm = $2 AND (identity_a, identity_b) > ($3, $4)))
                 ORDER BY harm DESC, identity_a, identity_b LIMIT $5",
                &[&state.as_str(), &harm, &a, &b, &i64::from(limit)],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter().map(review).collect()
    }

    /// How many pairs there are in each state.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn review_counts(&mut self) -> Result<BTreeMap<ReviewState, u64>, StorageError> {
        let doing = "counting reviews";
        let rows = self
            .client
            .query("SELECT state, count(*) FROM identity.review GROUP BY state", &[])
            .map_err(StorageError::db(doing))?;
        let mut counts = BTreeMap::new();
        for row in rows {
            let get = |e| StorageError::db(doing)(e);
            let state = ReviewState::read(row.try_get(0).map_err(get)?);
            let count: i64 = row.try_get(1).map_err(get)?;
            counts.insert(state.ok_or_else(|| damaged("a review state"))?, count.unsigned_abs());
        }
        Ok(counts)
    }

    /// Puts a pair off (判断できない): nobody could tell. `false`: there is no open or postponed pair.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn postpone(
        &mut self,
        pair: (IdentityId, IdentityId),
        by: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let (a, b) = (pair.0.min(pair.1), pair.0.max(pair.1));
        let rows = self
            .client
            .execute(
                "UPDATE identity.review SET state = 'postponed', changed_by = $3, reason = $4, changed_at = $5
                 WHERE identity_a = $1 AND identity_b = $2 AND state IN ('open', 'postponed')",
                &[&a.as_bytes(), &b.as_bytes(), &by, &reason, &at],
            )
            .map_err(StorageError::db("postponing a review"))?;
        Ok(rows > 0)
    }
}

fn review(row: &postgres::Row) -> Result<ReviewRow, StorageError> {
    let get = |e| StorageError::db("reading reviews")(e);
    let levels: i64 = row.try_get(3).map_err(get)?;
    let harm: i64 = row.try_get(5).map_err(get)?;
    let submission: Option<&[u8]> = row.try_get(8).map_err(get)?;
    Ok(ReviewRow {
        a: identity_id(row.try_get(0).map_err(get)?)?,
        b: identity_id(row.try_get(1).map_err(get)?)?,
        weight: row.try_get(2).map_err(get)?,
        levels: levels.cast_unsigned(),
        doubt: DoubtKind::read(row.try_get(4).map_err(get)?).ok_or_else(|| damaged("a doubt"))?,
        harm: harm.unsigned_abs(),
        model: row.try_get(6).map_err(get)?,
        state: ReviewState::read(row.try_get(7).map_err(get)?).ok_or_else(|| damaged("a review state"))?,
        submission: submission
            .map(|s| SubmissionId::from_slice(s).ok_or_else(|| damaged("a submission id")))
            .transpose()?,
        at: row.try_get(9).map_err(get)?,
        reason: row.try_get(10).map_err(get)?,
    })
}
