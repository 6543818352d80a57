//! `musubi optout`: the help desk (相談窓口). Requests to stop come in one by one or as a list, are in effect at once, get
//! their paper, and lead to the erasure and its certificate.
//!
//! Who a request is about stands in a file, never on a command line; nothing here prints it, and nothing asks for a reason.

mod ask;
mod list;
mod paper;
mod person;
mod standing;
mod watch;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::desk::{Capacity, CheckMethod, Life, Requester, Way};
use musubi_storage::compliance::Audited;

use super::{Ending, books};
use crate::args::Cli;
use crate::home::Home;
use crate::say::Voice;

/// `musubi optout`.
#[derive(Debug, Subcommand)]
pub enum Optout {
    /// Register the entries of a list (CSV).
    Load {
        /// The list.
        file: PathBuf,
    },
    /// What is held of a person: providers, since when, releases; nothing clinical.
    Preview {
        /// The person (TOML): names of columns as in the list, and `name_kanji`.
        #[arg(long)]
        file: PathBuf,
    },
    /// What the desk may tell on a day: what is held, since when, notices, stops, which use is allowed, past answers.
    Standing(standing::Standing),
    /// Register one request to stop. It is in effect at once.
    Register {
        /// The person (TOML): names of columns as in the list, and `name_kanji`.
        #[arg(long)]
        file: PathBuf,
        /// Only this provider; without it, all.
        #[arg(long)]
        provider: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Take a stop back; a new entry.
    Withdraw {
        /// The entry.
        entry: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// How many entries there are; of one: request, receipt, erasure, releases.
    Status {
        /// The entry.
        entry: Option<String>,
    },
    /// Write the paper that is handed over (書面), HTML for printing; again, the same bytes.
    Receipt {
        /// The entry.
        entry: String,
        /// Where to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the certificate of the erasure of an entry.
    Certificate {
        /// The entry.
        entry: String,
        /// Where to; the HTML gets the same name with `.html`.
        #[arg(long)]
        out: PathBuf,
    },
    /// Share of stops at each provider; fails where it is too large.
    Rates,
    /// Who might be somebody that asked to stop; two people decide.
    Doubts {
        /// The doubt.
        #[arg(requires = "verdict")]
        doubt: Option<i64>,
        /// The same person: stopped from now on. Different: comes in.
        #[arg(value_enum)]
        verdict: Option<Verdict>,
    },
}

/// What people say of a doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Verdict {
    /// The same person.
    Same,
    /// Somebody else.
    Different,
}

/// Who asks, and how that was made sure. There is no field for a reason.
#[derive(Debug, Args)]
pub struct Asking {
    /// By which way: provider, operator-helpdesk, phone, paper, web.
    #[arg(long)]
    channel: Way,
    /// Who asks: self, family:<relation>, guardian, agent.
    #[arg(long)]
    requester: Requester,
    /// Whether the person is living or dead; needed where family asks.
    #[arg(long)]
    life: Option<Life>,
    /// Whether the person is able to decide: able, minor, incapable.
    #[arg(long, default_value = "able")]
    capacity: Capacity,
    /// How it was made sure who asks: document, mail-copy, call-back, by-provider.
    #[arg(long)]
    check: CheckMethod,
    /// The account that made sure.
    #[arg(long, value_name = "ACCOUNT")]
    checked_by: String,
    /// It could not be made sure.
    #[arg(long)]
    not_confirmed: bool,
    /// Day on which the request came; default: today.
    #[arg(long)]
    received: Option<Date>,
}

/// Runs one of them.
pub fn run(cli: &Cli, voice: Voice, order: &Optout) -> Result<Ending> {
    let home = Home::open(cli)?;
    let desk = Desk { cli, voice, home: &home };
    match order {
        Optout::Load { file } => list::load(&desk, file),
        Optout::Preview { file } => ask::preview(&desk, file),
        Optout::Standing(order) => standing::run(&desk, order),
        Optout::Register { file, provider, asking } => {
            ask::register(&desk, file, provider.as_deref(), asking)
        }
        Optout::Withdraw { entry, asking } => ask::withdraw(&desk, entry, asking),
        Optout::Status { entry: None } => watch::all(&desk),
        Optout::Status { entry: Some(entry) } => watch::one(&desk, entry),
        Optout::Receipt { entry, out } => paper::receipt(&desk, entry, out),
        Optout::Certificate { entry, out } => paper::certificate(&desk, entry, out),
        Optout::Rates => watch::rates(&desk),
        Optout::Doubts { doubt, verdict } => watch::doubts(&desk, doubt.zip(*verdict)),
    }
}

/// The open desk.
struct Desk<'a> {
    cli: &'a Cli,
    voice: Voice,
    home: &'a Home,
}

impl Desk<'_> {
    fn book(
        &self,
        db: &mut impl Audited,
        action: AuditAction,
        object: AuditObject,
        persons: u64,
    ) -> Result<()> {
        books::audit(db, self.cli, AuditRole::HelpDesk, action, object, persons)
    }

    /// Something was refused, or there is nothing to do; says so.
    fn no(&self, ending: Ending, ja: impl AsRef<str>, en: impl AsRef<str>) -> Ending {
        self.voice.say(ja, en);
        ending
    }
}

fn entry_object(entry: &str) -> Result<AuditObject> {
    Ok(AuditObject::OptOut(Name::new(entry).context("受付番号")?))
}

/// The person of a file, for a book that keeps tokens of them. `Err`: what is wrong was said.
pub fn about(home: &Home, voice: Voice, file: &Path) -> Result<Result<person::Person, Ending>> {
    let written = person::Written::read(file)?;
    understood(home, voice, &written)
}

/// The person of a description. `Err`: what is wrong was said.
fn understood(
    home: &Home,
    voice: Voice,
    written: &person::Written,
) -> Result<Result<person::Person, Ending>> {
    let list = written.as_list(crate::home::today());
    match written.person(home, &super::night::matching(home)?, &list)? {
        Some(person) => Ok(Ok(person)),
        None => {
            voice.say("本人の記入に不備があります", "The person's file has something wrong");
            for finding in &list.findings {
                voice.line(format!("    {finding}"));
            }
            Ok(Err(Ending::Usage))
        }
    }
}
