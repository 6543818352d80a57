//! Tonight: runs, jobs of this server and deliveries as bars on one axis of time, when what runs is likely to end, and a list of
//! what needs a human: only that is marked.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use serde_json::Value;

use crate::charts::{Bar, Span, gantt};
use crate::format::bytes;
use crate::web::house::{Job, Order};
use crate::web::pages::said::{count, day, list, moment, part, text, words, yes};
use crate::web::pages::submitter::{state_of, state_word, tone};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::operator as w;
use crate::words::Lang;

/// Bars of one picture; the table has all.
const BARS: usize = 40;

pub(super) fn page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let date = v.field("date").to_owned();
    let value = v.value(&Order::new("tonight").given("--date", &date))?;
    let jobs = v.house().jobs();
    let inside = view(v.lang, &value, &jobs, v.opens("/deliveries/any"));
    if v.fragment {
        return Ok(v.part(inside));
    }
    // A night that is over does not change any more.
    let over = moment(&value, "until").is_some_and(|until| until < v.house().now());
    let body =
        if over { inside } else { ui::live(&format!("/tonight?date={}", text(&value, "night")), 5, &inside) };
    Ok(v.page(&format!("{} {}", v.say(&w::TONIGHT), text(&value, "night")), &body))
}

/// The page from what the verb said, and the jobs of this server. `opens`: deliveries are links.
pub(super) fn view(lang: Lang, value: &Value, jobs: &[Job], opens: bool) -> Markup {
    let calls = list(value, "calls");
    let running = list(value, "runs").iter().filter(|r| part(part(r, "run"), "ended").is_null()).count();
    let standing = if !calls.is_empty() {
        ui::standing(
            lang,
            Tone::Bad,
            &lang.pick(
                format!("人の対応が必要なことが {} 件あります。", calls.len()),
                format!("{} things need a human.", calls.len()),
            ),
            lang.pick("下の一覧を上から対応してください。", "Work through the list below."),
            lang.pick("運用", "Operator"),
            None,
        )
    } else if running > 0 {
        ui::standing(
            lang,
            Tone::Waiting,
            lang.pick(
                "処理が動いています。人の対応は要りません。",
                "Work is under way. Nothing needs a human.",
            ),
            "",
            "",
            None,
        )
    } else {
        ui::standing(
            lang,
            Tone::Good,
            lang.pick("人の対応は要りません。", "Nothing needs a human."),
            "",
            "",
            None,
        )
    };
    html! {
        (standing)
        (around(lang, value))
        @if !calls.is_empty() { (ui::section(lang.pick("人の対応が必要なこと", "What needs a human"), "", &calls_table(lang, calls, opens))) }
        (ui::section(lang.pick("時間の流れ", "On the axis of time"), lang.pick("濃い棒は終わった処理、薄い棒は動いている処理、斜線の棒は人の対応が必要なものです。破線の枠はこれまでの夜から見た終わりの見込みです。", "Dark bars have ended, light ones run, hatched ones need a human. The broken frame is the end foretold by earlier nights."), &picture(lang, value, jobs)))
        (runs_table(lang, value))
        (deliveries_table(lang, value, opens))
        (slowest(lang, value))
    }
}

fn around(lang: Lang, value: &Value) -> Markup {
    let night = day(value, "night");
    html! {
        nav.pager aria-label=(lang.pick("夜", "Night")) {
            @if let Some(d) = night.and_then(|d| d.yesterday().ok()) { a href={ "/tonight?date=" (d) } { (lang.pick("前の夜", "The night before")) } }
            @if let Some(d) = night.and_then(|d| d.tomorrow().ok()) { a href={ "/tonight?date=" (d) } { (lang.pick("次の夜", "The next night")) } }
        }
    }
}

fn subject(lang: Lang, call: &Value, opens: bool) -> Markup {
    let id = text(call, "subject");
    html! {
        @match text(call, "code") {
            code if code.starts_with("run-") => { a href={ "/runs/" (id) } { (lang.pick("実行", "Run")) " " (id) } }
            code if opens && (code.starts_with("delivery-") || code == "balance-open") => { a href={ "/deliveries/" (id) } { (id) } }
            _ => { (id) }
        }
    }
}

