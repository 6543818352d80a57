//! Looking into the audit log: entries one by one, and what was done in a month counted. Looking is written down too.

use anyhow::{Context as _, Result};
use clap::Args;
use jiff::civil::Date;
use musubi_compliance::audit::{self, AuditAction, AuditResult, AuditRole};
use musubi_compliance::organisation::role_of;
use musubi_storage::act::audit_log::AuditFilter;
use musubi_storage::compliance::AuditRow;
use serde_json::json;

use super::{book, record};
use crate::args::Cli;
use crate::commands::Ending;
use crate::home::Home;
use crate::say::Voice;

/// `musubi audit log`.
#[derive(Debug, Args)]
pub struct LogOrder {
    /// From this time or day on.
    #[arg(long)]
    since: Option<String>,
    /// Before this time or day.
    #[arg(long)]
    until: Option<String>,
    /// Before the entry of this number.
    #[arg(long)]
    before: Option<u64>,
    /// By this account.
    #[arg(long = "by")]
    by: Option<String>,
    /// This action, e.g. view-person.
    #[arg(long)]
    action: Option<String>,
    /// This object or its beginning, e.g. person: or release:R-1.
    #[arg(long)]
    object: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 50)]
    last: u32,
}

/// The action of a stored word.
fn action_of(word: &str) -> Option<AuditAction> {
    AuditAction::ALL.iter().copied().find(|a| a.as_str() == word)
}

/// `musubi audit log`.
pub fn log(cli: &Cli, home: &Home, voice: Voice, order: &LogOrder) -> Result<Ending> {
    if let Some(action) = &order.action
        && !AuditAction::ALL.iter().any(|a| a.as_str() == action)
    {
        let all: Vec<&str> = AuditAction::ALL.iter().map(|a| a.as_str()).collect();
        voice.say(
            format!("その操作はありません。次のいずれかです: {}", all.join(" ")),
            format!("One of: {}", all.join(" ")),
        );
        return Ok(Ending::Usage);
    }
    let mut db = home.registry.act()?;
    let filter = AuditFilter {
        since: order.since.clone(),
        until: order.until.clone(),
        before: order.before,
        actor: order.by.clone(),
        action: order.action.clone(),
        object: order.object.clone(),
        last: order.last,
    };
    // Before anything is shown: looking is written down even when showing fails.
    record(&mut db, cli, AuditAction::Report, book()?, AuditResult::Done)?;
    let rows = db.audit_entries(&filter).context("証跡を読めません")?;
    for row in &rows {
        voice.line(line(voice, row));
    }
    voice.say(format!("{} 件", rows.len()), format!("{} entries", rows.len()));
    voice.value(&rows.iter().map(|r| json!({
        "seq": r.seq, "at": r.at, "actor": r.actor, "role": r.role, "action": r.action, "object": r.object,
        "persons": r.persons, "result": r.result, "purpose": r.purpose, "object_class": r.object_class, "hash": r.hash,
        "previous": r.previous,
        "role_ja": role_of(&r.role).map(AuditRole::ja),
        "action_ja": action_of(&r.action).map(AuditAction::ja),
        "purpose_ja": audit::Purpose::ALL.iter().find(|p| p.as_str() == r.purpose).map(|p| p.ja()),
        "object_class_ja": audit::ObjectClass::ALL.iter().find(|c| c.as_str() == r.object_class).map(|c| c.ja()),
    })).collect::<Vec<_>>());
    Ok(Ending::Done)
}

/// A row for people; words that this version does not know stand as they are stored.
fn line(voice: Voice, row: &AuditRow) -> String {
    let (action, role) = (action_of(&row.action), role_of(&row.role));
    let action = action.map_or(row.action.as_str(), |a| voice.word(a.ja(), a.as_str()));
    let role = role.map_or(row.role.as_str(), |r| voice.word(r.ja(), r.as_str()));
    let at = row.at.get(..19).unwrap_or(&row.at);
    let persons = if row.persons == 0 {
        String::new()
    } else {
        voice.word("人 ", "persons ").to_owned() + row.persons.to_string().as_str()
    };
    let purpose = audit::Purpose::ALL.iter().find(|p| p.as_str() == row.purpose);
    let purpose = purpose.map_or(row.purpose.as_str(), |p| voice.word(p.ja(), p.as_str()));
    format!(
        "{:>7}  {at}Z  {}({role})  {action}  {}  [{purpose}]  {}  {persons}",
        row.seq, row.actor, row.object, row.result
    )
}

/// Midnight in Japan.
fn begins(day: Date) -> Result<jiff::Timestamp> {
    Ok(day.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).context("月")?.timestamp())
}

/// `musubi audit summary`.
pub fn summary(cli: &Cli, home: &Home, voice: Voice, month: &str) -> Result<Ending> {
    let Ok(first) = format!("{month}-01").parse::<Date>() else {
        voice.say("月は 2026-11 のように書いてください", "write the month as 2026-11");
        return Ok(Ending::Usage);
    };
    let next = first.last_of_month().tomorrow().context("月")?;
    let mut db = home.registry.act()?;
    record(&mut db, cli, AuditAction::Report, book()?, AuditResult::Done)?;
    let rows = db.audit_summary(begins(first)?, begins(next)?).context("証跡を読めません")?;
    for row in &rows {
        let action = action_of(&row.action).map_or(row.action.as_str(), |a| voice.word(a.ja(), a.as_str()));
        let role = role_of(&row.role).map_or(row.role.as_str(), |r| voice.word(r.ja(), r.as_str()));
        voice.line(format!("{:>7}  {action}({role})  ✕ {} / {}", row.entries, row.refused, row.failed));
    }
    voice.value(&json!({ "month": month, "rows": rows.iter().map(|r| json!({
        "action": r.action, "action_ja": action_of(&r.action).map(AuditAction::ja),
        "role": r.role, "role_ja": role_of(&r.role).map(AuditRole::ja),
        "entries": r.entries, "refused": r.refused, "failed": r.failed, "persons": r.persons, "actors": r.actors,
    })).collect::<Vec<_>>() }));
    Ok(Ending::Done)
}
