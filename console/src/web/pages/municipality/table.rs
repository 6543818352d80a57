//! A released table on the page of its question: the choice of what to see, the cells with why some are hidden, pictures,
//! comparison, downloads.

use maud::{Markup, html};
use serde_json::Value;

use super::draw;
use super::{both, list, text};
use crate::web::house::{Ended, Order};
use crate::web::reply::{Problem, Reply};
use crate::web::ui;
use crate::web::visit::Visit;
use crate::web::words::municipality as w;
use crate::words::Lang;

/// What stands in a choice for "all values".
const EACH: &str = "*";

/// What the reader chose, as the query has it: the way back to the same view.
pub(super) struct Chosen {
    /// The question.
    id: String,
    /// The value of the picture.
    pub(super) draw: String,
    query: String,
}

impl Chosen {
    /// From a visit.
    pub(super) fn of(v: &Visit<'_>) -> Self {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &v.query {
            query.append_pair(name, value);
        }
        Self { id: v.param("id").to_owned(), draw: v.field("draw").to_owned(), query: query.finish() }
    }
}

#[cfg(test)]
impl Chosen {
    /// A view of a question as it stands.
    pub(super) fn named(id: &str, draw: &str) -> Self {
        Self { id: id.to_owned(), draw: draw.to_owned(), query: String::new() }
    }
}

/// The dimensions that a form may name.
const DIMENSIONS: [&str; 11] = [
    "sex",
    "age_band5",
    "age_band10",
    "prefecture",
    "insurer",
    "diagnosis_chapter",
    "drug_ingredient",
    "care_level",
    "value_band",
    "year",
    "month",
];

/// The verb for what was chosen: each dimension is shown whole, summed, or at one value.
pub(super) fn order(v: &Visit<'_>) -> Order {
    let mut order =
        Order::new("desk table").given("--release", v.field("release")).given("--place", v.field("place"));
    if v.query.iter().any(|(name, _)| name == "shown") {
        let by: Vec<&str> = DIMENSIONS.into_iter().filter(|d| v.field(d) == EACH).collect();
        order = order.option("--by", by.join(","));
        for dimension in DIMENSIONS {
            match v.field(dimension) {
                "" | EACH => {}
                value => order = order.option("--at", format!("{dimension}={value}")),
            }
        }
    }
    order.word(v.param("id"))
}

fn shown(v: &Visit<'_>) -> Result<Value, Problem> {
    let answer = v.give(&order(v))?;
    if answer.ended == Ended::Usage { Err(Problem::NotFound) } else { Ok(answer.value) }
}

/// What is seen, as a file.
pub(super) fn download(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = shown(v)?;
    let bytes = format!("\u{feff}{}", text(&value, "/csv")).into_bytes();
    Ok(Reply::bytes("text/csv; charset=utf-8", bytes).named(&format!("{}.csv", v.param("id"))))
}

/// How to read it, as a file.
pub(super) fn explanation(v: &mut Visit<'_>) -> Result<Reply, Problem> {
    let value = shown(v)?;
    let bytes = format!("\u{feff}{}", text(&value, "/sheet")).into_bytes();
    Ok(Reply::bytes("text/plain; charset=utf-8", bytes).named(&format!("{}.txt", v.param("id"))))
}

/// The dimensions that tell the cells apart: name and words.
pub(super) fn axes(lang: Lang, value: &Value) -> Vec<(&str, &str)> {
    let by: Vec<&str> = list(value, "/by").iter().filter_map(Value::as_str).collect();
    let dimensions = list(value, "/dimensions").iter().filter(|d| by.contains(&text(d, "/name")));
    let place = |name: &str| matches!(name, "municipality" | "medical_area");
    dimensions.map(|d| (text(d, "/name"), both(lang, d, "/names"))).filter(|(n, _)| !place(n)).collect()
}

/// The label of a cell on a dimension.
pub(super) fn label<'v>(lang: Lang, cell: &'v Value, dimension: &str) -> &'v str {
    match text(cell, &format!("/labels/{dimension}")) {
        "" => w::WHOLE.text(lang),
        label => label,
    }
}

