//! Every line of a ledger of notices becomes a notice or has an error, each rule is found by its number, and no value of
//! a person is in a finding.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // helpers of tests stop on what cannot be

use jiff::Timestamp;
use jiff::civil::date;
use musubi_compliance::notice::NoticeRules;
use musubi_compliance::notice::ledger::{COLUMNS, LedgerLines, RULES, read};
use musubi_compliance::parameters::parameters;
use musubi_model::ledger::{NoticeScope, NoticeTemplate, ProviderLedger};
use musubi_model::{DocumentHash, ProviderId};
use proptest::prelude::*;

/// A line that can stand; columns are changed by name.
const GOOD: [(&str, &str); 16] = [
    ("local_number", "00012"),
    ("insurer_number", "06139999"),
    ("symbol", "12"),
    ("number", "3456"),
    ("branch", "01"),
    ("care_insurer", "131016"),
    ("care_number", "0000000017"),
    ("name_kana", "テスト イチロウ"),
    ("birth", "19600410"),
    ("sex", "1"),
    ("notified_on", "2026-04-01"),
    ("method", "mail"),
    ("template", "t1"),
    ("party", "self"),
    ("last_visit", "2026-03-30"),
    ("status", "notified"),
];

fn head() -> ProviderLedger {
    ProviderLedger {
        id: ProviderId::new("9910000001").unwrap(),
        programme_start: date(2020, 12, 1),
        file: "ledger.csv".to_owned(),
        blake3: DocumentHash::of(b""),
        templates: vec![NoticeTemplate {
            version: "t1".to_owned(),
            scope: NoticeScope::Both,
            items: vec!["visit_occurrence".to_owned()],
            blake3: DocumentHash::of(b"text"),
        }],
    }
}

/// Written out in the last minute of 2026-04-30 in Japan.
fn exported() -> Timestamp {
    "2026-04-30T14:59:00Z".parse().unwrap()
}

fn read_bytes(bytes: &[u8]) -> LedgerLines {
    let rules = NoticeRules::of(&parameters(None).unwrap(), date(2026, 5, 1)).unwrap();
    read(bytes, &head(), exported(), &rules)
}

fn row(changes: &[(&str, &str)]) -> String {
    let value = |(column, good): &(&str, &str)| {
        changes.iter().find(|(c, _)| c == column).map_or(*good, |(_, text)| *text).to_owned()
    };
    GOOD.iter().map(value).collect::<Vec<_>>().join(",")
}

fn lines(rows: &[String]) -> LedgerLines {
    read_bytes(format!("\u{feff}{}\r\n{}\r\n", COLUMNS.join(","), rows.join("\r\n")).as_bytes())
}

/// A line with these changes → `ok`, and the rules, columns and shapes that are told.
fn check(changes: &[(&str, &str)], expect: &str) {
    let found = lines(&[row(changes)]);
    assert!(found.findings.iter().all(|f| f.position.record == "行 2"), "{changes:?}");
    let mut got: Vec<String> = found
        .findings
        .iter()
        .map(|f| format!("{}@{} {}", f.rule.id, f.position.field, f.found).trim().to_owned())
        .collect();
    assert_eq!(found.entries.len() + found.refused, 1, "{changes:?}");
    if found.entries.len() == 1 {
        got.insert(0, "ok".to_owned());
    }
    assert_eq!(got.join("; "), expect, "{changes:?}");
}

