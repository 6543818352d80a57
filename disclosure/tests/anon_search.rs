//! The search against trying every recoding with formulas written down plainly, on small random tables.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)] // test code: a failure here is a failed test

use std::collections::BTreeMap;
use std::sync::Arc;

use musubi_disclosure::micro::dataset::{Builder, Dataset};
use musubi_disclosure::micro::hierarchy::Hierarchy;
use musubi_disclosure::micro::model::{Distance, Millionths, Model, ModelError};
use musubi_disclosure::micro::search::{self, Budget, Population, SearchError, Suppressed};
use proptest::prelude::*;

const HIERARCHIES: [&str; 4] = [
    "a;x;*\nb;x;*\nc;y;*\nd;y;*\ne;y;*",
    "a;*\nb;*\nc;*",
    "a;1;p;*\nb;1;p;*\nc;2;p;*\nd;3;q;*\ne;4;q;*\nf;4;q;*",
    "a;b;*\nb;b;*",
];
const SENSITIVE: &str = "u;1;*\nv;1;*\nw;2;*";

fn hierarchy(number: usize) -> Arc<Hierarchy> {
    Arc::new(Hierarchy::from_rows(HIERARCHIES[number]).unwrap())
}

/// Rows of (leaf numbers, sensitive value).
type Rows = Vec<(Vec<u32>, u32)>;

fn dataset(rows: &Rows) -> Dataset {
    let mut builder = Builder::default();
    for number in 0..4 {
        builder = builder.quasi(&format!("q{number}"), hierarchy(number));
    }
    builder = builder.sensitive("s", Some(Arc::new(Hierarchy::from_rows(SENSITIVE).unwrap())));
    for (leaves, value) in rows {
        let labels: Vec<String> =
            leaves.iter().enumerate().map(|(n, leaf)| hierarchy(n).label(0, *leaf).to_owned()).collect();
        builder.push(&labels, &[["u", "v", "w"][*value as usize].to_owned()]).unwrap();
    }
    builder.finish().unwrap()
}

fn share(counts: &[u32]) -> Vec<f64> {
    counts.iter().map(|n| f64::from(*n) / f64::from(counts.iter().sum::<u32>())).collect()
}

/// The models written down plainly.
fn holds(model: Model, class: &[u32], all: &[u32], population: u32) -> bool {
    let size: u32 = class.iter().sum();
    let (p, q) = (share(class), share(all));
    let diff: Vec<f64> = p.iter().zip(&q).map(|(p, q)| p - q).collect();
    let mut sorted = class.to_vec();
    sorted.sort_by(|a, b| b.cmp(a));
    match model {
        Model::KAnonymity { k } => size >= k,
        Model::KMap { k } => population >= k,
        Model::DistinctDiversity { l, .. } => class.iter().filter(|n| **n > 0).count() >= l as usize,
        Model::EntropyDiversity { l, .. } => {
            let entropy: f64 = p.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
            entropy >= f64::from(l).ln() - 1e-9
        }
        Model::RecursiveDiversity { c, l, .. } => {
            let tail: u32 = sorted[l as usize - 1..].iter().sum();
            f64::from(sorted[0]) < c.0 as f64 / 1e6 * f64::from(tail) - 1e-9
        }
        Model::Closeness { t, distance, .. } => {
            let met = |a: f64, b: f64| if a * b < 0.0 { a.abs().min(b.abs()) } else { 0.0 };
            let emd = match distance {
                Distance::Equal => diff.iter().map(|d| d.abs()).sum::<f64>() / 2.0,
                Distance::Ordered => (diff[0].abs() + (diff[0] + diff[1]).abs()) / 2.0,
                Distance::Hierarchical => met(diff[0], diff[1]) / 2.0 + met(diff[0] + diff[1], diff[2]),
            };
            emd <= t.0 as f64 / 1e6 + 1e-9
        }
        Model::AverageRisk { .. } => true,
    }
}