/// All of it.
pub(super) fn view(lang: Lang, value: &Value, chosen: &Chosen) -> Markup {
    let (from, to) = (text(value, "/from"), text(value, "/to"));
    let rule = lang.pick(
        format!(
            "{} / {from}〜{to} / {} 人未満は秘匿",
            text(value, "/place/shown_as"),
            value.pointer("/rule/cell_min").unwrap_or(&Value::Null)
        ),
        format!(
            "{}, {from} to {to}, fewer than {} hidden",
            text(value, "/place/shown_as"),
            value.pointer("/rule/cell_min").unwrap_or(&Value::Null)
        ),
    );
    let path = |what: &str| format!("/tables/question/{}/{what}?{}", chosen.id, chosen.query);
    html! {
        (ui::section(w::CHOOSE.text(lang), "", &choice(lang, value, chosen)))
        (ui::section(w::TABLE.text(lang), &rule, &html! {
            (cells(lang, value))
            p.noprint { (ui::link(&path("csv"), w::DOWNLOAD.text(lang))) " · " (ui::link(&path("explanation"), w::EXPLAIN.text(lang))) }
        }))
        @if let Some(picture) = draw::picture(lang, value, &chosen.draw) {
            (ui::section(w::PICTURE.text(lang), both(lang, value, "/question/reads"), &picture))
        }
        @if let Some(picture) = draw::trend(lang, value, &chosen.draw) {
            (ui::section(w::TREND.text(lang), "", &picture))
        }
        @if let Some(found) = draw::comparison(lang, value) {
            (ui::section(w::COMPARE.text(lang), "", &found))
        }
        @if let Some(found) = draw::map(lang, value) {
            (ui::section(w::MAP.text(lang), lang.pick("値は階級だけを示す。数は自分の市区町村のものだけ。", "Places are told in bands; only the own one has its number."), &found))
        }
    }
}

/// The form that chooses: no script, the address is the view.
fn choice(lang: Lang, value: &Value, chosen: &Chosen) -> Markup {
    let by: Vec<&str> = list(value, "/by").iter().filter_map(Value::as_str).collect();
    let own = |name: &str| !matches!(name, "municipality" | "medical_area");
    let releases: Vec<(String, String)> = list(value, "/releases")
        .iter()
        .map(|r| (text(r, "/release").to_owned(), format!("{} – {}", text(r, "/from"), text(r, "/to"))))
        .collect();
    let drawn: Vec<(String, String)> = draw::values(lang, value);
    html! {
        form.inline.noprint action={ "/tables/question/" (chosen.id) } method="get" {
            input type="hidden" name="shown" value="1";
            @for d in list(value, "/dimensions").iter().filter(|d| own(text(d, "/name"))) {
                @let name = text(d, "/name");
                @let now = match text(value, &format!("/at/{name}")) { "" if by.contains(&name) => EACH, one => one };
                div.field {
                    label for=(name) { (both(lang, d, "/names")) }
                    select id=(name) name=(name) {
                        @if d.pointer("/total").and_then(Value::as_bool).unwrap_or(false) {
                            option value="" selected[now.is_empty()] { (w::WHOLE.text(lang)) }
                        }
                        option value=(EACH) selected[now == EACH] { (w::EACH.text(lang)) }
                        @for label in list(d, "/labels").iter().filter_map(Value::as_str) {
                            option value=(label) selected[now == label] { (label) }
                        }
                    }
                }
            }
            (ui::choice(lang, "release", &w::PERIOD, &releases, text(value, "/release")))
            (ui::choice(lang, "draw", &w::DRAW, &drawn, &chosen.draw))
            button.main { (w::SHOW.text(lang)) }
        }
    }
}

/// The cells, each with why it is hidden.
fn cells(lang: Lang, value: &Value) -> Markup {
    let axes = axes(lang, value);
    let measures: Vec<(&str, &str)> =
        list(value, "/measures").iter().map(|m| (text(m, "/name"), both(lang, m, "/names"))).collect();
    let rate = both(lang, value, "/rate_name");
    let mut heads: Vec<(&str, bool)> = axes.iter().map(|(_, words)| (*words, false)).collect();
    if heads.is_empty() {
        heads.push((w::PLACE.text(lang), false));
    }
    heads.push((w::PERSONS.text(lang), true));
    heads.extend(measures.iter().map(|(_, words)| (*words, true)));
    if !rate.is_empty() {
        heads.push((rate, true));
    }
    heads.push((w::WHY_HIDDEN.text(lang), false));
    let hidden = || html! { span.hidden-cell { "*" span.hidden { " " (w::HIDDEN.text(lang)) } } };
    let row = |cell: &Value| {
        let mut row: Vec<Markup> = axes.iter().map(|(name, _)| html! { (label(lang, cell, name)) }).collect();
        if row.is_empty() {
            row.push(html! { (text(value, "/place/shown_as")) });
        }
        row.push(match cell.pointer("/persons").and_then(Value::as_u64) {
            Some(persons) => html! { (ui::number(persons)) },
            None => hidden(),
        });
        for (name, _) in &measures {
            let told = text(cell, &format!("/measures/{name}/value"));
            row.push(if told.is_empty() {
                hidden()
            } else {
                html! { (told) }
            });
        }
        if !rate.is_empty() {
            row.push(html! { (text(cell, "/rate")) });
        }
        let first = |name: &&str| !both(lang, cell, &format!("/measures/{name}/hidden")).is_empty();
        let measure = measures.iter().map(|(name, _)| *name).find(first);
        let why = match both(lang, cell, "/hidden") {
            "" => measure.map_or("", |name| both(lang, cell, &format!("/measures/{name}/hidden"))),
            why => why,
        };
        row.push(html! { span.soft { (why) } });
        row
    };
    ui::table(w::TABLE.text(lang), &heads, &list(value, "/cells").iter().map(row).collect::<Vec<_>>())
}
