//! Notices and filings (通知・届出): ledgers are added, found by token, and never changed.
//!
//! Persons stand here as keyed tokens. This module must never interpret a token or decide what a notice allows.

use jiff::Timestamp;
use jiff::civil::Date;
use postgres::Client;

use crate::error::StorageError;
use crate::registry::{ActDb, IngestDb};

/// Key of the advisory lock under which ledgers are added one after another, so that their chain has no fork.
const LEDGER_LOCK: i64 = 0x4d55_5355_4249_0022;
/// Rows in one statement.
const ROWS: usize = 20_000;

/// A filing with the ministers (主務大臣への届出).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilingRow {
    /// Whose.
    pub provider: String,
    /// Number under which the ministers received it.
    pub receipt_no: String,
    /// When it was filed.
    pub filed_on: Date,
    /// When the ministers published it.
    pub published_on: Option<Date>,
    /// First day on which it holds.
    pub valid_from: Date,
    /// Last day on which it holds.
    pub valid_to: Option<Date>,
    /// What may be provided: names of fact tables.
    pub items: Vec<String>,
    /// The filing that this one changes.
    pub change_of: Option<String>,
}

/// A version of the notice's text, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRow {
    /// Whose.
    pub provider: String,
    /// Its name there.
    pub version: String,
    /// `anonymized`, `pseudonymized` or `both`.
    pub scope: String,
    /// Names of fact tables.
    pub items: Vec<String>,
    /// BLAKE3 of the text.
    pub text_hash: Vec<u8>,
}

/// A notice as the book keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// Hash of all of it; what stands already is not added again.
    pub row_hash: [u8; 32],
    /// See `compliance.notice`.
    pub subject: [u8; 16],
    /// The day of the notice.
    pub notified_on: Date,
    /// How.
    pub method: String,
    /// Which text.
    pub template: String,
    /// Who was told.
    pub party: String,
    /// Last visit known when the ledger was written.
    pub last_visit: Option<Date>,
    /// Under age on that day.
    pub minor: bool,
    /// Sealed birth date, where a guardian alone was told.
    pub birth: Option<Vec<u8>>,
    /// The ledger gives a chart number.
    pub local: bool,
    /// It takes back an earlier one.
    pub void: bool,
    /// Kind, token and guard.
    pub keys: Vec<(String, Vec<u8>, Vec<u8>)>,
}

impl NewNotice {
    /// Its number: the beginning of its hash, never negative and never 0, which means no notice.
    #[must_use]
    pub fn number(&self) -> i64 {
        let head = self.row_hash.first_chunk().copied().unwrap_or_default();
        (i64::from_be_bytes(head) & i64::MAX).max(1)
    }
}

/// A provider's ledger that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// Whose.
    pub provider: String,
    /// Who sent it.
    pub submitter: String,
    /// When it was written out.
    pub exported_at: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
    /// BLAKE3 of the file.
    pub document: Vec<u8>,
    /// When notifying began there.
    pub programme_start: Date,
    /// Lines.
    pub lines: i64,
    /// Lines that could not stand.
    pub refused: i64,
    /// New notices.
    pub added: i64,
    /// Persons with a notice at this provider, now.
    pub persons: i64,
    /// Hash over the new notices.
    pub rows_hash: Vec<u8>,
    /// Hash of the ledger before.
    pub previous: String,
    /// Hash of this one.
    pub hash: String,
}

/// A notice, found by one of its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeHit {
    /// Which token.
    pub token: Vec<u8>,
    /// Guard of birth date and sex beside it.
    pub guard: Vec<u8>,
    /// The notice.
    pub notice: i64,
    /// Whose: see `compliance.notice`.
    pub subject: [u8; 16],
    /// Who notified.
    pub provider: String,
    /// When.
    pub notified_on: Date,
    /// How.
    pub method: String,
    /// With which text.
    pub template: String,
    /// Whom.
    pub party: String,
    /// Last visit known.
    pub last_visit: Option<Date>,
    /// Under age then.
    pub minor: bool,
    /// The ledger gives a chart number for this person.
    pub local: bool,
}

