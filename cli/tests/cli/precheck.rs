//! What a sender is told before sending is what intake finds.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::house::{Region, text};

#[test]
fn precheck_says_what_intake_says() {
    let region = Region::get();
    let house = region.house();
    let mut findings = 0;
    for night in ["night-01", "night-02"] {
        let mut packages: Vec<PathBuf> =
            fs::read_dir(region.path("inbox").join(night)).unwrap().map(|e| e.unwrap().path()).collect();
        packages.sort();
        for package in packages {
            let output = house.command(&["--json", "precheck", text(&package)]).output().unwrap();
            let code = output.status.code().unwrap();
            let checked: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let said: BTreeMap<String, u64> = checked["rules"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| (r["rule"].as_str().unwrap().to_owned(), r["count"].as_u64().unwrap()))
                .collect();

            let taken = house.command(&["--json", "intake", text(&package)]).output().unwrap();
            assert_eq!(taken.status.code(), Some(code), "{}", text(&package));
            let taken: serde_json::Value = serde_json::from_slice(&taken.stdout).unwrap();
            let outcome = &taken["packages"][0]["outcome"]["Ok"];
            if outcome["repeated"] == true {
                continue;
            }
            let found: BTreeMap<String, u64> = outcome["findings"]
                .as_object()
                .unwrap()
                .iter()
                // Persons are matched, and codes looked up, in the house only.
                .filter(|(rule, _)| !rule.starts_with("MPI-") && !rule.starts_with("CODE-"))
                .map(|(rule, n)| (rule.clone(), n.as_u64().unwrap()))
                .collect();
            assert_eq!(said, found, "{}", text(&package));
            findings += found.len();
            for (kind, line) in outcome["balance"]["lines"].as_object().unwrap() {
                let counted: u64 = checked["kinds"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|k| k["records"][kind].as_u64().unwrap_or(0))
                    .sum();
                assert_eq!(counted, line["received"].as_u64().unwrap(), "{kind}");
            }
        }
    }
    assert!(findings >= 4, "{findings}");
}
