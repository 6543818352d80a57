//! The door (出入口): password, second factor, session. One [`Door`] serves one request, at one moment.
//!
//! It must never tell the unknown from the known: every first step runs argon2 once, whoever asks.

use jiff::Timestamp;
use jiff::civil::Date;
use musubi_model::parameter::ParameterSet;
use musubi_storage::StorageError;
use musubi_storage::keys::{KeyRing, SealKey};
use musubi_storage::login::{CredentialRow, NewSession, PendingRow, SessionRow};
use musubi_storage::registry::LoginDb;

use super::book::{Account, book, refused};
use super::break_glass::{BreakGlass, lent};
use super::credential::{self, Why};
use super::password::{self, Hasher};
use super::rules::later;
use super::secret::{Factor, PendingToken, SessionToken, invitation_digest, sealing};
use super::{PasswordRefused, Refused, Rules, SessionId};
use crate::audit::{AuditAction, AuditResult, AuditRole, Name};
use crate::book::japanese_day;

/// Uses of a session closer together than this are not written down each by itself.
const SEEN_SECONDS: i64 = 60;

/// Who is in the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The account.
    pub account: Name,
    /// Its organisation.
    pub organisation: String,
    /// The organisation's name.
    pub organisation_name: String,
    /// Its roles today, with one that is lent; none as long as the password is to be changed.
    pub roles: Vec<AuditRole>,
    /// English instead of Japanese.
    pub english: bool,
    /// Since when.
    pub since: Timestamp,
    /// The session; `None`: a machine with a certificate, which has none.
    pub session: Option<SessionId>,
    /// A role that is lent now.
    pub break_glass: Option<BreakGlass>,
    /// Nothing is open but the change of the password ([`Door::change_password`]).
    pub must_change: bool,
}

/// What an invited account puts into its app before it proves the second factor.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// Whose.
    pub account: Name,
    /// To be given back with the first code.
    pub token: PendingToken,
    /// For a QR code.
    pub otpauth_url: String,
    /// For typing.
    pub secret_base32: String,
}

/// The door, for one request.
#[derive(Debug)]
pub struct Door<'a> {
    pub(super) db: &'a mut LoginDb,
    key: SealKey,
    pub(super) rules: Rules,
    hasher: Hasher,
    pub(super) now: Timestamp,
    pub(super) today: Date,
}

/// A known account and what it proves itself with, or why not; the account, where it is known, for the log.
type Known = Result<(Account, CredentialRow), (Option<Account>, Why)>;

impl<'a> Door<'a> {
    /// Opens the door at a moment, by the parameters of that day.
    pub fn new(
        db: &'a mut LoginDb,
        ring: &KeyRing,
        parameters: &ParameterSet,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        let today = japanese_day(now);
        let rules = Rules::of(parameters, today)?;
        Ok(Self { db, key: sealing(ring), hasher: Hasher::new(&rules)?, rules, now, today })
    }

    /// How often argon2 was run: equal for the known and the unknown.
    #[must_use]
    pub fn argon2_runs(&self) -> u32 {
        self.hasher.runs()
    }

    /// The first factor.
    pub fn first(&mut self, account: &str, password: &str) -> Result<PendingToken, Refused> {
        let known = self.counted(account)?;
        let kept = known.as_ref().ok().and_then(|(_, row)| row.password.as_deref());
        let right = self.hasher.verify(password, kept)?;
        let (account, row) = match known {
            Ok((account, row)) if right => (account, row),
            Ok((account, _)) => return Err(self.no(Some(&account), Why::Password)?),
            Err((account, why)) => return Err(self.told_nothing(account.as_ref(), why)?),
        };
        // Somebody else's change at this moment leaves one failure too many: the safe side.
        self.db.change_credential(&credential::forgiven(row))?;
        self.pend(&account, false)
    }

    /// The second factor: opens a session.
    pub fn second(&mut self, token: &PendingToken, code: &str) -> Result<SessionToken, Refused> {
        let Some(pending) = self.pending(token, false)? else {
            return Err(self.no(None, Why::Over)?);
        };
        let (account, row) = match self.counted(&pending.account)? {
            Ok(known) => known,
            Err((account, why)) => {
                self.told_nothing(account.as_ref(), why)?;
                return Err(Refused::Code);
            }
        };
        let factor = self.factor(&row)?;
        let next = factor.step(code, self.now).ok_or(Why::Code);
        match next.and_then(|step| credential::logged_in(row, step, self.now)) {
            Ok(row) if self.db.change_credential(&row)? => self.enter(&account, &row, token, &pending),
            Ok(_) => Err(self.no(Some(&account), Why::Busy)?),
            Err(why) => Err(self.no(Some(&account), why)?),
        }
    }

