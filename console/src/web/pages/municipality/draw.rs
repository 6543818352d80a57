//! Which picture a released table gets, from the value of the verb. A pure choice; the drawing is `charts::desk`'s.

use maud::{Markup, html};
use serde_json::Value;

use super::table::{axes, label};
use super::{both, list, text};
use crate::charts::desk::{Bar, Line, Tile, TileMap, Told, bars, lines, multiples, tile_map};
use crate::web::ui;
use crate::web::words::municipality as w;
use crate::words::Lang;

/// Lines in one picture at most: more cannot be told apart.
const LINES: usize = 6;

/// What can be drawn: persons, measures, the rate.
pub(super) fn values(lang: Lang, value: &Value) -> Vec<(String, String)> {
    let mut all = vec![("persons".to_owned(), w::PERSONS.text(lang).to_owned())];
    let measure = |m: &Value| (text(m, "/name").to_owned(), both(lang, m, "/names").to_owned());
    all.extend(list(value, "/measures").iter().map(measure));
    let rate = both(lang, value, "/rate_name");
    if !rate.is_empty() {
        all.push(("rate".to_owned(), rate.to_owned()));
    }
    all
}

/// The value to draw and its words; persons when what was chosen is not there.
fn wanted(lang: Lang, value: &Value, draw: &str) -> (String, String) {
    let all = values(lang, value);
    let first = all.first().cloned().unwrap_or_default();
    all.into_iter().find(|(name, _)| name == draw).unwrap_or(first)
}

/// The number of a cell.
fn told(cell: &Value, draw: &str) -> Told {
    let number = match draw {
        "persons" => cell.pointer("/persons").and_then(Value::as_f64),
        "rate" => text(cell, "/rate").parse().ok(),
        measure => text(cell, &format!("/measures/{measure}/value")).parse().ok(),
    };
    number.map_or(Told::Hidden, Told::Shown)
}

fn bar(lang: Lang, cell: &Value, dimension: &str, draw: &str) -> Bar {
    Bar { label: label(lang, cell, dimension).to_owned(), value: told(cell, draw) }
}

/// The picture of the cells: lines over months and years, bars of one dimension, small multiples of two.
pub(super) fn picture(lang: Lang, value: &Value, draw: &str) -> Option<Markup> {
    let (draw, unit) = wanted(lang, value, draw);
    let cells = list(value, "/cells");
    let title = both(lang, value, "/question/title");
    let axes = axes(lang, value);
    let time = |name: &str| matches!(name, "month" | "year");
    match axes.as_slice() {
        [(name, _)] if time(name) => {
            let periods: Vec<String> = cells.iter().map(|c| label(lang, c, name).to_owned()).collect();
            let line = Line {
                label: text(value, "/place/shown_as").to_owned(),
                values: cells.iter().map(|c| told(c, &draw)).collect(),
            };
            Some(lines(lang, "hatch-cells", title, &unit, &periods, &[line]))
        }
        [(name, _)] => {
            let all: Vec<Bar> = cells.iter().map(|c| bar(lang, c, name, &draw)).collect();
            Some(bars(lang, "hatch-cells", title, &unit, &all))
        }
        [(outer, _), (inner, _)] => {
            let mut groups: Vec<(String, Vec<Bar>)> = Vec::new();
            for cell in cells {
                let name = label(lang, cell, outer).to_owned();
                let one = bar(lang, cell, inner, &draw);
                match groups.iter_mut().find(|(n, _)| *n == name) {
                    Some((_, bars)) => bars.push(one),
                    None => groups.push((name, vec![one])),
                }
            }
            Some(multiples(lang, "hatch-cells", title, &unit, &groups))
        }
        _ => None,
    }
}

/// The same cells over the periods that were released, when there is more than one.
pub(super) fn trend(lang: Lang, value: &Value, draw: &str) -> Option<Markup> {
    let points = list(value, "/trend");
    if points.len() < 2 {
        return None;
    }
    let (draw, unit) = wanted(lang, value, draw);
    let periods: Vec<String> =
        points.iter().map(|p| format!("{}–{}", short(text(p, "/from")), short(text(p, "/to")))).collect();
    let all: Vec<Line> = list(value, "/cells")
        .iter()
        .take(LINES)
        .map(|cell| {
            let labels = cell.pointer("/labels");
            let of = |point: &Value| {
                let same = list(point, "/cells").iter().find(|c| c.pointer("/labels") == labels);
                same.map_or(Told::Hidden, |c| told(c, &draw))
            };
            let names: Vec<&str> =
                axes(lang, value).iter().map(|(name, _)| label(lang, cell, name)).collect();
            let name =
                if names.is_empty() { text(value, "/place/shown_as").to_owned() } else { names.join(" ") };
            Line { label: name, values: points.iter().map(of).collect() }
        })
        .collect();
    Some(lines(lang, "hatch-trend", w::TREND.text(lang), &unit, &periods, &all))
}

