//! Measures the tables of the samples folder: cost against the proven least cost, CPU seconds, the attacker's programs.
//! Run it with `cargo run --release -p musubi-disclosure --example table_bench [NAME…]`. It must never assert a time.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing)] // a bench: prints, and stops at a fault

#[path = "../tests/tables/samples.rs"]
mod samples;

use musubi_disclosure::table::{Limits, Protect, Rule, System, Tiers, audit, primary, suppress};

/// CPU seconds of this thread so far; the solver runs in it.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

fn row(name: &str, system: &System, protect: Protect, limits: &Limits, known: Option<u64>) {
    let rule = Rule { protect };
    let small = primary(system, &Tiers::persons());
    let start = cpu();
    let mask = suppress(system, &small, &rule, limits).unwrap();
    let searched = cpu();
    let audit = audit(system, &mask, &rule, &[]).unwrap();
    let audited = cpu();
    let (cells, cost) = (system.cells().len(), mask.cost(system));
    let known = known.map_or("-".to_owned(), |k| k.to_string());
    let way = if limits.exact_cells >= cells { "exact" } else { "heuristic" };
    println!(
        "| {name} | {protect:?} | {way} | {cells} | {} | {} | {cost} | {known} | {:.2} | {} | {:.2} | {} |",
        small.hidden_cells().count(),
        mask.hidden_cells().count(),
        searched - start,
        audit.programs,
        audited - searched,
        if audit.clean() { "clean" } else { "NOT CLEAN" },
    );
}

fn main() {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|o| o == name);
    println!(
        "| case | rule | search | cells | small | hidden | cost | least | CPU s | audit LPs | CPU s | audit |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (name, tree, bounds, width) in samples::KNOWN.iter().filter(|k| wanted(k.0)) {
        let Some(system) = samples::load(name, *tree) else { return };
        for limits in [Limits::default(), Limits { exact_cells: 0, rounds: 0 }] {
            row(name, &system, Protect::Bounds, &limits, Some(*bounds));
            row(name, &system, Protect::Width, &limits, Some(*width));
        }
    }
    let (name, tree) = samples::GREAT;
    if let (true, Some(system)) = (wanted(name), samples::load(name, tree)) {
        row(name, &system, Protect::Bounds, &Limits::default(), None);
    }
}
