//! Packages that do not hold: refused with exit code 3, each time they come so; the sound package is taken in.

use std::fs;
use std::path::{Path, PathBuf};

use crate::house::{House, Region, command, ending, folder, run_in, text};

/// A package of the region, copied so that it can be spoilt.
fn copied(house: &House, name: &str) -> PathBuf {
    let to = house.beside(name);
    fs::create_dir(&to).unwrap();
    let from = house.region.path("inbox/night-01").join("receipts-13");
    for file in crate::house::files(&from) {
        let place = to.join(file.strip_prefix(&from).unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(&file, place).unwrap();
    }
    to
}

/// Spoils one file of a package.
fn spoil(package: &Path, name: &str, how: impl FnOnce(&mut Vec<u8>)) {
    let path = package.join(name);
    let mut bytes = fs::read(&path).unwrap();
    how(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Takes a spoilt package in, twice; then the sound one, whether or not it has the same manifest.
fn check(name: &str, rule: &str, state: &str, how: impl FnOnce(&Path)) {
    let region = Region::get();
    let house = region.house();
    let package = copied(&house, name);
    how(&package);
    for time in 0..2 {
        let told = house.json(3, &["intake", text(&package)]);
        let outcome = &told["packages"][0]["outcome"]["Ok"];
        // What is rejected is looked at anew each time; what is quarantined is kept and known again.
        let repeated = time > 0 && state == "quarantined";
        assert_eq!(ending(outcome), (state.to_owned(), repeated), "{name}");
        let rule = if repeated { "SUB-REPEATED" } else { rule };
        assert_eq!(outcome["findings"][rule], 1, "{name}: {outcome}");
    }
    assert_eq!(house.json(0, &["check"])["lake_files"], 0, "{name}: something was loaded");
    let sound = region.path("inbox/night-01/receipts-13");
    assert_eq!(house.intake(0, &sound), ("acknowledged".to_owned(), false), "{name}");
}

const FILE: &str = "1315000005/1/RECEIPTC.UKE";

#[test]
fn a_manifest_changed_after_signing() {
    check("changed", "SUB-SIGNATURE", "rejected", |package| {
        spoil(package, "manifest.toml", |bytes| bytes.extend_from_slice(b"# one more line\n"));
    });
}

#[test]
fn a_file_cut_short() {
    check("cut", "SUB-FILE-TRUNCATED", "quarantined", |package| {
        spoil(package, FILE, |bytes| bytes.truncate(bytes.len() - 1));
    });
}

#[test]
fn a_file_altered_on_the_way() {
    check("altered", "SUB-FILE-ALTERED", "quarantined", |package| {
        spoil(package, FILE, |bytes| bytes[100] ^= 1);
    });
}

#[test]
fn an_unknown_feed_is_taken_in_once_it_is_registered() {
    let region = Region::get();
    let here = folder();
    let data = here.path().join("data");
    let package = region.path("inbox/night-01/receipts-13");
    crate::house::found(&data, &region.path(""));
    let refused = run_in(&data, 3, &["--json", "intake", text(&package)]).json();
    assert_eq!(refused["packages"][0]["outcome"]["Ok"]["findings"]["SUB-FEED-UNKNOWN"], 1);
    run_in(&data, 0, &["feeds", text(&region.path("feeds.toml"))]);
    crate::house::told(&data, &region.path(""));
    let taken = run_in(&data, 0, &["--json", "intake", text(&package)]).json();
    assert_eq!(ending(&taken["packages"][0]["outcome"]["Ok"]), ("acknowledged".to_owned(), false));
    // Whoever reads only the beginning of the answer is no failure.
    let mut cut = command(Path::new(crate::house::MUSUBI), &data, &["findings"]);
    let mut child = cut.stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
