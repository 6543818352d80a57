//! Hierarchies: every way to make one, and every way to make one wrongly.

use super::{Band, Hierarchy, HierarchyError};

#[test]
fn rows_become_levels() {
    let h = Hierarchy::from_rows("a;x;*\nb;x;*\nc;y;*\n").unwrap();
    assert_eq!((h.leaves(), h.levels(), h.top()), (3, 3, 2));
    assert_eq!(h.map(1), [0, 0, 1]);
    assert_eq!((h.label(1, 0), h.label(1, 1), h.label(2, 0)), ("x", "y", "*"));
    assert_eq!(h.share(1, 0), 2.0 / 3.0);
    assert_eq!(h.children(1, 0), [0, 1]);
    assert_eq!(h.children(2, 0), [0, 1]);
    assert_eq!((h.parent(0, 2), h.parent(1, 1)), (1, 0));
    assert_eq!((h.leaf("c"), h.leaf("d")), (Some(2), None));
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let error = |text: &str| Hierarchy::from_rows(text).unwrap_err();
    assert_eq!(error(""), HierarchyError::Empty);
    assert_eq!(error("a;*\nb"), HierarchyError::Width { line: 2, found: 1, expected: 2 });
    assert_eq!(error("a;;*"), HierarchyError::Blank { line: 1, level: 1 });
    assert_eq!(error("a;*\nb;*\na;*"), HierarchyError::Twice { line: 3, first: 1 });
    assert_eq!(error("a;x;p;*\nb;y;p;*\nc;x;q;*"), HierarchyError::Nested { line: 3, first: 1, level: 1 });
    assert_eq!(error("a;x\nb;y"), HierarchyError::Top { found: 2 });
    assert_eq!(error(&["*"; 300].join(";")), HierarchyError::Deep { found: 300 });
}

#[test]
fn bands_have_a_bottom_and_a_top() {
    let band = Band { bottom: 0, top: 90, widths: vec![5, 10, 30] };
    let h = Hierarchy::bands(&band).unwrap();
    assert_eq!(h.leaves(), 20);
    let leaf = h.leaf(&band.label(47)).unwrap();
    let labels: Vec<_> = (0..h.levels()).map(|l| h.label(l, h.node(l, leaf))).collect();
    assert_eq!(labels, ["45-49", "40-49", "30-59", "*"]);
    assert_eq!((band.label(89), band.label(90), band.label(-1)), ("85-89".into(), "90+".into(), "<0".into()));
    for widths in [vec![], vec![0], vec![5, 5], vec![5, 12], vec![10, 5]] {
        assert!(Hierarchy::bands(&Band { bottom: 0, top: 90, widths }).is_err());
    }
    assert!(Hierarchy::bands(&Band { bottom: 9, top: 9, widths: vec![1] }).is_err());
    assert!(Hierarchy::bands(&Band { bottom: i64::MIN, top: i64::MAX, widths: vec![1] }).is_err());
}

#[test]
fn codes_are_told_by_shorter_prefixes() {
    let h =
        Hierarchy::prefixes(["E110", "E119", "E140"], &[3], |_| vec!["E10-E14".into(), "IV".into()]).unwrap();
    assert_eq!(h.levels(), 5);
    assert_eq!(h.label(1, h.node(1, 1)), "E11");
    assert_eq!(h.covered(1, 0), 2);
    assert!(Hierarchy::prefixes(["A1", "A1"], &[], |_| vec![]).is_err());
    assert_eq!(Hierarchy::flat(["m", "f"]).unwrap().levels(), 2);
}
