//! What the checks of the Act read of the other zones: states, ids, counts. Never a value of a person.

use jiff::Timestamp;

use crate::board::{ApprovalRow, RequestRow};
use crate::error::StorageError;
use crate::registry::{ActDb, IdentityDb, IngestDb};

/// Units of a delivery in which a My Number was found, and how many of them were loaded all the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct MyNumberHits {
    /// The delivery, hexadecimal.
    pub submission: String,
    /// Findings.
    pub hits: u64,
    /// Of them, findings of units whose facts were loaded.
    pub loaded: u64,
}

/// What a release in the ledger refers to, and whether it is there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lineage {
    /// The release.
    pub release_id: String,
    /// Is the approval there, of that request?
    pub approval: bool,
    /// Is the request there?
    pub request: bool,
    /// Is a cohort of that approval and snapshot there?
    pub cohort: bool,
    /// Is the snapshot there?
    pub snapshot: bool,
    /// Are the parameters kept?
    pub parameters: bool,
    /// Lake files it was made from.
    pub inputs: u64,
    /// Of them, those that the catalogue does not have in that snapshot.
    pub inputs_lost: u64,
    /// Deliveries in them.
    pub submissions: u64,
    /// Of them, those that intake does not know.
    pub submissions_lost: u64,
}

/// A release of the ledger, for whoever may see states only.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LedgerHead {
    /// Its name.
    pub release_id: String,
    /// Its approval.
    pub approval_id: String,
    /// The manifest, byte for byte.
    pub manifest: String,
    /// When it was sealed.
    pub sealed_at: Timestamp,
}

/// Openings under one entry of the audit chain; the entry as it stands, when it does.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AccessRow {
    /// Place of the entry.
    pub seq: i64,
    /// Data keys handed out.
    pub opened: i64,
    /// The entry's action; `None`: there is no such entry.
    pub action: Option<String>,
    /// The entry's count of persons.
    pub persons: i64,
}

fn count(row: &postgres::Row, i: usize) -> Result<u64, StorageError> {
    u64::try_from(row.get::<_, i64>(i)).map_err(|_| StorageError::Damaged("a negative count".into()))
}

