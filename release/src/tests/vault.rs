//! The map of pseudonyms: what was put in comes out, for whom was asked and for nobody else; nothing opens it but its key.

use proptest::prelude::*;

use super::*;

fn pid(n: u32) -> ReleasePid {
    let [a, b, c, d] = n.to_be_bytes();
    ReleasePid([a, b, c, d, 0, 0, 0, 1])
}

/// A map of so many made-up persons with some rows each.
fn map(persons: u32, rows: u32) -> PseudonymMap {
    let row = |n: u32, row: u32| RowSource {
        file: u8::from(row % 2 == 1),
        row: n * rows + row + 1,
        fact: FactId([7; 16]),
    };
    let behind = |n: u32| Behind {
        person: [u8::try_from(n % 251).unwrap(); PERSON_KEY_BYTES],
        shift_days: i32::try_from(n).unwrap() - 7,
        rows: (0..rows).map(|r| row(n, r)).collect(),
    };
    PseudonymMap {
        files: vec!["person".to_owned(), "drug_exposure".to_owned()],
        persons: (0..persons).map(|n| (pid(n), behind(n))).collect(),
    }
}

#[test]
fn a_map_opens_for_those_asked_for_from_the_parts_in_which_they_lie() {
    let kek = SealKey::random().unwrap();
    let whole = map(1_000, 20);
    let parts = whole.seal("R-1", &kek).unwrap();
    assert!(parts.len() > 4, "{}", parts.len());
    assert_eq!(
        parts.iter().map(|p| p.part).collect::<Vec<_>>(),
        (-1..).take(parts.len()).collect::<Vec<_>>()
    );
    let asked = BTreeSet::from([pid(3), pid(5_000)]);
    let opened = PseudonymMap::open("R-1", &kek, &parts[..2], &asked).unwrap();
    assert_eq!(opened.persons.keys().collect::<Vec<_>>(), [&pid(3)]);
    assert_eq!(opened.persons[&pid(3)], whole.persons[&pid(3)]);
    let (shift, facts) = opened.behind(&pid(3), "person", 61).unwrap();
    assert_eq!((shift, facts.as_slice()), (-4, &[FactId([7; 16])][..]));
    for (pid, file, row) in [(pid(3), "drug_exposure", 61), (pid(3), "visit", 61), (pid(4), "person", 81)] {
        assert_eq!(opened.behind(&pid, file, row), None);
    }
}

#[test]
fn another_key_another_release_another_place_do_not_open_it() {
    let kek = SealKey::random().unwrap();
    let parts = map(600, 20).seal("R-1", &kek).unwrap();
    let asked = BTreeSet::from([pid(0)]);
    assert!(PseudonymMap::open("R-1", &SealKey::random().unwrap(), &parts, &asked).is_err());
    assert!(PseudonymMap::open("R-2", &kek, &parts, &asked).is_err());
    assert_eq!(PseudonymMap::open("R-1", &kek, &parts[1..], &asked).unwrap_err().code(), "REL_VAULT");
    let mut swapped = parts.clone();
    (swapped[1].part, swapped[2].part) = (1, 0);
    assert!(PseudonymMap::open("R-1", &kek, &swapped, &asked).is_err());
    let mut bitten = parts;
    bitten[1].sealed[40] ^= 1;
    assert!(PseudonymMap::open("R-1", &kek, &bitten, &asked).is_err());
}

#[test]
fn pseudonyms_and_facts_do_not_lie_in_clear() {
    let parts = map(50, 3).seal("R-1", &SealKey::random().unwrap()).unwrap();
    let holds = |bytes: &[u8]| parts.iter().any(|p| p.sealed.windows(bytes.len()).any(|w| w == bytes));
    assert!(!holds(&[7; 16]) && !holds(b"drug_exposure") && !holds(pid(9).as_bytes()));
}

proptest! {
    #[test]
    fn any_map_comes_back(persons in 0u32..60, rows in 0u32..9) {
        let kek = SealKey::random().unwrap();
        let whole = map(persons, rows);
        let asked: BTreeSet<ReleasePid> = whole.persons.keys().copied().collect();
        let opened = PseudonymMap::open("R", &kek, &whole.seal("R", &kek).unwrap(), &asked).unwrap();
        prop_assert_eq!(opened.persons, whole.persons);
    }

    #[test]
    fn what_is_no_map_is_no_panic(bytes: Vec<u8>) {
        let _read = PseudonymMap::default().take(&bytes, &BTreeSet::new());
    }
}
