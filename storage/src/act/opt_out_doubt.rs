//! Who might be somebody that asked to stop (停止の求めとの照合の疑い): found in a load, held, decided by two people.
//!
//! Two ways lead here: matching could not tell a description from one of a person who asked (`candidate`), or it shares
//! several block keys with one, who may be erased by now (`block-keys`). Nothing here may let anybody in who is not decided.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::{IdentityId, SubmissionId};
use postgres::Transaction;

use super::{column, signed};
use crate::compliance::OPT_OUT_LOCK;
use crate::error::StorageError;
use crate::registry::IdentityDb;

/// An opt-out `o` holds on day `$1`.
const IN_FORCE: &str = "o.effective_from <= $1
    AND (o.withdrawn_at IS NULL OR (o.withdrawn_at AT TIME ZONE 'Asia/Tokyo')::date > $1)";

/// A doubt as people see it: numbers and days.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DoubtRow {
    /// Its number.
    pub doubt: i64,
    /// The entry of whoever asked to stop.
    pub entry: String,
    /// The provider that sent the description.
    pub provider: String,
    /// `candidate` or `block-keys`.
    pub found: String,
    /// When.
    pub at: Timestamp,
    /// The first word on it and whose it is.
    pub proposed: Option<(String, String)>,
    /// Who agreed, when; then it is decided.
    pub decided: Option<(String, Timestamp)>,
    /// The description, for `person explain`.
    pub identity: IdentityId,
}

/// What came of a word on a doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// Somebody else has to agree.
    Proposed,
    /// Two agree.
    Done,
    /// There is no such doubt, or it is decided.
    Unknown,
}

/// Notes doubts of matching about pairs of which the other side's person asked to stop; in the transaction of the decision,
/// so that none is lost with a process.
pub(crate) fn note_candidates(
    tx: &mut Transaction<'_>,
    submission: &SubmissionId,
    at: Timestamp,
    pairs: &[(IdentityId, IdentityId)],
) -> Result<(), StorageError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let on = at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date();
    let both = || pairs.iter().flat_map(|(a, b)| [(a, b), (b, a)]);
    let new: Vec<&[u8]> = both().map(|(x, _)| x.as_bytes()).collect();
    let other: Vec<&[u8]> = both().map(|(_, y)| y.as_bytes()).collect();
    let statement = format!(
        "INSERT INTO identity.opt_out_doubt (identity_id, entry, found, submission_id, at)
         SELECT DISTINCT q.x, o.entry, 'candidate', $2::bytea, $3::timestamptz
         FROM unnest($4::bytea[], $5::bytea[]) AS q (x, y)
         JOIN identity.source_identity sx ON sx.identity_id = q.x
         JOIN identity.member my ON my.identity_id = q.y
         JOIN identity.member m ON m.research_id = my.research_id
         JOIN identity.source_identity s ON s.identity_id = m.identity_id
         JOIN identity.token t ON t.identity_id = m.identity_id
         JOIN compliance.opt_out o ON o.token = t.token AND o.kind = t.kind
         WHERE {IN_FORCE} AND (o.provider_id IS NULL OR o.provider_id = sx.provider_id)
           AND (o.kind = 'local' OR o.guard = t.guard OR (o.kind IN ('insured', 'care') AND NOT s.complete))
         ON CONFLICT DO NOTHING"
    );
    tx.execute(statement.as_str(), &[&on, &submission.as_bytes(), &at, &new, &other])
        .map_err(StorageError::db("noting doubts about stops"))?;
    Ok(())
}

