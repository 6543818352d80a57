//! `musubi optout status`, `rates`, `doubts`: how requests stand, and what needs a person's eyes. Numbers and days only.

use anyhow::{Context as _, Result};
use musubi_compliance::aftermath::Cause;
use musubi_compliance::audit::{AuditAction, AuditObject, Name};
use musubi_compliance::desk::{RefusalCode, Requester, Way};
use musubi_compliance::rate_chart;
use musubi_storage::act::opt_out_doubt::Decided;
use musubi_storage::compliance::OptOutLedger as _;
use serde_json::json;

use super::paper::{request, unknown};
use super::{Desk, Ending, Verdict, entry_object};
use crate::commands::{aftermath, erasure};
use crate::home::{now, today};

/// How many entries there are, of the desk and of lists.
pub(super) fn all(desk: &Desk<'_>) -> Result<Ending> {
    let rows = desk.home.registry.identity()?.opt_outs().context("停止の求めを読めません")?;
    let mut entries: Vec<&str> = rows.iter().map(|r| r.entry.as_str()).collect();
    entries.dedup();
    desk.voice.say(format!("停止の求め: {} 件", entries.len()), format!("Opt-outs: {}", entries.len()));
    let requests = desk.home.registry.act()?.opt_out_requests().context("停止の求めを読めません")?;
    let mut papers = std::collections::BTreeMap::new();
    let mut act = desk.home.registry.act()?;
    for r in &requests {
        if let Some(paper) = act.opt_out_receipt(&r.entry).context("書面の記録を読めません")? {
            papers.insert(r.entry.clone(), paper.issued_on);
        }
        let what = match (&r.refused, &r.withdraws) {
            (Some(_), _) => desk.voice.word("受け付けず", "refused"),
            (None, Some(_)) => desk.voice.word("撤回", "withdrawal"),
            (None, None) => desk.voice.word("停止", "stop"),
        };
        desk.voice.line(format!("  {}  {}  {what}", r.entry, r.received_on));
    }
    let told: Vec<_> = requests
        .iter()
        .map(|r| {
            let back = requests.iter().find(|w| w.withdraws.as_deref() == Some(&r.entry) && w.refused.is_none());
            json!({ "entry": r.entry, "received_on": r.received_on, "withdraws": r.withdraws, "refused": r.refused,
                "receipt_due": r.receipt_due, "withdrawn_by": back.map(|w| &w.entry), "provider": r.provider,
                "issued_on": papers.get(&r.entry) })
        })
        .collect();
    desk.voice.value(&json!({ "entries": entries.len(), "tokens": rows.len(), "requests": told }));
    Ok(Ending::Done)
}

/// One entry of the desk.
pub(super) fn one(desk: &Desk<'_>, entry: &str) -> Result<Ending> {
    let mut db = desk.home.registry.act()?;
    let Some(r) = request(&mut db, entry)? else { return Ok(unknown(desk, entry)) };
    desk.book(&mut db, AuditAction::Report, entry_object(entry)?, 1)?;
    let receipt = db.opt_out_receipt(entry).context("書面の記録を読めません")?;
    let erasure = db.erasure_of(entry).context("削除の状況を読めません")?;
    let recalls = db.recalls(entry).context("返還の求めを読めません")?;
    let withdrawn = db
        .opt_out_requests()?
        .into_iter()
        .find(|w| w.withdraws.as_deref() == Some(entry) && w.refused.is_none())
        .map(|w| w.entry);
    let state = match (&r.refused, &withdrawn, &r.withdraws) {
        (Some(_), ..) => "refused",
        (None, Some(_), _) => "withdrawn",
        (None, None, Some(_)) => "withdrawal",
        (None, None, None) => "in-force",
    };
    let ja = match state {
        "refused" => "受け付けず",
        "withdrawn" => "撤回済み",
        "withdrawal" => "撤回の求め",
        _ => "有効",
    };
    let issued = receipt.as_ref().map(|p| p.issued_on);
    let late = r.refused.is_none() && issued.unwrap_or(today()) > r.receipt_due;
    desk.voice.line(format!("■ {entry}  {}  {}", r.received_on, desk.voice.word(ja, state)));
    if let Some(code) = r.refused.as_deref().and_then(RefusalCode::from_name) {
        desk.voice.say(format!("  理由: {}", code.ja()), format!("  why: {}", code.en()));
    }
    let paper =
        issued.map_or_else(|| desk.voice.word("未交付", "not issued").to_owned(), |on| on.to_string());
    desk.voice.say(
        format!("  書面: {paper}(期限 {})", r.receipt_due),
        format!("  paper: {paper} (due {})", r.receipt_due),
    );
    let job = erasure.as_ref().map_or_else(|| "-".to_owned(), |(id, state)| format!("{id} {state}"));
    desk.voice.say(
        format!("  受付時の記述 {} 件、削除: {job}", r.identities),
        format!("  {} descriptions then, erasure: {job}", r.identities),
    );
    for release in &r.releases {
        desk.voice.say(format!("  提供済み: {release}"), format!("  released: {release}"));
    }
    let after = aftermath::of(desk.home, &r.releases.iter().cloned().collect(), Cause::Stop)?;
    after.say(desk.voice);
    desk.voice.value(&json!({
        "entry": entry, "state": state, "state_ja": ja, "handed": after.value(desk.home.acting.granted.role),
        "refused_words": r.refused.as_deref().and_then(RefusalCode::from_name)
            .map(|code| json!({ "ja": code.ja(), "en": code.en() })),
        "channel_ja": Way::from_name(&r.channel).map(Way::ja),
        "requester_ja": Requester::of(&r.requester, &r.relation).map(|who| who.ja()),
        "at": r.at, "taken_by": r.taken_by, "checker": r.checker, "refused": r.refused, "withdrawn_by": withdrawn, "withdraws": r.withdraws,
        "received_on": r.received_on, "channel": r.channel, "requester": r.requester, "relation": r.relation,
        "provider": r.provider, "effective_from": r.effective_from, "identities": r.identities,
        "receipt": { "due": r.receipt_due, "issued_on": issued, "late": late, "copy_hash": receipt.map(|p| p.copy_hash) },
        "erasure": erasure.map(|(id, state)| json!({ "erasure": id, "state": state })),
        "releases": r.releases, "recalls": recalls,
    }));
    Ok(if late { Ending::LookAtIt } else { Ending::Done })
}

