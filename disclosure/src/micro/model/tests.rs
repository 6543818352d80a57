//! Models against naive formulas.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::micro::dataset::Builder;
use crate::micro::hierarchy::Hierarchy;

const VALUES: [&str; 4] = ["p", "q", "r", "s"];

/// Everybody has the same quasi-identifier; the sensitive values are given by count.
fn data(all: &[u32]) -> Dataset {
    let one = Arc::new(Hierarchy::flat(["x", "y"]).unwrap());
    let tree = Arc::new(Hierarchy::from_rows("p;1;*\nq;1;*\nr;2;*\ns;2;*").unwrap());
    let mut builder = Builder::default().quasi("q", one).sensitive("s", Some(tree));
    for (value, n) in VALUES.iter().zip(all) {
        (0..*n).for_each(|_| builder.push(&["x"], &[value]).unwrap());
    }
    builder.finish().unwrap()
}

fn rule(model: Model, all: &[u32]) -> Rules {
    Rules::bind(&[model], &data(all)).unwrap()
}

fn ok(rules: &Rules, counts: &[u32]) -> bool {
    rules.ok(&stats(counts))
}

fn stats(counts: &[u32]) -> ClassStats<'_> {
    ClassStats { size: counts.iter().copied().map(u64::from).sum(), population: None, histogram: counts }
}

fn close(t: f64, distance: Distance) -> Model {
    Model::Closeness { column: 0, t: Millionths::new(t).unwrap(), distance }
}

#[test]
fn edges_are_exact() {
    let all = [10, 10, 10, 10];
    assert!(ok(&rule(Model::KAnonymity { k: 5 }, &all), &[5, 0, 0, 0]));
    assert!(!ok(&rule(Model::KAnonymity { k: 5 }, &all), &[4, 0, 0, 0]));
    let entropy = rule(Model::EntropyDiversity { column: 0, l: 3 }, &all);
    assert!(ok(&entropy, &[7, 7, 7, 0]));
    assert!(!ok(&entropy, &[7, 7, 8, 0]));
    // ln 3 also from counts that are not all equal does not exist for three values; for four, more is enough.
    assert!(ok(&entropy, &[7, 7, 7, 1]));
    let recursive = rule(Model::RecursiveDiversity { column: 0, c: Millionths(2_000_000), l: 2 }, &all);
    assert!(!ok(&recursive, &[6, 2, 1, 0]));
    assert!(ok(&recursive, &[5, 2, 1, 0]));
    // Equal: half of {½, ½, 0, 0} has to move.
    assert!(ok(&rule(close(0.5, Distance::Equal), &all), &[1, 1, 0, 0]));
    assert!(!ok(&rule(close(0.499_999, Distance::Equal), &all), &[1, 1, 0, 0]));
    // Ordered: carried ¼, ½, ¼ over three steps.
    assert!(ok(&rule(close(0.333_334, Distance::Ordered), &all), &[1, 1, 0, 0]));
    assert!(!ok(&rule(close(0.333_333, Distance::Ordered), &all), &[1, 1, 0, 0]));
    // Hierarchical: ½ moves over the top.
    assert!(ok(&rule(close(0.5, Distance::Hierarchical), &all), &[1, 1, 0, 0]));
    // Half moves within {p, q} and {r, s}: half the way.
    assert!(ok(&rule(close(0.25, Distance::Hierarchical), &all), &[1, 0, 1, 0]));
    assert!(!ok(&rule(close(0.249_999, Distance::Hierarchical), &all), &[1, 0, 1, 0]));
}

#[test]
fn models_that_do_not_fit_are_refused() {
    let data = data(&[1, 1, 1, 1]);
    let bind = |model| Rules::bind(&[model], &data).unwrap_err();
    assert_eq!(bind(Model::KAnonymity { k: 0 }), ModelError::Range("k and l must be at least 1"));
    assert_eq!(bind(Model::DistinctDiversity { column: 3, l: 2 }), ModelError::Column(3));
    assert_eq!(Rules::bind(&[], &data).unwrap_err(), ModelError::None);
    assert_eq!(Millionths::new(-1.0), None);
    assert_eq!(Millionths::new(f64::NAN), None);
}

