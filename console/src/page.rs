//! The shell of every page: one file, its own style, nothing fetched, nothing run.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::words::{self, Lang};

/// Nothing may be loaded or run; the style stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE: &str = include_str!("page.css");

/// A whole page.
pub(crate) fn shell(lang: Lang, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex, nofollow";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (body) }
                footer { (lang.say(&words::FOOT)) " Musubi " span.ja lang="ja" { "結び" } }
            }
        }
    }
}

/// A section with heading and, below it, one line that says how to read it.
pub(crate) fn section(heading: &str, note: &str, body: &Markup) -> Markup {
    html! {
        section {
            h2 { (heading) }
            @if !note.is_empty() { p.note { (note) } }
            (body)
        }
    }
}
