//! What checkers are shown. Tables cell by cell, rows about persons as counts of columns only.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{AuditAction, AuditObject, AuditRole, Name};
use musubi_release::review::{CellLook, Earlier, FileLook, Look, RISKS, TableLook, look, table_of};
use serde_json::{Map, Value, json};

use super::case::{Case, case, desk, number};
use crate::args::Cli;
use crate::commands::refusal::refused;
use crate::commands::{Ending, books};
use crate::home::Home;
use crate::say::Voice;

/// Which cells are asked for.
pub struct Page<'a> {
    /// Of which file; none: the risky ones of all.
    pub file: Option<&'a str>,
    /// From which cell on.
    pub from: usize,
    /// How many at most.
    pub cells: usize,
    /// Beside which earlier release.
    pub beside: Option<&'a str>,
}

/// The acting account, and whether it is a checker.
fn actor(home: &Home) -> (String, bool) {
    (home.acting.granted.principal.to_string(), home.acting.roles.contains(&AuditRole::Checker))
}

/// Lists releases.
pub fn list(cli: &Cli, voice: Voice, outstanding: bool) -> Result<Ending> {
    let home = Home::open(cli)?;
    let (account, checker) = actor(&home);
    let mut db = home.registry.act()?;
    let mut told = Vec::new();
    for asked in db.asked_releases()? {
        let case = Case::of(&home, &mut db, asked)?;
        let mine = case.mine(&account, checker);
        if outstanding && mine != "outstanding" {
            continue;
        }
        voice.line(format!(
            "{}  {}  {}  {}",
            case.asked.release,
            voice.word(case.standing.ja(), case.standing.as_str()),
            voice.word(mine_ja(mine), mine),
            case.spec.title
        ));
        let mut head = case.head();
        merge(&mut head, json!({ "check": case.said(&account, checker) }));
        told.push(head);
    }
    voice.value(&json!({ "releases": told }));
    Ok(Ending::Done)
}

fn mine_ja(mine: &str) -> &'static str {
    match mine {
        "outstanding" => "未確認",
        "done" => "確認済(自分)",
        "returned" => "差戻し",
        _ => "対象外",
    }
}

/// Adds the fields of one object to another.
fn merge(into: &mut Value, more: Value) {
    if let (Value::Object(into), Value::Object(more)) = (into, more) {
        into.extend(more);
    }
}

/// Shows a release.
pub fn show(cli: &Cli, voice: Voice, release: &str, page: &Page<'_>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let case = case(&home, voice, release)?;
    let (account, checker) = actor(&home);
    let (board, key) = (home.ring.board.public(), home.ring.release.public());
    let work = home.data.join("work");
    let desk = desk(&board, &key, &work);
    let mut db = home.registry.release()?;
    let near = number(&home, "output.near_cells")?;
    let look =
        look(&mut db, release, &desk, near).context("提供物を読めません")?.context("提供物がありません")?;
    let checks: Vec<Value> = home
        .registry
        .act()?
        .release_checks()?
        .into_iter()
        .filter(|c| c.release_id == release && c.manifest_hash == case.built.manifest_hash)
        .map(|c| json!({ "by": c.actor, "ok": c.ok, "at": c.at, "program_hash": c.program_hash }))
        .collect();
    let object = AuditObject::Release(Name::new(release).context("release")?);
    let mut act = home.registry.act()?;
    books::audit(&mut act, cli, AuditRole::Checker, AuditAction::CheckOutput, object, 0)?;
    said(voice, &case, &look);
    let mut told = case.head();
    merge(
        &mut told,
        json!({
            "snapshot": look.manifest.snapshot_commit, "least": look.least, "near": near,
            "policy": look.policy.as_ref().map(|p| json!({ "name": p.name, "version": p.version, "title": p.title,
                "hash": p.hash() })),
            "cells_shown": look.manifest.cells_shown, "cells_hidden": look.manifest.cells_hidden,
            "verified": { "ok": look.verified.ok(),
                "problems": look.verified.problems.iter().map(ToString::to_string).collect::<Vec<_>>() },
            "checks": checks,
            "files": look.files.iter().map(|f| file(f, page)).collect::<Vec<_>>(),
            "earlier": earlier(&look.earlier),
            "check": case.said(&account, checker),
        }),
    );
    if let Some(name) = page.file {
        let found = look.files.iter().find(|f| f.name == name).ok_or_else(|| {
            refused(voice, "その名前のファイルはありません", "no file of that name in this release")
        })?;
        let beside = match page.beside {
            Some(earlier) => table_of(&mut db, earlier, name, &key).context("過去の提供物を読めません")?,
            None => None,
        };
        merge(&mut told, json!({ "page": cells(found, page, beside.as_ref()) }));
    }
    voice.value(&told);
    Ok(if look.verified.ok() { Ending::Done } else { Ending::NotVerified })
}

