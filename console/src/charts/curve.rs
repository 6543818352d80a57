//! The threshold curve (しきい値曲線): what comes out at other thresholds, with the one that was chosen.

use maud::{Markup, html};
use musubi_id_resolution::mpi::BIT;
use musubi_id_resolution::train::measure::Point;

use crate::format::c;
use crate::words::{self, Lang};

const LEFT: f64 = 74.0;
const RIGHT: f64 = 900.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 300.0;

/// Bits of a weight, whole where they are.
fn in_bits(weight: i32) -> String {
    let bits = f64::from(weight) / f64::from(BIT);
    let text = if weight % BIT == 0 { format!("{bits:.0}") } else { format!("{bits:.1}") };
    text.replace('-', "−")
}

/// The lower end of the axis of shares: as near to the curve as reading it needs.
fn floor(lowest: f64) -> f64 {
    [0.99, 0.98, 0.95, 0.9, 0.8, 0.5].into_iter().find(|f| lowest >= *f).unwrap_or(0.0)
}

/// Draws precision and recall where the truth is known, otherwise the precision that the model expects.
pub(crate) fn curve(lang: Lang, points: &[Point], chosen: i32, grey: i32) -> Markup {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return html! {} };
    let known = points.iter().all(|p| p.rates.is_some());
    let f1 = |(p, r): (f64, f64)| if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
    let series: Vec<(&words::Word, &str, &str, Vec<f64>)> = if known {
        let of = |get: &dyn Fn((f64, f64)) -> f64| points.iter().filter_map(|p| p.rates.map(get)).collect();
        vec![
            (&words::M_PRECISION, "#1b6a8c", "", of(&|r| r.0)),
            (&words::M_RECALL, "#cc5a14", "7 4", of(&|r| r.1)),
            (&words::M_F1, "#1c2530", "2 3", of(&f1)),
        ]
    } else {
        vec![(&words::M_EXPECTED, "#1b6a8c", "", points.iter().map(|p| p.expected).collect())]
    };
    let lowest = series.iter().flat_map(|s| &s.3).copied().fold(1.0, f64::min);
    let low = floor(lowest);
    let span = f64::from((last.threshold - first.threshold).max(1));
    let x = |threshold: i32| LEFT + (RIGHT - LEFT) * f64::from(threshold - first.threshold) / span;
    let y = |share: f64| BOTTOM - (BOTTOM - TOP) * (share.max(low) - low) / (1.0 - low);
    let path = |values: &[f64]| {
        let steps = points.iter().zip(values).enumerate();
        steps
            .map(|(i, (p, v))| {
                format!("{}{} {}", if i == 0 { "M" } else { "L" }, c(x(p.threshold)), c(y(*v)))
            })
            .collect::<String>()
    };
    let at = points.iter().position(|p| p.threshold == chosen);
    let said = points
        .iter()
        .enumerate()
        .map(|(i, p)| {
            let values: Vec<String> = series
                .iter()
                .filter_map(|s| Some(format!("{} {:.4}", s.0.text(lang), s.3.get(i)?)))
                .collect();
            format!("{}: {}", in_bits(p.threshold), values.join(" "))
        })
        .collect::<Vec<_>>()
        .join("; ");
    // labels at the right end keep clear of each other
    let mut labels: Vec<(f64, usize)> =
        series.iter().enumerate().filter_map(|(i, s)| Some((y(*s.3.last()?), i))).collect();
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut above = f64::MIN;
    for (place, _) in &mut labels {
        *place = place.max(above + 17.0);
        above = *place;
    }
    html! {
        svg viewBox="0 0 1040 352" role="img" {
            title { (lang.say(&words::M_CURVE)) }
            desc { (said) }
            @let from = x((chosen - grey).max(first.threshold));
            rect x=(c(from)) y=(c(TOP)) width=(c(x(chosen) - from)) height=(c(BOTTOM - TOP)) fill="#f4efe2" {}
            text x=(c((from + x(chosen)) / 2.0)) y=(c(BOTTOM - 8.0)) text-anchor="middle" font-size="11" fill-opacity="0.65" {
                (lang.say(&words::M_GREY))
            }
            @for i in 0u8..=4 {
                @let share = low + (1.0 - low) * f64::from(i) / 4.0;
                path d={ "M" (c(LEFT)) " " (c(y(share))) "H" (c(RIGHT)) } stroke="#e2ded4" stroke-width="1" fill="none" {}
                text x=(c(LEFT - 8.0)) y=(c(y(share) + 4.0)) text-anchor="end" font-size="11.5" fill-opacity="0.75" {
                    (format!("{share:.4}").trim_end_matches('0').trim_end_matches('.'))
                }
            }
            @for p in points.iter().filter(|p| (p.threshold / BIT) % 2 == 0) {
                text x=(c(x(p.threshold))) y=(c(BOTTOM + 18.0)) text-anchor="middle" font-size="11.5" fill-opacity="0.75" {
                    (in_bits(p.threshold))
                }
            }
            text x=(c((LEFT + RIGHT) / 2.0)) y=(c(BOTTOM + 40.0)) text-anchor="middle" font-size="12" fill-opacity="0.75" {
                (lang.say(&words::M_THRESHOLD_AXIS))
            }
            @for (_, fill, dash, values) in &series {
                path d=(path(values)) stroke=(fill) stroke-width="2.4" stroke-dasharray=(dash) fill="none" stroke-linejoin="round" {}
            }
            @for (place, i) in &labels {
                @if let Some((name, fill, _, _)) = series.get(*i) {
                    text x=(c(RIGHT + 10.0)) y=(c(place + 4.0)) font-size="12.5" font-weight="600" style={ "fill:" (fill) } {
                        (name.text(lang))
                    }
                }
            }
            path d={ "M" (c(x(chosen))) " " (c(TOP - 4.0)) "V" (c(BOTTOM)) } stroke="#1d4e6e" stroke-width="1.4" stroke-dasharray="3 3" fill="none" {}
            text x=(c(x(chosen))) y=(c(TOP - 9.0)) text-anchor="middle" font-size="12.5" font-weight="600" {
                (lang.say(&words::M_CHOSEN)) " " (in_bits(chosen))
            }
            @if let Some(i) = at {
                @for (_, fill, _, values) in &series {
                    @if let Some(v) = values.get(i) {
                        circle cx=(c(x(chosen))) cy=(c(y(*v))) r="4.6" fill=(fill) stroke="#fff" stroke-width="1.6" {}
                    }
                }
            }
        }
    }
}
