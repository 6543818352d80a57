//! `musubi optout preview`, `register`, `withdraw`: one request of one person, by the rules of `compliance::desk`.

use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use musubi_compliance::aftermath::Cause;
use musubi_compliance::audit::{
    self, AuditAction, AuditEntry, AuditObject, AuditPurpose, AuditResult, AuditRole, Name,
};
use musubi_compliance::calendar::Calendar;
use musubi_compliance::desk::{
    DeskRules, Life, RECALLABLE, RELEASED_EN, RELEASED_JA, RefusalCode, Requester, Standing, may_ask,
    open_target, seal_target,
};
use musubi_model::ProviderId;
use musubi_storage::act::opt_out_request::{HeldAt, OptOutRequestRow, Target};
use musubi_storage::compliance::{OptOutLedger as _, OptOutRow};
use musubi_storage::registry::IdentityDb;
use serde_json::json;

use super::person::{Person, Written};
use super::{Asking, Desk, Ending, entry_object, understood};
use crate::commands::{aftermath, erasure};
use crate::home::{now, today};

/// What is held of a person.
pub(super) fn preview(desk: &Desk<'_>, file: &Path) -> Result<Ending> {
    let person = match understood(desk.home, desk.voice, &Written::read(file)?)? {
        Ok(person) => person,
        Err(ending) => return Ok(ending),
    };
    let mut db = desk.home.registry.identity()?;
    // Booked before it is looked for: what cannot be booked is not shown.
    desk.book(&mut db, AuditAction::PreviewOptOut, AuditObject::Persons(AuditPurpose::OptOut), 1)?;
    let reached = person.reached(&mut db, None)?;
    let held = db.held_of(&reached, &person.described).context("保有の状況を読めません")?;
    let releases = db.releases_with(&reached).context("提供の状況を読めません")?;
    let stops = stops_of(&mut db, &person)?;
    desk.voice.say(
        format!("本人の記述 {} 件、提供元 {} か所", reached.len(), held.len()),
        format!("{} descriptions at {} providers", reached.len(), held.len()),
    );
    tell_held(desk, &held);
    tell_releases(desk, &releases);
    for entry in &stops {
        desk.voice.say(format!("  停止の登録: {entry}"), format!("  stop registered: {entry}"));
    }
    let names = releases.iter().map(|(release, _)| release.clone()).collect();
    let after = aftermath::of(desk.home, &names, Cause::Stop)?;
    after.say(desk.voice);
    let running = running(desk)?;
    desk.voice.say(
        format!("  作成中の提供物: {} 件", running.len()),
        format!("  releases being built: {}", running.len()),
    );
    desk.voice.value(&json!({
        "identities": reached.len(), "held": held, "stops": stops, "running": running,
        "handed": after.value(AuditRole::HelpDesk),
        "releases": releases.iter().map(|(id, at)| json!({ "release": id, "sealed_at": at })).collect::<Vec<_>>(),
    }));
    Ok(Ending::Done)
}

/// How many of the last runs are looked through for releases that are being built.
const RUNS: u32 = 200;

/// Releases that are being built: a stop that is entered now takes the person out of them before they are sealed.
fn running(desk: &Desk<'_>) -> Result<Vec<serde_json::Value>> {
    let runs = desk.home.registry.act()?.runs(RUNS).context("実行の記録を読めません")?;
    let open = runs.iter().filter(|r| r.job == "release" && r.ended.is_none());
    Ok(open.map(|r| json!({ "approval": r.scope, "since": r.started_at })).collect())
}

/// Whether an entry holds a token of the person.
pub(super) fn known(person: &Person, row: &OptOutRow) -> bool {
    let local = row.kind == "local";
    person.described.tokens.iter().any(|t| t.kind.as_str() == row.kind && t.value == row.token)
        && (local || row.guard == person.described.guard.0)
}

/// Entries in force that hold a token of the person.
fn stops_of(db: &mut IdentityDb, person: &Person) -> Result<Vec<String>> {
    let rows = db.opt_outs().context("停止の求めを読めません")?;
    let mut entries: Vec<String> = rows
        .into_iter()
        .filter(|row| row.withdrawn_on.is_none_or(|day| day > today()) && known(person, row))
        .map(|row| row.entry)
        .collect();
    entries.sort();
    entries.dedup();
    Ok(entries)
}

fn tell_held(desk: &Desk<'_>, held: &[HeldAt]) {
    for at in held {
        let since = at.since.map_or_else(|| "-".to_owned(), |t| audit_day(t).to_string());
        desk.voice.say(
            format!("  {}  {since} から  {} 件(通知待ち {} 件)", at.provider, at.units, at.waiting),
            format!("  {}  since {since}  {} units ({} waiting)", at.provider, at.units, at.waiting),
        );
    }
}

