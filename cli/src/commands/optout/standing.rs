//! `musubi optout standing`: what the desk may tell a person on a day (本人の状況, law: R-INQ-02): is anything held, from whom,
//! since when, when they were told, which stops are registered, which use is allowed, what the desk answered before.
//!
//! Nothing is looked up before the purpose is given and it was made sure who asks. It must never show anything clinical.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use clap::builder::PossibleValuesParser;
use jiff::civil::Date;
use musubi_compliance::audit::{AuditAction, AuditObject, AuditPurpose};
use musubi_compliance::desk::{
    Capacity, CheckMethod, DeskRules, Life, Requester, Standing as Asking, may_ask,
};
use musubi_compliance::inquiry::{self, InquiryKind, Promises};
use musubi_compliance::notice::NoticeRules;
use musubi_compliance::standing::{Stop, Told, allowances};
use musubi_etl::house::japanese_day;
use musubi_storage::act::notice::NoticeBooks as _;
use musubi_storage::compliance::{OptOutLedger as _, OptOutRow};
use musubi_storage::registry::IdentityDb;
use serde_json::{Value, json};

use super::person::{Person, Written};
use super::{Desk, Ending, ask, understood};
use crate::home::today;

/// `musubi optout standing`.
#[derive(Debug, Args)]
pub struct Standing {
    /// The person (TOML): names of columns as in the list, and `name_kanji`.
    #[arg(long)]
    file: PathBuf,
    /// The day; default: today.
    #[arg(long)]
    on: Option<Date>,
    /// For what; stands in the audit chain.
    #[arg(long, value_parser = PossibleValuesParser::new(["disclosure", "correction", "opt-out", "inquiry"]))]
    purpose: String,
    /// Who asks: self, family:<relation>, guardian, agent.
    #[arg(long)]
    requester: Requester,
    /// Whether the person is living or dead.
    #[arg(long, default_value = "living")]
    life: Life,
    /// Whether the person is able to decide: able, minor, incapable.
    #[arg(long, default_value = "able")]
    capacity: Capacity,
    /// How it was made sure who asks: document, mail-copy, call-back, by-provider.
    #[arg(long)]
    check: CheckMethod,
    /// It was made sure who asks. Without it nothing is looked up.
    #[arg(long)]
    confirmed: bool,
}

/// Runs it.
pub(super) fn run(desk: &Desk<'_>, order: &Standing) -> Result<Ending> {
    let written = Written::read(&order.file)?;
    let rules = DeskRules::in_force(&desk.home.parameters, today()).context("窓口の規則を使えません")?;
    let asking = Asking {
        requester: &order.requester,
        life: order.life,
        capacity: order.capacity,
        born: written.born(today()),
        confirmed: order.confirmed,
        on: today(),
    };
    if let Err(code) = may_ask(&asking, &rules) {
        desk.voice.value(&json!({ "refused": code.as_str(), "check": order.check.as_str() }));
        return Ok(desk.no(
            Ending::Usage,
            format!("お答えできません: {}({})。何も照会していません", code.ja(), code.as_str()),
            format!("No answer: {} ({}). Nothing was looked up", code.en(), code.as_str()),
        ));
    }
    let person = match understood(desk.home, desk.voice, &written)? {
        Ok(person) => person,
        Err(ending) => return Ok(ending),
    };
    let purpose = AuditPurpose::ALL.iter().copied().find(|p| p.as_str() == order.purpose);
    let purpose = purpose.unwrap_or(AuditPurpose::Disclosure);
    let mut db = desk.home.registry.identity()?;
    // Booked before it is looked for: what cannot be booked is not shown.
    desk.book(&mut db, AuditAction::QueryPerson, AuditObject::Persons(purpose), 1)?;
    tell(desk, &mut db, &person, order.on.unwrap_or(today()))
}

fn tell(desk: &Desk<'_>, db: &mut IdentityDb, person: &Person, on: Date) -> Result<Ending> {
    let reached = person.reached(db, None)?;
    let held = db.held_of(&reached, &person.described).context("保有の状況を読めません")?;
    let releases = db.releases_with(&reached).context("提供の状況を読めません")?;
    let (stops, in_force) = stops(db, person, on)?;
    let (told, notices) = notices(desk, db, person, &reached)?;
    let since = |at: &Option<jiff::Timestamp>| at.is_none_or(|t| japanese_day(t) <= on);
    let held: Vec<_> = held.into_iter().filter(|h| since(&h.since)).collect();
    let providers: Vec<&str> = held.iter().map(|h| h.provider.as_str()).collect();
    let uses = allowances(&providers, &told, &in_force, on);
    let inquiries = past(desk, db, person)?;
    desk.voice.say(
        format!("{on} の状況: 提供元 {} か所、有効な停止 {} 件", held.len(), in_force.len()),
        format!("On {on}: {} providers, {} stops in force", held.len(), in_force.len()),
    );
    for use_ in &uses {
        let because = desk.voice.word(use_.because_ja, use_.because_en);
        desk.voice.line(format!("  {}  {because}", use_.provider));
    }
    for notice in &notices {
        desk.voice.line(format!("  {notice}"));
    }
    let releases: Vec<Value> = releases
        .iter()
        .filter(|(_, at)| japanese_day(*at) <= on)
        .map(|(id, at)| json!({ "release": id, "sealed_at": at }))
        .collect();
    desk.voice.value(&json!({
        "on": on, "identities": reached.len(), "held": held, "notices": notices, "stops": stops,
        "uses": uses, "releases": releases, "inquiries": inquiries,
    }));
    Ok(Ending::Done)
}

