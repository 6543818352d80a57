//! The pictures of `risk.html` as inline SVG: bars of counts, levels of hierarchies, the funnel of the cohort, the map of
//! a table. They must be legible without colour (print) and carry their numbers as text.

use std::collections::HashMap;

use maud::{Markup, html};

use super::super::risk::{ColumnLevel, EventLevel};
use super::super::sheet::{Cell, Column, Sheet};
use crate::manifest::{Attrition, thousands};

const WIDTH: f64 = 940.0;
const BLUE: &str = "#1f4e79";
const PALE: &str = "#b9cfe4";
/// Shades of levels, finest first; neighbours differ in lightness so that print keeps them apart.
const SHADES: [&str; 6] = ["#173f63", "#3f79ab", "#8fb4d6", "#d9a441", "#b4641e", "#6f3411"];
/// More rows or columns of a table are not drawn.
const MAP_ROWS: usize = 48;
const MAP_COLUMNS: usize = 24;

/// A coordinate.
fn c(x: f64) -> String {
    format!("{x:.1}")
}

#[allow(clippy::cast_precision_loss)] // a picture: 53 bits are more than its pixels
fn scale(n: u64, most: u64, width: f64) -> f64 {
    if most == 0 { 0.0 } else { n as f64 / most as f64 * width }
}

#[allow(clippy::cast_precision_loss)] // a small index
fn row_y(at: usize, height: f64) -> f64 {
    at as f64 * height
}

/// Horizontal bars: label, count, words beside the bar.
fn bars(title: &str, rows: &[(String, u64, String)]) -> Markup {
    let most = rows.iter().map(|r| r.1).max().unwrap_or(0);
    let height = row_y(rows.len(), 26.0) + 4.0;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" {
            title { (title) }
            @for (at, (label, n, words)) in rows.iter().enumerate() {
                @let y = row_y(at, 26.0);
                @let width = if *n == 0 { 0.0 } else { scale(*n, most, 520.0).max(2.0) };
                text.end x="196" y=(c(y + 17.0)) { (label) }
                rect x="206" y=(c(y + 4.0)) width=(c(width)) height="18" fill=(BLUE) {}
                text x=(c(214.0 + width)) y=(c(y + 17.0)) { (words) }
            }
        }
    }
}

/// First and last size, classes and persons of each range of sizes that any class has.
fn ranges(sizes: &[u64]) -> Vec<(u64, u64, u64, u64)> {
    let most = sizes.iter().copied().max().unwrap_or(0);
    // 1, 2, 5, 10, 20, 50, …: each bar about twice the one before.
    let starts = (0..19).flat_map(|e| [1u64, 2, 5].map(|m| m * 10u64.pow(e)));
    let starts: Vec<u64> = starts.take_while(|s| *s <= most).collect();
    let ends = starts.iter().skip(1).map(|s| s - 1).chain([most]);
    let ranges = starts.iter().copied().zip(ends).map(|(low, high)| {
        let inside = sizes.iter().filter(|size| (low..=high).contains(*size));
        let (classes, persons) = inside.fold((0, 0), |(n, sum), size| (n + 1, sum + size));
        (low, high, classes, persons)
    });
    ranges.skip_while(|r| r.2 == 0).collect()
}

/// How many persons stand in classes of about which size.
pub(super) fn histogram(sizes: &[u64]) -> Markup {
    let rows: Vec<(String, u64, String)> = ranges(sizes)
        .iter()
        .map(|(low, high, classes, persons)| {
            let label = if low == high {
                thousands(*low)
            } else {
                format!("{}–{}", thousands(*low), thousands(*high))
            };
            (
                format!("{label}人 persons"),
                *persons,
                format!("{}人 · {} 類 classes", thousands(*persons), thousands(*classes)),
            )
        })
        .collect();
    bars("同値類の大きさごとの人数 / persons by size of their class", &rows)
}

