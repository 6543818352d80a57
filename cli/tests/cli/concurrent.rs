//! Two processes on one data folder: nothing is lost, nothing comes twice.

use std::path::Path;
use std::process::{Output, Stdio};

use crate::house::{House, Region, Said, ending, text};

/// Starts both, then waits for both.
fn at_once(house: &House, packages: [&Path; 2]) -> [Output; 2] {
    packages
        .map(|package| {
            let mut command = house.command(&["--json", "intake", text(package)]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .map(|child| child.wait_with_output().unwrap())
}

fn outcome(output: &Output) -> (String, bool) {
    let said = Said::new(output);
    assert_eq!(output.status.code(), Some(0), "{}", said.err);
    ending(&said.json()["packages"][0]["outcome"]["Ok"])
}

#[test]
fn two_packages_at_once() {
    let region = Region::get();
    let (one, other) = (region.path("inbox/night-01/receipts-13"), region.path("inbox/night-01/ssmix2-13"));
    let house = region.house();
    for output in at_once(&house, [&one, &other]) {
        assert_eq!(outcome(&output), ("acknowledged".to_owned(), false));
    }
    let in_turn = region.house();
    in_turn.run(0, &["intake", text(&one), text(&other)]);
    assert_eq!(house.fingerprint(), in_turn.fingerprint());
}

#[test]
fn the_same_package_twice_at_once() {
    let region = Region::get();
    let package = region.path("inbox/night-01/ssmix2-13");
    let house = region.house();
    let outcomes = at_once(&house, [&package, &package]).map(|output| outcome(&output));
    assert!(outcomes.iter().all(|(state, _)| state == "acknowledged"), "{outcomes:?}");
    let once = region.house();
    assert_eq!(once.intake(0, &package), ("acknowledged".to_owned(), false));
    assert_eq!(house.fingerprint(), once.fingerprint());
}
