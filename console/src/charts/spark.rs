//! A sparkline: the volume of a feed, day by day, small enough to stand in a row of a table. The numbers stand beside it.

use maud::{Markup, html};

use crate::format::{c, number, scale};

const HIGH: f64 = 26.0;
const STEP: f64 = 6.0;

/// Columns of counts; a day without any keeps its place. `usual` is drawn as a line.
pub(crate) fn spark(title: &str, days: &[(String, Option<u64>)], usual: Option<u64>) -> Markup {
    let most = days.iter().filter_map(|(_, n)| *n).chain(usual).max().unwrap_or(0);
    let said = days
        .iter()
        .filter_map(|(day, n)| n.map(|n| format!("{day}: {}", number(n))))
        .collect::<Vec<_>>()
        .join("; ");
    let width = STEP * days.len().max(1) as f64;
    html! {
        svg.spark viewBox={ "0 0 " (c(width)) " 30" } width=(c(width)) height="30" role="img" {
            title { (title) }
            desc { (said) }
            path d={ "M0 28.5H" (c(width)) } stroke="#8d8776" stroke-width="1" fill="none" {}
            @for (i, (_, n)) in days.iter().enumerate() {
                @if let Some(n) = n {
                    @let height = scale(*n, most, HIGH).max(1.5);
                    rect x=(c(i as f64 * STEP + 1.0)) y=(c(28.0 - height)) width="4" height=(c(height)) fill="#1b6a8c" {}
                }
            }
            @if let Some(usual) = usual {
                @let y = c(28.0 - scale(usual, most, HIGH));
                path d={ "M0 " (y) "H" (c(width)) } stroke="#cc5a14" stroke-width="1" stroke-dasharray="3 2" fill="none" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_drawn_and_said() {
        let days: Vec<(String, Option<u64>)> =
            vec![("1".into(), Some(10)), ("2".into(), None), ("3".into(), Some(0))];
        let svg = spark("volume", &days, Some(8)).into_string();
        assert_eq!(svg.matches("<rect").count(), 2);
        assert!(svg.contains("<desc>1: 10; 3: 0</desc>"), "{svg}");
        assert!(!svg.contains("style="));
    }
}
