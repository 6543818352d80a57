//! The review office's pages (審査事務局): the board by state, a case with its pre-check, recusals, dossier and ballots.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::{Value, json};

use super::applicant::{flaw_list, items, section_choices};
use super::{
    act, answers, ask, changes, conditions, day, fields, history, list, origin, outcome, quorum, state_words,
    text, tone, way, yes,
};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, action, page};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::review as w;

const OFFICE: &[AuditRole] = &[AuditRole::ReviewSecretary];

pub(crate) const ROUTES: &[Route] = &[
    page("/office/board", w::BOARD, board).roles(OFFICE).verbs(&["application board"]).menu(Area::Secretary),
    page("/office/cases/{id}", w::OFFICE_CASE, case).roles(OFFICE).verbs(&[
        "application show",
        "application diff",
        "committee recusals",
        "committee ballot list",
        "committee meeting list",
    ]),
    action("/office/cases/{id}/take", w::TAKE, take).roles(OFFICE).verbs(&["application take"]),
    action("/office/cases/{id}/return", w::RETURN, send_back).roles(OFFICE).verbs(&["application return"]),
    action("/office/cases/{id}/accept", w::ACCEPT, accept).roles(OFFICE).verbs(&["application accept"]),
    action("/office/cases/{id}/card", w::CARD, card).roles(OFFICE).verbs(&["application card"]),
    action("/office/cases/{id}/say", w::SAY, say).roles(OFFICE).verbs(&["application say"]),
    action("/office/cases/{id}/put", w::PUT, put).roles(OFFICE).verbs(&["committee meeting put"]),
    action("/office/cases/{id}/open", w::OPEN, open).roles(OFFICE).verbs(&["committee ballot open"]),
    action("/office/cases/{id}/expedite", w::EXPEDITE, expedite)
        .roles(OFFICE)
        .verbs(&["committee ballot open"]),
    action("/office/cases/{id}/close", w::CLOSE, close).roles(OFFICE).verbs(&["committee ballot close"]),
];

