//! Measures linked events: CPU seconds, peak memory, what is kept, and what attackers find before and after.
//!
//! `cargo run --release -p musubi-disclosure --example events_bench -- [PERSONS] [EVENTS_EACH] [CLASS_SIZE] [M] [K] [ALL]`
//!
//! ALL = 1 compares the orders, one level for all of a class, and the way from the finest items upwards.
//! It asserts nothing and reads nothing but `/proc/self`.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::indexing_slicing, clippy::cast_precision_loss)] // a bench

#[path = "../tests/support/bottom_up.rs"]
mod bottom_up;
#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use musubi_disclosure::events::attack::{Knowledge, attack};
use musubi_disclosure::events::{Order, Released, Search, ShiftKey, anonymise, pseudonymise};
use musubi_model::policy::DateRule;

fn main() {
    let arguments: Vec<u32> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let number = |at: usize, default| arguments.get(at).copied().unwrap_or(default);
    let (persons, each, size) = (number(0, 100_000), number(1, 100), number(2, 500));
    let (m, k) = (number(3, 2), number(4, 5));
    let all = number(5, 0) > 0;
    let world = support::world(1, persons, each, size);
    println!("{persons} persons, {} events, classes of about {size}, m = {m}, k = {k}", world.events.len());
    let policy = support::policy(m, u64::from(k), 10);
    let mut searches = vec![Search::default()];
    if all {
        searches.extend(Order::ALL.map(|o| Search { order: Some(o), local: true }));
        searches.push(Search { order: None, local: false });
    }
    let mut kept = None;
    for search in searches {
        let before = cpu_seconds();
        let released = anonymise(world.events.clone(), &world.codes, &world.classes, &policy, search)
            .expect("a sound policy");
        println!("\n{search:?}: {:.1} CPU s, peak {} MB", cpu_seconds() - before, peak_mb());
        report(&released, world.events.len());
        kept.get_or_insert(released);
    }
    if all && m == 2 {
        let before = cpu_seconds();
        let (detail, told) = bottom_up::bottom_up(&world.events, &world.codes, &world.classes, &policy);
        println!(
            "\nbottom-up: {:.1} CPU s, told {:.1} %, detail kept {detail:.3}",
            cpu_seconds() - before,
            100.0 * told
        );
    }
    let released = kept.expect("one search");
    let mut shifted_policy = policy.clone();
    shifted_policy.dates.value = DateRule::Shifted { max_weeks: 4 };
    let key = ShiftKey([3; 32]);
    let shifted = pseudonymise(
        world.events.clone(),
        &world.codes,
        &world.classes,
        &world.index_days,
        &shifted_policy,
        &key,
    )
    .expect("a sound policy");
    println!("\nattack                     release      certain  expected  greatest  covered  suppressed");
    for (name, knowledge, count) in [
        ("codes", Knowledge::Codes, m),
        ("gaps, 2 dated diagnoses", Knowledge::Gaps, 2),
        ("days", Knowledge::Days, m),
    ] {
        let table =
            (knowledge == Knowledge::Gaps).then_some(musubi_model::fact::FactTable::ConditionOccurrence);
        let targets = support::targets(&world, 9, 200, count as usize, table);
        for (title, release) in [("shifted", &shifted), ("anonymised", &released)] {
            let o = attack(
                release,
                &world.codes,
                &policy.ladders,
                &world.classes,
                &world.index_days,
                &targets,
                knowledge,
            );
            println!(
                "{name:26} {title:12} {:7.1}% {:8.1}% {:8.1}% {:7.1}% {:10.1}%",
                100.0 * o.certain as f64 / o.targets as f64,
                100.0 * o.expected,
                100.0 * o.greatest,
                100.0 * o.covered as f64 / o.targets as f64,
                100.0 * o.suppressed as f64 / o.targets as f64,
            );
        }
    }
}

fn report(released: &Released, given: usize) {
    for log in &released.log {
        println!(
            "  {:17} {:55} before {:9} removed {:8} coarsened {:9}",
            log.rule, log.parameters, log.before, log.removed, log.coarsened
        );
    }
    let mut by: BTreeMap<_, [u64; 4]> = BTreeMap::new();
    for ((table, climbed, bins), n) in &released.detail {
        by.entry((*table, *climbed)).or_default()[usize::from(*bins).min(3)] += n;
    }
    println!("  share of all events by steps climbed; columns: bin 30, 90, 360 days, any time");
    for ((table, climbed), n) in by {
        let share = n.map(|n| format!("{:6.2}%", 100.0 * n as f64 / given as f64));
        println!("  {:22} {climbed}  {}", table.as_str(), share.join(" "));
    }
    println!(
        "  told {:.1} %, rows {}, items {}, detail kept {:.3}",
        100.0 - 100.0 * released.counts.removed as f64 / given as f64,
        released.counts.released,
        released.counts.items,
        released.utility
    );
}

/// CPU seconds of this process, user and system.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<f64> = after.split_whitespace().map(|f| f.parse().unwrap_or(0.0)).collect();
    (fields.get(11).unwrap_or(&0.0) + fields.get(12).unwrap_or(&0.0)) / 100.0
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) / 1024
}
