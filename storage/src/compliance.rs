//! The Act's books in the registry: opt-outs, parameter sets, the audit chain.
//!
//! How rows are kept, locked and read. What an entry means, how its hash is made and who may be admitted is decided in
//! `compliance`; this module must never interpret a token, change an entry or drop one.

use jiff::civil::Date;
use postgres::{Client, Row};

use crate::error::StorageError;
use crate::registry::{ActDb, BoardDb, ConsoleDb, ErasureDb, IdentityDb, IngestDb, LoginDb, ReleaseDb};

/// Key of the advisory lock between entering opt-outs and committing what they might stop.
pub(crate) const OPT_OUT_LOCK: i64 = 0x4d55_5355_4249_0006;
/// Key of the advisory lock that makes appending to the audit chain one at a time.
const AUDIT_LOCK: i64 = 0x4d55_5355_4249_0001;

/// The columns that [`audit_row`] reads. Times are written as `compliance` hashes them: UTC, microseconds.
pub(crate) const AUDIT_COLUMNS: &str = r#"seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor, role,
    action, object, persons, result, previous, hash, format, purpose, object_class"#;

/// One stored entry of the audit chain (監査証跡), texts exactly as hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Place in the chain, from 1.
    pub seq: u64,
    /// When, `YYYY-MM-DDThh:mm:ss.ffffffZ`.
    pub at: String,
    /// Who.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// How many persons it touched.
    pub persons: u64,
    /// How it ended.
    pub result: String,
    /// How its bytes are made: 1 or 2.
    pub format: i16,
    /// For what (利用目的); empty in format 1.
    pub purpose: String,
    /// What kind of thing the object is; empty in format 1.
    pub object_class: String,
    /// Hash of the entry before; of the first entry, the chain's beginning.
    pub previous: String,
    /// Hash of this entry.
    pub hash: String,
}

/// The end of the audit chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditTail {
    /// Place of the last entry.
    pub seq: u64,
    /// Its hash.
    pub hash: String,
}

/// A handle that can write to and read from the audit chain. Every database role has this.
pub trait Audited {
    /// Appends entries: under a lock, reads the end of the chain, lets `make` build the entries that follow it, and
    /// commits all or none. Two processes never build on the same end.
    fn append_audit(
        &mut self,
        make: &mut dyn FnMut(Option<&AuditTail>) -> Vec<AuditRow>,
    ) -> Result<Vec<AuditRow>, StorageError>;

    /// Entries after place `seq`, in order, at most `limit`.
    fn audit_after(&mut self, seq: u64, limit: u32) -> Result<Vec<AuditRow>, StorageError>;

    /// The end of the chain; `None` when it is empty.
    fn audit_tail(&mut self) -> Result<Option<AuditTail>, StorageError>;
}

/// A handle that may record which parameters a run used.
pub trait ParameterStore {
    /// Keeps a parameter set under its hash. Keeping it again changes nothing; other content under the same hash is
    /// refused as damage.
    fn record_parameter_set(&mut self, hash: &str, content: &str, at: &str) -> Result<(), StorageError>;
}

/// A handle that may read the opt-outs.
pub trait OptOutLedger {
    /// All opt-outs, withdrawn ones too, in the order in which they were entered.
    fn opt_outs(&mut self) -> Result<Vec<OptOutRow>, StorageError>;
}

/// One token of one opt-out (停止の求め).
#[derive(Clone, PartialEq, Eq)]
pub struct OptOutRow {
    /// The entry's own number at the help desk.
    pub entry: String,
    /// Exact-match token.
    pub token: Vec<u8>,
    /// Kind of token: `local`, `insured`, `name`.
    pub kind: String,
    /// Keyed hash of birth date and sex; empty where the kind needs none.
    pub guard: Vec<u8>,
    /// The provider it is limited to; `None`: all.
    pub provider: Option<String>,
    /// First day on which it holds.
    pub effective_from: Date,
    /// Day (Asia/Tokyo) from which it no longer holds.
    pub withdrawn_on: Option<Date>,
}

impl std::fmt::Debug for OptOutRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A token finds a person for whoever holds the key; it has no place in a log.
        f.debug_struct("OptOutRow")
            .field("entry", &self.entry)
            .field("kind", &self.kind)
            .field("provider", &self.provider)
            .field("effective_from", &self.effective_from)
            .field("withdrawn_on", &self.withdrawn_on)
            .finish_non_exhaustive()
    }
}

/// What became of opt-out rows that were entered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OptOutEntered {
    /// New rows.
    pub added: u64,
    /// Rows that stood there already, equal.
    pub present: u64,
    /// Numbers of entries that stand there with other content: they were left as they were.
    pub differing: Vec<String>,
}

pub(crate) fn count(value: i64, what: &str) -> Result<u64, StorageError> {
    u64::try_from(value).map_err(|_| StorageError::Damaged(format!("negative {what}")))
}