/// A notice of a guardian alone, with the sealed birth date of the child.
#[derive(Debug, Clone)]
pub struct GuardianNotice {
    /// Which.
    pub notice: i64,
    /// Where.
    pub provider: String,
    /// Whose.
    pub subject: Vec<u8>,
    /// Sealed birth date.
    pub birth: Vec<u8>,
}

/// Reading the books of notices.
pub trait NoticeBooks {
    /// All ledgers of these providers, oldest first.
    fn notice_ledgers(&mut self, providers: &[&str]) -> Result<Vec<LedgerRow>, StorageError>;
    /// The texts of these providers.
    fn notice_templates(&mut self, providers: &[&str]) -> Result<Vec<TemplateRow>, StorageError>;
    /// The filings of these providers.
    fn filings(&mut self, providers: &[&str]) -> Result<Vec<FilingRow>, StorageError>;
    /// Every notice, not taken back, that has one of these tokens.
    fn notices_by_token(&mut self, tokens: &[&[u8]]) -> Result<Vec<NoticeHit>, StorageError>;
    /// Provider and tokens of these notices, one row for each token: what the second gate asks.
    fn notice_keys(&mut self, notices: &[i64]) -> Result<Vec<(i64, String, Vec<u8>)>, StorageError>;
}

const LEDGER_COLUMNS: &str =
    "provider_id, submitter_id, exported_at, received_at, document, programme_start, lines,
    refused, added, persons, rows_hash, previous, hash";

fn ledgers(client: &mut Client, providers: &[&str]) -> Result<Vec<LedgerRow>, StorageError> {
    let sql = format!(
        "SELECT {LEDGER_COLUMNS} FROM compliance.notice_ledger WHERE provider_id = ANY($1) ORDER BY ledger_id"
    );
    let rows =
        client.query(&sql, &[&providers]).map_err(StorageError::db("reading the ledgers of notices"))?;
    Ok(rows
        .iter()
        .map(|r| LedgerRow {
            provider: r.get(0),
            submitter: r.get(1),
            exported_at: r.get(2),
            received_at: r.get(3),
            document: r.get(4),
            programme_start: r.get(5),
            lines: r.get(6),
            refused: r.get(7),
            added: r.get(8),
            persons: r.get(9),
            rows_hash: r.get(10),
            previous: r.get(11),
            hash: r.get(12),
        })
        .collect())
}

fn templates(client: &mut Client, providers: &[&str]) -> Result<Vec<TemplateRow>, StorageError> {
    let rows = client
        .query(
            "SELECT provider_id, version, scope, items, text_hash FROM compliance.notice_template
             WHERE provider_id = ANY($1) ORDER BY provider_id, version",
            &[&providers],
        )
        .map_err(StorageError::db("reading the texts of notices"))?;
    Ok(rows
        .iter()
        .map(|r| TemplateRow {
            provider: r.get(0),
            version: r.get(1),
            scope: r.get(2),
            items: r.get(3),
            text_hash: r.get(4),
        })
        .collect())
}

fn filings(client: &mut Client, providers: &[&str]) -> Result<Vec<FilingRow>, StorageError> {
    let rows = client
        .query(
            "SELECT provider_id, receipt_no, filed_on, published_on, valid_from, valid_to, items, change_of
             FROM compliance.minister_filing WHERE provider_id = ANY($1) ORDER BY filing_id",
            &[&providers],
        )
        .map_err(StorageError::db("reading the filings"))?;
    Ok(rows
        .iter()
        .map(|r| FilingRow {
            provider: r.get(0),
            receipt_no: r.get(1),
            filed_on: r.get(2),
            published_on: r.get(3),
            valid_from: r.get(4),
            valid_to: r.get(5),
            items: r.get(6),
            change_of: r.get(7),
        })
        .collect())
}

