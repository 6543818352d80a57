//! Logins (ログイン) as rows: credentials, the step between two factors, sessions, certificates of machines.
//!
//! How they are kept. Whether somebody may come in is decided in `compliance::login`; nothing here compares a password, a
//! code or a time. No token and no secret is kept as it is: tokens as their BLAKE3, secrets sealed by the caller.

mod break_glass;
mod certificate;

use jiff::Timestamp;
use jiff::civil::Date;
use postgres::Row;

pub use self::break_glass::{BreakGlassRow, NewBreakGlass, ReviewRow};
pub use self::certificate::CertificateRow;
use crate::act::organisation::HeldRoleRow;
use crate::error::StorageError;
use crate::registry::LoginDb;

/// BLAKE3 of a token, or the fingerprint of a certificate.
pub type Digest = [u8; 32];

/// Who an account is, as far as logging in asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Its id.
    pub id: String,
    /// `human`, `service`.
    pub kind: String,
    /// Its organisation.
    pub organisation: String,
    /// The organisation's name.
    pub organisation_name: String,
    /// Kind of the organisation.
    pub organisation_kind: String,
    /// The account or its organisation is closed.
    pub retired: bool,
    /// Day from which whoever had it is gone.
    pub left_on: Option<Date>,
    /// Its roles.
    pub roles: Vec<HeldRoleRow>,
}

/// What an account proves itself with. Not printable: it is worth guarding, hashed and sealed as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialRow {
    /// Which account.
    pub account: String,
    /// Counts the changes; [`LoginDb::change_credential`] lets only one of two writers through.
    pub version: i64,
    /// The password's hash, a PHC string.
    pub password: Option<String>,
    /// The sealed secret of the second factor.
    pub totp: Option<Vec<u8>>,
    /// The last time step that was used.
    pub totp_step: i64,
    /// BLAKE3 of an open invitation.
    pub invitation: Option<Digest>,
    /// Until when it is open.
    pub invited_until: Option<Timestamp>,
    /// Failures since the last success.
    pub failures: u32,
    /// The last of them.
    pub failed_at: Option<Timestamp>,
    /// Locked by people.
    pub locked: bool,
    /// The password is to be changed first.
    pub must_change: bool,
    /// The chosen language.
    pub english: bool,
    /// Last login with both factors.
    pub last_login: Option<Timestamp>,
    /// When password or second factor last changed.
    pub changed_at: Timestamp,
}

impl std::fmt::Debug for CredentialRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CredentialRow")
            .field("account", &self.account)
            .field("version", &self.version)
            .field("failures", &self.failures)
            .field("locked", &self.locked)
            .finish_non_exhaustive()
    }
}

/// Between the two factors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRow {
    /// Which account.
    pub account: String,
    /// An invitation was accepted and its second factor is to be proved for the first time.
    pub enrolling: bool,
    /// When the password was given.
    pub begun_at: Timestamp,
    /// Until when the second factor may follow.
    pub until: Timestamp,
}

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// BLAKE3 of its token.
    pub token: Digest,
    /// Whose.
    pub account: &'a str,
    /// When the password was given.
    pub password_at: Timestamp,
    /// When the second factor was given.
    pub code_at: Timestamp,
    /// The chosen language.
    pub english: bool,
    /// Its end, whatever happens.
    pub ends_at: Timestamp,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub account: String,
    /// When the password was given.
    pub password_at: Timestamp,
    /// When the second factor was given.
    pub code_at: Timestamp,
    /// The chosen language.
    pub english: bool,
    /// When it was last used.
    pub seen_at: Timestamp,
    /// Its end, whatever happens.
    pub ends_at: Timestamp,
    /// When it was ended, and why.
    pub ended: Option<(Timestamp, String)>,
}

const CREDENTIAL: &str =
    "principal_id, version, password, totp, totp_step, invitation, invited_until, failures,
    failed_at, locked, must_change, english, last_login, changed_at";
const SESSION: &str =
    "session_id, principal_id, password_at, code_at, english, seen_at, ends_at, ended_at, ended_why";
