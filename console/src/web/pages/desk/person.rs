//! Finding a person at the desk, step by step: who asks and what for, who is meant, and how it stands on a day. Nothing is
//! looked up or shown before the purpose is chosen and it was made sure who asks. Everything goes by `POST`.

use maud::{Markup, html};
use musubi_compliance::desk::{RELEASED_EN, RELEASED_JA};
use serde_json::Value;

use super::describe::{self, Fault, Wrong};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::told::Told as _;
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::desk as w;
use crate::words::Lang;

fn way(v: &Visit<'_>, at: usize) -> Markup {
    describe::way(v, &[&w::STEP_WHO, &w::STEP_PERSON, &w::STEP_RESULT], at)
}

/// Step 1: who asks, what for.
pub(super) fn begin(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    Ok(who_page(v, &Wrong::new()))
}

fn who_page(v: &mut Visit<'_>, wrong: &[Fault]) -> Reply {
    let purposes: Vec<(&str, &str)> = describe::PURPOSES.iter().map(|(p, word)| (*p, v.say(word))).collect();
    let body = html! {
        (way(v, 0))
        (describe::summary(v.lang, wrong))
        p.note { (v.say(&w::WHO_NOTE)) }
        (ui::form("/desk/person", v.say(&w::NEXT), &html! {
            div id="purpose" { (ui::radios(v.lang, "purpose", &w::PURPOSE, &purposes, v.field("purpose"))) }
            (describe::asking_fields(v))
            div.field {
                label.radio {
                    input id="confirmed" type="checkbox" name="confirmed" value="yes" checked[v.field("confirmed") == "yes"];
                    " " (v.say(&w::CONFIRMED))
                }
            }
        }))
    };
    describe::asked_again(v, &w::FIND, wrong, &body)
}

fn not_asked_rightly(v: &Visit<'_>) -> Wrong {
    let mut wrong = Wrong::new();
    if !describe::PURPOSES.iter().any(|(p, _)| *p == v.field("purpose")) {
        wrong.push(("purpose", v.say(&w::NEED_PURPOSE).to_owned()));
    }
    if !describe::REQUESTERS.iter().any(|(r, _)| *r == v.field("requester")) {
        wrong.push(("requester", v.say(&w::NEED_REQUESTER).to_owned()));
    }
    if v.field("confirmed") != "yes" {
        wrong.push(("confirmed", v.say(&w::NEED_CONFIRMED).to_owned()));
    }
    wrong
}

/// Step 2: who is meant. Without purpose and confirmation: step 1 again, with what is missing.
pub(super) fn describe_page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let wrong = not_asked_rightly(v);
    Ok(if wrong.is_empty() { person_page(v, &wrong) } else { who_page(v, &wrong) })
}

fn person_page(v: &mut Visit<'_>, wrong: &[Fault]) -> Reply {
    let body = html! {
        (way(v, 1))
        (describe::summary(v.lang, wrong))
        p.note { (v.say(&w::PERSON_NOTE)) }
        (ui::form("/desk/person/standing", v.say(&w::LOOK_UP), &html! {
            (describe::carry_asking(v))
            (describe::fields(v))
            (ui::field(v.lang, "on", &w::ON, "date", v.field("on"), false, v.say(&w::ON_HELP)))
        }))
    };
    describe::asked_again(v, &w::FIND, wrong, &body)
}

/// Step 3: how it stands.
pub(super) fn standing(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let wrong = not_asked_rightly(v);
    if !wrong.is_empty() {
        return Ok(who_page(v, &wrong));
    }
    let wrong = describe::missing(v);
    if !wrong.is_empty() {
        return Ok(person_page(v, &wrong));
    }
    let order = Order::new("optout standing")
        .option_file("--file", describe::file(v))
        .given("--on", v.field("on"))
        .option("--purpose", v.field("purpose"))
        .option("--requester", v.field("requester"))
        .given("--life", v.field("life"))
        .given("--capacity", v.field("capacity"))
        .option("--check", v.field("check"))
        .flag("--confirmed");
    let answer = v.give(&order)?;
    if !answer.went() {
        // What the verb finds wrong names columns and shapes, never a value.
        let wrong: Wrong = answer.said().lines().map(|line| ("name_kana", line.to_owned())).collect();
        return Ok(person_page(v, &wrong));
    }
    let similar = if answer.value.count("identities") == 0 { similar(v)? } else { 0 };
    let body = html! {
        (way(v, 2))
        (result(v.lang, &answer.value))
        @if similar > 0 {
            div.problem role="note" { p { (similar) (v.say(&w::SIMILAR)) } p { (v.say(&w::SIMILAR_NEXT)) } }
        }
        (onward(v))
    };
    Ok(v.page(v.say(&w::STANDING), &body))
}

/// How many persons are like the one that was described and not found: a slip of the pen, or a card that changed. Nothing
/// of them is shown.
fn similar(v: &Visit<'_>) -> Result<u64, Problem> {
    let order = Order::new("person match")
        .option_file("--from", describe::question(v))
        .option("--purpose", v.field("purpose"));
    // What is too little to search by is no failure: the answer stands without it.
    Ok(v.give(&order)?.value.count("total"))
}

