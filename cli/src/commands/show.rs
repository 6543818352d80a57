//! `musubi submission`, `rebuild`, `check`: looking at what is kept.

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole};
use musubi_model::ids::from_hex;
use musubi_model::{FactTable, IdentityId, SubmissionId};
use musubi_storage::lake;
use musubi_storage::registry::IngestDb;
use musubi_storage::vault::{self, PackEntry, PackName, read_document};
use serde_json::json;

use super::findings::rule_named;
use super::trace::KeyFinder;
use super::{Ending, books};
use crate::args::Cli;
use crate::home::Home;
use crate::say::{Voice, raw};

/// The one submission whose id begins so.
pub fn one_submission(db: &mut IngestDb, prefix: &str) -> Result<SubmissionId> {
    if prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
        bail!("提出の番号は16進数です");
    }
    match db.submissions_like(&prefix.to_ascii_lowercase(), 2)?.as_slice() {
        [one] => Ok(*one),
        [] => Err(anyhow!("その番号の提出はありません")),
        _ => Err(anyhow!("番号が短すぎて一つに決まりません")),
    }
}

/// Shows one submission, or lists all.
pub fn submission(cli: &Cli, voice: Voice, id: Option<&str>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut console = home.registry.console()?;
    let Some(prefix) = id else {
        let all = console.submissions(Timestamp::MIN, Timestamp::MAX).or_else(|_| {
            // PostgreSQL's timestamps reach less far than ours.
            console.submissions(Timestamp::UNIX_EPOCH, crate::home::now())
        })?;
        for s in &all {
            let date = s.business_date.map(|d| d.to_string()).unwrap_or_default();
            let feed = s.feed.as_deref().unwrap_or("-");
            voice.line(format!(
                "{}  {date:10}  {feed:32}  {}",
                s.id,
                voice.word(s.state.ja(), s.state.as_str())
            ));
        }
        voice.value(&all.iter().map(|s| json!({ "submission": s.id, "feed": s.feed, "business_date": s.business_date, "state": s.state })).collect::<Vec<_>>());
        return Ok(Ending::Done);
    };
    let mut db = home.registry.ingest()?;
    let id = one_submission(&mut db, prefix)?;
    let view = console.submission(&id)?.ok_or_else(|| anyhow!("その番号の提出はありません"))?;
    voice.line(format!("■ {} {id}", voice.word("提出", "submission")));
    voice.line(format!(
        "  {}: {}   {}: {}",
        voice.word("フィード", "feed"),
        view.feed.as_deref().unwrap_or("-"),
        voice.word("状態", "state"),
        voice.word(view.state.ja(), view.state.as_str())
    ));
    for event in &view.events {
        voice.line(format!("  {}  {} {}", event.at, event.state, event.detail));
    }
    let balance = db.balance(&id)?;
    if !balance.lines.is_empty() {
        voice.line(format!("■ {}", voice.word("突合(種類別)", "balance by kind of record")));
        voice.line(balance.to_string().trim_end());
    }
    let findings = console.findings(&id, 3)?;
    if !findings.is_empty() {
        voice.line(format!("■ {}", voice.word("指摘", "findings")));
    }
    for count in &view.findings {
        let rule = rule_named(&count.rule);
        let (what, mend) =
            rule.map_or(("", ""), |r| (voice.word(r.ja, r.en), voice.word(r.mend_ja, r.mend_en)));
        voice.line(format!("  {} ×{}  {what}", count.rule, count.count));
        for f in findings.get(&count.rule).into_iter().flatten() {
            let place = f
                .range
                .map(|r| format!("{} {}–{}", voice.word("バイト", "bytes"), r.start, r.end()))
                .unwrap_or_default();
            voice.line(format!(
                "      {} {} {place}  {}: {}  {}: {}",
                f.record,
                f.field,
                voice.word("検出", "found"),
                f.found,
                voice.word("期待", "expected"),
                f.expected
            ));
        }
        if !mend.is_empty() {
            voice.line(format!("      → {mend}"));
        }
    }
    voice.value(&json!({
        "submission": id, "feed": view.feed, "kind": view.kind, "business_date": view.business_date,
        "state": view.state, "balance": balance, "closes": balance.closes(),
        "events": view.events.iter().map(|e| json!({ "at": e.at.to_string(), "state": e.state, "detail": e.detail })).collect::<Vec<_>>(),
        "findings": view.findings.iter().map(|c| json!({ "rule": c.rule, "severity": c.severity, "count": c.count })).collect::<Vec<_>>(),
    }));
    Ok(Ending::Done)
}

