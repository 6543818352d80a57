//! The parts of an acknowledgement beyond balance and findings: the three checks (文法, 定量, 定性), how it compares with the
//! delivery before, who made what was wrong, and codes without a mapping. Counts and codes only.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use musubi_model::finding::Rule;
use musubi_storage::acknowledge::{Answer, ControlTotal};
use musubi_storage::console::{FindingCount, SubmissionView};

use crate::format::{number, signed};
use crate::page::section;
use crate::words::{self, Lang};

/// What an acknowledgement may say besides. Everything may be empty.
#[derive(Debug, Clone, Default)]
pub struct AckMore {
    /// The delivery of the same feed before this one.
    pub before: Option<SubmissionView>,
    /// Control totals side by side.
    pub totals: Vec<ControlTotal>,
    /// Findings by rule and by the product that made the documents.
    pub makers: BTreeMap<String, BTreeMap<String, u64>>,
    /// Units in the form that goes back for comparison.
    pub sampled_units: u64,
    /// The sender's answers so far.
    pub answers: BTreeMap<Answer, u64>,
    /// Codes of the delivery that no map and no master knows.
    pub unmapped: Vec<UnmappedCode>,
}

/// A code that nothing is known of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmappedCode {
    /// Its system.
    pub system: String,
    /// The code as it may be shown.
    pub code: String,
    /// Why nothing is known of it.
    pub reason: String,
    /// How often it came.
    pub count: u64,
}

/// Quantity and quality; syntax is the section of findings.
pub(crate) fn checks(lang: Lang, m: &AckMore) -> Markup {
    html! {
        @if !m.totals.is_empty() {
            (section(words::QUANTITY.text(lang), words::QUANTITY_NOTE.text(lang), &html! {
                table {
                    thead { tr {
                        th { (words::KIND.text(lang)) } th.n { (words::PROMISED.text(lang)) }
                        th.n { (words::COUNTED.text(lang)) } th.n { (words::DIFFERENCE.text(lang)) }
                    } }
                    tbody {
                        @for t in &m.totals {
                            tr {
                                td { code { (t.kind) } }
                                td.n { (t.promised.map_or_else(|| "—".to_owned(), number)) }
                                td.n { (t.counted.map_or_else(|| "—".to_owned(), number)) }
                                td.n { (t.promised.zip(t.counted).map_or_else(|| "—".to_owned(), |(a, b)| signed(i128::from(b) - i128::from(a)))) }
                            }
                        }
                    }
                }
            }))
        }
        @if m.sampled_units > 0 {
            (section(words::QUALITY.text(lang), words::QUALITY_NOTE.text(lang), &html! {
                p { (words::SAMPLED.text(lang)) ": " (number(m.sampled_units)) }
                @let answered: u64 = m.answers.values().sum();
                @if answered == 0 {
                    p { (words::NO_ANSWERS.text(lang)) }
                } @else {
                    table { tbody {
                        @for answer in Answer::ALL {
                            tr {
                                td { (lang.pick(answer.ja(), answer.as_str())) }
                                td.n { (number(m.answers.get(&answer).copied().unwrap_or(0))) }
                            }
                        }
                    } }
                    p { (words::MATCH_RATE.text(lang)) ": " (rate(m.answers.get(&Answer::Match).copied().unwrap_or(0), answered)) }
                }
            }))
        }
        @if !m.unmapped.is_empty() {
            (section(words::UNMAPPED.text(lang), words::UNMAPPED_NOTE.text(lang), &html! {
                table { tbody {
                    @for code in &m.unmapped {
                        tr { td { (code.system) } td { code { (code.code) } } td { (code.reason) } td.n { (number(code.count)) } }
                    }
                } }
            }))
        }
    }
}

/// A share as a percentage, rounded down: 100 % only when all agree.
fn rate(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "—".to_owned();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// Rules that were broken more or less often than in the delivery before.
pub(crate) fn compared(
    lang: Lang,
    now: &SubmissionView,
    m: &AckMore,
    rule: &dyn Fn(&str) -> Option<&'static Rule>,
) -> Markup {
    let Some(before) = &m.before else { return html! {} };
    let count = |all: &[FindingCount], rule: &str| {
        all.iter().filter(|f| f.rule == rule).map(|f| f.count).sum::<u64>()
    };
    let rules: BTreeSet<&str> =
        now.findings.iter().chain(&before.findings).map(|f| f.rule.as_str()).collect();
    let mut rows: Vec<(&str, u64, u64)> = rules
        .into_iter()
        .map(|r| (r, count(&now.findings, r), count(&before.findings, r)))
        .filter(|(_, a, b)| a != b)
        .collect();
    rows.sort_by_key(|(_, now, before)| std::cmp::Reverse(i128::from(*now) - i128::from(*before)));
    html! {
        (section(words::COMPARED.text(lang), words::COMPARED_NOTE.text(lang), &html! {
            @if rows.is_empty() { p { (words::SAME_AS_BEFORE.text(lang)) } } @else {
                table {
                    thead { tr {
                        th { (words::FINDINGS.text(lang)) } th.n { (words::BEFORE.text(lang)) }
                        th.n { (words::NOW.text(lang)) } th { }
                    } }
                    tbody {
                        @for (id, now, before) in rows {
                            tr {
                                td { (rule(id).map_or("", |r| words::rule(lang, r).0)) " " code.soft { (id) } }
                                td.n { (number(before)) } td.n { (number(now)) }
                                td { (if now > before { words::WORSE.text(lang) } else { words::BETTER.text(lang) }) }
                            }
                        }
                    }
                }
            }
        }))
    }
}

/// Which products made the documents in which a rule was broken.
pub(crate) fn makers(lang: Lang, m: &AckMore, f: &FindingCount) -> Markup {
    let Some(makers) = m.makers.get(&f.rule).filter(|m| !m.is_empty()) else { return html! {} };
    html! {
        div.eg {
            (words::MADE_BY.text(lang)) ": "
            @for (place, (maker, n)) in makers.iter().enumerate() {
                @if place > 0 { ", " }
                code { (maker) } " " (number(*n))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_never_rounded_up_to_all() {
        assert_eq!(rate(999, 1000), "99.9 %");
        assert_eq!(rate(9999, 10_000), "99.9 %");
        assert_eq!(rate(3, 3), "100.0 %");
        assert_eq!(rate(0, 0), "—");
    }
}
