//! How fast one format is cut and mapped on one core, beside its floor (decoding of the same bytes): for work on a
//! mapper. `cargo run --release -p musubi-mappers --example format_speed -- KIND [INTERFACE]`; without a kind, all.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)] // prints rates, on made-up data

use std::hint::black_box;
use std::time::Instant;

use musubi_mappers::table::Interfaces;
use musubi_mappers::{Document, mapper_for, text};
use musubi_model::ProviderId;
use musubi_model::code::NoMasters;
use musubi_model::limits::Limits;
use musubi_model::manifest::FeedKind;
use musubi_testdata::formats;

const TARGET: usize = 8 << 20;
const ROUNDS: u32 = 3;

fn main() {
    let mut words = std::env::args().skip(1);
    let (kind, interface) = (words.next(), words.next());
    for format in formats::all() {
        let table = if format.kind == FeedKind::Table { format.interface } else { "" };
        if kind.as_deref().is_none_or(|k| k == format.kind.as_str())
            && interface.as_deref().is_none_or(|i| i == table)
        {
            measure(&format, table);
        }
    }
}

fn measure(format: &formats::Format, interface: &str) {
    let mapper = mapper_for(format.kind, interface, &Interfaces::builtin()).unwrap();
    let (provider, limits) = (ProviderId::new("sample-provider").unwrap(), Limits::default());
    let mut files = Vec::new();
    let mut bytes = 0;
    let mut seed = 0;
    while bytes < TARGET && seed < 60 {
        seed += 1;
        for file in formats::sample(format, 1_000, seed).unwrap() {
            bytes += file.bytes.len();
            files.push(file);
        }
    }
    let (mut split_s, mut map_s, mut floor_s) = (f64::MAX, f64::MAX, f64::MAX);
    let (mut facts, mut mapped) = (0, 0);
    for _ in 0..ROUNDS {
        let (mut cut, mut map, mut floor) = (0.0, 0.0, 0.0);
        (facts, mapped) = (0, 0);
        for file in &files {
            let document =
                Document { bytes: &file.bytes, path: &file.path, provider: &provider, limits: &limits };
            let start = Instant::now();
            let split = mapper.split(&document);
            cut += start.elapsed().as_secs_f64();
            let start = Instant::now();
            for unit in &split.units {
                facts += black_box(mapper.map(&document, &split, unit, &NoMasters)).facts.len();
            }
            map += start.elapsed().as_secs_f64();
            let start = Instant::now();
            let packed = file.bytes.starts_with(b"PK");
            if packed {
                for unit in &split.units {
                    let opened = mapper.open(unit.range.slice(&file.bytes).unwrap());
                    mapped += opened.len();
                    black_box(text::decode(text::detect(&opened).unwrap(), &opened));
                }
            } else {
                mapped += file.bytes.len();
                let encoding = text::detect(&file.bytes).unwrap_or(text::Encoding::ShiftJis);
                black_box(text::decode(encoding, &file.bytes));
            }
            floor += start.elapsed().as_secs_f64();
        }
        (split_s, map_s, floor_s) = (split_s.min(cut), map_s.min(map), floor_s.min(floor));
    }
    let mb = mapped as f64 / 1e6;
    println!(
        "{:<20} {interface:<28} {mb:>6.1} MB  split {:>5.0}  map {:>5.0}  both {:>5.0} MB/s  decoding {:>5.0}  {:>6.2} M facts/s",
        format.kind.as_str(),
        mb / split_s,
        mb / map_s,
        mb / (split_s + map_s),
        mb / floor_s,
        facts as f64 / map_s / 1e6,
    );
}
