//! The acknowledgement of one delivery (受領通知): what became of what a sender sent, and how to mend what was wrong.
//! It leaves the house: it must show no count, id or place that concerns other senders, and no value of a person.

use std::collections::BTreeMap;

use jiff::Timestamp;
use maud::{Markup, html};
use musubi_model::finding::Rule;
use musubi_model::submission::SubmissionState;
use musubi_storage::console::{FindingView, SubmissionView};

use crate::ack::{self, AckMore};
use crate::charts;
use crate::format::{bytes, moment, number, short};
use crate::night::{Counted, Standing, by_kind, by_rule, chip, equation, legend, standing};
use crate::page::{section, shell};
use crate::words::{self, Lang};

/// What the acknowledgement shows.
#[derive(Debug, Clone)]
pub struct AckReport {
    /// The delivery.
    pub submission: SubmissionView,
    /// Positions by rule, the first of each; see `ConsoleDb::findings`.
    pub positions: BTreeMap<String, Vec<FindingView>>,
    /// When the report was made.
    pub made_at: Timestamp,
    /// Name of the operator; may be empty.
    pub house: String,
    /// The three checks and comparisons; empty in a page made on demand.
    pub more: AckMore,
}

/// The acknowledgement as one HTML file. `rule` finds the words of a rule.
#[must_use]
pub fn submission_report(r: &AckReport, lang: Lang, rule: &dyn Fn(&str) -> Option<&'static Rule>) -> Markup {
    let s = &r.submission;
    let findings = by_rule(std::slice::from_ref(s));
    let body = html! {
        header.top {
            span.mark lang="ja" { "結び" }
            h1 { (lang.say(&words::ACK_TITLE)) }
            span.when {
                @if !r.house.is_empty() { (r.house) " · " }
                (moment(r.made_at)) " " (lang.say(&words::MADE_AT))
            }
        }
        (verdict(s, lang, &findings))
        section {
            dl {
                dt { (lang.say(&words::SUBMISSION_ID)) } dd.id { (s.id) }
                dt { (lang.say(&words::SENDER)) } dd { (s.submitter.as_deref().unwrap_or("—")) }
                dt { (lang.say(&words::FEED)) }
                dd { (s.feed.as_deref().unwrap_or("—")) @if let Some(kind) = &s.kind { " · " (kind) } }
                @if let Some(day) = s.business_date { dt { (lang.say(&words::BUSINESS_DATE)) } dd { (day) } }
                dt { (lang.say(&words::RECEIVED_AT)) } dd { (moment(s.received_at)) }
                dt { (lang.say(&words::SIZE)) }
                dd { (lang.counted(&number(s.files), &words::C_FILES)) " · " (bytes(s.bytes)) }
                dt { (lang.say(&words::STATE)) } dd { (chip(lang, s.state)) }
            }
        }
        (section(lang.say(&words::EQUATION), lang.say(&words::BALANCE_NOTE), &html! {
            @if s.balance.lines.is_empty() {
                p { (lang.say(&words::NO_BALANCE)) }
            } @else {
                @let total = s.balance.total();
                (legend(lang))
                div.bar { (charts::stacked(lang, &total, total.received)) }
                (equation(lang, &total))
                h3 { (lang.say(&words::BY_KIND)) }
                (by_kind(lang, &s.balance))
            }
        }))
        (section(lang.say(&words::FINDINGS), lang.say(&words::FINDINGS_NOTE), &html! {
            @if findings.is_empty() { p { (lang.say(&words::NO_FINDINGS)) } }
            @let most = findings.iter().map(|f| f.count).max().unwrap_or(0);
            @for f in &findings {
                @let kept: Vec<&FindingView> = match r.positions.get(&f.first.rule) {
                    Some(list) if !list.is_empty() => list.iter().collect(),
                    _ => vec![&f.first.example],
                };
                (finding_block(lang, f, rule, most, &kept, f.count))
                (ack::makers(lang, &r.more, &f.first))
                @if let Some(example) = rule(&f.first.rule).map(|r| r.example).filter(|e| !e.is_empty() && lang == Lang::Ja) {
                    div.eg { (lang.say(&words::RULE_EXAMPLE)) ": " (example) }
                }
            }
        }))
        (ack::compared(lang, s, &r.more, rule))
        (ack::checks(lang, &r.more))
        (section(lang.say(&words::HISTORY), "", &html! {
            table { tbody {
                @for e in &s.events {
                    tr {
                        td { (moment(e.at)) }
                        td { (words::state_name(lang, &e.state)) }
                        td { (e.detail) }
                    }
                }
            } }
        }))
    };
    shell(lang, &format!("{} {}", lang.say(&words::ACK_TITLE), short(&s.id.to_string())), &body)
}