    /// Who has this session. `None`: nobody (any more).
    pub fn who(&mut self, token: &SessionToken) -> Result<Option<Visitor>, StorageError> {
        let Some(session) = self.db.session(&token.digest())?.filter(|s| s.ended.is_none()) else {
            return Ok(None);
        };
        let over = self.rules.alive_until(session.seen_at, session.ends_at) <= self.now;
        let account = Account::read(self.db, &session.account, self.today)?;
        let account = account.and_then(|a| a.admitted(true, self.today).ok());
        let row = self.db.credential(&session.account)?;
        let row = row.filter(|r| !r.locked && r.invitation.is_none());
        let why = if over && session.ends_at <= self.now { "over" } else { "idle" };
        let (Some(account), Some(row), false) = (account, row, over) else {
            self.db.end_session(session.id, self.now, if over { why } else { "closed" })?;
            return Ok(None);
        };
        if session.seen_at.as_second() + SEEN_SECONDS <= self.now.as_second() {
            self.db.see_session(session.id, self.now)?;
        }
        self.visitor(account, &session, row.must_change).map(Some)
    }

    /// Ends a session.
    pub fn leave(&mut self, token: &SessionToken) -> Result<(), StorageError> {
        let Some(session) = self.db.session(&token.digest())? else { return Ok(()) };
        if self.db.end_session(session.id, self.now, "left")? {
            let account = Account::read(self.db, &session.account, self.today)?;
            book(self.db, account.as_ref(), AuditAction::Logout, AuditResult::Done, self.now)?;
        }
        Ok(())
    }

    /// The language of this session and of later ones.
    pub fn set_language(&mut self, token: &SessionToken, english: bool) -> Result<(), StorageError> {
        match self.db.session(&token.digest())?.filter(|s| s.ended.is_none()) {
            Some(session) => self.db.speak(session.id, english),
            None => Ok(()),
        }
    }

    /// Changes the password; all other sessions of the account end.
    pub fn change_password(&mut self, token: &SessionToken, old: &str, new: &str) -> Result<(), Refused> {
        let (Some(visitor), Some(session)) = (self.who(token)?, self.db.session(&token.digest())?) else {
            return Err(self.no(None, Why::Over)?);
        };
        let known = self.counted(&visitor.account.to_string())?;
        let kept = known.as_ref().ok().and_then(|(_, row)| row.password.as_deref());
        let right = self.hasher.verify(old, kept)?;
        let (account, row) = match known {
            Ok((account, row)) if right => (account, row),
            Ok((account, _)) => return Err(self.no(Some(&account), Why::Password)?),
            Err((account, why)) => return Err(self.told_nothing(account.as_ref(), why)?),
        };
        let same = if old == new { Err(PasswordRefused::Same) } else { Ok(()) };
        let fits = same.and_then(|()| password::fits(&self.rules, &session.account, new));
        let row = CredentialRow {
            password: if fits.is_ok() { Some(self.hasher.hash(new)?) } else { row.password.clone() },
            must_change: row.must_change && fits.is_err(),
            changed_at: if fits.is_ok() { self.now } else { row.changed_at },
            ..credential::forgiven(row)
        };
        if !self.db.change_credential(&row)? {
            return Err(self.no(Some(&account), Why::Busy)?);
        }
        if let Err(why) = fits {
            return Err(self.no(Some(&account), Why::Rules(why))?);
        }
        self.db.end_sessions(&session.account, Some(session.id), self.now, "changed")?;
        self.db.drop_pending(&session.account)?;
        book(self.db, Some(&account), AuditAction::Credential, AuditResult::Done, self.now)?;
        Ok(())
    }

    /// The first step of an invited account: its own password, and a secret for its app. May be begun again until it is confirmed.
    pub fn accept_invitation(&mut self, code: &str, password: &str) -> Result<Enrolment, Refused> {
        let row = self.db.invited(&invitation_digest(code))?;
        let row = row.filter(|r| !r.locked && r.invited_until.is_some_and(|until| self.now < until));
        let Some(row) = row else { return Err(self.no(None, Why::Invitation)?) };
        let account = Account::read(self.db, &row.account, self.today)?;
        let Some(account) = account.and_then(|a| a.admitted(true, self.today).ok()) else {
            return Err(self.no(None, Why::Invitation)?);
        };
        if let Err(why) = password::fits(&self.rules, &row.account, password) {
            return Err(self.no(Some(&account), Why::Rules(why))?);
        }
        let factor = Factor::fresh(&row.account)?;
        let row = CredentialRow {
            password: Some(self.hasher.hash(password)?),
            totp: Some(factor.seal(&self.key, &row.account)?),
            totp_step: 0,
            ..row
        };
        if !self.db.change_credential(&row)? {
            return Err(self.no(Some(&account), Why::Busy)?);
        }
        let token = self.pend(&account, true)?;
        Ok(Enrolment {
            otpauth_url: factor.url()?,
            secret_base32: factor.base32(),
            account: account.id,
            token,
        })
    }

