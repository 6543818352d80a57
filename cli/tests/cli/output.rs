//! From a built release to its recipient: two checkers, two keys, conditions, delivery, recall; everything refused out of
//! order. Goldens G-14 and G-15.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::house::{House, Region, string, text};

/// A house with one night loaded and the region's registers.
pub fn house(region: &Arc<Region>) -> House {
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    house.run(
        0,
        &["--actor", "officer-01", "register", "load", text(&region.path("registers/registers.toml"))],
    );
    house
}

/// Files the request in a file, has it approved and builds it: the release and its folder.
pub fn built(house: &House, spec: &Path) -> (String, PathBuf) {
    house.without_committee();
    let request = string(&house.json(0, &["request", "new", text(spec), "--by", "申出者"]), "request");
    let approval =
        string(&house.json(0, &["board", "approve", &request, "--approver", "board-01"]), "approval");
    let out = house.beside("releases");
    let made = house.json(0, &["release", "build", &approval, "--out", text(&out)]);
    (string(&made, "release"), PathBuf::from(string(&made, "folder")))
}

/// A ballot in a file: the same for all files, or another for the first.
fn ballot(house: &House, files: &Value, first: &str, rest: &str) -> PathBuf {
    let mut said = String::new();
    for (at, name) in files.as_array().unwrap().iter().enumerate() {
        let verdict = if at == 0 { first } else { rest };
        writeln!(said, "[[file]]\nname = {name}\nverdict = \"{verdict}\"\ncomment = \"欄の幅を確かめた\"")
            .unwrap();
    }
    let file = house.beside("ballot.toml");
    fs::write(&file, said).unwrap();
    file
}

fn by<'a>(actor: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    [&["--actor", actor], words].concat()
}

fn check<'v>(told: &'v Value, field: &str) -> &'v Value {
    &told["check"][field]
}

/// Two checkers vote the release fit.
pub fn passed(house: &House, release: &str) -> String {
    let told = house.json(0, &by("checker-01", &["output", "result", release]));
    let file = ballot(house, &told["files"], "approve", "approve");
    for checker in ["checker-01", "checker-02"] {
        house.run(0, &by(checker, &["output", "vote", release, text(&file)]));
    }
    string(&told, "manifest_hash")
}

/// Two release officers set their keys.
pub fn keyed(house: &House, release: &str, hash: &str) {
    for officer in ["release-approver-01", "release-approver-02"] {
        house.run(0, &by(officer, &["release", "key", release, "--manifest", hash]));
    }
}

#[test]
fn a_release_reaches_its_recipient_after_two_checkers_and_two_keys_only() {
    let region = Region::get();
    let house = house(&region);
    let (release, folder) = built(&house, &region.path("requests/persons-by-diagnosis.toml"));
    let to = ["--to", "mihon-university", "--channel", "download", "--line", "L-0001"];
    let hand = [&["release", "handover", &release], &to[..]].concat();
    let fetched = house.beside("fetched.zip");
    let fetch = ["package", "fetch", &release, "--out", text(&fetched)];

    // Nothing before the check: no key, no hand-over, no delivery.
    let told = house.json(0, &by("checker-01", &["output", "show", &release]));
    assert_eq!(check(&told, "state"), "blind");
    let hash = string(&told, "manifest_hash");
    assert_eq!(hash, blake3_of(&folder.join("manifest.json")));
    house.run(2, &by("release-approver-01", &["release", "key", &release, "--manifest", &hash]));
    house.run(2, &by("release-approver-01", &hand));
    house.run(2, &by("applicant-01", &fetch));
    house.run(2, &by("applicant-01", &["package", "show", &release]));

    looked(&told);
    consolidated(&house, &release, &told);

    // Keys: by two others, on exactly this manifest.
    house.run(2, &by("release-approver-01", &["release", "key", &release, "--manifest", &"0".repeat(64)]));
    house.run(2, &by("checker-01", &["release", "key", &release, "--manifest", &hash]));
    house.run(0, &by("release-approver-01", &["release", "key", &release, "--manifest", &hash]));
    house.run(2, &by("release-approver-01", &["release", "key", &release, "--manifest", &hash]));
    house.run(2, &by("release-approver-01", &hand));
    house.run(0, &by("officer-01", &["release", "key", &release, "--manifest", &hash]));

    // Conditions: a stranger has no contract, a line that is not on the list is none.
    let conditions = |words: &[&str], code| {
        let words = [&["release", "conditions", &release], words].concat();
        house.json(code, &by("release-approver-01", &words))
    };
    let told = conditions(&["--to", "mihon-pharma", "--channel", "download", "--line", "L-0001"], 3);
    assert_eq!(unmet(&told), ["C-063", "C-066"]);
    let told = conditions(&["--to", "mihon-university", "--channel", "download", "--line", "L-9"], 3);
    assert_eq!(unmet(&told), ["C-068"]);
    assert_eq!(conditions(&to, 0)["ready"], true);
    house.run(2, &by("applicant-01", &fetch));
    house.run(0, &by("release-approver-02", &hand));
    house.run(2, &by("release-approver-02", &hand));

    delivered(&house, &release, &hash, &fetched);
}

