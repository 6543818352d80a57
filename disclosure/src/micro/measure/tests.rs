//! Measures against values computed by hand.

use std::sync::Arc;

use super::*;
use crate::micro::dataset::Builder;

#[test]
fn figures_by_hand() {
    let h = Arc::new(Hierarchy::from_rows("a;x;*\nb;x;*\nc;y;*\nd;y;*\n").unwrap());
    let mut builder = Builder::default().quasi("q", h.clone());
    for leaf in ["a", "b", "a", "c", "d"] {
        builder.push(&[leaf], &[]).unwrap();
    }
    let data = builder.finish().unwrap();
    let tuples = data.tuples();
    // x holds three persons, d stays as it is, c is suppressed.
    let node = |level, node| vec![Node { level, node }].into_boxed_slice();
    let classes = [
        Class { size: 3, population: Some(6), nodes: node(1, 0) },
        Class { size: 1, population: Some(2), nodes: node(0, 3) },
    ];
    let class_of = [Some(0), Some(0), None, Some(1)];
    let r = Recoding { hierarchies: &[&h], tuples: &tuples, class_of: &class_of, classes: &classes };
    // Leaves covered: 2·3 + 1 + 4 = 11; (11 − 5)/(5·3)
    assert_eq!(r.loss().value, 6.0 / 15.0);
    // (3·2/4 + 0 + 1)/5
    assert_eq!(r.ncp().value, 0.5);
    assert_eq!(r.discernibility().value, 9.0 + 1.0 + 5.0);
    assert_eq!(r.average_class().value, 2.0);
    // a: 2·log2(3/2), b: log2(3), others 0
    assert!((r.entropy().value - (2.0 * 1.5_f64.log2() + 3_f64.log2())).abs() < 1e-12);
    assert_eq!(r.prosecutor().value, 1.0);
    assert_eq!(r.journalist().unwrap().value, 0.5);
    assert_eq!(r.marketer().value, 1.0 / 4.0);
    assert_eq!(r.all().len(), 8);
    assert_eq!((r.records(), r.kept(), r.suppressed()), (5, 4, 1));
}
