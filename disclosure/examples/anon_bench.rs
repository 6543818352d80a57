//! Measures the search for the best global recoding: CPU seconds, memory, evaluations.
//!
//! `cargo run --release -p musubi-disclosure --example anon_bench [CASE…]` prints a table; without a case, all. Cases
//! on "Adult" read the open samples beside the checkout and are left out without them; the others make their own persons
//! from a fixed seed. The reference figures were recorded elsewhere with ARX 3.9.2: ratios are indicative.
//!
//! It must never assert a time: machines differ.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // a bench

use std::sync::Arc;

use musubi_disclosure::micro::dataset::{Builder, Column, Dataset, Ids, Sensitive};
use musubi_disclosure::micro::hierarchy::{Band, Hierarchy};
use musubi_disclosure::micro::model::{Distance, Millionths, Model};
use musubi_disclosure::micro::search::{self, Budget};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/samples/anon/thirdparty");

/// A case: its name, its data, sensitive or not, further models, limit, recorded CPU seconds of the reference, target.
struct Case {
    name: &'static str,
    data: &'static str,
    models: &'static str,
    limit: f64,
    reference: Option<f64>,
    target: &'static str,
    repeat: u32,
}

const fn case(
    name: &'static str,
    data: &'static str,
    models: &'static str,
    limit: f64,
    reference: Option<f64>,
    target: &'static str,
) -> Case {
    let repeat = if data.as_bytes()[0] == b'a' { 5 } else { 1 };
    Case { name, data, models, limit, reference, target, repeat }
}

const CASES: [Case; 12] = [
    case("adult-k-0", "adult9", "k", 0.0, None, "-"),
    case("adult-k-2", "adult9", "k", 0.02, Some(0.79), ">= 20x"),
    case("adult-k-5", "adult9", "k", 0.05, Some(0.81), ">= 20x"),
    case("adult-k-100", "adult9", "k", 1.0, Some(2.49), ">= 20x"),
    case("adult-kt-5", "adult8", "kt", 0.05, Some(1.32), ">= 10x"),
    case("adult-kt-100", "adult8", "kt", 1.0, Some(2.06), ">= 10x"),
    case("jp200k-k-5", "jp200k", "k", 0.05, Some(34.5), ">= 60x, <= 60 MB"),
    case("jp200k-kl-5", "jp200k", "kl", 0.05, Some(79.7), ">= 60x, <= 60 MB"),
    case("jp200k-kt-5", "jp200k", "kt", 0.05, Some(91.5), ">= 50x"),
    case("jpmed-k-0", "jpmed1m", "k", 0.0, Some(34.6), ">= 20x, <= 120 B/row"),
    case("jpmed-k-5", "jpmed1m", "k", 0.05, None, "<= 3 CPU s, <= 120 B/row"),
    case("jpmed-kt-5", "jpmed1m", "kt", 0.05, None, "-"),
];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    println!(
        "| case | CPU s | reference CPU s (ARX 3.9.2, recorded elsewhere) | ratio (indicative) | target | peak RSS MB | B/row | loss | levels | suppressed | evaluations | proven |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut last: Option<(&str, Dataset)> = None;
    for case in
        CASES.iter().filter(|c| asked.is_empty() || asked.iter().any(|a| c.name.starts_with(a.as_str())))
    {
        if last.as_ref().is_none_or(|(name, _)| *name != case.data) {
            drop(last.take());
            last = data(case.data).map(|data| (case.data, data));
        }
        match &last {
            Some((_, data)) => measure(case, data),
            None => println!("| {} | skipped: no samples beside the checkout |", case.name),
        }
    }
}

fn measure(case: &Case, data: &Dataset) {
    let k = Model::KAnonymity { k: 5 };
    let models = match case.models {
        "kl" => vec![k, Model::DistinctDiversity { column: 0, l: 2 }],
        "kt" => vec![k, Model::Closeness { column: 0, t: Millionths(200_000), distance: Distance::Equal }],
        _ => vec![k],
    };
    // Forgets the peak so far; where this is not allowed, the peak includes making the data.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = cpu_seconds();
    let mut found = None;
    for _ in 0..case.repeat {
        found = Some(
            search::optimal(data, &models, case.limit, &Budget::unlimited()).expect("a recoding exists"),
        );
    }
    let cpu = (cpu_seconds() - before) / f64::from(case.repeat);
    let found = found.expect("at least one run");
    let peak = peak_bytes();
    let ratio = case.reference.map_or("-".to_owned(), |r| format!("{:.0}x", r / cpu));
    println!(
        "| {} | {cpu:.3} | {} | {ratio} | {} | {:.0} | {:.0} | {:.6} | {:?} | {} | {} | {} |",
        case.name,
        case.reference.map_or("-".to_owned(), |r| r.to_string()),
        case.target,
        peak / 1e6,
        peak / data.rows() as f64,
        found.loss,
        found.levels,
        found.suppressed,
        found.evaluated,
        found.proven(),
    );
}

/// CPU seconds of all threads of this process.
fn cpu_seconds() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return f64::NAN };
    let of = |path: std::path::PathBuf| -> Option<f64> {
        std::fs::read_to_string(path.join("schedstat")).ok()?.split(' ').next()?.parse().ok()
    };
    tasks.flatten().filter_map(|task| of(task.path())).sum::<f64>() / 1e9
}

fn peak_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(f64::NAN, |kb| kb * 1024.0)
}

