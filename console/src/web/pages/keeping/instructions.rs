//! Instructions: without one no job starts. Only an officer gives or revokes them.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use musubi_compliance::instruction::Job;
use serde_json::Value;

use super::{may, moment, parts, segment, text, typed_day};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::keeping as w;

fn words(v: &Visit<'_>, jobs: &[Value]) -> String {
    let named = jobs.iter().filter_map(Value::as_str);
    let words: Vec<&str> =
        named.map(|j| Job::from_name(j).map_or(j, |k| v.pick(k.ja(), k.as_str()))).collect();
    words.join(v.pick("、", ", "))
}

fn listed(v: &Visit<'_>, all: &[Value]) -> String {
    let words: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
    if words.is_empty() { v.pick("すべて", "everything").to_owned() } else { words.join(", ") }
}

/// The list, and the form for another.
pub(super) fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("instruction list").option("--runs", "20"))?;
    let officer = may(v, &[AuditRole::Officer])?;
    let today = v.house().today().to_string();
    let shown: Vec<Vec<Markup>> =
        parts(&told, "instructions").iter().rev().map(|i| row(v, i, &today, officer)).collect();
    let runs: Vec<Vec<Markup>> = parts(&told, "runs")
        .iter()
        .map(|r| {
            let how = r.get("ended").and_then(|e| e.get(1)).and_then(Value::as_str);
            vec![
                moment(r, "started_at"),
                html! { (words(v, &[r.get("job").cloned().unwrap_or(Value::Null)])) },
                html! { code { (text(r, "instruction")) } },
                html! { code { (text(r, "principal")) } },
                html! { (how.unwrap_or(v.pick("未了", "not ended"))) },
            ]
        })
        .collect();
    let heads = [
        ("#", false),
        (v.say(&w::JOBS), false),
        (v.say(&w::TO), false),
        (v.pick("範囲", "Scope"), false),
        (v.pick("期間", "Days"), false),
        (v.say(&w::STATE), false),
        (v.say(&w::REVOKE), false),
    ];
    let run_heads = [
        (v.pick("始まり", "Began"), false),
        (v.say(&w::JOBS), false),
        (v.say(&w::INSTRUCTIONS), false),
        (v.say(&w::BY), false),
        (v.say(&w::RESULT), false),
    ];
    let body = html! {
        @if shown.is_empty() { (ui::empty(v.pick("指示はありません", "There is no instruction"))) }
        @else { (ui::table(v.say(&w::INSTRUCTIONS), &heads, &shown)) }
        @if officer { (give_form(v)) }
        @if !runs.is_empty() { (ui::section(v.pick("指示による実行", "Runs under them"), "", &ui::table(v.pick("実行", "Runs"), &run_heads, &runs))) }
    };
    let title = v.say(&w::INSTRUCTIONS);
    Ok(v.page(title, &body))
}

fn row(v: &Visit<'_>, i: &Value, today: &str, officer: bool) -> Vec<Markup> {
    let nothing = Value::Null;
    let said = i.get("said").unwrap_or(&nothing);
    let revoked = i.get("revoked").is_some_and(|r| !r.is_null());
    let (from, to) = (text(said, "valid_from"), text(said, "valid_to"));
    let (tone, state) = match (revoked, from <= today && today <= to) {
        (true, _) => (Tone::Plain, v.pick("取消済", "revoked")),
        (false, true) => (Tone::Good, v.pick("有効", "in force")),
        (false, false) if today < from => (Tone::Waiting, v.pick("開始前", "to come")),
        (false, false) => (Tone::Plain, v.pick("終了", "over")),
    };
    let id = text(i, "id");
    let field = format!("reason-{id}");
    vec![
        html! { code { (id) } " " span.soft { (text(said, "given_by")) } },
        html! { (words(v, parts(said, "jobs"))) p.help { (text(said, "reason")) } },
        html! { code { (text(said, "organisation")) } @if !text(said, "role").is_empty() { " " (super::role_word(v, text(said, "role"))) } },
        html! { (listed(v, parts(said, "scope"))) },
        html! { (from) "–" (to) },
        ui::badge(tone, state),
        html! {
            @if officer && !revoked && today <= to {
                form.inline action={ "/instructions/" (segment(id)) "/revoke" } method="post" data-confirm=(v.pick("この指示を取り消しますか", "Revoke this instruction?")) {
                    div.field { label for=(field) { (v.say(&w::REASON)) } input id=(field) name="reason" type="text" required; }
                    button { (v.say(&w::REVOKE)) }
                }
            }
        },
    ]
}

fn give_form(v: &Visit<'_>) -> Markup {
    let fields = html! {
        fieldset {
            legend { (v.say(&w::JOBS)) }
            @for job in Job::ALL {
                label.radio { input type="checkbox" name="job" value=(job.as_str()); " " (v.pick(job.ja(), job.as_str())) }
            }
        }
        (ui::field(v.lang, "to", &w::TO, "text", "", true, ""))
        (ui::field(v.lang, "scope", &w::SCOPE, "text", "", false, v.pick("空白で区切って複数書けます", "Several, with blanks between")))
        (ui::field(v.lang, "from", &w::FROM, "date", "", false, v.pick("空なら今日から", "Empty: from today")))
        (ui::field(v.lang, "until", &w::UNTIL, "date", "", true, ""))
        (ui::area(v.lang, "reason", &w::REASON, "", true, ""))
    };
    ui::section(v.say(&w::GIVE), "", &ui::form("/instructions/give", v.say(&w::GIVE), &fields))
}

pub(super) fn give(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let to = v.need("to", &w::TO)?.to_owned();
    let reason = v.need("reason", &w::REASON)?.to_owned();
    v.need("until", &w::UNTIL)?;
    v.need("job", &w::JOBS)?;
    let mut order = Order::new("instruction give").option("--to", to).option("--reason", reason);
    for (name, day) in [("--from", typed_day(v, "from")?), ("--until", typed_day(v, "until")?)] {
        if let Some(day) = day {
            order = order.option(name, day.to_string());
        }
    }
    for job in v.fields("job") {
        order = order.option("--job", job);
    }
    for scope in v.field("scope").split_whitespace() {
        order = order.option("--scope", scope);
    }
    v.after(&v.give(&order)?, "/instructions")
}

pub(super) fn revoke(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let reason = v.need("reason", &w::REASON)?.to_owned();
    let answer = v.give(&Order::new("instruction revoke").option("--reason", reason).word(v.param("id")))?;
    v.after(&answer, "/instructions")
}
