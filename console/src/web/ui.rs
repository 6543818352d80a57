//! Building blocks of pages: small, accessible, the same everywhere. A state is never told by colour alone.

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

use crate::words::{Lang, Word};

/// How a state feels: also its mark and the word for readers of screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Done, well.
    Good,
    /// Under way, waits for somebody.
    Waiting,
    /// Stopped, wrong, late.
    Bad,
    /// Says nothing good or bad.
    Plain,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "badge good",
            Self::Waiting => "badge waiting",
            Self::Bad => "badge bad",
            Self::Plain => "badge",
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Waiting => "…",
            Self::Bad => "!",
            Self::Plain => "",
        }
    }
}

/// A state in a word, with a mark of its own.
#[must_use]
pub fn badge(tone: Tone, words: &str) -> Markup {
    html! { span class=(tone.class()) { @if !tone.mark().is_empty() { span.m aria-hidden="true" { (tone.mark()) } } (words) } }
}

/// A section with a heading and a line on how to read it (may be empty).
#[must_use]
pub fn section(heading: &str, note: &str, body: &Markup) -> Markup {
    html! {
        section { h2 { (heading) } @if !note.is_empty() { p.note { (note) } } (body) }
    }
}

/// A state in a sentence, the next step, who owns it and until when: on top of everything that has a state.
#[must_use]
pub fn standing(
    lang: Lang,
    tone: Tone,
    sentence: &str,
    next: &str,
    owner: &str,
    due: Option<Date>,
) -> Markup {
    let class = match tone {
        Tone::Good => "standing good",
        Tone::Waiting => "standing waiting",
        Tone::Bad => "standing bad",
        Tone::Plain => "standing",
    };
    html! {
        div class=(class) {
            p.now { (badge(tone, lang.pick("現在の状態", "State"))) " " (sentence) }
            @if !next.is_empty() { p { b { (lang.pick("次にすること", "Next step")) } " " (next) } }
            @if !owner.is_empty() { p { b { (lang.pick("担当", "Owner")) } " " (owner) } }
            @if let Some(due) = due { p { b { (lang.pick("期限", "Due")) } " " (day(due)) } }
        }
    }
}

