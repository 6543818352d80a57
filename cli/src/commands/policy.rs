//! `musubi policy`: disclosure policies, from the presets to the board's signature. It must never let a release use a
//! policy; that is the release room's, from what was signed.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_compliance::policies::{PRESETS, preset};
use musubi_model::policy::Policy;
use musubi_review_board::adopt;
use serde_json::json;

use super::{Ending, books};
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// `musubi policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyOrder {
    /// List the policies that come with the house, to be adopted as they are or as a beginning for one's own.
    Presets,
    /// Print a preset.
    Preset {
        /// Its name.
        name: String,
    },
    /// Say whether a file is a usable policy, and its hash.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Adopt a policy: the board signs it, and requests can name it.
    Adopt {
        /// The file; none with --preset.
        file: Option<PathBuf>,
        /// A preset instead of a file; may be given several times.
        #[arg(long)]
        preset: Vec<String>,
        /// Who decides.
        #[arg(long)]
        by: String,
    },
    /// List the adopted policies.
    List,
}

fn line(voice: Voice, policy: &Policy, note: &str) {
    voice.line(format!(
        "  {}/{}  {}  {}  {}{note}",
        policy.name,
        policy.version,
        policy.product.ja(),
        policy.from,
        policy.title
    ));
}

fn shown(policy: &Policy) -> serde_json::Value {
    json!({
        "name": policy.name, "version": policy.version, "title": policy.title,
        "product": policy.product.as_str(), "from": policy.from, "until": policy.until, "hash": policy.hash(),
    })
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, order: &PolicyOrder) -> Result<Ending> {
    match order {
        PolicyOrder::Presets => {
            let policies =
                PRESETS.iter().map(|p| Policy::parse(p.text).context(p.name)).collect::<Result<Vec<_>>>()?;
            policies.iter().for_each(|policy| line(voice, policy, ""));
            voice.value(&json!(policies.iter().map(shown).collect::<Vec<_>>()));
            Ok(Ending::Done)
        }
        PolicyOrder::Preset { name } => {
            let Some(found) = preset(name) else {
                bail!("その名前のひな型はありません: {name}")
            };
            voice.line(found.text.trim_end());
            voice.value(&json!({ "name": found.name, "text": found.text }));
            Ok(Ending::Done)
        }
        PolicyOrder::Check { file } => {
            let text = fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
            let policy = Policy::parse(&text)?;
            line(voice, &policy, &format!("  {}", policy.hash()));
            voice.value(&shown(&policy));
            Ok(Ending::Done)
        }
        PolicyOrder::Adopt { file, preset, by } => adopted(cli, voice, file.as_ref(), preset, by),
        PolicyOrder::List => {
            let home = Home::open(cli)?;
            let rows = home.registry.board()?.policies()?;
            let mut policies = Vec::with_capacity(rows.len());
            for row in rows {
                let policy = Policy::parse(&row.text)?;
                line(voice, &policy, &format!("  {} {}", row.adopted_by, row.adopted_at));
                policies.push(shown(&policy));
            }
            voice.value(&json!(policies));
            Ok(Ending::Done)
        }
    }
}

fn adopted(cli: &Cli, voice: Voice, file: Option<&PathBuf>, presets: &[String], by: &str) -> Result<Ending> {
    let mut texts = Vec::new();
    if let Some(file) = file {
        texts.push(fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?);
    }
    for name in presets {
        let Some(found) = preset(name) else { bail!("その名前のひな型はありません: {name}") };
        texts.push(found.text.to_owned());
    }
    if texts.is_empty() {
        bail!("採択する方針のファイルか --preset を指定してください");
    }
    let home = Home::open(cli)?;
    let mut db = home.registry.board()?;
    let mut policies = Vec::with_capacity(texts.len());
    for text in texts {
        let signed = adopt(&mut db, &home.ring.board, &text, by, now()).context("方針を採択できません")?;
        let policy = signed.policy();
        let name = format!("{}-{}", policy.name, policy.version);
        let object = AuditObject::Policy(Name::new(&name).context("policy")?);
        books::audit(&mut db, cli, AuditRole::Board, AuditAction::Decide, object, 0)?;
        voice.say(
            format!("方針を採択しました: {}/{} {}", policy.name, policy.version, policy.title),
            format!("Adopted policy {}/{} {}", policy.name, policy.version, policy.title),
        );
        policies.push(shown(policy));
    }
    voice.value(&json!(policies));
    Ok(Ending::Done)
}