fn by_token(client: &mut Client, tokens: &[&[u8]]) -> Result<Vec<NoticeHit>, StorageError> {
    let mut found = Vec::new();
    for some in tokens.chunks(ROWS) {
        let rows = client
            .query(
                "SELECT k.token, k.guard, n.notice_id, n.provider_id, n.notified_on, n.method, n.template, n.party,
                        n.last_visit, n.minor, n.local, n.subject
                 FROM compliance.notice_key k JOIN compliance.notice n USING (notice_id)
                 WHERE k.token = ANY($1) AND NOT n.void AND NOT EXISTS (
                   SELECT FROM compliance.notice v WHERE v.void AND v.subject = n.subject
                     AND v.notified_on = n.notified_on AND v.template = n.template)",
                &[&some],
            )
            .map_err(StorageError::db("looking for notices"))?;
        found.extend(rows.iter().map(|r| NoticeHit {
            subject: r.get::<_, &[u8]>(11).try_into().unwrap_or_default(),
            token: r.get(0),
            guard: r.get(1),
            notice: r.get(2),
            provider: r.get(3),
            notified_on: r.get(4),
            method: r.get(5),
            template: r.get(6),
            party: r.get(7),
            last_visit: r.get(8),
            minor: r.get(9),
            local: r.get(10),
        }));
    }
    Ok(found)
}

fn keys_of(client: &mut Client, notices: &[i64]) -> Result<Vec<(i64, String, Vec<u8>)>, StorageError> {
    let mut found = Vec::new();
    for some in notices.chunks(ROWS) {
        let rows = client
            .query(
                "SELECT n.notice_id, n.provider_id, k.token FROM compliance.notice n
                 JOIN compliance.notice_key k USING (notice_id) WHERE n.notice_id = ANY($1) AND NOT n.void",
                &[&some],
            )
            .map_err(StorageError::db("confirming notices"))?;
        found.extend(rows.iter().map(|r| (r.get(0), r.get(1), r.get(2))));
    }
    Ok(found)
}

macro_rules! notice_books {
    ($($handle:ty),*) => {$(
        impl NoticeBooks for $handle {
            fn notice_ledgers(&mut self, providers: &[&str]) -> Result<Vec<LedgerRow>, StorageError> {
                ledgers(&mut self.client, providers)
            }

            fn notice_templates(&mut self, providers: &[&str]) -> Result<Vec<TemplateRow>, StorageError> {
                templates(&mut self.client, providers)
            }

            fn filings(&mut self, providers: &[&str]) -> Result<Vec<FilingRow>, StorageError> {
                filings(&mut self.client, providers)
            }

            fn notices_by_token(&mut self, tokens: &[&[u8]]) -> Result<Vec<NoticeHit>, StorageError> {
                by_token(&mut self.client, tokens)
            }

            fn notice_keys(&mut self, notices: &[i64]) -> Result<Vec<(i64, String, Vec<u8>)>, StorageError> {
                keys_of(&mut self.client, notices)
            }
        }
    )*};
}
notice_books!(IngestDb, ActDb);

impl ActDb {
    /// Adds filings, all or none. Returns how many are new; one that stands with other content is an error.
    pub fn enter_filings(&mut self, rows: &[FilingRow], at: Timestamp) -> Result<u64, StorageError> {
        let doing = "entering filings";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        let mut added = 0;
        for f in rows {
            let new = tx
                .execute(
                    "INSERT INTO compliance.minister_filing (provider_id, receipt_no, filed_on, published_on, valid_from,
                       valid_to, items, change_of, entered_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                     ON CONFLICT (provider_id, receipt_no) DO NOTHING",
                    &[
                        &f.provider, &f.receipt_no, &f.filed_on, &f.published_on, &f.valid_from, &f.valid_to,
                        &f.items, &f.change_of, &at,
                    ],
                )
                .map_err(StorageError::db(doing))?;
            if new == 0 {
                let same: bool = tx
                    .query_one(
                        "SELECT filed_on = $3 AND valid_from = $4 AND valid_to IS NOT DISTINCT FROM $5 AND items = $6
                         FROM compliance.minister_filing WHERE provider_id = $1 AND receipt_no = $2",
                        &[&f.provider, &f.receipt_no, &f.filed_on, &f.valid_from, &f.valid_to, &f.items],
                    )
                    .map_err(StorageError::db(doing))?
                    .get(0);
                if !same {
                    return Err(StorageError::Refused(format!(
                        "filing {} of {} stands with other content",
                        f.receipt_no, f.provider
                    )));
                }
            }
            added += new;
        }
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(added)
    }

