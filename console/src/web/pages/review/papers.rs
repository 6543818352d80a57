//! The dossier (審査資料) in the console: made by the office, at once or, with a trial of protection, as a job; shown chapter by
//! chapter; and as one file, for the office and, after the declaration, for members. It must never count anything by itself.

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole::{self, ReviewMember, ReviewSecretary};
use serde_json::Value;

use super::office::back;
use super::{act, ask, give, list, text, yes};
use crate::dossier;
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Route, action, page};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::review as w;

const OFFICE: &[AuditRole] = &[ReviewSecretary];
const MAKE: &str = "committee dossier make";

pub(crate) const ROUTES: &[Route] = &[
    page("/office/cases/{id}/dossier", w::DOSSIER_SHOWN, papers)
        .roles(OFFICE)
        .verbs(&["committee dossier show", "application show"]),
    page("/office/cases/{id}/dossier.html", w::DOSSIER_FILE, file)
        .roles(OFFICE)
        .verbs(&["committee dossier show"]),
    action("/office/cases/{id}/dossier", w::DOSSIER, make).roles(OFFICE).verbs(&[MAKE]).starts(&[MAKE]),
    page("/committee/cases/{id}/dossier.html", w::DOSSIER_FILE, members_file)
        .roles(&[ReviewMember])
        .verbs(&["committee ballot mine", "committee dossier show"]),
];

/// The dossier's chapters, with what has changed since it was made.
pub(super) fn chapters(v: &Visit<'_>, told: &Value) -> Markup {
    html! {
        (dossier::outdated(v.lang, told))
        p { (v.pick("資料のハッシュ", "Hash of the dossier")) " " code { (text(told, "hash")) } }
        @for chapter in dossier::chapters(v.lang, told) { (ui::section(chapter.heading, chapter.note, &chapter.body)) }
    }
}

/// The dossier as one file; not found where there is none, or none for this visitor.
fn dossier_file(v: &Visit<'_>, application: &str) -> Result<Reply, Problem> {
    let answer = give(v, &Order::new("committee dossier show").word(application).out("--html", "html"))?;
    let file = answer.files.into_iter().next().filter(|f| !f.is_empty());
    let file = file.ok_or_else(|| Problem::Conflict(answer.lines.join("\n")))?;
    Ok(Reply::bytes("text/html; charset=utf-8", file).named(&format!("dossier-{application}.html")))
}

/// Makes the dossier. A trial of protection may take long: it is a job.
fn make(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let order = Order::new(MAKE).word(&id);
    if !v.field("simulate").is_empty() {
        v.start(ReviewSecretary, &id, order.flag("--simulate"))?;
        return Ok(v.done(format!("/office/cases/{id}/dossier"), v.say(&w::SIMULATING)));
    }
    let order = if v.field("count").is_empty() { order } else { order.flag("--count") };
    act(v, &order, back(&id))
}

/// The newest dossier as the members see it, and how far the making of another one is.
fn papers(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let path = format!("{}/dossier", back(&id));
    let job = v.house().jobs().into_iter().find(|j| j.verb == MAKE && j.subject == id);
    let running = job.as_ref().is_some_and(|j| j.ended.is_none());
    let failed = job.as_ref().filter(|j| j.ended.is_some_and(|(_, well)| !well));
    let told = match ask(v, &Order::new("committee dossier show").word(&id)) {
        Ok(told) => Some(told),
        // A case whose dossier was not made yet, not one that is not there.
        Err(Problem::NotFound) => {
            ask(v, &Order::new("application show").word(&id))?;
            None
        }
        Err(e) => return Err(e),
    };
    let state = html! {
        @if running { p { (ui::badge(ui::Tone::Waiting, v.say(&w::SIMULATING))) } }
        @if let Some(job) = failed { div.problem role="note" { p { (v.pick("試算できませんでした: ", "It could not be tried out: ")) (job.said) } } }
    };
    let body = html! {
        @if running { (ui::live(&path, 5, &state)) } @else { (state) }
        p { (ui::link(&back(&id), v.say(&w::OFFICE_CASE))) }
        @match &told {
            Some(told) => {
                p { (ui::link(&format!("{path}.html"), v.say(&w::DOSSIER_FILE))) }
                (chapters(v, told))
            }
            None => { (ui::empty(v.pick("審査資料はまだ作られていません。", "No dossier yet."))) }
        }
    };
    if v.fragment {
        return Ok(v.part(state));
    }
    Ok(v.page(&format!("{} {id}", v.say(&w::DOSSIER_SHOWN)), &body))
}

fn file(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    dossier_file(v, &id)
}

/// The dossier as one file. As on the page, the declaration comes first.
fn members_file(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let id = v.param("id").to_owned();
    let told = ask(v, &Order::new("committee ballot mine"))?;
    let mut lines = list(&told, "waiting").iter().chain(list(&told, "past"));
    let line = lines.find(|l| text(l, "application") == id).ok_or(Problem::NotFound)?;
    if yes(line, "recused") || !yes(line, "declared") {
        return Err(Problem::NotFound);
    }
    dossier_file(v, &id)
}
