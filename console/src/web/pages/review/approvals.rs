//! Signing what the committee decided, standing of approvals, and closing conditions (承認・条件).

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::Value;

use super::{act, ask, list, number, text, yes};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, action, page};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::review as w;

const BOARD: &[AuditRole] = &[AuditRole::Board];
const STOPS: &[AuditRole] = &[AuditRole::Board, AuditRole::Officer];
const VERIFIERS: &[AuditRole] = &[
    AuditRole::ReviewSecretary,
    AuditRole::Officer,
    AuditRole::Checker,
    AuditRole::ReleaseApprover,
    AuditRole::SecurityAdmin,
];

pub(crate) const ROUTES: &[Route] = &[
    page("/approvals", w::APPROVALS, all).roles(STOPS).verbs(&["board list"]).menu(Area::Committee),
    action("/approvals/sign", w::SIGN, sign).roles(BOARD).verbs(&["board approve"]),
    action("/approvals/{id}/suspend", w::SUSPEND, suspend).roles(STOPS).verbs(&["board suspend"]),
    action("/approvals/{id}/resume", w::RESUME, resume).roles(STOPS).verbs(&["board resume"]),
    page("/conditions", w::CONDITIONS, conditions)
        .roles(VERIFIERS)
        .verbs(&["committee condition list"])
        .menu(Area::Secretary),
    action("/conditions/close", w::CONDITION_CLOSE, close)
        .roles(VERIFIERS)
        .verbs(&["committee condition close"]),
];

fn all(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = ask(v, &Order::new("board list"))?;
    let signs = v.me()?.roles.contains(&AuditRole::Board);
    let waiting = list(&told, "waiting");
    let body = html! {
        (ui::section(v.pick("署名を待つ議決", "Decisions that wait for a signature"), "", &html! {
            @if waiting.is_empty() { (ui::empty(v.pick("ありません。", "None."))) }
            @for d in waiting {
                h3 { (text(d, "application")) " " (text(d, "title")) }
                p { (v.pick(text(d, "state_ja"), text(d, "state"))) " · " (text(d, "request")) }
                @if number(d, "open_conditions") > 0 {
                    (ui::greyed(v.say(&w::SIGN), v.pick("充足されていない条件があります", "conditions are open")))
                } @else if signs {
                    (ui::form("/approvals/sign", v.say(&w::SIGN), &html! { input type="hidden" name="request" value=(text(d, "request")); }))
                } @else {
                    (ui::greyed(v.say(&w::SIGN), v.pick("委員会の署名者が行います", "done by whoever signs for the board")))
                }
            }
        }))
        (ui::section(v.pick("承認", "Approvals"), "", &html! {
            @if list(&told, "approvals").is_empty() { (ui::empty(v.pick("承認はまだありません。", "No approvals yet."))) }
            @for a in list(&told, "approvals") { (approval(v, a)) }
        }))
    };
    Ok(v.page(v.say(&w::APPROVALS), &body))
}

fn approval(v: &Visit<'_>, a: &Value) -> Markup {
    let (id, standing) = (text(a, "approval"), text(a, "standing"));
    let tone = match standing {
        "holds" => Tone::Good,
        "conditions" => Tone::Waiting,
        _ => Tone::Bad,
    };
    let at = format!("reason-{id}");
    let reason = ui::field_as(v.lang, (&at, "reason"), &w::REASON, "text", "", true, "");
    html! {
        h3 { (id) " " (ui::badge(tone, v.pick(text(a, "standing_ja"), standing))) }
        (ui::facts(&[
            (v.pick("申出", "Request"), html! { (text(a, "request")) }),
            (v.pick("採決", "Ballot"), html! { (text(a, "ballot")) }),
            (v.pick("期限", "Until"), html! { (text(a, "expires_on")) }),
            (v.pick("範囲ハッシュ", "Scope hash"), html! { code { (text(a, "scope_hash")) } }),
        ]))
        @if standing == "holds" {
            details { summary { (v.say(&w::SUSPEND)) " " (id) } (ui::form(&format!("/approvals/{id}/suspend"), v.say(&w::SUSPEND), &reason)) }
        }
        @if standing == "suspended" { (ui::form(&format!("/approvals/{id}/resume"), v.say(&w::RESUME), &reason)) }
    }
}

fn sign(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let me = v.me()?.account.clone();
    let order = Order::new("board approve").word(v.field("request")).option("--approver", me);
    act(v, &order, "/approvals")
}

fn suspend(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order =
        Order::new("board suspend").word(v.param("id")).option("--reason", v.need("reason", &w::REASON)?);
    act(v, &order, "/approvals")
}

fn resume(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order =
        Order::new("board resume").word(v.param("id")).option("--reason", v.need("reason", &w::REASON)?);
    act(v, &order, "/approvals")
}

fn conditions(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = ask(v, &Order::new("committee condition list"))?;
    let roles: Vec<&str> = v.me()?.roles.iter().map(|r| r.as_str()).collect();
    let all = list(&told, "conditions");
    let records = |c: &Value| match c.get("records_say").and_then(Value::as_bool) {
        Some(true) => (Tone::Good, v.pick("記録上、満たしています", "the records say yes")),
        Some(false) => (Tone::Bad, v.pick("記録上、満たしていません", "the records say no")),
        None => (Tone::Waiting, v.pick("確認者が判断します", "the verifier tells")),
    };
    let body = html! {
        @if all.is_empty() { (ui::empty(v.pick("条件はありません。", "No conditions."))) }
        @for c in all {
            @let (tone, words) = records(c);
            (ui::section(&format!("{} {} – {}", text(c, "application"), v.pick("の条件", "condition"), v.pick(text(c, "ja"), text(c, "en"))), "", &html! {
                (ui::facts(&[
                    (v.say(&w::VERIFIER), html! { (v.pick(text(c, "verifier_ja"), text(c, "verifier"))) }),
                    (v.say(&w::DUE), html! { (text(c, "due")) }),
                    (v.pick("記録", "Records"), ui::badge(tone, words)),
                ]))
                @if yes(c, "closed") { p { (ui::badge(Tone::Good, v.pick("充足", "closed"))) } }
                @else if roles.contains(&text(c, "verifier")) {
                    (ui::form("/conditions/close", v.say(&w::CONDITION_CLOSE), &html! {
                        input type="hidden" name="ballot" value=(text(c, "ballot"));
                        input type="hidden" name="nth" value=(number(c, "nth"));
                        @let at = format!("evidence-{}-{}", text(c, "ballot"), number(c, "nth"));
                        (ui::area_as(v.lang, (&at, "evidence"), &w::EVIDENCE, "", false, ""))
                    }))
                } @else { (ui::greyed(v.say(&w::CONDITION_CLOSE), v.pick("確認者が閉じます", "its verifier closes it"))) }
            }))
        }
    };
    Ok(v.page(v.say(&w::CONDITIONS), &body))
}

fn close(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("committee condition close").word(v.field("ballot")).word(v.field("nth"));
    let evidence = v.field("evidence").trim();
    let order = if evidence.is_empty() {
        order
    } else {
        order.option_file("--evidence", evidence.as_bytes().to_vec())
    };
    act(v, &order, "/conditions")
}
