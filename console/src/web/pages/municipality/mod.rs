//! The municipality's table desk (統計窓口): questions by domain, released tables with pictures, requests.
//!
//! Every number comes from the verbs `desk …`, which show published cells only. These pages must never add anything up.

mod draw;
mod table;

use maud::{Markup, html};
use musubi_compliance::audit::AuditRole;
use serde_json::Value;

use crate::web::house::{Ended, Order};
use crate::web::reply::{Problem, Reply};
use crate::web::route::{Area, Route, action, page};
use crate::web::ui::{self, Tone};
use crate::web::visit::Visit;
use crate::web::words::municipality as w;
use crate::words::Lang;

const WHO: &[AuditRole] = &[AuditRole::Municipality];

pub(crate) const ROUTES: &[Route] = &[
    page("/tables", w::CATALOGUE, catalogue).roles(WHO).verbs(&["desk questions"]).menu(Area::Municipality),
    page("/tables/released", w::RELEASED, released)
        .roles(WHO)
        .verbs(&["desk deliveries"])
        .menu(Area::Municipality),
    page("/tables/question/{id}", w::QUESTION, question).roles(WHO).verbs(&["desk question", "desk table"]),
    page("/tables/question/{id}/csv", w::DOWNLOAD, table::download).roles(WHO).verbs(&["desk table"]),
    page("/tables/question/{id}/explanation", w::EXPLAIN, table::explanation)
        .roles(WHO)
        .verbs(&["desk table"]),
    page("/tables/question/{id}/ask", w::ASK, ask_page).roles(WHO).verbs(&["desk question"]),
    action("/tables/question/{id}/ask", w::ASK, ask).roles(WHO).verbs(&["desk ask"]),
];

/// A text of a value; empty when it is not there.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A text that is there in both languages.
pub(super) fn both<'v>(lang: Lang, value: &'v Value, pointer: &str) -> &'v str {
    text(value, &format!("{pointer}/{}", lang.code()))
}

/// The members of a list.
pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn tone(state: &str) -> Tone {
    match state {
        "released" => Tone::Good,
        "draft" | "asked" | "approved" => Tone::Waiting,
        _ => Tone::Plain,
    }
}

fn state(lang: Lang, row: &Value) -> Markup {
    ui::badge(tone(text(row, "/state")), both(lang, row, "/state_name"))
}

fn period(row: &Value) -> String {
    match (text(row, "/from"), text(row, "/to")) {
        ("", _) => "—".to_owned(),
        (from, to) => format!("{from} – {to}"),
    }
}

/// The questions, by domain.
fn catalogue(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let domains = ["education", "health", "medical", "welfare"];
    let chosen = domains.into_iter().find(|d| *d == v.field("domain")).unwrap_or_default();
    let value = v.value(&Order::new("desk questions").given("--domain", chosen))?;
    let body = catalogue_view(v.lang, &value, chosen);
    Ok(v.page(v.say(&w::CATALOGUE), &body))
}

fn catalogue_view(lang: Lang, value: &Value, chosen: &str) -> Markup {
    let all = list(value, "/questions");
    let count = |state: &str| all.iter().filter(|q| text(q, "/state") == state).count();
    let sentence = lang.pick(
        format!(
            "{} の問いのうち、表があるもの {}、申し出られるもの {}。",
            all.len(),
            count("released"),
            count("open")
        ),
        format!(
            "Of {} questions {} have a table and {} can be asked.",
            all.len(),
            count("released"),
            count("open")
        ),
    );
    let domain =
        |id: &str| all.iter().find(|q| text(q, "/domain") == id).map(|q| both(lang, q, "/domain_name"));
    let rows = |id: &str| -> Vec<Vec<Markup>> {
        let own = all.iter().filter(|q| text(q, "/domain") == id);
        own.map(|q| {
            let path = format!("/tables/question/{}", text(q, "/id"));
            vec![
                html! { (ui::link(&path, both(lang, q, "/title"))) br; span.soft { (both(lang, q, "/question")) } },
                html! { (both(lang, q, "/kind_name")) },
                state(lang, q),
                html! { (q.pointer("/newest").map_or_else(|| "—".to_owned(), period)) },
            ]
        })
        .collect()
    };
    let heads = [
        (w::QUESTION.text(lang), false),
        (w::KIND.text(lang), false),
        (w::STATE.text(lang), false),
        (w::PERIOD.text(lang), false),
    ];
    html! {
        (ui::standing(lang, Tone::Plain, &sentence, w::CATALOGUE_NOTE.text(lang), "", None))
        nav.filter aria-label=(w::DOMAIN.text(lang)) {
            a href="/tables" aria-current=[chosen.is_empty().then_some("true")] { (w::ALL.text(lang)) }
            @for (id, ja, en) in [("education", "保育・教育", "Childcare and education"), ("health", "保健", "Public health"), ("medical", "医療", "Medical care"), ("welfare", "福祉", "Welfare")] {
                " " a href={ "/tables?domain=" (id) } aria-current=[(chosen == id).then_some("true")] { (lang.pick(ja, en)) }
            }
        }
        @for id in ["education", "health", "medical", "welfare"] {
            @if let Some(name) = domain(id) {
                (ui::section(name, "", &ui::table(name, &heads, &rows(id))))
            }
        }
    }
}

