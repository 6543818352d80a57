//! Placement changes, content does not.

use std::collections::BTreeSet;

use musubi_model::fact::UnitFacts;
use musubi_model::{DocumentHash, FactTable, IdentityId, SubmissionId};
use musubi_storage::StorageError;
use musubi_storage::lake::{
    Compaction, LakeFile, PlacedUnit, RepositoryFingerprint, compact, fingerprint, write_part,
};
use proptest::prelude::*;

use super::support::{any_units, bucket_of, contents, expected, placed, unit, write_parts};

fn print(folder: &std::path::Path, files: &[LakeFile]) -> RepositoryFingerprint {
    fingerprint(folder, files, &BTreeSet::new()).unwrap()
}

fn by_table(files: &[LakeFile]) -> Vec<Vec<LakeFile>> {
    FactTable::ALL
        .iter()
        .map(|t| files.iter().filter(|f| f.table == *t).cloned().collect::<Vec<_>>())
        .filter(|f| !f.is_empty())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn parts_and_compaction_keep_the_content(units in any_units(), parts in 1usize..6, moves in 1u16..4) {
        prop_assume!(!units.is_empty());
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let units: Vec<PlacedUnit<'_>> =
            units.iter().map(|(bucket, unit)| PlacedUnit { bucket: bucket % 9, unit }).collect();
        let whole = print(folder, &write_part(folder, &units).unwrap());
        let files = write_parts(folder, &units, parts);
        prop_assert_eq!(print(folder, &files), whole);

        // Some identities have moved. Tight limits, so that runs are spilled and merged in rounds.
        let home = |identity: &IdentityId, bucket: u16| {
            if bucket_of(identity, 4) < moves { bucket_of(identity, 5) } else { bucket }
        };
        let limits = Compaction { target_bytes: 1 << 20, files_at_once: 2, moving_rows: 3 };
        let mut compacted = Vec::new();
        for files in by_table(&files) {
            let out = compact(folder, &files, &limits, &home).unwrap();
            prop_assert_eq!(out.len(), 1, "all of a table fits into one file");
            compacted.extend(out);
        }
        let mut expect = expected(&units);
        for stored in expect.values_mut() {
            stored.bucket = home(&stored.provenance.identity, stored.bucket);
        }
        prop_assert_eq!(contents(folder, &compacted), expect);
        prop_assert_eq!(print(folder, &compacted), whole);
        // What is compacted already stays as it is, byte for byte.
        for file in &compacted {
            let again = compact(folder, std::slice::from_ref(file), &Compaction::default(), &|_, b| b).unwrap();
            prop_assert_eq!(&again, std::slice::from_ref(file));
        }
        for table in FactTable::ALL {
            let left = std::fs::read_dir(folder.join(table.as_str())).into_iter().flatten();
            prop_assert!(left.flatten().all(|e| e.path().extension().is_some_and(|x| x == "parquet")));
        }
    }
}

#[test]
fn large_results_are_cut_at_bucket_borders() {
    let folder = tempfile::tempdir().unwrap();
    let units: Vec<UnitFacts> = (0..8_000)
        .map(|n| {
            let mut unit = unit(n, 10);
            unit.facts.iter_mut().for_each(|f| f.table = FactTable::Cost);
            unit
        })
        .collect();
    let files = write_parts(folder.path(), &placed(&units, 8), 4);
    let limits = Compaction { target_bytes: 100_000, ..Compaction::default() };
    let out = compact(folder.path(), &files, &limits, &|_, bucket| bucket).unwrap();
    assert!(out.len() >= 3, "{} files", out.len());
    for pair in out.windows(2) {
        assert!(pair[0].bucket_max < pair[1].bucket_min, "a bucket lies in two files");
    }
    assert_eq!(print(folder.path(), &out), print(folder.path(), &files));
}

#[test]
fn the_fingerprint_sees_every_change_of_content_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let units: Vec<UnitFacts> = (0..20).map(|n| unit(n, 6)).collect();
    let write = |units: &[UnitFacts]| write_part(folder, &placed(units, 8)).unwrap();
    let base = print(folder, &write(&units));
    let changed = |change: &dyn Fn(&mut UnitFacts)| {
        let mut other = units.clone();
        change(&mut other[7]);
        print(folder, &write(&other))
    };
    assert_eq!(changed(&|_| ()), base);
    assert_eq!(changed(&|u| u.provenance.submission = SubmissionId([9; 16])), base);
    let changes: [&dyn Fn(&mut UnitFacts); 9] = [
        &|u| u.facts[0].times = Some(0),
        &|u| {
            u.facts[0].quantity = u.facts[0].quantity.map(|mut q| {
                q.rescale(q.scale() + 1);
                q
            });
        },
        &|u| u.facts[1].status = "x".into(),
        &|u| u.facts[1].qualifiers = "x".into(),
        &|u| u.facts[2].source = None,
        &|u| u.facts[3].table = FactTable::Death,
        &|u| u.provenance.notice = 1,
        &|u| u.provenance.mapper_version = "test/2".into(),
        &|u| u.facts.truncate(5),
    ];
    let mut seen = BTreeSet::from([base.to_string()]);
    for (i, change) in changes.iter().enumerate() {
        assert!(seen.insert(changed(*change).to_string()), "change {i} is not seen");
    }
    let files = write(&units);
    let p = &units[7].provenance;
    let dead = BTreeSet::from([(p.document, p.unit), (DocumentHash::of(b"nothing"), 0)]);
    let with_dead = fingerprint(folder, &files, &dead).unwrap();
    assert_eq!((with_dead.rows, with_dead.dead), (120, 6));
    let sum = |print: RepositoryFingerprint| print.to_string().rsplit('-').next().unwrap().to_owned();
    assert_ne!(sum(with_dead), sum(base), "which facts are dead is part of the content");
}

#[test]
fn damage_is_not_copied_and_tables_are_not_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let units: Vec<UnitFacts> = (0..20).map(|n| unit(n, 6)).collect();
    let files = write_part(folder.path(), &placed(&units, 8)).unwrap();
    let run = |files: &[LakeFile]| compact(folder.path(), files, &Compaction::default(), &|_, b| b);
    assert!(run(&files).is_err());
    assert_eq!(run(&[]).unwrap(), []);
    let path = files[0].path(folder.path()).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(run(&files[..1]), Err(StorageError::Damaged(_))));
}