fn calls_table(lang: Lang, calls: &[Value], opens: bool) -> Markup {
    let rows: Vec<Vec<Markup>> = calls
        .iter()
        .map(|c| {
            vec![
                html! { (ui::badge(Tone::Bad, lang.pick("対応", "look"))) " " (words(c, "", lang)) },
                subject(lang, c, opens),
                html! { (words(part(c, "owner"), "", lang)) },
            ]
        })
        .collect();
    ui::table(
        lang.pick("人の対応が必要なこと", "What needs a human"),
        &[
            (lang.pick("何が", "What"), false),
            (lang.pick("対象", "Subject"), false),
            (lang.pick("担当", "Owner"), false),
        ],
        &rows,
    )
}

fn spans(lang: Lang, value: &Value, jobs: &[Job]) -> Vec<Span> {
    let mut all = Vec::new();
    for told in list(value, "runs") {
        let run = part(told, "run");
        let Some(began) = moment(run, "started_at") else { continue };
        let ended = list(run, "ended").first().and_then(Value::as_str).and_then(|s| s.parse().ok());
        let guess = part(told, "forecast");
        let bar = match (yes(told, "needs_human"), ended) {
            (true, _) => Bar::Call,
            (_, Some(_)) => Bar::Done,
            _ => Bar::Runs,
        };
        all.push(Span {
            label: format!("{} {}", lang.pick("実行", "run"), text(run, "verb")),
            began,
            ended,
            forecast: moment(guess, "likely").zip(moment(guess, "latest")),
            bar,
        });
    }
    for job in jobs.iter().filter(|j| j.began.is_none()) {
        all.push(Span {
            label: format!("{} {}", lang.pick("待ち", "waits"), job.verb),
            began: job.asked,
            ended: None,
            forecast: None,
            bar: Bar::Waits,
        });
    }
    for one in list(value, "deliveries") {
        let Some(began) = moment(one, "received_at") else { continue };
        let ended = moment(one, "ended_at");
        let bar = match (yes(one, "needs_human"), ended) {
            (true, _) => Bar::Call,
            (_, Some(_)) => Bar::Done,
            _ => Bar::Runs,
        };
        all.push(Span { label: text(one, "feed").to_owned(), began, ended, forecast: None, bar });
    }
    all
}

/// The axis: what happened, with a little room, and not the whole night when little of it was used.
fn axis(value: &Value, spans: &[Span], now: Timestamp) -> (Timestamp, Timestamp) {
    let room = SignedDuration::from_mins(10);
    let night = (moment(value, "from").unwrap_or(now), moment(value, "until").unwrap_or(now));
    let first = spans.iter().map(|s| s.began).min().unwrap_or(night.0);
    let last = spans.iter().flat_map(|s| [s.ended.unwrap_or(now), s.forecast.map_or(s.began, |f| f.1)]).max();
    let from = first.checked_sub(room).unwrap_or(first);
    let until = last.and_then(|l| l.checked_add(room).ok()).unwrap_or(night.1);
    (from, until.max(from))
}

fn picture(lang: Lang, value: &Value, jobs: &[Job]) -> Markup {
    let now = moment(value, "now").unwrap_or_default();
    let all = spans(lang, value, jobs);
    if all.is_empty() {
        return ui::empty(lang.pick("この夜の処理はまだありません。", "Nothing has run this night yet."));
    }
    // What needs a human is never left out of the picture.
    let mut shown = all.clone();
    shown.sort_by_key(|s| (s.bar != Bar::Call, s.began));
    shown.truncate(BARS);
    shown.sort_by_key(|s| s.began);
    let said = lang.pick(
        format!("{} 本の棒。内訳は下の表にあります。", all.len()),
        format!("{} bars; the tables below have their numbers.", all.len()),
    );
    html! {
        div.wide { (gantt(lang.say(&w::TONIGHT), &said, axis(value, &all, now), now, &shown)) }
        @if all.len() > shown.len() { p.note { (lang.pick(format!("ほか {} 本は表にあります。", all.len() - shown.len()), format!("{} more stand in the tables.", all.len() - shown.len()))) } }
    }
}

/// How a run ended.
pub(super) fn ending(lang: Lang, result: &str) -> Markup {
    match result {
        "" => ui::badge(Tone::Waiting, lang.pick("実行中", "runs")),
        "done" => ui::badge(Tone::Good, lang.pick("終了", "done")),
        "look-at-it" => ui::badge(Tone::Bad, lang.pick("要確認", "look at it")),
        _ => ui::badge(Tone::Bad, lang.pick("失敗", "failed")),
    }
}