/// Finds data keys for reading the vault. A key that was destroyed, or forgotten on purpose, is `None`.
pub fn key_finder<'a>(home: &'a Home, db: &'a mut IngestDb) -> KeyFinder<'a> {
    let db = RefCell::new(db);
    Box::new(move |id| {
        let name = IdentityId(*id);
        Ok(db.borrow_mut().existing_data_keys(&home.ring.kek, &[name])?.remove(&name))
    })
}

/// Writes a document out again from the vault.
pub fn rebuild(cli: &Cli, voice: Voice, document: &str, out: &Path) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.ingest()?;
    let even = document.len() / 2 * 2;
    let prefix: Vec<u8> = document
        .as_bytes()
        .chunks_exact(2)
        .filter_map(|pair| from_hex::<1>(std::str::from_utf8(pair).ok()?))
        .flatten()
        .collect();
    if prefix.len() * 2 != even || prefix.is_empty() {
        bail!("文書の番号は16進数です");
    }
    let found = db.documents_like(&prefix)?;
    let first = found.first().ok_or_else(|| anyhow!("その番号の文書はありません"))?.clone();
    if found.iter().any(|d| d.document != first.document) {
        bail!("番号が短すぎて一つに決まりません");
    }
    let pack: PackName = first.pack.parse()?;
    let entry = PackEntry { offset: first.pack_offset, len: first.pack_len };
    // Booked before anything is opened.
    books::audit(
        &mut db,
        cli,
        AuditRole::Operator,
        AuditAction::Trace,
        AuditObject::Document(first.document),
        1,
    )?;
    let bytes = {
        let keys = key_finder(&home, &mut db);
        read_document(&home.folders().vault, &pack, entry, keys)?
    };
    let bytes = bytes.ok_or_else(|| anyhow!("鍵の破棄または停止により、この文書は元に戻せません"))?;
    if out == Path::new("-") {
        raw(&bytes)?;
    } else {
        fs::write(out, &bytes).with_context(|| format!("書けません: {}", out.display()))?;
        voice.say(
            format!("{} バイトを書き出しました(ハッシュ値一致: {})", bytes.len(), first.document),
            format!("Wrote {} bytes, hashing to {}", bytes.len(), first.document),
        );
    }
    Ok(Ending::Done)
}

/// Checks audit chain, vault and lake, and prints the repository's fingerprint.
pub fn check(cli: &Cli, voice: Voice) -> Result<Ending> {
    let home = Home::open(cli)?;
    let mut db = home.registry.ingest()?;
    let log = super::audit::verified(&home, voice, Vec::new(), Vec::new())?;
    let log_ok = log.wrong.is_none();
    let packs = db.known_packs()?;
    let mut bad_packs = Vec::new();
    for name in &packs {
        let sound = name.parse::<PackName>().and_then(|pack| vault::verify(&home.folders().vault, &pack));
        if sound.is_err() {
            bad_packs.push(name.clone());
        }
    }
    let files = db.lake_files()?;
    let bad_files: Vec<String> = files
        .iter()
        .filter(|f| lake::verify(&home.folders().lake, f).is_err())
        .map(|f| f.file_id.clone())
        .collect();
    let fingerprint = if bad_files.is_empty() {
        lake::fingerprint(&home.folders().lake, &files, &db.dead_units()?)?.to_string()
    } else {
        String::new()
    };
    let ok = log_ok && bad_packs.is_empty() && bad_files.is_empty();
    let mark = |good: bool| if good { "✓" } else { "✗" };
    voice.line(format!("{} {}: {}", mark(log_ok), voice.word("監査証跡", "audit log"), log.entries));
    if let Some(wrong) = &log.wrong {
        voice.line(format!("    {wrong}"));
    }
    voice.line(format!(
        "{} {}: {}",
        mark(bad_packs.is_empty()),
        voice.word("原本保管庫のパック", "vault packs"),
        packs.len()
    ));
    voice.line(format!(
        "{} {}: {}",
        mark(bad_files.is_empty()),
        voice.word("レイクのファイル", "lake files"),
        files.len()
    ));
    voice.line(format!("  {}: {fingerprint}", voice.word("リポジトリの指紋", "repository fingerprint")));
    voice.value(&json!({
        "ok": ok, "audit_entries": log.entries, "audit_ok": log_ok, "audit_wrong": log.wrong, "packs": packs.len(), "bad_packs": bad_packs,
        "lake_files": files.len(), "bad_lake_files": bad_files, "fingerprint": fingerprint,
        "tables": FactTable::ALL.iter().map(|t| json!({
            "table": t.as_str(), "rows": files.iter().filter(|f| f.table == *t).map(|f| f.rows).sum::<u64>(),
        })).collect::<Vec<_>>(),
    }));
    Ok(if ok { Ending::Done } else { Ending::NotVerified })
}
