//! Meetings, members and minutes (会議・委員・議事録), for the review office.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;

use super::{act, ask, list, quorum, text, yes};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, action, page};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::review as w;
use serde_json::Value;

const OFFICE: &[AuditRole] = &[AuditRole::ReviewSecretary];

pub(crate) const ROUTES: &[Route] = &[
    page("/office/meetings", w::MEETINGS, all)
        .roles(OFFICE)
        .verbs(&["committee meeting list"])
        .menu(Area::Secretary),
    action("/office/meetings", w::CALL, call).roles(OFFICE).verbs(&["committee meeting new"]),
    page("/office/meetings/{id}", w::MEETING, one)
        .roles(OFFICE)
        .verbs(&["committee meeting show", "committee member list"]),
    action("/office/meetings/{id}/attend", w::ATTEND, attend)
        .roles(OFFICE)
        .verbs(&["committee meeting attend"]),
    page("/office/members", w::MEMBERS, members)
        .roles(OFFICE)
        .verbs(&["committee member list", "committee interest list"])
        .menu(Area::Secretary),
    action("/office/members", w::MEMBER_LOAD, member).roles(OFFICE).verbs(&["committee member load"]),
    page("/office/minutes/{of}", w::MINUTES, minutes).roles(OFFICE).verbs(&["committee minutes"]),
    page("/office/summary/{of}", w::SUMMARY, summary).roles(OFFICE).verbs(&["committee summary"]),
];

fn all(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = ask(v, &Order::new("committee meeting list"))?;
    let rows: Vec<Vec<Markup>> = list(&told, "meetings")
        .iter()
        .map(|m| {
            let id = text(m, "meeting");
            vec![
                ui::link(&format!("/office/meetings/{id}"), id),
                html! { (text(m, "held_on")) },
                html! { (text(m, "place")) },
                html! { (list(m, "items").len()) },
            ]
        })
        .collect();
    let heads = [
        (v.pick("番号", "Number"), false),
        (v.say(&w::DAY), false),
        (v.say(&w::PLACE), false),
        (v.pick("議題", "Cases"), true),
    ];
    let modes = [
        ("hybrid", v.pick("対面・オンライン併用", "both")),
        ("in-person", v.pick("対面", "in person")),
        ("online", v.pick("オンライン", "online")),
    ];
    let modes: Vec<(String, String)> = modes.map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    let body = html! {
        @if rows.is_empty() { (ui::empty(v.pick("会議はまだありません。", "No meetings yet."))) }
        @else { (ui::table(v.say(&w::MEETINGS), &heads, &rows)) }
        (ui::section(v.say(&w::CALL), "", &ui::form("/office/meetings", v.say(&w::CALL), &html! {
            (ui::field(v.lang, "on", &w::DAY, "date", "", true, ""))
            (ui::choice(v.lang, "mode", &w::MODE, &modes, "hybrid"))
            (ui::field(v.lang, "place", &w::PLACE, "text", "", true, ""))
        })))
    };
    Ok(v.page(v.say(&w::MEETINGS), &body))
}

fn call(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("committee meeting new")
        .option("--on", v.need("on", &w::DAY)?)
        .given("--mode", v.field("mode"))
        .option("--place", v.need("place", &w::PLACE)?);
    act(v, &order, "/office/meetings")
}

