//! Every format of the founding table goes the whole way: made, sent, loaded, traced back to its bytes.

use std::collections::BTreeSet;
use std::fs;

use musubi_model::manifest::{FeedKind, Manifest};

use crate::house::{folder, run_in, string, text};

#[test]
fn every_format_is_loaded_and_every_submission_leads_back_to_its_bytes() {
    let folder = folder();
    let (data, region) = (folder.path().join("data"), folder.path().join("region"));
    let run = |words: &[&str]| run_in(&data, 0, words);
    run(&[
        "synth",
        "--persons",
        "300",
        "--nights",
        "1",
        "--others",
        "300",
        "--clean",
        "--out",
        text(&region),
    ]);
    crate::house::found(&data, &region);
    run(&["feeds", text(&region.join("feeds.toml"))]);
    crate::house::told(&data, &region);
    let inbox = region.join("inbox/night-01");
    let night = run(&["--json", "nightly", "--inbox", text(&inbox)]).json();
    let mut kinds = BTreeSet::new();
    let mut tables = BTreeSet::new();
    for package in night["packages"].as_array().unwrap() {
        let name = string(package, "package");
        let outcome = &package["outcome"]["Ok"];
        assert_eq!(outcome["state"], "acknowledged", "{name}: {outcome}");
        for (kind, line) in outcome["balance"]["lines"].as_object().unwrap() {
            assert_eq!(line["quarantined"], 0, "{name} {kind}: {outcome}");
            assert_eq!(line["held"], 0, "{name} {kind}: {outcome}");
        }
        let manifest = fs::read_to_string(inbox.join(&name).join("manifest.toml")).unwrap();
        let manifest: Manifest = toml::from_str(&manifest).unwrap();
        kinds.insert(manifest.kind);
        let id = string(outcome, "submission");
        let trace = run(&["--json", "trace", "any", "--submission", &id]).json();
        assert_eq!(trace["source"]["submission"].as_str(), Some(id.as_str()), "{name}");
        let shown = string(&trace["source"], "text");
        assert!(!shown.trim().is_empty() && !shown.contains('\u{FFFD}'), "{name}: the record cannot be read");
        let forward = run(&["--json", "trace", "--submission", &id]).json();
        tables.extend(
            forward["facts"].as_array().unwrap().iter().map(|f| f["table"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(kinds, FeedKind::ALL.iter().copied().collect(), "a kind of feed was not sent");
    for table in musubi_model::FactTable::ALL {
        assert!(tables.contains(table.as_str()), "nothing in {}", table.as_str());
    }
    assert_eq!(run(&["--json", "check"]).json()["ok"], true);

    // A table whose interface nobody registered is not guessed at; once it is registered, the same package is taken in.
    let feeds = fs::read_to_string(region.join("feeds.toml")).unwrap();
    let feeds = feeds.replace("interface_version = \"otc-purchase\"", "interface_version = \"mihon-otc\"");
    fs::write(folder.path().join("feeds.toml"), feeds).unwrap();
    let other = folder.path().join("other");
    crate::house::found(&other, &region);
    run_in(&other, 0, &["feeds", text(&folder.path().join("feeds.toml"))]);
    crate::house::told(&other, &region);
    let package = inbox.join("table-otc-purchase");
    let refused = run_in(&other, 3, &["--json", "intake", text(&package)]).json();
    assert!(refused.to_string().contains("SUB-INTERFACE-UNKNOWN"), "{refused}");
    let shipped = run_in(&other, 0, &["interfaces", "show", "otc-purchase"]).out;
    let own = shipped.replacen("name = \"otc-purchase\"", "name = \"mihon-otc\"", 1);
    fs::write(folder.path().join("mihon-otc.toml"), own).unwrap();
    run_in(&other, 0, &["interfaces", "load", text(&folder.path().join("mihon-otc.toml"))]);
    let taken = run_in(&other, 0, &["--json", "intake", text(&package)]).json();
    assert!(taken.to_string().contains("acknowledged"), "{taken}");
}
