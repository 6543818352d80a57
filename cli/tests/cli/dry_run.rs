//! A dry run end to end: bands instead of numbers, so many a day, and nothing left of the cohort it counted.

use std::fs;
use std::path::PathBuf;

use musubi_storage::registry::Registry;
use musubi_storage::server::{DatabaseChoice, Server};

use crate::house::{House, Region, text};

/// The request of the region, changed.
fn request(house: &House, name: &str, change: &[(&str, &str)]) -> PathBuf {
    let mut spec = fs::read_to_string(house.region.path("requests/persons-by-diagnosis.toml")).unwrap();
    for (from, to) in change {
        assert!(spec.contains(from), "{from} in {spec}");
        spec = spec.replace(from, to);
    }
    let file = house.beside(name);
    fs::write(&file, spec).unwrap();
    file
}

#[test]
fn a_dry_run_tells_bands_and_keeps_nothing() {
    let region = Region::clean();
    let house = region.house();
    let plain = request(&house, "plain.toml", &[]);
    let refused = |code: i32, file: &PathBuf, word: &str| {
        let said = house.run(code, &["release", "dry-run", text(file)]);
        assert!(said.err.contains(word), "{word}: {}", said.err);
    };
    refused(1, &plain, "REL_SNAPSHOT");
    house.run(0, &["nightly", "--inbox", text(&region.path("inbox/night-01"))]);

    let told = house.json(0, &["release", "dry-run", text(&plain)]);
    assert_eq!((&told["asked_today"], &told["allowed_a_day"]), (&1.into(), &5.into()));
    for name in ["persons", "diagnosed", "cohort"] {
        let from = told["dry_run"][name]["from"].as_u64().unwrap();
        assert!([1, 10, 100, 500].contains(&from) || from.is_multiple_of(1000), "{told}");
    }
    assert_eq!(told["dry_run"]["feasible"], true, "{told}");

    // What cannot be asked is not counted; what can is, whatever comes out.
    refused(1, &request(&house, "words.toml", &[("\"sex\"", "\"shoe-size\"")]), "REL_SPEC");
    let nobody = [("icd10_prefixes = []", "icd10_prefixes = [\"U99\"]")];
    refused(1, &request(&house, "nobody.toml", &nobody), "REL_EMPTY");
    for _ in 0..3 {
        house.run(0, &["release", "dry-run", text(&plain)]);
    }
    refused(1, &plain, "REL_QUOTA");

    let server = Server::open(&house.data(), &DatabaseChoice::Embedded).unwrap();
    let registry = Registry::open(server).unwrap();
    let mut owner = registry.server().connect_owner().unwrap();
    let mut count = |sql: &str| owner.query_one(sql, &[]).unwrap().get::<_, i64>(0);
    assert_eq!(count("SELECT count(*) FROM release.cohort_member"), 0);
    assert_eq!(count("SELECT count(*) FROM release.dry_run"), 5);
    assert_eq!(count("SELECT count(*) FROM release.cohort WHERE approval_id = 'dry-run'"), 5);
    assert!(owner.execute("DELETE FROM release.dry_run", &[]).is_err(), "the book is append-only");
}