pub(crate) fn audit_row(row: &Row) -> Result<AuditRow, StorageError> {
    let text = |i: usize| row.try_get::<_, String>(i).map_err(StorageError::db("reading the audit chain"));
    let number = |i: usize| row.try_get::<_, i64>(i).map_err(StorageError::db("reading the audit chain"));
    Ok(AuditRow {
        seq: count(number(0)?, "audit sequence")?,
        at: text(1)?,
        actor: text(2)?,
        role: text(3)?,
        action: text(4)?,
        object: text(5)?,
        persons: count(number(6)?, "audit persons")?,
        result: text(7)?,
        previous: text(8)?,
        hash: text(9)?,
        format: row.try_get(10).map_err(StorageError::db("reading the audit chain"))?,
        purpose: text(11)?,
        object_class: text(12)?,
    })
}

fn tail(client: &mut impl postgres::GenericClient) -> Result<Option<AuditTail>, StorageError> {
    let row = client
        .query_opt("SELECT seq, hash FROM compliance.audit ORDER BY seq DESC LIMIT 1", &[])
        .map_err(StorageError::db("reading the end of the audit chain"))?;
    row.map(|r| Ok(AuditTail { seq: count(r.get(0), "audit sequence")?, hash: r.get(1) })).transpose()
}

fn append(
    client: &mut Client,
    make: &mut dyn FnMut(Option<&AuditTail>) -> Vec<AuditRow>,
) -> Result<Vec<AuditRow>, StorageError> {
    let doing = "appending to the audit chain";
    let mut tx = client.transaction().map_err(StorageError::db(doing))?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&AUDIT_LOCK]).map_err(StorageError::db(doing))?;
    let end = tail(&mut tx)?;
    let rows = make(end.as_ref());
    let whole =
        |n: u64| i64::try_from(n).map_err(|_| StorageError::Damaged("an audit number too large".into()));
    let numbers =
        |of: fn(&AuditRow) -> u64| rows.iter().map(|r| whole(of(r))).collect::<Result<Vec<i64>, _>>();
    let texts = |of: fn(&AuditRow) -> &str| rows.iter().map(of).collect::<Vec<&str>>();
    tx.execute(
        "INSERT INTO compliance.audit
           (seq, at, actor, role, action, object, persons, result, previous, hash, format, purpose, object_class)
         SELECT seq, at::timestamptz, actor, role, action, object, persons, result, previous, hash, format, purpose, class
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
                     $8::text[], $9::text[], $10::text[], $11::smallint[], $12::text[], $13::text[])
           AS t (seq, at, actor, role, action, object, persons, result, previous, hash, format, purpose, class)",
        &[
            &numbers(|r| r.seq)?,
            &texts(|r| &r.at),
            &texts(|r| &r.actor),
            &texts(|r| &r.role),
            &texts(|r| &r.action),
            &texts(|r| &r.object),
            &numbers(|r| r.persons)?,
            &texts(|r| &r.result),
            &texts(|r| &r.previous),
            &texts(|r| &r.hash),
            &rows.iter().map(|r| r.format).collect::<Vec<_>>(),
            &texts(|r| &r.purpose),
            &texts(|r| &r.object_class),
        ],
    )
    .map_err(StorageError::db(doing))?;
    tx.commit().map_err(StorageError::db(doing))?;
    // What this session opens from now on was announced by this entry; see `data_keys::existing_data_keys`.
    if let Some(last) = rows.last() {
        client
            .execute("SELECT set_config('musubi.announced', $1, false)", &[&last.seq.to_string()])
            .map_err(StorageError::db(doing))?;
    }
    Ok(rows)
}

fn after(client: &mut Client, seq: u64, limit: u32) -> Result<Vec<AuditRow>, StorageError> {
    // From the very bottom at first, so that an entry slipped in before the first one is seen.
    let from = if seq == 0 { i64::MIN } else { i64::try_from(seq).unwrap_or(i64::MAX) };
    let sql = format!("SELECT {} FROM compliance.audit WHERE seq > $1 ORDER BY seq LIMIT $2", AUDIT_COLUMNS);
    let rows = client
        .query(&sql, &[&from, &i64::from(limit)])
        .map_err(StorageError::db("reading the audit chain"))?;
    rows.iter().map(audit_row).collect()
}

fn record_parameters(client: &mut Client, hash: &str, content: &str, at: &str) -> Result<(), StorageError> {
    let doing = "recording the parameter set";
    client
        .execute(
            "INSERT INTO compliance.parameter_set (hash, content, loaded_at)
             VALUES ($1, $2, $3::text::timestamptz) ON CONFLICT (hash) DO NOTHING",
            &[&hash, &content, &at],
        )
        .map_err(StorageError::db(doing))?;
    let kept: String = client
        .query_one("SELECT content FROM compliance.parameter_set WHERE hash = $1", &[&hash])
        .map_err(StorageError::db(doing))?
        .get(0);
    if kept == content {
        Ok(())
    } else {
        Err(StorageError::Damaged("a parameter set is kept under a hash that is not its own".into()))
    }
}

fn date(text: &str) -> Result<Date, StorageError> {
    text.parse().map_err(|_| StorageError::Damaged("a date in compliance.opt_out".into()))
}

