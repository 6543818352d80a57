//! `musubi person`: the desk of matching (窓口): who stands behind a research id, why, and what people ruled.
//!
//! Values of a person are shown only with `--values` and a purpose; every look and every ruling is booked before it is
//! shown.

mod explain;
mod find;
mod queue;
mod rule;
mod second;
mod show;

use anyhow::{Context as _, Result, bail};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use musubi_compliance::aftermath::Cause;
use musubi_compliance::audit::{
    self, AuditAction, AuditEntry, AuditObject, AuditPurpose, AuditResult, AuditRole, Name,
};
use musubi_etl::matching::Matching;
use musubi_model::{IdentityId, ResearchId};
use musubi_storage::registry::IdentityDb;
use serde_json::Value;

use super::{Ending, Unfit, night};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Person {
    /// Show who stands behind a research id: state, members, since when.
    Show(show::Show),
    /// Say why records are one person, or two.
    Explain(explain::Explain),
    /// Rule that two are one person (同一人).
    Merge(rule::Pair),
    /// Rule that two identities are two persons (別人).
    Split(rule::Pair),
    /// Propose to undo a ruling; a second person confirms.
    Undo(rule::Undo),
    /// List the cohorts and releases in which persons stand, to whom these went, and what the Act asks.
    Affected {
        /// Research ids or identities.
        #[arg(required = true)]
        ids: Vec<String>,
        /// Because of a request to stop; else because of matching.
        #[arg(long)]
        stop: bool,
    },
    /// The review queue (確認待ち), the most harmful first; decide a pair of it.
    Queue(queue::Queue),
    /// Decide everybody anew (全件再突合): as a shadow, or as the switch of a model that two people make.
    Relink(super::relink::Relink),
    /// The blind sample of the second reviewer (二人目の確認): what waits, and the second word.
    Second(second::Second),
    /// Who is meant by a description (患者照会)?
    Match(Box<find::Find>),
}

/// Whether values are shown, and for what.
#[derive(Debug, Args)]
pub struct Values {
    /// Show what the sources wrote.
    #[arg(long, requires = "purpose")]
    values: bool,
    /// For what; stands in the audit chain.
    #[arg(long, value_parser = purposes())]
    purpose: Option<String>,
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Person) -> Result<Ending> {
    if let Person::Relink(order) = order {
        return super::relink::run(cli, voice, order);
    }
    let home = Home::open(cli)?;
    let db = home.registry.identity()?;
    let mut desk = Desk { cli, voice, matching: night::matching(&home)?, home: &home, db };
    match order {
        Person::Show(order) => show::run(&mut desk, order),
        Person::Explain(order) => explain::run(&mut desk, order),
        Person::Merge(order) => rule::run(&mut desk, order, true),
        Person::Split(order) => rule::run(&mut desk, order, false),
        Person::Undo(order) => rule::undo(&mut desk, order),
        Person::Affected { ids, stop } => {
            rule::affected(&mut desk, ids, if *stop { Cause::Stop } else { Cause::Matching })
        }
        Person::Queue(order) => queue::run(&mut desk, order),
        Person::Second(order) => second::run(&mut desk, order),
        Person::Match(order) => find::run(&mut desk, order),
        Person::Relink(_) => Ok(Ending::Done),
    }
}

/// The open desk.
struct Desk<'a> {
    cli: &'a Cli,
    voice: Voice,
    home: &'a Home,
    db: IdentityDb,
    matching: Matching,
}

/// What an id on the command line stands for.
#[derive(Debug, Clone, Copy)]
struct Named {
    /// The identity, when one was named.
    identity: Option<IdentityId>,
    /// The research id: as named, or that of the identity today.
    person: ResearchId,
}

impl Desk<'_> {
    /// What an id stands for: an identity or a research id.
    fn named(&mut self, text: &str) -> Result<Named> {
        let id: IdentityId =
            text.parse().map_err(|_| Unfit::new("番号は16進32桁です(研究用IDまたは元データ上の本人)"))?;
        if let Some(placement) = self.db.person_of(&id)? {
            return Ok(Named { identity: Some(id), person: placement.research_id });
        }
        let person = ResearchId(id.0);
        if self.db.current_person(&person)?.is_none() {
            bail!(Unfit::new(format!("その番号の研究用IDも元データ上の本人もありません: {text}")));
        }
        Ok(Named { identity: None, person })
    }

    /// One identity of what was named: itself, or the first of the person it leads to today.
    fn identity(&mut self, named: Named) -> Result<IdentityId> {
        if let Some(id) = named.identity {
            return Ok(id);
        }
        let person = self.db.current_person(&named.person)?.unwrap_or(named.person);
        let first = self.db.members_of(&person)?.into_iter().next();
        first
            .map(|m| m.identity_id)
            .ok_or_else(|| Unfit::new("この研究用IDには今、元データがありません").into())
    }

    /// The second look that keeps a person from this account: of the identities shown, of the one asked for, and of those
    /// that belong to the person today.
    fn hidden(
        &mut self,
        person: &ResearchId,
        asked: Option<IdentityId>,
        shown: &[IdentityId],
    ) -> Result<Option<i64>> {
        let today = self.db.current_person(person)?.unwrap_or(*person);
        let mut ids = shown.to_vec();
        ids.extend(asked);
        ids.extend(self.db.members_of(&today)?.into_iter().map(|m| m.identity_id));
        second::hides(self, &ids)
    }

    /// Books a look, before anything is shown.
    fn book_look(&mut self, object: AuditObject, persons: u64) -> Result<()> {
        let action = match &object {
            AuditObject::Person(_, None) => AuditAction::Trace,
            AuditObject::Persons(_) => AuditAction::QueryPerson,
            _ => AuditAction::ViewPerson,
        };
        let actor = Name::new(&self.cli.actor).context("--actor")?;
        self.book(actor, self.home.acting.granted.role, action, object, persons)
    }

    fn book(
        &mut self,
        actor: Name,
        role: AuditRole,
        action: AuditAction,
        object: AuditObject,
        persons: u64,
    ) -> Result<()> {
        let entry = AuditEntry { at: now(), actor, role, action, object, persons, result: AuditResult::Done };
        audit::append(&mut self.db, &entry).context("証跡に記録できません")?;
        Ok(())
    }
}

/// The purpose of a word. The words are those that [`purposes`] lets through.
fn purpose(word: Option<&str>) -> Option<AuditPurpose> {
    AuditPurpose::ALL.iter().copied().find(|p| Some(p.as_str()) == word)
}

fn purposes() -> PossibleValuesParser {
    PossibleValuesParser::new(AuditPurpose::ALL.iter().map(|p| p.as_str()))
}

impl Values {
    /// The purpose, when values are to be shown.
    fn purpose(&self) -> Option<AuditPurpose> {
        purpose(self.purpose.as_deref()).filter(|_| self.values)
    }
}

/// The account of whoever decides; it stands in the audit chain.
fn account(by: &str) -> Result<Name> {
    Name::new(by).map_err(|_| Unfit::new("--by は担当者のアカウント名です(英数字と - . _ で64字まで)").into())
}

fn reasoned(reason: &str) -> Result<&str> {
    match reason.trim() {
        "" => bail!(Unfit::new("理由がありません(--reason)")),
        reason => Ok(reason),
    }
}

/// Adds a name to a JSON object.
fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}
