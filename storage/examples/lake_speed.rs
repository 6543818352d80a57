//! Measures what the store costs: facts written, read, counted and compacted, bytes sealed and read back.
//!
//! `cargo run --release -p musubi-storage --example lake_speed -- [facts] [megabytes]`. Synthetic facts in the shape of
//! receipts: a unit of some 24 lines about one person, codes from skewed lists, one month of days.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use musubi_model::fact::{Provenance, UnitFacts};
use musubi_model::{
    ByteRange, CodeSystem, Coded, DocumentHash, Fact, FactTable, IdentityId, PartialDate, ProviderId,
    SubmissionId,
};
use musubi_storage::keys::{KEY_BYTES, SealKey};
use musubi_storage::lake::{
    Column, ColumnSet, Compaction, PlacedUnit, Want, compact, fingerprint, read, verify, write_part,
};
use musubi_storage::vault::{PackWriter, Segment, read_document, seal_document};
use rayon::prelude::*;
use rust_decimal::Decimal;

const UNIT_FACTS: u32 = 24;
const UNITS_PER_DOCUMENT: u32 = 500;
const BUCKETS: u16 = 256;
const UNIT_BYTES: usize = 2048;

/// A number that looks random, the same in every run.
fn mix(n: u64) -> u64 {
    let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Small numbers are common, as codes are.
fn skewed(n: u64, most: u64) -> u64 {
    let x = mix(n) % 1000;
    x * x * x % 1_000_000_007 * most / 1_000_000_000
}

fn unit(n: u32) -> Result<UnitFacts, Box<dyn Error + Send + Sync>> {
    let person = mix(u64::from(n) / 2);
    let mut id = [0u8; 16];
    let (low, high) = id.split_at_mut(8);
    low.copy_from_slice(&person.to_be_bytes());
    high.copy_from_slice(&mix(person).to_be_bytes());
    let document = n / UNITS_PER_DOCUMENT;
    let provenance = Provenance {
        identity: IdentityId(id),
        provider: ProviderId::new(&format!("12{:08}", document % 900))?,
        document: DocumentHash::of(&document.to_be_bytes()),
        unit: n % UNITS_PER_DOCUMENT,
        submission: SubmissionId([u8::try_from(document % 4)?; 16]),
        mapper_version: "uke-medical/1".into(),
        master_version: "RECE-B 20240601".into(),
        notice: 0,
    };
    let facts = (0..UNIT_FACTS).map(|i| fact(n, i)).collect();
    Ok(UnitFacts { provenance, facts })
}

fn fact(n: u32, i: u32) -> Fact {
    let seed = u64::from(n) * 64 + u64::from(i);
    let table = match i {
        0 => FactTable::VisitOccurrence,
        1..=5 => FactTable::ConditionOccurrence,
        6..=11 => FactTable::DrugExposure,
        12..=18 => FactTable::ProcedureOccurrence,
        _ => FactTable::Cost,
    };
    let start = u64::from(n % UNITS_PER_DOCUMENT) * 1100 + u64::from(i) * 44;
    let mut fact = Fact::new(table, ByteRange { start, len: 30 + i % 17 });
    let day = u8::try_from(mix(seed) % 28).unwrap_or(0) + 1;
    fact.start = PartialDate::new(2026, 9, day);
    match table {
        FactTable::ConditionOccurrence => {
            let code = skewed(seed, 3000);
            fact.source = Some(Coded::new(CodeSystem::ReceiptDisease, &format!("{:07}", 8_830_000 + code)));
            fact.standard = Some(Coded::new(CodeSystem::Icd10, &format!("J{:03}", code % 999)));
            fact.status = "1".into();
            fact.start = PartialDate::new(2026, 1 + u8::try_from(mix(seed) % 9).unwrap_or(0), day);
        }
        FactTable::DrugExposure => {
            let code = format!("{}", 610_000_000 + skewed(seed, 6000));
            fact.source = Some(Coded::new(CodeSystem::ReceiptDrug, &code));
            fact.quantity = Some(Decimal::new(i64::try_from(mix(seed) % 30).unwrap_or(0) + 1, 1));
            fact.times = u32::try_from(mix(seed) % 28).ok();
            fact.group = "21-1".into();
        }
        FactTable::ProcedureOccurrence => {
            let code = format!("{}", 110_000_000 + skewed(seed, 4000));
            fact.source = Some(Coded::new(CodeSystem::ReceiptProcedure, &code));
            fact.times = Some(1);
        }
        FactTable::Cost => {
            fact.source = Some(Coded::new(CodeSystem::Points, "points"));
            fact.quantity = Some(Decimal::from(mix(seed) % 900));
        }
        _ => fact.status = "1".into(),
    }
    fact
}

/// A point in time: wall and this process's CPU, because a shared machine tells little by its wall.
#[derive(Clone, Copy)]
struct Since(Instant, f64);

impl Since {
    fn now() -> Self {
        Self(Instant::now(), cpu_seconds().unwrap_or(0.0))
    }
}

/// User and system seconds of this process, as Linux counts them (hundredths).
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after_name = stat.rsplit(')').next()?;
    let ticks: Vec<f64> = after_name.split_whitespace().skip(11).take(2).flat_map(str::parse).collect();
    Some(ticks.iter().sum::<f64>() / 100.0)
}