fn read_opt_outs(client: &mut Client) -> Result<Vec<OptOutRow>, StorageError> {
    let doing = "reading the opt-outs";
    let rows = client
        .query(
            "SELECT entry, token, kind, guard, provider_id, to_char(effective_from, 'YYYY-MM-DD'),
                    to_char(withdrawn_at AT TIME ZONE 'Asia/Tokyo', 'YYYY-MM-DD')
             FROM compliance.opt_out ORDER BY opt_out_id",
            &[],
        )
        .map_err(StorageError::db(doing))?;
    rows.iter()
        .map(|r| {
            let read = |e| StorageError::db(doing)(e);
            Ok(OptOutRow {
                entry: r.try_get(0).map_err(read)?,
                token: r.try_get(1).map_err(read)?,
                kind: r.try_get(2).map_err(read)?,
                guard: r.try_get(3).map_err(read)?,
                provider: r.try_get(4).map_err(read)?,
                effective_from: date(&r.try_get::<_, String>(5).map_err(read)?)?,
                withdrawn_on: r
                    .try_get::<_, Option<String>>(6)
                    .map_err(read)?
                    .as_deref()
                    .map(date)
                    .transpose()?,
            })
        })
        .collect()
}

macro_rules! audited {
    ($($handle:ty),*) => {$(
        impl Audited for $handle {
            fn append_audit(
                &mut self,
                make: &mut dyn FnMut(Option<&AuditTail>) -> Vec<AuditRow>,
            ) -> Result<Vec<AuditRow>, StorageError> {
                append(&mut self.client, make)
            }

            fn audit_after(&mut self, seq: u64, limit: u32) -> Result<Vec<AuditRow>, StorageError> {
                after(&mut self.client, seq, limit)
            }

            fn audit_tail(&mut self) -> Result<Option<AuditTail>, StorageError> {
                tail(&mut *self.client)
            }
        }
    )*};
}
audited!(IngestDb, IdentityDb, BoardDb, ReleaseDb, ConsoleDb, ActDb, ErasureDb, LoginDb);

macro_rules! parameter_store {
    ($($handle:ty),*) => {$(
        impl ParameterStore for $handle {
            fn record_parameter_set(&mut self, hash: &str, content: &str, at: &str) -> Result<(), StorageError> {
                record_parameters(&mut self.client, hash, content, at)
            }
        }
    )*};
}
parameter_store!(IngestDb, ReleaseDb, ActDb);

macro_rules! opt_out_ledger {
    ($($handle:ty),*) => {$(
        impl OptOutLedger for $handle {
            fn opt_outs(&mut self) -> Result<Vec<OptOutRow>, StorageError> {
                read_opt_outs(&mut self.client)
            }
        }
    )*};
}
opt_out_ledger!(IngestDb, IdentityDb, ErasureDb);

impl IdentityDb {
    /// Enters opt-outs, all or none. `received_at` is when the list came. Rows that stand there are never changed.
    pub fn enter_opt_outs(
        &mut self,
        rows: &[OptOutRow],
        received_at: jiff::Timestamp,
    ) -> Result<OptOutEntered, StorageError> {
        let doing = "entering opt-outs";
        let at = received_at.to_string();
        let mut done = OptOutEntered::default();
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&OPT_OUT_LOCK]).map_err(StorageError::db(doing))?;
        let insert = tx
            .prepare(
                "INSERT INTO compliance.opt_out
                   (entry, token, kind, guard, provider_id, effective_from, received_at)
                 VALUES ($1, $2, $3, $4, $5, $6::text::date, $7::text::timestamptz)
                 ON CONFLICT (entry, token, kind) DO NOTHING",
            )
            .map_err(StorageError::db(doing))?;
        let same = tx
            .prepare(
                "SELECT guard = $4 AND provider_id IS NOT DISTINCT FROM $5 AND effective_from = $6::text::date
                 FROM compliance.opt_out WHERE entry = $1 AND token = $2 AND kind = $3",
            )
            .map_err(StorageError::db(doing))?;
        for row in rows {
            let from = row.effective_from.to_string();
            let added = tx
                .execute(&insert, &[&row.entry, &row.token, &row.kind, &row.guard, &row.provider, &from, &at])
                .map_err(StorageError::db(doing))?;
            if added == 1 {
                done.added += 1;
                continue;
            }
            let equal: bool = tx
                .query_one(&same, &[&row.entry, &row.token, &row.kind, &row.guard, &row.provider, &from])
                .map_err(StorageError::db(doing))?
                .get(0);
            if equal {
                done.present += 1;
            } else if done.differing.last() != Some(&row.entry) {
                done.differing.push(row.entry.clone());
            }
        }
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(done)
    }

    /// Withdraws an opt-out (停止の求めの撤回) from `at` on; the entry stays in the book. Returns how many tokens it had.
    pub fn withdraw_opt_out(&mut self, entry: &str, at: jiff::Timestamp) -> Result<u64, StorageError> {
        self.client
            .execute(
                "UPDATE compliance.opt_out SET withdrawn_at = $2::text::timestamptz
                 WHERE entry = $1 AND withdrawn_at IS NULL",
                &[&entry, &at.to_string()],
            )
            .map_err(StorageError::db("withdrawing an opt-out"))
    }
}
