//! Acknowledgement packages: written for every delivery of a night, signed, the same each time, and what comes back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::house::{House, Region, files, text};

fn outbox(house: &House) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for sender in fs::read_dir(house.data().join("outbox")).unwrap() {
        found.extend(fs::read_dir(sender.unwrap().path()).unwrap().map(|e| e.unwrap().path()));
    }
    found.sort();
    found
}

fn receipt(package: &Path) -> Value {
    serde_json::from_slice(&fs::read(package.join("receipt.json")).unwrap()).unwrap()
}

/// Content and time of every file: neither changes when nothing is written.
fn state(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, std::time::SystemTime)> {
    files(folder)
        .into_iter()
        .map(|f| {
            let modified = fs::metadata(&f).unwrap().modified().unwrap();
            (f.clone(), (fs::read(&f).unwrap(), modified))
        })
        .collect()
}

#[test]
fn every_delivery_of_a_night_is_acknowledged_once() {
    let region = Region::get();
    let house = region.house();
    let first = house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    assert!(first.out.contains("outbox"), "{}", first.out);
    house.run(3, &["nightly", "--inbox", text(&region.path("inbox/night-02"))]);
    let packages = outbox(&house);
    let all = house.json(0, &["submission"]);
    assert_eq!(packages.len(), all.as_array().unwrap().len());
    let key = house.data().join("keys/house.pub");
    let (mut findings, mut compared, mut quarantined) = (0, 0, 0);
    for package in &packages {
        let names: Vec<String> = fs::read_dir(package)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names.len(), 6, "{names:?}");
        // Without an installation: a sender has none.
        let verified = crate::house::run_in(
            &house.beside("nowhere"),
            0,
            &["--json", "ack", "verify", text(package), "--key", text(&key)],
        );
        assert_eq!(verified.json()["ok"], true);
        let receipt = receipt(package);
        assert!(package.ends_with(receipt["submission"].as_str().unwrap()));
        assert!(package.parent().unwrap().ends_with(receipt["submitter"].as_str().unwrap()));
        assert_eq!(receipt["balance_closes"], true);
        assert!(
            receipt["manifest_blake3"].as_str().unwrap().starts_with(receipt["submission"].as_str().unwrap())
        );
        let totals = receipt["control_totals"].as_array().unwrap();
        assert!(!totals.is_empty());
        assert!(totals.iter().all(|t| t["promised"] == t["counted"]), "{totals:?}");
        let told: u64 =
            receipt["findings"].as_object().unwrap().values().map(|f| f["count"].as_u64().unwrap()).sum();
        let csv = fs::read_to_string(package.join("findings.csv")).unwrap();
        assert_eq!(csv.lines().count() as u64, told + 1);
        let list: Value = serde_json::from_slice(&fs::read(package.join("findings.json")).unwrap()).unwrap();
        assert_eq!(list["findings"].as_array().unwrap().len() as u64, told);
        assert!(list["rules"].as_array().unwrap().iter().all(|r| r["mend_ja"].is_string()));
        findings += told;
        let page = fs::read_to_string(package.join("report.html")).unwrap();
        compared += usize::from(page.contains("前回の提出との比較"));
        quarantined += receipt["balance"]
            .as_object()
            .unwrap()
            .values()
            .map(|l| l["quarantined"].as_u64().unwrap())
            .sum::<u64>();
        let form = fs::read_to_string(package.join("quality.csv")).unwrap();
        assert_eq!(form.lines().count() as u64, receipt["quality"]["facts"].as_u64().unwrap() + 1);
    }
    assert!(findings > 0 && compared > 0 && quarantined > 0, "{findings} {compared} {quarantined}");

    // The same night again, and single packages again: nothing is written.
    let before = state(&house.data().join("outbox"));
    let again = house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-02"))]);
    assert!(!again.out.contains("outbox"), "{}", again.out);
    let id = receipt(&packages[0])["submission"].as_str().unwrap().to_owned();
    assert_eq!(house.json(0, &["ack", &id])["new"], false);
    assert_eq!(state(&house.data().join("outbox")), before);

    // Elsewhere, as a folder and as a zip: the same receipt.
    let (folder, zip) = (house.beside("ack"), house.beside("ack.zip"));
    for out in [&folder, &zip] {
        assert_eq!(house.json(0, &["ack", &id, "--out", text(out)])["new"], true);
        assert_eq!(house.json(0, &["ack", &id, "--out", text(out)])["new"], false);
        house.run(0, &["ack", "verify", text(out)]);
    }
    assert_eq!(receipt(&folder), receipt(&packages[0]));

    // Any file changed, added or taken away, and another key: not verified.
    for name in
        ["receipt.json", "receipt.json.sig", "findings.csv", "findings.json", "report.html", "quality.csv"]
    {
        let at = folder.join(name);
        let sound = fs::read(&at).unwrap();
        let mut changed = sound.clone();
        let place = changed.len() / 2;
        changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
        fs::write(&at, &changed).unwrap();
        house.run(4, &["ack", "verify", text(&folder)]);
        fs::remove_file(&at).unwrap();
        house.run(4, &["ack", "verify", text(&folder)]);
        fs::write(&at, &sound).unwrap();
    }
    fs::write(folder.join("extra.txt"), "x").unwrap();
    house.run(4, &["ack", "verify", text(&folder)]);
    let other = house.data().join("keys/board.pub");
    house.run(4, &["ack", "verify", text(&zip), "--key", text(&other)]);
    // What is no longer sound is written anew.
    assert_eq!(house.json(0, &["ack", &id, "--out", text(&folder)])["new"], true);
    house.run(0, &["ack", "verify", text(&folder)]);
}