/// One question, with its table when there is one.
fn question(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let about = about(v)?;
    let shown = match text(&about, "/state") {
        "released" => Some(v.give(&table::order(v))?),
        _ => None,
    };
    let lang = v.lang;
    let title = both(lang, &about, "/title").to_owned();
    let shown = match &shown {
        Some(answer) if answer.ended == Ended::Usage => {
            html! { div.problem role="alert" { p { (answer.said()) } p { a href=(v.path_of_question()) { (lang.pick("はじめの形に戻す", "Back to the first view")) } } } }
        }
        Some(answer) => table::view(lang, &answer.value, &table::Chosen::of(v)),
        None => html! {},
    };
    let body = html! { (facts_view(lang, &about)) (shown) (requests_view(lang, &about)) };
    Ok(v.page(&title, &body))
}

fn about(v: &Visit<'_>) -> Result<Value, Problem> {
    let answer = v.give(&Order::new("desk question").word(v.param("id")))?;
    if answer.ended == Ended::Usage { Err(Problem::NotFound) } else { Ok(answer.value) }
}

impl Visit<'_> {
    /// The page of the question that was asked for.
    fn path_of_question(&self) -> String {
        let id: String = form_urlencoded::byte_serialize(self.param("id").as_bytes()).collect();
        format!("/tables/question/{id}")
    }
}

/// What a question is.
fn facts_view(lang: Lang, about: &Value) -> Markup {
    let id = text(about, "/id");
    let ask = format!("/tables/question/{id}/ask");
    let (next, can_ask) = match text(about, "/state") {
        "released" => (
            lang.pick(
                "下で表の形を選んでください。別の期間の表は申し出てください。",
                "Choose how to see the table below; ask for another period.",
            ),
            true,
        ),
        "draft" => (
            lang.pick(
                "申出の下書きを仕上げて、提出してください。",
                "Complete the application and hand it in.",
            ),
            true,
        ),
        "asked" => (lang.pick("審査の結果をお待ちください。", "Wait for the decision."), true),
        "approved" => (lang.pick("表の作成をお待ちください。", "Wait for the release."), true),
        "open" => (lang.pick("期間を決めて申し出てください。", "Choose a period and ask."), true),
        "no_feed" => (
            lang.pick(
                "データを送る取決めについて、事業者にご相談ください。",
                "Agree on a feed with the operator.",
            ),
            false,
        ),
        _ => (
            lang.pick(
                "まだ申し出られません。足りないものを下に示します。",
                "It cannot be asked yet; see what is missing.",
            ),
            false,
        ),
    };
    let feeds = html! {
        @if list(about, "/feeds").is_empty() { "—" }
        ul.plain {
            @for feed in list(about, "/feeds") {
                @let sent = feed.pointer("/sent").and_then(Value::as_bool).unwrap_or(false);
                li { code { (text(feed, "/feed")) } " " (ui::badge(if sent { Tone::Good } else { Tone::Plain }, if sent { w::AGREED.text(lang) } else { w::NOT_AGREED.text(lang) })) }
            }
        }
    };
    let places = html! {
        @for place in list(about, "/places") {
            div {
                (text(place, "/shown_as"))
                @if text(place, "/level") == "medical_area" {
                    " " span.soft { (lang.pick("人口が少ないため、二次医療圏の単位で示す", "by medical area, as too few people live in the municipality")) }
                }
            }
        }
    };
    let mut pairs = vec![
        (w::QUESTION.text(lang), html! { (both(lang, about, "/question")) }),
        (w::WHY.text(lang), html! { (both(lang, about, "/why")) }),
        (w::KIND.text(lang), html! { (both(lang, about, "/kind_name")) }),
        (w::READS.text(lang), html! { (both(lang, about, "/reads")) }),
        (w::FEEDS.text(lang), feeds),
        (w::PLACE.text(lang), places),
    ];
    for (word, pointer) in [(w::CAUTION, "/caution"), (w::MISSING, "/missing")] {
        if !both(lang, about, pointer).is_empty() {
            pairs.push((word.text(lang), html! { (both(lang, about, pointer)) }));
        }
    }
    html! {
        (ui::standing(lang, tone(text(about, "/state")), both(lang, about, "/state_name"), next, "", None))
        (ui::facts(&pairs))
        p.noprint {
            @if can_ask { (ui::link(&ask, w::ASK.text(lang))) }
            @else { (ui::greyed(w::ASK.text(lang), both(lang, about, "/state_name"))) }
        }
    }
}