/// The entries that hold a token of the person, and those of them that are in force on the day.
fn stops(db: &mut IdentityDb, person: &Person, on: Date) -> Result<(Vec<Value>, Vec<Stop>)> {
    let rows = db.opt_outs().context("停止の求めを読めません")?;
    let mine: BTreeMap<String, OptOutRow> =
        rows.into_iter().filter(|row| ask::known(person, row)).map(|row| (row.entry.clone(), row)).collect();
    let holds = |r: &OptOutRow| r.effective_from <= on && r.withdrawn_on.is_none_or(|day| day > on);
    let told = mine.values().map(|r| {
        json!({ "entry": r.entry, "provider": r.provider, "effective_from": r.effective_from,
            "withdrawn_on": r.withdrawn_on, "in_force": holds(r) })
    });
    let stop =
        |r: &OptOutRow| Stop { provider: r.provider.clone(), from: r.effective_from, until: r.withdrawn_on };
    Ok((told.collect(), mine.values().filter(|r| holds(r)).map(stop).collect()))
}

/// The notices of the person: by what was described, and by what the descriptions held of them are known by.
fn notices(
    desk: &Desk<'_>,
    db: &mut IdentityDb,
    person: &Person,
    reached: &[musubi_model::IdentityId],
) -> Result<(Vec<Told>, Vec<Value>)> {
    let rules = NoticeRules::of(&desk.home.parameters, today()).context("通知の規則を使えません")?;
    let mut keys = db.tokens_of(reached).context("通知を照会できません")?;
    let own = person.described.tokens.iter().filter(|t| !person.without.contains(&t.kind.as_str()));
    keys.extend(
        own.map(|t| (t.value.clone(), t.kind.as_str().to_owned(), person.described.guard.0.to_vec())),
    );
    let tokens: Vec<&[u8]> = keys.iter().map(|k| k.0.as_slice()).collect();
    let mut act = desk.home.registry.act()?;
    let hits = act.notices_by_token(&tokens).context("通知の台帳を読めません")?;
    let mut scopes = BTreeMap::new();
    let providers: Vec<&str> = hits.iter().map(|h| h.provider.as_str()).collect();
    for t in act.notice_templates(&providers).context("通知の台帳を読めません")? {
        scopes.insert((t.provider, t.version), t.scope);
    }
    let mine = hits.into_iter().filter(|hit| {
        keys.iter()
            .any(|(token, kind, guard)| *token == hit.token && (kind == "local" || *guard == hit.guard))
    });
    let (mut told, mut shown, mut seen) = (Vec::new(), Vec::new(), std::collections::BTreeSet::new());
    for hit in mine {
        if !seen.insert(hit.notice) {
            continue;
        }
        let scope = scopes.get(&(hit.provider.clone(), hit.template.clone())).cloned().unwrap_or_default();
        let ripe = rules.ripe_on(hit.notified_on);
        shown.push(json!({ "provider": hit.provider, "notified_on": hit.notified_on, "method": hit.method,
            "party": hit.party, "scope": scope, "ripe_on": ripe }));
        told.push(Told { provider: hit.provider, on: hit.notified_on, ripe, scope });
    }
    Ok((told, shown))
}

/// What the desk was asked about the person before: kinds and days; the words lie sealed.
fn past(desk: &Desk<'_>, db: &mut IdentityDb, person: &Person) -> Result<Vec<Value>> {
    let numbers = db.inquiries_about(&person.described, person.without).context("問い合わせを読めません")?;
    let promises = Promises::in_force(&desk.home.parameters, today())?;
    let all = desk.home.registry.act()?.inquiries().context("問い合わせを読めません")?;
    let mine = all.iter().filter(|(q, _)| numbers.contains(&q.id)).map(|(q, events)| {
        let state = inquiry::state(q, events, &promises, today());
        let kind = InquiryKind::from_name(&q.kind);
        json!({ "inquiry": q.id, "kind": q.kind, "kind_ja": kind.map(InquiryKind::ja), "at": q.at,
            "answered": state.answered, "closed": state.closed })
    });
    Ok(mine.collect())
}
