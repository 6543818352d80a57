//! Pictures of released tables (統計表の図): bars, lines over periods, small multiples, a map of tiles.
//!
//! Pure functions of labels and published numbers. What is hidden is hatched and says so in words; it has no length that
//! could be read off. They must never be given a count that was hidden.

mod map;

pub use map::{Tile, TileMap, tile_map};

use maud::{Markup, html};

use crate::format::c;
use crate::words::Lang;

/// A number as it was published.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told {
    /// Shown.
    Shown(f64),
    /// Hidden (秘匿).
    Hidden,
}

/// A bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What it is of.
    pub label: String,
    /// Its length.
    pub value: Told,
}

/// A line over periods.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is of.
    pub label: String,
    /// A value for each period.
    pub values: Vec<Told>,
}

/// Colours of lines, each with a dash of its own, so that no colour has to be told apart.
const STROKES: [(&str, &str); 6] = [
    ("#1b6a8c", ""),
    ("#cc5a14", "7 3"),
    ("#4b7392", "2 3"),
    ("#8467a8", "10 3 2 3"),
    ("#8a6d10", "4 4"),
    ("#3f3d39", "1 4"),
];

/// A number of a picture: whole where it is whole.
fn told(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        crate::format::signed(value as i128)
    } else {
        format!("{value:.1}")
    }
}

fn said(lang: Lang, value: Told) -> String {
    match value {
        Told::Shown(value) => told(value),
        Told::Hidden => lang.pick("秘匿", "hidden").to_owned(),
    }
}

fn greatest<'v>(values: impl Iterator<Item = &'v Told>) -> f64 {
    values.fold(0.0, |most: f64, v| if let Told::Shown(v) = v { most.max(*v) } else { most })
}

/// The hatch of what is hidden. Its id is unique within a page when `id` is.
fn hatch(id: &str) -> Markup {
    html! {
        defs {
            pattern id=(id) width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect width="6" height="6" fill="#f7f5f0" {}
                path d="M0 0v6" stroke="#8b8678" stroke-width="2" {}
            }
        }
    }
}

/// Bars one below the other, each with its number; hidden ones are hatched over the whole width and say so.
#[must_use]
pub fn bars(lang: Lang, id: &str, title: &str, unit: &str, all: &[Bar]) -> Markup {
    const LEFT: f64 = 250.0;
    const WIDE: f64 = 600.0;
    const STEP: f64 = 26.0;
    let most = greatest(all.iter().map(|b| &b.value));
    let high = STEP * all.len() as f64 + 30.0;
    let words: Vec<String> = all.iter().map(|b| format!("{}: {}", b.label, said(lang, b.value))).collect();
    html! {
        svg viewBox={ "0 0 1040 " (c(high)) } role="img" class="desk-chart" {
            title { (title) }
            desc { (words.join("; ")) }
            (hatch(id))
            @for (nth, bar) in all.iter().enumerate() {
                @let y = STEP * nth as f64 + 4.0;
                text x=(c(LEFT - 10.0)) y=(c(y + 14.0)) text-anchor="end" font-size="13" { (bar.label) }
                @match bar.value {
                    Told::Shown(value) => {
                        @let wide = if most > 0.0 { (value / most * WIDE).max(if value > 0.0 { 1.5 } else { 0.0 }) } else { 0.0 };
                        rect x=(c(LEFT)) y=(c(y)) width=(c(wide)) height="18" rx="2" fill="#1b6a8c" {}
                        text x=(c(LEFT + wide + 8.0)) y=(c(y + 14.0)) font-size="13" { (told(value)) }
                    }
                    Told::Hidden => {
                        rect x=(c(LEFT)) y=(c(y)) width=(c(WIDE)) height="18" rx="2" fill={ "url(#" (id) ")" } stroke="#8b8678" stroke-width="0.6" {}
                        text x=(c(LEFT + WIDE + 8.0)) y=(c(y + 14.0)) font-size="13" { (lang.pick("秘匿", "hidden")) }
                    }
                }
            }
            text x=(c(LEFT)) y=(c(high - 8.0)) font-size="12" fill-opacity="0.75" { (unit) }
        }
    }
}

