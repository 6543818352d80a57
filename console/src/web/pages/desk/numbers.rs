//! The desk's day, its numbers by month and year, and the share of stops at each provider. Counts only.

use maud::{Markup, html};
use musubi_compliance::inquiry::InquiryKind;
use serde_json::Value;

use crate::charts::{Column, Point, columns, control};
use crate::web::house::Order;
use crate::web::reply::{Problem, Reply};
use crate::web::told::Told as _;
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::desk as w;
use crate::words::Lang;

fn tile(words: &str, n: usize, path: &str, bad: bool) -> Markup {
    html! {
        li {
            div.k { (words) }
            div.v { a href=(path) { (n) } @if bad && n > 0 { " " (ui::badge(Tone::Bad, "!")) } }
        }
    }
}

/// What waits at the desk today.
pub(super) fn home(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let cases = v.value(&Order::new("inquiry list"))?;
    let stops = v.value(&Order::new("optout status"))?;
    let today = v.house().today();
    let open: Vec<&Value> = cases.list("inquiries").iter().filter(|q| q.text("closed").is_empty()).collect();
    let late = open.iter().filter(|q| q.yes("late") || q.yes("too_long")).count();
    let due_today =
        open.iter().filter(|q| q.text("answered").is_empty() && q.day("due") == Some(today)).count();
    let papers: Vec<&Value> = stops
        .list("requests")
        .iter()
        .filter(|r| r.text("refused").is_empty() && r.text("issued_on").is_empty())
        .collect();
    let papers_late = papers.iter().filter(|r| r.day("receipt_due").is_some_and(|due| due < today)).count();
    let (tone, sentence) = match late + papers_late {
        0 => (Tone::Good, v.pick("期限を過ぎたものはありません。", "Nothing is late.")),
        _ => (Tone::Bad, v.pick("期限を過ぎたものがあります。", "Something is late.")),
    };
    let body = html! {
        (ui::standing(v.lang, tone, sentence, v.say(&w::HOME_NEXT), v.say(&w::DESK), None))
        ul.tiles {
            (tile(v.say(&w::T_LATE), late, "/desk/cases?state=late", true))
            (tile(v.say(&w::T_TODAY), due_today, "/desk/cases?state=open", false))
            (tile(v.say(&w::T_OPEN), open.len(), "/desk/cases?state=open", false))
            (tile(v.say(&w::T_PAPERS), papers.len(), "/desk/stops", false))
            (tile(v.say(&w::T_PAPERS_LATE), papers_late, "/desk/stops", true))
        }
        div.go {
            a href="/desk/person" { (v.say(&w::FIND)) }
            a href="/desk/cases/new" { (v.say(&w::NEW_CASE)) }
            a href="/desk/doubts" { (v.say(&w::DOUBTS)) }
        }
    };
    Ok(v.page(v.say(&w::HOME), &body))
}

/// The numbers of a year.
pub(super) fn numbers(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let this = v.house().today().year();
    let year: i16 = v.field("year").parse().unwrap_or(this);
    let told = v.value(&Order::new("inquiry numbers").option("--year", year.to_string()))?;
    let body = html! {
        form.inline action="/desk/numbers" method="get" {
            (ui::choice(v.lang, "year", &w::YEAR, &(this - 5..=this).rev().map(|y| (y.to_string(), y.to_string())).collect::<Vec<_>>(), &year.to_string()))
            button { (v.say(&w::SHOW)) }
        }
        (year_table(v.lang, &told))
    };
    Ok(v.page(&format!("{} {year}", v.say(&w::NUMBERS)), &body))
}

/// Chart and table of a year. Pure.
fn year_table(lang: Lang, told: &Value) -> Markup {
    let months = told.list("months");
    let taken = |m: &Value| {
        m.at("taken").as_object().map_or(0, |k| k.values().filter_map(Value::as_u64).sum::<u64>())
    };
    let drawn: Vec<Column> = months
        .iter()
        .map(|m| Column {
            under: format!("{}{}", m.count("month"), lang.pick("月", "")),
            height: taken(m),
            over: taken(m).to_string(),
        })
        .collect();
    let cells =
        |counts: Vec<u64>| counts.into_iter().map(|n| html! { (ui::number(n)) }).collect::<Vec<Markup>>();
    let counts = |m: &Value| -> Vec<u64> {
        let kinds = InquiryKind::ALL.iter().map(|k| m.at("taken").count(k.as_str()));
        let rest = ["in_time", "late", "escalated", "closed", "stops", "withdrawn", "refused"]
            .map(|name| m.count(name));
        kinds.chain(rest).collect()
    };
    let mut rows: Vec<Vec<Markup>> = Vec::new();
    let mut sums: Vec<u64> = Vec::new();
    for m in months {
        let row = counts(m);
        sums.resize(row.len(), 0);
        sums.iter_mut().zip(&row).for_each(|(sum, n)| *sum += n);
        let mut shown = vec![html! { (m.count("month")) (lang.pick("月", "")) }];
        shown.extend(cells(row));
        rows.push(shown);
    }
    let mut whole = vec![html! { b { (lang.pick("年の計", "year")) } }];
    whole.extend(cells(sums));
    rows.push(whole);
    let mut heads = vec![(lang.say(&w::MONTH), false)];
    heads.extend(InquiryKind::ALL.iter().map(|k| (lang.pick(k.ja(), k.as_str()), true)));
    heads.extend(
        [&w::IN_TIME, &w::LATE, &w::PASS_ON, &w::CLOSED, &w::STOPS, &w::WITHDRAWN, &w::REFUSED]
            .map(|word| (lang.say(word), true)),
    );
    html! {
        (ui::section(lang.say(&w::TAKEN_BY_MONTH), "", &columns(lang.say(&w::TAKEN_BY_MONTH), lang.say(&w::MONTH), &drawn)))
        (ui::section(lang.say(&w::NUMBERS), lang.say(&w::NUMBERS_NOTE), &ui::table(lang.say(&w::NUMBERS), &heads, &rows)))
    }
}

