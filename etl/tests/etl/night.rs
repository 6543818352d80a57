//! Two nights of a small region: what came can be led back to its bytes, later versions take the place of earlier ones.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use musubi_etl::night;
use musubi_mappers::mapper_for;
use musubi_mappers::table::Interfaces;
use musubi_model::manifest::MANIFEST_FILE;
use musubi_model::submission::SubmissionState::Acknowledged;
use musubi_model::{DocumentHash, FactTable};
use musubi_storage::lake::{self, Want};

use crate::notify;
use crate::support::{Parcel, Room, packages_of, receipts};

#[test]
fn every_fact_of_two_nights_leads_back_to_bytes_of_its_document() {
    let room = Room::new();
    let mut documents = BTreeMap::new();
    for path in packages_of(&room.shared.region) {
        let parcel = Parcel::read(&path);
        let outcome = room.take(&path);
        assert_eq!(outcome.state, Acknowledged);
        assert_eq!(outcome.balance.total().quarantined, 0, "a clean corpus");
        let kept = room.rebuilt(&outcome.submission);
        assert_eq!(kept.len(), parcel.files.len() + 1);
        assert_eq!(kept[MANIFEST_FILE], std::fs::read(path.join(MANIFEST_FILE)).expect("read"));
        for (path, bytes) in parcel.files {
            assert!(kept[&path] == bytes, "bit for bit");
            documents.insert(DocumentHash::of(&bytes), (bytes, parcel.manifest.kind));
        }
        for d in room.ingest().documents_of(&outcome.submission).expect("documents") {
            assert_eq!(DocumentHash::of(&room.rebuild(&d).expect("there")), d.document);
        }
    }
    let mut facts = 0u64;
    for file in room.files() {
        lake::read(&room.folders.lake, &file, &Want::all(lake::ColumnSet::ALL), &mut |row| {
            let (bytes, kind) = &documents[&row.document()];
            let range = row.range();
            let (start, end) = (range.start as usize, range.end() as usize);
            assert!(start < end && end <= bytes.len());
            let shown = mapper_for(*kind, "", &Interfaces::builtin()).unwrap().show(&bytes[start..end]);
            assert!(!shown.trim().is_empty());
            facts += 1;
            Ok(())
        })
        .expect("read");
    }
    assert_eq!(facts, room.fingerprint().rows);
    let tables: BTreeSet<FactTable> = room.files().iter().map(|f| f.table).collect();
    assert!(tables.len() >= 4, "{tables:?}");
}

#[test]
fn corrections_supersede_and_repeats_are_duplicates() {
    let room = Room::new();
    let (mut came, mut overtaken, mut again) = (BTreeSet::new(), BTreeSet::new(), 0);
    for path in packages_of(&room.shared.region) {
        let parcel = Parcel::read(&path);
        let outcome = room.take(&path);
        let mut repeats = 0;
        for file in &parcel.manifest.files {
            repeats += u64::from(!came.insert(file.blake3));
            // The condition flag ends the name of a stored message: 0 deleted, 1 current, 2 overtaken.
            if file.path.ends_with("_0") || file.path.ends_with("_2") {
                overtaken.insert((file.blake3, 0));
            }
        }
        assert_eq!(outcome.balance.total().duplicate, repeats, "{}", outcome.balance);
        again += repeats;
    }
    assert!(again > 5 && overtaken.len() > 5, "the region is of use");
    let dead = room.ingest().dead_units().expect("dead units");
    assert!(dead.is_superset(&overtaken), "what its sender calls deleted or overtaken is not current");
    // By the region's own account: each correction, deletion and receipt claimed again makes something old.
    let truth = std::fs::read_to_string(room.shared.region.join("truth/expected.toml")).expect("truth");
    let truth: toml::Table = toml::from_str(&truth).expect("TOML");
    let done = |kind: &str| {
        usize::try_from(truth["units_with_error"][kind].as_integer().expect("a number")).expect("small")
    };
    assert!(done("correction") > 0 && done("deletion") > 0 && done("duplicate-receipt") > 0);
    assert!(dead.len() > overtaken.len(), "receipts claimed again are overtaken without a flag");
    assert!(room.fingerprint().dead > 0);
}

#[test]
fn one_chart_number_with_two_birth_dates_is_a_conflict_and_two_persons() {
    let room = Room::new();
    let mut parcel = room.parcel();
    let path = parcel
        .manifest
        .files
        .iter()
        .map(|f| f.path.clone())
        .find(|p| receipts(&parcel.files[p]).len() > 1)
        .expect("a file of two receipts");
    let bytes = parcel.files[&path].clone();
    let charts = receipts(&bytes);
    let (from, to) = (format!(",{},", charts[1].2), format!(",{},", charts[0].2));
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).expect("there");
    let mut changed = bytes;
    changed[at..at + from.len()].copy_from_slice(to.as_bytes());
    let only = Parcel { files: BTreeMap::new(), manifest: parcel.manifest.clone() };
    parcel = only;
    parcel.manifest.totals.clear();
    parcel.manifest.files.truncate(1);
    parcel.put(&path, changed);
    parcel.manifest.files.retain(|f| f.path == path);
    let outcome = room.take_parcel(&parcel);
    assert_eq!(outcome.state, Acknowledged);
    assert_eq!(outcome.findings.get("MPI-LOCAL-BIRTH"), Some(&1), "{:?}", outcome.findings);
    assert_eq!(outcome.counts.conflicts, 1);
    let persons = room.partition();
    assert!(persons.iter().all(|p| p.len() == 1));
    assert_eq!(persons.len(), charts.len(), "the two stay two");
}

#[test]
fn a_night_takes_all_packages_tells_overdue_feeds_compacts_and_can_run_again() {
    let room = Room::new();
    let inbox = room.shared.region.join("inbox/night-01");
    packages_of(&room.shared.region).iter().for_each(|path| notify::everybody(&room, path));
    let all = packages_of(&room.shared.region).iter().filter(|p| p.starts_with(&inbox)).count();
    let run = |most| {
        room.with_house("", |house| {
            night::run(house, &room.shared.agreements, &inbox, Some(date(2026, 11, 10)), most)
                .expect("a night")
        })
    };
    let first = run(1000);
    assert_eq!((first.packages.len(), first.in_state(Acknowledged)), (all, all));
    assert_eq!((first.compacted, first.swept), (None, 0));
    let delivered: BTreeSet<String> = first.packages.iter().map(|p| p.package.clone()).collect();
    let silent: BTreeSet<String> = room
        .shared
        .agreements
        .feeds
        .iter()
        .map(|f| f.id.to_string())
        .filter(|id| !delivered.contains(id))
        .collect();
    assert_eq!(first.overdue.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), silent);
    let before = room.fingerprint();
    let second = run(1);
    assert!(second.packages.iter().all(|p| p.outcome.as_ref().is_ok_and(|o| o.repeated)));
    let (old, new) = second.compacted.expect("compacted");
    assert!(new < old);
    assert_eq!(room.fingerprint(), before, "compaction changes no fact");
}
