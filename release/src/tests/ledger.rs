//! What refines an earlier release and what does not.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn column(name: &str, hierarchy: &str, finest: u32) -> ColumnSaid {
    ColumnSaid {
        file: "person".to_owned(),
        column: name.to_owned(),
        class: "quasi".to_owned(),
        hierarchy: hierarchy.to_owned(),
        finest,
        local: false,
    }
}

fn said(id: &str, recipients: &[&str], columns: &[ColumnSaid]) -> RowsSaid {
    RowsSaid {
        release_id: id.to_owned(),
        product: "anonymized".to_owned(),
        cohort_hash: "c".to_owned(),
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        policy_hash: "p".to_owned(),
        recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
        allowed_by: None,
        columns: columns.to_vec(),
    }
}

/// The columns in which the new one refines the old one, of persons in common.
fn refined(new: &RowsSaid, old: &RowsSaid) -> Vec<String> {
    let overlaps = BTreeMap::from([(old.release_id.clone(), 1)]);
    let found = refinements(new, std::slice::from_ref(old), Some(&overlaps));
    found.into_iter().map(|r| r.column).collect()
}

#[test]
fn finer_levels_other_bins_and_new_quasi_identifiers_refine() {
    let (age, area) = (column("age", "bands", 2), column("area", "prefecture", 1));
    let old = said("R-1", &["a"], &[age.clone(), area.clone()]);
    let new = |columns: &[ColumnSaid]| refined(&said("R-2", &["a"], columns), &old);
    assert_eq!(new(&[age.clone(), area.clone()]), [""; 0]);
    assert_eq!(new(&[column("age", "bands", 3)]), [""; 0], "coarser, and less");
    assert_eq!(new(&[column("age", "bands", 1), area.clone()]), ["person.age"]);
    assert_eq!(new(&[column("age", "other bands", 4)]), ["person.age"]);
    assert_eq!(new(&[age.clone(), column("insurer", "flat", 0)]), ["person.insurer"]);
    let neutral = ColumnSaid { class: "sensitive".to_owned(), ..column("death", "flat", 0) };
    assert_eq!(new(&[age.clone(), neutral]), [""; 0]);
    // Chosen class by class: the same only of the same persons.
    let local = ColumnSaid { local: true, ..age.clone() };
    assert_eq!(new(std::slice::from_ref(&local)), [""; 0]);
    let others = RowsSaid { cohort_hash: "d".to_owned(), ..said("R-2", &["a"], &[local]) };
    assert_eq!(refined(&others, &old), ["person.age"]);
}

#[test]
fn only_what_can_meet_and_has_persons_in_common_counts() {
    let old = said("R-1", &["a"], &[column("age", "bands", 2)]);
    let new = |recipients: &[&str]| said("R-2", recipients, &[column("age", "bands", 1)]);
    for (recipients, hits) in [(&["a", "b"][..], 1), (&["b"], 0), (&[], 1)] {
        assert_eq!(refined(&new(recipients), &old).len(), hits, "{recipients:?}");
    }
    let nobody = said("R-1", &[], &old.columns);
    assert_eq!(refined(&new(&["b"]), &nobody).len(), 1, "unknown recipients are everybody");
    let earlier = std::slice::from_ref(&old);
    let none = BTreeMap::from([("R-1".to_owned(), 0)]);
    assert_eq!(refinements(&new(&["a"]), earlier, Some(&none)), []);
    assert_eq!(refinements(&new(&["a"]), earlier, Some(&BTreeMap::new())), []);
    assert_eq!(refinements(&new(&["a"]), earlier, None).len(), 1, "not known means that they overlap");
    let itself = RowsSaid { release_id: "R-1".to_owned(), ..new(&["a"]) };
    assert_eq!(refinements(&itself, earlier, None), []);
}

#[test]
fn nobody_refines_without_two() {
    let one = |earlier: &str, column: &str| Refinement { earlier: earlier.into(), column: column.into() };
    assert_eq!(permit(&[], None).unwrap(), None);
    let some = [one("R-1", "person.age"), one("R-1", "person.area"), one("R-2", "person.age")];
    let refused = permit(&some, None).unwrap_err();
    assert_eq!(refused.code(), "REL_REFINES");
    let words = refused.to_string();
    assert!(words.contains("R-1, R-2") && words.contains("person.age, person.area"), "{words}");
    let mut turned = some.to_vec();
    turned.reverse();
    assert_eq!(allowance("A-1", &some), allowance("A-1", &turned), "word for word the same in any order");
}

#[test]
fn marks_are_keyed_and_sorted() {
    let identities: BTreeSet<IdentityId> = (0..50).map(|n| IdentityId([n; 16])).collect();
    let (one, two) = (SealKey::from_bytes([1; 64]), SealKey::from_bytes([2; 64]));
    let marked = marks(&one, &identities);
    assert_eq!((marked.len(), &marked), (50, &marks(&one, &identities)));
    assert!(marked.is_sorted());
    assert!(marked.iter().all(|m| !marks(&two, &identities).contains(m)));
}

proptest! {
    /// To say again what was said, or less, refines nothing; and whoever refines in one direction and is refined in the other
    /// by no other hierarchy is strictly finer.
    #[test]
    fn saying_less_is_always_allowed(levels in proptest::collection::vec((0u32..4, 0u32..3), 1..5)) {
        let name = |n: usize| format!("c{n}");
        let old: Vec<ColumnSaid> = levels.iter().enumerate().map(|(n, (l, _))| column(&name(n), "h", *l)).collect();
        let new: Vec<ColumnSaid> = levels.iter().enumerate().map(|(n, (l, d))| column(&name(n), "h", l + d)).collect();
        let (old, new) = (said("R-1", &[], &old), said("R-2", &[], &new));
        prop_assert!(refined(&new, &old).is_empty());
        let finer = levels.iter().filter(|(_, d)| *d > 0).count();
        let (old, new) = (RowsSaid { release_id: "R-3".into(), ..old }, new);
        prop_assert_eq!(refined(&old, &new).len(), finer);
    }
}