fn runs_table(lang: Lang, value: &Value) -> Markup {
    let rows: Vec<Vec<Markup>> = list(value, "runs")
        .iter()
        .map(|told| {
            let run = part(told, "run");
            let ended = list(run, "ended");
            let at: Option<Timestamp> = ended.first().and_then(Value::as_str).and_then(|s| s.parse().ok());
            let result = ended.get(1).and_then(Value::as_str).unwrap_or_default();
            let guess = part(told, "forecast");
            vec![
                html! { a href={ "/runs/" (count(run, "id")) } { (count(run, "id")) } },
                html! { (text(run, "verb")) },
                html! { (text(run, "principal")) },
                html! { @if let Some(at) = moment(run, "started_at") { (ui::moment(at)) } },
                html! { @if let Some(at) = at { (ui::moment(at)) } @else if let Some(likely) = moment(guess, "likely") {
                    (lang.pick("見込み ", "likely ")) (ui::moment(likely))
                    @if let Some(latest) = moment(guess, "latest") { " " span.soft { (lang.pick("遅くとも ", "latest ")) (ui::moment(latest)) } }
                } @else { span.soft { (lang.pick("見込みを出せる夜がまだ足りません", "too few nights to tell")) } } },
                ending(lang, result),
            ]
        })
        .collect();
    ui::section(
        lang.pick("実行", "Runs"),
        "",
        &html! {
            @if rows.is_empty() { (ui::empty(lang.pick("まだありません。", "None yet."))) } @else {
                (ui::table(lang.pick("実行", "Runs"), &[(lang.pick("番号", "Number"), false), (lang.pick("操作", "Verb"), false), (lang.pick("アカウント", "Account"), false), (lang.pick("始まり", "Began"), false), (lang.pick("終わり・見込み", "Ended, or likely"), false), (lang.pick("結果", "Result"), false)], &rows))
            }
        },
    )
}

fn deliveries_table(lang: Lang, value: &Value, opens: bool) -> Markup {
    let rows: Vec<Vec<Markup>> = list(value, "deliveries")
        .iter()
        .map(|d| {
            vec![
                html! {
                    @let short = crate::format::short(text(d, "submission"));
                    @if opens { a href={ "/deliveries/" (text(d, "submission")) } { (short) } } @else { (short) }
                },
                html! { (text(d, "feed")) },
                html! { @if let Some(at) = moment(d, "received_at") { (ui::moment(at)) } },
                html! { (bytes(count(d, "bytes"))) },
                html! { (ui::number(count(d, "records"))) },
                html! { (ui::number(count(d, "quarantined"))) },
                html! { (ui::number(count(d, "held"))) },
                ui::badge(tone(state_of(d)), &state_word(lang, d)),
            ]
        })
        .collect();
    ui::section(
        lang.pick("この夜の提出", "Deliveries of the night"),
        "",
        &html! {
            @if rows.is_empty() { (ui::empty(lang.pick("まだありません。", "None yet."))) } @else {
                (ui::table(lang.pick("この夜の提出", "Deliveries"), &[(lang.pick("提出", "Delivery"), false), (lang.pick("フィード", "Feed"), false), (lang.pick("受領", "Received"), false), (lang.pick("大きさ", "Size"), true), (lang.pick("レコード", "Records"), true), (lang.pick("隔離", "Set aside"), true), (lang.pick("保留", "Held"), true), (lang.pick("状態", "State"), false)], &rows))
            }
        },
    )
}

fn slowest(lang: Lang, value: &Value) -> Markup {
    let slow = part(value, "slowest");
    let Some(steps) = slow.get("steps").and_then(Value::as_object) else { return html! {} };
    let mut all: Vec<(&String, u64)> = steps.iter().map(|(s, ms)| (s, ms.as_u64().unwrap_or(0))).collect();
    all.sort_by_key(|(_, ms)| std::cmp::Reverse(*ms));
    let most = all.first().map_or(0, |(_, ms)| *ms);
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|(state, ms)| {
            let word = crate::words::state_name(lang, state);
            vec![
                html! { (word) },
                crate::charts::count_bar(&word, *ms, most, "#1b6a8c"),
                html! { (ui::number(*ms)) " ms" },
            ]
        })
        .collect();
    ui::section(
        lang.pick("時間のかかった工程", "Slowest steps"),
        lang.pick(
            "この夜の提出が、それぞれの状態に達するまでの時間の合計です。",
            "Time until each state was reached, over the night's deliveries.",
        ),
        &ui::table(
            lang.pick("工程", "Steps"),
            &[(lang.pick("工程", "Step"), false), ("", false), (lang.pick("時間", "Time"), true)],
            &rows,
        ),
    )
}