fn tell_releases(desk: &Desk<'_>, releases: &[(String, Timestamp)]) {
    for (id, at) in releases {
        desk.voice.say(
            format!("  提供済み: {id}  {}", audit_day(*at)),
            format!("  released: {id}  {}", audit_day(*at)),
        );
    }
    if !releases.is_empty() {
        desk.voice.say(format!("  {RELEASED_JA}"), format!("  {RELEASED_EN}"));
    }
}

fn audit_day(at: Timestamp) -> Date {
    musubi_etl::house::japanese_day(at)
}

/// What both kinds of requests have: who asks, who made sure, by when the paper is due, and whether they may.
struct Heard {
    row: OptOutRequestRow,
    refused: Option<RefusalCode>,
}

/// Hears somebody. `Err`: what cannot be taken up was said.
fn hear(desk: &Desk<'_>, asking: &Asking, born: Option<Date>) -> Result<Result<Heard, Ending>> {
    let (on, at) = (today(), now());
    let taker = Name::new(&desk.cli.actor).context("--actor")?.to_string();
    let rules = DeskRules::in_force(&desk.home.parameters, on).context("窓口の規則を使えません")?;
    let received_on = asking.received.unwrap_or(on);
    if received_on > on {
        return Ok(Err(desk.no(Ending::Usage, "求めの日が先の日です", "The request has a day to come")));
    }
    if rules.checker_apart && asking.checked_by == taker {
        return Ok(Err(desk.no(
            Ending::Usage,
            "本人確認は受付者と別の担当者が行ってください(--checked-by)",
            "Somebody else than who takes the request makes sure who asks (--checked-by)",
        )));
    }
    let book = &desk.home.books.organisations;
    if book.principal(&asking.checked_by).is_none() {
        return Ok(Err(desk.no(
            Ending::Usage,
            "本人確認をした担当者のアカウントがありません(--checked-by)",
            "There is no such account (--checked-by)",
        )));
    }
    let life = match (&asking.requester, asking.life) {
        (Requester::Family(_), None) => {
            return Ok(Err(desk.no(
                Ending::Usage,
                "遺族の求めには本人の存否が要ります(--life)",
                "Where family asks, say whether the person is dead (--life)",
            )));
        }
        (_, life) => life.unwrap_or(Life::Living),
    };
    let standing = Standing {
        requester: &asking.requester,
        life,
        capacity: asking.capacity,
        born,
        confirmed: !asking.not_confirmed,
        on,
    };
    let refused = may_ask(&standing, &rules).err();
    let row = OptOutRequestRow {
        entry: String::new(),
        withdraws: None,
        received_on,
        at,
        taken_by: taker,
        channel: asking.channel.as_str().to_owned(),
        requester: asking.requester.role().to_owned(),
        relation: asking.requester.relation().to_owned(),
        life: life.as_str().to_owned(),
        capacity: asking.capacity.as_str().to_owned(),
        check_method: asking.check.as_str().to_owned(),
        checker: asking.checked_by.clone(),
        check_confirmed: !asking.not_confirmed,
        refused: refused.map(|code| code.as_str().to_owned()),
        provider: None,
        effective_from: received_on,
        receipt_due: rules.receipt_due(received_on, &Calendar::shipped()?)?,
        identities: 0,
        releases: Vec::new(),
    };
    Ok(Ok(Heard { row, refused }))
}

/// Books a request that was entered, and says so when it is refused.
fn settled(
    desk: &Desk<'_>,
    db: &mut IdentityDb,
    entry: &str,
    action: AuditAction,
    heard: &Heard,
) -> Result<Option<Ending>> {
    let Some(code) = heard.refused else {
        desk.book(db, action, entry_object(entry)?, 1)?;
        return Ok(None);
    };
    let line = AuditEntry {
        at: now(),
        actor: Name::new(&desk.cli.actor).context("--actor")?,
        role: desk.cli.actor.role().unwrap_or(AuditRole::HelpDesk),
        action,
        object: entry_object(entry)?,
        persons: 0,
        result: AuditResult::Refused(code.as_str()),
    };
    audit::append(db, &line).context("証跡に記録できません")?;
    desk.voice.say(
        format!("受け付けられません: {entry}  {}({})", code.ja(), code.as_str()),
        format!("Refused: {entry}  {} ({})", code.en(), code.as_str()),
    );
    desk.voice.value(&json!({ "entry": entry, "refused": code.as_str() }));
    Ok(Some(Ending::LookAtIt))
}