/// Lines over periods. A hidden point breaks its line and stands as a hatched mark at the foot.
#[must_use]
pub fn lines(lang: Lang, id: &str, title: &str, unit: &str, periods: &[String], all: &[Line]) -> Markup {
    const LEFT: f64 = 70.0;
    const TOP: f64 = 16.0;
    const WIDE: f64 = 760.0;
    const HIGH: f64 = 220.0;
    let most = greatest(all.iter().flat_map(|l| &l.values)).max(1.0);
    let step = WIDE / (periods.len().saturating_sub(1).max(1)) as f64;
    let x = |nth: usize| LEFT + if periods.len() == 1 { WIDE / 2.0 } else { step * nth as f64 };
    let y = |value: f64| TOP + HIGH - value / most * HIGH;
    let words: Vec<String> = all
        .iter()
        .map(|line| {
            let values = periods.iter().zip(&line.values).map(|(p, v)| format!("{p} {}", said(lang, *v)));
            format!("{}: {}", line.label, values.collect::<Vec<_>>().join(", "))
        })
        .collect();
    // A line is drawn between neighbours that are both shown.
    let runs = |line: &Line| {
        let shown = |nth: usize| match line.values.get(nth) {
            Some(Told::Shown(value)) => Some((x(nth), y(*value))),
            _ => None,
        };
        let pairs = (1..line.values.len()).filter_map(|nth| shown(nth - 1).zip(shown(nth)));
        pairs
            .map(|((x1, y1), (x2, y2))| format!("M{} {}L{} {}", c(x1), c(y1), c(x2), c(y2)))
            .collect::<String>()
    };
    html! {
        svg viewBox="0 0 1040 290" role="img" class="desk-chart" {
            title { (title) }
            desc { (words.join("; ")) }
            (hatch(id))
            path d={ "M" (c(LEFT)) " " (c(TOP)) "V" (c(TOP + HIGH)) "H" (c(LEFT + WIDE)) } fill="none" stroke="#bdb8ab" {}
            text x=(c(LEFT - 8.0)) y=(c(TOP + 5.0)) text-anchor="end" font-size="12" { (told(most)) }
            text x=(c(LEFT - 8.0)) y=(c(TOP + HIGH)) text-anchor="end" font-size="12" { "0" }
            text x=(c(LEFT)) y="284" font-size="12" fill-opacity="0.75" { (unit) }
            @for (nth, period) in periods.iter().enumerate() {
                text x=(c(x(nth))) y=(c(TOP + HIGH + 20.0)) text-anchor="middle" font-size="11.5" { (period) }
            }
            @for ((nth, line), (stroke, dash)) in all.iter().enumerate().zip(STROKES.iter().cycle()) {
                path d=(runs(line)) fill="none" stroke=(stroke) stroke-width="2.4" stroke-dasharray=(dash) {}
                @for (at, value) in line.values.iter().enumerate() {
                    @match value {
                        Told::Shown(value) => { circle cx=(c(x(at))) cy=(c(y(*value))) r="3.4" fill=(stroke) { title { (line.label) " " (told(*value)) } } },
                        Told::Hidden => { rect x=(c(x(at) - 5.0)) y=(c(TOP + HIGH - 12.0 * (nth + 1) as f64)) width="10" height="10" fill={ "url(#" (id) ")" } stroke="#8b8678" { title { (line.label) " " (lang.pick("秘匿", "hidden")) } } },
                    }
                }
                path d={ "M850 " (c(TOP + 10.0 + 22.0 * nth as f64)) "h26" } stroke=(stroke) stroke-width="2.4" stroke-dasharray=(dash) {}
                text x="884" y=(c(TOP + 14.0 + 22.0 * nth as f64)) font-size="12.5" { (line.label) }
            }
        }
    }
}

/// Small multiples: the same bars for each of several groups, all of one scale, so that they can be compared.
#[must_use]
pub fn multiples(lang: Lang, id: &str, title: &str, unit: &str, groups: &[(String, Vec<Bar>)]) -> Markup {
    const ACROSS: usize = 3;
    const WIDE: f64 = 330.0;
    const STEP: f64 = 17.0;
    const HEAD: f64 = 26.0;
    let most = greatest(groups.iter().flat_map(|(_, bars)| bars.iter().map(|b| &b.value)));
    let tallest = groups.iter().map(|(_, bars)| bars.len()).max().unwrap_or(0);
    let high = HEAD + STEP * tallest as f64 + 14.0;
    let rows = groups.len().div_ceil(ACROSS);
    let words: Vec<String> = groups
        .iter()
        .map(|(name, bars)| {
            let bars: Vec<String> =
                bars.iter().map(|b| format!("{} {}", b.label, said(lang, b.value))).collect();
            format!("{name}: {}", bars.join(", "))
        })
        .collect();
    html! {
        svg viewBox={ "0 0 1040 " (c(high * rows as f64 + 22.0)) } role="img" class="desk-chart" {
            title { (title) }
            desc { (words.join("; ")) }
            (hatch(id))
            @for (nth, (name, bars)) in groups.iter().enumerate() {
                @let left = WIDE * (nth % ACROSS) as f64 + 10.0;
                @let top = high * (nth / ACROSS) as f64;
                text x=(c(left)) y=(c(top + 16.0)) font-size="13" font-weight="600" { (name) }
                @for (row, bar) in bars.iter().enumerate() {
                    @let y = top + HEAD + STEP * row as f64;
                    text x=(c(left + 88.0)) y=(c(y + 10.0)) text-anchor="end" font-size="10.5" { (bar.label) }
                    @match bar.value {
                        Told::Shown(value) => {
                            @let wide = if most > 0.0 { (value / most * 150.0).max(if value > 0.0 { 1.0 } else { 0.0 }) } else { 0.0 };
                            rect x=(c(left + 94.0)) y=(c(y)) width=(c(wide)) height="12" fill="#1b6a8c" {}
                            text x=(c(left + 98.0 + wide)) y=(c(y + 10.0)) font-size="10.5" { (told(value)) }
                        }
                        Told::Hidden => {
                            rect x=(c(left + 94.0)) y=(c(y)) width="150" height="12" fill={ "url(#" (id) ")" } {}
                            text x=(c(left + 248.0)) y=(c(y + 10.0)) font-size="10.5" { (lang.pick("秘匿", "hidden")) }
                        }
                    }
                }
            }
            text x="10" y=(c(high * rows as f64 + 14.0)) font-size="12" fill-opacity="0.75" { (unit) }
        }
    }
}

#[cfg(test)]
mod tests;
