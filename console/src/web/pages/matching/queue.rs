//! The queue of pairs that people look at (確認待ち): the most harmful first, with age, what was put off, and how many were done.

use maud::{Markup, html};
use serde_json::Value;

use super::{pair_path, short};
use crate::charts::{Column, columns};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::told::Told as _;
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::matching as w;
use crate::words::{Lang, Word};

const STATES: [(&str, &Word); 5] = [
    ("open", &w::S_OPEN),
    ("postponed", &w::S_POSTPONED),
    ("same", &w::S_SAME),
    ("different", &w::S_DIFFERENT),
    ("settled", &w::S_SETTLED),
];

fn ask(v: &Visit<'_>, state: &str, limit: &str) -> Order {
    Order::new("person queue")
        .option("--state", state)
        .option("--limit", limit)
        .given("--after", v.field("after"))
}

/// The queue.
pub(super) fn list(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let state = STATES.iter().map(|(s, _)| *s).find(|s| *s == v.field("state")).unwrap_or("open");
    let told = v.value(&ask(v, state, "25"))?;
    let body = queue(v.lang, state, &told, v.house().today());
    Ok(v.page(v.say(&w::QUEUE), &body))
}

/// The first open pair; to the queue when there is none.
pub(super) fn next(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&ask(v, "open", "1"))?;
    match told.list("pairs").first() {
        Some(pair) => Ok(Reply::to(pair_path(pair.text("a"), pair.text("b")))),
        None => Ok(v.done("/matching", v.say(&w::NONE_OPEN))),
    }
}

fn bits(weight: &Value) -> String {
    format!("{:+.1}", weight.as_f64().unwrap_or_default() / 256.0)
}

/// The page. Pure.
fn queue(lang: Lang, state: &str, told: &Value, today: jiff::civil::Date) -> Markup {
    let counts = told.at("counts");
    let (target, days) = (told.count("per_day"), told.list("by_day"));
    let done = days.iter().find(|d| d.day("day") == Some(today)).map_or(0, |d| d.count("pairs"));
    let open = counts.count("open");
    let (tone, sentence) = match open {
        0 => (Tone::Good, lang.pick("確認を待つ組はありません。", "No pair waits.").to_owned()),
        n => (
            Tone::Waiting,
            lang.pick(
                format!("{n} 組が確認を待っています。今日は {done} 組を確認しました(目標 {target} 組)。"),
                format!("{n} pairs wait. {done} were done today (target {target})."),
            ),
        ),
    };
    let drawn: Vec<Column> = days
        .iter()
        .rev()
        .map(|d| Column {
            under: d.text("day").chars().skip(5).collect(),
            height: d.count("pairs"),
            over: d.count("pairs").to_string(),
        })
        .collect();
    let rows: Vec<Vec<Markup>> = told.list("pairs").iter().map(|p| row(lang, p)).collect();
    let heads = [
        (lang.say(&w::PAIR), false),
        (lang.say(&w::HARM), true),
        (lang.say(&w::AGE), true),
        (lang.say(&w::WEIGHT), true),
        (lang.say(&w::WHY_HERE), false),
        (lang.say(&w::TODAY), false),
        (lang.say(&w::REASON), false),
    ];
    html! {
        (ui::standing(lang, tone, &sentence, lang.say(&w::QUEUE_NEXT), lang.say(&w::CLERK), None))
        @if open > 0 { p { a href="/matching/next" { (lang.say(&w::NEXT_PAIR)) } } }
        nav aria-label=(lang.say(&w::STATE)) { p {
            @for (code, word) in STATES {
                a href={ "/matching?state=" (code) } aria-current=[(code == state).then_some("true")] { (lang.say(word)) " (" (counts.count(code)) ")" } " "
            }
        } }
        @if rows.is_empty() { (ui::empty(lang.say(&w::NO_PAIRS))) } @else { (ui::table(lang.say(&w::QUEUE), &heads, &rows)) }
        @if !told.text("next").is_empty() {
            nav.pager aria-label=(lang.pick("ページ", "Pages")) { a rel="next" href={ "/matching?state=" (state) "&after=" (told.text("next")) } { (lang.pick("次へ", "Next")) } }
        }
        @if !drawn.is_empty() { (ui::section(lang.say(&w::BY_DAY), "", &columns(lang.say(&w::BY_DAY), lang.say(&w::DAY), &drawn))) }
    }
}

fn row(lang: Lang, p: &Value) -> Vec<Markup> {
    let harm = p.count("harm");
    vec![
        html! { a href=(pair_path(p.text("a"), p.text("b"))) { (short(p.text("a"))) " / " (short(p.text("b"))) } },
        html! { (format!("{}.{:03}", harm / 1_000_000, harm % 1_000_000 / 1_000)) },
        html! { (p.count("days")) (lang.pick("日", " d")) },
        html! { (bits(p.at("weight"))) },
        html! { (p.word("doubt_words", lang)) },
        html! {
            @match p.at("one_person").as_bool() {
                Some(true) => { (lang.pick("同一人", "one person")) }
                Some(false) => { (lang.pick("別人", "two persons")) }
                None => { (lang.say(&w::KEPT_FROM_YOU)) }
            }
        },
        html! { (p.text("reason")) },
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_queue_tells_the_work_of_the_day() {
        let id = "0".repeat(32);
        let told = json!({ "counts": { "open": 3 }, "per_day": 50, "next": "1-a-b",
            "by_day": [{ "day": "2026-11-20", "pairs": 7 }],
            "pairs": [{ "a": id, "b": id, "harm": 1_500_000, "days": 4, "weight": 512, "doubt_words": { "ja": "わずかに届かない", "en": "below" } }] });
        let page = queue(Lang::Ja, "open", &told, jiff::civil::date(2026, 11, 20)).into_string();
        assert!(
            page.contains("今日は 7 組を確認しました(目標 50 組)")
                && page.contains("1.500")
                && page.contains("+2.0")
        );
        assert!(page.contains("二人目の確認を待つため"), "nothing told is nothing shown: {page}");
        assert!(page.contains("/matching?state=open&amp;after=1-a-b") && page.contains("わずかに届かない"));
    }
}
