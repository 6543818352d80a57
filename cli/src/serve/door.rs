//! The door: who comes in, by password and second factor, by session, or by client certificate. The rules are
//! `compliance::login`'s; here are the connection, the clock and the words.

use anyhow::{Context as _, Result};
use musubi_compliance::login::{self, PendingToken, Refused, SessionToken};
use musubi_console::web::house::{Enrolment, Entry, Visitor};

use crate::home::{Lent, now};

/// The door.
pub struct Door {
    lent: Lent,
}

/// What the door says: let in, not let in, or not known because something failed.
type Answered<T> = Result<std::result::Result<T, Refused>>;

impl Door {
    /// Over an open house.
    pub fn new(lent: Lent) -> Self {
        Self { lent }
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut login::Door<'_>) -> std::result::Result<T, Refused>,
    ) -> Answered<T> {
        let at = now();
        let books = self
            .lent
            .registry
            .act()
            .map_err(anyhow::Error::from)
            .and_then(|mut db| self.lent.kept.now(&mut db))?;
        let db = self.lent.registry.login().context("ログインの台帳を開けません")?;
        let done = db.using(|db| {
            let mut door = match login::Door::new(db, &self.lent.ring, &books.parameters, at) {
                Ok(door) => door,
                Err(e) => return Err(e),
            };
            match work(&mut door) {
                Err(e @ (Refused::Storage(_) | Refused::Parameter(_))) => Err(e),
                other => Ok(other),
            }
        });
        Ok(done?)
    }

    /// Account and password.
    pub fn first(&self, account: &str, password: &str) -> Result<Entry> {
        Ok(entry(self.with(|door| door.first(account, password))?.map(|t| t.expose())))
    }

    /// The second factor.
    pub fn second(&self, pending: &str, code: &str) -> Result<Entry> {
        let Some(token) = PendingToken::read(pending) else { return Ok(refused(&Refused::Over)) };
        Ok(entry(self.with(|door| door.second(&token, code))?.map(|t| t.expose())))
    }

    /// An invitation is taken up.
    pub fn accept(&self, invitation: &str, password: &str) -> Result<std::result::Result<Enrolment, String>> {
        let done = self.with(|door| door.accept_invitation(invitation, password))?;
        Ok(done.map_err(|e| both(&e)).map(|e| Enrolment {
            pending: e.token.expose(),
            url: e.otpauth_url,
            secret: e.secret_base32,
        }))
    }

    /// The first code of a new second factor.
    pub fn confirm(&self, pending: &str, code: &str) -> Result<Entry> {
        let Some(token) = PendingToken::read(pending) else { return Ok(refused(&Refused::Over)) };
        Ok(entry(self.with(|door| door.confirm_enrolment(&token, code))?.map(|t| t.expose())))
    }

    /// Who a session is.
    pub fn who(&self, session: &str) -> Result<Option<Visitor>> {
        let Some(token) = SessionToken::read(session) else { return Ok(None) };
        Ok(self.with(|door| Ok(door.who(&token)?))??.map(visitor))
    }

    /// Who a machine's certificate is.
    pub fn who_by_certificate(&self, fingerprint: &str) -> Result<Option<Visitor>> {
        let Some(digest) = login::digest_of_hex(fingerprint) else { return Ok(None) };
        Ok(self.with(|door| Ok(door.by_certificate(&digest)?))??.map(visitor))
    }

    /// Ends a session.
    pub fn leave(&self, session: &str) -> Result<()> {
        let Some(token) = SessionToken::read(session) else { return Ok(()) };
        Ok(self.with(|door| Ok(door.leave(&token)?))??)
    }

    /// Keeps the language.
    pub fn speak(&self, session: &str, english: bool) -> Result<()> {
        let Some(token) = SessionToken::read(session) else { return Ok(()) };
        Ok(self.with(|door| Ok(door.set_language(&token, english)?))??)
    }

    /// Changes one's own password.
    pub fn change_password(
        &self,
        session: &str,
        old: &str,
        new: &str,
    ) -> Result<std::result::Result<(), String>> {
        let Some(token) = SessionToken::read(session) else { return Ok(Err(both(&Refused::Over))) };
        Ok(self.with(|door| door.change_password(&token, old, new))?.map_err(|e| both(&e)))
    }
}

/// Before somebody is in, their language is not known.
fn both(e: &Refused) -> String {
    format!("{} / {e}", e.ja())
}

fn refused(e: &Refused) -> Entry {
    Entry::Refused(both(e))
}

fn entry(done: std::result::Result<String, Refused>) -> Entry {
    match done {
        Ok(secret) => Entry::Open(secret),
        Err(e) => refused(&e),
    }
}

fn visitor(v: login::Visitor) -> Visitor {
    Visitor {
        account: v.account.to_string(),
        organisation: v.organisation,
        organisation_name: v.organisation_name,
        roles: v.roles,
        english: v.english,
        session: v.session.map_or_else(String::new, |s| s.0.to_string()),
        break_glass: v.break_glass.map(|b| (b.role, b.until)),
        must_change: v.must_change,
    }
}