    /// The second step of an invited account: the app's first code. From now on the account is active, and in the house.
    pub fn confirm_enrolment(&mut self, token: &PendingToken, code: &str) -> Result<SessionToken, Refused> {
        let Some(pending) = self.pending(token, true)? else {
            return Err(self.no(None, Why::Over)?);
        };
        let account = Account::read(self.db, &pending.account, self.today)?;
        let account = account.and_then(|a| a.admitted(true, self.today).ok());
        let row = self.db.credential(&pending.account)?;
        let row = row.filter(|r| !r.locked && r.invited_until.is_some_and(|until| self.now < until));
        let (Some(account), Some(row)) = (account, row) else {
            return Err(self.no(None, Why::Invitation)?);
        };
        let next = self.factor(&row)?.step(code, self.now).ok_or(Why::Code);
        let row = CredentialRow {
            invitation: None,
            invited_until: None,
            must_change: false,
            changed_at: self.now,
            ..row
        };
        match next.and_then(|step| credential::logged_in(row, step, self.now)) {
            Ok(row) if self.db.change_credential(&row)? => {
                book(self.db, Some(&account), AuditAction::Credential, AuditResult::Done, self.now)?;
                self.enter(&account, &row, token, &pending)
            }
            Ok(_) => Err(self.no(Some(&account), Why::Busy)?),
            Err(why) => Err(self.no(Some(&account), why)?),
        }
    }

    /// An account that may come in, with this attempt counted before it is judged.
    fn counted(&mut self, id: &str) -> Result<Known, StorageError> {
        let Some(account) = Account::read(self.db, id, self.today)? else {
            return Ok(Err((None, Why::Unknown)));
        };
        let account = match account.admitted(true, self.today) {
            Ok(account) => account,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(row) = self.db.credential(id)? else {
            return Ok(Err((Some(account), Why::NoCredential)));
        };
        match credential::attempt(row, &self.rules, self.now) {
            Ok(row) if self.db.change_credential(&row)? => {
                Ok(Ok((account, CredentialRow { version: row.version + 1, ..row })))
            }
            Ok(_) => Ok(Err((Some(account), Why::Busy))),
            Err(why) => Ok(Err((Some(account), why))),
        }
    }

    fn factor(&self, row: &CredentialRow) -> Result<Factor, StorageError> {
        let sealed = row.totp.as_deref();
        let sealed =
            sealed.ok_or_else(|| StorageError::Damaged("a credential without second factor".to_owned()))?;
        Factor::open(&self.key, &row.account, sealed, self.rules.skew_steps)
    }

    fn pend(&mut self, account: &Account, enrolling: bool) -> Result<PendingToken, Refused> {
        let token = PendingToken::fresh()?;
        let until = later(self.now, self.rules.pending);
        let row = PendingRow { account: account.row.id.clone(), enrolling, begun_at: self.now, until };
        self.db.begin_pending(&token.digest(), &row)?;
        Ok(token)
    }

    fn pending(&mut self, token: &PendingToken, enrolling: bool) -> Result<Option<PendingRow>, StorageError> {
        let row = self.db.pending(&token.digest())?;
        Ok(row.filter(|p| p.enrolling == enrolling && self.now < p.until))
    }

    /// Both factors were given.
    fn enter(
        &mut self,
        account: &Account,
        row: &CredentialRow,
        pending_token: &PendingToken,
        pending: &PendingRow,
    ) -> Result<SessionToken, Refused> {
        let token = SessionToken::fresh()?;
        let new = NewSession {
            token: token.digest(),
            account: &row.account,
            password_at: pending.begun_at.min(self.now),
            code_at: self.now,
            english: row.english,
            ends_at: later(self.now, self.rules.absolute),
        };
        match self.db.open_session(&pending_token.digest(), &new)? {
            Some(_) => {
                book(self.db, Some(account), AuditAction::Login, AuditResult::Done, self.now)?;
                Ok(token)
            }
            None => Err(self.no(Some(account), Why::Over)?),
        }
    }

    fn visitor(
        &mut self,
        account: Account,
        session: &SessionRow,
        must_change: bool,
    ) -> Result<Visitor, StorageError> {
        let loan = lent(&self.db.break_glasses(Some(self.now))?, &session.account, self.now).next();
        let mut roles = account.roles;
        roles.extend(loan.as_ref().map(|l| l.role).filter(|r| !roles.contains(r)));
        if must_change {
            roles.clear();
        }
        Ok(Visitor {
            account: account.id,
            organisation: account.row.organisation,
            organisation_name: account.row.organisation_name,
            roles,
            english: session.english,
            since: session.code_at,
            session: Some(SessionId(session.id)),
            break_glass: loan,
            must_change,
        })
    }

    /// Books a refusal, and gives what is told of it.
    pub(super) fn no(&mut self, who: Option<&Account>, why: Why) -> Result<Refused, StorageError> {
        refused(self.db, who, why, self.now)?;
        Ok(why.told())
    }

    /// Books a refusal of somebody who did not prove to be the account; nothing is told but that.
    fn told_nothing(&mut self, who: Option<&Account>, why: Why) -> Result<Refused, StorageError> {
        refused(self.db, who, why, self.now)?;
        Ok(Refused::Credentials)
    }
}
