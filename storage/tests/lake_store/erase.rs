//! Who is erased is gone from the file, everybody else stays as they were, and only what held them is encoded anew.

use std::collections::BTreeSet;
use std::fs;

use musubi_model::fact::UnitFacts;
use musubi_model::{FactTable, SubmissionId};
use musubi_storage::lake::{
    Gone, LakeFile, PlacedUnit, count_some, erase, erase_some, on_disk, scrub, verify, write_part,
};
use proptest::prelude::*;

use super::support::{any_units, contents, expected, placed, unit};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_left_is_what_was_there_without_them(
        units in any_units(), picks in prop::collection::vec(any::<prop::sample::Index>(), 1..4), delivery: bool,
    ) {
        prop_assume!(!units.is_empty());
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let units: Vec<PlacedUnit<'_>> =
            units.iter().map(|(bucket, unit)| PlacedUnit { bucket: bucket % 9, unit }).collect();
        let files = write_part(folder, &units).unwrap();
        let identities: BTreeSet<_> = picks.iter().map(|i| i.get(&units).unit.provenance.identity).collect();
        let submission = delivery.then(|| units[0].unit.provenance.submission);
        let gone = Gone { identities: &identities, submission };
        let goes = |u: &&PlacedUnit<'_>| {
            let p = &u.unit.provenance;
            identities.contains(&p.identity) || submission == Some(p.submission)
        };
        let stay: Vec<PlacedUnit<'_>> = units.iter().filter(|u| !goes(u)).copied().collect();
        let counted: u64 = count_some(folder, &files, &gone).unwrap().iter().map(|(_, rows)| rows).sum();
        let facts: usize = units.iter().filter(goes).map(|u| u.unit.facts.len()).sum();
        prop_assert_eq!(counted, facts as u64);

        let rewritten = erase_some(folder, &files, &gone).unwrap();
        let touched: BTreeSet<&str> = rewritten.iter().map(|(old, _)| old.file_id.as_str()).collect();
        let mut after: Vec<LakeFile> =
            files.iter().filter(|f| !touched.contains(f.file_id.as_str())).cloned().collect();
        for (old, new) in &rewritten {
            scrub(folder, old, Some(&new.places)).unwrap();
            after.extend(new.new.clone());
        }
        prop_assert_eq!(contents(folder, &after), expected(&stay));
        let named: BTreeSet<String> = after.iter().map(|f| f.file_id.clone()).collect();
        prop_assert_eq!(on_disk(folder).unwrap().into_iter().map(|f| f.1).collect::<BTreeSet<_>>(), named);
        for file in &after {
            verify(folder, file).unwrap();
            prop_assert!(erase(folder, file, &gone).unwrap().is_none(), "a second time there is nothing to do");
        }
    }
}

#[test]
fn other_row_groups_are_copied_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let units: Vec<UnitFacts> = (0..12_000)
        .map(|n| {
            let mut unit = unit(n, 10);
            unit.facts.iter_mut().for_each(|f| f.table = FactTable::Measurement);
            unit
        })
        .collect();
    let placed = placed(&units, 16);
    let files = write_part(folder, &placed).unwrap();
    let [file] = files.as_slice() else { panic!("one table, one file") };
    let identities = BTreeSet::from([units[777].provenance.identity]);
    let gone = Gone { identities: &identities, submission: None };
    let old = fs::read(file.path(folder).unwrap()).unwrap();
    let done = erase(folder, file, &gone).unwrap().unwrap();
    assert_eq!(
        (done.rows_removed, done.groups_encoded),
        (30, 1),
        "three units of ten facts in one row group"
    );
    assert!(done.groups >= 4, "{done:?}");
    let new = done.new.clone().unwrap();
    assert_eq!(new.rows, file.rows - 30);
    let stay: Vec<PlacedUnit<'_>> =
        placed.iter().filter(|u| !identities.contains(&u.unit.provenance.identity)).copied().collect();
    assert_eq!(contents(folder, std::slice::from_ref(&new)), expected(&stay));
    // What was not touched stands in the new file byte for byte: before the place, and after it.
    let [place] = done.places.as_slice() else { panic!("one place") };
    let (start, end) = (usize::try_from(place.start).unwrap(), usize::try_from(place.end).unwrap());
    let bytes = fs::read(new.path(folder).unwrap()).unwrap();
    assert!(bytes.starts_with(&old[..start]));
    let after = &old[end..end + 4096];
    assert!(bytes.windows(after.len()).any(|w| w == after), "the row group after it was not copied");
    // The old file is overwritten only there, and unlinked.
    let kept = folder.join("kept");
    fs::hard_link(file.path(folder).unwrap(), &kept).unwrap();
    assert_eq!(scrub(folder, file, Some(&done.places)).unwrap(), place.end - place.start);
    assert!(!file.path(folder).unwrap().exists());
    let left = fs::read(&kept).unwrap();
    assert!(
        left[start..end].iter().all(|b| *b == 0)
            && left[..start] == old[..start]
            && left[end..] == old[end..]
    );
    assert_eq!(scrub(folder, file, None).unwrap(), 0, "a file that is gone is none");
}

#[test]
fn nobody_of_them_means_no_new_file_and_all_of_them_no_file_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let units: Vec<UnitFacts> = (0..9).map(|n| unit(n, 3)).collect();
    let files = write_part(folder.path(), &placed(&units, 4)).unwrap();
    let nobody = BTreeSet::new();
    for file in &files {
        assert_eq!(
            erase(folder.path(), file, &Gone { identities: &nobody, submission: None }).unwrap(),
            None
        );
        let other = Some(SubmissionId([9; 16]));
        assert_eq!(
            erase(folder.path(), file, &Gone { identities: &nobody, submission: other }).unwrap(),
            None
        );
    }
    let everybody: BTreeSet<_> = units.iter().map(|u| u.provenance.identity).collect();
    for file in &files {
        let done = erase(folder.path(), file, &Gone { identities: &everybody, submission: None }).unwrap();
        let done = done.unwrap();
        assert_eq!((done.new, done.rows_removed), (None, file.rows));
    }
}
