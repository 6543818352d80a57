//! The desk's requests (停止の求めの受付) as rows: numbered, in effect with the same commit, with their receipts and recalls.
//!
//! Who a request is about comes in as tokens, block keys and sealed bytes. Nothing here may open them, and nothing says
//! who may ask: that is decided in `compliance`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::IdentityId;
use musubi_model::matching::Described;
use postgres::Row;

use super::{column, count, signed};
use crate::compliance::OPT_OUT_LOCK;
use crate::error::StorageError;
use crate::registry::{ActDb, IdentityDb};

/// A request, as it is to be entered or as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOutRequestRow {
    /// `O-2026-0001`; given when it is entered.
    pub entry: String,
    /// The entry that this one takes back; `None`: a request to stop.
    pub withdraws: Option<String>,
    /// Day on which it came.
    pub received_on: Date,
    /// When it was registered.
    pub at: Timestamp,
    /// Who took it.
    pub taken_by: String,
    /// By which way.
    pub channel: String,
    /// Who asks.
    pub requester: String,
    /// How the family member is related; empty for others.
    pub relation: String,
    /// `living` or `dead`.
    pub life: String,
    /// `able`, `minor` or `incapable`.
    pub capacity: String,
    /// How it was made sure who asks.
    pub check_method: String,
    /// Who made sure.
    pub checker: String,
    /// It is who they say.
    pub check_confirmed: bool,
    /// Reason code of a refusal; `None`: accepted.
    pub refused: Option<String>,
    /// The provider it is limited to; `None`: all.
    pub provider: Option<String>,
    /// First day on which it holds.
    pub effective_from: Date,
    /// Day by which the receipt is due.
    pub receipt_due: Date,
    /// Descriptions held at that moment.
    pub identities: u64,
    /// Releases the person's data had gone into by then.
    pub releases: Vec<String>,
}

/// Who a request is about, as the books may hold it.
#[derive(Clone, Default)]
#[allow(missing_debug_implementations)] // tokens find a person for whoever holds the key
pub struct Target<'a> {
    /// Tokens and guard.
    pub described: Option<&'a Described>,
    /// Kinds of tokens that are not entered, because they mean nothing here.
    pub without: &'a [&'a str],
    /// Sealed block keys of the description.
    pub block: &'a [i64],
    /// Descriptions held: their block keys are entered as well.
    pub reached: &'a [IdentityId],
}

/// What is held of somebody at a provider: nothing clinical.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HeldAt {
    /// The provider.
    pub provider: String,
    /// Units in the repository.
    pub units: u64,
    /// When the first came.
    pub since: Option<Timestamp>,
    /// Units that wait for their notice.
    pub waiting: u64,
}

/// A receipt that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Day.
    pub issued_on: Date,
    /// By whom.
    pub issued_by: String,
    /// BLAKE3 of its bytes.
    pub copy_hash: String,
}

/// Stops among the notified, at a provider.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RateRow {
    /// The provider.
    pub provider: String,
    /// Persons with a notice.
    pub notified: u64,
    /// Of them, those who asked to stop.
    pub stopped: u64,
}

const COLUMNS: &str = "entry, withdraws, received_on, at, taken_by, channel, requester, relation, life, capacity,
    check_method, checker, check_confirmed, refused, provider_id, effective_from, receipt_due, identities, releases";

fn request(row: &Row) -> Result<OptOutRequestRow, StorageError> {
    Ok(OptOutRequestRow {
        entry: column(row, 0)?,
        withdraws: column(row, 1)?,
        received_on: column(row, 2)?,
        at: column(row, 3)?,
        taken_by: column(row, 4)?,
        channel: column(row, 5)?,
        requester: column(row, 6)?,
        relation: column(row, 7)?,
        life: column(row, 8)?,
        capacity: column(row, 9)?,
        check_method: column(row, 10)?,
        checker: column(row, 11)?,
        check_confirmed: column(row, 12)?,
        refused: column(row, 13)?,
        provider: column(row, 14)?,
        effective_from: column(row, 15)?,
        receipt_due: column(row, 16)?,
        identities: count(row, 17)?,
        releases: column(row, 18)?,
    })
}

fn ids(found: &[IdentityId]) -> Vec<&[u8]> {
    found.iter().map(IdentityId::as_bytes).collect()
}

