//! The desk of matching (名寄せ): the queue, pairs side by side, the second reviewer's blind sample, and the past of a person.
//! Lists show numbers only; what sources wrote is shown on request, for the purpose of the review, and that is booked first.

mod diff;
mod history;
mod pair;
mod queue;
mod second;

use axum::http::StatusCode;
use maud::{Markup, html};
use musubi_compliance::audit::AuditRole::{self, Identity};

use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, action, page};
use crate::web::visit::Visit;
use crate::web::words::matching as w;

const CLERKS: &[AuditRole] = &[Identity];

pub(crate) const ROUTES: &[Route] = &[
    page("/matching", w::QUEUE, queue::list).roles(CLERKS).verbs(&["person queue"]).menu(Area::Matching),
    page("/matching/next", w::NEXT_PAIR, queue::next).roles(CLERKS).verbs(&["person queue"]),
    page("/matching/pair/{a}/{b}", w::PAIR, pair::shown).roles(CLERKS).verbs(&["person explain"]),
    action("/matching/pair/{a}/{b}", w::LOOK, pair::looked).roles(CLERKS).verbs(&["person explain"]),
    action("/matching/pair/{a}/{b}/rule", w::RULE, pair::rule).roles(CLERKS).verbs(&[
        "person queue same",
        "person queue different",
        "person queue postpone",
    ]),
    page("/matching/second", w::SECOND, second::list)
        .roles(CLERKS)
        .verbs(&["person second"])
        .menu(Area::Matching),
    action("/matching/second", w::SAY_SECOND, second::say)
        .roles(CLERKS)
        .verbs(&["person second same", "person second different"]),
    page("/matching/person", w::HISTORY, history::person)
        .roles(CLERKS)
        .verbs(&["person show", "person explain", "person affected"])
        .menu(Area::Matching),
    page("/matching/undo", w::UNDOS, history::undos)
        .roles(CLERKS)
        .verbs(&["person undo"])
        .menu(Area::Matching),
    action("/matching/undo", w::PROPOSE_UNDO, history::propose).roles(CLERKS).verbs(&["person undo"]),
    action("/matching/undo/confirm", w::CONFIRM_UNDO, history::confirm).roles(CLERKS).verbs(&["person undo"]),
];

/// An id as the store writes it: 32 hexadecimal digits. Anything else names nobody.
fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The beginning of an id, enough to recognise it in a table.
fn short(id: &str) -> Markup {
    let head: String = id.chars().take(8).collect();
    html! { code title=(id) { (head) "…" } }
}

/// The path of a pair.
fn pair_path(a: &str, b: &str) -> String {
    format!("/matching/pair/{a}/{b}")
}

/// A reason that was given; it is typed by people and has no value of a person in it.
fn reason(v: &Visit<'_>) -> Result<String, Problem> {
    v.need("reason", &w::REASON).map(str::to_owned)
}

fn bad(page: Reply) -> Reply {
    page.status(StatusCode::BAD_REQUEST)
}
