//! The search against optima of the open "Adult" data that others have proven: equal loss, levels and suppressed rows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout)] // test code: a failure here is a failed test

use std::collections::HashMap;
use std::sync::Arc;

use musubi_disclosure::micro::dataset::{Builder, Dataset};
use musubi_disclosure::micro::hierarchy::Hierarchy;
use musubi_disclosure::micro::model::{Distance, Millionths, Model};
use musubi_disclosure::micro::search::{self, Budget, Suppressed};
use serde_json::Value;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples/anon");

fn words(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

fn dataset(quasi: &[String], sensitive: Option<&str>) -> Dataset {
    let read = |name: &str| std::fs::read_to_string(format!("{SAMPLES}/thirdparty/{name}")).unwrap();
    let text = read("adult.csv");
    let mut lines = text.lines();
    let header: HashMap<&str, usize> = lines.next().unwrap().split(';').zip(0..).collect();
    let mut builder = Builder::default();
    for name in quasi {
        let hierarchy = Hierarchy::from_rows(&read(&format!("adult_hierarchy_{name}.csv"))).unwrap();
        builder = builder.quasi(name, Arc::new(hierarchy));
    }
    if let Some(name) = sensitive {
        builder = builder.sensitive(name, None);
    }
    for line in lines {
        let cells: Vec<&str> = line.split(';').collect();
        let of = |name: &str| cells[header[name]];
        let told: Vec<&str> = quasi.iter().map(|name| of(name)).collect();
        let beside: Vec<&str> = sensitive.iter().map(|name| of(name)).collect();
        builder.push(&told, &beside).unwrap();
    }
    builder.finish().unwrap()
}

#[test]
fn every_proven_optimum_is_found() {
    let Ok(text) = std::fs::read_to_string(format!("{SAMPLES}/expected_adult.json")) else {
        println!("skipped: no samples beside the checkout");
        return;
    };
    let expected: Value = serde_json::from_str(&text).unwrap();
    let k = Model::KAnonymity { k: 5 };
    let l = Model::DistinctDiversity { column: 0, l: 2 };
    let t = Model::Closeness { column: 0, t: Millionths(200_000), distance: Distance::Equal };
    let (qi9, qi8) = (words(&expected["qi9"]), words(&expected["qi8"]));
    let (nine, eight) = (dataset(&qi9, None), dataset(&qi8, expected["sens"].as_str()));
    let mut done = 0;
    for case in expected["results"].as_array().unwrap() {
        let data = if case["qi"] == "qi9" { &nine } else { &eight };
        let models = match case["model"].as_str().unwrap() {
            "k5" => vec![k],
            "k5+distinct l=2" => vec![k, l],
            "k5+t0.2 equal distance" => vec![k, t],
            other => panic!("unknown model {other}"),
        };
        let limit = case["supp"].as_f64().unwrap();
        let found = search::optimal(data, &models, limit, &Budget::unlimited()).unwrap();
        println!("{} {limit}: {} evaluations", case["model"], found.evaluated);
        let levels: Vec<u8> =
            case["vec"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as u8).collect();
        assert_eq!(found.levels, levels, "{case}");
        assert_eq!(Some(found.suppressed), case["suppressed"].as_u64(), "{case}");
        assert!((found.loss - case["loss"].as_f64().unwrap()).abs() < 1e-9, "{case}: {}", found.loss);
        assert!(found.proven());
        let measured = found.measured(data);
        assert!((measured.recoding().loss().value - found.loss).abs() < 1e-12);
        assert_eq!(measured.recoding().suppressed(), found.suppressed);
        let shown = found.apply(data, Suppressed::Removed).count() as u64;
        assert_eq!(shown + found.suppressed, data.rows() as u64);
        done += 1;
    }
    assert_eq!(done, 12);
}