#[test]
fn a_sender_answers_about_the_sample() {
    let region = Region::get();
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    let package = outbox(&house)
        .into_iter()
        .find(|p| receipt(p)["quality"]["facts"].as_u64().unwrap() > 3)
        .expect("a sample with facts");
    let id = receipt(&package)["submission"].as_str().unwrap().to_owned();
    let form = fs::read_to_string(package.join("quality.csv")).unwrap();
    assert!(form.contains("診療行為") || form.contains("医薬品"), "{form}");
    // No table of persons; every unit is one of the delivery, named by the hash of its document.
    assert!(!form.lines().any(|l| l.split(',').nth(10) == Some("人")));
    let units: std::collections::BTreeSet<&str> =
        form.lines().skip(1).map(|l| l.split(',').nth(1).unwrap()).collect();
    assert!(units.len() as u64 <= receipt(&package)["quality"]["units"].as_u64().unwrap());

    // Three answers: two agree, one does not.
    let answers = ["一致", "不一致", "match"];
    let filled: Vec<String> = form
        .lines()
        .enumerate()
        .map(|(n, line)| match n.checked_sub(1).and_then(|n| answers.get(n)) {
            Some(answer) => format!("{line}{answer}"),
            None => line.to_owned(),
        })
        .collect();
    let at = house.beside("filled.csv");
    fs::write(&at, filled.join("\r\n")).unwrap();
    for _ in 0..2 {
        let kept = house.json(0, &["quality", "import", text(&at)]);
        assert_eq!((kept["answers"].as_u64(), kept["submission"].as_str()), (Some(3), Some(id.as_str())));
    }
    assert_eq!(house.json(0, &["ack", &id])["new"], true);
    let receipt = receipt(&package);
    assert_eq!(receipt["quality"]["answers"]["match"], 2);
    assert_eq!(receipt["quality"]["answers"]["mismatch"], 1);
    assert!(fs::read_to_string(package.join("report.html")).unwrap().contains("66.6 %"));

    // A form that cannot be read, and one about facts of another delivery, are refused whole.
    fs::write(&at, filled.join("\r\n").replace("不一致", "わからない")).unwrap();
    assert_eq!(house.json(3, &["quality", "import", text(&at)])["ok"], false);
    let fact = filled[1].split(',').nth(7).unwrap();
    fs::write(&at, filled.join("\r\n").replace(fact, &"0".repeat(32))).unwrap();
    house.run(1, &["quality", "import", text(&at)]);
    assert_eq!(house.json(0, &["ack", &id])["new"], false);
}