impl ActDb {
    /// Deliveries with findings of the rules named, and how many of those units were loaded.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn my_number_hits(&mut self, rules: &[&str]) -> Result<Vec<MyNumberHits>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT encode(f.submission_id, 'hex'), count(*),
                        count(*) FILTER (WHERE EXISTS (
                          SELECT 1 FROM intake.unit u WHERE u.submission_id = f.submission_id
                            AND u.document = f.document AND (f.unit IS NULL OR u.ordinal = f.unit)
                            AND u.disposition = 'loaded'))
                 FROM intake.finding f WHERE f.rule = ANY($1)
                 GROUP BY 1 ORDER BY 1",
                &[&rules],
            )
            .map_err(StorageError::db("reading findings of My Numbers"))?;
        rows.iter()
            .map(|r| Ok(MyNumberHits { submission: r.get(0), hits: count(r, 1)?, loaded: count(r, 2)? }))
            .collect()
    }

    /// How many deliveries there are.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn submissions_count(&mut self) -> Result<u64, StorageError> {
        let row = self
            .client
            .query_one("SELECT count(*) FROM intake.submission", &[])
            .map_err(StorageError::db("counting deliveries"))?;
        count(&row, 0)
    }

    /// For every release, whether what it refers to is there.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn lineages(&mut self) -> Result<Vec<Lineage>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT l.release_id,
                   EXISTS (SELECT 1 FROM board.approval a
                           WHERE a.approval_id = l.approval_id AND a.request_id = l.request_id
                             AND a.scope_hash = l.scope_hash),
                   EXISTS (SELECT 1 FROM board.request q
                           WHERE q.request_id = l.request_id AND q.scope_hash = l.scope_hash),
                   EXISTS (SELECT 1 FROM release.cohort c
                           WHERE c.approval_id = l.approval_id AND c.commit_id = l.commit_id),
                   EXISTS (SELECT 1 FROM repository.lake_commit k WHERE k.commit_id = l.commit_id),
                   EXISTS (SELECT 1 FROM compliance.parameter_set p
                           WHERE p.hash = l.manifest::jsonb ->> 'parameter_set_hash'),
                   (SELECT count(*) FROM release.input i WHERE i.release_id = l.release_id),
                   -- A file that an erasure rewrote is not lost: the erasure says which took its place, and who were in it.
                   (SELECT count(*) FROM release.input i WHERE i.release_id = l.release_id AND NOT EXISTS (
                      SELECT 1 FROM repository.lake_file f WHERE f.file_id = i.file_id AND f.added <= l.commit_id
                        AND (f.removed IS NULL OR f.removed > l.commit_id))
                      AND NOT EXISTS (SELECT 1 FROM compliance.erased_file e WHERE e.old_file = i.file_id)),
                   s.named, s.lost
                 FROM release.ledger l
                 CROSS JOIN LATERAL (
                   SELECT count(*) AS named, count(*) FILTER (WHERE NOT EXISTS (
                     SELECT 1 FROM intake.submission m WHERE m.submission_id = d.submission_id)) AS lost
                   FROM (SELECT DISTINCT unnest(f.submissions) AS submission_id
                         FROM release.input i JOIN (
                           SELECT file_id, submissions FROM repository.lake_file
                           UNION ALL SELECT old_file, submissions FROM compliance.erased_file) f USING (file_id)
                         WHERE i.release_id = l.release_id) d) s
                 ORDER BY l.release_id",
                &[],
            )
            .map_err(StorageError::db("following releases back"))?;
        rows.iter()
            .map(|r| {
                Ok(Lineage {
                    release_id: r.get(0),
                    approval: r.get(1),
                    request: r.get(2),
                    cohort: r.get(3),
                    snapshot: r.get(4),
                    parameters: r.get(5),
                    inputs: count(r, 6)?,
                    inputs_lost: count(r, 7)?,
                    submissions: count(r, 8)?,
                    submissions_lost: count(r, 9)?,
                })
            })
            .collect()
    }

    /// The ledger of releases, oldest first.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn ledger_heads(&mut self) -> Result<Vec<LedgerHead>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT release_id, approval_id, manifest, sealed_at FROM release.ledger ORDER BY sealed_at, release_id",
                &[],
            )
            .map_err(StorageError::db("reading the ledger"))?;
        Ok(rows
            .iter()
            .map(|r| LedgerHead {
                release_id: r.get(0),
                approval_id: r.get(1),
                manifest: r.get(2),
                sealed_at: r.get(3),
            })
            .collect())
    }

    /// All decisions with the requests they decided, in order.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn decisions(&mut self) -> Result<Vec<(ApprovalRow, RequestRow)>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT a.approval_id, a.request_id, a.scope_hash, a.approver, a.approved_at, a.expires_on, a.decision,
                        a.signature, q.spec, q.scope_hash, q.filed_at, q.filed_by
                 FROM board.approval a JOIN board.request q USING (request_id) ORDER BY a.approved_at, a.approval_id",
                &[],
            )
            .map_err(StorageError::db("reading decisions"))?;
        Ok(rows
            .iter()
            .map(|r| {
                let approval = ApprovalRow {
                    approval_id: r.get(0),
                    request_id: r.get(1),
                    scope_hash: r.get(2),
                    approver: r.get(3),
                    approved_at: r.get(4),
                    expires_on: r.get(5),
                    decision: r.get(6),
                    signature: r.get(7),
                };
                let request = RequestRow {
                    request_id: approval.request_id.clone(),
                    spec: r.get(8),
                    scope_hash: r.get(9),
                    filed_at: r.get(10),
                    filed_by: r.get(11),
                };
                (approval, request)
            })
            .collect())
    }

    /// Openings counted by the store, each with the entry of the audit chain that announced it.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn accesses(&mut self) -> Result<Vec<AccessRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT c.audit_seq, sum(c.opened)::bigint, a.action, coalesce(a.persons, 0)
                 FROM compliance.access_count c LEFT JOIN compliance.audit a ON a.seq = c.audit_seq
                 GROUP BY c.audit_seq, a.action, a.persons ORDER BY c.audit_seq",
                &[],
            )
            .map_err(StorageError::db("reading the counts of openings"))?;
        Ok(rows
            .iter()
            .map(|r| AccessRow { seq: r.get(0), opened: r.get(1), action: r.get(2), persons: r.get(3) })
            .collect())
    }

    /// Names of append-only guards of a table that are switched off or missing: `expected` less those that fire.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn guards_off(&mut self, table: &str) -> Result<bool, StorageError> {
        let row = self
            .client
            .query_one(
                "SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                 WHERE t.tgrelid = to_regclass($1) AND p.proname = 'refuse_change' AND t.tgenabled IN ('O', 'A')",
                &[&table],
            )
            .map_err(StorageError::db("looking at the guards of a table"))?;
        Ok(row.get::<_, i64>(0) == 0)
    }
}

