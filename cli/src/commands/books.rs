//! `musubi feeds`: what the operator enters into the books; and the audit entry of every command.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name};
use musubi_model::manifest::Agreements;
use musubi_storage::compliance::Audited;
use serde_json::json;

use super::Ending;
use crate::args::Cli;
use crate::home::{Home, now};
use crate::say::Voice;

/// Writes an audit entry for something done in this command. The role in which the account was let in goes before `role`.
pub fn audit(
    db: &mut impl Audited,
    cli: &Cli,
    role: AuditRole,
    action: AuditAction,
    object: AuditObject,
    persons: u64,
) -> Result<()> {
    let actor = Name::new(&cli.actor).context("--actor")?;
    let role = cli.actor.role().unwrap_or(role);
    let entry = AuditEntry { at: now(), actor, role, action, object, persons, result: AuditResult::Done };
    audit::append(db, &entry).context("証跡に記録できません")?;
    Ok(())
}

/// Registers submitters, providers and feeds.
pub fn feeds(cli: &Cli, voice: Voice, file: &Path) -> Result<Ending> {
    let text = fs::read_to_string(file).with_context(|| format!("読めません: {}", file.display()))?;
    let agreements: Agreements =
        toml::from_str(&text).with_context(|| format!("書式が違います: {}", file.display()))?;
    let home = Home::open(cli)?;
    let mut db = home.registry.ingest()?;
    db.load_agreements(&agreements).context("登録できません")?;
    audit(&mut db, cli, AuditRole::Operator, AuditAction::Register, AuditObject::House, 0)?;
    let (s, p, f) = (agreements.submitters.len(), agreements.providers.len(), agreements.feeds.len());
    voice.say(
        format!("登録しました: 提出者 {s}、医療機関等 {p}、フィード {f}"),
        format!("Registered: {s} submitters, {p} providers, {f} feeds"),
    );
    voice.value(&json!({ "submitters": s, "providers": p, "feeds": f }));
    Ok(Ending::Done)
}
