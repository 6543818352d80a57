//! `musubi transfer`: the record of data handed to another certified operator, or received from one (Article 26). The data
//! themselves go another way; this keeps what both sides have to write down.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::transfer::{self, Side};
use musubi_storage::act::transfer::TransferRow;
use serde_json::json;

use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// `musubi transfer`.
#[derive(Debug, Subcommand)]
pub enum Transfer {
    /// Note a transfer, or that its gate report came back.
    Note {
        /// Its number, given by the sender.
        id: String,
        /// Which side this house is: sent, received.
        #[arg(long)]
        side: Side,
        /// The other operator.
        #[arg(long)]
        operator: String,
        /// The letter by which it was asked for.
        #[arg(long)]
        request: String,
        /// What was asked for, as far as it is needed.
        #[arg(long)]
        scope: String,
        /// Persons.
        #[arg(long)]
        persons: u64,
        /// Documents.
        #[arg(long)]
        documents: u64,
        /// The signed index of the package; its hash is kept.
        #[arg(long)]
        package: PathBuf,
        /// The receiver's gate report; its hash is kept.
        #[arg(long)]
        gate_report: Option<PathBuf>,
    },
    /// All transfers; fails when a gate report is missing (C-072).
    List,
}

/// Runs one of them.
pub fn run(cli: &Cli, voice: Voice, order: &Transfer) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let Transfer::Note { id, side, operator, request, scope, persons, documents, package, gate_report } =
        order
    else {
        let rows = db.transfers().context("記録を読めません")?;
        let problems = transfer::problems(&rows);
        for r in &rows {
            let side = Side::from_name(&r.side).map_or("?", |s| voice.word(s.ja(), s.as_str()));
            voice.line(format!("{}  {side}  {}  {}  {}", r.id, r.operator, r.request, r.scope));
        }
        for p in &problems {
            voice.line(format!("✗ {p}"));
        }
        voice.value(&json!({ "transfers": rows.len(), "problems": problems }));
        return Ok(if problems.is_empty() { Ending::Done } else { Ending::NotVerified });
    };
    let hash = |path: &PathBuf| -> Result<String> {
        let bytes = fs::read(path).with_context(|| format!("読めません: {}", path.display()))?;
        Ok(blake3::hash(&bytes).to_hex().to_string())
    };
    let name = Name::new(id).context("番号")?;
    let row = TransferRow {
        id: id.clone(),
        side: side.as_str().to_owned(),
        at: now(),
        actor: cli.actor.to_string(),
        operator: operator.clone(),
        request: request.clone(),
        scope: scope.clone(),
        persons: *persons,
        documents: *documents,
        package_hash: hash(package)?,
        gate_hash: gate_report.as_ref().map(hash).transpose()?.unwrap_or_default(),
    };
    transfer::record(&mut db, &row).context("記録できません")?;
    books::audit(
        &mut db,
        cli,
        AuditRole::Officer,
        AuditAction::Transfer,
        AuditObject::Transfer(name),
        *persons,
    )?;
    voice.say(format!("記録しました: {id}"), format!("Noted: {id}"));
    voice.value(&json!({ "transfer": id, "package": row.package_hash, "gate_report": row.gate_hash }));
    Ok(Ending::Done)
}
