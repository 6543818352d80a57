//! `musubi output`: two people look a release through before anybody outside gets it (出力確認). It must never show one
//! checker another's vote before all have voted, and never take a vote on bytes that the independent checker refuses.

mod case;
mod show;
mod vote;

use anyhow::Result;
use clap::Subcommand;
use musubi_compliance::output::Ground;

pub use case::{Case, case, number};

use super::Ending;
use super::refusal::settle;
use crate::args::Cli;
use crate::say::Voice;

/// `musubi output`.
#[derive(Debug, Subcommand)]
pub enum Output {
    /// List releases: what waits for the actor, what it has done, what went back.
    List {
        /// Only those that wait for the actor.
        #[arg(long)]
        outstanding: bool,
    },
    /// Show a release to its checkers: columns, risky cells, earlier releases, the independent checker's word.
    Show {
        /// The release.
        release: String,
        /// A file, to see its cells in order.
        #[arg(long)]
        file: Option<String>,
        /// With --file: begin with this cell.
        #[arg(long, default_value_t = 0)]
        from: usize,
        /// So many cells at most.
        #[arg(long, default_value_t = 200)]
        cells: usize,
        /// With --file: an earlier release whose table stands beside it.
        #[arg(long, requires = "file")]
        beside: Option<String>,
    },
    /// Vote on every file without knowing what the others say (独立確認).
    Vote(vote::Order),
    /// Vote once more, knowing what the others say (突合せ).
    Consolidate(vote::Order),
    /// Ask an officer for an exception.
    Exception {
        /// The release.
        release: String,
        /// The file.
        #[arg(long)]
        file: String,
        /// From which rule: near-threshold, differencing, concentration, rare-category, other.
        #[arg(long)]
        ground: Ground,
        /// Why; no value of a person.
        #[arg(long)]
        reason: String,
    },
    /// Grant an exception.
    Grant(vote::Decision),
    /// Refuse an exception: the release goes back.
    Refuse(vote::Decision),
    /// Decide where the checkers still differ.
    Decide {
        /// The release.
        release: String,
        /// `accept` or `return`.
        #[arg(long)]
        word: vote::Word,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Say where the check of a release stands; votes and comments when all have voted.
    Result {
        /// The release.
        release: String,
    },
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Output) -> Result<Ending> {
    settle(match order {
        Output::List { outstanding } => show::list(cli, voice, *outstanding),
        Output::Show { release, file, from, cells, beside } => {
            let page =
                show::Page { file: file.as_deref(), from: *from, cells: *cells, beside: beside.as_deref() };
            show::show(cli, voice, release, &page)
        }
        Output::Vote(order) => vote::blind(cli, voice, order),
        Output::Consolidate(order) => vote::again(cli, voice, order),
        Output::Exception { release, file, ground, reason } => {
            vote::ask(cli, voice, release, file, *ground, reason)
        }
        Output::Grant(decision) => vote::exception(cli, voice, decision, true),
        Output::Refuse(decision) => vote::exception(cli, voice, decision, false),
        Output::Decide { release, word, reason } => vote::decide(cli, voice, release, *word, reason),
        Output::Result { release } => show::result(cli, voice, release),
    })
}