/// Year and month of a day.
fn short(day: &str) -> &str {
    day.rsplit_once('-').map_or(day, |(month, _)| month)
}

/// Own value beside the quartiles of similar municipalities.
pub(super) fn comparison(lang: Lang, value: &Value) -> Option<Markup> {
    let found = value.pointer("/comparison").filter(|c| !c.is_null())?;
    let n = |pointer: &str| found.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let own = text(found, "/own");
    let quartiles: Vec<&str> = list(found, "/quartiles").iter().filter_map(Value::as_str).collect();
    let band = match found.pointer("/band_to").and_then(Value::as_u64) {
        Some(to) => format!("{} – {}", ui::number(n("/band_from")), ui::number(to)),
        None => format!("{} –", ui::number(n("/band_from"))),
    };
    let number = |text: &str| text.parse().map_or(Told::Hidden, Told::Shown);
    let names = [
        lang.pick("下位4分の1の値", "25th percentile"),
        lang.pick("中央の値", "Median"),
        lang.pick("上位4分の1の値", "75th percentile"),
    ];
    let all: Vec<Bar> = [(text(value, "/place/name"), own)]
        .into_iter()
        .chain(names.into_iter().zip(quartiles.iter().copied()))
        .map(|(label, told)| Bar { label: label.to_owned(), value: number(told) })
        .collect();
    let rows: Vec<Vec<Markup>> = all
        .iter()
        .map(|bar| {
            let told = match bar.value {
                Told::Shown(number) => format!("{number}"),
                Told::Hidden => w::HIDDEN.text(lang).to_owned(),
            };
            vec![html! { (bar.label) }, html! { (told) }]
        })
        .collect();
    let unit = lang.pick("人口千人あたり", "per 1,000 people");
    Some(html! {
        p {
            (lang.pick("人口の区分", "People")) ": " (band) " / "
            (lang.pick("値を示せる市区町村", "municipalities shown")) ": " (n("/shown")) " / " (n("/peers"))
        }
        @if quartiles.is_empty() {
            (ui::empty(&lang.pick(
                format!("比べられる市区町村が {} に満たないので、四分位は示さない。", n("/needed")),
                format!("Fewer than {} can be compared, so no quartiles are shown.", n("/needed")),
            )))
        }
        (bars(lang, "hatch-compare", w::COMPARE.text(lang), unit, &all))
        (ui::table(w::COMPARE.text(lang), &[("", false), (unit, true)], &rows))
    })
}

/// The map of tiles, with the same in words beside it.
pub(super) fn map(lang: Lang, value: &Value) -> Option<Markup> {
    let found = value.pointer("/map").filter(|m| !m.is_null())?;
    let cuts: Vec<&str> = list(found, "/cuts").iter().filter_map(Value::as_str).collect();
    let [a, b, c] = cuts.as_slice() else { return None };
    let bands = lang.pick(
        vec![format!("{a} 以下"), format!("{a} 超 {b} 以下"), format!("{b} 超 {c} 以下"), format!("{c} 超")],
        vec![
            format!("up to {a}"),
            format!("over {a} up to {b}"),
            format!("over {b} up to {c}"),
            format!("over {c}"),
        ],
    );
    let coordinate = |t: &Value, at: usize| {
        t.pointer(&format!("/tile/{at}"))
            .and_then(Value::as_u64)
            .and_then(|n| u8::try_from(n).ok())
            .unwrap_or(0)
    };
    let tiles: Vec<Tile> = list(found, "/tiles")
        .iter()
        .map(|t| Tile {
            name: text(t, "/name").to_owned(),
            at: [coordinate(t, 0), coordinate(t, 1)],
            band: t.pointer("/band").and_then(Value::as_u64).and_then(|b| usize::try_from(b).ok()),
            own: t.pointer("/own").and_then(Value::as_bool).unwrap_or(false),
        })
        .collect();
    let band_of = |t: &Tile| {
        t.band.and_then(|b| bands.get(b)).map_or_else(|| w::HIDDEN.text(lang).to_owned(), Clone::clone)
    };
    let rows: Vec<Vec<Markup>> =
        tiles.iter().map(|t| vec![html! { (t.name) }, html! { (band_of(t)) }]).collect();
    let unit = both(lang, found, "/unit");
    let map = TileMap { bands: bands.clone(), tiles };
    Some(html! {
        div.side {
            (tile_map(lang, "hatch-map", w::MAP.text(lang), &map))
            (ui::table(w::MAP.text(lang), &[(w::PLACE.text(lang), false), (unit, false)], &rows))
        }
    })
}
