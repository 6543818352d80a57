//! Bars: one stacked bar of a balance, and plain bars of counts.

use maud::{Markup, html};
use musubi_model::submission::{BalanceLine, Disposition};

use super::colour;
use crate::format::{c, number, scale};
use crate::words::{self, Lang};

/// The part of a balance line that a disposition counts.
pub(crate) fn part(line: &BalanceLine, d: Disposition) -> u64 {
    match d {
        Disposition::Loaded => line.loaded,
        Disposition::Superseded => line.superseded,
        Disposition::Duplicate => line.duplicate,
        Disposition::Quarantined => line.quarantined,
        Disposition::Excluded => line.excluded,
        Disposition::Held => line.held,
    }
}

/// What became of the records of a line, as one bar; its length is its share of `most`, the largest on the page.
pub(crate) fn stacked(lang: Lang, line: &BalanceLine, most: u64) -> Markup {
    const WIDTH: f64 = 1040.0;
    let mut x = 0.0;
    // A part that is there is seen: at least 3 units wide.
    let pieces: Vec<(Disposition, u64, f64, f64)> = Disposition::ALL
        .into_iter()
        .map(|d| (d, part(line, d)))
        .filter(|(_, n)| *n > 0)
        .map(|(d, n)| {
            let width = scale(n, most, WIDTH - 18.0).max(3.0);
            let piece = (d, n, x, width);
            x += width;
            piece
        })
        .collect();
    let said = Disposition::ALL
        .into_iter()
        .map(|d| format!("{} {}", words::disposition(lang, d), number(part(line, d))))
        .collect::<Vec<_>>()
        .join(", ");
    html! {
        svg viewBox="0 0 1040 16" role="img" {
            title { (lang.say(&words::RECEIVED)) " " (number(line.received)) }
            desc { (said) }
            rect width=(c(WIDTH)) height="16" rx="3" fill="#f1eee7" {}
            @for (d, n, x, width) in &pieces {
                rect x=(c(*x)) width=(c(*width)) height="16" fill=(colour(*d)) stroke="#fff" stroke-width="0.8" {
                    title { (words::disposition(lang, *d)) " " (number(*n)) }
                }
            }
        }
    }
}

/// A bar of one count against the largest.
pub(crate) fn count_bar(label: &str, n: u64, most: u64, fill: &str) -> Markup {
    let width = if n == 0 { 0.0 } else { scale(n, most, 300.0).max(2.0) };
    html! {
        svg viewBox="0 0 300 10" role="img" preserveAspectRatio="none" {
            title { (label) " " (number(n)) }
            rect width="300" height="10" rx="2" fill="#f1eee7" {}
            rect width=(c(width)) height="10" rx="2" fill=(fill) {}
        }
    }
}
