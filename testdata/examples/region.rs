//! Writes a region: `region PERSONS SEED NIGHTS OUT [clean]` (`clean`: no errors, nothing broken), or `region bench-uke|bench-ssmix2 BYTES SEED OUT`.
// A tool for people at a terminal: it prints.
#![allow(clippy::print_stdout)]

use std::path::Path;

use jiff::civil::date;
use musubi_model::manifest::FeedKind;
use musubi_testdata::{ErrorRates, RegionSpec, Scenario, write_bench_corpus, write_region};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let clean = args.get(4).is_some_and(|a| a == "clean");
    let [first, second, third, out, ..] = args.as_slice() else {
        return Err(
            "usage: region PERSONS SEED NIGHTS OUT [clean] | region bench-uke|bench-ssmix2 BYTES SEED OUT"
                .into(),
        );
    };
    let out = Path::new(out);
    let kind = match first.as_str() {
        "bench-uke" => Some(FeedKind::ReceiptMedical),
        "bench-ssmix2" => Some(FeedKind::SsMix2Standard),
        _ => None,
    };
    if let Some(kind) = kind {
        println!("{:?}", write_bench_corpus(kind, second.parse()?, third.parse()?, out)?);
        return Ok(());
    }
    let spec = RegionSpec {
        persons: first.parse()?,
        seed: second.parse()?,
        nights: third.parse()?,
        first_night: date(2026, 10, 9),
        errors: if clean { ErrorRates::NONE } else { ErrorRates::default() },
        scenario: if clean { Scenario::default() } else { Scenario::demo() },
    };
    println!("{:?}", write_region(&spec, out, &mut |_| {})?);
    Ok(())
}
