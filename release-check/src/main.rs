//! The binary `musubi-release-check`: a folder and two public keys in, a report and an exit code out. Needs no
//! installation of Musubi, no configuration and no network.
//!
//! Exit codes: 0 sound; 1 not sound; 2 cannot be read, or usage. It must never write anything but the report.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use musubi_release_check::{Key, Keys, Outcome, check_folder};

/// 結び 独立検査 — checks a sealed release by its own reading of the files, without the code that made it.
#[derive(Debug, Parser)]
#[command(name = "musubi-release-check", version, arg_required_else_help = true)]
struct Cli {
    /// The folder of the package.
    folder: PathBuf,
    /// The review board's public key, 64 hexadecimal digits.
    #[arg(long, value_parser = key)]
    board_key: Key,
    /// The release officer's public key, 64 hexadecimal digits.
    #[arg(long, value_parser = key)]
    release_key: Key,
    /// A package handed out before, to be compared with; may be given more than once.
    #[arg(long)]
    earlier: Vec<PathBuf>,
    /// Print one JSON object for machines instead of words for people.
    #[arg(long)]
    json: bool,
    /// Language of what people read.
    #[arg(long, default_value = "ja", value_parser = ["ja", "en"])]
    lang: String,
}

fn key(text: &str) -> Result<Key, String> {
    Key::from_hex(text)
        .ok_or_else(|| "a public key of 64 hexadecimal digits (公開鍵ではありません)".to_owned())
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let keys = Keys { board: cli.board_key, release: cli.release_key };
    let earlier: Vec<&Path> = cli.earlier.iter().map(PathBuf::as_path).collect();
    let report = check_folder(&cli.folder, &keys, &earlier);
    let text = if cli.json { report.json() + "\n" } else { report.text(cli.lang == "en") };
    let printed = std::io::stdout().lock().write_all(text.as_bytes()).is_ok();
    ExitCode::from(match report.outcome() {
        Outcome::Sound if printed => 0,
        Outcome::NotSound => 1,
        Outcome::Sound | Outcome::Unreadable => 2,
    })
}