/// Registers a stop.
pub(super) fn register(
    desk: &Desk<'_>,
    file: &Path,
    provider: Option<&str>,
    asking: &Asking,
) -> Result<Ending> {
    let home = desk.home;
    let written = Written::read(file)?;
    let person = match understood(desk.home, desk.voice, &written)? {
        Ok(person) => person,
        Err(ending) => return Ok(ending),
    };
    let scope = provider.map(ProviderId::new).transpose().context("--provider")?;
    let mut heard = match hear(desk, asking, person.born)? {
        Ok(heard) => heard,
        Err(ending) => return Ok(ending),
    };
    let mut db = home.registry.identity()?;
    let accepted = heard.refused.is_none();
    // Of a request that is refused nothing is looked up.
    let reached = if accepted { person.reached(&mut db, scope.as_ref())? } else { Vec::new() };
    let releases = db.releases_with(&reached).context("提供の状況を読めません")?;
    heard.row.provider = scope.as_ref().map(ToString::to_string);
    heard.row.identities = u64::try_from(reached.len()).unwrap_or(u64::MAX);
    heard.row.releases = releases.iter().map(|(id, _)| id.clone()).collect();
    let plain = written.to_bytes()?;
    let target = Target {
        described: Some(&person.described),
        without: person.without,
        block: &person.block,
        reached: &reached,
    };
    let entry = db
        .enter_request(&heard.row, &target, RECALLABLE, &|entry| seal_target(&home.ring, entry, &plain))
        .context("停止の求めを登録できません")?;
    if let Some(ending) = settled(desk, &mut db, &entry, AuditAction::EnterOptOut, &heard)? {
        return Ok(ending);
    }
    erasure::keep_ledger(home)?;
    let recalls = home.registry.act()?.recalls(&entry)?;
    let due = heard.row.receipt_due;
    let erase = format!("musubi erasure plan --opt-outs --instruction {entry}");
    desk.voice.say(
        format!("停止の求めを登録しました: {entry}(直ちに有効)\n  書面の交付期限 {due}: musubi optout receipt {entry} --out 書面.html"),
        format!("Registered: {entry} (in effect now)\n  paper due {due}: musubi optout receipt {entry} --out paper.html"),
    );
    tell_releases(desk, &releases);
    for release in &recalls {
        desk.voice.say(format!("  返還の求めを記録: {release}"), format!("  recall noted: {release}"));
    }
    if reached.is_empty() {
        desk.voice.say("  保有する記述はありません", "  nothing of the person is held");
    } else {
        desk.voice.say(
            format!("  保有する記述 {} 件。削除の計画: {erase}", reached.len()),
            format!("  {} descriptions are held. Plan the erasure: {erase}", reached.len()),
        );
    }
    desk.voice.value(&json!({
        "entry": entry, "receipt_due": due, "identities": reached.len(), "releases": heard.row.releases,
        "recalls": recalls, "erase": if reached.is_empty() { None } else { Some(erase) },
    }));
    Ok(Ending::Done)
}

/// Takes a stop back.
pub(super) fn withdraw(desk: &Desk<'_>, entry: &str, asking: &Asking) -> Result<Ending> {
    let home = desk.home;
    let mut db = home.registry.identity()?;
    let rows = db.opt_outs().context("停止の求めを読めません")?;
    let mut stands = rows.iter().filter(|row| row.entry == entry && row.withdrawn_on.is_none());
    let Some(stop) = stands.next() else {
        return Ok(desk.no(
            Ending::Usage,
            format!("有効な停止の求めがありません: {entry}"),
            format!("There is no stop in force: {entry}"),
        ));
    };
    let born = match db.sealed_target(entry).context("停止の求めを読めません")? {
        Some(sealed) => Written::of_sealed(&open_target(&home.ring, entry, &sealed)?)?.born(today()),
        None => None,
    };
    let mut heard = match hear(desk, asking, born)? {
        Ok(heard) => heard,
        Err(ending) => return Ok(ending),
    };
    heard.row.withdraws = Some(entry.to_owned());
    heard.row.provider = stop.provider.clone();
    let own = db
        .enter_request(&heard.row, &Target::default(), RECALLABLE, &|entry| {
            seal_target(&home.ring, entry, &[])
        })
        .context("撤回を登録できません")?;
    if let Some(ending) = settled(desk, &mut db, &own, AuditAction::WithdrawOptOut, &heard)? {
        return Ok(ending);
    }
    erasure::keep_ledger(home)?;
    desk.voice.say(
        format!("停止の求め {entry} の撤回を登録しました: {own}\n  削除した医療情報は戻りません"),
        format!("Taken back: {entry}, as {own}\n  what was erased does not come back"),
    );
    desk.voice.value(&json!({ "entry": own, "withdraws": entry, "receipt_due": heard.row.receipt_due }));
    Ok(Ending::Done)
}
