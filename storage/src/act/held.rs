//! Units that wait for their notice (通知待ち): sealed under a key of their own until they are loaded or excluded.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::submission::Balance;
use musubi_model::{DocumentHash, SubmissionId};

use crate::error::StorageError;
use crate::ingest::{Load, UnitRow};
use crate::registry::{ActDb, ConsoleDb, ErasureDb, IngestDb};

/// Rows in one statement.
const ROWS: usize = 20_000;

/// A unit to be held.
#[derive(Clone)]
pub struct NewHeld {
    /// Its document.
    pub document: DocumentHash,
    /// Its ordinal.
    pub unit: u32,
    /// Place of the document in the manifest.
    pub file: i32,
    /// Where it came into being.
    pub provider: String,
    /// The key it lies under, and that key, wrapped.
    pub key: ([u8; 16], Vec<u8>),
    /// Why it waits.
    pub reason: &'static str,
    /// First day on which its clock has run out.
    pub ripe_on: Option<Date>,
    /// Same for all units of one person at one provider.
    pub subject: [u8; 16],
    /// The insurance card names one person.
    pub personal: bool,
    /// Guard of birth date and sex, where both are known.
    pub guard: Option<[u8; 16]>,
    /// Kind and token.
    pub tokens: Vec<(&'static str, Vec<u8>)>,
}

/// A held unit with what a gate asks for.
#[derive(Clone)]
pub struct HeldUnit {
    /// The delivery.
    pub submission: SubmissionId,
    /// Its document.
    pub document: DocumentHash,
    /// Its ordinal.
    pub unit: u32,
    /// Place of the document in the manifest.
    pub file: i32,
    /// Where it came into being.
    pub provider: String,
    /// The key it lies under.
    pub key_id: [u8; 16],
    /// Why it waits.
    pub reason: String,
    /// See [`NewHeld::subject`].
    pub subject: Vec<u8>,
    /// See [`NewHeld::personal`].
    pub personal: bool,
    /// See [`NewHeld::guard`].
    pub guard: Option<Vec<u8>>,
    /// Kind and token.
    pub tokens: Vec<(String, Vec<u8>)>,
}

/// How much waits, by reason: for people.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HeldCount {
    /// The delivery, hexadecimal.
    pub submission: String,
    /// The provider.
    pub provider: String,
    /// Why.
    pub reason: String,
    /// Units.
    pub units: i64,
    /// The first day on which one of them is ripe.
    pub next_ripe: Option<Date>,
}

