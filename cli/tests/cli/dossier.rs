//! The dossier of an application: what protection would leave of the product, tried out by the makers of the release itself;
//! one file; and whether it is out of date. And what becomes of releases that hold data of somebody.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::committee::{before_the_committee, by, decided, document_of, file, handed_in, members, say};
use crate::house::{House, Region, string, text};
use crate::output;
use crate::person::found;
use crate::products::adopted;

/// Everything that looks like a band: `from` and `to`.
fn bands(value: &Value, found: &mut Vec<(u64, u64)>) {
    match value {
        Value::Object(fields) => match (fields.get("from"), fields.get("to")) {
            (Some(from), Some(to)) => found.push((from.as_u64().unwrap(), to.as_u64().unwrap())),
            _ => fields.values().for_each(|v| bands(v, found)),
        },
        Value::Array(all) => all.iter().for_each(|v| bands(v, found)),
        _ => {}
    }
}

/// Adopts a preset under another version, for a small region.
fn adopt(house: &House, preset: &str, version: u32) {
    let said = house.json(0, &["policy", "preset", preset]);
    let policy = string(&said, "text").replacen("version = 1", &format!("version = {version}"), 1);
    let policy = file(house, "policy.toml", &policy);
    house.run(0, &["policy", "adopt", &policy, "--by", "board-01"]);
}

fn stale(shown: &Value) -> Vec<&str> {
    shown["stale"].as_array().unwrap().iter().map(|c| c["change"].as_str().unwrap()).collect()
}

#[test]
fn the_dossier_tries_out_what_the_release_will_hide_and_says_when_it_is_out_of_date() {
    let region = Region::get();
    let house = region.house();
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);
    members(&house, 7);
    let id = before_the_committee(&house, &|_| ());
    let make = ["committee", "dossier", "make", &id, "--simulate"];
    // A policy that nobody adopted: nothing would be made, and the dossier says so.
    let none = say(&house, "secretary-01", &make);
    assert_eq!(none["dossier"]["simulation"]["refused"]["code"], "REL_POLICY", "{none}");
    assert_eq!(stale(&say(&house, "member-02", &["committee", "dossier", "show", &id])), [""; 0]);
    adopt(&house, "statistics-default", 1);
    let old = say(&house, "member-02", &["committee", "dossier", "show", &id]);
    assert_eq!(stale(&old), ["policy", "newer-policy"]);

    let made = say(&house, "secretary-01", &make);
    let tried = &made["dossier"]["simulation"];
    let table = &tried["tables"][0];
    assert!(
        tried["refused"].is_null() && tried["basis"]["policy"]["name"] == "statistics-default",
        "{tried}"
    );
    assert_eq!(tried["least"], 10);
    for column in made["dossier"]["columns"].as_array().unwrap() {
        assert!(column["class"] == "quasi" || column["class"] == "sensitive", "{column}");
    }
    assert!(table["small"]["to"].as_u64().unwrap() > 0, "a small region has small cells: {table}");
    // Bands, and nothing below ten told apart; the cohort likewise.
    let mut told = Vec::new();
    bands(tried, &mut told);
    bands(&made["dossier"]["count"], &mut told);
    assert!(told.len() >= 8, "{told:?}");
    for (from, to) in told {
        assert!((from, to) == (0, 0) || (from, to) == (1, 9) || from >= 10, "{from}–{to}");
    }

    // One file for reading and printing, with all hashes, that fetches nothing; for whoever may see the case.
    let page = house.beside("dossier.html");
    let show = ["committee", "dossier", "show", &id, "--html", text(&page)];
    let shown = say(&house, "member-02", &show);
    let html = fs::read_to_string(&page).unwrap();
    assert_eq!(string(&shown, "html_hash"), blake3::hash(html.as_bytes()).to_hex().to_string());
    for hash in [
        string(&made, "hash"),
        string(&made["dossier"], "document_hash"),
        string(&made["dossier"], "scope_hash"),
    ] {
        assert!(html.contains(&hash));
    }
    assert!(html.contains("小さいセルの試算") && html.contains("statistics-default/1"));
    assert!(
        !html.contains("http:")
            && !html.contains("https:")
            && !html.contains("<script")
            && !html.contains("src=")
    );
    fs::remove_file(&page).unwrap();
    for nobody in ["member-01", "applicant-01", "checker-01"] {
        by(&house, nobody, 2, &show);
    }
    assert!(!page.exists());

    // What was tried is what is made: the release hides as many cells as the band says.
    decided(&house, &id, "approve", None);
    let request = string(&say(&house, "applicant-01", &["application", "show", &id]), "request");
    let sign = ["board", "approve", &request, "--approver", "board-01"];
    let approval = string(&say(&house, "board-01", &sign), "approval");
    let out = house.beside("releases");
    let built = house.json(0, &["release", "build", &approval, "--out", text(&out)]);
    for (band, cells) in [("hidden", "cells_hidden"), ("shown", "cells_shown")] {
        let cells = built[cells].as_u64().unwrap();
        let (from, to) = (table[band]["from"].as_u64().unwrap(), table[band]["to"].as_u64().unwrap());
        assert!((from..=to).contains(&cells), "{band}: {cells} is not in {from}–{to}");
    }

    // A newer version of the policy, more deliveries, a stop: each is told.
    let show = ["committee", "dossier", "show", &id];
    assert_eq!(stale(&say(&house, "secretary-01", &show)), [""; 0]);
    adopt(&house, "statistics-default", 2);
    assert_eq!(stale(&say(&house, "secretary-01", &show)), ["newer-policy"]);
    house.run(3, &["nightly", "--inbox", text(&region.path("inbox/night-02"))]);
    assert!(stale(&say(&house, "secretary-01", &show)).contains(&"snapshot"));
    let english = by(&house, "member-02", 0, &["--lang", "en", "committee", "dossier", "show", &id]);
    assert!(english.out.contains("since it was made: a newer version"), "{}", english.out);
}

