//! What is written is read, exactly; the same input makes the same bytes.

use musubi_model::fact::UnitFacts;
use musubi_model::{FactTable, IdentityId};
use musubi_storage::lake::{Column, ColumnSet, PlacedUnit, Want, find_fact, read, verify, write_part};
use proptest::prelude::*;

use super::support::{any_units, contents, expected, placed, unit, write_parts};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_fact_comes_back_exactly(units in any_units()) {
        let folder = tempfile::tempdir().unwrap();
        let placed: Vec<PlacedUnit<'_>> =
            units.iter().map(|(bucket, unit)| PlacedUnit { bucket: *bucket, unit }).collect();
        let files = write_part(folder.path(), &placed).unwrap();
        let got = contents(folder.path(), &files);
        let expect = expected(&placed);
        prop_assert_eq!(&got, &expect);
        // `Decimal` calls 6.2 and 6.20 equal; the store must not.
        for (a, b) in got.values().zip(expect.values()) {
            prop_assert_eq!(
                a.fact.value.number.map(|n| n.to_string()), b.fact.value.number.map(|n| n.to_string()));
            prop_assert_eq!(a.fact.quantity.map(|n| n.scale()), b.fact.quantity.map(|n| n.scale()));
        }
        for file in &files {
            verify(folder.path(), file).unwrap();
            let of_table: Vec<_> = expect.values().filter(|s| s.fact.table == file.table).collect();
            prop_assert_eq!(file.rows, u64::try_from(of_table.len()).unwrap());
            let days = || of_table.iter().filter_map(|s| s.fact.start.map(|d| d.to_days().0));
            prop_assert_eq!((file.first_day, file.last_day), (days().min(), days().max()));
            let buckets = || of_table.iter().map(|s| s.bucket);
            prop_assert_eq!((Some(file.bucket_min), Some(file.bucket_max)), (buckets().min(), buckets().max()));
            let mut submissions: Vec<_> = of_table.iter().map(|s| s.provenance.submission).collect();
            submissions.sort_unstable();
            submissions.dedup();
            prop_assert_eq!(&file.submissions, &submissions);
        }
        // The same units in another order, on one thread: the same files.
        let mut other: Vec<PlacedUnit<'_>> = placed.clone();
        other.reverse();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let again = pool.install(|| write_part(folder.path(), &other)).unwrap();
        prop_assert_eq!(again, files);
    }
}

#[test]
fn no_units_make_no_files() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(write_part(folder.path(), &[]).unwrap(), []);
    let empty = unit(1, 0);
    assert_eq!(write_part(folder.path(), &[PlacedUnit { bucket: 0, unit: &empty }]).unwrap(), []);
}

#[test]
fn rows_lie_in_order_of_bucket_identity_and_day() {
    let folder = tempfile::tempdir().unwrap();
    let units: Vec<UnitFacts> = (0..300).map(|n| unit(n, 12)).collect();
    let files = write_part(folder.path(), &placed(&units, 8)).unwrap();
    assert_eq!(files.len(), 3);
    for file in &files {
        let mut last: Option<(u16, IdentityId, Option<i32>)> = None;
        let columns = ColumnSet::of(&[Column::Bucket, Column::IdentityId, Column::StartDays]);
        read(folder.path(), file, &Want::all(columns), &mut |row| {
            let this = (row.bucket(), row.identity(), row.start_days());
            assert!(last.is_none_or(|l| l <= this));
            last = Some(this);
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn a_column_that_was_not_asked_for_is_an_error_and_not_empty() {
    let folder = tempfile::tempdir().unwrap();
    let units = [unit(1, 3)];
    let files = write_part(folder.path(), &placed(&units, 8)).unwrap();
    let look = |columns: &[Column]| {
        let want = Want::all(ColumnSet::of(columns));
        read(folder.path(), &files[0], &want, &mut |row| {
            let _ = (row.source_code(), row.end());
            Ok(())
        })
    };
    assert!(look(&[Column::SourceCode, Column::EndDays, Column::EndPrecision]).is_ok());
    let error = look(&[Column::EndDays, Column::EndPrecision]).unwrap_err();
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(source.contains("source_code"), "{source}");
    let want = Want::all(ColumnSet::of(&[Column::FactId]));
    assert!(read(folder.path(), &files[0], &want, &mut |row| row.to_fact().map(|_| ())).is_err());
}

#[test]
fn a_fact_is_found_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let units: Vec<UnitFacts> = (0..60).map(|n| unit(n, 9)).collect();
    let placed = placed(&units, 4);
    let files = write_parts(folder.path(), &placed, 3);
    for ((table, fact_id), stored) in expected(&placed) {
        let identity = stored.provenance.identity;
        let find = |bucket, identity| find_fact(folder.path(), &files, bucket, identity, &fact_id).unwrap();
        let (file, found) = find(stored.bucket, Some(&identity)).unwrap();
        assert_eq!(found, stored);
        assert!(files.iter().any(|f| f.file_id == file && f.table == table));
        assert_eq!(find(stored.bucket, None).map(|f| f.1), Some(stored.clone()));
        assert_eq!(find((stored.bucket + 1) % 4, Some(&identity)), None);
    }
}

#[test]
fn a_file_is_read_only_as_its_own_table() {
    let folder = tempfile::tempdir().unwrap();
    let units = [unit(1, 3)];
    let mut file = write_part(folder.path(), &placed(&units, 8)).unwrap().remove(0);
    let from = file.path(folder.path()).unwrap();
    file.table = FactTable::Death;
    let to = file.path(folder.path()).unwrap();
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(from, to).unwrap();
    assert!(read(folder.path(), &file, &Want::all(ColumnSet::ALL), &mut |_| Ok(())).is_err());
    file.file_id = "../../elsewhere".to_owned();
    assert!(file.path(folder.path()).is_err());
}
