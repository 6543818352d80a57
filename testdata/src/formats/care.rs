//! Long-term care (介護): claims, certification, LIFE, care plans.
//!
//! All four are written from the same few choices about a person (services, level, term), so that a person's claim,
//! certificate and plan tell the same story.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use musubi_model::Sex;
use musubi_model::manifest::FeedKind;

use super::{CareInsured, Format, Job, Subject, SynthFile};
use crate::SynthError;

mod certification;
mod claim;
mod life;
mod plan;

/// The writers of this module.
pub(super) fn formats() -> Vec<Format> {
    vec![
        Format { kind: FeedKind::CareClaim, interface: "", sender: "care", write: claim::write },
        Format {
            kind: FeedKind::CareCertification,
            interface: "",
            sender: "municipality",
            write: certification::write,
        },
        Format { kind: FeedKind::CareLife, interface: "", sender: "care", write: life::write },
        Format { kind: FeedKind::CarePlan, interface: "", sender: "care", write: plan::write },
    ]
}

/// A service a person uses: code (kind 2 + item 4), units each time, times in the month.
#[derive(Debug, Clone, Copy)]
struct Used {
    code: &'static str,
    units: u64,
    times: u64,
}

impl Used {
    fn kind(&self) -> &'static str {
        self.code.get(..2).unwrap_or_default()
    }

    fn total(&self) -> u64 {
        self.units * self.times
    }
}

/// A person with a certificate, and what all four formats say of them.
struct Client<'a> {
    subject: &'a Subject,
    care: &'a CareInsured,
    /// First and last day of the certificate.
    term: (Date, Date),
    /// The day of admission, of those who live in a facility.
    admitted: Option<Date>,
    used: Vec<Used>,
    /// Units of the limit.
    limit: u64,
}

/// Everybody of a job who has a certificate, in order.
fn clients<'a>(job: &Job<'a>) -> Vec<Client<'a>> {
    job.subjects.iter().filter_map(|s| s.care.as_ref().map(|care| client(job, s, care))).collect()
}

fn client<'a>(job: &Job<'a>, subject: &'a Subject, care: &'a CareInsured) -> Client<'a> {
    let mut rng = job.rng(subject, 1);
    let begun = job.month.saturating_sub(i32::try_from(rng.between(1, 20)).unwrap_or(1).months());
    let term = (begun, begun.saturating_add(2.years()).saturating_sub(1.days()));
    let heavy = matches!(care.level, "23" | "24" | "25");
    let admitted = (heavy && rng.chance(0.4))
        .then(|| begun.saturating_add(i32::try_from(rng.between(0, 12)).unwrap_or(0).days()));
    let days = u64::from(job.month.days_in_month().unsigned_abs());
    let mut used = Vec::new();
    if admitted.is_some() {
        used.push(Used { code: "512155", units: 780 + rng.below(90), times: days });
        used.push(Used { code: "516275", units: 14, times: days });
    } else if care.level.starts_with('1') {
        used.push(Used { code: "661111", units: 1_672 + rng.below(900), times: 1 });
    } else {
        used.push(Used { code: "111111", units: 244 + rng.below(20), times: 2 + rng.below(8) });
        used.push(Used { code: "112411", units: 387, times: 1 + rng.below(4) });
        if rng.chance(0.7) {
            used.push(Used { code: "153341", units: 658 + rng.below(200), times: 3 + rng.below(7) });
        }
        if rng.chance(0.4) {
            used.push(Used { code: "171003", units: 200 + rng.below(300), times: 1 });
        }
    }
    let limit = match care.level {
        "12" => 5_032,
        "13" => 10_531,
        "21" => 16_765,
        "22" => 19_705,
        "23" => 27_048,
        "24" => 30_938,
        _ => 36_217,
    };
    Client { subject, care, term, admitted, used, limit }
}

fn ymd(day: Date) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

fn ym(day: Date) -> String {
    format!("{:04}{:02}", day.year(), day.month())
}

/// The sex code; the formats have no other.
fn sex(subject: &Subject) -> &'static str {
    if subject.sex == Sex::Female { "2" } else { "1" }
}

/// A text in quotation marks.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A record of so many fields, the given ones (from 1) filled.
fn record(fields: usize, filled: &[(usize, String)]) -> Vec<String> {
    let mut out = vec![String::new(); fields];
    for (at, value) in filled {
        if let Some(slot) = at.checked_sub(1).and_then(|at| out.get_mut(at)) {
            slot.clone_from(value);
        }
    }
    out
}

/// A file in Shift_JIS.
fn file(path: String, text: &str, totals: BTreeMap<String, u64>) -> Result<SynthFile, SynthError> {
    Ok(SynthFile { path, bytes: crate::uke::encode(text)?, totals })
}
