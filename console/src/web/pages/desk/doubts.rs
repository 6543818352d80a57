//! Who might be somebody that asked to stop (停止との照合の疑い): numbers only; two people decide each.

use maud::{Markup, html};
use serde_json::Value;

use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::told::Told as _;
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::desk as w;
use crate::words::Lang;

/// Who might be somebody that asked to stop.
pub(super) fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("optout doubts"))?;
    let me = v.me()?.account.clone();
    let rows: Vec<Vec<Markup>> = told
        .list("doubts")
        .iter()
        .map(|d| {
            let number = d.count("doubt");
            let proposed = d.at("proposed").as_array();
            let word = proposed.and_then(|p| p.first()).and_then(Value::as_str);
            let by = proposed.and_then(|p| p.get(1)).and_then(Value::as_str);
            vec![
                html! { (number) },
                ui::link(&format!("/desk/stops/{}", d.text("entry")), d.text("entry")),
                html! { (d.text("provider")) },
                html! { @if d.text("found") == "candidate" { (v.pick("名寄せの候補", "candidate of matching")) } @else { (v.pick("照合候補の鍵が一致", "block keys in common")) } },
                html! {
                    @if let (Some(word), Some(by)) = (word, by) { (said(v.lang, word)) " (" code { (by) } ")" } @else { "—" }
                },
                html! {
                    @if by == Some(me.as_str()) { (ui::greyed(v.say(&w::DECIDE), v.say(&w::OTHER_DECIDES))) }
                    @else {
                        form.inline action="/desk/doubts" method="post" {
                            input type="hidden" name="doubt" value=(number);
                            button name="verdict" value="same" { (said(v.lang, "same")) }
                            button name="verdict" value="different" { (said(v.lang, "different")) }
                        }
                    }
                },
            ]
        })
        .collect();
    let heads = [
        ("#", true),
        (v.say(&w::ENTRY), false),
        (v.say(&w::PROVIDER), false),
        (v.say(&w::FOUND_BY), false),
        (v.say(&w::FIRST_WORD), false),
        (v.say(&w::DECIDE), false),
    ];
    let body = html! {
        p { (v.say(&w::DOUBTS_NOTE)) }
        @if rows.is_empty() { (ui::empty(v.say(&w::NO_DOUBTS))) } @else { (ui::table(v.say(&w::DOUBTS), &heads, &rows)) }
    };
    Ok(v.page(v.say(&w::DOUBTS), &body))
}

fn said(lang: Lang, verdict: &str) -> &'static str {
    if verdict == "same" {
        lang.pick("同じ人", "same person")
    } else {
        lang.pick("別の人", "somebody else")
    }
}

/// A word on a doubt.
pub(super) fn decide(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let doubt = v.need("doubt", &w::DOUBTS)?;
    let verdict = v.need("verdict", &w::DECIDE)?;
    if !matches!(verdict, "same" | "different") || doubt.parse::<u32>().is_err() {
        return Err(Problem::Bad(v.say(&w::DECIDE).to_owned()));
    }
    let answer = v.give(&Order::new("optout doubts").word(doubt).word(verdict))?;
    match answer.went() {
        true => Ok(v.done("/desk/doubts", answer.said())),
        false => Err(Problem::Conflict(answer.said())),
    }
}