#[test]
fn a_person_is_recognised_by_a_number_and_never_by_a_name() {
    let without = |columns: &[&'static str]| columns.iter().map(|c| (*c, "")).collect::<Vec<_>>();
    check(&[], "ok");
    check(&without(&["insurer_number", "symbol", "number", "branch", "care_insurer", "care_number"]), "ok");
    check(&without(&["local_number", "insurer_number", "number"]), "ok");
    check(&without(&["local_number", "care_insurer", "care_number", "name_kana"]), "ok");
    check(
        &without(&["local_number", "insurer_number", "number", "care_number"]),
        "NTC-KEY@ symbol+branch+care_insurer+name_kana",
    );
    check(&[("name_kana", ""), ("status", "")], "ok");
}

#[test]
fn birth_and_sex_must_be_readable() {
    check(&[("birth", "1960-04-10")], "ok");
    check(&[("birth", "昭和35年")], "NTC-BIRTH@birth 漢×29×2漢");
    check(&[("birth", "196004")], "NTC-BIRTH@birth 9×6");
    check(&[("birth", "")], "NTC-BIRTH@birth (空)");
    check(&[("sex", "2")], "ok");
    check(&[("sex", "男")], "NTC-BIRTH@sex 漢");
    check(&[("sex", "9")], "NTC-BIRTH@sex 9");
}

#[test]
fn days_are_days_up_to_that_of_the_ledger_in_japan() {
    check(&[("notified_on", "2026-04-30")], "ok");
    check(&[("notified_on", "2026-05-01")], "NTC-DAY@notified_on 9×4-9×2-9×2");
    check(&[("notified_on", "2026-02-30")], "NTC-DAY@notified_on 9×4-9×2-9×2");
    check(&[("notified_on", "")], "NTC-DAY@notified_on (空)");
    check(&[("last_visit", "")], "ok");
    check(&[("last_visit", "2026-05-01")], "NTC-DAY@last_visit 9×4-9×2-9×2");
}

#[test]
fn words_are_those_of_the_definition() {
    for word in ["mail", "email"] {
        check(&[("method", word)], "ok");
    }
    check(&[("method", "手渡し")], "NTC-WORD@method 漢×2ア");
    check(&[("party", "")], "NTC-WORD@party (空)");
    check(&[("status", "void")], "ok");
    check(&[("status", "VOID")], "NTC-WORD@status A×4");
    check(&[("template", "t2")], "NTC-TEXT@template A9");
    let void = lines(&[row(&[("status", "void")])]);
    assert!(void.entries[0].void);
}

#[test]
fn a_notice_handed_over_needs_a_visit_and_a_child_needs_a_guardian() {
    for method in ["paper", "screen"] {
        check(&[("method", method)], "ok");
        check(&[("method", method), ("last_visit", "")], "ok; NTC-VISIT@last_visit");
    }
    // Sixteen on the day of the notice; one day younger.
    check(&[("birth", "2010-04-01")], "ok");
    check(&[("birth", "2010-04-02")], "ok; NTC-MINOR@party self");
    for party in ["guardian", "both"] {
        check(&[("birth", "2010-04-02"), ("party", party)], "ok");
    }
}

#[test]
fn a_line_that_cannot_be_cut_holds_up_no_other() {
    let found = lines(&[row(&[]), "00012,1".to_owned(), row(&[("name_kana", "\"テスト")]), row(&[])]);
    assert_eq!((found.lines, found.entries.len(), found.refused, found.unreadable), (4, 2, 2, false));
    let told: Vec<_> =
        found.findings.iter().map(|f| (f.rule.id, f.position.record.as_str(), f.found.as_str())).collect();
    assert_eq!(told, [("NTC-ROW", "行 3", "2列"), ("NTC-ROW", "行 4", "引用符")]);
    let stood: Vec<usize> = found.entries.iter().map(|e| e.line).collect();
    assert_eq!(stood, [2, 5]);
}

#[test]
fn a_file_that_is_no_ledger_is_refused_whole() {
    let without = COLUMNS.iter().skip(1).copied().collect::<Vec<_>>().join(",");
    let twice = format!("{},{}", COLUMNS.join(","), "status");
    let good = row(&[]);
    let japanese = b"\x83e\x83X\x83g".to_vec();
    for bytes in [Vec::new(), good.clone().into_bytes(), without.into_bytes(), twice.into_bytes(), japanese] {
        let found = read_bytes(&bytes);
        assert!(found.unreadable && found.entries.is_empty());
        let rules: Vec<_> = found.findings.iter().map(|f| f.rule.id).collect();
        assert_eq!(rules, ["NTC-FILE"]);
    }
    // The header decides the order.
    let mut columns = GOOD;
    columns.reverse();
    let of = |f: fn(&(&'static str, &'static str)) -> &'static str| {
        columns.iter().map(f).collect::<Vec<_>>().join(",")
    };
    let found = read_bytes(format!("{}\n{}\n", of(|c| c.0), of(|c| c.1)).as_bytes());
    assert_eq!((found.entries.len(), found.findings.len()), (1, 0));
}

#[test]
fn every_rule_of_the_reader_has_its_number_once() {
    let mut ids: Vec<_> = RULES.iter().map(|r| r.id).collect();
    ids.sort_unstable();
    assert_eq!(
        ids,
        [
            "NTC-BIRTH",
            "NTC-DAY",
            "NTC-FILE",
            "NTC-KEY",
            "NTC-MINOR",
            "NTC-ROW",
            "NTC-TEXT",
            "NTC-VISIT",
            "NTC-WORD"
        ]
    );
}

/// Columns that say who somebody is, or might by mistake.
const OF_PERSONS: [&str; 10] = [
    "local_number",
    "insurer_number",
    "symbol",
    "number",
    "branch",
    "care_insurer",
    "care_number",
    "name_kana",
    "birth",
    "template",
];

proptest! {
    #[test]
    fn no_value_of_a_person_is_in_a_finding(
        column in 0..OF_PERSONS.len(),
        value in "(ミホン|テスト|零番地){1,3} ?(ハナコ|タロウ)|[3-9]{7,12}|[b-z]{6,10}[3-9]{3,5}",
        broken in 0..4usize,
    ) {
        let mut changes = vec![(OF_PERSONS[column], value.as_str())];
        let (quoted, word) = (format!("\"{value}"), format!("{value}-"));
        match broken {
            0 => changes.push(("sex", &value)),
            1 => changes.push(("notified_on", &value)),
            2 => changes.push(("method", &word)),
            _ => changes.push(("party", &quoted)),
        }
        let found = lines(&[row(&changes)]);
        prop_assert!(found.entries.is_empty() && !found.findings.is_empty());
        for finding in &found.findings {
            prop_assert!(!format!("{finding} {finding:?}").contains(&value), "{finding}");
        }
    }

    #[test]
    fn every_line_is_accounted_for(rows in proptest::collection::vec("[^\r\n]{0,80}", 0..8), good in 0..3usize) {
        let mut all: Vec<String> = rows;
        all.extend((0..good).map(|_| row(&[])));
        let found = lines(&all);
        prop_assert_eq!(found.entries.len() + found.refused, found.lines);
        let wrong = found.findings.iter().filter(|f| f.is_error()).map(|f| f.position.record.clone());
        let wrong: std::collections::BTreeSet<String> = wrong.collect();
        prop_assert_eq!(wrong.len(), found.refused, "each line that cannot stand has an error of its own");
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), headed in any::<bool>()) {
        let mut text = if headed { format!("{}\n", COLUMNS.join(",")).into_bytes() } else { Vec::new() };
        text.extend(bytes);
        let found = read_bytes(&text);
        prop_assert_eq!(found.entries.len() + found.refused, found.lines);
        prop_assert!(!found.unreadable || found.entries.is_empty());
    }
}