fn one(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let shown = ask(v, &Order::new("committee meeting show").word(&id))?;
    let seats = ask(v, &Order::new("committee member list"))?;
    let there = |m: &str| list(&shown, "present").iter().any(|p| p.as_str() == Some(m));
    let forecast = if text(&shown, "forecast_of") == "all" {
        v.pick(
            "出席が未記録のため、全委員での見込みです。",
            "Nobody is noted yet: a forecast over all members.",
        )
    } else {
        v.pick("記録された出席者での数えです。", "Counted over those who are there.")
    };
    let body = html! {
        (ui::facts(&[
            (v.say(&w::DAY), html! { (text(&shown, "held_on")) }),
            (v.say(&w::MODE), html! { (v.pick(text(&shown, "mode_ja"), text(&shown, "mode"))) }),
            (v.say(&w::PLACE), html! { (text(&shown, "place")) }),
        ]))
        p { (ui::link(&format!("/office/minutes/{id}"), v.say(&w::MINUTES))) " ・ " (ui::link(&format!("/office/summary/{id}"), v.say(&w::SUMMARY))) }
        (ui::section(v.pick("議題と定足数", "Agenda and quorum"), forecast, &html! {
            @if list(&shown, "agenda").is_empty() { (ui::empty(v.pick("議題はまだありません。申出の画面から加えます。", "Nothing yet: put cases here from their page."))) }
            @for a in list(&shown, "agenda") {
                h3 { (ui::link(&format!("/office/cases/{}", text(a, "application")), &format!("{} {}", text(a, "application"), text(a, "title")))) }
                p { (quorum(v, a.get("quorum").unwrap_or(&Value::Null))) }
                ul {
                    @for m in list(a, "members").iter().filter(|m| yes(m, "recused")) {
                        @let why: Vec<&str> = list(m, "grounds_ja").iter().filter_map(Value::as_str).collect();
                        li { (v.pick("除斥", "recused")) " " (text(m, "member")) " (" (why.join("、")) ")" }
                    }
                }
            }
        }))
        @let all_there = list(&seats, "members").iter().all(|m| there(text(m, "member")));
        @if all_there {
            @let names: Vec<&str> = list(&shown, "present").iter().filter_map(Value::as_str).collect();
            (ui::section(v.say(&w::ATTEND), "", &html! {
                p { (names.join("、")) }
                (ui::greyed(v.say(&w::ATTEND), v.pick("全員の出席を記録しました", "all are noted as there")))
            }))
        }
        @else { (ui::section(v.say(&w::ATTEND), "", &ui::form(&format!("/office/meetings/{id}/attend"), v.say(&w::ATTEND), &html! {
            fieldset {
                legend { (v.say(&w::MEMBERS)) }
                @for m in list(&seats, "members") {
                    @let name = text(m, "member");
                    label.radio {
                        input type="checkbox" name="member" value=(name) checked[there(name)] disabled[there(name)];
                        " " (name) " " (v.pick(text(m, "view_ja"), text(m, "view")))
                        @if there(name) { " " (v.pick("(出席)", "(there)")) }
                    }
                }
            }
        }))) }
    };
    let title = format!("{} {id}", v.say(&w::MEETING));
    Ok(v.page(&title, &body))
}

fn attend(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let mut order = Order::new("committee meeting attend").word(&id);
    for member in v.fields("member") {
        order = order.word(member);
    }
    act(v, &order, format!("/office/meetings/{id}"))
}