/// Tokens, kinds and guards side by side.
fn asked<'d>(who: &'d Described, without: &[&str]) -> (Vec<&'d [u8]>, Vec<&'d str>, Vec<&'d [u8]>) {
    let mut columns: (Vec<&[u8]>, Vec<&str>, Vec<&[u8]>) = Default::default();
    for token in who.tokens.iter().filter(|t| !without.contains(&t.kind.as_str())) {
        columns.0.push(&token.value);
        columns.1.push(token.kind.as_str());
        columns.2.push(who.guard.0.as_slice());
    }
    columns
}

impl IdentityDb {
    /// All descriptions of the persons whom a request reaches today, by the rule of the second gate.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn reached_by(&mut self, who: &Described, without: &[&str]) -> Result<Vec<IdentityId>, StorageError> {
        let doing = "asking whom a request reaches";
        let (tokens, kinds, guards) = asked(who, without);
        let rows = self
            .client
            .query(
                "WITH o (token, kind, guard) AS (SELECT * FROM unnest($1::bytea[], $2::text[], $3::bytea[])),
                 persons AS (
                   SELECT DISTINCT m.research_id FROM o
                   JOIN identity.token t ON t.token = o.token AND t.kind = o.kind
                   JOIN identity.source_identity s ON s.identity_id = t.identity_id
                   JOIN identity.member m ON m.identity_id = t.identity_id
                   WHERE o.kind = 'local' OR o.guard = t.guard
                      OR (o.kind IN ('insured', 'care') AND NOT s.complete))
                 SELECT m.identity_id FROM persons p JOIN identity.member m USING (research_id) ORDER BY 1",
                &[&tokens, &kinds, &guards],
            )
            .map_err(StorageError::db(doing))?;
        let found: BTreeSet<IdentityId> = rows
            .iter()
            .map(|r| {
                IdentityId::from_slice(column(r, 0)?)
                    .ok_or_else(|| StorageError::Damaged("an identity id".to_owned()))
            })
            .collect::<Result<_, _>>()?;
        Ok(found.into_iter().collect())
    }

    /// What is held of these descriptions, and what waits under these tokens: providers, days, counts (R-INQ-02).
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn held_of(&mut self, found: &[IdentityId], who: &Described) -> Result<Vec<HeldAt>, StorageError> {
        let (tokens, ..) = asked(who, &[]);
        let rows = self
            .client
            .query(
                "SELECT provider_id, units, waiting, since FROM compliance.held_of($1, $2)",
                &[&ids(found), &tokens],
            )
            .map_err(StorageError::db("asking what is held"))?;
        rows.iter()
            .map(|r| {
                Ok(HeldAt {
                    provider: column(r, 0)?,
                    units: count(r, 1)?,
                    waiting: count(r, 2)?,
                    since: column(r, 3)?,
                })
            })
            .collect()
    }

    /// Releases made from a cohort with one of these descriptions: name and time of sealing, nothing of rows (R-OPT-09).
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn releases_with(&mut self, found: &[IdentityId]) -> Result<Vec<(String, Timestamp)>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT l.release_id, l.sealed_at FROM release.ledger l
                 JOIN release.cohort c ON c.approval_id = l.approval_id AND c.commit_id = l.commit_id
                   AND c.at <= l.sealed_at
                 WHERE EXISTS (SELECT FROM release.cohort_member m
                               WHERE m.cohort_id = c.cohort_id AND m.identity_id = ANY($1))
                 GROUP BY 1, 2 ORDER BY 2, 1",
                &[&ids(found)],
            )
            .map_err(StorageError::db("reading the releases of a person"))?;
        rows.iter().map(|r| Ok((column(r, 0)?, column(r, 1)?))).collect()
    }

    /// Enters a request under the next number of its year, all or nothing, and with the same commit what it brings about:
    /// tokens and block keys of an accepted stop, the end of what it takes back, and recalls of releases of the product
    /// `recallable`. A refused one leaves its row alone.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn enter_request(
        &mut self,
        new: &OptOutRequestRow,
        target: &Target<'_>,
        recallable: &str,
        seal: &dyn Fn(&str) -> Result<Vec<u8>, StorageError>,
    ) -> Result<String, StorageError> {
        let doing = "entering a request to stop";
        let db = || StorageError::db(doing);
        let mut tx = self.client.transaction().map_err(db())?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&OPT_OUT_LOCK]).map_err(db())?;
        let like = format!("O-{:04}-%", new.received_on.year());
        // Entries of the list count too: a restored house may know a stop whose request it has lost.
        let next: i64 = tx
            .query_one(
                "SELECT coalesce(max(substring(entry FROM 8)::bigint), 0) + 1 FROM (
                   SELECT entry FROM compliance.opt_out_request WHERE entry LIKE $1
                   UNION ALL SELECT entry FROM compliance.opt_out
                   WHERE entry LIKE $1 AND entry ~ '^O-[0-9]{4}-[0-9]{4,6}$') e",
                &[&like],
            )
            .and_then(|row| row.try_get(0))
            .map_err(db())?;
        let entry = format!("O-{:04}-{next:04}", new.received_on.year());
        let accepted = new.refused.is_none();
        let kind = if new.withdraws.is_some() { "withdraw" } else { "stop" };
        let sealed = match accepted && target.described.is_some() {
            true => Some(seal(&entry)?),
            false => None,
        };
        tx.execute(
            &format!(
                "INSERT INTO compliance.opt_out_request ({COLUMNS}, kind, target_sealed) VALUES ($1, $2, $3, $4, $5, $6,
                   $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"
            ),
            &[
                &entry, &new.withdraws, &new.received_on, &new.at, &new.taken_by, &new.channel, &new.requester,
                &new.relation, &new.life, &new.capacity, &new.check_method, &new.checker, &new.check_confirmed,
                &new.refused, &new.provider, &new.effective_from, &new.receipt_due, &signed(new.identities)?,
                &new.releases, &kind, &sealed,
            ],
        )
        .map_err(db())?;
        if accepted {
            if let Some(who) = target.described {
                let (tokens, kinds, guards) = asked(who, target.without);
                tx.execute(
                    "INSERT INTO compliance.opt_out (entry, token, kind, guard, provider_id, effective_from, received_at)
                     SELECT $1, q.*, $5, $6, $7 FROM unnest($2::bytea[], $3::text[], $4::bytea[]) AS q",
                    &[&entry, &tokens, &kinds, &guards, &new.provider, &new.effective_from, &new.at],
                )
                .map_err(db())?;
            }
            tx.execute(
                "INSERT INTO compliance.opt_out_block (entry, key)
                 SELECT $1, unnest($2::bigint[]) UNION
                 SELECT $1, k.key FROM identity.match_key k WHERE k.identity_id = ANY($3)",
                &[&entry, &target.block, &ids(target.reached)],
            )
            .map_err(db())?;
            tx.execute(
                "INSERT INTO compliance.recall_request (entry, release_id, at)
                 SELECT $1, l.release_id, $2 FROM release.ledger l
                 WHERE l.release_id = ANY($3) AND l.manifest::jsonb ->> 'product' = $4",
                &[&entry, &new.at, &new.releases, &recallable],
            )
            .map_err(db())?;
            tx.execute(
                "UPDATE compliance.opt_out SET withdrawn_at = $2 WHERE entry = $1 AND withdrawn_at IS NULL",
                &[&new.withdraws, &new.at],
            )
            .map_err(db())?;
        }
        tx.commit().map_err(db())?;
        Ok(entry)
    }

    /// Block keys of the entries of a list: those of each description, and of what is held of the persons it reaches.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn block_listed(
        &mut self,
        entry: &str,
        block: &[i64],
        reached: &[IdentityId],
    ) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.opt_out_block (entry, key)
                 SELECT $1, unnest($2::bigint[]) UNION
                 SELECT $1, k.key FROM identity.match_key k WHERE k.identity_id = ANY($3)
                 ON CONFLICT DO NOTHING",
                &[&entry, &block, &ids(reached)],
            )
            .map_err(StorageError::db("entering block keys of a stop"))?;
        Ok(())
    }

    /// Who an accepted request is about, sealed.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn sealed_target(&mut self, entry: &str) -> Result<Option<Vec<u8>>, StorageError> {
        let row = self
            .client
            .query_opt("SELECT target_sealed FROM compliance.opt_out_request WHERE entry = $1", &[&entry])
            .map_err(StorageError::db("reading a request to stop"))?;
        row.map_or(Ok(None), |r| column(&r, 0))
    }
}

