//! What must hold of every local recoding, on tables drawn at random and on the public sample.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::micro::dataset::Builder;
use crate::micro::hierarchy::Hierarchy;
use crate::micro::model::{Distance, Millionths};

/// Twelve leaves below four nodes below two; six below three; four flat; one alone.
fn hierarchies() -> Vec<Arc<Hierarchy>> {
    let rows = |leaves: u32, steps: &[u32]| {
        let line = |leaf: u32| {
            let above = steps.iter().map(|step| format!("{step}/{}", leaf / step));
            std::iter::once(leaf.to_string())
                .chain(above)
                .chain(["*".to_owned()])
                .collect::<Vec<_>>()
                .join(";")
        };
        let text: Vec<String> = (0..leaves).map(line).collect();
        Arc::new(Hierarchy::from_rows(&text.join("\n")).unwrap())
    };
    vec![rows(12, &[3, 6]), rows(6, &[2]), rows(4, &[]), rows(1, &[])]
}

type Rows = Vec<(u32, u32, u32, u32)>;

fn data(rows: &Rows) -> Dataset {
    let mut builder = Builder::default();
    for (n, hierarchy) in hierarchies().into_iter().enumerate() {
        builder = builder.quasi(&format!("q{n}"), hierarchy);
    }
    builder = builder.sensitive("s", None);
    for (a, b, c, s) in rows {
        let quasi = [a.to_string(), b.to_string(), c.to_string(), "0".to_owned()];
        builder.push(&quasi, &[s.to_string()]).unwrap();
    }
    builder.finish().unwrap()
}

/// Everything that must hold, computed naively.
fn check(data: &Dataset, models: &[Model], found: &Local) {
    let rules = Rules::bind(models, data).unwrap();
    assert_eq!(found.of_row.len(), data.rows());
    assert_eq!(found.groups.iter().map(|g| g.rows).sum::<u64>(), data.rows() as u64);
    let mut histograms = vec![vec![0_u32; data.sensitive()[0].domain as usize]; found.groups.len()];
    for (row, &group) in found.of_row.iter().enumerate() {
        histograms[group as usize][data.sensitive()[0].ids.get(row) as usize] += 1;
        for (column, &(level, node)) in data.columns().iter().zip(&found.groups[group as usize].nodes) {
            assert_eq!(
                column.hierarchy.node(level as usize, column.ids.get(row)),
                node,
                "an ancestor of the leaf"
            );
        }
    }
    for (group, histogram) in found.groups.iter().zip(&histograms) {
        assert_eq!(u64::from(histogram.iter().sum::<u32>()), group.rows);
        assert!(rules.ok(&ClassStats { size: group.rows, population: None, histogram }), "{models:?}");
    }
    let share = |q: usize, row: usize| {
        let (h, (level, node)) =
            (&data.columns()[q].hierarchy, found.groups[found.of_row[row] as usize].nodes[q]);
        let of = h.leaves() as f64;
        if of < 2.0 {
            0.0
        } else {
            (f64::from(h.covered(level as usize, node)) / of - 1.0 / of) / (1.0 - 1.0 / of)
        }
    };
    let columns = data.columns().len();
    let sum: f64 =
        (0..columns).flat_map(|q| (0..data.rows()).map(move |row| (q, row))).map(|(q, r)| share(q, r)).sum();
    assert!((sum / (columns * data.rows()) as f64 - found.loss).abs() < 1e-9);
}

fn effort() -> Effort {
    Effort { passes: 2, percent: 100, block: 16 }
}

fn models() -> impl Strategy<Value = Vec<Model>> {
    let l = Model::DistinctDiversity { column: 0, l: 2 };
    let t = |t| Model::Closeness { column: 0, t: Millionths::new(t).unwrap(), distance: Distance::Equal };
    let r = Model::RecursiveDiversity { column: 0, c: Millionths::new(3.0).unwrap(), l: 2 };
    (1..7_u32, 0..6_usize).prop_map(move |(k, which)| {
        let k = Model::KAnonymity { k };
        let beside = [vec![], vec![l], vec![t(0.3)], vec![l, t(0.5)], vec![r], vec![t(0.0)]];
        std::iter::once(k).chain(beside[which].clone()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_group_holds_and_nobody_is_lost(
        rows in prop::collection::vec((0..12_u32, 0..6_u32, 0..4_u32, 0..3_u32), 1..90),
        models in models(),
    ) {
        let data = data(&rows);
        match recode(&data, &models, effort()) {
            Ok(found) => check(&data, &models, &found),
            Err(LocalError::Nothing { rows: n }) => {
                // Then not even all rows together satisfy.
                let mut histogram = vec![0; data.sensitive()[0].domain as usize];
                data.sensitive()[0].ids.iter().for_each(|s| histogram[s as usize] += 1);
                let all = ClassStats { size: n as u64, population: None, histogram: &histogram };
                prop_assert!(!Rules::bind(&models, &data).unwrap().ok(&all));
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn threads_and_more_effort_change_nothing_for_the_worse(
        rows in prop::collection::vec((0..12_u32, 0..6_u32, 0..4_u32, 0..3_u32), 20..120),
    ) {
        let data = data(&rows);
        let models = [Model::KAnonymity { k: 3 }];
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| recode(&data, &models, effort()).unwrap())
        };
        let found = on(1);
        prop_assert_eq!(&found, &on(3));
        let plain = recode(&data, &models, Effort { passes: 0, ..effort() }).unwrap();
        prop_assert!(found.loss <= plain.loss + 1e-12);
    }
}

#[test]
fn common_rows_are_told_exactly_and_only_rare_ones_coarsely() {
    // Eight alike, and four that differ from them and each other in the first column alone.
    let rows: Rows = (0..12).map(|n| (if n < 8 { 0 } else { n - 2 }, 0, 0, 0)).collect();
    let found = recode(&data(&rows), &[Model::KAnonymity { k: 4 }], effort()).unwrap();
    let told: Vec<(u32, u64)> = found.groups.iter().map(|g| (g.nodes[0].0, g.rows)).collect();
    assert_eq!(told, [(0, 8), (2, 4)]);
}

#[test]
fn models_that_cannot_be_met_are_said() {
    let rows: Rows = vec![(0, 0, 0, 0); 3];
    let few = recode(&data(&rows), &[Model::KAnonymity { k: 4 }], effort());
    assert_eq!(few, Err(LocalError::Nothing { rows: 3 }));
    let map = recode(&data(&rows), &[Model::KMap { k: 2 }], effort());
    assert_eq!(map, Err(LocalError::Model(ModelError::Population)));
    assert!(recode(&data(&rows), &[], effort()).is_err());
}

#[test]
fn average_risk_sets_the_size_of_groups() {
    let rows: Rows = (0..40).map(|n| (n % 12, n % 6, n % 4, 0)).collect();
    let data = data(&rows);
    let models = [Model::AverageRisk { max: Millionths::new(0.15).unwrap() }];
    let found = recode(&data, &models, effort()).unwrap();
    check(&data, &models, &found);
    assert!(found.groups.iter().all(|g| g.rows >= 7));
}
