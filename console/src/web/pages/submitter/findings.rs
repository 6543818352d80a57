//! Findings of one delivery: by rule, then by the product that made the documents, then by record; all of them as CSV. Values are
//! masked: what was found is a shape or a code.

use maud::{Markup, html};
use serde_json::Value;

use super::delivery;
use super::detail::{change, severity, standing};
use crate::charts;
use crate::format::short;
use crate::web::house::Order;
use crate::web::pages::said::{count, list, part, some, text, words};
use crate::web::reply::{Problem, Reply};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::submitter as w;
use crate::words::Lang;

/// Groups of findings shown at once.
const A_PAGE: usize = 20;

pub(super) fn page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = delivery(v, v.param("id"))?;
    let page = v.field("page").parse::<u64>().unwrap_or(1).max(1);
    let body = view(v.lang, &value, page);
    let title = format!("{} {}", v.say(&w::FINDINGS), short(text(&value, "submission")));
    Ok(v.page(&title, &body))
}

/// Findings by rule, maker, record.
pub(super) fn view(lang: Lang, value: &Value, page: u64) -> Markup {
    let all = list(value, "findings");
    let id = text(value, "submission");
    let pages = u64::try_from(all.len().div_ceil(A_PAGE)).unwrap_or(1).max(1);
    let from = usize::try_from(page.min(pages) - 1).unwrap_or(0) * A_PAGE;
    html! {
        (standing(lang, value))
        p { (ui::link(&format!("/deliveries/{id}"), lang.pick("提出の内容へ戻る", "Back to the delivery"))) " · "
            (ui::link(&format!("/deliveries/{id}/findings.csv"), lang.say(&w::FINDINGS_CSV))) }
        @if all.is_empty() { (ui::empty(lang.pick("指摘はありません。", "Nothing was found wrong."))) }
        @for f in all.iter().skip(from).take(A_PAGE) {
            section #(text(f, "rule")) {
                h2 { (words(part(f, "words"), "", lang)) }
                p { (severity(lang, f)) " " code { (text(f, "rule")) } " · " b { (ui::number(count(f, "count"))) } " " (lang.pick("件", "times"))
                    " · " (lang.say(&w::BEFORE)) " " (change(lang, f)) }
                p { b { (lang.say(&w::MEND)) } " " (words(part(f, "words"), "mend", lang)) }
                @if lang == Lang::Ja && !text(part(f, "words"), "example").is_empty() {
                    p.note { (lang.pick("例", "Example")) ": " (text(part(f, "words"), "example")) }
                }
                (makers(lang, f))
                (positions(lang, f))
            }
        }
        (ui::pager(lang, &format!("/deliveries/{id}/findings?"), page.min(pages), pages))
    }
}

fn makers(lang: Lang, f: &Value) -> Markup {
    let all = list(f, "makers");
    if all.is_empty() {
        return html! {};
    }
    let most = all.iter().map(|m| count(m, "count")).max().unwrap_or(0);
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|m| {
            let n = count(m, "count");
            vec![
                html! { (text(m, "maker")) },
                charts::count_bar(text(m, "maker"), n, most, "#cc5a14"),
                html! { (ui::number(n)) },
            ]
        })
        .collect();
    ui::table(
        lang.say(&w::MAKER),
        &[(lang.say(&w::MAKER), false), (lang.pick("割合", "Share"), false), (lang.say(&w::HOW_MANY), true)],
        &rows,
    )
}

fn positions(lang: Lang, f: &Value) -> Markup {
    let all = list(f, "positions");
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|p| {
            vec![
                html! { code title=(text(p, "document")) { (short(text(p, "document"))) }
                    @if let Some(u) = some(p, "unit") { " " (lang.pick("単位", "unit")) " " (u) }
                    @if let Some(start) = some(p, "start") { " " (lang.pick("バイト", "bytes")) " " (start) "–" (start + count(p, "len")) } },
                html! { (text(p, "record")) },
                html! { (text(p, "field")) },
                html! { code { (text(p, "found")) } },
                html! { code { (text(p, "expected")) } },
            ]
        })
        .collect();
    let rest = count(f, "count").saturating_sub(u64::try_from(all.len()).unwrap_or(u64::MAX));
    html! {
        details open[all.len() <= 3] {
            summary { (lang.pick("場所を見る", "Where")) }
            (ui::table(lang.say(&w::PLACE), &[(lang.say(&w::PLACE), false), (lang.say(&w::RECORD), false), (lang.say(&w::FIELD), false), (lang.say(&w::FOUND), false), (lang.say(&w::EXPECTED), false)], &rows))
            @if rest > 0 { p.note { (lang.pick(format!("ほか {} 件は CSV にあります。", ui::number(rest)), format!("{} more stand in the CSV.", ui::number(rest)))) } }
        }
    }
}

pub(super) fn csv(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let answer = v.give(&Order::new("delivery findings").out("--out", "csv").word(v.param("id")))?;
    let Some(bytes) = answer.files.into_iter().next().filter(|b| !b.is_empty()) else {
        return Err(Problem::NotFound);
    };
    let id = text(&answer.value, "submission").to_owned();
    Ok(Reply::bytes("text/csv; charset=utf-8", bytes).named(&format!("findings-{id}.csv")))
}
