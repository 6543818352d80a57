//! `musubi optout receipt`, `certificate`: what the person is handed. Neither says who it is about.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use musubi_compliance::audit::{AuditAction, Name};
use musubi_compliance::desk::{Paper, RefusalCode};
use musubi_storage::act::opt_out_request::{OptOutRequestRow, ReceiptRow};
use musubi_storage::registry::ActDb;
use serde_json::json;

use super::{Desk, Ending, entry_object};
use crate::commands::erasure;
use crate::home::{now, today};

/// The request of a number.
pub(super) fn request(db: &mut ActDb, entry: &str) -> Result<Option<OptOutRequestRow>> {
    let all = db.opt_out_requests().context("停止の求めを読めません")?;
    Ok(all.into_iter().find(|r| r.entry == entry))
}

/// There is no request of that number at the desk.
pub(super) fn unknown(desk: &Desk<'_>, entry: &str) -> Ending {
    desk.no(
        Ending::Usage,
        format!("窓口で受け付けた求めがありません: {entry}"),
        format!("The desk has no request of this number: {entry}"),
    )
}

/// Writes the paper of a request; its day and the hash of the copy are kept when it is written first.
pub(super) fn receipt(desk: &Desk<'_>, entry: &str, out: &Path) -> Result<Ending> {
    let mut db = desk.home.registry.act()?;
    let Some(request) = request(&mut db, entry)? else { return Ok(unknown(desk, entry)) };
    if let Some(code) = request.refused.as_deref().and_then(RefusalCode::from_name) {
        return Ok(desk.no(
            Ending::LookAtIt,
            format!("受け付けていない求めです: {}", code.ja()),
            format!("The request was refused: {}", code.en()),
        ));
    }
    let before = db.opt_out_receipt(entry).context("書面の記録を読めません")?;
    let issued_on = before.as_ref().map_or(today(), |r| r.issued_on);
    let due = request.receipt_due;
    let page = musubi_console::opt_out_receipt(&Paper { request, issued_on }).into_string();
    let copy_hash = blake3::hash(page.as_bytes()).to_hex().to_string();
    if let Some(kept) = &before
        && kept.copy_hash != copy_hash
    {
        return Ok(desk.no(
            Ending::NotVerified,
            "交付した書面の写しと一致しないため、再交付できません(書式が変わっています)",
            "This is not the paper that was handed over: its form has changed since",
        ));
    }
    let receipt = ReceiptRow {
        issued_on,
        issued_by: Name::new(&desk.cli.actor).context("--actor")?.to_string(),
        copy_hash: copy_hash.clone(),
    };
    db.issue_opt_out_receipt(entry, &receipt, now()).context("書面の記録を残せません")?;
    desk.book(&mut db, AuditAction::IssueReceipt, entry_object(entry)?, 1)?;
    if before.is_none() {
        erasure::keep_ledger(desk.home)?;
    }
    fs::write(out, &page).with_context(|| format!("書けません: {}", out.display()))?;
    let late = issued_on > due;
    desk.voice.say(
        format!("書面を書きました: {}(交付 {issued_on}、期限 {due})", out.display()),
        format!("Wrote the paper: {} (issued {issued_on}, due {due})", out.display()),
    );
    desk.voice.value(&json!({
        "entry": entry, "issued_on": issued_on, "due": due, "late": late, "copy_hash": copy_hash,
        "again": before.is_some(),
    }));
    Ok(if late { Ending::LookAtIt } else { Ending::Done })
}

/// Writes the certificate of the erasure of a request.
pub(super) fn certificate(desk: &Desk<'_>, entry: &str, out: &Path) -> Result<Ending> {
    let mut db = desk.home.registry.act()?;
    let Some(request) = request(&mut db, entry)? else { return Ok(unknown(desk, entry)) };
    let erasure = db.erasure_of(entry).context("削除の状況を読めません")?;
    let (ja, en) = match &erasure {
        Some((id, state)) if state == "verified" => {
            return erasure::certificate(desk.cli, desk.home, desk.voice, id, out);
        }
        Some((id, state)) => (
            format!("削除 {id} の検証が済んでいません(状態 {state})"),
            format!("Erasure {id} is not verified yet (state {state})"),
        ),
        None if request.identities == 0 => (
            "受付の時に保有する記述がなく、削除の対象がありません".to_owned(),
            "Nothing of the person was held: there is nothing to erase".to_owned(),
        ),
        None => (
            format!("削除がまだ計画されていません: musubi erasure plan --opt-outs --instruction {entry}"),
            format!("No erasure is planned yet: musubi erasure plan --opt-outs --instruction {entry}"),
        ),
    };
    desk.voice.value(&json!({
        "entry": entry, "certificate": null,
        "erasure": erasure.map(|(id, state)| json!({ "erasure": id, "state": state })),
    }));
    Ok(desk.no(Ending::LookAtIt, ja, en))
}