const READING: &str = "reading the logins";
const WRITING: &str = "writing the logins";

fn damaged(what: &str) -> StorageError {
    StorageError::Damaged(what.to_owned())
}

fn digest(bytes: &[u8]) -> Result<Digest, StorageError> {
    bytes.try_into().map_err(|_| damaged("a token's hash of the wrong length"))
}

fn credential(row: &Row) -> Result<CredentialRow, StorageError> {
    let invitation: Option<&[u8]> = row.try_get(5).map_err(StorageError::db(READING))?;
    let failures: i32 = row.try_get(7).map_err(StorageError::db(READING))?;
    Ok(CredentialRow {
        account: row.get(0),
        version: row.get(1),
        password: row.get(2),
        totp: row.get(3),
        totp_step: row.get(4),
        invitation: invitation.map(digest).transpose()?,
        invited_until: row.get(6),
        failures: u32::try_from(failures).map_err(|_| damaged("a count below zero"))?,
        failed_at: row.get(8),
        locked: row.get(9),
        must_change: row.get(10),
        english: row.get(11),
        last_login: row.get(12),
        changed_at: row.get(13),
    })
}

fn session(row: &Row) -> SessionRow {
    let ended = row.get::<_, Option<Timestamp>>(7).zip(row.get::<_, Option<String>>(8));
    SessionRow {
        id: row.get(0),
        account: row.get(1),
        password_at: row.get(2),
        code_at: row.get(3),
        english: row.get(4),
        seen_at: row.get(5),
        ends_at: row.get(6),
        ended,
    }
}

impl LoginDb {
    /// Who an account is now; `None`: nobody.
    pub fn account(&mut self, id: &str) -> Result<Option<AccountRow>, StorageError> {
        Ok(self.accounts(Some(id))?.pop())
    }

    /// Who all accounts are now, or one.
    pub fn accounts(&mut self, id: Option<&str>) -> Result<Vec<AccountRow>, StorageError> {
        let rows = self
            .client
            .query(
                "SELECT p.principal_id, p.kind, o.organisation_id, o.name, o.kind, p.retired OR o.retired, p.left_on,
                        r.role, r.valid_from, r.valid_to
                 FROM (SELECT DISTINCT ON (principal_id) principal_id, version, organisation_id, kind, left_on, retired
                       FROM compliance.principal WHERE $1::text IS NULL OR principal_id = $1
                       ORDER BY principal_id, version DESC) p
                 JOIN (SELECT DISTINCT ON (organisation_id) organisation_id, name, kind, retired
                       FROM compliance.organisation ORDER BY organisation_id, version DESC) o USING (organisation_id)
                 LEFT JOIN compliance.principal_role r ON r.principal_id = p.principal_id AND r.version = p.version
                 ORDER BY p.principal_id, r.role, r.valid_from",
                &[&id],
            )
            .map_err(StorageError::db(READING))?;
        let mut found: Vec<AccountRow> = Vec::new();
        for row in rows {
            let id: String = row.get(0);
            if found.last().is_none_or(|a| a.id != id) {
                found.push(AccountRow {
                    id,
                    kind: row.get(1),
                    organisation: row.get(2),
                    organisation_name: row.get(3),
                    organisation_kind: row.get(4),
                    retired: row.get(5),
                    left_on: row.get(6),
                    roles: Vec::new(),
                });
            }
            if let (Some(role), Some(last)) = (row.get::<_, Option<String>>(7), found.last_mut()) {
                last.roles.push(HeldRoleRow { role, from: row.get(8), to: row.get(9) });
            }
        }
        Ok(found)
    }

    /// What an account proves itself with.
    pub fn credential(&mut self, account: &str) -> Result<Option<CredentialRow>, StorageError> {
        let sql = format!("SELECT {CREDENTIAL} FROM login.credential WHERE principal_id = $1");
        let row = self.client.query_opt(&sql, &[&account]).map_err(StorageError::db(READING))?;
        row.as_ref().map(credential).transpose()
    }