/// A table. `heads`: heading and whether its cells are numbers. A caption is always there, if only for readers of screens.
#[must_use]
pub fn table(caption: &str, heads: &[(&str, bool)], rows: &[Vec<Markup>]) -> Markup {
    html! {
        div.wide role="region" aria-label=(caption) tabindex="0" {
            table {
                caption.hidden { (caption) }
                thead { tr { @for (head, number) in heads { th scope="col" class=[number.then_some("n")] { (head) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (i, cell) in row.iter().enumerate() {
                                @let number = heads.get(i).is_some_and(|h| h.1);
                                @if i == 0 { th scope="row" class=[number.then_some("n")] { (cell) } }
                                @else { td class=[number.then_some("n")] { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Names and values.
#[must_use]
pub fn facts(pairs: &[(&str, Markup)]) -> Markup {
    html! { dl.facts { @for (name, value) in pairs { dt { (name) } dd { (value) } } } }
}

/// Nothing is there, and what that means.
#[must_use]
pub fn empty(words: &str) -> Markup {
    html! { p.empty { (words) } }
}

/// A link that looks like what it is.
#[must_use]
pub fn link(path: &str, words: &str) -> Markup {
    html! { a href=(path) { (words) } }
}

/// A text field with its label and, when not empty, a help text beneath.
#[must_use]
pub fn field(
    lang: Lang,
    name: &str,
    label: &Word,
    kind: &str,
    value: &str,
    required: bool,
    help: &str,
) -> Markup {
    field_as(lang, (name, name), label, kind, value, required, help)
}

/// The same with an id of its own (`at`: id and name), where a page asks for one name twice.
#[must_use]
pub fn field_as(
    lang: Lang,
    at: (&str, &str),
    label: &Word,
    kind: &str,
    value: &str,
    required: bool,
    help: &str,
) -> Markup {
    let (id, name) = at;
    let help_id = format!("{id}-help");
    html! {
        div.field {
            label for=(id) { (label.text(lang)) @if required { " " span.must { (lang.pick("必須", "required")) } } }
            input id=(id) name=(name) type=(kind) value=(value) required[required]
                aria-describedby=[(!help.is_empty()).then_some(&help_id)];
            @if !help.is_empty() { p.help id=(help_id) { (help) } }
        }
    }
}

/// A field of several lines.
#[must_use]
pub fn area(lang: Lang, name: &str, label: &Word, value: &str, required: bool, help: &str) -> Markup {
    area_as(lang, (name, name), label, value, required, help)
}

/// The same with an id of its own (`at`: id and name), where a page asks for one name twice.
#[must_use]
pub fn area_as(
    lang: Lang,
    at: (&str, &str),
    label: &Word,
    value: &str,
    required: bool,
    help: &str,
) -> Markup {
    let (id, name) = at;
    let help_id = format!("{id}-help");
    html! {
        div.field {
            label for=(id) { (label.text(lang)) @if required { " " span.must { (lang.pick("必須", "required")) } } }
            textarea id=(id) name=(name) rows="4" required[required]
                aria-describedby=[(!help.is_empty()).then_some(&help_id)] { (value) }
            @if !help.is_empty() { p.help id=(help_id) { (help) } }
        }
    }
}

/// A choice. `choices`: value and words.
#[must_use]
pub fn choice(lang: Lang, name: &str, label: &Word, choices: &[(String, String)], chosen: &str) -> Markup {
    choice_as(lang, (name, name), label, choices, chosen)
}

/// The same with an id of its own (`at`: id and name), where a page asks for one name twice.
#[must_use]
pub fn choice_as(
    lang: Lang,
    at: (&str, &str),
    label: &Word,
    choices: &[(String, String)],
    chosen: &str,
) -> Markup {
    let (id, name) = at;
    html! {
        div.field {
            label for=(id) { (label.text(lang)) }
            select id=(id) name=(name) {
                @for (value, words) in choices { option value=(value) selected[value == chosen] { (words) } }
            }
        }
    }
}

/// A choice shown whole: radio buttons.
#[must_use]
pub fn radios(lang: Lang, name: &str, label: &Word, choices: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        fieldset {
            legend { (label.text(lang)) }
            @for (value, words) in choices {
                label.radio { input type="radio" name=(name) value=(value) checked[*value == chosen] required; " " (words) }
            }
        }
    }
}

/// A form that posts; `body` has the fields, `go` is the word on its button.
#[must_use]
pub fn form(path: &str, go: &str, body: &Markup) -> Markup {
    html! { form.stack action=(path) method="post" { (body) div.go { button.main { (go) } } } }
}

/// The same for files.
#[must_use]
pub fn form_with_files(path: &str, go: &str, body: &Markup) -> Markup {
    html! {
        form.stack action=(path) method="post" enctype="multipart/form-data" data-progress="" {
            (body)
            progress.upload max="100" value="0" hidden aria-label="%" {}
            div.go { button.main { (go) } }
        }
    }
}

/// An action that is not to be had now, with the reason beside it.
#[must_use]
pub fn greyed(words: &str, reason: &str) -> Markup {
    html! { span.greyed { button disabled { (words) } " " span.soft { (reason) } } }
}

/// Steps of a way: word, and whether done (`Some(true)`), under way (`Some(false)`) or to come.
#[must_use]
pub fn steps(lang: Lang, all: &[(&str, Option<bool>)]) -> Markup {
    html! {
        ol.steps {
            @for (word, at) in all {
                li class=(match at { Some(true) => "done", Some(false) => "now", None => "ahead" }) aria-current=[(*at == Some(false)).then_some("step")] {
                    (word)
                    span.hidden { " " (match at { Some(true) => lang.pick("済み", "done"), Some(false) => lang.pick("現在", "now"), None => lang.pick("これから", "to come") }) }
                }
            }
        }
    }
}

/// What happened, newest last: when, who, what.
#[must_use]
pub fn timeline(entries: &[(Timestamp, String, Markup)]) -> Markup {
    html! {
        ol.timeline { @for (at, who, what) in entries { li { span.at { (moment(*at)) } " " b { (who) } " " (what) } } }
    }
}

/// Pages of a long list, filtered on the server. `path` ends with `?` or `&`.
#[must_use]
pub fn pager(lang: Lang, path: &str, page: u64, pages: u64) -> Markup {
    html! {
        @if pages > 1 {
            nav.pager aria-label=(lang.pick("ページ", "Pages")) {
                @if page > 1 { a rel="prev" href={ (path) "page=" (page - 1) } { (lang.pick("前へ", "Previous")) } }
                span { (page) " / " (pages) }
                @if page < pages { a rel="next" href={ (path) "page=" (page + 1) } { (lang.pick("次へ", "Next")) } }
            }
        }
    }
}

/// A day.
#[must_use]
pub fn day(date: Date) -> Markup {
    html! { time datetime=(date) { (date) } }
}

/// A day with the Japanese era beside it, as formal papers want it.
#[must_use]
pub fn day_with_era(date: Date) -> Markup {
    html! { time datetime=(date) { (date) " (" (crate::format::era(date)) ")" } }
}

/// A moment, Japanese time.
#[must_use]
pub fn moment(at: Timestamp) -> Markup {
    let local = jiff::tz::offset(9).to_datetime(at);
    html! { time datetime=(at) { (local.strftime("%Y-%m-%d %H:%M")) } }
}

/// A number with thousands apart.
#[must_use]
pub fn number(n: u64) -> String {
    crate::format::number(n)
}

/// A part of the page that is fetched anew every few seconds while it is open; without script it stands still.
#[must_use]
pub fn live(path: &str, seconds: u32, body: &Markup) -> Markup {
    html! { div hx-get=(path) hx-trigger={ "every " (seconds) "s" } hx-swap="innerHTML" aria-live="polite" { (body) } }
}