/// A number lies in a band.
fn within(band: &Value, number: &Value) -> bool {
    let end = |name: &str| band[name].as_u64().unwrap();
    (end("from")..=end("to")).contains(&number.as_u64().unwrap())
}

#[test]
fn of_rows_the_dossier_tells_small_classes_before_and_what_is_left_after() {
    let house = Arc::new(Region::of("600")).house();
    house.run(0, &["nightly", "--inbox", text(&house.region.path("inbox/night-01"))]);
    members(&house, 7);
    let document =
        document_of(&house, "diabetes-anonymized", &|d| d["fields"]["data-class"] = json!("anonymized"));
    let id = handed_in(&house, &document);
    let make = ["committee", "dossier", "make", &id, "--simulate"];
    adopted(&house, "anonymized-default");
    let made = say(&house, "secretary-01", &make);
    let (tried, rows) = (&made["dossier"]["simulation"], &made["dossier"]["simulation"]["rows"]);
    assert!(tried["refused"].is_null() && rows["generalised"] == true, "{tried}");
    assert!(rows["small_classes"]["to"].as_u64().unwrap() > 0 && rows["k"].as_u64().unwrap() >= 5, "{rows}");
    let after = &rows["after"];
    assert_eq!(after["holds_k"], true, "{after}");
    let classes: Vec<&str> =
        made["dossier"]["columns"].as_array().unwrap().iter().filter_map(|c| c["class"].as_str()).collect();
    assert!(classes.contains(&"quasi"), "{classes:?}");
    let mut told = Vec::new();
    bands(tried, &mut told);
    for (from, to) in told {
        assert!((from, to) == (0, 0) || (from, to) == (1, 9) || from >= 10, "{from}–{to}");
    }
    // The release that is made of it claims what was tried.
    decided(&house, &id, "approve", None);
    let request = string(&say(&house, "applicant-01", &["application", "show", &id]), "request");
    let sign = ["board", "approve", &request, "--approver", "board-01"];
    let approval = string(&say(&house, "board-01", &sign), "approval");
    let built = house.json(0, &["release", "build", &approval, "--out", text(&house.beside("releases"))]);
    let risk = fs::read(Path::new(built["folder"].as_str().unwrap()).join("risk.json")).unwrap();
    let risk: Value = serde_json::from_slice(&risk).unwrap();
    assert!(within(&after["released"], &risk["persons"]["released"]), "{after} {risk}");
    assert!(within(&after["suppressed"], &risk["persons"]["suppressed"]), "{after} {risk}");
    assert!(within(&after["classes"], &risk["classes"]), "{after} {risk}");
    assert!(within(&after["events"]["removed"], &risk["events"]["removed"]), "{after} {risk}");
}

#[test]
fn releases_that_hold_somebody_say_to_whom_they_went_and_what_the_act_asks() {
    let region = Region::get();
    let house = output::house(&region);
    let (release, _) = output::built(&house, &region.path("requests/persons-by-diagnosis.toml"));
    let whose = |id: &str, actor: &str| {
        house.json(0, &["--actor", actor, "person", "affected", id, "--stop"])["handed"].clone()
    };
    let (_, id) = found(&house, 8)
        .into_iter()
        .find(|(_, id)| !whose(id, "officer-01")["releases"].as_array().unwrap().is_empty())
        .expect("somebody who is in the release");
    // Not handed over yet: it is made anew without the person.
    let before = whose(&id, "officer-01");
    assert_eq!(
        (&before["releases"][0]["release"], before["releases"][0]["duty"].as_str()),
        (&release.clone().into(), Some("hold-back"))
    );
    // Handed over, statistics: nothing is done, and nobody looks into it.
    let hash = output::passed(&house, &release);
    output::keyed(&house, &release, &hash);
    let to = ["--to", "mihon-university", "--channel", "download", "--line", "L-0001"];
    house.run(0, &[&["--actor", "release-approver-02", "release", "handover", &release], &to[..]].concat());
    for actor in ["officer-01", "linker-01"] {
        let after = whose(&id, actor);
        assert_eq!(after["releases"][0]["duty"], "nothing", "{after}");
        assert_eq!(after["releases"][0]["handed"][0]["organisation"], "mihon-university");
        assert_eq!(after["duties"][0]["releases"], 1);
    }
    // The desk learns how many, not which, nor whose they are.
    let desk = whose(&id, "desk-01");
    assert_eq!((&desk["releases"], &desk["duties"][0]["releases"]), (&Value::Null, &1.into()));
    assert!(!desk.to_string().contains("mihon-university") && !desk.to_string().contains(&release));
    house.run(2, &["--actor", "auditor-01", "person", "affected", &id]);
}