fn verdict(s: &SubmissionView, lang: Lang, findings: &[Counted]) -> Markup {
    let errors = findings.iter().any(|f| f.severity == musubi_model::Severity::Error);
    let (class, mark, head) = match (s.state, standing(s)) {
        (SubmissionState::Rejected, _) => ("bad", Some(false), &words::ACK_REJECTED),
        (SubmissionState::Quarantined, _) => ("bad", Some(false), &words::ACK_QUARANTINED),
        (_, Standing::Broken) => ("bad", Some(false), &words::NOT_CLOSE),
        (_, Standing::Waiting) => ("wait", None, &words::ACK_OPEN),
        (_, Standing::Fine) if errors => ("wait", None, &words::ACK_MIXED),
        (_, Standing::Fine) => ("good", Some(true), &words::ACK_OK),
    };
    html! {
        div.verdict.(class) {
            (charts::verdict_mark(mark))
            div { strong { (lang.say(head)) } span { (lang.say(&words::ACK_NOTE)) } }
        }
    }
}

/// One rule: severity, sentence, how to mend, positions, and how often. `of` is how many there are in all when the
/// positions are meant to be a list; 1 when they are only an example.
pub(crate) fn finding_block(
    lang: Lang,
    f: &Counted,
    rule: &dyn Fn(&str) -> Option<&'static Rule>,
    most: u64,
    positions: &[&FindingView],
    of: u64,
) -> Markup {
    let (says, mend) =
        rule(&f.first.rule).map_or((lang.say(&words::UNKNOWN_RULE), ""), |r| words::rule(lang, r));
    let class = f.severity.as_str();
    let fill = match f.severity {
        musubi_model::Severity::Error => "#cc5a14",
        musubi_model::Severity::Warning => "#d9a021",
        musubi_model::Severity::Note => "#86b4c7",
    };
    let more = of.saturating_sub(u64::try_from(positions.len()).unwrap_or(u64::MAX));
    html! {
        div.finding {
            div.sev.(class) { (charts::severity_mark(f.severity)) (words::severity(lang, f.severity)) }
            div {
                div.say { (says) " " code.soft { (f.first.rule) } }
                @if !mend.is_empty() { div.mend { i { (lang.say(&words::MEND)) } (mend) } }
                @for p in positions { (position(lang, p, of == 1)) }
                @if more > 0 {
                    div.eg { (lang.say(&words::MORE_FINDINGS)) " " (number(more)) " " (lang.say(&words::MORE_FINDINGS_END)) }
                }
            }
            div.many {
                b { (number(f.count)) } " " (lang.pick("件", ""))
                (charts::count_bar(says, f.count, most, fill))
            }
        }
    }
}

fn position(lang: Lang, p: &FindingView, example: bool) -> Markup {
    html! {
        div.eg {
            @if example { (lang.say(&words::EXAMPLE)) " " }
            @if let Some(d) = &p.document { code { (short(&d.to_string())) } " " }
            @if let Some(u) = p.unit { (lang.say(&words::UNIT)) " " (u) " " }
            (p.record) " " (p.field)
            @if let Some(range) = p.range { " (" (lang.say(&words::BYTES_AT)) " " (range.start) "–" (range.end()) ")" }
            @if !p.found.is_empty() { " · " (lang.say(&words::FOUND)) " " code { (p.found) } }
            @if !p.expected.is_empty() { " · " (lang.say(&words::EXPECTED)) " " code { (p.expected) } }
        }
    }
}
