//! A control chart (管理図): the rate of each place, with the limits within which chance alone would leave it. Whoever lies
//! outside has another shape, not another colour alone.

use maud::{Markup, html};

use crate::format::c;

/// One place.
pub(crate) struct Point {
    pub(crate) label: String,
    pub(crate) rate: f64,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    pub(crate) outside: bool,
}

const LEFT: f64 = 190.0;
const RIGHT: f64 = 1000.0;
const ROW: f64 = 26.0;
const TOP: f64 = 30.0;

/// Draws the places one under the other; `unit` stands behind every number.
pub(crate) fn control(title: &str, unit: &str, centre: f64, points: &[Point]) -> Markup {
    let most = points
        .iter()
        .map(|p| p.rate.max(p.upper.min(p.rate.max(centre) * 4.0)))
        .fold(centre, f64::max)
        .max(0.001);
    let x = |rate: f64| LEFT + (RIGHT - LEFT) * (rate / most).clamp(0.0, 1.0);
    let height = TOP + ROW * points.len() as f64 + 30.0;
    let said = points
        .iter()
        .map(|p| {
            format!(
                "{} {:.1} ({:.1}–{:.1}){}",
                p.label,
                p.rate,
                p.lower,
                p.upper,
                if p.outside { " !" } else { "" }
            )
        })
        .collect::<Vec<_>>()
        .join("; ");
    html! {
        svg viewBox={ "0 0 1040 " (c(height)) } role="img" {
            title { (title) }
            desc { (said) }
            path d={ "M" (c(x(centre))) " " (c(TOP - 6.0)) "V" (c(height - 24.0)) } stroke="#1d4e6e" stroke-width="1.3" stroke-dasharray="4 3" fill="none" {}
            text x=(c(x(centre))) y=(c(height - 8.0)) text-anchor="middle" font-size="12" { (format!("{centre:.1} {unit}")) }
            @for (i, p) in points.iter().enumerate() {
                @let y = TOP + ROW * i as f64;
                text x=(c(LEFT - 12.0)) y=(c(y + 13.0)) text-anchor="end" font-size="12.5" { (p.label) }
                rect x=(c(x(p.lower))) y=(c(y + 3.0)) width=(c((x(p.upper) - x(p.lower)).max(1.0))) height="12" rx="2" fill="#dbe7ee" {}
                @if p.outside {
                    path d={ "M" (c(x(p.rate))) " " (c(y)) "l8 9l-8 9l-8 -9z" } fill="#cc5a14" {}
                    text x=(c(x(p.rate) + 12.0)) y=(c(y + 13.5)) font-size="12" font-weight="600" { (format!("{:.1} !", p.rate)) }
                } @else {
                    circle cx=(c(x(p.rate))) cy=(c(y + 9.0)) r="5.5" fill="#1b6a8c" {}
                    text x=(c(x(p.rate) + 10.0)) y=(c(y + 13.5)) font-size="12" { (format!("{:.1}", p.rate)) }
                }
            }
        }
    }
}