impl IdentityDb {
    /// Notes doubts about descriptions that came with this delivery first and share at least `keys_min` block keys with
    /// whoever asked to stop, and says which of `ids` must wait: all about whom there is a doubt that is not decided as
    /// "different".
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn doubtful(
        &mut self,
        submission: &SubmissionId,
        at: Timestamp,
        ids: &[IdentityId],
        keys_min: u64,
        on: Date,
    ) -> Result<BTreeSet<IdentityId>, StorageError> {
        let doing = "asking for doubts about stops";
        let asked: Vec<&[u8]> = ids.iter().map(musubi_model::IdentityId::as_bytes).collect();
        let statement = format!(
            "INSERT INTO identity.opt_out_doubt (identity_id, entry, found, submission_id, at)
             SELECT k.identity_id, b.entry, 'block-keys', $2::bytea, $3::timestamptz
             FROM identity.match_key k
             JOIN identity.source_identity s ON s.identity_id = k.identity_id AND s.first_submission = $2
             JOIN compliance.opt_out_block b ON b.key = k.key
             WHERE k.identity_id = ANY($4)
               AND NOT EXISTS (SELECT FROM identity.crowded_key c WHERE c.key = k.key)
               AND EXISTS (SELECT FROM compliance.opt_out o WHERE o.entry = b.entry AND {IN_FORCE}
                           AND (o.provider_id IS NULL OR o.provider_id = s.provider_id))
               AND NOT EXISTS (
                 SELECT FROM identity.member me JOIN identity.member mine ON mine.research_id = me.research_id
                 JOIN identity.opt_out_doubt d ON d.identity_id = mine.identity_id
                 WHERE me.identity_id = k.identity_id AND d.entry = b.entry
                   AND d.proposed = 'different' AND d.decided_at IS NOT NULL)
             GROUP BY k.identity_id, b.entry HAVING count(DISTINCT k.key) >= $5
             ON CONFLICT DO NOTHING"
        );
        self.client
            .execute(statement.as_str(), &[&on, &submission.as_bytes(), &at, &asked, &signed(keys_min)?])
            .map_err(StorageError::db(doing))?;
        let statement = format!(
            "SELECT DISTINCT d.identity_id FROM identity.opt_out_doubt d
             WHERE d.identity_id = ANY($2) AND (d.decided_at IS NULL OR d.proposed = 'same')
               AND EXISTS (SELECT FROM compliance.opt_out o WHERE o.entry = d.entry AND {IN_FORCE})"
        );
        let rows = self.client.query(statement.as_str(), &[&on, &asked]).map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| {
                IdentityId::from_slice(column(r, 0)?)
                    .ok_or_else(|| StorageError::Damaged("an identity id".to_owned()))
            })
            .collect()
    }

    /// Doubts, open ones or all, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn opt_out_doubts(&mut self, open: bool) -> Result<Vec<DoubtRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT d.doubt_id, d.entry, s.provider_id, d.found, d.at, d.proposed, d.proposed_by, d.decided_by,
                   d.decided_at, d.identity_id
                 FROM identity.opt_out_doubt d JOIN identity.source_identity s USING (identity_id)
                 WHERE NOT $1 OR d.decided_at IS NULL ORDER BY d.doubt_id",
                &[&open],
            )
            .map_err(StorageError::db("reading doubts about stops"))?;
        rows.iter()
            .map(|r| {
                let (word, who): (Option<String>, Option<String>) = (column(r, 5)?, column(r, 6)?);
                let (by, when): (Option<String>, Option<Timestamp>) = (column(r, 7)?, column(r, 8)?);
                Ok(DoubtRow {
                    doubt: column(r, 0)?,
                    entry: column(r, 1)?,
                    provider: column(r, 2)?,
                    found: column(r, 3)?,
                    at: column(r, 4)?,
                    proposed: word.zip(who),
                    decided: by.zip(when),
                    identity: IdentityId::from_slice(column(r, 9)?)
                        .ok_or_else(|| StorageError::Damaged("an identity id".to_owned()))?,
                })
            })
            .collect()
    }

    /// Takes somebody's word on a doubt. When a second person says the same it is decided; another word begins anew. The
    /// "same" person's tokens and block keys go under the entry, so that every gate knows them from then on.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn decide_doubt(
        &mut self,
        doubt: i64,
        same: bool,
        by: &str,
        at: Timestamp,
    ) -> Result<Decided, StorageError> {
        let db = || StorageError::db("deciding a doubt about a stop");
        let word = if same { "same" } else { "different" };
        let mut tx = self.client.transaction().map_err(db())?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&OPT_OUT_LOCK]).map_err(db())?;
        let agreed = tx
            .query_opt(
                "UPDATE identity.opt_out_doubt SET decided_by = $3, decided_at = $4
                 WHERE doubt_id = $1 AND decided_at IS NULL AND proposed = $2 AND proposed_by <> $3
                 RETURNING identity_id, entry",
                &[&doubt, &word, &by, &at],
            )
            .map_err(db())?;
        let Some(row) = agreed else {
            let proposed = tx
                .execute(
                    "UPDATE identity.opt_out_doubt SET proposed = $2, proposed_by = $3, proposed_at = $4
                     WHERE doubt_id = $1 AND decided_at IS NULL",
                    &[&doubt, &word, &by, &at],
                )
                .map_err(db())?;
            tx.commit().map_err(db())?;
            return Ok(if proposed == 1 { Decided::Proposed } else { Decided::Unknown });
        };
        if same {
            let (identity, entry): (&[u8], String) = (column(&row, 0)?, column(&row, 1)?);
            tx.execute(
                "INSERT INTO compliance.opt_out (entry, token, kind, guard, provider_id, effective_from, received_at)
                 SELECT o.entry, t.token, t.kind, t.guard, o.provider_id, o.effective_from, $3
                 FROM identity.token t, (
                   SELECT entry, provider_id, effective_from FROM compliance.opt_out
                   WHERE entry = $2 AND withdrawn_at IS NULL ORDER BY provider_id IS NOT NULL, opt_out_id LIMIT 1) o
                 WHERE t.identity_id = $1 ON CONFLICT DO NOTHING",
                &[&identity, &entry, &at],
            )
            .map_err(db())?;
            tx.execute(
                "INSERT INTO compliance.opt_out_block (entry, key)
                 SELECT DISTINCT $2, key FROM identity.match_key WHERE identity_id = $1 ON CONFLICT DO NOTHING",
                &[&identity, &entry],
            )
            .map_err(db())?;
        }
        tx.commit().map_err(db())?;
        Ok(Decided::Done)
    }
}
