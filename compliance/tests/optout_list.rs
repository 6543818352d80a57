//! Every line of the list becomes an entry or has an error, and no value of a person is in a finding.

use musubi_compliance::optout_list::{COLUMNS, OptOutList, read};
use proptest::prelude::*;

fn list(rows: &[&str]) -> OptOutList {
    let text = format!("\u{feff}{}\r\n{}\r\n", COLUMNS.join(","), rows.join("\r\n"));
    read(text.as_bytes(), 1000)
}

/// One row → `ok`, or the rules and columns that it breaks.
fn check(row: &str, expect: &str) {
    let list = list(&[row]);
    let mut got: Vec<String> = list
        .findings
        .iter()
        .map(|f| format!("{}@{} {}", f.rule.id, f.position.field, f.found).trim().to_owned())
        .collect();
    assert!(list.findings.iter().all(|f| f.position.record == "行 2"), "{row}");
    if list.entries.len() == 1 {
        got.insert(0, "ok".into());
    }
    assert_eq!(got.join("; "), expect, "{row}");
}

#[test]
fn rows() {
    check("T-1,,,06139999,12,345,01,テスト イチロウ,1960-04-10,1,2026-04-10", "ok");
    check("T-1,,,06139999,12,345,01,,19600410,2,20260410", "ok");
    check("T-1,,,,,,,テスト イチロウ,3350410,M,2026-04-10", "ok");
    check("T-1,9910000001,00012,,,,,,,,2026-04-10", "ok");
    check("T-1,9910000001,00012,,,,,\"テスト, イチロウ\",,,2026-04-10", "ok");
    check("T-1,,00012,06139999,,345,,,19600410,2,2026-04-10", "ok; OPTOUT-LOCAL@provider_id (空)");
    check(
        "T-1,,00012,,,,,,,,2026-04-10",
        "OPTOUT-LOCAL@provider_id (空); OPTOUT-NOKEY@ entry+local_number+effective_from",
    );
    check(
        "T-1,,,06139999,,345,,,,2,2026-04-10",
        "OPTOUT-NOKEY@ entry+insurer_number+number+sex+effective_from",
    );
    check("T-1,,,,,,,テスト,19600410,9,2026-04-10", "OPTOUT-NOKEY@ entry+name_kana+birth+sex+effective_from");
    check("T-1,,,,,,,テスト,196004,1,2026-04-10", "OPTOUT-BIRTH@birth 9×6");
    check("T-1,,,,,,,テスト,19600410,男,2026-04-10", "OPTOUT-SEX@sex 漢");
    check("T-1,99/1,1,,,,,,,,2026-04-10", "OPTOUT-PROVIDER@provider_id 9×2/9");
    check("T-1,9910000001,1,,,,,,,,", "OPTOUT-EFFECTIVE@effective_from (空)");
    check(
        "受付1,9910000001,1,,,,,,,,2026-02-30",
        "OPTOUT-ENTRY@entry 漢×29; OPTOUT-EFFECTIVE@effective_from 9×4-9×2-9×2",
    );
    check("T-1,9910000001,1", "OPTOUT-ROW@ 3列");
    check("T-1,\"9910000001,1,,,,,,,,2026-04-10", "OPTOUT-ROW@ 閉じていない引用符");
}

#[test]
fn a_bad_row_holds_up_no_other() {
    let good = "T-2,9910000001,00012,,,,,,,,2026-04-10";
    let list = list(&["T-1,\"", good, "", good, "T-3,,,,,,,,,,"]);
    assert_eq!((list.lines, list.entries.len(), list.refused), (4, 2, 2));
    let places: Vec<_> = list.findings.iter().map(|f| (f.rule.id, f.position.record.as_str())).collect();
    assert_eq!(places[0], ("OPTOUT-ROW", "行 2"));
    assert_eq!(places[1], ("OPTOUT-REPEAT", "行 5"));
    assert_eq!(places[2], ("OPTOUT-EFFECTIVE", "行 6"));
}

#[test]
fn a_list_without_its_header_is_refused_whole() {
    for text in ["", "T-1,9910000001,1,,,,,,,,2026-04-10", "entry,entry\n", "\"entry"] {
        let list = read(text.as_bytes(), 10);
        assert_eq!(list.findings.len(), 1, "{text}");
        assert_eq!(list.findings[0].rule.id, "OPTOUT-HEADER");
    }
    let sjis = read(b"entry,\x83e\x83X\n", 10);
    assert_eq!(sjis.findings[0].rule.id, "OPTOUT-UTF8");
    let long = format!("{}\n1\n2\n3\n", COLUMNS.join(","));
    assert_eq!(read(long.as_bytes(), 2).findings[0].rule.id, "OPTOUT-ROWS");
}

#[test]
fn columns_may_stand_in_any_order() {
    let mut columns = COLUMNS;
    columns.reverse();
    let text = format!("{}\n2026-04-10,,,,,,,,00012,9910000001,T-1\n", columns.join(","));
    let list = read(text.as_bytes(), 10);
    assert_eq!(list.entries.len(), 1, "{:?}", list.findings);
    assert_eq!(list.entries[0].demographics.local_number.expose(), "00012");
}

#[test]
fn debug_shows_nobody() {
    let list = list(&["T-1,,,06139999,12,34567,01,テスト イチロウ,1960-04-10,1,2026-04-10"]);
    let shown = format!("{list:?}");
    assert!(!shown.contains("テスト") && !shown.contains("34567") && !shown.contains("1960"), "{shown}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_loss(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut text = format!("{}\n", COLUMNS.join(",")).into_bytes();
        text.extend(bytes);
        let list = read(&text, 1000);
        prop_assert_eq!(list.lines, list.entries.len() + list.refused);
        let errors = list.findings.iter().filter(|f| f.is_error()).count();
        prop_assert!(errors >= list.refused);
    }

    #[test]
    fn lines_of_commas_and_signs_are_all_accounted_for(rows in proptest::collection::vec("[\",A1ア -]{1,30}", 0..8)) {
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let filled = rows.iter().filter(|r| !r.trim().is_empty()).count();
        let list = list(&rows);
        prop_assert_eq!(list.lines, filled);
        prop_assert_eq!(list.lines, list.entries.len() + list.refused);
    }
}

#[test]
fn care_columns_are_read_where_they_stand() {
    let with = |extra: &str, row: &str| {
        let text = format!("{}{extra}\n{row}\n", COLUMNS.join(","));
        read(text.as_bytes(), 1000)
    };
    let row = "T-1,,,,,,,,19400410,2,2026-04-10,131016,0001234567";
    let list = with(",care_insurer,care_number", row);
    assert_eq!((list.entries.len(), list.refused), (1, 0), "{:?}", list.findings);
    assert_eq!(list.entries[0].demographics.care_number.expose(), "0001234567");
    for (extra, row) in [
        (",care_insurer,care_number", "T-1,,,,,,,,,2,2026-04-10,131016,0001234567"),
        (",care_insurer", "T-1,,,,,,,,19400410,2,2026-04-10,131016"),
        ("", "T-1,,,,,,,,19400410,2,2026-04-10"),
    ] {
        let rules: Vec<&str> = with(extra, row).findings.iter().map(|f| f.rule.id).collect();
        assert_eq!(rules, ["OPTOUT-NOKEY"], "{extra}");
    }
    for extra in [",entry", ",nonsense", ",care_number,care_number"] {
        assert_eq!(with(extra, row).findings[0].rule.id, "OPTOUT-HEADER", "{extra}");
    }
}