fn board(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = ask(v, &Order::new("application board"))?;
    let body = html! {
        @for column in list(&told, "columns") {
            @let all = list(column, "applications");
            @if !all.is_empty() {
                h2 { (v.pick(text(column, "ja"), text(column, "state"))) " (" (all.len()) ")" }
                ul.cards {
                    @for a in all {
                        @let (id, card) = (text(a, "application"), a.get("card").cloned().unwrap_or_default());
                        li {
                            p { b { (ui::link(&format!("/office/cases/{id}"), &format!("{id} {}", text(a, "title")))) } }
                            p { (text(a, "organisation_name")) }
                            (origin(v, a))
                            dl.facts {
                                @for (name, value) in [
                                    (v.say(&w::ASSIGNEE), text(&card, "assignee")), (v.say(&w::NEXT), text(&card, "next")),
                                    (v.say(&w::OWNER), text(&card, "owner")), (v.say(&w::DUE), text(&card, "due")),
                                ] { @if !value.is_empty() { dt { (name) } dd { (value) } } }
                            }
                            @if !list(&card, "missing").is_empty() {
                                p { (ui::badge(ui::Tone::Bad, v.pick("足りない書類", "missing"))) }
                                ul { @for m in list(&card, "missing").iter().filter_map(Value::as_str) { li { (m) } } }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(v.page(v.say(&w::BOARD), &body))
}

fn case(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let shown = ask(v, &Order::new("application show").word(&id))?;
    let state = text(&shown, "state");
    let diff = ask(v, &Order::new("application diff").word(&id))?;
    let ballots = ask(v, &Order::new("committee ballot list"))?;
    let own: Vec<&Value> =
        list(&ballots, "ballots").iter().filter(|b| text(b, "application") == id).collect();
    let review = if state == "in-review" {
        review(v, &id, &own, yes(&diff, "minor"))?
    } else {
        html! {}
    };
    let body = html! {
        (ui::standing(v.lang, tone(state), state_words(v, &shown), next(v, state), owner(v, state), day(&shown, "expires_on")))
        (way(v.lang, state))
        (ui::facts(&[(v.pick("申出者", "Applicant"), html! { (text(&shown, "organisation_name")) })]))
        (origin(v, &shown))
        (deeds(v, &id, &shown))
        (review)
        @for b in own.iter().rev() {
            (ui::section(&format!("{} {}", v.pick("採決", "Ballot"), text(b, "ballot")), "", &html! {
                (outcome(v, b))
                @if yes(b, "expedited") { p { (ui::link(&format!("/office/minutes/{}", text(b, "ballot")), v.say(&w::MINUTES))) } }
                @if b.get("result").is_none_or(Value::is_null) {
                    (answers(v, b))
                    (ui::form(&format!("/office/cases/{id}/close"), v.say(&w::CLOSE), &html! {
                        input type="hidden" name="ballot" value=(text(b, "ballot"));
                    }))
                }
            }))
        }
        @if !list(&shown, "conditions").is_empty() {
            (ui::section(v.say(&w::CONDITIONS), "", &conditions(v, list(&shown, "conditions"))))
        }
        @if matches!(state, "submitted" | "pre-check") {
            (ui::section(v.pick("書類の確認", "Completeness"), "", &html! {
                @if list(&shown, "flaws").is_empty() { p { (v.pick("足りないものは見つかりません。", "Nothing is missing.")) } }
                @else { (flaw_list(v, list(&shown, "flaws"))) }
            }))
        }
        @for section in list(&shown, "sections") {
            (ui::section(v.pick(text(section, "ja"), text(section, "en")), "", &fields(v, section)))
        }
        (ui::section(v.pick("抽出仕様と項目", "Specification and items"), "", &items(v, &shown)))
        (ui::section(v.say(&w::DIFF), "", &changes(v, list(&diff, "changes"))))
        (ui::section(v.pick("経過と連絡", "History and messages"), "", &html! {
            (history(v, &shown))
            (ui::form(&format!("/office/cases/{id}/say"), v.say(&w::SAY), &html! {
                (ui::choice(v.lang, "section", &w::ABOUT, &section_choices(v, &shown), "general"))
                (ui::area(v.lang, "text", &w::MESSAGE, "", true, ""))
            }))
        }))
    };
    let title = format!("{id} {}", text(&shown, "title"));
    Ok(v.page(&title, &body))
}

fn next(v: &Visit<'_>, state: &str) -> &'static str {
    match state {
        "submitted" => v.pick("事前確認を始めてください。", "Begin the pre-check."),
        "pre-check" => v.pick(
            "内容を確かめ、差し戻すか委員会へ回付してください。",
            "Send it back or put it before the committee.",
        ),
        "in-review" => v.pick(
            "会議の議題に加え、申告を集め、採決してください。",
            "Put it on an agenda, collect declarations, take the vote.",
        ),
        "returned" => v.pick("申出者の修正を待っています。", "The applicant is mending it."),
        "approved" => v.pick(
            "議事録を確かめてください。委員会の署名で効力が生じます。",
            "Look over the minutes. The board's signature puts it into force.",
        ),
        "conditional" => {
            v.pick("条件の確認者が条件を閉じるのを待っています。", "Its conditions wait for their verifiers.")
        }
        _ => "",
    }
}

/// Whose turn it is.
fn owner(v: &Visit<'_>, state: &str) -> &'static str {
    match state {
        "submitted" | "pre-check" | "in-review" => v.pick("審査事務局", "review office"),
        "returned" | "rejected" => v.pick("申出者", "applicant"),
        "conditional" => v.pick("条件の確認者", "verifiers"),
        "approved" => v.pick("審査事務局・委員会の署名者", "review office, whoever signs for the board"),
        _ => "",
    }
}

fn deeds(v: &Visit<'_>, id: &str, shown: &Value) -> Markup {
    let path = |what: &str| format!("/office/cases/{id}/{what}");
    let state = text(shown, "state");
    html! {
        @if state == "submitted" { (ui::form(&path("take"), v.say(&w::TAKE), &html! {})) }
        @if state == "pre-check" {
            (ui::form(&path("accept"), v.say(&w::ACCEPT), &html! {}))
            details {
                summary { (v.say(&w::RETURN)) }
                (ui::form(&path("return"), v.say(&w::RETURN), &html! {
                    p { (v.pick("直してほしい区分だけに理由を書いてください。", "Give a reason for each section that has to be mended.")) }
                    @for (section, name) in section_choices(v, shown) {
                        @let name_of = format!("r.{section}");
                        div.field { label for=(name_of) { (name) } textarea id=(name_of) name=(name_of) rows="2" {} }
                    }
                }))
            }
        }
        details {
            summary { (v.say(&w::CARD)) }
            (ui::form(&path("card"), v.pick("保存する", "Save"), &html! {
                (ui::field(v.lang, "assignee", &w::ASSIGNEE, "text", "", false, ""))
                (ui::field(v.lang, "next", &w::NEXT, "text", "", false, ""))
                (ui::field(v.lang, "owner", &w::OWNER, "text", "", false, ""))
                (ui::field(v.lang, "due", &w::DUE, "date", "", false, ""))
                (ui::area(v.lang, "missing", &w::MISSING, "", false, ""))
            }))
        }
    }
}

/// Recusals, dossier, agenda and the opening of a ballot.
fn review(v: &Visit<'_>, id: &str, ballots: &[&Value], minor: bool) -> Result<Markup, Problem> {
    let recusals = ask(v, &Order::new("committee recusals").word(id))?;
    let meetings = ask(v, &Order::new("committee meeting list"))?;
    let path = |what: &str| format!("/office/cases/{id}/{what}");
    let rows: Vec<Vec<Markup>> = list(&recusals, "members")
        .iter()
        .map(|m| {
            let why: Vec<&str> = list(m, "grounds_ja").iter().filter_map(Value::as_str).collect();
            vec![
                html! { (text(m, "member")) },
                html! { (v.pick(text(m, "view_ja"), text(m, "view"))) },
                html! { @if yes(m, "declared") { (v.pick("申告済み", "declared")) } @else { (v.pick("未申告", "not yet")) } },
                html! { @if yes(m, "recused") { (ui::badge(ui::Tone::Bad, v.pick("除斥", "recused"))) " " (why.join("、")) } @else { "–" } },
            ]
        })
        .collect();
    let heads = [
        (v.pick("委員", "Member"), false),
        (v.say(&w::VIEW), false),
        (v.pick("申告", "Declared"), false),
        (v.pick("除斥", "Recusal"), false),
    ];
    let choice =
        |m: &Value| (text(m, "meeting").to_owned(), format!("{} {}", text(m, "meeting"), text(m, "held_on")));
    let all: Vec<(String, String)> = list(&meetings, "meetings").iter().map(choice).collect();
    let with: Vec<(String, String)> = list(&meetings, "meetings")
        .iter()
        .filter(|m| list(m, "items").iter().any(|i| i.as_str() == Some(id)))
        .map(choice)
        .collect();
    let running = ballots.iter().any(|b| b.get("closed_at").is_none_or(Value::is_null));
    Ok(html! {
        (ui::section(v.pick("除斥と定足数", "Recusals and quorum"), "", &html! {
            p { (quorum(v, recusals.get("quorum").unwrap_or(&Value::Null))) }
            (ui::table(v.pick("委員ごとの除斥", "Recusals by member"), &heads, &rows))
        }))
        (ui::section(v.pick("審査の準備", "Preparing the review"), "", &html! {
            p { (ui::link(&path("dossier"), v.say(&w::DOSSIER_SHOWN))) }
            (ui::form(&path("dossier"), v.say(&w::DOSSIER), &html! {
                label.radio { input type="checkbox" name="count" value="1"; " " (v.pick("対象集団を幅で数える(試算)", "count the cohort in bands")) }
                label.radio { input type="checkbox" name="simulate" value="1"; " " (v.pick("小さいセルの試算も行う(時間がかかるため裏で実行します)", "also try out what protection leaves (it takes a while and runs by itself)")) }
            }))
            @if all.is_empty() { (ui::greyed(v.say(&w::PUT), v.pick("先に会議を招集してください", "call a meeting first"))) }
            @else { (ui::form(&path("put"), v.say(&w::PUT), &ui::choice_as(v.lang, ("agenda-of", "meeting"), &w::MEETING, &all, ""))) }
            @if running { (ui::greyed(v.say(&w::OPEN), v.pick("採決中です", "a ballot is open"))) }
            @else if with.is_empty() { (ui::greyed(v.say(&w::OPEN), v.pick("会議の議題にありません", "it is on no agenda"))) }
            @else { (ui::form(&path("open"), v.say(&w::OPEN), &html! { (ui::choice(v.lang, "meeting", &w::MEETING, &with, "")) (gates(v)) })) }
        }))
        (ui::section(v.say(&w::EXPEDITE), v.pick(
            "会議を開かずに決する手続きです。定められた項目だけの軽微な変更に限ります。",
            "A vote without a meeting, for amendments of listed fields only.",
        ), &html! {
            @if running { (ui::greyed(v.say(&w::EXPEDITE), v.pick("採決中です", "a ballot is open"))) }
            @else if !minor { (ui::greyed(v.say(&w::EXPEDITE), v.pick("軽微な変更の申出ではありません", "it is no minor amendment"))) }
            @else { (ui::form(&path("expedite"), v.say(&w::EXPEDITE), &asked(v, &recusals))) }
        }))
    })
}

/// Whom an expedited review asks: members who need not stand aside.
fn asked(v: &Visit<'_>, recusals: &Value) -> Markup {
    html! {
        fieldset {
            legend { (v.pick("回答を求める委員", "Members who are asked")) }
            @for m in list(recusals, "members") {
                @let (name, aside) = (text(m, "member"), yes(m, "recused"));
                label.radio {
                    input type="checkbox" name="member" value=(name) disabled[aside];
                    " " (name) " " (v.pick(text(m, "view_ja"), text(m, "view")))
                    @if aside { " " (v.pick("(除斥)", "(recused)")) }
                }
            }
        }
    }
}

/// Up to three conditions to be put with the vote.
fn gates(v: &Visit<'_>) -> Markup {
    let kinds = [
        ("", "–"),
        ("contract-in-force", v.pick("契約が有効", "contract in force")),
        ("min-k", v.pick("k の下限(人)", "least k")),
        ("min-cell", v.pick("最小セルの下限(人)", "least cell")),
        ("period-end", v.pick("対象期間の末日", "end of the period")),
        ("destruction-date", v.pick("消去日", "day of destruction")),
        ("recipient-certificate", v.pick("提供先の認定", "recipient's certificate")),
        ("ethics-approval", v.pick("倫理審査の承認", "ethics approval")),
        ("other", v.pick("その他", "other")),
    ];
    let roles =
        [AuditRole::ReviewSecretary, AuditRole::Officer, AuditRole::Checker, AuditRole::ReleaseApprover];
    html! {
        details {
            summary { (v.pick("条件を付ける(任意)", "Put conditions (optional)")) }
            @for n in 1..=3 {
                fieldset {
                    legend { (v.pick("付ける条件", "Condition")) " " (n) " " (v.pick("(任意)", "(optional)")) }
                    @for (name, label) in [("gate", &w::GATE), ("verifier", &w::VERIFIER)] {
                        @let name_of = format!("{name}{n}");
                        div.field {
                            label for=(name_of) { (v.say(label)) }
                            select id=(name_of) name=(name_of) {
                                @if name == "gate" { @for (value, words) in kinds { option value=(value) { (words) } } }
                                @else { @for role in roles { option value=(role.as_str()) { (v.pick(role.ja(), role.as_str())) } } }
                            }
                        }
                    }
                    @for (name, label, kind) in [("value", &w::GATE_VALUE, "text"), ("words", &w::GATE_WORDS, "text"), ("due", &w::DUE, "date")] {
                        @let name_of = format!("{name}{n}");
                        div.field { label for=(name_of) { (v.say(label)) } input id=(name_of) name=(name_of) type=(kind); }
                    }
                }
            }
        }
    }
}

pub(super) fn back(id: &str) -> String {
    format!("/office/cases/{id}")
}

fn take(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    act(v, &Order::new("application take").word(&id), back(&id))
}

fn accept(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    act(v, &Order::new("application accept").word(&id), back(&id))
}

fn send_back(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let reasons: serde_json::Map<String, Value> = v
        .carried
        .form
        .iter()
        .filter_map(|(name, value)| name.strip_prefix("r.").map(|section| (section.to_owned(), json!(value))))
        .collect();
    act(v, &Order::new("application return").word(&id).file(Value::Object(reasons).to_string()), back(&id))
}

fn card(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let mut order = Order::new("application card")
        .word(&id)
        .given("--assignee", v.field("assignee"))
        .given("--due", v.field("due"))
        .given("--next", v.field("next"))
        .given("--owner", v.field("owner"));
    for missing in v.field("missing").lines() {
        order = order.given("--missing", missing);
    }
    act(v, &order, back(&id))
}

fn say(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let words = v.need("text", &w::MESSAGE)?.as_bytes().to_vec();
    act(v, &Order::new("application say").word(&id).word(v.field("section")).file(words), back(&id))
}

/// Opens a vote without a meeting.
fn expedite(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let mut order = Order::new("committee ballot open").word(&id).flag("--expedited");
    for member in v.fields("member") {
        order = order.option("--member", member);
    }
    act(v, &order, back(&id))
}

fn put(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    act(v, &Order::new("committee meeting put").word(v.need("meeting", &w::MEETING)?).word(&id), back(&id))
}

fn open(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let mut put = Vec::new();
    for n in 1..=3 {
        let field = |name: &str| v.field(&format!("{name}{n}")).trim().to_owned();
        let gate = field("gate");
        if gate.is_empty() {
            continue;
        }
        let mut condition = json!({
            "gate": gate, "words": field("words"), "verifier": field("verifier"), "due": field("due"),
        });
        let value = field("value");
        if let Some(fields) = condition.as_object_mut() {
            match (gate.as_str(), value.parse::<u64>()) {
                ("min-k" | "min-cell", Ok(persons)) => {
                    drop(fields.insert("at_least".to_owned(), json!(persons)));
                }
                ("period-end" | "destruction-date", _) => {
                    drop(fields.insert("not_after".to_owned(), json!(value)));
                }
                _ => {}
            }
        }
        put.push(condition);
    }
    let order =
        Order::new("committee ballot open").word(&id).option("--meeting", v.need("meeting", &w::MEETING)?);
    let order = if put.is_empty() {
        order
    } else {
        order.option_file("--conditions", json!({ "condition": put }).to_string())
    };
    act(v, &order, back(&id))
}

fn close(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    act(v, &Order::new("committee ballot close").word(v.field("ballot")), back(&id))
}
