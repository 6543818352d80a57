//! Charts as SVG, drawn by hand: no script, no font, no resource. Every chart has a title and a description in words,
//! every colour goes with a label or a shape, and every count shown as a length stands beside it as a number.

mod bars;
mod columns;
mod control;
mod curve;
pub mod desk;
mod flow;
mod gantt;
mod lineage;
mod pyramid;
mod spark;
mod waterfall;

use maud::{Markup, html};
use musubi_model::finding::Severity;
use musubi_model::submission::Disposition;

pub(crate) use bars::{count_bar, stacked};
pub(crate) use columns::{Column, columns};
pub(crate) use control::{Point, control};
pub(crate) use curve::curve;
pub(crate) use flow::{Flow, flow};
pub(crate) use gantt::{Bar, Span, gantt};
pub(crate) use lineage::{Node, lineage};
pub(crate) use pyramid::pyramid;
pub(crate) use spark::spark;
pub use waterfall::waterfall;
pub(crate) use waterfall::waterfall_told;

/// Colours that people with any colour vision tell apart (after Okabe and Ito, calmed).
pub(crate) fn colour(d: Disposition) -> &'static str {
    match d {
        Disposition::Loaded => "#1b6a8c",
        Disposition::Superseded => "#86b4c7",
        Disposition::Duplicate => "#bfc7cc",
        Disposition::Quarantined => "#cc5a14",
        Disposition::Excluded => "#d9a021",
        Disposition::Held => "#8467a8",
    }
}

/// A small square of a colour, for legends.
pub(crate) fn swatch(fill: &str) -> Markup {
    html! { svg viewBox="0 0 12 12" aria-hidden="true" { rect width="12" height="12" rx="2" fill=(fill) {} } }
}

/// A mark of severity: its shape says it without the colour.
pub(crate) fn severity_mark(s: Severity) -> Markup {
    html! {
        svg viewBox="0 0 14 14" aria-hidden="true" {
            @match s {
                Severity::Error => { path d="M4.4 0.8h5.2l3.6 3.6v5.2l-3.6 3.6H4.4L0.8 9.6V4.4z" fill="#cc5a14" {} },
                Severity::Warning => { path d="M7 1l6.5 12H0.5z" fill="#c48f10" {} },
                Severity::Note => { circle cx="7" cy="7" r="5.5" fill="none" stroke="#4b7392" stroke-width="2" {} },
            }
        }
    }
}

/// A tick, a cross or an hourglass dot for the verdict of a page.
pub(crate) fn verdict_mark(good: Option<bool>) -> Markup {
    html! {
        svg viewBox="0 0 40 40" aria-hidden="true" {
            @match good {
                Some(true) => {
                    circle cx="20" cy="20" r="18" fill="#1b6a8c" {}
                    path d="M11.5 20.5l6 6L29 14.5" fill="none" stroke="#fff" stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round" {}
                },
                Some(false) => {
                    path d="M13 2h14l11 11v14L27 38H13L2 27V13z" fill="#cc5a14" {}
                    path d="M20 10v13M20 28.5v1" stroke="#fff" stroke-width="3.8" stroke-linecap="round" {}
                },
                None => {
                    circle cx="20" cy="20" r="17" fill="none" stroke="#c48f10" stroke-width="3" {}
                    path d="M20 10v10l7 4.5" fill="none" stroke="#c48f10" stroke-width="3" stroke-linecap="round" {}
                },
            }
        }
    }
}
