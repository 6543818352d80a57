//! The main job, from synthetic packages to a verified release, with every exit code on the way.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::house::{House, Region, files, string, text};

/// Changes one byte in the middle of a file, and gives back what was there.
fn change(path: &Path) -> Vec<u8> {
    let before = fs::read(path).unwrap();
    let mut after = before.clone();
    let middle = after.len() / 2;
    after[middle] ^= 1;
    fs::write(path, after).unwrap();
    before
}

fn package<'a>(night: &'a Value, name: &str) -> &'a Value {
    let all = night["packages"].as_array().unwrap();
    let one = all.iter().find(|p| p["package"] == name).unwrap_or_else(|| panic!("no package {name}"));
    &one["outcome"]["Ok"]
}

/// Both nights and the opt-outs between them.
fn two_nights(house: &House) {
    let region = &house.region;
    let first = house.json(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    assert_eq!(first["packages"].as_array().unwrap().len(), 5);
    let list = region.path("optout/optout.csv");
    let rows = fs::read_to_string(&list).unwrap().lines().count() - 1;
    assert!(rows > 0);
    assert_eq!(house.json(0, &["optout", "load", text(&list)])["rows"], rows);
    assert_eq!(house.json(0, &["optout", "status"])["entries"], rows);
    // Broken on purpose: some records are quarantined, and exit code 3 says so.
    let inbox = region.path("inbox/night-02");
    let second = house.json(3, &["nightly", "--inbox", text(&inbox), "--date", "2026-11-11"]);
    let truth: toml::Value =
        toml::from_str(&fs::read_to_string(region.path("truth/expected.toml")).unwrap()).unwrap();
    let name_of =
        |entry: &toml::Value| entry["submission"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let broken = truth["broken"].as_array().unwrap();
    assert!(!broken.is_empty());
    for entry in broken {
        let outcome = package(&second, &name_of(entry));
        for rule in entry["rules"].as_array().unwrap() {
            let rule = rule.as_str().unwrap();
            assert!(outcome["findings"][rule].as_u64() >= Some(1), "{rule} was not found: {outcome}");
        }
        assert!(outcome["balance"]["lines"].as_object().unwrap().values().any(|l| l["quarantined"] != 0));
    }
    for entry in truth["repeated"].as_array().unwrap() {
        assert_eq!(package(&second, &name_of(entry))["repeated"], true);
    }
    assert_eq!(second["overdue"].as_array().unwrap().len(), 1);
    // The same night again: everything was there, nothing needs a look.
    let again = house.json(0, &["nightly", "--inbox", text(&inbox)]);
    assert!(again["packages"].as_array().unwrap().iter().all(|p| p["outcome"]["Ok"]["repeated"] == true));
}

/// The file of the region that hashes so.
fn original(house: &House, document: &str) -> PathBuf {
    let hashes_so = |p: &PathBuf| blake3::hash(&fs::read(p).unwrap()).to_hex().as_str() == document;
    files(&house.region.path("inbox")).into_iter().find(hashes_so).expect("the document came from the inbox")
}

/// A fact back to its bytes, its submission forward, its document byte for byte.
fn trace(house: &House) -> String {
    let trace = house.json(0, &["trace", "any"]);
    let source = &trace["source"];
    for name in ["provider", "submission", "mapper_version", "text"] {
        assert!(!string(source, name).is_empty(), "{name} is empty");
    }
    // Only receipts are read with a master; what codes itself names none.
    let receipt = string(source, "mapper_version").starts_with("uke");
    assert_eq!(!string(source, "master_version").is_empty(), receipt, "{source}");
    let document = string(source, "document");
    let bytes = fs::read(original(house, &document)).unwrap();
    let at = |name: &str| usize::try_from(source["range"][name].as_u64().unwrap()).unwrap();
    let range = at("start")..at("start") + at("len");
    let cut = bytes.get(range).expect("the range lies inside the document");
    let shown = string(source, "text");
    // What is in plain ASCII is shown as it stands in the file.
    let code = string(&trace["fact"]["source"], "code");
    assert!(shown.contains(&code), "{shown} does not show {code}");
    assert!(cut.windows(code.len()).any(|w| w == code.as_bytes()), "the range does not hold the code {code}");
    let person = &trace["person"];
    let decisions = person["decisions"].as_array().unwrap();
    assert!(decisions.iter().any(|d| d["research_id"] == person["research_id"]), "who decided? {person}");
    assert_eq!(trace["current"], true);

    let fact = string(&trace, "fact_id");
    assert_eq!(string(&house.json(0, &["trace", &fact]), "fact_id"), fact);
    let submission = string(source, "submission");
    let forward = house.json(0, &["trace", "--submission", &submission]);
    let table = string(&trace["fact"], "table");
    let facts = forward["facts"].as_array().unwrap();
    let current = facts.iter().find(|f| f["table"] == table.as_str()).map(|f| f["current"].as_u64());
    assert!(current > Some(Some(0)), "{forward}");
    assert!(forward["documents"].as_array().unwrap().iter().any(|d| d == document.as_str()));

    let rebuilt = house.beside("rebuilt");
    house.run(0, &["rebuild", &document[..16], "--out", text(&rebuilt)]);
    assert!(fs::read(&rebuilt).unwrap() == bytes, "the rebuilt document differs from the original");
    let piped = house.command(&["rebuild", &document, "--out", "-"]).output().unwrap();
    assert!(piped.stdout == bytes);
    house.run(1, &["rebuild", "ffffffffffffffff", "--out", text(&rebuilt)]);
    submission
}

/// Files a request and has it approved.
fn approved(house: &House, spec: &Path) -> (String, String) {
    house.without_committee();
    let request = string(&house.json(0, &["request", "new", text(spec), "--by", "board-02"]), "request");
    let refused = house.run(1, &["board", "approve", &request, "--approver", "board-02"]);
    assert!(refused.err.contains("REV_SAME_PERSON"), "{}", refused.err);
    let approval = house.json(0, &["board", "approve", &request, "--approver", "board-01"]);
    (request, string(&approval, "approval"))
}

#[test]
fn the_main_job() {
    let region = Region::get();
    let house = region.house();
    two_nights(&house);
    let submission = trace(&house);
    let (package, _) = release(&house);
    let forward = house.json(0, &["trace", "--submission", &submission]);
    let id = package.file_name().unwrap().to_str().unwrap();
    assert!(forward["releases"].as_array().unwrap().iter().any(|r| r == id), "{forward} does not name {id}");
    check(&house);
    report(&house, &submission);
}

/// Builds two releases; spoils them in every way that must be noticed.
fn release(house: &House) -> (PathBuf, PathBuf) {
    let spec = house.region.path("requests/persons-by-diagnosis.toml");
    let other_spec = house.beside("other.toml");
    let text_of = fs::read_to_string(&spec).unwrap();
    let narrower = text_of.replace("without_suspected = true", "without_suspected = false");
    assert_ne!(text_of, narrower);
    fs::write(&other_spec, narrower).unwrap();
    let (request, approval) = approved(house, &spec);
    let (other_request, other_approval) = approved(house, &other_spec);
    assert_ne!(approval, other_approval);
    let out = house.beside("releases");
    for wrong in [request.as_str(), other_request.as_str(), "A-0000000000000000"] {
        house.run(1, &["release", "build", wrong, "--out", text(&out)]);
    }
    house.run(1, &["board", "approve", "nothing-of-that-name", "--approver", "board-01"]);
    assert!(!out.exists() || files(&out).is_empty(), "a refused release left something");

    let said = house.run(0, &["--lang", "en", "release", "build", &approval, "--out", text(&out)]).out;
    let left_out =
        said.split_once(" identities left out").and_then(|(a, _)| a.rsplit('(').next()?.parse().ok());
    assert!(left_out > Some(0_u64), "nobody was left out in spite of opt-outs: {said}");
    let package = fs::read_dir(&out).unwrap().next().unwrap().unwrap().path();
    let other = house.json(0, &["release", "build", &other_approval, "--out", text(&out)]);
    let other = PathBuf::from(string(&other, "folder"));
    assert_ne!(package, other);
    let verify = ["release", "verify", text(&package)];
    assert_eq!(house.json(0, &verify)["ok"], true);

    for name in [
        "spec.toml",
        "approval.json",
        "approval.sig",
        "table.csv",
        "manifest.json",
        "manifest.sig",
        "README.txt",
    ] {
        let path = package.join(name);
        let before = change(&path);
        house.run(4, &verify);
        fs::remove_file(&path).unwrap();
        house.run(4, &verify);
        fs::write(&path, before).unwrap();
    }
    // The approval of another scope, whole and rightly signed.
    let kept: Vec<(PathBuf, Vec<u8>)> = ["approval.json", "approval.sig"]
        .iter()
        .map(|name| {
            let before = fs::read(package.join(name)).unwrap();
            fs::copy(other.join(name), package.join(name)).unwrap();
            (package.join(name), before)
        })
        .collect();
    house.run(4, &verify);
    for (path, before) in kept {
        fs::write(path, before).unwrap();
    }
    // Nothing may ride along.
    fs::write(package.join("rows.csv"), "1").unwrap();
    house.run(4, &verify);
    fs::remove_file(package.join("rows.csv")).unwrap();
    // The keys of another house.
    let stranger = house.data().join("keys/release.pub");
    house.run(4, &[&verify[..], &["--board-key", text(&stranger)]].concat());
    house.run(0, &verify);
    (package, other)
}

/// Damage in vault or lake is noticed, and its undoing too.
fn check(house: &House) {
    let before = house.fingerprint();
    for (folder, list) in [("lake", "bad_lake_files"), ("vault", "bad_packs")] {
        let all = files(&house.data().join(folder));
        let file = all.iter().find(|p| p.extension().is_some_and(|e| e == "parquet" || e == "pack")).unwrap();
        let bytes = change(file);
        let found = house.json(4, &["check"]);
        assert_eq!(found[list].as_array().unwrap().len(), 1, "{found}");
        fs::remove_file(file).unwrap();
        assert_eq!(house.json(4, &["check"])[list].as_array().unwrap().len(), 1);
        fs::write(file, bytes).unwrap();
    }
    assert_eq!(house.fingerprint(), before);
}

/// Pages that load nothing and run nothing.
fn report(house: &House, submission: &str) {
    let page = house.beside("report.html");
    for words in [&[][..], &["--lang", "en"], &["--submission", submission]] {
        house.run(0, &[&["report", "--out", text(&page)], words].concat());
        let html = fs::read_to_string(&page).unwrap();
        assert!(
            html.starts_with("<!DOCTYPE html>") && html.trim_end().ends_with("</html>"),
            "not one whole page"
        );
        let low = html.to_lowercase();
        for word in
            ["http://", "https://", "<script", "<link", "<iframe", "@import", "src=", " onload=", " onclick="]
        {
            assert!(!low.contains(word), "the report holds {word}");
        }
        // Patterns and headings of the page itself may be pointed to.
        for pointer in ["url(", "href=\""] {
            assert!(
                low.split(pointer).skip(1).all(|after| after.starts_with('#')),
                "{pointer} leads out of the report"
            );
        }
        fs::remove_file(&page).unwrap();
    }
}
