//! Whatever happens in the middle of a load, the next run brings the house to where an undisturbed run would have.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use musubi_etl::fault::POINTS;

use crate::house::{House, Region, files, string, text};

/// One package with several documents; intake takes the same way for all kinds.
const PACKAGE: &str = "inbox/night-01/receipts-13";

fn undisturbed(region: &std::sync::Arc<Region>) -> String {
    let house = region.house();
    assert_eq!(house.intake(0, &region.path(PACKAGE)), ("acknowledged".to_owned(), false));
    house.fingerprint()
}

#[test]
fn killed_at_every_point_and_run_again() {
    let region = Region::get();
    let expected = undisturbed(&region);
    let package = region.path(PACKAGE);
    for point in POINTS {
        let house = region.house();
        let fault = format!("kill@{point}");
        let killed = house.command(&["intake", "--fault", &fault, text(&package)]).output().unwrap();
        assert_eq!(killed.status.code(), None, "{point}: the process was to die of a signal");
        assert_eq!(house.intake(0, &package), ("acknowledged".to_owned(), false), "{point}");
        assert_eq!(house.fingerprint(), expected, "{point}");
        assert_eq!(house.intake(0, &package), ("acknowledged".to_owned(), true), "{point}: taken in twice");
    }
}

#[test]
fn a_full_disk_and_a_lost_database_are_told_and_survived() {
    let region = Region::get();
    let expected = undisturbed(&region);
    let package = region.path(PACKAGE);
    for fault in [
        "disk-full@lake-written",
        "disk-full@vault-written",
        "lose-database@resolved",
        "lose-database@rows-written",
    ] {
        let house = region.house();
        let failed = house.run(1, &["intake", "--fault", fault, text(&package)]);
        assert!(failed.err.contains("再実行"), "{fault}: nobody is told to run it again: {}", failed.err);
        assert_eq!(house.intake(0, &package), ("acknowledged".to_owned(), false), "{fault}");
        assert_eq!(house.fingerprint(), expected, "{fault}");
    }
}

/// Takes in the first night, again and again until it is through; every package ends acknowledged.
fn finish_the_night(house: &House, inbox: &Path) {
    let night = house.json(0, &["nightly", "--inbox", text(inbox)]);
    let packages = night["packages"].as_array().unwrap();
    assert_eq!(packages.len(), 5);
    for package in packages {
        assert_eq!(string(&package["outcome"]["Ok"], "state"), "acknowledged");
    }
}

#[test]
fn killed_from_outside_in_the_middle_of_a_night() {
    let region = Region::get();
    let inbox = region.path("inbox/night-01");
    let whole = region.house();
    finish_the_night(&whole, &inbox);
    let expected = whole.fingerprint();
    // After the first and after the third package: when exactly the signal arrives does not matter.
    for lines in [1, 3] {
        let house = region.house();
        let mut night = house
            .command(&["nightly", "--inbox", text(&inbox)])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(night.stderr.take().unwrap()).lines().take(lines).count();
        assert_eq!(told, lines, "the night speaks of each package");
        night.kill().unwrap();
        night.wait().unwrap();
        finish_the_night(&house, &inbox);
        assert_eq!(house.fingerprint(), expected);
        // The night ends by sweeping what the dead load left: only known files remain.
        let check = house.json(0, &["check"]);
        let on_disk = |folder: &str, ending: &str| {
            let all = files(&house.data().join(folder));
            let known = all.iter().filter(|p| p.extension().is_some_and(|e| e == ending)).count();
            u64::try_from(known).unwrap()
        };
        assert_eq!(check["lake_files"], on_disk("lake", "parquet"));
        assert_eq!(check["packs"], on_disk("vault", "pack"));
    }
}