/// What a checker is shown: cells, never rows of persons; bounds of hidden cells.
fn looked(told: &Value) {
    assert_eq!(told["verified"]["ok"], true);
    let table = &told["files"].as_array().unwrap().iter().find(|f| f["voted"] == true).unwrap()["table"];
    assert_eq!(table["risks"]["below-minimum"], 0);
    assert_eq!(table["risks"]["narrow"], 0);
    let hidden: Vec<&Value> =
        table["risky"].as_array().unwrap().iter().filter(|c| c["shown"].is_null()).collect();
    assert!(!hidden.is_empty() && hidden.iter().all(|c| c["low"].as_u64().unwrap() <= 1), "{table}");
    assert!(told["made"]["by"][0].as_str().unwrap().contains("release-job"));
}

/// Votes blind, differing, then together.
fn consolidated(house: &House, release: &str, told: &Value) {
    let files = &told["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["voted"] == true)
        .map(|f| f["name"].clone())
        .collect::<Value>();
    let yes = ballot(house, files, "approve", "approve");
    let half = house.beside("half.toml");
    fs::write(&half, "file = []\n").unwrap();
    house.run(2, &by("checker-01", &["output", "vote", release, text(&half)]));
    house.run(2, &by("checker-01", &["output", "consolidate", release, text(&yes)]));
    house.run(2, &by("officer-01", &["output", "vote", release, text(&yes)]));
    house.run(0, &by("checker-01", &["output", "vote", release, text(&yes)]));
    house.run(2, &by("checker-01", &["output", "vote", release, text(&yes)]));

    // Blind: the second sees that one has voted, and neither who said what.
    let seen = house.json(0, &by("checker-02", &["output", "result", release]));
    assert_eq!(
        (check(&seen, "cast").as_u64(), check(&seen, "votes").as_array().unwrap().len()),
        (Some(1), 0)
    );
    assert_eq!(check(&seen, "mine"), "outstanding");
    let own = house.json(0, &by("checker-01", &["output", "result", release]));
    assert!(!check(&own, "votes").as_array().unwrap().is_empty());
    for nobody in ["officer-01", "auditor-01"] {
        let seen = house.json(0, &by(nobody, &["output", "result", release]));
        assert!(check(&seen, "votes").as_array().unwrap().is_empty(), "{nobody}");
    }

    let no = ballot(house, files, "change", "approve");
    let answer = house.json(0, &by("checker-02", &["output", "vote", release, text(&no)]));
    assert_eq!(answer["state"], "consolidation");
    let seen = house.json(0, &by("checker-01", &["output", "result", release]));
    assert!(check(&seen, "votes").as_array().unwrap().iter().any(|v| v["verdict"] == "change"));

    // An exception: not from the least number; not decided by whoever asked; the check waits for it.
    let file = files[0].as_str().unwrap();
    let asked = |ground| {
        by(
            "checker-02",
            &[
                "output",
                "exception",
                release,
                "--file",
                file,
                "--ground",
                ground,
                "--reason",
                "公表済みの値と同じ",
            ],
        )
    };
    house.run(2, &asked("cell-minimum"));
    let number = house.json(0, &asked("near-threshold"))["exception"].to_string();
    let yes = ballot(house, files, "approve", "approve");
    for checker in ["checker-01", "checker-02"] {
        house.run(0, &by(checker, &["output", "consolidate", release, text(&yes)]));
    }
    let seen = house.json(0, &by("officer-01", &["output", "list"]));
    assert_eq!(check(&seen["releases"][0], "state"), "exceptions");
    house.run(2, &by("checker-01", &["output", "grant", &number, "--reason", "x"]));
    house.run(2, &by("officer-01", &["output", "decide", release, "--word", "accept", "--reason", "x"]));
    house.run(0, &by("officer-01", &["output", "grant", &number, "--reason", "公表資料で確かめた"]));
    house.run(2, &by("officer-01", &["output", "refuse", &number, "--reason", "x"]));
    assert_eq!(check(&house.json(0, &by("checker-01", &["output", "result", release])), "state"), "checked");
}

fn unmet(told: &Value) -> Vec<&str> {
    let all = told["conditions"].as_array().unwrap();
    all.iter().filter(|c| c["met"] == false).map(|c| c["check"].as_str().unwrap()).collect()
}

fn blake3_of(file: &Path) -> String {
    blake3::hash(&fs::read(file).unwrap()).to_hex().to_string()
}

/// The recipient's side, and what the checks of the Act say of it.
fn delivered(house: &House, release: &str, hash: &str, fetched: &Path) {
    // Row level: another organisation's account finds nothing.
    assert_eq!(house.json(0, &by("applicant-02", &["package", "list"]))["deliveries"], serde_json::json!([]));
    house.run(2, &by("applicant-02", &["package", "show", release]));
    house.run(2, &by("applicant-02", &["package", "fetch", release, "--out", text(fetched)]));
    assert!(!fetched.exists());

    let mine = house.json(0, &by("applicant-01", &["package", "list"]));
    assert_eq!(mine["deliveries"][0]["state"], "handed-over");
    assert!(mine["deliveries"][0]["handed_by"].is_null());
    house.run(0, &by("applicant-01", &["package", "fetch", release, "--out", text(fetched)]));
    let mut zip = zip::ZipArchive::new(fs::File::open(fetched).unwrap()).unwrap();
    let mut manifest = Vec::new();
    zip.by_name(&format!("{release}/manifest.json")).unwrap().read_to_end(&mut manifest).unwrap();
    assert_eq!(blake3::hash(&manifest).to_hex().to_string(), hash);

    let acknowledge = |hash: &str, code| {
        house.run(code, &by("applicant-01", &["package", "acknowledge", release, "--manifest", hash]));
    };
    acknowledge("x", 2);
    acknowledge(&"0".repeat(64), 4);
    // It warns (W): somebody is to look, nothing stops.
    let warned = house.run(0, &["check", "--id", "C-068"]).out;
    assert!(warned.contains("acknowledged with another hash"), "{warned}");
    acknowledge(hash, 0);
    for id in ["C-063", "C-064", "C-066", "C-068", "C-069", "C-058"] {
        house.run(0, &["check", "--id", id]);
    }

    // Recalled: fetched no more, to be destroyed sooner; certified, and then nothing is due.
    let recall = ["release", "recall", release, "--cause", "defect", "--reason", "列の見出しに誤り"];
    house.run(0, &by("release-approver-01", &recall));
    house.run(2, &by("release-approver-01", &recall));
    house.run(2, &by("applicant-01", &["package", "fetch", release, "--out", text(fetched)]));
    let shown = house.json(0, &by("applicant-01", &["package", "show", release]));
    assert_eq!((shown["state"].as_str(), shown["why_not"].as_str()), (Some("recalled"), Some("recalled")));
    assert!(shown["destroy_due"].as_str() < shown["destroy_by"].as_str());
    let paper = house.beside("certificate.txt");
    fs::write(&paper, "").unwrap();
    house.run(2, &by("applicant-01", &["package", "destroyed", release, text(&paper)]));
    fs::write(&paper, "廃棄証明書(見本)").unwrap();
    house.run(0, &by("applicant-01", &["package", "destroyed", release, text(&paper)]));
    house.run(2, &by("applicant-01", &["package", "destroyed", release, text(&paper)]));
    let seen = house.json(0, &by("release-approver-01", &["release", "list", release]));
    assert_eq!(seen["releases"][0]["deliveries"][0]["state"], "destroyed");
    let log = house.run(0, &["audit", "log", "--object", &format!("release:{release}")]).out;
    assert!(log.contains("fetch") || log.contains("提供物の受取り"), "{log}");
}

/// A preset for a small region: smaller classes, nothing else.
fn adopted(house: &House, preset: &str) {
    let said = house.json(0, &["policy", "preset", preset]);
    let small = string(&said, "text").replace("k_with_events = { value = 50", "k_with_events = { value = 6");
    let file = house.beside(&format!("{preset}.toml"));
    fs::write(&file, small).unwrap();
    house.run(0, &["policy", "adopt", text(&file), "--by", "board-01"]);
}

/// G-14: a Type II user asks for a file download: refused. G-15: who was told of anonymised use only is not in the release.
#[test]
fn g14_and_g15_pseudonymised_rows_go_to_the_certified_of_those_who_were_told() {
    let region = Arc::new(Region::of("600"));
    let house = house(&region);
    adopted(&house, "pseudonymized-default");
    let spec = house.beside("request.toml");
    let template =
        ["request", "template", "diabetes-pseudonymized", "--from", "2026-01-01", "--to", "2026-12-31"];
    let whom = ["--recipient", "見本製薬", "--recipient-id", "mihon-pharma", "--out", text(&spec)];
    house.run(0, &[&template[..], &whom].concat());
    let (release, _) = built(&house, &spec);
    house.run(0, &["check", "--id", "C-050"]);

    // Rows: columns as counts, no cell, no value.
    let told = house.json(0, &by("checker-01", &["output", "show", &release]));
    let rows = told["files"].as_array().unwrap().iter().find(|f| f["name"] == "person.csv").unwrap();
    assert!(rows["table"].is_null() && !rows["columns"].as_array().unwrap().is_empty());
    let hash = passed(&house, &release);
    keyed(&house, &release, &hash);

    let register = |kind: &str| {
        let set = [
            "organisation=mihon-pharma",
            "name=見本製薬",
            "certificate=見本-1",
            "from=2020-04-01",
            "until=2099-03-31",
        ];
        let kind = format!("type={kind}");
        let mut words = by("officer-01", &["register", "add", "certified-user", "U-0001", "--set", &kind]);
        set.iter().for_each(|s| words.extend(["--set", s]));
        house.run(0, &words);
    };
    let hand = |channel: &str, code| {
        let words = [
            "release",
            "handover",
            &release,
            "--to",
            "mihon-pharma",
            "--channel",
            channel,
            "--line",
            "L-0001",
        ];
        house.run(code, &by("release-approver-01", &words))
    };
    register("II");
    assert!(hand("download", 2).err.contains("C-065"));
    hand("visiting", 0);
    let out = house.beside("rows.zip");
    let said = house.run(2, &by("applicant-02", &["package", "fetch", &release, "--out", text(&out)]));
    assert!(said.err.contains("閲覧環境") && !out.exists(), "{}", said.err);
    house.run(0, &["check", "--id", "C-065"]);
}
