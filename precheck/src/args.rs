//! What can be asked for: the arguments of `musubi precheck` and of the binary `musubi-precheck`, defined once.

use std::path::PathBuf;

use clap::Args;
use musubi_model::ProviderId;
use musubi_model::manifest::FeedKind;

/// What to check and where to say it.
#[derive(Debug, Clone, Args)]
pub struct Order {
    /// Files, folders (searched through; SS-MIX2 storages, packages) or zips.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Format of the documents, instead of telling it from their content: `receipt-medical`, …
    #[arg(long, value_parser = kind)]
    pub kind: Option<FeedKind>,
    /// Interface of tables: the name of a shipped one, or a TOML file that describes one.
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub interface: Option<String>,
    /// The provider the documents came into being at: ten digits, held against what receipts say.
    #[arg(long, value_name = "ID")]
    pub provider: Option<ProviderId>,
    /// The submitter's public key, 64 hexadecimal digits: the signature of packages is verified with it.
    #[arg(long, value_name = "HEX")]
    pub key: Option<String>,
    /// Write all findings as CSV.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    /// Write a page for people.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

fn kind(name: &str) -> Result<FeedKind, String> {
    FeedKind::from_name(name).ok_or_else(|| {
        let all: Vec<&str> = FeedKind::ALL.iter().map(|k| k.as_str()).collect();
        format!("one of {}", all.join(", "))
    })
}
