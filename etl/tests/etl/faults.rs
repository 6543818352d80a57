//! Invariant: a load that fails anywhere leaves nothing that can be seen, and running it again ends as if nothing had
//! happened.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use musubi_etl::{EtlError, fault, night};
use musubi_model::submission::SubmissionState::{self, Acknowledged};
use musubi_storage::vault;

use crate::support::{Parcel, Room};

const FIRST: &str = "night-01/ssmix2-13";
const SECOND: &str = "night-02/ssmix2-13";

fn fails_and_recovers(fault: &str) {
    let undisturbed = Room::new();
    undisturbed.take(&undisturbed.shared.package(FIRST));
    undisturbed.take(&undisturbed.shared.package(SECOND));
    let expected = (undisturbed.fingerprint(), undisturbed.partition());
    for point in fault::POINTS {
        let what = format!("{fault}@{point}");
        let room = Room::new();
        let shared = room.shared.clone();
        room.take(&shared.package(FIRST));
        let before = room.fingerprint();
        let second = shared.package(SECOND);
        let text = std::fs::read(second.join("manifest.toml")).expect("a manifest");
        let id = musubi_model::manifest::Manifest::submission_id(&text);
        let error = room.try_take(&what, &second).expect_err(&what);
        match fault {
            "disk-full" => assert!(
                matches!(error, EtlError::Point { point: at, .. } if at == point),
                "{what}: {error:?}"
            ),
            _ => assert!(matches!(error, EtlError::Storage(_)), "{what}: {error:?}"),
        }
        let state = room.ingest().submission(&id).expect("read").expect("recorded").state;
        if point == "committed" {
            assert_eq!(state, SubmissionState::Balanced, "{what}: committed, not yet acknowledged");
        } else {
            assert!(state < SubmissionState::Mapped, "{what}: {state:?}");
            room.nothing_loaded(&id);
            assert_eq!(room.ingest().documents_of(&id).expect("read").len(), 0, "{what}");
            assert_eq!(room.fingerprint(), before, "{what}: the repository is as it was");
            assert!(room.ingest().balance(&id).expect("read").lines.is_empty(), "{what}");
        }
        let again = room.take(&second);
        assert_eq!((again.state, again.repeated), (Acknowledged, false), "{what}");
        assert_eq!((room.fingerprint(), room.partition()), expected, "{what}");
        assert_eq!(again.balance, undisturbed.ingest().balance(&id).expect("read"), "{what}");
        assert_eq!(room.rules_of(&id), undisturbed.rules_of(&id), "{what}");

        room.with_house("", |house| night::sweep(house, &mut room.ingest())).expect("swept");
        let names = |folder, extension: &str| {
            let entries = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path());
            entries
                .filter(|p| p.extension().is_some_and(|e| e == extension))
                .map(|p| p.file_stem().expect("a name").to_string_lossy().into_owned())
                .collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(names(&room.folders.vault, "pack"), room.ingest().known_packs().expect("packs"), "{what}");
        for name in room.ingest().known_packs().expect("packs") {
            vault::verify(&room.folders.vault, &name.parse().expect("a pack")).expect("a sound pack");
        }
        assert_eq!(lake_files_on_disk(&room), room.files().len(), "{what}: no file that no commit names");
        assert_eq!(room.with_house("", |house| night::sweep(house, &mut room.ingest())).expect("swept"), 0);
        assert_eq!(
            (room.fingerprint(), room.partition()),
            expected,
            "{what}: sweeping takes nothing that counts"
        );
    }
}

fn lake_files_on_disk(room: &Room) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        std::fs::read_dir(folder)
            .expect("a folder")
            .map(|e| e.expect("an entry").path())
            .map(|p| {
                if p.is_dir() {
                    count(&p)
                } else {
                    usize::from(p.extension().is_some_and(|e| e == "parquet"))
                }
            })
            .sum()
    }
    count(&room.folders.lake)
}

#[test]
fn a_full_disk_at_any_point_leaves_nothing_and_the_next_run_mends_it() {
    fails_and_recovers("disk-full");
}

#[test]
fn a_lost_database_at_any_point_leaves_nothing_and_the_next_run_mends_it() {
    fails_and_recovers("lose-database");
}

#[test]
fn stopped_between_the_decision_and_its_writing_nobody_is_known_and_the_next_run_finds_the_same_persons() {
    let undisturbed = Room::new();
    undisturbed.take(&undisturbed.shared.package(FIRST));
    let expected = undisturbed.partition();
    for fault in ["disk-full@decided", "lose-database@decided"] {
        let room = Room::new();
        room.try_take(fault, &room.shared.package(FIRST)).expect_err(fault);
        for table in ["source_identity", "member", "person", "decision", "match_key", "match_run"] {
            let rows = room.texts(&format!("SELECT count(*)::text FROM identity.{table}"));
            assert_eq!(rows, ["0"], "{fault}: {table}");
        }
        room.take(&room.shared.package(FIRST));
        assert_eq!(room.partition(), expected, "{fault}");
    }
}

#[test]
fn what_a_dead_load_wrote_is_swept_away() {
    let room = Room::new();
    let path = room.shared.package(FIRST);
    room.try_take("disk-full@rows-written", &path).expect_err("full");
    assert!(lake_files_on_disk(&room) > 0, "the load had written");
    let swept = room.with_house("", |house| night::sweep(house, &mut room.ingest())).expect("swept");
    assert!(swept > 0);
    assert_eq!(lake_files_on_disk(&room), 0);
    assert_eq!(std::fs::read_dir(&room.folders.vault).expect("a folder").count(), 0);
}

#[test]
fn a_fault_while_a_bad_package_is_put_away_can_be_run_again() {
    let room = Room::new();
    let mut parcel: Parcel = room.parcel();
    *parcel.manifest.totals.get_mut("SY").expect("counted") += 1;
    let path = crate::support::write_folder(&room.path("p"), &parcel.all());
    for fault in [
        "disk-full@received",
        "lose-database@verified",
        "disk-full@rows-written",
        "lose-database@rows-written",
    ] {
        room.try_take(fault, &path).expect_err(fault);
        room.nothing_loaded(&parcel.id());
    }
    let outcome = room.take(&path);
    assert_eq!(outcome.state, SubmissionState::Quarantined);
    assert_eq!(room.rebuilt(&parcel.id()), parcel.all());
}
