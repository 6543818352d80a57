//! The house as the pages see it: verbs through the gateway, connections kept open, the door for who comes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name};
use musubi_console::web::house::{Answer, Enrolment, Entry, House, Job, Order, Visitor};
use musubi_storage::registry::{ActDb, ConsoleDb, Registry};

use super::door::Door;
use super::gateway::Gateway;
use super::jobs::Jobs;
use crate::home::{Home, Lent, now, today};
use crate::say::warn;

/// How many connections a verb has open at a time, as a rule.
const CONNECTIONS_OF_A_VERB: usize = 3;

/// The open house behind the pages.
pub struct Served {
    registry: Arc<Registry>,
    gateway: Gateway,
    jobs: Jobs,
    door: Door,
    inbox: PathBuf,
}

fn told(e: impl Into<anyhow::Error>) -> String {
    crate::told(&e.into())
}

impl Served {
    /// Takes over an open house.
    pub fn new(home: Home, inbox: PathBuf, at_once: usize) -> Result<Self> {
        home.registry.keep_connections(at_once.saturating_mul(CONNECTIONS_OF_A_VERB));
        let lent =
            Lent { registry: Arc::clone(&home.registry), ring: home.ring.clone(), kept: Arc::default() };
        let gateway = Gateway::new(lent.clone(), home.data);
        Ok(Self {
            registry: home.registry,
            jobs: Jobs::new(gateway.clone())?,
            door: Door::new(lent),
            gateway,
            inbox,
        })
    }
}

impl House for Served {
    fn give(&self, account: &str, english: bool, order: &Order) -> Answer {
        self.gateway.give(account, english, order)
    }

    fn start(&self, visitor: &Visitor, role: AuditRole, subject: &str, order: Order) -> u64 {
        let service = self
            .registry
            .act()
            .map_err(anyhow::Error::from)
            .and_then(|mut db| self.gateway.lent.kept.now(&mut db))
            .ok()
            .and_then(|books| books.organisations.default_for(role, today()).map(|p| p.row.id.clone()));
        // Without a service account the verb itself refuses, and its answer says what is missing.
        self.jobs.add(service.unwrap_or_default(), &visitor.account, &visitor.organisation, subject, order)
    }

    fn jobs(&self) -> Vec<Job> {
        self.jobs.all()
    }

    fn now(&self) -> Timestamp {
        now()
    }

    fn today(&self) -> Date {
        today()
    }

    fn console(&self) -> Result<ConsoleDb, String> {
        self.registry.console().map_err(told)
    }

    fn act(&self) -> Result<ActDb, String> {
        self.registry.act().map_err(told)
    }

    fn inbox(&self) -> &Path {
        &self.inbox
    }

    fn first(&self, account: &str, password: &str) -> Result<Entry, String> {
        self.door.first(account, password).map_err(told)
    }

    fn second(&self, pending: &str, code: &str) -> Result<Entry, String> {
        self.door.second(pending, code).map_err(told)
    }

    fn accept(&self, invitation: &str, password: &str) -> Result<Result<Enrolment, String>, String> {
        self.door.accept(invitation, password).map_err(told)
    }

    fn confirm(&self, pending: &str, code: &str) -> Result<Entry, String> {
        self.door.confirm(pending, code).map_err(told)
    }

    fn who(&self, session: &str) -> Result<Option<Visitor>, String> {
        self.door.who(session).map_err(told)
    }

    fn who_by_certificate(&self, fingerprint: &str) -> Result<Option<Visitor>, String> {
        self.door.who_by_certificate(fingerprint).map_err(told)
    }

    fn leave(&self, session: &str) -> Result<(), String> {
        self.door.leave(session).map_err(told)
    }

    fn speak(&self, session: &str, english: bool) -> Result<(), String> {
        self.door.speak(session, english).map_err(told)
    }

    fn change_password(&self, session: &str, old: &str, new: &str) -> Result<Result<(), String>, String> {
        self.door.change_password(session, old, new).map_err(told)
    }

    fn broken(&self, detail: &str) {
        warn(&format!("{}: {detail}", now()));
    }

    fn refused(&self, visitor: Option<&Visitor>, code: &'static str) {
        let name = visitor.map_or("unknown", |v| v.account.as_str());
        let Ok(actor) = Name::new(name) else { return };
        let entry = AuditEntry {
            at: now(),
            object: AuditObject::Principal(actor.clone()),
            actor,
            role: visitor.and_then(|v| v.roles.first().copied()).unwrap_or(AuditRole::Operator),
            action: AuditAction::Refuse,
            persons: 0,
            result: AuditResult::Refused(code),
        };
        let booked = self
            .registry
            .act()
            .map_err(anyhow::Error::from)
            .and_then(|mut db| audit::append(&mut db, &entry).map(|_| ()).map_err(anyhow::Error::from));
        if let Err(e) = booked {
            self.broken(&crate::told(&e));
        }
    }
}