    /// Whose an invitation is.
    pub fn invited(&mut self, invitation: &Digest) -> Result<Option<CredentialRow>, StorageError> {
        let sql = format!("SELECT {CREDENTIAL} FROM login.credential WHERE invitation = $1");
        let row =
            self.client.query_opt(&sql, &[&invitation.as_slice()]).map_err(StorageError::db(READING))?;
        row.as_ref().map(credential).transpose()
    }

    /// All credentials, by account.
    pub fn credentials(&mut self) -> Result<Vec<CredentialRow>, StorageError> {
        let sql = format!("SELECT {CREDENTIAL} FROM login.credential ORDER BY principal_id");
        let rows = self.client.query(&sql, &[]).map_err(StorageError::db(READING))?;
        rows.iter().map(credential).collect()
    }

    /// Keeps a credential that was read at `row.version` (0: there was none). `false`: somebody else was faster, and
    /// nothing was written.
    pub fn change_credential(&mut self, row: &CredentialRow) -> Result<bool, StorageError> {
        let failures = i32::try_from(row.failures).map_err(|_| damaged("a count too large"))?;
        let invitation = row.invitation.as_ref().map(<[u8; 32]>::as_slice);
        let changed = self
            .client
            .execute(
                "INSERT INTO login.credential AS c
                   (principal_id, version, password, totp, totp_step, invitation, invited_until, failures, failed_at,
                    locked, must_change, english, last_login, changed_at)
                 SELECT $1, $2::bigint + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
                 WHERE $2 = 0 OR EXISTS (SELECT FROM login.credential WHERE principal_id = $1)
                 ON CONFLICT (principal_id) DO UPDATE SET
                   version = excluded.version, password = excluded.password, totp = excluded.totp,
                   totp_step = excluded.totp_step, invitation = excluded.invitation,
                   invited_until = excluded.invited_until, failures = excluded.failures,
                   failed_at = excluded.failed_at, locked = excluded.locked, must_change = excluded.must_change,
                   english = excluded.english, last_login = excluded.last_login, changed_at = excluded.changed_at
                 WHERE c.version = $2",
                &[
                    &row.account,
                    &row.version,
                    &row.password,
                    &row.totp,
                    &row.totp_step,
                    &invitation,
                    &row.invited_until,
                    &failures,
                    &row.failed_at,
                    &row.locked,
                    &row.must_change,
                    &row.english,
                    &row.last_login,
                    &row.changed_at,
                ],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(changed == 1)
    }

    /// Notes that a first factor was given. Whatever was pending and is over goes.
    pub fn begin_pending(&mut self, token: &Digest, row: &PendingRow) -> Result<(), StorageError> {
        self.client
            .execute("DELETE FROM login.pending WHERE until < $1", &[&row.begun_at])
            .map_err(StorageError::db(WRITING))?;
        self.client
            .execute(
                "INSERT INTO login.pending (token, principal_id, enrolling, begun_at, until) VALUES ($1, $2, $3, $4, $5)",
                &[&token.as_slice(), &row.account, &row.enrolling, &row.begun_at, &row.until],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(())
    }

    /// What is pending under a token.
    pub fn pending(&mut self, token: &Digest) -> Result<Option<PendingRow>, StorageError> {
        let row = self
            .client
            .query_opt(
                "SELECT principal_id, enrolling, begun_at, until FROM login.pending WHERE token = $1",
                &[&token.as_slice()],
            )
            .map_err(StorageError::db(READING))?;
        Ok(row.map(|r| PendingRow {
            account: r.get(0),
            enrolling: r.get(1),
            begun_at: r.get(2),
            until: r.get(3),
        }))
    }

    /// Opens a session in place of what was pending, in one transaction: a token opens one session, once.
    pub fn open_session(
        &mut self,
        pending: &Digest,
        new: &NewSession<'_>,
    ) -> Result<Option<i64>, StorageError> {
        let mut tx = self.client.transaction().map_err(StorageError::db(WRITING))?;
        let gone = tx
            .execute("DELETE FROM login.pending WHERE token = $1", &[&pending.as_slice()])
            .map_err(StorageError::db(WRITING))?;
        if gone != 1 {
            return Ok(None);
        }
        let row = tx
            .query_one(
                "INSERT INTO login.session (token, principal_id, password_at, code_at, english, seen_at, ends_at)
                 VALUES ($1, $2, $3, $4, $5, $4, $6) RETURNING session_id",
                &[
                    &new.token.as_slice(),
                    &new.account,
                    &new.password_at,
                    &new.code_at,
                    &new.english,
                    &new.ends_at,
                ],
            )
            .map_err(StorageError::db(WRITING))?;
        tx.commit().map_err(StorageError::db(WRITING))?;
        Ok(Some(row.get(0)))
    }

    /// Forgets what is pending of an account.
    pub fn drop_pending(&mut self, account: &str) -> Result<(), StorageError> {
        self.client
            .execute("DELETE FROM login.pending WHERE principal_id = $1", &[&account])
            .map_err(StorageError::db(WRITING))?;
        Ok(())
    }

    /// The session of a token, ended ones too.
    pub fn session(&mut self, token: &Digest) -> Result<Option<SessionRow>, StorageError> {
        let sql = format!("SELECT {SESSION} FROM login.session WHERE token = $1");
        let row = self.client.query_opt(&sql, &[&token.as_slice()]).map_err(StorageError::db(READING))?;
        Ok(row.as_ref().map(session))
    }

    /// Sessions of an account or of all, the newest first; ended ones only when asked for.
    pub fn sessions(&mut self, account: Option<&str>, ended: bool) -> Result<Vec<SessionRow>, StorageError> {
        let sql = format!(
            "SELECT {SESSION} FROM login.session
             WHERE ($1::text IS NULL OR principal_id = $1) AND ($2 OR ended_at IS NULL) ORDER BY session_id DESC"
        );
        let rows = self.client.query(&sql, &[&account, &ended]).map_err(StorageError::db(READING))?;
        Ok(rows.iter().map(session).collect())
    }

    /// Notes that a session is used. Time never goes back.
    pub fn see_session(&mut self, id: i64, at: Timestamp) -> Result<(), StorageError> {
        self.client
            .execute(
                "UPDATE login.session SET seen_at = greatest(seen_at, $2) WHERE session_id = $1 AND ended_at IS NULL",
                &[&id, &at],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(())
    }

    /// Notes the language of a session and of its account's next ones.
    pub fn speak(&mut self, session: i64, english: bool) -> Result<(), StorageError> {
        self.client
            .execute(
                "WITH of AS (UPDATE login.session SET english = $2 WHERE session_id = $1 RETURNING principal_id)
                 UPDATE login.credential c SET english = $2, version = version + 1 FROM of
                 WHERE c.principal_id = of.principal_id",
                &[&session, &english],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(())
    }

    /// Ends a session. `false`: there is none, or it had ended.
    pub fn end_session(&mut self, id: i64, at: Timestamp, why: &str) -> Result<bool, StorageError> {
        let ended = self
            .client
            .execute(
                "UPDATE login.session SET ended_at = $2, ended_why = $3 WHERE session_id = $1 AND ended_at IS NULL",
                &[&id, &at, &why],
            )
            .map_err(StorageError::db(WRITING))?;
        Ok(ended == 1)
    }

    /// Ends all sessions of an account but one, and gives how many.
    pub fn end_sessions(
        &mut self,
        account: &str,
        but: Option<i64>,
        at: Timestamp,
        why: &str,
    ) -> Result<u64, StorageError> {
        self.client
            .execute(
                "UPDATE login.session SET ended_at = $3, ended_why = $4
                 WHERE principal_id = $1 AND ended_at IS NULL AND session_id IS DISTINCT FROM $2",
                &[&account, &but, &at, &why],
            )
            .map_err(StorageError::db(WRITING))
    }
}
