//! `musubi delivery`: deliveries as their senders and the operator work with them: the calendar of feeds, one delivery whole,
//! all its findings, what was set aside, a package looked at before it is queued.
//!
//! A submitter's account sees its own; anything else is unknown to it. Says states, counts, rules, shapes, codes and
//! hashes, and no value of a person.

mod calendar;
mod offer;
mod retry;
mod show;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use jiff::civil::Date;

use super::Ending;
use super::outside::Reach;
use crate::args::Cli;
use crate::home::Home;
use crate::say::Voice;

pub use calendar::rules;

/// `musubi delivery`.
#[derive(Debug, Subcommand)]
pub enum Delivery {
    /// The calendar of feeds (提出暦): what every agreed day of a month has brought.
    Calendar {
        /// The month; default: this one.
        #[arg(long, value_name = "YYYY-MM")]
        month: Option<String>,
        /// Only of this submitter.
        #[arg(long)]
        submitter: Option<String>,
    },
    /// One delivery whole: steps, balance, totals, findings with how to mend them, comparison, first copies.
    Show {
        /// Its id or the beginning of it.
        id: String,
    },
    /// Write every finding of a delivery as CSV, with how to mend it.
    Findings {
        /// Its id or the beginning of it.
        id: String,
        /// Where to; `-` for standard output.
        #[arg(long, default_value = "-")]
        out: PathBuf,
    },
    /// What was refused, set aside or waits (隔離・保留), with why and whose turn it is.
    SetAside {
        /// First day; default: as many days back as `deliveries.calendar_days` says.
        #[arg(long, value_name = "YYYY-MM-DD")]
        from: Option<Date>,
    },
    /// Try what was set aside once more, through every gate of today, and write nothing (空実行).
    Retry {
        /// Deliveries: ids or their beginnings.
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Order that a package that was set aside whole is taken in again by the next intake (再取込み).
    Load(retry::Deed),
    /// Give what was set aside back to its sender, who reads why (差戻し).
    Return(retry::Deed),
    /// Look at a package before it is queued: opens it safely, names it, computes its hashes, says whether it fits.
    Offer {
        /// The zip.
        file: PathBuf,
    },
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &Delivery) -> Result<Ending> {
    let home = Home::open(cli)?;
    let reach = Reach::of(&home)?;
    match order {
        Delivery::Calendar { month, submitter } => {
            calendar::run(&home, voice, &reach, month.as_deref(), submitter.as_deref())
        }
        Delivery::Show { id } => show::run(&home, voice, &reach, id),
        Delivery::Findings { id, out } => show::findings(&home, voice, &reach, id, out),
        Delivery::SetAside { from } => calendar::set_aside(&home, voice, &reach, *from),
        Delivery::Retry { ids } => retry::run(cli, &home, voice, ids),
        Delivery::Load(deed) => retry::order(cli, &home, voice, deed),
        Delivery::Return(deed) => retry::give_back(cli, &home, voice, deed),
        Delivery::Offer { file } => offer::run((cli, &home), voice, &reach, file),
    }
}

/// There is no such delivery, or not for this account: both are told alike.
fn unknown(voice: Voice) -> Ending {
    voice.say("その番号の提出はありません", "There is no such delivery");
    Ending::Usage
}