    /// Adds a provider's ledger: texts, notices, and its head, all or none. `head` is given the hash of the ledger
    /// before, the hashes of the notices that are new in their order, and how many persons have a notice now; it makes
    /// the row with which the chain goes on.
    pub fn enter_ledger(
        &mut self,
        provider: &str,
        templates: &[TemplateRow],
        notices: &[NewNotice],
        head: &mut dyn FnMut(Option<&str>, &[[u8; 32]], i64) -> LedgerRow,
    ) -> Result<LedgerRow, StorageError> {
        let doing = "entering a ledger of notices";
        let mut tx = self.client.transaction().map_err(StorageError::db(doing))?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LEDGER_LOCK]).map_err(StorageError::db(doing))?;
        let ledger_id: i64 = tx
            .query_one("SELECT nextval(pg_get_serial_sequence('compliance.notice_ledger', 'ledger_id'))", &[])
            .map_err(StorageError::db(doing))?
            .get(0);
        for t in templates {
            tx.execute(
                "INSERT INTO compliance.notice_template VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (provider_id, version) DO NOTHING",
                &[&provider, &t.version, &t.scope, &t.items, &t.text_hash, &ledger_id],
            )
            .map_err(StorageError::db(doing))?;
        }
        let mut added = Vec::new();
        for some in notices.chunks(ROWS) {
            added.extend(insert_notices(&mut tx, ledger_id, provider, some)?);
        }
        let persons: i64 = tx
            .query_one(
                "SELECT count(DISTINCT n.subject) FROM compliance.notice n WHERE n.provider_id = $1 AND NOT n.void
                   AND NOT EXISTS (SELECT FROM compliance.notice v WHERE v.void AND v.subject = n.subject
                     AND v.notified_on = n.notified_on AND v.template = n.template)",
                &[&provider],
            )
            .map_err(StorageError::db(doing))?
            .get(0);
        let previous: Option<String> = tx
            .query_opt(
                "SELECT hash FROM compliance.notice_ledger WHERE provider_id = $1 ORDER BY ledger_id DESC LIMIT 1",
                &[&provider],
            )
            .map_err(StorageError::db(doing))?
            .map(|r| r.get(0));
        let row = head(previous.as_deref(), &added, persons);
        let sql = format!(
            "INSERT INTO compliance.notice_ledger (ledger_id, {LEDGER_COLUMNS}) OVERRIDING SYSTEM VALUE
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
        );
        tx.execute(
            &sql,
            &[
                &ledger_id,
                &row.provider,
                &row.submitter,
                &row.exported_at,
                &row.received_at,
                &row.document,
                &row.programme_start,
                &row.lines,
                &row.refused,
                &row.added,
                &row.persons,
                &row.rows_hash,
                &row.previous,
                &row.hash,
            ],
        )
        .map_err(StorageError::db(doing))?;
        tx.commit().map_err(StorageError::db(doing))?;
        Ok(row)
    }

    /// Notices of a guardian alone that no task speaks of.
    pub fn guardian_notices(&mut self) -> Result<Vec<GuardianNotice>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT n.notice_id, n.provider_id, n.birth, n.subject FROM compliance.notice n
                 WHERE n.birth IS NOT NULL AND NOT n.void
                   AND NOT EXISTS (SELECT FROM compliance.renotice_task t WHERE t.notice_id = n.notice_id)
                   AND NOT EXISTS (SELECT FROM compliance.notice m WHERE m.subject = n.subject
                     AND m.party <> 'guardian' AND NOT m.void AND m.notified_on > n.notified_on)",
                &[],
            )
            .map_err(StorageError::db("reading notices of guardians"))?;
        Ok(rows
            .iter()
            .map(|r| GuardianNotice {
                notice: r.get(0),
                provider: r.get(1),
                subject: r.get(3),
                birth: r.get(2),
            })
            .collect())
    }

    /// Makes the task to notify somebody anew.
    pub fn add_renotice_task(
        &mut self,
        notice: i64,
        provider: &str,
        due_on: Date,
        at: Timestamp,
    ) -> Result<(), StorageError> {
        self.client
            .execute(
                "INSERT INTO compliance.renotice_task (notice_id, provider_id, due_on, made_at)
                 VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                &[&notice, &provider, &due_on, &at],
            )
            .map_err(StorageError::db("making a task"))?;
        Ok(())
    }

    /// A provider's notices, each with the ledger that brought it, in their order.
    pub fn notices_of(&mut self, provider: &str) -> Result<Vec<(i64, NewNotice)>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT n.ledger_id, n.row_hash, n.subject, n.notified_on, n.method, n.template, n.party, n.last_visit,
                        n.minor, n.birth, n.local, n.void, coalesce(k.kinds, '{}'), coalesce(k.tokens, '{}'),
                        coalesce(k.guards, '{}')
                 FROM compliance.notice n LEFT JOIN (
                   SELECT notice_id, array_agg(kind ORDER BY kind, token) AS kinds,
                     array_agg(token ORDER BY kind, token) AS tokens, array_agg(guard ORDER BY kind, token) AS guards
                   FROM compliance.notice_key WHERE provider_id = $1 GROUP BY notice_id) k USING (notice_id)
                 WHERE n.provider_id = $1 ORDER BY n.place",
                &[&provider],
            )
            .map_err(StorageError::db("reading notices"))?;
        rows.iter()
            .map(|r| {
                let (hash, subject): (&[u8], &[u8]) = (r.get(1), r.get(2));
                let (kinds, tokens, guards): (Vec<String>, Vec<Vec<u8>>, Vec<Vec<u8>>) =
                    (r.get(12), r.get(13), r.get(14));
                Some((
                    r.get(0),
                    NewNotice {
                        row_hash: hash.try_into().ok()?,
                        subject: subject.try_into().ok()?,
                        notified_on: r.get(3),
                        method: r.get(4),
                        template: r.get(5),
                        party: r.get(6),
                        last_visit: r.get(7),
                        minor: r.get(8),
                        birth: r.get(9),
                        local: r.get(10),
                        void: r.get(11),
                        keys: kinds
                            .into_iter()
                            .zip(tokens)
                            .zip(guards)
                            .map(|((kind, token), guard)| (kind, token, guard))
                            .collect(),
                    },
                ))
            })
            .collect::<Option<_>>()
            .ok_or_else(|| StorageError::Damaged("a notice's hash".to_owned()))
    }

    /// Persons with a notice, and units that waited, as of a moment: what reports count. Persons are counted provider by
    /// provider.
    pub fn notified_and_held(&mut self, at: Timestamp) -> Result<(u64, u64), StorageError> {
        let row = self
            .client
            .query_one(
                "SELECT coalesce((SELECT sum(persons) FROM (
                     SELECT DISTINCT ON (provider_id) persons FROM compliance.notice_ledger
                     WHERE received_at < $1 ORDER BY provider_id, ledger_id DESC) l), 0)::bigint,
                   (SELECT count(*) FROM intake.held WHERE since < $1 AND (settled_at IS NULL OR settled_at >= $1))",
                &[&at],
            )
            .map_err(StorageError::db("counting notices"))?;
        let count = |i: usize| u64::try_from(row.get::<_, i64>(i)).unwrap_or(0);
        Ok((count(0), count(1)))
    }

    /// Providers that have a ledger, by id.
    pub fn notified_providers(&mut self) -> Result<Vec<String>, StorageError> {
        let rows = self
            .client
            .query("SELECT DISTINCT provider_id FROM compliance.notice_ledger ORDER BY 1", &[])
            .map_err(StorageError::db("reading the ledgers of notices"))?;
        Ok(rows.iter().map(|r| r.get(0)).collect())
    }
}

