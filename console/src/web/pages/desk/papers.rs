//! What is handed over at the desk: the paper of a request, for printing and as the file whose hash is kept, and the
//! certificate of an erasure. Neither says who it is about.

use maud::{PreEscaped, html};

use crate::web::house::{Ended, Order};
use crate::web::reply::{Problem, Reply};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::desk as w;

fn paper_bytes(v: &Visit<'_>) -> Result<Vec<u8>, Problem> {
    let answer = v.give(&Order::new("optout receipt").word(v.param("entry")).out("--out", "html"))?;
    match answer.files.into_iter().next().filter(|f| !f.is_empty()) {
        Some(file) => Ok(file),
        None if answer.ended == Ended::Usage => Err(Problem::NotFound),
        None => Err(Problem::Conflict(answer.lines.join("\n"))),
    }
}

/// The paper on a page for printing: the same words; the file with its hash is the other button.
pub(super) fn paper(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let bytes = paper_bytes(v)?;
    let text = String::from_utf8_lossy(&bytes);
    // The verb's own page: what stands in its `main`, without its inline style, which the policy of these pages blocks.
    let inside =
        text.split_once("<main>").and_then(|(_, rest)| rest.split_once("</main>")).map_or("", |(own, _)| own);
    let inside = inside.replace("<h1>", "<h2>").replace("</h1>", "</h2>");
    let body = html! {
        div.noprint {
            div.go {
                button.main type="button" data-print="" { (v.say(&w::PRINT)) }
                (ui::link(&format!("/desk/stops/{}", v.param("entry")), v.say(&w::BACK)))
            }
            p.note { (v.say(&w::PRINT_NOTE)) }
        }
        article.paper lang="ja" { (PreEscaped(inside)) }
    };
    Ok(v.page(&format!("{} {}", v.say(&w::PAPER), v.param("entry")), &body))
}

/// The paper as the file whose hash is kept.
pub(super) fn paper_file(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let name = format!("paper-{}.html", v.param("entry"));
    Ok(Reply::bytes("text/html; charset=utf-8", paper_bytes(v)?).named(&name))
}

/// The certificate of the erasure.
pub(super) fn certificate(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let answer = v.give(&Order::new("optout certificate").word(v.param("entry")).out("--out", "json"))?;
    match answer.files.into_iter().next().filter(|f| !f.is_empty()) {
        Some(file) => Ok(Reply::bytes("application/json; charset=utf-8", file)
            .named(&format!("certificate-{}.json", v.param("entry")))),
        None if answer.ended == Ended::Usage => Err(Problem::NotFound),
        None => Err(Problem::Conflict(answer.lines.join("\n"))),
    }
}
