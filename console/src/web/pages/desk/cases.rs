//! Cases of the desk (問い合わせ・苦情): the list with its deadlines, taking one up, reading its sealed words, answering with or
//! without a script, passing on, closing. Lists show kinds and days; words are opened one by one, and that is booked.

use axum::http::StatusCode;
use maud::{Markup, html};
use musubi_compliance::inquiry::{Channel, InquiryKind};
use serde_json::Value;

use super::describe::{self, Fault, Wrong};
use super::scripts;
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::told::Told as _;
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::desk as w;
use crate::words::{Lang, Word};

/// To whom a case is passed on.
const OFFICES: [(&str, Word); 3] = [
    ("complaint-officer", Word::new("苦情の責任者", "Officer for complaints")),
    ("incident-team", Word::new("事故の担当", "Incident team")),
    ("provider", Word::new("医療機関等", "The provider")),
];

fn kind_word(lang: Lang, kind: &str) -> &str {
    match InquiryKind::from_name(kind) {
        Some(known) => lang.pick(known.ja(), kind),
        None => kind,
    }
}

fn kinds(v: &Visit<'_>) -> Vec<(String, String)> {
    InquiryKind::ALL
        .iter()
        .map(|k| (k.as_str().to_owned(), kind_word(v.lang, k.as_str()).to_owned()))
        .collect()
}

fn state(lang: Lang, q: &Value) -> (Tone, &'static str) {
    match (q.text("closed").is_empty(), q.text("answered").is_empty(), q.yes("late") || q.yes("too_long")) {
        (false, ..) => (Tone::Good, lang.pick("終結", "closed")),
        (_, _, true) => (Tone::Bad, lang.pick("期限を過ぎています", "late")),
        (_, true, _) => (Tone::Waiting, lang.pick("未回答", "not answered")),
        _ => (Tone::Waiting, lang.pick("回答済み・未終結", "answered, open")),
    }
}

/// All cases; open ones first by their deadline.
pub(super) fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("inquiry list"))?;
    let wanted = if v.field("state").is_empty() { "open" } else { v.field("state") };
    let mut cases: Vec<&Value> = told.list("inquiries").iter().filter(|q| shown(q, wanted)).collect();
    cases.sort_by_key(|q| (q.text("due").to_owned(), q.text("inquiry").to_owned()));
    let rows: Vec<Vec<Markup>> = cases.iter().map(|q| row(v.lang, q)).collect();
    let states = [("open", &w::OPEN), ("late", &w::LATE), ("closed", &w::CLOSED), ("all", &w::ALL)];
    let heads = [
        (v.say(&w::CASE), false),
        (v.say(&w::KIND), false),
        (v.say(&w::STATE), false),
        (v.say(&w::CAME), false),
        (v.say(&w::DUE), false),
        (v.say(&w::ENTRY), false),
    ];
    let body = html! {
        p { (ui::link("/desk/cases/new", v.say(&w::NEW_CASE))) }
        nav aria-label=(v.say(&w::FILTER)) { p {
            @for (code, word) in states {
                a href={ "/desk/cases?state=" (code) } aria-current=[(code == wanted).then_some("true")] { (v.say(word)) } " "
            }
        } }
        @if rows.is_empty() { (ui::empty(v.say(&w::NO_CASES))) } @else { (ui::table(v.say(&w::CASES), &heads, &rows)) }
    };
    Ok(v.page(v.say(&w::CASES), &body))
}

fn shown(q: &Value, wanted: &str) -> bool {
    let closed = !q.text("closed").is_empty();
    match wanted {
        "closed" => closed,
        "late" => q.yes("late") || q.yes("too_long"),
        "all" => true,
        _ => !closed,
    }
}

fn row(lang: Lang, q: &Value) -> Vec<Markup> {
    let (tone, words) = state(lang, q);
    vec![
        ui::link(&format!("/desk/cases/{}", q.text("inquiry")), q.text("inquiry")),
        html! { (kind_word(lang, q.text("kind"))) },
        ui::badge(tone, words),
        html! { @if let Some(at) = q.moment("at") { (ui::moment(at)) } },
        html! { (q.text("due")) },
        html! { @if q.text("opt_out").is_empty() { "—" } @else { (ui::link(&format!("/desk/stops/{}", q.text("opt_out")), q.text("opt_out"))) } },
    ]
}

