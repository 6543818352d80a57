//! The one search: a box on every page for any number or word, and its answers. What may be a person's number is looked
//! for nowhere; the page says where to ask instead.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::Value;

use crate::web::house::{Ended, Order};
use crate::web::pages::said::{count, list, text, words, yes};
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Route, page};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::find as w;
use crate::words::Lang;

/// Who may look a master up.
const LOOKS_UP: &[AuditRole] =
    &[AuditRole::Operator, AuditRole::Curator, AuditRole::Identity, AuditRole::Intake, AuditRole::Auditor];

pub(crate) const ROUTES: &[Route] = &[
    page("/search", w::TITLE, search).logged_in().verbs(&["search find", "search id"]),
    page("/findings/{rule}", w::RULE, rule).logged_in().verbs(&["findings"]),
    page("/codes/{system}/{code}", w::CODE, code).roles(LOOKS_UP).verbs(&["masters show"]),
];

/// Where else the things of a path are shown: whoever may not open the first sees the next.
const NEAREST: [(&str, &[&str]); 6] = [
    ("/applications/", &["/office/cases/", "/committee/cases/"]),
    ("/office/cases/", &["/committee/cases/", "/applications/"]),
    ("/office/minutes/", &["/office/meetings/"]),
    ("/releases/", &["/output/", "/packages/"]),
    ("/deliveries/", &["/lineage/"]),
    ("/accounts/", &["/audit?actor="]),
];

/// The page of a hit, or the nearest one that the visitor may open.
fn nearest(v: &Visit<'_>, path: &str) -> Option<String> {
    if v.opens(path) {
        return Some(path.to_owned());
    }
    let (from, others) = NEAREST.iter().find(|(from, _)| path.starts_with(from))?;
    let id = path.strip_prefix(from)?;
    let found = others.iter().map(|to| format!("{to}{id}"));
    found.into_iter().find(|to| v.opens(to.split('?').next().unwrap_or(to)))
}

/// A rule of findings.
fn rule(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("rule").to_owned();
    let all = v.value(&Order::new("findings"))?;
    let found = all.as_array().into_iter().flatten().find(|r| text(r, "rule") == id);
    let found = found.ok_or(Problem::NotFound)?;
    let body = ui::facts(&[
        (v.say(&w::WHAT), html! { (words(found, "", v.lang)) }),
        (
            v.say(&w::SEVERITY),
            html! { (v.pick(
                match text(found, "severity") { "error" => "エラー", "warning" => "警告", _ => "参考" },
                text(found, "severity"),
            )) },
        ),
        (v.say(&w::MEND), html! { (words(found, "mend", v.lang)) }),
        (
            v.say(&w::EXAMPLE),
            html! { @if text(found, "example").is_empty() { "—" } @else { code { (text(found, "example")) } } },
        ),
    ]);
    Ok(v.page(&id, &body))
}

/// A code of a master.
fn code(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (system, code) = (v.param("system").to_owned(), v.param("code").to_owned());
    let told = v.value(&Order::new("masters show").word(system.as_str()).word(code.as_str()))?;
    let entries = list(&told, "entries");
    if entries.is_empty() {
        return Err(Problem::NotFound);
    }
    let rows: Vec<Vec<Markup>> =
        entries.iter().map(|e| vec![html! { (text(e, "edition")) }, html! { (text(e, "name")) }]).collect();
    let heads = [(v.say(&w::EDITION), false), (v.say(&w::WHAT), false)];
    let body = html! {
        (ui::facts(&[
            (v.say(&w::WHAT), html! { (text(&told, "name")) }),
            (v.say(&w::STANDARD), html! { @match told.get("standard").filter(|s| !s.is_null()) {
                Some(Value::String(word)) => { (word) },
                Some(other) => { code { (other.to_string()) } },
                None => { "—" },
            } }),
        ]))
        (ui::section(v.say(&w::EDITION), "", &ui::table(v.say(&w::EDITION), &heads, &rows)))
    };
    Ok(v.page(&format!("{system} {code}"), &body))
}

/// How many hits are shown on a page.
const SHOWN: &str = "50";

/// The word for a kind, in the visitor's language.
fn kind(lang: Lang, value: &Value) -> String {
    lang.pick(text(value, "kind_ja"), text(value, "kind")).to_owned()
}

