//! The calendar of feeds: a row a feed, a column a day, a sign with its word in each cell, never a colour alone.

use jiff::Span;
use jiff::civil::Date;
use maud::{Markup, html};
use serde_json::Value;

use crate::charts;
use crate::web::house::Order;
use crate::web::pages::said::{count, day, list, some, text, words};
use crate::web::reply::{Problem, Reply};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::submitter as w;
use crate::words::Lang;

/// How a mark feels.
pub(super) fn tone(mark: &str) -> Tone {
    match mark {
        "on-time" => Tone::Good,
        "awaited" | "under-way" | "late" => Tone::Waiting,
        "partial" | "quarantined" | "rejected" | "missing" => Tone::Bad,
        _ => Tone::Plain,
    }
}

pub(super) fn page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("delivery calendar")
        .given("--month", v.field("month"))
        .given("--submitter", v.field("submitter"));
    let value = v.value(&order)?;
    let body = view(v.lang, &value);
    Ok(v.page(v.say(&w::CALENDAR), &body))
}

/// The word of a mark.
fn word<'v>(legend: &'v [Value], mark: &str, lang: Lang) -> &'v str {
    legend.iter().find(|l| text(l, "mark") == mark).map_or("", |l| words(l, "", lang))
}

fn month_link(lang: Lang, first: Option<Date>, back: bool) -> Markup {
    let to = first
        .and_then(|d| d.checked_add(if back { Span::new().months(-1) } else { Span::new().months(1) }).ok());
    let said =
        if back { lang.pick("前の月", "Previous month") } else { lang.pick("次の月", "Next month") };
    html! { @if let Some(to) = to { a href={ "/deliveries?month=" (to.strftime("%Y-%m")) } { (said) } } }
}

/// The page from what the verb said.
pub(super) fn view(lang: Lang, value: &Value) -> Markup {
    let feeds = list(value, "feeds");
    let legend = list(value, "legend");
    let first = day(value, "from");
    let bad = feeds.iter().filter(|f| tone(text(f, "worst")) == Tone::Bad).count();
    let standing = match (feeds.len(), bad) {
        (0, _) => ui::standing(
            lang,
            Tone::Plain,
            lang.pick("登録されたフィードがありません。", "No feed is registered."),
            lang.pick(
                "提出の取り決めの登録を運用担当者に依頼してください。",
                "Ask the operator to register the agreement.",
            ),
            lang.pick("運用", "Operator"),
            None,
        ),
        (n, 0) => ui::standing(
            lang,
            Tone::Good,
            &lang.pick(
                format!("{n} 件のフィードに、対応が必要な日はありません。"),
                format!("None of {n} feeds needs anything."),
            ),
            "",
            "",
            None,
        ),
        (n, bad) => ui::standing(
            lang,
            Tone::Bad,
            &lang.pick(
                format!("{n} 件のフィードのうち {bad} 件に、対応が必要な日があります。"),
                format!("{bad} of {n} feeds have days that need something."),
            ),
            lang.pick(
                "印の付いた日を開き、直して再提出してください。",
                "Open the marked days, mend and send again.",
            ),
            lang.pick("提出者", "Sender"),
            None,
        ),
    };
    html! {
        (standing)
        nav.pager aria-label=(lang.say(&w::MONTH)) {
            (month_link(lang, first, true))
            b { @if let Some(first) = first { (first.strftime("%Y-%m")) } }
            (month_link(lang, first, false))
        }
        @if !feeds.is_empty() {
            (ui::section(lang.say(&w::CALENDAR), lang.say(&w::CALENDAR_NOTE), &html! {
                (grid(lang, feeds, legend))
                ul.legend {
                    @for l in legend {
                        li { span.{ "cell m-" (text(l, "mark")) } aria-hidden="true" { (text(l, "sign")) } " " (words(l, "", lang)) }
                    }
                    li { span.cell aria-hidden="true" { "↓" } " " (lang.pick("いつもより大幅に少ない", "far fewer records than usual")) }
                }
            }))
            (volumes(lang, feeds, legend))
        }
        (strays(lang, value))
    }
}

