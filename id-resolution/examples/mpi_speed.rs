//! How fast and how small the engine is: `mpi_speed RECORDS.csv [--nights N,N…] [--sizes N,N…] [--out CLUSTERS.csv]`.
//!
//! Reads a table in the columns of `--config ja` in three passes, as `musubi match` does: names are learned, all but the
//! last night's records are linked in batches and settled, then each night is added by itself. Prints one line of JSON
//! for each step; CPU seconds are those of the process, user and system.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing)] // a measuring tool, not the product

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};

use musubi_id_resolution::mpi::engine::Mpi;
use musubi_id_resolution::mpi::row::hash64;
use musubi_id_resolution::mpi::{Model, Record};
use musubi_id_resolution::names::NameBook;
use musubi_id_resolution::normalise::normalise_name;
use musubi_id_resolution::sent::{Normal, Sent};

const BATCH: usize = 250_000;

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

fn record(line: &str) -> Record<'_> {
    let mut f = [""; 18];
    let mut cells = line.split(',');
    for slot in &mut f {
        *slot = cells.next().unwrap_or("");
    }
    let [
        _,
        received,
        _,
        facility,
        local,
        kanji,
        kana,
        birth,
        sex,
        zip,
        address,
        phone,
        insurer,
        symbol,
        number,
        branch,
        ci,
        cn,
    ] = f;
    let sent = Sent {
        facility,
        local_number: local,
        name_kanji: kanji,
        name_kana: kana,
        birth,
        sex,
        postal_code: zip,
        address,
        phone,
        insurer,
        symbol,
        number,
        branch,
        care_insurer: ci,
        care_number: cn,
        inquiry_key: "",
    };
    Record { id: [0; 16], sent, seen: day(received) }
}

/// User and system seconds of this process.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let f: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
}

/// The most memory this process ever had, in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM: 0 kB").to_owned();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

struct Lines {
    input: BufReader<File>,
    left: usize,
}

impl Lines {
    fn open(path: &str, records: usize) -> Self {
        let mut input = BufReader::with_capacity(1 << 16, File::open(path).unwrap());
        input.read_line(&mut String::new()).unwrap();
        Self { input, left: records }
    }

    fn take(&mut self, most: usize) -> Vec<String> {
        let mut out = Vec::new();
        while out.len() < most.min(self.left) {
            let mut line = String::new();
            if self.input.read_line(&mut line).unwrap() == 0 {
                break;
            }
            line.truncate(line.trim_end().len());
            out.push(line);
        }
        self.left -= out.len();
        out
    }
}

fn learn(path: &str, records: usize) -> (Model, usize) {
    let (mut book, builtin, mut normal) = (NameBook::empty(), NameBook::builtin(), Normal::default());
    let (mut lines, mut count, mut seen) = (Lines::open(path, records), 0, HashSet::new());
    loop {
        let part = lines.take(10_000);
        if part.is_empty() {
            break;
        }
        count += part.len();
        for line in &part {
            normalise_name(&record(line).sent, &builtin, &mut normal);
            book.learn(&normal);
            if !normal.given.kana.is_empty() {
                let birth = u64::from(normal.birth.year) << 16
                    | u64::from(normal.birth.month) << 8
                    | u64::from(normal.birth.day);
                seen.insert(hash64(hash64(birth, &normal.family.kana), &normal.given.kana));
            }
        }
    }
    let mut model = Model { names: book, ..Model::default() };
    model.rules.population = u64::try_from(seen.len()).unwrap().max(1_000);
    (model, count)
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let list = |name: &str| -> Vec<usize> {
        let at = args.iter().position(|a| a == name).and_then(|i| args.get(i + 1));
        at.map(|l| l.split(',').map(|n| n.parse().unwrap()).collect()).unwrap_or_default()
    };
    let (path, nights) = (&args[1], list("--nights"));
    let records = list("--records").first().copied().unwrap_or(usize::MAX);
    let (model, count) = learn(path, records);
    let learned = cpu();
    println!("{{\"step\":\"names\",\"records\":{count},\"cpu_s\":{learned:.2},\"peak_mib\":{:.0}}}", peak());
    let later: usize = nights.iter().sum();
    let mut lines = Lines::open(path, count);
    let mut mpi = Mpi::new(&model);
    let mut rows = Vec::with_capacity(count);
    let mut left = count - later;
    while left > 0 {
        let part = lines.take(BATCH.min(left));
        left -= part.len();
        rows.extend(mpi.take_in(part.iter().map(|l| record(l))).rows);
    }
    mpi.settle();
    let linked = cpu();
    println!(
        "{{\"step\":\"build\",\"records\":{},\"cpu_s\":{:.2},\"all_cpu_s\":{linked:.2},\"peak_mib\":{:.0},\"held_bytes\":{},\"rows\":{},\"postings\":{},\"pairs\":{}}}",
        rows.len(),
        linked - learned,
        peak(),
        mpi.bytes(),
        mpi.rows().len(),
        mpi.postings(),
        mpi.scored()
    );
    for night in nights {
        let part = lines.take(night);
        let before = (cpu(), std::time::Instant::now());
        let batch = mpi.add(part.iter().map(|l| record(l)));
        let wall = before.1.elapsed().as_secs_f64();
        println!(
            "{{\"step\":\"night\",\"records\":{night},\"into\":{},\"cpu_s\":{:.3},\"wall_s\":{wall:.3},\"touched\":{}}}",
            rows.len(),
            cpu() - before.0,
            batch.touched.len()
        );
        rows.extend(batch.rows);
    }
    if let Some(out) = args.iter().position(|a| a == "--out").and_then(|i| args.get(i + 1)) {
        let mut file = BufWriter::new(File::create(out).unwrap());
        writeln!(file, "record_id,cluster_id").unwrap();
        let mut lines = Lines::open(path, count);
        let mut row = rows.iter();
        loop {
            let part = lines.take(10_000);
            if part.is_empty() {
                break;
            }
            for line in part {
                writeln!(file, "{},{}", line.split(',').next().unwrap(), mpi.person(*row.next().unwrap()))
                    .unwrap();
            }
        }
    }
}