impl Load<'_> {
    /// Holds units: rows, tokens and keys.
    pub fn hold(&mut self, rows: &[NewHeld], at: Timestamp) -> Result<(), StorageError> {
        let doing = "holding units";
        for some in rows.chunks(ROWS) {
            let keys: Vec<&[u8]> = some.iter().map(|r| r.key.0.as_slice()).collect();
            let wrapped: Vec<&[u8]> = some.iter().map(|r| r.key.1.as_slice()).collect();
            self.transaction
                .execute(
                    "INSERT INTO keys.data_key (key_id, wrapped) SELECT * FROM unnest($1::bytea[], $2::bytea[])",
                    &[&keys, &wrapped],
                )
                .map_err(StorageError::db(doing))?;
            let documents: Vec<&[u8]> = some.iter().map(|r| r.document.as_bytes()).collect();
            let units: Vec<i32> = some.iter().map(|r| i32::try_from(r.unit).unwrap_or(i32::MAX)).collect();
            let files: Vec<i32> = some.iter().map(|r| r.file).collect();
            let providers: Vec<&str> = some.iter().map(|r| r.provider.as_str()).collect();
            let reasons: Vec<&str> = some.iter().map(|r| r.reason).collect();
            let ripe: Vec<Option<Date>> = some.iter().map(|r| r.ripe_on).collect();
            let subjects: Vec<&[u8]> = some.iter().map(|r| r.subject.as_slice()).collect();
            let personal: Vec<bool> = some.iter().map(|r| r.personal).collect();
            let guards: Vec<Option<&[u8]>> =
                some.iter().map(|r| r.guard.as_ref().map(<[u8; 16]>::as_slice)).collect();
            self.transaction
                .execute(
                    "INSERT INTO intake.held (submission_id, since, document, unit, file, provider_id, key_id, reason,
                       ripe_on, subject, personal, guard)
                     SELECT $1, $2, * FROM unnest($3::bytea[], $4::int[], $5::int[], $6::text[], $7::bytea[], $8::text[],
                       $9::date[], $10::bytea[], $11::bool[], $12::bytea[])",
                    &[
                        &self.submission.as_bytes(), &at, &documents, &units, &files, &providers, &keys, &reasons,
                        &ripe, &subjects, &personal, &guards,
                    ],
                )
                .map_err(StorageError::db(doing))?;
            let tokens =
                some.iter().flat_map(|r| r.tokens.iter().map(|(kind, token)| (&r.key.0, *kind, token)));
            let (mut of, mut kinds, mut values): (Vec<&[u8]>, Vec<&str>, Vec<&[u8]>) = Default::default();
            for (key, kind, token) in tokens {
                of.push(key);
                kinds.push(kind);
                values.push(token);
            }
            self.transaction
                .execute(
                    "INSERT INTO intake.held_token (key_id, kind, token)
                     SELECT * FROM unnest($1::bytea[], $2::text[], $3::bytea[])",
                    &[&of, &kinds, &values],
                )
                .map_err(StorageError::db(doing))?;
        }
        Ok(())
    }

    /// Writes what became of units that were held.
    pub fn settle_held(&mut self, units: &[UnitRow], at: Timestamp) -> Result<(), StorageError> {
        let doing = "settling held units";
        for u in units {
            let ordinal = i32::try_from(u.ordinal).unwrap_or(i32::MAX);
            self.transaction
                .execute(
                    "UPDATE intake.unit SET identity_id = $5, disposition = $6, version_key = $7, version_time = $8,
                       version_flag = $9
                     WHERE document = $1 AND ordinal = $2 AND submission_id = $3 AND file = $4",
                    &[
                        &u.document.as_bytes(),
                        &ordinal,
                        &self.submission.as_bytes(),
                        &u.file,
                        &u.identity.as_ref().map(musubi_model::IdentityId::as_bytes),
                        &u.disposition.as_str(),
                        &u.version_key.as_ref().map(<[u8; 16]>::as_slice),
                        &u.version_time,
                        &u.version_flag,
                    ],
                )
                .map_err(StorageError::db(doing))?;
            // What they were looked for by has done its service.
            self.transaction
                .execute(
                    "WITH loaded AS (
                       UPDATE intake.held SET state = 'loaded', settled_at = $4
                       WHERE submission_id = $1 AND file = $2 AND unit = $3 AND state = 'held' RETURNING key_id)
                     DELETE FROM intake.held_token t USING loaded l WHERE t.key_id = l.key_id",
                    &[&self.submission.as_bytes(), &u.file, &ordinal, &at],
                )
                .map_err(StorageError::db(doing))?;
        }
        Ok(())
    }

    /// Moves records of settled units out of `held`, and those of units that turned out to be superseded.
    pub fn settle_balance(&mut self, settled: &Balance, superseded: &[String]) -> Result<(), StorageError> {
        let doing = "settling the balance";
        let id = self.submission;
        let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        for (kind, l) in &settled.lines {
            self.transaction
                .execute(
                    "UPDATE intake.balance SET loaded = loaded + $3::bigint, superseded = superseded + $4::bigint,
                       duplicate = duplicate + $5::bigint, quarantined = quarantined + $6::bigint,
                       held = held - ($3::bigint + $4::bigint + $5::bigint + $6::bigint)
                     WHERE submission_id = $1 AND kind = $2",
                    &[
                        &id.as_bytes(),
                        kind,
                        &signed(l.loaded),
                        &signed(l.superseded),
                        &signed(l.duplicate),
                        &signed(l.quarantined),
                    ],
                )
                .map_err(StorageError::db(doing))?;
        }
        for (kind, n) in superseded.iter().flat_map(|records| crate::ingest::read_records(records)) {
            self.transaction
                .execute(
                    "UPDATE intake.balance SET loaded = loaded - $3::bigint, superseded = superseded + $3::bigint
                     WHERE submission_id = $1 AND kind = $2",
                    &[&id.as_bytes(), &kind, &signed(n)],
                )
                .map_err(StorageError::db(doing))?;
        }
        Ok(())
    }

    /// All units of a document of this submission: ordinal, first byte, bytes, records by kind.
    pub fn unit_ranges(
        &mut self,
        document: &DocumentHash,
        file: i32,
    ) -> Result<Vec<(u32, u64, u32, String)>, StorageError> {
        let rows = self
            .transaction
            .query(
                "SELECT ordinal, byte_start, byte_len, records FROM intake.unit
                 WHERE document = $1 AND submission_id = $2 AND file = $3 ORDER BY ordinal",
                &[&document.as_bytes(), &self.submission.as_bytes(), &file],
            )
            .map_err(StorageError::db("reading units"))?;
        rows.iter()
            .map(|r| {
                let n = |i: usize| r.get::<_, i64>(i);
                Some((
                    u32::try_from(r.get::<_, i32>(0)).ok()?,
                    u64::try_from(n(1)).ok()?,
                    u32::try_from(n(2)).ok()?,
                    r.get(3),
                ))
            })
            .collect::<Option<_>>()
            .ok_or_else(|| StorageError::Damaged("a unit's range".to_owned()))
    }
}