/// Every recoding tried: the cheapest allowed one, the first in order among equals, and how many rows it suppresses.
fn exhaustive(rows: &Rows, people: &Rows, models: &[Model], limit: f64) -> Option<(Vec<u8>, u64)> {
    let hierarchies: Vec<_> = (0..4).map(hierarchy).collect();
    let all = (0..3).map(|v| rows.iter().filter(|(_, s)| *s == v).count() as u32).collect::<Vec<_>>();
    let limit = (limit * rows.len() as f64 + 1e-9).floor() as u64;
    // Every D − 1 divides 20.
    let weight = |h: &Hierarchy| 20 / (h.leaves() as u64 - 1);
    let mut best: Option<(u64, Vec<u8>, u64)> = None;
    let tops: Vec<u8> = hierarchies.iter().map(|h| h.top() as u8).collect();
    let mut levels = vec![0_u8; 4];
    loop {
        let told = |leaves: &[u32]| -> Vec<u32> {
            leaves
                .iter()
                .zip(&hierarchies)
                .zip(&levels)
                .map(|((leaf, h), l)| h.node(usize::from(*l), *leaf))
                .collect()
        };
        let mut classes = BTreeMap::<Vec<u32>, Vec<u32>>::new();
        for (leaves, value) in rows {
            classes.entry(told(leaves)).or_insert_with(|| vec![0; 3])[*value as usize] += 1;
        }
        let likes = |key: &Vec<u32>| people.iter().filter(|(leaves, _)| told(leaves) == *key).count() as u32;
        classes.retain(|key, counts| models.iter().all(|m| holds(*m, counts, &all, likes(key))));
        let average =
            models.iter().find_map(|m| if let Model::AverageRisk { max } = m { Some(max.0) } else { None });
        let size = |counts: &Vec<u32>| u64::from(counts.iter().sum::<u32>());
        while let Some(smallest) = classes.values().map(size).min()
            && average.is_some_and(|max| {
                classes.len() as u64 * 1_000_000 > max * classes.values().map(size).sum::<u64>()
            })
        {
            classes.retain(|_, counts| size(counts) > smallest);
        }
        let kept: u64 = classes.values().map(size).sum();
        let suppressed = rows.len() as u64 - kept;
        let mut cost = suppressed * 20 * 4;
        for (key, counts) in &classes {
            for ((node, h), level) in key.iter().zip(&hierarchies).zip(&levels) {
                cost += size(counts) * weight(h) * u64::from(h.covered(usize::from(*level), *node) - 1);
            }
        }
        let found = (cost, levels.clone(), suppressed);
        if suppressed <= limit && best.as_ref().is_none_or(|best| found < *best) {
            best = Some(found);
        }
        let Some(step) = (0..4).rev().find(|d| levels[*d] < tops[*d]) else { break };
        levels[step] += 1;
        levels[step + 1..].fill(0);
    }
    best.map(|(_, levels, suppressed)| (levels, suppressed))
}

fn rows(most: usize) -> impl Strategy<Value = Rows> {
    // Low leaves are more frequent, so that some classes are large.
    let leaf = |n: u32| (0..n, 0..n).prop_map(|(a, b)| a.min(b));
    let row = (leaf(5), leaf(3), leaf(6), leaf(2), leaf(3));
    prop::collection::vec(row.prop_map(|(a, b, c, d, s)| (vec![a, b, c, d], s)), 1..most)
}

fn models(which: usize, k: u32) -> Vec<Model> {
    let t = Millionths(300_000);
    let close = |distance| Model::Closeness { column: 0, t, distance };
    let further = match which {
        0 => return vec![Model::KAnonymity { k }],
        1 => Model::DistinctDiversity { column: 0, l: 2 },
        2 => close(Distance::Equal),
        3 => close(Distance::Ordered),
        4 => close(Distance::Hierarchical),
        5 => Model::EntropyDiversity { column: 0, l: 2 },
        6 => Model::RecursiveDiversity { column: 0, c: Millionths(2_000_000), l: 2 },
        7 => Model::AverageRisk { max: Millionths(200_000) },
        _ => return vec![Model::KMap { k: k + 3 }],
    };
    vec![Model::KAnonymity { k }, further]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_better_exists(
        rows in rows(60),
        others in rows(40),
        which in 0usize..9,
        k in 1u32..5,
        limit in prop::sample::select(vec![0.0, 0.05, 0.2, 1.0]),
    ) {
        let (data, population) = (dataset(&rows), dataset(&others));
        let persons = vec![1; others.len()];
        let population = Population { rows: &population, persons: &persons };
        let models = models(which, k);
        let found = search::optimal_in(&data, Some(population), &models, limit, &Budget::unlimited());
        match (found, exhaustive(&rows, &others, &models, limit)) {
            (Ok(found), Some((levels, suppressed))) => {
                prop_assert_eq!(&found.levels, &levels);
                prop_assert_eq!(found.suppressed, suppressed);
                prop_assert!(found.proven());
                let lost = (0..data.rows()).filter(|row| found.is_suppressed(*row)).count() as u64;
                prop_assert_eq!(lost, suppressed);
                prop_assert!((found.measured(&data).recoding().loss().value - found.loss).abs() < 1e-12);
            }
            (Err(SearchError::Impossible { suppressed, limit }), None) => prop_assert!(suppressed > limit),
            (found, expected) => prop_assert!(false, "{found:?} instead of {expected:?}"),
        }
    }

    /// Stopped early, the answer says how far off it may be.
    #[test]
    fn the_gap_holds(rows in rows(60), which in 0usize..8, most in 1u64..12) {
        let data = dataset(&rows);
        let models = models(which, 3);
        let budget = Budget { evaluations: Some(most), stop: None };
        let Ok(best) = search::optimal(&data, &models, 0.2, &Budget::unlimited()) else { return Ok(()) };
        match search::optimal(&data, &models, 0.2, &budget) {
            Ok(early) => {
                prop_assert!(early.loss >= best.loss - 1e-12);
                prop_assert!(early.loss - early.gap <= best.loss + 1e-12);
            }
            Err(error) => prop_assert_eq!(error, SearchError::Budget),
        }
    }
}

