//! Products of rows and tables: from a policy that the board signed to packages that the independent checker passes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::house::{House, Region, files, string, text};

/// A preset for a small region: smaller classes, nothing else.
pub fn adopted(house: &House, preset: &str) {
    let said = house.json(0, &["policy", "preset", preset]);
    let small = string(&said, "text")
        .replace("k_with_events = { value = 50", "k_with_events = { value = 6")
        .replace("suppression_limit = { value = 0.05", "suppression_limit = { value = 0.3")
        .replace("rare_min_persons = { value = 10", "rare_min_persons = { value = 3");
    let file = house.beside(&format!("{preset}.toml"));
    fs::write(&file, small).unwrap();
    house.run(0, &["policy", "adopt", text(&file), "--by", "board-01"]);
}

/// Files a request from a template and has it approved: the approval.
fn approved(house: &House, template: &str, recipient: &str) -> String {
    house.without_committee();
    let file = house.beside(&format!("{template}-{recipient}.toml"));
    let period = ["--from", "2026-01-01", "--to", "2026-12-31", "--recipient-id", recipient];
    let words = [&["request", "template", template, "--out", text(&file)], &period[..]].concat();
    house.run(0, &words);
    let request = string(&house.json(0, &["request", "new", text(&file), "--by", "申出者"]), "request");
    let decided = house.json(0, &["board", "approve", &request, "--approver", "board-01"]);
    string(&decided, "approval")
}

fn built(house: &House, approval: &str) -> PathBuf {
    let out = house.beside("releases");
    let made = house.json(0, &["release", "build", approval, "--out", text(&out)]);
    PathBuf::from(string(&made, "folder"))
}

fn pids(package: &Path) -> BTreeSet<String> {
    let person = fs::read_to_string(package.join("person.csv")).unwrap();
    let first = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
    person.lines().skip(1).map(first).collect()
}

#[test]
fn rows_and_tables_leave_only_through_the_checker() {
    let house = Arc::new(Region::of("600")).house();
    house.run(0, &["nightly", "--inbox", text(&house.region.path("inbox/night-01"))]);

    // A policy that nobody signed is none.
    let approval = approved(&house, "diabetes-anonymized", "mihon-a");
    let out = house.beside("releases");
    let refused = house.run(1, &["release", "build", &approval, "--out", text(&out)]);
    assert!(refused.err.contains("REV_UNKNOWN"), "{}", refused.err);
    assert!(!out.exists() || files(&out).is_empty());
    for preset in ["anonymized-default", "pseudonymized-default", "statistics-default"] {
        adopted(&house, preset);
    }

    // Anonymised: the same bytes when asked again, other pseudonyms for another recipient.
    let anonymized = built(&house, &approval);
    let before = fs::read(anonymized.join("person.csv")).unwrap();
    fs::remove_dir_all(&anonymized).unwrap();
    assert_eq!(built(&house, &approval), anonymized);
    assert_eq!(fs::read(anonymized.join("person.csv")).unwrap(), before);
    house.run(0, &["--actor", "checker-01", "release", "verify", text(&anonymized), "--record"]);
    let other = built(&house, &approved(&house, "diabetes-anonymized", "mihon-b"));
    assert!(!pids(&anonymized).is_empty() && pids(&anonymized).is_disjoint(&pids(&other)));

    // Its key is destroyed; that of pseudonymised rows lies in the vault.
    let pseudonymized = built(&house, &approved(&house, "diabetes-pseudonymized", "mihon-c"));
    let keys = house.run(0, &["release", "keys"]).out;
    assert!(keys.contains("破棄") && keys.contains("保管"), "{keys}");

    // Statistics of the plan.
    let statistics = built(&house, &approved(&house, "s5-drug-recipients", "mihon-d"));
    let table = fs::read_to_string(statistics.join("drug-recipients.csv")).unwrap();
    assert!(table.lines().count() > 10 && table.contains(",*"), "nothing small was hidden");

    // One changed byte anywhere, and verification fails.
    for package in [&other, &pseudonymized, &statistics] {
        house.run(0, &["--actor", "checker-01", "release", "verify", text(package)]);
        for file in files(package) {
            let whole = fs::read(&file).unwrap();
            let mut changed = whole.clone();
            let middle = changed.len() / 2;
            changed[middle] ^= 1;
            fs::write(&file, changed).unwrap();
            house.run(4, &["--actor", "checker-01", "release", "verify", text(package)]);
            fs::write(&file, whole).unwrap();
        }
    }

    // The checks of the Act read them.
    for check in ["C-030", "C-034", "C-035", "C-036", "C-040", "C-043", "C-052", "C-055", "C-059"] {
        house.run(0, &["check", "--id", check]);
    }
}

#[test]
fn bad_requests_say_what_is_wrong() {
    let house = Region::get().house();
    let file = house.beside("request.toml");
    house.run(
        0,
        &[
            "request",
            "template",
            "diabetes-anonymized",
            "--from",
            "2026-01-01",
            "--to",
            "2026-12-31",
            "--out",
            text(&file),
        ],
    );
    let request = fs::read_to_string(&file).unwrap();
    for (from, to) in [
        ("\"sex\", \"age\"", "\"sex\", \"name\""),
        ("table = \"drug_exposure\"", "table = \"note\""),
        ("on = \"index\"", "on = \"nothing\""),
        ("[policy]\nname = \"anonymized-default\"\nversion = 1\n", ""),
    ] {
        let broken = request.replacen(from, to, 1);
        assert_ne!(broken, request, "{from}");
        fs::write(&file, broken).unwrap();
        let said = house.run(1, &["request", "new", text(&file), "--by", "申出者"]);
        assert!(said.err.contains("REV_SPEC"), "{}", said.err);
    }
    let policy = house.beside("policy.toml");
    let preset = string(&house.json(0, &["policy", "preset", "anonymized-default"]), "text");
    fs::write(&policy, preset.replacen("k = { value = 5", "k = { value = 2", 1)).unwrap();
    let said = house.run(1, &["policy", "adopt", text(&policy), "--by", "board-01"]);
    assert!(said.err.contains("POL_RULE"), "{}", said.err);
}
