//! What the binary says of itself, held against the files that people read.

use std::path::{Path, PathBuf};

use crate::house::{folder, run_in};

fn beside(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The file as it is kept; says how to write it anew when it differs.
fn check(kept: &str, said: &str, anew: &str) {
    let text = std::fs::read_to_string(beside(kept)).unwrap_or_default();
    assert!(text == said, "{kept} is not what the binary says; write it anew: {anew}\n{said}");
}

#[test]
fn help_lists_every_verb() {
    let here = folder();
    let said = run_in(here.path(), 0, &["--help"]);
    check("tests/cli/help.txt", &said.out, "musubi --help > cli/tests/cli/help.txt");
}

#[test]
fn the_catalogue_of_findings_is_up_to_date() {
    let here = folder();
    let said = run_in(here.path(), 0, &["findings"]);
    check("../docs/findings.md", &said.out, "musubi findings > docs/findings.md");
    let rows: Vec<&str> = said.out.lines().filter(|l| l.starts_with('|')).collect();
    assert!(rows.len() > 100);
    for row in rows {
        let borders = row.replace("\\|", "").matches('|').count();
        assert_eq!(borders, 8, "a cell breaks the table: {row}");
        assert!(!row.contains("|  |"), "an empty cell: {row}");
    }
}

#[test]
fn the_list_of_checks_is_up_to_date() {
    let here = folder();
    let said = run_in(here.path(), 0, &["check", "list"]);
    check("../docs/checks.md", &said.out, "musubi check list > docs/checks.md");
    assert_eq!(said.out.lines().filter(|l| l.starts_with("| C-")).count(), 92);
}

#[test]
fn the_coverage_of_the_plan_is_up_to_date() {
    let here = folder();
    let said = run_in(here.path(), 0, &["formats", "--coverage"]);
    check("../docs/coverage.md", &said.out, "musubi formats --coverage > docs/coverage.md");
    let all = run_in(here.path(), 0, &["--json", "formats", "--coverage"]).json();
    assert_eq!(all["items"].as_array().unwrap().len(), 73);
    let csv = run_in(here.path(), 0, &["formats", "--coverage", "--csv"]).out;
    assert!(csv.lines().count() > 73 && csv.contains("DI-73"));
}

#[test]
fn formats_lists_every_kind() {
    let here = folder();
    let said = run_in(here.path(), 0, &["--json", "formats"]).json();
    let kinds: Vec<&str> = said.as_array().unwrap().iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"receipt-medical") && kinds.contains(&"ss-mix2-standard"), "{kinds:?}");
    assert!(run_in(here.path(), 0, &["formats"]).out.lines().count() == kinds.len());
}

#[test]
fn a_wrong_command_is_usage() {
    let here = folder();
    for words in
        [&["nonsense"][..], &[], &["intake"], &["intake", "--fault", "kill@nowhere", "x"], &["synth"]]
    {
        let said = run_in(here.path(), 2, words);
        assert!(said.err.starts_with("error: ") && said.err.contains("--help"), "{words:?}: {}", said.err);
        assert!(said.out.is_empty());
    }
}
