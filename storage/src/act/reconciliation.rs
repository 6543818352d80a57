//! Reconciliation (突合 N, O, E, F, A, Q): persons by provider and delivery (R-RCV-05). Counts only.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::SubmissionId;

use crate::error::StorageError;
use crate::ingest::Load;
use crate::registry::{ActDb, IngestDb};

/// One row: a provider in a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconciliationRow {
    /// The provider.
    pub provider: String,
    /// N: persons notified.
    pub notified: i64,
    /// O: of these, persons who asked to stop.
    pub opted_out: i64,
    /// F: persons in the delivery.
    pub in_feed: i64,
    /// A: persons admitted.
    pub admitted: i64,
    /// Of those set aside, persons without any notice.
    pub unnotified: i64,
    /// The largest A of the deliveries before.
    pub growth_base: Option<i64>,
    /// Why the whole delivery is held.
    pub stopped: Option<String>,
}

/// A stored row, for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct StoredReconciliation {
    /// The delivery, hexadecimal.
    pub submission: String,
    /// The provider.
    pub provider: String,
    /// The feed.
    pub feed: String,
    /// When.
    pub at: Timestamp,
    /// N.
    pub notified: i64,
    /// O.
    pub opted_out: i64,
    /// E.
    pub eligible: i64,
    /// F.
    pub in_feed: i64,
    /// A.
    pub admitted: i64,
    /// Q.
    pub set_aside: i64,
    /// Of Q, without any notice.
    pub unnotified: i64,
    /// Why the whole delivery is held.
    pub stopped: Option<String>,
}

impl Load<'_> {
    /// Persons notified and opted out at each of these providers: N and O. Opt-outs count when they hold on `on` and
    /// reach the provider.
    pub fn notified(
        &mut self,
        providers: &[&str],
        on: Date,
    ) -> Result<Vec<(String, i64, i64)>, StorageError> {
        let rows = self
            .transaction
            .query(
                "SELECT p.id,
                   coalesce((SELECT persons FROM compliance.notice_ledger l WHERE l.provider_id = p.id
                             ORDER BY ledger_id DESC LIMIT 1), 0),
                   (SELECT count(DISTINCT n.subject) FROM compliance.opt_out o
                      JOIN compliance.notice_key k ON k.token = o.token AND k.kind = o.kind
                      JOIN compliance.notice n USING (notice_id)
                    WHERE n.provider_id = p.id AND NOT n.void
                      -- whoever is not counted as notified must not be taken off once more
                      AND NOT EXISTS (SELECT FROM compliance.notice v WHERE v.void AND v.subject = n.subject
                        AND v.notified_on = n.notified_on AND v.template = n.template)
                      AND (o.kind = 'local' OR o.guard = k.guard)
                      AND (o.provider_id IS NULL OR o.provider_id = p.id) AND o.effective_from <= $2
                      AND (o.withdrawn_at IS NULL OR (o.withdrawn_at AT TIME ZONE 'Asia/Tokyo')::date > $2))
                 FROM unnest($1::text[]) AS p (id)",
                &[&providers, &on],
            )
            .map_err(StorageError::db("counting the notified"))?;
        Ok(rows.iter().map(|r| (r.get(0), r.get(1), r.get(2))).collect())
    }

    /// The largest number of persons admitted in the last `deliveries` of this feed for each provider, without this one.
    pub fn growth_bases(
        &mut self,
        feed: &str,
        providers: &[&str],
        deliveries: i64,
    ) -> Result<Vec<(String, i64)>, StorageError> {
        let rows = self
            .transaction
            .query(
                "SELECT provider_id, max(admitted) FROM (
                   SELECT provider_id, admitted,
                     row_number() OVER (PARTITION BY provider_id ORDER BY at DESC) AS place
                   FROM compliance.reconciliation
                   WHERE feed_id = $1 AND provider_id = ANY($2) AND submission_id <> $4 AND stopped IS NULL
                 ) r WHERE place <= $3 GROUP BY provider_id",
                &[&feed, &providers, &deliveries, &self.submission.as_bytes()],
            )
            .map_err(StorageError::db("reading earlier deliveries"))?;
        Ok(rows.iter().map(|r| (r.get(0), r.get(1))).collect())
    }

    /// Has a stop of this delivery for abnormal growth been opened by two people?
    pub fn growth_allowed(&mut self) -> Result<bool, StorageError> {
        let row = self
            .transaction
            .query_one(
                "SELECT EXISTS (SELECT FROM compliance.growth_allowance
                   WHERE submission_id = $1 AND allowed_at IS NOT NULL)",
                &[&self.submission.as_bytes()],
            )
            .map_err(StorageError::db("reading the allowances"))?;
        Ok(row.get(0))
    }

    /// Counts persons whose held units were loaded: they move from Q to A, and the delivery is stopped no more.
    pub fn reconcile_held(&mut self, admitted: &[(String, i64)]) -> Result<(), StorageError> {
        for (provider, persons) in admitted {
            self.transaction
                .execute(
                    "UPDATE compliance.reconciliation SET admitted = least(in_feed, admitted + $3::bigint),
                       set_aside = in_feed - least(in_feed, admitted + $3::bigint), stopped = NULL
                     WHERE submission_id = $1 AND provider_id = $2",
                    &[&self.submission.as_bytes(), provider, persons],
                )
                .map_err(StorageError::db("writing the reconciliation"))?;
        }
        Ok(())
    }

    /// Writes the reconciliation of this delivery; one that came again is written anew.
    pub fn reconcile(
        &mut self,
        feed: &str,
        at: Timestamp,
        rows: &[ReconciliationRow],
    ) -> Result<(), StorageError> {
        for r in rows {
            self.transaction
                .execute(
                    "INSERT INTO compliance.reconciliation (submission_id, provider_id, feed_id, at, notified, opted_out,
                       eligible, in_feed, admitted, set_aside, unnotified, growth_base, stopped)
                     VALUES ($1, $2, $3, $4, $5::bigint, $6::bigint, $5::bigint - $6::bigint, $7::bigint, $8::bigint,
                       $7::bigint - $8::bigint, $9, $10, $11)
                     ON CONFLICT (submission_id, provider_id) DO UPDATE SET
                       notified = EXCLUDED.notified, opted_out = EXCLUDED.opted_out, eligible = EXCLUDED.eligible,
                       in_feed = EXCLUDED.in_feed, admitted = EXCLUDED.admitted, set_aside = EXCLUDED.set_aside,
                       unnotified = EXCLUDED.unnotified, stopped = EXCLUDED.stopped",
                    &[
                        &self.submission.as_bytes(),
                        &r.provider,
                        &feed,
                        &at,
                        &r.notified,
                        &r.opted_out,
                        &r.in_feed,
                        &r.admitted,
                        &r.unnotified,
                        &r.growth_base,
                        &r.stopped,
                    ],
                )
                .map_err(StorageError::db("writing the reconciliation"))?;
        }
        Ok(())
    }
}

