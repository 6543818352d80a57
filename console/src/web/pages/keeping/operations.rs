//! What two people decide: exactly what, who proposed it, who agreed, and whether the visitor may.

use maud::{Markup, html};
use serde_json::Value;

use super::{count, moment, parts, role_word, roles, rows, text, word, yes};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::keeping as w;

/// Nested no deeper than this is drawn; what lies deeper stands as it is written.
const DEPTH: u8 = 6;

/// The list.
pub(super) fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let all = v.field("all") == "1";
    let order = Order::new("operation list");
    let told = v.value(&if all { order.flag("--all") } else { order })?;
    let mine = rows(&told).iter().filter(|o| yes(o, "may_approve") && text(o, "state") == "open").count();
    let other = if all {
        ("/operations", v.pick("終わっていないものだけ", "Open ones only"))
    } else {
        ("/operations?all=1", v.pick("終わったものも", "Closed ones too"))
    };
    let body = html! {
        (ui::standing(
            v.lang,
            if mine > 0 { Tone::Waiting } else { Tone::Good },
            &v.pick(format!("あなたの承認を待つ操作 {mine} 件"), format!("{mine} operations wait for your approval")),
            v.pick("内容を確かめ、提案者とは別の人として決めてください", "Read exactly what is to be done and decide as a second person"),
            "",
            None,
        ))
        p { (ui::link(other.0, other.1)) }
        @if rows(&told).is_empty() { (ui::empty(v.pick("待っている操作はありません", "Nothing waits"))) }
        // The newest first: what waits is looked for there.
        @for one in rows(&told).iter().rev() { (operation(v, one)) }
    };
    let title = v.say(&w::OPERATIONS);
    Ok(v.page(title, &body))
}

fn operation(v: &Visit<'_>, told: &Value) -> Markup {
    let nothing = Value::Null;
    let row = told.get("operation").unwrap_or(&nothing);
    let (id, state) = (row.get("id").and_then(Value::as_i64).unwrap_or(0), text(told, "state"));
    let tone = match state {
        "open" => Tone::Waiting,
        "approved" | "used" => Tone::Good,
        "rejected" | "expired" => Tone::Bad,
        _ => Tone::Plain,
    };
    let content: Value = serde_json::from_str(text(row, "content")).unwrap_or(Value::Null);
    let decisions = parts(row, "decisions").iter().map(|d| {
        let said = if yes(d, "approved") { v.pick("承認", "approved") } else { v.pick("却下", "rejected") };
        html! { li { span.at { (moment(d, "at")) } " " b { (text(d, "by")) } " " span.soft { (role_word(v, text(d, "role"))) } " " (said) ": " (text(d, "reason")) } }
    });
    let open = matches!(state, "open" | "approved");
    let body = html! {
        p {
            (ui::badge(tone, word(v, told, "state", "state_ja")))
            @if count(told, "missing") > 0 { " " (v.pick(format!("あと {} 人", count(told, "missing")), format!("{} more", count(told, "missing")))) }
        }
        (ui::facts(&[
            (v.pick("理由", "Reason"), html! { (text(row, "reason")) }),
            (v.pick("承認できる役割", "Roles that count"), html! { (roles(v, parts(told, "roles"))) }),
            (v.pick("期限", "Until"), moment(row, "expires_at")),
        ]))
        h3 { (v.pick("行うこと(この内容のとおりにだけ行われます)", "What is to be done, exactly")) }
        (drawn(&content, 0))
        h3 { (v.pick("経過", "What happened")) }
        ol.timeline {
            li { span.at { (moment(row, "proposed_at")) } " " b { (text(row, "proposed_by")) } " " (v.pick("提案", "proposed")) }
            @for said in decisions { (said) }
        }
        @if open {
            @if yes(told, "may_approve") { (decision(v, id, "approve", v.say(&w::APPROVE), true)) }
            @else { (ui::greyed(v.say(&w::APPROVE), v.pick("提案した人、決めた人、役割のない人は承認できません", "not by the proposer, twice, or without the role"))) }
            @if yes(told, "may_reject") { (decision(v, id, "reject", v.say(&w::REJECT), false)) }
        }
    };
    let kind = v.pick(text(told, "kind_ja"), text(row, "kind"));
    ui::section(&v.pick(format!("提案 {id}: {kind}"), format!("Proposal {id}: {kind}")), "", &body)
}

fn decision(v: &Visit<'_>, id: i64, what: &str, go: &str, main: bool) -> Markup {
    let field = format!("reason-{what}-{id}");
    html! {
        form.stack action={ "/operations/" (id) "/" (what) } method="post" {
            div.field {
                label for=(field) { (go) ": " (v.say(&w::REASON)) }
                input id=(field) name="reason" type="text" required;
            }
            div.go { button.main[main] { (go) } }
        }
    }
}

/// What a proposal holds, as names and values.
fn drawn(value: &Value, depth: u8) -> Markup {
    match value {
        Value::Object(fields) if depth < DEPTH => html! {
            dl.facts { @for (name, inner) in fields { dt { code { (name) } } dd { (drawn(inner, depth + 1)) } } }
        },
        Value::Array(all) if depth < DEPTH => html! {
            @if all.is_empty() { "–" }
            @else { ul { @for one in all { li { (drawn(one, depth + 1)) } } } }
        },
        Value::String(said) => html! { (said) },
        Value::Null => html! { "–" },
        other => html! { (other.to_string()) },
    }
}

fn decide(v: &Visit<'_>, verb: &'static str) -> Result<Reply, Problem> {
    let reason = v.need("reason", &w::REASON)?.to_owned();
    let answer = v.give(&Order::new(verb).option("--reason", reason).word(v.param("id")))?;
    v.after(&answer, "/operations")
}

pub(super) fn approve(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    decide(v, "operation approve")
}

pub(super) fn reject(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    decide(v, "operation reject")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proposed_is_shown_whole_and_escaped() {
        let shown =
            drawn(&serde_json::json!({ "a": [1, { "b": "<script>" }], "c": null, "d": [] }), 0).into_string();
        assert!(shown.contains("&lt;script&gt;") && !shown.contains("<script>"));
        for part in ["<code>a</code>", "<code>b</code>", "<code>c</code>", "1"] {
            assert!(shown.contains(part), "{part}");
        }
        let mut deep = serde_json::json!("end");
        for _ in 0..20 {
            deep = serde_json::json!([deep]);
        }
        assert!(drawn(&deep, 0).into_string().contains("end"));
    }
}
