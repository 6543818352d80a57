//! The calendar of feeds, and what was set aside. Rules are `musubi_compliance::deliveries`; here they are fed and told.

use anyhow::{Context as _, Result};
use jiff::Span;
use jiff::civil::Date;
use musubi_compliance::deliveries::{CalendarRules, FeedDay, Mark, Rhythm, days, usual};
use musubi_compliance::notice::HoldReason;
use musubi_etl::retry::{ORDERED, RETURNED};
use musubi_model::manifest::{Agreements, Feed, FeedKind};
use musubi_model::submission::SubmissionState;
use musubi_storage::delivery::{DeliveriesWanted, DeliveryRow};
use serde_json::{Value, json};

use crate::commands::Ending;
use crate::commands::findings::rule_named;
use crate::commands::outside::Reach;
use crate::home::{Home, today};
use crate::say::Voice;

/// The rules in force.
pub fn rules(home: &Home) -> Result<CalendarRules> {
    Ok(CalendarRules {
        late_days: home.parameters.number("deliveries.late_days", today())?,
        volume_low_percent: home.parameters.number("deliveries.volume_low_percent", today())?,
    })
}

/// First and last day of a month.
fn month_of(text: Option<&str>) -> Option<(Date, Date)> {
    let first = match text {
        None => today().first_of_month(),
        Some(text) => format!("{text}-01").parse().ok()?,
    };
    Some((first, first.last_of_month()))
}

pub fn run(
    home: &Home,
    voice: Voice,
    reach: &Reach,
    month: Option<&str>,
    submitter: Option<&str>,
) -> Result<Ending> {
    let Some((from, until)) = month_of(month) else {
        voice.say("月は YYYY-MM で書いてください", "A month is written YYYY-MM");
        return Ok(Ending::Usage);
    };
    // An account of a submitter asks for its own whatever it names.
    let submitter = reach.submitter().or(submitter);
    let agreements = home.registry.ingest()?.agreements().context("取り決めを読めません")?;
    let mut db = home.registry.console()?;
    let wanted = DeliveriesWanted { submitter, from, until, set_aside: false };
    let all = db.deliveries(wanted).context("提出を読めません")?;
    let before = db.days_before(from).context("提出を読めません")?;
    let rules = rules(home)?;
    let mut feeds = Vec::new();
    for feed in agreements.feeds.iter().filter(|f| submitter.is_none_or(|s| f.submitter.as_str() == s)) {
        let own: Vec<DeliveryRow> =
            all.iter().filter(|d| d.feed.as_deref() == Some(feed.id.as_str())).cloned().collect();
        let rhythm = Rhythm { every_days: feed.every_days, before: before.get(feed.id.as_str()).copied() };
        let days = days(rhythm, &own, (from, until), today(), &rules);
        let worst = days.iter().map(|d| d.mark).max().unwrap_or(Mark::NotDue);
        voice.line(format!(
            "{:<32} {:<10} {}",
            feed.id,
            voice.word(worst.ja(), worst.en()),
            days.iter().map(|d| sign(d.mark)).collect::<String>()
        ));
        feeds.push(told(feed, &agreements, &own, &days, worst));
    }
    // What no agreement knows is shown as well: it was refused, and its sender must hear of it.
    let strays: Vec<Value> = all
        .iter()
        .filter(|d| !agreements.feeds.iter().any(|f| d.feed.as_deref() == Some(f.id.as_str())))
        .map(|d| json!({ "submission": d.submission, "feed": d.feed, "day": d.day, "state": d.state }))
        .collect();
    let legend: Vec<Value> = Mark::ALL
        .iter()
        .map(|m| json!({ "mark": m.as_str(), "ja": m.ja(), "en": m.en(), "sign": sign(*m).to_string() }))
        .collect();
    voice.value(&json!({
        "from": from, "until": until, "today": today(), "submitter": submitter, "feeds": feeds, "strays": strays,
        "legend": legend,
    }));
    Ok(Ending::Done)
}

/// A sign for each mark: a state is never told by colour alone.
fn sign(mark: Mark) -> char {
    match mark {
        Mark::NotDue => '·',
        Mark::OnTime => '○',
        Mark::Awaited => '…',
        Mark::UnderWay => '▶',
        Mark::Late => '△',
        Mark::Partial => '◐',
        Mark::Quarantined => '■',
        Mark::Rejected => '×',
        Mark::Missing => '？',
    }
}

