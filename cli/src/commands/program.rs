//! Evidence that people enter for the checks of the Act, the signed list of programs (C-092), and the note of what runs.
//! Nothing is overwritten here: what changes is a further entry.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::checks::{evidence, programs};
use musubi_compliance::parameters::record_parameters;
use musubi_model::DocumentHash;
use musubi_storage::act::check::{EvidenceRow, ProgramRunRow};
use serde_json::json;

use super::{Ending, books};
use crate::args::Cli;
use crate::home::{CODE_VERSION, Home, binary_hash, now};
use crate::say::Voice;

/// `musubi check evidence`.
#[derive(Debug, Subcommand)]
pub enum Evidence {
    /// Enter evidence from a TOML file.
    Add {
        /// Kind: review-session, authentication, clock, egress-probe, key-rotation, certificate.
        kind: String,
        /// Of what: an approval, a period, a host, a zone, a key, a certificate.
        subject: String,
        /// The file.
        #[arg(long)]
        file: PathBuf,
        /// The last day on which it counts.
        #[arg(long)]
        until: Date,
    },
    /// The newest evidence of every kind and subject.
    List,
}

/// `musubi check program`.
#[derive(Debug, Subcommand)]
pub enum Program {
    /// Put a binary on the signed list; without `--file`, the one that runs.
    Vouch {
        /// The binary.
        #[arg(long)]
        file: Option<PathBuf>,
        /// Its name and version.
        #[arg(long, default_value = CODE_VERSION)]
        name: String,
    },
    /// Take a binary off the list, by its hash.
    Withdraw {
        /// BLAKE3, 64 hexadecimal digits.
        hash: DocumentHash,
    },
    /// The list, with every entry.
    List,
}

/// Notes which program runs a job, under which parameters; gives the run its name.
pub fn note_run(home: &Home, cli: &Cli, verb: &str, subject: &str) -> Result<String> {
    let mut db = home.registry.act()?;
    let at = now();
    let param_hash =
        record_parameters(&mut db, &home.parameters, at).context("パラメータを記録できません")?;
    let actor = Name::new(&cli.actor).context("--actor")?.to_string();
    let name = blake3::hash(format!("{verb}\0{subject}\0{actor}\0{at}\0{}", std::process::id()).as_bytes());
    let run_id = format!("J-{}", name.to_hex().chars().take(16).collect::<String>());
    db.enter_program_run(&ProgramRunRow {
        run_id: run_id.clone(),
        verb: verb.to_owned(),
        subject: subject.to_owned(),
        actor,
        program_hash: binary_hash()?,
        code_version: CODE_VERSION.to_owned(),
        param_hash,
        at,
    })
    .context("処理の記録ができません")?;
    Ok(run_id)
}

/// Evidence.
pub fn evidence(cli: &Cli, voice: Voice, order: &Evidence) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    match order {
        Evidence::Add { kind, subject, file, until } => {
            let text = fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
            let by = Name::new(&cli.actor).context("--actor")?;
            let row = evidence::enter(kind, subject, &text, *until, &by, now())
                .context("証拠を受け付けられません")?;
            db.enter_evidence(&row).context("証拠を記録できません")?;
            let object = AuditObject::Book(Name::new(kind).context("kind")?);
            books::audit(&mut db, cli, AuditRole::Operator, AuditAction::Record, object, 0)?;
            voice.say(
                format!("証拠を登録しました: {kind} {subject}({until} まで、{})", row.content_hash),
                format!("Entered {kind} {subject} until {until} ({})", row.content_hash),
            );
            voice.value(
                &json!({ "kind": kind, "subject": subject, "until": until, "hash": row.content_hash }),
            );
        }
        Evidence::List => {
            let mut all: Vec<EvidenceRow> = Vec::new();
            for (kind, _) in evidence::KINDS {
                all.extend(db.evidence(kind)?);
            }
            for row in &all {
                voice.line(format!(
                    "{} {}  〜{}  {}",
                    row.kind, row.subject, row.valid_until, row.content_hash
                ));
            }
            voice.value(&all);
        }
    }
    Ok(Ending::Done)
}

/// The list of programs.
pub fn programs(cli: &Cli, voice: Voice, order: &Program) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.act()?;
    let by = Name::new(&cli.actor).context("--actor")?;
    let (hash, name, withdrawn) = match order {
        Program::Vouch { file: None, name } => (binary_hash()?, name.clone(), false),
        Program::Vouch { file: Some(file), name } => {
            let bytes = fs::read(file).with_context(|| format!("読めません: {}", file.display()))?;
            (blake3::hash(&bytes).to_hex().to_string(), name.clone(), false)
        }
        Program::Withdraw { hash } => (hash.to_string(), String::new(), true),
        Program::List => {
            let list = db.programs()?;
            for row in &list {
                let state = if row.withdrawn {
                    voice.word("取消", "withdrawn")
                } else {
                    voice.word("登録", "listed")
                };
                let genuine = programs::genuine(row, &home.ring.house.public());
                let sign = if genuine { "✓" } else { "✗" };
                voice.line(format!(
                    "{sign} {} {state} {} {} {}",
                    row.program_hash, row.name, row.listed_by, row.listed_at
                ));
            }
            voice.value(&list);
            return Ok(Ending::Done);
        }
    };
    let row = programs::list(&home.ring.house, &hash, &name, withdrawn, &by, now())?;
    db.enter_program(&row).context("一覧に記録できません")?;
    let object = AuditObject::Document(hash.parse().context("hash")?);
    books::audit(&mut db, cli, AuditRole::SecurityAdmin, AuditAction::Register, object, 0)?;
    voice.say(
        format!("プログラムの一覧に記録しました: {hash}"),
        format!("Entered into the list of programs: {hash}"),
    );
    voice.value(&json!({ "program": hash, "withdrawn": withdrawn }));
    Ok(Ending::Done)
}
