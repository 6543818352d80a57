//! `musubi tonight`: the night as it is: runs as bars, deliveries with their steps, when what runs is likely to end judged by
//! earlier nights, and what needs a human. It reads; it starts nothing and mends nothing.

use anyhow::{Context as _, Result};
use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};
use musubi_compliance::deliveries::{Forecast, forecast};
use musubi_model::submission::SubmissionState;
use musubi_storage::act::instruction::RunSeen;
use musubi_storage::console::SubmissionView;
use serde_json::{Value, json};

use super::Ending;
use crate::args::Cli;
use crate::home::{Home, now, today};
use crate::say::Voice;

/// Japan's offset; it has no summer time.
const JAPAN: jiff::tz::Offset = jiff::tz::offset(9);

/// The night of a day: from its noon to the next.
fn night_of(day: Date) -> Result<(Timestamp, Timestamp)> {
    let noon = |day: Date| JAPAN.to_timestamp(day.at(12, 0, 0, 0)).context("日付");
    Ok((noon(day)?, noon(day.tomorrow().context("日付")?)?))
}

/// The night that is now: until noon it is that of yesterday.
fn this_night() -> Result<Date> {
    let hour = JAPAN.to_datetime(now()).hour();
    if hour < 12 { today().yesterday().context("日付") } else { Ok(today()) }
}

/// Something that a human has to look at.
struct Call {
    code: &'static str,
    ja: String,
    en: String,
    /// What it is about: a run's number, a delivery, a feed.
    subject: String,
    /// Whose turn it is.
    owner: &'static str,
}

impl Call {
    fn told(&self) -> Value {
        let (ja, en) = match self.owner {
            "sender" => ("提出者", "sender"),
            "linkage" => ("名寄せ", "linkage"),
            _ => ("運用", "operator"),
        };
        json!({
            "code": self.code, "ja": self.ja, "en": self.en, "subject": self.subject,
            "owner": { "code": self.owner, "ja": ja, "en": en },
        })
    }
}

/// Runs the verb.
pub fn run(cli: &Cli, voice: Voice, date: Option<Date>) -> Result<Ending> {
    let home = Home::open(cli)?;
    let day = match date {
        Some(day) => day,
        None => this_night()?,
    };
    let (from, until) = night_of(day)?;
    let back = i64::try_from(home.parameters.number("deliveries.calendar_days", today())?)?;
    let since =
        from.checked_sub(SignedDuration::from_hours(24 * back)).context("deliveries.calendar_days")?;
    let all = home.registry.act()?.runs_since(since).context("実行の記録を読めません")?;
    let (tonight, earlier): (Vec<RunSeen>, Vec<RunSeen>) =
        all.into_iter().filter(|r| r.started_at < until).partition(|r| r.started_at >= from);
    let mut console = home.registry.console()?;
    let deliveries = console.submissions(from, until).context("提出を読めません")?;
    let mut calls = Vec::new();
    let runs: Vec<Value> = tonight.iter().map(|r| run_told(r, &earlier, &mut calls)).collect();
    let came: Vec<Value> = deliveries.iter().map(|d| delivery_told(d, &mut calls)).collect();
    let overdue = overdue(&home, day, &mut calls)?;
    forgotten_uploads(&home, &mut calls)?;
    if let Some(why) = home.registry.identity()?.gate_shut().context("関門の記録を読めません")? {
        calls.push(Call {
            code: "gate-shut",
            ja: "名寄せの関門が閉じています。提供はできません。".to_owned(),
            en: format!("The gates of matching are shut: {why}"),
            subject: String::new(),
            owner: "linkage",
        });
    }
    for call in &calls {
        voice.say(format!("! {} {}", call.subject, call.ja), format!("! {} {}", call.subject, call.en));
    }
    voice.say(
        format!("{day} の夜: 実行 {}、提出 {}、人の対応 {}", runs.len(), came.len(), calls.len()),
        format!("Night of {day}: {} runs, {} deliveries, {} calls", runs.len(), came.len(), calls.len()),
    );
    voice.value(&json!({
        "night": day, "from": from, "until": until, "now": now(), "runs": runs, "deliveries": came,
        "overdue": overdue, "calls": calls.iter().map(Call::told).collect::<Vec<_>>(),
        "slowest": slowest(&deliveries),
    }));
    Ok(Ending::Done)
}

fn run_told(run: &RunSeen, earlier: &[RunSeen], calls: &mut Vec<Call>) -> Value {
    let took: Vec<SignedDuration> = earlier
        .iter()
        .filter(|e| e.verb == run.verb)
        .filter_map(|e| e.ended.as_ref().map(|(at, _)| at.duration_since(e.started_at)))
        .collect();
    let told: Option<Forecast> =
        if run.ended.is_none() { forecast(run.started_at, now(), &took) } else { None };
    let call = match run.ended.as_ref().map(|(_, result)| result.as_str()) {
        Some("done") => None,
        Some("look-at-it") => {
            Some(("run-look", "確認が必要な結果で終わりました。", "ended with something to look at"))
        }
        Some(_) => Some(("run-failed", "失敗で終わりました。", "failed")),
        None if told.is_some_and(|f| f.overrun) => Some((
            "run-overrun",
            "これまでのどの夜より長くかかっています。",
            "takes longer than in any earlier night",
        )),
        None => None,
    };
    if let Some((code, ja, en)) = call {
        calls.push(Call {
            code,
            ja: format!("処理「{}」は、{ja}", run.verb),
            en: format!("{} {en}.", run.verb),
            subject: run.id.to_string(),
            owner: "operator",
        });
    }
    json!({ "run": run, "forecast": told, "needs_human": call.is_some() })
}