fn grid(lang: Lang, feeds: &[Value], legend: &[Value]) -> Markup {
    let days: Vec<Option<Date>> =
        feeds.first().map(|f| list(f, "days").iter().map(|d| day(d, "day")).collect()).unwrap_or_default();
    html! {
        div.wide role="region" aria-label=(lang.say(&w::CALENDAR)) tabindex="0" {
            table.calendar {
                caption.hidden { (lang.say(&w::CALENDAR)) }
                thead { tr {
                    th scope="col" { (lang.say(&w::FEED)) }
                    @for d in days.iter().flatten() { th scope="col" { (d.day()) } }
                } }
                tbody {
                    @for feed in feeds {
                        tr {
                            th scope="row" {
                                (text(feed, "feed"))
                                span.soft { " " (if lang == Lang::Ja { text(feed, "kind_ja") } else { text(feed, "kind") }) }
                            }
                            @for d in list(feed, "days") { (cell(lang, d, legend)) }
                        }
                    }
                }
            }
        }
    }
}

fn cell(lang: Lang, d: &Value, legend: &[Value]) -> Markup {
    let mark = text(d, "mark");
    let said = word(legend, mark, lang);
    let small = d.get("small").and_then(Value::as_bool).unwrap_or(false);
    let many = count(d, "deliveries");
    let inside = html! {
        span aria-hidden="true" { (text(d, "sign")) @if small { "↓" } @if many > 1 { sup { (many) } } }
        span.hidden { (text(d, "day")) " " (said) @if small { " " (lang.pick("件数が少ない", "few records")) } }
    };
    html! {
        td.{ "m-" (mark) } title=(said) {
            @if text(d, "submission").is_empty() { (inside) } @else { a href={ "/deliveries/" (text(d, "submission")) } { (inside) } }
        }
    }
}

fn volumes(lang: Lang, feeds: &[Value], legend: &[Value]) -> Markup {
    let heads = [
        (lang.say(&w::FEED), false),
        (lang.say(&w::PROVIDER), false),
        (lang.say(&w::WORST), false),
        (lang.pick("いつもの件数", "Usual records"), true),
        (lang.say(&w::VOLUME), false),
    ];
    let rows: Vec<Vec<Markup>> = feeds
        .iter()
        .map(|f| {
            let days: Vec<(String, Option<u64>)> =
                list(f, "days").iter().map(|d| (text(d, "day").to_owned(), some(d, "records"))).collect();
            let providers: Vec<&str> = list(f, "providers").iter().map(|p| text(p, "name")).collect();
            let mark = text(f, "worst");
            vec![
                html! { (text(f, "feed")) },
                html! {
                    @for name in providers.iter().take(3) { (name) br; }
                    @if providers.len() > 3 { span.soft { (lang.pick(format!("ほか {} 施設", providers.len() - 3), format!("and {} more", providers.len() - 3))) } }
                },
                ui::badge(tone(mark), word(legend, mark, lang)),
                html! { (some(f, "usual").map_or_else(|| "—".to_owned(), ui::number)) },
                charts::spark(&format!("{} {}", text(f, "feed"), lang.say(&w::VOLUME)), &days, some(f, "usual")),
            ]
        })
        .collect();
    ui::section(
        lang.say(&w::VOLUME),
        lang.pick(
            "破線はいつもの件数(今月の中央値)です。",
            "The broken line is what is usual (the month's median).",
        ),
        &ui::table(lang.say(&w::VOLUME), &heads, &rows),
    )
}

/// Deliveries under a feed that no agreement knows.
fn strays(lang: Lang, value: &Value) -> Markup {
    let all = list(value, "strays");
    if all.is_empty() {
        return html! {};
    }
    let heads = [
        (lang.pick("提出", "Delivery"), false),
        (lang.pick("日", "Day"), false),
        (lang.say(&w::FEED), false),
    ];
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|s| {
            let id = text(s, "submission");
            vec![
                ui::link(&format!("/deliveries/{id}"), id),
                html! { (text(s, "day")) },
                html! { @if text(s, "feed").is_empty() { "—" } @else { (text(s, "feed")) } },
            ]
        })
        .collect();
    ui::section(
        lang.pick("取り決めにないフィードの提出", "Deliveries under no agreed feed"),
        lang.pick(
            "目録のフィード名が登録と違うか、目録を読めなかった提出です。",
            "The manifest names a feed that is not registered, or could not be read.",
        ),
        &ui::table(lang.pick("取り決めにない提出", "Deliveries under no agreed feed"), &heads, &rows),
    )
}