/// Ways on, with what was typed in the body of the form.
fn onward(v: &Visit<'_>) -> Markup {
    let all = html! { (describe::carry_asking(v)) (describe::carry_person(v)) };
    ui::section(
        v.say(&w::ONWARD),
        "",
        &html! {
            div.go {
                (describe::onward("/desk/stop", v.say(&w::REGISTER_STOP), &all))
                (describe::onward("/desk/cases/new", v.say(&w::NEW_CASE_OF), &all))
                (describe::onward("/desk/person", v.say(&w::OTHER_PERSON), &describe::carry_asking(v)))
            }
        },
    )
}

/// How it stands, as the verb told it. Pure.
fn result(lang: Lang, told: &Value) -> Markup {
    let held = told.list("held");
    let stops = told.list("stops").iter().filter(|s| s.yes("in_force")).count();
    let (tone, sentence) = match (held.is_empty(), stops) {
        (_, 1..) => (Tone::Bad, lang.pick("提供の停止が登録されています。", "A stop is registered.")),
        (true, 0) => {
            (Tone::Plain, lang.pick("この方の情報は保有していません。", "Nothing of this person is held."))
        }
        (false, 0) => (
            Tone::Good,
            lang.pick(
                "この方の情報を保有しています。停止の登録はありません。",
                "Data of this person are held. No stop is registered.",
            ),
        ),
    };
    html! {
        (ui::standing(lang, tone, sentence, lang.say(&w::TELL_NEXT), lang.say(&w::DESK), None))
        @if let Some(on) = told.day("on") { p { (lang.say(&w::ON)) ": " (ui::day_with_era(on)) } }
        (ui::section(lang.say(&w::HELD), lang.say(&w::HELD_NOTE), &held_table(lang, held)))
        (ui::section(lang.say(&w::USES), "", &uses_table(lang, told.list("uses"))))
        (ui::section(lang.say(&w::NOTICES), "", &notices_table(lang, told.list("notices"))))
        (ui::section(lang.say(&w::STOPS), "", &stops_table(lang, told.list("stops"))))
        (ui::section(lang.say(&w::RELEASES), "", &releases(lang, told.list("releases"))))
        (ui::section(lang.say(&w::PAST), lang.say(&w::PAST_NOTE), &past_table(lang, told.list("inquiries"))))
    }
}

fn or_empty(rows: &[Vec<Markup>], caption: &str, heads: &[(&str, bool)], nothing: &str) -> Markup {
    if rows.is_empty() { ui::empty(nothing) } else { ui::table(caption, heads, rows) }
}

/// What is held, by provider.
pub(super) fn held_table(lang: Lang, held: &[Value]) -> Markup {
    let rows = held.iter().map(|h| {
        vec![
            html! { (h.text("provider")) },
            html! { @if let Some(at) = h.moment("since") { (ui::moment(at)) } @else { "—" } },
            html! { (ui::number(h.count("units"))) },
            html! { (ui::number(h.count("waiting"))) },
        ]
    });
    let heads = [
        (lang.say(&w::PROVIDER), false),
        (lang.say(&w::SINCE), false),
        (lang.say(&w::UNITS), true),
        (lang.say(&w::WAITING), true),
    ];
    or_empty(&rows.collect::<Vec<_>>(), lang.say(&w::HELD), &heads, lang.say(&w::NOTHING_HELD))
}

fn uses_table(lang: Lang, uses: &[Value]) -> Markup {
    let may = |yes: bool| {
        if yes {
            ui::badge(Tone::Good, lang.pick("可", "yes"))
        } else {
            ui::badge(Tone::Bad, lang.pick("不可", "no"))
        }
    };
    let rows = uses.iter().map(|u| {
        vec![
            html! { (u.text("provider")) },
            may(u.yes("anonymized")),
            may(u.yes("pseudonymized")),
            html! {
                (u.text(lang.pick("because_ja", "because_en")))
                @if let Some(from) = u.day("from") { " (" (ui::day(from)) (lang.pick("から", " on")) ")" }
            },
        ]
    });
    let heads = [
        (lang.say(&w::PROVIDER), false),
        (lang.say(&w::ANONYMIZED), false),
        (lang.say(&w::PSEUDONYMIZED), false),
        (lang.say(&w::BECAUSE), false),
    ];
    or_empty(&rows.collect::<Vec<_>>(), lang.say(&w::USES), &heads, lang.say(&w::NO_USES))
}

