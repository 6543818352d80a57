//! What the senders' pages show for any value a verb may give: every state with its word, every text escaped, nothing that a
//! stricter policy of the browser would block.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{calendar, detail, findings, lists, upload};
use crate::words::Lang;

const HOSTILE: &str = "<script>alert(1)</script>\"'&";

fn legend() -> Value {
    use musubi_compliance::deliveries::Mark;
    Mark::ALL.iter().map(|m| json!({ "mark": m.as_str(), "ja": m.ja(), "en": m.en(), "sign": "○" })).collect()
}

fn calendar_value(marks: &[usize]) -> Value {
    use musubi_compliance::deliveries::Mark;
    let days: Vec<Value> = marks
        .iter()
        .enumerate()
        .map(|(i, m)| {
            let mark = Mark::ALL.get(*m).copied().unwrap_or(Mark::NotDue);
            json!({
                "day": format!("2026-11-{:02}", i + 1), "mark": mark.as_str(), "sign": "○", "deliveries": 1,
                "submission": "0123", "records": i, "small": i % 2 == 0,
            })
        })
        .collect();
    json!({
        "from": "2026-11-01", "until": "2026-11-30", "legend": legend(), "strays": [],
        "feeds": [{ "feed": HOSTILE, "kind": "uke", "kind_ja": "医科", "worst": "missing", "days": days,
                    "providers": [{ "name": HOSTILE }] }],
    })
}

/// What a browser with our policy accepts, and a reader of screens can read.
fn sound(html: &str) {
    for never in ["style=", "onclick", "<script", "javascript:"] {
        assert!(!html.contains(never), "{never} in {html}");
    }
    assert_eq!(html.matches("<th ").count(), html.matches("scope=").count(), "a heading without scope");
}

proptest! {
    #[test]
    fn every_day_of_the_calendar_has_its_word(marks in prop::collection::vec(0usize..9, 1..28)) {
        use musubi_compliance::deliveries::Mark;
        let html = calendar::view(Lang::Ja, &calendar_value(&marks)).into_string();
        sound(&html);
        for (i, m) in marks.iter().enumerate() {
            let day = format!("2026-11-{:02} ", i + 1);
            let word = Mark::ALL.get(*m).map_or("", |m| m.ja());
            prop_assert!(html.contains(&format!("{day}{word}")), "{day}{word}");
        }
        prop_assert!(html.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_delivery_in_any_state_is_shown_with_balance_and_steps(
        place in 0usize..10, parts in prop::collection::vec(0u64..1_000_000, 6), warn in 0u64..5,
    ) {
        use musubi_model::submission::SubmissionState;
        let state = SubmissionState::ALL.get(place).copied().unwrap_or(SubmissionState::Received);
        let sum: u64 = parts.iter().sum();
        let of = |i: usize| parts.get(i).copied().unwrap_or(0);
        let value = json!({
            "submission": "00ff", "feed": HOSTILE, "state": state.as_str(), "files": 1, "bytes": 5,
            "balance": { "lines": { "RE": { "received": sum, "loaded": of(0), "superseded": of(1), "duplicate": of(2),
                "quarantined": of(3), "excluded": of(4), "held": of(5) } } },
            "events": [{ "at": "2026-11-10T00:00:00Z", "state": "received", "detail": HOSTILE }],
            "findings": [{ "rule": "UKE-X", "severity": "warning", "count": warn, "before": 2, "words": { "ja": HOSTILE } }],
        });
        for lang in [Lang::Ja, Lang::En] {
            let html = detail::view(lang, &value).into_string();
            sound(&html.replace("<th>", "").replace("<th class=\"n\">", ""));
            prop_assert!(html.contains(&crate::format::number(sum)));
            prop_assert!(html.contains("class=\"steps\"") && html.contains("class=\"standing"));
        }
    }

    #[test]
    fn findings_are_all_reachable_page_by_page(n in 0usize..70) {
        let all: Vec<Value> = (0..n)
            .map(|i| json!({ "rule": format!("R-{i}-"), "severity": "error", "count": 1, "before": 0, "words": {},
                "positions": [{ "document": "ab", "found": HOSTILE }] }))
            .collect();
        let value = json!({ "submission": "00ff", "state": "acknowledged", "findings": all });
        let pages = n.div_ceil(20).max(1);
        let shown: String = (1..=pages)
            .map(|p| findings::view(Lang::Ja, &value, u64::try_from(p).unwrap_or(1)).into_string())
            .collect();
        sound(&shown);
        for i in 0..n {
            prop_assert_eq!(shown.matches(&format!("id=\"R-{i}-\"")).count(), 1);
        }
    }
}

#[test]
fn a_refusal_says_what_and_how_to_mend_it() {
    let offered = json!({ "ok": false, "code": "SUB-ZIP", "ja": "読めません。", "en": "It cannot be read.",
        "mend_ja": "作り直してください。", "mend_en": "Make it again.", "detail": { "found": HOSTILE } });
    for (lang, said) in [(Lang::Ja, "作り直してください。"), (Lang::En, "Make it again.")] {
        let html = upload::refused(lang, &offered, 12).into_string();
        sound(&html);
        assert!(html.contains("SUB-ZIP") && html.contains(said), "{html}");
    }
}

#[test]
fn what_a_job_said_of_the_whole_house_is_not_for_senders() {
    use crate::web::house::Job;
    let at = jiff::Timestamp::UNIX_EPOCH;
    let job = Job {
        id: 1,
        verb: "nightly",
        subject: "00ff".to_owned(),
        by: "submitter-01".to_owned(),
        organisation: "one".to_owned(),
        asked: at,
        began: Some(at),
        ended: Some((at, true)),
        said: "feeds of others".to_owned(),
    };
    let view = |house| upload::view(Lang::Ja, Some(&job), None, house).into_string();
    assert!(!view(false).contains("feeds of others"));
    assert!(view(true).contains("feeds of others"));
}

#[test]
fn every_line_of_a_list_gets_its_answer_in_the_order_of_lines() {
    let value = json!({ "rows": 1, "refused": 1, "differing": [], "lines": [
        { "line": 2, "ok": true, "entry": "A-1" },
        { "line": 3, "ok": false, "ja": HOSTILE, "mend_ja": "直す" },
    ] });
    let html = lists::answers_view(Lang::Ja, &value).into_string();
    sound(&html);
    assert!(html.find("A-1") < html.find("直す"), "{html}");
    // A list that could not be read at all has no lines, and is not well.
    let whole =
        json!({ "rows": 0, "refused": 0, "differing": [], "lines": [{ "line": 0, "ok": false, "ja": "x" }] });
    assert!(lists::answers_view(Lang::Ja, &whole).into_string().contains("standing bad"));
}
