//! How long the checker takes: writes a sound package of so many made-up persons with ten events each into a temporary
//! folder, checks it in a process of its own, and prints CPU seconds and memory. Asserts nothing.
//!
//!     cargo run --release -p musubi-release-check --example check_speed -- [PERSONS]

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, clippy::print_stdout)] // a measuring tool, not the product

#[allow(dead_code)] // a part of it is enough here
#[path = "../tests/check/kit.rs"]
mod kit;

use std::collections::BTreeMap;

use kit::{Data, Pack};
use serde_json::json;

/// Persons of a class who have the same events.
const PATTERNS: usize = 20;
const EVENTS: usize = 10;

fn policy() -> String {
    let column = |name: &str, hierarchy: &str| {
        format!("[[person.column]]\nname = \"{name}\"\nclass = \"quasi\"\nhierarchy = {hierarchy}\n")
    };
    format!(
        "layout = \"musubi-policy/1\"\nname = \"speed\"\nversion = 1\nproduct = \"anonymized\"\nfrom = \"2026-01-01\"\n\
        [person]\nk = {{ value = 5 }}\nk_floor = {{ value = 3 }}\nsuppression_limit = {{ value = 0.05 }}\n{}{}{}\
        [events]\nknown_events = {{ value = 2 }}\ndates_known = {{ value = true }}\nk = {{ value = 5 }}\n\
        dates = {{ value = {{ kind = \"relative\", bin_days = 30, coarser_days = [90, 360] }} }}\n\
        rare_min_persons = {{ value = 10 }}\nvalues = {{ value = {{ digits = 3 }} }}\n",
        column("sex", "{ kind = \"flat\" }"),
        column("age", "{ kind = \"bands\", widths = [5, 10], top = 90 }"),
        column("area", "{ kind = \"prefecture\" }"),
    )
}

fn package(persons: usize) -> Pack {
    let mut pids: Vec<String> =
        (0..persons).map(|n| blake3::hash(&n.to_le_bytes()).to_hex()[..16].to_owned()).collect();
    pids.sort_unstable();
    pids.dedup();
    let (mut person, mut condition) = (Data::new("pid,sex,age,area"), Data::new("pid,code,when"));
    let mut class_of = BTreeMap::new();
    for (n, pid) in pids.iter().enumerate() {
        let sex = ["1", "2"][n % 2];
        let age = ["40-49", "50-59", "60-69", "70-79", "80-89", "90+"][n / 2 % 6];
        let area = ["東北", "関東", "中部", "近畿"][n / 12 % 4];
        person.push(&[pid, sex, age, area]);
        *class_of.entry((sex, age, area)).or_insert(0u64) += 1;
        let pattern = n / 48 % PATTERNS;
        let mut events: Vec<(String, String)> = (0..EVENTS)
            .map(|e| {
                let from = 30 * ((pattern * 7 + e * 3) % 24);
                (format!("E{:02}", (pattern * 13 + e * 11) % 100), format!("{from}..{}", from + 29))
            })
            .collect();
        events.sort_unstable();
        events.dedup();
        for (code, when) in &events {
            condition.push(&[pid, code, when]);
        }
    }
    let mut items: Vec<&[String]> = condition.rows.iter().map(|r| &r[1..]).collect();
    items.sort_unstable();
    items.dedup();
    let class = |name: &str| (("person".to_owned(), name.to_owned()), "quasi");
    Pack {
        product: "anonymized",
        spec: "version = 2\nname = \"speed\"\nproduct = \"anonymized\"\npolicy = { name = \"speed\", version = 1 }\n\
            [cohort]\n[rows]\nperson = [\"sex\", \"age\", \"area\"]\n[[rows.events]]\ntable = \"condition_occurrence\"\n"
            .to_owned(),
        policy: policy(),
        risk: json!({ "layout": "musubi-risk/1", "product": "anonymized", "policy": { "name": "speed", "version": 1 },
            "persons": { "cohort": pids.len(), "released": pids.len(), "suppressed": 0 },
            "k": class_of.values().min(), "classes": class_of.len(),
            "events": { "known_events": 2, "k": 5, "items": items.len(), "released": condition.rows.len() } }),
        data: BTreeMap::from([("person".to_owned(), person), ("condition_occurrence".to_owned(), condition)]),
        classes: ["sex", "age", "area"].map(class).into(),
        left_out_of_dictionary: None,
        sealed_at: "2026-05-14T01:02:03Z",
        expires_on: "2026-06-30",
        release_id: "R-0011223344556677",
        touch: None,
        touch_sealed: None,
    }
}

/// CPU seconds and greatest memory (MB) of this process, as Linux tells them.
fn used() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
    ((ticks(11) + ticks(12)) / 100.0, peak.unwrap_or(0u64) / 1024)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, folder] = arguments.as_slice()
        && word == "check"
    {
        let report = musubi_release_check::check_folder(std::path::Path::new(folder), &kit::keys(), &[]);
        let (seconds, megabytes) = used();
        print!("{}", report.text(true));
        println!("{seconds:.2} CPU s, {megabytes} MB at most");
        return;
    }
    let persons = arguments.first().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let room = tempfile::tempdir().unwrap();
    package(persons).seal(room.path());
    println!("{persons} persons, {EVENTS} events each");
    let own = std::env::current_exe().unwrap();
    std::process::Command::new(own).arg("check").arg(room.path()).status().unwrap();
}
