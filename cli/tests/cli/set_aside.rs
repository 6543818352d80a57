//! What was set aside: tried without writing, ordered to be taken in again, given back to its sender with a reason.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::house::{House, Region, files, string, text};
use crate::web::Server;

fn by(house: &House, account: &str, code: i32, words: &[&str]) -> Value {
    house.json(code, &[&["--actor", account, "delivery"], words].concat())
}

/// A package of the first night that has some files, and its files of data.
fn sent(region: &Region) -> (PathBuf, Vec<PathBuf>) {
    let packages = fs::read_dir(region.path("inbox/night-01")).unwrap().map(|e| e.unwrap().path());
    let mut found: Vec<(PathBuf, Vec<PathBuf>)> = packages
        .filter(|p| p.join("manifest.toml").is_file())
        .map(|p| {
            let data = |f: &PathBuf| !f.file_name().unwrap().to_str().unwrap().starts_with("manifest.");
            let data = files(&p).into_iter().filter(data).collect();
            (p, data)
        })
        .filter(|(_, data): &(PathBuf, Vec<PathBuf>)| data.len() > 1)
        .collect();
    found.sort();
    found.into_iter().next().expect("no package of two files")
}

/// A copy of a package without one of its files, as after a transfer that broke off.
fn without(house: &House, package: &Path, missing: &Path, name: &str) -> PathBuf {
    let copy = house.beside(name);
    for file in files(package).iter().filter(|f| *f != missing) {
        let to = copy.join(file.strip_prefix(package).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    }
    copy
}

#[test]
fn a_package_set_aside_is_tried_ordered_and_taken_in_through_every_gate() {
    let house = Region::get().house();
    let (package, data) = sent(&house.region);
    let first = without(&house, &package, &data[0], "first");
    assert_eq!(house.intake(3, &first).0, "quarantined");
    let all = by(&house, "operator-01", 0, &["set-aside"]);
    let id = string(&all["set_aside"][0], "submission");
    let sender = match all["set_aside"][0]["submitter"].as_str() {
        Some("mihon-ishikai-13") => "submitter-01",
        _ => "submitter-02",
    };

    // The trial says what stands against it, and leaves the house as it was.
    let before = house.fingerprint();
    let tried = &by(&house, "operator-01", 0, &["retry", &id])["read"][0];
    assert_eq!((&tried["set_aside"], &tried["ready"]), (&"whole".into(), &false.into()), "{tried}");
    assert!(!tried["package_rules"].as_array().unwrap().is_empty(), "{tried}");
    assert_eq!(house.fingerprint(), before);
    // What does not hold is not ordered; nor by whoever may not, nor without a reason.
    house.run(2, &["--actor", "operator-01", "delivery", "load", &id, "--reason", "再送前の確認"]);
    house.run(2, &["--actor", sender, "delivery", "load", &id, "--reason", "自分の分"]);
    house.run(2, &["--actor", "operator-01", "delivery", "return", &id, "--reason", " "]);

    // Given back: the sender reads why.
    by(&house, "operator-01", 0, &["return", &id, "--reason", "ファイルが足りません"]);
    let aside = &by(&house, "operator-01", 0, &["set-aside"])["set_aside"][0];
    assert_eq!(
        (&aside["decided"]["what"], &aside["decided"]["reason"]),
        (&"returned".into(), &"ファイルが足りません".into())
    );
    assert!(by(&house, sender, 0, &["show", &id]).to_string().contains("ファイルが足りません"));

    // The other half comes: broken as well, and together they are whole.
    let second = without(&house, &package, &data[1], "second");
    assert_eq!(house.intake(3, &second).0, "quarantined");
    let tried = &by(&house, "operator-01", 0, &["retry", &id])["read"][0];
    assert_eq!(tried["ready"], true, "{tried}");
    let units = tried["units"].as_u64().unwrap();
    let fates = ["loaded", "held_units", "again", "excluded", "duplicate"];
    assert_eq!(fates.iter().map(|f| tried[*f].as_u64().unwrap()).sum::<u64>(), units, "{tried}");
    assert!(tried["loaded"].as_u64() > Some(0) && tried["fresh"].as_u64() > Some(0), "{tried}");
    assert_eq!(house.fingerprint(), before, "a trial wrote something");

    // Ordered, and taken in by the next intake, as the trial foretold.
    by(&house, "operator-01", 0, &["load", &id, "--reason", "二回の送信で揃った"]);
    let empty = house.beside("inbox");
    fs::create_dir_all(&empty).unwrap();
    house.json(0, &["nightly", "--inbox", text(&empty)]);
    let shown = by(&house, "operator-01", 0, &["show", &id]);
    assert_eq!(shown["state"], "acknowledged", "{shown}");
    assert_ne!(house.fingerprint(), before);
    // Nothing waits any more, and the order is used up.
    let left = by(&house, "operator-01", 0, &["set-aside"]);
    assert!(left["set_aside"].as_array().unwrap().iter().all(|d| d["state"] != "quarantined"), "{left}");
    house.run(2, &["--actor", "operator-01", "delivery", "load", &id, "--reason", "もう一度"]);
}

#[test]
fn the_operator_tries_and_gives_back_in_the_browser() {
    let house = Region::get().house();
    house.run(0, &["nightly", "--inbox", text(&house.region.path("inbox/night-01"))]);
    house.run(3, &["nightly", "--inbox", text(&house.region.path("inbox/night-02"))]);
    let server = Server::start(&house);
    let operator = server.login("operator-01");
    let all = by(&house, "operator-01", 0, &["set-aside"]);
    let kept = all["set_aside"].as_array().unwrap().iter().find(|d| d["quarantined"].as_u64() > Some(0));
    let id = string(kept.expect("nothing was set aside"), "submission");
    let page = operator.post("/quarantine/retry", &[("id", &id)]).ok(200).text();
    assert!(page.contains("何も書いていません") && page.contains("再び隔離"), "{page}");
    operator.post("/quarantine/return", &[("id", &id), ("reason", "")]).ok(400);
    operator.post("/quarantine/return", &[("id", &id), ("reason", "様式を確かめてください")]).ok(303);
    assert!(operator.get("/quarantine").ok(200).text().contains("差戻し済み"));
    server.login("submitter-01").post("/quarantine/return", &[("id", &id), ("reason", "x")]).ok(403);
}