/// Pieces of a text, what was asked for marked.
fn marked(parts: &[Value]) -> Markup {
    html! {
        @for part in parts {
            @if yes(part, "hit") { mark { (text(part, "text")) } } @else { (text(part, "text")) }
        }
    }
}

/// An id, as a link where there is a page for it.
fn id(v: &Visit<'_>, value: &Value) -> Markup {
    let id = text(value, "id");
    match nearest(v, text(value, "path")) {
        Some(path) => html! { a href=(path) { (id) } },
        None => html! { code { (id) } },
    }
}

fn known(v: &Visit<'_>, answer: &Value) -> Markup {
    let rows: Vec<Vec<Markup>> = list(answer, "found")
        .iter()
        .map(|found| {
            vec![
                html! { (kind(v.lang, found)) },
                id(v, found),
                html! { code { "musubi " (text(found, "verb")) } },
            ]
        })
        .collect();
    let heads = [(v.say(&w::KIND), false), (v.say(&w::ID), false), (v.say(&w::VERB), false)];
    html! {
        @if yes(answer, "help_desk") { p.note role="status" { (v.say(&w::PERSON)) } }
        @if !rows.is_empty() { (ui::section(v.say(&w::KNOWN), "", &ui::table(v.say(&w::KNOWN), &heads, &rows))) }
    }
}

fn hits(v: &Visit<'_>, answer: &Value) -> Markup {
    let all = list(answer, "hits");
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|hit| {
            let english = text(hit, "title_en");
            let title = match v.lang {
                Lang::En if !english.is_empty() => html! { (english) },
                _ => marked(list(hit, "title")),
            };
            let more = list(hit, "snippet");
            let snippet = more.iter().any(|p| yes(p, "hit")).then(|| marked(more));
            vec![
                html! { (kind(v.lang, hit)) },
                id(v, hit),
                html! { (title) @if let Some(snippet) = snippet { p.soft { (snippet) } } },
            ]
        })
        .collect();
    let heads = [(v.say(&w::KIND), false), (v.say(&w::ID), false), (v.say(&w::WHAT), false)];
    let all_there = count(answer, "count");
    let more = all_there > all.len() as u64;
    html! {
        @if rows.is_empty() {
            (ui::empty(v.say(&w::NOTHING)))
        } @else {
            (ui::table(v.say(&w::FOUND), &heads, &rows))
            @if more { p.note { (v.say(&w::MORE)) } }
        }
    }
}

/// Links that narrow the answer down to one kind.
fn kinds(v: &Visit<'_>, answer: &Value, query: &str, chosen: &str) -> Markup {
    let asked: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let all = list(answer, "kinds");
    html! {
        @if all.len() > 1 || !chosen.is_empty() {
            nav aria-label=(v.say(&w::KIND)) {
                ul.kinds {
                    li { a href={ "/search?q=" (asked) } aria-current=[chosen.is_empty().then_some("true")] { (v.say(&w::ALL)) } }
                    @for one in all {
                        @let word = text(one, "kind");
                        li {
                            a href={ "/search?q=" (asked) "&kind=" (word) } aria-current=[(word == chosen).then_some("true")] {
                                (kind(v.lang, one)) " (" (count(one, "count")) ")"
                            }
                        }
                    }
                }
            }
        }
    }
}

fn search(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let query = v.field("q").trim().to_owned();
    let chosen = v.field("kind").to_owned();
    let body = if query.is_empty() {
        html! { p.note { (v.say(&w::NOTE)) } }
    } else {
        let exact = v.value(&Order::new("search id").word(query.as_str()))?;
        let order =
            Order::new("search find").given("--kind", &chosen).option("--limit", SHOWN).word(query.as_str());
        let answer = v.give(&order)?;
        html! {
            (known(v, &exact))
            @if matches!(answer.ended, Ended::Done) {
                (kinds(v, &answer.value, &query, &chosen))
                (ui::section(v.say(&w::FOUND), "", &hits(v, &answer.value)))
            } @else {
                (ui::section(v.say(&w::NO_INDEX), "", &html! { p { (answer.said()) } }))
            }
        }
    };
    let page = html! {
        form.stack action="/search" method="get" role="search" {
            (ui::field(v.lang, "q", &w::QUERY, "search", &query, true, ""))
            div.go { button.main { (v.say(&w::GO)) } }
        }
        (body)
    };
    Ok(v.page(v.say(&w::TITLE), &page))
}
