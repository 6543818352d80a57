//! Times the normaliser over a table of records: `cargo run --release -p musubi-id-resolution --example
//! normalise_speed -- records.csv`. Columns as the generator of Japanese-like records writes them.
//!
//! Says how long a record takes, how much of each field could be read, and how names were parted, first with the
//! built-in book, then with one learned from the table itself.
#![allow(clippy::print_stdout)] // a measuring tool speaks on the terminal

use std::hint::black_box;
use std::time::Instant;

use musubi_id_resolution::names::NameBook;
use musubi_id_resolution::normalise::normalise;
use musubi_id_resolution::sent::{Normal, Sent};

/// The fields of a line; no field of these tables holds a comma or a quote.
fn sent(line: &str) -> Sent<'_> {
    let mut fields = line.split(',').skip(3);
    let mut next = || fields.next().unwrap_or_default();
    Sent {
        facility: next(),
        local_number: next(),
        name_kanji: next(),
        name_kana: next(),
        birth: next(),
        sex: next(),
        postal_code: next(),
        address: next(),
        phone: next(),
        insurer: next(),
        symbol: next(),
        number: next(),
        branch: next(),
        care_insurer: next(),
        care_number: next(),
        inquiry_key: "",
    }
}

fn main() -> std::io::Result<()> {
    let Some(path) = std::env::args().nth(1) else {
        println!("normalise_speed RECORDS.csv");
        return Ok(());
    };
    let table = std::fs::read_to_string(path)?;
    let records: Vec<Sent<'_>> = table.lines().skip(1).map(sent).collect();
    let mut normal = Normal::default();
    let mut names = NameBook::builtin();
    let mut learned = NameBook::empty();
    for record in &records {
        normalise(record, &names, &mut normal);
        learned.learn(&normal);
    }
    learned.prune(2);
    for what in ["built-in book", "learned book"] {
        let mut best = f64::MAX;
        for _ in 0..7 {
            let start = Instant::now();
            for record in &records {
                normalise(black_box(record), &names, &mut normal);
                black_box(&normal);
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{what}: {:.0} ns a record ({} records)", best * 1e9 / records.len() as f64, records.len());
        count(&records, &names);
        names = std::mem::take(&mut learned);
    }
    Ok(())
}

fn count(records: &[Sent<'_>], names: &NameBook) {
    let mut normal = Normal::default();
    let mut counts =
        [("births", 0, 0), ("kana parted", 0, 0), ("kanji parted", 0, 0), ("insurers sound", 0, 0)];
    let (mut foreign, mut newborn, mut tests) = (0, 0, 0);
    for record in records {
        normalise(record, names, &mut normal);
        let sound = normal.birth.year > 0 && normal.birth.month > 0 && normal.birth.day > 0;
        let cases = [
            (record.birth, sound),
            (record.name_kana, normal.split_kana),
            (record.name_kanji, normal.split_kanji),
            (record.insurer, normal.insurer_sound),
        ];
        for ((_, all, good), (text, ok)) in counts.iter_mut().zip(cases) {
            *all += u32::from(!text.is_empty());
            *good += u32::from(!text.is_empty() && ok);
        }
        foreign += u32::from(normal.foreign);
        newborn += u32::from(normal.newborn);
        tests += u32::from(normal.test_patient);
    }
    for (what, all, good) in counts {
        println!("  {what}: {good} of {all} ({:.2} %)", 100.0 * f64::from(good) / f64::from(all.max(1)));
    }
    println!("  foreign {foreign}, newborn {newborn}, test patients {tests}");
}