/// One bar split into levels, finest first, with the words of each level that has any below it.
fn split(title: &str, levels: &[(String, u64)]) -> Markup {
    let total: u64 = levels.iter().map(|l| l.1).sum();
    let mut x = 0.0;
    let pieces: Vec<(f64, f64, usize, &str, u64)> = levels
        .iter()
        .enumerate()
        .filter(|(_, (_, n))| *n > 0)
        .map(|(at, (name, n))| {
            let (from, width) = (x, scale(*n, total, WIDTH));
            x += width;
            (from, width, at, name.as_str(), *n)
        })
        .collect();
    let shade = |at: usize| SHADES.get(at.min(SHADES.len() - 1)).copied().unwrap_or(BLUE);
    // A tree in small: one line per level, indented as it grows coarser.
    let height = 34.0 + row_y(levels.len(), 20.0);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" {
            title { (title) }
            @for (from, width, at, name, n) in &pieces {
                rect x=(c(*from)) y="2" width=(c(*width)) height="22" fill=(shade(*at)) stroke="#fff" {
                    title { (name) " " (thousands(*n)) }
                }
            }
            @for (at, (name, n)) in levels.iter().enumerate() {
                @let y = 30.0 + row_y(at, 20.0);
                @let indent = row_y(at, 18.0);
                @if at > 0 {
                    path d=(format!("M{} {} v10 h10", c(indent - 10.0), c(y - 4.0))) fill="none" stroke="#777" {}
                }
                rect x=(c(indent + 2.0)) y=(c(y)) width="13" height="13" fill=(shade(at)) {}
                text x=(c(indent + 21.0)) y=(c(y + 11.5)) {
                    (name) " : " (thousands(*n)) " (" (percent(*n, total)) ")"
                }
            }
        }
    }
}

/// A share as people read it.
pub(super) fn percent(n: u64, of: u64) -> String {
    format!("{:.1} %", scale(n, of, 100.0))
}

pub(super) fn column_levels(name: &str, levels: &[ColumnLevel]) -> Markup {
    let rows: Vec<(String, u64)> =
        levels.iter().map(|l| (format!("{} / {}", l.ja, l.en), l.persons)).collect();
    split(&format!("{name}: 階層の段ごとの人数 / persons by level"), &rows)
}

pub(super) fn event_levels(file: &str, levels: &[&EventLevel], removed: Option<u64>) -> Markup {
    let mut rows: Vec<(String, u64)> =
        levels.iter().map(|l| (format!("{} / {}", l.ja, l.en), l.events)).collect();
    rows.extend(removed.map(|n| ("除いた記録 / left out".to_owned(), n)));
    split(&format!("{file}: 段ごとの記録数 / events by level"), &rows)
}

/// The funnel of the cohort: of each band, what is sure in full colour and the rest of it pale.
pub(super) fn funnel(steps: &[Attrition]) -> Markup {
    let number = |text: &str| text.replace(',', "").parse::<u64>().ok();
    let bands: Vec<(u64, u64)> = steps
        .iter()
        .map(|s| {
            s.persons.split_once('-').and_then(|(a, b)| Some((number(a)?, number(b)?))).unwrap_or((0, 0))
        })
        .collect();
    let most = bands.iter().map(|b| b.1).max().unwrap_or(0);
    let height = row_y(steps.len(), 46.0) + 4.0;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" {
            title { "組入れ・除外の経過 / attrition" }
            @for (at, (step, (low, high))) in steps.iter().zip(&bands).enumerate() {
                @let y = row_y(at, 46.0);
                @let sure = scale(*low, most, 760.0);
                @let upto = scale(*high, most, 760.0);
                text x="0" y=(c(y + 14.0)) { (at + 1) ". " (step.title) }
                rect x="0" y=(c(y + 20.0)) width=(c(upto)) height="18" fill=(PALE) {}
                rect x="0" y=(c(y + 20.0)) width=(c(sure)) height="18" fill=(BLUE) {}
                text x=(c(upto + 8.0)) y=(c(y + 33.0)) { (step.persons) "人" }
            }
        }
    }
}

