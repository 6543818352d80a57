//! The synthetic twin of a request, end to end: the files and columns of a release, the same bytes for the same seed, no
//! house opened.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::house::{folder, run_in, text};

/// A request from a template of the house.
fn request(here: &Path, template: &str) -> PathBuf {
    let file = here.join(format!("{template}.toml"));
    let period = ["--from", "2026-01-01", "--to", "2026-12-31", "--recipient", "見本大学"];
    let words = ["request", "template", template, "--recipient-id", "mihon", "--out", text(&file)];
    run_in(&here.join("no-house"), 0, &[&words[..], &period].concat());
    file
}

fn header(file: &Path) -> String {
    let csv = fs::read_to_string(file).unwrap();
    csv.lines().next().unwrap().trim_start_matches('\u{feff}').to_owned()
}

/// The values of a column.
fn column(file: &Path, name: &str) -> BTreeSet<String> {
    let at = header(file).split(',').position(|c| c == name).unwrap();
    let csv = fs::read_to_string(file).unwrap();
    csv.lines().skip(1).map(|line| line.split(',').nth(at).unwrap().to_owned()).collect()
}

#[test]
fn a_twin_has_the_files_of_a_release_and_opens_no_house() {
    let here = folder();
    let spec = request(here.path(), "diabetes-anonymized");
    let twin = |seed: &str, name: &str| {
        let out = here.path().join(name);
        let words = ["--json", "release", "twin", text(&spec), "--persons", "3000", "--seed", seed, "--out"];
        let said = run_in(&here.path().join("no-house"), 0, &[&words[..], &[text(&out)]].concat()).json();
        assert!(said["synthetic"] == true && said["cohort"].as_u64().unwrap() >= 50, "{said}");
        out
    };
    let (a, b, other) = (twin("7", "a"), twin("7", "b"), twin("8", "c"));
    assert!(!here.path().join("no-house").exists(), "a twin needs no house");

    assert_eq!(header(&a.join("person.csv")), "pid,sex,age,area");
    assert_eq!(header(&a.join("condition_occurrence.csv")), "pid,code,when");
    assert_eq!(header(&a.join("drug_exposure.csv")), "pid,code,when,days");
    assert_eq!(header(&a.join("measurement.csv")), "pid,code,when,value,unit");
    let readme = fs::read_to_string(a.join("README.txt")).unwrap();
    assert!(readme.contains("合　成　デ　ー　タ") && readme.contains("Nobody in these files exists"));
    let names = |of: &Path| -> BTreeSet<String> {
        fs::read_dir(of).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert!(names(&a).contains("person.parquet") && names(&a).contains("dictionary.csv"));
    assert!(!names(&a).iter().any(|n| n.starts_with("manifest") || n.starts_with("approval")));

    // The persons of the files are those of the table of persons; codes are of the lists, or made coarser.
    let pids = column(&a.join("person.csv"), "pid");
    assert!(column(&a.join("drug_exposure.csv"), "pid").is_subset(&pids));
    let codes = column(&a.join("condition_occurrence.csv"), "code");
    assert!(codes.iter().any(|c| c.starts_with("E11")), "{codes:?}");
    let letter = |c: &String| c == "*" || c.starts_with(|l: char| l.is_ascii_uppercase());
    assert!(codes.iter().all(letter), "{codes:?}");

    for name in names(&a) {
        assert_eq!(fs::read(a.join(&name)).unwrap(), fs::read(b.join(&name)).unwrap(), "{name}");
    }
    assert_ne!(pids, column(&other.join("person.csv"), "pid"));
}

#[test]
fn what_has_no_twin_is_refused_and_leaves_nothing() {
    let here = folder();
    let out = here.path().join("twin");
    let refused = |template: &str, persons: &str, word: &str| {
        let spec = request(here.path(), template);
        let words = ["release", "twin", text(&spec), "--persons", persons, "--out", text(&out)];
        let said = run_in(&here.path().join("no-house"), 1, &words);
        assert!(said.err.contains(word), "{word}: {}", said.err);
        assert!(!out.exists());
    };
    refused("s1-drug-quantity", "10", "REL_TWIN");
    refused("diabetes-anonymized", "20", "REL_FLOOR");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("mine"), "x").unwrap();
    let spec = request(here.path(), "diabetes-anonymized");
    let words = ["release", "twin", text(&spec), "--persons", "3000", "--out", text(&out)];
    assert!(run_in(&here.path().join("no-house"), 1, &words).err.contains("PACK_EXISTS"));
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}
