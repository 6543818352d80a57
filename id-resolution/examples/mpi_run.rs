//! Runs the engine over a table of the benchmark's form and prints times and sizes.
//! `mpi_run RECORDS.csv MODEL.json|- OUT.csv [--chunk N] [--shuffle SEED] [--population N] [--set rule=value]…`
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing)] // an example, not input of the product

use std::fmt::Write as _;
use std::time::Instant;

use musubi_id_resolution::mpi::Record;
use musubi_id_resolution::mpi::engine::Mpi;
use musubi_id_resolution::mpi::model::Model;
use musubi_id_resolution::names::NameBook;
use musubi_id_resolution::normalise::normalise;
use musubi_id_resolution::sent::{Normal, Sent};

/// Days from 1970-01-01 (proleptic Gregorian).
fn day(text: &str) -> Option<(i32, i32)> {
    let mut parts = text.split('-').map(|p| p.parse::<i32>().ok());
    let (y, m, d) = (parts.next()??, parts.next()??, parts.next()??);
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (m + if m > 2 { -3 } else { 9 }) + 2) / 5 + d - 1;
    let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
    Some((days, days))
}

fn record(line: &str) -> (&str, Record<'_>) {
    let mut f = [""; 18];
    for (slot, text) in f.iter_mut().zip(line.trim_end_matches('\r').split(',')) {
        *slot = text;
    }
    let sent = Sent {
        facility: f[3],
        local_number: f[4],
        name_kanji: f[5],
        name_kana: f[6],
        birth: f[7],
        sex: f[8],
        postal_code: f[9],
        address: f[10],
        phone: f[11],
        insurer: f[12],
        symbol: f[13],
        number: f[14],
        branch: f[15],
        care_insurer: f[16],
        care_number: f[17],
        inquiry_key: "",
    };
    (f[0], Record { id: [0; 16], sent, seen: day(f[1]) })
}

fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let f: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&args[1]).unwrap();
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    let (mut chunk, mut population, mut train, mut night) = (250_000, 0u64, None, 0usize);
    let mut model = if args[2] == "-" {
        Model::default()
    } else {
        serde_json::from_str(&std::fs::read_to_string(&args[2]).unwrap()).unwrap()
    };
    let mut rest = args[4..].iter();
    while let Some(arg) = rest.next() {
        let value = rest.next().unwrap();
        match arg.as_str() {
            "--chunk" => chunk = value.parse().unwrap(),
            "--night" => night = value.parse().unwrap(),
            "--population" => population = value.parse().unwrap(),
            "--names" => train = Some(value.clone()),
            "--shuffle" => {
                let seed: u64 = value.parse().unwrap();
                lines.sort_by_key(|l| musubi_id_resolution::mpi::row::hash64(seed, l.as_bytes()));
            }
            "--set" => {
                let (name, number) = value.split_once('=').unwrap();
                let mut json = serde_json::to_value(&model).unwrap();
                let mut slot = &mut json;
                for step in name.split('.') {
                    slot = match step.parse::<usize>() {
                        Ok(i) => &mut slot[i],
                        Err(_) => &mut slot[step],
                    };
                }
                let unit = if name.contains("pop") || name.contains("crowd") || name.contains("free") {
                    1.0
                } else {
                    256.0
                };
                *slot = serde_json::Value::from((number.parse::<f64>().unwrap() * unit) as i64);
                model = serde_json::from_value(json).unwrap();
            }
            _ => panic!("{arg}"),
        }
    }
    if let Some(path) = train {
        let text = std::fs::read_to_string(path).unwrap();
        let mut book = NameBook::empty();
        let mut normal = Normal::default();
        for line in text.lines().skip(1) {
            normalise(&record(line).1.sent, &NameBook::empty(), &mut normal);
            book.learn(&normal);
        }
        model.names = book;
    }
    if population > 0 {
        model.rules.population = population;
    }
    let start = cpu();
    let clock = Instant::now();
    let mut mpi = Mpi::new(&model);
    let mut rows = Vec::with_capacity(lines.len());
    let (first, last) = lines.split_at(lines.len() - night);
    for part in first.chunks(chunk) {
        let before = cpu();
        let batch = if lines.len() > 4 * chunk || chunk >= 250_000 { mpi.take_in(part.iter().map(|l| record(l).1)) } else { mpi.add(part.iter().map(|l| record(l).1)) };
        rows.extend(batch.rows);
        println!(
            "  + {} in {:.2} s, touched {}, crowded {}",
            part.len(),
            cpu() - before,
            batch.touched.len(),
            batch.crowded
        );
    }
    let before = cpu();
    println!("  settled {} in {:.2} s", mpi.settle().len(), cpu() - before);
    if night > 0 {
        let (before, clock) = (cpu(), Instant::now());
        let batch = mpi.take_in(last.iter().map(|l| record(l).1));
        println!("  take_in {:.3}", cpu() - before);
        let touched = mpi.settle();
        println!("  night {night} in {:.3} s cpu, {:.3} s wall, touched {}", cpu() - before, clock.elapsed().as_secs_f64(), touched.len());
        rows.extend(batch.rows);
    }
    let used = cpu() - start;
    println!(
        "records {} rows {} postings {} scored {} cpu {used:.2} s wall {:.2} s, {:.0}/s, held {} MiB = {:.0} B/record",
        lines.len(),
        mpi.rows().len(),
        mpi.postings(),
        mpi.scored(),
        clock.elapsed().as_secs_f64(),
        lines.len() as f64 / used,
        mpi.bytes() >> 20,
        mpi.bytes() as f64 / lines.len() as f64
    );
    let mut out = String::from("record_id,cluster_id\n");
    for (line, row) in lines.iter().zip(&rows) {
        let _ = writeln!(out, "{},{}", record(line).0, mpi.person(*row));
    }
    std::fs::write(&args[3], out).unwrap();
}