fn data(name: &str) -> Option<Dataset> {
    match name {
        "adult9" => adult(
            &[
                "sex",
                "age",
                "race",
                "marital-status",
                "education",
                "native-country",
                "workclass",
                "occupation",
                "salary-class",
            ],
            None,
        ),
        "adult8" => adult(
            &[
                "sex",
                "age",
                "race",
                "marital-status",
                "education",
                "native-country",
                "workclass",
                "salary-class",
            ],
            Some("occupation"),
        ),
        "jp200k" => Some(persons(200_000)),
        _ => Some(persons(1_000_000)),
    }
}

fn adult(quasi: &[&str], sensitive: Option<&str>) -> Option<Dataset> {
    let read = |name: &str| std::fs::read_to_string(format!("{SAMPLES}/{name}")).ok();
    let text = read("adult.csv")?;
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next()?.split(';').collect();
    let mut builder = Builder::default();
    for name in quasi {
        builder = builder.quasi(
            name,
            Arc::new(Hierarchy::from_rows(&read(&format!("adult_hierarchy_{name}.csv"))?).ok()?),
        );
    }
    if let Some(name) = sensitive {
        builder = builder.sensitive(name, None);
    }
    for line in lines {
        let cells: Vec<&str> = line.split(';').collect();
        let of = |name: &&str| header.iter().position(|h| h == name).map_or("", |at| cells[at]);
        let told: Vec<&str> = quasi.iter().map(of).collect();
        builder.push(&told, &sensitive.iter().map(of).collect::<Vec<_>>()).ok()?;
    }
    builder.finish().ok()
}

/// Numbers that look random and are the same everywhere (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Below `values`, smaller ones more often the greater `skew`.
    fn below(&mut self, values: u32, skew: f64) -> u32 {
        ((self.next().powf(skew) * f64::from(values)) as u32).min(values - 1)
    }
}

/// Synthetic persons of nobody: age, sex, prefecture, birth year, insurer, facility, index month, diagnosis chapter;
/// beside them a sensitive group of 12 values that goes with the chapter.
fn persons(rows: usize) -> Dataset {
    let band = |bottom, top, widths: &[i64]| Band { bottom, top, widths: widths.to_vec() };
    let bands = |b: &Band| Arc::new(Hierarchy::bands(b).unwrap());
    let tree = |rows: &[String]| Arc::new(Hierarchy::from_rows(&rows.join("\n")).unwrap());
    let (ages, years) = (band(0, 90, &[5, 10, 30]), band(1930, 2024, &[1, 5, 10, 20]));
    let (ages_h, years_h) = (bands(&ages), bands(&years));
    let region = |p: u32| [1, 7, 14, 23, 30, 35, 39, 47].iter().position(|last| p < *last).unwrap();
    let prefectures: Vec<_> = (0..47)
        .map(|p| {
            format!("{:02};region {};{};*", p + 1, region(p), if region(p) < 3 { "east" } else { "west" })
        })
        .collect();
    let insurers: Vec<_> = [
        "union;employees",
        "association;employees",
        "mutual;employees",
        "national;residents",
        "elderly;residents",
        "public;other",
    ]
    .iter()
    .map(|l| format!("{l};*"))
    .collect();
    let facilities: Vec<_> = (0..12).map(|f| format!("class {f};kind {};*", f / 4)).collect();
    let months: Vec<_> = (0..48)
        .map(|m| {
            format!(
                "{}-{:02};{}q{};{};*",
                2019 + m / 12,
                m % 12 + 1,
                2019 + m / 12,
                m % 12 / 3 + 1,
                2019 + m / 12
            )
        })
        .collect();
    let chapters: Vec<_> = (0..22).map(|c| format!("chapter {};group {};*", c + 1, c / 4)).collect();
    let hierarchies = [
        ("age", ages_h.clone()),
        ("sex", Arc::new(Hierarchy::flat(["male", "female"]).unwrap())),
        ("prefecture", tree(&prefectures)),
        ("birth year", years_h.clone()),
        ("insurer", tree(&insurers)),
        ("facility", tree(&facilities)),
        ("index month", tree(&months)),
        ("chapter", tree(&chapters)),
    ];
    let mut columns: Vec<Column> = hierarchies
        .into_iter()
        .map(|(name, hierarchy)| Column {
            name: name.to_owned(),
            ids: Ids::for_values(hierarchy.leaves()),
            hierarchy,
        })
        .collect();
    let mut group = Ids::for_values(12);
    let mut dice = Dice(6);
    for _ in 0..rows {
        let age = ((dice.next() + dice.next()) * 50.0) as i64;
        let month = dice.below(48, 0.9);
        // The birth year is known to be off by one: the birthday within the year is not told.
        let born = i64::from(2019 + month / 12) - age - i64::from(dice.below(2, 1.0));
        let chapter = dice.below(22, 1.6);
        let insurer = if age >= 75 { 4 } else { dice.below(6, 1.4) };
        let cells = [
            ages_h.leaf(&ages.label(age)).unwrap(),
            dice.below(2, 1.0),
            dice.below(47, 1.8),
            years_h.leaf(&years.label(born)).unwrap(),
            insurer,
            dice.below(12, 1.5),
            month,
            chapter,
        ];
        columns.iter_mut().zip(cells).for_each(|(column, cell)| column.ids.push(cell));
        group.push((chapter / 2 + dice.below(12, 2.5)) % 12);
    }
    let sensitive = vec![Sensitive { name: "group".to_owned(), ids: group, domain: 12, hierarchy: None }];
    Dataset::new(columns, sensitive).unwrap()
}
