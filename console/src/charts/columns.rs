//! Columns: how many have so many.

use maud::{Markup, html};

use crate::format::{c, scale};

/// One column: what stands under it, its height, and what stands over it.
pub(crate) struct Column {
    pub(crate) under: String,
    pub(crate) height: u64,
    pub(crate) over: String,
}

const FLOOR: f64 = 200.0;
const HIGH: f64 = 164.0;

/// Draws columns side by side.
pub(crate) fn columns(title: &str, under: &str, columns: &[Column]) -> Markup {
    let most = columns.iter().map(|col| col.height).max().unwrap_or(0);
    let step = 1000.0 / columns.len().max(1) as f64;
    let said =
        columns.iter().map(|col| format!("{}: {}", col.under, col.over)).collect::<Vec<_>>().join("; ");
    html! {
        svg viewBox="0 0 1040 246" role="img" {
            title { (title) }
            desc { (said) }
            path d={ "M20 " (c(FLOOR)) "H1020" } stroke="#bdb8ab" stroke-width="1" fill="none" {}
            @for (i, col) in columns.iter().enumerate() {
                @let x = 20.0 + step * i as f64;
                @let height = if col.height == 0 { 0.0 } else { scale(col.height, most, HIGH).max(1.5) };
                rect x=(c(x + step * 0.14)) y=(c(FLOOR - height)) width=(c(step * 0.72)) height=(c(height)) rx="2" fill="#1b6a8c" {}
                text x=(c(x + step / 2.0)) y=(c(FLOOR - height - 6.0)) text-anchor="middle" font-size="11" { (col.over) }
                text x=(c(x + step / 2.0)) y=(c(FLOOR + 17.0)) text-anchor="middle" font-size="11.5" fill-opacity="0.75" { (col.under) }
            }
            text x="520" y=(c(FLOOR + 40.0)) text-anchor="middle" font-size="12" fill-opacity="0.75" { (under) }
        }
    }
}