impl IdentityDb {
    /// How many of `ids` are an identity or a research id: an answer of a count only, whichever they are.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn membership(&mut self, ids: &[[u8; 16]]) -> Result<u64, StorageError> {
        let names: Vec<&[u8]> = ids.iter().map(<[u8; 16]>::as_slice).collect();
        let row = self
            .client
            .query_one(
                "SELECT count(*) FROM unnest($1::bytea[]) AS asked(id)
                 WHERE EXISTS (SELECT 1 FROM identity.member m WHERE m.research_id = asked.id)
                    OR EXISTS (SELECT 1 FROM identity.source_identity s WHERE s.identity_id = asked.id)",
                &[&names],
            )
            .map_err(StorageError::db("testing membership"))?;
        count(&row, 0)
    }
}

impl IdentityDb {
    /// How many identities there are, and how many of them have neither a key nor a record of its destruction.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn identities_without_key(&mut self) -> Result<(u64, u64), StorageError> {
        let row = self
            .client
            .query_one(
                "SELECT count(*), count(*) FILTER (WHERE k.key_id IS NULL)
                 FROM identity.source_identity s LEFT JOIN keys.data_key k ON k.key_id = s.identity_id",
                &[],
            )
            .map_err(StorageError::db("looking for the keys of identities"))?;
        Ok((count(&row, 0)?, count(&row, 1)?))
    }
}

/// Where a document lies, for the check of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentPlace {
    /// The pack.
    pub pack: String,
    /// Where its entry begins.
    pub offset: u64,
    /// How long the entry is.
    pub len: u64,
}

impl IngestDb {
    /// Where every document lies, each place once.
    ///
    /// # Errors
    /// [`StorageError::Database`], [`StorageError::Damaged`].
    pub fn document_places(&mut self) -> Result<Vec<DocumentPlace>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT DISTINCT pack, pack_offset, pack_len FROM intake.document ORDER BY pack, pack_offset",
                &[],
            )
            .map_err(StorageError::db("reading where documents lie"))?;
        rows.iter()
            .map(|r| Ok(DocumentPlace { pack: r.get(0), offset: count(r, 1)?, len: count(r, 2)? }))
            .collect()
    }

    /// How many of `ids` have a live key, and how many a record of destruction.
    ///
    /// # Errors
    /// [`StorageError::Database`].
    pub fn key_states(&mut self, ids: &[[u8; 16]]) -> Result<(u64, u64), StorageError> {
        let names: Vec<&[u8]> = ids.iter().map(<[u8; 16]>::as_slice).collect();
        let row = self
            .client
            .query_one(
                "SELECT count(*) FILTER (WHERE destroyed_at IS NULL), count(*) FILTER (WHERE destroyed_at IS NOT NULL)
                 FROM keys.data_key WHERE key_id = ANY($1)",
                &[&names],
            )
            .map_err(StorageError::db("looking at the state of keys"))?;
        Ok((count(&row, 0)?, count(&row, 1)?))
    }
}
