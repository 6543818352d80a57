//! The pages: well formed, self-contained, escaped, and silent about persons.
#![allow(clippy::string_slice, clippy::indexing_slicing)] // test code: a failure here is a failed test

use std::collections::BTreeMap;

use musubi_console::{AckMore, AckReport, Lang, UnmappedCode, night_report, submission_report};
use musubi_model::submission::SubmissionState;
use musubi_storage::acknowledge::{Answer, ControlTotal};

mod model;
mod support;

const VOID: [&str; 4] = ["meta", "br", "hr", "img"];

/// Every tag that opens is closed in order. Attribute values are quoted, and no `<` stands in a text.
fn well_formed(html: &str) -> Result<(), String> {
    let mut open: Vec<String> = Vec::new();
    let mut rest = html.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    while let Some(start) = rest.find('<') {
        let tag = &rest[start + 1..];
        let mut quoted = false;
        let end = tag
            .char_indices()
            .find(|(_, c)| {
                quoted ^= *c == '"';
                *c == '>' && !quoted
            })
            .ok_or("a tag without end")?
            .0;
        let (inside, after) = (&tag[..end], &tag[end + 1..]);
        let name: String =
            inside.trim_start_matches('/').chars().take_while(|c| c.is_alphanumeric()).collect();
        if name.is_empty() {
            return Err(format!("not a tag: <{inside}>"));
        }
        if inside.starts_with('/') {
            let last = open.pop().unwrap_or_default();
            if last != name {
                return Err(format!("<{last}> closed by </{name}>"));
            }
        } else if !VOID.contains(&name.as_str()) {
            open.push(name);
        }
        rest = after;
    }
    if open.is_empty() { Ok(()) } else { Err(format!("left open: {open:?}")) }
}

fn pages() -> Vec<String> {
    // The same delivery as the one before it, but for a rule that was broken more often then.
    let more = |s: &musubi_storage::console::SubmissionView| {
        let mut before = s.clone();
        before.findings.iter_mut().for_each(|f| f.count += 1);
        AckMore {
            before: Some(before),
            totals: vec![ControlTotal { kind: "RE".to_owned(), promised: Some(5), counted: Some(4) }],
            makers: s
                .findings
                .iter()
                .map(|f| (f.rule.clone(), [("MIHON-EHR".to_owned(), f.count)].into()))
                .collect(),
            sampled_units: 3,
            answers: [(Answer::Match, 9), (Answer::Mismatch, 1)].into(),
            unmapped: vec![UnmappedCode {
                system: "local".to_owned(),
                code: "A-1".to_owned(),
                reason: "ローカル".to_owned(),
                count: 7,
            }],
        }
    };
    let night = support::night();
    let mut out = Vec::new();
    for lang in [Lang::Ja, Lang::En] {
        out.push(night_report(&night, lang, &support::rule).into_string());
        out.push(night_report(&Default::default(), lang, &support::rule).into_string());
        for submission in &night.submissions {
            let ack = AckReport {
                submission: submission.clone(),
                positions: BTreeMap::new(),
                made_at: night.made_at,
                house: String::new(),
                more: more(submission),
            };
            out.push(submission_report(&ack, lang, &support::rule).into_string());
        }
    }
    out.extend(model::pages());
    out
}

#[test]
fn the_checker_sees_what_is_open() {
    assert!(well_formed("<!DOCTYPE html><p><b>x</p></b>").is_err());
    assert!(well_formed("<!DOCTYPE html><p>").is_err());
    assert!(well_formed("<!DOCTYPE html><p title=\"a>b\">x</p>").is_ok());
}

#[test]
fn every_page_is_well_formed() {
    for page in pages() {
        assert_eq!(well_formed(&page), Ok(()));
    }
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    for page in pages() {
        let lower = page.to_lowercase();
        for bad in [
            "http://",
            "https://",
            "//cdn",
            "<script",
            "javascript:",
            "@import",
            "<link",
            "<img",
            "<iframe",
            " src=",
            "onclick",
            "onload",
        ] {
            assert!(!lower.contains(bad), "{bad}");
        }
        // `url()` only names a pattern of the page itself.
        assert_eq!(lower.matches("url(").count(), lower.matches("url(#").count());
        assert!(page.contains("default-src 'none'"));
        assert!(page.contains("@media print"));
    }
}

