//! Releases that hold data of somebody who asked to stop, or whose records were joined or parted wrongly (提供済みの情報への影響):
//! to whom they went, and what the Act asks now. The officer asks by number; other pages show their part of it.
//!
//! Names releases and recipients, or only how many there are; never a row, nothing clinical.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole::Officer;
use serde_json::Value;

use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, page};
use crate::web::told::Told as _;
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::output as w;
use crate::words::Lang;

pub(crate) const ROUTES: &[Route] = &[page("/affected", w::AFTERMATH, affected)
    .roles(&[Officer])
    .verbs(&["person affected", "optout status"])
    .menu(Area::Handover)];

/// What a verb told under `handed`: releases with their recipients where it named them, else how many ask for what.
pub(super) fn shown(lang: Lang, handed: &Value) -> Markup {
    let duties = handed.list("duties");
    html! {
        @if duties.is_empty() { (ui::empty(lang.say(&w::NO_AFTERMATH))) }
        @else {
            (ui::table(lang.say(&w::DUTIES), &[(lang.say(&w::DUTY), false), (lang.say(&w::RELEASE_COUNT), true)],
                &duties.iter().map(|d| vec![html! { (lang.pick(d.text("ja"), d.text("en"))) }, html! { (d.count("releases")) }]).collect::<Vec<_>>()))
        }
        @if !handed.list("releases").is_empty() { (releases(lang, handed.list("releases"))) }
    }
}

fn tone(duty: &str) -> Tone {
    match duty {
        "ask-deletion" | "hold-back" => Tone::Bad,
        "await-certificate" => Tone::Waiting,
        "done" => Tone::Good,
        _ => Tone::Plain,
    }
}

fn releases(lang: Lang, all: &[Value]) -> Markup {
    let heads = [
        (lang.say(&w::RELEASE), false),
        (lang.say(&w::PRODUCT), false),
        (lang.say(&w::SEALED), false),
        (lang.say(&w::RECIPIENTS), false),
        (lang.say(&w::DUTY), false),
    ];
    let row = |r: &Value| {
        vec![
            html! { code { (r.text("release")) } },
            html! { (lang.pick(r.text("product_ja"), r.text("product"))) },
            html! { @if let Some(at) = r.moment("sealed_at") { (ui::moment(at)) } },
            html! {
                @if r.list("handed").is_empty() { "—" } @else {
                    ul { @for h in r.list("handed") { li { (h.text("recipient")) " (" (h.text("handed_on")) ") " (lang.pick(h.text("state_ja"), h.text("state"))) } } }
                }
            },
            ui::badge(tone(r.text("duty")), r.text(lang.pick("duty_ja", "duty_en"))),
        ]
    };
    ui::table(lang.say(&w::AFTERMATH), &heads, &all.iter().map(row).collect::<Vec<_>>())
}

/// The officer's page.
fn affected(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.field("id").trim().to_owned();
    let causes = [("stop", v.say(&w::BY_STOP)), ("matching", v.say(&w::BY_MATCHING))];
    let cause = if v.field("cause") == "matching" { "matching" } else { "stop" };
    let form = html! {
        p { (v.say(&w::AFTERMATH_NOTE)) }
        form.stack action="/affected" method="get" {
            (ui::field(v.lang, "id", &w::WHOSE, "text", &id, true, v.say(&w::WHOSE_HELP)))
            (ui::radios(v.lang, "cause", &w::CAUSE_ASKED, &causes, cause))
            div.go { button.main { (v.say(&w::SHOW_AFTERMATH)) } }
        }
    };
    let found = if id.is_empty() {
        html! {}
    } else {
        let order = match (id.starts_with("O-"), cause) {
            (true, _) => Order::new("optout status").word(id.as_str()),
            (false, "matching") => Order::new("person affected").word(id.as_str()),
            (false, _) => Order::new("person affected").flag("--stop").word(id.as_str()),
        };
        let answer = v.give(&order)?;
        if !answer.went() {
            return Err(Problem::NotFound);
        }
        let recalls = answer.value.list("recalls");
        html! {
            (ui::section(v.say(&w::AFTERMATH), "", &html! {
                (shown(v.lang, answer.value.at("handed")))
                @if !recalls.is_empty() { p { (v.say(&w::RECALLS)) ": " @for r in recalls { code { (r.as_str().unwrap_or_default()) } " " } } }
                p { (ui::link("/releases", v.say(&w::RELEASES))) }
            }))
        }
    };
    let body = html! { (form) (found) };
    Ok(v.page(v.say(&w::AFTERMATH), &body))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_gets_counts_sees_no_release() {
        let counts = json!({ "duties": [{ "duty": "ask-deletion", "ja": "消去を求める", "en": "ask", "releases": 2 }], "releases": null });
        let page = shown(Lang::Ja, &counts).into_string();
        assert!(page.contains("消去を求める") && !page.contains("<code>"), "{page}");
        assert!(shown(Lang::Ja, &json!({ "duties": [] })).into_string().contains("提供物はありません"));
        let named = json!({ "duties": [{ "ja": "なし" }], "releases": [{ "release": "R-1", "duty": "nothing", "duty_ja": "することはありません",
            "handed": [{ "recipient": "見本大学", "handed_on": "2026-11-01", "state_ja": "提供先が保有" }] }] });
        let page = shown(Lang::Ja, &named).into_string();
        assert!(page.contains("R-1") && page.contains("見本大学") && page.contains("することはありません"));
    }
}