impl ActDb {
    /// All requests, by number.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn opt_out_requests(&mut self) -> Result<Vec<OptOutRequestRow>, StorageError> {
        let statement = format!("SELECT {COLUMNS} FROM compliance.opt_out_request ORDER BY at, entry");
        let rows = self.client.query(statement.as_str(), &[]);
        rows.map_err(StorageError::db("reading requests to stop"))?.iter().map(request).collect()
    }

    /// Keeps that a receipt was handed over. `false`: it was before, and stays as it was.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn issue_opt_out_receipt(
        &mut self,
        entry: &str,
        receipt: &ReceiptRow,
        at: Timestamp,
    ) -> Result<bool, StorageError> {
        let done = self
            .client
            .execute(
                "INSERT INTO compliance.opt_out_receipt (entry, issued_on, issued_at, issued_by, copy_hash)
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                &[&entry, &receipt.issued_on, &at, &receipt.issued_by, &receipt.copy_hash],
            )
            .map_err(StorageError::db("keeping a receipt"))?;
        Ok(done == 1)
    }

    /// The receipt of a request.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn opt_out_receipt(&mut self, entry: &str) -> Result<Option<ReceiptRow>, StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT issued_on, issued_by, copy_hash FROM compliance.opt_out_receipt WHERE entry = $1",
                &[&entry],
            )
            .map_err(StorageError::db("reading a receipt"))?;
        row.map(|r| {
            Ok(ReceiptRow { issued_on: column(&r, 0)?, issued_by: column(&r, 1)?, copy_hash: column(&r, 2)? })
        })
        .transpose()
    }

    /// Releases whose users are asked to give back.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn recalls(&mut self, entry: &str) -> Result<Vec<String>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT release_id FROM compliance.recall_request WHERE entry = $1 ORDER BY release_id",
                &[&entry],
            )
            .map_err(StorageError::db("reading recalls"))?;
        rows.iter().map(|r| column(r, 0)).collect()
    }

    /// The erasure of a request with its state: the one planned for it, or the first of all opt-outs since; of several the
    /// one that has come furthest.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn erasure_of(&mut self, entry: &str) -> Result<Option<(String, String)>, StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT j.erasure_id, j.state FROM compliance.erasure_job j, compliance.opt_out_request r
                 WHERE r.entry = $1 AND (j.instruction = r.entry OR (j.scope = 'opt-outs' AND j.planned_at >= r.at))
                 ORDER BY array_position(ARRAY['verified', 'erased', 'running', 'confirmed', 'planned'], j.state),
                   j.planned_at, j.erasure_id LIMIT 1",
                &[&entry],
            )
            .map_err(StorageError::db("reading the erasure of a request"))?;
        row.map(|r| Ok((column(&r, 0)?, column(&r, 1)?))).transpose()
    }

    /// Persons with a notice at each provider, and those of them whom an opt-out in force reaches.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn opt_out_rates(&mut self, on: Date) -> Result<Vec<RateRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT p.provider_id, p.persons, coalesce(s.stopped, 0) FROM (
                   SELECT provider_id, count(DISTINCT subject) AS persons FROM compliance.notice WHERE NOT void GROUP BY 1) p
                 LEFT JOIN (
                   SELECT n.provider_id, count(DISTINCT n.subject) AS stopped FROM compliance.opt_out o
                   JOIN compliance.notice_key k ON k.token = o.token AND k.kind = o.kind
                   JOIN compliance.notice n USING (notice_id)
                   WHERE NOT n.void AND (o.kind = 'local' OR o.guard = k.guard)
                     AND (o.provider_id IS NULL OR o.provider_id = n.provider_id) AND o.effective_from <= $1
                     AND (o.withdrawn_at IS NULL OR (o.withdrawn_at AT TIME ZONE 'Asia/Tokyo')::date > $1)
                   GROUP BY 1) s USING (provider_id)
                 ORDER BY 1",
                &[&on],
            )
            .map_err(StorageError::db("counting stops among the notified"))?;
        rows.iter()
            .map(|r| Ok(RateRow { provider: column(r, 0)?, notified: count(r, 1)?, stopped: count(r, 2)? }))
            .collect()
    }
}
