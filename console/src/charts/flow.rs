//! The flow of a night: one band from receipt to notice, as thick as its records; what leaves it turns down.

use maud::{Markup, html};
use musubi_model::submission::{BalanceLine, Disposition, SubmissionState};

use super::bars::part;
use super::colour;
use crate::format::{c, number, scale, signed};
use crate::words::{self, Lang, Word};

/// What the picture shows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flow {
    pub(crate) received: u64,
    pub(crate) verified: u64,
    pub(crate) rejected: u64,
    pub(crate) acknowledged: u64,
    pub(crate) records: BalanceLine,
}

const TOP: f64 = 66.0;
const BAND: f64 = 92.0;
const FLOOR: f64 = 236.0;
const STEP: f64 = 128.0;
const FIRST: f64 = 66.0;
const LABEL: f64 = 82.0;

struct Branch {
    d: Disposition,
    n: u64,
    thick: f64,
    from_x: f64,
    from_y: f64,
    to_x: f64,
    label_x: f64,
}

fn stage_x(i: usize) -> f64 {
    FIRST + STEP * i as f64
}

fn thickness(n: u64, all: u64) -> f64 {
    if n == 0 { 0.0 } else { scale(n, all, BAND).max(2.0) }
}

/// Lays the branches out: each leaves the lower edge of the band, the first to leave keeps to the left.
fn branches(line: &BalanceLine) -> (Vec<Branch>, [f64; 8]) {
    let leaves: [(usize, &[Disposition]); 3] = [
        (2, &[Disposition::Duplicate, Disposition::Quarantined]),
        (3, &[Disposition::Excluded, Disposition::Held]),
        (5, &[Disposition::Superseded]),
    ];
    let mut heights = [BAND; 8];
    let mut height = if line.received == 0 { 0.0 } else { BAND };
    let mut out: Vec<Branch> = Vec::new();
    let (mut edge, mut label) = (0.0_f64, 0.0_f64);
    for (i, slot) in heights.iter_mut().enumerate() {
        for d in leaves.iter().filter(|(at, _)| *at == i).flat_map(|(_, ds)| *ds) {
            let n = part(line, *d);
            let thick = thickness(n, line.received).min(height);
            let to_x = (stage_x(i) + 22.0).max(edge + 12.0).max(label + LABEL - thick / 2.0);
            let label_x = to_x + thick / 2.0;
            out.push(Branch {
                d: *d,
                n,
                thick,
                from_x: stage_x(i) + 3.0,
                from_y: TOP + height - thick,
                to_x,
                label_x,
            });
            height -= thick;
            edge = to_x + thick;
            label = label_x;
        }
        *slot = height;
    }
    (out, heights)
}

fn ribbon(b: &Branch) -> String {
    let (top, bottom, left, right) = (b.from_y, b.from_y + b.thick, b.to_x, b.to_x + b.thick);
    let bend = 16.0;
    format!(
        "M{x} {t}H{rb}Q{r} {t} {r} {tb}V{f}H{l}V{bb}Q{l} {b} {lb} {b}H{x}Z",
        x = c(b.from_x),
        t = c(top),
        rb = c((right - bend - b.thick).max(b.from_x)),
        r = c(right),
        tb = c(top + bend + b.thick),
        f = c(FLOOR),
        l = c(left),
        bb = c(bottom + bend),
        b = c(bottom),
        lb = c((left - bend).max(b.from_x)),
    )
}

