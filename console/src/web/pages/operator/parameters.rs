//! Rules and parameters: what holds from when and why, what a change would have done to the last nights, and changes that two
//! people agree to.

use maud::{Markup, html};
use serde_json::Value;

use crate::web::house::{Ended, Order};
use crate::web::pages::said::{count, day, list, moment, part, text, words, yes};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::operator as w;
use crate::words::Lang;

pub(super) fn page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = v.value(&Order::new("parameter list").given("--on", v.field("on")))?;
    let body = list_view(v.lang, &value, v.field("q").trim());
    Ok(v.page(v.say(&w::PARAMETERS), &body))
}

/// A value as people read it.
fn shown(row: &Value) -> String {
    match part(row, "value") {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// How well a basis is known, with a mark and a word.
fn known(lang: Lang, row: &Value) -> Markup {
    match text(row, "verified") {
        "V" => ui::badge(Tone::Good, lang.pick("条文を確認済み", "text read")),
        "M" => ui::badge(Tone::Waiting, lang.pick("記憶による", "from memory")),
        _ => ui::badge(Tone::Plain, lang.pick("事業者の設計", "own design")),
    }
}

/// What holds on a day.
pub(super) fn list_view(lang: Lang, value: &Value, wanted: &str) -> Markup {
    let fits = |row: &&Value| {
        wanted.is_empty() || text(row, "name").contains(wanted) || text(row, "basis").contains(wanted)
    };
    let rows: Vec<Vec<Markup>> = list(value, "parameters")
        .iter()
        .filter(fits)
        .map(|row| {
            vec![
                html! { a href={ "/parameters/" (text(row, "name")) } { code { (text(row, "name")) } } },
                html! { (shown(row)) },
                html! { @if let Some(from) = day(row, "from") { (ui::day(from)) } },
                html! { (text(row, "basis")) },
                known(lang, row),
            ]
        })
        .collect();
    html! {
        (ui::standing(lang, Tone::Plain, &lang.pick(format!("{} に有効な値です。", text(value, "on")), format!("What holds on {}.", text(value, "on"))), lang.pick("変えるときは名前を開き、影響を見てから提案します。別の人が承認すると適用日から効きます。", "To change one, open it, look at the effect and propose; it holds from its day once another person approves."), lang.pick("管理責任者・安全管理", "Officer, security"), None))
        form.inline action="/parameters" method="get" role="search" {
            div.field { label for="q" { (lang.pick("名前・根拠で絞る", "Filter by name or basis")) } input #q name="q" type="search" value=(wanted); }
            div.field { label for="on" { (lang.pick("この日に有効な値", "As of")) } input #on name="on" type="date" value=(text(value, "on")); }
            button { (lang.pick("表示", "Show")) }
        }
        (ui::section(lang.say(&w::PARAMETERS), "", &html! {
            (ui::table(lang.say(&w::PARAMETERS), &[(lang.say(&w::PARAMETER), false), (lang.say(&w::VALUE), false), (lang.say(&w::FROM), false), (lang.say(&w::BASIS), false), (lang.say(&w::VERIFIED), false)], &rows))
            p.soft { (lang.pick("全体のハッシュ", "Hash of the whole")) " " code { (text(value, "hash")) } }
        }))
    }
}

pub(super) fn one(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let name = v.param("name").to_owned();
    let answer = v.give(&Order::new("parameter show").word(name.as_str()))?;
    if answer.ended != Ended::Done {
        return Err(Problem::NotFound);
    }
    let asked = v.field("value").trim().to_owned();
    let preview = if asked.is_empty() {
        None
    } else {
        Some(v.value(&Order::new("parameter preview").option("--value", asked.as_str()).word(name.as_str()))?)
    };
    let may = v.me()?.roles.iter().any(|r| super::GOVERN.contains(r));
    let body = one_view(v.lang, &name, &answer.value, preview.as_ref(), may);
    Ok(v.page(&name, &body))
}

/// Every row of one parameter, and a change looked at.
pub(super) fn one_view(lang: Lang, name: &str, rows: &Value, preview: Option<&Value>, may: bool) -> Markup {
    let all = rows.as_array().map_or(&[][..], Vec::as_slice);
    let table: Vec<Vec<Markup>> = all
        .iter()
        .map(|row| {
            vec![
                html! { @if let Some(from) = day(row, "from") { (ui::day(from)) } },
                html! { (shown(row)) },
                html! { (text(row, "basis")) },
                known(lang, row),
                html! { @if !part(row, "min").is_null() { (part(row, "min")) } "–" @if !part(row, "max").is_null() { (part(row, "max")) } },
            ]
        })
        .collect();
    html! {
        (ui::section(lang.pick("値の履歴", "Its values"), "", &ui::table(lang.pick("値の履歴", "Values"), &[(lang.say(&w::FROM), false), (lang.say(&w::VALUE), false), (lang.say(&w::BASIS), false), (lang.say(&w::VERIFIED), false), (lang.pick("範囲", "Range"), false)], &table)))
        (ui::section(lang.pick("変えたらどうなるか", "What a change would do"), lang.pick("最近の提出と実行に当てはめて数えます。何も変わりません。", "Counted over the last deliveries and runs. Nothing is changed."), &html! {
            form.inline action={ "/parameters/" (name) } method="get" {
                div.field { label for="value" { (lang.pick("新しい値", "New value")) } input #value name="value" value=(preview.map_or("", |p| text(p, "then"))) required; }
                button { (lang.pick("影響を見る", "Show the effect")) }
            }
            @if let Some(p) = preview { (effect(lang, p)) }
        }))
        @if let Some(p) = preview {
            @if may { (proposal(lang, name, text(p, "then"))) } @else {
                (ui::greyed(lang.say(&w::PROPOSE), lang.pick("管理責任者または安全管理の役割が必要です。", "For the officer and security administrators.")))
            }
        }
        p { (ui::link("/parameters", lang.pick("一覧へ戻る", "Back to the list"))) }
    }
}

fn effect(lang: Lang, p: &Value) -> Markup {
    let rows: Vec<Vec<Markup>> = list(p, "effects")
        .iter()
        .map(|e| {
            let (before, after) = (count(e, "before"), count(e, "after"));
            vec![
                html! { (words(e, "", lang)) },
                html! { (ui::number(before)) },
                html! { (ui::number(after)) },
                html! { (crate::format::signed(i128::from(after) - i128::from(before))) },
                html! { (ui::number(count(e, "of"))) },
            ]
        })
        .collect();
    html! {
        p { (lang.pick("及ぶ範囲", "It governs")) ": " (words(p, "governs", lang)) }
        @if yes(p, "counted") {
            (ui::table(lang.pick("影響", "Effect"), &[(lang.pick("数えたもの", "What"), false), (lang.pick("今の値", "Now"), true), (lang.pick("新しい値", "Then"), true), (lang.pick("差", "Difference"), true), (lang.pick("全体", "Of"), true)], &rows))
        } @else {
            (ui::empty(lang.pick("この項目の影響は、記録だけからは数えられません。", "The effect of this one cannot be counted from the books alone.")))
        }
    }
}

fn proposal(lang: Lang, name: &str, value: &str) -> Markup {
    let kinds = [
        ("V", lang.pick("条文・決定を読んだ", "its text was read")),
        ("M", lang.pick("記憶による", "from memory")),
        ("D", lang.pick("事業者の設計", "own design")),
    ];
    ui::section(
        lang.say(&w::PROPOSE),
        lang.pick("提案した人とは別の人が承認します。", "Another person approves."),
        &ui::form(
            &format!("/parameters/{name}/propose"),
            lang.say(&w::PROPOSE),
            &html! {
                input type="hidden" name="value" value=(value);
                p { (lang.say(&w::VALUE)) ": " b { (value) } }
                (ui::field(lang, "from", &w::FROM, "date", "", true, lang.pick("今日以降の日", "Today or later")))
                (ui::field(lang, "basis", &w::BASIS, "text", "", true, lang.pick("法令・ガイドラインの箇所、または決定", "Law, guideline section or decision")))
                (ui::radios(lang, "verified", &w::VERIFIED, &kinds, "D"))
                (ui::area(lang, "reason", &w::REASON, "", true, ""))
            },
        ),
    )
}

pub(super) fn propose(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("parameter propose")
        .option("--value", v.need("value", &w::VALUE)?)
        .option("--from", v.need("from", &w::FROM)?)
        .option("--basis", v.need("basis", &w::BASIS)?)
        .given("--verified", v.field("verified"))
        .option("--reason", v.need("reason", &w::REASON)?)
        .word(v.param("name"));
    let answer = v.give(&order)?;
    v.after(&answer, "/parameters/proposals")
}

pub(super) fn proposals(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = v.value(&Order::new("operation list").flag("--all"))?;
    let me = v.me()?.account.clone();
    let body = proposals_view(v.lang, &value, &me);
    Ok(v.page(v.say(&w::PROPOSALS), &body))
}

/// Proposals that are changes of parameters, the newest first.
pub(super) fn proposals_view(lang: Lang, value: &Value, me: &str) -> Markup {
    let mut all: Vec<&Value> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter(|o| text(part(o, "operation"), "kind") == "parameter-change")
        .collect();
    all.reverse();
    let open = all.iter().filter(|o| text(o, "state") == "open").count();
    html! {
        (ui::standing(lang, if open == 0 { Tone::Good } else { Tone::Waiting }, &lang.pick(format!("承認を待つ変更が {open} 件あります。"), format!("{open} changes wait for approval.")), if open == 0 { "" } else { lang.pick("提案した人とは別の人が承認してください。", "Somebody else than who proposed approves.") }, lang.pick("管理責任者・安全管理", "Officer, security"), None))
        @if all.is_empty() { (ui::empty(lang.pick("提案はありません。", "No proposals."))) }
        @for told in all.iter().take(50) { (proposed(lang, told, me)) }
    }
}

fn proposed(lang: Lang, told: &Value, me: &str) -> Markup {
    let row = part(told, "operation");
    let content: Value = serde_json::from_str(text(row, "content")).unwrap_or_default();
    let id = count(row, "id");
    let (tone, state) = match text(told, "state") {
        "open" => (Tone::Waiting, lang.pick("承認待ち", "open")),
        "approved" | "used" => (Tone::Good, lang.pick("承認済み", "approved")),
        "rejected" => (Tone::Bad, lang.pick("却下", "rejected")),
        _ => (Tone::Plain, lang.pick("期限切れ", "expired")),
    };
    let own = text(row, "proposed_by") == me;
    html! {
        section {
            h2 { (id) " " code { (text(&content, "name")) } " " (ui::badge(tone, state)) }
            (ui::facts(&[
                (lang.say(&w::VALUE), html! { b { (shown(&content)) } }),
                (lang.say(&w::FROM), html! { (text(&content, "from")) }),
                (lang.say(&w::BASIS), html! { (text(&content, "basis")) " " (known(lang, &content)) }),
                (lang.pick("提案した人", "Proposed by"), html! { (text(row, "proposed_by")) @if let Some(at) = moment(row, "proposed_at") { " " (ui::moment(at)) } }),
                (lang.say(&w::REASON), html! { (text(row, "reason")) }),
            ]))
            p { a href={ "/parameters/" (text(&content, "name")) "?value=" (shown(&content)) } { (lang.pick("影響を見る", "Show the effect")) span.hidden { " " (id) } } }
            @for d in list(row, "decisions") { p.soft { (text(d, "by")) ": " (if yes(d, "approved") { lang.pick("承認", "approved") } else { lang.pick("却下", "rejected") }) " " (text(d, "reason")) } }
            @if text(told, "state") == "open" {
                @if own { (ui::greyed(lang.pick("承認する", "Approve"), lang.pick("自分の提案は承認できません。", "One's own proposal cannot be approved."))) }
                form.stack action="/parameters/proposals/decide" method="post" {
                    input type="hidden" name="id" value=(id);
                    div.field { label for={ "reason-" (id) } { (lang.say(&w::REASON)) " " span.must { (lang.pick("必須", "required")) } } input id={ "reason-" (id) } name="reason" required; }
                    div.go {
                        @if !own { button.main name="decision" value="approve" { (lang.pick("承認する", "Approve")) } }
                        button name="decision" value="reject" { (if own { lang.pick("取り下げる", "Take back") } else { lang.pick("却下する", "Reject") }) }
                    }
                }
            }
        }
    }
}

pub(super) fn decide(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let verb = match v.field("decision") {
        "approve" => "parameter approve",
        "reject" => "parameter reject",
        _ => {
            return Err(Problem::Bad(
                v.pick("承認か却下を選んでください。", "Choose to approve or to reject.").to_owned(),
            ));
        }
    };
    let id = v.need("id", &w::PROPOSAL)?;
    if id.parse::<i64>().is_err() {
        return Err(Problem::NotFound);
    }
    let order = Order::new(verb).option("--reason", v.need("reason", &w::REASON)?).word(id);
    let answer = v.give(&order)?;
    if answer.ended == Ended::Usage {
        return Err(Problem::Conflict(answer.said()));
    }
    v.after(&answer, "/parameters/proposals")
}
