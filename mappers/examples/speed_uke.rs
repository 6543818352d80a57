//! How fast receipts are split and mapped on one core: `cargo run --release -p musubi-mappers --example speed_uke [MB]`.
//! The receipts are made in memory, all synthetic, and look like an outpatient clinic's.
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::fmt::Write as _;
use std::time::Instant;

use musubi_mappers::uke::UkeMedical;
use musubi_mappers::{Document, Mapper};
use musubi_model::ProviderId;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;

/// A claim line with one day of care.
fn line(out: &mut String, head: &str, day: usize, times: usize) {
    let before = ",".repeat(6 + day);
    let after = ",".repeat(31 - day);
    let _ = writeln!(out, "{head},{times}{before},{times}{after}\r");
}

fn receipts(bytes: usize) -> Vec<u8> {
    let mut text = String::from("IR,1,13,1,1234567,,見本医院,202404,00,\r\n");
    let (mut number, mut points) = (0usize, 0usize);
    while text.len() * 9 / 10 < bytes {
        number += 1;
        let (day, drugs) = (1 + number % 28, 1 + number % 5);
        let total = 75 + 52 + 21 * drugs * 7 + 42;
        points += total;
        let birth = 19_300_101 + (number % 80) * 10_000;
        let _ = writeln!(
            text,
            "RE,{number},1112,202403,見本　太郎,{},{birth},,,,,,,{number:08},,,,,,,,01{},ミホンタロウ,\r",
            1 + number % 2,
            ",".repeat(14),
        );
        let _ = writeln!(text, "HO,01130012,１２３４,５６７８９,1,{total},,,,,,,,,\r");
        let _ = writeln!(text, "SN,1,01,,,,01,,\r");
        for (n, code) in ["8830052", "4659007", "7149016"].iter().enumerate() {
            let main = if n == 0 { "01" } else { "" };
            let _ = writeln!(text, "SY,{code},20240301,1,,,{main},\r");
        }
        line(&mut text, "SI,12,1,112007410,,75", day, 1);
        line(&mut text, "SI,13,1,112011010,,52", day, 1);
        for n in 0..drugs {
            let section = if n == 0 { "21" } else { "" };
            line(&mut text, &format!("IY,{section},1,620098801,{}.5,21", n + 1), day, 7);
        }
        line(&mut text, "SI,80,1,120002910,,42", day, 1);
        let _ = writeln!(text, "CO,80,1,810000001,見本の注記です　食後に服用\r");
    }
    let _ = writeln!(text, "GO,{number},{points},99\r");
    encoding_rs::SHIFT_JIS.encode(&text).0.into_owned()
}

/// Seconds this thread has spent on a core, so that what else the machine does is left out; else of the clock.
fn seconds(since: Instant) -> f64 {
    let on_core = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanos = on_core.and_then(|s| s.split(' ').next().and_then(|n| n.parse::<f64>().ok()));
    nanos.map_or_else(|| since.elapsed().as_secs_f64(), |n| n / 1e9)
}

fn main() {
    let clock = Instant::now();
    let megabytes: usize = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(64);
    let bytes = receipts(megabytes << 20);
    let Ok(provider) = ProviderId::new("1311234567") else { return };
    let limits = Limits::default();
    let document = Document { bytes: &bytes, path: "RECEIPTC.UKE", provider: &provider, limits: &limits };
    let mut best = (f64::MAX, f64::MAX);
    let (mut records, mut facts, mut findings, mut units) = (0u64, 0usize, 0usize, 0usize);
    for _ in 0..3 {
        let start = seconds(clock);
        let split = UkeMedical.split(&document);
        best.0 = best.0.min(seconds(clock) - start);
        (records, facts, findings, units) = (0, 0, split.findings.len(), split.units.len());
        let start = seconds(clock);
        for unit in &split.units {
            let mapped = UkeMedical.map(&document, &split, unit, &NoMasters);
            records += mapped.records.total();
            facts += mapped.facts.len();
            findings += mapped.findings.len();
        }
        best.1 = best.1.min(seconds(clock) - start);
    }
    #[allow(clippy::cast_precision_loss, reason = "figures for people")]
    let (size, records_f, facts_f) = (bytes.len() as f64 / 1e6, records as f64, facts as f64);
    println!("{size:.1} MB, {units} receipts, {records} records, {facts} facts, {findings} findings");
    let show = |name: &str, seconds: f64| {
        println!(
            "{name:>9}: {:7.1} MB/s  {:6.2} M records/s  {:6.2} M facts/s",
            size / seconds,
            records_f / seconds / 1e6,
            facts_f / seconds / 1e6
        );
    };
    show("split", best.0);
    show("map", best.1);
    show("split+map", best.0 + best.1);
}