/// The map of a table: a square for each cell, rows and columns by the first and the last dimension's labels.
pub(super) fn map(sheet: &Sheet) -> Markup {
    let at = sheet.columns.iter().position(|c| c.name == "persons").unwrap_or(0);
    let (dimensions, rest) = sheet.columns.split_at(at);
    // Across: the last dimension, or the shortest when that one is too long for the page.
    let labels = |c: &&Column| c.values.used_labels().len();
    let fits = |c: &&Column| labels(c) <= MAP_COLUMNS;
    let across = dimensions.last().filter(fits).or_else(|| dimensions.iter().min_by_key(labels));
    let (Some(persons), Some(across)) = (rest.first(), across) else { return html! {} };
    let down: Vec<&Column> = dimensions.iter().filter(|d| d.name != across.name).collect();
    let mut rows: Vec<String> = Vec::new();
    let mut columns: Vec<String> = Vec::new();
    let mut marks: Vec<(usize, usize, &str)> = Vec::new();
    let mut seen: (HashMap<String, usize>, HashMap<String, usize>) = Default::default();
    for n in 0..sheet.rows() {
        let label: Vec<String> = down.iter().map(|d| d.values.cell(n).text().into_owned()).collect();
        let place = |names: &mut Vec<String>, seen: &mut HashMap<String, usize>, name: String| {
            *seen.entry(name.clone()).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            })
        };
        let y = place(&mut rows, &mut seen.0, label.join(" / "));
        let x = place(&mut columns, &mut seen.1, across.values.cell(n).text().into_owned());
        let mark = match persons.values.cell(n) {
            Cell::Text("*") => "*",
            Cell::Text("0") | Cell::Integer(0) => "0",
            _ => "",
        };
        if y < MAP_ROWS && x < MAP_COLUMNS {
            marks.push((y, x, mark));
        }
    }
    let (all_rows, all_columns) = (rows.len(), columns.len());
    rows.truncate(MAP_ROWS);
    columns.truncate(MAP_COLUMNS);
    let (left, top) = (250.0, 96.0);
    let step = ((WIDTH - left) / row_y(columns.len().max(1), 1.0)).min(44.0);
    let height = top + row_y(rows.len(), 20.0) + 6.0;
    html! {
        @if all_rows > MAP_ROWS || all_columns > MAP_COLUMNS {
            p.key { "最初の " (rows.len()) " 行 × " (columns.len()) " 列を示します(全 " (all_rows) " × " (all_columns) ")。"
                span.en { "The first " (rows.len()) " × " (columns.len()) " of " (all_rows) " × " (all_columns) "." } }
        }
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" {
            title { (sheet.name) ": 公表・秘匿の図 / shown and hidden" }
            @for (at, name) in columns.iter().enumerate() {
                @let x = left + row_y(at, step) + step / 2.0 + 4.0;
                text transform=(format!("translate({} {}) rotate(-50)", c(x), c(top - 6.0))) { (short(name, 12)) }
            }
            @for (at, name) in rows.iter().enumerate() {
                text.end x=(c(left - 8.0)) y=(c(top + row_y(at, 20.0) + 14.0)) { (short(name, 22)) }
            }
            @for (y, x, mark) in &marks {
                @let left = left + row_y(*x, step);
                @let top = top + row_y(*y, 20.0);
                @let fill = match *mark { "*" => "#6f3411", "0" => "#ffffff", _ => PALE };
                rect x=(c(left)) y=(c(top)) width=(c(step - 2.0)) height="18" fill=(fill) stroke="#7d8fa3" stroke-width="0.7" {}
                @if *mark == "*" { text.mid.in x=(c(left + step / 2.0 - 1.0)) y=(c(top + 15.0)) { "*" } }
                @if *mark == "0" { text.mid.soft x=(c(left + step / 2.0 - 1.0)) y=(c(top + 13.5)) { "0" } }
            }
        }
    }
}

/// The first characters of a label.
fn short(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most - 1).chain(['…']).collect()
}
