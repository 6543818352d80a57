//! A reader of one bucket or one person reads little else.

use std::collections::BTreeSet;

use musubi_model::fact::UnitFacts;
use musubi_model::{FactTable, IdentityId};
use musubi_storage::lake::{Column, ColumnSet, Want, read, write_part};

use super::support::{bucket_of, placed, unit};

const BUCKETS: u16 = 16;

#[test]
fn only_the_row_groups_and_pages_that_matter_are_read() {
    let folder = tempfile::tempdir().unwrap();
    // 120,000 facts in one table: some 7,500 for each bucket, so row groups hold three buckets each.
    let units: Vec<UnitFacts> = (0..12_000)
        .map(|n| {
            let mut unit = unit(n, 10);
            unit.facts.iter_mut().for_each(|f| f.table = FactTable::Measurement);
            unit
        })
        .collect();
    let files = write_part(folder.path(), &placed(&units, BUCKETS)).unwrap();
    let [file] = files.as_slice() else { panic!("one table, one file") };
    assert_eq!(file.rows, 120_000);
    let columns = ColumnSet::of(&[Column::SourceCode]);
    let count = |want: &Want<'_>| {
        read(folder.path(), file, want, &mut |row| {
            assert_eq!(row.source_code().len(), 7);
            Ok(())
        })
        .unwrap()
    };

    let all = count(&Want::all(columns));
    assert_eq!((all.rows, all.rows_decoded), (120_000, 120_000));
    assert!((4..=7).contains(&all.row_groups), "{all:?}");
    assert_eq!(all.row_groups_read, all.row_groups);

    let mut sum = 0;
    for bucket in 0..BUCKETS {
        let one = count(&Want { buckets: bucket..=bucket, identities: None, columns });
        assert_eq!(one.row_groups_read, 1, "a bucket lies in one row group: {one:?}");
        assert!(one.rows_decoded < 33_000, "{one:?}");
        sum += one.rows;
    }
    assert_eq!(sum, 120_000);

    let identity = units[777].provenance.identity;
    let bucket = bucket_of(&identity, BUCKETS);
    let wanted = BTreeSet::from([identity]);
    let person = count(&Want { buckets: bucket..=bucket, identities: Some(&wanted), columns });
    assert_eq!(person.rows, 30, "three units of ten facts");
    assert!(person.rows_decoded <= 2 * 8192, "pages are skipped: {person:?}");
    // Without knowing the bucket it is found all the same.
    let anywhere = count(&Want { buckets: 0..=u16::MAX, identities: Some(&wanted), columns });
    assert_eq!(anywhere.rows, 30);

    let nobody = BTreeSet::from([IdentityId([0; 16])]);
    let none = count(&Want { buckets: 0..=u16::MAX, identities: Some(&nobody), columns });
    assert_eq!((none.rows, none.row_groups_read), (0, 0));
    let beyond = count(&Want { buckets: BUCKETS..=u16::MAX, identities: None, columns });
    assert_eq!((beyond.rows, beyond.row_groups_read), (0, 0));
}