/// For people.
fn said(voice: Voice, case: &Case, look: &Look) {
    voice.line(format!(
        "■ {}  {}  {}",
        case.asked.release,
        voice.word(look.manifest.product.ja(), look.manifest.product.as_str()),
        case.spec.title
    ));
    let verdict =
        if look.verified.ok() { voice.word("合格", "sound") } else { voice.word("不合格", "refused") };
    voice.line(format!("  {}: {verdict}", voice.word("独立検査", "independent checker")));
    voice.line(format!(
        "  {}: {}",
        voice.word("目録のハッシュ", "hash of the manifest"),
        case.built.manifest_hash
    ));
    for f in look.files.iter().filter(|f| f.voted) {
        voice.line(format!("  {}  {} bytes", f.name, f.bytes));
        if let Some(table) = &f.table {
            let counts: Vec<String> = RISKS
                .iter()
                .map(|r| format!("{} {}", voice.word(r.ja(), r.as_str()), table.with(*r)))
                .collect();
            voice.line(format!(
                "    {} {}: {}",
                voice.word("欄", "cells"),
                table.cells.len(),
                counts.join("、")
            ));
        } else {
            for c in &f.columns {
                voice.line(format!(
                    "    {}  {} {}  {} {}  {} {}",
                    c.name,
                    voice.word("種類", "distinct"),
                    c.distinct,
                    voice.word("空欄", "empty"),
                    c.empty,
                    voice.word("まれな値", "rare"),
                    c.rare
                ));
            }
        }
    }
    for t in &look.earlier.tables {
        voice.line(format!(
            "  {} {} {}: {} {}、{} {}",
            voice.word("過去", "earlier"),
            t.release,
            t.earlier_file,
            voice.word("共通の欄", "cells in both"),
            t.both,
            voice.word("差が少数", "few apart"),
            t.few
        ));
    }
    voice.line(format!(
        "  {}: {}",
        voice.word("確認", "check"),
        voice.word(case.standing.ja(), case.standing.as_str())
    ));
}

fn cell(c: &CellLook) -> Value {
    json!({
        "row": c.row, "labels": c.labels, "shown": c.shown, "more": c.more, "low": c.low, "high": c.high,
        "risks": c.risks.iter().map(|r| json!({ "word": r.as_str(), "ja": r.ja() })).collect::<Vec<_>>(),
    })
}

fn file(f: &FileLook, page: &Page<'_>) -> Value {
    let columns: Vec<Value> = f
        .columns
        .iter()
        .map(|c| {
            json!({ "name": c.name, "rows": c.rows, "empty": c.empty, "distinct": c.distinct, "rarest": c.rarest,
                    "rare": c.rare, "numeric": c.numeric })
        })
        .collect();
    let table = f.table.as_ref().map(|t| {
        let risks: Map<String, Value> =
            RISKS.iter().map(|r| (r.as_str().to_owned(), json!(t.with(*r)))).collect();
        // The worst first, so that a short answer holds them.
        let worst = |c: &&CellLook| RISKS.iter().position(|r| c.risks.contains(r));
        let mut risky: Vec<&CellLook> = t.cells.iter().filter(|c| !c.risks.is_empty()).collect();
        risky.sort_by_key(worst);
        json!({ "labels": t.labels, "count": t.count, "more": t.more, "cells": t.cells.len(), "risks": risks,
                "risky": risky.into_iter().take(page.cells).map(cell).collect::<Vec<_>>() })
    });
    json!({ "name": f.name, "bytes": f.bytes, "blake3": f.blake3, "voted": f.voted, "columns": columns, "table": table })
}

/// The cells of a file in order, each with what an earlier release said of the same.
fn cells(f: &FileLook, page: &Page<'_>, beside: Option<&TableLook>) -> Value {
    let Some(table) = &f.table else { return Value::Null };
    let old: HashMap<&[String], Option<u64>> =
        beside.into_iter().flat_map(|t| &t.cells).map(|c| (c.labels.as_slice(), c.shown)).collect();
    let told = table.cells.iter().skip(page.from).take(page.cells).map(|c| {
        let mut told = cell(c);
        if let Some(there) = old.get(c.labels.as_slice()) {
            merge(&mut told, json!({ "beside": { "shown": there } }));
        }
        told
    });
    json!({ "file": f.name, "labels": table.labels, "count": table.count, "more": table.more, "from": page.from,
            "total": table.cells.len(), "beside": page.beside, "cells": told.collect::<Vec<_>>() })
}

fn earlier(e: &Earlier) -> Value {
    json!({
        "tables": e.tables.iter().map(|t| json!({
            "release": t.release, "sealed_at": t.sealed_at, "recipients": t.recipients, "file": t.file,
            "earlier_file": t.earlier_file, "both": t.both, "differ": t.differ, "few": t.few, "opened": t.opened,
            "closed": t.closed })).collect::<Vec<_>>(),
        "rows": e.rows.iter().map(|r| json!({
            "release": r.release, "product": r.product, "recipients": r.recipients, "same_cohort": r.same_cohort,
            "same_recipient": r.same_recipient, "same_time": r.same_time, "shared": r.shared,
            "columns": r.columns.iter().map(|c| json!({ "file": c.file, "column": c.column, "here": c.levels.0,
                "there": c.levels.1 })).collect::<Vec<_>>(),
            "new_columns": r.new_columns })).collect::<Vec<_>>(),
    })
}

/// Says where the check stands.
pub fn result(cli: &Cli, voice: Voice, release: &str) -> Result<Ending> {
    let home = Home::open(cli)?;
    let case = case(&home, voice, release)?;
    let (account, checker) = actor(&home);
    let said = case.said(&account, checker);
    voice.line(format!("{}  {}", release, voice.word(case.standing.ja(), case.standing.as_str())));
    for vote in said.get("votes").and_then(Value::as_array).into_iter().flatten() {
        let word = |name: &str| vote.get(name).and_then(Value::as_str).unwrap_or_default();
        voice.line(format!(
            "  {} {} {} {}: {}",
            word("phase"),
            word("checker"),
            word("file"),
            word("verdict"),
            word("comment")
        ));
    }
    let mut told = case.head();
    merge(&mut told, json!({ "check": said }));
    voice.value(&told);
    Ok(Ending::Done)
}