/// Draws the flow.
pub(crate) fn flow(lang: Lang, f: &Flow) -> Markup {
    let line = &f.records;
    let (branches, heights) = branches(line);
    let records = |n: u64| number(n);
    let deliveries = |n: u64| lang.counted(&number(n), &words::C_SUBMISSIONS);
    let past_map = line.received.saturating_sub(line.duplicate + line.quarantined);
    let past_gate = past_map.saturating_sub(line.excluded + line.held);
    let stages: [(&Word, String, String); 8] = [
        (&words::S_RECEIVE, records(line.received), deliveries(f.received)),
        (&words::S_VERIFY, records(line.received), deliveries(f.verified)),
        (&words::S_MAP, records(past_map), String::new()),
        (&words::S_GATE, records(past_gate), String::new()),
        (&words::S_RESOLVE, records(past_gate), String::new()),
        (&words::S_LOAD, records(line.loaded), String::new()),
        (
            &words::S_BALANCE,
            format!("{} {}", lang.say(&words::DIFFERENCE), signed(line.difference())),
            String::new(),
        ),
        (&words::S_NOTIFY, deliveries(f.acknowledged), String::new()),
    ];
    let said = stages
        .iter()
        .map(|(name, n, more)| format!("{} {n} {more}", lang.say(name)))
        .chain(branches.iter().map(|b| format!("{} {}", words::disposition(lang, b.d), number(b.n))))
        .collect::<Vec<_>>()
        .join(", ");
    html! {
        svg viewBox="0 0 1040 292" role="img" {
            title { (lang.say(&words::FLOW)) }
            desc { (said) }
            // The band, stage by stage.
            @for (i, height) in heights.iter().enumerate().take(7) {
                @if *height > 0.0 {
                    rect x=(c(stage_x(i))) y=(c(TOP)) width=(c(STEP)) height=(c(*height))
                        fill=(if i < 5 { "#a9cad8" } else { colour(Disposition::Loaded) }) {}
                }
            }
            // What leaves it.
            @for b in &branches {
                @if b.n > 0 {
                    path d=(ribbon(b)) fill=(colour(b.d)) {
                        title { (words::disposition(lang, b.d)) " " (number(b.n)) }
                    }
                } @else {
                    path d={ "M" (c(b.to_x)) " " (c(b.from_y + 8.0)) "V" (c(FLOOR)) } stroke="#cfcabd"
                        stroke-dasharray="2 4" fill="none" {}
                }
                text x=(c(b.label_x)) y=(c(FLOOR + 19.0)) text-anchor="middle" font-size="12" fill-opacity="0.75" {
                    (words::disposition(lang, b.d))
                }
                text x=(c(b.label_x)) y=(c(FLOOR + 38.0)) text-anchor="middle" font-size="14"
                    font-weight=(if b.n > 0 { "600" } else { "400" }) fill-opacity=(if b.n > 0 { "1" } else { "0.45" }) {
                    (number(b.n))
                }
            }
            @if f.rejected > 0 {
                path d={ "M" (c(stage_x(1) + 20.0)) " " (c(TOP + BAND)) "V" (c(FLOOR)) } stroke="#cc5a14"
                    stroke-width="3" fill="none" {}
                text x=(c(stage_x(1) + 20.0)) y=(c(FLOOR + 19.0)) text-anchor="middle" font-size="12" fill-opacity="0.75" {
                    (words::state(lang, SubmissionState::Rejected))
                }
                text x=(c(stage_x(1) + 20.0)) y=(c(FLOOR + 38.0)) text-anchor="middle" font-size="14" font-weight="600" {
                    (deliveries(f.rejected))
                }
            }
            // The stages over it.
            @for (i, (name, n, more)) in stages.iter().enumerate() {
                @let x = stage_x(i);
                @let past = heights.get(i).copied().unwrap_or(0.0).max(BAND * 0.25);
                rect x=(c(x - 2.5)) y=(c(TOP - 4.0)) width="5" height=(c(past + 8.0)) rx="2" fill="#1d4e6e" {}
                text x=(c(x)) y="18" text-anchor="middle" font-size="14.5" font-weight="600" { (lang.say(name)) }
                text x=(c(x)) y="37" text-anchor="middle" font-size="13" { (n) }
                @if !more.is_empty() {
                    text x=(c(x)) y="53" text-anchor="middle" font-size="11.5" fill-opacity="0.65" { (more) }
                }
            }
        }
    }
}
