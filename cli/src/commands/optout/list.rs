//! `musubi optout load`: the list of those who asked to stop, as providers and the desk keep it. Says counts and shapes.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{AuditAction, AuditObject};
use musubi_compliance::optout_list;
use musubi_model::{DocumentHash, SourceIdentity};
use musubi_storage::compliance::OptOutRow;
use serde_json::json;

use super::person::{Person, provider_or_nobody};
use super::{Desk, Ending};
use crate::commands::{erasure, night};
use crate::home::{now, today};

/// Registers the list.
pub fn load(desk: &Desk<'_>, file: &Path) -> Result<Ending> {
    let (home, voice) = (desk.home, desk.voice);
    let mut db = home.registry.identity()?;
    let bytes = fs::read(file).with_context(|| format!("読めません: {}", file.display()))?;
    let rows_max = home.parameters.number("optout.list_rows_max", today())?;
    let list = optout_list::read(&bytes, rows_max);
    let matching = night::matching(home)?;
    let (mut rows, mut persons) = (Vec::new(), Vec::new());
    for e in &list.entries {
        let provider = provider_or_nobody(e.provider.as_ref())?;
        let whose = SourceIdentity { provider, demographics: e.demographics.clone() };
        // A chart number means something only together with its provider.
        let person = Person::new(home, &matching, &whose, e.provider.is_some(), None);
        for token in &person.described.tokens {
            if person.without.contains(&token.kind.as_str()) {
                continue;
            }
            rows.push(OptOutRow {
                entry: e.entry.clone(),
                token: token.value.clone(),
                kind: token.kind.as_str().to_owned(),
                guard: person.described.guard.0.to_vec(),
                provider: e.provider.as_ref().map(ToString::to_string),
                effective_from: e.effective_from,
                withdrawn_on: None,
            });
        }
        persons.push((e, person));
    }
    let entered = db.enter_opt_outs(&rows, now()).context("停止の求めを登録できません")?;
    for (e, person) in persons.iter().filter(|(e, _)| !entered.differing.contains(&e.entry)) {
        let reached = person.reached(&mut db, e.provider.as_ref())?;
        db.block_listed(&e.entry, &person.block, &reached).context("停止の求めを登録できません")?;
    }
    let object = AuditObject::Document(DocumentHash::of(&bytes));
    let count = u64::try_from(list.entries.len()).unwrap_or(u64::MAX);
    desk.book(&mut db, AuditAction::EnterOptOut, object, count)?;
    erasure::keep_ledger(home)?;
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