#[test]
fn every_chart_says_itself_in_words() {
    for page in pages() {
        let charts = page.matches("role=\"img\"").count();
        assert!(page.matches("<title>").count() > charts, "each chart has a title, and the page has one");
    }
}

#[test]
fn texts_are_escaped() {
    let mut night = support::night();
    night.house = "<b>&\"見本".into();
    night.submissions[0].findings[0].example.found = "</code><script>alert(1)</script>".into();
    night.submissions[0].feed = Some("\"><i>".into());
    let page = night_report(&night, Lang::Ja, &support::rule).into_string();
    assert_eq!(well_formed(&page), Ok(()));
    assert!(page.contains("&lt;b&gt;&amp;&quot;見本") && !page.contains("<script"), "escaped");
}

#[test]
fn the_night_shows_its_numbers() {
    let page = night_report(&support::night(), Lang::Ja, &support::rule).into_string();
    for text in [
        "夜間報告 2026-04-10",
        "受け付けられなかった提出があります",
        "367,564",
        "差 0 ✓",
        "総件数がレセプトの数と合いません。",
        "GO レコードを作り直してください。",
        "21,004",
        "16,870",
        "90以上",
        "10人未満",
        "独立検証 合格",
        "musubi audit verify",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let english = night_report(&support::night(), Lang::En, &support::rule).into_string();
    for text in [
        "lang=\"en\"",
        "Nightly report",
        "The total does not equal",
        "fewer than 10",
        "independent check passed",
    ] {
        assert!(english.contains(text), "{text}");
    }
}

/// The verdict on top for a night of these deliveries.
fn check_verdict(states: &[(SubmissionState, [u64; 7])], expect: &str) {
    let mut night = support::night();
    night.submissions = states
        .iter()
        .map(|(state, line)| support::submission(1, "f", "k", *state, &[("RE", *line)]))
        .collect();
    let page = night_report(&night, Lang::Ja, &support::rule).into_string();
    assert!(page.contains(expect), "{states:?}: {expect}");
}

#[test]
fn the_verdict_follows_the_worst() {
    use SubmissionState::{Acknowledged, Loaded, Quarantined};
    let closed = [10, 10, 0, 0, 0, 0, 0];
    let lost = [10, 9, 0, 0, 0, 0, 0];
    check_verdict(&[], "この夜の提出はありません");
    check_verdict(&[(Acknowledged, closed)], "すべての提出が突合しました");
    check_verdict(&[(Acknowledged, closed), (Quarantined, closed)], "受け付けられなかった");
    check_verdict(&[(Acknowledged, closed), (Loaded, closed)], "処理の途中");
    check_verdict(&[(Loaded, closed), (Acknowledged, lost)], "突合していない");
    check_verdict(&[(Acknowledged, lost)], "差 1");
}

#[test]
fn few_persons_are_not_counted_out() {
    let mut night = support::night();
    night.people = Some(musubi_console::night::People { identities: 30, persons: 7, conflicts_open: 0 });
    night.pyramid.clear();
    let page = night_report(&night, Lang::Ja, &support::rule).into_string();
    assert!(page.contains("10未満"));
}

#[test]
fn a_rule_without_words_is_still_shown() {
    let page = night_report(&support::night(), Lang::Ja, &|_| None).into_string();
    assert!(page.contains("UKE-GO-COUNT") && page.contains("語彙にない規則"));
}

#[test]
fn many_deliveries_are_summed() {
    let mut night = support::night();
    night.submissions = (0..100u8)
        .map(|i| {
            support::submission(i, "f", "k", SubmissionState::Acknowledged, &[("RE", [1, 1, 0, 0, 0, 0, 0])])
        })
        .collect();
    let page = night_report(&night, Lang::Ja, &support::rule).into_string();
    assert!(page.contains("ほかの提出 40"));
    assert_eq!(well_formed(&page), Ok(()));
}
