//! What local recoding costs and gains: `cargo run --release -p musubi-disclosure --example local_bench [CASE…]`.
//! Prints a table; asserts nothing. `adult` needs the public sample folder beside the repository, and is left out without.
//!
//! It must never read a person's record: `jpmed` is made by a generator with a fixed seed.

// A program for people: it prints, and a broken sample file ends it.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::path::PathBuf;
use std::sync::Arc;

use musubi_disclosure::micro::dataset::{Builder, Dataset};
use musubi_disclosure::micro::hierarchy::Hierarchy;
use musubi_disclosure::micro::local::{Effort, recode};
use musubi_disclosure::micro::model::{Distance, Millionths, Model};

/// ARX 3.9.2, k = 5, 1 % steps, as recorded in the reference measurements of local recoding.
const ARX: f64 = 0.0589;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    println!(
        "| case | rows | groups | loss | target | ARX loss | CPU s | target |\n|---|--:|--:|--:|--:|--:|--:|--:|"
    );
    let k = |k| Model::KAnonymity { k };
    let l = Model::DistinctDiversity { column: 0, l: 2 };
    let t = Millionths::new(0.2).expect("a share");
    let t = Model::Closeness { column: 0, t, distance: Distance::Equal };
    let run = |case: &str, data: Option<Dataset>, models: &[Model], targets: [&str; 3]| {
        let Some(data) = data.filter(|_| wanted.is_empty() || wanted.iter().any(|w| case.starts_with(w)))
        else {
            return;
        };
        let before = cpu();
        let found = recode(&data, models, Effort::for_rows(data.rows())).expect("the models can be met");
        let (spent, [loss, arx, seconds]) = (cpu() - before, targets);
        println!(
            "| {case} | {} | {} | {:.5} | {loss} | {arx} | {spent:.2} | {seconds} |",
            data.rows(),
            found.groups.len(),
            found.loss
        );
    };
    let arx = format!("{ARX}");
    run("adult k=5", adult(false), &[k(5)], ["≤ 0.0589", &arx, "≤ 1"]);
    run("adult k=10", adult(false), &[k(10)], ["", "", ""]);
    run("adult k=5 l=2", adult(true), &[k(5), l], ["≤ 0.042", "", ""]);
    run("adult k=5 t=0.2", adult(true), &[k(5), t], ["≤ 0.638", "", ""]);
    if wanted.is_empty() || wanted.iter().any(|w| "jpmed k=5".starts_with(w.as_str())) {
        run("jpmed k=5", Some(jpmed(1_000_000)), &[k(5)], ["≤ 0.20", "", "≤ 5"]);
    }
}

/// CPU seconds of this process so far, all threads.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit(')').next().unwrap_or_default();
    let ticks = after.split_whitespace().skip(11).take(2).filter_map(|t| t.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// The public sample, occupation as quasi-identifier or as what must not be learnt.
fn adult(sensitive: bool) -> Option<Dataset> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples/anon/thirdparty"));
    let text = std::fs::read_to_string(folder.join("adult.csv")).ok()?;
    let names = [
        "sex",
        "age",
        "race",
        "marital-status",
        "education",
        "native-country",
        "workclass",
        "occupation",
        "salary-class",
    ];
    let quasi: Vec<&str> = names.into_iter().filter(|n| !sensitive || *n != "occupation").collect();
    let mut builder = Builder::default();
    for name in &quasi {
        let rows = std::fs::read_to_string(folder.join(format!("adult_hierarchy_{name}.csv"))).ok()?;
        builder = builder.quasi(name, Arc::new(Hierarchy::from_rows(&rows).expect("a hierarchy")));
    }
    if sensitive {
        builder = builder.sensitive("occupation", None);
    }
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next()?.split(';').collect();
    let at = |name: &str| head.iter().position(|h| *h == name).expect("a column");
    for line in lines {
        let cells: Vec<&str> = line.split(';').collect();
        let cell = |name: &str| cells.get(at(name)).copied().unwrap_or_default();
        let row: Vec<&str> = quasi.iter().map(|n| cell(n)).collect();
        let beside: Vec<&str> = if sensitive { vec![cell("occupation")] } else { Vec::new() };
        builder.push(&row, &beside).expect("a row of the sample");
    }
    builder.finish().ok()
}

/// Rows as a Japanese registry has them, none of anybody: skewed, with columns that hang together.
fn jpmed(rows: usize) -> Dataset {
    let tree = |leaves: u32, steps: &[u32]| {
        let row = |leaf: u32| {
            let above = steps.iter().enumerate().map(|(i, step)| format!("{i}:{}", leaf / step));
            std::iter::once(leaf.to_string())
                .chain(above)
                .chain(["*".to_owned()])
                .collect::<Vec<_>>()
                .join(";")
        };
        let text = (0..leaves).map(row).collect::<Vec<_>>().join("\n");
        Arc::new(Hierarchy::from_rows(&text).expect("a hierarchy"))
    };
    // Name, leaves, leaves below each node of the levels above.
    let columns: [(&str, u32, &[u32]); 8] = [
        ("sex", 2, &[]),
        ("age_band", 20, &[2, 4]),
        ("prefecture", 48, &[6, 12]),
        ("birth_year", 100, &[5, 10, 20]),
        ("insurer_kind", 6, &[3]),
        ("facility_class", 12, &[3, 6]),
        ("index_month", 96, &[3, 12]),
        ("icd_chapter", 22, &[4]),
    ];
    let mut builder = Builder::default();
    for (name, leaves, steps) in columns {
        builder = builder.quasi(name, tree(leaves, steps));
    }
    let mut state = 20_260_401_u64;
    let mut draw = |below: u32, skew: i32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = (state >> 11) as f64 / (1_u64 << 53) as f64;
        // Inside 0 ≤ share < 1: below `below`.
        (share.powi(skew) * f64::from(below)) as u32
    };
    for _ in 0..rows {
        let age = (draw(100, 1) + draw(100, 1)) / 2;
        let insurer = if age >= 75 { 5 } else { draw(5, 2) };
        let row = [
            draw(2, 1),
            age / 5,
            draw(48, 2),
            99 - age,
            insurer,
            draw(12, 2),
            draw(96, 1),
            (draw(22, 2) + age / 10) % 22,
        ];
        builder.push(&row.map(|n| n.to_string()), &[]).expect("a row of the generator");
    }
    builder.finish().expect("rows")
}