fn distribution(counts: &[u32]) -> Vec<f64> {
    let n: u32 = counts.iter().sum();
    counts.iter().map(|c| f64::from(*c) / f64::from(n)).collect()
}

proptest! {
    /// Away from the edges, where rounding could decide, every model agrees with its formula in floating point.
    #[test]
    fn models_agree_with_formulas(
        class in prop::collection::vec(0u32..9, 4),
        rest in prop::collection::vec(0u32..9, 4),
        t in 0.0f64..1.0,
        l in 1u32..4,
    ) {
        prop_assume!(class.iter().sum::<u32>() > 0);
        let all: Vec<u32> = class.iter().zip(&rest).map(|(a, b)| a + b).collect();
        let (p, q) = (distribution(&class), distribution(&all));
        let diff: Vec<f64> = p.iter().zip(&q).map(|(p, q)| p - q).collect();
        let t = (t * 1e6).round() / 1e6;
        let far = |d: f64| (d - t).abs() > 1e-9;

        let equal = diff.iter().map(|d| d.abs()).sum::<f64>() / 2.0;
        prop_assert!(!far(equal) || ok(&rule(close(t, Distance::Equal), &all), &class) == (equal <= t));
        let cumulated = |n: usize| diff[..n].iter().sum::<f64>().abs();
        let ordered = (1..4).map(cumulated).sum::<f64>() / 3.0;
        prop_assert!(!far(ordered) || ok(&rule(close(t, Distance::Ordered), &all), &class) == (ordered <= t));
        let half = |a: f64, b: f64| if a * b < 0.0 { a.abs().min(b.abs()) } else { 0.0 };
        let tree = 0.5 * (half(diff[0], diff[1]) + half(diff[2], diff[3])) + half(diff[0] + diff[1], diff[2] + diff[3]);
        prop_assert!(!far(tree) || ok(&rule(close(t, Distance::Hierarchical), &all), &class) == (tree <= t));

        let entropy: f64 = p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        if (entropy - f64::from(l).ln()).abs() > 1e-9 {
            let rule = rule(Model::EntropyDiversity { column: 0, l }, &all);
            prop_assert_eq!(ok(&rule, &class), entropy > f64::from(l).ln());
        }
        let distinct = class.iter().filter(|c| **c > 0).count();
        prop_assert_eq!(ok(&rule(Model::DistinctDiversity { column: 0, l }, &all), &class), distinct >= l as usize);
    }

    /// No part of a class that satisfies a model is larger than `keepable` says, and satisfying classes put together
    /// satisfy: the two things the search builds on.
    #[test]
    fn keepable_is_an_upper_bound(
        part in prop::collection::vec(0u32..9, 4),
        other in prop::collection::vec(0u32..9, 4),
        rest in prop::collection::vec(0u32..9, 4),
        which in 0usize..6,
        t in 0.0f64..0.6,
    ) {
        let model = [
            Model::DistinctDiversity { column: 0, l: 2 },
            Model::EntropyDiversity { column: 0, l: 2 },
            Model::RecursiveDiversity { column: 0, c: Millionths(1_500_000), l: 2 },
            close(t, Distance::Equal),
            close(t, Distance::Ordered),
            close(t, Distance::Hierarchical),
        ][which];
        let whole: Vec<u32> = part.iter().zip(&other).map(|(a, b)| a + b).collect();
        let all: Vec<u32> = whole.iter().zip(&rest).map(|(a, b)| a + b).collect();
        prop_assume!(all.iter().sum::<u32>() > 0);
        let rules = rule(model, &all);
        if ok(&rules, &part) {
            prop_assert!(rules.keepable(&stats(&whole)) >= stats(&part).size);
        }
        if ok(&rules, &part) && ok(&rules, &other) {
            prop_assert!(ok(&rules, &whole));
        }
    }
}