/// The form of a new case; comes from a person's page too, with the description in the body of the form.
pub(super) fn new(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    Ok(new_page(v, &Wrong::new()))
}

fn new_page(v: &mut Visit<'_>, wrong: &[Fault]) -> Reply {
    let ways: Vec<(String, String)> =
        Channel::ALL.iter().map(|c| (c.as_str().to_owned(), v.pick(c.ja(), c.as_str()).to_owned())).collect();
    let kind = match (v.field("kind"), v.field("purpose")) {
        ("", "opt-out") => "opt-out",
        ("", "disclosure") => "disclosure",
        ("", _) => "question",
        (kind, _) => kind,
    };
    let body = html! {
        (describe::summary(v.lang, wrong))
        @if describe::is_described(v) { p.flash { (v.say(&w::CASE_OF_PERSON)) } }
        (ui::form("/desk/cases", v.say(&w::TAKE_UP), &html! {
            (describe::carry_person(v))
            (ui::choice(v.lang, "kind", &w::KIND, &kinds(v), kind))
            (ui::choice(v.lang, "channel", &w::CHANNEL, &ways, v.field("channel")))
            (ui::area(v.lang, "text", &w::ASKED, v.field("text"), true, v.say(&w::ASKED_HELP)))
            (ui::field(v.lang, "opt_out", &w::ENTRY_IF_ANY, "text", v.field("opt_out"), false, ""))
        }))
    };
    let page = v.page(v.say(&w::NEW_CASE), &body);
    if wrong.is_empty() { page } else { page.status(StatusCode::BAD_REQUEST) }
}

/// Takes a case up.
pub(super) fn take_up(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    if v.field("text").trim().is_empty() {
        return Ok(new_page(v, &[("text", v.say(&w::NEED_ASKED).to_owned())]));
    }
    let entry = v.field("opt_out").trim();
    if !entry.is_empty() && !entry.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Ok(new_page(v, &[("opt_out", v.say(&w::NEED_ENTRY).to_owned())]));
    }
    let mut order = Order::new("inquiry new")
        .option("--kind", v.field("kind"))
        .option("--channel", v.field("channel"))
        .option_file("--text", v.field("text").as_bytes())
        .given("--opt-out", entry);
    if describe::is_described(v) {
        order = order.option_file("--person", describe::file(v));
    }
    let answer = v.give(&order)?;
    let id = answer.value.text("inquiry");
    if id.is_empty() {
        return Err(Problem::Bad(answer.said()));
    }
    Ok(v.done(format!("/desk/cases/{id}"), answer.said()))
}

fn find(v: &Visit<'_>) -> Result<Value, Problem> {
    let told = v.value(&Order::new("inquiry list"))?;
    let id = v.param("id");
    told.list("inquiries").iter().find(|q| q.text("inquiry") == id).cloned().ok_or(Problem::NotFound)
}

/// One case, its words sealed.
pub(super) fn one(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let q = find(v)?;
    Ok(case_page(v, &q, None))
}

/// One case with its words; the reading is booked.
pub(super) fn read(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let q = find(v)?;
    let words = v.value(&Order::new("inquiry show").word(v.param("id")))?;
    Ok(case_page(v, &q, Some(&words)))
}

fn case_page(v: &mut Visit<'_>, q: &Value, words: Option<&Value>) -> Reply {
    let id = q.text("inquiry").to_owned();
    let body = html! {
        (case_facts(v.lang, q))
        (ui::section(v.say(&w::WORDS), v.say(&w::WORDS_NOTE), &match words {
            None => html! { form.inline action={ "/desk/cases/" (id) "/words" } method="post" { button { (v.say(&w::READ)) } } },
            Some(words) => html! {
                h3 { (v.say(&w::ASKED)) } pre { (words.text("asked")) }
                @for answer in words.list("answers") { h3 { (v.say(&w::ANSWER)) } pre { (answer.as_str().unwrap_or_default()) } }
            },
        }))
        @if q.text("closed").is_empty() { (open_case(v, q)) }
    };
    v.page(&format!("{} {id}", v.say(&w::CASE)), &body)
}