/// Persons from a rule, enough of them that threads are used.
fn many() -> Dataset {
    let mut state = 7_u64;
    let mut dice = |n: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = |shift: u32| ((state >> shift) % u64::from(n)) as u32;
        draw(33).min(draw(45))
    };
    let rows: Rows = (0..60_000).map(|_| (vec![dice(5), dice(3), dice(6), dice(2)], dice(3))).collect();
    dataset(&rows)
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let data = many();
    let models = [Model::KAnonymity { k: 400 }, models(2, 5)[1]];
    let on = |threads: usize, budget: Option<u64>| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let budget = Budget { evaluations: budget, stop: None };
        pool.install(|| search::optimal(&data, &models, 0.05, &budget).unwrap())
    };
    assert_eq!(on(1, None), on(2, None));
    assert_eq!(on(1, Some(5)), on(2, Some(5)));
}

#[test]
fn wide_tables_use_wider_keys_or_are_refused() {
    let leaves: Vec<String> = (0..5000).map(|n| n.to_string()).collect();
    let wide = Arc::new(Hierarchy::flat(&leaves).unwrap());
    let of = |columns: usize| {
        let mut builder = Builder::default();
        for column in 0..columns {
            builder = builder.quasi(&format!("c{column}"), wide.clone());
        }
        for row in 0..20 {
            // The first columns are alike for four persons, the last for nobody.
            let cell =
                |column: usize| if column + 1 < columns { (row / 4).to_string() } else { row.to_string() };
            builder.push(&(0..columns).map(cell).collect::<Vec<_>>(), &[]).unwrap();
        }
        builder.finish().unwrap()
    };
    let k = [Model::KAnonymity { k: 4 }];
    let found = search::optimal(&of(7), &k, 0.0, &Budget::unlimited()).unwrap();
    assert_eq!(found.levels, [0, 0, 0, 0, 0, 0, 1]);
    assert_eq!((found.classes, found.smallest_class, found.suppressed), (5, 4, 0));
    let refused = search::optimal(&of(10), &k, 0.0, &Budget::unlimited()).unwrap_err();
    assert_eq!(refused, SearchError::Wide { bits: 130 });
}

#[test]
fn suppressed_rows_show_nothing() {
    let rows: Rows = (0..40).map(|n| (vec![u32::from(n == 39), 0, 0, 0], 0)).collect();
    let data = dataset(&rows);
    let found = search::optimal(&data, &[Model::KAnonymity { k: 3 }], 0.2, &Budget::unlimited()).unwrap();
    assert_eq!((found.levels.as_slice(), found.suppressed), (&[0, 0, 0, 0][..], 1));
    let starred: Vec<_> = found.apply(&data, Suppressed::Starred).collect();
    assert_eq!(starred.len(), 40);
    assert_eq!(starred[39], (39, vec!["*"; 4]));
    assert_eq!(starred[0].1, ["a", "a", "a", "a"]);
    assert_eq!(
        found.apply(&data, Suppressed::Removed).map(|(row, _)| row).collect::<Vec<_>>(),
        (0..39).collect::<Vec<_>>()
    );
}

#[test]
fn what_cannot_be_is_said() {
    let rows: Rows = (0..4).map(|_| (vec![0, 0, 0, 0], 0)).collect();
    let data = dataset(&rows);
    let search =
        |models: &[Model], limit| search::optimal(&data, models, limit, &Budget::unlimited()).unwrap_err();
    let k = Model::KAnonymity { k: 5 };
    assert_eq!(search(&[k], 0.2), SearchError::Impossible { suppressed: 4, limit: 0 });
    assert_eq!(search(&[k], 1.5), SearchError::Limit);
    assert_eq!(search(&[k], f64::NAN), SearchError::Limit);
    assert_eq!(search(&[Model::KMap { k: 2 }], 0.0), SearchError::Model(ModelError::Population));
    let mut builder = Builder::default().quasi("q", hierarchy(1));
    let error = builder.push(&["Sato"], &[]).unwrap_err().to_string();
    assert!(error.contains("ANON_LEAF") && error.contains("row 1") && !error.contains("Sato"), "{error}");
}
