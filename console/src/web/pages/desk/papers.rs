//! What is handed over at the desk: the paper of a request, for printing and as the file whose hash is kept, and the
//! certificate of an erasure. Neither says who it is about.

use maud::{Markup, PreEscaped, html};
use musubi_compliance::erasure::SignedCertificate;

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

/// A printed page of the house on a page for printing: what stands in its `main`, without its inline style, which the
/// policy of these pages blocks. `file`: where the file itself can be saved, and what that is called.
fn printed(v: &Visit<'_>, text: &str, note: &str, file: Option<(&str, &str)>) -> Markup {
    let inside =
        text.split_once("<main>").and_then(|(_, rest)| rest.split_once("</main>")).map_or("", |(own, _)| own);
    // From the inside out, so that no heading is moved twice.
    let inside = inside.replace("<h2>", "<h3>").replace("</h2>", "</h3>");
    let inside = inside.replace("<h1>", "<h2>").replace("</h1>", "</h2>");
    html! {
        div.noprint {
            div.go {
                button.main type="button" data-print="" { (v.say(&w::PRINT)) }
                (ui::link(&format!("/desk/stops/{}", v.param("entry")), v.say(&w::BACK)))
            }
            @if let Some((path, words)) = file { form.inline action=(path) method="post" { button { (words) } } }
            p.note { (note) }
        }
        article.paper lang="ja" { (PreEscaped(inside)) }
    }
}

/// The paper on a page for printing: the same words; the file with its hash is the other button.
pub(super) fn paper(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let bytes = paper_bytes(v)?;
    let body = printed(v, &String::from_utf8_lossy(&bytes), v.say(&w::PRINT_NOTE), None);
    Ok(v.page(&format!("{} {}", v.say(&w::PAPER), v.param("entry")), &body))
}

/// The paper as the file whose hash is kept.
pub(super) fn paper_file(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let name = format!("paper-{}.html", v.param("entry"));
    Ok(Reply::bytes("text/html; charset=utf-8", paper_bytes(v)?).named(&name))
}

/// The certificate as the verb gave it: its bytes, and what they say.
fn certified(v: &Visit<'_>) -> Result<(Vec<u8>, SignedCertificate), Problem> {
    let answer = v.give(&Order::new("optout certificate").word(v.param("entry")).out("--out", "json"))?;
    let Some(file) = answer.files.into_iter().next().filter(|f| !f.is_empty()) else {
        return Err(match answer.ended {
            Ended::Usage => Problem::NotFound,
            _ => Problem::Conflict(answer.lines.join("\n")),
        });
    };
    let signed = serde_json::from_slice(&file).map_err(|e| Problem::Broken(e.to_string()))?;
    Ok((file, signed))
}

/// The certificate of the erasure on a page for printing.
pub(super) fn certificate(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (_, signed) = certified(v)?;
    let text = crate::erasure_certificate(&signed).into_string();
    let path = format!("/desk/stops/{}/certificate/file", v.param("entry"));
    let body =
        printed(v, &text, v.say(&w::CERTIFICATE_NOTE), Some((path.as_str(), v.say(&w::CERTIFICATE_FILE))));
    Ok(v.page(&format!("{} {}", v.say(&w::CERTIFICATE), v.param("entry")), &body))
}

/// The signed certificate as a file.
pub(super) fn certificate_file(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let (file, _) = certified(v)?;
    let name = format!("certificate-{}.json", v.param("entry"));
    Ok(Reply::bytes("application/json; charset=utf-8", file).named(&name))
}