/// State, days and steps of a case. Pure.
fn case_facts(lang: Lang, q: &Value) -> Markup {
    let (tone, words) = state(lang, q);
    let (next, due) = match (q.text("closed").is_empty(), q.text("answered").is_empty()) {
        (false, _) => ("", None),
        (_, true) => (lang.pick("回答を書いて記録します。", "Write an answer and note it."), q.day("due")),
        _ => (lang.pick("済んだら終結します。", "Close it when it is done."), None),
    };
    let steps: Vec<_> = q
        .list("events")
        .iter()
        .filter_map(|e| {
            let word = match e.text("action") {
                "answer" => lang.pick("回答", "answer"),
                "escalate" => lang.pick("引継ぎ", "passed on"),
                "close" => lang.pick("終結", "closed"),
                _ => "",
            };
            let to = OFFICES.iter().find(|(o, _)| *o == e.text("reference")).map(|(_, word)| lang.say(word));
            let to = to.unwrap_or(e.text("reference")).to_owned();
            Some((
                e.moment("at")?,
                e.text("by").to_owned(),
                html! { (word) @if !to.is_empty() { " → " (to) } },
            ))
        })
        .collect();
    html! {
        (ui::standing(lang, tone, words, next, lang.say(&w::DESK), due))
        (ui::facts(&[
            (lang.say(&w::KIND), html! { (kind_word(lang, q.text("kind"))) }),
            (lang.say(&w::CHANNEL), html! { (lang.pick(q.text("channel_ja"), q.text("channel"))) }),
            (lang.say(&w::CAME), html! { @if let Some(at) = q.moment("at") { (ui::moment(at)) } }),
            (lang.say(&w::DUE), html! { (q.text("due")) }),
            (lang.say(&w::TAKEN_BY), html! { code { (q.text("taken_by")) } }),
            (lang.say(&w::ENTRY), html! { @if q.text("opt_out").is_empty() { "—" } @else { (ui::link(&format!("/desk/stops/{}", q.text("opt_out")), q.text("opt_out"))) } }),
        ]))
        @if !steps.is_empty() { (ui::section(lang.say(&w::STEPS), "", &ui::timeline(&steps))) }
    }
}

fn open_case(v: &Visit<'_>, q: &Value) -> Markup {
    let id = q.text("inquiry");
    let path = |what: &str| format!("/desk/cases/{id}/{what}");
    let offered: Vec<_> = scripts::for_kind(q.text("kind")).collect();
    let chosen = offered.iter().find(|s| s.id == v.field("script"));
    let text = chosen.map_or("", |s| s.text(v.lang)).trim_start();
    html! {
        (ui::section(v.say(&w::ANSWER), v.say(&w::ANSWER_NOTE), &html! {
            @if !offered.is_empty() {
                p { (v.say(&w::SCRIPTS)) }
                ul { @for s in &offered { li { a href={ "/desk/cases/" (id) "?script=" (s.id) "#text" } { (s.title(v.lang)) } } } }
            }
            (ui::form(&path("answer"), v.say(&w::NOTE_ANSWER), &ui::area(v.lang, "text", &w::ANSWER, text, true, "")))
        }))
        (ui::section(v.say(&w::PASS_ON), "", &ui::form(
            &path("escalate"),
            v.say(&w::PASS_ON),
            &ui::choice(v.lang, "to", &w::TO, &describe::worded(v, &OFFICES), if q.text("kind") == "incident" { "incident-team" } else { "complaint-officer" }),
        )))
        (ui::section(v.say(&w::CLOSE), "", &html! {
            form.inline action=(path("close")) method="post" data-confirm=(v.say(&w::CLOSE_ASK)) { button { (v.say(&w::CLOSE)) } }
        }))
    }
}

fn noted(v: &Visit<'_>, order: &Order) -> Result<Reply, Problem> {
    let answer = v.give(order)?;
    v.after(&answer, format!("/desk/cases/{}", v.param("id")))
}

/// Notes an answer.
pub(super) fn answer(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let text = v.need("text", &w::ANSWER)?;
    noted(v, &Order::new("inquiry answer").option_file("--text", text.as_bytes()).word(v.param("id")))
}

/// Passes a case on.
pub(super) fn escalate(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let to = v.need("to", &w::TO)?;
    if !OFFICES.iter().any(|(office, _)| *office == to) {
        return Err(Problem::Bad(v.say(&w::TO).to_owned()));
    }
    noted(v, &Order::new("inquiry escalate").option("--to", to).word(v.param("id")))
}

/// Closes a case.
pub(super) fn close(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    noted(v, &Order::new("inquiry close").word(v.param("id")))
}
