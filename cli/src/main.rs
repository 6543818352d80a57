//! The binary `musubi`: arguments in, exit code and words (or `--json`) out. No rule, no SQL: it wires rooms together.
//!
//! Exit codes: 0 done; 1 the store, disk or database failed (run it again); 2 usage, or refused to this account; 3 done, but something was
//! rejected or quarantined; 4 a verification failed.

mod args;
mod authority;
mod commands;
mod home;
mod kept;
mod say;
mod serve;

use std::process::ExitCode;

use anyhow::Result;
use args::{Cli, Command};
use authority::{Asked, Denied};
use clap::{CommandFactory as _, FromArgMatches as _};
use commands::committee::RuleRefused;
use commands::{Ending, books, night, release, report, show, synth, trace};
use say::{Voice, warn};

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => Cli { asked: Asked::of(&matches), ..cli },
        Err(e) => e.exit(),
    };
    match give(&cli) {
        Ok(ending) => ExitCode::from(ending.code()),
        Err(e) => {
            let voice = Voice { json: cli.json, english: cli.lang == "en" };
            warn(&format!("{}: {}", voice.word("エラー", "error"), told(&e)));
            let refused = e.is::<Denied>() || e.is::<RuleRefused>();
            ExitCode::from(if refused { Ending::Usage.code() } else { 1 })
        }
    }
}

/// Gives one verb, and closes its run in the books whatever happens.
fn give(cli: &Cli) -> Result<Ending> {
    let voice = Voice { json: cli.json, english: cli.lang == "en" };
    let ended = run(cli, voice).and_then(|ending| end_run(cli, ending.as_str()).map(|()| ending));
    if ended.is_err()
        && let Err(also) = end_run(cli, "failed")
    {
        warn(&format!("{also:#}"));
    }
    ended
}

/// The chain of causes, outermost first; messages name files, tables and steps, never a person's value.
fn told(e: &anyhow::Error) -> String {
    let chain: Vec<String> = e.chain().map(ToString::to_string).collect();
    chain.join(": ")
}

/// Closes the run in the books, where the command was a job.
fn end_run(cli: &Cli, result: &str) -> Result<()> {
    cli.run.get().map_or(Ok(()), |run| run.end(result))
}

fn run(cli: &Cli, voice: Voice) -> Result<Ending> {
    match &cli.command {
        Command::Synth(order) => synth::run(order, voice),
        Command::Organisation(order) => commands::organisation::run(cli, voice, order),
        Command::Account(order) => commands::account::run(cli, voice, order),
        Command::Instruction(order) => commands::instruction::run(cli, voice, order),
        Command::Operation(order) => commands::operation::run(cli, voice, order),
        Command::Policy(order) => commands::policy::run(cli, voice, order),
        Command::Parameter(order) => commands::parameter::run(cli, voice, order),
        Command::Feeds { file } => books::feeds(cli, voice, file),
        Command::Masters(order) => commands::masters::run(cli, voice, order),
        Command::Codes(order) => commands::codes::run(cli, voice, order),
        Command::Interfaces(verb) => commands::interfaces::run(cli, voice, verb),
        Command::Notice(order) => commands::notice::run(cli, voice, order),
        Command::Optout(order) => commands::optout::run(cli, voice, order),
        Command::Intake { paths, fault } => night::intake(cli, voice, paths, fault.clone()),
        Command::Serve(order) => serve::run(cli, voice, order),
        Command::Nightly { inbox, date } => night::nightly(cli, voice, inbox, *date),
        Command::Submission { id } => show::submission(cli, voice, id.as_deref()),
        Command::Delivery(order) => commands::delivery::run(cli, voice, order),
        Command::Tonight { date } => commands::tonight::run(cli, voice, *date),
        Command::Trust => commands::trust::run(cli, voice),
        Command::Trace { fact, submission } => trace::run(cli, voice, fact.as_deref(), submission.as_deref()),
        Command::Person(order) => commands::person::run(cli, voice, order),
        Command::Request(order) => release::request(cli, voice, order),
        Command::Application(order) => commands::committee::application::run(cli, voice, order),
        Command::Committee(order) => commands::committee::run(cli, voice, order),
        Command::Board(order) => commands::committee::standing::board(cli, voice, order),
        Command::Release(order) => release::release(cli, voice, order),
        Command::Output(order) => commands::output::run(cli, voice, order),
        Command::Package(order) => commands::package::run(cli, voice, order),
        Command::Desk(order) => commands::table_desk::run(cli, voice, order),
        Command::Report { out, submission } => report::run(cli, voice, out, submission.as_deref()),
        Command::Rebuild { document, out } => show::rebuild(cli, voice, document, out),
        Command::Audit(order) => commands::audit::run(cli, voice, order),
        Command::Check(order) => commands::check::run(cli, voice, order),
        Command::Findings => commands::findings::run(voice),
        Command::Ack(order) => commands::ack::run(cli, voice, order),
        Command::Quality(order) => commands::ack::quality(cli, voice, order),
        Command::Formats(order) => commands::formats::run(order, voice),
        Command::Precheck(order) => commands::precheck::run(order, voice),
        Command::Anonymize(order) => commands::anonymize::run(order, voice),
        Command::Match(order) => commands::match_::run(order, voice),
        Command::Gate(order) => commands::gate::run(cli, voice, order),
        Command::Model(order) => commands::model_::run(cli, voice, order),
        Command::Erasure(order) => commands::erasure::run(cli, voice, order),
        Command::Backup(order) => commands::backup::run(cli, voice, order),
        Command::Book(order) => commands::book::run(cli, voice, order),
        Command::Incident(order) => commands::incident::run(cli, voice, order),
        Command::Inquiry(order) => commands::inquiry::run(cli, voice, order),
        Command::Register(order) => commands::register::run(cli, voice, order),
        Command::Retention(order) => commands::retention::run(cli, voice, order),
        Command::Transfer(order) => commands::transfer::run(cli, voice, order),
        Command::Yearly(order) => commands::yearly::run(cli, voice, order),
        Command::Search(order) => commands::search::run(cli, voice, order),
        Command::Bench(order) if order.formats => commands::bench_formats::run(order, voice),
        Command::Bench(order) if order.gate => commands::bench_gate::run(order, voice),
        Command::Bench(order) if order.pack => commands::bench_pack::run(order, voice),
        Command::Bench(order) if order.log => commands::bench_log::run(order, voice),
        Command::Bench(order) => commands::bench::run(order, voice),
    }
}
