//! Local codes: counted when they come, given their standard once two persons agreed, and never changed themselves.
#![allow(clippy::expect_used, clippy::indexing_slicing)] // test data, not input

use std::collections::BTreeMap;

use jiff::civil::date;
use musubi_model::{FactTable, SubmissionId};
use musubi_storage::code_map::{CodeMapping, EVERY_PROVIDER, MapState};
use musubi_storage::lake::{self, ColumnSet, StoredFact, Want};
use musubi_storage::unmapped::{UnmappedReason, UnmappedRow, UnmappedWanted};

use crate::support::{Parcel, Room, now};

/// A package of messages whose laboratory codes are the hospital's own.
fn local(room: &Room, name: &str) -> Parcel {
    let mut parcel = Parcel::read(&room.shared.package(name));
    let files = parcel.files.clone();
    for (path, bytes) in files {
        let (from, to) = (b"^JC10", b"^99L1");
        let mut changed = bytes.clone();
        for at in 0..bytes.len().saturating_sub(from.len()) {
            if bytes[at..].starts_with(from) {
                changed[at..at + to.len()].copy_from_slice(to);
            }
        }
        parcel.put(&path, changed);
    }
    parcel
}

fn measurements(room: &Room, id: &SubmissionId) -> Vec<StoredFact> {
    let mut found = Vec::new();
    for file in room.files().iter().filter(|f| f.table == FactTable::Measurement) {
        lake::read(&room.folders.lake, file, &Want::all(ColumnSet::ALL), &mut |row| {
            let fact = row.to_fact()?;
            if fact.provenance.submission == *id {
                found.push(fact);
            }
            Ok(())
        })
        .expect("read");
    }
    found
}

fn unmapped(room: &Room, id: &SubmissionId) -> Vec<UnmappedRow> {
    let wanted = UnmappedWanted { provider: None, submissions: &[*id] };
    let rows = room.ingest().unmapped_codes(wanted).expect("rows");
    rows.into_iter().filter(|r| r.system == "99L1").collect()
}

fn code_of(fact: &StoredFact) -> (String, String) {
    let source = fact.fact.source.as_ref().expect("a code");
    (source.system.to_string(), source.code.to_string())
}

#[test]
fn local_codes_are_counted_then_mapped() {
    let room = Room::new();
    let first = room.take_parcel(&local(&room, "night-01/ssmix2-13"));
    let facts = measurements(&room, &first.submission);
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for fact in facts.iter().filter(|f| code_of(f).0 == "99L1") {
        assert_eq!(fact.fact.standard, None);
        *expected.entry(code_of(fact).1).or_default() += 1;
    }
    assert!(expected.len() >= 3, "{expected:?}");
    let rows = unmapped(&room, &first.submission);
    assert_eq!(rows.iter().map(|r| r.records).sum::<u64>(), expected.values().sum::<u64>());
    assert!(rows.iter().all(|r| r.reason == UnmappedReason::Local));
    for row in &rows {
        if row.persons >= 3 {
            assert_eq!(row.records, expected[&row.code], "{row:?}");
            assert!(!row.name.is_empty());
        } else {
            assert_eq!(
                (row.code.as_str(), row.name.as_str()),
                ("", ""),
                "of few persons only the shape: {row:?}"
            );
        }
        assert!(!row.code_shape.is_empty());
    }
    assert_eq!(first.counts.unmapped_facts, {
        let wanted = UnmappedWanted { provider: None, submissions: &[first.submission] };
        room.ingest().unmapped_codes(wanted).expect("rows").iter().map(|r| r.records).sum::<u64>()
    });

    // A proposal changes nothing; an approval holds for later loads, for the codes it names.
    let shown = rows.iter().find(|r| !r.code.is_empty()).expect("a code of enough persons");
    let mapping = CodeMapping {
        provider: EVERY_PROVIDER.to_owned(),
        system: "99L1".to_owned(),
        code: shown.code.clone(),
        name: shown.name.clone(),
        standard_system: "JC10".to_owned(),
        standard_code: "3B035000002327201".to_owned(),
        valid_from: Some(date(2000, 1, 1)),
    };
    let ids =
        room.ingest().propose_mappings(&[(mapping, "見本".to_owned())], "hanako", now()).expect("proposed");
    let second = room.take_parcel(&local(&room, "night-01/ssmix2-14"));
    assert!(
        measurements(&room, &second.submission)
            .iter()
            .all(|f| code_of(f).0 != "99L1" || f.fact.standard.is_none())
    );
    room.ingest().decide_mappings(&ids, MapState::Approved, "jiro", now(), "確認").expect("approved");
    let third = room.take_parcel(&local(&room, "night-02/ssmix2-13"));
    let facts = measurements(&room, &third.submission);
    let (mut with, mut without) = (0, 0);
    for fact in facts.iter().filter(|f| code_of(f).0 == "99L1") {
        let standard = fact.fact.standard.as_ref().map(|s| (s.system.as_str(), s.code.as_str()));
        if code_of(fact).1 == shown.code {
            assert_eq!(standard, Some(("JC10", "3B035000002327201")));
            assert!(
                fact.provenance.master_version.ends_with("99L1 map.1"),
                "{}",
                fact.provenance.master_version
            );
            with += 1;
        } else {
            assert_eq!(standard, None);
            without += 1;
        }
    }
    assert!(with > 0 && without > 0, "{with} {without}");
    assert!(unmapped(&room, &third.submission).iter().all(|r| r.code != shown.code));
    // What was loaded before stays as it was loaded.
    assert!(
        measurements(&room, &first.submission)
            .iter()
            .all(|f| f.fact.standard.is_none() || code_of(f).0 != "99L1")
    );
}

#[test]
fn a_package_that_is_not_loaded_counts_nothing() {
    let room = Room::new();
    let parcel = local(&room, "night-01/ssmix2-13");
    let first = room.take_parcel(&parcel);
    let before = unmapped(&room, &first.submission);
    // The same documents under another manifest are duplicates: nothing is counted twice.
    let again = room.take_parcel(&parcel.of_day(3));
    assert_eq!(unmapped(&room, &again.submission), []);
    assert_eq!(again.counts.unmapped_facts, 0);
    assert_eq!(unmapped(&room, &first.submission), before);
}