/// Stops among the persons told, at each provider.
pub(super) fn rates(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let told = v.value(&Order::new("optout rates"))?;
    let body = rates_body(v.lang, &told);
    Ok(v.page(v.say(&w::RATES), &body))
}

/// The control chart and its table. Pure.
fn rates_body(lang: Lang, told: &Value) -> Markup {
    let all = told.list("providers");
    let points: Vec<Point> = all
        .iter()
        .map(|p| {
            let l = p.at("limits");
            Point {
                label: p.text("provider").to_owned(),
                rate: l.real("rate"),
                lower: l.real("lower"),
                upper: l.real("upper"),
                outside: l.yes("outside"),
            }
        })
        .collect();
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|p| {
            let l = p.at("limits");
            vec![
                html! { (p.text("provider")) },
                html! { (ui::number(p.count("notified"))) },
                html! { (ui::number(p.count("stopped"))) },
                html! { (format!("{:.1} ‰", l.real("rate"))) },
                html! { (format!("{:.1} – {:.1} ‰", l.real("lower"), l.real("upper"))) },
                html! {
                    @if p.yes("high") { (ui::badge(Tone::Bad, lang.pick("警報を超過", "above the alarm"))) }
                    @else if l.yes("outside") { (ui::badge(Tone::Waiting, lang.pick("管理限界の外", "outside the limits"))) }
                    @else { (ui::badge(Tone::Good, lang.pick("範囲内", "within"))) }
                },
            ]
        })
        .collect();
    let alarms = told.count("alarms");
    let (tone, sentence) = match alarms {
        0 => (
            Tone::Good,
            lang.pick("警報を超える提供元はありません。", "No provider is above the alarm.").to_owned(),
        ),
        n => (
            Tone::Bad,
            lang.pick(
                format!("警報({} ‰)を超える提供元が {n} か所あります。", told.count("alarm")),
                format!("{n} providers are above the alarm of {} ‰.", told.count("alarm")),
            ),
        ),
    };
    let heads = [
        (lang.say(&w::PROVIDER), false),
        (lang.say(&w::PERSONS_TOLD), true),
        (lang.say(&w::STOPS), true),
        (lang.say(&w::RATE), true),
        (lang.say(&w::LIMITS), true),
        (lang.say(&w::STATE), false),
    ];
    html! {
        (ui::standing(lang, tone, &sentence, if alarms > 0 { lang.say(&w::RATES_NEXT) } else { "" }, lang.say(&w::DESK), None))
        @if rows.is_empty() { (ui::empty(lang.say(&w::NO_RATES))) } @else {
            (ui::section(lang.say(&w::CONTROL), lang.say(&w::CONTROL_NOTE), &control(lang.say(&w::CONTROL), "‰", told.real("centre"), &points)))
            (ui::section(lang.say(&w::RATES), "", &ui::table(lang.say(&w::RATES), &heads, &rows)))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_year_sums_its_months() {
        let month = |n: u64| json!({ "month": n, "taken": { "question": n, "complaint": 1 }, "in_time": n, "late": 1, "stops": 2 });
        let told = json!({ "year": 2026, "months": (1..=12).map(month).collect::<Vec<_>>() });
        let page = year_table(Lang::Ja, &told).into_string();
        assert!(page.contains(">78<") && page.contains(">24<"), "{page}");
        assert!(page.contains("<svg") && page.contains("<desc>"));
    }

    #[test]
    fn whoever_is_outside_is_marked_in_words() {
        let told = json!({ "centre": 1.2, "alarms": 0, "alarm": 50, "providers": [{ "provider": "9910000001", "notified": 1000, "stopped": 60,
            "high": false, "limits": { "rate": 60.0, "lower": 0.0, "upper": 4.5, "outside": true } }] });
        let page = rates_body(Lang::En, &told).into_string();
        assert!(page.contains("outside the limits") && page.contains("60.0 !"), "{page}");
    }
}