fn delivery_told(one: &SubmissionView, calls: &mut Vec<Call>) -> Value {
    let total = one.balance.total();
    let call = match one.state {
        SubmissionState::Rejected => {
            Some(("delivery-rejected", "受け付けられませんでした。", "was refused.", "sender"))
        }
        SubmissionState::Quarantined => {
            Some(("delivery-quarantined", "全体が隔離されました。", "was set aside as a whole.", "sender"))
        }
        _ if !one.balance.closes() => {
            Some(("balance-open", "突合していません。", "does not balance.", "operator"))
        }
        _ => None,
    };
    let feed = one.feed.clone().unwrap_or_else(|| "—".to_owned());
    if let Some((code, ja, en, owner)) = call {
        calls.push(Call {
            code,
            ja: format!("{feed} の提出が{ja}"),
            en: format!("A delivery of {feed} {en}"),
            subject: one.id.to_string(),
            owner,
        });
    }
    json!({
        "submission": one.id, "feed": one.feed, "submitter": one.submitter, "state": one.state,
        "state_ja": one.state.ja(), "received_at": one.received_at, "bytes": one.bytes, "records": total.received,
        "quarantined": total.quarantined, "held": total.held, "closes": one.balance.closes(),
        "ended_at": ended_at(one),
        "events": one.events.iter().map(|e| json!({ "at": e.at, "state": e.state })).collect::<Vec<_>>(),
        "needs_human": call.is_some(),
    })
}

/// When it came to its end. Later deliveries of the same package are noted under the same state, with a detail.
fn ended_at(one: &SubmissionView) -> Option<Timestamp> {
    let state = one.state.as_str();
    one.events.iter().find(|e| one.state.is_final() && e.state == state).map(|e| e.at)
}

/// Feeds that have brought nothing within their rhythm, as the night itself finds them.
fn overdue(home: &Home, day: Date, calls: &mut Vec<Call>) -> Result<Vec<Value>> {
    let agreements = home.registry.ingest()?.agreements().context("取り決めを読めません")?;
    let last = home.registry.console()?.days_before(day.tomorrow()?).context("提出を読めません")?;
    let mut told = Vec::new();
    for feed in &agreements.feeds {
        // A feed that has never brought anything is not late, but not yet begun.
        let Some(before) = last.get(feed.id.as_str()) else { continue };
        let due = before.checked_add(Span::new().days(i64::from(feed.every_days)))?;
        if due < day {
            calls.push(Call {
                code: "feed-overdue",
                ja: format!("{} の提出が {due} から届いていません。", feed.id),
                en: format!("{} has been due since {due}.", feed.id),
                subject: feed.id.to_string(),
                owner: "sender",
            });
            told.push(json!({ "feed": feed.id, "submitter": feed.submitter, "last": before, "due": due }));
        }
    }
    Ok(told)
}

/// Uploads from the browser that lie in the inbox while nothing is known of their delivery: the server that had them in its
/// queue ended before their turn. One that was sent less than an hour ago may still be waiting for it.
fn forgotten_uploads(home: &Home, calls: &mut Vec<Call>) -> Result<()> {
    let Ok(organisations) = std::fs::read_dir(home.data.join("inbox/.uploads")) else { return Ok(()) };
    let mut console = home.registry.console()?;
    for entry in organisations.flatten().filter_map(|e| std::fs::read_dir(e.path()).ok()).flatten().flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(id) = musubi_model::ids::from_hex::<16>(&name).map(musubi_model::SubmissionId) else {
            continue;
        };
        let written =
            entry.metadata().and_then(|m| m.modified()).ok().and_then(|t| Timestamp::try_from(t).ok());
        let old = written.is_some_and(|at| now().duration_since(at) > SignedDuration::from_hours(1));
        if old && console.submission(&id)?.is_none() {
            calls.push(Call {
                code: "upload-forgotten",
                ja: "画面から送られた提出物が、処理されないまま残っています(musubi nightly --inbox で処理できます)。".to_owned(),
                en: "A package sent from the browser lies unprocessed (musubi nightly --inbox takes it in).".to_owned(),
                subject: name,
                owner: "operator",
            });
        }
    }
    Ok(())
}

/// The step that took longest in the deliveries of the night: seconds by the state that was reached.
fn slowest(all: &[SubmissionView]) -> Value {
    let mut steps: std::collections::BTreeMap<&str, i64> = std::collections::BTreeMap::new();
    for one in all {
        for pair in one.events.windows(2) {
            if let [before, after] = pair {
                let ms = after.at.duration_since(before.at).as_millis();
                *steps.entry(after.state.as_str()).or_default() += i64::try_from(ms).unwrap_or(i64::MAX);
            }
        }
    }
    let worst = steps.iter().max_by_key(|(_, ms)| **ms);
    worst.map_or(Value::Null, |(state, ms)| json!({ "state": state, "ms": ms, "steps": steps }))
}
