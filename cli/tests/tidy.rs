//! The rules of the house that a compiler does not hold: direction of the rooms, where SQL may stand, what every file
//! says of itself, how long it may be, and that no machine's paths slip in.

#![allow(clippy::expect_used, clippy::panic)] // test code: a failure here is a failed test

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which room may use which (ARCHITECTURE.md, "Rooms"). Test-only dependencies may also use `testdata`.
const MAY_USE: [(&str, &[&str]); 17] = [
    ("model", &[]),
    ("mappers", &["model"]),
    ("id-resolution", &["model"]),
    ("storage", &["model"]),
    ("audit-log", &[]),
    ("compliance", &["model", "storage", "audit-log"]),
    ("package", &["model"]),
    ("etl", &["model", "mappers", "package", "id-resolution", "storage", "compliance"]),
    ("review-board", &["model", "storage", "compliance"]),
    ("disclosure", &["model"]),
    // Shares no code with the makers, not even the words.
    ("release-check", &[]),
    ("release", &["model", "storage", "compliance", "review-board", "disclosure", "release-check"]),
    ("console", &["model", "storage", "compliance", "review-board", "id-resolution", "search"]),
    ("search", &["model"]),
    ("precheck", &["model", "mappers", "package"]),
    ("testdata", &["model"]),
    (
        "cli",
        &[
            "model",
            "mappers",
            "id-resolution",
            "storage",
            "compliance",
            "etl",
            "review-board",
            "release",
            "console",
            "precheck",
            "testdata",
            "audit-log",
            "disclosure",
            "release-check",
            "search",
        ],
    ),
];

/// No source file may grow beyond this; what is longer is two rooms in one.
const LINES_MAX: usize = 800;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("cli lies in the workspace").to_owned()
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for (room, _) in MAY_USE {
        collect(&root().join(room), &mut found);
    }
    assert!(found.len() > 40, "the rooms were not found");
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            if !path.ends_with("target") {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).expect("UTF-8 source");
            found.push((path.strip_prefix(root()).expect("inside").to_owned(), text));
        }
    }
}

#[test]
fn rooms_use_only_what_their_row_names() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows: BTreeMap<&str, &[&str]> = MAY_USE.into_iter().collect();
    let mut seen = BTreeSet::new();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("name").trim_start_matches("musubi-");
        let allowed = rows.get(name).unwrap_or_else(|| panic!("{name} has no row"));
        seen.insert(name.to_owned());
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let Some(used) = dependency["name"].as_str().and_then(|n| n.strip_prefix("musubi-")) else {
                continue;
            };
            let test_only = dependency["kind"].as_str() == Some("dev");
            assert!(
                allowed.contains(&used) || (test_only && used == "testdata"),
                "{name} must not use {used}"
            );
        }
    }
    assert_eq!(seen.len(), MAY_USE.len(), "every room has a row and every row a room");
}

#[test]
fn sql_stands_only_in_storage() {
    for (path, text) in sources() {
        // A test may look into the tables to see what a room has left there, a bench may ask how many connections there
        // are; this file names the words.
        let is_test =
            path.components().any(|c| ["tests", "benches"].iter().any(|part| c.as_os_str() == *part));
        if path.starts_with("storage") || is_test {
            continue;
        }
        for word in ["SELECT ", "INSERT INTO", "UPDATE intake", "DELETE FROM", "postgres::"] {
            assert!(!text.contains(word), "{} speaks SQL: {word}", path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in sources() {
        let is_must_not_compile = path.components().any(|c| c.as_os_str() == "ui");
        assert!(is_must_not_compile || text.starts_with("//!"), "{} has no first words", path.display());
    }
}

#[test]
fn no_file_is_too_long_for_one_sitting() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", path.display());
    }
}

/// Rules that only a defect of ours, or more than a test can hold, would break.
const RULES_WITHOUT_TEST: [&str; 2] = ["SUB-MAPPER-COUNT", "MPI-CROWDED-KEY"];

#[test]
fn every_rule_is_named_by_a_test() {
    let catalogue = fs::read_to_string(root().join("docs/findings.md")).unwrap();
    let ids = catalogue.lines().filter_map(|l| l.strip_prefix("| ")?.split(' ').next());
    let ids: Vec<&str> = ids.filter(|id| id.contains('-') && !id.contains("--")).collect();
    assert!(ids.len() > 400, "{} rules", ids.len());
    let mut tests = String::new();
    for (path, text) in sources() {
        let whole = path.components().any(|c| c.as_os_str() == "tests") || path.ends_with("broken.rs");
        let from = if whole { Some(0) } else { text.find("#[cfg(test)]") };
        // This file names the exceptions.
        if !path.ends_with("tidy.rs") {
            tests.push_str(from.and_then(|at| text.get(at..)).unwrap_or_default());
        }
    }
    let untested: Vec<_> =
        ids.into_iter().filter(|id| !tests.contains(*id) && !RULES_WITHOUT_TEST.contains(id)).collect();
    assert_eq!(untested, [""; 0], "rules without a test");
}

#[test]
fn nothing_names_one_machine() {
    for (path, text) in sources() {
        if path.ends_with("tidy.rs") {
            continue;
        }
        for word in ["\"/work/", "\"/root/", "\"/home/"] {
            assert!(!text.contains(word), "{} names a path of one machine: {word}", path.display());
        }
    }
}