fn told(feed: &Feed, agreements: &Agreements, own: &[DeliveryRow], days: &[FeedDay], worst: Mark) -> Value {
    let providers: Vec<Value> = feed
        .providers
        .iter()
        .map(|id| {
            let name = agreements.providers.iter().find(|p| p.id == *id).map(|p| p.name.as_str());
            json!({ "provider": id, "name": name })
        })
        .collect();
    let kind: FeedKind = feed.kind;
    json!({
        "feed": feed.id, "submitter": feed.submitter, "kind": kind.as_str(), "kind_ja": kind.ja(),
        "every_days": feed.every_days, "providers": providers, "worst": worst.as_str(), "usual": usual(own),
        "days": days.iter().map(|d| {
            let one = d.counts.and_then(|at| own.get(at));
            json!({
                "day": d.day, "mark": d.mark.as_str(), "sign": sign(d.mark).to_string(), "deliveries": d.deliveries,
                "small": d.small, "submission": one.map(|o| o.submission), "records": one.map(|o| o.records),
            })
        }).collect::<Vec<_>>(),
    })
}

/// Whose turn it is.
fn owner(one: &DeliveryRow) -> (&'static str, &'static str, &'static str) {
    match one.state {
        SubmissionState::Rejected | SubmissionState::Quarantined => ("sender", "提出者", "sender"),
        _ if one.quarantined > 0 => ("sender", "提出者", "sender"),
        _ => ("time", "通知の期間の満了を待つ", "waits for its notice"),
    }
}

/// What was decided about a delivery that was set aside, and why.
pub(super) fn decided(event: &str) -> Option<(&'static str, &str)> {
    let (word, why) = event.split_once(' ')?;
    match word {
        ORDERED => Some(("ordered", why)),
        RETURNED => Some(("returned", why)),
        _ => None,
    }
}

pub fn set_aside(home: &Home, voice: Voice, reach: &Reach, from: Option<Date>) -> Result<Ending> {
    let back = home.parameters.number("deliveries.calendar_days", today())?;
    let from = match from {
        Some(from) => from,
        None => today()
            .checked_sub(Span::new().try_days(i64::try_from(back)?)?)
            .context("deliveries.calendar_days")?,
    };
    let wanted = DeliveriesWanted { submitter: reach.submitter(), from, until: Date::MAX, set_aside: true };
    let all = home.registry.console()?.deliveries(wanted).context("提出を読めません")?;
    let held = home.registry.act()?.held_counts().context("保留分を読めません")?;
    let mut console = home.registry.console()?;
    let mut told = Vec::new();
    for one in all.iter().rev() {
        let (code, ja, en) = owner(one);
        let why: Vec<Value> = one
            .errors
            .iter()
            .map(|(rule, n)| {
                let words = rule_named(rule);
                json!({
                    "rule": rule, "count": n, "ja": words.map(|r| r.ja), "en": words.map(|r| r.en),
                    "mend_ja": words.map(|r| r.mend_ja), "mend_en": words.map(|r| r.mend_en),
                })
            })
            .collect();
        let id = one.submission.to_string();
        let events = console.submission(&one.submission)?.map(|s| s.events).unwrap_or_default();
        let decided =
            events.iter().rev().find_map(|e| decided(&e.detail).map(|(what, why)| (e.at, what, why)));
        let waits: Vec<Value> = held
            .iter()
            .filter(|h| h.submission == id)
            .map(|h| {
                let reason = HoldReason::read(&h.reason);
                json!({
                    "reason": h.reason, "ja": reason.map(HoldReason::ja), "units": h.units, "next_ripe": h.next_ripe,
                })
            })
            .collect();
        voice.line(format!(
            "{id}  {}  {}  {} {}  {} {}  → {}",
            one.day,
            voice.word(one.state.ja(), one.state.as_str()),
            voice.word("隔離", "set aside"),
            one.quarantined,
            voice.word("保留", "held"),
            one.held,
            voice.word(ja, en)
        ));
        told.push(json!({
            "submission": one.submission, "feed": one.feed, "submitter": one.submitter, "kind": one.kind, "day": one.day,
            "received_at": one.received_at, "state": one.state, "state_ja": one.state.ja(), "records": one.records,
            "quarantined": one.quarantined, "held": one.held, "why": why, "waits": waits,
            "owner": { "code": code, "ja": ja, "en": en },
            "decided": decided.map(|(at, what, why)| json!({ "at": at, "what": what, "reason": why })),
        }));
    }
    if told.is_empty() {
        voice.say("隔離・保留はありません", "Nothing is set aside");
    }
    voice.value(&json!({ "from": from, "set_aside": told }));
    Ok(Ending::Done)
}
