//! `musubi application` and `musubi committee`: from an application to what the committee decided (申出と提供審査委員会).
//!
//! The rules stand in the review board's room; here they are asked with what the books say, and what they answer is kept
//! and booked. Nothing here may decide, count or open a vote by itself.

pub mod application;
mod ballots;
mod case;
mod conditions;
mod dossier;
pub mod indexed;
mod meetings;
mod members;
mod minutes;
mod secretary;
pub mod standing;

pub use case::{Case, RuleRefused, all as cases, flaws_today};

use clap::Subcommand;

use super::Ending;
use crate::args::Cli;
use crate::say::Voice;
use anyhow::Result;

/// `musubi committee`.
#[derive(Debug, Subcommand)]
pub enum Committee {
    /// Members (委員) and their terms.
    #[command(subcommand)]
    Member(members::Member),
    /// Interests of members (利害関係): added or ended, never rewritten.
    #[command(subcommand)]
    Interest(members::Interest),
    /// Declare for a case whether there is a conflict (利益相反の申告).
    Declare(members::Declare),
    /// Who has to stand aside in a case, and whether the others are a quorum (除斥と定足数の見込み).
    Recusals {
        /// The application.
        application: String,
    },
    /// Meetings (会議): agenda, attendance, forecast of the quorum.
    #[command(subcommand)]
    Meeting(meetings::Meeting),
    /// Ballots (投票): secret until closed, counted by rule.
    #[command(subcommand)]
    Ballot(ballots::Ballot),
    /// Conditions of approvals (承認の条件), closed by their verifiers.
    #[command(subcommand)]
    Condition(conditions::Condition),
    /// What the members are given (審査資料一式), with its hash.
    #[command(subcommand)]
    Dossier(dossier::Dossier),
    /// The draft of the minutes (議事録案) of a meeting, or of an expedited ballot.
    Minutes(minutes::Minutes),
    /// The public summary (議事要旨), without names.
    Summary(minutes::Minutes),
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Committee) -> Result<Ending> {
    match order {
        Committee::Member(order) => members::member(cli, voice, order),
        Committee::Interest(order) => members::interest(cli, voice, order),
        Committee::Declare(order) => members::declare(cli, voice, order),
        Committee::Recusals { application } => members::recusals(cli, voice, application),
        Committee::Meeting(order) => meetings::run(cli, voice, order),
        Committee::Ballot(order) => ballots::run(cli, voice, order),
        Committee::Condition(order) => conditions::run(cli, voice, order),
        Committee::Dossier(order) => dossier::run(cli, voice, order),
        Committee::Minutes(order) => minutes::run(cli, voice, order, false),
        Committee::Summary(order) => minutes::run(cli, voice, order, true),
    }
}
