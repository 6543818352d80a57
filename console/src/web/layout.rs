//! The frame of every page (JIS X 8341-3, WCAG 2.2 AA): skip link, menu by role, search, language, one heading, foot.
//! Works without script; script only makes it livelier.

use maud::{DOCTYPE, Markup, html};
use serde_json::json;

use super::assets;
use super::house::Visitor;
use super::reply::{Problem, Reply};
use super::route;
use super::visit::Visit;
use super::words::frame as w;
use crate::words::Lang;

fn head(lang: Lang, title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="robots" content="noindex, nofollow";
            // htmx may neither write styles nor evaluate anything.
            meta name="htmx-config" content=r#"{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,"historyCacheSize":0}"#;
            title { (title) " — " (lang.pick("結び", "Musubi")) }
            link rel="stylesheet" href=(assets::STYLE_PATH);
            link rel="icon" href=(assets::ICON_PATH) type="image/svg+xml";
            script src=(assets::HTMX_PATH) defer {}
            script src=(assets::SCRIPT_PATH) defer {}
        }
    }
}

/// A whole page.
pub(crate) fn frame(visit: &Visit<'_>, title: &str, flash: Option<&str>, body: &Markup) -> Markup {
    whole(visit.lang, visit.visitor.as_ref(), &visit.path, title, flash, body)
}

fn whole(
    lang: Lang,
    visitor: Option<&Visitor>,
    path: &str,
    title: &str,
    flash: Option<&str>,
    body: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            (head(lang, title))
            body {
                a.skip href="#main" { (lang.say(&w::SKIP)) }
                (bar(lang, visitor))
                @if let Some((role, until)) = visitor.and_then(|v| v.break_glass) {
                    p.glass role="alert" {
                        (lang.say(&w::BREAK_GLASS)) " " b { (lang.pick(role.ja(), role.as_str())) } " – "
                        (super::ui::moment(until))
                    }
                }
                div.house {
                    @if let Some(visitor) = visitor { (menu(lang, visitor, path)) }
                    main #main tabindex="-1" {
                        h1 { (title) }
                        @if let Some(flash) = flash {
                            div.flash role="status" { @for line in flash.lines() { p { (line) } } }
                        }
                        (body)
                    }
                }
                footer { (lang.say(&w::FOOT)) " — Musubi " span lang="ja" { "結び" } }
            }
        }
    }
}

fn bar(lang: Lang, visitor: Option<&Visitor>) -> Markup {
    html! {
        header.bar {
            a.mark href="/" { span lang="ja" { "結び" } small { "Musubi" } }
            @if let Some(visitor) = visitor {
                form.find role="search" action="/search" method="get" {
                    label.hidden for="find" { (lang.say(&w::FIND)) }
                    input #find type="search" name="q" placeholder=(lang.say(&w::FIND)) autocomplete="off";
                    button { (lang.say(&w::FIND_GO)) }
                }
                div.who {
                    span { b { (visitor.account) } " " span.soft { (visitor.organisation_name) } }
                    form action="/language" method="post" {
                        input type="hidden" name="lang" value=(lang.pick("en", "ja"));
                        button.plain lang=(lang.pick("en", "ja")) { (lang.pick("English", "日本語")) }
                    }
                    form action="/logout" method="post" { button.plain { (lang.say(&w::LOGOUT)) } }
                }
            } @else {
                div.who { a href=(lang.pick("?lang=en", "?lang=ja")) lang=(lang.pick("en", "ja")) { (lang.pick("English", "日本語")) } }
            }
        }
    }
}

fn menu(lang: Lang, visitor: &Visitor, path: &str) -> Markup {
    // The page one is on, or the nearest above it.
    let chapters = route::menu(&visitor.roles);
    let nearest = chapters
        .iter()
        .flat_map(|(_, pages)| pages)
        .map(|r| r.path)
        .filter(|p| path == *p || path.strip_prefix(p).is_some_and(|rest| rest.starts_with('/')))
        .max_by_key(|p| p.len());
    html! {
        nav.menu aria-label=(lang.say(&w::MENU)) {
            @for (area, pages) in &chapters {
                h2 { (area.word().text(lang)) }
                ul {
                    @for page in pages {
                        li { a href=(page.path) aria-current=[(nearest == Some(page.path)).then_some("page")] { (page.name.text(lang)) } }
                    }
                }
            }
        }
    }
}

/// What is shown instead of a page.
pub(crate) fn problem(lang: Lang, visitor: Option<&Visitor>, what: &Problem) -> Markup {
    let (title, said, next) = told(lang, what);
    let body = html! {
        div.problem role="alert" {
            @for line in said.lines() { p { (line) } }
            p.next { (next) }
            p.soft { code { (what.code()) } }
            p { a href="/" { (lang.say(&w::HOME)) } }
        }
    };
    whole(lang, visitor, "", title, None, &body)
}

/// The same for machines (RFC 9457).
pub(crate) fn problem_json(lang: Lang, what: &Problem) -> Reply {
    let (title, said, next) = told(lang, what);
    Reply::json(&json!({
        "type": "about:blank", "title": title, "status": what.status().as_u16(), "code": what.code(),
        "detail": said, "next": next,
    }))
    .kind("application/problem+json")
}

/// Title, what happened, what to do.
fn told(lang: Lang, what: &Problem) -> (&'static str, String, &'static str) {
    let (title, next) = match what {
        Problem::NotFound => (&w::P_NOT_FOUND, &w::N_NOT_FOUND),
        Problem::LoggedOut => (&w::P_LOGGED_OUT, &w::N_LOGGED_OUT),
        Problem::Forbidden(_) => (&w::P_FORBIDDEN, &w::N_FORBIDDEN),
        Problem::Bad(_) => (&w::P_BAD, &w::N_BAD),
        Problem::Conflict(_) => (&w::P_CONFLICT, &w::N_CONFLICT),
        Problem::TooLarge(_) => (&w::P_TOO_LARGE, &w::N_TOO_LARGE),
        Problem::TooMany(_) => (&w::P_TOO_MANY, &w::N_TOO_MANY),
        Problem::TooSlow => (&w::P_TOO_SLOW, &w::N_TOO_SLOW),
        Problem::Foreign => (&w::P_FOREIGN, &w::N_FOREIGN),
        Problem::Broken(_) => (&w::P_BROKEN, &w::N_BROKEN),
    };
    let said = match what {
        Problem::Forbidden(said) | Problem::Bad(said) | Problem::Conflict(said) => said.clone(),
        Problem::TooLarge(bytes) => format!("≤ {} MiB", bytes >> 20),
        Problem::TooMany(seconds) => format!("{seconds} {}", lang.pick("秒", "s")),
        _ => String::new(),
    };
    (lang.say(title), said, lang.say(next))
}