impl IngestDb {
    /// Every unit that waits, delivery by delivery.
    pub fn held_units(&mut self) -> Result<Vec<HeldUnit>, StorageError> {
        let doing = "reading held units";
        let mut tokens: BTreeMap<Vec<u8>, Vec<(String, Vec<u8>)>> = BTreeMap::new();
        let rows = self
            .client
            .query(
                "SELECT t.key_id, t.kind, t.token FROM intake.held_token t JOIN intake.held h USING (key_id)
                 WHERE h.state = 'held'",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        for r in &rows {
            tokens.entry(r.get(0)).or_default().push((r.get(1), r.get(2)));
        }
        let rows = self
            .client
            .query(
                "SELECT submission_id, document, unit, file, provider_id, key_id, reason, subject, personal, guard
                 FROM intake.held WHERE state = 'held' ORDER BY submission_id, file, unit",
                &[],
            )
            .map_err(StorageError::db(doing))?;
        rows.iter()
            .map(|r| {
                let key: &[u8] = r.get(5);
                Some(HeldUnit {
                    submission: SubmissionId::from_slice(r.get(0))?,
                    document: DocumentHash::from_slice(r.get(1))?,
                    unit: u32::try_from(r.get::<_, i32>(2)).ok()?,
                    file: r.get(3),
                    provider: r.get(4),
                    key_id: key.try_into().ok()?,
                    reason: r.get(6),
                    subject: r.get(7),
                    personal: r.get(8),
                    guard: r.get(9),
                    tokens: tokens.remove(key).unwrap_or_default(),
                })
            })
            .collect::<Option<_>>()
            .ok_or_else(|| StorageError::Damaged("a held unit".to_owned()))
    }

    /// Has the stop of a delivery been opened by two people?
    pub fn stop_opened(&mut self, id: &SubmissionId) -> Result<bool, StorageError> {
        let row = self
            .client
            .query_one(
                "SELECT EXISTS (SELECT FROM compliance.growth_allowance
                   WHERE submission_id = $1 AND allowed_at IS NOT NULL)",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("reading the allowances"))?;
        Ok(row.get(0))
    }

    /// Persons in the feed of a delivery and its business date, as its reconciliation and manifest said.
    pub fn persons_in_feed(&mut self, id: &SubmissionId) -> Result<u64, StorageError> {
        let row = self
            .client
            .query_one(
                "SELECT coalesce(sum(in_feed), 0)::bigint FROM compliance.reconciliation WHERE submission_id = $1",
                &[&id.as_bytes()],
            )
            .map_err(StorageError::db("reading the reconciliation"))?;
        Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or(0))
    }
}

impl ErasureDb {
    /// Excludes held units: their keys are destroyed, their tokens removed, and the balance moves them from `held` to
    /// `excluded`. Units that wait no more are left as they are. Returns how many.
    pub fn exclude_held(&mut self, keys: &[[u8; 16]], at: Timestamp) -> Result<u64, StorageError> {
        let doing = "excluding held units";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        let mut done = 0;
        for key in keys {
            let key = key.as_slice();
            let row = tx
                .query_opt(
                    "UPDATE intake.held SET state = 'excluded', settled_at = $2 WHERE key_id = $1 AND state = 'held'
                     RETURNING document, unit, submission_id, file",
                    &[&key, &at],
                )
                .map_err(StorageError::db(doing))?;
            let Some(row) = row else { continue };
            let (document, unit): (&[u8], i32) = (row.get(0), row.get(1));
            let (submission, file): (&[u8], i32) = (row.get(2), row.get(3));
            let records: String = tx
                .query_one(
                    "UPDATE intake.unit SET disposition = 'excluded', identity_id = NULL, version_key = NULL
                     WHERE document = $1 AND ordinal = $2 AND submission_id = $3 AND file = $4 RETURNING records",
                    &[&document, &unit, &submission, &file],
                )
                .map_err(StorageError::db(doing))?
                .get(0);
            for (kind, n) in crate::ingest::read_records(&records) {
                tx.execute(
                    "UPDATE intake.balance SET held = held - $3::bigint, excluded = excluded + $3::bigint
                     WHERE submission_id = $1 AND kind = $2",
                    &[&submission, &kind, &i64::try_from(n).unwrap_or(i64::MAX)],
                )
                .map_err(StorageError::db(doing))?;
            }
            tx.execute("DELETE FROM intake.held_token WHERE key_id = $1", &[&key])
                .map_err(StorageError::db(doing))?;
            tx.execute(
                "UPDATE keys.data_key SET wrapped = NULL, destroyed_at = $2 WHERE key_id = $1 AND wrapped IS NOT NULL",
                &[&key, &at],
            )
            .map_err(StorageError::db(doing))?;
            done += 1;
        }
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(done)
    }
}

macro_rules! held_counts {
    ($($handle:ty),*) => {$(
        impl $handle {
            /// What waits, by delivery, provider and reason.
            pub fn held_counts(&mut self) -> Result<Vec<HeldCount>, StorageError> {
                let rows = self
                    .client
                    .query(
                        "SELECT encode(submission_id, 'hex'), provider_id, reason, count(*), min(ripe_on)
                         FROM intake.held WHERE state = 'held' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
                        &[],
                    )
                    .map_err(StorageError::db("counting held units"))?;
                Ok(rows
                    .iter()
                    .map(|r| HeldCount {
                        submission: r.get(0),
                        provider: r.get(1),
                        reason: r.get(2),
                        units: r.get(3),
                        next_ripe: r.get(4),
                    })
                    .collect())
            }
        }
    )*};
}
held_counts!(ActDb, ConsoleDb);
