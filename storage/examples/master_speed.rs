//! How long a look-up takes and what the masters weigh in memory.
//!
//!     cargo run --release -p musubi-storage --example master_speed [FILE]
//!
//! With a master (any file the patterns know) its codes are asked; without one, 30,000 made-up ones.
#![allow(clippy::print_stdout, clippy::indexing_slicing, clippy::disallowed_methods)] // a measurement for people

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use jiff::civil::date;
use musubi_model::code::Masters as _;
use musubi_model::{CodeSystem, Coded, PartialDate};
use musubi_storage::master::{CodeTableBuilder, Edition, LoadedMasters};
use musubi_storage::master_file::{MasterRow, parse, recognise};

fn main() -> std::io::Result<()> {
    let (system, rows) = match std::env::args().nth(1) {
        Some(path) => {
            let clock = Instant::now();
            let bytes = std::fs::read(&path)?;
            let Some(pattern) = path.rsplit('/').next().and_then(recognise) else {
                return Err(std::io::Error::other("no pattern knows this name"));
            };
            let mut parsed = parse(pattern.kind, &bytes);
            let list = parsed.lists.swap_remove(0);
            println!("read {} rows in {:?}, {} left out", list.rows.len(), clock.elapsed(), parsed.bad.len());
            (list.system, list.rows)
        }
        None => {
            let made = |n: u32| MasterRow {
                code: format!("{:09}", 600_000_000 + n * 7),
                name: format!("見本薬品名称{}", n % 9_000),
                standard_code: format!("{:012}", n % 12_000),
                ..MasterRow::default()
            };
            (CodeSystem::ReceiptDrug, (0..30_000).map(made).collect())
        }
    };
    let mut masters = LoadedMasters::default();
    for year in 2018..2026 {
        let mut codes = CodeTableBuilder::default();
        for row in &rows {
            let standard =
                (!row.standard_code.is_empty()).then(|| Coded::new(CodeSystem::Yj, &row.standard_code));
            codes.push(&row.code, &row.name, standard, (row.valid_from, row.valid_until));
        }
        let edition = Edition {
            effective_on: date(year, 4, 1),
            revision: 1,
            name: format!("{year}0401").into(),
            blake3: "".into(),
            codes: Arc::new(codes.finish()),
        };
        masters.add(system.clone(), "", edition);
    }
    println!("8 editions of {} codes: {} bytes", rows.len(), masters.bytes());
    let on = PartialDate::new(2024, 6, 0);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut seed = 1u64;
    for at in (1..order.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        order.swap(at, (seed >> 33) as usize % (at + 1));
    }
    for (what, suffix) in [("known", ""), ("unknown", "x")] {
        let asked: Vec<String> = order.iter().map(|at| format!("{}{suffix}", rows[*at].code)).collect();
        let clock = Instant::now();
        let mut found = 0usize;
        for _ in 0..50 {
            for code in &asked {
                found += usize::from(black_box(masters.look_up(&system, code, on)).is_some());
            }
        }
        let each = clock.elapsed().as_nanos() / (50 * asked.len() as u128).max(1);
        println!("{what}: {each} ns a look-up ({found} found)");
    }
    Ok(())
}
