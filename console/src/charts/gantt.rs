//! Bars on an axis of time: what ran when, and until when it is likely to run. Each bar has its words beside it, and the
//! pattern of a bar says without colour whether it is done, runs, or needs a human.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::format::c;

/// How a bar stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bar {
    /// Ended well.
    Done,
    /// Runs.
    Runs,
    /// Waits for its turn.
    Waits,
    /// Needs a human.
    Call,
}

/// One bar.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    /// What it is.
    pub(crate) label: String,
    /// When it began.
    pub(crate) began: Timestamp,
    /// When it ended; `None`: it runs.
    pub(crate) ended: Option<Timestamp>,
    /// By when it is likely done, and by when at the latest.
    pub(crate) forecast: Option<(Timestamp, Timestamp)>,
    /// How it stands.
    pub(crate) bar: Bar,
}

const LEFT: f64 = 250.0;
const WIDE: f64 = 770.0;
const ROW: f64 = 26.0;

/// Draws spans between two moments; `now` is a line. `said` is the picture in words.
pub(crate) fn gantt(
    title: &str,
    said: &str,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
    spans: &[Span],
) -> Markup {
    let whole = until.duration_since(from).as_secs().max(1) as f64;
    let x = |at: Timestamp| {
        let part = at.duration_since(from).as_secs() as f64 / whole;
        LEFT + WIDE * part.clamp(0.0, 1.0)
    };
    let height = 30.0 + ROW * spans.len() as f64;
    let hours = ticks(from, until);
    html! {
        svg viewBox={ "0 0 1040 " (c(height)) } role="img" {
            title { (title) }
            desc { (said) }
            defs {
                pattern #call width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect width="6" height="6" fill="#cc5a14" {}
                    path d="M0 0V6" stroke="#fff" stroke-width="2" {}
                }
            }
            @for at in &hours {
                path d={ "M" (c(x(*at))) " 18V" (c(height)) } stroke="#e4dfd2" fill="none" {}
                text x=(c(x(*at))) y="12" text-anchor="middle" font-size="11" fill="#4d5965" {
                    (jiff::tz::offset(9).to_datetime(*at).strftime("%H:%M"))
                }
            }
            @for (i, span) in spans.iter().enumerate() {
                @let y = 24.0 + ROW * i as f64;
                @let end = span.ended.unwrap_or(now).max(span.began);
                text x="0" y=(c(y + 14.0)) font-size="12" { (clipped(&span.label)) }
                @if let Some((likely, latest)) = span.forecast {
                    rect x=(c(x(end))) y=(c(y + 3.0)) width=(c((x(latest) - x(end)).max(0.0))) height="12" rx="2"
                        fill="none" stroke="#1b6a8c" stroke-dasharray="3 2" {}
                    path d={ "M" (c(x(likely))) " " (c(y)) "v18" } stroke="#1b6a8c" stroke-width="2" fill="none" {}
                }
                rect x=(c(x(span.began))) y=(c(y + 2.0)) width=(c((x(end) - x(span.began)).max(3.0))) height="14" rx="2"
                    fill=(match span.bar { Bar::Done => "#1b6a8c", Bar::Runs => "#86b4c7", Bar::Waits => "#bfc7cc", Bar::Call => "url(#call)" }) {
                    title { (span.label) }
                }
            }
            @if now >= from && now <= until {
                path d={ "M" (c(x(now))) " 16V" (c(height)) } stroke="#96390a" stroke-width="1.5" fill="none" {}
            }
        }
    }
}

/// Even times of the clock inside the axis, a dozen at most. Japan's offset is whole hours, so that they are even there too.
fn ticks(from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    const STEPS: [i64; 9] = [60, 120, 300, 600, 1800, 3600, 7200, 10_800, 21_600];
    let whole = until.duration_since(from).as_secs();
    let step = STEPS.into_iter().find(|step| whole / step <= 12).unwrap_or(86_400);
    let first = from.as_second().div_euclid(step) + 1;
    (first..)
        .map_while(|n| Timestamp::from_second(n.checked_mul(step)?).ok())
        .take_while(|at| *at <= until)
        .take(40)
        .collect()
}

fn clipped(text: &str) -> String {
    const MOST: usize = 34;
    if text.chars().count() <= MOST {
        text.to_owned()
    } else {
        text.chars().take(MOST - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_the_times_every_span_is_a_bar_inside_the_picture(
            times in prop::collection::vec((0i64..200_000, prop::option::of(0i64..200_000)), 0..12), now in 0i64..200_000,
        ) {
            let at = |s: i64| Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_secs(s)).unwrap_or_default();
            let spans: Vec<Span> = times
                .iter()
                .map(|(began, ended)| Span {
                    label: "run".to_owned(),
                    began: at(*began),
                    ended: ended.map(at),
                    forecast: None,
                    bar: Bar::Done,
                })
                .collect();
            let svg = gantt("t", "s", (at(50_000), at(100_000)), at(now), &spans).into_string();
            prop_assert_eq!(svg.matches("rx=\"2\" fill=\"#1b6a8c\"").count(), spans.len());
            prop_assert!(ticks(at(50_000), at(100_000)).len() <= 13);
            prop_assert!(!svg.contains("width=\"-") && !svg.contains("NaN"));
        }
    }
}