fn notices_table(lang: Lang, notices: &[Value]) -> Markup {
    let word = |all: &[(&str, &'static str, &'static str)], found: &str| {
        all.iter()
            .find(|(code, ..)| *code == found)
            .map_or(found.to_owned(), |(_, ja, en)| lang.pick(*ja, *en).to_owned())
    };
    let methods = [
        ("paper", "書面", "paper"),
        ("mail", "郵送", "mail"),
        ("email", "電子メール", "e-mail"),
        ("screen", "画面", "screen"),
    ];
    let parties = [
        ("self", "本人", "the person"),
        ("guardian", "保護者", "guardian"),
        ("both", "本人と保護者", "both"),
    ];
    let scopes = [
        ("anonymized", "匿名加工", "anonymised"),
        ("pseudonymized", "仮名加工", "pseudonymised"),
        ("both", "匿名加工・仮名加工", "both"),
    ];
    let rows = notices.iter().map(|n| {
        vec![
            html! { (n.text("provider")) },
            html! { @if let Some(day) = n.day("notified_on") { (ui::day_with_era(day)) } },
            html! { (word(&methods, n.text("method"))) },
            html! { (word(&parties, n.text("party"))) },
            html! { (word(&scopes, n.text("scope"))) },
            html! { @if let Some(day) = n.day("ripe_on") { (ui::day(day)) } },
        ]
    });
    let heads = [
        (lang.say(&w::PROVIDER), false),
        (lang.say(&w::NOTIFIED_ON), false),
        (lang.say(&w::METHOD), false),
        (lang.say(&w::PARTY), false),
        (lang.say(&w::SCOPE), false),
        (lang.say(&w::RIPE_ON), false),
    ];
    or_empty(&rows.collect::<Vec<_>>(), lang.say(&w::NOTICES), &heads, lang.say(&w::NO_NOTICES))
}

fn stops_table(lang: Lang, stops: &[Value]) -> Markup {
    let rows = stops.iter().map(|s| {
        vec![
            ui::link(&format!("/desk/stops/{}", s.text("entry")), s.text("entry")),
            html! { (scope_words(lang, s.text("provider"))) },
            html! { (s.text("effective_from")) },
            html! {
                @if s.yes("in_force") { (ui::badge(Tone::Bad, lang.pick("有効", "in force"))) }
                @else { (ui::badge(Tone::Plain, lang.pick("この日には効力なし", "not in force on this day"))) }
            },
        ]
    });
    let heads = [
        (lang.say(&w::ENTRY), false),
        (lang.say(&w::REACH), false),
        (lang.say(&w::EFFECTIVE), false),
        (lang.say(&w::STATE), false),
    ];
    or_empty(&rows.collect::<Vec<_>>(), lang.say(&w::STOPS), &heads, lang.say(&w::NO_STOPS))
}

/// All providers, or the one.
pub(super) fn scope_words(lang: Lang, provider: &str) -> String {
    if provider.is_empty() {
        lang.pick("すべての提供元", "all providers").to_owned()
    } else {
        provider.to_owned()
    }
}

/// Releases that cannot be called back, and why.
pub(super) fn releases(lang: Lang, releases: &[Value]) -> Markup {
    html! {
        @if releases.is_empty() { (ui::empty(lang.say(&w::NO_RELEASES))) } @else {
            p { (lang.pick(RELEASED_JA, RELEASED_EN)) }
            ul { @for r in releases { li { code { (r.text("release")) } " " @if let Some(at) = r.moment("sealed_at") { (ui::moment(at)) } } } }
        }
    }
}

fn past_table(lang: Lang, past: &[Value]) -> Markup {
    let rows = past.iter().map(|q| {
        vec![
            ui::link(&format!("/desk/cases/{}", q.text("inquiry")), q.text("inquiry")),
            html! { (lang.pick(q.text("kind_ja"), q.text("kind"))) },
            html! { @if let Some(at) = q.moment("at") { (ui::moment(at)) } },
            html! { @if q.text("answered").is_empty() { "—" } @else { (q.text("answered")) } },
            html! { @if q.text("closed").is_empty() { "—" } @else { (q.text("closed")) } },
        ]
    });
    let heads = [
        (lang.say(&w::CASE), false),
        (lang.say(&w::KIND), false),
        (lang.say(&w::CAME), false),
        (lang.say(&w::ANSWERED), false),
        (lang.say(&w::CLOSED), false),
    ];
    or_empty(&rows.collect::<Vec<_>>(), lang.say(&w::PAST), &heads, lang.say(&w::NO_PAST))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_stop_is_told_before_what_is_held() {
        let told = json!({ "on": "2026-11-20",
            "held": [{ "provider": "9910000001", "units": 3, "waiting": 0, "since": "2026-10-01T00:00:00Z" }],
            "stops": [{ "entry": "O-2026-0001", "provider": null, "effective_from": "2026-11-01", "in_force": true }],
            "uses": [{ "provider": "9910000001", "anonymized": false, "pseudonymized": false, "because": "stopped", "because_ja": "停止の求めが有効" }],
            "releases": [{ "release": "R-0001", "sealed_at": "2026-11-02T00:00:00Z" }] });
        let page = result(Lang::Ja, &told).into_string();
        assert!(page.contains("提供の停止が登録されています") && page.contains("すべての提供元"));
        assert!(page.contains(RELEASED_JA) && page.contains("停止の求めが有効") && page.contains("不可"));
        assert!(!page.contains("style="), "the policy of the pages blocks it");
        let none = result(Lang::Ja, &json!({ "on": "2026-11-20" })).into_string();
        assert!(none.contains("保有していません") && !none.contains(RELEASED_JA));
    }
}