/// Shares of stops by provider.
pub(super) fn rates(desk: &Desk<'_>) -> Result<Ending> {
    let number = |name| desk.home.parameters.number(name, today());
    let (alarm, from) = (number("optout.rate_alarm_permille")?, number("optout.rate_from_persons")?);
    let mut db = desk.home.registry.act()?;
    desk.book(&mut db, AuditAction::Report, AuditObject::Book(Name::new("opt-outs")?), 0)?;
    let (mut told, mut alarms) = (Vec::new(), 0);
    let rows = db.opt_out_rates(today()).context("停止の割合を数えられません")?;
    let counts: Vec<(u64, u64)> = rows.iter().map(|r| (r.notified, r.stopped)).collect();
    let (centre, limits) = rate_chart::limits(&counts);
    for (row, limits) in rows.into_iter().zip(limits) {
        let permille = (row.stopped * 1000).checked_div(row.notified).unwrap_or(0);
        let high = row.notified >= from && row.stopped * 1000 > alarm * row.notified;
        alarms += usize::from(high);
        desk.voice.line(format!(
            "{} {}  {} / {}  {permille} ‰",
            if high { "!" } else { " " },
            row.provider,
            row.stopped,
            row.notified
        ));
        told.push(json!({ "provider": row.provider, "notified": row.notified, "stopped": row.stopped, "permille": permille,
            "high": high, "limits": limits }));
    }
    desk.voice.say(
        format!("{alarm} ‰ を超える提供元: {alarms} か所"),
        format!("Providers above {alarm} permille: {alarms}"),
    );
    desk.voice.value(&json!({ "providers": told, "alarms": alarms, "centre": centre, "alarm": alarm, "from_persons": from }));
    Ok(if alarms == 0 { Ending::Done } else { Ending::LookAtIt })
}

/// Who might be somebody that asked to stop: the open ones, or a word on one.
pub(super) fn doubts(desk: &Desk<'_>, word: Option<(i64, Verdict)>) -> Result<Ending> {
    let mut db = desk.home.registry.identity()?;
    let Some((doubt, verdict)) = word else { return list(desk) };
    let all = db.opt_out_doubts(false).context("停止との照合の疑いを読めません")?;
    let Some(about) = all.iter().find(|d| d.doubt == doubt) else {
        return Ok(desk.no(Ending::Usage, "その番号の疑いはありません", "There is no such doubt"));
    };
    let by = Name::new(&desk.cli.actor).context("--actor")?.to_string();
    let said =
        db.decide_doubt(doubt, verdict == Verdict::Same, &by, now()).context("疑いの判断を記録できません")?;
    let (done, ja, en) = match (said, verdict) {
        (Decided::Unknown, _) => {
            return Ok(desk.no(Ending::Usage, "すでに判断されています", "It is decided already"));
        }
        (Decided::Proposed, _) => (
            false,
            "判断を記録しました。別の担当者が同じ判断をすると決まります",
            "Noted; somebody else has to agree",
        ),
        (Decided::Done, Verdict::Same) => {
            (true, "同じ人と決まりました。停止の求めが及びます", "The same person: the stop reaches them")
        }
        (Decided::Done, Verdict::Different) => (
            true,
            "別の人と決まりました。保留した記録は次の夜に格納します",
            "Somebody else: what was held comes in at night",
        ),
    };
    let action =
        if done && verdict == Verdict::Same { AuditAction::EnterOptOut } else { AuditAction::RulePerson };
    desk.book(&mut db, action, entry_object(&about.entry)?, 1)?;
    if done {
        erasure::keep_ledger(desk.home)?;
    }
    desk.voice.say(ja, en);
    desk.voice.value(&json!({ "doubt": doubt, "decided": done }));
    Ok(if done { Ending::Done } else { Ending::LookAtIt })
}

fn list(desk: &Desk<'_>) -> Result<Ending> {
    let mut db = desk.home.registry.identity()?;
    let open = db.opt_out_doubts(true).context("停止との照合の疑いを読めません")?;
    let persons = u64::try_from(open.len()).unwrap_or(u64::MAX);
    desk.book(&mut db, AuditAction::Report, AuditObject::Book(Name::new("opt-out-doubts")?), persons)?;
    for d in &open {
        let way = match d.found.as_str() {
            "candidate" => desk.voice.word("名寄せの候補", "candidate of matching"),
            _ => desk.voice.word("照合候補の鍵が一致", "block keys in common"),
        };
        let waits = d.proposed.as_ref().map_or_else(String::new, |(word, by)| format!("  {word} ({by})"));
        desk.voice.line(format!("{}  {}  {}  {}  {way}{waits}", d.doubt, d.entry, d.provider, d.identity));
    }
    desk.voice.say(
        format!("判断を待つ疑い: {} 件", open.len()),
        format!("Doubts that wait for a decision: {}", open.len()),
    );
    desk.voice.value(&json!({ "doubts": open }));
    Ok(if open.is_empty() { Ending::Done } else { Ending::LookAtIt })
}
