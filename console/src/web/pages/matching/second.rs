//! The second reviewer's blind sample (二人目の確認): what waits for the visitor, what agreed, and where the two words differ.

use maud::{Markup, html};
use serde_json::Value;

use super::pair::what;
use super::{pair_path, reason, short};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::told::Told as _;
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::matching as w;
use crate::words::{Lang, Word};

const STATES: [(&str, &Word); 3] =
    [("waiting", &w::L_WAITING), ("differs", &w::L_DIFFERS), ("agreed", &w::L_AGREED)];

/// The sample.
pub(super) fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let state = STATES.iter().map(|(s, _)| *s).find(|s| *s == v.field("state")).unwrap_or("waiting");
    let told = v.value(&Order::new("person second").option("--state", state))?;
    let body = sample(v.lang, state, &told);
    Ok(v.page(v.say(&w::SECOND), &body))
}

/// The page. Pure.
fn sample(lang: Lang, state: &str, told: &Value) -> Markup {
    let counts = told.at("counts");
    let (waiting, unsettled) = (counts.count("waiting"), counts.count("unsettled"));
    let (tone, sentence) = match (unsettled, waiting) {
        (0, 0) => (
            Tone::Good,
            lang.pick(
                "待っているものも、片付いていない不一致もありません。",
                "Nothing waits, and no difference is unsettled.",
            )
            .to_owned(),
        ),
        (0, n) => (
            Tone::Waiting,
            lang.pick(format!("{n} 組があなたの確認を待っています。"), format!("{n} pairs wait for you.")),
        ),
        (n, _) => (
            Tone::Bad,
            lang.pick(
                format!("判断が一致しない組が {n} 組あります。"),
                format!("On {n} pairs the two words differ."),
            ),
        ),
    };
    let rows: Vec<Vec<Markup>> = told.list("looks").iter().map(|l| row(lang, state, l)).collect();
    let mut heads = vec![("#", true), (lang.say(&w::PAIR), false), (lang.say(&w::DRAWN), false)];
    if state != "waiting" {
        heads.extend([
            (lang.say(&w::FIRST_WORD), false),
            (lang.say(&w::SECOND_WORD), false),
            (lang.say(&w::REASON), false),
            (lang.say(&w::STATE), false),
        ]);
    }
    html! {
        (ui::standing(lang, tone, &sentence, if unsettled > 0 { lang.say(&w::DIFFER_NEXT) } else { "" }, lang.say(&w::CLERK), None))
        p { (lang.say(&w::SECOND_NOTE)) }
        nav aria-label=(lang.say(&w::STATE)) { p {
            @for (code, word) in STATES {
                a href={ "/matching/second?state=" (code) } aria-current=[(code == state).then_some("true")] { (lang.say(word)) " (" (counts.count(code)) ")" } " "
            }
        } }
        @if rows.is_empty() { (ui::empty(lang.say(&w::NO_PAIRS))) } @else { (ui::table(lang.say(&w::SECOND), &heads, &rows)) }
    }
}

fn row(lang: Lang, state: &str, l: &Value) -> Vec<Markup> {
    let mut row = vec![
        html! { (l.count("ruling")) },
        html! { a href=(pair_path(l.text("a"), l.text("b"))) { (short(l.text("a"))) " / " (short(l.text("b"))) } },
        html! { @if let Some(at) = l.moment("drawn_at") { (ui::moment(at)) } },
    ];
    if state != "waiting" {
        row.push(html! { (what(lang, l.yes("first"))) " " code { (l.text("first_by")) } });
        row.push(html! { (what(lang, l.yes("second"))) " " code { (l.text("second_by")) } });
        row.push(html! { (l.text("reason")) });
        row.push(html! {
            @if l.yes("undone") { (ui::badge(Tone::Plain, lang.pick("先の裁定は取消済み", "first ruling undone"))) }
            @else if state == "differs" { a href={ "/matching/undo?ruling=" (l.count("ruling")) } { (lang.say(&w::PROPOSE_UNDO)) } }
            @else { (ui::badge(Tone::Good, lang.pick("一致", "agree"))) }
        });
    }
    row
}

/// Says the second word.
pub(super) fn say(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let ruling = v.need("ruling", &w::RULING)?.to_owned();
    if ruling.parse::<u32>().is_err() {
        return Err(Problem::NotFound);
    }
    let order = match v.field("verdict") {
        "same" => Order::new("person second same"),
        "different" => Order::new("person second different"),
        _ => return Err(Problem::Bad(v.say(&w::NEED_VERDICT).to_owned())),
    };
    let order = order.option("--by", v.me()?.account.clone()).option("--reason", reason(v)?).word(ruling);
    let answer = v.give(&order)?;
    match answer.went() {
        // Whether it agrees is told after the word was said.
        true => Ok(v.done("/matching/second", answer.said())),
        false => Err(Problem::Conflict(answer.said())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_waits_shows_no_first_word() {
        // Even if a verb told it.
        let look = json!({ "ruling": 7, "a": "0".repeat(32), "b": "1".repeat(32), "first": true, "first_by": "linker-01" });
        let told = json!({ "looks": [look], "counts": { "waiting": 1 } });
        let page = sample(Lang::Ja, "waiting", &told).into_string();
        assert!(
            page.contains("あなたの確認を待っています")
                && !page.contains("同一人")
                && !page.contains("linker-01")
        );
        assert!(sample(Lang::Ja, "differs", &told).into_string().contains("linker-01"));
    }
}
