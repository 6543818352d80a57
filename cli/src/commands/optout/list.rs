//! `musubi optout load`: the list of those who asked to stop, as providers and the desk keep it. Says counts and shapes.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{AuditAction, AuditObject};
use musubi_compliance::optout_list::{self, OptOutEntry, OptOutList};
use musubi_model::{DocumentHash, SourceIdentity};
use musubi_storage::compliance::OptOutRow;
use serde_json::{Value, json};

use super::person::{Person, provider_or_nobody};
use super::{Desk, Ending};
use crate::commands::outside::Reach;
use crate::commands::{erasure, night};
use crate::home::{Home, now, today};

/// Registers the list.
pub fn load(desk: &Desk<'_>, file: &Path) -> Result<Ending> {
    let (home, voice) = (desk.home, desk.voice);
    let mut db = home.registry.identity()?;
    let bytes = fs::read(file).with_context(|| format!("読めません: {}", file.display()))?;
    let rows_max = home.parameters.number("optout.list_rows_max", today())?;
    let mut list = optout_list::read(&bytes, rows_max);
    let foreign = drop_foreign(home, &mut list)?;
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
    for line in &foreign {
        voice.say(format!("    行 {line}: {FOREIGN_JA}"), format!("    line {line}: {FOREIGN_EN}"));
    }
    voice.value(&json!({
        "rows": list.entries.len(), "refused": list.refused, "added": entered.added, "present": entered.present,
        "differing": entered.differing, "lines": lines(&list, &foreign, &entered.differing),
    }));
    let fine = list.refused == 0 && entered.differing.is_empty();
    Ok(if fine { Ending::Done } else { Ending::LookAtIt })
}

const FOREIGN_JA: &str = "この所属の医療機関等ではないため、受け付けられません。";
const FOREIGN_EN: &str = "Not a provider of this organisation: the line is not taken.";
const DIFFERS_JA: &str = "同じ受付番号が別の内容で登録済みのため、変更していません。";
const DIFFERS_EN: &str = "The entry stands with other content and was left as it is.";

/// A submitter stops its own providers' records only: lines for others, or for all, are the desk's. Their numbers.
fn drop_foreign(home: &Home, list: &mut OptOutList) -> Result<Vec<usize>> {
    let Some(own) = Reach::of(home)?.providers(&home.registry.ingest()?.agreements()?) else {
        return Ok(Vec::new());
    };
    let may = |e: &OptOutEntry| e.provider.as_ref().is_some_and(|p| own.contains(p.as_str()));
    let foreign: Vec<usize> = list.entries.iter().filter(|e| !may(e)).map(|e| e.line).collect();
    list.entries.retain(may);
    list.refused += foreign.len();
    Ok(foreign)
}

/// The answer to every line: taken or not, and why. Says rules and shapes, and no value.
fn lines(list: &OptOutList, foreign: &[usize], differing: &[String]) -> Vec<Value> {
    let mut all: Vec<(usize, Value)> = Vec::new();
    for e in &list.entries {
        let differs = differing.contains(&e.entry);
        let why = if differs { (DIFFERS_JA, DIFFERS_EN) } else { ("", "") };
        all.push((
            e.line,
            json!({ "line": e.line, "entry": e.entry, "ok": !differs, "ja": why.0, "en": why.1 }),
        ));
    }
    for line in foreign {
        all.push((*line, json!({ "line": line, "ok": false, "ja": FOREIGN_JA, "en": FOREIGN_EN })));
    }
    for f in &list.findings {
        let line = f.position.record.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        all.push((
            line,
            json!({
                "line": line, "ok": !f.is_error(), "rule": f.rule.id, "field": f.position.field, "found": f.found,
                "ja": f.rule.ja, "en": f.rule.en, "mend_ja": f.rule.mend_ja, "mend_en": f.rule.mend_en,
            }),
        ));
    }
    all.sort_by_key(|(line, _)| *line);
    all.into_iter().map(|(_, told)| told).collect()
}