fn members(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = ask(v, &Order::new("committee member list"))?;
    let interests = ask(v, &Order::new("committee interest list"))?;
    let rows: Vec<Vec<Markup>> = list(&told, "members")
        .iter()
        .map(|m| {
            let from =
                if yes(m, "outside") { v.pick("外部", "outside") } else { v.pick("内部", "inside") };
            vec![
                html! { (text(m, "member")) },
                html! { (v.pick(text(m, "view_ja"), text(m, "view"))) },
                html! { (v.pick(if text(m, "sex") == "female" { "女性" } else { "男性" }, text(m, "sex"))) },
                html! { (from) },
                html! { (text(m, "organisation_name")) },
                html! { (text(m, "from")) "–" (text(m, "until")) },
            ]
        })
        .collect();
    let heads = [
        (v.pick("委員", "Member"), false),
        (v.say(&w::VIEW), false),
        (v.say(&w::SEX), false),
        (v.say(&w::OUTSIDE), false),
        (v.say(&w::ORGANISATION), false),
        (v.pick("任期", "Term"), false),
    ];
    let pairs = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    };
    let views = pairs(&[
        ("natural-science", v.pick("医学・自然科学", "medicine, natural science")),
        ("humanities", v.pick("人文・社会科学(倫理・法律)", "humanities, ethics, law")),
        ("public", v.pick("一般の立場", "general public")),
    ]);
    let sexes = pairs(&[("female", v.pick("女性", "female")), ("male", v.pick("男性", "male"))]);
    let outside = pairs(&[("true", v.pick("外部", "outside")), ("false", v.pick("内部", "inside"))]);
    let body = html! {
        p { (quorum(v, told.get("quorum").unwrap_or(&Value::Null))) }
        (ui::table(v.say(&w::MEMBERS), &heads, &rows))
        (ui::section(v.say(&w::INTERESTS), "", &interests_table(v, &interests)))
        (ui::section(v.say(&w::MEMBER_LOAD), "", &ui::form("/office/members", v.say(&w::MEMBER_LOAD), &html! {
            (ui::field(v.lang, "member", &w::MEMBER, "text", "", true, ""))
            (ui::choice(v.lang, "view", &w::VIEW, &views, ""))
            (ui::choice(v.lang, "sex", &w::SEX, &sexes, ""))
            (ui::choice(v.lang, "outside", &w::OUTSIDE, &outside, "true"))
            (ui::field(v.lang, "organisation", &w::ORGANISATION, "text", "", true, ""))
            (ui::field(v.lang, "from", &w::SINCE, "date", "", true, ""))
            (ui::field(v.lang, "until", &w::DUE, "date", "", true, ""))
        })))
    };
    Ok(v.page(v.say(&w::MEMBERS), &body))
}

/// Interests as a table; the office's and a member's own.
pub(super) fn interests_table(v: &Visit<'_>, told: &Value) -> Markup {
    let rows: Vec<Vec<Markup>> = list(told, "interests")
        .iter()
        .map(|i| {
            vec![
                html! { (text(i, "member")) },
                html! { (v.pick(text(i, "kind_ja"), text(i, "kind"))) },
                html! { (text(i, "with")) },
                html! { (text(i, "since")) },
                html! { (text(i, "ended")) },
            ]
        })
        .collect();
    let heads = [
        (v.pick("委員", "Member"), false),
        (v.say(&w::KIND), false),
        (v.say(&w::WITH), false),
        (v.say(&w::SINCE), false),
        (v.say(&w::ENDED), false),
    ];
    if rows.is_empty() {
        return ui::empty(v.pick("申告された利害関係はありません。", "No interests declared."));
    }
    ui::table(v.say(&w::INTERESTS), &heads, &rows)
}

fn member(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let row = serde_json::json!({ "member": [{
        "member": v.need("member", &w::MEMBER)?, "view": v.field("view"), "sex": v.field("sex"),
        "outside": v.field("outside") == "true", "organisation": v.need("organisation", &w::ORGANISATION)?,
        "from": v.need("from", &w::SINCE)?, "until": v.need("until", &w::DUE)?,
    }] });
    act(v, &Order::new("committee member load").file(row.to_string()), "/office/members")
}

fn paper(v: &mut Visit<'_>, verb: &'static str, title: &'static str) -> Result<Reply, Problem> {
    let of = v.param("of").to_owned();
    let told = ask(v, &Order::new(verb).word(&of))?;
    let body = html! {
        @if of.starts_with("MT-") { p.noprint { (ui::link(&format!("/office/meetings/{of}"), v.pick("会議へ戻る", "Back to the meeting"))) } }
        pre { (text(&told, "text")) }
        p { (v.pick("ハッシュ", "Hash")) " " code { (text(&told, "hash")) } }
        p.noprint { (v.pick("ブラウザーの印刷で紙にできます。", "Print it with the browser.")) }
    };
    Ok(v.page(title, &body))
}

fn minutes(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let title = v.say(&w::MINUTES);
    paper(v, "committee minutes", title)
}

fn summary(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let title = v.say(&w::SUMMARY);
    paper(v, "committee summary", title)
}
