//! `musubi feeds`, `musubi optout`: what the operator enters into the books.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{self, AuditAction, AuditEntry, AuditObject, AuditResult, AuditRole, Name};
use musubi_compliance::optout_list;
use musubi_id_resolution::{TokenKey, describe};
use musubi_model::manifest::Agreements;
use musubi_model::{DocumentHash, ProviderId, SourceIdentity};
use musubi_storage::compliance::{Audited, OptOutLedger as _, OptOutRow};
use serde_json::json;

use super::Ending;
use crate::args::{Cli, Optout};
use crate::home::{Home, now, today};
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

/// Opt-outs.
pub fn optout(cli: &Cli, voice: Voice, order: &Optout) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.identity()?;
    match order {
        Optout::Status => {
            let rows = db.opt_outs().context("停止の求めを読めません")?;
            let mut entries: Vec<&str> = rows.iter().map(|r| r.entry.as_str()).collect();
            entries.dedup();
            voice.say(format!("停止の求め: {} 件", entries.len()), format!("Opt-outs: {}", entries.len()));
            voice.value(&json!({ "entries": entries.len(), "tokens": rows.len() }));
            Ok(Ending::Done)
        }
        Optout::Load { file } => {
            let bytes = fs::read(file).with_context(|| format!("読めません: {}", file.display()))?;
            let rows_max = home.parameters.number("optout.list_rows_max", today())?;
            let list = optout_list::read(&bytes, rows_max);
            let tokens = TokenKey::new(home.ring.token.expose());
            let nobody = ProviderId::new("-")?;
            let mut rows = Vec::new();
            for e in &list.entries {
                let identity = SourceIdentity {
                    provider: e.provider.clone().unwrap_or_else(|| nobody.clone()),
                    demographics: e.demographics.clone(),
                };
                let described = describe(&tokens, &identity);
                for token in described.tokens {
                    // A chart number means something only together with its provider.
                    if token.kind == musubi_id_resolution::TokenKind::Local && e.provider.is_none() {
                        continue;
                    }
                    rows.push(OptOutRow {
                        entry: e.entry.clone(),
                        token: token.value,
                        kind: token.kind.as_str().to_owned(),
                        guard: described.guard.0.to_vec(),
                        provider: e.provider.as_ref().map(ToString::to_string),
                        effective_from: e.effective_from,
                        withdrawn_on: None,
                    });
                }
            }
            let entered = db.enter_opt_outs(&rows, now()).context("停止の求めを登録できません")?;
            let object = AuditObject::Document(DocumentHash::of(&bytes));
            let persons = u64::try_from(list.entries.len()).unwrap_or(u64::MAX);
            audit(&mut db, cli, AuditRole::HelpDesk, AuditAction::EnterOptOut, object, persons)?;
            super::erasure::keep_ledger(&home)?;
            voice.say(
                format!(
                    "停止の求め {} 行を登録しました(新規の照合鍵 {}、登録済 {})。受け付けられない行 {}",
                    list.entries.len(),
                    entered.added,
                    entered.present,
                    list.refused
                ),
                format!(
                    "Entered {} opt-out rows ({} new tokens, {} known); {} rows refused",
                    list.entries.len(),
                    entered.added,
                    entered.present,
                    list.refused
                ),
            );
            for finding in &list.findings {
                voice.line(format!("    {finding}"));
            }
            for entry in &entered.differing {
                voice.say(
                    format!("    受付番号 {entry} は別の内容で登録済みのため変更していません"),
                    format!("    entry {entry} stands with other content and was left as it is"),
                );
            }
            voice.value(&json!({ "rows": list.entries.len(), "refused": list.refused, "added": entered.added, "present": entered.present, "differing": entered.differing }));
            let fine = list.refused == 0 && entered.differing.is_empty();
            Ok(if fine { Ending::Done } else { Ending::LookAtIt })
        }
    }
}