#[allow(clippy::print_stdout)] // an example's output is its purpose
fn say(what: &str, rows: u64, bytes: u64, since: Since) {
    let wall = since.0.elapsed().as_secs_f64();
    let cpu = cpu_seconds().unwrap_or(0.0) - since.1;
    let (rows, megabytes) = (rows as f64, bytes as f64 / 1e6);
    println!(
        "{what:<34} wall {wall:6.2} s {:10.0} rows/s {:7.1} MB/s   cpu {cpu:6.2} s {:10.0} rows/s {:7.1} MB/s",
        rows / wall,
        megabytes / wall,
        rows / cpu,
        megabytes / cpu
    );
}

fn lake(folder: &Path, facts: u32) -> Result<(), Box<dyn Error + Send + Sync>> {
    let units: Vec<UnitFacts> =
        (0..facts.div_ceil(UNIT_FACTS)).into_par_iter().map(unit).collect::<Result<_, _>>()?;
    let placed: Vec<PlacedUnit<'_>> = units
        .iter()
        .map(|unit| {
            let [first, second, ..] = unit.provenance.identity.0;
            PlacedUnit { bucket: u16::from_be_bytes([first, second]) % BUCKETS, unit }
        })
        .collect();
    let rows = u64::from(facts.div_ceil(UNIT_FACTS)) * u64::from(UNIT_FACTS);

    let since = Since::now();
    let files = write_part(folder, &placed)?;
    let bytes: u64 = files.iter().map(|f| f.bytes).sum();
    say(&format!("write {:.1} bytes/fact", bytes as f64 / rows as f64), rows, bytes, since);

    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let since = Since::now();
    one.install(|| write_part(folder, &placed))?;
    say("write, one thread", rows, bytes, since);

    let since = Since::now();
    files.iter().try_for_each(|f| verify(folder, f))?;
    say("verify", rows, bytes, since);

    let since = Since::now();
    let mut seen = 0u64;
    let columns = ColumnSet::of(&[Column::IdentityId, Column::StartDays, Column::SourceCode]);
    for file in &files {
        read(folder, file, &Want::all(columns), &mut |row| {
            let code = row.source_code().len();
            seen += u64::from(row.start_days().is_some() && code > 0 && row.identity().0 != [0; 16]);
            Ok(())
        })?;
    }
    say(&format!("count, three columns, one thread: {seen}"), rows, bytes, since);

    let since = Since::now();
    fingerprint(folder, &files, &BTreeSet::new())?;
    say("fingerprint", rows, bytes, since);

    let since = Since::now();
    let parts = placed.chunks(placed.len().div_ceil(8));
    let small: Vec<_> = parts.map(|p| write_part(folder, p)).collect::<Result<Vec<_>, _>>()?.concat();
    say("write in 8 parts", rows, bytes, since);

    let since = Since::now();
    for table in FactTable::ALL {
        let files: Vec<_> = small.iter().filter(|f| f.table == table).cloned().collect();
        compact(folder, &files, &Compaction::default(), &|_, bucket| bucket)?;
    }
    say("compact 8 parts", rows, bytes, since);
    Ok(())
}

fn vault(folder: &Path, megabytes: usize) -> Result<(), Box<dyn Error + Send + Sync>> {
    let bytes: Vec<u8> = (0..megabytes * 1_000_000 / 8)
        .flat_map(|n| mix(u64::try_from(n).unwrap_or(0)).to_be_bytes())
        .collect();
    let documents: Vec<&[u8]> = bytes.chunks(4_000_000).collect();
    let total = u64::try_from(bytes.len())?;
    let units = total / u64::try_from(UNIT_BYTES)?;
    let key = SealKey::from_bytes([7; KEY_BYTES]);

    let since = Since::now();
    let sealed: Vec<_> = documents
        .par_iter()
        .map(|document| {
            let segments: Vec<Segment> = (0..document.len())
                .step_by(UNIT_BYTES)
                .map(|at| Segment {
                    range: ByteRange::within(0, at, document.len().min(at + UNIT_BYTES)),
                    key_id: [1; 16],
                })
                .collect();
            seal_document(&DocumentHash::of(document), document, &segments, |_| Ok(key.clone()))
        })
        .collect::<Result<_, _>>()?;
    say("seal, 2 KB units, all cores", units, total, since);

    let since = Since::now();
    let mut pack = PackWriter::create(folder)?;
    let entries: Vec<_> = sealed.iter().map(|s| pack.append(s)).collect::<Result<_, _>>()?;
    let name = pack.finish()?;
    say("write and sync the pack", units, total, since);

    let since = Since::now();
    let mut same = true;
    for (entry, document) in entries.iter().zip(&documents) {
        let back = read_document(folder, &name, *entry, |_| Ok(Some(key.clone())))?;
        same &= back.as_deref() == Some(*document);
    }
    say(&format!("rebuild, one thread: equal {same}"), units, total, since);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let facts = arguments.next().map_or(Ok(2_000_000), |a| a.parse())?;
    let megabytes = arguments.next().map_or(Ok(200), |a| a.parse())?;
    let folder = tempfile::tempdir()?;
    vault(&folder.path().join("vault"), megabytes)?;
    lake(&folder.path().join("lake"), facts)
}