impl ActDb {
    /// Opens a stop of a delivery: the first call proposes, a second one by somebody else opens. Says whether it is open.
    ///
    /// # Errors
    /// [`StorageError::Refused`] when the same person asks twice.
    pub fn allow_growth(
        &mut self,
        id: &SubmissionId,
        by: &str,
        reason: &str,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let doing = "opening a stop";
        let proposed = self
            .client
            .execute(
                "INSERT INTO compliance.growth_allowance (submission_id, proposed_by, proposed_at, reason)
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                &[&id.as_bytes(), &by, &at, &reason],
            )
            .map_err(StorageError::db(doing))?;
        if proposed == 1 {
            return Ok(false);
        }
        let opened = self
            .client
            .execute(
                "UPDATE compliance.growth_allowance SET allowed_by = $2, allowed_at = $3
                 WHERE submission_id = $1 AND proposed_by <> $2 AND allowed_at IS NULL",
                &[&id.as_bytes(), &by, &at],
            )
            .map_err(StorageError::db(doing))?;
        if opened == 1 {
            Ok(true)
        } else {
            Err(StorageError::Refused(
                "the same person cannot propose and open, or it is open already".to_owned(),
            ))
        }
    }
}

macro_rules! reconciled {
    ($($handle:ty),*) => {$(
        impl $handle {
            /// The reconciliation, newest first; of one delivery when `submission` (hexadecimal beginning) is given.
            pub fn reconciliations(
                &mut self,
                submission: &str,
                limit: i64,
            ) -> Result<Vec<StoredReconciliation>, StorageError> {
                let rows = self
                    .client
                    .query(
                        "SELECT encode(submission_id, 'hex'), provider_id, feed_id, at, notified, opted_out, eligible,
                                in_feed, admitted, set_aside, unnotified, stopped
                         FROM compliance.reconciliation WHERE encode(submission_id, 'hex') LIKE $1 || '%'
                         ORDER BY at DESC, feed_id, provider_id LIMIT $2",
                        &[&submission, &limit],
                    )
                    .map_err(StorageError::db("reading the reconciliation"))?;
                Ok(rows
                    .iter()
                    .map(|r| StoredReconciliation {
                        submission: r.get(0),
                        provider: r.get(1),
                        feed: r.get(2),
                        at: r.get(3),
                        notified: r.get(4),
                        opted_out: r.get(5),
                        eligible: r.get(6),
                        in_feed: r.get(7),
                        admitted: r.get(8),
                        set_aside: r.get(9),
                        unnotified: r.get(10),
                        stopped: r.get(11),
                    })
                    .collect())
            }
        }
    )*};
}
reconciled!(IngestDb, ActDb);