/// Inserts notices that are new, with their keys; gives back their hashes in order.
fn insert_notices(
    tx: &mut postgres::Transaction<'_>,
    ledger_id: i64,
    provider: &str,
    notices: &[NewNotice],
) -> Result<Vec<[u8; 32]>, StorageError> {
    let doing = "entering notices";
    let column = |f: fn(&NewNotice) -> &[u8]| -> Vec<&[u8]> { notices.iter().map(f).collect() };
    let hashes = column(|n| &n.row_hash);
    let numbers: Vec<i64> = notices.iter().map(NewNotice::number).collect();
    let subjects = column(|n| &n.subject);
    let days: Vec<Date> = notices.iter().map(|n| n.notified_on).collect();
    let methods: Vec<&str> = notices.iter().map(|n| n.method.as_str()).collect();
    let texts: Vec<&str> = notices.iter().map(|n| n.template.as_str()).collect();
    let parties: Vec<&str> = notices.iter().map(|n| n.party.as_str()).collect();
    let visits: Vec<Option<Date>> = notices.iter().map(|n| n.last_visit).collect();
    let minors: Vec<bool> = notices.iter().map(|n| n.minor).collect();
    let births: Vec<Option<&[u8]>> = notices.iter().map(|n| n.birth.as_deref()).collect();
    let locals: Vec<bool> = notices.iter().map(|n| n.local).collect();
    let voids: Vec<bool> = notices.iter().map(|n| n.void).collect();
    let rows = tx
        .query(
            "INSERT INTO compliance.notice (ledger_id, provider_id, notice_id, row_hash, subject, notified_on, method,
               template, party, last_visit, minor, birth, local, void)
             SELECT $1, $2, * FROM unnest($14::bigint[], $3::bytea[], $4::bytea[], $5::date[], $6::text[], $7::text[],
               $8::text[], $9::date[], $10::bool[], $11::bytea[], $12::bool[], $13::bool[])
             ON CONFLICT (row_hash) DO NOTHING RETURNING row_hash, notice_id, place",
            &[
                &ledger_id, &provider, &hashes, &subjects, &days, &methods, &texts, &parties, &visits, &minors,
                &births, &locals, &voids, &numbers,
            ],
        )
        .map_err(StorageError::db(doing))?;
    let new: std::collections::HashMap<&[u8], (i64, i64)> =
        rows.iter().map(|r| (r.get(0), (r.get(1), r.get(2)))).collect();
    let mut added = Vec::with_capacity(new.len());
    let (mut tokens, mut kinds, mut guards, mut ids): (Vec<&[u8]>, Vec<&str>, Vec<&[u8]>, Vec<i64>) =
        Default::default();
    let mut seen = std::collections::HashSet::with_capacity(new.len());
    for n in notices {
        let Some((id, place)) = new.get(n.row_hash.as_slice()) else { continue };
        if !seen.insert(n.row_hash) {
            continue;
        }
        added.push((*place, n.row_hash));
        for (kind, token, guard) in &n.keys {
            tokens.push(token);
            kinds.push(kind);
            guards.push(guard);
            ids.push(*id);
        }
    }
    tx.execute(
        "INSERT INTO compliance.notice_key (token, kind, guard, provider_id, notice_id)
         SELECT t, k, g, $5, i FROM unnest($1::bytea[], $2::text[], $3::bytea[], $4::bigint[]) AS u (t, k, g, i)
         ON CONFLICT DO NOTHING",
        &[&tokens, &kinds, &guards, &ids, &provider],
    )
    .map_err(StorageError::db(doing))?;
    added.sort_unstable();
    Ok(added.into_iter().map(|(_, hash)| hash).collect())
}
