//! The age pyramid (人口ピラミッド), masked as statistics are: no bin below the smallest cell is drawn to scale.

use maud::{Markup, html};

use crate::format::{c, number, scale};
use crate::night::AgeBand;
use crate::words::{self, Lang};

/// A bin after masking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bin {
    Zero,
    Shown(u64),
    /// Too small, or withheld so that no too small one can be computed from the total.
    Masked,
}

/// Masks the bins of both sexes. When one bin alone would be masked, the smallest shown one is withheld with it,
/// since the report also tells the number of all persons.
pub(crate) fn mask(bands: &[AgeBand], cell_min: u64) -> Vec<[Bin; 2]> {
    let mut bins: Vec<[Bin; 2]> = bands
        .iter()
        .map(|b| {
            [b.male, b.female].map(|n| match n {
                0 => Bin::Zero,
                n if n < cell_min => Bin::Masked,
                n => Bin::Shown(n),
            })
        })
        .collect();
    if bins.iter().flatten().filter(|b| **b == Bin::Masked).count() == 1 {
        let smallest = bins.iter_mut().flatten().filter_map(|b| match b {
            Bin::Shown(n) => Some((*n, b)),
            Bin::Zero | Bin::Masked => None,
        });
        if let Some((_, bin)) = smallest.min_by_key(|(n, _)| *n) {
            *bin = Bin::Masked;
        }
    }
    bins
}

const HALF: f64 = 190.0;
const ROW: f64 = 17.0;
const MASKED_WIDTH: f64 = 22.0;

/// Draws the pyramid, the oldest on top.
pub(crate) fn pyramid(lang: Lang, bands: &[AgeBand], cell_min: u64) -> Markup {
    let bins = mask(bands, cell_min);
    let most =
        bins.iter().flatten().map(|b| if let Bin::Shown(n) = b { *n } else { 0 }).max().unwrap_or(0).max(1);
    let rows: Vec<(&AgeBand, &[Bin; 2])> = bands.iter().zip(&bins).rev().collect();
    let height = 46.0 + ROW * rows.len() as f64;
    let masked = bins.iter().flatten().any(|b| *b == Bin::Masked);
    let hidden = lang.pick(
        format!("{cell_min}{}", words::MASKED.text(lang)),
        format!("fewer than {cell_min}, {}", words::MASKED.text(lang)),
    );
    let said = rows
        .iter()
        .map(|(band, [m, f])| {
            format!("{}: {} / {}", band_name(lang, band), said(*m, &hidden), said(*f, &hidden))
        })
        .collect::<Vec<_>>()
        .join("; ");
    html! {
        svg viewBox={ "0 0 560 " (c(height + if masked { 22.0 } else { 0.0 })) } role="img" {
            title { (lang.say(&words::PYRAMID)) }
            desc { (said) }
            defs {
                pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect width="5" height="5" fill="#f6f3ec" {}
                    rect width="1.8" height="5" fill="#a8a59b" {}
                }
            }
            text x="238" y="16" text-anchor="end" font-size="13" font-weight="600" { (lang.say(&words::MALE)) }
            text x="322" y="16" font-size="13" font-weight="600" { (lang.say(&words::FEMALE)) }
            @for (i, (band, [male, female])) in rows.iter().enumerate() {
                @let y = 26.0 + ROW * i as f64;
                text x="280" y=(c(y + 12.0)) text-anchor="middle" font-size="11.5" { (band_name(lang, band)) }
                (bar(*male, most, y, -1.0, "#2f6690", &hidden))
                (bar(*female, most, y, 1.0, "#a3527f", &hidden))
            }
            @if masked {
                rect x="40" y=(c(height)) width="22" height="12" fill="url(#hatch)" stroke="#a8a59b" stroke-width="0.7" {}
                text x="70" y=(c(height + 10.5)) font-size="11.5" { (hidden) }
            }
        }
    }
}

fn said(bin: Bin, hidden: &str) -> String {
    match bin {
        Bin::Zero => "0".to_owned(),
        Bin::Shown(n) => number(n),
        Bin::Masked => hidden.to_owned(),
    }
}

fn band_name(lang: Lang, band: &AgeBand) -> String {
    match (band.until, lang) {
        (Some(until), _) => format!("{}–{until}", band.from),
        (None, Lang::Ja) => format!("{}以上", band.from),
        (None, Lang::En) => format!("{}+", band.from),
    }
}

/// One bar; `side` −1 grows to the left, 1 to the right.
fn bar(bin: Bin, most: u64, y: f64, side: f64, fill: &str, hidden: &str) -> Markup {
    let base = 280.0 + side * 42.0;
    let (width, paint, label) = match bin {
        Bin::Zero => (0.0, fill, String::new()),
        Bin::Shown(n) => (scale(n, most, HALF).max(1.0), fill, number(n)),
        Bin::Masked => (MASKED_WIDTH, "url(#hatch)", String::new()),
    };
    let x = if side < 0.0 { base - width } else { base };
    let anchor = if side < 0.0 { "end" } else { "start" };
    html! {
        @if bin != Bin::Zero {
            rect x=(c(x)) y=(c(y + 1.5)) width=(c(width)) height=(c(ROW - 3.0)) rx="1.5" fill=(paint) {
                title { (said(bin, hidden)) }
            }
        }
        @if !label.is_empty() {
            text x=(c(base + side * (width + 4.0))) y=(c(y + 12.0)) text-anchor=(anchor) font-size="9.5" fill-opacity="0.75" { (label) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: &[(u64, u64)], expect: &str) {
        let bands: Vec<AgeBand> = (0u16..)
            .zip(counts)
            .map(|(i, (male, female))| AgeBand {
                from: i * 5,
                until: Some(i * 5 + 4),
                male: *male,
                female: *female,
            })
            .collect();
        let got: String = mask(&bands, 10)
            .iter()
            .flatten()
            .map(|b| match b {
                Bin::Zero => "0 ".to_owned(),
                Bin::Shown(n) => format!("{n} "),
                Bin::Masked => "* ".to_owned(),
            })
            .collect();
        assert_eq!(got.trim(), expect);
    }

    #[test]
    fn small_bins_are_masked_and_never_one_alone() {
        check(&[(0, 10), (11, 12)], "0 10 11 12");
        check(&[(0, 9), (30, 12)], "0 * 30 *");
        check(&[(1, 9), (30, 12)], "* * 30 12");
        check(&[(9, 0)], "* 0");
        check(&[], "");
    }

    #[test]
    fn a_masked_bin_shows_no_length_of_its_own() {
        let drawn = |n: u64| {
            bar(if n < 10 { Bin::Masked } else { Bin::Shown(n) }, 100, 0.0, 1.0, "#000", "h").into_string()
        };
        assert_eq!(drawn(1), drawn(9));
        assert_ne!(drawn(10), drawn(90));
    }
}
