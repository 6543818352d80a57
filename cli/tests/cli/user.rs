//! An ordinary user needs no rights that root has.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use crate::house::{MUSUBI, Said, folder, text};

/// `nobody`.
const NOBODY: u32 = 65534;

fn skipped() -> Option<&'static str> {
    let here = folder();
    if fs::metadata(here.path()).unwrap().uid() != 0 {
        return Some("these tests run as an ordinary user already");
    }
    let found = Command::new("setpriv").arg("--version").output().is_ok_and(|o| o.status.success());
    (!found).then_some("setpriv is not here")
}

#[test]
fn a_night_as_an_ordinary_user() {
    if let Some(why) = skipped() {
        eprintln!("skipped: {why}");
        return;
    }
    let here = folder();
    fs::set_permissions(here.path(), Permissions::from_mode(0o777)).unwrap();
    // The build folder may lie where only root can go.
    let program = here.path().join("musubi");
    fs::copy(MUSUBI, &program).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let data = here.path().join("data");
    let region = here.path().join("region");
    let run = |words: &[&str]| {
        let output = Command::new("setpriv")
            .args([&format!("--reuid={NOBODY}"), &format!("--regid={NOBODY}"), "--clear-groups"])
            .arg(&program)
            .arg("--data")
            .arg(&data)
            .args(words)
            .env("HOME", here.path())
            .env_remove("MUSUBI_DATABASE_URL")
            .output()
            .unwrap();
        let said = Said::new(&output);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", said.err);
        said
    };
    run(&["synth", "--persons", "200", "--nights", "2", "--others", "0", "--out", text(&region)]);
    run(&["organisation", "load", text(&region.join("organisation.toml"))]);
    run(&["feeds", text(&region.join("feeds.toml"))]);
    run(&["notice", "filings", text(&region.join("filings.toml"))]);
    run(&["notice", "load", text(&region.join("ledgers"))]);
    let night = run(&["--json", "nightly", "--inbox", text(&region.join("inbox/night-01"))]).json();
    assert_eq!(night["packages"].as_array().unwrap().len(), 5);
    let check = run(&["--json", "check"]).json();
    assert_eq!(check["ok"], true);
    assert!(check["lake_files"].as_u64().unwrap() > 0);
    let owner = |path: &Path| fs::metadata(path).unwrap().uid();
    assert_eq!(owner(&data.join("postgres/data")), NOBODY);
    assert_eq!(owner(&data.join("keys/kek.key")), NOBODY);
}