/// The requests of the organisation for a question.
fn requests_view(lang: Lang, about: &Value) -> Markup {
    let filed = list(about, "/requests");
    let row = |r: &Value| {
        let approval = text(r, "/approval");
        let state = if approval.is_empty() {
            lang.pick("審査中", "under review")
        } else {
            lang.pick("承認済み", "approved")
        };
        vec![
            html! { code { (text(r, "/request")) } },
            html! { (period(r)) },
            ui::badge(if approval.is_empty() { Tone::Waiting } else { Tone::Good }, state),
        ]
    };
    let heads =
        [(lang.pick("番号", "Number"), false), (w::PERIOD.text(lang), false), (w::STATE.text(lang), false)];
    let begun = list(about, "/applications");
    let application = |a: &Value| {
        let id = text(a, "/application");
        vec![
            ui::link(&format!("/applications/{id}"), id),
            html! { (period(a)) },
            ui::badge(Tone::Waiting, lang.pick(text(a, "/state_ja"), text(a, "/state"))),
        ]
    };
    html! {
        @if !begun.is_empty() {
            (ui::section(w::APPLICATIONS.text(lang), "", &ui::table(w::APPLICATIONS.text(lang), &heads, &begun.iter().map(application).collect::<Vec<_>>())))
        }
        @if !filed.is_empty() {
            (ui::section(w::REQUESTS.text(lang), "", &ui::table(w::REQUESTS.text(lang), &heads, &filed.iter().map(row).collect::<Vec<_>>())))
        }
    }
}

fn ask_page(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let about = about(v)?;
    let lang = v.lang;
    let path = format!("{}/ask", v.path_of_question());
    let help = lang.pick(
        "申出の下書きができます。残りを書いて提出してください。同じ期間の承認が残っていれば、審査なしで提供されます。",
        "Makes the draft of an application, which you complete and hand in. Where an approval of the same period stands, no \
         other review is needed.",
    );
    let fields = html! {
        (ui::field(lang, "from", &w::FROM, "date", "", true, ""))
        (ui::field(lang, "to", &w::TO, "date", "", true, help))
    };
    let body = html! {
        (facts_view(lang, &about))
        @if matches!(text(&about, "/state"), "missing" | "no_feed") {
            (ui::greyed(w::ASK_GO.text(lang), both(lang, &about, "/state_name")))
        } @else {
            (ui::section(w::ASK.text(lang), "", &ui::form(&path, w::ASK_GO.text(lang), &fields)))
        }
    };
    Ok(v.page(&format!("{}: {}", w::ASK.text(lang), both(lang, &about, "/title")), &body))
}

fn ask(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let order = Order::new("desk ask")
        .option("--from", v.need("from", &w::FROM)?)
        .option("--to", v.need("to", &w::TO)?)
        .word(v.param("id"));
    let answer = v.give(&order)?;
    // The draft is written on the applicant's pages, where the account has them.
    let application = text(&answer.value, "/application");
    let writes = v.me()?.roles.contains(&AuditRole::Applicant);
    let path = match application {
        "" => v.path_of_question(),
        _ if !writes => v.path_of_question(),
        id => format!("/applications/{id}"),
    };
    v.after(&answer, path)
}

/// What was released to the organisation.
fn released(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = v.value(&Order::new("desk deliveries"))?;
    let body = released_view(v.lang, &value);
    Ok(v.page(v.say(&w::RELEASED), &body))
}

fn released_view(lang: Lang, value: &Value) -> Markup {
    let all = list(value, "/deliveries");
    let row = |d: &Value| {
        let question = text(d, "/question");
        let cells: u64 = list(d, "/tables").iter().filter_map(|t| t.pointer("/cells")?.as_u64()).sum();
        let hidden: u64 = list(d, "/tables").iter().filter_map(|t| t.pointer("/hidden")?.as_u64()).sum();
        vec![
            html! {
                @if question.is_empty() { (text(d, "/title")) }
                @else { (ui::link(&format!("/tables/question/{question}?release={}", text(d, "/release")), text(d, "/title"))) }
            },
            html! { (period(d)) },
            html! { code { (text(d, "/release")) } },
            html! { (ui::number(cells)) },
            html! { (ui::number(hidden)) },
        ]
    };
    let heads = [
        (w::TABLE.text(lang), false),
        (w::PERIOD.text(lang), false),
        (w::RELEASE.text(lang), false),
        (w::CELLS.text(lang), true),
        (w::HIDDEN.text(lang), true),
    ];
    html! {
        @if all.is_empty() {
            (ui::empty(lang.pick("まだ何も提供されていません。問いを選んで申し出てください。", "Nothing was released yet. Choose a question and ask.")))
        } @else {
            (ui::table(w::RELEASED.text(lang), &heads, &all.iter().map(row).collect::<Vec<_>>()))
        }
        p { (ui::link("/tables", w::CATALOGUE.text(lang))) " · " (ui::link("/packages", lang.pick("引渡しの一覧", "Deliveries"))) }
    }
}

#[cfg(test)]
mod tests;
