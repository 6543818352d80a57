//! The binary `musubi-precheck`: arguments in, findings and an exit code out. Needs no installation of Musubi.
//!
//! Exit codes: 0 nothing would be refused or quarantined; 1 something cannot be read or written; 2 usage; 3 something
//! would be refused or quarantined; 4 a package is not what its manifest says.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use musubi_model::code::NoMasters;
use musubi_precheck::{Order, Speech, run};

/// 結び 送信前点検 — the findings of Musubi's intake, offline, before anything is sent.
#[derive(Debug, Parser)]
#[command(name = "musubi-precheck", version, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    order: Order,
    /// Print one JSON object for machines instead of words for people.
    #[arg(long)]
    json: bool,
    /// Language of what people read.
    #[arg(long, default_value = "ja", value_parser = ["ja", "en"])]
    lang: String,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut speech = Speech { english: cli.lang == "en", json: cli.json, out: &mut out };
    match run(&cli.order, &NoMasters, &mut speech) {
        Ok(ending) => ExitCode::from(ending.code()),
        Err(e) => {
            let chain: Vec<String> = e.chain().map(ToString::to_string).collect();
            let word = if cli.lang == "en" { "error" } else { "エラー" };
            let _closed = writeln!(std::io::stderr().lock(), "{word}: {}", chain.join(": ")).is_err();
            ExitCode::from(1)
        }
    }
}
